"""What a visitor does at the page, in words of what they see."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Locator, expect
from playwright.sync_api import Page as Tab

from bot.demo.page import Page

PATIENCE = 15_000
"""Milliseconds that anything may take on a busy machine."""


class Visit:
    """Somebody at the page.

    Args:
        browser: What they look with.
        page: What they look at.
        album: Where pictures of it are kept; None to keep none.
    """

    def __init__(self, browser: Browser, page: Page, album: Path | None) -> None:
        expect.set_options(timeout=PATIENCE)
        self.page = page
        self.album = album
        self.complaints: list[str] = []
        self._context = browser.new_context(
            viewport={"width": 1280, "height": 800}, color_scheme="light", reduced_motion="reduce"
        )
        self._context.set_default_timeout(PATIENCE)
        self.tab: Tab = self._context.new_page()
        self.tab.on("console", self._listen)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))

    def close(self) -> None:
        """Leave."""
        self._context.close()

    def go(self, who: str, place: str) -> None:
        """Look at a place as somebody."""
        self.tab.goto(f"{self.page.slack.url}/as/{who}/{place}")
        self._arrive(who, place)

    def become(self, who: str, place: str) -> None:
        """The same by clicking in the sidebar."""
        now = self.tab.locator("body").get_attribute("data-slug") or ""
        self._side(who)
        self._arrive(who, now)
        self._side(place)
        self._arrive(who, place)

    def _side(self, link: str) -> None:
        side = self.tab.get_by_role("navigation")
        if not side.is_visible():
            self.tab.get_by_role("button", name="Channels and people").click()
        side.get_by_role("link", name=link).click()

    def _arrive(self, who: str, place: str) -> None:
        """Wait until the page is there and hears of what happens."""
        expect(self.tab.locator(f"body.live[data-who={who}][data-slug={place}]")).to_be_attached()

    def say(self, text: str) -> None:
        """Type a line, and send it."""
        box = self.tab.get_by_role("textbox", name="Message")
        box.fill(text)
        box.press("Enter")

    @property
    def form(self) -> Locator:
        """The form that is open."""
        return self.tab.locator("dialog[data-form]")

    def search(self, label: str, words: str, option: str) -> None:
        """Type into a field that searches, and click what it offers."""
        field = self.form.get_by_role("combobox", name=label).first
        field.click()
        field.fill(words)
        self.form.locator("[data-search] li[role=option]").filter(has_text=option).first.click()
        expect(field).to_have_value(option)

    def send(self) -> None:
        """Press the form's own button."""
        self.form.get_by_role("button", name="Ask for approval").click()

    def messages(self, words: str) -> Locator:
        """The messages to be seen that say this."""
        return self.tab.locator("li.message").filter(has_text=words)

    @property
    def card(self) -> Locator:
        """The order card."""
        return self.tab.locator("#log li.message:has(.b-plan)")

    def press(self, button: str) -> None:
        """Press the newest button of this name in a message."""
        self.tab.locator("li.message").get_by_role("button", name=button).last.click()

    @property
    def console(self) -> Locator:
        """The clouds' console."""
        return self.tab.get_by_role("complementary", name="console")

    def lever(self, name: str, cloud: str) -> None:
        """Let something go wrong with a cloud's next order, and see that it is armed."""
        self.console.get_by_role("button", name=f"{name} of {cloud}").click()
        expect(self.console.get_by_text("Armed:")).to_be_visible()

    def orders(self) -> Locator:
        """The orders in the console."""
        return self.console.locator(".order")

    def move(self, act: str, status: str) -> None:
        """Press `Advance` or `Ship` at every order, and wait until the console shows what became of it."""
        for order in self.orders().all():
            order.get_by_role("button", name=act).click()
            expect(order.locator(".stage")).to_contain_text(status)

    def told(self, status: str) -> None:
        """Wait until the order card tells of it."""
        expect(self.card.locator(".b-section b").filter(has_text=status).last).to_be_visible()

    def picture(self, name: str, of: str = "body", height: int = 800) -> None:
        """Keep what is to be seen now of a part of the page, in a window of this height."""
        if not self.album:
            return
        self.album.mkdir(exist_ok=True)
        size = self.tab.viewport_size or {"width": 1280, "height": 800}
        self.tab.set_viewport_size({"width": size["width"], "height": height})
        self.tab.mouse.move(0, 0)
        self.tab.locator(of).screenshot(path=self.album / name, animations="disabled")
        self.tab.set_viewport_size(size)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

"""The App Home in the browser: it follows without reloading, by keyboard and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from bot.demo.page.guide import steps
from tests.browser.visitor import Visit


@pytest.fixture
def racks(visit: Visit) -> str:
    """A line with which two racks are asked for."""
    return steps(visit.page.world)[0].line


def home_of(visit: Visit) -> Locator:
    return visit.tab.get_by_role("region", name="App home")


def test_what_is_asked_appears_in_an_open_home_and_is_decided_by_keyboard_on_a_phone(
    visit: Visit, racks: str
) -> None:
    visit.tab.set_viewport_size({"width": 390, "height": 780})
    visit.go("bob", "home")
    expect(home_of(visit)).to_contain_text("Nothing waits for you.")
    visit.page.slack.person("U0ALICE").command(racks, "edge-orders")
    approve = home_of(visit).get_by_role("button", name="Approve ORD-")
    expect(approve).to_be_in_viewport()
    assert visit.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    home_of(visit).get_by_role("button", name="Details of ORD-").click()
    expect(visit.form).to_contain_text("asks for this")
    visit.tab.keyboard.press("Escape")
    expect(visit.form).to_have_count(0)
    approve.focus()
    visit.tab.keyboard.press("Enter")
    expect(home_of(visit)).to_contain_text("Nothing waits for you.")

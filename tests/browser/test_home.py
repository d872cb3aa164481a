"""The App Home in the browser: decided there, by mouse, by keyboard and on a phone, without reloading."""

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


def test_a_manager_approves_in_the_app_home_and_sees_it_go(visit: Visit, racks: str) -> None:
    visit.go("alice", "edge-orders")
    visit.say(racks)
    expect(visit.messages("is filed")).to_be_visible()
    visit.become("bob", "home")
    expect(home_of(visit)).to_contain_text("Waiting for me (1)")
    home_of(visit).get_by_role("button", name="Details of ORD-").click()
    expect(visit.form).to_contain_text("asks for this")
    visit.tab.keyboard.press("Escape")
    expect(visit.form).to_have_count(0)
    home_of(visit).get_by_role("button", name="Approve ORD-").click()
    expect(home_of(visit)).to_contain_text("Nothing waits for you.")
    expect(home_of(visit)).to_contain_text("On the way (1)")
    visit.become("bob", "approvals")
    expect(visit.messages("Approved by")).to_be_visible()
    expect(visit.orders()).to_have_count(1)


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
    approve.focus()
    visit.tab.keyboard.press("Enter")
    expect(home_of(visit)).to_contain_text("Nothing waits for you.")

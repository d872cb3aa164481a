"""What a visitor sees and does in the browser: both clouds from request to installed, and what goes wrong."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from bot.demo.azure_story import LINE as DEVICES
from bot.demo.page.guide import steps
from tests.browser.visitor import Visit


@pytest.fixture
def racks(visit: Visit) -> str:
    """A line with which two racks are asked for."""
    return steps(visit.page.world)[0].line


def test_racks_are_asked_for_with_the_form_approved_shipped_and_installed(visit: Visit) -> None:
    visit.go("alice", "edge-orders")
    box = visit.tab.get_by_role("textbox", name="Message")
    box.press_sequentially("/order aw")
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("/order aws ")
    box.press("Enter")
    visit.send()
    expect(visit.form.get_by_text("Please complete this required field.").first).to_be_visible()
    visit.search("Outpost", "fra", "frankfurt-core · Frankfurt am Main, DE")
    visit.search("Catalog item", "c6id", "OR-C6I2UID · 1 × c6id.16xlarge · 1.1 kVA")
    visit.form.get_by_label("Quantity").fill("2")
    visit.form.get_by_label("Payment option").select_option("No upfront")
    visit.form.get_by_label("Payment term").select_option("3 years")
    visit.form.get_by_label("Reason").fill("Inference at the depot, close to the cameras")
    visit.form.get_by_label("Cost center").fill("CC-4411")
    visit.send()
    expect(visit.messages("is filed")).to_be_visible()
    expect(visit.form).to_have_count(0)

    visit.become("bob", "approvals")
    expect(visit.messages("needs approval")).to_be_visible()
    visit.press("Approve")
    visit.become("alice", "edge-orders")
    expect(visit.orders()).to_have_count(1)
    visit.move("Advance", "Building")
    visit.told("Building")
    visit.move("Ship", "Shipped")
    visit.told("Shipped")
    visit.picture("card.png", ".main", height=878)
    for status in ("Delivered", "Installing", "Installed", "Completed"):
        visit.move("Advance", status)
    expect(visit.card.locator(".task.complete")).to_have_count(8)
    visit.card.get_by_role("link", name="replies").click()
    expect(visit.tab.get_by_role("complementary", name="Thread")).to_contain_text("Shipped")
    visit.tab.get_by_role("link", name="Close the thread").click()
    visit.tab.get_by_role("link", name="Quartermaster").first.click()
    expect(visit.messages("Completed")).to_be_visible()


def test_a_new_quote_is_got_from_the_form_and_ordered_with_its_price_before_everybody(visit: Visit) -> None:
    visit.go("alice", "edge-orders")
    visit.say('/order aws reason="Inference at the depot, close to the cameras" cost_center=CC-4411')
    visit.search("Outpost", "fra", "frankfurt-core · Frankfurt am Main, DE")
    visit.form.get_by_label("Order by").select_option("Quote")
    visit.form.get_by_role("button", name="Get a new quote").click()
    visit.search("Instance type", "c6id.16", "c6id.16xlarge · 64 vCPUs")
    visit.form.get_by_label("How many more").fill("2")
    visit.form.get_by_role("button", name="Back", exact=True).click()
    expect(visit.form.get_by_label("Order by")).to_have_value("quote")
    visit.form.get_by_role("button", name="Get a new quote").click()
    visit.search("Instance type", "c6id.16", "c6id.16xlarge · 64 vCPUs")
    visit.form.get_by_label("How many more").fill("2")
    visit.form.get_by_label("Payment option").select_option("Partial upfront")
    visit.form.get_by_label("Payment term").select_option("3 years")
    visit.form.get_by_role("button", name="Get the quote").click()
    expect(visit.form).to_have_count(0)
    expect(visit.messages("AWS is asked to quote 2 × c6id.16xlarge")).to_be_visible()
    visit.tab.get_by_role("navigation").get_by_role("link", name="Quartermaster", exact=True).click()
    expect(visit.messages("AWS has quoted")).to_be_visible()
    visit.press("Open the order form with option 1")
    expect(visit.form.get_by_label("Reason")).to_have_value("Inference at the depot, close to the cameras")
    expect(visit.form.get_by_role("combobox", name="Quote")).to_have_value(re.compile("upfront"))
    visit.picture("quote-form.png")
    visit.send()
    expect(visit.form).to_have_count(0)
    visit.become("bob", "approvals")
    expect(visit.messages("needs approval")).to_contain_text("total")
    visit.picture("approval.png", ".main", height=880)
    visit.press("Approve")
    visit.become("alice", "edge-orders")
    expect(visit.card).to_contain_text("Placed")


def test_devices_are_asked_for_with_the_form_approved_shipped_and_in_use(visit: Visit) -> None:
    visit.go("alice", "edge-orders")
    visit.say("/order azure qty=2")
    visit.search("Product", "gpu", "Azure Stack Edge Pro - GPU")
    expect(visit.form.locator('[name^="configuration@azurestackedge/"]').first).to_be_attached()
    visit.search("Configuration", "2 GPU", "Azure Stack Edge Pro - 2 GPU")
    visit.form.get_by_label("Order type").select_option("Rental")
    visit.search("Ship to", "colu", "columbus-plant · Columbus, US")
    visit.form.get_by_label("Reason").fill("Vision for line 4, until May")
    visit.form.get_by_label("Needed by").fill("2030-05-01")
    expect(visit.form.get_by_text("Rental: it is paid for until it is returned")).to_be_visible()
    expect(visit.form.get_by_text("Who will be asked:")).to_be_visible()
    expect(visit.form.get_by_role("combobox", name="Product")).to_have_value("Azure Stack Edge Pro - GPU")
    visit.form.get_by_text("Who will be asked:").scroll_into_view_if_needed()
    visit.picture("azure-form.png")
    visit.send()
    expect(visit.messages("is filed")).to_be_visible()

    visit.become("carol", "approvals")
    visit.press("Approve")
    visit.become("alice", "edge-orders")
    expect(visit.orders()).to_have_count(2)
    visit.move("Advance", "In review")
    visit.told("In review")
    visit.move("Ship", "Shipped")
    visit.told("Shipped")
    for status in ("Delivered", "In use"):
        visit.move("Advance", status)
    expect(visit.card).to_contain_text("Completed")


def test_a_manager_decides_in_the_app_home(visit: Visit, racks: str) -> None:
    visit.go("alice", "edge-orders")
    visit.say(racks)
    expect(visit.messages("is filed")).to_be_visible()
    visit.become("bob", "home")
    home = visit.tab.locator("#home")
    expect(home).to_contain_text("Waiting for me (1)")
    visit.picture("home.png", ".main", height=700)
    home.get_by_role("button", name="Approve").click()
    expect(home).to_contain_text("Nothing waits for you.")
    expect(home).to_contain_text("On the way (1)")


def test_an_order_whose_answer_was_lost_is_found_and_adopted(visit: Visit, racks: str) -> None:
    visit.go("alice", "edge-orders")
    visit.lever("Lose the next answer", "AWS Outposts")
    visit.say(racks)
    expect(visit.messages("is filed")).to_be_visible()
    visit.become("bob", "approvals")
    visit.press("Approve")
    visit.become("bob", "edge-orders")
    expect(visit.card).to_contain_text("Placed")
    expect(visit.orders()).to_have_count(1)
    assert len(visit.page.world.outposts.posts()) == 1


def test_where_an_order_is_lost_the_bot_stops_until_an_operator_decides(visit: Visit, racks: str) -> None:
    visit.go("alice", "edge-orders")
    visit.lever("Lose the next order", "AWS Outposts")
    visit.say(racks)
    expect(visit.messages("is filed")).to_be_visible()
    visit.become("bob", "approvals")
    visit.press("Approve")
    visit.become("opal", "operations")
    expect(visit.messages("was it placed?")).to_be_visible()
    visit.tab.get_by_role("button", name="kill -9 the worker").click()
    expect(visit.tab.get_by_role("alert")).to_contain_text("is up again")
    assert visit.page.world.outposts.accepted() == []
    visit.press("It was not placed: try again")
    sure = visit.tab.get_by_role("dialog", name="again?")
    sure.get_by_role("button", name="Go back").click()
    expect(sure).to_be_hidden()
    visit.press("It was not placed: try again")
    sure.get_by_role("button", name="Send it again").click()
    expect(visit.messages("is settled")).to_be_visible()
    expect(visit.orders()).to_have_count(1)
    visit.lever("Lose the next answer", "Azure Edge Order")
    visit.become("opal", "edge-orders")
    expect(visit.card).to_contain_text("Placed (Preparing)")
    visit.picture("console.png", height=830)


def test_a_form_opens_is_used_and_closes_by_keyboard_alone(visit: Visit) -> None:
    visit.go("alice", "edge-orders")
    visit.tab.keyboard.press("Tab")
    expect(visit.tab.get_by_role("link", name="Skip to the messages")).to_be_focused()
    visit.say("/order")
    expect(visit.form.get_by_role("button", name="AWS Outposts")).to_be_focused()
    visit.tab.keyboard.press("Tab")
    visit.tab.keyboard.press("Enter")
    product = visit.form.get_by_role("combobox", name="Product")
    expect(product).to_be_focused()
    visit.tab.keyboard.type("gpu")
    expect(visit.form.locator("[data-search] li[role=option]")).to_have_count(1)
    visit.tab.keyboard.press("ArrowDown")
    visit.tab.keyboard.press("Enter")
    expect(product).to_have_value("Azure Stack Edge Pro - GPU")
    expect(product).to_be_focused()
    visit.tab.keyboard.press("Escape")
    expect(visit.form).to_have_count(0)


def test_on_a_phone_in_the_dark_everything_is_within_reach(visit: Visit) -> None:
    visit.tab.set_viewport_size({"width": 390, "height": 780})
    visit.tab.emulate_media(color_scheme="dark")
    visit.go("alice", "edge-orders")
    visit.say(DEVICES)
    expect(visit.messages("is filed")).to_be_visible()
    visit.become("bob", "approvals")
    visit.press("Approve")
    visit.become("bob", "edge-orders")
    visit.tab.get_by_role("button", name="Clouds").click()
    expect(visit.orders()).to_have_count(2)
    visit.move("Advance", "In review")
    visit.told("In review")
    visit.tab.get_by_role("button", name="Hide the console").click()
    expect(visit.console).to_be_hidden()
    visit.card.evaluate("card => card.scrollIntoView()")
    visit.picture("phone-dark.png")
    assert visit.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_others_do_is_seen_without_reloading(visit: Visit) -> None:
    visit.go("bob", "edge-orders")
    expect(visit.tab.get_by_text("Order edge hardware, and break things")).to_be_visible()
    visit.tab.get_by_role("textbox", name="Message").fill("half a sente")
    visit.page.slack.person("U0ALICE").say("I am here, too", "approvals")
    badge = visit.tab.get_by_role("link", name="approvals").get_by_label("1 unread")
    expect(badge).to_be_visible()
    visit.page.slack.person("U0ALICE").say("and here", "edge-orders")
    expect(visit.messages("and here")).to_be_visible()
    expect(visit.tab.locator("#news")).to_have_text("alice: and here")
    expect(visit.tab.get_by_role("textbox", name="Message")).to_have_value("half a sente")
    visit.become("bob", "approvals")
    expect(visit.messages("I am here, too")).to_be_visible()
    expect(badge).to_be_hidden()

"""Choices that come faster than Slack redraws a form: the newest wins, and nobody else's change is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.core.form.parts import with_blocks
from bot.demo.slack import Form
from tests.harness import ORDERS, Here
from tests.slack.fake_azure import GPU, AzureHere


@pytest.fixture
def azure(sqlite_url: str) -> Iterator[AzureHere]:
    with AzureHere(sqlite_url, AZURE_RESOURCE_GROUP="edge") as here:
        yield here
        assert here.slack.violations == []


def opened(here: Here, words: str) -> Form:
    here.alice.command(f"/order {words}", ORDERS)
    return here.alice.wait_form()


def slow(here: Here, times: int = 1) -> None:
    """Let Slack redraw forms late."""
    here.slack.faults.add("views.update", "hang", times, seconds=0.3)


def updates(here: Here) -> list[Any]:
    return [call for call in here.slack.calls if call.method == "views.update"]


def settle(here: Here, number: int) -> None:
    """Wait until so many updates of forms have been answered."""
    here.wait(lambda: len(updates(here)) >= number)


def test_two_choices_before_the_form_is_drawn_again_are_both_followed(azure: AzureHere) -> None:
    form = opened(azure, "azure")
    form.suggest("Ship to")
    slow(azure, 2)
    form.choose("Product", "Azure Stack Edge Pro - GPU")
    form.choose("Ship to", "New address…")
    azure.wait(lambda: "Street" in form.labels())
    assert "Azure Stack Edge Pro - 2 GPU" in form.suggest("Configuration")
    assert [call.answer["ok"] for call in updates(azure)] == [True, True]


@pytest.mark.parametrize("late", [0.15, 0.6], ids=["while changes wait", "after the last one"])
def test_choices_before_the_bot_has_heard_that_its_form_is_open_are_followed(here: Here, late: float) -> None:
    here.slack.faults.add("views.open", "late", seconds=late)
    form = opened(here, "aws")
    slow(here)
    form.choose("Order by", "Quote")
    form.choose("Payment option", "All upfront")
    settle(here, 2)
    here.wait(lambda: [call for call in here.slack.calls if call.method == "views.open"])
    assert "Quote" in form.labels()
    form.choose("Order by", "Catalog items")
    here.wait(lambda: "Quote" not in form.labels())


def test_a_product_chosen_twice_in_haste_is_the_second_one(azure: AzureHere) -> None:
    form = opened(azure, "azure")
    form.suggest("Product")
    slow(azure, 2)
    form.choose("Product", "Azure Stack Edge Pro - GPU")
    form.choose("Product", "HCI node")
    settle(azure, 2)
    azure.wait(lambda: form.suggest("Configuration") == ["One node"])


def test_what_was_chosen_first_and_arrives_last_is_not_brought_back(azure: AzureHere) -> None:
    form = opened(azure, f"azure product={GPU}")
    first = form.as_json()
    form.choose("Ship to", "New address…")
    azure.wait(lambda: "Street" in form.labels())
    seen: list[Any] = []
    azure.live.turn(first, lambda view: seen.append(view), "0.1")  # type: ignore[func-returns-value]
    azure.wait(lambda: seen)
    assert seen[0]["hash"] == form.as_json()["hash"]
    assert seen[0]["state"]["values"]["address"]["address"]["selected_option"]["value"] == "+new"


def test_another_item_asked_for_twice_at_once_is_two_more(here: Here) -> None:
    form = opened(here, "aws")
    slow(here, 2)
    form.press("Add another item")
    form.press("Add another item")
    here.wait(lambda: form.labels().count("Catalog item") == 3)
    here.wait(lambda: [call.answer["ok"] for call in updates(here)] == [True, True])


def test_a_form_that_somebody_else_has_changed_is_left_alone_until_the_next_choice(here: Here) -> None:
    form = opened(here, "aws")
    seen = form.as_json()
    theirs = {**with_blocks(seen, seen["blocks"]), "title": {"type": "plain_text", "text": "Not ours"}}
    here.live.client.views_update(view_id=form.id, view=theirs)
    here.live.turn(seen, lambda view: with_blocks(view, view["blocks"]), "1")
    settle(here, 2)
    assert updates(here)[-1].answer["error"] == "hash_conflict"
    assert form.title == "Not ours"
    form.press("Add another item")
    here.wait(lambda: form.labels().count("Catalog item") == 2)


def test_an_update_whose_answer_is_lost_does_not_stop_the_form(here: Here) -> None:
    form = opened(here, "aws")
    here.slack.faults.add("views.update", "drop_after")
    form.press("Add another item")
    here.wait(lambda: form.labels().count("Catalog item") == 2)
    form.press("Add another item")
    here.wait(lambda: form.labels().count("Catalog item") == 3)


def test_who_will_be_asked_and_what_is_risky_follow_the_choices(here: Here) -> None:
    form = opened(here, "aws")
    form.choose("Outpost", here.offered["outpost"][0][1])
    form.choose("Catalog item", here.items[0])
    form.choose("Payment option", "All upfront")
    form.choose("Payment term", "5 years")
    here.wait(lambda: "paid up front" in form.plain)
    form.choose("Payment option", "No upfront")
    here.wait(lambda: "paid up front" not in form.plain)
    form.fill("Reason", "New depot")
    assert form.submit().closed, "all that it had to say was on it"


def test_items_are_still_there_after_both_ways_to_order_were_chosen_in_haste(here: Here) -> None:
    first, second = here.items[:2]
    form = opened(here, f"aws outpost={here.outpost} item={first}:2 item={second}:3")
    form.choose("Order by", "Quote")
    here.wait(lambda: "Quote" in form.labels())
    slow(here, 2)
    form.choose("Order by", "Catalog items")
    form.choose("Order by", "Quote")
    settle(here, 3)
    here.wait(lambda: "Quote" in form.labels())
    form.choose("Order by", "Catalog items")
    here.wait(lambda: "Quote" not in form.labels())
    assert [form.values()[label] for label in ("Quantity", "Quantity (2)")] == ["2", "3"]


def test_a_quote_is_still_there_after_both_ways_to_order_were_chosen_in_haste(here: Here) -> None:
    form = opened(here, f"aws outpost={here.outpost}")
    form.choose("Order by", "Quote")
    here.wait(lambda: "Quote" in form.labels())
    [quoted, *_] = form.suggest("Quote")
    form.choose("Quote", quoted)
    form.choose("Order by", "Catalog items")
    here.wait(lambda: "Quote" not in form.labels())
    slow(here, 2)
    form.choose("Order by", "Quote")
    form.choose("Order by", "Catalog items")
    settle(here, 5)
    here.wait(lambda: "Quote" not in form.labels())
    form.choose("Order by", "Quote")
    here.wait(lambda: "Quote" in form.labels())
    assert form.values()["Quote"] == quoted


def test_another_instance_type_asked_for_twice_at_once_is_two_more(here: Here) -> None:
    form = opened(here, "aws")
    form.choose("Order by", "Quote")
    here.wait(lambda: "Get a new quote" in form.buttons)
    form.press("Get a new quote")
    wish = here.wait(lambda: (top := here.alice.form()) and "Instance type" in top.labels() and top)
    assert isinstance(wish, Form)
    slow(here, 2)
    wish.press("Add another instance type")
    wish.press("Add another instance type")
    settle(here, 3)
    here.wait(lambda: wish.labels().count("Instance type") == 3)

"""Edit and ask again: the form with everything in it, the same id, and a new round."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.core.order import State
from bot.demo.slack import Form
from bot.steps import request
from tests.harness import APPROVALS, ORDERS, Here, HereAzure, order_id, submitted


def edit(here: Here) -> Form:
    """Open the form from the card."""
    card = here.wait(lambda: [one for one in [here.card()] if "Edit and ask again" in one.buttons])[0]
    assert here.alice.click(card, "Edit and ask again").status == 200
    return here.alice.wait_form()


def test_a_request_that_waits_is_changed_and_decided_anew(here: Here) -> None:
    request = here.ask("cost_center=CC-1")
    old = here.slack.messages(APPROVALS)[0]
    form = edit(here)
    assert form.value("Cost center") == "CC-1"
    assert form.value("Reason") == "New depot"
    form.fill("Cost center", "CC-2")
    form.choose("Payment option", "All upfront")
    result = submitted(form)
    assert result.closed, result
    here.heard(here.alice, "what was approved before counts no more")
    here.wait(lambda: "Cost center: CC-1 → CC-2" in here.slack.messages(APPROVALS)[0].plain)
    assert "Payment option: No upfront → All upfront" in here.slack.messages(APPROVALS)[0].plain
    here.wait(lambda: here.order(request).state is State.WAITING)
    here.wait(lambda: "asked again" in "".join(m.plain for m in here.slack.thread(APPROVALS, old.ts)))
    assert len(here.slack.messages(APPROVALS)) == 1
    assert here.order(request).round == 2

    here.bob.click(old, "Approve")
    here.heard(here.bob, "was changed after this message was posted")
    assert here.order(request).state is State.WAITING
    here.wait(lambda: "Approve" in here.slack.messages(APPROVALS)[0].buttons)
    here.bob.click(here.slack.messages(APPROVALS)[0], "Approve")
    here.wait(lambda: here.order(request).state is State.PLACED)
    [sent] = here.aws.posts()
    assert sent.body["PaymentOption"] == "ALL_UPFRONT"


def test_a_rejected_request_can_be_asked_again_from_the_message_that_told(here: Here) -> None:
    request = here.ask()
    here.bob.command(f"/order reject {order_id(request)} too early", ORDERS)
    told = here.heard(here.alice, "too early")
    here.alice.click(told, "Edit and ask again")
    form = here.alice.wait_form()
    form.fill("Reason", "Now it is time")
    assert submitted(form).closed
    here.wait(lambda: here.order(request).state is State.WAITING)
    here.wait(lambda: "Now it is time" in here.slack.messages(APPROVALS)[0].plain)
    here.wait(lambda: "Approve" in here.slack.messages(APPROVALS)[0].buttons)
    here.bob.click(here.slack.messages(APPROVALS)[0], "Approve")
    here.wait(lambda: here.order(request).state is State.PLACED)
    assert [one.round for one in here.world.store.decisions(order_id(request))] == [1, 2]


def test_only_who_asked_can_edit_and_only_before_it_is_approved(here: Here) -> None:
    request = here.ask()
    card = here.card()
    here.bob.click(card, "Edit and ask again")
    here.heard(here.bob, "who asked for")
    form = edit(here)
    here.bob.click(here.slack.messages(APPROVALS)[0], "Approve")
    here.wait(lambda: here.order(request).state is State.PLACED)
    form.fill("Reason", "Something else")
    assert submitted(form).closed
    here.heard(here.alice, "it cannot be edited any more")
    assert here.order(request).asked.reason == "New depot"
    assert here.accepted == 1


def test_a_form_that_was_not_changed_changes_nothing(here: Here) -> None:
    request = here.ask()
    assert submitted(edit(here)).closed
    here.heard(here.alice, "nothing in the form was changed")
    assert here.order(request).round == 1


def test_units_follow_an_edited_quantity(azure: HereAzure) -> None:
    request = azure.ask()
    azure.wait(lambda: azure.order(request).state is State.WAITING)
    form = edit(azure)
    form.fill("Quantity", "3")
    assert submitted(form).closed
    azure.wait(lambda: azure.order(request).state is State.WAITING and azure.order(request).round == 2)
    azure.wait(lambda: "Quantity: 2 → 3" in azure.slack.messages(APPROVALS)[0].plain)
    azure.wait(lambda: "Approve" in azure.slack.messages(APPROVALS)[0].buttons)
    azure.bob.click(azure.slack.messages(APPROVALS)[0], "Approve")
    azure.wait(lambda: azure.order(request).state is State.PLACED)
    assert azure.accepted == 3


def test_the_message_to_approvers_lets_the_requester_edit_and_nobody_else(here: Here) -> None:
    request = here.ask()
    here.bob.click(request, "Edit and ask again")
    here.heard(here.bob, "who asked for")
    here.alice.click(request, "Edit and ask again")
    assert here.alice.wait_form().value("Reason") == "New depot"


def test_what_was_typed_too_late_is_kept_for_a_request_of_its_own(here: Here) -> None:
    request = here.ask()
    form = edit(here)
    here.bob.click(request, "Approve")
    here.wait(lambda: here.order(request).state is State.PLACED)
    form.fill("Reason", "A second depot")
    assert submitted(form).closed
    told = here.heard(here.alice, "What you typed is kept")
    here.alice.click(told, "Open the form")
    again = here.wait(lambda: [one for one in [here.alice.wait_form()] if one.id != form.id])[0]
    assert again.value("Reason") == "A second depot"
    assert submitted(again).closed
    here.wait(lambda: len(here.slack.messages(APPROVALS)) == 2)
    assert here.order(request).asked.reason == "New depot"
    assert here.accepted == 1


def test_an_address_that_is_typed_into_an_edit_is_what_the_order_goes_to(azure: HereAzure) -> None:
    request = azure.ask()
    azure.wait(lambda: azure.order(request).state is State.WAITING)
    form = edit(azure)
    form.choose("Ship to", "New address…")
    azure.wait(lambda: "Street" in form.labels())
    for label, words in ADDRESS.items():
        form.fill(label, words)
    assert submitted(form).closed
    azure.wait(lambda: "Ship to: columbus-plant → a new address" in azure.slack.messages(APPROVALS)[0].plain)
    azure.wait(lambda: azure.order(request).state is State.WAITING)
    assert azure.order(request).asked.azure.address == f"{order_id(request).lower()}-r2"
    everything = json.dumps([call.arguments for call in azure.slack.calls], default=str)
    assert ADDRESS["Street"] not in everything


ADDRESS = {
    "Street": "500 W Broad St",
    "City": "Columbus",
    "State": "OH",
    "Postal code": "43215",
    "Country": "US",
    "Contact name": "Nora Niemand",
    "Phone": "+1 614 555 0100",
    "E-mail": "nora@niemand.example",
}


def test_details_show_all_of_a_request_to_anybody(here: Here) -> None:
    reason = "A depot " * 300
    request = here.ask("cost_center=CC-1", reason=reason.strip())
    here.mallory.click(request, "Details")
    form = here.mallory.wait_form()
    assert form.title == f"Details of {order_id(request)}"
    for words in (reason.strip(), "CC-1", "asked for", "Approval: any one of", "audit", "Cancelling:"):
        assert words in form.plain
    assert not form.can_submit


def test_a_form_that_is_sent_again_with_something_else_in_it_keeps_that_for_an_edit(
    here: Here,
) -> None:
    # Slack had no answer to the first, and so left the form open.
    asked = replace(here.order(here.ask()).asked, cost_center="CC-1")
    alice = here.alice.id
    assert "is filed" in request.file(here.world, asked, alice, "V0000001").text
    assert "is filed" in request.file(here.world, asked, alice, "V0000001").text
    said = request.file(here.world, replace(asked, cost_center="CC-2"), alice, "V0000001")
    assert "What you have changed since is not in it" in said.text
    kept = here.world.store.draft(said.blocks[1]["elements"][0]["value"], alice)
    assert kept
    assert kept["values"]["cost_center"] == ["CC-2"]
    order = here.world.store.by_origin("V0000001")
    assert order
    assert (kept["edits"], order.asked.cost_center) == (order.id, "CC-1")

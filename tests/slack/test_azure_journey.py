"""An Azure order's way from the asking to its return, as people in Slack see it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.core.order import State, Step
from bot.metrics import exposition
from tests.harness import APPROVALS, OPERATIONS, ORDERS, PRODUCT, HereAzure, order_id, text

STAGES = ("InReview", "Confirmed", "ReadyToShip", "Shipped", "Delivered", "InUse")
RETURN = ("ReturnPickedUp", "ReturnedToMicrosoft", "ReturnCompleted")
SEED: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "data" / "seed-order-item.json").read_text()
)


@pytest.mark.parametrize("engine", ["sqlite_url", "postgres_url"])
def test_two_units_are_two_items_under_one_order_followed_to_their_return(
    engine: str, request: pytest.FixtureRequest
) -> None:
    with HereAzure(request.getfixturevalue(engine)) as here:
        asked = here.place()
        id = order_id(asked)
        one, two = here.arm.puts()

        assert [put.name for put in (one, two)] == [f"{id.lower()}-1", f"{id.lower()}-2"]
        orders = {put.body["properties"]["orderId"] for put in (one, two)}
        assert len(orders) == 1
        assert orders.pop().endswith(f"/locations/eastus/orders/{id.lower()}")
        assert [put.body["tags"] for put in (one, two)] == [{"quartermaster-order": id}] * 2

        for stage in STAGES:
            here.advance_all(asked, stage)
        here.wait(lambda: here.order(asked).state is State.COMPLETED)
        parcel = here.arm.items[0]["properties"]["orderItemDetails"]["forwardShippingDetails"]
        here.wait(lambda: parcel["trackingId"] in here.card().plain)
        assert parcel["trackingUrl"] in [url for url, _ in here.card().links]
        assert parcel["trackingId"] in here.thread()

        here.alice.command(f"/order return {id} the rental ends", ORDERS)
        here.alice.click(here.heard(here.alice, "take"), "Return")
        here.wait(lambda: "the rental ends" in here.thread())
        here.wait(lambda: "Return initiated" in here.thread())
        for stage in RETURN:
            here.advance_all(asked, stage)
        here.wait(lambda: here.order(asked).state is State.RETURNED)
        here.wait(lambda: "returned" in here.card().plain.lower())
        returns = [request for request in here.arm.requests if request.operation == "OrderItems_Return"]
        assert [request.body["returnReason"] for request in returns] == ["the rental ends"] * 2
        assert here.slack.violations == []


def test_what_approvers_see_is_what_is_sent(azure: HereAzure) -> None:
    asked = azure.ask()
    for word in (
        "edgep_high",
        "2",
        "Purchase",
        "columbus-plant",
        "Columbus",
        "US",
        "eastus",
        "edge-hardware",
    ):
        assert word in asked.plain
    azure.bob.click(asked, "Approve")
    azure.wait(lambda: azure.order(asked).state is State.PLACED)

    [put, _] = azure.arm.puts()
    details = put.body["properties"]["orderItemDetails"]
    family, line, product = PRODUCT.split("/")
    assert details["orderItemType"] == "Purchase"
    assert details["productDetails"]["hierarchyInformation"] == {
        "productFamilyName": family,
        "productLineName": line,
        "productName": product,
        "configurationName": "edgep_high",
    }
    address = put.body["properties"]["addressDetails"]["forwardAddress"]
    assert address["shippingAddress"]["city"] == "Columbus"


def test_one_unit_that_azure_refuses_is_told_beside_the_one_that_is_placed(azure: HereAzure) -> None:
    asked = azure.ask()
    second = azure.names(asked)[1]
    azure.arm.faults.add("OrderItems_Create", "error:QuotaExceeded:One is all you get", name=second)
    azure.bob.click(asked, "Approve")
    told = azure.heard(azure.alice, "One is all you get")
    assert "1 of 2" in told.plain
    assert azure.order(asked).state is State.PLACED
    azure.wait(lambda: "One is all you get" in azure.card().plain)


def test_the_sample_of_the_documentation_is_followed_and_shown_completely(azure: HereAzure) -> None:
    azure.arm.put_raw("TestOrderItemName1", SEED)
    azure.alice.command("/order track TestOrderItemName1", ORDERS)
    azure.wait(lambda: "Confirmed" in azure.card().plain)
    azure.alice.command("/order status testorderitemname1", ORDERS)
    told = azure.heard(azure.alice, "Timeline").plain
    for word in (
        *("TestOrderItemName1", "Azure Stack Edge Pro - 1 GPU", "edgep_base", "azurestackedgegpu"),
        *("Confirmed", "2022-03-04 05:35 UTC", "Placed", "2022-03-04 05:25 UTC"),
        *("Ready to ship", "Shipped", "Delivered", "In use"),
        *("Not cancellable", "Not allowed", "Not returnable"),
        *("Purchase", "Disabled", "Microsoft managed", "Microsoft.DataBoxEdge"),
        *("San Francisco", "US", "Valid", "TestOrderName1", "eastus"),
    ):
        assert word in told, word
    everything = told + azure.card().plain + azure.thread()
    for private in ("TOWNSEND", "0000000000", "xxxx@xxxx.xxx", "XXXX XXXX", "94107"):
        assert private not in everything


def test_following_an_item_gives_no_right_to_end_it(azure: HereAzure) -> None:
    azure.arm.add_item("line-4-edge", "line-4")
    azure.mallory.command("/order track line-4-edge", ORDERS)
    order = azure.wait(lambda: azure.world.store.by_name("azure", "line-4-edge"))
    assert "Only approvers" in text(azure.mallory.command(f"/order cancel {order.id}", ORDERS))
    assert "Only approvers" in text(azure.mallory.command(f"/order return {order.id} x", ORDERS))


def test_an_item_that_azure_does_not_know_is_said_so(azure: HereAzure) -> None:
    azure.alice.command("/order track no-such-item", ORDERS)
    azure.heard(azure.alice, "Refused")


def test_an_item_of_ours_is_followed_already_and_found_by_its_name(azure: HereAzure) -> None:
    asked = azure.place()
    name = azure.names(asked)[1]
    assert "followed already" in text(azure.bob.command(f"/order track {name}", ORDERS))
    azure.bob.command(f"/order status {name}", ORDERS)
    assert name in azure.heard(azure.bob, order_id(asked)).plain


def test_a_cancellation_without_a_fee_is_one_question(azure: HereAzure) -> None:
    asked = azure.place()
    azure.wait(lambda: azure.order(asked).snapshot)
    azure.alice.command(f"/order cancel {order_id(asked)} moved away", ORDERS)
    azure.alice.click(azure.heard(azure.alice, "cannot be taken back"), "Cancel order")
    azure.wait(lambda: azure.order(asked).state is State.CANCELLED)
    cancels = [request for request in azure.arm.requests if request.operation == "OrderItems_Cancel"]
    assert [request.body["reason"] for request in cancels] == ["moved away"] * 2


def with_fee(azure: HereAzure, name: str) -> None:
    details = {"orderItemDetails": {"cancellationStatus": "CancellableWithFee"}}
    azure.arm.put(name, {"properties": details})


def test_a_fee_that_comes_up_after_the_question_is_asked_about_again(azure: HereAzure) -> None:
    asked = azure.place()
    azure.wait(lambda: azure.order(asked).snapshot)
    azure.alice.command(f"/order cancel {order_id(asked)}", ORDERS)
    question = azure.heard(azure.alice, "cannot be taken back")
    assert "fee" not in question.plain
    with_fee(azure, azure.names(asked)[0])
    azure.alice.click(question, "Cancel order")
    azure.heard(azure.alice, "accepts the fee")
    assert azure.order(asked).state is State.PLACED
    assert not [request for request in azure.arm.requests if request.operation == "OrderItems_Cancel"]

    azure.wait(lambda: azure.order(asked).snapshot.units[0].cancellation == "CancellableWithFee")
    azure.alice.command(f"/order cancel {order_id(asked)}", ORDERS)
    azure.alice.click(azure.heard(azure.alice, "By going on you accept it"), "Cancel order")
    azure.wait(lambda: azure.order(asked).state is State.CANCELLED)


def test_what_cannot_be_cancelled_any_more_is_said_so_and_azure_is_not_asked(azure: HereAzure) -> None:
    asked = azure.place()
    azure.advance_all(asked, "Confirmed")
    said = azure.alice.command(f"/order cancel {order_id(asked)}", ORDERS)
    assert "Not cancellable" in text(said)
    assert "Cancel order" not in azure.card().buttons


def test_the_button_on_the_card_returns_after_asking_why(azure: HereAzure) -> None:
    asked = azure.place()
    azure.advance_all(asked, "Delivered")
    azure.wait(lambda: "Return" in azure.card().buttons)
    azure.alice.click(azure.card(), "Return")
    form = azure.alice.wait_form()
    assert not form.submit().closed
    form.fill("Reason", "It is too loud")
    assert form.submit().closed
    azure.wait(lambda: "Return initiated" in azure.thread())
    assert "It is too loud" in azure.thread()


def test_an_operation_that_azure_fails_after_it_accepted_it_is_told_in_its_words(azure: HereAzure) -> None:
    asked = azure.place()
    azure.advance_all(asked, "Delivered")
    azure.arm.faults.add("OrderItems_Return", "async:NoPickup:Nobody drives there")
    azure.alice.command(f"/order return {order_id(asked)} x", ORDERS)
    azure.alice.click(azure.heard(azure.alice, "take"), "Return")
    azure.heard(azure.alice, "Nobody drives there")


def test_an_ended_order_is_taken_off_azures_list(azure: HereAzure) -> None:
    asked = azure.place()
    for name in azure.names(asked):
        azure.arm.cancel(name)
    azure.wait(lambda: azure.order(asked).state is State.CANCELLED)
    azure.alice.command(f"/order status {order_id(asked)}", ORDERS)
    answer = azure.heard(azure.alice, "Timeline")
    [button] = [one for one in answer.buttons if "Remove" in one]
    azure.alice.click(answer, button)
    azure.wait(lambda: azure.arm.items == [])
    azure.wait(lambda: azure.order(asked).operation is None)
    assert azure.order(asked).state is State.CANCELLED
    azure.wait(lambda: "deleted there" in azure.thread())
    assert azure.order(asked).state is State.CANCELLED


def test_azures_own_mails_are_switched_off_and_on(azure: HereAzure) -> None:
    asked = azure.place()
    azure.wait(lambda: azure.order(asked).snapshot)
    azure.alice.command(f"/order status {order_id(asked)}", ORDERS)
    answer = azure.heard(azure.alice, "Timeline")
    [off] = [one for one in answer.buttons if "off" in one]
    azure.alice.click(answer, off)
    azure.wait(lambda: "sends no more e-mails" in azure.thread())
    preferences = azure.arm.items[0]["properties"]["orderItemDetails"]["preferences"]
    assert {one["sendNotification"] for one in preferences["notificationPreferences"]} == {False}
    azure.wait(lambda: azure.order(asked).snapshot.units[0].mail is False)
    azure.alice.command(f"/order status {order_id(asked)}", ORDERS)
    azure.wait(lambda: azure.slack.ephemerals(azure.alice.id)[-1].buttons[-1] == "Azure e-mails on")
    assert "Azure e-mails off" not in azure.slack.ephemerals(azure.alice.id)[-1].buttons


def test_unknown_stages_steps_back_and_failures_are_shown_as_they_are(azure: HereAzure) -> None:
    asked = azure.place()
    [first, _] = azure.names(asked)
    azure.arm.set_stage(first, "AwaitingCustoms", "OnHold")
    azure.wait(lambda: "Awaiting customs (on hold)" in azure.thread())
    azure.arm.set_stage(first, "Confirmed")
    azure.wait(lambda: "Confirmed" in azure.thread())
    azure.arm.fail(first, "LostInTransit", "The truck is gone", target="forwardAddress")
    azure.wait(lambda: "The truck is gone" in azure.thread() and "LostInTransit" in azure.thread())
    azure.heard(azure.alice, "The truck is gone")


def test_personal_data_and_label_keys_are_nowhere_to_be_read(
    azure: HereAzure, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    asked = azure.place()
    for stage in ("Delivered", "InUse", "ReturnInitiated"):
        azure.advance_all(asked, stage)
    azure.alice.command(f"/order status {order_id(asked)}", ORDERS)
    azure.heard(azure.alice, "Timeline")
    label = azure.arm.items[0]["properties"]["orderItemDetails"]["reverseShippingDetails"]["sasKeyForLabel"]
    said = [
        message.plain
        for channel in (ORDERS, APPROVALS, OPERATIONS)
        for message in azure.slack.messages(channel)
    ]
    said += [azure.thread(), *(one.plain for one in azure.slack.ephemerals(azure.alice.id))]
    said += [one.plain for one in azure.slack.direct(azure.alice.id)]
    said += [
        exposition(azure.world),
        caplog.text,
        *(event["body"] for event in azure.world.store.all_events()),
    ]
    said += [row["body"] for row in azure.world.store.engine.rows("select body from orders")]
    for private in (
        label,
        label.partition("sig=")[2],
        "1 Mill Street",
        "5550100",
        "dana@example.com",
        "Dana Fox",
    ):
        assert not any(private in text for text in said), private


def test_what_is_unclear_is_settled_by_an_operator_who_names_the_item(azure: HereAzure) -> None:
    asked = azure.ask()
    second = azure.names(asked)[1]
    azure.arm.faults.add("OrderItems_Create", "drop_before", name=second)
    azure.bob.click(asked, "Approve")
    desk = azure.wait(lambda: [m for m in azure.slack.messages(OPERATIONS) if "was it placed?" in m.plain])[0]
    azure.opal.click(desk, "It was placed")
    form = azure.opal.wait_form()
    assert form.options("Azure item") == [second]
    form.submit()
    azure.wait(lambda: "nothing under that name" in azure.operations())
    azure.arm.add_item(second, "ord-x", tags={})
    azure.opal.click(desk, "It was placed")
    form = azure.opal.wait_form()
    form.choose("Azure item", second)
    assert form.submit().closed
    azure.wait(lambda: azure.order(asked).state is State.PLACED)
    assert azure.order(asked).units(Step.PLACED) == tuple(azure.names(asked))
    assert len(azure.arm.puts(second)) == 1

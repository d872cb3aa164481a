"""What Azure is asked to do with what was placed, and the rights that all of it needs; over real TLS."""

from dataclasses import replace
from typing import Any

import pytest

from bot.clouds.azure import READER_ACTIONS, SUBMITTER_ACTIONS, Azure, actions
from bot.core.events import Operation
from bot.core.snapshot import Ref
from bot.demo.arm import LocalArm, Request
from bot.errors import CloudDown, CloudRefused, CloudUnknown
from bot.ports import FEE, Accepted, Placed
from tests.clouds.world import (
    BERLIN,
    GROUP,
    HERE,
    LATER,
    NOW,
    SECOND,
    UNIT,
    operations,
    wanted,
)

# --- what can be done afterwards --------------------------------------------------------------------


def test_cancelling_cancels_every_item_and_says_why(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    azure.cancel(ref, "The depot is not built")

    assert azure.read(ref).status == "Cancelled"
    reasons = [item["properties"]["orderItemDetails"]["cancellationReason"] for item in arm.items]
    assert reasons == ["The depot is not built"] * 2


def test_without_a_reason_azure_is_given_one(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    azure.cancel(ref)

    bodies = [request.body for request in arm.requests if request.operation == "OrderItems_Cancel"]
    assert bodies == [{"reason": "Cancelled through Quartermaster (ord-7f3k2m)."}] * 2


def test_cancelling_twice_is_cancelling_once(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    azure.cancel(ref)
    azure.cancel(ref)

    assert operations(arm).count("OrderItems_Cancel") == 2


def test_a_fee_is_asked_about_before_anything_is_cancelled(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    status(arm, SECOND, cancellationStatus="CancellableWithFee")

    with pytest.raises(CloudRefused) as refusal:
        azure.cancel(ref)

    assert refusal.value.code == FEE
    assert refusal.value.words == f"Azure takes a fee before {SECOND} can be cancelled."
    assert azure.read(ref).status == "Placed"
    azure.cancel(ref, fee=True)
    assert azure.read(ref).status == "Cancelled"


def status(arm: LocalArm, name: str, **members: str) -> None:
    arm.put(name, {"properties": {"orderItemDetails": members}})


def test_what_can_be_cancelled_is_and_the_rest_is_named(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    arm.set_stage(UNIT, "Shipped")

    with pytest.raises(CloudRefused) as refusal:
        azure.cancel(ref)

    assert refusal.value.code == "NotCancellable"
    assert refusal.value.words == (
        f"{UNIT}: it can't be cancelled now, it is Shipped. The rest is cancelled."
    )
    assert [unit.status for unit in azure.read(ref).units] == ["Shipped", "Cancelled"]


def test_what_azure_says_to_one_item_does_not_keep_the_others(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    arm.faults.add("OrderItems_Cancel", "error:TooLate:It has left.", name=UNIT)

    with pytest.raises(CloudRefused) as refusal:
        azure.cancel(ref)

    assert (refusal.value.code, refusal.value.words) == (
        "TooLate",
        f"{UNIT}: It has left. The rest is cancelled.",
    )


@pytest.mark.parametrize("kind", ["drop_after", "500_after", "429_before"])
def test_a_cancelling_that_was_not_answered_is_sent_once_and_may_be_repeated(
    kind: str, azure: Azure, arm: LocalArm, ref: Ref
) -> None:
    arm.faults.add("OrderItems_Cancel", kind)
    with pytest.raises(CloudDown):
        azure.cancel(ref)
    assert operations(arm).count("OrderItems_Cancel") == 1

    azure.cancel(ref)

    assert azure.read(ref).status == "Cancelled"


def test_items_that_are_gone_cannot_be_cancelled(azure: Azure, ref: Ref) -> None:
    more = replace(ref, parts=(HERE + UNIT, f"{GROUP}/moved-away"))

    with pytest.raises(CloudRefused, match="moved-away: Azure does not know it any more"):
        azure.cancel(more)


def test_a_return_is_begun_and_its_end_told(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    arm.operation_seconds = 3600
    for unit in (UNIT, SECOND):
        arm.set_stage(unit, "InUse")

    urls = azure.operate(ref, Operation.RETURN, "Broken", fee=False)

    assert len(urls) == 2
    assert [azure.ended(url) for url in urls] == [False, False]
    arm.finish()
    assert [azure.ended(url) for url in urls] == [True, True]
    assert azure.read(ref).status == "ReturnInitiated"
    assert azure.operate(ref, Operation.RETURN, "Broken", fee=False) == ()


def test_a_return_asks_about_its_fee_and_names_what_cannot_be_returned(
    azure: Azure, arm: LocalArm, ref: Ref
) -> None:
    status(arm, UNIT, returnStatus="ReturnableWithFee")

    with pytest.raises(CloudRefused) as refusal:
        azure.operate(ref, Operation.RETURN, "Broken", fee=False)
    assert refusal.value.code == FEE

    with pytest.raises(CloudRefused) as refusal:
        azure.operate(ref, Operation.RETURN, "Broken", fee=True)
    said = f"{SECOND}: it can't be returned now, it is Placed. The rest is returned."
    assert refusal.value.words == said


def test_what_has_ended_can_be_removed(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    with pytest.raises(CloudRefused, match="can't be removed now"):
        azure.operate(ref, Operation.DELETE, "", fee=False)
    azure.cancel(ref)

    urls = azure.operate(ref, Operation.DELETE, "", fee=False)

    assert [azure.ended(url) for url in urls] == [True, True]
    assert arm.items == []
    assert azure.operate(ref, Operation.DELETE, "", fee=False) == ()


@pytest.mark.parametrize(("operation", "mail"), [(Operation.MAIL, True), (Operation.NO_MAIL, False)])
def test_e_mails_of_azure_are_switched_and_other_preferences_stay(
    operation: Operation, mail: bool, azure: Azure, arm: LocalArm, ref: Ref
) -> None:
    status(arm, UNIT, preferences={"transportPreferences": {"preferredShipmentType": "CustomerManaged"}})  # type: ignore[arg-type]

    urls = azure.operate(ref, operation, "", fee=False)

    assert all(azure.ended(url) for url in urls)
    sent = next(request.body for request in arm.requests if request.operation == "OrderItems_Update")
    assert sent == {
        "properties": {
            "preferences": {
                "transportPreferences": {"preferredShipmentType": "CustomerManaged"},
                "notificationPreferences": [
                    {"stageName": "Shipped", "sendNotification": mail},
                    {"stageName": "Delivered", "sendNotification": mail},
                ],
            }
        }
    }
    told = dict(azure.read(ref).units[0].details)
    assert told["E-mails at"] == ("Shipped, Delivered" if mail else "Shipped (no), Delivered (no)")


def test_an_operation_that_failed_says_why(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    arm.faults.add("OrderItems_Update", "async:Conflict:Somebody else was first.", times=2)
    urls = azure.operate(ref, Operation.MAIL, "", fee=False)

    with pytest.raises(CloudRefused, match="Somebody else was first"):
        azure.ended(urls[0])


@pytest.mark.parametrize("kind", ["503_before", "html_200_before", "truncated_200_before", "drop_before"])
def test_an_end_that_cannot_be_seen_is_none(kind: str, azure: Azure, arm: LocalArm, ref: Ref) -> None:
    (url, _) = azure.operate(ref, Operation.MAIL, "", fee=False)
    arm.faults.add("OperationResults_Get", kind)

    with pytest.raises(CloudDown):
        azure.ended(url)
    assert azure.ended(url)


@pytest.mark.parametrize("url", ["", "https://example.com/subscriptions/x", "nonsense"])
def test_an_end_is_looked_for_at_azure_alone(url: str, azure: Azure, arm: LocalArm) -> None:
    with pytest.raises(CloudRefused):
        azure.ended(url)
    assert arm.requests == []


# --- rights -----------------------------------------------------------------------------------------


def test_every_call_needs_a_right_that_is_listed_and_no_other(azure: Azure, arm: LocalArm) -> None:
    everything_that_the_adapter_can_do(azure, arm)

    assert {right_of(request) for request in arm.requests} == set(actions())
    assert not set(READER_ACTIONS) & set(SUBMITTER_ACTIONS)


def test_what_only_reads_needs_no_right_to_write(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    request = azure.check(wanted())
    azure.catalogue("")
    azure.look_alikes(request, NOW, frozenset(), UNIT)
    list(azure.summaries("", [ref]))
    for name in (UNIT, "ord-7f3k2m"):
        azure.read(azure.find(name).ref)
    with pytest.raises(CloudUnknown):
        azure.find("nothing")

    needed = {right_of(request) for request in arm.requests}
    assert needed == set(READER_ACTIONS) - {"Microsoft.EdgeOrder/locations/operationResults/read"}


def everything_that_the_adapter_can_do(azure: Azure, arm: LocalArm) -> None:
    azure.catalogue("")
    azure.ended(azure.save_address("berlin-1", wanted(), BERLIN))
    request = azure.check(wanted(address="berlin-1"))
    ref = placed_by(azure, request)
    azure.find("ord-7f3k2m")
    with pytest.raises(CloudUnknown):
        azure.find("nothing")
    list(azure.summaries("", [ref]))
    azure.operate(ref, Operation.MAIL, "", fee=False)
    arm.set_stage(UNIT, "InUse")
    azure.operate(ref, Operation.RETURN, "Broken", fee=False)
    arm.set_stage(UNIT, "ReturnCompleted")
    azure.operate(ref, Operation.DELETE, "", fee=False)
    azure.cancel(placed_by(azure, request, SECOND))


def placed_by(azure: Azure, request: Any, unit: str = UNIT) -> Ref:
    accepted = azure.place(request, LATER, unit)
    assert isinstance(accepted, Accepted)
    outcome = azure.outcome(request, unit, accepted.status_url)
    assert isinstance(outcome, Placed)
    return outcome.ref


VERBS = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}


def right_of(request: Request) -> str:
    """The action that Azure asks for: of its list of operations, by the path and method of a request."""
    steps = request.path.partition("/providers/Microsoft.EdgeOrder/")[2].split("/")
    if steps[0] == "listProductFamilies":
        return "Microsoft.EdgeOrder/listProductFamilies/*"
    kinds = [step for step in steps if step in KINDS]
    return f"Microsoft.EdgeOrder/{'/'.join(kinds)}/{VERBS[request.method]}"


KINDS = frozenset(
    {
        "addresses",
        "cancel",
        "listConfigurations",
        "locations",
        "operationResults",
        "orderItems",
        "orders",
        "productFamiliesMetadata",
        "return",
    }
)

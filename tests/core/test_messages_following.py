"""What is told of an Azure order on its way: stages, units one by one, and all of it on demand."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.core.messages.card import card
from bot.core.messages.status import status
from bot.core.messages.words import headline, readable
from bot.core.order import Kind, Order, State
from bot.core.snapshot import Passage, Shipment
from tests.core.azure import (
    LIFE,
    NO,
    REF,
    SEEN_ELSEWHERE,
    A,
    D,
    P,
    R,
    U,
    history,
    item,
    labels,
    order,
    placed,
    placing,
    seen,
)
from tests.core.test_messages import ALICE, UPS, plan
from tests.core.test_order import NOW

SHIPPED = history(4)
AT_REVIEW = (
    Passage("Placed", "Succeeded", "2026-11-22 10:00 UTC"),
    Passage("InReview", "InProgress", "2026-11-22 10:30 UTC"),
    *(Passage(stage, "None") for stage in LIFE[1:]),
)
OURS = ["✓ Requested", "✓ Approved"]
PLACED = [*OURS, "✓ Placed ord-7f3k2m"]
TO_COME = ["○ In review", "○ Confirmed", "○ Ready to ship", "○ Shipped", "○ Delivered", "○ In use"]
BACK = (
    Passage("ReturnInitiated", "Succeeded"),
    Passage("ReturnPickedUp", "InProgress"),
    Passage("ReturnedToMicrosoft", "None"),
    Passage("ReturnCompleted", "None"),
)
PARCEL = Shipment("UPS", "1Z1", UPS)


@pytest.mark.parametrize(
    ("one", "shown"),
    [
        (order(State.WAITING), ["✓ Requested", "… Approved", "○ Placed", *TO_COME]),
        (order(State.APPROVED), [*OURS, "… Placed", *TO_COME]),
        (order(State.PLACING, ref=REF, placements=placing(P, A, D)), [*OURS, "… Placed 1 of 3", *TO_COME]),
        (
            order(State.UNCLEAR, ref=REF, placements=placing(P, U, R), why="no answer"),
            [*OURS, "✗ Placed 1 of 3 · no answer", *TO_COME],
        ),
        (order(State.PLACED, ref=REF, placements=placing(P, P, P)), [*PLACED, *TO_COME]),
        (
            order(State.PLACED, ref=REF, placements=placing(P, R, P)),
            [*OURS, "✓ Placed ord-7f3k2m · 2 of 3", *TO_COME],
        ),
        (
            order(State.REFUSED, placements=placing(R), why=NO),
            [*OURS, "✗ Refused It is not shipped to US."],
        ),
        (
            order(State.CHECKING, kind=Kind.TRACKED, request=None, looking_for="TestOrderItemName1"),
            ["… Found", "○ Placed", *TO_COME],
        ),
        (
            placed(item(1, "Placed (InProgress)", *history(1, "InProgress"))),
            [*OURS, "… Placed ord-7f3k2m", *TO_COME],
        ),
        (
            placed(item(1, "Placed (Failed)", *history(1, "Failed"))),
            [*OURS, "✗ Placed ord-7f3k2m · Failed", *TO_COME],
        ),
        (placed(item(1, "Placed", *history(1))), [*PLACED, *TO_COME]),
        (placed(item(1, "InReview (InProgress)", *AT_REVIEW)), [*PLACED, "… In review", *TO_COME[1:]]),
        (
            placed(item(1, "InReview (Failed)", *AT_REVIEW)),
            [*PLACED, "✗ In review Failed", *TO_COME[1:]],
        ),
        # Azure never named *In review*, and it is behind it: nothing is made up.
        (placed(item(1, "Confirmed", *history(2))), [*PLACED, "✓ Confirmed", *TO_COME[2:]]),
        (
            placed(item(1, "Shipped", *SHIPPED, shipment=PARCEL)),
            [*PLACED, "✓ Confirmed", "✓ Ready to ship", "✓ Shipped UPS 1Z1", *TO_COME[4:]],
        ),
        (
            placed(
                item(1, "Shipped", *SHIPPED, shipment=PARCEL),
                item(2, "InReview (InProgress)", *AT_REVIEW),
                item(3, "Delivered", *history(5), shipment=Shipment("DHL", "2")),
            ),
            [
                *PLACED,
                "… In review",
                "… Confirmed 2 of 3",
                "… Ready to ship 2 of 3",
                "… Shipped 2 of 3 · UPS 1Z1 · DHL 2".replace(" · DHL", ", DHL"),
                "… Delivered 1 of 3",
                "○ In use",
            ],
        ),
        # What only some items go through stands where it was seen.
        (
            placed(
                item(
                    1,
                    "ReadyToSetup",
                    *history(5),
                    Passage("ReadyToSetup", "Succeeded"),
                    Passage("InUse", "None"),
                )
            ),
            [
                *PLACED,
                *["✓ Confirmed", "✓ Ready to ship", "✓ Shipped", "✓ Delivered"],
                "✓ Ready to setup",
                "○ In use",
            ],
        ),
        (
            placed(
                item(1, "ReturnPickedUp (InProgress)", *history(6), *BACK, way_back=Shipment("UPS", "1Z2"))
            ),
            [
                *PLACED,
                *["✓ Confirmed", "✓ Ready to ship", "✓ Shipped", "✓ Delivered", "✓ In use"],
                "✓ Return initiated",
                "… Return picked up UPS 1Z2",
                "○ Returned to Microsoft",
                "○ Return completed",
            ],
        ),
        # A foretold way back is none that has begun.
        (
            placed(
                item(1, "InUse", *history(6), *(replace(one, status="None") for one in BACK)),
                state=State.COMPLETED,
            ),
            [*PLACED, *["✓ Confirmed", "✓ Ready to ship", "✓ Shipped", "✓ Delivered", "✓ In use"]],
        ),
        # Unknown words, and those that Azure has for people.
        (
            placed(
                item(
                    1,
                    "OnABoat (Rocking)",
                    *history(3)[:3],
                    Passage("OnABoat", "Rocking", title="On its way by sea"),
                    Passage("Shipped", "None"),
                )
            ),
            [
                *PLACED,
                "✓ Confirmed",
                "✓ Ready to ship",
                "… On its way by sea Rocking",
                "○ Shipped",
                *TO_COME[4:],
            ],
        ),
        # A jump and a step back are shown as Azure tells them.
        (
            placed(
                item(
                    1,
                    "Delivered",
                    Passage("Placed", "Succeeded"),
                    Passage("Confirmed", "None"),
                    *history(5)[4:],
                )
            ),
            [*PLACED, "○ Confirmed", "✓ Delivered", "○ In use"],
        ),
        (placed(item(1, "Creating")), [*PLACED, "… Creating", *TO_COME]),
        (placed(item(1, "Confirmed")), [*PLACED, "✓ In review", "✓ Confirmed", *TO_COME[2:]]),
        (
            placed(item(1, "Placed (Cancelling)", *history(1, "Cancelling"))),
            [*OURS, "… Placed ord-7f3k2m · Cancelling", *TO_COME],
        ),
        (
            placed(
                item(1, "Cancelled", *history(2), Passage("Cancelled", "Succeeded")), state=State.CANCELLED
            ),
            [*PLACED, "✓ Confirmed", "✗ Cancelled"],
        ),
        (
            placed(
                item(1, "Cancelled", Passage("Cancelled", "Succeeded")),
                item(2, "NotFound"),
                item(3, "Placed"),
            ),
            [*PLACED, *TO_COME, "✗ Cancelled 1 of 3", "✗ Not found 1 of 3"],
        ),
    ],
)
def test_the_stages_that_a_card_of_azure_shows(one: Order, shown: list[str]) -> None:
    assert plan(one) == shown


@pytest.mark.parametrize(
    ("state", "status_", "words_"),
    [
        (State.PLACED, "Placed (InProgress)", "placed"),
        (State.PLACED, "Placed", "placed"),
        (State.PLACED, "Placed (Cancelling)", "placed (cancelling)"),
        (State.PLACED, "InReview (InProgress)", "placed (In review)"),
        (State.PLACED, "InReview (Failed)", "placed (In review, failed)"),
        (State.PLACED, "ReadyToShip", "placed (Ready to ship)"),
        (State.PLACED, "ReturnedToMicrosoft", "placed (Returned to Microsoft)"),
        (State.COMPLETED, "InUse", "completed (In use)"),
        (State.CANCELLED, "Cancelled", "cancelled"),
        (State.RETURNED, "ReturnCompleted", "returned"),
    ],
)
def test_where_an_azure_order_stands_in_the_fixed_words(state: State, status_: str, words_: str) -> None:
    assert headline(placed(item(1, status_), state=state)) == words_


@pytest.mark.parametrize("word", ["Placed", "InReview", "ReadyToShip", "ReturnedToMicrosoft", "InProgress"])
def test_a_stage_keeps_its_own_word_readable(word: str) -> None:
    assert readable(word).replace(" ", "").lower() == word.lower()


def test_an_item_that_was_placed_elsewhere_is_shown_completely() -> None:
    assert plan(SEEN_ELSEWHERE) == [
        "✓ Found",
        "✓ Placed",
        "✓ Confirmed",
        "○ Ready to ship",
        "○ Shipped",
        "○ Delivered",
        "○ In use",
    ]
    shown = seen(card(SEEN_ELSEWHERE))
    assert "Azure item testorderitemname1 · Azure does not let it be cancelled any more" in shown
    assert "• Azure Stack Edge Pro - 1 GPU (TestOrderItemName1): Confirmed" in shown
    assert labels(card(SEEN_ELSEWHERE)) == []
    text = seen(status(SEEN_ELSEWHERE, []))
    for line in (
        "ORD-7F3K2M (testorderitemname1) is placed (Confirmed)",
        "    ✓ Placed · 2022-03-04 05:25 UTC",
        "    ✓ Confirmed · 2022-03-04 05:35 UTC",
        "    ○ Ready to ship",
        "    ○ In use",
        "    Cancellation: Not cancellable",
        "    Return: Not returnable",
        "    Deletion: Not allowed",
        "    Order type: Purchase",
        "    Double encryption: Disabled",
        "    Address validation: Valid",
        "    Management: Microsoft.DataBoxEdge",
        "    Started: 2022-03-04 05:25 UTC",
        "    Location: eastus",
    ):
        assert line in text.split("\n")


def test_a_unit_in_full_tells_how_each_stage_went_and_both_ways_of_its_parcel() -> None:
    unit = item(
        1,
        "ReturnPickedUp",
        Passage("Placed", "Succeeded", "2026-11-22 10:00 UTC", "Order placed"),
        Passage("InReview", "Failed", "2026-11-22 11:00 UTC"),
        Passage("Confirmed", "InProgress"),
        Passage("OnABoat", "Rocking"),
        Passage("InUse", "None"),
        shipment=PARCEL,
        way_back=Shipment("DHL", "2"),
        facts=(("Serial number", "SN-1"),),
    )
    assert seen(status(placed(unit), [], "ORD-7F3K2M-1")).split("\n")[:9] == [
        "• Azure Stack Edge Pro - 1 GPU (ord-7f3k2m-1): Return picked up · UPS 1Z1",
        "    Way back: DHL 2",
        "    Serial number: SN-1",
        "    ✓ Order placed · 2026-11-22 10:00 UTC",
        "    ✗ In review (failed) · 2026-11-22 11:00 UTC",
        "    … Confirmed (in progress)",
        "    … On aboat (rocking)",
        "    ○ In use",
        "ORD-7F3K2M is placed (Return picked up). /order status ORD-7F3K2M shows the whole order.",
    ]


def test_one_unit_is_shown_by_its_name_also_before_azure_shows_it() -> None:
    one = order(State.PLACING, placements=placing(P, R, A))
    assert "• ord-7f3k2m-2: refused. Azure says" in seen(status(one, [], "ord-7f3k2m-2"))
    assert "ord-7f3k2m-9 is no unit of this order." in seen(status(one, [], "ord-7f3k2m-9"))


def many_units(size: int) -> Order:
    pairs = tuple((f"Detail {number}", "a value of some length") for number in range(20))
    return placed(*(item(n, "Confirmed", *history(2), details=pairs) for n in range(1, size + 1)))


def test_all_units_are_shown_in_full_where_that_fits_and_in_short_with_the_way_to_more_where_not() -> None:
    assert seen(status(many_units(3), [])).count("    Detail 19: a value of some length") == 3
    text = seen(status(many_units(20), []))
    assert [f"(ord-7f3k2m-{number}): Confirmed" in text for number in range(1, 21)] == [True] * 20
    assert "Detail" not in text
    assert "That is every unit in short. /order status ord-7f3k2m-1 shows one in full." in text


def test_the_timeline_names_the_unit_or_the_operation_that_an_event_is_about() -> None:
    at = NOW.isoformat()
    written = [
        {"verb": "Attempted", "actor": "bot", "at": at, "body": json.dumps({"unit": "ord-7f3k2m-1"})},
        {"verb": "Accepted", "actor": "bot", "at": at, "body": json.dumps({"unit": "ord-7f3k2m-1"})},
        {"verb": "OperationAsked", "actor": ALICE, "at": at, "body": json.dumps({"operation": "return"})},
        {"verb": "OperationRefused", "actor": "bot", "at": at, "body": json.dumps({"operation": "delete"})},
    ]
    assert seen(status(order(State.PLACED), written)).split("\n")[-4:] == [
        "2026-11-22 09:30 UTC · ord-7f3k2m-1 sent to the cloud",
        "2026-11-22 09:30 UTC · ord-7f3k2m-1 taken by the cloud, which works on it",
        "2026-11-22 09:30 UTC · return asked for by @alice",
        "2026-11-22 09:30 UTC · removal from the cloud's list refused by the cloud",
    ]

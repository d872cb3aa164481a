"""What Azure can be asked to do with an order that is placed, and how its answer is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core import allowed
from bot.core.events import FEE, Operation
from bot.core.messages import operations, thread
from bot.core.messages.card import card
from bot.core.messages.status import status
from bot.core.order import Kind, Order, State
from bot.core.snapshot import Ref, Snapshot, Unit
from tests.core.azure import REF, P, buttons, item, labels, order, placed, placing, seen
from tests.core.test_messages import ALICE, OPAL


def with_words(*units: tuple[str, str, str], state: State = State.PLACED, **changed: Any) -> Order:
    """A placed order whose units have these words on cancellation, return and deletion."""
    made = (
        item(
            number,
            "InUse" if state is State.COMPLETED else "InReview",
            cancellation=c,
            returning=r,
            deletion=d,
        )
        for number, (c, r, d) in enumerate(units, 1)
    )
    return placed(*made, state=state, **changed)


FREE = ("Cancellable", "NotReturnable", "NotAllowed")
FOR_A_FEE = ("CancellableWithFee", "ReturnableWithFee", "NotAllowed")
NEITHER = ("NotCancellable", "NotReturnable", "NotAllowed")
HOME = ("NotCancellable", "Returnable", "NotAllowed")
OVER = ("NotCancellable", "NotReturnable", "Allowed")
MAILS = ["Azure e-mails on", "Azure e-mails off"]


@pytest.mark.parametrize(
    ("one", "on_the_card", "in_the_status"),
    [
        (with_words(FREE), ["Cancel order"], ["Cancel order", *MAILS]),
        (with_words(FREE, NEITHER), ["Cancel order"], ["Cancel order", *MAILS]),
        (with_words(NEITHER), [], MAILS),
        (with_words(("", "", "")), ["Cancel order"], ["Cancel order", *MAILS]),
        (with_words(("NotSureYet", "", "")), ["Cancel order"], ["Cancel order", *MAILS]),
        (with_words(HOME), ["Return"], ["Return", *MAILS]),
        (with_words(HOME, state=State.COMPLETED), ["Return"], ["Return"]),
        (with_words(FOR_A_FEE), ["Cancel order", "Return"], ["Cancel order", "Return", *MAILS]),
        (with_words(OVER, state=State.COMPLETED), [], ["Remove from Azure's list"]),
        (with_words(OVER, NEITHER, state=State.COMPLETED), [], []),
        (with_words(FREE, cancel_asked_by=ALICE), [], MAILS),
        (with_words(HOME, state=State.COMPLETED, operation=Operation.RETURN), [], []),
        (order(State.UNCLEAR, ref=REF, snapshot=with_words(FREE).snapshot), [], []),
    ],
)
def test_only_what_azure_allows_is_offered(
    one: Order, on_the_card: list[str], in_the_status: list[str]
) -> None:
    assert labels(card(one)) == on_the_card
    assert labels(status(one, [])) == in_the_status


def test_nothing_but_cancelling_is_offered_for_aws() -> None:
    ref = Ref("eu-west-1", "oo-0123456789abcdef0")
    unit = Unit("ooi-1", "OR-ABCDEFG", 1, "SHIPPED", returning="Returnable", deletion="Allowed")
    one = order(
        State.PLACED,
        kind=Kind.TRACKED,
        request=None,
        cloud="aws",
        ref=ref,
        snapshot=Snapshot(ref, "IN_PROGRESS", (unit,)),
    )
    assert labels(status(one, [])) == ["Cancel order"]
    assert "ask AWS support" in operations.cannot_return(one).text


@pytest.mark.parametrize(
    ("one", "draft", "value"),
    [
        (with_words(FREE), "", "ORD-7F3K2M"),
        (with_words(FREE), "0a1b2c3d4e5f6a7b", "ORD-7F3K2M 0a1b2c3d4e5f6a7b"),
        (with_words(FOR_A_FEE), "", "ORD-7F3K2M fee"),
        (with_words(FOR_A_FEE), "0a1b2c3d4e5f6a7b", "ORD-7F3K2M fee 0a1b2c3d4e5f6a7b"),
    ],
)
def test_a_button_says_whether_its_reader_was_told_of_a_fee(one: Order, draft: str, value: str) -> None:
    [button] = buttons(operations.cancel_asks_back(one, draft))
    assert (button["action_id"], button["value"]) == ("cancel", value)
    assert operations.pressed(value) == ("ORD-7F3K2M", "fee" in value, draft)
    told_of_it = "takes a fee" in button["confirm"]["text"]["text"]
    assert told_of_it is ("fee" in value)


def test_the_other_buttons_carry_the_order() -> None:
    rare = buttons(status(with_words(OVER, state=State.COMPLETED), []))
    mails = buttons(status(with_words(NEITHER), []))
    assert [(one["action_id"], one["value"]) for one in (*rare, *mails)] == [
        ("delete", "ORD-7F3K2M"),
        ("mail", "ORD-7F3K2M"),
        ("no_mail", "ORD-7F3K2M"),
    ]
    assert "to the contact of the address" in mails[0]["confirm"]["text"]["text"]


def test_whoever_cancels_is_told_of_the_fee_and_of_the_units_that_stay() -> None:
    one = with_words(FOR_A_FEE, NEITHER, FOR_A_FEE)
    said = operations.cancel_asks_back(one, "")
    assert said.text == (
        "Ask Azure to cancel *ORD-7F3K2M* (3 × azurestackedgegpu/edgep_high (Rental), placed (In review))? "
        "Azure lets only 2 of its 3 units be cancelled; the others stay as they are. This cannot be taken "
        "back. *Azure takes a fee for this*; how much, its API does not tell. By going on you accept it."
    )
    assert buttons(said)[0]["confirm"]["text"]["text"] == (
        "Azure is asked to cancel 2 of its 3 units. *Azure takes a fee for this*; how much, its API does not "
        "tell. By going on you accept it. This cannot be taken back."
    )


def test_whoever_returns_confirms_it_once_and_a_fee_always() -> None:
    home, fee = with_words(HOME, NEITHER), with_words(FOR_A_FEE)
    [asked] = buttons(operations.return_asks_back(home, "0a1b2c3d4e5f6a7b"))
    assert asked["confirm"]["text"]["text"] == "Azure is asked to take back 1 of its 2 units."
    assert "confirm" not in buttons(card(home))[0]  # it opens the form that asks for the reason
    assert "takes a fee" in buttons(card(fee))[1]["confirm"]["text"]["text"]
    assert buttons(card(fee))[1]["value"] == "ORD-7F3K2M fee"
    assert "Azure takes a fee for this" in operations.return_asks_back(fee, "").text


def test_what_azure_does_not_allow_is_explained_with_what_can_be_done() -> None:
    assert operations.cannot_cancel(with_words(NEITHER)).text == (
        "*ORD-7F3K2M* is placed (In review), and Azure does not let it be cancelled: it says "
        "*Not cancellable*. You can ask Azure support, or return it once it has been delivered: "
        "`/order return ORD-7F3K2M reason`."
    )
    assert operations.cannot_return(with_words(NEITHER, HOME[:1] + NEITHER[1:])).text == (
        "*ORD-7F3K2M* is placed (In review), and Azure does not take it back now: it says "
        "*Not returnable*. What has been delivered can be returned; `/order status ORD-7F3K2M` tells where "
        "it is."
    )


@pytest.mark.parametrize(
    ("unit_words", "can_cancel", "can_return"),
    [
        ((FREE,), (1, 1, False), None),
        ((FREE, FOR_A_FEE, NEITHER), (2, 3, True), (1, 3, True)),
        ((NEITHER, HOME), None, (1, 2, False)),
        ((("", "", ""), ("", "", "")), (2, 2, False), None),
    ],
)
def test_what_can_be_done_follows_from_azure_s_words_on_each_unit(
    unit_words: tuple[tuple[str, str, str], ...],
    can_cancel: tuple[int, int, bool] | None,
    can_return: tuple[int, int, bool] | None,
) -> None:
    one = with_words(*unit_words)
    for can, wanted in ((allowed.cancelling(one), can_cancel), (allowed.returning(one), can_return)):
        assert (can and (can.number, can.of, can.fee)) == wanted


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"event": "CancelAsked", "by": ALICE, "fee": True},
            "<@U0ALICE> asks Azure to cancel the order. They accept that a fee is taken for it.",
        ),
        (
            {"event": "CancelRefused", "code": FEE, "words": "There is a fee."},
            "Azure does not cancel it. Azure says: “There is a fee.” Nothing was done. "
            "`/order cancel ORD-7F3K2M` asks again: whoever confirms it accepts the fee.",
        ),
        (
            {"event": "OperationAsked", "by": ALICE, "operation": "return"},
            "<@U0ALICE> asks Azure to take it back.",
        ),
        ({"event": "OperationDone", "operation": "return"}, "Azure takes it back: the return has begun."),
        (
            {"event": "OperationRefused", "operation": "return", "code": "X", "words": "Too early."},
            "Azure does not take all of it back. Azure says: “Too early.”",
        ),
        (
            {"event": "OperationRefused", "operation": "return", "code": FEE, "words": "There is a fee."},
            "Azure does not take it back. Azure says: “There is a fee.” Nothing was done. "
            "`/order return ORD-7F3K2M reason` asks again: whoever confirms it accepts the fee.",
        ),
        (
            {"event": "OperationAsked", "by": ALICE, "operation": "delete"},
            "<@U0ALICE> asks Azure to remove it from its list.",
        ),
        (
            {"event": "OperationDone", "operation": "delete"},
            "Azure has removed it from its list; what was written about it here stays.",
        ),
        (
            {"event": "OperationDone", "operation": "mail"},
            "Azure sends an e-mail to the contact of the address when it is shipped and when it is "
            "delivered.",
        ),
        (
            {"event": "OperationRefused", "operation": "no-mail", "code": "X", "words": ""},
            "Azure does not stop its e-mails about all of it. Azure does not say why.",
        ),
        (
            {"event": "SaidNotPlaced", "by": OPAL},
            "<@U0OPAL> has made sure that Azure has no such item for what was unclear. It is being placed "
            "again.",
        ),
        ({"event": "WasPlaced", "by": ""}, "*Placed*: Azure order `ord-7f3k2m`."),
    ],
)
def test_what_was_asked_of_azure_and_what_it_answered_in_words(body: dict[str, Any], said: str) -> None:
    assert thread.what_happened(placed(item(1, "InReview"), placements=placing(P)), body) == said


def test_the_reason_of_a_return_is_quoted() -> None:
    body = {"event": "OperationAsked", "by": ALICE, "operation": "return", "reason": "the rental ends"}
    said = thread.in_thread(with_words(HOME), body)
    assert said.blocks[1]["elements"][0]["elements"][0]["text"] == "the rental ends"


def test_what_azure_was_asked_and_has_not_answered_stands_on_the_card() -> None:
    one = with_words(HOME, state=State.COMPLETED, operation=Operation.RETURN)
    assert "Azure is asked to take it back · /order status" in seen(card(one))
    assert "has not answered yet" in operations.still_operating(one).text


def test_of_one_unit_it_is_said_that_it_was_not_done_and_of_several_that_not_all_was() -> None:
    body = {"event": "CancelRefused", "code": "NotCancellable", "words": "It is confirmed."}
    several = placed(item(1, "InReview"), item(2, "InReview"))
    single = replace(several, ref=replace(REF, parts=REF.parts[:1]))
    assert thread.what_happened(several, body).startswith("Azure does not cancel all of it. Azure says")
    assert thread.what_happened(single, body).startswith("Azure does not cancel it. Azure says")

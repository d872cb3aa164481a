"""What is said of Azure orders: Slack takes all of it, and a person knows what was asked for."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.core import messages
from bot.core.approval import Needed, Plan
from bot.core.events import FEE, Operation
from bot.core.follow import FOLLOWS
from bot.core.messages import desk, operations, replies, thread
from bot.core.messages.blocks import Say
from bot.core.messages.card import card
from bot.core.messages.request import asks_for_approval
from bot.core.messages.status import status
from bot.core.messages.terms import items, items_plain, request_fields, where
from bot.core.order import Kind, Order, Placement, State, Step
from bot.core.request import AzureTerms, Request
from bot.core.snapshot import Aspect, Asset, Passage, Ref, Shipment, Snapshot, Unit
from tests.core.azure import (
    LIFE,
    REF,
    REQUEST,
    SEEN_ELSEWHERE,
    SUBSCRIPTION,
    TERMS,
    order,
    placing,
    seen,
    told,
)
from tests.core.test_messages import ALICE, BOB, FINANCE, OPAL, TEXTS, UPS, check, events

# Slack takes it, whatever the words

PLAN = Plan((Needed("Approval", (ALICE, BOB, FINANCE)),), "ab" * 32)


def request(text: str) -> Request:
    short = text[:60] or "x"
    terms = AzureTerms(
        product=f"{short}/{short}/{short}",
        configuration=short,
        quantity=20,
        order_type="Rental",
        address=text[:90],
        location=short,
        resource_group=short,
        commitment="P1095D",
        double_encryption="Enabled",
        place=text[:80],
    )
    return Request("azure", terms, text, text[:80], "2027-03-31", "C0EDGE")


def snapshot(text: str, size: int) -> Snapshot:
    """A view with `text` wherever Azure could have put a word, and so many of everything."""
    shipment = Shipment(text, text, UPS)
    pairs = tuple((f"{text[:60]}{number}", text) for number in range(20))
    passages = tuple(
        Passage(stage or text[:80], text, text, text if number % 2 else "")
        for number, stage in enumerate((*LIFE, "", "ReadyToSetup", "ReturnPickedUp", text, f"{text[:50]}!"))
    )
    units = tuple(
        Unit(
            id=f"edge-rg/ord-7f3k2m-{number}",
            name=text,
            quantity=1,
            status=f"{text} ({text})" if number % 2 else text or "NotFound",
            shipment=shipment,
            assets=(Asset(text, (text[:40],)),),
            facts=pairs[:3],
            way_back=shipment,
            details=pairs,
            record=pairs,
            passages=passages,
            cancellation=text,
            returning="ReturnableWithFee" if number % 2 else text,
            deletion="Allowed",
        )
        for number in range(1, size + 1)
    )
    return Snapshot(REF, text, units, pairs)


def extreme(text: str, state: State, kind: Kind, size: int) -> Order:
    sent = state in (State.PLACED, State.COMPLETED, State.CANCELLED, State.RETURNED, State.UNCLEAR)
    steps = (Step.UNCLEAR, Step.REFUSED, Step.PLACED, Step.ACCEPTED)
    only_unclear = state is State.UNCLEAR
    asked = kind is Kind.ASKED
    placements = tuple(
        Placement(
            f"ord-7f3k2m-{number}",
            Step.UNCLEAR if only_unclear else steps[number % 4],
            text,
            f"{text}{number}",
        )
        for number in range(1, size + 1)
    )
    return order(
        state,
        kind=kind,
        request=request(text) if asked else None,
        note=text,
        why=text,
        code=text,
        placements=placements if asked and state not in (State.CHECKING, State.WAITING) else (),
        candidates=tuple(Ref(SUBSCRIPTION, f"edge-rg/{one.unit}") for one in placements),
        ref=REF if sent else None,
        looking_for=text[:150],
        snapshot=snapshot(text, size) if sent else None,
        operation=Operation.RETURN if size % 2 else None,
    )


def bodies(one: Order, text: str) -> Iterator[dict[str, Any]]:
    said: dict[str, Any] = {"by": OPAL, "reason": text, "code": FEE, "words": text, "why": text, "fee": True}
    said |= {"to": [FINANCE], "changes": [text] * 3, "step": text, "more": text, "note": text, "owner": ALICE}
    for event in FOLLOWS:
        if not event.__name__.startswith("Operation"):
            yield said | {"event": event.__name__}
    for event_name in ("OperationAsked", "OperationDone", "OperationRefused"):
        for operation in Operation:
            yield said | {"event": event_name, "operation": operation.value}
    yield told(one.placements or placing(Step.REFUSED, why=text), OPAL)
    yield told(tuple(replace(unit, step=Step.REFUSED, code=text) for unit in one.placements) or placing())
    line = {"subject": text, "was": text, "now": text, "link": UPS}
    yield {"event": "Looked", "changes": [line | {"aspect": aspect.value} for aspect in Aspect] * 6}


def about(one: Order, text: str) -> Iterator[tuple[str, Say]]:
    """Everything that can be said of an order as it is."""
    yield "card", card(one)
    yield "status", status(one, events(text, 2))
    for name in ("ord-7f3k2m-1", "ORD-7F3K2M-2", text[:150] or "x"):
        yield f"status of {name[:20]}", status(one, [], name)
    if one.request:
        yield "request", asks_for_approval(one, PLAN, (12, "ab" * 32))
        yield "desk", desk.unclear(one)
        yield "filed", replies.filed(one)
        yield "differs", desk.differs(one, snapshot(text, 2)) or card(one)
    for body in bodies(one, text):
        yield f"thread {body['event']}", thread.in_thread(one, body)
        yield f"direct {body['event']}", thread.directly(one, body)
    yield "already", replies.already(one)
    yield "listing", replies.listing([one] * 10, "all", 2, more=True)
    yield "tracking", replies.tracking(one)
    for say in (
        operations.cannot_cancel,
        operations.cannot_return,
        operations.not_placed,
        operations.may_not_cancel,
        operations.cancelling,
        operations.still_operating,
    ):
        yield say.__name__, say(one)
    for operation in Operation:
        yield f"operating {operation}", operations.operating(one, operation)
    yield "cancel", operations.cancel_asks_back(one, "d" * 16)
    yield "return", operations.return_asks_back(one, "d" * 16)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "text", [name for name in TEXTS if name not in ("sentence", "one ampersand too many")]
)
def test_slack_takes_every_message_about_an_azure_order_and_nobodys_words_are_live_in_it(
    text: str, kind: Kind
) -> None:
    for state in (State.CHECKING, State.PLACING, State.UNCLEAR, State.PLACED, State.REFUSED, State.RETURNED):
        one = extreme(TEXTS[text], state, kind, 2)
        for name, said in about(one, TEXTS[text]):
            check(f"{name} of {kind} {state} with {text}", said)


@pytest.mark.parametrize("state", [State.PLACING, State.UNCLEAR, State.PLACED, State.RETURNED])
@pytest.mark.parametrize("text", ["emoji", "entities", "forged and long"])
def test_slack_takes_twenty_units_with_everything_that_azure_could_say_of_them(
    text: str, state: State
) -> None:
    for kind in Kind:
        for name, said in about(extreme(TEXTS[text], state, kind, 20), TEXTS[text]):
            check(f"{name} with {text}", said)


def test_what_is_kept_for_the_bot_alone_is_in_no_message() -> None:
    secret = "0123456789abcdef" * 4
    terms = replace(TERMS, address_digest=secret, address_group=secret, country=secret)
    for state in State:
        one = extreme("plain", state, Kind.ASKED, 2)
        hidden = tuple(replace(unit, status_url=f"https://arm.example/{secret}") for unit in one.placements)
        asked = replace(one, request=replace(REQUEST, terms=terms), draft=secret, placements=hidden)
        for name, said in about(asked, "plain"):
            assert secret not in f"{said.text} {said.blocks}", f"{name} of {state}"


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(messages.__path__)])
def test_no_message_is_made_of_an_address_that_was_typed(name: str) -> None:
    module = importlib.import_module(f"bot.core.messages.{name}")
    assert not hasattr(module, "NewAddress")


# What was asked for


def test_what_was_asked_for_is_told_with_where_it_goes() -> None:
    assert items(REQUEST) == "3 × `azurestackedgegpu/edgep_high` (Rental)"
    assert items_plain(REQUEST) == "3 × azurestackedgegpu/edgep_high (Rental)"
    assert where(REQUEST) == "to be shipped to `columbus-plant` (Columbus, US)"
    typed = replace(REQUEST, terms=replace(TERMS, address="", place=""))
    assert where(typed) == "to be shipped to a new address"


def test_the_terms_stand_under_the_labels_of_the_form_and_optional_ones_only_where_they_were_said() -> None:
    assert request_fields(replace(REQUEST, channel="")) == [
        ("Product", "azurestackedge/azurestackedge/azurestackedgegpu"),
        ("Configuration", "edgep_high"),
        ("Quantity", "3"),
        ("Order type", "Rental"),
        ("Ship to", "`columbus-plant` (Columbus, US)"),
        ("Location", "eastus"),
        ("Resource group", "edge-rg"),
    ]
    said = replace(TERMS, commitment="P1095D", double_encryption="Enabled")
    assert request_fields(replace(REQUEST, terms=said))[5:7] == [
        ("Term commitment", "3 years"),
        ("Double encryption", "Enabled"),
    ]


def test_more_than_ten_terms_are_all_shown() -> None:
    terms = replace(TERMS, commitment="P365D", double_encryption="Enabled")
    full = replace(REQUEST, terms=terms, cost_center="CC-4711", needed_by="2027-03-31")
    for said in (card(order(State.PLACING, request=full)), status(order(State.PLACING, request=full), [])):
        assert "Post updates to\n#C0EDGE" in seen(said)
        assert "Cost center\nCC-4711" in seen(said)


def test_an_approver_of_azure_hardware_reads_what_it_is_and_that_no_price_is_known() -> None:
    text = seen(asks_for_approval(order(State.WAITING), PLAN, (12, "ab" * 32)))
    for line in (
        "@alice asks for this to be shipped to columbus-plant (Columbus, US):",
        "Configuration | Quantity\nedgep_high | 3",
        "Product\nazurestackedge/azurestackedge/azurestackedgegpu",
        "Order type\nRental",
        "Ship to\ncolumbus-plant (Columbus, US)",
        "Azure tells no price through its API: look it up in the Azure portal before you decide.",
        "[Approve] [Reject]",
        "@alice cannot decide about it. A decision holds for exactly what is shown here.",
    ):
        assert line in text
    assert text.count("edgep_high") == 1


def test_no_word_about_the_price_stays_once_it_is_decided() -> None:
    assert "price" not in seen(asks_for_approval(order(State.APPROVED), PLAN, (1, "ab")))


def test_a_request_that_is_filed_is_checked_by_azure_first() -> None:
    assert replies.filed(order(State.CHECKING)).text == (
        "*ORD-7F3K2M* is filed: 3 × `azurestackedgegpu/edgep_high` (Rental) to be shipped to "
        "`columbus-plant` (Columbus, US). Azure is asked whether it knows all of it; then an approver "
        "decides. `/order status ORD-7F3K2M` tells where it stands."
    )


# Answers that are the same for both clouds


def test_what_can_be_ordered_and_followed_depends_on_what_is_set_up() -> None:
    assert replies.cloud_not_offered("azure", ("aws",)).text == (
        "Azure Edge Order is not set up here. What can be ordered: `/order aws`."
    )
    assert "AWS_REGIONS or AZURE_SUBSCRIPTION_ID" in replies.cloud_not_offered("", ()).text
    assert "`oo-`" in replies.no_name_of("edge-1", ("aws",)).text
    assert "GROUP/NAME" in replies.no_name_of("oo-0123456789abcdef0", ("azure",)).text
    assert replies.tracking(replace(SEEN_ELSEWHERE, looking_for="TestOrderItemName1")).text == (
        "*ORD-7F3K2M*: looking for `TestOrderItemName1` in Azure; its card follows when it is found."
    )

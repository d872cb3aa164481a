"""What is said of Azure orders: Slack takes all of it, and a person knows what happened to each unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.core.follow import FOLLOWS
from bot.core.messages import desk, operations, replies, thread
from bot.core.messages.blocks import Block, Say
from bot.core.messages.card import card
from bot.core.messages.request import asks_for_approval
from bot.core.messages.status import status
from bot.core.order import FEE, Kind, Operation, Order, Placement, State, Step
from bot.core.request import AzureTerms, Request
from bot.core.snapshot import Aspect, Asset, Passage, Ref, Shipment, Snapshot, Unit
from bot.demo.slack.plain import flatten
from tests.core.test_messages import ALICE, BOB, FINANCE, OPAL, TEXTS, UPS, check, events
from tests.core.test_order import NOW

SUBSCRIPTION = "0a1b2c3d-0000-4000-8000-000000000001"
TERMS = AzureTerms(
    product="azurestackedge/azurestackedge/azurestackedgegpu",
    configuration="edgep_high",
    quantity=3,
    order_type="Rental",
    address="columbus-plant",
    location="eastus",
    resource_group="edge-rg",
    address_group="edge-rg",
    place="Columbus, US",
    country="US",
    address_digest="ab" * 32,
)
REQUEST = Request("azure", TERMS, "line 4 moves in May", channel="C0EDGE")
NAMES = tuple(f"ord-7f3k2m-{number}" for number in (1, 2, 3))
REF = Ref(SUBSCRIPTION, "edge-rg/ord-7f3k2m", tuple(f"edge-rg/{name}" for name in NAMES))
NO = "It is not shipped to US."


def order(state: State, **changed: Any) -> Order:
    """An Azure order of three units."""
    one = Order(
        "ORD-7F3K2M", Kind.ASKED, state, "azure", ALICE, "C0EDGE", NOW, request=REQUEST, decided_by=BOB
    )
    return replace(one, **changed)


def placing(*steps: Step, why: str = NO, code: str = "CountryNotSupported") -> tuple[Placement, ...]:
    trouble = (Step.REFUSED, Step.UNCLEAR)
    return tuple(
        Placement(name, step, code, why) if step in trouble else Placement(name, step)
        for name, step in zip(NAMES, steps, strict=False)
    )


def told(placements: tuple[Placement, ...], by: str = "") -> dict[str, Any]:
    """What the work row carries when the placing of all units has ended."""
    units = [
        {"unit": one.unit, "step": one.step.value, "code": one.code, "why": one.why} for one in placements
    ]
    return {"event": "Units", "units": units, "by": by}


def item(number: int, status_: str, *passages: Passage, **more: Any) -> Unit:
    name = f"ord-7f3k2m-{number}"
    title = f"Azure Stack Edge Pro - 1 GPU ({name})"
    return Unit(f"edge-rg/{name}", title, 1, status_, passages=passages, **more)


LIFE = ("Placed", "Confirmed", "ReadyToShip", "Shipped", "Delivered", "InUse")


def history(done: int, now: str = "Succeeded", life: tuple[str, ...] = LIFE) -> tuple[Passage, ...]:
    """A history as Azure writes it: so many stages behind it, the last with `now`, and those to come."""
    statuses = [*["Succeeded"] * (done - 1), now, *["None"] * len(life)]
    return tuple(
        Passage(stage, status_, "2026-11-22 10:00 UTC" if at < done else "")
        for at, (stage, status_) in enumerate(zip(life, statuses, strict=False))
    )


def placed(*units: Unit, status_: str = "", state: State = State.PLACED, **changed: Any) -> Order:
    said = status_ or units[0].status
    return order(state, ref=REF, snapshot=Snapshot(REF, said, units), **changed)


def seen(said: Say) -> str:
    return flatten(said.blocks, {ALICE: "alice", BOB: "bob", OPAL: "opal", FINANCE: "finance"})


def buttons(said: Say) -> list[Block]:
    rows = [block["elements"] for block in said.blocks if block["type"] == "actions"]
    return [button for row in rows for button in row]


def labels(said: Say) -> list[str]:
    return [button["text"]["text"] for button in buttons(said)]


# Slack takes it, whatever the words


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
    said = {"by": OPAL, "reason": text, "code": FEE, "words": text, "why": text, "fee": True}
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
        yield "request", asks_for_approval(one, (ALICE, BOB, FINANCE), (12, "ab" * 32))
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

"""Azure orders to talk about, in every shape; and what a person sees of a message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.core.messages.blocks import Block, Say
from bot.core.order import Kind, Order, Placement, State, Step
from bot.core.request import AzureTerms, Request
from bot.core.snapshot import Passage, Ref, Snapshot, Unit
from bot.demo.slack.plain import flatten
from tests.core.test_messages import ALICE, BOB, FINANCE, OPAL
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
P, R, U, A, D = Step.PLACED, Step.REFUSED, Step.UNCLEAR, Step.ACCEPTED, Step.TO_DO


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


SEED = Unit(
    id="yourresourcegroupname/testorderitemname1",
    name="Azure Stack Edge Pro - 1 GPU (TestOrderItemName1)",
    quantity=1,
    status="Confirmed",
    details=(
        ("Cancellation", "Not cancellable"),
        ("Return", "Not returnable"),
        ("Deletion", "Not allowed"),
        ("Order type", "Purchase"),
        ("Configuration", "edgep_base"),
        ("Double encryption", "Disabled"),
        ("Address validation", "Valid"),
        ("Management", "Microsoft.DataBoxEdge"),
    ),
    record=(("Started", "2022-03-04 05:25 UTC"), ("Location", "eastus")),
    passages=(
        Passage("Placed", "Succeeded", "2022-03-04 05:25 UTC"),
        Passage("Confirmed", "Succeeded", "2022-03-04 05:35 UTC"),
        *(Passage(stage, "None") for stage in LIFE[2:]),
    ),
    cancellation="NotCancellable",
    returning="NotReturnable",
    deletion="NotAllowed",
)
SEED_REF = Ref(SUBSCRIPTION, SEED.id, (SEED.id,))
SEEN_ELSEWHERE = order(
    State.PLACED,
    kind=Kind.TRACKED,
    request=None,
    decided_by="",
    ref=SEED_REF,
    snapshot=Snapshot(SEED_REF, "Confirmed", (SEED,), (("Azure order", "TestOrderName1"),)),
)

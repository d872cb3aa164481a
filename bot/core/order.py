"""The life of an order: its states, the events that move it, and one table of what may follow what.

Rule: everything that decides in which state an order is lives in this file. Who may cause an event is
decided in `policy`, what has to be done after one in `follow`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from bot.core.approval import BEFORE_POLICIES, GLASS, Approval, Plan, complete, current
from bot.core.events import (
    Accepted,
    Approved,
    Attempted,
    CancelAsked,
    CancelRefused,
    Checked,
    CheckRefused,
    Edited,
    Escalated,
    Event,
    Expired,
    GlassBroken,
    Looked,
    Muted,
    NothingSent,
    Operation,
    OperationAsked,
    OperationDone,
    OperationRefused,
    PeopleAsked,
    Rejected,
    Reminded,
    Replanned,
    Repriced,
    SaidNotPlaced,
    Superseded,
    WasPlaced,
    WasRefused,
    WentUnclear,
    Withdrawn,
)
from bot.core.request import Request
from bot.core.snapshot import Change, Phase, Ref, Snapshot, changes, phase

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class State(StrEnum):
    """Where an order stands. The words are what people read."""

    CHECKING = "checking"
    WAITING = "waiting"
    APPROVED = "approved"
    PLACING = "placing"
    UNCLEAR = "unclear"
    PLACED = "placed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    RETURNED = "returned"


ENDED = frozenset(
    {
        State.REJECTED,
        State.WITHDRAWN,
        State.EXPIRED,
        State.REFUSED,
        State.CANCELLED,
        State.COMPLETED,
        State.RETURNED,
    }
)
HOLDS_SCOPE = frozenset({State.PLACING, State.UNCLEAR})
"""While an order is in one of these, no other order for the same scope may be sent: the two could not be
told apart in the cloud's list afterwards."""


class Kind(StrEnum):
    """How an order came to us."""

    ASKED = "asked"
    TRACKED = "tracked"


class Step(StrEnum):
    """How far the placing of one unit is."""

    TO_DO = "to do"
    SENDING = "being sent"
    ACCEPTED = "accepted"
    """The cloud has taken the request and still works on it."""
    PLACED = "placed"
    REFUSED = "refused"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Placement:
    """The placing of one unit, where a cloud takes each unit by itself (Azure); `unit` is its name there."""

    unit: str
    step: Step = Step.TO_DO
    code: str = ""
    why: str = ""
    """Why it was refused or is unclear, and the cloud's own error code for it."""
    status_url: str = ""
    """Where the cloud tells what became of what it accepted."""


@dataclass(frozen=True)
class Order:
    """One order, from the asking to its end. Times are aware UTC datetimes."""

    id: str
    kind: Kind
    state: State
    cloud: str
    requester: str
    channel: str
    """Where the card is to stand: a Slack channel id, or a `#name` as somebody typed it."""
    filed_at: datetime
    version: int = 1
    round: int = 1
    """Counts how often approval was asked for."""
    request: Request | None = None
    """What was asked for; none for an order that was placed elsewhere."""
    plan: Plan | None = None
    """Whose yes it needs; none before it was asked for, and in what an earlier release has written."""
    approvals: tuple[Approval, ...] = ()
    """Who has said yes in this round."""
    asked_at: datetime | None = None
    """When approval was asked for in this round."""
    step_at: datetime | None = None
    """When the step that waits began to wait."""
    reminded: bool = False
    escalated: bool = False
    """Whether it was, in the step that waits."""
    changed: tuple[str, ...] = ()
    """What is not as it was when approval was asked for the last time, in lines of words."""
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""
    """What the approver said."""
    why: str = ""
    """Why it was refused or is unclear, in the cloud's words where it has any."""
    code: str = ""
    """The cloud's own error code for `why`."""
    known: tuple[str, ...] = ()
    """Cloud order ids that certainly are not this order: they were there before it was first sent, or an
    operator has said so."""
    attempt: int = 0
    attempted_at: datetime | None = None
    candidates: tuple[Ref, ...] = ()
    """Orders that may be this one; people were asked which."""
    people_asked: bool = False
    ref: Ref | None = None
    looking_for: str = ""
    """The cloud's id of an order that was placed elsewhere, until it is found."""
    snapshot: Snapshot | None = None
    looked_at: datetime | None = None
    cancel_asked_by: str = ""
    placements: tuple[Placement, ...] = ()
    """One for each unit, where the cloud takes them one by one; empty where it takes an order whole."""
    operation: Operation | None = None
    """What the cloud was asked to do and has not answered yet."""
    draft: str = ""
    """Where an address that was typed into the form is kept until the cloud has it."""
    quiet: bool = False
    """No card until something changes."""
    muted: bool = False

    @property
    def asked(self) -> Request:
        """The request of an order that was asked for here."""
        if self.request is None:
            raise ValueError(f"{self.id} was placed elsewhere: there is no request")
        return self.request

    @property
    def scope(self) -> str:
        """What only one unfinished placing may work on at a time; empty for orders placed elsewhere."""
        if self.request is None:
            return ""
        return self.request.scope or f"{self.cloud}:{self.id.lower()}"

    def placement(self, unit: str) -> Placement:
        """The placing of one unit.

        Raises:
            LookupError: The order has no such unit.
        """
        return next(one for one in self.placements if one.unit == unit)

    def units(self, *steps: Step) -> tuple[str, ...]:
        """The names of the units whose placing is at any of `steps`."""
        return tuple(one.unit for one in self.placements if one.step in steps)


_S = State
TRANSITIONS: Mapping[State, Mapping[type, State]] = {
    _S.CHECKING: {
        Checked: _S.WAITING,
        CheckRefused: _S.REFUSED,
        Edited: _S.CHECKING,
        Withdrawn: _S.WITHDRAWN,
        Looked: _S.PLACED,
        Muted: _S.CHECKING,
    },
    _S.WAITING: {
        # Where these two lead depends on whose yes is missing still.
        Approved: _S.APPROVED,
        GlassBroken: _S.APPROVED,
        Rejected: _S.REJECTED,
        Replanned: _S.WAITING,
        Reminded: _S.WAITING,
        Escalated: _S.WAITING,
        Expired: _S.EXPIRED,
        Edited: _S.CHECKING,
        Repriced: _S.WAITING,
        Withdrawn: _S.WITHDRAWN,
        Muted: _S.WAITING,
    },
    _S.APPROVED: {
        Attempted: _S.PLACING,
        PeopleAsked: _S.UNCLEAR,
        Repriced: _S.WAITING,
        Withdrawn: _S.WITHDRAWN,
        Muted: _S.APPROVED,
    },
    _S.PLACING: {
        WasPlaced: _S.PLACED,
        WasRefused: _S.REFUSED,
        NothingSent: _S.APPROVED,
        WentUnclear: _S.UNCLEAR,
        Muted: _S.PLACING,
    },
    _S.UNCLEAR: {
        WasPlaced: _S.PLACED,
        WasRefused: _S.REFUSED,
        NothingSent: _S.APPROVED,
        PeopleAsked: _S.UNCLEAR,
        SaidNotPlaced: _S.APPROVED,
        Looked: _S.UNCLEAR,
        Muted: _S.UNCLEAR,
    },
    _S.PLACED: {
        Looked: _S.PLACED,
        CancelAsked: _S.PLACED,
        CancelRefused: _S.PLACED,
        OperationAsked: _S.PLACED,
        OperationDone: _S.PLACED,
        OperationRefused: _S.PLACED,
        Muted: _S.PLACED,
        Superseded: _S.WITHDRAWN,
    },
    # Clouds take steps back, so an order that has ended there is still listened to.
    _S.COMPLETED: {
        Looked: _S.PLACED,
        OperationAsked: _S.COMPLETED,
        OperationDone: _S.COMPLETED,
        OperationRefused: _S.COMPLETED,
        Muted: _S.COMPLETED,
        Superseded: _S.WITHDRAWN,
    },
    _S.CANCELLED: {
        Looked: _S.PLACED,
        OperationAsked: _S.CANCELLED,
        OperationDone: _S.CANCELLED,
        OperationRefused: _S.CANCELLED,
        Muted: _S.CANCELLED,
        Superseded: _S.WITHDRAWN,
    },
    _S.RETURNED: {
        Looked: _S.PLACED,
        OperationAsked: _S.RETURNED,
        OperationDone: _S.RETURNED,
        OperationRefused: _S.RETURNED,
        Muted: _S.RETURNED,
        Superseded: _S.WITHDRAWN,
    },
    _S.REJECTED: {Edited: _S.CHECKING},
    _S.EXPIRED: {Edited: _S.CHECKING},
    _S.REFUSED: {Edited: _S.CHECKING},
    _S.WITHDRAWN: {},
}

# Where a look leads depends on what the cloud says, not on where the order was.
AFTER_LOOK: Mapping[Phase, State] = {
    Phase.MOVING: _S.PLACED,
    Phase.FAILED: _S.PLACED,
    Phase.COMPLETED: _S.COMPLETED,
    Phase.CANCELLED: _S.CANCELLED,
    Phase.RETURNED: _S.RETURNED,
}

# Where the cloud takes units one by one, these events are of one unit each, and this table says what may
# follow what; the order's own state then follows from how far its units are (`standing`).
UNIT_STEPS: Mapping[Step, Mapping[type, Step]] = {
    Step.TO_DO: {
        Attempted: Step.SENDING,
        WasPlaced: Step.PLACED,  # it was there before it was sent: a restored backup
        WentUnclear: Step.UNCLEAR,  # something is there of which nothing says that it is ours
    },
    Step.SENDING: {
        Accepted: Step.ACCEPTED,
        WasPlaced: Step.PLACED,
        WasRefused: Step.REFUSED,
        NothingSent: Step.TO_DO,
        WentUnclear: Step.UNCLEAR,
    },
    Step.ACCEPTED: {
        Accepted: Step.ACCEPTED,
        WasPlaced: Step.PLACED,
        WasRefused: Step.REFUSED,
        WentUnclear: Step.UNCLEAR,
    },
    Step.UNCLEAR: {WasPlaced: Step.PLACED, SaidNotPlaced: Step.TO_DO},
    Step.PLACED: {},
    Step.REFUSED: {},
}
OF_A_UNIT = frozenset({Attempted, Accepted, NothingSent, WentUnclear, WasPlaced, WasRefused})
_WHILE_PLACING = frozenset({State.APPROVED, State.PLACING, State.UNCLEAR})


# An order that was placed elsewhere is found by a look; one that was asked for here is checked, and no
# look takes it past its approval.
_BEGINS: Mapping[type, Kind] = {Checked: Kind.ASKED, Edited: Kind.ASKED, Looked: Kind.TRACKED}


def may_follow(order: Order, event: type, unit: str = "") -> bool:
    """Whether an event of this type can happen to the order, or to that unit of it, now."""
    if order.state is State.CHECKING and _BEGINS.get(event, order.kind) is not order.kind:
        return False
    if event is Edited and order.kind is not Kind.ASKED:
        return False
    if event is Superseded and order.kind is not Kind.TRACKED:
        return False
    if event is Looked and order.state is State.UNCLEAR and order.ref is None:
        return False
    if order.placements and event in OF_A_UNIT:
        return order.state in _WHILE_PLACING and _unit_may(order, event, unit)
    if order.placements and event is PeopleAsked:
        return order.state is State.UNCLEAR
    return event in TRANSITIONS[order.state]


def _unit_may(order: Order, event: type, unit: str) -> bool:
    if event is Attempted and order.units(Step.SENDING):
        return False  # one at a time
    return any(one.unit == unit and event in UNIT_STEPS[one.step] for one in order.placements)


def happens(order: Order, event: Event) -> bool:
    """`may_follow`, for an event that is at hand.

    A look that began before another unit was placed shows too little of the order, and does not count.
    """
    if isinstance(event, Looked) and order.ref and event.snapshot.ref.parts != order.ref.parts:
        return False
    return may_follow(order, type(event), getattr(event, "unit", ""))


def standing(placements: tuple[Placement, ...]) -> State:
    """Where an order stands whose units are placed one by one.

    As long as one of them is still to be sent it is being placed; then what is unclear comes first.
    """
    steps = {one.step for one in placements}
    if steps == {Step.TO_DO}:
        return State.APPROVED
    if steps & {Step.TO_DO, Step.SENDING, Step.ACCEPTED}:
        return State.PLACING
    if Step.UNCLEAR in steps:
        return State.UNCLEAR
    return State.PLACED if Step.PLACED in steps else State.REFUSED


def advance(order: Order, event: Event, at: datetime) -> Order:
    """The order after the event.

    Args:
        order: The order as it is.
        event: What happened.
        at: When, UTC.

    Raises:
        ValueError: The table has no such step; ask `may_follow` first.
    """
    if not happens(order, event):
        raise ValueError(f"{type(event).__name__} cannot happen to an order that is {order.state}")
    written = _written(order, event, at)
    if order.placements and type(event) in OF_A_UNIT | {SaidNotPlaced}:
        written |= _units_written(order, event)
        target = standing(written["placements"])
    else:
        target = TRANSITIONS[order.state][type(event)]
    if isinstance(event, Looked) and order.state is not State.UNCLEAR:
        target = AFTER_LOOK[phase(event.snapshot)]
    if isinstance(event, Approved | GlassBroken) and not complete(written["plan"], written["approvals"]):
        target = State.WAITING
    return replace(order, version=order.version + 1, state=target, **written)


def _units_written(order: Order, event: Event) -> dict[str, Any]:
    """What an event makes of the units that it is about, and what the order says of all of them."""
    unit = getattr(event, "unit", "")
    placements = tuple(
        _moved(one, event) if unit in ("", one.unit) and type(event) in UNIT_STEPS[one.step] else one
        for one in order.placements
    )
    trouble = [one for one in placements if one.step is Step.UNCLEAR] or [
        one for one in placements if one.why
    ]
    written: dict[str, Any] = {"placements": placements, "why": "", "code": ""}
    if trouble:
        written |= {"why": trouble[0].why, "code": trouble[0].code}
    if isinstance(event, NothingSent):
        begun = any(one.step is not Step.TO_DO for one in placements)
        written |= {"why": event.why, "attempted_at": order.attempted_at if begun else None}
    if isinstance(event, WasPlaced) and order.ref:
        parts = tuple(sorted({*order.ref.parts, *event.ref.parts}))
        written["ref"] = replace(order.ref, parts=parts)
    return written


def _moved(one: Placement, event: Event) -> Placement:
    """A unit's placing after an event of it: what it was told before counts no more."""
    step = UNIT_STEPS[one.step][type(event)]
    match event:
        case WasRefused(code, words):
            return Placement(one.unit, step, code, words)
        case WentUnclear(why):
            return Placement(one.unit, step, "", why)
        case Accepted(status_url):
            return Placement(one.unit, step, status_url=status_url)
    return Placement(one.unit, step)


def _written(order: Order, event: Event, at: datetime) -> dict[str, Any]:
    match event:
        case Checked(request, plan):
            return {"request": request, "plan": plan, "asked_at": at, **_step_begins(at)}
        case Approved() | GlassBroken():
            return _approval_written(order, event, at)
        case Rejected(by=by, note=note):
            return {"decided_by": by, "decided_at": at, "note": note}
        case Replanned(plan):
            return {"plan": plan} | ({} if _same_step(order, plan) else _step_begins(at))
        case Reminded():
            return {"reminded": True}
        case Escalated(step, to):
            return {"escalated": True, "plan": _escalated(order, step, to)}
        case Edited(request, _, changes, units, draft):
            return _round_begins(order, changes) | {
                "request": request,
                "plan": None,
                "channel": request.channel or order.channel,
                "placements": tuple(map(Placement, units)),
                "draft": draft,
                "attempted_at": None,
                "candidates": (),
                "people_asked": False,
            }
        case Repriced(request, changes, plan):
            asked = {"request": request, "plan": plan, "asked_at": at}
            return _round_begins(order, changes) | asked | _step_begins(at)
        case CheckRefused(code, words) | WasRefused(code, words):
            return {"code": code, "why": words}
        case Attempted(known):
            return {
                "attempt": order.attempt + 1,
                "attempted_at": at,
                "known": tuple(sorted({*order.known, *known})),
                "why": "",
                "code": "",
                "people_asked": False,
                "candidates": (),
            }
        case NothingSent(why):
            # As if this attempt had never been: there is no order of it to look for.
            return {"why": why, "attempted_at": None, "candidates": (), "people_asked": False}
        case WentUnclear(why):
            return {"why": why}
        case Superseded(by):
            return {"ref": None, "snapshot": None, "why": f"{by} follows it now"}
        case PeopleAsked(candidates, why):
            return {"candidates": candidates, "people_asked": True, "why": why}
        case WasPlaced(ref):
            return {"ref": ref, "candidates": (), "why": ""}
        case SaidNotPlaced():
            ruled_out = {ref.id for ref in order.candidates}
            return {
                "known": tuple(sorted({*order.known, *ruled_out})),
                "candidates": (),
                "people_asked": False,
                "why": "",
            }
        case Looked(snapshot):
            return {"snapshot": snapshot, "ref": snapshot.ref, "looked_at": at, "looking_for": ""}
        case CancelAsked(by):
            return {"cancel_asked_by": by}
        case CancelRefused():
            return {"cancel_asked_by": ""}
        case OperationAsked(operation):
            return {"operation": operation}
        case OperationDone() | OperationRefused():
            return {"operation": None}
        case Muted():
            return {"muted": True}
    return {}


def _approval_written(order: Order, event: Approved | GlassBroken, at: datetime) -> dict[str, Any]:
    """One more yes; who made the approval complete is who decided."""
    plan = event.plan or order.plan or BEFORE_POLICIES
    step = event.step if isinstance(event, Approved) else GLASS
    owner = event.owner if isinstance(event, Approved) else ""
    approvals = (*order.approvals, Approval(event.by, step, at, event.via, owner, event.note))
    written: dict[str, Any] = {"plan": plan, "approvals": approvals}
    if complete(plan, approvals):
        return written | {"decided_by": event.by, "decided_at": at, "note": event.note}
    if order.plan and current(plan, approvals) == current(order.plan, order.approvals):
        return written
    return written | _step_begins(at)


def _round_begins(order: Order, changes: tuple[str, ...]) -> dict[str, Any]:
    """What was decided counts no more."""
    return {
        "round": order.round + 1,
        "approvals": (),
        "changed": changes,
        "decided_by": "",
        "decided_at": None,
        "note": "",
        "why": "",
        "code": "",
    }


def _step_begins(at: datetime) -> dict[str, Any]:
    return {"step_at": at, "reminded": False, "escalated": False}


def _same_step(order: Order, plan: Plan) -> bool:
    """Whether the same step waits by another plan."""
    before, after = current(order.plan or plan, order.approvals), current(plan, order.approvals)
    return before is not None and after is not None and before.name == after.name


def _escalated(order: Order, step: str, to: tuple[str, ...]) -> Plan:
    plan = order.plan or BEFORE_POLICIES
    steps = tuple(replace(one, escalated_to=to) if one.name == step else one for one in plan.steps)
    return replace(plan, steps=steps)


def in_flight(order: Order) -> str | None:
    """The unit that is being sent; "" for an order that is sent whole, None where nothing is."""
    if order.placements:
        return next(iter(order.units(Step.SENDING)), None)
    return "" if order.state is State.PLACING else None


def to_send(order: Order) -> str | None:
    """The unit that is to be sent next; "" for an order that is sent whole, None where nothing is."""
    if order.placements:
        ready = order.state in (State.APPROVED, State.PLACING)
        return next(iter(order.units(Step.TO_DO)), None) if ready else None
    return "" if order.state is State.APPROVED else None


def unclear_units(order: Order) -> tuple[str, ...]:
    """The units of which nobody knows whether the cloud has them; "" for an order that is sent whole."""
    if order.placements:
        return order.units(Step.UNCLEAR)
    return ("",) if order.state is State.UNCLEAR else ()


def news(before: Order, event: Event) -> tuple[Change, ...]:
    """What a look tells that was not known before; nothing for any other event."""
    return changes(before.snapshot, event.snapshot) if isinstance(event, Looked) else ()


def new_id() -> str:
    """A fresh order id: `ORD-` and 6 characters of Crockford base32, some 10⁹ of them."""
    return "ORD-" + "".join(secrets.choice(CROCKFORD) for _ in range(6))


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter  # heavy, and not needed before the first order

    return TypeAdapter(Order)


def dump(order: Order) -> str:
    """An order as JSON text."""
    text: bytes = _adapter().dump_json(order)
    return text.decode()


def load(text: str) -> Order:
    """An order from JSON text; what a newer release added and this one does not know is left out."""
    order: Order = _adapter().validate_json(text)
    return order

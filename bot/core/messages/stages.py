"""The stages of an order, from the asking to its end: the progress that a card shows.

Our own stages come first, then those of the cloud. A stage or a status that is not known is shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.messages import words
from bot.core.messages.blocks import clean
from bot.core.messages.terms import shorten
from bot.core.order import Kind, Order, State, Step
from bot.core.snapshot import Passage, Phase, Shipment, Unit, phase

STOPPED = {
    State.REJECTED: "Rejected",
    State.WITHDRAWN: "Withdrawn",
    State.REFUSED: "Refused",
    State.CANCELLED: "Cancelled",
    State.RETURNED: "Returned",
}


@dataclass(frozen=True)
class Stage:
    """One line of the progress display; `status` is Slack's word for it."""

    title: str
    status: str
    output: str = ""


def stages(order: Order) -> tuple[Stage, ...]:
    """The stages of an order, each done, in progress, pending or in error."""
    if order.state in STOPPED and not order.ref:
        return tuple(_stopped(order))
    return (*_our_stages(order), *_CLOUDS[order.cloud](order))


def _stopped(order: Order) -> list[Stage]:
    """An order that has ended before the cloud had it."""
    if order.kind is Kind.TRACKED:
        return [Stage("Found", "error" if order.state is State.REFUSED else "complete", order.why)]
    approved = order.state is not State.REJECTED and order.decided_by
    return [
        Stage("Requested", "complete"),
        *([Stage("Approved", "complete")] if approved else []),
        Stage(STOPPED[order.state], "error", order.why or order.note),
    ]


def _our_stages(order: Order) -> list[Stage]:
    if order.kind is Kind.TRACKED:
        return [Stage("Found", "complete" if order.ref else "in_progress", order.why)]
    done = [Stage("Requested", "complete")]
    to_come = [Stage("Approved", "pending"), Stage("Placed", "pending")]
    if order.state is State.CHECKING:
        return [*done, Stage("Checked", "in_progress"), *to_come]
    if order.state is State.WAITING:
        return [*done, Stage("Approved", "in_progress"), Stage("Placed", "pending")]
    return [*done, Stage("Approved", "complete"), _placed(order)]


def _placed(order: Order) -> Stage:
    """How the placing stands, with how many of the units are placed where not all of them are."""
    so_far = _of(len(order.units(Step.PLACED)), len(order.placements))
    if order.state is State.UNCLEAR:
        return Stage("Placed", "error", _joined(so_far, order.why))
    if order.ref is None or order.state in (State.APPROVED, State.PLACING):
        return Stage("Placed", "in_progress", _joined(so_far, order.why))
    partly = len(order.units(Step.PLACED)) < len(order.placements)
    placed = Stage("Placed", "complete", _joined(order.ref.name, so_far if partly else ""))
    told = _azure_placed(order)
    return Stage("Placed", told.status, _joined(placed.output, told.output)) if told else placed


def _of(number: int, of: int) -> str:
    """How many of how many, where there is more than one."""
    return f"{number} of {of}" if of > 1 else ""


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _parcels(shipments: Iterable[Shipment | None]) -> str:
    parcels = [f"{one.carrier} {one.number}".strip() for one in shipments if one]
    return shorten(list(dict.fromkeys(parcels)), 3)


# --- AWS: a status for each line item, from which it follows what it has behind it -----------------

# How far a line item is. A status that is not here is shown, and moves no stage.
PROGRESS = {
    "PREPARING": 0,
    "BUILDING": 1,
    "SHIPPED": 2,
    "DELIVERED": 3,
    "INSTALLING": 4,
    "INSTALLED": 5,
}
# Each stage that AWS goes through, and how far a line item has to be for it to be done.
UNIT_STAGES = (("Built", 2), ("Shipped", 2), ("Delivered", 3), ("Installed", 5))
_BEGUN = {"Built": 1, "Shipped": 2, "Delivered": 2, "Installed": 4}
_OVER = frozenset({"CANCELLED", "REPLACED"})


def _aws_stages(order: Order) -> list[Stage]:
    units = [unit for unit in order.snapshot.units if unit.status not in _OVER] if order.snapshot else []
    made = [_aws_stage(title, enough, units) for title, enough in UNIT_STAGES]
    if any(unit.status == "ERROR" for unit in units):
        # Where a line item in error had got to is not told: it stands at the first stage that waits for it.
        stuck = next((at for at, one in enumerate(made) if one.status != "complete"), 0)
        made[stuck] = replace(made[stuck], status="error")
    return _aws_end(order, made)


def _aws_stage(title: str, enough: int, units: Sequence[Unit]) -> Stage:
    reached = [PROGRESS.get(unit.status, -1) for unit in units]
    done = sum(progress >= enough for progress in reached)
    parcels = _parcels(unit.shipment for unit in units) if title == "Shipped" else ""
    if units and done == len(units):
        return Stage(title, "complete", parcels)
    if any(progress >= _BEGUN[title] for progress in reached):
        return Stage(title, "in_progress", _joined(_of(done, len(units)), parcels))
    return Stage(title, "pending")


def _aws_end(order: Order, made: list[Stage]) -> list[Stage]:
    if order.snapshot is None:
        return [*made, Stage("Completed", "pending")]
    now = phase(order.snapshot)
    status = words.status(order.snapshot.status)
    if now in (Phase.COMPLETED, Phase.RETURNED):
        finished = [one if one.status == "complete" else Stage(one.title, "complete") for one in made]
        return [*finished, Stage("Completed" if now is Phase.COMPLETED else status, "complete")]
    if now in (Phase.CANCELLED, Phase.FAILED):
        return [*(one for one in made if one.status == "complete"), Stage(status, "error")]
    return [*made, Stage("Completed", "pending", f"now: {status}")]


# --- Azure: a history for each item, which also foretells the stages to come -----------------------

# Microsoft.EdgeOrder 2024-02-01, StageName, without Cancelled, which may follow any of them.
LIFE = ("Placed", "InReview", "Confirmed", "ReadyToShip", "Shipped", "Delivered", "InUse")
WAY_BACK = ("ReturnInitiated", "ReturnPickedUp", "ReturnedToMicrosoft", "ReturnCompleted")
_KNOWN = (*LIFE[:-1], "ReadyToSetup", LIFE[-1], *WAY_BACK)
_GONE = ("Cancelled", "NotFound")
# StageStatus as Slack draws it; a status that is not here is in progress, and its word is shown.
_DRAWN = {
    "SUCCEEDED": "complete",
    "INPROGRESS": "in_progress",
    "CANCELLING": "in_progress",
    "FAILED": "error",
    "CANCELLED": "error",
    "NONE": "pending",
    "": "pending",
}
_NEEDS_NO_WORD = frozenset({"SUCCEEDED", "INPROGRESS", "NONE", ""})


def _azure_stages(order: Order) -> list[Stage]:
    if order.snapshot is None:
        to_come = LIFE if order.kind is Kind.TRACKED else LIFE[1:]
        return [Stage(words.readable(stage), "pending") for stage in to_come]
    units, going = order.snapshot.units, _going(order)
    left_out = ("Placed", *_GONE) if order.kind is Kind.ASKED else _GONE  # `_azure_placed` tells it
    told = _told(going or units, left_out)
    made = told if going else [one for one in told if one.status == "complete"]
    return [*made, *(_gone(word, units) for word in _GONE if any(_now(unit).stage == word for unit in units))]


def _azure_placed(order: Order) -> Stage | None:
    """What Azure says of its own stage of that name, as long as an item is not through it."""
    units = _going(order) if order.cloud == "azure" else []
    told = _azure_stage("Placed", _sequence(units), units)
    return told if told and told.status in ("in_progress", "error") else None


def _going(order: Order) -> list[Unit]:
    """The items that have neither been cancelled nor vanished."""
    units = order.snapshot.units if order.snapshot else ()
    return [unit for unit in units if _now(unit).stage not in _GONE]


def _gone(word: str, units: Sequence[Unit]) -> Stage:
    number = sum(_now(unit).stage == word for unit in units)
    return Stage(words.readable(word), "error", _of(number, len(units)) if number < len(units) else "")


def _told(units: Sequence[Unit], left_out: Sequence[str]) -> list[Stage]:
    """What the histories of the units tell, stage by stage; the way back only once it has begun."""
    sequence = _sequence(units)
    back = any(_stands(unit, stage, sequence) != _PENDING for unit in units for stage in WAY_BACK)
    hidden = left_out if back else (*left_out, *WAY_BACK)
    made = (_azure_stage(stage, sequence, units) for stage in sequence if stage not in hidden)
    return [one for one in made if one]


def _sequence(units: Sequence[Unit]) -> list[str]:
    """All stages in one sequence: the known ones, and each unknown one behind what it followed."""
    sequence = list(_KNOWN)
    for unit in units:
        at = -1
        for passage in (*unit.passages, _now(unit)):
            if passage.stage not in sequence:
                sequence.insert(at + 1, passage.stage)
            at = sequence.index(passage.stage)
    return [stage for stage in sequence if stage]


def _azure_stage(stage: str, sequence: Sequence[str], units: Sequence[Unit]) -> Stage | None:
    """One stage over all units; nothing where it is none of theirs."""
    found = [stands for unit in units if (stands := _stands(unit, stage, sequence))]
    if not found:
        return None
    done = sum(one.status == "complete" for one in found)
    status = _together({one.status for one in found})
    said = dict.fromkeys(one.output for one in found)
    count = "" if done == len(found) or status == "pending" else _of(done, len(found))
    output = _joined(count, *said, _travels(stage, status, units))
    return Stage(_title(stage, units), status, clean(output, 150))


def _together(statuses: set[str]) -> str:
    if len(statuses) == 1:
        return statuses.pop()
    return "error" if "error" in statuses else "in_progress"


def _title(stage: str, units: Sequence[Unit]) -> str:
    """What Azure calls the stage to people, where it does."""
    given = (one.title for unit in units for one in unit.passages if one.stage == stage)
    return clean(next(filter(None, given), "") or words.readable(stage), 100) or "–"


def _travels(stage: str, status: str, units: Sequence[Unit]) -> str:
    """The parcels, at the stage where they are on their way."""
    if status == "pending":
        return ""
    if stage == "Shipped":
        return _parcels(unit.shipment for unit in units)
    return _parcels(unit.way_back for unit in units) if stage == "ReturnPickedUp" else ""


_PENDING = Stage("", "pending")


def _stands(unit: Unit, stage: str, sequence: Sequence[str]) -> Stage | None:
    """Where one unit stands at a stage; nothing where it is none of its own.

    Azure names *In review* only while it lasts, and *Ready to setup* only for some: what a history does not
    name belongs to it only as long as it may still come.
    """
    now = _now(unit)
    if stage == now.stage and now.status:
        return _drawn(now.status)
    told = [one.status for one in unit.passages if one.stage == stage]
    if told or stage == now.stage:
        drawn = _drawn(told[-1]) if told else Stage("", "complete" if stage in _KNOWN else "in_progress")
        return Stage("", "in_progress") if stage == now.stage and drawn == _PENDING else drawn
    if now.stage and sequence.index(stage) < sequence.index(now.stage):
        return None if unit.passages else Stage("", "complete")
    return _PENDING if stage in (*LIFE, *WAY_BACK) else None


def _drawn(status: str) -> Stage:
    word = status.replace(" ", "").upper()
    return Stage(
        "", _DRAWN.get(word, "in_progress"), "" if word in _NEEDS_NO_WORD else words.readable(status)
    )


def _now(unit: Unit) -> Passage:
    """The stage in which a unit is now, with its status where that is not simply done."""
    stage, _, status = unit.status.partition(" (")
    return Passage(stage, status.rstrip(")"))


_CLOUDS: Mapping[str, Callable[[Order], list[Stage]]] = {"aws": _aws_stages, "azure": _azure_stages}

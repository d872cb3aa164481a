"""An Azure order as a snapshot, out of the order items that it is made of. Pure: dicts in, values out."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.clouds.azure_unit import unit
from bot.clouds.reading import Answer, Facts, a_dict, text
from bot.core.snapshot import PHASES, Ref, Snapshot, Unit

GONE = "NotFound"
"""The status of a unit that Azure does not know any more: it was moved or deleted."""
# StageName of the API, as an item passes them.
STAGES = (
    "Placed",
    "InReview",
    "Confirmed",
    "ReadyToShip",
    "Shipped",
    "Delivered",
    "ReadyToSetup",
    "InUse",
    "ReturnInitiated",
    "ReturnPickedUp",
    "ReturnedToMicrosoft",
    "ReturnCompleted",
    "Cancelled",
)
_FAILED = "(Failed)"


@dataclass(frozen=True)
class Seen:
    """What is kept of an order item: the unit that it is, and what it says of its order."""

    unit: Unit
    order: str
    """The name of the Azure order that it belongs to."""
    location: str


def seen(part: str, item: Answer) -> Seen:
    """An `OrderItemResource`, asked for as `part` (`GROUP/NAME`)."""
    order = text(a_dict(item.get("properties")).get("orderId")).rpartition("/")[2]
    return Seen(unit(part, item), order, text(item.get("location")))


def snapshot(ref: Ref, items: Mapping[str, Seen]) -> Snapshot:
    """An order as a snapshot.

    Args:
        ref: The order, or the one item that is followed.
        items: Its parts by `GROUP/NAME`; what is missing is told as a unit that is gone.
    """
    units = tuple(
        items[part].unit if part in items else _gone(part)
        for part in sorted(ref.parts or (ref.id,), key=_rank)
    )
    status, facts = order_status(units), _facts(ref, items.values())
    return Snapshot(ref, status, units, facts, fingerprint(status, units, facts))


def _rank(part: str) -> tuple[str, int]:
    """Puts item 2 before item 10."""
    name, _, number = part.rpartition("-")
    return (name, int(number)) if number.isdecimal() else (part, 0)


def _facts(ref: Ref, items: Collection[Seen]) -> Facts:
    told = {
        "Azure order": {one.order for one in items},
        "Resource group": {ref.id.partition("/")[0]},
        "Location": {one.location for one in items},
    }
    return tuple((label, ", ".join(sorted(found - {""}))) for label, found in told.items() if found - {""})


def fingerprint(status: str, units: tuple[Unit, ...], facts: Facts) -> str:
    """A short text that differs with everything that is kept of an order."""
    return hashlib.sha256(repr((status, units, facts)).encode()).hexdigest()[:32]


def order_status(units: tuple[Unit, ...]) -> str:
    """The status of an order as a whole.

    A unit that failed comes first; else the one that has come least far, those that have ended aside; else
    what is left of those.
    """
    known = [one.status for one in units if one.status != GONE]
    failed = [status for status in known if status.endswith(_FAILED)]
    moving = [status for status in known if status.upper() not in PHASES]
    return next(iter(failed or sorted(moving, key=_progress) or sorted(known, key=_end)), GONE)


def _progress(status: str) -> int:
    stage = status.partition(" (")[0]
    return STAGES.index(stage) if stage in STAGES else -1


def _end(status: str) -> int:
    """What is in use is there, whatever became of the rest."""
    return _progress(status) if status == "InUse" else len(STAGES) + _progress(status)


def _gone(part: str) -> Unit:
    return Unit(id=part, name=part.rpartition("/")[2], quantity=1, status=GONE)

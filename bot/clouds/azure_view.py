"""What Azure Edge Order answers, in our words. Pure: dicts in, values out.

Member names and enumerations are those of the API 2024-02-01; what the one of 2021-12-01 says otherwise is
read as well. Nothing here trusts an answer to have its documented shape: a member may be missing, new, or of
another type, and none of that may hide the rest of an order item. Street, contact, e-mail addresses and keys
for shipping labels never enter a snapshot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

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
_SETTLED = frozenset({"", "None", "Succeeded"})
_FAILED = "(Failed)"


def snapshot(ref: Ref, items: Mapping[str, Answer | None]) -> Snapshot:
    """An order as a snapshot.

    Args:
        ref: The order, or the one item that is followed.
        items: Its parts by `GROUP/ITEM` in lower case; None for those that Azure does not know.
    """
    units = tuple(
        unit(part, item) if item else _gone(part) for part, item in sorted(items.items(), key=_rank)
    )
    status, facts = order_status(units), (("Azure order", ref.name),)
    return Snapshot(ref, status, units, facts, fingerprint(status, units, facts))


def _rank(part: tuple[str, object]) -> tuple[str, int, str]:
    """Puts item 2 before item 10."""
    name, _, number = part[0].rpartition("-")
    return (name, int(number), "") if number.isdecimal() else (part[0], 0, "")


def fingerprint(status: str, units: tuple[Unit, ...], facts: Facts) -> str:
    """A short text that differs with everything that is kept of an order."""
    told = json.dumps([status, [asdict(one) for one in units], facts])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


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
    name = part.rpartition("/")[2]
    return Unit(id=part, name=name, quantity=1, status=GONE)


def unit(part: str, item: Answer) -> Unit:
    """An `OrderItemResource` as the unit that is asked for as `part`."""
    details = a_dict(a_dict(item.get("properties")).get("orderItemDetails"))
    name = text(item.get("name"))
    return Unit(id=part, name=name, quantity=1, status=_status(a_dict(details.get("currentStage"))))


def part_of(item: Answer) -> str:
    """An order item's `GROUP/NAME`, in lower case."""
    return part_of_id(text(item.get("id")))


def part_of_id(path: str) -> str:
    """`GROUP/NAME`, in lower case, of what an Azure resource id names; "" where it is none."""
    steps = path.lower().strip("/").split("/")
    named = dict(zip(steps[::2], steps[1::2], strict=False))
    return f"{named['resourcegroups']}/{steps[-1]}" if "resourcegroups" in named else ""


def _status(stage: Answer) -> str:
    """`InReview (Failed)`; the status of a stage that went well is left out."""
    name, status = text(stage.get("stageName")), text(stage.get("stageStatus"))
    return name if status in _SETTLED else f"{name} ({status})".strip()

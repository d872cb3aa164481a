"""A cloud's view of one order, normalised, and the difference between two such views.

A snapshot keeps the cloud's own words: an unknown status is as good as a known one, and nothing says that
an order only moves forward. `changes` compares two snapshots and yields what a watcher wants to hear.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar


@dataclass(frozen=True)
class Ref:
    """Where a cloud keeps an order.

    `scope` is what must be asked (an AWS Region, an Azure subscription), `id` its own id there. An Azure
    order is made of items: its id is `GROUP/ORDER` (`GROUP/ITEM` where only one item is followed), and
    `parts` are its items as `GROUP/ITEM`; all in lower case, because Azure minds neither.
    """

    scope: str
    id: str
    parts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The id as people know it, without the place where it is kept."""
        return self.id.rpartition("/")[2]

    @property
    def each(self) -> tuple[Ref, ...]:
        """Its parts, each by itself; what has none is one."""
        return tuple(Ref(self.scope, part) for part in self.parts) or (self,)


@dataclass(frozen=True)
class Shipment:
    """How a unit travels; `link` is empty where no page to follow it is known."""

    carrier: str
    number: str
    link: str = ""


@dataclass(frozen=True)
class Asset:
    """A piece of hardware: its id (AWS asset id, serial number) and its MAC addresses."""

    id: str
    macs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Passage:
    """One stage of a unit's history, in the cloud's own words; `at` is a UTC time as text, "" if unknown."""

    stage: str
    status: str
    at: str = ""
    title: str = ""
    """What the cloud calls the stage to people, where it does."""


@dataclass(frozen=True)
class Unit:
    """One thing on an order with a status of its own: an AWS line item, an Azure order item."""

    id: str
    name: str
    quantity: int
    status: str
    shipment: Shipment | None = None
    assets: tuple[Asset, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """Whatever else the cloud says of it, as label and value."""
    way_back: Shipment | None = None
    """How it travels when it is returned."""
    details: tuple[tuple[str, str], ...] = ()
    """More of the same, too much for a card; what changes in it is told all the same."""
    record: tuple[tuple[str, str], ...] = ()
    """What is kept and shown on demand, and whose changes are no news: when it was last modified."""
    passages: tuple[Passage, ...] = ()
    """The stages that the cloud foresees or has seen, in its order."""
    cancellation: str = ""
    """The cloud's word on whether it can be cancelled now, `CancellableWithFee` for instance."""
    returning: str = ""
    """The same for sending it back."""
    deletion: str = ""
    """The same for removing it from the cloud's list."""
    mail: bool | None = None
    """Whether the cloud sends e-mails of its own about it; None where it does not say."""

    @property
    def own_name(self) -> str:
        """The name under which the cloud keeps this very unit, in lower case; "" where it has none (AWS)."""
        group, _, name = self.id.rpartition("/")
        return name.lower() if group else ""


_Thing = TypeVar("_Thing", Unit, Asset)


@dataclass(frozen=True)
class Snapshot:
    """All that a cloud says of one order at one moment.

    `facts` are label and value pairs for people, in the order in which they are shown. `fingerprint` is the
    cheap view of a listing (`Summary.fingerprint`) that belongs to this full one.
    """

    ref: Ref
    status: str
    units: tuple[Unit, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True)
class Summary:
    """What a listing tells of an order; a changed or empty `fingerprint` means: worth a full look.

    A listing that tells everything brings the `snapshot` along, and nothing more has to be asked. `missing`:
    it should be on the list, and something of it is not.
    """

    ref: Ref
    fingerprint: str
    snapshot: Snapshot | None = None
    missing: bool = False


class Phase(StrEnum):
    """What a status means for us, whatever a cloud calls it."""

    MOVING = "moving"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    FAILED = "failed"


# AWS OrderStatus and Azure stage names that end an order; every other word means that it goes on.
PHASES = {
    "COMPLETED": Phase.COMPLETED,
    "FULFILLED": Phase.COMPLETED,
    "INUSE": Phase.COMPLETED,
    "CANCELLED": Phase.CANCELLED,
    "RETURNCOMPLETED": Phase.RETURNED,
    "ERROR": Phase.FAILED,
}
_FAILED = "(FAILED)"
"""How the status of an Azure stage that failed ends: `InReview (Failed)`."""


class Aspect(StrEnum):
    """What about an order changed."""

    STATUS = "status"
    UNIT_STATUS = "unit status"
    UNIT_ADDED = "unit added"
    UNIT_GONE = "unit gone"
    SHIPMENT = "shipment"
    ASSET = "asset"
    MAC = "mac"
    FACT = "fact"


@dataclass(frozen=True)
class Change:
    """One difference: `subject` names the unit (empty for the order itself), `was` and `now` its values."""

    aspect: Aspect
    subject: str
    was: str
    now: str
    link: str = ""


def phase(snapshot: Snapshot) -> Phase:
    """What the order's status means for us; unknown statuses mean that it is moving."""
    status = snapshot.status.upper()
    return Phase.FAILED if status.endswith(_FAILED) else PHASES.get(status, Phase.MOVING)


def gone(snapshot: Snapshot) -> Snapshot:
    """What is left to say of an order that its cloud does not know any more: deleted there, or moved away."""
    facts = tuple(fact for fact in snapshot.facts if fact[0] != GONE)
    return replace(snapshot, facts=(*facts, (GONE, "no: it was deleted there, or moved")))


GONE = "Still known to the cloud"


def changes(before: Snapshot | None, after: Snapshot) -> tuple[Change, ...]:
    """What `after` says that `before` did not; with no `before`, all that is worth telling of `after`.

    `changes(s, s)` is empty for every `s`.
    """
    if before is None:
        before = Snapshot(after.ref, "")
    return (*_order_changes(before, after), *_unit_changes(before, after))


def _order_changes(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    if before.status != after.status:
        yield Change(Aspect.STATUS, "", before.status, after.status)
    if before.status:  # at first sight the facts stand on the card; no need to read them out
        yield from _fact_changes("", before.facts, after.facts)


def _fact_changes(
    subject: str, before: tuple[tuple[str, str], ...], after: tuple[tuple[str, str], ...]
) -> Iterator[Change]:
    was, now = dict(before), dict(after)
    for label in [*now, *(gone for gone in was if gone not in now)]:
        if was.get(label, "") != now.get(label, ""):
            title = f"{subject} {label}".strip()
            yield Change(Aspect.FACT, title, was.get(label, ""), now.get(label, ""))


def _unit_changes(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    known = _by_id(before.units)
    for key, unit in _by_id(after.units).items():
        yield from _one_unit(known.pop(key, None), unit, first_look=not before.status)
    for gone in known.values():
        yield Change(Aspect.UNIT_GONE, unit_name(gone), gone.status, "")


def _one_unit(was: Unit | None, now: Unit, *, first_look: bool) -> Iterator[Change]:
    name = unit_name(now)
    if was is None and not first_look:
        yield Change(Aspect.UNIT_ADDED, name, "", now.status)
    elif was is None or was.status != now.status:
        yield Change(Aspect.UNIT_STATUS, name, was.status if was else "", now.status)
    # A link is our own; that it changed is no news.
    if _parcel(now.shipment) != _parcel(was.shipment if was else None):
        yield _shipment_change(name, was.shipment if was else None, now.shipment)
    if _parcel(now.way_back) != _parcel(was.way_back if was else None):
        yield _shipment_change(f"{name}, return", was.way_back if was else None, now.way_back)
    yield from _asset_changes(name, was.assets if was else (), now.assets)
    if was is not None:
        yield from _fact_changes(name, was.facts, now.facts)
        yield from _fact_changes(name, was.details, now.details)


def _shipment_change(name: str, was: Shipment | None, now: Shipment | None) -> Change:
    return Change(Aspect.SHIPMENT, name, _parcel(was), _parcel(now), now.link if now else "")


def _parcel(shipment: Shipment | None) -> str:
    return f"{shipment.carrier} {shipment.number}".strip() if shipment else ""


def _asset_changes(name: str, before: tuple[Asset, ...], after: tuple[Asset, ...]) -> Iterator[Change]:
    known = _by_id(before)
    for key, asset in _by_id(after).items():
        was = known.pop(key, None)
        if was is None:
            yield Change(Aspect.ASSET, name, "", asset.id)
        macs = was.macs if was else ()
        if sorted(macs) != sorted(asset.macs):
            yield Change(Aspect.MAC, asset.id, ", ".join(macs), ", ".join(asset.macs))
    for gone in known.values():
        yield Change(Aspect.ASSET, name, gone.id, "")


def _by_id(things: Iterable[_Thing]) -> dict[tuple[str, int], _Thing]:
    """Things by their id and a number, because no cloud promises that an id stands only once."""
    seen: Counter[str] = Counter()
    found = {}
    for thing in things:
        found[thing.id, seen[thing.id]] = thing
        seen[thing.id] += 1
    return found


def unit_name(unit: Unit) -> str:
    """How a unit is called in a sentence: how many of what, or its name where it has one of its own."""
    return unit.name if unit.own_name else f"{unit.quantity} × {unit.name}"


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter  # heavy, and not needed before the first order

    return TypeAdapter(Snapshot)


def dump(snapshot: Snapshot) -> str:
    """A snapshot as JSON text."""
    text: bytes = _adapter().dump_json(snapshot)
    return text.decode()


def load(text: str) -> Snapshot:
    """A snapshot from JSON text."""
    snapshot: Snapshot = _adapter().validate_json(text)
    return snapshot

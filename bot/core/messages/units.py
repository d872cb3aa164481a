"""The units of an order, one by one: how the placing of each went, and what the cloud says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.core.messages import words
from bot.core.messages.blocks import code, link, one_line
from bot.core.order import Order, Placement, Step
from bot.core.snapshot import Asset, Passage, Shipment, Snapshot, Unit, unit_name

_MACS_IN_A_LINE = 8
_MARKS = {"SUCCEEDED": "✓", "NONE": "○", "": "○", "FAILED": "✗", "CANCELLED": "✗"}
_PLAIN_STAGES = frozenset({"SUCCEEDED", "NONE", ""})


def card_lines(order: Order) -> list[str]:
    """Every unit in short, mrkdwn: first those that the cloud shows nothing of, then what it shows."""
    return [*not_shown_lines(order), *(unit_lines(order.snapshot) if order.snapshot else ())]


def not_shown_lines(order: Order) -> list[str]:
    """The units of which a cloud shows nothing, with how the placing of each stands once it has begun."""
    shown = {unit.own_name for unit in order.snapshot.units} if order.snapshot else set()
    rest = [one for one in order.placements if one.unit.lower() not in shown]
    begun = any(one.step is not Step.TO_DO for one in order.placements)
    return outcome_lines(order.cloud, rest, 2400) if begun else []


def outcome_lines(cloud: str, placements: Sequence[Placement], room: int) -> list[str]:
    """How the placing of each unit stands, a mrkdwn line each, of about `room` characters in all."""
    limit = min(800, room // max(1, len(placements)) - 50)
    before = (None, *placements)
    return [
        f"• {one_line(one.unit)}: *{words.STEPS[one.step]}*{_why(cloud, one, previous, limit)}"
        for one, previous in zip(placements, before, strict=False)
    ]


def _why(cloud: str, one: Placement, previous: Placement | None, limit: int) -> str:
    if one.step not in (Step.REFUSED, Step.UNCLEAR):
        return ""
    if previous and one.why and (one.step, one.why) == (previous.step, previous.why):
        return ", for the same reason"
    if one.step is Step.REFUSED:
        return f". {words.says(words.cloud_short(cloud), one.why, limit)}"
    return f": {words.clause(one.why, limit)}"


def unit_lines(snapshot: Snapshot) -> list[str]:
    """A mrkdwn line for each unit, and those below it: its hardware, its way back, its facts."""
    return [line for unit in snapshot.units for line in _in_short(unit)]


def unit_in_full(unit: Unit) -> list[str]:
    """Everything that is known of one unit, in mrkdwn lines."""
    return [
        *_in_short(unit),
        *(f"    {_passage(one)}" for one in unit.passages),
        *(_pair(label, value) for label, value in (*unit.details, *unit.record)),
    ]


def _in_short(unit: Unit) -> Iterator[str]:
    parcel = f" · {parcel_text(unit.shipment)}" if unit.shipment else ""
    yield f"• {one_line(unit_name(unit))}: *{one_line(words.status(unit.status))}*{parcel}"
    for asset in unit.assets:
        yield from _asset_lines(asset)
    if unit.way_back:
        yield f"    Way back: {parcel_text(unit.way_back)}"
    for label, value in unit.facts:
        yield _pair(label, value)


def _asset_lines(asset: Asset) -> Iterator[str]:
    macs = [code(mac) for mac in asset.macs]
    first = f" · MAC {', '.join(macs[:_MACS_IN_A_LINE])}" if macs else ""
    yield f"    asset {code(asset.id)}{first}"
    for start in range(_MACS_IN_A_LINE, len(macs), _MACS_IN_A_LINE):
        yield f"        {', '.join(macs[start : start + _MACS_IN_A_LINE])}"


def _passage(one: Passage) -> str:
    """A stage of the history: what it is called, how it went where that is not plain, and since when."""
    status = one.status.replace(" ", "").upper()
    title = one_line(one.title or words.readable(one.stage), 100) or "–"
    how = "" if status in _PLAIN_STAGES else f" ({one_line(words.readable(one.status).lower(), 100)})"
    return f"{_MARKS.get(status, '…')} {title}{how}{f' · {one_line(one.at, 50)}' if one.at else ''}"


def _pair(label: str, value: str) -> str:
    return f"    {one_line(label)}: {one_line(value)}"


def parcel_text(shipment: Shipment) -> str:
    """Carrier and tracking number, linked where the carrier's page is known."""
    said = f"{shipment.carrier} {shipment.number}".strip() or "parcel"
    return link(shipment.link, said) if shipment.link else one_line(said)

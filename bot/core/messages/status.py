"""Where an order stands, in full: what `/order status` shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from bot.core.approval import Plan
from bot.core.events import Operation
from bot.core.messages import operations, words
from bot.core.messages.blocks import (
    MESSAGE_LIMIT,
    Block,
    Say,
    actions,
    code,
    columns,
    context,
    fitting,
    one_line,
    quotation,
    section,
    sections,
    size,
    user,
)
from bot.core.messages.request import banners, changed, outcome, progress, proof
from bot.core.messages.stages import stages
from bot.core.messages.terms import items, request_fields, told
from bot.core.messages.units import card_lines, not_shown_lines, outcome_lines, unit_in_full
from bot.core.messages.words import headline
from bot.core.order import Order, State
from bot.core.snapshot import Unit

_MOST_BLOCKS = 40
_PIECE = 1200
"""Characters of a section: what does not fit is left out section by section."""
_HINT = 250
"""Characters that are kept free for saying that there is more."""
_MARKS = {"complete": "✓", "in_progress": "…", "pending": "○", "error": "✗"}


def status(order: Order, events: Sequence[Mapping[str, Any]], unit: str = "") -> Say:
    """Where an order stands, all that is known of it, and its timeline.

    Args:
        order: The order.
        events: Its audit events, oldest first.
        unit: The name of an item of it, in any case: that item alone is shown, and all of it.
    """
    return _one_unit(order, unit) if unit else _whole(order, events)


def _whole(order: Order, events: Sequence[Mapping[str, Any]]) -> Say:
    head: list[Block] = [section(f"*{words.name(order)}* is *{headline(order)}*")]
    if order.request:
        head += [
            section(f"{items(order.request)} for {user(order.requester)}"),
            quotation(order.request.reason),
            *columns(request_fields(order.request)),
        ]
    if order.decided_by or order.state is State.REFUSED:
        head.append(context(outcome(order)))
    tail = [section("\n".join(timeline(events)))]
    offered = operations.all_buttons(order)
    if offered:
        tail.append(actions(*offered))
    room = MESSAGE_LIMIT - size([*head, *tail])
    bars = " › ".join(f"{_MARKS[stage.status]} {stage.title}" for stage in stages(order))
    return Say(
        f"{words.name(order)} is {headline(order)}. {one_line(bars, 500)}",
        (*head, *_details(order, room), *tail),
    )


def _details(order: Order, room: int) -> list[Block]:
    """What the cloud says: of every unit in full if there is room for that, else in short."""
    units = order.snapshot.units if order.snapshot else ()
    facts = order.snapshot.facts if order.snapshot else ()
    heading = columns([(one_line(label), one_line(value)) for label, value in facts])
    in_full = (line for unit in units for line in unit_in_full(unit))
    full = [*heading, *sections([*not_shown_lines(order), *in_full], _PIECE)]
    if size(full) <= room and len(full) <= _MOST_BLOCKS:
        return full
    short = [*heading, *sections(card_lines(order), _PIECE)]
    ends = accumulate(size([block]) for block in short)
    shown = [block for block, end in zip(short, ends, strict=True) if end <= room - _HINT][:_MOST_BLOCKS]
    return [*shown, context(_hint(units, cut=len(shown) < len(short)))]


def _hint(units: Sequence[Unit], *, cut: bool) -> str:
    """How to see what is not shown; only items of Azure have names by which one can be asked for."""
    more = "… and more than fits into one message." if cut else "That is every unit in short."
    named = next((unit.own_name for unit in units if unit.own_name), "")
    return f"{more} `/order status {one_line(named, 70)}` shows one in full." if named else more


def _one_unit(order: Order, name: str) -> Say:
    """One unit, and everything that is known of it."""
    lines = _unit_lines(order, name.lower())
    shown = fitting(lines, MESSAGE_LIMIT - 2000)
    if len(shown) < len(lines):
        shown.append("… and more than fits into one message.")
    whole = f"{words.name(order)} is {headline(order)}. `/order status {order.id}` shows the whole order."
    return Say(f"{one_line(name)}: {whole}", (*sections(shown), context(whole)))


def _unit_lines(order: Order, name: str) -> list[str]:
    units = order.snapshot.units if order.snapshot else ()
    for unit in units:
        if unit.own_name == name:
            return unit_in_full(unit)
    placing = [one for one in order.placements if one.unit.lower() == name]
    return outcome_lines(order.cloud, placing, 2400) or [f"{code(name)} is no unit of this order."]


def timeline(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """The newest events, as many as fit into one section."""
    lines = [_moment(event) for event in events if event["verb"] in _TIMELINE]
    shown = len(fitting(lines[::-1], 2900))
    left_out = [f"… {len(lines) - shown} earlier"] if shown < len(lines) else []
    return ["*Timeline*", *left_out, *lines[len(lines) - shown :]]


_TIMELINE = {
    "Filed": "asked for",
    "Checked": "known to the cloud",
    "CheckRefused": "refused before approval",
    "Approved": "approved",
    "GlassBroken": "glass broken",
    "Rejected": "rejected",
    "Replanned": "judged by a new policy",
    "Reminded": "approvers reminded",
    "Escalated": "others asked too",
    "Expired": "expired",
    "Edited": "changed, and asked again",
    "Repriced": "not what was approved any more, and asked again",
    "Withdrawn": "withdrawn",
    "Attempted": "sent to the cloud",
    "Accepted": "taken by the cloud, which works on it",
    "NothingSent": "not sent after all",
    "WentUnclear": "unclear",
    "PeopleAsked": "operators asked",
    "WasPlaced": "placed",
    "WasRefused": "refused by the cloud",
    "SaidNotPlaced": "not placed, an operator says",
    "CancelAsked": "cancellation asked for",
    "CancelRefused": "cancellation refused",
    "OperationAsked": "asked for",
    "OperationDone": "done",
    "OperationRefused": "refused by the cloud",
    "Looked": "news from the cloud",
}


def newest(events: Sequence[Mapping[str, Any]]) -> str:
    """The newest thing that people care about, as a line of the timeline; "" where there is none.

    Args:
        events: Audit events of one order, newest first.
    """
    return next((_moment(event) for event in events if event["verb"] in _TIMELINE), "")


def _moment(event: Mapping[str, Any]) -> str:
    body = json.loads(event["body"])
    said = f"{_subject(body)}{_TIMELINE[event['verb']]}"
    who = f" by {user(event['actor'])}" if event["actor"] != "bot" else ""
    news = one_line("; ".join(body.get("news", [])), 300)
    more = f": {news}" if news else ""
    return f"{event['at'][:16].replace('T', ' ')} UTC · {said}{who}{more}"


def _subject(body: Mapping[str, Any]) -> str:
    """What an event is about, where it is not the order as a whole."""
    if body.get("operation"):
        return f"{words.OPERATIONS[Operation(body['operation'])].noun} "
    return f"{one_line(body['unit'])} " if body.get("unit") else ""


def details(
    order: Order,
    plan: Plan | None,
    events: Sequence[Mapping[str, Any]],
    audit: tuple[int, str],
    risks: Sequence[str] = (),
) -> list[Block]:
    """All of a request, for a view of its own: what is asked for, by whom it is decided, what has happened.

    Args:
        order: The order; it was asked for here.
        plan: Whose yes it needs.
        events: Its audit events, oldest first.
        audit: Number and hash of the newest audit event.
        risks: What is risky about it, a sentence each.
    """
    terms = told(order.asked)
    return [
        section(f"*{words.sentence(headline(order))}*"),
        section(f"{user(order.requester)} asks for this {terms.where}:"),
        *sections([f"• {item}" for item in terms.items]),
        *changed(order),
        section("*Reason*"),
        quotation(order.asked.reason),
        *columns(request_fields(order.asked)),
        *([context(terms.price)] if terms.price else []),
        *banners(risks),
        *([section("\n".join(progress(order, plan)))] if plan else []),
        section("\n".join(timeline(events))),
        context(proof(order, audit)),
    ]

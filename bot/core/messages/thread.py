"""What is told once: in the card's thread to watchers, and directly to the requester."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.core.messages import words
from bot.core.messages.blocks import (
    Block,
    Say,
    clean,
    code,
    escape,
    link,
    one_line,
    quotation,
    quote,
    section,
    user,
)
from bot.core.messages.card import headline
from bot.core.order import Order
from bot.core.request import Request, command_line
from bot.core.snapshot import Aspect, Change

_MOST_LINES = 40
_LINE_LIMIT = 2900


def in_thread(order: Order, told: Mapping[str, Any]) -> Say:
    """One event, for the thread of the order's card.

    Args:
        order: The order as it is now.
        told: What the work row carries: `event`, its name, and what else belongs to it.
    """
    said, quoted = what_happened(order, told), words_said(order, told)
    return Say(_with(said, quoted), (section(said), *_quotation(quoted)))


def directly(order: Order, told: Mapping[str, Any]) -> Say:
    """One event, for the requester's direct messages."""
    said = f"*{words.name(order)}* ({one_line(words.what(order))})\n{what_happened(order, told)}"
    if told["event"] in ("WasRefused", "CheckRefused") and order.request:
        said += f"\n{words.advice(order.code)} To ask again, change this and send it:"
        return Say(said, (section(said), section(f"```{_again(order.request)}```")))
    quoted = words_said(order, told)
    more = [f"`/order mute {order.id}` stops these messages."] if told["event"] == "WasPlaced" else []
    last = [section("\n".join(more))] if more else []
    return Say(_with(said, quoted), (section(said), *_quotation(quoted), *last))


def what_happened(order: Order, told: Mapping[str, Any]) -> str:
    """One event in words, mrkdwn."""
    cloud = words.cloud_short(order.cloud)
    by = user(told["by"]) if told.get("by") else ""
    match told["event"]:
        case "Approved":
            return f"*Approved* by {user(order.decided_by)}. It is being placed with {cloud}."
        case "Rejected":
            return f"*Rejected* by {user(order.decided_by)}."
        case "Withdrawn":
            return f"*Withdrawn* by {by or user(order.requester)}."
        case "WasPlaced":
            who = f" {by} found it." if by else ""
            return f"*Placed*: {cloud} order {code(order.ref.id if order.ref else '')}.{who}"
        case "WasRefused":
            return f"*Refused*. {_says(cloud, order.why)}"
        case "CheckRefused":
            return f"*Refused*: {words.clause(order.why)}."
        case "WentUnclear":
            return (
                f"*Unclear*: {words.clause(told['why'])}. {cloud} may or may not have the order; nothing is "
                "sent again, and its list is being searched."
            )
        case "PeopleAsked":
            return f"*Unclear*: {words.clause(told['why'])}. Operators have been asked to decide."
        case "Waits":
            return (
                f"Waits for {told['holder']}: only one order at a time is placed on an Outpost, so that no "
                "two can be mistaken for each other."
            )
        case "SaidNotPlaced":
            who = by or "An operator"
            return f"{who} has made sure that {cloud} has no such order. It is being placed again."
        case "CancelAsked":
            return f"{by or 'Somebody'} asks {cloud} to cancel the order."
        case "CancelRefused":
            return f"{cloud} does not cancel it. {_says(cloud, told['words'])}"
        case "Looked" if told["changes"]:
            return _changes(order, told["changes"])
    return words.sentence(headline(order))


def words_said(order: Order, told: Mapping[str, Any]) -> str:
    """What a person said with the event, as they wrote it; empty where they said nothing."""
    match told["event"]:
        case "Approved" | "Rejected":
            return order.note
        case "CancelAsked":
            return str(told.get("reason", ""))
    return ""


def _quotation(text: str) -> tuple[Block, ...]:
    return (quotation(text),) if text else ()


def _with(said: str, quoted: str) -> str:
    return f"{said}\n{quote(quoted)}" if quoted else said


def _says(cloud: str, text: str) -> str:
    """A cloud's own sentence after ours."""
    return f"{cloud} says: “{one_line(text, 800)}”" if text.strip() else f"{cloud} does not say why."


def _changes(order: Order, changed: Sequence[Mapping[str, str]]) -> str:
    lines = [
        change_line(Change(Aspect(c["aspect"]), c["subject"], c["was"], c["now"], c["link"])) for c in changed
    ]
    shown, length = [], 0
    for line in lines[:_MOST_LINES]:
        length += len(line) + 1
        if length > 2700:
            break
        shown.append(line)
    if len(shown) < len(lines):
        shown.append(f"… and {len(lines) - len(shown)} more changes: `/order status {order.id}`")
    return "\n".join(shown)


def change_line(change: Change) -> str:
    """One change in words, mrkdwn. Steps back and unknown statuses read like any other."""
    subject, was, now = (one_line(text, 300) for text in (change.subject, change.was, change.now))
    status = f"*{words.status(now)}*" + (f" (was {words.readable(was)})" if was else "")
    match change.aspect:
        case Aspect.STATUS:
            return f"Order: {status}"
        case Aspect.UNIT_STATUS:
            return f"{subject}: {status}"
        case Aspect.UNIT_ADDED:
            return f"{subject}: new on this order, {status}"
        case Aspect.UNIT_GONE:
            return f"{subject}: no longer on this order (was {words.status(was)})"
        case Aspect.SHIPMENT if now:
            parcel = link(change.link, change.now) if change.link else now
            return f"{subject}: travels with {parcel}" + (f" (was {was})" if was else "")
        case Aspect.SHIPMENT:
            return f"{subject}: no longer travels with {was}"
        case Aspect.ASSET:
            return f"{subject}: asset {code(now)}" if now else f"{subject}: asset {code(was)} is gone"
        case Aspect.MAC:
            return f"Asset {code(change.subject)}: MAC {now or 'none'}" + (f" (was {was})" if was else "")
    return f"{subject}: {now or 'none'}" + (f" (was {was})" if was else "")


def _again(request: Request) -> str:
    """The line that asks for the same again, for between three backticks.

    A section has no room for the longest reasons: they are shortened, so that the line stays whole.
    """
    lines = (
        _fenced(command_line(replace(request, reason=clean(request.reason, length))))
        for length in (3000, 2000, 1000, 500, 200)
    )
    return next((line for line in lines if len(line) <= _LINE_LIMIT), _fenced("/order"))


def _fenced(text: str) -> str:
    return escape(" ".join(text.split()), 10 * _LINE_LIMIT).replace("```", "ˋˋˋ")

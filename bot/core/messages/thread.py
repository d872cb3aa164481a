"""What is told once: in the card's thread to watchers, and directly to the requester."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.messages import words
from bot.core.messages.blocks import Say, code, link, one_line, quote, section, user
from bot.core.messages.card import headline
from bot.core.order import Order
from bot.core.request import command_line
from bot.core.snapshot import Aspect, Change

_MOST_LINES = 40


def in_thread(order: Order, told: Mapping[str, Any]) -> Say:
    """One event, for the thread of the order's card.

    Args:
        order: The order as it is now.
        told: What the work row carries: `event`, its name, and what else belongs to it.
    """
    said = what_happened(order, told)
    return Say(said, (section(said),))


def directly(order: Order, told: Mapping[str, Any], card: str = "") -> Say:
    """One event, for the requester's direct messages; `card` is a link to the order card, where known."""
    more = f"\n{link(card, 'Open the order card')}" if card else ""
    said = f"*{words.name(order)}* ({one_line(words.what(order))})\n{what_happened(order, told)}"
    if told["event"] in ("WasRefused", "CheckRefused") and order.request:
        said += f"\n{words.advice(order.code)} To ask again, change this and send it:"
        again = section(f"```{_fenced(command_line(order.request))}```")
        return Say(said, (section(said), again))
    mute = (
        "" if told["event"] != "WasPlaced" else f"\n`/order mute {order.id}` stops these messages."
    )
    return Say(said, (section(said + more + mute),))


def what_happened(order: Order, told: Mapping[str, Any]) -> str:
    """One event in words, mrkdwn."""
    cloud = words.cloud_short(order.cloud)
    by = user(told["by"]) if told.get("by") else ""
    note = f"\n{quote(order.note)}" if order.note else ""
    match told["event"]:
        case "Approved":
            return f"*Approved* by {user(order.decided_by)}. It is being placed with {cloud}.{note}"
        case "Rejected":
            return f"*Rejected* by {user(order.decided_by)}.{note}"
        case "Withdrawn":
            return f"*Withdrawn* by {by}."
        case "WasPlaced":
            who = f" {by} found it." if by else ""
            return f"*Placed*: {cloud} order {code(order.ref.id if order.ref else '')}.{who}"
        case "WasRefused" | "CheckRefused":
            return f"*Refused*. {cloud} says: {quote_inline(order.why)}"
        case "WentUnclear":
            return (
                f"*Unclear*: {one_line(told['why'], 500)}. {cloud} may or may not have the order; nothing is sent "
                "again, and its list is being searched."
            )
        case "PeopleAsked":
            return f"*Unclear*: {one_line(told['why'], 500)}. An operator has been asked to decide."
        case "Waits":
            return f"Waits for {told['holder']}: one order at a time is placed on an Outpost, so that none is confused."
        case "SaidNotPlaced":
            return f"{by} has made sure that {cloud} has no such order. It is placed again."
        case "CancelAsked":
            reason = f"\n{quote(told['reason'])}" if told.get("reason") else ""
            return f"{by} asks {cloud} to cancel the order.{reason}"
        case "CancelRefused":
            return f"{cloud} does not cancel it and says: {quote_inline(told['words'])}"
        case "Looked":
            return _changes(order, told["changes"])
    return words.sentence(headline(order))


def quote_inline(text: str) -> str:
    """A cloud's own sentence within ours."""
    return f"“{one_line(text, 800)}”" if text else "nothing about why."


def _changes(order: Order, changed: Sequence[Mapping[str, str]]) -> str:
    lines = [
        change_line(Change(Aspect(c["aspect"]), c["subject"], c["was"], c["now"], c["link"]))
        for c in changed
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
    status = f"*{words.readable(now)}*" + (f" (was {words.readable(was)})" if was else "")
    match change.aspect:
        case Aspect.STATUS:
            return f"Order: {status}"
        case Aspect.UNIT_STATUS:
            return f"{subject}: {status}"
        case Aspect.UNIT_ADDED:
            return f"{subject}: new on this order, {status}"
        case Aspect.UNIT_GONE:
            return f"{subject}: no longer on this order (was {words.readable(was)})"
        case Aspect.SHIPMENT if now:
            parcel = link(change.link, change.now) if change.link else now
            return f"{subject}: travels with {parcel}" + (f" (was {was})" if was else "")
        case Aspect.SHIPMENT:
            return f"{subject}: no longer travels with {was}"
        case Aspect.ASSET:
            return (
                f"{subject}: asset {code(now)}" if now else f"{subject}: asset {code(was)} is gone"
            )
        case Aspect.MAC:
            return f"asset {subject}: MAC {now or 'none'}" + (f" (was {was})" if was else "")
    return f"{subject}: {now or 'none'}" + (f" (was {was})" if was else "")


def _fenced(text: str) -> str:
    """Text for between three backticks, with nothing live in it and short enough for a section."""
    cut = one_line(text, 2800)
    return cut.replace("```", "ˋˋˋ")

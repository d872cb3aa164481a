"""What one person reads in answer to a command or a click."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from bot.core.messages import words
from bot.core.messages.blocks import (
    MESSAGE_LIMIT,
    Block,
    Say,
    actions,
    button,
    code,
    context,
    date,
    fields,
    one_line,
    quotation,
    section,
    size,
    user,
)
from bot.core.messages.card import cancel_button, headline, stages, unit_lines
from bot.core.messages.request import outcome
from bot.core.order import HOLDS_SCOPE, Kind, Order, State
from bot.core.policy import Reason
from bot.core.snapshot import Snapshot


def say(text: str) -> Say:
    """A plain answer; `text` is mrkdwn."""
    return Say(text, (section(text),))


def filed(order: Order) -> Say:
    wait = "AWS is asked whether it knows all of it; then" if order.state is State.CHECKING else "Now"
    return say(
        f"*{order.id}* is filed: {words.items(order.asked)} on {words.where(order.asked)}. "
        f"{wait} an approver decides. `/order status {order.id}` tells where it stands."
    )


def tracking(order: Order) -> Say:
    return say(f"*{order.id}*: looking for {code(order.looking_for)}; its card follows when it is found.")


def no_aws_order(ref: str) -> Say:
    return say(f"{code(ref)} is no AWS order id: those are `oo-` and 17 characters of 0-9 and a-f.")


def already_followed(order: Order) -> Say:
    return say(f"This order is followed already, as *{order.id}*: {headline(order)}.")


def nobody_can_approve() -> Say:
    return say(
        "Not filed: nobody could approve it. APPROVERS names nobody but you, or nobody at all; "
        "an operator has to name an approver."
    )


def cloud_not_offered(cloud: str, offered: Sequence[str]) -> Say:
    there = (
        ", ".join(f"`/order {name}`" for name in offered) or "none yet; an operator has to set AWS_REGIONS"
    )
    return say(f"{words.cloud_name(cloud)} is not set up here. What can be ordered: {there}.")


def no_such(ref: str) -> Say:
    return say(f"There is no order {code(ref)} here. `/order list all` shows those that there are.")


def decided(order: Order, verb: str) -> Say:
    word = "approved" if verb == "approve" else "rejected"
    return say(f"You {word} *{order.id}*.")


def already(order: Order) -> Say:
    """Somebody was first, or the order went on without this click."""
    if order.decided_by:
        verb = "rejected" if order.state is State.REJECTED else "approved"
        at = f", {date(order.decided_at)}" if order.decided_at else ""
        who = f"{user(order.decided_by)}{at}"
        return say(f"*{order.id}* was {verb} by {who}. Where it stands now: {headline(order)}.")
    if order.state is State.CHECKING:
        return say(f"*{order.id}* cannot be decided yet: the cloud is still being asked about it.")
    return say(f"*{order.id}* is {headline(order)}: there is nothing to decide any more.")


def changed_since(order: Order) -> Say:
    return say(f"*{order.id}* was changed after this message was posted. Decide on the newest one.")


def checking_group(order: Order) -> Say:
    return say(f"*{order.id}*: your click is noted. Slack is asked who may decide; the answer follows.")


def may_not(order: Order, verb: str, reason: Reason, approvers: Sequence[str]) -> Say:
    """Why somebody may not decide, and what they can do."""
    if reason is Reason.OWN_REQUEST:
        more = f" To take it back: `/order withdraw {order.id}`."
        return say(f"You asked for *{order.id}* yourself: somebody else has to decide.{more}")
    if reason is Reason.NOBODY:
        return say(f"Nobody may {verb} *{order.id}*: APPROVERS is empty. An operator has to set it.")
    if reason is Reason.UNKNOWN:
        return say(
            f"Not done: the user groups that may decide about *{order.id}* cannot be read from Slack. "
            "Without that nobody of them can; try again later."
        )
    others = tuple(id for id in approvers if id != order.requester)
    return say(f"You may not {verb} *{order.id}*. These can: {words.people(others)}.")


def only_requester(order: Order, verb: str) -> Say:
    return say(f"Only {user(order.requester)}, who asked for *{order.id}*, can {verb} it.")


def withdrawn(order: Order) -> Say:
    return say(f"You took *{order.id}* back. Nothing was ordered.")


def too_late(order: Order, verb: str) -> Say:
    more = f" `/order cancel {order.id}` asks the cloud to cancel it." if order.state is State.PLACED else ""
    return say(f"*{order.id}* is {headline(order)}: it cannot be {verb} any more.{more}")


def not_placed(order: Order) -> Say:
    if order.state in HOLDS_SCOPE:
        return say(
            f"*{order.id}* is {headline(order)}: the cloud may or may not have it. Once that is settled, "
            "it can be cancelled."
        )
    more = f" `/order withdraw {order.id}` takes it back." if order.state in _OPEN else ""
    return say(f"*{order.id}* is {headline(order)}: there is nothing to cancel in the cloud.{more}")


_OPEN = (State.CHECKING, State.WAITING, State.APPROVED)


def cancel_asks_back(order: Order, draft: str) -> Say:
    """Asks before a cloud is asked to cancel; `draft` keeps the reason."""
    text = (
        f"Ask {words.cloud_short(order.cloud)} to cancel *{order.id}* ({one_line(words.what(order))}, "
        f"{headline(order)})? This cannot be taken back."
    )
    sure = cancel_button(order) | {"value": f"{order.id} {draft}".strip()}
    return Say(text, (section(text), actions(sure)))


def may_not_cancel(order: Order) -> Say:
    own = f"{user(order.requester)}, approvers" if order.kind is Kind.ASKED else "approvers"
    return say(f"Only {own} and operators can cancel *{order.id}*.")


def cancelling(order: Order) -> Say:
    return say(
        f"{words.cloud_short(order.cloud)} is asked to cancel *{order.id}*; the thread tells what it says."
    )


def operators_only(order: Order) -> Say:
    return say(f"Only operators decide about *{order.id}* while it is unclear. OPERATORS names them.")


def operators_unknown(order: Order) -> Say:
    return say(f"*{order.id}*: Slack is being asked who the operators are. Click again in a moment.")


def confirming(order: Order, ref: str) -> Say:
    return say(f"*{order.id}*: the cloud is asked for {code(ref)}; then the order goes on.")


def sent_again(order: Order) -> Say:
    return say(f"*{order.id}* is being placed again. That you decided so stands in the audit log.")


def muted(order: Order) -> Say:
    return say(f"No more direct messages about *{order.id}*. Its card and thread go on.")


def status(order: Order, events: Sequence[Mapping[str, Any]]) -> Say:
    """Where an order stands, all that is known of it, and its timeline."""
    head: list[Block] = [section(f"*{words.name(order)}* is *{headline(order)}*")]
    if order.request:
        head += [
            section(f"{words.items(order.request)} for {user(order.requester)}"),
            quotation(order.request.reason),
            fields(words.request_fields(order.request)),
        ]
    if order.decided_by or order.state is State.REFUSED:
        head.append(context(outcome(order)))
    tail = [section("\n".join(_timeline(events)))]
    if order.state is State.PLACED and order.snapshot and not order.cancel_asked_by:
        tail.append(actions(cancel_button(order)))
    room = MESSAGE_LIMIT - size([*head, *tail])
    bars = " › ".join(f"{_MARKS[stage.status]} {stage.title}" for stage in stages(order))
    return Say(
        f"{words.name(order)} is {headline(order)}. {one_line(bars, 500)}",
        (*head, *_details(order.snapshot, room), *tail),
    )


_MARKS = {"complete": "✓", "in_progress": "…", "pending": "○", "error": "✗"}


def _parts(lines: Sequence[str], size: int = 2800) -> list[str]:
    """Lines in as few pieces as sections can hold."""
    parts: list[str] = []
    for line in lines:
        if parts and len(parts[-1]) + len(line) < size:
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
    return parts


def _details(snapshot: Snapshot | None, room: int) -> list[Block]:
    """What the cloud says, as much of it as there is room for."""
    if snapshot is None:
        return []
    pairs = [(one_line(label), one_line(value)) for label, value in snapshot.facts]
    every = [fields(pairs[at : at + 10]) for at in range(0, len(pairs), 10)]
    every += [section(part) for part in _parts(unit_lines(snapshot), 1200)]
    ends = accumulate(size([block]) for block in every)
    shown = [block for block, end in zip(every, ends, strict=True) if end <= room][:40]
    left_out = [context("… and more than fits into one message.")] if len(shown) < len(every) else []
    return [*shown, *left_out]


def _timeline(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """The newest events, as many as fit into one section."""
    lines = [_moment(event) for event in events if event["verb"] in _TIMELINE]
    ends = accumulate(len(line) + 1 for line in reversed(lines))
    shown = sum(end <= 2900 for end in ends)
    left_out = [f"… {len(lines) - shown} earlier"] if shown < len(lines) else []
    return ["*Timeline*", *left_out, *lines[len(lines) - shown :]]


_TIMELINE = {
    "Filed": "asked for",
    "Checked": "known to the cloud",
    "CheckRefused": "refused before approval",
    "Approved": "approved",
    "Rejected": "rejected",
    "Withdrawn": "withdrawn",
    "Attempted": "sent to the cloud",
    "NothingSent": "not sent after all",
    "WentUnclear": "unclear",
    "PeopleAsked": "operators asked",
    "WasPlaced": "placed",
    "WasRefused": "refused by the cloud",
    "SaidNotPlaced": "not placed, an operator says",
    "CancelAsked": "cancellation asked for",
    "CancelRefused": "cancellation refused",
    "Looked": "news from the cloud",
}


def _moment(event: Mapping[str, Any]) -> str:
    body = json.loads(event["body"])
    who = f" by {user(event['actor'])}" if event["actor"] != "bot" else ""
    news = one_line("; ".join(body.get("news", [])), 300)
    more = f": {news}" if news else ""
    return f"{event['at'][:16].replace('T', ' ')} UTC · {_TIMELINE[event['verb']]}{who}{more}"


def listing(orders: Sequence[Order], which: str, page: int, more: bool) -> Say:
    """A page of orders, newest first."""
    if not orders:
        return say(_EMPTY.get(which, _EMPTY["all"]) if page == 1 else "No more orders.")
    lines = [
        f"*{words.name(order)}* · {headline(order)} · {one_line(words.what(order))} · "
        f"{user(order.requester)}, {date(order.filed_at)}"
        for order in orders
    ]
    turn = []
    if page > 1:
        turn.append(button("Previous", "list_previous", f"{which} {page - 1}"))
    if more:
        turn.append(button("Next", "list_next", f"{which} {page + 1}"))
    blocks = [section(part) for part in _parts(lines)]
    return Say(f"Orders ({which}), page {page}", (*blocks, *([actions(*turn)] if turn else [])))


_EMPTY = {
    "mine": "You have not asked for anything yet. `/order aws` does.",
    "open": "No order is open. `/order list all` shows those that have ended.",
    "waiting": "No order waits for approval.",
    "all": "No orders here yet. `/order aws` asks for one.",
}


def whoami(person: str, groups: Sequence[str], rights: Mapping[str, Reason], regions: Sequence[str]) -> Say:
    """What the bot knows of somebody, and why they may or may not do things.

    Args:
        person: Slack user id.
        groups: The user groups of the settings that they are in.
        rights: `approve` and `operate`, each with the reason for or against.
        regions: The AWS Regions in which can be ordered.
    """
    where = (
        f"in {', '.join(code(region) for region in regions)}" if regions else "nothing: no cloud is set up"
    )
    lines = [
        f"You are {user(person)} ({code(person)}).",
        f"*Groups that matter here:* {words.people(tuple(groups)) or 'none'}",
        f"*You may request:* AWS Outposts {where}" if regions else f"*You may request:* {where}",
        f"*You may approve:* {_right(rights['approve'], 'APPROVERS', 'all requests but your own')}",
        f"*You are an operator:* {_right(rights['operate'], 'OPERATORS', 'you settle unclear orders')}",
    ]
    return say("\n".join(lines))


def _right(reason: Reason, variable: str, yes: str) -> str:
    return {
        Reason.ALLOWED: f"yes, {variable} names you: {yes}.",
        Reason.NOT_NAMED: f"no, {variable} does not name you.",
        Reason.NOBODY: f"no, {variable} is empty.",
        Reason.UNKNOWN: f"not known yet, the groups in {variable} are being read: ask again in a moment.",
    }.get(reason, "no.")


def form_failed(draft: str, why: str) -> Say:
    """The form could not be opened; what was typed is kept."""
    text = f"The form could not be opened ({words.clause(why, 200)}). What you typed is kept."
    return Say(text, (section(text), actions(button("Open the form", "open_form", draft))))


def draft_gone() -> Say:
    return say("What you typed then is not kept any more. `/order aws` opens an empty form.")


def sorry(incident: str) -> Say:
    """Something broke on our side; `incident` finds it in the log."""
    return say(
        "Sorry, something went wrong on our side. Before you try again, see with `/order list` whether it "
        f"was done. An operator finds the cause under the code {code(incident)}."
    )

"""The message in the approvals channel: what an approver decides about, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.messages import words
from bot.core.messages.blocks import (
    Block,
    Say,
    actions,
    button,
    columns,
    context,
    date,
    header,
    one_line,
    quotation,
    section,
    table,
    user,
)
from bot.core.messages.terms import items_plain, request_fields, told
from bot.core.messages.words import headline, headline_plain
from bot.core.order import Order, State
from bot.core.policy import is_group


def asks_for_approval(order: Order, approvers: Sequence[str], audit: tuple[int, str]) -> Say:
    """The request as it is now, with buttons while it waits.

    Args:
        order: The order.
        approvers: User and user-group ids that may decide; the requester is left out.
        audit: Number and hash of the newest audit event, which Slack then keeps for us.
    """
    waiting = order.state is State.WAITING
    title = "needs approval" if waiting else f"is {headline_plain(order)}"
    terms = told(order.asked)
    bought = f"{items_plain(order.asked)} {terms.where_plain}"
    rest = [pair for pair in request_fields(order.asked) if pair[0] not in terms.head]
    return Say(
        f"{order.id} {one_line(title)}: {one_line(bought, 500)}",
        tuple(
            block
            for block in (
                header(f"{order.id} {title}"),
                section(f"{user(order.requester)} asks for this {terms.where}:"),
                table(terms.head, terms.rows),
                section("*Reason*"),
                quotation(order.asked.reason),
                *columns(rest),
                context(terms.price) if waiting and terms.price else None,
                _buttons(order) if waiting else None,
                context(_who_can(order, approvers) if waiting else outcome(order)),
                context(_proof(order, audit)),
            )
            if block
        ),
    )


def _buttons(order: Order) -> Block:
    value = button_value(order)
    return actions(
        button("Approve", "approve", value, "primary", label=f"Approve {order.id}"),
        button("Reject", "reject", value, "danger", label=f"Reject {order.id}"),
    )


def button_value(order: Order) -> str:
    """What a decision is about: the order, and the digest of exactly what is shown."""
    return f"{order.id} {order.asked.digest()}"


def _who_can(order: Order, approvers: Sequence[str]) -> str:
    others = tuple(id for id in approvers if id != order.requester)
    if not others:
        return "Nobody can decide about this: an operator has to name an approver other than the requester."
    anyone = "" if len(others) == 1 and not is_group(others[0]) else "Any one of "
    cloud = words.cloud_short(order.cloud)
    return f"{anyone}{words.people(others)} can decide. Once placed, {cloud} may not let it be cancelled."


def outcome(order: Order) -> str:
    """What was decided, by whom and when, and how it went on; mrkdwn."""
    decided = f" by {user(order.decided_by)}" if order.decided_by else ""
    at = f", {date(order.decided_at)}" if order.decided_at else ""
    note = f": “{one_line(order.note, 500)}”" if order.note else ""
    match order.state:
        case State.CHECKING | State.WAITING:
            return words.sentence(headline(order))
        case State.APPROVED:
            return f"*Approved*{decided}{at}{note} · about to be placed"
        case State.REJECTED:
            return f"*Rejected*{decided}{at}{note}"
        case State.WITHDRAWN:
            return f"*Withdrawn* by {user(order.requester)}"
        case State.REFUSED:
            return f"*Refused*: {words.clause(order.why)}"
        case State.UNCLEAR:
            return f"*Approved*{decided}{at}{note} · *{headline(order)}*: {words.clause(order.why)}"
    ref = f" · {words.cloud_order(order)}" if order.ref else ""
    return f"*Approved*{decided}{at}{note} · {headline(order)}{ref}"


def _proof(order: Order, audit: tuple[int, str]) -> str:
    return f"Request {order.asked.digest()[:12]} · audit {audit[0]} {audit[1][:16]}"

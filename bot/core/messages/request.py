"""The message in the approvals channel: what an approver decides about, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.approval import GLASS, Approval, Needed, Plan, counted, current, given, missing
from bot.core.messages import words
from bot.core.messages.blocks import (
    Block,
    Say,
    actions,
    button,
    columns,
    context,
    date,
    fitting,
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


def asks_for_approval(
    order: Order, plan: Plan | None, audit: tuple[int, str], risks: Sequence[str] = ()
) -> Say:
    """The request as it is now, for the approvals channel, with buttons while it waits.

    Args:
        order: The order.
        plan: Whose yes it needs.
        audit: Number and hash of the newest audit event, which Slack then keeps for us.
        risks: What is risky about it, a sentence each.
    """
    return _asks(order, plan, audit, risks, edit_button(order))


def _asks(order: Order, plan: Plan | None, audit: tuple[int, str], risks: Sequence[str], *more: Block) -> Say:
    """The request with the buttons that decide about it, and `more` of them."""
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
                *changed(order),
                section("*Reason*"),
                quotation(order.asked.reason),
                *columns(rest),
                context(terms.price) if waiting and terms.price else None,
                *(banners(risks) if waiting else ()),
                *(_fitted(progress(order, plan), _ROOM_FOR_STEPS) if plan and waiting else ()),
                _buttons(order, *more) if waiting else None,
                context(_note(order, plan) if waiting else outcome(order)),
                context(proof(order, audit)),
            )
            if block
        ),
    )


def banners(risks: Sequence[str]) -> list[Block]:
    """What is risky, a line each, as many as leave room for the rest of a message."""
    return _fitted([f":warning: {one_line(risk, 500)}" for risk in risks], _ROOM_FOR_RISKS)


def _fitted(lines: Sequence[str], room: int) -> list[Block]:
    """Lines as one section, and how many there was no room for."""
    shown = fitting(lines, room)
    left = len(lines) - len(shown)
    return [section("\n".join([*shown, *([f"… and {left} more"] if left else [])]))] if lines else []


# With everything at its longest the message is just what Slack takes (`MESSAGE_LIMIT`).
_ROOM_FOR_RISKS = 1500
_ROOM_FOR_CHANGES = 1500
_ROOM_FOR_STEPS = 2500


def changed(order: Order) -> list[Block]:
    """What is not as it was when approval was asked for before."""
    if not order.changed or order.state is not State.WAITING:
        return []
    lines = [f"• {one_line(change, 300)}" for change in order.changed]
    head = "*Changed since it was asked before* (earlier approvals count no more)"
    return _fitted([head, *lines], _ROOM_FOR_CHANGES)


def progress(order: Order, plan: Plan) -> list[str]:
    """Who has decided so far, and what is still needed, a line each step; mrkdwn."""
    waits = current(plan, order.approvals)
    lines = [_step(step, order, waits is not None and step.name == waits.name) for step in plan.steps]
    glass = given(plan.glass, order.approvals) if plan.glass else ()
    if plan.glass and glass:
        left = missing(plan.glass, order.approvals)
        who = ", ".join(_approver(one) for one in glass)
        lines.append(f":rotating_light: *{GLASS}:* {who}; {left} more of {words.people(plan.glass.deciders)}")
    return lines


def _step(step: Needed, order: Order, waits: bool) -> str:
    said = given(step, order.approvals)
    left = missing(step, order.approvals)
    yes = ", ".join(_approver(one) for one in said)
    name = one_line(step.name, 100) or "Approval"
    if not left:
        return f":white_check_mark: *{name}:* {yes}"
    # Who comes later is not named yet: a name in a message notifies.
    who = f"{_so_many(left)} of {_people(step, order)}" if waits else f"then {_so_many(left)}"
    so_far = f"{yes}; " if yes else ""
    return f"{':hourglass:' if waits else ':white_circle:'} *{name}:* {so_far}{who}"


def _so_many(number: int) -> str:
    return "any one" if number == 1 else f"any {number}"


def _people(step: Needed, order: Order) -> str:
    others = tuple(id for id in step.deciders if id != order.requester)
    return words.people(others) or "nobody: an operator has to name an approver other than the requester"


def _approver(one: Approval) -> str:
    """Somebody who said yes, in whose name, and what they said."""
    owner = f" for {user(one.owner)}" if one.owner else ""
    note = f" “{one_line(one.note, 200)}”" if one.note else ""
    return f"{user(one.by)}{owner}{note}"


def asks_next(order: Order, plan: Plan) -> Say:
    """A line in the thread of the request, for those who come next."""
    step = current(plan, order.approvals)
    if step is None:
        return Say(f"{order.id} waits for nobody.", (section(f"{order.id} waits for nobody."),))
    again = "asked again" if order.round > 1 and not order.approvals else "next"
    name = one_line(step.name, 100) or "Approval"
    left = _so_many(missing(step, order.approvals))
    text = f"*{order.id}*, {again}: *{name}*, {left} of {_people(step, order)}."
    return Say(text, (section(text),))


_WHY_SHOWN = {
    "Reminded": "A reminder: this waits for you.",
    "Escalated": "Nobody has decided about this in time: now you can, too.",
}


def reminds(
    order: Order, plan: Plan, why: str, person: str, audit: tuple[int, str], risks: Sequence[str] = ()
) -> Say:
    """The request, shown directly to one person who can decide; `why` is the event that led to it."""
    step = current(plan, order.approvals)
    owners = f"You stand in for somebody who can decide about this, {user(person)}."
    said = _WHY_SHOWN.get(why, owners)
    since = f" It has waited since {date(order.asked_at or order.filed_at)}."
    name = f" Step: {one_line(step.name, 100)}." if step and step.name else ""
    request = _asks(order, plan, audit, risks)
    return Say(f"{said} {request.text}", (section(f":bell: {said}{since}{name}"), *request.blocks))


def _buttons(order: Order, *more: Block) -> Block:
    value = button_value(order)
    return actions(
        button("Approve", "approve", value, "primary", label=f"Approve {order.id}"),
        button("Reject", "reject", value, "danger", label=f"Reject {order.id}"),
        button("Details", DETAILS, order.id, label=f"Details of {order.id}"),
        *more,
    )


EDIT = "edit"
"""The action id of the button that opens the form with the request in it."""
DETAILS = "details"
"""The action id of the button that shows all of a request."""


def edit_button(order: Order) -> Block:
    """The button with which the requester changes a request."""
    return button("Edit and ask again", EDIT, order.id, label=f"Edit {order.id} and ask again")


def button_value(order: Order) -> str:
    """What a decision is about: the order, and the digest of exactly what is shown."""
    return f"{order.id} {order.asked.digest()}"


def _note(order: Order, plan: Plan | None) -> str:
    """What the decision is worth, and who cannot take it."""
    own = "" if plan and plan.self_approval else f"{user(order.requester)} cannot decide about it. "
    return f"{own}A decision holds for exactly what is shown here."


def outcome(order: Order) -> str:
    """What was decided, by whom and when, and how it went on; mrkdwn."""
    decided = f" by {approvers(order)}" if order.decided_by else ""
    at = f", {date(order.decided_at)}" if order.decided_at else ""
    note = f": “{one_line(order.note, 500)}”" if order.note else ""
    match order.state:
        case State.CHECKING | State.WAITING:
            return words.sentence(headline(order))
        case State.APPROVED:
            return f"*Approved*{decided}{at}{note} · about to be placed"
        case State.REJECTED:
            return f"*Rejected* by {user(order.decided_by)}{at}{note}"
        case State.EXPIRED:
            return "*Expired*: nobody decided in time. Nothing was ordered."
        case State.WITHDRAWN:
            return f"*Withdrawn* by {user(order.requester)}"
        case State.REFUSED:
            return f"*Refused*: {words.clause(order.why)}"
        case State.UNCLEAR:
            return f"*Approved*{decided}{at}{note} · *{headline(order)}*: {words.clause(order.why)}"
    ref = f" · {words.cloud_order(order)}" if order.ref else ""
    return f"*Approved*{decided}{at}{note} · {headline(order)}{ref}"


def approvers(order: Order) -> str:
    """Everybody who said yes; whoever decided, where nothing else is known."""
    if order.state is State.REJECTED or not order.approvals:
        return user(order.decided_by)
    glass = any(one.step == GLASS for one in order.approvals)
    people = ", ".join(
        f"{user(one.by)}{f' for {user(one.owner)}' if one.owner else ''}" for one in counted(order.approvals)
    )
    return f"{people} (glass broken)" if glass else people


def proof(order: Order, audit: tuple[int, str]) -> str:
    """Which request this is, and the audit log's newest event: number and hash, shortened."""
    return f"Request {order.asked.digest()[:12]} · audit {audit[0]} {audit[1][:16]}"

"""The order card: one message an order, kept up to date, with its stages as Slack draws progress."""

from __future__ import annotations

from bot.core import allowed
from bot.core.events import Edited
from bot.core.messages import operations, words
from bot.core.messages.blocks import (
    MESSAGE_LIMIT,
    Block,
    Say,
    actions,
    button,
    clean,
    columns,
    context,
    fields,
    fitting,
    header,
    one_line,
    quote,
    rich_text,
    section,
    size,
    user,
)
from bot.core.messages.request import edit_button
from bot.core.messages.stages import Stage, stages
from bot.core.messages.terms import items, request_fields
from bot.core.messages.units import card_lines
from bot.core.messages.words import headline, headline_plain
from bot.core.order import Kind, Order, State, may_follow

_MOST_STAGES = 40


def card(order: Order) -> Say:
    """The order card as the order is now."""
    said = f"{words.name(order)}: {headline(order)}"
    head = [
        header(f"{order.id} · {words.cloud_name(order.cloud)}"),
        section(_opening(order)),
        _plan(order),
        *_fields(order),
    ]
    tail = [*_buttons(order), context(_footer(order))]
    room = MESSAGE_LIMIT - size([*head, *tail])
    return Say(f"{said} – {one_line(words.what(order))}", (*head, *_units(order, room), *tail))


def _opening(order: Order) -> str:
    if order.request is None:
        asked = f"{user(order.requester)} follows this order, which was placed elsewhere."
        return f"*{words.sentence(headline(order))}*\n{asked}"
    lines = [
        f"*{words.sentence(headline(order))}* · {items(order.request)}",
        f"Asked for by {user(order.requester)}:",
        quote(clean(order.request.reason, 600)),
    ]
    told_by_units = any(one.why for one in order.placements)
    if order.state in (State.REFUSED, State.UNCLEAR) and order.why and not told_by_units:
        lines.append(f"*Why:* {one_line(order.why, 500)}")
    return "\n".join(lines)


def _plan(order: Order) -> Block:
    made = stages(order)
    if len(made) > _MOST_STAGES:
        made = (*made[: _MOST_STAGES - 1], Stage("… and more", "pending"))
    tasks = []
    for number, stage in enumerate(made):
        task: Block = {
            "type": "task_card",
            "task_id": f"{order.id}-{number}",
            "title": stage.title,
            "status": stage.status,
        }
        if stage.output:
            task["output"] = rich_text(stage.output, 500)
        tasks.append(task)
    title = clean(words.sentence(headline_plain(order)), 150)
    return {"type": "plan", "title": title, "tasks": tasks}


def _fields(order: Order) -> list[Block]:
    if order.request:
        return columns(request_fields(order.request))
    facts = order.snapshot.facts if order.snapshot else ()
    return [fields([(one_line(label), one_line(value)) for label, value in facts])] if facts else []


def _units(order: Order, room: int) -> list[Block]:
    """The units with all that is known of them in short, as many as fit; `/order status` has the rest."""
    lines = card_lines(order)
    shown = fitting(lines, min(2800, room - 30))
    left = len(lines) - len(shown)
    if left:
        shown.append(f"… and {left} more {'line' if left == 1 else 'lines'}.")
    return [section("\n".join(shown))] if shown else []


def _buttons(order: Order) -> list[Block]:
    if order.state in (State.CHECKING, State.WAITING, State.APPROVED) and order.kind is Kind.ASKED:
        edit = [edit_button(order)] if may_follow(order, Edited) else []
        return [actions(*edit, button("Withdraw", "withdraw", order.id, label=f"Withdraw {order.id}"))]
    if may_follow(order, Edited):
        return [actions(edit_button(order))]
    offered = operations.buttons(order)
    return [actions(*offered)] if offered else []


def _footer(order: Order) -> str:
    cloud = words.cloud_short(order.cloud)
    said = [words.cloud_order(order)] if order.ref else []
    if order.decided_by and order.state is not State.REJECTED:
        said.append(f"approved by {user(order.decided_by)}")
    if order.operation:
        said.append(f"{cloud} is asked to {words.OPERATIONS[order.operation].to}")
    if order.state is State.PLACED and order.snapshot and not allowed.cancelling(order):
        said.append(f"{cloud} does not let it be cancelled any more")
    return " · ".join([*said, f"`/order status {order.id}` tells more"])

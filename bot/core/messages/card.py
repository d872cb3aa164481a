"""The order card: one message an order, kept up to date, with its stages as Slack draws progress."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.core.messages import words
from bot.core.messages.blocks import (
    Block,
    Say,
    actions,
    button,
    clean,
    code,
    confirmation,
    context,
    fields,
    header,
    link,
    one_line,
    quote,
    rich_text,
    section,
    user,
)
from bot.core.order import Kind, Order, State
from bot.core.snapshot import Asset, Phase, Snapshot, Unit, phase, unit_name

# How far a line item is. A status that is not here is shown, and moves no stage.
PROGRESS = {
    "PREPARING": 0,
    "BUILDING": 1,
    "SHIPPED": 2,
    "DELIVERED": 3,
    "INSTALLING": 4,
    "INSTALLED": 5,
}
# Each stage that AWS goes through, and how far a line item has to be for it to be done.
UNIT_STAGES = (("Built", 2), ("Shipped", 2), ("Delivered", 3), ("Installed", 5))
_BEGUN = {"Built": 1, "Shipped": 2, "Delivered": 2, "Installed": 4}
_MACS_IN_A_LINE = 8
_OVER = frozenset({"CANCELLED", "REPLACED"})

STOPPED = {
    State.REJECTED: "Rejected",
    State.WITHDRAWN: "Withdrawn",
    State.REFUSED: "Refused",
    State.CANCELLED: "Cancelled",
}


@dataclass(frozen=True)
class Stage:
    """One line of the progress display; `status` is Slack's word for it."""

    title: str
    status: str
    output: str = ""


def card(order: Order) -> Say:
    """The order card as the order is now."""
    said = f"{words.name(order)}: {headline(order)}"
    return Say(
        f"{said} – {one_line(words.what(order))}",
        tuple(
            block
            for block in (
                header(f"{order.id} · {words.cloud_name(order.cloud)}"),
                section(_opening(order)),
                _plan(order),
                fields(words.request_fields(order.asked)) if order.request else _snapshot_fields(order),
                *_units(order.snapshot),
                _buttons(order),
                context(_footer(order)),
            )
            if block
        ),
    )


def headline(order: Order) -> str:
    """`headline_plain` for a sentence in mrkdwn."""
    return one_line(headline_plain(order))


def headline_plain(order: Order) -> str:
    """Where the order stands, in a few plain words; a cloud's status keeps its own word."""
    if order.state in (State.PLACED, State.COMPLETED, State.CANCELLED) and order.snapshot:
        said = words.readable(order.snapshot.status)
        return f"{order.state} ({said})" if said.lower() not in ("", order.state) else order.state.value
    if order.state is State.CHECKING and order.kind is Kind.TRACKED:
        return "being looked for"
    if order.state is State.WITHDRAWN and order.kind is Kind.TRACKED:
        return f"no longer followed: {order.why}"
    return words.STATES[order.state]


def _opening(order: Order) -> str:
    if order.request is None:
        asked = f"{user(order.requester)} follows this order, which was placed elsewhere."
        return f"*{words.sentence(headline(order))}*\n{asked}"
    lines = [
        f"*{words.sentence(headline(order))}* · {words.items(order.request)}",
        f"Asked for by {user(order.requester)}:",
        quote(clean(order.request.reason, 600)),
    ]
    if order.state in (State.REFUSED, State.UNCLEAR) and order.why:
        lines.append(f"*Why:* {one_line(order.why, 500)}")
    return "\n".join(lines)


def stages(order: Order) -> tuple[Stage, ...]:
    """The stages of an order, each done, in progress, pending or in error."""
    return (*_our_stages(order), *_cloud_stages(order))


def _our_stages(order: Order) -> list[Stage]:
    if order.kind is Kind.TRACKED:
        found = "complete" if order.ref else "error" if order.state is State.REFUSED else "in_progress"
        return [Stage("Found", found, order.why)]
    done = [Stage("Requested", "complete")]
    if order.state in STOPPED and not order.ref:
        return [*done, *_stopped(order)]
    if order.state is State.CHECKING:
        return [
            *done,
            Stage("Checked", "in_progress"),
            Stage("Approved", "pending"),
            Stage("Placed", "pending"),
        ]
    if order.state is State.WAITING:
        return [*done, Stage("Approved", "in_progress"), Stage("Placed", "pending")]
    done.append(Stage("Approved", "complete"))
    if order.ref:
        return [*done, Stage("Placed", "complete", order.ref.id)]
    return [
        *done,
        Stage("Placed", "error" if order.state is State.UNCLEAR else "in_progress", order.why),
    ]


def _stopped(order: Order) -> list[Stage]:
    approved = (
        [Stage("Approved", "complete")] if order.state is not State.REJECTED and order.decided_by else []
    )
    return [*approved, Stage(STOPPED[order.state], "error", order.why or order.note)]


def _cloud_stages(order: Order) -> list[Stage]:
    if order.state in STOPPED and not order.ref:
        return []
    units = [unit for unit in order.snapshot.units if unit.status not in _OVER] if order.snapshot else []
    made = [_unit_stage(title, enough, units) for title, enough in UNIT_STAGES]
    if any(unit.status == "ERROR" for unit in units):
        # Where a line item in error had got to is not told: it stands at the first stage that waits for it.
        stuck = next((at for at, one in enumerate(made) if one.status != "complete"), 0)
        made[stuck] = replace(made[stuck], status="error")
    return _ended(order, made)


def _unit_stage(title: str, enough: int, units: Sequence[Unit]) -> Stage:
    reached = [PROGRESS.get(unit.status, -1) for unit in units]
    done = sum(progress >= enough for progress in reached)
    if units and done == len(units):
        return Stage(title, "complete", _parcels(units) if title == "Shipped" else "")
    begun = any(progress >= _BEGUN[title] for progress in reached)
    so_far = f"{done} of {len(units)}" if begun and len(units) > 1 else ""
    parcels = _parcels(units) if title == "Shipped" and begun else ""
    return Stage(title, "in_progress" if begun else "pending", " · ".join(filter(None, [so_far, parcels])))


def _parcels(units: Sequence[Unit]) -> str:
    parcels = [f"{unit.shipment.carrier} {unit.shipment.number}".strip() for unit in units if unit.shipment]
    return words.shorten(list(dict.fromkeys(parcels)), 3)


def _ended(order: Order, made: list[Stage]) -> list[Stage]:
    if order.snapshot is None:
        return [*made, Stage("Completed", "pending")]
    now = phase(order.snapshot)
    status = words.status(order.snapshot.status)
    if now is Phase.COMPLETED:
        finished = [one if one.status == "complete" else Stage(one.title, "complete") for one in made]
        return [*finished, Stage("Completed", "complete")]
    if now in (Phase.CANCELLED, Phase.FAILED):
        return [*(one for one in made if one.status == "complete"), Stage(status, "error")]
    return [*made, Stage("Completed", "pending", f"now: {status}")]


def _plan(order: Order) -> Block:
    tasks = []
    for number, stage in enumerate(stages(order)):
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


def _snapshot_fields(order: Order) -> Block | None:
    facts = order.snapshot.facts if order.snapshot else ()
    return fields([(one_line(label), one_line(value)) for label, value in facts]) if facts else None


def _units(snapshot: Snapshot | None) -> list[Block]:
    """The line items with all that is known of them, as many as fit; `/order status` has the rest."""
    if snapshot is None or not snapshot.units:
        return []
    lines = unit_lines(snapshot)
    shown: list[str] = []
    while lines and sum(len(line) + 1 for line in shown) + len(lines[0]) < 2800:
        shown.append(lines.pop(0))
    if lines:
        shown.append(f"… and {len(lines)} more {'line' if len(lines) == 1 else 'lines'}.")
    return [section("\n".join(shown))]


def unit_lines(snapshot: Snapshot) -> list[str]:
    """One mrkdwn line for each line item, and one for each piece of hardware below it."""
    lines = []
    for unit in snapshot.units:
        parcel = f" · {parcel_text(unit)}" if unit.shipment else ""
        lines.append(f"• {one_line(unit_name(unit))}: *{one_line(words.status(unit.status))}*{parcel}")
        for asset in unit.assets:
            lines += _asset_lines(asset)
        lines += [f"    {one_line(label)}: {one_line(value)}" for label, value in unit.facts]
    return lines


def _asset_lines(asset: Asset) -> Iterator[str]:
    macs = [code(mac) for mac in asset.macs]
    first = f" · MAC {', '.join(macs[:_MACS_IN_A_LINE])}" if macs else ""
    yield f"    asset {code(asset.id)}{first}"
    for start in range(_MACS_IN_A_LINE, len(macs), _MACS_IN_A_LINE):
        yield f"        {', '.join(macs[start : start + _MACS_IN_A_LINE])}"


def parcel_text(unit: Unit) -> str:
    """Carrier and tracking number, linked where the carrier's page is known."""
    if unit.shipment is None:
        return ""
    said = f"{unit.shipment.carrier} {unit.shipment.number}".strip()
    return link(unit.shipment.link, said) if unit.shipment.link else one_line(said)


def _buttons(order: Order) -> Block | None:
    if order.state in (State.CHECKING, State.WAITING, State.APPROVED) and order.kind is Kind.ASKED:
        return actions(button("Withdraw", "withdraw", order.id, label=f"Withdraw {order.id}"))
    if order.state is State.PLACED and order.snapshot and not order.cancel_asked_by:
        return actions(cancel_button(order))
    return None


def cancel_button(order: Order) -> Block:
    """The button that asks the cloud to cancel, after asking back."""
    sure = confirmation(
        f"Cancel {order.id}?",
        f"{words.cloud_short(order.cloud)} is asked to cancel the whole order. This cannot be taken back.",
        "Cancel order",
    )
    return button("Cancel order", "cancel", order.id, "danger", sure, f"Cancel order {order.id}")


def _footer(order: Order) -> str:
    said = [f"{words.cloud_short(order.cloud)} order {code(order.ref.id)}"] if order.ref else []
    if order.decided_by and order.state is not State.REJECTED:
        said.append(f"approved by {user(order.decided_by)}")
    return " · ".join([*said, f"`/order status {order.id}` tells more"])

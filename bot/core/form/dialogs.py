"""The small forms that a button opens: one question each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.core.aws_terms import ORDER_ID
from bot.core.fields import Mistake, tidy
from bot.core.form import parts
from bot.core.form.parts import Origin, View
from bot.core.messages.blocks import escape, section

REJECT = "reject"
WAS_PLACED = "was_placed"
RETURN = "return"


@dataclass(frozen=True)
class Rejection:
    """`seen`: the digest of the request that was on show; `reason` is "" if it was left blank."""

    order: str
    seen: str
    reason: str
    origin: Origin


@dataclass(frozen=True)
class WasPlaced:
    """`order`: our id; `cloud_order`: the id of what an operator found in the cloud."""

    order: str
    cloud_order: str


@dataclass(frozen=True)
class Returning:
    """`fee`: a fee was agreed to; `reason` is "" if it was left blank."""

    order: str
    fee: bool
    reason: str
    origin: Origin


def reject_form(order_id: str, seen: str, origin: Origin) -> View:
    """The dialog that asks why.

    Args:
        order_id: `ORD-…`.
        seen: The version or digest that was on show when *Reject* was clicked.
        origin: Where it was clicked.
    """
    element = parts.text_input("reason", "", limit=3000, multiline=True)
    reason = parts.labelled("reason", "Reason", element, required=True)
    kept = {"order": order_id, "seen": seen, **asdict(origin)}
    return parts.view(REJECT, f"Reject {order_id}", "Reject", kept, [reason])


def rejection(view: Mapping[str, Any]) -> Rejection:
    """What was filled in on a `reject_form`."""
    kept = parts.metadata(view)
    reason = tidy(parts.filled(view, "reason"))
    return Rejection(str(kept["order"]), str(kept["seen"]), reason, parts.origin_of(view))


def return_form(order_id: str, fee: bool, origin: Origin) -> View:
    """The dialog that asks why something is to be returned; `fee`: who opened it has agreed to one."""
    element = parts.text_input("reason", "", limit=3000, multiline=True)
    reason = parts.labelled("reason", "Reason", element, required=True)
    kept = {"order": order_id, "fee": "fee" if fee else "", **asdict(origin)}
    return parts.view(RETURN, f"Return {order_id}", "Return", kept, [reason])


def returning(view: Mapping[str, Any]) -> Returning:
    """What was filled in on a `return_form`."""
    kept = parts.metadata(view)
    reason = tidy(parts.filled(view, "reason"))
    return Returning(str(kept["order"]), bool(kept["fee"]), reason, parts.origin_of(view))


def placed_form(order_id: str, units: Sequence[str] = ()) -> View:
    """The dialog in which an operator says what in the cloud is that of `order_id`.

    Args:
        order_id: `ORD-…`.
        units: The names of the units that are unclear, where the cloud takes them one by one.
    """
    if units:
        choose = parts.select("cloud_order", [(unit, unit) for unit in units], units[0])
        asked = parts.labelled("cloud_order", "Azure item", choose, required=True)
        question = f"Which item of {escape(order_id)} does Azure have? It will be followed from now on."
    else:
        element = parts.text_input("cloud_order", "", limit=100, example="oo-0123456789abcdef0")
        asked = parts.labelled("cloud_order", "AWS order id", element, required=True)
        question = f"Which order at AWS is {escape(order_id)}? It will be followed from now on."
    return parts.view(
        WAS_PLACED, "It was placed", "It was placed", {"order": order_id}, [section(question), asked]
    )


def was_placed(view: Mapping[str, Any]) -> WasPlaced | Mistake:
    """What was filled in on a `placed_form`."""
    typed, order = tidy(parts.filled(view, "cloud_order")).lower(), str(parts.metadata(view)["order"])
    chosen = typed.startswith(f"{order.lower()}-")
    if not chosen and not ORDER_ID.fullmatch(typed):
        return Mistake("cloud_order", typed, "an AWS order id such as oo-0123456789abcdef0")
    return WasPlaced(order, typed)

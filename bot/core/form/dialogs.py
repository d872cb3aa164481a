"""The small forms that a button opens: one question each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bot.core.fields import Mistake, tidy
from bot.core.form import parts
from bot.core.form.parts import Origin, View
from bot.core.messages.blocks import escape, section

REJECT = "reject"
WAS_PLACED = "was_placed"
_AWS_ORDER = re.compile("oo-[a-f0-9]{17}")


@dataclass(frozen=True)
class Rejection:
    """`seen`: the digest of the request that was on show; `reason` is "" if it was left blank."""

    order: str
    seen: str
    reason: str
    origin: Origin


@dataclass(frozen=True)
class WasPlaced:
    """`order`: our id; `aws_order`: the id of the order that an operator found at AWS."""

    order: str
    aws_order: str


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


def placed_form(order_id: str) -> View:
    """The dialog in which an operator says which order at AWS is that of `order_id`."""
    element = parts.text_input("aws_order", "", limit=100, example="oo-0123456789abcdef0")
    asked = parts.labelled("aws_order", "AWS order id", element, required=True)
    words = section(f"Which order at AWS is {escape(order_id)}? It will be followed from now on.")
    return parts.view(WAS_PLACED, "It was placed", "It was placed", {"order": order_id}, [words, asked])


def was_placed(view: Mapping[str, Any]) -> WasPlaced | Mistake:
    """What was filled in on a `placed_form`."""
    typed = tidy(parts.filled(view, "aws_order"))
    aws_order = typed.lower()
    if not _AWS_ORDER.fullmatch(aws_order):
        return Mistake("aws_order", typed, "an AWS order id such as oo-0123456789abcdef0")
    return WasPlaced(str(parts.metadata(view)["order"]), aws_order)

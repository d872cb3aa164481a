"""Orders as rows, for spreadsheets and other programs."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.messages import words
from bot.core.order import Order, State
from bot.store import Store

COLUMNS = (
    "id",
    "state",
    "cloud",
    "requester",
    "filed_at",
    "what",
    "cloud_order",
    "cloud_status",
    "scope",
    "decided_by",
    "decided_at",
    "payment",
    "term",
    "cost_center",
    "needed_by",
    "reason",
)


def rows(store: Store, page: int = 500) -> Iterator[dict[str, str]]:
    """Every order, newest first, under the names of `COLUMNS`; times are ISO 8601 in UTC."""
    offset = 0
    while orders := store.listing(State, limit=page, offset=offset):
        yield from map(row, orders)
        offset += page


def row(order: Order) -> dict[str, str]:
    """One order as text by column; what it does not have is empty."""
    request = order.request
    return {
        "id": order.id,
        "state": order.state.value,
        "cloud": order.cloud,
        "requester": order.requester,
        "filed_at": order.filed_at.isoformat(),
        "what": _tame(words.items_plain(request, most=20) if request else order.kind.value),
        "cloud_order": _tame(order.ref.id) if order.ref else "",
        "cloud_status": _tame(order.snapshot.status) if order.snapshot else "",
        "scope": order.scope,
        "decided_by": order.decided_by,
        "decided_at": order.decided_at.isoformat() if order.decided_at else "",
        "payment": request.aws.payment if request else "",
        "term": request.aws.term if request else "",
        "cost_center": _tame(request.cost_center) if request else "",
        "needed_by": request.needed_by if request else "",
        "reason": _tame(request.reason) if request else "",
    }


def _tame(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text

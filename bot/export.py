"""Orders as rows, for spreadsheets and other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.core.messages.terms import items_plain
from bot.core.order import Order, State
from bot.core.quote import dollars
from bot.core.request import AwsTerms, AzureTerms, Request
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
    "quantity",
    "order_type",
    "ship_to",
    "quote",
    "upfront",
    "monthly",
    "currency",
    "total",
)


def rows(store: Store, page: int = 500) -> Iterator[dict[str, str]]:
    """Every order, newest first, under the names of `COLUMNS`; times are ISO 8601 in UTC."""
    offset = 0
    while orders := store.listing(State, limit=page, offset=offset):
        yield from map(row, orders)
        offset += page


def row(order: Order) -> dict[str, str]:
    """One order as text by column; what it does not have is empty."""
    told = {
        "id": order.id,
        "state": order.state.value,
        "cloud": order.cloud,
        "requester": order.requester,
        "filed_at": order.filed_at.isoformat(),
        "what": order.kind.value,
        "cloud_order": _tame(order.ref.id) if order.ref else "",
        "cloud_status": _tame(order.snapshot.status) if order.snapshot else "",
        "scope": order.scope,
        "decided_by": order.decided_by,
        "decided_at": order.decided_at.isoformat() if order.decided_at else "",
    }
    return dict.fromkeys(COLUMNS, "") | told | (_asked(order.request) if order.request else {})


def _asked(request: Request) -> dict[str, str]:
    told = {
        "what": items_plain(request, most=20),
        "cost_center": request.cost_center,
        "needed_by": request.needed_by,
        "reason": request.reason,
        **_TERMS[type(request.terms)](request.terms),
    }
    return {name: _tame(text) for name, text in told.items()}


def _aws(terms: AwsTerms) -> dict[str, str]:
    told = {"payment": terms.payment, "term": terms.term, "quote": terms.quote}
    if terms.items:
        told["quantity"] = str(sum(item.quantity for item in terms.items))
    if terms.price is None:
        return told
    total = terms.total
    return told | {
        "upfront": str(dollars(terms.price.upfront)),
        "monthly": str(dollars(terms.price.monthly)),
        "currency": terms.price.currency,
        "total": "" if total is None else str(dollars(total)),
    }


def _azure(terms: AzureTerms) -> dict[str, str]:
    place = f" ({terms.place})" if terms.place else ""
    return {
        "quantity": str(terms.quantity),
        "order_type": terms.order_type,
        "ship_to": f"{terms.address}{place}".strip(),
    }


_TERMS: Mapping[type, Callable[[Any], dict[str, str]]] = {AwsTerms: _aws, AzureTerms: _azure}


def _tame(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text

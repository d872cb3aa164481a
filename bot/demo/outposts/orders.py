"""The orders of an account and the life that each of them leads.

Nothing here locks: `LocalOutposts` holds its lock around every call.
"""

import copy
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.demo.carriers import carrier_of, digest, tracking_number
from bot.demo.outposts.estate import not_found
from bot.demo.outposts.wire import Refusal


@dataclass(frozen=True)
class Stage:
    """One step of an order's life: its own status and that of its line items."""

    order: str
    line: str


LIFE = (
    Stage("PREPARING", "PREPARING"),
    Stage("IN_PROGRESS", "BUILDING"),
    Stage("IN_PROGRESS", "SHIPPED"),
    Stage("DELIVERED", "DELIVERED"),
    Stage("DELIVERED", "INSTALLING"),
    Stage("DELIVERED", "INSTALLED"),
    Stage("COMPLETED", "INSTALLED"),
)

_REACHED = {stage.line: place for place, stage in reversed(list(enumerate(LIFE)))}
_OVER = frozenset({"COMPLETED", "FULFILLED", "CANCELLED", "ERROR"})
_LINE_OVER = frozenset({"CANCELLED", "ERROR", "REPLACED"})
_ON_SITE = ("DELIVERED", "INSTALLING", "INSTALLED")
_PAST_CANCELLING = frozenset({*_ON_SITE, "REPLACED"})
_MOST_ASSETS_OF_A_LINE = 100


@dataclass
class Entry:
    """An order as kept: what GetOrder shows, and what it doesn't."""

    region: str
    number: int
    """The count of orders at its making: tells orders of the same moment apart."""
    body: dict[str, Any]
    accepted: bool
    """Made by CreateOrder, not elsewhere."""
    moved: float
    """When it last changed its stage, on the monotonic clock."""

    @property
    def open(self) -> bool:
        return self.body.get("Status") not in _OVER

    @property
    def newest_first(self) -> tuple[float, int]:
        return (-float(self.body.get("OrderSubmissionDate", 0)), -self.number)

    def shown(self) -> dict[str, Any]:
        """As GetOrder shows it, with the Region beside."""
        return {**copy.deepcopy(self.body), "Region": self.region}

    def summary(self) -> dict[str, Any]:
        """As ListOrders shows it."""
        kept = ("OutpostId", "OrderId", "OrderType", "Status")
        dates = ("OrderSubmissionDate", "OrderFulfilledDate")
        lines = self.body.get("LineItems", [])
        counts = Counter(str(line["Status"]) for line in lines if "Status" in line)
        return {
            **{name: self.body[name] for name in kept if name in self.body},
            "LineItemCountsByStatus": dict(counts),
            **{name: self.body[name] for name in dates if name in self.body},
        }


class OrderBook:
    """Every order of the account, in the sequence of their making."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def entry(self, order_id: str) -> Entry:
        found = self._entries.get(order_id)
        if found is None:
            raise LookupError(f"there is no order {order_id}")
        return found

    def in_region(self, region: str, order_id: str) -> Entry:
        """As the API finds it: orders are Regional."""
        found = self._entries.get(order_id)
        if found is None or found.region != region:
            raise not_found("Order", order_id)
        return found

    def open(
        self,
        region: str,
        outpost_id: str,
        items: Sequence[tuple[str, int]],
        *,
        submitted: datetime,
        payment_option: str,
        payment_term: str | None,
        order_type: str = "OUTPOST",
        quote: tuple[str, str] | None = None,
        accepted: bool,
    ) -> Entry:
        # Never made from a seed: a bot's database may outlive the process that plays AWS, and an
        # id that came back would look like an old order.
        order_id = f"oo-{secrets.token_hex(9)[:17]}"
        body = {
            "OutpostId": outpost_id,
            **({"QuoteIdentifier": quote[0], "QuoteOptionIdentifier": quote[1]} if quote else {}),
            "OrderId": order_id,
            "Status": LIFE[0].order,
            "LineItems": [
                {
                    "CatalogItemId": catalog_item_id,
                    "LineItemId": f"ooi-{secrets.token_hex(9)[:17]}",
                    "Quantity": quantity,
                    "Status": LIFE[0].line,
                }
                for catalog_item_id, quantity in items
            ],
            "PaymentOption": payment_option,
            **({"PaymentTerm": payment_term} if payment_term else {}),
            "OrderSubmissionDate": _epoch(submitted),
            "OrderType": order_type,
        }
        entry = Entry(region, len(self._entries), body, accepted, time.monotonic())
        self._entries[order_id] = entry
        return entry

    def cancel(self, entry: Entry) -> None:
        """As CancelOrder does; Refusal (409) once hardware has reached the site."""
        order_id = str(entry.body["OrderId"])
        status = entry.body["Status"]
        if status not in ("PREPARING", "IN_PROGRESS") or any(
            line["Status"] in _PAST_CANCELLING for line in entry.body["LineItems"]
        ):
            raise Refusal(
                "ConflictException",
                f"Order {order_id} cannot be cancelled in its current state ({status}).",
                409,
                {"ResourceId": order_id, "ResourceType": "ORDER"},
            )
        self._move(entry, "CANCELLED", "CANCELLED", entry.body["LineItems"])

    def advance(self, entry: Entry, now: datetime) -> str:
        """One stage onwards for the line items that are furthest behind; the new order status."""
        lines = [line for line in entry.body["LineItems"] if line["Status"] not in _LINE_OVER]
        if entry.open and lines:
            behind = min(_REACHED.get(line["Status"], 0) for line in lines)
            stage = LIFE[min(behind + 1, len(LIFE) - 1)]
            late = [line for line in lines if _REACHED.get(line["Status"], 0) <= behind]
            self._move(entry, stage.order, stage.line, late)
            if stage.order == "COMPLETED":
                entry.body["OrderFulfilledDate"] = _epoch(now)
        return str(entry.body["Status"])

    def fail(self, entry: Entry) -> None:
        """The order needs AWS support, and so does all that hasn't reached the site."""
        lines = entry.body["LineItems"]
        self._move(entry, "ERROR", "ERROR", [x for x in lines if x["Status"] not in _ON_SITE])

    def ship(self, entry: Entry, line: int, carrier: str, number: str) -> None:
        item = entry.body["LineItems"][line]
        item["ShipmentInformation"] = {
            "ShipmentTrackingNumber": number or tracking_number(carrier, item["LineItemId"]),
            "ShipmentCarrier": carrier,
        }
        self._move(entry, "IN_PROGRESS", "SHIPPED", [item])

    def assets(self, outpost_id: str, families: Mapping[str, Sequence[str]]) -> list[Any]:
        """What ListAssets knows of an Outpost: the hardware that its orders brought there."""
        return [
            {
                "AssetId": asset["AssetId"],
                "RackId": f"rack-{entry.body['OrderId'][3:15]}",
                "AssetType": "COMPUTE",
                "ComputeAttributes": {
                    "HostId": f"h-{digest(asset['AssetId'])[:17]}",
                    "State": "ACTIVE" if line["Status"] == "INSTALLED" else "INSTALLING",
                    "InstanceFamilies": list(families.get(line["CatalogItemId"], ())),
                },
                "AssetLocation": {"RackElevation": float(place + 1)},
            }
            for entry in self
            if entry.body["OutpostId"] == outpost_id
            for line in entry.body["LineItems"]
            if line["Status"] in _ON_SITE
            for place, asset in enumerate(line.get("AssetInformationList") or _assets_of(line))
        ]

    def _move(self, entry: Entry, order: str, line: str, lines: Sequence[dict[str, Any]]) -> None:
        entry.body["Status"] = order
        entry.moved = time.monotonic()
        for item in lines:
            item["Status"] = line
            if line == "SHIPPED" and "ShipmentInformation" not in item:
                carrier = carrier_of(item["LineItemId"])
                item["ShipmentInformation"] = {
                    "ShipmentTrackingNumber": tracking_number(carrier, item["LineItemId"]),
                    "ShipmentCarrier": carrier,
                }
            if line == "INSTALLED" and "AssetInformationList" not in item:
                item["AssetInformationList"] = _assets_of(item)


def _assets_of(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    count = min(int(line["Quantity"]), _MOST_ASSETS_OF_A_LINE)
    digests = (digest(f"{line['LineItemId']}/{unit}") for unit in range(count))
    return [
        {
            "AssetId": f"{int(digest, 16) % 10**10:010d}",
            "MacAddressList": [
                # The second-lowest bit of the first byte set: no real card has such an address.
                "02:" + ":".join(digest[at : at + 2] for at in range(start, start + 10, 2))
                for start in (0, 10)
            ],
        }
        for digest in digests
    ]


def _epoch(moment: datetime) -> float:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp(), 3)

"""What a subscription has: what is on sale, what was ordered, and what has become of it."""

import copy
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.demo import cloud
from bot.demo.arm import items
from bot.demo.arm.catalog import Catalog, Family, demo_families
from bot.demo.arm.contract import OPERATIONS
from bot.demo.arm.items import Entry, Operation, Shelf
from bot.demo.cloud import LocalCloud, utc_now
from bot.demo.faults import Faults

LARGEST_PAGE = 100

_SOMEWHERE: dict[str, dict[str, Any]] = {
    "shippingAddress": {
        "streetAddress1": "1 Mill Street",
        "city": "Columbus",
        "stateOrProvince": "OH",
        "country": "US",
        "postalCode": "43215",
        "addressType": "Commercial",
    },
    "contactDetails": {
        "contactName": "Dana Fox",
        "phone": "5550100",
        "emailList": ["dana@example.com"],
    },
}

AddressRule = Callable[[Mapping[str, Any]], str]
"""Valid, Invalid or Ambiguous, for a shipping address as the wire has it."""


def plausible(address: Mapping[str, Any]) -> str:
    """Invalid without street, town or a postal code of the right form; Ambiguous without a number."""
    if not all(address.get(name) for name in ("streetAddress1", "city", "postalCode")):
        return "Invalid"
    if address["country"] == "US" and not re.fullmatch(r"\d{5}(-\d{4})?", address["postalCode"], re.ASCII):
        return "Invalid"
    return "Valid" if re.search(r"\d", address["streetAddress1"]) else "Ambiguous"


@dataclass(frozen=True, kw_only=True)
class Request(cloud.Request):
    """One request as it was received, whatever became of it."""

    name: str
    """The resource's name in the path; empty where there is none."""


class Estate(LocalCloud[Request]):
    """A subscription and all that is in it, as tests and demos stock it and look at it."""

    def __init__(
        self,
        *,
        subscription: str = "00000000-0000-4000-8000-00000000ed6e",
        resource_group: str = "edge-hardware",
        location: str = "eastus",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.subscription = subscription
        self.resource_group = resource_group
        """The group that `furnish` makes, and in which resources made by hand are."""
        self.location = location
        self.locations = ("eastus", "westeurope", "southeastasia")
        self.page_size = LARGEST_PAGE
        """The most that one page holds, whatever $top asks for; lower it to see paging."""
        self.retry_after: float = 10
        """Seconds between two looks at an operation, as Retry-After says, which the SDK wants whole.
        What isn't goes as x-ms-retry-after-ms. Not 0: azure-core takes that for none, and waits 30."""
        self.operation_seconds = 0.0
        """How long an accepted operation takes; its item is Placed, InProgress until then."""
        self.registered = True
        """Whether the subscription may use Microsoft.EdgeOrder; else all is refused (409)."""
        self.on_existing: Literal["conflict", "bad_request", "accept"] = "conflict"
        """What a PUT on a name in use gets: 409, 400, or 202 with nothing changed. Azure's
        documentation says that it can't be done, and not what is answered."""
        self.address_rule: AddressRule = plausible
        self.display_names = False
        """Whether stages have a displayName. The API has it, no recording does."""
        super().__init__(clock, Faults(OPERATIONS, ("error", "async")))
        self.catalog = Catalog()
        self._groups: dict[str, str] = {}
        self._items = Shelf("orderItems")
        self._addresses = Shelf("addresses")
        self._running: dict[str, Operation] = {}

    # Stock

    def add_resource_group(self, name: str) -> None:
        with self._changed:
            self._groups[name.lower()] = name

    def add_family(self, family: Family) -> None:
        """Put a family on sale, or replace the one of this name."""
        with self._changed:
            self.catalog.add(family)

    def add_address(self, name: str, group: str | None = None, **shipping: str) -> None:
        """Save an address as the portal would; what isn't given is a place in Ohio."""
        address = {**_SOMEWHERE["shippingAddress"], **shipping}
        sent = {"location": self.location, "properties": {**_SOMEWHERE, "shippingAddress": address}}
        with self._changed:
            self._addresses.put(
                items.new_address(
                    sent,
                    subscription=self.subscription,
                    group=self._group(group or self.resource_group),
                    name=name,
                    validation=self.address_rule(address),
                    accepted=False,
                    now=self._clock(),
                )
            )

    def furnish(self) -> None:
        """A believable subscription: a resource group, two product families, three saved addresses."""
        self.add_resource_group(self.resource_group)
        for family in demo_families():
            self.add_family(family)
        self.add_address("columbus-plant")
        self.add_address(
            "frankfurt-fra2",
            streetAddress1="Hanauer Landstrasse 298",
            city="Frankfurt am Main",
            stateOrProvince="Hessen",
            country="DE",
            postalCode="60314",
        )
        self.add_address("old-depot", streetAddress1="Behind the station", postalCode="43215")

    def put_raw(self, name: str, document: Mapping[str, Any], group: str | None = None) -> None:
        """An order item that is served as it stands, whatever it says and whatever is asked for."""
        with self._changed:
            group = self._group(group or self.resource_group)
            body = copy.deepcopy(dict(document))
            self._items.put(Entry("orderItems", group, name, body, False, time.monotonic(), raw=True))

    def add_item(
        self, name: str, order: str, *, order_type: str = "Purchase", group: str | None = None, **more: Any
    ) -> None:
        """An order item made elsewhere, as in the portal: the first configuration on sale."""
        with self._changed:
            group = self._group(group or self.resource_group)
            offer = next(offer for offer in self.catalog.offers if offer.configuration.available)
            sent = {
                "location": self.location,
                "properties": {
                    "orderId": f"/subscriptions/{self.subscription}/resourceGroups/{group}/providers"
                    f"/Microsoft.EdgeOrder/locations/{self.location}/orders/{order}",
                    "orderItemDetails": {"orderItemType": order_type, "productDetails": {}},
                    "addressDetails": {"forwardAddress": _SOMEWHERE},
                },
                **more,
            }
            entry = items.new_item(
                sent,
                subscription=self.subscription,
                group=group,
                name=name,
                offer=offer,
                validation="Valid",
                accepted=False,
                now=self._clock(),
            )
            self._items.put(entry)
            self._stage(entry, "Placed")
            self._changed.notify_all()

    # What happened

    @property
    def items(self) -> list[dict[str, Any]]:
        """Every order item with all that it could show, oldest first."""
        with self._changed:
            self._settle()
            return [copy.deepcopy(entry.body) for entry in self._items]

    @property
    def addresses(self) -> list[dict[str, Any]]:
        """Every saved address, oldest first."""
        with self._changed:
            self._settle()
            return [copy.deepcopy(entry.body) for entry in self._addresses]

    @property
    def orders(self) -> list[dict[str, Any]]:
        """The orders that the items belong to, oldest first."""
        with self._changed:
            self._settle()
            return list(items.orders_of(self._items).values())

    def accepted(self) -> list[dict[str, Any]]:
        """The order items that came to be through a PUT, and not elsewhere."""
        with self._changed:
            self._settle()
            return [copy.deepcopy(entry.body) for entry in self._items if entry.accepted]

    # What moves it

    def _group(self, name: str) -> str:
        return self._groups.setdefault(name.lower(), name)

    def _stage(self, entry: Entry, stage: str, status: str = "Succeeded", said: str | None = None) -> None:
        items.set_stage(
            entry, stage, status, self._clock(), display_name=said, display_names=self.display_names
        )

    def _settle(self) -> None:
        """Let all that is due come to its end; nobody can tell when exactly that happened."""
        now = time.monotonic()
        for operation in self._running.values():
            if operation.done or operation.ready > now:
                continue
            operation.done = True
            entry = operation.entry
            entry.creating &= operation.kind != "create"
            shelf = self._items if entry.kind == "orderItems" else self._addresses
            if operation.doom is not None:
                if operation.kind == "create":
                    shelf.remove(entry)
            elif operation.kind == "delete":
                shelf.remove(entry)
            elif operation.kind == "create" and entry.kind == "orderItems" and entry.stage == "Placed":
                self._stage(entry, "Placed")

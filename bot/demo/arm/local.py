"""LocalArm: the operations, the record of the wire, and the hands of whoever plays Azure."""

import copy
import json
import re
import shutil
import tempfile
import time
import uuid
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from bot.demo import cloud
from bot.demo.arm import items
from bot.demo.arm.catalog import Catalog, Configuration, Family, demo_families
from bot.demo.arm.contract import OPERATIONS, Call, Route, read, route
from bot.demo.arm.identity import PATH, Identity
from bot.demo.arm.items import Entry, Operation, Shelf
from bot.demo.arm.query import (
    conditions,
    expanded,
    filters,
    fulfils,
    new_token,
    numbered,
    question,
    read_token,
)
from bot.demo.arm.refusal import FAILURES, Refusal, not_found
from bot.demo.arm.tls import make_authority
from bot.demo.cloud import LocalCloud, parsed, utc_now
from bot.demo.faults import Faults
from bot.demo.wire import Answer, Hangup, Incoming, Server

TOKEN = "ManagedIdentity_GetToken"
"""What a request to the token endpoint is called."""

LARGEST_PAGE = 100
_MOST_ITEMS_OF_AN_ORDER = 20
_JSON = "application/json; charset=utf-8"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ORDER_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.EdgeOrder"
    r"/locations/(?P<location>[^/]+)/orders/(?P<name>[^/]+)",
    re.IGNORECASE,
)

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


class LocalArm(LocalCloud[Request]):
    """Azure Resource Manager with Edge Order for one subscription, served over TLS on loopback.

    Point the real SDK to it with `environment()`; stock it with `furnish` or the `add_…` methods;
    break it with `faults`, whose operations are those of the API's specification
    (`OrderItems_Create`) and `OperationResults_Get` for the polling; play Azure with `advance`,
    `reject`, `fail` and the like, or let `run` do it. Beside what any cloud has, the fault
    `async:Code:Message` accepts what is asked for and fails it afterwards: what was to be made is
    gone then, and what was to be deleted stays.
    """

    name = "arm"
    half = b'{"properties": {"orderItemDetails": {"orderItemType": "Purch'

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
        self.token_faults = Faults([TOKEN])
        """As `faults`, for the endpoint that hands out tokens."""
        self.catalog = Catalog()
        self._identity = Identity()
        self._identity_server: Server | None = None
        self._identity_port = 0
        self._folder = Path(tempfile.mkdtemp(prefix="arm-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self.ca_file, self._tls = make_authority(self._folder)
        self._groups: dict[str, str] = {}
        self._items = Shelf("orderItems")
        self._addresses = Shelf("addresses")
        self._running: dict[str, Operation] = {}
        self._reads = self._writes = self._deletes = 12000
        self._handlers: dict[str, Callable[[Call], Answer]] = {
            "Addresses_Create": self._create_address,
            "Addresses_Delete": self._delete,
            "Addresses_Get": self._get,
            "Addresses_ListByResourceGroup": self._list,
            "Addresses_ListBySubscription": self._list,
            "Addresses_Update": self._update,
            "OperationResults_Get": self._get_result,
            "Operations_List": self._list_operations,
            "OrderItems_Cancel": self._cancel,
            "OrderItems_Create": self._create_item,
            "OrderItems_Delete": self._delete,
            "OrderItems_Get": self._get,
            "OrderItems_ListByResourceGroup": self._list,
            "OrderItems_ListBySubscription": self._list,
            "OrderItems_Return": self._return,
            "OrderItems_Update": self._update,
            "Orders_Get": self._get_order,
            "Orders_ListByResourceGroup": self._list_orders,
            "Orders_ListBySubscription": self._list_orders,
            "ProductsAndConfigurations_ListConfigurations": self._list_configurations,
            "ProductsAndConfigurations_ListProductFamilies": self._list_families,
            "ProductsAndConfigurations_ListProductFamiliesMetadata": self._list_metadata,
            "Providers_Get": self._get_provider,
            "Providers_Register": self._register,
        }

    # Serving

    def start(self, port: int = 0) -> None:
        """Serve on the port, or on a free one. What is kept survives `stop` and `start`."""
        super().start(port)
        self._identity_server = Server(
            self._identity_port,
            self._respond_with_token,
            lambda: Answer(411, b"{}"),
            name="identity",
        )
        self._identity_port = self._identity_server.server_address[1]

    def stop(self) -> None:
        """End every connection, hang and late booking; none of it outlives this call."""
        super().stop()
        if self._identity_server is not None:
            self._identity_server.close()
            self._identity_server = None

    def environment(self) -> dict[str, str]:
        """The environment variables that make the bot and azure-identity use this server."""
        if self._identity_server is None:
            raise RuntimeError("not started")
        return {
            "AZURE_SUBSCRIPTION_ID": self.subscription,
            "AZURE_RESOURCE_GROUP": self.resource_group,
            "AZURE_LOCATION": self.location,
            "AZURE_RESOURCE_MANAGER_URL": self.url,
            # DefaultAzureCredential then asks this one only, and starts no command line tools.
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "IDENTITY_ENDPOINT": f"{self._identity_server.url}{PATH}",
            "IDENTITY_HEADER": self._identity.header,
            # SSL_CERT_FILE does not work: the SDK's transport is requests.
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
        }

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

    @property
    def requests(self) -> list[Request]:
        """Every request to ARM, in sequence, the unanswered ones included."""
        return [request for request in super().requests if request.operation != TOKEN]

    @property
    def token_requests(self) -> list[Request]:
        """Every request to the token endpoint."""
        return [request for request in super().requests if request.operation == TOKEN]

    def puts(self, name: str | None = None) -> list[Request]:
        """The PUTs of order items, answered or not: sends as the wire counts them."""
        return [
            request
            for request in self.requests
            if request.operation == "OrderItems_Create" and name in (None, request.name)
        ]

    # The hands of Azure

    def advance(self, name: str, group: str | None = None) -> str:
        """One step of the item's life; its new stage. One that waits for people stays as it is."""
        with self._changed:
            self._settle()
            entry = self._items.named(name, group)
            self._advance(entry)
            return entry.stage

    def set_stage(
        self,
        name: str,
        stage: str,
        status: str = "Succeeded",
        *,
        display_name: str | None = None,
        group: str | None = None,
    ) -> None:
        """Any stage and status, unknown ones and steps back included."""
        with self._changed:
            self._settle()
            self._stage(self._items.named(name, group), stage, status, display_name)

    def put(self, name: str, changes: Mapping[str, Any], group: str | None = None) -> None:
        """Overwrite members of the item, unchecked; what is nested is merged, None removes."""
        with self._changed:
            self._settle()
            entry = self._items.named(name, group)
            _merge(entry.body, changes)
            items.touch(entry, self._clock())

    def reject(
        self, name: str, reason: str = "The order was not approved.", group: str | None = None
    ) -> None:
        """The review ends badly. No stage of the API says so; it shows as one that failed."""
        with self._changed:
            self._settle()
            entry = self._items.named(name, group)
            self._stage(entry, "InReview", "Failed")
            entry.details["error"] = Refusal("OrderItemRejected", reason).body()

    def cancel(self, name: str, reason: str = "Cancelled by Microsoft.", group: str | None = None) -> None:
        """Cancelled from the other side, whatever its stage."""
        with self._changed:
            self._settle()
            entry = self._items.named(name, group)
            self._stage(entry, "Cancelled")
            entry.details["cancellationReason"] = reason

    def fail(
        self,
        name: str,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: Sequence[Mapping[str, Any]] = (),
        group: str | None = None,
    ) -> None:
        """The current stage fails with this error."""
        with self._changed:
            self._settle()
            entry = self._items.named(name, group)
            self._stage(entry, entry.stage, "Failed")
            entry.details["error"] = Refusal(code, message, target=target, details=details).body()

    def finish(self) -> None:
        """Let everything that was accepted be done now, however long it was to take."""
        with self._changed:
            for operation in self._running.values():
                operation.ready = 0.0
            self._settle()

    def revoke_tokens(self) -> None:
        """No token handed out until now is good any more."""
        with self._changed:
            self._identity.revoke()

    def token(self, audience: str = "https://management.azure.com/", seconds: float = 3600) -> str:
        """A bearer token of any kind: for another audience, or expired where seconds are negative."""
        with self._changed:
            return self._identity.issue(audience, time.time() + seconds)

    def _stage(self, entry: Entry, stage: str, status: str = "Succeeded", said: str | None = None) -> None:
        items.set_stage(
            entry, stage, status, self._clock(), display_name=said, display_names=self.display_names
        )

    def _advance(self, entry: Entry) -> None:
        following = items.next_stage(entry.stage)
        if following is not None and entry.status != "Failed":
            self._stage(entry, following)

    def _living(self) -> list[Entry]:
        self._settle()
        return list(self._items)

    def _age(self, one: Entry) -> None:
        if not any(x.entry is one and not x.done for x in self._running.values()):
            self._advance(one)

    # From request to answer

    def _serve(self, port: int) -> Server:
        lengthless = Refusal("LengthRequired", "A Content-Length header is required.", 411)
        return Server(port, self._respond, lengthless.answer, name=self.name, tls=self._tls)

    def _knows(self, operation: str) -> bool:
        return operation in self._handlers or operation == TOKEN

    def _respond(self, incoming: Incoming) -> Answer | Hangup:
        found = route(incoming.method, incoming.target)
        received = self._received(found.operation if found else "", incoming, found)
        fault = self.faults.take(received.operation, name=received.name)
        doom = None
        if fault is not None and fault.kind.startswith("async:"):
            _, code, message = fault.kind.split(":", 2)
            fault, doom = None, (code, message)
        reply = self._handle(received, incoming, fault, lambda: self._carry_out(found, incoming, doom))
        return self._labelled(reply, incoming) if isinstance(reply, Answer) else reply

    def _respond_with_token(self, incoming: Incoming) -> Answer | Hangup:
        def hand_out() -> Answer:
            with self._changed:
                return self._identity.hand_out(incoming, [self.url])

        fault = self.token_faults.take(TOKEN)
        return self._handle(self._received(TOKEN, incoming), incoming, fault, hand_out)

    def _received(self, operation: str, incoming: Incoming, found: Route | None = None) -> Request:
        target = urlsplit(incoming.target)
        return Request(
            operation=operation,
            name=found.labels.get("name", "") if found else "",
            method=incoming.method,
            path=target.path,
            query=parse_qs(target.query, keep_blank_values=True),
            body=parsed(incoming.body),
            at=self._clock(),
            headers=incoming.headers,
        )

    def _carry_out(self, found: Route | None, incoming: Incoming, doom: tuple[str, str] | None) -> Answer:
        try:
            with self._changed:
                self._identity.check(incoming.headers, [self.url])
            if found is None:
                path = urlsplit(incoming.target).path
                raise Refusal("InvalidResourceType", f"There is no {incoming.method} {path}.", 404)
            call = replace(read(found, incoming), doom=doom)
            with self._changed:
                self._settle()
                self._check_place(call)
                return self._handlers[call.operation](call)
        except Refusal as refusal:
            return refusal.answer()

    def _check_place(self, call: Call) -> None:
        subscription = call.labels.get("subscription")
        if subscription is not None and subscription.lower() != self.subscription.lower():
            if not _UUID.fullmatch(subscription):
                raise Refusal(
                    "InvalidSubscriptionId",
                    f"The provided subscription identifier '{subscription}' is malformed or invalid.",
                )
            raise Refusal("SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
        if not self.registered and not call.operation.startswith(("Providers_", "Operations_")):
            message = (
                "The subscription is not registered to use namespace 'Microsoft.EdgeOrder'. "
                "See https://aka.ms/rps-not-found for how to register subscriptions."
            )
            code = "MissingSubscriptionRegistration"
            detail = {"code": code, "target": "Microsoft.EdgeOrder", "message": message}
            raise Refusal(code, message, details=[detail])
        group = call.labels.get("group")
        if group is not None and group.lower() not in self._groups:
            raise Refusal("ResourceGroupNotFound", f"Resource group '{group}' could not be found.")

    def _failure(self, stem: str) -> Answer:
        refusal = FAILURES[stem]
        if stem == "throttle":
            refusal = replace(refusal, headers=self._patience())
        return refusal.answer()

    def _say(self, code: str, message: str, incoming: Incoming) -> Answer:  # noqa: ARG002
        return Refusal(code, message).answer()

    def _labelled(self, answer: Answer, incoming: Incoming) -> Answer:
        """With the headers that every answer of ARM has."""
        correlation = incoming.headers.get("x-ms-correlation-request-id", str(uuid.uuid4()))
        request_id = str(uuid.uuid4())
        with self._changed:
            match incoming.method:
                case "GET" | "HEAD":
                    self._reads = max(0, self._reads - 1)
                    left = ("reads", self._reads)
                case "DELETE":
                    self._deletes = max(0, self._deletes - 1)
                    left = ("deletes", self._deletes)
                case _:
                    self._writes = max(0, self._writes - 1)
                    left = ("writes", self._writes)
            moment = f"{self._clock():%Y%m%dT%H%M%SZ}"
        headers = {
            "Cache-Control": "no-cache",
            "Pragma": "no-cache",
            "Expires": "-1",
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            "X-Content-Type-Options": "nosniff",
            f"x-ms-ratelimit-remaining-subscription-{left[0]}": str(left[1]),
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": correlation,
            "x-ms-routing-request-id": f"LOCAL:{moment}:{request_id}",
        }
        if incoming.headers.get("x-ms-return-client-request-id", "").lower() == "true":
            headers["x-ms-client-request-id"] = incoming.headers.get("x-ms-client-request-id", "")
        kind = answer.content_type if answer.body else None
        return replace(answer, content_type=kind, headers={**headers, **answer.headers})

    # Operations, each called with the lock held

    def _create_item(self, call: Call) -> Answer:
        group, name = self._groups[call.labels["group"].lower()], call.labels["name"]
        existing = self._items.get(group, name)
        if existing is not None:
            return self._existing(existing, call)
        self._check_location(call.body, "orderItems")
        asked = call.body["properties"]
        details = asked["orderItemDetails"]
        self._check_order(asked["orderId"])
        offer = self.catalog.find(details["productDetails"]["hierarchyInformation"])
        offer.configuration.check(details)
        entry = items.new_item(
            call.body,
            subscription=self.subscription,
            group=group,
            name=name,
            offer=offer,
            validation=self._check_address(asked, offer.configuration),
            accepted=True,
            now=self._clock(),
        )
        self._items.put(entry)
        self._changed.notify_all()
        return self._accepted(call, "create", entry)

    def _create_address(self, call: Call) -> Answer:
        group, name = self._groups[call.labels["group"].lower()], call.labels["name"]
        existing = self._addresses.get(group, name)
        if existing is not None:
            return self._existing(existing, call)
        self._check_location(call.body, "addresses")
        shipping = call.body["properties"].get("shippingAddress")
        entry = items.new_address(
            call.body,
            subscription=self.subscription,
            group=group,
            name=name,
            validation=self.address_rule(shipping) if shipping else "Invalid",
            accepted=True,
            now=self._clock(),
        )
        self._addresses.put(entry)
        return self._accepted(call, "create", entry)

    def _existing(self, entry: Entry, call: Call) -> Answer:
        if self.on_existing == "accept":
            return self._accepted(call, "update", entry)
        kind = "order item" if entry.kind == "orderItems" else "address"
        code = "OrderItemAlreadyExists" if entry.kind == "orderItems" else "AddressAlreadyExists"
        raise Refusal(
            code,
            f"Existing {kind} '{entry.name}' cannot be updated with this API.",
            409 if self.on_existing == "conflict" else 400,
        )

    def _get(self, call: Call) -> Answer:
        entry = self._found(call)
        return _ok(entry.shown(expanded(call), call.version))

    def _update(self, call: Call) -> Answer:
        entry = self._found(call)
        wanted = call.headers.get("if-match", "*")
        if wanted not in ("*", entry.etag):
            raise Refusal("PreconditionFailed", f"The ETag {wanted} is not that of '{entry.name}' any more.")
        changes = copy.deepcopy(call.body)
        asked = changes.get("properties", {})
        if entry.kind == "addresses":
            shipping = asked.get("shippingAddress")
            if shipping is not None:
                asked["addressValidationStatus"] = self.address_rule(shipping)
            entry.body["properties"].update(asked)
        else:
            forward = asked.get("forwardAddress")
            if forward is not None:
                shipping = forward.get("shippingAddress", {})
                addresses = entry.body["properties"].setdefault("addressDetails", {})
                addresses["forwardAddress"] = {
                    **addresses.get("forwardAddress", {}),
                    **forward,
                    **({"addressValidationStatus": self.address_rule(shipping)} if shipping else {}),
                }
            if "preferences" in asked:
                _merge(entry.details.setdefault("preferences", {}), asked["preferences"])
            if "notificationEmailList" in asked:
                entry.details["notificationEmailList"] = asked["notificationEmailList"]
            _merge(entry.details, asked.get("orderItemDetails", {}))
        entry.body.update({name: changes[name] for name in ("tags", "identity") if name in changes})
        items.touch(entry, self._clock())
        return self._accepted(call, "update", entry)

    def _delete(self, call: Call) -> Answer:
        shelf = self._shelf(call)
        entry = shelf.get(self._groups[call.labels["group"].lower()], call.labels["name"])
        if entry is None:
            return Answer(204, b"")
        if entry.kind == "orderItems" and entry.details.get("deletionStatus") != "Allowed":
            raise Refusal(
                "OrderItemNotDeletable",
                f"Order item '{entry.name}' cannot be deleted in its current stage ({entry.stage}).",
            )
        return self._accepted(call, "delete", entry)

    def _cancel(self, call: Call) -> Answer:
        items.cancel(self._found(call), call.body["reason"], self._clock())
        self._changed.notify_all()
        return Answer(204, b"")

    def _return(self, call: Call) -> Answer:
        entry = self._found(call)
        items.take_back(entry, call.body, self._clock())
        self._changed.notify_all()
        return self._accepted(call, "return", entry)

    def _list(self, call: Call) -> Answer:
        wanted = conditions(call.query.get("$filter", ""))
        group, expand = call.labels.get("group", "").lower(), expanded(call)
        found = [
            (entry.key, entry)
            for entry in self._shelf(call)
            if group in ("", entry.group.lower()) and fulfils(entry, wanted)
        ]
        return self._page(
            call,
            sorted(found, key=lambda one: one[0]),
            # Only what is on the page: there may be thousands.
            show=lambda entry: entry.shown(expand, call.version),
        )

    def _get_order(self, call: Call) -> Answer:
        labels = call.labels
        wanted = (
            f"/subscriptions/{self.subscription}/resourceGroups/{labels['group']}/providers/Microsoft.EdgeOrder"
            f"/locations/{labels['location']}/orders/{labels['name']}"
        )
        found = items.orders_of(self._items).get(wanted.lower())
        if found is None:
            raise not_found(labels["group"], f"locations/{labels['location']}/orders", labels["name"])
        return _ok(found)

    def _list_orders(self, call: Call) -> Answer:
        group = call.labels.get("group", "").lower()
        shown = [
            ((key,), order)
            for key, order in sorted(items.orders_of(self._items).items())
            if not group or f"/resourcegroups/{group}/" in key
        ]
        return self._page(call, shown)

    def _list_configurations(self, call: Call) -> Answer:
        asked = question(call)
        wanted = asked.get("configurationFilter")
        if wanted is None:
            raise Refusal("InvalidRequestContent", "A configurationFilter is required.")
        hierarchy, properties = wanted["hierarchyInformation"], wanted.get("filterableProperty", [])
        found = self.catalog.configurations(hierarchy, filters(properties))
        return self._page(call, numbered(found), asked)

    def _list_families(self, call: Call) -> Answer:
        asked = question(call)
        wanted = {name: filters(kinds) for name, kinds in asked["filterableProperties"].items()}
        expand = call.query.get("$expand", "").lower()
        if expand not in ("", "configurations"):
            raise Refusal("InvalidParameter", f"$expand does not know '{expand}'.", target="$expand")
        found = self.catalog.families(wanted, expand=bool(expand))
        return self._page(call, numbered(found), asked)

    def _list_metadata(self, call: Call) -> Answer:
        return self._page(call, numbered(self.catalog.metadata()))

    def _get_result(self, call: Call) -> Answer:
        operation = self._running.get(call.labels["id"].lower())
        if operation is None or operation.location.lower() != call.labels["location"].lower():
            raise Refusal("ResourceNotFound", f"The operation '{call.labels['id']}' could not be found.", 404)
        if not operation.done:
            return self._wait(self._result_url(operation, call))
        if operation.doom is not None:
            raise Refusal(*operation.doom)
        match operation.kind:
            case "delete":
                return Answer(204, b"")
            case "return":
                return Answer(200, b"")
        return self._wait(f"{self.url}{operation.entry.path}?api-version={call.version}")

    def _list_operations(self, call: Call) -> Answer:  # noqa: ARG002
        actions = [
            f"{kind}/{verb}" for kind in ("addresses", "orderItems") for verb in ("read", "write", "delete")
        ]
        actions += [
            "orderItems/cancel/action",
            "orderItems/return/action",
            "orders/read",
            "locations/orders/read",
        ]
        actions += ["locations/operationResults/read", "operations/read", "productFamiliesMetadata/action"]
        actions += ["listProductFamilies/read", "listConfigurations/action"]
        return _ok(
            {
                "value": [
                    {
                        "name": f"Microsoft.EdgeOrder/{action}",
                        "isDataAction": False,
                        "display": {
                            "provider": "Edge Ordering",
                            "resource": action.rpartition("/")[0],
                            "operation": action,
                        },
                        "origin": "user",
                    }
                    for action in actions
                ]
            }
        )

    def _get_provider(self, call: Call) -> Answer:  # noqa: ARG002
        return _ok(
            {
                "id": f"/subscriptions/{self.subscription}/providers/Microsoft.EdgeOrder",
                "namespace": "Microsoft.EdgeOrder",
                "registrationState": "Registered" if self.registered else "NotRegistered",
            }
        )

    def _register(self, call: Call) -> Answer:
        self.registered = True
        return self._get_provider(call)

    # Common ground of the operations

    def _group(self, name: str) -> str:
        return self._groups.setdefault(name.lower(), name)

    def _shelf(self, call: Call) -> Shelf:
        return self._items if call.operation.startswith("OrderItems_") else self._addresses

    def _found(self, call: Call) -> Entry:
        return self._shelf(call).at(self._groups[call.labels["group"].lower()], call.labels["name"])

    def _check_location(self, body: Mapping[str, Any], kind: str) -> None:
        if body["location"].lower().replace(" ", "") not in self.locations:
            raise Refusal(
                "LocationNotAvailableForResourceType",
                f"The provided location '{body['location']}' is not available for resource type "
                f"'Microsoft.EdgeOrder/{kind}'. List of available regions for the resource type is "
                f"'{','.join(self.locations)}'.",
            )

    def _check_order(self, order_id: str) -> None:
        found = _ORDER_ID.fullmatch(order_id)
        if found is None or found["subscription"].lower() != self.subscription.lower():
            raise Refusal(
                "InvalidOrderId",
                f"'{order_id}' is not the id of an order in this subscription.",
                target="properties.orderId",
            )
        order = items.orders_of(self._items).get(order_id.lower())
        if order and len(order["properties"]["orderItemIds"]) >= _MOST_ITEMS_OF_AN_ORDER:
            raise Refusal(
                "OrderItemLimitExceeded", f"An order has at most {_MOST_ITEMS_OF_AN_ORDER} order items."
            )

    def _check_address(self, asked: Mapping[str, Any], configuration: Configuration) -> str | None:
        details = asked["orderItemDetails"]
        shipping = asked.get("addressDetails", {}).get("forwardAddress", {}).get("shippingAddress")
        if shipping is None:
            if details["orderItemType"] == "External" or "siteDetails" in details:
                return None
            raise Refusal(
                "AddressRequired",
                "An order item needs a forward address.",
                target="properties.addressDetails",
            )
        if shipping["country"] not in configuration.countries:
            raise Refusal(
                "CountryNotSupported",
                f"Configuration '{configuration.name}' is not shipped to '{shipping['country']}'.",
                target="properties.addressDetails.forwardAddress.shippingAddress.country",
            )
        status = self.address_rule(shipping)
        if status == "Invalid":
            raise Refusal(
                "InvalidAddress",
                "Address provided is invalid or not supported.",
                target="properties.addressDetails.forwardAddress",
            )
        return status

    def _accepted(self, call: Call, kind: str, entry: Entry) -> Answer:
        operation = items.new_operation(kind, entry, self.operation_seconds, call.doom)
        entry.creating |= kind == "create"
        self._running[operation.id] = operation
        self._settle()
        return self._wait(self._result_url(operation, call))

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

    def _result_url(self, operation: Operation, call: Call) -> str:
        return (
            f"{self.url}/subscriptions/{self.subscription}/providers/Microsoft.EdgeOrder/locations/"
            f"{operation.location}/operationResults/{operation.id}?api-version={call.version}"
        )

    def _wait(self, location: str) -> Answer:
        return Answer(202, b"", headers={"Location": location, **self._patience()})

    def _patience(self) -> dict[str, str]:
        if self.retry_after == int(self.retry_after):
            return {"Retry-After": f"{self.retry_after:.0f}"}
        return {"x-ms-retry-after-ms": f"{self.retry_after * 1000:.0f}"}

    def _page(
        self,
        call: Call,
        ordered: Sequence[tuple[tuple[Any, ...], Any]],
        body: Mapping[str, Any] | None = None,
        show: Callable[[Any], dict[str, Any]] = lambda one: one,
    ) -> Answer:
        """One page, and a link whose token names the last key on it.

        Not an offset: an item that comes in between two pages must not push another one off the
        first and on to the second. $top is taken for the size of a page.
        """
        if "$skiptoken" in call.query:
            last = tuple(read_token(call)["last"])
            ordered = [one for one in ordered if one[0] > last]
        size = self.page_size
        if "$top" in call.query:
            if not re.fullmatch(r"[1-9]\d{0,5}", call.query["$top"], re.ASCII):
                raise Refusal("InvalidParameter", "$top must be a positive number.", target="$top")
            size = min(size, int(call.query["$top"]))
        answer: dict[str, Any] = {"value": [show(one) for _, one in ordered[:size]]}
        if len(ordered) > size:
            kept = {name: value for name, value in call.query.items() if name != "$skiptoken"}
            token = new_token(call, ordered[size - 1][0], body)
            query = urlencode({**kept, "$skiptoken": token}, safe="$")
            answer["nextLink"] = f"{self.url}{call.path}?{query}"
        return _ok(answer)


def _ok(body: Mapping[str, Any]) -> Answer:
    return Answer(200, json.dumps(body).encode(), _JSON)


def _merge(target: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if value is None:
            target.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = copy.deepcopy(value)

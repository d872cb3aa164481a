"""The operations of the API, each called with the lock held."""

import copy
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from bot.demo.arm import items
from bot.demo.arm.catalog import Configuration
from bot.demo.arm.contract import Call
from bot.demo.arm.hands import Hands, merge
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
from bot.demo.arm.refusal import Refusal, not_found
from bot.demo.wire import Answer

_MOST_ITEMS_OF_AN_ORDER = 20
_JSON = "application/json; charset=utf-8"
_ORDER_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.EdgeOrder"
    r"/locations/(?P<location>[^/]+)/orders/(?P<name>[^/]+)",
    re.IGNORECASE,
)


class Operations(Hands):
    """Answers calls that the contract allows."""

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
                merge(entry.details.setdefault("preferences", {}), asked["preferences"])
            if "notificationEmailList" in asked:
                entry.details["notificationEmailList"] = asked["notificationEmailList"]
            merge(entry.details, asked.get("orderItemDetails", {}))
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

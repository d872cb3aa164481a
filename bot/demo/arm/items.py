"""The order items and addresses of a subscription, and the life that each item leads.

Nothing here locks: `LocalArm` holds its lock around every call.
"""

import copy
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.demo.arm.catalog import Offer
from bot.demo.arm.contract import CURRENT, FORMER
from bot.demo.arm.identity import CLIENT_ID
from bot.demo.arm.refusal import Refusal, not_found
from bot.demo.carriers import carrier_of, digest, tracking_number

LIFE = ("Placed", "InReview", "Confirmed", "ReadyToShip", "Shipped", "Delivered", "InUse")
RETURN = ("ReturnInitiated", "ReturnPickedUp", "ReturnedToMicrosoft", "ReturnCompleted")

# As recorded: the history has the stages to come from the start, and InReview only once it is there.
_FORETOLD = tuple(stage for stage in LIFE if stage != "InReview")
_CANCELLABLE = frozenset({"Placed", "InReview"})
_RETURNABLE = frozenset({"Delivered", "ReadyToSetup", "InUse"})
_OVER = frozenset({"Cancelled", "ReturnCompleted"})
_DISPLAY_NAMES = {"InReview": "In review", "ReadyToShip": "Ready to ship", "InUse": "In use"}

_TENANT = "72f988bf-0000-4000-8000-2d7cd011db47"


@dataclass
class Entry:
    """A resource as kept: all that it could show, whatever is asked for."""

    kind: str
    """orderItems or addresses."""
    group: str
    name: str
    body: dict[str, Any]
    accepted: bool
    """Made by a PUT, not elsewhere."""
    moved: float
    """When it last changed its stage, on the monotonic clock."""
    version: int = 1
    raw: bool = False
    """Served as it stands, whatever is asked for."""
    creating: bool = False
    """Accepted, and not made yet."""

    @property
    def path(self) -> str:
        return str(self.body.get("id", ""))

    @property
    def etag(self) -> str:
        return f'"{self.version:08x}"'

    @property
    def key(self) -> tuple[str, str]:
        return self.group.lower(), self.name.lower()

    @property
    def details(self) -> dict[str, Any]:
        details: dict[str, Any] = self.body["properties"]["orderItemDetails"]
        return details

    @property
    def product(self) -> dict[str, Any]:
        product: dict[str, Any] = self.details["productDetails"]
        return product

    @property
    def stage(self) -> str:
        return str(self.details.get("currentStage", {}).get("stageName", ""))

    @property
    def status(self) -> str:
        return str(self.details.get("currentStage", {}).get("stageStatus", ""))

    @property
    def open(self) -> bool:
        """Whether time has anything more to do with it."""
        if self.raw or self.status == "Failed":
            return False
        return next_stage(self.stage) is not None

    def shown(self, expand: frozenset[str] = frozenset(), version: str = "") -> dict[str, Any]:
        """As the API shows it, with no more than what it was asked to expand."""
        body = copy.deepcopy(self.body)
        if self.raw:
            return body
        if version == CURRENT:
            body["properties"]["provisioningState"] = "Creating" if self.creating else "Succeeded"
        if self.kind != "orderItems":
            return body
        details = body["properties"]["orderItemDetails"]
        product = details["productDetails"]
        for member in ("forwardShippingDetails", "reverseShippingDetails"):
            if member.lower() not in expand:
                details.pop(member, None)
        parent = product.pop("parentDeviceDetails", None)
        children = product.pop("childConfigurationDeviceDetails", None)
        if version == FORMER:
            product["count"] = 0
            if parent and "devicedetails" in expand:
                kept = ("serialNumber", "managementResourceId", "managementResourceTenantId")
                product["deviceDetails"] = [{name: parent[name] for name in kept if name in parent}]
        else:
            if parent and "parentdevicedetails" in expand:
                product["parentDeviceDetails"] = parent
            if children and "devicedetails" in expand:
                product["childConfigurationDeviceDetails"] = children
        return body


EXPANDABLE = {
    "parentdevicedetails",
    "devicedetails",
    "forwardshippingdetails",
    "reverseshippingdetails",
}
"""What $expand knows, in lower case. The documentation names them in words only."""


def next_stage(stage: str) -> str | None:
    """What time makes of a stage; None where people have to act, or nothing more will happen."""
    for stages in (LIFE, RETURN):
        if stage in stages[:-1]:
            return stages[stages.index(stage) + 1]
    return "InUse" if stage == "ReadyToSetup" else None


class Shelf:
    """The resources of one kind, in the sequence of their making."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._entries: dict[tuple[str, str], Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def get(self, group: str, name: str) -> Entry | None:
        return self._entries.get((group.lower(), name.lower()))

    def at(self, group: str, name: str) -> Entry:
        """As the API finds it; Refusal (404) where there is none."""
        found = self.get(group, name)
        if found is None:
            raise not_found(group, self._kind, name)
        return found

    def named(self, name: str, group: str | None = None) -> Entry:
        """As people find it, in whichever group; LookupError where there is none."""
        for entry in self:
            if entry.name.lower() == name.lower() and group in (None, entry.group):
                return entry
        raise LookupError(f"there is no {self._kind} {name}")

    def put(self, entry: Entry) -> None:
        self._entries[entry.key] = entry

    def remove(self, entry: Entry) -> None:
        self._entries.pop(entry.key, None)


def new_item(
    sent: Mapping[str, Any],
    *,
    subscription: str,
    group: str,
    name: str,
    offer: Offer,
    validation: str | None,
    accepted: bool,
    now: datetime,
) -> Entry:
    """An order item that was asked for and isn't placed yet."""
    asked = sent["properties"]
    details = asked["orderItemDetails"]
    preferences = details.get("preferences")
    encryption = (preferences or {}).get("encryptionPreferences", {}).get("doubleEncryptionStatus")
    term = (preferences or {}).get("termCommitmentPreferences")
    product = {
        "displayInfo": {
            "productFamilyDisplayName": offer.family.display_name,
            "configurationDisplayName": offer.configuration.display_name,
        },
        "hierarchyInformation": offer.hierarchy,
        "productDoubleEncryptionStatus": encryption or "Disabled",
        **{
            member: details["productDetails"][member]
            for member in ("parentProvisioningDetails", "optInAdditionalConfigurations")
            if member in details["productDetails"]
        },
    }
    if term:
        duration = term.get("preferredTermCommitmentDuration")
        product["termCommitmentInformation"] = {
            "termCommitmentType": term["preferredTermCommitmentType"],
            **({"termCommitmentTypeDuration": duration} if duration else {}),
        }
    address = asked.get("addressDetails", {}).get("forwardAddress")
    body = {
        "properties": {
            "orderItemDetails": {
                "productDetails": product,
                "orderItemType": details["orderItemType"],
                **{m: details[m] for m in ("orderItemMode", "siteDetails") if m in details},
                "currentStage": {
                    "stageStatus": "InProgress",
                    "stageName": "Placed",
                    "startTime": stamp(now),
                },
                "orderItemStageHistory": [{"stageStatus": "None", "stageName": stage} for stage in _FORETOLD],
                **({"preferences": preferences} if preferences is not None else {}),
                "notificationEmailList": details.get("notificationEmailList", []),
                "cancellationStatus": "Cancellable",
                "deletionStatus": "NotAllowed",
                "returnStatus": "NotReturnable",
                "managementRpDetailsList": [{"resourceProviderNamespace": offer.family.provider}],
            },
            **(
                {"addressDetails": {"forwardAddress": {**address, "addressValidationStatus": validation}}}
                if address
                else {}
            ),
            "startTime": stamp(now),
            "orderId": asked["orderId"],
        },
        **_tracked(sent, subscription, group, "orderItems", name, now),
    }
    return Entry("orderItems", group, name, copy.deepcopy(body), accepted, time.monotonic())


def new_address(
    sent: Mapping[str, Any],
    *,
    subscription: str,
    group: str,
    name: str,
    validation: str,
    accepted: bool,
    now: datetime,
) -> Entry:
    """A saved address."""
    body = {
        "properties": {
            "addressClassification": "Shipping",
            **sent["properties"],
            "addressValidationStatus": validation,
        },
        **_tracked(sent, subscription, group, "addresses", name, now),
    }
    return Entry("addresses", group, name, copy.deepcopy(body), accepted, time.monotonic())


def _tracked(
    sent: Mapping[str, Any], subscription: str, group: str, kind: str, name: str, now: datetime
) -> dict[str, Any]:
    by = {"By": CLIENT_ID, "ByType": "Application", "At": stamp(now)}
    return {
        "systemData": {
            f"{verb}{key}": value for verb in ("created", "lastModified") for key, value in by.items()
        },
        "location": sent["location"],
        "tags": sent.get("tags", {}),
        **({"identity": sent["identity"]} if "identity" in sent else {}),
        "name": name,
        "id": f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.EdgeOrder/{kind}/{name}",
        "type": f"Microsoft.EdgeOrder/{kind}",
    }


def touch(entry: Entry, now: datetime) -> None:
    """Note that somebody changed it."""
    entry.version += 1
    entry.body.setdefault("systemData", {})["lastModifiedAt"] = stamp(now)


def set_stage(
    entry: Entry,
    stage: str,
    status: str,
    now: datetime,
    *,
    display_name: str | None = None,
    display_names: bool = False,
) -> None:
    """Any stage and status, unknown ones and steps back included, with all that comes with the stage."""
    details = entry.details
    history: list[dict[str, Any]] = details.setdefault("orderItemStageHistory", [])
    place = next((n for n, step in enumerate(history) if step.get("stageName") == stage), None)
    if place is None:
        place = _place_of(stage, history, entry.stage)
        history.insert(place, {"stageStatus": status, "stageName": stage})
    step = history[place]
    step["stageStatus"] = status
    if status != "None":
        step.setdefault("startTime", stamp(now))
    if display_name or display_names:
        step["displayName"] = display_name or _DISPLAY_NAMES.get(stage, stage)
    for earlier in history[:place]:
        # What an item has left behind is done, unless it ended otherwise.
        if earlier.get("stageStatus") == "InProgress":
            earlier["stageStatus"] = "Succeeded"
    details["currentStage"] = {"startTime": stamp(now), **step}
    details["cancellationStatus"] = "Cancellable" if stage in _CANCELLABLE else "NotCancellable"
    details["returnStatus"] = "Returnable" if stage in _RETURNABLE else "NotReturnable"
    details["deletionStatus"] = "Allowed" if stage in _OVER else "NotAllowed"
    entry.moved = time.monotonic()
    _furnish(entry, stage)
    # Not a change of anybody's: systemData tells of those who asked, not of what was done for them.
    entry.version += 1


def _place_of(stage: str, history: list[dict[str, Any]], current: str) -> int:
    """Where in the history a stage belongs that isn't in it."""
    names = [step.get("stageName") for step in history]
    if stage in LIFE:
        before = [names.index(one) for one in LIFE[: LIFE.index(stage)] if one in names]
        return max(before, default=-1) + 1
    if stage in (*RETURN, "Cancelled") or current not in names:
        return len(names)
    return names.index(current) + 1


def _furnish(entry: Entry, stage: str) -> None:
    seed = f"{entry.group}/{entry.name}".lower()
    if stage == "Shipped":
        entry.details.setdefault("forwardShippingDetails", _parcel(seed))
    if stage == "InUse":
        serial = digest(seed)[:12].upper()
        entry.product.setdefault(
            "parentDeviceDetails",
            {
                "serialNumber": serial,
                "displaySerialNumber": f"{serial[:4]}-{serial[4:8]}-{serial[8:]}",
                "managementResourceId": entry.path.replace(
                    f"Microsoft.EdgeOrder/orderItems/{entry.name}",
                    f"Microsoft.DataBoxEdge/dataBoxEdgeDevices/{entry.name}",
                ),
                "managementResourceTenantId": _TENANT,
            },
        )
    if stage == "ReturnInitiated":
        secret = f"sv=2022-11-02&sr=b&sp=r&sig={digest(f'label/{seed}')}"
        label = f"https://edgeorderlabels.blob.core.windows.net/labels/{digest(seed)[:16]}.pdf?{secret}"
        entry.details.setdefault(
            "reverseShippingDetails", {"sasKeyForLabel": label, **_parcel(f"return/{seed}")}
        )


_CARRIERS = {
    "FEDEX": ("FedEx", "https://www.fedex.com/fedextrack/?trknbr={}"),
    "UPS": ("UPS", "https://www.ups.com/track?tracknum={}"),
    "DHL": ("DHL", "https://www.dhl.com/en/express/tracking.html?AWB={}"),
}


def _parcel(seed: str) -> dict[str, str]:
    carrier = carrier_of(seed)
    display_name, url = _CARRIERS[carrier]
    number = tracking_number(carrier, seed)
    return {
        "carrierName": carrier,
        "carrierDisplayName": display_name,
        "trackingId": number,
        "trackingUrl": url.format(number),
    }


def cancel(entry: Entry, reason: str, now: datetime) -> None:
    """As the API does it; Refusal (400) where the item's own status says no."""
    if entry.details.get("cancellationStatus") == "NotCancellable":
        raise Refusal(
            "OrderItemNotCancellable",
            f"Order item '{entry.name}' cannot be cancelled in its current stage ({entry.stage}).",
        )
    set_stage(entry, "Cancelled", "Succeeded", now)
    entry.details["cancellationReason"] = reason


def take_back(entry: Entry, sent: Mapping[str, Any], now: datetime) -> None:
    """As the API begins a return; Refusal (400) where the item's own status says no."""
    if entry.details.get("returnStatus") == "NotReturnable":
        raise Refusal(
            "OrderItemNotReturnable",
            f"Order item '{entry.name}' cannot be returned in its current stage ({entry.stage}).",
        )
    set_stage(entry, RETURN[0], "Succeeded", now)
    entry.details["returnReason"] = sent["returnReason"]
    if "returnAddress" in sent:
        addresses = entry.body["properties"].setdefault("addressDetails", {})
        addresses["returnAddress"] = copy.deepcopy(sent["returnAddress"])


def orders_of(items: Iterable[Entry]) -> dict[str, dict[str, Any]]:
    """The orders that exist because items name them, by their id in lower case."""
    orders: dict[str, dict[str, Any]] = {}
    members: dict[str, list[Entry]] = {}
    for item in items:
        order_id = item.body.get("properties", {}).get("orderId")
        if isinstance(order_id, str):
            members.setdefault(order_id.lower(), []).append(item)
    for key, entries in members.items():
        order_id = entries[0].body["properties"]["orderId"]
        placed = entries[0].body["properties"].get("startTime", stamp(datetime.now(UTC)))
        reviewed = all(entry.stage not in ("", "Placed") for entry in entries)
        history: list[dict[str, Any]] = [
            {"stageStatus": "Succeeded", "stageName": "Placed", "startTime": placed},
            {"stageStatus": "None", "stageName": "InReview"},
        ]
        if reviewed:
            history[1] = {"stageStatus": "Succeeded", "stageName": "InReview", "startTime": placed}
        orders[key] = {
            "properties": {
                "orderItemIds": [entry.path for entry in entries],
                "currentStage": dict(history[int(reviewed)]),
                "orderStageHistory": history,
            },
            "name": order_id.rpartition("/")[2],
            "id": order_id,
            "type": "Microsoft.EdgeOrder/orders",
        }
    return orders


@dataclass
class Operation:
    """Something that was accepted and takes its time."""

    id: str
    kind: str
    """create, update, return or delete."""
    location: str
    entry: Entry
    ready: float
    """When it will have ended, on the monotonic clock."""
    doom: tuple[str, str] | None = None
    done: bool = False


def new_operation(kind: str, entry: Entry, seconds: float, doom: tuple[str, str] | None) -> Operation:
    # As recorded: a deletion goes by a number, all else by a GUID.
    number = f"{uuid.uuid4().int % 10**18:018d}-deleteresource"
    return Operation(
        number if kind == "delete" else str(uuid.uuid4()),
        kind,
        str(entry.body.get("location", "eastus")),
        entry,
        time.monotonic() + seconds,
        doom,
    )


def stamp(moment: datetime) -> str:
    """As Edge Order writes times: with seven digits, of which the last means nothing here."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    offset = f"{moment:%z}"
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0{offset[:3]}:{offset[3:5]}"

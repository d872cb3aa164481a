"""What Azure Edge Order says of one order item, in our words. Pure: a dict in, a unit out.

Member names and enumerations are those of the API 2024-02-01; what the one of 2021-12-01 says otherwise is
read as well. Nothing here trusts an answer to have its documented shape: a member may be missing, new, or of
another type, and none of that may hide the rest of an order item. Street, contact, e-mail addresses and keys
for shipping labels never enter a unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.clouds.azure_catalogue import duration, place
from bot.clouds.azure_placing import hide
from bot.clouds.reading import PRIVATE, Answer, Facts, a_dict, dicts, tell, text, time_of, url_parts
from bot.core.messages.words import readable
from bot.core.snapshot import Passage, Shipment, Unit

_SETTLED = frozenset({"", "None", "Succeeded"})
LONGEST_ERROR = 1000  # characters
DEEPEST_ERROR = 3

# What this version reads, so that what a newer one adds is told apart.
RESOURCE = frozenset(
    {"id", "name", "type", "systemData", "tags", "location", "properties", "identity", "etag"}
)
PROPERTIES = frozenset({"orderItemDetails", "addressDetails", "startTime", "orderId", "provisioningState"})
DETAILS = frozenset(
    {
        "productDetails",
        "orderItemType",
        "orderItemMode",
        "siteDetails",
        "currentStage",
        "orderItemStageHistory",
        "preferences",
        "forwardShippingDetails",
        "reverseShippingDetails",
        "notificationEmailList",
        "cancellationReason",
        "cancellationStatus",
        "deletionStatus",
        "returnReason",
        "returnStatus",
        "managementRpDetails",
        "managementRpDetailsList",
        "error",
    }
)
PRODUCT = frozenset(
    {
        "displayInfo",
        "hierarchyInformation",
        "count",
        "deviceDetails",
        "productDoubleEncryptionStatus",
        "identificationType",
        "parentDeviceDetails",
        "parentProvisioningDetails",
        "optInAdditionalConfigurations",
        "childConfigurationDeviceDetails",
        "termCommitmentInformation",
    }
)
PREFERENCES = frozenset(
    {
        "notificationPreferences",
        "transportPreferences",
        "encryptionPreferences",
        "managementResourcePreferences",
        "termCommitmentPreferences",
    }
)


def unit(part: str, item: Answer) -> Unit:
    """An `OrderItemResource` as the unit that is asked for as `part` (`GROUP/NAME`)."""
    properties = a_dict(item.get("properties"))
    details = a_dict(properties.get("orderItemDetails"))
    product = a_dict(details.get("productDetails"))
    current = a_dict(details.get("currentStage"))
    return Unit(
        id=part,
        name=_name(part, item, product),
        quantity=1,
        status=_status(current) or text(properties.get("provisioningState")),
        shipment=_shipment(a_dict(details.get("forwardShippingDetails"))),
        way_back=_shipment(a_dict(details.get("reverseShippingDetails"))),
        facts=_facts(properties, details, product),
        details=_details(item, properties, details, product),
        record=_record(item, properties, details, product),
        passages=_passages(dicts(details.get("orderItemStageHistory")), current),
        cancellation=text(details.get("cancellationStatus")),
        returning=text(details.get("returnStatus")),
        deletion=text(details.get("deletionStatus")),
        mail=_mail(a_dict(details.get("preferences"))),
    )


def _name(part: str, item: Answer, product: Answer) -> str:
    """What it is and how it is called, so that the units of one order can be told apart."""
    what = text(a_dict(product.get("displayInfo")).get("configurationDisplayName")).strip()
    what = what or _configuration(product)
    called = text(item.get("name")) or part.rpartition("/")[2]
    return f"{what} ({called})" if what else called


def _configuration(product: Answer) -> str:
    return text(a_dict(product.get("hierarchyInformation")).get("configurationName"))


def _status(stage: Answer) -> str:
    """`InReview (Failed)`; the status of a stage that went well is left out."""
    name, status = text(stage.get("stageName")), text(stage.get("stageStatus"))
    return name if status in _SETTLED else f"{name} ({status})".strip()


def _passages(history: list[Answer], current: Answer) -> tuple[Passage, ...]:
    """The stages in Azure's order; what only the current one tells is added where it belongs."""
    now, passages = _passage(current), [_passage(stage) for stage in history]
    if now.stage and now.stage not in [one.stage for one in passages]:
        passages.append(now)
    return tuple(
        replace(one, at=one.at or now.at, title=one.title or now.title) if one.stage == now.stage else one
        for one in passages
    )


def _passage(stage: Answer) -> Passage:
    return Passage(
        stage=text(stage.get("stageName")),
        status=text(stage.get("stageStatus")),
        at=_time(stage.get("startTime")),
        title=text(stage.get("displayName")),
    )


def _shipment(parcel: Answer) -> Shipment | None:
    carrier = text(parcel.get("carrierDisplayName")) or text(parcel.get("carrierName"))
    number, link = text(parcel.get("trackingId")).strip(), _link(parcel.get("trackingUrl"))
    return Shipment(carrier, number, link) if carrier or number or link else None


def _link(value: object) -> str:
    """An address for people to open; nothing where it is none."""
    url, parts = text(value).strip(), url_parts(value)
    return url if parts.scheme in ("http", "https") and parts.netloc and len(url.split()) == 1 else ""


def _time(value: object) -> str:
    """`2022-03-04 05:35 UTC`; the year 1 means that there is none; what is no time is told as it is."""
    at, said = time_of(value), text(value)
    if at is not None:
        return text(at)
    return "" if said.startswith("0001-") else said


# --- what is shown of it -------------------------------------------------------------------------


def _facts(properties: Answer, details: Answer, product: Answer) -> Facts:
    shown = {
        "Serial number": _listed(_serial(device) for device in _devices(product)),
        "Error": _discreet(_error(a_dict(details.get("error"))), properties),
        "Cancellation reason": text(details.get("cancellationReason")),
        "Return reason": text(details.get("returnReason")),
    }
    return _said(shown)


def _details(item: Answer, properties: Answer, details: Answer, product: Answer) -> Facts:
    preferences = a_dict(details.get("preferences"))
    shown = {
        "Cancellation": _spoken(details.get("cancellationStatus")),
        "Return": _spoken(details.get("returnStatus")),
        "Deletion": _spoken(details.get("deletionStatus")),
        **_ordered(details, product),
        **_chosen(preferences),
        **_addressed(a_dict(properties.get("addressDetails")), details),
        **_error_details(a_dict(details.get("error")), properties),
    }
    for answer, known in (
        (item, RESOURCE),
        (properties, PROPERTIES),
        (details, DETAILS),
        (product, PRODUCT),
        (preferences, PREFERENCES),
    ):
        for label, value in tell({}, answer, known=known):
            shown.setdefault(label, value)
    return _said(shown)


def _ordered(details: Answer, product: Answer) -> dict[str, str]:
    """What it is."""
    hierarchy = a_dict(product.get("hierarchyInformation"))
    levels = (text(hierarchy.get(f"product{level}")) for level in ("FamilyName", "LineName", "Name"))
    return {
        "Order type": _spoken(details.get("orderItemType")),
        "Order mode": _spoken(details.get("orderItemMode")),
        "Product family": text(a_dict(product.get("displayInfo")).get("productFamilyDisplayName")),
        "Product": "/".join(filter(None, levels)),
        "Configuration": _configuration(product),
        "Configuration id": text(hierarchy.get("configurationIdDisplayName")),
        "Count": text(product.get("count")),
        "Double encryption": _spoken(product.get("productDoubleEncryptionStatus")),
        "Term commitment": _term(
            a_dict(product.get("termCommitmentInformation")),
            "termCommitmentType",
            "termCommitmentTypeDuration",
        ),
        "Identification": _spoken(product.get("identificationType")),
        "Additional configurations": _listed(
            _counted(each) for each in dicts(product.get("optInAdditionalConfigurations"))
        ),
        "Parts": _listed(_counted(each) for each in dicts(product.get("childConfigurationDeviceDetails"))),
    }


def _chosen(preferences: Answer) -> dict[str, str]:
    """What the customer prefers."""
    transport = a_dict(preferences.get("transportPreferences"))
    encryption = a_dict(preferences.get("encryptionPreferences"))
    management = a_dict(preferences.get("managementResourcePreferences"))
    term = a_dict(preferences.get("termCommitmentPreferences"))
    return {
        "E-mails at": _listed(map(_notified, dicts(preferences.get("notificationPreferences")))),
        "Preferred shipment": _spoken(transport.get("preferredShipmentType")),
        "Preferred encryption": _spoken(encryption.get("doubleEncryptionStatus")),
        "Preferred management resource": text(management.get("preferredManagementResourceId")),
        "Preferred term commitment": _term(
            term, "preferredTermCommitmentType", "preferredTermCommitmentDuration"
        ),
    }


def _mail(preferences: Answer) -> bool | None:
    """Whether Azure sends an e-mail at any stage; None where nothing is preferred."""
    chosen = [one.get("sendNotification") for one in dicts(preferences.get("notificationPreferences"))]
    return True in chosen if chosen else None


def _notified(preference: Answer) -> str:
    """`Shipped` where an e-mail is sent at that stage, `Delivered (no)` where none is."""
    stage = text(preference.get("stageName"))
    return stage if preference.get("sendNotification") is True else f"{stage} (no)".strip()


def _term(term: Answer, kind: str, length: str) -> str:
    """`Timed, 1 year`."""
    return _listed((text(term.get(kind)), duration(text(term.get(length)))))


def _addressed(addresses: Answer, details: Answer) -> dict[str, str]:
    """Where it is shipped to: town and country alone, and how many are told by e-mail."""
    forward, back = a_dict(addresses.get("forwardAddress")), a_dict(addresses.get("returnAddress"))
    return {
        "Ships to": place(forward),
        "Address validation": _spoken(forward.get("addressValidationStatus")),
        "Returns from": place(back),
        "Return address validation": _spoken(back.get("addressValidationStatus")),
        "Notification e-mails": _how_many(details.get("notificationEmailList")),
        "Site": text(a_dict(details.get("siteDetails")).get("siteId")),
    }


def _how_many(addresses: object) -> str:
    if not isinstance(addresses, list):
        return ""
    count = len(addresses)
    return {0: "none", 1: "1 address"}.get(count, f"{count} addresses")


def _managed(details: Answer, product: Answer) -> dict[str, str]:
    """By what it is managed once it is there, and how it gets into that."""
    devices = list(_devices(product))
    provisioning = [a_dict(one.get("provisioningDetails")) for one in devices]
    provisioning.append(a_dict(product.get("parentProvisioningDetails")))
    providers = [a_dict(details.get("managementRpDetails")), *dicts(details.get("managementRpDetailsList"))]
    return {
        "Management providers": _listed(text(one.get("resourceProviderNamespace")) for one in providers),
        "Management resource": _listed(text(one.get("managementResourceId")) for one in devices),
        "Management tenant": _listed(text(one.get("managementResourceTenantId")) for one in devices),
        "Provisioning": _listed(_spoken(one.get("provisioningSupport")) for one in devices),
        "Auto-provisioning": _listed(_spoken(one.get("autoProvisioningStatus")) for one in provisioning),
        "Provisioned through": _listed(text(one.get("provisioningArmId")) for one in provisioning),
        "Provisioning endpoint": _listed(text(one.get("provisioningEndPoint")) for one in provisioning),
        "Ready to connect": _listed(text(one.get("readyToConnectArmId")) for one in provisioning),
        "Managed as": _listed(text(one.get("managementResourceArmId")) for one in provisioning),
        "Vendor": _listed(text(one.get("vendorName")) for one in provisioning),
        "Device identifier": _listed(text(one.get("uniqueDeviceIdentifier")) for one in provisioning),
        "Device presence": _listed(
            _presence(a_dict(one.get("devicePresenceVerification"))) for one in provisioning
        ),
    }


def _presence(verification: Answer) -> str:
    status, message = _spoken(verification.get("status")), text(verification.get("message"))
    return f"{status} ({message})" if status and message else status or message


def _devices(product: Answer) -> Iterator[Answer]:
    """Every device of an item, in whichever version's place."""
    yield a_dict(product.get("parentDeviceDetails"))
    yield from dicts(product.get("deviceDetails"))
    for child in dicts(product.get("childConfigurationDeviceDetails")):
        yield from dicts(child.get("deviceDetails"))


def _serial(device: Answer) -> str:
    """A serial number, and how it is printed where that differs."""
    serial, printed = text(device.get("serialNumber")), text(device.get("displaySerialNumber"))
    return f"{serial} ({printed})" if serial and printed not in ("", serial) else serial or printed


def _counted(configuration: Answer) -> str:
    name = text(a_dict(configuration.get("displayInfo")).get("configurationDisplayName"))
    name = name or _configuration(configuration)
    count = text(configuration.get("quantity"))
    return f"{count} × {name}" if count and name else name


def _error(error: Answer) -> str:
    """`Code: message`."""
    return ": ".join(filter(None, (text(error.get("code")), text(error.get("message")))))


def _discreet(words: str, properties: Answer) -> str:
    """Words of Azure's without what they quote of the item's own addresses."""
    addresses = a_dict(properties.get("addressDetails"))
    emails = a_dict(properties.get("orderItemDetails")).get("notificationEmailList")
    for address in (addresses.get("forwardAddress"), addresses.get("returnAddress")):
        words = hide(words, a_dict(address))
    return hide(words, {"contactDetails": {"emailList": emails}})[:LONGEST_ERROR]


def _error_details(error: Answer, properties: Answer) -> dict[str, str]:
    below = [one for one in _below(error, DEEPEST_ERROR) if one is not error]
    additional = [info for one in (error, *below) for info in dicts(one.get("additionalInfo"))]
    return {
        "Error target": text(error.get("target")),
        "Error details": _discreet("; ".join(filter(None, map(_targeted, below))), properties),
        "Error information": _listed(text(info.get("type")) for info in additional),
    }


def _below(error: Answer, depth: int) -> Iterator[Answer]:
    """An error and those that it is made of, some levels deep."""
    yield error
    for inner in dicts(error.get("details")) if depth else ():
        yield from _below(inner, depth - 1)


def _targeted(error: Answer) -> str:
    target = text(error.get("target"))
    return f"{_error(error)} ({target})".strip() if target else _error(error)


def _record(item: Answer, properties: Answer, details: Answer, product: Answer) -> Facts:
    system = a_dict(item.get("systemData"))
    term = a_dict(product.get("termCommitmentInformation"))
    shown = {
        "Started": _time(properties.get("startTime")),
        "In this stage since": _time(a_dict(details.get("currentStage")).get("startTime")),
        "Created": _made(system, "created"),
        "Last modified": _made(system, "lastModified"),
        "Days left of the term": text(term.get("pendingDaysForTerm")),
        "Provisioning state": text(properties.get("provisioningState")),
        "Tags": _tags(a_dict(item.get("tags"))),
        "Location": text(item.get("location")),
        **_managed(details, product),
        "Identity": text(a_dict(item.get("identity")).get("type")),
        "Order": text(properties.get("orderId")).rpartition("/")[2],
        "Resource": text(item.get("id")),
    }
    return _said(shown)


_MAKERS = {
    "User": "a user",
    "Application": "an application",
    "ManagedIdentity": "a managed identity",
    "Key": "a key",
}


def _made(system: Answer, verb: str) -> str:
    """When, and by what kind of identity: who it is, may be a person's e-mail address."""
    kind = text(system.get(f"{verb}ByType"))
    by = _MAKERS.get(kind, kind) or ("somebody" if system.get(f"{verb}By") else "")
    return " ".join(filter(None, (_time(system.get(f"{verb}At")), by and f"by {by}")))


def _tags(tags: Answer) -> str:
    """All tags but those that might name a person or a secret."""
    shown = {text(name): text(value) for name, value in tags.items()}
    return _listed(
        f"{name}={value}"
        for name, value in sorted(shown.items())
        if not PRIVATE.search(name) and "@" not in value
    )


def _listed(values: Iterator[str] | tuple[str, ...]) -> str:
    """Each value once, in the order in which they came."""
    return ", ".join(dict.fromkeys(filter(None, values)))


def _spoken(value: object) -> str:
    """A word of the API's enumerations as people read it: `MicrosoftManaged` is *Microsoft managed*."""
    return readable(text(value))


def _said(shown: dict[str, str]) -> Facts:
    return tuple((label, value) for label, value in shown.items() if value)

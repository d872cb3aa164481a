"""Placing with Azure: what is sent, and what each answer means. Pure: no word of it leaves this file.

The shape of a body is that of a recorded creation (API 2021-12-01 and 2024-02-01 alike). A name of ours is
used once: Azure refuses a second PUT on it, so that an order item with our name and our tag is the proof
that a request was carried out, and its absence that it was not.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from bot.clouds.reading import Answer, a_dict, a_list, text, time_of
from bot.core.request import AzureTerms
from bot.core.snapshot import Ref
from bot.errors import CloudDown
from bot.ports import Accepted, Found, Outcome, Placed, Unclear

TAG = "quartermaster-order"
NOT_OURS = "Azure has an order item with this name that does not carry our tag."
NOT_THERE = "Azure took the request, and has no order item with its name."
PRODUCT_LEVELS = ("productFamilyName", "productLineName", "productName")
PUBLIC_MEMBERS = frozenset({"city", "stateOrProvince", "country", "addressType"})
SHORTEST_SECRET = 3  # characters: what is shorter is found in any sentence
FAILED_STATES = frozenset({"failed", "canceled"})


def order_name(unit: str) -> str:
    """`ord-7f3k2m` for its unit `ord-7f3k2m-1`."""
    return unit.rpartition("-")[0]


def body(subscription: str, terms: AzureTerms, unit: str, forward: Answer) -> dict[str, Any]:
    """The order item to be created.

    Args:
        subscription: The id of the subscription.
        terms: What was asked for.
        unit: The name of the order item.
        forward: The properties of the saved address, as Azure has them now.
    """
    hierarchy = {**product_names(terms.product), "configurationName": terms.configuration}
    details: dict[str, Any] = {
        "orderItemType": terms.order_type,
        "productDetails": {"hierarchyInformation": hierarchy},
    }
    if chosen := preferences(terms):
        details["preferences"] = chosen
    return {
        "location": terms.location,
        "tags": {TAG: order_name(unit).upper()},
        "properties": {
            "orderId": order_path(subscription, terms, unit),
            "orderItemDetails": details,
            "addressDetails": {"forwardAddress": shipped_to(forward)},
        },
    }


def product_names(product: str) -> dict[str, str]:
    """`FAMILY/LINE/PRODUCT` as Azure wants to be told it."""
    return dict(zip(PRODUCT_LEVELS, product.split("/"), strict=False))


def preferences(terms: AzureTerms) -> dict[str, Any]:
    """What was chosen beside the configuration; nothing where nothing was."""
    chosen: dict[str, Any] = {}
    if terms.commitment:
        chosen["termCommitmentPreferences"] = {
            "preferredTermCommitmentType": "Timed",
            "preferredTermCommitmentDuration": terms.commitment,
        }
    if terms.double_encryption:
        chosen["encryptionPreferences"] = {"doubleEncryptionStatus": terms.double_encryption}
    return chosen


def order_path(subscription: str, terms: AzureTerms, unit: str) -> str:
    """The id of the Azure order that the units of one order belong to."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/{terms.resource_group}/providers/Microsoft.EdgeOrder"
        f"/locations/{terms.location}/orders/{order_name(unit)}"
    )


def shipped_to(address: Answer) -> dict[str, Any]:
    """The parts of a saved address that an order item takes over."""
    return {
        member: dict(address[member])
        for member in ("shippingAddress", "contactDetails")
        if a_dict(address.get(member))
    }


def digest(address: Answer) -> str:
    """SHA-256, in hex, of where and to whom a saved address sends things."""
    canonical = json.dumps(shipped_to(address), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def hide(words: str, address: Answer) -> str:
    """Words of Azure's without what they quote of an address: only its town and country may be read."""
    for secret in sorted(_private(shipped_to(address)), key=len, reverse=True):
        words = re.sub(re.escape(secret), "[…]", words, flags=re.IGNORECASE)
    return words


def _private(address: dict[str, Any]) -> Iterator[str]:
    for member, value in (pair for part in address.values() for pair in part.items()):
        if member not in PUBLIC_MEMBERS:
            said = (text(one).strip() for one in (a_list(value) or [value]))
            yield from (one for one in said if len(one) >= SHORTEST_SECRET)


def ref(subscription: str, terms: AzureTerms, unit: str) -> Ref:
    """Where Azure keeps a unit, and the order that it belongs to."""
    group = terms.resource_group.lower()
    return Ref(subscription, f"{group}/{order_name(unit)}", (f"{group}/{unit}",))


def is_ours(item: Answer, unit: str) -> bool:
    """Whether an order item carries the tag of our order; Azure minds no case in tags."""
    tags = {text(name).lower(): text(value).lower() for name, value in a_dict(item.get("tags")).items()}
    return tags.get(TAG) == order_name(unit)


def is_item(answer: object, unit: str) -> bool:
    """Whether an answer is the order item of that name."""
    return text(a_dict(answer).get("name")).lower() == unit


def state(resource: Answer) -> str:
    """How far the making of a resource is, in lower case; "" where Azure does not say."""
    return text(a_dict(resource.get("properties")).get("provisioningState")).lower()


def standing(item: Answer, ref: Ref, unit: str, *, waiting: Accepted) -> Outcome:
    """What an order item with the name of a unit says about the unit.

    `waiting` is what holds as long as Azure still makes it.
    """
    if not is_ours(item, unit):
        return Unclear(NOT_OURS)
    if state(item) == "creating":
        return waiting
    if state(item) in FAILED_STATES:
        return Unclear(f"Azure keeps the order item, and says that making it ended as {state(item)}.")
    return Placed(ref)


def found(item: Answer, ref: Ref, unit: str) -> Found:
    """An order item as something to adopt, without any doubt if it is ours and was made.

    Raises:
        CloudDown: Azure still makes it, and may yet fail.
    """
    if is_ours(item, unit) and state(item) == "creating":
        raise CloudDown(f"Azure is still creating {unit}.")
    made = state(item) not in FAILED_STATES
    started = time_of(a_dict(item.get("properties")).get("startTime"))
    return Found(ref, started, ours=made and is_ours(item, unit))

"""What AWS Outposts answers, in our words. Pure: dicts in, values out.

Member names and enumerations are those of botocore 1.44.5, outposts 2019-12-03. Nothing here trusts
an answer to have its documented shape: botocore checks neither enums nor types of what comes back,
so a member may be missing, new, or of another type, and none of that may hide the rest of an order.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.clouds.reading import Answer, Facts, a_dict, a_list, dicts, moment, short, tell, text, words
from bot.core.request import TERMS, AwsTerms
from bot.core.snapshot import Asset, Ref, Shipment, Snapshot, Summary, Unit
from bot.ports import Choice, Found

# AWS gives no tracking links; these pages are the carriers' own. Other carriers have no link.
CARRIERS = {
    "DBS": "https://www.dbschenker.com/app/tracking-public/?refNumber={number}",
    "DHL": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
    "EXPEDITORS": "http://expo.expeditors.com/expo/SQGuest"
    "?SearchType=shipmentSearch&TrackingNumber={number}&action=SQGuest",
    "FEDEX": "https://www.fedex.com/fedextrack/?trknbr={number}",
    "UPS": "https://www.ups.com/track?tracknum={number}",
}
ORDINARY = "OUTPOST"  # the OrderType of what customers order; the other one is AWS replacing hardware


def snapshot(order: Answer, region: str) -> Snapshot:
    """An `Order` as a snapshot; its lists are sorted, so that a shuffle by AWS is no change."""
    return Snapshot(
        ref=Ref(region, text(order.get("OrderId"))),
        status=text(order.get("Status")),
        units=tuple(_units(dicts(order.get("LineItems")))),
        facts=_order_facts(order, region),
        fingerprint=fingerprint(_summary_of(order)),
    )


def summary(answer: Answer, region: str) -> Summary:
    """An `OrderSummary`. One that says nothing of line items cannot show that they changed."""
    told = fingerprint(answer) if "LineItemCountsByStatus" in answer else ""
    return Summary(Ref(region, text(answer.get("OrderId"))), told)


def fingerprint(answer: Answer) -> str:
    """A stable text of everything in an `OrderSummary`."""
    told = {member: _plain(value) for member, value in answer.items()}
    if told.get("OrderType") == ORDINARY:
        del told["OrderType"]  # absent means the same
    return json.dumps({member: told[member] for member in sorted(told) if told[member]})


def _summary_of(order: Answer) -> Answer:
    """The `OrderSummary` that belongs to an `Order`."""
    shared = (
        "OutpostId",
        "OrderId",
        "OrderType",
        "Status",
        "OrderSubmissionDate",
        "OrderFulfilledDate",
    )
    statuses = Counter(text(item.get("Status")) for item in dicts(order.get("LineItems")))
    del statuses[""]
    return {member: order.get(member) for member in shared} | {"LineItemCountsByStatus": statuses}


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return {text(key): _plain(value[key]) for key in sorted(value, key=text) if value[key]}
    if isinstance(value, list | tuple):
        return sorted(map(_plain, value), key=json.dumps)
    return value if isinstance(value, bool | int) else text(value)


def _order_facts(order: Answer, region: str) -> Facts:
    shown = {"Outpost": text(order.get("OutpostId")), "Region": region}
    for member, (label, reads) in ORDER_FACTS.items():
        shown[label] = reads(order.get(member))
    return tell(shown, order, known=ORDER_MEMBERS)


def _unit_facts(item: Answer) -> Facts:
    shown = {
        "Replaced line item": text(item.get("PreviousLineItemId")),
        "Previous order": text(item.get("PreviousOrderId")),
    }
    return tell(shown, item, known=LINE_ITEM_MEMBERS)


def _units(items: list[Answer]) -> Iterator[Unit]:
    taken: set[str] = set()
    for item in sorted(items, key=_rank):
        unit = _unit(item, _unique(_item_id(item), taken))
        taken.add(unit.id)
        yield unit


def _rank(item: Answer) -> tuple[str, ...]:
    """Places line items by what never changes of them first, so that those without ids keep theirs."""
    lasting = (text(item.get(member)) for member in ("LineItemId", "CatalogItemId", "Quantity"))
    # Empty values are left out of the plain text, and an odd one may still read as something.
    return (*lasting, json.dumps(_plain(item), sort_keys=True), repr(_unit(item, "")))


def _item_id(item: Answer) -> str:
    return text(item.get("LineItemId")) or text(item.get("CatalogItemId")) or "line item"


def _unique(name: str, taken: set[str]) -> str:
    """`name`, or a numbered one: changes are found by id, so no two units may share one."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name} #{number}"
    return candidate


def _unit(item: Answer, unit_id: str) -> Unit:
    return Unit(
        id=unit_id,
        name=text(item.get("CatalogItemId")) or "line item",
        quantity=_count(item.get("Quantity")),
        status=text(item.get("Status")),
        shipment=_shipment(a_dict(item.get("ShipmentInformation"))),
        assets=_assets(dicts(item.get("AssetInformationList"))),
        facts=_unit_facts(item),
    )


def _shipment(answer: Answer) -> Shipment | None:
    carrier, number = (
        text(answer.get("ShipmentCarrier")),
        text(answer.get("ShipmentTrackingNumber")),
    )
    return Shipment(carrier, number, tracking_link(carrier, number)) if carrier or number else None


def tracking_link(carrier: str, number: str) -> str:
    """The carrier's page for a parcel, or nothing where none is known."""
    template = CARRIERS.get(carrier.upper(), "")
    return template.format(number=quote(number, safe="")) if number else ""


def _assets(answers: list[Answer]) -> tuple[Asset, ...]:
    macs: dict[str, set[str]] = {}
    for answer in answers:
        found = macs.setdefault(text(answer.get("AssetId")) or "asset without id", set())
        found.update(filter(None, map(text, a_list(answer.get("MacAddressList")))))
    return tuple(Asset(asset, tuple(sorted(macs[asset]))) for asset in sorted(macs))


def _term(value: object) -> str:
    return dict(TERMS).get(text(value)) or words(value)


def _kind(value: object) -> str:
    return "" if text(value) == ORDINARY else words(value)


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 1


ORDER_FACTS: dict[str, tuple[str, Callable[[object], str]]] = {
    "OrderType": ("Order type", _kind),
    "PaymentOption": ("Payment option", words),
    "PaymentTerm": ("Payment term", _term),
    "QuoteIdentifier": ("Quote", text),
    "QuoteOptionIdentifier": ("Quote option", text),
    "OrderSubmissionDate": ("Submitted", text),
    "OrderFulfilledDate": ("Fulfilled", text),
}
ORDER_MEMBERS = frozenset(ORDER_FACTS) | {"OutpostId", "OrderId", "Status", "LineItems"}
LINE_ITEM_MEMBERS = frozenset(
    {
        "CatalogItemId",
        "LineItemId",
        "Quantity",
        "Status",
        "ShipmentInformation",
        "AssetInformationList",
        "PreviousLineItemId",
        "PreviousOrderId",
    }
)


def outpost_id(outpost: str) -> str:
    """The bare id of an Outpost that is named by id or by ARN."""
    return outpost.rpartition("/")[2]


def arn_region(outpost: str) -> str:
    """The Region that an Outpost's ARN names; nothing for a bare id."""
    return outpost.split(":")[3] if outpost.startswith("arn:") and outpost.count(":") >= 5 else ""


def may_be_ours(answer: Answer, since: datetime, known: frozenset[str]) -> bool:
    """Whether an `OrderSummary` could be an order of ours that was sent at or after `since`.

    What a summary leaves out speaks for it: one `GetOrder` too many costs less than a missed order.
    """
    submitted = answer.get("OrderSubmissionDate")
    return (
        text(answer.get("OrderId")) not in known
        and (text(answer.get("OrderType")) or ORDINARY) == ORDINARY
        and not (isinstance(submitted, datetime) and moment(submitted) < since)
    )


def equals(order: Answer, terms: AwsTerms) -> bool:
    """Whether an `Order` is what was asked for, in every field."""
    return _same_contents(order, terms) and (
        text(order.get("OutpostId")) == outpost_id(terms.outpost)
        and text(order.get("PaymentOption")) == terms.payment
        and text(order.get("PaymentTerm")) == terms.term
    )


def _same_contents(order: Answer, terms: AwsTerms) -> bool:
    """By its quote where there is one: which items AWS makes of a quote is up to AWS."""
    if terms.quote:
        named = (text(order.get("QuoteIdentifier")), text(order.get("QuoteOptionIdentifier")))
        return named == (terms.quote, terms.option)
    has = Counter(
        (text(item.get("CatalogItemId")), _count(item.get("Quantity")))
        for item in dicts(order.get("LineItems"))
    )
    return has == Counter((item.catalog_item, item.quantity) for item in terms.items)


def found(order: Answer, region: str, *, ours: bool = False) -> Found:
    """An `Order` as something to adopt; `ours`: it names the quote by which it was asked for."""
    submitted = order.get("OrderSubmissionDate")
    return Found(
        Ref(region, text(order.get("OrderId"))),
        moment(submitted) if isinstance(submitted, datetime) else None,
        ours,
    )


def oldest_first(orders: Iterable[Found]) -> tuple[Found, ...]:
    """By submission; those without a date last, because nothing says how old they are."""
    late = datetime.max.replace(tzinfo=UTC)
    return tuple(sorted(orders, key=lambda order: (order.submitted or late, order.ref.id)))


def outpost_choice(outpost: Answer, sites: Mapping[str, str], region: str) -> Choice:
    """An `Outpost` to choose; `sites` are the places by site id."""
    own_id = text(outpost.get("OutpostId"))
    said = called(outpost, sites.get(text(outpost.get("SiteId")), ""))
    return Choice(f"{region}/{own_id}", said, own_id)


def called(outpost: Answer, site: str) -> str:
    """What an `Outpost` is called, its id where it has no name, and the place of its site."""
    name = text(outpost.get("Name")) or text(outpost.get("OutpostId"))
    return short(" · ".join(filter(None, (name, site))))


def country(site: Answer) -> str:
    """The two letters of the country of a `Site`."""
    return text(site.get("OperatingAddressCountryCode"))


def place(site: Answer) -> str:
    """Where a `Site` is: its city and country, or its name where it does not say."""
    parts = (text(site.get("OperatingAddressCity")), country(site))
    return ", ".join(filter(None, parts)) or text(site.get("Name"))


def item_choice(item: Answer) -> Choice:
    """A `CatalogItem` to choose."""
    own_id, power = text(item.get("CatalogItemId")), text(item.get("PowerKva"))
    parts = (own_id, _capacities(item), f"{power} kVA" if power else "")
    return Choice(own_id, short(" · ".join(filter(None, parts))), short(_item_detail(item)))


def _capacities(item: Answer) -> str:
    return " + ".join(_capacity(each) for each in dicts(item.get("EC2Capacities")))


def _capacity(capacity: Answer) -> str:
    family, size = text(capacity.get("Family")), text(capacity.get("MaxSize"))
    name = size if size.startswith(f"{family}.") else ".".join(filter(None, (family, size)))
    count = text(capacity.get("Quantity"))
    return f"{count} × {name}" if count else name


def _item_detail(item: Answer) -> str:
    storage = ", ".join(map(text, a_list(item.get("SupportedStorage"))))
    uplinks = "/".join(map(text, a_list(item.get("SupportedUplinkGbps"))))
    weight = text(item.get("WeightLbs"))
    parts = (
        words(item.get("RackScalingType")),
        storage,
        f"{uplinks} Gbps uplink" if uplinks else "",
        f"{weight} lb" if weight else "",
    )
    return " · ".join(filter(None, parts))

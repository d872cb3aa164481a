"""LocalOutposts: the operations, the record of the wire, and the hands of whoever plays AWS."""

import base64
import copy
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.credentials import Credentials

from bot.demo import cloud
from bot.demo.cloud import LocalCloud, parsed, utc_now
from bot.demo.outposts import sts
from bot.demo.outposts.contract import Route, installed, invalid, violations
from bot.demo.outposts.estate import (
    ACCOUNT,
    Capacity,
    Estate,
    Item,
    Outpost,
    Site,
    demo_items,
    demo_places,
    made_up_id,
    made_up_sku,
)
from bot.demo.outposts.faults import FAILURES, Faults
from bot.demo.outposts.orders import Entry, OrderBook
from bot.demo.outposts.quotes import VALID_FOR, QuoteBook, Quoted, Wanted, orderable, read_wanted
from bot.demo.outposts.signature import read_claim, verify
from bot.demo.outposts.wire import Refusal
from bot.demo.wire import Answer, Hangup, Incoming, Server

LARGEST_PAGE = 1000

# Errors that no Outposts operation models but any may answer with.
_COMMON_STATUSES = {
    "ExpiredTokenException": 403,
    "IncompleteSignatureException": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "OptInRequired": 403,
    "RequestExpired": 400,
    "ServiceUnavailableException": 503,
    "TooManyRequestsException": 429,
    "UnrecognizedClientException": 403,
}


@dataclass(frozen=True, kw_only=True)
class Request(cloud.Request):
    """One request as it was received, whatever became of it."""

    region: str
    """From the credential scope, proven or not; empty where there is none."""


class LocalOutposts(LocalCloud[Request]):
    """An Outposts API for one account in all Regions, served over HTTP on loopback, and with it STS.

    Point the real client to it with `environment()`; stock it with `furnish` or the `add_…`
    methods; break it with `faults`; play AWS with `advance`, `ship`, `fail` and the like, or let
    `run` do it. Safe to use from any thread.
    """

    name = "outposts"
    half = b'{"Order": {"OrderId": "oo-0123456789'

    def __init__(
        self,
        *,
        access_key: str = "AKIALOCALLOCALLOCAL0",
        secret_key: str = "local-secret",  # noqa: S107 - opens nothing but this server
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.page_size = LARGEST_PAGE
        """The most that one page holds, whatever MaxResults asks for; lower it to see paging."""
        self._access_key = access_key
        self._secret_key = secret_key
        self._credentials = Credentials(access_key, secret_key)
        self._contract = installed()
        super().__init__(clock, Faults(self._contract.operations | {sts.OPERATION}))
        self._estates: dict[str, Estate] = {}
        self._book = OrderBook()
        self._quotes = QuoteBook()
        self._operations: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
            "CancelOrder": self._cancel_order,
            "CreateOrder": self._create_order,
            "CreateQuote": self._create_quote,
            "DeleteQuote": self._delete_quote,
            "GetCatalogItem": self._get_catalog_item,
            "GetOrder": self._get_order,
            "GetOutpost": self._get_outpost,
            "GetQuote": self._get_quote,
            "GetSite": self._get_site,
            "ListAssets": self._list_assets,
            "ListCatalogItems": self._list_catalog_items,
            "ListOrderableInstanceTypes": self._list_instance_types,
            "ListOrders": self._list_orders,
            "ListOutposts": self._list_outposts,
            "ListQuotes": self._list_quotes,
            "ListSites": self._list_sites,
        }

    def environment(self) -> dict[str, str]:
        """The environment variables that make boto3 speak to this server, and to no other."""
        return {
            "AWS_ENDPOINT_URL_OUTPOSTS": self.url,
            "AWS_ENDPOINT_URL_STS": self.url,
            "AWS_ACCESS_KEY_ID": self._access_key,
            "AWS_SECRET_ACCESS_KEY": self._secret_key,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    # Stock

    def add_site(
        self,
        region: str,
        *,
        site_id: str | None = None,
        name: str,
        city: str,
        country: str,
        state: str,
    ) -> str:
        """Add a site, or replace the one with this id; its id."""
        with self._changed:
            sites = self._estate(region).sites
            site_id = site_id or made_up_id("os", region, "site", len(sites))
            self._check("Site", Site(site_id, region, name, city, country, state).wire())
            sites[site_id] = Site(site_id, region, name, city, country, state)
        return site_id

    def outposts(self, region: str) -> list[str]:
        """The ids of a Region's Outposts, oldest first."""
        with self._changed:
            return list(self._estate(region).outposts)

    def add_outpost(
        self,
        region: str,
        *,
        outpost_id: str | None = None,
        site_id: str | None = None,
        name: str,
        hardware: str = "RACK",
    ) -> str:
        """Add an Outpost at the site, or at the Region's first (made if there is none); its id."""
        with self._changed:
            estate = self._estate(region)
            if site_id is None and not estate.sites:
                self.add_site(region, name="HQ", city="Springfield", country="US", state="Oregon")
            site_id = site_id or next(iter(estate.sites))
            if site_id not in estate.sites:
                raise ValueError(f"there is no site {site_id} in {region}")
            outpost_id = outpost_id or made_up_id("op", region, "outpost", len(estate.outposts))
            outpost = Outpost(outpost_id, estate.sites[site_id], name, hardware)
            self._check("Outpost", outpost.wire())
            estate.outposts[outpost_id] = outpost
        return outpost_id

    def add_item(
        self,
        region: str,
        catalog_item_id: str | None = None,
        *,
        hardware: str = "RACK",
        status: str = "AVAILABLE",
        capacities: Sequence[Capacity] = (("m5", "24xlarge", "4"),),
        power_kva: float = 7.5,
        weight_lbs: int = 1200,
        uplinks_gbps: Sequence[int] = (10, 40, 100),
        storage: Sequence[str] = ("EBS",),
    ) -> str:
        """Add a catalog item, or replace the one with this id (to discontinue it); its id."""
        with self._changed:
            items = self._estate(region).items
            catalog_item_id = catalog_item_id or made_up_sku(region, len(items))
            item = Item(
                catalog_item_id,
                hardware,
                status,
                tuple(capacities),
                power_kva,
                weight_lbs,
                tuple(uplinks_gbps),
                tuple(storage),
            )
            self._check("CatalogItem", item.wire())
            items[catalog_item_id] = item
        return catalog_item_id

    def furnish(self, regions: Sequence[str]) -> None:
        """A believable estate in each Region: three sites and Outposts, twelve catalog items, two quotes.

        The ids are the same every time, so that a demo's database still fits after a restart.
        """
        for region in regions:
            for place in demo_places(region):
                site_id = self.add_site(
                    region,
                    site_id=made_up_id("os", region, place.site),
                    name=place.site,
                    city=place.city,
                    country=place.country,
                    state=place.state,
                )
                self.add_outpost(
                    region,
                    outpost_id=made_up_id("op", region, place.outpost),
                    site_id=site_id,
                    name=place.outpost,
                    hardware=place.hardware,
                )
            with self._changed:
                self._estate(region).items.update((x.catalog_item_id, x) for x in demo_items())
            first, second, _ = demo_places(region)
            for place, wanted, options in (
                (first, [("EC2", "m5.24xlarge", 4.0), ("EBS", "TiB", 11.0)], 2),
                (second, [("EC2", "c5.24xlarge", 7.0)], 1),
            ):
                self.add_quote(
                    region,
                    made_up_id("op", region, place.outpost),
                    wanted,
                    options=options,
                    quote_id=made_up_id("oq", region, place.outpost),
                )

    # What happened

    @property
    def orders(self) -> list[dict[str, Any]]:
        """Every order as GetOrder sends it (dates are epoch numbers), plus Region; oldest first."""
        with self._changed:
            return [entry.shown() for entry in self._book]

    def accepted(self) -> list[dict[str, Any]]:
        """The orders that came to be through CreateOrder, and not elsewhere."""
        with self._changed:
            return [entry.shown() for entry in self._book if entry.accepted]

    def posts(self) -> list[Request]:
        """The CreateOrder requests received, answered or not: sends as the wire counts them."""
        return [request for request in self.requests if request.operation == "CreateOrder"]

    @property
    def quotes(self) -> list[dict[str, Any]]:
        """Every quote as GetQuote sends it (dates are epoch numbers), plus Region; oldest first."""
        with self._changed:
            now = self._clock()
            return [{**copy.deepcopy(one.shown(now)), "Region": one.region} for one in self._quotes]

    # The hands of AWS

    def add_quote(
        self,
        region: str,
        outpost_id: str | None,
        wanted: Sequence[Wanted] = (("EC2", "m5.24xlarge", 4.0),),
        *,
        country: str = "",
        payments: Sequence[str] = (),
        terms: Sequence[str] = (),
        options: int = 1,
        quote_id: str = "",
        valid_for: timedelta = VALID_FOR,
    ) -> str:
        """A quote made elsewhere, as in the console; its id. Without `country`, that of the site."""
        with self._changed:
            outpost = self._estate(region).outpost(outpost_id) if outpost_id else None
            quote = self._quotes.open(
                region,
                ACCOUNT,
                outpost,
                country or (outpost.site.country if outpost else "US"),
                wanted,
                now=self._clock(),
                payments=payments,
                terms=terms,
                options=options,
                quote_id=quote_id,
                valid_for=valid_for,
            )
            self._check("Quote", quote.body)
            self._changed.notify_all()
            return quote.id

    def reprice(self, quote_id: str, factor: float = 1.1) -> None:
        """Every price of a quote becomes another one."""
        with self._changed:
            self._quotes.reprice(self._quotes.quote(quote_id), factor)

    def expire(self, quote_id: str) -> None:
        """The quote can be ordered no more, from now on."""
        self.put_quote(quote_id, ExpirationDate=self._clock(), QuoteStatus="EXPIRED")

    def require(
        self, quote_id: str, kind: str, words: str = "This is not as it has to be.", status: str = "FAIL"
    ) -> None:
        """Something that AWS checks before it takes an order of the quote stands so from now on."""
        with self._changed:
            self._quotes.require(self._quotes.quote(quote_id), kind, status, words)

    def put_quote(self, quote_id: str, **raw: Any) -> None:
        """Overwrite members of the quote as GetQuote shows it, unchecked; None removes one."""
        with self._changed:
            _overwrite(self._quotes.quote(quote_id).body, raw)

    def advance(self, order_id: str) -> str:
        """One step of the order's life; its new status. One that is over stays as it is."""
        with self._changed:
            return self._book.advance(self._book.entry(order_id), self._clock())

    def ship(self, order_id: str, *, line: int = 0, carrier: str = "FEDEX", number: str = "") -> None:
        """Ship one line item; without a number it gets one in the carrier's usual form."""
        with self._changed:
            self._book.ship(self._book.entry(order_id), line, carrier, number)

    def fail(self, order_id: str) -> None:
        """The order goes to ERROR, with every line item that isn't on site."""
        with self._changed:
            self._book.fail(self._book.entry(order_id))

    def put(self, order_id: str, **raw: Any) -> None:
        """Overwrite members of the order as GetOrder shows it, unchecked; None removes one."""
        with self._changed:
            _overwrite(self._book.entry(order_id).body, raw)

    def set_status(self, order_id: str, status: str) -> None:
        """Any status, unknown ones and steps back included; the line items stay."""
        self.put(order_id, Status=status)

    def set_line(self, order_id: str, index: int, **fields: Any) -> None:
        """Overwrite members of one line item, unchecked; None removes one."""
        with self._changed:
            _overwrite(self._book.entry(order_id).body["LineItems"][index], fields)

    def add_order(
        self,
        region: str,
        outpost_id: str,
        items: Sequence[tuple[str, int]],
        *,
        order_type: str = "OUTPOST",
        submitted: datetime | None = None,
        payment_option: str = "NO_UPFRONT",
        payment_term: str | None = "THREE_YEARS",
    ) -> str:
        """An order of (catalog item, quantity) pairs made elsewhere, as in the console; its id."""
        with self._changed:
            if outpost_id not in self._estate(region).outposts:
                raise ValueError(f"there is no Outpost {outpost_id} in {region}")
            entry = self._book.open(
                region,
                outpost_id,
                items,
                submitted=submitted or self._clock(),
                payment_option=payment_option,
                payment_term=payment_term,
                order_type=order_type,
                accepted=False,
            )
            self._changed.notify_all()
            return str(entry.body["OrderId"])

    # From request to answer

    def _serve(self, port: int) -> Server:
        lengthless = Refusal("MissingContentLength", "Content-Length is required.", 411)
        return Server(port, self._respond, lambda: _identified(lengthless.answer()), name=self.name)

    def _knows(self, operation: str) -> bool:
        return operation in self._operations or operation == sts.OPERATION

    def _living(self) -> Iterable[Entry]:
        return self._book

    def _age(self, one: Entry) -> None:
        self._book.advance(one, self._clock())

    def _respond(self, incoming: Incoming) -> Answer | Hangup:
        route = self._contract.route(incoming.method, incoming.target)
        claim = read_claim(incoming.headers)
        target = urlsplit(incoming.target)
        of_sts = sts.asks(incoming)
        received = Request(
            operation=sts.OPERATION if of_sts else route.operation if route else "",
            region=claim.region if claim else "",
            method=incoming.method,
            path=target.path,
            query=parse_qs(target.query, keep_blank_values=True),
            body=parsed(incoming.body),
            at=self._clock(),
            headers=incoming.headers,
        )
        fault = self.faults.take(received.operation, received.region)
        reply = self._handle(
            received,
            incoming,
            fault,
            lambda: sts.answer(incoming, self._credentials) if of_sts else self._carry_out(route, incoming),
        )
        return _identified(reply) if isinstance(reply, Answer) else reply

    def _failure(self, stem: str) -> Answer:
        return FAILURES[stem].answer()

    def _say(self, code: str, message: str, incoming: Incoming) -> Answer:
        if sts.asks(incoming):
            return sts.no(code, message)
        return self._refusal(code, message, incoming).answer()

    def _carry_out(self, route: Route | None, incoming: Incoming) -> Answer:
        try:
            claim = verify(incoming, self._credentials)
            if route is None:
                raise Refusal("UnknownOperationException", "There is no such operation.", 404)
            if route.operation not in self._operations:
                raise Refusal(
                    "NotImplementedException",
                    f"{route.operation} is not part of the local Outposts API.",
                    501,
                )
            given = self._contract.read(route, incoming)
            with self._changed:
                result = self._operations[route.operation](claim.region, given)
                return Answer(200, json.dumps(result).encode())
        except Refusal as refusal:
            return refusal.answer()

    def _refusal(self, code: str, message: str, incoming: Incoming) -> Refusal:
        modelled = self._contract.status_of(code)
        status = modelled if modelled is not None else _COMMON_STATUSES.get(code, 400)
        more = {}
        if code == "ConflictException":
            parts = urlsplit(incoming.target).path.split("/")
            of_order = len(parts) > 2 and parts[1] == "orders"
            body = parsed(incoming.body)
            outpost = body.get("OutpostIdentifier", "") if isinstance(body, dict) else ""
            more = {
                "ResourceId": parts[2] if of_order else str(outpost),
                "ResourceType": "ORDER" if of_order else "OUTPOST",
            }
        return Refusal(code, message, status, more)

    # Operations, each called with the lock held

    def _create_order(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        lines, quote = given.get("LineItems"), given.get("QuoteIdentifier")
        if lines is not None and quote is not None:
            invalid("LineItems and QuoteIdentifier cannot both be provided.")
        if quote is not None:
            return self._order_quote(region, given)
        if "QuoteOptionIdentifier" in given:
            invalid("QuoteOptionIdentifier cannot be provided without QuoteIdentifier.")
        if lines is None:
            invalid("Either LineItems or QuoteIdentifier must be provided.")
        # The model requires neither member of a line item, yet there is no order without them.
        if any(line.get("CatalogItemId") is None or line.get("Quantity") is None for line in lines):
            invalid("Each line item must have a CatalogItemId and a Quantity.")
        estate = self._estate(region)
        outpost = estate.outpost(given["OutpostIdentifier"])
        for line in lines:
            item = estate.item(line["CatalogItemId"])
            if item.status != "AVAILABLE":
                invalid(f"Catalog item {item.catalog_item_id} is not available ({item.status}).")
        entry = self._book.open(
            region,
            outpost.outpost_id,
            [(line["CatalogItemId"], line["Quantity"]) for line in lines],
            submitted=self._clock(),
            payment_option=given["PaymentOption"],
            payment_term=given.get("PaymentTerm"),
            accepted=True,
        )
        self._changed.notify_all()
        return {"Order": entry.body}

    def _order_quote(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        quote = self._quotes.in_region(region, given["QuoteIdentifier"])
        outpost = self._estate(region).outpost(given["OutpostIdentifier"])
        option = orderable(quote, given, outpost, self._clock())
        entry = self._book.open(
            region,
            outpost.outpost_id,
            [
                (made_up_sku(quote.id, number), 1)
                for number, _ in enumerate(option["Specifications"] or option["Capacities"])
            ],
            submitted=self._clock(),
            payment_option=given["PaymentOption"],
            payment_term=given.get("PaymentTerm"),
            quote=(quote.id, option["QuoteOptionIdentifier"]),
            accepted=True,
        )
        quote.body |= {"QuoteStatus": "ORDER_SUBMITTED", "SubmittedOrderId": entry.body["OrderId"]}
        self._changed.notify_all()
        return {"Order": entry.body}

    def _create_quote(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        wanted = read_wanted(given)
        named = given.get("OutpostIdentifier")
        kept = ("RequestedConstraints", "RequestedPaymentOptions", "RequestedPaymentTerms", "Description")
        quote = self._quotes.open(
            region,
            ACCOUNT,
            self._estate(region).outpost(named) if named else None,
            given["CountryCode"],
            wanted,
            now=self._clock(),
            payments=given.get("RequestedPaymentOptions", ()),
            terms=given.get("RequestedPaymentTerms", ()),
            options=2,
            more={name: given[name] for name in kept if name in given},
        )
        self._changed.notify_all()
        return {"Quote": quote.body}

    def _quoted(self, region: str, given: dict[str, Any]) -> Quoted:
        return self._quotes.in_region(region, given["QuoteIdentifier"])

    def _get_quote(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        return {"Quote": self._quoted(region, given).shown(self._clock())}

    def _delete_quote(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        self._quotes.delete(self._quoted(region, given))
        return {}

    def _list_quotes(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        now = self._clock()
        there = sorted(
            (one for one in self._quotes if one.region == region), key=lambda one: one.newest_first
        )
        return self._page(
            "Quotes", there, given, key=lambda one: one.newest_first, show=lambda one: one.summary(now)
        )

    def _list_instance_types(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        types = {
            f"{family}.{size}": item.hardware
            for item in self._estate(region).items.values()
            for family, size, _ in item.capacities
            if item.status == "AVAILABLE"
        }
        shown = [
            {
                "InstanceType": name,
                "VCPUs": 4 * int("".join(filter(str.isdigit, name.partition(".")[2])) or 1),
                "FormFactorConfigs": [{"FormFactor": hardware, "OutpostGeneration": "GENERATION_1"}],
            }
            for name, hardware in types.items()
            if given.get("OutpostGenerationFilter", "GENERATION_1") == "GENERATION_1"
        ]
        return self._list("InstanceTypes", "InstanceType", shown, given)

    def _get_order(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        return {"Order": self._book.in_region(region, given["OrderId"]).body}

    def _cancel_order(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        self._book.cancel(self._book.in_region(region, given["OrderId"]))
        return {}

    def _list_orders(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        wanted = given.get("OutpostIdentifierFilter")
        only = self._estate(region).outpost(wanted).outpost_id if wanted is not None else None
        entries: Iterable[Entry] = (
            entry
            for entry in self._book
            if entry.region == region and only in (None, entry.body["OutpostId"])
        )
        return self._page(
            "Orders",
            sorted(entries, key=lambda entry: entry.newest_first),
            given,
            key=lambda entry: entry.newest_first,
            show=lambda entry: entry.summary(),
        )

    def _list_outposts(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        shown = [outpost.wire() for outpost in self._estate(region).outposts.values()]
        filters = {
            "LifeCycleStatus": "LifeCycleStatusFilter",
            "AvailabilityZone": "AvailabilityZoneFilter",
            "AvailabilityZoneId": "AvailabilityZoneIdFilter",
        }
        return self._list("Outposts", "OutpostId", _filtered(shown, given, filters), given)

    def _get_outpost(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        return {"Outpost": self._estate(region).outpost(given["OutpostId"]).wire()}

    def _list_sites(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        shown = [site.wire() for site in self._estate(region).sites.values()]
        names = ("CountryCode", "StateOrRegion", "City")
        filters = {f"OperatingAddress{name}": f"OperatingAddress{name}Filter" for name in names}
        return self._list("Sites", "SiteId", _filtered(shown, given, filters), given)

    def _get_site(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        return {"Site": self._estate(region).site(given["SiteId"]).wire()}

    def _list_catalog_items(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        def wanted(name: str, has: Iterable[str]) -> bool:
            return name not in given or not set(given[name]).isdisjoint(has)

        shown = [
            item.wire()
            for item in self._estate(region).items.values()
            if wanted("ItemClassFilter", [item.hardware])
            and wanted("SupportedStorageFilter", item.storage)
            and wanted("EC2FamilyFilter", item.families)
        ]
        return self._list("CatalogItems", "CatalogItemId", shown, given)

    def _get_catalog_item(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        return {"CatalogItem": self._estate(region).item(given["CatalogItemId"]).wire()}

    def _list_assets(self, region: str, given: dict[str, Any]) -> dict[str, Any]:
        estate = self._estate(region)
        outpost = estate.outpost(given["OutpostIdentifier"])
        families = {name: item.families for name, item in estate.items.items()}
        shown = [
            asset
            for asset in self._book.assets(outpost.outpost_id, families)
            if asset["ComputeAttributes"]["HostId"]
            in given.get("HostIdFilter", [asset["ComputeAttributes"]["HostId"]])
            and asset["ComputeAttributes"]["State"]
            in given.get("StatusFilter", [asset["ComputeAttributes"]["State"]])
            and asset["AssetType"] in given.get("AssetTypeFilter", [asset["AssetType"]])
        ]
        return self._list("Assets", "AssetId", shown, given)

    # Common ground of the operations

    def _estate(self, region: str) -> Estate:
        return self._estates.setdefault(region, Estate())

    def _check(self, shape: str, wire: dict[str, Any]) -> None:
        """ValueError for stock that the API could never show: it would teach a test a lie."""
        faulty = violations(self._contract.shape(shape), wire)
        if faulty:
            raise ValueError("; ".join(faulty))

    def _list(
        self, member: str, by: str, shown: list[dict[str, Any]], given: dict[str, Any]
    ) -> dict[str, Any]:
        return self._page(
            member,
            sorted(shown, key=lambda one: str(one[by])),
            given,
            key=lambda one: (one[by],),
            show=lambda one: one,
        )

    def _page(
        self,
        member: str,
        ordered: Sequence[Any],
        given: dict[str, Any],
        *,
        key: Callable[[Any], tuple[Any, ...]],
        show: Callable[[Any], dict[str, Any]],
    ) -> dict[str, Any]:
        """One page, and a token that names the last key on it.

        Not an offset: an order that comes in between two pages must not push another one off
        the first and on to the second.
        """
        asked = {name: value for name, value in given.items() if name not in _PAGING}
        page = 1
        if "NextToken" in given:
            page, last = _read_token(given["NextToken"], member, asked)
            ordered = [one for one in ordered if key(one) > last]
        size = min(given.get("MaxResults", LARGEST_PAGE), self.page_size)
        answer: dict[str, Any] = {member: [show(one) for one in ordered[:size]]}
        if len(ordered) > size:
            answer["NextToken"] = _token(page + 1, member, asked, key(ordered[size - 1]))
        return answer


_PAGING = ("MaxResults", "NextToken")


def _token(page: int, member: str, asked: dict[str, Any], last: tuple[Any, ...]) -> str:
    inside = json.dumps([member, asked, last]).encode()
    return f"{page}##{base64.urlsafe_b64encode(inside).decode()}"


def _read_token(token: str, member: str, asked: dict[str, Any]) -> tuple[int, tuple[Any, ...]]:
    page, _, inside = token.partition("##")
    try:
        of, before, last = json.loads(base64.urlsafe_b64decode(inside))
    except (ValueError, TypeError):
        of, before, last = None, None, ()
    if of != member or before != asked:
        invalid("Invalid NextToken: it was not given for this request.")
    return int(page), tuple(last)


def _filtered(
    shown: list[dict[str, Any]], given: dict[str, Any], filters: Mapping[str, str]
) -> list[dict[str, Any]]:
    return [
        one
        for one in shown
        if all(one[member] in given.get(name, [one[member]]) for member, name in filters.items())
    ]


def _identified(answer: Answer) -> Answer:
    return replace(answer, headers={"x-amzn-RequestId": str(uuid.uuid4()), **answer.headers})


def _overwrite(target: dict[str, Any], values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if value is None:
            target.pop(name, None)
        elif isinstance(value, datetime):
            target[name] = round(value.timestamp(), 3)
        else:
            target[name] = copy.deepcopy(value)

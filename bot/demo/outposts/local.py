"""LocalOutposts: the operations, the record of the wire, and the hands of whoever plays AWS."""

import base64
import copy
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from botocore.credentials import Credentials

from bot.demo.outposts.contract import Route, installed, invalid, violations
from bot.demo.outposts.estate import (
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
from bot.demo.outposts.faults import FAILURES, Fault, Faults
from bot.demo.outposts.orders import Entry, OrderBook
from bot.demo.outposts.signature import read_claim, verify
from bot.demo.outposts.wire import Answer, Hangup, Incoming, Refusal, Server

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

_HTML = (
    b"<!DOCTYPE html><html><head><title>Proxy</title></head>"
    b"<body><h1>Please sign in to the network</h1></body></html>"
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Request:
    """One request as it was received, whatever became of it."""

    operation: str
    """The operation's name in the model; empty where no route matches."""
    region: str
    """From the credential scope, proven or not; empty where there is none."""
    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    body: Any
    """Parsed from JSON; the text itself where it is none, None where there was no body."""
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By lower-case name."""
    status: int | None = None
    """The HTTP status answered; None while unanswered, for good if the connection was cut."""


class LocalOutposts:
    """An Outposts API for one account in all Regions, served over HTTP on loopback.

    Point the real client to it with `environment()`; stock it with `furnish` or the `add_…`
    methods; break it with `faults`; play AWS with `advance`, `ship`, `fail` and the like, or let
    `run` do it. Safe to use from any thread.
    """

    def __init__(
        self,
        *,
        access_key: str = "AKIALOCALLOCALLOCAL0",
        secret_key: str = "local-secret",  # noqa: S107 - opens nothing but this server
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.page_size = LARGEST_PAGE
        """The most that one page holds, whatever MaxResults asks for; lower it to see paging."""
        self._access_key = access_key
        self._secret_key = secret_key
        self._credentials = Credentials(access_key, secret_key)
        self._clock = clock
        self._contract = installed()
        self.faults = Faults(self._contract.operations)
        self._changed = threading.Condition(threading.RLock())
        self._estates: dict[str, Estate] = {}
        self._book = OrderBook()
        self._requests: list[Request] = []
        self._unexpected: list[int] = []
        self._server: Server | None = None
        self._stopping = threading.Event()
        self._late: list[threading.Thread] = []
        self._runner: threading.Thread | None = None
        self._pace: float | None = None
        self._operations: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
            "CancelOrder": self._cancel_order,
            "CreateOrder": self._create_order,
            "GetCatalogItem": self._get_catalog_item,
            "GetOrder": self._get_order,
            "GetOutpost": self._get_outpost,
            "GetSite": self._get_site,
            "ListAssets": self._list_assets,
            "ListCatalogItems": self._list_catalog_items,
            "ListOrders": self._list_orders,
            "ListOutposts": self._list_outposts,
            "ListSites": self._list_sites,
        }

    # Serving

    def start(self, port: int = 0) -> None:
        """Serve on the port, or on a free one. What is kept survives `stop` and `start`."""
        if self._server is not None:
            raise RuntimeError("already started")
        self._stopping.clear()
        self._server = Server(port, self._respond)

    def stop(self) -> None:
        """End every connection, hang and late booking; none of it outlives this call."""
        self.pause()
        self._stopping.set()
        if self._server is not None:
            self._server.close()
            self._server = None
        with self._changed:
            late, self._late = self._late, []
        for thread in late:
            thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it is served; RuntimeError while it isn't."""
        if self._server is None:
            raise RuntimeError("not started")
        return self._server.url

    def environment(self) -> dict[str, str]:
        """The environment variables that make boto3 speak to this server, and to no other."""
        return {
            "AWS_ENDPOINT_URL_OUTPOSTS": self.url,
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
        """A believable estate in each Region: three sites and Outposts, twelve catalog items.

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

    @property
    def requests(self) -> list[Request]:
        """Every request received, in sequence, the unanswered ones included."""
        with self._changed:
            return list(self._requests)

    @property
    def unexpected(self) -> list[Request]:
        """The requests for what isn't built here, or isn't in the model at all."""
        with self._changed:
            return [self._requests[number] for number in self._unexpected]

    def posts(self) -> list[Request]:
        """The CreateOrder requests received, answered or not: sends as the wire counts them."""
        return [request for request in self.requests if request.operation == "CreateOrder"]

    # The hands of AWS

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

    def run(self, seconds_per_stage: float) -> None:
        """Advance every open order by itself, each this long after its last step."""
        with self._changed:
            self._pace = seconds_per_stage
            if self._runner is None:
                self._runner = threading.Thread(target=self._live, name="outposts-life", daemon=True)
                self._runner.start()
            self._changed.notify_all()

    def pause(self) -> None:
        """Let time stand still again; `run` resumes."""
        with self._changed:
            runner, self._runner, self._pace = self._runner, None, None
            self._changed.notify_all()
        if runner is not None:
            runner.join()

    def _live(self) -> None:
        with self._changed:
            while self._runner is threading.current_thread() and self._pace is not None:
                now = time.monotonic()
                for entry in self._book:
                    if entry.open and entry.moved + self._pace <= now:
                        self._book.advance(entry, self._clock())
                        # Also one that can't advance: it isn't due again at once.
                        entry.moved = now
                due = [entry.moved + self._pace - now for entry in self._book if entry.open]
                self._changed.wait(min(due, default=None))

    # From request to answer

    def _respond(self, incoming: Incoming) -> Answer | Hangup:
        route = self._contract.route(incoming.method, incoming.target)
        number = self._note(route, incoming)
        received = self._requests[number]
        fault = self.faults.take(received.operation, received.region)
        reply = self._meet(fault, route, incoming)
        if isinstance(reply, Answer):
            # Before the client can have read it: who was answered may look at once.
            with self._changed:
                self._requests[number] = replace(received, status=reply.status)
        return reply

    def _note(self, route: Route | None, incoming: Incoming) -> int:
        claim = read_claim(incoming.headers)
        target = urlsplit(incoming.target)
        request = Request(
            operation=route.operation if route else "",
            region=claim.region if claim else "",
            method=incoming.method,
            path=target.path,
            query=parse_qs(target.query, keep_blank_values=True),
            body=_parsed(incoming.body),
            at=self._clock(),
            headers=incoming.headers,
        )
        with self._changed:
            self._requests.append(request)
            number = len(self._requests) - 1
            if request.operation not in self._operations:
                self._unexpected.append(number)
            return number

    def _meet(self, fault: Fault | None, route: Route | None, incoming: Incoming) -> Answer | Hangup:
        if fault is None:
            return self._carry_out(route, incoming)
        if fault.kind == "slow":
            gone = self._stopping.wait(fault.seconds)
            return Hangup() if gone else self._carry_out(route, incoming)
        if fault.kind == "book_late":
            self._carry_out_late(fault.seconds, route, incoming)
            return Hangup()
        if fault.kind.startswith("error:"):
            _, code, message = fault.kind.split(":", 2)
            return self._refusal(code, message, incoming).answer()

        answer = self._carry_out(route, incoming) if fault.carried_out else None
        if fault.stem in FAILURES:
            return FAILURES[fault.stem].answer()
        match fault.stem:
            case "empty_200":
                return Answer(200, b"")
            case "html_200":
                return Answer(200, _HTML, "text/html")
            case "truncated_200":
                whole = answer.body if answer else b'{"Order": {"OrderId": "oo-0123456789'
                return Answer(200, whole[: len(whole) // 2], promised=max(len(whole), 2))
            case "hang":
                self._stopping.wait(fault.seconds)
        return Hangup(reset=fault.stem == "reset")

    def _carry_out_late(self, seconds: float, route: Route | None, incoming: Incoming) -> None:
        def book() -> None:
            if not self._stopping.wait(seconds):
                self._carry_out(route, incoming)

        thread = threading.Thread(target=book, name="outposts-late", daemon=True)
        with self._changed:
            self._late.append(thread)
        thread.start()

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
            body = _parsed(incoming.body)
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
        if quote is not None or "QuoteOptionIdentifier" in given:
            invalid("Orders from a quote are not part of the local Outposts API.")
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


def _parsed(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _overwrite(target: dict[str, Any], values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if value is None:
            target.pop(name, None)
        elif isinstance(value, datetime):
            target[name] = round(value.timestamp(), 3)
        else:
            target[name] = copy.deepcopy(value)

"""AWS Outposts: orders go out once, everything else may be asked again.

The contract is botocore 1.44.5, service outposts 2019-12-03. Three things about it shape this file:
CreateOrder has no idempotency token and boto3 repeats it by itself, so placing has a client of its
own that can send only once (`aws_client`); an answer of 200 may be empty, cut off or HTML without
boto3 complaining, so what an answer must hold is looked for; orders are Regional.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from bot.clouds import aws_quote as quotes
from bot.clouds import aws_view as view
from bot.clouds.aws_client import (
    NO_CREDENTIALS,
    STALE_CREDENTIALS,
    Clients,
    booked,
    cloud_error,
    outcome_of,
)
from bot.clouds.aws_permissions import READER_ACTIONS, SUBMITTER_ACTIONS, actions, examine
from bot.clouds.gate import Gate
from bot.clouds.reading import Answer, by_text, text
from bot.core.events import Operation
from bot.core.finding import Finding
from bot.core.quote import REMEDIES, Offer, Quote, Row, Wish, readable
from bot.core.request import AwsTerms, NewAddress, Request
from bot.core.snapshot import Phase, Ref, Snapshot, Summary, phase
from bot.errors import CloudDenied, CloudDown, CloudError, CloudRefused, CloudUnknown
from bot.ports import Catalogue, Choice, Clock, Found, NotSent, Outcome, Refused, Unclear

if TYPE_CHECKING:
    from types_boto3_outposts import OutpostsClient

__all__ = ["READER_ACTIONS", "SUBMITTER_ACTIONS", "Aws", "actions"]

log = logging.getLogger(__name__)
T = TypeVar("T")
MAY_BE_TAKEN = frozenset({"ConflictException", "ValidationException"})
"""Refusals by which AWS may mean that the quote was ordered already."""
PAGES: Any = {"PaginationConfig": {"PageSize": 1000}}  # the most that the service gives in one call


class Aws:
    """AWS Outposts as a `bot.ports.Cloud`; a scope is a Region.

    Args:
        regions: The Regions to order in.
        place_timeout: How long a placing call waits for its answer, in seconds.
        clock: The time now, as aware UTC.
    """

    name = "aws"

    def __init__(self, regions: Sequence[str], *, place_timeout: float, clock: Clock) -> None:
        self.scopes: Sequence[str] = tuple(regions)
        self._clock = clock
        self._clients = Clients(place_timeout)

    def catalogue(self, scope: str) -> Catalogue:
        """The Outposts, the available catalog items and the quotes of a Region."""
        sites = self._sites(scope)
        places = {id: view.place(site) for id, site in sites.items()}
        lands = {id: view.country(site) for id, site in sites.items()}
        outposts = list(
            self._all(
                scope,
                "Outposts",
                lambda client: client.get_paginator("list_outposts").paginate(**PAGES),
            )
        )
        items = self._all(
            scope,
            "CatalogItems",
            lambda client: client.get_paginator("list_catalog_items").paginate(**PAGES),
        )
        offered = [item for item in items if item.get("ItemStatus", "AVAILABLE") == "AVAILABLE"]
        choices: dict[str, tuple[Choice, ...]] = {
            "outpost": by_text(view.outpost_choice(each, places, scope) for each in outposts),
            "item": by_text(view.item_choice(item) for item in offered),
            "country": tuple(quotes.countries(outposts, lands, scope)),
        }
        if self._knows_quotes(scope):  # without the key forms don't ask whether to order by quote
            offered_by = self._quotes(scope)
            choices["quote"] = tuple(quotes.choice(row, offer) for row, offer in offered_by)
            choices["instance"] = self._instance_types(scope)
            return Catalogue(scope, choices, {row.key: offer for row, offer in offered_by})
        return Catalogue(scope, choices)

    def _quotes(self, region: str) -> tuple[tuple[Row, Offer], ...]:
        """What can be ordered by quote; nothing where quotes can't be read: items can be ordered still."""
        now = self._clock()
        try:
            listed = self._all(
                region, "Quotes", lambda client: client.get_paginator("list_quotes").paginate(**PAGES)
            )
            return tuple(row for quote in listed for row in quotes.rows(quote, region, now))
        except CloudError as error:
            log.info("aws.quotes_unreadable", extra={"region": region, "why": str(error)})
            return ()

    def _instance_types(self, region: str) -> tuple[Choice, ...]:
        """What a quote can be asked for; nothing where that can't be read: it can be typed still."""
        try:
            listed = self._all(
                region,
                "InstanceTypes",
                lambda client: client.get_paginator("list_orderable_instance_types").paginate(**PAGES),
            )
            return by_text(quotes.type_choice(one) for one in listed)
        except CloudError as error:
            log.info("aws.types_unreadable", extra={"region": region, "why": str(error)})
            return ()

    def quote(self, wish: Wish, mark: str) -> Quote:
        """Let AWS quote something; the quote that it made for the same mark already, if there is one."""
        region, outpost = self._find_outpost(AwsTerms(wish.outpost, wish.region, (), "", ""))
        if not self._knows_quotes(region):
            raise _no_quotes()
        made = self._marked(region, mark)
        if made:
            return quotes.quoted(self._quote(region, made), region)
        country = wish.country or view.country(self._site(region, outpost))
        if not country:
            raise CloudRefused("NoCountry", "Say in which country the Outpost stands: AWS does not tell.")
        asked = quotes.body(replace(wish, country=country), mark)
        with self._errors_translated(), self._clients.submitter(region) as client:
            answer: Any = client.create_quote(**asked)
        quote = answer.get("Quote")
        if not isinstance(quote, Mapping) or not quote.get("QuoteId"):
            raise _worthless("Quote", region)
        return quotes.quoted(quote, region)

    def _marked(self, region: str, mark: str) -> str:
        """The id of the quote that was made for a mark; "" where there is none, or none may be listed."""
        try:
            listed = self._all(
                region, "Quotes", lambda client: client.get_paginator("list_quotes").paginate(**PAGES)
            )
            return next((text(one.get("QuoteId")) for one in listed if quotes.marked(one, mark)), "")
        except CloudDenied:
            return ""

    def _knows_quotes(self, region: str) -> bool:
        """Whether the installed boto3 has quotes: they came in June 2026."""
        return hasattr(self._clients.reader(region), "create_quote")

    def _sites(self, region: str) -> dict[str, Answer]:
        """Every site by id; nothing if that can't be read, since it only helps to choose."""
        try:
            sites = list(
                self._all(
                    region,
                    "Sites",
                    lambda client: client.get_paginator("list_sites").paginate(**PAGES),
                )
            )
        except CloudError as error:
            log.info("aws.sites_unreadable", extra={"region": region, "why": str(error)})
            return {}
        return {text(site.get("SiteId")): site for site in sites}

    def check(self, request: Request) -> Request:
        """The request with its Region, country and place, if AWS knows its Outpost and offers all its items.

        One by quote comes back with what AWS says of the quote.
        """
        terms = request.aws
        region, outpost = self._find_outpost(terms)
        for item in sorted({line.catalog_item for line in terms.items}):
            self._check_item(region, item)
        site = self._site(region, outpost)
        place = view.called(outpost, view.place(site))
        found = replace(terms, region=region, country=view.country(site), place=place)
        checked = self._quoted(found) if terms.quote else found
        failing = checked.offer.failing if checked.offer else ()
        if failing:
            said = (
                f"{readable(one.kind)}: {one.words} {REMEDIES.get(one.kind, '')}".strip() for one in failing
            )
            raise CloudRefused(failing[0].kind, f"AWS would not take the order now. {' '.join(said)}")
        return replace(request, terms=checked)

    def _site(self, region: str, outpost: Answer) -> Answer:
        """The site of an Outpost; nothing if it can't be read: some policies ask for it, AWS does not."""
        site = text(outpost.get("SiteId"))
        if not site:
            return {}
        try:
            return self._one(region, "Site", lambda client: client.get_site(SiteId=site))
        except CloudError as error:
            log.info("aws.site_unreadable", extra={"region": region, "why": str(error)})
            return {}

    def current(self, request: Request) -> Request:
        """A request by quote with what AWS says of the quote now; one for items as it is."""
        terms = request.aws
        if not terms.quote:
            return request
        return replace(request, terms=self._quoted(replace(terms, region=self._region(terms))))

    def _quoted(self, terms: AwsTerms) -> AwsTerms:
        with _about(f"the quote {terms.quote}", (terms.region,)):
            quote = self._quote(terms.region, terms.quote)
        quotes.refuse_unless_orderable(quote, terms.outpost, self._clock())
        option = quotes.choose(quote, terms.option)
        offer = quotes.offer(quote, option, terms.payment, terms.term)
        return replace(terms, option=text(option.get("QuoteOptionIdentifier")), offer=offer)

    def _quote(self, region: str, quote_id: str) -> Answer:
        if not self._knows_quotes(region):
            raise _no_quotes()
        quote = self._one(region, "Quote", lambda client: client.get_quote(QuoteIdentifier=quote_id))
        if quote.get("QuoteId") != quote_id:
            raise CloudDown(f"AWS was asked for the quote {quote_id} and answered with another.")
        return quote

    def _find_outpost(self, terms: AwsTerms) -> tuple[str, Answer]:
        if terms.region or view.arn_region(terms.outpost):
            regions: Sequence[str] = (self._region(terms),)
        else:
            regions = self.scopes
        with _about(f"the Outpost {terms.outpost}", regions):
            return _first(regions, lambda region: self._has_outpost(region, terms.outpost))

    def _has_outpost(self, region: str, outpost: str) -> tuple[str, Answer]:
        answer = self._one(region, "Outpost", lambda client: client.get_outpost(OutpostId=outpost))
        return region, answer

    def _check_item(self, region: str, item: str) -> None:
        with _about(f"the catalog item {item}", (region,)):
            answer = self._one(
                region, "CatalogItem", lambda client: client.get_catalog_item(CatalogItemId=item)
            )
        status = text(answer.get("ItemStatus"))
        if status != "AVAILABLE":
            said = f"its status is {status}" if status else "it has no status"
            raise CloudRefused(
                status or "Unavailable",
                f"The catalog item {item} can't be ordered in {region}: AWS says that {said}.",
            )

    def units(self, order_id: str, request: Request) -> tuple[str, ...]:
        """None: CreateOrder takes a request whole."""
        return ()

    def save_address(self, name: str, request: Request, address: NewAddress) -> str:
        """Never: an Outpost stands where its site is."""
        raise _not_offered()

    def place(self, request: Request, send_before: datetime, unit: str = "") -> Outcome:
        """Send CreateOrder once at most; see `outcome_of` for what becomes of which failure."""
        try:
            region = self._region(request.aws)
        except CloudRefused as refusal:
            return Refused(refusal.code, refusal.words)
        gate = Gate(send_before, self._clock)
        try:
            with self._clients.submitter(region) as client:
                # What is stopped even later carries a signature that grows old, which AWS refuses.
                client.meta.events.register_last("before-send.outposts.CreateOrder", gate)
                answer = client.create_order(**_order_body(request.aws))
        except Exception as error:  # noqa: BLE001 - whatever happens, what matters is whether it was sent
            outcome = outcome_of(error, sent=gate.passed)
        else:
            outcome = booked(answer, region)
        stale = isinstance(outcome, Refused) and outcome.code in STALE_CREDENTIALS
        if stale or isinstance(outcome, NotSent):
            self._clients.forget()
        return self._not_refused_by_us(request.aws, region, outcome)

    def _not_refused_by_us(self, terms: AwsTerms, region: str, outcome: Outcome) -> Outcome:
        """A refusal of an order by quote is believed once the quote shows that there is no order.

        Something on the way may have sent it twice; then the first one was taken, and the second refused.
        """
        if not terms.quote or not isinstance(outcome, Refused) or outcome.code not in MAY_BE_TAKEN:
            return outcome
        try:
            order_id = quotes.submitted(self._quote(region, terms.quote))
        except CloudUnknown:
            return outcome
        except CloudError as error:
            return Unclear(f"AWS refused it ({outcome.words}), and the quote could not be read: {error}")
        return Unclear(f"AWS refused it, but has {order_id} for the quote.") if order_id else outcome

    def known(self, request: Request) -> frozenset[str]:
        """The ids of all orders of the request's Outpost."""
        return frozenset(text(order.get("OrderId")) for order in self._orders_there(request))

    def outcome(self, request: Request, unit: str, status_url: str) -> Outcome:
        """Never: the answer to CreateOrder is final."""
        raise _not_offered()

    def look_alikes(
        self,
        request: Request,
        since: datetime,
        known: frozenset[str],
        unit: str = "",
    ) -> tuple[Found, ...]:
        """Orders of the Outpost that could be this one, each read in full, oldest first."""
        region = self._region(request.aws)
        by_quote = self._of_quote(region, request.aws, known)
        if by_quote:
            return by_quote
        candidates = [
            text(order.get("OrderId"))
            for order in self._orders_there(request)
            if view.may_be_ours(order, since, known)
        ]
        orders = [self._listed_order(region, order_id) for order_id in candidates]
        return view.oldest_first(
            view.found(order, region, ours=bool(request.aws.quote))
            for order in orders
            if view.equals(order, request.aws)
        )

    def _of_quote(self, region: str, terms: AwsTerms, known: frozenset[str]) -> tuple[Found, ...]:
        """The order that AWS says was placed by the quote; it is ours if it is what was asked for."""
        if not terms.quote:
            return ()
        try:
            order_id = quotes.submitted(self._quote(region, terms.quote))
        except CloudUnknown:  # it was deleted, which does not make an order of it go away
            return ()
        if not order_id or order_id in known:
            return ()
        order = self._listed_order(region, order_id)
        return (view.found(order, region, ours=view.equals(order, terms)),)

    def _orders_there(self, request: Request) -> Iterator[Answer]:
        region, outpost = self._region(request.aws), request.aws.outpost
        orders = self._all(
            region,
            "Orders",
            lambda client: client.get_paginator("list_orders").paginate(
                OutpostIdentifierFilter=outpost, **PAGES
            ),
        )
        for order in orders:
            if not order.get("OrderId"):
                raise _worthless("OrderId", region)
            yield order

    def _listed_order(self, region: str, order_id: str) -> Answer:
        try:
            return self._order(region, order_id)
        except CloudUnknown as unknown:
            # Not knowing what is in it, we can't say that it is not ours.
            raise CloudDown(f"AWS lists the order {order_id} but does not show it.") from unknown

    def read(self, ref: Ref) -> Snapshot:
        """One order in full."""
        return view.snapshot(self._order(ref.scope, ref.id), ref.scope)

    def find(self, order_id: str) -> Snapshot:
        """The order with this id in any of the configured Regions."""
        with _about(f"the order {order_id}", self.scopes):
            return _first(self.scopes, lambda region: self.read(Ref(region, order_id)))

    def _order(self, region: str, order_id: str) -> Answer:
        order = self._one(region, "Order", lambda client: client.get_order(OrderId=order_id))
        if order.get("OrderId") != order_id:
            raise CloudDown(f"AWS was asked for the order {order_id} and answered with another.")
        return order

    def summaries(self, scope: str, refs: Collection[Ref]) -> Iterator[Summary]:
        """Every order of a Region as ListOrders tells it."""
        orders = self._all(
            scope, "Orders", lambda client: client.get_paginator("list_orders").paginate(**PAGES)
        )
        return (view.summary(order, scope) for order in orders)

    def operate(self, ref: Ref, operation: Operation, reason: str, *, fee: bool) -> tuple[str, ...]:
        """Never: CancelOrder is all that the API offers."""
        raise _not_offered()

    def ended(self, status_url: str) -> bool:
        """Never: nothing of AWS is waited for."""
        raise _not_offered()

    def cancel(self, ref: Ref, reason: str = "", *, fee: bool = False) -> None:
        """Ask for an order to be cancelled."""
        try:
            self._ask(ref.scope, lambda client: client.cancel_order(OrderId=ref.id))
        except CloudRefused as refusal:
            # The first of two sends may have done it and lost its answer; the second is a conflict.
            done = refusal.code == "ConflictException" and phase(self.read(ref)) is Phase.CANCELLED
            if not done:
                raise

    def examine(self, scope: str) -> Iterator[Finding]:
        """Whether AWS knows the bot and lets it read in a Region."""
        return examine(lambda: self._caller(scope), lambda call: self._ask(scope, call), self._clock)

    def _caller(self, region: str) -> Answer:
        with self._errors_translated():
            return self._clients.caller(region)

    def close(self) -> None:
        """Give back every connection; the next call opens them again."""
        self._clients.close()

    def _region(self, terms: AwsTerms) -> str:
        """The Region that the terms name, if it is one of ours."""
        of_arn = view.arn_region(terms.outpost)
        region = terms.region or of_arn
        ours = ", ".join(self.scopes)
        if not region:
            raise CloudRefused("NoRegion", f"Say in which Region to order; there are {ours}.")
        if of_arn and of_arn != region:
            raise CloudRefused("WrongRegion", f"The Outpost {terms.outpost} is in {of_arn}, not in {region}.")
        if region not in self.scopes:
            raise CloudRefused("WrongRegion", f"Orders can't go to {region}, only to {ours}.")
        return region

    def _ask(self, region: str, call: Callable[[OutpostsClient], T]) -> T:
        with self._errors_translated():
            return call(self._clients.reader(region))

    def _one(self, region: str, member: str, call: Callable[[OutpostsClient], Mapping[str, Any]]) -> Answer:
        answer = self._ask(region, call).get(member)
        if not isinstance(answer, Mapping):
            raise _worthless(member, region)
        return answer

    def _all(
        self,
        region: str,
        member: str,
        call: Callable[[OutpostsClient], Iterable[Mapping[str, Any]]],
    ) -> Iterator[Answer]:
        """Every element of every page, a call a page."""
        with self._errors_translated():
            for page in call(self._clients.reader(region)):
                found = page.get(member)
                # Without this, half a page would read as: there are no orders.
                if not isinstance(found, list) or not all(found):
                    raise _worthless(member, region)
                yield from found

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        try:
            yield
        except CloudError:
            raise
        except Exception as error:
            told = cloud_error(error)
            # A client that was made without credentials would never notice that there are some now.
            if isinstance(told, CloudRefused) and told.code in STALE_CREDENTIALS:
                self._clients.forget()
            raise told from error


def _no_quotes() -> CloudRefused:
    return CloudRefused(
        "NoQuotes",
        "The installed boto3 knows no quotes: order by item, or ask an operator to update it.",
    )


def _not_offered() -> CloudRefused:
    return CloudRefused("NotOffered", "AWS Outposts does not offer that.")


def _order_body(terms: AwsTerms) -> dict[str, Any]:
    bought: dict[str, Any] = (
        {"QuoteIdentifier": terms.quote, "QuoteOptionIdentifier": terms.option}
        if terms.quote
        else {
            "LineItems": [
                {"CatalogItemId": item.catalog_item, "Quantity": item.quantity} for item in terms.items
            ]
        }
    )
    return {
        "OutpostIdentifier": terms.outpost,
        **bought,
        "PaymentOption": terms.payment,
        "PaymentTerm": terms.term,
    }


def _worthless(member: str, region: str) -> CloudDown:
    return CloudDown(f"AWS answered from {region} without {member}.")


def _first(regions: Sequence[str], ask: Callable[[str], T]) -> T:
    """The first Region's answer that is not an error, or the error that says most."""
    errors: list[CloudError] = []
    for region in regions:
        try:
            return ask(region)
        except CloudError as error:
            errors.append(error)
    raise min(errors, key=_doubt)


def _doubt(error: CloudError) -> int:
    """Unknown only if every Region said so: one that could not be asked might know it."""
    if isinstance(error, CloudUnknown):
        return 2
    return 1 if isinstance(error, CloudRefused) else 0


@contextmanager
def _about(what: str, regions: Sequence[str]) -> Iterator[None]:
    """Refusals inside as sentences that say what they are about, and quote AWS."""
    where = " or ".join(regions)
    try:
        yield
    except CloudUnknown as refusal:
        words = f"AWS does not know {what} in {where}: {refusal.words}"
        raise CloudUnknown(refusal.code, words) from refusal
    except CloudDenied as refusal:
        if refusal.code == NO_CREDENTIALS:
            raise
        raise CloudDenied(refusal.code, f"AWS does not let the bot see {what}: {refusal.words}") from refusal
    except CloudRefused as refusal:
        words = f"AWS refused to show {what} in {where}: {refusal.words}"
        raise CloudRefused(refusal.code, words) from refusal

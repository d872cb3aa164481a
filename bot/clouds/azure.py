"""Azure Edge Order: every unit is an order item that we name, sent once, and then looked for by its name.

The contract is azure-mgmt-edgeorder 3.0.0, API 2024-02-01. Three things about it shape this file: a PUT on
a name that exists is refused, so that a name is the proof of a unit; what is accepted with 202 is done
later, and its outcome asked for with a URL that is kept; and what Azure has says more than what it answers,
so that neither a no nor a yes is believed before the order item was looked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.clouds import AzureAccount
from bot.clouds import azure_acts as acts
from bot.clouds import azure_catalogue as offers
from bot.clouds import azure_placing as placing
from bot.clouds import azure_view as view
from bot.clouds.azure_addresses import Addresses
from bot.clouds.azure_client import RETRY_AFTER, Arm, Reply
from bot.clouds.azure_errors import never_connected
from bot.clouds.azure_items import EXPAND, NOT_FOUND, Items, check_group, part_of, part_of_id, parts
from bot.clouds.azure_permissions import READER_ACTIONS, SUBMITTER_ACTIONS, Examination, actions
from bot.clouds.gate import Gate
from bot.clouds.reading import Answer, a_dict, by_text
from bot.core.events import Operation
from bot.core.finding import Finding
from bot.core.quote import Quote, Wish
from bot.core.request import AzureTerms, NewAddress, Request
from bot.core.snapshot import Ref, Snapshot, Summary
from bot.errors import CloudDenied, CloudDown, CloudError, CloudRefused, CloudUnknown
from bot.ports import Accepted, Catalogue, Clock, Found, NotSent, Outcome, Refused, Unclear

__all__ = ["READER_ACTIONS", "SUBMITTER_ACTIONS", "Azure", "actions"]

ADDRESS_CHANGED = "AddressChanged"
AGAIN = "Nothing was ordered; ask again."


class Azure:
    """Azure Edge Order as a `bot.ports.Cloud`; its one scope is the subscription.

    Args:
        account: The subscription to order in.
        place_timeout: How long a placing call waits for its answer, in seconds.
        clock: The time now, as aware UTC.
    """

    name = "azure"

    def __init__(self, account: AzureAccount, *, place_timeout: float, clock: Clock) -> None:
        self._account = account
        self._subscription = account.subscription.lower()
        self.scopes: Sequence[str] = (self._subscription,)
        self._clock = clock
        self._arm = Arm(account, place_timeout)
        self._items = Items(self._arm, account)
        self._addresses = Addresses(self._arm, account)

    # --- placing ---------------------------------------------------------------------------------

    def units(self, order_id: str, request: Request) -> tuple[str, ...]:
        """`ord-7f3k2m-1` and so on, one for each unit."""
        return tuple(f"{order_id.lower()}-{number + 1}" for number in range(request.azure.quantity))

    def known(self, request: Request) -> frozenset[str]:
        """Nothing: what is ours is known by its name."""
        return frozenset()

    def look_alikes(
        self, request: Request, since: datetime, known: frozenset[str], unit: str = ""
    ) -> tuple[Found, ...]:
        """The order item that has the name of the unit, whoever made it."""
        item = self._unit(request.azure, unit)
        return (placing.found(item, self._ref(request, unit), unit),) if item else ()

    def place(self, request: Request, send_before: datetime, unit: str = "") -> Outcome:
        """Send a unit once at most; see `_failed` for what becomes of which failure."""
        terms = request.azure
        try:
            address = self._address(terms)
        except CloudUnknown:
            return Refused(ADDRESS_CHANGED, f"The address {terms.address} is not in Azure any more. {AGAIN}")
        except CloudError as error:
            return NotSent(str(error))
        properties = a_dict(address.get("properties"))
        if placing.digest(properties) != terms.address_digest:
            changed = f"The address {terms.address} has been changed in Azure since it was approved. {AGAIN}"
            return Refused(ADDRESS_CHANGED, changed)
        gate = Gate(send_before, self._clock)
        body: Any = placing.body(self._subscription, terms, unit, properties)
        try:
            reply = self._arm.send(
                lambda client, **options: client.order_items.begin_create(
                    terms.resource_group, unit, body, polling=False, **options
                ),
                gate,
            )
        except Exception as error:  # noqa: BLE001 - whatever happens, what matters is whether it was sent
            return self._failed(error, gate, request, unit, properties)
        return self._answered(reply, request, unit)

    def _address(self, terms: AzureTerms) -> Answer:
        return self._addresses.get(terms.address_group, terms.address.rpartition("/")[2])

    def _answered(self, reply: Reply, request: Request, unit: str) -> Outcome:
        if reply.status == 202:
            return Accepted(reply.location, reply.retry_after)
        if placing.is_item(reply.body, unit):
            return self._standing(a_dict(reply.body), request, unit, Accepted("", reply.retry_after))
        return Unclear(f"Azure answered {reply.status} without the order item.")

    def _failed(self, error: Exception, gate: Gate, request: Request, unit: str, address: Answer) -> Outcome:
        """What a failed placing call means.

        Nothing was ordered if nothing was sent, or if ARM kept the request from Edge Order: for want of
        rights or of registration, which an operator can change. Azure's own no counts if there is no order
        item; all else is unclear.
        """
        meaning = self._arm.meaning(error)
        if not gate.passed or never_connected(error) or isinstance(meaning, CloudDenied):
            return NotSent(str(meaning))
        if isinstance(meaning, CloudRefused):
            refusal = CloudRefused(meaning.code, placing.hide(meaning.words, address))
            return self._believed(refusal, request, unit, Accepted("", RETRY_AFTER))
        return Unclear(placing.hide(str(meaning), address))

    def _believed(self, refusal: CloudRefused, request: Request, unit: str, waiting: Accepted) -> Outcome:
        """A refusal, unless the order item is there all the same, or nobody can tell."""
        try:
            item = self._unit(request.azure, unit)
        except CloudError as error:
            return Unclear(f"Azure said {refusal}, and could not be asked what it has: {error}")
        if item is None:
            return Refused(refusal.code, refusal.words)
        return self._standing(item, request, unit, waiting)

    def outcome(self, request: Request, unit: str, status_url: str) -> Outcome:
        """One look at what was accepted; a look that fails is raised, and says nothing about it."""
        waiting, missing = Accepted(status_url, RETRY_AFTER), Unclear(placing.NOT_THERE)
        if not self._arm.ours(status_url):
            return self._by_item(request, unit, waiting, missing)
        try:
            reply = self._arm.look(status_url)
        except CloudDenied:
            raise
        except CloudUnknown:
            # Azure forgets operations; the order item tells.
            return self._by_item(request, unit, waiting, missing)
        except CloudRefused as refusal:
            return self._believed(self._discreet(refusal, request.azure), request, unit, waiting)
        waiting = Accepted(status_url, reply.retry_after)
        if reply.status != 202:
            return self._by_item(request, unit, waiting, missing)
        if part_of_id(reply.location) in self._ref(request, unit).parts:
            return self._by_item(request, unit, waiting, waiting)
        return replace(waiting, status_url=reply.location or status_url)

    def _discreet(self, refusal: CloudRefused, terms: AzureTerms) -> CloudRefused:
        """A refusal that quotes nothing of the address but its town and country."""
        try:
            address = a_dict(self._address(terms).get("properties"))
        except CloudUnknown:
            address = {}
        return CloudRefused(refusal.code, placing.hide(refusal.words, address))

    def _by_item(self, request: Request, unit: str, waiting: Accepted, missing: Outcome) -> Outcome:
        """What the order item says: `waiting` while Azure still makes it, `missing` where there is none."""
        item = self._unit(request.azure, unit)
        return self._standing(item, request, unit, waiting) if item else missing

    def _standing(self, item: Answer, request: Request, unit: str, waiting: Accepted) -> Outcome:
        return placing.standing(item, self._ref(request, unit), unit, waiting=waiting)

    def _unit(self, terms: AzureTerms, unit: str) -> Answer | None:
        """The order item that has the name of a unit, None where there is none.

        Raises:
            CloudError: Azure could not be asked, or did not answer with that item.
        """
        item = self._items.get(f"{terms.resource_group}/{unit}")
        if item is not None and not placing.is_item(item, unit):
            raise CloudDown(f"Azure was asked for the order item {unit} and answered with something else.")
        return item

    def _ref(self, request: Request, unit: str) -> Ref:
        return placing.ref(self._subscription, request.azure, unit)

    # --- following -------------------------------------------------------------------------------

    def read(self, ref: Ref) -> Snapshot:
        """Every item of an order in full; one that Azure does not know any more is told as such."""
        items = {part: self._items.get(part, EXPAND) for part in parts(ref)}
        if not any(items.values()):
            raise CloudUnknown(NOT_FOUND, f"Azure knows no order item of {ref.name} any more.")
        return view.snapshot(ref, {part: view.seen(part, item) for part, item in items.items() if item})

    def find(self, order_id: str) -> Snapshot:
        """The order item, or else the order, of that name; `GROUP/NAME` says in which resource group."""
        return self.read(self._items.named(self._subscription, order_id))

    def summaries(self, scope: str, refs: Collection[Ref]) -> Iterator[Summary]:
        """The orders that are followed, in full. One of which something is missing has to be read."""
        followed: defaultdict[str, list[Ref]] = defaultdict(list)
        for ref in refs:
            for part in parts(ref):
                followed[part].append(ref)
        found: dict[Ref, dict[str, view.Seen]] = {ref: {} for ref in refs}
        groups = {part.partition("/")[0] for part in followed}
        for item in self._items.all(EXPAND, groups):
            part = part_of(item)
            for ref in followed.get(part, ()):
                # Not in `found` any more: an item may be on two pages while others come and go.
                if ref in found:
                    found[ref][part] = view.seen(part, item)
                    if len(found[ref]) == len(parts(ref)):
                        snapshot = view.snapshot(ref, found.pop(ref))
                        yield Summary(ref, snapshot.fingerprint, snapshot)
        for ref, incomplete in found.items():
            yield Summary(ref, view.snapshot(ref, incomplete).fingerprint, missing=True)

    # --- what can be ordered ---------------------------------------------------------------------

    def catalogue(self, scope: str) -> Catalogue:
        """The products that can be ordered, and the addresses to which they can be sent."""
        choices = offers.choices(self._offered(), self._account.location)
        saved = [
            offers.address_choice(address, part_of(address), self._account.resource_group)
            for address in self._addresses.all()
        ]
        return Catalogue(scope, {**choices, "address": by_text(saved)})

    def _offered(self) -> Iterator[offers.Product]:
        """Every product with its configurations."""
        for family in self._families():
            for product in offers.products(family):
                listed = offers.configurations(product)
                if listed is None:
                    listed = self._configurations(offers.product_of(product))
                yield offers.Product(family, product, listed)

    def _families(self) -> list[Answer]:
        """Every family as it is sold to all the countries that Azure ships it to."""
        wanted = {offers.path(family, 1): offers.anywhere(family) for family in self._metadata()}
        wanted.pop("", None)
        body: Any = {"filterableProperties": wanted}
        if not wanted:
            return []
        return list(
            self._arm.all(
                lambda client, **options: client.products_and_configurations.list_product_families(
                    body, expand="configurations", **options
                )
            )
        )

    def _metadata(self) -> list[Answer]:
        return list(
            self._arm.all(
                lambda client, **options: client.products_and_configurations.list_product_families_metadata(
                    **options
                )
            )
        )

    def _configurations(self, product: str) -> list[Answer]:
        body: Any = {"configurationFilter": {"hierarchyInformation": placing.product_names(product)}}
        return list(
            self._arm.all(
                lambda client, **options: client.products_and_configurations.list_configurations(
                    body, **options
                )
            )
        )

    def check(self, request: Request) -> Request:
        """The request in Azure's own words, if Azure offers all of it and the address is valid."""
        terms = self._placed_somewhere(request.azure)
        offer = self._offer(terms)
        group, address = self._addresses.find(terms)
        properties = a_dict(address.get("properties"))
        country = offers.country(properties)
        offers.check_offer(offer, terms, country)
        offers.check_address(terms.address, properties)
        known = replace(
            terms,
            product=offers.product_of(offer) or terms.product,
            configuration=offers.configuration_of(offer),
            address_group=group,
            place=offers.place(properties),
            country=country,
            address_digest=placing.digest(properties),
        )
        return replace(request, terms=known)

    def _placed_somewhere(self, terms: AzureTerms) -> AzureTerms:
        group = terms.resource_group or self._account.resource_group
        location = terms.location or self._account.location
        if not group or not location:
            raise CloudRefused("NotSaid", "Say in which resource group and location to order.")
        check_group(group)
        return replace(terms, resource_group=group, location=location)

    def _offer(self, terms: AzureTerms) -> Answer:
        """The configuration that is asked for, as Azure describes it."""
        there = self._configurations(terms.product) if terms.product.count("/") == 2 else []
        for offer in there:
            if offers.configuration_of(offer).lower() == terms.configuration.lower():
                return offer
        if there:
            names = map(offers.configuration_of, there)
            raise offers.unknown(f"configuration of {terms.product}", terms.configuration, names)
        products = [offers.product_of(one) for family in self._metadata() for one in offers.products(family)]
        raise offers.unknown("product", terms.product, products)

    def current(self, request: Request) -> Request:
        """The request as it is: Azure tells no price."""
        return request

    def quote(self, wish: Wish, mark: str) -> Quote:
        """Never: Azure tells no price."""
        raise CloudRefused("NotOffered", "Azure Edge Order makes no quotes.")

    def save_address(self, name: str, request: Request, address: NewAddress) -> str:
        """Have an address saved in the resource group of the request."""
        return self._addresses.save(name, self._placed_somewhere(request.azure), address)

    # --- what can be done afterwards -------------------------------------------------------------

    def cancel(self, ref: Ref, reason: str = "", *, fee: bool = False) -> None:
        """Ask for every item of an order to be cancelled."""
        why = reason or f"Cancelled through Quartermaster ({ref.name})."  # the API wants one
        acts.cancel(self._arm, self._items, ref, why, fee=fee)

    def operate(self, ref: Ref, operation: Operation, reason: str, *, fee: bool) -> tuple[str, ...]:
        """Ask for something to be done with every item of an order."""
        return acts.operate(self._arm, self._items, ref, operation, reason, fee=fee)

    def ended(self, status_url: str) -> bool:
        """Whether Azure has done what it was asked for."""
        return acts.ended(self._arm, status_url)

    def examine(self, scope: str) -> Iterator[Finding]:
        """Whether Azure knows the bot and lets it read in the subscription."""
        products = (self._metadata, self._families, self._configurations)
        return Examination(self._arm, self._account, products, self._clock).findings()

    def close(self) -> None:
        """Give back every connection; the next call opens them again."""
        self._arm.close()

"""Azure Edge Order: every unit is an order item that we name, sent once, and then looked for by its name.

The contract is azure-mgmt-edgeorder 3.0.0, API 2024-02-01. Three things about it shape this file: a PUT on
a name that exists is refused, so that a name is the proof of a unit; what is accepted with 202 is done
later, and its outcome asked for with a URL that is kept; and what Azure has says more than what it answers,
so that neither a no nor a yes is believed before the order item was looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from bot.clouds import AzureAccount
from bot.clouds import azure_catalogue as catalogue
from bot.clouds import azure_placing as placing
from bot.clouds import azure_view as view
from bot.clouds.azure_client import RETRY_AFTER, Arm, Reply, never_connected
from bot.clouds.gate import Gate
from bot.clouds.reading import Answer, a_dict, a_list, text
from bot.core.request import RESOURCE_GROUP, AzureTerms, Request
from bot.core.snapshot import Ref, Snapshot
from bot.errors import CloudDenied, CloudDown, CloudError, CloudRefused, CloudUnknown
from bot.ports import (
    Accepted,
    Clock,
    Found,
    NotSent,
    Outcome,
    Refused,
    Unclear,
)

EXPAND = "parentDeviceDetails,deviceDetails,forwardShippingDetails,reverseShippingDetails"
NAME = re.compile(r"(?=[\w.-]{1,80}\Z)(?!\.+\Z)[\w.-]+", re.ASCII)
"""What may be put into a path. Azure is stricter; this only keeps a name from being anything else."""


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
            address = self._get_address(terms.address_group, terms.address)
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
            return self._failed(error, gate, request, unit)
        return self._answered(reply, request, unit)

    def _answered(self, reply: Reply, request: Request, unit: str) -> Outcome:
        if reply.status == 202:
            return Accepted(reply.location, reply.retry_after)
        if placing.is_item(reply.body, unit):
            return self._standing(a_dict(reply.body), request, unit, Accepted("", reply.retry_after))
        return Unclear(f"Azure answered {reply.status} without the order item.")

    def _failed(self, error: Exception, gate: Gate, request: Request, unit: str) -> Outcome:
        """What a failed placing call means.

        Nothing was ordered if nothing was sent, or if ARM kept the request from Edge Order: for want of
        rights or of registration, which an operator can change. Azure's own no counts if there is no order
        item; all else is unclear.
        """
        meaning = self._arm.meaning(error)
        if not gate.passed or never_connected(error) or isinstance(meaning, CloudDenied):
            return NotSent(str(meaning))
        if isinstance(meaning, CloudRefused):
            return self._believed(meaning, request, unit, Accepted("", RETRY_AFTER))
        return Unclear(str(meaning))

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
            return self._believed(refusal, request, unit, waiting)
        waiting = Accepted(status_url, reply.retry_after)
        if reply.status != 202:
            return self._by_item(request, unit, waiting, missing)
        if view.part_of_id(urlsplit(reply.location).path) in self._ref(request, unit).parts:
            return self._by_item(request, unit, waiting, waiting)
        return replace(waiting, status_url=reply.location or status_url)

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
        item = self._item(terms.resource_group, unit)
        if item is not None and not placing.is_item(item, unit):
            raise CloudDown(f"Azure was asked for the order item {unit} and answered with something else.")
        return item

    def _ref(self, request: Request, unit: str) -> Ref:
        return placing.ref(self._subscription, request.azure, unit)

    # --- reading ---------------------------------------------------------------------------------

    def read(self, ref: Ref) -> Snapshot:
        """Every item of an order in full; those that Azure does not know any more are told as such."""
        items = {part: self._part(part, EXPAND) for part in _parts(ref)}
        if not any(items.values()):
            raise CloudUnknown("ResourceNotFound", f"Azure knows no order item of {ref.name} any more.")
        return view.snapshot(ref, items)

    def find(self, order_id: str) -> Snapshot:
        """The order item or the order of that name; `GROUP/NAME` says in which resource group."""
        group, _, name = order_id.strip().rpartition("/")
        _check_name("order", name)
        parts = self._items_named(group.lower(), name.lower())
        if len(parts) > 1:
            raise CloudRefused("SeveralOfThisName", f"There are {_either(parts)}. Say which one.")
        if parts:
            return self.read(Ref(self._subscription, parts[0], parts))
        return self.read(self._order_named(group.lower(), name.lower()))

    def _items_named(self, group: str, name: str) -> tuple[str, ...]:
        at_hand = group or self._account.resource_group.lower()
        if at_hand and self._item(at_hand, name) is not None:
            return (f"{at_hand}/{name}",)
        if group:
            return ()
        items = self._arm.all(lambda client, **options: client.order_items.list_by_subscription(**options))
        return tuple(sorted(part for item in items if _named(part := view.part_of(item), name)))

    def _order_named(self, group: str, name: str) -> Ref:
        orders = self._orders_named(group, name)
        if not orders:
            raise CloudUnknown("ResourceNotFound", f"Azure knows no order item and no order named {name}.")
        if len(orders) > 1:
            raise CloudRefused("SeveralOfThisName", f"There are {_either(sorted(orders))}. Say which one.")
        ((ref_id, order),) = orders.items()
        listed = a_list(a_dict(order.get("properties")).get("orderItemIds"))
        parts = {view.part_of_id(text(path)) for path in listed} - {""}
        return Ref(self._subscription, ref_id, tuple(sorted(parts)))

    def _orders_named(self, group: str, name: str) -> dict[str, Answer]:
        at_hand, location = group or self._account.resource_group.lower(), self._account.location
        if at_hand and location:
            order = _or_none(
                lambda: self._arm.one(
                    lambda client, **options: client.orders.get(at_hand, location, name, **options)
                )
            )
            if order is not None:
                return {f"{at_hand}/{name}": order}
        orders = self._arm.all(lambda client, **options: client.orders.list_by_subscription(**options))
        named = {view.part_of_id(text(order.get("id"))): order for order in orders}
        return {
            ref_id: order
            for ref_id, order in named.items()
            if _named(ref_id, name) and group in ("", ref_id.partition("/")[0])
        }

    def _part(self, part: str, expand: str | None = None) -> Answer | None:
        group, _, name = part.partition("/")
        return self._item(group, name, expand)

    def _item(self, group: str, name: str, expand: str | None = None) -> Answer | None:
        _check_group(group)
        _check_name("order item", name)
        return _or_none(
            lambda: self._arm.one(
                lambda client, **options: client.order_items.get(group, name, expand=expand, **options)
            )
        )

    # --- checking --------------------------------------------------------------------------------

    def check(self, request: Request) -> Request:
        """The request in Azure's own words, if Azure offers all of it and the address is valid."""
        terms = self._placed_somewhere(request.azure)
        offer = self._offer(terms)
        group, address = self._address(terms)
        properties = a_dict(address.get("properties"))
        country = catalogue.country(properties)
        catalogue.check_offer(offer, terms, country)
        catalogue.check_address(terms.address, properties)
        known = replace(
            terms,
            product=catalogue.product_of(offer) or terms.product,
            configuration=catalogue.configuration_of(offer) or terms.configuration,
            address=terms.address.rpartition("/")[2],
            address_group=group,
            place=catalogue.place(properties),
            country=country,
            address_digest=placing.digest(properties),
        )
        return replace(request, terms=known)

    def _placed_somewhere(self, terms: AzureTerms) -> AzureTerms:
        group = terms.resource_group or self._account.resource_group
        location = terms.location or self._account.location
        if not group or not location:
            raise CloudRefused("NotSaid", "Say in which resource group and location to order.")
        _check_group(group)
        return replace(terms, resource_group=group, location=location)

    def _offer(self, terms: AzureTerms) -> Answer:
        """The configuration that is asked for, as Azure describes it."""
        offers = self._configurations(terms.product)
        for offer in offers:
            if catalogue.configuration_of(offer).lower() == terms.configuration.lower():
                return offer
        if not offers:
            products = [catalogue.product_of(one) for one in self._products()]
            raise catalogue.unknown("product", terms.product, products)
        names = [catalogue.configuration_of(one) for one in offers]
        raise catalogue.unknown(f"configuration of {terms.product}", terms.configuration, names)

    def _configurations(self, product: str) -> list[Answer]:
        if product.count("/") != 2:
            return []
        wanted = dict(zip(catalogue.LEVELS, product.split("/"), strict=False))
        body: Any = {"configurationFilter": {"hierarchyInformation": wanted}}
        return list(
            self._arm.all(
                lambda client, **options: client.products_and_configurations.list_configurations(
                    body, **options
                )
            )
        )

    def _products(self) -> list[Answer]:
        families = self._arm.all(
            lambda client, **options: client.products_and_configurations.list_product_families_metadata(
                **options
            )
        )
        return [product for family in families for product in catalogue.products(family)]

    def _address(self, terms: AzureTerms) -> tuple[str, Answer]:
        """The saved address, and the resource group that it is in.

        The request's own group is looked in first, then the bot's, then the whole subscription.
        """
        group, _, name = terms.address.rpartition("/")
        for at_hand in (group,) if group else (terms.resource_group, self._account.resource_group):
            address = _or_none(partial(self._get_address, at_hand, name)) if at_hand else None
            if address is not None:
                return at_hand, address
        found = {} if group else self._addresses_named(name)
        if len(found) > 1:
            raise CloudRefused("SeveralOfThisName", f"There are {_either(sorted(found))}. Say which one.")
        for part, address in found.items():
            return part.partition("/")[0], address
        raise CloudUnknown("ResourceNotFound", f"Azure has no saved address named {terms.address}.")

    def _addresses_named(self, name: str) -> dict[str, Answer]:
        _check_name("address", name)
        addresses = self._arm.all(lambda client, **options: client.addresses.list_by_subscription(**options))
        named = {view.part_of(address): address for address in addresses}
        return {part: one for part, one in named.items() if _named(part, name.lower())}

    def _get_address(self, group: str, name: str) -> Answer:
        _check_group(group)
        _check_name("address", name)
        return self._arm.one(lambda client, **options: client.addresses.get(group, name, **options))

    def close(self) -> None:
        """Give back every connection; the next call opens them again."""
        self._arm.close()


ADDRESS_CHANGED = "AddressChanged"
AGAIN = "Nothing was ordered; ask again."


def _parts(ref: Ref) -> tuple[str, ...]:
    return ref.parts or (ref.id,)


def _named(part: str, name: str) -> bool:
    return part.rpartition("/")[2] == name


def _either(parts: Iterable[str]) -> str:
    return " and ".join(parts)


def _or_none(ask: Callable[[], Answer]) -> Answer | None:
    try:
        return ask()
    except CloudUnknown:
        return None


def _check_name(kind: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise CloudUnknown("InvalidResourceName", f"No {kind} can have the name {name}.")


def _check_group(group: str) -> None:
    if not re.fullmatch(RESOURCE_GROUP, group):
        raise CloudUnknown("InvalidResourceName", f"No resource group can have the name {group}.")

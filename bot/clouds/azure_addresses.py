"""Saved Edge Order addresses: found, read, and saved. They hold personal data, which goes no further."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from bot.clouds import AzureAccount
from bot.clouds import azure_placing as placing
from bot.clouds.azure_client import API_VERSION, Arm
from bot.clouds.azure_items import NOT_FOUND, check_group, check_name, named, only, or_none, part_of
from bot.clouds.reading import Answer, a_dict, a_list, text
from bot.core.request import AzureTerms, NewAddress
from bot.errors import CloudDenied, CloudRefused, CloudUnknown


class Addresses:
    """The addresses that a subscription has."""

    def __init__(self, arm: Arm, account: AzureAccount) -> None:
        self._arm = arm
        self._group = account.resource_group

    def get(self, group: str, name: str) -> Answer:
        """A saved address.

        Raises:
            CloudUnknown: There is none.
        """
        check_group(group)
        check_name("address", name)
        return self._arm.one(lambda client, **options: client.addresses.get(group, name, **options))

    def all(self) -> Iterator[Answer]:
        """Every saved address of the subscription, or of the bot's own resource group where that is all
        that its role reaches."""
        group = self._group
        try:
            yield from self._arm.all(
                lambda client, **options: client.addresses.list_by_subscription(**options)
            )
        except CloudDenied:
            if not group:
                raise
            yield from self._arm.all(
                lambda client, **options: client.addresses.list_by_resource_group(group, **options)
            )

    def find(self, terms: AzureTerms) -> tuple[str, Answer]:
        """The address that a request names, and the resource group that it is in.

        The request's own group is looked in first, then the bot's, then the whole subscription;
        `GROUP/NAME` says in which it is.

        Raises:
            CloudUnknown: There is none.
            CloudRefused: There are several, which the words name.
        """
        group, _, name = terms.address.rpartition("/")
        at_hand = [group] if group else [one for one in (terms.resource_group, self._group) if one]
        for one in dict.fromkeys(at_hand):
            address = or_none(partial(self.get, one, name))
            if address is not None:
                return one, address
        found = {} if group else self._named(name)
        if not found:
            raise CloudUnknown(NOT_FOUND, f"Azure has no saved address named {terms.address}.")
        part = only(found)
        return part.partition("/")[0], found[part]

    def _named(self, name: str) -> dict[str, Answer]:
        check_name("address", name)
        parts = {part_of(address): address for address in self.all()}
        return {part: address for part, address in parts.items() if named(part, name.lower())}

    def save(self, name: str, terms: AzureTerms, address: NewAddress) -> str:
        """Have an address saved; what is there already is left as it is.

        Returns:
            Where Azure tells whether it has saved it; "" where it has already.

        Raises:
            CloudRefused: Azure says no, or has another address of that name.
        """
        there = or_none(partial(self.get, terms.resource_group, name))
        wanted: Any = body(terms.location, address)
        if there is None:
            return self._create(terms.resource_group, name, wanted)
        if not _covers(placing.shipped_to(a_dict(there.get("properties"))), wanted["properties"]):
            raise CloudRefused("AddressExists", f"There is another address named {name}. Use another name.")
        saving = placing.state(there) == "creating"
        return f"{self._arm.url}{text(there.get('id'))}?api-version={API_VERSION}" if saving else ""

    def _create(self, group: str, name: str, wanted: Any) -> str:
        try:
            return self._arm.ask_for(
                lambda client, **options: client.addresses.begin_create(
                    group, name, wanted, polling=False, **options
                )
            ).location
        except CloudRefused as refusal:
            words = placing.hide(refusal.words, wanted["properties"])
            raise type(refusal)(refusal.code, words) from None


def body(location: str, address: NewAddress) -> dict[str, Any]:
    """An address as Azure keeps it."""
    shipping = {
        "streetAddress1": address.street,
        "city": address.city,
        "stateOrProvince": address.state,
        "postalCode": address.postal_code,
        "country": address.country,
        "addressType": "Commercial",
    }
    contact = {
        "contactName": address.contact,
        "phone": address.phone,
        "emailList": [address.email],
    }
    return {
        "location": location,
        "properties": {
            "addressClassification": "Shipping",
            "shippingAddress": {member: value for member, value in shipping.items() if value},
            "contactDetails": contact,
        },
    }


def _covers(there: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a saved address says all that we want saved; Azure may add to it, and writes as it likes."""
    return all(
        _plain(a_dict(there.get(part)).get(member)) == _plain(value)
        for part in ("shippingAddress", "contactDetails")
        for member, value in wanted[part].items()
    )


def _plain(value: object) -> str:
    return " ".join(text(one).casefold().strip() for one in (a_list(value) or [value]))

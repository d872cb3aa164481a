"""Order items and orders of a subscription: read by name, and found by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator

from bot.clouds import AzureAccount
from bot.clouds.azure_client import Arm
from bot.clouds.reading import Answer, a_dict, a_list, text, url_parts
from bot.core.request import RESOURCE_GROUP
from bot.core.snapshot import Ref
from bot.errors import CloudDenied, CloudRefused, CloudUnknown

EXPAND = "parentDeviceDetails,deviceDetails,forwardShippingDetails,reverseShippingDetails"
"""Without it, Azure says nothing of devices and parcels."""
NAME = re.compile(r"(?=.{1,80}\Z)(?!\.+\Z)[\w.-]+", re.ASCII)
"""What may be put into a path. Azure is stricter; this only keeps a name from being anything else."""
NOT_FOUND = "ResourceNotFound"


class Items:
    """The order items and orders that a subscription has."""

    def __init__(self, arm: Arm, account: AzureAccount) -> None:
        self._arm = arm
        self._group = account.resource_group.lower()
        self._location = account.location

    def get(self, part: str, expand: str | None = None) -> Answer | None:
        """The order item `GROUP/NAME`, None where there is none."""
        group, _, name = part.partition("/")
        check_group(group)
        check_name("order item", name)
        return or_none(
            lambda: self._arm.one(
                lambda client, **options: client.order_items.get(group, name, expand=expand, **options)
            )
        )

    def all(self, expand: str | None = None, groups: Collection[str] = ()) -> Iterator[Answer]:
        """Every order item of the subscription, a request a page.

        Where the bot's role reaches no further than resource groups: every one of `groups`, and of the
        bot's own.
        """
        try:
            yield from self._arm.all(
                lambda client, **options: client.order_items.list_by_subscription(expand=expand, **options)
            )
        except CloudDenied:
            if not (reached := {self._group, *groups} - {""}):
                raise
            for group in sorted(reached):
                yield from self._of_group(group, expand)

    def _of_group(self, group: str, expand: str | None) -> Iterator[Answer]:
        check_group(group)
        return self._arm.all(
            lambda client, **options: client.order_items.list_by_resource_group(
                group, expand=expand, **options
            )
        )

    def named(self, subscription: str, name: str) -> Ref:
        """The order item, or else the order, of that name; `GROUP/NAME` says in which resource group.

        Raises:
            CloudUnknown: There is neither.
            CloudRefused: There are several, which the words name.
        """
        group, _, name = name.strip().lower().rpartition("/")
        check_name("order", name)
        if part := only(self._items_named(group, name)):
            return Ref(subscription, part, (part,))
        orders = self._orders_named(group, name)
        if order := only(orders):
            return Ref(subscription, order, _parts_of(orders[order]))
        raise CloudUnknown(NOT_FOUND, f"Azure knows no order item and no order named {name}.")

    def _items_named(self, group: str, name: str) -> list[str]:
        at_hand = group or self._group
        if at_hand and self.get(f"{at_hand}/{name}"):
            return [f"{at_hand}/{name}"]
        return [] if group else [part for item in self.all() if named(part := part_of(item), name)]

    def _orders_named(self, group: str, name: str) -> dict[str, Answer]:
        at_hand = group or self._group
        if at_hand and self._location and (order := self._order(at_hand, name)):
            return {f"{at_hand}/{name}": order}
        orders = self._arm.all(lambda client, **options: client.orders.list_by_subscription(**options))
        parts = {part_of(order): order for order in orders}
        return {
            part: order
            for part, order in parts.items()
            if named(part, name) and group in ("", part.partition("/")[0])
        }

    def _order(self, group: str, name: str) -> Answer | None:
        check_group(group)
        return or_none(
            lambda: self._arm.one(
                lambda client, **options: client.orders.get(group, self._location, name, **options)
            )
        )


def parts(ref: Ref) -> tuple[str, ...]:
    """The order items of an order, as `GROUP/NAME`."""
    return ref.parts or (ref.id,)


def _parts_of(order: Answer) -> tuple[str, ...]:
    listed = a_list(a_dict(order.get("properties")).get("orderItemIds"))
    return tuple(sorted({part_of_id(text(path)) for path in listed} - {""}))


def part_of(resource: Answer) -> str:
    """`GROUP/NAME` of a resource, in lower case; "" where it does not say."""
    return part_of_id(text(resource.get("id")))


def part_of_id(path: str) -> str:
    """`GROUP/NAME` in lower case of the resource that an id or URL names; "" where it names none."""
    steps = url_parts(path).path.lower().strip("/").split("/")
    named = dict(zip(steps[::2], steps[1::2], strict=False))
    return f"{named['resourcegroups']}/{steps[-1]}" if "resourcegroups" in named else ""


def named(part: str, name: str) -> bool:
    """Whether `GROUP/NAME` has this name."""
    return part.rpartition("/")[2] == name


def only(parts: Iterable[str]) -> str:
    """The one `GROUP/NAME`, "" where there is none.

    Raises:
        CloudRefused: There are several.
    """
    found = sorted(parts)
    if len(found) > 1:
        raise CloudRefused("SeveralOfThisName", f"There are {' and '.join(found)}. Say which one.")
    return found[0] if found else ""


def or_none(ask: Callable[[], Answer]) -> Answer | None:
    """What is asked for, None where Azure does not know it."""
    try:
        return ask()
    except CloudUnknown:
        return None


def check_name(kind: str, name: str) -> None:
    """Make sure that a name is one, and not the rest of another path.

    Raises:
        CloudUnknown: It is not.
    """
    if not NAME.fullmatch(name):
        raise CloudUnknown("InvalidResourceName", f"No {kind} can have the name {name}.")


def check_group(group: str) -> None:
    """The same for a resource group."""
    if not re.fullmatch(RESOURCE_GROUP, group):
        raise CloudUnknown("InvalidResourceName", f"No resource group can have the name {group}.")

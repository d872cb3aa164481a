"""App Home: what waits for somebody, what they have asked for, and what is on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.core.events import Edited
from bot.core.messages import words
from bot.core.messages.blocks import (
    Block,
    actions,
    button,
    context,
    date,
    divider,
    header,
    one_line,
    section,
    user,
)
from bot.core.messages.request import DETAILS, button_value, edit_button
from bot.core.messages.terms import price, told
from bot.core.messages.units import parcel_text
from bot.core.messages.words import headline
from bot.core.order import Order, State, may_follow
from bot.core.request import AwsTerms

NEW_ORDER = "new_order"
TURN = "home_turn"
"""How the action ids of the buttons that turn a page begin."""


@dataclass(frozen=True)
class Page:
    """One section's part that is shown.

    `number` counts from 1, `count` is how many orders there are: at least, where `more` says that not all of
    them were looked at.
    """

    orders: tuple[Order, ...]
    number: int
    size: int
    count: int
    more: bool = False

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // self.size))


def home(
    waiting: Page, mine: Page, on_the_way: Page, news: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """The view that Slack shows in the app's home tab; `news` is the newest of each own order, by its id."""

    def own(order: Order) -> Iterator[Block]:
        return _own(order, news.get(order.id, ""))

    return {
        "type": "home",
        "blocks": [
            actions(button("New order", NEW_ORDER, "", "primary")) | {"block_id": NEW_ORDER},
            *_section("Waiting for me", "waiting", waiting, _waits, "Nothing waits for you."),
            *_section("Mine", "mine", mine, own, "You have not asked for anything yet."),
            *_section("On the way", "way", on_the_way, _travels, "Nothing is on its way."),
        ],
    }


def _section(
    title: str, key: str, page: Page, show: Callable[[Order], Iterable[Block]], empty: str
) -> Iterator[Block]:
    yield header(f"{title} ({'at least ' if page.more else ''}{page.count})" if page.count else title)
    if not page.orders:
        yield context(_FAR if page.more else empty)
    for order in page.orders:
        yield from show(order)
    if turn := _turning(key, page):
        yield actions(*turn) | {"block_id": f"{TURN}_{key}"}
    yield divider()


_FAR = "Nothing for you among what has waited longest. `/order list waiting` shows all of it."


def _turning(key: str, page: Page) -> list[Block]:
    """Buttons to the pages before and after this one."""
    made = []
    if page.number > 1:
        made.append(button("Previous", f"{TURN}_{key}_previous", f"{key} {page.number - 1}"))
    if page.number < page.pages:
        made.append(button("Next", f"{TURN}_{key}_next", f"{key} {page.number + 1}"))
    return made


def _waits(order: Order) -> Iterator[Block]:
    value = button_value(order)
    since = date(order.asked_at or order.filed_at)
    yield section(
        f"*{order.id}* · {user(order.requester)} asks for {_bought(order)} {told(order.asked).where}\n"
        f"{one_line(order.asked.reason, 300)}"
    )
    terms = order.asked.terms
    much = price(terms) if isinstance(terms, AwsTerms) else ""
    yield context(" · ".join([f"Waits since {since}", *([much] if much else [])]))
    yield actions(
        button("Approve", "approve", value, "primary", label=f"Approve {order.id}"),
        button("Reject", "reject", value, "danger", label=f"Reject {order.id}"),
        _details(order),
    )


def _own(order: Order, news: str) -> Iterator[Block]:
    yield section(f"*{words.name(order)}* · *{headline(order)}* · {_bought(order)}")
    made = [_details(order)] if order.request else []
    if order.request and order.state in (State.CHECKING, State.WAITING, State.APPROVED):
        made.append(button("Withdraw", "withdraw", order.id, label=f"Withdraw {order.id}"))
    if order.request and may_follow(order, Edited):
        made.append(edit_button(order))
    yield context(news or f"Asked {date(order.filed_at)}")
    if made:
        yield actions(*made)


def _travels(order: Order) -> Iterator[Block]:
    parcels = _parcels(order)
    yield section(f"*{words.name(order)}* · *{headline(order)}* · {_bought(order)}")
    yield context(" · ".join([user(order.requester), words.cloud_order(order), *parcels]))


def _parcels(order: Order, most: int = 3) -> list[str]:
    """With whom the units travel, each parcel once."""
    units = order.snapshot.units if order.snapshot else ()
    shown = list(dict.fromkeys(parcel_text(unit.shipment) for unit in units if unit.shipment))
    return [*shown[:most], *([f"{len(shown) - most} more"] if len(shown) > most else [])]


def _details(order: Order) -> Block:
    return button("Details", DETAILS, order.id, label=f"Details of {order.id}")


def _bought(order: Order) -> str:
    return one_line(words.what(order), 300)

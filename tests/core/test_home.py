"""The App Home: Slack takes it whatever is in it, and it says what it is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.core.messages.home import Page, home
from bot.core.messages.status import newest
from bot.core.order import Kind, Order, State
from bot.demo.slack.block_kit import check_view
from bot.demo.slack.plain import flatten
from tests.core.test_messages import TEXTS, UPS, events, order

SIZES = {"waiting": 5, "mine": 5, "way": 8}


def page(orders: Sequence[Order], section: str, number: int = 2, *, more: bool = False) -> Page:
    """The middle one of three pages, full."""
    size = SIZES[section]
    distinct = tuple(replace(one, id=f"ORD-{place:06}") for place, one in enumerate(orders))
    return Page(distinct, number, size, 3 * size, more)


def full(text: str, kind: Kind = Kind.ASKED) -> dict[str, Any]:
    """A home as full as it gets, with `text` wherever a person or a cloud could have put it."""
    own = [order(text, state, kind, 20) for state in State][:5]
    news = {f"ORD-{place:06}": newest(events(text, 1)[::-1]) for place in range(5)}
    return home(
        page([order(text, State.WAITING, size=20)] * 5, "waiting", more=True),
        page(own, "mine"),
        page([order(text, State.PLACED, kind, 20)] * 8, "way"),
        news,
    )


def shown(view: dict[str, Any]) -> str:
    return flatten(view["blocks"], {})


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_slack_takes_a_home_whatever_anybody_wrote(text: str, kind: Kind) -> None:
    assert check_view(full(text, kind), "home") == ("", [])


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_nobody_can_ping_or_link_from_a_home(text: str) -> None:
    said = str(full(text))
    for forged in ("<!channel>", "<!here>", "<@U0EVIL>", "<#C0EVIL>", "<!subteam^S0EVIL>", "<https://evil"):
        assert forged not in said


@pytest.mark.parametrize("state", list(State))
def test_slack_takes_own_orders_in_every_state(state: State) -> None:
    empty = Page((), 1, 5, 0)
    view = home(empty, Page((order("x", state),), 1, 5, 1), empty)
    assert check_view(view, "home") == ("", [])


def test_a_home_with_nothing_in_it_says_so_under_each_heading() -> None:
    empty = Page((), 1, 5, 0)
    said = shown(home(empty, empty, empty))
    places = [said.index(words) for words in ("Waiting for me", "Nothing waits", "Mine", "On the way")]
    assert places == sorted(places)
    assert "[New order]" in said
    assert "Next" not in said


def test_where_not_all_that_waits_was_looked_at_nothing_found_is_not_nothing_there() -> None:
    empty = Page((), 1, 5, 0)
    said = shown(home(replace(empty, more=True), empty, empty))
    assert "Nothing waits for you." not in said
    assert "/order list waiting" in said


def test_each_section_is_turned_by_buttons_of_its_own() -> None:
    turning = [
        element["value"]
        for block in full("x")["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["text"]["text"] in ("Previous", "Next")
    ]
    assert turning == ["waiting 1", "waiting 3", "mine 1", "mine 3", "way 1", "way 3"]


def test_a_parcel_can_be_followed_from_a_home() -> None:
    assert UPS in str(home(*[Page((), 1, 5, 0)] * 2, Page((order("1Z", State.PLACED),), 1, 8, 1)))

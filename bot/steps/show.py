"""Answering questions: where an order stands, and which there are."""

from __future__ import annotations

from bot.core.messages import replies
from bot.core.messages.blocks import Say
from bot.core.messages.status import status as in_full
from bot.core.order import ENDED, State
from bot.spine import World, named

PAGE = 10
SHOWN = {
    "mine": frozenset(State),
    "all": frozenset(State),
    "open": frozenset(State) - ENDED,
    "waiting": frozenset({State.WAITING}),
}
"""What each word of `/order list` shows."""


def status(world: World, ref: str) -> Say:
    """Where an order stands; `ref` is our id or the cloud's."""
    order = world.store.order(ref) or named(world, ref)
    if order is None:
        return replies.no_such(ref)
    name = ref.rpartition("/")[2].lower()
    own = any(one.unit == name for one in order.placements)
    return in_full(order, world.store.events(order.id), name if own else "")


def listing(world: World, which: str, page: int, person: str) -> Say:
    """A page of orders, newest first; pages count from 1."""
    orders = world.store.listing(
        SHOWN[which],
        requester=person if which == "mine" else "",
        limit=PAGE + 1,
        offset=(page - 1) * PAGE,
    )
    return replies.listing(orders[:PAGE], which, page, more=len(orders) > PAGE)

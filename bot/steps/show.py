"""Answering questions: where an order stands, and which there are."""

from __future__ import annotations

from bot.core.messages import replies
from bot.core.messages.blocks import Block, Say
from bot.core.messages.status import details as all_of
from bot.core.messages.status import status as in_full
from bot.core.order import ENDED, Order, State
from bot.core.policy import risks
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


def details(world: World, order: Order) -> list[Block]:
    """All of a request, for a view of its own."""
    plan = world.plan(order) if order.state is State.WAITING else order.plan
    risky = risks.banners(world.policy, order.asked) if order.state not in ENDED else ()
    return all_of(order, plan, world.store.events(order.id), world.store.audit_head(), risky)

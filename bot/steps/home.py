"""App Home: a view of the database for each person, brought up to date through the outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.core.follow import Job, Work
from bot.core.messages.home import Page, home
from bot.core.order import Order
from bot.core.policy import everyone
from bot.spine import Result, World
from bot.store import Claim

Read = Callable[[int, int], tuple[list[Order], int]]
"""Limit and offset → some orders, and how many there are in all."""

SIZES = {"waiting": 5, "mine": 5, "way": 8}
"""Orders on a page of each section."""
TOGETHER = 0.5
"""Seconds in which several changes become one new view."""


def opened(world: World, person: str) -> None:
    """Somebody looks at their App Home: from now on it is kept up to date."""
    _keep(world, person, {})
    _due(world, person, 0.0)


def turn(world: World, person: str, section: str, number: int) -> None:
    """Show another page of one section; the others stay where they are."""
    _keep(world, person, _pages(world, person) | {section: max(1, number)})
    _due(world, person, 0.0)


def refresh(world: World, person: str) -> None:
    """Bring somebody's App Home up to date, because what it showed was old."""
    _due(world, person, 0.0)


def refresh_all(world: World, claim: Claim) -> Result:
    """See whose App Home shows an order that has changed: its requester's, and the deciders'."""
    order = world.store.order(claim.work.order_id)
    for person in _concerned(world, order) & _visitors(world) if order else ():
        _due(world, person, TOGETHER)
    return None


def _concerned(world: World, order: Order) -> frozenset[str]:
    scene = world.scene()
    people = order.plan.people if order.plan else world.policy.approvers
    known = [id for id in people if not id.startswith("S") or id in scene.groups]
    deciders = everyone(known, scene.groups) or frozenset()
    delegates = {one.delegate for one in scene.delegations if one.owner in deciders}
    decided = {one.by for one in order.approvals}
    return frozenset({order.requester, *deciders, *delegates, *decided})


def _visitors(world: World) -> frozenset[str]:
    """Those who have looked at their App Home within the last weeks; the rest is forgotten by and by."""
    return frozenset(key.removeprefix("home/") for key in world.store.kept("home/"))


def show(world: World, claim: Claim) -> Result:
    """Bring one person's App Home up to date."""
    person = claim.work.body["person"]
    pages = _pages(world, person)
    scene, policy = world.scene(), world.policy
    owners = [owner for owner in scene.owners(person) if owner != person]
    ids = [
        *(person, *owners),
        *(id for id, group in scene.groups.items() if group.people & {person, *owners}),
    ]
    view = home(
        waiting=_page(
            "waiting",
            pages,
            lambda limit, offset: world.store.asked_of(
                person, ids, limit=limit, offset=offset, own=policy.self_approval
            ),
        ),
        mine=_page(
            "mine", pages, lambda limit, offset: world.store.asked_by(person, limit=limit, offset=offset)
        ),
        on_the_way=_page(
            "way", pages, lambda limit, offset: world.store.on_the_way(limit=limit, offset=offset)
        ),
    )
    world.chat.publish(person, view)
    return None


def _page(section: str, pages: Mapping[str, int], read: Read) -> Page:
    size, number = SIZES[section], pages.get(section, 1)
    orders, count = read(size, (number - 1) * size)
    last = max(1, -(-count // size))
    if number > last:  # what was on it has gone
        number = last
        orders, count = read(size, (number - 1) * size)
    return Page(tuple(orders), number, size, count)


def _pages(world: World, person: str) -> dict[str, int]:
    known = world.store.kept(f"home/{person}").get(f"home/{person}")
    return dict(known[0]) if known else {}


def _keep(world: World, person: str, pages: Mapping[str, int]) -> None:
    world.store.keep(f"home/{person}", dict(pages), world.now())


def _due(world: World, person: str, delay: float) -> None:
    work = Work(f"home-view/{person}", Job.HOME, body={"person": person}, delay=delay)
    world.store.enqueue([work], world.now())

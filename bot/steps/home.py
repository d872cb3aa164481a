"""App Home: a view of the database for each person, brought up to date through the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from bot.core.messages.home import Page, home
from bot.core.messages.status import newest
from bot.core.order import Order
from bot.core.policy import Scene, everyone, is_group, may_approve
from bot.spine import Result, World, refresh_home
from bot.store import Claim

Read = Callable[[int, int], tuple[list[Order], int]]
"""Limit and offset → some orders, and how many there are in all."""

SIZES = {"waiting": 5, "mine": 5, "way": 8}
"""Orders on a page of each section."""
MOST_JUDGED = 100
"""Requests of which it is asked for one view whether somebody may decide about them."""
TOGETHER = 0.5
"""Seconds in which several changes become one new view."""


def opened(world: World, person: str) -> None:
    """Somebody looks at their App Home: from now on it is kept up to date."""
    _keep(world, person, {})
    refresh_home(world, person, 0.0)


def turn(world: World, person: str, section: str, number: int) -> None:
    """Show another page of one section; the others stay where they are."""
    _keep(world, person, _pages(world, person) | {section: max(1, number)})
    refresh_home(world, person, 0.0)


def refresh(world: World, person: str) -> None:
    """Bring somebody's App Home up to date, because what it showed was old; whoever uses it has one."""
    _keep(world, person, _pages(world, person))
    refresh_home(world, person, 0.0)


def refresh_all(world: World, claim: Claim) -> Result:
    """See whose App Home shows an order that has changed: its requester's, and the deciders'."""
    order = world.store.order(claim.work.order_id)
    if order is None:
        return None
    dropped = _people(claim.work.body.get("people", ()), world.scene())
    for person in (_concerned(world, order) | dropped) & _visitors(world):
        refresh_home(world, person, TOGETHER)
    return None


def _concerned(world: World, order: Order) -> frozenset[str]:
    scene = world.scene()
    people = order.plan.people if order.plan else world.policy.approvers
    decided = {one.by for one in order.approvals}
    return frozenset({order.requester, *_people(people, scene), *decided})


def _people(ids: Iterable[str], scene: Scene) -> frozenset[str]:
    """All whom ids stand for, as far as the groups are known, and whoever stands in for them."""
    known = [id for id in ids if not is_group(id) or id in scene.groups]
    people = everyone(known, scene.groups) or frozenset()
    return people | {one.delegate for one in scene.delegations if one.owner in people}


def _visitors(world: World) -> frozenset[str]:
    """Those who have looked at their App Home within the last weeks; the rest is forgotten by and by."""
    return frozenset(key.removeprefix("home/") for key in world.store.kept("home/"))


def show(world: World, claim: Claim) -> Result:
    """Bring one person's App Home up to date."""
    person = claim.work.body["person"]
    store = world.store
    pages = store.recall(f"home/{person}")
    if pages is None:  # they have never looked at it, or not for weeks
        return None
    mine = _page("mine", pages, lambda limit, offset: store.asked_by(person, limit=limit, offset=offset))
    view = home(
        waiting=_waiting(world, person, pages),
        mine=mine,
        on_the_way=_page("way", pages, lambda limit, offset: store.on_the_way(limit=limit, offset=offset)),
        news={order.id: newest(store.latest_events(order.id)) for order in mine.orders},
    )
    world.chat.publish(person, view)
    return None


def _waiting(world: World, person: str, pages: Mapping[str, int]) -> Page:
    """What somebody can decide about now.

    The database tells who is asked, the policy who of them may: a stand-in for somebody who has had their say
    may not. So of those who are asked about thousands, only the first are looked at.
    """
    scene = world.scene()
    owners = scene.owners(person)
    ids = [
        *dict.fromkeys((person, *owners)),
        *(id for id, group in scene.groups.items() if group.people & {person, *owners}),
    ]
    asked, count = world.store.asked_of(person, ids, limit=MOST_JUDGED, own=world.policy.self_approval)
    theirs = [order for order in asked if can_decide(world, order, person, scene)]

    def read(limit: int, offset: int) -> tuple[list[Order], int]:
        return theirs[offset : offset + limit], len(theirs)

    return replace(_page("waiting", pages, read), more=count > len(asked))


def can_decide(world: World, order: Order, person: str, scene: Scene) -> bool:
    """Whether an order waits for somebody, as far as the groups are known; the click asks anew."""
    groups = {id: replace(members, at=scene.now) for id, members in scene.groups.items()}
    return may_approve(world.plan(order), order, person, replace(scene, groups=groups)).allowed


def _page(section: str, pages: Mapping[str, int], read: Read) -> Page:
    size, number = SIZES[section], pages.get(section, 1)
    orders, count = read(size, (number - 1) * size)
    last = max(1, -(-count // size))
    if number > last:  # what was on it has gone
        number = last
        orders, count = read(size, (number - 1) * size)
    return Page(tuple(orders), number, size, count)


def _pages(world: World, person: str) -> dict[str, int]:
    return dict(world.store.recall(f"home/{person}") or {})


def _keep(world: World, person: str, pages: Mapping[str, int]) -> None:
    world.store.keep(f"home/{person}", dict(pages), world.now())

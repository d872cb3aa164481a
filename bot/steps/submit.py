"""Placing an approved order: at most one request to the cloud for one approval.

    take the scope → ask the cloud whether the order is there already → commit the intent → send once
    → commit what came of it

A process may die between any two of these. Whoever finds an order in the state *placing* later does not
send: it cannot know whether the dead one did, so the order becomes unclear and is looked for.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.core import order as life
from bot.core.follow import Job, Work
from bot.core.messages import desk
from bot.core.order import Event, Order, State
from bot.core.policy import satisfied
from bot.errors import CloudDown, CloudRefused
from bot.failpoint import failpoint
from bot.ports import Accepted, Found, NotSent, Outcome, Placed, Refused, Unclear
from bot.spine import SKEW, Again, Result, World, cloud_of, happen, settle, tell_operators
from bot.store import Claim, Verdict

log = logging.getLogger(__name__)

WAIT_FOR_SCOPE = 60.0
"""Seconds until another try while another order holds the scope; its end also wakes those that wait."""


def submit(world: World, claim: Claim) -> Result:
    """Place an order, or find out why not."""
    order = world.store.order(claim.work.order_id)
    if order is None:
        return None
    if order.state is State.PLACING:
        settle(world, order, life.WentUnclear(desk.STOPPED_WHILE_PLACING))
        return None
    if order.state is not State.APPROVED or not _approved_as_it_is(world, order):
        return None
    try:
        return _ask_then_send(world, claim, order)
    except (CloudDown, CloudRefused) as error:
        # Only asking first raises: nothing has been sent, and nothing may be before the cloud was asked.
        tell_operators(world, f"{order.id}/waits", desk.placing_waits(order, str(error)))
        raise


def _approved_as_it_is(world: World, order: Order) -> bool:
    if satisfied(order, world.store.decisions(order.id)):
        return True
    tell_operators(world, f"{order.id}/not-approved", desk.contradiction(order, desk.NOT_APPROVED))
    return False


def _ask_then_send(world: World, claim: Claim, order: Order) -> Result:
    if world.store.holder(order.scope):
        return _wait_for_scope(world, order)
    cloud, request = cloud_of(world, order), order.asked
    known = cloud.known(request)
    found = cloud.look_alikes(request, order.filed_at - SKEW, _not_this_one(world, order))
    if found:
        return _exists_already(world, order, found)
    send_before = claim.until - timedelta(seconds=world.settings.place_timeout)
    if world.now() >= send_before:
        raise CloudDown(desk.ASKING_TOO_SLOW)
    failpoint("asked-first")
    verdict, placing = happen(world, order, life.Attempted(tuple(sorted(known))))
    if verdict is Verdict.BUSY:
        return _wait_for_scope(world, order)
    if verdict is Verdict.STALE:
        return Again(0)
    failpoint("before-placing")
    outcome = cloud.place(request, send_before)
    failpoint("after-placing")
    log.info("placing.answered", extra={"order": order.id, "outcome": repr(outcome)})
    settled = settle(world, placing, as_event(outcome))
    if isinstance(outcome, NotSent):
        tell_operators(world, f"{order.id}/waits", desk.placing_waits(settled, outcome.why))
    return None


def _not_this_one(world: World, order: Order) -> frozenset[str]:
    return world.store.refs(order.cloud) | set(order.known)


def _exists_already(world: World, order: Order, found: tuple[Found, ...]) -> Result:
    """Something that looks like the order is there before it was ever sent: a restored backup, or chance."""
    if world.store.holder(order.scope):
        return _wait_for_scope(world, order)
    if {one.ref.id for one in found} & world.store.refs(order.cloud):
        return Again(0)  # a twin of this order was placed while the cloud was asked
    verdict, _ = happen(world, order, life.PeopleAsked(tuple(one.ref for one in found), desk.EXISTS_ALREADY))
    return None if verdict is Verdict.DONE else Again(0)


def _wait_for_scope(world: World, order: Order) -> Result:
    holder = world.store.holder(order.scope)
    if holder is None or holder.id == order.id:
        return Again(1.0)
    told = Work(
        f"{order.id}/thread/waits/{holder.id}",
        Job.THREAD,
        order.id,
        {"event": "Waits", "holder": holder.id},
        lane=f"post/{order.channel}",
    )
    world.store.once(told, world.now())
    return Again(WAIT_FOR_SCOPE)


def as_event(outcome: Outcome, unit: str = "") -> Event:
    """What an answer of the cloud means for an order, or the unit of it, that was being placed."""
    match outcome:
        case Placed(ref):
            return life.WasPlaced(ref, unit=unit)
        case Accepted(status_url):
            return life.Accepted(status_url, unit)
        case Refused(code, words):
            return life.WasRefused(code, words, unit)
        case Unclear(why):
            return life.WentUnclear(why, unit)
        case NotSent(why):
            return life.NothingSent(why, unit)

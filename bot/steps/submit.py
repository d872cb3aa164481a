"""Placing an approved order: at most one request to the cloud for one approval.

    take the scope → ask the cloud whether the order is there already → commit the intent → send once
    → commit what came of it

A process may die between any two of these. Whoever finds an order, or a unit of one, that is being sent
does not send: it cannot know whether the dead one did, so it becomes unclear and is looked for.

Where a cloud takes units one by one, each run of this work sends one of them, or looks once at those that
the cloud has accepted; the row of work stays until all of them have an outcome.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.core import events
from bot.core import order as life
from bot.core.events import Event
from bot.core.follow import Job, Work
from bot.core.messages import desk
from bot.core.order import Order, Step
from bot.core.policy import denied, facts, satisfied
from bot.core.policy import plan as make_plan
from bot.core.request import blocked, quoted_changes
from bot.errors import CloudDenied, CloudDown, CloudRefused
from bot.failpoint import failpoint
from bot.ports import Accepted, Cloud, Found, NotSent, Outcome, Placed, Refused, Unclear
from bot.spine import (
    SKEW,
    Again,
    Result,
    World,
    cloud_of,
    happen,
    out_of_patience,
    reread,
    settle,
    tell_operators,
)
from bot.store import Claim, Verdict

log = logging.getLogger(__name__)

WAIT_FOR_SCOPE = 60.0
"""Seconds until another try while another order holds the scope; its end also wakes those that wait."""


def submit(world: World, claim: Claim) -> Result:
    """Place an order or the next unit of one, or find out why not."""
    order = world.store.order(claim.work.order_id)
    if order is None:
        return None
    stopped = life.in_flight(order)
    if stopped is not None:
        settle(world, order, events.WentUnclear(desk.STOPPED_WHILE_PLACING, stopped))
        return _next_unit(order)
    unit = life.to_send(order)
    if unit is None:
        return _await(world, order)
    if not _approved_as_it_is(world, order):
        return None
    try:
        return _ask_then_send(world, claim, order, unit)
    except (CloudDown, CloudRefused) as error:
        # Only asking first raises: nothing has been sent, and nothing may be before the cloud was asked.
        tell_operators(world, f"{order.id}/waits", desk.placing_waits(order, str(error)))
        raise


def _next_unit(order: Order) -> Result:
    """What comes after one unit: the next. An order that is sent whole is done."""
    return Again(0) if order.placements else None


def _approved_as_it_is(world: World, order: Order) -> bool:
    if satisfied(order, world.store.decisions(order.id)):
        return True
    tell_operators(world, f"{order.id}/not-approved", desk.contradiction(order, desk.NOT_APPROVED))
    return False


def _ask_then_send(world: World, claim: Claim, order: Order, unit: str) -> Result:
    if _held_by_another(world, order):
        return _wait_for_scope(world, order)
    cloud, request = cloud_of(world, order), order.asked
    known = cloud.known(request)
    found = cloud.look_alikes(request, order.filed_at - SKEW, _not_this_one(world, order), unit)
    if found:
        return _exists_already(world, order, found, unit)
    asked_again = _asked_again(world, order, cloud)
    if asked_again is not None:
        return None if asked_again is Verdict.DONE else Again(0)
    send_before = claim.until - timedelta(seconds=world.settings.place_timeout)
    if world.now() >= send_before:
        raise CloudDown(desk.ASKING_TOO_SLOW)
    failpoint("asked-first")
    verdict, placing = happen(world, order, events.Attempted(tuple(sorted(known)), unit))
    if verdict is Verdict.BUSY:
        return _wait_for_scope(world, order)
    if verdict is Verdict.STALE:
        return Again(0)
    failpoint("before-placing")
    outcome = cloud.place(request, send_before, unit)
    failpoint("after-placing")
    log.info("placing.answered", extra={"order": order.id, "unit": unit, "outcome": repr(outcome)})
    settled = settle(world, placing, as_event(outcome, unit))
    if isinstance(outcome, NotSent):
        tell_operators(world, f"{order.id}/waits", desk.placing_waits(settled, outcome.why))
        return None  # the event has put the next try on the list
    if isinstance(outcome, Accepted) and life.to_send(settled) is None:
        return Again(outcome.retry_after)
    return _next_unit(order)


def _asked_again(world: World, order: Order, cloud: Cloud) -> Verdict | None:
    """Ask for approval again if the cloud offers something else than was approved; None if it doesn't."""
    try:
        now = cloud.current(order.asked)
        changes = quoted_changes(order.asked, now)
    except CloudDenied:
        raise
    except CloudRefused as refusal:
        now, changes = blocked(order.asked, refusal.code, refusal.words), (refusal.words,)
    if now.digest() == order.asked.digest():
        return None
    for reason in denied(world.policy, facts(now)):
        now, changes = blocked(now, "POLICY", reason), (*changes, reason)
    log.info("placing.repriced", extra={"order": order.id, "changes": changes})
    return happen(world, order, events.Repriced(now, changes, make_plan(world.policy, now)))[0]


def _held_by_another(world: World, order: Order) -> bool:
    holder = world.store.holder(order.scope)
    return holder is not None and holder.id != order.id


def _await(world: World, order: Order) -> Result:
    """Look once at each unit that the cloud works on; nothing to do where there is none."""
    waits = [_look_after(world, order, unit) for unit in order.units(Step.ACCEPTED)]
    still = reread(world, order)
    if still.units(Step.ACCEPTED) and out_of_patience(world, still):
        tell_operators(world, f"{order.id}/still-working", desk.still_working(still))
    return Again(max(waits)) if waits else None


def _look_after(world: World, order: Order, unit: str) -> float:
    """What became of a unit that the cloud has accepted; returns the seconds until it is worth a look."""
    status_url = order.placement(unit).status_url
    try:
        outcome = cloud_of(world, order).outcome(order.asked, unit, status_url)
    except (CloudDown, CloudRefused) as error:
        if not out_of_patience(world, order):
            raise
        outcome = Unclear(desk.not_told(str(error)))
    if isinstance(outcome, Accepted) and outcome.status_url == status_url:
        return outcome.retry_after
    failpoint("outcome-told")
    settle(world, reread(world, order), as_event(outcome, unit))
    return outcome.retry_after if isinstance(outcome, Accepted) else 0.0


def _not_this_one(world: World, order: Order) -> frozenset[str]:
    return world.store.refs(order.cloud) | set(order.known)


def _exists_already(world: World, order: Order, found: tuple[Found, ...], unit: str) -> Result:
    """Something that looks like the order is there before it was ever sent: a restored backup, or chance."""
    if unit:
        ours = [one for one in found if one.ours]
        event = (
            events.WasPlaced(ours[0].ref, unit=unit)
            if ours
            else events.WentUnclear(desk.EXISTS_ALREADY, unit)
        )
        settle(world, order, event)
        return Again(0)
    if _held_by_another(world, order):
        return _wait_for_scope(world, order)
    if {one.ref.id for one in found} & world.store.refs(order.cloud):
        return Again(0)  # a twin of this order was placed while the cloud was asked
    verdict, _ = happen(
        world, order, events.PeopleAsked(tuple(one.ref for one in found), desk.EXISTS_ALREADY)
    )
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
            return events.WasPlaced(ref, unit=unit)
        case Accepted(status_url):
            return events.Accepted(status_url, unit)
        case Refused(code, words):
            return events.WasRefused(code, words, unit)
        case Unclear(why):
            return events.WentUnclear(why, unit)
        case NotSent(why):
            return events.NothingSent(why, unit)

"""Following orders in the clouds: a page of summaries for a thousand, a full look for those that changed."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core import order as life
from bot.core.follow import Job, Work
from bot.core.messages import desk, operations, replies
from bot.core.messages.blocks import Say
from bot.core.order import Kind, Order, State
from bot.core.policy import Reason, named
from bot.core.snapshot import Summary
from bot.errors import CloudDown, CloudError, CloudRefused
from bot.failpoint import failpoint
from bot.ports import Cloud
from bot.spine import Again, Every, Result, World, cloud_of, happen, outage, recovered, reread, settle
from bot.store import Claim, Verdict

log = logging.getLogger(__name__)

FULL_LOOK = timedelta(hours=1)
"""How old the full view of an order may get although its summary did not change."""
TRANSIT_LOOK = timedelta(minutes=15)
"""The same while something of it is on its way or being installed, or three rounds if that is sooner:
tracking numbers and assets come without a change of status."""
IN_MOTION = frozenset({"SHIPPED", "DELIVERED", "INSTALLING"})


def look(world: World, claim: Claim) -> Result:
    """Follow all orders of one scope once."""
    name, scope = claim.work.body["cloud"], claim.work.body["scope"]
    if name not in world.clouds or scope not in world.clouds[name].scopes:
        return None
    try:
        _look(world, name, scope)
    except (CloudDown, CloudRefused) as error:
        outage(world, f"{name}/{scope}", str(error), desk.cloud_down(name, scope, str(error)))
        failures = min(claim.tries, 6)
        return Again(min(world.settings.poll_interval * 2**failures, 3600), str(error))
    recovered(world, f"{name}/{scope}", desk.cloud_back(name, scope))
    return Every(world.settings.poll_interval)


def _look(world: World, name: str, scope: str) -> None:
    """List the scope and read what changed. One order that cannot be read does not hide the others."""
    cloud, followed = world.clouds[name], world.store.followed(name, scope)
    stale = _budget(world, followed)
    due = [
        (order, summary.fingerprint)
        for summary in cloud.summaries(scope, [order.ref for order in followed.values() if order.ref])
        if (order := followed.get(summary.ref.id)) and (_changed(order, summary) or order.id in stale)
    ]
    failures = [error for order, fingerprint in due if (error := _failure(world, cloud, order, fingerprint))]
    if failures and len(failures) == len(due):
        raise failures[0]


def _failure(world: World, cloud: Cloud, order: Order, fingerprint: str) -> CloudError | None:
    """Read one order; what went wrong, if anything did."""
    try:
        _read(world, cloud, order, fingerprint)
    except CloudError as error:
        log.warning("order.unreadable", extra={"order": order.id, "why": str(error)})
        return error
    return None


def _changed(order: Order, summary: Summary) -> bool:
    known = order.snapshot.fingerprint if order.snapshot else ""
    return not known or known != summary.fingerprint


def _budget(world: World, followed: dict[str, Order]) -> frozenset[str]:
    """The orders whose turn for a full look it is: oldest first, and only so many as keep the load even."""
    moving = [order for order in followed.values() if order.state is State.PLACED]
    old = [order for order in moving if _looked_at(order) + _patience(world, order) <= world.now()]
    rounds = max(1.0, FULL_LOOK.total_seconds() / world.settings.poll_interval)
    most = int(len(moving) * 4 / rounds) + 1
    return frozenset(order.id for order in sorted(old, key=_looked_at)[:most])


def _looked_at(order: Order) -> datetime:
    """When the order was last read in full; long enough ago for another look if never."""
    return order.looked_at or order.filed_at - FULL_LOOK


def _patience(world: World, order: Order) -> timedelta:
    moves = order.snapshot and any(unit.status.upper() in IN_MOTION for unit in order.snapshot.units)
    if not moves:
        return FULL_LOOK
    return min(TRANSIT_LOOK, timedelta(seconds=3 * world.settings.poll_interval))


def _read(world: World, cloud: Cloud, order: Order, fingerprint: str = "") -> None:
    """One full look. Somebody who changed the order meanwhile does not make it lost.

    What a listing said is kept as it said it (`fingerprint`), so that the next one is compared with its like.
    """
    if order.ref is None:
        return
    snapshot = cloud.read(order.ref)
    event = life.Looked(replace(snapshot, fingerprint=fingerprint or snapshot.fingerprint))
    failpoint("looked")
    while life.may_follow(order, life.Looked):
        verdict, _ = happen(world, order, event)
        if verdict is Verdict.DONE:
            return
        order = reread(world, order)


def look_one(world: World, claim: Claim) -> Result:
    """Read one order in full, now."""
    order = world.store.order(claim.work.order_id)
    if order and order.ref:
        _read(world, cloud_of(world, order), order)
    return None


def look_work(world: World) -> list[Work]:
    """The recurring work of following every scope."""
    return [
        Work(f"look/{name}/{scope}", Job.LOOK, body={"cloud": name, "scope": scope})
        for name, cloud in world.clouds.items()
        for scope in cloud.scopes
    ]


def ask_to_cancel(world: World, order_id: str, person: str, reason: str = "") -> Say:
    """Ask the cloud to cancel a placed order, for those who may."""
    order = world.store.order(order_id)
    if order is None:
        return replies.no_such(order_id)
    refusal = why_not_cancel(world, order, person)
    if refusal:
        return refusal
    verdict, after = happen(world, order, life.CancelAsked(person, reason), person)
    return (
        operations.cancelling(after)
        if verdict is Verdict.DONE
        else ask_to_cancel(world, order_id, person, reason)
    )


def why_not_cancel(world: World, order: Order, person: str) -> Say | None:
    """What to answer instead of cancelling: to the wrong person, or at the wrong time."""
    if not life.may_follow(order, life.CancelAsked):
        return operations.not_placed(order)
    # Following an order that was placed elsewhere gives nobody the right to end it.
    own = (order.requester,) if order.kind is Kind.ASKED else ()
    people = (*own, *world.settings.approvers, *world.settings.operators)
    right = named(people, person, world.store.groups(), world.now())
    if right.reason is Reason.UNKNOWN:
        world.store.enqueue([Work("groups", Job.GROUPS)], world.now())
        return replies.operators_unknown(order)
    if not right.allowed:
        return operations.may_not_cancel(order)
    return operations.cancelling(order) if order.cancel_asked_by else None


def cancel(world: World, claim: Claim) -> Result:
    """Ask the cloud to cancel an order, and read what became of it."""
    order = world.store.order(claim.work.order_id)
    if order is None or order.ref is None or not order.cancel_asked_by:
        return None
    cloud = cloud_of(world, order)
    try:
        cloud.cancel(order.ref)
    except CloudRefused as error:
        # An earlier try may have got through although its answer was lost: the order itself tells.
        _read(world, cloud, order)
        order = reread(world, order)
        if life.may_follow(order, life.CancelRefused):
            settle(world, order, life.CancelRefused(error.code, error.words))
        return None
    failpoint("cancelled")
    _read(world, cloud, order)
    return None

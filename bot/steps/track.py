"""Following orders in the clouds: a page of summaries for a thousand, a full look for those that changed."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.follow import Job, Work
from bot.core.messages import desk
from bot.core.order import Order, State
from bot.core.snapshot import Snapshot, Summary, gone
from bot.errors import CloudDown, CloudError, CloudRefused, CloudUnknown
from bot.failpoint import failpoint
from bot.ports import Cloud
from bot.spine import Again, Every, Result, World, cloud_of, outage, recovered, see
from bot.store import Claim

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
    refs = [order.ref for order in followed.values() if order.ref]
    due = [
        (order, summary)
        for summary in cloud.summaries(scope, refs)
        if (order := followed.get(summary.ref.id)) and _worth_a_look(order, summary, stale)
    ]
    failures = [error for order, summary in due if (error := _failure(world, cloud, order, summary))]
    if failures and len(failures) == len(due):
        raise failures[0]


def _failure(world: World, cloud: Cloud, order: Order, summary: Summary) -> CloudError | None:
    """Take in one order; what went wrong, if anything did."""
    try:
        _take_in(world, cloud, order, summary)
    except CloudError as error:
        log.warning("order.unreadable", extra={"order": order.id, "why": str(error)})
        return error
    return None


def _take_in(world: World, cloud: Cloud, order: Order, summary: Summary) -> None:
    """What a listing tells in full is taken as it is; else the order is read, and what the listing said is
    kept as it said it, so that the next one is compared with its like."""
    snapshot = summary.snapshot
    if snapshot is None:
        snapshot = _read(cloud, order, summary)
        snapshot = replace(snapshot, fingerprint=summary.fingerprint or snapshot.fingerprint)
    failpoint("looked")
    see(world, order, snapshot)


def _read(cloud: Cloud, order: Order, summary: Summary) -> Snapshot:
    try:
        return cloud.read(summary.ref)
    except CloudUnknown:
        if not summary.missing or order.snapshot is None:
            raise
        return gone(order.snapshot)


def _worth_a_look(order: Order, summary: Summary, stale: frozenset[str]) -> bool:
    """What is on its way and not on the list is looked for every time: nothing else would show a change."""
    lost = summary.missing and order.state is State.PLACED
    return lost or _changed(order, summary) or (summary.snapshot is None and order.id in stale)


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


def look_one(world: World, claim: Claim) -> Result:
    """Read one order in full, now."""
    order = world.store.order(claim.work.order_id)
    if order and order.ref:
        snapshot = cloud_of(world, order).read(order.ref)
        failpoint("looked")
        see(world, order, snapshot)
    return None


def look_work(world: World) -> list[Work]:
    """The recurring work of following every scope."""
    return [
        Work(f"look/{name}/{scope}", Job.LOOK, body={"cloud": name, "scope": scope})
        for name, cloud in world.clouds.items()
        for scope in cloud.scopes
    ]

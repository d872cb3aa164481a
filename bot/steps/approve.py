"""Deciding: approve, reject, break the glass, withdraw, mute. Who may is asked again at every click."""

from __future__ import annotations

import logging

from bot.core import events
from bot.core import order as life
from bot.core.follow import Job, Work
from bot.core.messages import replies
from bot.core.messages.blocks import Say
from bot.core.order import Order, State
from bot.core.policy import (
    APPROVE,
    BREAK_GLASS,
    REJECT,
    Decision,
    Reason,
    Verdict,
    is_group,
    may_decide,
)
from bot.core.policy.clock import overdue
from bot.core.request import obstacles as obstacles_to
from bot.directory import read_group
from bot.errors import ChatDown, ChatRefused
from bot.spine import Result, World, happen, reread, whisper
from bot.store import Claim
from bot.store import Verdict as Written

log = logging.getLogger(__name__)

LOOKS_AT_GROUPS = 3
"""How often a group is asked for before a click that needs it is refused."""


def decide(world: World, order_id: str, person: str, verb: str, note: str, digest: str, channel: str) -> Say:
    """Approve, reject or break the glass, and answer whoever did.

    Args:
        world: Store, settings, policy and clock.
        order_id: Which order.
        person: Slack user id of the one who decides.
        verb: `approve`, `reject` or `break-glass`.
        note: What they say; all but an approval need one, which the caller has made sure of.
        digest: Of the request that they were shown; empty for a command, which shows nothing.
        channel: Where an answer that comes later is to be shown to them.
    """
    order = world.store.order(order_id)
    if order is None:
        return replies.no_such(order_id)
    if order.state is State.WAITING and _verdict(world, order, person, verb).reason is Reason.UNKNOWN:
        body = {"person": person, "verb": verb, "note": note, "digest": digest, "channel": channel}
        key = f"{order.id}/decide/{person}/{verb}/{order.version}"
        world.store.enqueue([Work(key, Job.DECIDE, order.id, body)], world.now())
        return replies.checking_group(order)
    return _decide(world, order, person, verb, note, digest)


def why_not_decide(world: World, order_id: str, person: str) -> Say | None:
    """What to answer instead of asking for a reason: to the wrong person, or too late."""
    order = world.store.order(order_id)
    if order is None:
        return replies.no_such(order_id)
    if order.state is not State.WAITING:
        return replies.already(order)
    verdict = _verdict(world, order, person, REJECT)
    if verdict.allowed or verdict.reason is Reason.UNKNOWN:
        return None
    return replies.may_not(order, REJECT, verdict, world.plan(order), world.policy)


def finish_decision(world: World, claim: Claim) -> Result:
    """Finish a click that had to wait for a fresh look at the groups, and tell the person what came of it."""
    body = claim.work.body
    order = world.store.order(claim.work.order_id)
    if order is None:
        return None
    try:
        for group in filter(is_group, world.plan(order).people):
            read_group(world, group)
    except ChatDown:
        if claim.tries < LOOKS_AT_GROUPS:
            raise
    except ChatRefused:
        pass  # what cannot be read counts as not read: the decision below refuses, in words
    said = _decide(world, order, body["person"], body["verb"], body["note"], body["digest"])
    whisper(world, said, body["channel"], body["person"], key=claim.work.key)
    return None


def _verdict(world: World, order: Order, person: str, verb: str) -> Verdict:
    return may_decide(world.plan(order), order, person, verb, world.scene())


def _decide(world: World, order: Order, person: str, verb: str, note: str, digest: str) -> Say:
    if order.state is not State.WAITING:
        return replies.already(order)
    if overdue(world.policy.times, order, world.now()):
        happen(world, order, events.Expired())
        return replies.already(reread(world, order))
    obstacles = obstacles_to(order.asked, world.now()) if verb != REJECT else ()
    if obstacles:
        return replies.not_orderable(order, obstacles)
    plan, scene = world.plan(order), world.scene()
    verdict = may_decide(plan, order, person, verb, scene)
    if not verdict.allowed:
        log.info("decision.refused", extra={"order": order.id, "person": person, "why": verdict.reason.value})
        return replies.may_not(order, verb, verdict, plan, world.policy)
    shown = digest or order.asked.digest()
    if shown != order.asked.digest():
        return replies.changed_since(order)
    decision = Decision(
        order.id, order.round, person, verb, shown, verdict.via, scene.now, verdict.step, verdict.owner
    )
    made: dict[str, events.Event] = {
        APPROVE: events.Approved(person, shown, note, verdict.step, verdict.via, verdict.owner, plan),
        REJECT: events.Rejected(person, shown, note, verdict.owner),
        BREAK_GLASS: events.GlassBroken(person, shown, note, verdict.via, plan),
    }
    written, after = happen(world, order, made[verb], person, decision)
    if written is Written.DONE:
        return replies.decided(after, verb)
    # Somebody was first. If that was not the last word, this one still counts.
    return _decide(world, reread(world, order), person, verb, note, digest)


def withdraw(world: World, order_id: str, person: str) -> Say:
    """The requester takes back a request that is not placed yet."""
    order = world.store.order(order_id)
    if order is None:
        return replies.no_such(order_id)
    if person != order.requester:
        return replies.only_requester(order, "withdraw")
    if not life.may_follow(order, events.Withdrawn):
        return replies.too_late(order, "withdrawn")
    written, after = happen(world, order, events.Withdrawn(person), person)
    if written is Written.DONE:
        return replies.withdrawn(after)
    return withdraw(world, order_id, person)


def mute(world: World, order_id: str, person: str) -> Say:
    """No more direct messages about an order."""
    order = world.store.order(order_id)
    if order is None:
        return replies.no_such(order_id)
    if person != order.requester:
        return replies.only_requester(order, "mute")
    if life.may_follow(order, events.Muted) and not order.muted:
        happen(world, order, events.Muted(person), person)
    return replies.muted(order)

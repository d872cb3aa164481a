"""Deciding: approve, reject, withdraw, mute. Who may is asked again at every click."""

from __future__ import annotations

import logging

from bot.core import events
from bot.core import order as life
from bot.core.follow import Job, Work
from bot.core.messages import desk, replies
from bot.core.messages.blocks import Say
from bot.core.order import Order, State
from bot.core.policy import Decision, Groups, Members, Reason, is_group, may_decide, named
from bot.errors import ChatDown, ChatRefused
from bot.spine import Every, Result, World, happen, outage, recovered, reread
from bot.store import Claim, Verdict

log = logging.getLogger(__name__)

GROUPS_EVERY = 120.0
"""Seconds between looks at the user groups; a decision accepts looks of five minutes."""
LOOKS_AT_GROUPS = 3
"""How often a group is asked for before a click that needs it is refused."""


def decide(world: World, order_id: str, person: str, verb: str, note: str, digest: str, channel: str) -> Say:
    """Approve or reject, and answer whoever did.

    Args:
        world: Store, settings and clock.
        order_id: Which order.
        person: Slack user id of the one who decides.
        verb: `approve` or `reject`.
        note: What they say; a rejection needs one, which the caller has made sure of.
        digest: Of the request that they were shown; empty for a command, which shows nothing.
        channel: Where an answer that comes later is to be shown to them.
    """
    order = world.store.order(order_id)
    if order is None:
        return replies.no_such(order_id)
    verdict = may_decide(world.settings.approvers, order, person, world.store.groups(), world.now())
    if verdict.reason is Reason.UNKNOWN and order.state is State.WAITING:
        body = {"person": person, "verb": verb, "note": note, "digest": digest, "channel": channel}
        key = f"{order.id}/decide/{person}/{verb}/{order.version}"
        world.store.enqueue([Work(key, Job.DECIDE, order.id, body)], world.now())
        return replies.checking_group(order)
    return _decide(world, order, person, verb, note, digest, world.store.groups())


def why_not_decide(world: World, order_id: str, person: str) -> Say | None:
    """What to answer instead of asking for a reason: to the wrong person, or too late."""
    order = world.store.order(order_id)
    if order is None:
        return replies.no_such(order_id)
    if order.state is not State.WAITING:
        return replies.already(order)
    verdict = may_decide(world.settings.approvers, order, person, world.store.groups(), world.now())
    if verdict.allowed or verdict.reason is Reason.UNKNOWN:
        return None
    return replies.may_not(order, "reject", verdict.reason, world.settings.approvers)


def finish_decision(world: World, claim: Claim) -> Result:
    """Finish a click that had to wait for a fresh look at the groups, and tell the person what came of it."""
    body = claim.work.body
    order = world.store.order(claim.work.order_id)
    if order is None:
        return None
    try:
        for group in filter(is_group, world.settings.approvers):
            read_group(world, group)
    except ChatDown:
        if claim.tries < LOOKS_AT_GROUPS:
            raise
    except ChatRefused:
        pass  # what cannot be read counts as not read: the decision below refuses, in words
    groups = world.store.groups()
    said = _decide(world, order, body["person"], body["verb"], body["note"], body["digest"], groups)
    whisper(world, said, body["channel"], body["person"], key=claim.work.key)
    return None


def _decide(
    world: World, order: Order, person: str, verb: str, note: str, digest: str, groups: Groups
) -> Say:
    verdict = may_decide(world.settings.approvers, order, person, groups, world.now())
    if not verdict.allowed:
        log.info("decision.refused", extra={"order": order.id, "person": person, "why": verdict.reason.value})
        return replies.may_not(order, verb, verdict.reason, world.settings.approvers)
    if order.state is not State.WAITING:
        return replies.already(order)
    shown = digest or order.asked.digest()
    if shown != order.asked.digest():
        return replies.changed_since(order)
    decision = Decision(order.id, order.round, person, verb, shown, verdict.via, world.now())
    event = (
        events.Approved(person, shown, note) if verb == "approve" else events.Rejected(person, shown, note)
    )
    written, after = happen(world, order, event, person, decision)
    if written is Verdict.DONE:
        return replies.decided(after, verb)
    # Somebody was first. If that was no decision, this one still counts.
    return _decide(world, reread(world, order), person, verb, note, digest, groups)


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
    if written is Verdict.DONE:
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


def whoami(world: World, person: str) -> Say:
    """What the bot knows of somebody, and why they may or may not do things."""
    groups, now = world.store.groups(), world.now()
    rights = {
        "approve": named(world.settings.approvers, person, groups, now).reason,
        "operate": named(world.settings.operators, person, groups, now).reason,
    }
    mine = [group for group in world.settings.groups if group in groups and person in groups[group].people]
    if Reason.UNKNOWN in rights.values():
        world.store.enqueue([Work("groups", Job.GROUPS)], now)
    places = {
        "aws": world.settings.aws_regions,
        "azure": (world.settings.azure_location, world.settings.azure_resource_group),
    }
    return replies.whoami(person, mine, rights, {name: places[name] for name in world.clouds})


def refresh_groups(world: World, _: Claim) -> Result:
    """Read the user groups of the settings again, well before what was read last is too old."""
    for group in world.settings.groups:
        try:
            members = read_group(world, group)
        except ChatRefused as error:
            outage(world, f"group/{group}", error.code, desk.group_unreadable(group, error.code))
            continue
        if members.people:
            recovered(world, f"group/{group}", desk.group_readable(group))
        else:
            outage(world, f"group/{group}", "empty", desk.group_unreadable(group, "it has no members"))
    return Every(GROUPS_EVERY)


def read_group(world: World, group: str) -> Members:
    """Ask Slack who is in a user group, and remember it.

    Raises:
        ChatDown: Slack did not answer.
        ChatRefused: Slack does not know the group, or does not let the bot read it.
    """
    at = world.now()
    people = world.chat.members(group)
    world.store.keep(f"group/{group}", sorted(people), at)
    return Members(people, at)


def whisper(world: World, said: Say, channel: str, person: str, key: str) -> None:
    """Answer one person where they clicked, through the outbox."""
    body = {"channel": channel, "person": person, "text": said.text, "blocks": list(said.blocks)}
    world.store.enqueue([Work(f"whisper/{key}", Job.WHISPER, body=body)], world.now())

"""People: who is in which group, who is away, who is gone, and what somebody may do here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.follow import Job, Work
from bot.core.messages import desk, replies
from bot.core.messages.blocks import Say
from bot.core.policy import Delegation, Reason, everyone, is_group, named
from bot.directory import gone, person, read_group, zone
from bot.errors import ChatRefused
from bot.spine import Every, Result, World, outage, recovered, refresh_home
from bot.store import Claim

GROUPS_EVERY = 120.0
"""Seconds between looks at the user groups; a decision accepts looks of five minutes."""
LONGEST_DELEGATION = timedelta(days=366)


def refresh(world: World, _: Claim) -> Result:
    """Look again who is in the user groups and whether those who are named are still there.

    Well before what was read last is too old to decide by. What keeps a step from ever being decided is told
    to operators once.
    """
    for group in world.groups:
        _refresh_group(world, group)
    for id in (*world.policy.people, *world.settings.operators):
        if not is_group(id):
            _refresh_person(world, id)
    _report_steps(world)
    return Every(GROUPS_EVERY)


def _refresh_group(world: World, group: str) -> None:
    known = world.store.groups().get(group)
    try:
        members = read_group(world, group)
    except ChatRefused as error:
        outage(world, f"group/{group}", error.code, desk.group_unreadable(group, error.code))
        return
    for one in sorted(members.people ^ known.people) if known else ():
        refresh_home(world, one)
    if members.people:
        recovered(world, f"group/{group}", desk.group_readable(group))
    else:
        outage(world, f"group/{group}", "empty", desk.group_unreadable(group, "it has no members"))


def _refresh_person(world: World, id: str) -> None:
    try:
        known = person(world, id)
    except ChatRefused as error:
        if error.code == "user_not_found":
            outage(world, f"person/{id}", error.code, desk.person_gone(id, "Slack does not know them"))
        return  # without users:read nobody can tell, and the doctor says so
    if known.active:
        recovered(world, f"person/{id}", desk.person_back(id))
    else:
        outage(world, f"person/{id}", "deactivated", desk.person_gone(id, "they were deactivated in Slack"))


def _report_steps(world: World) -> None:
    """A step that has fewer people than it needs is never over."""
    groups, left = world.store.groups(), gone(world)
    for step in world.policy.steps:
        people = everyone(step.approvers, groups)
        short = people is not None and len(people - left) < step.needs
        if short and people is not None:
            said = desk.step_stuck(step.name, step.needs, len(people - left))
            outage(world, f"step/{step.name}", "too few people", said)
        else:
            recovered(world, f"step/{step.name}", desk.step_well(step.name))


def delegate(world: World, owner: str, to: str, until: str) -> Say:
    """Let somebody approve in the name of `owner` until the end of a day, by the owner's clock.

    Args:
        world: Store and clock.
        owner: Slack user id of who is away.
        to: Slack user id of who stands in.
        until: An ISO date; both "" end what was delegated.
    """
    now = world.now()
    before = {one.delegate for one in world.store.delegations(now) if one.owner == owner}
    if not to:
        ended = world.store.end_delegation(owner, now)
        if ended:
            _tell(world, ended.delegate, replies.delegation_ended_for(owner), f"{owner}/{now.isoformat()}")
            refresh_home(world, ended.delegate)
        return replies.delegation_ended(ended.delegate if ended else "")
    end = _end_of(date.fromisoformat(until), zone(world, owner))
    if to == owner:
        return replies.no_delegation("You cannot stand in for yourself.")
    if end <= now:
        return replies.no_delegation(f"{until} is over.")
    if end - now > LONGEST_DELEGATION:
        return replies.no_delegation("A delegation holds for a year at most.")
    world.store.delegate(Delegation(owner, to, end), now)
    _tell(world, to, replies.delegated_to_you(owner, end), f"{owner}/{now.isoformat()}")
    for one in sorted(before | {to}):
        refresh_home(world, one)
    over = Work(f"home-view/{to}/{owner}", Job.HOME, body={"person": to}, delay=(end - now).total_seconds())
    world.store.enqueue([over], now)
    return replies.delegated(to, end)


def _end_of(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


def _tell(world: World, person: str, said: Say, key: str) -> None:
    body = {"channel": person, "person": person, "text": said.text, "blocks": list(said.blocks)}
    work = Work(f"tell/{person}/{key}", Job.TELL, body=body, lane=f"post/{person}")
    world.store.enqueue([work], world.now())


def whoami(world: World, person: str) -> Say:
    """What the bot knows of somebody, and why they may or may not do things."""
    scene, policy = world.scene(), world.policy
    rights = {
        "request": named(policy.requesters, person, scene.groups, scene.now).reason,
        "operate": named(world.settings.operators, person, scene.groups, scene.now).reason,
    }
    steps = {
        step.name: named(step.approvers, person, scene.groups, scene.now).reason for step in policy.steps
    }
    if Reason.UNKNOWN in (*rights.values(), *steps.values()):
        world.store.enqueue([Work("groups", Job.GROUPS)], scene.now)
    mine = [group for group in world.groups if group in scene.groups and person in scene.groups[group].people]
    places: Mapping[str, Any] = {
        "aws": world.settings.aws_regions,
        "azure": (world.settings.azure_location, world.settings.azure_resource_group),
    }
    return replies.whoami(
        person,
        mine,
        rights,
        steps,
        {name: places[name] for name in world.clouds},
        [one for one in scene.delegations if person in (one.owner, one.delegate)],
        policy,
    )

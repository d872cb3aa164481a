"""What Slack tells of people and user groups, remembered for as long as it counts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from bot.core.policy import Members
from bot.ports import Person
from bot.spine import World

PERSON_FOR = timedelta(hours=12)
"""How long it counts what Slack has told of somebody."""


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


def person(world: World, id: str) -> Person:
    """What Slack tells of somebody, from the last hours.

    Raises:
        ChatDown: Slack did not answer.
        ChatRefused: Slack does not know them, or does not let the bot ask.
    """
    known = world.store.kept(f"person/{id}").get(f"person/{id}")
    if known and abs(world.now() - known[1]) < PERSON_FOR:
        return Person(**known[0])
    told = world.chat.person(id)
    world.store.keep(f"person/{id}", asdict(told), world.now())
    return told


def zone(world: World, id: str) -> str:
    """Somebody's time zone (IANA name) as last told; UTC where it never was."""
    known = world.store.kept(f"person/{id}").get(f"person/{id}")
    return str(known[0]["zone"]) if known and known[0]["zone"] else "UTC"


def gone(world: World) -> frozenset[str]:
    """Those of whom Slack has told that they are not active any more."""
    kept = world.store.kept("person/").items()
    return frozenset(key.removeprefix("person/") for key, (body, _) in kept if not body["active"])

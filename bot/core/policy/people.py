"""Who somebody is: alone, as a member of user groups, and in the name of others.

Where a user group has to be asked about, only a look of the last five minutes counts; without one the
answer is *ask again*, never yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.policy.values import EVERYBODY
from bot.core.policy.verdict import Reason, Verdict

FRESH = timedelta(minutes=5)


@dataclass(frozen=True)
class Members:
    """The people of a user group, as Slack told at `at` (UTC)."""

    people: frozenset[str]
    at: datetime


Groups = Mapping[str, Members]


@dataclass(frozen=True)
class Delegation:
    """Until `until` (UTC), `delegate` may approve what `owner` may approve. All are Slack user ids."""

    owner: str
    delegate: str
    until: datetime


def is_group(id: str) -> bool:
    """User-group ids of Slack start with S, user ids with U or W."""
    return id.startswith("S")


def named(people: Sequence[str], person: str, groups: Groups, now: datetime) -> Verdict:
    """Whether `person` is among `people`, a list of user and user-group ids; `*` is everybody."""
    if not people:
        return Verdict(Reason.NOBODY)
    if person in people or EVERYBODY in people:
        return Verdict(Reason.ALLOWED, person)
    wanted = [id for id in people if is_group(id)]
    for group in wanted:
        if fresh(groups.get(group), now) and person in groups[group].people:
            return Verdict(Reason.ALLOWED, group)
    if any(not fresh(groups.get(group), now) for group in wanted):
        return Verdict(Reason.UNKNOWN)
    return Verdict(Reason.NOT_NAMED)


def fresh(members: Members | None, now: datetime) -> bool:
    """Whether a look at a group is new enough to go by."""
    # A look from the future is no newer than one from the past: a clock is wrong, and nobody knows which.
    return members is not None and abs(now - members.at) <= FRESH


def everyone(people: Sequence[str], groups: Groups) -> frozenset[str] | None:
    """All the people that ids stand for, as last read; None where one of the groups was never read."""
    wanted = [id for id in people if is_group(id)]
    if any(id not in groups for id in wanted):
        return None
    alone = {id for id in people if not is_group(id)}
    return frozenset(alone.union(*(groups[id].people for id in wanted)))

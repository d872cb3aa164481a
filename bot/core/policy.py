"""Who may do what, and why not. Pure: the state of the world comes in as arguments.

The built-in policy is one step: any one of `APPROVERS`, except the requester. Where a user group has to
be asked about, only a look of the last five minutes counts; without one the answer is *ask again*, never
yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.order import Order

FRESH = timedelta(minutes=5)


@dataclass(frozen=True)
class Members:
    """The people of a user group, as Slack told at `at` (UTC)."""

    people: frozenset[str]
    at: datetime


Groups = Mapping[str, Members]


class Reason(StrEnum):
    """Why somebody may, or may not."""

    ALLOWED = "allowed"
    OWN_REQUEST = "own request"
    NOT_NAMED = "not named"
    NOBODY = "nobody is named"
    UNKNOWN = "a group has to be read first"


@dataclass(frozen=True)
class Verdict:
    """A decision with its reason; `via` is the user or user-group id that gave the right."""

    reason: Reason
    via: str = ""

    @property
    def allowed(self) -> bool:
        return self.reason is Reason.ALLOWED


@dataclass(frozen=True)
class Decision:
    """What one person decided about one round of an order, as it is stored."""

    order_id: str
    round: int
    person: str
    verb: str
    digest: str
    via: str
    at: datetime


def is_group(id: str) -> bool:
    """User-group ids of Slack start with S, user ids with U or W."""
    return id.startswith("S")


def named(people: Sequence[str], person: str, groups: Groups, now: datetime) -> Verdict:
    """Whether `person` is among `people`, a list of user and user-group ids."""
    if not people:
        return Verdict(Reason.NOBODY)
    if person in people:
        return Verdict(Reason.ALLOWED, person)
    wanted = [id for id in people if is_group(id)]
    for group in wanted:
        if _fresh(groups.get(group), now) and person in groups[group].people:
            return Verdict(Reason.ALLOWED, group)
    if any(not _fresh(groups.get(group), now) for group in wanted):
        return Verdict(Reason.UNKNOWN)
    return Verdict(Reason.NOT_NAMED)


def may_decide(approvers: Sequence[str], order: Order, person: str, groups: Groups, now: datetime) -> Verdict:
    """Whether `person` may approve or reject the order; the requester never may."""
    # Asked first, so that trying it on one's own request tells nothing about the groups.
    if person == order.requester:
        return Verdict(Reason.OWN_REQUEST)
    return named(approvers, person, groups, now)


def someone_could_approve(approvers: Sequence[str], requester: str, groups: Groups) -> bool:
    """Whether there may be anybody to approve a request of `requester`.

    A group that was never read counts as somebody: the click will tell, and fails closed.
    """
    return any(_others(id, requester, groups) for id in approvers)


def satisfied(order: Order, decisions: Sequence[Decision]) -> bool:
    """Whether what is in the order now is what somebody else than its requester approved in this round."""
    return any(
        decision.order_id == order.id
        and decision.verb == "approve"
        and decision.round == order.round
        and decision.digest == order.asked.digest()
        and decision.person != order.requester
        for decision in decisions
    )


def _others(id: str, requester: str, groups: Groups) -> bool:
    if not is_group(id):
        return id != requester
    return id not in groups or bool(groups[id].people - {requester})


def _fresh(members: Members | None, now: datetime) -> bool:
    # A look from the future is no newer than one from the past: a clock is wrong, and nobody knows which.
    return members is not None and abs(now - members.at) <= FRESH

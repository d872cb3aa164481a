"""How far the approving of one request is: which steps it takes, and who has said yes so far.

Which steps a request takes, and who may decide in them, is the policy's business (`policy`); here is only
what an order keeps of it, and when that is enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

GLASS = "Break glass"
"""The name of the step that stands for all others in an emergency."""


@dataclass(frozen=True)
class Needed:
    """One step of the policy as it is for one request: so many people out of these.

    `approvers` and `escalated_to` are Slack user and user-group ids.
    """

    name: str
    approvers: tuple[str, ...]
    needs: int = 1
    escalated_to: tuple[str, ...] = ()
    """Who may decide here too, because nobody has in time."""

    @property
    def deciders(self) -> tuple[str, ...]:
        """Everybody who may decide in this step."""
        return tuple(dict.fromkeys((*self.approvers, *self.escalated_to)))


@dataclass(frozen=True)
class Plan:
    """Everybody whose yes a request needs, in order, and by which policy (its hash)."""

    steps: tuple[Needed, ...]
    policy: str = ""
    self_approval: bool = False
    glass: Needed | None = None
    """Who may do without the steps; none where the policy names nobody."""

    @property
    def people(self) -> tuple[str, ...]:
        """Every user and user-group id in it, once."""
        steps = (*self.steps, self.glass) if self.glass else self.steps
        return tuple(dict.fromkeys(id for step in steps for id in step.deciders))


BEFORE_POLICIES = Plan((Needed("", ()),))
"""What orders were approved by that an earlier release has written: any one approver."""


@dataclass(frozen=True)
class Approval:
    """One person's yes, in one step. `owner` is whose right they used, if it was not their own."""

    by: str
    step: str
    at: datetime
    via: str = ""
    """The user or user-group id that gave the right."""
    owner: str = ""
    note: str = ""

    @property
    def right_of(self) -> str:
        """Whose say this was."""
        return self.owner or self.by


def counted(approvals: Sequence[Approval]) -> tuple[Approval, ...]:
    """The approvals without those of people, or in the name of people, who have had their say before."""
    heard: set[str] = set()
    kept = []
    for one in approvals:
        people = {one.by, one.right_of}
        if not people & heard:
            kept.append(one)
        heard |= people
    return tuple(kept)


def given(step: Needed, approvals: Sequence[Approval]) -> tuple[Approval, ...]:
    """The approvals that count in one step."""
    return tuple(one for one in counted(approvals) if one.step == step.name)


def missing(step: Needed, approvals: Sequence[Approval]) -> int:
    """How many more have to say yes in one step."""
    return max(0, step.needs - len(given(step, approvals)))


def current(plan: Plan, approvals: Sequence[Approval]) -> Needed | None:
    """The step that waits for somebody; none where all of them have what they need."""
    return next((step for step in plan.steps if missing(step, approvals)), None)


def broken(plan: Plan, approvals: Sequence[Approval]) -> bool:
    """Whether enough people have broken the glass."""
    return plan.glass is not None and not missing(plan.glass, approvals)


def complete(plan: Plan, approvals: Sequence[Approval]) -> bool:
    """Whether nobody's yes is missing any more. A plan without steps is never complete: it fails closed."""
    return broken(plan, approvals) or (bool(plan.steps) and current(plan, approvals) is None)

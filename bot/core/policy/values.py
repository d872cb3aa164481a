"""A policy as values: who may ask for what, who has to agree, what is risky, and how long it may take.

`reading` makes one out of a TOML file, `built_in` out of the settings where there is no file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from decimal import Decimal

EVERYBODY = "*"


@dataclass(frozen=True)
class When:
    """A condition on a request: every key that is said has to hold, a list means any of its words.

    The keys are those of the policy file. `total_usd_over` is in USD.
    """

    cloud: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    location: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    payment: tuple[str, ...] = ()
    term: tuple[str, ...] = ()
    item: tuple[str, ...] = ()
    order_type: tuple[str, ...] = ()
    cost_center: tuple[str, ...] = ()
    quantity_over: int | None = None
    total_usd_over: Decimal | None = None


ALWAYS = When()


@dataclass(frozen=True)
class ApprovalStep:
    """So many of these people have to agree, where the condition holds."""

    name: str
    approvers: tuple[str, ...]
    """Slack user and user-group ids."""
    needs: int = 1
    when: When = ALWAYS


@dataclass(frozen=True)
class Rule:
    """What is said to everybody, or refused, where the condition holds."""

    when: When
    say: str


@dataclass(frozen=True)
class Quiet:
    """The hours in which nobody is reminded, by their own clock; `start` after `end` spans midnight."""

    start: time
    end: time


@dataclass(frozen=True)
class Times:
    """After how long an approver is reminded, others are asked too, and a request expires; None is never.

    `remind` and `escalate` count from the beginning of each step, `expire` from when it was asked.
    """

    remind: timedelta | None = None
    escalate: timedelta | None = None
    escalate_to: tuple[str, ...] = ()
    expire: timedelta | None = None
    quiet: Quiet | None = None


@dataclass(frozen=True)
class BreakGlass:
    """Who may do without the steps in an emergency, and how many of them it takes."""

    who: tuple[str, ...]
    needs: int = 2


@dataclass(frozen=True)
class Policy:
    """All of it. `hash` (64 hex digits) names this very policy in the audit log."""

    steps: tuple[ApprovalStep, ...]
    requesters: tuple[str, ...] = (EVERYBODY,)
    self_approval: bool = False
    times: Times = field(default_factory=Times)
    warnings: tuple[Rule, ...] = ()
    denials: tuple[Rule, ...] = ()
    break_glass: BreakGlass | None = None
    hash: str = ""
    source: str = "APPROVERS"
    """What operators have to change: the policy file's name, or the variable."""

    @property
    def approvers(self) -> tuple[str, ...]:
        """Every user and user-group id that may approve in some step."""
        return tuple(dict.fromkeys(id for step in self.steps for id in step.approvers))

    @property
    def people(self) -> tuple[str, ...]:
        """Every user and user-group id in it, once."""
        glass = self.break_glass.who if self.break_glass else ()
        named = (id for step in self.steps for id in step.approvers)
        everyone = (*self.requesters, *named, *self.times.escalate_to, *glass)
        return tuple(dict.fromkeys(id for id in everyone if id != EVERYBODY))


def built_in(approvers: Sequence[str]) -> Policy:
    """The policy where there is no file: any one of `APPROVERS`."""
    text = "APPROVERS=" + ",".join(approvers)
    steps = (ApprovalStep("Approval", tuple(approvers)),)
    return Policy(steps, hash=hashlib.sha256(text.encode()).hexdigest())

"""Policies of every kind, their people and groups, and policies written as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from bot.core.approval import GLASS, Needed, Plan
from bot.core.fields import tidy
from bot.core.policy import (
    ApprovalStep,
    BreakGlass,
    Delegation,
    Groups,
    Members,
    Policy,
    Quiet,
    Rule,
    Scene,
    Times,
    When,
    unfillable,
)
from bot.core.policy.conditions import always, never
from tests.core.test_order import NOW

USERS = ("U0ANN", "U0BEN", "U0CAT", "W0DAN", "U0EVE")
GROUPS = ("S0BOSSES", "S0FINANCE", "S0SECURITY")
NOBODY: Scene = Scene({}, NOW)

_people = st.lists(st.sampled_from((*USERS, *GROUPS)), min_size=1, max_size=4, unique=True).map(tuple)
_texts = st.text(min_size=1, max_size=30).map(lambda text: " ".join(tidy(text).split())).filter(bool)
_WORDS: dict[str, Sequence[str]] = {
    "cloud": ("aws", "azure"),
    "region": ("eu-west-1", "us-gov-east-1"),
    "location": ("eastus", "westeurope"),
    "country": ("DE", "US", "FR"),
    "payment": ("ALL_UPFRONT", "NO_UPFRONT"),
    "term": ("ONE_YEAR", "THREE_YEARS", "FIVE_YEARS"),
    "item": ("OR-ABCDEFG", "edgep_high", "a/b/c/d"),
    "order_type": ("Rental", "Purchase"),
    "cost_center": ("CC-1", 'with "quotes" and \\'),
}


@st.composite
def conditions(draw: st.DrawFn) -> When:
    """A condition that could hold."""
    keys = draw(st.lists(st.sampled_from(sorted(_WORDS)), max_size=3, unique=True))
    words = {
        key: draw(st.lists(st.sampled_from(_WORDS[key]), min_size=1, max_size=2, unique=True).map(tuple))
        for key in keys
    }
    over = draw(st.none() | st.integers(0, 30))
    total = draw(st.none() | st.decimals(0, 10**6, places=2) | st.integers(0, 10**6).map(Decimal))
    return When(**words, quantity_over=over, total_usd_over=total)


possible = conditions().filter(lambda when: not never(when))


@st.composite
def steps(draw: st.DrawFn, name: str = "One", when: st.SearchStrategy[When] = possible) -> ApprovalStep:
    people = draw(_people)
    most = 3 if any(id in GROUPS for id in people) else len(people)
    return ApprovalStep(name, people, draw(st.integers(1, most)), draw(st.just(When()) | when))


@st.composite
def times(draw: st.DrawFn) -> Times:
    expire = draw(st.none() | st.integers(2, 86400 * 365).map(lambda seconds: timedelta(seconds=seconds)))
    seconds = int((expire or timedelta(days=365)).total_seconds()) - 1
    after = st.none() | st.integers(1, seconds).map(lambda count: timedelta(seconds=count))
    escalate = draw(after)
    clock = st.builds(time, st.integers(0, 23), st.integers(0, 59))
    quiet = draw(st.none() | st.builds(Quiet, clock, clock).filter(lambda one: one.start != one.end))
    return Times(draw(after), escalate, draw(_people) if escalate else (), expire, quiet)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """A policy that a file could say. No step of it that every order takes is without enough people."""
    unique = st.lists(_texts, min_size=1, max_size=4, unique_by=str.casefold)
    names = [name for name in draw(unique) if name.casefold() != GLASS.casefold()] or ["One"]
    rule = st.builds(Rule, possible, _texts)
    denial = rule.filter(lambda one: not always(one.when))
    glass = st.builds(lambda step: BreakGlass(step.approvers, step.needs), steps())
    policy = Policy(
        steps=draw(
            st.tuples(*map(steps, names)).filter(
                lambda made: not unfillable(_taken(one for one in made if one.when == When()), "", NOBODY)
            )
        ),
        requesters=draw(st.just(("*",)) | _people),
        self_approval=draw(st.booleans()),
        times=draw(times()),
        warnings=draw(st.lists(rule, max_size=2).map(tuple)),
        denials=draw(st.lists(denial, max_size=2).map(tuple)),
        break_glass=draw(st.none() | glass),
    )
    return policy


def _taken(taken: Any) -> Plan:
    return Plan(tuple(Needed(step.name, step.approvers, step.needs) for step in taken))


@st.composite
def scenes(draw: st.DrawFn, now: datetime = NOW, delegated: bool = True) -> Scene:
    """Every group read just now, some of them empty; and who stands in for whom."""
    members = st.frozensets(st.sampled_from(USERS), max_size=4)
    groups: Groups = {id: Members(draw(members), now) for id in GROUPS}
    pairs = st.tuples(st.sampled_from(USERS), st.sampled_from(USERS)).filter(lambda pair: pair[0] != pair[1])
    lent = draw(st.lists(pairs, max_size=4, unique=True)) if delegated else []
    until = now + timedelta(days=1)
    return Scene(groups, now, tuple(Delegation(owner, delegate, until) for owner, delegate in lent))


def written(policy: Policy) -> str:
    """A policy as the text of a file."""
    times, glass = policy.times, policy.break_glass
    parts = [
        f"self_approval = {_value(policy.self_approval)}",
        _table("[requesters]", allow=policy.requesters),
        _table(
            "[times]",
            remind=times.remind,
            escalate=times.escalate,
            escalate_to=times.escalate_to or None,
            expire=times.expire,
            quiet=times.quiet and f"{times.quiet.start:%H:%M}-{times.quiet.end:%H:%M}",
        ),
        *(
            _table("[[step]]", name=one.name, approvers=one.approvers, needs=one.needs, when=_when(one.when))
            for one in policy.steps
        ),
        *(_table("[[warn]]", when=_when(one.when), say=one.say) for one in policy.warnings),
        *(_table("[[deny]]", when=_when(one.when), say=one.say) for one in policy.denials),
        _table("[break_glass]", who=glass.who, needs=glass.needs) if glass else "",
    ]
    return "\n".join(parts)


def _table(_head: str, **values: Any) -> str:
    said = [f"{key} = {_value(value)}" for key, value in values.items() if value is not None]
    return "\n".join((_head, *said))


def _when(when: When) -> dict[str, Any] | None:
    said = {key.name: getattr(when, key.name) for key in fields(when)}
    return {key: value for key, value in said.items() if value not in ((), None)} or None


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | Decimal():
            return str(value) if value == int(value) and "." not in str(value) else f"{value:f}"
        case timedelta():
            return f'"{int(value.total_seconds())}s"'
        case tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)

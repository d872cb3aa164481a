"""The policies in `examples/` do what their comments say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.core.approval import Approval, complete
from bot.core.order import Order, State
from bot.core.policy import (
    Facts,
    Members,
    Policy,
    Quiet,
    Reason,
    Scene,
    Verdict,
    facts,
    may_approve,
    may_break_glass,
    may_hold,
    may_request,
    plan,
    surely_denied,
    unfillable,
)
from bot.core.policy.clock import Tick, next_due, quiet_for
from bot.core.policy.risks import banners
from bot.core.request import Request
from bot.policy_file import load
from tests.core import azure
from tests.core.test_order import NOW, REQUEST, at_state

EXAMPLES = Path(__file__).parent.parent / "examples"
STARTUP, ENTERPRISE = load(EXAMPLES / "startup.toml"), load(EXAMPLES / "enterprise.toml")
ENGINEER, MANAGER, CONTROLLER, ACCOUNTANT, GUARD = "U0ENG", "U0MAN", "U0CONTROLLER", "U0ACC", "U0GUARD"
DIRECTOR, FIRST_ON_CALL, SECOND_ON_CALL = "U0DIR", "U0CALL1", "U0CALL2"
GROUPS = {
    "S0ENGINEERING": {ENGINEER, FIRST_ON_CALL},
    "S0FACILITIES": set(),
    "S0MANAGERS": {MANAGER, CONTROLLER},
    "S0FINANCE": {ACCOUNTANT, MANAGER},
    "S0SECURITY": {GUARD, MANAGER},
    "S0DIRECTORS": {DIRECTOR},
    "S0ONCALL": {FIRST_ON_CALL, SECOND_ON_CALL},
}
SCENE = Scene({id: Members(frozenset(people), NOW) for id, people in GROUPS.items()}, NOW)
TO_INDIA = replace(azure.REQUEST, terms=replace(azure.TERMS, country="IN", quantity=5))
TO_GERMANY = replace(azure.REQUEST, terms=replace(azure.TERMS, country="DE"))


def _asked(policy: Policy, request: Request, requester: str) -> Order:
    waiting = at_state(State.WAITING)
    return replace(
        waiting,
        cloud=request.cloud,
        requester=requester,
        request=request,
        plan=plan(policy, request),
        approvals=(),
        filed_at=NOW,
        asked_at=NOW,
        step_at=NOW,
    )


def _try(order: Order, person: str) -> Verdict:
    assert order.plan
    return may_approve(order.plan, order, person, SCENE)


def _yes(order: Order, *people: str) -> Order:
    for person in people:
        verdict = _try(order, person)
        assert verdict.allowed, (person, verdict)
        order = replace(order, approvals=(*order.approvals, Approval(person, verdict.step, NOW, verdict.via)))
    return order


def _complete(order: Order) -> bool:
    assert order.plan
    return complete(order.plan, order.approvals)


def _steps(request: Request) -> Sequence[str]:
    return [step.name for step in plan(ENTERPRISE, request).steps]


# --- the small company -------------------------------------------------------------------------


def test_in_a_startup_one_founder_says_yes_to_what_anybody_asks() -> None:
    assert may_request(STARTUP, ENGINEER, SCENE).allowed
    order = _asked(STARTUP, REQUEST, ENGINEER)
    assert _try(order, "U0STRANGER").reason is Reason.NOT_NAMED
    assert _complete(_yes(order, "U0FOUNDER1"))


def test_in_a_startup_a_founder_needs_the_other_one() -> None:
    order = _asked(STARTUP, REQUEST, "U0FOUNDER1")
    assert _try(order, "U0FOUNDER1").reason is Reason.OWN_REQUEST
    assert _complete(_yes(order, "U0FOUNDER2"))


def test_in_a_startup_nothing_expires_and_nobody_breaks_a_glass() -> None:
    order = _asked(STARTUP, REQUEST, ENGINEER)
    assert next_due(STARTUP.times, order) is None
    assert order.plan
    assert may_break_glass(order.plan, order, "U0FOUNDER1", SCENE).reason is Reason.NOBODY


# --- the large company -------------------------------------------------------------------------


def test_in_an_enterprise_only_some_may_ask() -> None:
    assert may_request(ENTERPRISE, ENGINEER, SCENE).allowed
    assert may_request(ENTERPRISE, ACCOUNTANT, SCENE).reason is Reason.NOT_NAMED


def test_in_an_enterprise_what_is_not_known_to_be_cheap_or_to_go_elsewhere_takes_every_step() -> None:
    assert _steps(REQUEST) == ["Manager", "Finance", "Security"]
    assert _steps(TO_INDIA) == ["Manager", "Finance", "Security"]
    assert _steps(TO_GERMANY) == ["Manager", "Finance"]


def test_in_an_enterprise_manager_then_two_of_finance_then_security_agree() -> None:
    order = _asked(ENTERPRISE, TO_INDIA, ENGINEER)
    assert unfillable(plan(ENTERPRISE, TO_INDIA), ENGINEER, SCENE) is None
    assert _try(order, ACCOUNTANT) == Verdict(Reason.TOO_EARLY, step="Finance")
    order = _yes(order, MANAGER)
    assert _try(order, MANAGER).reason is Reason.COUNTED  # also as one of finance
    assert _try(order, GUARD) == Verdict(Reason.TOO_EARLY, step="Security")
    order = _yes(order, ACCOUNTANT, CONTROLLER)
    assert not _complete(order)
    assert _complete(_yes(order, GUARD))


def test_in_an_enterprise_too_few_people_are_found_before_anybody_is_asked() -> None:
    # The manager is one of finance as well. Where they ask, three seats are left for two people.
    stuck = unfillable(plan(ENTERPRISE, TO_GERMANY), MANAGER, SCENE)
    assert stuck
    assert stuck.name == "Finance"
    order = _asked(ENTERPRISE, TO_GERMANY, ENGINEER)
    assert _complete(_yes(order, CONTROLLER, ACCOUNTANT, MANAGER))


def test_in_an_enterprise_some_things_are_warned_of_and_some_never_filed() -> None:
    upfront = replace(REQUEST, terms=replace(REQUEST.aws, payment="ALL_UPFRONT", term="FIVE_YEARS"))
    assert banners(ENTERPRISE, upfront)[0] == "Paid in full before delivery: talk to treasury first."
    assert "More than four rented units: buying may be cheaper." in banners(ENTERPRISE, TO_INDIA)
    assert "More than four rented units: buying may be cheaper." not in banners(ENTERPRISE, TO_GERMANY)
    [said] = surely_denied(ENTERPRISE, facts(upfront))
    assert said.startswith("Five-year terms go through procurement")
    assert surely_denied(ENTERPRISE, facts(TO_INDIA)) == ()


def test_in_an_enterprise_nobody_is_asked_for_ever() -> None:
    order = _asked(ENTERPRISE, TO_GERMANY, ENGINEER)
    ticks = []
    for done in ({}, {"reminded": True}, {"reminded": True, "escalated": True}):
        due = next_due(ENTERPRISE.times, replace(order, **done))
        assert due
        ticks.append((due.tick, due.at - NOW))
    day = timedelta(days=1)
    assert ticks == [(Tick.REMIND, day), (Tick.ESCALATE, 2 * day), (Tick.EXPIRE, 14 * day)]
    assert ENTERPRISE.times.quiet == Quiet(time(19), time(8))
    late = datetime.combine(NOW.date(), time(23), NOW.tzinfo)
    assert quiet_for(ENTERPRISE.times.quiet, "UTC", late) == timedelta(hours=9)


def test_in_an_enterprise_directors_decide_after_two_days_too() -> None:
    order = _asked(ENTERPRISE, TO_GERMANY, ENGINEER)
    assert _try(order, DIRECTOR).reason is Reason.NOT_NAMED
    assert order.plan
    first, *rest = order.plan.steps
    escalated = replace(order.plan, steps=(replace(first, escalated_to=ENTERPRISE.times.escalate_to), *rest))
    kept = plan(ENTERPRISE, TO_GERMANY, escalated)
    assert kept == escalated
    assert may_approve(kept, order, DIRECTOR, SCENE).allowed


def test_in_an_enterprise_two_on_call_do_without_the_steps() -> None:
    order = _asked(ENTERPRISE, TO_INDIA, ENGINEER)
    assert order.plan
    assert may_break_glass(order.plan, order, MANAGER, SCENE).reason is Reason.NOT_NAMED
    for person in (FIRST_ON_CALL, SECOND_ON_CALL):
        assert not _complete(order)
        verdict = may_break_glass(order.plan, order, person, SCENE)
        assert verdict.allowed
        order = replace(order, approvals=(*order.approvals, Approval(person, verdict.step, NOW)))
    assert _complete(order)


@pytest.mark.parametrize("total", [None, 250_000, 250_001])
def test_in_an_enterprise_finance_is_asked_over_an_amount_and_where_it_is_not_known(
    total: int | None,
) -> None:
    [step] = [step for step in ENTERPRISE.steps if step.name == "Finance"]
    seen = Facts({}, 1, None if total is None else Decimal(total))
    assert may_hold(step.when, seen) is (total != 250_000)

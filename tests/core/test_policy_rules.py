"""What holds of every policy: whoever asks, stands in for somebody, and says yes in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core.approval import GLASS, Approval, Needed, Plan, broken, complete, counted, current
from bot.core.order import Order, State
from bot.core.policy import (
    Decision,
    Delegation,
    Members,
    Policy,
    Reason,
    Scene,
    Verdict,
    When,
    everyone,
    facts,
    holds,
    may_approve,
    may_break_glass,
    may_hold,
    may_reject,
    satisfied,
    unfillable,
    unknown,
)
from bot.core.policy import plan as make_plan
from bot.core.request import Request
from tests.core import azure
from tests.core.policies import GROUPS, NOBODY, USERS, policies, scenes
from tests.core.test_order import NOW, REQUEST, at_state

ANN, BEN, CAT, DAN, EVE = USERS
ORDER = replace(at_state(State.WAITING), requester=EVE, approvals=(), plan=None)
REQUESTS = st.sampled_from([REQUEST, azure.REQUEST, replace(REQUEST, cost_center="CC-1")])


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """The steps of an order: few people, so that they are needed in several places."""
    people = st.lists(st.sampled_from((*USERS, *GROUPS)), min_size=1, max_size=3, unique=True).map(tuple)
    extra = st.just(()) | people
    count = draw(st.integers(1, 3))
    steps = tuple(
        Needed(f"Step {number}", draw(people), draw(st.integers(1, 2)), draw(extra))
        for number in range(count)
    )
    glass = draw(st.none() | st.builds(Needed, st.just(GLASS), people, st.integers(1, 2)))
    return Plan(steps, "hash", draw(st.booleans()), glass)


orders = st.sampled_from(USERS).map(lambda person: replace(ORDER, requester=person))


def _with(order: Order, person: str, verdict: Verdict) -> Order:
    approval = Approval(person, verdict.step, NOW, verdict.via, verdict.owner)
    return replace(order, approvals=(*order.approvals, approval))


@settings(max_examples=100, deadline=None)
@given(policies(), REQUESTS)
def test_a_request_takes_each_step_whose_condition_could_hold_and_no_other(
    policy: Policy, asked: Request
) -> None:
    taken = [step.name for step in make_plan(policy, asked).steps]
    assert taken == [step.name for step in policy.steps if holds(step.when, facts(asked)) is not False]


approvals = st.lists(
    st.builds(
        Approval,
        by=st.sampled_from(USERS),
        step=st.sampled_from(["Step 0", "Step 1", "Step 2", GLASS]),
        at=st.just(NOW),
        owner=st.just("") | st.sampled_from(USERS),
    ),
    max_size=8,
).map(tuple)


@settings(max_examples=200, deadline=None)
@given(plans(), approvals)
def test_nothing_is_complete_without_so_many_different_people_in_every_step(
    plan: Plan, said: tuple[Approval, ...]
) -> None:
    kept = counted(said)
    heard = [person for one in kept for person in {one.by, one.right_of}]
    assert len(heard) == len(set(heard))

    def enough(step: Needed) -> bool:
        return len({one.by for one in kept if one.step == step.name}) >= step.needs

    by_steps = all(map(enough, plan.steps))
    assert complete(plan, said) is (by_steps or (plan.glass is not None and enough(plan.glass)))


def _fillable(steps: Sequence[Needed], scene: Scene, barred: frozenset[str]) -> bool:
    """By trying every way to seat people."""
    seats = [
        everyone(step.deciders, scene.groups) or frozenset() for step in steps for _ in range(step.needs)
    ]
    everybody = [person for person in USERS if person not in barred]
    return any(
        all(person in seat for person, seat in zip(seating, seats, strict=True))
        for seating in permutations(everybody, len(seats))
    )


@settings(max_examples=200, deadline=None)
@given(plans(), scenes(), st.sampled_from(USERS))
def test_a_step_is_said_to_be_unfillable_exactly_where_no_seating_exists(
    plan: Plan, scene: Scene, requester: str
) -> None:
    barred = frozenset() if plan.self_approval else frozenset({requester})
    prefixes = (plan.steps[: number + 1] for number in range(len(plan.steps)))
    stuck = next((steps[-1] for steps in prefixes if not _fillable(steps, scene, barred)), None)
    assert unfillable(plan, requester, scene) == stuck


@settings(max_examples=200, deadline=None)
@given(plans(), orders, approvals, scenes(), st.sampled_from(USERS))
def test_nobody_may_who_asked_or_has_had_their_say_nor_for_such_a_one(
    plan: Plan, order: Order, said: tuple[Approval, ...], scene: Scene, person: str
) -> None:
    order = replace(order, approvals=said)
    heard = {name for one in said for name in (one.by, one.right_of)}
    for may in (may_approve, may_reject, may_break_glass):
        verdict = may(plan, order, person, scene)
        if not verdict.allowed:
            continue
        assert person not in heard
        assert person != order.requester or plan.self_approval
        if verdict.owner:
            assert may is not may_break_glass
            assert person != order.requester
            assert verdict.owner not in heard
            assert verdict.owner != order.requester
            assert verdict.owner in scene.owners(person)


@settings(max_examples=200, deadline=None)
@given(plans(), orders, scenes(), st.sampled_from(USERS))
def test_whoever_may_is_named_in_the_step_that_waits(
    plan: Plan, order: Order, scene: Scene, person: str
) -> None:
    verdict = may_approve(plan, order, person, scene)
    if verdict.allowed:
        waiting = current(plan, order.approvals)
        assert waiting is not None
        assert verdict.step == waiting.name
        assert (verdict.owner or person) in (everyone(waiting.deciders, scene.groups) or ())
        assert verdict.via in waiting.deciders


@settings(max_examples=200, deadline=None)
@given(plans(), orders, scenes(), st.randoms(use_true_random=False))
def test_whatever_people_say_yes_in_whatever_order_it_comes_to_an_end(
    plan: Plan, order: Order, scene: Scene, chance: object
) -> None:
    """No dead end: where nothing was unfillable at the beginning, somebody may always say the next yes."""
    assume(unfillable(plan, order.requester, scene) is None)
    decisions: list[Decision] = []
    while not complete(plan, order.approvals):
        allowed = [
            (person, verb, verdict)
            for person in USERS
            for verb, may in (("approve", may_approve), ("break-glass", may_break_glass))
            if (verdict := may(plan, order, person, scene)).allowed
        ]
        assert allowed, order.approvals
        person, verb, verdict = chance.choice(allowed)  # type: ignore[attr-defined]
        order = _with(order, person, verdict)
        decisions.append(
            Decision(
                order.id,
                order.round,
                person,
                verb,
                order.asked.digest(),
                verdict.via,
                NOW,
                verdict.step,
                verdict.owner,
            )
        )
        # Only what is complete is satisfied by what is stored.
        done = satisfied(replace(order, plan=plan), decisions)
        assert done is complete(plan, order.approvals)


def _plan(*steps: Needed, glass: Needed | None = None) -> Plan:
    return Plan(steps, glass=glass)


def test_the_only_one_for_a_later_step_is_kept_for_it() -> None:
    plan = _plan(Needed("Manager", (ANN, BEN)), Needed("Finance", (ANN,)))
    assert may_approve(plan, ORDER, ANN, NOBODY) == Verdict(Reason.LAST_ONE, step="Finance")
    assert may_approve(plan, ORDER, BEN, NOBODY).allowed


def test_a_stand_in_speaks_for_whom_they_can_where_another_is_kept_for_a_later_step() -> None:
    plan = _plan(Needed("Manager", (ANN, BEN)), Needed("Finance", (ANN,)))
    until = NOW + timedelta(days=1)
    scene = replace(NOBODY, delegations=(Delegation(ANN, DAN, until), Delegation(BEN, DAN, until)))
    verdict = may_approve(plan, ORDER, DAN, scene)
    assert (verdict.allowed, verdict.owner, verdict.step) == (True, BEN, "Manager")


def test_a_stand_in_for_the_only_one_for_a_later_step_may_not_use_their_say_up() -> None:
    plan = _plan(Needed("Manager", (ANN, BEN)), Needed("Finance", (ANN,)))
    scene = replace(NOBODY, delegations=(Delegation(ANN, DAN, NOW + timedelta(days=1)),))
    assert may_approve(plan, ORDER, DAN, scene) == Verdict(Reason.LAST_ONE, step="Finance")
    after = _with(ORDER, BEN, may_approve(plan, ORDER, BEN, scene))
    assert may_approve(plan, after, DAN, scene).owner == ANN


def test_nobody_breaks_a_glass_that_no_second_one_can_break_if_a_step_needs_them() -> None:
    glass = Needed(GLASS, (ANN, EVE), 2)  # and Eve asks
    plan = _plan(Needed("Manager", (ANN,)), glass=glass)
    assert may_break_glass(plan, ORDER, ANN, NOBODY) == Verdict(Reason.LAST_ONE, step="Manager")
    wider = _plan(Needed("Manager", (ANN, BEN)), glass=glass)
    assert may_break_glass(wider, ORDER, ANN, NOBODY).allowed
    shared = _plan(Needed("Manager", (ANN,)), glass=Needed(GLASS, (ANN, BEN), 2))
    after = _with(ORDER, ANN, may_break_glass(shared, ORDER, ANN, NOBODY))
    assert broken(shared, _with(after, BEN, may_break_glass(shared, after, BEN, NOBODY)).approvals)


def test_a_stored_yes_of_the_requester_in_anothers_name_counts_under_no_policy() -> None:
    plan = Plan((Needed("Manager", (ANN,)),), self_approval=True)
    order = replace(ORDER, plan=plan)
    own = Decision(order.id, order.round, EVE, "approve", order.asked.digest(), EVE, NOW, "Manager")
    assert satisfied(order, [own])
    assert not satisfied(order, [replace(own, owner=ANN)])
    assert not satisfied(order, [replace(own, person=ANN, owner=EVE)])


def test_a_group_that_was_never_read_is_no_reason_to_refuse_and_none_to_allow() -> None:
    plan = _plan(Needed("Manager", ("S0NEVER",)))
    assert unfillable(plan, EVE, NOBODY) is None
    assert may_approve(plan, ORDER, ANN, NOBODY).reason is Reason.UNKNOWN
    read = replace(NOBODY, groups={"S0NEVER": Members(frozenset({EVE}), NOW)})
    assert unfillable(plan, EVE, read) == plan.steps[0]


def test_what_a_quote_does_not_name_counts_as_met() -> None:
    quoted = facts(replace(REQUEST, terms=replace(REQUEST.aws, items=())))
    for when in (When(item=("OR-ABCDEFG",)), When(quantity_over=3), When(total_usd_over=Decimal(1))):
        assert holds(when, quoted) is None
        assert may_hold(when, quoted)
        assert len(unknown(when, quoted)) == 1
    surely_not = When(item=("OR-ABCDEFG",), cloud=("azure",))
    assert (holds(surely_not, quoted), unknown(surely_not, quoted)) == (False, ())

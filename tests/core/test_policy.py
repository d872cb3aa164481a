"""Who may do what: a table of people and groups, and an approval that nothing can stand in for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.approval import GLASS, Approval, Needed, Plan, complete
from bot.core.order import State
from bot.core.policy import (
    FRESH,
    Decision,
    Delegation,
    Groups,
    Members,
    Reason,
    Scene,
    Verdict,
    is_group,
    may_approve,
    may_decide,
    may_reject,
    named,
    satisfied,
    unfillable,
)
from tests.core.test_order import NOW, REQUEST, TRACKED, at_state

ORDER = at_state(State.WAITING)
ALICE, BOB, CAROL = "U0ALICE", "U0BOB", "W0CAROL"
FINANCE, EMPTY, OLD = "S0FINANCE", "S0EMPTY", "S0OLD"
SECOND = timedelta(seconds=1)
GROUPS: Groups = {
    FINANCE: Members(frozenset({CAROL, ALICE}), NOW - FRESH),
    EMPTY: Members(frozenset(), NOW),
    OLD: Members(frozenset({CAROL}), NOW - FRESH - SECOND),
}


@pytest.mark.parametrize(
    ("people", "person", "reason", "via"),
    [
        ((), BOB, Reason.NOBODY, ""),
        ((BOB,), BOB, Reason.ALLOWED, BOB),
        ((BOB,), CAROL, Reason.NOT_NAMED, ""),
        ((FINANCE,), CAROL, Reason.ALLOWED, FINANCE),
        ((FINANCE,), BOB, Reason.NOT_NAMED, ""),
        ((EMPTY,), BOB, Reason.NOT_NAMED, ""),
        ((OLD,), CAROL, Reason.UNKNOWN, ""),
        (("S0NEVERREAD",), CAROL, Reason.UNKNOWN, ""),
        ((OLD, FINANCE), CAROL, Reason.ALLOWED, FINANCE),
        ((OLD, FINANCE), BOB, Reason.UNKNOWN, ""),
        ((OLD, BOB), BOB, Reason.ALLOWED, BOB),
    ],
)
def test_who_is_among_the_named(people: tuple[str, ...], person: str, reason: Reason, via: str) -> None:
    assert named(people, person, GROUPS, NOW) == Verdict(reason, via)
    assert Verdict(reason).allowed is (reason is Reason.ALLOWED)


SCENE = Scene(GROUPS, NOW)
MANAGER, FINANCES = Needed("Manager", (BOB, FINANCE)), Needed("Finance", (FINANCE, "U0DAN"), 2)


def one_of(*approvers: str) -> Plan:
    return Plan((Needed("Approval", approvers),))


def yes(person: str, step: str, owner: str = "") -> Approval:
    return Approval(person, step, NOW, owner=owner)


@pytest.mark.parametrize("verb", ["approve", "reject", "break-glass"])
@pytest.mark.parametrize("approvers", [(ALICE,), (FINANCE,), (OLD,), (), (ALICE, BOB)])
def test_nobody_decides_about_their_own_request_whatever_names_them(
    approvers: tuple[str, ...], verb: str
) -> None:
    plan = replace(one_of(*approvers), glass=Needed(GLASS, (ALICE,), 1))
    assert may_decide(plan, ORDER, ALICE, verb, SCENE) == Verdict(Reason.OWN_REQUEST)


def test_they_do_where_the_policy_says_so_in_as_many_words() -> None:
    plan = replace(one_of(ALICE), self_approval=True)
    assert may_approve(plan, ORDER, ALICE, SCENE).allowed


def test_somebody_else_decides_by_the_same_table() -> None:
    assert may_approve(one_of(FINANCE), ORDER, CAROL, SCENE) == Verdict(Reason.ALLOWED, FINANCE, "Approval")
    assert may_approve(one_of(FINANCE), ORDER, BOB, SCENE).reason is Reason.NOT_NAMED
    assert may_approve(one_of(), ORDER, BOB, SCENE).reason is Reason.NOBODY


def test_steps_are_taken_in_their_order_and_anybody_of_them_may_reject_at_any_time() -> None:
    plan = Plan((MANAGER, Needed("Finance", ("U0DAN", "U0EVE"), 2)))
    assert may_approve(plan, ORDER, BOB, SCENE).step == "Manager"
    early = may_approve(plan, ORDER, "U0DAN", SCENE)
    assert (early.reason, early.step) == (Reason.TOO_EARLY, "Finance")
    assert may_reject(plan, ORDER, "U0DAN", SCENE).allowed
    after = replace(ORDER, approvals=(yes(BOB, "Manager"),))
    assert may_approve(plan, after, "U0DAN", SCENE).allowed


def test_a_person_counts_once_whatever_steps_and_groups_they_are_in() -> None:
    plan = Plan((MANAGER, FINANCES))
    after = replace(ORDER, approvals=(yes(CAROL, "Manager"),))
    for verb in ("approve", "reject"):
        assert may_decide(plan, after, CAROL, verb, SCENE).reason is Reason.COUNTED
    twice = (yes(CAROL, "Manager"), yes(CAROL, "Finance"), yes("U0DAN", "Finance"))
    assert not complete(plan, twice)
    assert complete(plan, (yes(BOB, "Manager"), yes(CAROL, "Finance"), yes("U0DAN", "Finance")))


def test_who_is_needed_in_a_later_step_does_not_spend_their_say_on_an_earlier_one() -> None:
    plan = Plan((Needed("Manager", (BOB, CAROL)), Needed("Finance", (CAROL,))))
    verdict = may_approve(plan, ORDER, CAROL, SCENE)
    assert (verdict.reason, verdict.step) == (Reason.LAST_ONE, "Finance")
    assert may_approve(plan, ORDER, BOB, SCENE).allowed


def test_whoever_stands_in_for_somebody_may_what_they_may_and_both_are_known() -> None:
    lent = replace(SCENE, delegations=(Delegation(BOB, "U0DEE", NOW + SECOND),))
    verdict = may_approve(one_of(BOB), ORDER, "U0DEE", lent)
    assert verdict == Verdict(Reason.ALLOWED, BOB, "Approval", owner=BOB)
    over = replace(lent, now=NOW + SECOND)
    assert may_approve(one_of(BOB), ORDER, "U0DEE", over).reason is Reason.NOT_NAMED


def test_a_delegate_approves_neither_their_own_request_nor_the_owners() -> None:
    lent = replace(
        SCENE, delegations=(Delegation(ALICE, BOB, NOW + SECOND), Delegation(BOB, ALICE, NOW + SECOND))
    )
    assert may_approve(one_of(ALICE), ORDER, BOB, lent).reason is Reason.NOT_NAMED
    assert may_approve(one_of(BOB), ORDER, ALICE, lent).reason is Reason.OWN_REQUEST
    even_so = replace(one_of(BOB), self_approval=True)
    assert may_approve(even_so, ORDER, ALICE, lent).reason is Reason.NOT_NAMED


def test_owner_and_delegate_are_one_say() -> None:
    plan = Plan((Needed("Finance", (BOB, CAROL), 2),))
    lent = replace(SCENE, delegations=(Delegation(BOB, "U0DEE", NOW + SECOND),))
    after = replace(ORDER, approvals=(yes(BOB, "Finance"),))
    assert may_approve(plan, after, "U0DEE", lent).reason is Reason.NOT_NAMED
    before = replace(ORDER, approvals=(yes("U0DEE", "Finance", owner=BOB),))
    assert may_approve(plan, before, BOB, lent).reason is Reason.COUNTED


def test_the_glass_is_broken_only_by_those_named_for_it_and_by_enough_of_them() -> None:
    plan = replace(one_of(BOB), glass=Needed(GLASS, (CAROL, "U0DAN"), 2))
    assert may_decide(plan, ORDER, CAROL, "break-glass", SCENE).allowed
    assert may_decide(plan, ORDER, BOB, "break-glass", SCENE).reason is Reason.NOT_NAMED
    assert may_decide(one_of(BOB), ORDER, CAROL, "break-glass", SCENE).reason is Reason.NOBODY
    assert not complete(plan, (yes(CAROL, GLASS),))
    assert complete(plan, (yes(CAROL, GLASS), yes("U0DAN", GLASS)))


def test_a_plan_without_steps_approves_nothing() -> None:
    assert not complete(Plan(()), (yes(BOB, ""),))


@pytest.mark.parametrize(
    ("age", "allowed"), [(0, True), (300, True), (300.001, False), (-300, True), (-301, False)]
)
def test_only_a_look_of_the_last_five_minutes_counts_by_any_clock(age: float, allowed: bool) -> None:
    groups = {FINANCE: Members(frozenset({CAROL}), NOW - timedelta(seconds=age))}
    assert named((FINANCE,), CAROL, groups, NOW).allowed is allowed


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([BOB, FINANCE, EMPTY, OLD, "S0NEVERREAD"]), max_size=4),
    st.sampled_from([ALICE, BOB, CAROL, "U0MALLORY", ""]),
)
def test_nobody_gets_a_right_that_a_name_or_a_fresh_group_does_not_give(
    people: list[str], person: str
) -> None:
    verdict = named(people, person, GROUPS, NOW)
    gives = person in people or (FINANCE in people and person in GROUPS[FINANCE].people)
    assert verdict.allowed is gives
    assert (verdict.via in people) is gives


@pytest.mark.parametrize(
    ("approvers", "needs", "enough"),
    [
        ((), 1, False),
        ((ALICE,), 1, False),
        ((ALICE, BOB), 1, True),
        ((ALICE, BOB), 2, False),
        ((EMPTY,), 1, False),
        ((FINANCE,), 1, True),
        ((FINANCE,), 2, False),
        ((FINANCE, BOB), 2, True),
        (("S0ONLYALICE",), 1, False),
        (("S0NEVERREAD",), 9, True),
    ],
)
def test_a_request_that_not_enough_others_could_approve_is_known_before_it_is_filed(
    approvers: tuple[str, ...], needs: int, enough: bool
) -> None:
    groups = {**GROUPS, "S0ONLYALICE": Members(frozenset({ALICE}), NOW)}
    plan = Plan((Needed("Approval", approvers, needs),))
    assert (unfillable(plan, ALICE, replace(SCENE, groups=groups)) is None) is enough


def test_nobody_can_fill_two_seats() -> None:
    plan = Plan((Needed("Manager", (BOB, CAROL)), Needed("Finance", (CAROL,)), Needed("Security", (BOB,))))
    stuck = unfillable(plan, ALICE, SCENE)
    assert stuck is not None
    assert stuck.name == "Security"


def test_user_groups_are_known_by_their_first_letter() -> None:
    assert [is_group(id) for id in (FINANCE, ALICE, CAROL, "")] == [True, False, False, False]


ORDER_PLANNED = replace(ORDER, plan=Plan((Needed("Manager", (BOB,)), Needed("Finance", (CAROL,)))))
APPROVAL = Decision(ORDER.id, ORDER.round, BOB, "approve", REQUEST.digest(), BOB, NOW)


def test_every_step_has_to_be_satisfied_by_what_is_stored() -> None:
    manager = replace(APPROVAL, step="Manager")
    finance = replace(APPROVAL, step="Finance", person=CAROL)
    assert satisfied(ORDER_PLANNED, [manager, finance])
    for less in (
        [manager],
        [manager, replace(finance, person=BOB)],
        [manager, replace(finance, owner=BOB)],
        [manager, replace(finance, owner=ALICE)],
        [manager, replace(finance, person=ALICE)],
        [manager, replace(finance, step="Manager")],
        [manager, replace(finance, digest="")],
        [replace(APPROVAL, verb="break-glass", step=GLASS), finance],
    ):
        assert not satisfied(ORDER_PLANNED, less)


OTHER = replace(REQUEST, cost_center="CC-4711")


def test_an_approval_by_somebody_else_satisfies() -> None:
    assert satisfied(ORDER, [APPROVAL])


@pytest.mark.parametrize(
    "decision",
    [
        replace(APPROVAL, order_id="ORD-000000"),
        replace(APPROVAL, round=2),
        replace(APPROVAL, person=ALICE),
        replace(APPROVAL, verb="reject"),
        replace(APPROVAL, digest=OTHER.digest()),
        replace(APPROVAL, digest=""),
    ],
    ids=["another order", "another round", "their own", "a rejection", "another request", "of nothing"],
)
def test_nothing_else_does(decision: Decision) -> None:
    assert not satisfied(ORDER, [decision])


def test_an_order_without_decisions_is_not_approved() -> None:
    assert not satisfied(ORDER, [])
    assert not satisfied(TRACKED, [])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.builds(
            Decision,
            order_id=st.sampled_from([ORDER.id, "ORD-000000"]),
            round=st.sampled_from([1, 2]),
            person=st.sampled_from([ALICE, BOB]),
            verb=st.sampled_from(["approve", "reject"]),
            digest=st.sampled_from([REQUEST.digest(), OTHER.digest()]),
            via=st.just(BOB),
            at=st.just(NOW),
        ),
        max_size=6,
    ),
    st.sampled_from([1, 2]),
    st.sampled_from([REQUEST, OTHER]),
)
def test_an_order_is_approved_only_by_somebody_else_in_this_round_and_as_it_is_now(
    decisions: list[Decision], round: int, request: object
) -> None:
    order = replace(ORDER, round=round, request=request)
    wanted = (order.id, round, BOB, "approve", order.asked.digest())
    there = {(one.order_id, one.round, one.person, one.verb, one.digest) for one in decisions}
    assert satisfied(order, decisions) is (wanted in there)

"""Who may do what: a table of people and groups, and an approval that nothing can stand in for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.order import State
from bot.core.policy import (
    FRESH,
    Decision,
    Groups,
    Members,
    Reason,
    Verdict,
    is_group,
    may_decide,
    named,
    satisfied,
    someone_could_approve,
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


@pytest.mark.parametrize("approvers", [(ALICE,), (FINANCE,), (OLD,), (), (ALICE, BOB)])
def test_nobody_decides_about_their_own_request_whatever_names_them(approvers: tuple[str, ...]) -> None:
    assert may_decide(approvers, ORDER, ALICE, GROUPS, NOW) == Verdict(Reason.OWN_REQUEST)


def test_somebody_else_decides_by_the_same_table() -> None:
    assert may_decide((FINANCE,), ORDER, CAROL, GROUPS, NOW).allowed
    assert may_decide((FINANCE,), ORDER, BOB, GROUPS, NOW).reason is Reason.NOT_NAMED


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
    ("approvers", "somebody"),
    [
        ((), False),
        ((ALICE,), False),
        ((ALICE, BOB), True),
        ((EMPTY,), False),
        ((FINANCE,), True),
        (("S0ONLYALICE",), False),
        (("S0NEVERREAD",), True),
    ],
)
def test_a_request_that_nobody_else_could_approve_is_known_before_it_is_filed(
    approvers: tuple[str, ...], somebody: bool
) -> None:
    groups = {**GROUPS, "S0ONLYALICE": Members(frozenset({ALICE}), NOW)}
    assert someone_could_approve(approvers, ALICE, groups) is somebody


def test_user_groups_are_known_by_their_first_letter() -> None:
    assert [is_group(id) for id in (FINANCE, ALICE, CAROL, "")] == [True, False, False, False]


APPROVAL = Decision(ORDER.id, ORDER.round, BOB, "approve", REQUEST.digest(), BOB, NOW)
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

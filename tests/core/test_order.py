"""The life of an order: the table walked by hand, and what no sequence of events can do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.approval import GLASS, Needed, Plan
from bot.core.events import (
    Accepted,
    Approved,
    Attempted,
    CancelAsked,
    CancelRefused,
    Checked,
    CheckRefused,
    Edited,
    Escalated,
    Event,
    Expired,
    GlassBroken,
    Looked,
    Muted,
    NothingSent,
    Operation,
    OperationAsked,
    OperationDone,
    OperationRefused,
    PeopleAsked,
    Rejected,
    Reminded,
    Replanned,
    Repriced,
    SaidNotPlaced,
    Superseded,
    WasPlaced,
    WasRefused,
    WentUnclear,
    Withdrawn,
)
from bot.core.order import (
    ENDED,
    HOLDS_SCOPE,
    OF_A_UNIT,
    TRANSITIONS,
    Kind,
    Order,
    State,
    advance,
    dump,
    load,
    may_follow,
    new_id,
    news,
)
from bot.core.request import AwsTerms, LineItem, Request
from bot.core.snapshot import Asset, Ref, Shipment, Snapshot, Unit

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
REQUEST = Request(
    cloud="aws",
    terms=AwsTerms(
        "op-0123456789abcdef0", "eu-west-1", (LineItem("OR-ABCDEFG", 2),), "NO_UPFRONT", "THREE_YEARS"
    ),
    reason="second rack",
)
REF = Ref("eu-west-1", "oo-0123456789abcdef0")
MOVING = Snapshot(REF, "IN_PROGRESS", (Unit("ooi-1", "OR-ABCDEFG", 2, "BUILDING"),))
ASKED = Order("ORD-7F3K2M", Kind.ASKED, State.CHECKING, "aws", "U0ALICE", "C0EDGE", NOW, request=REQUEST)
TRACKED = replace(ASKED, kind=Kind.TRACKED, request=None, looking_for=REF.id)

PLAN = Plan((Needed("Approval", ("U0BOB",)),), "ab" * 32)
GLASS_PLAN = replace(PLAN, glass=Needed(GLASS, ("U0OPAL",)))

EVENTS: dict[type, Event] = {
    type(event): event
    for event in (
        Checked(REQUEST),
        CheckRefused("NotFoundException", "no such Outpost"),
        Approved("U0BOB", REQUEST.digest(), "within budget"),
        GlassBroken("U0OPAL", REQUEST.digest(), "the line stands still", plan=GLASS_PLAN),
        Rejected("U0BOB", REQUEST.digest(), "there is room"),
        Replanned(PLAN),
        Reminded("Approval"),
        Escalated("Approval", ("U0DIRECTOR",)),
        Expired(),
        Edited(replace(REQUEST, cost_center="CC-1"), "U0ALICE", ("Cost center: none → CC-1",)),
        Repriced(REQUEST, ("Upfront: 1 → 2",), PLAN),
        Withdrawn("U0ALICE"),
        Attempted(("oo-00000000000000001",)),
        NothingSent("no connection"),
        WentUnclear("no answer"),
        PeopleAsked((REF,), "two look alike"),
        WasPlaced(REF),
        WasRefused("ValidationException", "no"),
        SaidNotPlaced("U0OPAL"),
        Looked(MOVING),
        CancelAsked("U0ALICE", "the site closes"),
        CancelRefused("ConflictException", "too late"),
        OperationAsked(Operation.RETURN, "U0ALICE", "the rental ends"),
        OperationDone(Operation.RETURN),
        OperationRefused(Operation.RETURN, "OrderItemNotReturnable", "too early"),
        Muted("U0ALICE"),
        Superseded("ORD-AAAAAA"),
    )
}

# Written by hand, not read from the code: state → what may happen there, and where it leads.
S = State
LIFE: dict[State, dict[type, State]] = {
    S.CHECKING: {
        Checked: S.WAITING,
        CheckRefused: S.REFUSED,
        Edited: S.CHECKING,
        Withdrawn: S.WITHDRAWN,
        Muted: S.CHECKING,
    },
    S.WAITING: {
        Approved: S.APPROVED,
        GlassBroken: S.APPROVED,
        Rejected: S.REJECTED,
        Replanned: S.WAITING,
        Reminded: S.WAITING,
        Escalated: S.WAITING,
        Expired: S.EXPIRED,
        Edited: S.CHECKING,
        Repriced: S.WAITING,
        Withdrawn: S.WITHDRAWN,
        Muted: S.WAITING,
    },
    S.APPROVED: {
        Attempted: S.PLACING,
        PeopleAsked: S.UNCLEAR,
        Repriced: S.WAITING,
        Withdrawn: S.WITHDRAWN,
        Muted: S.APPROVED,
    },
    S.PLACING: {
        WasPlaced: S.PLACED,
        WasRefused: S.REFUSED,
        NothingSent: S.APPROVED,
        WentUnclear: S.UNCLEAR,
        Muted: S.PLACING,
    },
    S.UNCLEAR: {
        WasPlaced: S.PLACED,
        WasRefused: S.REFUSED,
        NothingSent: S.APPROVED,
        PeopleAsked: S.UNCLEAR,
        SaidNotPlaced: S.APPROVED,
        Muted: S.UNCLEAR,
    },
    S.PLACED: {
        Looked: S.PLACED,
        CancelAsked: S.PLACED,
        CancelRefused: S.PLACED,
        OperationAsked: S.PLACED,
        OperationDone: S.PLACED,
        OperationRefused: S.PLACED,
        Muted: S.PLACED,
        Superseded: S.WITHDRAWN,
    },
    **{
        ended: {
            Looked: S.PLACED,
            OperationAsked: ended,
            OperationDone: ended,
            OperationRefused: ended,
            Muted: ended,
            Superseded: S.WITHDRAWN,
        }
        for ended in (S.COMPLETED, S.CANCELLED, S.RETURNED)
    },
    S.REJECTED: {Edited: S.CHECKING},
    S.EXPIRED: {Edited: S.CHECKING},
    S.REFUSED: {Edited: S.CHECKING},
    S.WITHDRAWN: {},
}


def at_state(state: State, event: type | None = None) -> Order:
    """An order in a state; one that was placed elsewhere for what happens only to such."""
    return replace(TRACKED if event is Superseded else ASKED, state=state, version=7)


# What people and clouds may write; SQLite, PostgreSQL and JSON take no half surrogate pairs and no NUL.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
moments = st.integers(-(10**9), 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds / 8))
refs = st.builds(Ref, texts, texts)
requests = st.builds(
    Request,
    cloud=st.just("aws"),
    terms=st.builds(
        AwsTerms,
        texts,
        texts,
        st.lists(st.builds(LineItem, texts, st.integers(1, 100)), max_size=3).map(tuple),
        texts,
        texts,
    ),
    reason=texts,
    cost_center=texts,
    needed_by=texts,
    channel=texts,
)
statuses = (
    st.sampled_from(["IN_PROGRESS", "SHIPPED", "COMPLETED", "CANCELLED", "ERROR", "Fulfilled", ""]) | texts
)
pairs = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
assets = st.builds(Asset, texts, st.lists(texts, max_size=3).map(tuple))
units = st.builds(
    Unit,
    texts,
    texts,
    st.integers(1, 100),
    statuses,
    st.none() | st.builds(Shipment, texts, texts, texts),
    st.lists(assets, max_size=3).map(tuple),
    pairs,
)
snapshots = st.builds(
    Snapshot, refs, statuses, st.lists(units, max_size=4).map(tuple), pairs, fingerprint=texts
)
orders = st.builds(
    Order,
    id=st.from_regex("ORD-[0-9A-HJKMNP-TV-Z]{6}", fullmatch=True),
    kind=st.sampled_from(Kind),
    state=st.sampled_from(State),
    cloud=st.sampled_from(["aws", "azure"]),
    requester=texts,
    channel=texts,
    filed_at=moments,
    version=st.integers(1, 10**6),
    round=st.integers(1, 9),
    request=st.none() | requests,
    decided_by=texts,
    decided_at=st.none() | moments,
    note=texts,
    why=texts,
    code=texts,
    known=st.lists(texts, max_size=3).map(tuple),
    attempt=st.integers(0, 9),
    attempted_at=st.none() | moments,
    candidates=st.lists(refs, max_size=3).map(tuple),
    people_asked=st.booleans(),
    ref=st.none() | refs,
    looking_for=texts,
    snapshot=st.none() | snapshots,
    looked_at=st.none() | moments,
    cancel_asked_by=texts,
    quiet=st.booleans(),
    muted=st.booleans(),
)
LOOKS = [
    Looked(replace(MOVING, status=status)) for status in ("COMPLETED", "CANCELLED", "ERROR", "ON_A_BOAT", "")
]
events = st.sampled_from([*EVENTS.values(), *LOOKS])


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_state_lets_happen_just_what_is_in_its_row(state: State, kind: type) -> None:
    before = at_state(state, kind)
    if kind not in LIFE[state]:
        assert not may_follow(before, kind)
        with pytest.raises(ValueError, match=f"{kind.__name__} cannot happen"):
            advance(before, EVENTS[kind], NOW)
        assert before == at_state(state, kind)
        return
    assert may_follow(before, kind)
    after = advance(before, EVENTS[kind], NOW)
    assert (after.state, after.version) == (LIFE[state][kind], 8)


def test_every_event_and_state_is_in_the_tables() -> None:
    # What a cloud accepts before it has decided is always one unit of several: see test_units.
    assert set(EVENTS) | {Accepted} == set(get_args(Event))
    assert set(get_args(Event)) >= OF_A_UNIT
    assert set(TRANSITIONS) == set(LIFE) == set(State)


def test_an_order_that_was_placed_elsewhere_is_found_by_a_look() -> None:
    found = advance(TRACKED, Looked(MOVING), NOW)
    assert (found.state, found.ref, found.looking_for) == (State.PLACED, REF, "")


def test_no_look_takes_a_request_past_its_approval() -> None:
    assert not may_follow(ASKED, Looked)
    with pytest.raises(ValueError, match="Looked cannot happen"):
        advance(ASKED, Looked(MOVING), NOW)


def test_an_order_that_was_placed_elsewhere_is_never_put_before_approvers() -> None:
    assert not may_follow(TRACKED, Checked)


@pytest.mark.parametrize("state", [State.PLACED, State.COMPLETED, State.CANCELLED, State.RETURNED])
@pytest.mark.parametrize(
    ("status", "leads_to"),
    [
        ("PREPARING", State.PLACED),
        ("COMPLETED", State.COMPLETED),
        ("FULFILLED", State.COMPLETED),
        ("fulfilled", State.COMPLETED),
        ("CANCELLED", State.CANCELLED),
        ("InUse", State.COMPLETED),
        ("ReturnInitiated", State.PLACED),
        ("ReturnCompleted", State.RETURNED),
        ("InReview (Failed)", State.PLACED),
        ("ERROR", State.PLACED),
        ("ON_A_BOAT", State.PLACED),
        ("", State.PLACED),
    ],
)
def test_where_a_look_leads_is_what_the_cloud_says_also_backwards(
    state: State, status: str, leads_to: State
) -> None:
    after = advance(at_state(state), Looked(replace(MOVING, status=status)), NOW)
    assert (after.state, after.looked_at) == (leads_to, NOW)


def test_a_decision_keeps_who_when_and_what_they_said() -> None:
    after = advance(at_state(State.WAITING), EVENTS[Rejected], NOW)
    assert (after.decided_by, after.decided_at, after.note) == ("U0BOB", NOW, "there is room")


def test_an_attempt_forgets_why_the_last_one_failed_and_adds_to_what_is_known_not_to_be_it() -> None:
    before = replace(at_state(State.APPROVED), why="no connection", code="X", known=("oo-1",), attempt=1)
    after = advance(before, Attempted(("oo-2", "oo-1")), NOW)
    assert (after.attempt, after.attempted_at, after.known) == (2, NOW, ("oo-1", "oo-2"))
    assert (after.why, after.code, after.people_asked) == ("", "", False)


def test_what_an_operator_ruled_out_is_never_adopted_later() -> None:
    before = replace(at_state(State.UNCLEAR), candidates=(REF,), people_asked=True, known=("oo-1",))
    after = advance(before, SaidNotPlaced("U0OPAL"), NOW)
    assert after.known == tuple(sorted(("oo-1", REF.id)))
    assert (after.candidates, after.people_asked, after.why) == ((), False, "")


def test_a_refusal_to_cancel_lets_it_be_asked_again() -> None:
    asked = advance(at_state(State.PLACED), EVENTS[CancelAsked], NOW)
    assert asked.cancel_asked_by == "U0ALICE"
    assert advance(asked, EVENTS[CancelRefused], NOW).cancel_asked_by == ""


def test_only_a_look_brings_news() -> None:
    assert news(at_state(State.PLACED), Looked(MOVING))
    assert [
        news(at_state(State.PLACED), event) for event in EVENTS.values() if type(event) is not Looked
    ] == [()] * (len(EVENTS) - 1)


def test_an_order_placed_elsewhere_has_no_request_and_no_scope() -> None:
    assert TRACKED.scope == ""
    with pytest.raises(ValueError, match="there is no request"):
        _ = TRACKED.asked


@settings(max_examples=200, deadline=None)
@given(st.lists(events, max_size=25), st.sampled_from([State.CHECKING, State.WAITING]))
def test_nothing_that_was_asked_for_is_placed_without_an_approval_before(
    happened: list[Event], begins: State
) -> None:
    order, approved = replace(ASKED, state=begins), False
    for event in happened:
        if may_follow(order, type(event)):
            if isinstance(event, Edited | Repriced):
                approved = False
            approved = approved or isinstance(event, Approved | GlassBroken)
            order = advance(order, event, NOW)
        assert approved or order.state not in HOLDS_SCOPE | {State.PLACED, State.APPROVED}
        assert approved or order.ref is None


@settings(max_examples=100, deadline=None)
@given(st.builds(replace, st.just(ASKED), state=st.sampled_from(State)), st.lists(events, max_size=15))
def test_what_has_ended_leaves_its_end_only_because_the_cloud_says_so_or_it_is_asked_anew(
    order: Order, happened: list[Event]
) -> None:
    for event in happened:
        if not may_follow(order, type(event)):
            continue
        after = advance(order, event, NOW)
        if order.state in ENDED and after.state is not order.state:
            again = {State.REJECTED, State.EXPIRED, State.REFUSED}
            kind = Edited if order.state in again else Looked
            assert isinstance(event, kind)
            assert order.state in again | {State.COMPLETED, State.CANCELLED, State.RETURNED}
        order = after


@settings(max_examples=60, deadline=None)
@given(orders, events)
def test_each_event_counts_one_version_and_an_impossible_one_changes_nothing(
    order: Order, event: Event
) -> None:
    kept = replace(order)
    if may_follow(order, type(event)):
        after = advance(order, event, NOW + timedelta(days=1))
        assert after.version == order.version + 1
        # Nobody's part in it is ever rewritten by what happens later.
        unchanged = ("id", "kind", "cloud", "requester", "channel", "filed_at", "quiet")
        assert after.round == order.round + isinstance(event, Edited | Repriced)
        assert all(getattr(after, name) == getattr(order, name) for name in unchanged)
    else:
        with pytest.raises(ValueError, match="cannot happen"):
            advance(order, event, NOW)
    assert order == kept


@settings(max_examples=80, deadline=None)
@given(orders)
def test_an_order_comes_back_from_the_database_as_it_was(order: Order) -> None:
    assert load(dump(order)) == order


@settings(max_examples=25, deadline=None)
@given(orders, texts)
def test_what_a_newer_release_has_added_is_left_out(order: Order, added: str) -> None:
    document = json.loads(dump(order))
    for part in (document, document["request"], document["snapshot"], document["ref"]):
        if part is not None:
            part["added_later"] = {"value": added}
    assert load(json.dumps(document)) == order


def test_what_an_older_release_did_not_write_is_filled_in() -> None:
    least = ("id", "kind", "state", "cloud", "requester", "channel", "filed_at")
    document = {name: value for name, value in json.loads(dump(TRACKED)).items() if name in least}
    assert load(json.dumps(document)) == replace(TRACKED, looking_for="")


def test_ids_are_six_characters_that_nobody_confuses() -> None:
    ids = {new_id() for _ in range(500)}
    assert all(re.fullmatch("ORD-[0-9A-HJKMNP-TV-Z]{6}", id) for id in ids)
    assert len(ids) > 495

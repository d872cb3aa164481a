"""What has to be done after each event."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings

from bot.core import events
from bot.core.follow import (
    CHAT_JOBS,
    FOLLOWS,
    Job,
    Queue,
    Work,
    after_event,
    after_filing,
)
from bot.core.order import Kind, Order, State, advance
from bot.core.snapshot import Ref, Shipment, Snapshot, Unit
from bot.worker import STEPS
from tests.core.test_order import ASKED, EVENTS, MOVING, NOW, REF, TRACKED, at_state, snapshots


def jobs(work: tuple[Work, ...]) -> list[str]:
    """The kinds of work, but for the App Homes, which follow everything."""
    return [one.job.value for one in work if one.job is not Job.HOMES]


def follow(before: Order, event: events.Event) -> tuple[Work, ...]:
    """What follows, but for the App Homes, which follow everything."""
    made = after_event(before, event, advance(before, event, NOW))
    return tuple(one for one in made if one.job is not Job.HOMES)


def look(before: Order, snapshot: Snapshot) -> tuple[Work, ...]:
    return follow(before, events.Looked(snapshot))


def placed(snapshot: Snapshot | None = MOVING) -> Order:
    return replace(at_state(State.PLACED), ref=REF, snapshot=snapshot)


def test_every_event_has_its_line_and_every_kind_of_work_its_step() -> None:
    # What is accepted is a unit of several: what follows from those is told in test_units.
    assert {*FOLLOWS, events.Looked, events.Accepted} == set(get_args(events.Event))
    assert set(STEPS) == set(Job)


TOLD = ["card", "request", "thread", "direct"]


@pytest.mark.parametrize(
    ("state", "event", "leads_to"),
    [
        (State.CHECKING, events.Checked, ["card", "request", "ask", "clock"]),
        (State.CHECKING, events.CheckRefused, ["card", "thread", "direct"]),
        (State.WAITING, events.Approved, [*TOLD, "submit"]),
        (State.WAITING, events.GlassBroken, [*TOLD, "alarm", "submit"]),
        (State.WAITING, events.Rejected, TOLD),
        (State.WAITING, events.Replanned, ["card", "request", "ask", "clock"]),
        (State.WAITING, events.Reminded, ["remind", "clock"]),
        (State.WAITING, events.Escalated, ["request", "remind", "thread", "clock"]),
        (State.WAITING, events.Expired, TOLD),
        (State.REJECTED, events.Edited, ["card", "request", "thread", "check"]),
        (State.APPROVED, events.Repriced, [*TOLD, "ask", "clock"]),
        (State.WAITING, events.Withdrawn, ["card", "request", "thread"]),
        (State.APPROVED, events.Attempted, ["card"]),
        (State.PLACING, events.NothingSent, ["card", "request", "desk", "submit"]),
        (State.PLACING, events.WentUnclear, [*TOLD, "reconcile"]),
        (State.UNCLEAR, events.PeopleAsked, [*TOLD, "desk", "reconcile"]),
        (State.UNCLEAR, events.WasPlaced, [*TOLD, "desk", "look-one"]),
        (State.UNCLEAR, events.WasRefused, [*TOLD, "desk"]),
        (State.UNCLEAR, events.SaidNotPlaced, ["card", "request", "thread", "desk", "submit"]),
        (State.PLACED, events.CancelAsked, ["card", "thread", "cancel"]),
        (State.PLACED, events.CancelRefused, ["card", "thread", "direct"]),
        (State.PLACED, events.OperationAsked, ["card", "thread", "operation"]),
        (State.PLACED, events.OperationDone, ["card", "thread", "look-one"]),
        (State.PLACED, events.OperationRefused, ["card", "thread", "direct"]),
        (State.UNCLEAR, events.Muted, ["desk"]),
    ],
)
def test_what_each_event_leads_to(state: State, event: type, leads_to: list[str]) -> None:
    assert jobs(follow(at_state(state), EVENTS[event])) == leads_to


def test_whatever_is_told_is_seen_in_app_homes_too() -> None:
    for event in (events.Approved, events.Expired, events.Edited):
        before = at_state(State.WAITING)
        after = advance(before, EVENTS[event], NOW)
        assert after_event(before, EVENTS[event], after)[-1].key == "ORD-7F3K2M/homes"
    assert after_filing(ASKED)[-1].job is Job.HOMES


def test_only_an_approval_or_an_attempt_that_sent_nothing_leads_to_placing() -> None:
    leading = {event.__name__ for event, made in FOLLOWS.items() if Job.SUBMIT in made}
    assert leading == {"Approved", "GlassBroken", "NothingSent", "SaidNotPlaced"}


def test_a_request_that_the_catalogue_knows_goes_to_approvers_at_once() -> None:
    assert jobs(after_filing(replace(ASKED, state=State.WAITING))) == ["card", "request", "ask", "clock"]


def test_a_request_that_it_does_not_know_is_checked_before_anybody_is_asked() -> None:
    assert jobs(after_filing(ASKED)) == ["card", "check"]


def test_an_order_placed_elsewhere_gets_no_card_before_it_is_found() -> None:
    assert jobs(after_filing(TRACKED)) == ["check"]


@settings(max_examples=50, deadline=None)
@given(snapshots)
def test_a_look_that_brings_nothing_new_makes_no_work(snapshot: Snapshot) -> None:
    known = advance(placed(None), events.Looked(snapshot), NOW)
    assert look(known, snapshot) == ()


def test_a_look_that_brings_something_new_is_told_with_what_changed() -> None:
    work = look(placed(), replace(MOVING, status="PROCESSING"))
    assert jobs(work) == ["card", "thread"]
    changes = [
        {"aspect": "status", "subject": "", "was": "IN_PROGRESS", "now": "PROCESSING", "link": ""},
    ]
    assert [one.body for one in work] == [{"event": "Looked", "changes": changes}] * 2


@pytest.mark.parametrize("status", ["SHIPPED", "Delivered", "INSTALLED", "ERROR"])
def test_the_requester_hears_it_wherever_they_are_when_something_arrives_or_fails(status: str) -> None:
    unit = replace(MOVING.units[0], status=status)
    assert jobs(look(placed(), replace(MOVING, units=(unit,)))) == ["card", "thread", "direct"]


@pytest.mark.parametrize("status", ["BUILDING", "INSTALLING", "ON_A_BOAT"])
def test_other_news_stays_in_the_thread(status: str) -> None:
    before = replace(MOVING, units=(replace(MOVING.units[0], status="PREPARING"),))
    unit = replace(MOVING.units[0], status=status)
    assert jobs(look(placed(before), replace(MOVING, units=(unit,)))) == ["card", "thread"]


@pytest.mark.parametrize("status", ["COMPLETED", "CANCELLED"])
def test_an_end_is_also_shown_to_those_who_approved(status: str) -> None:
    made = jobs(look(placed(), replace(MOVING, status=status)))
    assert made == ["card", "thread", "request", "direct"]
    tracked = replace(placed(), kind=Kind.TRACKED, request=None)
    assert jobs(look(tracked, replace(MOVING, status=status))) == ["card", "thread", "direct"]


def test_an_order_that_is_followed_quietly_gets_a_card_when_something_changes_and_not_before() -> None:
    quiet = replace(TRACKED, quiet=True)
    assert look(quiet, MOVING) == ()
    found = advance(quiet, events.Looked(MOVING), NOW)
    assert jobs(look(found, replace(MOVING, status="PROCESSING"))) == ["card", "thread"]


def test_an_order_that_is_followed_aloud_gets_its_card_as_soon_as_it_is_found() -> None:
    assert jobs(look(TRACKED, MOVING)) == ["card", "thread"]


def test_an_order_that_is_found_without_a_status_still_gets_its_card() -> None:
    assert jobs(look(TRACKED, Snapshot(REF, ""))) == ["card"]
    assert look(replace(TRACKED, quiet=True), Snapshot(REF, "")) == ()


def test_messages_that_stand_have_one_row_for_life_and_the_rest_one_for_each_event() -> None:
    keys = {one.job: one.key for one in follow(at_state(State.WAITING), EVENTS[events.Approved])}
    assert keys == {
        Job.CARD: "ORD-7F3K2M/card",
        Job.REQUEST: "ORD-7F3K2M/request",
        Job.THREAD: "ORD-7F3K2M/thread/00008",
        Job.DIRECT: "ORD-7F3K2M/direct/00008",
        Job.SUBMIT: "ORD-7F3K2M/submit",
    }


def test_posting_and_editing_are_paced_apart_and_for_each_channel() -> None:
    work = follow(at_state(State.UNCLEAR), EVENTS[events.PeopleAsked])
    assert {one.job: one.lane for one in work} == {
        Job.CARD: "edit/C0EDGE",
        Job.REQUEST: "edit/approvals",
        Job.THREAD: "post/C0EDGE",
        Job.DIRECT: "post/U0ALICE",
        Job.DESK: "edit/operations",
        Job.RECONCILE: "",
    }


def test_work_for_slack_and_work_for_a_cloud_wait_apart() -> None:
    waiting = {job: Work("x", job).queue for job in Job}
    assert {job for job, queue in waiting.items() if queue is Queue.CHAT} == CHAT_JOBS
    assert waiting[Job.SUBMIT] is waiting[Job.LOOK] is Queue.CLOUD
    assert waiting[Job.DECIDE] is waiting[Job.GROUPS] is Queue.CHAT


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5.0), (2, 20.0), (3, 45.0), (20, 300.0)])
def test_an_attempt_that_could_not_begin_is_repeated_ever_later(attempt: int, seconds: float) -> None:
    before = replace(at_state(State.PLACING), attempt=attempt)
    delays = {one.job: one.delay for one in follow(before, events.NothingSent("no route"))}
    assert delays == {Job.CARD: 0.0, Job.REQUEST: 0.0, Job.DESK: 0.0, Job.SUBMIT: seconds}


def test_what_an_operator_sends_again_is_sent_at_once() -> None:
    before = replace(at_state(State.UNCLEAR), attempt=4, why="no answer")
    assert {one.delay for one in follow(before, EVENTS[events.SaidNotPlaced])} == {0.0}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (events.WasPlaced(REF, "U0OPAL"), {"event": "WasPlaced", "by": "U0OPAL"}),
        (events.SaidNotPlaced("U0OPAL"), {"event": "SaidNotPlaced", "by": "U0OPAL"}),
        (events.PeopleAsked((), "nothing found"), {"event": "PeopleAsked", "why": "nothing found"}),
    ],
)
def test_a_message_carries_what_the_order_does_not_keep(event: events.Event, told: dict[str, str]) -> None:
    bodies = [one.body for one in follow(at_state(State.UNCLEAR), event)]
    assert bodies == [told] * len(bodies)


def test_a_tracking_link_reaches_the_message() -> None:
    parcel = Shipment("UPS", "1Z999", "https://www.ups.com/track?tracknum=1Z999")
    unit = Unit("ooi-1", "OR-ABCDEFG", 2, "SHIPPED", parcel)
    (change,) = look(placed(), Snapshot(Ref("eu-west-1", REF.id), "IN_PROGRESS", (unit,)))[0].body["changes"][
        1:
    ]
    assert change == {
        "aspect": "shipment",
        "subject": "2 × OR-ABCDEFG",
        "was": "",
        "now": "UPS 1Z999",
        "link": "https://www.ups.com/track?tracknum=1Z999",
    }

"""Faults that reading found: each test fails without its mend."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from bot.core.follow import Job
from bot.core.order import State
from bot.core.request import Request
from bot.demo.world import APPROVALS, ORDERS
from bot.ports import NotSent
from tests.faults.inside import Changed, Inside

AGAIN = "It was not placed: try again"


class Unreachable(Changed):
    """A cloud that can be asked, and to which no order gets through."""

    def place(self, request: Request, send_before: datetime, _: str = "") -> NotSent:
        del request, send_before
        return NotSent("no route")


@pytest.fixture
def inside(sqlite_url: str) -> Iterator[Inside]:
    """The bot in this process, over a clock that the test moves."""
    with Inside(sqlite_url) as inside:
        yield inside


def test_following_a_lost_order_does_not_hide_it_from_a_restored_backup(tmp_path: Path) -> None:
    file, backup = tmp_path / "orders.db", tmp_path / "backup.db"
    with Inside(f"sqlite:///{file}") as inside:
        id = inside.file()
        inside.work_for(5)
        shutil.copy(file, backup)
        [asked] = inside.slack.messages(APPROVALS)
        inside.approve(id)
        inside.work_for()
        [ours] = inside.booked()
        inside.shut()
        shutil.copy(backup, file)
        inside.open()
        inside.alice.command(f"/order track {ours}", ORDERS)
        inside.work_for(5)
        assert inside.bob.click(asked, "Approve").status == 200
        inside.work_for(200)

        assert len(inside.aws.posts()) == 1
        inside.press(f"It was placed: {ours}")
        inside.work_for()
        assert (inside.order(id).state, inside.order(id).ref.id) == (State.PLACED, ours)


def test_an_unclear_order_that_somebody_follows_already_is_adopted(inside: Inside) -> None:
    id = inside.approved()
    inside.aws.faults.add("CreateOrder", "drop_after")
    while not inside.booked():
        assert inside.work_once()
    [ours] = inside.booked()
    inside.aws.faults.add("ListOrders", "500_before", times=20)
    inside.alice.command(f"/order track {ours}", ORDERS)
    inside.work_for(20)
    inside.aws.faults.clear()
    inside.work_for(600)

    assert (inside.order(id).state, inside.order(id).ref.id) == (State.PLACED, ours)
    assert len(inside.aws.posts()) == 1


def test_muting_an_unclear_order_does_not_take_the_answer_from_operators(inside: Inside) -> None:
    id = inside.approved()
    inside.aws.faults.add("CreateOrder", "drop_before")
    inside.work_for(900)
    inside.alice.command(f"/order mute {id}", ORDERS)
    inside.work_for(30)
    inside.press(AGAIN)
    inside.work_for()
    assert inside.order(id).state is State.PLACED


def test_what_was_said_while_the_token_was_bad_is_said_when_it_is_good_again(inside: Inside) -> None:
    inside.slack.faults.add("*", "error:token_revoked", times=200)
    id = inside.file()
    inside.work_for(60)
    inside.slack.faults.clear()
    inside.work_for(1200)
    assert [one for one in inside.slack.messages(APPROVALS) if id in one.plain]
    assert [one for one in inside.slack.messages(ORDERS) if id in one.plain]


def test_one_order_that_cannot_be_read_does_not_stop_the_others(inside: Inside) -> None:
    first = inside.approved()
    inside.work_for()
    second = inside.approved()
    inside.work_for()
    assert len(inside.booked()) == 2
    for aws_id in inside.booked():
        inside.aws.advance(aws_id)
    inside.aws.faults.add("GetOrder", "error:InternalServerException:Not this one.", times=1)
    inside.look()
    inside.work_for()
    seen = {inside.order(id).snapshot.status for id in (first, second)}
    assert "IN_PROGRESS" in seen


def test_where_the_bot_may_post_and_not_read_a_hiccup_loses_no_message(inside: Inside) -> None:
    inside.slack.faults.add("chat.postMessage", "503", times=1)
    for method in ("conversations.history", "conversations.replies"):
        inside.slack.faults.add(method, "error:not_in_channel", times=50)
    id = inside.file()
    inside.work_for(60)
    assert [one for one in inside.slack.messages(APPROVALS) if id in one.plain]
    assert [one for one in inside.slack.messages(ORDERS) if id in one.plain]


def test_what_somebody_orders_after_nothing_was_sent_is_not_taken_for_ours(inside: Inside) -> None:
    id = inside.approved()
    inside.world.clouds["aws"] = Unreachable(inside.world.clouds["aws"])
    inside.work_for(4)
    assert (inside.order(id).state, inside.order(id).attempt) == (State.APPROVED, 1)
    inside.elsewhere(id)
    inside.work_for(900)
    assert inside.order(id).state is State.UNCLEAR
    assert len(inside.questions()) == 1
    assert inside.aws.posts() == []


def test_a_request_that_ends_before_anybody_was_asked_is_not_posted_to_approvers(inside: Inside) -> None:
    inside.aws.faults.add("GetOutpost", "500_before", times=50)
    line = "/order aws outpost=op-0123456789abcdef0 item=OR-7QK2M5A payment=NO_UPFRONT term=ONE_YEAR"
    inside.alice.command(f"{line} reason=x --yes", ORDERS)
    [id] = inside.ids()
    inside.alice.command(f"/order withdraw {id}", ORDERS)
    inside.work_for(60)
    assert inside.slack.messages(APPROVALS) == []


def test_an_approval_that_a_mute_came_before_still_counts(inside: Inside) -> None:
    id = inside.file()
    inside.work_for(5)
    order = inside.order(id)
    inside.alice.command(f"/order mute {id}", ORDERS)
    assert inside.order(id).version == order.version + 1
    inside.approve(id)
    assert inside.order(id).state is State.APPROVED


def test_one_order_has_one_row_for_placing_and_one_for_looking(inside: Inside) -> None:
    inside.approved()
    inside.aws.faults.add("CreateOrder", "drop_before")
    inside.work_for(900)
    rows = inside.store.engine.rows("select job from work where job in ('submit', 'reconcile')")
    assert sorted(row["job"] for row in rows) == [Job.RECONCILE, Job.SUBMIT]

"""A month of waiting, hour by hour, with a new process every day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import worker
from bot.core.follow import Job, Queue, Work
from bot.core.order import Order, State
from bot.core.policy import ApprovalStep, Policy, Quiet, Times
from bot.policy_file import Rules
from bot.ports import Person, Post
from bot.settings import load
from bot.spine import World
from bot.steps import approve, request
from bot.store import Change, Store
from tests.core.test_order import NOW, REQUEST
from tests.steps.test_approving import ENVIRONMENT, Shop

ZONES = {"U0BOB": "Europe/Berlin", "U0DAN": "America/Los_Angeles", "U0EVE": "Asia/Kolkata"}
DAY = timedelta(days=1)
POLICY = Policy(
    (ApprovalStep("Manager", ("U0BOB", "U0DAN")), ApprovalStep("Board", ("U0EVE", "U0DAN"), 1)),
    times=Times(2 * DAY, 5 * DAY, ("U0EVE",), 29 * DAY, Quiet(time(20), time(8))),
)


class Slack:
    """Takes every message, and remembers who was written to and when."""

    def __init__(self) -> None:
        self.now = NOW
        self.direct: list[tuple[str, datetime]] = []
        self.count = 0

    def post(self, channel: str, text: str, blocks: Sequence[object], *, key: str, thread: str = "") -> Post:
        del text, blocks, thread
        self.count += 1
        if "/nudge/" in key:
            self.direct.append((channel, self.now))
        return Post(channel, str(self.count))

    def update(self, post: Post, text: str, blocks: Sequence[object], *, key: str) -> None:
        """Nothing to remember."""

    def delete(self, post: Post) -> None:
        """Nothing to remember."""

    def find(self, *_: object, **__: object) -> tuple[Post, ...]:
        return ()

    def members(self, group: str) -> frozenset[str]:
        raise AssertionError(f"there is no group {group} in this policy")

    def person(self, id: str) -> Person:
        return Person(active=True, zone=ZONES.get(id, ""))


class Month:
    """An order that waits, and processes that come and go."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.slack = Slack()
        self.restart()
        self.store.migrate()
        request.file(self.world, REQUEST, "U0ALICE", "trigger")
        order = self.order()
        waits = replace(
            order, state=State.WAITING, plan=self.world.plan(order), asked_at=NOW, step_at=NOW, version=2
        )
        self.store.commit(begins_to_wait(order, waits))

    def restart(self) -> None:
        """As after a stop of the only process."""
        self.store = Store.open(self.url)
        self.world = World(
            load(ENVIRONMENT),
            self.store,
            {"aws": Shop()},  # type: ignore[dict-item]
            self.slack,  # type: ignore[arg-type]
            lambda: self.slack.now,
            Rules(POLICY),
        )

    def order(self) -> Order:
        [order] = self.store.listing(State)
        return order

    def hours(self, count: int) -> None:
        for _ in range(count):
            self.slack.now += timedelta(hours=1)
            while claim := self.store.claim(Queue.CHAT, self.slack.now, dict.fromkeys(Job, 60.0)):
                worker.run(self.world, claim)
            if self.slack.now.hour == 3:
                self.store.close()
                self.restart()


def begins_to_wait(before: Order, after: Order) -> Change:
    clock = Work(f"{after.id}/clock", Job.CLOCK, after.id)
    return Change(before, after, "bot", "Checked", {}, [clock], NOW)


@pytest.fixture
def month(tmp_path: Path) -> Month:
    return Month(f"sqlite:///{tmp_path}/orders.db")


def awake(person: str, at: datetime) -> bool:
    return 8 <= at.astimezone(ZoneInfo(ZONES[person])).hour < 20


def test_each_is_reminded_once_by_day_others_are_asked_and_it_expires(month: Month) -> None:
    month.hours(24 * 28)
    assert month.order().state is State.WAITING
    assert Counter(person for person, _ in month.slack.direct) == {"U0BOB": 1, "U0DAN": 1, "U0EVE": 1}
    assert all(awake(person, at) for person, at in month.slack.direct)
    by_person = dict(month.slack.direct)
    assert by_person["U0BOB"] - NOW < 3 * DAY
    assert 5 * DAY <= by_person["U0EVE"] - NOW < 6 * DAY
    month.hours(24 * 2)
    assert month.order().state is State.EXPIRED
    assert len(month.slack.direct) == 3


def test_a_new_step_is_reminded_of_anew_and_by_its_own_clock(month: Month) -> None:
    month.hours(24 * 3)
    approve.decide(month.world, month.order().id, "U0BOB", "approve", "", "", "C0EDGE")
    began = month.slack.now
    month.hours(24 * 4)
    later = [(person, at) for person, at in month.slack.direct if at > began]
    assert Counter(person for person, _ in later) == {"U0EVE": 1, "U0DAN": 1}
    assert all(2 * DAY <= at - began < 3 * DAY and awake(person, at) for person, at in later)

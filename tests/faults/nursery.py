"""Where the bot processes of the fault tests come from: a process that has imported everything forks.

What is forked is a real process that runs the real command line. Only the imports, most of the time that
a start takes, were done before. Each child is killed by the kernel when this one ends, however it ends.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MODULES = (
    "bot.__main__",
    "bot.serve",
    "bot.slack.listeners",
    "bot.store.postgres",
    "bot.store.sqlite",
    "bot.web",
    "bot.worker",
    "gunicorn.arbiter",
    "gunicorn.workers.gthread",
    "waitress.server",
)
NEEDED = ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_START")


class Nursery:
    """Starts bots. Use as a context manager; safe to share among threads."""

    def __enter__(self) -> Nursery:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            env={name: os.environ[name] for name in NEEDED if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests, which then end this one in order
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def spawn(self, command: str, environment: Mapping[str, str], log: Path, **how: Any) -> Process:
        """Start `bot COMMAND`; `how` may name a `plant` and new values of constants of the worker."""
        said = {"do": "spawn", "command": command, "environment": dict(environment), "log": str(log)}
        return Process(self, command, self.ask(said | how))

    def ask(self, said: dict[str, Any]) -> Any:
        """Send one line, read one line."""
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(said) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


class Process:
    """One bot process."""

    def __init__(self, nursery: Nursery, command: str, pid: int) -> None:
        self.nursery = nursery
        self.command = command
        self.pid = pid
        self._code: int | None = None

    @property
    def code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self._code is None:
            self._code = self.nursery.ask({"do": "poll", "pid": self.pid})
        return self._code

    def signal(self, number: int) -> None:
        """Send a signal to the process and its children."""
        if self.code is None:
            os.killpg(self.pid, number)

    def kill(self) -> int:
        """End it as a power cut would, and wait for its end."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def wait(self, timeout: float = 15.0) -> int:
        """Wait for its end; returns the exit code."""
        end = time.monotonic() + timeout
        while self.code is None:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.command} has not ended")
            time.sleep(0.005)
        return self.code


def _serve() -> None:
    _import_everything()
    living: dict[int, int | None] = {}
    for line in sys.stdin:
        said = json.loads(line)
        if said["do"] == "spawn":
            pid = os.fork()
            if pid == 0:
                _be(said)
            living[pid] = None
            answer = pid
        else:
            pid = said["pid"]
            if living[pid] is None:
                ended, status = os.waitpid(pid, os.WNOHANG)
                living[pid] = os.waitstatus_to_exitcode(status) if ended else None
            answer = living[pid]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid, code in living.items():
        if code is None:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _import_everything() -> None:
    for name in MODULES:
        importlib.import_module(name)

    from bot.clouds.aws_client import Clients
    from bot.core import order

    order._adapter()
    with Clients(1.0).submitter("eu-west-1"):
        """Now the service model is read from disk, and every child has it."""

    importlib.import_module("azure.identity")
    importlib.import_module("azure.mgmt.edgeorder")


def _be(said: dict[str, Any]) -> None:
    """Become the bot; never returns."""
    code = 70
    try:
        os.setsid()
        die_with_parent()
        os.environ.clear()
        os.environ.update(said["environment"])
        nothing, log = (
            os.open(os.devnull, os.O_RDONLY),
            os.open(said["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        )
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        sys.argv = ["bot", said["command"]]
        code = _run(said)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _run(said: dict[str, Any]) -> int:
    import traceback

    import bot.worker
    from bot.__main__ import main
    from tests.faults import plants

    for name, value in said.get("constants", {}).items():
        setattr(bot.worker, name, value)
    if said.get("plant"):
        plants.plant(said["plant"])
    try:
        main([said["command"]])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - nothing of the nursery may run in the child
        traceback.print_exc()
        return 1
    return 0


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent ends."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


if __name__ == "__main__":
    _serve()

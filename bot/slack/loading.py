"""Forms that wait for their cloud: each is told when it has answered, or that it takes too long.

The worker asks the clouds; what came of it is in the store, whichever process the worker is. One thread looks
there for all forms of this process, and lives only as long as one of them waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot import catalogue
from bot.spine import World

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds that a form waits for its cloud before it says so and offers to try again."""
WATCHED = 300.0
"""Seconds for which a form that says what failed still fills by itself."""
LOOK = 0.25
LOOK_LATER = 2.0
"""Seconds between looks, in the first `PATIENCE` and after."""
MOST = 200
"""Forms that wait; with more, the one that has waited longest has to be opened again."""


@dataclass
class _Wait:
    cloud: str
    line: str
    since: float


class Loading:
    """Keeps the line at the top of forms up to date. Safe to share among threads.

    Args:
        world: The store, and the clouds.
        show: Puts another line on a form: its id, its cloud, the line.
    """

    def __init__(self, world: World, show: Callable[[str, str, str], None]) -> None:
        self._world = world
        self._show = show
        self._lock = threading.Lock()
        self._waits: dict[str, _Wait] = {}
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def watch(self, view_id: str, cloud: str, line: str) -> None:
        """A form shows this line, and is to show what follows."""
        with self._lock:
            known = self._waits.get(view_id)
            if known and known.line == line:
                return
            self._waits[view_id] = _Wait(cloud, line, time.monotonic())
            while len(self._waits) > MOST:
                del self._waits[next(iter(self._waits))]
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="loading", daemon=True)
                self._thread.start()

    def forget(self, view_id: str) -> None:
        """A form is filled, sent, or gone."""
        with self._lock:
            self._waits.pop(view_id, None)

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        with self._lock:
            thread = self._thread
        if thread:
            thread.join()

    def _run(self) -> None:
        pause = LOOK
        while not self._closing.wait(pause):
            now = time.monotonic()
            with self._lock:
                for id in [id for id, one in self._waits.items() if now - one.since > WATCHED]:
                    del self._waits[id]
                waits = dict(self._waits)
                if not waits:
                    self._thread = None
                    return
            try:
                self._look(waits, now)
            except Exception:  # the database is away: it is looked at again
                log.exception("form.not_filled")
            hurry = any(now - one.since < PATIENCE + 1 for one in waits.values())
            pause = LOOK if hurry else LOOK_LATER

    def _look(self, waits: dict[str, _Wait], now: float) -> None:
        lines: dict[tuple[str, bool], str] = {}
        for id, wait in waits.items():
            asked = (wait.cloud, now - wait.since > PATIENCE)
            if asked not in lines:
                lines[asked] = catalogue.line(self._world, wait.cloud, waited=asked[1])
            if lines[asked] != wait.line:
                wait.line = lines[asked]
                self._show(id, wait.cloud, wait.line)

"""Faults a test orders: what goes wrong with the next calls of a method."""

from __future__ import annotations

import threading
from dataclasses import dataclass

KINDS = frozenset({"drop_before", "drop_after", "hang", "hang_dead", "late", "500", "503", "429", "html"})


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with one call."""

    kind: str
    seconds: float = 0.0

    @property
    def applies(self) -> bool:
        """Whether the call still has its effect."""
        return self.kind in ("drop_after", "hang", "late")

    @property
    def drops(self) -> bool:
        """Whether the connection is closed without an answer."""
        return self.kind in ("drop_before", "drop_after", "hang_dead")


class Faults:
    """The faults still to happen, first ordered first served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[tuple[str, Fault]] = []

    def add(self, method: str, kind: str, times: int = 1, seconds: float = 0.0) -> None:
        """Let the next `times` calls of `method` go wrong.

        Args:
            method: a Web API method, `response_url`, or `*` for any of them.
            kind: `drop_before` (connection closed, call not applied), `drop_after` (applied, then
                closed unanswered), `hang` (`seconds` late, then applied and answered), `hang_dead`
                (`seconds` late, then closed, not applied), `late` (applied, and answered `seconds`
                later), `500`, `503`, `429` (with Retry-After: `seconds`), `html` (status 200, a page
                instead of JSON, not applied) or `error:NAME` (`ok: false` with that error, not
                applied).
            times: how many calls.
            seconds: how long to hang, or what Retry-After says.

        Raises:
            ValueError: no such kind.
        """
        if kind not in KINDS and not kind.startswith("error:"):
            raise ValueError(f"no fault {kind!r}; there are {', '.join(sorted(KINDS))}, error:NAME")
        with self._lock:
            self._queue += [(method, Fault(kind, seconds))] * times

    def clear(self) -> None:
        """Forget all faults that have not happened."""
        with self._lock:
            self._queue.clear()

    @property
    def pending(self) -> int:
        """How many faults have not happened yet."""
        with self._lock:
            return len(self._queue)

    def take(self, method: str) -> Fault | None:
        """Remove and return the fault the next call of `method` meets, if any."""
        with self._lock:
            for index, (wanted, fault) in enumerate(self._queue):
                if wanted in (method, "*"):
                    del self._queue[index]
                    return fault
        return None

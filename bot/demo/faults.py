"""What can go wrong between a client and the service, ordered by a test and then truly done.

The variants `…_before` and `…_after` differ in the only thing that matters to who pays: whether
the operation was carried out before the failure.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

FAILURES = ("408", "429", "500", "502", "503", "504", "throttle")
"""Failures with an HTTP answer, by the stem of their kind."""

_STEMS = ("drop", "reset", "hang", *FAILURES, "empty_200", "truncated_200", "html_200")

KINDS = frozenset(
    {"slow", "book_late"} | {f"{stem}_{when}" for stem in _STEMS for when in ("before", "after")}
)
"""Every kind but the open-ended ones, such as `error:Code:Message`."""


@dataclass(frozen=True)
class Fault:
    """One failure to come."""

    operation: str
    """The operation's name in the model, or `*`."""
    kind: str
    seconds: float = 0.0
    region: str | None = None
    """Strikes in this Region only."""
    name: str | None = None
    """Strikes for the resource of this name only."""

    @property
    def stem(self) -> str:
        """The kind without its variant: what the client gets to see."""
        return self.kind.removesuffix("_before").removesuffix("_after")

    @property
    def carried_out(self) -> bool:
        """Whether the operation takes effect before it fails."""
        return self.kind.endswith("_after")

    def hits(self, operation: str, region: str = "", name: str = "") -> bool:
        return (
            self.operation in ("*", operation) and self.region in (None, region) and self.name in (None, name)
        )


class Faults:
    """The failures to come, oldest first; each request uses up at most one."""

    def __init__(self, operations: Iterable[str], open_ended: Iterable[str] = ("error",)) -> None:
        self._open_ended = frozenset(open_ended)
        self._operations = frozenset(operations) | {"*"}
        self._guard = threading.Lock()
        self._queue: list[Fault] = []

    def add(
        self,
        operation: str,
        kind: str,
        times: int = 1,
        seconds: float = 0.0,
        region: str | None = None,
        name: str | None = None,
    ) -> None:
        """Let the next `times` requests for the operation fail in this way.

        `seconds` is how long `hang_…` holds the connection, how long `slow` waits before it
        carries out and answers, and how long after the lost answer `book_late` takes effect.
        Raises ValueError for a kind or operation that there isn't: a fault that never strikes
        would make a test pass for nothing.
        """
        word, _, rest = kind.partition(":")
        code, _, message = rest.partition(":")
        if kind not in KINDS and not (word in self._open_ended and code and message):
            more = {f"{word}:Code:Message" for word in self._open_ended}
            raise ValueError(f"no such fault: {kind!r}; there are {', '.join(sorted(KINDS | more))}")
        if operation not in self._operations:
            raise ValueError(f"no such operation: {operation!r}")
        with self._guard:
            self._queue += [Fault(operation, kind, seconds, region, name)] * times

    def take(self, operation: str, region: str = "", name: str = "") -> Fault | None:
        """The fault that this request meets, which is then used up."""
        with self._guard:
            for place, fault in enumerate(self._queue):
                if fault.hits(operation, region, name):
                    return self._queue.pop(place)
        return None

    @property
    def pending(self) -> list[Fault]:
        """The faults that no request has met yet."""
        with self._guard:
            return list(self._queue)

    def clear(self) -> None:
        """Let nothing more go wrong."""
        with self._guard:
            self._queue.clear()

"""What can go wrong between a client and the service, ordered by a test and then truly done.

The variants `…_before` and `…_after` differ in the only thing that matters to who pays: whether
the operation was carried out before the failure.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from bot.demo.outposts.wire import Refusal

# AWS marks throttling with the code of the error, at either status.
FAILURES = {
    "408": Refusal("RequestTimeoutException", "The request timed out.", 408),
    "429": Refusal("TooManyRequestsException", "Too many requests.", 429),
    "500": Refusal("InternalServerException", "An internal error has occurred.", 500),
    "502": Refusal("BadGatewayException", "The gateway got no valid answer.", 502),
    "503": Refusal("ServiceUnavailableException", "The service is unavailable.", 503),
    "504": Refusal("GatewayTimeoutException", "The gateway got no answer in time.", 504),
    "throttle": Refusal("ThrottlingException", "Rate exceeded", 400),
}
"""Failures with an HTTP answer, by the stem of their kind."""

_STEMS = ("drop", "reset", "hang", *FAILURES, "empty_200", "truncated_200", "html_200")

KINDS = frozenset(
    {"slow", "book_late"} | {f"{stem}_{when}" for stem in _STEMS for when in ("before", "after")}
)
"""Every kind but `error:Code:Message`, which is open-ended."""


@dataclass(frozen=True)
class Fault:
    """One failure to come."""

    operation: str
    """The operation's name in the model, or `*`."""
    kind: str
    seconds: float = 0.0
    region: str | None = None

    @property
    def stem(self) -> str:
        """The kind without its variant: what the client gets to see."""
        return self.kind.removesuffix("_before").removesuffix("_after")

    @property
    def carried_out(self) -> bool:
        """Whether the operation takes effect before it fails."""
        return self.kind.endswith("_after")

    def hits(self, operation: str, region: str) -> bool:
        return self.operation in ("*", operation) and self.region in (None, region)


class Faults:
    """The failures to come, oldest first; each request uses up at most one."""

    def __init__(self, operations: Iterable[str]) -> None:
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
    ) -> None:
        """Let the next `times` requests for the operation fail in this way.

        `seconds` is how long `hang_…` holds the connection, how long `slow` waits before it
        carries out and answers, and how long after the lost answer `book_late` takes effect.
        Raises ValueError for a kind or operation that there isn't: a fault that never strikes
        would make a test pass for nothing.
        """
        code, _, message = kind.removeprefix("error:").partition(":")
        if kind not in KINDS and not (kind.startswith("error:") and code and message):
            known = ", ".join(sorted(KINDS))
            raise ValueError(f"no such fault: {kind!r}; there are error:Code:Message, {known}")
        if operation not in self._operations:
            raise ValueError(f"no such operation: {operation!r}")
        with self._guard:
            self._queue += [Fault(operation, kind, seconds, region)] * times

    def take(self, operation: str, region: str) -> Fault | None:
        """The fault that this request meets, which is then used up."""
        with self._guard:
            for place, fault in enumerate(self._queue):
                if fault.hits(operation, region):
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

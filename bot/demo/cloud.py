"""What every local cloud is made of: serving, the record of the wire, faults, and time that runs."""

import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from bot.demo.faults import FAILURES, Fault, Faults
from bot.demo.wire import Answer, Hangup, Incoming, Server

_HTML = (
    b"<!DOCTYPE html><html><head><title>Proxy</title></head>"
    b"<body><h1>Please sign in to the network</h1></body></html>"
)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it was received, whatever became of it."""

    operation: str
    """The operation's name in the model; empty where no route matches."""
    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    body: Any
    """Parsed from JSON; the text itself where it is none, None where there was no body."""
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By lower-case name."""
    status: int | None = None
    """The HTTP status answered; None while unanswered, for good if the connection was cut."""


class Living(Protocol):
    """Something with a life that time moves on."""

    moved: float
    """When it last changed its stage, on the monotonic clock."""

    @property
    def open(self) -> bool: ...


R = TypeVar("R", bound=Request)


class LocalCloud(ABC, Generic[R]):
    """A cloud's API, served on loopback. Safe to use from any thread."""

    name: str
    """What its threads are called by."""
    half: bytes
    """The beginning of a good answer, for one that breaks off without having been carried out."""

    def __init__(self, clock: Callable[[], datetime], faults: Faults) -> None:
        self.faults = faults
        self._clock = clock
        self._changed = threading.Condition(threading.RLock())
        self._requests: list[R] = []
        self._unexpected: list[int] = []
        self._server: Server | None = None
        self._stopping = threading.Event()
        self._late: list[threading.Thread] = []
        self._runner: threading.Thread | None = None
        self._pace: float | None = None

    # Serving

    def start(self, port: int = 0) -> None:
        """Serve on the port, or on a free one. What is kept survives `stop` and `start`."""
        if self._server is not None:
            raise RuntimeError("already started")
        self._stopping.clear()
        self._server = self._serve(port)

    def stop(self) -> None:
        """End every connection, hang and late booking; none of it outlives this call."""
        self.pause()
        self._stopping.set()
        if self._server is not None:
            self._server.close()
            self._server = None
        with self._changed:
            late, self._late = self._late, []
        for thread in late:
            thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it is served; RuntimeError while it isn't."""
        if self._server is None:
            raise RuntimeError("not started")
        return self._server.url

    # What happened

    @property
    def requests(self) -> list[R]:
        """Every request received, in sequence, the unanswered ones included."""
        with self._changed:
            return list(self._requests)

    @property
    def unexpected(self) -> list[R]:
        """The requests for what isn't built here, or isn't in the model at all."""
        with self._changed:
            return [self._requests[number] for number in self._unexpected]

    # Time

    def run(self, seconds_per_stage: float) -> None:
        """Advance all that is open by itself, each this long after its last step."""
        with self._changed:
            self._pace = seconds_per_stage
            if self._runner is None:
                self._runner = threading.Thread(target=self._live, name=f"{self.name}-life", daemon=True)
                self._runner.start()
            self._changed.notify_all()

    def pause(self) -> None:
        """Let time stand still again; `run` resumes."""
        with self._changed:
            runner, self._runner, self._pace = self._runner, None, None
            self._changed.notify_all()
        if runner is not None:
            runner.join()

    def _live(self) -> None:
        with self._changed:
            while self._runner is threading.current_thread() and self._pace is not None:
                now = time.monotonic()
                for one in self._living():
                    if one.open and one.moved + self._pace <= now:
                        self._age(one)
                        # Also one that can't advance: it isn't due again at once.
                        one.moved = now
                due = [one.moved + self._pace - now for one in self._living() if one.open]
                self._changed.wait(min(due, default=None))

    # From request to answer

    def _handle(
        self, received: R, incoming: Incoming, fault: Fault | None, carry_out: Callable[[], Answer]
    ) -> Answer | Hangup:
        with self._changed:
            self._requests.append(received)
            number = len(self._requests) - 1
            if not self._knows(received.operation):
                self._unexpected.append(number)
        reply = self._meet(fault, incoming, carry_out)
        if isinstance(reply, Answer):
            # Before the client can have read it: who was answered may look at once.
            with self._changed:
                self._requests[number] = replace(received, status=reply.status)
        return reply

    def _meet(
        self, fault: Fault | None, incoming: Incoming, carry_out: Callable[[], Answer]
    ) -> Answer | Hangup:
        if fault is None:
            return carry_out()
        if fault.kind == "slow":
            gone = self._stopping.wait(fault.seconds)
            return Hangup() if gone else carry_out()
        if fault.kind == "book_late":
            self._carry_out_late(fault.seconds, carry_out)
            return Hangup()
        if fault.kind.startswith("error:"):
            _, code, message = fault.kind.split(":", 2)
            return self._say(code, message, incoming)

        answer = carry_out() if fault.carried_out else None
        if fault.stem in FAILURES:
            return self._failure(fault.stem)
        match fault.stem:
            case "empty_200":
                return Answer(200, b"")
            case "html_200":
                return Answer(200, _HTML, "text/html")
            case "truncated_200":
                whole = (answer and answer.body) or self.half
                return Answer(200, whole[: len(whole) // 2], promised=max(len(whole), 2))
            case "hang":
                self._stopping.wait(fault.seconds)
        return Hangup(reset=fault.stem == "reset")

    def _carry_out_late(self, seconds: float, carry_out: Callable[[], Answer]) -> None:
        def book() -> None:
            if not self._stopping.wait(seconds):
                carry_out()

        thread = threading.Thread(target=book, name=f"{self.name}-late", daemon=True)
        with self._changed:
            self._late.append(thread)
        thread.start()

    # What each cloud does in its own way

    @abstractmethod
    def _serve(self, port: int) -> Server: ...

    @abstractmethod
    def _knows(self, operation: str) -> bool: ...

    @abstractmethod
    def _living(self) -> Iterable[Living]: ...

    @abstractmethod
    def _age(self, one: Any) -> None:
        """Move on what `_living` gave; called with the lock held."""

    @abstractmethod
    def _failure(self, stem: str) -> Answer:
        """One of `FAILURES`, in the cloud's words."""

    @abstractmethod
    def _say(self, code: str, message: str, incoming: Incoming) -> Answer:
        """A refusal that was put into the cloud's mouth."""


def parsed(body: bytes) -> Any:
    """A body as `Request` keeps it."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")

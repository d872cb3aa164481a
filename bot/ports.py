"""What the steps need of the world: a cloud to order from, a chat to talk in.

A provider is one file in `clouds/` that has the shape of `Cloud`. The clock is a plain callable that
returns an aware UTC datetime; ids come from a plain callable too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.core.request import Request
from bot.core.snapshot import Ref, Snapshot, Summary

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Placed:
    """The cloud took the order and named it."""

    ref: Ref


@dataclass(frozen=True)
class Refused:
    """The cloud said no: there is no order. `code` and `words` are its own."""

    code: str
    words: str


@dataclass(frozen=True)
class Unclear:
    """The request went out and no usable answer came back: there may be an order."""

    why: str


@dataclass(frozen=True)
class NotSent:
    """Nothing left this machine, so there is no order; `why` for operators."""

    why: str


Outcome = Placed | Refused | Unclear | NotSent


@dataclass(frozen=True)
class Found:
    """An order that the cloud has and that looks exactly like the one asked for."""

    ref: Ref
    submitted: datetime | None


@dataclass(frozen=True)
class Choice:
    """Something that a form offers: `value` is stored, `text` shown (75 characters at most)."""

    value: str
    text: str
    detail: str = ""


@dataclass(frozen=True)
class Catalogue:
    """What can be ordered in one scope. Keys of `choices` are those of the order grammar."""

    scope: str
    choices: dict[str, tuple[Choice, ...]] = field(default_factory=dict)


class Cloud(Protocol):
    """One provider. Every call may raise `CloudDown`; those that name one thing also `CloudRefused`."""

    name: str

    @property
    def scopes(self) -> Sequence[str]:
        """What has to be asked one by one when following or listing: the Regions of AWS."""

    def catalogue(self, scope: str) -> Catalogue:
        """What can be ordered in `scope` now."""

    def check(self, request: Request) -> Request:
        """The same request with what the cloud knows filled in (its Region).

        Raises:
            CloudRefused: Something that it names does not exist or cannot be ordered.
        """

    def place(self, request: Request, send_before: datetime) -> Outcome:
        """Send the order once, or not at all when `send_before` (UTC) has passed."""

    def known(self, request: Request) -> frozenset[str]:
        """The ids of all orders that the cloud has where this one would go."""

    def look_alikes(self, request: Request, since: datetime, known: frozenset[str]) -> tuple[Found, ...]:
        """Orders not in `known`, submitted at or after `since`, that equal the request in every field."""

    def read(self, ref: Ref) -> Snapshot:
        """Everything that the cloud says of one order.

        Raises:
            CloudUnknown: There is no such order.
        """

    def find(self, order_id: str) -> Snapshot:
        """As `read`, for an id of which only the order is known, not the scope."""

    def summaries(self, scope: str) -> Iterator[Summary]:
        """The cheap view of every order in `scope`, a page a call (AWS: 1,000)."""

    def cancel(self, ref: Ref) -> None:
        """Ask for an order to be cancelled. Asking again does no harm."""

    def close(self) -> None:
        """Let go of connections; nothing may be asked afterwards."""


@dataclass(frozen=True)
class Post:
    """Where a message stands in Slack."""

    channel: str
    ts: str


class Chat(Protocol):
    """Slack, as far as the worker needs it. Every call may raise `ChatDown` or `ChatRefused`."""

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[dict[str, Any]],
        *,
        key: str,
        thread: str = "",
    ) -> Post:
        """Post a message; `key` travels in its metadata, so that it can be found again. `thread`: a ts."""

    def update(self, post: Post, text: str, blocks: Sequence[dict[str, Any]], *, key: str) -> None:
        """Replace a message; doing it twice is doing it once."""

    def whisper(self, channel: str, person: str, text: str, blocks: Sequence[dict[str, Any]]) -> None:
        """Show a message to one person only."""

    def find(self, channel: str, key: str, *, thread: str = "", since: float = 0) -> tuple[Post, ...]:
        """Our messages in a channel or thread that carry `key`, oldest first. `since`: Unix seconds."""

    def delete(self, post: Post) -> None:
        """Take a message of ours away."""

    def members(self, group: str) -> frozenset[str]:
        """The people of a user group, by Slack id."""

"""What the steps need of the world: a cloud to order from, a chat to talk in.

A provider is one file in `clouds/` that has the shape of `Cloud`. The clock is a plain callable that
returns an aware UTC datetime; ids come from a plain callable too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.core.events import FEE, Operation
from bot.core.finding import Finding
from bot.core.quote import Offer, Quote, Wish
from bot.core.request import NewAddress, Request
from bot.core.snapshot import Ref, Snapshot, Summary

__all__ = [
    "FEE",
    "Accepted",
    "Catalogue",
    "Chat",
    "Choice",
    "Clock",
    "Cloud",
    "Found",
    "NotSent",
    "Outcome",
    "Person",
    "Placed",
    "Post",
    "Refused",
    "Unclear",
]

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Placed:
    """The cloud took the order and named it."""

    ref: Ref


@dataclass(frozen=True)
class Accepted:
    """The cloud took the request and works on it; `status_url` tells later what became of it.

    `retry_after` is how long the cloud asks to wait before it is asked, in seconds.
    """

    status_url: str
    retry_after: float


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


Outcome = Placed | Accepted | Refused | Unclear | NotSent


@dataclass(frozen=True)
class Found:
    """An order that the cloud has and that looks exactly like the one asked for.

    `ours`: the cloud's own record names our order, so that there is no doubt (a tag of an Azure item).
    """

    ref: Ref
    submitted: datetime | None
    ours: bool = False


@dataclass(frozen=True)
class Choice:
    """Something that a form offers: `value` is stored, `text` shown (75 characters at most)."""

    value: str
    text: str
    detail: str = ""


@dataclass(frozen=True)
class Catalogue:
    """What can be ordered in one scope. Keys of `choices` are those of the order grammar, and those of
    `offers` the keys of a quote's rows (`Row.key`)."""

    scope: str
    choices: dict[str, tuple[Choice, ...]] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)


class Cloud(Protocol):
    """One provider. Every call may raise `CloudDown`; those that name one thing also `CloudRefused`.

    Where a cloud takes a request unit by unit (Azure), `unit` is the name of the one that is meant; where
    it takes all at once (AWS), `unit` is "".
    """

    name: str

    def units(self, order_id: str, request: Request) -> tuple[str, ...]:
        """The names under which the units of an order will be kept; none where it is taken whole."""

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

    def current(self, request: Request) -> Request:
        """The same request as the cloud prices it now, and as it would deliver it.

        What was asked for without a price comes back as it is, without any call.

        Raises:
            CloudRefused: It cannot be ordered any more.
        """

    def quote(self, wish: Wish, mark: str) -> Quote:
        """Let the cloud quote something, which orders nothing.

        Asking again for a `mark` finds the quote that was made for it, as soon as the cloud lists that.

        Raises:
            CloudRefused: It cannot be quoted, or the cloud makes no quotes.
        """

    def save_address(self, name: str, request: Request, address: NewAddress) -> str:
        """Let the cloud keep an address that the request is to be shipped to.

        Returns:
            Where the cloud tells whether it has done so, for `ended`; "" where it has already.
        """

    def place(self, request: Request, send_before: datetime, unit: str = "") -> Outcome:
        """Send the order, or a unit of it, once, or not at all when `send_before` (UTC) has passed."""

    def outcome(self, request: Request, unit: str, status_url: str) -> Outcome:
        """What became of a unit that was `Accepted`; still `Accepted` as long as the cloud works on it."""

    def known(self, request: Request) -> frozenset[str]:
        """The ids of all orders that the cloud has where this one would go."""

    def look_alikes(
        self, request: Request, since: datetime, known: frozenset[str], unit: str = ""
    ) -> tuple[Found, ...]:
        """What may be the order, or the unit.

        Orders not in `known`, submitted at or after `since`, that equal the request in every field; with a
        `unit`, what the cloud keeps under its name.
        """

    def read(self, ref: Ref) -> Snapshot:
        """Everything that the cloud says of one order.

        Raises:
            CloudUnknown: There is no such order.
        """

    def find(self, order_id: str) -> Snapshot:
        """As `read`, for an id of which only the order is known, not the scope."""

    def summaries(self, scope: str, refs: Collection[Ref]) -> Iterator[Summary]:
        """The cheap view of the orders in `scope`, a page a call (AWS: 1,000, Azure: 100).

        `refs` are those that are followed; there may be others among the summaries.
        """

    def cancel(self, ref: Ref, reason: str = "", *, fee: bool = False) -> None:
        """Ask for an order to be cancelled, whatever of it can be. Asking again does no harm.

        Raises:
            CloudRefused: Some of it cannot be; `FEE` is the code where only a fee stands in the way.
        """

    def operate(self, ref: Ref, operation: Operation, reason: str, *, fee: bool) -> tuple[str, ...]:
        """Ask for something to be done with an order. Asking again does no harm.

        Returns:
            Where the cloud tells whether it has done so, for `ended`; nothing where it has already.

        Raises:
            CloudRefused: As for cancelling.
        """

    def ended(self, status_url: str) -> bool:
        """Whether the cloud has done what it was asked for.

        Raises:
            CloudRefused: It has failed, or does not know of it.
        """

    def examine(self, scope: str) -> Iterator[Finding]:
        """Whether the cloud knows the bot and lets it do what it has to, by reading alone; never raises."""

    def close(self) -> None:
        """Let go of connections; nothing may be asked afterwards."""


@dataclass(frozen=True)
class Post:
    """Where a message stands in Slack."""

    channel: str
    ts: str


@dataclass(frozen=True)
class Person:
    """Somebody in Slack: whether they are still there, and their time zone (IANA name, "" if not told)."""

    active: bool
    zone: str


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

    def person(self, id: str) -> Person:
        """What Slack tells of somebody, by Slack id."""

    def publish(self, person: str, view: dict[str, Any]) -> None:
        """Show somebody their App Home; doing it twice is doing it once."""

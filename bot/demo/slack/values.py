"""The values the local Slack hands out; all frozen, so a test may keep and compare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.demo.slack import plain

Json = dict[str, Any]


@dataclass(frozen=True)
class User:
    """A person of the workspace."""

    id: str
    name: str
    username: str
    tz: str = "Europe/Berlin"
    deleted: bool = False
    restricted: bool = False

    @property
    def email(self) -> str:
        """The address users.info gives."""
        return f"{self.username}@example.com"


@dataclass(frozen=True)
class Group:
    """A user group, mentioned as `@handle`."""

    id: str
    handle: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Delivery:
    """One request to the app, kept whole so that it can be sent again unchanged."""

    kind: str
    """`slash_commands`, `interactive` or `events_api`, as Socket Mode calls them."""
    what: str
    """For people: what was done, as `/order aws by Dana`."""
    body: bytes
    headers: Mapping[str, str]
    payload: Json
    wants_answer: bool = False
    user: str = ""
    channel: str = ""


@dataclass(frozen=True)
class Ack:
    """How the app answered one delivery."""

    status: int
    """HTTP status; 0 when no answer came in time."""
    body: Any
    """Parsed JSON, else text; empty text for an empty answer."""
    seconds: float
    """How long the answer took."""
    delivery: Delivery | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Call:
    """One Web API call of the app (or a POST to a response_url, as method `response_url`)."""

    method: str
    arguments: Json
    """Parsed: blocks, view and metadata are objects however they were sent; without the token."""
    at: float
    """When it arrived, on the clock of `time.monotonic`."""
    answer: Json | None
    """What was answered; None when a fault swallowed the answer."""
    fault: str = ""
    """The kind of fault that was ordered for it, if any."""


@dataclass(frozen=True)
class Message:
    """A message as it was when obtained: later edits do not change it."""

    channel: str
    ts: str
    user: str
    """Id of the author."""
    text: str
    blocks: list[Json]
    thread_ts: str | None = None
    metadata: Json | None = None
    edited: bool = False
    only_for: str | None = None
    """Id of the one person who sees it (ephemeral), else None."""
    mentions: tuple[str, ...] = ()
    """Everybody it pings: `@U1`, `!channel`, `!here`, `!everyone`, `!subteam^S1`."""
    links: tuple[tuple[str, str], ...] = ()
    """`(address, shown text)` of every explicit link."""
    names: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def plain(self) -> str:
        """All visible text: that of the blocks, else the text; mentions shown as names."""
        if self.blocks:
            return plain.flatten(self.blocks, self.names)
        return plain.visible(self.text, self.names)

    @property
    def buttons(self) -> list[str]:
        """Texts of its buttons, in order."""
        return [
            plain.text_of(element.get("text"), self.names)
            for _, element in plain.controls(self.blocks)
            if element.get("type") in ("button", "workflow_button", "icon_button")
        ]

"""The state of the local Slack: people, channels, messages, views, under one lock.

Whoever changes something says so through `changed`; pages and tests wait for that.
"""

from __future__ import annotations

import copy
import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.demo.slack import plain
from bot.demo.slack.values import Call, Group, Json, Message, User
from bot.demo.slack.views import View, state_of

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60.0
RESPONSE_URL_USES = 5
STACK = 3


class Refusal(Exception):
    """Slack says no: an error by name, with details; `fair` if a careful app may meet it too."""

    def __init__(
        self, error: str, messages: Sequence[str] = (), *, fair: bool = False, retry_after: int = 0
    ) -> None:
        super().__init__(error)
        self.error = error
        self.messages = list(messages)
        self.fair = fair
        self.retry_after = retry_after


@dataclass
class Channel:
    """A conversation; `with_user` is set for a direct one."""

    id: str
    name: str
    private: bool = False
    bot_is_member: bool = True
    archived: bool = False
    members: tuple[str, ...] | None = None
    """None: everybody who is not restricted."""
    with_user: str | None = None


@dataclass
class Post:
    """A message as stored."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json]
    thread_ts: str | None = None
    metadata: Json | None = None
    edited_ts: str | None = None
    only_for: str | None = None
    link_names: bool = False
    deleted: bool = False


@dataclass(frozen=True)
class Line:
    """One thing that happened, for the transcript."""

    at: float
    where: str
    who: str
    text: str


@dataclass
class _Trigger:
    user: str
    channel: str
    view: str | None
    at: float
    used: bool = False


@dataclass
class ResponseUrl:
    """Where the app may answer one interaction."""

    user: str
    channel: str
    ts: str | None
    thread_ts: str | None
    at: float
    uses: int = 0


@dataclass
class Workspace:
    """Everything there is. Methods take the lock themselves unless they say otherwise."""

    clock: Callable[[], float] = time.monotonic
    bot_name: str = "Quartermaster"
    team: str = "T0LOCAL"
    app: str = "A0LOCAL"
    bot_user: str = "U0BOT"
    bot_id: str = "B0BOT"
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    views: dict[str, View] = field(default_factory=dict)
    stacks: dict[str, list[str]] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.version = 0
        self._numbers = itertools.count(1)
        self._last_ts = 0
        self._triggers: dict[str, _Trigger] = {}
        self._response_urls: dict[str, ResponseUrl] = {}
        self.users[self.bot_user] = User(self.bot_user, self.bot_name, self.bot_name.lower())

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the lock, then wake everybody who waits."""
        with self.changed:
            yield
            self.version += 1
            self.changed.notify_all()

    # --- people and places

    def names(self) -> Mapping[str, str]:
        """What is shown for each id."""
        with self.lock:
            return {
                **{user.id: user.name for user in self.users.values()},
                **{group.id: group.handle for group in self.groups.values()},
                **{channel.id: channel.name for channel in self.channels.values()},
            }

    def channel(self, reference: str) -> Channel | None:
        """Find a conversation by id or name; a person's id opens the direct one."""
        with self.lock:
            if reference in self.channels:
                return self.channels[reference]
            if reference in self.users:
                return self.direct(reference)
            name = reference.removeprefix("#")
            return next((c for c in self.channels.values() if c.name == name and not c.with_user), None)

    def direct(self, user: str) -> Channel:
        """The bot's direct conversation with a person, opened if there was none."""
        with self.lock:
            key = "D" + user.removeprefix("U")
            if key not in self.channels:
                self.channels[key] = Channel(key, "directmessage", with_user=user)
            return self.channels[key]

    def members(self, channel: Channel) -> list[str]:
        """Ids of who is in a conversation, the bot included if it is."""
        with self.lock:
            if channel.with_user:
                return [channel.with_user, self.bot_user]
            people = channel.members
            if people is None:
                people = tuple(
                    user.id
                    for user in self.users.values()
                    if user.id != self.bot_user and not user.deleted and not user.restricted
                )
            return [*people, *([self.bot_user] if channel.bot_is_member else [])]

    def place(self, channel: str) -> str:
        """How a conversation is called in the transcript."""
        with self.lock:
            found = self.channels.get(channel)
            if found is None:
                return channel
            if found.with_user:
                return f"DM {self.users[found.with_user].name}"
            return f"#{found.name}"

    # --- messages

    def stamp(self) -> str:
        """The next message timestamp, later than all before."""
        with self.lock:
            self._last_ts = max(int(time.time() * 1_000_000), self._last_ts + 1)
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def fresh(self, prefix: str) -> str:
        """An id nobody had before."""
        with self.lock:
            return f"{prefix}{next(self._numbers):07d}"

    def with_ids(self, blocks: list[Json]) -> list[Json]:
        """A copy of `blocks` in which every block and control has the id Slack would give it."""
        filled = copy.deepcopy(blocks)
        for block in filled:
            block.setdefault("block_id", uuid.uuid4().hex[:5])
        for _, element in plain.controls(filled):
            element.setdefault("action_id", uuid.uuid4().hex[:5])
        return filled

    def post(self, new: Post) -> Message:
        """Store a new message (its ts is set here)."""
        with self.change():
            new.ts = self.stamp()
            new.blocks = self.with_ids(new.blocks)
            self.posts.append(new)
            message = self.message(new)
            self._log_message(message, "")
            return message

    def edit(self, post: Post, text: str, blocks: list[Json], metadata: Json | None) -> Message:
        """Replace what a message says."""
        with self.change():
            post.text, post.blocks, post.metadata = text, self.with_ids(blocks), metadata
            post.edited_ts = self.stamp()
            message = self.message(post)
            self._log_message(message, "(edited) ")
            return message

    def delete(self, post: Post) -> None:
        """Take a message away."""
        with self.change():
            post.deleted = True
            self._log_message(self.message(post), "(deleted) ")

    def find(self, channel: str, ts: str) -> Post | None:
        """The message at a place and time, unless deleted."""
        with self.lock:
            for post in reversed(self.posts):
                if (post.channel, post.ts) == (channel, ts) and not post.deleted:
                    return post
            return None

    def select(
        self, channel: str | None = None, *, thread: str | None = None, only_for: str | None = None
    ) -> list[Post]:
        """Messages, oldest first: ephemeral ones of a person, or replies, or top-level ones."""
        with self.lock:
            return [
                post
                for post in self.posts
                if not post.deleted
                and (channel is None or post.channel == channel)
                and post.only_for == only_for
                and (only_for is not None or self._level(post) == thread)
            ]

    @staticmethod
    def _level(post: Post) -> str | None:
        return post.thread_ts if post.thread_ts != post.ts else None

    def message(self, post: Post) -> Message:
        """A stored message as a value."""
        with self.lock:
            found = plain.live(post.text, post.blocks, link_names=post.link_names)
            return Message(
                channel=post.channel,
                ts=post.ts,
                user=post.user,
                text=post.text,
                blocks=copy.deepcopy(post.blocks),
                thread_ts=post.thread_ts,
                metadata=copy.deepcopy(post.metadata),
                edited=post.edited_ts is not None,
                only_for=post.only_for,
                mentions=found.mentions,
                links=found.links,
                names=self.names(),
            )

    def message_json(self, post: Post, *, metadata: bool = False) -> Json:
        """A stored message as Slack sends it."""
        with self.lock:
            answer: Json = {
                "type": "message",
                "user": post.user,
                "ts": post.ts,
                "text": post.text,
                "team": self.team,
                "blocks": copy.deepcopy(post.blocks),
            }
            if post.user == self.bot_user:
                answer |= {"bot_id": self.bot_id, "app_id": self.app}
            if post.edited_ts:
                answer["edited"] = {"user": post.user, "ts": post.edited_ts}
            if metadata and post.metadata:
                answer["metadata"] = copy.deepcopy(post.metadata)
            replies = self.select(post.channel, thread=post.ts)
            if post.thread_ts:
                answer["thread_ts"] = post.thread_ts
            elif replies:
                answer |= {
                    "thread_ts": post.ts,
                    "reply_count": len(replies),
                    "latest_reply": replies[-1].ts,
                }
            return answer

    # --- triggers and response urls

    def issue_trigger(self, user: str, channel: str = "", view: str | None = None) -> str:
        """A trigger_id, good once and for three seconds from now."""
        with self.lock:
            trigger = f"{next(self._numbers)}.{int(time.time())}.{uuid.uuid4().hex}"
            self._triggers[trigger] = _Trigger(user, channel, view, self.clock())
            return trigger

    def _use_trigger(self, trigger_id: str) -> _Trigger:
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if trigger.used:
            raise Refusal("exchanged_trigger_id")
        if self.clock() - trigger.at > TRIGGER_SECONDS:
            raise Refusal("expired_trigger_id")
        trigger.used = True
        return trigger

    def issue_response_url(
        self, user: str, channel: str, ts: str | None = None, thread_ts: str | None = None
    ) -> str:
        """The path of a new response_url."""
        with self.lock:
            token = uuid.uuid4().hex
            self._response_urls[token] = ResponseUrl(user, channel, ts, thread_ts, self.clock())
            return f"/response/{token}"

    def use_response_url(self, token: str) -> ResponseUrl:
        """Count one use; raises Refusal when it is unknown, too old or used up."""
        with self.lock:
            found = self._response_urls.get(token)
            if found is None or self.clock() - found.at > RESPONSE_URL_SECONDS:
                raise Refusal("expired_url")
            if found.uses >= RESPONSE_URL_USES:
                raise Refusal("used_url")
            found.uses += 1
            return found

    # --- views

    def open_view(self, trigger_id: str, payload: Json, *, push: bool = False) -> View:
        """Show a modal, on top of those open (`push`) or in their place."""
        with self.change():
            self._unique(payload, None)
            trigger = self._use_trigger(trigger_id)
            stack = self.stacks.setdefault(trigger.user, [])
            if not push:
                for view_id in stack:
                    self.views[view_id].open = False
                stack.clear()
            elif trigger.view not in stack:
                raise Refusal("not_found", ["the trigger is not from an open modal"], fair=True)
            return self.stack_view(trigger.user, payload, trigger.channel)

    def stack_view(self, user: str, payload: Json, channel: str = "") -> View:
        """Put a modal on top of a person's stack; raises Refusal when that is full."""
        with self.change():
            stack = self.stacks.setdefault(user, [])
            if len(stack) >= STACK:
                raise Refusal("push_limit_reached")
            if stack and not channel:
                channel = self.views[stack[-1]].channel
            view_id = self.fresh("V")
            root = self.views[stack[0]].root_id if stack else view_id
            view = View(
                view_id,
                user,
                {**payload, "blocks": self.with_ids(payload["blocks"])},
                self._hash(),
                root,
                stack[-1] if stack else None,
                channel,
            )
            view.values = state_of(view.payload["blocks"], channel=channel)
            self.views[view_id] = view
            stack.append(view_id)
            self.log("form", self.users[user].name, self.show_view(view))
            return view

    def update_view(self, view: View, payload: Json, expected_hash: str | None = None) -> None:
        """Change a view in place, keeping what was entered where ids stay the same."""
        with self.change():
            if not view.open:
                raise Refusal("not_found", fair=True)
            if expected_hash and expected_hash != view.hash:
                raise Refusal("hash_conflict", fair=True)
            self._unique(payload, view)
            view.payload = {**payload, "blocks": self.with_ids(payload["blocks"])}
            view.values = state_of(view.payload["blocks"], view.values, view.channel)
            view.hash = self._hash()
            where = "form" if payload["type"] == "modal" else "home"
            self.log(where, self.users[view.user].name, "(changed) " + self.show_view(view))

    def close_view(self, view: View, *, everything: bool = False) -> None:
        """Take a modal away (`everything`: its whole stack)."""
        with self.change():
            stack = self.stacks.get(view.user, [])
            # One below the top only goes together with what lies on it.
            start = 0 if everything else stack.index(view.id) if view.id in stack else len(stack)
            for view_id in stack[start:]:
                self.views[view_id].open = False
            view.open = False
            del stack[start:]

    def publish_home(self, user: str, payload: Json, expected_hash: str | None) -> View:
        """Set a person's home tab."""
        with self.change():
            known = self.homes.get(user)
            if known:
                self.update_view(self.views[known], payload, expected_hash)
                return self.views[known]
            view_id = self.fresh("V")
            filled = {**payload, "blocks": self.with_ids(payload["blocks"])}
            view = View(view_id, user, filled, self._hash(), view_id, None)
            view.values = state_of(filled["blocks"])
            self.views[view_id] = view
            self.homes[user] = view_id
            self.log("home", self.users[user].name, self.show_view(view))
            return view

    def top_view(self, user: str) -> View | None:
        """The modal a person sees now."""
        with self.lock:
            stack = self.stacks.get(user)
            return self.views[stack[-1]] if stack else None

    def show_view(self, view: View) -> str:
        """A view as plain text."""
        title = plain.text_of(view.payload.get("title"), {})
        body = plain.flatten(view.payload["blocks"], self.names())
        return f"«{title}»\n{body}" if title else body

    def _unique(self, payload: Json, mine: View | None) -> None:
        external = payload.get("external_id")
        if external and any(
            view.open and view is not mine and view.payload.get("external_id") == external
            for view in self.views.values()
        ):
            raise Refusal("duplicate_external_id")

    def _hash(self) -> str:
        return f"{int(time.time())}.{uuid.uuid4().hex[:8]}"

    # --- what happened

    def log(self, where: str, who: str, text: str) -> None:
        """Add a line to the transcript."""
        with self.lock:
            self.lines.append(Line(time.time(), where, who, text))

    def violate(self, what: str) -> None:
        """Note something real Slack would not have put up with."""
        with self.change():
            self.violations.append(what)

    def _log_message(self, message: Message, prefix: str) -> None:
        where = self.place(message.channel)
        if message.thread_ts:
            where += " ↳"
        if message.only_for:
            where += f" (only {self.users[message.only_for].name})"
        self.log(where, self.users[message.user].name, prefix + message.plain)

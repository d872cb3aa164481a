"""The Web API and response_urls: from arguments to answers, without a server."""

from __future__ import annotations

import base64
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.demo.slack import block_kit
from bot.demo.slack.values import Json, User
from bot.demo.slack.views import View
from bot.demo.slack.workspace import Channel, Post, Refusal, Workspace

T = TypeVar("T")

TEXT = 40_000
_JSON_ARGUMENTS = ("blocks", "view", "metadata", "attachments")


@dataclass(frozen=True)
class Arguments:
    """Arguments of one call, however they were encoded."""

    values: Json

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Arguments:
        """Decode the arguments that are JSON in a string; raises Refusal when they are not."""
        values: Json = dict(raw)
        for name in _JSON_ARGUMENTS:
            if isinstance(values.get(name), str) and values[name]:
                try:
                    values[name] = json.loads(values[name])
                except ValueError as error:
                    wrong = "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
                    raise Refusal(wrong, [f"[ERROR] {name} is not JSON"]) from error
        return cls(values)

    def text(self, name: str) -> str:
        """A string, empty if absent."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def need(self, name: str) -> str:
        """A string that must be there."""
        value = self.text(name)
        if not value:
            raise Refusal("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean as people send them: true, "true", 1, "1"."""
        value = self.values.get(name)
        return default if value is None else str(value).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        """An integer."""
        try:
            return int(self.text(name) or default)
        except ValueError as error:
            raise Refusal("invalid_arguments", [f"[ERROR] {name} must be a number"]) from error

    def listed(self, name: str) -> list[str]:
        """Words separated by commas, or a list."""
        value = self.values.get(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def objects(self, name: str) -> list[Json] | None:
        """A list of objects; None if absent."""
        value = self.values.get(name)
        return None if value is None or value == "" else value


class WebApi:
    """Answers calls of the app upon a workspace."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        bot_token: str,
        app_token: str,
        scopes: frozenset[str] | None,
        post_burst: int | None,
        open_socket: Callable[[], str],
    ) -> None:
        self._here = workspace
        self._bot_token = bot_token
        self._app_token = app_token
        self._scopes = scopes
        self._post_burst = post_burst
        self._open_socket = open_socket
        self._buckets: dict[str, tuple[float, float]] = {}
        self._methods: dict[str, tuple[Callable[[Arguments], Json], tuple[str, ...]]] = {
            "api.test": (self._api_test, ()),
            "auth.test": (self._auth_test, ()),
            "apps.connections.open": (self._connections_open, ()),
            "chat.postMessage": (self._post_message, ("chat:write",)),
            "chat.postEphemeral": (self._post_ephemeral, ("chat:write",)),
            "chat.update": (self._update, ("chat:write",)),
            "chat.delete": (self._delete, ("chat:write",)),
            "chat.getPermalink": (self._permalink, ()),
            "conversations.open": (self._open, ("im:write",)),
            "conversations.info": (self._info, ("channels:read", "groups:read", "im:read")),
            "conversations.list": (self._list, ("channels:read", "groups:read", "im:read")),
            "conversations.members": (self._members, ("channels:read", "groups:read", "im:read")),
            "conversations.history": (
                self._history,
                ("channels:history", "groups:history", "im:history"),
            ),
            "conversations.replies": (
                self._replies,
                ("channels:history", "groups:history", "im:history"),
            ),
            "conversations.join": (self._join, ("channels:join",)),
            "users.info": (self._user_info, ("users:read",)),
            "users.list": (self._user_list, ("users:read",)),
            "users.conversations": (self._user_conversations, ("channels:read", "groups:read")),
            "usergroups.list": (self._groups, ("usergroups:read",)),
            "usergroups.users.list": (self._group_members, ("usergroups:read",)),
            "views.open": (self._views_open, ()),
            "views.push": (self._views_push, ()),
            "views.update": (self._views_update, ()),
            "views.publish": (self._views_publish, ()),
        }

    def granted(self, token: str) -> frozenset[str]:
        """The scopes of a token, as Slack tells them with every answer."""
        if token == self._app_token:
            return frozenset({"connections:write"})
        if token != self._bot_token:
            return frozenset()
        if self._scopes is not None:
            return self._scopes
        needed = {scope for _, scopes in self._methods.values() for scope in scopes}
        return frozenset(needed | {"commands", "chat:write.public", "metadata.message:read"})

    def grant(self, scopes: frozenset[str]) -> None:
        """Let the bot token have these scopes from now on."""
        self._scopes = scopes

    def call(self, method: str, raw: Mapping[str, Any], token: str) -> Json:
        """Carry out one call.

        Returns:
            The answer, `ok` included.

        Raises:
            Refusal: only `ratelimited`, which is an HTTP status too.
        """
        with self._here.lock:
            try:
                if method not in self._methods:
                    raise Refusal("unknown_method")
                self._authorize(method, token)
                return {"ok": True, **self._methods[method][0](Arguments.parse(raw))}
            except Refusal as refusal:
                return self._refused(method, refusal)

    def _refused(self, method: str, refusal: Refusal) -> Json:
        if not refusal.fair:
            details = "; ".join(refusal.messages)
            self._here.violate(f"{refusal.error}: {method}" + (f": {details}" if details else ""))
        if refusal.error == "ratelimited":
            raise refusal
        answer: Json = {"ok": False, "error": refusal.error}
        if refusal.messages:
            answer["errors"] = [m.removeprefix("[ERROR] ") for m in refusal.messages]
            answer["response_metadata"] = {"messages": refusal.messages}
        return answer

    def _authorize(self, method: str, token: str) -> None:
        if method == "api.test":
            return
        if not token:
            raise Refusal("not_authed")
        if token not in (self._bot_token, self._app_token):
            raise Refusal("invalid_auth")
        if (token == self._app_token) != (method == "apps.connections.open"):
            raise Refusal("not_allowed_token_type")
        needed = self._methods[method][1]
        if self._scopes is not None and needed and not self._scopes.intersection(needed):
            raise Refusal("missing_scope", [f"[ERROR] needed: {' or '.join(needed)}"])

    # --- checks shared by the methods

    def _channel(self, reference: str) -> Channel:
        channel = self._here.channel(reference)
        if channel is None or (channel.private and not channel.bot_is_member):
            raise Refusal("channel_not_found", fair=True)
        return channel

    def _postable(self, reference: str) -> Channel:
        channel = self._channel(reference)
        if channel.archived:
            raise Refusal("is_archived", fair=True)
        public = self._scopes is not None and "chat:write.public" in self._scopes
        if not channel.with_user and not channel.bot_is_member and not public:
            raise Refusal("not_in_channel", fair=True)
        if channel.with_user and self._here.users[channel.with_user].deleted:
            raise Refusal("user_disabled", fair=True)
        return channel

    def _content(self, method: str, arguments: Arguments) -> tuple[str, list[Json] | None]:
        """Text and blocks of a message, checked; blocks are None when not given."""
        text, blocks = arguments.text("text"), arguments.objects("blocks")
        check_content(self._here, method, text, blocks)
        return text, blocks

    def _metadata(self, arguments: Arguments) -> Json | None:
        metadata = arguments.values.get("metadata")
        if not metadata:
            return None
        if (
            not isinstance(metadata, dict)
            or not isinstance(metadata.get("event_type"), str)
            or not isinstance(metadata.get("event_payload"), dict)
        ):
            raise Refusal("invalid_metadata_format")
        return metadata

    def _user(self, arguments: Arguments) -> User:
        user = self._here.users.get(arguments.need("user"))
        if user is None:
            raise Refusal("user_not_found", fair=True)
        return user

    def _pace(self, channel: str) -> None:
        if self._post_burst is None:
            return
        now = self._here.clock()
        tokens, since = self._buckets.get(channel, (float(self._post_burst), now))
        tokens = min(float(self._post_burst), tokens + now - since)
        if tokens < 1:
            self._buckets[channel] = (tokens, now)
            raise Refusal("ratelimited", fair=True, retry_after=math.ceil(1 - tokens))
        self._buckets[channel] = (tokens - 1, now)

    # --- chat

    def _post_message(self, arguments: Arguments) -> Json:
        channel = self._postable(arguments.need("channel"))
        text, blocks = self._content("chat.postMessage", arguments)
        thread = self._thread(channel, arguments)
        metadata = self._metadata(arguments)
        self._pace(channel.id)
        message = self._here.post(
            Post(
                channel.id,
                "",
                self._here.bot_user,
                text,
                blocks or [],
                thread_ts=thread,
                metadata=metadata,
                link_names=arguments.flag("link_names") or arguments.text("parse") == "full",
            )
        )
        post = self._here.find(channel.id, message.ts)
        assert post is not None  # noqa: S101 - stored just now under the same lock
        return {
            "channel": channel.id,
            "ts": message.ts,
            "message": self._here.message_json(post, metadata=True),
        }

    def _thread(self, channel: Channel, arguments: Arguments) -> str | None:
        thread = arguments.text("thread_ts")
        if not thread:
            return None
        parent = self._here.find(channel.id, thread)
        if parent is None:
            raise Refusal("thread_not_found", fair=True)
        if parent.thread_ts and parent.thread_ts != parent.ts:
            self._here.violate("thread_ts: must be that of the parent, not of a reply")
            return parent.thread_ts
        return thread

    def _post_ephemeral(self, arguments: Arguments) -> Json:
        channel = self._postable(arguments.need("channel"))
        user = arguments.need("user")
        text, blocks = self._content("chat.postEphemeral", arguments)
        if user not in self._here.members(channel):
            raise Refusal("user_not_in_channel", fair=True)
        thread = self._thread(channel, arguments)
        message = self._here.post(
            Post(
                channel.id,
                "",
                self._here.bot_user,
                text,
                blocks or [],
                thread_ts=thread,
                only_for=user,
            )
        )
        return {"message_ts": message.ts}

    def _own(self, arguments: Arguments, error: str) -> Post:
        channel = self._channel(arguments.need("channel"))
        post = self._here.find(channel.id, arguments.need("ts"))
        if post is None:
            raise Refusal("message_not_found", fair=True)
        if post.only_for or post.user != self._here.bot_user:
            raise Refusal(error)
        return post

    def _update(self, arguments: Arguments) -> Json:
        if not arguments.need("channel").startswith(("C", "D", "G")):
            raise Refusal("channel_not_found", ["[ERROR] chat.update takes the id of the channel"])
        post = self._own(arguments, "cant_update_message")
        text, blocks = self._content("chat.update", arguments)
        metadata = post.metadata
        if "metadata" in arguments.values:
            metadata = self._metadata(arguments)
        # An absent member leaves what there was, see docs.slack.dev/reference/methods/chat.update.
        kept = post.blocks if blocks is None else blocks
        self._here.edit(post, text or ("" if blocks is not None else post.text), kept, metadata)
        return {
            "channel": post.channel,
            "ts": post.ts,
            "text": post.text,
            "message": self._here.message_json(post, metadata=True),
        }

    def _delete(self, arguments: Arguments) -> Json:
        post = self._own(arguments, "cant_delete_message")
        self._here.delete(post)
        return {"channel": post.channel, "ts": post.ts}

    def _permalink(self, arguments: Arguments) -> Json:
        channel = self._channel(arguments.need("channel"))
        ts = arguments.need("message_ts")
        if self._here.find(channel.id, ts) is None:
            raise Refusal("message_not_found", fair=True)
        link = f"https://local.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
        return {"channel": channel.id, "permalink": link}

    # --- conversations

    def _channel_json(self, channel: Channel) -> Json:
        answer: Json = {
            "id": channel.id,
            "created": 1_600_000_000,
            "is_im": channel.with_user is not None,
            "is_mpim": False,
            "is_archived": channel.archived,
            "is_private": channel.private or channel.with_user is not None,
            "is_org_shared": False,
        }
        if channel.with_user:
            return answer | {
                "user": channel.with_user,
                "is_user_deleted": self._here.users[channel.with_user].deleted,
            }
        return answer | {
            "name": channel.name,
            "name_normalized": channel.name,
            "is_channel": not channel.private,
            "is_group": channel.private,
            "is_general": False,
            "is_member": channel.bot_is_member,
            "is_shared": False,
            "is_ext_shared": False,
            "num_members": len(self._here.members(channel)),
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }

    def _open(self, arguments: Arguments) -> Json:
        if arguments.text("channel"):
            return {"channel": {"id": self._channel(arguments.text("channel")).id}}
        users = arguments.listed("users")
        if len(users) != 1:
            raise Refusal("users_list_not_supplied" if not users else "not_supported_locally")
        user = self._here.users.get(users[0])
        if user is None:
            raise Refusal("user_not_found", fair=True)
        if user.deleted:
            raise Refusal("user_disabled", fair=True)
        return {"channel": {"id": self._here.direct(user.id).id}}

    def _info(self, arguments: Arguments) -> Json:
        return {"channel": self._channel_json(self._channel(arguments.need("channel")))}

    def _matching(self, arguments: Arguments) -> list[Channel]:
        types = arguments.listed("types") or ["public_channel"]
        return [
            channel
            for channel in self._here.channels.values()
            if _type_of(channel) in types
            and not (channel.private and not channel.bot_is_member)
            and not (channel.archived and arguments.flag("exclude_archived"))
        ]

    def _list(self, arguments: Arguments) -> Json:
        channels, rest = _page(self._matching(arguments), arguments, 100)
        return {"channels": [self._channel_json(channel) for channel in channels], **rest}

    def _members(self, arguments: Arguments) -> Json:
        channel = self._channel(arguments.need("channel"))
        members, rest = _page(self._here.members(channel), arguments, 100)
        return {"members": members, **rest}

    def _in_range(self, posts: Sequence[Post], arguments: Arguments) -> list[Post]:
        oldest = arguments.text("oldest") or "0"
        latest = arguments.text("latest") or "99999999999"
        inclusive = arguments.flag("inclusive")
        return [
            post
            for post in posts
            if float(oldest) < float(post.ts) < float(latest) or (inclusive and post.ts in (oldest, latest))
        ]

    def _readable(self, arguments: Arguments) -> Channel:
        channel = self._channel(arguments.need("channel"))
        if not channel.with_user and not channel.bot_is_member:
            raise Refusal("not_in_channel", fair=True)
        return channel

    def _posts_json(self, posts: Sequence[Post], arguments: Arguments) -> list[Json]:
        metadata = arguments.flag("include_all_metadata")
        return [self._here.message_json(post, metadata=metadata) for post in posts]

    def _history(self, arguments: Arguments) -> Json:
        channel = self._readable(arguments)
        posts = self._in_range(self._here.select(channel.id), arguments)[::-1]
        posts, rest = _page(posts, arguments, 100)
        has_more = bool(rest["response_metadata"]["next_cursor"])
        return {"messages": self._posts_json(posts, arguments), "has_more": has_more, **rest}

    def _replies(self, arguments: Arguments) -> Json:
        channel = self._readable(arguments)
        ts = arguments.need("ts")
        parent = self._here.find(channel.id, ts)
        if parent is None:
            raise Refusal("thread_not_found", fair=True)
        replies = self._in_range(self._here.select(channel.id, thread=ts), arguments)
        replies, rest = _page(replies, arguments, 1000)
        has_more = bool(rest["response_metadata"]["next_cursor"])
        messages = self._posts_json([parent, *replies], arguments)
        return {"messages": messages, "has_more": has_more, **rest}

    def _join(self, arguments: Arguments) -> Json:
        channel = self._channel(arguments.need("channel"))
        if channel.archived:
            raise Refusal("is_archived", fair=True)
        if channel.private or channel.with_user:
            raise Refusal("method_not_supported_for_channel_type")
        with self._here.change():
            channel.bot_is_member = True
        return {"channel": self._channel_json(channel)}

    # --- people

    def _user_json(self, user: User) -> Json:
        return {
            "id": user.id,
            "team_id": self._here.team,
            "name": user.username,
            "deleted": user.deleted,
            "real_name": user.name,
            "tz": user.tz,
            "tz_label": user.tz,
            "profile": {
                "real_name": user.name,
                "real_name_normalized": user.name,
                "display_name": user.name,
                "display_name_normalized": user.name,
                "email": user.email,
                "team": self._here.team,
            },
            "is_admin": False,
            "is_owner": False,
            "is_restricted": user.restricted,
            "is_ultra_restricted": False,
            "is_bot": user.id == self._here.bot_user,
            "is_app_user": False,
            "updated": 1_600_000_000,
        }

    def _user_info(self, arguments: Arguments) -> Json:
        return {"user": self._user_json(self._user(arguments))}

    def _user_list(self, arguments: Arguments) -> Json:
        users, rest = _page(list(self._here.users.values()), arguments, 1000)
        members = [self._user_json(user) for user in users]
        return {"members": members, "cache_ts": int(time.time()), **rest}

    def _user_conversations(self, arguments: Arguments) -> Json:
        user = arguments.text("user") or self._here.bot_user
        if user not in self._here.users:
            raise Refusal("user_not_found", fair=True)
        mine = [c for c in self._matching(arguments) if user in self._here.members(c)]
        channels, rest = _page(mine, arguments, 100)
        return {"channels": [self._channel_json(channel) for channel in channels], **rest}

    def _groups(self, arguments: Arguments) -> Json:
        include = arguments.flag("include_users")
        return {
            "usergroups": [
                {
                    "id": group.id,
                    "team_id": self._here.team,
                    "is_usergroup": True,
                    "is_external": False,
                    "name": group.handle,
                    "handle": group.handle,
                    "description": "",
                    "date_delete": 0,
                    "user_count": len(group.members),
                    **({"users": list(group.members)} if include else {}),
                }
                for group in self._here.groups.values()
            ]
        }

    def _group_members(self, arguments: Arguments) -> Json:
        group = self._here.groups.get(arguments.need("usergroup"))
        if group is None:
            raise Refusal("no_such_subteam", fair=True)
        return {"users": list(group.members)}

    # --- views

    def view_json(self, view: View) -> Json:
        """A view as Slack sends it."""
        return view.as_json(self._here.team, self._here.app, self._here.bot_id)

    def _view(self, arguments: Arguments, *kinds: block_kit.Surface) -> Json:
        view = arguments.values.get("view")
        error, messages = block_kit.check_view(view, *kinds)
        if error:
            raise Refusal(error, messages)
        assert isinstance(view, dict)  # noqa: S101 - check_view has seen to it
        return view

    def _views_open(self, arguments: Arguments) -> Json:
        view = self._view(arguments, "modal")
        trigger = arguments.need("trigger_id")
        return {"view": self.view_json(self._here.open_view(trigger, view))}

    def _views_push(self, arguments: Arguments) -> Json:
        view = self._view(arguments, "modal")
        trigger = arguments.need("trigger_id")
        return {"view": self.view_json(self._here.open_view(trigger, view, push=True))}

    def _views_update(self, arguments: Arguments) -> Json:
        payload = self._view(arguments, "modal", "home")
        external = arguments.text("external_id")
        if external:
            views = [v for v in self._here.views.values() if v.open]
            view = next((v for v in views if v.payload.get("external_id") == external), None)
        else:
            view = self._here.views.get(arguments.need("view_id"))
        if view is None:
            raise Refusal("not_found", fair=bool(external))
        if view.payload["type"] != payload["type"]:
            raise Refusal("invalid_arguments", ["[ERROR] the type of a view cannot change"])
        self._here.update_view(view, payload, arguments.text("hash") or None)
        return {"view": self.view_json(view)}

    def _views_publish(self, arguments: Arguments) -> Json:
        payload = self._view(arguments, "home")
        user = arguments.need("user_id")
        if user not in self._here.users:
            raise Refusal("user_not_found", fair=True)
        view = self._here.publish_home(user, payload, arguments.text("hash") or None)
        return {"view": self.view_json(view)}

    # --- the rest

    def _api_test(self, arguments: Arguments) -> Json:
        error = arguments.text("error")
        if error:
            raise Refusal(error, fair=True)
        return {"args": arguments.values}

    def _auth_test(self, _arguments: Arguments) -> Json:
        return {
            "url": "https://local.slack.com/",
            "team": "Local",
            "user": self._here.users[self._here.bot_user].username,
            "team_id": self._here.team,
            "user_id": self._here.bot_user,
            "bot_id": self._here.bot_id,
            "is_enterprise_install": False,
        }

    def _connections_open(self, _arguments: Arguments) -> Json:
        return {"url": self._open_socket()}

    # --- response_url

    def respond(self, token: str, body: Any) -> Json:
        """Carry out a POST to a response_url; answers as `call` does."""
        with self._here.lock:
            try:
                if not isinstance(body, dict):
                    raise Refusal("invalid_payload")
                place = self._here.use_response_url(token)
                original = self._here.find(place.channel, place.ts) if place.ts else None
                if Arguments(body).flag("delete_original"):
                    if original is None:
                        raise Refusal("message_not_found", fair=bool(place.ts))
                    self._here.delete(original)
                    return {"ok": True}
                answer_with(
                    self._here,
                    "response_url",
                    body,
                    place.user,
                    place.channel,
                    original if Arguments(body).flag("replace_original") else None,
                )
                return {"ok": True}
            except Refusal as refusal:
                return self._refused("response_url", refusal)


def check_content(here: Workspace, what: str, text: str, blocks: list[Json] | None) -> None:
    """Check text and blocks of a message; raises Refusal."""
    if blocks:
        error, messages = block_kit.check_message(blocks)
        if error:
            raise Refusal(error, messages)
    elif blocks is not None and not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    if len(text) > TEXT:
        raise Refusal("msg_too_long", [f"[ERROR] {len(text)} characters"])
    if not text.strip() and not blocks:
        raise Refusal("no_text")
    if not text.strip():
        # Not refused, but notifications and screen readers get nothing.
        here.violate(f"no fallback text: {what}")


def answer_with(
    here: Workspace, what: str, body: Json, user: str, channel: str, original: Post | None = None
) -> None:
    """Take a message that answers an interaction: as ack of a command or at a response_url.

    Raises:
        Refusal: it is not a message Slack would take.
    """
    text = body.get("text") or ""
    blocks = body.get("blocks")
    if isinstance(blocks, str):
        blocks = json.loads(blocks)
    check_content(here, what, text, blocks)
    if original:
        here.edit(original, text, blocks or [], original.metadata)
        return
    in_channel = body.get("response_type") == "in_channel"
    thread = body.get("thread_ts")
    here.post(
        Post(
            channel,
            "",
            here.bot_user,
            text,
            blocks or [],
            thread_ts=str(thread) if thread else None,
            only_for=None if in_channel else user,
        )
    )


def _type_of(channel: Channel) -> str:
    if channel.with_user:
        return "im"
    return "private_channel" if channel.private else "public_channel"


def _page(items: Sequence[T], arguments: Arguments, size: int) -> tuple[list[T], Json]:
    """One page, and the cursor of the next."""
    limit = arguments.number("limit", size)
    if not 1 <= limit <= 1000:
        raise Refusal("invalid_limit")
    cursor = arguments.text("cursor")
    try:
        start = int(base64.b64decode(cursor).decode().removeprefix("next:")) if cursor else 0
    except ValueError as error:
        raise Refusal("invalid_cursor") from error
    end = start + limit
    following = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return list(items[start:end]), {"response_metadata": {"next_cursor": following}}

"""Slack's Web API, as the worker needs it: the port `Chat` over slack_sdk.

Every call is sent once. What to do about a call whose answer was lost is decided by whoever made it,
because slack_sdk's own retries would post twice.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.errors import ChatDown, ChatRefused
from bot.ports import Person, Post

PAGE = 999
"""As many messages as Slack gives at once."""
EVENT_TYPE = "quartermaster"
TIMEOUT = 10
"""Seconds to wait for Slack, less than the lease of the work that waits."""
CODE = re.compile("[a-z0-9_]+")
# What Slack answers when it could not, for now. Everything else it says is meant for good.
FOR_NOW = frozenset(
    {
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "ratelimited",
        "rate_limited",
        "team_added_to_org",
        "external_channel_migrating",
    }
)


def web_client(token: str, api_url: str, timeout: int = TIMEOUT) -> WebClient:
    """A client that sends every call once."""
    return WebClient(token=token, base_url=api_url, timeout=timeout, retry_handlers=[])


class SlackChat:
    """The port `Chat`. Safe to share among threads."""

    def __init__(self, client: WebClient) -> None:
        self.client = client
        self._rooms: dict[str, str] = {}

    def post(
        self, channel: str, text: str, blocks: Sequence[dict[str, Any]], *, key: str, thread: str = ""
    ) -> Post:
        """Post a message that carries its key. A user id as `channel` means direct messages."""
        room = self._room(channel)
        answer = call(
            lambda: self.client.chat_postMessage(
                channel=room,
                text=text,
                blocks=list(blocks),
                thread_ts=thread or None,
                metadata=_metadata(key),
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return Post(answer["channel"], answer["ts"])

    def update(self, post: Post, text: str, blocks: Sequence[dict[str, Any]], *, key: str) -> None:
        """Replace a message; doing it twice is doing it once."""
        call(
            lambda: self.client.chat_update(
                channel=post.channel,
                ts=post.ts,
                text=text,
                blocks=list(blocks),
                metadata=_metadata(key),
            )
        )

    def whisper(self, channel: str, person: str, text: str, blocks: Sequence[dict[str, Any]]) -> None:
        """Show a message to one person only."""
        call(
            lambda: self.client.chat_postEphemeral(
                channel=channel, user=person, text=text, blocks=list(blocks)
            )
        )

    def find(self, channel: str, key: str, *, thread: str = "", since: float = 0) -> tuple[Post, ...]:
        """The messages of ours that carry `key`, oldest first, among the newest since `since`."""
        if channel.startswith("#"):
            return ()  # a name cannot be read from, only posted to
        room = self._room(channel)
        found = [
            Post(room, message["ts"])
            for message in self._history(room, thread, since)
            if (message.get("metadata") or {}).get("event_payload", {}).get("key") == key
        ]
        return tuple(sorted(found, key=lambda post: float(post.ts)))

    def _history(self, room: str, thread: str, since: float) -> Sequence[dict[str, Any]]:
        oldest = f"{since:.6f}"
        if thread:
            answer = call(
                lambda: self.client.conversations_replies(
                    channel=room, ts=thread, oldest=oldest, limit=PAGE, include_all_metadata=True
                )
            )
        else:
            answer = call(
                lambda: self.client.conversations_history(
                    channel=room, oldest=oldest, limit=PAGE, include_all_metadata=True
                )
            )
        messages: list[dict[str, Any]] = answer["messages"]
        return messages

    def delete(self, post: Post) -> None:
        """Take a message of ours away; one that is gone already is gone."""
        try:
            call(lambda: self.client.chat_delete(channel=post.channel, ts=post.ts))
        except ChatRefused as error:
            if error.code != "message_not_found":
                raise

    def members(self, group: str) -> frozenset[str]:
        """The people of a user group; those who were deactivated are not among them."""
        answer = call(lambda: self.client.usergroups_users_list(usergroup=group, include_disabled=False))
        return frozenset(answer["users"])

    def person(self, id: str) -> Person:
        """Whether somebody is still there, and their time zone."""
        user = call(lambda: self.client.users_info(user=id))["user"]
        return Person(active=not user.get("deleted", False), zone=str(user.get("tz") or ""))

    def publish(self, person: str, view: dict[str, Any]) -> None:
        """Show somebody their App Home; doing it twice is doing it once."""
        call(lambda: self.client.views_publish(user_id=person, view=view))

    def _room(self, channel: str) -> str:
        """The conversation to post to: for a person, our direct messages with them."""
        if channel[:1] not in ("U", "W"):
            return channel
        if channel not in self._rooms:
            try:
                answer = call(lambda: self.client.conversations_open(users=channel))
            except ChatRefused:
                return channel  # without im:write Slack still takes the person's id to post to
            self._rooms[channel] = answer["channel"]["id"]
        return self._rooms[channel]


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def call(send: Callable[[], Any]) -> dict[str, Any]:
    """The answer to one call, as `asked` gets it."""
    answer: Any = asked(send).data
    return dict(answer)


def asked(send: Callable[[], SlackResponse]) -> SlackResponse:
    """One call, headers and all; what Slack or the network make of it, in our own words.

    Raises:
        ChatDown: No usable answer, or *later*.
        ChatRefused: Slack said no.
    """
    try:
        return send()
    except SlackApiError as error:
        raise _translated(error) from error
    except (SlackClientError, URLError, http.client.HTTPException, OSError) as error:
        raise ChatDown(f"no answer from Slack: {error!r}") from error
    except ValueError as error:  # an answer that is no JSON
        raise ChatDown(f"no meaningful answer from Slack: {error!r}") from error


def _translated(error: SlackApiError) -> ChatDown | ChatRefused:
    answer = error.response
    status = getattr(answer, "status_code", 0)
    code = str(answer.get("error", "")) if hasattr(answer, "get") and isinstance(answer.data, dict) else ""
    if not CODE.fullmatch(code):
        # slack_sdk writes a sentence of its own here when what came was no JSON: that was not Slack's no.
        code = ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return ChatDown("Slack asks to wait", float(answer.headers.get("Retry-After", 1)))
    if status >= 500 or code in FOR_NOW or not code:
        return ChatDown(f"Slack answers {status} {code}".strip())
    return ChatRefused(code)

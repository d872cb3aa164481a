"""Socket Mode: the same listeners, reached through a connection that the bot opens itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient

from bot.settings import Settings
from bot.slack.chat import web_client

PING = 5
"""Seconds between pings; slack_sdk takes a connection for dead after four that were not answered."""


@contextmanager
def connect(app: App, settings: Settings) -> Iterator[None]:
    """Answer what comes through Socket Mode, until the end of the block."""
    client = web_client(settings.slack_app_token, settings.slack_api_url)
    handler = SocketModeHandler(
        app, settings.slack_app_token, web_client=client, concurrency=32, ping_interval=PING
    )
    handler.connect()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        handler.close()  # type: ignore[no-untyped-call]


def first_words(client: WebClient, url: str, patience: float) -> dict[str, Any]:
    """What Slack says first to a new connection, which is closed again at once.

    Slack may hand somebody's click to any connection, this one too, and nobody answers it here: only to be
    asked while no bot is at work.

    Args:
        client: Any; it lends its TLS settings.
        url: As apps.connections.open gave it.
        patience: Seconds to wait.

    Returns:
        `{"type": "hello", "num_connections": 1, …}` with this one counted, or a `disconnect` with its
        reason; empty where nothing came in time.
    """
    heard: SimpleQueue[str] = SimpleQueue()
    socket = SocketModeClient(
        client.token or "", web_client=client, auto_reconnect_enabled=False, on_message_listeners=[heard.put]
    )
    socket.wss_uri = url
    try:
        socket.connect()
        return dict(json.loads(heard.get(timeout=patience)))
    except (Empty, OSError, ValueError):
        return {}
    finally:
        socket.close()

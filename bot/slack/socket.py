"""Socket Mode: the same listeners, reached through a connection that the bot opens itself."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin.connection import Connection, ConnectionState

from bot.settings import Settings
from bot.slack.chat import web_client

log = logging.getLogger(__name__)

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
        client: It lends its proxy and its TLS settings.
        url: As apps.connections.open gave it.
        patience: Seconds to wait.

    Returns:
        `{"type": "hello", "num_connections": 1, …}` with this one counted, or a `disconnect` with its
        reason; empty where nothing came in time.
    """
    heard: list[str] = []
    state: Any = ConnectionState()  # type: ignore[no-untyped-call]

    def end(*words: str) -> None:
        heard.extend(words)
        state.terminated = True

    # Not SocketModeClient, which connects anew when it is told to disconnect.
    connection = Connection(url, log, proxy=client.proxy, ssl_context=client.ssl, on_message_listener=end)
    too_late = threading.Timer(patience, end)
    too_late.start()
    try:
        connection.connect()
        connection.run_until_completion(state)
        return dict(json.loads(heard[0])) if heard else {}
    except ValueError:
        return {}
    finally:
        too_late.cancel()
        connection.close()

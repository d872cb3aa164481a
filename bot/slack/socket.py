"""Socket Mode: the same listeners, reached through a connection that the bot opens itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

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

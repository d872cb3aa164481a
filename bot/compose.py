"""The composition root: builds everything once, out of the settings. Opens the database, calls nobody."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.clouds import AzureAccount, open_clouds
from bot.core.policy import built_in
from bot.errors import BotError, Misconfigured
from bot.logs import set_up
from bot.policy_file import Rules
from bot.policy_file import load as load_policy
from bot.settings import Settings, load
from bot.slack.chat import SlackChat, web_client
from bot.spine import World
from bot.store import Store

if TYPE_CHECKING:
    from slack_bolt import App

    from bot.slack.live import Live


def now() -> datetime:
    """The clock of the program."""
    return datetime.now(UTC)


def settings_or_exit() -> Settings:
    """The settings of this process, with logging set up; where they are wrong, a readable error."""
    try:
        settings = load(os.environ)
    except Misconfigured as error:
        problems = "\n  ".join(error.problems)
        raise click.ClickException(f"the settings are not right:\n  {problems}") from error
    set_up(settings.log_level, settings.log_format)
    return settings


def azure_account(settings: Settings) -> AzureAccount | None:
    """Where Azure items are made; none where Azure is not configured."""
    if not settings.azure_subscription_id:
        return None
    return AzureAccount(
        settings.azure_subscription_id,
        settings.azure_resource_group,
        settings.azure_location,
        settings.azure_resource_manager_url,
    )


def rules_or_exit(settings: Settings) -> Rules:
    """The policy that POLICY_FILE names, else the one of APPROVERS; where it is wrong, a readable error."""
    if not settings.policy_file:
        return Rules(built_in(settings.approvers))
    try:
        return Rules(load_policy(settings.policy_file), settings.policy_file)
    except Misconfigured as error:
        problems = "\n  ".join(error.problems)
        raise click.ClickException(f"the approval policy is not right:\n  {problems}") from error


def make_world(settings: Settings, rules: Rules | None = None) -> World:
    """Everything that the steps need, over a database that is up to date.

    Args:
        settings: The settings.
        rules: The policy, where somebody has read it already.
    """
    rules = rules or rules_or_exit(settings)
    clouds = open_clouds(
        aws_regions=settings.aws_regions,
        azure=azure_account(settings),
        place_timeout=settings.place_timeout,
        clock=now,
    )
    chat = SlackChat(web_client(settings.slack_bot_token, settings.slack_api_url))
    try:
        store = Store.open(settings.database_url)
        store.migrate()
    except (ValueError, BotError) as error:
        raise click.ClickException(f"DATABASE_URL: {error}") from error
    return World(settings, store, clouds, chat, now, rules)


def make_app(world: World) -> tuple[App, Live]:
    """What answers Slack, and what reaches people at once."""
    from bot.slack.listeners import build
    from bot.slack.live import Live  # Bolt is heavy, and a worker does without it

    # Threads that answer Slack wait for those that call it. At Python's own 5 ms the median click took a
    # third longer to acknowledge (`make bench`).
    sys.setswitchinterval(0.0005)
    live = Live(world, web_client(world.settings.slack_bot_token, world.settings.slack_api_url))
    return build(world, live), live


@contextmanager
def opened() -> Iterator[World]:
    """The world of this process, closed at the end."""
    world = make_world(settings_or_exit())
    try:
        yield world
    finally:
        close(world)


def close(world: World) -> None:
    """Let go of the database and of connections to the clouds."""
    world.store.close()
    for cloud in world.clouds.values():
        cloud.close()

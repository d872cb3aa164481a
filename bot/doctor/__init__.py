"""`python -m bot doctor`: everything that stops people at install, and what to do about it.

It only reads: nothing is placed, posted, registered or kept. Every part is looked at in a thread of its
own and with the same deadline, so that what does not answer costs nothing but its own part.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

from bot.clouds import open_clouds
from bot.compose import azure_account
from bot.core.finding import Finding, untried, wrong
from bot.doctor import database, slack
from bot.doctor.configuration import by_hand, variables
from bot.ports import Clock
from bot.settings import Settings, salvage

LIMIT = 15.0
"""Seconds that everything may take together."""


@dataclass(frozen=True)
class Part:
    """Some findings that belong together."""

    name: str
    look: Callable[[], Iterable[Finding]]
    needs: tuple[str, ...] = ()
    """The variables without which there is no looking."""


Told = tuple[str, tuple[Finding, ...]]
"""The name of a part, and what was found."""


def examine(environment: Mapping[str, str], now: Clock, limit: float = LIMIT) -> Iterator[Told]:
    """Look at everything, and tell it in the order in which one would mend it.

    Args:
        environment: Where the settings are; the SDKs of the clouds read the process's own.
        now: The time here.
        limit: Seconds that everything may take together.
    """
    settings, problems = salvage(environment)
    yield "Settings", tuple(variables(settings, problems))
    parts = [part for part in _parts(settings, now) if not set(part.needs) & set(problems)]
    running = {part.name: _start(part) for part in parts}
    end = time.monotonic() + limit
    for part in _parts(settings, now):
        if part.name in running:
            yield part.name, tuple(_heard(running[part.name], end, limit))
        else:
            needed = " and ".join(name for name in part.needs if name in problems)
            yield part.name, (untried("all of it", f"It needs {needed}, see Settings."),)
    yield "By hand", tuple(by_hand(settings))


def _parts(settings: Settings, now: Clock) -> Iterator[Part]:
    yield Part("Database", partial(database.examine, settings.database_url), ("DATABASE_URL",))
    token = ("SLACK_BOT_TOKEN", "SLACK_API_URL")
    yield Part("Slack", partial(slack.app, settings, now), token)
    if settings.slack_app_token:
        idle = partial(database.idle, settings.database_url, now)
        yield Part(
            "Socket Mode", partial(slack.sockets, settings, idle), ("SLACK_APP_TOKEN", "SLACK_API_URL")
        )
    yield Part(
        "Channels", partial(slack.channels, settings), (*token, "APPROVALS_CHANNEL", "OPERATIONS_CHANNEL")
    )
    yield Part("People", partial(slack.people, settings), (*token, "APPROVERS", "OPERATORS"))
    clouds = open_clouds(
        aws_regions=settings.aws_regions,
        azure=azure_account(settings),
        place_timeout=settings.place_timeout,
        clock=now,
    )
    for name, cloud in clouds.items():
        for scope in cloud.scopes:
            yield Part(
                f"{name.upper() if name == 'aws' else name.capitalize()} {scope}",
                partial(cloud.examine, scope),
            )
    yield Part("At work", partial(database.at_work, settings.database_url, now), ("DATABASE_URL",))


def _start(part: Part) -> SimpleQueue[Finding | None]:
    """Look at a part in a thread that nobody has to wait for; None comes last."""
    heard: SimpleQueue[Finding | None] = SimpleQueue()

    def look() -> None:
        try:
            for finding in part.look():
                heard.put(finding)
        except Exception as error:  # noqa: BLE001 - what one look trips over must not hide the others
            said = f"Looking at it failed: {type(error).__name__}: {error}"
            heard.put(wrong("all of it", said, "Please report this; it is a fault of the doctor."))
        heard.put(None)

    threading.Thread(target=look, name=part.name, daemon=True).start()
    return heard


def _heard(heard: SimpleQueue[Finding | None], end: float, limit: float) -> Iterator[Finding]:
    try:
        while finding := heard.get(timeout=max(0.0, end - time.monotonic())):
            yield finding
    except Empty:
        yield wrong(
            "the rest",
            f"There was no answer within {limit:.0f} s.",
            "Look at network, proxy and firewall on the way there, and run this again.",
        )

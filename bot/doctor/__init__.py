"""`python -m bot doctor`: everything that stops people at install, and what to do about it.

It only reads: nothing is placed, posted, registered or kept. Every part is looked at in a thread of its
own and with the same deadline, so that what does not answer costs nothing but its own part.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

from bot.clouds import open_clouds
from bot.compose import azure_account
from bot.core.finding import Finding, Mark, sentence, untried, wrong
from bot.core.policy import Policy
from bot.doctor import database, slack
from bot.doctor.configuration import by_hand, policy_of, variables
from bot.errors import BotError
from bot.ports import Clock, Cloud
from bot.settings import VARIABLES, Settings, salvage

LIMIT = 15.0
"""Seconds that everything may take together."""
CLOUDS = {
    name.lower(): (name, tuple(one for one in VARIABLES if one.startswith(f"{name.upper()}_")))
    for name in ("AWS", "Azure")
}
"""What people call a cloud, and the variables that it needs."""
REACH_CLOUD = "Look at network, proxy and firewall on the way there, and run this again."


@dataclass(frozen=True)
class Part:
    """Some findings that belong together."""

    name: str
    look: Callable[[], Iterable[Finding]]
    needs: tuple[str, ...]
    """The variables without which there is no looking."""
    remedy: str
    """What to do where nothing answers."""


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
    policy, wrong_policy = policy_of(settings)
    yield "Settings", (*variables(settings, problems), *wrong_policy)
    if wrong_policy and wrong_policy[0].mark is Mark.WRONG:
        problems = {**problems, "POLICY_FILE": ""}
    clouds = open_clouds(
        aws_regions=settings.aws_regions,
        azure=azure_account(settings),
        place_timeout=settings.place_timeout,
        clock=now,
    )
    try:
        yield from look(list(_parts(settings, policy, set(problems), clouds, now)), problems, limit)
    finally:
        for cloud in clouds.values():
            cloud.close()
    yield "By hand", tuple(by_hand(settings))


def look(parts: Sequence[Part], problems: Collection[str], limit: float) -> Iterator[Told]:
    """Look at all parts at once, and tell of them one after another.

    Args:
        parts: What to look at.
        problems: The variables that are not to be used.
        limit: Seconds that all of them may take together.
    """
    running = {part.name: _start(part) for part in parts if not set(part.needs) & set(problems)}
    end = time.monotonic() + limit
    for part in parts:
        if part.name in running:
            yield part.name, tuple(_heard(part, running[part.name], end))
        else:
            needed = " and ".join(name for name in part.needs if name in problems)
            yield part.name, (untried("all of it", f"It needs {needed}, see Settings."),)


def _parts(
    settings: Settings, policy: Policy, problems: set[str], clouds: Mapping[str, Cloud], now: Clock
) -> Iterator[Part]:
    url, address = settings.database_url, ("SLACK_API_URL",)
    bot = ("SLACK_BOT_TOKEN", *address)
    yield Part("Database", partial(database.examine, url), ("DATABASE_URL",), database.REACH)
    yield Part("Slack", partial(slack.app, settings, now), bot, slack.REACH)
    if settings.slack_app_token or "SLACK_APP_TOKEN" in problems:
        connect = partial(slack.sockets, settings, partial(database.idle, url, now))
        yield Part("Socket Mode", connect, ("SLACK_APP_TOKEN", *address), slack.REACH)
    named = (*bot, "APPROVALS_CHANNEL", "OPERATIONS_CHANNEL")
    yield Part("Channels", partial(slack.channels, settings), named, slack.REACH)
    people = (*bot, "APPROVERS", "OPERATORS", "POLICY_FILE")
    yield Part("People", partial(slack.people, settings, policy), people, slack.REACH)
    yield from _of_clouds(problems, clouds)
    yield Part("At work", partial(database.at_work, url, now), ("DATABASE_URL",), database.REACH)


def _of_clouds(problems: set[str], clouds: Mapping[str, Cloud]) -> Iterator[Part]:
    """A part for every scope of every cloud, and one for a cloud whose settings are wrong."""
    for key, (name, needs) in CLOUDS.items():
        if set(needs) & problems:
            yield Part(name, tuple, needs, REACH_CLOUD)
        elif key in clouds:
            for scope in clouds[key].scopes:
                yield Part(f"{name} {scope}", partial(clouds[key].examine, scope), needs, REACH_CLOUD)


def _start(part: Part) -> SimpleQueue[Finding | None]:
    """Look at a part in a thread that nobody has to wait for; None comes last."""
    heard: SimpleQueue[Finding | None] = SimpleQueue()

    def work() -> None:
        try:
            for finding in part.look():
                heard.put(finding)
        except BotError as error:
            heard.put(wrong("the rest", sentence(error), part.remedy))
        except Exception as error:  # noqa: BLE001 - what one look trips over must not hide the others
            said = sentence(f"Looking at it failed: {type(error).__name__}: {error}")
            heard.put(wrong("the rest", said, part.remedy))
        heard.put(None)

    threading.Thread(target=work, name=part.name, daemon=True).start()
    return heard


def _heard(part: Part, heard: SimpleQueue[Finding | None], end: float) -> Iterator[Finding]:
    """What comes from a thread until it has done or its time is up."""
    try:
        while finding := heard.get(timeout=max(0.0, end - time.monotonic())):
            yield finding
    except Empty:
        yield wrong("the rest", "There was no answer in time.", part.remedy)

"""`demo`: the whole product on one machine, as a story that checks itself or as a workspace to play in.

The bot is the real one, in a process of its own, with its real SDKs; only the addresses of Slack, AWS and
Azure are those of the local world. Time runs fast: a stage that takes weeks takes seconds.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bot.demo import aws_story, azure_story
from bot.demo.page import Page
from bot.demo.story import Promise
from bot.demo.terminal import Printer, Terminal
from bot.demo.world import Bot, LocalWorld, free_port, scratch, usable_port

PATIENCE = {"RECONCILE_FOR": "10", "PLACE_TIMEOUT": "10"}
"""Settings for somebody who watches: what is unclear is asked about soon."""
CHAPTERS = (aws_story.play, azure_story.play)


@contextmanager
def running(world: LocalWorld, port: int = 0, **settings: str) -> Iterator[Bot]:
    """A bot that serves in the local world, which starts and ends with it; Slack on `port`."""
    world.arm.retry_after = 1
    world.start(port)
    with scratch() as folder:
        environment = world.environment(f"sqlite:///{folder}/quartermaster.db", free_port())
        bot = Bot("run", environment | settings, Path(folder) / "bot.log")
        bot.start()
        try:
            bot.wait_ready()
            world.slack.connect(bot.events_url)
            yield bot
        finally:
            bot.stop()
            world.stop()


@contextmanager
def watched(port: int = 0, **settings: str) -> Iterator[tuple[Page, Bot]]:
    """The local world with its page, and a bot in it that the page can kill."""
    world = LocalWorld()
    page = Page(world)
    with running(world, port, **{"POLL_INTERVAL": "1"} | PATIENCE | settings) as bot:
        page.console.bot = bot
        yield page, bot


def play() -> int:
    """Play an order of each cloud to its end and print it; returns 0 if all is as promised."""
    begun = time.monotonic()
    world = LocalWorld()
    with running(world, POLL_INTERVAL="0.4") as bot:
        printer = Printer(world.slack.transcript)
        try:
            promises = [promise for chapter in CHAPTERS for promise in chapter(world)]
            promises += _at_the_end(world, bot)
        except TimeoutError as error:
            promises = [Promise(f"the story goes on ({str(error).splitlines()[0]})", kept=False)]
        printer.news()
    click.echo("\nPromises:")
    for promise in promises:
        click.echo(f"  {'kept  ' if promise.kept else 'BROKEN'} {promise.text}")
    kept = all(promise.kept for promise in promises)
    click.echo(f"\n{'All as promised' if kept else 'Not as promised'}, in {time.monotonic() - begun:.1f} s.")
    return 0 if kept else 1


def _at_the_end(world: LocalWorld, bot: Bot) -> list[Promise]:
    return [
        Promise("the audit log is as written", _audit(bot) == 0),
        Promise("Slack refused nothing that the bot said", not world.slack.violations),
        Promise("the clouds were asked for nothing that they do not have",
                not any(cloud.unexpected for cloud in world.clouds)),
    ]  # fmt: skip


def _audit(bot: Bot) -> int:
    command = [sys.executable, "-m", "bot", "audit", "verify"]
    return subprocess.run(command, env=bot.surroundings(), capture_output=True, check=False).returncode


def interactive(port: int) -> int:
    """A workspace to play in, in the browser and from the terminal, until somebody says `quit`."""
    # What is told to end ends as with Ctrl-C, and takes the bot along.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with watched(usable_port(port)) as (page, bot):
        page.console.run(True)
        Terminal(page.world, bot).talk()
    return 0

"""The command line: starts what `compose` builds, and stops it cleanly."""

from __future__ import annotations

import csv
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import takewhile
from queue import SimpleQueue
from typing import TYPE_CHECKING

import click

from bot.compose import make_app, now, opened
from bot.errors import Misconfigured
from bot.settings import EXPECTED

if TYPE_CHECKING:
    from slack_bolt import App

    from bot.spine import World

SERVER_THREADS = 16
GRACE = 8.0
"""Seconds that work in hand has to end after SIGTERM."""


@click.group()
def main() -> None:
    """Quartermaster: order edge hardware from Slack, with approval."""


@main.command()
def run() -> None:
    """Everything in one process: Socket Mode if SLACK_APP_TOKEN is set, else HTTP."""
    # The worker comes last: what it imports and asks at once must not delay the first answer.
    with opened() as world, _answering(world) as app, _serving(world, app), _working(world):
        _until_the_end(world)


@main.command()
def web() -> None:
    """HTTP only; any number of these may run, and WEB_CONCURRENCY says of how many processes each."""
    from bot.serve import serve

    with opened() as world:  # the settings are right and the database is migrated before anything is served
        settings, rules = world.settings, world.rules
        if not settings.slack_signing_secret:
            raise click.ClickException(
                f"SLACK_SIGNING_SECRET is missing: {EXPECTED['SLACK_SIGNING_SECRET']}."
            )
    serve(settings, rules, SERVER_THREADS, GRACE)


@main.command()
def worker() -> None:
    """Background work only; any number of these may run."""
    with opened() as world, _working(world), _health(world):
        _until_the_end(world)


@main.command()
def migrate() -> None:
    """Bring the database up to date."""
    with opened() as world:
        click.echo(f"up to date: {', '.join(world.store.engine.applied())}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def doctor(as_json: bool) -> None:
    """Look at everything that the bot needs, and say what to mend; exits 1 if something is wrong."""
    from bot.doctor import examine, report

    logging.disable()  # what the adapters log is what the findings say
    told = examine(os.environ, now)
    write = report.without_secrets(click.echo, os.environ)
    well = report.as_json(told, write) if as_json else report.as_text(told, write)
    sys.exit(0 if well else 1)


@main.command()
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values with a head line.")
def orders(form: str | None) -> None:
    """List all orders, newest first."""
    from bot.export import COLUMNS, rows

    with opened() as world:
        found = rows(world.store)
        if form == "csv":
            table = csv.DictWriter(sys.stdout, COLUMNS)
            table.writeheader()
            table.writerows(found)
            return
        for row in found:
            if form == "json":
                click.echo(json.dumps(row, ensure_ascii=False))
            else:
                click.echo("  ".join(str(row[name]) for name in COLUMNS[:7]))


@main.group()
def audit() -> None:
    """The log of everything that changed an order."""


@audit.command()
def verify() -> None:
    """Check the chain of hashes; exits 1 at the first event that is not as it was written."""
    from bot.store.audit import verify as check

    with opened() as world:
        head = world.store.audit_head()
        # The bot may write on meanwhile; what comes after the head that was read is for the next time.
        events = takewhile(lambda event: event["seq"] <= head[0], world.store.all_events())
        problem = check(events, head)
    if problem:
        raise click.ClickException(problem)
    click.echo(f"{head[0]} events, newest hash {head[1]}: all as written")


@audit.command()
def export() -> None:
    """Print every event as a line of JSON, oldest first."""
    with opened() as world:
        for event in world.store.all_events():
            click.echo(json.dumps(event | {"body": json.loads(event["body"])}, ensure_ascii=False))


@main.group()
def policy() -> None:
    """Who has to agree to an order."""


@policy.command("check")
@click.argument("file", default="")
@click.option("--order", "line", metavar="LINE", help="What this order would need, as typed after /order.")
def check_policy(file: str, line: str | None) -> None:
    """Say in plain words what the policy FILE means; exits 1 with every problem if something is wrong.

    FILE is the one of POLICY_FILE if none is named; without both, the policy is one step, any one of
    APPROVERS. Nothing else of the environment is needed, and no database.

    With --order 'aws outpost=op-… item=OR-… payment=… term=…' it tells of that order which steps it takes,
    who would be asked, what is warned of, whether it is refused, and what is not known and so counts as met.
    """
    from bot.policy_check import check

    try:
        lines = check(os.environ, file, line, now().date())
    except Misconfigured as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        sys.exit(1)
    for said in lines:
        click.echo(said)


@main.command()
@click.option("--story", is_flag=True, help="Play an order from its beginning to its end, and check it.")
@click.option("--port", default=8765, help="Where the local Slack is served.")
def demo(story: bool, port: int) -> None:
    """The whole product on this machine alone: a local Slack, AWS and Azure, no accounts."""
    from bot.demo.play import interactive, play

    sys.exit(play() if story else interactive(port))


@contextmanager
def _working(world: World) -> Iterator[None]:
    from bot.worker import Worker

    worker = Worker(world)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


@contextmanager
def _answering(world: World) -> Iterator[App]:
    """What answers Slack: over HTTP through the app that is handed out, or through Socket Mode."""
    from bot.slack.socket import connect

    app, live = make_app(world)
    try:
        with connect(app, world.settings) if world.settings.slack_app_token else nullcontext():
            yield app
    finally:
        live.close()


def _health(world: World) -> AbstractContextManager[int | None]:
    return nullcontext() if world.settings.worker_port is None else _serving(world, None)


def _serving(world: World, app: App | None) -> AbstractContextManager[int]:
    """HTTP from threads of this process: Slack's requests with an `app`, the health pages alone without."""
    from bot.web import Web, in_threads

    port = world.settings.port if app else world.settings.worker_port
    return in_threads(Web(world, app), "0.0.0.0", port or 0, SERVER_THREADS)  # noqa: S104 - Slack is elsewhere


def _until_the_end(world: World) -> None:
    """Wait for SIGTERM; at SIGHUP the policy is read again."""
    from bot.steps.policy import reload

    heard: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: heard.put(number))
    while heard.get() == signal.SIGHUP:
        reload(world)
    # What is still in hand by then waits for a network; it is left to its lease.
    deadline = threading.Timer(GRACE, os._exit, (0,))
    deadline.daemon = True
    deadline.start()


if __name__ == "__main__":
    main()

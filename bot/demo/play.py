"""`demo`: the whole product on one machine, as a story that checks itself or as a workspace to play in.

The bot is the real one, in a process of its own, with its real SDKs; only the addresses of Slack and AWS
are those of the local world. Time runs fast: a stage that takes weeks takes seconds.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from bot.demo.slack import Form, Message
from bot.demo.terminal import Printer, Terminal
from bot.demo.world import (
    APPROVALS,
    APPROVER,
    ORDERS,
    REQUESTER,
    STRANGER,
    Bot,
    LocalWorld,
    free_port,
    scratch,
)

STAGE_SECONDS = 6.0
"""How long a stage takes in the workspace to play in."""
# What AWS goes through, as `advance` does it, and a word of it that the thread has to name.
STAGES = ("Building", "Shipped", "Delivered", "Installing", "Installed", "Completed")


@dataclass(frozen=True)
class Promise:
    """Something that the story has to show, and whether it did."""

    text: str
    kept: bool


@contextmanager
def running(poll: float, port: int = 0) -> Iterator[tuple[LocalWorld, Bot]]:
    """The local world with a bot in it that serves, looking at the cloud every `poll` seconds."""
    world = LocalWorld()
    world.start(port)
    with scratch() as folder:
        environment = world.environment(f"sqlite:///{folder}/quartermaster.db", free_port())
        bot = Bot("run", environment | {"POLL_INTERVAL": str(poll)}, Path(folder) / "bot.log")
        bot.start()
        try:
            bot.wait_ready()
            world.slack.connect(bot.events_url)
            yield world, bot
        finally:
            bot.stop()
            world.stop()


def play() -> int:
    """Play an order from the asking to its end and print it; returns 0 if all is as promised."""
    begun = time.monotonic()
    with running(poll=0.4) as (world, bot):
        printer = Printer(world.slack.transcript)
        try:
            promises = _story(world, bot)
        except TimeoutError as error:
            promises = [Promise(f"the story goes on ({str(error).splitlines()[0]})", kept=False)]
        printer.news()
    click.echo("\nPromises:")
    for promise in promises:
        click.echo(f"  {'kept  ' if promise.kept else 'BROKEN'} {promise.text}")
    kept = all(promise.kept for promise in promises)
    click.echo(f"\n{'All as promised' if kept else 'Not as promised'}, in {time.monotonic() - begun:.1f} s.")
    return 0 if kept else 1


def _story(world: LocalWorld, bot: Bot) -> list[Promise]:
    slack, aws = world.slack, world.outposts
    alice, bob, mallory = (slack.person(id) for id in (REQUESTER, APPROVER, STRANGER))
    alice.command("/order aws item", ORDERS)
    slack.wait(lambda: _told(slack.ephemerals(REQUESTER), "expected"))
    asked = alice.command("/order aws payment=NO_UPFRONT term=FIVE_YEARS cost_center=CC-4411", ORDERS)
    _fill_in(world, alice.wait_form())
    request = slack.wait(lambda: slack.messages(APPROVALS))[0]
    alice.click(request, "Approve")
    mallory.click(request, "Approve")
    slack.wait(lambda: _told(slack.ephemerals(REQUESTER), "somebody else has to decide"))
    slack.wait(lambda: _told(slack.ephemerals(STRANGER), "You may not approve"))
    before, shown = len(aws.posts()), request.plain
    bob.click(request, "Approve")
    bob.click(request, "Approve")
    slack.wait(lambda: aws.accepted())
    order_id = aws.accepted()[0]["OrderId"]
    slack.wait(lambda: order_id in _card(world).plain)
    for stage in STAGES:
        aws.advance(order_id)
        slack.wait(partial(_thread_names, world, stage))
    slack.wait(lambda: "Completed" in _said(slack.direct(REQUESTER)) and "completed" in _request(world).plain)
    return [
        Promise("the request is answered within three seconds", asked.status == 200 and asked.seconds < 3),
        Promise("nobody but an approver can approve, and nobody their own request", before == 0),
        *_placed_once(world, shown),
        *_everything_told(world, order_id),
        Promise("the audit log is as written", _audit(bot) == 0),
        Promise("Slack refused nothing that the bot said", not slack.violations),
    ]


def _placed_once(world: LocalWorld, shown: str) -> list[Promise]:
    """`shown` is the request as the approver read it."""
    posts = [post.body for post in world.outposts.posts()]
    [post] = posts if len(posts) == 1 else [{}]
    [item] = post.get("LineItems", [{}])
    words = [post.get("OutpostIdentifier"), f"{item.get('CatalogItemId')} | {item.get('Quantity')}"]
    return [
        Promise("one approval, clicked twice, is exactly one order", len(posts) == 1),
        Promise("it is what the approver was shown, and what was asked for",
                all(f"{word}" in shown for word in words) and item.get("Quantity") == 2
                and (post.get("PaymentOption"), post.get("PaymentTerm")) == ("NO_UPFRONT", "FIVE_YEARS")),
    ]  # fmt: skip


def _everything_told(world: LocalWorld, order_id: str) -> list[Promise]:
    [order] = [order for order in world.outposts.orders if order["OrderId"] == order_id]
    [line] = order["LineItems"]
    assets = line["AssetInformationList"]
    names = [
        line["ShipmentInformation"]["ShipmentCarrier"],
        line["ShipmentInformation"]["ShipmentTrackingNumber"],
        *(asset["AssetId"] for asset in assets),
        *(mac for asset in assets for mac in asset["MacAddressList"]),
    ]
    card, thread, direct = _card(world).plain, _thread(world), _said(world.slack.direct(REQUESTER))
    return [
        Promise("the thread names every stage", all(stage in thread for stage in ("Placed", *STAGES))),
        Promise("card and thread name carrier, tracking number, assets and MAC addresses",
                all(name in card and name in thread for name in names)),
        Promise("the requester is told directly",
                all(word in direct for word in ("Approved", "Placed", "Shipped", "Delivered", "Completed"))),
        Promise("one card, kept up to date",
                len(world.slack.messages(ORDERS)) == 1 and "completed" in card.lower()),
    ]  # fmt: skip


def _fill_in(world: LocalWorld, form: Form) -> None:
    """Fill in what the command left out, as a person would, and send the form."""
    for label in ("Outpost", "Catalog item"):  # the bot may not have read the catalogue yet
        form.choose(label, world.slack.wait(partial(form.suggest, label))[0])
    form.fill("Quantity", "2")
    form.fill("Reason", "Inference at the depot, see <https://example.com|the plan>")
    form.submit()


def _card(world: LocalWorld) -> Message:
    return world.slack.messages(ORDERS)[0]


def _request(world: LocalWorld) -> Message:
    return world.slack.messages(APPROVALS)[0]


def _thread(world: LocalWorld) -> str:
    return _said(world.slack.thread(ORDERS, _card(world).ts))


def _thread_names(world: LocalWorld, word: str) -> bool:
    return word in _thread(world)


def _said(messages: list[Message]) -> str:
    return "\n".join(message.plain for message in messages)


def _told(messages: list[Message], words: str) -> bool:
    return words in _said(messages)


def _audit(bot: Bot) -> int:
    command = [sys.executable, "-m", "bot", "audit", "verify"]
    return subprocess.run(command, env=bot.surroundings(), capture_output=True, check=False).returncode


def interactive(port: int) -> int:
    """A workspace to play in, from the terminal, until somebody says `quit`."""
    with running(poll=1.0, port=port) as (world, bot):
        world.outposts.run(STAGE_SECONDS)
        Terminal(world, bot).talk()
    return 0

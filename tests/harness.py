"""The bot within the test process: real Bolt, real SDKs, a real database, real HTTP, local servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from bot import worker
from bot.compose import close, make_app, make_world
from bot.core.messages.words import readable
from bot.core.order import Order, State
from bot.demo.page import Page
from bot.demo.slack import Ack, Form, Message, Person
from bot.demo.slack.people import SubmitResult
from bot.demo.world import (
    APPROVALS,
    APPROVER,
    OPERATIONS,
    OPERATOR,
    ORDERS,
    REGION,
    REQUESTER,
    SECOND,
    STRANGER,
    LocalWorld,
)
from bot.settings import load
from bot.spine import World
from bot.web import Web, in_threads
from bot.worker import Worker

T = TypeVar("T")
TERMS = "payment=NO_UPFRONT term=FIVE_YEARS"
QUICK = {"POLL_INTERVAL": "0.3", "RECONCILE_FOR": "1", "PLACE_TIMEOUT": "2", "LOG_LEVEL": "error"}


class Here:
    """A local world with a bot in it, set up for AWS unless `clouds` says otherwise. A context manager."""

    clouds: tuple[str, ...] = ("aws",)

    def __init__(self, database_url: str, **settings: str) -> None:
        self.local = LocalWorld(self.clouds)
        self.page = Page(self.local)
        self.local.start()
        self.slack, self.aws, self.arm = self.local.slack, self.local.outposts, self.local.arm
        environment = self.local.environment(database_url, 0) | QUICK | settings
        self.environment = environment
        # SDKs read their credentials and addresses from the process they live in.
        self._sdks = pytest.MonkeyPatch()
        for name, value in self.local.sdk_environment().items():
            self._sdks.setenv(name, value)
        # Slack's pace, quicker than in life: waiting for it proves nothing in a journey.
        self._sdks.setattr(worker, "PACE", 0.1)
        self.world = self.furnished(make_world(load(environment)))
        self.app, self.live = make_app(self.world)
        self.http = in_threads(Web(self.world, self.app), "127.0.0.1", 0, 24)
        self.worker = Worker(self.world)
        self.alice, self.bob, self.carol, self.opal, self.mallory = (
            self.slack.person(id) for id in (REQUESTER, APPROVER, SECOND, OPERATOR, STRANGER)
        )

    def furnished(self, world: World) -> World:
        """The world of the bot, for tests that put something else into it."""
        return world

    def __enter__(self) -> Here:
        self.slack.connect(f"http://127.0.0.1:{self.http.__enter__()}/slack/events")
        self.worker.start()
        self.catalogue()
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.stop()
        self.live.close()
        self.http.__exit__(None, None, None)
        close(self.world)
        self.local.stop()
        self._sdks.undo()

    def wait(self, condition: Callable[[], T], timeout: float = 15.0) -> T:
        return self.slack.wait(condition, timeout)

    def catalogue(self) -> None:
        """Wait until the worker has read what can be ordered."""
        self.wait(lambda: self.world.store.kept("catalogue/"))

    @property
    def offered(self) -> dict[str, Any]:
        [(body, _)] = self.world.store.kept(f"catalogue/aws/{REGION}").values()
        return dict(body["choices"])

    @property
    def outpost(self) -> str:
        return str(self.offered["outpost"][0][0]).rpartition("/")[2]

    @property
    def items(self) -> list[str]:
        return [choice[0] for choice in self.offered["item"]]

    def line(self, more: str = "", reason: str = "New depot") -> str:
        """An order line with nothing missing."""
        return (
            f'/order aws outpost={self.outpost} item={self.items[0]}:2 {TERMS} reason="{reason}" {more} --yes'
        )

    @property
    def accepted(self) -> int:
        """How much the cloud has taken."""
        return len(self.aws.accepted())

    def ask(self, more: str = "", reason: str = "New depot", person: Person | None = None) -> Message:
        """File a request, and wait for its message in the approvals channel."""
        before = len(self.slack.messages(APPROVALS))
        ack = (person or self.alice).command(self.line(more, reason), ORDERS)
        assert "is filed" in text(ack), ack
        return self.wait(lambda: self.slack.messages(APPROVALS)[before:])[0]

    def place(self, more: str = "", reason: str = "New depot") -> Message:
        """File, approve, and wait until it is placed; returns the message in the approvals channel."""
        request = self.ask(more, reason)
        placed = self.accepted
        self.bob.click(request, "Approve")
        self.wait(lambda: self.accepted > placed)
        self.wait(lambda: self.order(request).state is State.PLACED)
        return request

    def order(self, request: Message) -> Order:
        order = self.world.store.order(order_id(request))
        assert order is not None
        return order

    def heard(self, person: Person, words: str) -> Message:
        """Wait until somebody was shown a message that says this."""

        def find() -> list[Message]:
            shown = [*self.slack.ephemerals(person.id), *self.slack.direct(person.id)]
            return [message for message in shown if words in message.plain]

        return self.wait(find)[-1]

    def card(self) -> Message:
        return self.wait(lambda: self.slack.messages(ORDERS))[-1]

    def thread(self) -> str:
        return "\n".join(one.plain for one in self.slack.thread(ORDERS, self.card().ts))

    def operations(self) -> str:
        return "\n".join(one.plain for one in self.slack.messages(OPERATIONS))

    def advance(self, times: int = 1) -> str:
        [order] = self.aws.accepted()[-1:]
        for _ in range(times):
            self.aws.advance(order["OrderId"])
        return str(order["OrderId"])

    def without_groups(self) -> None:
        """Forget what Slack said of user groups, as if it were long ago."""
        old = self.world.now().replace(year=2020)
        for key in self.world.store.kept("group/"):
            self.world.store.keep(key, [], old)


class HereAzure(Here):
    """The same, set up for Azure alone."""

    clouds = ("azure",)
    quantity = 2

    def __init__(self, database_url: str, **settings: str) -> None:
        super().__init__(database_url, **settings)
        self.arm.retry_after = 1

    def line(self, more: str = "", reason: str = "New depot") -> str:
        terms = f"product={PRODUCT} configuration=edgep_high type=Purchase address=columbus-plant"
        return f'/order azure {terms} qty={self.quantity} reason="{reason}" {more} --yes'

    @property
    def accepted(self) -> int:
        return len(self.arm.accepted())

    def names(self, request: Message) -> list[str]:
        """The names of the items of an order."""
        return [one.unit for one in self.order(request).placements]

    def advance_all(self, request: Message, stage: str) -> None:
        """Let every item of an order reach a stage, and wait until the thread tells of it."""
        for name in self.names(request):
            self.arm.set_stage(name, stage)
        self.wait(lambda: readable(stage) in self.thread())


PRODUCT = "azurestackedge/azurestackedge/azurestackedgegpu"


def submitted(form: Form) -> SubmitResult:
    """Send an order form; once more, where it comes back to show who will be asked and what is risky."""
    result = form.submit()
    shows = not result.closed and "press *Ask for approval* once more" in str(result.ack.body)
    return form.submit() if shows else result


def order_id(message: Message) -> str:
    return next(word for word in message.plain.split() if word.startswith("ORD-"))


def text(ack: Ack) -> str:
    assert ack.status == 200, ack
    return str(ack.body["text"] if isinstance(ack.body, dict) else ack.body)


__all__ = [
    "APPROVALS",
    "OPERATIONS",
    "ORDERS",
    "PRODUCT",
    "TERMS",
    "Here",
    "HereAzure",
    "order_id",
    "submitted",
    "text",
]

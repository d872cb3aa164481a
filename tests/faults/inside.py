"""The whole bot in this process, worked by hand: its clock stands still until it is told to go on.

Everything is real (Bolt, boto3, the database, HTTP on loopback) but the threads of the worker and the
passing of time, so that minutes of waiting cost nothing and every run is the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

import pytest
from slack_sdk import WebClient
from werkzeug.serving import WSGIRequestHandler, make_server

from bot import catalogue
from bot.clouds import open_clouds
from bot.compose import azure_account, close, make_app, make_world
from bot.core.follow import Job, Queue
from bot.core.order import Order, State
from bot.demo.slack import Message
from bot.demo.world import (
    APPROVALS,
    APPROVER,
    OPERATIONS,
    OPERATOR,
    ORDERS,
    REGION,
    REQUESTER,
    LocalWorld,
)
from bot.ports import Post
from bot.settings import load
from bot.slack.chat import SlackChat, web_client
from bot.spine import World
from bot.steps.track import look_work
from bot.store import Store
from bot.web import Web
from bot.worker import LEASE, run

AGAIN = "It was not placed: try again"
SETTINGS = {"POLL_INTERVAL": "60", "RECONCILE_FOR": "60", "PLACE_TIMEOUT": "30", "LOG_LEVEL": "error"}


class Inside:
    """A local world with a bot in it, set up for AWS unless `clouds` says otherwise. A context manager."""

    clouds: tuple[str, ...] = ("aws",)

    def __init__(self, database_url: str, **settings: str) -> None:
        self._ahead = timedelta()
        self.local = LocalWorld(self.clouds, clock=self.now)
        self.local.start()
        self.slack, self.aws, self.arm = self.local.slack, self.local.outposts, self.local.arm
        self.settings = load(self.local.environment(database_url, 0) | SETTINGS | settings)
        self.lease = dict.fromkeys(Job, LEASE) | {Job.SUBMIT: 2 * self.settings.place_timeout}
        self.alice, self.bob, self.opal = (self.slack.person(id) for id in (REQUESTER, APPROVER, OPERATOR))
        # SDKs read their credentials and addresses from the process they live in.
        self._environment = pytest.MonkeyPatch()
        for name, value in self.local.sdk_environment().items():
            self._environment.setenv(name, value)
        self.open()

    def open(self) -> None:
        """Start the bot."""
        clouds = open_clouds(
            aws_regions=self.settings.aws_regions,
            azure=azure_account(self.settings),
            place_timeout=self.settings.place_timeout,
            clock=self.now,
        )
        self.world: World = replace(make_world(self.settings), clouds=clouds, now=self.now)
        self.talk(timeout=10)
        app, self.forms = make_app(self.world)
        self.server = make_server("127.0.0.1", 0, Web(self.world, app), request_handler=_Silent)
        self.http = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.http.start()
        self.slack.connect(f"http://127.0.0.1:{self.server.server_port}/slack/events")
        for name, cloud in clouds.items():
            for scope in cloud.scopes:
                catalogue.keep(self.world, name, cloud.catalogue(scope))

    def shut(self) -> None:
        """Stop the bot."""
        self.forms.close()
        self.server.shutdown()
        self.http.join()
        self.server.server_close()
        close(self.world)

    def __enter__(self) -> Inside:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.shut()
        self.local.stop()
        self._environment.undo()

    @property
    def store(self) -> Store:
        return self.world.store

    def talk(self, timeout: int) -> None:
        """Talk to Slack with this much patience, in seconds."""
        client = web_client(self.settings.slack_bot_token, self.settings.slack_api_url, timeout)
        self.world = replace(self.world, chat=_InSlacksTime(client, lambda: self._ahead))

    # Time and work

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def pass_time(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def until_due(self, job: str) -> None:
        """Let time pass until the oldest work of a kind is due."""
        row, *_ = self.store.engine.rows(
            "select due_at as due from work where done_at is null and job = :job order by made_at", job=job
        )
        self.pass_time(max(0, row["due"] - self._ms() + 1) / 1000)

    def work_for(self, seconds: float = 60.0) -> None:
        """Do all work that falls due in the next while, and let that time pass."""
        end = self.now() + timedelta(seconds=seconds)
        done = 0
        while True:
            if self.work_once():
                done += 1
                assert done < 2000, f"no end of work: {self.store.stuck(1)}"
                continue
            following = self._next_due()
            if following is None or following > end:
                break
            self._ahead += max(following - self.now(), timedelta()) + timedelta(milliseconds=1)
        self._ahead += max(end - self.now(), timedelta())

    def work_once(self) -> bool:
        """Do one piece of work, if any is due."""
        for queue in Queue:
            claim = self.store.claim(queue, self.now(), self.lease)
            if claim:
                run(self.world, claim)
                return True
        return False

    def look(self) -> None:
        """Let the clouds be looked at from now on, round after round."""
        self.store.ensure(look_work(self.world), self.now())

    def _next_due(self) -> datetime | None:
        """When the next thing may become due: work, a lane that rests, or the end of a lease."""
        [row] = self.store.engine.rows(
            "select min(case when owner is not null then lease_until else due_at end) as due "
            "from work where done_at is null"
        )
        [lane] = self.store.engine.rows(
            "select min(next_at) as due from lanes where next_at > :now", now=self._ms()
        )
        if row["due"] is None:
            return None
        late = row["due"] <= self._ms()
        moment = lane["due"] if late else row["due"]
        return datetime.fromtimestamp(moment / 1000, UTC) if moment else None

    def _ms(self) -> int:
        return int(self.now().timestamp() * 1000)

    # People

    def line(self, quantity: int = 2) -> str:
        [(body, _)] = self.store.kept(f"catalogue/aws/{REGION}").values()
        outpost = body["choices"]["outpost"][0][0].rpartition("/")[2]
        item = body["choices"]["item"][0][0]
        terms = f"outpost={outpost} item={item}:{quantity} payment=NO_UPFRONT term=FIVE_YEARS"
        return f"/order aws {terms} reason=room --yes"

    def file(self) -> str:
        """Alice asks; returns the order's id. Nobody has worked on it yet."""
        before = set(self.ids())
        ack = self.alice.command(self.line(), ORDERS)
        assert ack.status == 200, ack
        [id] = set(self.ids()) - before
        return id

    def approve(self, id: str) -> None:
        """Bob approves; nobody has worked on it yet."""
        [asked] = [one for one in self.slack.messages(APPROVALS) if id in one.plain]
        assert self.bob.click(asked, "Approve").status == 200

    def approved(self) -> str:
        """An order that was filed, shown and approved, and not sent."""
        id = self.file()
        self.work_for(5)
        self.approve(id)
        return id

    def ids(self) -> list[str]:
        return [order.id for order in self.store.listing(State, limit=100)]

    def order(self, id: str) -> Order:
        order = self.store.order(id)
        assert order is not None
        return order

    def questions(self) -> list[Message]:
        """What operators are asked and have not answered."""
        return [one for one in self.slack.messages(OPERATIONS) if AGAIN in one.buttons]

    def operations(self) -> list[str]:
        return [one.plain for one in self.slack.messages(OPERATIONS)]

    def press(self, button: str) -> None:
        """Opal presses a button of the one open question."""
        [question] = self.questions()
        assert self.opal.click(question, button).status == 200

    def booked(self) -> list[str]:
        """The ids of what the cloud took."""
        return [order["OrderId"] for order in self.aws.accepted()]

    def elsewhere(self, id: str) -> str:
        """Somebody orders exactly the same in the console; its id."""
        terms = self.order(id).asked.terms
        items = [(item.catalog_item, item.quantity) for item in terms.items]
        return self.aws.add_order(
            REGION,
            terms.outpost,
            items,
            payment_option=terms.payment,
            payment_term=terms.term,
        )

    def until(self, condition: Callable[[], Any]) -> None:
        """Wait for something that happens in real time, such as a late booking."""
        self.slack.wait(condition, 10)


class Changed:
    """A cloud of which some calls are others."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class _InSlacksTime(SlackChat):
    """The local Slack stamps its messages with the real time, which our clock is ahead of."""

    def __init__(self, client: WebClient, ahead: Callable[[], timedelta]) -> None:
        super().__init__(client)
        self._ahead = ahead

    def find(self, channel: str, key: str, *, thread: str = "", since: float = 0) -> tuple[Post, ...]:
        behind = since - self._ahead().total_seconds()
        return super().find(channel, key, thread=thread, since=behind)


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Nobody reads an access log here."""

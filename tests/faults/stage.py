"""One order's story played by scripted people, with a bot that may be killed at any moment of it.

The people do what people would: who gets no answer looks again and repeats, who sees a button that is
meant for them presses it. Nobody repairs anything by hand.
"""

from __future__ import annotations

import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from bot.core.order import State
from bot.demo.slack import LocalSlack, Message, Person
from bot.demo.world import (
    APPROVALS,
    APPROVER,
    OPERATIONS,
    OPERATOR,
    ORDERS,
    REQUESTER,
    LocalWorld,
    free_port,
)
from bot.store import Store
from tests.faults import judge
from tests.faults.nursery import Nursery, Process

T = TypeVar("T")

SETTINGS = {"POLL_INTERVAL": "0.5", "RECONCILE_FOR": "1", "PLACE_TIMEOUT": "5", "LOG_LEVEL": "warning"}
CONSTANTS = {"PACE": 0.02, "POLL": 0.05}
"""Slack's pace and how often work is looked for, quicker than in life: waiting proves nothing here."""
PATIENCE = 40.0
"""Seconds after which something that has not happened counts as lost."""
AGAIN = "It was not placed: try again"


@dataclass(frozen=True)
class Scenario:
    """A cloud, and what happens to the first order that is sent to it."""

    cloud: str
    fault: str = ""


SCENARIOS = {
    "plain": Scenario("aws"),
    "answer lost": Scenario("aws", "drop_after"),
    "order lost": Scenario("aws", "drop_before"),
    "azure": Scenario("azure"),
    "azure answer lost": Scenario("azure", "drop_after"),
    "azure order lost": Scenario("azure", "drop_before"),
    "azure fails later": Scenario("azure", "async:InvalidAddress:The truck cannot get there."),
}
PLAIN = ("plain", "azure")
"""Those in which nothing goes wrong but the crash."""


@dataclass(frozen=True)
class Ended:
    """How one story ended."""

    point: str
    killed: bool
    violations: tuple[str, ...]
    repeated: int
    seconds: float


class Stuck(Exception):
    """Something that should have happened did not."""


class Stage:
    """A local world, a database and the processes of the bot. Use as a context manager."""

    def __init__(
        self,
        nursery: Nursery,
        database_url: str,
        folder: Path,
        plant: str = "",
        patience: float = PATIENCE,
        cloud: str = "aws",
        **settings: str,
    ) -> None:
        self.nursery = nursery
        self.plant = plant
        self.patience = patience
        self.log = folder / "log"
        self.cloud = cloud
        self.local = LocalWorld((cloud,))
        self.local.arm.retry_after = 1
        self.local.start()
        self.environment = self.local.environment(database_url, 0) | SETTINGS | settings
        self.processes: list[Process] = []
        self.store = Store.open(database_url)
        self.store.migrate()

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self.processes:
            process.kill()
        self.store.close()
        self.local.stop()

    def person(self, id: str) -> Person:
        return self.local.slack.person(id)

    @property
    def slack(self) -> LocalSlack:
        return self.local.slack

    def start(
        self, command: str, plant: str = "", constants: Mapping[str, float] | None = None, **more: str
    ) -> Process:
        """Start a process of the bot; one that serves is the one that Slack talks to from then on."""
        port = free_port() if command in ("run", "web") else 0
        environment = self.environment | more | {"PORT": str(port)}
        process = self.nursery.spawn(
            command,
            environment,
            self.log,
            constants=CONSTANTS | dict(constants or {}),
            plant=plant or self.plant,
        )
        self.processes.append(process)
        if port:
            url = f"http://127.0.0.1:{port}"
            # One that is to be killed may die before it has served anything.
            self.wait(lambda: process.code is not None or _answers(url), "serve")
            self.local.slack.connect(f"{url}/slack/events")
        return process

    def wait(self, condition: Callable[[], T], what: str) -> T:
        """Wait until a condition is true.

        Raises:
            Stuck: It took too long; with all that was said and done.
        """
        try:
            return self.slack.wait(condition, self.patience)
        except TimeoutError as error:
            log = self.log.read_text()[-3000:] if self.log.exists() else ""
            left = "\n".join(map(str, judge.unfinished(self.store)))
            raise Stuck(f"{what}: {error}\nleft to do:\n{left}\nlog:\n{log}") from error

    def line(self) -> str:
        """An order line with nothing missing."""
        self.wait(lambda: self.store.kept("catalogue/"), "read what can be ordered")
        if self.cloud == "azure":
            product = "product=azurestackedge/azurestackedge/azurestackedgegpu configuration=edgep_high"
            return f"/order azure {product} qty=2 type=Purchase address=columbus-plant reason=room --yes"
        [(body, _)] = self.store.kept("catalogue/").values()
        outpost = body["choices"]["outpost"][0][0].rpartition("/")[2]
        item = body["choices"]["item"][0][0]
        return (
            f"/order aws outpost={outpost} item={item}:2 payment=NO_UPFRONT term=FIVE_YEARS reason=room --yes"
        )

    def quiet(self) -> bool:
        return not judge.unfinished(self.store)

    def forget_leases(self) -> None:
        """Let as much time pass as the leases of the dead need to run out."""
        assert all(process.code is not None for process in self.processes if process.command != "web")
        past = int((time.time() - 1) * 1000)
        self.store.engine.transact(
            lambda tx: tx.run("update work set lease_until = :past where owner is not null", past=past)
        )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Story:
    """From `/order` to *shipped*, by Alice, Bob and Opal, and by AWS."""

    def __init__(self, stage: Stage, scenario: str = "plain") -> None:
        self.stage = stage
        self.slack = stage.local.slack
        self.alice, self.bob, self.opal = (stage.person(id) for id in (REQUESTER, APPROVER, OPERATOR))
        self.deaths = 0
        self.approved = self.working = False
        self.pressed: set[str] = set()
        if fault := SCENARIOS[scenario].fault:
            if stage.cloud == "azure":
                stage.local.arm.faults.add("OrderItems_Create", fault)
            else:
                stage.local.outposts.faults.add("CreateOrder", fault)

    def play(self, point: str = "", log: Path | None = None) -> None:
        """Play it once, with a bot that dies at `point`, and two workers and a server afterwards."""
        armed = {"FAILPOINT": point} if point else {}
        self.first = self.stage.start("run", **armed, **({"FAILPOINT_LOG": str(log)} if log else {}))
        self.working = True
        self.ask()
        self.approve()
        self.see(f"Placed: {'AWS' if self.stage.cloud == 'aws' else 'Azure'} order")
        self.see("Preparing" if self.stage.cloud == "aws" else "Order: Placed")
        self.ship()
        self.see("Shipped")
        self.when_working(self._all_shipped)
        self.when_working(self.stage.quiet)

    def ship(self) -> None:
        """The cloud sends off all that it took."""
        for item in self.stage.local.arm.accepted():
            self.stage.local.arm.set_stage(item["name"], "Shipped")
        for order in self.stage.local.outposts.accepted()[:1]:
            self.stage.local.outposts.ship(order["OrderId"])

    def _all_shipped(self) -> bool:
        """Whether the bot knows it of each unit: they are sent off one by one, and it may look in between."""
        orders = self.stage.store.listing(State, limit=10)
        units = [unit for order in orders if order.snapshot for unit in order.snapshot.units]
        sent_off = [unit for unit in units if "Shipped" in unit.status]
        return len(sent_off) >= len(self.stage.local.arm.accepted())

    @property
    def dead(self) -> bool:
        return self.first.code is not None

    def wait(self, condition: Callable[[], T], what: str) -> T:
        """Wait for something, and start the bot again should it die meanwhile."""
        while True:
            found = self.stage.wait(lambda: condition() or (self.dead and not self.deaths), what)
            if not (self.dead and not self.deaths):
                return found
            self.deaths = 1
            self.stage.start("web")
            self.working = False

    def at_work(self) -> None:
        """After a crash: once the people have done what they see fit, two workers."""
        if not self.working:
            self.stage.forget_leases()
            for _ in range(2):
                self.stage.start("worker")
            self.working = True

    def ask(self) -> None:
        line = self.when_working(lambda: self.stage.store.kept("catalogue/")) and self.stage.line()
        ack = self.alice.command(line, ORDERS)
        if ack.status == 200:
            return
        # Slack says that the app did not answer, so she types it again; the first may have been heard.
        self.wait(lambda: self.deaths, "start again")
        filed = self.alice.command(line, ORDERS)
        mine = {order.id for order in self.stage.store.listing(State, limit=10)}
        if len(mine) > 1:
            id = next(word for word in str(filed.body).replace("*", " ").split() if word in mine)
            assert self.alice.command(f"/order withdraw {id}", ORDERS).status == 200

    def when_working(self, condition: Callable[[], T]) -> T:
        """Wait for something that only a worker brings about."""

        def reached() -> T:
            found = condition()
            if not found and self.deaths:
                self.at_work()
            return found

        return self.wait(reached, "get some work done")

    def approve(self) -> None:
        """Bob presses the button that he sees, and again if nobody answered."""
        while True:
            asked = self.when_working(lambda: self._with_button(APPROVALS, "Approve") or self._decided())
            if self._decided() or not isinstance(asked, list):
                return
            if self.bob.click(asked[0], "Approve").status == 200:
                return
            self.wait(lambda: self.deaths, "start again")

    def _decided(self) -> bool:
        return any("Approved by" in one.plain for one in self.slack.messages(APPROVALS))

    def _with_button(self, channel: str, button: str) -> list[Message]:
        return [one for one in self.slack.messages(channel) if button in one.buttons]

    def see(self, words: str) -> None:
        """Wait until a card's thread says so; Opal answers what she is asked meanwhile."""

        def seen() -> bool:
            self.answer()
            return any(
                words in reply.plain
                for card in self.slack.messages(ORDERS)
                for reply in self.slack.thread(ORDERS, card.ts)
            )

        self.when_working(seen)

    def answer(self) -> None:
        """Opal looks into the console, and presses what is true."""
        if self.dead and not self.deaths:
            return  # she waits until the bot is back
        for question in self._with_button(OPERATIONS, AGAIN):
            there = [order["OrderId"] for order in self.stage.local.outposts.accepted()]
            button = f"It was placed: {there[0]}" if there else AGAIN
            once = f"{question.ts} {question.blocks}"
            if button not in question.buttons or once in self.pressed:
                continue
            if self.opal.click(question, button).status == 200:
                self.pressed.add(once)
            else:
                self.first.wait()  # she tries again once the bot is back


def tell(
    nursery: Nursery,
    database_url: str,
    folder: Path,
    point: str,
    scenario: str,
    *,
    plant: str = "",
    patience: float = PATIENCE,
) -> Ended:
    """One whole story with one crash, and what is wrong afterwards."""
    began = time.monotonic()
    with Stage(nursery, database_url, folder, plant, patience, SCENARIOS[scenario].cloud) as stage:
        story = Story(stage, scenario)
        try:
            story.play(point)
            wrong = judge.violations(stage.store, stage.local, deaths=story.deaths)
        except Stuck as error:
            wrong = [*judge.violations(stage.store, stage.local, deaths=story.deaths), f"stuck: {error}"]
        killed = story.dead and story.first.code == -signal.SIGKILL
        if story.dead and not killed:
            wrong.append(f"the bot ended by itself with {story.first.code}")
        return Ended(
            f"{scenario}/{point}",
            killed,
            tuple(wrong),
            judge.repeated(stage.local),
            time.monotonic() - began,
        )


def rehearse(nursery: Nursery, database_url: str, folder: Path, scenario: str) -> list[str]:
    """Play a story to its end without a crash, and list every point that it passed.

    Raises:
        AssertionError: Something was wrong although nothing went wrong.
    """
    passed = folder / "points"
    with Stage(nursery, database_url, folder, cloud=SCENARIOS[scenario].cloud) as stage:
        story = Story(stage, scenario)
        story.play(log=passed)
        wrong = judge.violations(stage.store, stage.local)
        assert not wrong, wrong
    points = passed.read_text().split()
    # Of what comes round for ever, the first two rounds.
    return sorted({point for point in points if not _round(point) > 2})


def _round(point: str) -> int:
    name, _, number = point.partition(":")
    return int(number) if name.partition("-")[2] in judge.ENDLESS else 0

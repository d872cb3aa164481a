"""What a form says of its cloud: from what was read last in each Region, and from how the reading goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from bot import catalogue
from bot.core.follow import Job, Queue
from bot.core.policy import built_in
from bot.policy_file import Rules
from bot.settings import load
from bot.spine import World
from bot.store import Claim, Store
from tests.core.test_order import NOW
from tests.steps.test_approving import ENVIRONMENT

IRELAND, OREGON = "catalogue/aws/eu-west-1", "catalogue/aws/us-west-2"
OFFERS = {"choices": {"outpost": [["eu-west-1/op-1", "depot", ""]], "item": [["OR-1", "a rack", ""]]}}
NO_OUTPOSTS = {"choices": {"outpost": [], "item": [["OR-1", "a rack", ""]]}}
DAY = 24 * 3600.0
NOTHING: dict[str, object] = {"choices": {"outpost": [], "item": []}}


class Regions:
    """A cloud with two of them."""

    name = "aws"
    scopes = ("eu-west-1", "us-west-2")


class Desk:
    """A form's view of the store, at one moment."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, NOW
        clouds, nobody = {"aws": Regions()}, None
        rules = Rules(built_in(("U0BOB",)))
        self.world = World(load(ENVIRONMENT), store, clouds, nobody, self.time, rules)  # type: ignore[arg-type]

    def time(self) -> datetime:
        return self.now

    def line(self, *, waited: bool = False) -> str:
        return catalogue.line(self.world, "aws", waited=waited)

    def begun(self, key: str) -> Claim:
        """A worker begins to read one Region."""
        work = [one for one in catalogue.reading(self.world) if one.key == key]
        self.store.enqueue(work, self.now)
        claim = self.store.claim(Queue.CLOUD, self.now, dict.fromkeys(Job, 15.0))
        assert claim
        assert claim.work.key == key
        return claim

    def read(self, key: str, body: object) -> None:
        claim = self.begun(key)
        self.store.keep(key, body, self.now)
        self.store.every(claim, self.now, DAY)

    def failed(self, key: str, why: str) -> None:
        self.store.again(self.begun(key), self.now, DAY, why)


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    store = Store.open(sqlite_url)
    store.migrate()
    yield Desk(store)
    store.close()


def test_nothing_was_read_yet(desk: Desk) -> None:
    assert desk.line() == ":hourglass: AWS is being asked what can be ordered…"
    assert "AWS has not answered yet" in desk.line(waited=True)
    desk.begun(IRELAND)
    assert desk.line().startswith(":hourglass:")


def test_all_was_read(desk: Desk) -> None:
    desk.read(IRELAND, OFFERS)
    assert desk.line().startswith(":hourglass:"), "the other Region is still asked"
    desk.read(OREGON, NO_OUTPOSTS)
    assert desk.line() == ""
    desk.begun(OREGON)
    assert desk.line() == "", "what is read again every five minutes is no news"


def test_all_was_read_and_nothing_is_offered(desk: Desk) -> None:
    desk.read(IRELAND, NOTHING)
    desk.read(OREGON, NOTHING)
    assert "AWS answers, and offers nothing here" in desk.line()
    desk.begun(OREGON)
    assert desk.line().startswith(":hourglass:"), "it is asked again"


def test_no_region_can_be_read(desk: Desk) -> None:
    desk.failed(IRELAND, "InternalServerException: The service is ill.")
    desk.failed(OREGON, "InternalServerException: The service is ill.")
    assert "What can be ordered is not known: InternalServerException: The service is ill." in desk.line()
    assert "op-…" in desk.line()


def test_one_region_of_two_cannot_be_read(desk: Desk) -> None:
    desk.read(IRELAND, OFFERS)
    desk.failed(OREGON, "no route")
    assert "What can be ordered in `us-west-2` is not known: no route" in desk.line()
    desk.read(OREGON, OFFERS)
    assert desk.line() == ""


def test_what_was_read_is_old_and_cannot_be_read_again(desk: Desk) -> None:
    desk.read(IRELAND, OFFERS)
    desk.read(OREGON, OFFERS)
    desk.now += timedelta(minutes=20)
    desk.failed(OREGON, "no route")
    assert desk.line() == ""
    desk.now += timedelta(minutes=20)
    desk.read(IRELAND, OFFERS)
    assert f"This is what AWS offered at <!date^{int(NOW.timestamp())}^" in desk.line()
    assert "no route" in desk.line()


def test_what_has_failed_before_is_no_answer_once_it_is_asked_again(desk: Desk) -> None:
    desk.read(IRELAND, OFFERS)
    desk.failed(OREGON, "no route")
    catalogue.ask_again(desk.world, "aws")
    assert desk.line().startswith(":hourglass:")
    assert "no route" in desk.line(waited=True)


def test_the_words_of_a_cloud_are_not_live_and_those_of_the_program_stay_in_the_log(desk: Desk) -> None:
    desk.failed(IRELAND, "<!channel> is down")
    desk.failed(OREGON, "KeyError('token=abc')")
    assert "&lt;!channel&gt; is down" in desk.line()
    desk.failed(IRELAND, "KeyError('token=abc')")
    assert "abc" not in desk.line()
    assert "the log of the worker tells more" in desk.line()

"""What can go wrong between the bot, AWS, Slack and its own database, and that it never buys twice."""

from __future__ import annotations

import random
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.core.follow import Queue
from bot.core.order import State
from bot.core.request import Request
from bot.demo.world import APPROVALS, ORDERS, REGION
from bot.ports import Found
from bot.worker import LEASE, run
from tests.faults import judge
from tests.faults.inside import AGAIN, Changed, Inside
from tests.faults.nursery import Nursery, Process
from tests.faults.slices import sliced
from tests.faults.stage import Stage, Story

STEMS = ("drop", "reset", "hang", "500", "502", "503", "504", "429", "throttle", "408")
STEMS += ("empty_200", "truncated_200", "html_200")
MakeInside = Callable[..., Inside]


@pytest.fixture
def make_inside(sqlite_url: str) -> Iterator[MakeInside]:
    """Makes the bot in this process, over SQLite; whatever came of it, the promise was kept."""
    with ExitStack() as stack:
        made: list[Inside] = []

        def make(**settings: str) -> Inside:
            made.append(stack.enter_context(Inside(sqlite_url, **settings)))
            return made[-1]

        yield make
        for inside in made:
            assert judge.violations(inside.store, inside.local) == []


@pytest.fixture
def inside(make_inside: MakeInside) -> Inside:
    return make_inside()


@pytest.fixture
def unsettled(sqlite_url: str) -> Iterator[Inside]:
    """The same, for a story that ends with a question to people."""
    with Inside(sqlite_url) as inside:
        yield inside


def break_placing(inside: Inside, kind: str) -> str:
    """An approved order whose CreateOrder meets a fault; its id."""
    id = inside.approved()
    inside.aws.faults.add("CreateOrder", kind, seconds=1.0)
    inside.work_for(20)
    return id


def quick(stem: str) -> dict[str, str]:
    return {"PLACE_TIMEOUT": "0.4"} if stem == "hang" else {}


# One request of CreateOrder, whatever becomes of it


@pytest.mark.parametrize("stem", sliced(*STEMS, short=("drop", "hang", "500", "truncated_200", "html_200")))
def test_an_order_whose_answer_was_lost_is_adopted_and_not_sent_again(
    make_inside: MakeInside, stem: str
) -> None:
    inside = make_inside(**quick(stem))
    id = break_placing(inside, f"{stem}_after")
    inside.work_for(300)

    assert (1, inside.booked()) == (len(inside.aws.posts()), [inside.order(id).ref.id])
    assert inside.order(id).state is State.PLACED
    assert not any("was it placed?" in said for said in inside.operations())


@pytest.mark.parametrize("stem", sliced(*STEMS, short=("drop", "hang", "429")))
def test_an_order_that_never_arrived_is_sent_again_only_when_people_say_so(
    make_inside: MakeInside, stem: str
) -> None:
    inside = make_inside(**quick(stem))
    id = break_placing(inside, f"{stem}_before")
    assert inside.order(id).state is State.UNCLEAR
    assert inside.questions() == []

    inside.work_for(300)

    assert inside.order(id).state is State.UNCLEAR
    assert len(inside.aws.posts()) == 1
    [question] = inside.questions()
    assert question.buttons == ["It was placed", AGAIN]

    inside.press(AGAIN)
    inside.work_for()

    assert inside.order(id).state is State.PLACED
    assert (len(inside.aws.posts()), len(inside.booked())) == (2, 1)


def test_an_order_that_is_refused_is_not_sent_again(inside: Inside) -> None:
    id = break_placing(inside, "error:ValidationException:The Outpost has no room.")
    inside.work_for(300)

    assert inside.order(id).state is State.REFUSED
    assert len(inside.aws.posts()) == 1


def test_an_order_that_is_booked_while_it_is_looked_for_is_adopted(inside: Inside) -> None:
    id = inside.approved()
    inside.aws.faults.add("CreateOrder", "book_late", seconds=0.3)
    inside.work_for(60)
    inside.until(inside.booked)
    inside.work_for(60)

    assert [inside.order(id).ref.id] == inside.booked()
    assert len(inside.aws.posts()) == 1


def test_an_order_that_is_booked_after_people_were_asked_is_adopted_all_the_same(inside: Inside) -> None:
    id = break_placing(inside, "drop_before")
    inside.work_for(200)
    assert len(inside.questions()) == 1
    booked = inside.elsewhere(id)
    inside.work_for(120)

    assert booked == inside.order(id).ref.id
    assert len(inside.aws.posts()) == 1
    assert inside.questions() == []


def test_among_several_look_alikes_people_choose_and_each_is_a_button(inside: Inside) -> None:
    id = inside.approved()
    inside.aws.faults.add("CreateOrder", "drop_after")
    while not inside.booked():
        assert inside.work_once()
    other = inside.elsewhere(id)
    [ours] = inside.booked()
    inside.work_for(200)

    [question] = inside.questions()
    assert question.buttons == [f"It was placed: {ours}", f"It was placed: {other}", AGAIN]

    inside.press(f"It was placed: {ours}")
    inside.work_for()

    assert ours == inside.order(id).ref.id
    assert len(inside.aws.posts()) == 1


def test_what_people_ruled_out_is_not_taken_for_the_order_later(inside: Inside) -> None:
    id = break_placing(inside, "drop_before")
    ruled_out = {inside.elsewhere(id), inside.elsewhere(id)}
    inside.work_for(200)
    inside.press(AGAIN)
    inside.aws.faults.add("CreateOrder", "drop_after")
    inside.work_for(200)

    assert inside.order(id).state is State.PLACED
    assert inside.order(id).ref.id not in ruled_out
    assert len(inside.aws.posts()) == 2


# Asking around it


@pytest.mark.parametrize(
    "fault", ["empty_200_before", "html_200_before", "error:AccessDeniedException:Not for you."]
)
def test_nothing_is_sent_while_the_cloud_cannot_be_asked_and_people_hear_of_it_once(
    inside: Inside, fault: str
) -> None:
    id = inside.approved()
    inside.aws.faults.add("ListOrders", fault, times=1000)
    inside.work_for(300)

    assert inside.order(id).state is State.APPROVED
    assert inside.aws.posts() == []
    assert len([said for said in inside.operations() if id in said]) == 1

    inside.aws.faults.clear()
    inside.work_for(400)
    assert inside.order(id).state is State.PLACED


@pytest.mark.parametrize("operation", ["ListOrders", "GetOrder"])
def test_an_unclear_order_is_asked_about_and_adopted_once_the_cloud_can_be_searched(
    inside: Inside, operation: str
) -> None:
    id = inside.approved()
    inside.aws.faults.add("CreateOrder", "drop_after")
    while not inside.booked():
        assert inside.work_once()
    inside.aws.faults.add(operation, "error:AccessDeniedException:Not for you.", times=1000)
    inside.work_for(1200)

    assert inside.order(id).state is State.UNCLEAR
    assert "cannot be searched" in inside.questions()[0].plain

    inside.aws.faults.clear()
    inside.work_for(400)
    assert inside.order(id).state is State.PLACED
    assert len(inside.aws.posts()) == 1


def test_an_order_that_somebody_follows_already_makes_way_for_the_one_that_was_asked_for(
    unsettled: Inside,
) -> None:
    """Somebody was quicker with `/order track` than the bot with its own books."""
    inside = unsettled
    id = inside.approved()
    real = inside.world.clouds["aws"]

    class Tracked(Changed):
        def place(self, request: Request, send_before: datetime, _: str = "") -> Any:
            outcome = real.place(request, send_before)
            assert inside.alice.command(f"/order track {outcome.ref.id} --quiet", ORDERS).status == 200
            claim = inside.store.claim(Queue.CLOUD, inside.now(), inside.lease)
            assert claim
            run(inside.world, claim)
            return outcome

    inside.world.clouds["aws"] = Tracked(real)
    inside.work_for(200)

    assert inside.order(id).state is State.PLACED
    assert inside.order(id).ref.id == inside.booked()[0]
    assert len(inside.aws.posts()) == 1


# Somebody in between


class Interrupted(Changed):
    """Asking the cloud takes so long that Alice does something meanwhile."""

    def __init__(self, real: Any, meanwhile: Callable[[], None]) -> None:
        super().__init__(real)
        self.meanwhile = [meanwhile]

    def check(self, request: Request) -> Request:
        checked: Request = self.real.check(request)
        while self.meanwhile:
            self.meanwhile.pop()()
        return checked


def test_what_is_muted_while_it_is_checked_is_put_before_approvers_all_the_same(inside: Inside) -> None:
    line = inside.line()
    inside.store.keep(f"catalogue/aws/{REGION}", {"choices": {}}, inside.now())
    assert inside.alice.command(line, ORDERS).status == 200
    [id] = inside.ids()
    assert inside.order(id).state is State.CHECKING
    mute = lambda: inside.alice.command(f"/order mute {id}", ORDERS)  # noqa: E731
    inside.world.clouds["aws"] = Interrupted(inside.world.clouds["aws"], mute)
    inside.work_for()

    assert (inside.order(id).state, inside.order(id).muted) == (State.WAITING, True)


def test_what_two_people_begin_to_follow_at_once_is_followed_once_and_the_other_is_told(
    unsettled: Inside,
) -> None:
    inside = unsettled
    ref = inside.elsewhere(inside.approved())
    inside.work_for()
    for person in (inside.alice, inside.bob):
        assert person.command(f"/order track {ref}", ORDERS).status == 200
    inside.work_for()

    followed = [order for order in map(inside.order, inside.ids()) if order.request is None]
    assert sorted(order.state for order in followed) == [State.PLACED, State.REFUSED]


# The database of yesterday


def test_after_an_old_backup_was_restored_the_order_is_not_sent_again(tmp_path: Path) -> None:
    file, backup = tmp_path / "orders.db", tmp_path / "backup.db"
    with Inside(f"sqlite:///{file}") as inside:
        id = inside.approved()
        shutil.copy(file, backup)
        inside.work_for()
        [ours] = inside.booked()
        inside.shut()
        shutil.copy(backup, file)
        inside.open()
        inside.work_for(200)

        assert inside.order(id).state is State.UNCLEAR
        [question] = inside.questions()
        assert question.buttons == [f"It was placed: {ours}", AGAIN]

        inside.press(f"It was placed: {ours}")
        inside.work_for()

        assert (State.PLACED, ours) == (inside.order(id).state, inside.order(id).ref.id)
        assert len(inside.aws.posts()) == 1


def test_after_a_backup_from_before_the_approval_it_takes_an_approval_and_an_answer(tmp_path: Path) -> None:
    file, backup = tmp_path / "orders.db", tmp_path / "backup.db"
    with Inside(f"sqlite:///{file}") as inside:
        id = inside.file()
        inside.work_for(5)
        shutil.copy(file, backup)
        [asked] = inside.slack.messages(APPROVALS)
        inside.approve(id)
        inside.work_for()
        inside.shut()
        shutil.copy(backup, file)
        inside.open()
        assert inside.bob.click(asked, "Approve").status == 200
        inside.work_for(200)

        assert inside.order(id).state is State.UNCLEAR
        assert len(inside.questions()) == 1
        assert len(inside.aws.posts()) == 1


# Two for one Outpost


@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_of_two_identical_orders_the_second_waits_until_the_first_is_settled(
    inside: Inside, fault: str
) -> None:
    first, second = both_approved(inside)
    inside.aws.faults.add("CreateOrder", fault)
    inside.work_for(300)
    if fault == "drop_before":
        assert len(inside.aws.posts()) == 1
        waits = [said for said in thread(inside, second) if said.startswith("Waits for")]
        assert len(waits) == 1
        inside.press(AGAIN)
        inside.work_for(200)

    assert len(inside.booked()) == 2
    assert {inside.order(first).ref.id, inside.order(second).ref.id} == set(inside.booked())
    assert inside.questions() == []


def test_a_twin_that_is_placed_while_the_cloud_is_asked_is_not_mistaken_for_the_order(inside: Inside) -> None:
    first, second = both_approved(inside)
    real = inside.world.clouds["aws"]

    class Meanwhile(Changed):
        """While one order asks first, the other is placed from beginning to end."""

        def look_alikes(
            self, request: Request, since: datetime, known: frozenset[str], _: str = ""
        ) -> tuple[Found, ...]:
            inside.world.clouds["aws"] = real
            while not inside.booked():
                claim = inside.store.claim(Queue.CLOUD, inside.now(), inside.lease)
                assert claim
                run(inside.world, claim)
            return self.real.look_alikes(request, since, known)

    inside.world.clouds["aws"] = Meanwhile(real)
    inside.work_for(200)

    assert {inside.order(first).ref.id, inside.order(second).ref.id} == set(inside.booked())
    assert len(inside.aws.posts()) == 2
    assert not any("was it placed?" in said for said in inside.operations())


def test_a_twin_that_is_being_placed_while_the_cloud_is_asked_is_waited_for(inside: Inside) -> None:
    first, second = both_approved(inside)
    real = inside.world.clouds["aws"]
    sent, heard = threading.Event(), threading.Event()

    def other_worker() -> None:
        claim = inside.store.claim(Queue.CLOUD, inside.now(), inside.lease)
        assert claim
        run(inside.world, claim)

    class Meanwhile(Changed):
        """While one order asks first, the other has been sent, and nobody knows its number yet."""

        others: tuple[threading.Thread, ...] = ()

        def place(self, request: Request, send_before: datetime, _: str = "") -> Any:
            outcome = self.real.place(request, send_before)
            sent.set()
            heard.wait(10)
            return outcome

        def look_alikes(
            self, request: Request, since: datetime, known: frozenset[str], _: str = ""
        ) -> tuple[Found, ...]:
            if not self.others:
                self.others = (threading.Thread(target=other_worker),)
                self.others[0].start()
                assert sent.wait(10)
            found: tuple[Found, ...] = self.real.look_alikes(request, since, known)
            return found

    between = Meanwhile(real)
    inside.world.clouds["aws"] = between
    while not inside.booked():
        assert inside.work_once()
    heard.set()
    between.others[0].join()
    inside.work_for(200)

    assert {inside.order(first).ref.id, inside.order(second).ref.id} == set(inside.booked())
    assert not any("was it placed?" in said for said in inside.operations())


def both_approved(inside: Inside) -> tuple[str, str]:
    ids = inside.file(), inside.file()
    inside.work_for(10)
    for id in ids:
        inside.approve(id)
    return ids


def thread(inside: Inside, id: str) -> list[str]:
    [card] = [one for one in inside.slack.messages(ORDERS) if id in one.plain]
    return [one.plain for one in inside.slack.thread(ORDERS, card.ts)]


# Slack

SLACK_FAULTS = ("drop_before", "drop_after", "hang_dead", "500", "503", "429", "html", "error:internal_error")


def whole_story(inside: Inside, trouble: Callable[[], None]) -> None:
    """From asking to *shipped*; `trouble` strikes before each piece of work that could be done."""

    def work() -> None:
        for _ in range(40):
            trouble()
            inside.work_once()
            inside.pass_time(2.0)

    inside.look()
    id = inside.file()
    work()
    inside.slack.faults.clear()
    inside.work_for(120)
    inside.approve(id)
    work()
    inside.slack.faults.clear()
    inside.work_for(300)
    inside.aws.ship(inside.booked()[0])
    inside.work_for(61)
    work()
    inside.slack.faults.clear()
    inside.work_for(300)


@pytest.mark.parametrize("method", sliced("chat.postMessage", "chat.update", "conversations.open", "*"))
@pytest.mark.parametrize("kind", sliced(*SLACK_FAULTS, short=("drop_after", "429", "html")))
def test_every_message_arrives_once_and_in_order_although_slack_fails(
    inside: Inside, kind: str, method: str
) -> None:
    calls = iter(range(10_000))

    def trouble() -> None:
        if next(calls) % 3 == 0 and not inside.slack.faults.pending:
            inside.slack.faults.add(method, kind, seconds=0.05 if kind == "hang_dead" else 3.0)

    whole_story(inside, trouble)

    assert judge.violations(inside.store, inside.local) == []


@pytest.mark.parametrize("seed", sliced(*range(20), short=(0, 1)))
def test_every_message_arrives_once_and_in_order_in_a_storm(inside: Inside, seed: int) -> None:
    chance = random.Random(seed)

    def trouble() -> None:
        if chance.random() < 0.4:
            inside.slack.faults.add("*", chance.choice(SLACK_FAULTS), seconds=0.02)

    whole_story(inside, trouble)


def test_a_message_that_slack_takes_too_late_to_answer_is_not_posted_again(inside: Inside) -> None:
    inside.talk(timeout=1)
    id = inside.file()
    inside.slack.faults.add("chat.postMessage", "hang", seconds=1.2)
    while inside.slack.faults.pending != 0:
        assert inside.work_once()
    # Slack goes on with what its caller has given up, before that one tries again.
    inside.until(lambda: inside.slack.messages(ORDERS) or inside.slack.messages(APPROVALS))
    inside.work_for(60)

    assert [len(inside.slack.messages(channel)) for channel in (ORDERS, APPROVALS)] == [1, 1]
    assert judge.repeated(inside.local) == 0
    assert inside.order(id).state is State.WAITING


def test_a_card_that_was_posted_unheard_says_how_the_order_is_now(inside: Inside) -> None:
    """Its text was made before the order changed."""
    id = inside.file()
    inside.slack.faults.add("chat.postMessage", "drop_after", times=2)
    while len(inside.slack.messages(ORDERS) + inside.slack.messages(APPROVALS)) < 2:
        assert inside.work_once()
    inside.alice.command(f"/order withdraw {id}", ORDERS)
    inside.work_for(60)

    assert "Withdrawn" in inside.slack.messages(ORDERS)[0].plain
    assert inside.slack.messages(APPROVALS)[0].buttons == []


def test_what_had_to_wait_for_its_card_is_told_in_the_order_in_which_it_happened(inside: Inside) -> None:
    id = inside.file()
    assert inside.bob.command(f"/order approve {id}", ORDERS).status == 200
    inside.slack.faults.add("chat.postMessage", "500")
    while inside.work_once():
        """The card fails, and what was approved and then placed waits for it."""
    # What came first looks for the card once more, so that its next try is later than that of the second.
    inside.until_due("thread")
    assert inside.work_once()
    inside.pass_time(5)
    inside.work_for(60)

    assert [line.partition(":")[0].partition(" ")[0] for line in thread(inside, id)] == [
        "Approved",
        "Placed",
        "Order",
    ]


def test_who_is_held_up_beyond_the_lease_takes_away_what_another_had_posted_by_then(inside: Inside) -> None:
    chat = inside.world.chat

    class HeldUp:
        """Takes so long over its first message that it is taken for dead."""

        held = False

        def post(self, *message: Any, **how: Any) -> Any:
            if not self.held:
                self.held = True
                inside.pass_time(LEASE + 1)
                while not inside.slack.messages(ORDERS):
                    assert inside.work_once()
            return chat.post(*message, **how)

        def __getattr__(self, name: str) -> Any:
            return getattr(chat, name)

    inside.world = replace(inside.world, chat=HeldUp())
    inside.file()
    inside.work_for(60)

    assert judge.repeated(inside.local) == 1
    assert len(inside.slack.messages(ORDERS)) == 1


# Processes that stand still

HELD = {"PLACE_TIMEOUT": "1", "RECONCILE_FOR": "1", "POLL_INTERVAL": "60"}
SHORT = {"LEASE": 2.0}


def approved_on(stage: Stage) -> None:
    """An order for whichever worker does clouds."""
    stage.start("worker", plant="does only chat", constants=SHORT)
    stage.start("web")
    story = Story(stage)
    ack = story.alice.command(stage.line(), ORDERS)
    assert ack.status == 200
    asked = stage.wait(lambda: stage.slack.messages(APPROVALS), "ask for approval")
    assert story.bob.click(asked[0], "Approve").status == 200


def standing_still(process: Process) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_a_worker_that_slept_between_its_intent_and_its_call_does_not_send_any_more(
    nursery: Nursery, postgres_url: str, tmp_path: Path
) -> None:
    with Stage(nursery, postgres_url, tmp_path, **HELD) as stage:
        sleeper = stage.start("worker", plant="sleeps before placing", constants=SHORT)
        approved_on(stage)
        stage.wait(lambda: standing_still(sleeper), "fall asleep")
        stage.start("worker", plant="does only clouds", constants=SHORT)
        stage.wait(lambda: verbs(stage)["WentUnclear"], "find that it is unclear")

        sleeper.signal(signal.SIGCONT)
        stage.wait(lambda: verbs(stage)["NothingSent"], "find that nothing was sent")

        assert stage.local.outposts.posts() == []


def test_a_worker_that_slept_through_its_answer_changes_nothing_when_it_wakes(
    nursery: Nursery, postgres_url: str, tmp_path: Path
) -> None:
    with Stage(nursery, postgres_url, tmp_path, **HELD) as stage:
        sleeper = stage.start("worker", plant="does only clouds", constants=SHORT)
        stage.local.outposts.faults.add("CreateOrder", "slow", seconds=0.5)
        approved_on(stage)
        stage.wait(stage.local.outposts.posts, "send")
        sleeper.signal(signal.SIGSTOP)
        stage.start("worker", plant="does only clouds", constants=SHORT)
        stage.wait(lambda: verbs(stage)["WasPlaced"], "be adopted")

        sleeper.signal(signal.SIGCONT)
        stage.wait(lambda: stage.quiet() and late(verbs(stage)), "hear the answer")

        assert len(stage.local.outposts.posts()) == 1
        assert judge.violations(stage.store, stage.local) == []


def test_two_identical_orders_approved_at_once_are_placed_one_after_the_other(
    nursery: Nursery, database_url: str, tmp_path: Path
) -> None:
    with Stage(nursery, database_url, tmp_path) as stage:
        stage.start("run")
        stage.start("worker")
        story = Story(stage)
        for _ in range(2):
            assert story.alice.command(stage.line(), ORDERS).status == 200
        asked = stage.wait(lambda: two(stage.slack.messages(APPROVALS)), "ask for approval")
        for message in asked:
            assert story.bob.click(message, "Approve").status == 200
        stage.wait(lambda: verbs(stage)["WasPlaced"] == 2 and stage.quiet(), "place both")

        assert [*judge.violations(stage.store, stage.local)] == []
        steps = [
            event["verb"] for event in stage.store.all_events() if event["verb"] in ("Attempted", "WasPlaced")
        ]
        assert steps == ["Attempted", "WasPlaced"] * 2


def two(found: list[Any]) -> list[Any]:
    return found if len(found) == 2 else []


def verbs(stage: Stage) -> judge.Counter[str]:
    return judge.Counter(event["verb"] for event in stage.store.all_events())


def late(seen: judge.Counter[str]) -> bool:
    """Whether the answer that nobody waited for any more was written down."""
    return any(verb.startswith("Late") for verb in seen)

"""What can go wrong between the bot and Azure, and that no unit is ever bought twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from bot.core.order import State, Step
from bot.demo.faults import KINDS
from tests.faults import judge
from tests.faults.azure import InsideAzure
from tests.faults.inside import AGAIN
from tests.faults.slices import sliced

MakeInside = Callable[..., InsideAzure]
STEMS = sorted({kind.rpartition("_")[0] for kind in KINDS if kind.endswith(("_before", "_after"))})


class Three(InsideAzure):
    """Whose orders are of three units."""

    def line(self, quantity: int = 3) -> str:
        return super().line(quantity)


@contextmanager
def maker(kind: type[InsideAzure], database_url: str) -> Iterator[MakeInside]:
    """Makes the bot in this process; whatever came of it, the promise was kept."""
    with ExitStack() as stack:
        made: list[InsideAzure] = []

        def make(**settings: str) -> InsideAzure:
            made.append(stack.enter_context(kind(database_url, **settings)))
            made[-1].arm.retry_after = 1
            return made[-1]

        yield make
        for inside in made:
            assert judge.violations(inside.store, inside.local) == []


@pytest.fixture
def make_inside(sqlite_url: str) -> Iterator[MakeInside]:
    with maker(InsideAzure, sqlite_url) as make:
        yield make


@pytest.fixture
def make_three(sqlite_url: str) -> Iterator[MakeInside]:
    with maker(Three, sqlite_url) as make:
        yield make


@pytest.fixture
def inside(make_inside: MakeInside) -> InsideAzure:
    return make_inside()


def quick(stem: str) -> dict[str, str]:
    return {"PLACE_TIMEOUT": "0.4"} if stem == "hang" else {}


def break_unit(inside: InsideAzure, kind: str, operation: str = "OrderItems_Create") -> str:
    """An approved order of three units, something about the second of which goes wrong; its id."""
    id = inside.file()
    inside.work_for(5)
    inside.approve(id)
    second = inside.names(id)[1] if operation == "OrderItems_Create" else None
    inside.arm.faults.add(operation, kind, seconds=1.0, name=second)
    inside.work_for(30)
    return id


@pytest.mark.parametrize("stem", sliced(*STEMS, short=("drop", "hang", "500", "truncated_200", "html_200")))
def test_a_unit_whose_answer_was_lost_is_adopted_and_not_sent_again(
    make_three: MakeInside, stem: str
) -> None:
    inside = make_three(**quick(stem))
    id = break_unit(inside, f"{stem}_after")
    inside.work_for(300)

    assert inside.sends(id) == [1, 1, 1]
    assert inside.booked() == inside.names(id)
    assert inside.order(id).state is State.PLACED
    assert inside.questions() == []


@pytest.mark.parametrize("stem", sliced(*STEMS, short=("drop", "hang", "429")))
def test_a_unit_that_never_arrived_is_reported_and_sent_again_only_when_people_say_so(
    make_three: MakeInside, stem: str
) -> None:
    inside = make_three(**quick(stem))
    id = break_unit(inside, f"{stem}_before")
    inside.work_for(300)

    assert inside.steps(id) == [Step.PLACED, Step.UNCLEAR, Step.PLACED]
    assert inside.sends(id) == [1, 1, 1]
    [question] = inside.questions()
    assert inside.names(id)[1] in question.plain
    assert question.buttons == ["It was placed", AGAIN]

    inside.press(AGAIN)
    inside.work_for(60)

    assert inside.order(id).state is State.PLACED
    assert inside.sends(id) == [1, 2, 1]
    assert inside.booked() == inside.names(id)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("stem", sliced(*STEMS, short=("drop", "500", "empty_200", "html_200")))
def test_a_fault_while_an_accepted_unit_is_polled_changes_nothing(
    make_inside: MakeInside, stem: str, when: str
) -> None:
    inside = make_inside(**quick(stem))
    id = break_unit(inside, f"{stem}_{when}", "OperationResults_Get")
    inside.work_for(300)

    assert inside.order(id).state is State.PLACED
    assert inside.sends(id) == [1, 1]
    assert inside.booked() == inside.names(id)
    assert inside.questions() == []


def test_a_unit_that_azure_refuses_is_refused_alone_and_in_its_own_words(make_three: MakeInside) -> None:
    inside = make_three()
    id = break_unit(inside, "error:QuotaExceeded:Two is all you get.")
    inside.work_for(120)

    assert inside.steps(id) == [Step.PLACED, Step.REFUSED, Step.PLACED]
    assert inside.sends(id) == [1, 1, 1]
    assert any("Two is all you get" in one.plain for one in inside.slack.direct(inside.alice.id))


def test_a_unit_that_fails_after_it_was_accepted_is_refused_in_the_words_of_the_operation(
    make_three: MakeInside,
) -> None:
    inside = make_three()
    id = break_unit(inside, "async:InvalidAddress:The truck cannot get there.")
    inside.work_for(120)

    assert inside.steps(id) == [Step.PLACED, Step.REFUSED, Step.PLACED]
    assert inside.order(id).placement(inside.names(id)[1]).why == "The truck cannot get there."


@pytest.mark.parametrize("answer", ["conflict", "bad_request", "accept"])
def test_an_answer_that_says_exists_already_is_no_failure_where_the_item_is_ours(
    inside: InsideAzure, answer: str
) -> None:
    id = inside.approved()
    first = inside.names(id)[0]
    inside.arm.on_existing = answer
    inside.arm.faults.add("OrderItems_Create", "book_late", seconds=0.2, name=first)
    inside.work_for(2)
    inside.until(lambda: first in inside.booked())
    inside.work_for(120)

    assert inside.order(id).state is State.PLACED
    assert inside.booked() == inside.names(id)


def test_units_that_are_all_refused_are_one_refusal_with_the_line_to_ask_again(inside: InsideAzure) -> None:
    id = inside.approved()
    inside.arm.faults.add("OrderItems_Create", "error:QuotaExceeded:None left.", times=2)
    inside.work_for(120)

    assert inside.order(id).state is State.REFUSED
    assert any("/order azure" in one.plain for one in inside.slack.direct(inside.alice.id))


def test_what_is_there_before_it_was_sent_is_adopted_by_its_tag(inside: InsideAzure) -> None:
    """A database that was restored from a backup made before the order was placed."""
    id = inside.approved()
    first = inside.names(id)[0]
    inside.arm.add_item(first, "ord-x", tags={"quartermaster-order": id})
    inside.work_for(60)

    assert inside.order(id).state is State.PLACED
    assert inside.sends(id) == [0, 1]


def test_what_has_the_name_of_a_unit_and_not_its_tag_is_a_question(inside: InsideAzure) -> None:
    id = inside.approved()
    first = inside.names(id)[0]
    inside.arm.add_item(first, "ord-x")
    inside.work_for(200)

    assert inside.steps(id) == [Step.UNCLEAR, Step.PLACED]
    assert inside.sends(id) == [0, 1]
    [question] = inside.questions()
    assert question.buttons == [f"It was placed: {first}", AGAIN]

    inside.press(f"It was placed: {first}")
    inside.work_for(60)
    assert inside.order(id).state is State.PLACED


@pytest.mark.parametrize(
    "fault", ["html_200_before", "drop_before", "error:AuthorizationFailed:Not for you.", "500_before"]
)
def test_nothing_is_sent_while_azure_cannot_be_asked_and_people_hear_of_it_once(
    inside: InsideAzure, fault: str
) -> None:
    id = inside.approved()
    inside.arm.faults.add("OrderItems_Get", fault, times=1000)
    inside.work_for(300)

    assert inside.order(id).state is State.APPROVED
    assert inside.arm.puts() == []
    assert len([said for said in inside.operations() if id in said]) == 1

    inside.arm.faults.clear()
    inside.work_for(400)
    assert inside.order(id).state is State.PLACED


def test_a_subscription_that_is_not_registered_is_explained_to_operators_and_never_registered_by_the_bot(
    inside: InsideAzure,
) -> None:
    id = inside.approved()
    inside.arm.registered = False
    inside.work_for(120)

    assert inside.arm.puts() == []
    assert not any(request.operation == "Providers_Register" for request in inside.arm.requests)
    assert any("az provider register --namespace Microsoft.EdgeOrder" in said for said in inside.operations())

    inside.arm.registered = True
    inside.work_for(400)
    assert inside.order(id).state is State.PLACED


def test_an_address_that_was_changed_after_the_approval_stops_the_order(inside: InsideAzure) -> None:
    id = inside.approved()
    inside.arm.add_address("columbus-plant", streetAddress1="2 Other Street")
    inside.work_for(60)

    assert inside.order(id).state is State.REFUSED
    assert inside.arm.puts() == []


def test_what_was_placed_is_followed_while_another_unit_is_unclear(make_three: MakeInside) -> None:
    inside = make_three()
    id = break_unit(inside, "drop_before")
    inside.look()
    first, second, _ = inside.names(id)
    inside.arm.set_stage(first, "Shipped")
    inside.work_for(300)

    assert inside.order(id).state is State.UNCLEAR
    assert any("Shipped" in one.plain for one in inside.slack.direct(inside.alice.id))

    inside.press(AGAIN)
    inside.work_for(90)
    assert inside.order(id).state is State.PLACED
    assert second in [unit.name.rpartition("(")[2].rstrip(")") for unit in inside.order(id).snapshot.units]


def test_operators_hear_once_of_what_azure_has_accepted_and_does_not_finish(inside: InsideAzure) -> None:
    inside.arm.operation_seconds, inside.arm.retry_after = 3600, 30
    id = inside.approved()
    inside.work_for(300)

    assert inside.order(id).state is State.PLACING
    [told] = [said for said in inside.operations() if "unusually long" in said]
    assert all(name in told for name in inside.names(id))

    inside.arm.finish()
    inside.work_for(60)
    assert inside.order(id).state is State.PLACED

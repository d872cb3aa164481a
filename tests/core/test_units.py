"""An order that its cloud takes unit by unit: each unit has an outcome of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core import allowed
from bot.core.events import (
    Accepted,
    Approved,
    Attempted,
    Event,
    Looked,
    NothingSent,
    Operation,
    PeopleAsked,
    SaidNotPlaced,
    WasPlaced,
    WasRefused,
    WentUnclear,
    Withdrawn,
)
from bot.core.follow import Job, after_event
from bot.core.order import (
    OF_A_UNIT,
    UNIT_STEPS,
    Kind,
    Order,
    Placement,
    State,
    Step,
    advance,
    dump,
    happens,
    load,
    may_follow,
    standing,
)
from bot.core.request import AzureTerms, Request
from bot.core.snapshot import Ref, Snapshot, Unit
from tests.core.test_order import NOW

SUBSCRIPTION = "00000000-0000-4000-8000-00000000ed6e"
REQUEST = Request(
    cloud="azure",
    terms=AzureTerms(
        "azurestackedge/azurestackedge/azurestackedgegpu",
        "edgep_high",
        3,
        "Purchase",
        "columbus-plant",
        "eastus",
        "edge",
    ),
    reason="line 4",
)
NAMES = tuple(f"ord-7f3k2m-{number}" for number in (1, 2, 3))
ONE, TWO, THREE = NAMES


def ref_of(*names: str) -> Ref:
    return Ref(SUBSCRIPTION, "edge/ord-7f3k2m", tuple(f"edge/{name}" for name in names))


def order_of(*steps: Step, **more: Any) -> Order:
    placements = tuple(map(Placement, NAMES, steps))
    order = Order("ORD-7F3K2M", Kind.ASKED, State.WAITING, "azure", "U0ALICE", "C0EDGE", NOW, request=REQUEST)
    return replace(order, state=standing(placements), placements=placements, **more)


def after(order: Order, *events: Event) -> Order:
    for event in events:
        order = advance(order, event, NOW)
    return order


def jobs(before: Order, event: Event) -> list[str]:
    made = after_event(before, event, advance(before, event, NOW))
    return [work.job.value for work in made if work.job is not Job.HOMES]


TO_DO = order_of(Step.TO_DO, Step.TO_DO, Step.TO_DO)


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((Step.TO_DO, Step.TO_DO), State.APPROVED),
        ((Step.SENDING, Step.TO_DO), State.PLACING),
        ((Step.PLACED, Step.TO_DO), State.PLACING),
        ((Step.UNCLEAR, Step.TO_DO), State.PLACING),
        ((Step.REFUSED, Step.ACCEPTED), State.PLACING),
        ((Step.UNCLEAR, Step.PLACED), State.UNCLEAR),
        ((Step.UNCLEAR, Step.REFUSED), State.UNCLEAR),
        ((Step.PLACED, Step.REFUSED), State.PLACED),
        ((Step.REFUSED, Step.REFUSED), State.REFUSED),
    ],
)
def test_where_an_order_stands_follows_from_its_units(steps: tuple[Step, ...], state: State) -> None:
    assert order_of(*steps).state is state


# Written by hand, not read from the code.
LIFE: dict[Step, dict[type, Step]] = {
    Step.TO_DO: {Attempted: Step.SENDING, WasPlaced: Step.PLACED, WentUnclear: Step.UNCLEAR},
    Step.SENDING: {
        Accepted: Step.ACCEPTED,
        WasPlaced: Step.PLACED,
        WasRefused: Step.REFUSED,
        NothingSent: Step.TO_DO,
        WentUnclear: Step.UNCLEAR,
    },
    Step.ACCEPTED: {
        Accepted: Step.ACCEPTED,
        WasPlaced: Step.PLACED,
        WasRefused: Step.REFUSED,
        WentUnclear: Step.UNCLEAR,
    },
    Step.UNCLEAR: {WasPlaced: Step.PLACED},
    Step.PLACED: {},
    Step.REFUSED: {},
}


def of_unit(unit: str) -> dict[type, Event]:
    made = (
        Attempted((), unit),
        Accepted("https://management.azure.com/…/operationResults/1", unit),
        NothingSent("no connection", unit),
        WentUnclear("no answer", unit),
        WasPlaced(ref_of(unit), unit=unit),
        WasRefused("InvalidAddress", "no", unit),
    )
    return {type(event): event for event in made}


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("kind", sorted(OF_A_UNIT, key=str), ids=lambda kind: kind.__name__)
def test_every_step_of_a_unit_lets_happen_just_what_is_in_its_row(step: Step, kind: type) -> None:
    before = order_of(step, Step.PLACED)
    event = of_unit(ONE)[kind]
    if kind not in LIFE[step]:
        assert not happens(before, event)
        with pytest.raises(ValueError, match="cannot happen"):
            advance(before, event, NOW)
        return
    assert advance(before, event, NOW).placement(ONE).step is LIFE[step][kind]


def test_the_table_of_units_has_every_step_and_only_events_of_units() -> None:
    assert set(UNIT_STEPS) == set(Step)
    assert {event for row in UNIT_STEPS.values() for event in row} == {*OF_A_UNIT, SaidNotPlaced}


def test_one_unit_is_sent_at_a_time() -> None:
    assert not happens(order_of(Step.SENDING, Step.TO_DO), Attempted((), TWO))
    assert happens(order_of(Step.ACCEPTED, Step.TO_DO), Attempted((), TWO))


def test_nothing_happens_to_a_unit_that_the_order_does_not_have() -> None:
    assert not happens(TO_DO, Attempted((), "ord-7f3k2m-4"))
    assert not happens(TO_DO, Attempted(()))


def test_no_unit_is_sent_before_the_approval() -> None:
    for state in (State.CHECKING, State.WAITING, State.REJECTED, State.WITHDRAWN):
        assert not happens(replace(TO_DO, state=state), Attempted((), ONE))


def test_what_is_placed_is_kept_although_the_rest_is_refused() -> None:
    done = after(
        TO_DO,
        Attempted((), ONE),
        WasPlaced(ref_of(ONE), unit=ONE),
        Attempted((), TWO),
        WasRefused("QuotaExceeded", "two is too many", TWO),
        Attempted((), THREE),
        WasPlaced(ref_of(THREE), unit=THREE),
    )
    assert (done.state, done.ref) == (State.PLACED, ref_of(ONE, THREE))
    assert (done.code, done.why) == ("QuotaExceeded", "two is too many")
    assert done.units(Step.REFUSED) == (TWO,)


def test_a_unit_that_could_not_be_sent_is_to_be_sent_and_takes_nothing_from_the_others() -> None:
    first = after(TO_DO, Attempted((), ONE), NothingSent("no connection", ONE))
    assert (first.state, first.attempted_at) == (State.APPROVED, None)
    second = after(
        TO_DO,
        Attempted((), ONE),
        WasPlaced(ref_of(ONE), unit=ONE),
        Attempted((), TWO),
        NothingSent("no connection", TWO),
    )
    assert (second.state, second.attempted_at, second.why) == (State.PLACING, NOW, "no connection")


def test_an_order_of_which_a_unit_was_sent_cannot_be_withdrawn() -> None:
    assert may_follow(TO_DO, Withdrawn)
    assert not may_follow(after(TO_DO, Attempted((), ONE), WasRefused("X", "no", ONE)), Withdrawn)


def test_an_operator_lets_only_what_is_unclear_be_sent_again() -> None:
    before = order_of(Step.PLACED, Step.UNCLEAR, Step.REFUSED, people_asked=True)
    said = after(before, SaidNotPlaced("U0OPAL"))
    assert [one.step for one in said.placements] == [Step.PLACED, Step.TO_DO, Step.REFUSED]
    assert (said.state, said.people_asked) == (State.PLACING, False)


def test_what_is_placed_of_an_unclear_order_is_followed_and_the_order_stays_unclear() -> None:
    snapshot = Snapshot(ref_of(ONE), "InUse", (Unit(ONE, "GPU", 1, "InUse"),))
    unclear = order_of(Step.PLACED, Step.UNCLEAR, ref=ref_of(ONE))
    assert after(unclear, Looked(snapshot)).state is State.UNCLEAR
    assert not may_follow(replace(unclear, ref=None), Looked)


def test_a_look_that_began_before_another_unit_was_placed_does_not_count() -> None:
    now = order_of(Step.PLACED, Step.PLACED, ref=ref_of(ONE, TWO))
    too_little = Looked(Snapshot(ref_of(ONE), "Placed", (Unit(ONE, "GPU", 1, "Placed"),)))
    assert not happens(now, too_little)
    assert happens(replace(now, ref=ref_of(ONE)), too_little)


def test_the_card_alone_tells_of_each_unit_and_the_last_outcome_tells_all_of_them() -> None:
    assert jobs(order_of(Step.SENDING, Step.TO_DO), WasPlaced(ref_of(ONE), unit=ONE)) == ["card"]
    last = order_of(Step.REFUSED, Step.SENDING)
    assert jobs(last, WasPlaced(ref_of(TWO), unit=TWO)) == ["card", "request", "thread", "direct", "look-one"]
    told = after_event(last, event := WasRefused("X", "no", TWO), advance(last, event, NOW))[2].body
    assert [unit["step"] for unit in told["units"]] == ["refused", "refused"]


def test_what_is_unclear_is_looked_for_once_nothing_is_left_to_send() -> None:
    assert "reconcile" not in jobs(order_of(Step.SENDING, Step.TO_DO), WentUnclear("no answer", ONE))
    assert "reconcile" in jobs(order_of(Step.UNCLEAR, Step.SENDING), WasPlaced(ref_of(TWO), unit=TWO))


def test_whatever_ends_a_doubt_brings_the_question_to_operators_up_to_date() -> None:
    """Also where nobody was asked this time: the message of an earlier doubt may stand there open."""
    assert "desk" in jobs(order_of(Step.UNCLEAR), WasPlaced(ref_of(ONE), unit=ONE))
    assert "desk" in jobs(order_of(Step.UNCLEAR, people_asked=True), SaidNotPlaced("U0OPAL"))


def test_what_may_be_sent_again_leads_to_sending() -> None:
    assert "submit" in jobs(order_of(Step.SENDING, Step.TO_DO), NothingSent("no connection", ONE))
    assert "submit" in jobs(order_of(Step.UNCLEAR, Step.PLACED), SaidNotPlaced("U0OPAL"))


def units_at(**words: str) -> Order:
    unit = Unit(ONE, "GPU", 1, "Shipped", **words)
    return order_of(Step.PLACED, ref=ref_of(ONE), snapshot=Snapshot(ref_of(ONE), "Shipped", (unit,)))


@pytest.mark.parametrize(
    ("word", "may"), [("Cancellable", True), ("CancellableWithFee", True), ("NotCancellable", False)]
)
def test_whether_it_can_be_cancelled_is_the_clouds_word(word: str, may: bool) -> None:
    assert bool(allowed.cancelling(units_at(cancellation=word))) is may


@pytest.mark.parametrize(
    ("word", "may"),
    [("Returnable", True), ("ReturnableWithFee", True), ("NotReturnable", False), ("", False)],
)
def test_whether_it_can_be_returned_is_the_clouds_word(word: str, may: bool) -> None:
    assert bool(allowed.offered(units_at(returning=word), Operation.RETURN)) is may


@pytest.mark.parametrize(("word", "may"), [("Allowed", True), ("NotAllowed", False), ("", False)])
def test_whether_it_can_be_removed_is_the_clouds_word(word: str, may: bool) -> None:
    assert bool(allowed.offered(units_at(deletion=word), Operation.DELETE)) is may


happenings = st.lists(
    st.one_of(
        st.sampled_from([event for name in NAMES for event in of_unit(name).values()]),
        st.sampled_from(
            [
                Approved("U0BOB", REQUEST.digest()),
                SaidNotPlaced("U0OPAL"),
                PeopleAsked((), "nothing found"),
                Withdrawn("U0ALICE"),
                Looked(Snapshot(ref_of(ONE), "Shipped")),
            ]
        ),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(happenings)
def test_no_unit_is_ever_sent_twice_unless_nothing_was_sent_or_an_operator_says_so(
    happened: list[Event],
) -> None:
    order = replace(TO_DO, state=State.WAITING)
    sent: dict[str, int] = dict.fromkeys(NAMES, 0)
    allowed: dict[str, int] = dict.fromkeys(NAMES, 0)
    for event in happened:
        if not happens(order, event):
            continue
        if isinstance(event, Approved):
            allowed = dict.fromkeys(NAMES, 1)
        if isinstance(event, NothingSent):
            allowed[event.unit] += 1
        if isinstance(event, SaidNotPlaced):
            for unit in order.units(Step.UNCLEAR):
                allowed[unit] += 1
        if isinstance(event, Attempted):
            sent[event.unit] += 1
        order = advance(order, event, NOW)
        assert all(sent[unit] <= allowed[unit] for unit in NAMES)
        if order.state not in (State.WAITING, State.WITHDRAWN):
            assert order.state is standing(order.placements)
    assert load(dump(order)) == order

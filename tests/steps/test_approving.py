"""Random policies, and random clicks, edits, stand-ins and hours: never approved without what it takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core import events
from bot.core.approval import GLASS
from bot.core.follow import Job, Queue
from bot.core.order import Order, State
from bot.core.policy import Delegation, Policy, everyone
from bot.core.request import Request
from bot.policy_file import Rules
from bot.settings import load
from bot.spine import World, happen
from bot.steps import approve, clock, request
from bot.store import Store
from tests.core.policies import GROUPS, USERS, policies
from tests.core.test_order import NOW, REQUEST

ENVIRONMENT = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "s",
    "APPROVALS_CHANNEL": "C0APPROVALS",
    "AWS_REGIONS": "eu-west-1",
}
ASKER = USERS[0]


class Shop:
    """A cloud that knows whatever is asked for."""

    name = "aws"
    scopes = ("eu-west-1",)

    def units(self, order_id: str, request: Request) -> tuple[str, ...]:
        del order_id, request
        return ()

    def check(self, request: Request) -> Request:
        return request


@dataclass(frozen=True)
class Act:
    """Something that somebody does: `what` is a verb of a decision, edit, delegate, wait or look."""

    what: str
    who: str
    other: str
    number: int


class Play:
    """One order, and everything that happens to it."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self.now = NOW
        self.store = store
        cloud, nobody = {"aws": Shop()}, None
        self.world = World(load(ENVIRONMENT), store, cloud, nobody, self.time, Rules(policy))  # type: ignore[arg-type]
        self.shown = ""

    def time(self) -> datetime:
        return self.now

    def groups(self) -> None:
        """As after Slack was asked just now."""
        for number, group in enumerate(GROUPS):
            self.store.keep(f"group/{group}", list(USERS[number : number + 3]), self.now)

    def order(self) -> Order | None:
        return next(iter(self.store.listing(State)), None)

    def do(self, act: Act) -> None:
        order = self.order()
        assert order
        if act.what == "edit":
            edited = replace(REQUEST, cost_center=f"CC-{act.number}")
            request.edit(self.world, order.id, edited, act.who)
            self.checked()
        elif act.what == "delegate":
            until = self.now + timedelta(hours=act.number)
            self.store.delegate(Delegation(act.who, act.other, until), self.now)
        elif act.what == "wait":
            self.now += timedelta(hours=act.number * 12)
            self.groups()
            claim = self.store.claim(Queue.CHAT, self.now, dict.fromkeys(Job, 60.0))
            if claim and claim.work.job is Job.CLOCK:
                clock.tick(self.world, claim)
        elif act.what == "look":
            self.shown = order.asked.digest()
        else:
            digest = self.shown if act.number % 2 else ""
            approve.decide(self.world, order.id, act.who, act.what, "because", digest, "C0EDGE")

    def checked(self) -> None:
        """What the worker does with a request that is to be checked."""
        order = self.order()
        if order and order.state is State.CHECKING:
            happen(self.world, order, events.Checked(order.asked, self.world.plan(order)))


acts = st.builds(
    Act,
    st.sampled_from(
        ["approve"] * 6 + ["reject", "break-glass", "break-glass", "edit", "delegate", "wait", "look"]
    ),
    st.sampled_from(USERS),
    st.sampled_from(USERS),
    st.integers(0, 6),
)


@contextmanager
def played(policy: Policy) -> Iterator[Play]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{Path(folder)}/orders.db")
        store.migrate()
        play = Play(store, policy)
        play.groups()
        yield play
        store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    policies().map(lambda one: replace(one, requesters=("*",), denials=())),
    st.lists(acts, min_size=9, max_size=25),
)
def test_what_is_approved_has_the_yes_of_enough_different_people_to_just_that(
    policy: Policy, happened: list[Act]
) -> None:
    with played(policy) as play:
        request.file(play.world, REQUEST, ASKER, "trigger")
        play.checked()
        for act in happened if play.order() else ():
            play.do(act)
            judge(play)


def judge(play: Play) -> None:
    """By what is stored alone, and by other means than those of the program."""
    order = play.order()
    assert order
    decisions = [one for one in play.store.decisions(order.id) if one.round == order.round]
    if order.state is not State.APPROVED:
        return
    assert order.plan
    assert all(one.digest == order.asked.digest() for one in decisions)
    yes = [one for one in decisions if one.verb != "reject"]
    people = [one.person for one in yes]
    rights = [one.owner or one.person for one in yes]
    assert len(set(people)) == len(people)
    assert len(set(rights)) == len(rights)
    if not order.plan.self_approval:
        assert order.requester not in people
    assert order.requester not in [one.owner for one in yes]
    steps = {
        step.name: step for step in (*order.plan.steps, *([order.plan.glass] if order.plan.glass else []))
    }
    for one in yes:
        allowed = everyone(steps[one.step].deciders, play.store.groups())
        assert allowed is not None
        assert (one.owner or one.person) in allowed
    enough = {name: sum(one.step == name for one in yes) >= step.needs for name, step in steps.items()}
    assert enough.get(GLASS, False) or all(enough[step.name] for step in order.plan.steps)
    assert order.plan.steps or enough.get(GLASS, False)

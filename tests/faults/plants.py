"""Bugs to plant into a bot process, so that it is known what the checks of the fault tests would catch."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace


def does_only(queue: str) -> None:
    """No bug, but a worker that leaves one kind of work to others: it sleeps with nothing else in hand."""
    from bot import worker
    from bot.core.follow import Queue

    worker.Queue = (Queue(queue),)


def sleeps_before_placing() -> None:
    """The same, and it is stopped where that hurts most: after the intent, before the call."""
    from bot.steps import submit

    does_only("cloud")

    def stop(name: str) -> None:
        if name == "before-placing":
            submit.failpoint = lambda _: None
            os.kill(os.getpid(), signal.SIGSTOP)

    submit.failpoint = stop


def sends_what_was_being_placed() -> None:
    """Whoever finds an order in the state *placing* takes it that the dead one did not send it."""
    from bot import worker
    from bot.core.follow import Job
    from bot.core.order import State
    from bot.spine import Result, World, settle
    from bot.steps import submit
    from bot.store import Claim

    def careless(world: World, claim: Claim) -> Result:
        order = world.store.order(claim.work.order_id)
        if order is None or order.state is not State.PLACING:
            return submit.submit(world, claim)
        settle(world, order, submit.as_event(world.clouds[order.cloud].place(order.asked, claim.until)))
        return None

    worker.STEPS = {**worker.STEPS, Job.SUBMIT: careless}


def writes_the_submission_afterwards() -> None:
    """The approval is committed first, and the work that follows from it in a transaction of its own."""
    from bot.core.follow import Job
    from bot.store import Change, Store, Verdict

    whole = Store.commit

    def in_two(self: Store, change: Change) -> Verdict:
        now = [work for work in change.work if work.job is not Job.SUBMIT]
        verdict = whole(self, replace(change, work=now))
        if verdict is Verdict.DONE:
            self.enqueue([work for work in change.work if work.job is Job.SUBMIT], change.at)
        return verdict

    Store.commit = in_two  # type: ignore[method-assign]


def says_done_before_it_is() -> None:
    """A message is marked as sent, and sent then."""
    from bot import worker
    from bot.core.follow import Queue
    from bot.spine import World
    from bot.store import Claim

    whole = worker.run

    def hasty(world: World, claim: Claim) -> None:
        if claim.work.queue is Queue.CHAT:
            world.store.finish(claim, world.now())
        whole(world, claim)

    worker.run = hasty


PLANTS: dict[str, Callable[[], None]] = {
    "does only chat": lambda: does_only("chat"),
    "does only clouds": lambda: does_only("cloud"),
    "sleeps before placing": sleeps_before_placing,
    "sends what was being placed": sends_what_was_being_placed,
    "writes the submission afterwards": writes_the_submission_afterwards,
    "says done before it is": says_done_before_it_is,
}


def plant(name: str) -> None:
    """Put one into this process."""
    PLANTS[name]()

"""The loop: claim due work, run its step, write down what came of it, again.

Any number of workers may run on one database, in one process or in several. A claim is a lease: a worker
that dies lets it run out, and another takes over. While work is being done its lease is renewed, except
that of placing an order, which must end when it said it would.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from bot import catalogue
from bot.core.follow import Job, Queue, Work
from bot.core.messages import desk
from bot.errors import ChatDown, ChatRefused, CloudDown, CloudRefused
from bot.failpoint import failpoint
from bot.spine import Again, Every, Result, World, tell_operators
from bot.steps import (
    approve,
    clock,
    home,
    notify,
    operate,
    people,
    policy,
    quote,
    reconcile,
    request,
    submit,
    track,
)
from bot.store import Claim

log = logging.getLogger(__name__)

Step = Callable[[World, Claim], Result]

LEASE = 15.0
"""Seconds after which the work of a dead worker is taken over."""
PACE = 1.0
"""Seconds between two messages in one lane: Slack takes about one a second and channel."""
POLL = 0.2
"""Seconds between looks for due work, which other processes may have made."""
THREADS = {Queue.CHAT: 4, Queue.CLOUD: 4}
BOT_SHUT_OUT = frozenset(
    {
        "access_denied",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
"""What Slack says when it is the bot that it refuses, not the message: the message waits for an operator."""
KEEP_FINISHED = timedelta(days=30)


def tidy(world: World, _: Claim) -> Result:
    """Throw away finished work and forgotten drafts, once a day."""
    world.store.tidy(world.now() - KEEP_FINISHED)
    return Every(24 * 3600)


STEPS: Mapping[Job, Step] = {
    Job.CARD: notify.card,
    Job.REQUEST: notify.request,
    Job.DESK: notify.unclear_desk,
    Job.THREAD: notify.in_thread,
    Job.DIRECT: notify.directly,
    Job.WHISPER: notify.whisper,
    Job.OPERATIONS: notify.operations,
    Job.ANCHOR: notify.anchor,
    Job.CHECK: request.check,
    Job.QUOTE: quote.make,
    Job.CATALOGUE: catalogue.refresh,
    Job.TELL: notify.tell,
    Job.ALARM: notify.alarm,
    Job.ASK: clock.ask,
    Job.REMIND: clock.remind,
    Job.NUDGE: clock.nudge,
    Job.COPY: clock.copy,
    Job.HOMES: home.refresh_all,
    Job.HOME: home.show,
    Job.CLOCK: clock.tick,
    Job.POLICY: policy.replan,
    Job.DECIDE: approve.finish_decision,
    Job.GROUPS: people.refresh,
    Job.SUBMIT: submit.submit,
    Job.RECONCILE: reconcile.reconcile,
    Job.CONFIRM: reconcile.confirm,
    Job.LOOK: track.look,
    Job.LOOK_ONE: track.look_one,
    Job.CANCEL: operate.cancel,
    Job.OPERATION: operate.operate,
    Job.OPERATION_END: operate.operation_end,
    Job.TIDY: tidy,
}


def recurring(world: World) -> list[Work]:
    """The work that never ends, as rows."""
    return [
        *catalogue.reading(world),
        *track.look_work(world),
        Work("groups", Job.GROUPS),
        Work("policy", Job.POLICY),
        Work("anchor", Job.ANCHOR, delay=24 * 3600),
        Work("tidy", Job.TIDY, delay=3600),
    ]


def backoff(tries: int) -> float:
    """Seconds to wait after a number of tries that failed: 1, 2, 4, … up to five minutes."""
    return float(min(2 ** max(0, tries - 1), 300))


class Worker:
    """Threads that do the work of one world until they are stopped."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.name = uuid.uuid4().hex[:8]
        self.lease = dict.fromkeys(Job, LEASE) | {Job.SUBMIT: 2 * world.settings.place_timeout}
        self._stopping = threading.Event()
        self._held: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._pools = {
            queue: ThreadPoolExecutor(count, thread_name_prefix=f"work-{queue}")
            for queue, count in THREADS.items()
        }
        self._threads = [
            *(threading.Thread(target=self._pump, args=(queue,), name=f"pump-{queue}") for queue in Queue),
            threading.Thread(target=self._keep_alive, name="keep-alive"),
        ]

    def start(self) -> None:
        """Begin to work. Returns at once."""
        now = self.world.now()
        self.world.store.ensure(recurring(self.world), now)
        self.world.store.ensure(notify.first_words(self.world), now)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no new work and finish what is in hand. What takes longer is left to its lease."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        for pool in self._pools.values():
            pool.shutdown(wait=True)

    def _pump(self, queue: Queue) -> None:
        free = threading.Semaphore(THREADS[queue])
        while not self._stopping.is_set():
            if not free.acquire(timeout=POLL):
                continue
            claim = self._claim(queue)
            if claim is None:
                free.release()
                self._stopping.wait(POLL)
                continue
            self._pools[queue].submit(self._work, claim).add_done_callback(lambda _: free.release())

    def _claim(self, queue: Queue) -> Claim | None:
        try:
            claim = self.world.store.claim(queue, self.world.now(), self.lease)
        except Exception:
            log.exception("worker.claim_failed", extra={"queue": queue.value})
            self._stopping.wait(1.0)
            return None
        if claim:
            with self._lock:
                self._held[claim.owner] = claim.work.job
        return claim

    def _work(self, claim: Claim) -> None:
        try:
            run(self.world, claim)
        except Exception:
            # The database cannot be written: the lease runs out, and the work is done again.
            log.exception("worker.result_lost", extra=_about(claim))
        finally:
            with self._lock:
                self._held.pop(claim.owner, None)

    def _keep_alive(self) -> None:
        while not self._stopping.wait(LEASE / 3):
            with self._lock:
                owners = [owner for owner, job in self._held.items() if job is not Job.SUBMIT]
            try:
                now = self.world.now()
                self.world.store.keep(f"worker/{self.name}", {}, now)
                if owners:
                    self.world.store.renew(owners, now + timedelta(seconds=LEASE))
            except Exception:
                log.exception("worker.keep_alive_failed")


def run(world: World, claim: Claim) -> None:
    """Do one piece of claimed work and write down what came of it."""
    store = world.store
    failpoint(f"claimed-{claim.work.job}")
    try:
        result = STEPS[claim.work.job](world, claim)
        failpoint(f"worked-{claim.work.job}")
    except ChatDown as error:
        delay = error.retry_after or backoff(claim.tries)
        log.warning("chat.down", extra=_about(claim) | {"why": str(error), "delay": delay})
        if claim.work.lane:
            store.hold_lane(claim, world.now(), delay, str(error))
        else:
            store.again(claim, world.now(), delay, str(error))
    except ChatRefused as error:
        log.error("chat.refused", extra=_about(claim) | {"why": error.code})
        if error.code in BOT_SHUT_OUT:
            store.again(claim, world.now(), backoff(claim.tries), error.code)
            return
        _undelivered(world, claim, error)
        store.finish(claim, world.now())
    except (CloudDown, CloudRefused) as error:
        log.warning("cloud.failed", extra=_about(claim) | {"why": str(error)})
        store.again(claim, world.now(), backoff(claim.tries), str(error))
    except Exception as error:
        log.exception("work.failed", extra=_about(claim))
        store.again(claim, world.now(), backoff(claim.tries), repr(error))
    else:
        _settle(world, claim, result)


def _settle(world: World, claim: Claim, result: Result) -> None:
    match result:
        case None:
            world.store.finish(claim, world.now(), PACE if claim.work.lane else 0.0)
        case Every(delay):
            world.store.every(claim, world.now(), delay)
        case Again(delay, why):
            world.store.again(claim, world.now(), delay, why, count=bool(why))


def _undelivered(world: World, claim: Claim, error: ChatRefused) -> None:
    """A message that Slack will never take is not lost in silence: operators read of it."""
    if claim.work.job is not Job.OPERATIONS:
        order_id = claim.work.order_id or claim.work.key
        said = desk.undelivered(order_id, claim.work.lane.partition("/")[2], error.code)
        tell_operators(world, f"undelivered/{claim.work.key}", said)


def _about(claim: Claim) -> dict[str, object]:
    return {
        "work": claim.work.key,
        "job": claim.work.job.value,
        "order": claim.work.order_id,
        "tries": claim.tries,
    }

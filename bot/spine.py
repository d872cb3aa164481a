"""The one way in which an order changes, whoever asks for it: a button, a command, the worker.

    read the order → decide, purely → write state, audit event and following work in one transaction

Nothing else writes orders. What lost a race gets a verdict back and looks again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from bot.core import events
from bot.core import order as life
from bot.core.approval import Needed, Plan
from bot.core.aws_terms import ORDER_ID
from bot.core.events import Event, Looked
from bot.core.follow import Job, Work, after_event
from bot.core.messages import desk, words
from bot.core.messages.blocks import Say
from bot.core.order import Order, advance
from bot.core.policy import Decision, Policy, Scene, is_group
from bot.core.policy import plan as make_plan
from bot.core.snapshot import Aspect, Ref, Snapshot
from bot.core.snapshot import Change as News
from bot.errors import CloudDenied
from bot.policy_file import Rules
from bot.ports import Chat, Clock, Cloud
from bot.settings import Settings
from bot.store import Change, Store, Verdict

SKEW = timedelta(minutes=5)
"""By how much the clocks of clouds and Slack may be behind ours."""
BOT = "bot"
"""Who acts in the audit log when no person does."""


@dataclass(frozen=True)
class World:
    """All that steps reach the outside with."""

    settings: Settings
    store: Store
    clouds: Mapping[str, Cloud]
    chat: Chat
    now: Clock
    rules: Rules
    """The policy: it may be read anew while the program runs."""

    @property
    def policy(self) -> Policy:
        """The policy as it is now."""
        return self.rules.current

    @property
    def groups(self) -> tuple[str, ...]:
        """The user groups whose members matter."""
        return tuple(sorted({id for id in (*self.policy.people, *self.settings.operators) if is_group(id)}))

    def scene(self) -> Scene:
        """What decisions hang on now beside the policy."""
        now = self.now()
        return Scene(self.store.groups(), now, self.store.delegations(now))

    def plan(self, order: Order) -> Plan:
        """Whose yes an order needs, by the policy as it is now."""
        return make_plan(self.policy, order.asked, order.plan)


@dataclass(frozen=True)
class Again:
    """What a step returns when its work is not done yet: once more in `delay` seconds.

    With a `why` it counts as a try that failed; without one it was just too early.
    """

    delay: float
    why: str = ""


@dataclass(frozen=True)
class Every:
    """What a step of recurring work returns: this round is done, the next is due in `delay` seconds."""

    delay: float


Result = Again | Every | None


def happen(
    world: World, order: Order, event: Event, actor: str = BOT, decision: Decision | None = None
) -> tuple[Verdict, Order]:
    """Let an event happen to the order as it was read.

    Args:
        world: Store and clock.
        order: The order that was decided upon.
        event: What happened; the caller has made sure that it may follow.
        actor: Slack user id, or `bot`.
        decision: What the store has to keep of an approval or rejection.

    Returns:
        What became of it, and the order afterwards (as it was, when nothing was written).
    """
    at = world.now()
    after = advance(order, event, at)
    told = life.news(order, event)
    silent = isinstance(event, Looked) and not told and after.state is order.state
    change = Change(
        before=order,
        after=after,
        actor=actor,
        verb="" if silent else type(event).__name__,
        body=_audited(after, event, told),
        work=after_event(order, event, after),
        at=at,
        decision=decision,
    )
    verdict = world.store.commit(change)
    return verdict, after if verdict is Verdict.DONE else order


def settle(world: World, order: Order, event: Event) -> Order:
    """Let what the cloud answered happen, also when somebody changed the order meanwhile.

    An answer to an attempt that is no longer the newest one changes nothing; it is kept in the audit log.
    """
    attempt = order.attempt
    while order.attempt == attempt and life.happens(order, event):
        verdict, after = happen(world, order, event)
        if verdict is Verdict.DONE:
            return after
        if verdict is Verdict.BUSY and isinstance(event, events.WasPlaced):
            if not make_way(world, order, event.ref):
                # Another order that was asked for here has that id. What it is, people have to find out.
                world.store.note(order.id, world.now(), BOT, "LateWasPlaced", _plain(event))
                event = events.WentUnclear(desk.taken(event.ref.id), event.unit)
        elif verdict is Verdict.BUSY:
            break
        order = reread(world, order)
    world.store.note(order.id, world.now(), BOT, f"Late{type(event).__name__}", _plain(event))
    return order


def see(world: World, order: Order, snapshot: Snapshot) -> None:
    """Let what a cloud shows of an order happen. Who changed the order meanwhile does not make it lost."""
    event = Looked(snapshot)
    while life.happens(order, event):
        verdict, _ = happen(world, order, event)
        if verdict is Verdict.DONE:
            return
        order = reread(world, order)


def named(world: World, ref: str) -> Order | None:
    """The order that somebody means by the cloud's id for it, or by the name of it or of one of its items."""
    ours = OUR_ITEM.fullmatch(ref)
    if ours and (order := world.store.order(ours[1].upper())):
        return order
    if ORDER_ID.fullmatch(ref):
        return world.store.by_ref("aws", ref)
    return world.store.by_name("azure", ref.lower())


OUR_ITEM = re.compile("(?:[^/]+/)?(ord-[0-9a-z]{6})(?:-[0-9]{1,2})?", re.IGNORECASE)
"""The names of an order of ours and of its items, with or without their group."""


def make_way(world: World, order: Order, ref: Ref) -> bool:
    """Let an order that was only followed give its cloud id to the one it turns out to be."""
    twin = world.store.by_ref(order.cloud, ref.id)
    if twin is None or not life.may_follow(twin, events.Superseded):
        return False
    return happen(world, twin, events.Superseded(order.id))[0] is Verdict.DONE


def cloud_of(world: World, order: Order) -> Cloud:
    """The cloud of an order.

    Raises:
        CloudDenied: The settings do not name it any more.
    """
    if order.cloud not in world.clouds:
        raise CloudDenied("NotConfigured", desk.not_configured(order.cloud))
    return world.clouds[order.cloud]


def out_of_patience(world: World, order: Order) -> bool:
    """Whether it was looked for an order that was sent as long as the settings say."""
    waited = world.now() - (order.attempted_at or order.filed_at)
    return waited >= timedelta(seconds=world.settings.reconcile_for)


def reread(world: World, order: Order) -> Order:
    """The order as it is now."""
    current = world.store.order(order.id)
    if current is None:
        raise LookupError(f"{order.id} has gone from the database")
    return current


def _audited(order: Order, event: Event, told: tuple[News, ...]) -> dict[str, Any]:
    if isinstance(event, Looked):
        return {"status": event.snapshot.status, "news": [_line(change) for change in told]}
    body = _plain(event)
    if order.placements and type(event) in life.OF_A_UNIT:
        body["state"] = order.state.value  # which does not follow from what happened to one unit
    if isinstance(event, events.Attempted) and order.request:
        body |= {
            "digest": order.request.digest(),
            "attempt": order.attempt,
            "known": len(event.known),
        }
    return body


def _plain(event: Event) -> dict[str, Any]:
    body = asdict(event)
    body.pop("snapshot", None)
    judged = planned(getattr(event, "plan", None))
    if isinstance(event, events.Checked):
        return {"digest": event.request.digest()} | judged
    if isinstance(event, events.Edited | events.Repriced):
        return {"digest": event.request.digest(), "changes": list(event.changes)} | judged
    return {name: value for name, value in body.items() if name not in ("by", "plan")} | judged


def planned(plan: Plan | None) -> dict[str, Any]:
    """What the audit log keeps of whose yes was needed: by which policy (its hash), and the steps."""
    return {"policy": plan.policy, "steps": [_step(step) for step in plan.steps]} if plan else {}


def _step(step: Needed) -> str:
    return f"{step.name}: {step.needs} of {', '.join(step.deciders)}"


def _line(change: News) -> str:
    """One change in plain words, for the timeline."""
    status = change.aspect in (Aspect.STATUS, Aspect.UNIT_STATUS, Aspect.UNIT_ADDED)
    now = words.readable(change.now) if status else change.now or "none"
    said = f"{_VERBS.get(change.aspect, '')}{now}"
    return f"{change.subject}: {said}" if change.subject else said


_VERBS = {Aspect.SHIPMENT: "travels with ", Aspect.ASSET: "asset ", Aspect.MAC: "MAC "}


def tell_operators(world: World, key: str, said: Say) -> None:
    """Put a message for the operations channel into the outbox; the same key twice is one message."""
    lane = f"post/{world.settings.operations}"
    body = {"text": said.text, "blocks": list(said.blocks)}
    world.store.once(Work(f"operations/{key}", Job.OPERATIONS, body=body, lane=lane), world.now())


def whisper(world: World, said: Say, channel: str, person: str, key: str) -> None:
    """Answer one person where they clicked, through the outbox."""
    body = {"channel": channel, "person": person, "text": said.text, "blocks": list(said.blocks)}
    world.store.enqueue([Work(f"whisper/{key}", Job.WHISPER, body=body)], world.now())


def refresh_home(world: World, person: str, delay: float = 0.0) -> None:
    """Bring somebody's App Home up to date, in `delay` seconds at the latest; who has none sees nothing."""
    work = Work(f"home-view/{person}", Job.HOME, body={"person": person}, delay=delay, sooner=True)
    world.store.enqueue([work], world.now())


def outage(world: World, name: str, why: str, said: Say) -> None:
    """Something outside does not work. Operators are told when it begins, not every time it is noticed.

    Args:
        world: Store and clock.
        name: What does not work: `aws/eu-west-1`, `group/S0123`.
        why: The newest reason, for `/readyz`.
        said: What operators read.
    """
    known = world.store.kept(f"outage/{name}").get(f"outage/{name}")
    since = known[0]["since"] if known and known[0]["why"] else ""
    if not since:  # told first: who dies in between tells it again
        tell_operators(world, f"outage/{name}/{world.now().isoformat()}", said)
    world.store.keep(f"outage/{name}", {"why": why, "since": since or world.now().isoformat()}, world.now())


def recovered(world: World, name: str, said: Say) -> None:
    """It works again; operators are told if they were told that it did not."""
    known = world.store.kept(f"outage/{name}").get(f"outage/{name}")
    if known and known[0]["why"]:
        tell_operators(world, f"recovered/{name}/{world.now().isoformat()}", said)
        world.store.keep(f"outage/{name}", {"why": "", "since": ""}, world.now())

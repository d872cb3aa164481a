"""Time: reminders, escalation, expiry. One row of work for each request that waits.

The row is only an alarm. What is due is found anew from the order and the policy when it rings, so that a
restart, a late worker or a changed policy does nothing twice and forgets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.core import events
from bot.core.approval import current
from bot.core.follow import Job, Work
from bot.core.messages import request as asking
from bot.core.messages.blocks import Say
from bot.core.order import Order, State
from bot.core.policy import Scene, deciders, is_group, risks
from bot.core.policy.clock import Tick, next_due, quiet_for
from bot.directory import person
from bot.errors import ChatRefused
from bot.outbox import once
from bot.ports import Post
from bot.spine import Again, Result, World, happen
from bot.store import Claim


def tick(world: World, claim: Claim) -> Result:
    """Let happen what is due to a request that waits, or sleep until something is."""
    order = _waiting(world, claim)
    due = next_due(world.policy.times, order) if order else None
    if order is None or due is None:
        return None
    wait = (due.at - world.now()).total_seconds()
    if wait > 0:
        return Again(wait)
    step = current(world.plan(order), order.approvals)
    name = step.name if step else ""
    event: dict[Tick, events.Event] = {
        Tick.REMIND: events.Reminded(name),
        Tick.ESCALATE: events.Escalated(name, world.policy.times.escalate_to),
        Tick.EXPIRE: events.Expired(),
    }
    happen(world, order, event[due.tick])
    return Again(0)  # to sleep until the next; who lost a race looks again


def ask(world: World, claim: Claim) -> Result:
    """Ask those who come next: in the thread of the request, and directly those who stand in for somebody.

    The request itself names those who are asked first, so that there is nothing to add in its thread then.
    """
    order = _waiting(world, claim)
    if order is None:
        return None
    stood_in = [one.delegate for one in world.scene().delegations]
    _nudge(world, order, _who(world, order) & set(stood_in), "ask")
    if not claim.work.body:
        return None
    there = world.store.post(order.id, Job.REQUEST)
    if there is None:
        return Again(0.3)
    plan = world.plan(order)
    once(world, claim, asking.asks_next(order, plan), there[0], thread_ts=there[1])
    return None


def remind(world: World, claim: Claim) -> Result:
    """Show the request again to everybody who can decide: each of them when it is not night for them."""
    order = _waiting(world, claim)
    if order is None:
        return None
    who = _who(world, order)
    if claim.work.body["event"] == "Escalated":
        who &= _people(claim.work.body["to"], world.scene())
    _nudge(world, order, who, claim.work.body["event"])
    return None


def _who(world: World, order: Order) -> frozenset[str]:
    return deciders(world.plan(order), order, world.scene())


def _people(ids: Iterable[str], scene: Scene) -> frozenset[str]:
    groups = [id for id in ids if is_group(id)]
    alone = {id for id in ids if not is_group(id)}
    return frozenset(alone.union(*(scene.groups[id].people for id in groups if id in scene.groups)))


def _nudge(world: World, order: Order, people: Iterable[str], why: str) -> None:
    """One message for each person, once for each reason in each step."""
    step = current(world.plan(order), order.approvals)
    name = step.name if step else ""
    for one in sorted(people):
        body = {"person": one, "round": order.round, "step": name, "why": why}
        key = f"{order.id}/nudge/{order.round}/{name}/{why}/{one}"
        world.store.once(Work(key, Job.NUDGE, order.id, body, lane=f"post/{one}"), world.now())


def nudge(world: World, claim: Claim) -> Result:
    """Show a request to one person who can decide about it, in the morning if it is night for them."""
    order, body = _waiting(world, claim), claim.work.body
    if order is None or order.round != body["round"] or body["person"] not in _who(world, order):
        return None  # it is not theirs any more
    plan = world.plan(order)
    step = current(plan, order.approvals)
    if step is None or step.name != body["step"]:
        return None
    try:
        known = person(world, body["person"])
    except ChatRefused:
        known = None  # without users:read nobody's night is known
    if known and not known.active:
        return None
    quiet = quiet_for(world.policy.times.quiet, known.zone if known else "", world.now())
    if quiet and body["why"] != "ask":
        return Again(quiet.total_seconds())
    said = asking.reminds(
        order, plan, body["why"], body["person"], world.store.audit_head(), _risks(world, order)
    )
    before = world.store.post(order.id, f"copy/{body['person']}")
    post = once(world, claim, said, body["person"])
    world.store.keep_post(order.id, f"copy/{body['person']}", post.channel, post.ts)
    if before and before != (post.channel, post.ts):
        world.chat.delete(Post(*before))
    return None


def copy(world: World, claim: Claim) -> Result:
    """Bring one person's copy of a request up to date."""
    order = world.store.order(claim.work.order_id)
    there = world.store.post(claim.work.order_id, f"copy/{claim.work.body['person']}")
    if order is None or there is None:
        return None
    said: Say = asking.asks_for_approval(
        order, world.plan(order), world.store.audit_head(), _risks(world, order)
    )
    world.chat.update(Post(*there), said.text, said.blocks, key=claim.work.key)
    return None


def _waiting(world: World, claim: Claim) -> Order | None:
    order = world.store.order(claim.work.order_id)
    return order if order and order.state is State.WAITING else None


def _risks(world: World, order: Order) -> tuple[str, ...]:
    return risks.banners(world.policy, order.asked)

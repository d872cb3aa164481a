"""Who may decide what about a request. Pure: the state of the world comes in as arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.approval import (
    BEFORE_POLICIES,
    GLASS,
    Approval,
    Needed,
    Plan,
    complete,
    counted,
    current,
    missing,
)
from bot.core.order import Order
from bot.core.policy.facts import Facts, facts, holds, may_hold
from bot.core.policy.people import Delegation, Groups, everyone, named
from bot.core.policy.values import ApprovalStep, Policy
from bot.core.policy.verdict import Reason, Verdict
from bot.core.request import Request

APPROVE, REJECT, BREAK_GLASS = "approve", "reject", "break-glass"


@dataclass(frozen=True)
class Decision:
    """What one person decided about one round of an order, as it is stored."""

    order_id: str
    round: int
    person: str
    verb: str
    digest: str
    via: str
    at: datetime
    step: str = ""
    owner: str = ""


@dataclass(frozen=True)
class Scene:
    """What a decision hangs on beside the policy: groups as last read, who stands in for whom, the time."""

    groups: Groups
    now: datetime
    delegations: tuple[Delegation, ...] = ()

    def owners(self, person: str) -> tuple[str, ...]:
        """Those in whose name somebody may approve now."""
        return tuple(one.owner for one in self.delegations if one.delegate == person and one.until > self.now)

    def delegates(self, owner: str) -> tuple[str, ...]:
        """Those who may approve in somebody's name now."""
        return tuple(one.delegate for one in self.delegations if one.owner == owner and one.until > self.now)


def plan(policy: Policy, request: Request, before: Plan | None = None) -> Plan:
    """The steps that a request takes by the policy; what is not known of it counts as met.

    Args:
        policy: The policy.
        request: What is asked for.
        before: The plan that the order had so far: steps that were escalated stay so.
    """
    seen = facts(request)
    escalated = {step.name for step in before.steps if step.escalated_to} if before else set()
    steps = tuple(_needed(step) for step in policy.steps if may_hold(step.when, seen))
    glass = policy.break_glass
    return Plan(
        steps=tuple(
            replace(step, escalated_to=policy.times.escalate_to) if step.name in escalated else step
            for step in steps
        ),
        policy=policy.hash,
        self_approval=policy.self_approval,
        glass=Needed(GLASS, glass.who, glass.needs) if glass else None,
    )


def unconditional(policy: Policy) -> Plan:
    """The plan of a request of which nothing is known yet, where no step hangs on a condition."""
    return Plan(tuple(map(_needed, policy.steps)), policy.hash, policy.self_approval)


def _needed(step: ApprovalStep) -> Needed:
    return Needed(step.name, step.approvers, step.needs)


def denied(policy: Policy, seen: Facts) -> tuple[str, ...]:
    """Why the policy does not let this be asked for; what is not known counts as met."""
    return tuple(rule.say for rule in policy.denials if may_hold(rule.when, seen))


def surely_denied(policy: Policy, seen: Facts) -> tuple[str, ...]:
    """As `denied`, by what is known for certain: the rest may become known yet."""
    return tuple(rule.say for rule in policy.denials if holds(rule.when, seen))


def may_request(policy: Policy, person: str, scene: Scene) -> Verdict:
    """Whether somebody may ask for anything."""
    return named(policy.requesters, person, scene.groups, scene.now)


def may_approve(plan: Plan, order: Order, person: str, scene: Scene) -> Verdict:
    """Whether somebody may approve now, by a plan made for what the order says now."""
    refused = _barred(plan, order, person)
    if refused:
        return refused
    step = current(plan, order.approvals)
    if step is None:
        return Verdict(Reason.NOBODY)
    rights = _rights(step, order, person, scene)
    verdict = _best(rights)
    if verdict.reason is Reason.NOT_NAMED and (later := _later(step, plan, order, person, scene)):
        return Verdict(Reason.TOO_EARLY, step=later)
    if not verdict.allowed:
        return verdict
    # Somebody who acts for several may be free to speak for one of them, and not for another.
    stuck = {right: _needed_elsewhere(right, plan, order, person, scene) for right in rights if right.allowed}
    free = next((right for right, elsewhere in stuck.items() if not elsewhere), None)
    unread = next((right for right in rights if right.reason is Reason.UNKNOWN), None)
    return free or unread or Verdict(Reason.LAST_ONE, step=stuck[verdict])


def may_reject(plan: Plan, order: Order, person: str, scene: Scene) -> Verdict:
    """Whether somebody may reject: whoever may approve in any step that is not over."""
    refused = _barred(plan, order, person)
    if refused:
        return refused
    open_steps = [step for step in plan.steps if missing(step, order.approvals)]
    verdicts = [_in_step(step, order, person, scene) for step in open_steps]
    return _best(verdicts) if verdicts else Verdict(Reason.NOBODY)


def may_break_glass(plan: Plan, order: Order, person: str, scene: Scene) -> Verdict:
    """Whether somebody may do without the steps; only in their own name."""
    if plan.glass is None:
        return Verdict(Reason.NOBODY, step=GLASS)
    refused = _barred(plan, order, person)
    if refused:
        return refused
    verdict = replace(named(plan.glass.approvers, person, scene.groups, scene.now), step=GLASS)
    if verdict.allowed and (stuck := _needed_elsewhere(verdict, plan, order, person, scene)):
        return Verdict(Reason.LAST_ONE, step=stuck)
    return verdict


def may_decide(plan: Plan, order: Order, person: str, verb: str, scene: Scene) -> Verdict:
    """`may_approve`, `may_reject` or `may_break_glass`, by `verb`."""
    return {APPROVE: may_approve, REJECT: may_reject, BREAK_GLASS: may_break_glass}[verb](
        plan, order, person, scene
    )


def _barred(plan: Plan, order: Order, person: str) -> Verdict | None:
    """What keeps somebody from deciding whatever names them.

    Asked first, so that trying it on one's own request tells nothing about the groups.
    """
    if person == order.requester and not plan.self_approval:
        return Verdict(Reason.OWN_REQUEST)
    if any(person in (one.by, one.right_of) for one in order.approvals):
        return Verdict(Reason.COUNTED)
    return None


def _in_step(step: Needed, order: Order, person: str, scene: Scene) -> Verdict:
    """Whether somebody may decide in a step, by their own right or by somebody's who is away."""
    return _best(_rights(step, order, person, scene))


def _rights(step: Needed, order: Order, person: str, scene: Scene) -> list[Verdict]:
    """What somebody's own right in a step says and, where it does not do, those of whom they act for."""
    own = replace(named(step.deciders, person, scene.groups, scene.now), step=step.name)
    if own.allowed or own.reason is Reason.NOBODY or person == order.requester:
        return [own]
    spoken = {one.right_of for one in order.approvals} | {one.by for one in order.approvals}
    lent = [
        replace(named(step.deciders, owner, scene.groups, scene.now), step=step.name, owner=owner)
        for owner in scene.owners(person)
        if owner not in spoken and owner != order.requester
    ]
    return [own, *lent]


def _best(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that lets most: yes before *has to be looked up* before no."""
    order = (Reason.ALLOWED, Reason.UNKNOWN)
    return min(verdicts, key=lambda one: order.index(one.reason) if one.reason in order else len(order))


def _later(step: Needed, plan: Plan, order: Order, person: str, scene: Scene) -> str:
    """The later step in which somebody may decide; "" where there is none."""
    rest = plan.steps[plan.steps.index(step) + 1 :]
    allowed = (one.name for one in rest if _in_step(one, order, person, scene).allowed)
    return next(allowed, "")


def _needed_elsewhere(verdict: Verdict, plan: Plan, order: Order, person: str, scene: Scene) -> str:
    """The step that could never be over if somebody's one say were used up by this; "" if there is none.

    A yes in a step must leave enough people for the steps after it. Breaking the glass need not: but while
    either the steps or the glass can still come to an end, nobody's yes may leave neither.
    """
    approval = Approval(person, verdict.step, scene.now, verdict.via, verdict.owner)
    stuck, glass = _stuck(plan, order.requester, scene, order.approvals)
    then_stuck, then_glass = _stuck(plan, order.requester, scene, (*order.approvals, approval))
    if then_stuck and not stuck and (verdict.step != GLASS or then_glass):
        return then_stuck
    return GLASS if then_stuck and then_glass and not glass else ""


def _stuck(plan: Plan, requester: str, scene: Scene, approvals: Sequence[Approval]) -> tuple[str, bool]:
    """The first step that can never be over, "" if all can; and whether the glass can never be broken."""
    step = unfillable(plan, requester, scene, approvals)
    glass = replace(plan, steps=(plan.glass,)) if plan.glass else None
    return step.name if step else "", glass is None or bool(unfillable(glass, requester, scene, approvals))


def deciders(plan: Plan, order: Order, scene: Scene) -> frozenset[str]:
    """Everybody who could approve in the step that waits, as far as the groups are known."""
    step = current(plan, order.approvals)
    if step is None:
        return frozenset()
    alone = {id for id in step.deciders if not id.startswith("S")}
    members = {one for id in step.deciders if id in scene.groups for one in scene.groups[id].people}
    people = alone | members
    people |= {delegate for owner in people for delegate in scene.delegates(owner)}
    late = replace(scene, groups={id: replace(members, at=scene.now) for id, members in scene.groups.items()})
    return frozenset(one for one in people if may_approve(plan, order, one, late).allowed)


def unfillable(plan: Plan, requester: str, scene: Scene, approvals: Sequence[Approval] = ()) -> Needed | None:
    """The first step for which there are not enough people, each of whom counts only once.

    A group that was never read counts as enough: the click will tell, and fails closed.

    Args:
        plan: The steps.
        requester: Who asks, and so may not approve unless the policy says so.
        scene: Groups and the time.
        approvals: Who has approved so far.
    """
    spent = {one.by for one in counted(approvals)} | {one.right_of for one in counted(approvals)}
    barred = spent if plan.self_approval else spent | {requester}
    taken: dict[str, tuple[int, int]] = {}
    choices: dict[tuple[int, int], frozenset[str]] = {}
    for number, step in enumerate(plan.steps):
        people = everyone(step.deciders, scene.groups)
        if people is None:
            continue
        for seat in range(missing(step, approvals)):
            choices[number, seat] = people - barred
            if not _seat((number, seat), choices, taken, set()):
                return step
    return None


def _seat(
    seat: tuple[int, int],
    choices: dict[tuple[int, int], frozenset[str]],
    taken: dict[str, tuple[int, int]],
    tried: set[str],
) -> bool:
    """Give a seat to somebody, moving others who could sit elsewhere; whether that is possible."""
    for person in choices[seat]:
        if person in tried:
            continue
        tried.add(person)
        if person not in taken or _seat(taken[person], choices, taken, tried):
            taken[person] = seat
            return True
    return False


def satisfied(order: Order, decisions: Iterable[Decision]) -> bool:
    """Whether what is in the order now is what enough other people approved in this round.

    By what is stored of each decision, not by what the order remembers of them.
    """
    plan = order.plan or BEFORE_POLICIES
    approvals = tuple(
        Approval(one.person, one.step, one.at, one.via, one.owner)
        for one in decisions
        if one.order_id == order.id
        and one.verb in (APPROVE, BREAK_GLASS)
        and (one.verb == BREAK_GLASS) is (one.step == GLASS)
        and one.round == order.round
        and one.digest == order.asked.digest()
        and (order.requester != one.person or (plan.self_approval and not one.owner))
        and order.requester != one.owner
    )
    return complete(plan, approvals)

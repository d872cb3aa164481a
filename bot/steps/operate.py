"""Asking a cloud about what it has placed: to cancel it, take it back, forget it, write e-mails of it."""

from __future__ import annotations

from bot.core import allowed, events
from bot.core import order as life
from bot.core.events import Operation
from bot.core.follow import Job, Work
from bot.core.messages import operations, replies, words
from bot.core.messages.blocks import Say
from bot.core.order import Kind, Order
from bot.core.policy import Reason, named
from bot.errors import CloudDenied, CloudRefused
from bot.failpoint import failpoint
from bot.spine import Again, Result, World, cloud_of, happen, reread, see, settle
from bot.store import Claim, Verdict

LOOK_AGAIN = 10.0
"""Seconds between looks at something that a cloud is still doing, as Azure asks for; a poll at most."""


def ask_to_cancel(world: World, order_id: str, person: str, reason: str = "", *, fee: bool = False) -> Say:
    """Ask the cloud to cancel a placed order, for those who may.

    Args:
        world: Store, settings and clock.
        order_id: Which order.
        person: Slack user id of who asks.
        reason: What they say; may be empty.
        fee: Whether they were told that the cloud takes money for it, and agreed.
    """
    order = world.store.order(order_id)
    if order is None:
        return replies.no_such(order_id)
    refusal = why_not_cancel(world, order, person)
    if refusal:
        return refusal
    verdict, after = happen(world, order, events.CancelAsked(person, reason, fee), person)
    if verdict is Verdict.DONE:
        return operations.cancelling(after)
    return ask_to_cancel(world, order_id, person, reason, fee=fee)


def why_not_cancel(world: World, order: Order, person: str) -> Say | None:
    """What to answer instead of cancelling: to the wrong person, or at the wrong time."""
    if not life.may_follow(order, events.CancelAsked):
        return operations.not_placed(order)
    if refusal := _why_not(world, order, person):
        return refusal
    if order.cancel_asked_by:
        return operations.cancelling(order)
    return None if allowed.cancelling(order) else operations.cannot_cancel(order)


def ask_for(
    world: World, order_id: str, operation: Operation, person: str, reason: str = "", *, fee: bool = False
) -> Say:
    """Ask the cloud for something else than to cancel; the arguments are those of `ask_to_cancel`."""
    order = world.store.order(order_id)
    if order is None:
        return replies.no_such(order_id)
    refusal = why_not(world, order, operation, person)
    if refusal:
        return refusal
    event = events.OperationAsked(operation, person, reason, fee)
    verdict, after = happen(world, order, event, person)
    if verdict is Verdict.DONE:
        return operations.operating(after, operation)
    return ask_for(world, order_id, operation, person, reason, fee=fee)


def why_not(world: World, order: Order, operation: Operation, person: str) -> Say | None:
    """What to answer instead of asking the cloud: to the wrong person, or at the wrong time."""
    verb = words.OPERATIONS[operation].verb
    if not life.may_follow(order, events.OperationAsked):
        return operations.not_placed(order, verb)
    if refusal := _why_not(world, order, person, verb):
        return refusal
    if order.operation:
        return operations.still_operating(order)
    return None if allowed.offered(order, operation) else operations.cannot(order, operation)


def _why_not(world: World, order: Order, person: str, verb: str = "cancel") -> Say | None:
    """Following an order that was placed elsewhere gives nobody the right to change anything about it."""
    own = (order.requester,) if order.kind is Kind.ASKED else ()
    people = (*own, *world.policy.approvers, *world.settings.operators)
    right = named(people, person, world.store.groups(), world.now())
    if right.reason is Reason.UNKNOWN:
        world.store.enqueue([Work("groups", Job.GROUPS)], world.now())
        return replies.operators_unknown(order)
    return None if right.allowed else operations.may_not_cancel(order, verb)


def cancel(world: World, claim: Claim) -> Result:
    """Ask the cloud to cancel an order, and read what became of it."""
    order = world.store.order(claim.work.order_id)
    if order is None or order.ref is None or not order.cancel_asked_by:
        return None
    cloud, ref, body = cloud_of(world, order), order.ref, claim.work.body
    try:
        cloud.cancel(ref, body.get("reason", ""), fee=body.get("fee", False))
    except CloudRefused as error:
        # An earlier try may have got through although its answer was lost: the order itself tells.
        see(world, order, cloud.read(ref))
        order = reread(world, order)
        if life.may_follow(order, events.CancelRefused):
            settle(world, order, events.CancelRefused(error.code, error.words))
        return None
    failpoint("cancelled")
    see(world, order, cloud.read(ref))
    return None


def operate(world: World, claim: Claim) -> Result:
    """Ask the cloud for something, and note where it tells how that goes."""
    order, operation = world.store.order(claim.work.order_id), Operation(claim.work.body["operation"])
    if order is None or order.ref is None or order.operation is not operation:
        return None
    body = claim.work.body
    try:
        urls = cloud_of(world, order).operate(order.ref, operation, body["reason"], fee=body["fee"])
    except CloudDenied:
        raise  # an operator's turn; then it goes on
    except CloudRefused as error:
        settle(world, order, events.OperationRefused(operation, error.code, error.words))
        return None
    failpoint("operation-sent")
    told = {"operation": operation.value, "urls": list(urls)}
    key = f"{claim.work.key}/end"
    world.store.enqueue([Work(key, Job.OPERATION_END, order.id, told)], world.now())
    return None


def operation_end(world: World, claim: Claim) -> Result:
    """See whether the cloud has done what it was asked for."""
    order, operation = world.store.order(claim.work.order_id), Operation(claim.work.body["operation"])
    if order is None or order.operation is not operation:
        return None
    cloud = cloud_of(world, order)
    try:
        left = [url for url in claim.work.body["urls"] if not cloud.ended(url)]
    except CloudDenied:
        raise
    except CloudRefused as error:
        settle(world, order, events.OperationRefused(operation, error.code, error.words))
        return None
    if left:
        return Again(min(LOOK_AGAIN, world.settings.poll_interval))
    settle(world, order, events.OperationDone(operation))
    return None

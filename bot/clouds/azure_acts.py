"""What Azure can be asked to do with order items: cancel, return, remove, send e-mails or not.

Each item says by itself whether it can be done. That is read first and for all items of an order, so that
nothing is done before somebody has agreed to a fee, and so that asking twice does no harm: what is done
already is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.clouds import azure_placing as placing
from bot.clouds.azure_client import Arm, Call
from bot.clouds.azure_items import Items, parts
from bot.clouds.reading import Answer, a_dict, text
from bot.core.events import Operation
from bot.core.snapshot import Ref
from bot.errors import CloudDenied, CloudRefused
from bot.ports import FEE

MAILED = ("Shipped", "Delivered")
"""The stages at whose beginning Azure can send an e-mail."""


@dataclass(frozen=True)
class Act:
    """Something to be done with an order item, if the item says that it may be."""

    done: str
    """How to say that it is."""
    status: str = ""
    """The member of an order item that says whether it can be."""
    never: str = ""
    """What stands there if not,"""
    costs: str = ""
    """or if it costs something."""
    stages: tuple[str, ...] = ()
    """The stages in which it is done, or under way."""


CANCEL = Act("cancelled", "cancellationStatus", "NotCancellable", "CancellableWithFee", ("Cancelled",))
ACTS = {
    Operation.RETURN: Act(
        "returned",
        "returnStatus",
        "NotReturnable",
        "ReturnableWithFee",
        ("ReturnInitiated", "ReturnPickedUp", "ReturnedToMicrosoft", "ReturnCompleted"),
    ),
    Operation.DELETE: Act("removed", "deletionStatus", "NotAllowed"),
    Operation.MAIL: Act("changed"),
    Operation.NO_MAIL: Act("changed"),
}

Make = Callable[[str, str, Answer], Call]
"""Makes the call for an item, out of its resource group, its name, and the item as it is."""


def cancel(arm: Arm, items: Items, ref: Ref, reason: str, *, fee: bool) -> None:
    """Cancel every item that can be; see `_carry_out`."""

    def make(group: str, name: str, _: Answer) -> Call:
        body: Any = {"reason": reason}
        return lambda client, **options: client.order_items.cancel(group, name, body, **options)

    _carry_out(arm, items, ref, CANCEL, make, fee=fee)


def operate(
    arm: Arm, items: Items, ref: Ref, operation: Operation, reason: str, *, fee: bool
) -> tuple[str, ...]:
    """Have an operation done with every item; see `_carry_out`."""

    def give_back(group: str, name: str, _: Answer) -> Call:
        body: Any = {"returnReason": reason}
        return lambda client, **options: client.order_items.begin_return_method(
            group, name, body, polling=False, **options
        )

    def delete(group: str, name: str, _: Answer) -> Call:
        return lambda client, **options: client.order_items.begin_delete(
            group, name, polling=False, **options
        )

    def update(group: str, name: str, item: Answer) -> Call:
        chosen = preferences(item, mail=operation is Operation.MAIL)
        body: Any = {"properties": {"preferences": chosen}}
        return lambda client, **options: client.order_items.begin_update(
            group, name, body, polling=False, **options
        )

    makes: dict[Operation, Make] = {Operation.RETURN: give_back, Operation.DELETE: delete}
    make = makes.get(operation, update)
    return _carry_out(arm, items, ref, ACTS[operation], make, fee=fee)


def _carry_out(arm: Arm, items: Items, ref: Ref, act: Act, make: Make, *, fee: bool) -> tuple[str, ...]:
    """Have it done with every item of an order that allows it.

    Returns:
        Where Azure tells whether it has done it, for the items for which it is not done yet.

    Raises:
        CloudRefused: For some item it can't be done, and is done for the others; or it costs something that
            nobody has agreed to (`FEE`), and nothing is done.
    """
    there = {part: item for part in parts(ref) if (item := items.get(part))}
    to_do = {part: item for part, item in there.items() if _stage(item) not in act.stages}
    if not fee:
        _check_fee(to_do, act)
    urls, refusals = [], []
    for part, item in to_do.items():
        try:
            urls.append(_do(arm, act, part, item, make))
        except CloudDenied:
            raise  # it is the bot that may not: for whoever asked there is nothing to change
        except CloudRefused as refusal:
            refusals.append(CloudRefused(refusal.code, f"{_name(part)}: {refusal.words}"))
    refusals += _missing(ref, there, act)
    if refusals:
        raise CloudRefused(refusals[0].code, _summed_up(refusals, act, some=len(refusals) < len(parts(ref))))
    return tuple(filter(None, urls))


def _check_fee(to_do: dict[str, Answer], act: Act) -> None:
    costly = [_name(part) for part, item in to_do.items() if act.costs and _status(item, act) == act.costs]
    if costly:
        raise CloudRefused(FEE, f"Azure takes a fee before {', '.join(costly)} can be {act.done}.")


def _do(arm: Arm, act: Act, part: str, item: Answer, make: Make) -> str:
    if act.never and _status(item, act) == act.never:
        raise CloudRefused(act.never, f"it can't be {act.done} now, it is {_stage(item)}.")
    group, _, name = part.partition("/")
    reply = arm.ask_for(make(group, name, item))
    return reply.location if reply.status == 202 else ""


def _missing(ref: Ref, there: dict[str, Answer], act: Act) -> Iterator[CloudRefused]:
    """What Azure does not know any more; to remove that is done."""
    for part in parts(ref):
        if part not in there and act is not ACTS[Operation.DELETE]:
            yield CloudRefused("ResourceNotFound", f"{_name(part)}: Azure does not know it any more.")


def _summed_up(refusals: list[CloudRefused], act: Act, *, some: bool) -> str:
    said = " ".join(refusal.words for refusal in refusals)
    return f"{said} The rest is {act.done}." if some else said


def preferences(item: Answer, *, mail: bool) -> dict[str, Any]:
    """An order item's preferences, changed in whether Azure sends e-mails; the others stay."""
    told = [{"stageName": stage, "sendNotification": mail} for stage in MAILED]
    return {**a_dict(_details(item).get("preferences")), "notificationPreferences": told}


def ended(arm: Arm, status_url: str) -> bool:
    """Whether Azure has done what it was asked for.

    As long as it has not, it answers 202; then with the outcome, or with 202 and the URL of the resource.

    Raises:
        CloudRefused: It has failed, or Azure does not know of it.
    """
    if not arm.ours(status_url):
        raise CloudRefused("UnknownOperation", "Azure told of it at an address that is not its own.")
    reply = arm.look(status_url)
    at_resource = arm.ours(reply.location) and "/operationresults/" not in reply.location.lower()
    if reply.status == 202 and at_resource:
        reply = arm.look(reply.location)
    state = placing.state(a_dict(reply.body))
    if state in placing.FAILED_STATES:
        raise CloudRefused(state.capitalize(), f"Azure says that it ended as {state}.")
    return reply.status != 202 and state != "creating"


def _details(item: Answer) -> Answer:
    return a_dict(a_dict(item.get("properties")).get("orderItemDetails"))


def _status(item: Answer, act: Act) -> str:
    return text(_details(item).get(act.status))


def _stage(item: Answer) -> str:
    return text(a_dict(_details(item).get("currentStage")).get("stageName"))


def _name(part: str) -> str:
    return part.rpartition("/")[2]

"""Finding out what became of an unclear placing: by looking, and then by asking operators."""

from __future__ import annotations

import logging

from bot.core import events
from bot.core import order as life
from bot.core.follow import Job, Work
from bot.core.messages import desk, replies
from bot.core.messages.blocks import Say
from bot.core.order import Order, State
from bot.core.policy import Reason, named
from bot.core.snapshot import Ref, Snapshot
from bot.errors import CloudDown, CloudRefused
from bot.ports import Found
from bot.spine import (
    BOT,
    SKEW,
    Again,
    Every,
    Result,
    World,
    cloud_of,
    happen,
    make_way,
    out_of_patience,
    reread,
    tell_operators,
)
from bot.store import Claim, Verdict

log = logging.getLogger(__name__)


def reconcile(world: World, claim: Claim) -> Result:
    """Look for an unclear order once; adopt what is there, ask people, or look again later."""
    order = world.store.order(claim.work.order_id)
    if order is None or order.state is not State.UNCLEAR:
        return None
    try:
        found = {unit: _look_alikes(world, order, unit) for unit in life.unclear_units(order)}
    except (CloudDown, CloudRefused) as error:
        if out_of_patience(world, order) and not order.people_asked:
            _ask(world, order, (), desk.cannot_be_searched(str(error)))
        raise
    left = {unit: ones for unit, ones in found.items() if not _adopted(world, order.id, unit, ones)}
    if not left:
        return None
    candidates = tuple(part for ones in left.values() for one in ones for part in one.ref.each)
    if candidates or out_of_patience(world, order):
        _ask(world, reread(world, order), candidates, desk.found_in_list(len(candidates)))
    return Every(_patience(world, order))


def _look_alikes(world: World, order: Order, unit: str) -> tuple[Found, ...]:
    not_this = world.store.refs(order.cloud) | set(order.known)
    since = (order.attempted_at or order.filed_at) - SKEW
    return cloud_of(world, order).look_alikes(order.asked, since, frozenset(not_this), unit)


def _adopted(world: World, order_id: str, unit: str, found: tuple[Found, ...]) -> bool:
    """Whether what was found is the order, or the unit, without doubt, and was taken for it."""
    order = world.store.order(order_id)
    if order is None or len(found) != 1:
        return False
    named = unit or (order.cloud == "aws" and order.asked.aws.quote)
    certain = (found[0].ours or not named) and (bool(unit) or order.attempted_at is not None)
    return certain and _adopt(world, order, found[0].ref, unit)


def _ask(world: World, order: Order, candidates: tuple[Ref, ...], finding: str) -> None:
    """Ask operators, once for each finding."""
    if order.state is State.UNCLEAR and (not order.people_asked or candidates != order.candidates):
        began = order.why.partition("; ")[0].rstrip(".")
        happen(world, order, events.PeopleAsked(candidates, f"{began}; {finding}"))


def _adopt(world: World, order: Order, ref: Ref, unit: str, person: str = BOT) -> bool:
    """Take what the cloud has for this order, or unit; somebody who only followed it makes way."""
    event = events.WasPlaced(ref, "" if person == BOT else person, unit)
    if not life.happens(order, event):
        return False
    make_way(world, order, ref)
    verdict, _ = happen(world, order, event, person)
    return verdict is Verdict.DONE


def _patience(world: World, order: Order) -> float:
    """Seconds to the next look: a twentieth of the time given; as for any order once people were asked."""
    if order.people_asked:
        return world.settings.poll_interval
    return min(max(world.settings.reconcile_for / 20, 0.5), 15.0)


def name_placed(world: World, order_id: str, ref_id: str, person: str) -> Say:
    """An operator says which order of the cloud it is; the cloud is asked whether that can be."""
    order, refusal = _for_operator(world, order_id, person)
    if order is None or refusal:
        return refusal or replies.no_such(order_id)
    body = {"ref": ref_id, "person": person}
    world.store.enqueue([Work(f"{order.id}/confirm/{ref_id}", Job.CONFIRM, order.id, body)], world.now())
    return replies.confirming(order, ref_id)


def confirm(world: World, claim: Claim) -> Result:
    """Adopt the order that an operator named, if the cloud has it and nobody else's it is."""
    order = world.store.order(claim.work.order_id)
    if order is None or order.state is not State.UNCLEAR:
        return None
    named_id, person = claim.work.body["ref"], claim.work.body["person"]
    unit = named_id.rpartition("/")[2].lower() if order.placements else ""
    problem, found = _fits_unit(world, order, unit) if unit else _fits(world, order, named_id)
    if found is None:
        key = f"{order.id}/named/{named_id}/{claim.generation}"  # whoever names it again is answered again
        tell_operators(world, key, desk.not_confirmed(order, named_id, problem))
        return None
    if not _adopt(world, order, found.ref, unit, person):
        return Again(1.0)
    differs = desk.differs(order, found)
    if differs:
        tell_operators(world, f"{order.id}/differs", differs)
    return None


def _fits(world: World, order: Order, ref_id: str) -> tuple[str, Snapshot | None]:
    other = world.store.by_ref(order.cloud, ref_id)
    if other and not life.may_follow(other, events.Superseded):
        return desk.belongs_to(other.id), None
    try:
        snapshot = cloud_of(world, order).find(ref_id)
    except CloudRefused as error:
        return str(error), None
    outpost = order.asked.aws.outpost.rpartition("/")[2]
    there = dict(snapshot.facts).get("Outpost", outpost)
    return (desk.is_elsewhere(there), None) if there != outpost else ("", snapshot)


def _fits_unit(world: World, order: Order, unit: str) -> tuple[str, Snapshot | None]:
    """Only what has the name of a unit can be it: a cloud keeps one thing under a name."""
    if unit not in life.unclear_units(order):
        return desk.is_no_unit(life.unclear_units(order)), None
    found = _look_alikes(world, order, unit)
    if not found:
        return desk.NOT_THERE, None
    return "", cloud_of(world, order).read(found[0].ref)


def say_not_placed(world: World, order_id: str, version: int, person: str) -> Say:
    """An operator has made sure that there is no order; it is sent again.

    Args:
        world: Store, settings and clock.
        order_id: Which order.
        version: The order's version when the question was asked; an older question decides nothing.
        person: Slack user id of the operator.
    """
    order, refusal = _for_operator(world, order_id, person)
    if order is None or refusal:
        return refusal or replies.no_such(order_id)
    if order.version != version:
        return replies.changed_since(order)
    verdict, after = happen(world, order, events.SaidNotPlaced(person), person)
    return replies.sent_again(after) if verdict is Verdict.DONE else replies.changed_since(order)


def why_not_settle(world: World, order_id: str, person: str) -> Say | None:
    """What to answer instead of asking an operator which order it is."""
    order, refusal = _for_operator(world, order_id, person)
    return refusal if order else replies.no_such(order_id)


def _for_operator(world: World, order_id: str, person: str) -> tuple[Order | None, Say | None]:
    """The order, and what to answer instead where this person or this moment is not the right one."""
    order = world.store.order(order_id)
    if order is None:
        return None, None
    right = named(world.settings.operators, person, world.store.groups(), world.now())
    if right.reason is Reason.UNKNOWN:
        world.store.enqueue([Work("groups", Job.GROUPS)], world.now())
        return order, replies.operators_unknown(order)
    if not right.allowed:
        log.info("desk.refused", extra={"order": order.id, "person": person, "why": right.reason.value})
        return order, replies.operators_only(order)
    if order.state is not State.UNCLEAR:
        return order, replies.already(order)
    return order, None

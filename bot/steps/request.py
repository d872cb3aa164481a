"""Asking: a request is filed, or an order that was placed elsewhere is followed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from bot import catalogue
from bot.core import events
from bot.core import order as life
from bot.core.approval import Plan
from bot.core.aws_terms import ORDER_ID
from bot.core.follow import after_filing
from bot.core.messages import asking, desk, replies
from bot.core.messages.blocks import Say
from bot.core.messages.changes import changes_between
from bot.core.order import Kind, Order, Placement, State
from bot.core.policy import (
    Reason,
    denied,
    facts,
    is_group,
    may_request,
    risks,
    surely_denied,
    unconditional,
    unfillable,
)
from bot.core.policy import plan as make_plan
from bot.core.policy.values import ALWAYS
from bot.core.request import AwsTerms, Mistake, NewAddress, Request, nearest, values_of
from bot.directory import read_group
from bot.errors import ChatRefused, CloudDenied, CloudRefused
from bot.failpoint import failpoint
from bot.spine import Again, Result, World, cloud_of, happen, named, planned
from bot.store import Claim, Verdict

ADDRESS_AGAIN = 2.0
"""Seconds between looks at an address that the cloud is still saving."""


def file(world: World, request: Request, person: str, origin: str, address: NewAddress | None = None) -> Say:
    """File a request for approval, once for each `origin`, and answer whoever asked.

    Args:
        world: Store, settings and clock.
        request: What is asked for; `channel` says where its card goes.
        person: Slack user id of the requester.
        origin: What identifies this asking: a repeat of it is the same order.
        address: Where to ship to, if that is no address that the cloud keeps already. It waits in a draft
            until the cloud has it, and is in nothing else that is written.
    """
    request = catalogue.located(world, request)
    known = world.store.by_origin(origin)
    if known:
        return _filed_before(world, known, request, person)
    state = State.WAITING if catalogue.proves(world, request) else State.CHECKING
    judged = judge(world, request, person, certain=state is State.CHECKING)
    if judged.refusal:
        return judged.refusal
    if judged.unknown:
        state = State.CHECKING
    order = _new(world, Kind.ASKED, state, request.cloud, person, request.channel, request)
    if state is State.WAITING:
        order = replace(order, plan=judged.plan, asked_at=order.filed_at, step_at=order.filed_at)
    if address:
        draft = world.store.save_draft(person, {"address": asdict(address)}, world.now())
        order = replace(order, draft=draft)
    units = cloud_of(world, order).units(order.id, order.asked)
    order = replace(order, placements=tuple(map(Placement, units)))
    body = {"digest": order.asked.digest(), "asked": _values(order.asked)}
    filed = world.store.file(order, origin, after_filing(order), body | planned(judged.plan))
    return replies.filed(filed, judged.plan, judged.risks)


def _filed_before(world: World, known: Order, request: Request, person: str) -> Say:
    """A form is sent again that was filed already: who has not seen it close may have changed it since."""
    filed = json.loads(world.store.events(known.id)[0]["body"])
    if filed.get("asked") in (None, _values(request)):
        return replies.filed(known)
    return replies.filed_otherwise(known, _save(world, known, request, person, edits=known.id))


def _values(request: Request) -> dict[str, list[str]]:
    return {key: list(said) for key, said in values_of(request).items()}


def _save(world: World, order: Order, request: Request, person: str, edits: str = "") -> str:
    """Keep what was typed into a form, but for an address; returns the id of the draft."""
    kept = {"cloud": request.cloud, "values": _values(request), "channel": order.channel, "edits": edits}
    return world.store.save_draft(person, kept, world.now())


def edit(
    world: World, order_id: str, request: Request, person: str, address: NewAddress | None = None
) -> Say:
    """Ask again with another request, under the same id: what was decided so far counts no more.

    Args:
        world: Store, settings and clock.
        order_id: The order that is edited.
        request: What is asked for now.
        person: Slack user id of whoever edits it.
        address: As for `file`.
    """
    order = world.store.order(order_id)
    refusal = why_not_edit(world, order_id, person)
    if order is None:
        return replies.no_such(order_id)
    if refusal:
        late = person == order.requester
        return replies.moved_on(order, _save(world, order, request, person)) if late else refusal
    request = catalogue.located(world, replace(request, channel=request.channel or order.asked.channel))
    judged = judge(world, request, person, certain=True)
    if judged.refusal:
        return judged.refusal
    changes = changes_between(order.asked, request, new_address=address is not None)
    if not changes and order.state in (State.CHECKING, State.WAITING):
        return replies.nothing_changed(order)
    draft = world.store.save_draft(person, {"address": asdict(address)}, world.now()) if address else ""
    units = cloud_of(world, order).units(order.id, request)
    edited = events.Edited(request, person, changes or (replies.ASKED_AGAIN,), units, draft)
    verdict, after = happen(world, order, edited, person)
    if verdict is Verdict.DONE:
        return replies.edited(after, judged.plan, judged.risks)
    if draft:
        world.store.forget_draft(draft)
    return edit(world, order_id, request, person, address)


def why_not_edit(world: World, order_id: str, person: str) -> Say | None:
    """What to answer instead of opening the form: to the wrong person, or too late."""
    order = world.store.order(order_id)
    if order is None:
        return replies.no_such(order_id)
    if person != order.requester:
        return replies.only_requester(order, "edit")
    if not life.may_follow(order, events.Edited):
        return replies.too_late(order, "edited")
    return None


def notes(world: World, asked: Request | None, cloud: str, person: str) -> tuple[str, ...]:
    """What a form says before it files: who will be asked, and what is risky; lines of mrkdwn.

    Args:
        world: The policy.
        asked: What the form asks for; None as long as it is not complete.
        cloud: The cloud of the form.
        person: Slack user id of the requester.
    """
    policy = world.policy
    if asked is None:
        always = all(step.when == ALWAYS for step in policy.steps)
        plan = unconditional(policy) if always else None
        return asking.form_notes(plan, person, (risks.cancelling(cloud),))
    asked = catalogue.located(world, asked)
    judged = judge(world, asked, person, certain=not catalogue.proves(world, asked))
    if judged.refusal:
        return (judged.refusal.text,)
    return asking.form_notes(judged.plan, person, judged.risks)


def cannot_be_asked(world: World, asked: Request, person: str) -> bool:
    """Whether the policy refuses a request before it is filed; `notes` says why."""
    asked = catalogue.located(world, asked)
    certain = not catalogue.proves(world, asked)
    return judge(world, asked, person, certain=certain).refusal is not None


@dataclass(frozen=True)
class Judged:
    """What the policy says of a request: whose yes it needs and what is risky, or why it can't be asked for.

    `unknown`: whether somebody may ask for it hangs on a user group that has to be read first.
    """

    plan: Plan
    risks: tuple[str, ...]
    refusal: Say | None = None
    unknown: bool = False


def judge(world: World, request: Request, person: str, *, certain: bool) -> Judged:
    """What the policy says of a request before anybody is asked.

    Args:
        world: The policy, and groups as last read.
        request: What is asked for.
        person: Slack user id of the requester.
        certain: Refuse only by what is known of the request for certain: the cloud will tell more.
    """
    policy, scene = world.policy, world.scene()
    known = catalogue.with_offer(world, request)
    plan, risky = make_plan(policy, known), risks.banners(policy, known)
    right = may_request(policy, person, scene)
    if not right.allowed and right.reason is not Reason.UNKNOWN:
        return Judged(plan, risky, replies.may_not_request(policy))
    reasons = (surely_denied if certain else denied)(policy, facts(request))
    if reasons:
        return Judged(plan, risky, replies.denied(reasons))
    if not plan.steps and not certain:
        return Judged(plan, risky, replies.no_step(policy))
    stuck = unfillable(plan, person, scene)
    if stuck:
        return Judged(plan, risky, replies.nobody_can_approve(stuck, policy))
    return Judged(plan, risky, unknown=right.reason is Reason.UNKNOWN)


def defaults(world: World, cloud: str) -> Mapping[str, str]:
    """What an order from a cloud goes by where nothing else was said, by key of the grammar."""
    settings = world.settings
    if cloud != "azure":
        return {}
    return {"location": settings.azure_location, "resource_group": settings.azure_resource_group}


def wrong_region(world: World, request: Request) -> tuple[Mistake, ...]:
    """What is wrong with the Region of a request to AWS, if it is none that is ordered in here."""
    if not isinstance(request.terms, AwsTerms):
        return ()
    region, offered = request.aws.region, world.settings.aws_regions
    if not region or region in offered:
        return ()
    if request.aws.outpost.startswith("arn:"):
        return (Mistake("outpost", request.aws.outpost, f"an Outpost in {' or '.join(offered)}"),)
    return (Mistake("region", region, " or ".join(offered), nearest(region, offered)),)


def track(world: World, ref: str, person: str, channel: str, *, quiet: bool, origin: str) -> Say:
    """Follow an order that was placed elsewhere; `quiet`: no card until something changes.

    Args:
        world: Store, settings and clock.
        ref: An AWS order id, or the name of an Azure item or order, also as `GROUP/NAME`.
        person: Slack user id of who wants to follow it.
        channel: Where its card goes.
        quiet: No card until something changes.
        origin: What identifies this asking.
    """
    cloud = "aws" if ORDER_ID.fullmatch(ref) else "azure"
    if cloud not in world.clouds:
        return replies.no_name_of(ref, tuple(world.clouds))
    known = world.store.by_origin(origin) or named(world, ref)
    if known:
        return replies.already_followed(known) if known.ref else replies.tracking(known)
    order = replace(
        _new(world, Kind.TRACKED, State.CHECKING, cloud, person, channel),
        looking_for=ref,
        quiet=quiet,
    )
    body = {"looking_for": ref, "quiet": quiet}
    return replies.tracking(world.store.file(order, origin, after_filing(order), body))


def check(world: World, claim: Claim) -> Result:
    """Ask the cloud whether it knows what an order names, before people are asked.

    An address that was typed for it is let go of as soon as nothing more is to be asked, whatever came of it:
    also where the order was withdrawn meanwhile, or an earlier run died just before.
    """
    order = world.store.order(claim.work.order_id)
    if order is None:
        return None
    result = _check(world, order) if order.state is State.CHECKING else None
    if result is None and order.draft:
        world.store.forget_draft(order.draft)
    return result


def _check(world: World, order: Order) -> Result:
    event: events.Event
    try:
        if not _address_saved(world, order):
            return Again(ADDRESS_AGAIN)
        event = _found(world, order) if order.looking_for else _checked(world, order)
    except CloudDenied:
        raise  # no fault of who asked: it waits until an operator has mended that
    except CloudRefused as error:
        event = events.CheckRefused(error.code, _as_typed(order, error.words))
    verdict, _ = happen(world, order, event)
    if verdict is Verdict.BUSY:
        words = f"{order.looking_for} is followed by another order here already."
        verdict, _ = happen(world, order, events.CheckRefused("AlreadyFollowed", words))
    return None if verdict is Verdict.DONE else Again(0)


def _address_saved(world: World, order: Order) -> bool:
    """Whether the cloud has the address that was typed into the form, which it is given at first.

    Where it tells how that goes is kept beside the address, so that whoever comes after a crash goes on.
    """
    kept = world.store.draft(order.draft, order.requester) if order.draft else None
    if kept is None:
        return True
    cloud = cloud_of(world, order)
    if "status_url" in kept:
        return cloud.ended(kept["status_url"])
    address = NewAddress(**kept["address"])
    status_url = cloud.save_address(_address_name(order), order.asked, address)
    failpoint("address-sent")
    if status_url:
        world.store.keep_draft(order.draft, kept | {"status_url": status_url})
    return not status_url


def _found(world: World, order: Order) -> events.Looked:
    return events.Looked(cloud_of(world, order).find(order.looking_for))


def _checked(world: World, order: Order) -> events.Checked | events.CheckRefused:
    request = catalogue.located(world, order.asked)
    if not catalogue.proves(world, request):  # else it was read while the order waited
        request = cloud_of(world, order).check(_shipped(order))
    if may_request(world.policy, order.requester, world.scene()).reason is Reason.UNKNOWN:
        _read_groups(world, world.policy.requesters)
    judged = judge(world, request, order.requester, certain=False)
    if judged.refusal:
        return events.CheckRefused(POLICY, judged.refusal.text)
    if judged.unknown:
        return events.CheckRefused(POLICY, desk.REQUESTERS_UNREADABLE)
    return events.Checked(request, judged.plan)


def _read_groups(world: World, people: Iterable[str]) -> None:
    """Read user groups anew; what cannot be read counts as not read."""
    for group in filter(is_group, people):
        with suppress(ChatRefused):
            read_group(world, group)


POLICY = "Policy"
"""The code of a refusal that is the policy's, not a cloud's."""


def _shipped(order: Order) -> Request:
    """The request, with the address that was typed into the form under the name that the cloud has for it."""
    if not order.draft:
        return order.asked
    return replace(order.asked, terms=replace(order.asked.azure, address=_address_name(order)))


def _address_name(order: Order) -> str:
    """A name of its own for each round: Azure changes no address that it keeps."""
    return order.id.lower() if order.round == 1 else f"{order.id.lower()}-r{order.round}"


def _as_typed(order: Order, words: str) -> str:
    """What the cloud says of an address, for somebody who does not know under which name it was saved."""
    return words.replace(_address_name(order), "the address that you typed") if order.draft else words


def _new(
    world: World,
    kind: Kind,
    state: State,
    cloud: str,
    person: str,
    channel: str,
    request: Request | None = None,
) -> Order:
    id = life.new_id()
    while world.store.order(id):
        id = life.new_id()
    return Order(
        id=id,
        kind=kind,
        state=state,
        cloud=cloud,
        requester=person,
        channel=channel or person,
        filed_at=world.now(),
        request=request,
    )

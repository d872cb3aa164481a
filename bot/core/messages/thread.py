"""What is told once: in the card's thread to watchers, and directly to the requester."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.core.events import FEE, Edited, Operation
from bot.core.messages import words
from bot.core.messages.blocks import (
    Block,
    Say,
    actions,
    clean,
    code,
    escape,
    fitting,
    link,
    one_line,
    quotation,
    quote,
    section,
    sections,
    user,
)
from bot.core.messages.request import edit_button
from bot.core.messages.terms import price
from bot.core.messages.units import outcome_lines
from bot.core.order import Order, Placement, Step, may_follow
from bot.core.request import AwsTerms, AzureTerms, Request, command_line
from bot.core.snapshot import Aspect, Change

_MOST_LINES = 40
_LINE_LIMIT = 2900
_ROOM_FOR_UNITS = 6000


def in_thread(order: Order, told: Mapping[str, Any]) -> Say:
    """One event, for the thread of the order's card.

    Args:
        order: The order as it is now.
        told: What the work row carries: `event`, its name, and what else belongs to it.
    """
    said, quoted = what_happened(order, told), words_said(order, told)
    return Say(_with(said, quoted), (*sections(said.split("\n")), *_quotation(quoted)))


def directly(order: Order, told: Mapping[str, Any]) -> Say:
    """One event, for the requester's direct messages."""
    said = f"*{words.name(order)}* ({one_line(words.what(order))})\n{what_happened(order, told)}"
    refused = _refused(order, told)
    if refused and order.request:
        missing = _missing(order.request, refused)
        again = _again(missing)
        what = "again" if missing == order.request else "for the rest"
        said += f"\n{_advice(refused)} To ask {what}, change this and send it:"
        edit = [actions(edit_button(order))] if may_follow(order, Edited) else []
        return Say(said, (*sections(said.split("\n")), section(f"```{again}```"), *edit))
    quoted = words_said(order, told)
    placed = told["event"] == "WasPlaced" or {one.step for one in _placements(told)} == {Step.PLACED}
    more = [section(f"`/order mute {order.id}` stops these messages.")] if placed else []
    if told["event"] in ("Rejected", "Expired") and may_follow(order, Edited):
        more = [actions(edit_button(order))]
    return Say(_with(said, quoted), (*sections(said.split("\n")), *_quotation(quoted), *more))


def _placements(told: Mapping[str, Any]) -> list[Placement]:
    """How the placing of each unit had ended when it was told; nothing in other events."""
    return [
        Placement(one["unit"], Step(one["step"]), one["code"], one["why"]) for one in told.get("units", ())
    ]


def _refused(order: Order, told: Mapping[str, Any]) -> list[Placement]:
    """What was refused and can be asked for again, once nothing of it is unclear."""
    if told["event"] in ("WasRefused", "CheckRefused"):
        return [Placement(order.id, Step.REFUSED, order.code, order.why)]
    units = _placements(told)
    if any(one.step is Step.UNCLEAR for one in units):
        return []
    return [one for one in units if one.step is Step.REFUSED]


def _advice(refused: Sequence[Placement]) -> str:
    return " ".join(dict.fromkeys(words.advice(one.code) for one in refused))


def _missing(request: Request, refused: Sequence[Placement]) -> Request:
    """The request for what is missing of it: where units are refused one by one, for so many of them."""
    if isinstance(request.terms, AzureTerms) and request.terms.quantity > len(refused) > 0:
        return replace(request, terms=replace(request.terms, quantity=len(refused)))
    return request


def _cost(order: Order) -> str:
    terms = order.request.terms if order.request else None
    cost = price(terms) if isinstance(terms, AwsTerms) else ""
    return f" {cost}." if cost else ""


def what_happened(order: Order, told: Mapping[str, Any]) -> str:
    """One event in words, mrkdwn."""
    cloud = words.cloud_short(order.cloud)
    by = user(told["by"]) if told.get("by") else ""
    match told["event"]:
        case "Approved" | "GlassBroken":
            return _approved(told, by or user(order.decided_by), cloud)
        case "Rejected":
            return f"*Rejected* by {by or user(order.decided_by)}{_for(told)}."
        case "Expired":
            return "*Expired*: nobody decided in time. Nothing was ordered."
        case "Edited":
            return f"{by} has changed the request; approval is asked for again.{_changed(told)}"
        case "Repriced":
            return (
                f"What {cloud} offers has changed since it was approved. Nothing was sent; approval is asked "
                f"for again.{_changed(told)}"
            )
        case "Escalated":
            return f"Nobody has decided in time. {words.people(tuple(told['to']))} can decide now, too."
        case "Withdrawn":
            return f"*Withdrawn* by {by or user(order.requester)}."
        case "WasPlaced":
            who = f" {by} found it." if by else ""
            return f"*Placed*: {words.cloud_order(order)}.{who}{_cost(order)}"
        case "WasRefused":
            return f"*Refused*. {words.says(cloud, order.why)}"
        case "CheckRefused":
            return f"*Refused*: {words.clause(order.why)}."
        case "Units":
            return _units(order, _placements(told), by)
        case "WentUnclear":
            return (
                f"*Unclear*: {words.clause(told['why'])}. {cloud} may or may not have the order; nothing is "
                "sent again, and its list is being searched."
            )
        case "PeopleAsked":
            return f"*Unclear*: {words.clause(told['why'])}. Operators have been asked to decide."
        case "Waits":
            return (
                f"Waits for {told['holder']}: only one order at a time is placed on an Outpost, so that no "
                "two can be mistaken for each other."
            )
        case "SaidNotPlaced":
            who = by or "An operator"
            what = "item for what was unclear" if order.placements else "order"
            return f"{who} has made sure that {cloud} has no such {what}. It is being placed again."
        case "CancelAsked":
            return f"{by or 'Somebody'} asks {cloud} to cancel the order.{_accepted_fee(told)}"
        case "CancelRefused":
            why = _why_not(order, told, f"/order cancel {order.id}")
            return f"{cloud} does not cancel {_it(order, told)}. {why}"
        case "OperationAsked":
            doing = words.OPERATIONS[Operation(told["operation"])]
            return f"{by or 'Somebody'} asks {cloud} to {doing.to}.{_accepted_fee(told)}"
        case "OperationDone":
            return f"{cloud} {words.OPERATIONS[Operation(told['operation'])].done}."
        case "OperationRefused":
            operation = Operation(told["operation"])
            again = f"/order return {order.id} reason" if operation is Operation.RETURN else ""
            refused = words.OPERATIONS[operation].refused.format(_it(order, told))
            return f"{cloud} {refused}. {_why_not(order, told, again)}"
        case "Looked" if told["changes"]:
            return _changes(order, told["changes"])
    return words.sentence(words.headline(order))


def _approved(told: Mapping[str, Any], by: str, cloud: str) -> str:
    """One yes: the last that was needed, or one that others have to follow."""
    glass = told["event"] == "GlassBroken"
    said = f":rotating_light: {by} has *broken the glass*" if glass else f"*Approved* by {by}{_for(told)}"
    if not told.get("more"):
        return f"{said}. It is being placed with {cloud}."
    step = told.get("step", "")
    where = f" for {one_line(step, 100)}" if step and not glass else ""
    return f"{said}{where}. Still needed: {one_line(told['more'], 500)}."


def _for(told: Mapping[str, Any]) -> str:
    """In whose name somebody acted."""
    return f", who stands in for {user(told['owner'])}" if told.get("owner") else ""


def _changed(told: Mapping[str, Any]) -> str:
    lines = fitting([f"• {one_line(change, 300)}" for change in told.get("changes", ())], 2000)
    return "".join(f"\n{line}" for line in lines)


def words_said(order: Order, told: Mapping[str, Any]) -> str:
    """What a person said with the event, as they wrote it; empty where they said nothing."""
    match told["event"]:
        case "Approved" | "GlassBroken" | "Rejected":
            return str(told.get("note", order.note))
        case "CancelAsked" | "OperationAsked":
            return str(told.get("reason", ""))
    return ""


def _accepted_fee(told: Mapping[str, Any]) -> str:
    return " They accept that a fee is taken for it." if told.get("fee") else ""


def _it(order: Order, told: Mapping[str, Any]) -> str:
    """What was not done: of several units, some may have been; the cloud's sentence says which."""
    several = order.ref is not None and len(order.ref.parts) > 1 and told.get("code") != FEE
    return "all of it" if several else "it"


def _why_not(order: Order, told: Mapping[str, Any], again: str) -> str:
    """The cloud's own sentence, and what to do where only its fee stands in the way."""
    cloud = words.cloud_short(order.cloud)
    said = words.says(cloud, told["words"])
    if told.get("code") != FEE or not again:
        return said
    return f"{said} Nothing was done. `{again}` asks again: whoever confirms it accepts the fee."


def _units(order: Order, units: Sequence[Placement], by: str) -> str:
    """How the placing of all units has ended, with a line for each that is not placed."""
    placed, unclear = ([one for one in units if one.step is step] for step in (Step.PLACED, Step.UNCLEAR))
    settled = f" {by} has settled it." if by and not unclear else ""
    rest = [one for one in units if one.step is not Step.PLACED]
    lines = outcome_lines(order.cloud, rest, _ROOM_FOR_UNITS)
    if unclear:
        return "\n".join([_unclear(order, units, len(placed), len(unclear)), *lines])
    if placed:
        azure = f"{words.cloud_short(order.cloud)} order {code(_azure_name(order))}"
        share = f": {len(placed)} of {len(units)} units" if rest else ""
        return "\n".join([f"*Placed*: {azure}{share}.{settled}", *lines])
    cloud, whys = words.cloud_short(order.cloud), {one.why for one in units}
    none = f" None of the {len(units)} units is placed." if len(units) > 1 else ""
    if len(whys) == 1:
        return f"*Refused*. {words.says(cloud, whys.pop())}{none}{settled}"
    return "\n".join([f"*Refused*.{none}{settled}", *lines])


def _unclear(order: Order, units: Sequence[Placement], placed: int, unclear: int) -> str:
    cloud, of = words.cloud_short(order.cloud), len(units)
    which = f"{unclear} of {of} units" if of > 1 else code(units[0].unit)
    it = "them" if unclear > 1 else "it"
    others = f" {placed} {'are' if placed > 1 else 'is'} placed." if placed else ""
    return (
        f"*Unclear*: {which}. {cloud} may or may not have {it}; nothing is sent again, and {cloud} is asked "
        f"for {it} by name.{others}"
    )


def _azure_name(order: Order) -> str:
    return order.ref.name if order.ref else order.id.lower()


def _quotation(text: str) -> tuple[Block, ...]:
    return (quotation(text),) if text else ()


def _with(said: str, quoted: str) -> str:
    return f"{said}\n{quote(quoted)}" if quoted else said


def _changes(order: Order, told: Sequence[Mapping[str, str]]) -> str:
    changed = [Change(Aspect(c["aspect"]), c["subject"], c["was"], c["now"], c["link"]) for c in told]
    changed = _without_echo(changed, len(order.snapshot.units) if order.snapshot else 0)
    shown = fitting([change_line(change) for change in changed[:_MOST_LINES]], 2700)
    if len(shown) < len(changed):
        shown.append(f"… and {len(changed) - len(shown)} more changes: `/order status {order.id}`")
    return "\n".join(shown)


def _without_echo(changed: list[Change], units: int) -> list[Change]:
    """The changes without those of units that all went where the order went, which is told already."""
    went = [one.now for one in changed if one.aspect is Aspect.STATUS]
    echoes = [one for one in changed if one.aspect is Aspect.UNIT_STATUS and one.now in went]
    return [one for one in changed if one not in echoes] if 0 < units == len(echoes) else changed


def change_line(change: Change) -> str:
    """One change in words, mrkdwn. Steps back and unknown statuses read like any other."""
    subject, was, now = (one_line(text, 300) for text in (change.subject, change.was, change.now))
    status = f"*{words.status(now)}*" + (f" (was {words.readable(was)})" if was else "")
    match change.aspect:
        case Aspect.STATUS:
            return f"Order: {status}"
        case Aspect.UNIT_STATUS:
            return f"{subject}: {status}"
        case Aspect.UNIT_ADDED:
            return f"{subject}: new on this order, {status}"
        case Aspect.UNIT_GONE:
            return f"{subject}: no longer on this order (was {words.status(was)})"
        case Aspect.SHIPMENT if now:
            parcel = link(change.link, change.now) if change.link else now
            return f"{subject}: travels with {parcel}" + (f" (was {was})" if was else "")
        case Aspect.SHIPMENT:
            return f"{subject}: no longer travels with {was}"
        case Aspect.ASSET:
            return f"{subject}: asset {code(now)}" if now else f"{subject}: asset {code(was)} is gone"
        case Aspect.MAC:
            return f"Asset {code(change.subject)}: MAC {now or 'none'}" + (f" (was {was})" if was else "")
    return f"{subject}: {now or 'none'}" + (f" (was {was})" if was else "")


def _again(request: Request) -> str:
    """The line that asks for the same again, for between three backticks.

    A section has no room for the longest reasons: they are shortened, so that the line stays whole.
    """
    lines = (
        _fenced(command_line(replace(request, reason=clean(request.reason, length))))
        for length in (3000, 2000, 1000, 500, 200)
    )
    return next((line for line in lines if len(line) <= _LINE_LIMIT), _fenced("/order"))


def _fenced(text: str) -> str:
    return escape(" ".join(text.split()), 10 * _LINE_LIMIT).replace("```", "ˋˋˋ")

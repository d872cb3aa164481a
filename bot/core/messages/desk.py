"""What operators read: the question about an unclear order, and what else they have to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.core.messages import words
from bot.core.messages.blocks import (
    Block,
    Say,
    actions,
    button,
    code,
    confirmation,
    fitting,
    header,
    one_line,
    quotation,
    section,
    sections,
    user,
)
from bot.core.messages.request import outcome
from bot.core.messages.terms import items, payment, term, where
from bot.core.messages.units import outcome_lines
from bot.core.order import Order, State, Step
from bot.core.request import AwsTerms, AzureTerms
from bot.core.snapshot import Snapshot, unit_name

_MOST_CANDIDATES = 20
_ROOM_FOR_UNITS = 6000


def unclear(order: Order) -> Say:
    """The question whether an order exists in the cloud, with its buttons while it is open."""
    if order.state is not State.UNCLEAR:
        return Say(
            f"{order.id} is settled: {words.STATES[order.state]}",
            (header(f"{order.id} is settled"), section(outcome(order))),
        )
    cloud = words.cloud_short(order.cloud)
    return Say(
        f"{order.id} is unclear: was it placed with {cloud}?",
        (
            header(f"{order.id}: was it placed?"),
            *sections(_question(order, cloud)),
            section(_evidence(order, cloud)),
            actions(*_buttons(order)),
        ),
    )


def _question(order: Order, cloud: str) -> list[str]:
    """What is unclear and why, unit by unit where units are placed one by one."""
    bought = f"{items(order.asked)} {where(order.asked)}"
    if not order.placements:
        paid = order.asked.aws
        return [
            f"*{cloud} may or may not have this order*: {words.clause(order.why)}.",
            f"{bought}, {payment(paid.payment)}, {term(paid.term)}.",
        ]
    open_ones = [one for one in order.placements if one.step is Step.UNCLEAR]
    which = f"{len(open_ones)} of {_units(len(order.placements))}"
    return [
        f"*{cloud} may or may not have {which}* of this order:",
        *outcome_lines(order.cloud, open_ones, _ROOM_FOR_UNITS),
        f"Asked for: {bought}.{_settled(order)}",
    ]


def _settled(order: Order) -> str:
    """What is known of the other units."""
    said = [
        f"{len(order.units(step))} {words.STEPS[step]}"
        for step in (Step.PLACED, Step.REFUSED)
        if order.units(step)
    ]
    return f" The others: {', '.join(said)}." if said else ""


def _units(number: int) -> str:
    return f"{number} {'unit' if number == 1 else 'units'}"


def _evidence(order: Order, cloud: str) -> str:
    found = ", ".join(code(ref.name) for ref in order.candidates[:_MOST_CANDIDATES])
    if isinstance(order.asked.terms, AzureTerms):
        shows = f"What Azure shows of that name: {found}." if found else "Azure shows nothing of that name."
        group = code(order.asked.terms.resource_group)
        return (
            f"{shows} Look in the Azure portal, resource group {group}, before you decide. A name can exist "
            "only once there, so nothing is bought twice; still, nothing more is sent until somebody says so."
        )
    look = f"Look in the {cloud} console before you decide; nothing more is sent until then."
    if not found:
        return f"{cloud}'s list shows no order that looks like it. {look}"
    return f"{cloud}'s list shows what looks exactly like it: {found}. {look}"


def _buttons(order: Order) -> list[Block]:
    placed = [
        button(f"It was placed: {ref.name}", f"was_placed_{number}", f"{order.id} {ref.id}", "primary")
        for number, ref in enumerate(order.candidates[:_MOST_CANDIDATES])
    ] or [button("It was placed", "name_placed", order.id)]
    sure = confirmation(f"Send {order.id} again?", _risk(order), "Send it again")
    again = button(
        "It was not placed: try again", "not_placed", f"{order.id} {order.version}", "danger", sure
    )
    return [*placed, again]


def _risk(order: Order) -> str:
    if not order.placements:
        return "Only if you have made sure that the cloud has no such order: otherwise it is bought twice."
    number = len(order.units(Step.UNCLEAR))
    return (
        f"{_units(number)} will be sent again, under the same name{'s' if number > 1 else ''}. "
        "Only if you have made sure that Azure has no such item."
    )


# Why an order is unclear or waits, as clauses within other sentences.
STOPPED_WHILE_PLACING = "the bot was stopped while it was placing the order"
EXISTS_ALREADY = "there is an order that looks exactly like this one, and the bot has no record of it"
NOT_APPROVED = "it is marked as approved, but no approval for what it says now is recorded. It is not placed."
ASKING_TOO_SLOW = "asking the cloud first took longer than PLACE_TIMEOUT leaves time for"


def found_in_list(number: int) -> str:
    """What searching the cloud's list has shown."""
    if not number:
        return "the cloud's list shows no such order"
    many = "an order that looks" if number == 1 else f"{number} orders that look"
    return f"the cloud's list shows {many} exactly like it"


def cannot_be_searched(why: str) -> str:
    return f"the cloud's list cannot be searched: {why}"


def not_configured(cloud: str) -> str:
    return f"{words.cloud_name(cloud)} is not set up any more"


NOT_THERE = "the cloud has nothing under that name"


def not_told(why: str) -> str:
    return f"it was accepted, and what became of it cannot be found out: {why}"


def is_no_unit(units: tuple[str, ...]) -> str:
    return f"it is none of the units that are unclear ({', '.join(units)})"


def taken(ref_id: str) -> str:
    return f"the answer names {ref_id}, which another order here has already"


def belongs_to(order_id: str) -> str:
    return f"it is {order_id} here"


def is_elsewhere(outpost: str) -> str:
    return f"it is for Outpost {outpost}"


def cloud_down(name: str, scope: str, why: str) -> Say:
    """A cloud that cannot be asked, told once for each outage."""
    text = f"{words.scope(name, scope)} cannot be asked: {words.clause(why)}. The bot keeps trying."
    return Say(text, (section(f":warning: {text}"),))


def cloud_back(name: str, scope: str) -> Say:
    text = f"{words.scope(name, scope)} answers again."
    return Say(text, (section(text),))


def still_working(order: Order) -> Say:
    """What a cloud has accepted, and has neither made nor refused since."""
    cloud, units = words.cloud_short(order.cloud), ", ".join(map(code, order.units(Step.ACCEPTED)))
    text = (
        f"{order.id}: {cloud} has accepted {units} and has been working on it for unusually long. "
        "Nothing more is sent; the bot keeps asking what becomes of it."
    )
    return Say(text, (section(f":hourglass: {text}"),))


def placing_waits(order: Order, why: str) -> Say:
    """An approved order that cannot be sent for now."""
    text = (
        f"{order.id} is approved and cannot be sent yet: {words.clause(why)}. "
        "Nothing is lost; the bot keeps trying."
    )
    return Say(text, (section(f":hourglass: {text}"),))


def not_followed(cloud: str, scope: str, number: int) -> Say:
    """Orders in a place that the settings no longer name."""
    many = "1 order" if number == 1 else f"{number} orders"
    text = f"{many} in {words.scope(cloud, scope)} cannot be followed: the settings do not name it any more."
    return Say(text, (section(f":warning: {text}"),))


def no_approvers(source: str) -> Say:
    text = (
        f"{one_line(source)} names no approver: nobody can approve anything, so every request is refused. "
        "Set it and restart."
    )
    return Say(text, (section(f":warning: {text}"),))


def policy_wrong(problems: Sequence[str]) -> Say:
    """The policy file was read again and is wrong."""
    text = "The approval policy was read again and is not right. The one that was read before goes on."
    lines = fitting([f"• {one_line(problem, 300)}" for problem in problems], 2500)
    return Say(text, (section(f":warning: {text}"), section("\n".join(lines))))


def glass_broken(order: Order, told: Mapping[str, Any]) -> Say:
    """Somebody wants an order placed without the approvers whom the policy asks for."""
    more = f" Still needed: {one_line(told['more'], 200)}." if told.get("more") else " It is being placed."
    said = f"*{order.id}*: {user(told['by'])} has broken the glass.{more}"
    bought = f"{items(order.asked)} {where(order.asked)}, asked for by {user(order.requester)}."
    return Say(
        f"{order.id}: glass broken",
        (section(f":rotating_light: {said}\n{bought}"), section("*Reason*"), quotation(told["note"])),
    )


def person_gone(person: str, why: str) -> Say:
    """Somebody whom the settings name cannot decide any more."""
    text = (
        f"{user(person)} ({code(person)}) is named as approver, operator or requester and cannot act: {why}. "
        "Name somebody else."
    )
    return Say(text, (section(f":warning: {text}"),))


def person_back(person: str) -> Say:
    text = f"{user(person)} ({code(person)}) is active again."
    return Say(text, (section(text),))


def step_stuck(step: str, needs: int, there: int) -> Say:
    """A step in which fewer people can decide than it needs."""
    people = "nobody" if not there else "only 1 person" if there == 1 else f"only {there} people"
    text = (
        f"Step {code(step)} of the approval policy needs {needs} and has {people}: requests that take it "
        "cannot be approved until somebody is added."
    )
    return Say(text, (section(f":warning: {text}"),))


def step_well(step: str) -> Say:
    text = f"Step {code(step)} of the approval policy has enough people again."
    return Say(text, (section(text),))


REQUESTERS_UNREADABLE = "the user groups that may ask for orders cannot be read from Slack; ask again later"


def group_readable(group: str) -> Say:
    text = f"User group {code(group)} can be read again."
    return Say(text, (section(text),))


def may_not_quote(why: str) -> Say:
    """AWS does not let the bot get a new quote; `why` is its own sentence."""
    text = (
        f"AWS does not let the bot get a new quote: {words.clause(why, 800)}. It takes the permission "
        "`outposts:CreateQuote`. Whoever asked was told that you know of it; quotes that were made elsewhere "
        "can still be ordered."
    )
    return Say(text, (section(f":warning: {text}"),))


def group_unreadable(group: str, why: str) -> Say:
    """A user group that approves nothing because it cannot be read, or is empty."""
    text = (
        f"User group {code(group)}, which APPROVERS or OPERATORS names, cannot be used: "
        f"{words.clause(why, 300)}. Nobody can decide through it until that changes."
    )
    return Say(text, (section(f":warning: {text}"),))


def not_confirmed(order: Order, ref: str, why: str) -> Say:
    """An operator named a cloud order that does not fit."""
    text = f"{order.id} stays unclear: {code(ref)} was not taken for it, because {words.clause(why)}."
    return Say(text, (section(text),))


def differs(order: Order, found: Snapshot) -> Say | None:
    """What an operator has taken for an order although it is not what was approved; nothing if it is."""
    terms = order.asked.terms
    pairs = _aws_pairs(terms, found) if isinstance(terms, AwsTerms) else _azure_pairs(terms, found)
    wrong = [
        f"{label}: approved {one_line(said)}, there {one_line(there)}"
        for label, said, there in pairs
        if there.lower() != said.lower()
    ]
    if not wrong:
        return None
    text = f":warning: {code(found.ref.name)} was taken for {order.id} and is not what was approved. "
    return Say(text + "; ".join(wrong), (section(text + "; ".join(wrong) + "."),))


Compared = Iterator[tuple[str, str, str]]
"""Label, what was approved, what is there."""


def _aws_pairs(terms: AwsTerms, found: Snapshot) -> Compared:
    there = dict(found.facts)
    if terms.quote:
        yield "Quote", terms.quote, there.get("Quote", "")
        yield "Quote option", terms.option, there.get("Quote option", "")
    else:
        yield (
            "Items",
            ", ".join(sorted(f"{item.quantity} × {item.catalog_item}" for item in terms.items)),
            ", ".join(sorted(unit_name(unit) for unit in found.units)),
        )
    for label, said in (("Payment option", payment(terms.payment)), ("Payment term", term(terms.term))):
        yield label, said, there.get(label, said)


def _azure_pairs(terms: AzureTerms, found: Snapshot) -> Compared:
    for unit in found.units:
        there = dict((*unit.record, *unit.details, *unit.facts))
        for label, said in (("Configuration", terms.configuration), ("Order type", terms.order_type)):
            yield label, said, there.get(label, said)


def contradiction(order: Order, what: str) -> Say:
    """Something that must never happen; an operator has to look."""
    text = f":rotating_light: {order.id}: {one_line(what, 1000)}"
    return Say(text, (section(text),))


def undelivered(order_id: str, channel: str, why: str) -> Say:
    """A message that Slack will not take."""
    about = f"A message about {one_line(order_id)}"
    text = f"{about} could not be delivered to {code(channel)}: {words.clause(why)}."
    return Say(text, (section(f":warning: {text} Is the bot in that channel?"),))


def anchor(seq: int, digest: str) -> Say:
    """The audit log's newest hash, once a day."""
    text = f"Audit log: {seq} {'event' if seq == 1 else 'events'}, newest hash {code(digest)}."
    return Say(text, (section(text),))

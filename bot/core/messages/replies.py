"""What one person reads in answer to a command or a click."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.core.messages import words
from bot.core.messages.blocks import (
    Say,
    actions,
    button,
    code,
    date,
    one_line,
    section,
    sections,
    user,
)
from bot.core.messages.terms import items, where
from bot.core.messages.words import headline
from bot.core.order import Order, State
from bot.core.policy import Reason


def say(text: str) -> Say:
    """A plain answer; `text` is mrkdwn."""
    return Say(text, (section(text),))


def filed(order: Order) -> Say:
    cloud = words.cloud_short(order.cloud)
    wait = f"{cloud} is asked whether it knows all of it; then" if order.state is State.CHECKING else "Now"
    return say(
        f"*{order.id}* is filed: {items(order.asked)} {where(order.asked)}. "
        f"{wait} an approver decides. `/order status {order.id}` tells where it stands."
    )


def tracking(order: Order) -> Say:
    cloud = words.cloud_short(order.cloud)
    return say(
        f"*{order.id}*: looking for {code(order.looking_for)} in {cloud}; its card follows when it is found."
    )


_NAMES = {
    "aws": "AWS order ids are `oo-` and 17 characters of 0-9 and a-f",
    "azure": "Azure orders and items go by their name, or by GROUP/NAME in another resource group",
}


def no_name_of(ref: str, clouds: Sequence[str]) -> Say:
    """What was to be followed cannot be in any of the clouds that are set up here."""
    known = "; ".join(_NAMES[cloud] for cloud in clouds) or "no cloud is set up"
    return say(f"{code(ref)} is nothing that can be followed here: {known}.")


def already_followed(order: Order) -> Say:
    return say(f"This order is followed already, as *{order.id}*: {headline(order)}.")


def nobody_can_approve() -> Say:
    return say(
        "Not filed: nobody could approve it. APPROVERS names nobody but you, or nobody at all; "
        "an operator has to name an approver."
    )


def cloud_not_offered(cloud: str, offered: Sequence[str]) -> Say:
    """`cloud` is "" where none was named."""
    if not offered:
        return say(
            "Nothing can be ordered here yet: an operator has to set AWS_REGIONS or AZURE_SUBSCRIPTION_ID."
        )
    there = ", ".join(f"`/order {name}`" for name in offered)
    return say(f"{words.cloud_name(cloud)} is not set up here. What can be ordered: {there}.")


def no_such(ref: str) -> Say:
    return say(f"There is no order {code(ref)} here. `/order list all` shows those that there are.")


def decided(order: Order, verb: str) -> Say:
    word = "approved" if verb == "approve" else "rejected"
    return say(f"You {word} *{order.id}*.")


def already(order: Order) -> Say:
    """Somebody was first, or the order went on without this click."""
    if order.decided_by:
        verb = "rejected" if order.state is State.REJECTED else "approved"
        at = f", {date(order.decided_at)}" if order.decided_at else ""
        who = f"{user(order.decided_by)}{at}"
        return say(f"*{order.id}* was {verb} by {who}. Where it stands now: {headline(order)}.")
    if order.state is State.CHECKING:
        return say(f"*{order.id}* cannot be decided yet: the cloud is still being asked about it.")
    return say(f"*{order.id}* is {headline(order)}: there is nothing to decide any more.")


def changed_since(order: Order) -> Say:
    return say(f"*{order.id}* was changed after this message was posted. Decide on the newest one.")


def checking_group(order: Order) -> Say:
    return say(f"*{order.id}*: your click is noted. Slack is asked who may decide; the answer follows.")


def may_not(order: Order, verb: str, reason: Reason, approvers: Sequence[str]) -> Say:
    """Why somebody may not decide, and what they can do."""
    if reason is Reason.OWN_REQUEST:
        more = f" To take it back: `/order withdraw {order.id}`."
        return say(f"You asked for *{order.id}* yourself: somebody else has to decide.{more}")
    if reason is Reason.NOBODY:
        return say(f"Nobody may {verb} *{order.id}*: APPROVERS is empty. An operator has to set it.")
    if reason is Reason.UNKNOWN:
        return say(
            f"Not done: the user groups that may decide about *{order.id}* cannot be read from Slack. "
            "Without that nobody of them can; try again later."
        )
    others = tuple(id for id in approvers if id != order.requester)
    return say(f"You may not {verb} *{order.id}*. These can: {words.people(others)}.")


def only_requester(order: Order, verb: str) -> Say:
    return say(f"Only {user(order.requester)}, who asked for *{order.id}*, can {verb} it.")


def withdrawn(order: Order) -> Say:
    return say(f"You took *{order.id}* back. Nothing was ordered.")


def too_late(order: Order, verb: str) -> Say:
    more = f" `/order cancel {order.id}` asks the cloud to cancel it." if order.state is State.PLACED else ""
    return say(f"*{order.id}* is {headline(order)}: it cannot be {verb} any more.{more}")


def operators_only(order: Order) -> Say:
    return say(f"Only operators decide about *{order.id}* while it is unclear. OPERATORS names them.")


def operators_unknown(order: Order) -> Say:
    return say(f"*{order.id}*: Slack is being asked who the operators are. Click again in a moment.")


def confirming(order: Order, ref: str) -> Say:
    return say(f"*{order.id}*: the cloud is asked for {code(ref)}; then the order goes on.")


def sent_again(order: Order) -> Say:
    return say(f"*{order.id}* is being placed again. That you decided so stands in the audit log.")


def muted(order: Order) -> Say:
    return say(f"No more direct messages about *{order.id}*. Its card and thread go on.")


def listing(orders: Sequence[Order], which: str, page: int, more: bool) -> Say:
    """A page of orders, newest first."""
    if not orders:
        return say(_EMPTY.get(which, _EMPTY["all"]) if page == 1 else "No more orders.")
    lines = [
        f"*{words.name(order)}* · {headline(order)} · {one_line(words.what(order))} · "
        f"{user(order.requester)}, {date(order.filed_at)}"
        for order in orders
    ]
    turn = []
    if page > 1:
        turn.append(button("Previous", "list_previous", f"{which} {page - 1}"))
    if more:
        turn.append(button("Next", "list_next", f"{which} {page + 1}"))
    blocks = sections(lines)
    return Say(f"Orders ({which}), page {page}", (*blocks, *([actions(*turn)] if turn else [])))


_EMPTY = {
    "mine": "You have not asked for anything yet. `/order` opens the form.",
    "open": "No order is open. `/order list all` shows those that have ended.",
    "waiting": "No order waits for approval.",
    "all": "No orders here yet. `/order` asks for one.",
}


def whoami(
    person: str,
    groups: Sequence[str],
    rights: Mapping[str, Reason],
    clouds: Mapping[str, Sequence[str]],
) -> Say:
    """What the bot knows of somebody, and why they may or may not do things.

    Args:
        person: Slack user id.
        groups: The user groups of the settings that they are in.
        rights: `approve` and `operate`, each with the reason for or against.
        clouds: What can be ordered from, by name, and where: the Regions of AWS; for Azure what the form
            begins with, a location and a resource group, each "" where the settings name none.
    """
    offered = [_OFFERED[name]([code(one) for one in places if one]) for name, places in clouds.items()]
    lines = [
        f"You are {user(person)} ({code(person)}).",
        f"*Groups that matter here:* {words.people(tuple(groups)) or 'none'}",
        f"*You may request:* {'; '.join(offered) or 'nothing: no cloud is set up'}",
        f"*You may approve:* {_right(rights['approve'], 'APPROVERS', 'all requests but your own')}",
        f"*You are an operator:* {_right(rights['operate'], 'OPERATORS', 'you settle unclear orders')}",
    ]
    return say("\n".join(lines))


_OFFERED: dict[str, Callable[[list[str]], str]] = {
    "aws": lambda regions: f"AWS Outposts in {', '.join(regions)}",
    "azure": lambda places: f"Azure Edge Order{' in ' if places else ''}{', '.join(places)}",
}


def _right(reason: Reason, variable: str, yes: str) -> str:
    return {
        Reason.ALLOWED: f"yes, {variable} names you: {yes}.",
        Reason.NOT_NAMED: f"no, {variable} does not name you.",
        Reason.NOBODY: f"no, {variable} is empty.",
        Reason.UNKNOWN: f"not known yet, the groups in {variable} are being read: ask again in a moment.",
    }.get(reason, "no.")


def form_failed(draft: str, why: str) -> Say:
    """The form could not be opened; what was typed is kept."""
    text = f"The form could not be opened ({words.clause(why, 200)}). What you typed is kept."
    return Say(text, (section(text), actions(button("Open the form", "open_form", draft))))


def draft_gone() -> Say:
    return say("What you typed then is not kept any more. `/order` opens an empty form.")


def sorry(incident: str) -> Say:
    """Something broke on our side; `incident` finds it in the log."""
    return say(
        "Sorry, something went wrong on our side. Before you try again, see with `/order list` whether it "
        f"was done. An operator finds the cause under the code {code(incident)}."
    )

"""What one person reads in answer to a command or a click."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.core.approval import GLASS, Needed, Plan, current
from bot.core.messages import words
from bot.core.messages.blocks import (
    Say,
    actions,
    button,
    code,
    date,
    fitting,
    one_line,
    section,
    sections,
    user,
)
from bot.core.messages.policy import who_is_asked
from bot.core.messages.request import banners, progress
from bot.core.messages.terms import items, where
from bot.core.messages.words import headline
from bot.core.order import Order, State
from bot.core.policy import Delegation, Policy, Reason, Verdict


def say(text: str) -> Say:
    """A plain answer; `text` is mrkdwn."""
    return Say(text, (section(text),))


def filed(order: Order, plan: Plan | None = None, risks: Sequence[str] = ()) -> Say:
    """It is filed: who decides, and what is risky about it."""
    cloud = words.cloud_short(order.cloud)
    wait = f"{cloud} is asked whether it knows all of it; then" if order.state is State.CHECKING else "Now"
    text = (
        f"*{order.id}* is filed: {items(order.asked)} {where(order.asked)}. "
        f"{wait} an approver decides. `/order status {order.id}` tells where it stands."
    )
    asked = [f"*Who is asked:* {'; '.join(who_is_asked(plan, order.requester))}"] if plan else []
    return Say(text, (section(text), *sections(asked), *banners(risks)))


def filed_otherwise(order: Order, draft: str) -> Say:
    """A form that was filed already is sent again with something else in it, which `draft` keeps."""
    text = (
        f"*{order.id}* was filed from this form before, with what it said then: {items(order.asked)} "
        f"{where(order.asked)}. What you have changed since is not in it, and is kept: *Open the form* puts "
        "it in and asks again."
    )
    return Say(text, (section(text), actions(button("Open the form", "open_form", draft))))


ASKED_AGAIN = "Nothing is changed: it is asked for once more"
"""What stands in place of changes where a request that was decided is asked for again as it was."""


def edited(order: Order, plan: Plan, risks: Sequence[str] = ()) -> Say:
    """The request is changed and asked for again."""
    cloud = words.cloud_short(order.cloud)
    lines = fitting([f"• {one_line(change, 300)}" for change in order.changed], 2500)
    text = (
        f"*{order.id}* is changed: {items(order.asked)} {where(order.asked)}. {cloud} is asked whether it "
        "knows all of it; then it is decided anew, and what was approved before counts no more."
    )
    asked = f"*Who is asked:* {'; '.join(who_is_asked(plan, order.requester))}"
    return Say(text, (section(text), *sections(lines), *sections([asked]), *banners(risks)))


def nothing_changed(order: Order) -> Say:
    return say(f"*{order.id}* stays as it is: nothing in the form was changed. It is {headline(order)}.")


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


def nobody_can_approve(step: Needed, policy: Policy) -> Say:
    """A request for which there are not enough people who could say yes."""
    name = f" in step {code(step.name)}" if len(policy.steps) > 1 else ""
    need = "somebody" if step.needs == 1 else f"{step.needs} people"
    return say(
        f"Not filed: nobody could approve it. It needs {need}{name} beside you, and "
        f"{one_line(policy.source)} names too few; an operator has to name an approver."
    )


def no_step(policy: Policy) -> Say:
    return say(
        f"Not filed: no step of {one_line(policy.source)} is for a request like this, so that nobody could "
        "approve it. An operator has to add one."
    )


def may_not_request(policy: Policy) -> Say:
    return say(
        f"Not filed: you are not among those who may ask for orders here. "
        f"{one_line(policy.source)} names them."
    )


def denied(reasons: Sequence[str]) -> Say:
    """The policy does not let this be asked for."""
    return say(f"Not filed, by the approval policy: {' '.join(one_line(reason, 300) for reason in reasons)}")


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
    if verb == "reject":
        return say(f"You rejected *{order.id}*.")
    said = "broke the glass for" if verb == "break-glass" else "approved"
    if order.state is not State.WAITING or order.plan is None:
        return say(f"You {said} *{order.id}*.")
    return say(f"You {said} *{order.id}*.\n{chr(10).join(progress(order, order.plan))}")


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


def not_orderable(order: Order, why: Sequence[str]) -> Say:
    """Somebody wants to approve what could not be placed."""
    said = one_line(" ".join(why), 1500)
    text = f"{order.id} can't be approved: {said} *Edit and ask again* with another quote."
    return say(text)


def changed_since(order: Order) -> Say:
    return say(f"*{order.id}* was changed after this message was posted. Decide on the newest one.")


def checking_group(order: Order) -> Say:
    return say(f"*{order.id}*: your click is noted. Slack is asked who may decide; the answer follows.")


def may_not(order: Order, verb: str, verdict: Verdict, plan: Plan, policy: Policy) -> Say:
    """Why somebody may not decide, and what they can do."""
    source, step = one_line(policy.source), one_line(verdict.step, 100) or "Approval"
    verb = "break the glass for" if verb == "break-glass" else verb
    match verdict.reason:
        case Reason.OWN_REQUEST:
            more = f" To take it back: `/order withdraw {order.id}`."
            return say(f"You asked for *{order.id}* yourself: somebody else has to decide.{more}")
        case Reason.COUNTED:
            return say(
                f"You have had your say about *{order.id}*, or somebody had it in your name: each person "
                "counts once. Others have to decide what is still needed."
            )
        case Reason.TOO_EARLY:
            waits = current(plan, order.approvals)
            first = f" *{one_line(waits.name, 100)}* decides first." if waits else ""
            return say(f"It is not your turn about *{order.id}* yet: you decide in step *{step}*.{first}")
        case Reason.LAST_ONE:
            return say(
                f"Not done: you count only once, and without you there would not be enough people for step "
                f"*{step}* of *{order.id}*. Let somebody else approve this step."
            )
        case Reason.NOBODY if verdict.step == GLASS:
            return say(f"Nobody may break the glass here: {source} names nobody for it.")
        case Reason.NOBODY:
            return say(f"Nobody may {verb} *{order.id}*: {source} names nobody. An operator has to set it.")
        case Reason.UNKNOWN:
            return say(
                f"Not done: the user groups that may decide about *{order.id}* cannot be read from Slack. "
                "Without that nobody of them can; try again later."
            )
    waits = plan.glass if verdict.step == GLASS else current(plan, order.approvals)
    others = tuple(id for id in waits.deciders if id != order.requester) if waits else ()
    return say(f"You may not {verb} *{order.id}*. These can: {words.people(others)}.")


def delegated(to: str, until: datetime) -> Say:
    return say(
        f"{user(to)} may approve in your name until {date(until)}: not their own requests, and not yours. "
        "Both of you are written down for each. `/order delegate off` ends it."
    )


def delegated_to_you(owner: str, until: datetime) -> Say:
    return say(
        f"{user(owner)} has asked you to approve in their name until {date(until)}: what they may decide, "
        "you may, except your own requests and theirs. `/order list waiting` shows what waits."
    )


def delegation_ended(delegate: str) -> Say:
    if not delegate:
        return say("Nobody stands in for you.")
    return say(f"{user(delegate)} does not stand in for you any more.")


def delegation_ended_for(owner: str) -> Say:
    return say(f"You do not stand in for {user(owner)} any more.")


def no_delegation(why: str) -> Say:
    """`why` is a sentence of ours."""
    return say(
        f"Nobody stands in for you yet. {why} `/order delegate @someone until 2027-01-31`, for instance."
    )


def only_requester(order: Order, verb: str) -> Say:
    return say(f"Only {user(order.requester)}, who asked for *{order.id}*, can {verb} it.")


def withdrawn(order: Order) -> Say:
    return say(f"You took *{order.id}* back. Nothing was ordered.")


def too_late(order: Order, verb: str) -> Say:
    more = f" `/order cancel {order.id}` asks the cloud to cancel it." if order.state is State.PLACED else ""
    return say(f"*{order.id}* is {headline(order)}: it cannot be {verb} any more.{more}")


def moved_on(order: Order, draft: str) -> Say:
    """An edit came too late; what was typed is kept for a request of its own."""
    late = too_late(order, "edited").text
    said = f"{late} What you typed is kept: *Open the form* asks for it as a new request."
    return Say(said, (section(said), actions(button("Open the form", "open_form", draft))))


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
    steps: Mapping[str, Reason],
    clouds: Mapping[str, Sequence[str]],
    delegations: Sequence[Delegation],
    policy: Policy,
) -> Say:
    """What the bot knows of somebody, and why they may or may not do things.

    Args:
        person: Slack user id.
        groups: The user groups of the policy and the settings that they are in.
        rights: `request` and `operate`, each with the reason for or against.
        steps: The same for each step of the policy, by its name.
        clouds: What can be ordered from, by name, and where: the Regions of AWS; for Azure what the form
            begins with, a location and a resource group, each "" where the settings name none.
        delegations: Those in which they are the owner or the delegate.
        policy: The policy.
    """
    offered = [_OFFERED[name]([code(one) for one in places if one]) for name, places in clouds.items()]
    there = "; ".join(offered) or "nothing: no cloud is set up"
    may_ask = there if rights["request"] is Reason.ALLOWED else _right(rights["request"], policy.source, "")
    own = "" if policy.self_approval else " but your own"
    lines = [
        f"You are {user(person)} ({code(person)}).",
        f"*Groups that matter here:* {words.people(tuple(groups)) or 'none'}",
        f"*You may request:* {may_ask}",
        *(_step_right(name, reason, policy, own) for name, reason in steps.items()),
        *(_delegation(one, person) for one in delegations),
        f"*You are an operator:* {_right(rights['operate'], 'OPERATORS', 'you settle unclear orders')}",
    ]
    text = "\n".join(lines)
    return Say(text, tuple(sections(lines)))


def _step_right(name: str, reason: Reason, policy: Policy, own: str) -> str:
    if len(policy.steps) == 1:
        return f"*You may approve:* {_right(reason, policy.source, f'all requests{own}')}"
    said = _right(reason, policy.source, f"requests that take this step{own}")
    return f"*You may approve as {one_line(name, 100)}:* {said}"


def _delegation(one: Delegation, person: str) -> str:
    if person == one.owner:
        return f"*In your name* {user(one.delegate)} may approve until {date(one.until)}."
    return f"*You stand in* for {user(one.owner)} until {date(one.until)}."


_OFFERED: dict[str, Callable[[list[str]], str]] = {
    "aws": lambda regions: f"AWS Outposts in {', '.join(regions)}",
    "azure": lambda places: f"Azure Edge Order{' in ' if places else ''}{', '.join(places)}",
}


def _right(reason: Reason, source: str, yes: str) -> str:
    variable = one_line(source)
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

"""What has to be done after each event: one table, and the rows of work that it makes.

The rows are written in the transaction that changes the order, so that nothing which follows from a
decision can be lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.core import events
from bot.core import order as life
from bot.core.approval import BEFORE_POLICIES, GLASS, given, missing
from bot.core.events import Event
from bot.core.order import Kind, Order, State
from bot.core.snapshot import Aspect, Change, Phase, phase


class Job(StrEnum):
    """The kinds of work."""

    CARD = "card"
    """Bring the order card up to date, posting it first where there is none."""
    REQUEST = "request"
    """Bring the message in the approvals channel up to date."""
    DESK = "desk"
    """Bring the question to operators about an unclear order up to date."""
    THREAD = "thread"
    """Tell in the card's thread what happened."""
    DIRECT = "direct"
    """Tell the requester."""
    WHISPER = "whisper"
    """Answer one person where they clicked."""
    TELL = "tell"
    """Tell one person something that is about no order."""
    OPERATIONS = "operations"
    """Tell the operators."""
    ASK = "ask"
    """Ask those who come next, in the thread of the request."""
    ALARM = "alarm"
    """Tell the operators that somebody does without the approvers."""
    REMIND = "remind"
    """Remind everybody who can decide."""
    NUDGE = "nudge"
    """Show the request to one person, when it is not night for them."""
    COPY = "copy"
    """Bring one person's copy of the request up to date."""
    HOMES = "homes"
    """See whose App Home shows the order."""
    HOME = "home"
    """Bring one person's App Home up to date."""
    CLOCK = "clock"
    """Remind, ask others, and let expire what nobody decides about."""
    POLICY = "policy"
    """Judge what waits by the policy as it is now, and see whether its people are still there."""
    CHECK = "check"
    """Ask the cloud whether it knows what the request names."""
    DECIDE = "decide"
    """Finish a click that has to wait for a fresh look at a user group."""
    SUBMIT = "submit"
    """Place the order."""
    RECONCILE = "reconcile"
    """Find out what became of an unclear placing."""
    CONFIRM = "confirm"
    """Make sure that the order exists which an operator has named."""
    LOOK_ONE = "look-one"
    """Read one order in full."""
    CANCEL = "cancel"
    """Ask the cloud to cancel."""
    OPERATION = "operation"
    """Ask the cloud for a return, a removal, or its e-mails."""
    OPERATION_END = "operation-end"
    """See whether the cloud has done what it was asked for."""
    LOOK = "look"
    """List the orders of one scope, and read in full those that changed."""
    CATALOGUE = "catalogue"
    """Refresh what forms offer."""
    QUOTE = "quote"
    """Let a cloud quote something, and tell who asked."""
    GROUPS = "groups"
    """Read the members of the user groups that are named in settings."""
    ANCHOR = "anchor"
    """Put the audit log's newest hash where nobody here can change it."""
    TIDY = "tidy"
    """Throw away finished work and forgotten drafts."""


class Queue(StrEnum):
    """Work that waits for Slack must not wait for a cloud, nor the other way round."""

    CHAT = "chat"
    CLOUD = "cloud"


CHAT_JOBS = frozenset(
    {
        Job.CARD,
        Job.REQUEST,
        Job.DESK,
        Job.THREAD,
        Job.DIRECT,
        Job.WHISPER,
        Job.TELL,
        Job.OPERATIONS,
        Job.ANCHOR,
        Job.ASK,
        Job.ALARM,
        Job.REMIND,
        Job.NUDGE,
        Job.COPY,
        Job.HOMES,
        Job.HOME,
        Job.CLOCK,
        Job.POLICY,
        Job.DECIDE,
        Job.GROUPS,
    }
)


@dataclass(frozen=True)
class Work:
    """One row of work. Work with a `key` that is already there replaces it: the newest wins."""

    key: str
    job: Job
    order_id: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds from now until it is due."""
    lane: str = ""
    """Work of one lane is done one at a time and at a pace; empty: as soon as possible."""
    sooner: bool = False
    """Work that waits already stays due when it was, if that is sooner: what is asked for again and again is
    not put off again and again."""

    @property
    def queue(self) -> Queue:
        return Queue.CHAT if self.job in CHAT_JOBS else Queue.CLOUD


_TOLD = (Job.CARD, Job.REQUEST, Job.THREAD, Job.DIRECT)
FOLLOWS: Mapping[type, tuple[Job, ...]] = {
    events.Checked: (Job.CARD, Job.REQUEST, Job.ASK, Job.CLOCK),
    events.CheckRefused: (Job.CARD, Job.THREAD, Job.DIRECT),
    events.Approved: (*_TOLD, Job.SUBMIT),
    events.GlassBroken: (*_TOLD, Job.ALARM, Job.SUBMIT),
    events.Rejected: _TOLD,
    events.Replanned: (Job.CARD, Job.REQUEST, Job.ASK, Job.CLOCK),
    events.Reminded: (Job.REMIND, Job.CLOCK),
    events.Escalated: (Job.REQUEST, Job.REMIND, Job.THREAD, Job.CLOCK),
    events.Expired: _TOLD,
    events.Edited: (Job.CARD, Job.REQUEST, Job.THREAD, Job.CHECK),
    events.Repriced: (*_TOLD, Job.ASK, Job.CLOCK),
    events.Withdrawn: (Job.CARD, Job.REQUEST, Job.THREAD),
    events.Attempted: (Job.CARD,),
    events.NothingSent: (Job.CARD, Job.REQUEST, Job.DESK, Job.SUBMIT),
    events.WentUnclear: (*_TOLD, Job.RECONCILE),
    events.PeopleAsked: (*_TOLD, Job.DESK, Job.RECONCILE),
    events.WasPlaced: (*_TOLD, Job.DESK, Job.LOOK_ONE),
    events.WasRefused: (*_TOLD, Job.DESK),
    events.SaidNotPlaced: (Job.CARD, Job.REQUEST, Job.THREAD, Job.DESK, Job.SUBMIT),
    events.CancelAsked: (Job.CARD, Job.THREAD, Job.CANCEL),
    events.CancelRefused: (Job.CARD, Job.THREAD, Job.DIRECT),
    events.OperationAsked: (Job.CARD, Job.THREAD, Job.OPERATION),
    events.OperationDone: (Job.CARD, Job.THREAD, Job.LOOK_ONE),
    events.OperationRefused: (Job.CARD, Job.THREAD, Job.DIRECT),
    # A question to operators carries the version that it was asked about.
    events.Muted: (Job.DESK,),
    events.Superseded: (Job.CARD,),
}


def after_filing(order: Order) -> tuple[Work, ...]:
    """The work that a fresh request or a newly tracked order makes."""
    return (*_after_filing(order), _work(order, Job.HOMES, {}))


def _after_filing(order: Order) -> tuple[Work, ...]:
    if order.kind is Kind.TRACKED:
        return (_work(order, Job.CHECK, {}),)
    if order.state is State.CHECKING:
        return _works(order, (Job.CARD, Job.CHECK), {})
    return _works(order, (Job.CARD, Job.REQUEST, Job.ASK, Job.CLOCK), {})


def after_event(before: Order, event: Event, after: Order) -> tuple[Work, ...]:
    """The work that follows from an event; `before` and `after` are the order on both sides of it."""
    made = _after_event(before, event, after)
    return (*made, *_homes(before, after)) if made else ()


def _homes(before: Order, after: Order) -> tuple[Work, ...]:
    """Whoever could decide before and is not named any more sees that, too; the order does not keep who."""
    named = set(after.plan.people) if after.plan else set()
    dropped = sorted(set(before.plan.people) - named) if before.plan else []
    newest = _work(after, Job.HOMES, {})
    if not dropped:
        return (newest,)
    key = f"{newest.key}/{after.version:05}"
    return Work(key, Job.HOMES, after.id, {"people": dropped}), newest


def _after_event(before: Order, event: Event, after: Order) -> tuple[Work, ...]:
    if isinstance(event, events.Looked):
        return _after_look(before, event, after)
    if after.placements and type(event) in life.OF_A_UNIT | {events.SaidNotPlaced}:
        return _after_unit(before, event, after)
    if isinstance(event, events.Approved | events.GlassBroken) and after.state is State.WAITING:
        told = _telling(event) | {"more": _still_needed(after)}
        return _works(after, _after_partial(before, event, after), told)
    return _works(after, FOLLOWS[type(event)], _telling(event))


def _after_partial(before: Order, event: Event, after: Order) -> tuple[Job, ...]:
    """Somebody's yes was not the last that is needed."""
    jobs = (Job.CARD, Job.REQUEST, Job.THREAD, Job.CLOCK)
    if isinstance(event, events.GlassBroken):
        return (*jobs, Job.ALARM)
    return (*jobs, Job.ASK) if after.step_at != before.step_at else jobs


def _still_needed(order: Order) -> str:
    """Whose yes is missing, by the names of the steps."""
    plan = order.plan or BEFORE_POLICIES
    left = [(step.name or "Approval", missing(step, order.approvals)) for step in plan.steps]
    if plan.glass and given(plan.glass, order.approvals):
        left = [(GLASS, missing(plan.glass, order.approvals))]
    return ", ".join(f"{name} ({number} more)" for name, number in left if number)


def _after_unit(before: Order, event: Event, after: Order) -> tuple[Work, ...]:
    """While units are to be sent the card alone tells how it goes; then all of them are told at once."""
    jobs = [Job.CARD]
    if before.people_asked or before.state is State.UNCLEAR:
        jobs.append(Job.DESK)  # a question that an earlier event had asked may still stand
    if isinstance(event, events.NothingSent | events.SaidNotPlaced):
        jobs += [Job.REQUEST, Job.SUBMIT]
    if isinstance(event, events.SaidNotPlaced):
        return _works(after, [*jobs, Job.THREAD], _telling(event))
    if after.state not in (State.APPROVED, State.PLACING):
        jobs += [Job.REQUEST, Job.THREAD, Job.DIRECT]
    if after.state is State.UNCLEAR:
        jobs.append(Job.RECONCILE)
    if after.ref and after.state in (State.PLACED, State.UNCLEAR):
        jobs.append(Job.LOOK_ONE)
    units = [
        {"unit": one.unit, "step": one.step.value, "code": one.code, "why": one.why}
        for one in after.placements
    ]
    return _works(after, jobs, {"event": UNITS, "units": units, "by": getattr(event, "by", "")})


UNITS = "Units"
"""The name under which it is told how the placing of all units of an order has ended."""


def _after_look(before: Order, event: events.Looked, after: Order) -> tuple[Work, ...]:
    told = life.news(before, event)
    # A question to operators carries the version that it was asked about.
    asked = (Job.DESK,) if before.people_asked and before.state is State.UNCLEAR else ()
    return _works(after, asked, {}) + _telling_news(before, event, after, told)


def _telling_news(
    before: Order, event: events.Looked, after: Order, told: tuple[Change, ...]
) -> tuple[Work, ...]:
    if not told:
        # Nothing to tell, and yet found: a cloud need not name a status.
        found = before.state is not after.state and not after.quiet
        return _works(after, (Job.CARD,), {}) if found else ()
    jobs = [Job.CARD, Job.THREAD]
    if before.state is not after.state and after.kind is Kind.ASKED:
        jobs.append(Job.REQUEST)
    if _matters(told, event):
        jobs.append(Job.DIRECT)
    if after.quiet and before.snapshot is None:
        jobs = []
    return _works(after, jobs, {"event": "Looked", "changes": [_as_json(change) for change in told]})


def _matters(told: tuple[Change, ...], event: events.Looked) -> bool:
    """Whether the requester wants to hear it wherever they are: shipped, delivered, at its end, in error."""
    statuses = {change.now.upper() for change in told if change.aspect is not Aspect.FACT}
    loud = {"SHIPPED", "DELIVERED", "INSTALLED", "ERROR"}
    return bool(statuses & loud) or phase(event.snapshot) is not Phase.MOVING


def _telling(event: Event) -> dict[str, Any]:
    """What a message about the event needs and the order does not keep."""
    told: dict[str, Any] = {"event": type(event).__name__}
    match event:
        case events.Approved(by=by, step=step, owner=owner, note=note):
            return told | {"by": by, "step": step, "owner": owner, "note": note}
        case events.GlassBroken(by=by, note=note):
            return told | {"by": by, "note": note}
        case events.Rejected(by=by, note=note, owner=owner):
            return told | {"by": by, "note": note, "owner": owner}
        case events.Edited(by=by, changes=changes):
            return told | {"by": by, "changes": list(changes)}
        case events.Repriced(changes=changes):
            return told | {"changes": list(changes)}
        case events.Escalated(step, to):
            return told | {"step": step, "to": list(to)}
        case events.Reminded(step):
            return told | {"step": step}
        case events.WasPlaced(by=by) | events.SaidNotPlaced(by=by) | events.Withdrawn(by=by):
            return told | {"by": by}
        case events.CancelAsked(by=by, reason=reason, fee=fee):
            return told | {"by": by, "reason": reason, "fee": fee}
        case events.CancelRefused(code=code, words=words):
            return told | {"code": code, "words": words}
        case events.OperationAsked(operation, by=by, reason=reason, fee=fee):
            return told | {"operation": operation.value, "by": by, "reason": reason, "fee": fee}
        case events.OperationDone(operation):
            return told | {"operation": operation.value}
        case events.OperationRefused(operation, code, words):
            return told | {"operation": operation.value, "code": code, "words": words}
        case events.WentUnclear(why=why) | events.PeopleAsked(why=why):
            return told | {"why": why}
    return told


def _as_json(change: Change) -> dict[str, str]:
    return {
        "aspect": change.aspect.value,
        "subject": change.subject,
        "was": change.was,
        "now": change.now,
        "link": change.link,
    }


# These have one row for the whole life of an order, so that two of a kind are never at work at once; the
# rest has one row for each event.
_ONE_ROW = frozenset({Job.CARD, Job.REQUEST, Job.DESK, Job.SUBMIT, Job.RECONCILE, Job.CLOCK, Job.HOMES})


def _works(order: Order, jobs: tuple[Job, ...] | list[Job], body: dict[str, Any]) -> tuple[Work, ...]:
    return tuple(_work(order, job, body) for job in jobs)


def _work(order: Order, job: Job, body: dict[str, Any]) -> Work:
    key = f"{order.id}/{job}" if job in _ONE_ROW else f"{order.id}/{job}/{order.version:05}"
    return Work(key, job, order.id, body, _delay(order, job), _lane(order, job))


def _delay(order: Order, job: Job) -> float:
    """Seconds to wait: an attempt that could not even begin is not repeated at once."""
    failed = job is Job.SUBMIT and order.attempt and order.why
    if failed and order.placements:
        return UNIT_AGAIN
    return min(300.0, 5.0 * order.attempt**2) if failed else 0.0


UNIT_AGAIN = 15.0
"""Seconds until a unit that could not even be sent is tried again."""


def _lane(order: Order, job: Job) -> str:
    # Posting is limited for each channel, editing apart from it.
    return {
        Job.CARD: f"edit/{order.channel}",
        Job.THREAD: f"post/{order.channel}",
        Job.DIRECT: f"post/{order.requester}",
        Job.REQUEST: "edit/approvals",
        Job.ASK: "post/approvals",
        Job.ALARM: "post/operations",
        Job.DESK: "edit/operations",
    }.get(job, "")

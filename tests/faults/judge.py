"""What must be true once everything is quiet, looked at from outside.

The cloud and Slack count for themselves. The bot's audit log says which events there were; which message
each of them has to make is written down here once more, so that the bot's own tables are not believed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile

from bot.core.order import Order, State, Step
from bot.demo.slack import Message
from bot.demo.world import APPROVALS, OPERATIONS, ORDERS, LocalWorld
from bot.store import Store
from bot.store.audit import verify
from bot.store.engine import Row

THREAD = {
    "Approved": "Approved by",
    "Withdrawn": "Withdrawn by",
    "WentUnclear": "Unclear: ",
    "PeopleAsked": "asked to decide",
    "SaidNotPlaced": "has made sure",
    "WasPlaced": "Placed: AWS order oo-",
    "WasRefused": "Refused. AWS says",
    "CancelAsked": "asks AWS to cancel",
    "CancelRefused": "does not cancel it",
}
DIRECT = {
    verb: THREAD[verb] for verb in ("Approved", "WentUnclear", "PeopleAsked", "WasPlaced", "WasRefused")
}
"""What watchers and the requester are told of each event. News of the cloud come in its own words."""
UNIT_EVENTS = ("Attempted", "Accepted", "NothingSent", "WentUnclear", "WasPlaced", "WasRefused")
SETTLED = {"placed": "Placed: Azure order ord-", "refused": "Refused", "unclear": "Unclear"}
"""How it is told where an order stands that its cloud takes unit by unit."""
LOUD = (
    *("SHIPPED", "DELIVERED", "INSTALLED", "ERROR", "COMPLETED", "CANCELLED"),
    *("(FAILED)", "IN USE", "RETURN COMPLETED"),
)
ENDLESS = ("look", "catalogue", "groups", "anchor", "tidy")
"""Work that is never done."""


def unfinished(store: Store) -> list[Row]:
    """The work that still has to be done before it is quiet."""
    rows = store.engine.rows(
        "select key, job, tries, last_error from work where done_at is null order by key"
    )
    return [row for row in rows if row["job"] not in ENDLESS]


def violations(store: Store, local: LocalWorld, *, deaths: int = 0) -> list[str]:
    """Everything that is not as it was promised; empty is what we want.

    Args:
        store: The database, when nothing is left to be done.
        local: The cloud and the Slack, which saw what really happened.
        deaths: How many processes were killed; a person may have got no answer from each.
    """
    orders = store.listing(State, limit=100)
    return [
        *_log(store),
        *_cloud(store, local, orders),
        *(f"still to do: {row['key']} ({row['last_error']})" for row in unfinished(store)),
        *_slack_rules(local, deaths),
        *(problem for order in orders for problem in _told(store, local, order)),
        *_strays(local, orders),
        *_twice(local),
    ]


def _log(store: Store) -> Iterator[str]:
    head = store.audit_head()
    # The bot goes on looking at the clouds while it is judged.
    problem = verify(takewhile(lambda event: event["seq"] <= head[0], store.all_events()), head)
    if problem:
        yield f"audit log: {problem}"


def _cloud(store: Store, local: LocalWorld, orders: list[Order]) -> Iterator[str]:
    """One order in the cloud for each approval, and no request that nobody allowed."""
    allowed = booked = 0
    refs = []
    for order in orders:
        verbs = Counter(event["verb"] for event in store.events(order.id))
        if verbs["Approved"] > 1:
            yield f"{order.id} was approved {verbs['Approved']} times"
        decided = len([one for one in store.decisions(order.id) if one.verb == "approve"])
        if decided != verbs["Approved"]:
            yield f"{order.id} has {decided} decisions and {verbs['Approved']} approvals"
        if order.cloud == "azure":
            yield from _units(store, local, order, decided)
            continue
        allowed += verbs["Approved"] + verbs["SaidNotPlaced"] + verbs["NothingSent"]
        if order.ref:
            booked += 1
            refs.append(order.ref.id)
        elif verbs["Approved"] and order.state not in (State.REFUSED, State.WITHDRAWN):
            yield f"{order.id} was approved and is {order.state}"
    approved = sum(len(store.decisions(order.id)) for order in orders if order.cloud == "aws")
    there = [order["OrderId"] for order in local.outposts.accepted()]
    if len(there) > approved:
        yield f"the cloud has {len(there)} orders for {approved} approvals"
    if set(there) - set(refs):
        yield f"the cloud has orders that we do not know: {sorted(set(there) - set(refs))}"
    if len(refs) != len(set(refs)) or booked > approved:
        yield f"orders are mixed up: {refs}"
    if len(local.outposts.posts()) > allowed:
        yield f"CreateOrder was sent {len(local.outposts.posts())} times, allowed were {allowed}"
    for cloud in local.clouds:
        if cloud.unexpected:
            yield f"the cloud was asked for nonsense: {cloud.unexpected}"
    known = {one.unit for order in orders for one in order.placements}
    strange = {item["name"] for item in local.arm.accepted()} - known
    if strange:
        yield f"the cloud has items that we do not know: {sorted(strange)}"


def _units(store: Store, local: LocalWorld, order: Order, approvals: int) -> Iterator[str]:
    """No unit was sent oftener than somebody allowed, and Azure has just those that we say it has."""
    events = [(event["verb"], json.loads(event["body"])) for event in store.events(order.id)]
    repeats = sum(verb == "SaidNotPlaced" for verb, _ in events)
    there = {item["name"] for item in local.arm.accepted()}
    for one in order.placements:
        unsent = sum(verb == "NothingSent" and body["unit"] == one.unit for verb, body in events)
        sent = len(local.arm.puts(one.unit))
        if sent > approvals + unsent + repeats:
            yield f"{one.unit} was sent {sent} times"
        if one.unit in there and one.step not in (Step.PLACED, Step.UNCLEAR):
            yield f"Azure has {one.unit}, which is {one.step} here"
        unfinished = one.step in (Step.TO_DO, Step.SENDING, Step.ACCEPTED)
        if approvals and unfinished and order.state is not State.WITHDRAWN:
            yield f"{one.unit} was approved and is {one.step}"


def _slack_rules(local: LocalWorld, deaths: int) -> Iterator[str]:
    unanswered = [one for one in local.slack.violations if one.startswith("operation_timeout")]
    yield from (one for one in local.slack.violations if one not in unanswered)
    if len(unanswered) > deaths:
        yield f"{len(unanswered)} deliveries were not answered: {unanswered}"


def _told(store: Store, local: LocalWorld, order: Order) -> Iterator[str]:
    slack, events = local.slack, store.events(order.id)
    cards = [one for one in slack.messages(ORDERS) if order.id in one.plain]
    if len(cards) != 1:
        yield f"{order.id} has {len(cards)} cards"
        return
    yield from _current(f"the card of {order.id}", cards[0], order)
    asked = [one for one in slack.messages(APPROVALS) if order.id in one.plain]
    # What its requester took back before it was shown to anybody is not shown any more.
    unseen = order.state is State.WITHDRAWN and not order.decided_by
    if len(asked) != 1 and not (unseen and not asked):
        yield f"{order.id} has {len(asked)} messages in approvals"
    for one in asked[:1]:
        yield from _current(f"the request of {order.id}", one, order)
    thread = [one.plain for one in slack.thread(ORDERS, cards[0].ts) if not one.plain.startswith("Waits for")]
    yield from _compared(f"the thread of {order.id}", thread, list(_lines(events, THREAD)))
    direct = [one.plain for one in slack.direct(order.requester) if order.id in one.plain]
    yield from _compared(
        f"what was told about {order.id} directly", direct, list(_lines(events, DIRECT, LOUD))
    )
    desk = [one for one in slack.messages(OPERATIONS) if f"{order.id}: was it placed?" in one.plain]
    settled = [one for one in slack.messages(OPERATIONS) if f"{order.id} is settled" in one.plain]
    asked_people = any(event["verb"] == "PeopleAsked" for event in events)
    if (len(desk), len(settled)) != ((0, 1) if asked_people else (0, 0)):
        yield f"{order.id} has {len(desk)} open and {len(settled)} settled questions in operations"


def _current(what: str, message: Message, order: Order) -> Iterator[str]:
    """A message that stands says how the order is now."""
    word = (
        "needs approval"
        if order.state is State.WAITING and "Approve" in message.buttons
        else order.state.value
    )
    if word not in message.plain.lower():
        yield f"{what} does not say {order.state}: {message.plain!r}"
    if order.ref and order.ref.name not in message.plain:
        yield f"{what} does not name {order.ref.name}"
    if "Approve" in message.buttons and order.state is not State.WAITING:
        yield f"{what} can still be approved"


def _lines(events: list[Row], words: dict[str, str], loud: tuple[str, ...] = ()) -> Iterator[str]:
    """What each event has to say somewhere in its message, in order."""
    for event in events:
        if event["verb"] in UNIT_EVENTS and "state" in json.loads(event["body"]):
            # Of a unit nobody is told alone, but how all of them stand once each has been tried.
            said = SETTLED.get(json.loads(event["body"])["state"])
            yield from [said] if said else []
        elif event["verb"] in words:
            yield words[event["verb"]]
        elif event["verb"] == "Looked":
            news = json.loads(event["body"])["news"]
            if not loud or any(word in line.upper() for line in news for word in loud):
                yield news[-1].rpartition(": ")[2].replace("_", " ").lower()


def _compared(what: str, said: list[str], expected: list[str]) -> Iterator[str]:
    if len(said) != len(expected) or any(
        words.lower() not in one.lower() for words, one in zip(expected, said, strict=True)
    ):
        yield f"{what} should say {expected}, and says {said}"


def _strays(local: LocalWorld, orders: list[Order]) -> Iterator[str]:
    known = [order.id for order in orders]
    for channel in (ORDERS, APPROVALS):
        for message in local.slack.messages(channel):
            if not any(id in message.plain for id in known):
                yield f"a message about no order: {message.plain!r}"


def _twice(local: LocalWorld) -> Iterator[str]:
    standing = Counter(_keys(local, deleted=False))
    yield from (f"{key} stands {count} times" for key, count in standing.items() if count > 1)


def repeated(local: LocalWorld) -> int:
    """How many messages were posted more than once, those that were taken away again included."""
    return sum(count - 1 for count in Counter(_keys(local, deleted=True)).values())


def _keys(local: LocalWorld, *, deleted: bool) -> Iterator[str]:
    with local.slack.workspace.lock:
        for post in local.slack.workspace.posts:
            if post.metadata and (deleted or not post.deleted):
                yield post.metadata["event_payload"]["key"]

"""Every message: Slack takes it, nobody's words are live in it, and a person can read it on a phone."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core import form
from bot.core.approval import BEFORE_POLICIES, GLASS, Approval, Needed, Plan
from bot.core.command import Ask, Misread, parse
from bot.core.events import Operation
from bot.core.follow import FOLLOWS
from bot.core.messages import asking, desk, operations, replies, thread, words
from bot.core.messages.blocks import Block, Say, channel_link, code, escape, link, one_line
from bot.core.messages.card import card
from bot.core.messages.request import asks_for_approval, asks_next, outcome, reminds
from bot.core.messages.stages import stages
from bot.core.messages.status import status
from bot.core.messages.units import unit_lines
from bot.core.messages.words import headline
from bot.core.order import Kind, Order, State
from bot.core.policy import ApprovalStep, Delegation, Reason, Verdict, built_in
from bot.core.request import AwsTerms, LineItem, Mistake, Request, read, values_of
from bot.core.snapshot import Aspect, Asset, Change, Ref, Shipment, Snapshot, Unit
from bot.demo.slack.block_kit import check_message, check_view
from bot.demo.slack.plain import flatten, visible
from tests.core.test_order import NOW

UPS = "https://www.ups.com/track?tracknum=1Z"
ALICE, BOB, OPAL, FINANCE = "U0ALICE", "U0BOB", "U0OPAL", "S0FINANCE"
OURS = {f"@{ALICE}", f"@{BOB}", f"@{OPAL}", f"!subteam^{FINANCE}", "#C0EDGE"}
FORGED = "<!channel> <@U0EVIL> <#C0EVIL> <!subteam^S0EVIL> <https://evil.example|Approve> &lt;!here&gt;"

TEXTS = {
    "plain": "second rack for the FRA-1 cell",
    "empty": "",
    "hidden": "\u200b\u202e\ufeff",
    "emoji": "🚀" * 3000,
    "long": "word " * 600,
    "a long word": "x" * 3000,
    "one ampersand too many": "&" + "x" * 3000,
    "entities": "&<>" * 1000,
    "lines": "a\n" * 1500,
    "forged": FORGED,
    "forged and long": FORGED * 30,
    "marks": "```*bold* _it_ ~no~ `code` > quote\n> more```" * 20,
    "sentence": "An error occurred (ValidationException). " * 200,
}


def request(text: str, items: int = 2) -> Request:
    terms = AwsTerms(
        outpost="op-0123456789abcdef0",
        region="eu-west-1",
        items=tuple(LineItem(f"OR-ABCDE{number:02}", number + 1) for number in range(items)),
        payment="NO_UPFRONT",
        term="THREE_YEARS",
    )
    return Request("aws", terms, text, cost_center=text[:80], needed_by="2027-03-31", channel="C0EDGE")


def snapshot(text: str, size: int) -> Snapshot:
    """A view with `text` for each of its words, and so many of everything."""
    macs = tuple(f"{text[:40]}02:00:00:00:00:{number:02}" for number in range(3 * size))
    shipment = Shipment(text, text, UPS)
    assets = tuple(Asset(f"{text}{number}", macs) for number in range(5))
    facts = tuple((f"{text[:60]}{number}", text) for number in range(2 * size))
    units = tuple(
        Unit(f"ooi-{number}", text, 2, text or "SHIPPED", shipment, assets, facts[:3])
        for number in range(size)
    )
    return Snapshot(Ref("eu-west-1", text[:200]), text, units, facts)


def order(text: str, state: State, kind: Kind = Kind.ASKED, size: int = 2) -> Order:
    """An order in `state` with `text` wherever a person or a cloud could have put it."""
    sent = state in (State.PLACED, State.COMPLETED, State.CANCELLED)
    return Order(
        id="ORD-7F3K2M",
        kind=kind,
        state=state,
        cloud="aws",
        requester=ALICE,
        channel="C0EDGE",
        filed_at=NOW,
        request=request(text, size) if kind is Kind.ASKED else None,
        decided_by=BOB,
        decided_at=NOW,
        note=text,
        why=text,
        code="ValidationException",
        attempt=1,
        candidates=tuple(Ref("eu-west-1", f"{number}{text[:200]}") for number in range(size)),
        ref=Ref("eu-west-1", text[:200]) if sent else None,
        looking_for=text[:200],
        snapshot=snapshot(text, size) if sent else None,
    )


def told(text: str, size: int = 2) -> Iterator[dict[str, Any]]:
    """What the work row of each event carries."""
    for event in FOLLOWS:
        told_: dict[str, Any] = {
            "event": event.__name__,
            "by": OPAL,
            "reason": text,
            "code": text,
            "words": text,
            "why": text,
            "note": text,
            "to": [FINANCE],
            "changes": [text] * size,
        }
        operations_ = Operation if event.__name__.startswith("Operation") else list(Operation)[:1]
        yield from (told_ | {"operation": operation.value, "fee": True} for operation in operations_)
    yield {"event": "Waits", "holder": "ORD-000001"}
    yield {"event": "Approved", "by": BOB, "owner": ALICE, "step": text, "note": text, "more": text}
    yield {"event": "GlassBroken", "by": BOB, "note": text, "more": text}
    yield {"event": "Rejected", "by": BOB, "owner": ALICE, "note": text}
    yield {"event": "Edited", "by": ALICE, "changes": [text] * size}
    yield {"event": "Repriced", "changes": [text] * size}
    yield {"event": "Escalated", "step": text, "to": [FINANCE]}
    line = {"subject": text, "was": text, "now": text}
    changes = [{"aspect": aspect.value, "link": UPS, **line} for aspect in Aspect] * size
    changes += [{"aspect": aspect.value, "link": "", **line, "now": ""} for aspect in Aspect]
    yield {"event": "Looked", "changes": changes}
    yield {"event": "Looked", "changes": []}


def events(text: str, size: int) -> list[dict[str, Any]]:
    kinds = [*(event.__name__ for event in FOLLOWS), "Filed", "Looked", "MayNot"]
    body = json.dumps({"news": [text] * 5, "why": text})
    return [{"verb": kind, "actor": ALICE, "at": NOW.isoformat(), "body": body} for kind in kinds] * size


def about_an_order(one: Order, text: str, size: int) -> Iterator[tuple[str, Say]]:
    """Everything that can be said of an order as it is."""
    yield "card", card(one)
    yield "status", status(one, events(text, size))
    if one.request:
        for name, plan in PLANS.items():
            for approvals in ((), (YES,), (YES, replace(YES, by=OPAL, owner=BOB, note=text))):
                asked = replace(one, plan=plan, approvals=approvals, changed=(text,) * size)
                yield (
                    f"request, {name}, {len(approvals)}",
                    asks_for_approval(asked, plan, (12, "ab" * 32), (text,) * 3),
                )
                yield f"next, {name}", asks_next(asked, plan)
                for why in ("Reminded", "Escalated", "ask"):
                    yield f"nudge, {why}", reminds(asked, plan, why, BOB, (0, ""), (text,))
                yield f"decided, {name}", replies.decided(asked, "approve")
        yield "alarm", desk.glass_broken(one, {"by": BOB, "note": text, "more": text})
        yield "desk", desk.unclear(one)
    for body in told(text, size):
        yield f"thread {body['event']}", thread.in_thread(one, body)
        yield f"direct {body['event']}", thread.directly(one, body)
    yield "already", replies.already(one)
    yield "listing", replies.listing([one] * 10, "all", 2, more=True)
    yield "already followed", replies.already_followed(one)
    yield "too late", replies.too_late(one, "withdrawn")
    yield "not placed", operations.not_placed(one)
    yield "cancel", operations.cancel_asks_back(one, "d" * 16)


PLANS = {
    "before policies": BEFORE_POLICIES,
    "nobody": Plan((Needed("Approval", (ALICE,)),)),
    "one": Plan((Needed("Approval", (ALICE, BOB, FINANCE)),), "ab" * 32),
    "both": Plan(
        (
            Needed("Manager", (BOB, FINANCE)),
            Needed("<!channel> & " + "F" * 60, (FINANCE,), 2, (OPAL,)),
        ),
        "ab" * 32,
        glass=Needed(GLASS, (OPAL,), 2),
    ),
    "many": Plan(tuple(Needed(f"Step {n}", (BOB, FINANCE) * 25, 5) for n in range(9))),
}
YES = Approval(BOB, "Manager", NOW, "S0MANAGERS", note="within <!here> budget")

SIMPLE = (
    "filed",
    "tracking",
    "changed_since",
    "checking_group",
    "withdrawn",
    "operators_only",
    "operators_unknown",
    "sent_again",
    "muted",
)
"""Replies that need nothing but the order."""


def the_rest(one: Order, text: str) -> Iterator[tuple[str, Say]]:
    """Everything that is said whatever the state of an order."""
    for name in SIMPLE:
        yield name, getattr(replies, name)(one)
    yield "may not cancel", operations.may_not_cancel(one)
    yield "cancelling", operations.cancelling(one)
    yield "decided", replies.decided(one, "approve")
    policy = replace(built_in((BOB,)), source=text)
    for reason in Reason:
        for verb in ("approve", "reject", "break-glass"):
            verdict = Verdict(reason, step=GLASS if verb == "break-glass" else text)
            yield f"may not, {reason}", replies.may_not(one, verb, verdict, PLANS["both"], policy)
        rights = {"request": reason, "operate": reason}
        lent = [Delegation(ALICE, BOB, NOW), Delegation(BOB, ALICE, NOW)]
        for steps in ({"Approval": reason}, {text: reason, "Finance": reason}):
            several = replace(policy, steps=tuple(ApprovalStep(name, (BOB,)) for name in steps))
            places = {"aws": [text], "azure": [text, text]}
            yield (
                f"whoami, {reason}",
                replies.whoami(ALICE, [FINANCE], rights, steps, places, lent, several),
            )
    nothing = dict.fromkeys(("request", "operate"), Reason.NOBODY)
    yield "whoami of nobody", replies.whoami(ALICE, [], nothing, {}, {}, [], built_in(()))
    yield "delegated", replies.delegated(BOB, NOW)
    yield "delegated to you", replies.delegated_to_you(BOB, NOW)
    yield "delegation ended", replies.delegation_ended(BOB)
    yield "no delegation to end", replies.delegation_ended("")
    yield "ended for", replies.delegation_ended_for(BOB)
    yield "no delegation", replies.no_delegation("2026-01-01 is over.")
    yield "may not request", replies.may_not_request(policy)
    yield "denied", replies.denied([text, text])
    yield "no step", replies.no_step(policy)
    yield "gone", desk.person_gone(BOB, "they were deactivated in Slack")
    yield "back", desk.person_back(BOB)
    yield "stuck", desk.step_stuck(text, 2, 1)
    yield "well", desk.step_well(text)
    yield "only requester", replies.only_requester(one, "withdraw")
    yield "confirming", replies.confirming(one, text)
    yield "no approvers", replies.nobody_can_approve(Needed(text, (BOB,), 2), policy)
    yield "cloud", replies.cloud_not_offered("azure", ())
    yield "another cloud", replies.cloud_not_offered("azure", ("aws",))
    for clouds in ((), ("aws",), ("azure",), ("aws", "azure")):
        yield f"no name of {clouds}", replies.no_name_of(text, clouds)
    yield "no such", replies.no_such(text)
    yield "form failed", replies.form_failed("d" * 16, text)
    yield "draft gone", replies.draft_gone()
    yield "sorry", replies.sorry("0a1b2c3d")
    for which in ("mine", "open", "waiting", "all"):
        yield f"no orders, {which}", replies.listing([], which, 1, more=False)
    yield "cloud down", desk.cloud_down("aws", "eu-west-1", text)
    yield "cloud back", desk.cloud_back("aws", "eu-west-1")
    yield "waits", desk.placing_waits(one, text)
    yield "nobody", desk.no_approvers(text)
    yield "group", desk.group_unreadable(FINANCE, text)
    yield "group again", desk.group_readable(FINANCE)
    yield "not confirmed", desk.not_confirmed(one, text, text)
    yield "contradiction", desk.contradiction(one, text)
    yield "undelivered", desk.undelivered(text, text, text)
    yield "anchor", desk.anchor(1, "ab" * 32)
    mistakes = (Mistake("reason", text, text, text), Mistake("term", "", "a term"), Mistake("", text, text))
    ask = Ask("aws", {"reason": (text,) * 30}, yes=True)
    yield "misread", asking.misread(Misread(mistakes * 10, ask), "d" * 16)
    yield "misread, nothing right", asking.misread(Misread(mistakes, None), "")
    for word in ("", *asking.TOPICS, "payment", text):
        yield f"help {word[:20]}", asking.help_text(word, ("aws", "azure"))


def mrkdwn(value: Any) -> Iterator[str]:
    """Every text in which Slack looks for mentions and links."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            assert value.get("verbatim") is True, "Slack makes links of plain words in it"
            yield value["text"]
        yield from (text for item in value.values() for text in mrkdwn(item))
    elif isinstance(value, list | tuple):
        yield from (text for item in value for text in mrkdwn(item))


def check(name: str, said: Say) -> None:
    """Slack takes it; nothing is live in it that is not ours; no markup is cut in half."""
    blocks: list[Block] = list(said.blocks)
    assert check_message(blocks) == ("", []), name
    assert said.text.strip(), f"{name} has no words for a notification"
    assert len(said.text) <= 40_000, name  # Slack cuts it there
    assert blocks, name
    for text in (said.text, *mrkdwn(blocks)):
        for control in re.findall(r"<([^<>\n]+)>", text):
            target = control.partition("|")[0]
            ours = target in OURS or target == UPS or target.startswith("!date^")
            assert ours, f"{control} is live in {name}"
        left = re.sub(r"<[^<>\n]+>|&(?:amp|lt|gt);", "", re.sub(r"^> ?", "", text, flags=re.MULTILINE))
        assert not set(left) & set("<>&"), f"markup is cut off or not escaped in {name}: {text[-80:]!r}"
        assert "**" not in left or "*" in name or "marks" in name, f"{name}: {text}"


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("text", TEXTS)
def test_slack_takes_every_message_about_an_order_and_nobodys_words_are_live_in_it(
    text: str, kind: Kind
) -> None:
    for state in State:
        one = order(TEXTS[text], state, kind)
        for name, said in about_an_order(one, TEXTS[text], 2):
            check(f"{name} of {kind} {state} with {text}", said)


@pytest.mark.parametrize("text", TEXTS)
def test_slack_takes_every_other_message_too(text: str) -> None:
    for name, said in the_rest(order(TEXTS[text], State.WAITING), TEXTS[text]):
        check(f"{name} with {text}", said)


@pytest.mark.parametrize("text", ["plain", "emoji", "entities", "forged and long"])
@pytest.mark.parametrize("state", [State.WAITING, State.UNCLEAR, State.PLACED])
def test_slack_takes_the_largest_orders(text: str, state: State) -> None:
    for kind in Kind:
        one = order(TEXTS[text], state, kind, size=20)
        for name, said in about_an_order(one, TEXTS[text], 20):
            check(f"{name} with {text}", said)


@pytest.mark.parametrize("text", TEXTS)
def test_slack_takes_every_form(text: str) -> None:
    origin = form.Origin("C0EDGE", "d" * 16)
    notes = [one_line(TEXTS[text])] if one_line(TEXTS[text]) else []
    values = {"outpost": (TEXTS[text],), "reason": (TEXTS[text],), "item": (TEXTS[text],) * 3}
    for view in (
        form.aws.form(values, origin=origin, label=lambda *_: TEXTS[text], notes=notes),
        form.choosing(("aws", "azure"), origin),
        form.reject_form("ORD-7F3K2M", "ab" * 32, origin),
        form.placed_form("ORD-7F3K2M"),
    ):
        assert check_view(view, "modal") == ("", [])
        for told_ in mrkdwn(view):
            assert not re.search("<[^<>\n]*(EVIL|evil|!channel)", told_)


@settings(max_examples=150, deadline=1000)
@given(
    st.text(st.sampled_from("&<>…`ab \n") | st.characters(exclude_categories=["Cs"]), max_size=60),
    st.integers(8, 40),
)
def test_escaping_ends_fits_and_leaves_nothing_live(text: str, limit: int) -> None:
    escaped = escape(text, limit)
    assert len(escaped) <= limit
    assert not set(re.sub("&(amp|lt|gt);", "", escaped)) & set("<>&")
    kept = visible_plain(escaped)
    assert kept == visible_plain(escape(text, 1000)) or kept.endswith("…")


def visible_plain(escaped: str) -> str:
    return escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize("length", range(2790, 2812))
def test_text_about_as_long_as_its_place_is_cut_once(length: int) -> None:
    assert len(escape("&" + "x" * length)) <= 2800


# What people read


def seen(said: Say) -> str:
    names = {ALICE: "alice", BOB: "bob", OPAL: "opal", FINANCE: "finance"}
    return flatten(said.blocks, names)


PLAIN = order(TEXTS["plain"], State.WAITING)


def at(state: State, **changed: Any) -> Order:
    one = replace(PLAIN, state=state, decided_by="", note="", why="", candidates=(), looking_for="")
    return replace(one, **changed)


@pytest.mark.parametrize(
    ("one", "words_"),
    [
        (at(State.CHECKING), "being checked"),
        (at(State.CHECKING, kind=Kind.TRACKED), "being looked for"),
        (at(State.WAITING), "waiting for approval"),
        (at(State.APPROVED), "approved, about to be placed"),
        (at(State.PLACING), "being placed"),
        (at(State.UNCLEAR), "unclear"),
        (at(State.PLACED), "placed"),
        (at(State.REJECTED), "rejected"),
        (at(State.WITHDRAWN), "withdrawn"),
        (at(State.REFUSED), "refused"),
        (at(State.PLACED, snapshot=Snapshot(Ref("r", "oo-1"), "IN_PROGRESS")), "placed (In progress)"),
        (at(State.PLACED, snapshot=Snapshot(Ref("r", "oo-1"), "")), "placed"),
        (at(State.PLACED, snapshot=Snapshot(Ref("r", "oo-1"), "OnABoat")), "placed (On aboat)"),
        (at(State.COMPLETED, snapshot=Snapshot(Ref("r", "oo-1"), "COMPLETED")), "completed"),
        (at(State.COMPLETED, snapshot=Snapshot(Ref("r", "oo-1"), "FULFILLED")), "completed (Fulfilled)"),
        (at(State.CANCELLED, snapshot=Snapshot(Ref("r", "oo-1"), "CANCELLED")), "cancelled"),
    ],
)
def test_where_an_order_stands_in_the_fixed_words(one: Order, words_: str) -> None:
    assert headline(one) == words_


@pytest.mark.parametrize(
    ("word", "read_"),
    [
        ("IN_PROGRESS", "In progress"),
        ("InProgress", "In progress"),
        ("ReadyToShip", "Ready to ship"),
        ("SHIPPED", "Shipped"),
        ("", ""),
    ],
)
def test_a_status_keeps_its_own_word_readable(word: str, read_: str) -> None:
    assert words.readable(word) == read_


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (Change(Aspect.STATUS, "", "", "IN_PROGRESS"), "Order: *In progress*"),
        (Change(Aspect.STATUS, "", "SHIPPED", "PREPARING"), "Order: *Preparing* (was Shipped)"),
        (Change(Aspect.STATUS, "", "SHIPPED", ""), "Order: *No status* (was Shipped)"),
        (Change(Aspect.UNIT_STATUS, "2 × OR-A", "", "ON_A_BOAT"), "2 × OR-A: *On a boat*"),
        (Change(Aspect.UNIT_ADDED, "2 × OR-A", "", "PREPARING"), "2 × OR-A: new on this order, *Preparing*"),
        (
            Change(Aspect.UNIT_GONE, "2 × OR-A", "SHIPPED", ""),
            "2 × OR-A: no longer on this order (was Shipped)",
        ),
        (Change(Aspect.SHIPMENT, "2 × OR-A", "", "UPS 1Z", UPS), f"2 × OR-A: travels with <{UPS}|UPS 1Z>"),
        (Change(Aspect.SHIPMENT, "2 × OR-A", "UPS 1Z", "DHL 3"), "2 × OR-A: travels with DHL 3 (was UPS 1Z)"),
        (Change(Aspect.SHIPMENT, "2 × OR-A", "UPS 1Z", ""), "2 × OR-A: no longer travels with UPS 1Z"),
        (Change(Aspect.ASSET, "2 × OR-A", "", "a1"), "2 × OR-A: asset `a1`"),
        (Change(Aspect.ASSET, "2 × OR-A", "a1", ""), "2 × OR-A: asset `a1` is gone"),
        (Change(Aspect.MAC, "a1", "", "02:00"), "Asset `a1`: MAC 02:00"),
        (Change(Aspect.MAC, "a1", "02:00", ""), "Asset `a1`: MAC none (was 02:00)"),
        (Change(Aspect.FACT, "Payment option", "A", "B"), "Payment option: B (was A)"),
    ],
)
def test_each_change_is_one_line_of_words(change: Change, line: str) -> None:
    assert thread.change_line(change) == line


def plan(one: Order) -> list[str]:
    marks = {"complete": "✓", "in_progress": "…", "pending": "○", "error": "✗"}
    return [f"{marks[stage.status]} {stage.title} {stage.output}".strip() for stage in stages(one)]


REF = Ref("eu-west-1", "oo-0123456789abcdef0")
PENDING = ["○ Built", "○ Shipped", "○ Delivered", "○ Installed"]
BEGUN = ["✓ Requested", "✓ Approved", f"✓ Placed {REF.id}"]


def placed(status: str, *units: str, state: State = State.PLACED, **changed: Any) -> Order:
    parcels = {"SHIPPED": Shipment("UPS", "1Z1"), "DELIVERED": Shipment("UPS", "1Z2")}
    items = tuple(
        Unit(f"ooi-{number}", "OR-ABCDEFG", 1, unit, parcels.get(unit)) for number, unit in enumerate(units)
    )
    return at(state, ref=REF, snapshot=Snapshot(REF, status, items), decided_by=BOB, **changed)


@pytest.mark.parametrize(
    ("one", "shown"),
    [
        (
            at(State.CHECKING),
            ["✓ Requested", "… Checked", "○ Approved", "○ Placed", *PENDING, "○ Completed"],
        ),
        (at(State.WAITING), ["✓ Requested", "… Approved", "○ Placed", *PENDING, "○ Completed"]),
        (at(State.REJECTED, note="no room"), ["✓ Requested", "✗ Rejected no room"]),
        (at(State.WITHDRAWN), ["✓ Requested", "✗ Withdrawn"]),
        (
            at(State.REFUSED, why="no quota", decided_by=BOB),
            ["✓ Requested", "✓ Approved", "✗ Refused no quota"],
        ),
        (at(State.REFUSED, why="no Outpost"), ["✓ Requested", "✗ Refused no Outpost"]),
        (
            at(State.UNCLEAR, why="no answer", decided_by=BOB),
            ["✓ Requested", "✓ Approved", "✗ Placed no answer", *PENDING, "○ Completed"],
        ),
        (placed("RECEIVED", "PREPARING"), [*BEGUN, *PENDING, "○ Completed now: Received"]),
        (placed("", "PREPARING"), [*BEGUN, *PENDING, "○ Completed now: No status"]),
        (
            placed("IN_PROGRESS", "SHIPPED", "BUILDING", "DELIVERED"),
            [
                *BEGUN,
                "… Built 2 of 3",
                "… Shipped 2 of 3 · UPS 1Z1, UPS 1Z2",
                "… Delivered 1 of 3",
                "○ Installed",
                "○ Completed now: In progress",
            ],
        ),
        (
            placed("IN_PROGRESS", "INSTALLED", "REPLACED", "CANCELLED"),
            [*BEGUN, "✓ Built", "✓ Shipped", "✓ Delivered", "✓ Installed", "○ Completed now: In progress"],
        ),
        (
            placed("IN_PROGRESS", "ON_A_BOAT", "SHIPPED"),
            [
                *BEGUN,
                "… Built 1 of 2",
                "… Shipped 1 of 2 · UPS 1Z1",
                "… Delivered 0 of 2",
                "○ Installed",
                "○ Completed now: In progress",
            ],
        ),
        (
            placed("IN_PROGRESS", "ERROR"),
            [*BEGUN, "✗ Built", *PENDING[1:], "○ Completed now: In progress"],
        ),
        (
            placed("IN_PROGRESS", "ERROR", "DELIVERED"),
            [
                *BEGUN,
                "✗ Built 1 of 2",
                "… Shipped 1 of 2 · UPS 1Z2",
                "… Delivered 1 of 2",
                "○ Installed",
                "○ Completed now: In progress",
            ],
        ),
        (placed("ERROR", "SHIPPED"), [*BEGUN, "✓ Built", "✓ Shipped UPS 1Z1", "✗ Error"]),
        (placed("CANCELLED", "CANCELLED", state=State.CANCELLED), [*BEGUN, "✗ Cancelled"]),
        (
            placed("COMPLETED", "INSTALLED", "BUILDING", state=State.COMPLETED),
            [*BEGUN, "✓ Built", "✓ Shipped", "✓ Delivered", "✓ Installed", "✓ Completed"],
        ),
        (
            at(State.CHECKING, kind=Kind.TRACKED, request=None, looking_for=REF.id),
            ["… Found", *PENDING, "○ Completed"],
        ),
        (at(State.REFUSED, kind=Kind.TRACKED, request=None, why="no such order"), ["✗ Found no such order"]),
        (
            placed("IN_PROGRESS", "SHIPPED", kind=Kind.TRACKED, request=None),
            [
                "✓ Found",
                "✓ Built",
                "✓ Shipped UPS 1Z1",
                "… Delivered",
                "○ Installed",
                "○ Completed now: In progress",
            ],
        ),
    ],
)
def test_the_stages_that_a_card_shows(one: Order, shown: list[str]) -> None:
    assert plan(one) == shown


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (at(State.REJECTED, decided_by=BOB, note="no room"), "*Rejected* by <@U0BOB>: “no room”"),
        (at(State.WITHDRAWN), "*Withdrawn* by <@U0ALICE>"),
        (at(State.REFUSED, why="No quota left."), "*Refused*: No quota left"),
        (at(State.APPROVED, decided_by=BOB), "*Approved* by <@U0BOB> · about to be placed"),
        (at(State.UNCLEAR, decided_by=BOB, why="no answer"), "*Approved* by <@U0BOB> · *unclear*: no answer"),
        (
            placed("IN_PROGRESS", "SHIPPED"),
            "*Approved* by <@U0BOB> · placed (In progress) · AWS order `oo-0123456789abcdef0`",
        ),
        (at(State.CHECKING), "Being checked"),
        (at(State.WAITING), "Waiting for approval"),
    ],
)
def test_what_became_of_a_request_in_one_line(one: Order, said: str) -> None:
    assert outcome(replace(one, decided_at=None)) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"event": "Approved"}, "*Approved* by <@U0BOB>. It is being placed with AWS."),
        ({"event": "Rejected"}, "*Rejected* by <@U0BOB>."),
        ({"event": "Withdrawn", "by": ALICE}, "*Withdrawn* by <@U0ALICE>."),
        ({"event": "WasPlaced", "by": ""}, "*Placed*: AWS order `oo-0123456789abcdef0`."),
        (
            {"event": "WasPlaced", "by": OPAL},
            "*Placed*: AWS order `oo-0123456789abcdef0`. <@U0OPAL> found it.",
        ),
        ({"event": "WasRefused"}, "*Refused*. AWS says: “No quota left.”"),
        (
            {"event": "WentUnclear", "why": "no answer in 30 s."},
            "*Unclear*: no answer in 30 s. AWS may or may not have the order; nothing is sent again, and its "
            "list is being searched.",
        ),
        (
            {"event": "PeopleAsked", "why": "two look alike"},
            "*Unclear*: two look alike. Operators have been asked to decide.",
        ),
        (
            {"event": "SaidNotPlaced", "by": OPAL},
            "<@U0OPAL> has made sure that AWS has no such order. It is being placed again.",
        ),
        ({"event": "CancelAsked", "by": ALICE}, "<@U0ALICE> asks AWS to cancel the order."),
        ({"event": "CancelRefused", "words": ""}, "AWS does not cancel it. AWS does not say why."),
        (
            {"event": "CancelRefused", "words": "Too late."},
            "AWS does not cancel it. AWS says: “Too late.”",
        ),
    ],
)
def test_what_happened_in_words(body: dict[str, str], said: str) -> None:
    assert thread.what_happened(at(State.PLACED, ref=REF, decided_by=BOB, why="No quota left."), body) == said


def test_an_approver_reads_all_that_the_approval_will_stand_for() -> None:
    reason = "".join(f"{number}: why & what <for>\n" for number in range(200))[:3000]
    one = replace(PLAIN, request=replace(PLAIN.asked, reason=reason))
    said = asks_for_approval(one, PLANS["one"], (12, "ab" * 32), ("Paid in full before delivery.",))
    text = seen(said)
    assert reason.rstrip() in text
    for line in (
        "ORD-7F3K2M needs approval",
        "@alice asks for this on op-0123456789abcdef0 in eu-west-1:",
        "OR-ABCDE00 | 1",
        "OR-ABCDE01 | 2",
        "Payment option\nNo upfront",
        "Payment term\n3 years",
        "Needed by\n2027-03-31",
        "[Approve] [Reject]",
        "Approval: any one of @bob, @finance",
        "Paid in full before delivery.",
        "@alice cannot decide about it. A decision holds for exactly what is shown here.",
        f"Request {one.asked.digest()[:12]} · audit 12 abababababababab",
    ):
        assert line in text


def test_a_request_that_was_decided_has_no_buttons_and_says_by_whom() -> None:
    text = seen(asks_for_approval(at(State.APPROVED, decided_by=BOB), PLANS["one"], (1, "ab")))
    assert "[" not in text
    assert "Approved by @bob" in text


@pytest.mark.parametrize(
    ("approvers", "said"),
    [
        ((BOB,), "any one of @bob"),
        ((ALICE, BOB), "any one of @bob"),
        ((FINANCE,), "any one of @finance"),
        ((ALICE,), "nobody: an operator has to name an approver other than the requester"),
    ],
)
def test_who_can_decide_is_never_the_requester(approvers: tuple[str, ...], said: str) -> None:
    assert said in seen(asks_for_approval(PLAIN, Plan((Needed("Approval", approvers),)), (1, "ab")))


def test_a_refusal_comes_with_what_to_do_and_the_line_to_ask_again() -> None:
    one = at(State.REFUSED, why="No such item.", code="NotFoundException")
    said = thread.directly(one, {"event": "WasRefused"})
    assert "AWS says: “No such item.”" in said.text
    assert "Check the Outpost and the catalog items, then ask again." in said.text
    line = visible(said.blocks[1]["text"]["text"], {}).strip()
    asked = parse(line.removeprefix("/order "))
    assert isinstance(asked, Ask)
    assert read("aws", asked.values, NOW.date()) == one.asked


@pytest.mark.parametrize("text", ["long", "entities", "lines", "forged and long", "marks"])
def test_the_line_to_ask_again_is_whole_however_long_the_reason(text: str) -> None:
    one = replace(at(State.REFUSED), request=request(TEXTS[text].strip(), 20))
    line = visible(thread.directly(one, {"event": "WasRefused"}).blocks[1]["text"]["text"], {}).strip()
    asked = parse(line.removeprefix("/order "))
    assert isinstance(asked, Ask), line
    wanted = values_of(one.asked)
    assert {key: said for key, said in asked.values.items() if key not in ("reason", "cost_center")} == {
        key: said for key, said in wanted.items() if key not in ("reason", "cost_center")
    }


def test_what_somebody_said_is_quoted_in_full_and_never_parsed() -> None:
    one = at(State.REJECTED, decided_by=BOB, note="x" * 2900 + FORGED[:100])
    said = thread.in_thread(one, {"event": "Rejected"})
    assert one.note in seen(said)
    assert said.blocks[1]["elements"][0]["type"] == "rich_text_quote"


def test_a_look_at_an_order_with_more_than_fits_says_that_there_is_more() -> None:
    one = order(TEXTS["plain"], State.PLACED, size=20)
    assert "… and more than fits into one message." in seen(status(one, []))
    assert re.search(r"… and \d+ more lines\.", seen(card(one)))
    small = placed("IN_PROGRESS", "SHIPPED")
    assert "more than fits" not in seen(status(small, []))


def test_the_newest_of_a_long_history_is_shown() -> None:
    many = [
        {"verb": "Looked", "actor": "bot", "at": f"2026-11-{day:02}T09:30:00.000+00:00", "body": "{}"}
        for day in range(1, 31)
    ] * 5
    text = seen(status(at(State.PLACED), many))
    assert re.search(r"… \d+ earlier", text)
    assert text.endswith("2026-11-30 09:30 UTC · news from the cloud")


def test_all_hardware_is_listed_with_all_its_addresses() -> None:
    macs = tuple(f"02:00:00:00:00:{number:02}" for number in range(50))
    lines = unit_lines(Snapshot(REF, "", (Unit("1", "OR-A", 1, "SHIPPED", None, (Asset("a1", macs),)),)))
    assert all(f"`{mac}`" in "\n".join(lines) for mac in macs)
    assert max(map(len, lines)) < 400


@pytest.mark.parametrize("which", ["mine", "open", "waiting", "all"])
def test_an_empty_list_says_what_is_empty(which: str) -> None:
    said = {
        "mine": "You have not asked for anything yet",
        "open": "No order is open",
        "waiting": "No order waits for approval",
        "all": "No orders here yet",
    }
    assert said[which] in replies.listing([], which, 1, more=False).text


def test_pages_are_turned_with_the_fixed_buttons() -> None:
    said = replies.listing([PLAIN], "waiting", 2, more=True)
    turn = [(one["text"]["text"], one["value"]) for one in said.blocks[-1]["elements"]]
    assert turn == [("Previous", "waiting 1"), ("Next", "waiting 3")]
    assert said.text == "Orders (waiting), page 2"


def test_an_apology_claims_nothing_that_it_cannot_know() -> None:
    assert "Before you try again, see with `/order list` whether it was done" in replies.sorry("0a1b").text


def test_operators_decide_with_the_fixed_buttons_and_a_warning() -> None:
    one = at(State.UNCLEAR, candidates=(REF,), why="no answer", people_asked=True)
    buttons = desk.unclear(one).blocks[-1]["elements"]
    assert [button["text"]["text"] for button in buttons] == [
        f"It was placed: {REF.id}",
        "It was not placed: try again",
    ]
    assert "otherwise it is bought twice" in buttons[1]["confirm"]["text"]["text"]
    without = desk.unclear(replace(one, candidates=())).blocks[-1]["elements"]
    assert without[0]["text"]["text"] == "It was placed"
    assert "is settled" in desk.unclear(placed("IN_PROGRESS")).text


def test_a_link_that_is_too_long_or_shows_nothing_is_no_link() -> None:
    assert link(UPS, "UPS 1Z") == f"<{UPS}|UPS 1Z>"
    assert link(f"{UPS}{'9' * 600}", "UPS 1Z") == "UPS 1Z"
    assert link(UPS, "") == ""
    assert link(f"{UPS}|x>y", "a|b") == f"<{UPS}%7Cx%3Ey|a¦b>"


def test_identifiers_and_channels_are_drawn_as_what_they_are() -> None:
    assert [code("oo-1"), code("a`b"), code("")] == ["`oo-1`", "`aˋb`", "`–`"]
    assert channel_link("C0EDGE") == "<#C0EDGE>"
    assert channel_link("#edge<!here>") == "#edge&lt;!here&gt;"


def test_every_outcome_has_its_fixed_word() -> None:
    fixed = [
        "waiting",
        "approved",
        "rejected",
        "withdrawn",
        "placed",
        "refused",
        "unclear",
        "cancelled",
        "completed",
        "returned",
    ]
    said = {state.value: words.STATES[state] for state in State}
    assert all(said[word].startswith(word) for word in fixed)
    assert not any(character in text for text in said.values() for character in string.ascii_uppercase)


def test_a_request_fits_with_as_much_of_everything_as_there_can_be() -> None:
    """Twenty items, a long reason, every field changed, many steps, fifty warnings."""
    risks = [f"{number}: {'risky & costly <!channel> ' * 12}"[:300] for number in range(50)]
    terms = replace(PLAIN.asked.aws, items=tuple(LineItem(f"OR-ABCDE{n:02}", 100) for n in range(20)))
    request = replace(PLAIN.asked, terms=terms, reason="why & <what> " * 230, cost_center="&" * 80)
    for plan in PLANS.values():
        changes = tuple(f"{number}: {'was & is ' * 30}" for number in range(12))
        one = replace(PLAIN, request=request, plan=plan, changed=changes)
        check("request", said := asks_for_approval(one, plan, (12, "ab" * 32), risks))
        check("reminder", reminds(one, plan, "Reminded", BOB, (12, "ab" * 32), risks))
        check("filed", replies.filed(one, plan, risks))
        check("edited", replies.edited(one, plan, risks))
        assert "0: risky" in seen(said)
        assert "more" in seen(said)
        assert "[Approve]" in seen(said)

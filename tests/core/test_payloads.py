"""Everything that Slack can be sent: each maker of a message, a form or a part of them, at every extreme.

Makers are found, not listed: one that is new is called here by itself, with words of the worst kind for each
of its arguments. Where nobody has said yet what such an argument may be, the test says so and fails.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest

from bot.core import form, messages
from bot.core.allowed import Allowed
from bot.core.command import Ask, Misread
from bot.core.events import Operation
from bot.core.form import aws, azure, parts
from bot.core.messages.blocks import Say, actions
from bot.core.messages.home import Page
from bot.core.messages.status import details
from bot.core.order import Kind, Order, State
from bot.core.policy import ApprovalStep, Delegation, Reason, Verdict, built_in
from bot.core.request import Mistake
from bot.demo.slack.block_kit import check_message, check_view
from tests.core import test_azure_messages, test_messages, test_new_quote
from tests.core.test_messages import ALICE, BOB, FINANCE, PLANS, TEXTS, YES, check, events, mrkdwn
from tests.core.test_order import NOW

WORST = ("plain", "empty", "hidden", "emoji", "entities", "forged and long", "marks", "lines")
ORIGIN = form.Origin("C0EDGE", "d" * 16, "ORD-7F3K2M")
PIECES = {"say", "view", "order_view", "labelled", "field_input", "common_inputs", "filled_in", "searched"}
PIECES |= {"select", "option", "number_input", "text_input", "with_blocks", "notes_in", "catalogue_in"}
"""What others are made of: no words of their own."""
Maker = Callable[..., Any]


def makers() -> Iterator[Any]:
    """Every public maker, with its name."""
    for package in (messages, form):
        for found in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{found.name}")
            for name, maker in vars(module).items():
                own = inspect.isfunction(maker) and maker.__module__ == module.__name__
                if own and not name.startswith("_") and name not in PIECES and found.name != "blocks":
                    made = maker.__annotations__.get("return", "")
                    if re.search(r"Say|Block|View|dict\[str, Any\]", made):
                        yield pytest.param(maker, id=f"{found.name}.{name}")


def orders(text: str, size: int) -> list[Order]:
    """Of both clouds, in every state, asked for here and followed only."""
    made = [
        one(text, state, kind, size)
        for state in State
        for kind in Kind
        for one in (test_messages.order, test_azure_messages.extreme)
    ]
    return [
        replace(one, plan=PLANS["both"], approvals=(YES,), changed=(text,) * size, operation=Operation.RETURN)
        for one in made
    ]


def views(text: str) -> list[parts.View]:
    """Forms as they may be on somebody's screen."""
    opened = aws.form(
        {"reason": (text,), "item": ("OR-ABCDEFG:2",) * 20}, origin=ORIGIN, label=lambda *_: text
    )
    filled = azure.form(azure_values(text), origin=ORIGIN, offered=offered(text))
    return [one | {"state": {"values": {}}} for one in (opened, filled)]


def azure_values(text: str) -> dict[str, tuple[str, ...]]:
    return {"product": ("a/b/c",), "configuration": ("d",), "reason": (text,), "address": (text[:60],)}


def offered(text: str) -> azure.Offered:
    known = {
        "product": [("a/b/c", text)],
        "configuration": [("a/b/c/d", text)],
        "commitment": [("a/b/c/d/P365D", text)],
        "encryption": [("a/b/c/d/Enabled", text)],
    }
    return lambda key: known.get(key, [])


@cache
def arguments(text: str, size: int) -> dict[str, Sequence[Any]]:
    """What an argument may be: by its name, or by its type."""
    policy = replace(built_in((BOB,)), source=text, steps=(ApprovalStep(text, (BOB,)),))
    mistakes = (Mistake("reason", text, text, text), Mistake("", text, text), Mistake("term", "", "a term"))
    ask = Ask("aws", {"reason": (text,) * 30}, yes=True)
    some = orders(text, size)
    asked = [one for one in some if one.kind is Kind.ASKED]
    places = [replace(one, id=f"ORD-{number:06}") for number, one in enumerate(asked[:8])]
    told = [
        *test_messages.told(text, 1),
        *test_azure_messages.bodies(test_azure_messages.order(State.REFUSED), text),
    ]
    long_ago = [text] * size
    return {
        "order": some,
        "orders": [some[:10], []],
        "plan": list(PLANS.values()),
        "cloud": ["aws", "azure"],
        "name": ["aws", "azure"],
        "clouds": [(), ("aws",), ("aws", "azure")],
        "offered": [(), ("aws",)],
        "person": [BOB],
        "to": [BOB],
        "owner": [ALICE],
        "delegate": [BOB, ""],
        "group": [FINANCE],
        "groups": [[FINANCE] * 20, []],
        "draft": ["d" * 16, ""],
        "digest": ["ab" * 32],
        "seen": ["ab" * 32],
        "order_id": ["ORD-7F3K2M"],
        "which": ["mine", "open", "waiting", "all"],
        "units": [(), tuple(f"ord-7f3k2m-{number}" for number in range(20))],
        "unit": ["", "ord-7f3k2m-1"],
        "values": [{"reason": (text,), "outpost": (text,), "item": (text,) * 25}, azure_values(text), {}],
        "events": [events(text, 1)],
        "news": [{one.id: messages.blocks.one_line(text) for one in places}],
        "waiting": [Page(tuple(places[:5]), 2, 5, 15)],
        "mine": [Page(tuple(places[:5]), 2, 5, 15), Page((), 1, 5, 0)],
        "on_the_way": [Page(tuple(places), 2, 8, 24)],
        "rights": [dict.fromkeys(("request", "operate"), reason) for reason in Reason],
        "steps": [{"Approval": Reason.ALLOWED}, {text: Reason.NOBODY, "Finance": Reason.NOBODY}],
        "delegations": [[Delegation(ALICE, BOB, NOW), Delegation(BOB, ALICE, NOW)], []],
        "audit": [(12, "ab" * 32)],
        "m": [Misread(mistakes * 10, ask), Misread(mistakes, None)],
        "view": views(text),
        "notes": [[messages.blocks.one_line(text)] * 12, []],
        "lines": [[messages.blocks.one_line(text, 500) or "–"] * 12],
        "line": ["", f":warning: {messages.blocks.one_line(text, 500)}"],
        "label": [lambda *_: text],
        "misfits": [mistakes * 10],
        "step": [text],
        "Sequence[str]": [long_ago, []],
        "Iterable[str]": [long_ago],
        "Wish": [test_new_quote.WISH, replace(test_new_quote.WISH, outpost=text, ebs=999, s3=999)],
        "Quote": [test_new_quote.quoted(many, text=text, words=text) for many in (0, 1, 8)],
        "Needed": [PLANS["both"].steps[1]],
        "Policy": [policy],
        "Verdict": [Verdict(reason, step=text) for reason in Reason],
        "Snapshot": [test_messages.snapshot(text, size)],
        "Operation": list(Operation),
        "Allowed": [Allowed(1, 2, fee=True), Allowed(2, 2, fee=False)],
        "Origin": [ORIGIN],
        "Mapping[str, Any]": told,
        "Mapping[str, Sequence[str]]": [{"aws": [text], "azure": [text, text]}],
        "Sequence[Block]": [()],
        "datetime": [NOW],
        "date": [date(2027, 3, 31)],
        "bool": [False, True],
        "int": [1, 12],
        "str": [text],
    }


OF_ITS_OWN: dict[tuple[str, str], Sequence[Any]] = {
    ("form", "place"): ["eu-west-1/op-0123456789abcdef0", ""],
    ("made", "drafts"): [["d" * 16] * many for many in (0, 1, 8)],
    ("reminds", "why"): ["Reminded", "Escalated", "ask"],
    ("nobody_can_approve", "step"): [PLANS["both"].steps[1]],
    ("decided", "verb"): ["approve", "reject"],
    ("may_not", "verb"): ["approve", "reject", "break-glass"],
    ("not_placed", "verb"): ["cancel", "return"],
    ("may_not_cancel", "verb"): ["cancel", "return"],
    ("only_requester", "verb"): ["withdraw", "edit"],
    ("too_late", "verb"): ["withdrawn", "edited"],
    ("no_delegation", "why"): ["2026-01-01 is over."],
    ("person_gone", "why"): ["they were deactivated in Slack"],
    ("sorry", "incident"): ["0a1b2c3d"],
    ("note", "block"): ["notes"],
    ("glass_broken", "told"): [{"by": BOB, "note": TEXTS["forged and long"], "more": TEXTS["entities"]}],
    ("may_not", "plan"): [PLANS["both"]],
    ("mail_button", "operation"): [Operation.MAIL, Operation.NO_MAIL],
    ("choosing", "clouds"): [("aws", "azure"), ("azure",)],
    ("policy_wrong", "problems"): [["POLICY_FILE: line 3: &<>"] * 40],
    ("whoami", "clouds"): [{"aws": ["eu-west-1"], "azure": ["<!channel>", "&"]}, {}],
}
"""What is never anybody's words, although it is a text."""


FORM_OF = {"azure": azure.ORDER_AZURE, "aws": aws.ORDER_AWS}


def calls(maker: Maker, text: str, size: int) -> Iterator[dict[str, Any]]:
    """Arguments with which each of what they may be comes up at least once."""
    known = arguments(text, size)
    module = maker.__module__.rpartition(".")[2]
    choices: dict[str, Sequence[Any]] = {}
    for name, kind in maker.__annotations__.items():
        if name == "return":
            continue
        if (maker.__name__, name) in OF_ITS_OWN:
            found = OF_ITS_OWN[maker.__name__, name]
        elif module == "azure" and name == "offered":
            found = [offered(text), lambda _: []]
        else:
            found = known.get(name) or known.get(kind.removesuffix(" | None")) or ()
        if name == "view" and module in FORM_OF:
            found = [one for one in found if one["callback_id"] == FORM_OF[module]]
        assert found, f"say in this file what {name}: {kind} of {maker.__module__}.{maker.__name__} may be"
        choices[name] = found
    for turn in range(max(map(len, choices.values()), default=1)):
        yield {name: found[turn % len(found)] for name, found in choices.items()}


OF_THOSE_ASKED_FOR_HERE = {
    "unclear",
    "differs",
    "glass_broken",
    "details",
    "reminds",
    "asks_next",
    "edit_button",
    "filed_otherwise",
}
"""Makers that need a request, which an order has not that was placed elsewhere and is only followed."""


def needs(maker: Maker, given: dict[str, Any]) -> bool:
    """Whether it is ever called so."""
    order = given.get("order")
    only_asked = maker.__name__ in OF_THOSE_ASKED_FOR_HERE or "plan" in given or "changed" in maker.__name__
    return not only_asked or not isinstance(order, Order) or order.kind is Kind.ASKED


def whole(made: Any) -> Say:
    """A part of a message as the whole of one."""
    blocks = list(made) if isinstance(made, list) else [made]
    if blocks and blocks[0].get("type") == "button":
        blocks = [actions(*blocks)]
    return Say("–", tuple(blocks) or (parts.context("–"),))


@pytest.mark.parametrize("maker", list(makers()))
def test_slack_takes_whatever_is_made_and_nobodys_words_are_live_in_it(maker: Maker) -> None:
    for text in WORST:
        for given in calls(maker, TEXTS[text], 20 if text == "emoji" else 2):
            if needs(maker, given):
                look(f"{maker.__name__} with {text}", maker, maker(**given))


def look(name: str, maker: Maker, made: Any) -> None:
    """Look at whatever was made as Slack would."""
    if isinstance(made, tuple):
        for each in made:
            look(name, maker, each)
    elif isinstance(made, Say):
        check(name, made)
    elif isinstance(made, dict) and made.get("type") in ("modal", "home"):
        check_screen(name, made)
    elif maker is details:
        check_screen(name, parts.view("details", "Details of ORD-7F3K2M", "", {}, made))
    elif made is not None:
        check(f"*{name}", whole(made))


def check_screen(name: str, view: parts.View) -> None:
    """Slack takes it, and nothing is live in it that is not ours."""
    assert check_view(view, "modal", "home") == ("", []), name
    assert len(view.get("private_metadata", "")) <= 3000
    for text in mrkdwn(view["blocks"]):
        for control in re.findall(r"<([^<>\n]+)>", text):
            target = control.partition("|")[0]
            ours = target in test_messages.OURS or target == test_messages.UPS or target.startswith("!date^")
            assert ours, f"{control} is live in {name}"


@pytest.mark.parametrize("text", WORST)
def test_slack_takes_every_error_under_a_field(text: str) -> None:
    mistakes = [
        Mistake(key, TEXTS[text], TEXTS[text], TEXTS[text])
        for key in ("item", "reason", "term", "address", "x")
    ]
    for view, errors in zip(views(TEXTS[text]), (aws.errors_by_block, form.errors_by_block), strict=True):
        inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        said = errors(mistakes, view)
        assert said
        assert set(said) <= inputs
        assert all(0 < len(line) <= 300 for line in said.values())
        json.dumps(said)


def test_the_checker_can_fail() -> None:
    with pytest.raises(AssertionError):
        check_screen("forged", parts.view("x", "x", "", {}, [parts.context("<!channel>")]))
    with pytest.raises(AssertionError, match="say in this file"):
        list(calls(new, "x", 1))
    assert check_message([parts.context("x" * 4000)]) == ("", []), "what is made is cut to what Slack takes"


def new(order: Order, weather: complex) -> Say:
    """A maker of tomorrow, of which nobody has said yet what goes into it."""
    return Say(f"{order} {weather}")

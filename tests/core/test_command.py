"""The /order line: what is meant by it, and what is said about a line that means nothing."""

from __future__ import annotations

import time
from datetime import date
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.command import (
    VERBS,
    Ask,
    BreakGlass,
    Cancel,
    Decide,
    Delegate,
    Help,
    List,
    Meaning,
    Misread,
    Mute,
    Return,
    Status,
    Track,
    WhoAmI,
    Withdraw,
    check,
    normal_id,
    parse,
)
from bot.core.request import Mistake

OUTPOST = "op-0123456789abcdef0"
AWS_ORDER = "oo-0123456789abcdef0"
TODAY = date(2026, 11, 22)


def misread(text: str) -> Misread:
    meaning = parse(text)
    assert isinstance(meaning, Misread), meaning
    return meaning


def words_of(text: str) -> dict[str, tuple[str, ...]]:
    meaning = parse(text)
    assert isinstance(meaning, Ask), meaning
    return dict(meaning.values)


def kept(text: str) -> dict[str, tuple[str, ...]]:
    ask = misread(text).ask
    return dict(ask.values) if ask else {}


def offers(text: str) -> list[tuple[str, str]]:
    return [(m.word, m.nearest) for m in misread(text).mistakes]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", Ask("", {})),
        (" \n\u00a0", Ask("", {})),
        ("aws", Ask("aws", {})),
        ("AWS --YES", Ask("aws", {}, yes=True)),
        ("azure qty=2", Ask("azure", {"qty": ("2",)})),
        ("status ORD-7F3K2M", Status("ORD-7F3K2M")),
        ("Status ord-7f3k2m", Status("ORD-7F3K2M")),
        (f"status {AWS_ORDER}", Status(AWS_ORDER)),
        ("status ord-7f3k2m-1", Status("ord-7f3k2m-1")),
        ("status Line4-Edge", Status("Line4-Edge")),
        ("list", List("mine", 1)),
        ("list Waiting", List("waiting", 1)),
        ("list all 3", List("all", 3)),
        ("list open page 2", List("open", 2)),
        ("approve ORD-7F3K2M", Decide("ORD-7F3K2M", "approve", "")),
        ("approve ord-7f3k2m fine by me", Decide("ORD-7F3K2M", "approve", "fine by me")),
        ("reject ORD-7F3K2M too dear", Decide("ORD-7F3K2M", "reject", "too dear")),
        ("reject ORD-7F3K2M “too dear”", Decide("ORD-7F3K2M", "reject", "too dear")),
        ('reject ORD-7F3K2M "a" or "b"', Decide("ORD-7F3K2M", "reject", '"a" or "b"')),
        ("reject ORD-7F3K2M don't  want\nit", Decide("ORD-7F3K2M", "reject", "don't  want\nit")),
        ('reject ORD-7F3K2M 19" racks', Decide("ORD-7F3K2M", "reject", '19" racks')),
        ("reject ORD-7F3K2M R&amp;D --yes", Decide("ORD-7F3K2M", "reject", "R&D --yes")),
        ("withdraw ORD-7F3K2M", Withdraw("ORD-7F3K2M")),
        ("cancel ORD-7F3K2M", Cancel("ORD-7F3K2M", "")),
        ("cancel ORD-7F3K2M site closes", Cancel("ORD-7F3K2M", "site closes")),
        ("return ORD-7F3K2M rental ends", Return("ORD-7F3K2M", "rental ends")),
        (f"track {AWS_ORDER}", Track(AWS_ORDER, quiet=False)),
        (f"track {AWS_ORDER.upper()} --quiet", Track(AWS_ORDER, quiet=True)),
        ("track —quiet Line4-Edge", Track("Line4-Edge", quiet=True)),
        ("delegate <@U123|dana> until 2026-12-24", Delegate("U123", "2026-12-24")),
        ("delegate <@W123> UNTIL 2026-12-24", Delegate("W123", "2026-12-24")),
        ("delegate OFF", Delegate("", "")),
        ("break-glass ORD-7F3K2M line stands", BreakGlass("ORD-7F3K2M", "line stands")),
        ("mute ORD-7F3K2M", Mute("ORD-7F3K2M")),
        ("whoami", WhoAmI()),
        ("help", Help("")),
        ("HELP Break-Glass", Help("break-glass")),
    ],
)
def test_a_line_means(text: str, meaning: Meaning) -> None:
    assert parse(text) == meaning


def test_an_order_is_read_key_by_key_whatever_their_case() -> None:
    line = f"aws OUTPOST={OUTPOST} Item=OR-ABCDEFG:2 item=OR-1234567 payment=NO_UPFRONT"
    assert words_of(line) == {
        "outpost": (OUTPOST,),
        "item": ("OR-ABCDEFG:2", "OR-1234567"),
        "payment": ("NO_UPFRONT",),
    }


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ('"two words"', "two words"),
        ("'two words'", "two words"),
        ("“two words”", "two words"),
        ("”two words”", "two words"),
        ("“two words“", "two words"),
        ("„two words“", "two words"),
        ("„two words”", "two words"),
        ("«two words»", "two words"),
        ("»two words«", "two words"),
        ("‘two words’", "two words"),
        ("’two words’", "two words"),
        ('“two words"', "two words"),
        ('"two words”', "two words"),
        ('"say \\"go\\""', 'say "go"'),
        ('"back\\\\slash \\n"', "back\\slash \\n"),
        ('"the “big” one"', "the “big” one"),
        ("“the “big” one”", "the “big” one"),
        ('“the "big" one”', 'the "big" one'),
        ('"don\'t"', "don't"),
        ("don't", "don't"),
        ("don’t", "don’t"),
        ("'I don't know'", "I don't know"),
        ("‘I don’t know’", "I don’t know"),
        ('two" "words', "two words"),
        ('"a=b"', "a=b"),
        ('"it\'s" --yes', "it's"),
        ("R&amp;D", "R&D"),
        ('"a &lt; b &amp;lt;"', "a < b &lt;"),
        ('"see <https://a.b/c?d=1&amp;e=2>"', "see https://a.b/c?d=1&e=2"),
        ('"see <http://a.b|a.b>"', "see a.b"),
        ('"see <https://a.b/c|the plan>"', "see the plan (https://a.b/c)"),
        ('"ask <@U1|dana> 🚀"', "ask <@U1|dana> 🚀"),
    ],
)
def test_quotes_are_read_as_a_shell_and_a_phone_write_them(typed: str, reason: str) -> None:
    assert words_of(f"aws reason={typed} region=eu-central-1") == {
        "reason": (reason,),
        "region": ("eu-central-1",),
    }


@pytest.mark.parametrize("pair", ["reason = x", "reason= x", "reason =x", 'reason = "x"'])
def test_spaces_around_the_equals_sign_do_no_harm(pair: str) -> None:
    assert words_of(f"aws {pair} term=ONE_YEAR") == {"reason": ("x",), "term": ("ONE_YEAR",)}


def test_a_key_without_a_value_says_nothing() -> None:
    assert words_of('aws cost_center= reason="" term=ONE_YEAR') == {"term": ("ONE_YEAR",)}


@pytest.mark.parametrize("flag", ["--yes", "--YES", "—yes", "–yes"])
@pytest.mark.parametrize("line", ["aws {} term=ONE_YEAR", "aws term=ONE_YEAR {}", "{} aws term=ONE_YEAR"])
def test_yes_is_read_anywhere_and_in_a_phones_writing(line: str, flag: str) -> None:
    assert parse(line.format(flag)) == Ask("aws", {"term": ("ONE_YEAR",)}, yes=True)


@pytest.mark.parametrize("channel", ["<#C123|edge>", "<#C123>", "#edge", "C123"])
def test_a_channel_stays_as_slack_sends_it(channel: str) -> None:
    assert words_of(f"aws channel={channel}") == {"channel": (channel,)}


@pytest.mark.parametrize(
    ("text", "word", "near"),
    [
        ("aproove ORD-7F3K2M", "aproove", "approve"),
        ("breakglass ORD-7F3K2M", "breakglass", "break-glass"),
        ("ORD-7F3K2M", "ORD-7F3K2M", "status ORD-7F3K2M"),
        (AWS_ORDER, AWS_ORDER, f"status {AWS_ORDER}"),
        (OUTPOST, OUTPOST, f"aws outpost={OUTPOST}"),
        (f"outpost={OUTPOST}", f"outpost={OUTPOST}", f"aws outpost={OUTPOST}"),
        ("xyzzy", "xyzzy", ""),
        ("list opne", "opne", "open"),
        ("aws --yess", "--yess", "--yes"),
        ("track foo --quite", "--quite", "--quiet"),
        ("aws payments=NO_UPFRONT", "payments", "payment"),
        (f"aws {OUTPOST}", OUTPOST, f"outpost={OUTPOST}"),
        ("aws OR-ABCDEFG", "OR-ABCDEFG", "item=OR-ABCDEFG"),
        ("aws or-abcdefg:2", "or-abcdefg:2", "item=OR-ABCDEFG:2"),
        ("aws no-upfront", "no-upfront", "payment=NO_UPFRONT"),
        ("aws eu-central-1", "eu-central-1", "region=eu-central-1"),
        ("aws 2027-03-31", "2027-03-31", "needed_by=2027-03-31"),
        ("aws #edge", "#edge", "channel=#edge"),
        ("aws outpost", "outpost", "outpost=…"),
        ("aws yes", "yes", "--yes"),
        ("aws xyzzy", "xyzzy", ""),
        ("aws term=3 years", "years", "term=THREE_YEARS"),
        ("aws reason=we need it", "need it", 'reason="we need it"'),
        ("azure rental", "rental", "type=Rental"),
        ("status ORD-12", "ORD-12", ""),
        ("status oo-12", "oo-12", ""),
        ("track ORD-7F3K2M", "ORD-7F3K2M", "status ORD-7F3K2M"),
        ("approve 7F3K2M", "7F3K2M", ""),
        ("approve ORD-7F3K2U", "ORD-7F3K2U", ""),
        ("withdraw ORD-7F3K2M please", "please", ""),
        ("delegate @dana until 2026-12-24", "@dana", ""),
        ("delegate <@U1> until 24.12.2026", "24.12.2026", "2026-12-24"),
        ("whoami now", "now", ""),
    ],
)
def test_a_wrong_word_is_named_with_the_nearest_right_one(text: str, word: str, near: str) -> None:
    assert offers(text) == [(word, near)]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("reject ORD-7F3K2M", "reason"),
        ('reject ORD-7F3K2M ""', "reason"),
        ("return ORD-7F3K2M", "reason"),
        ("break-glass ORD-7F3K2M", "reason"),
        ("approve", "order"),
        ("mute", "order"),
        ("status", ""),
        ("track", ""),
        ("delegate <@U1>", "until"),
    ],
)
def test_what_is_missing_is_named(text: str, key: str) -> None:
    assert [(m.key, m.word) for m in misread(text).mistakes] == [(key, "")]


def test_what_was_right_is_kept_for_the_form() -> None:
    line = f"aws outpost={OUTPOST} colour=blue term=ONE_YEAR --now"
    assert misread(line).ask == Ask("aws", {"outpost": (OUTPOST,), "term": ("ONE_YEAR",)})


def test_what_was_probably_meant_is_kept_for_the_form() -> None:
    line = f"aws {OUTPOST} OR-ABCDEFG payments=NO_UPFRONT reason=we need it term=3 years"
    assert kept(line) == {
        "outpost": (OUTPOST,),
        "item": ("OR-ABCDEFG",),
        "reason": ("we need it",),
        "term": ("THREE_YEARS",),
        "payment": ("NO_UPFRONT",),
    }


def test_a_guess_never_replaces_what_was_said() -> None:
    assert kept(f"aws outpost={OUTPOST} op-1123456789abcdef0") == {"outpost": (OUTPOST,)}


@pytest.mark.parametrize("start", ["awz", "Amazon", "order"])
def test_an_order_behind_a_wrong_cloud_is_kept(start: str) -> None:
    assert kept(f"{start} outpost={OUTPOST}") == {"outpost": (OUTPOST,)}


def test_a_misread_line_is_never_filed_at_once() -> None:
    ask = misread(f"aws outpost={OUTPOST} oops --yes").ask
    assert ask is not None
    assert ask.yes is False


def test_an_open_quote_is_named_and_costs_one_value() -> None:
    meaning = misread(f'aws reason="we need it outpost={OUTPOST} --yes')
    assert meaning.mistakes == (Mistake("reason", '"we need it', 'a closing " where the text ends'),)
    assert meaning.ask == Ask("aws", {"reason": ("we need it",), "outpost": (OUTPOST,)})


def test_the_21st_item_is_named_and_twenty_are_kept() -> None:
    items = [f"OR-ABCDE{n:02}" for n in range(25)]
    line = "aws " + " ".join(f"item={item}" for item in items)
    assert misread(line).mistakes == (Mistake("item", "OR-ABCDE20", "item= at most 20 times"),)
    assert kept(line) == {"item": tuple(items[:20])}


def test_a_key_given_twice_keeps_the_first() -> None:
    line = "aws term=ONE_YEAR term=FIVE_YEARS"
    assert offers(line) == [("FIVE_YEARS", "")]
    assert kept(line) == {"term": ("ONE_YEAR",)}


def test_a_key_of_the_other_cloud_is_a_mistake() -> None:
    assert offers("azure outpost=x") == [("outpost", "")]


def test_only_a_line_that_orders_keeps_something_to_order() -> None:
    assert misread("approve nothing").ask is None
    assert misread("--now").ask is None


def test_wrong_values_are_found_before_the_form_opens() -> None:
    ask = Ask("aws", {"outpost": (OUTPOST,), "term": ("TWO_YEARS",)}, yes=True)
    found = check(ask, TODAY)
    assert isinstance(found, Misread)
    assert [m.word for m in found.mistakes] == ["TWO_YEARS"]
    assert found.ask == Ask("aws", {"outpost": (OUTPOST,)})


def test_what_is_merely_missing_is_left_to_the_form() -> None:
    ask = Ask("aws", {"outpost": (OUTPOST,)}, yes=True)
    assert check(ask, TODAY) == ask


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("ORD-7F3K2M", "ORD-7F3K2M"),
        (" ord-7f3k2m ", "ORD-7F3K2M"),
        ("`ORD-7F3K2M`", "ORD-7F3K2M"),
        ("ORD–7F3K2M", "ORD-7F3K2M"),
        ("ord-oil123", "ORD-011123"),
        ("ORD-7F3K2U", None),
        ("ORD-7F3K2", None),
        ("ORD-7F3K2MX", None),
        ("7F3K2M", None),
        ("ORD-7F3\u212a2M", None),
        ("", None),
    ],
)
def test_an_order_id_is_known_in_any_writing(text: str, order: str | None) -> None:
    assert normal_id(text) == order


snippets = st.sampled_from(
    [
        *VERBS,
        *"“”„«»‘’'\"\\= \n\t-–—<>|:",
        "reason=",
        "item=OR-ABCDEFG",
        "--yes",
        "—yes",
        "&lt;",
        "&amp;",
        "<@U1|x>",
        "<https://a.b|c>",
        "until",
        "off",
        "ORD-7F3K2M",
        OUTPOST,
        "\x00",
        "\ud800",
        "\u202e",
        "²",
        "İ",
    ]
)


@settings(deadline=None)
@given(st.text() | st.lists(snippets).map("".join) | st.lists(snippets).map(" ".join))
@example("list ²")
@example('aws reason="\\')
@example("delegate until until")
def test_every_text_means_something(text: str) -> None:
    meaning = parse(text)
    assert isinstance(meaning, get_args(Meaning))
    if isinstance(meaning, Misread):
        assert meaning.mistakes
        assert meaning.ask is None or meaning.ask.cloud in ("aws", "azure")


@settings(deadline=None)
@given(st.text())
def test_a_quoted_text_arrives_as_it_is(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    sent = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    words = words_of(f'aws reason="{sent}" term=ONE_YEAR')
    assert words.get("reason", ("",)) == ((text,) if text.strip() else ("",))


@pytest.mark.parametrize("garbage", ["x ", "a=b ", 'a=" ', "“", "--x ", "\\", "a=“b ‘ ", "op-1 "])
def test_a_long_line_of_garbage_is_read_long_before_slack_gives_up(garbage: str) -> None:
    start = time.thread_time()  # of this thread alone: the machine may be busy
    parse("aws " + garbage * (8000 // len(garbage)))
    assert time.thread_time() - start < 2

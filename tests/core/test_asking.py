"""The words for somebody who asks: helpful, harmless and short enough for Slack."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.command import VERBS, Ask, Misread, check, parse
from bot.core.messages.asking import TOPICS, help_text, misread, mistake_line, mistake_under_field
from bot.core.messages.blocks import Say
from bot.core.request import FIELDS, Mistake, Request, read

OUTPOST = "op-0123456789abcdef0"
TODAY = date(2026, 11, 22)
BOTH = ("aws", "azure")


def answer(line: str) -> Say:
    meaning = parse(line)
    assert isinstance(meaning, Misread), meaning
    return misread(meaning, "draft-1")


def all_text(say: Say) -> str:
    return say.text + json.dumps(say.blocks, ensure_ascii=False)


def assert_fits_slack(say: Say) -> None:
    """https://docs.slack.dev/reference/block-kit; all blocks together take about 13,200."""
    assert 1 <= len(say.text) <= 4000
    assert 1 <= len(say.blocks) <= 50
    texts = [block["text"]["text"] for block in say.blocks if "text" in block]
    texts += [
        item["text"] for block in say.blocks if block["type"] == "context" for item in block["elements"]
    ]
    assert all(1 <= len(text) <= 3000 for text in texts)
    assert sum(map(len, texts)) <= 13_000


def test_a_mistake_names_the_word_what_was_expected_and_the_nearest() -> None:
    mistake = Mistake("payment", "ALL_UPFRONTS", "one of three", "ALL_UPFRONT")
    assert mistake_line(mistake) == (
        "`payment=ALL_UPFRONTS`: expected one of three. Did you mean `payment=ALL_UPFRONT`?"
    )
    assert mistake_under_field(mistake) == (
        "Expected one of three, not “ALL_UPFRONTS”. Did you mean ALL_UPFRONT?"
    )


def test_what_is_missing_is_called_as_the_form_calls_it() -> None:
    missing = Mistake("outpost", "", "an Outpost id")
    assert mistake_line(missing) == "*Outpost* is missing: expected an Outpost id."
    assert mistake_under_field(missing) == "Expected an Outpost id."


def test_the_answer_has_a_line_for_each_mistake_what_was_kept_and_a_way_on() -> None:
    say = answer(f"aws outpost={OUTPOST} colour=blue paymnt=NO_UPFRONT")
    assert [block["type"] for block in say.blocks] == ["section", "section", "context", "actions"]
    assert say.blocks[1]["text"]["text"].split("\n")[1].startswith("• `paymnt`: expected one of")
    assert f"`outpost={OUTPOST}`" in say.blocks[2]["elements"][0]["text"]
    (button,) = say.blocks[3]["elements"]
    assert (button["text"]["text"], button["action_id"]) == ("Open the form", "open_form")
    assert button["value"] == "draft-1"


def test_the_sentence_for_notifications_says_it_too() -> None:
    say = answer(f"aws outpost={OUTPOST} xyzzy")
    assert say.text == (
        "I could not read all of that. `xyzzy`: expected key=value, with quotes around words that "
        f"belong together. Kept: `outpost={OUTPOST}`."
    )


def test_without_an_order_to_keep_there_is_no_form_to_open() -> None:
    say = answer("approve nothing")
    assert "actions" not in [block["type"] for block in say.blocks]
    assert "/order help" in all_text(say)


def test_ten_mistakes_are_listed_and_the_others_counted() -> None:
    say = answer("aws " + " ".join(f"wrong-{chr(97 + n)}=x" for n in range(21)))
    listed = "\n".join(block["text"]["text"] for block in say.blocks if block["type"] == "section")
    assert listed.count("•") == 10
    assert listed.endswith("… and 11 more")


@pytest.mark.parametrize(
    "line",
    [
        "aws &lt;!channel&gt;",
        "aws reason=&lt;!channel&gt; xyzzy",
        "aws payment=&lt;@U1&gt;x term=`&lt;!here&gt; a=b",
        "&lt;!channel&gt;",
        "approve <!here>",
        "aws &lt;!channel&gt;=x",
    ],
)
def test_nobody_can_be_pinged_through_a_mistake(line: str) -> None:
    text = all_text(answer(line))
    assert "<!" not in text
    assert "<@" not in text


@settings(max_examples=60, deadline=None)
@given(
    st.text(),
    st.sampled_from(["", "aws ", "azure ", "approve ", "reject ORD-7F3K2M ", "aws reason="]),
    st.sampled_from([1, 400, 8000]),
    st.sampled_from(["", " ", "=&lt;", " a=", "&amp;", "`"]),
)
def test_whatever_was_typed_the_answer_fits(text: str, start: str, times: int, more: str) -> None:
    meaning = parse((start + (text + more) * times)[:8000])
    if isinstance(meaning, Misread):
        assert_fits_slack(misread(meaning, "d" * 40))


@settings(deadline=None)
@given(st.lists(st.builds(Mistake, st.text(), st.text(), st.text(), st.text()), min_size=1))
def test_whatever_the_mistakes_are_the_answer_fits(mistakes: list[Mistake]) -> None:
    ask = Ask("aws", {"reason": ("&" * 3000,), "item": ("<" * 3000,) * 20})
    assert_fits_slack(misread(Misread(tuple(mistakes), ask), "draft"))


def test_every_verb_has_its_help() -> None:
    assert set(TOPICS) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_about_a_verb_shows_its_usage_and_an_example(verb: str) -> None:
    say = help_text(verb, BOTH)
    assert_fits_slack(say)
    assert f"/order {verb}" in say.blocks[0]["text"]["text"]
    assert say.blocks[-1]["elements"][0]["text"].startswith("For example: `/order ")


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"delegate"}))
def test_an_example_of_help_is_a_line_that_works(verb: str) -> None:
    meaning = parse(TOPICS[verb].example.removeprefix("/order "))
    assert not isinstance(meaning, Misread)


@pytest.mark.parametrize("cloud", sorted(FIELDS))
def test_help_about_a_cloud_lists_its_keys(cloud: str) -> None:
    text = all_text(help_text(cloud, BOTH))
    assert all(f"`{field.key}=`" in text for field in FIELDS[cloud] if field.offered)


def test_help_about_a_key_says_what_it_takes() -> None:
    assert "a date written YYYY-MM-DD" in help_text("needed_by", BOTH).text


def test_help_in_short_names_every_verb_that_can_be_used() -> None:
    say = help_text("", ("aws",))
    assert_fits_slack(say)
    absent = {"azure", "return"}
    assert all(topic.usage in all_text(say) for verb, topic in TOPICS.items() if verb not in absent)
    assert "azure" not in all_text(say)
    assert TOPICS["return"].usage in all_text(help_text("", BOTH))


@pytest.mark.parametrize("verb", ["azure", "return"])
def test_help_about_what_is_of_a_cloud_that_is_not_configured_says_so(verb: str) -> None:
    assert help_text(verb, ("aws",)).text == "Azure Edge hardware cannot be ordered here."


@pytest.mark.parametrize("cloud", sorted(FIELDS))
def test_the_example_of_a_cloud_has_all_that_an_order_needs(cloud: str) -> None:
    meaning = parse(TOPICS[cloud].example.removeprefix("/order "))
    assert isinstance(meaning, Ask)
    assert isinstance(read(cloud, meaning.values, TODAY), Request)


@pytest.mark.parametrize("cloud", sorted(FIELDS))
def test_the_example_of_a_key_is_one_that_is_right(cloud: str) -> None:
    for field in FIELDS[cloud]:
        meaning = parse(f"{cloud} {field.example}")
        assert isinstance(meaning, Ask) is field.offered
        assert not isinstance(meaning, Ask) or check(meaning, TODAY) == meaning


def test_help_about_an_unknown_word_offers_the_nearest() -> None:
    assert "`/order help status`" in help_text("statsu", BOTH).text


@settings(deadline=None)
@given(st.text())
def test_help_about_anything_fits_and_pings_nobody(word: str) -> None:
    say = help_text(word + "<!channel>", BOTH)
    assert_fits_slack(say)
    assert "<!" not in all_text(say)

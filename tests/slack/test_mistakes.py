"""What is answered to lines that cannot be used: the word is named, and nothing typed is lost."""

from __future__ import annotations

import logging

import pytest

from bot.core.order import State
from tests.harness import APPROVALS, ORDERS, TERMS, Here, text

# What follows `/order`, and words of the answer. OUTPOST and ITEM stand for ones that can be ordered.
WRONG = {
    "quantity 0": (f'aws outpost=OUTPOST item=ITEM:0 {TERMS} reason="x" --yes', ["ITEM:0", "from 1 to 100"]),
    "quantity 10^9": (f'aws outpost=OUTPOST item=ITEM:1000000000 {TERMS} reason="x" --yes', ["1000000000"]),
    "21 items": (f'aws outpost=OUTPOST {"item=ITEM " * 21} {TERMS} reason="x" --yes', ["20"]),
    "an unknown key": (f'aws outpost=OUTPOST item=ITEM {TERMS} reason="x" colour=red --yes', ["colour"]),
    "several at once": (
        'aws outpost=op-xyz item=ITEM payment=UPFRONT term=TWO_YEARS colour=red reason="x" --yes',
        ["op-xyz", "UPFRONT", "TWO_YEARS", "colour"],
    ),
    "nothing but the flag": ("aws --yes", ["Outpost", "Reason"]),
    "a Region that is not ordered in": (
        f'aws region=us-east-1 outpost=OUTPOST item=ITEM {TERMS} reason="x" --yes',
        ["us-east-1", "eu-west-1"],
    ),
    "a reason of 3,001 characters": (
        f'aws outpost=OUTPOST item=ITEM {TERMS} reason="{"x" * 3001}" --yes',
        ["3000"],
    ),
    "a misspelt verb": ("aprove ORD-7F3K2M", ["aprove", "approve"]),
    "a bad order id": ("status ORD-??", ["ORD-"]),
    "an order that is not there": ("withdraw ORD-AAAAAA", ["ORD-AAAAAA"]),
    "an id that AWS never gives": ("track oo-xyz", ["oo-xyz"]),
    "a cloud that is not set up": ("azure product=x", ["Azure", "/order aws"]),
    "hidden characters": ("\x00\u202e\u200b" * 40, ["aws"]),
    "a long line of garbage": ("aws " + "é=“" * 900, ["é"]),
}
RIGHT = {
    "curly quotes and a dash from a phone": f"aws outpost=OUTPOST item=ITEM {TERMS} reason=“two words” —yes",
    "a reason of 3,000 characters": f'aws outpost=OUTPOST item=ITEM {TERMS} reason="{"<" * 3000}" --yes',
    "a reason of nothing but emoji": f'aws outpost=OUTPOST item=ITEM {TERMS} reason="🚀🚀" --yes',
    "an apostrophe": f'aws outpost=OUTPOST item=ITEM {TERMS} reason="don\'t wait" --yes',
    "upper and lower case": f"AWS OUTPOST=OUTPOST Item=ITEM {TERMS.lower()} Reason=x --YES",
}


def test_a_region_that_is_not_ordered_in_keeps_the_rest_for_the_form(here: Here) -> None:
    here.alice.command(line(here, f"aws region=eu-wst-1 outpost=OUTPOST item=ITEM {TERMS} reason=x --yes"))
    answer = here.slack.ephemerals(here.alice.id)[-1]
    assert "region=eu-west-1" in answer.plain
    assert answer.buttons == ["Open the form"]


def test_a_rejection_in_the_form_needs_more_than_blanks(here: Here) -> None:
    asked = here.ask()
    here.bob.click(asked, "Reject")
    form = here.bob.wait_form()
    form.fill("Reason", " \u200b ")
    assert not form.submit().closed
    assert here.order(asked).state is State.WAITING


def test_while_aws_tells_nothing_the_form_says_so_and_takes_ids_in_full(sqlite_url: str) -> None:
    with Here(sqlite_url) as here:
        outpost, item = here.outpost, here.items[0]
        for key in here.world.store.kept("catalogue/"):
            here.world.store.keep(key, {"choices": {}}, here.world.now())
        here.alice.command("/order aws", ORDERS)
        form = here.alice.wait_form()
        assert "in full" in form.plain
        assert form.suggest("Outpost", "op-1") == []
        assert form.suggest("Outpost", outpost) == [outpost]
        form.choose("Outpost", outpost)
        form.choose("Catalog item", item)
        form.choose("Payment option", "No upfront")
        form.choose("Payment term", "1 year")
        form.fill("Reason", "No time to wait")
        assert form.submit().closed
        here.wait(lambda: here.slack.messages(APPROVALS))


def line(here: Here, words: str) -> str:
    # Only the values stand in capitals alone, so a key that is typed in capitals stays.
    outpost = words.replace("=OUTPOST", f"={here.outpost}")
    return f"/order {outpost.replace('=ITEM', f'={here.items[0]}')}"


def test_every_wrong_word_is_named_and_no_line_breaks_anything(
    here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        for name, (words, named) in WRONG.items():
            ack = here.alice.command(line(here, words), ORDERS)
            assert ack.status == 200, name
            answer = here.slack.ephemerals(here.alice.id)[-1].plain
            for word in named:
                assert word.replace("ITEM", here.items[0]) in answer, (name, answer)
    assert here.slack.messages(APPROVALS) == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_what_looks_odd_and_is_right_is_filed(here: Here) -> None:
    for name, words in RIGHT.items():
        assert "is filed" in text(here.alice.command(line(here, words), ORDERS)), name
    here.wait(lambda: len(here.slack.messages(APPROVALS)) == len(RIGHT))
    assert len(here.world.store.listing(State)) == len(RIGHT)

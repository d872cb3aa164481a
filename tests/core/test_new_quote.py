"""Asking AWS for a quote: the form, what it makes of what was filled in, and how the answer reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.form import Origin, View, errors_by_block, origin_of
from bot.core.form.new_quote import MOST_INSTANCES, add_instance, form, wish_from
from bot.core.messages import quotes
from bot.core.messages.blocks import MESSAGE_LIMIT, Say, size
from bot.core.quote import FAIL, Option, Price, Quote, Requirement, Wish
from bot.core.request import Mistake
from bot.demo.slack.block_kit import check_message, check_view
from tests.core.test_form import OUTPOST, assert_fits_slack, element, inputs, option, shown

PLACE = f"eu-central-1/{OUTPOST}"
ORIGIN = Origin("C0EDGE", "draft-1", "ORD-7F3K2M")
QUOTE, OPTION = "oq-0123456789abcdef0", "oqo-0123456789abcdef0"
WISH = Wish(OUTPOST, "eu-central-1", "DE", (("m5.24xlarge", 4),), ebs=11)


def opened() -> View:
    return form(PLACE, "Frankfurt", "DE", ORIGIN)


def test_the_outpost_and_its_country_are_there_already() -> None:
    view = opened()
    assert_fits_slack(view)
    assert element(view, "outpost")["initial_option"]["text"]["text"] == "Frankfurt"
    assert element(view, "country")["initial_value"] == "DE"
    assert origin_of(view) == ORIGIN


def test_slack_takes_the_form_however_long_its_texts_are() -> None:
    view = form(PLACE, "🚀" * 200, "x" * 200, ORIGIN)
    for _ in range(MOST_INSTANCES):
        assert check_view(view, "modal") == ("", [])
        view = add_instance(shown(view))


def test_it_opens_where_nothing_was_chosen() -> None:
    view = form("", "", "", ORIGIN)
    assert_fits_slack(view)
    assert "initial_option" not in element(view, "outpost")


def test_what_is_filled_in_is_the_wish() -> None:
    typed = {
        "instance_1": option("m5.24xlarge"),
        "count_1": "4",
        "ebs": "11",
        "payment": option("NO_UPFRONT"),
        "term": option("THREE_YEARS"),
        "country": "germany",
    }
    assert wish_from(shown(opened(), typed)) == Wish(
        OUTPOST, "eu-central-1", "DE", (("m5.24xlarge", 4),), 11, 0, "NO_UPFRONT", "THREE_YEARS"
    )


def test_rows_of_one_type_count_together_and_empty_ones_not_at_all() -> None:
    view = shown(opened(), {"instance_1": option("c5.24xlarge"), "count_1": "1"})
    view = shown(add_instance(view), {"instance_2": option("c5.24xlarge"), "count_2": "2"})
    found = wish_from(shown(add_instance(view)))
    assert isinstance(found, Wish)
    assert found.instances == (("c5.24xlarge", 3),)


def test_another_row_keeps_all_that_was_typed_up_to_ten() -> None:
    typed = {"instance_1": option("m5.24xlarge"), "count_1": "4", "s3": "26", "country": "FR"}
    view = add_instance(shown(opened(), typed))
    assert element(view, "s3")["initial_value"] == "26"
    assert element(view, "instance_1")["initial_option"]["text"]["text"] == "picked m5.24xlarge"
    for _ in range(MOST_INSTANCES):
        view = add_instance(shown(view))
        assert_fits_slack(view)
    assert len([one for one in inputs(view) if one["block_id"].startswith("instance_")]) == MOST_INSTANCES
    assert "add_instance" not in [block.get("block_id") for block in view["blocks"]]
    assert wish_from(shown(view)) == wish_from(shown(opened(), typed))


@pytest.mark.parametrize(
    ("typed", "block"),
    [
        ({}, "instance_1"),
        ({"instance_1": option("m5.24xlarge")}, "count_1"),
        ({"count_1": "4"}, "instance_1"),
        ({"instance_1": option("m5 24xlarge"), "count_1": "4"}, "instance_1"),
        ({"instance_1": option("m5.24xlarge"), "count_1": "0"}, "count_1"),
        ({"instance_1": option("m5.24xlarge"), "count_1": "1000"}, "count_1"),
        ({"ebs": "-1"}, "ebs"),
        ({"s3": "1.5"}, "s3"),
        ({"ebs": "1", "country": "Atlantis"}, "country"),
        ({"ebs": "1", "outpost": None}, "outpost"),
    ],
)
def test_what_is_wrong_is_told_under_its_field(typed: dict[str, Any], block: str) -> None:
    view = shown(opened(), typed)
    wrong = wish_from(view)
    assert isinstance(wrong, tuple)
    assert all(isinstance(one, Mistake) for one in wrong)
    assert list(errors_by_block(wrong, view)) == [block]


def test_storage_alone_can_be_quoted() -> None:
    found = wish_from(shown(opened(), {"s3": "26"}))
    assert isinstance(found, Wish)
    assert (found.instances, found.s3) == ((), 26)


def quoted(options: int = 2, prices: int = 9, text: str = "New rack", **more: Any) -> Quote:
    ways = tuple(
        (payment, term, Price(10**12, 10**11, "USD"))
        for payment in ("NO_UPFRONT", "PARTIAL_UPFRONT", "ALL_UPFRONT")
        for term in ("ONE_YEAR", "THREE_YEARS", "FIVE_YEARS")
    )[:prices]
    one = Option(OPTION, (text,) * 20, (text,) * 20, ways)
    return Quote(QUOTE, "eu-central-1", "2026-12-24T10:00:00+00:00", (one,) * options, **more)


def plain(*said: Say) -> str:
    return str([one.blocks for one in said])


def test_every_option_has_its_prices_and_a_button() -> None:
    one = Option(
        OPTION, ("4 × m5.24xlarge",), ("New rack",), (("NO_UPFRONT", "ONE_YEAR", Price(0, 340000, "USD")),)
    )
    said = quotes.made(Quote(QUOTE, "eu-central-1", "2026-12-24T10:00:00+00:00", (one,)), WISH, ["draft-1"])
    price = "Upfront 0.00 USD · monthly 3,400.00 USD × 12 · total 40,800.00 USD"
    assert f"No upfront, 1 year: {price}" in plain(*said)
    assert "4 × m5.24xlarge" in plain(*said)
    assert "2026-12-24 10:00 UTC" in plain(*said)
    [button] = [block["elements"][0] for one in said for block in one.blocks if block["type"] == "actions"]
    assert (button["action_id"], button["value"], button["text"]["text"]) == (
        "open_form",
        "draft-1",
        "Order option 1",
    )


def test_what_aws_would_refuse_is_said_with_what_to_do() -> None:
    failing = (Requirement("ENTERPRISE_SUPPORT_ERROR", FAIL, "Enterprise Support is required."),)
    said = quotes.made(quoted(requirements=failing), WISH, ["1", "2"])
    assert "would not take an order yet" in plain(*said)
    assert "sign up for that" in plain(*said)


def test_however_much_is_delivered_no_price_is_left_out() -> None:
    said = quotes.made(quoted(options=10, text="New rack of a kind " * 9), WISH, ["d"] * 10)
    assert plain(*said).count("× 60 · total") == 30
    assert "more" in plain(*said)


def test_an_option_without_a_price_cannot_be_ordered() -> None:
    said = quotes.made(quoted(options=1, prices=0), WISH, ["1"])
    assert "tells no price" in plain(*said)
    assert not [block for one in said for block in one.blocks if block["type"] == "actions"]


def test_a_quote_without_options_says_what_aws_says() -> None:
    [said] = quotes.made(quoted(options=0, words="No capacity."), WISH, [])
    assert "No capacity." in said.text


@pytest.mark.parametrize(
    "text", ["x" * 5000, "<!channel> <@U1>", "&<>" * 500, "`" * 50, "مرحبا" * 100, "🚀" * 900]
)
@pytest.mark.parametrize("options", [0, 1, 10, 12])
def test_whatever_aws_says_slack_takes_the_message(text: str, options: int) -> None:
    failing = tuple(Requirement(f"{text}{number}", FAIL, text) for number in range(50))
    wish = Wish(
        OUTPOST, instances=tuple((f"m{number}.24xlarge", 999) for number in range(10)), ebs=999, s3=999
    )
    for said in (
        *quotes.made(
            quoted(options, text=text, requirements=failing, words=text), wish, ["d" * 16] * options
        ),
        quotes.failed(wish, text, "d" * 16),
        quotes.asked(wish),
    ):
        assert check_message(list(said.blocks)) == ("", [])
        assert size(said.blocks) <= MESSAGE_LIMIT
        assert "<!channel>" not in plain(said)
        assert "<@U1>" not in plain(said)


def test_what_a_notification_says_pings_nobody() -> None:
    forged = replace(quoted(options=4), id="<!channel>")
    for said in quotes.made(forged, WISH, ["d"] * 4):
        assert "<!channel>" not in said.text

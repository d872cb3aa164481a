"""The forms: filled from words, read back into words, and never more than Slack takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.form import (
    Origin,
    Rejection,
    View,
    WasPlaced,
    choosing,
    origin_of,
    placed_form,
    reject_form,
    rejection,
    was_placed,
)
from bot.core.form.aws import (
    add_item,
    contradictions,
    errors_by_block,
    follow,
    form,
    overtaken,
    values_from,
)
from bot.core.form.parts import noted
from bot.core.quote import Row
from bot.core.request import (
    FIELDS,
    AwsTerms,
    LineItem,
    Mistake,
    Request,
    Values,
    read,
    tidy,
    values_of,
)
from bot.demo.slack.block_kit import check_view

TODAY = date(2026, 11, 22)
OUTPOST = "op-0123456789abcdef0"
ORIGIN = Origin("C0EDGE", "draft-1")
REASON = "second rack"

# What each kind of element starts with, and what Slack calls it when it comes back.
RETURNED = {
    "external_select": ("initial_option", "selected_option"),
    "static_select": ("initial_option", "selected_option"),
    "number_input": ("initial_value", "value"),
    "plain_text_input": ("initial_value", "value"),
    "email_text_input": ("initial_value", "value"),
    "datepicker": ("initial_date", "selected_date"),
    "conversations_select": ("initial_conversation", "selected_conversation"),
}


def label(key: str, value: str) -> str:
    return f"{key} {value}"


def opened(values: Values, **more: Any) -> View:
    return form(values, origin=ORIGIN, label=label, **more)


def shown(view: View, typed: Mapping[str, Any] | None = None) -> View:
    """`view` as Slack sends it back, with what somebody put into some of its blocks."""
    values = {
        block["block_id"]: {block["element"]["action_id"]: _returned(block["element"])}
        for block in inputs(view)
    }
    for block, value in (typed or {}).items():
        (element,) = values[block].values()
        element[RETURNED[element["type"]][1]] = value
    return {**view, "id": "V1", "hash": "1.2", "state": {"values": values}}


def _returned(element: Mapping[str, Any]) -> dict[str, Any]:
    initial, returned = RETURNED[element["type"]]
    return {"type": element["type"], returned: element.get(initial)}


def option(value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": f"picked {value}"}, "value": value}


def inputs(view: View) -> list[dict[str, Any]]:
    return [block for block in view["blocks"] if block["type"] == "input"]


def element(view: View, block: str) -> dict[str, Any]:
    found: dict[str, Any] = next(b["element"] for b in inputs(view) if b["block_id"] == block)
    return found


def said_above(view: View) -> str:
    texts = [b["elements"][0]["text"] for b in view["blocks"] if b.get("block_id") == "typed"]
    return "".join(texts)


def assert_fits_slack(view: View) -> None:
    """https://docs.slack.dev/reference/views and /reference/block-kit"""
    assert 1 <= len(view["blocks"]) <= 100
    assert len(view["private_metadata"]) <= 3000
    assert len(json.dumps(view)) < 250_000
    assert all(1 <= len(view[at]["text"]) <= 24 for at in ("title", "submit", "close") if at in view)
    assert "submit" in view or not inputs(view)
    ids = [block["block_id"] for block in view["blocks"] if "block_id" in block]
    assert len(set(ids)) == len(ids)
    for block in view["blocks"]:
        for text in (block.get("text"), *block.get("elements", ())):
            assert not text or text["type"] != "mrkdwn" or 1 <= len(text["text"]) <= 3000
    for block in inputs(view):
        assert 1 <= len(block["label"]["text"]) <= 2000
        _assert_element_fits(block["element"])


def _assert_element_fits(found: dict[str, Any]) -> None:
    initial = found.get("initial_option")
    for choice in [*found.get("options", ()), *([initial] if initial else [])]:
        assert 1 <= len(choice["text"]["text"]) <= 75
        assert 1 <= len(choice["value"]) <= 150
    assert "options" not in found or not initial or initial in found["options"]
    assert len(found.get("initial_value", "")) <= found.get("max_length", 3000) <= 3000
    assert 1 <= len(found.get("placeholder", {"text": "x"})["text"]) <= 150


def test_the_form_has_the_labels_that_people_know() -> None:
    assert [block["label"]["text"] for block in inputs(opened({}))] == [
        "Outpost",
        "Order by",
        "Catalog item",
        "Quantity",
        "Payment option",
        "Payment term",
        "Reason",
        "Cost center",
        "Needed by",
        "Post updates to",
    ]


def test_the_form_says_what_it_is_and_what_its_button_does() -> None:
    view = opened({})
    assert (view["callback_id"], view["title"]["text"]) == ("order_aws", "Order AWS Outposts")
    assert view["submit"]["text"] == "Ask for approval"


def test_a_block_is_called_as_its_key_and_so_is_its_element() -> None:
    view = opened({"item": ("OR-ABCDEFG", "OR-1234567")})
    blocks = [(block["block_id"], block["element"]["action_id"]) for block in inputs(view)]
    assert [block for block, _ in blocks] == [
        "outpost",
        "order_by",
        "item_1",
        "quantity_1",
        "item_2",
        "quantity_2",
        "payment",
        "term",
        "reason",
        "cost_center",
        "needed_by",
        "channel",
    ]
    assert all(block == action for block, action in blocks)


def test_what_a_request_needs_the_form_needs() -> None:
    optional = [block["block_id"] for block in inputs(opened({})) if block["optional"]]
    assert optional == ["cost_center", "needed_by", "channel"]


def test_choices_have_readable_texts_and_exact_values() -> None:
    view = opened({})
    texts = {
        choice["text"]["text"]: choice["value"]
        for key in ("payment", "term")
        for choice in element(view, key)["options"]
    }
    assert texts == {
        "No upfront": "NO_UPFRONT",
        "Partial upfront": "PARTIAL_UPFRONT",
        "All upfront": "ALL_UPFRONT",
        "1 year": "ONE_YEAR",
        "3 years": "THREE_YEARS",
        "5 years": "FIVE_YEARS",
    }


@pytest.mark.parametrize(
    ("values", "regions", "value"),
    [
        ({"outpost": (OUTPOST,)}, (), OUTPOST),
        ({"outpost": (OUTPOST,)}, ("eu-central-1",), f"eu-central-1/{OUTPOST}"),
        ({"outpost": (OUTPOST,)}, ("eu-central-1", "us-east-1"), OUTPOST),
        ({"outpost": (OUTPOST,), "region": ("us-east-1",)}, (), f"us-east-1/{OUTPOST}"),
        ({"outpost": (f"us-east-1/{OUTPOST}",)}, ("eu-central-1",), f"us-east-1/{OUTPOST}"),
        (
            {"outpost": (f"arn:aws:outposts:us-east-1:123456789012:outpost/{OUTPOST}",)},
            (),
            f"us-east-1/{OUTPOST}",
        ),
    ],
)
def test_an_outpost_is_chosen_with_its_region_where_that_is_known(
    values: Values, regions: tuple[str, ...], value: str
) -> None:
    chosen = element(opened(values, regions=regions), "outpost")["initial_option"]
    assert (chosen["value"], chosen["text"]["text"]) == (value, f"outpost {value}")


def test_a_choice_without_a_text_shows_its_value() -> None:
    view = form({"item": ("OR-ABCDEFG",)}, origin=ORIGIN, label=lambda _key, _value: "\u200b")
    assert element(view, "item_1")["initial_option"]["text"]["text"] == "OR-ABCDEFG"


def test_updates_go_to_a_channel_that_was_named_by_id() -> None:
    found = element(opened({"channel": ("<#C123|edge>",)}), "channel")
    assert found["initial_conversation"] == "C123"
    assert "default_to_current_conversation" not in found


def test_updates_go_where_it_was_asked_if_nothing_was_named() -> None:
    assert element(opened({}), "channel")["default_to_current_conversation"] is True


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ({"outpost": ("op-1",)}, "outpost=op-1"),
        ({"item": ("OR-ABCDEFG:500",)}, "item=OR-ABCDEFG:500"),
        ({"payment": ("half",)}, "payment=half"),
        ({"term": ("ONE_YEAR", "FIVE_YEARS")}, "term=FIVE_YEARS"),
        ({"needed_by": ("soon",)}, "needed_by=soon"),
        ({"channel": ("#edge",)}, "channel=#edge"),
        ({"channel": ("D123",)}, "channel=D123"),
        ({"region": ("us-east-1",)}, "region=us-east-1"),
        ({"quote": ("oq-1",)}, "quote=oq-1"),
        ({"colour": ("<!channel>",)}, "colour=&lt;!channel&gt;"),
        ({"reason": ("x" * 3001,)}, "reason=xxx"),
    ],
)
def test_what_the_form_cannot_show_is_said_above_it(values: Values, note: str) -> None:
    view = opened(values)
    assert_fits_slack(view)
    assert note in said_above(view)
    assert view["blocks"][0]["block_id"] == "typed"


def test_a_reason_that_is_too_long_keeps_its_beginning() -> None:
    assert element(opened({"reason": ("x" * 5000,)}), "reason")["initial_value"] == "x" * 3000


def test_who_will_be_asked_stands_at_the_end() -> None:
    view = opened({}, notes=["<@U1> will be asked.", "*Paid in full before delivery.*"])
    text = view["blocks"][-1]["elements"][0]["text"]
    assert text == "<@U1> will be asked.\n*Paid in full before delivery.*"


def test_the_form_remembers_where_it_was_asked_for() -> None:
    assert origin_of(opened({})) == ORIGIN


def test_another_item_keeps_all_that_was_typed() -> None:
    view = opened({"outpost": ("op-1",)}, notes=["<@U1> will be asked."])
    typed = {
        "outpost": option(f"eu-central-1/{OUTPOST}"),
        "item_1": option("OR-ABCDEFG"),
        "quantity_1": "3",
        "payment": option("NO_UPFRONT"),
        "reason": " because ",
        "needed_by": "2027-03-31",
        "channel": "C9",
    }
    more = add_item(shown(view, typed), lambda _key, _value: "not known any more")
    assert [b["block_id"] for b in inputs(more)][:6] == [
        "outpost",
        "order_by",
        "item_1",
        "quantity_1",
        "item_2",
        "quantity_2",
    ]
    chosen = element(more, "outpost")["initial_option"]["text"]["text"]
    assert chosen == f"picked eu-central-1/{OUTPOST}"
    assert element(more, "reason")["initial_value"] == " because "
    assert said_above(more) == said_above(view)
    assert more["blocks"][-1] == view["blocks"][-1]
    assert origin_of(more) == ORIGIN
    assert values_from(shown(more)) == values_from(shown(view, typed))


def test_another_item_keeps_a_quantity_whose_item_is_still_missing() -> None:
    more = add_item(shown(opened({}), {"quantity_1": "7"}), label)
    assert element(more, "quantity_1")["initial_value"] == "7"


def test_there_are_at_most_twenty_items_and_then_no_button() -> None:
    view = opened({})
    for rows in range(2, 21):
        assert view["blocks"][rows * 2]["elements"][0]["text"]["text"] == "Add another item"
        view = add_item(shown(view), label)
        assert_fits_slack(view)
    assert "add_item" not in [block.get("block_id") for block in view["blocks"]]
    assert len([b for b in inputs(view) if b["block_id"].startswith("item_")]) == 20
    assert len(inputs(add_item(shown(view), label))) == len(inputs(view))


def test_a_row_that_nobody_touched_is_not_an_item() -> None:
    view = add_item(shown(opened({"item": ("OR-ABCDEFG:2",)})), label)
    assert values_from(shown(view))["item"] == ("OR-ABCDEFG:2",)


@pytest.mark.parametrize(
    ("typed", "block", "message"),
    [
        ({"quantity_2": "500"}, "quantity_2", "not “OR-1234567:500”"),
        ({"quantity_2": None}, "quantity_2", "a whole number from 1 to 100"),
        ({"item_2": None, "quantity_2": "4"}, "item_2", "a catalog item"),
        ({"item_1": None}, "item_1", "a catalog item"),
        ({"outpost": option("op-1")}, "outpost", "an Outpost id"),
        ({"needed_by": "2020-01-01"}, "needed_by", "not in the past"),
        ({"reason": " \u200b "}, "reason", "that say why"),
    ],
)
def test_an_error_stands_under_the_field_that_it_is_about(
    typed: dict[str, Any], block: str, message: str
) -> None:
    values = {
        "outpost": (OUTPOST,),
        "item": ("OR-ABCDEFG:2", "OR-1234567:1"),
        "payment": ("NO_UPFRONT",),
        "term": ("ONE_YEAR",),
        "reason": (REASON,),
    }
    view = shown(opened(values), typed)
    if typed.get("item_1", "") is None:
        view = shown(opened({**values, "item": ()}), typed)
    mistakes = read("aws", values_from(view), TODAY)
    assert isinstance(mistakes, tuple)
    errors = errors_by_block(mistakes, view)
    assert list(errors) == [block]
    assert message in errors[block]


def test_errors_of_one_field_are_told_together() -> None:
    mistakes = [Mistake("reason", "a", "this"), Mistake("reason", "b", "that")]
    errors = errors_by_block(mistakes, shown(opened({})))
    assert errors == {"reason": "Expected this, not “a”. Expected that, not “b”."}


@pytest.mark.parametrize(
    ("key", "block"),
    [("region", "outpost"), ("quote", "item_1"), ("option", "item_1"), ("colour", "outpost")],
)
def test_a_mistake_without_a_field_goes_to_the_nearest(key: str, block: str) -> None:
    errors = errors_by_block([Mistake(key, "x", "y")], shown(opened({})))
    assert list(errors) == [block]


QUOTE, OPTION = "oq-0123456789abcdef0", "oqo-0123456789abcdef0"
PRICED = Row("eu-central-1", OUTPOST, QUOTE, OPTION, "NO_UPFRONT", "THREE_YEARS")
OTHER = Row("eu-central-1", OUTPOST, QUOTE, OPTION, "ALL_UPFRONT", "ONE_YEAR")


def by_quote(chosen: Row | None = None, **typed: Any) -> View:
    """The form on which *Quote* was chosen, and then one of them."""
    view = follow(shown(opened({}), {"order_by": option("quote")}), label)
    if chosen is None:
        return view
    return follow(shown(view, {"quote": option(chosen.value), **typed}), label)


def test_by_quote_the_items_give_way_to_one() -> None:
    view = by_quote()
    assert_fits_slack(view)
    assert [block["label"]["text"] for block in inputs(view)][:5] == [
        "Outpost",
        "Order by",
        "Quote",
        "Payment option",
        "Payment term",
    ]
    back = follow(shown(view, {"order_by": option("items")}), label)
    assert [block["block_id"] for block in inputs(back)] == [
        block["block_id"] for block in inputs(opened({}))
    ]


def test_what_was_entered_for_the_other_way_is_there_again_when_somebody_comes_back_to_it() -> None:
    items = ("OR-ABCDEFG:3", "OR-HIJKLMN:1")
    quoted = follow(shown(opened({"item": items}), {"order_by": option("quote")}), label)
    assert "item" not in values_from(shown(quoted))
    chosen = follow(shown(quoted, {"quote": option(PRICED.value)}), label)
    back = follow(shown(chosen, {"order_by": option("items")}), label)
    assert values_from(shown(back))["item"] == items
    assert "quote" not in values_from(shown(back))
    again = follow(shown(back, {"order_by": option("quote")}), label)
    assert values_from(shown(again))["quote"] == (QUOTE,)


def test_a_chosen_quote_says_how_it_is_paid() -> None:
    view = by_quote(PRICED)
    assert_fits_slack(view)
    found = values_from(shown(view))
    assert found == {
        "quote": (QUOTE,),
        "option": (OPTION,),
        "payment": ("NO_UPFRONT",),
        "term": ("THREE_YEARS",),
    }
    assert contradictions(shown(view)) == ()


def test_another_quote_replaces_how_it_is_paid() -> None:
    view = follow(shown(by_quote(PRICED), {"quote": option(OTHER.value)}), label)
    assert values_from(shown(view))["payment"] == ("ALL_UPFRONT",)
    assert values_from(shown(view))["term"] == ("ONE_YEAR",)


def test_nobody_sees_one_price_and_asks_for_another() -> None:
    view = by_quote(PRICED)
    changed = {block["block_id"]: block["element"]["action_id"] for block in inputs(view)}
    payment = next(block for block, action in changed.items() if action == "payment")
    sent = shown(view, {payment: option("ALL_UPFRONT")})
    (mistake,) = contradictions(sent)
    assert (mistake.key, mistake.word) == ("payment", "All upfront")
    assert errors_by_block([mistake], sent)[payment].startswith("Expected No upfront, for which")


def test_a_quote_for_another_outpost_is_told_under_it() -> None:
    view = shown(by_quote(PRICED), {"outpost": option(f"eu-central-1/op-{'a' * 17}")})
    (mistake,) = contradictions(view)
    assert list(errors_by_block([mistake], view)) == ["quote"]


def test_what_was_sent_before_the_form_had_followed_comes_back() -> None:
    early = shown(opened({}), {"order_by": option("quote")})
    newer = overtaken(early, label)
    assert newer is not None
    assert [b["block_id"] for b in inputs(newer)] == [b["block_id"] for b in inputs(by_quote())]
    assert overtaken(shown(newer), label) is None
    assert overtaken(shown(by_quote(), {"quote": option(PRICED.value)}), label) is not None


def test_a_quote_that_was_typed_is_there_and_with_a_price_only_if_that_is_known() -> None:
    typed = {"quote": (QUOTE,), "option": (OPTION,), "payment": ("NO_UPFRONT",), "term": ("ONE_YEAR",)}
    known, unknown = opened(typed), form(typed, origin=ORIGIN, label=lambda _key, value: value)
    for view in (known, unknown):
        assert_fits_slack(view)
        assert values_from(shown(view)) == typed
    assert element(known, "quote")["initial_option"]["value"].endswith("/NO_UPFRONT/ONE_YEAR")
    chosen = element(unknown, "quote")["initial_option"]
    assert (chosen["text"]["text"], chosen["value"]) == (
        f"{QUOTE}, option {OPTION}",
        f"//{QUOTE}/{OPTION}//",
    )


def test_items_and_a_quote_open_the_form_with_the_items() -> None:
    view = opened({"item": ("OR-ABCDEFG",), "quote": (QUOTE,)})
    assert f"quote={QUOTE}" in said_above(view)
    assert "quote" not in values_from(shown(view))


def test_where_aws_knows_no_quotes_the_form_does_not_ask() -> None:
    labels = [block["label"]["text"] for block in inputs(opened({}, quotes=False))]
    assert "Order by" not in labels
    assert "Catalog item" in labels
    more = add_item(shown(opened({}, quotes=False)), label)
    assert "order_by" not in [block["block_id"] for block in inputs(more)]


def test_mistakes_about_a_quote_stand_under_it() -> None:
    view = shown(by_quote())
    found = [Mistake("item", "", "x"), Mistake("option", "x", "y")]
    assert list(errors_by_block(found, view)) == ["quote"]


def test_choosing_offers_each_cloud() -> None:
    view = choosing(["aws", "azure"], ORIGIN)
    assert_fits_slack(view)
    buttons = [(b["text"]["text"], b["action_id"], b["value"]) for b in view["blocks"][1]["elements"]]
    assert buttons == [
        ("AWS Outposts", "choose_aws", "aws"),
        ("Azure Edge hardware", "choose_azure", "azure"),
    ]
    assert origin_of(view) == ORIGIN


def test_a_rejection_comes_back_with_its_reason() -> None:
    view = reject_form("ORD-7F3K2M", "7", ORIGIN)
    assert_fits_slack(view)
    assert (view["title"]["text"], view["callback_id"]) == ("Reject ORD-7F3K2M", "reject")
    typed = shown(view, {"reason": " too dear "})
    assert rejection(typed) == Rejection("ORD-7F3K2M", "7", "too dear", ORIGIN)


def test_a_blank_reason_to_reject_is_no_reason() -> None:
    assert rejection(shown(reject_form("ORD-7F3K2M", "7", ORIGIN), {"reason": "  "})).reason == ""


def test_an_operator_says_which_order_it_was() -> None:
    view = placed_form("ORD-7F3K2M")
    assert_fits_slack(view)
    assert view["callback_id"] == "was_placed"
    found = was_placed(shown(view, {"cloud_order": " OO-0123456789ABCDEF0 "}))
    assert found == WasPlaced("ORD-7F3K2M", "oo-0123456789abcdef0")


def test_an_order_id_that_is_none_is_told_under_its_field() -> None:
    view = shown(placed_form("ORD-7F3K2M"), {"cloud_order": "42"})
    mistake = was_placed(view)
    assert isinstance(mistake, Mistake)
    assert list(errors_by_block([mistake], view)) == ["cloud_order"]


ITEMS = st.lists(
    st.builds(LineItem, st.sampled_from(["OR-ABCDEFG", "OR-1234567"]), st.integers(1, 100)),
    min_size=1,
    max_size=20,
).map(tuple)
USUAL: dict[str, Any] = {
    "outpost": st.just(OUTPOST),
    "region": st.sampled_from(["", "eu-central-1"]),
    "payment": st.sampled_from(["NO_UPFRONT", "PARTIAL_UPFRONT", "ALL_UPFRONT"]),
    "term": st.sampled_from(["ONE_YEAR", "THREE_YEARS", "FIVE_YEARS"]),
}
requests = st.builds(
    Request,
    cloud=st.just("aws"),
    terms=st.builds(AwsTerms, items=ITEMS, **USUAL)
    | st.builds(
        AwsTerms, items=st.just(()), quote=st.just(QUOTE), option=st.sampled_from(["", OPTION]), **USUAL
    ),
    reason=(st.text() | st.sampled_from(["x" * 3000, "🚀" * 3000])).map(tidy).filter(bool),
    cost_center=st.sampled_from(["", "CC-4711"]),
    needed_by=st.sampled_from(["", "2027-03-31"]),
    channel=st.sampled_from(["", "C0EDGE"]),
)


@settings(max_examples=50, deadline=None)
@given(requests)
def test_a_request_comes_back_from_its_form_as_it_was(request: Request) -> None:
    view = opened(values_of(request))
    assert_fits_slack(view)
    assert said_above(view) == ""
    assert read("aws", values_from(shown(view)), TODAY) == request


@settings(max_examples=50, deadline=None)
@given(requests)
def test_the_form_comes_back_from_its_values_as_it_was(request: Request) -> None:
    view = opened(values_of(request))
    assert opened(values_from(shown(view))) == view


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([field.key for field in FIELDS["aws"]]) | st.text(),
        st.lists(st.text() | st.just("&" * 9000), max_size=30).map(tuple),
    ),
    st.text(),
)
def test_whatever_was_typed_the_form_opens(values: dict[str, tuple[str, ...]], text: str) -> None:
    view = form(values, origin=ORIGIN, label=lambda _key, _value: text)
    assert_fits_slack(view)
    assert_fits_slack(add_item(shown(view), label))
    found = read("aws", values_from(shown(view)), TODAY)
    if isinstance(found, tuple):
        errors = errors_by_block(found, shown(view))
        assert set(errors) <= {block["block_id"] for block in inputs(view)}
        assert all(1 <= len(message) <= 300 for message in errors.values())


def test_a_quote_that_the_form_cannot_show_is_not_dropped_in_silence() -> None:
    assert OPTION in said_above(opened({"option": (OPTION,)}))
    assert QUOTE in said_above(opened({"item": ("OR-ABCDEFG",), "quote": (QUOTE,)}))
    assert said_above(opened({"quote": (QUOTE,), "option": (OPTION,)})) == ""


@pytest.mark.parametrize(("steps", "people"), [(1, 100), (9, 50), (40, 100)])
def test_what_has_to_be_seen_before_filing_is_shown_once_however_long_it_is(steps: int, people: int) -> None:
    names = " ".join(f"<@U{number:09}>" for number in range(people))
    lines = [f"Step {step}: {names}" for step in range(steps)]
    again = noted(shown(opened({})), lines)
    assert again
    assert check_view(again, "modal") == ("", [])
    assert noted(shown(again), lines) is None
    assert noted(shown(again), ["Another line", *lines])


def earlier(view: View) -> View:
    """The form as a version of the bot would have made it that gave its blocks other ids."""
    blocks = [one | {"block_id": f"{one['block_id']}_block"} for one in inputs(view)]
    return {**view, "blocks": [one for one in blocks if one["block_id"] != "order_by_block"]}


def test_a_form_of_an_earlier_version_comes_back_with_all_that_was_typed() -> None:
    typed = {
        "outpost": (f"eu-central-1/{OUTPOST}",),
        "item": ("OR-ABCDEFG:3", "OR-HIJKLMN:1"),
        "payment": ("NO_UPFRONT",),
        "term": ("ONE_YEAR",),
        "reason": (REASON,),
        "needed_by": ("2027-01-01",),
        "channel": ("C0EDGE",),
    }
    early = shown(earlier(opened(typed)))
    assert values_from(early) == typed
    newer = overtaken(early, label)
    assert newer is not None
    assert values_from(shown(newer)) == typed
    assert overtaken(shown(newer), label) is None
    assert values_from(shown(add_item(early, label))) == typed


@pytest.mark.parametrize(
    "typed",
    [
        {"item": ("OR-ABCDEFG:3", "OR-HIJKLMN:1"), "payment": ("NO_UPFRONT",), "term": ("ONE_YEAR",)},
        {"quote": (QUOTE,), "option": (OPTION,), "payment": ("NO_UPFRONT",), "term": ("ONE_YEAR",)},
    ],
    ids=["items", "quote"],
)
def test_a_form_that_changes_before_slack_has_told_what_is_in_it_stays_as_it_is(typed: Values) -> None:
    values = {
        "outpost": (f"eu-central-1/{OUTPOST}",),
        **typed,
        "reason": (REASON,),
        "needed_by": ("2027-01-01",),
    }
    view = opened(values)
    newer = follow({**view, "id": "V1", "hash": "1.2", "state": {"values": {}}}, label)
    assert [one["block_id"] for one in inputs(newer)] == [one["block_id"] for one in inputs(view)]
    assert values_from(shown(newer)) == values


def test_another_item_that_was_asked_for_in_haste_takes_away_none_on_a_form_that_is_by_quote_by_now() -> None:
    items = ("OR-ABCDEFG:3", "OR-HIJKLMN:1")
    quoted = follow(shown(opened({"item": items}), {"order_by": option("quote")}), label)
    late = add_item(shown(quoted), label)
    back = follow(shown(late, {"order_by": option("items")}), label)
    assert values_from(shown(back))["item"] == items

"""The form for Azure: it follows what is chosen, comes back as words, and keeps an address to itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.address import ADDRESS_FIELDS
from bot.core.form import View, errors_by_block, origin_of
from bot.core.form.azure import (
    NEW_ADDRESS,
    NEW_ADDRESS_TEXT,
    follow,
    form,
    new_address_from,
    overtaken,
    product_asked_about,
    values_from,
)
from bot.core.request import FIELDS, Mistake, NewAddress, Request, Values, read, values_of
from tests.core.test_azure_request import ADDRESS, requests
from tests.core.test_form import ORIGIN, assert_fits_slack, element, inputs, option, said_above, shown

TODAY = date(2026, 11, 22)
GPU = "edge/edge/gpu"
HIGH, BASE = f"{GPU}/EdgeP_High", f"{GPU}/EdgeP_Base"
CATALOGUE = {
    "product": [(GPU, "Azure Stack Edge Pro - GPU"), ("hci/hci/node", "HCI node")],
    "configuration": [(HIGH, "2 GPUs"), (BASE, "1 GPU"), ("hci/hci/node/one", "One node")],
    "commitment": [(f"{HIGH}/P365D", "1 year"), (f"{HIGH}/P1095D", "3 years"), (f"{BASE}/P365D", "1 year")],
    "encryption": [(f"{HIGH}/Enabled", "Double encryption")],
    "address": [("fra-1", "fra-1 · Frankfurt, DE")],
    "location": [("eastus", "East US")],
}
ADDRESS_KEYS = [field.key for field in ADDRESS_FIELDS]
ADDRESS_LABELS = ["Street", "City", "State", "Postal code", "Country", "Contact name", "Phone", "E-mail"]
VALUES: Values = {
    "product": (GPU,),
    "configuration": ("EdgeP_High",),
    "qty": ("2",),
    "type": ("Rental",),
    "address": ("fra-1",),
    "location": ("eastus",),
    "resource_group": ("edge",),
    "reason": ("line 4 moves",),
}


def offered(key: str) -> Sequence[tuple[str, str]]:
    return CATALOGUE.get(key, [])


def nothing(_key: str) -> Sequence[tuple[str, str]]:
    return ()


def opened(values: Values, **more: Any) -> View:
    return form(values, origin=ORIGIN, offered=more.pop("offered", offered), **more)


def labels(view: View) -> list[str]:
    return [block["label"]["text"] for block in inputs(view)]


def block_of(view: View, action: str) -> str:
    return next(str(b["block_id"]) for b in inputs(view) if b["element"]["action_id"] == action)


def chosen(view: View, **typed: Any) -> View:
    """`view` as Slack sends it back, with what somebody put into some of its elements."""
    return shown(view, {block_of(view, action): value for action, value in typed.items()})


def after(view: View, **typed: Any) -> View:
    return follow(chosen(view, **typed), offered)


def test_the_form_has_the_labels_that_people_know() -> None:
    assert labels(opened({})) == [
        "Product",
        "Configuration",
        "Quantity",
        "Order type",
        "Ship to",
        "Location",
        "Resource group",
        "Reason",
        "Cost center",
        "Needed by",
        "Post updates to",
    ]


def test_the_form_says_what_it_is_and_what_its_button_does() -> None:
    view = opened({})
    assert (view["callback_id"], view["title"]["text"]) == ("order_azure", "Order Azure hardware")
    assert view["submit"]["text"] == "Ask for approval"
    assert origin_of(view) == ORIGIN


def test_what_a_request_needs_the_form_needs() -> None:
    optional = [block["element"]["action_id"] for block in inputs(opened({})) if block["optional"]]
    assert optional == ["qty", "cost_center", "needed_by", "channel"]


def test_choices_that_decide_what_else_is_asked_or_who_will_be_are_told_at_once() -> None:
    told = [b["element"]["action_id"] for b in inputs(opened(VALUES)) if b.get("dispatch_action")]
    assert told == ["product", "configuration", "type", "address", "commitment", "location"]


def test_choices_are_called_as_the_catalogue_calls_them() -> None:
    view = opened(VALUES)
    texts = [
        element(view, block_of(view, key))["initial_option"]["text"]["text"]
        for key in ("product", "configuration", "address", "location")
    ]
    assert texts == ["Azure Stack Edge Pro - GPU", "2 GPUs", "fra-1 · Frankfurt, DE", "East US"]


def test_a_choice_that_the_catalogue_does_not_know_shows_its_own_name() -> None:
    view = opened(VALUES, offered=nothing)
    config = element(view, block_of(view, "configuration"))["initial_option"]
    assert (config["text"]["text"], config["value"]) == ("EdgeP_High", HIGH)


def test_names_are_the_same_whatever_their_case() -> None:
    view = opened({**VALUES, "product": (GPU.upper(),), "configuration": ("edgep_high",)})
    assert "Term commitment" in labels(view)
    assert values_from(shown(view)) == VALUES


def test_a_term_and_double_encryption_are_asked_for_where_the_configuration_offers_them() -> None:
    high, base = opened(VALUES), opened({**VALUES, "configuration": ("EdgeP_Base",)})
    assert labels(high)[5:7] == ["Term commitment", "Double encryption"]
    assert labels(base)[5:7] == ["Term commitment", "Location"]
    terms = element(high, block_of(high, "commitment"))["options"]
    assert [(one["value"], one["text"]["text"]) for one in terms] == [
        ("P365D", "1 year"),
        ("P1095D", "3 years"),
    ]


def test_a_configuration_of_another_product_is_dropped() -> None:
    view = opened(VALUES)
    other = after(view, product=option("hci/hci/node"), reason="kept")
    assert block_of(other, "configuration") != block_of(view, "configuration")
    assert "initial_option" not in element(other, block_of(other, "configuration"))
    assert "Term commitment" not in labels(other)
    entered = values_from(shown(other))
    assert "configuration" not in entered
    assert (entered["product"], entered["reason"], entered["qty"]) == (("hci/hci/node",), ("kept",), ("2",))


def test_a_configuration_is_not_taken_for_one_of_a_product_that_was_chosen_after_it() -> None:
    entered = values_from(chosen(opened(VALUES), product=option("hci/hci/node")))
    assert "configuration" not in entered


def test_configurations_are_those_of_the_field_on_the_screen_as_long_as_it_lags_behind() -> None:
    view = chosen(opened(VALUES), product=option("hci/hci/node"))
    assert product_asked_about(view) == GPU
    assert product_asked_about(follow(view, offered)) == "hci/hci/node"
    assert product_asked_about(opened({})) == ""


def test_a_term_is_not_carried_over_to_another_configuration() -> None:
    view = opened({**VALUES, "commitment": ("P365D",)})
    other = after(view, configuration=option(BASE))
    assert "initial_option" not in element(other, block_of(other, "commitment"))
    assert "commitment" not in values_from(shown(other))


def test_a_choice_keeps_all_that_does_not_depend_on_it() -> None:
    values = {**VALUES, "commitment": ("P1095D",), "encryption": ("Enabled",), "channel": ("C9",)}
    view = opened(values, notes=["<@U1> will be asked."])
    again = after(view, reason=" because ", needed_by="2027-03-31")
    assert values_from(shown(again)) == {**values, "reason": (" because ",), "needed_by": ("2027-03-31",)}
    assert again["blocks"][-1] == view["blocks"][-1]
    assert origin_of(again) == ORIGIN


def test_a_term_that_was_typed_before_a_configuration_is_kept_for_one_that_offers_it() -> None:
    view = opened({"commitment": ("P365D",)})
    assert "Term commitment" in labels(view)
    product = after(view, product=option(GPU))
    high = after(product, configuration=option(HIGH))
    assert values_from(shown(high))["commitment"] == ("P365D",)


def test_a_term_that_was_typed_and_is_not_offered_is_said_above_the_form() -> None:
    assert "commitment=P90D" in said_above(opened({**VALUES, "commitment": ("P90D",)}))
    view = opened({"commitment": ("P90D",), "qty": ("99",)})
    high = after(after(view, product=option(GPU)), configuration=option(HIGH))
    assert "qty=99" in said_above(high)
    assert "commitment=P90D" in said_above(high)
    assert high["blocks"][0]["block_id"] == "typed"


def test_of_a_configuration_that_nobody_knows_yet_what_was_typed_is_kept() -> None:
    values = {**VALUES, "commitment": ("P730D",), "encryption": ("Disabled",)}
    view = opened(values, offered=nothing)
    assert said_above(view) == ""
    assert values_from(shown(view)) == values
    assert element(view, block_of(view, "commitment"))["options"][0]["text"]["text"] == "2 years"


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ({"product": ("gpu",)}, "product=gpu"),
        ({"product": (f"{'a' * 60}/{'b' * 60}/{'c' * 60}",)}, "product=aaa"),
        ({"configuration": ("EdgeP_High",)}, "configuration=EdgeP_High"),
        ({"qty": ("21",)}, "qty=21"),
        ({"type": ("Lease",)}, "type=Lease"),
        ({"address": ("x",)}, "address=x"),
        ({**VALUES, "configuration": ("EdgeP_Base",), "encryption": ("Enabled",)}, "encryption=Enabled"),
        ({"channel": ("#edge",)}, "channel=#edge"),
        ({"outpost": ("<!channel>",)}, "outpost=&lt;!channel&gt;"),
    ],
)
def test_what_the_form_cannot_show_is_said_above_it(values: Values, note: str) -> None:
    view = opened(values)
    assert_fits_slack(view)
    assert note in said_above(view)


# --- a new address -----------------------------------------------------------------------------


def with_address(**changes: Any) -> View:
    """The form with a new address filled in."""
    view = after(opened(VALUES), address=option(NEW_ADDRESS))
    return chosen(view, **{**asdict(ADDRESS), "state": None, **changes})


def test_a_new_address_has_its_fields_and_a_saved_one_has_none() -> None:
    view = after(opened(VALUES), address=option(NEW_ADDRESS))
    assert labels(view)[4 : 4 + 9] == ["Ship to", *ADDRESS_LABELS]
    assert element(view, "address")["initial_option"]["text"]["text"] == NEW_ADDRESS_TEXT
    assert_fits_slack(view)
    saved = after(view, address=option("fra-1"))
    assert not set(labels(saved)) & set(ADDRESS_LABELS)


def test_a_new_address_comes_out_by_itself() -> None:
    view = with_address(country="Germany")
    assert new_address_from(view) == ADDRESS
    assert "address" not in values_from(view)
    asked = read("azure", values_from(view), TODAY, elsewhere=("address",))
    assert isinstance(asked, Request)
    assert asked.azure.address == ""


def test_of_a_saved_address_no_new_one_comes_out() -> None:
    assert new_address_from(shown(opened(VALUES))) is None


def test_no_view_that_we_send_has_what_was_typed_of_an_address() -> None:
    typed = {name: f"secret {name}" for name in ADDRESS_KEYS}
    again = follow(with_address(**typed), offered)
    assert "Street" in labels(again)
    assert "secret" not in json.dumps(again)


def test_what_is_wrong_with_an_address_stands_under_its_fields() -> None:
    view = with_address(street=" ", country="Germny", phone="call me")
    mistakes = new_address_from(view)
    assert isinstance(mistakes, tuple)
    assert errors_by_block(mistakes, view) == {
        "street": "Expected street and number, at most 100 characters.",
        "country": "Expected a country, as two letters such as DE, not “Germny”. Did you mean DE?",
        "phone": "Expected a phone number, at most 30 characters, not “call me”.",
    }


def test_an_error_finds_a_field_whose_block_belongs_to_a_choice() -> None:
    view = shown(opened({"product": (GPU,)}))
    mistakes = read("azure", values_from(view), TODAY)
    assert isinstance(mistakes, tuple)
    errors = errors_by_block(mistakes, view)
    assert f"configuration@{GPU}" in errors
    assert set(errors) == {block_of(view, m.key) for m in mistakes}


# --- a form that was submitted too soon --------------------------------------------------------


def test_a_form_that_is_as_it_has_to_be_is_not_overtaken() -> None:
    assert overtaken(shown(opened(VALUES)), offered) is None
    assert overtaken(with_address(), offered) is None


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ({"product": option("hci/hci/node")}, "Configuration"),
        ({"configuration": option(BASE)}, "Term commitment"),
        ({"address": option(NEW_ADDRESS)}, "Street"),
    ],
)
def test_a_form_whose_update_was_lost_is_brought_up_to_date(typed: dict[str, Any], label: str) -> None:
    newer = overtaken(chosen(opened(VALUES), **typed), offered)
    assert newer is not None
    assert label in labels(newer)
    assert overtaken(shown(newer), offered) is None


# --- whatever is asked -------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(requests.filter(lambda request: not request.channel.startswith("#")))
def test_a_request_comes_back_from_its_form_as_it_was(request: Request) -> None:
    view = opened(values_of(request))
    assert_fits_slack(view)
    assert said_above(view) == ""
    assert read("azure", values_from(shown(view)), TODAY) == request
    assert opened(values_from(shown(view))) == view
    assert follow(shown(view), offered) == view


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([field.key for field in FIELDS["azure"]]) | st.text(),
        st.lists(
            st.text() | st.sampled_from(["&" * 9000, GPU, "EdgeP_High", NEW_ADDRESS, "P365D", "x" * 64]),
            max_size=3,
        ).map(tuple),
    ),
    st.text(),
)
def test_whatever_was_typed_the_form_opens(values: dict[str, tuple[str, ...]], text: str) -> None:
    view = opened(values, offered=lambda key: [(value, text) for value, _ in offered(key)])
    assert_fits_slack(view)
    new = after(view, address=option(NEW_ADDRESS))
    assert_fits_slack(new)
    address = new_address_from(shown(new))
    found = read("azure", values_from(shown(new)), TODAY, elsewhere=("address",))
    assert not isinstance(address, NewAddress)
    wrong: list[Mistake] = [*(address or ()), *(found if isinstance(found, tuple) else ())]
    errors = errors_by_block(wrong, shown(new))
    assert set(errors) <= {block["block_id"] for block in inputs(new)}
    assert all(1 <= len(message) <= 300 for message in errors.values())


def test_a_form_of_an_earlier_version_comes_back_with_all_that_was_typed() -> None:
    made = opened(VALUES)
    blocks = [
        one | {"block_id": one["block_id"] if "@" in one["block_id"] else f"{one['block_id']}_block"}
        for one in inputs(made)
    ]
    early = shown({**made, "blocks": blocks})
    typed = values_from(shown(made))
    assert values_from(early) == typed
    newer = overtaken(early, offered)
    assert newer is not None
    assert values_from(shown(newer)) == typed
    assert overtaken(shown(newer), offered) is None


def test_a_form_that_changes_before_slack_has_told_what_is_in_it_stays_as_it_is() -> None:
    view = opened(VALUES)
    newer = follow({**view, "id": "V1", "hash": "1.2", "state": {"values": {}}}, offered)
    assert values_from(shown(newer)) == values_from(shown(view))
    assert [one["block_id"] for one in inputs(newer)] == [one["block_id"] for one in inputs(view)]

"""What an edited request says otherwise than before: every field of every form, under its own label."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.core.messages.changes import changes_between
from bot.core.request import FIELDS, Request, read, values_of
from tests.core import azure
from tests.core.test_order import REQUEST

BEFORE = {
    "aws": replace(REQUEST, cost_center="CC-1", needed_by="2027-03-31", channel="C0EDGE"),
    "azure": replace(
        azure.REQUEST,
        terms=replace(azure.TERMS, commitment="P365D", double_encryption="Disabled"),
        cost_center="CC-1",
        needed_by="2027-03-31",
    ),
}
LATER = {
    "outpost": ("op-0123456789abcdef9", "Outpost: op-0123456789abcdef0 → op-0123456789abcdef9"),
    "item": ("OR-ABCDEFG:3", "Catalog item: OR-ABCDEFG:2 → OR-ABCDEFG:3"),
    "payment": ("ALL_UPFRONT", "Payment option: No upfront → All upfront"),
    "term": ("FIVE_YEARS", "Payment term: 3 years → 5 years"),
    "region": ("us-west-2", "Region: eu-west-1 → us-west-2"),
    "reason": ("another", "Reason: {} → another"),
    "cost_center": ("CC-2", "Cost center: CC-1 → CC-2"),
    "needed_by": ("2027-04-01", "Needed by: 2027-03-31 → 2027-04-01"),
    "channel": ("C0OTHER", "Post updates to: C0EDGE → C0OTHER"),
    "product": ("a/b/c", "Product: azurestackedge/azurestackedge/azurestackedgegpu → a/b/c"),
    "configuration": ("edgep_base", "Configuration: edgep_high → edgep_base"),
    "qty": ("4", "Quantity: 3 → 4"),
    "type": ("Purchase", "Order type: Rental → Purchase"),
    "address": ("fra-1", "Ship to: columbus-plant → fra-1"),
    "commitment": ("P1095D", "Term commitment: 1 year → 3 years"),
    "encryption": ("Enabled", "Double encryption: Disabled → Enabled"),
    "location": ("westeurope", "Location: eastus → westeurope"),
    "resource_group": ("other-rg", "Resource group: edge-rg → other-rg"),
}
INSTEAD_OF_ITEMS = {"quote": ("oq-0123456789abcdef0",), "option": ("oqo-0123456789abcdef0",)}


def asked(cloud: str, **words: tuple[str, ...]) -> Request:
    """The request with other words in it."""
    values = {key: said for key, said in (values_of(BEFORE[cloud]) | words).items() if said}
    found = read(cloud, values, date(2026, 11, 1))
    assert isinstance(found, Request), found
    return found


EACH = [
    (cloud, field.key) for cloud in FIELDS for field in FIELDS[cloud] if field.key not in INSTEAD_OF_ITEMS
]


@pytest.mark.parametrize(("cloud", "key"), EACH, ids=map("-".join, EACH))
def test_each_field_that_is_changed_is_told_under_its_label(cloud: str, key: str) -> None:
    word, line = LATER[key]
    told = changes_between(BEFORE[cloud], asked(cloud, **{key: (word,)}))
    assert told == (line.format(BEFORE[cloud].reason),)


def test_a_quote_in_place_of_items_is_told() -> None:
    told = changes_between(BEFORE["aws"], asked("aws", item=(), **INSTEAD_OF_ITEMS))
    assert "Catalog item: OR-ABCDEFG:2 → nothing" in told
    assert any(line.startswith("Quote: nothing → oq-0123456789abcdef0") for line in told)


def test_what_is_emptied_or_added_is_told() -> None:
    assert changes_between(BEFORE["aws"], asked("aws", cost_center=())) == ("Cost center: CC-1 → nothing",)
    two = asked("aws", item=("OR-ABCDEFG:2", "OR-HIJKLMN:1"))
    assert changes_between(BEFORE["aws"], two) == ("Catalog item: OR-ABCDEFG:2 → OR-ABCDEFG:2, OR-HIJKLMN:1",)


def test_a_new_address_is_told_without_any_of_it() -> None:
    told = changes_between(BEFORE["azure"], asked("azure"), new_address=True)
    assert told == ("Ship to: columbus-plant → a new address",)


@pytest.mark.parametrize("cloud", FIELDS)
def test_the_same_again_is_no_change(cloud: str) -> None:
    assert changes_between(BEFORE[cloud], asked(cloud)) == ()

"""What is asked of Azure: read from words, told as words again, and an address that is typed in."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.address import ADDRESS_FIELDS, NewAddress, read_address
from bot.core.azure_terms import duration_text
from bot.core.command import Ask, Misread, Status, Track, check, parse
from bot.core.countries import COUNTRIES, country_code, nearest_country
from bot.core.request import (
    FIELDS,
    AzureTerms,
    Mistake,
    Request,
    Values,
    command_line,
    dump,
    load,
    read,
    values_of,
    with_defaults,
)
from tests.core.test_request import reasons, tricky

TODAY = date(2026, 11, 22)
PRODUCT = "azurestackedge/azurestackedge/azurestackedgegpu"
VALUES: Values = {
    "product": (PRODUCT,),
    "configuration": ("EdgeP_High",),
    "type": ("Rental",),
    "address": ("fra-1",),
    "location": ("eastus",),
    "resource_group": ("edge",),
    "reason": ("line 4 moves",),
}
REQUEST = Request(
    cloud="azure",
    terms=AzureTerms(
        product=PRODUCT,
        configuration="EdgeP_High",
        quantity=1,
        order_type="Rental",
        address="fra-1",
        location="eastus",
        resource_group="edge",
    ),
    reason="line 4 moves",
)
ADDRESS = NewAddress(
    street="Hanauer Landstrasse 298",
    city="Frankfurt am Main",
    state="",
    postal_code="60314",
    country="DE",
    contact="Dana Fox",
    phone="+49 (69) 555-0100",
    email="dana@example.com",
)

names = st.from_regex(r"\A[A-Za-z0-9_.-]{1,12}\Z")
requests = st.builds(
    Request,
    cloud=st.just("azure"),
    terms=st.builds(
        AzureTerms,
        product=st.builds("{}/{}/{}".format, names, names, names),
        configuration=names,
        quantity=st.integers(1, 20),
        order_type=st.sampled_from(["Purchase", "Rental"]),
        address=st.sampled_from(["fra-1", "other.(1)/columbus-plant", "a.b"]),
        location=st.sampled_from(["eastus", "westeurope"]),
        resource_group=st.sampled_from(["edge", "Rg_1.(x)"]),
        commitment=st.sampled_from(["", "P365D", "P90D"]),
        double_encryption=st.sampled_from(["", "Enabled", "Disabled"]),
    ),
    reason=reasons,
    cost_center=st.sampled_from(["", "CC-4711", "R & D"]),
    needed_by=st.sampled_from(["", "2027-03-31"]),
    channel=st.sampled_from(["", "C0EDGE", "#edge-orders"]),
)


def found(**changes: tuple[str, ...]) -> Request | tuple[Mistake, ...]:
    return read("azure", {**VALUES, **changes}, TODAY)


def request_from(**changes: tuple[str, ...]) -> Request:
    request = found(**changes)
    assert isinstance(request, Request), request
    return request


def mistakes_in(**changes: tuple[str, ...]) -> tuple[Mistake, ...]:
    mistakes = found(**changes)
    return mistakes if isinstance(mistakes, tuple) else ()


def words_of(line: str) -> Values:
    meaning = parse(line)
    assert isinstance(meaning, Ask), meaning
    return meaning.values


def test_words_make_a_request() -> None:
    assert found() == REQUEST


def test_one_unit_is_meant_where_no_quantity_is_said() -> None:
    assert request_from().azure.quantity == 1
    assert request_from(qty=("020",)).azure.quantity == 20


@pytest.mark.parametrize(
    "key", ["product", "configuration", "type", "address", "location", "resource_group", "reason"]
)
def test_what_is_needed_and_missing_is_named(key: str) -> None:
    assert [(m.key, m.word) for m in mistakes_in(**{key: (" ",)})] == [(key, "")]


def test_all_mistakes_are_told_at_once() -> None:
    mistakes = read("azure", {"qty": ("21",), "type": ("Lease",), "outpost": ("x",)}, TODAY)
    assert isinstance(mistakes, tuple)
    assert [(m.key, m.word) for m in mistakes] == [
        ("outpost", "outpost"),
        ("product", ""),
        ("configuration", ""),
        ("qty", "21"),
        ("type", "Lease"),
        ("address", ""),
        ("location", ""),
        ("resource_group", ""),
        ("reason", ""),
    ]


def test_what_is_answered_elsewhere_is_not_missing() -> None:
    asked = read("azure", {**VALUES, "address": ()}, TODAY, elsewhere=("address",))
    assert isinstance(asked, Request)
    assert asked.azure.address == ""


def test_a_wrong_word_is_a_mistake_also_where_the_answer_is_elsewhere() -> None:
    mistakes = read("azure", {**VALUES, "address": ("x",)}, TODAY, elsewhere=("address",))
    assert isinstance(mistakes, tuple)
    assert [m.word for m in mistakes] == ["x"]


@pytest.mark.parametrize(
    ("key", "word", "kept"),
    [
        ("product", "A/b_1.x/C-2", "A/b_1.x/C-2"),
        ("product", " a / b / c/", "a/b/c"),
        ("configuration", "EdgeP_High", "EdgeP_High"),
        ("qty", "7", "7"),
        ("type", "rental", "Rental"),
        ("address", "a.b", "a.b"),
        ("address", "other.(1)/columbus-plant", "other.(1)/columbus-plant"),
        ("address", f"{'g' * 90}/{'a' * 24}", f"{'g' * 90}/{'a' * 24}"),
        ("commitment", "p365d", "P365D"),
        ("commitment", "1 year", "P365D"),
        ("commitment", "3_Years", "P1095D"),
        ("commitment", "P90D", "P90D"),
        ("encryption", "enabled", "Enabled"),
        ("location", "East US", "eastus"),
        ("location", "SoutheastAsia", "southeastasia"),
        ("resource_group", "Edge.(1)_x", "Edge.(1)_x"),
    ],
)
def test_a_right_word_is_kept_as_azure_writes_it(key: str, word: str, kept: str) -> None:
    assert values_of(request_from(**{key: (word,)}))[key] == (kept,)


@pytest.mark.parametrize(
    ("key", "word", "near"),
    [
        ("product", "azurestackedge", ""),
        ("product", "a//c", ""),
        ("product", "a/b/c d", ""),
        ("product", "a/b/c/d", "a/b/c"),
        ("product", f"a/b/{'c' * 65}", ""),
        ("configuration", "a/b/c/edgep_high", "edgep_high"),
        ("configuration", "Edge P High", ""),
        ("qty", "0", ""),
        ("qty", "21", ""),
        ("qty", "1.5", ""),
        ("qty", "٣", ""),
        ("qty", "9" * 5000, ""),
        ("type", "Rent", "Rental"),
        ("type", "buy", ""),
        ("address", "ab", ""),
        ("address", "a" * 25, ""),
        ("address", "Columbus plant", "Columbus-plant"),
        ("address", "group./fra-1", ""),
        ("commitment", "one year", "P365D"),
        ("commitment", "P1Y", ""),
        ("commitment", "P0D", ""),
        ("encryption", "Enable", "Enabled"),
        ("location", "1east", ""),
        ("location", "ea", ""),
        ("resource_group", "edge.", ""),
        ("resource_group", "g" * 91, ""),
        ("resource_group", "a/b", ""),
        ("needed_by", "1.12.2026", "2026-12-01"),
    ],
)
def test_a_wrong_word_is_named_with_the_nearest_right_one(key: str, word: str, near: str) -> None:
    assert [(m.key, m.word, m.nearest) for m in mistakes_in(**{key: (word,)})] == [(key, word, near)]


def test_defaults_fill_in_what_was_not_typed_and_nothing_else() -> None:
    defaults = {"location": "westeurope", "resource_group": "rg", "channel": ""}
    typed: Values = {"location": ("eastus",), "resource_group": (" ",)}
    assert with_defaults(typed, defaults) == {"location": ("eastus",), "resource_group": ("rg",)}


@pytest.mark.parametrize(
    ("line", "product", "configuration"),
    [
        ("azure product=a/b/c/d", ("a/b/c",), ("d",)),
        ("azure product=a/b/c configuration=d", ("a/b/c",), ("d",)),
        ("azure product=a/b/c/d configuration=e", ("a/b/c/d",), ("e",)),
    ],
)
def test_a_product_may_be_typed_down_to_its_configuration(
    line: str, product: tuple[str, ...], configuration: tuple[str, ...]
) -> None:
    assert words_of(line) == {"product": product, "configuration": configuration}


@pytest.mark.parametrize(
    ("line", "word", "near"),
    [
        ("azure Rental", "Rental", "type=Rental"),
        ("azure P365D", "P365D", "commitment=P365D"),
        (f"azure {PRODUCT}", PRODUCT, f"product={PRODUCT}"),
        (PRODUCT, PRODUCT, f"azure product={PRODUCT}"),
        ("azure 2027/3/31", "2027/3/31", "needed_by=2027-03-31"),
        ("azure commitment=1 year", "year", "commitment=P365D"),
        ("azure location=East US", "US", "location=eastus"),
        ("azure quantity=2", "quantity", ""),
        ("azure adress=fra-1", "adress", "address"),
        ("azure config=edgep_high", "config", "configuration"),
        ("reason=x type=Rental", "reason=x", "azure reason=x"),
        ("azuer type=Rental", "azuer", "azure"),
        ("Purchase", "Purchase", "azure type=Purchase"),
    ],
)
def test_a_wrong_line_is_answered_with_the_nearest_right_one(line: str, word: str, near: str) -> None:
    meaning = parse(line)
    assert isinstance(meaning, Misread)
    assert [(m.word, m.nearest) for m in meaning.mistakes] == [(word, near)]
    assert meaning.ask is not None
    assert meaning.ask.cloud == "azure"


def test_unquoted_words_that_belong_together_are_kept_for_the_form() -> None:
    meaning = parse("azure location=East US commitment=3 years")
    assert isinstance(meaning, Misread)
    assert meaning.ask == Ask("azure", {"location": ("eastus",), "commitment": ("P1095D",)})


def test_wrong_values_are_found_before_the_form_opens_and_missing_ones_are_left_to_it() -> None:
    wrong = check(Ask("azure", {"qty": ("21",), "type": ("Rental",)}), TODAY)
    assert isinstance(wrong, Misread)
    assert [m.word for m in wrong.mistakes] == ["21"]
    assert wrong.ask == Ask("azure", {"type": ("Rental",)})
    assert check(Ask("azure", {"type": ("Rental",)}), TODAY) == Ask("azure", {"type": ("Rental",)})


@pytest.mark.parametrize("ref", ["ord-7f3k2m-1", "Line4-Edge", "other.rg/line4", f"{'g' * 90}/{'n' * 63}"])
def test_an_azure_item_is_asked_for_and_followed_by_name_and_group(ref: str) -> None:
    assert parse(f"status {ref}") == Status(ref)
    assert parse(f"track {ref} --quiet") == Track(ref, quiet=True)


@pytest.mark.parametrize("ref", ["a/b/c", "/line4", "group/", "group./line4", f"{'g' * 91}/line4", "-line4"])
def test_what_can_name_no_azure_item_is_a_mistake(ref: str) -> None:
    for verb in ("status", "track"):
        meaning = parse(f"{verb} {ref}")
        assert isinstance(meaning, Misread)
        assert "GROUP/NAME" in meaning.mistakes[0].expected


@settings(max_examples=60, deadline=None)
@given(requests)
def test_its_words_and_its_line_make_the_same_request(request: Request) -> None:
    assert read("azure", values_of(request), TODAY) == request
    meaning = parse(command_line(request).removeprefix("/order "))
    assert isinstance(meaning, Ask)
    assert read(meaning.cloud, meaning.values, TODAY) == request


@settings(max_examples=40, deadline=None)
@given(requests)
def test_a_stored_request_is_the_same_request(request: Request) -> None:
    assert load(dump(request)) == request


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([f.key for f in FIELDS["azure"]]) | st.text(),
        st.lists(st.text() | tricky, max_size=3).map(tuple),
    )
)
def test_whatever_was_typed_is_read_or_named(values: dict[str, tuple[str, ...]]) -> None:
    asked = read("azure", values, TODAY)
    assert isinstance(asked, Request) or all(isinstance(m, Mistake) for m in asked)


@pytest.mark.parametrize(
    ("duration", "text"),
    [("P365D", "1 year"), ("P1095D", "3 years"), ("P1D", "1 day"), ("P90D", "90 days"), ("P1Y", "P1Y")],
)
def test_a_duration_is_told_in_years_where_it_is_years(duration: str, text: str) -> None:
    assert duration_text(duration) == text


# --- an address that is typed in ---------------------------------------------------------------


def typed(**changes: str) -> NewAddress | tuple[Mistake, ...]:
    return read_address({**asdict(ADDRESS), **changes})


def test_words_make_an_address() -> None:
    assert typed() == ADDRESS
    assert typed(street="  Hanauer\nLandstrasse   298 ") == ADDRESS


def test_an_address_keeps_its_words_to_itself() -> None:
    assert repr(ADDRESS) == "NewAddress(country='DE')"


def test_only_the_state_may_be_left_out() -> None:
    mistakes = read_address({})
    assert isinstance(mistakes, tuple)
    fields = [field.key for field in ADDRESS_FIELDS]
    assert [(m.key, m.word) for m in mistakes] == [(key, "") for key in fields if key != "state"]


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("street", "x" * 101),
        ("city", "x" * 51),
        ("postal_code", "1" * 21),
        ("country", "XX"),
        ("phone", "call me"),
        ("phone", "+49"),
        ("phone", "1" * 31),
        ("email", "dana"),
        ("email", "dana@example"),
        ("email", "a@b.c, d@e.f"),
        ("email", f"{'x' * 100}@example.com"),
    ],
)
def test_a_word_that_no_parcel_could_be_sent_by_is_named(key: str, word: str) -> None:
    mistakes = typed(**{key: word})
    assert isinstance(mistakes, tuple)
    assert [(m.key, m.word) for m in mistakes] == [(key, word)]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("de", "DE"),
        ("Germany", "DE"),
        ("USA", "US"),
        ("united  states", "US"),
        ("United States of America", "US"),
        ("UK", "GB"),
        ("Great Britain", "GB"),
        ("Türkiye", "TR"),
        ("turkey", "TR"),
        ("the Netherlands", "NL"),
    ],
)
def test_a_country_is_known_by_its_code_and_by_its_names(word: str, code: str) -> None:
    assert country_code(word) == code
    address = typed(country=word)
    assert isinstance(address, NewAddress)
    assert address.country == code


@pytest.mark.parametrize(("word", "code"), [("Germny", "DE"), ("Swizerland", "CH"), ("xyzzy", ""), ("", "")])
def test_a_country_that_is_none_is_answered_with_the_nearest(word: str, code: str) -> None:
    assert country_code(word) == ""
    assert nearest_country(word) == code


def test_there_are_249_countries_each_with_a_code_and_a_name_of_its_own() -> None:
    assert len(COUNTRIES) == 249
    assert all(code.isalpha() and code.isupper() and len(code) == 2 for code in COUNTRIES)
    assert Counter(COUNTRIES.values()).most_common(1)[0][1] == 1


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([field.key for field in ADDRESS_FIELDS]), st.text() | tricky))
def test_whatever_was_typed_for_an_address_is_read_or_named(words: dict[str, str]) -> None:
    address = read_address(words)
    assert isinstance(address, NewAddress) or all(isinstance(m, Mistake) for m in address)

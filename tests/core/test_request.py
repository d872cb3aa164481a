"""What is asked for: read from words, told apart by a digest, stored and asked again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.command import Ask, parse
from bot.core.quote import Offer, Price, Requirement
from bot.core.request import (
    FIELDS,
    AwsTerms,
    LineItem,
    Mistake,
    Request,
    Values,
    command_line,
    dump,
    expired,
    load,
    read,
    tidy,
    values_of,
)

TODAY = date(2026, 11, 22)
OUTPOST = "op-0123456789abcdef0"
ARN = f"arn:aws:outposts:eu-central-1:123456789012:outpost/{OUTPOST}"
VALUES: Values = {
    "outpost": (OUTPOST,),
    "item": ("OR-ABCDEFG:2", "OR-1234567"),
    "payment": ("NO_UPFRONT",),
    "term": ("THREE_YEARS",),
    "reason": ("second rack",),
}
REQUEST = Request(
    cloud="aws",
    terms=AwsTerms(
        outpost=OUTPOST,
        region="",
        items=(LineItem("OR-ABCDEFG", 2), LineItem("OR-1234567", 1)),
        payment="NO_UPFRONT",
        term="THREE_YEARS",
    ),
    reason="second rack",
)

outposts = st.builds("op-{}".format, st.text("0123456789abcdef", min_size=17, max_size=17))
regions = st.sampled_from(["", "eu-central-1", "us-gov-east-1", "ap-southeast-4"])
items = st.builds(
    LineItem,
    st.from_regex("OR-[A-Z0-9]{7}", fullmatch=True),
    st.integers(min_value=1, max_value=100),
)
tricky = st.lists(
    st.sampled_from(["&amp;", "<https://a.b|c>", "<@U1>", '"', "'", "\\", "”", "“x", " --yes", "=", " "])
    | st.characters()
).map("".join)
reasons = tricky.map(tidy).filter(bool)
requests = st.builds(
    Request,
    cloud=st.just("aws"),
    terms=st.builds(
        AwsTerms,
        outpost=outposts,
        region=regions,
        items=st.lists(items, min_size=1, max_size=20).map(tuple),
        payment=st.sampled_from(["NO_UPFRONT", "PARTIAL_UPFRONT", "ALL_UPFRONT"]),
        term=st.sampled_from(["ONE_YEAR", "THREE_YEARS", "FIVE_YEARS"]),
    ),
    reason=reasons,
    cost_center=st.sampled_from(["", "CC-4711", "R & D"]),
    needed_by=st.sampled_from(["", "2027-03-31"]),
    channel=st.sampled_from(["", "C0EDGE", "#edge-orders"]),
)


def mistakes_in(**changes: tuple[str, ...]) -> tuple[Mistake, ...]:
    found = read("aws", {**VALUES, **changes}, TODAY)
    return found if isinstance(found, tuple) else ()


def request_from(**changes: tuple[str, ...]) -> Request:
    found = read("aws", {**VALUES, **changes}, TODAY)
    assert isinstance(found, Request)
    return found


def test_words_make_a_request() -> None:
    assert read("aws", VALUES, TODAY) == REQUEST


def test_an_outpost_may_be_an_arn_which_tells_its_region() -> None:
    request = request_from(outpost=(ARN,))
    assert (request.terms.outpost, request.terms.region) == (ARN, "eu-central-1")


def test_an_outpost_may_be_the_value_of_a_choice_which_tells_its_region() -> None:
    request = request_from(outpost=(f"us-gov-east-1/{OUTPOST}",))
    assert (request.terms.outpost, request.terms.region) == (OUTPOST, "us-gov-east-1")


def test_the_scope_is_the_outpost_however_it_was_named() -> None:
    assert request_from(outpost=(ARN,)).scope == REQUEST.scope == f"aws:{OUTPOST}"


def test_a_region_that_contradicts_the_outpost_is_a_mistake() -> None:
    assert mistakes_in(outpost=(ARN,), region=("us-east-1",)) == (
        Mistake("region", "us-east-1", "eu-central-1, where the Outpost is, or nothing", "eu-central-1"),
    )


def test_a_region_that_agrees_with_the_outpost_is_none() -> None:
    assert mistakes_in(outpost=(ARN,), region=("eu-central-1",)) == ()


@pytest.mark.parametrize("word", ["NO_UPFRONT", "no_upfront", "no-upfront", "No upfront"])
def test_a_payment_option_is_known_in_any_writing(word: str) -> None:
    assert request_from(payment=(word,)).terms.payment == "NO_UPFRONT"


@pytest.mark.parametrize(
    ("key", "word", "near"),
    [
        ("outpost", "OP-0123456789ABCDEF0", OUTPOST),
        ("outpost", f"https://console/{OUTPOST}/x", OUTPOST),
        ("outpost", "op-0123", ""),
        ("outpost", f"{OUTPOST}\nx", OUTPOST),
        ("outpost", f"arn:aws:outposts:eu-central-1:123:outpost/{OUTPOST}", OUTPOST),
        ("item", "or-abcdefg:2", "OR-ABCDEFG:2"),
        ("item", "OR-ABCDEFG x2", "OR-ABCDEFG:2"),
        ("item", "OR-ABCDEFGH", ""),
        ("payment", "ALL_UPFRONTS", "ALL_UPFRONT"),
        ("payment", "everything", ""),
        ("term", "3 years", "THREE_YEARS"),
        ("term", "3", "THREE_YEARS"),
        ("region", "EU-CENTRAL-1", "eu-central-1"),
        ("region", "Frankfurt", ""),
        ("needed_by", "1.12.2026", "2026-12-01"),
        ("needed_by", "2026/12/1", "2026-12-01"),
        ("needed_by", "2026-02-30", ""),
        ("needed_by", "１２３４-12-12", ""),
        ("channel", "edge-orders", "#edge-orders"),
        ("channel", "<!channel>", ""),
    ],
)
def test_a_wrong_word_is_named_with_the_nearest_right_one(key: str, word: str, near: str) -> None:
    assert [(m.key, m.word, m.nearest) for m in mistakes_in(**{key: (word,)})] == [(key, word, near)]


@pytest.mark.parametrize("quantity", ["0", "101", "", "-1", "1.5", "٣", "9" * 5000])
def test_a_quantity_is_a_whole_number_from_1_to_100(quantity: str) -> None:
    word = f"OR-ABCDEFG:{quantity}"
    assert mistakes_in(item=(word,)) == (Mistake("item", word, "a whole number from 1 to 100"),)


def test_the_21st_item_is_named() -> None:
    many = tuple(f"OR-ABCDE{n:02}" for n in range(25))
    assert mistakes_in(item=many) == (Mistake("item", "OR-ABCDE20", "item= at most 20 times"),)


def test_a_key_given_twice_is_a_mistake() -> None:
    found = mistakes_in(payment=("NO_UPFRONT", "ALL_UPFRONT"))
    assert found == (Mistake("payment", "ALL_UPFRONT", "payment= only once"),)


@pytest.mark.parametrize("key", ["outpost", "item", "payment", "term", "reason"])
def test_what_is_needed_and_missing_is_named(key: str) -> None:
    assert [(m.key, m.word) for m in mistakes_in(**{key: (" ",)})] == [(key, "")]


def test_all_mistakes_are_told_at_once() -> None:
    found = read("aws", {"outpost": ("x",), "payments": ("y",)}, TODAY)
    assert isinstance(found, tuple)
    assert [(m.key, m.word) for m in found] == [
        ("payments", "payments"),
        ("outpost", "x"),
        ("item", ""),
        ("payment", ""),
        ("term", ""),
        ("reason", ""),
    ]


QUOTE, OPTION = "oq-0123456789abcdef0", "oqo-0123456789abcdef0"


def test_a_quote_stands_in_for_items() -> None:
    request = request_from(item=(), quote=(QUOTE,), option=(OPTION,))
    assert (request.aws.items, request.aws.quote, request.aws.option) == ((), QUOTE, OPTION)
    assert values_of(request)["quote"] == (QUOTE,)
    assert f"quote={QUOTE} option={OPTION}" in command_line(request)


def test_a_quote_in_capitals_is_a_mistake_with_the_right_one_beside_it() -> None:
    (mistake,) = mistakes_in(item=(), quote=(f"{QUOTE.upper()},",))
    assert (mistake.key, mistake.nearest) == ("quote", QUOTE)


def test_items_and_a_quote_exclude_each_other() -> None:
    (mistake,) = mistakes_in(quote=(QUOTE,))
    assert (mistake.key, mistake.expected) == ("item", "either item= or quote=, not both")


def test_an_option_without_its_quote_is_a_mistake() -> None:
    assert [mistake.key for mistake in mistakes_in(option=(OPTION,))] == ["option"]


def test_the_digest_of_an_order_for_items_is_what_it_was_before_there_were_quotes() -> None:
    terms = AwsTerms(
        "op-0123456789abcdef0", "eu-west-1", (LineItem("OR-AAAAAAA", 2),), "NO_UPFRONT", "THREE_YEARS"
    )
    request = Request("aws", terms, "more room", "CC-1", "2027-03-31", "C0123")
    digest = "93006b006ec5f8f3c5768e6dea5259518598dc7845ad98d52605136901487691"
    assert request.digest() == digest
    there = replace(request, terms=replace(terms, region="us-east-1", country="DE"))
    assert there.digest() == digest


def test_a_digest_is_of_the_price_and_all_else_that_was_shown() -> None:
    met = Requirement("ENTERPRISE_SUPPORT_ERROR", "PASS")
    offer = Offer(
        Price(100, 10, "USD"), "2026-12-24T10:00:00+00:00", ("4 × m5.24xlarge",), ("New rack",), (met,)
    )
    request = request_from(item=(), quote=(QUOTE,), option=(OPTION,))
    offers = [
        None,
        offer,
        replace(offer, price=Price(101, 10, "USD")),
        replace(offer, price=Price(100, 11, "USD")),
        replace(offer, expires="2026-12-25T10:00:00+00:00"),
        replace(offer, capacities=()),
        replace(offer, racks=()),
        replace(offer, requirements=()),
    ]
    requests = [replace(request, terms=replace(request.aws, offer=one)) for one in offers]
    assert len({one.digest() for one in requests}) == len(offers)
    assert [load(dump(one)) for one in requests] == requests


def test_the_total_of_a_quote_is_exact_and_unknown_without_one() -> None:
    request = request_from(item=(), quote=(QUOTE,), term=("THREE_YEARS",))
    offer = Offer(Price(12_000_000, 340_000, "USD"), "")
    priced = replace(request, terms=replace(request.aws, offer=offer))
    assert priced.total_usd == Decimal("242400.00")
    assert request.total_usd is None
    euros = replace(offer, price=Price(1, 1, "EUR"))
    assert replace(request, terms=replace(request.aws, offer=euros)).total_usd is None


def test_a_quote_is_too_old_from_the_moment_it_expires() -> None:
    request = request_from(item=(), quote=(QUOTE,))
    offer = Offer(Price(1, 1, "USD"), "2026-12-24T10:00:00+00:00")
    priced = replace(request, terms=replace(request.aws, offer=offer))
    assert not expired(priced, datetime(2026, 12, 24, 9, 59, 59, tzinfo=UTC))
    assert expired(priced, datetime(2026, 12, 24, 10, tzinfo=UTC))
    assert not expired(request, datetime(2030, 1, 1, tzinfo=UTC))


def test_a_reason_of_emoji_is_a_reason() -> None:
    assert request_from(reason=("👩‍🚀🚀",)).reason == "👩‍🚀🚀"


def test_a_reason_has_at_most_3000_characters() -> None:
    assert request_from(reason=(" " + "x" * 3000,)).reason == "x" * 3000
    assert [m.key for m in mistakes_in(reason=("x" * 3001,))] == ["reason"]


def test_a_cost_center_has_at_most_80_characters() -> None:
    assert request_from(cost_center=("x" * 80,)).cost_center == "x" * 80
    assert [m.key for m in mistakes_in(cost_center=("x" * 81,))] == ["cost_center"]


@pytest.mark.parametrize(
    ("day", "right"),
    [
        ("2026-11-21", False),
        ("2026-11-22", True),
        ("2031-11-22", True),
        ("2031-11-23", False),
        ("9999-12-31", False),
    ],
)
def test_it_is_needed_between_today_and_five_years_ahead(day: str, right: bool) -> None:
    assert (mistakes_in(needed_by=(day,)) == ()) is right


def test_five_years_after_a_leap_day_are_no_error() -> None:
    found = read("aws", {**VALUES, "needed_by": ("2033-02-28",)}, date(2028, 2, 29))
    assert isinstance(found, Request)


@pytest.mark.parametrize(
    ("word", "channel"),
    [
        ("<#C123|edge>", "C123"),
        ("<#C123>", "C123"),
        ("G123", "G123"),
        ("D123", "D123"),
        ("#edge", "#edge"),
    ],
)
def test_a_channel_is_known_in_each_of_its_writings(word: str, channel: str) -> None:
    assert request_from(channel=(word,)).channel == channel


def test_hidden_characters_are_not_part_of_a_word() -> None:
    assert request_from(outpost=(f"\u200b{OUTPOST}\u202e",)).terms.outpost == OUTPOST


def test_half_a_character_does_not_reach_the_store() -> None:
    request = request_from(reason=("a \ud800 b",))
    assert load(dump(request)).reason == "a \ufffd b"


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([f.key for f in FIELDS["aws"]]) | st.text(),
        st.lists(st.text() | tricky, max_size=3).map(tuple),
    )
)
def test_whatever_was_typed_is_read_or_named(values: dict[str, tuple[str, ...]]) -> None:
    found = read("aws", values, TODAY)
    assert isinstance(found, Request) or all(isinstance(m, Mistake) for m in found)


@settings(max_examples=60, deadline=None)
@given(requests)
def test_a_stored_request_is_the_same_request(request: Request) -> None:
    assert load(dump(request)) == request


@settings(max_examples=60, deadline=None)
@given(requests)
def test_its_words_make_the_same_request(request: Request) -> None:
    assert read("aws", values_of(request), TODAY) == request


@settings(max_examples=60, deadline=None)
@given(requests)
def test_its_command_line_makes_the_same_request(request: Request) -> None:
    line = command_line(request).removeprefix("/order ")
    escaped = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sent in (line, escaped):
        meaning = parse(sent)
        assert isinstance(meaning, Ask)
        assert read(meaning.cloud, meaning.values, TODAY) == request


def test_a_document_of_another_version_is_read() -> None:
    newer = json.loads(dump(REQUEST))
    newer["terms"]["generation"] = 2
    newer["colour"] = "blue"
    del newer["channel"]
    assert load(json.dumps(newer)) == REQUEST


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, reason="another"),
        replace(REQUEST, cost_center="CC-1"),
        replace(REQUEST, needed_by="2027-01-01"),
        replace(REQUEST, terms=replace(REQUEST.terms, outpost="op-1123456789abcdef0")),
        replace(REQUEST, terms=replace(REQUEST.terms, payment="ALL_UPFRONT")),
        replace(REQUEST, terms=replace(REQUEST.terms, term="ONE_YEAR")),
        replace(REQUEST, terms=replace(REQUEST.terms, items=REQUEST.terms.items[:1])),
        replace(REQUEST, terms=replace(REQUEST.terms, items=REQUEST.terms.items[::-1])),
        replace(
            REQUEST,
            terms=replace(REQUEST.terms, items=(LineItem("OR-ABCDEFG", 3), LineItem("OR-1234567"))),
        ),
    ],
)
def test_the_digest_differs_when_what_is_agreed_to_differs(other: Request) -> None:
    assert other.digest() != REQUEST.digest()


def test_the_digest_does_not_depend_on_the_region_and_the_channel() -> None:
    told = replace(REQUEST, channel="C1", terms=replace(REQUEST.terms, region="eu-central-1"))
    assert told.digest() == REQUEST.digest()


def test_the_digest_never_changes_from_one_release_to_the_next() -> None:
    assert REQUEST.digest() == "3bd37ec9b88ace91751b7bbf2470d2c605ecc7eaea9f34aa0c0a1b5d05b54d09"


@settings(max_examples=30, deadline=None)
@given(requests, requests)
def test_two_digests_are_equal_only_for_equal_requests(one: Request, other: Request) -> None:
    def bought(request: Request) -> Request:
        return replace(request, channel="", terms=replace(request.terms, region=""))

    assert (one.digest() == other.digest()) is (bought(one) == bought(other))


@pytest.mark.parametrize("cloud", sorted(FIELDS))
def test_no_two_fields_share_a_key(cloud: str) -> None:
    names = [field.key for field in FIELDS[cloud]]
    assert len(set(names)) == len(names)

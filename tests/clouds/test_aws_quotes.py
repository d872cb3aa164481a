"""Ordering by quote with AWS: what is read of one, what it is refused for, and how it is placed."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.clouds.aws import Aws
from bot.core.quote import CHANGED_RACK, NEW_RACK, REMEDIES, Price, Requirement, Wish, priced
from bot.core.request import Request
from bot.core.snapshot import Ref
from bot.demo.outposts import LocalOutposts
from bot.demo.outposts.contract import installed
from bot.demo.outposts.faults import KINDS
from bot.errors import CloudDenied, CloudDown, CloudError, CloudRefused, CloudUnknown
from bot.ports import Placed, Refused, Unclear
from tests.clouds.conftest import MakeAws
from tests.clouds.world import LATER, NOW, REGION, asked, by_quote

MADE = NOW - timedelta(days=1)
SINCE = NOW - timedelta(days=3650)


@pytest.fixture
def quote(outposts: LocalOutposts, outpost: str) -> str:
    """A quote with one option, for the Outpost."""
    return outposts.add_quote(REGION, outpost, [("EC2", "m5.24xlarge", 4.0), ("EBS", "TiB", 11.0)])


@pytest.fixture
def checked(aws: Aws, outpost: str, quote: str) -> Request:
    """An order by that quote, as it is approved."""
    return aws.check(by_quote(outpost, quote))


def refusal(aws: Aws, request: Request) -> CloudRefused:
    with pytest.raises(CloudRefused) as caught:
        aws.check(request)
    return caught.value


def test_a_check_fills_in_what_the_quote_says(outposts: LocalOutposts, checked: Request) -> None:
    (quoted,) = outposts.quotes
    (option,) = quoted["QuoteOptions"]
    offer = checked.aws.offer

    assert offer is not None
    assert checked.aws.option == option["QuoteOptionIdentifier"]
    assert checked.aws.country == "US"
    # 4 × 24 × 42.50 and 11 × 55, less 20 % for three years.
    assert offer.price == Price(0, 374_800, "USD")
    assert offer.capacities == ("4 × m5.24xlarge", "EBS 11 TiB in all")
    assert [line.partition(",")[0] for line in offer.racks] == [NEW_RACK]
    assert datetime.fromisoformat(offer.expires).timestamp() == int(quoted["ExpirationDate"])
    assert {one.status for one in offer.requirements} == {"PASS"}


@pytest.mark.parametrize("value", [0.1 + 0.2, 120000.0, 3400.005, 0.29, 1e7 / 3])
def test_a_price_is_whole_cents(
    value: float, aws: Aws, outposts: LocalOutposts, outpost: str, quote: str
) -> None:
    options = outposts.quotes[0]["QuoteOptions"]
    for one in options[0]["PricingOptions"]:
        one["SubscriptionPricingDetails"]["UpfrontPrice"] = value
    outposts.put_quote(quote, QuoteOptions=options)

    price = aws.check(by_quote(outpost, quote)).aws.price

    assert price is not None
    assert abs(price.upfront - value * 100) <= 0.5 + 1e-6


@pytest.mark.parametrize("value", [None, -1.0])
def test_what_is_no_price_is_not_offered(
    value: object, aws: Aws, outposts: LocalOutposts, outpost: str, quote: str
) -> None:
    options = outposts.quotes[0]["QuoteOptions"]
    for one in options[0]["PricingOptions"]:
        one["SubscriptionPricingDetails"]["UpfrontPrice"] = value
    outposts.put_quote(quote, QuoteOptions=options)

    assert refusal(aws, by_quote(outpost, quote)).code == "NoPrice"


@pytest.mark.parametrize("odd", [{"QuoteOptions": "none"}, {"ExpirationDate": 1e15}])
def test_an_answer_of_another_shape_is_told_in_words_for_people(
    odd: dict[str, Any], aws: Aws, outposts: LocalOutposts, outpost: str, quote: str
) -> None:
    outposts.put_quote(quote, **odd)

    with pytest.raises(CloudDown) as caught:
        aws.check(by_quote(outpost, quote))
    assert str(caught.value) == "The answer of AWS could not be read"


def test_an_unknown_quote_is_refused_in_the_words_of_aws(aws: Aws, outpost: str) -> None:
    missing = "oq-00000000000000000"

    refused = refusal(aws, by_quote(outpost, missing))

    assert isinstance(refused, CloudUnknown)
    assert refused.words == f"AWS does not know the quote {missing} in {REGION}: Quote {missing} not found"


def test_an_expired_quote_is_refused(aws: Aws, outposts: LocalOutposts, outpost: str, quote: str) -> None:
    outposts.expire(quote)

    refused = refusal(aws, by_quote(outpost, quote))

    assert refused.code == "QuoteExpired"
    assert refused.words.startswith(f"The quote {quote} expired on ")


def test_a_quote_that_was_ordered_names_its_order(aws: Aws, outpost: str, checked: Request) -> None:
    placed = aws.place(checked, LATER)
    assert isinstance(placed, Placed)

    refused = refusal(aws, by_quote(outpost, checked.aws.quote))

    assert (refused.code, placed.ref.id in refused.words) == ("QuoteSubmitted", True)


def test_several_options_have_to_be_told_apart(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    quote = outposts.add_quote(REGION, outpost, options=2)
    first, second = (one["QuoteOptionIdentifier"] for one in outposts.quotes[0]["QuoteOptions"])

    assert f"{first}, {second}" in refusal(aws, by_quote(outpost, quote)).words
    assert f"has no option oqo-{'0' * 17}" in refusal(aws, by_quote(outpost, quote, f"oqo-{'0' * 17}")).words
    offer = aws.check(by_quote(outpost, quote, second)).aws.offer
    assert offer is not None
    assert CHANGED_RACK in offer.racks[0]
    assert "7 → 9.5 kVA" in offer.racks[0]


def test_a_way_of_paying_without_a_price_says_which_there_are(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    quote = outposts.add_quote(REGION, outpost, payments=["ALL_UPFRONT"], terms=["ONE_YEAR"])

    refused = refusal(aws, by_quote(outpost, quote))

    assert refused.code == "NoPrice"
    assert refused.words.endswith(
        "has no price for NO_UPFRONT and THREE_YEARS; there are: ALL_UPFRONT for ONE_YEAR."
    )


def test_a_quote_for_another_outpost_is_refused(aws: Aws, outposts: LocalOutposts, quote: str) -> None:
    other = outposts.add_outpost(REGION, name="FRA-2")

    assert refusal(aws, by_quote(other, quote)).code == "QuoteForAnotherOutpost"


def test_a_quote_for_no_outpost_can_be_ordered_for_any(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    quote = outposts.add_quote(REGION, None)

    offer = aws.check(by_quote(outpost, quote)).aws.offer

    assert offer is not None
    assert [one.kind for one in offer.requirements if one.status == "EXEMPT"] == [
        "OUTPOST_ID_MISSING_ON_QUOTE_ERROR"
    ]


def test_what_aws_would_refuse_is_refused_before_anybody_decides_and_says_what_to_do(
    aws: Aws, outposts: LocalOutposts, outpost: str, quote: str
) -> None:
    outposts.require(quote, "ENTERPRISE_SUPPORT_ERROR", "Enterprise Support is required.")

    refused = refusal(aws, by_quote(outpost, quote))

    assert refused.code == "ENTERPRISE_SUPPORT_ERROR"
    assert "Enterprise Support is required." in refused.words
    assert REMEDIES["ENTERPRISE_SUPPORT_ERROR"] in refused.words


def test_there_is_a_remedy_for_every_requirement_of_the_api() -> None:
    assert set(REMEDIES) == set(installed().shape("OrderingRequirementType").metadata["enum"])


def test_the_catalogue_offers_each_price_of_what_can_be_ordered(
    aws: Aws, outposts: LocalOutposts, outpost: str, quote: str
) -> None:
    outposts.page_size = 1
    outposts.expire(outposts.add_quote(REGION, outpost))

    catalogue = aws.catalogue(REGION)

    offered = catalogue.choices["quote"]
    assert len(offered) == 9
    assert all(
        one.value.startswith(f"{REGION}/{outpost}/{quote}/oqo-") and len(one.value) <= 150 for one in offered
    )
    assert all(len(one.text) <= 75 and "4 × m5.24xlarge" in one.text for one in offered)
    assert all(len(one.detail) <= 75 and outpost in one.detail for one in offered)
    assert [(one.value, one.text) for one in catalogue.choices["country"]] == [(f"{REGION}/{outpost}", "US")]


@pytest.mark.parametrize(("member", "word"), [("PaymentTerm", "TWO_YEARS"), ("PaymentOption", None)])
def test_a_way_of_paying_that_no_request_can_name_is_not_offered(
    member: str, word: str | None, aws: Aws, outposts: LocalOutposts, quote: str
) -> None:
    options = outposts.quotes[0]["QuoteOptions"]
    options[0]["PricingOptions"][0]["SubscriptionPricingDetails"][member] = word
    outposts.put_quote(quote, QuoteOptions=options)

    catalogue = aws.catalogue(REGION)

    assert len(catalogue.choices["quote"]) == len(catalogue.offers) == 8


def test_items_are_offered_where_quotes_cannot_be_read(aws: Aws, outposts: LocalOutposts) -> None:
    outposts.faults.add("ListQuotes", "error:AccessDeniedException:No.")

    choices = aws.catalogue(REGION).choices

    assert choices["quote"] == ()
    assert choices["item"]


def test_an_order_by_quote_sends_exactly_that(aws: Aws, outposts: LocalOutposts, checked: Request) -> None:
    placed = aws.place(checked, LATER)

    (order,) = outposts.accepted()
    assert placed == Placed(Ref(REGION, order["OrderId"]))
    (post,) = outposts.posts()
    assert post.body == {
        "OutpostIdentifier": checked.aws.outpost,
        "QuoteIdentifier": checked.aws.quote,
        "QuoteOptionIdentifier": checked.aws.option,
        "PaymentOption": "NO_UPFRONT",
        "PaymentTerm": "THREE_YEARS",
    }


@pytest.mark.parametrize("kind", sorted(KINDS - {"slow"}))
def test_after_any_failure_the_quote_tells_whether_there_is_an_order(
    kind: str, make_aws: MakeAws, outposts: LocalOutposts, checked: Request
) -> None:
    hangs = kind.startswith("hang")
    outposts.faults.add("CreateOrder", kind, seconds=1 if hangs else 0)
    aws = make_aws(place_timeout=0.5 if hangs else 20)

    outcome = aws.place(checked, LATER)

    assert isinstance(outcome, Unclear)
    assert len(outposts.posts()) == 1
    found = aws.look_alikes(checked, SINCE, frozenset())
    assert [(one.ref.id, one.ours) for one in found] == [
        (one["OrderId"], True) for one in outposts.accepted()
    ]


def test_a_refusal_is_not_believed_where_the_quote_has_an_order(
    aws: Aws, outposts: LocalOutposts, checked: Request
) -> None:
    first = aws.place(checked, LATER)
    assert isinstance(first, Placed)

    again = aws.place(checked, LATER)

    assert isinstance(again, Unclear)
    assert first.ref.id in again.why
    assert len(outposts.accepted()) == 1


def test_a_refusal_is_not_believed_where_the_quote_cannot_be_read(
    aws: Aws, outposts: LocalOutposts, checked: Request
) -> None:
    outposts.faults.add("CreateOrder", "error:ConflictException:No.")
    outposts.faults.add("GetQuote", "error:InternalServerException:No.", times=3)

    assert isinstance(aws.place(checked, LATER), Unclear)


def test_a_refusal_is_believed_where_the_quote_has_no_order(
    aws: Aws, outposts: LocalOutposts, checked: Request
) -> None:
    outposts.faults.add("CreateOrder", "error:ConflictException:An order is in progress.")

    assert aws.place(checked, LATER) == Refused("ConflictException", "An order is in progress.")


def test_an_order_of_the_quote_that_is_paid_otherwise_is_not_ours(aws: Aws, checked: Request) -> None:
    aws.place(replace(checked, terms=replace(checked.aws, payment="ALL_UPFRONT")), LATER)

    (found,) = aws.look_alikes(checked, SINCE, frozenset())

    assert not found.ours


def test_an_order_of_a_quote_that_was_deleted_is_found_in_the_list(
    aws: Aws, outposts: LocalOutposts, checked: Request
) -> None:
    placed = aws.place(checked, LATER)
    assert isinstance(placed, Placed)
    outposts.put_quote(checked.aws.quote, SubmittedOrderId=None)

    (found,) = aws.look_alikes(checked, SINCE, frozenset())

    assert (found.ref, found.ours) == (placed.ref, True)


def test_an_order_for_items_is_not_taken_for_one_by_quote(aws: Aws, checked: Request) -> None:
    aws.place(asked(checked.aws.outpost), LATER)

    assert aws.look_alikes(checked, SINCE, frozenset()) == ()


def test_the_current_price_is_read_anew(aws: Aws, outposts: LocalOutposts, checked: Request) -> None:
    assert aws.current(checked) == checked
    outposts.reprice(checked.aws.quote, 1.5)

    now = aws.current(checked).aws.price

    assert now is not None
    assert checked.aws.price is not None
    assert now.monthly == checked.aws.price.monthly * 3 // 2
    assert aws.current(checked).digest() != checked.digest()


def test_the_current_price_of_items_is_asked_of_nobody(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    request = asked(outpost)

    assert aws.current(request) is request
    assert outposts.requests == []


def test_a_price_reads_as_upfront_monthly_and_total() -> None:
    assert priced(Price(12_000_000, 340_000, "USD"), "THREE_YEARS") == (
        "Upfront 120,000.00 USD · monthly 3,400.00 USD × 36 · total 242,400.00 USD"
    )


def test_what_is_met_says_no_more_than_that(checked: Request) -> None:
    offer = checked.aws.offer
    assert offer is not None
    assert Requirement("ENTERPRISE_SUPPORT_ERROR", "PASS") in offer.requirements


QUOTES = frozenset({"CreateQuote", "DeleteQuote", "GetQuote", "ListQuotes", "UpdateQuote"})


@pytest.fixture
def old_boto(make_aws: MakeAws) -> Aws:
    """An adapter whose SDK is of a time before there were quotes: its service model has none."""
    aws = make_aws()
    reader: Any = aws._clients.reader(REGION)
    kept = {name: member for name, member in vars(type(reader)).items() if "quote" not in name}
    reader.__class__ = type("Outposts", type(reader).__bases__, kept)
    return aws


@pytest.mark.usefixtures("quote")
def test_an_older_boto3_offers_items_only(old_boto: Aws, outposts: LocalOutposts) -> None:
    assert "quote" not in old_boto.catalogue(REGION).choices
    assert not QUOTES & {request.operation for request in outposts.requests}


def test_an_older_boto3_answers_a_quote_in_words(old_boto: Aws, outpost: str, quote: str) -> None:
    refused = refusal(old_boto, by_quote(outpost, quote))

    assert refused.code == "NoQuotes"
    assert "order by item" in refused.words


def test_an_older_boto3_is_told_to_operators(old_boto: Aws) -> None:
    said = [
        one for one in old_boto.examine(REGION) if one.what in ("outposts:GetQuote", "outposts:ListQuotes")
    ]

    assert len(said) == 2
    assert any("boto3" in f"{one.said} {one.remedy}" for one in said)


@pytest.fixture
def wish(outpost: str) -> Wish:
    """Something to be quoted for the Outpost."""
    return Wish(outpost, instances=(("m5.24xlarge", 4),), ebs=11, payment="NO_UPFRONT", term="ONE_YEAR")


def creations(outposts: LocalOutposts) -> list[Any]:
    return [request.body for request in outposts.requests if request.operation == "CreateQuote"]


def test_a_quote_is_asked_for_exactly_that(aws: Aws, outposts: LocalOutposts, wish: Wish) -> None:
    quote = aws.quote(wish, "Quartermaster 1")

    assert creations(outposts) == [
        {
            "OutpostIdentifier": wish.outpost,
            "CountryCode": "US",  # of its site
            "RequestedCapacities": [
                {"QuoteCapacityType": "EC2", "Unit": "m5.24xlarge", "Quantity": 4.0},
                {"QuoteCapacityType": "EBS", "Unit": "TiB", "Quantity": 11.0},
            ],
            "RequestedPaymentOptions": ["NO_UPFRONT"],
            "RequestedPaymentTerms": ["ONE_YEAR"],
            "Description": "Quartermaster 1",
        }
    ]
    [made] = outposts.quotes
    assert (quote.id, quote.region) == (made["QuoteId"], REGION)
    assert [one.id for one in quote.options] == [one["QuoteOptionIdentifier"] for one in made["QuoteOptions"]]
    # 4 × 24 × 42.50 and 11 × 55 a month.
    assert quote.options[0].prices == (("NO_UPFRONT", "ONE_YEAR", Price(0, 468_500, "USD")),)
    assert quote.options[1].racks[0].startswith(CHANGED_RACK)
    assert quote.failing == ()


@pytest.mark.parametrize("kind", sorted(KINDS - {"book_late"}))
def test_asking_again_after_any_failure_makes_no_second_quote(
    kind: str, aws: Aws, outposts: LocalOutposts, wish: Wish
) -> None:
    """But for one that is made only after it was looked for: a quote too many, which orders nothing."""
    outposts.faults.add("CreateQuote", kind, seconds=2.5 if "hang" in kind else 0.1)
    with suppress(CloudError):
        aws.quote(wish, "Quartermaster 1")
    quote = aws.quote(wish, "Quartermaster 1")

    assert [one["QuoteId"] for one in outposts.quotes] == [quote.id]


def test_another_asking_is_another_quote(aws: Aws, wish: Wish) -> None:
    assert aws.quote(wish, "Quartermaster 1").id != aws.quote(wish, "Quartermaster 2").id


def test_a_country_that_differs_from_the_site_fails_a_requirement(aws: Aws, wish: Wish) -> None:
    [failing] = aws.quote(replace(wish, country="DE"), "Quartermaster 1").failing
    assert failing.kind == "COUNTRY_CODE_MISMATCH_CHECK_ERROR"


def test_without_the_permission_to_list_quotes_one_can_still_be_made(
    aws: Aws, outposts: LocalOutposts, wish: Wish
) -> None:
    outposts.faults.add("ListQuotes", "error:AccessDeniedException:No.")
    assert aws.quote(wish, "Quartermaster 1").options


def test_a_quote_that_aws_refuses_says_why(aws: Aws, outposts: LocalOutposts, wish: Wish) -> None:
    outposts.faults.add("CreateQuote", "error:AccessDeniedException:CreateQuote is not allowed.")
    with pytest.raises(CloudDenied, match="CreateQuote is not allowed"):
        aws.quote(wish, "Quartermaster 1")


def test_an_older_boto3_makes_no_quote(old_boto: Aws, outposts: LocalOutposts, wish: Wish) -> None:
    with pytest.raises(CloudRefused, match="order by item"):
        old_boto.quote(wish, "Quartermaster 1")
    assert creations(outposts) == []


def test_the_catalogue_tells_what_can_be_quoted(aws: Aws) -> None:
    offered = aws.catalogue(REGION).choices["instance"]
    assert offered
    assert all(one.text.startswith(f"{one.value} · ") and "vCPUs" in one.text for one in offered)


def test_the_doctor_makes_no_quote(aws: Aws, outposts: LocalOutposts) -> None:
    found = list(aws.examine(REGION))
    assert any("outposts:CreateQuote" in one.what for one in found)
    assert outposts.quotes == []

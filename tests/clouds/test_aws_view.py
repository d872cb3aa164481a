"""Answers of AWS Outposts as snapshots, without any network."""

import random
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, StructureShape
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.clouds import aws_view as view
from bot.core.snapshot import Asset, Ref, Shipment, Snapshot, Unit, changes, dump, load, unit_name
from tests.clouds.world import NOW, REGION, asked

MODEL = ServiceModel(Loader().load_service_model("outposts", "service-2", "2019-12-03"))
AT = datetime(2015, 1, 1, tzinfo=UTC)

# The response of GetOrder as AWS announced it on 2023-01-27, one word of each enumeration chosen.
ANNOUNCED: dict[str, Any] = {
    "OutpostId": "op-0123456789abcdef0",
    "OrderId": "oo-0123456789abcdef0",
    "Status": "IN_PROGRESS",
    "LineItems": [
        {
            "CatalogItemId": "OR-ABCDEFG",
            "LineItemId": "ooi-0123456789abcdef0",
            "Quantity": 123,
            "Status": "SHIPPED",
            "ShipmentInformation": {
                "ShipmentTrackingNumber": "1Z999AA10123456784",
                "ShipmentCarrier": "UPS",
            },
            "AssetInformationList": [
                {
                    "AssetId": "0123456789",
                    "MacAddressList": ["02:00:00:00:00:02", "02:00:00:00:00:01"],
                },
            ],
        },
    ],
    "PaymentOption": "NO_UPFRONT",
    "OrderSubmissionDate": AT,
    "OrderFulfilledDate": AT,
    "PaymentTerm": "THREE_YEARS",
}


def enum(shape: str) -> list[str]:
    return list(getattr(MODEL.shape_for(shape), "enum"))  # noqa: B009


def order(**members: Any) -> dict[str, Any]:
    return {**ANNOUNCED, **members}


def line(**members: Any) -> dict[str, Any]:
    return {**ANNOUNCED["LineItems"][0], **members}


def facts(**members: Any) -> dict[str, str]:
    return dict(view.snapshot(order(**members), REGION).facts)


def test_the_announced_response_is_read_completely() -> None:
    assert view.snapshot(ANNOUNCED, REGION) == Snapshot(
        ref=Ref(REGION, "oo-0123456789abcdef0"),
        status="IN_PROGRESS",
        units=(
            Unit(
                id="ooi-0123456789abcdef0",
                name="OR-ABCDEFG",
                quantity=123,
                status="SHIPPED",
                shipment=Shipment(
                    "UPS",
                    "1Z999AA10123456784",
                    "https://www.ups.com/track?tracknum=1Z999AA10123456784",
                ),
                assets=(Asset("0123456789", ("02:00:00:00:00:01", "02:00:00:00:00:02")),),
            ),
        ),
        facts=(
            ("Outpost", "op-0123456789abcdef0"),
            ("Region", REGION),
            ("Payment option", "No upfront"),
            ("Payment term", "3 years"),
            ("Submitted", "2015-01-01 00:00 UTC"),
            ("Fulfilled", "2015-01-01 00:00 UTC"),
        ),
        fingerprint=view.fingerprint(
            {
                "OrderId": "oo-0123456789abcdef0",
                "OutpostId": "op-0123456789abcdef0",
                "Status": "IN_PROGRESS",
                "LineItemCountsByStatus": {"SHIPPED": 1},
                "OrderSubmissionDate": AT,
                "OrderFulfilledDate": AT,
            }
        ),
    )


@pytest.mark.parametrize(
    ("shape", "known"),
    [
        ("Order", view.ORDER_MEMBERS),
        ("LineItem", view.LINE_ITEM_MEMBERS),
    ],
)
def test_every_member_of_the_model_is_known(shape: str, known: frozenset[str]) -> None:
    found = MODEL.shape_for(shape)
    assert isinstance(found, StructureShape)

    assert set(found.members) == known


@pytest.mark.parametrize("status", enum("OrderStatus"))
def test_every_order_status_is_kept(status: str) -> None:
    assert view.snapshot(order(Status=status), REGION).status == status


@pytest.mark.parametrize("status", enum("LineItemStatus"))
def test_every_line_item_status_is_kept(status: str) -> None:
    (unit,) = view.snapshot(order(LineItems=[line(Status=status)]), REGION).units

    assert unit.status == status


def test_payments_are_readable() -> None:
    options = {option: facts(PaymentOption=option)["Payment option"] for option in enum("PaymentOption")}
    terms = {term: facts(PaymentTerm=term)["Payment term"] for term in enum("PaymentTerm")}

    assert options == {
        "ALL_UPFRONT": "All upfront",
        "NO_UPFRONT": "No upfront",
        "PARTIAL_UPFRONT": "Partial upfront",
    }
    assert terms == {"ONE_YEAR": "1 year", "THREE_YEARS": "3 years", "FIVE_YEARS": "5 years"}
    assert facts(PaymentTerm="TEN_YEARS")["Payment term"] == "Ten years"


def test_only_an_unusual_order_type_is_worth_telling() -> None:
    assert {kind: facts(OrderType=kind).get("Order type") for kind in enum("OrderType")} == {
        "OUTPOST": None,
        "REPLACEMENT": "Replacement",
    }


@pytest.mark.parametrize("carrier", enum("ShipmentCarrier"))
def test_every_carrier_of_the_model_has_a_page(carrier: str) -> None:
    link = view.tracking_link(carrier, "A b/&1")

    assert link.startswith(("https://", "http://expo.expeditors.com/"))
    assert "A%20b%2F%261" in link


def test_an_unknown_carrier_has_no_page_but_is_told() -> None:
    shipped = {"ShipmentCarrier": "PIGEON", "ShipmentTrackingNumber": "7"}

    (unit,) = view.snapshot(order(LineItems=[line(ShipmentInformation=shipped)]), REGION).units

    assert unit.shipment == Shipment("PIGEON", "7", "")


def test_a_carrier_without_a_number_has_no_page() -> None:
    assert view.tracking_link("UPS", "") == ""


def test_a_replacement_says_what_it_replaces() -> None:
    replaced = line(PreviousLineItemId="ooi-1", PreviousOrderId="oo-1")

    (unit,) = view.snapshot(order(LineItems=[replaced]), REGION).units

    assert unit.facts == (("Replaced line item", "ooi-1"), ("Previous order", "oo-1"))


def test_an_order_from_a_quote_names_it() -> None:
    told = facts(QuoteIdentifier="oq-1", QuoteOptionIdentifier="oqo-1")

    assert (told["Quote"], told["Quote option"]) == ("oq-1", "oqo-1")


def test_what_a_newer_api_adds_is_told_if_it_is_text() -> None:
    told = facts(
        EstimatedDeliveryDate=AT,
        PONumber="4711",
        Nested={"a": 1},
        Listed=["a"],
        Count=7,
        ContactName="Ada",
        ShippingAddressLine="Main Street 1",
    )

    assert told["Estimated delivery date"] == "2015-01-01 00:00 UTC"
    assert told["Po number"] == "4711"
    assert not {"Nested", "Listed", "Count", "Contact name", "Shipping address line"} & set(told)


def test_a_new_member_cannot_take_the_place_of_a_known_one() -> None:
    assert facts(Region="elsewhere")["Region"] == REGION


def test_times_are_utc_whatever_zone_the_machine_is_in() -> None:
    there = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))

    assert facts(OrderSubmissionDate=there)["Submitted"] == "2025-12-31 23:30 UTC"


def test_line_items_without_ids_stay_apart() -> None:
    twin = {"CatalogItemId": "OR-ABCDEFG", "Quantity": 1, "Status": "BUILDING"}

    units = view.snapshot(order(LineItems=[twin, twin, {}]), REGION).units

    assert [unit.id for unit in units] == ["line item", "OR-ABCDEFG", "OR-ABCDEFG #2"]
    assert [unit_name(unit) for unit in units] == ["1 × line item", *["1 × OR-ABCDEFG"] * 2]


def test_an_asset_listed_twice_is_one() -> None:
    twice = [{"AssetId": "1", "MacAddressList": ["b"]}, {"AssetId": "1", "MacAddressList": ["a", "b"]}]

    (unit,) = view.snapshot(order(LineItems=[line(AssetInformationList=twice)]), REGION).units

    assert unit.assets == (Asset("1", ("a", "b")),)


def test_a_fingerprint_changes_with_everything_in_a_summary() -> None:
    summary = {
        "OrderId": "oo-1",
        "OutpostId": "op-1",
        "OrderType": "REPLACEMENT",
        "Status": "PREPARING",
        "LineItemCountsByStatus": {"BUILDING": 1, "SHIPPED": 2},
        "OrderSubmissionDate": AT,
        "OrderFulfilledDate": AT,
    }
    others = [{**summary, member: "other"} for member in summary]
    others.append({**summary, "LineItemCountsByStatus": {"BUILDING": 2, "SHIPPED": 1}})
    others.append({**summary, "NewMember": "x"})

    assert len({view.fingerprint(each) for each in (summary, *others)}) == len(others) + 1


def test_a_fingerprint_does_not_depend_on_the_order_of_members() -> None:
    counts = {"BUILDING": 1, "SHIPPED": 2}

    assert view.fingerprint({"OrderId": "oo-1", "LineItemCountsByStatus": counts}) == view.fingerprint(
        {"LineItemCountsByStatus": dict(reversed(counts.items())), "OrderId": "oo-1", "Status": None}
    )


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, True),
        ({"OrderSubmissionDate": NOW}, True),
        ({"OrderSubmissionDate": NOW - timedelta(seconds=1)}, False),
        ({"OrderType": "OUTPOST"}, True),
        ({"OrderType": "REPLACEMENT"}, False),
        ({"OrderId": "oo-known"}, False),
    ],
)
def test_what_may_be_ours(members: dict[str, Any], expected: bool) -> None:
    assert view.may_be_ours({"OrderId": "oo-1", **members}, NOW, frozenset({"oo-known"})) is expected


def test_an_order_equals_a_request_whose_outpost_is_named_by_arn() -> None:
    arn = "arn:aws:outposts:eu-west-1:123456789012:outpost/op-0123456789abcdef0"
    request = asked(arn, items=[("OR-ABCDEFG", 123)])

    assert view.arn_region(arn) == "eu-west-1"
    assert view.equals(ANNOUNCED, request.terms)
    assert not view.equals(order(PaymentTerm="ONE_YEAR"), request.terms)


def test_long_names_are_cut_for_slack() -> None:
    outpost = {"OutpostId": "op-1", "Name": "N" * 255, "SiteId": "os-1"}

    choice = view.outpost_choice(outpost, {"os-1": "Frankfurt, DE"}, REGION)

    assert len(choice.text) == 75
    assert choice.text.endswith("…")


def test_an_item_is_told_with_what_is_known_of_it() -> None:
    item = {
        "CatalogItemId": "OR-ABCDEFG",
        "EC2Capacities": [
            {"Family": "m5", "MaxSize": "24xlarge", "Quantity": "4"},
            {"Family": "c5", "MaxSize": "c5.metal", "Quantity": "1"},
        ],
        "PowerKva": 8.1,
        "WeightLbs": 1200,
        "SupportedUplinkGbps": [10, 40],
        "SupportedStorage": ["EBS", "S3"],
        "RackScalingType": "MULTI_RACK",
    }

    choice = view.item_choice(item)

    assert choice.text == "OR-ABCDEFG · 4 × m5.24xlarge + 1 × c5.metal · 8.1 kVA"
    assert choice.detail == "Multi rack · EBS, S3 · 10/40 Gbps uplink · 1200 lb"
    assert view.item_choice({"CatalogItemId": "OR-ABCDEFG"}).text == "OR-ABCDEFG"


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ({"OperatingAddressCity": "Bonn", "OperatingAddressCountryCode": "DE"}, "Bonn, DE"),
        ({"OperatingAddressCountryCode": "DE", "Name": "HQ"}, "DE"),
        ({"Name": "HQ"}, "HQ"),
        ({}, ""),
    ],
)
def test_a_site_is_where_it_is(site: dict[str, str], expected: str) -> None:
    assert view.place(site) == expected


# --- whatever comes -------------------------------------------------------------------------------

words = st.sampled_from(["OUTPOST", "A", "UPS", "oo-1", "ooi-1", ""]) | st.text(max_size=4)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | words | st.datetimes() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)


def shaped(names: list[str], **members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Dicts with some of the members, some of them of another type, and some that nobody knows."""
    strategies = dict.fromkeys(names, words | anything) | members
    return st.tuples(
        st.fixed_dictionaries({}, optional=strategies), st.dictionaries(words, anything, max_size=2)
    ).map(lambda pair: {**pair[1], **pair[0]})


assets = shaped(["AssetId"], MacAddressList=st.lists(words, max_size=3) | anything)
lines = shaped(
    ["CatalogItemId", "LineItemId", "Quantity", "Status", "PreviousLineItemId", "PreviousOrderId"],
    ShipmentInformation=shaped(["ShipmentTrackingNumber", "ShipmentCarrier"]) | anything,
    AssetInformationList=st.lists(assets, max_size=3) | anything,
)
orders = shaped(
    sorted(view.ORDER_MEMBERS - {"LineItems"}),
    LineItems=st.lists(lines, max_size=4) | anything,
)


@settings(deadline=None)  # the first example pays for an import
@given(orders)
def test_no_order_is_too_odd_to_be_read_stored_and_compared(answer: dict[str, Any]) -> None:
    snapshot = view.snapshot(answer, REGION)

    assert changes(snapshot, snapshot) == ()
    assert load(dump(snapshot)) == snapshot
    assert len({unit.id for unit in snapshot.units}) == len(snapshot.units)
    assert "\x00" not in dump(snapshot)


@settings(deadline=None)  # the first example pays for an import
@example({"LineItems": [{}, {}, {}, {"Status": []}]}, random.Random(1))
@given(orders, st.randoms(use_true_random=False))
def test_no_shuffle_of_an_order_is_a_change(answer: dict[str, Any], chance: random.Random) -> None:
    assert view.snapshot(shuffled(answer, chance), REGION) == view.snapshot(answer, REGION)


def shuffled(answer: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The same order with its lists of line items, assets and MAC addresses in another order."""
    mixed = {}
    for member, value in answer.items():
        if member in {"LineItems", "AssetInformationList", "MacAddressList"} and isinstance(value, list):
            parts = [shuffled(each, chance) if isinstance(each, dict) else each for each in value]
            mixed[member] = chance.sample(parts, len(parts))
        else:
            mixed[member] = value
    return mixed


@settings(deadline=None)  # the first example pays for an import
@given(orders)
def test_no_order_is_too_odd_to_be_matched_or_offered(answer: dict[str, Any]) -> None:
    request = asked("op-1")

    view.may_be_ours(answer, NOW, frozenset())
    view.equals(answer, request.terms)
    view.found(answer, REGION)
    view.oldest_first([view.found(answer, REGION)] * 2)
    assert view.summary(answer, REGION) == view.summary(dict(reversed(answer.items())), REGION)
    for choice in (view.outpost_choice(answer, {}, REGION), view.item_choice(answer)):
        assert len(choice.text) <= 75


def test_every_pair_of_statuses_is_a_change_or_none() -> None:
    for was, now in product(enum("OrderStatus"), repeat=2):
        before, after = (view.snapshot(order(Status=status), REGION) for status in (was, now))

        assert bool(changes(before, after)) is (was != now)
        assert (before.fingerprint == after.fingerprint) is (was == now)

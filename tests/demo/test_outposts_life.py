"""The life of an order, as GetOrder and ListOrders tell it to the real client."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from bot.demo.outposts import LocalOutposts

REGION = "eu-central-1"
NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
OUTPOST = "op-0123456789abcdef0"
ITEMS = [("OR-7QK2M5A", 2), ("OR-C5T3W9D", 1)]


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    return boto3.Session()


@pytest.fixture
def aws() -> Iterator[LocalOutposts]:
    with LocalOutposts(clock=lambda: NOW) as server:
        server.add_outpost(REGION, outpost_id=OUTPOST, name="lab")
        for sku, _ in ITEMS:
            server.add_item(REGION, sku)
        yield server


@pytest.fixture
def client(session: boto3.Session, aws: LocalOutposts) -> Iterator[Any]:
    made = session.client(
        "outposts",
        region_name=REGION,
        endpoint_url=aws.url,
        aws_access_key_id="AKIALOCALLOCALLOCAL0",
        aws_secret_access_key="local-secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield made
    made.close()


@pytest.fixture
def placed(client: Any) -> str:
    answer = client.create_order(
        OutpostIdentifier=OUTPOST,
        LineItems=[{"CatalogItemId": sku, "Quantity": quantity} for sku, quantity in ITEMS],
        PaymentOption="ALL_UPFRONT",
    )
    return str(answer["Order"]["OrderId"])


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def test_an_order_goes_through_every_stage(aws: LocalOutposts, client: Any, placed: str) -> None:
    seen = []
    for _ in range(7):
        told = client.get_order(OrderId=placed)["Order"]
        seen.append((told["Status"], {line["Status"] for line in told["LineItems"]}))
        aws.advance(placed)

    assert seen == [
        ("PREPARING", {"PREPARING"}),
        ("IN_PROGRESS", {"BUILDING"}),
        ("IN_PROGRESS", {"SHIPPED"}),
        ("DELIVERED", {"DELIVERED"}),
        ("DELIVERED", {"INSTALLING"}),
        ("DELIVERED", {"INSTALLED"}),
        ("COMPLETED", {"INSTALLED"}),
    ]
    assert aws.advance(placed) == "COMPLETED"


def test_the_details_appear_with_their_stage(aws: LocalOutposts, client: Any, placed: str) -> None:
    def line() -> dict[str, Any]:
        told: dict[str, Any] = client.get_order(OrderId=placed)["Order"]["LineItems"][0]
        return told

    aws.advance(placed)
    assert "ShipmentInformation" not in line()
    aws.advance(placed)
    assert set(line()["ShipmentInformation"]) == {"ShipmentTrackingNumber", "ShipmentCarrier"}
    for _ in range(3):
        assert "AssetInformationList" not in line()
        aws.advance(placed)
    assert len(line()["AssetInformationList"]) == 2
    assert "OrderFulfilledDate" not in client.get_order(OrderId=placed)["Order"]
    aws.advance(placed)
    assert client.get_order(OrderId=placed)["Order"]["OrderFulfilledDate"] == NOW


def test_the_summary_counts_line_items_by_status(aws: LocalOutposts, client: Any, placed: str) -> None:
    aws.advance(placed)
    aws.ship(placed, line=1, carrier="UPS", number="1Z999AA10123456784")

    (summary,) = client.list_orders()["Orders"]

    assert summary["LineItemCountsByStatus"] == {"BUILDING": 1, "SHIPPED": 1}
    line = client.get_order(OrderId=placed)["Order"]["LineItems"][1]
    assert line["ShipmentInformation"] == {
        "ShipmentTrackingNumber": "1Z999AA10123456784",
        "ShipmentCarrier": "UPS",
    }


def test_a_line_item_that_is_ahead_waits_for_the_others(aws: LocalOutposts, client: Any, placed: str) -> None:
    aws.ship(placed, line=1)

    aws.advance(placed)

    lines = client.get_order(OrderId=placed)["Order"]["LineItems"]
    assert [line["Status"] for line in lines] == ["BUILDING", "SHIPPED"]


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_an_order_on_its_way_can_be_cancelled(
    aws: LocalOutposts, client: Any, placed: str, steps: int
) -> None:
    for _ in range(steps):
        aws.advance(placed)

    client.cancel_order(OrderId=placed)

    told = client.get_order(OrderId=placed)["Order"]
    assert (told["Status"], {line["Status"] for line in told["LineItems"]}) == (
        "CANCELLED",
        {"CANCELLED"},
    )
    assert aws.advance(placed) == "CANCELLED"


def test_nothing_can_be_cancelled_once_hardware_is_on_site(
    aws: LocalOutposts, client: Any, placed: str
) -> None:
    aws.advance(placed)
    aws.set_line(placed, 0, Status="DELIVERED")

    with pytest.raises(ClientError) as caught:
        client.cancel_order(OrderId=placed)

    response: Any = caught.value.response
    assert response["Error"]["Code"] == "ConflictException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert (response["ResourceId"], response["ResourceType"]) == (placed, "ORDER")


def test_a_cancelled_order_cannot_be_cancelled_again(client: Any, placed: str) -> None:
    client.cancel_order(OrderId=placed)

    with pytest.raises(client.exceptions.ConflictException):
        client.cancel_order(OrderId=placed)


def test_an_order_that_is_not_there_is_not_found(client: Any) -> None:
    for call in (client.get_order, client.cancel_order):
        with pytest.raises(client.exceptions.NotFoundException):
            call(OrderId="oo-0123456789abcdef0")


def test_a_failed_order_stays_failed(aws: LocalOutposts, client: Any, placed: str) -> None:
    aws.fail(placed)

    assert aws.advance(placed) == "ERROR"
    assert client.list_orders()["Orders"][0]["LineItemCountsByStatus"] == {"ERROR": 2}


def test_any_status_can_be_told_the_unknown_and_the_former_too(
    aws: LocalOutposts, client: Any, placed: str
) -> None:
    aws.set_status(placed, "AT_CUSTOMS")
    aws.set_line(placed, 0, Status="AT_SEA", Quantity=None)
    assert client.get_order(OrderId=placed)["Order"]["Status"] == "AT_CUSTOMS"
    assert client.list_orders()["Orders"][0]["LineItemCountsByStatus"] == {
        "AT_SEA": 1,
        "PREPARING": 1,
    }

    aws.set_status(placed, "RECEIVED")
    aws.put(placed, OrderFulfilledDate=NOW, PaymentOption=None)
    told = client.get_order(OrderId=placed)["Order"]
    assert (told["Status"], told["OrderFulfilledDate"]) == ("RECEIVED", NOW)
    assert "PaymentOption" not in told


def test_a_replacement_points_to_what_it_replaces(aws: LocalOutposts, client: Any, placed: str) -> None:
    replacement = aws.add_order(REGION, OUTPOST, ITEMS[:1], order_type="REPLACEMENT")
    aws.set_line(placed, 0, Status="REPLACED")
    aws.set_line(replacement, 0, PreviousOrderId=placed)

    told = client.get_order(OrderId=replacement)["Order"]

    assert (told["OrderType"], told["LineItems"][0]["PreviousOrderId"]) == ("REPLACEMENT", placed)
    assert aws.advance(placed) == "IN_PROGRESS"
    assert client.get_order(OrderId=placed)["Order"]["LineItems"][0]["Status"] == "REPLACED"


def test_an_order_made_elsewhere_is_listed_but_was_not_accepted_here(
    aws: LocalOutposts, client: Any, placed: str
) -> None:
    older = aws.add_order(REGION, OUTPOST, ITEMS, submitted=NOW - timedelta(days=2))

    listed = [summary["OrderId"] for summary in client.list_orders()["Orders"]]

    assert listed == [placed, older]
    assert [order["OrderId"] for order in aws.accepted()] == [placed]
    assert [order["OrderId"] for order in aws.orders] == [placed, older]


def test_delivered_hardware_is_an_asset_of_the_outpost(aws: LocalOutposts, client: Any, placed: str) -> None:
    def states() -> list[str]:
        assets = client.list_assets(OutpostIdentifier=OUTPOST)["Assets"]
        return [asset["ComputeAttributes"]["State"] for asset in assets]

    for _ in range(2):
        aws.advance(placed)
    assert states() == []
    aws.advance(placed)
    assert states() == ["INSTALLING"] * 3
    for _ in range(2):
        aws.advance(placed)
    assert states() == ["ACTIVE"] * 3

    ids = [
        asset["AssetId"]
        for line in client.get_order(OrderId=placed)["Order"]["LineItems"]
        for asset in line["AssetInformationList"]
    ]
    assets = client.list_assets(OutpostIdentifier=OUTPOST, StatusFilter=["ACTIVE"])["Assets"]
    assert sorted(ids) == [asset["AssetId"] for asset in assets]
    host = assets[0]["ComputeAttributes"]["HostId"]
    chosen = client.list_assets(OutpostIdentifier=OUTPOST, HostIdFilter=[host])["Assets"]
    assert chosen == assets[:1]
    for filters in ({"AssetTypeFilter": ["SWITCH"]}, {"StatusFilter": ["RETIRING"]}):
        assert client.list_assets(OutpostIdentifier=OUTPOST, **filters)["Assets"] == []


def test_time_can_be_told_to_run_and_to_stand_still(aws: LocalOutposts, client: Any, placed: str) -> None:
    aws.run(seconds_per_stage=0.01)
    later = aws.add_order(REGION, OUTPOST, ITEMS)

    eventually(lambda: {order["Status"] for order in aws.orders} == {"COMPLETED"})
    aws.pause()

    last = aws.add_order(REGION, OUTPOST, ITEMS)
    statuses = {order["OrderId"]: order["Status"] for order in aws.orders}
    assert statuses == {placed: "COMPLETED", later: "COMPLETED", last: "PREPARING"}
    assert client.get_order(OrderId=last)["Order"]["Status"] == "PREPARING"


def test_what_is_not_there_cannot_be_moved(aws: LocalOutposts) -> None:
    with pytest.raises(LookupError, match="no order"):
        aws.advance("oo-0123456789abcdef0")
    with pytest.raises(ValueError, match="no Outpost"):
        aws.add_order(REGION, "op-fffffffffffffffff", ITEMS)

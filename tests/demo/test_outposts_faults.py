"""What a client sees of each fault, and how many orders there are afterwards."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from bot.demo.outposts import LocalOutposts

REGION = "us-east-1"
ONCE = {"mode": "standard", "total_max_attempts": 1}


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    return boto3.Session()


@pytest.fixture
def aws() -> Iterator[LocalOutposts]:
    with LocalOutposts() as server:
        server.add_outpost(REGION, outpost_id="op-0123456789abcdef0", name="lab")
        server.add_item(REGION, "OR-7QK2M5A")
        yield server


@pytest.fixture
def connect(session: boto3.Session, aws: LocalOutposts) -> Iterator[Callable[..., Any]]:
    made: list[Any] = []

    def make(**config: Any) -> Any:
        client = session.client(
            "outposts",
            region_name=REGION,
            endpoint_url=aws.url,
            aws_access_key_id="AKIALOCALLOCALLOCAL0",
            aws_secret_access_key="local-secret",
            config=Config(**config),
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def once(connect: Callable[..., Any]) -> Any:
    """The client for placing: one send, whatever happens."""
    return connect(retries=ONCE, read_timeout=5)


@pytest.fixture
def usual(connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """boto3 as it comes."""
    for name in ("AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS"):
        monkeypatch.delenv(name, raising=False)
    return connect()


def place(client: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.create_order(
        OutpostIdentifier="op-0123456789abcdef0",
        LineItems=[{"CatalogItemId": "OR-7QK2M5A", "Quantity": 1}],
        PaymentOption="NO_UPFRONT",
    )
    del answer["ResponseMetadata"]
    return answer


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


@pytest.mark.parametrize("kind", ["drop", "reset"])
@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
def test_a_cut_connection_looks_the_same_whether_the_order_was_made_or_not(
    aws: LocalOutposts, once: Any, kind: str, when: str, orders: int
) -> None:
    aws.faults.add("CreateOrder", f"{kind}_{when}")

    with pytest.raises(ConnectionClosedError):
        place(once)

    assert [post.status for post in aws.posts()] == [None]
    assert len(aws.accepted()) == orders


def test_on_the_wire_a_drop_is_an_end_and_a_reset_is_a_reset(aws: LocalOutposts) -> None:
    aws.faults.add("*", "drop_before")
    aws.faults.add("*", "reset_before")

    with raw(aws) as dropped:
        assert dropped.recv(1) == b""
    with raw(aws) as reset, pytest.raises(ConnectionResetError):
        reset.recv(1)


def test_on_the_wire_a_truncated_answer_promises_more_than_it_holds(aws: LocalOutposts) -> None:
    aws.faults.add("*", "truncated_200_before")

    with raw(aws) as connection, connection.makefile("rb") as answer:
        head, _, body = answer.read().partition(b"\r\n\r\n")

    length = re.search(rb"Content-Length: (\d+)", head)
    assert length is not None
    assert 0 < len(body) < int(length[1])


def raw(aws: LocalOutposts) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(aws.url.rpartition(":")[2])), timeout=5)
    connection.sendall(b"GET /outposts HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection


@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
def test_a_hang_ends_in_a_read_timeout(
    aws: LocalOutposts, connect: Callable[..., Any], when: str, orders: int
) -> None:
    client = connect(retries=ONCE, read_timeout=0.1)
    aws.faults.add("CreateOrder", f"hang_{when}", seconds=60)

    with pytest.raises(ReadTimeoutError):
        place(client)

    assert len(aws.posts()) == 1
    assert len(aws.accepted()) == orders


def test_a_hang_longer_than_the_clients_patience_does_not_hold_up_the_stop(
    aws: LocalOutposts, connect: Callable[..., Any]
) -> None:
    client = connect(retries=ONCE, read_timeout=0.1)
    aws.faults.add("*", "hang_before", seconds=60)
    with pytest.raises(ReadTimeoutError):
        client.list_orders()

    began = time.monotonic()
    aws.stop()

    assert time.monotonic() - began < 2


def test_a_hang_that_ends_first_is_a_closed_connection(aws: LocalOutposts, once: Any) -> None:
    aws.faults.add("CreateOrder", "hang_after", seconds=0.01)

    with pytest.raises(ConnectionClosedError):
        place(once)


def test_a_slow_answer_is_a_good_one(aws: LocalOutposts, once: Any) -> None:
    aws.faults.add("CreateOrder", "slow", seconds=0.05)

    began = time.monotonic()
    made = place(once)["Order"]

    assert time.monotonic() - began >= 0.05
    assert [order["OrderId"] for order in aws.accepted()] == [made["OrderId"]]


def test_an_order_may_be_booked_after_its_connection_was_lost(aws: LocalOutposts, once: Any) -> None:
    aws.faults.add("CreateOrder", "book_late", seconds=0.3)

    with pytest.raises(ConnectionClosedError):
        place(once)

    assert once.list_orders()["Orders"] == []
    eventually(lambda: len(once.list_orders()["Orders"]) == 1)
    assert len(aws.posts()) == 1


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("408", 408, "RequestTimeoutException"),
        ("429", 429, "TooManyRequestsException"),
        ("500", 500, "InternalServerException"),
        ("502", 502, "BadGatewayException"),
        ("503", 503, "ServiceUnavailableException"),
        ("504", 504, "GatewayTimeoutException"),
        ("throttle", 400, "ThrottlingException"),
    ],
)
@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
def test_a_failure_is_answered_whether_the_order_was_made_or_not(
    aws: LocalOutposts, once: Any, kind: str, status: int, code: str, when: str, orders: int
) -> None:
    aws.faults.add("CreateOrder", f"{kind}_{when}")

    with pytest.raises(ClientError) as caught:
        place(once)

    assert caught.value.response["Error"]["Code"] == code
    assert [post.status for post in aws.posts()] == [status]
    assert len(aws.accepted()) == orders


@pytest.mark.parametrize("kind", ["empty_200", "truncated_200", "html_200"])
@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
def test_a_worthless_200_is_an_empty_success_to_boto3(
    aws: LocalOutposts, once: Any, kind: str, when: str, orders: int
) -> None:
    aws.faults.add("CreateOrder", f"{kind}_{when}")

    assert place(once) == {}
    assert len(aws.posts()) == 1
    assert len(aws.accepted()) == orders


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ValidationException", 400),
        ("ServiceQuotaExceededException", 402),
        ("AccessDeniedException", 403),
        ("NotFoundException", 404),
        ("ConflictException", 409),
        ("InternalServerException", 500),
        ("ExpiredTokenException", 403),
        ("ThrottlingException", 400),
    ],
)
def test_a_refusal_can_be_put_into_the_services_mouth(
    aws: LocalOutposts, once: Any, code: str, status: int
) -> None:
    aws.faults.add("CreateOrder", f"error:{code}:No: not today")

    with pytest.raises(ClientError) as caught:
        place(once)

    response = caught.value.response
    assert response["Error"] == {"Code": code, "Message": "No: not today"}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert aws.accepted() == []


def test_a_conflict_names_what_it_is_about(aws: LocalOutposts, once: Any) -> None:
    aws.faults.add("CreateOrder", "error:ConflictException:Busy")

    with pytest.raises(ClientError) as caught:
        place(once)

    response: Any = caught.value.response
    assert (response["ResourceId"], response["ResourceType"]) == (
        "op-0123456789abcdef0",
        "OUTPOST",
    )


# boto3's own retries, which are why the bot places with a client of its own


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("drop_before", ConnectionClosedError),
        ("reset_before", ConnectionClosedError),
        ("500_before", ClientError),
        ("503_before", ClientError),
    ],
)
def test_the_usual_client_sends_three_times(
    aws: LocalOutposts, usual: Any, kind: str, error: type[Exception]
) -> None:
    aws.faults.add("CreateOrder", kind, times=9)

    with pytest.raises(error):
        place(usual)

    assert len(aws.posts()) == 3
    assert len({post.headers["amz-sdk-invocation-id"] for post in aws.posts()}) == 1
    assert len(aws.faults.pending) == 6


def test_the_usual_client_orders_twice_and_reports_one_success(aws: LocalOutposts, usual: Any) -> None:
    aws.faults.add("CreateOrder", "drop_after")

    made = place(usual)["Order"]["OrderId"]

    assert [post.status for post in aws.posts()] == [None, 200]
    assert [order["OrderId"] for order in aws.accepted()][1:] == [made]
    assert len(aws.accepted()) == 2


def test_the_legacy_client_sends_again_as_well(aws: LocalOutposts, connect: Callable[..., Any]) -> None:
    # Told to retry once, of the four times that it would: its back-off grows to eight seconds.
    client = connect(retries={"mode": "legacy", "max_attempts": 1})
    aws.faults.add("CreateOrder", "drop_before", times=9)

    with pytest.raises(ConnectionClosedError):
        place(client)

    assert len(aws.posts()) == 2


# Ordering faults


def test_faults_strike_in_sequence_and_then_no_more(aws: LocalOutposts, once: Any) -> None:
    aws.faults.add("CreateOrder", "drop_before")
    aws.faults.add("*", "500_before")

    with pytest.raises(ConnectionClosedError):
        place(once)
    with pytest.raises(ClientError):
        place(once)
    place(once)

    assert [post.status for post in aws.posts()] == [None, 500, 200]


def test_a_fault_waits_for_its_operation_and_region(aws: LocalOutposts, once: Any) -> None:
    aws.faults.add("ListOrders", "500_before")
    aws.faults.add("CreateOrder", "500_before", region="eu-west-1")

    place(once)

    assert len(aws.faults.pending) == 2
    aws.faults.clear()
    assert aws.faults.pending == []


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("CreateOrder", "drop"), ("CreateOrder", "error:Code"), ("PlaceOrder", "drop_before")],
)
def test_a_fault_that_could_never_strike_is_not_taken(aws: LocalOutposts, operation: str, kind: str) -> None:
    with pytest.raises(ValueError, match="no such"):
        aws.faults.add(operation, kind)


def test_a_stopped_server_cannot_be_reached(aws: LocalOutposts, once: Any) -> None:
    place(once)
    aws.stop()

    with pytest.raises(EndpointConnectionError):
        place(once)


def test_orders_placed_at_once_are_all_there_and_all_different(aws: LocalOutposts, once: Any) -> None:
    threads = [threading.Thread(target=place, args=(once,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({order["OrderId"] for order in aws.accepted()}) == 8
    assert [post.status for post in aws.posts()] == [200] * 8

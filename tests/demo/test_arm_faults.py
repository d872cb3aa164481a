"""What the SDK sees of each fault, and how many order items there are afterwards."""

import gc
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.rest import HttpRequest
from azure.mgmt.edgeorder import EdgeOrderManagementClient

from bot.demo.arm import LocalArm

GROUP = "edge-hardware"
NAME = "ord-7f3k2m-1"


class Bearer:
    def __init__(self, token: str) -> None:
        self.given = token

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken(self.given, 2**40)


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalArm]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with LocalArm() as server:
        server.retry_after = 0.01
        server.furnish()
        yield server


@pytest.fixture
def connect(arm: LocalArm) -> Iterator[Callable[..., Any]]:
    made: list[Any] = []

    def make(**config: Any) -> EdgeOrderManagementClient:
        client = EdgeOrderManagementClient(
            Bearer(arm.token()),
            arm.subscription,
            base_url=arm.url,
            connection_verify=str(arm.ca_file),
            **config,
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def once(connect: Callable[..., Any]) -> Any:
    """The client for placing: one send, whatever happens."""
    return connect(retry_total=0, read_timeout=5)


@pytest.fixture
def usual(connect: Callable[..., Any]) -> Any:
    """The SDK as it comes, but for its patience between two sends."""
    return connect(retry_backoff_factor=0.001)


def begin(arm: LocalArm, client: Any, name: str = NAME, **more: Any) -> Any:
    group = f"/subscriptions/{arm.subscription}/resourceGroups/{GROUP}"
    body = {
        "location": "eastus",
        "properties": {
            "orderId": f"{group}/providers/Microsoft.EdgeOrder/locations/eastus/orders/ord-7f3k2m",
            "orderItemDetails": {
                "orderItemType": "Purchase",
                "productDetails": {
                    "hierarchyInformation": {
                        "productFamilyName": "azurestackedge",
                        "productLineName": "azurestackedge",
                        "productName": "azurestackedgegpu",
                        "configurationName": "edgep_base",
                    }
                },
            },
            "addressDetails": {
                "forwardAddress": {
                    "shippingAddress": {
                        "streetAddress1": "101 TOWNSEND ST",
                        "city": "San Francisco",
                        "country": "US",
                        "postalCode": "94107",
                    }
                }
            },
        },
    }
    return client.order_items.begin_create(GROUP, name, body, **more)


def place(arm: LocalArm, client: Any, name: str = NAME) -> Any:
    return begin(arm, client, name).result()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def statuses(arm: LocalArm, operation: str) -> list[int | None]:
    return [request.status for request in arm.requests if request.operation == operation]


# Placing with retries off


@pytest.mark.parametrize("kind", ["drop", "reset"])
@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_cut_connection_looks_the_same_whether_the_item_was_made_or_not(
    arm: LocalArm, once: Any, kind: str, when: str, made: int
) -> None:
    arm.faults.add("OrderItems_Create", f"{kind}_{when}")

    with pytest.raises(ServiceResponseError):
        place(arm, once)

    assert [put.status for put in arm.puts()] == [None]
    assert len(arm.accepted()) == made


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_hang_ends_in_a_timeout(arm: LocalArm, connect: Callable[..., Any], when: str, made: int) -> None:
    client = connect(retry_total=0, read_timeout=0.2)
    arm.faults.add("OrderItems_Create", f"hang_{when}", seconds=60)

    with pytest.raises(ServiceResponseTimeoutError):
        place(arm, client)

    assert [put.status for put in arm.puts()] == [None]
    assert len(arm.accepted()) == made


def test_a_hang_does_not_hold_up_the_stop(arm: LocalArm, connect: Callable[..., Any]) -> None:
    client = connect(retry_total=0, read_timeout=0.2)
    arm.faults.add("*", "hang_before", seconds=60)
    with pytest.raises(ServiceResponseTimeoutError):
        list(client.orders.list_by_subscription())

    began = time.monotonic()
    arm.stop()

    assert time.monotonic() - began < 2


def test_a_slow_answer_is_a_good_one(arm: LocalArm, once: Any) -> None:
    arm.faults.add("OrderItems_Create", "slow", seconds=0.05)

    began = time.monotonic()
    place(arm, once)

    assert time.monotonic() - began >= 0.05
    assert len(arm.accepted()) == 1


def test_an_item_may_be_booked_after_its_connection_was_lost(arm: LocalArm, once: Any) -> None:
    arm.faults.add("OrderItems_Create", "book_late", seconds=0.2)

    with pytest.raises(ServiceResponseError):
        place(arm, once)

    with pytest.raises(ResourceNotFoundError):
        once.order_items.get(GROUP, NAME)
    eventually(lambda: len(arm.accepted()) == 1)
    assert once.order_items.get(GROUP, NAME).name == NAME
    assert len(arm.puts()) == 1


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("408", 408, "RequestTimeout"),
        ("429", 429, "TooManyRequests"),
        ("500", 500, "InternalServerError"),
        ("502", 502, "BadGateway"),
        ("503", 503, "ServiceUnavailable"),
        ("504", 504, "GatewayTimeout"),
        ("throttle", 429, "SubscriptionRequestsThrottled"),
    ],
)
@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_failure_is_answered_whether_the_item_was_made_or_not(
    arm: LocalArm, once: Any, kind: str, status: int, code: str, when: str, made: int
) -> None:
    arm.faults.add("OrderItems_Create", f"{kind}_{when}")

    with pytest.raises(HttpResponseError) as caught:
        place(arm, once)

    assert caught.value.error.code == code  # type: ignore[union-attr]
    assert [put.status for put in arm.puts()] == [status]
    assert len(arm.accepted()) == made


@pytest.mark.parametrize(
    ("kind", "error"), [("html_200", DecodeError), ("truncated_200", IncompleteReadError)]
)
@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_worthless_200_is_no_success_to_the_sdk(
    arm: LocalArm, once: Any, kind: str, error: type[Exception], when: str, made: int
) -> None:
    arm.faults.add("OrderItems_Create", f"{kind}_{when}")

    with pytest.raises(error):
        place(arm, once)

    assert [put.status for put in arm.puts()] == [200]
    assert len(arm.accepted()) == made


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_an_empty_200_is_a_success_without_an_item_to_the_sdk(
    arm: LocalArm, once: Any, when: str, made: int
) -> None:
    arm.faults.add("OrderItems_Create", f"empty_200_{when}")

    poller = begin(arm, once)

    assert poller.result() is None
    assert poller.status() == "Succeeded"
    assert len(arm.requests) == 1
    assert len(arm.accepted()) == made


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("RequestDisallowedByPolicy", 403),
        ("AuthorizationFailed", 403),
        ("MissingSubscriptionRegistration", 409),
        ("ServiceUnavailable", 503),
        ("SomethingNew", 400),
    ],
)
def test_a_refusal_can_be_put_into_azures_mouth(
    arm: LocalArm, connect: Callable[..., Any], code: str, status: int
) -> None:
    client = connect(retry_total=0)
    arm.faults.add("OrderItems_Get", f"error:{code}:No: not today")

    with pytest.raises(HttpResponseError, match="No: not today") as caught:
        client.order_items.get(GROUP, NAME)

    assert caught.value.status_code == status
    assert caught.value.error.code == code  # type: ignore[union-attr]


# The SDK's own retries, which are why the bot places with a client of its own


@pytest.mark.parametrize("kind", ["drop_before", "reset_before", "500_before", "503_before", "429_before"])
def test_the_usual_client_sends_four_times(arm: LocalArm, usual: Any, kind: str) -> None:
    arm.faults.add("OrderItems_Create", kind, times=9)

    with pytest.raises((ServiceResponseError, HttpResponseError)):
        place(arm, usual)

    assert len(arm.puts()) == 4
    assert len({put.headers["x-ms-client-request-id"] for put in arm.puts()}) == 1
    assert len(arm.faults.pending) == 5


def test_the_usual_client_reports_a_conflict_with_itself(arm: LocalArm, usual: Any) -> None:
    arm.faults.add("OrderItems_Create", "drop_after")

    with pytest.raises(ResourceExistsError):
        place(arm, usual)

    assert [put.status for put in arm.puts()] == [None, 409]
    assert len(arm.accepted()) == 1


def test_a_throttled_request_is_told_when_to_come_back(arm: LocalArm, usual: Any) -> None:
    arm.faults.add("OrderItems_Create", "throttle_before", times=2)

    place(arm, usual)

    assert [put.status for put in arm.puts()] == [429, 429, 202]


# After acceptance


@pytest.mark.parametrize("kind", ["drop_before", "reset_after", "500_before", "503_after", "throttle_before"])
def test_polling_survives_what_passes(arm: LocalArm, usual: Any, kind: str) -> None:
    arm.faults.add("OperationResults_Get", kind, times=2)

    assert place(arm, usual).name == NAME

    assert len(statuses(arm, "OperationResults_Get")) == 3
    assert len(arm.puts()) == 1


@pytest.mark.parametrize(
    "kind", ["drop_before", "hang_before", "500_before", "html_200_before", "empty_200_before"]
)
@pytest.mark.parametrize("operation", ["OperationResults_Get", "OrderItems_Get"])
def test_polling_that_fails_says_nothing_about_the_item(
    arm: LocalArm, connect: Callable[..., Any], operation: str, kind: str
) -> None:
    client = connect(retry_total=0, read_timeout=0.3)
    arm.faults.add(operation, kind, seconds=60)
    poller = begin(arm, client)

    if kind == "empty_200_before":
        # Not noticed at all: an operation that has ended may well have nothing to tell.
        assert poller.result() is None
    else:
        with pytest.raises((ServiceResponseError, HttpResponseError, ValueError)):
            poller.result()

    assert [put.status for put in arm.puts()] == [202]
    assert (
        client.order_items.get(GROUP, NAME).properties.order_item_details.current_stage.stage_name == "Placed"
    )


def test_an_accepted_item_may_still_come_to_nothing(arm: LocalArm, once: Any) -> None:
    arm.faults.add("OrderItems_Create", "async:QuotaExceeded:No more devices for you.")
    poller = begin(arm, once)

    with pytest.raises(HttpResponseError, match="No more devices for you") as caught:
        poller.result()

    assert caught.value.error.code == "QuotaExceeded"  # type: ignore[union-attr]
    assert [put.status for put in arm.puts()] == [202]
    with pytest.raises(ResourceNotFoundError):
        once.order_items.get(GROUP, NAME)


def test_a_return_may_come_to_nothing_and_a_deletion_too(arm: LocalArm, once: Any) -> None:
    place(arm, once)
    arm.set_stage(NAME, "ReturnCompleted")
    arm.faults.add("OrderItems_Delete", "async:Busy:Try again tomorrow.")

    with pytest.raises(HttpResponseError, match="tomorrow"):
        once.order_items.begin_delete(GROUP, NAME).result()

    assert len(arm.items) == 1


def test_an_operation_can_take_its_time(arm: LocalArm, once: Any) -> None:
    arm.operation_seconds = 3600

    placing = begin(arm, once)
    eventually(lambda: len(statuses(arm, "OperationResults_Get")) > 1)
    arm.finish()
    placing.result()

    polled = statuses(arm, "OperationResults_Get")
    assert len(polled) > 2
    assert set(polled) == {202}
    where = {request.path for request in arm.requests if request.operation == "OperationResults_Get"}
    assert len(where) == 1


def test_an_operation_that_is_not_known_is_not_found(arm: LocalArm, once: Any) -> None:
    poller = begin(arm, once)
    token = poller.continuation_token()
    poller.result()
    port = int(arm.url.rpartition(":")[2])
    arm.stop()

    with pytest.raises(ServiceRequestError):
        once.order_items.begin_create(GROUP, NAME, None, continuation_token=token).result()
    arm.start(port)
    assert once.order_items.begin_create(GROUP, NAME, None, continuation_token=token).result().name == NAME

    path = f"/subscriptions/{arm.subscription}/providers/Microsoft.EdgeOrder/locations/eastus"
    request = HttpRequest("GET", f"{arm.url}{path}/operationResults/0?api-version=2024-02-01")
    assert once.send_request(request).status_code == 404


# Ordering faults


def test_faults_strike_in_sequence_and_then_no_more(arm: LocalArm, once: Any) -> None:
    arm.faults.add("OrderItems_Create", "drop_before")
    arm.faults.add("*", "500_before")

    with pytest.raises(ServiceResponseError):
        place(arm, once)
    with pytest.raises(HttpResponseError):
        place(arm, once)
    place(arm, once)

    assert [put.status for put in arm.puts()] == [None, 500, 202]


def test_a_fault_can_wait_for_one_of_several_items(arm: LocalArm, once: Any) -> None:
    arm.faults.add("OrderItems_Create", "500_before", name="ord-7f3k2m-2")

    place(arm, once)
    with pytest.raises(HttpResponseError):
        place(arm, once, "ord-7f3k2m-2")
    place(arm, once, "ord-7f3k2m-3")

    assert [item["name"] for item in arm.accepted()] == ["ord-7f3k2m-1", "ord-7f3k2m-3"]
    assert [put.status for put in arm.puts("ord-7f3k2m-2")] == [500]


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("OrderItems_Create", "drop"),
        ("OrderItems_Create", "error:Code"),
        ("OrderItems_Create", "async:"),
        ("CreateOrder", "drop_before"),
    ],
)
def test_a_fault_that_could_never_strike_is_not_taken(arm: LocalArm, operation: str, kind: str) -> None:
    with pytest.raises(ValueError, match="no such"):
        arm.faults.add(operation, kind)


def test_a_stopped_server_cannot_be_reached(arm: LocalArm, once: Any) -> None:
    place(arm, once)
    arm.stop()

    with pytest.raises(ServiceRequestError):
        place(arm, once, "ord-7f3k2m-2")


def test_a_client_that_never_says_hello_stops_nobody(arm: LocalArm, once: Any) -> None:
    with socket.create_connection(("127.0.0.1", int(arm.url.rpartition(":")[2]))):
        place(arm, once)
        arm.stop()


@pytest.mark.parametrize(("kind", "reset"), [("drop_before", False), ("reset_before", True)])
def test_on_the_wire_a_reset_is_a_reset_also_over_tls(arm: LocalArm, kind: str, reset: bool) -> None:
    arm.faults.add("*", kind)
    with tls(arm) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

        # Beneath the TLS, where some versions of Python take a reset for an end.
        try:
            while socket.socket.recv(connection, 4096):
                pass
            seen = False
        except ConnectionResetError:
            seen = True

    assert seen == reset


def tls(arm: LocalArm) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(arm.ca_file))
    plain = socket.create_connection(("127.0.0.1", int(arm.url.rpartition(":")[2])), timeout=5)
    return context.wrap_socket(plain, server_hostname="localhost")


def test_a_request_without_a_length_is_refused(arm: LocalArm) -> None:
    with tls(arm) as connection:
        connection.sendall(b"PUT / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")

        assert connection.recv(64).startswith(b"HTTP/1.1 411 ")


def test_items_placed_at_once_are_all_there(arm: LocalArm, once: Any) -> None:
    names = [f"ord-7f3k2m-{unit}" for unit in range(1, 9)]
    threads = [threading.Thread(target=place, args=(arm, once, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(item["name"] for item in arm.accepted()) == names
    assert len(arm.orders[0]["properties"]["orderItemIds"]) == 8


def test_the_same_name_at_once_is_one_item(arm: LocalArm, once: Any) -> None:
    def attempt() -> None:
        with suppress(ResourceExistsError):
            begin(arm, once, polling=False)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(str(put.status) for put in arm.puts()) == ["202"] + ["409"] * 7
    assert len(arm.accepted()) == 1


def test_what_the_server_kept_on_disk_goes_with_it() -> None:
    arm = LocalArm()
    folder = arm.ca_file.parent
    assert {file.name for file in folder.iterdir()} == {"ca.pem", "server.pem"}

    del arm
    gc.collect()

    assert not folder.exists()

"""The life of an order item, as the SDK is told of it."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.edgeorder import EdgeOrderManagementClient, models

from bot.demo.arm import LocalArm
from bot.demo.arm.contract import violations

START = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
GROUP = "edge-hardware"
NAME = "ord-7f3k2m-1"
EVERYTHING = "ParentDeviceDetails,DeviceDetails,ForwardShippingDetails,ReverseShippingDetails"


class Bearer:
    def __init__(self, token: str) -> None:
        self.given = token

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken(self.given, 2**40)


def first_asked(arm: LocalArm) -> None:
    """Wait until somebody has asked how an operation goes, in the SDK's own thread."""
    deadline = time.monotonic() + 20
    while not any(request.operation == "OperationResults_Get" for request in arm.requests):
        assert time.monotonic() < deadline, "nobody asked"
        time.sleep(0.005)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def arm(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalArm]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with LocalArm(clock=clock) as server:
        server.retry_after = 0.01
        server.furnish()
        server.add_item(NAME, "ord-7f3k2m")
        yield server


@pytest.fixture
def client(arm: LocalArm) -> Iterator[Any]:
    made = EdgeOrderManagementClient(
        Bearer(arm.token()),
        arm.subscription,
        base_url=arm.url,
        connection_verify=str(arm.ca_file),
        retry_total=0,
    )
    yield made
    made.close()


@pytest.fixture
def told(client: Any) -> Callable[[], Any]:
    """The item's details with all that there is to expand."""

    def ask() -> Any:
        item = client.order_items.get(GROUP, NAME, expand=EVERYTHING)
        faulty = violations(models.OrderItemResource, item.as_dict(), answer=True)
        # Values that nobody knows yet are welcome here, members are not.
        assert [why for _, why in faulty if "is not one of" not in why] == []
        return item.properties.order_item_details

    return ask


def history(details: Any) -> list[tuple[str, str]]:
    return [(step.stage_name, step.stage_status) for step in details.order_item_stage_history]


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def refused(call: Callable[..., Any], *given: Any) -> tuple[int | None, str]:
    with pytest.raises(HttpResponseError) as caught:
        call(*given)
    return caught.value.status_code, caught.value.error.code  # type: ignore[union-attr]


def test_an_item_goes_through_every_stage(
    arm: LocalArm, clock: Clock, client: Any, told: Callable[[], Any]
) -> None:
    seen = []
    for _ in range(7):
        details = told()
        seen.append(
            (
                details.current_stage.stage_name,
                details.cancellation_status,
                details.return_status,
                details.deletion_status,
            )
        )
        clock.now += timedelta(days=1)
        arm.advance(NAME)

    no = ("NotCancellable", "NotReturnable", "NotAllowed")
    assert seen == [
        ("Placed", "Cancellable", "NotReturnable", "NotAllowed"),
        ("InReview", "Cancellable", "NotReturnable", "NotAllowed"),
        ("Confirmed", *no),
        ("ReadyToShip", *no),
        ("Shipped", *no),
        ("Delivered", "NotCancellable", "Returnable", "NotAllowed"),
        ("InUse", "NotCancellable", "Returnable", "NotAllowed"),
    ]
    assert arm.advance(NAME) == "InUse"
    steps = told().order_item_stage_history
    assert [step.start_time for step in steps] == [START + timedelta(days=day) for day in range(7)]
    assert {step.stage_status for step in steps} == {"Succeeded"}
    assert client.order_items.get(GROUP, NAME).system_data.last_modified_at == START


def test_the_history_foretells_what_is_to_come(arm: LocalArm, told: Callable[[], Any]) -> None:
    arm.advance(NAME)
    arm.advance(NAME)

    assert history(told()) == [
        ("Placed", "Succeeded"),
        ("InReview", "Succeeded"),
        ("Confirmed", "Succeeded"),
        ("ReadyToShip", "None"),
        ("Shipped", "None"),
        ("Delivered", "None"),
        ("InUse", "None"),
    ]
    assert told().order_item_stage_history[3].start_time is None


def test_the_details_appear_with_their_stage(arm: LocalArm, told: Callable[[], Any]) -> None:
    arm.set_stage(NAME, "ReadyToShip")
    assert told().forward_shipping_details is None
    arm.advance(NAME)
    parcel = told().forward_shipping_details
    assert parcel.carrier_name in ("FEDEX", "UPS", "DHL")
    assert parcel.carrier_display_name
    assert parcel.tracking_id in parcel.tracking_url
    arm.advance(NAME)
    assert told().product_details.parent_device_details is None
    arm.advance(NAME)
    device = told().product_details.parent_device_details
    assert device.serial_number
    assert device.display_serial_number.replace("-", "") == device.serial_number
    assert device.management_resource_id.endswith(f"/dataBoxEdgeDevices/{NAME}")


def test_stages_can_have_display_names(arm: LocalArm, told: Callable[[], Any]) -> None:
    arm.advance(NAME)
    assert told().current_stage.display_name is None

    arm.display_names = True
    arm.set_stage(NAME, "ReadyToShip")
    assert told().current_stage.display_name == "Ready to ship"
    arm.set_stage(NAME, "Shipped", display_name="On its way")
    assert told().current_stage.display_name == "On its way"


def test_any_stage_can_be_told_the_unknown_and_steps_back_too(arm: LocalArm, told: Callable[[], Any]) -> None:
    arm.set_stage(NAME, "Shipped")
    arm.set_stage(NAME, "AtCustoms", "Waiting", display_name="At customs")
    details = told()
    assert (details.current_stage.stage_name, details.current_stage.stage_status) == ("AtCustoms", "Waiting")
    assert history(details)[4:] == [("AtCustoms", "Waiting"), ("Delivered", "None"), ("InUse", "None")]
    assert arm.advance(NAME) == "AtCustoms"

    arm.set_stage(NAME, "ReadyToSetup", "InProgress")
    assert arm.advance(NAME) == "InUse"
    arm.set_stage(NAME, "Placed", "Cancelling")
    assert told().current_stage.stage_status == "Cancelling"


def test_anything_can_be_told_of_an_item(arm: LocalArm, client: Any, told: Callable[[], Any]) -> None:
    arm.put(
        NAME,
        {
            "properties": {
                "orderItemDetails": {
                    "cancellationStatus": "CancellableWithFee",
                    "notificationEmailList": None,
                    "productDetails": {
                        "childConfigurationDeviceDetails": [{"deviceDetails": [{"serialNumber": "S1"}]}]
                    },
                }
            }
        },
    )

    details = told()
    assert details.cancellation_status == "CancellableWithFee"
    assert details.notification_email_list is None
    children = details.product_details.child_configuration_device_details
    assert children[0].device_details[0].serial_number == "S1"
    client.order_items.cancel(GROUP, NAME, {"reason": "Worth the fee"})
    assert told().current_stage.stage_name == "Cancelled"


# Endings


@pytest.mark.parametrize("steps", [0, 1])
def test_an_item_can_be_cancelled_until_it_is_confirmed(
    arm: LocalArm, client: Any, told: Callable[[], Any], steps: int
) -> None:
    for _ in range(steps):
        arm.advance(NAME)

    client.order_items.cancel(GROUP, NAME, {"reason": "No longer needed"})

    assert arm.requests[-1].status == 204
    details = told()
    assert (details.current_stage.stage_name, details.current_stage.stage_status) == (
        "Cancelled",
        "Succeeded",
    )
    assert details.cancellation_reason == "No longer needed"
    assert (details.cancellation_status, details.deletion_status) == ("NotCancellable", "Allowed")
    assert history(details)[-1] == ("Cancelled", "Succeeded")
    assert arm.advance(NAME) == "Cancelled"


def test_a_confirmed_item_cannot_be_cancelled(arm: LocalArm, client: Any) -> None:
    arm.set_stage(NAME, "Confirmed")

    assert refused(client.order_items.cancel, GROUP, NAME, {"reason": "x"}) == (
        400,
        "OrderItemNotCancellable",
    )
    assert refused(client.order_items.cancel, GROUP, NAME, {}) == (400, "InvalidRequestContent")


def test_azure_can_cancel_at_any_time(arm: LocalArm, told: Callable[[], Any]) -> None:
    arm.set_stage(NAME, "Shipped")

    arm.cancel(NAME, "Recalled.")

    assert told().cancellation_reason == "Recalled."


def test_an_item_goes_back(arm: LocalArm, client: Any, told: Callable[[], Any]) -> None:
    assert refused(client.order_items.begin_return_method, GROUP, NAME, {"returnReason": "x"}) == (
        400,
        "OrderItemNotReturnable",
    )
    arm.set_stage(NAME, "InUse")
    there = {"shippingAddress": {"country": "US", "city": "Columbus"}}

    client.order_items.begin_return_method(
        GROUP, NAME, {"returnReason": "The project has ended", "returnAddress": there}
    ).result()

    details = told()
    assert details.return_reason == "The project has ended"
    assert (details.current_stage.stage_name, details.return_status) == ("ReturnInitiated", "NotReturnable")
    parcel = details.reverse_shipping_details
    assert parcel.sas_key_for_label.startswith("https://")
    assert "&sig=" in parcel.sas_key_for_label
    assert parcel.tracking_id != details.forward_shipping_details
    assert client.order_items.get(GROUP, NAME).properties.address_details.return_address.as_dict() == there
    assert [arm.advance(NAME) for _ in range(4)] == [
        "ReturnPickedUp",
        "ReturnedToMicrosoft",
        "ReturnCompleted",
        "ReturnCompleted",
    ]
    assert told().deletion_status == "Allowed"
    posted = [request for request in arm.requests if request.operation == "OrderItems_Return"]
    assert [request.status for request in posted] == [400, 202]


def test_an_item_can_be_deleted_once_it_is_over(arm: LocalArm, client: Any) -> None:
    assert refused(client.order_items.begin_delete, GROUP, NAME) == (400, "OrderItemNotDeletable")
    arm.cancel(NAME)
    arm.operation_seconds = 3600

    deletion = client.order_items.begin_delete(GROUP, NAME)
    first_asked(arm)
    arm.finish()
    deletion.result()

    with pytest.raises(ResourceNotFoundError):
        client.order_items.get(GROUP, NAME)
    assert arm.items == arm.orders == []
    polled = [request for request in arm.requests if request.operation == "OperationResults_Get"]
    assert polled[0].path.endswith("-deleteresource")
    assert len({request.path for request in polled}) == 1
    assert {request.status for request in polled[:-1]} == {202}
    assert polled[-1].status == 204
    client.order_items.begin_delete(GROUP, NAME).result()
    assert arm.requests[-1].status == 204


def test_a_rejected_item_says_why(arm: LocalArm, told: Callable[[], Any]) -> None:
    arm.reject(NAME, "The subscription has no agreement.")

    details = told()
    assert (details.current_stage.stage_name, details.current_stage.stage_status) == ("InReview", "Failed")
    assert details.error.as_dict() == {
        "code": "OrderItemRejected",
        "message": "The subscription has no agreement.",
    }
    assert arm.advance(NAME) == "InReview"


def test_a_failed_item_says_all_that_is_known(arm: LocalArm, told: Callable[[], Any]) -> None:
    arm.set_stage(NAME, "ReadyToShip")

    arm.fail(
        NAME,
        "OutOfStock",
        "The device is out of stock.",
        target="edgep_base",
        details=[{"code": "Supplier", "message": "Expected in March."}],
    )

    details = told()
    assert (details.current_stage.stage_name, details.current_stage.stage_status) == ("ReadyToShip", "Failed")
    assert (details.error.code, details.error.target) == ("OutOfStock", "edgep_base")
    assert details.error.details[0].message == "Expected in March."


def test_an_order_is_reviewed_when_all_its_items_are(arm: LocalArm, client: Any) -> None:
    arm.add_item("ord-7f3k2m-2", "ord-7f3k2m")

    def stage() -> Any:
        return client.orders.get(GROUP, "eastus", "ord-7f3k2m").properties.current_stage.stage_name

    arm.advance(NAME)
    assert stage() == "Placed"
    arm.advance("ord-7f3k2m-2")
    assert stage() == "InReview"


def test_an_item_made_elsewhere_was_not_accepted_here(arm: LocalArm) -> None:
    assert [item["name"] for item in arm.items] == [NAME]
    assert arm.accepted() == arm.puts() == []


def test_a_document_as_it_stands_waits_for_nobody_but_can_be_moved(arm: LocalArm, client: Any) -> None:
    arm.put_raw(
        "TestOrderItemName1",
        {
            "properties": {
                "orderItemDetails": {
                    "productDetails": {},
                    "currentStage": {"stageStatus": "Succeeded", "stageName": "Confirmed"},
                    "orderItemStageHistory": [{"stageStatus": "Succeeded", "stageName": "Confirmed"}],
                }
            }
        },
    )
    arm.run(seconds_per_stage=0.001)
    eventually(lambda: arm.items[0]["properties"]["orderItemDetails"]["currentStage"]["stageName"] == "InUse")
    arm.pause()

    found = client.order_items.get(GROUP, "testorderitemname1").properties.order_item_details
    assert found.current_stage.stage_name == "Confirmed"
    assert arm.advance("TestOrderItemName1") == "ReadyToShip"


def test_time_can_be_told_to_run_and_to_stand_still(arm: LocalArm, told: Callable[[], Any]) -> None:
    arm.run(seconds_per_stage=0.01)
    arm.add_item("ord-7f3k2m-2", "ord-7f3k2m")

    def stages() -> list[str]:
        return [item["properties"]["orderItemDetails"]["currentStage"]["stageName"] for item in arm.items]

    eventually(lambda: stages() == ["InUse", "InUse"])
    arm.set_stage(NAME, "ReturnInitiated")
    arm.run(seconds_per_stage=0.01)
    eventually(lambda: stages() == ["ReturnCompleted", "InUse"])
    arm.pause()

    arm.add_item("ord-7f3k2m-3", "ord-7f3k2m")
    assert stages()[2] == "Placed"
    assert told().current_stage.stage_name == "ReturnCompleted"


def test_what_is_not_there_cannot_be_moved(arm: LocalArm) -> None:
    with pytest.raises(LookupError, match="there is no"):
        arm.advance("ord-000000-1")

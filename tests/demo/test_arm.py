"""The local Azure Resource Manager as the real SDK sees it: TLS, tokens, contract, operations."""

import copy
import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from azure.identity import CredentialUnavailableError, DefaultAzureCredential
from azure.mgmt.edgeorder import EdgeOrderManagementClient, models

from bot.demo.arm import LocalArm
from bot.demo.arm.catalog import Configuration, Family, Line, Product
from bot.demo.arm.contract import OPERATIONS, members, violations
from bot.demo.arm.items import LIFE, RETURN

NOW = datetime(2026, 11, 22, 12, 30, 15, 250000, tzinfo=UTC)
GROUP = "edge-hardware"


class Bearer:
    """A credential that has one token and nothing else."""

    def __init__(self, token: str) -> None:
        self.given = token

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken(self.given, 2**40)


@pytest.fixture(autouse=True)
def no_azure_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AZURE_", "IDENTITY_", "MSI_", "REQUESTS_CA_", "CURL_CA_")):
            monkeypatch.delenv(name)


@pytest.fixture
def arm() -> Iterator[LocalArm]:
    with LocalArm(clock=lambda: NOW) as server:
        server.retry_after = 0.01
        server.furnish()
        yield server


@pytest.fixture
def connect(arm: LocalArm, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Makes clients with the credential that the environment gives, or with one of their own."""
    made: list[Any] = []

    def make(credential: Any = None, **config: Any) -> EdgeOrderManagementClient:
        for name, value in arm.environment().items():
            monkeypatch.setenv(name, value)
        if credential is None:
            credential = DefaultAzureCredential()
            made.append(credential)
        client = EdgeOrderManagementClient(
            credential,
            config.pop("subscription", os.environ["AZURE_SUBSCRIPTION_ID"]),
            base_url=os.environ["AZURE_RESOURCE_MANAGER_URL"],
            retry_total=0,
            **config,
        )
        made.append(client)
        return client

    yield make
    for one in made:
        one.close()


@pytest.fixture
def client(connect: Callable[..., Any]) -> Any:
    return connect()


def order_id(arm: LocalArm, name: str = "ord-7f3k2m") -> str:
    return (
        f"/subscriptions/{arm.subscription}/resourceGroups/{GROUP}"
        f"/providers/Microsoft.EdgeOrder/locations/eastus/orders/{name}"
    )


ADDRESS = {
    "shippingAddress": {
        "streetAddress1": "101 TOWNSEND ST",
        "city": "San Francisco",
        "stateOrProvince": "CA",
        "country": "US",
        "postalCode": "94107",
        "addressType": "Commercial",
    },
    "contactDetails": {
        "contactName": "random",
        "phone": "1234567891",
        "emailList": ["user@example.com"],
    },
}


def order(arm: LocalArm, configuration: str = "azurestackedgegpu/EdgeP_High", **details: Any) -> Any:
    product, name = configuration.split("/")
    return {
        "location": "eastus",
        "tags": {"quartermaster-order": "ORD-7F3K2M"},
        "properties": {
            "orderId": order_id(arm),
            "orderItemDetails": {
                "orderItemType": "Purchase",
                "productDetails": {
                    "hierarchyInformation": {
                        "productFamilyName": "azurestackedge",
                        "productLineName": "azurestackedge",
                        "productName": product,
                        "configurationName": name,
                    }
                },
                **details,
            },
            "addressDetails": {"forwardAddress": copy.deepcopy(ADDRESS)},
        },
    }


def place(arm: LocalArm, client: Any, name: str = "ord-7f3k2m-1", **details: Any) -> Any:
    return client.order_items.begin_create(GROUP, name, order(arm, **details)).result()


def refused(call: Callable[..., Any], *given: Any, **more: Any) -> tuple[int, str]:
    with pytest.raises(HttpResponseError) as caught:
        call(*given, **more)
    body = json.loads(caught.value.response.text())  # type: ignore[union-attr]
    assert set(body) == {"error"}
    assert body["error"]["message"]
    return caught.value.status_code or 0, body["error"]["code"]


def wrong(model: type, shown: Any) -> list[tuple[str, str]]:
    """What the SDK would not know of an answer."""
    return list(violations(model, shown.as_dict(), answer=True))


def raw(arm: LocalArm, method: str, path: str, body: Any = None, token: str | None = "") -> Any:
    """Status and JSON of a request that the SDK would not send."""
    content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{arm.url}{path}", content, method=method)
    if token is not None:
        request.add_header("Authorization", f"Bearer {token or arm.token()}")
    context = ssl.create_default_context(cafile=str(arm.ca_file))
    try:
        with urllib.request.urlopen(request, context=context, timeout=5) as answer:
            return answer.status, dict(answer.headers), json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.loads(error.read() or b"null")


# Where the client is pointed


def test_the_environment_is_all_that_azure_needs(arm: LocalArm, connect: Callable[..., Any]) -> None:
    client = connect()

    assert len(list(client.addresses.list_by_resource_group(GROUP))) == 3
    assert len(list(client.order_items.list_by_subscription())) == 0

    (asked,) = arm.token_requests
    assert asked.query == {"api-version": ["2019-08-01"], "resource": ["https://management.azure.com"]}


def test_there_is_no_url_before_the_start() -> None:
    arm = LocalArm()

    for ask in (arm.environment, lambda: arm.url):
        with pytest.raises(RuntimeError, match="not started"):
            ask()


def test_what_is_kept_survives_a_stop_and_a_start(arm: LocalArm, client: Any) -> None:
    place(arm, client)
    before, port = arm.environment(), int(arm.url.rpartition(":")[2])
    arm.stop()

    arm.start(port)

    assert arm.environment() == before
    assert client.order_items.get(GROUP, "ord-7f3k2m-1").name == "ord-7f3k2m-1"


def test_nobody_believes_in_the_certificate_without_the_ca(
    arm: LocalArm, connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect()
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv("SSL_CERT_FILE", str(arm.ca_file))

    with pytest.raises(ServiceRequestError, match="CERTIFICATE_VERIFY_FAILED"):
        list(client.orders.list_by_subscription())

    assert arm.requests == []


def test_the_ca_can_be_named_to_the_client_as_well(
    arm: LocalArm, connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(connection_verify=str(arm.ca_file))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")

    assert list(client.orders.list_by_subscription()) == []


def test_the_certificate_is_good_under_the_strictest_check(arm: LocalArm) -> None:
    context = ssl.create_default_context(cafile=str(arm.ca_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for host in ("127.0.0.1", "localhost"):
        url = arm.url.replace("127.0.0.1", host)
        with (
            pytest.raises(urllib.error.HTTPError, match="401"),
            urllib.request.urlopen(f"{url}/subscriptions", context=context, timeout=5),
        ):
            pass


# Tokens


def test_a_request_without_a_token_is_refused(arm: LocalArm) -> None:
    status, headers, body = raw(arm, "GET", "/subscriptions", token=None)

    assert (status, body["error"]["code"]) == (401, "AuthenticationFailed")
    assert headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


@pytest.mark.parametrize(
    ("audience", "seconds", "code"),
    [
        ("https://graph.microsoft.com", 3600, "InvalidAuthenticationTokenAudience"),
        ("https://management.azure.com", -1, "ExpiredAuthenticationToken"),
    ],
)
def test_a_token_must_be_for_azure_and_not_have_expired(
    arm: LocalArm, connect: Callable[..., Any], audience: str, seconds: float, code: str
) -> None:
    client = connect(Bearer(arm.token(audience, seconds)))

    with pytest.raises(ClientAuthenticationError, match=code) as caught:
        list(client.orders.list_by_subscription())

    assert caught.value.status_code == 401


def test_a_token_that_nobody_handed_out_is_refused(connect: Callable[..., Any]) -> None:
    with pytest.raises(ClientAuthenticationError, match="InvalidAuthenticationToken"):
        list(connect(Bearer("made-up")).orders.list_by_subscription())


def test_tokens_can_be_revoked(arm: LocalArm, client: Any, connect: Callable[..., Any]) -> None:
    list(client.orders.list_by_subscription())
    arm.revoke_tokens()

    with pytest.raises(ClientAuthenticationError, match="ExpiredAuthenticationToken"):
        list(client.orders.list_by_subscription())
    assert list(connect().orders.list_by_subscription()) == []


def test_a_sovereign_clouds_audience_is_its_own_url(arm: LocalArm, connect: Callable[..., Any]) -> None:
    client = connect(credential_scopes=[f"{arm.url}/.default"])

    assert list(client.orders.list_by_subscription()) == []
    assert arm.token_requests[0].query["resource"] == [arm.url]


def test_the_token_endpoint_wants_its_secret(
    arm: LocalArm, connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect()
    monkeypatch.setenv("IDENTITY_HEADER", "a guess")

    with pytest.raises((CredentialUnavailableError, ClientAuthenticationError)):
        list(client.orders.list_by_subscription())

    assert [request.status for request in arm.token_requests] == [401]


def test_the_token_endpoint_can_fail_too(arm: LocalArm, client: Any) -> None:
    arm.faults.add("*", "500_before")
    arm.token_faults.add("*", "error:Unavailable:Not now.")

    with pytest.raises((CredentialUnavailableError, ClientAuthenticationError)):
        list(client.orders.list_by_subscription())

    assert arm.requests == []
    assert len(arm.faults.pending) == 1


# What any request meets


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subscriptions/{0}/providers/Microsoft.EdgeOrder/orders", 400, "MissingApiVersionParameter"),
        (
            "/subscriptions/{0}/providers/Microsoft.EdgeOrder/orders?api-version=2020-01-01",
            400,
            "NoRegisteredProviderFound",
        ),
        (
            "/subscriptions/mine/providers/Microsoft.EdgeOrder/orders?api-version=2024-02-01",
            400,
            "InvalidSubscriptionId",
        ),
        (
            "/subscriptions/11111111-1111-1111-1111-111111111111/providers/Microsoft.EdgeOrder/orders"
            "?api-version=2024-02-01",
            404,
            "SubscriptionNotFound",
        ),
        (
            "/subscriptions/{0}/resourceGroups/none/providers/Microsoft.EdgeOrder/orders"
            "?api-version=2024-02-01",
            404,
            "ResourceGroupNotFound",
        ),
        ("/subscriptions/{0}/providers/Microsoft.EdgeOrder/racks", 404, "InvalidResourceType"),
    ],
)
def test_what_is_asked_for_must_be_there(arm: LocalArm, path: str, status: int, code: str) -> None:
    answered, headers, body = raw(arm, "GET", path.format(arm.subscription))

    assert (answered, body["error"]["code"]) == (status, code)
    assert headers["Content-Type"] == "application/json; charset=utf-8"


def test_what_is_not_built_is_noted(arm: LocalArm) -> None:
    raw(arm, "GET", f"/subscriptions/{arm.subscription}/resourceGroups")

    assert [request.path for request in arm.unexpected] == [
        f"/subscriptions/{arm.subscription}/resourceGroups"
    ]


def test_paths_are_the_same_in_upper_and_lower_case(arm: LocalArm, client: Any) -> None:
    place(arm, client)

    found = client.order_items.get(GROUP.upper(), "ORD-7F3K2M-1")

    assert found.id == arm.items[0]["id"]


def test_answers_carry_what_support_asks_for(client: Any) -> None:
    seen: dict[str, str] = {}
    asked = {"x-ms-correlation-request-id": "c0ffee00-0000-4000-8000-000000000000"}

    list(
        client.orders.list_by_subscription(
            headers=asked, raw_response_hook=lambda r: seen.update(r.http_response.headers)
        )
    )

    assert seen["x-ms-correlation-request-id"] == asked["x-ms-correlation-request-id"]
    assert seen["x-ms-request-id"]
    assert seen["x-ms-routing-request-id"].startswith("LOCAL:20261122T123015Z:")
    assert int(seen["x-ms-ratelimit-remaining-subscription-reads"]) > 0


def test_an_unregistered_subscription_is_refused_until_it_registers(arm: LocalArm, client: Any) -> None:
    arm.registered = False
    path = f"/subscriptions/{arm.subscription}/providers/Microsoft.EdgeOrder"

    status, _, body = raw(arm, "GET", f"{path}/orders?api-version=2024-02-01")
    assert (status, body["error"]["code"]) == (409, "MissingSubscriptionRegistration")
    assert body["error"]["details"][0]["target"] == "Microsoft.EdgeOrder"
    version = "?api-version=2016-02-01"
    assert raw(arm, "GET", path + version)[2]["registrationState"] == "NotRegistered"

    assert raw(arm, "POST", f"{path}/register{version}", {})[2]["registrationState"] == "Registered"
    assert list(client.orders.list_by_subscription()) == []


# Creating an order item


def test_a_creation_goes_as_it_was_recorded(arm: LocalArm, client: Any) -> None:
    arm.retry_after = 10
    answers: list[Any] = []
    client.order_items.begin_create(
        GROUP,
        "ord-7f3k2m-1",
        order(arm),
        polling=False,
        raw_response_hook=lambda response: answers.append(response.http_response),
    )

    put = answers[0]
    results = f"/subscriptions/{arm.subscription}/providers/Microsoft.EdgeOrder/locations/eastus"
    assert put.status_code == 202
    assert put.headers["Location"].startswith(f"{arm.url}{results}/operationResults/")
    assert put.headers["Location"].endswith("?api-version=2024-02-01")
    assert (put.headers["Retry-After"], put.headers["Content-Length"]) == ("10", "0")
    assert "Content-Type" not in put.headers
    status, headers, body = raw(arm, "GET", put.headers["Location"].removeprefix(arm.url))
    assert (status, headers["Retry-After"], body) == (202, "10", None)
    assert headers["Location"] == f"{arm.url}{arm.items[0]['id']}?api-version=2024-02-01"
    status, headers, body = raw(arm, "GET", headers["Location"].removeprefix(arm.url))
    assert body["properties"].pop("provisioningState") == "Succeeded"
    assert (status, body) == (200, arm.items[0])
    assert not {"ETag", "Location", "Retry-After"} & set(headers)


def test_what_is_accepted_is_creating_until_it_is_made(arm: LocalArm, client: Any) -> None:
    def states() -> list[str]:
        item = client.order_items.get(GROUP, "ord-7f3k2m-1")
        address = client.addresses.get(GROUP, "berlin-1")
        return [one.properties.provisioning_state for one in (item, address)]

    arm.operation_seconds = 3600
    address = {"location": "eastus", "properties": ADDRESS}
    client.order_items.begin_create(GROUP, "ord-7f3k2m-1", order(arm), polling=False)
    client.addresses.begin_create(GROUP, "berlin-1", address, polling=False)
    assert states() == ["Creating", "Creating"]

    arm.operation_seconds = 0
    client.addresses.begin_update(GROUP, "berlin-1", {"tags": {"a": "b"}}, polling=False)
    assert states() == ["Creating", "Creating"]

    arm.finish()
    assert states() == ["Succeeded", "Succeeded"]


def test_the_former_version_tells_no_provisioning_state(arm: LocalArm, connect: Callable[..., Any]) -> None:
    arm.add_item("ord-7f3k2m-1", "ord-7f3k2m")

    item = connect(api_version="2021-12-01").order_items.get(GROUP, "ord-7f3k2m-1")

    assert "provisioningState" not in item["properties"]


def test_the_sdk_follows_the_locations_to_the_item(arm: LocalArm, client: Any) -> None:
    assert place(arm, client).name == "ord-7f3k2m-1"

    assert [(one.operation, one.status) for one in arm.requests] == [
        ("OrderItems_Create", 202),
        ("OperationResults_Get", 202),
        ("OrderItems_Get", 200),
    ]


def test_a_placed_item_looks_as_it_was_recorded(arm: LocalArm, client: Any) -> None:
    made = place(arm, client)

    assert wrong(models.OrderItemResource, made) == []
    now = "2026-11-22T12:30:15.2500000+00:00"
    assert arm.items == [
        {
            "properties": {
                "orderItemDetails": {
                    "productDetails": {
                        "displayInfo": {
                            "productFamilyDisplayName": "Azure Stack Edge",
                            "configurationDisplayName": "Azure Stack Edge Pro - 2 GPU",
                        },
                        "hierarchyInformation": {
                            "productFamilyName": "azurestackedge",
                            "productLineName": "azurestackedge",
                            "productName": "azurestackedgegpu",
                            "configurationName": "edgep_high",
                        },
                        "productDoubleEncryptionStatus": "Disabled",
                    },
                    "orderItemType": "Purchase",
                    "currentStage": {
                        "stageStatus": "Succeeded",
                        "stageName": "Placed",
                        "startTime": now,
                    },
                    "orderItemStageHistory": [
                        {"stageStatus": "Succeeded", "stageName": "Placed", "startTime": now},
                        {"stageStatus": "None", "stageName": "Confirmed"},
                        {"stageStatus": "None", "stageName": "ReadyToShip"},
                        {"stageStatus": "None", "stageName": "Shipped"},
                        {"stageStatus": "None", "stageName": "Delivered"},
                        {"stageStatus": "None", "stageName": "InUse"},
                    ],
                    "notificationEmailList": [],
                    "cancellationStatus": "Cancellable",
                    "deletionStatus": "NotAllowed",
                    "returnStatus": "NotReturnable",
                    "managementRpDetailsList": [{"resourceProviderNamespace": "Microsoft.DataBoxEdge"}],
                },
                "addressDetails": {"forwardAddress": {**ADDRESS, "addressValidationStatus": "Valid"}},
                "startTime": now,
                "orderId": order_id(arm),
            },
            "systemData": {
                "createdBy": "6b1f9e6e-1c5a-4e0b-9a55-3f4a3c0f5b11",
                "createdByType": "Application",
                "createdAt": now,
                "lastModifiedBy": "6b1f9e6e-1c5a-4e0b-9a55-3f4a3c0f5b11",
                "lastModifiedByType": "Application",
                "lastModifiedAt": now,
            },
            "location": "eastus",
            "tags": {"quartermaster-order": "ORD-7F3K2M"},
            "name": "ord-7f3k2m-1",
            "id": f"/subscriptions/{arm.subscription}/resourceGroups/{GROUP}"
            "/providers/Microsoft.EdgeOrder/orderItems/ord-7f3k2m-1",
            "type": "Microsoft.EdgeOrder/orderItems",
        }
    ]


def test_an_item_is_there_and_in_progress_before_its_operation_has_ended(arm: LocalArm, client: Any) -> None:
    arm.operation_seconds = 60
    poller = client.order_items.begin_create(GROUP, "ord-7f3k2m-1", order(arm), polling=False)

    assert poller.status()
    details = client.order_items.get(GROUP, "ord-7f3k2m-1").properties.order_item_details
    assert (details.current_stage.stage_name, details.current_stage.stage_status) == ("Placed", "InProgress")
    assert {step.stage_status for step in details.order_item_stage_history} == {"None"}


def test_polling_can_be_resumed_from_its_token_alone(arm: LocalArm, client: Any) -> None:
    poller = client.order_items.begin_create(GROUP, "ord-7f3k2m-1", order(arm))
    token = poller.continuation_token()
    poller.result()

    again = client.order_items.begin_create(GROUP, "ord-7f3k2m-1", None, continuation_token=token).result()

    assert again.name == "ord-7f3k2m-1"
    assert len(arm.puts()) == 1


def test_what_was_chosen_is_kept(arm: LocalArm, client: Any) -> None:
    preferences = {
        "notificationPreferences": [{"stageName": "Shipped", "sendNotification": True}],
        "transportPreferences": {"preferredShipmentType": "MicrosoftManaged"},
        "termCommitmentPreferences": {
            "preferredTermCommitmentType": "Timed",
            "preferredTermCommitmentDuration": "P1095D",
        },
    }
    made = place(
        arm,
        client,
        configuration="azurestackedgepro2/edgep2_64g2t",
        preferences=preferences,
        notificationEmailList=["ops@example.com"],
        orderItemMode="DoNotFulfill",
    )

    details = made.properties.order_item_details
    assert details.preferences.as_dict() == preferences
    assert details.notification_email_list == ["ops@example.com"]
    assert details.order_item_mode == "DoNotFulfill"
    assert details.product_details.term_commitment_information.term_commitment_type == "Timed"
    assert wrong(models.OrderItemResource, made) == []

    rented = place(
        arm,
        client,
        "ord-7f3k2m-2",
        configuration="azurestackedgeminir/edgemr_mini",
        orderItemType="Rental",
        preferences={"encryptionPreferences": {"doubleEncryptionStatus": "Enabled"}},
    )
    details = rented.properties.order_item_details
    assert details.order_item_type == "Rental"
    assert details.product_details.product_double_encryption_status == "Enabled"


def without(body: Any, *path: str) -> Any:
    inner = body
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return body


def changed(body: Any, value: Any, *path: str) -> Any:
    inner = body
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return body


DETAILS = ("properties", "orderItemDetails")
SHIPPING = ("properties", "addressDetails", "forwardAddress", "shippingAddress")


@pytest.mark.parametrize(
    "path",
    [
        ("location",),
        ("properties",),
        ("properties", "orderId"),
        DETAILS,
        (*DETAILS, "orderItemType"),
        (*DETAILS, "productDetails"),
        (*DETAILS, "productDetails", "hierarchyInformation"),
        ("properties", "addressDetails", "forwardAddress"),
        (*SHIPPING, "country"),
    ],
)
def test_a_required_member_that_is_missing_is_named(
    arm: LocalArm, client: Any, path: tuple[str, ...]
) -> None:
    with pytest.raises(HttpResponseError) as caught:
        client.order_items.begin_create(GROUP, "ord-7f3k2m-1", without(order(arm), *path))

    assert caught.value.status_code == 400
    assert caught.value.error.code == "InvalidRequestContent"  # type: ignore[union-attr]
    assert f"'{'.'.join(path)}' is required" in caught.value.error.message  # type: ignore[union-attr]
    assert arm.items == []


@pytest.mark.parametrize(
    ("value", "path", "says"),
    [
        ("Buy", (*DETAILS, "orderItemType"), "not one of Purchase, Rental, External"),
        (4, (*DETAILS, "productDetails", "count"), "not a known member"),
        ("x", ("colour",), "not a known member"),
        ("a@b.c", (*DETAILS, "notificationEmailList"), "must be an array"),
        (94107, (*SHIPPING, "postalCode"), "must be of type string"),
        ("Office", (*SHIPPING, "addressType"), "not one of None, Residential, Commercial"),
        ([], ("tags",), "must be an object"),
        ({"preferredTermCommitmentType": "Timed", "preferredTermCommitmentDuration": "3 years"},
         (*DETAILS, "preferences"), "not a known member"),
        ({"termCommitmentPreferences": {"preferredTermCommitmentType": "Timed",
                                        "preferredTermCommitmentDuration": "3 years"}},
         (*DETAILS, "preferences"), "must be of type duration"),
        ({"notificationPreferences": [{"stageName": "InUse", "sendNotification": "yes"}]},
         (*DETAILS, "preferences"), "must be of type boolean"),
    ],
)  # fmt: skip
def test_what_the_api_does_not_know_is_refused(
    arm: LocalArm, client: Any, value: Any, path: tuple[str, ...], says: str
) -> None:
    with pytest.raises(HttpResponseError, match=says) as caught:
        client.order_items.begin_create(GROUP, "ord-7f3k2m-1", changed(order(arm), value, *path))

    assert caught.value.status_code == 400
    assert arm.items == []


@pytest.mark.parametrize(
    ("value", "path", "code"),
    [
        ("northpole", ("location",), "LocationNotAvailableForResourceType"),
        ("/orders/ord-7f3k2m", ("properties", "orderId"), "InvalidOrderId"),
        ("edgep_huge", (*DETAILS, "productDetails", "hierarchyInformation", "configurationName"),
         "InvalidHierarchyInformation"),
        ("", (*DETAILS, "productDetails", "hierarchyInformation", "productName"),
         "InvalidHierarchyInformation"),
        ("BR", (*SHIPPING, "country"), "CountryNotSupported"),
        ("9410", (*SHIPPING, "postalCode"), "InvalidAddress"),
        ({"encryptionPreferences": {"doubleEncryptionStatus": "Enabled"}}, (*DETAILS, "preferences"),
         "DoubleEncryptionNotSupported"),
        ({"termCommitmentPreferences": {"preferredTermCommitmentType": "Timed",
                                        "preferredTermCommitmentDuration": "P365D"}},
         (*DETAILS, "preferences"), "TermCommitmentNotSupported"),
    ],
)  # fmt: skip
def test_what_nobody_sells_is_refused(
    arm: LocalArm, client: Any, value: Any, path: tuple[str, ...], code: str
) -> None:
    body = changed(order(arm), value, *path)

    assert refused(client.order_items.begin_create, GROUP, "ord-7f3k2m-1", body) == (400, code)
    assert arm.items == []


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ("azurestackedgefpga/edge", "ConfigurationNotAvailable"),
        ("azurestackedgepro2/edgep2_256g6t2gpu", "ConfigurationNotAvailable"),
        ("azurestackedgeminir/edgemr_mini", "OrderItemTypeNotSupported"),
    ],
)
def test_not_everything_in_the_catalog_can_be_bought(
    arm: LocalArm, client: Any, configuration: str, code: str
) -> None:
    body = order(arm, configuration)

    assert refused(client.order_items.begin_create, GROUP, "ord-7f3k2m-1", body) == (400, code)


def test_an_item_goes_somewhere(arm: LocalArm, client: Any) -> None:
    body = without(order(arm), "properties", "addressDetails")

    assert refused(client.order_items.begin_create, GROUP, "ord-7f3k2m-1", body) == (400, "AddressRequired")


def test_a_body_that_is_no_json_is_refused(arm: LocalArm) -> None:
    path = f"/subscriptions/{arm.subscription}/resourceGroups/{GROUP}/providers/Microsoft.EdgeOrder"

    status, _, body = raw(arm, "PUT", f"{path}/orderItems/ord-1?api-version=2024-02-01", b"{")

    assert (status, body["error"]["code"]) == (400, "InvalidRequestContent")
    assert arm.requests[0].body == "{"


@pytest.mark.parametrize("name", ["ab", "-abc", "abc-", "a_c", "x" * 64])
def test_a_name_must_be_one(arm: LocalArm, client: Any, name: str) -> None:
    assert refused(client.order_items.begin_create, GROUP, name, order(arm)) == (400, "InvalidResourceName")


def test_what_was_read_can_be_sent_for_another_item(arm: LocalArm, client: Any) -> None:
    place(arm, client)
    path = arm.items[0]["id"].replace("-1", "-2")

    status, _, _ = raw(arm, "PUT", f"{path}?api-version=2024-02-01", arm.items[0])

    assert status == 202
    assert [item["name"] for item in arm.items] == ["ord-7f3k2m-1", "ord-7f3k2m-2"]


def test_a_name_in_use_is_refused(arm: LocalArm, client: Any) -> None:
    place(arm, client)

    with pytest.raises(ResourceExistsError, match="cannot be updated with this API"):
        place(arm, client)
    arm.on_existing = "bad_request"
    assert refused(place, arm, client) == (400, "OrderItemAlreadyExists")
    arm.on_existing = "accept"
    assert place(arm, client).name == "ord-7f3k2m-1"

    assert len(arm.accepted()) == 1
    assert [request.status for request in arm.puts("ord-7f3k2m-1")] == [202, 409, 400, 202]


def test_two_units_are_two_items_of_one_order(arm: LocalArm, client: Any) -> None:
    for unit in (1, 2):
        place(arm, client, f"ord-7f3k2m-{unit}")

    found = client.orders.get(GROUP, "eastus", "ord-7f3k2m")

    assert wrong(models.OrderResource, found) == []
    now = "2026-11-22T12:30:15.2500000+00:00"
    placed = {"stageStatus": "Succeeded", "stageName": "Placed", "startTime": now}
    assert found.as_dict() == {
        "properties": {
            "orderItemIds": [item["id"] for item in arm.items],
            "currentStage": placed,
            "orderStageHistory": [placed, {"stageStatus": "None", "stageName": "InReview"}],
        },
        "name": "ord-7f3k2m",
        "id": order_id(arm),
        "type": "Microsoft.EdgeOrder/orders",
    }
    assert [one.name for one in client.orders.list_by_subscription()] == ["ord-7f3k2m"]
    assert [one.id for one in client.orders.list_by_resource_group(GROUP)] == [order_id(arm)]


def test_an_order_has_at_most_twenty_items(arm: LocalArm, client: Any) -> None:
    for unit in range(20):
        arm.add_item(f"ord-7f3k2m-{unit}", "ord-7f3k2m")

    assert refused(place, arm, client, "ord-7f3k2m-21") == (400, "OrderItemLimitExceeded")


def test_an_order_that_nothing_names_is_not_there(client: Any) -> None:
    with pytest.raises(ResourceNotFoundError):
        client.orders.get(GROUP, "eastus", "ord-000000")


# Reading


def test_an_item_that_is_not_there_is_not_found(arm: LocalArm, client: Any) -> None:
    for call in (
        lambda: client.order_items.get(GROUP, "ord-000000-1"),
        lambda: client.order_items.cancel(GROUP, "ord-000000-1", {"reason": "x"}),
        lambda: client.order_items.begin_update(GROUP, "ord-000000-1", {"tags": {}}),
        lambda: client.order_items.begin_return_method(GROUP, "ord-000000-1", {"returnReason": "x"}),
    ):
        with pytest.raises(ResourceNotFoundError, match="was not found"):
            call()
    assert {request.status for request in arm.requests} == {404}


def test_details_and_shipping_show_only_when_asked_for(arm: LocalArm, client: Any) -> None:
    arm.add_item("ord-7f3k2m-1", "ord-7f3k2m")
    for _ in LIFE[1:]:
        arm.advance("ord-7f3k2m-1")

    def shown(expand: str | None, **config: Any) -> tuple[bool, bool, bool]:
        item = client.order_items.get(GROUP, "ord-7f3k2m-1", expand=expand, **config)
        assert wrong(models.OrderItemResource, item) == []
        details = item.properties.order_item_details
        return (
            details.product_details.parent_device_details is not None,
            details.forward_shipping_details is not None,
            details.reverse_shipping_details is not None,
        )

    assert shown(None) == (False, False, False)
    assert shown("ForwardShippingDetails") == (False, True, False)
    assert shown("parentDeviceDetails, forwardShippingDetails") == (True, True, False)
    arm.set_stage("ord-7f3k2m-1", "ReturnInitiated")
    assert shown("ParentDeviceDetails,ForwardShippingDetails,ReverseShippingDetails") == (True, True, True)
    assert refused(client.order_items.get, GROUP, "ord-7f3k2m-1", expand="Prices") == (
        400,
        "InvalidParameter",
    )


def test_the_former_version_has_a_count_and_a_list_of_devices(arm: LocalArm) -> None:
    arm.add_item("ord-7f3k2m-1", "ord-7f3k2m")
    arm.set_stage("ord-7f3k2m-1", "InUse")
    path = f"{arm.items[0]['id']}?api-version=2021-12-01"

    product = raw(arm, "GET", path)[2]["properties"]["orderItemDetails"]["productDetails"]
    assert product["count"] == 0
    assert "deviceDetails" not in product

    product = raw(arm, "GET", f"{path}&$expand=DeviceDetails")[2]["properties"]["orderItemDetails"][
        "productDetails"
    ]
    assert set(product["deviceDetails"][0]) == {
        "serialNumber",
        "managementResourceId",
        "managementResourceTenantId",
    }


def test_a_document_is_served_as_it_stands(arm: LocalArm, client: Any) -> None:
    sample = {
        "properties": {
            "orderItemDetails": {
                "productDetails": {"hierarchyInformation": {}, "count": 0},
                "orderItemType": "Purchase",
                "currentStage": {"stageStatus": "Succeeded", "stageName": "Confirmed"},
                "cancellationStatus": "NotCancellable",
            },
            "orderId": "/subscriptions/YourSubscriptionId/whatever",
        },
        "location": "eastus",
        "name": "TestOrderItemName1",
        "madeUp": [1, 2],
    }
    arm.put_raw("TestOrderItemName1", sample)

    for expand in ("", "&$expand=DeviceDetails"):
        path = (
            f"/subscriptions/{arm.subscription}/resourceGroups/{GROUP}/providers/Microsoft.EdgeOrder"
            f"/orderItems/testorderitemname1?api-version=2021-12-01{expand}"
        )
        assert raw(arm, "GET", path)[2] == sample
    (listed,) = client.order_items.list_by_subscription()
    assert listed["madeUp"] == [1, 2]


def test_lists_come_in_pages_and_nothing_is_lost_between_them(arm: LocalArm, client: Any) -> None:
    arm.page_size = 2
    for unit in range(1, 6):
        arm.add_item(f"ord-7f3k2m-{unit}", "ord-7f3k2m")
        arm.advance(f"ord-7f3k2m-{unit}")
    arm.set_stage("ord-7f3k2m-3", "Shipped")

    pages = client.order_items.list_by_resource_group(GROUP, expand="ForwardShippingDetails").by_page()
    first = [item.name for item in next(pages)]
    arm.add_item("aaa-1", "ord-7f3k2m")
    rest = [item for page in pages for item in page]

    assert first + [item.name for item in rest] == [f"ord-7f3k2m-{unit}" for unit in range(1, 6)]
    assert rest[0].properties.order_item_details.forward_shipping_details.tracking_id
    assert len([one for one in arm.requests if one.operation == "OrderItems_ListByResourceGroup"]) == 3
    assert len(list(client.order_items.list_by_subscription(top=1))) == 6
    assert len(arm.requests) == 9


def test_lists_can_be_narrowed(arm: LocalArm, client: Any) -> None:
    arm.add_item("ord-1-1", "ord-1")
    arm.add_item("ord-2-1", "ord-2", order_type="Rental")
    arm.add_item("ord-2-2", "ord-2", group="elsewhere")

    def names(filter: str, group: str | None = None) -> list[str]:
        if group:
            found = client.order_items.list_by_resource_group(group, filter=filter)
        else:
            found = client.order_items.list_by_subscription(filter=filter)
        return [item.name for item in found]

    assert names(f"properties/orderId eq '{order_id(arm, 'ORD-2')}'") == ["ord-2-1"]
    assert names("orderItemType eq 'Purchase'") == ["ord-1-1", "ord-2-2"]
    assert names("orderItemType eq 'Purchase'", "elsewhere") == ["ord-2-2"]
    assert names(f"orderItemType eq 'Rental' and orderId eq '{order_id(arm, 'ord-1')}'") == []
    for wrong_one in ("orderItemType ne 'Rental'", "stage eq 'Placed'"):
        with pytest.raises(HttpResponseError, match="filter"):
            names(wrong_one)


def test_a_strangers_token_for_a_page_is_refused(client: Any) -> None:
    for token in ("nonsense", "eyJvZiI6ICIvIn0"):
        found = client.order_items.list_by_subscription(skip_token=token)
        assert refused(list, found) == (400, "InvalidSkipToken")


# Changing


def test_preferences_and_emails_can_be_changed(arm: LocalArm, client: Any) -> None:
    place(arm, client, preferences={"transportPreferences": {"preferredShipmentType": "MicrosoftManaged"}})
    wanted = [{"stageName": "Delivered", "sendNotification": False}]

    changed = client.order_items.begin_update(
        GROUP,
        "ord-7f3k2m-1",
        {
            "properties": {
                "preferences": {"notificationPreferences": wanted},
                "notificationEmailList": ["new@example.com"],
                "forwardAddress": {"shippingAddress": {**ADDRESS["shippingAddress"], "postalCode": "1"}},
            },
            "tags": {"quartermaster-order": "ORD-7F3K2M", "seen": "yes"},
        },
    ).result()

    details = changed.properties.order_item_details
    assert details.preferences.as_dict() == {
        "transportPreferences": {"preferredShipmentType": "MicrosoftManaged"},
        "notificationPreferences": wanted,
    }
    assert details.notification_email_list == ["new@example.com"]
    assert changed.tags == {"quartermaster-order": "ORD-7F3K2M", "seen": "yes"}
    address = changed.properties.address_details.forward_address
    assert address.address_validation_status == "Invalid"
    assert address.contact_details.contact_name == "random"
    assert [request.status for request in arm.requests][-3:] == [202, 202, 200]


def test_a_change_may_be_tied_to_what_was_seen(arm: LocalArm, client: Any) -> None:
    place(arm, client)
    body = {"tags": {"seen": "yes"}}

    with pytest.raises(HttpResponseError) as caught:
        client.order_items.begin_update(
            GROUP, "ord-7f3k2m-1", body, etag='"0"', match_condition=MatchConditions.IfNotModified
        )

    assert caught.value.status_code == 412
    client.order_items.begin_update(
        GROUP, "ord-7f3k2m-1", body, match_condition=MatchConditions.IfPresent
    ).result()
    assert arm.items[0]["tags"] == {"seen": "yes"}


# Addresses


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "Valid"),
        ({"postalCode": "4"}, "Invalid"),
        ({"streetAddress1": "Behind the station"}, "Ambiguous"),
    ],
)
def test_an_address_is_validated_when_it_is_saved(
    arm: LocalArm, client: Any, changes: dict[str, str], status: str
) -> None:
    body = {
        "location": "eastus",
        "properties": {**ADDRESS, "shippingAddress": {**ADDRESS["shippingAddress"], **changes}},
    }

    made = client.addresses.begin_create(GROUP, "new-site", body).result()

    assert wrong(models.AddressResource, made) == []
    assert made.properties.address_validation_status == status
    assert made.properties.address_classification == "Shipping"
    assert made.type == "Microsoft.EdgeOrder/addresses"
    assert [request.status for request in arm.requests] == [202, 202, 200]


def test_the_rule_for_addresses_can_be_another(arm: LocalArm, client: Any) -> None:
    arm.address_rule = lambda address: "Ambiguous" if address["country"] == "US" else "Valid"

    made = place(arm, client)

    assert made.properties.address_details.forward_address.address_validation_status == "Ambiguous"


def test_an_address_lives_and_dies(client: Any) -> None:
    body = {"location": "eastus", "properties": {"addressClassification": "Shipping", **ADDRESS}}
    client.addresses.begin_create(GROUP, "new-site", body).result()

    with pytest.raises(ResourceExistsError):
        client.addresses.begin_create(GROUP, "New-Site", body)
    moved = {**ADDRESS["shippingAddress"], "city": "Oakland", "postalCode": ""}
    changed = client.addresses.begin_update(
        GROUP, "new-site", {"properties": {"shippingAddress": moved}}
    ).result()
    assert changed.properties.shipping_address.city == "Oakland"
    assert changed.properties.address_validation_status == "Invalid"
    assert changed.properties.contact_details.contact_name == "random"
    client.addresses.begin_delete(GROUP, "new-site").result()

    with pytest.raises(ResourceNotFoundError):
        client.addresses.get(GROUP, "new-site")
    client.addresses.begin_delete(GROUP, "new-site").result()
    assert refused(client.addresses.begin_create, GROUP, "x", body) == (400, "InvalidResourceName")


def test_saved_addresses_are_listed(arm: LocalArm, client: Any) -> None:
    found = list(client.addresses.list_by_subscription())

    assert [(one.name, one.properties.address_validation_status) for one in found] == [
        ("columbus-plant", "Valid"),
        ("frankfurt-fra2", "Valid"),
        ("old-depot", "Ambiguous"),
    ]
    assert [one["name"] for one in arm.addresses] == [one.name for one in found]
    german = client.addresses.list_by_resource_group(GROUP, filter="shippingAddress/country eq 'DE'", top=1)
    assert [one.name for one in german] == ["frankfurt-fra2"]


# Catalog


def us(kind: str = "ShipToCountries", value: str = "US") -> list[dict[str, Any]]:
    return [{"type": kind, "supportedValues": [value]}]


def test_families_are_shown_as_deep_as_was_asked(client: Any) -> None:
    def products(expand: str | None) -> dict[str, Any]:
        (family,) = client.products_and_configurations.list_product_families(
            {"filterableProperties": {"azurestackedge": us()}}, expand=expand
        )
        assert wrong(models.ProductFamily, family) == []
        assert family.properties.resource_provider_details[0].resource_provider_namespace
        (line,) = family.properties.product_lines
        return {
            product.properties.hierarchy_information.product_name: product.properties
            for product in line.properties.products
        }

    plain, full = products(None), products("configurations")
    assert set(plain) == set(full)
    assert plain["azurestackedgegpu"].configurations is None
    assert [one.properties.display_name for one in full["azurestackedgegpu"].configurations] == [
        "Azure Stack Edge Pro - 1 GPU",
        "Azure Stack Edge Pro - 2 GPU",
    ]
    assert full["azurestackedgefpga"].availability_information.availability_stage == "Unavailable"
    assert full["azurestackedgefpga"].availability_information.disabled_reason == "None"


def test_families_are_filtered_by_what_they_can_do(client: Any) -> None:
    def shown(**wanted: Any) -> list[str]:
        found = client.products_and_configurations.list_product_families(
            {"filterableProperties": wanted}, expand="configurations"
        )
        return [
            product.properties.hierarchy_information.product_name
            for family in found
            for line in family.properties.product_lines
            for product in line.properties.products
        ]

    assert "azurestackedgeminir" not in shown(azurestackedge=us(value="SE"))
    assert shown(azurestackedge=us("DoubleEncryptionStatus", "Enabled")) == ["azurestackedgeminir"]
    assert shown(azurestackhci=us()) == ["azurelocalnode"]
    assert shown(azurestackedge=us(value="AQ"), unknownfamily=us()) == []


def test_configurations_are_found_by_their_place_in_the_hierarchy(client: Any) -> None:
    def found(filters: Any = None, **names: str) -> dict[str, Any]:
        listed = client.products_and_configurations.list_configurations(
            {
                "configurationFilter": {
                    "hierarchyInformation": {"productFamilyName": "azurestackedge", **names},
                    **({"filterableProperty": filters} if filters else {}),
                }
            }
        )
        shown = list(listed)
        assert [wrong(models.Configuration, one) for one in shown] == [[]] * len(shown)
        return {one.properties.hierarchy_information.configuration_name: one.properties for one in shown}

    (high,) = found(productName="azurestackedgegpu", configurationName="EdgeP_High").values()
    assert high.display_name == "Azure Stack Edge Pro - 2 GPU"
    assert high.cost_information.billing_info_url
    pro2 = found(productName="azurestackedgepro2")
    assert {name: one.availability_information.availability_stage for name, one in pro2.items()} == {
        "edgep2_64g2t": "Available",
        "edgep2_128g4t1gpu": "Preview",
        "edgep2_256g6t2gpu": "ComingSoon",
    }
    assert [one.days for one in pro2["edgep2_64g2t"].supported_term_commitment_durations] == [365, 1095]
    assert list(found(us("DoubleEncryptionStatus", "Enabled"))) == ["edgemr_mini"]


def test_metadata_names_every_family(client: Any) -> None:
    found = list(client.products_and_configurations.list_product_families_metadata())

    assert [one.properties.display_name for one in found] == ["Azure Stack Edge", "Azure Local"]
    assert [wrong(models.ProductFamiliesMetadataDetails, one) for one in found] == [[], []]


def test_the_next_page_of_a_question_is_asked_for_without_the_question(arm: LocalArm, client: Any) -> None:
    arm.page_size = 1
    ask = client.products_and_configurations
    hierarchy = {"productFamilyName": "azurestackedge", "productName": "azurestackedgegpu"}

    listed = list(ask.list_configurations({"configurationFilter": {"hierarchyInformation": hierarchy}}))
    families = list(
        ask.list_product_families({"filterableProperties": {"azurestackedge": [], "azurestackhci": []}})
    )
    assert len(list(ask.list_product_families_metadata())) == 2

    assert [one.properties.hierarchy_information.configuration_name for one in listed] == [
        "edgep_base",
        "edgep_high",
    ]
    assert len(families) == 2
    assert [request.method for request in arm.requests] == ["POST", "GET"] * 3
    assert arm.unexpected == []


def test_a_question_must_be_put_as_the_api_has_it(client: Any) -> None:
    ask = client.products_and_configurations
    for wanted in ({}, {"filterableProperties": {"azurestackedge": [{"type": "Colour"}]}}):
        assert refused(list, ask.list_product_families(wanted)) == (400, "InvalidRequestContent")
    for wanted in ({}, {"configurationFilters": []}, {"configurationFilter": {}}):
        assert refused(list, ask.list_configurations(wanted)) == (400, "InvalidRequestContent")


def test_anything_can_be_put_on_sale(arm: LocalArm, client: Any) -> None:
    odd = Configuration("odd_one", "Odd one", stage="Discoverable")
    arm.add_family(Family("odd", "Odd", (Line("odd", "Odd", (Product("odd", "Odd", (odd,)),)),)))

    (shown,) = client.products_and_configurations.list_configurations(
        {"configurationFilter": {"hierarchyInformation": {"productFamilyName": "odd"}}}
    )

    assert shown.properties.availability_information.availability_stage == "Discoverable"


# The API as a whole


def test_every_operation_of_the_sdk_is_answered(arm: LocalArm, client: Any) -> None:
    place(arm, client)
    items, addresses, ask = client.order_items, client.addresses, client.products_and_configurations
    assert len(list(client.operations.list())) == 15
    list(items.list_by_subscription())
    list(items.list_by_resource_group(GROUP))
    items.get(GROUP, "ord-7f3k2m-1")
    items.begin_update(GROUP, "ord-7f3k2m-1", {"tags": {}}).result()
    arm.set_stage("ord-7f3k2m-1", "InUse")
    items.begin_return_method(GROUP, "ord-7f3k2m-1", {"returnReason": "No longer needed"}).result()
    for _ in RETURN[1:]:
        arm.advance("ord-7f3k2m-1")
    items.begin_delete(GROUP, "ord-7f3k2m-1").result()
    place(arm, client, "ord-7f3k2m-2")
    items.cancel(GROUP, "ord-7f3k2m-2", {"reason": "Two are too many"})
    client.orders.get(GROUP, "eastus", "ord-7f3k2m")
    list(client.orders.list_by_subscription())
    list(client.orders.list_by_resource_group(GROUP))
    addresses.begin_create(GROUP, "a-site", {"location": "eastus", "properties": ADDRESS}).result()
    addresses.begin_update(GROUP, "a-site", {"tags": {}}).result()
    addresses.begin_delete(GROUP, "a-site").result()
    addresses.get(GROUP, "old-depot")
    list(addresses.list_by_subscription())
    list(addresses.list_by_resource_group(GROUP))
    list(ask.list_product_families({"filterableProperties": {}}))
    list(ask.list_configurations({"configurationFilter": {"hierarchyInformation": {}}}))
    list(ask.list_product_families_metadata())

    asked = {request.operation for request in arm.requests}
    assert OPERATIONS - asked == {"Providers_Get", "Providers_Register"}
    assert all(request.status in (200, 202, 204) for request in arm.requests)


def test_the_contract_reads_the_sdks_models_right() -> None:
    details = members(models.OrderItemDetails)

    assert {name for name, member in details.items() if member.required} == {
        "productDetails",
        "orderItemType",
    }
    assert details["preferences"].writable
    assert not details["currentStage"].writable

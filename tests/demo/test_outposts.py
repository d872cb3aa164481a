"""The local Outposts API as the real boto3 client sees it: signatures, contract, operations."""

import http.client
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from bot.demo.outposts import LocalOutposts
from bot.demo.outposts.contract import installed, violations

REGION = "us-east-1"
RACK = "OR-7QK2M5A"
ONCE = {"mode": "standard", "total_max_attempts": 1}


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    return boto3.Session()


@pytest.fixture
def aws() -> Iterator[LocalOutposts]:
    with LocalOutposts() as server:
        server.furnish([REGION])
        yield server


@pytest.fixture
def connect(session: boto3.Session, aws: LocalOutposts) -> Iterator[Callable[..., Any]]:
    """Makes clients; what a test asks for beyond the defaults it names."""
    made: list[Any] = []

    def make(
        region: str = REGION,
        key: str = "AKIALOCALLOCALLOCAL0",
        secret: str = "local-secret",
        token: str | None = None,
        check: bool = True,
    ) -> Any:
        client = session.client(
            "outposts",
            region_name=region,
            endpoint_url=aws.url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries=ONCE, parameter_validation=check),
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(connect: Callable[..., Any]) -> Any:
    return connect()


@pytest.fixture
def unchecked(connect: Callable[..., Any]) -> Any:
    """A client that sends what it is given, right or wrong."""
    return connect(check=False)


@pytest.fixture
def outpost(aws: LocalOutposts) -> str:
    return aws.add_outpost(REGION, name="lab")


def order(outpost: str, **changes: Any) -> dict[str, Any]:
    return {
        "OutpostIdentifier": outpost,
        "LineItems": [{"CatalogItemId": RACK, "Quantity": 1}],
        "PaymentOption": "NO_UPFRONT",
        **changes,
    }


def refused(call: Callable[..., Any], **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# Where the client is pointed


def test_the_environment_is_all_that_boto3_needs(aws: LocalOutposts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    client = boto3.Session().client("outposts", region_name=REGION)

    assert len(client.list_outposts()["Outposts"]) == 3

    client.close()


def test_there_is_no_url_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        LocalOutposts().environment()


def test_what_is_kept_survives_a_stop_and_a_start(
    aws: LocalOutposts, connect: Callable[..., Any], outpost: str
) -> None:
    connect().create_order(**order(outpost))
    port = int(aws.url.rpartition(":")[2])
    aws.stop()

    aws.start(port)

    assert len(connect().list_orders()["Orders"]) == 1


def test_one_connection_carries_many_requests(aws: LocalOutposts) -> None:
    connection = http.client.HTTPConnection(aws.url.removeprefix("http://"))
    connection.request("GET", "/outposts")
    connection.getresponse().read()
    socket = connection.sock

    connection.request("GET", "/outposts")
    connection.getresponse().read()

    assert connection.sock is socket
    connection.close()


# Signatures


def test_a_wrong_secret_is_refused(connect: Callable[..., Any]) -> None:
    code, message = refused(connect(secret="another").list_outposts)

    assert code == "InvalidSignatureException"
    assert message.startswith("The request signature we calculated does not match")


def test_an_unknown_access_key_is_refused(connect: Callable[..., Any]) -> None:
    code, _ = refused(connect(key="AKIASOMEBODYELSE0000").list_outposts)

    assert code == "UnrecognizedClientException"


def test_a_session_token_that_was_never_given_out_is_refused(connect: Callable[..., Any]) -> None:
    code, _ = refused(connect(token="stale").list_outposts)

    assert code == "UnrecognizedClientException"


def test_an_unsigned_request_is_refused_and_yet_counted(aws: LocalOutposts) -> None:
    connection = http.client.HTTPConnection(aws.url.removeprefix("http://"))
    connection.request("POST", "/orders", body=b"{}")
    response = connection.getresponse()

    assert (response.status, response.headers["x-amzn-ErrorType"]) == (
        403,
        "MissingAuthenticationTokenException",
    )
    assert [(post.region, post.status) for post in aws.posts()] == [("", 403)]
    connection.close()


@pytest.mark.parametrize(
    ("age", "words"),
    [(timedelta(minutes=6), "Signature expired"), (-timedelta(minutes=6), "not yet current")],
)
def test_a_signature_of_another_time_is_refused(aws: LocalOutposts, age: timedelta, words: str) -> None:
    status, error, message = send_signed(aws, datetime.now(UTC) - age)

    assert (status, error) == (403, "InvalidSignatureException")
    assert words in message


def test_a_signature_of_some_seconds_ago_is_accepted(aws: LocalOutposts) -> None:
    status, _, _ = send_signed(aws, datetime.now(UTC) - timedelta(seconds=30))

    assert status == 200


def test_a_signature_for_another_service_is_refused(aws: LocalOutposts) -> None:
    status, error, message = send_signed(aws, datetime.now(UTC), service="s3")

    assert (status, error) == (403, "InvalidSignatureException")
    assert message == "Credential should be scoped to correct service: 'outposts'."


def test_a_body_changed_after_signing_is_refused(client: Any, outpost: str) -> None:
    def swap(request: Any, **_: Any) -> None:
        request.body = request.body.replace(b'"Quantity": 1', b'"Quantity": 9')

    client.meta.events.register("before-send.outposts.CreateOrder", swap)

    assert refused(client.create_order, **order(outpost))[0] == "InvalidSignatureException"


def send_signed(
    aws: LocalOutposts, moment: datetime, service: str = "outposts"
) -> tuple[int, str | None, str]:
    """A request signed as botocore does, but as of the moment given."""
    request = AWSRequest(method="GET", url=f"{aws.url}/outposts")
    request.context["timestamp"] = moment.strftime(SIGV4_TIMESTAMP)
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    environment = aws.environment()
    credentials = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    signer = SigV4Auth(credentials, service, REGION)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(text, request))

    connection = http.client.HTTPConnection(aws.url.removeprefix("http://"))
    connection.request("GET", "/outposts", headers=dict(request.headers.items()))
    response = connection.getresponse()
    body = json.load(response)
    connection.close()
    return response.status, response.headers["x-amzn-ErrorType"], body.get("Message", "")


# The contract


def test_an_unknown_payment_option_is_refused_though_boto3_sends_it(client: Any, outpost: str) -> None:
    code, message = refused(client.create_order, **order(outpost, PaymentOption="MONTHLY"))

    assert code == "ValidationException"
    assert message == (
        "1 validation error detected: Value 'MONTHLY' at 'paymentOption' failed to satisfy "
        "constraint: Member must satisfy enum value set: "
        "[ALL_UPFRONT, NO_UPFRONT, PARTIAL_UPFRONT]"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"OutpostIdentifier": "op-1"}, "'outpostIdentifier' failed to satisfy constraint: Member"),
        ({"OutpostIdentifier": "op-0123456789abcdef0\n"}, "regular expression pattern"),
        ({"OutpostIdentifier": "o" * 181}, "length less than or equal to 180"),
        ({"OutpostIdentifier": 7}, "Member must be of type string"),
        ({"PaymentTerm": "TEN_YEARS"}, "[THREE_YEARS, ONE_YEAR, FIVE_YEARS]"),
        ({"PaymentOption": None}, "Value null at 'paymentOption' failed to satisfy constraint"),
        ({"LineItems": []}, "length greater than or equal to 1"),
        (
            {"LineItems": [{"CatalogItemId": RACK, "Quantity": 1}] * 21},
            "'lineItems' failed to satisfy constraint: Member must have length less than or equal",
        ),
        (
            {"LineItems": [{"CatalogItemId": "or-7qk2m5a", "Quantity": 1}]},
            "'lineItems.1.member.catalogItemId'",
        ),
        (
            {"LineItems": [{"CatalogItemId": RACK, "Quantity": 0}]},
            "'lineItems.1.member.quantity' failed to satisfy constraint: Member must have value",
        ),
        ({"LineItems": [{"CatalogItemId": RACK, "Quantity": 2**31}]}, "type integer"),
        ({"LineItems": [{"CatalogItemId": RACK, "Quantity": "1"}]}, "type integer"),
        ({"LineItems": [{"CatalogItemId": RACK, "Quantity": True}]}, "type integer"),
        ({"LineItems": [{"CatalogItemId": RACK, "Quantity": 1.5}]}, "type integer"),
        ({"LineItems": [{"CatalogItemId": RACK, "Quantity": 1, "Colour": 1}]}, "member.colour"),
        ({"LineItems": [{"CatalogItemId": RACK}]}, "must have a CatalogItemId and a Quantity"),
        ({"ClientToken": "x"}, "'clientToken' failed to satisfy constraint: Member must be known"),
    ],
)
def test_what_the_model_does_not_allow_is_refused(
    aws: LocalOutposts, client: Any, outpost: str, changes: dict[str, Any], words: str
) -> None:
    body = json.dumps(order(outpost, **changes)).encode()
    client.meta.events.register(
        "before-call.outposts.CreateOrder", lambda params, **_: params.update(body=body)
    )

    code, message = refused(client.create_order, **order(outpost))

    assert code == "ValidationException"
    assert words in message
    assert aws.accepted() == []


def test_several_mistakes_are_told_at_once(unchecked: Any, outpost: str) -> None:
    _, message = refused(unchecked.create_order, **order(outpost, PaymentOption="X", PaymentTerm="Y"))

    assert message.startswith("2 validation errors detected: Value 'X' at 'paymentOption'")


def test_a_required_member_left_out_is_refused(unchecked: Any, outpost: str) -> None:
    given = order(outpost)
    del given["PaymentOption"]

    _, message = refused(unchecked.create_order, **given)

    assert message.endswith("Value null at 'paymentOption' failed to satisfy constraint: "
                            "Member must not be null")  # fmt: skip


@pytest.mark.parametrize("most", [0, 1001])
def test_a_page_is_of_one_to_a_thousand(unchecked: Any, most: int) -> None:
    code, message = refused(unchecked.list_orders, MaxResults=most)

    assert code == "ValidationException"
    assert "'maxResults' failed to satisfy constraint: Member must have value" in message


@pytest.mark.parametrize("token", ["abc", "1#x", "1##AAAA", "1##ä", "1##MTI="])
def test_a_token_that_was_never_given_out_is_refused(client: Any, token: str) -> None:
    assert refused(client.list_orders, NextToken=token)[0] == "ValidationException"


def test_a_body_that_is_no_json_is_refused(client: Any, outpost: str) -> None:
    client.meta.events.register(
        "before-call.outposts.CreateOrder", lambda params, **_: params.update(body=b"{")
    )

    assert refused(client.create_order, **order(outpost))[0] == "SerializationException"


# Operations

EVERY_OPERATION: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "CancelOrder": lambda _, made: {"OrderId": made},
    "CreateOrder": lambda outpost, _: order(outpost, PaymentTerm="FIVE_YEARS"),
    "GetCatalogItem": lambda *_: {"CatalogItemId": RACK},
    "GetOrder": lambda _, made: {"OrderId": made},
    "GetOutpost": lambda outpost, _: {"OutpostId": outpost},
    "GetSite": lambda *_: {"SiteId": "os-c8c44fba28130c668"},
    "ListAssets": lambda outpost, _: {"OutpostIdentifier": outpost},
    "ListCatalogItems": lambda *_: {},
    "ListOrders": lambda *_: {},
    "ListOutposts": lambda *_: {},
    "ListSites": lambda *_: {},
}


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_every_answer_has_the_shape_of_the_model(
    aws: LocalOutposts, client: Any, outpost: str, operation: str
) -> None:
    # One order at every stage, so that each member shows up somewhere.
    for stage in range(7):
        order_id = aws.add_order(REGION, outpost, [(RACK, 2), ("OR-MX3C5R5", 1)])
        for _ in range(stage):
            aws.advance(order_id)
    fresh = aws.add_order(REGION, outpost, [(RACK, 2)])
    wire: list[bytes] = []
    client.meta.events.register(
        "before-parse.outposts", lambda response_dict, **_: wire.append(response_dict["body"])
    )

    answer = client._make_api_call(operation, EVERY_OPERATION[operation](outpost, fresh))

    shape = installed().output_of(operation)
    del answer["ResponseMetadata"]
    assert not ParamValidator().validate(answer, shape).has_errors()
    assert violations(shape, json.loads(wire[0])) == []
    assert all(answer.values())


def test_an_order_is_accepted_once_and_readable_at_once(
    aws: LocalOutposts, client: Any, outpost: str
) -> None:
    made = client.create_order(**order(outpost, PaymentTerm="ONE_YEAR"))["Order"]

    assert (made["Status"], made["OrderType"], made["PaymentTerm"]) == (
        "PREPARING",
        "OUTPOST",
        "ONE_YEAR",
    )
    assert client.get_order(OrderId=made["OrderId"])["Order"] == made
    (accepted,) = aws.accepted()
    assert (accepted["OrderId"], accepted["Region"]) == (made["OrderId"], REGION)
    (post,) = aws.posts()
    assert (post.status, post.body) == (200, order(outpost, PaymentTerm="ONE_YEAR"))


def test_the_submission_date_is_the_clocks(connect: Callable[..., Any], outpost: str) -> None:
    client = connect()
    before = datetime.now(UTC) - timedelta(seconds=1)

    made = client.create_order(**order(outpost))["Order"]

    assert before <= made["OrderSubmissionDate"] <= datetime.now(UTC)


def test_an_outpost_can_be_named_by_its_arn(client: Any, outpost: str) -> None:
    arn = client.get_outpost(OutpostId=outpost)["Outpost"]["OutpostArn"]

    assert client.get_outpost(OutpostId=arn)["Outpost"]["OutpostId"] == outpost
    assert client.create_order(**order(arn))["Order"]["OutpostId"] == outpost
    assert len(client.list_orders(OutpostIdentifierFilter=arn)["Orders"]) == 1
    assert client.list_assets(OutpostIdentifier=arn)["Assets"] == []


def test_the_arn_of_another_region_or_account_is_not_found(client: Any, outpost: str) -> None:
    arn = client.get_outpost(OutpostId=outpost)["Outpost"]["OutpostArn"]

    for wrong in (arn.replace(REGION, "eu-west-1"), arn.replace("123456789012", "999999999999")):
        assert refused(client.get_outpost, OutpostId=wrong)[0] == "NotFoundException"
        assert refused(client.create_order, **order(wrong))[0] == "NotFoundException"


def test_a_region_knows_nothing_of_another(
    aws: LocalOutposts, client: Any, connect: Callable[..., Any], outpost: str
) -> None:
    made = client.create_order(**order(outpost))["Order"]["OrderId"]
    arn = client.get_outpost(OutpostId=outpost)["Outpost"]["OutpostArn"]
    elsewhere = connect(region="eu-central-1")

    assert elsewhere.list_orders()["Orders"] == []
    assert refused(elsewhere.get_order, OrderId=made)[0] == "NotFoundException"
    assert refused(elsewhere.get_outpost, OutpostId=arn)[0] == "NotFoundException"
    assert refused(elsewhere.create_order, **order(arn))[0] == "NotFoundException"
    assert aws.requests[-1].region == "eu-central-1"


def test_an_item_that_is_not_there_or_no_longer_sold_is_refused(
    aws: LocalOutposts, client: Any, outpost: str
) -> None:
    gone = [{"CatalogItemId": "OR-NOTHERE", "Quantity": 1}]
    old = [{"CatalogItemId": "OR-M4LD016", "Quantity": 1}]

    assert refused(client.create_order, **order(outpost, LineItems=gone))[0] == "NotFoundException"
    assert refused(client.create_order, **order(outpost, LineItems=old)) == (
        "ValidationException",
        "Catalog item OR-M4LD016 is not available (DISCONTINUED).",
    )
    assert aws.accepted() == []


def test_items_and_quote_exclude_each_other_and_one_must_be_there(client: Any, outpost: str) -> None:
    quote = "oq-0123456789abcdef0"
    bare = {"OutpostIdentifier": outpost, "PaymentOption": "NO_UPFRONT"}

    for given in (
        bare,
        {**bare, "QuoteOptionIdentifier": "oqo-0123456789abcdef0"},
        order(outpost, QuoteIdentifier=quote),
    ):
        assert refused(client.create_order, **given)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 12),
        ({"ItemClassFilter": ["SERVER"]}, 3),
        ({"ItemClassFilter": ["SERVER", "RACK"]}, 12),
        ({"SupportedStorageFilter": ["S3"]}, 3),
        ({"EC2FamilyFilter": ["m5"]}, 3),
        ({"EC2FamilyFilter": ["m5", "g4dn"], "SupportedStorageFilter": ["S3"]}, 2),
    ],
)
def test_the_catalog_can_be_filtered(client: Any, filters: dict[str, Any], count: int) -> None:
    assert len(client.list_catalog_items(**filters)["CatalogItems"]) == count


def test_outposts_and_sites_can_be_filtered(client: Any) -> None:
    assert client.list_outposts(LifeCycleStatusFilter=["PENDING"])["Outposts"] == []
    assert len(client.list_outposts(AvailabilityZoneIdFilter=["use1-az1"])["Outposts"]) == 3
    (site,) = client.list_sites(OperatingAddressCityFilter=["Ashburn", "Berlin"])["Sites"]
    assert client.get_site(SiteId=site["SiteArn"])["Site"] == site


def test_more_than_a_thousand_orders_come_in_pages_newest_first(
    aws: LocalOutposts, client: Any, outpost: str
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = [
        aws.add_order(REGION, outpost, [(RACK, 1)], submitted=start + timedelta(minutes=number))
        for number in range(1205)
    ]

    pages = list(client.get_paginator("list_orders").paginate())

    assert [len(page["Orders"]) for page in pages] == [1000, 205]
    listed = [summary["OrderId"] for page in pages for summary in page["Orders"]]
    assert listed == made[::-1]
    assert pages[0]["NextToken"].startswith("2##")


def test_an_order_that_comes_between_two_pages_hides_no_other(
    aws: LocalOutposts, client: Any, outpost: str
) -> None:
    made = [aws.add_order(REGION, outpost, [(RACK, 1)]) for _ in range(4)]
    first = client.list_orders(MaxResults=2)
    aws.add_order(REGION, outpost, [(RACK, 1)])

    second = client.list_orders(MaxResults=2, NextToken=first["NextToken"])

    listed = [summary["OrderId"] for page in (first, second) for summary in page["Orders"]]
    assert listed == made[::-1]
    assert "NextToken" not in second


def test_a_token_belongs_to_the_request_that_it_was_given_for(
    aws: LocalOutposts, client: Any, outpost: str
) -> None:
    for _ in range(2):
        aws.add_order(REGION, outpost, [(RACK, 1)])
    token = client.list_orders(MaxResults=1)["NextToken"]

    assert refused(client.list_sites, NextToken=token)[0] == "ValidationException"
    code, _ = refused(client.list_orders, NextToken=token, OutpostIdentifierFilter=outpost)
    assert code == "ValidationException"


@pytest.mark.parametrize(
    ("operation", "member", "count"),
    [("list_catalog_items", "CatalogItems", 12), ("list_outposts", "Outposts", 3),
     ("list_sites", "Sites", 3)],
)  # fmt: skip
def test_every_list_has_pages(
    aws: LocalOutposts, client: Any, operation: str, member: str, count: int
) -> None:
    aws.page_size = 2

    pages = list(client.get_paginator(operation).paginate())

    assert [len(page[member]) for page in pages] == [2] * (count // 2) + [1] * (count % 2)


def test_an_operation_that_is_not_built_says_so_and_is_noted(aws: LocalOutposts, client: Any) -> None:
    code, message = refused(client.list_capacity_tasks)

    assert (code, message) == (
        "NotImplementedException",
        "ListCapacityTasks is not part of the local Outposts API.",
    )
    assert [request.operation for request in aws.unexpected] == ["ListCapacityTasks"]


def test_a_path_that_the_model_does_not_have_is_noted(aws: LocalOutposts, client: Any) -> None:
    client.meta.events.register(
        "before-call.outposts.ListOrders",
        lambda params, **_: params.update(url=f"{aws.url}/orders-list"),
    )

    assert refused(client.list_orders)[0] == "UnknownOperationException"
    assert [(request.path, request.status) for request in aws.unexpected] == [("/orders-list", 404)]


def test_the_estate_is_the_same_every_time() -> None:
    ids = []
    for _ in range(2):
        with LocalOutposts() as server:
            server.furnish([REGION, "eu-central-1"])
            server.furnish([REGION])
            client = boto3.Session().client(
                "outposts",
                region_name=REGION,
                endpoint_url=server.url,
                aws_access_key_id="AKIALOCALLOCALLOCAL0",
                aws_secret_access_key="local-secret",
            )
            ids.append([outpost["OutpostId"] for outpost in client.list_outposts()["Outposts"]])
            client.close()

    assert ids[0] == ids[1]
    assert len(ids[0]) == 3


def test_stock_that_the_api_could_not_show_is_not_taken(aws: LocalOutposts) -> None:
    with pytest.raises(ValueError, match="catalogItemId"):
        aws.add_item(REGION, "OR-lower12")
    with pytest.raises(ValueError, match="supportedHardwareType"):
        aws.add_outpost(REGION, name="lab", hardware="CLOUD")
    with pytest.raises(ValueError, match="no site"):
        aws.add_outpost(REGION, name="lab", site_id="os-0123456789abcdef0")

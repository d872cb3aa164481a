"""What became of a unit that Azure accepted: nothing is said of it that was not seen."""

import pytest

from bot.clouds.azure import Azure
from bot.core.request import Request
from bot.demo.arm import LocalArm
from bot.demo.faults import KINDS
from bot.errors import CloudDenied, CloudDown, CloudError
from bot.ports import Accepted, Refused, Unclear
from tests.clouds.world import LATER, SECOND, UNIT, find, placed

FAULTS = sorted(KINDS - {"slow"})
DENIED = ("AuthorizationFailed", "LinkedAuthorizationFailed", "InvalidAuthenticationToken")


@pytest.fixture
def accepted(azure: Azure, approved: Request) -> str:
    """Where Azure tells what became of a unit that it accepted."""
    outcome = azure.place(approved, LATER, UNIT)
    assert isinstance(outcome, Accepted)
    return outcome.status_url


@pytest.mark.parametrize("kind", FAULTS)
def test_a_look_that_fails_changes_nothing(
    kind: str, azure: Azure, arm: LocalArm, approved: Request, accepted: str
) -> None:
    arm.faults.add("OperationResults_Get", kind)

    first: object
    try:
        first = azure.outcome(approved, UNIT, accepted)
    except CloudDown as error:
        first = error

    assert isinstance(first, CloudDown) or first == placed(arm)
    assert azure.outcome(approved, UNIT, accepted) == placed(arm)
    assert len(arm.puts()) == len(arm.accepted()) == 1


@pytest.mark.parametrize("kind", FAULTS)
def test_nothing_is_called_placed_unless_its_item_was_seen(
    kind: str, azure: Azure, arm: LocalArm, approved: Request, accepted: str
) -> None:
    arm.retry_after = 0.01
    arm.faults.add("OrderItems_Get", kind, times=3)

    with pytest.raises(CloudError):
        azure.outcome(approved, UNIT, accepted)


def test_as_long_as_azure_works_on_it_it_is_accepted(azure: Azure, arm: LocalArm, approved: Request) -> None:
    arm.operation_seconds = 3600
    outcome = azure.place(approved, LATER, UNIT)
    assert isinstance(outcome, Accepted)

    assert azure.outcome(approved, UNIT, outcome.status_url) == outcome
    assert azure.outcome(approved, UNIT, "") == Accepted("", 10.0)
    forgotten = outcome.status_url.replace("operationResults/", "operationResults/0")
    assert azure.outcome(approved, UNIT, forgotten) == Accepted(forgotten, 10.0)
    arm.finish()
    assert azure.outcome(approved, UNIT, outcome.status_url) == placed(arm)


def test_what_is_still_being_created_is_not_adopted_yet(
    azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.operation_seconds = 3600
    azure.place(approved, LATER, UNIT)

    with pytest.raises(CloudDown, match="still creating"):
        find(azure, approved)
    arm.finish()
    assert find(azure, approved)[0].ours


def test_what_was_accepted_and_failed_is_refused_in_the_words_of_azure(
    azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.faults.add("OrderItems_Create", "async:OutOfStock:None of these is left.")
    outcome = azure.place(approved, LATER, UNIT)
    assert isinstance(outcome, Accepted)

    assert azure.outcome(approved, UNIT, outcome.status_url) == Refused(
        "OutOfStock", "None of these is left."
    )
    assert arm.items == []


def test_an_operation_that_failed_while_the_item_is_there_is_no_refusal(
    azure: Azure, arm: LocalArm, approved: Request, accepted: str
) -> None:
    arm.faults.add("OperationResults_Get", "error:SomethingElse:Failed.")

    assert azure.outcome(approved, UNIT, accepted) == placed(arm)


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_an_item_whose_making_failed_is_for_people_to_judge(
    state: str, azure: Azure, arm: LocalArm, approved: Request, accepted: str
) -> None:
    item = {**arm.items[0], "properties": {**arm.items[0]["properties"], "provisioningState": state}}
    arm.put_raw(UNIT, item)

    outcome = azure.outcome(approved, UNIT, accepted)

    assert isinstance(outcome, Unclear)
    assert state.lower() in outcome.why
    assert not find(azure, approved)[0].ours


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://arm.example.com/subscriptions/x?api-version=2024-02-01",
        "http://{host}/subscriptions/x",
        "https://{host}@arm.example.com/subscriptions/x",
        "file:///etc/passwd",
    ],
)
@pytest.mark.usefixtures("accepted")
def test_no_token_goes_to_another_host(url: str, azure: Azure, arm: LocalArm, approved: Request) -> None:
    before = len(arm.requests)
    url = url.format(host=arm.url.removeprefix("https://"))

    assert azure.outcome(approved, UNIT, url) == placed(arm)
    assert azure.outcome(approved, SECOND, url) == Unclear(
        "Azure took the request, and has no order item with its name."
    )
    assert [request.operation for request in arm.requests[before:]] == ["OrderItems_Get"] * 2


def test_an_operation_that_azure_has_forgotten_is_decided_by_the_item(
    azure: Azure, arm: LocalArm, approved: Request, accepted: str
) -> None:
    forgotten = accepted.replace("operationResults/", "operationResults/0")

    assert azure.outcome(approved, UNIT, forgotten) == placed(arm)
    assert isinstance(azure.outcome(approved, SECOND, forgotten), Unclear)


@pytest.mark.parametrize("url", ["https://[", "\x00", "https://"])
def test_a_status_url_that_is_none_is_decided_by_the_item(
    url: str, azure: Azure, arm: LocalArm, approved: Request, accepted: str
) -> None:
    assert azure.outcome(approved, UNIT, url) == placed(arm)
    assert azure.outcome(approved, UNIT, accepted) == placed(arm)


@pytest.mark.parametrize("code", ["RequestDisallowedByPolicy", "NoRegisteredProviderFound"])
def test_not_being_let_look_does_not_mean_that_it_failed(
    code: str, azure: Azure, arm: LocalArm, approved: Request, accepted: str
) -> None:
    arm.faults.add("OperationResults_Get", f"error:{code}:Not you.")

    with pytest.raises(CloudDenied):
        azure.outcome(approved, SECOND, accepted)


@pytest.mark.parametrize("code", DENIED)
def test_a_look_without_rights_says_so_and_nothing_about_the_unit(
    code: str, azure: Azure, arm: LocalArm, approved: Request, accepted: str
) -> None:
    arm.faults.add("OperationResults_Get", f"error:{code}:You may not.")

    with pytest.raises(CloudDenied):
        azure.outcome(approved, UNIT, accepted)


def test_a_look_costs_two_requests_at_most(
    azure: Azure, arm: LocalArm, approved: Request, accepted: str
) -> None:
    before = len(arm.requests)
    azure.outcome(approved, UNIT, accepted)

    assert [one.operation for one in arm.requests[before:]] == ["OperationResults_Get", "OrderItems_Get"]

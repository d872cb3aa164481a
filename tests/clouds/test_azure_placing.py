"""Placing with Azure: one send for a unit, and no word about it that is not known to be true."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clouds.azure import Azure
from bot.core.request import Request
from bot.demo.arm import LocalArm
from bot.demo.arm.tls import make_authority
from bot.demo.faults import KINDS
from bot.demo.wire import Answer, Hangup, Incoming
from bot.ports import Accepted, NotSent, Outcome, Refused, Unclear
from tests.clouds.conftest import MakeAzure, point_to
from tests.clouds.world import GROUP, LATER, NOW, PRODUCT, SECOND, UNIT, find, placed, wanted

FAULTS = sorted(KINDS - {"slow"})
DENIED = ("AuthorizationFailed", "LinkedAuthorizationFailed", "InvalidAuthenticationToken")


def names(arm: LocalArm) -> list[str]:
    return [item["name"] for item in arm.items]


# --- as it should go ------------------------------------------------------------------------------


def test_a_unit_that_azure_took_is_accepted_and_then_placed(
    azure: Azure, arm: LocalArm, approved: Request
) -> None:
    accepted = azure.place(approved, LATER, UNIT)

    assert isinstance(accepted, Accepted)
    assert "/operationResults/" in accepted.status_url
    assert accepted.retry_after == 1.0
    assert azure.outcome(approved, UNIT, accepted.status_url) == placed(arm)


def test_what_is_sent_is_what_was_asked_for(azure: Azure, arm: LocalArm) -> None:
    asked = wanted(
        product="azurestackedge/azurestackedge/azurestackedgepro2",
        configuration="edgep2_64g2t",
        commitment="P1095D",
        address="frankfurt-fra2",
        location="westeurope",
    )
    azure.place(azure.check(asked), LATER, UNIT)

    (put,) = arm.puts()
    assert put.name == UNIT
    assert put.query == {"api-version": ["2024-02-01"]}
    assert put.headers["user-agent"].startswith("quartermaster ")
    assert put.body == {
        "location": "westeurope",
        "tags": {"quartermaster-order": "ORD-7F3K2M"},
        "properties": {
            "orderId": f"/subscriptions/{arm.subscription}/resourceGroups/{GROUP}/providers"
            "/Microsoft.EdgeOrder/locations/westeurope/orders/ord-7f3k2m",
            "orderItemDetails": {
                "orderItemType": "Purchase",
                "productDetails": {
                    "hierarchyInformation": {
                        "productFamilyName": "azurestackedge",
                        "productLineName": "azurestackedge",
                        "productName": "azurestackedgepro2",
                        "configurationName": "edgep2_64g2t",
                    }
                },
                "preferences": {
                    "termCommitmentPreferences": {
                        "preferredTermCommitmentType": "Timed",
                        "preferredTermCommitmentDuration": "P1095D",
                    }
                },
            },
            "addressDetails": {
                "forwardAddress": {
                    "shippingAddress": {
                        "streetAddress1": "Hanauer Landstrasse 298",
                        "city": "Frankfurt am Main",
                        "stateOrProvince": "Hessen",
                        "country": "DE",
                        "postalCode": "60314",
                        "addressType": "Commercial",
                    },
                    "contactDetails": {
                        "contactName": "Dana Fox",
                        "phone": "5550100",
                        "emailList": ["dana@example.com"],
                    },
                }
            },
        },
    }


@pytest.mark.parametrize("choice", ["Enabled", "Disabled"])
def test_double_encryption_is_asked_for_only_where_it_was_chosen(
    choice: str, azure: Azure, arm: LocalArm
) -> None:
    asked = wanted(
        product="azurestackhci/azurestackhci/azurelocalnode",
        configuration="node_small",
        double_encryption=choice,
    )
    azure.place(azure.check(asked), LATER, UNIT)

    details = arm.puts()[0].body["properties"]["orderItemDetails"]
    assert details["preferences"] == {"encryptionPreferences": {"doubleEncryptionStatus": choice}}
    (item,) = arm.items
    product = item["properties"]["orderItemDetails"]["productDetails"]
    assert product["productDoubleEncryptionStatus"] == choice


def test_two_units_are_two_items_of_one_order(azure: Azure, arm: LocalArm, approved: Request) -> None:
    assert azure.units("ORD-7F3K2M", approved) == (UNIT, SECOND)

    for unit in (UNIT, SECOND):
        accepted = azure.place(approved, LATER, unit)
        assert isinstance(accepted, Accepted)
        assert azure.outcome(approved, unit, accepted.status_url) == placed(arm, unit)

    assert [put.name for put in arm.puts()] == [UNIT, SECOND]
    (order,) = arm.orders
    assert order["name"] == "ord-7f3k2m"
    assert len(order["properties"]["orderItemIds"]) == 2
    assert {item["tags"]["quartermaster-order"] for item in arm.items} == {"ORD-7F3K2M"}


def test_before_it_is_placed_nothing_has_its_name(azure: Azure, approved: Request) -> None:
    assert azure.known(approved) == frozenset()
    assert find(azure, approved) == ()


def test_what_was_placed_is_known_by_its_name_and_tag(azure: Azure, arm: LocalArm, approved: Request) -> None:
    azure.place(approved, LATER, UNIT)

    (found,) = find(azure, approved)
    assert (found.ref, found.ours) == (placed(arm).ref, True)
    assert found.submitted is not None
    assert find(azure, approved, SECOND) == ()


def test_a_slow_answer_within_the_timeout_is_waited_for(
    azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.faults.add("OrderItems_Create", "slow", seconds=0.2)

    assert isinstance(azure.place(approved, LATER, UNIT), Accepted)


# --- every fault of the wire, while it is placed ---------------------------------------------------


@pytest.mark.parametrize("kind", FAULTS)
def test_whatever_fails_is_unclear_was_sent_once_and_is_found_or_not(
    kind: str, make_azure: MakeAzure, arm: LocalArm, approved: Request
) -> None:
    hangs = kind.startswith("hang")
    arm.faults.add("OrderItems_Create", kind, seconds=1 if hangs else 0)
    azure = make_azure(place_timeout=0.5 if hangs else 20)

    outcome = azure.place(approved, LATER, UNIT)

    assert isinstance(outcome, Unclear)
    assert 0 < len(outcome.why) <= 500
    assert len(arm.puts(UNIT)) == 1
    assert arm.faults.pending == []
    if kind.endswith("_after"):
        assert find(azure, approved)[0].ours
        assert len(arm.accepted()) == 1
    elif kind.endswith("_before"):
        assert find(azure, approved) == ()
        assert arm.accepted() == []


@pytest.mark.parametrize("kind", FAULTS)
def test_a_second_placing_after_any_fault_makes_no_second_item(
    kind: str, make_azure: MakeAzure, arm: LocalArm, approved: Request
) -> None:
    hangs = kind.startswith("hang")
    arm.faults.add("OrderItems_Create", kind, seconds=1 if hangs else 0)
    azure = make_azure(place_timeout=0.5 if hangs else 20)
    azure.place(approved, LATER, UNIT)

    # Nobody would, before looking; and even then there is one item, and it is ours.
    outcome = azure.place(approved, LATER, UNIT)
    if isinstance(outcome, Accepted):
        outcome = azure.outcome(approved, UNIT, outcome.status_url)

    assert outcome == placed(arm)
    assert len(arm.puts(UNIT)) == 2
    assert names(arm) == [UNIT]


@pytest.mark.parametrize("on_existing", ["conflict", "bad_request", "accept"])
def test_whatever_azure_says_to_a_second_approvedthe_first_counts(
    on_existing: Any, azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.on_existing = on_existing
    arm.faults.add("OrderItems_Create", "drop_after")
    assert isinstance(azure.place(approved, LATER, UNIT), Unclear)

    outcome = azure.place(approved, LATER, UNIT)
    if isinstance(outcome, Accepted):
        outcome = azure.outcome(approved, UNIT, outcome.status_url)

    assert outcome == placed(arm)
    assert names(arm) == [UNIT]


@pytest.mark.parametrize("on_existing", ["conflict", "bad_request", "accept"])
def test_an_item_of_somebody_else_is_not_taken_for_ours(
    on_existing: Any, azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.on_existing = on_existing
    arm.add_item(UNIT, "another-order")

    (found,) = find(azure, approved)
    outcome = azure.place(approved, LATER, UNIT)
    if isinstance(outcome, Accepted):
        outcome = azure.outcome(approved, UNIT, outcome.status_url)

    assert not found.ours
    assert isinstance(outcome, Unclear)
    assert "tag" in outcome.why
    assert arm.accepted() == []


# --- what Azure refuses ---------------------------------------------------------------------------

REFUSALS = (
    "InvalidAddress",
    "ConfigurationNotAvailable",
    "RequestDisallowedByPolicy",
    "ScopeLocked",
    "ResourceGroupNotFound",
    "OrderItemLimitExceeded",
)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_quotes_azure_and_was_sent_once(
    code: str, azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.faults.add("OrderItems_Create", f"error:{code}:Because we say so.")

    assert azure.place(approved, LATER, UNIT) == Refused(code, "Because we say so.")
    assert len(arm.puts()) == 1
    assert arm.items == []


def test_a_refusal_that_quotes_the_address_says_no_more_than_its_town(
    azure: Azure, arm: LocalArm, approved: Request
) -> None:
    said = "1 MILL STREET, 43215 Columbus, is unknown; dana@example.com (5550100, Dana Fox) was told."
    for kind in ("error", "async"):
        arm.faults.add("OrderItems_Create", f"{kind}:InvalidAddress:{said}")
    arm.faults.add("OrderItems_Create", f"error:TooManyRequests:{said}")
    quoted = "[…], […] Columbus, is unknown; […] ([…], […]) was told."

    assert azure.place(approved, LATER, UNIT) == Refused("InvalidAddress", quoted)
    accepted = azure.place(approved, LATER, UNIT)
    assert isinstance(accepted, Accepted)
    assert azure.outcome(approved, UNIT, accepted.status_url) == Refused("InvalidAddress", quoted)
    unclear = azure.place(approved, LATER, UNIT)
    assert unclear == Unclear(f"Azure answered 429 TooManyRequests: {quoted}")


def test_what_is_not_sold_any_more_is_refused_in_the_words_of_azure(azure: Azure, approved: Request) -> None:
    gone = replace(approved, terms=replace(approved.azure, configuration="nope"))

    outcome = azure.place(gone, LATER, UNIT)

    assert isinstance(outcome, Refused)
    assert outcome.code == "InvalidHierarchyInformation"
    assert f"{PRODUCT}/nope" in outcome.words


def test_a_refusal_is_not_believed_before_azure_was_asked_what_it_has(
    azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.faults.add("OrderItems_Create", "error:InvalidAddress:No.")
    arm.faults.add("OrderItems_Get", "500_before", times=3)

    outcome = azure.place(approved, LATER, UNIT)

    assert isinstance(outcome, Unclear)
    assert "InvalidAddress: No." in outcome.why


@pytest.mark.parametrize("code", ["TooManyRequests", "RetryableError", "AnotherOperationInProgress"])
def test_asking_to_try_later_is_no_refusal(code: str, azure: Azure, arm: LocalArm, approved: Request) -> None:
    arm.faults.add("OrderItems_Create", f"error:{code}:Not now.")

    assert isinstance(azure.place(approved, LATER, UNIT), Unclear)
    assert len(arm.puts()) == 1


@pytest.mark.parametrize("code", DENIED)
def test_without_rights_nothing_was_ordered_and_an_operator_can_change_it(
    code: str, azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.faults.add("OrderItems_Create", f"error:{code}:You may not.")

    assert azure.place(approved, LATER, UNIT) == NotSent(f"{code}: You may not.")
    assert isinstance(azure.place(approved, LATER, UNIT), Accepted)


def test_a_subscription_that_is_not_registered_is_explained_and_not_registered(
    azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.faults.add("OrderItems_Create", "error:MissingSubscriptionRegistration:Not registered.")

    outcome = azure.place(approved, LATER, UNIT)

    assert isinstance(outcome, NotSent)
    assert "az provider register --namespace Microsoft.EdgeOrder" in outcome.why
    assert len(arm.puts()) == 1
    assert not any(request.operation.startswith("Providers_") for request in arm.requests)


# --- the address ----------------------------------------------------------------------------------


@pytest.mark.parametrize("member", ["streetAddress1", "city", "postalCode"])
def test_an_address_that_has_changed_since_it_was_approved_is_not_shipped_to(
    member: str, azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.add_address("columbus-plant", **{member: "43999 1"})

    outcome = azure.place(approved, LATER, UNIT)

    assert isinstance(outcome, Refused)
    assert outcome.code == "AddressChanged"
    assert "43999" not in outcome.words
    assert arm.puts() == []


def test_an_address_that_is_gone_is_not_shipped_to(azure: Azure, arm: LocalArm, approved: Request) -> None:
    arm.faults.add("Addresses_Get", "error:ResourceNotFound:Gone.")

    outcome = azure.place(approved, LATER, UNIT)

    assert isinstance(outcome, Refused)
    assert outcome.code == "AddressChanged"
    assert arm.puts() == []


@pytest.mark.parametrize("kind", ["503_before", "error:AuthorizationFailed:No."])
def test_an_address_that_cannot_be_read_means_that_nothing_was_sent(
    kind: str, azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.faults.add("Addresses_Get", kind, times=3)

    assert isinstance(azure.place(approved, LATER, UNIT), NotSent)
    assert arm.puts() == []


# --- what cannot have left this machine -------------------------------------------------------------


def test_a_process_that_wakes_up_too_late_sends_nothing(
    make_azure: MakeAzure, arm: LocalArm, approved: Request
) -> None:
    outcome = make_azure(clock=lambda: LATER).place(approved, LATER, UNIT)

    assert outcome == NotSent("It was too late to send, the deadline was 2026-11-22 08:01 UTC.")
    assert arm.puts() == []


def test_the_last_moment_before_the_deadline_is_in_time(make_azure: MakeAzure, approved: Request) -> None:
    in_time = LATER - timedelta(microseconds=1)

    assert isinstance(make_azure(clock=lambda: in_time).place(approved, LATER, UNIT), Accepted)


def at_the_gate(happens: Callable[[], object]) -> Callable[[], Any]:
    """A clock at which something happens: it is read when the request is about to leave."""

    def clock() -> Any:
        happens()
        return NOW

    return clock


def test_where_nobody_listens_nothing_was_sent(
    make_azure: MakeAzure, arm: LocalArm, approved: Request
) -> None:
    azure = make_azure(clock=at_the_gate(arm.stop))

    assert azure.place(approved, LATER, UNIT) == NotSent("Azure could not be reached.")


def test_a_certificate_that_is_not_trusted_means_that_nothing_was_sent(
    make_azure: MakeAzure,
    arm: LocalArm,
    approved: Request,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    other, _ = make_authority(tmp_path)
    distrust = at_the_gate(lambda: monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other)))

    outcome = make_azure(clock=distrust).place(approved, LATER, UNIT)

    assert isinstance(outcome, NotSent)
    assert arm.puts() == []


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "http://nowhere.invalid:80"])
def test_a_proxy_that_cannot_be_reached_means_that_nothing_was_sent(
    proxy: str,
    make_azure: MakeAzure,
    arm: LocalArm,
    approved: Request,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    through = at_the_gate(lambda: monkeypatch.setenv("HTTPS_PROXY", proxy))

    outcome = make_azure(clock=through).place(approved, LATER, UNIT)

    assert isinstance(outcome, NotSent)
    assert arm.puts() == []


def test_without_credentials_nothing_is_sent(
    make_azure: MakeAzure, arm: LocalArm, approved: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")

    outcome = make_azure().place(approved, LATER, UNIT)

    assert isinstance(outcome, NotSent)
    assert outcome.why.startswith("NoCredentials: ")
    assert "DefaultAzureCredential" in outcome.why
    assert arm.puts() == []


def test_a_choice_of_credentials_that_there_is_not_is_told_as_such(
    make_azure: MakeAzure, approved: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "magic")

    outcome = make_azure().place(approved, LATER, UNIT)

    assert isinstance(outcome, NotSent)
    assert "AZURE_TOKEN_CREDENTIALS" in outcome.why


def test_credentials_that_come_later_are_noticed(
    make_azure: MakeAzure, arm: LocalArm, approved: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = make_azure()
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    assert isinstance(azure.place(approved, LATER, UNIT), NotSent)

    monkeypatch.setenv("IDENTITY_HEADER", arm.environment()["IDENTITY_HEADER"])

    assert isinstance(azure.place(approved, LATER, UNIT), Accepted)


def test_tokens_that_azure_does_not_take_any_more_are_replaced(
    azure: Azure, arm: LocalArm, approved: Request
) -> None:
    arm.revoke_tokens()

    assert isinstance(azure.place(approved, LATER, UNIT), NotSent)
    assert isinstance(azure.place(approved, LATER, UNIT), Accepted)


# --- answers that no Azure should give --------------------------------------------------------------


class Odd(LocalArm):
    """Answers PUTs in its own way, one after the other, and everything else as it should."""

    script: list[Answer | Hangup | None]
    """None lets a PUT through."""

    def _respond(self, incoming: Incoming) -> Answer | Hangup:
        scripted = self.script.pop(0) if incoming.method == "PUT" and self.script else None
        if scripted is None:
            return super()._respond(incoming)
        self.sends += 1
        return scripted

    sends = 0


@contextmanager
def odd(monkeypatch: pytest.MonkeyPatch, *script: Answer | Hangup | None) -> Iterator[Odd]:
    with Odd() as arm:
        arm.script = list(script)
        arm.retry_after = 1
        arm.furnish()
        point_to(arm, monkeypatch)
        yield arm


ARM = {"x-ms-request-id": "1"}
NO = b'{"error": {"code": "Forbidden", "message": "no"}}'
OTHER_ITEM = json.dumps({"name": "something-else"}).encode()
ODD_ANSWERS = {
    "a proxy's HTML 403": Answer(403, b"<html>Forbidden</html>", "text/html"),
    "a proxy's JSON 403": Answer(403, NO),
    "a proxy's 401": Answer(401, NO, headers={"WWW-Authenticate": "Basic"}),
    "a proxy's 407": Answer(407, NO),
    "an empty 400": Answer(400, b"", headers=ARM),
    "a 400 that is a list": Answer(400, b"[]", headers=ARM),
    "a 404 without a code": Answer(404, b"{}", headers=ARM),
    "a 409 whose error is a word": Answer(409, b'{"error": "no"}', headers=ARM),
    "a redirect": Answer(307, b"", headers={"Location": "/elsewhere", **ARM}),
    "a 429 that says when": Answer(429, b"", headers={"Retry-After": "0", **ARM}),
    "a 400 that says when": Answer(400, b"", headers={"Retry-After": "0", **ARM}),
    "a 503 that says when": Answer(503, b"", headers={"Retry-After": "1", **ARM}),
    "a 200 that is a list": Answer(200, b"[1]", headers=ARM),
    "a 200 that is a number": Answer(200, b"7", headers=ARM),
    "a 200 with another item": Answer(200, OTHER_ITEM, headers=ARM),
    "a 201 with nothing": Answer(201, b"", headers=ARM),
    "a 204": Answer(204, b"", headers=ARM),
}


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_an_answer_that_says_nothing_is_unclear(
    name: str, make_azure: MakeAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    with odd(monkeypatch, ODD_ANSWERS[name]) as arm:
        azure = make_azure(at=arm)

        outcome = azure.place(azure.check(wanted()), LATER, UNIT)

    assert isinstance(outcome, Unclear)
    assert len(outcome.why) <= 500
    assert arm.sends == 1
    assert arm.script == []


@pytest.mark.parametrize("status", [200, 201])
def test_an_answer_with_the_item_itself_is_believed(
    status: int, make_azure: MakeAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = {"name": UNIT.upper(), "tags": {"Quartermaster-Order": "ord-7f3k2m"}, "properties": {}}
    creating = {**item, "properties": {"provisioningState": "Creating"}}
    with odd(monkeypatch, *(Answer(status, json.dumps(one).encode()) for one in (item, creating))) as arm:
        azure = make_azure(at=arm)
        request = azure.check(wanted())

        assert azure.place(request, LATER, UNIT) == placed(arm)
        assert azure.place(request, LATER, UNIT) == Accepted("", 10.0)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Accepted("", 10.0)),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, Accepted("", 10.0)),
        ({"Retry-After": "999999"}, Accepted("", 300.0)),
        ({"x-ms-retry-after-ms": "2500"}, Accepted("", 2.5)),
    ],
)
def test_what_was_accepted_is_accepted_whatever_else_is_said(
    headers: dict[str, str], expected: Accepted, make_azure: MakeAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    with odd(monkeypatch, Answer(202, b"", headers=headers)) as arm:
        azure = make_azure(at=arm)

        assert azure.place(azure.check(wanted()), LATER, UNIT) == expected


CLAIMS = base64.urlsafe_b64encode(b'{"access_token": {}}').decode()
CHALLENGE = Answer(
    401,
    b'{"error": {"code": "InvalidAuthenticationToken", "message": "Again."}}',
    headers={**ARM, "WWW-Authenticate": f'Bearer error="insufficient_claims", claims="{CLAIMS}"'},
)


@pytest.mark.parametrize(
    ("after", "expected"), [(None, Accepted), (Hangup(), Unclear), (Answer(401, b""), Unclear)]
)
def test_a_approvedthat_was_turned_away_for_a_better_token_is_sent_once_more(
    after: Any, expected: type[Outcome], make_azure: MakeAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    with odd(monkeypatch, CHALLENGE, after) as arm:
        azure = make_azure(at=arm)

        assert isinstance(azure.place(azure.check(wanted()), LATER, UNIT), expected)
        assert arm.sends + len(arm.puts()) == 2
        assert len(arm.accepted()) == (expected is Accepted)


def test_a_better_token_that_comes_too_late_is_of_no_use(
    make_azure: MakeAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([NOW, LATER])
    with odd(monkeypatch, CHALLENGE) as arm:
        azure = make_azure(at=arm, clock=lambda: next(ticks))

        assert isinstance(azure.place(azure.check(wanted()), LATER, UNIT), NotSent)
        assert arm.puts() == []

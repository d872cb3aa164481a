"""Reading, finding and following what Azure has, and what goes wrong with it; over real TLS."""

import logging
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.clouds.azure import Azure
from bot.core.events import Operation
from bot.core.snapshot import Ref, Summary, changes
from bot.demo.arm import LocalArm
from bot.demo.arm.items import LIFE, RETURN
from bot.errors import CloudDenied, CloudDown, CloudRefused, CloudUnknown
from tests.clouds.azure_sample import SAMPLE
from tests.clouds.world import (
    GROUP,
    HERE,
    LATER,
    NOW,
    SECOND,
    SECRETS,
    UNIT,
    operations,
    wanted,
)

# --- reading and finding ----------------------------------------------------------------------------


def test_an_order_is_read_with_all_its_items(azure: Azure, ref: Ref) -> None:
    snapshot = azure.read(ref)

    assert snapshot.ref == ref
    assert snapshot.status == "Placed"
    assert snapshot.facts == (
        ("Azure order", "ord-7f3k2m"),
        ("Resource group", GROUP),
        ("Location", "eastus"),
    )
    assert [unit.id for unit in snapshot.units] == [HERE + UNIT, HERE + SECOND]
    assert [unit.name for unit in snapshot.units] == [
        f"Azure Stack Edge Pro - 1 GPU ({UNIT})",
        f"Azure Stack Edge Pro - 1 GPU ({SECOND})",
    ]


def test_the_whole_life_of_an_item_and_its_return_can_be_followed(
    azure: Azure, arm: LocalArm, ref: Ref
) -> None:
    seen = [azure.read(ref)]
    for _ in LIFE[1:]:
        for unit in (UNIT, SECOND):
            arm.advance(unit)
        seen.append(azure.read(ref))
    azure.operate(ref, Operation.RETURN, "Not needed", fee=False)
    seen.append(azure.read(ref))
    for _ in RETURN[1:]:
        for unit in (UNIT, SECOND):
            arm.advance(unit)
        seen.append(azure.read(ref))

    assert [snapshot.status for snapshot in seen] == [*LIFE, *RETURN]
    for before, after in pairwise(seen):
        assert changes(before, after)
        assert before.fingerprint != after.fingerprint
    (unit, _) = seen[-1].units
    assert unit.shipment is not None
    assert unit.shipment.link.startswith("https://")
    assert unit.way_back is not None
    assert dict(unit.facts)["Return reason"] == "Not needed"
    assert dict(unit.facts)["Serial number"]
    assert [one.stage for one in unit.passages] == [*LIFE, *RETURN]
    assert all(one.at for one in unit.passages)


def test_nothing_private_enters_a_snapshot(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    for stage in (*LIFE, *RETURN):
        arm.set_stage(UNIT, stage)

    snapshot = azure.read(ref)

    assert "sig=" in str(arm.items)
    assert not [secret for secret in SECRETS if secret in repr(snapshot)]
    assert ("Ships to", "Columbus, US") in snapshot.units[0].details


def test_an_item_that_is_gone_is_told_and_hides_no_other(azure: Azure, ref: Ref) -> None:
    more = replace(ref, parts=(*ref.parts, f"{GROUP}/ord-7f3k2m-10"))

    snapshot = azure.read(more)

    assert [unit.status for unit in snapshot.units] == ["Placed", "Placed", "NotFound"]
    assert snapshot.status == "Placed"


def test_an_order_of_which_nothing_is_left_is_unknown(azure: Azure, arm: LocalArm) -> None:
    with pytest.raises(CloudUnknown) as refusal:
        azure.read(Ref(arm.subscription, f"{GROUP}/ord-7f3k2m", (HERE + UNIT,)))

    assert refusal.value.words == "Azure knows no order item of ord-7f3k2m any more."


@pytest.mark.parametrize("name", [UNIT, UNIT.upper(), f"{GROUP}/{UNIT}", f" {GROUP.upper()}/{UNIT} "])
def test_an_item_is_found_by_its_name(name: str, azure: Azure, ref: Ref) -> None:
    assert azure.find(name).ref == Ref(ref.scope, HERE + UNIT, (HERE + UNIT,))


def test_an_item_is_found_in_whatever_resource_group_it_is(azure: Azure, arm: LocalArm) -> None:
    arm.add_item("Portal-Item", "portal", group="Offices")

    assert azure.find("portal-item").ref.id == "offices/portal-item"


def test_an_order_is_found_with_all_its_items(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    assert azure.find("ORD-7F3K2M").ref == ref
    assert "Orders_Get" in operations(arm)


@pytest.mark.parametrize("name", ["big-one", "offices/big-one"])
def test_an_order_elsewhere_is_found_in_the_list(name: str, azure: Azure, arm: LocalArm) -> None:
    for unit in ("big-a", "big-b"):
        arm.add_item(unit, "big-one", group="offices")

    found = azure.find(name).ref

    assert found == Ref(arm.subscription, "offices/big-one", ("offices/big-a", "offices/big-b"))


def test_of_several_of_one_name_it_has_to_be_said_which(azure: Azure, arm: LocalArm) -> None:
    for group in ("labs", "offices"):
        arm.add_item("twin", "twins", group=group)

    for name, expected in (("twin", "labs/twin and offices/twin"), ("twins", "labs/twins and offices/twins")):
        with pytest.raises(CloudRefused) as refusal:
            azure.find(name)
        assert refusal.value.words == f"There are {expected}. Say which one."
    assert azure.find("labs/twin").ref.id == "labs/twin"


@pytest.mark.parametrize("name", ["nothing", f"{GROUP}/nothing", "..", "a b", "a/b/c", "x?y", ""])
def test_what_azure_does_not_have_is_unknown(name: str, azure: Azure) -> None:
    with pytest.raises(CloudUnknown):
        azure.find(name)


def test_the_sample_of_the_documentation_is_followed_by_its_name(azure: Azure, arm: LocalArm) -> None:
    arm.put_raw("TestOrderItemName1", SAMPLE)

    snapshot = azure.find("TestOrderItemName1")

    assert snapshot.status == "Confirmed"
    assert dict(snapshot.units[0].details)["Cancellation"] == "Not cancellable"


# --- following --------------------------------------------------------------------------------------


def told(azure: Azure, *refs: Ref) -> dict[str, Summary]:
    return {summary.ref.id: summary for summary in azure.summaries(azure.scopes[0], refs)}


def test_a_listing_says_all_that_a_read_says(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    for stage in LIFE:
        arm.set_stage(UNIT, stage)
        snapshot = azure.read(ref)

        assert told(azure, ref) == {ref.id: Summary(ref, snapshot.fingerprint, snapshot)}


def test_five_thousand_items_cost_fifty_pages(azure: Azure, arm: LocalArm) -> None:
    refs = [portal_order(arm, number) for number in range(2500)]

    found = told(azure, *refs)

    assert len(found) == 2500
    assert all(summary.snapshot for summary in found.values())
    assert operations(arm) == ["OrderItems_ListBySubscription"] * 50


def portal_order(arm: LocalArm, number: int) -> Ref:
    parts = tuple(f"ord-{number:06}-{unit}" for unit in (1, 2))
    for part in parts:
        arm.add_item(part, f"ord-{number:06}")
    return Ref(arm.subscription, f"{GROUP}/ord-{number:06}", tuple(HERE + part for part in parts))


def test_a_role_that_reaches_no_further_than_its_resource_group_is_enough(
    azure: Azure, arm: LocalArm, ref: Ref
) -> None:
    denied = "error:AuthorizationFailed:No authorization over scope '/subscriptions/…'."
    arm.faults.add("OrderItems_ListBySubscription", denied, times=9)
    arm.faults.add("Addresses_ListBySubscription", denied, times=9)

    assert told(azure, ref)[ref.id].snapshot == azure.read(ref)
    assert azure.catalogue(azure.scopes[0]).choices["address"]
    assert {"OrderItems_ListByResourceGroup", "Addresses_ListByResourceGroup"} <= set(operations(arm))


def test_only_what_is_followed_is_told(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    arm.add_item("other-1", "other")

    assert list(told(azure, ref)) == [ref.id]
    assert told(azure) == {}


def test_an_item_may_be_followed_with_its_order_and_by_itself(azure: Azure, ref: Ref) -> None:
    alone = Ref(ref.scope, HERE + UNIT, (HERE + UNIT,))

    found = told(azure, ref, alone)

    assert [len(one.snapshot.units) for one in found.values() if one.snapshot] == [1, 2]


def test_what_the_listing_lacks_has_to_be_read_once(azure: Azure, ref: Ref) -> None:
    more = replace(ref, parts=(*ref.parts, f"{GROUP}/moved-away"))

    first, second = told(azure, more)[more.id], told(azure, more)[more.id]

    assert first == second
    assert first.snapshot is None
    assert first.fingerprint == azure.read(more).fingerprint != azure.read(ref).fingerprint


def test_half_a_page_is_no_page(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    for kind in ("empty_200_before", "html_200_before", "truncated_200_after"):
        arm.faults.add("OrderItems_ListBySubscription", kind, times=3)

        with pytest.raises(CloudDown):
            told(azure, ref)
        arm.faults.clear()


def test_a_listing_that_breaks_off_is_not_taken_for_a_whole_one(azure: Azure, arm: LocalArm) -> None:
    refs = [portal_order(arm, number) for number in range(3)]
    arm.page_size = 2
    summaries = azure.summaries("", refs)
    assert next(summaries).ref == refs[0]
    arm.faults.add("OrderItems_ListBySubscription", "503_before", times=3)

    with pytest.raises(CloudDown):
        list(summaries)


def test_tags_and_times_of_change_are_noticed_and_are_no_news(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    before = azure.read(ref)
    arm.put(UNIT, {"tags": {"team": "blue"}})
    after = azure.read(ref)

    assert before.fingerprint != after.fingerprint
    assert changes(before, after) == ()


# --- what goes wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("drop_before", "The connection broke before Azure had answered."),
        ("empty_200_before", "Azure's answer could not be read."),
        ("html_200_before", "Azure's answer could not be read."),
        ("truncated_200_before", "The connection broke while Azure was answering."),
        (
            "503_before",
            "Azure answered 503 ServiceUnavailable: The service is temporarily unavailable.",
        ),
        ("error:RetryableError:Not now.", "Azure answered 400 RetryableError: Not now."),
    ],
)
def test_no_answer_is_told_in_plain_words(
    kind: str, words: str, azure: Azure, arm: LocalArm, ref: Ref
) -> None:
    arm.faults.add("OrderItems_Get", kind, times=3)

    with pytest.raises(CloudDown) as error:
        azure.read(ref)

    assert str(error.value) == words


@pytest.mark.parametrize("kind", ["500_before", "429_before", "drop_before", "reset_before"])
def test_what_only_reads_is_asked_again(kind: str, azure: Azure, arm: LocalArm, ref: Ref) -> None:
    arm.faults.add("OrderItems_Get", kind, times=2)
    arm.faults.add("ProductsAndConfigurations_ListConfigurations", kind, times=2)

    assert azure.read(ref).status == "Placed"
    assert azure.check(wanted()).azure.country == "US"


def test_azure_is_not_waited_for_longer_than_a_worker_would(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    arm.retry_after = 3600
    arm.faults.add("OrderItems_Get", "throttle_before")

    with pytest.raises(CloudDown):
        azure.read(ref)

    assert operations(arm) == ["OrderItems_Get"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AuthorizationFailed", CloudDenied),
        ("SubscriptionNotFound", CloudDenied),
        ("ResourceNotFound", CloudUnknown),
        ("ResourceGroupNotFound", CloudUnknown),
        ("Whatever", CloudRefused),
    ],
)
def test_a_no_of_azure_is_of_the_right_kind(
    code: str, kind: type[Exception], azure: Azure, arm: LocalArm
) -> None:
    for listing in ("OrderItems_ListBySubscription", "OrderItems_ListByResourceGroup"):
        arm.faults.add(listing, f"error:{code}:No.")

    with pytest.raises(CloudRefused) as refusal:
        told(azure)

    assert type(refusal.value) is kind
    assert (refusal.value.code, refusal.value.words) == (code, "No.")


def test_an_api_that_is_not_there_does_not_mean_that_an_item_is_not(azure: Azure, arm: LocalArm) -> None:
    arm.faults.add("OrderItems_Get", "error:SubscriptionNotFound:No.")

    with pytest.raises(CloudDenied):
        azure.look_alikes(azure.check(wanted()), NOW, frozenset(), UNIT)


def test_a_subscription_without_edge_order_is_explained_to_operators(azure: Azure, arm: LocalArm) -> None:
    arm.registered = False

    with pytest.raises(CloudDenied) as refusal:
        azure.catalogue("")

    assert "az provider register --namespace Microsoft.EdgeOrder" in refusal.value.words
    assert not any(operation.startswith("Providers_") for operation in operations(arm))


def test_failures_are_logged_with_what_azures_support_asks_for_and_nothing_secret(
    azure: Azure, arm: LocalArm, caplog: pytest.LogCaptureFixture
) -> None:
    arm.faults.add("OrderItems_Create", "error:InvalidAddress:1 Mill Street is wrong.")
    request = azure.check(wanted())
    with caplog.at_level(logging.DEBUG, logger="bot"):
        azure.place(request, LATER, "ord-9x9x9x-1")

    record = next(one for one in caplog.records if one.message == "azure.failed")
    fields = vars(record)
    assert fields["request_id"]
    assert fields["correlation_id"] == arm.puts()[0].headers["x-ms-correlation-request-id"]
    assert fields["asked"].startswith("PUT /subscriptions/")
    said = " ".join(str(vars(one)) for one in caplog.records)
    assert not [secret for secret in (*SECRETS, "Bearer") if secret in said]


def test_the_sdk_keeps_quiet_about_headers(azure: Azure, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        azure.check(wanted())

    assert [one for one in caplog.records if one.name.startswith("azure")] == []

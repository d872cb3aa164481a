"""Everything that is asked of Azure besides placing, over real TLS."""

import logging
import re
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from bot.clouds.azure import READER_ACTIONS, SUBMITTER_ACTIONS, Azure, actions
from bot.core.events import Operation
from bot.core.request import AzureTerms, NewAddress
from bot.core.snapshot import Ref, Summary, changes
from bot.demo.arm import LocalArm, Request
from bot.demo.arm.catalog import Configuration, Family, Line, Product
from bot.demo.arm.items import LIFE, RETURN
from bot.errors import CloudDenied, CloudDown, CloudRefused, CloudUnknown
from bot.ports import FEE, Accepted, Choice, Placed
from tests.clouds.azure_sample import SAMPLE
from tests.clouds.conftest import MakeAzure, point_to
from tests.clouds.world import GROUP, LATER, NOW, PRODUCT, SECOND, UNIT, wanted

HERE = f"{GROUP}/"
ORDER = f"{GROUP}/ord-7f3k2m"
SECRETS = ("1 Mill Street", "5550100", "dana@example.com", "Dana Fox", "sig=")
BERLIN = NewAddress("Torstrasse 1", "Berlin", "", "10119", "DE", "Ada Byron", "0301234567", "ada@example.com")


def operations(arm: LocalArm) -> list[str]:
    return [request.operation for request in arm.requests]


@pytest.fixture
def ref(arm: LocalArm) -> Ref:
    """An order of two items that somebody made in the portal."""
    for unit in (UNIT, SECOND):
        arm.add_item(unit, "ord-7f3k2m")
    return Ref(arm.subscription, ORDER, (HERE + UNIT, HERE + SECOND))


# --- checking -------------------------------------------------------------------------------------


def test_a_check_fills_in_what_azure_knows_and_writes_it_as_azure_does(azure: Azure) -> None:
    asked = wanted(product=PRODUCT.upper(), configuration="EdgeP_High", address="frankfurt-fra2")

    terms = azure.check(asked).azure

    assert re.fullmatch("[0-9a-f]{64}", terms.address_digest)
    assert terms == AzureTerms(
        PRODUCT,
        "edgep_high",
        2,
        "Purchase",
        "frankfurt-fra2",
        "eastus",
        GROUP,
        address_group=GROUP,
        place="Frankfurt am Main, DE",
        country="DE",
        address_digest=terms.address_digest,
    )


def test_what_was_not_said_is_what_operators_have_set(azure: Azure) -> None:
    terms = azure.check(wanted(location="", resource_group="")).azure

    assert (terms.location, terms.resource_group) == ("eastus", GROUP)


def test_checking_twice_is_checking_once(azure: Azure) -> None:
    checked = azure.check(wanted())

    assert azure.check(checked) == checked


def test_a_check_costs_two_requests(azure: Azure, arm: LocalArm) -> None:
    azure.check(wanted())

    assert operations(arm) == ["ProductsAndConfigurations_ListConfigurations", "Addresses_Get"]


@pytest.mark.parametrize(
    ("terms", "code", "words"),
    [
        (
            {"product": "azurestackedge/azurestackedge/azurestackgpu"},
            "NotFound",
            "Azure knows no product named azurestackedge/azurestackedge/azurestackgpu."
            f" Did you mean {PRODUCT}?",
        ),
        ({"product": "edge"}, "NotFound", "Azure knows no product named edge."),
        (
            {"configuration": "edgep_bas"},
            "NotFound",
            f"Azure knows no configuration of {PRODUCT} named edgep_bas. Did you mean edgep_base?",
        ),
        (
            {"product": "azurestackedge/azurestackedge/azurestackedgefpga", "configuration": "edge"},
            "Unavailable",
            "The configuration edge can't be ordered now: Azure says Unavailable.",
        ),
        (
            {"product": "azurestackhci/azurestackhci/azurelocalnode", "configuration": "node_large"},
            "Signup",
            "The configuration node_large can't be ordered now: Azure says Signup (Feature).",
        ),
        (
            {
                "product": "azurestackedge/azurestackedge/azurestackedgeminir",
                "configuration": "edgemr_mini",
                "address": "frankfurt-fra2",
            },
            "CountryNotSupported",
            "The configuration edgemr_mini is not shipped to DE, only to US.",
        ),
        (
            {"commitment": "P365D"},
            "TermCommitmentNotSupported",
            "The configuration edgep_base can't be had with a commitment of 1 year; offered: none.",
        ),
        (
            {
                "product": "azurestackedge/azurestackedge/azurestackedgepro2",
                "configuration": "edgep2_64g2t",
                "commitment": "P30D",
            },
            "TermCommitmentNotSupported",
            "The configuration edgep2_64g2t can't be had with a commitment of 30 days;"
            " offered: 1 year or 3 years.",
        ),
        (
            {"double_encryption": "Enabled"},
            "DoubleEncryptionNotSupported",
            "The configuration edgep_base can't be had with double encryption.",
        ),
        (
            {"address": "old-depot"},
            "AmbiguousAddress",
            "Nothing can be shipped to old-depot: Azure finds several places that it could be."
            " Say more of it, the house number for instance.",
        ),
        ({"address": "nowhere"}, "ResourceNotFound", "Azure has no saved address named nowhere."),
        ({"address": "../x"}, "ResourceNotFound", "Azure has no saved address named ../x."),
        ({"resource_group": "a."}, "InvalidResourceName", "No resource group can have the name a.."),
    ],
)
def test_what_cannot_be_ordered_is_refused_with_the_reason(
    terms: dict[str, str], code: str, words: str, azure: Azure
) -> None:
    with pytest.raises(CloudRefused) as refusal:
        azure.check(wanted(**terms))

    assert (refusal.value.code, refusal.value.words) == (code, words)


def test_what_azure_offers_as_a_preview_can_be_ordered(azure: Azure) -> None:
    preview = wanted(
        product="azurestackedge/azurestackedge/azurestackedgepro2",
        configuration="edgep2_128g4t1gpu",
        commitment="P365D",
    )

    assert azure.check(preview).azure.commitment == "P365D"


@pytest.mark.parametrize(
    ("status", "code"), [("Invalid", "InvalidAddress"), ("", "UnvalidatedAddress"), ("New", "NewAddress")]
)
def test_only_a_valid_address_is_shipped_to(status: str, code: str, azure: Azure, arm: LocalArm) -> None:
    arm.address_rule = lambda _: status
    arm.add_address("somewhere")

    with pytest.raises(CloudRefused) as refusal:
        azure.check(wanted(address="somewhere"))

    assert refusal.value.code == code
    assert "somewhere" in refusal.value.words


def test_an_address_is_found_in_whatever_resource_group_it_is(azure: Azure, arm: LocalArm) -> None:
    arm.add_address("paris-1", "offices", city="Paris", country="FR")

    for name in ("paris-1", "OFFICES/paris-1"):
        terms = azure.check(wanted(address=name)).azure
        assert (terms.address_group.lower(), terms.address, terms.place) == (
            "offices",
            "paris-1",
            "Paris, FR",
        )


def test_of_several_addresses_of_one_name_that_of_the_group_counts_or_it_has_to_be_said(
    azure: Azure, arm: LocalArm
) -> None:
    for group in ("offices", "labs"):
        arm.add_address("columbus-plant", group)
        arm.add_address("lyon-1", group)

    assert azure.check(wanted()).azure.address_group == GROUP
    assert azure.check(wanted(address="labs/lyon-1")).azure.address_group == "labs"
    with pytest.raises(CloudRefused) as refusal:
        azure.check(wanted(address="lyon-1"))
    assert refusal.value.words == "There are labs/lyon-1 and offices/lyon-1. Say which one."


def test_the_digest_of_an_address_tells_every_change_of_it(azure: Azure, arm: LocalArm) -> None:
    before = azure.check(wanted()).azure.address_digest
    arm.add_address("columbus-plant", companyName="Contoso")

    assert azure.check(wanted()).azure.address_digest != before


# --- what can be ordered ----------------------------------------------------------------------------


def test_the_catalogue_offers_what_can_be_ordered_and_nothing_else(azure: Azure, arm: LocalArm) -> None:
    catalogue = azure.catalogue(azure.scopes[0])

    edge = "azurestackedge/azurestackedge"
    assert catalogue.scope == arm.subscription
    assert [choice.value for choice in catalogue.choices["product"]] == [
        "azurestackhci/azurestackhci/azurelocalnode",
        f"{edge}/azurestackedgeminir",
        f"{edge}/azurestackedgegpu",
        f"{edge}/azurestackedgepro2",
    ]
    assert catalogue.choices["product"][0] == Choice(
        "azurestackhci/azurestackhci/azurelocalnode", "Azure Local node", "Azure Local"
    )
    assert catalogue.choices["configuration"] == (
        Choice("azurestackhci/azurestackhci/azurelocalnode/node_small", "Azure Local node - small"),
        Choice(
            f"{edge}/azurestackedgegpu/edgep_base",
            "Azure Stack Edge Pro - 1 GPU",
            "40 vCPU · 102 GB · 4.2 TB",
        ),
        Choice(
            f"{edge}/azurestackedgegpu/edgep_high",
            "Azure Stack Edge Pro - 2 GPU",
            "40 vCPU · 102 GB · 4.2 TB",
        ),
        Choice(f"{edge}/azurestackedgeminir/edgemr_mini", "Mini R"),
        Choice(f"{edge}/azurestackedgepro2/edgep2_128g4t1gpu", "Pro 2 - Model 128G4T1GPU", "Preview"),
        Choice(f"{edge}/azurestackedgepro2/edgep2_64g2t", "Pro 2 - Model 64G2T", "32 vCPU · 64 GB"),
    )
    assert [(one.value.rpartition("/")[2], one.text) for one in catalogue.choices["commitment"]] == [
        ("P365D", "1 year"),
        ("P365D", "1 year"),
        ("P1095D", "3 years"),
        ("P1095D", "3 years"),
    ]
    assert [one.value for one in catalogue.choices["encryption"]] == [
        f"{edge}/azurestackedgeminir/edgemr_mini/Enabled",
        "azurestackhci/azurestackhci/azurelocalnode/node_small/Enabled",
    ]
    assert [one.value for one in catalogue.choices["location"]] == ["eastus", "westeurope", "southeastasia"]


def test_addresses_are_offered_by_town_and_with_what_is_wrong_about_them(azure: Azure, arm: LocalArm) -> None:
    arm.add_address("paris-1", "offices", city="Paris", country="FR")

    offered = azure.catalogue("").choices["address"]

    assert offered == (
        Choice("columbus-plant", "columbus-plant · Columbus, US"),
        Choice("frankfurt-fra2", "frankfurt-fra2 · Frankfurt am Main, DE"),
        Choice("old-depot", "old-depot · Columbus, US", "Ambiguous"),
        Choice("offices/paris-1", "paris-1 · Paris, FR"),
    )
    assert not [secret for secret in SECRETS if secret in str(offered)]


def test_the_catalogue_follows_every_page(azure: Azure, arm: LocalArm) -> None:
    whole = azure.catalogue("")
    arm.page_size = 1

    assert azure.catalogue("") == whole
    assert operations(arm).count("Addresses_ListBySubscription") == 1 + 3
    assert operations(arm).count("ProductsAndConfigurations_ListProductFamilies") == 1 + 2


class Bare(LocalArm):
    """Lists families without configurations, as real ones may."""

    def _list_families(self, call: Any) -> Any:
        return super()._list_families(replace(call, query={**call.query, "$expand": ""}))

    def __init__(self) -> None:
        super().__init__()
        self._handlers["ProductsAndConfigurations_ListProductFamilies"] = self._list_families


def test_configurations_that_were_not_listed_are_asked_for(
    azure: Azure, make_azure: MakeAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = azure.catalogue("").choices["configuration"]
    with Bare() as bare:
        bare.furnish()
        point_to(bare, monkeypatch)

        assert make_azure(at=bare).catalogue("").choices["configuration"] == whole
        assert "ProductsAndConfigurations_ListConfigurations" in operations(bare)


def test_a_family_that_is_shipped_only_elsewhere_is_offered_too(azure: Azure, arm: LocalArm) -> None:
    island = Configuration("box", "Box", countries=("NZ",))
    arm.add_family(Family("far", "Far", (Line("far", "Far", (Product("away", "Away", (island,)),)),)))

    assert "far/far/away/box" in [one.value for one in azure.catalogue("").choices["configuration"]]


# --- addresses ------------------------------------------------------------------------------------


def test_a_new_address_is_saved_once_and_can_then_be_shipped_to(azure: Azure, arm: LocalArm) -> None:
    url = azure.save_address("berlin-1", wanted(), BERLIN)

    assert azure.ended(url)
    assert azure.save_address("berlin-1", wanted(), BERLIN) == ""
    assert operations(arm).count("Addresses_Create") == 1
    assert azure.check(wanted(address="berlin-1")).azure.place == "Berlin, DE"
    (saved,) = [one for one in arm.addresses if one["name"] == "berlin-1"]
    assert saved["properties"]["shippingAddress"] == {
        "streetAddress1": "Torstrasse 1",
        "city": "Berlin",
        "country": "DE",
        "postalCode": "10119",
        "addressType": "Commercial",
    }
    assert saved["properties"]["contactDetails"] == {
        "contactName": "Ada Byron",
        "phone": "0301234567",
        "emailList": ["ada@example.com"],
    }


def test_an_address_that_is_still_being_saved_is_waited_for(azure: Azure, arm: LocalArm) -> None:
    arm.operation_seconds = 3600
    first = azure.save_address("berlin-1", wanted(), BERLIN)
    second = azure.save_address("berlin-1", wanted(), BERLIN)

    assert [azure.ended(url) for url in (first, second)] == [False, False]
    arm.finish()
    assert [azure.ended(url) for url in (first, second)] == [True, True]
    assert azure.save_address("berlin-1", wanted(), BERLIN) == ""


def test_another_address_of_that_name_is_left_as_it_is(azure: Azure, arm: LocalArm) -> None:
    azure.save_address("berlin-1", wanted(), BERLIN)

    with pytest.raises(CloudRefused) as refusal:
        azure.save_address("berlin-1", wanted(), replace(BERLIN, city="Bonn"))

    assert refusal.value.words == "There is another address named berlin-1. Use another name."
    assert operations(arm).count("Addresses_Create") == 1


@pytest.mark.parametrize("kind", ["drop_after", "500_after", "truncated_200_after"])
def test_an_address_whose_saving_was_not_answered_is_there_at_the_second_try(
    kind: str, azure: Azure, arm: LocalArm
) -> None:
    arm.faults.add("Addresses_Create", kind)

    with suppress(CloudDown):
        azure.save_address("berlin-1", wanted(), BERLIN)

    assert azure.save_address("berlin-1", wanted(), BERLIN) == ""
    assert operations(arm).count("Addresses_Create") == 1


def test_a_saving_that_fails_says_why(azure: Azure, arm: LocalArm) -> None:
    arm.faults.add("Addresses_Create", "async:AddressNotSupported:We do not go there.")
    url = azure.save_address("berlin-1", wanted(), BERLIN)

    with pytest.raises(CloudRefused, match="We do not go there"):
        azure.ended(url)


# --- reading and finding --------------------------------------------------------------------------


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
        azure.read(Ref(arm.subscription, ORDER, (HERE + UNIT,)))

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
    assert dict(snapshot.units[0].details)["Cancellation"] == "NotCancellable"


# --- following ------------------------------------------------------------------------------------


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


# --- what can be done afterwards --------------------------------------------------------------------


def test_cancelling_cancels_every_item_and_says_why(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    azure.cancel(ref, "The depot is not built")

    assert azure.read(ref).status == "Cancelled"
    reasons = [item["properties"]["orderItemDetails"]["cancellationReason"] for item in arm.items]
    assert reasons == ["The depot is not built"] * 2


def test_without_a_reason_azure_is_given_one(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    azure.cancel(ref)

    bodies = [request.body for request in arm.requests if request.operation == "OrderItems_Cancel"]
    assert bodies == [{"reason": "Cancelled through Quartermaster (ord-7f3k2m)."}] * 2


def test_cancelling_twice_is_cancelling_once(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    azure.cancel(ref)
    azure.cancel(ref)

    assert operations(arm).count("OrderItems_Cancel") == 2


def test_a_fee_is_asked_about_before_anything_is_cancelled(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    status(arm, SECOND, cancellationStatus="CancellableWithFee")

    with pytest.raises(CloudRefused) as refusal:
        azure.cancel(ref)

    assert refusal.value.code == FEE
    assert refusal.value.words == f"Azure takes a fee before {SECOND} can be cancelled."
    assert azure.read(ref).status == "Placed"
    azure.cancel(ref, fee=True)
    assert azure.read(ref).status == "Cancelled"


def status(arm: LocalArm, name: str, **members: str) -> None:
    arm.put(name, {"properties": {"orderItemDetails": members}})


def test_what_can_be_cancelled_is_and_the_rest_is_named(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    arm.set_stage(UNIT, "Shipped")

    with pytest.raises(CloudRefused) as refusal:
        azure.cancel(ref)

    assert refusal.value.code == "NotCancellable"
    assert refusal.value.words == (
        f"{UNIT}: it can't be cancelled now, it is Shipped. The rest is cancelled."
    )
    assert [unit.status for unit in azure.read(ref).units] == ["Shipped", "Cancelled"]


def test_what_azure_says_to_one_item_does_not_keep_the_others(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    arm.faults.add("OrderItems_Cancel", "error:TooLate:It has left.", name=UNIT)

    with pytest.raises(CloudRefused) as refusal:
        azure.cancel(ref)

    assert (refusal.value.code, refusal.value.words) == (
        "TooLate",
        f"{UNIT}: It has left. The rest is cancelled.",
    )


@pytest.mark.parametrize("kind", ["drop_after", "500_after", "429_before"])
def test_a_cancelling_that_was_not_answered_is_sent_once_and_may_be_repeated(
    kind: str, azure: Azure, arm: LocalArm, ref: Ref
) -> None:
    arm.faults.add("OrderItems_Cancel", kind)
    with pytest.raises(CloudDown):
        azure.cancel(ref)
    assert operations(arm).count("OrderItems_Cancel") == 1

    azure.cancel(ref)

    assert azure.read(ref).status == "Cancelled"


def test_items_that_are_gone_cannot_be_cancelled(azure: Azure, ref: Ref) -> None:
    more = replace(ref, parts=(HERE + UNIT, f"{GROUP}/moved-away"))

    with pytest.raises(CloudRefused, match="moved-away: Azure does not know it any more"):
        azure.cancel(more)


def test_a_return_is_begun_and_its_end_told(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    arm.operation_seconds = 3600
    for unit in (UNIT, SECOND):
        arm.set_stage(unit, "InUse")

    urls = azure.operate(ref, Operation.RETURN, "Broken", fee=False)

    assert len(urls) == 2
    assert [azure.ended(url) for url in urls] == [False, False]
    arm.finish()
    assert [azure.ended(url) for url in urls] == [True, True]
    assert azure.read(ref).status == "ReturnInitiated"
    assert azure.operate(ref, Operation.RETURN, "Broken", fee=False) == ()


def test_a_return_asks_about_its_fee_and_names_what_cannot_be_returned(
    azure: Azure, arm: LocalArm, ref: Ref
) -> None:
    status(arm, UNIT, returnStatus="ReturnableWithFee")

    with pytest.raises(CloudRefused) as refusal:
        azure.operate(ref, Operation.RETURN, "Broken", fee=False)
    assert refusal.value.code == FEE

    with pytest.raises(CloudRefused) as refusal:
        azure.operate(ref, Operation.RETURN, "Broken", fee=True)
    said = f"{SECOND}: it can't be returned now, it is Placed. The rest is returned."
    assert refusal.value.words == said


def test_what_has_ended_can_be_removed(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    with pytest.raises(CloudRefused, match="can't be removed now"):
        azure.operate(ref, Operation.DELETE, "", fee=False)
    azure.cancel(ref)

    urls = azure.operate(ref, Operation.DELETE, "", fee=False)

    assert [azure.ended(url) for url in urls] == [True, True]
    assert arm.items == []
    assert azure.operate(ref, Operation.DELETE, "", fee=False) == ()


@pytest.mark.parametrize(("operation", "mail"), [(Operation.MAIL, True), (Operation.NO_MAIL, False)])
def test_e_mails_of_azure_are_switched_and_other_preferences_stay(
    operation: Operation, mail: bool, azure: Azure, arm: LocalArm, ref: Ref
) -> None:
    status(arm, UNIT, preferences={"transportPreferences": {"preferredShipmentType": "CustomerManaged"}})  # type: ignore[arg-type]

    urls = azure.operate(ref, operation, "", fee=False)

    assert all(azure.ended(url) for url in urls)
    sent = next(request.body for request in arm.requests if request.operation == "OrderItems_Update")
    assert sent == {
        "properties": {
            "preferences": {
                "transportPreferences": {"preferredShipmentType": "CustomerManaged"},
                "notificationPreferences": [
                    {"stageName": "Shipped", "sendNotification": mail},
                    {"stageName": "Delivered", "sendNotification": mail},
                ],
            }
        }
    }
    told = dict(azure.read(ref).units[0].details)
    assert told["E-mails at"] == ("Shipped, Delivered" if mail else "Shipped (no), Delivered (no)")


def test_an_operation_that_failed_says_why(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    arm.faults.add("OrderItems_Update", "async:Conflict:Somebody else was first.", times=2)
    urls = azure.operate(ref, Operation.MAIL, "", fee=False)

    with pytest.raises(CloudRefused, match="Somebody else was first"):
        azure.ended(urls[0])


@pytest.mark.parametrize("kind", ["503_before", "html_200_before", "truncated_200_before", "drop_before"])
def test_an_end_that_cannot_be_seen_is_none(kind: str, azure: Azure, arm: LocalArm, ref: Ref) -> None:
    (url, _) = azure.operate(ref, Operation.MAIL, "", fee=False)
    arm.faults.add("OperationResults_Get", kind)

    with pytest.raises(CloudDown):
        azure.ended(url)
    assert azure.ended(url)


@pytest.mark.parametrize("url", ["", "https://example.com/subscriptions/x", "nonsense"])
def test_an_end_is_looked_for_at_azure_alone(url: str, azure: Azure, arm: LocalArm) -> None:
    with pytest.raises(CloudRefused):
        azure.ended(url)
    assert arm.requests == []


# --- what goes wrong ------------------------------------------------------------------------------


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
    arm.faults.add("OrderItems_ListBySubscription", f"error:{code}:No.")

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


# --- rights ---------------------------------------------------------------------------------------


def test_every_call_needs_a_right_that_is_listed_and_no_other(azure: Azure, arm: LocalArm) -> None:
    everything_that_the_adapter_can_do(azure, arm)

    assert {right_of(request) for request in arm.requests} == set(actions())
    assert not set(READER_ACTIONS) & set(SUBMITTER_ACTIONS)


def test_what_only_reads_needs_no_right_to_write(azure: Azure, arm: LocalArm, ref: Ref) -> None:
    request = azure.check(wanted())
    azure.catalogue("")
    azure.look_alikes(request, NOW, frozenset(), UNIT)
    told(azure, ref)
    for name in (UNIT, "ord-7f3k2m"):
        azure.read(azure.find(name).ref)
    with pytest.raises(CloudUnknown):
        azure.find("nothing")

    needed = {right_of(request) for request in arm.requests}
    assert needed == set(READER_ACTIONS) - {"Microsoft.EdgeOrder/locations/operationResults/read"}


def everything_that_the_adapter_can_do(azure: Azure, arm: LocalArm) -> None:
    azure.catalogue("")
    azure.ended(azure.save_address("berlin-1", wanted(), BERLIN))
    request = azure.check(wanted(address="berlin-1"))
    ref = placed_by(azure, request)
    azure.find("ord-7f3k2m")
    with pytest.raises(CloudUnknown):
        azure.find("nothing")
    told(azure, ref)
    azure.operate(ref, Operation.MAIL, "", fee=False)
    arm.set_stage(UNIT, "InUse")
    azure.operate(ref, Operation.RETURN, "Broken", fee=False)
    arm.set_stage(UNIT, "ReturnCompleted")
    azure.operate(ref, Operation.DELETE, "", fee=False)
    azure.cancel(placed_by(azure, request, SECOND))


def placed_by(azure: Azure, request: Any, unit: str = UNIT) -> Ref:
    accepted = azure.place(request, LATER, unit)
    assert isinstance(accepted, Accepted)
    outcome = azure.outcome(request, unit, accepted.status_url)
    assert isinstance(outcome, Placed)
    return outcome.ref


VERBS = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}


def right_of(request: Request) -> str:
    """The action that Azure asks for: of its list of operations, by the path and method of a request."""
    steps = request.path.partition("/providers/Microsoft.EdgeOrder/")[2].split("/")
    if steps[0] == "listProductFamilies":
        return "Microsoft.EdgeOrder/listProductFamilies/*"
    kinds = [step for step in steps if step in KINDS]
    return f"Microsoft.EdgeOrder/{'/'.join(kinds)}/{VERBS[request.method]}"


KINDS = frozenset(
    {
        "addresses",
        "cancel",
        "listConfigurations",
        "locations",
        "operationResults",
        "orderItems",
        "orders",
        "productFamiliesMetadata",
        "return",
    }
)

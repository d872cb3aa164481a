"""What Azure offers, whether a request can be had, and where it can be shipped to; over real TLS."""

import re
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from bot.clouds.azure import Azure
from bot.core.request import AzureTerms
from bot.demo.arm import LocalArm
from bot.demo.arm.catalog import Configuration, Family, Line, Product
from bot.errors import CloudDown, CloudRefused
from bot.ports import Choice
from tests.clouds.conftest import MakeAzure, point_to
from tests.clouds.world import (
    BERLIN,
    GROUP,
    LATER,
    PRODUCT,
    SECRETS,
    UNIT,
    operations,
    wanted,
)

# --- checking ---------------------------------------------------------------------------------------


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
        assert (terms.address_group.lower(), terms.address) == ("offices", name)
        assert terms.place == "Paris, FR"


def test_an_address_of_another_resource_group_is_shipped_to(azure: Azure, arm: LocalArm) -> None:
    arm.add_address("paris-1", "offices", city="Paris", country="FR")
    arm.add_address("paris-1", city="Texas")

    azure.place(azure.check(wanted(address="offices/paris-1")), LATER, UNIT)

    (item,) = arm.accepted()
    shipped = item["properties"]["addressDetails"]["forwardAddress"]["shippingAddress"]
    assert (shipped["city"], shipped["country"]) == ("Paris", "FR")


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


# --- addresses --------------------------------------------------------------------------------------


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


def test_a_refusal_to_save_does_not_repeat_the_address(azure: Azure, arm: LocalArm) -> None:
    arm.faults.add("Addresses_Create", "error:InvalidAddress:No Torstrasse 1 in Berlin (ADA@example.com).")

    with pytest.raises(CloudRefused) as refusal:
        azure.save_address("berlin-1", wanted(), BERLIN)

    assert refusal.value.words == "No […] in Berlin ([…])."
    assert refusal.value.__cause__ is None


def test_a_saving_that_fails_says_why(azure: Azure, arm: LocalArm) -> None:
    arm.faults.add("Addresses_Create", "async:AddressNotSupported:We do not go there.")
    url = azure.save_address("berlin-1", wanted(), BERLIN)

    with pytest.raises(CloudRefused, match="We do not go there"):
        azure.ended(url)

"""Answers of Azure Edge Order as snapshots, without any network."""

import copy
from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from azure.mgmt.edgeorder import models
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clouds import azure_catalogue as offers
from bot.clouds import azure_placing as placing
from bot.clouds import azure_unit
from bot.clouds import azure_view as view
from bot.clouds.azure_items import part_of
from bot.clouds.azure_unit import unit
from bot.core.snapshot import Passage, Phase, Ref, Shipment, Snapshot, Unit, changes, dump, load, phase
from bot.demo.arm.contract import members
from tests.clouds.azure_sample import SAMPLE

PART = "yourresourcegroupname/testorderitemname1"
REF = Ref("sub", PART, (PART,))
PRIVATE = ("TOWNSEND", "UNIT 1", "94107", "XXXX", "0000000000", "xxxx@", "Microsoft'", "sig=", "ada@")
STAGES = [stage.value for stage in models.StageName]
STATUSES = [status.value for status in models.StageStatus]


def item(changes: Mapping[str, Any] | None = None, **details: Any) -> dict[str, Any]:
    """The sample, with other members of its `orderItemDetails`, and of itself."""
    made = copy.deepcopy(SAMPLE)
    made["properties"]["orderItemDetails"].update(details)
    made.update(changes or {})
    return made


def sold(**members: Any) -> dict[str, Any]:
    """The sample with other members of its `productDetails`."""
    return item(productDetails={**SAMPLE["properties"]["orderItemDetails"]["productDetails"], **members})


def stage(name: str, status: str = "Succeeded", **more: str) -> dict[str, str]:
    return {"stageName": name, "stageStatus": status, **more}


def told(answer: Mapping[str, Any]) -> dict[str, str]:
    """Everything that is said of an item, by its label."""
    one = unit(PART, answer)
    return dict((*one.facts, *one.details, *one.record))


def one_item(answer: Mapping[str, Any]) -> Snapshot:
    return view.snapshot(REF, {PART: view.seen(PART, answer)})


# --- the sample of the documentation ----------------------------------------------------------------


def test_the_sample_of_the_documentation_is_read_completely() -> None:
    assert unit(PART, SAMPLE) == Unit(
        id=PART,
        name="Azure Stack Edge Pro - 1 GPU (TestOrderItemName1)",
        quantity=1,
        status="Confirmed",
        facts=(),
        details=(
            ("Cancellation", "Not cancellable"),
            ("Return", "Not returnable"),
            ("Deletion", "Not allowed"),
            ("Order type", "Purchase"),
            ("Product family", "Azure Stack Edge"),
            ("Product", "azurestackedge/azurestackedge/azurestackedgegpu"),
            ("Configuration", "edgep_base"),
            ("Count", "0"),
            ("Double encryption", "Disabled"),
            ("Preferred shipment", "Microsoft managed"),
            ("Ships to", "San Francisco, US"),
            ("Address validation", "Valid"),
            ("Notification e-mails", "none"),
        ),
        record=(
            ("Started", "2022-03-04 05:25 UTC"),
            ("In this stage since", "2022-03-04 05:35 UTC"),
            ("Location", "eastus"),
            ("Management providers", "Microsoft.DataBoxEdge"),
            ("Order", "TestOrderName1"),
            ("Resource", SAMPLE["id"]),
        ),
        passages=(
            Passage("Placed", "Succeeded", "2022-03-04 05:25 UTC"),
            Passage("Confirmed", "Succeeded", "2022-03-04 05:35 UTC"),
            Passage("ReadyToShip", "None"),
            Passage("Shipped", "None"),
            Passage("Delivered", "None"),
            Passage("InUse", "None"),
        ),
        cancellation="NotCancellable",
        returning="NotReturnable",
        deletion="NotAllowed",
    )


def test_the_sample_as_an_order_names_its_order_and_place() -> None:
    snapshot = one_item(SAMPLE)

    assert (snapshot.ref, snapshot.status) == (REF, "Confirmed")
    assert snapshot.facts == (
        ("Azure order", "TestOrderName1"),
        ("Resource group", "yourresourcegroupname"),
        ("Location", "eastus"),
    )
    assert part_of(SAMPLE) == PART


def test_nothing_private_of_the_sample_is_kept() -> None:
    kept = repr(one_item(SAMPLE))

    assert not [word for word in PRIVATE if word in kept]


# --- everything else that the API can say ------------------------------------------------------------

PARENT = {
    "serialNumber": "0A1B",
    "displaySerialNumber": "0A-1B",
    "managementResourceId": "/subscriptions/s/ase-1",
    "managementResourceTenantId": "t-1",
    "provisioningSupport": "CloudBased",
    "provisioningDetails": {
        "autoProvisioningStatus": "Enabled",
        "provisioningArmId": "/subscriptions/s/p-1",
        "provisioningEndPoint": "https://provision.example.com",
        "readyToConnectArmId": "/subscriptions/s/c-1",
        "managementResourceArmId": "/subscriptions/s/m-1",
        "vendorName": "Contoso",
        "uniqueDeviceIdentifier": "u-1",
        "devicePresenceVerification": {"status": "Completed", "message": "Seen"},
    },
}


def test_what_a_current_item_says_of_its_devices_is_told() -> None:
    child = {
        "displayInfo": {"configurationDisplayName": "Node"},
        "quantity": 2,
        "deviceDetails": [{"serialNumber": "C1"}, {"displaySerialNumber": "C-2"}],
    }
    addition = {"hierarchyInformation": {"configurationName": "rails"}, "quantity": 1}
    answer = sold(
        parentDeviceDetails=PARENT,
        childConfigurationDeviceDetails=[child],
        optInAdditionalConfigurations=[addition],
        identificationType="SerialNumber",
        termCommitmentInformation={
            "termCommitmentType": "Timed",
            "termCommitmentTypeDuration": "P1095D",
            "pendingDaysForTerm": 1000,
        },
    )

    said = told(answer)
    assert said["Serial number"] == "0A1B (0A-1B), C1, C-2"
    assert said["Parts"] == "2 × Node"
    assert said["Additional configurations"] == "1 × rails"
    assert said["Identification"] == "Serial number"
    assert said["Term commitment"] == "Timed, 3 years"
    assert dict(unit(PART, answer).record)["Days left of the term"] == "1000"
    assert said["Management resource"] == "/subscriptions/s/ase-1"
    assert said["Management tenant"] == "t-1"
    assert said["Provisioning"] == "Cloud based"
    assert said["Auto-provisioning"] == "Enabled"
    assert said["Provisioned through"] == "/subscriptions/s/p-1"
    assert said["Provisioning endpoint"] == "https://provision.example.com"
    assert said["Ready to connect"] == "/subscriptions/s/c-1"
    assert said["Managed as"] == "/subscriptions/s/m-1"
    assert said["Vendor"] == "Contoso"
    assert said["Device identifier"] == "u-1"
    assert said["Device presence"] == "Completed (Seen)"


def test_what_a_former_item_says_of_its_devices_is_told() -> None:
    devices = [{"serialNumber": "A", "managementResourceId": "/m"}, {"serialNumber": "B"}]
    answer = sold(deviceDetails=devices, count=2)
    answer["properties"]["orderItemDetails"]["managementRpDetails"] = {
        "resourceProviderNamespace": "Microsoft.AzureStackHCI"
    }

    said = told(answer)
    assert (said["Serial number"], said["Count"], said["Management resource"]) == ("A, B", "2", "/m")
    assert said["Management providers"] == "Microsoft.AzureStackHCI, Microsoft.DataBoxEdge"


def test_both_ways_of_a_parcel_are_told_without_the_key_to_its_label() -> None:
    forward = {
        "carrierName": "FEDEX",
        "carrierDisplayName": "FedEx",
        "trackingId": "7",
        "trackingUrl": " https://www.fedex.com/7 ",
    }
    reverse = {"carrierName": "UPS", "trackingId": "9", "sasKeyForLabel": "https://labels/x?sig=secret"}

    one = unit(PART, item(forwardShippingDetails=forward, reverseShippingDetails=reverse))

    assert one.shipment == Shipment("FedEx", "7", "https://www.fedex.com/7")
    assert one.way_back == Shipment("UPS", "9")
    assert "sig=" not in repr(one)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x/y", "https://", "//x", "https://x/ y", "https://[", 7, None]
)
def test_only_an_address_of_the_web_is_a_link(url: Any) -> None:
    parcel = {"trackingId": "7", "trackingUrl": url}

    assert unit(PART, item(forwardShippingDetails=parcel)).shipment == Shipment("", "7", "")


def test_an_error_is_told_with_code_message_target_and_details() -> None:
    error = {
        "code": "OrderItemRejected",
        "message": "No.",
        "target": "address",
        "details": [
            {"code": "A", "message": "a", "target": "t", "details": [{"code": "C", "message": "c"}]},
            {"code": "B"},
        ],
        "additionalInfo": [{"type": "PolicyViolation", "info": {"secret": "x"}}],
    }

    said = told(item(error=error))
    assert said["Error"] == "OrderItemRejected: No."
    assert said["Error target"] == "address"
    assert said["Error details"] == "A: a (t); C: c; B"
    assert said["Error information"] == "PolicyViolation"


def test_an_error_that_quotes_the_address_says_no_more_than_its_town() -> None:
    quoted = "16 Townsend St, 94107 San Francisco: call 0000000000, write to b@x.org"
    error = {"code": "A", "message": quoted, "details": [{"message": quoted}]}

    said = told(item(error=error, notificationEmailList=["b@x.org"]))
    assert said["Error"] == "A: […], […] San Francisco: call […], write to […]"
    assert said["Error details"] == "[…], […] San Francisco: call […], write to […]"


def test_reasons_preferences_site_and_mode_are_told() -> None:
    preferences = {
        "notificationPreferences": [
            {"stageName": "Shipped", "sendNotification": True},
            {"stageName": "Delivered", "sendNotification": False},
        ],
        "transportPreferences": {"preferredShipmentType": "CustomerManaged"},
        "encryptionPreferences": {"doubleEncryptionStatus": "Enabled"},
        "managementResourcePreferences": {"preferredManagementResourceId": "/subscriptions/s/r"},
        "termCommitmentPreferences": {
            "preferredTermCommitmentType": "Timed",
            "preferredTermCommitmentDuration": "P365D",
        },
    }

    said = told(
        item(
            preferences=preferences,
            cancellationReason="Too late",
            returnReason="Broken",
            orderItemMode="DoNotFulfill",
            siteDetails={"siteId": "/subscriptions/s/sites/x"},
        )
    )
    assert said["E-mails at"] == "Shipped, Delivered (no)"
    assert said["Preferred shipment"] == "Customer managed"
    assert said["Preferred encryption"] == "Enabled"
    assert said["Preferred management resource"] == "/subscriptions/s/r"
    assert said["Preferred term commitment"] == "Timed, 1 year"
    assert (said["Cancellation reason"], said["Return reason"]) == ("Too late", "Broken")
    assert (said["Order mode"], said["Site"]) == ("Do not fulfill", "/subscriptions/s/sites/x")


@pytest.mark.parametrize(
    ("emails", "expected"),
    [([], "none"), (["ada@x.org"], "1 address"), (["ada@x.org", "b@x.org"], "2 addresses"), (None, None)],
)
def test_notification_e_mails_are_told_as_a_number(emails: Any, expected: str | None) -> None:
    assert told(item(notificationEmailList=emails)).get("Notification e-mails") == expected


def test_of_addresses_only_town_country_and_validation_are_told() -> None:
    back = {
        "shippingAddress": {"city": "Bonn", "country": "de", "streetAddress1": "Markt 1"},
        "contactDetails": {"contactName": "Ada", "mobile": "0171"},
        "addressValidationStatus": "Ambiguous",
    }
    answer = item()
    answer["properties"]["addressDetails"]["returnAddress"] = back

    said = told(answer)
    assert (said["Returns from"], said["Return address validation"]) == ("Bonn, DE", "Ambiguous")
    assert not {"Markt 1", "Ada", "0171"} & set(" ".join(said.values()).split(", "))


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        (
            {"createdBy": "ada@x.org", "createdByType": "User", "createdAt": "2022-03-04T11:05:00+05:30"},
            "2022-03-04 05:35 UTC by a user",
        ),
        ({"createdBy": "6b1f9e6e", "createdByType": "Application"}, "by an application"),
        (
            {"createdByType": "ManagedIdentity", "createdAt": "2022-03-04T00:00:00Z"},
            "2022-03-04 00:00 UTC by a managed identity",
        ),
        ({"createdBy": "ada@x.org", "createdAt": "0001-01-01T00:00:00Z"}, "by somebody"),
        ({"createdByType": "Robot"}, "by Robot"),
        ({"createdAt": "0001-01-01T05:30:00+05:30"}, ""),
    ],
)
def test_who_made_it_is_told_by_kind_alone(system: dict[str, str], expected: str) -> None:
    assert told(item({"systemData": system})).get("Created", "") == expected


def test_tags_are_told_unless_they_might_name_a_person_or_a_secret() -> None:
    tags = {"team": "blue", "cost": "4711", "contact": "Ada", "api-key": "x", "owner": "ada@x.org"}

    assert told(item({"tags": tags}))["Tags"] == "cost=4711, team=blue"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2022-03-04T11:05:00.3575338+05:30", "2022-03-04 05:35 UTC"),
        ("2021-11-23T09:24:03.765135+00:00", "2021-11-23 09:24 UTC"),
        ("2021-11-23T09:24:03Z", "2021-11-23 09:24 UTC"),
        ("2021-11-23T09:24:03", "2021-11-23 09:24 UTC"),
        ("0001-01-01T00:00:00+05:30", ""),
        ("9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59-12:00"),
        ("soon", "soon"),
        (None, ""),
    ],
)
def test_times_are_utc_and_what_is_no_time_is_told_as_it_is(at: Any, expected: str) -> None:
    (passage,) = unit(
        PART, item(orderItemStageHistory=[stage("Placed", startTime=at)], currentStage={})
    ).passages

    assert passage.at == expected


# --- stages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*STAGES, "OnTheMoon"])
@pytest.mark.parametrize("word", [*STATUSES, "Bewitched"])
def test_every_stage_and_status_is_told_as_azure_says_it(name: str, word: str) -> None:
    plain = word in ("None", "Succeeded")

    assert unit(PART, item(currentStage=stage(name, word))).status == (name if plain else f"{name} ({word})")


def test_a_stage_has_the_name_that_azure_shows_to_people() -> None:
    history = [stage("ReadyToShip", displayName="Ready to ship")]

    one = unit(PART, item(orderItemStageHistory=history, currentStage=stage("ReadyToShip")))

    assert one.passages == (Passage("ReadyToShip", "Succeeded", "", "Ready to ship"),)


def test_what_only_the_current_stage_tells_is_added_to_the_history() -> None:
    now = stage("InReview", "Failed", startTime="2022-03-04T00:00:00Z", displayName="In review")

    added = unit(PART, item(orderItemStageHistory=[stage("Placed")], currentStage=now)).passages
    filled = unit(PART, item(orderItemStageHistory=[stage("InReview", "Failed")], currentStage=now)).passages

    last = Passage("InReview", "Failed", "2022-03-04 00:00 UTC", "In review")
    assert added == (Passage("Placed", "Succeeded"), last)
    assert filled == (last,)


def test_an_item_without_a_stage_says_how_far_its_making_is() -> None:
    answer = item(currentStage=None)
    answer["properties"]["provisioningState"] = "Creating"

    assert unit(PART, answer).status == "Creating"


def test_every_pair_of_stages_is_a_change_or_none() -> None:
    for was, now in product(STAGES, repeat=2):
        before, after = (one_item(item(currentStage=stage(name))) for name in (was, now))

        assert bool(changes(before, after)) is (was != now)
        assert (before.fingerprint == after.fingerprint) is (was == now)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["Shipped", "Placed", "InUse"], "Placed"),
        (["InUse", "Delivered"], "Delivered"),
        (["InUse", "InReview (Failed)", "Placed"], "InReview (Failed)"),
        (["Placed (Cancelling)", "Shipped"], "Placed (Cancelling)"),
        (["InUse", "ReturnInitiated"], "ReturnInitiated"),
        (["Shipped", "OnTheMoon"], "OnTheMoon"),
        (["Cancelled", "InUse", "ReturnCompleted"], "InUse"),
        (["Cancelled", "ReturnCompleted"], "ReturnCompleted"),
        (["Cancelled", "NotFound"], "Cancelled"),
        (["NotFound", "Shipped"], "Shipped"),
        (["NotFound"], "NotFound"),
        ([], "NotFound"),
    ],
)
def test_the_status_of_an_order_is_that_of_what_is_least_far(statuses: list[str], expected: str) -> None:
    units = tuple(Unit(str(number), "x", 1, status) for number, status in enumerate(statuses))

    for shuffled in (units, units[::-1]):
        assert view.order_status(shuffled) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (stage("InUse"), Phase.COMPLETED),
        (stage("InUse", "InProgress"), Phase.MOVING),
        (stage("ReturnCompleted"), Phase.RETURNED),
        (stage("Cancelled"), Phase.CANCELLED),
        (stage("InReview", "Failed"), Phase.FAILED),
        (stage("Shipped", "None"), Phase.MOVING),
    ],
)
def test_a_status_means_what_it_should_for_the_order(status: dict[str, str], expected: Phase) -> None:
    assert phase(one_item(item(currentStage=status))) is expected


def test_units_are_in_the_sequence_of_their_numbers() -> None:
    parts = tuple(f"g/ord-7f3k2m-{number}" for number in (10, 2, 1))

    snapshot = view.snapshot(Ref("s", "g/ord-7f3k2m", parts), {})

    assert [one.name for one in snapshot.units] == ["ord-7f3k2m-1", "ord-7f3k2m-2", "ord-7f3k2m-10"]
    assert snapshot.status == "NotFound"


# --- what this version does not know -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "known", "former"),
    [
        (models.OrderItemResource, azure_unit.RESOURCE, {"etag"}),
        (models.OrderItemProperties, azure_unit.PROPERTIES, set()),
        (models.OrderItemDetails, azure_unit.DETAILS, {"managementRpDetails"}),
        (models.ProductDetails, azure_unit.PRODUCT, {"count", "deviceDetails"}),
        (models.Preferences, azure_unit.PREFERENCES, set()),
    ],
)
def test_every_member_of_the_model_is_known(model: type, known: frozenset[str], former: set[str]) -> None:
    assert set(members(model)) | former == known


def test_what_a_newer_api_adds_is_told_if_it_is_text_and_not_private() -> None:
    answer = sold(shelfLife="P10D", contactHint="Ada")
    answer["properties"]["orderItemDetails"]["estimatedDeliveryDate"] = "2027-01-01"
    answer["properties"]["phoneOfDriver"] = "0171"
    answer["managedBy"] = "somebody"
    answer["nested"] = {"a": "b"}

    said = told(answer)
    assert said["Shelf life"] == "P10D"
    assert said["Estimated delivery date"] == "2027-01-01"
    assert said["Managed by"] == "somebody"
    assert not {"Contact hint", "Phone of driver", "Nested"} & set(said)


def test_a_new_member_cannot_take_the_place_of_a_known_one() -> None:
    assert told({**SAMPLE, "cancellation": "Sure"})["Cancellation"] == "Not cancellable"


# --- whatever comes ---------------------------------------------------------------------------------

words = st.sampled_from(["Placed", "Failed", "None", "A", "0001-01-01T00:00:00Z", ""]) | st.text(max_size=4)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | words | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
leaves = words | anything


def shaped(model: Any, **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects with some members of a model, some of them of another type, and some that nobody knows."""
    strategies = dict.fromkeys(sorted(members(model)), leaves) | known
    return st.tuples(
        st.fixed_dictionaries({}, optional=strategies), st.dictionaries(words, anything, max_size=2)
    ).map(lambda pair: {**pair[1], **pair[0]})


stages = shaped(models.StageDetails) | anything
devices = shaped(models.DeviceDetails, provisioningDetails=shaped(models.ProvisioningDetails)) | anything
parcels = shaped(models.ReverseShippingDetails) | anything
addresses = shaped(models.AddressProperties, shippingAddress=shaped(models.ShippingAddress)) | anything
errors = st.recursive(
    leaves, lambda inner: shaped(models.ErrorDetail, details=st.lists(inner, max_size=2)), max_leaves=4
)
products = shaped(
    models.ProductDetails,
    parentDeviceDetails=devices,
    deviceDetails=st.lists(devices, max_size=2),
    childConfigurationDeviceDetails=st.lists(
        shaped(models.ConfigurationDeviceDetails, deviceDetails=st.lists(devices, max_size=2)), max_size=2
    ),
)
details = shaped(
    models.OrderItemDetails,
    productDetails=products | anything,
    currentStage=stages,
    orderItemStageHistory=st.lists(stages, max_size=4) | anything,
    preferences=shaped(models.Preferences) | anything,
    forwardShippingDetails=parcels,
    reverseShippingDetails=parcels,
    error=errors,
)
items = shaped(
    models.OrderItemResource,
    properties=shaped(
        models.OrderItemProperties,
        orderItemDetails=details | anything,
        addressDetails=shaped(models.AddressDetails, forwardAddress=addresses) | anything,
    )
    | anything,
    systemData=shaped(models.SystemData) | anything,
    tags=st.dictionaries(words, leaves, max_size=3) | anything,
)


@settings(deadline=None)  # the first example pays for an import
@given(items)
def test_no_item_is_too_odd_to_be_read_stored_and_compared(answer: dict[str, Any]) -> None:
    snapshot = one_item(answer)

    assert changes(snapshot, snapshot) == ()
    assert load(dump(snapshot)) == snapshot
    assert snapshot == one_item(dict(reversed(answer.items())))
    assert "\x00" not in dump(snapshot)


@settings(deadline=None)  # the first example pays for an import
@given(items, st.sampled_from(["street", "phone", "mail", "key"]))
def test_no_item_is_too_odd_to_keep_what_is_private(answer: dict[str, Any], secret: str) -> None:
    secret = f"«{secret}»"
    forward = {
        "shippingAddress": {"streetAddress1": secret, "postalCode": secret, "companyName": secret},
        "contactDetails": {"contactName": secret, "phone": secret, "emailList": [secret]},
    }
    properties = answer.get("properties")
    if not isinstance(properties, dict):
        properties = answer["properties"] = {}
    if not isinstance(properties.get("orderItemDetails"), dict):
        properties["orderItemDetails"] = {}
    properties["addressDetails"] = {"forwardAddress": forward, "returnAddress": forward}
    properties["orderItemDetails"]["reverseShippingDetails"] = {"sasKeyForLabel": secret}
    properties["orderItemDetails"]["notificationEmailList"] = [secret]
    answer["systemData"] = {"createdBy": secret, "lastModifiedBy": secret}

    assert secret not in repr(one_item(answer))


@settings(deadline=None)  # the first example pays for an import
@given(items)
def test_no_item_is_too_odd_to_be_found(answer: dict[str, Any]) -> None:
    ref = Ref("s", "g/ord-7f3k2m", ("g/ord-7f3k2m-1",))
    assert placing.found(answer, ref, "ord-7f3k2m-1").ref == ref
    assert not placing.is_item(answer, "ord-7f3k2m-1")
    assert isinstance(part_of(answer), str)


offered = shaped(
    models.Configuration,
    properties=shaped(
        models.ConfigurationProperties,
        hierarchyInformation=shaped(models.HierarchyInformation) | anything,
        availabilityInformation=shaped(models.AvailabilityInformation) | anything,
        filterableProperties=st.lists(shaped(models.FilterableProperty), max_size=2) | anything,
        specifications=st.lists(shaped(models.Specification), max_size=2) | anything,
    )
    | anything,
)


@settings(deadline=None)  # the first example pays for an import
@given(offered, addresses)
def test_no_offer_or_address_is_too_odd_to_be_offered(offer: Any, address: Any) -> None:
    product = offers.Product(offer, offer, [offer])
    choices = offers.choices([product], "eastus")
    saved = offers.address_choice({"name": "n", "properties": address}, "g/n", "g")

    for choice in (*(one for kind in choices.values() for one in kind), saved):
        assert 0 < len(choice.text) <= 75
        assert choice.value
    assert isinstance(offers.anywhere(offer), list)
    assert isinstance(offers.products(offer), list)

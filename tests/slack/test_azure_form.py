"""Asking for Azure hardware in Slack: the form that follows its choices, and lines that cannot be used."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.core.order import Order, State
from bot.core.request import AzureTerms
from bot.demo.slack.people import Form
from tests.harness import APPROVALS, ORDERS, submitted, text
from tests.slack.fake_azure import GPU, HIGH, AzureHere

LINE = (
    f"azure product={GPU} configuration=edgep_high type=Rental address=columbus-plant "
    'resource_group=edge reason="line 4 moves"'
)
# What follows `/order`, and words of the answer.
WRONG = {
    "quantity 0": (f"{LINE} qty=0 --yes", ["qty=0", "from 1 to 20"]),
    "quantity 21": (f"{LINE} qty=21 --yes", ["qty=21", "from 1 to 20"]),
    "a product in one word": ("azure product=gpu --yes", ["product=gpu", "FAMILY/LINE/PRODUCT"]),
    "an order type that is none": ("azure type=Rent", ["type=Rent", "Purchase or Rental", "type=Rental"]),
    "a bare word that gives itself away": ("azure rental", ["rental", "type=Rental"]),
    "a location in two words": ("azure location=East US", ["location=eastus"]),
    "an address with a blank": ('azure address="Columbus plant"', ["address=Columbus-plant"]),
    "a key of AWS": (f"{LINE} outpost=op-1 --yes", ["outpost", "one of product"]),
    "a key that is misspelt": ("azure resource-grup=edge", ["resource", "resource_group"]),
    "an unknown key": (f"{LINE} colour=red --yes", ["colour"]),
    "a key given twice": (f"{LINE} type=Purchase", ["type=Purchase", "only once"]),
    "several at once": (
        "azure product=x qty=99 type=Lease commitment=forever encryption=maybe location=1 reason=y --yes",
        ["product=x", "qty=99", "type=Lease", "commitment=forever", "encryption=maybe", "location=1"],
    ),
    "nothing but the flag": (
        "azure --yes",
        ["Product", "Configuration", "Order type", "Ship to", "Resource group", "Reason"],
    ),
    "a commitment that no calendar has": ("azure commitment=P1Y", ["commitment=P1Y", "P365D"]),
    "a misspelt cloud": (LINE.replace("azure", "azuer", 1), ["azuer", "azure"]),
    "a name that no item can have": ("status a/b/c", ["a/b/c", "GROUP/NAME"]),
    "a track of nothing": ("track --quiet", ["GROUP/NAME"]),
    "a return without a reason": ("return ORD-7F3K2M", ["Reason"]),
    "a long line of garbage": ("azure " + "é=“" * 900, ["é"]),
}
RIGHT = {
    "all that is needed": f"{LINE} --yes",
    "upper and lower case": f"{LINE} QTY=2 Type=rental --YES".replace("type=Rental ", "", 1),
    "a product down to its configuration": f"{LINE} --yes".replace(
        f"product={GPU} configuration=edgep_high", f"product={HIGH}"
    ),
    "a location as the portal writes it": f'{LINE} location="West Europe" --yes',
    "curly quotes and a dash from a phone": f"{LINE} cost_center=“R & D” —yes",
    "an address of another group": f"{LINE} --yes".replace("columbus-plant", "other/fra-1"),
}


@pytest.fixture
def here(sqlite_url: str) -> Iterator[AzureHere]:
    with AzureHere(sqlite_url, AZURE_RESOURCE_GROUP="edge") as here:
        yield here
        assert here.slack.violations == []


def orders(here: AzureHere) -> list[Order]:
    return here.world.store.listing(State)


def as_filed(here: AzureHere) -> AzureTerms:
    """The terms of the one order, without what the worker may have filled in by now."""
    [order] = orders(here)
    return replace(order.asked.azure, address_group="", place="", country="", address_digest="")


def azure_form(here: AzureHere, words: str = "") -> Form:
    here.alice.command(f"/order azure {words}", ORDERS)
    return here.alice.wait_form()


def choose(here: AzureHere, form: Form, label: str, option: str, then: str) -> None:
    """Choose what decides about other fields, and wait until a field is there because of it."""
    form.choose(label, option)
    here.wait(lambda: then in form.labels())


def fill_in(here: AzureHere, form: Form) -> None:
    """All but the address."""
    form.choose("Product", "Azure Stack Edge Pro - GPU")
    here.wait(lambda: form.suggest("Configuration"))
    choose(here, form, "Configuration", "Azure Stack Edge Pro - 2 GPU", "Term commitment")
    form.fill("Quantity", "2")
    form.choose("Order type", "Rental")
    form.fill("Reason", "line 4 moves")


def test_the_form_is_filled_in_and_filed(here: AzureHere) -> None:
    form = azure_form(here)
    fill_in(here, form)
    form.choose("Term commitment", "3 years")
    form.choose("Double encryption", "Enabled")
    form.choose("Ship to", "columbus-plant · Columbus, US")
    assert submitted(form).closed
    assert as_filed(here) == AzureTerms(
        product=GPU,
        configuration="edgep_high",
        quantity=2,
        order_type="Rental",
        address="columbus-plant",
        location="eastus",
        resource_group="edge",
        commitment="P1095D",
        double_encryption="Enabled",
    )
    here.heard(here.alice, "is filed")


def test_the_form_opens_with_what_was_typed_and_with_what_the_settings_say(here: AzureHere) -> None:
    form = azure_form(here, f"product={GPU} configuration=edgep_high commitment=P365D qty=3")
    values = form.values()
    assert values["Product"] == "Azure Stack Edge Pro - GPU"
    assert values["Configuration"] == "Azure Stack Edge Pro - 2 GPU"
    assert (values["Term commitment"], values["Quantity"]) == ("1 year", "3")
    assert (values["Location"], values["Resource group"]) == ("eastus", "edge")


def test_another_product_drops_the_configuration_and_keeps_the_rest(here: AzureHere) -> None:
    form = azure_form(here)
    fill_in(here, form)
    form.choose("Product", "HCI node")
    here.wait(lambda: "Term commitment" not in form.labels())
    values = form.values()
    assert values["Configuration"] is None
    assert (values["Reason"], values["Quantity"], values["Order type"]) == ("line 4 moves", "2", "Rental")
    assert form.suggest("Configuration") == ["One node"]
    assert form.submit().errors == {
        "Configuration": "Please complete this required field.",
        "Ship to": "Please complete this required field.",
    }


def test_configurations_are_those_of_the_product(here: AzureHere) -> None:
    form = azure_form(here)
    assert form.suggest("Configuration") == []
    form.choose("Product", GPU)
    offered = ["Azure Stack Edge Pro - 2 GPU", "Azure Stack Edge Pro - 1 GPU"]
    here.wait(lambda: form.suggest("Configuration") == offered)
    assert form.suggest("Configuration", "1 gpu") == offered[1:]


def test_what_the_catalogue_lacks_can_be_typed_in_full(here: AzureHere) -> None:
    form = azure_form(here)
    assert form.suggest("Product", "a/b") == []
    assert form.suggest("Product", "a/b/c") == ["a/b/c"]
    form.choose("Product", "a/b/c")
    here.wait(lambda: form.suggest("Configuration", "small") == ["small"])
    assert form.suggest("Ship to", "new-plant") == ["New address…", "new-plant"]
    assert form.suggest("Location", "North Europe") == ["northeurope"]
    form.choose("Configuration", "small")
    form.choose("Ship to", "new-plant")
    form.choose("Location", "North Europe".lower().replace(" ", ""))
    form.choose("Order type", "Purchase")
    form.fill("Reason", "x")
    assert submitted(form).closed
    asked = as_filed(here)
    assert (asked.product, asked.configuration) == ("a/b/c", "small")
    assert (asked.address, asked.location) == ("new-plant", "northeurope")


def test_saved_addresses_are_searched_and_a_new_one_is_always_offered_first(here: AzureHere) -> None:
    form = azure_form(here)
    assert form.suggest("Ship to") == [
        "New address…",
        "columbus-plant · Columbus, US",
        "fra-1 · Frankfurt am Main, DE",
    ]
    assert form.suggest("Ship to", "frankfurt") == ["New address…", "fra-1 · Frankfurt am Main, DE"]


ADDRESS = {
    "Street": "Geheimweg 7",
    "City": "Nirgendwo",
    "Postal code": "99999",
    "Country": "Germany",
    "Contact name": "Nora Niemand",
    "Phone": "+49 30 1234567",
    "E-mail": "nora@niemand.example",
}
PRIVATE = ("Geheimweg", "Nirgendwo", "99999", "Niemand", "1234567", "niemand.example")


def new_address(here: AzureHere, form: Form) -> None:
    choose(here, form, "Ship to", "New address…", "Street")
    for label, words in ADDRESS.items():
        form.fill(label, words)


def test_a_new_address_is_kept_apart_from_the_order(
    here: AzureHere, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        form = azure_form(here)
        fill_in(here, form)
        new_address(here, form)
        form.choose("Configuration", "Azure Stack Edge Pro - 1 GPU")
        here.wait(lambda: "Term commitment" not in form.labels())
        assert form.values()["Street"] == "Geheimweg 7"
        here.worker.stop()  # which would hand the address to the cloud, and forget it
        assert submitted(form).closed
        here.heard(here.alice, "is filed")

    [order] = orders(here)
    kept = json.dumps(here.world.store.draft(order.draft, here.alice.id))
    assert all(word in kept for word in PRIVATE)
    sent = json.dumps([call.arguments for call in here.slack.calls], default=str)
    stored = json.dumps([here.world.store.events(order.id), repr(order)], default=str)
    logged = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records if ours(record))
    for word in PRIVATE:
        assert word not in sent
        assert word not in stored
        assert word not in logged


def ours(record: logging.LogRecord) -> bool:
    """Whether a bot at LOG_LEVEL=debug writes it: Slack's SDK is kept quiet, the local Slack is no part."""
    return not record.name.startswith(("slack_sdk", "bot.demo", "werkzeug"))


def test_what_is_wrong_with_a_new_address_is_said_under_its_fields(here: AzureHere) -> None:
    form = azure_form(here)
    fill_in(here, form)
    new_address(here, form)
    form.fill("Country", "Germny")
    form.fill("Phone", "call me")
    result = submitted(form)
    assert not result.closed
    assert set(result.errors) == {"Country", "Phone"}
    assert "Did you mean DE?" in result.errors["Country"]
    assert orders(here) == []


def test_a_choice_that_no_update_followed_brings_the_form_up_to_date_instead_of_filing_it(
    here: AzureHere,
) -> None:
    form = azure_form(here, f"product={GPU} configuration=edgep_base type=Rental reason=x")
    here.slack.faults.add("views.update", "error:hash_conflict")
    form.choose("Ship to", "New address…")
    here.wait(lambda: here.slack.faults.pending == 0)
    assert "Street" not in form.labels()
    assert not form.submit().closed
    assert "Street" in form.labels()
    for label, words in ADDRESS.items():
        form.fill(label, words)
    assert submitted(form).closed
    assert len(orders(here)) == 1


def test_while_azure_tells_nothing_the_form_says_so(here: AzureHere) -> None:
    for key in here.world.store.kept("catalogue/azure"):
        here.world.store.keep(key, {"choices": {}}, here.world.now())
    assert "Azure answers, and offers nothing here" in azure_form(here).plain


def test_with_two_clouds_the_bare_command_asks_which(here: AzureHere) -> None:
    here.alice.command("/order", ORDERS)
    question = here.alice.wait_form()
    assert question.buttons == ["AWS Outposts", "Azure Edge hardware"]
    question.press("Azure Edge hardware")
    here.wait(lambda: question.title == "Order Azure hardware")
    fill_in(here, question)
    question.choose("Ship to", "columbus-plant · Columbus, US")
    assert submitted(question).closed
    assert orders(here)[0].channel == ORDERS


def test_with_two_clouds_the_other_one_can_be_chosen_too(here: AzureHere) -> None:
    here.alice.command("/order", ORDERS)
    question = here.alice.wait_form()
    question.press("AWS Outposts")
    here.wait(lambda: question.title == "Order AWS Outposts")
    assert "Outpost" in question.labels()


def test_with_azure_alone_the_bare_command_opens_its_form_and_aws_is_not_offered(sqlite_url: str) -> None:
    with AzureHere(sqlite_url, AWS_REGIONS="") as here:
        here.alice.command("/order", ORDERS)
        assert here.alice.wait_form().title == "Order Azure hardware"
        for words in ("aws", "aws outpost=x payment=all", "reason=x"):
            said = text(here.alice.command(f"/order {words}", ORDERS))
            assert "AWS Outposts is not set up here" in said
            assert "`/order azure`" in said


def test_a_line_with_nothing_missing_is_filed_at_once_and_checked_first(here: AzureHere) -> None:
    assert "is filed" in text(here.alice.command(f"/order {LINE} --yes", ORDERS))
    [order] = orders(here)
    [filed] = [event for event in here.world.store.events(order.id) if event["verb"] == "Filed"]
    assert json.loads(filed["body"])["asked"]["location"] == ["eastus"]
    here.wait(lambda: [e for e in here.world.store.events(order.id) if e["verb"] == "Checked"])


def test_a_wrong_line_keeps_what_was_right_for_the_azure_form(here: AzureHere) -> None:
    here.alice.command(f"/order {LINE} qty=99 --yes", ORDERS)
    answer = here.heard(here.alice, "qty=99")
    assert "type=Rental" in answer.plain
    here.alice.click(answer, "Open the form")
    form = here.alice.wait_form()
    assert form.title == "Order Azure hardware"
    assert (form.values()["Order type"], form.values()["Reason"]) == ("Rental", "line 4 moves")


def test_every_wrong_word_is_named_and_no_line_breaks_anything(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with AzureHere(sqlite_url) as here, caplog.at_level(logging.ERROR):
        for name, (words, named) in WRONG.items():
            ack = here.alice.command(f"/order {words}", ORDERS)
            assert ack.status == 200, name
            answer = here.slack.ephemerals(here.alice.id)[-1].plain
            assert [word for word in named if word not in answer] == [], (name, answer)
        assert here.slack.messages(APPROVALS) == []
        assert orders(here) == []
        assert here.slack.violations == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_what_looks_odd_and_is_right_is_filed(here: AzureHere) -> None:
    for name, words in RIGHT.items():
        assert "is filed" in text(here.alice.command(f"/order {words}", ORDERS)), name
    assert len(orders(here)) == len(RIGHT)


def test_help_offers_what_is_of_azure(here: AzureHere) -> None:
    said = here.alice.command("/order help", ORDERS).body
    assert all(usage in json.dumps(said) for usage in ("/order azure", "/order return ID reason"))
    keys = json.dumps(here.alice.command("/order help azure", ORDERS).body)
    assert all(f"`{key}=`" in keys for key in ("product", "commitment", "encryption", "resource_group"))

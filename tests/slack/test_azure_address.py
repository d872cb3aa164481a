"""An address that is typed into the form: Azure keeps and validates it before anybody is asked."""

from __future__ import annotations

import pytest

from bot.core.order import Order, State
from bot.demo.slack import Form
from tests.harness import APPROVALS, ORDERS, HereAzure, submitted

ADDRESS = {
    "Street": "Geheimweg 7",
    "City": "Nirgendwo",
    "Postal code": "99999",
    "Country": "Germany",
    "Contact name": "Nora Niemand",
    "Phone": "+49 30 1234567",
    "E-mail": "nora@niemand.example",
}


def filled_in(azure: HereAzure, **changed: str) -> Form:
    """The form with a new address in it, found by searching as people do."""
    azure.alice.command("/order azure", ORDERS)
    form = azure.alice.wait_form()
    form.choose("Product", form.suggest("Product", "pro - gpu")[0])
    azure.wait(lambda: form.suggest("Configuration", "2 gpu"))
    form.choose("Configuration", form.suggest("Configuration", "2 gpu")[0])
    azure.wait(lambda: updates(azure) == 2)  # who chooses faster than Slack redraws has to choose again
    form.choose("Order type", "Purchase")
    form.fill("Reason", "A site that is new")
    form.choose("Ship to", "New address…")
    azure.wait(lambda: "Street" in form.labels())
    for label, words in (ADDRESS | changed).items():
        form.fill(label, words)
    return form


def updates(azure: HereAzure) -> int:
    """How often a form was redrawn because of a choice."""
    return sum(call.method == "views.update" for call in azure.slack.calls)


def filed(azure: HereAzure, form: Form) -> Order:
    assert submitted(form).closed
    [order] = azure.wait(lambda: azure.world.store.listing(State))
    return order


def order_now(azure: HereAzure, order: Order) -> Order:
    now = azure.world.store.order(order.id)
    assert now is not None
    return now


def test_a_valid_address_is_saved_in_azure_and_ordered_to(azure: HereAzure) -> None:
    order = filed(azure, filled_in(azure))
    [asked] = azure.wait(lambda: azure.slack.messages(APPROVALS))
    assert "Nirgendwo, DE" in asked.plain
    assert not any(word in asked.plain for word in ("Geheimweg", "Niemand", "1234567", "99999"))
    assert azure.world.store.draft(order.draft, azure.alice.id) is None
    azure.bob.click(asked, "Approve")
    azure.wait(lambda: order_now(azure, order).state is State.PLACED)

    [put] = azure.arm.puts()
    address = put.body["properties"]["addressDetails"]["forwardAddress"]
    assert address["shippingAddress"]["streetAddress1"] == "Geheimweg 7"
    assert address["contactDetails"]["emailList"] == ["nora@niemand.example"]
    assert order.id.lower() in [one["name"] for one in azure.arm.addresses]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Street": "Behind the station"}, "Azure finds several places"),
        ({"Country": "US", "Postal code": "ABC"}, "Azure can't"),
    ],
)
def test_an_address_that_azure_doubts_is_refused_before_anybody_is_asked(
    azure: HereAzure, changed: dict[str, str], said: str
) -> None:
    order = filed(azure, filled_in(azure, **changed))
    azure.wait(lambda: order_now(azure, order).state is State.REFUSED)
    told = azure.heard(azure.alice, "Refused")
    assert said in told.plain
    assert "the address that you typed" in told.plain
    assert azure.slack.messages(APPROVALS) == []
    assert azure.world.store.draft(order.draft, azure.alice.id) is None


def test_an_address_that_azure_fails_to_save_is_refused_in_its_words(azure: HereAzure) -> None:
    azure.arm.faults.add("Addresses_Create", "async:AddressServiceDown:Nobody is here to check it")
    order = filed(azure, filled_in(azure))
    azure.heard(azure.alice, "Nobody is here to check it")
    assert order_now(azure, order).state is State.REFUSED


def test_an_address_whose_saving_was_not_heard_of_is_saved_once(azure: HereAzure) -> None:
    azure.arm.faults.add("Addresses_Create", "drop_after")
    filed(azure, filled_in(azure))
    azure.wait(lambda: azure.slack.messages(APPROVALS))
    sent = [request for request in azure.arm.requests if request.operation == "Addresses_Create"]
    assert len(sent) == 1


def test_an_address_is_let_go_of_when_the_request_is_withdrawn_while_azure_saves_it(azure: HereAzure) -> None:
    azure.arm.operation_seconds = 3600
    order = filed(azure, filled_in(azure))
    azure.wait(lambda: "status_url" in (azure.world.store.draft(order.draft, azure.alice.id) or {}))
    azure.alice.command(f"/order withdraw {order.id}", ORDERS)
    azure.wait(lambda: azure.world.store.draft(order.draft, azure.alice.id) is None)
    assert order_now(azure, order).state is State.WITHDRAWN

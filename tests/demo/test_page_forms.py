"""Forms on the page: every field is there, what is filled in reaches the bot, errors stand under fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.core.order import State
from bot.demo.slack import Form
from bot.demo.slack.people import REQUIRED
from tests.harness import APPROVALS, OPERATIONS, ORDERS, Here, HereAzure

HERE = {"Origin": "http://localhost"}


class Hand:
    """Somebody at the page: posts what its scripts would, and reads what it shows."""

    def __init__(self, here: Here, who: str = "alice") -> None:
        self.here, self.who = here, who
        self.client: FlaskClient = here.slack.flask.test_client()

    @property
    def page(self) -> str:
        return unescape(self.client.get(f"/as/{self.who}/edge-orders").text)

    @property
    def form(self) -> Form:
        return self.here.slack.person("U0ALICE").wait_form()

    def post(self, path: str, **body: object) -> TestResponse:
        answer = self.client.post(path, json=body, headers=HERE)
        assert answer.status_code in (200, 204), answer.text
        return answer

    def order(self, words: str) -> Form:
        self.post(f"/as/{self.who}/say", text=f"/order {words}", channel=ORDERS)
        return self.form

    def act(self, act: str, **body: object) -> TestResponse:
        return self.post(f"/as/{self.who}/form/{self.form.id}/{act}", **body)

    def field(self, block: str) -> str:
        """A field as the page shows it, from its label on."""
        [found] = re.findall(
            rf'<label for="f-{block}">.*?</div>\n?</div>|<label for="f-{block}">.*?(?=<div class="in-form)',
            self.page,
            re.DOTALL,
        )
        return str(found)


@pytest.fixture
def azure(sqlite_url: str) -> Iterator[HereAzure]:
    with HereAzure(sqlite_url) as here:
        yield here
        assert here.slack.violations == []


@pytest.fixture
def aws(sqlite_url: str) -> Iterator[Here]:
    with Here(sqlite_url) as here:
        yield here
        assert here.slack.violations == []


def test_every_kind_of_field_is_there_with_its_label_and_value(azure: HereAzure) -> None:
    hand = Hand(azure)
    form = hand.order("azure qty=2 cost_center=CC-1 needed_by=2027-02-01")
    page = hand.page
    for label in form.labels():
        assert re.search(rf"<label for=[^>]+>{label}", page), label
    assert 'role="combobox"' in hand.field("product")
    assert 'inputmode="numeric" value="2"' in hand.field("qty")
    assert '<option value="Rental">' in hand.field("type")
    assert "<textarea" in hand.field("reason")
    assert 'value="CC-1"' in hand.field("cost_center")
    assert 'type="date" value="2027-02-01"' in hand.field("needed_by")
    assert f'<option value="{ORDERS}" selected># edge-orders' in hand.field("channel")


def test_a_field_that_searches_offers_what_the_bot_suggests(azure: HereAzure) -> None:
    hand = Hand(azure)
    hand.order("azure")
    offered = hand.act("suggest", field="product", query="gpu").json["options"]
    assert [option["text"]["text"] for option in offered] == ["Azure Stack Edge Pro - GPU"]
    hand.act("choose", field="product", value=offered[0]["value"])
    assert 'value="Azure Stack Edge Pro - GPU"' in hand.field("product")


def test_a_new_address_brings_its_fields_and_an_e_mail_that_is_none_is_told_under_it(
    azure: HereAzure,
) -> None:
    hand = Hand(azure)
    form = hand.order("azure")
    offered = hand.act("suggest", field="address", query="").json["options"]
    hand.act("choose", field="address", value=offered[0]["value"])
    azure.wait(lambda: "E-mail" in form.labels())
    [email] = [block["block_id"] for block in form.blocks if block.get("label", {}).get("text") == "E-mail"]
    assert 'type="email"' in hand.field(email)
    hand.act("submit", typed={email: "nobody"})
    assert "Must be an e-mail address." in hand.field(email)
    assert REQUIRED in hand.field("reason")
    hand.act("type", field=email, typed={email: "dana@example.com"})
    assert "Must be" not in hand.field(email)


def test_what_was_typed_comes_along_with_whatever_is_done_next(aws: Here) -> None:
    hand = Hand(aws)
    form = hand.order("aws")
    hand.act("press", button="Add another item", typed={"reason": "New <b>depot</b>"})
    aws.wait(lambda: "Catalog item 2" in form.labels() or form.labels().count("Catalog item") == 2)
    assert form.values()["Reason"] == "New <b>depot</b>"
    assert "&lt;b&gt;depot" in hand.client.get("/as/alice/edge-orders").text


def test_a_form_is_filled_in_sent_and_approved_on_the_page(aws: Here) -> None:
    hand = Hand(aws)
    form = hand.order("aws payment=NO_UPFRONT term=THREE_YEARS")
    items = [b["block_id"] for b in form.blocks if b.get("label", {}).get("text") == "Catalog item"]
    for field in ("outpost", items[0]):
        offered = hand.act("suggest", field=field, query="").json["options"]
        hand.act("choose", field=field, value=offered[0]["value"])
    hand.act("submit", typed={"reason": "New depot"})
    request = aws.wait(lambda: aws.slack.messages(APPROVALS))[0]
    assert '<dialog class="modal" id="form-' not in hand.page
    bob = Hand(aws, "bob")
    [value] = re.findall(
        r'data-button="Approve" data-value="([^"]+)"', bob.client.get("/as/bob/approvals").text
    )
    bob.post("/as/bob/click", channel=APPROVALS, ts=request.ts, button="Approve", value=value)
    aws.wait(lambda: aws.order(request).state is State.PLACED)


def test_a_form_is_closed_by_who_has_it_and_old_acts_on_it_are_refused(aws: Here) -> None:
    hand = Hand(aws)
    gone = hand.order("aws").id
    hand.act("close")
    assert aws.alice.form() is None
    answer = hand.client.post(f"/as/alice/form/{gone}/submit", json={}, headers=HERE)
    assert answer.status_code == 409
    hand.order("aws")
    other = hand.client.post(f"/as/bob/form/{hand.form.id}/submit", json={}, headers=HERE)
    assert other.status_code == 409


@pytest.mark.parametrize("act", ["choose", "press", "suggest"])
def test_a_field_or_button_that_is_none_is_told_and_breaks_nothing(aws: Here, act: str) -> None:
    hand = Hand(aws)
    form = hand.order("aws")
    path = f"/as/alice/form/{form.id}/{act}"
    answer = hand.client.post(path, json={"field": "nonesuch", "value": "1", "button": "none"}, headers=HERE)
    assert answer.status_code == 409
    assert "nonesuch" in answer.json["note"] or "none" in answer.json["note"]
    assert form.open


def test_a_button_that_asks_first_brings_its_question_along(aws: Here) -> None:
    aws.aws.faults.add("CreateOrder", "drop_before")
    request = aws.ask()
    aws.bob.click(request, "Approve")
    aws.wait(lambda: aws.slack.messages(OPERATIONS))
    page = Hand(aws, "opal").client.get("/as/opal/operations").text
    [question] = re.findall(
        r"It was not placed: try again\n?\s*<template data-confirm[^>]*>(.*?)</template>", page, re.DOTALL
    )
    assert "Send it again" in question
    assert "it is bought twice" in question

"""Orders as rows for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.core.order import Kind, State
from bot.core.request import AzureTerms, Request
from bot.core.snapshot import Ref, Snapshot
from bot.export import COLUMNS, row, rows
from bot.store import Store
from tests.store.test_store import NOW, ORDER, REQUEST, after


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store.open(database_url)
    store.migrate()
    yield store
    store.close()


REF = Ref("eu-west-1", "oo-0123456789abcdef0")
PLACED = replace(
    ORDER,
    state=State.PLACED,
    request=replace(REQUEST, cost_center="CC-4711", needed_by="2027-03-31"),
    decided_by="U0BOB",
    decided_at=NOW,
    ref=REF,
    snapshot=Snapshot(REF, "IN_PROGRESS"),
)


def test_an_order_is_a_row_of_text() -> None:
    assert row(PLACED) == {
        "id": "ORD-000001",
        "state": "placed",
        "cloud": "aws",
        "requester": "U0ALICE",
        "filed_at": "2026-11-22T09:30:00+00:00",
        "what": "2 × OR-ABCDEFG",
        "cloud_order": "oo-0123456789abcdef0",
        "cloud_status": "IN_PROGRESS",
        "scope": "aws:op-0123456789abcdef0",
        "decided_by": "U0BOB",
        "decided_at": "2026-11-22T09:30:00+00:00",
        "payment": "NO_UPFRONT",
        "term": "THREE_YEARS",
        "cost_center": "CC-4711",
        "needed_by": "2027-03-31",
        "reason": "second rack",
        "quantity": "2",
        "order_type": "",
        "ship_to": "",
        "quote": "",
        "upfront": "",
        "monthly": "",
        "currency": "",
        "total": "",
    }


def test_an_order_of_azure_says_what_how_many_how_and_where_to() -> None:
    terms = AzureTerms(
        product="azurestackedge/azurestackedge/azurestackedgegpu",
        configuration="edgep_high",
        quantity=2,
        order_type="Rental",
        address="columbus-plant",
        location="eastus",
        resource_group="edge-rg",
        place="Columbus, US",
    )
    ref = Ref("0a1b2c3d-0000-4000-8000-000000000001", "edge-rg/ord-000001", ("edge-rg/ord-000001-1",))
    found = row(
        replace(
            PLACED,
            cloud="azure",
            request=Request("azure", terms, "line 4 moves"),
            ref=ref,
            snapshot=Snapshot(ref, "InReview"),
        )
    )
    assert tuple(found) == COLUMNS
    assert {name: found[name] for name in COLUMNS[5:9]} == {
        "what": "2 × azurestackedgegpu/edgep_high (Rental)",
        "cloud_order": "edge-rg/ord-000001",
        "cloud_status": "InReview",
        "scope": "azure:ord-000001",
    }
    assert (found["payment"], found["term"]) == ("", "")
    assert (found["quantity"], found["order_type"], found["ship_to"]) == (
        "2",
        "Rental",
        "columbus-plant (Columbus, US)",
    )


def test_an_order_that_was_placed_elsewhere_has_empty_cells() -> None:
    found = row(replace(ORDER, kind=Kind.TRACKED, request=None))
    assert tuple(found) == COLUMNS
    assert (found["what"], found["reason"], found["scope"], found["decided_at"]) == ("tracked", "", "", "")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("https://evil.example","open")'],
)
def test_no_spreadsheet_takes_anybodys_words_for_a_formula(text: str) -> None:
    evil = replace(
        PLACED,
        request=replace(REQUEST, reason=text, cost_center=text),
        ref=Ref("r", text),
        snapshot=Snapshot(Ref("r", text), text),
    )
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, COLUMNS)
    writer.writeheader()
    writer.writerow(row(evil))
    (found,) = csv.DictReader(io.StringIO(written.getvalue(), newline=""))
    for name in ("reason", "cost_center", "cloud_order", "cloud_status"):
        assert found[name] == f"'{text}"
    assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") for cell in found.values() if cell)


def test_every_order_is_exported_once_and_the_newest_first(store: Store) -> None:
    for number in range(7):
        order = replace(ORDER, id=f"ORD-{number:06}", filed_at=after(number))
        store.file(order, f"trigger-{number}", (), {})
    assert [found["id"][-1] for found in rows(store, page=3)] == ["6", "5", "4", "3", "2", "1", "0"]


def test_no_orders_are_no_rows(store: Store) -> None:
    assert list(rows(store)) == []

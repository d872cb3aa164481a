"""The clouds' console: what it shows of every order, and what its levers do."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from bot.demo.page import Console, Page
from bot.demo.page.console import LEVERS, Row
from bot.demo.play import watched
from bot.demo.world import LocalWorld, free_port, usable_port

HERE = {"Origin": "http://localhost"}


@pytest.fixture
def page() -> Iterator[Page]:
    """The page over both clouds, with an order in each, and without a bot."""
    world = LocalWorld()
    page = Page(world)
    world.start()
    world.outposts.add_order("eu-west-1", world.outposts.outposts("eu-west-1")[0], [("OR-7QK2M5A", 2)])
    world.arm.add_item("ord-7f3k2m-1", "ord-7f3k2m", tags={"quartermaster-order": "ORD-7F3K2M"})
    yield page
    world.stop()


def row(console: Console, cloud: str) -> Row:
    [found] = [one.rows for one in console.state().clouds if one.key == cloud]
    return found[0]


def shown(page: Page) -> str:
    return page.slack.flask.test_client().get("/as/alice/edge-orders").text


def post(page: Page, path: str, **body: object) -> int:
    return page.slack.flask.test_client().post(path, json=body, headers=HERE).status_code


@pytest.mark.parametrize(
    ("cloud", "stages"),
    [
        ("aws", ["Preparing", "In progress · Building", "In progress · Shipped", "Delivered"]),
        ("azure", ["Placed", "In review", "Confirmed", "Ready to ship"]),
    ],
)
def test_an_order_is_advanced_stage_by_stage(page: Page, cloud: str, stages: list[str]) -> None:
    seen = [row(page.console, cloud).status]
    for _ in stages[1:]:
        assert post(page, f"/clouds/{cloud}/order/advance", id=row(page.console, cloud).id) == 204
        seen.append(row(page.console, cloud).status)
    assert seen == stages
    assert row(page.console, cloud).id in shown(page)


@pytest.mark.parametrize(("cloud", "word"), [("aws", "Shipped"), ("azure", "Shipped")])
def test_an_order_is_shipped(page: Page, cloud: str, word: str) -> None:
    post(page, f"/clouds/{cloud}/order/ship", id=row(page.console, cloud).id)
    assert word in row(page.console, cloud).status


@pytest.mark.parametrize(("cloud", "word"), [("aws", "Error"), ("azure", "Failed")])
def test_an_order_fails_and_can_then_not_be_advanced(page: Page, cloud: str, word: str) -> None:
    id = row(page.console, cloud).id
    post(page, f"/clouds/{cloud}/order/fail", id=id)
    assert word in row(page.console, cloud).status
    assert row(page.console, cloud).failed
    assert f'id="{id}-advance"' not in shown(page)


@pytest.mark.parametrize("lever", LEVERS)
@pytest.mark.parametrize(("cloud", "operation"), [("aws", "CreateOrder"), ("azure", "OrderItems_Create")])
def test_a_lever_is_armed_for_the_next_order_and_that_is_shown(
    page: Page, lever: str, cloud: str, operation: str
) -> None:
    post(page, f"/clouds/{cloud}/lever/{lever}")
    faults = {"aws": page.world.outposts.faults, "azure": page.world.arm.faults}[cloud]
    assert [fault.operation for fault in faults.pending] == [operation]
    assert LEVERS[lever][1] in shown(page)
    assert faults.take(operation) is not None
    assert "Armed" not in shown(page)


def test_time_runs_and_stands_still(page: Page) -> None:
    assert "Time stands still" in shown(page)
    post(page, "/clouds/time", on=True)
    assert "Time runs" in shown(page)
    post(page, "/clouds/time", on=False)
    assert "Time stands still" in shown(page)


@pytest.mark.parametrize(
    "path", ["/clouds/aws/order/advance", "/clouds/gcp/order/advance", "/clouds/aws/order/explode",
             "/clouds/aws/lever/none", "/clouds/gcp/lever/slow", "/bot/kill"],
)  # fmt: skip
def test_what_there_is_not_is_told_and_breaks_nothing(page: Page, path: str) -> None:
    assert post(page, path, id="oo-00000000000000000") == 409
    assert post(page, "/clouds/time", on=False) == 204


def test_a_process_that_can_be_killed_is_shown_only_where_there_is_one(page: Page) -> None:
    assert "kill -9" not in shown(page)


def test_the_bot_is_killed_and_comes_back_as_another_process() -> None:
    with watched(LOG_LEVEL="error") as (page, bot):
        before = bot.pid
        assert f"process {before}" in shown(page)
        assert post(page, "/bot/kill") == 200
        assert bot.pid != before
        assert f"process {bot.pid}" in shown(page)


def test_a_port_that_is_taken_is_given_up_for_a_free_one() -> None:
    wanted = free_port()
    assert usable_port(wanted) == wanted
    with socket.create_server(("127.0.0.1", wanted)):
        assert usable_port(wanted) not in (wanted, 0)


def quote(page: Page) -> Row:
    """The newest quote that AWS has, as the console shows it."""
    [found] = [one.quotes for one in page.console.state().clouds if one.key == "aws"]
    return found[0]


def test_a_quote_is_shown_with_what_can_be_done_to_it(page: Page) -> None:
    body = shown(page)
    assert quote(page).id in body
    for act, says in (("reprice", "Reprice"), ("expire", "Expire"), ("require", "Fail a check")):
        assert f'id="{quote(page).id}-{act}"' in body
        assert f'aria-label="{says} {quote(page).id}"' in body
    assert [one.quotes for one in page.console.state().clouds if one.key == "azure"] == [()]


def test_a_quote_costs_more_fails_a_check_and_expires(page: Page) -> None:
    before = quote(page)
    assert post(page, "/clouds/aws/order/reprice", id=before.id) == 204
    assert quote(page).status != before.status
    assert post(page, "/clouds/aws/order/require", id=before.id) == 204
    assert "Enterprise Support is required." in quote(page).status
    assert quote(page).failed
    assert post(page, "/clouds/aws/order/expire", id=before.id) == 204
    assert quote(page).over
    assert f'id="{before.id}-reprice"' not in shown(page)


def test_what_is_for_orders_is_not_for_quotes_nor_the_other_way_round(page: Page) -> None:
    assert post(page, "/clouds/aws/order/advance", id=quote(page).id) == 409
    assert post(page, "/clouds/aws/order/reprice", id=row(page.console, "aws").id) == 409

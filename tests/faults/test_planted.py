"""Bugs planted on purpose: the checks that find nothing wrong with the bot find each of these."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.clouds.aws_client import booked
from bot.core.order import Order, State
from bot.core.policy import built_in
from bot.core.request import Request
from bot.demo.world import APPROVALS, APPROVER, OPERATOR, REGION
from bot.policy_file import Rules
from bot.ports import Outcome, Unclear
from bot.steps import approve
from bot.store import Change, Store, Verdict
from tests.faults import judge
from tests.faults.inside import Changed, Inside
from tests.faults.nursery import Nursery
from tests.faults.stage import Ended, tell

PLANTED = {
    ("sends what was being placed", "after-placing:1"): "the cloud has 2 orders for 1 approvals",
    ("writes the submission afterwards", "committed:1"): "was approved and is approved",
    ("says done before it is", "before-posting:4"): " should say ",
}
"""A bug, where the bot has to die for it to show, and what the judge says then."""


def test_a_crash_shows_each_planted_bug(nursery: Nursery, tmp_path: Path) -> None:
    def one(planted: tuple[str, str]) -> Ended:
        plant, point = planted
        folder = tmp_path / plant.replace(" ", "-")
        folder.mkdir()
        return tell(
            nursery, f"sqlite:///{folder}/orders.db", folder, point, "plain", plant=plant, patience=10
        )

    with ThreadPoolExecutor(len(PLANTED)) as pool:
        found = dict(zip(PLANTED, pool.map(one, PLANTED), strict=True))

    for planted, seen in PLANTED.items():
        assert found[planted].killed, planted
        assert any(seen in violation for violation in found[planted].violations), found[planted]


# Two who decide at once


class TakesTheLast(Store):
    """Writes whatever comes, whoever was first."""

    def commit(self, change: Change) -> Verdict:
        now = self.order(change.before.id)
        assert now is not None
        before = replace(change.before, version=now.version)
        return super().commit(
            replace(change, before=before, after=replace(change.after, version=now.version + 1))
        )


class Stale:
    """A store that shows an order as it was a moment ago, as whoever comes second has read it."""

    def __init__(self, real: Store, order: Order) -> None:
        self.real = real
        self.stale: list[Order] = [order]

    def order(self, id: str) -> Order | None:
        return self.stale.pop() if self.stale else self.real.order(id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def both_approve(inside: Inside, store: Store) -> list[str]:
    """Two people approve at the same moment; what is wrong afterwards."""
    id = inside.file()
    inside.work_for(5)
    read = inside.order(id)
    inside.approve(id)
    inside.work_for(10)
    world = replace(inside.world, store=Stale(store, read))
    world = replace(world, rules=Rules(built_in((APPROVER, OPERATOR))))
    approve.decide(world, id, OPERATOR, "approve", "", read.asked.digest(), APPROVALS)
    inside.work_for(200)
    return judge.violations(inside.store, inside.local)


def test_the_second_of_two_approvals_changes_nothing(sqlite_url: str) -> None:
    with Inside(sqlite_url) as inside:
        assert both_approve(inside, inside.store) == []
        assert len(inside.aws.posts()) == 1


def test_two_approvals_at_once_show_the_bug_that_the_last_one_wins(sqlite_url: str) -> None:
    with Inside(sqlite_url) as inside:
        found = both_approve(inside, TakesTheLast(inside.store.engine))

    assert any("was approved 2 times" in violation for violation in found), found


# The SDK's own kindness


class AsBoto3Comes(Changed):
    """Places with a client as boto3 makes it, which sends again by itself."""

    def place(self, request: Request, _: datetime, __: str = "") -> Outcome:
        import boto3

        terms = request.terms
        client = boto3.client("outposts", region_name=REGION)
        lines = [{"CatalogItemId": item.catalog_item, "Quantity": item.quantity} for item in terms.items]
        try:
            answer: Mapping[str, Any] = client.create_order(
                OutpostIdentifier=terms.outpost,
                LineItems=lines,
                PaymentOption=terms.payment,
                PaymentTerm=terms.term,
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it is unclear
            return Unclear(repr(error))
        finally:
            client.close()
        return booked(answer, REGION)


def test_a_dropped_answer_shows_the_bug_that_the_sdk_sends_again(sqlite_url: str) -> None:
    with Inside(sqlite_url) as inside:
        inside.world.clouds["aws"] = AsBoto3Comes(inside.world.clouds["aws"])
        id = inside.approved()
        inside.aws.faults.add("CreateOrder", "drop_after")
        inside.work_for(200)

        assert inside.order(id).state is State.PLACED
        found = judge.violations(inside.store, inside.local)

    assert any("the cloud has 2 orders for 1 approvals" in violation for violation in found), found

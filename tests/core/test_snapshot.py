"""The difference between two views of an order is what a watcher wants to hear, and nothing else."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.snapshot import (
    Aspect,
    Asset,
    Change,
    Phase,
    Ref,
    Shipment,
    Snapshot,
    Unit,
    changes,
    dump,
    load,
    phase,
)
from tests.core.test_order import snapshots

REF = Ref("eu-west-1", "oo-0123456789abcdef0")
RACK = Unit("ooi-1", "OR-ABCDEFG", 2, "BUILDING")
SERVER = Unit("ooi-2", "OR-1234567", 1, "PREPARING")
BEFORE = Snapshot(REF, "IN_PROGRESS", (RACK, SERVER), (("Payment option", "No upfront"),))
UPS = Shipment("UPS", "1Z999", "https://www.ups.com/track?tracknum=1Z999")


def with_rack(**changed: object) -> Snapshot:
    return replace(BEFORE, units=(replace(RACK, **changed), SERVER))


@settings(max_examples=80, deadline=None)
@given(snapshots)
def test_a_view_differs_in_nothing_from_itself(snapshot: Snapshot) -> None:
    assert changes(snapshot, snapshot) == ()


def test_not_even_where_a_cloud_uses_an_id_twice() -> None:
    twice = replace(BEFORE, units=(RACK, replace(RACK, status="SHIPPED", assets=(Asset("a"), Asset("a")))))
    assert changes(twice, twice) == ()


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False))
def test_another_order_of_things_is_no_change(chance: random.Random) -> None:
    macs = tuple(f"02:00:00:00:00:0{n}" for n in range(4))
    facts = tuple((f"Fact {n}", str(n)) for n in range(4))
    units = tuple(
        replace(RACK, id=f"ooi-{n}", facts=facts, assets=tuple(Asset(f"a{k}", macs) for k in range(3)))
        for n in range(3)
    )

    def shuffled(things: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(chance.sample(things, len(things)))

    other = tuple(
        replace(
            unit,
            facts=shuffled(facts),
            assets=shuffled(tuple(replace(asset, macs=shuffled(macs)) for asset in unit.assets)),
        )
        for unit in shuffled(units)
    )
    before = Snapshot(REF, "IN_PROGRESS", units, facts)
    assert changes(before, Snapshot(REF, "IN_PROGRESS", other, shuffled(facts))) == ()


@pytest.mark.parametrize(
    ("was", "now"),
    [("PREPARING", "SHIPPED"), ("SHIPPED", "BUILDING"), ("BUILDING", "ON_A_BOAT"), ("ON_A_BOAT", "")],
    ids=["a jump", "a step back", "an unknown status", "none any more"],
)
def test_whatever_a_status_becomes_is_told_as_it_is(was: str, now: str) -> None:
    assert changes(with_rack(status=was), with_rack(status=now)) == (
        Change(Aspect.UNIT_STATUS, "2 × OR-ABCDEFG", was, now),
    )
    assert changes(replace(BEFORE, status=was), replace(BEFORE, status=now))[0] == Change(
        Aspect.STATUS, "", was, now
    )


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (
            BEFORE,
            with_rack(shipment=UPS),
            Change(Aspect.SHIPMENT, "2 × OR-ABCDEFG", "", "UPS 1Z999", UPS.link),
        ),
        (with_rack(shipment=UPS), BEFORE, Change(Aspect.SHIPMENT, "2 × OR-ABCDEFG", "UPS 1Z999", "")),
        (
            with_rack(shipment=UPS),
            with_rack(shipment=Shipment("DHL", "00340")),
            Change(Aspect.SHIPMENT, "2 × OR-ABCDEFG", "UPS 1Z999", "DHL 00340"),
        ),
        (
            with_rack(assets=(Asset("a1"),)),
            with_rack(assets=(Asset("a1", ("02:00:00:00:00:01",)),)),
            Change(Aspect.MAC, "a1", "", "02:00:00:00:00:01"),
        ),
        (
            with_rack(assets=(Asset("a1", ("02:00:00:00:00:01",)),)),
            with_rack(assets=(Asset("a1"),)),
            Change(Aspect.MAC, "a1", "02:00:00:00:00:01", ""),
        ),
        (
            with_rack(assets=(Asset("a1"),)),
            BEFORE,
            Change(Aspect.ASSET, "2 × OR-ABCDEFG", "a1", ""),
        ),
        (
            replace(BEFORE, units=(RACK,)),
            BEFORE,
            Change(Aspect.UNIT_ADDED, "1 × OR-1234567", "", "PREPARING"),
        ),
        (
            BEFORE,
            replace(BEFORE, units=(RACK,)),
            Change(Aspect.UNIT_GONE, "1 × OR-1234567", "PREPARING", ""),
        ),
        (
            BEFORE,
            replace(BEFORE, facts=(("Payment option", "All upfront"),)),
            Change(Aspect.FACT, "Payment option", "No upfront", "All upfront"),
        ),
        (BEFORE, replace(BEFORE, facts=()), Change(Aspect.FACT, "Payment option", "No upfront", "")),
        (
            BEFORE,
            with_rack(facts=(("Replaced line item", "ooi-0"),)),
            Change(Aspect.FACT, "2 × OR-ABCDEFG Replaced line item", "", "ooi-0"),
        ),
    ],
)
def test_each_kind_of_change_is_one_line(before: Snapshot, after: Snapshot, change: Change) -> None:
    assert changes(before, after) == (change,)


def test_hardware_comes_with_its_addresses() -> None:
    after = with_rack(assets=(Asset("a1", ("02:00:00:00:00:01", "02:00:00:00:00:02")),))
    assert changes(BEFORE, after) == (
        Change(Aspect.ASSET, "2 × OR-ABCDEFG", "", "a1"),
        Change(Aspect.MAC, "a1", "", "02:00:00:00:00:01, 02:00:00:00:00:02"),
    )


def test_a_better_link_to_the_same_parcel_is_no_news() -> None:
    assert changes(with_rack(shipment=replace(UPS, link="")), with_rack(shipment=UPS)) == ()
    assert changes(BEFORE, with_rack(shipment=Shipment("", ""))) == ()


def test_the_first_look_tells_statuses_and_leaves_facts_to_the_card() -> None:
    assert changes(None, with_rack(shipment=UPS)) == (
        Change(Aspect.STATUS, "", "", "IN_PROGRESS"),
        Change(Aspect.UNIT_STATUS, "2 × OR-ABCDEFG", "", "BUILDING"),
        Change(Aspect.SHIPMENT, "2 × OR-ABCDEFG", "", "UPS 1Z999", UPS.link),
        Change(Aspect.UNIT_STATUS, "1 × OR-1234567", "", "PREPARING"),
    )


@pytest.mark.parametrize(
    ("status", "means"),
    [
        ("COMPLETED", Phase.COMPLETED),
        ("Fulfilled", Phase.COMPLETED),
        ("CANCELLED", Phase.CANCELLED),
        ("ERROR", Phase.FAILED),
        ("RECEIVED", Phase.MOVING),
        ("ON_A_BOAT", Phase.MOVING),
        ("", Phase.MOVING),
    ],
)
def test_what_a_status_means_and_an_unknown_one_means_that_it_goes_on(status: str, means: Phase) -> None:
    assert phase(Snapshot(REF, status)) is means


@settings(max_examples=80, deadline=None)
@given(snapshots)
def test_a_view_comes_back_from_the_database_as_it_was(snapshot: Snapshot) -> None:
    assert load(dump(snapshot)) == snapshot


def test_what_a_newer_release_has_added_to_a_view_is_left_out() -> None:
    document = json.loads(dump(with_rack(shipment=UPS)))
    document["added_later"] = document["units"][0]["added_later"] = ["x"]
    assert load(json.dumps(document)) == with_rack(shipment=UPS)

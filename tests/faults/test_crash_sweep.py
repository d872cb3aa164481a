"""The bot is killed at every point that matters, and the promise is kept all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults import sweep
from tests.faults.conftest import Databases
from tests.faults.nursery import Nursery
from tests.faults.stage import PLAIN, SCENARIOS

SEED = 20261122
BY_LOT = 3


def crash(
    nursery: Nursery,
    databases: Databases,
    engine: str,
    scenario: str,
    summary: Callable[[str], None],
    full: bool,
) -> None:
    there = sweep.points(nursery, databases, scenario)
    ended = sweep.crash_at(
        nursery, databases, scenario, there if full else sweep.some(there, BY_LOT, f"{SEED} {engine}")
    )
    if full:
        summary(sweep.in_words(engine, scenario, ended))
    assert {one.point: one.violations for one in ended if one.violations} == {}
    # No story goes the same way twice, as two updates of a card may become one: a few points are not reached.
    assert sum(not one.killed for one in ended) <= 2 + len(ended) // 20
    assert not any(one.repeated > 1 for one in ended)


@pytest.mark.parametrize("scenario", PLAIN)
def test_a_crash_loses_nothing_and_buys_nothing_twice(
    nursery: Nursery,
    databases: Databases,
    engine: str,
    scenario: str,
    summary: Callable[[str], None],
    is_full: bool,
) -> None:
    crash(nursery, databases, engine, scenario, summary, is_full)


@pytest.mark.sweep
@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name not in PLAIN])
def test_a_crash_while_an_order_is_unclear_loses_nothing_and_buys_nothing_twice(
    nursery: Nursery, databases: Databases, engine: str, scenario: str, summary: Callable[[str], None]
) -> None:
    crash(nursery, databases, engine, scenario, summary, True)

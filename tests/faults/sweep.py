"""Crash at every point there is, one story each, several at a time."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

from tests.faults.nursery import Nursery
from tests.faults.stage import Ended, rehearse, tell

AT_ONCE = 4
"""Stories told at the same time: each of them waits more than it computes."""
ALWAYS = ("asked-first:1", "before-placing:1", "after-placing:1", "committed:1")
"""Where a crash could cost the most; also a quick run crashes there."""


def points(
    nursery: Nursery, databases: Callable[[Path], AbstractContextManager[str]], scenario: str
) -> list[str]:
    """Every point that a story passes."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        with databases(folder) as url:
            return rehearse(nursery, url, folder, scenario)


def some(found: Sequence[str], count: int, seed: str) -> list[str]:
    """The points of a quick run: those that must not be left out, and a few by lot."""
    rest = [point for point in found if point not in ALWAYS]
    return [*(point for point in found if point in ALWAYS), *random.Random(seed).sample(rest, count)]


def crash_at(
    nursery: Nursery,
    databases: Callable[[Path], AbstractContextManager[str]],
    scenario: str,
    where: Sequence[str],
) -> list[Ended]:
    """Tell the story once for each point, with a crash there."""

    def one(point: str) -> Ended:
        with tempfile.TemporaryDirectory(prefix="faults-") as name:
            folder = Path(name)
            with databases(folder) as url:
                return tell(nursery, url, folder, point, scenario)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, where))


def in_words(engine: str, scenario: str, ended: Sequence[Ended]) -> str:
    """One line for people."""
    missed = [one.point.partition("/")[2] for one in ended if not one.killed]
    slowest = max(one.seconds for one in ended)
    said = Counter(
        {
            "points": len(ended),
            "SIGKILLs": sum(one.killed for one in ended),
            "stories with violations": sum(bool(one.violations) for one in ended),
            "messages posted twice": sum(one.repeated for one in ended),
        }
    )
    numbers = ", ".join(f"{count} {what}" for what, count in said.items())
    return f"{engine}, {scenario}: {numbers}, slowest {slowest:.1f} s" + (
        f", not reached: {missed}" if missed else ""
    )

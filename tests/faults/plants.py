"""Bugs to plant into a bot process, so that it is known what the checks of the fault tests would catch."""

from __future__ import annotations

from collections.abc import Callable

PLANTS: dict[str, Callable[[], None]] = {}


def plant(name: str) -> None:
    """Put one into this process."""
    PLANTS[name]()

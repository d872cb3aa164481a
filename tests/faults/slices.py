"""Which cases a quick run takes of many; `make faults` takes all of them."""

from __future__ import annotations

from typing import Any

import pytest


def sliced(*values: Any, short: tuple[Any, ...] = ()) -> list[Any]:
    """Parameters of which a quick run takes only the `short` ones, or the first."""
    quick = short or values[:1]
    return [value if value in quick else pytest.param(value, marks=pytest.mark.sweep) for value in values]

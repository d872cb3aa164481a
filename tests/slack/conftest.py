"""A bot in a local world, fresh for each test."""

from collections.abc import Iterator

import pytest

from tests.harness import Here, HereAzure


@pytest.fixture
def here(sqlite_url: str) -> Iterator[Here]:
    """The bot over SQLite."""
    with Here(sqlite_url) as here:
        yield here
        assert here.slack.violations == []
        assert here.aws.unexpected == []


@pytest.fixture
def azure(sqlite_url: str) -> Iterator[HereAzure]:
    """The bot over SQLite, with Azure."""
    with HereAzure(sqlite_url) as here:
        yield here
        assert here.slack.violations == []
        assert here.arm.unexpected == []

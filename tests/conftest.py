"""Databases for the tests: both engines, real ones, a fresh database for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import database, server


def pytest_addoption(parser: pytest.Parser) -> None:
    """Here and not in `faults`, so that it is known whichever tests are asked for."""
    parser.addoption(
        "--full-sweep", action="store_true", help="crash at every point there is, not at a few of them"
    )
    parser.addoption("--screenshots", metavar="FOLDER", help="keep what the browser tests see as pictures")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL that runs as long as the tests do; started at first use."""
    with server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database on PostgreSQL."""
    with database(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite database that doesn't exist yet."""
    return f"sqlite:///{tmp_path}/orders.db"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database; a test that asks for it runs on both engines."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url

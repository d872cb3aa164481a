"""What the fault tests share: processes that start at once, many databases, and the sweep's own summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.faults.nursery import Nursery
from tests.postgres import database

Databases = Callable[[Path], AbstractContextManager[str]]
"""Makes an empty database with a folder of its own, and gives its URL."""

LINES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sweep: only with --full-sweep")
    config.stash[LINES] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full-sweep"):
        return
    left_out = [item for item in items if item.get_closest_marker("sweep")]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[LINES]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where bot processes come from."""
    with Nursery() as nursery:
        yield nursery


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def databases(engine: str, request: pytest.FixtureRequest) -> Databases:
    """As many databases of one engine as a test wants."""
    if engine == "postgres":
        server: str = request.getfixturevalue("postgres_server")
        return lambda _: database(server)

    @contextmanager
    def file(folder: Path) -> Iterator[str]:
        yield f"sqlite:///{folder}/orders.db"

    return file


@pytest.fixture
def is_full(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--full-sweep"))


@pytest.fixture
def summary(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Says something at the end of the whole run."""
    return pytestconfig.stash[LINES].append

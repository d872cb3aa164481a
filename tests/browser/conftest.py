"""A browser, and a world to look at with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from bot.demo.play import watched
from bot.demo.world import Bot
from bot.store import Store
from tests.browser.visitor import Visit

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# As root there is no sandbox; the others keep it from asking the network for anything.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = (
    "no browser found: install Chromium (Debian: `apt-get install chromium`; elsewhere "
    "`.venv/bin/python -m playwright install chromium`) to have the page tested in one"
)
QUICK = {"POLL_INTERVAL": "0.3", "RECONCILE_FOR": "1", "PLACE_TIMEOUT": "2", "LOG_LEVEL": "error"}


def found(own: str) -> str | None:
    """The path of a Chromium; `own` is where Playwright has put one, if it has."""
    there = next(filter(None, map(shutil.which, NAMES)), None)
    return there or (own if Path(own).exists() else None)


# Not of the session: while it lives, nothing else in this process can use asyncio.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a window; skips where there is none, unless BROWSER_TESTS is `required`."""
    with sync_playwright() as playwright:
        path = found(playwright.chromium.executable_path)
        if path is None and os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(MISSING)
        if path is None:
            pytest.skip(MISSING)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def _has_read(bot: Bot, clouds: int) -> bool:
    """Whether the bot knows what can be ordered in so many clouds."""
    store = Store.open(bot.environment["DATABASE_URL"])
    try:
        return len(store.kept("catalogue/")) == clouds
    finally:
        store.close()


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A new visitor at the page of a new world, in which time stands still."""
    folder = request.config.getoption("--screenshots")
    with watched(**QUICK) as (page, bot):
        page.slack.wait(partial(_has_read, bot, clouds=2))
        visit = Visit(browser, page, Path(folder) if folder else None)
        yield visit
        visit.close()
        assert visit.complaints == []
        assert page.slack.violations == []
        assert all(cloud.unexpected == [] for cloud in page.world.clouds)

"""Forms whose cloud is slow, down, or offers nothing: they open, say so, and fill by themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.slack import live
from tests.harness import APPROVALS, ORDERS, Here, submitted


class Early(Here):
    """A bot whose cloud has not answered yet."""

    def catalogue(self) -> None:
        """Nobody waits for it here."""


@pytest.fixture
def down(sqlite_url: str) -> Iterator[Here]:
    here = Early(sqlite_url)
    here.aws.faults.add("ListOutposts", "503_before", times=1000)
    with here:
        yield here
        assert here.slack.violations == []


def test_a_form_whose_cloud_is_down_says_so_and_fills_when_it_is_tried_again(down: Here) -> None:
    down.alice.command("/order aws", ORDERS)
    form = down.alice.wait_form()
    down.wait(lambda: "What can be ordered is not known" in form.plain)
    form.fill("Reason", "Typed while it was down")
    down.aws.faults.clear()
    form.press("Try again")
    down.wait(lambda: "not known" not in form.plain and "being asked" not in form.plain)
    assert form.value("Reason") == "Typed while it was down"
    assert form.suggest("Outpost")


def test_a_form_of_a_slow_cloud_opens_at_once_and_says_after_a_while_that_it_waits(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOADING", 1.0)
    here = Early(sqlite_url)
    here.aws.faults.add("ListOutposts", "slow", seconds=4.0)
    with here:
        here.alice.command("/order aws", ORDERS)
        form = here.alice.wait_form()
        assert "is being asked what can be ordered" in form.plain
        here.wait(lambda: "has not answered yet" in form.plain)
        here.wait(lambda: here.world.store.kept("catalogue/"))
        form.press("Try again")
        here.wait(lambda: "answered" not in form.plain and "being asked" not in form.plain)
        assert here.slack.violations == []


def test_a_form_that_is_sent_while_its_cloud_is_asked_is_filed_and_nobody_is_told_otherwise(
    sqlite_url: str,
) -> None:
    here = Early(sqlite_url)
    here.aws.faults.add("ListOutposts", "slow", seconds=2.0)
    with here:
        outpost = here.aws.outposts("eu-west-1")[0]
        line = f"outpost={outpost} item=OR-7QK2M5A payment=NO_UPFRONT term=ONE_YEAR reason=Now"
        here.alice.command(f"/order aws {line}", ORDERS)
        form = here.alice.wait_form()
        assert "is being asked what can be ordered" in form.plain
        assert submitted(form).closed
        here.heard(here.alice, "is filed")
        here.wait(lambda: here.world.store.kept("catalogue/"))
        here.wait(lambda: here.slack.messages(APPROVALS))
        assert "could not be opened" not in "".join(m.plain for m in here.slack.ephemerals(here.alice.id))

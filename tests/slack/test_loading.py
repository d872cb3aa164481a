"""Forms whose cloud is slow, down, or offers nothing: they open, say so, and fill by themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot import catalogue
from bot.compose import make_app
from bot.slack import loading
from bot.web import Web, in_threads
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


@pytest.fixture
def slow(sqlite_url: str) -> Iterator[Here]:
    here = Early(sqlite_url)
    here.aws.faults.add("ListOutposts", "slow", seconds=1.5)
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
    monkeypatch.setattr(loading, "PATIENCE", 1.0)
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


def test_what_is_typed_and_added_while_a_slow_cloud_is_asked_stays_when_the_form_fills(slow: Here) -> None:
    slow.alice.command("/order aws", ORDERS)
    form = slow.alice.wait_form()
    form.fill("Reason", "Typed while it was slow")
    form.press("Add another item")
    slow.wait(lambda: form.labels().count("Catalog item") == 2)
    assert "is being asked what can be ordered" in form.plain
    slow.wait(lambda: "being asked" not in form.plain)
    assert form.value("Reason") == "Typed while it was slow"
    assert form.labels().count("Catalog item") == 2
    assert form.suggest("Outpost")


def test_a_form_on_which_quote_is_chosen_while_a_slow_cloud_is_asked_fills_with_quotes(slow: Here) -> None:
    slow.alice.command("/order aws", ORDERS)
    form = slow.alice.wait_form()
    form.choose("Order by", "Quote")
    slow.wait(lambda: "Quote" in form.labels())
    assert "is being asked what can be ordered" in form.plain
    slow.wait(lambda: "being asked" not in form.plain)
    assert form.values()["Order by"] == "Quote"
    assert form.suggest("Quote")


def test_a_known_id_can_be_typed_while_the_cloud_is_down(down: Here) -> None:
    down.alice.command("/order aws", ORDERS)
    form = down.alice.wait_form()
    assert form.suggest("Outpost", "op-0123456789abcdef0") == ["op-0123456789abcdef0"]
    assert form.suggest("Catalog item", "or-abcdefg") == ["OR-ABCDEFG"]


def test_a_form_that_says_what_failed_fills_when_the_cloud_comes_back_by_itself(down: Here) -> None:
    down.alice.command("/order aws", ORDERS)
    form = down.alice.wait_form()
    down.wait(lambda: "What can be ordered is not known" in form.plain)
    down.aws.faults.clear()
    down.wait(lambda: "not known" not in form.plain and "being asked" not in form.plain)
    assert form.suggest("Outpost")


def test_a_form_that_another_process_has_opened_is_tried_again_here(down: Here) -> None:
    down.alice.command("/order aws", ORDERS)
    form = down.alice.wait_form()
    down.wait(lambda: "What can be ordered is not known" in form.plain)
    app, live = make_app(down.world)
    try:
        with in_threads(Web(down.world, app), "127.0.0.1", 0, 4) as port:
            down.slack.connect(f"http://127.0.0.1:{port}/slack/events")
            down.aws.faults.clear()
            form.press("Try again")
            down.wait(lambda: "not known" not in form.plain and "being asked" not in form.plain)
            form.press("Add another item")
            down.wait(lambda: form.labels().count("Catalog item") == 2)
    finally:
        live.close()


def test_forms_that_wait_keep_nobody_else_waiting(sqlite_url: str) -> None:
    here = Early(sqlite_url)
    here.aws.faults.add("ListOutposts", "slow", seconds=5.0)
    with here:
        for number in range(25):  # more than there are threads to talk to Slack
            here.alice.command("/order aws", ORDERS)
            here.wait(lambda number=number: len(opened(here)) == number + 1)  # type: ignore[misc]
        here.bob.command("/order aws", ORDERS)
        assert "is being asked" in here.bob.wait_form().plain


def opened(here: Here) -> list[object]:
    return [call for call in here.slack.calls if call.method == "views.open"]


def test_an_old_catalogue_is_used_and_says_since_when_it_is(here: Here) -> None:
    old = here.world.now() - timedelta(hours=2)
    [(key, (body, _))] = here.world.store.kept("catalogue/aws/").items()
    here.aws.faults.add("ListOutposts", "503_before", times=1000)
    here.world.store.keep(key, body, old)
    catalogue.ask_again(here.world, "aws")
    here.wait(lambda: here.world.store.under_way(key, here.world.now())[key].failed)
    here.alice.command("/order aws", ORDERS)
    form = here.alice.wait_form()
    here.wait(lambda: "This is what AWS offered at" in form.plain)
    assert form.suggest("Outpost")
    here.aws.faults.clear()
    form.press("Try again")
    here.wait(lambda: "This is what AWS offered" not in form.plain and "being asked" not in form.plain)


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


def test_among_five_thousand_outposts_the_one_that_is_typed_is_found_in_time(here: Here) -> None:
    many = [[f"eu-west-1/op-{number:017x}", f"depot {number}", ""] for number in range(5000)]
    [key] = here.world.store.kept("catalogue/aws/")
    here.worker.stop()  # which would read the catalogue again
    here.world.store.keep(key, {"choices": {"outpost": many}}, here.world.now())
    here.alice.command("/order aws", ORDERS)
    form = here.alice.wait_form()
    begun = time.monotonic()
    assert len(form.suggest("Outpost")) == 100
    assert form.suggest("Outpost", "depot 4999") == ["depot 4999"]
    assert time.monotonic() - begun < 2, "Slack waits for three seconds, for each"


@pytest.mark.parametrize("kind", ["503", "drop_before", "429"])
def test_an_update_that_slack_does_not_answer_is_sent_again(sqlite_url: str, kind: str) -> None:
    here = Early(sqlite_url)
    here.aws.faults.add("ListOutposts", "slow", seconds=1.0)
    with here:
        here.alice.command("/order aws", ORDERS)
        form = here.alice.wait_form()
        here.slack.faults.add("views.update", kind, seconds=1)
        here.wait(lambda: here.world.store.kept("catalogue/"))
        here.wait(lambda: "being asked" not in form.plain)
        assert here.slack.faults.pending == 0
        assert here.slack.violations == []


class EarlyOfBoth(Early):
    clouds = ("aws", "azure")


def test_a_form_that_was_chosen_among_clouds_keeps_its_fields_when_it_fills(sqlite_url: str) -> None:
    here = EarlyOfBoth(sqlite_url)
    here.aws.faults.add("ListOutposts", "slow", seconds=1.5)
    with here:
        here.alice.command("/order", ORDERS)
        form = here.alice.wait_form()
        form.press("AWS Outposts")
        here.wait(lambda: "is being asked what can be ordered" in form.plain)
        labels = form.labels()
        assert "Order by" in labels
        here.wait(lambda: "being asked" not in form.plain)
        assert form.labels() == labels
        assert here.slack.violations == []

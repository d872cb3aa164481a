"""App Home: what waits for me, what is mine, what is on its way; and its buttons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.core.order import State
from bot.demo.slack import Person
from tests.harness import APPROVALS, Here, order_id


class Homes(Here):
    """A bot, and the homes of its people."""

    def open(self, person: Person) -> None:
        assert person.open_home().status == 200
        self.wait(person.home)

    def shows(self, person: Person, *words: str) -> str:
        """Wait until somebody's home says all of this."""

        def plain() -> str:
            home = person.home()
            return home.plain if home else ""

        self.wait(lambda: all(one in plain() for one in words))
        return plain()


@pytest.fixture
def here(sqlite_url: str) -> Iterator[Homes]:
    with Homes(sqlite_url) as here:
        yield here
        assert here.slack.violations == []


def part(plain: str, title: str) -> str:
    """One section of a home."""
    titles = ("Waiting for me", "Mine", "On the way")
    after = plain[plain.index(title) + len(title) :]
    ends = [after.index(one) for one in titles if one in after]
    return after[: min(ends)] if ends else after


def test_a_home_says_what_there_is_and_what_not(here: Homes) -> None:
    here.open(here.bob)
    said = here.shows(here.bob, "Waiting for me", "Mine", "On the way")
    assert "Nothing waits for you." in said
    request = here.ask()
    said = here.shows(here.bob, "Waiting for me (1)", order_id(request))
    assert "New depot" in part(said, "Waiting for me")
    here.open(here.alice)
    said = here.shows(here.alice, "Mine (1)", order_id(request))
    assert "Nothing waits for you." in said
    assert "[Withdraw]" in part(said, "Mine")
    here.open(here.mallory)
    assert order_id(request) not in here.shows(here.mallory, "Nothing waits for you.")


def test_all_copies_agree_after_a_click_in_one_home(here: Homes) -> None:
    request = here.ask()
    for person in (here.bob, here.carol, here.alice):
        here.open(person)
        here.shows(person, order_id(request))
    home = here.bob.home()
    assert home
    home.press("Approve")
    here.wait(lambda: here.order(request).state is State.PLACED)
    for person in (here.bob, here.carol):
        here.shows(person, "Nothing waits for you.", "On the way (1)")
    here.shows(here.alice, "placed")
    here.wait(lambda: "Approved by @bob" in here.slack.messages(APPROVALS)[0].plain)
    here.wait(lambda: any("You approved" in one.plain for one in here.slack.direct("U0BOB")))


def test_rejecting_in_a_home_asks_why_and_tells(here: Homes) -> None:
    request = here.ask()
    here.open(here.bob)
    here.shows(here.bob, order_id(request))
    home = here.bob.home()
    assert home
    home.press("Reject")
    dialog = here.bob.wait_form()
    dialog.fill("Reason", "There is room in Hamburg")
    assert dialog.submit().closed
    here.shows(here.bob, "Nothing waits for you.")
    assert here.order(request).state is State.REJECTED


def test_withdrawing_and_details_work_in_a_home(here: Homes) -> None:
    request = here.ask(reason="Because <!channel> & more")
    here.open(here.alice)
    here.shows(here.alice, order_id(request))
    home = here.alice.home()
    assert home
    home.press("Details")
    details = here.alice.wait_form()
    assert "Because <!channel> & more" in details.plain
    assert "Approval: any one of @bob, @finance" in details.plain
    details.close()
    home.press("Withdraw")
    here.shows(here.alice, "withdrawn")


def test_a_new_order_begins_in_a_home(here: Homes) -> None:
    here.open(here.alice)
    home = here.alice.home()
    assert home
    home.press("New order")
    assert "Outpost" in here.alice.wait_form().labels()


def test_each_section_is_turned_by_itself(here: Homes) -> None:
    for number in range(7):
        here.ask(reason=f"number {number}")
    here.open(here.bob)
    said = here.shows(here.bob, "Waiting for me (7)", "number 0", "number 4")
    assert "number 5" not in said
    home = here.bob.home()
    assert home
    home.press("Next", value="waiting 2")
    said = here.shows(here.bob, "number 5", "number 6")
    assert "number 4" not in said
    assert "[Previous]" in said
    assert "[Next]" not in said
    here.open(here.bob)
    here.shows(here.bob, "number 0")

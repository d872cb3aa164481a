"""Approval as a company has it: steps, several people, stand-ins, reminders by day, emergencies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.follow import Job, Work
from bot.core.messages import asking
from bot.core.order import State
from bot.core.policy import ApprovalStep, BreakGlass, Policy, Quiet, Rule, Times, When
from bot.demo.slack import Message, Person
from bot.policy_file import Rules
from bot.spine import World
from tests.harness import APPROVALS, ORDERS, Here, order_id, submitted, text

DAY = timedelta(days=1)
STEPS = (ApprovalStep("Manager", ("U0BOB", "U0DAN")), ApprovalStep("Finance", ("S0FINANCE",), 2))
POLICY = Policy(
    STEPS,
    times=Times(remind=DAY, escalate=2 * DAY, escalate_to=("U0OPAL",), expire=7 * DAY),
    break_glass=BreakGlass(("U0OPAL", "U0DAN"), 2),
    hash="ab" * 32,
    source="policy.toml",
)


class Held(Rules):
    """A policy that a test can put another in the place of."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self.held = policy

    @property
    def current(self) -> Policy:
        return self.held


class Company(Here):
    """A bot with a policy, and a clock that can be moved."""

    policy = POLICY
    ahead = timedelta()

    def furnished(self, world: World) -> World:
        self.slack.add_group("S0FINANCE", "finance", ["U0CAROL", "U0FAY", "U0GUS"])
        for id, name in (("U0DAN", "dan"), ("U0FAY", "fay"), ("U0GUS", "gus")):
            self.slack.add_person(id, name)
        self.rules = Held(self.policy)
        return replace(world, rules=self.rules, now=lambda: datetime.now(UTC) + self.ahead)

    def judge_by(self, policy: Policy) -> None:
        """As after a new policy was read."""
        self.rules.held = policy
        self.world.store.enqueue([Work("policy", Job.POLICY)], self.world.now())

    def at(self, hour: int, days: int = 0, zone: str = "Europe/Berlin") -> None:
        """Move the clock to an hour of a day by a clock in a zone; days count from tomorrow."""
        today = datetime.now(ZoneInfo(zone)).date() + timedelta(days=days + 1)
        self.ahead = datetime.combine(today, time(hour), ZoneInfo(zone)) - datetime.now(UTC)

    def who(self, name: str) -> Person:
        return self.slack.person(f"U0{name.upper()}")

    def request(self) -> Message:
        """The request as it stands in the approvals channel now."""
        return self.slack.messages(APPROVALS)[-1]

    def shows(self, *words: str) -> Message:
        """Wait until the request in the approvals channel says all of this."""
        self.wait(lambda: self.slack.messages(APPROVALS))
        self.wait(lambda: all(one in self.request().plain for one in words))
        return self.request()

    def long_ago(self) -> None:
        """Let it be long ago that Slack was asked who is in which group."""
        for key, (people, at) in self.world.store.kept("group/").items():
            self.world.store.keep(key, people, at - DAY)

    def replies(self) -> str:
        return "\n".join(one.plain for one in self.slack.thread(APPROVALS, self.request().ts))

    def copies(self, name: str) -> list[Message]:
        """What somebody has in their direct messages that they can decide by."""
        return [one for one in self.slack.direct(f"U0{name.upper()}") if "needs approval" in one.plain]


@pytest.fixture
def here(sqlite_url: str) -> Iterator[Company]:
    with Company(sqlite_url) as here:
        yield here
        assert here.slack.violations == []


def test_nothing_is_sent_before_every_step_has_all_its_people(here: Company) -> None:
    request = here.ask()
    here.shows("Manager: any one of @bob, @dan", "Finance: then any 2")
    here.who("carol").click(request, "Approve")
    assert "not your turn" in here.heard(here.carol, "your turn").plain
    here.bob.click(request, "Approve")
    here.shows("Manager: @bob", "Finance: any 2 of @finance")
    here.wait(lambda: "next: Finance, any 2 of @finance" in here.replies())
    here.carol.click(request, "Approve")
    here.shows("Finance: @carol; any one of @finance")
    here.carol.click(request, "Approve")
    here.heard(here.carol, "each person counts once")
    assert here.accepted == 0
    here.who("fay").click(request, "Approve")
    here.wait(lambda: here.order(request).state is State.PLACED)
    here.shows("Approved by @bob, @carol, @fay")
    said = [one["verb"] for one in here.world.store.events(order_id(request))]
    assert said[:4] == ["Filed", "Approved", "Approved", "Approved"]
    assert here.accepted == 1


def test_the_audit_log_tells_by_which_policy_each_decision_was_judged(here: Company) -> None:
    request = here.ask()
    here.bob.click(request, "Approve")
    here.shows("Manager: @bob")
    [filed, approved] = here.world.store.events(order_id(request))
    assert f'"policy":"{POLICY.hash}"' in filed["body"]
    assert '"step":"Manager"' in approved["body"]
    assert '"Finance: 2 of S0FINANCE"' in approved["body"]


def test_one_rejection_ends_it_and_its_reason_is_told(here: Company) -> None:
    request = here.ask()
    here.bob.click(request, "Approve")
    here.shows("Manager: @bob")
    here.carol.command(f"/order reject {order_id(request)} there is room in Hamburg", ORDERS)
    here.shows("Rejected by @carol", "there is room in Hamburg")
    assert here.order(request).state is State.REJECTED
    here.heard(here.alice, "there is room in Hamburg")
    assert here.request().buttons == []


def test_before_it_is_filed_people_hear_who_is_asked_and_what_is_risky(here: Company) -> None:
    here.judge_by(replace(POLICY, warnings=(Rule(When(payment=("NO_UPFRONT",)), "Paid in rates."),)))
    said = here.alice.command(here.line(), ORDERS).body
    assert isinstance(said, dict)
    plain = str(said["blocks"])
    assert "Manager: any one of" in plain
    assert "then Finance: 2 of" in plain
    assert "Paid in rates." in plain
    here.shows("Paid in rates.")


def test_what_the_policy_denies_is_not_filed_and_its_words_say_why(here: Company) -> None:
    said = "Five-year terms go through procurement."
    here.judge_by(replace(POLICY, denials=(Rule(When(cloud=("aws",), term=("five_years",)), said),)))
    assert said in text(here.alice.command(here.line(), ORDERS))
    assert here.world.store.listing(State) == []


def test_who_may_not_ask_is_told_so_also_when_their_group_has_to_be_read_first(here: Company) -> None:
    here.judge_by(replace(POLICY, requesters=("S0FINANCE",)))
    here.wait(lambda: here.world.store.groups())
    assert "not among those who may ask" in text(here.alice.command(here.line(), ORDERS))
    here.long_ago()
    here.carol.command(here.line(), ORDERS)
    here.wait(lambda: [one for one in here.world.store.listing(State) if one.state is State.WAITING])
    here.long_ago()
    here.alice.command(here.line(), ORDERS)
    here.heard(here.alice, "not among those who may ask")


def test_a_request_that_too_few_could_approve_is_not_filed(here: Company) -> None:
    here.judge_by(replace(POLICY, steps=(ApprovalStep("Board", ("U0BOB", "U0ALICE"), 2),)))
    assert "nobody could approve it" in text(here.alice.command(here.line(), ORDERS))


def test_a_form_that_the_policy_refuses_stays_with_all_that_was_typed(here: Company) -> None:
    here.judge_by(replace(POLICY, steps=(ApprovalStep("Board", ("U0BOB", "U0ALICE"), 2),)))
    here.alice.command(here.line().replace(" --yes", ""), ORDERS)
    form = here.alice.wait_form()
    assert "nobody could approve it" in form.plain
    result = form.submit()
    assert not result.closed
    assert list(result.errors.values()) == [asking.CANNOT_BE_ASKED]
    assert form.value("Reason") == "New depot"
    assert here.world.store.listing(State) == []
    here.judge_by(POLICY)
    assert submitted(form).closed
    here.wait(lambda: here.world.store.listing(State))


def test_somebody_who_stands_in_is_asked_and_both_names_are_kept(here: Company) -> None:
    said = text(here.bob.command("/order delegate @mallory until 2027-03-31", ORDERS))
    assert "may approve in your name until" in said
    here.heard(here.mallory, "asked you to approve in their name")
    request = here.ask()
    copy = here.wait(lambda: here.copies("stranger"))[0]
    here.mallory.click(copy, "Approve")
    here.shows("Manager: @mallory for @bob")
    [decision] = here.world.store.decisions(order_id(request))
    assert (decision.person, decision.owner) == ("U0STRANGER", "U0BOB")
    here.bob.click(request, "Approve")
    here.heard(here.bob, "somebody had it in your name")
    here.wait(lambda: "Manager: @mallory for @bob" in here.copies("stranger")[0].plain)
    here.bob.command("/order delegate off", ORDERS)
    here.heard(here.mallory, "do not stand in")


def test_the_glass_takes_two_and_the_operations_channel_hears_each(here: Company) -> None:
    request = here.ask()
    break_it = f"/order break-glass {order_id(request)} the line stands still"
    assert "may not break the glass" in text(here.bob.command(break_it, ORDERS))
    here.opal.command(break_it, ORDERS)
    here.shows("Break glass: @opal", "1 more of @opal, @dan")
    here.wait(lambda: "has broken the glass. Still needed" in here.operations())
    assert here.order(request).state is State.WAITING
    here.opal.command(break_it, ORDERS)
    assert here.accepted == 0
    here.who("dan").command(break_it, ORDERS)
    here.wait(lambda: here.order(request).state is State.PLACED)
    here.wait(lambda: "It is being placed" in here.operations())
    here.shows("glass broken")


def test_a_reminder_brings_the_request_to_those_who_can_decide_and_works_there(here: Company) -> None:
    request = here.ask()
    here.ahead = DAY + timedelta(minutes=1)
    for name in ("bob", "dan"):
        here.wait(lambda name=name: here.copies(name))
    assert here.copies("carol") == []
    assert here.copies("alice") == []
    here.who("dan").click(here.copies("dan")[0], "Approve")
    for copy in ("bob", "dan"):
        here.wait(lambda copy=copy: "Manager: @dan" in here.copies(copy)[0].plain)
    here.shows("Manager: @dan")
    assert here.order(request).state is State.WAITING


def test_nobody_is_reminded_at_night_by_their_own_clock_nor_twice(here: Company) -> None:
    here.slack.add_person("U0DAN", "dan", tz="America/Los_Angeles")
    here.rules.held = replace(POLICY, times=replace(POLICY.times, quiet=Quiet(time(20), time(8))))
    here.at(12)
    request = here.ask()
    here.at(13, days=1)  # it is one in the afternoon in Berlin, and four in the morning in Los Angeles
    here.wait(lambda: here.copies("bob"))
    reminded = f"{order_id(request)}/nudge/1/Manager/Reminded"
    # Slack's clock does not jump along, so that nothing may be half sent when ours does.
    done = "select 1 from work where key = :key and done_at is not null"
    here.wait(lambda: here.world.store.engine.rows(done, key=f"{reminded}/U0BOB"))
    sleeping = "select due_at from work where key = :key and done_at is null and owner is null"
    morning = datetime.combine(
        here.world.now().astimezone(ZoneInfo("America/Los_Angeles")).date(),
        time(8),
        ZoneInfo("America/Los_Angeles"),
    )
    here.wait(
        lambda: any(
            abs(row["due_at"] - morning.timestamp() * 1000) < 2000
            for row in here.world.store.engine.rows(sleeping, key=f"{reminded}/U0DAN")
        )
    )
    assert here.copies("dan") == []
    here.at(18, days=1)
    here.wait(lambda: here.copies("dan"))
    assert len(here.copies("bob")) == 1


def test_when_nobody_decides_others_are_asked_too_and_at_last_it_expires(here: Company) -> None:
    request = here.ask()
    here.ahead = 2 * DAY + timedelta(minutes=1)
    here.wait(lambda: here.copies("opal"))
    here.wait(lambda: "@opal can decide now, too" in here.thread())
    here.shows("any one of @bob, @dan, @opal")
    here.ahead = 7 * DAY + timedelta(minutes=1)
    here.shows("Expired", "nobody decided in time")
    here.heard(here.alice, "nobody decided in time")
    here.bob.click(request, "Approve")
    here.heard(here.bob, "expired")
    assert here.accepted == 0
    here.wait(lambda: all("needs approval" not in one.plain for one in here.slack.direct("U0OPAL")[:1]))


def test_a_request_that_is_overdue_cannot_be_approved_although_no_clock_has_rung(here: Company) -> None:
    request = here.ask()
    here.worker.stop()
    here.ahead = 8 * DAY
    here.bob.click(request, "Approve")
    here.heard(here.bob, "expired")
    assert here.order(request).state is State.EXPIRED


def test_a_new_policy_is_applied_to_what_waits(here: Company) -> None:
    request = here.ask()
    here.bob.click(request, "Approve")
    here.shows("Manager: @bob")
    here.judge_by(replace(POLICY, hash="cd" * 32, steps=(STEPS[0], ApprovalStep("Security", ("U0GUS",)))))
    here.shows("Security: any one of @gus")
    here.wait(lambda: "next: Security" in here.replies())
    here.who("gus").click(request, "Approve")
    here.wait(lambda: here.order(request).state is State.PLACED)


def test_an_approver_who_has_left_is_reported_once(here: Company) -> None:
    here.wait(lambda: here.world.store.kept("person/U0OPAL"))  # the last to be looked at when it starts
    here.slack.add_person("U0DAN", "dan", deleted=True)
    for row in here.world.store.kept("person/"):
        here.world.store.keep(row, {"active": True, "zone": ""}, here.world.now() - 9 * DAY)
    here.world.store.enqueue([Work("groups", Job.GROUPS)], here.world.now())
    here.wait(lambda: "@dan (U0DAN) is named as approver" in here.operations())
    here.world.store.enqueue([Work("groups", Job.GROUPS)], here.world.now())
    here.slack.add_group("S0FINANCE", "finance", ["U0CAROL"])
    here.world.store.enqueue([Work("groups", Job.GROUPS)], here.world.now())
    here.wait(
        lambda: "Step Finance of the approval policy needs 2 and has only 1 person" in here.operations()
    )
    assert here.operations().count("is named as approver") == 1


def test_whoami_tells_each_step_and_who_stands_in(here: Company) -> None:
    here.bob.command("/order delegate @mallory until 2027-03-31", ORDERS)
    said = text(here.bob.command("/order whoami", ORDERS))
    assert "You may approve as Manager:* yes, policy.toml names you" in said
    assert "You may approve as Finance:* no" in said
    assert "In your name* <@U0STRANGER>" in said

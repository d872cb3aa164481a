"""What is risky about a request is said once, and who is asked is said in the order of the steps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.core.approval import Needed, Plan
from bot.core.messages import risks as say
from bot.core.messages.policy import who_is_asked
from bot.core.policy import Rule, When, built_in
from bot.core.policy.risks import banners
from bot.core.request import LineItem, Request
from tests.core import azure
from tests.core.test_order import REQUEST

POLICY = built_in(("U0BOB",))
AWS = replace(REQUEST, terms=replace(REQUEST.aws, payment="NO_UPFRONT", term="ONE_YEAR", items=()))


def _aws(**changed: object) -> Request:
    return replace(AWS, terms=replace(AWS.aws, **changed))


def test_an_ordinary_order_says_only_that_it_can_hardly_be_cancelled() -> None:
    assert banners(POLICY, AWS) == (say.AWS_CANCELLING,)


@pytest.mark.parametrize(
    ("request_", "banner"),
    [
        (_aws(payment="ALL_UPFRONT"), say.PAID_UP_FRONT),
        (_aws(term="FIVE_YEARS"), say.FIVE_YEARS),
        (_aws(items=(LineItem("OR-ABCDEFG", 6), LineItem("OR-HIJKLMN", 5))), "Quantity: 11 in one order."),
        (azure.REQUEST, say.AZURE_RENTAL),
        (azure.REQUEST, say.AZURE_CANCELLING),
        (replace(azure.REQUEST, terms=replace(azure.TERMS, order_type="Purchase")), say.AZURE_PURCHASE),
        (replace(azure.REQUEST, terms=replace(azure.TERMS, quantity=11)), "Quantity: 11 in one order."),
    ],
)
def test_what_is_known_to_be_risky_has_a_banner(request_: Request, banner: str) -> None:
    assert banner in banners(POLICY, request_)


def test_ten_are_not_many() -> None:
    ten = _aws(items=(LineItem("OR-ABCDEFG", 10),))
    assert banners(POLICY, ten) == (say.AWS_CANCELLING,)


def test_a_price_is_told_as_people_write_it() -> None:
    assert say.expensive(Decimal("312000.5")) == "Price: 312,000.50 USD in total."


def test_a_warning_of_the_file_comes_first_and_holds_also_for_what_is_not_known() -> None:
    rules = (
        Rule(When(total_usd_over=Decimal(5)), "Above five dollars."),
        Rule(When(cloud=("azure",)), "It is Azure."),
        Rule(When(cloud=("AWS",)), "It is AWS."),
    )
    assert banners(replace(POLICY, warnings=rules), AWS) == (
        "Above five dollars.",
        "It is AWS.",
        say.AWS_CANCELLING,
    )


def test_what_the_file_and_the_bot_both_say_is_said_once() -> None:
    twice = (Rule(When(), "Think twice."), Rule(When(cloud=("aws",)), "Think twice."))
    policy = replace(POLICY, warnings=(*twice, Rule(When(), say.AWS_CANCELLING)))
    assert banners(policy, AWS) == ("Think twice.", say.AWS_CANCELLING)


MANAGER = Needed("Manager", ("S0MANAGERS", "U0BOSS"))
FINANCE = Needed("Finance", ("S0FINANCE",), 2)


def test_who_is_asked_is_told_in_the_order_of_the_steps() -> None:
    assert who_is_asked(Plan((MANAGER, FINANCE)), "U0ALICE") == (
        "Manager: any one of <!subteam^S0MANAGERS>, <@U0BOSS>",
        "then Finance: 2 of <!subteam^S0FINANCE>",
    )


def test_a_requester_is_not_among_those_who_are_asked_unless_the_policy_lets_them() -> None:
    plan = Plan((MANAGER,))
    assert who_is_asked(plan, "U0BOSS") == ("Manager: any one of <!subteam^S0MANAGERS>",)
    assert "<@U0BOSS>" in who_is_asked(replace(plan, self_approval=True), "U0BOSS")[0]


def test_a_single_person_is_named_without_any_number() -> None:
    assert who_is_asked(Plan((Needed("Boss", ("U0BOSS",)),)), "U0ALICE") == ("Boss: <@U0BOSS>",)
    assert who_is_asked(Plan((Needed("", ("U0BOSS",)),)), "U0ALICE") == ("<@U0BOSS>",)


def test_a_step_that_names_only_the_requester_says_so() -> None:
    [line] = who_is_asked(Plan((Needed("Boss", ("U0BOSS",)),)), "U0BOSS")
    assert line == "Boss: nobody, for nobody but the requester is named"


def test_those_who_are_asked_because_nobody_decided_in_time_are_told_too() -> None:
    escalated = replace(FINANCE, escalated_to=("S0DIRECTORS",))
    [line] = who_is_asked(Plan((escalated,)), "U0ALICE")
    assert line == "Finance: 2 of <!subteam^S0FINANCE>, <!subteam^S0DIRECTORS>"


def test_the_name_of_a_step_pings_nobody() -> None:
    [line] = who_is_asked(Plan((Needed("<!channel>", ("U0BOSS",)),)), "U0ALICE")
    assert line.startswith("&lt;!channel&gt;: ")

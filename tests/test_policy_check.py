"""`policy check` explains a policy, and what one order needs, in words; or says all that is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings

from bot.core.messages.policy_explained import explain, explain_order
from bot.core.policy import Policy
from bot.errors import Misconfigured
from bot.policy_check import check
from tests.core import azure
from tests.core.policies import policies
from tests.core.test_order import REQUEST
from tests.core.test_policy_reading import GOOD

TODAY = date(2026, 11, 25)
AWS = "aws outpost=op-0123456789abcdef0 item=OR-ABCDEFG:2 payment=ALL_UPFRONT term=THREE_YEARS"
AZURE = "azure product=a/b/c configuration=edgep type=Rental location=eastus"


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "policy.toml"
    file.write_text(GOOD)
    return str(file)


def _explained(path: str, order: str | None = None, **environment: str) -> str:
    return "\n".join(check(environment, path, order, TODAY))


def _problems(path: str, order: str | None = None, **environment: str) -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as caught:
        check(environment, path, order, TODAY)
    return caught.value.problems


def test_a_policy_is_explained_from_the_asking_to_the_emergency(path: str) -> None:
    assert check({}, path, None, TODAY)[1:] == (
        "",
        "Who may ask",
        "  Everybody.",
        "",
        "Who has to agree, in this order; everybody counts once in an order",
        "  1. Manager: any one of S0MANAGERS, U0BOSS, always.",
        "  2. Finance: 2 different people of S0FINANCE, if the total is over 250,000 USD.",
        "  Nobody approves their own request, whatever names them.",
        "",
        "When nobody decides",
        "  After 1 day in a step, those who can decide are reminded once.",
        "  After 2 days in a step, S0DIRECTORS may decide in it, too.",
        "  After 7 days a request expires.",
        "  Nobody is reminded between 20:00 and 08:00 by their own clock, but after that.",
        "",
        "What is warned of, beside what the bot always warns of",
        "  If the payment option is ALL_UPFRONT: “Paid in full before delivery.”",
        "",
        "What is refused",
        "  If the cloud is AWS, and the payment term is FIVE_YEARS: "
        "“Five-year terms go through procurement.”",
        "",
        "In an emergency",
        "  2 different people of S0ONCALL may do without the steps (break glass).",
        "",
        "What is not known of an order counts as met in every condition.",
    )


def test_the_file_is_that_of_the_environment_if_none_is_named(path: str) -> None:
    assert _explained("", POLICY_FILE=path) == _explained(path)


def test_without_a_file_the_policy_of_the_approvers_is_explained() -> None:
    said = _explained("", APPROVERS="U0BOSS,S0MANAGERS")
    assert said.startswith("APPROVERS says")
    assert "1. Approval: any one of U0BOSS, S0MANAGERS, always." in said
    assert "nobody is named, so that every request is refused." in _explained("")
    [problem] = _problems("", APPROVERS="@anna")
    assert problem.startswith("APPROVERS is wrong")


def test_an_order_is_told_its_steps_its_warnings_and_what_is_not_known(path: str) -> None:
    assert check({}, path, f"/order {AWS}", TODAY) == (
        "The order: 2 × OR-ABCDEFG on op-0123456789abcdef0",
        "",
        "Who has to agree, in this order",
        "  1. Manager: any one of S0MANAGERS, U0BOSS.",
        "  2. Finance: 2 different people of S0FINANCE, because the total is over 250,000 USD (not known).",
        "",
        "What is warned of",
        "  Paid in full before delivery.",
        "  Payment: all of it is paid up front.",
        "  Cancelling: once it is placed, AWS may not let it be cancelled.",
        "",
        "Not known here, and so counted as met",
        "  The total, which only a quote tells.",
    )


def test_an_order_that_is_refused_is_told_why(path: str) -> None:
    said = _explained(path, AWS.replace("THREE", "FIVE"))
    assert "It is refused\n  “Five-year terms go through procurement.”\n" in said
    assert "Otherwise these have to agree" in said


def test_an_order_that_may_be_refused_is_told_on_what_that_hangs(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(GOOD + '[[deny]]\nwhen = { country = "FR" }\nsay = "Not to France."')
    said = _explained(str(file), AZURE)
    assert "“Not to France.” Unless it turns out not to be so: it goes to FR." in said
    assert "The country, which the cloud tells of the place when it is asked." in said


def test_an_order_that_no_step_is_for_is_told_so_and_who_is_not_asked(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[[step]]\nname = "Azure"\napprovers = ["U0B"]\nwhen = { cloud = "azure" }')
    assert "No step is for this order: nobody could approve it." in _explained(str(file), AWS)
    assert "Azure: any one of U0B, if the cloud is Azure." in _explained(str(file), AWS)
    assert "An order for which none of these holds is refused" in _explained(str(file))


def test_what_settings_say_of_every_order_is_known_here_too(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[[step]]\nname = "One"\napprovers = ["U0B"]\nwhen = { region = "eu-west-1" }')
    assert "The Region, which the cloud tells" in _explained(str(file), AWS)
    assert "Not known" not in _explained(str(file), AWS, AWS_REGIONS="eu-west-1")
    short = AZURE.replace(" location=eastus", "")
    assert "location is missing" in _problems(str(file), short)[0]
    assert "edgep" in _explained(str(file), short, AZURE_LOCATION="eastus")


def test_every_mistake_in_an_order_is_told_in_words(path: str) -> None:
    assert _problems(path, "aws outpst=op-0123456789abcdef0 item=OR-ABC payment=all") == (
        '"outpst": expected one of outpost, item, quote, option, payment, term, region, reason, cost_center, '
        "needed_by, channel. Did you mean outpost?",
        'item: "OR-ABC": expected a catalog item such as OR-ABCDEFG, or OR-ABCDEFG:2 for two of it.',
        'payment: "all": expected ALL_UPFRONT, PARTIAL_UPFRONT or NO_UPFRONT. Did you mean ALL_UPFRONT?',
    )
    missing = _problems(path, "aws")
    assert [said.partition(" ")[0] for said in missing] == ["outpost", "item", "payment", "term"]
    for other in ("", "/order", "status ORD-7F3K2M", "help"):
        assert _problems(path, other)[0].startswith("--order takes what /order takes for an order")


@settings(max_examples=60, deadline=None)
@given(policies())
def test_every_policy_can_be_explained_in_single_lines(policy: Policy) -> None:
    lines = (*explain(policy), *explain_order(policy, REQUEST), *explain_order(policy, azure.REQUEST))
    assert all("\n" not in line for line in lines)
    assert sum(f". {step.name}: " in line for step in policy.steps for line in explain(policy)) >= len(
        policy.steps
    )


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **environment}
    command = [sys.executable, "-m", "bot", "policy", "check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=bare)


def test_the_command_exits_with_1_and_every_problem_or_explains(path: str) -> None:
    well = _run(path, "--order", AWS)
    assert (well.returncode, well.stderr) == (0, "")
    assert "1. Manager: any one of S0MANAGERS, U0BOSS." in well.stdout
    Path(path).write_text(GOOD.replace("remind", "remid").replace("S0FINANCE", "@finance"))
    wrong = _run(POLICY_FILE=path)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    first, second = wrong.stderr.splitlines()
    assert first == "policy.toml line 5: remid: there is no such key in [times]. Did you mean remind?"
    assert second.startswith('policy.toml line 17: approvers: "@finance" is no Slack user')

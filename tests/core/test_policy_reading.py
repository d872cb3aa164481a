"""The policy file is read as a whole: it is a policy, or every problem is told with its line."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.policy import ApprovalStep, BreakGlass, Policy, Quiet, Rule, Times, When
from bot.core.policy.reading import KEYS, MOST_PEOPLE, Problem, read
from tests.core.policies import policies, written

GOOD = """\
self_approval = false
[requesters]
allow = ["*"]
[times]
remind = "24h"
escalate = "48h"
escalate_to = ["S0DIRECTORS"]
expire = "7d"
quiet = "20:00-08:00"
[[step]]
name = "Manager"
approvers = ["S0MANAGERS", "U0BOSS"]
needs = 1
[[step]]
name = "Finance"
when = { total_usd_over = 250000 }
approvers = ["S0FINANCE"]
needs = 2
[[warn]]
when = { payment = "ALL_UPFRONT" }
say = "Paid in full before delivery."
[[deny]]
when = { cloud = "aws", term = "FIVE_YEARS" }
say = "Five-year terms go through procurement."
[break_glass]
who = ["S0ONCALL"]
needs = 2
"""
STEP = '[[step]]\nname = "One"\napprovers = ["U0BOSS"]\n'


def _problems(text: str) -> tuple[Problem, ...]:
    found = read(text, "policy.toml")
    assert not isinstance(found, Policy), found
    return found


def _policy(text: str) -> Policy:
    found = read(text, "policy.toml")
    assert isinstance(found, Policy), found
    return found


def test_the_file_of_the_manual_says_this_policy() -> None:
    assert _policy(GOOD) == Policy(
        steps=(
            ApprovalStep("Manager", ("S0MANAGERS", "U0BOSS"), 1),
            ApprovalStep("Finance", ("S0FINANCE",), 2, When(total_usd_over=Decimal(250000))),
        ),
        requesters=("*",),
        self_approval=False,
        times=Times(
            timedelta(days=1),
            timedelta(days=2),
            ("S0DIRECTORS",),
            timedelta(days=7),
            Quiet(time(20), time(8)),
        ),
        warnings=(Rule(When(payment=("ALL_UPFRONT",)), "Paid in full before delivery."),),
        denials=(
            Rule(When(cloud=("aws",), term=("FIVE_YEARS",)), "Five-year terms go through procurement."),
        ),
        break_glass=BreakGlass(("S0ONCALL",), 2),
        hash=hashlib.sha256(GOOD.encode()).hexdigest(),
        source="policy.toml",
    )


def test_the_shortest_file_is_one_step_and_everybody_may_ask() -> None:
    policy = _policy(STEP)
    assert policy.steps == (ApprovalStep("One", ("U0BOSS",)),)
    assert (policy.requesters, policy.self_approval, policy.times) == (("*",), False, Times())
    assert (policy.warnings, policy.denials, policy.break_glass) == ((), (), None)


def test_a_file_that_was_saved_on_windows_reads_the_same() -> None:
    assert replace(_policy(GOOD.replace("\n", "\r\n")), hash="") == replace(_policy(GOOD), hash="")


def test_two_people_break_the_glass_unless_the_file_says_otherwise() -> None:
    assert _policy(f'{STEP}[break_glass]\nwho = ["S0ONCALL"]').break_glass == BreakGlass(("S0ONCALL",), 2)
    alone = _policy(f'{STEP}[break_glass]\nwho = ["U0BOSS"]\nneeds = 1').break_glass
    assert alone == BreakGlass(("U0BOSS",), 1)


def test_words_of_conditions_are_read_in_any_case_and_alone_or_as_a_list() -> None:
    when = (
        'when = { cloud = "AWS", region = ["EU-West-1"], country = "de", payment = "all_upfront",'
        ' term = "One_Year", item = "or-abcdefg", cost_center = " CC  1 " }'
    )
    assert _policy(STEP + when).steps[0].when == When(
        cloud=("aws",),
        region=("eu-west-1",),
        country=("DE",),
        payment=("ALL_UPFRONT",),
        term=("ONE_YEAR",),
        item=("OR-ABCDEFG",),
        cost_center=("CC 1",),
    )
    when = 'when = { location = "East US", order_type = ["rental", "PURCHASE"], item = "edgep_high" }'
    assert _policy(STEP + when).steps[0].when == When(
        location=("eastus",), order_type=("Rental", "Purchase"), item=("edgep_high",)
    )


# Each line stands at the end of a good file; what is said of it names the line and helps.
WRONG = [
    # keys and tables
    (
        '[[steps]]\nname = "Two"\napprovers = ["U0B"]',
        4,
        "steps: there is no such table. Did you mean [[step]]?",
    ),
    ('[breakglass]\nwho = ["S0X"]', 4, "breakglass: there is no such table. Did you mean [break_glass]?"),
    ("[zebra]\nx = 1", 4, "zebra: there is no such table. There are requesters, times, step, warn, deny"),
    ('[times]\nexpires = "3d"', 5, "expires: there is no such key in [times]. Did you mean expire?"),
    ("[times]\nself_approval = true", 5, "does not belong in [times], but at the top of the file"),
    (
        '[requesters]\nallow = ["*"]\nxyz = 1',
        6,
        "xyz: there is no such key in [requesters]. There are allow.",
    ),
    ("[requesters]", 4, "requesters: allow is missing: it should be a list of Slack user and user-group ids"),
    ('[deny]\nwhen = {cloud="aws"}\nsay="x"', 4, "deny: there may be several of these: write [[deny]]"),
    ('[[times]]\nremind = "1d"', 4, "times: there is only one of these: write [times], with one bracket"),
    ("[[step]]\nname = 'Two'", 4, "step: approvers is missing: it should be a list of Slack user"),
    ('[[step]]\napprovers = ["U0B"]', 4, "step: name is missing: it should be a short name in quotes"),
    (
        'when = { regions = "eu-west-1" }',
        4,
        "regions: there is no such key in a condition (when). Did you mean",
    ),
    # people
    ('[requesters]\nallow = "*"', 5, 'allow: "*" should be a list of Slack user and user-group ids'),
    ("[requesters]\nallow = []", 5, "allow: the list is empty, which names nobody"),
    ('[break_glass]\nwho = ["*"]', 5, 'who: "*" means everybody, and stands only in allow of [requesters]'),
    (
        '[break_glass]\nwho = [\n"@anna", "S0X"]',
        6,
        '"@anna" is no Slack user or user-group id, but a handle.',
    ),
    ('[break_glass]\nwho = ["a@b.c", "S0X"]', 5, '"a@b.c" is no Slack user or user-group id, but an e-mail'),
    ('[break_glass]\nwho = ["#ops", "S0X"]', 5, '"#ops" is no Slack user or user-group id, but a channel.'),
    ('[break_glass]\nwho = ["C0123", "S0X"]', 5, '"C0123" is no Slack user or user-group id, but a channel.'),
    (
        '[break_glass]\nwho = ["Anna", "S0X"]',
        5,
        '"Anna" is no Slack user or user-group id. In Slack: a person',
    ),
    (
        '[break_glass]\nwho = ["SALES", "S0X"]',
        5,
        '"SALES" is no Slack user or user-group id. In Slack: a person',
    ),
    ('[break_glass]\nwho = ["<@U0B>", "S0X"]', 5, 'but a mention. Did you mean "U0B"?'),
    ('[break_glass]\nwho = ["u0b", "S0X"]', 5, 'Did you mean "U0B"?'),
    ('[break_glass]\nwho = [4, "S0X"]', 5, "4"),
    ('[break_glass]\nwho = ["S0X",\n"U0B",\n"S0X"]', 7, 'who: "S0X" stands there twice.'),
    (
        '[break_glass]\nwho = ["U0B"]',
        4,
        "break_glass: 2 of them are needed (where needs is not said), but only",
    ),
    (
        '[break_glass]\nwho = ["U0B", "U0C"]\nneeds = 3',
        6,
        "needs: 3 of them are needed, but only 2 people are",
    ),
    ("needs = 2", 4, "needs: 2 of them are needed, but only one person is named: this could never be over."),
    # values
    ("needs = 0", 4, "needs: 0 should be a whole number, without quotes, from 1 to 20."),
    ("needs = true", 4, "needs: true should be a whole number"),
    ('needs = "1"', 4, 'needs: "1" should be a whole number, without quotes'),
    ("needs = 1.0", 4, "needs: 1.0 should be a whole number"),
    ("needs = 0x" + "F" * 6000, 4, "needs: a number should be a whole number"),
    (
        '[times]\nremind = "2 weeks"',
        5,
        'remind: "2 weeks" should be a time such as "90s", "15m", "24h" or "3d". ',
    ),
    ('[times]\nremind = "24 hours"', 5, 'Did you mean "24h"?'),
    (
        "[times]\nremind = 24",
        5,
        'remind: 24 should be a time such as "90s", "15m", "24h" or "3d". Did you mean',
    ),
    ('[times]\nexpire = "0d"', 5, "expire: it should be longer than nothing"),
    ('[times]\nexpire = "366d"', 5, 'expire: "366d" is too long: 365d at most.'),
    ('[times]\nexpire = "999999999d"', 5, "is too long"),
    (
        '[times]\nquiet = "8-20"',
        5,
        'quiet: "8-20" should be hours such as "20:00-08:00". Did you mean "08:00-20:00"?',
    ),
    ('[times]\nquiet = "25:00-08:00"', 5, 'quiet: "25:00-08:00" should be hours such as "20:00-08:00".'),
    ('[times]\nquiet = "08:00-08:00"', 5, "quiet: these hours begin and end at once"),
    ('[times]\nescalate = "1d"', 5, "escalate says after how long, and nothing says to whom"),
    ('[times]\nescalate_to = ["S0X"]', 5, "escalate_to says to whom, and nothing says after how long"),
    (
        '[times]\nexpire = "1d"\nremind = "24h"',
        6,
        "remind: this never happens, because the request expires before",
    ),
    (
        '[times]\nexpire = "1d"\nescalate = "25h"\nescalate_to = ["S0X"]',
        6,
        "escalate: this never happens, because the request expires before, after 1d.",
    ),
    ("when = {}", 4, "when: it is empty: leave when out if it is always so, or say when."),
    ('when = "aws"', 4, 'when: "aws" should be a condition such as { cloud = "aws" }.'),
    ('when = { cloud = "ams" }', 4, 'cloud: "ams" should be aws or azure. Did you mean "aws"?'),
    ("when = { cloud = [] }", 4, "cloud: the list is empty, so that it could never hold"),
    ("when = { cloud = 3 }", 4, "cloud: 3 should be aws or azure."),
    ("when = { cost_center = 3 }", 4, "cost_center: 3 should be a word in quotes"),
    ('when = { cost_center = " " }', 4, 'cost_center: " " should be a word in quotes'),
    ('when = { cloud = ["aws",\n'.replace("\n", " ") + '"gcp"] }', 4, 'cloud: "gcp" should be aws or azure.'),
    (
        'when = { region = "Frankfurt" }',
        4,
        'region: "Frankfurt" should be an AWS Region such as eu-central-1.',
    ),
    ('when = { location = "east-us" }', 4, 'location: "east-us" should be an Azure location such as eastus.'),
    (
        'when = { country = "Germany" }',
        4,
        'should be the two letters of a country, such as DE. Did you mean "DE"?',
    ),
    ('when = { country = "XX" }', 4, 'country: "XX" should be the two letters of a country'),
    (
        'when = { payment = "UPFRONT" }',
        4,
        'payment: "UPFRONT" should be ALL_UPFRONT, PARTIAL_UPFRONT or NO_UP',
    ),
    ('when = { term = "5 years" }', 4, 'Did you mean "FIVE_YEARS"?'),
    (
        'when = { item = "OR-ABCDEFG:2" }',
        4,
        'item: "OR-ABCDEFG:2" should be a catalog item such as OR-ABCDEFG, ',
    ),
    ('when = { item = "a/b" }', 4, 'item: "a/b" should be a catalog item'),
    (
        'when = { order_type = "Rent" }',
        4,
        'order_type: "Rent" should be Purchase or Rental. Did you mean "Rental"?',
    ),
    ("when = { quantity_over = 1.5 }", 4, "quantity_over: 1.5 should be a whole number"),
    (
        "when = { quantity_over = -1 }",
        4,
        "quantity_over: -1 should be a whole number, without quotes, from 0",
    ),
    ("when = { quantity_over = true }", 4, "quantity_over: true should be a whole number"),
    ("when = { total_usd_over = false }", 4, "total_usd_over: false should be a number of US dollars"),
    (
        'when = { total_usd_over = "250k" }',
        4,
        'total_usd_over: "250k" should be a number of US dollars, without',
    ),
    ("when = { total_usd_over = nan }", 4, "total_usd_over: NaN should be a number of US dollars"),
    ("when = { total_usd_over = inf }", 4, "total_usd_over: Infinity should be a number of US dollars"),
    ("when = { total_usd_over = 1e99999999999999999999 }", 4, "total_usd_over: NaN should be a number"),
    (
        'when = { term = "ONE_YEAR", location = "eastus" }',
        4,
        "when: this can never hold: some of its keys are",
    ),
    ('when = { cloud = "azure", region = "eu-west-1" }', 4, "can never hold: region is only about AWS."),
    ('when = { cloud = "aws", order_type = "Rental" }', 4, "can never hold: order_type is only about Azure."),
    (
        'when = { cloud = "azure", quantity_over = 20 }',
        4,
        "can never hold: an order from Azure has at most 20",
    ),
    (
        'when = { cloud = "aws", item = "edgep_high" }',
        4,
        "can never hold: an order from AWS has only catalog",
    ),
    # rules and steps
    ('[[warn]]\nsay = " "', 5, "say: it is empty."),
    (f'[[warn]]\nsay = "{"x" * 301}"', 5, "say: at most 300 characters."),
    ("[[warn]]\nsay = 3", 5, "say: 3 should be a sentence in quotes"),
    ('[[deny]]\nsay = "No."', 4, "deny: this holds for every order, so that nobody could ask for anything."),
    ('[[deny]]\nwhen = { cloud = ["aws", "azure"] }\nsay = "No."', 5, "when: this holds for every order"),
    ('[[deny]]\nsay = "No."\nwhen = { quantity_over = 0 }', 6, "when: this holds for every order"),
    ('[[step]]\nname = "ONE"\napprovers = ["U0B"]', 5, 'name: "ONE" is the name of the step on line 2 too'),
    ('[[step]]\nname = "break Glass"\napprovers = ["U0B"]', 5, 'name: "break Glass" is what approving in an'),
    (f'[[step]]\nname = "{"n" * 76}"\napprovers = ["U0B"]', 5, "name: at most 75 characters."),
    (
        '[[step]]\nname = "Two"\napprovers = ["U0BOSS"]',
        4,
        'step: there are not enough people for the step "Two"',
    ),
    # no TOML
    ("expire = 7d", 4, "this is no TOML"),
    ("when = cloud", 4, "this is no TOML: after the equals sign, a text stands in quotes"),
    ('say = "open', 4, "this is no TOML: a quotation mark that closes the text is missing."),
    ('x = ["a",\n"b"', 5, "this is no TOML"),
    ("[times]\n[times]", 5, "this is no TOML: this table stands in the file twice."),
    ('name = "again"', 4, "this is no TOML: this is said twice."),
    ("x = " + "[" * 10_000, 1, "lists and tables are nested too deeply."),
    ("x = " + "9" * 5000, 4, "this is no TOML: "),
]


@pytest.mark.parametrize(("added", "line", "said"), WRONG)
def test_a_problem_is_told_on_its_line_and_in_words_that_help(added: str, line: int, said: str) -> None:
    found = _problems(STEP + added)
    assert [line] == [one.line for one in found if said in one.said], found


@pytest.mark.parametrize(("added", "line", "said"), [case for case in WRONG if "no TOML" not in case[2]])
def test_one_mistake_is_one_problem(added: str, line: int, said: str) -> None:
    several = ("steps", "breakglass", "x = 1", "= 4", "xyz", '"ams"')
    if not any(word in added for word in several):
        assert len(_problems(STEP + added)) == 1, (line, said)


def test_a_file_without_a_step_is_wrong_whatever_else_it_has() -> None:
    for text in ("", "# nothing", "self_approval = true", "step = []"):
        [problem] = _problems(text)
        assert "there is no [[step]]" in problem.said


def test_two_steps_in_single_brackets_are_told_what_to_write() -> None:
    [problem] = _problems(STEP.replace("[[step]]", "[step]") * 2)
    assert problem.line == 4
    assert "write [[step]], with two brackets" in problem.said


def test_all_problems_are_told_at_once_by_their_lines() -> None:
    text = GOOD.replace("self_approval", "self_aproval").replace("20:00-", "8pm-")
    text = text.replace("[[step]]", "[[steps]]").replace('"S0FINANCE"', '"@finance"')
    found = _problems(text)
    assert [one.line for one in found] == [1, 9, 10, 17]
    assert "Did you mean self_approval?" in found[0].said
    assert "Did you mean [[step]]?" in found[2].said


def test_what_is_misspelt_is_not_said_to_be_missing() -> None:
    [problem] = _problems(STEP.replace("approvers", "aprovers"))
    assert problem == Problem(3, "aprovers: there is no such key in [[step]]. Did you mean approvers?")


def test_a_condition_over_several_lines_has_the_line_of_each_word() -> None:
    text = STEP + "[step.when]\nterm = [\n  'ONE_YEAR',\n  'TWO_YEARS',\n]\ncloud = 'aws'"
    [problem] = _problems(text)
    assert problem.line == 7


def test_long_lists_are_refused_quickly() -> None:
    many = ", ".join(f'"U{number:06}"' for number in range(50_000))
    [problem] = _problems(f'[[step]]\nname = "One"\napprovers = [{many}]')
    assert problem.said == f"approvers: these are too many: at most {MOST_PEOPLE}."


@settings(max_examples=100, deadline=None)
@given(policies())
def test_a_policy_that_is_written_down_is_read_again_as_it_was(policy: Policy) -> None:
    text = written(policy)
    read_again = _policy(text)
    assert read_again == replace(policy, hash=read_again.hash, source="policy.toml")
    assert read_again.hash == hashlib.sha256(text.encode()).hexdigest()


WORDS = [
    *(key for keys in KEYS.values() for key in keys if key),
    "[",
    "]",
    "[[",
    "]]",
    "=",
    "{",
    "}",
    '"',
    "'",
]
WORDS += [
    "'''",
    '"""',
    "\n",
    " ",
    ",",
    ".",
    "#",
    "*",
    "U0A",
    "S0B",
    "aws",
    "24h",
    "1",
    "-",
    "true",
    "\\",
    "é",
]
PIECES = st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=40).map("".join)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(st.sampled_from(WORDS) | st.text(max_size=2)) + text[end:]
    return text


@settings(max_examples=300, deadline=None)
@given(st.one_of(mutations(), PIECES, st.text(), PIECES.map(lambda text: GOOD + text)))
def test_no_text_makes_reading_fail(text: str) -> None:
    found = read(text, "policy.toml")
    if isinstance(found, Policy):
        assert found.steps
        return
    assert found
    assert list(found) == sorted(found)
    assert all(1 <= one.line <= text.count("\n") + 1 and one.said for one in found)


VALUES = st.recursive(
    st.sampled_from(["1", "-1", "true", '"x"', '"U0A"', '"*"', "1.5", "nan", "1979-05-27", "07:32:00", '""']),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda many: f"[{', '.join(many)}]")
        | st.tuples(st.sampled_from(KEYS["when"]), inner).map(lambda pair: f"{{ {pair[0]} = {pair[1]} }}")
    ),
    max_leaves=3,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(KEYS)), st.data(), VALUES)
def test_no_value_of_any_kind_makes_reading_fail(table: str, data: st.DataObject, value: str) -> None:
    key = data.draw(st.sampled_from(KEYS[table]))
    head = {"": "", "when": "[step.when]\n", "requesters": "[requesters]\n", "times": "[times]\n"}
    place = head.get(table, "[break_glass]\n" if table == "break_glass" else f"[[{table}]]\n")
    assert read(f"{place}{key} = {value}\n", "policy.toml")
    assert read(f"{STEP}{place}{key} = {value}\n", "policy.toml")


@pytest.mark.parametrize("id", ["U0BOSS", "W01ABCDEF", "S0123456789", "UHYBLRKJM", "U2A"])
def test_ids_of_every_age_are_ids(id: str) -> None:
    assert _policy(STEP.replace("U0BOSS", id)).steps[0].approvers == (id,)

"""Each key and element of a TOML text is found on the line on which it stands."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.policy.lines import Path, lines

TEXT = '''# a comment with [brackets] and "quotes
top = "a # that is no comment" # and one that is

[times]   # [not.a.table]
"remind" = '24h'
quiet.from = "20:00"

[[step]]
name = """
[[step]]
name = "not a key" ""\\"""" # over
approvers = [
  "S1", # ] a bracket
  # nothing here
  "S2", [ 1,
    2 ],
]
[[step]]
name = \'\'\'it's
two lines\'\'\'\'\'
when = { cloud = "aws", term = ["ONE_YEAR", "FIVE_YEARS"], deep = { er = {} } }
empty = []
[step.more]
at = 1979-05-27 07:32:00
[ step . other ]
x=1.5e3
[[step.inner]]
y = true
[[step.inner]]
y = false
'''

EXPECTED: dict[Path, int] = {
    ("top",): 2,
    ("times",): 4,
    ("times", "remind"): 5,
    ("times", "quiet"): 6,
    ("times", "quiet", "from"): 6,
    ("step",): 8,
    ("step", 0): 8,
    ("step", 0, "name"): 9,
    ("step", 0, "approvers"): 12,
    ("step", 0, "approvers", 0): 13,
    ("step", 0, "approvers", 1): 15,
    ("step", 0, "approvers", 2): 15,
    ("step", 0, "approvers", 2, 0): 15,
    ("step", 0, "approvers", 2, 1): 16,
    ("step", 1): 18,
    ("step", 1, "name"): 19,
    ("step", 1, "when"): 21,
    ("step", 1, "when", "cloud"): 21,
    ("step", 1, "when", "term"): 21,
    ("step", 1, "when", "term", 0): 21,
    ("step", 1, "when", "term", 1): 21,
    ("step", 1, "when", "deep"): 21,
    ("step", 1, "when", "deep", "er"): 21,
    ("step", 1, "empty"): 22,
    ("step", 1, "more"): 23,
    ("step", 1, "more", "at"): 24,
    ("step", 1, "other"): 25,
    ("step", 1, "other", "x"): 26,
    ("step", 1, "inner"): 27,
    ("step", 1, "inner", 0): 27,
    ("step", 1, "inner", 0, "y"): 28,
    ("step", 1, "inner", 1): 29,
    ("step", 1, "inner", 1, "y"): 30,
}


def test_every_key_and_element_is_found_on_its_line_whatever_stands_between() -> None:
    assert lines(TEXT) == EXPECTED


def test_lines_are_counted_the_same_where_they_end_as_on_windows() -> None:
    assert lines(TEXT.replace("\n", "\r\n")) == EXPECTED


def test_an_empty_text_has_no_keys() -> None:
    assert lines("") == lines("# nothing\n\n") == {}


def _paths(value: Any, path: Path = ()) -> set[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = {path} if path else set()
    return found.union(*(_paths(one, (*path, key)) for key, one in inner))


KEYS = st.sampled_from(["a", "b-1", '"a.b"', "'q\"'", r'"\u00e9\""', "step.x", 'a . "c"'])
SCALARS = st.sampled_from(
    ["1", "-0x1F", "true", "1.5", "inf", '"x # ] }"', "'\"'", '""', '""""a"""""', "'''\n''''''", "2020-01-01"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda many: f"[ # (\n{', '.join(many)}\n]")
        | st.lists(st.tuples(KEYS, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key} = {value}" for key, value in pairs) + "}"
        )
    ),
    max_leaves=6,
)
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]} # ok"),
    KEYS.map("[{}]".format),
    KEYS.map("[[{}]]".format),
    st.just("# [[x]]"),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=8).map("\n".join))
def test_what_the_parser_reads_is_what_is_found_on_lines_that_exist(text: str) -> None:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = lines(text)
    assert _paths(values) <= set(found)
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())


@pytest.mark.parametrize("line", [1, 7, 40])
def test_a_marked_key_is_found_where_its_mark_is(line: int) -> None:
    text = "\n" * (line - 1) + "mark = 1\nother = 2"
    assert lines(text)["mark",] == line
    assert re.split("\n", text)[line - 1] == "mark = 1"

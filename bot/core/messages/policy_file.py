"""Words about what is wrong with a policy file, for the operator who wrote it. Plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from bot.core.messages.blocks import clean

_SHOWN = 60

_IDS = 'Slack user and user-group ids, such as ["U0123456789", "S0123456789"]'
_DURATION = 'a time such as "90s", "15m", "24h" or "3d"'
_CONDITION = 'a condition such as { cloud = "aws" }'
_SENTENCE = "a sentence in quotes, of at most 300 characters"
_WHOLE = "a whole number, without quotes"

EXPECTED = {
    "self_approval": "true or false, without quotes",
    "requesters": "a table: [requesters] and, below it, allow",
    "allow": f'a list of {_IDS}, or ["*"] for everybody',
    "times": "a table: [times] and, below it, remind, escalate, escalate_to, expire or quiet",
    "remind": _DURATION,
    "escalate": _DURATION,
    "expire": _DURATION,
    "escalate_to": f"a list of {_IDS}",
    "quiet": 'hours such as "20:00-08:00"',
    "step": "a table: [[step]] and, below it, name and approvers",
    "warn": "a table: [[warn]] and, below it, when and say",
    "deny": "a table: [[deny]] and, below it, when and say",
    "break_glass": "a table: [break_glass] and, below it, who",
    "name": 'a short name in quotes, such as "Manager"',
    "approvers": f"a list of {_IDS}",
    "who": f"a list of {_IDS}",
    "needs": f"{_WHOLE}, from 1 to 20",
    "when": _CONDITION,
    "say": _SENTENCE,
    "quantity_over": f"{_WHOLE}, from 0 to 1000000",
    "total_usd_over": "a number of US dollars, without quotes, from 0 to 1000000000000",
}
"""What each key takes."""

NO_STEP = "there is no [[step]], so nobody could approve anything: name at least one, with its approvers."
TOO_DEEP = "lists and tables are nested too deeply."
HOW_TO_FIND = (
    "In Slack: a person's profile, ⋮, Copy member ID; a user group (More, People, User groups), ⋮, "
    "Copy group ID"
)


def shown(value: Any) -> str:
    """A value of the file, short, as it is written there."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return json.dumps(clean(value, _SHOWN), ensure_ascii=False)
    # Python itself refuses to write numbers of thousands of digits.
    return "a number" if isinstance(value, int) and abs(value) >= 10**_SHOWN else clean(str(value), _SHOWN)


def key_shown(key: str) -> str:
    return key if re.fullmatch(r"[\w-]{1,60}", key, re.ASCII) else shown(key)


def wrong(value: Any, expected: str, near: str = "") -> str:
    meant = f" Did you mean {near}?" if near else ""
    return f"{shown(value)} should be {expected}.{meant}"


def unknown_table(near: str, known: Sequence[str], double: bool) -> str:
    return f"there is no such table. {_near_or_known(_bracketed(near, double) if near else '', known)}"


def unknown_key(where: str, near: str, home: str, known: Sequence[str]) -> str:
    """A key that cannot stand there: `home` is the table in which it can."""
    if home:
        return f"this does not belong {where}, but {home}."
    return f"there is no such key {where}. {_near_or_known(near, known)}"


def _near_or_known(near: str, known: Sequence[str]) -> str:
    return f"Did you mean {near}?" if near else f"There are {', '.join(known)}."


def _bracketed(name: str, double: bool) -> str:
    return f"[[{name}]]" if double else f"[{name}]"


def place(table: str, double: bool) -> str:
    """Where a key stands: `in [[step]]`, or `at the top of the file`."""
    if table == "when":
        return "in a condition (when)"
    return f"in {_bracketed(table, double)}" if table else "at the top of the file, before every table"


def brackets(name: str, double: bool) -> str:
    few, many = f"[{name}]", f"[[{name}]]"
    if double:
        return f"there may be several of these: write {many}, with two brackets on each side."
    return f"there is only one of these: write {few}, with one bracket on each side."


def missing(key: str) -> str:
    return f"{key} is missing: it should be {EXPECTED[key]}."


def nobody(key: str) -> str:
    return f"the list is empty, which names nobody: it should be {EXPECTED[key]}."


def twice(value: str) -> str:
    return f"{shown(value)} stands there twice."


def no_id(word: str, near: str) -> str:
    """A word that should be the id of a person or a group."""
    meant = f" Did you mean {shown(near)}?" if near else ""
    return f"{shown(word)} is no Slack user or user-group id{_kind_of_name(word)}.{meant} {HOW_TO_FIND}."


def _kind_of_name(word: str) -> str:
    if word.startswith(("#", "<#")) or re.fullmatch("[CGD][A-Z0-9]{2,}", word):
        return ", but a channel"
    if re.match("<[@!]", word):
        return ", but a mention"
    if word.startswith("@"):
        return ", but a handle"
    if "@" in word:
        return ", but an e-mail address"
    return ""


EVERYBODY_ASKS_ONLY = '"*" means everybody, and stands only in allow of [requesters]: name who decides.'


def too_many_needed(needs: int, people: int, said: bool) -> str:
    default = "" if said else " (where needs is not said)"
    named = "only one person is" if people == 1 else f"only {people} people are"
    return f"{needs} of them are needed{default}, but {named} named: this could never be over."


def each_counts_once(name: str) -> str:
    return (
        f"there are not enough people for the step {shown(name)}: everybody counts only once in an order, "
        "also where several steps name them."
    )


def longest(word: str, days: int) -> str:
    return f"{shown(word)} is too long: {days}d at most."


TOO_SHORT = "it should be longer than nothing; leave it out if it is never to happen."
NEVER_QUIET = "these hours begin and end at once: leave quiet out if there are none."
ESCALATE_TO_WHOM = (
    "escalate says after how long, and nothing says to whom: add escalate_to, or leave escalate out."
)
ESCALATE_WHEN = (
    "escalate_to says to whom, and nothing says after how long: add escalate, or leave escalate_to out."
)


def never_happens(expire: str) -> str:
    return f"this never happens, because the request expires before, after {expire}."


def same_name(name: str, line: int) -> str:
    return f"{shown(name)} is the name of the step on line {line} too: each needs a name of its own."


def reserved_name(name: str) -> str:
    return f"{shown(name)} is what approving in an emergency is called: choose another name."


def too_long(limit: int) -> str:
    return f"at most {limit} characters."


def too_many(limit: int) -> str:
    return f"these are too many: at most {limit}."


EMPTY_TEXT = "it is empty."
EMPTY_WHEN = "it is empty: leave when out if it is always so, or say when."
EMPTY_LIST = "the list is empty, so that it could never hold: leave the key out, or name something."
ALWAYS_DENIED = "this holds for every order, so that nobody could ask for anything."


def never_holds(why: str) -> str:
    return f"this can never hold: {why}."


OF_OTHER_CLOUDS = "some of its keys are only about AWS, others only about Azure"


def only_of(keys: Sequence[str], cloud: str) -> str:
    verb = "is" if len(keys) == 1 else "are"
    return f"{' and '.join(keys)} {verb} only about {cloud}"


def at_most(most: int) -> str:
    return f"an order from Azure has at most {most} units"


NO_SUCH_ITEMS = "an order from AWS has only catalog items such as OR-ABCDEFG"

_SYNTAX = (
    (
        r"Cannot declare \('(step|warn|deny)',\) twice",
        r"[\1] stands here for the second time: write [[\1]], with two brackets on each side.",
    ),
    (r"Cannot declare .* twice", "this table stands in the file twice."),
    (r"Cannot overwrite a value", "this is said twice."),
    (
        r"Invalid value",
        "after the equals sign, a text stands in quotes, and a number, true or false does not.",
    ),
    (r"Illegal character '\\n'|Unterminated string", "a quotation mark that closes the text is missing."),
    (r"Unclosed array", "a bracket that closes the list is missing."),
)


def syntax(error: str) -> str:
    """What the parser says, in words that tell what to do."""
    plain = re.sub(r" \(at .*\)$", "", error)
    for pattern, words in _SYNTAX:
        if match := re.match(pattern, plain):
            return f"this is no TOML: {match.expand(words)}"
    return f"this is no TOML: {clean(plain, 200)}."

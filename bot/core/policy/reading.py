"""The policy file: a TOML text made into a policy, or everything that is wrong with it at once.

    text ── tomllib ──► values ── read key by key, with the line of each ──► Policy  or  every Problem

A key that is misspelt is reported and then read as the one that was meant, so that nothing is said to be
missing which is only misspelt.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.core.approval import GLASS, Needed, Plan
from bot.core.fields import Mistake, nearest, tidy
from bot.core.messages import policy_file as say
from bot.core.policy.conditions import WORDS, always, never
from bot.core.policy.deciding import Scene, unfillable
from bot.core.policy.lines import Path, lines
from bot.core.policy.people import is_group
from bot.core.policy.values import (
    ALWAYS,
    EVERYBODY,
    ApprovalStep,
    BreakGlass,
    Policy,
    Quiet,
    Rule,
    Times,
    When,
)

KEYS: Mapping[str, tuple[str, ...]] = {
    "": ("self_approval", "requesters", "times", "step", "warn", "deny", "break_glass"),
    "requesters": ("allow",),
    "times": ("remind", "escalate", "escalate_to", "expire", "quiet"),
    "step": ("name", "approvers", "needs", "when"),
    "warn": ("when", "say"),
    "deny": ("when", "say"),
    "break_glass": ("who", "needs"),
    "when": tuple(key.name for key in fields(When)),
}
"""Every key of the file by the table in which it stands; "" is the top of the file."""

MOST_STEPS = 20
MOST_PEOPLE = 200
MOST_RULES = 50
MOST_DAYS = 365
NAME_LIMIT = 75
SAY_LIMIT = 300
MOST_NEEDED = 20
MOST_QUANTITY = 1_000_000
MOST_USD = Decimal(10**12)

_SEVERAL = frozenset({"step", "warn", "deny"})
# Ids without any digit are rare and never short; SALES and USERS are names.
_ID = re.compile("[UWS](?=[A-Z]*[0-9]|[A-Z]{8})[A-Z0-9]{2,30}")
_DURATION = re.compile("([0-9]{1,9})([smhd])")
_LIKE_DURATION = re.compile(r"\s*0*([0-9]{1,4})\s*(s|m|h|d|w)[a-z]*\.?\s*", re.IGNORECASE)
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_CLOCK = "([01][0-9]|2[0-3]):([0-5][0-9])"
_QUIET = re.compile(f"{_CLOCK}-{_CLOCK}")
_LIKE_QUIET = re.compile(r"\s*([0-9]{1,2})(?:[:.]([0-9]{2}))?\s*[-–—]\s*([0-9]{1,2})(?:[:.]([0-9]{2}))?\s*")
_NEVER = timedelta()
_LINE = re.compile(r"\(at line ([0-9]+), column [0-9]+\)$")

Found = Mapping[str, tuple[Path, Any]]
"""The keys of one table: where each stands, and its value."""


@dataclass(frozen=True, order=True)
class Problem:
    """Something that is wrong with the file: on which line, counted from 1, and what to do about it."""

    line: int
    said: str


def read(text: str, source: str) -> Policy | tuple[Problem, ...]:
    """The policy that a file says, or all that is wrong with it, in the order of its lines.

    Args:
        text: All of the file. No text makes this raise.
        source: How the file is called where operators are told of it.
    """
    parsed = _parsed(text)
    if isinstance(parsed, Problem):
        return (parsed,)
    values, places = parsed
    reading = _Reading(places)
    policy = reading.policy(values, _hash(text), source)
    return tuple(sorted(set(reading.problems))) or policy


def _parsed(text: str) -> tuple[dict[str, Any], Mapping[Path, int]] | Problem:
    try:
        plain = text.replace("\r\n", "\n")
        return tomllib.loads(plain, parse_float=_decimal), lines(plain)
    except RecursionError:
        return Problem(1, say.TOO_DEEP)
    except ValueError as error:  # also what the parser lets through, a number of 5,000 digits for instance
        line = _LINE.search(str(error))
        return Problem(int(line[1]) if line else _last_line(text), say.syntax(str(error)))


def _last_line(text: str) -> int:
    return text.rstrip().count("\n") + 1


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Reading:
    """What has been found wrong so far; lives within one call.

    Each reader answers with something of its type, also where the value is wrong: nobody sees it then.
    """

    def __init__(self, places: Mapping[Path, int]) -> None:
        self.problems: list[Problem] = []
        self._places = places

    def policy(self, values: dict[str, Any], hash: str, source: str) -> Policy:
        top = self._keys((), values, "")
        policy = Policy(
            steps=self._steps(top),
            requesters=self._requesters(top),
            self_approval=self._self_approval(top),
            times=self._times(top),
            warnings=self._rules(top, "warn"),
            denials=self._rules(top, "deny"),
            break_glass=self._break_glass(top),
            hash=hash,
            source=source,
        )
        if not self.problems:
            self._each_counts_once(policy, top)
        return policy

    # --- tables --------------------------------------------------------------------------------

    def _keys(self, path: Path, values: dict[str, Any], table: str) -> Found:
        """The keys of a table, those that are misspelt under what was meant."""
        known = KEYS[table]
        found = {key: ((*path, key), value) for key, value in values.items() if key in known}
        for key, value in values.items():
            if key in known:
                continue
            near = nearest(key, known)
            self._wrong((*path, key), self._unknown(key, value, near, table))
            if near:
                found.setdefault(near, ((*path, key), value))
        return found

    def _unknown(self, key: str, value: Any, near: str, table: str) -> str:
        where = say.place(table, table in _SEVERAL)
        home = next((name for name, keys in KEYS.items() if key in keys), None)
        if home is not None and not near:
            return say.unknown_key(where, "", say.place(home, home in _SEVERAL), ())
        is_table = isinstance(value, dict) or (
            isinstance(value, list) and any(isinstance(v, dict) for v in value)
        )
        if not table and is_table:
            tables = [name for name in KEYS[""] if name in KEYS]
            return say.unknown_table(near, tables, near in _SEVERAL)
        return say.unknown_key(where, near, "", KEYS[table])

    def _table(self, top: Found, name: str) -> tuple[Path, Found] | None:
        """The one table of a name; None where there is none."""
        if name not in top:
            return None
        path, value = top[name]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            self._wrong(path, say.brackets(name, double=False))
            value = value[0]
        if not isinstance(value, dict):
            self._unlike(path, name, value)
            return None
        return path, self._keys(path, value, name)

    def _tables(self, top: Found, name: str, most: int) -> Iterator[tuple[Path, Found]]:
        """Every table of a name."""
        path, value = top.get(name, ((name,), []))
        if isinstance(value, dict):
            self._wrong(path, say.brackets(name, double=True))
            yield path, self._keys(path, value, name)
            return
        if not isinstance(value, list):
            self._unlike(path, name, value)
            return
        if len(value) > most:
            self._wrong((*path, most), say.too_many(most))
        for index, one in enumerate(value):
            if isinstance(one, dict):
                yield (*path, index), self._keys((*path, index), one, name)
            else:
                self._unlike((*path, index), name, one)

    def _self_approval(self, top: Found) -> bool:
        path, value = top.get("self_approval", ((), False))
        if not isinstance(value, bool):
            self._unlike(path, "self_approval", value)
        return value is True

    def _requesters(self, top: Found) -> tuple[str, ...]:
        table = self._table(top, "requesters")
        return self._people(*table, "allow", everybody=True) if table else (EVERYBODY,)

    def _steps(self, top: Found) -> tuple[ApprovalStep, ...]:
        names: dict[str, int] = {}
        steps = tuple(self._step(path, table, names) for path, table in self._tables(top, "step", MOST_STEPS))
        if not steps and not any(problem.said.startswith("step:") for problem in self.problems):
            self._wrong((), say.NO_STEP)
        return steps

    def _step(self, path: Path, table: Found, names: dict[str, int]) -> ApprovalStep:
        return ApprovalStep(
            name=self._name(path, table, names),
            approvers=(people := self._people(path, table, "approvers")),
            needs=self._needs(path, table, people, default=1),
            when=self._when(table),
        )

    def _name(self, path: Path, table: Found, names: dict[str, int]) -> str:
        name = self._text(path, table, "name", NAME_LIMIT)
        at = table["name"][0] if "name" in table else path
        folded = name.casefold()
        if name and folded in names:
            self._wrong(at, say.same_name(name, names[folded]))
        if folded == GLASS.casefold():
            self._wrong(at, say.reserved_name(name))
        names.setdefault(folded, self._line(at))
        return name

    def _rules(self, top: Found, name: str) -> tuple[Rule, ...]:
        return tuple(self._rule(name, *one) for one in self._tables(top, name, MOST_RULES))

    def _rule(self, name: str, path: Path, table: Found) -> Rule:
        before = len(self.problems)
        rule = Rule(self._when(table), self._text(path, table, "say", SAY_LIMIT))
        if name == "deny" and len(self.problems) == before and always(rule.when):
            self._wrong(table["when"][0] if "when" in table else path, say.ALWAYS_DENIED)
        return rule

    def _break_glass(self, top: Found) -> BreakGlass | None:
        found = self._table(top, "break_glass")
        if found is None:
            return None
        path, table = found
        who = self._people(path, table, "who")
        return BreakGlass(who, self._needs(path, table, who, default=2))

    def _times(self, top: Found) -> Times:
        found = self._table(top, "times")
        if found is None:
            return Times()
        path, table = found
        times = Times(
            remind=self._duration(table, "remind"),
            escalate=self._duration(table, "escalate"),
            escalate_to=self._people(path, table, "escalate_to") if "escalate_to" in table else (),
            expire=self._duration(table, "expire"),
            quiet=self._quiet(table),
        )
        self._times_fit(times, table)
        return times

    def _times_fit(self, times: Times, table: Found) -> None:
        if "escalate" in table and "escalate_to" not in table:
            self._wrong(table["escalate"][0], say.ESCALATE_TO_WHOM)
        if "escalate_to" in table and "escalate" not in table:
            self._wrong(table["escalate_to"][0], say.ESCALATE_WHEN)
        for key, after in (("remind", times.remind), ("escalate", times.escalate)):
            if after and times.expire and after >= times.expire:
                self._wrong(table[key][0], say.never_happens(table["expire"][1]))

    def _each_counts_once(self, policy: Policy, top: Found) -> None:
        """Whether those steps that every order takes can all be over, whoever asks."""
        needed = [
            Needed(step.name, step.approvers, step.needs) for step in policy.steps if step.when == ALWAYS
        ]
        stuck = unfillable(Plan(tuple(needed)), "", Scene({}, datetime.min.replace(tzinfo=UTC)))
        if stuck:
            index = next(at for at, step in enumerate(policy.steps) if step.name == stuck.name)
            self._wrong((*top["step"][0], index), say.each_counts_once(stuck.name))

    # --- values --------------------------------------------------------------------------------

    def _text(self, path: Path, table: Found, key: str, limit: int) -> str:
        if key not in table:
            self._wrong(path, say.missing(key))
            return ""
        at, value = table[key]
        if not isinstance(value, str):
            self._unlike(at, key, value)
            return ""
        text = " ".join(tidy(value).split())
        if not text:
            self._wrong(at, say.EMPTY_TEXT)
        if len(text) > limit:
            self._wrong(at, say.too_long(limit))
        return text

    def _people(self, path: Path, table: Found, key: str, everybody: bool = False) -> tuple[str, ...]:
        if key not in table:
            self._wrong(path, say.missing(key))
            return ()
        at, value = table[key]
        if not isinstance(value, list):
            self._unlike(at, key, value)
            return ()
        if not value:
            self._wrong(at, say.nobody(key))
        if len(value) > MOST_PEOPLE:
            self._wrong((*at, MOST_PEOPLE), say.too_many(MOST_PEOPLE))
        seen: dict[str, None] = {}
        for index, word in enumerate(value[:MOST_PEOPLE]):
            id = self._person((*at, index), word, everybody)
            if id and id in seen:
                self._wrong((*at, index), say.twice(id))
            seen.setdefault(id)
        return tuple(seen)

    def _person(self, at: Path, word: Any, everybody: bool) -> str:
        """The id, also a wrong one; "" where it is no text at all."""
        if not isinstance(word, str):
            self._wrong(at, say.no_id(say.shown(word), ""))
            return ""
        if word == EVERYBODY and not everybody:
            self._wrong(at, say.EVERYBODY_ASKS_ONLY)
        elif word != EVERYBODY and not _ID.fullmatch(word):
            self._wrong(at, say.no_id(word, _id_within(word)))
        return word

    def _needs(self, path: Path, table: Found, people: tuple[str, ...], default: int) -> int:
        at, value = table.get("needs", (path, default))
        if not _is_whole(value, 1, MOST_NEEDED):
            self._unlike(at, "needs", value)
            return default
        needs: int = value
        users_only = all(_ID.fullmatch(id) and not is_group(id) for id in people)
        if people and users_only and needs > len(people):
            self._wrong(at, say.too_many_needed(needs, len(people), "needs" in table))
        return needs

    def _duration(self, table: Found, key: str) -> timedelta | None:
        if key not in table:
            return None
        at, value = table[key]
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if not match:
            self._unlike(at, key, value, _duration_within(value))
            return None
        if int(match[1]) * _UNITS[match[2]].total_seconds() > MOST_DAYS * 86400:
            self._wrong(at, say.longest(value, MOST_DAYS))
            return None
        duration = int(match[1]) * _UNITS[match[2]]
        if duration == _NEVER:
            self._wrong(at, say.TOO_SHORT)
        return duration

    def _quiet(self, table: Found) -> Quiet | None:
        if "quiet" not in table:
            return None
        at, value = table["quiet"]
        match = _QUIET.fullmatch(value) if isinstance(value, str) else None
        if not match:
            self._unlike(at, "quiet", value, _quiet_within(value))
            return None
        from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
        quiet = Quiet(time(from_hour, from_minute), time(to_hour, to_minute))
        if quiet.start == quiet.end:
            self._wrong(at, say.NEVER_QUIET)
        return quiet

    def _when(self, table: Found) -> When:
        if "when" not in table:
            return ALWAYS
        at, value = table["when"]
        if not isinstance(value, dict):
            self._unlike(at, "when", value)
            return ALWAYS
        if not value:
            self._wrong(at, say.EMPTY_WHEN)
        before = len(self.problems)
        found = self._keys(at, value, "when")
        when = When(
            **{key: self._words(found[key][0], key, found[key][1]) for key in WORDS if key in found},
            quantity_over=self._quantity(found),
            total_usd_over=self._total(found),
        )
        why = never(when)
        if why and len(self.problems) == before:
            self._wrong(at, say.never_holds(why))
        return when

    def _words(self, at: Path, key: str, value: Any) -> tuple[str, ...]:
        if value == []:
            self._wrong(at, say.EMPTY_LIST)
        said = (
            [((*at, index), word) for index, word in enumerate(value)]
            if isinstance(value, list)
            else [(at, value)]
        )
        return tuple(dict.fromkeys(word for where, one in said if (word := self._word(where, key, one))))

    def _word(self, at: Path, key: str, word: Any) -> str:
        plain = tidy(word) if isinstance(word, str) else ""
        # Whatever else it is, it is none of the words of this key: they tell what it should have been.
        kept = WORDS[key](plain or say.shown(word))
        if isinstance(kept, str) and plain:
            return kept
        expected = kept.expected if isinstance(kept, Mistake) else "a word in quotes, or a list of them"
        near = kept.nearest if isinstance(kept, Mistake) and plain else ""
        self._wrong(at, say.wrong(word, expected, say.shown(near) if near else ""))
        return ""

    def _quantity(self, found: Found) -> int | None:
        if "quantity_over" not in found:
            return None
        at, value = found["quantity_over"]
        if not _is_whole(value, 0, MOST_QUANTITY):
            self._unlike(at, "quantity_over", value)
            return 0
        return int(value)

    def _total(self, found: Found) -> Decimal | None:
        if "total_usd_over" not in found:
            return None
        at, value = found["total_usd_over"]
        if not _is_amount(value):
            self._unlike(at, "total_usd_over", value)
            return Decimal(0)
        return Decimal(value)

    # --- saying what is wrong ------------------------------------------------------------------

    def _unlike(self, at: Path, key: str, value: Any, near: str = "") -> None:
        self._wrong(at, say.wrong(value, say.EXPECTED[key], say.shown(near) if near else ""))

    def _wrong(self, at: Path, said: str) -> None:
        keys = [part for part in at if isinstance(part, str)]
        head = f"{say.key_shown(keys[-1])}: " if keys else ""
        self.problems.append(Problem(self._line(at), head + said))

    def _line(self, at: Path) -> int:
        """The line of what is there, or of the nearest that is round it."""
        while at and at not in self._places:
            at = at[:-1]
        return self._places.get(at, 1)


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_amount(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite() and 0 <= value <= MOST_USD
    return _is_whole(value, 0, int(MOST_USD))


def _id_within(word: str) -> str:
    """The id in a mention, or one that was written in lower case; "" where there is none."""
    mention = re.fullmatch(r"<(?:@|!subteam\^)([UWS][A-Z0-9]{2,30})(?:\|[^>]*)?>", word)
    if mention:
        return mention[1]
    upper = word.strip().lstrip("@").upper()
    return upper if _ID.fullmatch(upper) and re.search("[0-9]", upper) else ""


def _duration_within(value: Any) -> str:
    if _is_whole(value, 1, 9999):
        return f"{value}h"
    match = _LIKE_DURATION.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return ""
    number, unit = int(match[1]), match[2].lower()
    return f"{number * 7}d" if unit == "w" else f"{number}{unit}"


def _quiet_within(value: Any) -> str:
    match = _LIKE_QUIET.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return ""
    meant = "-".join(f"{int(match[at]):02}:{match[at + 1] or '00'}" for at in (1, 3)).replace(
        "24:00", "00:00"
    )
    return meant if _QUIET.fullmatch(meant) else ""

"""The words of an order, `/order aws …` and `/order azure …`: pairs, flags, and what stands bare.

A word that gives itself away is taken for what it most likely means, and named all the same: what was
meant is offered, never filed.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from bot.core.azure_terms import spread
from bot.core.line import Word, joined, words_of
from bot.core.meaning import Ask, Misread
from bot.core.request import (
    Field,
    Mistake,
    check_word,
    exact_choice,
    field_of,
    grammar_mistakes,
    keep_right,
    keys,
    nearest,
)

PAIR_EXPECTED = "key=value, with quotes around words that belong together"

# Keys whose words have a shape of their own, so that the key is known even where it is missing.
_TELLING = (
    *("outpost", "item", "payment", "term", "region"),
    *("type", "commitment"),
    *("needed_by", "channel"),
    "product",  # last, for a date with slashes looks like one
)


class Guess(NamedTuple):
    """The pair that a bare word most likely stands for."""

    key: str
    value: str


class _Reading:
    """What has been understood so far of the words of an order; lives within one call."""

    def __init__(self, cloud: str) -> None:
        self.cloud = cloud
        self.said: dict[str, list[str]] = {}
        self.mistakes: list[Mistake] = []
        self.yes = False
        self.open: Field | None = None  # the field whose value unquoted words may continue

    def pairs(self, words: Iterable[Word]) -> None:
        for word in words:
            key, value = word.key.lower().replace("-", "_"), word.value
            self.said.setdefault(key, []).append(value)
            self.open = field_of(self.cloud, key) if value and not word.quoted else None
            self._unclosed(word)

    def flags(self, words: Iterable[Word]) -> None:
        flags = [word.text for word in words]
        self.yes = self.yes or "yes" in map(flag_name, flags)
        self.mistakes += unknown_flags(flags, "yes")

    def bare(self, words: Iterable[Word]) -> None:
        loose = [word for word in words if not self._recognised(word)]
        for word in loose:
            self._unclosed(word)
        if loose:
            self._continue(" ".join(word.text for word in loose))

    def _unclosed(self, word: Word) -> None:
        if word.unclosed:
            key = word.key.lower() if word.key.lower() in keys(self.cloud) else ""
            expected = f"a closing {word.unclosed} where the text ends"
            self.mistakes.append(Mistake(key, word.unclosed + word.value, expected))

    def _recognised(self, word: Word) -> bool:
        guess = guess_at(self.cloud, word.text)
        if guess:
            near = f"{guess.key}={guess.value}"
            self.mistakes.append(Mistake("", word.text, PAIR_EXPECTED, near))
            self._add(guess.key, guess.value)
        return guess is not None

    def _add(self, key: str, value: str) -> None:
        """Keep a guess for the form, where it stands in the way of nothing that was said."""
        field = field_of(self.cloud, key)
        if field and len(self.said.get(key, ())) < field.most:
            self.said.setdefault(key, []).append(value)

    def _continue(self, text: str) -> None:
        field = self.open
        if field is None:
            self.mistakes.append(Mistake("", text, PAIR_EXPECTED, _key_meant(self.cloud, text)))
            return
        value = _whole(field, f"{self.said[field.key][-1]} {text}")
        if value:
            self.said[field.key][-1] = value
        near = value and f'{field.key}="{value}"' if field.limit else value and f"{field.key}={value}"
        self.mistakes.append(Mistake("", text, PAIR_EXPECTED, near))


def read_order(cloud: str, rest: str) -> Ask | Misread:
    """What is to be ordered, from all that stands after the cloud ("" where none was named)."""
    reading = _Reading(cloud)
    readers = {"pair": reading.pairs, "flag": reading.flags, "bare": reading.bare}
    for kind, words in groupby(joined(words_of(rest)), key=_kind):
        readers[kind](words)
    typed = {key: tuple(words) for key, words in reading.said.items()}
    values = spread(typed) if cloud == "azure" else typed
    wrong = (*grammar_mistakes(cloud, values), *reading.mistakes) if cloud else reading.mistakes
    ask = Ask(cloud, {key: kept for key, words in values.items() if (kept := _typed(words))}, reading.yes)
    if not wrong:
        return ask
    return Misread(tuple(wrong), right_of(ask, wrong) if cloud else None)


def right_of(ask: Ask, wrong: Iterable[Mistake]) -> Ask:
    """What can be kept of `ask`, words under a misspelt key with the key that was meant."""
    wrong = tuple(wrong)
    values = dict(ask.values)
    for mistake in wrong:
        if field_of(ask.cloud, mistake.key) is None and mistake.key in values:
            values.setdefault(mistake.nearest, values[mistake.key])
    return Ask(ask.cloud, keep_right(ask.cloud, values, wrong))


def _typed(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word.strip())


def _kind(word: Word) -> str:
    return "flag" if word.flag else "pair" if word.key else "bare"


def guess_at(cloud: str, text: str) -> Guess | None:
    """The key that is missing before a word whose shape gives it away."""
    for key in _TELLING:
        field = field_of(cloud, key)
        value = _unmistakable(field, text) if field else ""
        if value:
            return Guess(key, value)
    return None


def _unmistakable(field: Field, text: str) -> str:
    """`text` as a value of `field`, if it can hardly be one of anything else."""
    if field.choices:
        return exact_choice(field, text)
    if field.key == "channel" and not text.startswith(("#", "<#")):
        return ""
    found = check_word(field, text, None)
    if isinstance(found, Mistake):
        return found.nearest if field.key in ("outpost", "item", "needed_by") else ""
    return text if field.key == "item" else found


def _whole(field: Field, text: str) -> str:
    """`text`, typed without quotes, as a value of `field`; "" where that is not clear."""
    if field.limit:
        return text
    found = check_word(field, text, None)
    if isinstance(found, Mistake):
        return found.nearest if field.choices else ""
    return found


def _key_meant(cloud: str, text: str) -> str:
    first = text.split()[0] if text.split() else ""
    near = nearest(first, (*keys(cloud), "yes"))
    return "--yes" if near == "yes" else f"{near}=…" if near else ""


def flag_name(flag: str) -> str:
    """What stands after the dashes, in lower case."""
    return flag.lstrip("-–—").lower()


def unknown_flags(flags: Iterable[str], *known: str) -> list[Mistake]:
    """A mistake for each flag that is none of the known."""
    dashed = tuple(f"--{name}" for name in known)
    return [
        Mistake("", flag, either(dashed), nearest(f"--{flag_name(flag)}", dashed))
        for flag in flags
        if flag_name(flag) not in known
    ]


def either(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last

"""What can be said about an order: fields as data, and how the words that are typed for one are checked.

A `Field` carries its own check, so that a new one is a single entry in the table of its cloud
(`aws_terms.FIELDS`, `azure_terms.FIELDS`). The fields that all clouds share are here.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date

from bot.core.messages.blocks import clean

Values = Mapping[str, tuple[str, ...]]
"""Key of the grammar → what was typed for it, in order."""

Check = Callable[["Field", str, "date | None"], "str | Mistake"]
"""The field, the word and today (None: only its shape counts) → the word as kept, or what is wrong."""

REASON_LIMIT = 3000
COST_CENTER_LIMIT = 80
YEARS_AHEAD = 5

_CHANNEL_MENTION = re.compile(r"<#([CGD][A-Z0-9]{1,20})(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{1,20}|#[\w.-]{1,80}")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Mistake:
    """One word that cannot be used.

    `key` is the key it was typed for ("" if none); `word` is what was typed, "" when it is missing;
    `expected` completes "expected …"; `nearest` is what was probably meant, ready to be typed.
    """

    key: str
    word: str
    expected: str
    nearest: str = ""


def text(field: Field, word: str, _today: date | None) -> str | Mistake:
    """A free text, no longer than the field takes."""
    return word if not field.limit or len(word) <= field.limit else wrong(field, word)


@dataclass(frozen=True)
class Field:
    """One thing that can be said about an order.

    `label` is what the form calls it; `most` is how often the key may be given; `choices` are pairs
    of the exact value and its readable text; `limit` is the most characters of a free text, 0 where
    the words have another shape; a field that is not `offered` is known, so that a mistake can say
    so; `unless` is the key of another field that makes this one not required.
    """

    key: str
    label: str
    example: str
    expected: str
    required: bool = False
    most: int = 1
    choices: tuple[tuple[str, str], ...] = ()
    limit: int = 0
    offered: bool = True
    unless: str = ""
    check: Check = attribute(default=text, repr=False)

    @property
    def repeat(self) -> bool:
        """Whether the key may be given more than once."""
        return self.most > 1


def check_word(field: Field, word: str, today: date | None) -> str | Mistake:
    """`word` as kept for `field`, or what is wrong with it; without `today`, only its shape."""
    return field.check(field, word, today)


def wrong(field: Field, word: str, expected: str = "", near: str = "") -> Mistake:
    """The mistake of typing `word` for `field`."""
    return Mistake(field.key, word, expected or field.expected, near)


def missing(field: Field) -> Mistake:
    """The mistake of leaving `field` out."""
    return Mistake(field.key, "", field.expected)


def first(values: Values, key: str) -> str:
    """The first word that was said for `key`; "" if none was."""
    return next(iter(values.get(key, ())), "")


def tidy(word: str) -> str:
    """`word` as it is kept: without hidden or half characters, and without outer space."""
    return clean(_SURROGATE.sub("\ufffd", word), sys.maxsize).strip()


def nearest(word: str, choices: Iterable[str]) -> str:
    """The choice that a person most likely meant by `word`; "" if none is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    # Nothing that we offer is longer, and difflib takes quadratic time.
    wanted = word.lower().strip()[:64]
    close = difflib.get_close_matches(wanted, by_lower, n=1)
    begun = [choice for choice in by_lower if wanted and choice.startswith(wanted)]
    return by_lower[(close or begun)[0]] if close or begun else ""


# --- what a word must look like ----------------------------------------------------------------


def line(field: Field, word: str, today: date | None) -> str | Mistake:
    """A free text on one line."""
    return text(field, " ".join(word.split()), today)


def choice(field: Field, word: str, _today: date | None) -> str | Mistake:
    """One of the field's choices, in any writing that `exact_choice` knows."""
    if exact := exact_choice(field, word):
        return exact
    meant = {name.lower(): value for value, text in field.choices for name in (value, text)}
    near = nearest(word, meant) or nearest(_underscored(word), meant)
    return wrong(field, word, near=meant.get(near, ""))


def exact_choice(field: Field, word: str) -> str:
    """The choice that `word` is, whatever its case and with `-` or spaces for `_`; "" if none."""
    typed = _underscored(word)
    return next((value for value, _ in field.choices if value.upper() == typed), "")


def _underscored(word: str) -> str:
    return re.sub(r"[\s_-]+", "_", word).upper()


def iso_date(word: str) -> date | None:
    """The day written as YYYY-MM-DD; None for any other writing, and for days that do not exist."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", word):
        return None
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def coming_day(field: Field, word: str, today: date | None) -> str | Mistake:
    """A day from today on, not too far away."""
    day = iso_date(word)
    if day is None:
        return wrong(field, word, near=_date_meant(word))
    if today and day < today:
        return wrong(field, word, "a date that is not in the past")
    if today and day.isoformat() > f"{today.year + YEARS_AHEAD:04}{today.isoformat()[4:]}":
        return wrong(field, word, f"a date at most {YEARS_AHEAD} years ahead")
    return word


def _date_meant(word: str) -> str:
    """The ISO form of a date in a writing that can mean one day only."""
    year_first = re.fullmatch("([0-9]{4})[-./]?([0-9]{1,2})[-./]?([0-9]{1,2})", word)
    day_first = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", word)
    parts = year_first.groups() if year_first else day_first.groups()[::-1] if day_first else ()
    iso = "-".join(part.zfill(2) for part in parts)
    return iso if iso_date(iso) else ""


def channel(field: Field, word: str, _today: date | None) -> str | Mistake:
    """A Slack channel: a mention, an id, or `#name`."""
    if mentioned := _CHANNEL_MENTION.fullmatch(word):
        return mentioned[1]
    if _CHANNEL.fullmatch(word):
        return word
    return wrong(field, word, near=f"#{word}" if _CHANNEL.fullmatch(f"#{word}") else "")


COMMON = (
    Field(
        key="reason",
        label="Reason",
        example='reason="second rack for the FRA-1 cell"',
        expected=f"1 to {REASON_LIMIT} characters that say why",
        required=True,
        limit=REASON_LIMIT,
    ),
    Field(
        key="cost_center",
        label="Cost center",
        example="cost_center=CC-4711",
        expected=f"at most {COST_CENTER_LIMIT} characters",
        limit=COST_CENTER_LIMIT,
        check=line,
    ),
    Field(
        key="needed_by",
        label="Needed by",
        example="needed_by=2027-03-31",
        expected="a date written YYYY-MM-DD",
        check=coming_day,
    ),
    Field(
        key="channel",
        label="Post updates to",
        example="channel=#edge-orders",
        expected="a channel such as #edge-orders",
        check=channel,
    ),
)
"""The fields that every order has, after those of its cloud."""

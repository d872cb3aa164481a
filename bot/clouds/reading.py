"""Reading answers of a cloud that may be missing, new or of another type than documented. Pure.

None of the SDKs checks enums or types of what comes back, and nothing odd in one member of an answer may
hide the rest of an order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bot.ports import Choice

Answer = Mapping[str, Any]
Facts = tuple[tuple[str, str], ...]

LONGEST_TEXT = 75  # characters of an option in a Slack select

# Members that a newer API may add are shown, but not if they might name a person or a place.
PRIVATE = re.compile("address|contact|mail|name|phone|secret|token|key", re.IGNORECASE)


def text(value: object) -> str:
    """Any value of an answer as text that every store can keep; times as UTC."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{moment(value):%Y-%m-%d %H:%M UTC}"
    # JSON may carry half a surrogate pair, which is no UTF-8, and NUL, which PostgreSQL refuses.
    return str(value).encode("utf-8", "replace").decode().replace("\x00", "")


def moment(value: datetime) -> datetime:
    """A time in UTC; SDKs return the machine's own zone, or none."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def time_of(value: object) -> datetime | None:
    """A time written as ISO 8601, with any number of digits and any offset; None for anything else.

    The year 1 stands for no time.
    """
    try:
        at = moment(datetime.fromisoformat(text(value)))
    except (ValueError, OverflowError):
        return None
    return at if at.year > 1 else None


def url_parts(value: object) -> SplitResult:
    """The parts of a URL; empty ones where it is none."""
    try:
        return urlsplit(text(value).strip())
    except ValueError:
        return urlsplit("")


def words(value: object) -> str:
    """`NO_UPFRONT` as *No upfront*."""
    return text(value).replace("_", " ").strip().capitalize()


def label(member: str) -> str:
    """`EstimatedDeliveryDate` as *Estimated delivery date*."""
    return " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z_\s]+", member)).lower().capitalize()


def tell(shown: dict[str, str], answer: Answer, *, known: frozenset[str]) -> Facts:
    """`shown`, and the members that this version does not know, as far as they read as a value."""
    for member in sorted(set(answer) - known, key=text):
        if isinstance(answer[member], str | datetime) and not PRIVATE.search(text(member)):
            shown.setdefault(label(text(member)), text(answer[member]))
    return tuple((label, value) for label, value in shown.items() if label and value)


def a_dict(value: object) -> Answer:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def a_list(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def dicts(value: object) -> list[Answer]:
    """The objects in a list, if it is one."""
    return [each for each in a_list(value) if isinstance(each, Mapping)]


def short(line: str) -> str:
    """A line that fits into an option of a Slack select."""
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…"


def by_text(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """Choices as a form lists them."""
    return tuple(sorted(choices, key=lambda choice: (choice.text.casefold(), choice.value)))

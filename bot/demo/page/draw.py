"""The filters of the templates: from what Slack's objects hold to what is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from markupsafe import Markup, escape

from bot.demo.page.mrkdwn import EMOJI, day, hyperlink, moment, mrkdwn
from bot.demo.slack import plain
from bot.demo.slack.values import Json

_TITLES = {"pending": "to come", "in_progress": "in progress", "complete": "done", "error": "failed"}


def text(value: Any, names: Mapping[str, str]) -> Markup:
    """A text object of either kind, or a plain string."""
    if isinstance(value, dict) and value.get("type") == "mrkdwn":
        return mrkdwn(str(value.get("text", "")), names)
    return broken(plain.text_of(value, names))


def bare(value: Any, names: Mapping[str, str]) -> str:
    """The same without any markup."""
    return plain.text_of(value, names)


def broken(shown: str) -> Markup:
    """Text as it is, with its line breaks."""
    return Markup("<br>").join(shown.split("\n"))


def leaf(value: Json, names: Mapping[str, str]) -> Markup:
    """A piece of rich text."""
    match value.get("type"):
        case "text":
            return _styled(broken(str(value.get("text", ""))), value.get("style") or {})
        case "link":
            return hyperlink(str(value.get("url", "")), str(value.get("text") or ""))
        case "user" | "usergroup" | "channel":
            kind = str(value["type"])
            id = str(value.get(f"{kind}_id", ""))
            sign = "#" if kind == "channel" else "@"
            return Markup('<span class="mention">%s</span>') % f"{sign}{names.get(id, id)}"
        case "emoji":
            name = str(value.get("name", ""))
            return escape(EMOJI.get(name, f":{name}:"))
        case "date":
            stamp = f"!date^{value.get('timestamp')}^{value.get('format', '')}"
            return moment(stamp, str(value.get("fallback", "")))
        case "broadcast":
            return Markup('<span class="mention">@%s</span>') % value.get("range")
    return escape(value.get("value", ""))


def other(block: Json, names: Mapping[str, str]) -> Markup:
    """A block that has no drawing of its own: its text."""
    return broken(plain.flatten([block], names))


def clock(at: datetime) -> str:
    """The time of day."""
    return f"{at:%H:%M}"


def dated(at: datetime) -> str:
    """Day and time."""
    return f"{day(at.date())} {at:%H:%M}"


def status(word: str) -> str:
    """How far a task is, for those who don't see the sign."""
    return _TITLES.get(word, word)


def progress(tasks: list[Json]) -> str:
    """How many of the tasks are done."""
    return f"{sum(task.get('status') == 'complete' for task in tasks)} of {len(tasks)}"


def mark(*what: Any) -> str:
    """The same for the same, to tell whether something has to be drawn anew."""
    return sha256(repr(what).encode()).hexdigest()[:12]


def initials(name: str) -> str:
    return name[:1].upper()


def _styled(shown: Markup, style: Mapping[str, bool]) -> Markup:
    for name, tag in (("code", "code"), ("bold", "b"), ("italic", "i"), ("strike", "s")):
        if style.get(name):
            shown = Markup(f"<{tag}>%s</{tag}>") % shown  # noqa: S704 - the tag is our own
    return shown


FILTERS: Mapping[str, Callable[..., Any]] = {
    "text": text,
    "bare": bare,
    "leaf": leaf,
    "other": other,
    "clock": clock,
    "dated": dated,
    "status": status,
    "progress": progress,
    "mark": mark,
    "initials": initials,
}
"""By the names that the templates use."""

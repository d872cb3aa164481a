"""What an examination finds: one line each, for the people who install and run the bot. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

SKEW_TO_MENTION = 60.0
"""Seconds by which a clock may be wrong before it deserves a look."""
SKEW_TO_MEND = 240.0
"""Seconds; Slack's and AWS's signatures are refused beyond 300."""


class Mark(StrEnum):
    """How something stands."""

    OK = "ok"
    WARN = "warn"
    """It works, and deserves a look."""
    WRONG = "wrong"
    UNTRIED = "untried"
    """Nobody can tell from here, or something else has to be mended first."""


@dataclass(frozen=True)
class Finding:
    """How one thing stands, and what to do about it."""

    what: str
    """What was looked at, in a few words: a setting, a scope, a permission."""
    mark: Mark
    said: str
    remedy: str = ""
    """What to do, as a sentence; "" where there is nothing to do."""


def ok(what: str, said: str) -> Finding:
    """All is well with it."""
    return Finding(what, Mark.OK, said)


def warn(what: str, said: str, remedy: str = "") -> Finding:
    """It works, and deserves a look."""
    return Finding(what, Mark.WARN, said, remedy)


def wrong(what: str, said: str, remedy: str) -> Finding:
    """It has to be mended."""
    return Finding(what, Mark.WRONG, said, remedy)


def untried(what: str, said: str, remedy: str = "") -> Finding:
    """It was not looked at, for the reason that is said."""
    return Finding(what, Mark.UNTRIED, said, remedy)


def sentence(said: object) -> str:
    """What somebody said, begun and ended as a sentence."""
    words = " ".join(str(said).split())
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith((".", "!", "?")) else ".")


def clock(who: str, date: str, now: datetime) -> Finding:
    """How far the clock here is from that of somebody who answered.

    Args:
        who: `Slack` or a cloud.
        date: The `Date` header of the answer; "" where there was none.
        now: The time here when the answer came, as aware UTC.
    """
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return untried("clock", f"{who} did not say what time it is there.")
    ahead = (now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))).total_seconds()
    said = f"It is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} that of {who}."
    remedy = "Let the machine set its clock by NTP (timedatectl set-ntp true)."
    if abs(ahead) > SKEW_TO_MEND:
        return wrong("clock", f"{said} Beyond 300 s signatures are refused.", remedy)
    if abs(ahead) > SKEW_TO_MENTION:
        return warn("clock", said, remedy)
    return ok("clock", f"It agrees with that of {who}.")

"""What an `/order` line can mean: one value for each thing that somebody can ask of the bot."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.fields import Mistake, Values


@dataclass(frozen=True)
class Ask:
    """Order something. `cloud`: "" when none was named; `yes`: file it without showing the form."""

    cloud: str
    values: Values
    yes: bool = False


@dataclass(frozen=True)
class Status:
    """`ref`: our order id, an AWS order id, or the name of an Azure item (`NAME` or `GROUP/NAME`)."""

    ref: str


@dataclass(frozen=True)
class List:
    """`which`: mine, open, waiting or all; `page` counts from 1."""

    which: str = "mine"
    page: int = 1


@dataclass(frozen=True)
class Decide:
    """`verb`: approve or reject."""

    order: str
    verb: str
    note: str


@dataclass(frozen=True)
class Withdraw:
    order: str


@dataclass(frozen=True)
class Cancel:
    order: str
    reason: str


@dataclass(frozen=True)
class Return:
    order: str
    reason: str


@dataclass(frozen=True)
class Track:
    """`ref`: an AWS order id or the name of an Azure item (`NAME` or `GROUP/NAME`); `quiet`: no card until
    it changes."""

    ref: str
    quiet: bool


@dataclass(frozen=True)
class Delegate:
    """`to`: a Slack user id; `until`: an ISO date. Both "" end the delegation."""

    to: str
    until: str


@dataclass(frozen=True)
class BreakGlass:
    order: str
    reason: str


@dataclass(frozen=True)
class Mute:
    order: str


@dataclass(frozen=True)
class WhoAmI:
    pass


@dataclass(frozen=True)
class Help:
    """`word`: what to explain, in lower case; "" for everything in short."""

    word: str


@dataclass(frozen=True)
class Misread:
    """What could not be understood; `ask` is what could, where something was to be ordered."""

    mistakes: tuple[Mistake, ...]
    ask: Ask | None = None


Meaning = (
    Ask
    | Status
    | List
    | Decide
    | Withdraw
    | Cancel
    | Return
    | Track
    | Delegate
    | BreakGlass
    | Mute
    | WhoAmI
    | Help
    | Misread
)

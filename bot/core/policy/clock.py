"""The clock of a request that waits: remind, ask others too, expire. Pure.

Each happens once: reminding and escalating in each step, expiring in each round. What is due is found
from the order and the policy alone, so that a restart changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.order import Order
from bot.core.policy.values import Quiet, Times


class Tick(StrEnum):
    """What the clock lets happen."""

    REMIND = "remind"
    ESCALATE = "escalate"
    EXPIRE = "expire"


@dataclass(frozen=True)
class Due:
    """What is to happen next to a request that waits, and when (UTC)."""

    tick: Tick
    at: datetime


def next_due(times: Times, order: Order) -> Due | None:
    """What happens next if nobody decides; None where nothing does."""
    step_at = order.step_at or order.filed_at
    dues = [
        Due(tick, since + after)
        for tick, since, after, done in (
            (Tick.EXPIRE, _asked_at(order), times.expire, False),
            (Tick.REMIND, step_at, times.remind, order.reminded),
            (Tick.ESCALATE, step_at, times.escalate, order.escalated or not times.escalate_to),
        )
        if after is not None and not done
    ]
    # Where several are long due, as after a stop of the bot, the last word comes first.
    return min(dues, key=lambda due: due.at, default=None)


def overdue(times: Times, order: Order, now: datetime) -> bool:
    """Whether a request has waited longer than it may."""
    return times.expire is not None and now >= _asked_at(order) + times.expire


def _asked_at(order: Order) -> datetime:
    return order.asked_at or order.filed_at


def quiet_for(quiet: Quiet | None, zone: str, now: datetime) -> timedelta:
    """How long somebody in a time zone is not to be disturbed; zero where they may be now.

    Args:
        quiet: The hours, by their own clock.
        zone: An IANA name such as Europe/Berlin; one that is not known counts as UTC.
        now: The time, UTC.
    """
    if quiet is None or quiet.start == quiet.end:
        return timedelta()
    local = now.astimezone(_zone(zone))
    if not _within(quiet, local.time()):
        return timedelta()
    day = local.date() + timedelta(days=local.time() >= quiet.end)
    end = datetime.combine(day, quiet.end, local.tzinfo)
    return max(end.astimezone(now.tzinfo) - now, timedelta(seconds=1))


def _within(quiet: Quiet, at: time) -> bool:
    if quiet.start < quiet.end:
        return quiet.start <= at < quiet.end
    return at >= quiet.start or at < quiet.end


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")

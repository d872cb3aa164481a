"""Posting a message once, although a process may die before it hears that it was posted."""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.core.messages.blocks import Say
from bot.errors import ChatRefused
from bot.failpoint import failpoint
from bot.ports import Post
from bot.spine import World
from bot.store import Claim

log = logging.getLogger(__name__)

SKEW = timedelta(minutes=10)
"""By how much Slack's clock may be behind ours."""


def once(
    world: World,
    claim: Claim,
    said: Say,
    channel: str,
    *,
    thread_ts: str = "",
    repost: bool = False,
) -> Post:
    """Post a message, unless an earlier try got through although nobody heard of it.

    Where a try may still have been on its way while it was looked for, what came twice is taken away.
    """
    key = claim.work.key
    unsure = claim.tries > 1 and not repost
    before = earlier(world, claim, channel, thread_ts) if unsure else ()
    if before:
        return before[0]
    failpoint("before-posting")
    post = world.chat.post(channel, said.text, said.blocks, key=key, thread=thread_ts)
    failpoint("posted")
    # Who was held up beyond the lease may have been taken for dead, and the message posted by another.
    if unsure or world.now() >= claim.until:
        for twin in _posts(world, claim, post.channel, thread_ts):
            if twin.ts > post.ts:
                world.chat.delete(twin)
            elif twin.ts < post.ts:
                world.chat.delete(post)
                return twin
    return post


def earlier(world: World, claim: Claim, channel: str, thread_ts: str = "") -> tuple[Post, ...]:
    """What earlier tries may have posted although nobody heard of it; nothing at the first try."""
    return _posts(world, claim, channel, thread_ts) if claim.tries > 1 else ()


def _posts(world: World, claim: Claim, channel: str, thread_ts: str) -> tuple[Post, ...]:
    """The messages of this work that stand in Slack, oldest first."""
    since = (claim.made_at - SKEW).timestamp()
    try:
        return world.chat.find(channel, claim.work.key, thread=thread_ts, since=since)
    except ChatRefused as error:
        # Where the bot may post and not read, a message may come twice; it must not get lost.
        log.info("message.unverified", extra={"work": claim.work.key, "why": error.code})
        return ()

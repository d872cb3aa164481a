"""Telling people: the outbox. A message is made from the order as it is at the moment of sending."""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.core.follow import Job, Work
from bot.core.messages import desk, thread
from bot.core.messages.blocks import Say
from bot.core.messages.card import card as order_card
from bot.core.messages.request import asks_for_approval
from bot.core.order import ENDED, State
from bot.core.policy import risks
from bot.errors import ChatRefused
from bot.outbox import earlier, once
from bot.ports import Post
from bot.spine import Again, Every, Result, World, tell_operators
from bot.store import Claim

log = logging.getLogger(__name__)

UNREACHABLE = frozenset(
    {"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "is_inactive"}
)
LATE_CARD = timedelta(minutes=1)
RETRY_REFUSED = 60.0
"""Seconds until another try at a message that must get through once somebody has invited the bot."""


def card(world: World, claim: Claim) -> Result:
    """Bring the order card up to date. A channel that cannot be reached is replaced by a direct message."""
    order = world.store.order(claim.work.order_id)
    if order is None:
        return None
    said = order_card(order)
    try:
        _stand(world, claim, said, order.channel)
    except ChatRefused as error:
        if error.code not in UNREACHABLE or order.channel == order.requester:
            raise
        tell_operators(world, f"{order.id}/card", desk.undelivered(order.id, order.channel, error.code))
        post = once(world, claim, said, order.requester, repost=True)
        world.store.keep_post(order.id, claim.work.job, post.channel, post.ts)
    return None


def request(world: World, claim: Claim) -> Result:
    """Bring the message in the approvals channel up to date."""
    order = world.store.order(claim.work.order_id)
    if order is None:
        return None
    channel = world.settings.approvals_channel
    if order.state in ENDED and not order.decided_by and not _stands(world, claim, channel):
        return None  # it ended before anybody was asked
    plan = world.plan(order) if order.state is State.WAITING else order.plan
    said = asks_for_approval(order, plan, world.store.audit_head(), risks.banners(world.policy, order.asked))
    waits = _insist(world, claim, said, channel)
    copies = [
        Work(f"{order.id}/copy/{person}", Job.COPY, order.id, {"person": person}, lane=f"edit/{person}")
        for person in world.store.copies(order.id)
    ]
    world.store.enqueue(copies, world.now())
    return waits


def unclear_desk(world: World, claim: Claim) -> Result:
    """Bring the question to operators up to date; none is posted for an order that is settled."""
    order = world.store.order(claim.work.order_id)
    if order is None:
        return None
    channel = world.settings.operations
    asked = order.people_asked or _stands(world, claim, channel)
    return _insist(world, claim, desk.unclear(order), channel) if asked else None


def _insist(world: World, claim: Claim, said: Say, channel: str) -> Result:
    """A message that somebody has to act on: it is tried until Slack takes it, and operators are told."""
    try:
        _stand(world, claim, said, channel)
    except ChatRefused as error:
        lost = desk.undelivered(claim.work.order_id, channel, error.code)
        tell_operators(world, f"{claim.work.key}/undelivered", lost)
        return Again(RETRY_REFUSED, f"{channel}: {error.code}")
    return None


def _stands(world: World, claim: Claim, channel: str) -> bool:
    """Whether the message of this work was posted, known to the database or not."""
    return bool(world.store.post(claim.work.order_id, claim.work.job) or earlier(world, claim, channel))


def _stand(world: World, claim: Claim, said: Say, channel: str) -> None:
    """A message that stands for the whole life of an order: posted once, then replaced."""
    order_id, job = claim.work.order_id, claim.work.job
    there = world.store.post(order_id, job)
    if there:
        try:
            world.chat.update(Post(*there), said.text, said.blocks, key=claim.work.key)
            return
        except ChatRefused as error:
            if error.code != "message_not_found":
                raise
    post = once(world, claim, said, channel, repost=bool(there))
    world.store.keep_post(order_id, job, post.channel, post.ts)
    if claim.tries > 1 and not there:
        # What an earlier try had posted says how the order was then.
        world.chat.update(post, said.text, said.blocks, key=claim.work.key)


def in_thread(world: World, claim: Claim) -> Result:
    """Tell in the thread of the card what happened; the card comes first."""
    order = world.store.order(claim.work.order_id)
    if order is None:
        return None
    there = world.store.post(order.id, Job.CARD)
    if there is None:
        # The card comes within moments, or Slack does not take it: then it is an operator's turn.
        late = world.now() - claim.made_at > LATE_CARD
        return Again(RETRY_REFUSED, "there is no card") if late else Again(0.3)
    channel, ts = there
    once(world, claim, thread.in_thread(order, claim.work.body), channel, thread_ts=ts)
    return None


def directly(world: World, claim: Claim) -> Result:
    """Tell the requester, unless they asked not to be."""
    order = world.store.order(claim.work.order_id)
    if order is None or order.muted:
        return None
    once(world, claim, thread.directly(order, claim.work.body), order.requester)
    return None


def operations(world: World, claim: Claim) -> Result:
    """Tell the operators."""
    said = Say(claim.work.body["text"], tuple(claim.work.body["blocks"]))
    try:
        once(world, claim, said, world.settings.operations)
    except ChatRefused as error:
        return Again(RETRY_REFUSED, f"{world.settings.operations}: {error.code}")
    return None


def tell(world: World, claim: Claim) -> Result:
    """Tell one person something that is about no order."""
    body = claim.work.body
    once(world, claim, Say(body["text"], tuple(body["blocks"])), body["person"])
    return None


def alarm(world: World, claim: Claim) -> Result:
    """Tell the operators that somebody does without the approvers."""
    order = world.store.order(claim.work.order_id)
    if order is None:
        return None
    try:
        once(world, claim, desk.glass_broken(order, claim.work.body), world.settings.operations)
    except ChatRefused as error:
        return Again(RETRY_REFUSED, f"{world.settings.operations}: {error.code}")
    return None


def whisper(world: World, claim: Claim) -> Result:
    """Answer one person where they clicked; directly, where that cannot be done."""
    body = claim.work.body
    try:
        world.chat.whisper(body["channel"], body["person"], body["text"], body["blocks"])
    except ChatRefused:
        world.chat.post(body["person"], body["text"], body["blocks"], key=claim.work.key)
    return None


def anchor(world: World, _: Claim) -> Result:
    """Once a day, put the audit log's newest hash into the operations channel."""
    seq, digest = world.store.audit_head()
    if seq:
        day = world.now().date().isoformat()
        tell_operators(world, f"anchor/{day}", desk.anchor(seq, digest))
    return Every(24 * 3600)


def first_words(world: World) -> list[Work]:
    """What operators are told when the program starts: settings with which something cannot work."""
    offered = {(name, scope) for name, cloud in world.clouds.items() for scope in cloud.scopes}
    said = {
        f"not-followed/{cloud}/{scope}": desk.not_followed(cloud, scope, number)
        for cloud, scope, number in world.store.places()
        if (cloud, scope) not in offered
    }
    if not world.policy.approvers:
        said["no-approvers"] = desk.no_approvers(world.policy.source)
    return [
        Work(f"operations/{key}", Job.OPERATIONS, body={"text": one.text, "blocks": list(one.blocks)})
        for key, one in said.items()
    ]

"""Getting a new quote: a form asks for it, the worker gets it, and who asked chooses from it.

A quote orders nothing. Each option of it becomes a draft, with which a button opens the order form.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot import catalogue
from bot.core.aws_terms import split_outpost
from bot.core.fields import Mistake
from bot.core.follow import Job, Work
from bot.core.messages import desk, quotes, replies
from bot.core.messages.blocks import Say
from bot.core.policy import Reason, may_request
from bot.core.quote import Option, Quote, Wish
from bot.errors import CloudDenied, CloudError, CloudRefused
from bot.ports import Cloud
from bot.spine import Result, World, tell_operators
from bot.store import Claim

log = logging.getLogger(__name__)

TRIES = 4
"""How often AWS is asked, with ever longer breaks, before who waits for the quote is told that it failed."""


def ask(world: World, wish: Wish, person: str, key: str, draft: str) -> Say:
    """Put a wish for a quote on the list, once for each `key`, and answer whoever asked.

    Another wish under the same key is another quote: who has not seen their form close may have changed it.

    Args:
        world: Store, policy and clock.
        wish: What is to be quoted.
        person: Slack user id of who asked; the quote is told to nobody else.
        key: What identifies this asking.
        draft: Id of the draft of their order form; "" if there is none.
    """
    right = may_request(world.policy, person, world.scene())
    if not right.allowed and right.reason is not Reason.UNKNOWN:
        return replies.may_not_request(world.policy)
    body = {"wish": asdict(wish), "person": person, "draft": draft}
    wished = _digest(json.dumps(body["wish"], sort_keys=True))
    world.store.once(Work(f"quote/{key}/{wished}", Job.QUOTE, body=body), world.now())
    return quotes.asked(wish)


def wrong_country(world: World, wish: Wish) -> tuple[Mistake, ...]:
    """What is wrong with the country of a wish, if the Outpost is known to stand in another one: AWS would
    make the quote, and take no order of it."""
    offered = catalogue.choices(world, "country")
    known = [one.text for one in offered if split_outpost(one.value)[1] == wish.outpost]
    if not known or wish.country in ("", *known):
        return ()
    expected = f"{known[0]}, where the site of this Outpost is, or nothing"
    return (Mistake("country", wish.country, expected),)


def make(world: World, claim: Claim) -> Result:
    """Let AWS make a quote, and tell who asked for it what it offers."""
    cloud = world.clouds.get("aws")
    if cloud is not None:
        body = claim.work.body
        for number, said in enumerate(_made(world, cloud, claim, _wish(body["wish"]))):
            tell = Work(
                f"tell/{claim.work.key}/{number}",
                Job.TELL,
                body={"person": body["person"], "text": said.text, "blocks": list(said.blocks)},
                lane=f"post/{body['person']}",
            )
            world.store.once(tell, world.now())
    return None


def _made(world: World, cloud: Cloud, claim: Claim, wish: Wish) -> tuple[Say, ...]:
    body = claim.work.body
    kept = world.store.draft(body["draft"], body["person"]) or {}
    mark = f"Quartermaster {_digest(claim.work.key)}"
    try:
        quote = cloud.quote(wish, mark)
    except CloudError as error:
        why = _why_not(world, claim, error)
        return (quotes.failed(wish, why, _save(world, body["person"], kept, {})),)
    log.info("quote.made", extra={"quote": quote.id, "region": quote.region})
    _offer(world, cloud, quote.region)
    drafts = [_save(world, body["person"], kept, _values(quote, option, wish)) for option in quote.options]
    told = quotes.made(quote, wish, drafts)
    if any(option.prices for option in quote.options):
        return told
    return (*told, quotes.kept(_save(world, body["person"], kept, {})))


def _why_not(world: World, claim: Claim, error: CloudError) -> str:
    """What is told of an answer that is no quote; raised again as long as AWS may still make one."""
    match error:
        case CloudDenied(words=words):
            log.error("quote.denied", extra={"why": str(error)})
            tell_operators(world, f"quote-denied/{world.now():%Y-%m-%d}", desk.may_not_quote(words))
            return quotes.NOT_PERMITTED
        case CloudRefused(words=words):
            return words
    if claim.tries < TRIES:
        raise error
    return str(error)


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _offer(world: World, cloud: Cloud, region: str) -> None:
    """Let forms know the new quote, so that they show its prices; without that, they show its id."""
    try:
        catalogue.keep(world, "aws", cloud.catalogue(region))
    except CloudError as error:
        log.info("quote.not_offered_yet", extra={"region": region, "why": str(error)})


def _wish(body: Mapping[str, Any]) -> Wish:
    return Wish(**{**body, "instances": tuple((name, int(count)) for name, count in body["instances"])})


def _values(quote: Quote, option: Option, wish: Wish) -> dict[str, list[str]]:
    """What the order form is filled with for an option; how it is paid only where there is one way."""
    ways = [(pays, lasts) for pays, lasts, _ in option.prices]
    payment, term = ways[0] if len(ways) == 1 else (wish.payment, wish.term)
    said = {
        "outpost": f"{quote.region}/{wish.outpost}",
        "quote": quote.id,
        "option": option.id,
        "payment": payment,
        "term": term,
    }
    return {key: [word] for key, word in said.items() if word}


def _save(world: World, person: str, kept: Mapping[str, Any], values: Mapping[str, list[str]]) -> str:
    """Keep the order form as it was, but for what the quote says."""
    bought = ("outpost", "item", "quote", "option", "payment", "term") if values else ()
    before = {key: said for key, said in kept.get("values", {}).items() if key not in bought}
    body = {
        "cloud": "aws",
        "values": {**before, **values},
        "channel": kept.get("channel", ""),
        "edits": kept.get("edits", ""),
    }
    return world.store.save_draft(person, body, world.now())

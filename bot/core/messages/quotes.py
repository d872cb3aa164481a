"""Words for somebody who has asked for a quote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.core.messages.asking import OPEN_FORM
from bot.core.messages.blocks import Block, Say, actions, button, code, context, fitting, one_line, section
from bot.core.messages.terms import payment, requirements, term
from bot.core.messages.words import clause
from bot.core.quote import REMEDIES, Option, Quote, Requirement, Wish, day, priced, readable

_IN_A_MESSAGE = 3
_ROOM = 2900
"""Characters of an option: a section of Slack holds 3,000, a message some 13,000."""


def asked(wish: Wish) -> Say:
    """AWS is going to be asked."""
    return _say(f"AWS is asked to quote {_wished(wish)}. What it offers comes to you as a direct message.")


def _wished(wish: Wish) -> str:
    """What was wished for, in mrkdwn."""
    wanted = [f"{count} × {code(name)}" for name, count in wish.instances]
    wanted += [f"{size} TiB of {kind} in all" for kind, size in (("EBS", wish.ebs), ("S3", wish.s3)) if size]
    return f"{', '.join(wanted)} for {code(wish.outpost)}"


def made(quote: Quote, wish: Wish, drafts: Sequence[str]) -> tuple[Say, ...]:
    """What AWS offers, in as many messages as hold it, with a button for each option.

    Args:
        quote: What AWS offers.
        wish: What was asked for.
        drafts: What the button of each option opens the order form with.
    """
    if not quote.options:
        said = f" AWS says: {one_line(quote.words, 500)}" if quote.words else ""
        nothing = f"AWS made the quote {code(quote.id)} for {_wished(wish)}, and offers nothing in it.{said}"
        return (_say(nothing),)
    head = (
        f"*AWS has quoted* {_wished(wish)}: {code(quote.id)}. It can be ordered until {day(quote.expires)}."
    )
    parts = [
        tuple(_option(number, option, draft))
        for number, (option, draft) in enumerate(zip(quote.options, drafts, strict=True), 1)
    ]
    groups = [parts[start : start + _IN_A_MESSAGE] for start in range(0, len(parts), _IN_A_MESSAGE)]
    first, *rest = [tuple(block for part in group for block in part) for group in groups]
    opening = (section(head), context(_NEXT), *_checked(quote), *first)
    more = f"More of {one_line(quote.id)}."
    return (
        Say(f"AWS has quoted {one_line(quote.id)}.", opening),
        *(Say(more, (section(f"*More of* {code(quote.id)}"), *blocks)) for blocks in rest),
    )


_NEXT = "Nothing is ordered by this. A button opens the order form, and approvers decide as they always do."


def _option(number: int, option: Option, draft: str) -> Iterator[Block]:
    """What an option delivers, as far as there is room for it beside all of its prices."""
    head = f"*Option {number}* ({code(option.id)})"
    prices = [
        f"{payment(pays)}, {term(lasts)}: {one_line(priced(price, lasts))}"
        for pays, lasts, price in option.prices
    ] or ["AWS tells no price for it, so that it cannot be ordered."]
    delivered = [f"• {one_line(one, 200)}" for one in (*option.capacities, *option.racks)]
    fit = fitting(delivered, _ROOM - len("\n".join([head, *prices])))
    more = [f"… and {len(delivered) - len(fit)} more"] if len(fit) < len(delivered) else []
    yield section("\n".join([head, *fit, *more, *prices]))
    if option.prices:
        label = f"Open the order form with option {number}"
        yield actions(button(f"Order option {number}", OPEN_FORM, draft, label=label))


def _checked(quote: Quote) -> Iterator[Block]:
    """What AWS has checked: how that stands, and what to do about what it would refuse an order for now."""
    lines = [
        f"• *{one_line(readable(one.kind), 60)}:* {one_line(_what_to_do(one), 400)}" for one in quote.failing
    ]
    if lines:
        yield section("\n".join([":warning: *AWS would not take an order yet:*", *fitting(lines, 2000)]))
    elif quote.requirements:
        yield context(f"What AWS requires for an order: {requirements(quote.requirements)}.")


def _what_to_do(requirement: Requirement) -> str:
    return f"{requirement.words} {REMEDIES.get(requirement.kind, '')}".strip()


NOT_PERMITTED = "it does not let the bot ask for quotes, and operators have been told"


def failed(wish: Wish, why: str, draft: str) -> Say:
    """AWS made no quote; `draft` is what a button opens the order form with again."""
    text = f"AWS made no quote of {_wished(wish)}: {clause(why, 800)}."
    return _with_form(text, draft)


def kept(draft: str) -> Say:
    """Nothing of a quote can be ordered; `draft` is what a button opens the order form with again."""
    return _with_form("Nothing of this quote can be ordered. What you had filled in is kept.", draft)


def _with_form(text: str, draft: str) -> Say:
    return Say(text, (section(text), actions(button("Open the form", OPEN_FORM, draft))))


def _say(text: str) -> Say:
    return Say(text, (section(text),))

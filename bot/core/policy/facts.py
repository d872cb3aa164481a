"""What conditions see of a request, and whether they hold.

Something may not be known yet, or ever: the total of an order that no quote tells the price of, the items
of one that is made from a quote, the country of an Outpost whose site cannot be read. `holds` says so, and
whoever asks decides on the safe side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from bot.core.policy.values import When
from bot.core.request import AwsTerms, Request

Known = tuple[str, ...] | None
"""Some words; none at all where a request says nothing of the kind; None where it is not known."""


@dataclass(frozen=True)
class Facts:
    """A request as conditions see it: words by key, the number of things, and the total in USD."""

    words: Mapping[str, Known]
    quantity: int | None
    total_usd: Decimal | None


def facts(request: Request) -> Facts:
    """What conditions see of a request."""
    terms = request.terms
    common = {"cloud": (request.cloud,), "cost_center": _said(request.cost_center)}
    if isinstance(terms, AwsTerms):
        items = tuple(item.catalog_item for item in terms.items)
        words: dict[str, Known] = {
            "region": _known(terms.region),
            "country": _known(getattr(terms, "country", "")),
            "payment": (terms.payment,),
            "term": (terms.term,),
            # A quote names none, so that anything could be in it.
            "item": items or None,
        }
        quantity = sum(item.quantity for item in terms.items) if items else None
        return Facts(common | words, quantity, getattr(request, "total_usd", None))
    words = {
        "location": (terms.location,),
        "country": _known(terms.country),
        "item": (terms.configuration, f"{terms.product}/{terms.configuration}"),
        "order_type": (terms.order_type,),
    }
    return Facts(common | words, terms.quantity, None)


def holds(when: When, facts: Facts) -> bool | None:
    """Whether a condition holds; None where that hangs on something that is not known."""
    answers = [_holds(key.name, getattr(when, key.name), facts) for key in fields(when)]
    if False in answers:
        return False
    return None if None in answers else True


def unknown(when: When, facts: Facts) -> tuple[str, ...]:
    """The keys of a condition on which it hangs and of which nothing is known; none where it surely fails."""
    if holds(when, facts) is not None:
        return ()
    return tuple(key.name for key in fields(when) if _holds(key.name, getattr(when, key.name), facts) is None)


def may_hold(when: When, facts: Facts) -> bool:
    """Whether a condition holds, or could: what is not known counts as met."""
    return holds(when, facts) is not False


def _holds(key: str, wanted: object, facts: Facts) -> bool | None:
    if wanted is None or wanted == ():
        return True
    if isinstance(wanted, int):
        return None if facts.quantity is None else facts.quantity > wanted
    if isinstance(wanted, Decimal):
        return None if facts.total_usd is None else facts.total_usd > wanted
    said = facts.words.get(key, ())
    return None if said is None else bool(_folded(said) & _folded(wanted))


def _folded(words: object) -> frozenset[str]:
    assert isinstance(words, tuple)  # noqa: S101 - every other kind of key is handled above
    return frozenset(word.casefold() for word in words)


def _known(word: str) -> Known:
    return (word,) if word else None


def _said(word: str) -> Known:
    return (word,) if word else ()

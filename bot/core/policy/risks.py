"""What is risky about a request: by rules that are always there, and by those of the policy file.

What is not known is no risk to the rules that are always there, for every request would show them then.
To those of the file it counts as met, as everywhere in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from bot.core.messages import risks as say
from bot.core.policy.facts import Facts, facts, may_hold
from bot.core.policy.values import Policy
from bot.core.quote import CHANGED_RACK
from bot.core.request import AwsTerms, Request

MANY = 10
EXPENSIVE = Decimal(250_000)
"""In USD."""


def banners(policy: Policy, request: Request) -> tuple[str, ...]:
    """What is risky about a request, in sentences of plain text, each of them once.

    Args:
        policy: The policy; its `warn` rules come first.
        request: What is asked for.
    """
    seen = facts(request)
    warned = (rule.say for rule in policy.warnings if may_hold(rule.when, seen))
    always = (risk(request, seen) for risk in _RISKS)
    return tuple(dict.fromkeys(filter(None, (*warned, *always))))


def _paid_up_front(_request: Request, seen: Facts) -> str:
    return say.PAID_UP_FRONT if _says(seen, "payment", "ALL_UPFRONT") else ""


def _five_years(_request: Request, seen: Facts) -> str:
    return say.FIVE_YEARS if _says(seen, "term", "FIVE_YEARS") else ""


def _many(_request: Request, seen: Facts) -> str:
    return say.many(seen.quantity) if seen.quantity is not None and seen.quantity > MANY else ""


def _expensive(_request: Request, seen: Facts) -> str:
    total = seen.total_usd
    return say.expensive(total) if total is not None and total > EXPENSIVE else ""


def _work_on_a_rack(request: Request, _seen: Facts) -> str:
    offer = request.terms.offer if isinstance(request.terms, AwsTerms) else None
    return say.RACK_WORK if offer and any(CHANGED_RACK in line for line in offer.racks) else ""


def _rental_or_purchase(_request: Request, seen: Facts) -> str:
    if _says(seen, "order_type", "Rental"):
        return say.AZURE_RENTAL
    return say.AZURE_PURCHASE if _says(seen, "order_type", "Purchase") else ""


def _cancelling(request: Request, _seen: Facts) -> str:
    return cancelling(request.cloud)


def cancelling(cloud: str) -> str:
    """What is risky about every order from a cloud: whether it can be taken back."""
    return {"aws": say.AWS_CANCELLING, "azure": say.AZURE_CANCELLING}.get(cloud, "")


def _says(seen: Facts, key: str, word: str) -> bool:
    return word in (seen.words.get(key) or ())


# In the order in which they are told.
_RISKS: tuple[Callable[[Request, Facts], str], ...] = (
    _expensive,
    _paid_up_front,
    _five_years,
    _many,
    _work_on_a_rack,
    _rental_or_purchase,
    _cancelling,
)

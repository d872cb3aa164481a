"""`policy check`: what the policy says, in words, and what it makes of one order. Needs no database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from bot import policy_file
from bot.core.command import parse, with_values
from bot.core.meaning import Ask, Misread
from bot.core.messages import policy_explained as say
from bot.core.policy import Policy, built_in
from bot.core.request import AwsTerms, Request, read, with_defaults
from bot.errors import Misconfigured
from bot.settings import Settings, salvage


def check(environment: Mapping[str, str], file: str, order: str | None, today: date) -> tuple[str, ...]:
    """The policy in words, or what it makes of an order.

    Args:
        environment: Where the policy is, if no file is named: `POLICY_FILE`, else `APPROVERS`.
        file: Path of the policy file; "" where none is named.
        order: What stands after `/order`, also with that in front; None to have the policy explained.
        today: For *Needed by*.

    Raises:
        Misconfigured: The policy or the order cannot be read; every problem is named.
    """
    settings, wrong = salvage(environment)
    policy = _policy(file or environment.get("POLICY_FILE", "").strip(), settings, wrong)
    if order is None:
        return say.explain(policy)
    return say.explain_order(policy, _request(order, settings, today))


def _policy(file: str, settings: Settings, wrong: Mapping[str, str]) -> Policy:
    if file:
        return policy_file.load(file)
    if "APPROVERS" in wrong:
        raise Misconfigured((wrong["APPROVERS"],))
    return built_in(settings.approvers)


def _request(line: str, settings: Settings, today: date) -> Request:
    meaning = parse(re.sub(r"^\s*/order(?=\s|$)", "", line))
    if isinstance(meaning, Misread):
        raise Misconfigured(say.mistakes(with_values(meaning, today).mistakes))
    if not isinstance(meaning, Ask) or not meaning.cloud:
        raise Misconfigured((say.NO_ORDER,))
    where = {"location": settings.azure_location, "resource_group": settings.azure_resource_group}
    values = with_defaults(meaning.values, where if meaning.cloud == "azure" else {})
    # A policy does not look at these, so nobody has to type them here.
    found = read(meaning.cloud, values, today, elsewhere=("reason", "address", "resource_group"))
    if not isinstance(found, Request):
        raise Misconfigured(say.mistakes(found))
    return _with_region(found, settings.aws_regions)


def _with_region(request: Request, regions: tuple[str, ...]) -> Request:
    """The only Region that is ordered in, where AWS was asked for without one."""
    if isinstance(request.terms, AwsTerms) and not request.terms.region and len(regions) == 1:
        return replace(request, terms=replace(request.terms, region=regions[0]))
    return request

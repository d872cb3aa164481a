"""The words of conditions: which there can be, and conditions that always hold, or never."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.core.aws_terms import CATALOG_ITEM, split_item
from bot.core.azure_terms import MOST_UNITS, NAME
from bot.core.countries import COUNTRIES, country_code, nearest_country
from bot.core.fields import Mistake, nearest
from bot.core.messages import policy_file as say
from bot.core.policy.values import When
from bot.core.request import FIELDS, check_word, field_of

CLOUDS = tuple(FIELDS)
_OF_AWS = ("region", "payment", "term")
_OF_AZURE = ("location", "order_type")
_AZURE_ITEM = re.compile(f"{NAME}(?:/{NAME}/{NAME}/{NAME})?")
_ITEM_EXPECTED = "a catalog item such as OR-ABCDEFG, a configuration, or FAMILY/LINE/PRODUCT/CONFIGURATION"


def _cloud(word: str) -> str | Mistake:
    lower = word.lower()
    return lower if lower in CLOUDS else Mistake("", word, "aws or azure", nearest(word, CLOUDS))


def _country(word: str) -> str | Mistake:
    if word.upper() in COUNTRIES:
        return word.upper()
    near = country_code(word) or nearest_country(word)
    return Mistake("", word, "the two letters of a country, such as DE", near)


def _item(word: str) -> str | Mistake:
    if word.upper().startswith("OR-"):
        upper, whole = word.upper(), split_item(word.upper())
        if re.fullmatch(CATALOG_ITEM, upper):
            return upper
        return Mistake("", word, _ITEM_EXPECTED, whole[0] if whole else "")
    return word if _AZURE_ITEM.fullmatch(word) else Mistake("", word, _ITEM_EXPECTED)


def _as_asked(cloud: str, key: str) -> Callable[[str], str | Mistake]:
    """Words that are checked as those of a request are."""

    def check(word: str) -> str | Mistake:
        field = field_of(cloud, key)
        assert field, key  # noqa: S101 - the tables are ours
        return check_word(field, word, None)

    return check


_region = _as_asked("aws", "region")

WORDS: dict[str, Callable[[str], str | Mistake]] = {
    "cloud": _cloud,
    "region": lambda word: _region(word.lower()),
    "location": _as_asked("azure", "location"),
    "country": _country,
    "payment": _as_asked("aws", "payment"),
    "term": _as_asked("aws", "term"),
    "item": _item,
    "order_type": _as_asked("azure", "type"),
    "cost_center": _as_asked("aws", "cost_center"),
}
"""A word of a condition, not blank → the word as kept, or what is wrong with it; by key."""


def always(when: When) -> bool:
    """Whether a condition holds for every order, or could hold for it."""
    vacuous = When(
        cloud=when.cloud if set(when.cloud) == set(CLOUDS) else (),
        quantity_over=0 if when.quantity_over == 0 else None,
        total_usd_over=when.total_usd_over if when.total_usd_over == 0 else None,
    )
    return when == vacuous


def never(when: When) -> str:
    """Why a condition can hold for no order; "" where it can."""
    of_aws = [key for key in _OF_AWS if getattr(when, key)]
    of_azure = [key for key in _OF_AZURE if getattr(when, key)]
    if of_aws and of_azure:
        return say.OF_OTHER_CLOUDS
    if of_aws and when.cloud == ("azure",):
        return say.only_of(of_aws, "AWS")
    if of_azure and when.cloud == ("aws",):
        return say.only_of(of_azure, "Azure")
    if of_azure or when.cloud == ("azure",):
        too_many = when.quantity_over is not None and when.quantity_over >= MOST_UNITS
        return say.at_most(MOST_UNITS) if too_many else ""
    aws_items = [item for item in when.item if re.fullmatch(CATALOG_ITEM, item)]
    only_aws = of_aws or when.cloud == ("aws",)
    return say.NO_SUCH_ITEMS if only_aws and when.item and not aws_items else ""

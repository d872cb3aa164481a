"""How what was asked for is told: one function for each cloud, in one table.

Only what is in the request is told. An address is told by its name, and by its city and country once the
cloud has named them; streets, people and phones are not in a request at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.messages.blocks import channel_link, code, one_line
from bot.core.quote import FAIL, PASS, Requirement, day, priced, readable
from bot.core.request import AwsTerms, AzureTerms, Request

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Told:
    """What was asked for, in the words of each place that tells it; mrkdwn, unless `plain`."""

    items: tuple[str, ...]
    """What is bought, each with its number: `2 × OR-ABCDEFG`."""
    plain: tuple[str, ...]
    """The same for notifications and lists."""
    where: str
    """Where to, with its preposition."""
    where_plain: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """What is bought as a table of plain cells."""
    fields: Pairs
    """The terms under the labels of the form."""
    price: str = ""
    """What whoever decides has to know of its price."""


def told(request: Request) -> Told:
    """What was asked for, in words."""
    return _TELLERS[type(request.terms)](request.terms)


NO_PRICE = "AWS tells no price for catalog items: order by quote to see one."


def _aws(terms: AwsTerms) -> Told:
    return _by_quote(terms) if terms.quote else _by_item(terms)


def _by_quote(terms: AwsTerms) -> Told:
    outpost = _outpost(terms)
    offer = terms.offer
    bought = (*offer.capacities, *offer.racks) if offer else ()
    option = f", option {code(terms.option)}" if terms.option else ""
    asked = (
        ("Price", price(terms)),
        ("Quote expires", day(offer.expires) if offer else ""),
        ("Requirements", requirements(offer.requirements) if offer else ""),
    )
    named = (offer.capacities if offer else ()) or (f"quote {terms.quote}",)
    return Told(
        items=tuple(one_line(one, 150) for one in named) if offer else (f"quote {code(terms.quote)}",),
        plain=named,
        where=f"on {outpost}",
        where_plain=f"on {terms.place or terms.outpost}",
        head=("What the quote delivers",),
        rows=tuple((one,) for one in bought) or ((f"quote {terms.quote}",),),
        fields=(
            ("Outpost", outpost),
            ("Quote", f"{code(terms.quote)}{option}"),
            *((label, value) for label, value in asked if value),
            ("Payment option", payment(terms.payment)),
            ("Payment term", term(terms.term)),
        ),
        price="" if offer else "AWS is asked for the price before anybody decides.",
    )


def _outpost(terms: AwsTerms) -> str:
    """Which one, where it stands and in which Region, in mrkdwn."""
    place = f" ({one_line(terms.place, 100)})" if terms.place else ""
    region = f" in {one_line(terms.region)}" if terms.region else ""
    return f"{code(terms.outpost)}{place}{region}"


def price(terms: AwsTerms) -> str:
    """What a quote costs, in plain words; "" where nobody knows."""
    return one_line(priced(terms.price, terms.term)) if terms.price else ""


def requirements(found: Sequence[Requirement]) -> str:
    """How what AWS checks before it takes an order stands, in mrkdwn."""
    rest = [one for one in found if one.status != PASS]
    met = len(found) - len(rest)
    said = [
        f"{one_line(readable(one.kind), 60)}: {_STANDS.get(one.status) or one_line(one.status, 40)}"
        f"{f' ({one_line(one.words, 200)})' if one.words else ''}"
        for one in rest
    ]
    return "; ".join([*said[:5], *([f"{met} met"] if met else [])])


_STANDS = {FAIL: "*not met*", "EXEMPT": "not needed"}


def _by_item(terms: AwsTerms) -> Told:
    outpost = _outpost(terms)
    return Told(
        items=tuple(f"{item.quantity} × {code(item.catalog_item)}" for item in terms.items),
        plain=tuple(f"{item.quantity} × {item.catalog_item}" for item in terms.items),
        where=f"on {outpost}",
        where_plain=f"on {terms.place or terms.outpost}",
        head=("Catalog item", "Quantity"),
        rows=tuple((item.catalog_item, str(item.quantity)) for item in terms.items),
        fields=(
            ("Outpost", outpost),
            ("Payment option", payment(terms.payment)),
            ("Payment term", term(terms.term)),
        ),
        price=NO_PRICE,
    )


def _azure(terms: AzureTerms) -> Told:
    unit = f"{terms.product.rpartition('/')[2]}/{terms.configuration}"
    address = code(terms.address) if terms.address else "a new address"
    place = f" ({one_line(terms.place)})" if terms.place else ""
    optional = (
        ("Term commitment", commitment(terms.commitment)),
        ("Double encryption", one_line(terms.double_encryption)),
    )
    return Told(
        items=(f"{terms.quantity} × {code(unit)} ({one_line(terms.order_type)})",),
        plain=(f"{terms.quantity} × {unit} ({terms.order_type})",),
        where=f"to be shipped to {address}{place}",
        where_plain=f"to {terms.address or 'a new address'}{f' ({terms.place})' if terms.place else ''}",
        head=("Configuration", "Quantity"),
        rows=((terms.configuration, str(terms.quantity)),),
        fields=(
            ("Product", one_line(terms.product)),
            ("Configuration", one_line(terms.configuration)),
            ("Quantity", str(terms.quantity)),
            ("Order type", one_line(terms.order_type)),
            ("Ship to", f"{address}{place}"),
            *((label, value) for label, value in optional if value),
            ("Location", one_line(terms.location)),
            ("Resource group", one_line(terms.resource_group)),
        ),
        price="Azure tells no price through its API: look it up in the Azure portal before you decide.",
    )


_TELLERS: Mapping[type, Callable[[Any], Told]] = {AwsTerms: _aws, AzureTerms: _azure}


def items(request: Request) -> str:
    """What is bought, in mrkdwn: `2 × OR-ABCDEFG`, and so on."""
    *most, last = told(request).items
    return f"{', '.join(most)} and {last}" if most else last


def items_plain(request: Request, most: int = 3) -> str:
    """What is bought, for notifications and lists."""
    return shorten(told(request).plain, most)


def where(request: Request) -> str:
    """Where to, with its preposition, in mrkdwn: `on op-…`, `to be shipped to fra-1 (Frankfurt, DE)`."""
    return told(request).where


def request_fields(request: Request) -> list[tuple[str, str]]:
    """The terms of a request as label and mrkdwn value, under the labels of the form."""
    common = (
        ("Cost center", one_line(request.cost_center)),
        ("Needed by", one_line(request.needed_by)),
        ("Post updates to", channel_link(request.channel)),
    )
    return [*told(request).fields, *((label, value) for label, value in common if value)]


def payment(word: str) -> str:
    """How AWS is paid: `NO_UPFRONT` is *No upfront*."""
    return one_line(word.replace("_", " ").capitalize())


def term(word: str) -> str:
    """For how long AWS is paid."""
    return {"ONE_YEAR": "1 year", "THREE_YEARS": "3 years", "FIVE_YEARS": "5 years"}.get(word, payment(word))


def commitment(duration: str) -> str:
    """For how long a customer of Azure binds itself: `P365D` is *1 year*."""
    return {"P365D": "1 year", "P1095D": "3 years"}.get(duration, one_line(duration))


def shorten(parts: tuple[str, ...] | list[str], most: int) -> str:
    """The first parts, and how many more there are."""
    shown = ", ".join(parts[:most])
    return f"{shown} and {len(parts) - most} more" if len(parts) > most else shown

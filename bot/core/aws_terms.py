"""What AWS is asked to deliver: its fields, and the words typed for them made into terms.

Patterns are those of the Outposts API model (botocore `outposts/2019-12-03`), anchored at both
ends: the SDK checks none of them, and a wrong word must be found before anyone is asked to approve.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from bot.core.fields import COMMON, Field, Mistake, Values, choice, first, wrong
from bot.core.quote import OPTION, QUOTE, Offer, Price

OUTPOST_ID = "op-[a-f0-9]{17}"
ORDER_ID = re.compile("oo-[a-f0-9]{17}")
REGION = "[a-z]{2,5}(?:-[a-z]{1,16}){1,3}-[0-9]{1,2}"
CATALOG_ITEM = "OR-[A-Z0-9]{7}"
ARN_LIMIT = 180
MOST_ITEMS = 20
MOST_OF_AN_ITEM = 100
QUANTITY_EXPECTED = f"a whole number from 1 to {MOST_OF_AN_ITEM}"

_ARN = re.compile(f"arn:aws(?:-[a-z]+)*:outposts:({REGION}):[0-9]{{12}}:outpost/({OUTPOST_ID})")
_PLACE = re.compile(f"({REGION})/({OUTPOST_ID})")
_ITEM = re.compile(f"({CATALOG_ITEM})(?::([0-9]{{1,4}}))?")
_LIKE_ITEM = re.compile(rf"({CATALOG_ITEM})(?:\s*[:X×*=]?\s*([0-9]{{1,3}}))?(?![0-9A-Z])")


@dataclass(frozen=True)
class LineItem:
    """So many of one thing of the AWS catalog."""

    catalog_item: str
    quantity: int = 1


@dataclass(frozen=True)
class AwsTerms:
    """What AWS is asked to deliver, and how it is paid.

    `outpost` is an id or an ARN, as typed; `region` is "" as long as nobody has looked it up;
    `payment` and `term` are the words of the API, `NO_UPFRONT` and `ONE_YEAR` for instance.
    Either `items` say what is bought or a `quote` does, and then `offer` is what AWS says of it, None as
    long as nobody has looked. `place` is what the Outpost is called and where it stands, and `country` (two
    letters) that of its site; "" if not known.
    """

    outpost: str
    region: str
    items: tuple[LineItem, ...]
    payment: str
    term: str
    quote: str = ""
    option: str = ""
    offer: Offer | None = None
    country: str = ""
    place: str = ""

    @property
    def price(self) -> Price | None:
        """What it costs, where a quote tells."""
        return self.offer.price if self.offer else None

    @property
    def total(self) -> int | None:
        """All that is paid over the term, in cents; None where nobody knows."""
        return self.price.total(self.term) if self.price else None


NOT_ASKED_FOR = {"quote": "", "option": "", "offer": None}
"""What is in no digest where it is not used: those of older requests must stay what they are."""


def split_item(word: str) -> tuple[str, str] | None:
    """The catalog item and the quantity ("" if not said) in `OR-ABCDEFG:2`; else None."""
    item, _, quantity = word.partition(":")
    return (item, quantity) if re.fullmatch(CATALOG_ITEM, item) else None


def split_outpost(word: str) -> tuple[str, str]:
    """The Region ("" if not said) and the plain id in an id, an ARN or `REGION/op-…`."""
    found = _ARN.fullmatch(word) or _PLACE.fullmatch(word)
    return (found[1], found[2]) if found else ("", word)


def terms(right: Values) -> AwsTerms:
    """The terms that words make which are all right."""
    typed = first(right, "outpost")
    region, outpost = split_outpost(typed)
    return AwsTerms(
        outpost=typed if typed.startswith("arn:") else outpost,
        region=region or first(right, "region"),
        items=tuple(_line_item(word) for word in right.get("item", ())),
        payment=first(right, "payment"),
        term=first(right, "term"),
        quote=first(right, "quote"),
        option=first(right, "option"),
    )


def words(terms: AwsTerms) -> dict[str, tuple[str, ...]]:
    """The words with which the same would be asked for again."""
    return {
        "outpost": (terms.outpost,),
        "item": tuple(f"{item.catalog_item}:{item.quantity}" for item in terms.items),
        "quote": (terms.quote,),
        "option": (terms.option,),
        "payment": (terms.payment,),
        "term": (terms.term,),
        "region": (terms.region,),
    }


def conflicts(right: Values) -> tuple[Mistake, ...]:
    """Words that are right by themselves and contradict each other."""
    return (*_items_and_quote(right), *_two_regions(right))


def _items_and_quote(right: Values) -> tuple[Mistake, ...]:
    item, quote, option = (first(right, key) for key in ("item", "quote", "option"))
    if item and quote:
        return (Mistake("item", item, "either item= or quote=, not both"),)
    if option and not quote:
        return (Mistake("option", option, "quote=oq-… before it, the quote that it is an option of"),)
    return ()


def _two_regions(right: Values) -> tuple[Mistake, ...]:
    said = first(right, "region")
    implied = {split_outpost(word)[0] for word in right.get("outpost", ())} - {""}
    if not said or not implied or said in implied:
        return ()
    region = implied.pop()
    return (Mistake("region", said, f"{region}, where the Outpost is, or nothing", region),)


def _line_item(word: str) -> LineItem:
    item, _, quantity = word.partition(":")
    return LineItem(item, int(quantity))


def _outpost(field: Field, word: str, _today: date | None) -> str | Mistake:
    whole = re.fullmatch(OUTPOST_ID, word) or _PLACE.fullmatch(word) or _ARN.fullmatch(word)
    if whole and len(word) <= ARN_LIMIT:
        return word
    inside = re.search(rf"(?<![a-z0-9]){OUTPOST_ID}(?![a-z0-9])", word.lower())
    return wrong(field, word, near=inside[0] if inside else "")


def _item(field: Field, word: str, _today: date | None) -> str | Mistake:
    whole = _ITEM.fullmatch(word)
    if whole and 1 <= int(whole[2] or 1) <= MOST_OF_AN_ITEM:
        return f"{whole[1]}:{int(whole[2] or 1)}"
    if split_item(word):
        return wrong(field, word, QUANTITY_EXPECTED)
    like = _LIKE_ITEM.search(word.upper())
    return wrong(field, word, near=":".join(filter(None, like.groups())) if like else "")


def _quote(field: Field, word: str, _today: date | None) -> str | Mistake:
    pattern = OPTION if field.key == "option" else QUOTE
    if re.fullmatch(pattern, word):
        return word
    inside = re.search(rf"(?<![a-z0-9]){pattern}(?![a-z0-9])", word.lower())
    return wrong(field, word, near=inside[0] if inside else "")


def _region(field: Field, word: str, _today: date | None) -> str | Mistake:
    if re.fullmatch(REGION, word):
        return word
    lower = word.lower()
    return wrong(field, word, near=lower if re.fullmatch(REGION, lower) else "")


PAYMENTS = (
    ("NO_UPFRONT", "No upfront"),
    ("PARTIAL_UPFRONT", "Partial upfront"),
    ("ALL_UPFRONT", "All upfront"),
)
TERMS = (("ONE_YEAR", "1 year"), ("THREE_YEARS", "3 years"), ("FIVE_YEARS", "5 years"))

FIELDS: tuple[Field, ...] = (
    Field(
        key="outpost",
        label="Outpost",
        example="outpost=op-0123456789abcdef0",
        expected="an Outpost id such as op-0123456789abcdef0, or its ARN",
        required=True,
        check=_outpost,
    ),
    Field(
        key="item",
        label="Catalog item",
        example="item=OR-ABCDEFG:2",
        expected="a catalog item such as OR-ABCDEFG, or OR-ABCDEFG:2 for two of it",
        required=True,
        most=MOST_ITEMS,
        check=_item,
        unless="quote",
    ),
    Field(
        key="quote",
        label="Quote",
        example="quote=oq-0123456789abcdef0",
        expected="the id of a quote such as oq-0123456789abcdef0, instead of items",
        check=_quote,
    ),
    Field(
        key="option",
        label="Quote option",
        example="quote=oq-0123456789abcdef0 option=oqo-0123456789abcdef0",
        expected="an option of the quote such as oqo-0123456789abcdef0; not needed where it has only one",
        check=_quote,
    ),
    Field(
        key="payment",
        label="Payment option",
        example="payment=NO_UPFRONT",
        expected="ALL_UPFRONT, PARTIAL_UPFRONT or NO_UPFRONT",
        required=True,
        choices=PAYMENTS,
        check=choice,
    ),
    Field(
        key="term",
        label="Payment term",
        example="term=THREE_YEARS",
        expected="ONE_YEAR, THREE_YEARS or FIVE_YEARS",
        required=True,
        choices=TERMS,
        check=choice,
    ),
    Field(
        key="region",
        label="Region",
        example="region=eu-central-1",
        expected="an AWS Region such as eu-central-1",
        check=_region,
    ),
    *COMMON,
)

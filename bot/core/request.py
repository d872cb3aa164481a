"""What is asked for: its fields as one table, and the words typed for them made into a request.

    words ── Values ── read() ──► Request  or  every Mistake at once
    Request ── values_of() ──► Values      Request ── command_line() ──► the line to ask again

The command line, the form and a saved draft all speak `Values`, so what one of them accepts the
others accept too. A new field is a line in `FIELDS` and, where its words have a shape, one in
`_CHECKS`.

Patterns are those of the Outposts API model (botocore `outposts/2019-12-03`), anchored at both
ends: the SDK checks none of them, and a wrong word must be found before anyone is asked to approve.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from bot.core.messages.blocks import clean

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_Kind = TypeVar("_Kind")

Values = Mapping[str, tuple[str, ...]]
"""Key of the grammar → what was typed for it, in order."""

OUTPOST_ID = "op-[a-f0-9]{17}"
REGION = "[a-z]{2,5}(?:-[a-z]{1,16}){1,3}-[0-9]{1,2}"
CATALOG_ITEM = "OR-[A-Z0-9]{7}"
LOCATION = "[a-z][a-z0-9]{2,30}"
RESOURCE_GROUP = r"[-\w.()]{0,89}[-\w()]"
"""As Azure Resource Manager allows them: 1 to 90 characters, no full stop at the end."""
ARN_LIMIT = 180
MOST_ITEMS = 20
MOST_OF_AN_ITEM = 100
REASON_LIMIT = 3000
COST_CENTER_LIMIT = 80
YEARS_AHEAD = 5
QUANTITY_EXPECTED = f"a whole number from 1 to {MOST_OF_AN_ITEM}"

_ARN = re.compile(f"arn:aws(?:-[a-z]+)*:outposts:({REGION}):[0-9]{{12}}:outpost/({OUTPOST_ID})")
_PLACE = re.compile(f"({REGION})/({OUTPOST_ID})")
_ITEM = re.compile(f"({CATALOG_ITEM})(?::([0-9]{{1,4}}))?")
_LIKE_ITEM = re.compile(rf"({CATALOG_ITEM})(?:\s*[:X×*=]?\s*([0-9]{{1,3}}))?(?![0-9A-Z])")
_CHANNEL_MENTION = re.compile(r"<#([CGD][A-Z0-9]{1,20})(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{1,20}|#[\w.-]{1,80}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_.:/#-]+")


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
    """

    outpost: str
    region: str
    items: tuple[LineItem, ...]
    payment: str
    term: str


@dataclass(frozen=True)
class AzureTerms:
    """What Azure is asked to deliver, and where to.

    `product` is FAMILY/LINE/PRODUCT and `configuration` a name below it; `quantity` counts units, each
    of which becomes an order item of its own; `address` names a saved Edge Order address, "" as long as
    one that was typed into the form is not saved yet. `commitment` is a duration such as `P365D`,
    `double_encryption` is `Enabled` or `Disabled`; "" where nothing was said. The last four are filled
    in when Azure is asked about it, before anybody decides: where the address is kept, its city and
    country in words, its country's code, and a SHA-256 of all of it, by which a later change is noticed.
    """

    product: str
    configuration: str
    quantity: int
    order_type: str
    address: str
    location: str
    resource_group: str
    commitment: str = ""
    double_encryption: str = ""
    address_group: str = ""
    place: str = ""
    country: str = ""
    address_digest: str = ""


Terms = AwsTerms | AzureTerms


@dataclass(frozen=True)
class NewAddress:
    """An address that was typed into the form. Personal data: never logged, audited or posted.

    `country` is a code of two letters (ISO 3166-1); `state` may be "".
    """

    street: str = field(repr=False)
    city: str = field(repr=False)
    state: str = field(repr=False)
    postal_code: str = field(repr=False)
    country: str
    contact: str = field(repr=False)
    phone: str = field(repr=False)
    email: str = field(repr=False)


@dataclass(frozen=True)
class Request:
    """All that a person asked for; `needed_by` is an ISO date, what was not said is ""."""

    cloud: str
    terms: Terms
    reason: str
    cost_center: str = ""
    needed_by: str = ""
    channel: str = ""

    @property
    def aws(self) -> AwsTerms:
        """The terms of a request to AWS."""
        assert isinstance(self.terms, AwsTerms)  # noqa: S101 - by `cloud`
        return self.terms

    @property
    def azure(self) -> AzureTerms:
        """The terms of a request to Azure."""
        assert isinstance(self.terms, AzureTerms)  # noqa: S101 - by `cloud`
        return self.terms

    @property
    def scope(self) -> str:
        """What only one order at a time may be placed for: the Outpost, however it was named.

        "" where the cloud lets us name what we order, so that no two can be mistaken for each other.
        """
        if isinstance(self.terms, AzureTerms):
            return ""
        return f"{self.cloud}:{self.terms.outpost.rpartition('/')[2]}"

    def digest(self) -> str:
        """SHA-256, in hex, of what an approver agrees to.

        The Region of AWS is left out because it is looked up later and follows from the Outpost, the
        channel because it only says where to tell about it.
        """
        content = asdict(self)
        del content["channel"]
        content["terms"].pop("region", None)
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()


@dataclass(frozen=True)
class Mistake:
    """One word that cannot be used.

    `key` is the key it was typed for ("" if none); `word` is what was typed, "" when it is missing;
    `expected` completes "expected …"; `nearest` is what was probably meant, ready to be typed.
    """

    key: str
    word: str
    expected: str
    nearest: str = ""


@dataclass(frozen=True)
class Field:
    """One thing that can be said about an order.

    `label` is what the form calls it; `most` is how often the key may be given; `choices` are pairs
    of the exact value and its readable text; `limit` is the most characters of a free text, 0 where
    the words have another shape; a field that is not `offered` is known, so that a mistake can say
    so.
    """

    key: str
    label: str
    example: str
    expected: str
    required: bool = False
    most: int = 1
    choices: tuple[tuple[str, str], ...] = ()
    limit: int = 0
    offered: bool = True

    @property
    def repeat(self) -> bool:
        """Whether the key may be given more than once."""
        return self.most > 1


PAYMENTS = (
    ("NO_UPFRONT", "No upfront"),
    ("PARTIAL_UPFRONT", "Partial upfront"),
    ("ALL_UPFRONT", "All upfront"),
)
TERMS = (("ONE_YEAR", "1 year"), ("THREE_YEARS", "3 years"), ("FIVE_YEARS", "5 years"))
ORDER_TYPES = (("Purchase", "Purchase"), ("Rental", "Rental"))
_NOT_YET = "item=OR-…: ordering from a quote is not offered yet"

_REASON = Field(
    key="reason",
    label="Reason",
    example='reason="second rack for the FRA-1 cell"',
    expected=f"1 to {REASON_LIMIT} characters that say why",
    required=True,
    limit=REASON_LIMIT,
)
_COST_CENTER = Field(
    key="cost_center",
    label="Cost center",
    example="cost_center=CC-4711",
    expected=f"at most {COST_CENTER_LIMIT} characters",
    limit=COST_CENTER_LIMIT,
)
_NEEDED_BY = Field(
    key="needed_by",
    label="Needed by",
    example="needed_by=2027-03-31",
    expected="a date written YYYY-MM-DD",
)
_POST_TO = Field(
    key="channel",
    label="Post updates to",
    example="channel=#edge-orders",
    expected="a channel such as #edge-orders",
)

FIELDS: dict[str, tuple[Field, ...]] = {
    "aws": (
        Field(
            key="outpost",
            label="Outpost",
            example="outpost=op-0123456789abcdef0",
            expected="an Outpost id such as op-0123456789abcdef0, or its ARN",
            required=True,
        ),
        Field(
            key="item",
            label="Catalog item",
            example="item=OR-ABCDEFG:2",
            expected="a catalog item such as OR-ABCDEFG, or OR-ABCDEFG:2 for two of it",
            required=True,
            most=MOST_ITEMS,
        ),
        Field("quote", "Quote", "quote=oq-0123456789abcdef0", _NOT_YET, offered=False),
        Field("option", "Quote", "option=oqo-0123456789abcdef0", _NOT_YET, offered=False),
        Field(
            key="payment",
            label="Payment option",
            example="payment=NO_UPFRONT",
            expected="ALL_UPFRONT, PARTIAL_UPFRONT or NO_UPFRONT",
            required=True,
            choices=PAYMENTS,
        ),
        Field(
            key="term",
            label="Payment term",
            example="term=THREE_YEARS",
            expected="ONE_YEAR, THREE_YEARS or FIVE_YEARS",
            required=True,
            choices=TERMS,
        ),
        Field(
            key="region",
            label="Region",
            example="region=eu-central-1",
            expected="an AWS Region such as eu-central-1",
        ),
        _REASON,
        _COST_CENTER,
        _NEEDED_BY,
        _POST_TO,
    ),
    "azure": (
        Field(
            key="product",
            label="Product",
            example="product=azurestackedge/azurestackedgegpu/edgep_base",
            expected="a product as FAMILY/LINE/PRODUCT",
            required=True,
        ),
        Field("configuration", "Configuration", "configuration=edgep_base", "its name"),
        Field("qty", "Quantity", "qty=1", "a whole number from 1 to 20"),
        Field(
            key="type",
            label="Order type",
            example="type=Rental",
            expected="Purchase or Rental",
            choices=ORDER_TYPES,
        ),
        Field("address", "Ship to", "address=fra-1", "the name of a saved Edge Order address"),
        Field("location", "Location", "location=eastus", "an Azure location such as eastus"),
        Field("resource_group", "Resource group", "resource_group=edge", "a resource group"),
        _REASON,
        _COST_CENTER,
        _NEEDED_BY,
        _POST_TO,
    ),
}


def field_of(cloud: str, key: str) -> Field | None:
    """The field that `key` stands for in orders from `cloud`; None if there is none."""
    return next((field for field in FIELDS.get(cloud, ()) if field.key == key), None)


def keys(cloud: str) -> tuple[str, ...]:
    """The keys that can be used now in orders from `cloud`, in the order of the form."""
    return tuple(field.key for field in FIELDS.get(cloud, ()) if field.offered)


def nearest(word: str, choices: Iterable[str]) -> str:
    """The choice that a person most likely meant by `word`; "" if none is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    # Nothing that we offer is longer, and difflib takes quadratic time.
    wanted = word.lower().strip()[:64]
    close = difflib.get_close_matches(wanted, by_lower, n=1)
    begun = [choice for choice in by_lower if wanted and choice.startswith(wanted)]
    return by_lower[(close or begun)[0]] if close or begun else ""


def tidy(word: str) -> str:
    """`word` as it is kept: without hidden or half characters, and without outer space."""
    return clean(_SURROGATE.sub("\ufffd", word), sys.maxsize).strip()


def split_item(word: str) -> tuple[str, str] | None:
    """The catalog item and the quantity ("" if not said) in `OR-ABCDEFG:2`; else None."""
    item, _, quantity = word.partition(":")
    return (item, quantity) if re.fullmatch(CATALOG_ITEM, item) else None


def split_outpost(word: str) -> tuple[str, str]:
    """The Region ("" if not said) and the plain id in an id, an ARN or `REGION/op-…`."""
    found = _ARN.fullmatch(word) or _PLACE.fullmatch(word)
    return (found[1], found[2]) if found else ("", word)


def check_word(field: Field, word: str, today: date | None) -> str | Mistake:
    """`word` as kept for `field`, or what is wrong with it; without `today`, only its shape."""
    if field.choices:
        return _choice(field, word)
    return _CHECKS.get(field.key, _text)(field, word, today)


def exact_choice(field: Field, word: str) -> str:
    """The choice that `word` is, whatever its case and with `-` or spaces for `_`; "" if none."""
    typed = _underscored(word)
    return next((value for value, _ in field.choices if value.upper() == typed), "")


def grammar_mistakes(cloud: str, values: Values) -> tuple[Mistake, ...]:
    """Keys that do not exist, that are not offered yet, or that were given too often."""
    return tuple(
        mistake for key, words in _said(values).items() for mistake in _key_mistakes(cloud, key, words)
    )


def keep_right(cloud: str, values: Values, mistakes: Iterable[Mistake]) -> dict[str, tuple[str, ...]]:
    """`values` without the words that are mistakes: what the form is opened with after them."""
    left = {key: list(words) for key, words in _said(values).items() if key in keys(cloud)}
    for mistake in mistakes:
        _drop_last(left.get(mistake.key, []), mistake.word)
    most = {field.key: field.most for field in FIELDS.get(cloud, ())}
    return {key: tuple(words[: most[key]]) for key, words in left.items() if words}


def read(cloud: str, values: Values, today: date) -> Request | tuple[Mistake, ...]:
    """The request that `values` make, or all that is wrong with them.

    Args:
        cloud: `aws`; other clouds cannot be read yet.
        values: What was typed, by key. Blank words count as not typed.
        today: The day on which it is asked, for *Needed by*.
    """
    if cloud != "aws":
        raise NotImplementedError(f"orders from {cloud} cannot be read yet")
    found = {field.key: _field_words(field, values, today) for field in FIELDS[cloud] if field.offered}
    right = {key: _of(str, words) for key, words in found.items()}
    wrong = (mistake for words in found.values() for mistake in _of(Mistake, words))
    mistakes = (*grammar_mistakes(cloud, values), *wrong, *_region_conflict(right))
    return mistakes or _aws_request(right)


def values_of(request: Request) -> dict[str, tuple[str, ...]]:
    """The words with which `request` would be asked again."""
    terms = request.terms
    words = {
        **(_aws_words(terms) if isinstance(terms, AwsTerms) else _azure_words(terms)),
        "reason": (request.reason,),
        "cost_center": (request.cost_center,),
        "needed_by": (request.needed_by,),
        "channel": (request.channel,),
    }
    return {key: said for key, said in words.items() if any(said)}


def _aws_words(terms: AwsTerms) -> dict[str, tuple[str, ...]]:
    return {
        "outpost": (terms.outpost,),
        "item": tuple(f"{item.catalog_item}:{item.quantity}" for item in terms.items),
        "payment": (terms.payment,),
        "term": (terms.term,),
        "region": (terms.region,),
    }


def _azure_words(terms: AzureTerms) -> dict[str, tuple[str, ...]]:
    return {
        "product": (terms.product,),
        "configuration": (terms.configuration,),
        "qty": (str(terms.quantity),),
        "type": (terms.order_type,),
        "address": (terms.address,),
        "location": (terms.location,),
        "resource_group": (terms.resource_group,),
        "commitment": (terms.commitment,),
        "encryption": (terms.double_encryption,),
    }


def command_line(request: Request) -> str:
    """The line that asks for the same again, as a person types it."""
    pairs = (f"{key}={_quoted(word)}" for key, words in values_of(request).items() for word in words)
    return " ".join((f"/order {request.cloud}", *pairs))


def dump(request: Request) -> str:
    """`request` as the JSON document that is stored."""
    return _adapter().dump_json(request).decode()


def load(text: str) -> Request:
    """The request in a stored document; what another version added to it is passed over."""
    return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[Request]:
    from pydantic import TypeAdapter

    return TypeAdapter(Request)


def _said(values: Values) -> dict[str, tuple[str, ...]]:
    tidied = {key: tuple(filter(None, map(tidy, words))) for key, words in values.items()}
    return {key: words for key, words in tidied.items() if words}


def _key_mistakes(cloud: str, key: str, words: tuple[str, ...]) -> Iterable[Mistake]:
    field = field_of(cloud, key)
    if field is None:
        usable = keys(cloud)
        yield Mistake(key, key, f"one of {', '.join(usable)}", nearest(key, usable))
    elif not field.offered:
        yield Mistake(key, words[0], field.expected, "item=OR-…")
    elif len(words) > field.most:
        often = f"at most {field.most} times" if field.repeat else "only once"
        yield Mistake(key, words[field.most], f"{key}= {often}")


def _drop_last(words: list[str], word: str) -> None:
    if word in words:
        del words[len(words) - 1 - words[::-1].index(word)]


def _field_words(field: Field, values: Values, today: date) -> tuple[str | Mistake, ...]:
    words = _said(values).get(field.key, ())
    if field.required and not words:
        return (Mistake(field.key, "", field.expected),)
    return tuple(check_word(field, word, today) for word in words[: field.most])


def _of(kind: type[_Kind], words: tuple[str | Mistake, ...]) -> tuple[_Kind, ...]:
    return tuple(word for word in words if isinstance(word, kind))


def _region_conflict(right: Values) -> tuple[Mistake, ...]:
    said = right.get("region", ())
    implied = {split_outpost(word)[0] for word in right.get("outpost", ())} - {""}
    if not said or not implied or said[0] in implied:
        return ()
    region = implied.pop()
    return (Mistake("region", said[0], f"{region}, where the Outpost is, or nothing", region),)


def _aws_request(right: Values) -> Request:
    def one(key: str) -> str:
        return next(iter(right.get(key, ())), "")

    region, outpost = split_outpost(one("outpost"))
    terms = AwsTerms(
        outpost=one("outpost") if one("outpost").startswith("arn:") else outpost,
        region=region or one("region"),
        items=tuple(_line_item(word) for word in right["item"]),
        payment=one("payment"),
        term=one("term"),
    )
    return Request(
        cloud="aws",
        terms=terms,
        reason=one("reason"),
        cost_center=one("cost_center"),
        needed_by=one("needed_by"),
        channel=one("channel"),
    )


def _line_item(word: str) -> LineItem:
    item, _, quantity = word.partition(":")
    return LineItem(item, int(quantity))


def _quoted(word: str) -> str:
    if _PLAIN_WORD.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    # Slack's own escapes and links are undone when a line is read: an empty pair of quotes inside
    # them keeps words that only look like one.
    return '"' + re.sub("&(?=(?:amp|lt|gt);)|<(?=[A-Za-z])", r'\g<0>""', escaped) + '"'


# --- what each word must look like -------------------------------------------------------------


def _wrong(field: Field, word: str, expected: str = "", near: str = "") -> Mistake:
    return Mistake(field.key, word, expected or field.expected, near)


def _text(field: Field, word: str, _today: date | None) -> str | Mistake:
    return word if not field.limit or len(word) <= field.limit else _wrong(field, word)


def _line(field: Field, word: str, today: date | None) -> str | Mistake:
    return _text(field, " ".join(word.split()), today)


def _underscored(word: str) -> str:
    return re.sub(r"[\s_-]+", "_", word).upper()


def _choice(field: Field, word: str) -> str | Mistake:
    if exact := exact_choice(field, word):
        return exact
    meant = {name.lower(): value for value, text in field.choices for name in (value, text)}
    near = nearest(word, meant) or nearest(_underscored(word), meant)
    return _wrong(field, word, near=meant.get(near, ""))


def _outpost(field: Field, word: str, _today: date | None) -> str | Mistake:
    whole = re.fullmatch(OUTPOST_ID, word) or _PLACE.fullmatch(word) or _ARN.fullmatch(word)
    if whole and len(word) <= ARN_LIMIT:
        return word
    inside = re.search(rf"(?<![a-z0-9]){OUTPOST_ID}(?![a-z0-9])", word.lower())
    return _wrong(field, word, near=inside[0] if inside else "")


def _item(field: Field, word: str, _today: date | None) -> str | Mistake:
    whole = _ITEM.fullmatch(word)
    if whole and 1 <= int(whole[2] or 1) <= MOST_OF_AN_ITEM:
        return f"{whole[1]}:{int(whole[2] or 1)}"
    if split_item(word):
        return _wrong(field, word, QUANTITY_EXPECTED)
    like = _LIKE_ITEM.search(word.upper())
    return _wrong(field, word, near=":".join(filter(None, like.groups())) if like else "")


def _region(field: Field, word: str, _today: date | None) -> str | Mistake:
    if re.fullmatch(REGION, word):
        return word
    lower = word.lower()
    return _wrong(field, word, near=lower if re.fullmatch(REGION, lower) else "")


def _needed_by(field: Field, word: str, today: date | None) -> str | Mistake:
    day = iso_date(word)
    if day is None:
        return _wrong(field, word, near=_date_meant(word))
    if today and day < today:
        return _wrong(field, word, "a date that is not in the past")
    if today and day.isoformat() > f"{today.year + YEARS_AHEAD:04}{today.isoformat()[4:]}":
        return _wrong(field, word, f"a date at most {YEARS_AHEAD} years ahead")
    return word


def iso_date(word: str) -> date | None:
    """The day written as YYYY-MM-DD; None for any other writing, and for days that do not exist."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", word):
        return None
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def _date_meant(word: str) -> str:
    """The ISO form of a date in a writing that can mean one day only."""
    year_first = re.fullmatch("([0-9]{4})[-./]?([0-9]{1,2})[-./]?([0-9]{1,2})", word)
    day_first = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", word)
    parts = year_first.groups() if year_first else day_first.groups()[::-1] if day_first else ()
    iso = "-".join(part.zfill(2) for part in parts)
    return iso if iso_date(iso) else ""


def _channel(field: Field, word: str, _today: date | None) -> str | Mistake:
    if mentioned := _CHANNEL_MENTION.fullmatch(word):
        return mentioned[1]
    if _CHANNEL.fullmatch(word):
        return word
    return _wrong(field, word, near=f"#{word}" if _CHANNEL.fullmatch(f"#{word}") else "")


_CHECKS: dict[str, Callable[[Field, str, date | None], str | Mistake]] = {
    "outpost": _outpost,
    "item": _item,
    "region": _region,
    "reason": _text,
    "cost_center": _line,
    "needed_by": _needed_by,
    "channel": _channel,
}

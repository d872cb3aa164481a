"""What is asked for, and the words typed for it made into a request.

    words ── Values ── read() ──► Request  or  every Mistake at once
    Request ── values_of() ──► Values      Request ── command_line() ──► the line to ask again

The command line, the form and a saved draft all speak `Values`, so what one of them accepts the
others accept too. What can be said about an order from each cloud is in `aws_terms` and
`azure_terms`; a new field is an entry in the table there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from bot.core import aws_terms, azure_terms
from bot.core.address import NewAddress
from bot.core.aws_terms import REGION, TERMS, AwsTerms, LineItem
from bot.core.azure_terms import LOCATION, RESOURCE_GROUP, AzureTerms
from bot.core.fields import (
    REASON_LIMIT,
    Field,
    Mistake,
    Values,
    check_word,
    exact_choice,
    first,
    iso_date,
    missing,
    nearest,
    tidy,
)
from bot.core.quote import FAIL, Requirement, changes, day, dollars, readable

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = [
    "FIELDS",
    "LOCATION",
    "REASON_LIMIT",
    "REGION",
    "RESOURCE_GROUP",
    "TERMS",
    "AwsTerms",
    "AzureTerms",
    "Field",
    "LineItem",
    "Mistake",
    "NewAddress",
    "Request",
    "Values",
    "blocked",
    "check_word",
    "command_line",
    "dump",
    "exact_choice",
    "expired",
    "field_of",
    "grammar_mistakes",
    "iso_date",
    "keep_right",
    "keys",
    "load",
    "nearest",
    "obstacles",
    "quoted_changes",
    "read",
    "tidy",
    "values_of",
    "with_defaults",
]

_Kind = TypeVar("_Kind")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_.:/#-]+")

Terms = AwsTerms | AzureTerms

FIELDS: dict[str, tuple[Field, ...]] = {"aws": aws_terms.FIELDS, "azure": azure_terms.FIELDS}
"""Everything that can be said about an order from each cloud, in the order of its form."""

_TERMS: dict[str, Callable[[Values], Terms]] = {"aws": aws_terms.terms, "azure": azure_terms.terms}
_CONFLICTS: dict[str, Callable[[Values], tuple[Mistake, ...]]] = {"aws": aws_terms.conflicts}


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

    @property
    def total_usd(self) -> Decimal | None:
        """All that is paid for it over its term, in USD; None where no quote tells."""
        terms = self.terms
        if not isinstance(terms, AwsTerms) or terms.price is None or terms.total is None:
            return None
        return dollars(terms.total) if terms.price.currency == "USD" else None

    def digest(self) -> str:
        """SHA-256, in hex, of what an approver agrees to.

        Region, country and place of AWS are left out: they are looked up later and follow from the Outpost;
        the channel because it only says where to tell about it.
        """
        content = asdict(self)
        del content["channel"]
        if isinstance(self.terms, AwsTerms):
            content["terms"] = _agreed_to(content["terms"])
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _agreed_to(terms: dict[str, Any]) -> dict[str, Any]:
    looked_up = ("region", "country", "place")
    unused = aws_terms.NOT_ASKED_FOR
    return {
        key: value
        for key, value in terms.items()
        if key not in looked_up and (key not in unused or value != unused[key])
    }


def expired(request: Request, now: datetime) -> bool:
    """Whether what the request is for cannot be ordered any more, because its quote is too old."""
    terms = request.terms
    return isinstance(terms, AwsTerms) and terms.offer is not None and terms.offer.expired(now)


def obstacles(request: Request, now: datetime) -> tuple[str, ...]:
    """Why it could not be placed now even if it were approved, in sentences of plain words."""
    terms = request.terms
    if not isinstance(terms, AwsTerms) or terms.offer is None:
        return ()
    over = (
        (f"The quote {terms.quote} expired on {day(terms.offer.expires)}.",) if expired(request, now) else ()
    )
    failing = (one.words or readable(one.kind) for one in terms.offer.failing)
    return tuple(dict.fromkeys((*over, *failing)))


def quoted_changes(was: Request, now: Request) -> tuple[str, ...]:
    """What the cloud offers otherwise than before, a line of plain words each."""
    before, after = was.terms, now.terms
    if not isinstance(before, AwsTerms) or not isinstance(after, AwsTerms) or before == after:
        return ()
    if before.offer is None or after.offer is None:
        return ()
    return changes(before.offer, after.offer) or ("What AWS says of the quote has changed.",)


def blocked(request: Request, kind: str, words: str) -> Request:
    """The request by quote as it is, with something that stands in its way."""
    terms = request.aws
    if terms.offer is None:
        return request
    offer = replace(terms.offer, requirements=(*terms.offer.requirements, Requirement(kind, FAIL, words)))
    return replace(request, terms=replace(terms, offer=offer))


def field_of(cloud: str, key: str) -> Field | None:
    """The field that `key` stands for in orders from `cloud`; None if there is none."""
    return next((field for field in FIELDS.get(cloud, ()) if field.key == key), None)


def keys(cloud: str) -> tuple[str, ...]:
    """The keys that can be used now in orders from `cloud`, in the order of the form."""
    return tuple(field.key for field in FIELDS.get(cloud, ()) if field.offered)


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


def with_defaults(values: Values, defaults: Mapping[str, str]) -> Values:
    """`values`, with a default for each key that nothing was typed for.

    Args:
        values: What was typed, by key. Blank words count as not typed.
        defaults: Key → word; a blank one is none.
    """
    said = _said(values)
    return {**values, **{key: (word,) for key, word in defaults.items() if word and key not in said}}


def read(
    cloud: str, values: Values, today: date, elsewhere: Collection[str] = ()
) -> Request | tuple[Mistake, ...]:
    """The request that `values` make, or all that is wrong with them.

    Args:
        cloud: `aws` or `azure`.
        values: What was typed, by key. Blank words count as not typed.
        today: The day on which it is asked, for *Needed by*.
        elsewhere: Keys that are answered in another way, as by an address that was typed into the form:
            they are not missing.
    """
    said = _said(values)
    spared = {field.key for field in FIELDS[cloud] if field.unless in said} | set(elsewhere)
    found = {
        field.key: _field_words(field, said.get(field.key, ()), today)
        for field in FIELDS[cloud]
        if field.offered and (field.key in said or field.key not in spared)
    }
    right = {key: _of(str, words) for key, words in found.items()}
    wrong = (mistake for words in found.values() for mistake in _of(Mistake, words))
    conflicts = _CONFLICTS[cloud](right) if cloud in _CONFLICTS else ()
    mistakes = (*grammar_mistakes(cloud, values), *wrong, *conflicts)
    return mistakes or _request(cloud, right)


def values_of(request: Request) -> dict[str, tuple[str, ...]]:
    """The words with which `request` would be asked again."""
    terms = request.terms
    words = {
        **(aws_terms.words(terms) if isinstance(terms, AwsTerms) else azure_terms.words(terms)),
        "reason": (request.reason,),
        "cost_center": (request.cost_center,),
        "needed_by": (request.needed_by,),
        "channel": (request.channel,),
    }
    return {key: said for key, said in words.items() if any(said)}


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


def _field_words(field: Field, words: tuple[str, ...], today: date) -> tuple[str | Mistake, ...]:
    if field.required and not words:
        return (missing(field),)
    return tuple(check_word(field, word, today) for word in words[: field.most])


def _of(kind: type[_Kind], words: tuple[str | Mistake, ...]) -> tuple[_Kind, ...]:
    return tuple(word for word in words if isinstance(word, kind))


def _request(cloud: str, right: Values) -> Request:
    return Request(
        cloud=cloud,
        terms=_TERMS[cloud](right),
        reason=first(right, "reason"),
        cost_center=first(right, "cost_center"),
        needed_by=first(right, "needed_by"),
        channel=first(right, "channel"),
    )


def _quoted(word: str) -> str:
    if _PLAIN_WORD.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    # Slack's own escapes and links are undone when a line is read: an empty pair of quotes inside
    # them keeps words that only look like one.
    return '"' + re.sub("&(?=(?:amp|lt|gt);)|<(?=[A-Za-z])", r'\g<0>""', escaped) + '"'

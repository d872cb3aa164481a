"""What AWS says of a quote: what it costs, what is delivered for it, what stands in the way, until when.

Money is whole cents in an int: a price is compared and added up, and must never be off by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import TypeAdapter

QUOTE = "oq-[a-f0-9]{17}"
OPTION = "oqo-[a-f0-9]{17}"
NEW_RACK, CHANGED_RACK, NEW_SERVER = "New rack", "Changed rack", "New server"
MONTHS = {"ONE_YEAR": 12, "THREE_YEARS": 36, "FIVE_YEARS": 60}
FAIL = "FAIL"
PASS = "PASS"  # noqa: S105 - the word of the API


@dataclass(frozen=True)
class Price:
    """What is paid at once and what each month, in whole cents of a currency (ISO code)."""

    upfront: int
    monthly: int
    currency: str

    def total(self, term: str) -> int | None:
        """All that is paid over a term, in cents; None for a term whose length is not known."""
        months = MONTHS.get(term)
        return None if months is None else self.upfront + self.monthly * months


@dataclass(frozen=True)
class Requirement:
    """One thing that AWS checks before it takes an order; `kind` and `status` are words of the API."""

    kind: str
    status: str
    words: str = ""


@dataclass(frozen=True)
class Offer:
    """One option of a quote, for one way of paying.

    `expires` is ISO 8601 in UTC; `capacities` and `racks` are lines of plain words: what there is more of
    afterwards, and which hardware comes or is worked on.
    """

    price: Price
    expires: str
    capacities: tuple[str, ...] = ()
    racks: tuple[str, ...] = ()
    requirements: tuple[Requirement, ...] = ()

    @property
    def failing(self) -> tuple[Requirement, ...]:
        """What AWS would refuse the order for."""
        return tuple(one for one in self.requirements if one.status == FAIL)

    def expired(self, now: datetime) -> bool:
        """Whether it cannot be ordered any more."""
        return bool(self.expires) and datetime.fromisoformat(self.expires) <= now


@dataclass(frozen=True)
class Row:
    """One way to order by quote, as a form offers it; what is not known, or left open, is "".

    Its `value` is `REGION/OUTPOST/QUOTE/OPTION/PAYMENT/TERM`, and its `key` the last four of these.
    """

    region: str = ""
    outpost: str = ""
    quote: str = ""
    option: str = ""
    payment: str = ""
    term: str = ""

    @property
    def value(self) -> str:
        return "/".join(astuple(self))

    @property
    def key(self) -> str:
        return "/".join(astuple(self)[2:])


def read_row(value: str) -> Row:
    """The row that a value stands for; an empty one for any other text."""
    parts = value.split("/")
    return Row(*parts) if len(parts) == len(astuple(Row())) else Row()


@dataclass(frozen=True)
class Wish:
    """What AWS is asked to quote for an Outpost.

    `instances` are EC2 instance types, each with how many there are to be more of; `ebs` and `s3` are all
    the storage that there is to be in the end, in TiB, 0 for none. `country` (two letters) is that of the
    site, `region` that of the Outpost, `payment` and `term` narrow down which prices are told; each of
    these may be "".
    """

    outpost: str
    region: str = ""
    country: str = ""
    instances: tuple[tuple[str, int], ...] = ()
    ebs: int = 0
    s3: int = 0
    payment: str = ""
    term: str = ""


@dataclass(frozen=True)
class Option:
    """One way to deliver what was wished for, with each way of paying it: payment, term, price."""

    id: str
    capacities: tuple[str, ...]
    racks: tuple[str, ...]
    prices: tuple[tuple[str, str, Price], ...]


@dataclass(frozen=True)
class Quote:
    """What AWS has quoted; `expires` as in `Offer`, `words` is what AWS says of it beside."""

    id: str
    region: str
    expires: str
    options: tuple[Option, ...]
    requirements: tuple[Requirement, ...] = ()
    words: str = ""

    @property
    def failing(self) -> tuple[Requirement, ...]:
        """What AWS would refuse an order for."""
        return tuple(one for one in self.requirements if one.status == FAIL)


def read_offer(kept: Mapping[str, Any]) -> Offer:
    """An offer that was kept as JSON, with the names of its fields."""
    return _adapter().validate_python(kept)


@cache
def _adapter() -> TypeAdapter[Offer]:
    from pydantic import TypeAdapter  # heavy, and not needed before the first quote

    return TypeAdapter(Offer)


def money(cents: int, currency: str) -> str:
    """An amount as people read it: `120,000.00 USD`."""
    return f"{dollars(cents):,.2f} {currency}"


def dollars(cents: int) -> Decimal:
    """Cents as whole units of the currency and hundredths."""
    return Decimal(cents).scaleb(-2)


def priced(price: Price, term: str) -> str:
    """A price in words: `Upfront 120,000.00 USD · monthly 3,400.00 USD × 36 · total 242,400.00 USD`."""
    upfront, monthly = money(price.upfront, price.currency), money(price.monthly, price.currency)
    total, months = price.total(term), MONTHS.get(term)
    if total is None:
        return f"Upfront {upfront} · monthly {monthly}"
    return f"Upfront {upfront} · monthly {monthly} × {months} · total {money(total, price.currency)}"


def changes(was: Offer, now: Offer) -> tuple[str, ...]:
    """What is not as it was, a line of plain words each."""
    return tuple(_changes(was, now))


def _changes(was: Offer, now: Offer) -> Iterator[str]:
    for label, before, after in (
        ("Upfront price", was.price.upfront, now.price.upfront),
        ("Monthly price", was.price.monthly, now.price.monthly),
    ):
        if (before, was.price.currency) != (after, now.price.currency):
            yield f"{label}: {money(before, was.price.currency)} → {money(after, now.price.currency)}"
    contents = (("Delivered", was.capacities, now.capacities), ("Racks", was.racks, now.racks))
    for label, then, later in contents:
        if then != later:
            yield f"{label}: {', '.join(then) or 'nothing'} → {', '.join(later) or 'nothing'}"
    yield from _requirements(was, now)
    if was.expires != now.expires:
        yield f"Expires: {day(was.expires)} → {day(now.expires)}"


def _requirements(was: Offer, now: Offer) -> Iterator[str]:
    before = {one.kind: one for one in was.requirements}
    after = {one.kind: one for one in now.requirements}
    for kind in sorted({*before, *after}):
        if before.get(kind) != after.get(kind):
            yield f"{readable(kind)}: {_stands(before.get(kind))} → {_stands(after.get(kind))}"


def _stands(requirement: Requirement | None) -> str:
    if requirement is None:
        return "not asked"
    said = {PASS: "met", FAIL: "not met", "EXEMPT": "not needed"}.get(requirement.status, requirement.status)
    return f"{said} ({requirement.words})" if requirement.words else said


def readable(kind: str) -> str:
    """`VALID_ZIP_CODE_CHECK_ERROR` as *Valid zip code*."""
    return kind.removesuffix("_ERROR").removesuffix("_CHECK").replace("_", " ").capitalize()


def day(iso: str) -> str:
    """A time for people: `2026-12-24 10:00 UTC`."""
    return f"{iso[:10]} {iso[11:16]} UTC" if iso else "not said"


# What can be done about each check that fails (OrderingRequirementType of the API).
REMEDIES = {
    "OUTPOST_ACTIVE_CHECK_ERROR": "The Outpost is not active. Wait until AWS shows it as active, or ask AWS.",
    "MAXIMUM_ALLOWED_ORDERS_CHECK_ERROR": "The Outpost has as many open orders as AWS allows. Wait until one "
    "is complete, or cancel one.",
    "VALID_ZIP_CODE_CHECK_ERROR": "AWS cannot use the site's postal code. Correct the site's address in the "
    "AWS console.",
    "RACK_PHYSICAL_PROPERTIES_CHECK_ERROR": "The site's power, uplink or weight details are missing. Fill in "
    "its rack physical properties in the AWS console.",
    "OPERATING_ADDRESS_EXISTENCE_CHECK_ERROR": "The site has no operating address. Add it in the AWS "
    "console.",
    "SHIPPING_ADDRESS_EXISTENCE_CHECK_ERROR": "The site has no shipping address. Add it in the AWS console.",
    "COUNTRY_CODE_MISMATCH_CHECK_ERROR": "The quote is for another country than the site is in. Get a new "
    "quote for the country of the site.",
    "OUTPOST_GENERATION_MISMATCH_ERROR": "The Outpost is of another generation than what was quoted. Get a "
    "new quote for instance types of its generation.",
    "OUTPOST_ID_MISSING_ON_QUOTE_ERROR": "The quote is for no Outpost. Get a new quote for this one, or add "
    "the Outpost to the quote in the AWS console.",
    "ENTERPRISE_SUPPORT_ERROR": "The account needs AWS Enterprise Support. Whoever looks after it has to "
    "sign up for that.",
    "SHIPPING_ADDRESS_MISSING_CONTACT_NAME_ERROR": "The shipping address names nobody to ask for. Add the "
    "contact's name in the AWS console.",
    "SHIPPING_ADDRESS_MISSING_CONTACT_NUMBER_ERROR": "The shipping address has no phone number. Add it in "
    "the AWS console.",
    "SHIPPING_ADDRESS_MISSING_CONTACT_INFO_ERROR": "The shipping address has no contact. Add name and phone "
    "number in the AWS console.",
    "OUTPOST_STATE_CHANGED_ERROR": "The Outpost has changed since it was quoted. Get a new quote.",
    "OUTPOST_NOT_FOUND_ERROR": "AWS does not find the Outpost of the quote. Get a new quote for one that "
    "exists.",
    "OUTPOST_RENEWAL_REQUIRED_ERROR": "The term of the Outpost is about to end. Renew it first.",
    "UNSUPPORTED": "AWS does not take such an order through its API. Ask AWS.",
}

"""What AWS Outposts answers about a quote, in our words. Pure: dicts in, values out.

As in `aws_view`, nothing here trusts an answer to have its documented shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from bot.clouds.aws_view import outpost_id
from bot.clouds.reading import Answer, a_dict, dicts, moment, short, text, words
from bot.core.aws_terms import PAYMENTS
from bot.core.quote import (
    CHANGED_RACK,
    NEW_RACK,
    NEW_SERVER,
    PASS,
    Offer,
    Option,
    Price,
    Quote,
    Requirement,
    Row,
    Wish,
    day,
    money,
)
from bot.core.request import TERMS
from bot.errors import CloudRefused
from bot.ports import Choice

SUBMITTED = "QuoteSubmitted"
EXPIRED = "QuoteExpired"
NO_OPTION = "NoQuoteOption"
NO_PRICE = "NoPrice"
ANOTHER_OUTPOST = "QuoteForAnotherOutpost"
_PAYS, _LASTS = dict(PAYMENTS), dict(TERMS)


def submitted(quote: Answer) -> str:
    """The id of the order that was placed by a quote; "" where there is none."""
    return text(quote.get("SubmittedOrderId"))


def refuse_unless_orderable(quote: Answer, outpost: str, now: datetime) -> None:
    """Raise `CloudRefused`, in words, if no order can be placed by a quote for an Outpost."""
    own, there = text(quote.get("QuoteId")), outpost_id(text(quote.get("OutpostArn")))
    status = text(quote.get("QuoteStatus"))
    if submitted(quote):
        raise CloudRefused(SUBMITTED, f"The quote {own} was ordered already: {submitted(quote)}.")
    if status == "ORDER_SUBMITTED":
        raise CloudRefused(SUBMITTED, f"The quote {own} was ordered already.")
    if status == "EXPIRED" or _is_over(quote, now):
        until = f" on {day(_expires(quote))}" if _expires(quote) else ""
        raise CloudRefused(EXPIRED, f"The quote {own} expired{until}. Get a new one.")
    if status != "CREATED":
        raise CloudRefused(
            status or "NoStatus", f"The quote {own} can't be ordered: AWS says that it is {words(status)}."
        )
    if there and there != outpost_id(outpost):
        raise CloudRefused(
            ANOTHER_OUTPOST, f"The quote {own} is for the Outpost {there}, not for {outpost_id(outpost)}."
        )


def choose(quote: Answer, option: str) -> Answer:
    """One option of a quote: the named one, or the only one."""
    options = dicts(quote.get("QuoteOptions"))
    own = text(quote.get("QuoteId"))
    named = [one for one in options if not option or text(one.get("QuoteOptionIdentifier")) == option]
    if len(named) == 1:
        return named[0]
    ids = ", ".join(text(one.get("QuoteOptionIdentifier")) for one in options) or "none"
    if option:
        raise CloudRefused(NO_OPTION, f"The quote {own} has no option {option}; there are {ids}.")
    raise CloudRefused(NO_OPTION, f"Say which option of the quote {own} to order; there are {ids}.")


def offer(quote: Answer, option: Answer, payment: str, term: str) -> Offer:
    """What an option is, what it costs, and what AWS checks before it takes the order."""
    prices = {(pays, lasts): price for pays, lasts, price in _prices(option)}
    price = prices.get((payment, term))
    if price is None:
        there = ", ".join(f"{pays} for {lasts}" for pays, lasts in sorted(prices)) or "none"
        name = text(option.get("QuoteOptionIdentifier"))
        raise CloudRefused(NO_PRICE, f"{name} has no price for {payment} and {term}; there are: {there}.")
    return Offer(
        price=price,
        expires=_expires(quote),
        capacities=_capacities(option),
        racks=_racks(option),
        requirements=_requirements(quote),
    )


def rows(quote: Answer, region: str, now: datetime) -> Iterator[tuple[Row, Offer]]:
    """Each option of a quote with each way of paying it, if it can be ordered, and what AWS says of it.

    A way that a request cannot name is left out: a form could offer it, and never send it.
    """
    outpost = outpost_id(text(quote.get("OutpostArn")))
    try:
        refuse_unless_orderable(quote, outpost, now)
    except CloudRefused:
        return
    for option in dicts(quote.get("QuoteOptions")):
        named = (text(quote.get("QuoteId")), text(option.get("QuoteOptionIdentifier")))
        ways = ((pays, lasts) for pays, lasts, _ in _prices(option) if pays in _PAYS and lasts in _LASTS)
        for pays, lasts in ways:
            yield Row(region, outpost, *named, pays, lasts), offer(quote, option, pays, lasts)


def choice(row: Row, offer: Offer) -> Choice:
    """What a form offers of a quote."""
    price = offer.price
    paid = f"{_amount(price.upfront)} upfront + {_amount(price.monthly)} monthly {price.currency}"
    how = f"{_PAYS.get(row.payment, row.payment)}, {_LASTS.get(row.term, row.term)}"
    detail = " · ".join(filter(None, (how, f"until {offer.expires[:10]}", row.outpost)))
    return Choice(row.value, short(f"{paid} · {' + '.join(offer.capacities)}"), detail)


def body(wish: Wish, mark: str) -> dict[str, Any]:
    """What CreateQuote is sent for a wish; `mark` stands in it so that it can be found again."""
    wanted = [("EC2", unit, count) for unit, count in wish.instances]
    wanted += [(kind, "TiB", size) for kind, size in (("EBS", wish.ebs), ("S3", wish.s3)) if size]
    return {
        "OutpostIdentifier": wish.outpost,
        "CountryCode": wish.country,
        "RequestedCapacities": [
            {"QuoteCapacityType": kind, "Unit": unit, "Quantity": float(count)}
            for kind, unit, count in wanted
        ],
        **({"RequestedPaymentOptions": [wish.payment]} if wish.payment else {}),
        **({"RequestedPaymentTerms": [wish.term]} if wish.term else {}),
        "Description": mark,
    }


def marked(quote: Answer, mark: str) -> bool:
    """Whether a quote was made for this mark."""
    return text(quote.get("Description")) == mark


def quoted(quote: Answer, region: str) -> Quote:
    """A quote with all of its options and prices."""
    return Quote(
        id=text(quote.get("QuoteId")),
        region=region,
        expires=_expires(quote),
        options=tuple(
            Option(text(one.get("QuoteOptionIdentifier")), _capacities(one), _racks(one), tuple(_prices(one)))
            for one in dicts(quote.get("QuoteOptions"))
        ),
        requirements=_requirements(quote),
        words=text(quote.get("StatusMessage")),
    )


def type_choice(one: Answer) -> Choice:
    """An instance type to choose, as ListOrderableInstanceTypes tells it."""
    name, cpus, memory = text(one.get("InstanceType")), _number(one.get("VCPUs")), one.get("MemoryInMib")
    parts = (
        name,
        f"{cpus} vCPUs" if cpus else "",
        f"{_number(memory / 1024)} GiB" if isinstance(memory, int) and memory else "",
    )
    forms = {words(config.get("FormFactor")) for config in dicts(one.get("FormFactorConfigs"))}
    return Choice(name, short(" · ".join(filter(None, parts))), short(", ".join(sorted(forms - {""}))))


def _is_over(quote: Answer, now: datetime) -> bool:
    at = quote.get("ExpirationDate")
    return isinstance(at, datetime) and moment(at) <= now


def _amount(cents: int) -> str:
    return money(cents, "").strip()


def _expires(quote: Answer) -> str:
    at = quote.get("ExpirationDate")
    return moment(at).isoformat(timespec="seconds") if isinstance(at, datetime) else ""


def _prices(option: Answer) -> Iterator[tuple[str, str, Price]]:
    for one in dicts(option.get("PricingOptions")):
        details = a_dict(one.get("SubscriptionPricingDetails"))
        upfront, monthly = _cents(details.get("UpfrontPrice")), _cents(details.get("MonthlyRecurringPrice"))
        currency = text(details.get("Currency"))
        if upfront is not None and monthly is not None and currency:
            price = Price(upfront, monthly, currency)
            yield text(details.get("PaymentOption")), text(details.get("PaymentTerm")), price


def _cents(value: object) -> int | None:
    """A price in whole cents; None for what is no price. AWS sends floats, which are near a cent only."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        cents = Decimal(str(value)).scaleb(2).quantize(Decimal(1), ROUND_HALF_UP)
    except InvalidOperation:  # infinite, or no number at all
        return None
    return int(cents) if cents >= 0 else None


def _capacities(option: Answer) -> tuple[str, ...]:
    """What there is afterwards: so many more instances, and storage as it is in the end."""
    return tuple(filter(None, map(_capacity, dicts(option.get("Capacities")))))


def _capacity(one: Answer) -> str:
    kind, unit = text(one.get("QuoteCapacityType")), text(one.get("Unit"))
    count = _number(one.get("Quantity"))
    return f"{count} × {unit}" if kind == "EC2" else f"{kind} {count} {unit} in all"


_KINDS = {"NEW_RACK": NEW_RACK, "UPDATED_RACK": CHANGED_RACK, "SERVER": NEW_SERVER}


def _racks(option: Answer) -> tuple[str, ...]:
    """The hardware that comes or is worked on, alike ones together."""
    lines = Counter(filter(None, map(_rack, dicts(option.get("Specifications")))))
    return tuple(f"{count} × {line}" if count > 1 else line for line, count in lines.items())


def _rack(one: Answer) -> str:
    kind = text(one.get("QuoteSpecificationType"))
    if kind == "EXISTING_RACK":
        return ""
    details = a_dict(one.get("FinalRackSpecificationDetails") or one.get("ServerSpecificationDetails"))
    before = a_dict(one.get("ExistingRackSpecificationDetails"))
    of = "Server" if kind == "SERVER" else "Rack"
    measures = (
        _measure(before, details, f"{of}PowerDrawKva", "kVA"),
        _measure(before, details, f"{of}WeightLbs", "lb"),
        text(details.get("RackUnitHeight")).removeprefix("HEIGHT_"),
    )
    name = " ".join(filter(None, (_KINDS.get(kind, words(kind)), text(details.get("RackId")))))
    return ", ".join(filter(None, (name, *measures)))


def _measure(before: Answer, after: Answer, member: str, unit: str) -> str:
    now, was = _number(after.get(member)), _number(before.get(member))
    if not now:
        return ""
    return f"{was} → {now} {unit}" if was and was != now else f"{now} {unit}"


def _number(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,.10g}"
    return text(value)


def _requirements(quote: Answer) -> tuple[Requirement, ...]:
    """Sorted, and without the words of what is met: nobody is shown them, and they may change."""
    found = (
        Requirement(
            text(one.get("OrderingRequirementType")),
            text(one.get("Status")),
            "" if one.get("Status") == PASS else text(one.get("StatusMessage")),
        )
        for one in dicts(quote.get("OrderingRequirements"))
    )
    return tuple(sorted(set(found), key=lambda one: (one.kind, one.status, one.words)))


def countries(outposts: Iterable[Answer], sites: Mapping[str, str], region: str) -> Iterator[Choice]:
    """The country of each Outpost, as far as it is known; `sites` are countries by site id."""
    for one in outposts:
        country = sites.get(text(one.get("SiteId")), "")
        if country:
            yield Choice(f"{region}/{text(one.get('OutpostId'))}", country)

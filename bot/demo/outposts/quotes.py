"""The quotes of an account: what they offer, what they cost, and what becomes of them.

Prices are made up, and the same every time for the same capacities. Nothing here locks: `LocalOutposts`
holds its lock around every call.
"""

import copy
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.demo.outposts.contract import invalid
from bot.demo.outposts.estate import Outpost, not_found
from bot.demo.outposts.wire import Refusal

PAYMENTS = ("ALL_UPFRONT", "PARTIAL_UPFRONT", "NO_UPFRONT")
TERMS = {"ONE_YEAR": 12, "THREE_YEARS": 36, "FIVE_YEARS": 60}
VALID_FOR = timedelta(days=30)
REQUIREMENTS = (
    "OUTPOST_ACTIVE_CHECK_ERROR",
    "MAXIMUM_ALLOWED_ORDERS_CHECK_ERROR",
    "RACK_PHYSICAL_PROPERTIES_CHECK_ERROR",
    "SHIPPING_ADDRESS_EXISTENCE_CHECK_ERROR",
    "COUNTRY_CODE_MISMATCH_CHECK_ERROR",
    "ENTERPRISE_SUPPORT_ERROR",
)

Wanted = tuple[str, str, float]
"""Type of a capacity (EC2, EBS or S3), its unit, and how much of it."""

_DISCOUNT = {"ONE_YEAR": 1.0, "THREE_YEARS": 0.8, "FIVE_YEARS": 0.7}
_UP_FRONT = {"ALL_UPFRONT": (0.9, 1.0), "PARTIAL_UPFRONT": (0.95, 0.5), "NO_UPFRONT": (1.0, 0.0)}
"""Rebate, and the part that is paid at once."""


@dataclass
class Quoted:
    """A quote as kept: what GetQuote shows, and where it belongs."""

    region: str
    number: int
    body: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.body["QuoteId"])

    @property
    def newest_first(self) -> tuple[int]:
        return (-self.number,)

    def shown(self, now: datetime) -> dict[str, Any]:
        """As GetQuote shows it at a time."""
        if self.body["QuoteStatus"] == "CREATED" and self.body["ExpirationDate"] <= now.timestamp():
            self.body["QuoteStatus"] = "EXPIRED"
        return self.body

    def summary(self, now: datetime) -> dict[str, Any]:
        """As ListQuotes shows it."""
        body = self.shown(now)
        return {name: value for name, value in body.items() if name != "OrderingRequirements"}


class QuoteBook:
    """Every quote of the account, in the sequence of their making."""

    def __init__(self) -> None:
        self._quotes: dict[str, Quoted] = {}
        self._made = 0

    def __iter__(self) -> Iterator[Quoted]:
        return iter(self._quotes.values())

    def quote(self, quote_id: str) -> Quoted:
        found = self._quotes.get(quote_id)
        if found is None:
            raise LookupError(f"there is no quote {quote_id}")
        return found

    def in_region(self, region: str, identifier: str) -> Quoted:
        """By id or ARN, as the API finds it."""
        found = self._quotes.get(identifier.rpartition("/")[2])
        if found is None or found.region != region:
            raise not_found("Quote", identifier)
        return found

    def delete(self, quote: Quoted) -> None:
        del self._quotes[quote.id]

    def open(
        self,
        region: str,
        account: str,
        outpost: Outpost | None,
        country: str,
        wanted: Sequence[Wanted],
        *,
        now: datetime,
        payments: Sequence[str] = (),
        terms: Sequence[str] = (),
        options: int = 1,
        more: dict[str, Any] | None = None,
        quote_id: str = "",
        valid_for: timedelta = VALID_FOR,
    ) -> Quoted:
        """Make a quote; its options cost more one after the other."""
        body: dict[str, Any] = {
            "QuoteId": quote_id or f"oq-{secrets.token_hex(9)[:17]}",
            "AccountId": account,
            "QuoteStatus": "CREATED",
            **({"OutpostArn": outpost.arn} if outpost else {}),
            "CountryCode": country,
            "RequestedCapacities": [_capacity(*one) for one in wanted],
            **(more or {}),
            "QuoteOptions": [
                _option(wanted, payments or PAYMENTS, terms or tuple(TERMS), number, quote_id)
                for number in range(options)
            ],
            "OrderingRequirements": _requirements(outpost, country),
            "CreatedDate": _epoch(now),
            "ExpirationDate": _epoch(now + valid_for),
        }
        quote = Quoted(region, self._made, body)
        self._made += 1
        self._quotes[quote.id] = quote
        return quote

    def reprice(self, quote: Quoted, factor: float) -> None:
        """Every price of it becomes another one."""
        for option in quote.body["QuoteOptions"]:
            for priced in option["PricingOptions"]:
                details = priced["SubscriptionPricingDetails"]
                for name in ("UpfrontPrice", "MonthlyRecurringPrice"):
                    details[name] = round(details[name] * factor, 2)

    def require(self, quote: Quoted, kind: str, status: str, words: str) -> None:
        """One thing that AWS checks before it takes an order turns out so."""
        asked = quote.body["OrderingRequirements"]
        asked[:] = [one for one in asked if one["OrderingRequirementType"] != kind]
        asked.append(_requirement(kind, status, words))


def orderable(quote: Quoted, given: dict[str, Any], outpost: Outpost, now: datetime) -> dict[str, Any]:
    """The option of a quote that is ordered; Refusal where that cannot be."""
    body = quote.shown(now)
    if body.get("SubmittedOrderId"):
        raise Refusal(
            "ConflictException",
            f"An order has already been submitted for quote {quote.id}.",
            409,
            {"ResourceId": str(body["SubmittedOrderId"]), "ResourceType": "ORDER"},
        )
    if body["QuoteStatus"] != "CREATED":
        invalid(f"Quote {quote.id} has expired.")
    if body.get("OutpostArn", outpost.arn) != outpost.arn:
        invalid(f"Quote {quote.id} is not for Outpost {outpost.outpost_id}.")
    failed = [one for one in body["OrderingRequirements"] if one["Status"] == "FAIL"]
    if failed:
        invalid(f"Ordering requirement not met: {failed[0]['StatusMessage']}")
    wanted = given.get("QuoteOptionIdentifier")
    option = next((one for one in body["QuoteOptions"] if one["QuoteOptionIdentifier"] == wanted), None)
    if option is None:
        raise not_found("Quote option", str(wanted))
    paid = (given["PaymentOption"], given.get("PaymentTerm"))
    details = (one["SubscriptionPricingDetails"] for one in option["PricingOptions"])
    if paid not in [(one["PaymentOption"], one["PaymentTerm"]) for one in details]:
        invalid(f"Quote option {wanted} has no price for {paid[0]} and {paid[1]}.")
    return dict(option)


def read_wanted(given: dict[str, Any]) -> list[Wanted]:
    """The capacities that CreateQuote was asked for; Refusal where one of them makes no sense."""
    wanted: list[Wanted] = []
    for one in given["RequestedCapacities"]:
        kind, unit, quantity = (one.get(name) for name in ("QuoteCapacityType", "Unit", "Quantity"))
        if kind is None or unit is None or quantity is None or quantity <= 0:
            invalid("Each requested capacity must have a type, a unit and a quantity above 0.")
        wanted.append((kind, unit, quantity))
    if not wanted:
        invalid("At least one capacity must be requested.")
    return wanted


def _option(
    wanted: Sequence[Wanted], payments: Sequence[str], terms: Sequence[str], number: int, seed: str
) -> dict[str, Any]:
    monthly = sum(_monthly(*one) for one in wanted) * (1 + number / 4)
    capacities = [_capacity(*one) for one in wanted]
    # A quote whose id is always the same has options whose ids are, too.
    own = f"{seed[3:19]}{number}" if seed else secrets.token_hex(9)[:17]
    return {
        "QuoteOptionIdentifier": f"oqo-{own}",
        "Capacities": capacities,
        "CapacitySummary": {
            "ExistingCapacities": [],
            "FinalCapacities": copy.deepcopy(capacities),
            "CapacityChange": copy.deepcopy(capacities),
        },
        "Specifications": _specifications(wanted, number),
        "PricingOptions": [_price(monthly, payment, term) for payment in payments for term in terms],
    }


def _price(monthly: float, payment: str, term: str) -> dict[str, Any]:
    rebate, at_once = _UP_FRONT[payment]
    each = monthly * _DISCOUNT[term] * rebate
    return {
        "PricingType": "SUBSCRIPTION",
        "SubscriptionPricingDetails": {
            "PaymentOption": payment,
            "PaymentTerm": term,
            "UpfrontPrice": round(each * TERMS[term] * at_once, 2),
            "MonthlyRecurringPrice": round(each * (1 - at_once), 2),
            "Currency": "USD",
        },
    }


def _monthly(kind: str, unit: str, quantity: float) -> float:
    """What a month of it costs where nothing is paid up front and for one year only."""
    if kind != "EC2":
        return quantity * 55
    size = "".join(filter(str.isdigit, unit.partition(".")[2])) or "1"
    return quantity * int(size) * 42.5


def _capacity(kind: str, unit: str, quantity: float) -> dict[str, Any]:
    return {"QuoteCapacityType": kind, "Unit": unit, "Quantity": quantity}


def _specifications(wanted: Sequence[Wanted], number: int) -> list[dict[str, Any]]:
    """A new rack; with the second option, work on one that is there."""
    rack = {
        "RackUse": "COMPUTE",
        "RackPowerDrawKva": 9.5,
        "RackWeightLbs": 1420.0,
        "RackHeightInches": 80.0,
        "RackWidthInches": 24.0,
        "RackDepthInches": 48.0,
        "RackUnitHeight": "HEIGHT_42U",
        "EC2Capacities": [
            {"Family": unit.partition(".")[0], "MaxSize": unit.partition(".")[2], "Quantity": f"{count:g}"}
            for kind, unit, count in wanted
            if kind == "EC2"
        ],
    }
    if number == 0:
        return [{"QuoteSpecificationType": "NEW_RACK", "FinalRackSpecificationDetails": rack}]
    before = rack | {"RackId": "rack-0001", "RackPowerDrawKva": 7.0, "RackWeightLbs": 1100.0}
    return [
        {
            "QuoteSpecificationType": "UPDATED_RACK",
            "ExistingRackSpecificationDetails": before,
            "FinalRackSpecificationDetails": rack | {"RackId": "rack-0001"},
        }
    ]


def _requirements(outpost: Outpost | None, country: str) -> list[dict[str, Any]]:
    found = [_requirement(kind, "PASS", "Met.") for kind in REQUIREMENTS]
    if outpost is None:
        words = "The quote is not associated with an Outpost."
        found.append(_requirement("OUTPOST_ID_MISSING_ON_QUOTE_ERROR", "EXEMPT", words))
    elif outpost.site.country != country:
        words = f"The site is in {outpost.site.country}, the quote is for {country}."
        found = [one for one in found if one["OrderingRequirementType"] != REQUIREMENTS[4]]
        found.append(_requirement(REQUIREMENTS[4], "FAIL", words))
    return found


def _requirement(kind: str, status: str, words: str) -> dict[str, Any]:
    return {"OrderingRequirementType": kind, "Status": status, "StatusMessage": words}


def _epoch(moment: datetime) -> float:
    return round(moment.timestamp(), 3)

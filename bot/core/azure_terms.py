"""What Azure is asked to deliver: its fields, and the words typed for them made into terms.

Names and lengths are those of Azure Resource Manager and of Microsoft.EdgeOrder 2024-02-01. The SDK
checks none of them, and a wrong word must be found before anyone is asked to approve.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from bot.core.fields import COMMON, Field, Mistake, Values, choice, first, nearest, wrong

NAME = "[A-Za-z0-9_.-]{1,64}"
"""One step of the hierarchy: a family, a line, a product or a configuration."""
LOCATION = "[a-z][a-z0-9]{2,30}"
RESOURCE_GROUP = r"[-\w.()]{0,89}[-\w()]"
"""As Azure Resource Manager allows them: 1 to 90 characters, no full stop at the end."""
MOST_UNITS = 20
"""As many as one order takes."""

_PRODUCT = re.compile(f"{NAME}/{NAME}/{NAME}")
_WHOLE_PATH = re.compile(f"({NAME}/{NAME}/{NAME})/({NAME})")
_ADDRESS = re.compile(rf"(?:{RESOURCE_GROUP}/)?[A-Za-z0-9_.-]{{3,24}}")
_DAYS = re.compile("P[1-9][0-9]{0,4}D")
_YEARS = re.compile(r"([1-9][0-9]?)[\s_-]*years?", re.IGNORECASE)
_YEARS_IN_WORDS = {"one year": "P365D", "two years": "P730D", "three years": "P1095D", "five years": "P1825D"}


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


def terms(right: Values) -> AzureTerms:
    """The terms that words make which are all right."""
    return AzureTerms(
        product=first(right, "product"),
        configuration=first(right, "configuration"),
        quantity=int(first(right, "qty") or 1),
        order_type=first(right, "type"),
        address=first(right, "address"),
        location=first(right, "location"),
        resource_group=first(right, "resource_group"),
        commitment=first(right, "commitment"),
        double_encryption=first(right, "encryption"),
    )


def words(terms: AzureTerms) -> dict[str, tuple[str, ...]]:
    """The words with which the same would be asked for again."""
    return {
        "product": (terms.product,),
        "configuration": (terms.configuration,),
        "qty": (str(terms.quantity),),
        "type": (terms.order_type,),
        "address": (terms.address,),
        "commitment": (terms.commitment,),
        "encryption": (terms.double_encryption,),
        "location": (terms.location,),
        "resource_group": (terms.resource_group,),
    }


def spread(values: Values) -> Values:
    """`values` with a product that was typed down to its configuration as the two that it is."""
    whole = _WHOLE_PATH.fullmatch(first(values, "product").strip())
    if not whole or "configuration" in values:
        return values
    return {**values, "product": (whole[1], *values["product"][1:]), "configuration": (whole[2],)}


def duration_text(duration: str) -> str:
    """A duration in days as people read it: `P365D` is *1 year*; what is none stays as it is."""
    if not _DAYS.fullmatch(duration):
        return duration
    days = int(duration[1:-1])
    count, unit = (days // 365, "year") if days % 365 == 0 else (days, "day")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _product(field: Field, word: str, _today: date | None) -> str | Mistake:
    plain = re.sub(r"\s*/\s*", "/", word).strip("/")
    if _PRODUCT.fullmatch(plain):
        return plain
    whole = _WHOLE_PATH.fullmatch(plain)
    return wrong(field, word, near=whole[1] if whole else "")


def _configuration(field: Field, word: str, _today: date | None) -> str | Mistake:
    if re.fullmatch(NAME, word):
        return word
    whole = _WHOLE_PATH.fullmatch(word)
    return wrong(field, word, near=whole[2] if whole else "")


def _quantity(field: Field, word: str, _today: date | None) -> str | Mistake:
    whole = re.fullmatch("0*([0-9]{1,2})", word)
    if whole and 1 <= int(whole[1]) <= MOST_UNITS:
        return str(int(whole[1]))
    return wrong(field, word)


def _address(field: Field, word: str, _today: date | None) -> str | Mistake:
    if _ADDRESS.fullmatch(word):
        return word
    dashed = re.sub(r"\s+", "-", word)
    return wrong(field, word, near=dashed if _ADDRESS.fullmatch(dashed) else "")


def _location(field: Field, word: str, _today: date | None) -> str | Mistake:
    # The portal says "East US" where the API says `eastus`.
    plain = re.sub(r"\s+", "", word).lower()
    return plain if re.fullmatch(LOCATION, plain) else wrong(field, word)


def _resource_group(field: Field, word: str, _today: date | None) -> str | Mistake:
    return word if re.fullmatch(RESOURCE_GROUP, word) else wrong(field, word)


def _commitment(field: Field, word: str, _today: date | None) -> str | Mistake:
    if _DAYS.fullmatch(word.upper()):
        return word.upper()
    if years := _YEARS.fullmatch(word):
        return f"P{365 * int(years[1])}D"
    near = nearest(re.sub(r"[\s_-]+", " ", word), _YEARS_IN_WORDS)
    return wrong(field, word, near=_YEARS_IN_WORDS.get(near, ""))


ORDER_TYPES = (("Purchase", "Purchase"), ("Rental", "Rental"))
ENCRYPTION = (("Enabled", "Enabled"), ("Disabled", "Disabled"))

FIELDS: tuple[Field, ...] = (
    Field(
        key="product",
        label="Product",
        example="product=azurestackedge/azurestackedge/azurestackedgegpu",
        expected="a product as FAMILY/LINE/PRODUCT",
        required=True,
        check=_product,
    ),
    Field(
        key="configuration",
        label="Configuration",
        example="configuration=edgep_high",
        expected="the name of one of the product's configurations, such as edgep_high",
        required=True,
        check=_configuration,
    ),
    Field(
        key="qty",
        label="Quantity",
        example="qty=2",
        expected=f"a whole number from 1 to {MOST_UNITS}, 1 if not said",
        check=_quantity,
    ),
    # Not taken for granted: what is bought by mistake is not sent back as easily as what is rented.
    Field(
        key="type",
        label="Order type",
        example="type=Rental",
        expected="Purchase or Rental",
        required=True,
        choices=ORDER_TYPES,
        check=choice,
    ),
    Field(
        key="address",
        label="Ship to",
        example="address=fra-1",
        expected="the name of a saved Edge Order address (GROUP/NAME if in another resource group)",
        required=True,
        check=_address,
    ),
    Field(
        key="commitment",
        label="Term commitment",
        example="commitment=P365D",
        expected="a term that the configuration offers, such as P365D (1 year) or P1095D (3 years)",
        check=_commitment,
    ),
    Field(
        key="encryption",
        label="Double encryption",
        example="encryption=Enabled",
        expected="Enabled or Disabled",
        choices=ENCRYPTION,
        check=choice,
    ),
    Field(
        key="location",
        label="Location",
        example="location=eastus",
        expected="an Azure location such as eastus",
        required=True,
        check=_location,
    ),
    Field(
        key="resource_group",
        label="Resource group",
        example="resource_group=edge",
        expected="the name of an Azure resource group",
        required=True,
        check=_resource_group,
    ),
    *COMMON,
)

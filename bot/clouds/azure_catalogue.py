"""What Azure Edge Order offers, and where it ships to: choices for forms, and what can't be ordered. Pure.

Azure lists what it does not sell, some of it for no reason that it names, so that nothing is offered unless
its availability stage says so. It names no prices.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from bot.clouds.reading import Answer, a_dict, a_list, dicts, text
from bot.core.request import AzureTerms
from bot.errors import CloudRefused, CloudUnknown

LEVELS = ("productFamilyName", "productLineName", "productName", "configurationName")
ORDERABLE = frozenset({"Available", "Preview"})
NOT_OFFERED = "NotOffered"


def properties(one: Answer) -> Answer:
    """The properties of a family, line, product or configuration."""
    return a_dict(one.get("properties"))


def path(one: Answer, levels: int) -> str:
    """The names of its first levels, `FAMILY/LINE/PRODUCT` for three of them; "" if one is missing."""
    hierarchy = a_dict(properties(one).get("hierarchyInformation"))
    names = [text(hierarchy.get(level)) for level in LEVELS[:levels]]
    return "/".join(names) if all(names) else ""


def product_of(one: Answer) -> str:
    """`FAMILY/LINE/PRODUCT` of a product or a configuration."""
    return path(one, 3)


def configuration_of(one: Answer) -> str:
    """The name of a configuration."""
    return text(a_dict(properties(one).get("hierarchyInformation")).get(LEVELS[3]))


def products(family: Answer) -> list[Answer]:
    """All products of a family."""
    return [
        product
        for line in dicts(properties(family).get("productLines"))
        for product in dicts(properties(line).get("products"))
    ]


def stage(one: Answer) -> str:
    """The availability stage."""
    return text(a_dict(properties(one).get("availabilityInformation")).get("availabilityStage"))


def filterable(one: Answer, kind: str) -> tuple[str, ...]:
    """The values of a filterable property: `ShipToCountries` or `DoubleEncryptionStatus`."""
    return tuple(
        text(value)
        for each in dicts(properties(one).get("filterableProperties"))
        if text(each.get("type")) == kind
        for value in a_list(each.get("supportedValues"))
    )


def commitments(offer: Answer) -> tuple[str, ...]:
    """The durations that one may commit to, such as P365D."""
    return tuple(map(text, a_list(properties(offer).get("supportedTermCommitmentDurations"))))


def check_offer(offer: Answer, terms: AzureTerms, country: str) -> None:
    """Make sure that a configuration can be ordered as asked.

    Raises:
        CloudRefused: It cannot; the words say why.
    """
    name = f"The configuration {configuration_of(offer) or terms.configuration}"
    if stage(offer) not in ORDERABLE:
        code = stage(offer) or "Unavailable"
        raise CloudRefused(code, f"{name} can't be ordered now: {_unavailable(offer)}.")
    countries = filterable(offer, "ShipToCountries")
    if countries and country not in countries:
        raise CloudRefused(
            "CountryNotSupported", f"{name} is not shipped to {country}, only to {', '.join(countries)}."
        )
    if terms.commitment and terms.commitment not in commitments(offer):
        offered = " or ".join(map(duration, commitments(offer))) or "none"
        said = f"{name} can't be had with a commitment of {duration(terms.commitment)}; offered: {offered}."
        raise CloudRefused("TermCommitmentNotSupported", said)
    if terms.double_encryption == "Enabled" and "Enabled" not in filterable(offer, "DoubleEncryptionStatus"):
        raise CloudRefused("DoubleEncryptionNotSupported", f"{name} can't be had with double encryption.")


def _unavailable(offer: Answer) -> str:
    reason = text(a_dict(properties(offer).get("availabilityInformation")).get("disabledReason"))
    said = f"Azure says {stage(offer) or 'nothing about its availability'}"
    return f"{said} ({reason})" if reason not in ("", "None") else said


def unknown(kind: str, name: str, names: Iterable[str]) -> CloudUnknown:
    """Azure has nothing of that name; the nearest right one is told."""
    by_lower = {one.lower(): one for one in names}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    hint = f" Did you mean {by_lower[near[0]]}?" if near else ""
    return CloudUnknown("NotFound", f"Azure knows no {kind} named {name}.{hint}")


# --- addresses -----------------------------------------------------------------------------------

WRONG_ADDRESS = {
    "Invalid": "Azure can't find it. Correct it in Azure, or save it anew under another name",
    "Ambiguous": "Azure finds several places that it could be. Say more of it, the house number for instance",
    "": "Azure has not validated it. Save it anew, or ship to another one",
}


def check_address(name: str, address: Answer) -> None:
    """Make sure that Azure has found an address to be valid.

    Raises:
        CloudRefused: It has not.
    """
    status = text(address.get("addressValidationStatus"))
    if status != "Valid":
        why = WRONG_ADDRESS.get(status, f"Azure calls it {status}")
        raise CloudRefused(f"{status or 'Unvalidated'}Address", f"Nothing can be shipped to {name}: {why}.")


def country(address: Answer) -> str:
    """The code of the country that an address is in."""
    return text(a_dict(address.get("shippingAddress")).get("country")).upper()


def place(address: Answer) -> str:
    """`Frankfurt am Main, DE`; no more of an address is ever shown."""
    city = text(a_dict(address.get("shippingAddress")).get("city")).strip()
    return ", ".join(filter(None, (city, country(address))))


def duration(iso: str) -> str:
    """`P365D` as *1 year*."""
    days = re.fullmatch("P([1-9][0-9]{0,4})D", iso)
    if not days:
        return iso
    years, rest = divmod(int(days[1]), 365)
    count, unit = (years, "year") if not rest else (int(days[1]), "day")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"

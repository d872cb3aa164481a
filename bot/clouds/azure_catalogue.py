"""What Azure Edge Order offers, and where it ships to: choices for forms, and what can't be ordered. Pure.

Azure lists what it does not sell, some of it for no reason that it names, so that nothing is offered unless
its availability stage says so. It names no prices.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.clouds.azure_placing import PRODUCT_LEVELS
from bot.clouds.reading import Answer, a_dict, a_list, by_text, dicts, short, text
from bot.core.request import AzureTerms
from bot.errors import CloudRefused, CloudUnknown
from bot.ports import Choice

LEVELS = (*PRODUCT_LEVELS, "configurationName")
ORDERABLE = frozenset({"Available", "Preview"})
LOCATIONS = ("eastus", "westeurope", "southeastasia")
"""Where order items can be kept, whatever country they are shipped to (Edge Order FAQ)."""
SHIP_TO = "ShipToCountries"
ENCRYPTION = "DoubleEncryptionStatus"


@dataclass(frozen=True)
class Product:
    """A product with the family that it belongs to, and the configurations in which it can be had."""

    family: Answer
    product: Answer
    configurations: list[Answer]


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


def configurations(product: Answer) -> list[Answer] | None:
    """The configurations that a product was listed with; None if it was listed without."""
    listed = properties(product).get("configurations")
    return dicts(listed) if isinstance(listed, list) else None


def anywhere(family: Answer) -> list[dict[str, Any]]:
    """The filter that lets through what is shipped to any country that a family is shipped to."""
    countries = filterable(family, SHIP_TO)
    return [{"type": SHIP_TO, "supportedValues": list(countries)}] if countries else []


def choices(products: Iterable[Product], location: str) -> dict[str, tuple[Choice, ...]]:
    """What a form offers, by key of the order grammar; of products only what can be ordered.

    Args:
        products: Every product.
        location: The one to be offered first; "" for none.
    """
    kinds: dict[str, list[Choice]] = {"product": [], "configuration": [], "commitment": [], "encryption": []}
    for one in products:
        for kind, choice in _choices_of(one):
            kinds[kind].append(choice)
    locations = dict.fromkeys(filter(None, (location, *LOCATIONS)))
    sorted_kinds = {kind: by_text(found) for kind, found in kinds.items()}
    return {**sorted_kinds, "location": tuple(Choice(name, name) for name in locations)}


def _choices_of(one: Product) -> Iterator[tuple[str, Choice]]:
    sold = [offer for offer in one.configurations if stage(offer) in ORDERABLE and path(offer, 4)]
    if not sold or stage(one.product) not in ORDERABLE or not product_of(one.product):
        return
    yield "product", Choice(product_of(one.product), _name(one.product, 3), _name(one.family, 1))
    for offer in sold:
        yield "configuration", Choice(path(offer, 4), _name(offer, 4), _detail(offer))
        for term in commitments(offer):
            yield "commitment", Choice(f"{path(offer, 4)}/{term}", duration(term))
        if "Enabled" in filterable(offer, ENCRYPTION):
            yield "encryption", Choice(f"{path(offer, 4)}/Enabled", "Double encryption")


def _name(one: Answer, level: int) -> str:
    return short(text(properties(one).get("displayName")) or path(one, level).rpartition("/")[2])


def _detail(offer: Answer) -> str:
    specifications = (text(each.get("value")) for each in dicts(properties(offer).get("specifications")))
    preview = "Preview" if stage(offer) == "Preview" else ""
    return short(" · ".join(filter(None, (preview, *specifications))))


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
    countries = filterable(offer, SHIP_TO)
    if countries and country not in countries:
        raise CloudRefused(
            "CountryNotSupported", f"{name} is not shipped to {country}, only to {', '.join(countries)}."
        )
    if terms.commitment and terms.commitment not in commitments(offer):
        offered = " or ".join(map(duration, commitments(offer))) or "none"
        said = f"{name} can't be had with a commitment of {duration(terms.commitment)}; offered: {offered}."
        raise CloudRefused("TermCommitmentNotSupported", said)
    if terms.double_encryption == "Enabled" and "Enabled" not in filterable(offer, ENCRYPTION):
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


def address_choice(address: Answer, part: str, group: str) -> Choice:
    """A saved address to choose.

    Args:
        address: An `AddressResource`.
        part: Its `GROUP/NAME`.
        group: The resource group in which an address needs no group before its name.
    """
    name, where = text(address.get("name")), part.partition("/")[0]
    value = name if where == group.lower() else f"{where}/{name}"
    status = text(properties(address).get("addressValidationStatus"))
    shown = " · ".join(filter(None, (name, place(properties(address)))))
    return Choice(value, short(shown), "" if status == "Valid" else status or "Not validated")


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

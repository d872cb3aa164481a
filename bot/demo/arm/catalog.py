"""What can be bought: families of product lines of products of configurations.

The demo's catalog is made up in the manner of the real one: its names and shapes are real, who sells
what to whom is not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.demo.arm.refusal import Refusal

LEVELS = ("productFamilyName", "productLineName", "productName", "configurationName")

Filters = Mapping[str, Sequence[str]]
"""Values wanted, by the type of filterable property; any of them will do."""


@dataclass(frozen=True)
class Configuration:
    name: str
    display_name: str
    countries: tuple[str, ...] = ("US", "CA", "GB", "DE", "FR", "NL", "SE", "AU", "JP", "SG")
    stage: str = "Available"
    disabled_reason: str = "None"
    order_types: tuple[str, ...] = ("Purchase", "Rental")
    """What may be ordered. The wire doesn't say: a refusal is the only way to learn it."""
    terms: tuple[str, ...] = ()
    """Durations of a term commitment that may be chosen, such as P365D."""
    double_encryption: tuple[str, ...] = ()
    specifications: tuple[tuple[str, str], ...] = ()

    @property
    def available(self) -> bool:
        return self.stage in ("Available", "Preview")

    def offers(self, filters: Filters) -> bool:
        has = {"ShipToCountries": self.countries, "DoubleEncryptionStatus": self.double_encryption}
        return all(not set(has.get(kind, ())).isdisjoint(wanted) for kind, wanted in filters.items())

    def check(self, details: Mapping[str, Any]) -> None:
        """Refusal (400) unless order item details ask for nothing that isn't on offer."""
        order_type = details["orderItemType"]
        if not self.available:
            raise Refusal(
                "ConfigurationNotAvailable",
                f"Configuration '{self.name}' is not available ({self.stage}).",
            )
        if order_type != "External" and order_type not in self.order_types:
            raise Refusal(
                "OrderItemTypeNotSupported",
                f"Configuration '{self.name}' does not support order item type '{order_type}'.",
                target="properties.orderItemDetails.orderItemType",
            )
        preferences = details.get("preferences", {})
        encryption = preferences.get("encryptionPreferences", {}).get("doubleEncryptionStatus", "Disabled")
        if encryption != "Disabled" and encryption not in self.double_encryption:
            raise Refusal(
                "DoubleEncryptionNotSupported",
                f"Configuration '{self.name}' does not support double encryption.",
            )
        term = preferences.get("termCommitmentPreferences", {})
        duration = term.get("preferredTermCommitmentDuration")
        if term.get("preferredTermCommitmentType") == "Timed" and duration not in self.terms:
            raise Refusal(
                "TermCommitmentNotSupported",
                f"Configuration '{self.name}' does not support a term commitment of '{duration}'.",
            )


@dataclass(frozen=True)
class Product:
    name: str
    display_name: str
    configurations: tuple[Configuration, ...]
    short: str = ""
    stage: str = "Available"
    disabled_reason: str = "None"


@dataclass(frozen=True)
class Line:
    name: str
    display_name: str
    products: tuple[Product, ...]


@dataclass(frozen=True)
class Family:
    name: str
    display_name: str
    lines: tuple[Line, ...]
    short: str = ""
    provider: str = "Microsoft.DataBoxEdge"
    """The resource provider that manages the devices once they are there."""


@dataclass(frozen=True)
class Offer:
    """A configuration and all that it is part of."""

    family: Family
    line: Line
    product: Product
    configuration: Configuration

    @property
    def hierarchy(self) -> dict[str, str]:
        names = (self.family.name, self.line.name, self.product.name, self.configuration.name)
        return dict(zip(LEVELS, names, strict=True))


class Catalog:
    """The families on sale, in the sequence in which they are shown."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}

    def add(self, family: Family) -> None:
        """Add a family, or replace the one of this name."""
        self._families[family.name.lower()] = family

    @property
    def offers(self) -> Iterator[Offer]:
        for family in self._families.values():
            for line in family.lines:
                for product in line.products:
                    for configuration in product.configurations:
                        yield Offer(family, line, product, configuration)

    def find(self, hierarchy: Mapping[str, str]) -> Offer:
        """By all four names, in upper or lower case; Refusal (400) where there is none."""
        missing = [level for level in LEVELS if not hierarchy.get(level)]
        if missing:
            raise Refusal(
                "InvalidHierarchyInformation",
                f"Hierarchy information must have {' and '.join(missing)}.",
                target="hierarchyInformation",
            )
        for offer in self.offers:
            if all(offer.hierarchy[level].lower() == hierarchy[level].lower() for level in LEVELS):
                return offer
        said = "/".join(hierarchy[level] for level in LEVELS)
        raise Refusal(
            "InvalidHierarchyInformation",
            f"No configuration was found for '{said}'.",
            target="hierarchyInformation",
        )

    def configurations(self, hierarchy: Mapping[str, str], filters: Filters) -> list[dict[str, Any]]:
        """As ListConfigurations shows those below the names that are given."""
        wanted = {level: hierarchy[level].lower() for level in LEVELS if hierarchy.get(level)}
        return [
            _configuration(offer)
            for offer in self.offers
            if all(offer.hierarchy[level].lower() == name for level, name in wanted.items())
            and offer.configuration.offers(filters)
        ]

    def families(self, wanted: Mapping[str, Filters], *, expand: bool) -> list[dict[str, Any]]:
        """As ListProductFamilies shows those of these names, with what passes each one's filters."""
        filters = {name.lower(): kinds for name, kinds in wanted.items()}
        return [
            _family(kept, expand=expand)
            for name, family in self._families.items()
            if name in filters and (kept := _filtered(family, filters[name])).lines
        ]

    def metadata(self) -> list[dict[str, Any]]:
        """As ListProductFamiliesMetadata shows them: all of them, without configurations."""
        return [_family(family, expand=False) for family in self._families.values()]


def _filtered(family: Family, filters: Filters) -> Family:
    lines = []
    for line in family.lines:
        products = []
        for product in line.products:
            kept = tuple(one for one in product.configurations if one.offers(filters))
            if kept:
                products.append(replace(product, configurations=kept))
        if products:
            lines.append(replace(line, products=tuple(products)))
    return replace(family, lines=tuple(lines))


def _common(
    names: Sequence[str],
    display_name: str,
    configurations: Sequence[Configuration],
    *,
    stage: str = "Available",
    reason: str = "None",
    **description: Any,
) -> dict[str, Any]:
    countries = {country: None for one in configurations for country in one.countries}
    encryption = {status: None for one in configurations for status in one.double_encryption}
    properties = {"ShipToCountries": list(countries), "DoubleEncryptionStatus": list(encryption)}
    return {
        "description": {
            "attributes": [],
            "descriptionType": "Base",
            "keywords": [],
            "links": [],
            **description,
        },
        "availabilityInformation": {"availabilityStage": stage, "disabledReason": reason},
        "displayName": display_name,
        "filterableProperties": [
            {"type": kind, "supportedValues": values} for kind, values in properties.items() if values
        ],
        "hierarchyInformation": dict(zip(LEVELS, [*names, *[""] * (len(LEVELS) - len(names))], strict=True)),
        "imageInformation": [],
    }


def _family(family: Family, *, expand: bool) -> dict[str, Any]:
    below = [one for line in family.lines for product in line.products for one in product.configurations]
    return {
        "properties": {
            **_common([family.name], family.display_name, below, shortDescription=family.short),
            "productLines": [_line(family, line, expand=expand) for line in family.lines],
            "resourceProviderDetails": [{"resourceProviderNamespace": family.provider}],
        }
    }


def _line(family: Family, line: Line, *, expand: bool) -> dict[str, Any]:
    below = [one for product in line.products for one in product.configurations]
    return {
        "properties": {
            **_common([family.name, line.name], line.display_name, below),
            "products": [_product(family, line, one, expand=expand) for one in line.products],
        }
    }


def _product(family: Family, line: Line, product: Product, *, expand: bool) -> dict[str, Any]:
    links = [
        # The real catalog has one with a space in front, too.
        {"linkType": "Specification", "linkUrl": f" https://aka.ms/edgeHWcenter-{product.name}-devicespec"},
        {"linkType": "TermsAndConditions", "linkUrl": "https://aka.ms/ase-gpu-product-terms"},
    ]
    shown = _common(
        [family.name, line.name, product.name],
        product.display_name,
        product.configurations,
        stage=product.stage,
        reason=product.disabled_reason,
        links=links,
        longDescription=product.short,
        shortDescription=product.short,
    )
    offers = [Offer(family, line, product, one) for one in product.configurations]
    more = {"configurations": [_configuration(offer) for offer in offers]} if expand else {}
    return {"properties": {**shown, **more}}


def _configuration(offer: Offer) -> dict[str, Any]:
    configuration = offer.configuration
    purchase = {"billingType": "Purchase", "multiplier": 1.0, "chargingType": "PerOrder"}
    rental = {"productId": "DZH318Z08RKK", "skuId": "0046", **purchase}
    shipping = {"productId": "DZH318Z08RKK", "skuId": "0033", **purchase}
    meters: list[dict[str, Any]] = [
        {
            "name": "RentalFee",
            "meterDetails": {**rental, "termId": f"hjdtn7tfnxc{number}"},
            "meteringType": "Recurring",
            "termTypeDetails": {"termType": "Timed", "termTypeDuration": term},
        }
        for number, term in enumerate(configuration.terms)
    ] or [
        {
            "name": "RentalFee",
            "meterDetails": {**rental, "termId": "hjdtn7tfnxcy"},
            "meteringType": "Recurring",
        }
    ]
    meters.append(
        {"name": "ShippingFee", "meterDetails": shipping, "meteringType": "OneTime", "frequency": ""}
    )
    terms = {"supportedTermCommitmentDurations": list(configuration.terms)} if configuration.terms else {}
    return {
        "properties": {
            **_common(
                list(offer.hierarchy.values()),
                configuration.display_name,
                [configuration],
                stage=configuration.stage,
                reason=configuration.disabled_reason,
                longDescription="",
                shortDescription="",
            ),
            "costInformation": {
                "billingMeterDetails": meters,
                "billingInfoUrl": "https://aka.ms/edgeHWcenter-pricinglink-custom",
            },
            "dimensions": {
                "depth": 2,
                "height": 15,
                "length": 50,
                "lengthHeightUnit": "IN",
                "weight": 50,
                "weightUnit": "LBS",
                "width": 5,
            },
            "specifications": [
                {"name": name, "value": value} for name, value in configuration.specifications
            ],
            **terms,
        }
    }


def demo_families() -> Sequence[Family]:
    """Two families with something of every kind: rented, committed to, encrypted twice, not on sale."""
    gpu = (("Usable compute", "40 vCPU"), ("Usable memory", "102 GB"), ("Usable storage", "4.2 TB"))
    pro2 = (("Usable compute", "32 vCPU"), ("Usable memory", "64 GB"))
    return (
        Family(
            "azurestackedge",
            "Azure Stack Edge",
            (
                Line(
                    "azurestackedge",
                    "Azure Stack Edge",
                    (
                        Product(
                            "azurestackedgegpu",
                            "Azure Stack Edge Pro - GPU",
                            (
                                Configuration(
                                    "edgep_base", "Azure Stack Edge Pro - 1 GPU", specifications=gpu
                                ),
                                Configuration(
                                    "edgep_high", "Azure Stack Edge Pro - 2 GPU", specifications=gpu
                                ),
                            ),
                            "Azure managed physical edge compute device",
                        ),
                        Product(
                            "azurestackedgepro2",
                            "Azure Stack Edge Pro 2",
                            (
                                Configuration(
                                    "edgep2_64g2t",
                                    "Pro 2 - Model 64G2T",
                                    terms=("P365D", "P1095D"),
                                    specifications=pro2,
                                ),
                                Configuration(
                                    "edgep2_128g4t1gpu",
                                    "Pro 2 - Model 128G4T1GPU",
                                    stage="Preview",
                                    terms=("P365D", "P1095D"),
                                ),
                                Configuration(
                                    "edgep2_256g6t2gpu",
                                    "Pro 2 - Model 256G6T2GPU",
                                    stage="ComingSoon",
                                    disabled_reason="NotAvailable",
                                ),
                            ),
                            "Short and quiet enough for an office",
                        ),
                        Product(
                            "azurestackedgeminir",
                            "Azure Stack Edge Mini R",
                            (
                                Configuration(
                                    "edgemr_mini",
                                    "Mini R",
                                    countries=("US",),
                                    order_types=("Rental",),
                                    double_encryption=("Enabled", "Disabled"),
                                ),
                            ),
                            "Rugged, and fits into a backpack",
                        ),
                        Product(
                            "azurestackedgefpga",
                            "Azure Stack Edge Pro - FPGA",
                            (Configuration("edge", "Azure Stack Edge Pro - FPGA", stage="Unavailable"),),
                            "No longer on sale",
                            # Seen in the real catalog: not to be had, and no reason why.
                            stage="Unavailable",
                        ),
                    ),
                ),
            ),
            "Azure managed physical edge compute device",
        ),
        Family(
            "azurestackhci",
            "Azure Local",
            (
                Line(
                    "azurestackhci",
                    "Azure Local",
                    (
                        Product(
                            "azurelocalnode",
                            "Azure Local node",
                            (
                                Configuration(
                                    "node_small",
                                    "Azure Local node - small",
                                    order_types=("Purchase",),
                                    double_encryption=("Enabled", "Disabled"),
                                ),
                                Configuration(
                                    "node_large",
                                    "Azure Local node - large",
                                    stage="Signup",
                                    disabled_reason="Feature",
                                    order_types=("Purchase",),
                                ),
                            ),
                            "A validated machine for a cluster of your own",
                        ),
                    ),
                ),
            ),
            "Clusters of your own, managed from Azure",
            "Microsoft.AzureStackHCI",
        ),
    )

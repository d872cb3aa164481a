"""The hardware of an account: sites, Outposts and catalog items, per Region."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from bot.demo.outposts.wire import Refusal

ACCOUNT = "123456789012"

Capacity = tuple[str, str, str]
"""Instance family, largest size, quantity: all of them text, as on the wire."""


@dataclass(frozen=True)
class Site:
    site_id: str
    region: str
    name: str
    city: str
    country: str
    state: str

    @property
    def arn(self) -> str:
        return f"arn:aws:outposts:{self.region}:{ACCOUNT}:site/{self.site_id}"

    def wire(self) -> dict[str, Any]:
        return {
            "SiteId": self.site_id,
            "AccountId": ACCOUNT,
            "Name": self.name,
            "Description": f"{self.name}, {self.city}",
            "SiteArn": self.arn,
            "OperatingAddressCountryCode": self.country,
            "OperatingAddressStateOrRegion": self.state,
            "OperatingAddressCity": self.city,
            "RackPhysicalProperties": {
                "PowerDrawKva": "POWER_15_KVA",
                "PowerPhase": "THREE_PHASE",
                "PowerConnector": "AH530P7W",
                "PowerFeedDrop": "ABOVE_RACK",
                "UplinkGbps": "UPLINK_100G",
                "UplinkCount": "UPLINK_COUNT_4",
                "FiberOpticCableType": "SINGLE_MODE",
                "OpticalStandard": "OPTIC_100GBASE_LR4",
                "MaximumSupportedWeightLbs": "MAX_2000_LBS",
            },
        }


@dataclass(frozen=True)
class Outpost:
    outpost_id: str
    site: Site
    name: str
    hardware: str

    @property
    def arn(self) -> str:
        return f"arn:aws:outposts:{self.site.region}:{ACCOUNT}:outpost/{self.outpost_id}"

    def wire(self) -> dict[str, Any]:
        return {
            "OutpostId": self.outpost_id,
            "OwnerId": ACCOUNT,
            "OutpostArn": self.arn,
            "SiteId": self.site.site_id,
            "SiteArn": self.site.arn,
            "Name": self.name,
            "Description": f"{self.name} at {self.site.name}",
            "LifeCycleStatus": "ACTIVE",
            "AvailabilityZone": f"{self.site.region}a",
            "AvailabilityZoneId": _zone_id(self.site.region),
            "SupportedHardwareType": self.hardware,
            **({"RackScalingType": "SINGLE_RACK"} if self.hardware == "RACK" else {}),
        }


@dataclass(frozen=True)
class Item:
    catalog_item_id: str
    hardware: str
    """RACK or SERVER. The wire doesn't say; only the filter of ListCatalogItems knows."""
    status: str
    capacities: tuple[Capacity, ...]
    power_kva: float
    weight_lbs: int
    uplinks_gbps: tuple[int, ...]
    storage: tuple[str, ...]

    @property
    def families(self) -> list[str]:
        return [family for family, _, _ in self.capacities]

    def wire(self) -> dict[str, Any]:
        return {
            "CatalogItemId": self.catalog_item_id,
            "ItemStatus": self.status,
            "EC2Capacities": [
                {"Family": family, "MaxSize": size, "Quantity": quantity}
                for family, size, quantity in self.capacities
            ],
            "PowerKva": self.power_kva,
            "WeightLbs": self.weight_lbs,
            "SupportedUplinkGbps": list(self.uplinks_gbps),
            "SupportedStorage": list(self.storage),
            **({"RackScalingType": "SINGLE_RACK"} if self.hardware == "RACK" else {}),
        }


@dataclass
class Estate:
    """What there is in one Region, by id."""

    sites: dict[str, Site] = field(default_factory=dict)
    outposts: dict[str, Outpost] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)

    def outpost(self, identifier: str) -> Outpost:
        """By id or ARN; the ARN of another Region or account is not found here."""
        found = self.outposts.get(identifier.rpartition("/")[2])
        if found is None or identifier not in (found.outpost_id, found.arn):
            raise not_found("Outpost", identifier)
        return found

    def site(self, identifier: str) -> Site:
        found = self.sites.get(identifier.rpartition("/")[2])
        if found is None or identifier not in (found.site_id, found.arn):
            raise not_found("Site", identifier)
        return found

    def item(self, catalog_item_id: str) -> Item:
        found = self.items.get(catalog_item_id)
        if found is None:
            raise not_found("Catalog item", catalog_item_id)
        return found


def not_found(kind: str, identifier: str) -> Refusal:
    return Refusal("NotFoundException", f"{kind} {identifier} not found", 404)


def made_up_id(prefix: str, *seed: object) -> str:
    """An id in the service's form, always the same for the same seed."""
    return f"{prefix}-{sha256(repr(seed).encode()).hexdigest()[:17]}"


def made_up_sku(*seed: object) -> str:
    """A catalog item id, always the same for the same seed."""
    digits = int.from_bytes(sha256(repr(seed).encode()).digest()[:8], "big")
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "OR-" + "".join(alphabet[(digits >> (5 * place)) & 31] for place in range(7))


def _zone_id(region: str) -> str:
    """As `use1-az1` for us-east-1: the zone's name that is the same in every account."""
    *words, number = region.split("-")
    short = words[0] + "".join(
        word.replace("north", "n").replace("south", "s").replace("east", "e").replace("west", "w")
        if word != "central"
        else "c"
        for word in words[1:]
    )
    return f"{short}{number}-az1"


@dataclass(frozen=True)
class Place:
    """A demo site and the Outpost that stands there."""

    site: str
    city: str
    state: str
    country: str
    outpost: str
    hardware: str


def demo_places(region: str) -> Sequence[Place]:
    """Three places that a company might have within reach of the Region."""
    return _PLACES.get(region.split("-")[0], _PLACES["us"])


_PLACES = {
    "us": (
        Place("Ashburn DC1", "Ashburn", "Virginia", "US", "ashburn-core", "RACK"),
        Place("Columbus Plant", "Columbus", "Ohio", "US", "columbus-plant", "RACK"),
        Place("Portland Store 12", "Portland", "Oregon", "US", "portland-store-12", "SERVER"),
    ),
    "eu": (
        Place("Frankfurt FRA2", "Frankfurt am Main", "Hessen", "DE", "frankfurt-core", "RACK"),
        Place("Rotterdam Port", "Rotterdam", "Zuid-Holland", "NL", "rotterdam-port", "RACK"),
        Place("Lyon Clinic", "Lyon", "Auvergne-Rhône-Alpes", "FR", "lyon-clinic", "SERVER"),
    ),
    "ap": (
        Place("Singapore SG1", "Singapore", "Singapore", "SG", "singapore-core", "RACK"),
        Place("Osaka Works", "Osaka", "Osaka", "JP", "osaka-works", "RACK"),
        Place("Sydney Studio", "Sydney", "New South Wales", "AU", "sydney-studio", "SERVER"),
    ),
    "ca": (
        Place("Montreal YUL1", "Montreal", "Quebec", "CA", "montreal-core", "RACK"),
        Place("Toronto Trading Floor", "Toronto", "Ontario", "CA", "toronto-trading", "RACK"),
        Place("Calgary Field Office", "Calgary", "Alberta", "CA", "calgary-field", "SERVER"),
    ),
    "sa": (
        Place("São Paulo GRU1", "São Paulo", "São Paulo", "BR", "saopaulo-core", "RACK"),
        Place("Campinas Lab", "Campinas", "São Paulo", "BR", "campinas-lab", "RACK"),
        Place("Santos Terminal", "Santos", "São Paulo", "BR", "santos-terminal", "SERVER"),
    ),
}


def _rack(
    sku: str,
    capacities: Sequence[Capacity],
    power_kva: float,
    weight_lbs: int,
    storage: Sequence[str] = ("EBS",),
    status: str = "AVAILABLE",
) -> Item:
    uplinks = (1, 10, 40, 100)
    return Item(sku, "RACK", status, tuple(capacities), power_kva, weight_lbs, uplinks, tuple(storage))


def _server(sku: str, capacity: Capacity, power_kva: float, weight_lbs: int) -> Item:
    return Item(sku, "SERVER", "AVAILABLE", (capacity,), power_kva, weight_lbs, (10,), ())


def demo_items() -> Sequence[Item]:
    """A catalog of racks and servers, the same in every Region; one of them is no longer sold."""
    m5, c5, r5 = (("m5", "24xlarge", "3"), ("c5", "24xlarge", "3"), ("r5", "24xlarge", "2"))
    return (
        _rack("OR-7QK2M5A", [("m5", "24xlarge", "4")], 7.21, 1180),
        _rack("OR-N4V8M5B", [("m5", "24xlarge", "11")], 12.4, 1680, ("EBS", "S3")),
        _rack("OR-C5T3W9D", [("c5", "24xlarge", "7")], 9.55, 1420),
        _rack("OR-R5H6Y2E", [("r5", "24xlarge", "6")], 9.1, 1405, ("EBS", "S3")),
        _rack("OR-MX3C5R5", [m5, c5, r5], 11.7, 1610, ("EBS", "S3")),
        _rack("OR-G4D9NXZ", [("g4dn", "12xlarge", "6")], 10.3, 1390),
        _rack("OR-I3E7NPK", [("i3en", "24xlarge", "4")], 8.84, 1515),
        _rack("OR-M7I48XL", [("m7i", "48xlarge", "5"), ("r7i", "48xlarge", "3")], 14.2, 1790),
        _server("OR-C6G1UGD", ("c6gd", "16xlarge", "1"), 0.6, 26),
        _server("OR-C6I2UID", ("c6id", "16xlarge", "1"), 1.1, 36),
        _server("OR-C6I2UXL", ("c6id", "32xlarge", "1"), 1.6, 38),
        _rack("OR-M4LD016", [("m4", "16xlarge", "8")], 9.9, 1560, status="DISCONTINUED"),
    )

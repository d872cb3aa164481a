"""A cloud that offers things and knows every request, and a bot that orders from it: for tests of asking."""

# ruff: noqa: ARG002 - it has the shape of the port, whether or not it needs all of it
from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from bot.core.events import Operation
from bot.core.request import NewAddress, Request
from bot.core.snapshot import Ref, Snapshot, Summary
from bot.errors import CloudUnknown
from bot.ports import Catalogue, Choice, Found, NotSent, Outcome
from bot.spine import World
from tests.harness import Here

SUBSCRIPTION = "eb5dc900-6186-49d8-b7d7-febd866fdc1d"
GPU, NODE = "azurestackedge/azurestackedge/azurestackedgegpu", "azurestackhci/azurestackhci/node"
HIGH, BASE = f"{GPU}/edgep_high", f"{GPU}/edgep_base"
OFFERED: Mapping[str, tuple[Choice, ...]] = {
    "product": (
        Choice(GPU, "Azure Stack Edge Pro - GPU", "Azure Stack Edge"),
        Choice(NODE, "HCI node", "Azure Stack HCI"),
    ),
    "configuration": (
        Choice(HIGH, "Azure Stack Edge Pro - 2 GPU"),
        Choice(BASE, "Azure Stack Edge Pro - 1 GPU"),
        Choice(f"{NODE}/one", "One node", "Preview"),
        Choice(f"{NODE}/{'x' * 150}", "A name that no option can carry"),
    ),
    "commitment": (Choice(f"{HIGH}/P365D", "1 year"), Choice(f"{HIGH}/P1095D", "3 years")),
    "encryption": (Choice(f"{HIGH}/Enabled", "Double encryption"),),
    "address": (
        Choice("columbus-plant", "columbus-plant · Columbus, US"),
        Choice("other/fra-1", "fra-1 · Frankfurt am Main, DE", "Ambiguous"),
    ),
    "location": (Choice("eastus", "eastus"), Choice("westeurope", "westeurope")),
}


class FakeAzure:
    """Offers `OFFERED`, finds nothing wrong with any request, and takes no order."""

    name = "azure"
    scopes = (SUBSCRIPTION,)

    def units(self, order_id: str, request: Request) -> tuple[str, ...]:
        return tuple(f"{order_id.lower()}-{number + 1}" for number in range(request.azure.quantity))

    def catalogue(self, scope: str) -> Catalogue:
        return Catalogue(scope, dict(OFFERED))

    def check(self, request: Request) -> Request:
        known = replace(request.azure, address_group="edge", place="Columbus, US", country="US")
        return replace(request, terms=known)

    def save_address(self, name: str, request: Request, address: NewAddress) -> str:
        return ""

    def place(self, request: Request, send_before: datetime, unit: str = "") -> Outcome:
        return NotSent("nothing is placed here")

    def outcome(self, request: Request, unit: str, status_url: str) -> Outcome:
        return NotSent("nothing is placed here")

    def known(self, request: Request) -> frozenset[str]:
        return frozenset()

    def look_alikes(
        self, request: Request, since: datetime, known: frozenset[str], unit: str = ""
    ) -> tuple[Found, ...]:
        return ()

    def read(self, ref: Ref) -> Snapshot:
        raise CloudUnknown("NotFound", "There is nothing here.")

    def find(self, order_id: str) -> Snapshot:
        raise CloudUnknown("NotFound", "There is nothing here.")

    def summaries(self, scope: str, refs: Collection[Ref]) -> Iterator[Summary]:
        return iter(())

    def cancel(self, ref: Ref, reason: str = "", *, fee: bool = False) -> None:
        raise CloudUnknown("NotFound", "There is nothing here.")

    def operate(self, ref: Ref, operation: Operation, reason: str, *, fee: bool) -> tuple[str, ...]:
        raise CloudUnknown("NotFound", "There is nothing here.")

    def ended(self, status_url: str) -> bool:
        return True

    def close(self) -> None:
        pass


class AzureHere(Here):
    """A local world whose bot orders from AWS and from `FakeAzure`, or from the latter only."""

    def __init__(self, database_url: str, **settings: str) -> None:
        azure = {"AZURE_SUBSCRIPTION_ID": SUBSCRIPTION, "AZURE_LOCATION": "eastus"}
        super().__init__(database_url, **(azure | settings))

    def furnished(self, world: World) -> World:
        clouds = {name: cloud for name, cloud in world.clouds.items() if name != "azure"}
        return replace(world, clouds={**clouds, "azure": FakeAzure()})

    def catalogue(self) -> None:
        for name in self.world.clouds:
            self.wait(lambda name=name: self.world.store.kept(f"catalogue/{name}/"))  # type: ignore[misc]

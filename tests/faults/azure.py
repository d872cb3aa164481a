"""The bot in this process, set up for Azure: see `inside`."""

from __future__ import annotations

from bot.core.order import Step
from tests.faults.inside import Inside

PRODUCT = "azurestackedge/azurestackedge/azurestackedgegpu"


class InsideAzure(Inside):
    """A local Azure Resource Manager, TLS and tokens and all, with a bot that orders in it."""

    clouds = ("azure",)

    def line(self, quantity: int = 2) -> str:
        terms = f"product={PRODUCT} configuration=edgep_high qty={quantity} type=Purchase"
        return f"/order azure {terms} address=columbus-plant reason=room --yes"

    def names(self, id: str) -> list[str]:
        """The names of the units of an order."""
        return [one.unit for one in self.order(id).placements]

    def steps(self, id: str) -> list[Step]:
        """How far each unit is."""
        return [one.step for one in self.order(id).placements]

    def booked(self) -> list[str]:
        """The names of the items that Azure took."""
        return sorted(item["name"] for item in self.arm.accepted())

    def sends(self, id: str) -> list[int]:
        """How often the PUT of each unit went over the wire."""
        return [len(self.arm.puts(name)) for name in self.names(id)]

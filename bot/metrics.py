"""What Prometheus reads: how many orders stand where, what work is due, and which outages there are.

All of it comes from the database at the moment of asking, so that every process tells the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.core.order import State
from bot.spine import World

if TYPE_CHECKING:
    from prometheus_client import Metric


class _Numbers:
    def __init__(self, world: World) -> None:
        self.world = world

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        counts = self.world.store.counts(self.world.now())
        orders = GaugeMetricFamily("quartermaster_orders", "Orders by state.", labels=["state"])
        for state in State:
            orders.add_metric([state.value], counts["orders"].get(state.value, 0))
        work = GaugeMetricFamily("quartermaster_work", "Work that is not done, by kind.", labels=["job"])
        for job, number in sorted(counts["work"].items()):
            work.add_metric([job], number)
        late = GaugeMetricFamily("quartermaster_work_late_seconds", "Age of the oldest work that is due.")
        late.add_metric([], counts["late"]["seconds"])
        stuck = GaugeMetricFamily("quartermaster_work_stuck", "Work that has failed five times or more.")
        stuck.add_metric([], len(self.world.store.stuck()))
        outage = GaugeMetricFamily("quartermaster_outage", "1 while it does not answer.", labels=["what"])
        for key, (body, _) in sorted(self.world.store.kept("outage/").items()):
            outage.add_metric([key.removeprefix("outage/")], 1 if body["why"] else 0)
        events = GaugeMetricFamily("quartermaster_audit_events", "Events in the audit log.")
        events.add_metric([], self.world.store.audit_head()[0])
        yield from (orders, work, late, stuck, outage, events)


def exposition(world: World) -> str:
    """The metrics in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest  # not needed before the first scrape

    registry = CollectorRegistry()
    registry.register(_Numbers(world))
    return generate_latest(registry).decode()

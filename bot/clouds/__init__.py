"""The clouds that can be ordered from, one module each, all shaped like `bot.ports.Cloud`.

A cloud that is not configured is not imported, and no cloud imports its SDK before it is first
asked for something: a cloud's SDK costs more start-up time and memory than the rest of the bot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.ports import Clock, Cloud


@dataclass(frozen=True)
class AzureAccount:
    """Where Azure Edge Order items are made.

    `resource_group` and `location` are what is offered first and may be ""; `manager_url` is the address of
    Azure Resource Manager, "" for the public cloud.
    """

    subscription: str
    resource_group: str = ""
    location: str = ""
    manager_url: str = ""


def open_clouds(
    *,
    aws_regions: Sequence[str],
    place_timeout: float,
    clock: Clock,
    azure: AzureAccount | None = None,
) -> dict[str, Cloud]:
    """The configured clouds by name.

    Args:
        aws_regions: Regions to order AWS Outposts in; none: AWS is not offered.
        azure: The Azure subscription to order in; none: Azure is not offered.
        place_timeout: How long a placing call waits for its answer, in seconds.
        clock: The time now, as aware UTC.
    """
    clouds: dict[str, Cloud] = {}
    if aws_regions:
        from bot.clouds.aws import Aws

        clouds[Aws.name] = Aws(aws_regions, place_timeout=place_timeout, clock=clock)
    if azure is not None:
        from bot.clouds.azure import Azure

        clouds[Azure.name] = Azure(azure, place_timeout=place_timeout, clock=clock)
    return clouds

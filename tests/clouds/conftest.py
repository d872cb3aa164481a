"""The clouds as the tests see them: local APIs, spoken to by the adapters through the real SDKs."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from bot.clouds import AzureAccount
from bot.clouds.aws import Aws
from bot.clouds.azure import Azure
from bot.core.request import Request
from bot.core.snapshot import Ref
from bot.demo.arm import LocalArm
from bot.demo.outposts import LocalOutposts
from bot.ports import Clock
from tests.clouds.world import ELSEWHERE, GROUP, HERE, NOW, RACK, REGION, SECOND, SERVER, UNIT, wanted

MakeAws = Callable[..., Aws]
MakeAzure = Callable[..., Azure]


@pytest.fixture
def outposts() -> Iterator[LocalOutposts]:
    """An Outposts API with one Outpost in `REGION` and two items in each Region."""
    with LocalOutposts() as local:
        for region in (REGION, ELSEWHERE):
            local.add_item(region, RACK)
            local.add_item(region, SERVER)
        yield local


@pytest.fixture
def outpost(outposts: LocalOutposts) -> str:
    return outposts.add_outpost(REGION, name="FRA-1")


@pytest.fixture
def make_aws(outposts: LocalOutposts, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeAws]:
    """Makes adapters whose environment points to the local API."""
    for name, value in outposts.environment().items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:

        def make(*regions: str, place_timeout: float = 5.0, clock: Clock = lambda: NOW) -> Aws:
            aws = Aws(regions or (REGION,), place_timeout=place_timeout, clock=clock)
            stack.callback(aws.close)
            return aws

        yield make


@pytest.fixture
def aws(make_aws: MakeAws) -> Aws:
    return make_aws()


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalArm]:
    """An Azure Resource Manager with something to order, three addresses, and nothing ordered yet."""
    with LocalArm() as local:
        local.retry_after = 1
        local.furnish()
        point_to(local, monkeypatch)
        yield local


def point_to(arm: LocalArm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the environment that of a machine in that Azure and in no other."""
    for name in list(os.environ):
        if name.startswith(("AZURE_", "IDENTITY_", "MSI_", "REQUESTS_CA_", "CURL_CA_")):
            monkeypatch.delenv(name)
    for name, value in arm.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def make_azure(arm: LocalArm) -> Iterator[MakeAzure]:
    """Makes adapters for the subscription of the local Azure."""
    with ExitStack() as stack:

        def make(*, place_timeout: float = 5.0, clock: Clock = lambda: NOW, at: LocalArm = arm) -> Azure:
            account = AzureAccount(at.subscription, at.resource_group, at.location, at.url)
            azure = Azure(account, place_timeout=place_timeout, clock=clock)
            stack.callback(azure.close)
            return azure

        yield make


@pytest.fixture
def azure(make_azure: MakeAzure) -> Azure:
    return make_azure()


@pytest.fixture
def approved(azure: Azure) -> Request:
    """A request as it is approved: Azure was asked about it."""
    return azure.check(wanted())


@pytest.fixture
def ref(arm: LocalArm) -> Ref:
    """An order of two items that somebody made in the portal."""
    for unit in (UNIT, SECOND):
        arm.add_item(unit, "ord-7f3k2m")
    return Ref(arm.subscription, f"{GROUP}/ord-7f3k2m", (HERE + UNIT, HERE + SECOND))

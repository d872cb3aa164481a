"""AWS as the tests see it: the local Outposts API, spoken to by the adapter through real boto3."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from bot.clouds.aws import Aws
from bot.demo.outposts import LocalOutposts
from bot.ports import Clock
from tests.clouds.world import ELSEWHERE, NOW, RACK, REGION, SERVER

MakeAws = Callable[..., Aws]


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

"""Which clouds there are, and what they cost before they are used, and when only one of them is."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from bot.clouds import AzureAccount, open_clouds
from bot.demo.arm import LocalArm
from bot.demo.outposts import LocalOutposts
from tests.clouds.world import NOW, REGION

AWS = "aws_regions=['eu-west-1'], azure=None"
AZURE = "aws_regions=(), azure=AzureAccount(subscription, manager_url=url)"
NONE = "aws_regions=(), azure=None"


def test_without_regions_or_a_subscription_there_is_no_cloud() -> None:
    assert open_clouds(aws_regions=(), place_timeout=30, clock=lambda: NOW) == {}


def test_aws_has_its_regions_as_scopes() -> None:
    regions = ["eu-west-1", "us-east-1"]

    clouds = open_clouds(aws_regions=regions, place_timeout=30, clock=lambda: NOW)

    assert list(clouds) == ["aws"]
    assert clouds["aws"].name == "aws"
    assert list(clouds["aws"].scopes) == regions


def test_azure_has_its_subscription_as_its_scope() -> None:
    account = AzureAccount("00000000-0000-4000-8000-00000000ED6E")

    clouds = open_clouds(aws_regions=[REGION], place_timeout=30, clock=lambda: NOW, azure=account)

    assert list(clouds) == ["aws", "azure"]
    assert clouds["azure"].name == "azure"
    assert clouds["azure"].scopes == ("00000000-0000-4000-8000-00000000ed6e",)


def loaded_after(clouds: str, use: str = "", environment: Mapping[str, str] | None = None) -> set[str]:
    """The modules that are there when a program has opened clouds and used them."""
    program = f"""
import os, sys
from datetime import UTC, datetime
from bot.clouds import AzureAccount, open_clouds
subscription = os.environ.get("AZURE_SUBSCRIPTION_ID", "")
url = os.environ.get("AZURE_RESOURCE_MANAGER_URL", "")
clouds = open_clouds({clouds}, place_timeout=30, clock=lambda: datetime.now(UTC))
{use}
print(*sys.modules)
"""
    done: Any = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_opening_aws_does_not_import_its_sdk() -> None:
    loaded = loaded_after(AWS)

    assert "bot.clouds.aws" in loaded
    assert not {"boto3", "botocore", "urllib3"} & loaded


def test_opening_azure_does_not_import_its_sdk() -> None:
    loaded = loaded_after(AZURE)

    assert "bot.clouds.azure" in loaded
    assert not {"azure", "azure.core", "azure.identity", "msal", "requests", "urllib3"} & loaded


def test_a_cloud_that_is_not_configured_is_not_imported() -> None:
    assert not {"bot.clouds.aws", "bot.clouds.azure"} & loaded_after(NONE)
    assert "bot.clouds.azure" not in loaded_after(AWS)
    assert "bot.clouds.aws" not in loaded_after(AZURE)


USED_AWS = "assert clouds['aws'].catalogue('eu-west-1').choices['item']"
USED_AZURE = """
cloud = clouds['azure']
assert cloud.catalogue(subscription).choices['product']
assert list(cloud.summaries(subscription, ())) == []
cloud.close()
"""


def test_where_only_azure_is_used_the_sdk_of_aws_is_never_imported(arm: LocalArm) -> None:
    loaded = loaded_after(AZURE, USED_AZURE, arm.environment())

    assert {"azure.identity", "azure.mgmt.edgeorder"} <= loaded
    assert not {"boto3", "botocore"} & loaded


def test_where_only_aws_is_used_the_sdk_of_azure_is_never_imported(outposts: LocalOutposts) -> None:
    loaded = loaded_after(AWS, USED_AWS, outposts.environment())

    assert {"boto3", "botocore"} <= loaded
    assert not {"azure", "azure.core", "azure.identity", "azure.mgmt.edgeorder", "msal"} & loaded

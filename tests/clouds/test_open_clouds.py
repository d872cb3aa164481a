"""Which clouds there are, and what they cost before they are used."""

import subprocess
import sys
from typing import Any

from bot.clouds import open_clouds
from tests.clouds.world import NOW


def test_without_regions_there_is_no_aws() -> None:
    assert open_clouds(aws_regions=(), place_timeout=30, clock=lambda: NOW) == {}


def test_aws_has_its_regions_as_scopes() -> None:
    regions = ["eu-west-1", "us-east-1"]

    clouds = open_clouds(aws_regions=regions, place_timeout=30, clock=lambda: NOW)

    assert list(clouds) == ["aws"]
    assert clouds["aws"].name == "aws"
    assert list(clouds["aws"].scopes) == regions


def loaded_after(regions: str) -> set[str]:
    program = f"""
import sys
from datetime import UTC, datetime
from bot.clouds import open_clouds
open_clouds(aws_regions={regions}, place_timeout=30, clock=lambda: datetime.now(UTC))
print(*sys.modules)
"""
    done: Any = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_opening_aws_does_not_import_its_sdk() -> None:
    loaded = loaded_after("['eu-west-1']")

    assert "bot.clouds.aws" in loaded
    assert not {"boto3", "botocore", "urllib3"} & loaded


def test_a_cloud_that_is_not_configured_is_not_imported() -> None:
    assert "bot.clouds.aws" not in loaded_after("[]")

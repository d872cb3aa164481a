"""The environment, read once: what is wrong is named all at once, and no secret is repeated."""

from __future__ import annotations

import traceback

import pytest

from bot.errors import Misconfigured
from bot.settings import VARIABLES, Settings, load

LEAST = {
    "SLACK_BOT_TOKEN": "xoxb-1-secret",
    "SLACK_SIGNING_SECRET": "signing-secret",
    "APPROVALS_CHANNEL": "C0APPROVALS",
}


def problems(**changed: str) -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as error:
        load({name: value for name, value in {**LEAST, **changed}.items() if value})
    return error.value.problems


def test_what_is_not_set_is_as_promised() -> None:
    settings = load(LEAST)
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.database_url == "sqlite:///quartermaster.db"
    assert settings.operations == settings.approvals_channel == "C0APPROVALS"
    assert (settings.approvers, settings.operators, settings.aws_regions) == ((), (), ())
    assert (settings.poll_interval, settings.reconcile_for, settings.place_timeout) == (300, 300, 30)
    assert (settings.port, settings.worker_port) == (3000, None)
    assert (settings.log_level, settings.log_format) == ("info", "json")


def test_what_is_set_is_read() -> None:
    settings = load(
        LEAST
        | {
            "SLACK_APP_TOKEN": "xapp-1",
            "DATABASE_URL": "postgresql://bot@db/orders",
            "OPERATIONS_CHANNEL": "C0OPERATIONS",
            "APPROVERS": " U0BOB, S0FINANCE ,W0CAROL,",
            "OPERATORS": "S0FINANCE,S0ADMINS",
            "AWS_REGIONS": "eu-west-1,us-gov-east-1",
            "POLL_INTERVAL": "0.5",
            "PORT": "0",
            "WORKER_PORT": " 3001 ",
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "Text",
        }
    )
    assert settings.operations == "C0OPERATIONS"
    assert settings.approvers == ("U0BOB", "S0FINANCE", "W0CAROL")
    assert settings.aws_regions == ("eu-west-1", "us-gov-east-1")
    assert (settings.poll_interval, settings.port, settings.worker_port) == (0.5, 0, 3001)
    assert (settings.log_level, settings.log_format) == ("warning", "text")


@pytest.mark.parametrize("name", sorted(set(VARIABLES) - set(LEAST)))
@pytest.mark.parametrize("nothing", ["", "  "])
def test_a_variable_that_is_set_to_nothing_is_not_set(name: str, nothing: str) -> None:
    assert load(LEAST | {name: nothing}) == load(LEAST)


def test_other_variables_are_not_ours_to_judge() -> None:
    assert load(LEAST | {"PATH": "/bin", "slack_bot_token": "x", "AWS_PROFILE": "edge"}) == load(LEAST)


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(Misconfigured) as error:
        load({})
    named = [problem.partition(" ")[0] for problem in error.value.problems]
    assert named == ["APPROVALS_CHANNEL", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]
    assert all(" is missing: the " in problem for problem in error.value.problems)


WRONG = {
    "SLACK_BOT_TOKEN": "xoxp-hunter2",
    "SLACK_APP_TOKEN": "hunter2",
    "SLACK_API_URL": "slack.com",
    "DATABASE_URL": "mysql://root:hunter2@db",
    "APPROVALS_CHANNEL": "#approvals",
    "OPERATIONS_CHANNEL": "operations",
    "APPROVERS": "U0BOB,@carol",
    "OPERATORS": "opal",
    "AWS_REGIONS": "eu-west-1,Ireland",
    "AZURE_SUBSCRIPTION_ID": "production",
    "AZURE_RESOURCE_GROUP": "edge.",
    "AZURE_LOCATION": "East US",
    "AZURE_RESOURCE_MANAGER_URL": "http://management.azure.com",
    "POLL_INTERVAL": "often",
    "RECONCILE_FOR": "-1",
    "PLACE_TIMEOUT": "301",
    "PORT": "65536",
    "WORKER_PORT": "3000.5",
    "LOG_LEVEL": "loud",
    "LOG_FORMAT": "xml",
}


def test_everything_that_is_wrong_is_named_at_once() -> None:
    found = problems(**WRONG)
    assert [problem.partition(" ")[0] for problem in found] == sorted(WRONG)
    # What POLICY_FILE names is read, and found wrong, later.
    assert set(WRONG) == set(VARIABLES) - {"SLACK_SIGNING_SECRET", "POLICY_FILE"}


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        (
            "APPROVERS",
            "U0BOB,@carol",
            "APPROVERS is wrong: '@carol' is not a Slack user or user-group id",
        ),
        ("AWS_REGIONS", "Ireland", "AWS_REGIONS is wrong: 'Ireland' is not an AWS Region such as eu-west-1."),
        ("PORT", "65536", "PORT is wrong: '65536' should be a whole number from 0 to 65535."),
        (
            "POLL_INTERVAL",
            "nan",
            "POLL_INTERVAL is wrong: 'nan' should be a number of seconds greater than 0",
        ),
        (
            "POLL_INTERVAL",
            "inf",
            "POLL_INTERVAL is wrong: 'inf' should be a number of seconds greater than 0",
        ),
        ("RECONCILE_FOR", "0", "RECONCILE_FOR is wrong: '0' should be a number of seconds greater"),
        (
            "PLACE_TIMEOUT",
            "301",
            "PLACE_TIMEOUT is wrong: '301' should be a number of seconds",
        ),
        ("LOG_LEVEL", "Loud", "LOG_LEVEL is wrong: 'loud' should be debug, info, warning or error."),
        (
            "DATABASE_URL",
            "mysql://x",
            "DATABASE_URL is wrong: its value should be sqlite:///FILE",
        ),
        (
            "SLACK_BOT_TOKEN",
            "xoxp-1",
            "SLACK_BOT_TOKEN is wrong: its value should be the bot token",
        ),
    ],
)
def test_a_wrong_variable_is_told_with_what_it_should_be(name: str, value: str, problem: str) -> None:
    (found,) = problems(**{name: value})
    assert found.startswith(problem)


def test_without_a_signing_secret_only_an_app_token_will_do() -> None:
    assert problems(SLACK_SIGNING_SECRET="") == (
        "SLACK_SIGNING_SECRET is missing: the signing secret of the Slack app (Basic Information).",
    )
    assert (
        load({**LEAST, "SLACK_SIGNING_SECRET": "", "SLACK_APP_TOKEN": "xapp-1"}).slack_app_token == "xapp-1"
    )


def test_no_secret_is_repeated_in_an_error_or_its_traceback() -> None:
    with pytest.raises(Misconfigured) as error:
        load({**LEAST, **WRONG})
    said = "".join(traceback.format_exception(error.value))
    assert "hunter2" not in said
    assert error.value.__cause__ is None


def test_no_secret_is_in_what_is_printed_of_the_settings() -> None:
    secrets = {
        "SLACK_BOT_TOKEN": "xoxb-hunter2",
        "SLACK_SIGNING_SECRET": "hunter2",
        "SLACK_APP_TOKEN": "xapp-hunter2",
        "DATABASE_URL": "postgresql://bot:hunter2@db/orders",
    }
    settings = load(LEAST | secrets)
    assert "hunter2" not in f"{settings!r} {settings}"
    assert settings.slack_bot_token == "xoxb-hunter2"


def test_settings_do_not_change() -> None:
    with pytest.raises(Exception, match="frozen"):
        load(LEAST).port = 1  # type: ignore[misc]
    assert Settings.model_config["frozen"]

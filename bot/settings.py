"""The environment, read once: frozen settings, or one error that names every wrong variable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.core.request import LOCATION, REGION, RESOURCE_GROUP
from bot.errors import Misconfigured


def _split(text: Any) -> Any:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if isinstance(text, str) else text


def _match(pattern: str, expected: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        for one in [value] if isinstance(value, str) else value:
            if one and not re.fullmatch(pattern, one):
                raise ValueError(f"{one!r} is not {expected}")
        return value

    return BeforeValidator(check)


_PERSON = "a Slack user or user-group id such as U0123456789 or S0123456789"
_People = Annotated[tuple[str, ...], _match(r"[UWS][A-Z0-9]{2,}", _PERSON), BeforeValidator(_split)]
_URL = r"https?://\S+"
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_Channel = Annotated[str, _match(r"[CGD][A-Z0-9]{2,}", "a Slack channel id such as C0123456789")]
_Seconds = Annotated[float, Field(gt=0, le=7 * 24 * 3600)]


class Settings(BaseModel):
    """What operators can set. Each field is the environment variable of its name in capitals."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=AliasGenerator(validation_alias=str.upper)
    )

    slack_bot_token: Annotated[str, Field(pattern=r"^xoxb-\S+$", repr=False)]
    slack_signing_secret: Annotated[str, Field(repr=False)] = ""
    slack_app_token: Annotated[str, Field(pattern=r"^(xapp-\S+)?$", repr=False)] = ""
    slack_api_url: Annotated[str, _match(_URL, "a URL")] = "https://slack.com/api/"
    database_url: Annotated[str, Field(pattern=r"^(sqlite:///.+|postgres(ql)?://.+)$", repr=False)] = (
        "sqlite:///quartermaster.db"
    )
    approvals_channel: _Channel
    operations_channel: _Channel = ""
    approvers: _People = ()
    policy_file: str = ""
    operators: _People = ()
    aws_regions: Annotated[
        tuple[str, ...],
        _match(REGION, "an AWS Region such as eu-west-1"),
        BeforeValidator(_split),
    ] = ()
    azure_subscription_id: Annotated[str, _match(_UUID, "the id of an Azure subscription, a UUID")] = ""
    azure_resource_group: Annotated[str, _match(RESOURCE_GROUP, "the name of an Azure resource group")] = ""
    azure_location: Annotated[str, _match(LOCATION, "an Azure location such as eastus")] = ""
    azure_resource_manager_url: Annotated[str, _match(r"https://\S+", "a URL that begins with https://")] = ""
    poll_interval: _Seconds = 300.0
    reconcile_for: _Seconds = 300.0
    place_timeout: Annotated[float, Field(gt=0, le=300)] = 30.0
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    worker_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"

    @property
    def operations(self) -> str:
        """The channel in which operators are told; the approvals channel where none is set."""
        return self.operations_channel or self.approvals_channel


VARIABLES = tuple(name.upper() for name in Settings.model_fields)

_SECONDS = "a number of seconds greater than 0"
_PORT = "a whole number from 0 to 65535"
EXPECTED = {
    "SLACK_BOT_TOKEN": "the bot token of the Slack app (OAuth & Permissions); it starts with xoxb-",
    "SLACK_SIGNING_SECRET": "the signing secret of the Slack app (Basic Information)",
    "SLACK_APP_TOKEN": "an app-level token of the Slack app (Basic Information); it starts with xapp-",
    "DATABASE_URL": "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME",
    "APPROVALS_CHANNEL": "the id of the channel in which requests are decided, such as C0123456789",
    "LOG_LEVEL": "debug, info, warning or error",
    "LOG_FORMAT": "json or text",
    "POLL_INTERVAL": f"{_SECONDS}, a week at most",
    "RECONCILE_FOR": f"{_SECONDS}, a week at most",
    "PLACE_TIMEOUT": f"{_SECONDS}, 300 at most",
    "PORT": _PORT,
    "WORKER_PORT": _PORT,
}
# What must not be repeated in an error, which may end up in a log.
_SECRET = frozenset({"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "DATABASE_URL"})


def load(environment: Mapping[str, str]) -> Settings:
    """The settings that an environment holds. A variable that is set to nothing counts as not set.

    Raises:
        Misconfigured: One or more variables are missing or wrong; every one of them is named.
    """
    given = _given(environment)
    settings, problems = _checked(given)
    if settings is None or problems:
        raise Misconfigured(tuple(sorted(dict.fromkeys(said for _, said in problems))))
    return settings


def salvage(environment: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """What is right of an environment, to look at the rest of an installation all the same.

    Returns:
        Settings in which a variable that is wrong has its default, and one that is needed and is missing or
        wrong is "" (not to be used, then); and what is wrong, by variable.
    """
    given = _given(environment)
    problems = dict(_checked(given)[1])
    right = {name: value for name, value in given.items() if name not in problems}
    without = {name: value for name, value in _STAND_INS.items() if name not in right}
    settings = Settings.model_validate(right | without)
    return settings.model_copy(update={name.lower(): "" for name in without}), problems


_STAND_INS = {"SLACK_BOT_TOKEN": "xoxb-none", "APPROVALS_CHANNEL": "C00"}


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    given = {name: environment[name].strip() for name in VARIABLES if environment.get(name, "").strip()}
    for name in ("LOG_LEVEL", "LOG_FORMAT"):
        if name in given:
            given[name] = given[name].lower()
    return given


def _checked(given: Mapping[str, str]) -> tuple[Settings | None, list[tuple[str, str]]]:
    """The settings, None where they are not right; and variable and sentence for all that is wrong."""
    settings, problems = None, []
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        problems = [(str(one["loc"][0]), _problem(one)) for one in error.errors()]
    # Without an app token Slack talks to us over HTTP, and only the secret proves that it is Slack.
    if "SLACK_APP_TOKEN" not in given and "SLACK_SIGNING_SECRET" not in given:
        said = f"SLACK_SIGNING_SECRET is missing: {EXPECTED['SLACK_SIGNING_SECRET']}."
        problems.append(("SLACK_SIGNING_SECRET", said))
    return settings, problems


def _problem(error: Any) -> str:
    name = str(error["loc"][0])
    if error["type"] == "missing":
        return f"{name} is missing: {EXPECTED[name]}."
    if error["type"] == "value_error":
        return f"{name} is wrong: {error['ctx']['error']}."
    said = "its value" if name in _SECRET else repr(error["input"])
    return f"{name} is wrong: {said} should be {EXPECTED[name]}."

"""The settings, and what only a person can look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.core.finding import Finding, ok, untried, warn, wrong
from bot.core.policy import Policy, built_in
from bot.errors import Misconfigured
from bot.policy_file import load
from bot.settings import Settings

APP = "https://api.slack.com/apps, your app"


def variables(settings: Settings, problems: Mapping[str, str]) -> Iterator[Finding]:
    """Every variable that is wrong, and what the rest amounts to."""
    for name, said in sorted(problems.items()):
        yield wrong(name, f"It{said.removeprefix(name)}", f"Set {name} in the environment of the bot.")
    if not problems:
        way = "Socket Mode" if settings.slack_app_token else f"HTTP on port {settings.port}"
        yield ok("variables", f"All of them are right; Slack comes by {way}.")
    clouds = settings.aws_regions or settings.azure_subscription_id
    if not clouds and not {"AWS_REGIONS", "AZURE_SUBSCRIPTION_ID"} & set(problems):
        remedy = "Set AWS_REGIONS, or AZURE_SUBSCRIPTION_ID with AZURE_RESOURCE_GROUP and AZURE_LOCATION."
        yield warn("clouds", "None is set up, so that nothing can be ordered.", remedy)


def policy_of(settings: Settings) -> tuple[Policy, tuple[Finding, ...]]:
    """The policy that holds, and what is wrong with its file, if there is one."""
    without = built_in(settings.approvers)
    if not settings.policy_file:
        return without, ()
    try:
        policy = load(settings.policy_file)
    except Misconfigured as error:
        remedy = "Correct the file; python -m bot policy check explains it."
        return without, tuple(wrong("POLICY_FILE", problem, remedy) for problem in error.problems)
    steps = "1 step" if len(policy.steps) == 1 else f"{len(policy.steps)} steps"
    return policy, (ok("POLICY_FILE", f"The approval policy has {steps}."),)


def by_hand(settings: Settings) -> Iterator[Finding]:
    """What Slack's API does not tell: where to look, and how to try it in a minute."""
    socket = bool(settings.slack_app_token)
    where = "" if socket else ", and its Request URL is this bot's address with /slack/events"
    yield untried(
        "interactivity",
        "Slack's API does not tell whether it is on, nor whether the command /order is there.",
        "With the bot running, type /order help in Slack: its help appears at once. If not:"
        f" {APP}: Interactivity & Shortcuts is on{where}; Slash Commands lists /order;"
        f" Socket Mode is {'on' if socket else 'off'}.",
    )
    if not socket:
        yield untried(
            "signing secret",
            "It can only be tried by Slack itself.",
            "If /order help fails and the bot answers 401, copy the Signing Secret into SLACK_SIGNING_SECRET"
            f" anew: {APP}: Basic Information.",
        )

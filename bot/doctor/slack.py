"""Slack: the app and what it may do, its channels, and the people who decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from slack_sdk import WebClient

from bot.core.finding import Finding, clock, ok, untried, warn, wrong
from bot.core.policy import ApprovalStep, Policy, is_group
from bot.errors import ChatRefused
from bot.ports import Clock
from bot.settings import Settings
from bot.slack.chat import SlackChat, asked, call, web_client
from bot.slack.scopes import NEEDED, OF_WORK, USEFUL
from bot.slack.socket import first_words
from bot.worker import BOT_SHUT_OUT

TIMEOUT = 5
"""Seconds for one call."""
PERMISSIONS = "https://api.slack.com/apps, your app, OAuth & Permissions"
REINSTALL = f"Paste manifest.yaml anew (App Manifest) and reinstall the app: {PERMISSIONS}."
COPY_BOT = f"Install the app, and copy the Bot User OAuth Token into SLACK_BOT_TOKEN: {PERMISSIONS}."
MAKE_APP = (
    "Make an app-level token with connections:write, put it into SLACK_APP_TOKEN, and turn Socket Mode on:"
    " https://api.slack.com/apps, your app, Basic Information and Socket Mode."
)
REACH = "Look at network, HTTPS_PROXY and firewall, at SLACK_API_URL and https://slack-status.com; try again."
SHUT_OUT = BOT_SHUT_OUT - {"missing_scope"}
"""What Slack says when it refuses the token, whatever it is asked."""


def app(settings: Settings, now: Clock) -> Iterator[Finding]:
    """Whether Slack knows the bot, what it lets it do, and what time it is there."""
    client = _client(settings.slack_bot_token, settings)
    try:
        answer = asked(client.auth_test)
    except ChatRefused as error:
        headers = getattr(getattr(error.__cause__, "response", None), "headers", {})
        yield wrong("bot token", f"Slack does not take it: {error}.", COPY_BOT)
    else:
        headers = answer.headers
        yield ok("bot token", f"Slack knows {answer.get('user')} in the workspace {answer.get('team')}.")
        yield from _scopes(_header(headers, "x-oauth-scopes"))
    if date := _header(headers, "date"):
        yield clock("Slack", date, now())


def _header(headers: dict[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _scopes(header: str) -> Iterator[Finding]:
    """What is missing of the scopes that the manifest asks for."""
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    if not granted:
        yield untried(
            "scopes",
            "Slack did not say which ones are granted.",
            f"Compare with manifest.yaml: {PERMISSIONS}.",
        )
        return
    for scope in sorted(NEEDED - granted):
        yield wrong(scope, f"It is not granted; {_for_what(scope)} needs it.", REINSTALL)
    for scope in sorted(USEFUL - granted):
        yield warn(scope, "It is not granted; the bot does without it, but this doctor sees less.", REINSTALL)
    if granted >= NEEDED | USEFUL:
        yield ok("scopes", f"All {len(NEEDED | USEFUL)} that manifest.yaml asks for are granted.")


def _for_what(scope: str) -> str:
    methods = [method.replace("_", ".") for method, scopes in OF_WORK.items() if scope in scopes]
    return ", ".join(methods) or "/order"


def sockets(settings: Settings, idle: Callable[[], bool | None]) -> Iterator[Finding]:
    """Whether the app token opens a connection, and whether somebody else has one.

    Args:
        settings: The token.
        idle: Whether no bot of ours is at work; None where that is not known.
    """
    client = _client(settings.slack_app_token, settings)
    try:
        url = str(call(partial(client.apps_connections_open, app_token=settings.slack_app_token))["url"])
    except ChatRefused as error:
        yield wrong("app token", f"Slack does not take it: {error}.", MAKE_APP)
        return
    yield ok("app token", "It opens connections.")
    if not idle():
        # A connection of the doctor's could be the one that Slack hands a click to.
        said = "Not counted while the bot is, or may be, at work: a look could take a click from it."
        yield untried(
            "other processes", said, "Stop the bot and run this again to see who else has the token."
        )
        return
    yield _others(first_words(client, url, TIMEOUT))


def _others(hello: dict[str, object]) -> Finding:
    """Who else is connected, by what Slack said to a connection of our own."""
    what = "other processes"
    remedy = "Stop them, or make them an app of their own: each takes a share of the clicks."
    if hello.get("reason") == "too_many_websockets":
        return wrong(what, "Ten are connected with this app token, as many as Slack allows.", remedy)
    number = hello.get("num_connections")
    if not isinstance(number, int):
        return untried(what, "Slack did not say how many are connected with this app token.")
    if number > 1:
        return wrong(
            what, f"{number - 1} connected with this app token, and none is a bot on this database.", remedy
        )
    return ok(what, "Nobody else is connected with this app token.")


def _if_let_in(findings: Iterator[Finding]) -> Iterator[Finding]:
    """What is found, unless Slack refuses the token itself, of which its own part tells."""
    try:
        yield from findings
    except ChatRefused as error:
        yield untried("the rest", f"It has to wait until Slack takes the token ({error}), see Slack.")


def channels(settings: Settings) -> Iterator[Finding]:
    """Whether the channels exist, and the bot is in them."""
    return _if_let_in(_channels(settings))


def _channels(settings: Settings) -> Iterator[Finding]:
    client = _client(settings.slack_bot_token, settings)
    named = {"APPROVALS_CHANNEL": settings.approvals_channel, "OPERATIONS_CHANNEL": settings.operations}
    for variable, id in named.items():
        if variable == "OPERATIONS_CHANNEL" and not settings.operations_channel:
            yield ok(variable, "It is not set: operators are told in the approvals channel.")
        else:
            yield _channel(client, variable, id)


def _channel(client: WebClient, variable: str, id: str) -> Finding:
    try:
        return _seen(variable, id, call(partial(client.conversations_info, channel=id))["channel"])
    except ChatRefused as error:
        if error.code == "missing_scope":
            return _glimpsed(client, variable, id)
        return _unseen(variable, id, error)


def _seen(variable: str, id: str, channel: dict[str, object]) -> Finding:
    name = f"#{channel.get('name')}" if channel.get("name") else id
    if channel.get("is_archived"):
        return wrong(variable, f"{name} is archived.", f"Unarchive it, or set {variable} to another channel.")
    if not channel.get("is_im") and not channel.get("is_member"):
        return wrong(variable, f"The bot is not in {name}.", f"Type in {name}: /invite @Quartermaster")
    return ok(variable, f"The bot is in {name}.")


def _glimpsed(client: WebClient, variable: str, id: str) -> Finding:
    """What reading messages, for which the bot always has the scope, tells of a channel."""
    try:
        call(partial(client.conversations_history, channel=id, limit=1))
    except ChatRefused as error:
        return _unseen(variable, id, error)
    return ok(
        variable, f"The bot is in {id}; whether it is archived, only channels:read and groups:read tell."
    )


def _unseen(variable: str, id: str, error: ChatRefused) -> Finding:
    if error.code in SHUT_OUT:
        raise error
    if error.code == "missing_scope":
        return untried(variable, "No scope is granted by which to look at channels, see Slack.")
    if error.code == "not_in_channel":
        return wrong(variable, f"The bot is not in {id}.", "Type in that channel: /invite @Quartermaster")
    if error.code == "channel_not_found":
        said = (
            f"Slack shows the bot no channel {id}: there is none, or it is private and the bot is not in it."
        )
        remedy = f"Type in it: /invite @Quartermaster, and compare {variable} with the id below its details."
        return wrong(variable, said, remedy)
    return wrong(
        variable, f"Slack refuses to show {id}: {error}.", f"Compare {variable} with the channel's details."
    )


def people(settings: Settings, policy: Policy) -> Iterator[Finding]:
    """Whether there is somebody to approve, in each step of the policy, and to operate."""
    return _if_let_in(_people(settings, policy))


def _people(settings: Settings, policy: Policy) -> Iterator[Finding]:
    client = _client(settings.slack_bot_token, settings)
    groups: dict[str, frozenset[str] | None] = {}
    everybody = sorted({*policy.people, *settings.operators})
    for group in filter(is_group, everybody):
        groups[group], finding = _group(client, group)
        yield finding
    gone: set[str] = set()
    for person in everybody:
        if is_group(person):
            continue
        finding, active = _person(client, person)
        gone |= set() if active else {person}
        yield finding
    for step in policy.steps:
        what = policy.source if len(policy.steps) == 1 else f"{policy.source}, step {step.name}"
        yield _approvers(what, step, groups, gone)
    if not settings.operators:
        yield warn(
            "OPERATORS", "Nobody is named, so that nobody can settle an unclear order.", "Set OPERATORS."
        )


def _group(client: WebClient, group: str) -> tuple[frozenset[str] | None, Finding]:
    """The people of a user group, None where they are not known."""
    try:
        members = SlackChat(client).members(group)
    except ChatRefused as error:
        if error.code in SHUT_OUT:
            raise
        correct = "Correct the policy, APPROVERS or OPERATORS (People, User groups, ⋮, Copy group ID)."
        remedy = REINSTALL if error.code == "missing_scope" else correct
        return None, wrong(group, f"The user group can't be read: {error}.", remedy)
    if not members:
        return members, wrong(
            group, "The user group has no active members.", "Add somebody to it, or enable it."
        )
    number = "1 active member" if len(members) == 1 else f"{len(members)} active members"
    return members, ok(group, f"The user group has {number}.")


def _person(client: WebClient, person: str) -> tuple[Finding, bool]:
    """How somebody who is named stands, and whether they may be able to decide."""
    where = "the policy, APPROVERS and OPERATORS"
    correct = f"Take {person} out of {where}, or correct it (profile, ⋮, Copy member ID)."
    try:
        user = call(partial(client.users_info, user=person))["user"]
    except ChatRefused as error:
        if error.code == "missing_scope":
            return untried(person, "Whether they are active, only users:read tells.", REINSTALL), True
        if error.code in SHUT_OUT:
            raise
        return wrong(person, f"Slack knows no such person: {error}.", correct), False
    name = user.get("real_name") or user.get("name") or person
    if user.get("deleted"):
        return wrong(person, f"{name} is deactivated.", correct), False
    if user.get("is_bot"):
        return wrong(person, f"{name} is an app, which clicks on nothing.", correct), False
    return ok(person, f"{name} is active."), True


def _approvers(
    what: str, step: ApprovalStep, groups: dict[str, frozenset[str] | None], gone: set[str]
) -> Finding:
    """Whether there are enough people in a step to approve a request of anybody's."""
    source = what.partition(",")[0]
    remedy = f"Set {source} to user and user-group ids of several people."
    people = {id for id in step.approvers if not is_group(id)} - gone
    known = [groups.get(id) for id in step.approvers if is_group(id)]
    people |= {person for members in known if members for person in members}
    if len(people) > step.needs:
        return ok(what, f"{len(people)} people can approve.")
    if None in known:
        return untried(what, "How many can approve is not known before the user groups can be read.")
    if not people:
        return wrong(what, "Nobody can approve: every request will be refused.", remedy)
    if len(people) < step.needs:
        return wrong(what, f"It needs {step.needs} people, and only {len(people)} can approve.", remedy)
    if step.needs == 1:
        return warn(what, f"Only {next(iter(people))} can approve, and nobody a request of theirs.", remedy)
    return warn(what, f"Just {step.needs} can approve, as many as it needs: no request of theirs.", remedy)


def _client(token: str, settings: Settings) -> WebClient:
    return web_client(token, settings.slack_api_url, TIMEOUT)

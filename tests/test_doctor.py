"""The doctor: everything that stops people at install is told with what to do, and nothing is changed."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import simple_websocket
from slack_sdk import WebClient

from bot.core.finding import Finding, Mark, clock, ok
from bot.core.follow import Job, Queue, Work
from bot.demo.arm import LocalArm
from bot.demo.outposts import LocalOutposts
from bot.demo.slack import LocalSlack
from bot.demo.world import (
    APPROVALS,
    APPROVER,
    GROUP,
    OPERATIONS,
    OPERATOR,
    REGION,
    SECOND,
    Bot,
    LocalWorld,
    free_port,
)
from bot.doctor import Part, database, examine, look, report
from bot.doctor.database import NEWEST
from bot.slack.scopes import NEEDED, USEFUL
from bot.store import Store

Found = dict[tuple[str, str], Finding]


def now() -> datetime:
    return datetime.now(UTC)


def found(environment: dict[str, str], *, ahead: float = 0.0, limit: float = 15.0) -> Found:
    """Everything that is found, by part and what, with a clock that is `ahead` by so many seconds."""
    told = examine(environment, lambda: now() + timedelta(seconds=ahead), limit)
    return {(part, one.what): one for part, findings in told for one in findings}


def marks(findings: Iterable[Finding]) -> set[Mark]:
    return {one.mark for one in findings}


def nowhere() -> str:
    """The address of a port on which nobody listens."""
    return f"127.0.0.1:{free_port()}"


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def world() -> Iterator[LocalWorld]:
    world = LocalWorld()
    world.start()
    world.slack.grant(NEEDED | USEFUL)
    yield world
    world.stop()


def doctor(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    surroundings = Bot("doctor", environment, Path()).surroundings()
    command = [sys.executable, "-m", "bot", "doctor", *words]
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False, timeout=40)


@contextmanager
def running(environment: dict[str, str], log: Path) -> Iterator[None]:
    """The bot at work, seen by everybody who asks the database."""
    bot = Bot("run", environment, log)
    bot.start()
    try:
        bot.wait_ready()
        with closing(Store.open(environment["DATABASE_URL"])) as store:
            end = time.monotonic() + 15
            while not store.kept("worker/") and time.monotonic() < end:
                time.sleep(0.1)
        yield
    finally:
        bot.kill()


def test_where_all_is_well_nothing_is_to_be_mended_and_nothing_was_changed(
    world: LocalWorld, sqlite_url: str, tmp_path: Path
) -> None:
    environment = world.environment(sqlite_url, free_port()) | {"SLACK_APP_TOKEN": world.slack.app_token}
    with running(environment, tmp_path / "log"):
        world.slack.calls.clear()
        before = len(world.outposts.requests), len(world.arm.requests)
        done = doctor(environment)

    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    assert " ok" in done.stdout
    assert "wrong" not in done.stdout
    assert "warn" not in done.stdout
    assert "\x1b" not in done.stdout
    harmless = {"auth.test", "apps.connections.open", "conversations.info", "usergroups.users.list"}
    assert {call.method for call in world.slack.calls} >= harmless
    assert not world.slack.messages(APPROVALS)
    assert {one.method for one in world.outposts.requests[before[0] :] if one.path != "/"} == {"GET"}
    assert not world.arm.puts()
    assert world.slack.violations == []
    assert world.outposts.unexpected == []
    assert world.arm.unexpected == []


def test_as_json_every_finding_is_an_object_on_a_line(world: LocalWorld, sqlite_url: str) -> None:
    done = doctor(world.environment(sqlite_url, 3000), "--json")

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert all(set(line) == {"part", "what", "mark", "said", "remedy"} for line in lines)
    parts = list(dict.fromkeys(line["part"] for line in lines))
    azure = f"Azure {world.arm.subscription}"
    assert parts == [
        *("Settings", "Database", "Slack", "Channels", "People"),
        *(f"AWS {REGION}", azure, "At work", "By hand"),
    ]


def test_with_everything_broken_it_exits_1_in_time_says_what_to_do_and_tells_no_secret() -> None:
    secrets = {
        "SLACK_BOT_TOKEN": "xoxb-hunter2-a",
        "SLACK_APP_TOKEN": "xapp-hunter2-b",
        "SLACK_SIGNING_SECRET": "hunter2-c",
        "DATABASE_URL": f"postgresql://bot:hunter2-d@{nowhere()}/orders",
        "AWS_ACCESS_KEY_ID": "AKIAHUNTER2",
        "AWS_SECRET_ACCESS_KEY": "hunter2-e",
        "IDENTITY_HEADER": "hunter2-f",
    }
    places = {
        "SLACK_API_URL": f"http://{nowhere()}/api/",
        "AWS_REGIONS": REGION,
        "AWS_ENDPOINT_URL_OUTPOSTS": f"http://{nowhere()}",
        "AWS_ENDPOINT_URL_STS": f"http://{nowhere()}",
        "AZURE_SUBSCRIPTION_ID": "00000000-0000-4000-8000-00000000ed6e",
        "AZURE_RESOURCE_MANAGER_URL": f"https://{nowhere()}",
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "IDENTITY_ENDPOINT": f"http://{nowhere()}/token",
    }
    began = time.monotonic()
    done = doctor(
        {**secrets, **places, "APPROVALS_CHANNEL": "#approvals", "POLL_INTERVAL": "often", "PORT": "0"}
    )

    assert time.monotonic() - began < 20
    assert done.returncode == 1
    assert done.stderr == ""
    assert "Traceback" not in done.stdout
    assert "hunter2" not in done.stdout.lower()
    wrong = [line for line in done.stdout.splitlines() if line.strip().startswith("wrong")]
    for part in ("APPROVALS_CHANNEL", "POLL_INTERVAL", "PostgreSQL", "Slack", "AWS", "Azure"):
        assert any(part in line for line in wrong), part
    assert all(" → " in line for line in wrong)


# --- how it looks ---------------------------------------------------------------------------------


def part(name: str, work: Callable[[], Iterable[Finding]], *needs: str) -> Part:
    return Part(name, work, needs, "Do something.")


def test_what_one_look_trips_over_or_waits_for_does_not_hide_the_others() -> None:
    stop = socket.socketpair()

    def trips() -> Iterator[Finding]:
        yield ok("first", "Fine.")
        raise KeyError("unforeseen")

    def waits() -> Iterator[Finding]:
        yield ok("first", "Fine.")
        stop[0].recv(1)

    parts = [part("Trips", trips), part("Waits", waits), part("Fine", lambda: [ok("it", "Fine.")])]
    told = dict(look(parts, (), 0.3))
    for end in stop:
        end.close()

    assert [one.mark for one in told["Trips"]] == [Mark.OK, Mark.WRONG]
    assert "KeyError" in told["Trips"][1].said
    assert [one.mark for one in told["Waits"]] == [Mark.OK, Mark.WRONG]
    assert told["Waits"][1].remedy == "Do something."
    assert marks(told["Fine"]) == {Mark.OK}


def test_what_needs_a_variable_that_is_wrong_is_not_looked_at() -> None:
    told = dict(look([part("Slack", lambda: [ok("it", "Fine.")], "SLACK_API_URL")], {"SLACK_API_URL"}, 1.0))

    [finding] = told["Slack"]
    assert finding.mark is Mark.UNTRIED
    assert "SLACK_API_URL" in finding.said


@pytest.mark.parametrize(
    ("ahead", "mark"),
    [(0, Mark.OK), (59, Mark.OK), (61, Mark.WARN), (-61, Mark.WARN), (241, Mark.WRONG), (-241, Mark.WRONG)],
)
def test_a_clock_that_is_off_by_a_minute_deserves_a_look_and_by_four_has_to_be_mended(
    ahead: int, mark: Mark
) -> None:
    here = datetime(2026, 11, 25, 8, 0, tzinfo=UTC) + timedelta(seconds=ahead)

    finding = clock("Slack", "Wed, 25 Nov 2026 08:00:00 GMT", here)

    assert finding.mark is mark
    assert bool(finding.remedy) is (mark is not Mark.OK)
    assert ("ahead of" in finding.said) is (mark is not Mark.OK and ahead > 0)


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_without_a_time_from_there_nothing_is_said_of_the_clock(date: str) -> None:
    assert clock("Slack", date, now()).mark is Mark.UNTRIED


def test_text_has_a_line_for_each_finding_and_columns_that_only_long_names_break() -> None:
    lines: list[str] = []
    findings = (ok("it", "Fine."), replace(ok("x" * 50, "Fine."), mark=Mark.WRONG, remedy="Mend it."))

    well = report.as_text([("Part", findings)], lines.append)

    assert not well
    plain = [line.replace("\x1b[", "<").partition("m")[0] for line in lines]
    assert len(plain) == 4
    assert lines[2].endswith(f"{'x' * 50}  Fine. → Mend it.")
    assert lines[1].endswith("it  Fine.")
    assert lines[3] == "\n1 ok, 1 wrong"


def test_no_secret_of_the_environment_gets_through_whoever_quotes_it() -> None:
    lines: list[str] = []
    environment = {
        "SLACK_BOT_TOKEN": "xoxb-hunter2",
        "DATABASE_URL": "postgresql://bot:hunter2@db/orders",
        "AWS_SECRET_ACCESS_KEY": "hunter2/3",
        "KEYS": "abc",
        "PORT": "3000",
    }
    write = report.without_secrets(lines.append, environment)

    write("xoxb-hunter2 and hunter2 and hunter2/3 at db on 3000 as abc")

    assert lines == ["… and … and … at db on 3000 as abc"]


# --- settings -------------------------------------------------------------------------------------


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A workspace with channels, people and a group, and the app as its manifest has it."""
    with LocalSlack(scopes=NEEDED | USEFUL) as slack:
        for id, name in ((APPROVER, "bob"), (SECOND, "carol"), (OPERATOR, "opal")):
            slack.add_person(id, name)
        slack.add_group(GROUP, "finance", [SECOND])
        slack.add_channel(APPROVALS, "approvals")
        slack.add_channel(OPERATIONS, "operations")
        yield slack
        assert slack.messages(APPROVALS) == []
        assert not [call for call in slack.calls if call.method.startswith(("chat.", "views."))]


@pytest.fixture
def environment(slack: LocalSlack, sqlite_url: str) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "DATABASE_URL": sqlite_url,
        "APPROVALS_CHANNEL": APPROVALS,
        "OPERATIONS_CHANNEL": OPERATIONS,
        "APPROVERS": f"{APPROVER},{GROUP}",
        "OPERATORS": OPERATOR,
    }


Environment = dict[str, str]


def test_every_variable_that_is_wrong_is_told_and_the_rest_looked_at_all_the_same(
    environment: Environment,
) -> None:
    environment |= {"PORT": "eighty", "APPROVERS": "@bob", "AWS_REGIONS": "mars", "LOG_FORMAT": "xml"}

    seen = found(environment)

    for name in ("PORT", "APPROVERS", "AWS_REGIONS", "LOG_FORMAT"):
        assert seen["Settings", name].mark is Mark.WRONG
        assert seen["Settings", name].said.startswith("It is wrong: ")
        assert name in seen["Settings", name].remedy
    assert seen["People", "all of it"].mark is Mark.UNTRIED
    assert seen["AWS", "all of it"].mark is Mark.UNTRIED
    assert seen["Slack", "bot token"].mark is Mark.OK
    assert seen["Channels", "APPROVALS_CHANNEL"].mark is Mark.OK


def test_what_is_missing_is_told_and_not_used(environment: Environment) -> None:
    for name in ("SLACK_BOT_TOKEN", "APPROVALS_CHANNEL"):
        del environment[name]

    seen = found(environment)

    assert seen["Settings", "SLACK_BOT_TOKEN"].mark is Mark.WRONG
    assert seen["Settings", "APPROVALS_CHANNEL"].said.startswith("It is missing: ")
    for name in ("Slack", "Channels", "People"):
        assert seen[name, "all of it"].mark is Mark.UNTRIED
    assert seen["Database", "SQLite"].mark is Mark.OK


def test_without_a_cloud_the_settings_are_right_and_deserve_a_look(environment: Environment) -> None:
    seen = found(environment)

    assert seen["Settings", "variables"].mark is Mark.OK
    assert "HTTP" in seen["Settings", "variables"].said
    assert seen["Settings", "clouds"].mark is Mark.WARN
    assert "AWS_REGIONS" in seen["Settings", "clouds"].remedy


def test_what_slack_does_not_tell_is_said_with_a_test_of_a_minute(environment: Environment) -> None:
    seen = found(environment)
    for what in ("interactivity", "signing secret"):
        assert seen["By hand", what].mark is Mark.UNTRIED
        assert "/order help" in seen["By hand", what].remedy
    assert "/slack/events" in seen["By hand", "interactivity"].remedy

    by_socket = found(environment | {"SLACK_APP_TOKEN": "xapp-local"})
    assert ("By hand", "signing secret") not in by_socket
    assert "Socket Mode is on" in by_socket["By hand", "interactivity"].remedy


# --- Slack ----------------------------------------------------------------------------------------


def test_slack_is_well_where_it_knows_the_bot_and_every_scope_is_granted(environment: Environment) -> None:
    seen = found(environment)

    assert marks(one for (name, _), one in seen.items() if name in ("Slack", "Channels", "People")) == {
        Mark.OK
    }
    assert seen["Slack", "bot token"].said == "Slack knows quartermaster in the workspace Local."
    assert seen["People", "APPROVERS"].said == "2 people can approve."


def test_a_token_that_slack_does_not_take_is_told_once(environment: Environment) -> None:
    seen = found(environment | {"SLACK_BOT_TOKEN": "xoxb-of-another-app"})

    assert seen["Slack", "bot token"].mark is Mark.WRONG
    assert "invalid_auth" in seen["Slack", "bot token"].said
    assert "OAuth & Permissions" in seen["Slack", "bot token"].remedy
    assert seen["Slack", "clock"].mark is Mark.OK
    assert seen["Channels", "the rest"].mark is Mark.UNTRIED
    assert seen["People", "the rest"].mark is Mark.UNTRIED
    assert ("People", "APPROVERS") not in seen


@pytest.mark.parametrize("scope", sorted(NEEDED))
def test_every_scope_that_the_work_needs_and_lacks_has_to_be_granted(
    slack: LocalSlack, environment: Environment, scope: str
) -> None:
    slack.grant((NEEDED | USEFUL) - {scope})

    seen = found(environment)

    assert seen["Slack", scope].mark is Mark.WRONG
    assert "reinstall" in seen["Slack", scope].remedy
    assert ("Slack", "scopes") not in seen


@pytest.mark.parametrize("scope", sorted(USEFUL))
def test_a_scope_that_only_the_doctor_lacks_deserves_a_look(
    slack: LocalSlack, environment: Environment, scope: str
) -> None:
    slack.grant((NEEDED | USEFUL) - {scope})

    seen = found(environment)

    assert seen["Slack", scope].mark is Mark.WARN
    assert Mark.WRONG not in marks(seen.values())


def test_without_a_word_of_slack_about_scopes_nothing_is_said_of_them(
    slack: LocalSlack, environment: Environment
) -> None:
    slack.grant(())

    assert found(environment)["Slack", "scopes"].mark is Mark.UNTRIED


@pytest.mark.parametrize(("ahead", "mark"), [(100, Mark.WARN), (-250, Mark.WRONG)])
def test_a_clock_that_is_off_is_told_by_the_answers_of_slack(
    environment: Environment, ahead: float, mark: Mark
) -> None:
    seen = found(environment, ahead=ahead)["Slack", "clock"]

    assert seen.mark is mark
    assert "NTP" in seen.remedy


def test_where_slack_is_down_the_rest_is_looked_at(environment: Environment) -> None:
    seen = found(environment | {"SLACK_API_URL": f"http://{nowhere()}/api/"})

    for name in ("Slack", "Channels", "People"):
        assert seen[name, "the rest"].mark is Mark.WRONG
        assert "SLACK_API_URL" in seen[name, "the rest"].remedy
    assert seen["Database", "SQLite"].mark is Mark.OK


def test_where_slack_hangs_the_rest_is_told_in_time(slack: LocalSlack, environment: Environment) -> None:
    slack.faults.add("users.info", "hang", times=9, seconds=30)
    began = time.monotonic()

    seen = found(environment, limit=1.0)

    assert time.monotonic() - began < 3
    assert seen["People", GROUP].mark is Mark.OK
    assert seen["People", "the rest"].mark is Mark.WRONG
    assert seen["Slack", "bot token"].mark is Mark.OK
    slack.faults.clear()


# --- Socket Mode ----------------------------------------------------------------------------------


@pytest.fixture
def by_socket(slack: LocalSlack, environment: Environment) -> Environment:
    return environment | {"SLACK_APP_TOKEN": slack.app_token}


@contextmanager
def connected(slack: LocalSlack, number: int) -> Iterator[None]:
    """Other processes that have the app token."""
    app = WebClient(base_url=slack.api_url)
    with ExitStack() as stack:
        for _ in range(number):
            url = app.apps_connections_open(app_token=slack.app_token)["url"]
            stack.callback(simple_websocket.Client(url).close)
        slack.wait(lambda: slack.sockets == number)
        yield


def test_an_app_token_that_nobody_else_uses_is_well(slack: LocalSlack, by_socket: Environment) -> None:
    seen = found(by_socket)

    assert seen["Socket Mode", "app token"].mark is Mark.OK
    assert seen["Socket Mode", "other processes"].mark is Mark.OK
    slack.wait(lambda: slack.sockets == 0)


def test_an_app_token_that_slack_does_not_take_has_to_be_made(by_socket: Environment) -> None:
    seen = found(by_socket | {"SLACK_APP_TOKEN": "xapp-of-another-app"})

    assert seen["Socket Mode", "app token"].mark is Mark.WRONG
    assert "connections:write" in seen["Socket Mode", "app token"].remedy


@pytest.mark.parametrize(("number", "said"), [(1, "1 connected"), (10, "Ten are connected")])
def test_other_processes_on_the_same_app_token_are_counted(
    slack: LocalSlack, by_socket: Environment, number: int, said: str
) -> None:
    with connected(slack, number):
        seen = found(by_socket)["Socket Mode", "other processes"]

    assert seen.mark is Mark.WRONG
    assert seen.said.startswith(said)
    assert "Stop them" in seen.remedy


def test_no_connection_is_made_that_could_take_a_click_from_a_bot_at_work(
    slack: LocalSlack, by_socket: Environment, migrated: Store
) -> None:
    migrated.keep("worker/1", {}, now())
    with connected(slack, 1):
        seen = found(by_socket)["Socket Mode", "other processes"]

    assert seen.mark is Mark.UNTRIED
    assert "Stop the bot" in seen.remedy


def test_whether_a_bot_is_at_work_is_not_guessed_where_its_database_does_not_answer(
    by_socket: Environment,
) -> None:
    seen = found(by_socket | {"DATABASE_URL": f"postgresql://{nowhere()}/orders"})

    assert seen["Socket Mode", "other processes"].mark is Mark.UNTRIED


# --- channels -------------------------------------------------------------------------------------


def test_a_channel_that_is_archived_has_to_be_replaced(slack: LocalSlack, environment: Environment) -> None:
    slack.add_channel(APPROVALS, "approvals", archived=True)

    seen = found(environment)["Channels", "APPROVALS_CHANNEL"]

    assert seen.mark is Mark.WRONG
    assert seen.said == "#approvals is archived."
    assert "APPROVALS_CHANNEL" in seen.remedy


@pytest.mark.parametrize("scopes", [NEEDED | USEFUL, NEEDED], ids=["with channels:read", "without"])
@pytest.mark.parametrize(
    ("private", "said"), [(False, "The bot is not in"), (True, "Slack shows the bot no channel")]
)
def test_a_channel_that_the_bot_is_not_in_has_to_be_joined(
    slack: LocalSlack, environment: Environment, private: bool, said: str, scopes: frozenset[str]
) -> None:
    slack.grant(scopes)
    slack.add_channel(OPERATIONS, "operations", private=private, bot_is_member=False)

    seen = found(environment)

    assert seen["Channels", "OPERATIONS_CHANNEL"].mark is Mark.WRONG
    assert seen["Channels", "OPERATIONS_CHANNEL"].said.startswith(said)
    assert "/invite" in seen["Channels", "OPERATIONS_CHANNEL"].remedy
    assert seen["Channels", "APPROVALS_CHANNEL"].mark is Mark.OK


def test_a_channel_that_does_not_exist_is_told(environment: Environment) -> None:
    seen = found(environment | {"APPROVALS_CHANNEL": "C0NOWHERE"})["Channels", "APPROVALS_CHANNEL"]

    assert seen.mark is Mark.WRONG
    assert "C0NOWHERE" in seen.said


def test_without_any_scope_for_channels_nothing_is_said_of_them(
    slack: LocalSlack, environment: Environment
) -> None:
    slack.grant({"commands", "chat:write"})

    assert found(environment)["Channels", "APPROVALS_CHANNEL"].mark is Mark.UNTRIED


def test_an_operations_channel_need_not_be_set(environment: Environment) -> None:
    del environment["OPERATIONS_CHANNEL"]

    assert found(environment)["Channels", "OPERATIONS_CHANNEL"].mark is Mark.OK


# --- people ---------------------------------------------------------------------------------------


def test_an_approver_who_was_deactivated_is_told_and_does_not_count(
    slack: LocalSlack, environment: Environment
) -> None:
    slack.add_person(APPROVER, "bob", deleted=True)

    seen = found(environment)

    assert seen["People", APPROVER].mark is Mark.WRONG
    assert seen["People", APPROVER].said == "bob is deactivated."
    assert APPROVER in seen["People", APPROVER].remedy
    assert seen["People", "APPROVERS"].mark is Mark.WARN


def test_a_person_whom_slack_does_not_know_is_told(environment: Environment) -> None:
    seen = found(environment | {"OPERATORS": "U0NOBODY"})["People", "U0NOBODY"]

    assert seen.mark is Mark.WRONG
    assert "user_not_found" in seen.said
    assert "OPERATORS" in seen.remedy


def test_an_app_is_no_approver(slack: LocalSlack, environment: Environment) -> None:
    bot = slack.workspace.bot_user

    seen = found(environment | {"APPROVERS": bot})

    assert seen["People", bot].mark is Mark.WRONG
    assert seen["People", "APPROVERS"].mark is Mark.WRONG


def test_a_user_group_that_does_not_exist_is_told(environment: Environment) -> None:
    seen = found(environment | {"APPROVERS": f"{APPROVER},S0NOTHING"})

    assert seen["People", "S0NOTHING"].mark is Mark.WRONG
    assert "no_such_subteam" in seen["People", "S0NOTHING"].said
    assert seen["People", "APPROVERS"].mark is Mark.UNTRIED


def test_a_user_group_that_is_empty_is_told(slack: LocalSlack, environment: Environment) -> None:
    slack.add_group(GROUP, "finance", [])

    seen = found(environment | {"APPROVERS": GROUP})

    assert seen["People", GROUP].mark is Mark.WRONG
    assert "Add somebody" in seen["People", GROUP].remedy
    assert seen["People", "APPROVERS"].mark is Mark.WRONG


def test_a_user_group_that_the_app_may_not_read_needs_a_scope(
    slack: LocalSlack, environment: Environment
) -> None:
    slack.grant((NEEDED | USEFUL) - {"usergroups:read"})

    seen = found(environment)["People", GROUP]

    assert seen.mark is Mark.WRONG
    assert "reinstall" in seen.remedy


def test_without_approvers_everything_would_be_refused(environment: Environment) -> None:
    del environment["APPROVERS"]

    seen = found(environment)["People", "APPROVERS"]

    assert seen.mark is Mark.WRONG
    assert "Nobody can approve" in seen.said
    assert "Set APPROVERS" in seen.remedy


def test_the_only_approver_has_nobody_to_approve_for_them(environment: Environment) -> None:
    seen = found(environment | {"APPROVERS": f"{SECOND},{GROUP}"})["People", "APPROVERS"]

    assert seen.mark is Mark.WARN
    assert SECOND in seen.said


def test_without_operators_nobody_could_settle_an_unclear_order(environment: Environment) -> None:
    del environment["OPERATORS"]

    seen = found(environment)["People", "OPERATORS"]

    assert seen.mark is Mark.WARN
    assert "Set OPERATORS" in seen.remedy


def test_without_users_read_nothing_is_said_of_people(slack: LocalSlack, environment: Environment) -> None:
    slack.grant(NEEDED)

    seen = found(environment)

    assert seen["People", APPROVER].mark is Mark.UNTRIED
    assert seen["People", "APPROVERS"].mark is Mark.OK


# --- the database ---------------------------------------------------------------------------------


@pytest.fixture
def migrated(sqlite_url: str) -> Iterator[Store]:
    with closing(Store.open(sqlite_url)) as store:
        store.migrate()
        yield store


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def told(url: str, *, mounts: Path = database.MOUNTS) -> dict[str, Finding]:
    return {one.what: one for one in database.examine(url, mounts)}


def test_a_database_that_is_up_to_date_and_can_be_written_is_well(database_url: str) -> None:
    with closing(Store.open(database_url)) as store:
        store.migrate()
        store.note("", now(), "U0BOB", "Noted", {})
        seen = told(database_url)

        assert {seen[what].mark for what in ("database", "schema", "writing", "audit log")} == {Mark.OK}
        assert "1 of 1" in seen["audit log"].said
        assert store.kept("") == {}


def test_a_database_that_is_not_there_yet_is_well_and_is_not_made(sqlite_url: str) -> None:
    seen = told(sqlite_url)

    assert seen["database"].mark is Mark.OK
    assert not file_of(sqlite_url).exists()


def test_a_database_that_waits_for_a_migration_deserves_a_look(database_url: str) -> None:
    with closing(Store.open(database_url)):
        seen = told(database_url)

    assert seen["schema"].mark is Mark.WARN
    assert "python -m bot migrate" in seen["schema"].remedy


@pytest.mark.usefixtures("migrated")
def test_a_database_of_a_newer_release_is_not_to_be_used(
    sqlite_url: str,
) -> None:
    with closing(sqlite3.connect(file_of(sqlite_url))) as connection, connection:
        connection.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) "
            "values ('quartermaster', 'm999_later', '')"
        )

    seen = told(sqlite_url)["schema"]

    assert seen.mark is Mark.WRONG
    assert "newer release" in seen.said


def test_a_folder_that_does_not_exist_has_to_be_made(tmp_path: Path) -> None:
    seen = told(f"sqlite:///{tmp_path}/nowhere/orders.db")["database"]

    assert seen.mark is Mark.WRONG
    assert seen.remedy == f"mkdir -p {tmp_path}/nowhere"


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "sqlite:///orders.db?mode=ro"])
def test_a_database_url_that_names_no_file_is_told(environment: Environment, url: str) -> None:
    seen = found(environment | {"DATABASE_URL": url})

    assert seen["Database", "database"].mark is Mark.WRONG
    assert seen["Database", "database"].remedy == "Correct DATABASE_URL."
    assert seen["At work", "work"].mark is Mark.UNTRIED


def test_a_file_that_is_no_database_is_told(sqlite_url: str) -> None:
    file_of(sqlite_url).write_text("This is a shopping list, and a long one at that." * 99)

    seen = told(sqlite_url)["database"]

    assert seen.mark is Mark.WRONG
    assert "not a database" in seen.said
    assert "DATABASE_URL" in seen.remedy


def test_a_database_that_another_program_keeps_to_itself_is_told(sqlite_url: str, migrated: Store) -> None:
    migrated.close()
    with closing(sqlite3.connect(file_of(sqlite_url))) as other:
        other.execute("pragma journal_mode = wal").fetchall()
        other.execute("select count(*) from orders").fetchall()

        seen = told(sqlite_url)["database"]

    assert seen.mark is Mark.WRONG
    assert "locked" in seen.said


@pytest.mark.usefixtures("migrated")
def test_a_database_that_cannot_be_written_is_told(
    sqlite_url: str,
) -> None:
    with closing(sqlite3.connect(file_of(sqlite_url))) as connection, connection:
        connection.execute(
            "create trigger full before insert on kept begin select raise(abort, 'disk is full'); end"
        )

    seen = told(sqlite_url)["writing"]

    assert seen.mark is Mark.WRONG
    assert "disk is full" in seen.said
    assert "read-only" in seen.remedy


@pytest.mark.usefixtures("migrated")
def test_a_database_that_stays_locked_stops_nothing_else(
    environment: Environment,
    sqlite_url: str,
) -> None:
    with closing(sqlite3.connect(file_of(sqlite_url), isolation_level=None)) as other:
        other.execute("begin exclusive")
        seen = found(environment, limit=1.0)

    assert seen["Database", "the rest"].mark is Mark.WRONG
    assert seen["Slack", "bot token"].mark is Mark.OK


def test_a_server_that_does_not_answer_is_told_without_its_password(environment: Environment) -> None:
    seen = found(environment | {"DATABASE_URL": f"postgresql://bot:hunter2@{nowhere()}/orders"})

    assert seen["Database", "the rest"].mark is Mark.WRONG
    assert "DATABASE_URL" in seen["Database", "the rest"].remedy
    assert "hunter2" not in seen["Database", "the rest"].said
    assert seen["At work", "work"].mark is Mark.UNTRIED


@pytest.mark.parametrize(
    ("kind", "mark"),
    [
        ("ext4", Mark.OK),
        ("nfs4", Mark.WRONG),
        ("cifs", Mark.WRONG),
        ("fuse.sshfs", Mark.WRONG),
        ("tmpfs", Mark.WARN),
        ("overlay", Mark.WARN),
    ],
)
def test_a_file_system_that_loses_locks_or_data_is_told(tmp_path: Path, kind: str, mark: Mark) -> None:
    data = tmp_path / "my data"
    data.mkdir()
    mounts = tmp_path / "mounts"
    point = str(data).replace(" ", "\\040")
    mounts.write_text(f"disk / xfs rw 0 0\nserver:/data {point} {kind} rw 0 0\nproc /proc proc rw 0 0\n")

    seen = told(f"sqlite:///{data}/orders.db", mounts=mounts)["file system"]

    assert seen.mark is mark
    assert kind in seen.said
    assert ("DATABASE_URL" in seen.remedy) is (mark is not Mark.OK)


def test_a_system_that_does_not_tell_its_file_systems_is_believed(tmp_path: Path) -> None:
    seen = told(f"sqlite:///{tmp_path}/orders.db", mounts=tmp_path / "none")

    assert seen["file system"].mark is Mark.UNTRIED


def tamper(url: str, event: int) -> None:
    """Change an event as somebody would who may do anything with the file."""
    with closing(sqlite3.connect(file_of(url))) as connection, connection:
        connection.execute("drop trigger events_no_update")
        connection.execute("update events set actor = 'U0MALLORY' where seq = ?", [event])


@pytest.mark.parametrize(
    ("event", "mark"), [(5, Mark.OK), (6, Mark.WRONG), (NEWEST + 5, Mark.WRONG)], ids=str
)
def test_the_newest_part_of_the_audit_log_is_verified(
    sqlite_url: str, migrated: Store, event: int, mark: Mark
) -> None:
    engine = migrated.engine
    from bot.store import audit

    def write(tx: audit.Tx) -> None:
        for number in range(NEWEST + 5):
            audit.append(tx, "", now(), "U0BOB", "Noted", {"number": number})

    engine.transact(write)
    tamper(sqlite_url, event)

    seen = told(sqlite_url)["audit log"]

    assert seen.mark is mark
    if mark is Mark.WRONG:
        assert seen.said == f"Event {event} was changed."
        assert "audit verify" in seen.remedy


# --- how the work goes ----------------------------------------------------------------------------


def work(url: str) -> dict[str, Finding]:
    return {one.what: one for one in database.at_work(url, now)}


def test_work_that_goes_well_is_well(sqlite_url: str, migrated: Store) -> None:
    migrated.keep("worker/1", {}, now())

    assert marks(work(sqlite_url).values()) == {Mark.OK}


@pytest.mark.usefixtures("migrated")
def test_where_no_worker_was_ever_seen_one_has_to_be_started(
    sqlite_url: str,
) -> None:
    seen = work(sqlite_url)["worker"]

    assert seen.mark is Mark.WARN
    assert "python -m bot run" in seen.remedy


def test_a_worker_that_has_gone_is_told_with_when(sqlite_url: str, migrated: Store) -> None:
    migrated.keep("worker/1", {}, datetime(2026, 11, 1, 7, 30, tzinfo=UTC))

    seen = work(sqlite_url)["worker"]

    assert seen.mark is Mark.WARN
    assert "2026-11-01 07:30 UTC" in seen.said


def test_stuck_work_is_told_with_its_last_error(sqlite_url: str, migrated: Store) -> None:
    migrated.enqueue([Work("card/ORD-7F3K2M", Job.CARD, "ORD-7F3K2M")], now())
    for _ in range(5):
        claim = migrated.claim(Queue.CHAT, now(), dict.fromkeys(Job, 15.0))
        assert claim
        migrated.again(claim, now(), 0.0, "not_in_channel")

    seen = work(sqlite_url)["stuck work"]

    assert seen.mark is Mark.WARN
    assert seen.said == "ORD-7F3K2M: card has failed 5 times, at last with: not_in_channel"


def test_an_outage_that_is_known_is_told_and_one_that_is_over_is_not(
    sqlite_url: str, migrated: Store
) -> None:
    down = {"why": "AWS did not answer in time", "since": "2026-11-25T07:00:00+00:00"}
    migrated.keep("outage/aws/eu-west-1", down, now())
    migrated.keep("outage/group/S0FINANCE", {"why": "", "since": ""}, now())

    seen = work(sqlite_url)

    assert seen["outage"].mark is Mark.WARN
    assert seen["outage"].said == "aws/eu-west-1 since 2026-11-25T07:00: AWS did not answer in time"


# --- AWS ------------------------------------------------------------------------------------------

AWS = f"AWS {REGION}"
READS = (
    *("GetCatalogItem", "GetOrder", "GetOutpost", "GetQuote", "GetSite"),
    *("ListCatalogItems", "ListOrderableInstanceTypes", "ListOrders", "ListOutposts"),
    *("ListQuotes", "ListSites"),
)
SPARED = ("GetQuote", "GetSite", "ListOrderableInstanceTypes", "ListQuotes", "ListSites")


@pytest.fixture
def aws(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalOutposts]:
    """An account with an order in it, for which the environment is set up."""
    with LocalOutposts() as aws:
        aws.furnish([REGION])
        aws.add_order(REGION, aws.outposts(REGION)[0], [("OR-7QK2M5A", 1)])
        for name, value in aws.environment().items():
            monkeypatch.setenv(name, value)
        environment["AWS_REGIONS"] = REGION
        yield aws
        assert aws.unexpected == []
        assert {one.method for one in aws.requests if one.operation != "GetCallerIdentity"} <= {"GET"}


def test_every_permission_to_read_in_aws_is_tried(aws: LocalOutposts, environment: Environment) -> None:
    seen = found(environment)

    assert "arn:aws:iam::111122223333:user/quartermaster" in seen[AWS, "credentials"].said
    assert seen[AWS, "clock"].mark is Mark.OK
    assert {one.mark for (_, what), one in seen.items() if what in {f"outposts:{one}" for one in READS}} == {
        Mark.OK
    }
    assert {one.operation for one in aws.requests} == {*READS, "GetCallerIdentity"}


@pytest.mark.parametrize("operation", READS)
def test_every_permission_that_aws_denies_is_named(
    aws: LocalOutposts, environment: Environment, operation: str
) -> None:
    aws.faults.add(operation, "error:AccessDeniedException:User quartermaster is not authorized.")

    seen = found(environment)

    one = seen[AWS, f"outposts:{operation}"]
    assert one.mark is (Mark.WARN if operation in SPARED else Mark.WRONG)
    assert "User quartermaster is not authorized." in one.said
    assert f"outposts:{operation}" in one.remedy
    others = [one for (name, what), one in seen.items() if name == AWS and what != f"outposts:{operation}"]
    assert marks(others) == {Mark.OK, Mark.UNTRIED}


def test_what_aws_refuses_for_another_reason_than_permissions_is_told(
    aws: LocalOutposts, environment: Environment
) -> None:
    aws.faults.add("ListOrders", "error:ValidationException:The Region is closed.")

    seen = found(environment)[AWS, "outposts:ListOrders"]

    assert (seen.mark, seen.said) == (Mark.WRONG, "The Region is closed.")
    assert "the permission itself is there" in seen.remedy


@pytest.mark.usefixtures("aws")
def test_what_cannot_be_tried_in_aws_is_said(environment: Environment) -> None:
    seen = found(environment)[AWS, "outposts:CancelOrder, outposts:CreateOrder, outposts:CreateQuote"]

    assert seen.mark is Mark.UNTRIED
    assert "simulate-principal-policy" in seen.remedy


@pytest.mark.usefixtures("aws")
def test_where_there_is_no_order_to_read_reading_one_is_not_tried(environment: Environment) -> None:
    seen = found(environment | {"AWS_REGIONS": "us-east-1"})

    assert seen["AWS us-east-1", "outposts:ListOrders"].mark is Mark.OK
    assert seen["AWS us-east-1", "outposts:GetOrder"].mark is Mark.UNTRIED


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "another"}, "signature"),
        ({"AWS_ACCESS_KEY_ID": "AKIAANOTHER"}, "invalid"),
        ({"AWS_PROFILE": "nobody"}, "nobody"),
    ],
)
def test_credentials_that_aws_does_not_take_are_told_once(
    environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
    wrong: dict[str, str],
    said: str,
) -> None:
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)

    seen = found(environment)

    assert seen[AWS, "credentials"].mark is Mark.WRONG
    assert said in seen[AWS, "credentials"].said
    assert "AWS_ACCESS_KEY_ID" in seen[AWS, "credentials"].remedy
    assert (AWS, "outposts:ListOrders") not in seen


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("ahead", "mark"), [(100, Mark.WARN), (-250, Mark.WRONG)])
def test_a_clock_that_is_off_is_told_by_the_answers_of_aws(
    environment: Environment, ahead: float, mark: Mark
) -> None:
    assert found(environment, ahead=ahead)[AWS, "clock"].mark is mark


@pytest.mark.usefixtures("aws")
def test_without_sts_the_permissions_and_the_clock_are_looked_at_all_the_same(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://{nowhere()}")

    seen = found(environment)

    assert seen[AWS, "credentials"].mark is Mark.WARN
    assert seen[AWS, "clock"].mark is Mark.OK
    assert seen[AWS, "outposts:ListOrders"].mark is Mark.OK


@pytest.mark.usefixtures("aws")
def test_where_aws_does_not_answer_the_first_question_is_the_last(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_OUTPOSTS", f"http://{nowhere()}")

    seen = found(environment)

    assert seen[AWS, "outposts:ListCatalogItems"].mark is Mark.WRONG
    assert "AWS_ENDPOINT_URL_OUTPOSTS" in seen[AWS, "outposts:ListCatalogItems"].remedy
    assert (AWS, "outposts:ListOrders") not in seen


def test_a_region_that_hangs_does_not_stop_another(aws: LocalOutposts, environment: Environment) -> None:
    aws.faults.add("ListCatalogItems", "slow", seconds=30, region="us-east-1")

    seen = found(environment | {"AWS_REGIONS": f"us-east-1,{REGION}"}, limit=2.0)

    assert seen["AWS us-east-1", "the rest"].mark is Mark.WRONG
    assert seen[AWS, "outposts:ListOrders"].mark is Mark.OK


# --- Azure ----------------------------------------------------------------------------------------

RP = "Microsoft.EdgeOrder"
RIGHTS = {
    "Addresses_ListBySubscription": "addresses/read",
    "OrderItems_ListBySubscription": "orderItems/read",
    "Orders_ListBySubscription": "orders/read",
    "Orders_Get": "locations/orders/read",
    "OperationResults_Get": "locations/operationResults/read",
    "ProductsAndConfigurations_ListProductFamiliesMetadata": "productFamiliesMetadata/action",
    "ProductsAndConfigurations_ListProductFamilies": "listProductFamilies/*",
    "ProductsAndConfigurations_ListConfigurations": "listConfigurations/action",
}


@pytest.fixture
def arm(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalArm]:
    """A subscription with an order in it, for which the environment is set up."""
    with LocalArm() as arm:
        arm.furnish()
        arm.add_item("item-1", "order-1")
        for name, value in arm.environment().items():
            monkeypatch.setenv(name, value)
        environment |= {name: value for name, value in arm.environment().items() if name.startswith("AZURE_")}
        yield arm
        assert arm.unexpected == []
        assert not [one for one in arm.requests if one.method not in ("GET", "POST")]


def of_azure(environment: Environment, ahead: float = 0.0) -> dict[str, Finding]:
    return {what: one for (name, what), one in found(environment, ahead=ahead).items() if "Azure" in name}


def test_every_permission_to_read_in_azure_is_tried(arm: LocalArm, environment: Environment) -> None:
    seen = of_azure(environment)

    for what in ("credentials", "clock", "subscription", "resource group", "location"):
        assert seen[what].mark is Mark.OK, what
    assert {seen[f"{RP}/{right}"].mark for right in RIGHTS.values()} == {Mark.OK}
    assert {one.operation for one in arm.requests} >= set(RIGHTS)


@pytest.mark.parametrize("operation", RIGHTS)
def test_every_permission_that_azure_denies_is_named(
    arm: LocalArm, environment: Environment, operation: str
) -> None:
    arm.faults.add(operation, "error:AuthorizationFailed:The client has no authorization.")

    seen = of_azure(environment)

    right = f"{RP}/{RIGHTS[operation]}"
    assert seen[right].mark is Mark.WRONG
    assert seen[right].said == "The client has no authorization."
    assert right in seen[right].remedy
    assert Mark.WRONG not in marks(one for what, one in seen.items() if what != right)


@pytest.mark.usefixtures("arm")
def test_what_cannot_be_tried_in_azure_is_said(environment: Environment) -> None:
    [seen] = [one for what, one in of_azure(environment).items() if "orderItems/write" in what]

    assert seen.mark is Mark.UNTRIED
    assert "az role assignment list" in seen.remedy


def test_a_subscription_that_is_not_registered_is_told_with_the_command(
    arm: LocalArm, environment: Environment
) -> None:
    arm.registered = False

    seen = of_azure(environment)

    assert seen["subscription"].mark is Mark.WRONG
    assert "az provider register --namespace Microsoft.EdgeOrder" in seen["subscription"].remedy
    assert f"{RP}/orders/read" not in seen


@pytest.mark.usefixtures("arm")
def test_a_subscription_that_does_not_exist_is_told(environment: Environment) -> None:
    seen = of_azure(environment | {"AZURE_SUBSCRIPTION_ID": "00000000-0000-4000-8000-000000000001"})

    assert seen["subscription"].mark is Mark.WRONG
    assert "AZURE_SUBSCRIPTION_ID" in seen["subscription"].remedy


@pytest.mark.usefixtures("arm")
def test_a_resource_group_that_does_not_exist_is_told(environment: Environment) -> None:
    seen = of_azure(environment | {"AZURE_RESOURCE_GROUP": "nowhere"})["resource group"]

    assert seen.mark is Mark.WRONG
    assert "az group create" in seen.remedy


@pytest.mark.usefixtures("arm")
def test_a_location_that_edge_order_is_not_known_to_have_deserves_a_look(environment: Environment) -> None:
    seen = of_azure(environment | {"AZURE_LOCATION": "westus"})["location"]

    assert seen.mark is Mark.WARN
    assert "eastus" in seen.said


@pytest.mark.usefixtures("arm")
def test_group_and_location_that_every_request_has_to_name_deserve_a_look(environment: Environment) -> None:
    seen = of_azure(environment | {"AZURE_LOCATION": "", "AZURE_RESOURCE_GROUP": ""})

    assert marks([seen["location"], seen["resource group"]]) == {Mark.WARN}


@pytest.mark.usefixtures("arm")
def test_an_identity_that_gets_no_token_is_told_once(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "another")

    seen = of_azure(environment)

    assert seen["credentials"].mark is Mark.WRONG
    assert "AZURE_CLIENT_ID" in seen["credentials"].remedy
    assert list(seen) == ["credentials"]


@pytest.mark.usefixtures("arm")
@pytest.mark.parametrize(("ahead", "mark"), [(100, Mark.WARN), (-250, Mark.WRONG)])
def test_a_clock_that_is_off_is_told_by_the_answers_of_azure(
    environment: Environment, ahead: float, mark: Mark
) -> None:
    assert of_azure(environment, ahead)["clock"].mark is mark


def test_where_azure_does_not_answer_the_first_question_is_the_last(
    arm: LocalArm, environment: Environment
) -> None:
    arm.faults.add("Addresses_ListBySubscription", "drop_before", times=9)

    seen = of_azure(environment)

    assert seen["subscription"].mark is Mark.WRONG
    assert "AZURE_RESOURCE_MANAGER_URL" in seen["subscription"].remedy
    assert f"{RP}/orders/read" not in seen
    arm.faults.clear()

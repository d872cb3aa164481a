"""The bot as processes: its modes, several of them on one database, and their ends."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.core.order import State
from bot.demo.world import APPROVALS, APPROVER, OPERATIONS, ORDERS, REQUESTER, Bot, LocalWorld, free_port
from bot.store import Store

QUICK = {"POLL_INTERVAL": "0.3", "RECONCILE_FOR": "1", "PLACE_TIMEOUT": "2"}
Start = Callable[..., Bot]


@pytest.fixture
def local() -> Iterator[LocalWorld]:
    """Slack and AWS, without a bot."""
    local = LocalWorld(("aws",))
    local.start()
    yield local
    local.stop()


@pytest.fixture
def start(local: LocalWorld, tmp_path: Path, sqlite_url: str) -> Iterator[Start]:
    """Starts processes of the bot, and ends those that are left."""
    bots: list[Bot] = []

    def start(command: str, database_url: str = sqlite_url, *, ready: bool = True, **settings: str) -> Bot:
        environment = local.environment(database_url, free_port()) | QUICK | settings
        bot = Bot(command, environment, tmp_path / f"{len(bots)}.log")
        bots.append(bot)
        bot.start()
        if ready:
            bot.wait_ready()
        return bot

    yield start
    for bot in bots:
        bot.kill()


def order_line(local: LocalWorld, reason: str = "New depot") -> str:
    outpost = local.outposts.outposts("eu-west-1")[0]
    return (
        f"/order aws outpost={outpost} item=OR-7QK2M5A payment=NO_UPFRONT term=ONE_YEAR "
        f'reason="{reason}" --yes'
    )


def ask_and_approve(local: LocalWorld) -> None:
    """One order from the asking to a card that says it is placed."""
    local.slack.person(REQUESTER).command(order_line(local), ORDERS)
    asked = local.slack.wait(lambda: local.slack.messages(APPROVALS), 20)[-1]
    local.slack.person(APPROVER).click(asked, "Approve")
    local.slack.wait(lambda: ": placed" in local.slack.messages(ORDERS)[0].text, 20)


def get(bot: Bot, path: str) -> tuple[int, str]:
    with urllib.request.urlopen(bot.url + path, timeout=5) as answer:
        return answer.status, answer.read().decode()


def test_run_over_http_places_an_order_and_ends_cleanly(local: LocalWorld, start: Start) -> None:
    bot = start("run")
    local.slack.connect(bot.events_url)
    ask_and_approve(local)
    assert len(local.outposts.posts()) == 1
    assert bot.stop() == 0
    assert "Traceback" not in bot.log.read_text()


def test_run_in_socket_mode_places_an_order_and_serves_health(local: LocalWorld, start: Start) -> None:
    bot = start("run", SLACK_APP_TOKEN=local.slack.app_token, SLACK_SIGNING_SECRET="")
    local.slack.wait(lambda: local.slack.sockets)
    ask_and_approve(local)
    assert get(bot, "/healthz")[0] == 200
    assert len(local.outposts.posts()) == 1
    assert bot.stop() == 0


def test_socket_mode_goes_on_after_slack_has_cut_the_connection(local: LocalWorld, start: Start) -> None:
    start("run", SLACK_APP_TOKEN=local.slack.app_token)
    local.slack.wait(lambda: local.slack.sockets)
    local.slack.disconnect_sockets()
    local.slack.wait(lambda: local.slack.sockets, 20)
    ask_and_approve(local)


@pytest.mark.parametrize("engine", ["sqlite_url", "postgres_url"])
def test_two_webs_and_two_workers_on_one_database_are_one_bot(
    engine: str, local: LocalWorld, start: Start, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(engine)
    webs = [start("web", url, ready=False) for _ in range(2)]
    for _ in range(2):
        start("worker", url, ready=False)
    for web in webs:
        web.wait_ready()
    local.slack.connect(webs[0].events_url)
    people = [local.slack.person(REQUESTER), local.slack.person(APPROVER)]
    people[0].command(order_line(local), ORDERS)
    asked = local.slack.wait(lambda: local.slack.messages(APPROVALS), 20)[-1]

    def click(number: int) -> int:
        local.slack.connect(webs[number % 2].events_url)
        return people[1].click(asked, "Approve").status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(click, range(16))) == {200}
    local.slack.wait(lambda: ": placed" in local.slack.messages(ORDERS)[0].text, 20)
    assert len(local.outposts.posts()) == 1
    assert len(local.slack.messages(ORDERS)) == 1
    store = Store.open(url)
    [order] = store.listing(State)
    assert len(store.decisions(order.id)) == 1
    store.close()


CROWD = [f"U0CROWD{number:02}" for number in range(40)]
CROWDED = """
[[step]]
name = "Crowd"
approvers = ["S0CROWD"]
needs = 3
"""


@pytest.mark.parametrize("engine", ["sqlite_url", "postgres_url"])
def test_forty_people_who_click_at_once_are_one_outcome_and_each_hears_the_truth(
    engine: str, local: LocalWorld, start: Start, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue(engine)
    policy = tmp_path / "policy.toml"
    policy.write_text(CROWDED)
    for id in CROWD:
        local.slack.add_person(id, id.lower())
    local.slack.add_group("S0CROWD", "crowd", CROWD)
    webs = [start("web", url, ready=False, POLICY_FILE=str(policy)) for _ in range(2)]
    start("worker", url, ready=False, POLICY_FILE=str(policy))
    for web in webs:
        web.wait_ready()
    local.slack.connect(webs[0].events_url)
    local.slack.person(REQUESTER).command(order_line(local), ORDERS)
    asked = local.slack.wait(lambda: local.slack.messages(APPROVALS), 20)[-1]

    def click(number: int) -> int:
        local.slack.connect(webs[number % 2].events_url)
        return local.slack.person(CROWD[number]).click(asked, "Approve").status

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(click, range(40))) == {200}
    local.slack.wait(lambda: ": placed" in local.slack.messages(ORDERS)[0].text, 30)
    store = Store.open(url)
    [order] = store.listing(State)
    decided = {one.person for one in store.decisions(order.id)}
    store.close()
    assert len(decided) == 3
    assert len(local.outposts.posts()) == 1

    def heard(person: str) -> str:
        shown = [*local.slack.ephemerals(person), *local.slack.direct(person)]
        return " ".join(message.plain for message in shown)

    for person in CROWD:
        said = "You approved" if person in decided else "was approved by"
        local.slack.wait(lambda person=person, said=said: said in heard(person), 30)


def test_sighup_reads_the_policy_again_and_a_wrong_one_changes_nothing(
    local: LocalWorld, start: Start, tmp_path: Path, sqlite_url: str
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(CROWDED.replace("S0CROWD", "U0BOB").replace("needs = 3", ""))
    bot = start("run", POLICY_FILE=str(policy))
    local.slack.connect(bot.events_url)
    local.slack.person(REQUESTER).command(order_line(local), ORDERS)
    shown = lambda: local.slack.messages(APPROVALS)[-1].plain  # noqa: E731
    local.slack.wait(lambda: local.slack.messages(APPROVALS) and "any one of @bob" in shown(), 20)

    policy.write_text('[[step]]\nname = "Crowd"\naprovers = ["U0CAROL"]\n')
    bot.hang_up()
    told = lambda: "".join(one.plain for one in local.slack.messages(OPERATIONS))  # noqa: E731
    local.slack.wait(lambda: "policy.toml line 3" in told() and "approvers" in told(), 20)
    assert "any one of @bob" in shown()

    policy.write_text('[[step]]\nname = "Crowd"\napprovers = ["U0CAROL"]\n')
    bot.hang_up()
    local.slack.wait(lambda: "any one of @carol" in shown(), 20)
    store = Store.open(sqlite_url)
    assert store.events(store.listing(State)[0].id)[-1]["verb"] == "Replanned"
    store.close()


def test_web_and_worker_each_read_the_policy_again_on_sighup(
    local: LocalWorld, start: Start, tmp_path: Path
) -> None:
    def write(key: str, person: str) -> None:
        policy.write_text(f'[[step]]\nname = "Crowd"\n{key} = ["{person}"]\n')

    def told() -> str:
        return "".join(one.plain for one in local.slack.messages(OPERATIONS))

    policy = tmp_path / "policy.toml"
    write("approvers", "U0BOB")
    web = start("web", ready=False, POLICY_FILE=str(policy))
    worker = start("worker", ready=False, POLICY_FILE=str(policy))
    web.wait_ready()
    local.slack.connect(web.events_url)

    write("aprovers", "U0CAROL")
    web.hang_up()
    local.slack.wait(lambda: "policy.toml line 3" in told(), 20)
    local.slack.wait(lambda: get(web, "/healthz")[0] == 200, 20)
    local.slack.person(REQUESTER).command(order_line(local), ORDERS)
    asked = local.slack.wait(lambda: local.slack.messages(APPROVALS), 20)[-1]
    assert "any one of @bob" in asked.plain

    write("approvers", "U0CAROL")
    worker.hang_up()
    web.hang_up()
    local.slack.wait(lambda: "any one of @carol" in local.slack.messages(APPROVALS)[-1].plain, 20)

    local.slack.person("U0CAROL").click(local.slack.messages(APPROVALS)[-1], "Approve")
    local.slack.wait(lambda: ": placed" in local.slack.messages(ORDERS)[0].text, 20)


def test_a_policy_that_is_wrong_refuses_the_start(start: Start, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[[step]]\nname = "Crowd"\napprovers = ["@carol"]\n')
    bot = start("run", ready=False, POLICY_FILE=str(policy))
    assert bot.wait() == 1
    said = bot.log.read_text()
    assert "policy.toml line 3" in said
    assert "Traceback" not in said


def test_after_kill_9_nothing_is_lost_and_nothing_is_done_twice(
    local: LocalWorld, start: Start, sqlite_url: str
) -> None:
    bot = start("run")
    local.slack.connect(bot.events_url)
    local.outposts.faults.add("CreateOrder", "slow", seconds=1.0)
    local.slack.person(REQUESTER).command(order_line(local), ORDERS)
    asked = local.slack.wait(lambda: local.slack.messages(APPROVALS), 20)[-1]
    local.slack.person(APPROVER).click(asked, "Approve")
    local.slack.wait(lambda: local.outposts.posts())
    bot.kill()
    start("run", sqlite_url, PORT=str(bot.port))
    local.slack.wait(lambda: ": placed" in local.slack.messages(ORDERS)[0].text, 40)
    assert len(local.outposts.posts()) == 1
    assert len(local.slack.messages(ORDERS)) == 1


def test_in_socket_mode_without_a_secret_nothing_is_taken_over_http(local: LocalWorld, start: Start) -> None:
    bot = start("run", SLACK_APP_TOKEN=local.slack.app_token, SLACK_SIGNING_SECRET="")
    body = b"command=%2Forder&text=help&user_id=U1&channel_id=C1&team_id=T1&trigger_id=1.2"
    for secret in ("", "wrong"):
        headers = local.slack.sign(body, secret=secret) | {
            "Content-Type": "application/x-www-form-urlencoded"
        }
        request = urllib.request.Request(bot.events_url, data=body, headers=headers)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(request, timeout=5)


def test_it_ends_in_time_while_calls_hang(local: LocalWorld, start: Start) -> None:
    local.outposts.faults.add("*", "slow", times=100, seconds=30)
    bot = start("run")
    local.slack.connect(bot.events_url)
    local.slack.faults.add("*", "hang", times=100, seconds=30)
    local.slack.person(REQUESTER).command("/order aws", ORDERS)
    local.slack.wait(lambda: local.slack.faults.pending < 100)
    assert bot.stop(timeout=10) == 0
    local.slack.faults.clear()
    local.outposts.faults.clear()


def test_twenty_commands_at_once_are_answered_while_every_other_call_hangs(
    local: LocalWorld, start: Start
) -> None:
    bot = start("run")
    local.slack.connect(bot.events_url)
    local.slack.faults.add("*", "hang", times=500, seconds=10)
    local.outposts.faults.add("*", "slow", times=500, seconds=10)
    alice = local.slack.person(REQUESTER)
    lines = ["/order help", order_line(local), "/order whoami", "/order list", "/order aws"] * 4
    with ThreadPoolExecutor(20) as pool:
        acks = list(pool.map(lambda line: alice.command(line, ORDERS), lines))
    local.slack.faults.clear()
    local.outposts.faults.clear()
    assert {ack.status for ack in acks} == {200}
    assert max(ack.seconds for ack in acks) < 3
    bot.kill()


def test_a_wrong_setting_is_one_error_that_names_every_wrong_variable(start: Start) -> None:
    wrong = {"PORT": "70000", "AWS_REGIONS": "mars", "SLACK_BOT_TOKEN": "", "POLL_INTERVAL": "soon"}
    bot = start("run", ready=False, **wrong)
    assert bot.wait() == 1
    said = bot.log.read_text()
    for name in ("PORT", "AWS_REGIONS", "SLACK_BOT_TOKEN", "POLL_INTERVAL"):
        assert f"{name} is" in said
    assert "Traceback" not in said


def test_a_database_that_cannot_be_opened_is_said_so(start: Start) -> None:
    bot = start("run", "sqlite:////nowhere/at/all.db", ready=False)
    assert bot.wait() == 1
    assert "DATABASE_URL" in bot.log.read_text()
    assert "Traceback" not in bot.log.read_text()


def test_a_worker_serves_its_health_where_a_port_is_set(start: Start) -> None:
    port = free_port()
    worker = start("worker", ready=False, WORKER_PORT=str(port))
    worker.port = port
    worker.wait_ready()
    assert "quartermaster_orders" in get(worker, "/metrics")[1]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(worker, "/slack/events")
    assert worker.stop() == 0


def test_readyz_tells_of_worker_and_clouds(local: LocalWorld, start: Start) -> None:
    bot = start("run")

    def told() -> dict[str, object]:
        said: dict[str, object] = json.loads(get(bot, "/readyz")[1])
        return said if said["worker"]["alive"] else {}  # type: ignore[index]

    assert local.slack.wait(told, 10)["clouds"] == {"aws/eu-west-1": "ok"}


def run(bot: Bot, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(command, env=bot.surroundings(), capture_output=True, text=True, check=False)


def test_operators_list_orders_and_prove_the_audit_log(local: LocalWorld, start: Start) -> None:
    bot = start("run")
    local.slack.connect(bot.events_url)
    ask_and_approve(local)
    [row] = [json.loads(line) for line in run(bot, "orders", "--json").stdout.splitlines()]
    assert row["state"] == "placed"
    assert row["reason"] == "New depot"
    assert run(bot, "orders", "--csv").stdout.startswith("id,state,cloud,")
    assert row["id"] in run(bot, "orders").stdout
    events = [json.loads(line) for line in run(bot, "audit", "export").stdout.splitlines()]
    verbs = [event["verb"] for event in events if event["verb"] != "Checked"]  # with a cold catalogue only
    assert verbs[:4] == ["Filed", "Approved", "Attempted", "WasPlaced"]
    assert "all as written" in run(bot, "audit", "verify").stdout
    assert run(bot, "migrate").returncode == 0


def test_only_what_is_configured_is_imported() -> None:
    parts = "bot.__main__, bot.compose, bot.worker, bot.web, bot.slack.listeners"
    code = f"import sys, {parts}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("boto3", "botocore", "azure", "psycopg", "flask"):
        assert heavy not in loaded.split()

"""What the bot answers over HTTP: to Slack, to a load balancer, to Prometheus."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from prometheus_client.parser import text_string_to_metric_families
from slack_sdk.signature import SignatureVerifier

from bot.compose import make_app
from bot.core import form
from bot.core.follow import Job, Queue, Work
from bot.core.order import State
from bot.core.policy import built_in
from bot.policy_file import Rules
from bot.settings import load
from bot.spine import World
from bot.store import Store
from bot.web import MOST_BODY, Web
from tests.store.test_store import ORDER

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SECRET = "signing-secret"
ANSWER = tuple[int, dict[str, str], str]
Call = Callable[..., ANSWER]


class Silent:
    """A cloud that has one scope, and a chat that is never asked: nothing here reaches a network."""

    name = "aws"
    scopes = ("eu-west-1",)

    def __init__(self) -> None:
        self.whispered = threading.Event()

    def whisper(self, channel: str, person: str, text: str, blocks: object) -> None:
        """The one thing that is said at once: the apology for a click."""
        del channel, person, blocks
        assert "Sorry" in text
        self.whispered.set()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = load(
        {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": "http://127.0.0.1:9/",
            "APPROVALS_CHANNEL": "C0APPROVALS",
            "APPROVERS": "U0BOB",
            "AWS_REGIONS": "eu-west-1",
        }
    )
    store = Store.open(f"sqlite:///{tmp_path}/orders.db")
    store.migrate()
    yield World(
        settings, store, {"aws": Silent()}, Silent(), lambda: NOW, Rules(built_in(settings.approvers))
    )  # type: ignore[dict-item, arg-type]
    store.close()


@pytest.fixture
def call(world: World) -> Iterator[Call]:
    app, forms = make_app(world)
    web = Web(world, app)
    yield lambda *args, **kwargs: answer(web, *args, **kwargs)
    forms.close()


def answer(
    web: Web,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    **environ: str,
) -> ANSWER:
    """What a WSGI server would send."""
    started: list[Any] = []
    fields = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}
    request: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "wsgi.input": io.BytesIO(body),
        **fields,
        **environ,
    }
    content = b"".join(web(request, lambda *args: started.extend(args)))  # type: ignore[arg-type]
    assert dict(started[1])["Content-Length"] == str(len(content))
    return int(started[0].partition(" ")[0]), dict(started[1]), content.decode()


def signed(body: bytes, secret: str = SECRET, age: float = 0) -> dict[str, str]:
    timestamp = str(int(datetime.now(UTC).timestamp() - age))
    made = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": str(made)}


def command(text: str) -> bytes:
    return urlencode(
        {
            "command": "/order",
            "text": text,
            "user_id": "U0ALICE",
            "channel_id": "C0EDGE",
            "team_id": "T0",
            "trigger_id": "1.2.3",
        }
    ).encode()


def click(action: str, value: str) -> bytes:
    payload = {
        "type": "block_actions",
        "team": {"id": "T0"},
        "user": {"id": "U0BOB"},
        "channel": {"id": "C0APPROVALS"},
        "trigger_id": "1.2.3",
        "actions": [
            {"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.2"}
        ],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


# For machines


def test_it_is_healthy_as_long_as_it_answers(call: Call) -> None:
    assert call("GET", "/healthz")[::2] == (200, "ok\n")


def test_it_is_ready_and_says_what_it_knows_of_workers_and_clouds(call: Call) -> None:
    status, headers, body = call("GET", "/readyz")
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert json.loads(body) == {
        "ready": True,
        "database": "sqlite",
        "worker": {"alive": False, "seen": None},
        "clouds": {"aws/eu-west-1": "ok"},
        "groups": {},
        "stuck": 0,
    }


@pytest.mark.parametrize(("ago", "alive"), [(0, True), (29, True), (30, False), (3600, False)])
def test_a_worker_is_alive_if_it_was_seen_lately(world: World, call: Call, ago: float, alive: bool) -> None:
    seen = NOW - timedelta(seconds=ago)
    world.store.keep("worker/old", {}, NOW - timedelta(days=1))
    world.store.keep("worker/new", {}, seen)
    assert json.loads(call("GET", "/readyz")[2])["worker"] == {"alive": alive, "seen": seen.isoformat()}


def test_what_does_not_work_is_told_with_its_reason_until_it_works_again(world: World, call: Call) -> None:
    since = NOW.isoformat()
    world.store.keep("outage/aws/eu-west-1", {"why": "no answer", "since": since}, NOW)
    world.store.keep("outage/group/S0FINANCE", {"why": "empty", "since": since}, NOW)
    said = json.loads(call("GET", "/readyz")[2])
    assert said["ready"]
    assert said["clouds"] == {"aws/eu-west-1": {"since": since, "why": "no answer"}}
    assert said["groups"] == {"group/S0FINANCE": {"since": since, "why": "empty"}}
    world.store.keep("outage/aws/eu-west-1", {"why": "", "since": ""}, NOW)
    assert json.loads(call("GET", "/readyz")[2])["clouds"] == {"aws/eu-west-1": "ok"}


@pytest.mark.parametrize("table", ["kept", "work"])
def test_it_is_not_ready_without_its_database(world: World, call: Call, table: str) -> None:
    world.store.engine.transact(lambda tx: tx.run(f"drop table {table}"))
    status, _, body = call("GET", "/readyz")
    assert (status, json.loads(body)["ready"]) == (503, False)
    assert call("GET", "/healthz")[0] == 200


def test_prometheus_reads_the_numbers(world: World, call: Call) -> None:
    world.store.file(ORDER, "trigger-1", (Work("a", Job.CARD), Work("b", Job.CHECK)), {})
    world.store.keep("outage/aws/eu-west-1", {"why": 'no "answer"\n', "since": ""}, NOW)
    for _ in range(5):
        claim = world.store.claim(Queue.CLOUD, NOW, dict.fromkeys(Job, 10.0))
        assert claim
        world.store.again(claim, NOW, 0, "no")
    status, headers, body = call("GET", "/metrics")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    samples = {
        (sample.name.removeprefix("quartermaster_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }
    assert samples == {
        **{("orders", state.value): float(state is State.WAITING) for state in State},
        ("work", "card"): 1,
        ("work", "check"): 1,
        ("work_late_seconds",): 0,
        ("work_stuck",): 1,
        ("outage", "aws/eu-west-1"): 1,
        ("audit_events",): 1,
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 404, None),
        ("GET", "/slack", 404, None),
        ("GET", "/slack/events", 405, "POST"),
        ("POST", "/healthz", 405, "GET, HEAD"),
        ("DELETE", "/metrics", 405, "GET, HEAD"),
        ("HEAD", "/healthz", 200, None),
    ],
)
def test_other_paths_and_methods_are_refused(
    call: Call, method: str, path: str, status: int, allow: str | None
) -> None:
    found, headers, _ = call(method, path)
    assert (found, headers.get("Allow")) == (status, allow)


def test_a_process_without_slack_has_the_other_paths_only(world: World) -> None:
    web = Web(world, None)
    assert [answer(web, "POST", path)[0] for path in ("/slack/events", "/healthz")] == [404, 405]
    assert answer(web, "GET", "/readyz")[0] == 200


# For Slack


def test_a_body_that_is_too_large_is_not_even_read(call: Call) -> None:
    assert call("POST", "/slack/events", CONTENT_LENGTH=str(MOST_BODY + 1))[0] == 413


@pytest.mark.parametrize("length", ["-1", "many", "1.5"])
def test_a_length_that_is_none_is_a_mistake(call: Call, length: str) -> None:
    assert call("POST", "/slack/events", CONTENT_LENGTH=length)[0] == 400


def test_a_body_that_is_no_text_is_a_mistake(call: Call) -> None:
    assert call("POST", "/slack/events", b"\xff\xfe")[0] == 400


def test_a_signed_command_is_answered(call: Call) -> None:
    body = command("help")
    status, headers, text = call("POST", "/slack/events", body, signed(body))
    assert (status, headers["content-type"]) == (200, "application/json;charset=utf-8")
    said = json.loads(text)
    assert said["response_type"] == "ephemeral"
    assert "/order aws" in json.dumps(said["blocks"])


@pytest.mark.parametrize(
    "headers",
    [
        dict,
        lambda: {"X-Slack-Signature": "v0=00"},
        lambda: signed(command("help"), secret="another"),
        lambda: signed(command("withdraw ORD-000001")),
        lambda: signed(command("help"), age=302),
        lambda: signed(command("help"), age=-302),
    ],
    ids=["none", "no timestamp", "another secret", "of another body", "old", "of the future"],
)
def test_what_slack_did_not_sign_just_now_is_turned_away(
    world: World, call: Call, headers: Callable[[], dict[str, str]]
) -> None:
    before = world.store.audit_head()
    assert call("POST", "/slack/events", command("help"), headers())[0] == 401
    assert world.store.audit_head() == before


def test_a_signed_click_decides(world: World, call: Call) -> None:
    world.store.file(ORDER, "trigger-1", (), {})
    body = click("approve", f"{ORDER.id} {ORDER.asked.digest()}")
    assert call("POST", "/slack/events", body, signed(body))[0] == 200
    decided = world.store.order(ORDER.id)
    assert decided
    assert (decided.state, decided.decided_by) == (State.APPROVED, "U0BOB")
    assert call("POST", "/slack/events", body, signed(body))[0] == 200
    assert world.store.order(ORDER.id) == decided


def test_a_challenge_of_the_events_api_is_answered(call: Call) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c0ffee"}).encode()
    status, _, text = call("POST", "/slack/events", body, signed(body), CONTENT_TYPE="application/json")
    assert (status, json.loads(text)) == (200, {"challenge": "c0ffee"})


@pytest.fixture
def broken(world: World) -> Iterator[Call]:
    """A bot whose clock fails whoever asks it."""

    def fail() -> datetime:
        raise RuntimeError("the clock stands still")

    app, forms = make_app(replace(world, now=fail))
    web = Web(world, app)
    yield lambda body: answer(web, "POST", "/slack/events", body, signed(body))
    forms.close()


def code_in(said: str, caplog: pytest.LogCaptureFixture) -> None:
    (record,) = [record for record in caplog.records if record.message == "listener.failed"]
    incident = record.__dict__["incident"]
    assert len(incident) == 8
    assert incident in said
    assert record.exc_info
    assert "the clock stands still" in str(record.exc_info[1])
    assert "the clock stands still" not in said


def test_a_command_that_breaks_is_answered_with_an_apology_and_a_code_that_is_in_the_log(
    broken: Call, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.store.file(ORDER, "trigger-1", (), {})
    with caplog.at_level(logging.ERROR):
        status, _, text = broken(command("withdraw ORD-000001"))
    assert status == 200
    assert json.loads(text)["text"].startswith("Sorry, ")
    code_in(text, caplog)
    assert world.store.order(ORDER.id) == ORDER


def test_so_is_a_click(broken: Call, world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.store.file(ORDER, "trigger-1", (), {})
    with caplog.at_level(logging.ERROR):
        status, _, text = broken(click("approve", f"{ORDER.id} {ORDER.asked.digest()}"))
    assert status == 500
    code_in(text, caplog)
    assert isinstance(world.chat, Silent)
    assert world.chat.whispered.wait(5)


def test_so_is_a_form_and_what_was_typed_stays_in_it(broken: Call, caplog: pytest.LogCaptureFixture) -> None:
    blank = form.aws.form({}, origin=form.Origin("C0EDGE"), label=lambda _, value: value)
    inputs = [block for block in blank["blocks"] if block["type"] == "input"]
    values = {one["block_id"]: {one["element"]["action_id"]: {"type": "x"}} for one in inputs}
    values["order_by"]["order_by"]["selected_option"] = {"value": "items", "text": {"text": "Catalog items"}}
    view = {**blank, "id": "V1", "state": {"values": values}}
    payload = {"type": "view_submission", "team": {"id": "T0"}, "user": {"id": "U0ALICE"}, "view": view}
    body = urlencode({"payload": json.dumps(payload)}).encode()
    with caplog.at_level(logging.ERROR):
        status, _, text = broken(body)
    said = json.loads(text)
    assert (status, said["response_action"], list(said["errors"])) == (200, "errors", ["outpost"])
    code_in(text, caplog)


@pytest.mark.parametrize("body", [b"payload={not json", b"payload=%5B%5D", b"payload=1"])
def test_what_slack_never_sends_is_a_bad_request_and_no_traceback(
    call: Call, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert call("POST", "/slack/events", body, signed(body))[0] in (400, 404)
    assert "Traceback" not in caplog.text

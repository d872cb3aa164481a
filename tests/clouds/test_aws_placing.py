"""Placing with AWS: one send at most, and no word about it that is not known to be true."""

import json
import socket
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.clouds.aws import Aws
from bot.core.snapshot import Ref
from bot.demo.outposts import LocalOutposts
from bot.demo.outposts.faults import KINDS
from bot.ports import NotSent, Placed, Refused, Unclear
from tests.clouds.conftest import MakeAws
from tests.clouds.world import LATER, NOW, RACK, REGION, SERVER, Scripted, asked, scripted

# With either, a client with boto3's own settings sends several times.
HOSTILE = {
    "no variables": {},
    "five legacy attempts": {"AWS_RETRY_MODE": "legacy", "AWS_MAX_ATTEMPTS": "5"},
}
REFUSALS = (
    "ValidationException",
    "ConflictException",
    "AccessDeniedException",
    "NotFoundException",
    "ServiceQuotaExceededException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "ExpiredTokenException",
)


def test_an_order_that_aws_took_is_placed(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    outcome = aws.place(asked(outpost, items=[(RACK, 2), (SERVER, 1)]), LATER)

    (order,) = outposts.accepted()
    assert outcome == Placed(Ref(REGION, order["OrderId"]))
    (post,) = outposts.posts()
    assert post.body == {
        "OutpostIdentifier": outpost,
        "LineItems": [
            {"CatalogItemId": RACK, "Quantity": 2},
            {"CatalogItemId": SERVER, "Quantity": 1},
        ],
        "PaymentOption": "NO_UPFRONT",
        "PaymentTerm": "THREE_YEARS",
    }
    assert "app/quartermaster" in post.headers["user-agent"]


def test_an_outpost_named_by_arn_is_sent_as_it_was_typed(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    arn = f"arn:aws:outposts:{REGION}:123456789012:outpost/{outpost}"

    aws.place(asked(arn, region=""), LATER)

    assert [post.body["OutpostIdentifier"] for post in outposts.posts()] == [arn]


def test_every_placing_has_a_connection_of_its_own(aws: Aws, outpost: str) -> None:
    outcomes = []

    def place() -> None:
        outcomes.append(aws.place(asked(outpost), LATER))

    threads = [threading.Thread(target=place) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({outcome.ref.id for outcome in outcomes if isinstance(outcome, Placed)}) == 4


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("kind", sorted(KINDS - {"slow"}))
def test_whatever_fails_is_unclear_and_was_sent_once(
    kind: str,
    hostile: str,
    make_aws: MakeAws,
    outposts: LocalOutposts,
    outpost: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in HOSTILE[hostile].items():
        monkeypatch.setenv(name, value)
    hangs = kind.startswith("hang")
    outposts.faults.add("CreateOrder", kind, seconds=1 if hangs else 0)

    outcome = make_aws(place_timeout=0.5 if hangs else 20).place(asked(outpost), LATER)

    assert isinstance(outcome, Unclear)
    assert outcome.why
    assert len(outposts.posts()) == 1
    assert outposts.faults.pending == []


def test_a_slow_answer_within_the_timeout_is_waited_for(
    make_aws: MakeAws, outposts: LocalOutposts, outpost: str
) -> None:
    outposts.faults.add("CreateOrder", "slow", seconds=0.2)

    assert isinstance(make_aws(place_timeout=2).place(asked(outpost), LATER), Placed)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_quotes_aws_and_was_sent_once(
    code: str, aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    outposts.faults.add("CreateOrder", f"error:{code}:Because we say so.")

    assert aws.place(asked(outpost), LATER) == Refused(code, "Because we say so.")
    assert len(outposts.posts()) == 1
    assert outposts.orders == []


def test_an_item_that_is_no_longer_sold_is_refused_in_the_words_of_aws(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    outposts.add_item(REGION, RACK, status="DISCONTINUED")

    outcome = aws.place(asked(outpost), LATER)

    assert isinstance(outcome, Refused)
    assert outcome.words == f"Catalog item {RACK} is not available (DISCONTINUED)."


@pytest.mark.parametrize("code", ["LimitExceededException", "SlowDown", "Throttling"])
def test_asking_to_try_later_is_no_refusal(
    code: str, aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    outposts.faults.add("CreateOrder", f"error:{code}:Not now.")

    assert isinstance(aws.place(asked(outpost), LATER), Unclear)
    assert len(outposts.posts()) == 1


JSON = {"Content-Type": "application/json"}
ODD_ANSWERS = {
    "a proxy's HTML 403": Scripted(403, b"<html>Forbidden</html>", {"Content-Type": "text/html"}),
    "a proxy's JSON 403": Scripted(403, b'{"code": "Forbidden", "message": "no"}', JSON),
    "an empty 400": Scripted(400),
    "a 400 that is a list": Scripted(400, b"[]", {"x-amzn-RequestId": "1"}),
    "a 404 without a code": Scripted(404, b"{}", {"x-amzn-RequestId": "1"}),
    "a redirect": Scripted(307, b"", {"Location": "/orders"}),
    "a 429 that says when": Scripted(429, b"", {"Retry-After": "0"}),
    "a 503 that says when": Scripted(503, b"", {"Retry-After": "0"}),
    "a 200 that is a list": Scripted(200, b"[1]"),
    "a 200 that is a number": Scripted(200, b"7"),
    "a 200 with an order that is a word": Scripted(200, b'{"Order": "yes"}'),
    "a 200 with an order id of another kind": Scripted(200, b'{"Order": {"OrderId": "oo-1"}}'),
    "a 200 with a date that is none": Scripted(
        200,
        b'{"Order": {"OrderId": "oo-0123456789abcdef0", "OrderSubmissionDate": "soon"}}',
    ),
    "a 204": Scripted(204),
}


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_an_answer_that_says_nothing_is_unclear(name: str, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(replace(ODD_ANSWERS[name])) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_OUTPOSTS", server.url)

        outcome = aws.place(asked("op-0123456789abcdef0"), LATER)

    assert isinstance(outcome, Unclear)
    assert server.hits == 1


def test_a_refusal_without_words_still_says_its_code(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Scripted(409, b"{}", {"x-amzn-ErrorType": "ConflictException:http://there/"})
    with scripted(answer) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_OUTPOSTS", server.url)

        outcome = aws.place(asked("op-0123456789abcdef0"), LATER)

    words = "AWS gave no reason but ConflictException."
    assert outcome == Refused("ConflictException", words)


def test_a_process_that_wakes_up_too_late_sends_nothing(
    make_aws: MakeAws, outposts: LocalOutposts, outpost: str
) -> None:
    outcome = make_aws(clock=lambda: LATER).place(asked(outpost), LATER)

    assert outcome == NotSent("It was too late to send, the deadline was 2026-11-22 08:01 UTC.")
    assert outposts.requests == []


def test_a_process_that_sleeps_while_it_prepares_sends_nothing(
    make_aws: MakeAws, outposts: LocalOutposts, outpost: str
) -> None:
    ticks = iter([LATER + timedelta(days=1)])
    outcome = make_aws(clock=lambda: next(ticks)).place(asked(outpost), LATER)

    assert isinstance(outcome, NotSent)
    assert next(ticks, None) is None
    assert outposts.requests == []


def test_the_last_moment_before_the_deadline_is_in_time(make_aws: MakeAws, outpost: str) -> None:
    in_time = LATER - timedelta(microseconds=1)

    assert isinstance(make_aws(clock=lambda: in_time).place(asked(outpost), LATER), Placed)


def test_where_nobody_listens_nothing_was_sent(
    aws: Aws, outpost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_OUTPOSTS", url)

        outcome = aws.place(asked(outpost), LATER)

    assert isinstance(outcome, NotSent)


def test_a_proxy_that_cannot_be_reached_means_that_nothing_was_sent(
    aws: Aws, outposts: LocalOutposts, outpost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "")

        outcome = aws.place(asked(outpost), LATER)

    assert isinstance(outcome, NotSent)
    assert outposts.requests == []


def test_a_name_that_does_not_resolve_means_that_nothing_was_sent(
    aws: Aws, outpost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_OUTPOSTS", "http://nowhere.invalid")

    assert isinstance(aws.place(asked(outpost), LATER), NotSent)


@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
        {"AWS_SECRET_ACCESS_KEY": None},
        {"AWS_PROFILE": "nobody"},
        {"AWS_ENDPOINT_URL_OUTPOSTS": "no address"},
    ],
)
def test_without_usable_settings_nothing_is_sent(
    variables: dict[str, str | None],
    aws: Aws,
    outposts: LocalOutposts,
    outpost: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name, value in variables.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)

    outcome = aws.place(asked(outpost), LATER)

    assert isinstance(outcome, NotSent)
    assert outposts.requests == []


def test_credentials_that_come_later_are_noticed(
    aws: Aws,
    outposts: LocalOutposts,
    outpost: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert isinstance(aws.place(asked(outpost), LATER), NotSent)

    for name, value in outposts.environment().items():
        monkeypatch.setenv(name, value)

    assert isinstance(aws.place(asked(outpost), LATER), Placed)


def test_keys_that_aws_refuses_are_read_anew(
    aws: Aws, outposts: LocalOutposts, outpost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "old")
    assert isinstance(aws.place(asked(outpost), LATER), Refused)

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", outposts.environment()["AWS_SECRET_ACCESS_KEY"])

    assert isinstance(aws.place(asked(outpost), LATER), Placed)


@pytest.mark.parametrize(("region", "code"), [("", "NoRegion"), ("ap-south-1", "WrongRegion")])
def test_an_order_for_a_region_that_is_not_ours_is_refused_unsent(
    region: str, code: str, aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    outcome = aws.place(asked(outpost, region=region), LATER)

    assert isinstance(outcome, Refused)
    assert outcome.code == code
    assert REGION in outcome.words
    assert outposts.requests == []


def test_what_boto3_itself_refuses_was_not_sent(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    outcome = aws.place(asked(outpost, items=[(RACK, 0)]), LATER)

    assert isinstance(outcome, Refused)
    assert "Quantity" in outcome.words
    assert outposts.requests == []


def test_an_outcome_is_short_enough_to_be_read(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    page = json.dumps({"message": "x" * 5000}).encode()
    with scripted(Scripted(502, page)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_OUTPOSTS", server.url)

        outcome = aws.place(asked("op-0123456789abcdef0"), LATER)

    assert isinstance(outcome, Unclear)
    assert len(outcome.why) <= 500


def test_the_clock_is_asked_only_when_everything_is_ready_to_go(
    make_aws: MakeAws, outposts: LocalOutposts, outpost: str
) -> None:
    sent_before = []

    def clock() -> datetime:
        sent_before.append(len(outposts.posts()))
        return NOW

    make_aws(clock=clock).place(asked(outpost), LATER)

    assert sent_before == [0]

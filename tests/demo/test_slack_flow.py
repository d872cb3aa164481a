"""The local Slack, driven by a real Bolt app over HTTP and over Socket Mode."""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from bot.demo.slack import Form, LocalSlack

PARTS = ["Outposts 1U", "Outposts 2U", "Rack 42U"]


def plain(text: str) -> dict:
    return {"type": "plain_text", "text": text}


def option(text: str) -> dict:
    return {"text": plain(text), "value": text.lower()}


def order_form(*, with_size: bool = False) -> dict:
    blocks = [
        {
            "type": "input",
            "block_id": "part",
            "label": plain("Part"),
            "dispatch_action": True,
            "element": {
                "type": "external_select",
                "action_id": "part",
                "min_query_length": 0,
            },
        },
        {
            "type": "input",
            "block_id": "quantity",
            "label": plain("Quantity"),
            "element": {
                "type": "number_input",
                "action_id": "quantity",
                "is_decimal_allowed": False,
                "initial_value": "1",
                "min_value": "1",
                "max_value": "20",
            },
        },
        {
            "type": "input",
            "block_id": "reason",
            "label": plain("Reason"),
            "element": {"type": "plain_text_input", "action_id": "reason"},
        },
    ]
    if with_size:
        blocks.append({"type": "section", "block_id": "size", "text": plain("Needs 4 slots")})
    return {
        "type": "modal",
        "callback_id": "order",
        "title": plain("Order"),
        "submit": plain("Send"),
        "blocks": blocks,
        "notify_on_close": True,
    }


def card(reason: str, *, decided: str = "") -> list[dict]:
    blocks: list[dict] = [{"type": "section", "block_id": "what", "text": plain(f"Order for: {reason}")}]
    if decided:
        return [*blocks, {"type": "context", "elements": [{"type": "mrkdwn", "text": decided}]}]
    buttons = [
        {
            "type": "button",
            "action_id": word.lower(),
            "value": "ORD-1",
            "text": plain(word),
            "confirm": {"title": plain("Sure?"), "text": plain("It costs money.")},
        }
        for word in ("Approve", "Reject")
    ]
    return [*blocks, {"type": "actions", "block_id": "decide", "elements": buttons}]


def ordering_app(slack: LocalSlack) -> App:
    client = WebClient("xoxb-local", base_url=slack.api_url)
    app = App(client=client, signing_secret="local-signing-secret")
    app.logger.setLevel(logging.CRITICAL)

    @app.command("/order")
    def order(ack, body, client):
        if body["text"] == "help":
            ack("Try `/order`")
            return
        if body["text"] == "slow":
            time.sleep(0.5)
        ack()
        # Bolt takes back an ack() that an exception follows within 10 ms.
        with contextlib.suppress(SlackApiError):
            client.views_open(trigger_id=body["trigger_id"], view=order_form())

    @app.options("part")
    def parts(ack, payload):
        ack(options=[option(p) for p in PARTS if payload["value"].lower() in p.lower()])

    @app.action("part")
    def chosen(ack, body, client):
        ack()
        view = body["view"]
        client.views_update(view_id=view["id"], hash=view["hash"], view=order_form(with_size=True))

    @app.view("order")
    def submitted(ack, view, client):
        reason = view["state"]["values"]["reason"]["reason"]["value"]
        if reason == "none":
            ack(response_action="errors", errors={"reason": "Say why."})
            return
        ack()
        client.chat_postMessage(
            channel="C1",
            text="An order waits",
            blocks=card(reason),
            metadata={"event_type": "order", "event_payload": {"id": "ORD-1"}},
        )

    @app.view_closed("order")
    def closed(ack):
        ack()

    @app.action("approve")
    def approve(ack, body, client, respond):
        ack()
        client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            text="Approved",
            blocks=card("x", decided=f"Approved by <@{body['user']['id']}>"),
        )
        respond("You approved it.")

    @app.action("reject")
    def reject(ack, respond):
        ack()
        respond("Rejected.", replace_original=True)

    @app.event("app_home_opened")
    def opened(event, client):
        shown = [block["block_id"] for block in event.get("view", {}).get("blocks", [])]
        count = f"{event['tab']} {'after' if shown else 'first'}"
        go = {"type": "button", "action_id": "go", "text": plain("Go")}
        blocks = [
            {"type": "section", "text": plain(count)},
            {"type": "actions", "elements": [go]},
        ]
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.action("go")
    def went(ack, body, client):
        ack()
        said = f"{body['container']['type']} {'channel' in body} {body['view']['type']}"
        blocks = [{"type": "section", "text": plain(said)}]
        client.views_publish(user_id=body["user"]["id"], view={"type": "home", "blocks": blocks})
        client.views_open(trigger_id=body["trigger_id"], view=order_form())

    return app


@contextlib.contextmanager
def over_http(slack: LocalSlack) -> Iterator[None]:
    class Quiet(WSGIRequestHandler):
        def log(self, *_: object) -> None:
            pass

    handler = SlackRequestHandler(ordering_app(slack))
    server = make_server("127.0.0.1", 0, handler, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    slack.connect(f"http://127.0.0.1:{server.server_port}/slack/events")
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def over_a_socket(slack: LocalSlack) -> Iterator[None]:
    handler = SocketModeHandler(ordering_app(slack), "xapp-local")
    handler.connect()
    slack.wait(lambda: slack.sockets == 1)
    try:
        yield
    finally:
        handler.close()


@pytest.fixture
def app(slack: LocalSlack) -> Iterator[None]:
    with over_http(slack):
        yield


@pytest.fixture(params=[over_http, over_a_socket], ids=["http", "socket"])
def app_both_ways(request: pytest.FixtureRequest, slack: LocalSlack) -> Iterator[None]:
    run: Callable[[LocalSlack], contextlib.AbstractContextManager[None]] = request.param
    with run(slack):
        yield


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    slack = LocalSlack()
    slack.add_channel("C1", "orders")
    slack.add_person("U1", "Dana")
    slack.add_person("U2", "Alex Mayer")
    slack.add_group("S1", "approvers", ["U1"])
    slack.start()
    yield slack
    slack.stop()


@pytest.mark.usefixtures("app_both_ways")
def test_an_order_goes_from_the_slash_command_to_the_approved_card(slack: LocalSlack) -> None:
    dana, alex = slack.person("U1"), slack.person("U2")

    assert dana.command("/order").status == 200
    form = dana.wait_form()
    assert form.title == "Order"
    assert form.labels() == ["Part", "Quantity", "Reason"]
    assert form.suggest("Part", "1u") == ["Outposts 1U"]
    form.fill("Reason", "none")
    form.choose("Part", "Rack 42U")
    slack.wait(lambda: "Needs 4 slots" in form.plain)
    assert form.values() == {"Part": "Rack 42U", "Quantity": "1", "Reason": "none"}

    refused = form.submit()
    assert not refused.closed
    assert refused.errors == {"Reason": "Say why."}
    assert refused.block_errors == {"reason": "Say why."}
    form.fill("Reason", "edge")
    assert form.submit().closed
    assert dana.form() is None

    (posted,) = slack.wait(lambda: slack.messages("C1"))
    assert posted.plain == "Order for: edge\n[Approve] [Reject]"
    assert posted.buttons == ["Approve", "Reject"]
    assert posted.metadata == {"event_type": "order", "event_payload": {"id": "ORD-1"}}
    assert alex.click(posted, "Approve").status == 200
    edited = slack.wait(lambda: next((m for m in slack.messages("orders") if m.edited), None))
    assert edited.plain == "Order for: x\nApproved by @Alex Mayer"
    assert edited.mentions == ("@U2",)
    (seen,) = slack.wait(lambda: slack.ephemerals("U2"))
    assert seen.plain == "You approved it."
    assert slack.ephemerals("U1") == []
    assert slack.violations == []


@pytest.mark.usefixtures("app_both_ways")
def test_an_app_hears_that_its_home_is_opened_with_what_is_there_and_what_is_pressed_in_it(
    slack: LocalSlack,
) -> None:
    alice = slack.person("U1")

    def shows(words: str) -> None:
        slack.wait(lambda: (home := alice.home()) and words in home.plain)

    assert alice.open_home().status == 200
    shows("home first")
    assert alice.open_home().status == 200
    shows("home after")
    home = alice.home()
    assert home
    home.press("Go")
    shows("view False home")
    assert alice.wait_form().title


@pytest.mark.usefixtures("app_both_ways")
def test_text_in_the_ack_of_a_command_is_seen_by_its_author_only(slack: LocalSlack) -> None:
    slack.person("U1").command("/order help")

    assert [m.plain for m in slack.ephemerals("U1")] == ["Try /order"]
    assert slack.messages("C1") == []


@pytest.mark.usefixtures("app")
def test_a_stale_message_can_still_be_clicked(slack: LocalSlack) -> None:
    dana = slack.person("U1")
    WebClient("xoxb-local", base_url=slack.api_url).chat_postMessage(
        channel="C1", text="An order", blocks=card("edge")
    )
    (stale,) = slack.messages("C1")
    dana.click(stale, "Reject")
    slack.wait(lambda: slack.messages("C1")[0].plain == "Rejected.")

    assert dana.click(stale, "Approve").status == 200
    with pytest.raises(LookupError, match="no button 'Approve'"):
        dana.click(slack.messages("C1")[0], "Approve")


@pytest.mark.usefixtures("app")
def test_required_and_malformed_fields_are_held_back_by_the_client(slack: LocalSlack) -> None:
    dana = slack.person("U1")
    dana.command("/order")
    form = dana.wait_form()
    form.fill("Quantity", "21")

    result = form.submit()
    assert result.errors == {
        "Part": "Please complete this required field.",
        "Quantity": "Must be at most 20.",
        "Reason": "Please complete this required field.",
    }
    assert result.ack is None


@pytest.mark.usefixtures("app")
def test_closing_a_form_tells_the_app_and_takes_it_away(slack: LocalSlack) -> None:
    dana = slack.person("U1")
    dana.command("/order")
    ack = dana.wait_form().close()

    assert ack is not None
    assert ack.status == 200
    assert dana.form() is None


@pytest.mark.usefixtures("app")
def test_a_repeated_command_is_the_same_delivery_and_its_trigger_works_once(
    slack: LocalSlack,
) -> None:
    slack.person("U1").command("/order", repeat=2)

    slack.wait(lambda: [c for c in slack.calls if c.method == "views.open"][1:])
    opened = [c.answer for c in slack.calls if c.method == "views.open"]
    assert [answer["ok"] for answer in opened if answer] == [True, False]
    assert slack.violations == ["exchanged_trigger_id: views.open"]


def test_a_late_answer_is_an_operation_timeout() -> None:
    with LocalSlack(ack_seconds=0.2) as slack:
        slack.add_channel("C1", "orders")
        dana = slack.add_person("U1", "Dana")
        with over_http(slack):
            ack = dana.command("/order slow")
            assert ack.status == 0
            assert slack.violations == ["operation_timeout: /order slow by Dana: not answered"]
            dana.wait_form()


def test_an_app_that_is_not_there_gives_status_zero(slack: LocalSlack) -> None:
    slack.connect("http://127.0.0.1:9/slack/events")

    assert slack.person("U1").command("/order").status == 0


def test_wrong_and_old_signatures_can_be_sent(slack: LocalSlack) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"command=%2Forder&text=help&team_id=T0LOCAL&user_id=U1&channel_id=C1"
    with over_http(slack):
        right = slack.deliver_raw(body, form | slack.sign(body))
        wrong = slack.deliver_raw(body, form | slack.sign(body, secret="other"))
        old = slack.deliver_raw(body, form | slack.sign(body, int(time.time()) - 301))

    assert (right.status, wrong.status, old.status) == (200, 401, 401)
    assert slack.violations == []


def test_an_app_asked_to_reconnect_gets_the_next_delivery_on_its_new_socket() -> None:
    # The client reads the new socket only once it has let go of the old one, which takes it long.
    with LocalSlack(ack_seconds=20) as slack:
        slack.add_channel("C1", "orders")
        dana = slack.add_person("U1", "Dana")
        with over_a_socket(slack):
            slack.disconnect_sockets()
            slack.wait(lambda: slack.sockets == 1)

            assert dana.command("/order help").status == 200


def test_stopping_leaves_no_threads() -> None:
    before = set(threading.enumerate())
    with LocalSlack() as slack:
        WebClient("xoxb-local", base_url=slack.api_url).api_test()
        with over_a_socket(slack):
            slack.add_person("U1", "Dana").command("/order help")

    left = set(threading.enumerate()) - before
    # The pool of Bolt's listeners is not ours to end.
    assert [t.name for t in left if not t.name.startswith("ThreadPoolExecutor")] == []


def bare(slack: LocalSlack, answer: Callable[[dict], tuple[str, str]]) -> contextlib.ExitStack:
    """An app of a few lines: `answer` turns a payload into a content type and a body."""

    @Request.application
    def respond(request: Request) -> Response:
        payload = json.loads(request.form.get("payload", "{}"))
        content_type, body = answer(payload)
        return Response(body, content_type=content_type)

    class Quiet(WSGIRequestHandler):
        def log(self, *_: object) -> None:
            pass

    stack = contextlib.ExitStack()
    server = make_server("127.0.0.1", 0, respond, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    slack.connect(f"http://127.0.0.1:{server.server_port}/slack/events")
    stack.callback(server.server_close)
    stack.callback(thread.join)
    stack.callback(server.shutdown)
    return stack


def show_form(slack: LocalSlack) -> Form:
    trigger = slack.workspace.issue_trigger("U1", "C1")
    client = WebClient("xoxb-local", base_url=slack.api_url)
    client.views_open(trigger_id=trigger, view=order_form())
    form = slack.person("U1").wait_form()
    form.fill("Reason", "edge")
    slack.workspace.views[form.id].values["part"]["part"]["selected_option"] = option("Rack 42U")
    return form


def test_what_slack_sends_on_submission_has_all_that_apps_read(slack: LocalSlack) -> None:
    seen: list[dict] = []
    with bare(slack, lambda payload: seen.append(payload) or ("text/plain", "")):
        assert show_form(slack).submit().closed

    (payload,) = seen
    assert payload["type"] == "view_submission"
    assert payload["user"] == {
        "id": "U1",
        "username": "dana",
        "name": "dana",
        "team_id": "T0LOCAL",
    }
    assert payload["view"]["state"]["values"] == {
        "part": {"part": {"type": "external_select", "selected_option": option("Rack 42U")}},
        "quantity": {"quantity": {"type": "number_input", "value": "1"}},
        "reason": {"reason": {"type": "plain_text_input", "value": "edge"}},
    }
    assert payload["view"]["callback_id"] == "order"
    assert {"id", "hash", "root_view_id", "private_metadata"} <= set(payload["view"])


@pytest.mark.parametrize(
    ("answer", "violation"),
    [
        ('{"response_action": "errors", "errors": {"nowhere": "x"}}', "invalid_ack"),
        ('{"response_action": "errors", "errors": {}}', "invalid_ack"),
        ('{"response_action": "jump"}', "invalid_ack"),
        ('{"response_action": "update", "view": {"type": "modal"}}', "invalid_arguments"),
        ("thanks", "invalid_ack"),
    ],
)
def test_an_answer_to_a_submission_that_slack_would_not_take_leaves_the_form_open(
    slack: LocalSlack, answer: str, violation: str
) -> None:
    with bare(slack, lambda _: ("application/json", answer)):
        result = show_form(slack).submit()

    assert not result.closed
    assert slack.person("U1").form() is not None
    assert [v.split(":")[0] for v in slack.violations] == [violation]


def test_a_submission_can_be_answered_with_another_view_or_clear_them_all(
    slack: LocalSlack,
) -> None:
    title = {**order_form(), "title": plain("Sure?")}
    answers = [
        {"response_action": "push", "view": title},
        {"response_action": "update", "view": {**title, "title": plain("Really?")}},
        {"response_action": "clear"},
    ]
    with bare(slack, lambda _: ("application/json", json.dumps(answers.pop(0)))):
        assert not show_form(slack).submit().closed
        top = slack.person("U1").wait_form()
        assert top.title == "Sure?"
        slack.workspace.views[top.id].values["part"]["part"]["selected_option"] = option("x")
        top.fill("Reason", "edge")
        top.submit()
        assert top.title == "Really?"
        assert top.submit().closed

    assert slack.person("U1").form() is None
    assert slack.violations == []


def test_bad_suggestions_are_not_shown_and_noted(slack: LocalSlack) -> None:
    many = json.dumps({"options": [option(str(number)) for number in range(101)]})
    with bare(slack, lambda _: ("application/json", many)):
        assert show_form(slack).suggest("Part") == []

    assert slack.violations[0].startswith("invalid options: options of 'Part' for ''")


def test_a_command_answered_with_broken_blocks_shows_nothing(slack: LocalSlack) -> None:
    broken = json.dumps({"text": "x", "blocks": [{"type": "section"}]})
    with bare(slack, lambda _: ("application/json", broken)):
        slack.person("U1").command("/order")

    assert slack.ephemerals("U1") == []
    assert slack.violations[0].startswith("invalid_blocks: ack of /order by Dana")


def test_a_click_on_an_ephemeral_does_not_carry_the_message(slack: LocalSlack) -> None:
    seen: list[dict] = []
    client = WebClient("xoxb-local", base_url=slack.api_url)
    client.chat_postEphemeral(channel="C1", user="U1", text="x", blocks=card("edge"))
    client.chat_postMessage(channel="C1", text="x", blocks=card("edge"))
    with bare(slack, lambda payload: seen.append(payload) or ("text/plain", "")):
        slack.person("U1").click(slack.ephemerals("U1")[0], "Approve")
        slack.person("U1").click(slack.messages("C1")[0], "Approve")

    assert [payload["container"]["is_ephemeral"] for payload in seen] == [True, False]
    assert ["message" in payload for payload in seen] == [False, True]
    assert seen[1]["actions"][0]["value"] == "ORD-1"
    assert seen[1]["actions"][0]["block_id"] == "decide"

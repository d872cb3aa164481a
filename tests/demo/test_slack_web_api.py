"""The Web API of the local Slack, called with the real client: answers, refusals, faults."""

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.demo.slack import LocalSlack, Message, Person
from bot.demo.slack.workspace import Workspace


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[LocalSlack]:
    slack = LocalSlack(clock=clock, post_burst=3)
    slack.add_channel("C1", "orders")
    slack.add_channel("C2", "random", bot_is_member=False)
    slack.add_channel("C3", "board", private=True, bot_is_member=False)
    slack.add_channel("C4", "past", archived=True)
    slack.add_channel("C5", "small", members=["U1"])
    slack.add_person("U1", "Dana")
    slack.add_person("U2", "Alex Mayer", tz="America/New_York")
    slack.add_person("U3", "Left", deleted=True)
    slack.add_person("U4", "Guest", restricted=True)
    slack.add_group("S1", "approvers", ["U1", "U2"])
    slack.start()
    yield slack
    slack.stop()


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return WebClient("xoxb-local", base_url=slack.api_url, retry_handlers=[])


def error_of(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(*args, **kwargs)
    return str(caught.value.response["error"])


def modal(**more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Order"},
        "blocks": [{"type": "divider"}],
        **more,
    }


def text_input(block_id: str, **element: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": block_id.title()},
        "element": {"type": "plain_text_input", "action_id": "a", **element},
    }


def test_a_message_reaches_channels_by_id_and_name_and_people_by_id(
    slack: LocalSlack, client: WebClient
) -> None:
    client.chat_postMessage(channel="C1", text="one")
    client.chat_postMessage(channel="#orders", text="two")
    sent = client.chat_postMessage(channel="U1", text="three")

    assert [m.plain for m in slack.messages("C1")] == ["one", "two"]
    assert [m.plain for m in slack.direct("U1")] == ["three"]
    assert sent["channel"] == client.conversations_open(users="U1")["channel"]["id"]
    assert slack.violations == []


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C9", "channel_not_found"),
        ("C2", "not_in_channel"),
        ("C3", "channel_not_found"),
        ("C4", "is_archived"),
        ("U3", "user_disabled"),
    ],
)
def test_a_message_is_refused_where_the_bot_may_not_write(
    client: WebClient, slack: LocalSlack, channel: str, error: str
) -> None:
    assert error_of(client.chat_postMessage, channel=channel, text="x") == error
    assert slack.violations == []


def test_replies_updates_and_metadata_are_found_again(slack: LocalSlack, client: WebClient) -> None:
    metadata = {"event_type": "order", "event_payload": {"id": "ORD-1"}}
    ts = client.chat_postMessage(channel="C1", text="card", metadata=metadata)["ts"]
    client.chat_postMessage(channel="C1", text="detail", thread_ts=ts)
    client.chat_update(channel="C1", ts=ts, text="new card")

    (card,) = slack.messages("C1")
    assert (card.plain, card.edited, card.metadata) == ("new card", True, metadata)
    assert [m.plain for m in slack.thread("C1", ts)] == ["detail"]
    history = client.conversations_history(channel="C1", include_all_metadata=True)
    assert [m["text"] for m in history["messages"]] == ["new card"]
    assert history["messages"][0]["metadata"] == metadata
    assert history["messages"][0]["reply_count"] == 1
    assert "metadata" not in client.conversations_history(channel="C1")["messages"][0]
    replies = client.conversations_replies(channel="C1", ts=ts)
    assert [m["text"] for m in replies["messages"]] == ["new card", "detail"]
    client.chat_delete(channel="C1", ts=ts)
    assert slack.messages("C1") == []
    assert error_of(client.chat_update, channel="C1", ts=ts, text="x") == "message_not_found"


def test_history_comes_in_pages_newest_first_and_by_time(client: WebClient, clock: Clock) -> None:
    stamps = []
    for number in range(5):
        clock.now += 1
        stamps.append(client.chat_postMessage(channel="C1", text=str(number))["ts"])

    pages = client.conversations_history(channel="C1", limit=2)
    assert [[m["text"] for m in page["messages"]] for page in pages] == [
        ["4", "3"],
        ["2", "1"],
        ["0"],
    ]
    since = client.conversations_history(channel="C1", oldest=stamps[3])
    assert [m["text"] for m in since["messages"]] == ["4"]
    since = client.conversations_history(channel="C1", oldest=stamps[3], inclusive=True)
    assert [m["text"] for m in since["messages"]] == ["4", "3"]
    assert error_of(client.conversations_history, channel="C2") == "not_in_channel"


def test_an_ephemeral_is_seen_by_one_member_only(slack: LocalSlack, client: WebClient) -> None:
    client.chat_postEphemeral(channel="C5", user="U1", text="psst")

    assert [(m.plain, m.only_for) for m in slack.ephemerals("U1")] == [("psst", "U1")]
    assert slack.messages("C5") == []
    refused = error_of(client.chat_postEphemeral, channel="C5", user="U2", text="x")
    assert refused == "user_not_in_channel"


def test_people_groups_and_channels_are_told_as_slack_tells_them(client: WebClient) -> None:
    alex = client.users_info(user="U2")["user"]
    assert (alex["real_name"], alex["tz"], alex["deleted"]) == (
        "Alex Mayer",
        "America/New_York",
        False,
    )
    assert client.users_info(user="U3")["user"]["deleted"]
    assert client.users_info(user="U4")["user"]["is_restricted"]
    assert error_of(client.users_info, user="U9") == "user_not_found"
    assert client.usergroups_users_list(usergroup="S1")["users"] == ["U1", "U2"]
    assert error_of(client.usergroups_users_list, usergroup="S9") == "no_such_subteam"
    assert client.usergroups_list()["usergroups"][0]["handle"] == "approvers"
    names = [c["name"] for c in client.conversations_list(exclude_archived=True)["channels"]]
    assert names == ["orders", "random", "small"]
    assert client.conversations_info(channel="C1")["channel"]["is_member"]
    assert client.conversations_members(channel="C5")["members"] == ["U1", "U0BOT"]
    ids = [page["members"][0]["id"] for page in client.users_list(limit=1)]
    assert ids == ["U0BOT", "U1", "U2", "U3", "U4"]


def test_tokens_and_methods_are_checked(slack: LocalSlack) -> None:
    wrong = WebClient("xoxb-wrong", base_url=slack.api_url)
    assert error_of(wrong.auth_test) == "invalid_auth"
    assert error_of(WebClient(base_url=slack.api_url).auth_test) == "not_authed"
    right = WebClient("xoxb-local", base_url=slack.api_url)
    assert error_of(right.api_call, "chat.shout") == "unknown_method"
    assert right.auth_test()["user_id"] == "U0BOT"
    assert [v.split(":")[0] for v in slack.violations] == [
        "invalid_auth",
        "not_authed",
        "unknown_method",
    ]


def test_scopes_are_checked_when_given() -> None:
    with LocalSlack(scopes=["chat:write", "chat:write.public"]) as slack:
        slack.add_channel("C2", "random", bot_is_member=False)
        client = WebClient("xoxb-local", base_url=slack.api_url)
        assert client.chat_postMessage(channel="C2", text="x")["ok"]
        assert error_of(client.users_info, user="U1") == "missing_scope"


@pytest.mark.parametrize("kind", ["json", "multipart"])
def test_arguments_may_come_as_json_or_multipart(slack: LocalSlack, kind: str) -> None:
    blocks = [{"type": "divider"}]
    if kind == "json":
        content_type = "application/json; charset=utf-8"
        body = json.dumps({"channel": "C1", "text": "hi", "blocks": blocks})
    else:
        content_type = "multipart/form-data; boundary=xx"
        fields = {"channel": "C1", "text": "hi", "blocks": json.dumps(blocks)}
        body = "".join(
            f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        body += "--xx--\r\n"
    request = urllib.request.Request(
        slack.api_url + "chat.postMessage",
        body.encode(),
        {"Content-Type": content_type, "Authorization": "Bearer xoxb-local"},
    )
    with urllib.request.urlopen(request) as response:
        assert json.load(response)["ok"]
    assert slack.messages("C1")[0].blocks[0]["type"] == "divider"
    assert slack.calls[0].arguments["blocks"] == blocks


# --- triggers, views


@pytest.fixture
def dana(slack: LocalSlack) -> Person:
    return slack.person("U1")


def trigger(slack: LocalSlack) -> str:
    return slack.workspace.issue_trigger("U1", "C1")


def test_a_trigger_is_good_once_and_for_three_seconds(
    slack: LocalSlack, client: WebClient, clock: Clock
) -> None:
    once, late = trigger(slack), trigger(slack)
    assert client.views_open(trigger_id=once, view=modal())["ok"]
    assert error_of(client.views_open, trigger_id=once, view=modal()) == "exchanged_trigger_id"
    clock.now += 3.1
    assert error_of(client.views_open, trigger_id=late, view=modal()) == "expired_trigger_id"
    assert error_of(client.views_open, trigger_id="x", view=modal()) == "invalid_trigger_id"
    assert len(slack.violations) == 3


def test_input_survives_an_update_only_under_the_same_ids(
    slack: LocalSlack, client: WebClient, dana: Person
) -> None:
    submit = {"type": "plain_text", "text": "Send"}
    first = modal(submit=submit, blocks=[text_input("reason"), text_input("center")])
    view = client.views_open(trigger_id=trigger(slack), view=first)["view"]
    form = dana.wait_form()
    form.fill("Reason", "edge")
    form.fill("Center", "42")

    second = modal(submit=submit, blocks=[text_input("reason"), text_input("center", action_id="other")])
    client.views_update(view_id=view["id"], view=second, hash=view["hash"])
    assert form.values() == {"Reason": "edge", "Center": None}
    conflict = error_of(client.views_update, view_id=view["id"], view=second, hash=view["hash"])
    assert conflict == "hash_conflict"
    form.close()
    assert error_of(client.views_update, view_id=view["id"], view=second) == "not_found"
    assert slack.violations == []


def test_initial_values_are_what_a_form_starts_with(
    slack: LocalSlack, client: WebClient, dana: Person
) -> None:
    options = [{"text": {"type": "plain_text", "text": word}, "value": word} for word in ("AWS", "Azure")]
    select = {"type": "static_select", "options": options, "initial_option": options[1]}
    blocks = [
        text_input("reason", initial_value="edge"),
        {**text_input("cloud"), "element": {"action_id": "a", **select}},
        {**text_input("day"), "element": {"type": "datepicker", "initial_date": "2027-01-31"}},
        {
            **text_input("updates"),
            "element": {"type": "conversations_select", "default_to_current_conversation": True},
        },
    ]
    submit = {"type": "plain_text", "text": "Send"}
    client.views_open(trigger_id=trigger(slack), view=modal(submit=submit, blocks=blocks))

    form = dana.wait_form()
    assert form.values() == {
        "Reason": "edge",
        "Cloud": "Azure",
        "Day": "2027-01-31",
        "Updates": "C1",
    }
    form.choose("Cloud", "AWS")
    form.pick_date("Day", "2027-02-01")
    form.choose("Updates", "#small")
    assert list(form.values().values()) == ["edge", "AWS", "2027-02-01", "C5"]
    with pytest.raises(LookupError, match="offers no 'GCP'"):
        form.choose("Cloud", "GCP")


def test_fields_of_the_same_label_are_told_apart_by_number(
    slack: LocalSlack, client: WebClient, dana: Person
) -> None:
    again = {**text_input("b2"), "label": {"type": "plain_text", "text": "B1"}}
    submit = {"type": "plain_text", "text": "Send"}
    client.views_open(trigger_id=trigger(slack), view=modal(submit=submit, blocks=[text_input("b1"), again]))
    form = dana.wait_form()
    form.fill("B1", "first")
    form.fill("B1", "second", nth=1)

    assert form.values() == {"B1": "first", "B1 (2)": "second"}


def test_the_stack_of_modals_holds_three(slack: LocalSlack, client: WebClient) -> None:
    def from_top() -> str:
        view = slack.workspace.top_view("U1")
        assert view is not None
        return slack.workspace.issue_trigger("U1", "C1", view.id)

    root = client.views_open(trigger_id=trigger(slack), view=modal())["view"]
    second = client.views_push(trigger_id=from_top(), view=modal())["view"]
    client.views_push(trigger_id=from_top(), view=modal())

    assert (second["root_view_id"], second["previous_view_id"]) == (root["id"], root["id"])
    refused = error_of(client.views_push, trigger_id=from_top(), view=modal())
    assert refused == "push_limit_reached"


def test_a_home_tab_is_published_for_one_person(slack: LocalSlack, client: WebClient) -> None:
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": "Your orders"}}]
    client.views_publish(user_id="U1", view={"type": "home", "blocks": blocks})

    home = slack.person("U1").home()
    assert home is not None
    assert home.plain == "Your orders"
    assert slack.person("U2").home() is None


# --- response_url


def test_a_response_url_works_five_times_within_half_an_hour(slack: LocalSlack, clock: Clock) -> None:
    hook = WebhookClient(slack.url + slack.workspace.issue_response_url("U1", "C1"))
    bodies = [hook.send(text=str(number)).body for number in range(6)]
    assert bodies[:5] == ["ok"] * 5
    assert "used_url" in bodies[5]
    assert [m.text for m in slack.ephemerals("U1")] == ["0", "1", "2", "3", "4"]
    late = WebhookClient(slack.url + slack.workspace.issue_response_url("U1", "C1"))
    clock.now += 1801
    assert late.send(text="x").status_code == 404


def test_a_response_url_can_speak_to_all_replace_and_delete(slack: LocalSlack, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C1", text="card")["ts"]
    hook = WebhookClient(slack.url + slack.workspace.issue_response_url("U1", "C1", ts))
    hook.send(text="all", response_type="in_channel")
    hook.send(text="new", replace_original=True)
    assert [m.text for m in slack.messages("C1")] == ["new", "all"]
    hook.send(delete_original=True)
    assert [m.text for m in slack.messages("C1")] == ["all"]


# --- pace and faults


def test_more_than_a_burst_into_one_channel_is_told_to_wait(client: WebClient, clock: Clock) -> None:
    for number in range(3):
        client.chat_postMessage(channel="C1", text=str(number))
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C1", text="3")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    assert client.chat_postMessage(channel="C5", text="elsewhere")["ok"]
    clock.now += 1
    assert client.chat_postMessage(channel="C1", text="3")["ok"]


@pytest.mark.parametrize(
    ("kind", "applied"),
    [("drop_before", 0), ("drop_after", 1), ("hang_dead", 0)],
)
def test_a_dropped_call_gets_no_answer_and_is_applied_or_not(
    slack: LocalSlack, client: WebClient, kind: str, applied: int
) -> None:
    slack.faults.add("chat.postMessage", kind, seconds=0.01)
    with pytest.raises(ConnectionError):
        client.chat_postMessage(channel="C1", text="x")

    assert len(slack.messages("C1")) == applied
    slack.wait(lambda: slack.calls)
    assert (slack.calls[0].answer, slack.calls[0].fault) == (None, kind)
    assert client.api_test()["ok"]


def test_the_client_repeats_a_post_whose_answer_was_lost(slack: LocalSlack) -> None:
    slack.faults.add("*", "drop_after")
    WebClient("xoxb-local", base_url=slack.api_url).chat_postMessage(channel="C1", text="x")

    assert [m.text for m in slack.messages("C1")] == ["x", "x"]


def test_a_hanging_call_is_applied_and_answered_late(slack: LocalSlack, client: WebClient) -> None:
    slack.faults.add("chat.postMessage", "hang", seconds=0.1)
    began = time.monotonic()

    assert client.chat_postMessage(channel="C1", text="x")["ok"]
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("kind", ["500", "503", "429", "html", "error:fatal_error"])
def test_a_refusing_fault_applies_nothing_and_happens_as_often_as_ordered(
    slack: LocalSlack, client: WebClient, kind: str
) -> None:
    client.logger.disabled = True
    slack.faults.add("chat.postMessage", kind, times=2, seconds=7)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel="C1", text="x")
    if kind == "429":
        assert caught.value.response.headers["Retry-After"] == "7"

    assert slack.messages("C1") == []
    assert slack.faults.pending == 0
    assert client.chat_postMessage(channel="C1", text="x")["ok"]
    assert slack.violations == []


# --- text


def test_live_mentions_and_links_are_noticed_and_escaped_ones_are_not(
    slack: LocalSlack, client: WebClient
) -> None:
    client.chat_postMessage(
        channel="C1",
        text="<!channel> <@U1> <!subteam^S1> <https://evil|Approve> &lt;!here&gt;",
        blocks=[
            {"type": "section", "text": {"type": "plain_text", "text": "<!everyone> <@U2>"}},
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [
                            {"type": "text", "text": "<!here>"},
                            {"type": "user", "user_id": "U2"},
                        ],
                    }
                ],
            },
        ],
    )
    client.chat_postMessage(channel="C1", text="hey @channel", link_names=True)

    first, second = slack.messages("C1")
    assert first.mentions == ("!channel", "@U1", "!subteam^S1", "@U2")
    assert first.links == (("https://evil", "Approve"),)
    assert first.plain == "<!everyone> <@U2>\n<!here>@Alex Mayer"
    assert second.mentions == ("!channel",)


def test_mrkdwn_is_shown_as_people_see_it(slack: LocalSlack, client: WebClient) -> None:
    client.chat_postMessage(
        channel="C1",
        text="*Bold* _it_ `a*b*` ALL_UP_FRONT <@U1> <#C1> <!date^1^{date}|1 May> <https://x|y> "
        "&lt;b&gt; &amp;amp;",
    )

    assert slack.messages("C1")[0].plain == ("Bold it a*b* ALL_UP_FRONT @Dana #orders 1 May y <b> &amp;")


def test_plans_and_tables_are_flattened(slack: LocalSlack, client: WebClient) -> None:
    def rich(text: str) -> dict[str, Any]:
        leaf = {"type": "text", "text": text}
        return {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [leaf]}],
        }

    client.chat_postMessage(
        channel="C1",
        text="ORD-1",
        blocks=[
            {
                "type": "plan",
                "title": "ORD-1",
                "tasks": [
                    {
                        "type": "task_card",
                        "task_id": "1",
                        "title": "Approved",
                        "status": "complete",
                        "details": rich("by Dana"),
                    },
                    {
                        "type": "task_card",
                        "task_id": "2",
                        "title": "Placed",
                        "status": "in_progress",
                    },
                ],
            },
            {
                "type": "table",
                "rows": [[{"type": "raw_text", "text": "1"}, rich("Rack")]],
            },
        ],
    )

    assert slack.messages("C1")[0].plain == (
        "ORD-1\n[complete] Approved\nby Dana\n[in progress] Placed\n1 | Rack"
    )


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("track @dana #orders", "track <@U1|dana> <#C1|orders>"),
        ("delegate @Alex Mayer until", "delegate <@U2|alex.mayer> until"),
        ("ask @approvers", "ask <!subteam^S1|@approvers>"),
        ("a & b <c> @nobody x@dana", "a &amp; b &lt;c&gt; @nobody x@dana"),
        ("see https://a.example/b?c=d now", "see <https://a.example/b?c=d> now"),
        ("&lt;@dana", "&amp;lt;<@U1|dana>"),
    ],
)
def test_typed_names_arrive_escaped(slack: LocalSlack, typed: str, sent: str) -> None:
    ack = slack.person("U1").command(f"/order {typed}")

    assert ack.delivery is not None
    assert ack.delivery.payload["text"] == sent


def test_typed_text_arrives_raw_if_the_app_wants_it_so() -> None:
    with LocalSlack(should_escape=False) as slack:
        ack = slack.add_person("U1", "Dana").command("/order <b> & @dana")

    assert ack.delivery is not None
    assert ack.delivery.payload["text"] == "<b> & @dana"


def test_the_transcript_tells_everything_in_order(slack: LocalSlack, client: WebClient) -> None:
    slack.person("U1").command("/order aws")
    ts = client.chat_postMessage(channel="C1", text="ORD-1 waits")["ts"]
    client.chat_postMessage(channel="C1", text="asked Alex", thread_ts=ts)
    client.chat_update(channel="C1", ts=ts, text="ORD-1 approved")
    client.chat_postMessage(channel="U1", text="done")
    client.chat_postEphemeral(channel="C1", user="U1", text="psst")

    assert [line[10:] for line in slack.transcript().splitlines()] == [
        "#orders  Dana: /order aws",
        "#orders  Quartermaster: ORD-1 waits",
        "#orders ↳  Quartermaster: asked Alex",
        "#orders  Quartermaster: (edited) ORD-1 approved",
        "DM Dana  Quartermaster: done",
        "#orders (only Dana)  Quartermaster: psst",
    ]


def test_waiting_in_vain_says_what_happened(slack: LocalSlack, client: WebClient) -> None:
    client.chat_postMessage(channel="C1", text="hello")

    with pytest.raises(TimeoutError, match="#orders  Quartermaster: hello"):
        slack.wait(lambda: slack.direct("U1"), timeout=0.01)


def test_a_message_value_does_not_change_with_the_message(slack: LocalSlack) -> None:
    client = WebClient("xoxb-local", base_url=slack.api_url)
    ts = client.chat_postMessage(channel="C1", text="old")["ts"]
    (before,) = slack.messages("C1")
    client.chat_update(channel="C1", ts=ts, text="new")

    assert isinstance(before, Message)
    assert before.text == "old"


def test_stamps_never_repeat() -> None:
    workspace = Workspace()
    stamps = [workspace.stamp() for _ in range(1000)]

    assert stamps == sorted(set(stamps))

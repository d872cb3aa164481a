"""What the local Slack refuses: a sound payload is taken, the same with one defect is not."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo.slack import LocalSlack
from bot.demo.slack.block_kit import check_message, check_options, check_view

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn("x"), **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), **more}


def option(text: str = "a", **more: Any) -> Json:
    return {"text": plain(text), "value": text, **more}


def select(*options: Json, **more: Any) -> Json:
    return {"type": "static_select", "options": list(options), **more}


def rich(*leaves: Json) -> Json:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(leaves)}],
    }


def task(**more: Any) -> Json:
    return {"type": "task_card", "task_id": "1", "title": "Placed", "status": "pending", **more}


def plan(*tasks: Json) -> Json:
    return {"type": "plan", "title": "Order", "tasks": list(tasks)}


def table(rows: list[list[Json]], **more: Any) -> Json:
    return {"type": "table", "rows": rows, **more}


def cell(text: str = "x") -> Json:
    return {"type": "raw_text", "text": text}


def confirm(**more: Any) -> Json:
    return {"title": plain("Sure?"), "text": mrkdwn("It *costs*."), **more}


def field(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain("Field"), "element": element, **more}


def numbers(**more: Any) -> Json:
    return {"type": "number_input", "is_decimal_allowed": False, **more}


def typed(**more: Any) -> Json:
    return {"type": "plain_text_input", **more}


def modal(*blocks: Json, **more: Any) -> Json:
    return {
        "type": "modal",
        "title": plain("Order"),
        "submit": plain("Send"),
        "blocks": list(blocks),
        **more,
    }


SOUND_MESSAGE = [
    {"type": "header", "text": plain("ORD-1"), "block_id": "h"},
    section(fields=[mrkdwn("*a*"), plain("b")], accessory=button(value="1", style="primary")),
    {"type": "context", "elements": [mrkdwn("x"), plain("y")]},
    actions(
        button(action_id="go", confirm=confirm(confirm=plain("Yes"), deny=plain("No"))),
        {"type": "overflow", "action_id": "more", "options": [option()]},
        select(option(), option("b"), action_id="s", initial_option=option("b")),
    ),
    {"type": "divider"},
    rich(
        {"type": "text", "text": "x", "style": {"bold": True}},
        {"type": "user", "user_id": "U1"},
        {"type": "date", "timestamp": 1, "format": "{date}", "fallback": "then"},
        {"type": "link", "url": "https://a.example"},
        {"type": "emoji", "name": "wave"},
    ),
    table([[cell(), rich({"type": "text", "text": "y"})]], column_settings=[{"align": "right"}]),
    plan(
        task(details=rich({"type": "text", "text": "x"})),
        task(task_id="2", status="error", sources=[{"type": "url", "url": "https://a", "text": "a"}]),
    ),
    {"type": "markdown", "text": "**x**"},
    {"type": "image", "image_url": "https://a.example/a.png", "alt_text": "a"},
]

SOUND_VIEW = modal(
    section(text=plain("Hello")),
    {"type": "alert", "text": mrkdwn("Careful"), "level": "warning"},
    field(typed(multiline=True, max_length=10, focus_on_load=True), optional=True),
    field(numbers(min_value="1", max_value="20", initial_value="2")),
    field({"type": "external_select", "min_query_length": 0}, dispatch_action=True),
    field({"type": "datepicker", "initial_date": "2027-01-31"}),
    field({"type": "timepicker", "initial_time": "09:30"}),
    field({"type": "radio_buttons", "options": [option(), option("b")]}),
    field({"type": "checkboxes", "options": [option(description=mrkdwn("_x_"))]}),
    field({"type": "multi_static_select", "options": [option()], "max_selected_items": 2}),
    field(
        {
            "type": "static_select",
            "option_groups": [{"label": plain("G"), "options": [option()]}],
            "initial_option": option(),
        }
    ),
    field({"type": "conversations_select", "default_to_current_conversation": True}),
    field({"type": "channels_select"}, hint=plain("where")),
    field({"type": "multi_users_select"}),
    field({"type": "email_text_input"}),
    field({"type": "url_text_input", "placeholder": plain("https://…")}),
    private_metadata="x" * 3000,
    callback_id="order",
    external_id="e1",
    notify_on_close=True,
)


def test_a_sound_message_and_a_sound_view_are_taken() -> None:
    assert check_message(SOUND_MESSAGE) == ("", [])
    assert check_view(SOUND_VIEW, "modal") == ("", [])
    assert check_options({"options": [option()]}) == []
    assert check_options({"options": []}) == []


MESSAGE_DEFECTS: dict[str, tuple[list[Json], str]] = {
    "51 blocks": ([{"type": "divider"}] * 51, "no more than 50 items allowed"),
    "unknown block": ([{"type": "sektion"}], "unsupported type: sektion"),
    "unknown member": ([section(colour="red")], "additional property not allowed: colour"),
    "unknown member of a button": ([actions(button(tooltip="x"))], "not allowed: tooltip"),
    "section without text": ([{"type": "section"}], "missing required field: text or fields"),
    "section of 3001": ([section(text=plain("x" * 3001))], "less than 3001 characters"),
    "empty text": ([section(text=plain(""))], "more than 0 characters"),
    "text that is a string": ([section(text="x")], "must be a text object"),
    "mrkdwn header": ([{"type": "header", "text": mrkdwn("x")}], "must be a plain_text object"),
    "header of 151": ([{"type": "header", "text": plain("x" * 151)}], "less than 151"),
    "emoji in mrkdwn": ([section(text={**mrkdwn("x"), "emoji": True})], "not allowed: emoji"),
    "11 fields": ([section(fields=[plain("x")] * 11)], "no more than 10 items"),
    "field of 2001": ([section(fields=[plain("x" * 2001)])], "less than 2001"),
    "11 in context": ([{"type": "context", "elements": [plain("x")] * 11}], "no more than 10"),
    "26 in actions": ([actions(*[button()] * 26)], "no more than 25 items"),
    "no actions": ([actions()], "no fewer than 1 items"),
    "input in a message": ([field(typed())], "unsupported type: input (in a message)"),
    "alert in a message": ([{"type": "alert", "text": plain("x")}], "unsupported type: alert"),
    "text input in actions": ([actions(typed())], "unsupported type: plain_text_input"),
    "image in actions": (
        [actions({"type": "image", "image_url": "https://a", "alt_text": "a"})],
        "unsupported type: image",
    ),
    "same block_id": ([section(block_id="a"), section(block_id="a")], "`a` already exists"),
    "block_id of 256": ([section(block_id="x" * 256)], "less than 256"),
    "same action_id": (
        [actions(button(action_id="a"), button(action_id="a"))],
        "`action_id` `a` already exists",
    ),
    "button of 76": ([actions(button(text=plain("x" * 76)))], "less than 76"),
    "mrkdwn button": ([actions(button(text=mrkdwn("x")))], "must be a plain_text object"),
    "button value of 2001": ([actions(button(value="x" * 2001))], "less than 2001"),
    "button url of 3001": ([actions(button(url="x" * 3001))], "less than 3001"),
    "button style": ([actions(button(style="default"))], "must be one of: primary, danger"),
    "number as value": ([actions(button(value=1))], "must be a string"),
    "accessibility_label of 76": (
        [actions(button(accessibility_label="x" * 76))],
        "less than 76",
    ),
    "confirm without text": (
        [actions(button(confirm={"title": plain("x")}))],
        "missing required field: text",
    ),
    "confirm title of 101": (
        [actions(button(confirm=confirm(title=plain("x" * 101))))],
        "less than 101",
    ),
    "confirm text of 301": (
        [actions(button(confirm=confirm(text=plain("x" * 301))))],
        "less than 301",
    ),
    "confirm verb of 31": (
        [actions(button(confirm=confirm(confirm=plain("x" * 31))))],
        "less than 31",
    ),
    "select without options": ([actions(select())], "no fewer than 1 items"),
    "select of nothing": ([actions({"type": "static_select"})], "options and option_groups"),
    "101 options": (
        [actions(select(*[option(str(n)) for n in range(101)]))],
        "no more than 100 items",
    ),
    "option of 76": (
        [actions(select({"text": plain("x" * 76), "value": "x"}))],
        "less than 76",
    ),
    "option value of 151": (
        [actions(select({"text": plain("x"), "value": "x" * 151}))],
        "less than 151",
    ),
    "option description of 76": (
        [actions(select(option(description=plain("x" * 76))))],
        "less than 76",
    ),
    "initial option that differs": (
        [actions(select(option(), initial_option=option(description=plain("d"))))],
        "initial option must exactly match",
    ),
    "same option value twice": ([actions(select(option(), option()))], "values must be unique"),
    "6 in overflow": (
        [actions({"type": "overflow", "options": [option(str(n)) for n in range(6)]})],
        "no more than 5 items",
    ),
    "11 radio buttons": (
        [actions({"type": "radio_buttons", "options": [option(str(n)) for n in range(11)]})],
        "no more than 10 items",
    ),
    "image without alt_text": (
        [{"type": "image", "image_url": "https://a"}],
        "missing required field: alt_text",
    ),
    "image without source": ([{"type": "image", "alt_text": "a"}], "exactly one of image_url"),
    "two tables": ([table([[cell()]]), table([[cell()]])], "only one table"),
    "101 rows": ([table([[cell()]] * 101)], "no more than 100 items"),
    "21 cells": ([table([[cell()] * 21])], "no more than 20 items"),
    "table of 10001": ([table([[cell("x" * 5001), cell("x" * 5000)]])], "less than 10001"),
    "mrkdwn cell": ([table([[mrkdwn("x")]])], "unsupported type: mrkdwn"),
    "empty cell": ([table([[cell("")]])], "more than 0 characters"),
    "51 tasks": ([plan(*[task(task_id=str(n)) for n in range(51)])], "no more than 50 items"),
    "task status": ([plan(task(status="done"))], "must be one of: pending"),
    "task without id": (
        [plan({"type": "task_card", "title": "x", "status": "pending"})],
        "missing required field: task_id",
    ),
    "same task_id": ([plan(task(), task())], "`task_id` must be unique"),
    "task details as text": ([plan(task(details="x"))], "unsupported type"),
    "section in a plan": ([plan(section())], "unsupported type: section"),
    "rich text leaf": ([rich({"type": "mrkdwn", "text": "x"})], "unsupported type: mrkdwn"),
    "rich text style": (
        [rich({"type": "text", "text": "x", "style": {"big": True}})],
        "not allowed: big",
    ),
    "empty leaf": ([rich({"type": "text", "text": ""})], "more than 0 characters"),
    "list without items": (
        [{"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet"}]}],
        "missing required field: elements",
    ),
    "markdown of 12001": ([{"type": "markdown", "text": "x" * 12_001}], "less than 12001"),
    "focus in a message": ([actions(select(option(), focus_on_load=True))], "focus_on_load"),
    "13201 characters": ([section(text=plain("x" * 2641))] * 5, "characters in all blocks"),
}

VIEW_DEFECTS: dict[str, tuple[Json, str]] = {
    "no title": ({"type": "modal", "blocks": [section()]}, "missing required field: title"),
    "title of 25": (modal(section(), title=plain("x" * 25)), "less than 25"),
    "submit of 25": (modal(section(), submit=plain("x" * 25)), "less than 25"),
    "close of 25": (modal(section(), close=plain("x" * 25)), "less than 25"),
    "mrkdwn title": (modal(section(), title=mrkdwn("x")), "must be a plain_text object"),
    "no blocks": (modal(), "no fewer than 1 items"),
    "101 blocks": (modal(*[{"type": "divider"}] * 101), "no more than 100 items"),
    "input without submit": (modal(field(typed()), submit=None), "`submit` is required"),
    "private_metadata of 3001": (modal(section(), private_metadata="x" * 3001), "less than 3001"),
    "callback_id of 256": (modal(section(), callback_id="x" * 256), "less than 256"),
    "external_id of 256": (modal(section(), external_id="x" * 256), "less than 256"),
    "id in a view": (modal(section(), id="V1"), "not allowed: id"),
    "home as a modal": ({"type": "home", "blocks": [section()]}, "unsupported type: home"),
    "table in a modal": (modal(table([[cell()]])), "unsupported type: table (in a modal)"),
    "markdown in a modal": (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
    "plan in a modal": (modal(plan(task())), "unsupported type: plan (in a modal)"),
    "alert of 201": (modal({"type": "alert", "text": plain("x" * 201)}), "less than 201"),
    "button as an input": (modal(field(button())), "unsupported type: button"),
    "label missing": (modal({"type": "input", "element": typed()}), "required field: label"),
    "mrkdwn label": (modal(field(typed(), label=mrkdwn("x"))), "must be a plain_text object"),
    "label of 2001": (modal(field(typed(), label=plain("x" * 2001))), "less than 2001"),
    "hint of 2001": (modal(field(typed(), hint=plain("x" * 2001))), "less than 2001"),
    "placeholder of 151": (modal(field(typed(placeholder=plain("x" * 151)))), "less than 151"),
    "max_length of 3001": (modal(field(typed(max_length=3001))), "between 1 and 3000"),
    "min over max": (modal(field(typed(min_length=5, max_length=4))), "must not exceed"),
    "initial_value too long": (
        modal(field(typed(max_length=2, initial_value="abc"))),
        "longer than max_length",
    ),
    "number without decimals said": (
        modal(field({"type": "number_input"})),
        "missing required field: is_decimal_allowed",
    ),
    "min_value as number": (modal(field(numbers(min_value=1))), "a number in a string"),
    "initial number too big": (
        modal(field(numbers(max_value="5", initial_value="6"))),
        "must be in order",
    ),
    "date": (modal(field({"type": "datepicker", "initial_date": "31.1.2027"})), "YYYY-MM-DD"),
    "time": (modal(field({"type": "timepicker", "initial_time": "9:30"})), "HH:mm"),
    "two focused": (
        modal(field(typed(focus_on_load=True)), field(typed(focus_on_load=True))),
        "only one element can have focus_on_load",
    ),
    "dispatch config": (
        modal(field(typed(dispatch_action_config={"trigger_actions_on": ["blur"]}))),
        "on_enter_pressed",
    ),
    "filter": (
        modal(field({"type": "conversations_select", "filter": {"include": ["mine"]}})),
        "must be one of: im",
    ),
    "too big": (
        modal(*[section(fields=[plain("x" * 2000)] * 10) for _ in range(13)]),
        "less than 250001 bytes",
    ),
}

OPTION_DEFECTS: dict[str, tuple[Any, str]] = {
    "101 options": ({"options": [option(str(n)) for n in range(101)]}, "no more than 100"),
    "text of 76": ({"options": [{"text": plain("x" * 76), "value": "x"}]}, "less than 76"),
    "value of 151": ({"options": [{"text": plain("x"), "value": "x" * 151}]}, "less than 151"),
    "mrkdwn": ({"options": [{"text": mrkdwn("x"), "value": "x"}]}, "must be a plain_text"),
    "neither": ({}, "exactly one of options and option_groups"),
    "text": ("nothing", "must be an object"),
}


@pytest.mark.parametrize("name", MESSAGE_DEFECTS)
def test_a_message_with_one_defect_is_refused(name: str) -> None:
    blocks, expected = MESSAGE_DEFECTS[name]
    error, messages = check_message(copy.deepcopy(blocks))

    assert error in ("invalid_blocks", "msg_blocks_too_long")
    assert expected in messages[0]


@pytest.mark.parametrize("name", VIEW_DEFECTS)
def test_a_view_with_one_defect_is_refused(name: str) -> None:
    view, expected = VIEW_DEFECTS[name]
    error, messages = check_view(copy.deepcopy(view), "modal")

    assert error in ("invalid_arguments", "view_too_large")
    assert expected in messages[0]


@pytest.mark.parametrize("name", OPTION_DEFECTS)
def test_suggestions_with_one_defect_are_refused(name: str) -> None:
    answer, expected = OPTION_DEFECTS[name]

    assert expected in check_options(answer)[0]


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as slack:
        slack.add_channel("C1", "orders")
        slack.add_person("U1", "Dana")
        yield slack


def test_a_refused_message_is_named_with_a_pointer_and_noted(slack: LocalSlack) -> None:
    client = WebClient("xoxb-local", base_url=slack.api_url)
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C1", text="x", blocks=[section(text=plain("x" * 3001))])

    answer = caught.value.response
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]
    assert slack.messages("C1") == []
    assert slack.violations == [
        "invalid_blocks: chat.postMessage: "
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
@pytest.mark.parametrize(
    ("text", "blocks", "error"),
    [("x" * 40_001, None, "msg_too_long"), ("", None, "no_text"), (" ", [], "no_text")],
)
def test_texts_too_long_or_missing_are_refused(
    slack: LocalSlack, text: str, blocks: list[Json] | None, error: str
) -> None:
    client = WebClient("xoxb-local", base_url=slack.api_url)
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C1", text=text, blocks=blocks)

    assert caught.value.response["error"] == error


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
def test_blocks_without_a_fallback_text_are_taken_but_noted(slack: LocalSlack) -> None:
    client = WebClient("xoxb-local", base_url=slack.api_url)
    client.chat_postMessage(channel="C1", blocks=[section()])

    assert len(slack.messages("C1")) == 1
    assert slack.violations == ["no fallback text: chat.postMessage"]

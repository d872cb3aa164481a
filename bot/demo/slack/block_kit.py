"""What Slack checks in blocks, views and options before it takes them.

One table row per block and element says its members and their checks; `Report` collects what is
wrong in Slack's own wording, with a JSON pointer. Limits: docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

Surface = Literal["message", "modal", "home"]
Check = Callable[[Any, str, "Report"], None]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
# Undocumented: Slack was seen to refuse messages from about here with msg_blocks_too_long.
MESSAGE_CHARACTERS = 13_200
VIEW_BYTES = 250_000


@dataclass
class Report:
    """What a check found, and what it must remember on its way."""

    surface: Surface
    errors: list[str] = field(default_factory=list)
    characters: int = 0
    markdown: int = 0
    tables: int = 0
    focused: int = 0
    inputs: int = 0
    block_ids: set[str] = field(default_factory=set)
    action_ids: set[str] = field(default_factory=set)

    def wrong(self, what: str, at: str) -> None:
        """Note one defect at a JSON pointer."""
        self.errors.append(f"[ERROR] {what} [json-pointer:{at}]")


@dataclass(frozen=True)
class Shape:
    """Members of an object: all that are known, those required, and a rule across members."""

    members: Mapping[str, Check]
    required: tuple[str, ...] = ()
    rule: Check | None = None
    surfaces: tuple[Surface, ...] = ("message", "modal", "home")

    def __call__(self, value: Any, at: str, to: Report) -> None:
        if not isinstance(value, dict):
            return to.wrong("must be an object", at)
        for name in self.required:
            if value.get(name) is None:
                to.wrong(f"missing required field: {name}", at)
        for name, item in value.items():
            if name == "type":
                continue
            check = self.members.get(name)
            if check is None:
                to.wrong(f"additional property not allowed: {name}", at)
            elif item is not None:
                check(item, f"{at}/{name}", to)
        if self.rule:
            self.rule(value, at, to)


# --- checks of single values


def string(most: int, least: int = 1) -> Check:
    """A string of `least` to `most` characters."""

    def check(value: Any, at: str, to: Report) -> None:
        if not isinstance(value, str):
            to.wrong("must be a string", at)
        elif len(value) > most:
            to.wrong(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            to.wrong(f"must be more than {least - 1} characters", at)

    return check


def counted(most: int) -> Check:
    """A string that counts towards the size of the message."""
    inner = string(most)

    def check(value: Any, at: str, to: Report) -> None:
        inner(value, at, to)
        to.characters += len(value) if isinstance(value, str) else 0

    return check


def number(least: int, most: int) -> Check:
    """An integer between two bounds, both allowed."""

    def check(value: Any, at: str, to: Report) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            to.wrong("must be an integer", at)
        elif not least <= value <= most:
            to.wrong(f"must be between {least} and {most}", at)

    return check


def one_of(*allowed: str) -> Check:
    """One of some words."""

    def check(value: Any, at: str, to: Report) -> None:
        if value not in allowed:
            to.wrong(f"must be one of: {', '.join(allowed)}", at)

    return check


def many(item: Check, most: int, least: int = 1) -> Check:
    """A list of `least` to `most` items."""

    def check(value: Any, at: str, to: Report) -> None:
        if not isinstance(value, list):
            return to.wrong("must be an array", at)
        if len(value) > most:
            to.wrong(f"no more than {most} items allowed", at)
        if len(value) < least:
            to.wrong(f"no fewer than {least} items allowed", at)
        for index, element in enumerate(value):
            item(element, f"{at}/{index}", to)

    return check


def matching(pattern: str, what: str) -> Check:
    """A string of a form."""

    def check(value: Any, at: str, to: Report) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            to.wrong(f"must be {what}", at)

    return check


def flag(value: Any, at: str, to: Report) -> None:
    """True or false."""
    if not isinstance(value, bool):
        to.wrong("must be a boolean", at)


def _date(value: Any, at: str, to: Report) -> None:
    try:
        if date.fromisoformat(value).isoformat() != value:
            raise ValueError
    except (TypeError, ValueError):
        to.wrong("must be a date as YYYY-MM-DD", at)


def _block_id(value: Any, at: str, to: Report) -> None:
    string(255)(value, at, to)
    if value in to.block_ids:
        to.wrong(f"`block_id` `{value}` already exists", at)
    elif isinstance(value, str):
        to.block_ids.add(value)


def _action_id(value: Any, at: str, to: Report) -> None:
    string(255)(value, at, to)
    if value in to.action_ids:
        to.wrong(f"`action_id` `{value}` already exists in this block", at)
    elif isinstance(value, str):
        to.action_ids.add(value)


def _anything(_value: Any, _at: str, _to: Report) -> None:
    """Known to Slack, not looked into here."""


def _focus(value: Any, at: str, to: Report) -> None:
    flag(value, at, to)
    to.focused += value is True
    if to.surface == "message":
        to.wrong("focus_on_load is only allowed in views", at)
    elif to.focused > 1:
        to.wrong("only one element can have focus_on_load", at)


def text(most: int, *kinds: str) -> Check:
    """A text object of one of `kinds` (both when none is given)."""
    allowed = kinds or ("plain_text", "mrkdwn")
    shapes = {
        "plain_text": Shape({"text": counted(most), "emoji": flag}, ("text",)),
        "mrkdwn": Shape({"text": counted(most), "verbatim": flag}, ("text",)),
    }

    def check(value: Any, at: str, to: Report) -> None:
        if not isinstance(value, dict):
            to.wrong("must be a text object", at)
        elif value.get("type") not in allowed:
            to.wrong(f"must be a {' or '.join(allowed)} object", f"{at}/type")
        else:
            shapes[value["type"]](value, at, to)

    return check


def plain(most: int) -> Check:
    """A plain_text object."""
    return text(most, "plain_text")


# --- composition objects

_CONFIRM = Shape(
    {
        "title": plain(100),
        "text": text(300),
        "confirm": plain(30),
        "deny": plain(30),
        "style": one_of("primary", "danger"),
    },
    ("title", "text"),
)
_DISPATCH = Shape({"trigger_actions_on": many(one_of("on_enter_pressed", "on_character_entered"), 2)})
_OPTION = Shape({"text": plain(75), "value": string(150), "description": plain(75)}, ("text", "value"))
# Only radio buttons and checkboxes show mrkdwn in an option.
_RICH_OPTION = Shape({"text": text(75), "value": string(150), "description": text(75)}, ("text", "value"))
_OVERFLOW_OPTION = Shape({**_OPTION.members, "url": string(3000)}, ("text", "value"))
_GROUP = Shape({"label": plain(75), "options": many(_OPTION, 100)}, ("label", "options"))
_FILTER = Shape(
    {
        "include": many(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    }
)
_IMAGE: dict[str, Check] = {
    "alt_text": string(2000),
    "image_url": string(3000),
    "slack_file": Shape({"id": string(255), "url": string(3000)}),
}


def _image_rule(value: Any, at: str, to: Report) -> None:
    if (value.get("image_url") is None) == (value.get("slack_file") is None):
        to.wrong("exactly one of image_url and slack_file is required", at)


def _choices(value: Any, at: str, to: Report) -> None:
    """Either options or groups, and initial options that are literally among them."""
    if value.get("type", "").endswith("static_select") and (
        (value.get("options") is None) == (value.get("option_groups") is None)
    ):
        return to.wrong("exactly one of options and option_groups is required", at)
    groups = value.get("option_groups") or []
    offered = list(value.get("options") or [])
    for group in groups if isinstance(groups, list) else []:
        offered += (group.get("options") or []) if isinstance(group, dict) else []
    first = value.get("initial_option")
    chosen = ([first] if first is not None else []) + list(value.get("initial_options") or [])
    for option in chosen:
        if option not in offered:
            to.wrong("initial option must exactly match one of the options", at)
    values = [option.get("value") for option in offered if isinstance(option, dict)]
    if len(values) != len(set(values)) and value.get("type") != "overflow":
        to.wrong("option values must be unique", at)


def _lengths(value: Any, at: str, to: Report) -> None:
    least, most = value.get("min_length"), value.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        to.wrong("min_length must not exceed max_length", at)
    if isinstance(most, int) and len(str(value.get("initial_value") or "")) > most:
        to.wrong("initial_value is longer than max_length", at)


def _numbers(value: Any, at: str, to: Report) -> None:
    try:
        least = float(value.get("min_value") or "-inf")
        most = float(value.get("max_value") or "inf")
        first = float(value.get("initial_value") or (least if least > float("-inf") else most))
    except (TypeError, ValueError):
        return
    if not least <= first <= most:
        to.wrong("min_value, initial_value and max_value must be in order", at)


# --- elements

_COMMON: dict[str, Check] = {"action_id": _action_id}
_FIELD: dict[str, Check] = {
    **_COMMON,
    "placeholder": plain(150),
    "confirm": _CONFIRM,
    "focus_on_load": _focus,
}
_TYPED: dict[str, Check] = {
    **_COMMON,
    "placeholder": plain(150),
    "focus_on_load": _focus,
    "dispatch_action_config": _DISPATCH,
}
_NUMERAL = matching(r"-?\d+(\.\d+)?", "a number in a string")
_OPTIONS: dict[str, Check] = {"options": many(_OPTION, 100), "option_groups": many(_GROUP, 100)}
_MULTI: dict[str, Check] = {"max_selected_items": number(1, 100)}
_ID = string(255)

ELEMENTS: dict[str, Shape] = {
    "button": Shape(
        {
            **_COMMON,
            "text": plain(75),
            "url": string(3000),
            "value": string(2000),
            "style": one_of("primary", "danger"),
            "confirm": _CONFIRM,
            "accessibility_label": string(75),
            "agent_prompt": string(4000),
        },
        ("text",),
    ),
    "workflow_button": Shape(
        {
            **_COMMON,
            "text": plain(75),
            "workflow": _anything,
            "style": one_of("primary", "danger"),
            "accessibility_label": string(75),
        },
        ("text", "workflow"),
    ),
    "icon_button": Shape(
        {
            **_COMMON,
            "icon": one_of("trash"),
            "text": plain(75),
            "value": string(2000),
            "confirm": _CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": many(_ID, 100),
        },
        ("icon", "text"),
    ),
    "feedback_buttons": Shape(
        {
            **_COMMON,
            "positive_button": Shape(
                {"text": plain(75), "value": string(2000), "accessibility_label": string(75)},
                ("text", "value"),
            ),
            "negative_button": Shape(
                {"text": plain(75), "value": string(2000), "accessibility_label": string(75)},
                ("text", "value"),
            ),
        },
        ("positive_button", "negative_button"),
    ),
    "image": Shape(_IMAGE, ("alt_text",), _image_rule),
    "overflow": Shape(
        {**_COMMON, "options": many(_OVERFLOW_OPTION, 5), "confirm": _CONFIRM},
        ("options",),
        _choices,
    ),
    "static_select": Shape({**_FIELD, **_OPTIONS, "initial_option": _OPTION}, (), _choices),
    "multi_static_select": Shape(
        {**_FIELD, **_OPTIONS, **_MULTI, "initial_options": many(_OPTION, 100)}, (), _choices
    ),
    "external_select": Shape({**_FIELD, "min_query_length": number(0, 1000), "initial_option": _OPTION}),
    "multi_external_select": Shape(
        {
            **_FIELD,
            **_MULTI,
            "min_query_length": number(0, 1000),
            "initial_options": many(_OPTION, 100),
        }
    ),
    "users_select": Shape({**_FIELD, "initial_user": _ID}),
    "multi_users_select": Shape({**_FIELD, **_MULTI, "initial_users": many(_ID, 100)}),
    "conversations_select": Shape(
        {
            **_FIELD,
            "initial_conversation": _ID,
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
            "filter": _FILTER,
        }
    ),
    "multi_conversations_select": Shape(
        {
            **_FIELD,
            **_MULTI,
            "initial_conversations": many(_ID, 100),
            "default_to_current_conversation": flag,
            "filter": _FILTER,
        }
    ),
    "channels_select": Shape({**_FIELD, "initial_channel": _ID, "response_url_enabled": flag}),
    "multi_channels_select": Shape({**_FIELD, **_MULTI, "initial_channels": many(_ID, 100)}),
    "radio_buttons": Shape(
        {
            **_COMMON,
            "confirm": _CONFIRM,
            "focus_on_load": _focus,
            "options": many(_RICH_OPTION, 10),
            "initial_option": _RICH_OPTION,
        },
        ("options",),
        _choices,
    ),
    "checkboxes": Shape(
        {
            **_COMMON,
            "confirm": _CONFIRM,
            "focus_on_load": _focus,
            "options": many(_RICH_OPTION, 10),
            "initial_options": many(_RICH_OPTION, 10),
        },
        ("options",),
        _choices,
    ),
    "datepicker": Shape({**_FIELD, "initial_date": _date}),
    "timepicker": Shape(
        {
            **_FIELD,
            "initial_time": matching(r"([01]\d|2[0-3]):[0-5]\d", "a time as HH:mm"),
            "timezone": string(255),
        }
    ),
    "datetimepicker": Shape(
        {
            **_COMMON,
            "confirm": _CONFIRM,
            "focus_on_load": _focus,
            "initial_date_time": number(10**9, 10**10 - 1),
        }
    ),
    "plain_text_input": Shape(
        {
            **_TYPED,
            "initial_value": string(3000, 0),
            "multiline": flag,
            "min_length": number(0, 3000),
            "max_length": number(1, 3000),
        },
        (),
        _lengths,
    ),
    "email_text_input": Shape({**_TYPED, "initial_value": string(3000)}),
    "url_text_input": Shape({**_TYPED, "initial_value": string(3000)}),
    "number_input": Shape(
        {
            **_TYPED,
            "is_decimal_allowed": flag,
            "initial_value": _NUMERAL,
            "min_value": _NUMERAL,
            "max_value": _NUMERAL,
        },
        ("is_decimal_allowed",),
        _numbers,
    ),
    "rich_text_input": Shape({**_TYPED, "initial_value": lambda value, at, to: _rich_text(value, at, to)}),
    "file_input": Shape(
        {**_COMMON, "filetypes": many(string(32), 100), "max_files": number(1, 10)},
        surfaces=("modal",),
    ),
}
_SINGLE = (
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
)
_MULTIPLE = tuple(f"multi_{name}" for name in _SINGLE)
_PICKED = ("checkboxes", "radio_buttons", "datepicker", "timepicker")
_ACTIONS = ("button", "workflow_button", "overflow", "datetimepicker", *_SINGLE, *_PICKED)
_ACCESSORY = ("button", "workflow_button", "overflow", "image", *_SINGLE, *_MULTIPLE, *_PICKED)
_INPUT = (
    *_SINGLE,
    *_MULTIPLE,
    *_PICKED,
    "datetimepicker",
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
)


def element(*kinds: str) -> Check:
    """One of some elements."""

    def check(value: Any, at: str, to: Report) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in kinds or kind not in ELEMENTS:
            to.wrong(f"unsupported type: {kind}", f"{at}/type")
        elif to.surface not in ELEMENTS[kind].surfaces:
            to.wrong(f"unsupported type: {kind} (in a {to.surface})", f"{at}/type")
        else:
            ELEMENTS[kind](value, at, to)

    return check


def _context_item(value: Any, at: str, to: Report) -> None:
    if isinstance(value, dict) and value.get("type") == "image":
        ELEMENTS["image"](value, at, to)
    else:
        text(3000)(value, at, to)


# --- rich text

_STYLE = Shape(
    dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight"), flag)
)
_LEAVES: dict[str, Shape] = {
    "text": Shape({"text": counted(3000), "style": _STYLE}, ("text",)),
    "link": Shape({"url": string(3000), "text": counted(3000), "unsafe": flag, "style": _STYLE}, ("url",)),
    "user": Shape({"user_id": _ID, "style": _STYLE}, ("user_id",)),
    "usergroup": Shape({"usergroup_id": _ID, "style": _STYLE}, ("usergroup_id",)),
    "channel": Shape({"channel_id": _ID, "style": _STYLE}, ("channel_id",)),
    "team": Shape({"team_id": _ID, "style": _STYLE}, ("team_id",)),
    "emoji": Shape(
        {
            "name": string(255),
            "unicode": string(255),
            "skin_tone": number(1, 6),
            "style": _STYLE,
        },
        ("name",),
    ),
    "date": Shape(
        {
            "timestamp": number(0, 10**11),
            "format": string(255),
            "url": string(3000),
            "fallback": string(3000),
            "style": _STYLE,
        },
        ("timestamp", "format"),
    ),
    "broadcast": Shape({"range": one_of("here", "channel", "everyone")}, ("range",)),
    "color": Shape({"value": string(255), "style": _STYLE}, ("value",)),
}


def _typed(shapes: Mapping[str, Shape]) -> Check:
    def check(value: Any, at: str, to: Report) -> None:
        kind = str(value.get("type")) if isinstance(value, dict) else "none"
        if kind not in shapes:
            to.wrong(f"unsupported type: {kind}", f"{at}/type")
        else:
            shapes[kind](value, at, to)

    return check


_LEAF = many(_typed(_LEAVES), 1000, 0)
_SECTION = Shape({"elements": _LEAF}, ("elements",))
_PARTS: dict[str, Shape] = {
    "rich_text_section": _SECTION,
    "rich_text_quote": Shape({"elements": _LEAF, "border": number(0, 1)}, ("elements",)),
    "rich_text_preformatted": Shape(
        {"elements": _LEAF, "border": number(0, 1), "language": string(64)}, ("elements",)
    ),
    "rich_text_list": Shape(
        {
            "elements": many(_typed({"rich_text_section": _SECTION}), 1000),
            "style": one_of("bullet", "ordered"),
            "indent": number(0, 8),
            "offset": number(0, 10_000),
            "border": number(0, 1),
        },
        ("elements", "style"),
    ),
}
_RICH = Shape(
    {"elements": many(_typed(_PARTS), 1000), "block_id": _block_id},
    ("elements",),
)


def _rich_text(value: Any, at: str, to: Report) -> None:
    _typed({"rich_text": _RICH})(value, at, to)


# --- tables, plans and the like

_CELLS = {
    "raw_text": Shape({"text": counted(10_000)}, ("text",)),
    "raw_number": Shape(
        {"text": counted(255), "value": lambda value, at, to: _a_number(value, at, to)},
        ("text", "value"),
    ),
    "rich_text": _RICH,
}


def _a_number(value: Any, at: str, to: Report) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        to.wrong("must be a number", at)


_ROWS = many(many(_typed(_CELLS), 20), 100)


def _table(value: Any, at: str, to: Report) -> None:
    to.tables += 1
    if to.tables > 1:
        to.wrong("only one table allowed", at)
    before = to.characters
    _ROWS(value, at, to)
    if to.characters - before > 10_000:
        to.wrong("must be less than 10001 characters", at)


def _markdown(value: Any, at: str, to: Report) -> None:
    counted(12_000)(value, at, to)
    to.markdown += len(value) if isinstance(value, str) else 0
    if to.markdown > 12_000:
        to.wrong("markdown blocks must be less than 12001 characters together", at)


def _plan_rule(value: Any, at: str, to: Report) -> None:
    tasks = value.get("tasks")
    ids = [task.get("task_id") for task in tasks or [] if isinstance(task, dict)]
    if len(ids) != len(set(ids)):
        to.wrong("`task_id` must be unique in a plan", f"{at}/tasks")


def _section_rule(value: Any, at: str, to: Report) -> None:
    if value.get("text") is None and not value.get("fields"):
        to.wrong("missing required field: text or fields", at)


def _card_rule(value: Any, at: str, to: Report) -> None:
    if not any(value.get(name) for name in ("hero_image", "title", "actions", "body")):
        to.wrong("one of hero_image, title, actions and body is required", at)


def _input_rule(_value: Any, _at: str, to: Report) -> None:
    to.inputs += 1


_TASK = Shape(
    {
        "block_id": _block_id,
        "task_id": string(255),
        "title": counted(3000),
        "details": _rich_text,
        "output": _rich_text,
        "sources": many(
            _typed({"url": Shape({"url": string(3000), "text": counted(3000)}, ("url", "text"))}),
            50,
            0,
        ),
        "status": one_of("pending", "in_progress", "complete", "error"),
    },
    ("task_id", "title"),
    surfaces=("message",),
)
_CARD = Shape(
    {
        "block_id": _block_id,
        "hero_image": element("image"),
        "icon": element("image"),
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "actions": many(element("button"), 25),
    },
    (),
    _card_rule,
    ("message",),
)

_HTTPS = matching(r"https://\S+", "an https address")

# --- blocks

BLOCKS: dict[str, Shape] = {
    "section": Shape(
        {
            "block_id": _block_id,
            "text": text(3000),
            "fields": many(text(2000), 10),
            "accessory": element(*_ACCESSORY),
            "expand": flag,
        },
        (),
        _section_rule,
    ),
    "header": Shape(
        {"block_id": _block_id, "text": plain(150), "level": number(1, 4)},
        ("text",),
    ),
    "divider": Shape({"block_id": _block_id}),
    "image": Shape({**_IMAGE, "block_id": _block_id, "title": plain(2000)}, ("alt_text",), _image_rule),
    "context": Shape(
        {"block_id": _block_id, "elements": many(_context_item, 10)},
        ("elements",),
    ),
    "actions": Shape(
        {"block_id": _block_id, "elements": many(element(*_ACTIONS), 25)},
        ("elements",),
    ),
    "context_actions": Shape(
        {
            "block_id": _block_id,
            "elements": many(element("feedback_buttons", "icon_button"), 5),
        },
        ("elements",),
        surfaces=("message",),
    ),
    "input": Shape(
        {
            "block_id": _block_id,
            "label": plain(2000),
            "hint": plain(2000),
            "element": element(*_INPUT),
            "optional": flag,
            "dispatch_action": flag,
        },
        ("label", "element"),
        _input_rule,
        ("modal", "home"),
    ),
    "rich_text": _RICH,
    "markdown": Shape({"block_id": _block_id, "text": _markdown}, ("text",), surfaces=("message",)),
    "table": Shape(
        {
            "block_id": _block_id,
            "rows": _table,
            "column_settings": many(
                lambda value, at, to: (
                    None
                    if value is None
                    else Shape({"align": one_of("left", "center", "right"), "is_wrapped": flag})(
                        value, at, to
                    )
                ),
                20,
                0,
            ),
        },
        ("rows",),
        surfaces=("message",),
    ),
    "plan": Shape(
        {
            "block_id": _block_id,
            "title": counted(3000),
            "tasks": many(_typed({"task_card": _TASK}), 50, 0),
        },
        ("title",),
        _plan_rule,
        ("message",),
    ),
    "task_card": _TASK,
    "alert": Shape(
        {
            "block_id": _block_id,
            "text": text(200),
            "level": one_of("default", "info", "warning", "error", "success"),
        },
        ("text",),
        surfaces=("modal",),
    ),
    "card": _CARD,
    "carousel": Shape(
        {"block_id": _block_id, "elements": many(_typed({"card": _CARD}), 10)},
        ("elements",),
        surfaces=("message",),
    ),
    "container": Shape(
        {
            "block_id": _block_id,
            "title": plain(150),
            "rich_text_title": _rich_text,
            "subtitle": text(150),
            "child_blocks": many(lambda value, at, to: _block(value, at, to), 10),
            "width": one_of("narrow", "standard", "wide", "full"),
            "icon": element("image"),
            "is_collapsible": flag,
            "default_collapsed": flag,
            "has_header_divider": flag,
        },
        ("child_blocks",),
        surfaces=("message",),
    ),
    "video": Shape(
        {
            "block_id": _block_id,
            "alt_text": string(2000),
            "video_url": _HTTPS,
            "thumbnail_url": string(3000),
            "title": plain(199),
            "title_url": _HTTPS,
            "description": plain(200),
            "provider_icon_url": string(3000),
            "provider_name": string(255),
            "author_name": string(49),
        },
        ("alt_text", "video_url", "thumbnail_url", "title"),
    ),
    "file": Shape(
        {"block_id": _block_id, "external_id": string(255), "source": one_of("remote")},
        ("external_id", "source"),
        surfaces=("message",),
    ),
}


def _block(value: Any, at: str, to: Report) -> None:
    to.action_ids = set()
    kind = value.get("type") if isinstance(value, dict) else None
    shape = BLOCKS.get(str(kind))
    if shape is None:
        to.wrong(f"unsupported type: {kind}", f"{at}/type")
    elif to.surface not in shape.surfaces:
        to.wrong(f"unsupported type: {kind} (in a {to.surface})", f"{at}/type")
    else:
        shape(value, at, to)


_METADATA: dict[str, Check] = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
    "blocks": many(_block, VIEW_BLOCKS),
}
_MODAL = Shape(
    {
        **_METADATA,
        "title": plain(24),
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
    ("title", "blocks"),
)
_HOME = Shape(_METADATA, ("blocks",))


# --- what others ask


def check_message(blocks: Any) -> tuple[str, list[str]]:
    """Check the blocks of a message.

    Returns:
        Slack's error (empty if all is well) and its `response_metadata.messages`.
    """
    to = Report("message")
    many(_block, MESSAGE_BLOCKS, 0)(blocks, "/blocks", to)
    if to.errors:
        return "invalid_blocks", to.errors
    if to.characters > MESSAGE_CHARACTERS:
        to.wrong(f"{to.characters} characters in all blocks", "/blocks")
        return "msg_blocks_too_long", to.errors
    return "", []


def check_view(view: Any, *kinds: Surface) -> tuple[str, list[str]]:
    """Check a view that must be of one of `kinds`; answers as `check_message` does."""
    kind = view.get("type") if isinstance(view, dict) else None
    if kind not in kinds:
        return "invalid_arguments", [f"[ERROR] unsupported type: {kind} [json-pointer:/view/type]"]
    to = Report("modal" if kind == "modal" else "home")
    (_MODAL if kind == "modal" else _HOME)(view, "/view", to)
    if kind == "modal" and to.inputs and not view.get("submit"):
        to.wrong("`submit` is required when an `input` block is within the `blocks` array", "/view")
    if to.errors:
        return "invalid_arguments", to.errors
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        to.wrong("must be less than 250001 bytes", "/view")
        return "view_too_large", to.errors
    return "", []


def check_options(answer: Any) -> list[str]:
    """Check the answer to a block_suggestion; returns what is wrong with it."""
    to = Report("modal")
    shape = Shape({"options": many(_OPTION, 100, 0), "option_groups": many(_GROUP, 100, 0)})
    shape(answer, "", to)
    if isinstance(answer, dict) and ("options" in answer) == ("option_groups" in answer):
        to.wrong("exactly one of options and option_groups is required", "/")
    return to.errors

"""Modals and home tabs: what a view holds and what becomes of its inputs when it changes."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from bot.demo.slack.plain import controls
from bot.demo.slack.values import Json

VALUE_KEYS: dict[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "initial_files"),
}
"""Element type to the member of its state that holds the value, and of the element with the first
value."""

Values = dict[str, dict[str, Json]]


def holds_many(kind: str) -> bool:
    """Whether the value of such an element is a list."""
    return kind.startswith("multi_") or kind in ("checkboxes", "file_input")


def state_of(blocks: list[Json], before: Values | None = None, channel: str = "") -> Values:
    """The state of all inputs in `blocks`.

    What people entered (`before`) survives only under the same block_id, action_id and type;
    everything else starts with its initial value. `channel` is the conversation the view was
    opened from.
    """
    values: Values = {}
    for block_id, element in controls(blocks):
        kind = element["type"]
        if kind not in VALUE_KEYS:
            continue
        key, initial = VALUE_KEYS[kind]
        kept = (before or {}).get(block_id, {}).get(element["action_id"])
        if kept and kept["type"] == kind:
            entry = copy.deepcopy(kept)
        else:
            first = copy.deepcopy(element.get(initial))
            if first is None and element.get("default_to_current_conversation") and channel:
                first = [channel] if holds_many(kind) else channel
            if first is None and holds_many(kind):
                first = []
            entry = {"type": kind, key: first}
        values.setdefault(block_id, {})[element["action_id"]] = entry
    return values


@dataclass
class View:
    """A view somebody sees, or has seen. Guarded by the lock of the workspace."""

    id: str
    user: str
    payload: Json
    """As the app sent it, with ids filled in."""
    hash: str
    root_id: str
    previous_id: str | None
    channel: str = ""
    values: Values = field(default_factory=dict)
    offers: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    """Options the app suggested last, by block_id and action_id."""
    open: bool = True

    def as_json(self, team: str, app: str, bot: str) -> Json:
        """The view object as Slack sends it."""
        payload = self.payload
        blank = {"type": "plain_text", "text": "", "emoji": True}
        return {
            "id": self.id,
            "team_id": team,
            "type": payload["type"],
            "title": payload.get("title", blank),
            "submit": payload.get("submit"),
            "close": payload.get("close"),
            "blocks": copy.deepcopy(payload["blocks"]),
            "private_metadata": payload.get("private_metadata", ""),
            "callback_id": payload.get("callback_id", ""),
            "external_id": payload.get("external_id", ""),
            "state": {"values": copy.deepcopy(self.values)},
            "hash": self.hash,
            "clear_on_close": payload.get("clear_on_close", False),
            "notify_on_close": payload.get("notify_on_close", False),
            "submit_disabled": payload.get("submit_disabled", False),
            "previous_view_id": self.previous_id,
            "root_view_id": self.root_id,
            "app_id": app,
            "app_installed_team_id": team,
            "bot_id": bot,
        }

    def value(self, block_id: str, action_id: str) -> Any:
        """What is entered in one input."""
        entry = self.values[block_id][action_id]
        return entry[VALUE_KEYS[entry["type"]][0]]

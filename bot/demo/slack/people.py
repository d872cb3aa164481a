"""People at their keyboards: what they do becomes what Slack would send."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.demo.slack import block_kit, plain
from bot.demo.slack.deliver import Deliverer
from bot.demo.slack.values import Ack, Json, Message, User
from bot.demo.slack.views import VALUE_KEYS, View, holds_many, state_of
from bot.demo.slack.workspace import Channel, Post, Refusal, Workspace

_BUTTONS = ("button", "workflow_button", "icon_button")
REQUIRED = "Please complete this required field."


@dataclass(frozen=True)
class SubmitResult:
    """What became of a submission."""

    closed: bool
    """Whether the form was taken away; False after an error, an update or a push."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """Message under each field, by label (`Label (2)` for the second field of that label)."""
    block_errors: Mapping[str, str] = field(default_factory=dict)
    """The same by block_id."""
    ack: Ack | None = None
    """How the app answered; None if Slack's client kept the form back because of `errors`."""


@dataclass(frozen=True)
class Office:
    """What people and forms work with: the state, the way to the app, and how to wait."""

    here: Workspace
    deliver: Deliverer
    should_escape: bool
    wait: Callable[[Callable[[], Any], float], Any]


class Person:
    """One person, who types, clicks and fills in forms. Every method may be called at any time."""

    def __init__(self, user: User, office: Office) -> None:
        self.id = user.id
        self.name = user.name
        self._user = user
        self._office = office
        self._here = office.here

    def command(self, text: str, channel: str | None = None, *, repeat: int = 1) -> Ack:
        """Type a slash command.

        Args:
            text: all of it, as `/order status ORD-7F3K2M`.
            channel: id or name of where it is typed; the first channel by default, or the direct
                conversation with the bot if there is none.
            repeat: how often the very same delivery is sent.

        Returns:
            The answer to the last delivery.
        """
        place = self._place(channel)
        command, _, rest = text.strip().partition(" ")
        rest = rest.strip()
        self._here.log(self._here.place(place.id), self.name, text)
        form = {
            "token": "local-verification-token",
            "team_id": self._here.team,
            "team_domain": "local",
            "channel_id": place.id,
            "channel_name": "privategroup" if place.private else place.name,
            "user_id": self.id,
            "user_name": self._user.username,
            "command": command,
            "text": escaped(rest, self._here) if self._office.should_escape else rest,
            "api_app_id": self._here.app,
            "is_enterprise_install": "false",
            "response_url": self._office.deliver.base_url()
            + self._here.issue_response_url(self.id, place.id),
            "trigger_id": self._here.issue_trigger(self.id, place.id),
        }
        ack = self._office.deliver.command(f"{text} by {self.name}", form)
        for _ in range(repeat - 1):
            ack = self._office.deliver.again(ack)
        return ack

    def say(self, text: str, channel: str, thread: str | None = None) -> Message:
        """Write a message that is no command, into a channel or a thread of it."""
        place = self._place(channel)
        said = escaped(text, self._here)
        return self._here.post(Post(place.id, "", self.id, said, [], thread_ts=thread))

    def click(self, message: Message, button: str, *, value: str | None = None) -> Ack:
        """Click a button of a message, accepting its confirmation; or pick from a menu in it.

        Args:
            message: as this person sees it, possibly out of date.
            button: its text, or the text of an option of a menu.
            value: its value, to tell several of the same text apart.

        Raises:
            LookupError: there is no such button, or several.
        """
        found = [
            (block_id, element, option)
            for block_id, element in plain.controls(message.blocks)
            for option in _clickable(element, button, message.names)
            if value is None or (option or element).get("value") == value
        ]
        if len(found) != 1:
            raise LookupError(
                f"{'no' if not found else 'more than one'} button {button!r}"
                f" in the message; there are {message.buttons}"
            )
        block_id, element, option = found[0]
        self._here.log(self._here.place(message.channel), self.name, f"clicks [{button}]")
        with self._here.lock:
            now = self._here.find(message.channel, message.ts)
            channel = self._here.channels[message.channel]
            container: Json = {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel,
                "is_ephemeral": message.only_for is not None,
            }
            if message.thread_ts:
                container["thread_ts"] = message.thread_ts
            payload: Json = {
                **self._envelope("block_actions"),
                "container": container,
                "trigger_id": self._here.issue_trigger(self.id, message.channel),
                "channel": {"id": channel.id, "name": channel.name},
                "state": {"values": state_of(message.blocks)},
                "response_url": self._office.deliver.base_url()
                + self._here.issue_response_url(self.id, message.channel, message.ts, message.thread_ts),
                "actions": [_action(block_id, element, option)],
            }
            # Slack does not send along an ephemeral message.
            if message.only_for is None:
                payload["message"] = (
                    self._here.message_json(now)
                    if now
                    else {"type": "message", "ts": message.ts, "blocks": message.blocks}
                )
        return self._office.deliver.interaction(f"[{button}] by {self.name}", payload)

    def form(self) -> Form | None:
        """The modal this person sees now."""
        view = self._here.top_view(self.id)
        return Form(view, self, self._office) if view else None

    def wait_form(self, timeout: float = 5) -> Form:
        """The modal this person sees, once there is one; TimeoutError after `timeout` seconds."""
        form: Form = self._office.wait(self.form, timeout)
        return form

    def home(self) -> Form | None:
        """The home tab the app published for this person; buttons work, submitting does not."""
        with self._here.lock:
            view_id = self._here.homes.get(self.id)
            return Form(self._here.views[view_id], self, self._office) if view_id else None

    def open_home(self) -> Ack:
        """Look at the app's home tab: sends `app_home_opened`, with the view that is there, if one is."""
        channel = self._here.direct(self.id).id
        event: Json = {"type": "app_home_opened", "user": self.id, "channel": channel, "tab": "home"}
        shown = self.home()
        if shown:
            event["view"] = shown.as_json()
        return self._office.deliver.event(event)

    def _place(self, channel: str | None) -> Channel:
        with self._here.lock:
            if channel is None:
                places = [c for c in self._here.channels.values() if not c.with_user]
                return places[0] if places else self._here.direct(self.id)
            found = self._here.channel(channel)
            if found is None:
                raise LookupError(f"no channel {channel!r}")
            return found

    def _envelope(self, kind: str) -> Json:
        return {
            "type": kind,
            "team": {"id": self._here.team, "domain": "local"},
            "enterprise": None,
            "is_enterprise_install": False,
            "user": {
                "id": self.id,
                "username": self._user.username,
                "name": self._user.username,
                "team_id": self._here.team,
            },
            "api_app_id": self._here.app,
            "token": "local-verification-token",
        }


class Form:
    """A modal as somebody sees it: always its present state.

    Fields are named by label; a field without one by the text or placeholder next to it, and
    any by its block_id or action_id. `nth` (from 0) tells several of the same name apart; without
    it the first one is meant.
    """

    def __init__(self, view: View, person: Person, office: Office) -> None:
        self._view = view
        self._person = person
        self._office = office
        self._here = office.here

    # --- what is to be seen

    @property
    def id(self) -> str:
        """The view_id."""
        return self._view.id

    def as_json(self) -> Json:
        """All of it, as Slack sends it."""
        with self._here.lock:
            return self._json()

    @property
    def open(self) -> bool:
        """Whether it is still on the screen or below another modal."""
        with self._here.lock:
            return self._view.open

    @property
    def title(self) -> str:
        """Its title."""
        with self._here.lock:
            return plain.text_of(self._view.payload.get("title"), {})

    @property
    def callback_id(self) -> str:
        """Its callback_id, empty if none."""
        with self._here.lock:
            return str(self._view.payload.get("callback_id") or "")

    @property
    def blocks(self) -> list[Json]:
        """Its blocks."""
        with self._here.lock:
            return copy.deepcopy(self._view.payload["blocks"])

    @property
    def plain(self) -> str:
        """All visible text, title first."""
        with self._here.lock:
            return self._here.show_view(self._view)

    @property
    def can_submit(self) -> bool:
        """Whether there is a submit button that can be pressed."""
        with self._here.lock:
            payload = self._view.payload
            return bool(payload.get("submit")) and not payload.get("submit_disabled")

    @property
    def buttons(self) -> list[str]:
        """Texts of the buttons in it (not those of its frame)."""
        with self._here.lock:
            return [
                plain.text_of(element.get("text"), {})
                for _, element in plain.controls(self._view.payload["blocks"])
                if element["type"] in _BUTTONS
            ]

    def labels(self) -> list[str]:
        """Names of all fields, in order."""
        with self._here.lock:
            return [name for name, _, _ in self._fields()]

    def values(self) -> dict[str, Any]:
        """What is entered so far: text, option text, ids or lists of them, by label."""
        with self._here.lock:
            shown: dict[str, Any] = {}
            for name, block_id, element in self._fields():
                value = self._view.value(block_id, element["action_id"])
                shown[_unused(name, shown)] = _shown(value)
            return shown

    def options(self, label: str, *, nth: int = 0) -> list[str]:
        """Texts of the options a field offers now (for an external one: suggested last)."""
        with self._here.lock:
            block_id, element = self._field(label, nth)
            return [plain.text_of(option["text"], {}) for option in self._offered(block_id, element)]

    def value(self, label: str, *, nth: int = 0) -> Any:
        """What is entered in one field, as its state holds it: text, an option, an id, a list; or None."""
        with self._here.lock:
            block_id, element = self._field(label, nth)
            return copy.deepcopy(self._view.value(block_id, element["action_id"]))

    def choices(self, label: str, *, nth: int = 0) -> list[Json]:
        """As `options`, whole: with values and descriptions."""
        with self._here.lock:
            return copy.deepcopy(self._offered(*self._field(label, nth)))

    # --- what a person does

    def fill(self, label: str, text: str, *, nth: int = 0, enter: bool = False) -> Ack | None:
        """Type into a field, replacing what was there.

        Returns:
            The answer to the block_actions this caused, if any: with `dispatch_action`, on `enter`
            or on the last character, as the field is configured.

        Raises:
            LookupError: no such field. ValueError: it is not for typing.
        """
        with self._here.change():
            block_id, element = self._field(label, nth)
            if element["type"] not in (
                "plain_text_input",
                "email_text_input",
                "url_text_input",
                "number_input",
            ):
                raise ValueError(f"{label!r} is a {element['type']}; choose or pick instead")
            self._set(block_id, element, text or None)
            config = element.get("dispatch_action_config") or {}
            on = config.get("trigger_actions_on") or ["on_enter_pressed"]
            fires = self._dispatches(block_id) and (
                "on_character_entered" in on or (enter and "on_enter_pressed" in on)
            )
        return self._act(block_id, element, {"value": text}) if fires else None

    def choose(self, label: str, option: str, *, nth: int = 0) -> Ack | None:
        """Pick an option by text or value, a person by name or id, a channel by name or id.

        In a field for several, it is added to what is chosen; choosing it again takes it out.
        An external field is asked for suggestions first if it has not offered the option yet.

        Returns:
            The answer to the block_actions this caused, if any.

        Raises:
            LookupError: no such field or option.
        """
        with self._here.lock:
            block_id, element = self._field(label, nth)
            offered = self._match(block_id, element, option)
        if offered is None and "external" in element["type"]:
            self.suggest(label, option, nth=nth)
            with self._here.lock:
                offered = self._match(block_id, element, option)
        if offered is None:
            raise LookupError(f"{label!r} offers no {option!r} but {self.options(label, nth=nth)}")
        return self._choose(block_id, element, offered)

    def clear(self, label: str, *, nth: int = 0) -> Ack | None:
        """Empty a field."""
        with self._here.lock:
            block_id, element = self._field(label, nth)
        return self._choose(block_id, element, None)

    def pick_date(self, label: str, day: str, *, nth: int = 0) -> Ack | None:
        """Pick a day (`YYYY-MM-DD`), or a time (`HH:mm`) in a field for times."""
        with self._here.lock:
            block_id, element = self._field(label, nth)
            if element["type"] not in ("datepicker", "timepicker"):
                raise ValueError(f"{label!r} is a {element['type']}")
        return self._choose(block_id, element, day)

    def suggest(self, label: str, query: str = "", *, nth: int = 0) -> list[str]:
        """Type into a field that searches; returns the texts of the options the app suggests.

        Nothing is asked, and nothing returned, while `query` is shorter than the field wants.
        """
        with self._here.lock:
            block_id, element = self._field(label, nth)
            if "external" not in element["type"]:
                raise ValueError(f"{label!r} is a {element['type']}")
            if len(query) < element.get("min_query_length", 3):
                return []
            payload = {
                **self._person._envelope("block_suggestion"),
                "container": {"type": "view", "view_id": self._view.id},
                "view": self._json(),
                "block_id": block_id,
                "action_id": element["action_id"],
                "value": query,
            }
        what = f"options of {label!r} for {query!r}"
        ack = self._office.deliver.interaction(what, payload)
        options: list[Json] = []
        if ack.status == 200:
            errors = block_kit.check_options(ack.body)
            if errors:
                self._here.violate(f"invalid options: {what}: {'; '.join(errors)}")
            else:
                options = list(ack.body.get("options") or [])
                for group in ack.body.get("option_groups") or []:
                    options += group["options"]
        with self._here.change():
            self._view.offers[block_id, element["action_id"]] = options
        return [plain.text_of(option["text"], {}) for option in options]

    def press(self, button: str, *, value: str | None = None, nth: int | None = None) -> Ack:
        """Press a button inside the form.

        Args:
            button: its text.
            value: its value, to tell several of the same text apart; or `nth`, from 0.

        Raises:
            LookupError: there is no such button, or several.
        """
        with self._here.lock:
            found = [
                (block_id, element, option)
                for block_id, element in plain.controls(self._view.payload["blocks"])
                if element["type"] in (*_BUTTONS, "overflow")
                for option in _clickable(element, button, {})
                if value is None or (option or element).get("value") == value
            ]
        if nth is not None:
            found = found[nth : nth + 1]
        if len(found) != 1:
            raise LookupError(f"{'no' if not found else 'more than one'} button {button!r}; {self.buttons}")
        self._here.log("form", self._person.name, f"presses [{button}]")
        block_id, element, option = found[0]
        return self._send_action(f"[{button}]", _action(block_id, element, option))

    def submit(self) -> SubmitResult:
        """Press the submit button.

        Required and malformed fields keep the form back before anything is sent, as they do in
        Slack's client.

        Raises:
            LookupError: there is nothing to press.
        """
        with self._here.lock:
            if not self._view.open or not self.can_submit:
                raise LookupError(f"nothing to submit in {self.title!r}")
            wrong = self._client_errors()
            if wrong:
                return SubmitResult(False, self._by_label(wrong), wrong)
            entered = ", ".join(f"{label}: {value}" for label, value in self.values().items())
            self._here.log("form", self._person.name, f"submits {self.title}: {entered}")
            payload = {
                **self._person._envelope("view_submission"),
                "trigger_id": self._here.issue_trigger(self._person.id, self._view.channel, self._view.id),
                "view": self._json(),
                "response_urls": self._response_urls(),
            }
        ack = self._office.deliver.interaction(f"submit of {self.title!r}", payload)
        if ack.status != 200:
            return SubmitResult(False, ack=ack)
        with self._refusals("view_submission"):
            return self._submitted(ack)
        return SubmitResult(not self.open, ack=ack)

    def close(self, *, everything: bool = False) -> Ack | None:
        """Cancel; `everything` also closes the modals below.

        Returns:
            The answer to view_closed, if the app wants to be told.
        """
        with self._here.lock:
            payload = {
                **self._person._envelope("view_closed"),
                "view": self._json(),
                "is_cleared": everything,
            }
            told = bool(self._view.payload.get("notify_on_close"))
            self._here.close_view(self._view, everything=everything)
            self._here.log("form", self._person.name, f"closes {self.title}")
        return self._office.deliver.interaction("view_closed", payload) if told else None

    # --- how

    def _fields(self) -> Iterator[tuple[str, str, Json]]:
        names = self._here.names()
        for block in self._view.payload["blocks"]:
            for block_id, element in plain.controls([block]):
                if element["type"] not in VALUE_KEYS:
                    continue
                name = plain.text_of(block.get("label") or block.get("text"), names)
                yield name or plain.text_of(element.get("placeholder"), names), block_id, element

    def _field(self, label: str, nth: int) -> tuple[str, Json]:
        fields = list(self._fields())
        named = [(b, element) for name, b, element in fields if name == label]
        by_id = [(b, e) for _, b, e in fields if label in (b, e["action_id"])]
        for found in (named, by_id):
            if nth < len(found):
                return found[nth]
        raise LookupError(f"no field {label!r} (number {nth}); there are {self.labels()}")

    def _offered(self, block_id: str, element: Json) -> list[Json]:
        if "external" in element["type"]:
            return self._view.offers.get((block_id, element["action_id"]), [])
        options = list(element.get("options") or [])
        for group in element.get("option_groups") or []:
            options += group["options"]
        return options

    def _match(self, block_id: str, element: Json, wanted: str) -> Any:
        """The option, or id, meant by `wanted`."""
        kind = element["type"].removeprefix("multi_")
        if kind == "users_select":
            for user in self._here.users.values():
                if wanted.removeprefix("@") in (user.id, user.name, user.username):
                    return user.id
            return None
        if kind in ("conversations_select", "channels_select"):
            channel = self._here.channel(wanted)
            return channel.id if channel else None
        offered = self._offered(block_id, element)
        for option in offered:
            if plain.text_of(option["text"], self._here.names()) == wanted:
                return option
        return next((option for option in offered if option["value"] == wanted), None)

    def _choose(self, block_id: str, element: Json, chosen: Any) -> Ack | None:
        with self._here.change():
            if holds_many(element["type"]):
                before = self._view.value(block_id, element["action_id"]) or []
                added = [item for item in before if item != chosen]
                if len(added) == len(before):
                    added.append(chosen)
                chosen = [] if chosen is None else added
            self._set(block_id, element, chosen)
            fires = self._dispatches(block_id)
        key = VALUE_KEYS[element["type"]][0]
        return self._act(block_id, element, {key: chosen}) if fires else None

    def _set(self, block_id: str, element: Json, value: Any) -> None:
        kind = element["type"]
        entry = self._view.values[block_id][element["action_id"]]
        entry[VALUE_KEYS[kind][0]] = copy.deepcopy(value)

    def _dispatches(self, block_id: str) -> bool:
        for block in self._view.payload["blocks"]:
            if block["block_id"] == block_id:
                return block["type"] != "input" or bool(block.get("dispatch_action"))
        return False

    def _act(self, block_id: str, element: Json, value: Json) -> Ack:
        action = {
            "type": element["type"],
            "block_id": block_id,
            "action_id": element["action_id"],
            "action_ts": f"{time.time():.6f}",
            **value,
        }
        if "placeholder" in element:
            action["placeholder"] = element["placeholder"]
        return self._send_action(f"choice in {element['action_id']}", action)

    def _send_action(self, what: str, action: Json) -> Ack:
        with self._here.lock:
            payload = {
                **self._person._envelope("block_actions"),
                "container": {"type": "view", "view_id": self._view.id},
                "trigger_id": self._here.issue_trigger(self._person.id, self._view.channel, self._view.id),
                "view": self._json(),
                "actions": [action],
            }
        return self._office.deliver.interaction(f"{what} by {self._person.name}", payload)

    def _json(self) -> Json:
        return self._view.as_json(self._here.team, self._here.app, self._here.bot_id)

    def _response_urls(self) -> list[Json]:
        urls: list[Json] = []
        for _, block_id, element in self._fields():
            if element.get("response_url_enabled"):
                channel = self._view.value(block_id, element["action_id"])
                path = self._here.issue_response_url(self._person.id, channel or "")
                urls.append(
                    {
                        "block_id": block_id,
                        "action_id": element["action_id"],
                        "channel_id": channel,
                        "response_url": self._office.deliver.base_url() + path,
                    }
                )
        return urls

    def _client_errors(self) -> dict[str, str]:
        wrong: dict[str, str] = {}
        for block in self._view.payload["blocks"]:
            if block["type"] != "input":
                continue
            element = block["element"]
            value = self._view.value(block["block_id"], element["action_id"])
            if value in (None, "", []):
                if not block.get("optional"):
                    wrong[block["block_id"]] = REQUIRED
            elif error := _malformed(element, value):
                wrong[block["block_id"]] = error
        return wrong

    def _by_label(self, wrong: Mapping[str, str]) -> dict[str, str]:
        named: dict[str, str] = {}
        for name, block_id, _ in self._fields():
            unused = _unused(name, named)
            if block_id in wrong:
                named[unused] = wrong[block_id]
        return named

    @contextmanager
    def _refusals(self, what: str) -> Iterator[None]:
        try:
            yield
        except Refusal as refusal:
            self._here.violate(f"{refusal.error}: {what}: {'; '.join(refusal.messages)}")

    def _submitted(self, ack: Ack) -> SubmitResult:
        body = ack.body or {}
        if not isinstance(body, dict):
            raise Refusal("invalid_ack", [f"{body!r} is no answer to a submission"])
        action = body.get("response_action")
        if action is None and body:
            raise Refusal("invalid_ack", [f"no response_action in {body!r}"])
        if action == "errors":
            inputs = [b["block_id"] for b in self._view.payload["blocks"] if b["type"] == "input"]
            errors = body.get("errors")
            if not isinstance(errors, dict) or not errors:
                raise Refusal("invalid_ack", ["errors must be an object with at least one member"])
            strangers = [key for key in errors if key not in inputs]
            if strangers:
                raise Refusal("invalid_ack", [f"errors for {strangers}, inputs are {inputs}"])
            for label, error in self._by_label(errors).items():
                self._here.log("form", "", f"error under {label}: {error}")
            return SubmitResult(False, self._by_label(errors), errors, ack)
        if action in ("update", "push"):
            view = body.get("view")
            error, messages = block_kit.check_view(view, "modal")
            if error or not isinstance(view, dict):
                raise Refusal(error, messages)
            if action == "push":
                self._here.stack_view(self._person.id, view)
            else:
                self._here.update_view(self._view, view)
            return SubmitResult(False, ack=ack)
        if action not in (None, "clear"):
            raise Refusal("invalid_ack", [f"no response_action {action!r}"])
        self._here.close_view(self._view, everything=action == "clear")
        return SubmitResult(True, ack=ack)


def escaped(text: str, here: Workspace) -> str:
    """What Slack makes of typed text when the command asks for escaping: `<#C…|name>`, `<@U…|name>`
    for known names, and `&`, `<`, `>` as entities."""
    with here.lock:
        known = {
            **{f"#{c.name}": f"<#{c.id}|{c.name}>" for c in here.channels.values()},
            **{f"@{g.handle}": f"<!subteam^{g.id}|@{g.handle}>" for g in here.groups.values()},
            **{f"@{u.name}": f"<@{u.id}|{u.username}>" for u in here.users.values()},
            **{f"@{u.username}": f"<@{u.id}|{u.username}>" for u in here.users.values()},
        }
    names = "|".join(re.escape(plain.escape(name)) for name in sorted(known, key=len, reverse=True))
    lookup = {plain.escape(name).lower(): reference for name, reference in known.items()}
    pattern = re.compile(rf"(?<![\w&])(?:{names})(?![\w.-]*\w)|https?://[^\s\"'”]+", re.IGNORECASE)
    return pattern.sub(lambda m: lookup.get(m[0].lower(), f"<{m[0]}>"), plain.escape(text))


def _clickable(element: Json, text: str, names: Mapping[str, str]) -> Iterator[Json | None]:
    """None for a button of that text, the option for a menu that has one."""
    if element["type"] in _BUTTONS:
        if plain.text_of(element.get("text"), names) == text:
            yield None
    else:
        for option in element.get("options") or []:
            if plain.text_of(option["text"], names) == text:
                yield option


def _action(block_id: str, element: Json, option: Json | None) -> Json:
    """What was clicked, as Slack reports it."""
    action: Json = {
        "type": element["type"],
        "block_id": block_id,
        "action_id": element["action_id"],
        "action_ts": f"{time.time():.6f}",
    }
    for name in ("text", "value", "style", "confirm", "url", "placeholder"):
        if name in element:
            action[name] = element[name]
    if option:
        kind = element["type"]
        action["selected_options" if holds_many(kind) else "selected_option"] = (
            [option] if holds_many(kind) else option
        )
    return action


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, dict) and isinstance(value.get("text"), dict):
        return value["text"]["text"]
    return value


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    number, unused = 1, name
    while unused in taken:
        number += 1
        unused = f"{name} ({number})"
    return unused


def _malformed(element: Json, value: Any) -> str:
    """What Slack's client says about an entered value, empty if nothing."""
    match element["type"]:
        case "plain_text_input":
            if len(value) < element.get("min_length", 0):
                return f"Must be at least {element['min_length']} characters."
            if len(value) > element.get("max_length", 3000):
                return f"Must be at most {element.get('max_length', 3000)} characters."
        case "number_input":
            pattern = r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+"
            if not re.fullmatch(pattern, value):
                return "Must be a number."
            if float(value) < float(element.get("min_value") or "-inf"):
                return f"Must be at least {element['min_value']}."
            if float(value) > float(element.get("max_value") or "inf"):
                return f"Must be at most {element['max_value']}."
        case "email_text_input" if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
            return "Must be an e-mail address."
        case "url_text_input" if not re.fullmatch(r"https?://\S+", value):
            return "Must be an address that starts with http."
    return ""

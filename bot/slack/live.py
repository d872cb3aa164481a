"""What has to reach a person while they look: forms, and answers to their clicks.

A form's trigger lives three seconds, and who clicked wants to know at once; so these few calls do not wait
in the outbox. An answer that does not get through goes there after all.
"""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slack_sdk import WebClient

from bot.core import form
from bot.core.messages import asking, replies
from bot.core.messages.blocks import Say
from bot.core.request import CATALOG_ITEM, OUTPOST_ID, Values
from bot.errors import ChatError
from bot.ports import Choice
from bot.slack.chat import call
from bot.spine import World
from bot.steps import approve, request

log = logging.getLogger(__name__)

MOST_OPTIONS = 100
"""As many as Slack shows; more are found by typing."""


class Live:
    """Calls Slack in threads of its own, so that no answer to Slack waits for Slack."""

    def __init__(self, world: World, client: WebClient) -> None:
        self.world = world
        self.client = client
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="live")

    def answer(self, said: Say, channel: str, person: str, key: str) -> None:
        """Show somebody, and nobody else, what came of what they did; `key` is of this one answer."""
        self._threads.submit(self._answer, said, channel, person, key)

    def order(self, trigger: str, values: Values, channel: str, person: str, draft: str = "") -> None:
        """Open the order form, filled with what was typed; what was typed is kept if that fails."""
        view = form.form(
            values,
            origin=form.Origin(channel, draft),
            label=self._label,
            regions=self.world.settings.aws_regions,
            notes=() if request.choices(self.world, "outpost") else (asking.NO_CATALOGUE,),
        )
        self._threads.submit(self._open_or_keep, trigger, view, values, channel, person)

    def open(self, trigger: str, view: dict[str, Any]) -> None:
        """Open a small form."""
        self._threads.submit(self._quietly, lambda: self.client.views_open(trigger_id=trigger, view=view))

    def add_item(self, view: dict[str, Any]) -> None:
        """Give the form in `view` one more catalog item, keeping what is typed."""
        longer = form.add_item(view, self._label)
        self._threads.submit(
            self._quietly,
            lambda: self.client.views_update(view_id=view["id"], hash=view["hash"], view=longer),
        )

    def close(self) -> None:
        """Begin nothing more; what was asked for too late to be shown is dropped."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _label(self, key: str, value: str) -> str:
        """How the catalogue calls a value; the value itself where it does not know it."""
        for choice in request.choices(self.world, key):
            if value == choice.value or choice.value.endswith(f"/{value}"):
                return choice.text
        return value

    def _open_or_keep(
        self, trigger: str, view: dict[str, Any], values: Values, channel: str, person: str
    ) -> None:
        try:
            call(lambda: self.client.views_open(trigger_id=trigger, view=view))
        except ChatError as error:
            log.warning("form.not_opened", extra={"why": str(error)})
            body = {"values": {key: list(said) for key, said in values.items()}, "channel": channel}
            draft = self.world.store.save_draft(person, body, self.world.now())
            said = replies.form_failed(draft, str(error))
            approve.whisper(self.world, said, channel or person, person, f"form/{draft}")
        except Exception:
            log.exception("form.failed")

    def _answer(self, said: Say, channel: str, person: str, key: str) -> None:
        try:
            self.world.chat.whisper(channel, person, said.text, said.blocks)
        except ChatError as error:
            log.info("answer.waits", extra={"why": str(error)})
            approve.whisper(self.world, said, channel, person, key)
        except Exception:
            log.exception("answer.failed")

    def _quietly(self, send: Any) -> None:
        """A form that does not open is pressed for again: there is nothing typed to lose."""
        try:
            call(send)
        except ChatError as error:
            log.warning("form.not_opened", extra={"why": str(error)})
        except Exception:
            log.exception("form.failed")


def offer(world: World, action: str, typed: str, view: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The options of a searchable field that contain what was typed, at most 100.

    Args:
        world: The catalogue as last read.
        action: The field's action id.
        typed: What was typed into it so far.
        view: The form as it is, which tells the Region of the Outpost that was chosen.
    """
    if action == "outpost":
        found = request.choices(world, "outpost")
    else:
        found = request.choices(world, "item", _region(view) if view else "")
    words = typed.lower().split()
    fitting = [choice for choice in found if all(word in _searched(choice) for word in words)]
    return [_option(choice) for choice in (fitting or _typed_in_full(action, typed))[:MOST_OPTIONS]]


def _typed_in_full(action: str, typed: str) -> list[Choice]:
    """An id that the catalogue does not have, or not yet: the cloud is asked before anybody decides."""
    pattern, word = (
        (OUTPOST_ID, typed.strip()) if action == "outpost" else (CATALOG_ITEM, typed.strip().upper())
    )
    return [Choice(word, word, asking.LOOKED_UP_LATER)] if re.fullmatch(pattern, word) else []


def _region(view: dict[str, Any]) -> str:
    """The Region of the Outpost that is chosen in the form; empty as long as none is."""
    chosen = form.values_from(view).get("outpost", ("",))[0]
    return chosen.partition("/")[0] if "/" in chosen and not chosen.startswith("arn:") else ""


def _searched(choice: Choice) -> str:
    return f"{choice.text} {choice.value} {choice.detail}".lower()


def _option(choice: Choice) -> dict[str, Any]:
    option = {"text": {"type": "plain_text", "text": choice.text[:75]}, "value": choice.value[:150]}
    if choice.detail:
        option["description"] = {"type": "plain_text", "text": choice.detail[:75]}
    return option

"""What people do in forms, one POST each; what they typed so far comes along every time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from bot.demo.slack import Ack, Form

Said = Mapping[str, Any]
Result = Ack | dict[str, Any]


class Forms:
    """The forms on all screens, and what is said under their fields."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errors: dict[str, Mapping[str, str]] = {}
        self._acts: Mapping[str, Callable[[Form, Said], Result]] = {
            "type": self._typed,
            "choose": self._choose,
            "press": self._press,
            "suggest": self._suggest,
            "submit": self._submit,
            "close": self._close,
        }

    def errors(self, form: str) -> Mapping[str, str]:
        """What is wrong in a form, by block_id, since it was last submitted."""
        with self._lock:
            return self._errors.get(form, {})

    def act(self, form: Form, act: str, said: Said) -> Result:
        """Do it.

        Args:
            form: The form.
            act: What is done: `type`, `choose`, `press`, `suggest`, `submit` or `close`.
            said: The body of the POST; `typed` has the texts of all fields for typing, by block_id.

        Returns:
            How the bot answered, or what there is to show.

        Raises:
            LookupError: There is no such field, option, button or act.
        """
        if act != "close":
            _type_in(form, said.get("typed") or {})
        return self._acts[act](form, said)

    def _typed(self, form: Form, said: Said) -> Result:
        self._forget(form.id, str(said["field"]))
        return {}

    def _choose(self, form: Form, said: Said) -> Result:
        field, chosen = str(said["field"]), str(said["value"])
        self._forget(form.id, field)
        if not chosen:
            return form.clear(field) or {}
        if said.get("date"):
            return form.pick_date(field, chosen) or {}
        return form.choose(field, chosen) or {}

    def _press(self, form: Form, said: Said) -> Result:
        return form.press(str(said["button"]), value=said.get("value"))

    def _suggest(self, form: Form, said: Said) -> Result:
        field = str(said["field"])
        form.suggest(field, str(said.get("query", "")))
        return {"options": form.choices(field)}

    def _submit(self, form: Form, _said: Said) -> Result:
        result = form.submit()
        with self._lock:
            self._errors[form.id] = result.block_errors
        if result.ack is not None and result.ack.status != 200:
            return result.ack
        return {}

    def _close(self, form: Form, _said: Said) -> Result:
        return form.close() or {}

    def _forget(self, form: str, field: str) -> None:
        with self._lock:
            self._errors[form] = {
                key: text for key, text in self._errors.get(form, {}).items() if key != field
            }


def _type_in(form: Form, typed: Mapping[str, str]) -> None:
    """Enter what is new; a field that has gone from the form meanwhile is left out."""
    there = {block["block_id"] for block in form.blocks}
    for field, text in typed.items():
        if field in there and (form.value(field) or "") != text:
            form.fill(field, text)

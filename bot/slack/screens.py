"""Forms on people's screens, each changed by one change at a time.

Slack takes an update of a form only with the hash of what is on the screen, and people choose faster than
it redraws: two choices then come with the same hash, and the update for the second would be refused because
of ours for the first. So the changes of a form queue up, and each is made upon what the one before left, with
the newest of what was entered. A change by somebody else, another process for instance, is never overwritten.

What was entered stays in memory only; a form that nobody touches for an hour is forgotten with the next one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slack_sdk import WebClient

from bot.core.form import View
from bot.errors import ChatDown, ChatError, ChatRefused
from bot.slack.chat import call

log = logging.getLogger(__name__)

Change = Callable[[Mapping[str, Any]], View | None]
"""The form as it is on the screen, with what was entered → as it is to be; None where it is so already."""

MOST = 500
"""Forms that are remembered; who still has an older one open sends it as it is."""
TRIES = 3
"""How often a change is sent that Slack does not answer."""
LONGEST_PAUSE = 5.0
"""Seconds between two of these, also where Slack asks for more: somebody looks at the form."""
LIFE = 3600.0
"""Seconds for which one is remembered that nobody touches."""


@dataclass
class _Screen:
    """One form: what our newest update left of it, and the changes that wait."""

    touched: float
    hash: str = ""
    view: View = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    """Hashes of what our own updates have taken the place of."""
    entered: Mapping[str, Any] = field(default_factory=dict)
    entered_at: str = ""
    waiting: deque[tuple[Mapping[str, Any], Change]] = field(default_factory=deque)
    busy: bool = False


class Screens:
    """The forms that this process has opened or changed. Safe to share among threads.

    Args:
        client: Slack.
        submit: Runs something in a thread.
        changed: Told of every form that was changed: its id, and what it is now.
    """

    def __init__(
        self,
        client: WebClient,
        submit: Callable[[Callable[[], None]], object],
        changed: Callable[[str, View], None],
    ) -> None:
        self._client = client
        self._submit = submit
        self._changed = changed
        self._lock = threading.Lock()
        self._screens: OrderedDict[str, _Screen] = OrderedDict()
        self._closing = threading.Event()

    def close(self) -> None:
        """Wait for Slack no more."""
        self._closing.set()

    def opened(self, answer: Mapping[str, Any], view: View) -> None:
        """A form was opened; `answer` is the view as Slack has it."""
        with self._lock:
            screen = self._screen(answer["id"])
            if not screen.hash:  # else somebody was faster than this answer, and it has changed since
                screen.hash, screen.view = answer["hash"], view
            if not screen.entered_at:
                screen.entered = answer.get("state") or {}
        self._changed(answer["id"], view)

    def change(self, view: Mapping[str, Any], change: Change, at: str = "") -> None:
        """Let a form be changed. Returns at once.

        Args:
            view: The form as Slack has sent it with what somebody did.
            change: What is to become of it; run in a thread, upon what the changes before have left.
            at: When somebody did it, as Slack says, if that is what it comes from.
        """
        with self._lock:
            screen = self._screen(view["id"])
            if at >= screen.entered_at:
                screen.entered, screen.entered_at = view.get("state") or {}, at
            screen.waiting.append((view, change))
        self._run(view["id"])

    def amend(self, view_id: str, change: Change) -> None:
        """Let a form be changed of which nothing new is known, if it is remembered. Returns at once."""
        with self._lock:
            screen = self._screens.get(view_id)
            if screen is None or not screen.hash:
                return
            screen.waiting.append(({"id": view_id, "hash": screen.hash}, change))
        self._run(view_id)

    def forget(self, view_id: str) -> None:
        """A form was sent, or is gone."""
        with self._lock:
            screen = self._screens.pop(view_id, None)
            if screen:
                screen.waiting.clear()

    def _screen(self, view_id: str) -> _Screen:
        now = time.monotonic()
        screen = self._screens.setdefault(view_id, _Screen(now))
        screen.touched = now
        self._screens.move_to_end(view_id)
        for id, oldest in list(self._screens.items()):
            if len(self._screens) <= MOST and now - oldest.touched < LIFE:
                break
            del self._screens[id]
        return screen

    def _run(self, view_id: str) -> None:
        with self._lock:
            screen = self._screens.get(view_id)
            if screen is None or screen.busy:
                return
            screen.busy = True
        try:
            self._submit(lambda: self._work(view_id, screen))
        except RuntimeError:  # the process ends
            log.info("form.not_changed", extra={"why": "the process ends"})

    def _work(self, view_id: str, screen: _Screen) -> None:
        while True:
            with self._lock:
                if not screen.waiting:
                    screen.busy = False
                    return
                seen, change = screen.waiting.popleft()
                base = self._base(screen, seen)
            try:
                self._put(view_id, screen, base, change)
            except ChatError as error:
                log.warning("form.not_changed", extra={"why": str(error)})
                if isinstance(error, ChatRefused):
                    self._lost(screen)
            except Exception:
                log.exception("form.failed")

    def _lost(self, screen: _Screen) -> None:
        """The form is closed, or not what we have left there: what goes by that is of no use any more."""
        with self._lock:
            screen.hash = ""
            screen.replaced.clear()
            screen.waiting = deque(one for one in screen.waiting if "blocks" in one[0])

    def _base(self, screen: _Screen, seen: Mapping[str, Any]) -> dict[str, Any]:
        """The form that a change is made upon: what we have left there, or what Slack has sent."""
        known = screen.hash and seen["hash"] in (screen.hash, *screen.replaced)
        there = {**screen.view, "hash": screen.hash} if known else {}
        return {**seen, **there, "state": screen.entered}

    def _put(self, view_id: str, screen: _Screen, base: dict[str, Any], change: Change) -> None:
        into = change(base)
        if into is None:
            return
        answer = self._sent(lambda: self._client.views_update(view_id=view_id, hash=base["hash"], view=into))
        with self._lock:
            if base["hash"] != screen.hash:
                screen.replaced.clear()
            screen.replaced.add(base["hash"])
            screen.hash, screen.view = answer["view"]["hash"], into
        self._changed(view_id, into)

    def _sent(self, send: Callable[[], Any]) -> Mapping[str, Any]:
        """The answer of Slack. What it has done without answering it refuses when it is sent again."""
        for number in range(1, TRIES):
            try:
                return call(send)
            except ChatDown as error:
                log.info("form.again", extra={"why": str(error), "try": number})
                if self._closing.wait(min(error.retry_after or float(number), LONGEST_PAUSE)):
                    raise
        return call(send)

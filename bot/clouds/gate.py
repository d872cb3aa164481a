"""What stops a second send: the last thing that a placing request passes before it leaves this machine."""

from __future__ import annotations

from datetime import datetime

from bot.clouds.reading import text
from bot.ports import Clock


class Stopped(Exception):
    """A request that the gate kept back."""


class Gate:
    """Lets one request through, once, and only before its deadline.

    It runs last before the connection is made, so a process that was stopped and resumed is caught
    here however long it slept.
    """

    def __init__(self, deadline: datetime, clock: Clock) -> None:
        self._deadline = deadline
        self._clock = clock
        self.passed = False

    def __call__(self, **_: object) -> None:
        if self.passed:
            raise Stopped("The SDK tried to send the order a second time.")
        if self._clock() >= self._deadline:
            raise Stopped(f"It was too late to send, the deadline was {text(self._deadline)}.")
        self.passed = True

    def reopen(self) -> None:
        """The cloud has turned the request away unread: as if it had never been sent."""
        self.passed = False

"""The hands of whoever plays Azure: what happens to order items from the other side."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from bot.demo.arm import items
from bot.demo.arm.estate import Estate
from bot.demo.arm.items import Entry
from bot.demo.arm.refusal import Refusal


class Hands(Estate):
    """Moves order items on, or lets them come to a bad end."""

    def advance(self, name: str, group: str | None = None) -> str:
        """One step of the item's life; its new stage. One that waits for people stays as it is."""
        with self._changed:
            self._settle()
            entry = self._items.named(name, group)
            self._advance(entry)
            return entry.stage

    def set_stage(
        self,
        name: str,
        stage: str,
        status: str = "Succeeded",
        *,
        display_name: str | None = None,
        group: str | None = None,
    ) -> None:
        """Any stage and status, unknown ones and steps back included."""
        with self._changed:
            self._settle()
            self._stage(self._items.named(name, group), stage, status, display_name)

    def put(self, name: str, changes: Mapping[str, Any], group: str | None = None) -> None:
        """Overwrite members of the item, unchecked; what is nested is merged, None removes."""
        with self._changed:
            self._settle()
            entry = self._items.named(name, group)
            merge(entry.body, changes)
            items.touch(entry, self._clock())

    def reject(
        self, name: str, reason: str = "The order was not approved.", group: str | None = None
    ) -> None:
        """The review ends badly. No stage of the API says so; it shows as one that failed."""
        with self._changed:
            self._settle()
            entry = self._items.named(name, group)
            self._stage(entry, "InReview", "Failed")
            entry.details["error"] = Refusal("OrderItemRejected", reason).body()

    def cancel(self, name: str, reason: str = "Cancelled by Microsoft.", group: str | None = None) -> None:
        """Cancelled from the other side, whatever its stage."""
        with self._changed:
            self._settle()
            entry = self._items.named(name, group)
            self._stage(entry, "Cancelled")
            entry.details["cancellationReason"] = reason

    def fail(
        self,
        name: str,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: Sequence[Mapping[str, Any]] = (),
        group: str | None = None,
    ) -> None:
        """The current stage fails with this error."""
        with self._changed:
            self._settle()
            entry = self._items.named(name, group)
            self._stage(entry, entry.stage, "Failed")
            entry.details["error"] = Refusal(code, message, target=target, details=details).body()

    def finish(self) -> None:
        """Let everything that was accepted be done now, however long it was to take."""
        with self._changed:
            for operation in self._running.values():
                operation.ready = 0.0
            self._settle()

    def _advance(self, entry: Entry) -> None:
        following = items.next_stage(entry.stage)
        if following is not None and entry.status != "Failed":
            self._stage(entry, following)

    def _living(self) -> list[Entry]:
        self._settle()
        return list(self._items)

    def _age(self, one: Entry) -> None:
        if not any(x.entry is one and not x.done for x in self._running.values()):
            self._advance(one)


def merge(target: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Overwrite members; what is nested is merged, None removes."""
    for name, value in changes.items():
        if value is None:
            target.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(target.get(name), dict):
            merge(target[name], value)
        else:
            target[name] = copy.deepcopy(value)

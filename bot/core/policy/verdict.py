"""Whether somebody may do something, and why (not)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why somebody may, or may not."""

    ALLOWED = "allowed"
    OWN_REQUEST = "own request"
    OWNERS_REQUEST = "request of whoever they act for"
    COUNTED = "has had their say"
    TOO_EARLY = "decides in a later step"
    LAST_ONE = "is the only one for a later step"
    NOT_NAMED = "not named"
    NOBODY = "nobody is named"
    UNKNOWN = "a group has to be read first"


@dataclass(frozen=True)
class Verdict:
    """A decision with its reason.

    `via` is the user or user-group id that gave the right, `step` the step of the plan it is about, and
    `owner` whose right it is, where they act for somebody else.
    """

    reason: Reason
    via: str = ""
    step: str = ""
    owner: str = ""

    @property
    def allowed(self) -> bool:
        return self.reason is Reason.ALLOWED

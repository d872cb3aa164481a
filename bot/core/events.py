"""What can happen to an order: one frozen value for each kind of event.

Which of them may follow which is decided in `order`, what has to be done after one in `follow`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.approval import Plan
from bot.core.request import Request
from bot.core.snapshot import Ref, Snapshot

FEE = "FeeNotAccepted"
"""The code of a refusal that only says: the cloud takes money for this, and nobody has agreed to that."""


class Operation(StrEnum):
    """What a cloud can be asked to do with what was placed, beside cancelling it."""

    RETURN = "return"
    DELETE = "delete"
    """Remove it from the cloud's list, once it has ended there."""
    MAIL = "mail"
    """Let the cloud send e-mails about it, to the contact of the address."""
    NO_MAIL = "no-mail"


@dataclass(frozen=True)
class Checked:
    """The cloud knows all that the request names; `request` has what was missing filled in, and `plan` is
    whose yes it needs."""

    request: Request
    plan: Plan | None = None


@dataclass(frozen=True)
class CheckRefused:
    """The cloud does not know, or does not offer, something that the request names."""

    code: str
    words: str


@dataclass(frozen=True)
class Approved:
    """Somebody said yes in one step of `plan`, which is what the policy asks for now."""

    by: str
    digest: str
    """Of exactly what the approver was shown."""
    note: str = ""
    step: str = ""
    via: str = ""
    """The user or user-group id that gave the right."""
    owner: str = ""
    """Whose right it is, where they act for somebody else."""
    plan: Plan | None = None


@dataclass(frozen=True)
class GlassBroken:
    """Somebody whom the policy names for emergencies wants it placed without the steps."""

    by: str
    digest: str
    note: str
    via: str = ""
    plan: Plan | None = None


@dataclass(frozen=True)
class Rejected:
    by: str
    digest: str
    note: str
    owner: str = ""


@dataclass(frozen=True)
class Replanned:
    """The policy has changed, and with it whose yes the request needs."""

    plan: Plan


@dataclass(frozen=True)
class Reminded:
    """Those who can decide in this step have not, and are reminded."""

    step: str


@dataclass(frozen=True)
class Escalated:
    """Nobody has decided in this step in time: `to` (Slack ids) may now, too."""

    step: str
    to: tuple[str, ...]


@dataclass(frozen=True)
class Expired:
    """Nobody has decided in time."""


@dataclass(frozen=True)
class Edited:
    """The requester has changed the request: it is asked again, and what was decided counts no more.

    `changes` are lines of words, `units` the names of the units that it has now, and `draft` is where an
    address that was typed is kept until the cloud has it.
    """

    request: Request
    by: str
    changes: tuple[str, ...]
    units: tuple[str, ...] = ()
    draft: str = ""


@dataclass(frozen=True)
class Repriced:
    """What the cloud offers is not what was approved any more: it is asked again, with what it is now."""

    request: Request
    changes: tuple[str, ...]
    plan: Plan | None = None


@dataclass(frozen=True)
class Withdrawn:
    by: str


@dataclass(frozen=True)
class Attempted:
    """The order, or a unit of it, is about to be sent; `known` are the ids that the cloud had just before."""

    known: tuple[str, ...]
    unit: str = ""


@dataclass(frozen=True)
class Accepted:
    """The cloud has taken the request for a unit, and tells at `status_url` what becomes of it."""

    status_url: str
    unit: str


@dataclass(frozen=True)
class NothingSent:
    """The attempt ended before anything left this machine."""

    why: str
    unit: str = ""


@dataclass(frozen=True)
class WentUnclear:
    """There may be an order in the cloud, and nothing here proves it."""

    why: str
    unit: str = ""


@dataclass(frozen=True)
class PeopleAsked:
    """Looking has not settled it; operators are asked which of `candidates` it is, if any."""

    candidates: tuple[Ref, ...]
    why: str


@dataclass(frozen=True)
class WasPlaced:
    """The cloud has the order. `by` is the operator who said so; empty when the cloud itself did."""

    ref: Ref
    by: str = ""
    unit: str = ""


@dataclass(frozen=True)
class WasRefused:
    code: str
    words: str
    unit: str = ""


@dataclass(frozen=True)
class SaidNotPlaced:
    """An operator has made sure that what is unclear does not exist, and lets it be sent again."""

    by: str


@dataclass(frozen=True)
class Looked:
    """The cloud's view of the order, read in full."""

    snapshot: Snapshot


@dataclass(frozen=True)
class CancelAsked:
    """`fee`: whoever asked has agreed to pay what the cloud takes for it."""

    by: str
    reason: str = ""
    fee: bool = False


@dataclass(frozen=True)
class CancelRefused:
    code: str
    words: str


@dataclass(frozen=True)
class OperationAsked:
    """The cloud is to do something with the order; `fee` as for cancelling."""

    operation: Operation
    by: str
    reason: str = ""
    fee: bool = False


@dataclass(frozen=True)
class OperationDone:
    operation: Operation


@dataclass(frozen=True)
class OperationRefused:
    operation: Operation
    code: str
    words: str


@dataclass(frozen=True)
class Muted:
    by: str


@dataclass(frozen=True)
class Superseded:
    """An order that was only followed has turned out to be the one that was asked for as `by`."""

    by: str


Event = (
    Checked
    | CheckRefused
    | Approved
    | GlassBroken
    | Rejected
    | Replanned
    | Reminded
    | Escalated
    | Expired
    | Edited
    | Repriced
    | Withdrawn
    | Attempted
    | Accepted
    | NothingSent
    | WentUnclear
    | PeopleAsked
    | WasPlaced
    | WasRefused
    | SaidNotPlaced
    | Looked
    | CancelAsked
    | CancelRefused
    | OperationAsked
    | OperationDone
    | OperationRefused
    | Muted
    | Superseded
)

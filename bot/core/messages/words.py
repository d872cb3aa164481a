"""How things are called: states, statuses, orders, operations. Shared by every surface."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.events import Operation
from bot.core.messages.blocks import clean, code, one_line, user
from bot.core.messages.terms import items_plain, shorten
from bot.core.order import Kind, Order, State, Step

CLOUDS = {"aws": "AWS Outposts", "azure": "Azure Edge Order"}

STATES = {
    State.CHECKING: "being checked",
    State.WAITING: "waiting for approval",
    State.APPROVED: "approved, about to be placed",
    State.PLACING: "being placed",
    State.UNCLEAR: "unclear",
    State.PLACED: "placed",
    State.REJECTED: "rejected",
    State.WITHDRAWN: "withdrawn",
    State.EXPIRED: "expired",
    State.REFUSED: "refused",
    State.CANCELLED: "cancelled",
    State.COMPLETED: "completed",
    State.RETURNED: "returned",
}

STEPS = {
    Step.TO_DO: "to be sent",
    Step.SENDING: "being placed",
    Step.ACCEPTED: "being placed",
    Step.PLACED: "placed",
    Step.REFUSED: "refused",
    Step.UNCLEAR: "unclear",
}
"""How far the placing of one unit is."""


@dataclass(frozen=True)
class Doing:
    """How one operation is told; each completes a sentence that begins with the cloud's name."""

    noun: str
    to: str
    """… is asked to …"""
    done: str
    refused: str
    """With a place for what it is about: it, or all of it."""
    verb: str
    """What somebody who may not do it may not do with the order."""


OPERATIONS = {
    Operation.RETURN: Doing(
        "return",
        "take it back",
        "takes it back: the return has begun",
        "does not take {} back",
        "return",
    ),
    Operation.DELETE: Doing(
        "removal from the cloud's list",
        "remove it from its list",
        "has removed it from its list; what was written about it here stays",
        "does not remove {} from its list",
        "remove",
    ),
    Operation.MAIL: Doing(
        "e-mails of the cloud",
        "send e-mails about it",
        "sends an e-mail to the contact of the address when it is shipped and when it is delivered",
        "does not send e-mails about {}",
        "change e-mails about",
    ),
    Operation.NO_MAIL: Doing(
        "end of the cloud's e-mails",
        "send no more e-mails about it",
        "sends no more e-mails about it",
        "does not stop its e-mails about {}",
        "change e-mails about",
    ),
}

_PERMISSION = "The bot may not do this in Azure: an operator has to look at the role that it has there."
_SIGN_IN = "The bot's Azure credentials are not valid: an operator has to renew them."
# What a person can do about a refusal, by the cloud's own error code.
ADVICE = {
    "Policy": "Change what the policy does not allow and ask again, or ask an operator.",
    "ValidationException": "Something in the request is not as AWS wants it: change it and ask again.",
    "NotFoundException": "Check the Outpost and the catalog items, then ask again.",
    "ConflictException": "AWS is busy with something else on this Outpost: wait for that, then ask again.",
    "ServiceQuotaExceededException": "The account's quota is used up: an operator can ask AWS to raise it.",
    "AccessDeniedException": "The bot may not do this: an operator has to look at its IAM policy, and at "
    "service control policies that deny purchases.",
    "UnrecognizedClientException": "The bot's AWS credentials are not valid: an operator has to renew them.",
    "ExpiredTokenException": "The bot's AWS credentials have expired: an operator has to renew them.",
    "InvalidSignatureException": "The bot's AWS credentials are not valid: an operator has to renew them.",
    "MissingSubscriptionRegistration": "An operator has to register Microsoft.EdgeOrder in the subscription; "
    "then ask again.",
    "AuthorizationFailed": _PERMISSION,
    "LinkedAuthorizationFailed": _PERMISSION,
    "InvalidAuthenticationToken": _SIGN_IN,
    "ExpiredAuthenticationToken": _SIGN_IN,
    "RequestDisallowedByPolicy": "A policy of your Azure organisation forbids it: an operator has to look at "
    "the one that Azure names.",
    "ScopeLocked": "The resource group is locked in Azure: an operator has to remove the lock, or choose "
    "another resource group.",
    "SubscriptionNotFound": "The subscription is gone or disabled: an operator has to look at "
    "AZURE_SUBSCRIPTION_ID.",
    "AddressChanged": "The address is not the one that was approved any more. Ask again: approvers then see "
    "it as it is now.",
    "InvalidAddress": "Azure cannot ship to this address as it is: correct it, or choose another, then ask "
    "again.",
    "AmbiguousAddress": "Azure knows several places like this: make the address more exact, or choose "
    "another, then ask again.",
    "SeveralOfThisName": "Name it with its resource group, GROUP/NAME, and ask again.",
    "CountryNotSupported": "This hardware is not shipped to that country: choose another configuration or "
    "another address.",
    "ResourceGroupNotFound": "Check the name of the resource group, or let an operator create it; then ask "
    "again.",
    "LocationNotAvailableForResourceType": "Edge Order keeps its items in few locations: eastus, westeurope "
    "and southeastasia are known to work.",
    "TermCommitmentNotSupported": "The form offers the commitments that there are: choose one of them.",
    "DoubleEncryptionNotSupported": "Ask again without double encryption, or choose another configuration.",
    "ConfigurationNotAvailable": "The form offers what can be ordered now: choose another configuration and "
    "ask again.",
}


def readable(word: str) -> str:
    """A cloud's own status as people read it: `IN_PROGRESS` and `InProgress` are *In progress*."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", clean(word).replace("_", " ")).strip()
    return (spaced[:1].upper() + spaced[1:].lower()).replace("microsoft", "Microsoft")


def status(word: str) -> str:
    """A cloud's status as people read it, also where the cloud names none."""
    return readable(word) or "No status"


def clause(text: str, limit: int = 500) -> str:
    """Somebody else's sentence within one of ours: in mrkdwn, without its own full stop."""
    return one_line(text.strip().rstrip(". "), limit) or "no reason given"


def sentence(text: str) -> str:
    """With a capital at its beginning, and the rest as it is."""
    return text[:1].upper() + text[1:]


def cloud_name(cloud: str) -> str:
    return CLOUDS.get(cloud, cloud)


def cloud_short(cloud: str) -> str:
    """The company, for sentences in which it says something."""
    return {"aws": "AWS", "azure": "Azure"}.get(cloud, cloud)


def says(cloud: str, text: str, limit: int = 800) -> str:
    """A cloud's own sentence after one of ours, mrkdwn; `cloud` is the company."""
    return f"{cloud} says: “{one_line(text, limit)}”" if text.strip() else f"{cloud} does not say why."


def name(order: Order) -> str:
    """An order in a sentence, mrkdwn: ours by its id, one placed elsewhere by the cloud's too."""
    if order.kind is Kind.TRACKED:
        return f"{order.id} ({one_line(cloud_id(order))})"
    return order.id


def what(order: Order) -> str:
    """What an order is, in a few plain words."""
    if order.request:
        return items_plain(order.request)
    return f"{cloud_thing(order)} {cloud_id(order)}"


def cloud_id(order: Order) -> str:
    """How the cloud calls the order, as people know it."""
    return order.ref.name if order.ref else order.looking_for


def cloud_thing(order: Order) -> str:
    """What it is that the cloud calls so: an order, or one item of an order of Azure."""
    item = order.ref is not None and order.ref.id in order.ref.parts
    return f"{cloud_short(order.cloud)} {'item' if item else 'order'}"


def cloud_order(order: Order) -> str:
    """The cloud's side of an order in a sentence, mrkdwn: *Azure order `ord-7f3k2m`*."""
    return f"{cloud_thing(order)} {code(cloud_id(order))}"


def scope(cloud: str, place: str) -> str:
    """A part of a cloud that is asked by itself: a Region of AWS, a subscription of Azure."""
    if cloud == "azure":
        return f"Azure subscription {one_line(place.partition('-')[0])}…"
    return f"{cloud_short(cloud)} {one_line(place)}"


def advice(code_word: str) -> str:
    """What to do about a refusal."""
    return ADVICE.get(code_word, "Change the request and ask again, or ask an operator.")


def people(ids: tuple[str, ...]) -> str:
    """User and user-group ids, as mentions; more than a hundred would not fit."""
    mentions = [f"<!subteam^{id}>" if id.startswith("S") else user(id) for id in ids]
    return shorten(mentions, 100)


def headline(order: Order) -> str:
    """`headline_plain` for a sentence in mrkdwn."""
    return one_line(headline_plain(order))


def headline_plain(order: Order) -> str:
    """Where the order stands, in a few plain words; a cloud's status keeps its own word."""
    if order.state is State.CHECKING and order.kind is Kind.TRACKED:
        return "being looked for"
    if order.state is State.WITHDRAWN and order.kind is Kind.TRACKED:
        return f"no longer followed: {order.why}"
    more = ", ".join(filter(None, (_share(order), _cloud_word(order))))
    return f"{STATES[order.state]} ({more})" if more else STATES[order.state]


_COUNTED = {State.PLACING: Step.PLACED, State.UNCLEAR: Step.UNCLEAR}
_IN_THE_CLOUD = frozenset({State.PLACED, State.COMPLETED, State.CANCELLED, State.RETURNED})


def _share(order: Order) -> str:
    """Of how many of its units the state tells, where it is not all of them."""
    if order.state not in _IN_THE_CLOUD and order.state not in _COUNTED:
        return ""
    number, of = len(order.units(_COUNTED.get(order.state, Step.PLACED))), len(order.placements)
    return f"{number} of {of}" if number < of and of > 1 else ""


def _cloud_word(order: Order) -> str:
    """The cloud's own status, as far as it says more than our word for the state."""
    if order.snapshot is None or order.state not in _IN_THE_CLOUD:
        return ""
    said = readable(order.snapshot.status.removesuffix(" (InProgress)"))
    if said.lower() in (order.state, "return completed"):
        return ""
    more = said.removeprefix(f"{order.state.value.capitalize()} ")
    return more.strip("()") if more != said else said.replace(" (", ", ").rstrip(")")

"""How things are called: states, statuses, orders. Shared by every surface."""

from __future__ import annotations

import re

from bot.core.messages.blocks import channel_link, clean, code, one_line, user
from bot.core.order import Kind, Order, State
from bot.core.request import AzureTerms, LineItem, Request

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
    State.REFUSED: "refused",
    State.CANCELLED: "cancelled",
    State.COMPLETED: "completed",
    State.RETURNED: "returned",
}

# What a person can do about a refusal, by the cloud's own error code.
ADVICE = {
    "ValidationException": "Something in the request is not as AWS wants it: change it and ask again.",
    "NotFoundException": "Check the Outpost and the catalog items, then ask again.",
    "ConflictException": "AWS is busy with something else on this Outpost: wait for that, then ask again.",
    "ServiceQuotaExceededException": "The account's quota is used up: an operator can ask AWS to raise it.",
    "AccessDeniedException": "The bot may not do this: an operator has to look at its IAM policy, and at "
    "service control policies that deny purchases.",
    "UnrecognizedClientException": "The bot's AWS credentials are not valid: an operator has to renew them.",
    "ExpiredTokenException": "The bot's AWS credentials have expired: an operator has to renew them.",
    "InvalidSignatureException": "The bot's AWS credentials are not valid: an operator has to renew them.",
}


def readable(word: str) -> str:
    """A cloud's own status as people read it: `IN_PROGRESS` and `InProgress` are *In progress*."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", clean(word).replace("_", " ")).strip()
    return spaced[:1].upper() + spaced[1:].lower()


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


def items(request: Request) -> str:
    """What is bought, in mrkdwn: `2 × OR-ABCDEFG`, and so on."""
    if isinstance(request.terms, AzureTerms):
        return f"{request.azure.quantity} × {code(request.azure.configuration)}"
    said = [f"{item.quantity} × {code(item.catalog_item)}" for item in request.aws.items]
    return ", ".join(said[:-1]) + f" and {said[-1]}" if len(said) > 1 else "".join(said)


def items_plain(request: Request, most: int = 3) -> str:
    """What is bought, for notifications and lists."""
    return shorten([f"{item.quantity} × {item.catalog_item}" for item in request.aws.items], most)


def item_rows(line_items: tuple[LineItem, ...]) -> list[list[str]]:
    return [[item.catalog_item, str(item.quantity)] for item in line_items]


def shorten(parts: list[str], most: int) -> str:
    shown = ", ".join(parts[:most])
    return f"{shown} and {len(parts) - most} more" if len(parts) > most else shown


def where(request: Request) -> str:
    """Outpost and Region, in mrkdwn."""
    if isinstance(request.terms, AzureTerms):
        return code(request.azure.address)
    region = f" in {one_line(request.aws.region)}" if request.aws.region else ""
    return f"{code(request.aws.outpost)}{region}"


def payment(word: str) -> str:
    return readable(word)


def term(word: str) -> str:
    return {"ONE_YEAR": "1 year", "THREE_YEARS": "3 years", "FIVE_YEARS": "5 years"}.get(word, readable(word))


def name(order: Order) -> str:
    """An order in a sentence, mrkdwn: ours by its id, one placed elsewhere by the cloud's too."""
    if order.kind is Kind.TRACKED:
        return f"{order.id} ({one_line(order.ref.id if order.ref else order.looking_for)})"
    return order.id


def what(order: Order) -> str:
    """What an order is, in a few plain words."""
    if order.request:
        return items_plain(order.request)
    return f"{cloud_name(order.cloud)} order {order.ref.id if order.ref else order.looking_for}"


def advice(code_word: str) -> str:
    """What to do about a refusal."""
    return ADVICE.get(code_word, "Change the request and ask again, or ask an operator.")


def people(ids: tuple[str, ...]) -> str:
    """User and user-group ids, as mentions; more than a hundred would not fit."""
    mentions = [f"<!subteam^{id}>" if id.startswith("S") else user(id) for id in ids]
    return shorten(mentions, 100)


def request_fields(request: Request) -> list[tuple[str, str]]:
    """The terms of a request as label and mrkdwn value, under the labels of the form."""
    pairs = [
        ("Outpost", where(request)),
        ("Payment option", payment(request.aws.payment)),
        ("Payment term", term(request.aws.term)),
    ]
    if request.cost_center:
        pairs.append(("Cost center", one_line(request.cost_center)))
    if request.needed_by:
        pairs.append(("Needed by", one_line(request.needed_by)))
    if request.channel:
        pairs.append(("Post updates to", channel_link(request.channel)))
    return pairs

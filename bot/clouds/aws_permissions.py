"""What AWS has to let the bot do, and whether it does: found out by reading, nothing is changed.

Actions are the names of operations (Service Authorization Reference of AWS Outposts).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.clouds.aws_client import STALE_CREDENTIALS, WHERE_FROM
from bot.clouds.reading import Answer, a_dict, dicts, text
from bot.core.finding import Finding, clock, ok, sentence, untried, warn, wrong
from bot.errors import CloudDenied, CloudDown, CloudError, CloudRefused, CloudUnknown
from bot.ports import Clock

if TYPE_CHECKING:
    from types_boto3_outposts import OutpostsClient

Call = Callable[["OutpostsClient"], Mapping[str, Any]]
Ask = Callable[[Call], Mapping[str, Any]]

READER_ACTIONS = (
    "outposts:GetCatalogItem",
    "outposts:GetOrder",
    "outposts:GetOutpost",
    "outposts:GetQuote",
    "outposts:GetSite",
    "outposts:ListCatalogItems",
    "outposts:ListOrderableInstanceTypes",
    "outposts:ListOrders",
    "outposts:ListOutposts",
    "outposts:ListQuotes",
    "outposts:ListSites",
)
"""What following and offering needs; `WITHOUT` says what is missing without some of them."""
SUBMITTER_ACTIONS = ("outposts:CancelOrder", "outposts:CreateOrder", "outposts:CreateQuote")
"""What placing and cancelling needs on top, and getting a new quote."""
WITHOUT = {
    "outposts:GetQuote": "Nothing can be ordered by quote then.",
    "outposts:GetSite": "The country of an Outpost is then not known to the policy.",
    "outposts:ListOrderableInstanceTypes": "Forms then don't offer what a new quote can be asked for.",
    "outposts:ListQuotes": "Forms then don't offer quotes.",
    "outposts:ListSites": "Forms then don't say where an Outpost is.",
}
"""What the bot does without, and what that costs."""
NAMED_OTHERWISE = {"Quote": "QuoteIdentifier"}
"""What a call names its thing by, where that is not as a list calls its id."""
TOO_OLD = "TooOld"
A_FEW = 10
ALLOW = (
    "Allow {} to the role or user of the bot (README, AWS permissions); a service control policy may deny it,"
    " too."
)
REACH = (
    "Look at network, proxy and firewall, AWS_ENDPOINT_URL_OUTPOSTS, and the name of the Region; try again."
)


def actions() -> tuple[str, ...]:
    """Every IAM action that the bot needs, for one role that does all."""
    return tuple(sorted(READER_ACTIONS + SUBMITTER_ACTIONS))


@dataclass(frozen=True)
class Heard:
    """What AWS made of one call."""

    answer: Mapping[str, Any]
    error: CloudError | None = None

    @property
    def date(self) -> str:
        """The time at AWS, as its answer says; "" where there was none."""
        said = getattr(self.error.__cause__, "response", None) if self.error else self.answer
        return text(a_dict(a_dict(a_dict(said).get("ResponseMetadata")).get("HTTPHeaders")).get("date"))


NOT_ASKED = Heard({})


def hear(call: Callable[[], Mapping[str, Any]]) -> Heard:
    """The answer to a call, or its failure."""
    try:
        return Heard(call())
    except CloudError as error:
        return Heard({}, error)


def examine(caller: Callable[[], Mapping[str, Any]], ask: Ask, now: Clock) -> Iterator[Finding]:
    """Whom AWS takes the bot for, and what it lets it read in one Region.

    Args:
        caller: Asks for the caller's identity, for which no permission is needed.
        ask: Asks Outposts something; like `caller` it raises `CloudError`.
        now: The time here.
    """
    dated = False
    for heard, finding in _looks(caller, ask):
        if heard.date and not dated:
            dated = True
            yield clock("AWS", heard.date, now())
        yield finding


def _looks(caller: Callable[[], Mapping[str, Any]], ask: Ask) -> Iterator[tuple[Heard, Finding]]:
    """Every call with what it tells, until one tells what all others would."""
    heard, known = hear(caller), dict[str, str]()
    yield heard, _identity(heard)
    if isinstance(heard.error, CloudRefused):
        return
    for action in sorted(READER_ACTIONS, key=lambda one: (":List" not in one, one)):  # lists give ids
        heard = _try(action, ask, known)
        yield heard, _finding(action, heard)
        if isinstance(heard.error, CloudDown):
            return
    yield (
        NOT_ASKED,
        untried(
            ", ".join(SUBMITTER_ACTIONS),
            "It can't be tried without ordering something.",
            "Compare the role with the README, or ask: aws iam simulate-principal-policy --policy-source-arn"
            f" ROLE-ARN --action-names {' '.join(SUBMITTER_ACTIONS)}",
        ),
    )


def _identity(heard: Heard) -> Finding:
    what = "credentials"
    if heard.error is None:
        return ok(what, f"AWS takes the bot for {text(heard.answer.get('Arn'))}.")
    if isinstance(heard.error, CloudRefused):
        return wrong(what, sentence(heard.error.words.removesuffix(WHERE_FROM).strip()), WHERE_FROM)
    return warn(
        what,
        f"AWS could not be asked whom it takes the bot for: {sentence(heard.error)}",
        "The bot itself does not need AWS STS; what follows tells whether the credentials work.",
    )


def _try(action: str, ask: Ask, known: dict[str, str]) -> Heard:
    """Do what an action allows, once; `NOT_ASKED` where there is nothing to do it with.

    Args:
        action: `outposts:ListOrders`, or `outposts:GetOrder` with an id that a list has told.
        ask: Asks Outposts something.
        known: An id of each kind of thing, which lists add to.
    """
    operation = action.partition(":")[2]
    kind = operation.removeprefix("List").removeprefix("Get")
    if operation.startswith("List"):
        heard = hear(lambda: ask(lambda client: _call(client, operation, {"MaxResults": A_FEW})))
        known |= {f"{kind[:-1]}Id": id for id in _ids(heard.answer, kind)}
        return heard
    if f"{kind}Id" not in known:
        return NOT_ASKED
    given = {NAMED_OTHERWISE.get(kind, f"{kind}Id"): known[f"{kind}Id"]}
    return hear(lambda: ask(lambda client: _call(client, operation, given)))


def _call(client: OutpostsClient, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    from botocore import xform_name

    call: Callable[..., Mapping[str, Any]] | None = getattr(client, xform_name(operation), None)
    if call is None:
        raise CloudRefused(TOO_OLD, f"The installed boto3 does not know {operation}.")
    answer: Mapping[str, Any] = call(**given)
    return answer


def _ids(answer: Answer, kinds: str) -> list[str]:
    return [id for one in dicts(answer.get(kinds)) if (id := text(one.get(f"{kinds[:-1]}Id")))][:1]


def _finding(action: str, heard: Heard) -> Finding:
    if heard is NOT_ASKED:
        thing = action.partition(":Get")[2]
        return untried(action, f"There is no {thing} to try it with, or none that may be listed.")
    match heard.error:
        case None | CloudUnknown():
            return ok(action, "It is allowed.")
        case CloudDenied(code=code, words=words) if code in STALE_CREDENTIALS:
            return wrong(action, sentence(words), WHERE_FROM)
        case CloudDenied(words=words) if action in WITHOUT:
            said = f"{sentence(words)} {WITHOUT[action]}"
            return warn(action, said, ALLOW.format(action))
        case CloudDenied(words=words):
            return wrong(action, sentence(words), ALLOW.format(action))
        case CloudRefused(code=code, words=words) if code == TOO_OLD:
            return warn(action, f"{words} {WITHOUT.get(action, '')}".strip(), "Install a newer boto3.")
        case CloudRefused(words=words):
            return wrong(action, sentence(words), "Mend what it says; the permission itself is there.")
        case error:
            return wrong(action, sentence(error), REACH)

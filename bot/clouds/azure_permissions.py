"""What Azure has to let the bot do, and whether it does: found out by reading, nothing is changed.

Actions are those that Edge Order itself lists (Operations_List of API 2024-02-01).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from bot.clouds import AzureAccount
from bot.clouds import azure_catalogue as offers
from bot.clouds.azure_client import API_VERSION, Arm
from bot.clouds.azure_errors import HOW_TO_REGISTER, NOT_REGISTERED, STALE_CREDENTIALS, WHERE_FROM
from bot.clouds.reading import Answer, a_dict, dicts, text
from bot.core.finding import Finding, clock, ok, sentence, untried, warn, wrong
from bot.errors import CloudDenied, CloudDown, CloudError, CloudRefused, CloudUnknown
from bot.ports import Clock

RP = "Microsoft.EdgeOrder"
READER_ACTIONS = (
    "Microsoft.EdgeOrder/addresses/read",
    "Microsoft.EdgeOrder/listConfigurations/action",
    "Microsoft.EdgeOrder/listProductFamilies/*",
    "Microsoft.EdgeOrder/locations/operationResults/read",
    "Microsoft.EdgeOrder/locations/orders/read",
    "Microsoft.EdgeOrder/orderItems/read",
    "Microsoft.EdgeOrder/orders/read",
    "Microsoft.EdgeOrder/productFamiliesMetadata/action",
)
"""What following and offering needs. Azure lists `listProductFamilies/read`, while the call is a POST, for
which it asks for `…/action` elsewhere: hence the star."""
SUBMITTER_ACTIONS = (
    "Microsoft.EdgeOrder/addresses/write",
    "Microsoft.EdgeOrder/orderItems/cancel/action",
    "Microsoft.EdgeOrder/orderItems/delete",
    "Microsoft.EdgeOrder/orderItems/return/action",
    "Microsoft.EdgeOrder/orderItems/write",
)
"""What placing, saving addresses, cancelling, returning and removing needs on top."""
NOTHING = "00000000-0000-4000-8000-000000000000"
"""The id of no operation: who may ask for one is told that there is none."""
ALLOW = (
    "Give the bot's identity a role with {} in the subscription (README, Azure permissions); a fresh"
    " assignment takes some minutes."
)
CORRECT = "Correct AZURE_SUBSCRIPTION_ID, or AZURE_RESOURCE_MANAGER_URL."
REACH = "Look at network, proxy and firewall, and AZURE_RESOURCE_MANAGER_URL; try again."


def actions() -> tuple[str, ...]:
    """Every action that the bot needs, for one custom role that does all."""
    return tuple(sorted(READER_ACTIONS + SUBMITTER_ACTIONS))


class Examination:
    """A look at a subscription with the bot's own identity.

    Args:
        arm: How Azure is asked.
        account: What the settings say of the subscription.
        products: Asks for the product families that there are, in outline and then in full, and for the
            configurations of one product.
        now: The time here.
    """

    def __init__(
        self,
        arm: Arm,
        account: AzureAccount,
        products: tuple[
            Callable[[], list[Answer]], Callable[[], list[Answer]], Callable[[str], list[Answer]]
        ],
        now: Clock,
    ) -> None:
        self._arm = arm
        self._account = account
        self._metadata, self._families, self._configurations = products
        self._now = now
        self._date = ""

    def findings(self) -> Iterator[Finding]:
        """How everything stands, in the order in which one would mend it."""
        if trouble := _error(self._arm.authenticate):
            yield _stranger(trouble)
            return
        yield ok("credentials", "Azure gives the bot a token.")
        trouble = self._listed("addresses")[1]
        if self._date:
            yield clock("Azure", self._date, self._now())
        yield self._subscription(trouble)
        if isinstance(trouble, CloudDown) or _hopeless(trouble):
            return
        yield _finding("addresses/read", trouble)
        yield from self._reading()
        yield from self._places()
        yield untried(
            ", ".join(SUBMITTER_ACTIONS),
            "They can't be tried without changing something.",
            "Compare the role with the README; what the identity has, tells: az role assignment list --all"
            " --assignee IDENTITY",
        )

    def _subscription(self, trouble: CloudError | None) -> Finding:
        what = "subscription"
        if isinstance(trouble, CloudDown):
            return wrong(what, sentence(trouble), REACH)
        if isinstance(trouble, CloudRefused) and trouble.code == NOT_REGISTERED:
            return wrong(what, f"It is not registered for {RP}.", HOW_TO_REGISTER.partition(". ")[2] + ".")
        if isinstance(trouble, CloudRefused) and _hopeless(trouble):
            remedy = WHERE_FROM if trouble.code in STALE_CREDENTIALS else CORRECT
            return wrong(what, sentence(trouble.words), remedy)
        if trouble:
            return untried(what, f"Whether {RP} is registered is not known before the bot may read.")
        return ok(what, f"{RP} answers in {self._account.subscription}.")

    def _reading(self) -> Iterator[Finding]:
        yield _finding("orderItems/read", self._listed("orderItems")[1])
        orders, trouble = self._listed("orders")
        yield _finding("orders/read", trouble)
        ids = [id for one in orders if (id := text(one.get("id")))]
        yield self._with("locations/orders/read", ids, "order", lambda id: self._look(id))
        location = self._account.location or offers.LOCATIONS[0]
        nothing = self._path(f"locations/{location}/operationResults/{NOTHING}")
        yield _finding("locations/operationResults/read", _error(partial(self._look, nothing)))
        yield from self._catalogue()

    def _catalogue(self) -> Iterator[Finding]:
        families: list[Answer] = []
        trouble = _error(self._metadata)
        yield _finding("productFamiliesMetadata/action", trouble)
        if trouble:
            yield untried(f"{RP}/listProductFamilies/*", "Families are not known before their metadata.")
        else:
            trouble = _error(lambda: families.extend(self._families()))
            yield _finding("listProductFamilies/*", trouble)
        products = [offers.product_of(one) for family in families for one in offers.products(family)]
        yield self._with("listConfigurations/action", products, "product", self._configurations)

    def _with(self, action: str, things: list[str], kind: str, ask: Callable[[str], object]) -> Finding:
        """What comes of asking about the first of some things."""
        if not things:
            return untried(
                f"{RP}/{action}", f"There is no {kind} to try it with, or none that may be listed."
            )
        return _finding(action, _error(partial(ask, things[0])))

    def _places(self) -> Iterator[Finding]:
        group, location = self._account.resource_group, self._account.location
        if not group:
            yield warn("resource group", "AZURE_RESOURCE_GROUP is not set: every request has to name one.")
        else:
            yield self._group(group)
        if not location:
            yield warn("location", "AZURE_LOCATION is not set: every request has to name one.")
        elif location in offers.LOCATIONS:
            yield ok("location", f"Edge Order keeps order items in {location}.")
        else:
            known = ", ".join(offers.LOCATIONS)
            said = f"Edge Order is not known to keep order items in {location}, only in {known}."
            yield warn(
                "location", said, "Set AZURE_LOCATION to one of them; it need not be near the hardware."
            )

    def _group(self, group: str) -> Finding:
        trouble = self._listed("addresses", f"/resourceGroups/{group}")[1]
        if isinstance(trouble, CloudUnknown):
            make = f"az group create --name {group} --location LOCATION"
            remedy = f"Correct AZURE_RESOURCE_GROUP, or make it: {make}"
            return wrong("resource group", sentence(trouble.words), remedy)
        if trouble:
            return wrong("resource group", sentence(trouble), ALLOW.format("addresses/read"))
        return ok("resource group", f"{group} is there.")

    def _listed(self, kind: str, within: str = "") -> tuple[list[Answer], CloudError | None]:
        """The first page of a kind of resource, and what stood in the way."""
        found: list[Answer] = []
        trouble = _error(lambda: found.extend(self._look(self._path(kind, within))))
        return found, trouble

    def _path(self, rest: str, within: str = "") -> str:
        return f"/subscriptions/{self._account.subscription}{within}/providers/{RP}/{rest}"

    def _look(self, path: str) -> list[Answer]:
        try:
            reply: Any = self._arm.look(f"{self._arm.url}{path}?api-version={API_VERSION}")
        except CloudError as error:
            answer = getattr(error.__cause__, "response", None)
            self._date = text(getattr(answer, "headers", {}).get("Date"))
            raise
        self._date = text(reply.headers.get("Date"))
        return dicts(a_dict(reply.body).get("value"))


def _error(call: Callable[[], object]) -> CloudError | None:
    """What a call fails with, if it does."""
    try:
        call()
    except CloudError as error:
        return error
    return None


def _hopeless(trouble: CloudError | None) -> bool:
    """Whether Azure refuses more than the one action: every other call would say the same."""
    return isinstance(trouble, CloudDenied) and trouble.code != "AuthorizationFailed"


def _stranger(trouble: CloudError) -> Finding:
    if isinstance(trouble, CloudRefused):
        return wrong("credentials", sentence(trouble.words.removesuffix(WHERE_FROM).strip()), WHERE_FROM)
    return wrong("credentials", sentence(trouble), REACH)


def _finding(action: str, trouble: CloudError | None) -> Finding:
    what = f"{RP}/{action}"
    match trouble:
        case None | CloudUnknown():
            return ok(what, "It is allowed.")
        case CloudDenied(words=words):
            return wrong(what, sentence(words), ALLOW.format(what))
        case CloudRefused(words=words):
            return wrong(what, sentence(words), "Mend what it says; the permission itself is there.")
        case error:
            return wrong(what, sentence(error), REACH)

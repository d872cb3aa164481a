"""What can be ordered, as the clouds have told last: kept so that forms never have to wait for a cloud."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

from bot.core.follow import Job, Work
from bot.core.messages import asking
from bot.core.quote import Row, read_offer
from bot.core.request import AwsTerms, Request
from bot.ports import Catalogue, Choice
from bot.spine import Every, Result, World
from bot.store import Claim, UnderWay

EVERY = 300.0
"""Seconds between looks at what can be ordered."""


def reading(world: World) -> list[Work]:
    """The recurring work of reading every catalogue."""
    return [
        Work(f"catalogue/{name}/{scope}", Job.CATALOGUE, body={"cloud": name, "scope": scope})
        for name, cloud in world.clouds.items()
        for scope in cloud.scopes
    ]


def refresh(world: World, claim: Claim) -> Result:
    """Read again what can be ordered in one scope."""
    cloud, scope = claim.work.body["cloud"], claim.work.body["scope"]
    if cloud not in world.clouds or scope not in world.clouds[cloud].scopes:
        return None
    keep(world, cloud, world.clouds[cloud].catalogue(scope))
    return Every(EVERY)


def keep(world: World, cloud: str, catalogue: Catalogue) -> None:
    """Remember a catalogue, so that forms never have to wait for a cloud."""
    body = {
        "choices": {
            key: [[choice.value, choice.text, choice.detail] for choice in offered]
            for key, offered in catalogue.choices.items()
        }
    }
    offers = {key: asdict(offer) for key, offer in catalogue.offers.items()}
    if offers or world.store.recall(f"offers/{cloud}/{catalogue.scope}"):
        world.store.keep(f"offers/{cloud}/{catalogue.scope}", offers, world.now())
    world.store.keep(f"catalogue/{cloud}/{catalogue.scope}", body, world.now())


def ask_again(world: World, cloud: str) -> None:
    """Let a cloud be asked now what can be ordered."""
    scopes = [one for one in reading(world) if one.body["cloud"] == cloud]
    world.store.enqueue(scopes, world.now())


def choices(world: World, key: str, scope: str = "", cloud: str = "aws") -> tuple[Choice, ...]:
    """What a form offers for a field, from the catalogue as last read: of one scope, or of all."""
    kept = world.store.kept(f"catalogue/{cloud}/{scope}")
    scopes = {work.key for work in reading(world)}  # what the settings no longer name is not offered
    found = [
        Choice(*choice)
        for name, (body, _) in kept.items()
        if name in scopes
        for choice in body["choices"].get(key, ())
    ]
    return tuple(dict.fromkeys(found))


def offers_quotes(world: World) -> bool:
    """Whether AWS can be asked for quotes; as long as nobody has asked it anything, that it can."""
    kept = world.store.kept("catalogue/aws/").values()
    return not kept or any("quote" in body["choices"] for body, _ in kept)


def line(world: World, cloud: str, *, waited: bool) -> str:
    """What a form has to say of what its cloud offers; "" where all that it offers can be chosen from.

    Args:
        world: The store, and the clouds.
        cloud: The cloud of the form.
        waited: Whether it was waited for long enough, so that what is not there by now counts as failed.
    """
    scopes = [work.key for work in reading(world) if work.body["cloud"] == cloud]
    # In this order: what is read in between then counts as still to be read, never as failed.
    work = world.store.under_way(f"catalogue/{cloud}/", world.now())
    kept = world.store.kept(f"catalogue/{cloud}/")
    there = [key for key in scopes if key in kept and any(kept[key][0]["choices"].values())]
    old = [key for key in there if world.now() - kept[key][1] > OLD and work.get(key, _NEVER).failed]
    lacking = [key for key in scopes if key not in kept]
    # A scope that offers nothing is no news where another offers something.
    wanted = [*old, *(lacking if there else (key for key in scopes if key not in there))]
    why = next((said for key in wanted if (said := work.get(key, _NEVER).failed)), "")
    if any(work.get(key, _NEVER).now for key in wanted) and not waited:
        return asking.loading(cloud)
    if lacking and there:
        return asking.partly_loaded(cloud, [key.rpartition("/")[2] for key in lacking], why)
    if old:
        return asking.grown_old(cloud, min(kept[key][1] for key in old), why)
    if wanted and (lacking or why):
        return asking.not_loaded(cloud, why)
    return asking.nothing_offered(cloud) if wanted else ""


OLD = timedelta(minutes=30)
"""From which age on a form says how old that is what it offers."""
_NEVER = UnderWay(now=True, failed="")
"""Work that nobody has begun yet: whoever starts a worker makes it due."""


def located(world: World, request: Request) -> Request:
    """The request with its Outpost's Region, country and place, as far as they are known here."""
    request = _with_region(world, request)
    if not isinstance(request.terms, AwsTerms):
        return request
    terms = request.aws
    outpost = f"{terms.region}/{terms.outpost.rpartition('/')[2]}"

    def known(key: str) -> str:
        return next((one.text for one in choices(world, key, terms.region) if one.value == outpost), "")

    found = replace(terms, country=known("country") or terms.country, place=known("outpost") or terms.place)
    return replace(request, terms=found)


def _with_region(world: World, request: Request) -> Request:
    """The Region that the catalogue or the settings tell, where AWS was asked for without one."""
    if not isinstance(request.terms, AwsTerms) or request.aws.region:
        return request
    suffix = f"/{request.aws.outpost}"
    found = [choice.value for choice in choices(world, "outpost") if choice.value.endswith(suffix)]
    regions = [value.partition("/")[0] for value in found] or list(world.settings.aws_regions)
    if len(regions) != 1:
        return request
    return replace(request, terms=replace(request.aws, region=regions[0]))


def with_offer(world: World, request: Request) -> Request:
    """A request by quote with what AWS said of the quote when the catalogue was read."""
    terms = request.terms
    if not isinstance(terms, AwsTerms) or not terms.quote or terms.offer:
        return request
    offers = world.store.recall(f"offers/aws/{terms.region}") or {}
    options = (terms.option,) if terms.option else {key.split("/")[1] for key in offers}
    keys = {Row("", "", terms.quote, option, terms.payment, terms.term).key for option in options}
    found = [offers[key] for key in sorted(keys & offers.keys())]
    if len(found) != 1:  # nothing is known of it, or which option is meant is not said
        return request
    return replace(request, terms=replace(terms, offer=read_offer(found[0])))


def proves(world: World, request: Request) -> bool:
    """Whether the catalogue proves that the cloud knows all of it.

    Of Azure it never does: what the address is that people decide about has to be read first. Nor of a
    quote: its price has to be that of now.
    """
    if not isinstance(request.terms, AwsTerms) or request.aws.quote:
        return False
    terms = request.aws
    outpost = terms.outpost.rpartition("/")[2]
    outposts = {choice.value for choice in choices(world, "outpost")}
    items = {choice.value for choice in choices(world, "item", terms.region)}
    return f"{terms.region}/{outpost}" in outposts and {item.catalog_item for item in terms.items} <= items

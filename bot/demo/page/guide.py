"""What a visitor may say and do: the suggestions of the message box, and the steps to try."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.messages.asking import TOPICS
from bot.demo.world import LocalWorld

ROLES = {"alice": "asks", "bob": "approves", "carol": "finance", "opal": "operates", "mallory": "may not"}
"""What the people of the local world are there for."""


@dataclass(frozen=True)
class Hint:
    """A suggestion: what it puts into the box, how it is used, what it does."""

    fill: str
    usage: str
    does: str


@dataclass(frozen=True)
class Step:
    """Something to try, and the line that does it."""

    title: str
    text: str
    line: str


def hints() -> list[Hint]:
    """A suggestion for each topic of the bot's own help that this version can do."""
    whole = Hint("/order", "/order", "Opens the form; asks for which cloud.")
    return [whole, *(_hint(topic.usage, topic.does) for topic in TOPICS.values())]


def _hint(usage: str, does: str) -> Hint:
    words = usage.split()
    return Hint(
        " ".join(words[:2]) + " " * (len(words) > 2), usage, does.partition(". ")[0].rstrip(".") + "."
    )


def steps(world: LocalWorld) -> list[Step]:
    """What to try first, with lines that work in this world."""
    found: list[Step] = []
    if world.outposts in world.clouds:
        outpost = world.outposts.outposts(world.regions[0])[0]
        line = (
            f"/order aws outpost={outpost} item=OR-7QK2M5A:2 payment=NO_UPFRONT term=THREE_YEARS "
            'reason="Inference at the depot" --yes'
        )
        found.append(Step("AWS racks, in one line", "Filed at once; bob approves in #approvals.", line))
    if world.arm in world.clouds:
        found.append(
            Step("Azure devices, with the form", "Choices come live from the cloud.", "/order azure qty=2")
        )
    return [*found, Step("Everything that can be said", "The bot explains itself.", "/order help")]

"""What the chapters of the story share: what they have to show, and reading what was said."""

from __future__ import annotations

from dataclasses import dataclass

from bot.demo.slack import Message
from bot.demo.world import APPROVALS, ORDERS, LocalWorld


@dataclass(frozen=True)
class Promise:
    """Something that the story has to show, and whether it did."""

    text: str
    kept: bool


class Chapter:
    """One order in the local world: its messages, told apart from those of others by its id."""

    def __init__(self, world: LocalWorld, order_id: str) -> None:
        self.world = world
        self.order_id = order_id

    @property
    def card(self) -> Message:
        """The order card, once there is one."""
        return self._first(ORDERS)

    @property
    def request(self) -> Message:
        """What approvers are asked, once they are."""
        return self._first(APPROVALS)

    @property
    def cards(self) -> int:
        """How many cards the order has; one is right."""
        return sum(self.order_id in message.plain for message in self.world.slack.messages(ORDERS))

    def thread(self) -> str:
        """All that stands in the thread of the card."""
        return said(self.world.slack.thread(ORDERS, self.card.ts))

    def direct(self, person: str) -> str:
        """All that somebody was told directly about the order."""
        return said(
            [message for message in self.world.slack.direct(person) if self.order_id in message.plain]
        )

    def thread_names(self, word: str) -> bool:
        return word in self.thread()

    def _first(self, channel: str) -> Message:
        slack = self.world.slack
        [first, *_] = slack.wait(
            lambda: [one for one in slack.messages(channel) if self.order_id in one.plain]
        )
        return first


def said(messages: list[Message]) -> str:
    """Messages as one text."""
    return "\n".join(message.plain for message in messages)


def told(messages: list[Message], words: str) -> bool:
    """Whether any of the messages says this."""
    return words in said(messages)


def order_id(message: Message) -> str:
    """The id of the order that a message is about."""
    return next(word for word in message.plain.split() if word.startswith("ORD-"))

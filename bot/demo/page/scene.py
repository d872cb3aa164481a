"""What one person sees at one place of the local Slack, as values for the templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.demo.slack import Form, LocalSlack, Message, Person, plain
from bot.demo.slack.values import Json
from bot.demo.slack.views import VALUE_KEYS
from bot.demo.slack.workspace import Channel

HOME, DIRECT = "home", "direct"
"""What the two places of the app itself are called in addresses; others go by the channel's name."""
_LATEST = 50


@dataclass(frozen=True)
class Place:
    """An entry of the sidebar."""

    slug: str
    """What it is called in addresses."""
    name: str
    kind: str
    """`channel`, `direct` or `home`."""
    channel: str = ""
    """Id of the conversation; empty for the home tab."""
    times: tuple[str, ...] = ()
    """When its latest messages came, oldest first: some of them may be unread."""


@dataclass(frozen=True)
class Shown:
    """A message with what is drawn around it."""

    message: Message
    author: str
    is_app: bool
    replies: int = 0
    last_reply: datetime | None = None

    @property
    def at(self) -> datetime:
        return moment(self.message.ts)


@dataclass(frozen=True)
class ShownForm:
    """A modal or a home tab as it is now."""

    id: str
    title: str
    submit: str
    close: str
    blocks: Sequence[Json]
    values: Mapping[str, Any]
    """What is entered, by block_id."""
    errors: Mapping[str, str]
    """What is said under fields, by block_id."""


@dataclass(frozen=True)
class Scene:
    """All of it."""

    me: Person
    people: Sequence[Person]
    places: Sequence[Place]
    place: Place
    names: Mapping[str, str]
    conversations: Mapping[str, str]
    """Channels to choose from, by id."""
    messages: Sequence[Shown]
    thread: str
    """Timestamp of the message whose thread is open; empty if none is."""
    replies: Sequence[Shown]
    """That message, and what was answered to it."""
    form: ShownForm | None
    home: ShownForm | None


def look(
    slack: LocalSlack, me: Person, slug: str, thread: str, errors: Callable[[str], Mapping[str, str]]
) -> Scene:
    """What `me` sees now.

    Args:
        slack: The workspace.
        me: Who looks.
        slug: At which place.
        thread: Timestamp of the message whose thread is open, or "".
        errors: Tells what is wrong in a form, by its id.

    Raises:
        LookupError: There is no such place.
    """
    with slack.workspace.lock:
        places = _places(slack, me)
        place = next((one for one in places if one.slug == slug), None)
        if place is None:
            raise LookupError(slug)
        return Scene(
            me=me,
            people=slack.people(),
            places=places,
            place=place,
            names=slack.workspace.names(),
            conversations={one.channel: one.name for one in places if one.kind == "channel"},
            messages=_messages(slack, me, place.channel),
            thread=thread,
            replies=_thread(slack, me, place.channel, thread) if thread else (),
            form=_form(slack, me.form(), errors),
            home=_form(slack, me.home(), errors),
        )


def moment(ts: str) -> datetime:
    """When a message was sent, in the time of this machine."""
    return datetime.fromtimestamp(float(ts)).astimezone()


def _places(slack: LocalSlack, me: Person) -> list[Place]:
    here = slack.workspace
    channels = [c for c in list(here.channels.values()) if not c.with_user and me.id in here.members(c)]
    direct = here.direct(me.id)
    return [
        *(Place(one.name, one.name, "channel", one.id, _times(slack, me, one)) for one in channels),
        Place(DIRECT, here.bot_name, "direct", direct.id, _times(slack, me, direct)),
        Place(HOME, here.bot_name, "home"),
    ]


def _times(slack: LocalSlack, me: Person, channel: Channel) -> tuple[str, ...]:
    posts = slack.messages(channel.id)[-_LATEST:]
    return tuple(message.ts for message in posts if message.user != me.id)


def _messages(slack: LocalSlack, me: Person, channel: str) -> list[Shown]:
    return _shown(slack, [*slack.messages(channel), *_whispers(slack, me, channel, None)])


def _thread(slack: LocalSlack, me: Person, channel: str, ts: str) -> list[Shown]:
    first = [one for one in slack.messages(channel) if one.ts == ts]
    return _shown(slack, [*first, *slack.thread(channel, ts), *_whispers(slack, me, channel, ts)])


def _whispers(slack: LocalSlack, me: Person, channel: str, thread: str | None) -> list[Message]:
    """What only this person sees at a place."""
    return [one for one in slack.ephemerals(me.id) if (one.channel, one.thread_ts) == (channel, thread)]


def _shown(slack: LocalSlack, messages: list[Message]) -> list[Shown]:
    here = slack.workspace
    made = []
    for one in sorted(messages, key=lambda message: float(message.ts)):
        replies = [] if one.only_for else slack.thread(one.channel, one.ts)
        last = moment(replies[-1].ts) if replies else None
        author = here.users[one.user].name
        made.append(Shown(one, author, one.user == here.bot_user, len(replies), last))
    return made


def _form(
    slack: LocalSlack, form: Form | None, errors: Callable[[str], Mapping[str, str]]
) -> ShownForm | None:
    if form is None:
        return None
    payload = slack.workspace.views[form.id].payload
    return ShownForm(
        id=form.id,
        title=form.title,
        submit=plain.text_of(payload.get("submit"), {}) if form.can_submit else "",
        close=plain.text_of(payload.get("close"), {}) or "Cancel",
        blocks=form.blocks,
        values={
            block_id: form.value(block_id)
            for block_id, element in plain.controls(form.blocks)
            if element["type"] in VALUE_KEYS
        },
        errors=errors(form.id),
    )

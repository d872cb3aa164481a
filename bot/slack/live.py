"""What has to reach a person while they look: forms, and answers to their clicks.

A form's trigger lives three seconds, and who clicked wants to know at once; so these few calls do not wait
in the outbox. An answer that does not get through goes there after all.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from slack_sdk import WebClient

from bot import catalogue
from bot.core import form
from bot.core.aws_terms import CATALOG_ITEM, OUTPOST_ID, split_outpost
from bot.core.command import Ask
from bot.core.messages import asking, replies
from bot.core.messages.blocks import Say, clean, plain
from bot.core.quote import QUOTE, Row, read_row
from bot.core.request import Mistake, Request, Values, check_word, field_of, read, with_defaults
from bot.errors import ChatError
from bot.ports import Choice
from bot.slack.chat import call
from bot.slack.loading import Loading
from bot.slack.screens import Change, Screens
from bot.spine import World, whisper
from bot.steps import request

log = logging.getLogger(__name__)

MOST_OPTIONS = 100
"""As many as Slack shows; more are found by typing."""
MOST_VALUE = 150
"""Characters of an option's value that Slack takes; what is longer can be asked for in a command only."""


class Live:
    """Calls Slack in threads of its own, so that no answer to Slack waits for Slack."""

    def __init__(self, world: World, client: WebClient) -> None:
        self.world = world
        self.client = client
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="live")
        self._screens = Screens(client, self._threads.submit, self._changed)
        self._loading = Loading(world, self._reload)

    def answer(self, said: Say, channel: str, person: str, key: str) -> None:
        """Show somebody, and nobody else, what came of what they did; `key` is of this one answer."""
        self._threads.submit(self._answer, said, channel, person, key)

    def order(self, trigger: str, ask: Ask, origin: form.Origin, person: str) -> None:
        """Open the order form, filled with what was typed; what was typed is kept if that fails."""
        view = order_form(self.world, ask, origin, person)
        self._threads.submit(self._open_or_keep, trigger, view, ask, origin, person)

    def open(self, trigger: str, view: form.View) -> None:
        """Open a small form."""
        self._threads.submit(self._quietly, lambda: self.client.views_open(trigger_id=trigger, view=view))

    def push(self, trigger: str, view: form.View) -> None:
        """Open a small form over the one that is open, which stays as it is below."""
        self._threads.submit(self._quietly, lambda: self.client.views_push(trigger_id=trigger, view=view))

    def turn(self, view: Mapping[str, Any], into: Change, at: str) -> None:
        """Change a form on somebody's screen, upon whatever it has become meanwhile by our own doing.

        Args:
            view: The form as Slack has sent it.
            into: What is to become of it.
            at: When somebody did what changes it, as Slack says.
        """
        self._screens.change(view, into, at)

    def ask_again(self, view: Mapping[str, Any], cloud: str, at: str) -> None:
        """Let the cloud of a form be asked again what it offers, and show it when it has answered."""
        self._loading.forget(view["id"])  # what it says of the time before is no answer
        catalogue.ask_again(self.world, cloud)
        loading = asking.loading(cloud)
        self._screens.change(view, lambda it: form.parts.with_catalogue(it, loading, cloud), at)

    def sent(self, view_id: str) -> None:
        """A form was sent: nothing that happens to it is of interest any more."""
        self._screens.forget(view_id)
        self._loading.forget(view_id)

    def _changed(self, view_id: str, view: form.View) -> None:
        """A form with a line about its cloud is kept up to date with what the cloud says."""
        cloud = CLOUDS.get(view.get("callback_id", ""), "")
        line = "".join(
            block["elements"][0]["text"] for block in form.parts.notes_in(view, form.parts.CATALOGUE)
        )
        if cloud and line:
            self._loading.watch(view_id, cloud, line)
        else:
            self._loading.forget(view_id)

    def _reload(self, view_id: str, cloud: str, line: str) -> None:
        self._screens.amend(view_id, lambda it: refilled(self.world, it, cloud, line))

    def close(self) -> None:
        """Begin nothing more; what was asked for too late to be shown is dropped."""
        self._loading.close()
        self._screens.close()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _open_or_keep(
        self, trigger: str, view: form.View, ask: Ask, origin: form.Origin, person: str
    ) -> None:
        try:
            opened = call(lambda: self.client.views_open(trigger_id=trigger, view=view))["view"]
            self._screens.opened(opened, view)
        except ChatError as error:
            log.warning("form.not_opened", extra={"why": str(error)})
            kept = draft_of(ask, origin.channel) | {"edits": origin.edits}
            draft = self.world.store.save_draft(person, kept, self.world.now())
            said = replies.form_failed(draft, str(error))
            whisper(self.world, said, origin.channel or person, person, f"form/{draft}")
        except Exception:
            log.exception("form.failed")

    def _answer(self, said: Say, channel: str, person: str, key: str) -> None:
        try:
            if channel == person:  # from App Home, which is no place to whisper in
                self.world.chat.post(person, said.text, said.blocks, key=f"whisper/{key}")
            else:
                self.world.chat.whisper(channel, person, said.text, said.blocks)
        except ChatError as error:
            log.info("answer.waits", extra={"why": str(error)})
            whisper(self.world, said, channel, person, key)
        except Exception:
            log.exception("answer.failed")

    def _quietly(self, send: Any) -> None:
        """A form that does not open is pressed for again: there is nothing typed to lose."""
        try:
            call(send)
        except ChatError as error:
            log.warning("form.not_opened", extra={"why": str(error)})
        except Exception:
            log.exception("form.failed")


def draft_of(ask: Ask, channel: str) -> dict[str, Any]:
    """What is kept of an asking, so that a button can open its form."""
    values = {key: list(said) for key, said in ask.values.items()}
    return {"cloud": ask.cloud, "values": values, "channel": channel}


def order_form(world: World, ask: Ask, origin: form.Origin, person: str) -> form.View:
    """The form for one cloud, filled with what was typed, with the catalogue as last read."""
    view = _FORMS[ask.cloud](world, ask.values, origin, form_notes(world, ask, person))
    line = catalogue.line(world, ask.cloud, waited=False)
    return form.parts.with_catalogue(view, line, ask.cloud)


CLOUDS = {form.aws.ORDER_AWS: "aws", form.azure.ORDER_AZURE: "azure"}
"""The cloud of an order form, by its callback id."""


def refilled(world: World, view: Mapping[str, Any], cloud: str, line: str) -> form.View:
    """The form on somebody's screen with what its cloud offers now, and with this line about it."""
    return form.parts.with_catalogue(_FOLLOW[cloud](world, view), line, cloud)


def settled(world: World, view: form.View, cloud: str) -> form.View:
    """A form that comes back when it is sent: nothing else updates it, so it says what is known by now."""
    if not form.parts.catalogue_in(view):
        return view
    return form.parts.with_catalogue(view, catalogue.line(world, cloud, waited=True), cloud)


def followed(world: World, view: Mapping[str, Any], person: str) -> form.View:
    """The form on somebody's screen with the fields and the notes that go with what is chosen now."""
    cloud = CLOUDS[view["callback_id"]]
    into = _FOLLOW[cloud](world, view)
    ask = Ask(cloud, _VALUES[cloud](view))
    return form.parts.with_notes(into, form_notes(world, ask, person))


_FOLLOW: dict[str, Callable[[World, Mapping[str, Any]], form.View]] = {
    "aws": lambda world, view: form.aws.follow(view, label(world)),
    "azure": lambda world, view: form.azure.follow(view, offered(world)),
}
_VALUES: dict[str, Callable[[Mapping[str, Any]], Values]] = {
    "aws": form.aws.values_from,
    "azure": form.azure.values_from,
}


def form_notes(world: World, ask: Ask, person: str) -> tuple[str, ...]:
    """What the form of a cloud says below its fields: who will be asked, and what is risky."""
    known = with_defaults(ask.values, request.defaults(world, ask.cloud))
    asked = read(ask.cloud, known, world.now().date(), ("reason", "address"))
    return request.notes(world, asked if isinstance(asked, Request) else None, ask.cloud, person)


def _aws_form(world: World, values: Values, origin: form.Origin, notes: Sequence[str]) -> form.View:
    regions = world.settings.aws_regions
    return form.aws.form(
        values,
        origin=origin,
        label=label(world),
        regions=regions,
        notes=notes,
        quotes=catalogue.offers_quotes(world),
    )


def _azure_form(world: World, values: Values, origin: form.Origin, notes: Sequence[str]) -> form.View:
    known = with_defaults(values, request.defaults(world, "azure"))
    return form.azure.form(known, origin=origin, offered=offered(world), notes=notes)


_FORMS: dict[str, Callable[[World, Values, form.Origin, Sequence[str]], form.View]] = {
    "aws": _aws_form,
    "azure": _azure_form,
}


def label(world: World) -> form.aws.Label:
    """How the catalogue of AWS calls a value; the value itself where it does not know it."""
    offered = cache(lambda key: catalogue.choices(world, key))

    def found(key: str, value: str) -> str:
        fitting = (one.text for one in offered(key) if _is(value, one.value))
        return next(fitting, value)

    return found


def _is(value: str, choice: str) -> bool:
    return value == choice or choice.endswith(f"/{value}")


def quote_form(world: World, view: Mapping[str, Any], origin: form.Origin) -> form.View:
    """The form for a new quote, for what was chosen in an order form."""
    place = form.parts.standing(view, "outpost")
    text = form.parts.option_texts(view).get(place, "")
    country = next((one.text for one in catalogue.choices(world, "country") if one.value == place), "")
    return form.new_quote.form(place, text, country, origin)


def offered(world: World) -> form.azure.Offered:
    """What the catalogue of Azure offers for a key; a form asks for some of it several times."""
    return cache(
        lambda key: [(one.value, one.text) for one in catalogue.choices(world, key, cloud="azure")],
    )


def offer(world: World, action: str, typed: str, view: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The options of a searchable field that contain what was typed, at most 100.

    Args:
        world: The catalogue as last read.
        action: The field's action id.
        typed: What was typed into it so far.
        view: The form as it is, which tells what was chosen in other fields.
    """
    words = typed.lower().split()
    found = [one for one in _choices(world, action, view or {}) if 0 < len(one.value) <= MOST_VALUE]
    fitting = [choice for choice in found if all(word in _searched(choice) for word in words)]
    shown = fitting or _typed_in_full(action, typed.strip(), view or {})
    return [_option(choice) for choice in [*_ALWAYS.get(action, ()), *shown][:MOST_OPTIONS]]


_ALWAYS = {"address": (Choice(form.azure.NEW_ADDRESS, form.azure.NEW_ADDRESS_TEXT),)}


def _choices(world: World, action: str, view: dict[str, Any]) -> Sequence[Choice]:
    """What the catalogue has for a field, as far as it goes with what was chosen in others."""
    if action == "outpost":
        return catalogue.choices(world, "outpost")
    if action.startswith("item_"):
        return catalogue.choices(world, "item", _region(view))
    if action.startswith("instance_"):
        return catalogue.choices(world, "instance", _region(view))
    if action == "quote":
        return [one for one in catalogue.choices(world, "quote") if _is_for(one, view)]
    found = catalogue.choices(world, action, cloud="azure")
    if action != "configuration":
        return found
    product = form.azure.product_asked_about(view)
    return [choice for choice in found if choice.value.rpartition("/")[0] == product]


def _is_for(quote: Choice, view: dict[str, Any]) -> bool:
    """Whether a quote can be ordered for the Outpost that is chosen: it is for that, or for none."""
    row, chosen = read_row(quote.value), form.aws.values_from(view).get("outpost", ("",))[0]
    region, outpost = split_outpost(chosen)
    return (not region or row.region == region) and (not outpost or row.outpost in ("", outpost))


def _typed_in_full(action: str, typed: str, view: dict[str, Any]) -> Sequence[Choice]:
    """A name that the catalogue does not have, or not yet: the cloud is asked before anybody decides."""
    if action == "outpost" or action.startswith("item_"):
        pattern, word = (OUTPOST_ID, typed) if action == "outpost" else (CATALOG_ITEM, typed.upper())
        return [_looked_up(word)] if re.fullmatch(pattern, word) else []
    if action == "quote":
        known = re.fullmatch(QUOTE, typed)
        return [Choice(Row(quote=typed).value, typed, asking.LOOKED_UP_LATER)] if known else []
    if action.startswith("instance_"):
        return [_looked_up(typed)] if re.fullmatch(form.new_quote.INSTANCE, typed) else []
    named = field_of("azure", action)
    name = check_word(named, typed, None) if named else ""
    if not name or isinstance(name, Mistake):
        return []
    if action != "configuration":
        return [_looked_up(name)]
    product = form.azure.product_asked_about(view)
    return [_looked_up(name, f"{product}/")] if product else []


def _looked_up(name: str, above: str = "") -> Choice:
    return Choice(above + name, name, asking.LOOKED_UP_LATER)


def _region(view: dict[str, Any]) -> str:
    """The Region of the Outpost that is chosen in the form; empty as long as none is."""
    chosen = form.aws.values_from(view).get("outpost", ("",))[0]
    return chosen.partition("/")[0] if "/" in chosen and not chosen.startswith("arn:") else ""


def _searched(choice: Choice) -> str:
    return f"{choice.text} {choice.value} {choice.detail}".lower()


def _option(choice: Choice) -> dict[str, Any]:
    option = form.parts.option(choice.value, choice.text)
    return option | {"description": plain(detail, 75)} if (detail := clean(choice.detail)) else option

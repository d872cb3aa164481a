"""What every form is made of: elements, their input blocks, and what Slack sends back of them.

Slack tells what was entered by block and action. An action id here is always the key of the grammar that
the element stands for, so it finds a value and an error its field (but for *Order by*, see `aws`); the
block's id is the same, unless a choice belongs to another one (see `azure`). What was typed survives an
update where both stay. Limits are Slack's own (https://docs.slack.dev/surfaces/modals).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from bot.core.fields import Field, Mistake, Values, check_word, first, tidy
from bot.core.messages.asking import CLOUD_NAMES, mistake_line, mistake_under_field
from bot.core.messages.blocks import Block, actions, button, clean, context, plain, section
from bot.core.request import field_of, keys

View = dict[str, Any]

CHOOSE_CLOUD = "choose_cloud"
OPTION_VALUE = 150
TYPED, NOTES = "typed", "notes"
"""Block ids of what is said above and below the fields."""

_TITLE_LIMIT = 24
_OPTION_TEXT = 75
_ERROR_LIMIT = 300
_NOTE_LIMIT = 2900
_NOTE_PARTS = 4


_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Origin:
    """Where it was asked: Slack id of the conversation, id of the draft it goes on from, and id of the order
    that is edited with it."""

    channel: str
    draft: str = ""
    edits: str = ""


def view(callback: str, title: str, submit: str, kept: Mapping[str, str], blocks: Iterable[Block]) -> View:
    """A modal; `kept` comes back with it, `submit` is "" where there is nothing to send."""
    made: View = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, _TITLE_LIMIT),
        "close": plain("Close"),
        "private_metadata": json.dumps(kept, separators=(",", ":")),
        "blocks": list(blocks),
    }
    return made | ({"submit": plain(submit, _TITLE_LIMIT)} if submit else {})


def order_view(
    callback: str, title: str, origin: Origin, blocks: Iterable[Block], aside: Mapping[str, str] = _NOTHING
) -> View:
    """A form in which something is asked for; `aside` is what was entered and has no field now."""
    return view(callback, title, "Ask for approval", {**asdict(origin), **aside}, blocks)


def choosing(clouds: Sequence[str], origin: Origin) -> View:
    """The first view where several clouds are configured: a button for each, `choose_aws` and so on."""
    buttons = (button(CLOUD_NAMES.get(cloud, cloud), f"choose_{cloud}", cloud) for cloud in clouds)
    question = section("What would you like to order?")
    return view(CHOOSE_CLOUD, "Order hardware", "", asdict(origin), [question, actions(*buttons)])


# --- inputs ------------------------------------------------------------------------------------


def labelled(block: str, label: str, element: Block, required: bool) -> Block:
    """An input block."""
    return {
        "type": "input",
        "block_id": block,
        "label": plain(label),
        "element": element,
        "optional": not required,
    }


def field_input(field: Field, element: Block) -> Block:
    """An input block as its field says."""
    return labelled(field.key, field.label, element, field.required)


def common_inputs(cloud: str, words: Values) -> Iterator[Block]:
    """The fields that the forms of all clouds end with."""
    elements = (
        text_input("reason", first(words, "reason"), limit=3000, multiline=True),
        text_input("cost_center", first(words, "cost_center"), limit=80),
        filled_in({"type": "datepicker"}, "needed_by", "initial_date", first(words, "needed_by")),
        _conversation(first(words, "channel")),
    )
    return (field_input(known_field(cloud, element["action_id"]), element) for element in elements)


def known_field(cloud: str, key: str) -> Field:
    """The field of a key that is in the grammar.

    Raises:
        LookupError: It is not.
    """
    field = field_of(cloud, key)
    if field is None:
        raise LookupError(f"{cloud} has no {key}")
    return field


def filled_in(element: Block, action: str, initial: str, value: Any) -> Block:
    """`element` with its action id, and with its initial value if there is one."""
    return element | {"action_id": action} | ({initial: value} if value else {})


def searched(action: str, placeholder: str, value: str, text: str) -> Block:
    """A select that asks us for its choices as somebody types; from the first look on."""
    element = {"type": "external_select", "min_query_length": 0, "placeholder": plain(placeholder)}
    chosen = option(value, text) if 0 < len(value) <= OPTION_VALUE else None
    return filled_in(element, action, "initial_option", chosen)


def select(action: str, choices: Iterable[tuple[str, str]], value: str) -> Block:
    """A select of a few choices, pairs of value and text."""
    options = [option(*choice) for choice in choices]
    chosen = next((choice for choice in options if choice["value"] == value), None)
    return filled_in({"type": "static_select", "options": options}, action, "initial_option", chosen)


def option(value: str, text: str) -> Block:
    """One choice; its value where the text shows nothing."""
    shown = clean(" ".join(text.split())) or value
    return {"text": plain(shown, _OPTION_TEXT), "value": value}


def number_input(action: str, value: str, most: int) -> Block:
    """A whole number from 1 to `most`; what is none is left out."""
    element = {
        "type": "number_input",
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": str(most),
    }
    whole = re.fullmatch("0*([0-9]{1,3})", value)
    shown = whole[1] if whole and 1 <= int(whole[1]) <= most else ""
    return filled_in(element, action, "initial_value", shown)


def text_input(action: str, value: str, limit: int, multiline: bool = False, example: str = "") -> Block:
    """A text of at most `limit` characters."""
    element: Block = {"type": "plain_text_input", "max_length": limit, "multiline": multiline}
    if example:
        element["placeholder"] = plain(example)
    return filled_in(element, action, "initial_value", value[:limit])


def _conversation(channel: str) -> Block:
    element: Block = {
        "type": "conversations_select",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if not _shows_channel(channel):
        return filled_in(element, "channel", "default_to_current_conversation", True)
    return filled_in(element, "channel", "initial_conversation", channel)


def _shows_channel(channel: str) -> bool:
    """Whether the element can be filled with it: it takes ids, and those of channels only."""
    return bool(re.fullmatch("[CG][A-Z0-9]+", channel))


# --- what was typed before, and what is said about it ------------------------------------------


def sorted_out(cloud: str, values: Values) -> tuple[dict[str, tuple[str, ...]], list[Mistake]]:
    """The words that fit a field, for every field, and what does not fit."""
    words: dict[str, tuple[str, ...]] = dict.fromkeys(keys(cloud), ())
    misfits: list[Mistake] = []
    for key, typed in values.items():
        field = field_of(cloud, key)
        if field is None or not field.offered:
            expected = field.expected if field else "another key"
            misfits += [Mistake("", f"{key}={word}", expected) for word in typed]
            continue
        words[key], wrong = _fitting(field, typed)
        misfits += wrong
    return words, misfits


def _fitting(field: Field, typed: Sequence[str]) -> tuple[tuple[str, ...], list[Mistake]]:
    checked = [check_word(field, word, None) for word in map(tidy, typed) if word]
    wrong = [word for word in checked if isinstance(word, Mistake)]
    # A text that is too long is still worth its beginning; the line above the form says so.
    begun = [m.word[: field.limit] for m in wrong if field.limit]
    right = [word for word in checked if isinstance(word, str)] + begun
    often = f"{field.key}= at most {field.most} times" if field.repeat else f"{field.key}= only once"
    wrong += [Mistake(field.key, word, often) for word in right[field.most :]]
    return tuple(right[: field.most]), wrong


def homeless_channel(words: Values) -> Iterator[Mistake]:
    """A channel that is right and that the form's element cannot show."""
    for channel in words["channel"]:
        if not _shows_channel(channel):
            yield Mistake("channel", channel, "the channel, chosen below")


def typed_note(misfits: Iterable[Mistake], before: Sequence[Block] = ()) -> list[Block]:
    """What stands above the fields: the words that none of them could be filled with.

    Args:
        misfits: Those words.
        before: The block as it stood there so far.
    """
    lines = [element["text"] for block in before for element in block["elements"]]
    return note(TYPED, [*lines, *(f"You typed {mistake_line(mistake)}" for mistake in misfits)])


def note(block: str, lines: Iterable[str]) -> list[Block]:
    """Lines of mrkdwn beside the fields, as many as fit; no block for no line."""
    parts = [""]
    for line in filter(None, lines):
        if parts[-1] and len(parts[-1]) + len(line) >= _NOTE_LIMIT:
            parts.append("")
        parts[-1] = f"{parts[-1]}\n{line}".strip()
    shown = [*parts[: _NOTE_PARTS - 1], "…"] if len(parts) > _NOTE_PARTS else parts
    return [context(*shown) | {"block_id": block}] if parts[0] else []


def with_catalogue(view: Mapping[str, Any], line: str, cloud: str) -> View:
    """The form with a line at its top about what its cloud offers; without that line where it is "".

    A line that tells of something wrong comes with *Try again*.
    """
    rest = [one for one in view["blocks"] if one not in catalogue_in(view)]
    above = [context(line) | {"block_id": CATALOGUE}] if line else []
    if ":warning:" in line:
        above.append(actions(button("Try again", TRY_AGAIN, cloud)) | {"block_id": f"{CATALOGUE}_again"})
    return with_blocks(view, [*above, *rest])


def catalogue_in(view: Mapping[str, Any]) -> list[Block]:
    """What a form says at its top about what its cloud offers."""
    return [one for one in view["blocks"] if str(one.get("block_id", "")).startswith(CATALOGUE)]


def with_notes(view: Mapping[str, Any], lines: Sequence[str]) -> View:
    """The form with other lines below its fields."""
    rest = [one for one in view["blocks"] if one.get("block_id") != NOTES]
    return with_blocks(view, [*rest, *note(NOTES, lines)])


def with_blocks(view: Mapping[str, Any], blocks: Iterable[Block]) -> View:
    """A form with other blocks; of one that Slack has sent, only what Slack takes back is kept."""
    kept = ("type", "callback_id", "title", "close", "submit", "private_metadata")
    return {**{key: view[key] for key in kept if view.get(key)}, "blocks": list(blocks)}


CATALOGUE, TRY_AGAIN = "catalogue", "try_again"


def noted(view: Mapping[str, Any], lines: Sequence[str]) -> View | None:
    """A form that somebody has sent with what it has to say below its fields; None where it says just that.

    What was typed stays in the fields, which keep their ids.
    """
    wanted, shown = note(NOTES, [SEND_AGAIN, *lines]), notes_in(view, NOTES)
    # Compared as they are drawn: of more than fits, nobody could ever be shown all.
    if any(_drawn(said) <= _drawn(shown) for said in (note(NOTES, lines), wanted)):
        return None
    return with_blocks(view, [*(one for one in view["blocks"] if one not in shown), *wanted])


def _drawn(notes: Iterable[Block]) -> set[str]:
    """The lines of notes, as they stand in a form."""
    return {line for block in notes for one in block["elements"] for line in one["text"].split("\n")}


SEND_AGAIN = "Look at this, then press *Ask for approval* once more."


def notes_in(view: Mapping[str, Any], block: str) -> list[Block]:
    """What a block of a form on somebody's screen says beside its fields."""
    return [one for one in view.get("blocks", ()) if one.get("block_id") == block]


# --- what comes back ---------------------------------------------------------------------------


def state(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was entered, by block and action."""
    values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
    return values


def metadata(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was `kept` when the view was made."""
    kept: Mapping[str, Any] = json.loads(view.get("private_metadata") or "{}")
    return kept


def origin_of(view: Mapping[str, Any]) -> Origin:
    """Where the form was asked for."""
    kept = metadata(view)
    return Origin(str(kept.get("channel", "")), str(kept.get("draft", "")), str(kept.get("edits", "")))


def filled(view: Mapping[str, Any], action: str, block: str = "") -> str:
    """What a person put into one element, whatever its kind; "" if nothing, or if it is not there."""
    element = state(view).get(_found(view, block or action, action), {}).get(action, {})
    option = element.get("selected_option") or {}
    places = ("selected_date", "selected_conversation", "value")
    return option.get("value") or next((element[at] for at in places if element.get(at)), "")


def _found(view: Mapping[str, Any], block: str, action: str) -> str:
    """The block of an element. One that belongs to no other choice may be called otherwise, where an earlier
    version of the bot made the form: what was typed into that must not be lost."""
    if block in state(view) or "@" in block:
        return block
    return next((id for id, there in state(view).items() if action in there and "@" not in id), block)


def standing(view: Mapping[str, Any], action: str, block: str = "") -> str:
    """What stands in one element: what was put into it, or, as long as Slack has told nothing of it, what we
    have filled it with. So it is with a form that changes before anybody has touched it, or once more before
    Slack has redrawn it."""
    wanted = block or action
    if action in state(view).get(_found(view, wanted, action), {}):
        return filled(view, action, block)
    inputs = (one for one in view.get("blocks", ()) if one.get("type") == "input")
    fitting = (one["element"] for one in inputs if one["block_id"] == wanted)
    element: Block = next((one for one in fitting if one["action_id"] == action), {})
    places = ("initial_value", "initial_date", "initial_conversation")
    option = element.get("initial_option") or {}
    return option.get("value") or next((element[at] for at in places if element.get(at)), "")


def asked_for(view: Mapping[str, Any]) -> set[str]:
    """The action ids of all that a form asks, as far as it is on the screen or is going to be."""
    inputs = (block for block in view.get("blocks", ()) if block.get("type") == "input")
    entered = (action for block in state(view).values() for action in block)
    return {*(block["element"]["action_id"] for block in inputs), *entered}


def said(words: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """What was entered as `Values`; blank fields are left out."""
    return {key: (word,) for key, word in words.items() if word.strip()}


def input_ids(view: Mapping[str, Any]) -> list[str]:
    """The block ids of all that a form asks, in its order."""
    return [block["block_id"] for block in view.get("blocks", ()) if block.get("type") == "input"]


def option_texts(view: Mapping[str, Any]) -> dict[str, str]:
    """Texts of the choices that were made, by value: they need not be looked up again."""
    elements = [element for block in state(view).values() for element in block.values()]
    options = [element.get("selected_option") for element in elements]
    return {option["value"]: option["text"]["text"] for option in options if option}


def _own(mistake: Mistake) -> Iterable[str]:
    return (mistake.key,)


def errors_by_block(
    mistakes: Iterable[Mistake],
    view: Mapping[str, Any],
    actions_of: Callable[[Mistake], Iterable[str]] = _own,
) -> dict[str, str]:
    """What a view submission is answered with: a message for each field that needs another word.

    Slack shows only errors of blocks that are on the form, so a mistake without a field of its own
    is told under the first one.

    Args:
        mistakes: What is wrong.
        view: The form as it was submitted.
        actions_of: The action ids of the elements that a mistake is about.
    """
    inputs = [block for block in view.get("blocks", ()) if block.get("type") == "input"]
    blocks = {block["element"]["action_id"]: block["block_id"] for block in inputs}
    found: dict[str, list[str]] = {}
    for mistake in mistakes:
        for action in actions_of(mistake):
            block = blocks.get(action) or inputs[0]["block_id"]
            found.setdefault(block, []).append(mistake_under_field(mistake))
    return {block: clean(" ".join(dict.fromkeys(lines)), _ERROR_LIMIT) for block, lines in found.items()}

"""The forms: modals made from what is known, and what was filled in read back.

    Values ── form() ──► View ── a person ──► view["state"] ── values_from() ──► Values ── read()
                          └─ add_item() ─┘                      mistakes ── errors_by_block() ──► View

Block ids are the keys of the grammar (`item_1`, `quantity_1`, … for the rows of items), and an
action id is that of its block: so an error finds its field, and what was typed survives an update.
Limits are Slack's own (https://docs.slack.dev/surfaces/modals).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.core.messages.asking import CLOUD_NAMES, mistake_line, mistake_under_field
from bot.core.messages.blocks import Block, actions, button, clean, context, escape, plain, section
from bot.core.request import (
    FIELDS,
    MOST_ITEMS,
    MOST_OF_AN_ITEM,
    Field,
    Mistake,
    Values,
    check_word,
    field_of,
    keys,
    split_item,
    split_outpost,
    tidy,
)

View = dict[str, Any]
Label = Callable[[str, str], str]
"""Key and value of a choice → its readable text; "" where nothing is known about it."""

ORDER_AWS = "order_aws"
CHOOSE_CLOUD = "choose_cloud"
REJECT = "reject"
WAS_PLACED = "was_placed"
ADD_ITEM = "add_item"

_TITLE_LIMIT = 24
_OPTION_TEXT = 75
_OPTION_VALUE = 150
_ERROR_LIMIT = 300
_NOTE_LIMIT = 2900
_NOTES = ("typed", "notes")
_AWS_ORDER = re.compile("oo-[a-f0-9]{17}")


@dataclass(frozen=True)
class Origin:
    """Where it was asked: Slack id of the conversation, and id of the draft it goes on from."""

    channel: str
    draft: str = ""


@dataclass(frozen=True)
class Rejection:
    """`seen`: the digest of the request that was on show; `reason` is "" if it was left blank."""

    order: str
    seen: str
    reason: str
    origin: Origin


@dataclass(frozen=True)
class WasPlaced:
    """`order`: our id; `aws_order`: the id of the order that an operator found at AWS."""

    order: str
    aws_order: str


@dataclass(frozen=True)
class _Row:
    item: str = ""
    quantity: str = "1"


def form(
    values: Values,
    *,
    origin: Origin,
    label: Label,
    regions: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> View:
    """The form for AWS Outposts, filled with what fits of `values`; what does not fit is shown.

    Args:
        values: What was typed so far.
        origin: Where it was asked.
        label: Texts for Outposts and catalog items, from the caches of the cloud.
        regions: The Regions that are configured; a single one is that of an id without a Region.
        notes: Lines of mrkdwn above the button that files it: who will be asked, what is risky.
    """
    words, misfits = _sorted_out(values)
    fitting = {**words, "outpost": tuple(_place(word, words, regions) for word in words["outpost"])}
    rows = [_Row(*(split_item(word) or ())) for word in words["item"]] or [_Row()]
    above = _note("typed", [f"You typed {line}" for line in misfits])
    return _order_view(fitting, rows, origin, label, [*above, *_note("notes", notes)])


def add_item(view: Mapping[str, Any], label: Label) -> View:
    """The form as it stands on somebody's screen, with one more row for an item, up to 20."""
    rows = [*_rows(view), _Row()][:MOST_ITEMS]
    notes = [block for block in view.get("blocks", ()) if block.get("block_id") in _NOTES]
    texts = _option_texts(view)

    def known(key: str, value: str) -> str:
        return texts.get(value) or label(key, value)

    return _order_view(_fields_from(view), rows, origin_of(view), known, notes)


def values_from(view: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What was filled in; a row that nobody touched is not an item."""
    items = tuple(word for row in _rows(view) if (word := _item_word(row)))
    values = _fields_from(view) | {"item": items}
    return {key: values[key] for key in keys("aws") if values.get(key)}


def origin_of(view: Mapping[str, Any]) -> Origin:
    """Where the form was asked for."""
    kept = _metadata(view)
    return Origin(str(kept.get("channel", "")), str(kept.get("draft", "")))


def errors_by_block(mistakes: Iterable[Mistake], view: Mapping[str, Any]) -> dict[str, str]:
    """What a view submission is answered with: a message for each field that needs another word.

    Slack shows only errors of blocks that are on the form, so a mistake without a field of its own
    is told under the nearest one.
    """
    found: dict[str, list[str]] = {}
    for mistake in mistakes:
        for block in _blocks_of(mistake, view):
            found.setdefault(block, []).append(mistake_under_field(mistake))
    return {block: clean(" ".join(dict.fromkeys(said)), _ERROR_LIMIT) for block, said in found.items()}


def choosing(clouds: Sequence[str], origin: Origin) -> View:
    """The first view where several clouds are configured: a button for each, `choose_aws` and so on."""
    buttons = (button(CLOUD_NAMES.get(cloud, cloud), f"choose_{cloud}", cloud) for cloud in clouds)
    question = section("What would you like to order?")
    return _view(CHOOSE_CLOUD, "Order hardware", "", asdict(origin), [question, actions(*buttons)])


def reject_form(order_id: str, seen: str, origin: Origin) -> View:
    """The dialog that asks why.

    Args:
        order_id: `ORD-…`.
        seen: The version or digest that was on show when *Reject* was clicked.
        origin: Where it was clicked.
    """
    element = _text_input("reason", "", limit=3000, multiline=True)
    reason = _input("reason", "Reason", element, required=True)
    kept = {"order": order_id, "seen": seen, **asdict(origin)}
    return _view(REJECT, f"Reject {order_id}", "Reject", kept, [reason])


def rejection(view: Mapping[str, Any]) -> Rejection:
    """What was filled in on a `reject_form`."""
    kept = _metadata(view)
    reason = tidy(_filled(view, "reason"))
    return Rejection(str(kept["order"]), str(kept["seen"]), reason, origin_of(view))


def placed_form(order_id: str) -> View:
    """The dialog in which an operator says which order at AWS is that of `order_id`."""
    element = _text_input("aws_order", "", limit=100, example="oo-0123456789abcdef0")
    asked = _input("aws_order", "AWS order id", element, required=True)
    words = section(f"Which order at AWS is {escape(order_id)}? It will be followed from now on.")
    return _view(WAS_PLACED, "It was placed", "It was placed", {"order": order_id}, [words, asked])


def was_placed(view: Mapping[str, Any]) -> WasPlaced | Mistake:
    """What was filled in on a `placed_form`."""
    typed = tidy(_filled(view, "aws_order"))
    aws_order = typed.lower()
    if not _AWS_ORDER.fullmatch(aws_order):
        return Mistake("aws_order", typed, "an AWS order id such as oo-0123456789abcdef0")
    return WasPlaced(str(_metadata(view)["order"]), aws_order)


# --- what goes into the form -------------------------------------------------------------------


def _sorted_out(values: Values) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """The words that fit a field, for every field, and a line for each that does not."""
    words: dict[str, tuple[str, ...]] = dict.fromkeys(keys("aws"), ())
    misfits: list[Mistake] = []
    for key, typed in values.items():
        field = field_of("aws", key)
        if field is None or not field.offered:
            expected = field.expected if field else "another key"
            misfits += [Mistake("", f"{key}={word}", expected) for word in typed]
            continue
        fits, wrong = _fitting(field, typed)
        words[key], misfits = fits, [*misfits, *wrong]
    return words, [mistake_line(m) for m in [*misfits, *_homeless(words)]]


def _fitting(field: Field, typed: Sequence[str]) -> tuple[tuple[str, ...], list[Mistake]]:
    checked = [check_word(field, word, None) for word in map(tidy, typed) if word]
    wrong = [word for word in checked if isinstance(word, Mistake)]
    # A text that is too long is still worth its beginning; the line above the form says so.
    begun = [m.word[: field.limit] for m in wrong if field.limit]
    right = [word for word in checked if isinstance(word, str)] + begun
    often = f"{field.key}= at most {field.most} times" if field.repeat else f"{field.key}= only once"
    wrong += [Mistake(field.key, word, often) for word in right[field.most :]]
    return tuple(right[: field.most]), wrong


def _homeless(words: Values) -> Iterator[Mistake]:
    """Words that are right and that no element of the form can show."""
    for region in words["region"]:
        if not any(split_outpost(word)[0] in ("", region) for word in words["outpost"]):
            yield Mistake("region", region, "an Outpost in that Region, chosen below")
    for channel in words["channel"]:
        if not _shows_channel(channel):
            yield Mistake("channel", channel, "the channel, chosen below")


def _place(outpost: str, words: Values, regions: Sequence[str]) -> str:
    """The Outpost as the value of a choice: `REGION/op-…` where the Region is known."""
    region, plain_id = split_outpost(outpost)
    known = region or next(iter(words["region"]), "") or (regions[0] if len(regions) == 1 else "")
    return f"{known}/{plain_id}" if known else plain_id


def _order_view(
    words: Values, rows: Sequence[_Row], origin: Origin, label: Label, notes: Sequence[Block]
) -> View:
    first = _first_word(words)
    blocks = [
        *(block for block in notes if block["block_id"] == "typed"),
        _chosen_outpost(first("outpost"), label),
        *(block for number, row in enumerate(rows, 1) for block in _row_blocks(number, row, label)),
        *([_add_button()] if len(rows) < MOST_ITEMS else []),
        *(_field_input(key, element) for key, element in _elements(first).items()),
        *(block for block in notes if block["block_id"] != "typed"),
    ]
    return _view(ORDER_AWS, "Order AWS Outposts", "Ask for approval", asdict(origin), blocks)


def _first_word(words: Values) -> Callable[[str], str]:
    return lambda key: next(iter(words.get(key, ())), "")


def _elements(first: Callable[[str], str]) -> dict[str, Block]:
    """The elements below the items, by key and in order."""
    return {
        "payment": _select("payment", first("payment")),
        "term": _select("term", first("term")),
        "reason": _text_input("reason", first("reason"), limit=3000, multiline=True),
        "cost_center": _text_input("cost_center", first("cost_center"), limit=80),
        "needed_by": _set({"type": "datepicker"}, "needed_by", "initial_date", first("needed_by")),
        "channel": _conversation(first("channel")),
    }


def _chosen_outpost(place: str, label: Label) -> Block:
    element = _searched("outpost", "Search by name or id", place, label("outpost", place))
    return _field_input("outpost", element)


def _row_blocks(number: int, row: _Row, label: Label) -> tuple[Block, Block]:
    """One item and how many of it; only the first row must be filled."""
    item, quantity = f"item_{number}", f"quantity_{number}"
    text = label("item", row.item) if row.item else ""
    searched = _searched(item, "Search by kind or id", row.item, text)
    counted = _set(_number(), quantity, "initial_value", _countable(row.quantity))
    return (
        _input(item, "Catalog item", searched, required=number == 1),
        _input(quantity, "Quantity", counted, required=number == 1),
    )


def _number() -> Block:
    return {
        "type": "number_input",
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": str(MOST_OF_AN_ITEM),
    }


def _countable(quantity: str) -> str:
    whole = re.fullmatch("0*([0-9]{1,3})", quantity)
    return whole[1] if whole and 1 <= int(whole[1]) <= MOST_OF_AN_ITEM else ""


def _searched(action: str, placeholder: str, value: str, text: str) -> Block:
    """A select that asks us for its choices as somebody types; from the first look on."""
    element = {"type": "external_select", "min_query_length": 0, "placeholder": plain(placeholder)}
    option = _option(value, text) if 0 < len(value) <= _OPTION_VALUE else None
    return _set(element, action, "initial_option", option)


def _select(key: str, value: str) -> Block:
    field = _aws_field(key)
    options = [_option(choice, text) for choice, text in field.choices]
    chosen = next((option for option in options if option["value"] == value), None)
    return _set({"type": "static_select", "options": options}, key, "initial_option", chosen)


def _conversation(channel: str) -> Block:
    element: Block = {
        "type": "conversations_select",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if not _shows_channel(channel):
        return _set(element, "channel", "default_to_current_conversation", True)
    return _set(element, "channel", "initial_conversation", channel)


def _shows_channel(channel: str) -> bool:
    """Whether the element can be filled with it: it takes ids, and those of channels only."""
    return bool(re.fullmatch("[CG][A-Z0-9]+", channel))


def _text_input(action: str, value: str, limit: int, multiline: bool = False, example: str = "") -> Block:
    element: Block = {"type": "plain_text_input", "max_length": limit, "multiline": multiline}
    if example:
        element["placeholder"] = plain(example)
    return _set(element, action, "initial_value", value[:limit])


def _set(element: Block, action: str, initial: str, value: Any) -> Block:
    """`element` with its action id, and with its initial value if there is one."""
    return element | {"action_id": action} | ({initial: value} if value else {})


def _option(value: str, text: str) -> Block:
    shown = clean(" ".join(text.split())) or value
    return {"text": plain(shown, _OPTION_TEXT), "value": value}


def _add_button() -> Block:
    return actions(button("Add another item", ADD_ITEM, "")) | {"block_id": ADD_ITEM}


def _field_input(key: str, element: Block) -> Block:
    field = _aws_field(key)
    return _input(key, field.label, element, field.required)


def _input(block: str, label: str, element: Block, required: bool) -> Block:
    return {
        "type": "input",
        "block_id": block,
        "label": plain(label),
        "element": element,
        "optional": not required,
    }


def _note(block: str, lines: Sequence[str]) -> list[Block]:
    text = ""
    for line in lines:
        if len(text) + len(line) > _NOTE_LIMIT:
            text += "\n…"
            break
        text += f"\n{line}"
    return [context(text.strip()) | {"block_id": block}] if text else []


def _view(callback: str, title: str, submit: str, kept: object, blocks: Sequence[Block]) -> View:
    view: View = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, _TITLE_LIMIT),
        "close": plain("Close"),
        "private_metadata": json.dumps(kept, separators=(",", ":")),
        "blocks": list(blocks),
    }
    return view | ({"submit": plain(submit, _TITLE_LIMIT)} if submit else {})


def _aws_field(key: str) -> Field:
    return next(field for field in FIELDS["aws"] if field.key == key)


# --- what comes back ---------------------------------------------------------------------------


def _state(view: Mapping[str, Any]) -> Mapping[str, Any]:
    values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
    return values


def _metadata(view: Mapping[str, Any]) -> Mapping[str, Any]:
    kept: Mapping[str, Any] = json.loads(view.get("private_metadata") or "{}")
    return kept


def _filled(view: Mapping[str, Any], block: str) -> str:
    """What a person put into one block, whatever its kind of element; "" if nothing."""
    element = _state(view).get(block, {}).get(block, {})
    option = element.get("selected_option") or {}
    places = ("selected_date", "selected_conversation", "value")
    return option.get("value") or next((element[at] for at in places if element.get(at)), "")


def _fields_from(view: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    filled = {key: _filled(view, key) for key in keys("aws") if key != "item"}
    return {key: (word,) for key, word in filled.items() if word.strip()}


def _rows(view: Mapping[str, Any]) -> list[_Row]:
    """Every row on the form, with what is in it."""
    numbers = [n for n in range(1, MOST_ITEMS + 1) if f"item_{n}" in _block_ids(view)]
    return [_Row(_filled(view, f"item_{n}"), _filled(view, f"quantity_{n}")) for n in numbers]


def _block_ids(view: Mapping[str, Any]) -> set[str]:
    return {block.get("block_id", "") for block in view.get("blocks", ())} | set(_state(view))


def _item_word(row: _Row) -> str:
    """The row as a word of the grammar. A quantity without an item is kept, to be asked about."""
    untouched = not row.item and row.quantity in ("", "1")
    return "" if untouched else f"{row.item}:{row.quantity}"


def _option_texts(view: Mapping[str, Any]) -> dict[str, str]:
    """Texts of the choices that were made, by value: they need not be looked up again."""
    elements = [element for block in _state(view).values() for element in block.values()]
    options = [element.get("selected_option") for element in elements]
    return {option["value"]: option["text"]["text"] for option in options if option}


def _blocks_of(mistake: Mistake, view: Mapping[str, Any]) -> list[str]:
    if mistake.key == "item" and mistake.word:
        return [_block_in_row(n, row) for n, row in _rows_with(mistake.word, view)] or ["item_1"]
    nearest = {"item": "item_1", "quote": "item_1", "option": "item_1"}
    block = nearest.get(mistake.key, mistake.key)
    on_the_form = [b["block_id"] for b in view.get("blocks", ()) if b.get("type") == "input"]
    return [block if block in on_the_form else (on_the_form or ["outpost"])[0]]


def _rows_with(word: str, view: Mapping[str, Any]) -> Iterator[tuple[int, _Row]]:
    return ((n, row) for n, row in enumerate(_rows(view), 1) if tidy(_item_word(row)) == word)


def _block_in_row(number: int, row: _Row) -> str:
    """Where a row is wrong: with its item if that is none, else with its quantity."""
    return f"quantity_{number}" if split_item(row.item) else f"item_{number}"

"""The form for AWS Outposts, with a row for each catalog item.

Values ── form() ──► View ── a person ──► view["state"] ── values_from() ──► Values ── read()
                      └─ add_item() ─┘                      mistakes ── errors_by_block() ──► View
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.core.aws_terms import MOST_ITEMS, MOST_OF_AN_ITEM, split_item, split_outpost
from bot.core.fields import Field, Mistake, Values, first, tidy
from bot.core.form import parts
from bot.core.form.parts import NOTES, TYPED, Origin, View
from bot.core.messages.blocks import Block, actions, button
from bot.core.request import keys

Label = Callable[[str, str], str]
"""Key and value of a choice → its readable text; "" where nothing is known about it."""

ORDER_AWS = "order_aws"
ADD_ITEM = "add_item"
DECIDING = ("outpost", "payment", "term")
"""Action ids of the choices that decide who will be asked and what is risky; so does each item."""


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
    words, misfits = parts.sorted_out("aws", values)
    fitting = {**words, "outpost": tuple(_place(word, words, regions) for word in words["outpost"])}
    rows = [_Row(*(split_item(word) or ())) for word in words["item"]] or [_Row()]
    above = parts.typed_note([*misfits, *_homeless(words)])
    return _order_view(fitting, rows, origin, label, [*above, *parts.note(NOTES, notes)])


def add_item(view: Mapping[str, Any], label: Label) -> View:
    """The form as it stands on somebody's screen, with one more row for an item, up to 20."""
    return _again(view, [*_rows(view), _Row()][:MOST_ITEMS], label)


def follow(view: Mapping[str, Any], label: Label) -> View:
    """The form as it stands on somebody's screen, with the texts of what was chosen as they are known now."""
    return _again(view, _rows(view), label)


def _again(view: Mapping[str, Any], rows: Sequence[_Row], label: Label) -> View:
    notes = [*parts.notes_in(view, TYPED), *parts.notes_in(view, NOTES)]
    texts = parts.option_texts(view)

    def known(key: str, value: str) -> str:
        return texts.get(value) or label(key, value)

    made = _order_view(_fields_from(view), rows, parts.origin_of(view), known, notes)
    return parts.with_blocks(made, [*parts.catalogue_in(view), *made["blocks"]])


def values_from(view: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What was filled in; a row that nobody touched is not an item."""
    items = tuple(word for row in _rows(view) if (word := _item_word(row)))
    values = _fields_from(view) | {"item": items}
    return {key: values[key] for key in keys("aws") if values.get(key)}


def errors_by_block(mistakes: Iterable[Mistake], view: Mapping[str, Any]) -> dict[str, str]:
    """As `parts.errors_by_block`; what is wrong with an item is told in its row."""
    return parts.errors_by_block(mistakes, view, partial(_actions_of, view))


# --- what goes into the form -------------------------------------------------------------------


def _homeless(words: Values) -> Iterator[Mistake]:
    """Words that are right and that no element of the form can show."""
    for region in words["region"]:
        if not any(split_outpost(word)[0] in ("", region) for word in words["outpost"]):
            yield Mistake("region", region, "an Outpost in that Region, chosen below")
    for key in ("quote", "option"):
        for word in words.get(key, ()):
            yield Mistake(key, word, "the whole line with --yes: this form asks for catalog items")
    yield from parts.homeless_channel(words)


def _place(outpost: str, words: Values, regions: Sequence[str]) -> str:
    """The Outpost as the value of a choice: `REGION/op-…` where the Region is known."""
    region, plain_id = split_outpost(outpost)
    known = region or first(words, "region") or (regions[0] if len(regions) == 1 else "")
    return f"{known}/{plain_id}" if known else plain_id


def _order_view(
    words: Values, rows: Sequence[_Row], origin: Origin, label: Label, notes: Sequence[Block]
) -> View:
    blocks = [
        *(block for block in notes if block["block_id"] == TYPED),
        _chosen_outpost(first(words, "outpost"), label),
        *(block for number, row in enumerate(rows, 1) for block in _row_blocks(number, row, label)),
        *([_add_button()] if len(rows) < MOST_ITEMS else []),
        *(_chosen(key, first(words, key)) for key in ("payment", "term")),
        *parts.common_inputs("aws", words),
        *(block for block in notes if block["block_id"] == NOTES),
    ]
    return parts.order_view(ORDER_AWS, "Order AWS Outposts", origin, blocks)


def _chosen_outpost(place: str, label: Label) -> Block:
    element = parts.searched("outpost", "Search by name or id", place, label("outpost", place))
    return parts.field_input(_field("outpost"), element) | {"dispatch_action": True}


def _chosen(key: str, value: str) -> Block:
    element = parts.select(key, _field(key).choices, value)
    return parts.field_input(_field(key), element) | {"dispatch_action": True}


def _row_blocks(number: int, row: _Row, label: Label) -> tuple[Block, Block]:
    """One item and how many of it; only the first row must be filled."""
    item, quantity = f"item_{number}", f"quantity_{number}"
    text = label("item", row.item) if row.item else ""
    searched = parts.searched(item, "Search by kind or id", row.item, text)
    counted = parts.number_input(quantity, row.quantity, MOST_OF_AN_ITEM)
    return (
        parts.labelled(item, "Catalog item", searched, required=number == 1) | {"dispatch_action": True},
        parts.labelled(quantity, "Quantity", counted, required=number == 1),
    )


def _add_button() -> Block:
    return actions(button("Add another item", ADD_ITEM, "")) | {"block_id": ADD_ITEM}


def _field(key: str) -> Field:
    return parts.known_field("aws", key)


# --- what comes back ---------------------------------------------------------------------------


def _fields_from(view: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return parts.said({key: parts.filled(view, key) for key in keys("aws") if key != "item"})


def _rows(view: Mapping[str, Any]) -> list[_Row]:
    """Every row on the form, with what is in it."""
    there = {block.get("block_id", "") for block in view.get("blocks", ())} | set(parts.state(view))
    numbers = [n for n in range(1, MOST_ITEMS + 1) if f"item_{n}" in there]
    return [_Row(parts.filled(view, f"item_{n}"), parts.filled(view, f"quantity_{n}")) for n in numbers]


def _item_word(row: _Row) -> str:
    """The row as a word of the grammar. A quantity without an item is kept, to be asked about."""
    untouched = not row.item and row.quantity in ("", "1")
    return "" if untouched else f"{row.item}:{row.quantity}"


def _actions_of(view: Mapping[str, Any], mistake: Mistake) -> list[str]:
    if mistake.key == "item" and mistake.word:
        return [_action_in_row(n, row) for n, row in _rows_with(mistake.word, view)] or ["item_1"]
    return ["item_1" if mistake.key in ("item", "quote", "option") else mistake.key]


def _rows_with(word: str, view: Mapping[str, Any]) -> Iterator[tuple[int, _Row]]:
    return ((n, row) for n, row in enumerate(_rows(view), 1) if tidy(_item_word(row)) == word)


def _action_in_row(number: int, row: _Row) -> str:
    """Where a row is wrong: with its item if that is none, else with its quantity."""
    return f"quantity_{number}" if split_item(row.item) else f"item_{number}"

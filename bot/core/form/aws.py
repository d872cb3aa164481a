"""The form for AWS Outposts: a row for each catalog item, or a quote instead of them.

Values ── form() ──► View ── a person ──► view["state"] ── values_from() ──► Values ── read()
                      └─ add_item(), follow() ─┘           mistakes ── errors_by_block() ──► View

*Order by* is no key of the grammar: whoever orders by quote has said which. A choice under *Quote* says how
it is paid, too; so *Payment option* and *Payment term* have it in their block ids, as in `azure`, and are
filled with what it says when another quote is chosen. What was entered for the other way to order is kept
aside, for who comes back to it.
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
from bot.core.quote import Row, read_row
from bot.core.request import keys

Label = Callable[[str, str], str]
"""Key and value of a choice → its readable text; the value where nothing is known about it."""

ORDER_AWS = "order_aws"
ADD_ITEM = "add_item"
NEW_QUOTE = "new_quote"
ORDER_BY = "order_by"
DECIDING = (ORDER_BY, "quote", "outpost", "payment", "term")
"""Action ids of the choices that decide what else the form asks and says; so does each item."""

_ITEMS, _QUOTE = "items", "quote"
_WAYS = ((_ITEMS, "Catalog items"), (_QUOTE, "Quote"))
_PAID = ("payment", "term")
_NO_QUOTE = Row()


@dataclass(frozen=True)
class _Row:
    item: str = ""
    quantity: str = "1"


@dataclass(frozen=True)
class _Bought:
    """What is bought: `by` says whether by items or by quote, and is "" where nobody is asked for that."""

    by: str
    rows: tuple[_Row, ...] = (_Row(),)
    quote: Row = _NO_QUOTE


def form(
    values: Values,
    *,
    origin: Origin,
    label: Label,
    regions: Sequence[str] = (),
    notes: Sequence[str] = (),
    quotes: bool = True,
) -> View:
    """The form for AWS Outposts, filled with what fits of `values`; what does not fit is shown.

    Args:
        values: What was typed so far.
        origin: Where it was asked.
        label: Texts for Outposts, catalog items and quotes, from the caches of the cloud.
        regions: The Regions that are configured; a single one is that of an id without a Region.
        notes: Lines of mrkdwn above the button that files it: who will be asked, what is risky.
        quotes: Whether AWS can be asked for quotes; one that was typed is shown in any case.
    """
    words, misfits = parts.sorted_out("aws", values)
    fitting = {**words, "outpost": tuple(_place(word, words, regions) for word in words["outpost"])}
    by_quote = bool(words["quote"]) and not words["item"]
    rows = tuple(_Row(*(split_item(word) or ())) for word in words["item"]) or (_Row(),)
    bought = _Bought(
        _QUOTE if by_quote else _ITEMS if quotes else "",
        rows,
        _quote_row(words, label) if by_quote else _NO_QUOTE,
    )
    above = parts.typed_note([*misfits, *_homeless(words, by_quote=by_quote)])
    return _order_view(fitting, bought, origin, label, [*above, *parts.note(NOTES, notes)])


def add_item(view: Mapping[str, Any], label: Label) -> View:
    """The form as it stands on somebody's screen, with one more row for an item, up to 20."""
    return _again(view, label, (*(_rows(view) or _rows_aside(view)), _Row())[:MOST_ITEMS])


def follow(view: Mapping[str, Any], label: Label) -> View:
    """The form on somebody's screen as it has to be after a choice: by items or by quote, and paid as the
    quote says that was chosen."""
    return _again(view, label, _rows(view) or _rows_aside(view) or (_Row(),))


def overtaken(view: Mapping[str, Any], label: Label) -> View | None:
    """The form as it has to be, where it was submitted before `follow` reached the screen; else None."""
    wanted = follow(view, label)
    return None if parts.input_ids(wanted) == parts.input_ids(view) else wanted


def values_from(view: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What was filled in; a row that nobody touched is not an item."""
    by_quote = _by(view) == _QUOTE
    items = () if by_quote else tuple(word for row in _rows(view) if (word := _item_word(row)))
    values = _fields_from(view) | {"item": items}
    return {key: values[key] for key in keys("aws") if values.get(key)}


def draft_from(view: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What was filled in, as a draft keeps it: as long as no quote is chosen, with the items from before."""
    values = values_from(view)
    aside = () if "quote" in values else tuple(filter(None, map(_item_word, _rows_aside(view))))
    return {"item": aside, **values} if aside else values


def contradictions(view: Mapping[str, Any]) -> tuple[Mistake, ...]:
    """What was filled in beside a quote that is for something else: nobody must see one price and ask for
    another."""
    return tuple(_contradictions(view))


def errors_by_block(mistakes: Iterable[Mistake], view: Mapping[str, Any]) -> dict[str, str]:
    """As `parts.errors_by_block`; what is wrong with an item is told in its row."""
    return parts.errors_by_block(mistakes, view, partial(_actions_of, view))


# --- what goes into the form -------------------------------------------------------------------


def _homeless(words: Values, *, by_quote: bool) -> Iterator[Mistake]:
    """Words that are right and that no element of the form can show."""
    for region in words["region"]:
        if not any(split_outpost(word)[0] in ("", region) for word in words["outpost"]):
            yield Mistake("region", region, "an Outpost in that Region, chosen below")
    for key in () if by_quote else ("quote", "option"):
        for word in words[key]:
            yield Mistake(key, word, "either items or a quote, chosen below")
    yield from parts.homeless_channel(words)


def _place(outpost: str, words: Values, regions: Sequence[str]) -> str:
    """The Outpost as the value of a choice: `REGION/op-…` where the Region is known."""
    region, plain_id = split_outpost(outpost)
    known = region or first(words, "region") or (regions[0] if len(regions) == 1 else "")
    return f"{known}/{plain_id}" if known else plain_id


def _quote_row(words: Values, label: Label) -> Row:
    """The quote that was typed as a choice; with a way of paying only where its price is known, and shown."""
    named, option = first(words, "quote"), first(words, "option")
    priced = Row(quote=named, option=option, payment=first(words, "payment"), term=first(words, "term"))
    known = label("quote", priced.key) != priced.key
    return priced if known else Row(quote=named, option=option)


def _again(view: Mapping[str, Any], label: Label, rows: tuple[_Row, ...]) -> View:
    """The form as it stands on somebody's screen, with these rows."""
    notes = [*parts.notes_in(view, TYPED), *parts.notes_in(view, NOTES)]
    texts = parts.option_texts(view)

    def known(key: str, value: str) -> str:
        return texts.get(value) or label(key, value)

    bought = _Bought(_by(view), rows, _chosen_quote(view))
    made = _order_view(_fields_from(view), bought, parts.origin_of(view), known, notes)
    return parts.with_blocks(made, [*parts.catalogue_in(view), *made["blocks"]])


def _order_view(words: Values, bought: _Bought, origin: Origin, label: Label, notes: Sequence[Block]) -> View:
    paid = bought.quote if bought.by == _QUOTE else _NO_QUOTE
    blocks = [
        *(block for block in notes if block["block_id"] == TYPED),
        _chosen_outpost(first(words, "outpost"), label),
        *([_order_by(bought.by)] if bought.by else []),
        *(_quote_blocks(bought.quote, label) if bought.by == _QUOTE else _item_blocks(bought.rows, label)),
        *(_chosen(key, first(words, key)) | {"block_id": _bound(key, paid)} for key in _PAID),
        *parts.common_inputs("aws", words),
        *(block for block in notes if block["block_id"] == NOTES),
    ]
    return parts.order_view(ORDER_AWS, "Order AWS Outposts", origin, blocks, _aside(bought))


def _aside(bought: _Bought) -> dict[str, str]:
    """What is bought the other way than the form asks for now."""
    if bought.by != _QUOTE:
        return {"quote": bought.quote.value} if bought.quote.quote else {}
    words = [word for row in bought.rows if (word := _item_word(row)) and split_item(word)]
    return {"items": " ".join(words)} if words else {}


def _chosen_outpost(place: str, label: Label) -> Block:
    element = parts.searched("outpost", "Search by name or id", place, label("outpost", place))
    return parts.field_input(_field("outpost"), element) | {"dispatch_action": True}


def _order_by(way: str) -> Block:
    element = parts.select(ORDER_BY, _WAYS, way)
    return parts.labelled(ORDER_BY, "Order by", element, required=True) | {"dispatch_action": True}


def _chosen(key: str, value: str) -> Block:
    element = parts.select(key, _field(key).choices, value)
    return parts.field_input(_field(key), element) | {"dispatch_action": True}


def _quote_blocks(quote: Row, label: Label) -> Iterator[Block]:
    element = parts.searched(
        "quote", "Search by price, id or what it delivers", quote.value if quote.quote else "", ""
    )
    if quote.quote:
        element["initial_option"] = parts.option(quote.value, _quote_text(quote, label))
    yield parts.labelled("quote", "Quote", element, required=True) | {"dispatch_action": True}
    yield actions(button("Get a new quote", NEW_QUOTE, "")) | {"block_id": NEW_QUOTE}


def _quote_text(quote: Row, label: Label) -> str:
    for known in (quote.value, quote.key):
        if (text := label("quote", known)) not in ("", known):
            return text
    return f"{quote.quote}, option {quote.option}" if quote.option else quote.quote


def _item_blocks(rows: Sequence[_Row], label: Label) -> Iterator[Block]:
    for number, row in enumerate(rows, 1):
        yield from _row_blocks(number, row, label)
    if len(rows) < MOST_ITEMS:
        yield actions(button("Add another item", ADD_ITEM, "")) | {"block_id": ADD_ITEM}


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


def _field(key: str) -> Field:
    return parts.known_field("aws", key)


def _bound(key: str, quote: Row) -> str:
    """The id of a block that a quote with a price decides about."""
    return f"{key}@{quote.key}" if quote.payment else key


# --- what comes back ---------------------------------------------------------------------------


def _by(view: Mapping[str, Any]) -> str:
    """How it is ordered on the form: by items or by quote; "" where that is not asked."""
    return parts.standing(view, ORDER_BY)


def _chosen_quote(view: Mapping[str, Any]) -> Row:
    return read_row(parts.standing(view, "quote") or str(parts.metadata(view).get("quote", "")))


def _fields_from(view: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found = {key: parts.standing(view, key) for key in keys("aws") if key not in ("item", "quote", *_PAID)}
    quote = _chosen_quote(view) if _by(view) == _QUOTE else _NO_QUOTE
    paid = {key: _paid(view, key, quote) for key in _PAID}
    return parts.said(found | paid | {"quote": quote.quote, "option": quote.option})


def _paid(view: Mapping[str, Any], key: str, quote: Row) -> str:
    """What was chosen for this quote; else what the quote says; else what was chosen before there was one."""
    said = {"payment": quote.payment, "term": quote.term}[key]
    before = (block for block in parts.state(view) if block == key or block.startswith(f"{key}@"))
    bound = _bound(key, quote)
    chosen = parts.filled(view, key, bound) or said
    earlier = (word for id in before if (word := parts.filled(view, key, id)))
    return chosen or next(earlier, "") or parts.standing(view, key, bound)


def _contradictions(view: Mapping[str, Any]) -> Iterator[Mistake]:
    if _by(view) != _QUOTE:
        return
    quote, filled = _chosen_quote(view), _fields_from(view)
    outpost = split_outpost(first(filled, "outpost"))[1]
    if quote.outpost and outpost and quote.outpost != outpost:
        yield Mistake("quote", quote.quote, f"a quote for {outpost}; this one is for {quote.outpost}")
    for key, said in (("payment", quote.payment), ("term", quote.term)):
        if said and first(filled, key) != said:
            text = dict(_field(key).choices).get(said, said)
            chosen = dict(_field(key).choices).get(first(filled, key), "")
            expected = f"{text}, for which the chosen quote tells its price, or another choice under Quote"
            yield Mistake(key, chosen, expected)


def _rows_aside(view: Mapping[str, Any]) -> tuple[_Row, ...]:
    words = str(parts.metadata(view).get("items", "")).split()
    return tuple(_Row(*(split_item(word) or ())) for word in words)


def _rows(view: Mapping[str, Any]) -> tuple[_Row, ...]:
    """Every row on the form, with what is in it."""
    there = parts.asked_for(view)
    numbers = [n for n in range(1, MOST_ITEMS + 1) if f"item_{n}" in there]
    return tuple(
        _Row(parts.standing(view, f"item_{n}"), parts.standing(view, f"quantity_{n}")) for n in numbers
    )


def _item_word(row: _Row) -> str:
    """The row as a word of the grammar. A quantity without an item is kept, to be asked about."""
    untouched = not row.item and row.quantity in ("", "1")
    return "" if untouched else f"{row.item}:{row.quantity}"


def _actions_of(view: Mapping[str, Any], mistake: Mistake) -> list[str]:
    bought = mistake.key in ("item", "quote", "option")
    if bought and _by(view) == _QUOTE:
        return ["quote"]
    if mistake.key == "item" and mistake.word:
        return [_action_in_row(n, row) for n, row in _rows_with(mistake.word, view)] or ["item_1"]
    return ["item_1" if bought else mistake.key]


def _rows_with(word: str, view: Mapping[str, Any]) -> Iterator[tuple[int, _Row]]:
    return ((n, row) for n, row in enumerate(_rows(view), 1) if tidy(_item_word(row)) == word)


def _action_in_row(number: int, row: _Row) -> str:
    """Where a row is wrong: with its item if that is none, else with its quantity."""
    return f"quantity_{number}" if split_item(row.item) else f"item_{number}"

"""The form for Azure Edge hardware, in which some choices depend on others.

    Values ── form() ──► View ── a person ──► view["state"] ── values_from(), new_address_from()
                          └── follow() ──┘    after each choice that others depend on

What belongs to another choice, as a configuration to its product, has that choice in its block id
(`configuration@FAMILY/LINE/PRODUCT`): Slack keeps what is in a block as long as its id stays, so with
another product the configuration goes too, and is never taken for one of the new product.

An address that is typed in is personal data. It is read from the submitted form and nowhere else: no
view that we send has it, for Slack keeps it in the fields by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bot.core.address import ADDRESS_FIELDS, NewAddress, read_address
from bot.core.azure_terms import ENCRYPTION, MOST_UNITS, ORDER_TYPES, duration_text
from bot.core.fields import Field, Mistake, Values, first
from bot.core.form import parts
from bot.core.form.parts import NOTES, OPTION_VALUE, TYPED, Origin, View
from bot.core.messages.blocks import Block, context
from bot.core.request import keys

Pairs = Sequence[tuple[str, str]]
Offered = Callable[[str], Pairs]
"""Key of the grammar → what the catalogue offers for it, as value and readable text."""

ORDER_AZURE = "order_azure"
NEW_ADDRESS = "+new"
"""The value of the choice *New address…*; no saved address can be called so."""
NEW_ADDRESS_TEXT = "New address…"
DECIDING = ("product", "configuration", "address")
"""Action ids of the choices that decide what else the form asks."""
RISKING = ("type", "location", "commitment")
"""Action ids of those that decide, as the others do, who will be asked and what is risky."""

_PRIVATE = (
    "Azure keeps and checks this address before anybody decides. Channels show its town and country only."
)


def form(values: Values, *, origin: Origin, offered: Offered, notes: Sequence[str] = ()) -> View:
    """The form for Azure Edge hardware, filled with what fits of `values`; what does not fit is shown.

    Args:
        values: What was typed so far.
        origin: Where it was asked.
        offered: What the catalogue offers.
        notes: Lines of mrkdwn above the button that files it: who will be asked, what is risky.
    """
    typed, misfits = parts.sorted_out("azure", values)
    words = _as_catalogued(typed, offered) | {"qty": typed["qty"] or ("1",)}
    homeless = [*_unshown(words), *_unoffered(words, offered), *parts.homeless_channel(words)]
    above = parts.typed_note([*misfits, *homeless])
    return _order_view(words, origin, offered, [*above, *parts.note(NOTES, notes)])


def follow(view: Mapping[str, Any], offered: Offered) -> View:
    """The form on somebody's screen as it has to be after a choice: what depends on it comes, changes or
    goes, and all else stays as it was typed."""
    words = _entered(view)
    above = parts.typed_note(_unoffered(words, offered), parts.notes_in(view, TYPED))
    notes = [*above, *parts.notes_in(view, NOTES)]
    made = _order_view(words, parts.origin_of(view), offered, notes)
    return parts.with_blocks(made, [*parts.catalogue_in(view), *made["blocks"]])


def overtaken(view: Mapping[str, Any], offered: Offered) -> View | None:
    """The form as it has to be, where it was submitted before `follow` reached the screen; else None."""
    wanted = follow(view, offered)
    return None if parts.input_ids(wanted) == parts.input_ids(view) else wanted


def values_from(view: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What was filled in, except for a new address."""
    entered = _entered(view)
    if entered.get("address") == (NEW_ADDRESS,):
        del entered["address"]
    return entered


def new_address_from(view: Mapping[str, Any]) -> NewAddress | tuple[Mistake, ...] | None:
    """The address that was typed in, or all that is wrong with it; None where a saved one was chosen."""
    if parts.filled(view, "address") != NEW_ADDRESS:
        return None
    return read_address({field.key: parts.filled(view, field.key) for field in ADDRESS_FIELDS})


def product_asked_about(view: Mapping[str, Any]) -> str:
    """The product of which the form now asks for a configuration; "" for none.

    That of the field on the screen, not of the latest choice: what is picked before the field has followed
    that choice would go with the field.
    """
    blocks = (block["block_id"] for block in view.get("blocks", ()) if block.get("type") == "input")
    return next((id.partition("@")[2] for id in blocks if id.startswith("configuration@")), "")


# --- what goes into the form -------------------------------------------------------------------


def _as_catalogued(words: dict[str, tuple[str, ...]], offered: Offered) -> dict[str, tuple[str, ...]]:
    """The words with product and configuration as the catalogue writes them: Azure minds no case."""
    product = _own_writing(first(words, "product"), offered("product"))
    path = _own_writing(_path(words), offered("configuration"))
    if not path:
        return words | parts.said({"product": product})
    product, _, configuration = path.rpartition("/")
    return words | {"product": (product,), "configuration": (configuration,)}


def _own_writing(value: str, choices: Pairs) -> str:
    return next((known for known, _ in choices if known.casefold() == value.casefold()), value)


def _path(words: Values) -> str:
    """FAMILY/LINE/PRODUCT/CONFIGURATION; "" as long as one of them is not said."""
    product, configuration = first(words, "product"), first(words, "configuration")
    return f"{product}/{configuration}" if product and configuration else ""


def _unshown(words: Values) -> Iterator[Mistake]:
    """Words that are right and that no element of the form can show."""
    product, configuration = first(words, "product"), first(words, "configuration")
    if len(product) > OPTION_VALUE:
        yield Mistake("product", product, "the product, chosen below")
    if configuration and not 0 < len(_path(words)) <= OPTION_VALUE:
        yield Mistake("configuration", configuration, "the configuration, chosen below")


def _unoffered(words: Values, offered: Offered) -> Iterator[Mistake]:
    """Words about things that the chosen configuration does not come with."""
    choices = {"commitment": _commitments(words, offered), "encryption": _encryptions(words, offered)}
    for key, pairs in choices.items():
        said = first(words, key)
        if said and said not in dict(pairs):
            yield Mistake(key, said, "a configuration that offers it")


def _commitments(words: Values, offered: Offered) -> Pairs:
    """The terms to choose from: what is offered, or what was said of a configuration nobody knows yet."""
    said = first(words, "commitment")
    if _known(words, offered):
        return _below(_path(words), offered("commitment"))
    return [(said, duration_text(said))] if said else []


def _encryptions(words: Values, offered: Offered) -> Pairs:
    if _known(words, offered):
        return ENCRYPTION if _below(_path(words), offered("encryption")) else ()
    return ENCRYPTION if first(words, "encryption") else ()


def _known(words: Values, offered: Offered) -> bool:
    return _path(words) in dict(offered("configuration"))


def _below(path: str, choices: Pairs) -> Pairs:
    """What is offered of one configuration, by the last part of its value."""
    parted = [(*value.rpartition("/"), text) for value, text in choices]
    return [(value, text) for owner, _, value, text in parted if owner == path]


def _order_view(words: Values, origin: Origin, offered: Offered, notes: Sequence[Block]) -> View:
    blocks = [
        *(block for block in notes if block["block_id"] == TYPED),
        _deciding("product", "", first(words, "product"), offered),
        _deciding("configuration", first(words, "product"), _path(words), offered),
        _input("qty", parts.number_input("qty", first(words, "qty"), MOST_UNITS)),
        _risking(_input("type", parts.select("type", ORDER_TYPES, first(words, "type")))),
        _deciding("address", "", first(words, "address"), offered),
        *(_address_blocks() if first(words, "address") == NEW_ADDRESS else ()),
        *_depending("commitment", words, _commitments(words, offered)),
        *_depending("encryption", words, _encryptions(words, offered)),
        _risking(_input("location", _searched("location", first(words, "location"), offered))),
        _input("resource_group", parts.text_input("resource_group", first(words, "resource_group"), 90)),
        *parts.common_inputs("azure", words),
        *(block for block in notes if block["block_id"] == NOTES),
    ]
    return parts.order_view(ORDER_AZURE, "Order Azure hardware", origin, blocks)


def _deciding(key: str, owner: str, value: str, offered: Offered) -> Block:
    """A choice that we are told of at once, because it decides what else is asked."""
    block = _input(key, _searched(key, value, offered))
    return block | {"block_id": _bound(key, owner), "dispatch_action": True}


def _risking(block: Block) -> Block:
    """An input that we are told of at once, because of what the form says below its fields."""
    return block | {"dispatch_action": True}


def _depending(key: str, words: Values, choices: Pairs) -> Iterator[Block]:
    """A choice that only some configurations come with."""
    if choices:
        block = _input(key, parts.select(key, choices, first(words, key)))
        bound = block | {"block_id": _bound(key, _path(words))}
        yield _risking(bound) if key in RISKING else bound


def _searched(key: str, value: str, offered: Offered) -> Block:
    text = dict([*offered(key), (NEW_ADDRESS, NEW_ADDRESS_TEXT)]).get(value, "")
    return parts.searched(key, _PLACEHOLDERS[key], value, text or value.rpartition("/")[2])


_PLACEHOLDERS = {
    "product": "Search by name or family",
    "configuration": "Search by name, once a product is chosen",
    "address": "Search by name or town",
    "location": "Search by name",
}


def _address_blocks() -> Iterator[Block]:
    for field in ADDRESS_FIELDS:
        yield parts.field_input(field, _address_element(field))
    yield context(_PRIVATE)


def _address_element(field: Field) -> Block:
    element = parts.text_input(field.key, "", field.limit, example=field.example)
    if field.key != "email":
        return element
    return {name: element[name] for name in ("action_id", "placeholder")} | {"type": "email_text_input"}


def _input(key: str, element: Block) -> Block:
    return parts.field_input(parts.known_field("azure", key), element)


def _bound(key: str, owner: str) -> str:
    """The id of a block whose choice belongs to another one; Slack takes 255 characters."""
    return f"{key}@{owner}"[:255] if owner else key


# --- what comes back ---------------------------------------------------------------------------


def _entered(view: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    product = parts.standing(view, "product")
    path = parts.standing(view, "configuration", _bound("configuration", product))
    bound = {key: _of_configuration(view, key, path) for key in ("commitment", "encryption")}
    free = {key: parts.standing(view, key) for key in keys("azure")}
    return parts.said(free | bound | {"configuration": path.rpartition("/")[2]})


def _of_configuration(view: Mapping[str, Any], key: str, path: str) -> str:
    """What was chosen for this configuration, or before there was any."""
    return parts.standing(view, key, _bound(key, path)) or parts.standing(view, key)

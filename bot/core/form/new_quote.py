"""The form that asks for a new quote of AWS: for which Outpost, how much of what, and paid how.

It opens over the order form, of which a draft is kept: an option of the quote opens that again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from bot.core.aws_terms import PAYMENTS, TERMS, split_outpost
from bot.core.countries import country_code, nearest_country
from bot.core.fields import Mistake, check_word, tidy
from bot.core.form import parts
from bot.core.form.parts import Origin, View
from bot.core.messages.blocks import Block, actions, button, context, plain
from bot.core.quote import Wish

QUOTE_AWS = "quote_aws"
ADD_INSTANCE = "add_instance"
MOST_INSTANCES = 10
MOST = 999
"""The most of one instance type, and the most TiB."""
INSTANCE = "[a-z0-9-]{1,30}[.][a-z0-9-]{1,30}"

_NOTE = (
    "A quote orders nothing and costs nothing. AWS counts instances on top of what is there, and storage as "
    "all that there is in the end. What is left empty under *Country* is that of the site; without a payment "
    "option or term AWS tells the prices of all."
)
_SPARE = {"country": "Country", "payment": "Payment option", "term": "Payment term"}


def form(place: str, text: str, country: str, origin: Origin) -> View:
    """The form, for an Outpost that may have been chosen already.

    Args:
        place: The Outpost as the value of a choice; "" if none was chosen.
        text: What that choice reads.
        country: The two letters of the country where it stands; "" if not known.
        origin: Where it was asked, and the draft of the order form.
    """
    filled = {"outpost": place, "country": country}
    return _view(filled, {place: text}, 1, origin)


def add_instance(view: Mapping[str, Any]) -> View:
    """The form as it stands on somebody's screen, with one more row, up to 10."""
    filled = {action: parts.standing(view, action) for action in _actions(MOST_INSTANCES)}
    rows = min(len(_rows(view)) + 1, MOST_INSTANCES)
    return _view(filled, parts.option_texts(view), rows, parts.origin_of(view))


def wish_from(view: Mapping[str, Any]) -> Wish | tuple[Mistake, ...]:
    """What was filled in, or all that is wrong with it."""
    place, country = parts.filled(view, "outpost"), tidy(parts.filled(view, "country"))
    region, outpost = split_outpost(place)
    wrong = [*_wrong_numbers(view), *_wrong_rows(view)]
    if isinstance(check_word(parts.known_field("aws", "outpost"), place, None), Mistake):
        wrong.append(Mistake("outpost", place, "an Outpost"))
    if country and not country_code(country):
        wrong.append(
            Mistake("country", country, "a country, as two letters such as DE", nearest_country(country))
        )
    if not wrong and not _instances(view) and not _number(view, "ebs") and not _number(view, "s3"):
        wrong.append(Mistake("instance_1", "", "an instance type, or storage below"))
    if wrong:
        return tuple(wrong)
    return Wish(
        outpost=outpost,
        region=region,
        country=country_code(country),
        instances=_instances(view),
        ebs=_number(view, "ebs"),
        s3=_number(view, "s3"),
        payment=parts.filled(view, "payment"),
        term=parts.filled(view, "term"),
    )


# --- what goes into the form -------------------------------------------------------------------


def _actions(rows: int) -> Iterator[str]:
    yield from ("outpost", "ebs", "s3", *_SPARE)
    for number in range(1, rows + 1):
        yield from (f"instance_{number}", f"count_{number}")


def _view(filled: Mapping[str, str], texts: Mapping[str, str], rows: int, origin: Origin) -> View:
    outpost = filled["outpost"]
    blocks = [
        parts.field_input(
            parts.known_field("aws", "outpost"),
            parts.searched("outpost", "Search by name or id", outpost, texts.get(outpost, "")),
        ),
        *(block for number in range(1, rows + 1) for block in _row(number, filled, texts)),
        *([_add_button()] if rows < MOST_INSTANCES else []),
        _storage("ebs", "EBS storage in all (TiB)", filled),
        _storage("s3", "S3 storage in all (TiB)", filled),
        _spare("country", parts.text_input("country", filled["country"], 60, example="DE")),
        _spare("payment", parts.select("payment", PAYMENTS, filled.get("payment", ""))),
        _spare("term", parts.select("term", TERMS, filled.get("term", ""))),
        context(_NOTE),
    ]
    made = parts.view(QUOTE_AWS, "New quote from AWS", "Get the quote", asdict(origin), blocks)
    return made | {"close": plain("Back")}


def _row(number: int, filled: Mapping[str, str], texts: Mapping[str, str]) -> tuple[Block, Block]:
    instance, count = f"instance_{number}", f"count_{number}"
    value = filled.get(instance, "")
    searched = parts.searched(instance, "Search by name", value, texts.get(value, value))
    counted = parts.number_input(count, filled.get(count, ""), MOST)
    return (
        parts.labelled(instance, "Instance type", searched, required=False),
        parts.labelled(count, "How many more", counted, required=False),
    )


def _add_button() -> Block:
    return actions(button("Add another instance type", ADD_INSTANCE, "")) | {"block_id": ADD_INSTANCE}


def _storage(action: str, label: str, filled: Mapping[str, str]) -> Block:
    element = parts.number_input(action, filled.get(action, ""), MOST)
    return parts.labelled(action, label, element, required=False)


def _spare(action: str, element: Block) -> Block:
    return parts.labelled(action, _SPARE[action], element, required=False)


# --- what comes back ---------------------------------------------------------------------------


def _rows(view: Mapping[str, Any]) -> list[int]:
    """The numbers of the rows on the form."""
    there = parts.asked_for(view)
    return [number for number in range(1, MOST_INSTANCES + 1) if f"instance_{number}" in there]


def _number(view: Mapping[str, Any], action: str) -> int:
    """A whole number as it was filled in; 0 for none and for what is no number."""
    word = tidy(parts.filled(view, action))
    return int(word) if re.fullmatch("[0-9]{1,6}", word) else 0


def _wrong_numbers(view: Mapping[str, Any]) -> Iterator[Mistake]:
    for action in ("ebs", "s3", *(f"count_{number}" for number in _rows(view))):
        word = tidy(parts.filled(view, action))
        if word and not 1 <= _number(view, action) <= MOST:
            yield Mistake(action, word, f"a whole number from 1 to {MOST}")


def _wrong_rows(view: Mapping[str, Any]) -> Iterator[Mistake]:
    for number in _rows(view):
        instance, count = parts.filled(view, f"instance_{number}"), parts.filled(view, f"count_{number}")
        if instance and not re.fullmatch(INSTANCE, instance):
            yield Mistake(f"instance_{number}", instance, "an instance type such as m5.24xlarge")
        if instance and not tidy(count):
            yield Mistake(f"count_{number}", "", f"how many more of {instance}")
        if tidy(count) and not instance:
            yield Mistake(f"instance_{number}", "", "an instance type for that number")


def _instances(view: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """What is wished for of each instance type: rows of the same one count together."""
    total: dict[str, int] = {}
    for number in _rows(view):
        instance = parts.filled(view, f"instance_{number}")
        if instance:
            total[instance] = total.get(instance, 0) + _number(view, f"count_{number}")
    return tuple(total.items())

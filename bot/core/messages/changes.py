"""What an edited request says otherwise than before, under the labels of the form."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.azure_terms import duration_text
from bot.core.request import FIELDS, Field, Request, values_of

NEW_ADDRESS = "a new address"


def changes_between(before: Request, after: Request, *, new_address: bool = False) -> tuple[str, ...]:
    """What has changed from one request to another of the same cloud, a line of plain text each.

    Args:
        before: The request as it was.
        after: The request as it is to be.
        new_address: Whether it is to go to an address that was typed and has no name yet.
    """
    return tuple(_changes(before, after, new_address))


def _changes(before: Request, after: Request, new_address: bool) -> Iterator[str]:
    was, now = values_of(before), values_of(after)
    if new_address:
        now = {**now, "address": (NEW_ADDRESS,)}
    labels: dict[str, list[Field]] = {}
    for field in FIELDS[after.cloud]:
        labels.setdefault(field.label, []).append(field)
    for label, fields in labels.items():
        then = [word for field in fields for word in was.get(field.key, ())]
        later = [word for field in fields for word in now.get(field.key, ())]
        if then != later:
            yield f"{label}: {_said(fields[0], then)} → {_said(fields[0], later)}"


def _said(field: Field, words: list[str]) -> str:
    texts = dict(field.choices)
    said = [duration_text(word) if field.key == "commitment" else texts.get(word, word) for word in words]
    return ", ".join(said) or "nothing"

"""An address that is typed into the form: its fields, and their words made into one.

All of it is personal data, so nothing here is ever logged, audited or posted: it goes from the form to
Azure, which keeps and validates it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from bot.core.countries import country_code, nearest_country
from bot.core.fields import Field, Mistake, check_word, line, missing, tidy, wrong

_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
_PHONE = re.compile(r"\+?[0-9 ()/.-]+")
_LEAST_DIGITS = 5
_COUNTRY = "a country, as two letters such as DE"


@dataclass(frozen=True)
class NewAddress:
    """An address that was typed into the form. Personal data: never logged, audited or posted.

    `country` is a code of two letters (ISO 3166-1); `state` may be "".
    """

    street: str = field(repr=False)
    city: str = field(repr=False)
    state: str = field(repr=False)
    postal_code: str = field(repr=False)
    country: str
    contact: str = field(repr=False)
    phone: str = field(repr=False)
    email: str = field(repr=False)


def read_address(typed: Mapping[str, str]) -> NewAddress | tuple[Mistake, ...]:
    """The address that the words make, or all that is wrong with them; keys are those of `NewAddress`."""
    found = {field.key: _checked(field, tidy(typed.get(field.key, ""))) for field in ADDRESS_FIELDS}
    mistakes = tuple(word for word in found.values() if isinstance(word, Mistake))
    return mistakes or NewAddress(**{key: word for key, word in found.items() if isinstance(word, str)})


def _checked(field: Field, word: str) -> str | Mistake:
    if not word:
        return missing(field) if field.required else ""
    return check_word(field, word, None)


def _country(field: Field, word: str, _today: date | None) -> str | Mistake:
    return country_code(word) or wrong(field, word, near=nearest_country(word))


def _phone(field: Field, word: str, today: date | None) -> str | Mistake:
    digits = sum(letter.isdigit() for letter in word)
    return (
        line(field, word, today) if _PHONE.fullmatch(word) and digits >= _LEAST_DIGITS else wrong(field, word)
    )


def _email(field: Field, word: str, today: date | None) -> str | Mistake:
    return line(field, word, today) if _EMAIL.fullmatch(word) else wrong(field, word)


def _text(key: str, label: str, example: str, expected: str, limit: int) -> Field:
    said = f"{expected}, at most {limit} characters"
    return Field(key, label, example, said, required=True, limit=limit, check=line)


ADDRESS_FIELDS: tuple[Field, ...] = (
    _text("street", "Street", "Hanauer Landstrasse 298", "street and number", 100),
    _text("city", "City", "Frankfurt am Main", "the town", 50),
    replace(_text("state", "State", "Hessen", "the state or province", 50), required=False),
    _text("postal_code", "Postal code", "60314", "the postal code", 20),
    replace(_text("country", "Country", "DE", "", 60), expected=_COUNTRY, check=_country),
    _text("contact", "Contact name", "Dana Fox", "who takes it in", 100),
    replace(_text("phone", "Phone", "+49 69 5550100", "a phone number", 30), check=_phone),
    replace(_text("email", "E-mail", "dana@example.com", "an e-mail address", 100), check=_email),
)

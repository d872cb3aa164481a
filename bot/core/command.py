"""The `/order` line: what was meant by it.

    text ── as typed ── first word: a verb ── the rest, as that verb reads it ──► Meaning
                                    └─ none, or a wrong word ──► Misread, keeping what was right

`parse` raises for no text at all. It knows the grammar and the shape of ids; what the words of an
order must be is known by `request.read`, and `check` asks it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

from bot.core.aws_terms import ORDER_ID
from bot.core.azure_terms import RESOURCE_GROUP
from bot.core.line import Word, as_typed, unquoted, words_of
from bot.core.meaning import (
    Ask,
    BreakGlass,
    Cancel,
    Decide,
    Delegate,
    Help,
    List,
    Meaning,
    Misread,
    Mute,
    Return,
    Status,
    Track,
    WhoAmI,
    Withdraw,
)
from bot.core.order_line import either, flag_name, guess_at, read_order, right_of, unknown_flags
from bot.core.request import (
    FIELDS,
    REASON_LIMIT,
    Mistake,
    check_word,
    field_of,
    iso_date,
    keys,
    nearest,
    read,
)

__all__ = [
    "VERBS",
    "Ask",
    "BreakGlass",
    "Cancel",
    "Decide",
    "Delegate",
    "Help",
    "List",
    "Meaning",
    "Misread",
    "Mute",
    "Return",
    "Status",
    "Track",
    "WhoAmI",
    "Withdraw",
    "check",
    "normal_id",
    "parse",
    "unfit",
    "with_values",
]

LISTS = ("mine", "open", "waiting", "all")
ORDER_EXPECTED = "an order id such as ORD-7F3K2M"
AWS_ORDER_EXPECTED = "an AWS order id such as oo-0123456789abcdef0"
ITEM_EXPECTED = "the name of an Azure item (GROUP/NAME if in another resource group)"
PERSON_EXPECTED = "a person, picked from the list that Slack shows after @"

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# The names of Edge Order items, Microsoft.EdgeOrder 2024-02-01 `orderItemName`, and their resource group.
_AZURE_NAME = re.compile(f"(?:{RESOURCE_GROUP}/)?[A-Za-z0-9][A-Za-z0-9-]{{1,61}}[A-Za-z0-9]")
_PERSON = re.compile(r"<@([UW][A-Z0-9]{1,20})(?:\|[^>]*)?>")


def parse(text: str) -> Meaning:
    """What was meant by `text`, all that stands after `/order`, as Slack sends it."""
    line = as_typed(text)
    verb = next((word for word in words_of(line) if not word.flag), None)
    if verb is None:
        return read_order("", line)
    rest = f"{line[: verb.start]} {line[verb.end :]}"
    reader = _VERBS.get(verb.text.lower())
    return reader(rest) if reader else _unknown_verb(verb, rest, line)


def check(ask: Ask, today: date) -> Ask | Misread:
    """`ask` if no word of it is wrong; what is merely missing is for the form to ask."""
    if not ask.cloud:
        return ask
    found = read(ask.cloud, ask.values, today)
    wrong = tuple(m for m in found if m.word) if isinstance(found, tuple) else ()
    return unfit(ask, wrong) if wrong else ask


def unfit(ask: Ask, mistakes: tuple[Mistake, ...]) -> Misread:
    """What to answer to a line whose words are wrong or missing: all of it, and what can be kept."""
    return Misread(mistakes, right_of(ask, mistakes))


def with_values(misread: Misread, today: date) -> Misread:
    """A line that could not be parsed, with what is wrong with the words that could."""
    if misread.ask is None:
        return misread
    checked = check(misread.ask, today)
    if isinstance(checked, Ask):
        return misread
    more = tuple(mistake for mistake in checked.mistakes if mistake not in misread.mistakes)
    return Misread((*misread.mistakes, *more), checked.ask)


def normal_id(text: str) -> str | None:
    """`ORD-7F3K2M` from any writing of it, with the letters that Crockford base32 lets stand for
    digits; None for what is no order id."""
    found = re.fullmatch("[`*\\s]*ORD[-‐‑–—]([0-9A-Z]{6})[`*\\s]*", text, re.IGNORECASE | re.ASCII)
    digits = found[1].upper().translate(str.maketrans("OIL", "011")) if found else "?"
    return f"ORD-{digits}" if set(digits) <= set(_CROCKFORD) else None


# --- the verbs ---------------------------------------------------------------------------------


def _status(rest: str) -> Meaning:
    ref, more = _first(rest)
    found = normal_id(ref) or _elsewhere(ref)
    expected = f"{ORDER_EXPECTED}, {AWS_ORDER_EXPECTED}, or {ITEM_EXPECTED}"
    wrong = [*_unless(found, ref, expected), *_too_much(more)]
    return _misread(wrong) or Status(found)


def _list(rest: str) -> Meaning:
    words = rest.split()
    lists = [word.lower() for word in words if word.lower() in LISTS]
    pages = [int(word) for word in words if re.fullmatch("[1-9][0-9]{0,3}", word)]
    unknown = [word for word in words if word.lower() not in (*LISTS, "page", *map(str, pages))]
    wrong = [Mistake("", word, either(LISTS), nearest(word, LISTS)) for word in unknown]
    wrong += _too_much(" ".join(lists[1:]))
    return _misread(wrong) or List(*lists[:1] or ("mine",), *pages[:1])


def _approve(rest: str) -> Meaning:
    order, note, wrong = _order_and_text(rest, "note")
    return _misread(wrong) or Decide(order, "approve", note)


def _reject(rest: str) -> Meaning:
    order, reason, wrong = _order_and_text(rest, "reason", required=True)
    return _misread(wrong) or Decide(order, "reject", reason)


def _cancel(rest: str) -> Meaning:
    order, reason, wrong = _order_and_text(rest, "reason")
    return _misread(wrong) or Cancel(order, reason)


def _return(rest: str) -> Meaning:
    order, reason, wrong = _order_and_text(rest, "reason", required=True)
    return _misread(wrong) or Return(order, reason)


def _break_glass(rest: str) -> Meaning:
    order, reason, wrong = _order_and_text(rest, "reason", required=True)
    return _misread(wrong) or BreakGlass(order, reason)


def _withdraw(rest: str) -> Meaning:
    order, more, wrong = _order_and_text(rest, "")
    return _misread([*wrong, *_too_much(more)]) or Withdraw(order)


def _mute(rest: str) -> Meaning:
    order, more, wrong = _order_and_text(rest, "")
    return _misread([*wrong, *_too_much(more)]) or Mute(order)


def _track(rest: str) -> Meaning:
    words = tuple(words_of(rest))
    flags = [word.text for word in words if word.flag]
    names = [word.text for word in words if not word.flag]
    ref = names[0] if names else ""
    found = "" if normal_id(ref) else _elsewhere(ref)
    ours = f"status {normal_id(ref)}" if normal_id(ref) else ""
    expected = f"{AWS_ORDER_EXPECTED}, or {ITEM_EXPECTED}"
    wrong = [
        *_unless(found, ref, expected, ours),
        *unknown_flags(flags, "quiet"),
        *_too_much(" ".join(names[1:])),
    ]
    return _misread(wrong) or Track(found, "quiet" in map(flag_name, flags))


def _delegate(rest: str) -> Meaning:
    person, more = _first(rest)
    if person.lower() == "off":
        return _misread(_too_much(more)) or Delegate("", "")
    mention = _PERSON.fullmatch(person)
    words = [word for word in more.split() if word.lower() != "until"]
    until = words[0] if words else ""
    day = field_of("aws", "needed_by")
    meant = check_word(day, until, None) if day else until
    near = meant.nearest if isinstance(meant, Mistake) else ""
    wrong = [
        *_unless(mention and mention[1], person, f"{PERSON_EXPECTED}, or off"),
        *_unless(iso_date(until), until, "until and a date written YYYY-MM-DD", near, "until"),
        *_too_much(" ".join(words[1:])),
    ]
    return _misread(wrong) or Delegate(mention[1] if mention else "", until)


def _whoami(rest: str) -> Meaning:
    return _misread(_too_much(rest)) or WhoAmI()


def _help(rest: str) -> Meaning:
    return Help(_first(rest)[0].lower())


_VERBS: dict[str, Callable[[str], Meaning]] = {
    "aws": lambda rest: read_order("aws", rest),
    "azure": lambda rest: read_order("azure", rest),
    "status": _status,
    "list": _list,
    "approve": _approve,
    "reject": _reject,
    "withdraw": _withdraw,
    "cancel": _cancel,
    "return": _return,
    "track": _track,
    "delegate": _delegate,
    "break-glass": _break_glass,
    "mute": _mute,
    "whoami": _whoami,
    "help": _help,
}
VERBS = tuple(_VERBS)


def _unknown_verb(verb: Word, rest: str, line: str) -> Misread:
    """A line that begins with no verb: a guess at the verb, and what can be kept of an order."""
    cloud, nearer = _cloud_meant(verb, rest)
    expected = f"one of {', '.join(VERBS)}"
    wrong = Mistake("", verb.text, expected, nearer or nearest(verb.text, VERBS))
    if not cloud:
        return Misread((wrong,))
    meaning = read_order(cloud, rest if nearer in FIELDS else line)
    others = meaning.mistakes if isinstance(meaning, Misread) else ()
    ask = meaning.ask if isinstance(meaning, Misread) else replace(meaning, yes=False)
    repeated = (m for m in others if m.word != verb.text)
    return Misread((wrong, *repeated), ask)


def _cloud_meant(verb: Word, rest: str) -> tuple[str, str]:
    """The cloud that a line without a verb is about ("" if none), and what its first word meant."""
    if normal_id(verb.text) or ORDER_ID.fullmatch(verb.text.lower()):
        return "", f"status {verb.text}"
    used = {word.key.lower() for word in (verb, *words_of(rest))}
    about = max(FIELDS, key=lambda cloud: len(used & set(keys(cloud))))
    if verb.key.lower() in keys(about):
        return about, f"{about} {verb.text}"
    for cloud in FIELDS:
        if found := guess_at(cloud, verb.text):
            return cloud, f"{cloud} {found.key}={found.value}"
    near = nearest(verb.text, VERBS)
    if near in FIELDS:
        return near, near
    return about if not near and used & set(keys(about)) else "", near


# --- what verbs share --------------------------------------------------------------------------


def _misread(mistakes: Iterable[Mistake]) -> Misread | None:
    found = tuple(mistakes)
    return Misread(found) if found else None


def _first(rest: str) -> tuple[str, str]:
    """The first word of `rest`, and all that stands after it as it was typed."""
    word = next(words_of(rest), None)
    return (word.text, rest[word.end :].strip()) if word else ("", "")


def _order_and_text(rest: str, key: str, required: bool = False) -> tuple[str, str, tuple[Mistake, ...]]:
    word, tail = _first(rest)
    order, text = normal_id(word), unquoted(tail)
    wrong = [*_unless(order, word, ORDER_EXPECTED, key="order")]
    if required and not text:
        wrong.append(Mistake(key, "", f"a {key} in a few words"))
    if key and len(text) > REASON_LIMIT:
        wrong.append(Mistake(key, text, f"at most {REASON_LIMIT} characters"))
    return order or "", text, tuple(wrong)


def _unless(found: object, word: str, expected: str, near: str = "", key: str = "") -> tuple[Mistake, ...]:
    return () if found else (Mistake(key, word, expected, near),)


def _too_much(more: str) -> tuple[Mistake, ...]:
    return (Mistake("", more.strip(), "nothing more here"),) if more.strip() else ()


def _elsewhere(ref: str) -> str:
    """`ref` as the name of an order in a cloud; "" where it can be none."""
    lower = ref.lower()
    if ORDER_ID.fullmatch(lower):
        return lower
    # What looks like an id is more likely a mistyped one than the name of an item.
    mistyped = lower.startswith("oo-") or re.fullmatch("ORD-[A-Z0-9]*", ref)
    return ref if _AZURE_NAME.fullmatch(ref) and not mistyped else ""

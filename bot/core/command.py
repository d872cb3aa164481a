"""The `/order` line: what was meant by it.

    text ── as typed ── first word: a verb ── the rest, as that verb reads it ──► Meaning
                                    └─ none, or a wrong word ──► Misread, keeping what was right

`parse` raises for no text at all. It knows the grammar and the shape of ids; what the words of an
order must be is known by `request.read`, and `check` asks it.

Slack escapes `&<>`, and writes mentions as `<@U1|name>` and links as `<https://…|…>`
(https://docs.slack.dev/interactivity/implementing-slash-commands, "escaped"). Phones turn straight
quotes into curly ones and `--` into a dash, so these are read as what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, islice
from typing import NamedTuple

from bot.core.azure_terms import RESOURCE_GROUP, spread
from bot.core.request import (
    FIELDS,
    REASON_LIMIT,
    Field,
    Mistake,
    Values,
    check_word,
    exact_choice,
    field_of,
    grammar_mistakes,
    iso_date,
    keep_right,
    keys,
    nearest,
    read,
)


@dataclass(frozen=True)
class Ask:
    """Order something. `cloud`: "" when none was named; `yes`: file it without showing the form."""

    cloud: str
    values: Values
    yes: bool = False


@dataclass(frozen=True)
class Status:
    """`ref`: our order id, an AWS order id, or the name of an Azure item (`NAME` or `GROUP/NAME`)."""

    ref: str


@dataclass(frozen=True)
class List:
    """`which`: mine, open, waiting or all; `page` counts from 1."""

    which: str = "mine"
    page: int = 1


@dataclass(frozen=True)
class Decide:
    """`verb`: approve or reject."""

    order: str
    verb: str
    note: str


@dataclass(frozen=True)
class Withdraw:
    order: str


@dataclass(frozen=True)
class Cancel:
    order: str
    reason: str


@dataclass(frozen=True)
class Return:
    order: str
    reason: str


@dataclass(frozen=True)
class Track:
    """`ref`: an AWS order id or the name of an Azure item (`NAME` or `GROUP/NAME`); `quiet`: no card until
    it changes."""

    ref: str
    quiet: bool


@dataclass(frozen=True)
class Delegate:
    """`to`: a Slack user id; `until`: an ISO date. Both "" end the delegation."""

    to: str
    until: str


@dataclass(frozen=True)
class BreakGlass:
    order: str
    reason: str


@dataclass(frozen=True)
class Mute:
    order: str


@dataclass(frozen=True)
class WhoAmI:
    pass


@dataclass(frozen=True)
class Help:
    """`word`: what to explain, in lower case; "" for everything in short."""

    word: str


@dataclass(frozen=True)
class Misread:
    """What could not be understood; `ask` is what could, where something was to be ordered."""

    mistakes: tuple[Mistake, ...]
    ask: Ask | None = None


Meaning = (
    Ask
    | Status
    | List
    | Decide
    | Withdraw
    | Cancel
    | Return
    | Track
    | Delegate
    | BreakGlass
    | Mute
    | WhoAmI
    | Help
    | Misread
)

LISTS = ("mine", "open", "waiting", "all")
ORDER_EXPECTED = "an order id such as ORD-7F3K2M"
AWS_ORDER_EXPECTED = "an AWS order id such as oo-0123456789abcdef0"
ITEM_EXPECTED = "the name of an Azure item (GROUP/NAME if in another resource group)"
PERSON_EXPECTED = "a person, picked from the list that Slack shows after @"
PAIR_EXPECTED = "key=value, with quotes around words that belong together"

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_AWS_ORDER = re.compile("oo-[a-f0-9]{17}")
# The names of Edge Order items, Microsoft.EdgeOrder 2024-02-01 `orderItemName`, and their resource group.
_AZURE_NAME = re.compile(f"(?:{RESOURCE_GROUP}/)?[A-Za-z0-9][A-Za-z0-9-]{{1,61}}[A-Za-z0-9]")
_PERSON = re.compile(r"<@([UW][A-Z0-9]{1,20})(?:\|[^>]*)?>")


def parse(text: str) -> Meaning:
    """What was meant by `text`, all that stands after `/order`, as Slack sends it."""
    line = _as_typed(text)
    verb = next((word for word in _words(line) if not word.flag), None)
    if verb is None:
        return _ask("", line)
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
    return Misread(mistakes, _right(ask, mistakes))


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
    wrong = [Mistake("", word, _either(LISTS), nearest(word, LISTS)) for word in unknown]
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
    words = tuple(_words(rest))
    flags = [word.text for word in words if word.flag]
    names = [word.text for word in words if not word.flag]
    ref = names[0] if names else ""
    found = "" if normal_id(ref) else _elsewhere(ref)
    ours = f"status {normal_id(ref)}" if normal_id(ref) else ""
    expected = f"{AWS_ORDER_EXPECTED}, or {ITEM_EXPECTED}"
    wrong = [
        *_unless(found, ref, expected, ours),
        *_unknown_flags(flags, "quiet"),
        *_too_much(" ".join(names[1:])),
    ]
    return _misread(wrong) or Track(found, "quiet" in map(_flag_name, flags))


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
    "aws": lambda rest: _ask("aws", rest),
    "azure": lambda rest: _ask("azure", rest),
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
    meaning = _ask(cloud, rest if nearer in FIELDS else line)
    others = meaning.mistakes if isinstance(meaning, Misread) else ()
    ask = meaning.ask if isinstance(meaning, Misread) else replace(meaning, yes=False)
    repeated = (m for m in others if m.word != verb.text)
    return Misread((wrong, *repeated), ask)


def _cloud_meant(verb: Word, rest: str) -> tuple[str, str]:
    """The cloud that a line without a verb is about ("" if none), and what its first word meant."""
    if normal_id(verb.text) or _AWS_ORDER.fullmatch(verb.text.lower()):
        return "", f"status {verb.text}"
    used = {word.key.lower() for word in (verb, *_words(rest))}
    about = max(FIELDS, key=lambda cloud: len(used & set(keys(cloud))))
    if verb.key.lower() in keys(about):
        return about, f"{about} {verb.text}"
    for cloud in FIELDS:
        if guess := _guess(cloud, verb.text):
            return cloud, f"{cloud} {guess.key}={guess.value}"
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
    word = next(_words(rest), None)
    return (word.text, rest[word.end :].strip()) if word else ("", "")


def _order_and_text(rest: str, key: str, required: bool = False) -> tuple[str, str, tuple[Mistake, ...]]:
    word, tail = _first(rest)
    order, text = normal_id(word), _unquoted(tail)
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
    if _AWS_ORDER.fullmatch(lower):
        return lower
    # What looks like an id is more likely a mistyped one than the name of an item.
    mistyped = lower.startswith("oo-") or re.fullmatch("ORD-[A-Z0-9]*", ref)
    return ref if _AZURE_NAME.fullmatch(ref) and not mistyped else ""


def _either(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


# --- an order ----------------------------------------------------------------------------------


# Keys whose words have a shape of their own, so that the key is known even where it is missing.
_TELLING = (
    *("outpost", "item", "payment", "term", "region"),
    *("type", "commitment"),
    *("needed_by", "channel"),
    "product",  # last, for a date with slashes looks like one
)


class _Guess(NamedTuple):
    key: str
    value: str


class _Reading:
    """What has been understood so far of the words of an order; lives within one call."""

    def __init__(self, cloud: str) -> None:
        self.cloud = cloud
        self.said: dict[str, list[str]] = {}
        self.mistakes: list[Mistake] = []
        self.yes = False
        self.open: Field | None = None  # the field whose value unquoted words may continue

    def pairs(self, words: Iterable[Word]) -> None:
        for word in words:
            key, value = word.key.lower().replace("-", "_"), word.value
            self.said.setdefault(key, []).append(value)
            self.open = field_of(self.cloud, key) if value and not word.quoted else None
            self._unclosed(word)

    def flags(self, words: Iterable[Word]) -> None:
        flags = [word.text for word in words]
        self.yes = self.yes or "yes" in map(_flag_name, flags)
        self.mistakes += _unknown_flags(flags, "yes")

    def bare(self, words: Iterable[Word]) -> None:
        loose = [word for word in words if not self._recognised(word)]
        for word in loose:
            self._unclosed(word)
        if loose:
            self._continue(" ".join(word.text for word in loose))

    def _unclosed(self, word: Word) -> None:
        if word.unclosed:
            key = word.key.lower() if word.key.lower() in keys(self.cloud) else ""
            expected = f"a closing {word.unclosed} where the text ends"
            self.mistakes.append(Mistake(key, word.unclosed + word.value, expected))

    def _recognised(self, word: Word) -> bool:
        guess = _guess(self.cloud, word.text)
        if guess:
            near = f"{guess.key}={guess.value}"
            self.mistakes.append(Mistake("", word.text, PAIR_EXPECTED, near))
            self._add(guess.key, guess.value)
        return guess is not None

    def _add(self, key: str, value: str) -> None:
        """Keep a guess for the form, where it stands in the way of nothing that was said."""
        field = field_of(self.cloud, key)
        if field and len(self.said.get(key, ())) < field.most:
            self.said.setdefault(key, []).append(value)

    def _continue(self, text: str) -> None:
        field = self.open
        if field is None:
            self.mistakes.append(Mistake("", text, PAIR_EXPECTED, _key_meant(self.cloud, text)))
            return
        joined = f"{self.said[field.key][-1]} {text}"
        value = _whole(field, joined)
        if value:
            self.said[field.key][-1] = value
        near = value and f'{field.key}="{value}"' if field.limit else value and f"{field.key}={value}"
        self.mistakes.append(Mistake("", text, PAIR_EXPECTED, near))


def _ask(cloud: str, rest: str) -> Ask | Misread:
    reading = _Reading(cloud)
    readers = {"pair": reading.pairs, "flag": reading.flags, "bare": reading.bare}
    for kind, words in groupby(_joined(_words(rest)), key=_kind):
        readers[kind](words)
    typed = {key: tuple(words) for key, words in reading.said.items()}
    values = spread(typed) if cloud == "azure" else typed
    wrong = (*grammar_mistakes(cloud, values), *reading.mistakes) if cloud else reading.mistakes
    ask = Ask(cloud, {key: kept for key, words in values.items() if (kept := _typed(words))}, reading.yes)
    if not wrong:
        return ask
    return Misread(tuple(wrong), _right(ask, wrong) if cloud else None)


def _right(ask: Ask, wrong: Iterable[Mistake]) -> Ask:
    """What can be kept of `ask`, words under a misspelt key with the key that was meant."""
    wrong = tuple(wrong)
    values = dict(ask.values)
    for mistake in wrong:
        if field_of(ask.cloud, mistake.key) is None and mistake.key in values:
            values.setdefault(mistake.nearest, values[mistake.key])
    return Ask(ask.cloud, keep_right(ask.cloud, values, wrong))


def _typed(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word.strip())


def _kind(word: Word) -> str:
    return "flag" if word.flag else "pair" if word.key else "bare"


def _guess(cloud: str, text: str) -> _Guess | None:
    """The key that is missing before a word whose shape gives it away."""
    for key in _TELLING:
        field = field_of(cloud, key)
        value = _unmistakable(field, text) if field else ""
        if value:
            return _Guess(key, value)
    return None


def _unmistakable(field: Field, text: str) -> str:
    """`text` as a value of `field`, if it can hardly be one of anything else."""
    if field.choices:
        return exact_choice(field, text)
    if field.key == "channel" and not text.startswith(("#", "<#")):
        return ""
    found = check_word(field, text, None)
    if isinstance(found, Mistake):
        return found.nearest if field.key in ("outpost", "item", "needed_by") else ""
    return text if field.key == "item" else found


def _whole(field: Field, text: str) -> str:
    """`text`, typed without quotes, as a value of `field`; "" where that is not clear."""
    if field.limit:
        return text
    found = check_word(field, text, None)
    if isinstance(found, Mistake):
        return found.nearest if field.choices else ""
    return found


def _key_meant(cloud: str, text: str) -> str:
    first = text.split()[0] if text.split() else ""
    near = nearest(first, (*keys(cloud), "yes"))
    return "--yes" if near == "yes" else f"{near}=…" if near else ""


def _flag_name(flag: str) -> str:
    return flag.lstrip("-–—").lower()


def _unknown_flags(flags: Iterable[str], *known: str) -> list[Mistake]:
    dashed = tuple(f"--{name}" for name in known)
    return [
        Mistake("", flag, _either(dashed), nearest(f"--{_flag_name(flag)}", dashed))
        for flag in flags
        if _flag_name(flag) not in known
    ]


# --- words, as a shell reads them --------------------------------------------------------------

_DOUBLE = '"“”„‟«»'
_SINGLE = "'‘’‚"
_STRAIGHT = "\"'"
_CLOSES = {'"': '"', "“": "”", "”": "”", "„": "“”", "‟": "”", "«": "»", "»": "«»"}
_CLOSES |= {"'": "'", "‘": "’", "’": "’", "‚": "‘’"}
_MARKS = {
    **dict.fromkeys(_DOUBLE, re.compile(rf"\\.|[{_DOUBLE}]", re.DOTALL)),
    **dict.fromkeys(_SINGLE, re.compile(f"[{_SINGLE}]")),
}
_ESCAPED = re.compile(rf"\\([{_DOUBLE}\\])")
_FLAG = re.compile("(?:--|—|–|-)[A-Za-z]")
_KEY = re.compile("[A-Za-z][A-Za-z0-9_-]*")
_NEXT_PAIR = re.compile(r"\s+(?=[A-Za-z][A-Za-z0-9_-]*\s*=|(?:--|—|–)[A-Za-z])|\Z")
_LINK = re.compile(r"<((?:https?|mailto|tel|ftp):[^|<>]*)(?:\|([^<>]*))?>", re.IGNORECASE)


@dataclass(frozen=True)
class Word:
    """One word of the line, its quotes taken off; `start` and `end` are where it stands."""

    text: str
    start: int
    end: int
    flag: bool = False
    quoted: bool = False
    unclosed: str = ""

    @property
    def key(self) -> str:
        key, equals, _ = self.text.partition("=")
        return key if equals and _KEY.fullmatch(key) else ""

    @property
    def value(self) -> str:
        return self.text.partition("=")[2] if self.key else self.text


def _as_typed(text: str) -> str:
    """`text` before Slack escaped it and made links of addresses in it."""
    plain = _LINK.sub(_link_typed, text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _link_typed(link: re.Match[str]) -> str:
    url, label = link[1], link[2] or ""
    if not label or url == label:
        return url
    return label if url.partition(":")[2].strip("/") == label.strip("/") else f"{label} ({url})"


def _words(text: str) -> Iterator[Word]:
    """The words of `text`; lazily, because a free text that follows them is not read as words."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word = _word(text, at)
        yield word
        at = word.end


def _word(text: str, start: int) -> Word:
    parts: list[str] = []
    at, quoted, unclosed = start, False, ""
    while at < len(text) and not text[at].isspace():
        if not _opens(text, at, start):
            parts.append(text[at])
            at += 1
            continue
        quoted = True
        body, at, closed = _quoted_part(text, at)
        parts.append(body)
        unclosed = unclosed or closed
    flag = bool(_FLAG.match(text, start))
    return Word("".join(parts), start, at, flag, quoted, unclosed)


def _opens(text: str, at: int, start: int) -> bool:
    """Whether a quotation begins here; an apostrophe within a word is just a letter."""
    return text[at] in _DOUBLE or (text[at] in _SINGLE and (at == start or text[at - 1] == "="))


def _quoted_part(text: str, at: int) -> tuple[str, int, str]:
    """What is quoted from `at` on, where reading goes on, and the quote if nothing closes it.

    An open quotation ends before the next `key=`, so that one forgotten quote costs one value.
    """
    opener, close = text[at], _closing(text, at + 1, text[at])
    if close >= 0:
        return _unescaped(text[at + 1 : close], opener), close + 1, ""
    end = _NEXT_PAIR.search(text, at)
    stop = end.start() if end else len(text)
    return _unescaped(text[at + 1 : stop], opener), stop, opener


# A line of nothing but quotation marks would otherwise keep everybody waiting for seconds.
MOST_MARKS = 300


def _closing(text: str, start: int, opener: str) -> int:
    """Where the quotation that begins before `start` with `opener` ends; -1 if nowhere.

    Its own closing mark ends it. So does any mark of its family at a word's end, for phones mix
    them; after a straight opener only if no straight one follows, for that is how a shell reads.
    """
    mixed, inner = -1, ""
    for mark in islice(_marks(text, start, opener), MOST_MARKS):
        sign = text[mark]
        if inner and sign in _CLOSES[inner]:
            inner = ""
        elif sign in _CLOSES[opener]:
            return mark
        elif not _ends_word(text, start, mark):
            inner = sign if opener not in _STRAIGHT else ""
        elif opener not in _STRAIGHT:
            return mark
        elif mixed < 0:
            mixed = mark
    return mixed


def _marks(text: str, start: int, opener: str) -> Iterator[int]:
    """Where marks stand that might close `opener`: none escaped, no apostrophe within a word."""
    for mark in _MARKS[opener].finditer(text, start):
        if len(mark[0]) == 1 and not (opener in _SINGLE and _inside_word(text, mark.start())):
            yield mark.start()


def _inside_word(text: str, at: int) -> bool:
    return text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum()


def _ends_word(text: str, start: int, at: int) -> bool:
    after, before = text[at + 1 : at + 2], text[max(start, at - 1) : at]
    return (not after or after.isspace()) and not before.isspace()


def _unescaped(body: str, opener: str) -> str:
    return _ESCAPED.sub(r"\1", body) if opener in _DOUBLE else body


def _unquoted(tail: str) -> str:
    """A free text to the end of the line, without the quotes that stand round all of it."""
    if tail[:1] and tail[0] in _CLOSES and _closing(tail, 1, tail[0]) == len(tail) - 1:
        return _unescaped(tail[1:-1], tail[0]).strip()
    return tail


def _joined(words: Iterable[Word]) -> Iterator[Word]:
    """`words`, with `key = value` made one word: a key before `=` can mean nothing else."""
    waiting: Word | None = None
    for word in words:
        if waiting and _belong(waiting, word):
            waiting = _both(waiting, word)
            continue
        if waiting:
            yield waiting
        waiting = word
    if waiting:
        yield waiting


def _belong(word: Word, after: Word) -> bool:
    if word.flag or after.flag or word.quoted:
        return False
    known = {key for cloud in FIELDS for key in keys(cloud)}
    starts_value = after.text.startswith("=") and not after.quoted
    wants_value = word.key != "" and word.value == "" and not after.key
    return (word.text.lower() in known and starts_value) or wants_value


def _both(word: Word, after: Word) -> Word:
    return replace(
        word,
        text=word.text + after.text,
        end=after.end,
        quoted=after.quoted,
        unclosed=after.unclosed,
    )

"""The words of a line, as a shell reads them, and as phones and Slack write them.

Slack escapes `&<>`, and writes mentions as `<@U1|name>` and links as `<https://…|…>`
(https://docs.slack.dev/interactivity/implementing-slash-commands, "escaped"). Phones turn straight
quotes into curly ones and `--` into a dash, so these are read as what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from bot.core.request import FIELDS, keys

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


def as_typed(text: str) -> str:
    """`text` before Slack escaped it and made links of addresses in it."""
    plain = _LINK.sub(_link_typed, text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _link_typed(link: re.Match[str]) -> str:
    url, label = link[1], link[2] or ""
    if not label or url == label:
        return url
    return label if url.partition(":")[2].strip("/") == label.strip("/") else f"{label} ({url})"


def words_of(text: str) -> Iterator[Word]:
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


def unquoted(tail: str) -> str:
    """A free text to the end of the line, without the quotes that stand round all of it."""
    if tail[:1] and tail[0] in _CLOSES and _closing(tail, 1, tail[0]) == len(tail) - 1:
        return _unescaped(tail[1:-1], tail[0]).strip()
    return tail


def joined(words: Iterable[Word]) -> Iterator[Word]:
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

"""On which line of a TOML text each key and each element stands.

The parser of the standard library tells values and no places. The text is one that it has accepted, so
nothing is checked here again: what can follow is known, and strings and comments are merely passed over.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping

Path = tuple[str | int, ...]
"""Keys and indices, from the outside in: `("step", 0, "approvers", 1)`."""

_GAP = re.compile(r"(?:[\s]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
# The long quotes may have up to two of their own kind before the end.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]*")


def lines(text: str) -> Mapping[Path, int]:
    """The line, counted from 1, of each table, key and array element in valid TOML."""
    walk = _Walk(text)
    walk.document()
    return walk.found


class _Walk:
    """How far the text has been read; lives within one call."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, int] = {}
        self._breaks = [at for at, sign in enumerate(text) if sign == "\n"]
        self._tables: dict[Path, int] = {}  # how many there are so far of each array of tables

    def document(self) -> None:
        inside: Path = ()
        self._skip(_GAP)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                inside = self._header()
            else:
                self._pair(inside)
            self._skip(_GAP)

    def _header(self) -> Path:
        line = self._line()
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        *outer, last = self._keys()
        self.at += 2 if double else 1
        path: Path = (*self._resolved(outer, line), last)
        if double:
            self._tables[path] = self._tables.get(path, 0) + 1
        self.found.setdefault(path, line)
        path = self._resolved_one(path)
        self.found.setdefault(path, line)
        return path

    def _resolved(self, keys: list[str], line: int) -> Path:
        path: Path = ()
        for key in keys:
            self.found.setdefault((*path, key), line)
            path = self._resolved_one((*path, key))
        return path

    def _resolved_one(self, path: Path) -> Path:
        """An array of tables stands for its newest one."""
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _pair(self, inside: Path) -> None:
        line = self._line()
        path = inside
        for key in self._keys():
            path = (*path, key)
            self.found.setdefault(path, line)
        self.at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_BLANK)
            keys.append(_unquoted(self._take(_KEY)))
            self._skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def _value(self, path: Path) -> None:
        sign = self.text[self.at]
        if sign == "[":
            self._array(path)
        elif sign == "{":
            self._inline_table(path)
        else:
            self._take(_STRING if sign in "\"'" else _PLAIN)

    def _array(self, path: Path) -> None:
        index = 0
        while self._goes_on("]"):
            self.found[*path, index] = self._line()
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        while self._goes_on("}"):
            self._pair(path)

    def _goes_on(self, end: str) -> bool:
        """Pass over what opens or parts a container; whether there is more in it."""
        # Here stands an opening bracket or, after an element, a comma or the end.
        self._skip(_GAP)
        if self.text[self.at] != end:
            self.at += 1
            self._skip(_GAP)
        if self.text[self.at] != end:
            return True
        self.at += 1
        return False

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._take(pattern)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        assert match, "the text is no valid TOML"  # noqa: S101 - the parser has accepted it
        self.at = match.end()
        return match[0]

    def _line(self) -> int:
        return bisect_left(self._breaks, self.at) + 1


def _unquoted(key: str) -> str:
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key

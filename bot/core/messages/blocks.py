"""Small makers of Block Kit, so that the other files of this package read as text.

Two kinds of text reach Slack: `plain` text, which Slack never parses, and `mrkdwn`, in which it finds
mentions and links. Whatever a person or a vendor wrote passes through `escape` before it enters mrkdwn.
Limits are Slack's own (https://docs.slack.dev/reference/block-kit).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any

Block = dict[str, Any]

SECTION_LIMIT = 3000
FIELD_LIMIT = 2000
HEADER_LIMIT = 150
BUTTON_LIMIT = 75
URL_LIMIT = 500
# Undocumented: from about 13,200 characters on, Slack answers msg_blocks_too_long.
MESSAGE_LIMIT = 12_000

# Control, zero-width and direction characters can fake extra lines or turn a sentence round.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# What a cut through an entity, a mention or a link leaves at the end.
_HALF = re.compile(r"&[a-z]{0,3}$|<[^<>]*$")


@dataclass(frozen=True)
class Say:
    """One message: its blocks, and the sentence for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...] = field(default=())


def clean(text: str, limit: int = SECTION_LIMIT) -> str:
    """Text that somebody else wrote, for a plain-text place: nothing hidden, at most `limit` characters."""
    shown = _HIDDEN.sub("", text.replace("\r\n", "\n"))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def escape(text: str, limit: int = 2800) -> str:
    """Text that somebody else wrote, for mrkdwn: it can ping nobody and link nowhere.

    Cut before escaping, so that no entity is cut in half; where the text is full of `&<>` and so gets
    longer than `limit`, it is cut again.
    """
    shown = clean(text, limit)
    kept = len(shown)
    while len(escaped := _entities(shown)) > limit:
        # Each character cut saves five at most, so this never cuts more than it has to.
        kept -= max(1, (len(escaped) - limit) // 5)
        shown = shown[:kept].rstrip("…") + "…"
    return escaped


def one_line(text: str, limit: int = 200) -> str:
    """`escape` for a place within a sentence: line breaks become spaces."""
    return escape(" ".join(clean(text, len(text)).split()), limit)


def code(text: str) -> str:
    """An identifier, drawn as code."""
    return f"`{one_line(text).replace('`', 'ˋ') or '–'}`"


def user(person: str) -> str:
    """A person named in mrkdwn, by Slack id: Slack shows their name and notifies them."""
    return f"<@{person}>"


def channel_link(channel: str) -> str:
    """A channel named in mrkdwn, by Slack id or by `#name`."""
    return f"<#{channel}>" if re.fullmatch(r"[CG][A-Z0-9]+", channel) else one_line(channel)


def link(url: str, text: str) -> str:
    """A link that we made ourselves; `url` is of our own table, `text` is escaped.

    An address too long for a sentence is left out: a link that is cut off would not be one.
    """
    shown = one_line(text).replace("|", "¦")
    if not shown or len(url) > URL_LIMIT:
        return shown
    return f"<{url.replace('|', '%7C').replace('<', '%3C').replace('>', '%3E')}|{shown}>"


def date(at: datetime) -> str:
    """A moment, shown in the reader's own time zone; in UTC where that cannot be done."""
    utc = at.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{utc}>"


def quote(text: str) -> str:
    """Somebody's words, every line of them marked as a quotation."""
    return "\n".join(f"> {line}" for line in escape(text, 2500).split("\n"))


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER_LIMIT)}


def section(mrkdwn: str) -> Block:
    block: Block = {"type": "section", "text": _mrkdwn(mrkdwn, SECTION_LIMIT)}
    return block


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Up to ten label and mrkdwn pairs, drawn in two columns."""
    texts = [_mrkdwn(f"*{label}*\n{value or '–'}", FIELD_LIMIT) for label, value in pairs[:10]]
    return {"type": "section", "fields": texts}


def columns(pairs: Sequence[tuple[str, str]]) -> list[Block]:
    """As `fields`, for any number of pairs: Slack takes ten in a block."""
    return [fields(pairs[start : start + 10]) for start in range(0, len(pairs), 10)]


def sections(lines: Sequence[str], limit: int = 2800) -> list[Block]:
    """Lines of mrkdwn in as few sections as hold them, each of about `limit` characters at most."""
    parts: list[str] = []
    for line in lines:
        if parts and len(parts[-1]) + len(line) < limit:
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
    return [section(part) for part in parts]


def fitting(lines: Sequence[str], room: int) -> list[str]:
    """As many of the first lines as fit into `room` characters when each ends with a line break."""
    ends = accumulate(len(line) + 1 for line in lines)
    return [line for line, end in zip(lines, ends, strict=True) if end <= room]


def context(*mrkdwn: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text, SECTION_LIMIT) for text in mrkdwn[:10]]}


def divider() -> Block:
    return {"type": "divider"}


def plain(text: str, limit: int = SECTION_LIMIT) -> dict[str, Any]:
    return {"type": "plain_text", "text": clean(text, limit), "emoji": True}


def actions(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def button(
    text: str,
    action: str,
    value: str,
    style: str = "",
    confirm: Block | None = None,
    label: str = "",
) -> Block:
    """A button: `action` names the listener, `value` is what it acts on, `label` is for screen readers."""
    made: Block = {"type": "button", "text": plain(text, BUTTON_LIMIT), "action_id": action}
    if value:
        made["value"] = value
    if style:
        made["style"] = style
    if confirm:
        made["confirm"] = confirm
    if label:
        made["accessibility_label"] = label[:75]
    return made


def confirmation(title: str, text: str, yes: str, no: str = "Go back") -> Block:
    """A dialog that asks before a button acts."""
    return {
        "title": plain(title, 100),
        "text": _mrkdwn(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
    }


def rich_text(text: str, limit: int = SECTION_LIMIT) -> Block:
    """Text that Slack never parses, in the block that some places demand."""
    leaf = {"type": "text", "text": clean(text, limit) or "–"}
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [leaf]}],
    }


def quotation(text: str) -> Block:
    """Somebody's words in full, drawn as a quotation; Slack never parses them."""
    leaf = {"type": "text", "text": clean(text) or "–"}
    return {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [leaf]}]}


def size(blocks: Sequence[Block]) -> int:
    """How many characters blocks show; Slack refuses messages with more than `MESSAGE_LIMIT` of them."""
    return sum(_characters(block) for block in blocks)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Block:
    """A table of plain cells; Slack allows one in a message, of at most 100 rows."""
    cells = [[{"type": "raw_text", "text": clean(cell, 200) or "–"} for cell in row] for row in [head, *rows]]
    return {"type": "table", "rows": cells[:100]}


def _characters(value: Any) -> int:
    if isinstance(value, dict):
        own = value.get("text")
        inner = sum(_characters(item) for item in value.values() if isinstance(item, dict | list))
        return inner + (len(own) if isinstance(own, str) else 0)
    return sum(map(_characters, value)) if isinstance(value, list) else 0


def _mrkdwn(text: str, limit: int) -> Block:
    # Verbatim, because otherwise Slack makes links and mentions of plain words too, a bare `@channel`
    # or address within somebody's reason for instance.
    return {"type": "mrkdwn", "text": _cut(text, limit), "verbatim": True}


def _cut(text: str, limit: int) -> str:
    """Mrkdwn that fits, with no entity, mention or link cut in half at its end."""
    if len(text) <= limit:
        return text
    return _HALF.sub("", text[: limit - 1]) + "…"


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

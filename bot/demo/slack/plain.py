"""Blocks and mrkdwn as the text a person would see, and what in them is live.

Nothing here knows a server or a state: names of people and channels come in as a mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_CONTROL = re.compile(r"<([^<>\n]+)>")
_MARKS = [
    re.compile(rf"(?<![\w{mark}])[{mark}](?=\S)([^\n{mark}]+?)(?<=\S)[{mark}](?![\w{mark}])")
    for mark in "*_~"
]
_CODE = re.compile(r"```(.+?)```|`([^`\n]+)`", re.DOTALL)
_MARKDOWN_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
_BARE_MENTION = re.compile(r"(?<![\w@])@(here|channel|everyone)\b")


@dataclass(frozen=True)
class Live:
    """What a message makes happen beyond being read."""

    mentions: tuple[str, ...] = ()
    """Everybody it pings: `@U1`, `!channel`, `!here`, `!everyone`, `!subteam^S1`."""
    links: tuple[tuple[str, str], ...] = ()
    """`(address, shown text)` of every explicit link; the text is empty if none was given."""


def unescape(text: str) -> str:
    """Undo the three escapes Slack knows."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escape(text: str) -> str:
    """Apply the three escapes Slack knows."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def visible(mrkdwn: str, names: Mapping[str, str]) -> str:
    """Mrkdwn as shown: control sequences resolved, formatting marks gone, escapes undone.

    `names` maps ids (U…, C…, S…) to what is shown for them, without `@` or `#`.
    """

    def control(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        kind, rest = target[:1], target[1:]
        if kind == "@":
            return "@" + (names.get(rest) or label or rest)
        if kind == "#":
            return "#" + (names.get(rest) or label or rest)
        if target.startswith("!subteam^"):
            group = target.removeprefix("!subteam^")
            return "@" + (names.get(group) or label.lstrip("@") or group)
        if kind == "!":
            return label or "@" + rest
        return label or target.removeprefix("mailto:")

    text = _CONTROL.sub(control, mrkdwn.replace("\0", ""))
    # Code is set aside: inside it, marks are just characters.
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[1] or match[2])
        return f"\0{len(kept) - 1}\0"

    text = _CODE.sub(keep, text)
    for marks in _MARKS:
        text = marks.sub(r"\1", text)
    text = re.sub(r"\0(\d+)\0", lambda match: kept[int(match[1])], text)
    return unescape(text)


def flatten(blocks: Iterable[Json], names: Mapping[str, str]) -> str:
    """All visible text of blocks, a line per block or row, controls in brackets."""
    return "\n".join(line for block in blocks for line in _block(block, names) if line)


def controls(blocks: Iterable[Json]) -> list[tuple[str, Json]]:
    """Every interactive element with the block_id of its block, in order of appearance."""
    found: list[tuple[str, Json]] = []
    for block in blocks:
        block_id = str(block.get("block_id", ""))
        kind = block.get("type")
        if kind in ("actions", "context_actions"):
            found += [(block_id, element) for element in block.get("elements", [])]
        elif kind == "section" and isinstance(block.get("accessory"), dict):
            if block["accessory"].get("type") != "image":
                found.append((block_id, block["accessory"]))
        elif kind == "input":
            found.append((block_id, block["element"]))
        elif kind == "card":
            found += [(block_id, element) for element in block.get("actions") or []]
        elif kind == "carousel":
            found += controls(block.get("elements", []))
        elif kind == "container":
            found += controls(block.get("child_blocks", []))
    return found


def live(text: str, blocks: Iterable[Json], *, link_names: bool = False) -> Live:
    """Find the mentions and explicit links of a message.

    `link_names` says that bare words such as `@channel` are linked too, as chat.postMessage
    does when asked with `link_names` or `parse=full`.
    """
    mentions: list[str] = []
    links: list[tuple[str, str]] = []

    def mrkdwn(value: str) -> None:
        for match in _CONTROL.finditer(value):
            target, _, label = match[1].partition("|")
            if target.startswith(("@", "!here", "!channel", "!everyone", "!group", "!subteam^")):
                mentions.append(target)
            elif target.startswith("!date^"):
                parts = target.split("^")
                if len(parts) > 3:
                    links.append((parts[3], label))
            elif target[:1] not in "#!":
                links.append((target, label))
        if link_names:
            mentions.extend("!" + match[1] for match in _BARE_MENTION.finditer(value))

    def leaf(value: Json) -> None:
        match value.get("type"):
            case "user":
                mentions.append(f"@{value.get('user_id')}")
            case "usergroup":
                mentions.append(f"!subteam^{value.get('usergroup_id')}")
            case "broadcast":
                mentions.append(f"!{value.get('range')}")
            case "link" | "date" | "url" | "button" if value.get("url"):
                shown = value.get("text") or value.get("fallback") or ""
                links.append((value["url"], shown["text"] if isinstance(shown, dict) else shown))

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, dict):
            kind = value.get("type")
            content = value.get("text")
            if kind == "mrkdwn" and isinstance(content, str):
                mrkdwn(content)
            elif kind == "markdown" and isinstance(content, str):
                mrkdwn(content)
                links.extend((m[2], m[1]) for m in _MARKDOWN_LINK.finditer(content))
            else:
                leaf(value)
                for item in value.values():
                    walk(item)

    mrkdwn(text)
    walk(list(blocks))
    return Live(tuple(dict.fromkeys(mentions)), tuple(dict.fromkeys(links)))


def text_of(value: Any, names: Mapping[str, str]) -> str:
    """A text object, a plain string or nothing, as shown."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    content = str(value.get("text", ""))
    return visible(content, names) if value.get("type") == "mrkdwn" else content


def _block(block: Json, names: Mapping[str, str]) -> Iterator[str]:
    match block.get("type"):
        case "header" | "alert":
            yield text_of(block.get("text"), names)
        case "section":
            yield text_of(block.get("text"), names)
            yield from (text_of(field, names) for field in block.get("fields") or [])
            yield _element(block.get("accessory"), names)
        case "context":
            yield " ".join(_element(element, names) for element in block.get("elements", []))
        case "actions" | "context_actions":
            yield " ".join(_element(element, names) for element in block.get("elements", []))
        case "divider":
            yield "---"
        case "image":
            yield text_of(block.get("title"), names)
            yield f"[image: {block.get('alt_text', '')}]"
        case "input":
            yield f"{text_of(block.get('label'), names)}: {_element(block.get('element'), names)}"
            yield text_of(block.get("hint"), names)
        case "markdown":
            yield unescape(_MARKDOWN_LINK.sub(r"\1", str(block.get("text", "")))).replace("**", "")
        case "rich_text":
            yield _rich_text(block, names)
        case "table":
            for row in block.get("rows", []):
                yield " | ".join(_cell(cell, names) for cell in row)
        case "plan":
            yield text_of(block.get("title"), names)
            for task in block.get("tasks") or []:
                yield from _block(task, names)
        case "task_card":
            status = str(block.get("status", "pending")).replace("_", " ")
            yield f"[{status}] {text_of(block.get('title'), names)}"
            for part in ("details", "output"):
                if isinstance(block.get(part), dict):
                    yield _rich_text(block[part], names)
            yield " ".join(str(source.get("text", "")) for source in block.get("sources") or [])
        case "card":
            for part in ("title", "subtitle", "body"):
                yield text_of(block.get(part), names)
            yield " ".join(_element(element, names) for element in block.get("actions") or [])
        case "carousel":
            yield flatten(block.get("elements", []), names)
        case "container":
            yield text_of(block.get("title"), names)
            yield text_of(block.get("subtitle"), names)
            yield flatten(block.get("child_blocks", []), names)
        case "video":
            yield text_of(block.get("title"), names)


def _element(element: Any, names: Mapping[str, str]) -> str:
    if not isinstance(element, dict):
        return ""
    match element.get("type"):
        case "mrkdwn" | "plain_text":
            return text_of(element, names)
        case "button" | "workflow_button" | "icon_button":
            return f"[{text_of(element.get('text'), names)}]"
        case "image":
            return f"[image: {element.get('alt_text', '')}]"
        case "overflow" | "radio_buttons" | "checkboxes":
            texts = (text_of(option.get("text"), names) for option in element.get("options", []))
            return "(" + " / ".join(texts) + ")"
        case _:
            chosen = element.get("initial_option")
            shown = text_of(chosen.get("text"), names) if isinstance(chosen, dict) else ""
            shown = shown or str(element.get("initial_value") or element.get("initial_date") or "")
            return f"<{shown or text_of(element.get('placeholder'), names)}>"


def _cell(cell: Json, names: Mapping[str, str]) -> str:
    return _rich_text(cell, names) if cell.get("type") == "rich_text" else str(cell.get("text", ""))


def _rich_text(block: Json, names: Mapping[str, str]) -> str:
    lines: list[str] = []
    for part in block.get("elements", []):
        if part.get("type") == "rich_text_list":
            for number, item in enumerate(part.get("elements", []), 1 + part.get("offset", 0)):
                bullet = f"{number}." if part.get("style") == "ordered" else "•"
                text = "".join(_leaf(leaf, names) for leaf in item.get("elements", []))
                lines.append("  " * part.get("indent", 0) + f"{bullet} {text}")
        else:
            text = "".join(_leaf(leaf, names) for leaf in part.get("elements", []))
            lines.append(text.rstrip("\n"))
    return "\n".join(lines)


def _leaf(leaf: Json, names: Mapping[str, str]) -> str:
    match leaf.get("type"):
        case "text":
            return str(leaf.get("text", ""))
        case "link":
            return str(leaf.get("text") or leaf.get("url", ""))
        case "user":
            return "@" + names.get(leaf.get("user_id", ""), leaf.get("user_id", ""))
        case "usergroup":
            return "@" + names.get(leaf.get("usergroup_id", ""), leaf.get("usergroup_id", ""))
        case "channel":
            return "#" + names.get(leaf.get("channel_id", ""), leaf.get("channel_id", ""))
        case "emoji":
            return f":{leaf.get('name', '')}:"
        case "broadcast":
            return f"@{leaf.get('range', '')}"
        case "date":
            return str(leaf.get("fallback") or leaf.get("timestamp", ""))
        case "color":
            return str(leaf.get("value", ""))
    return ""

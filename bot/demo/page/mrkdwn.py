"""Slack's mrkdwn as HTML: everything escaped, and made live only what Slack makes live."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby

from markupsafe import Markup, escape

from bot.demo.slack.plain import unescape

EMOJI = {
    "warning": "⚠️",
    "hourglass": "⏳",
    "rotating_light": "🚨",
    "white_check_mark": "✅",
    "white_circle": "⚪",
    "bell": "🔔",
}
"""What Slack shows for the names that the bot uses; others stay names."""

_KEPT = re.compile("\0([0-9]+)\0")
_FENCE = re.compile(r"```\n?(.+?)\n?```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_CONTROL = re.compile(r"<([^<>\n]+)>")
_EMOJI = re.compile(r":([a-z_]+):")
_QUOTED = re.compile(r"^(?:>|&gt;) ?")
_MARKS = [
    (re.compile(rf"(?<![\w{mark}])[{mark}](?=\S)([^\n{mark}]+?)(?<=\S)[{mark}](?![\w{mark}])"), tag)
    for mark, tag in (("*", "b"), ("_", "i"), ("~", "s"))
]
_WEB = ("http://", "https://", "mailto:")


def mrkdwn(text: str, names: Mapping[str, str]) -> Markup:
    """Mrkdwn as Slack draws it; `names` maps ids to what is shown for them, without `@` or `#`."""
    return _Drawing(names).draw(text)


class _Drawing:
    """Pieces that are done are set aside, so that nothing in them is taken for a mark."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._kept: list[Markup] = []

    def draw(self, text: str) -> Markup:
        # First, because no piece may end up within the address of a link.
        text = _CONTROL.sub(lambda m: self._keep(self._control(m[1])), text.replace("\0", ""))
        text = _FENCE.sub(lambda m: self._keep(_tagged("pre", unescape(m[1]))), text)
        text = _CODE.sub(lambda m: self._keep(_tagged("code", unescape(m[1]))), text)
        text = _EMOJI.sub(lambda m: EMOJI.get(m[1], m[0]), text)
        return self._put_back(Markup("").join(self._paragraphs(text)))

    def _keep(self, piece: Markup) -> str:
        self._kept.append(piece)
        return f"\0{len(self._kept) - 1}\0"

    def _put_back(self, drawn: str) -> Markup:
        while _KEPT.search(drawn):
            drawn = _KEPT.sub(lambda m: self._kept[int(m[1])], drawn)
        return Markup(drawn)  # noqa: S704 - of escaped pieces only

    def _paragraphs(self, text: str) -> Iterator[Markup]:
        for quoted, lines in groupby(text.split("\n"), lambda line: bool(_QUOTED.match(line))):
            drawn = Markup("<br>").join(
                self._line(_QUOTED.sub("", line) if quoted else line) for line in lines
            )
            yield Markup("<blockquote>%s</blockquote>") % drawn if quoted else Markup("<div>%s</div>") % drawn

    def _line(self, line: str) -> Markup:
        drawn = str(escape(unescape(line)))
        for mark, tag in _MARKS:
            drawn = mark.sub(rf"<{tag}>\1</{tag}>", drawn)
        return Markup(drawn)  # noqa: S704 - escaped above

    def _control(self, inner: str) -> Markup:
        target, _, label = inner.partition("|")
        label = unescape(label)
        match target[:1]:
            case "@":
                return self._mention("@", target[1:], label)
            case "#":
                return self._mention("#", target[1:], label)
            case "!" if target.startswith("!subteam^"):
                return self._mention("@", target.removeprefix("!subteam^"), label.lstrip("@"))
            case "!" if target.startswith("!date^"):
                return moment(target, label)
            case "!":
                return _mentioned(label or f"@{target[1:]}")
        return hyperlink(unescape(target), label)

    def _mention(self, sign: str, id: str, label: str) -> Markup:
        return _mentioned(sign + (self._names.get(id) or label or id))


def hyperlink(url: str, label: str) -> Markup:
    """A link that opens beside the page; only its text where the address is not one of the web."""
    shown = label or url.removeprefix("mailto:")
    if not url.startswith(_WEB):
        return escape(shown)
    return Markup('<a href="%s" target="_blank" rel="noopener noreferrer">%s</a>') % (url, shown)


def moment(target: str, fallback: str) -> Markup:
    """`!date^SECONDS^FORMAT` in the time of this machine, which is also that of who looks."""
    _, seconds, pattern, *_ = [*target.split("^"), "", ""]
    try:
        at = datetime.fromtimestamp(int(seconds)).astimezone()
    except (ValueError, OverflowError, OSError):
        return escape(fallback)
    words = {"{date_short_pretty}": day(at.date()), "{time}": f"{at:%H:%M}"}
    for name, word in words.items():
        pattern = pattern.replace(name, word)
    return Markup('<time datetime="%s" title="%s">%s</time>') % (at.isoformat(), fallback, pattern)


def day(of: date) -> str:
    """A day as Slack shortens it."""
    today = datetime.now().astimezone().date()
    near = {today: "Today", today - timedelta(1): "Yesterday", today + timedelta(1): "Tomorrow"}
    return near.get(of, f"{of:%b} {of.day}, {of.year}")


def _mentioned(shown: str) -> Markup:
    return Markup('<span class="mention">%s</span>') % shown


def _tagged(tag: str, text: str) -> Markup:
    return Markup(f"<{tag}>%s</{tag}>") % text  # noqa: S704 - the tag is our own

"""How the page draws what the bot says: each block in its own way, and nobody's words as more than words."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import core
from bot.core.approval import BEFORE_POLICIES as PLAN
from bot.core.messages.blocks import date, link
from bot.core.messages.card import card
from bot.core.messages.request import asks_for_approval
from bot.core.order import State
from bot.demo.page import Page
from bot.demo.page.mrkdwn import mrkdwn
from bot.demo.slack import plain
from bot.demo.slack.block_kit import check_message
from bot.demo.slack.workspace import Post
from bot.demo.world import ORDERS, LocalWorld
from tests.core.test_messages import TEXTS, order

NAMES = {"U0ALICE": "alice", "C0EDGE": "edge-orders", "S0FINANCE": "finance"}
NEVER = {"script", "style", "img", "iframe", "form", "object", "embed", "base", "svg"}

TEXT = {"type": "mrkdwn", "text": "some *words*"}
LEAF = {"type": "text", "text": "some words"}
RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [LEAF]}]}
QUOTE = {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [LEAF]}]}
BUTTON = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, "value": "1"}
TASK = {"type": "task_card", "task_id": "1", "title": "Shipped", "status": "in_progress", "output": RICH}

DRAWN: dict[str, tuple[dict[str, Any], str]] = {
    "header": (
        {"type": "header", "text": {"type": "plain_text", "text": "A & B"}},
        r"<h3[^>]*>A &amp; B</h3>",
    ),
    "section": (
        {"type": "section", "text": TEXT, "fields": [TEXT]},
        "some <b>words</b>.*b-fields.*<b>words</b>",
    ),
    "context": ({"type": "context", "elements": [TEXT]}, "b-context.*<b>words</b>"),
    "actions": ({"type": "actions", "elements": [BUTTON]}, r'<button[^>]*data-value="1"[^>]*>Go'),
    "divider": ({"type": "divider"}, "<hr>"),
    "table": (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "<Item>"}], [RICH]]},
        "<th>&lt;Item&gt;</th>.*<td><div.*some words",
    ),
    "rich_text": (RICH, "b-rich.*<div>some words</div>"),
    "rich_text_quote": (QUOTE, "<blockquote>some words</blockquote>"),
    "plan": (
        {
            "type": "plan",
            "title": "On its way",
            "tasks": [TASK, TASK | {"task_id": "2", "status": "complete"}],
        },
        "On its way</b> <small>1 of 2.*task in_progress.*Shipped.*: in progress.*some words.*task complete",
    ),
    "task_card": (TASK, "task in_progress.*Shipped"),
}
"""Each block that a message of the bot has, and what of it is to be seen."""
IN_FORMS = {
    "input", "external_select", "static_select", "number_input", "plain_text_input", "email_text_input",
    "datepicker", "conversations_select",
}  # fmt: skip
"""See `test_page_forms`."""
WITHIN_OTHERS = {"modal", "plain_text", "mrkdwn", "button", "raw_text", "rich_text_section", "text"}


class Site:
    """The page with one message in it."""

    def __init__(self) -> None:
        self.world = LocalWorld(("aws",))
        self.page = Page(self.world)
        self.world.start()
        self.client = self.world.slack.flask.test_client()

    def draw(self, text: str, blocks: Any = ()) -> str:
        """The message as #edge-orders shows it, and nothing around it."""
        here = self.world.slack.workspace
        here.posts.clear()
        here.post(Post(ORDERS, "", here.bot_user, text, list(blocks)))
        page = self.client.get("/as/alice/edge-orders").text
        [message] = re.findall(r'<div class="said">(.*?)</article>', page, re.DOTALL)
        return str(message)


@pytest.fixture(scope="module")
def site() -> Any:
    site = Site()
    yield site
    site.world.stop()


class Seen(HTMLParser):
    """The elements of a piece of HTML, its attributes and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def harmless(html: str) -> Seen:
    seen = Seen(html)
    assert not NEVER & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name in ("style", "src")]
    hrefs = [value for name, value in seen.attributes if name == "href"]
    assert all(href.startswith(("http://", "https://", "mailto:", "?thread=")) for href in hrefs), hrefs
    return seen


@pytest.mark.parametrize("kind", DRAWN)
def test_a_block_is_drawn_in_its_own_way(site: Site, kind: str) -> None:
    block, pattern = DRAWN[kind]
    assert check_message([block]) == ("", [])
    assert re.search(pattern, site.draw("words", [block]), re.DOTALL)


def test_there_is_no_block_of_the_bot_that_is_not_drawn() -> None:
    sources = Path(core.__file__).parent.rglob("*.py")
    emitted = {kind for one in sources for kind in re.findall(r'"type": "(\w+)"', one.read_text())}
    assert emitted >= {"plan", "table", "external_select"}
    assert emitted - set(DRAWN) - IN_FORMS - WITHIN_OTHERS - {"home"} == set()


def test_a_block_that_is_not_known_is_shown_as_its_text(site: Site) -> None:
    block = {"type": "markdown", "text": "**all** <b>the</b> same"}
    assert "all &lt;b&gt;the&lt;/b&gt; same" in site.draw("words", [block])


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("state", [State.WAITING, State.UNCLEAR, State.PLACED, State.COMPLETED])
def test_whatever_people_and_clouds_write_is_seen_and_harmless(site: Site, text: str, state: State) -> None:
    for said in (
        card(order(text, state)),
        asks_for_approval(order(text, state), PLAN, (1, "0" * 64), (text,)),
    ):
        seen = harmless(site.draw(said.text, said.blocks))
        assert squeezed(plain.flatten(list(said.blocks)[:1], {})) in squeezed(seen.text)


def squeezed(text: str) -> str:
    return "".join(text.split())


HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "an attribute": '" onmouseover="alert(1)',
    "a link to a script": "<javascript:alert(1)|Approve>",
    "data as a link": "<data:text/html,x|Approve>",
    "a quote in a link": '<https://a.example/"onclick="x|y"onclick="z>',
    "code in a link": '<https://a.example/`x`"|`y`>',
    "a fence in a link": "<https://a.example/```x```|z>",
    "a mention of nobody": '<@U0"><script>|<b>',
    "a date that is none": "<!date^x^{time}^javascript:alert(1)|<b>no</b>>",
    "a far date": "<!date^99999999999999999999^{time}|far>",
    "crossing marks": "_a *b_ c*",
    "nothing": "\0000\0",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_becomes_anything_but_text(site: Site, text: str) -> None:
    harmless(str(mrkdwn(text, NAMES)))
    harmless(site.draw(text, [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]))


@given(st.text(st.sampled_from("<>&|`*_~!@#^\0\n\"'/:ahU0.{}lt;")))
def test_no_text_at_all_does(text: str) -> None:
    harmless(str(mrkdwn(text, NAMES)))


def test_mrkdwn_is_drawn_as_slack_draws_it() -> None:
    drawn = {
        "*bold* _it_ ~no~ `co*d*e`": "<div><b>bold</b> <i>it</i> <s>no</s> <code>co*d*e</code></div>",
        "<@U0ALICE> in <#C0EDGE> for <!subteam^S0FINANCE>": "@alice in #edge-orders for @finance",
        "<!here> <@U9|zoe>": "@here @zoe",
        "> said\n> so\nby whom": "<blockquote>said<br>so</blockquote><div>by whom</div>",
        "```a\n*b*```": "<pre>a\n*b*</pre>",
        "2*3*4 snake_case_name": "2*3*4 snake_case_name",
        "&lt;b&gt; &amp;amp;": "&lt;b&gt; &amp;amp;",
        ":warning: :nonesuch:": "⚠️ :nonesuch:",
    }
    for text, expected in drawn.items():
        html = str(mrkdwn(text, NAMES))
        assert expected in html or expected in unescape(re.sub("<[^>]+>", "", html)), html


def test_a_link_leads_where_it_says_in_a_window_of_its_own() -> None:
    html = str(mrkdwn(link("https://carrier.example/?a=1&b=2", "UPS & co"), NAMES))
    assert 'href="https://carrier.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer"' in html
    assert "UPS &amp; co</a>" in html


def test_a_moment_is_told_in_the_time_of_this_machine() -> None:
    now = datetime.now().astimezone()
    assert f">Today {now:%H:%M}</time>" in str(mrkdwn(date(now), NAMES))
    old = datetime.fromisoformat("2024-02-01T12:30:00+00:00")
    assert ">Feb 1, 2024 " in str(mrkdwn(date(old), NAMES))

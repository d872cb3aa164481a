"""The demo's page: who may talk to it, what it shows to whom, and how it hears that something changed."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient
from slack_sdk import WebClient
from werkzeug.test import TestResponse

from bot.core.command import VERBS
from bot.demo import page as package
from bot.demo.page import Page
from bot.demo.slack import LocalSlack
from bot.demo.world import APPROVALS, EVENTS, OPERATOR, ORDERS, REQUESTER, LocalWorld

ROOT = Path(__file__).parents[2]
STATIC = Path(package.__file__).parent / "static"
HERE = {"Origin": "http://localhost"}
READING = [
    "/",
    "/as/alice/edge-orders",
    "/as/bob/home",
    "/as/opal/direct",
    "/page/page.js",
    "/page/frame.css",
]
DOING = ["/as/alice/say", "/as/alice/click", "/as/alice/form/V1/submit", "/as/alice/home",
         "/clouds/aws/order/advance", "/clouds/aws/lever/slow", "/clouds/time", "/bot/kill"]  # fmt: skip


@dataclass(frozen=True)
class Site:
    """The page, and what a browser would ask it for."""

    page: Page
    client: FlaskClient

    @property
    def slack(self) -> LocalSlack:
        return self.page.slack

    @property
    def bot(self) -> WebClient:
        """The app, as it calls Slack."""
        return WebClient("xoxb-local", base_url=self.slack.api_url)

    def get(self, path: str = "/as/alice/edge-orders") -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, **body: object) -> TestResponse:
        return self.client.post(path, json=body, headers=HERE)


@pytest.fixture
def site() -> Iterator[Site]:
    """The page over a world with AWS, and without a bot."""
    world = LocalWorld(("aws",))
    page = Page(world)
    world.start()
    yield Site(page, world.slack.flask.test_client())
    world.stop()


@pytest.mark.parametrize("path", READING)
def test_nothing_foreign_may_run_on_the_page_or_embed_it(site: Site, path: str) -> None:
    with site.client.get(path) as answer:
        headers = answer.headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy.pop("default-src") == "'none'"
    assert set(policy.values()) == {"'self'", "'none'"}
    assert (policy["frame-ancestors"], policy["form-action"], policy["base-uri"]) == ("'none'",) * 3
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


class Inline(HTMLParser):
    """Whatever the policy would block, and what is loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        source = given.get("src") or (given.get("href") if tag == "link" else None)
        if tag == "style" or (tag == "script" and not source) or (source and not source.startswith("/page/")):
            self.found.append(f"{tag} {source}")


@pytest.mark.parametrize("path", ["/as/alice/edge-orders", "/as/alice/home", "/as/alice/direct"])
def test_the_page_has_no_script_or_style_in_it_and_loads_nothing_from_elsewhere(
    site: Site, path: str
) -> None:
    reader = Inline()
    reader.feed(site.get(path))
    assert reader.found == []


def test_no_file_of_the_page_names_another_host() -> None:
    files = [*STATIC.iterdir(), *(STATIC.parent / "templates").iterdir()]
    assert len(files) > 15
    found = {
        match for file in files for match in re.findall(r"(?:https?:)?//[a-z][\w.-]+\.\w+", file.read_text())
    }
    assert found == {"http://www.w3.org"}  # what an SVG is called by


@pytest.mark.parametrize("path", DOING)
@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "http://localhost:1", "https://localhost"]
)
def test_a_change_that_another_site_asks_for_is_refused(site: Site, path: str, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    assert site.client.post(path, json={}, headers=headers).status_code == 403


@pytest.mark.parametrize("path", DOING)
def test_a_change_cannot_be_asked_for_with_a_get(site: Site, path: str) -> None:
    answer = site.client.get(path)
    assert answer.status_code in (404, 405) or path == "/as/alice/home"  # which is also a place to look at


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "quartermaster.internal:8765", "10.0.0.1"]
)
def test_a_name_that_only_points_to_this_machine_is_refused(site: Site, host: str) -> None:
    assert site.client.get("/as/alice/edge-orders", headers={"Host": host}).status_code == 403
    origin = {"Host": host, "Origin": f"http://{host}"}
    assert site.client.post("/clouds/time", json={"on": True}, headers=origin).status_code == 403


def test_the_page_is_served_on_loopback_only(site: Site) -> None:
    assert site.slack.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("body", [b"", b"[]", b"text=1", b"{"])
def test_what_is_no_json_object_is_refused(site: Site, body: bytes) -> None:
    answer = site.client.post("/as/alice/say", data=body, headers=HERE)
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/as/nobody/edge-orders", "/as/alice/nowhere", "/as/U0ALICE/edge-orders"])
def test_a_person_or_place_that_is_none_is_not_found(site: Site, path: str) -> None:
    assert site.client.get(path).status_code == 404


def test_what_people_write_is_shown_as_they_wrote_it_and_does_nothing(site: Site) -> None:
    text = "<script>alert(1)</script> <img src=x onerror=a()> \"'&amp; <!channel> <javascript:a()|Approve>"
    assert site.post("/as/alice/say", text=text, channel=ORDERS).status_code == 204
    shown = site.get("/as/bob/edge-orders")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "&lt;!channel&gt;" in shown
    assert "&amp;amp;" in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown


def test_a_whisper_is_shown_to_one_person_at_one_place_only(site: Site) -> None:
    site.bot.chat_postEphemeral(channel=ORDERS, user=REQUESTER, text="just for you")
    assert "Only visible to you" in site.get("/as/alice/edge-orders")
    assert "just for you" not in site.get("/as/bob/edge-orders")
    assert "just for you" not in site.get("/as/alice/approvals")


def test_direct_messages_are_shown_to_the_one_they_were_sent_to(site: Site) -> None:
    site.bot.chat_postMessage(channel=REQUESTER, text="it is shipped")
    assert "it is shipped" in site.get("/as/alice/direct")
    assert "it is shipped" not in site.get("/as/bob/direct")


def test_a_thread_is_shown_beside_the_channel(site: Site) -> None:
    card = site.bot.chat_postMessage(channel=ORDERS, text="the card")
    site.bot.chat_postMessage(channel=ORDERS, text="it was placed", thread_ts=card["ts"])
    channel = site.get()
    assert "<b>1 reply</b>" in channel
    assert "it was placed" not in channel
    site.post("/as/bob/say", text="thank you", channel=ORDERS, thread=card["ts"])
    thread = site.get(f"/as/alice/edge-orders?thread={card['ts']}")
    assert all(words in thread for words in ("it was placed", "thank you", "<b>2 replies</b>"))


def test_a_home_tab_that_no_bot_has_published_yet_says_so(site: Site) -> None:
    assert "fills in a moment" in site.get("/as/alice/home")
    view = {"type": "home", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "Mine"}}]}
    site.bot.views_publish(user_id=REQUESTER, view=view)
    assert "fills in a moment" not in site.get("/as/alice/home")
    assert "Mine" in site.get("/as/alice/home")


def test_a_button_of_the_home_tab_reaches_the_bot(site: Site) -> None:
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    view = {"type": "home", "blocks": [{"type": "actions", "elements": [button]}]}
    shown = site.bot.views_publish(user_id=REQUESTER, view=view)["view"]
    assert f'data-view-id="{shown["id"]}"' in site.get("/as/alice/home")
    pressed = site.post("/as/alice/form/home/press", id=shown["id"], button="Go")
    assert "dispatch_failed" in pressed.json["note"]  # there is no bot behind it
    assert site.post("/as/bob/form/home/press", id=shown["id"], button="Go").status_code == 409


def test_the_local_slack_sends_the_events_that_the_manifest_subscribes_to() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yaml").read_text())
    assert set(manifest["settings"].get("event_subscriptions", {}).get("bot_events", [])) == EVENTS


def test_unread_messages_can_be_told_from_the_sidebar(site: Site) -> None:
    posted = site.bot.chat_postMessage(channel=APPROVALS, text="decide this")
    site.post("/as/alice/say", text="I said that myself", channel=APPROVALS)
    link = re.search(r'<a [^>]*id="go-approvals"[^>]*data-times="([^"]*)"', site.get())
    assert link is not None
    assert link[1] == posted["ts"]


def test_the_message_box_suggests_all_that_this_version_can_do(site: Site) -> None:
    offered = set(re.findall(r'data-fill="/order ([\w-]+)', site.get().partition('id="hints"')[2]))
    assert offered == set(VERBS) | {"aws", "azure"}


def test_a_message_of_somebody_else_cannot_be_clicked(site: Site) -> None:
    whisper = site.bot.chat_postEphemeral(channel=ORDERS, user=OPERATOR, text="only opal")
    answer = site.post("/as/alice/click", channel=ORDERS, ts=whisper["message_ts"], button="Approve")
    assert answer.status_code == 409
    assert "not there any more" in answer.json["note"]


def test_a_command_that_no_bot_answers_is_told_as_slack_tells_it(site: Site) -> None:
    answer = site.post("/as/alice/say", text="/order help", channel=ORDERS)
    assert "dispatch_failed" in answer.json["note"]
    assert "not a valid command" in site.post("/as/alice/say", text="/offer", channel=ORDERS).json["note"]


def test_the_page_hears_at_once_that_something_was_said_or_done(site: Site) -> None:
    host = site.slack.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    connection.request("GET", "/live")
    answer = connection.getresponse()
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    heard = [event(answer)]
    site.slack.person(REQUESTER).say("hello", ORDERS)
    heard.append(event(answer))
    assert heard[0] != heard[1]
    site.page.console.pull("aws", "slow")
    event(answer)
    connection.close()


def event(answer: http.client.HTTPResponse) -> bytes:
    """The next event of the stream; a timeout where there is none."""
    line = b""
    while not line.startswith(b"data: "):
        line = answer.readline()
    return line


def test_the_stream_ends_with_the_server() -> None:
    world = LocalWorld(("aws",))
    Page(world)
    world.start()
    connection = http.client.HTTPConnection(world.slack.url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/live")
    answer = connection.getresponse()
    event(answer)
    begun = time.monotonic()
    world.stop()
    with suppress(http.client.IncompleteRead):
        answer.read()
    assert time.monotonic() - begun < 4
    connection.close()

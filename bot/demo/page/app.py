"""The page's addresses: reading is `GET /as/PERSON/PLACE`, and all that people do is a POST of JSON.

What somebody does goes through the same `Person` and `Form` that tests use, so the local Slack's strictness
holds here, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.demo.page import guard
from bot.demo.page.console import ACTS, LEVERS, Console
from bot.demo.page.draw import FILTERS
from bot.demo.page.forms import Forms
from bot.demo.page.guide import ROLES, hints, steps
from bot.demo.page.live import changes
from bot.demo.page.scene import look
from bot.demo.slack import Ack, Message, Person
from bot.demo.world import EVENTS, ORDERS, REQUESTER, LocalWorld

_AT_ONCE = 2.5
"""Seconds; an app that does not answer by then is not absent but slow."""


class Page:
    """The page over a world; to be made before the world starts."""

    def __init__(self, world: LocalWorld) -> None:
        self.world = world
        self.slack = world.slack
        self.console = Console(world)
        self.forms = Forms()
        self._mount()

    # Reading

    def front(self) -> AnyResponse:
        """`/`"""
        name = self.slack.person(REQUESTER).name
        place = self.slack.workspace.channels[ORDERS].name
        return redirect(url_for("page.place", who=name, slug=place))

    def place(self, who: str, slug: str) -> str:
        """`/as/PERSON/PLACE`, with `?thread=TS`"""
        me = self._person(who)
        try:
            scene = look(self.slack, me, slug, request.args.get("thread", ""), self.forms.errors)
        except LookupError:
            abort(404, f"there is no {slug!r}")
        return render_template(
            "page.html",
            scene=scene,
            console=self.console.state(),
            levers=LEVERS,
            acts=ACTS,
            roles=ROLES,
            hints=hints(),
            steps=steps(self.world),
        )

    def live(self) -> Response:
        """`/live`"""
        return Response(changes(self.slack, self.console), mimetype="text/event-stream")

    # What people do

    def say(self, who: str) -> Response:
        """A line from the message box: a command, or words."""
        me, said = self._person(who), _said()
        text, channel = str(said["text"]).strip(), str(said["channel"])
        if not text.startswith("/"):
            me.say(text, channel, said.get("thread") or None)
            return _done()
        command = text.partition(" ")[0]
        if command != "/order":
            return _note(f"{command} is not a valid command here. Try /order help.")
        return _answered(me.command(text, channel), command)

    def click(self, who: str) -> Response:
        """A button of a message."""
        me, said = self._person(who), _said()
        message = self._message(me, said["channel"], said["ts"])
        return _answered(me.click(message, said["button"], value=said.get("value")), said["button"])

    def home(self, who: str) -> Response:
        """A look at the home tab, of which Slack tells an app that wants to know."""
        me = self._person(who)
        return _answered(me.open_home(), "The home tab") if "app_home_opened" in EVENTS else _done()

    def fill(self, who: str, view: str, act: str) -> Response:
        """Something in a form: `type`, `choose`, `press`, `suggest`, `submit` or `close`."""
        me, said = self._person(who), _said()
        form = me.form() if view != "home" else me.home()
        if form is None or form.id not in (view, said.get("id")):
            raise LookupError("the form is not there any more")
        result = self.forms.act(form, act, said)
        return _answered(result, act) if isinstance(result, Ack) else jsonify(result)

    # The console

    def act(self, cloud: str, act: str) -> Response:
        """Something to one order of a cloud."""
        self.console.act(cloud, act, str(_said()["id"]))
        return _done()

    def pull(self, cloud: str, lever: str) -> Response:
        """Something that will go wrong."""
        self.console.pull(cloud, lever)
        return _done()

    def time(self) -> Response:
        """Time in the clouds."""
        self.console.run(bool(_said()["on"]))
        return _done()

    def kill(self) -> Response:
        """The switch of the bot."""
        self.console.kill()
        return _note("The bot was killed with SIGKILL, and is up again.")

    # How

    def _mount(self) -> None:
        page = Blueprint(
            "page", __name__, template_folder="templates", static_folder="static", static_url_path="/page"
        )
        page.before_request(guard.admit)
        page.after_request(guard.armour)
        for name, draw in FILTERS.items():
            page.add_app_template_filter(draw, name)
        for kind, status in ((LookupError, 409), (ValueError, 409), (RuntimeError, 503)):
            page.register_error_handler(kind, partial(_refused, status))
        for rule, view in self._reading().items():
            page.add_url_rule(rule, view.__name__, view)
        for rule, view in self._doing().items():
            page.add_url_rule(rule, view.__name__, view, methods=["POST"])
        self.slack.add_pages(page)

    def _reading(self) -> Mapping[str, Callable[..., Any]]:
        return {"/": self.front, "/as/<who>/<slug>": self.place, "/live": self.live}

    def _doing(self) -> Mapping[str, Callable[..., Response]]:
        return {
            "/as/<who>/say": self.say,
            "/as/<who>/click": self.click,
            "/as/<who>/form/<view>/<act>": self.fill,
            "/as/<who>/home": self.home,
            "/clouds/<cloud>/order/<act>": self.act,
            "/clouds/<cloud>/lever/<lever>": self.pull,
            "/clouds/time": self.time,
            "/bot/kill": self.kill,
        }

    def _person(self, name: str) -> Person:
        found = next((one for one in self.slack.people() if one.name == name), None)
        if found is None:
            abort(404, f"there is nobody called {name!r}")
        return found

    def _message(self, me: Person, channel: str, ts: str) -> Message:
        """A message that this person sees."""
        with self.slack.workspace.lock:
            post = self.slack.workspace.find(channel, ts)
            if post is None or post.only_for not in (None, me.id):
                raise LookupError("the message is not there any more")
            return self.slack.workspace.message(post)


def _said() -> dict[str, Any]:
    said = request.get_json(silent=True)
    if not isinstance(said, dict):
        abort(400, "a JSON object is expected")
    return said


def _answered(ack: Ack, what: str) -> Response:
    """What Slack says where the app did not answer in time, or not as it should."""
    if ack.status == 200:
        return _done()
    error = "dispatch_failed" if ack.seconds < _AT_ONCE else "operation_timeout"
    return _note(f"{what} failed with the error “{error}”: the bot did not answer. Is it running?")


def _done() -> Response:
    return Response(status=204)


def _note(words: str, status: int = 200) -> Response:
    response = jsonify(note=words)
    response.status_code = status
    return response


def _refused(status: int, error: Exception) -> Response:
    """What people read where something could not be done."""
    return _note(f"That does not work: {error.args[0] if error.args else 'it is not there any more'}", status)

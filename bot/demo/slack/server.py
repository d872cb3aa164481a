"""The local Slack as one object: a server on loopback, and the people who use it."""

from __future__ import annotations

import json
import math
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Blueprint, Flask, Response, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bot.demo.slack.deliver import Deliverer
from bot.demo.slack.faults import Fault, Faults
from bot.demo.slack.people import Office, Person
from bot.demo.slack.socket_mode import Sockets
from bot.demo.slack.values import Ack, Call, Group, Json, Message, User
from bot.demo.slack.web_api import WebApi
from bot.demo.slack.workspace import Channel, Refusal, Workspace

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

T = TypeVar("T")

# Conditions may also look at things outside Slack, which wake nobody.
_POLL = 0.05


_building = threading.Lock()


class LocalSlack:
    """A Slack workspace with one app in it, on loopback.

    Args:
        signing_secret: what deliveries are signed with.
        bot_token: the only token the Web API takes, save for apps.connections.open.
        app_token: what apps.connections.open takes.
        clock: seconds; what trigger_ids, response_urls and pacing are measured with.
        post_burst: how many chat.postMessage a channel takes at once before it is held to one a
            second; None for no such limit.
        should_escape: whether slash commands arrive with names and `&<>` escaped.
        scopes: scopes of the bot, to check calls against; None to allow everything (but posting
            into channels the bot is not in).
        ack_seconds: how long the app has to answer a delivery.
        bot_name: what the bot is called.
    """

    def __init__(
        self,
        *,
        signing_secret: str = "local-signing-secret",  # noqa: S107 - opens nothing
        bot_token: str = "xoxb-local",  # noqa: S107
        app_token: str = "xapp-local",  # noqa: S107
        clock: Callable[[], float] = time.monotonic,
        post_burst: int | None = None,
        should_escape: bool = True,
        scopes: Iterable[str] | None = None,
        ack_seconds: float = 3.0,
        bot_name: str = "Quartermaster",
    ) -> None:
        self.signing_secret = signing_secret
        self.bot_token = bot_token
        self.app_token = app_token
        self.url = ""
        self.workspace = Workspace(clock=clock, bot_name=bot_name)
        self.faults = Faults()
        self._sockets = Sockets(self.workspace.app)
        self._deliver = Deliverer(self.workspace, self._sockets, signing_secret, ack_seconds)
        self._deliver.base_url = lambda: self.url
        self._api = WebApi(
            self.workspace,
            bot_token=bot_token,
            app_token=app_token,
            scopes=None if scopes is None else frozenset(scopes),
            post_burst=post_burst,
            open_socket=self._socket_url,
        )
        self._office = Office(self.workspace, self._deliver, should_escape, self.wait)
        self._stopping = threading.Event()
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._connections: dict[threading.Thread, socket.socket] = {}
        self.flask = self._build()
        """The web application; see `add_pages`."""

    def add_pages(self, pages: Blueprint) -> None:
        """Serve more than the Web API. To be called before `start`."""
        with _building:
            self.flask.register_blueprint(pages)

    # --- running

    def start(self, port: int = 0) -> None:
        """Serve on loopback; on a free port if `port` is 0. Raises OSError if it is taken."""
        self._stopping.clear()
        self._server = make_server(
            "127.0.0.1", port, self.flask, threaded=True, request_handler=self._handler()
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name="local-slack",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and close every connection; harmless when not started."""
        if self._server is None or self._thread is None:
            return
        self._stopping.set()
        self._sockets.stop()
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()
        with self.workspace.lock:
            open_now = dict(self._connections)
        for thread, connection in open_now.items():
            _shut(connection)
            thread.join(5)
        self._server = self._thread = None

    def __enter__(self) -> LocalSlack:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def serving(self) -> bool:
        """Whether it is not about to stop; what answers for a long time has to look."""
        return not self._stopping.is_set()

    @property
    def api_url(self) -> str:
        """What the app calls: ends in `/api/`."""
        return f"{self.url}/api/"

    def connect(self, events_url: str) -> None:
        """Say where the app's Request URL is, as `http://127.0.0.1:3000/slack/events`."""
        self._deliver.events_url = events_url

    def grant(self, scopes: Iterable[str]) -> None:
        """Let the app have these scopes and no others, as after installing it anew."""
        self._api.grant(frozenset(scopes))

    def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        """Ask the app's sockets to reconnect, as Slack does now and then."""
        self._sockets.disconnect(reason)

    @property
    def sockets(self) -> int:
        """How many sockets of the app get deliveries."""
        return self._sockets.live

    # --- who and what there is

    def add_person(
        self,
        id: str,
        name: str,
        *,
        tz: str = "Europe/Berlin",
        deleted: bool = False,
        restricted: bool = False,
    ) -> Person:
        """Add a person, or replace one: `deleted` for deactivated, `restricted` for a guest."""
        user = User(id, name, name.lower().replace(" ", "."), tz, deleted, restricted)
        with self.workspace.change():
            self.workspace.users[id] = user
        return Person(user, self._office)

    def add_group(self, id: str, handle: str, members: Sequence[str]) -> None:
        """Add a user group, or replace one; no event is sent (see `event`)."""
        with self.workspace.change():
            self.workspace.groups[id] = Group(id, handle.removeprefix("@"), tuple(members))

    def add_channel(
        self,
        id: str,
        name: str,
        *,
        private: bool = False,
        bot_is_member: bool = True,
        archived: bool = False,
        members: Sequence[str] | None = None,
    ) -> None:
        """Add a channel, or replace one; `members` None means everybody but guests."""
        with self.workspace.change():
            self.workspace.channels[id] = Channel(
                id,
                name.removeprefix("#"),
                private,
                bot_is_member,
                archived,
                None if members is None else tuple(members),
            )

    def person(self, id: str) -> Person:
        """The person of an id; KeyError if there is none."""
        with self.workspace.lock:
            return Person(self.workspace.users[id], self._office)

    def people(self) -> list[Person]:
        """Everybody but the bot."""
        with self.workspace.lock:
            users = [u for u in self.workspace.users.values() if u.id != self.workspace.bot_user]
            return [Person(user, self._office) for user in users]

    def messages(self, channel: str) -> list[Message]:
        """Top-level messages of a channel (id or name) that all see, oldest first."""
        with self.workspace.lock:
            found = self.workspace.channel(channel)
            posts = self.workspace.select(found.id) if found else []
            return [self.workspace.message(post) for post in posts]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """Replies to a message, oldest first."""
        with self.workspace.lock:
            found = self.workspace.channel(channel)
            posts = self.workspace.select(found.id, thread=ts) if found else []
            return [self.workspace.message(post) for post in posts]

    def direct(self, person: str) -> list[Message]:
        """What the bot wrote to a person directly, oldest first."""
        return self.messages(self.workspace.direct(person).id)

    def ephemerals(self, person: str) -> list[Message]:
        """Everything only that person saw, oldest first."""
        with self.workspace.lock:
            posts = self.workspace.select(only_for=person)
            return [self.workspace.message(post) for post in posts]

    @property
    def calls(self) -> list[Call]:
        """Every Web API call so far, in order of completion; the list itself, clear it at will."""
        return self.workspace.calls

    @property
    def violations(self) -> list[str]:
        """What real Slack would have refused, or a rule of the platform that was broken; the list
        itself, clear it at will. Each begins with the name of the error."""
        return self.workspace.violations

    # --- waiting and reading

    def wait(self, condition: Callable[[], T], timeout: float = 10.0) -> T:
        """Wait until `condition` returns something true, and return that.

        Raises:
            TimeoutError: not within `timeout` seconds; says all that happened.
        """
        end = time.monotonic() + timeout
        while True:
            with self.workspace.lock:
                seen = self.workspace.version
            result = condition()
            if result:
                return result
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"not within {timeout:g} s; so far:\n{self._dump()}")
            with self.workspace.changed:
                if self.workspace.version == seen:
                    self.workspace.changed.wait(min(left, _POLL))

    def transcript(self) -> str:
        """All that happened as plain text, in order of time, edits and forms included."""
        with self.workspace.lock:
            lines = list(self.workspace.lines)
        text: list[str] = []
        for line in lines:
            head = time.strftime("%H:%M:%S", time.localtime(line.at)) + f"  {line.where}  "
            first, *rest = f"{line.who + ': ' if line.who else ''}{line.text}".split("\n")
            text.append(head + first)
            text += [" " * 10 + other for other in rest]
        return "\n".join(text)

    def _dump(self) -> str:
        with self.workspace.lock:
            views = [
                f"open form of {self.workspace.users[view.user].name}:\n{self.workspace.show_view(view)}"
                for view in self.workspace.views.values()
                if view.open
            ]
            violations = [f"violation: {violation}" for violation in self.violations]
        return "\n".join([self.transcript(), *views, *violations])

    # --- deliveries by hand

    def sign(self, body: bytes, timestamp: int | None = None, secret: str = "") -> dict[str, str]:
        """The headers that prove a body came from Slack.

        Args:
            body: exactly what will be sent.
            timestamp: Unix seconds; now by default.
            secret: sign wrongly, with this.
        """
        return self._deliver.sign(body, timestamp, secret)

    def deliver_raw(self, body: bytes, headers: Mapping[str, str]) -> Ack:
        """POST anything to the app's Request URL; causes no violation whatever the answer."""
        return self._deliver.raw(body, headers)

    def redeliver(self, ack: Ack) -> Ack:
        """Send the delivery behind an ack again, unchanged; ValueError if it had none."""
        return self._deliver.again(ack)

    def event(self, event: Json) -> Ack:
        """Deliver an event of the Events API, as `{"type": "user_change", …}`."""
        return self._deliver.event(event)

    # --- the wire

    def _build(self) -> Flask:
        # Routes are made with ast.parse, which Python 3.11 cannot do in two threads at once
        # (https://github.com/python/cpython/issues/106905).
        with _building:
            flask = Flask("local-slack")
            flask.config["MAX_FORM_MEMORY_SIZE"] = None
            flask.add_url_rule("/api/<method>", "api", self._on_api, methods=["GET", "POST"])
            flask.add_url_rule("/response/<token>", "respond", self._on_response, methods=["POST"])
            flask.add_url_rule("/link", "link", self._on_socket, websocket=True)
        return flask

    def _on_api(self, method: str) -> Response:
        at = time.monotonic()
        raw: Json = {**request.args.to_dict(), **request.form.to_dict()}
        if request.is_json:
            body = request.get_json(silent=True)
            raw |= body if isinstance(body, dict) else {}
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        token = bearer if scheme.lower() == "bearer" else ""
        token = raw.pop("token", None) or token
        response = self._served(method, raw, at, lambda: self._api.call(method, raw, token))
        if scopes := self._api.granted(token):
            response.headers["X-OAuth-Scopes"] = ",".join(sorted(scopes))
        return response

    def _on_response(self, token: str) -> Response:
        at = time.monotonic()
        body = request.get_json(silent=True, force=True)
        if body is None and "payload" in request.form:
            body = json.loads(request.form["payload"])
        raw = body if isinstance(body, dict) else {}
        response = self._served("response_url", raw, at, lambda: self._api.respond(token, body))
        answer = response.get_json(silent=True)
        if response.status_code == 200 and isinstance(answer, dict):
            # Unlike the Web API, a response_url says it with the status.
            return Response("ok", content_type="text/plain") if answer["ok"] else _json(answer, 404)
        return response

    def _on_socket(self) -> Response:
        self._sockets.serve(request.environ, request.args.get("ticket", ""))
        # The socket is used up; there is no answer to write.
        return _Dropped()

    def _served(self, method: str, raw: Json, at: float, apply: Callable[[], Json]) -> Response:
        """Apply a call unless a fault prevents it, record it, and answer."""
        fault = self.faults.take(method)
        if fault and fault.kind.startswith("hang"):
            self._stopping.wait(fault.seconds)
        response, answer = _faulty(fault) if fault and not fault.applies else _answered(apply)
        if fault and fault.drops:
            response, answer = _Dropped(), None
        if fault and fault.kind == "late":
            self._stopping.wait(fault.seconds)
        call = Call(method, _decoded(raw), at, answer, fault.kind if fault else "")
        with self.workspace.change():
            self.workspace.calls.append(call)
        return response

    def _socket_url(self) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/link?ticket={self._sockets.ticket()}"

    def _handler(self) -> type[WSGIRequestHandler]:
        connections, lock = self._connections, self.workspace.lock

        class Handler(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                with lock:
                    connections[threading.current_thread()] = self.connection

            def finish(self) -> None:
                super().finish()
                with lock:
                    connections.pop(threading.current_thread(), None)

            def log(self, type: str, message: str, *args: Any) -> None:
                """Nobody reads an access log here."""

        return Handler


class _Dropped(Response):
    """Closes the connection instead of answering."""

    def __call__(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        _shut(environ["werkzeug.socket"])
        raise ConnectionAbortedError


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It is closed already, which is all we want.
        return


def _json(answer: Json, status: int = 200, **headers: str) -> Response:
    response = Response(json.dumps(answer), status, content_type="application/json; charset=utf-8")
    response.headers.extend({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def _ratelimited(seconds: float) -> tuple[Response, Json]:
    answer = {"ok": False, "error": "ratelimited"}
    return _json(answer, 429, Retry_After=str(max(1, math.ceil(seconds)))), answer


def _answered(apply: Callable[[], Json]) -> tuple[Response, Json]:
    try:
        answer = apply()
    except Refusal as refusal:
        return _ratelimited(refusal.retry_after)
    return _json(answer), answer


def _faulty(fault: Fault) -> tuple[Response, Json | None]:
    if fault.kind == "429":
        return _ratelimited(fault.seconds)
    if fault.kind == "html":
        page = "<!DOCTYPE html><html><body>Slack is having trouble</body></html>"
        return Response(page, 200, content_type="text/html"), None
    if fault.kind in ("500", "503"):
        return Response("upstream error", int(fault.kind), content_type="text/plain"), None
    answer = {"ok": False, "error": fault.kind.removeprefix("error:")}
    return _json(answer), answer


def _decoded(raw: Json) -> Json:
    decoded = dict(raw)
    for name in ("blocks", "view", "metadata", "attachments"):
        if isinstance(decoded.get(name), str):
            try:
                decoded[name] = json.loads(decoded[name])
            except ValueError:
                continue
    return decoded

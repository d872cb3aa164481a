"""The WSGI app: `POST /slack/events`, `GET /healthz`, `/readyz` and `/metrics`.

Plain WSGI around Bolt's own dispatch: there are four paths, and a framework would cost a third of the
time that a start may take.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from slack_bolt import App, BoltRequest

from bot.metrics import exposition
from bot.spine import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST_BODY = 1024 * 1024
"""Bytes. Slack sends far less; more is somebody else."""
WORKER_SEEN = timedelta(seconds=30)
"""A worker that was not seen for longer counts as gone; it reports every five seconds."""

Page = tuple[HTTPStatus, str, str]
"""Status, content type and text."""


class Web:
    """Serves one world. Without a Bolt `app` only the three GET paths are there."""

    def __init__(self, world: World, app: App | None) -> None:
        self.world = world
        self.app = app
        self.pages: Mapping[str, Callable[[], Page]] = {
            "/healthz": lambda: (HTTPStatus.OK, "text/plain", "ok\n"),
            "/readyz": lambda: ready(world),
            "/metrics": lambda: (HTTPStatus.OK, "text/plain; version=0.0.4", exposition(world)),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        if path == "/slack/events" and self.app:
            if method != "POST":
                return _plain(start_response, HTTPStatus.METHOD_NOT_ALLOWED, [("Allow", "POST")])
            return self._slack(self.app, environ, start_response)
        page = self.pages.get(path)
        if page is None:
            return _plain(start_response, HTTPStatus.NOT_FOUND)
        if method not in ("GET", "HEAD"):
            return _plain(start_response, HTTPStatus.METHOD_NOT_ALLOWED, [("Allow", "GET, HEAD")])
        status, kind, text = page()
        text = "" if method == "HEAD" else text
        return _send(start_response, status, [("Content-Type", f"{kind}; charset=utf-8")], text)

    def _slack(self, app: App, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal():
            return _plain(start_response, HTTPStatus.BAD_REQUEST)
        if int(length) > MOST_BODY:
            return _plain(start_response, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            body = environ["wsgi.input"].read(int(length)).decode("utf-8")
        except UnicodeDecodeError:
            return _plain(start_response, HTTPStatus.BAD_REQUEST)
        try:
            request = BoltRequest(body=body, headers=_headers(environ))
        except (ValueError, AttributeError, TypeError):  # not a form, or a payload that is no JSON object
            return _plain(start_response, HTTPStatus.BAD_REQUEST)
        answer = app.dispatch(request)
        headers = [(name, value) for name, values in answer.headers.items() for value in values]
        return _send(start_response, HTTPStatus(answer.status), headers, answer.body)


@contextmanager
def in_threads(web: Web, host: str, port: int, threads: int) -> Iterator[int]:
    """Serve from threads of this process until the end of the block; yields the port, for a `port` of 0."""
    from waitress import wasyncore
    from waitress.server import create_server

    sockets: dict[int, Any] = {}
    server: Any = create_server(
        web,
        map=sockets,
        host=host,
        port=port,
        threads=threads,
        ident=None,
        max_request_body_size=MOST_BODY,
        backlog=256,
    )
    loop = threading.Thread(target=server.run, name="http", daemon=True)
    loop.start()
    try:
        yield server.effective_port
    finally:
        server.task_dispatcher.shutdown(timeout=3)
        # Sockets are closed by the thread that waits on them: closed by another, its waiting breaks.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets, ignore_all=True))
        loop.join(3)


def ready(world: World) -> Page:
    """Whether this process can serve, and what is known of workers and clouds."""
    try:
        now = world.now()
        seen = max((at for _, at in world.store.kept("worker/").values()), default=None)
        outages = {
            key.removeprefix("outage/"): {"since": body["since"], "why": body["why"]}
            for key, (body, _) in world.store.kept("outage/").items()
            if body["why"]
        }
        stuck = len(world.store.stuck())
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the database, the answer is *not ready*
        body: dict[str, Any] = {"ready": False, "database": type(error).__name__}
        return HTTPStatus.SERVICE_UNAVAILABLE, "application/json", json.dumps(body) + "\n"
    clouds = {
        f"{name}/{scope}": outages.get(f"{name}/{scope}", "ok")
        for name, cloud in world.clouds.items()
        for scope in cloud.scopes
    }
    body = {
        "ready": True,
        "database": world.store.engine.name,
        "worker": {
            "alive": bool(seen and now - seen < WORKER_SEEN),
            "seen": seen.isoformat() if seen else None,
        },
        "clouds": clouds,
        "groups": {name: said for name, said in outages.items() if name.startswith("group/")},
        "stuck": stuck,
    }
    return HTTPStatus.OK, "application/json", json.dumps(body) + "\n"


def _headers(environ: WSGIEnvironment) -> dict[str, str | Sequence[str]]:
    headers: dict[str, str | Sequence[str]] = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return headers | {"content-type": environ.get("CONTENT_TYPE", "")}


def _plain(
    start_response: StartResponse, status: HTTPStatus, headers: list[tuple[str, str]] | None = None
) -> list[bytes]:
    kind = ("Content-Type", "text/plain; charset=utf-8")
    return _send(start_response, status, [kind, *(headers or [])], f"{status.phrase}\n")


def _send(
    start_response: StartResponse, status: HTTPStatus, headers: list[tuple[str, str]], text: str
) -> list[bytes]:
    content = text.encode()
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    start_response(f"{status.value} {status.phrase}", [*kept, ("Content-Length", str(len(content)))])
    return [content]

"""Socket Mode: the app connects, deliveries go to one of its sockets and are acked there."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from bot.demo.slack.values import Json

CONNECTIONS = 10
# slack_sdk notices that it was told to close, or to reconnect, only when something arrives.
_PING = 0.25


@dataclass
class _Waiting:
    connection: _Connection
    answered: threading.Event = field(default_factory=threading.Event)
    acked: bool = False
    answer: Any = ""


@dataclass(eq=False)
class _Connection:
    channel: Any
    """A `simple_websocket.Server`."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: Json) -> None:
        with self.lock:
            self.channel.send(json.dumps(message))

    def ping(self) -> None:
        from wsproto.events import Ping

        with self.lock:
            if self.channel.connected:
                self.channel.sock.send(self.channel.ws.send(Ping()))


class Sockets:
    """The sockets of the app. `app_id` is told to whoever connects."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self._lock = threading.Lock()
        self._tickets: set[str] = set()
        self._open: list[_Connection] = []
        self._live: list[_Connection] = []
        # Those told to reconnect are still open, but get no deliveries any more.
        self._leaving: list[_Connection] = []
        self._turn = itertools.count()
        self._waiting: dict[str, _Waiting] = {}

    @property
    def live(self) -> int:
        """How many sockets are connected."""
        with self._lock:
            return len(self._live)

    def ticket(self) -> str:
        """What apps.connections.open puts into the address; good for one connection."""
        with self._lock:
            ticket = uuid.uuid4().hex
            self._tickets.add(ticket)
            return ticket

    def serve(self, environ: dict[str, Any], ticket: str) -> None:
        """Speak with one client until it is gone; called in the thread of its request."""
        # Only those who use Socket Mode need the library.
        import simple_websocket  # type: ignore[import-untyped]

        with self._lock:
            if ticket not in self._tickets:
                return
            self._tickets.remove(ticket)
        daemon = functools.partial(threading.Thread, daemon=True)
        connection = _Connection(simple_websocket.Server(environ, thread_class=daemon))
        with self._lock:
            self._open.append(connection)
            crowded = len(self._live) >= CONNECTIONS
            count = len(self._live) + 1
        try:
            if crowded:
                connection.send({"type": "disconnect", "reason": "too_many_websockets"})
                return
            connection.send(
                {
                    "type": "hello",
                    "num_connections": count,
                    "debug_info": {"host": "local", "approximate_connection_time": 18060},
                    "connection_info": {"app_id": self._app_id},
                }
            )
            with self._lock:
                self._live.append(connection)
                replaced, self._leaving = self._leaving, []
            for other in replaced:
                _hang_up(other)
            while True:
                text = connection.channel.receive(timeout=_PING)
                if text is not None:
                    self._take(text)
                else:
                    connection.ping()
        except (simple_websocket.ConnectionClosed, OSError):
            pass
        finally:
            self._gone(connection)
            with self._lock:
                self._open.remove(connection)
            _hang_up(connection)
            connection.channel.thread.join(5)

    def deliver(self, kind: str, payload: Json, wants_answer: bool, seconds: float) -> tuple[int, Any, float]:
        """Send one envelope to one socket.

        Returns:
            200 and the answer, or 0 when it was not acked within `seconds`; and how long it took.
        """
        began = time.monotonic()
        with self._lock:
            if not self._live:
                return 0, "", 0.0
            connection = self._live[next(self._turn) % len(self._live)]
            envelope_id = str(uuid.uuid4())
            waiting = self._waiting[envelope_id] = _Waiting(connection)
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": wants_answer,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": 0, "retry_reason": ""}
        try:
            connection.send(envelope)
            waiting.answered.wait(seconds)
        except (OSError, RuntimeError, _closed()):
            self._gone(connection)
        with self._lock:
            self._waiting.pop(envelope_id, None)
        return 200 if waiting.acked else 0, waiting.answer, time.monotonic() - began

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every client to connect anew, as Slack does now and then.

        The old socket gets no deliveries from now on, and is closed when a new one is there.
        """
        with self._lock:
            connections, self._live = self._live, []
            self._leaving += connections
        for connection in connections:
            with contextlib.suppress(OSError, _closed()):
                connection.send({"type": "disconnect", "reason": reason, "debug_info": {}})

    def stop(self) -> None:
        """Close all sockets."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            _hang_up(connection)

    def _take(self, text: Any) -> None:
        message = json.loads(text)
        with self._lock:
            waiting = self._waiting.get(message.get("envelope_id", ""))
        if waiting:
            payload = message.get("payload")
            if isinstance(payload, dict) and set(payload) == {"text"} and not payload["text"]:
                payload = None
            waiting.answer = payload if payload is not None else ""
            waiting.acked = True
            waiting.answered.set()

    def _gone(self, connection: _Connection) -> None:
        with self._lock:
            if connection in self._live:
                self._live.remove(connection)
            lost = [w for w in self._waiting.values() if w.connection is connection]
        for waiting in lost:
            waiting.answered.set()


def _closed() -> type[Exception]:
    import simple_websocket

    closed: type[Exception] = simple_websocket.ConnectionClosed
    return closed


def _hang_up(connection: _Connection) -> None:
    with contextlib.suppress(OSError, _closed()), connection.lock:
        connection.channel.close()
    with contextlib.suppress(OSError):
        connection.channel.sock.shutdown(socket.SHUT_RDWR)

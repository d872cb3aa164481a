"""HTTP/1.1 over loopback sockets, down to the ways in which a connection may end badly."""

import logging
import socket
import socketserver
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

log = logging.getLogger(__name__)

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Incoming:
    """One request as it came off the socket, body and all."""

    method: str
    target: str
    """Path and query exactly as sent: the signature covers the encoded form."""
    headers: Mapping[str, str]
    """By lower-case name; repeated ones joined by a comma."""
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, which may promise more bytes than it holds."""

    status: int
    body: bytes
    content_type: str | None = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int | None = None
    """The Content-Length to claim when it isn't the truth; the connection then closes."""


@dataclass(frozen=True)
class Hangup:
    """No answer: the connection just ends."""

    reset: bool = False
    """With a RST, as when a host dies, and not with the FIN of an orderly close."""


Respond = Callable[[Incoming], Answer | Hangup]


# Werkzeug's server would do but for one thing: it closes the connection after every answer, and
# what a client does with a kept-alive connection that died is among the things to be shown here.
class Server(socketserver.ThreadingTCPServer):
    """Answers every request through `respond`, each connection in a thread of its own."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        respond: Respond,
        unreadable: Callable[[], Answer],
        *,
        name: str,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Serve at once; `unreadable` answers requests that don't say how long they are."""
        super().__init__((_LOOPBACK, port), _Handler)
        self.respond = respond
        self.unreadable = unreadable
        self._tls = tls
        self._guard = threading.Lock()
        self._connections: dict[Any, threading.Thread] = {}
        self._acceptor = threading.Thread(
            target=self.serve_forever, args=(0.01,), name=f"{name}-http", daemon=True
        )
        self._acceptor.start()

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://{_LOOPBACK}:{self.server_address[1]}"

    def close(self) -> None:
        """End every connection and thread; nothing is left behind."""
        self.shutdown()
        self._acceptor.join()
        self.server_close()
        with self._guard:
            connections = list(self._connections.items())
        for connection, _ in connections:
            with suppress(OSError):
                # Not SSLSocket's own: it takes the session away from the thread that reads.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for _, thread in connections:
            thread.join(timeout=5)

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        if self._tls is not None:
            # The handshake waits for the connection's own thread: a silent client stops nobody.
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self._tls is not None:
            request.do_handshake()
        super().finish_request(request, client_address)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        # Noted before it runs: close() must not miss a connection accepted just before it.
        with self._guard:
            self._connections[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._guard:
            self._connections.pop(request, None)

    def handle_error(self, *connection: Any) -> None:
        # A client that gave up waiting is part of what is played here, not news.
        level = logging.DEBUG if isinstance(sys.exception(), OSError) else logging.ERROR
        log.log(level, "connection from %s failed", connection[-1], exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdecimal():
            # Without a length there is no telling where the next request begins.
            self._send(self.server.unreadable())
            self.close_connection = True
            return
        body = self.rfile.read(int(length))
        reply = self.server.respond(Incoming(self.command, self.path, headers, body))
        if isinstance(reply, Hangup):
            self._hang_up(reply)
        else:
            self._send(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def _send(self, answer: Answer) -> None:
        promised = len(answer.body) if answer.promised is None else answer.promised
        self.send_response(answer.status)
        if answer.content_type is not None:
            self.send_header("Content-Type", answer.content_type)
        if answer.status != 204:
            self.send_header("Content-Length", str(promised))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        if promised != len(answer.body):
            self.close_connection = True

    def _hang_up(self, hangup: Hangup) -> None:
        self.close_connection = True
        if hangup.reset:
            # Zero linger turns the close into a RST. The socket is closed here, because the
            # server's own closing says FIN first.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

    def version_string(self) -> str:
        return "Server"

    def log_message(self, *_: object) -> None:
        """Quiet: what was received is in `LocalCloud.requests`."""

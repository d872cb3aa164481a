"""What the tests of clouds are played with: an order to place, and answers that no API should give."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bot.core.request import AwsTerms, AzureTerms, LineItem, Request

REGION = "eu-west-1"
ELSEWHERE = "us-east-1"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 8, 1, tzinfo=UTC)
RACK, SERVER = "OR-AAAAAAA", "OR-BBBBBBB"


def asked(
    outpost: str,
    *,
    region: str = REGION,
    items: Sequence[tuple[str, int]] = ((RACK, 1),),
    payment: str = "NO_UPFRONT",
    term: str = "THREE_YEARS",
) -> Request:
    lines = tuple(LineItem(item, quantity) for item, quantity in items)
    return Request("aws", AwsTerms(outpost, region, lines, payment, term), reason="more room")


PRODUCT = "azurestackedge/azurestackedge/azurestackedgegpu"
GROUP = "edge-hardware"
UNIT, SECOND = "ord-7f3k2m-1", "ord-7f3k2m-2"


def wanted(**terms: Any) -> Request:
    """Two units of something that the local Azure sells, before Azure was asked about it."""
    usual = AzureTerms(PRODUCT, "edgep_base", 2, "Purchase", "columbus-plant", "eastus", GROUP)
    return Request("azure", replace(usual, **terms), reason="more room")


@dataclass
class Scripted:
    """A server that answers everything alike, and counts."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hits: int = 0
    url: str = ""


@contextmanager
def scripted(answer: Scripted) -> Iterator[Scripted]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            answer.hits += 1
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answer.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield answer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

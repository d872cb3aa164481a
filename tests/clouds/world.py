"""What the tests of clouds are played with: an order to place, and answers that no API should give."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bot.clouds.azure import Azure
from bot.core.request import AwsTerms, AzureTerms, LineItem, NewAddress, Request
from bot.core.snapshot import Ref
from bot.demo.arm import LocalArm
from bot.ports import Found, Placed

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


def by_quote(outpost: str, quote: str, option: str = "", **terms: str) -> Request:
    """An order by quote, before AWS was asked about it."""
    usual = AwsTerms(outpost, REGION, (), "NO_UPFRONT", "THREE_YEARS", quote, option)
    return Request("aws", replace(usual, **terms), reason="more room")


PRODUCT = "azurestackedge/azurestackedge/azurestackedgegpu"
GROUP = "edge-hardware"
UNIT, SECOND = "ord-7f3k2m-1", "ord-7f3k2m-2"
HERE = f"{GROUP}/"
SECRETS = ("1 Mill Street", "5550100", "dana@example.com", "Dana Fox", "sig=")
"""What the local Azure knows and nobody may read."""
BERLIN = NewAddress("Torstrasse 1", "Berlin", "", "10119", "DE", "Ada Byron", "0301234567", "ada@example.com")


def wanted(**terms: Any) -> Request:
    """Two units of something that the local Azure sells, before Azure was asked about it."""
    usual = AzureTerms(PRODUCT, "edgep_base", 2, "Purchase", "columbus-plant", "eastus", GROUP)
    return Request("azure", replace(usual, **terms), reason="more room")


def operations(arm: LocalArm) -> list[str]:
    """What the local Azure was asked for, in sequence."""
    return [request.operation for request in arm.requests]


def placed(arm: LocalArm, unit: str = UNIT) -> Placed:
    """The outcome for a unit that the local Azure has."""
    return Placed(Ref(arm.subscription, f"{GROUP}/ord-7f3k2m", (HERE + unit,)))


def find(azure: Azure, request: Request, unit: str = UNIT) -> tuple[Found, ...]:
    """What the adapter finds for a unit."""
    return azure.look_alikes(request, NOW, frozenset(), unit)


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

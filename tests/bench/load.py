"""A load generator: signed requests over kept connections, and the time until each is answered."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

PATH = "/slack/events"


@dataclass(frozen=True)
class Times:
    """How long answers took, in milliseconds, and how many were not 200."""

    p50: float
    p99: float
    worst: float
    failed: int


def command(text: str) -> bytes:
    """The body of a slash command as Slack sends it."""
    return urlencode(
        {
            "command": "/order",
            "text": text,
            "user_id": "U0STRANGER",
            "user_name": "mallory",
            "channel_id": "C0EDGEORDERS",
            "channel_name": "edge-orders",
            "team_id": "T0LOCAL",
            "trigger_id": f"1.{time.monotonic_ns()}",
            "response_url": "http://127.0.0.1/none",
        }
    ).encode()


def click(value: str, channel: str, ts: str) -> bytes:
    """The body of a click on *Approve*."""
    payload = {
        "type": "block_actions",
        "team": {"id": "T0LOCAL", "domain": "local"},
        "user": {"id": "U0STRANGER", "username": "mallory", "team_id": "T0LOCAL"},
        "api_app_id": "A0LOCAL",
        "trigger_id": f"1.{time.monotonic_ns()}",
        "container": {"type": "message", "channel_id": channel, "message_ts": ts},
        "channel": {"id": channel, "name": "approvals"},
        "message": {"ts": ts, "text": ""},
        "actions": [
            {
                "type": "button",
                "action_id": "approve",
                "block_id": "b",
                "value": value,
                "action_ts": f"{time.time():.6f}{time.monotonic_ns() % 1000}",
            }
        ],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def measure(port: int, secret: str, body: Callable[[], bytes], *, clients: int, requests: int) -> Times:
    """Send `requests` by `clients` at once, and say how long they took."""
    took, failed = asyncio.run(_all(port, secret, body, clients, requests))
    ordered = sorted(took)
    return Times(
        p50=statistics.median(ordered),
        p99=ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        worst=ordered[-1],
        failed=failed,
    )


async def _all(
    port: int, secret: str, body: Callable[[], bytes], clients: int, requests: int
) -> tuple[list[float], int]:
    share = requests // clients
    done = await asyncio.gather(*(_client(port, secret, body, share) for _ in range(clients)))
    return [took for times, _ in done for took in times], sum(failed for _, failed in done)


async def _client(
    port: int, secret: str, body: Callable[[], bytes], requests: int
) -> tuple[list[float], int]:
    times, failed = [], 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(requests):
        request = _request(secret, body())
        begun = time.perf_counter()
        writer.write(request)
        status, closed = await _answer(reader)
        times.append((time.perf_counter() - begun) * 1000)
        failed += status != 200
        if closed:
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    return times, failed


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next((int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:")), None)
    if length is None:
        await reader.read()
        return int(head.split()[1]), True
    await reader.readexactly(length)
    return int(head.split()[1]), "connection: close" in head


def _request(secret: str, body: bytes) -> bytes:
    now = str(int(time.time()))
    signature = hmac.new(secret.encode(), f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nX-Slack-Request-Timestamp: {now}\r\n"
        f"X-Slack-Signature: v0={signature}\r\n\r\n"
    )
    return head.encode() + body

"""The append-only log: each event carries the hash of the one before it.

The chain shows every edit and every gap; that its end was not cut off shows `audit_head`, and that nobody
rewrote the whole of it show the hashes that stand in Slack, where this program cannot take them back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.store.engine import Row, Tx


def append(tx: Tx, order_id: str, at: datetime, actor: str, verb: str, body: Mapping[str, Any]) -> None:
    """Add an event within the transaction of what it records: no record, no change."""
    head = tx.rows("select seq, hash from audit_head")[0]
    event = {
        "seq": head["seq"] + 1,
        "order_id": order_id,
        "at": at.isoformat(timespec="milliseconds"),
        "actor": actor,
        "verb": verb,
        "body": canonical(body),
        "prev": head["hash"],
    }
    tx.run(
        "insert into events (seq, order_id, at, actor, verb, body, prev, hash) "
        "values (:seq, :order_id, :at, :actor, :verb, :body, :prev, :hash)",
        **event,
        hash=digest(event),
    )
    tx.run("update audit_head set seq = :seq, hash = :hash", seq=event["seq"], hash=digest(event))


def verify(events: Iterable[Row], head: tuple[int, str], begin: tuple[int, str] = (0, "")) -> str:
    """What is wrong with the log, naming the first bad event; empty when nothing is.

    Args:
        events: All events after `begin`, oldest first.
        head: Number and hash of the newest event, as kept apart from them.
        begin: Number and hash of the event that is taken for granted, to look at the end of the log alone.
    """
    seq, prev = begin
    for event in events:
        seq += 1
        if event["seq"] != seq:
            return f"event {seq} is missing"
        if event["prev"] != prev or event["hash"] != digest(event):
            return f"event {seq} was changed"
        prev = event["hash"]
    if seq != head[0]:
        return f"the log ends at event {seq}, and should at event {head[0]}"
    return "" if prev == head[1] else f"event {seq} is not the one that was written last"


def digest(event: Mapping[str, Any]) -> str:
    """SHA-256 over all of an event but its own hash."""
    return hashlib.sha256(
        canonical({name: value for name, value in event.items() if name != "hash"}).encode()
    ).hexdigest()


def canonical(body: Mapping[str, Any]) -> str:
    """JSON that is the same for the same content, whoever writes it."""
    return json.dumps(dict(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

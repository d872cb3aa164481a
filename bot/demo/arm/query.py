"""What a list may be asked: to filter, to expand, and to go on where the last page ended."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.demo.arm.catalog import Filters
from bot.demo.arm.contract import Call
from bot.demo.arm.items import EXPANDABLE, Entry
from bot.demo.arm.refusal import Refusal

_CONDITION = re.compile(r"\s*([\w./]+)\s+eq\s+'((?:[^']|'')*)'\s*")


def new_token(call: Call, last: tuple[Any, ...], body: Mapping[str, Any] | None) -> str:
    """A token for what comes after the last key, and for the body by which it was asked."""
    inside = json.dumps({"of": call.path.lower(), "last": last, "body": body}).encode()
    return base64.urlsafe_b64encode(inside).decode().rstrip("=")


def read_token(call: Call) -> dict[str, Any]:
    token = call.query["$skiptoken"]
    try:
        inside = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if inside["of"] == call.path.lower():
            return dict(inside)
    except (ValueError, TypeError, KeyError):
        pass
    raise Refusal("InvalidSkipToken", "The $skipToken was not given for this request.", target="$skipToken")


def question(call: Call) -> dict[str, Any]:
    """What a list is asked by; the next page is asked for without it, so the token has to know it."""
    if call.body or "$skiptoken" not in call.query:
        return call.body
    return dict(read_token(call)["body"] or {})


def numbered(found: Sequence[dict[str, Any]]) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    return [((number,), one) for number, one in enumerate(found)]


def expanded(call: Call) -> frozenset[str]:
    wanted = {part.strip().lower() for part in call.query.get("$expand", "").split(",")} - {""}
    unknown = wanted - EXPANDABLE
    if unknown:
        raise Refusal(
            "InvalidParameter", f"$expand does not know {', '.join(sorted(unknown))}.", target="$expand"
        )
    return frozenset(wanted)


def conditions(text: str) -> list[tuple[str, str]]:
    """The equalities of a $filter, by the last part of each path in lower case."""
    if not text:
        return []
    found = [_CONDITION.fullmatch(part) for part in re.split(r"\s+and\s+", text)]
    if not all(found):
        raise Refusal("InvalidParameter", "$filter supports only the equals operation.", target="$filter")
    return [
        (re.split(r"[./]", one[1])[-1].lower(), one[2].replace("''", "'")) for one in found if one is not None
    ]


def fulfils(entry: Entry, conditions: Sequence[tuple[str, str]]) -> bool:
    if not conditions:
        return True
    properties = entry.body.get("properties", {})
    if entry.kind == "orderItems":
        known = {
            "orderid": properties.get("orderId"),
            "orderitemtype": properties.get("orderItemDetails", {}).get("orderItemType"),
        }
    else:
        known = {name.lower(): value for name, value in properties.get("shippingAddress", {}).items()}
    for name, value in conditions:
        if entry.kind == "orderItems" and name not in known:
            raise Refusal("InvalidParameter", f"$filter does not know '{name}'.", target="$filter")
        if str(known.get(name, "")).lower() != value.lower():
            return False
    return True


def filters(properties: Sequence[Mapping[str, Any]]) -> Filters:
    return {one["type"]: one["supportedValues"] for one in properties}

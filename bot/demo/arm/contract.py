"""Requests held against the SDK's own models: paths, versions, and all that the SDK won't check.

The SDK checks nothing at all before it sends: neither names nor enums nor required members.
"""

import json
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from azure.core.serialization import is_generated_model
from azure.mgmt.edgeorder import models

from bot.demo.arm.refusal import Refusal
from bot.demo.wire import Incoming

CURRENT, FORMER = "2024-02-01", "2021-12-01"
REGISTRATION = "2016-02-01"

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{group}}"
_RP = "/providers/Microsoft.EdgeOrder"
_ITEMS, _ADDRESSES = f"{_GROUP}{_RP}/orderItems", f"{_GROUP}{_RP}/addresses"

_OPERATIONS: tuple[tuple[str, str, str, type | None], ...] = (
    ("Operations_List", "GET", f"{_RP}/operations", None),
    ("OrderItems_ListBySubscription", "GET", f"{_SUBSCRIPTION}{_RP}/orderItems", None),
    ("OrderItems_ListByResourceGroup", "GET", _ITEMS, None),
    ("OrderItems_Get", "GET", f"{_ITEMS}/{{name}}", None),
    ("OrderItems_Create", "PUT", f"{_ITEMS}/{{name}}", models.OrderItemResource),
    ("OrderItems_Update", "PATCH", f"{_ITEMS}/{{name}}", models.OrderItemUpdateParameter),
    ("OrderItems_Delete", "DELETE", f"{_ITEMS}/{{name}}", None),
    ("OrderItems_Cancel", "POST", f"{_ITEMS}/{{name}}/cancel", models.CancellationReason),
    ("OrderItems_Return", "POST", f"{_ITEMS}/{{name}}/return", models.ReturnOrderItemDetails),
    ("Addresses_ListBySubscription", "GET", f"{_SUBSCRIPTION}{_RP}/addresses", None),
    ("Addresses_ListByResourceGroup", "GET", _ADDRESSES, None),
    ("Addresses_Get", "GET", f"{_ADDRESSES}/{{name}}", None),
    ("Addresses_Create", "PUT", f"{_ADDRESSES}/{{name}}", models.AddressResource),
    ("Addresses_Update", "PATCH", f"{_ADDRESSES}/{{name}}", models.AddressUpdateParameter),
    ("Addresses_Delete", "DELETE", f"{_ADDRESSES}/{{name}}", None),
    ("Orders_ListBySubscription", "GET", f"{_SUBSCRIPTION}{_RP}/orders", None),
    ("Orders_ListByResourceGroup", "GET", f"{_GROUP}{_RP}/orders", None),
    ("Orders_Get", "GET", f"{_GROUP}{_RP}/locations/{{location}}/orders/{{name}}", None),
    (
        "ProductsAndConfigurations_ListProductFamilies",
        "POST",
        f"{_SUBSCRIPTION}{_RP}/listProductFamilies",
        models.ProductFamiliesRequest,
    ),
    (
        "ProductsAndConfigurations_ListConfigurations",
        "POST",
        f"{_SUBSCRIPTION}{_RP}/listConfigurations",
        models.ConfigurationsRequest,
    ),
    (
        "ProductsAndConfigurations_ListProductFamiliesMetadata",
        "POST",
        f"{_SUBSCRIPTION}{_RP}/productFamiliesMetadata",
        None,
    ),
    (
        "OperationResults_Get",
        "GET",
        f"{_SUBSCRIPTION}{_RP}/locations/{{location}}/operationResults/{{id}}",
        None,
    ),
    ("Providers_Register", "POST", f"{_SUBSCRIPTION}{_RP}/register", None),
    ("Providers_Get", "GET", f"{_SUBSCRIPTION}{_RP}", None),
)

OPERATIONS = frozenset(name for name, *_ in _OPERATIONS)
"""Every operation by its id in the API's specification; the last three are named here."""

_NAMES = {
    "orderItems": re.compile(r"(?=.{3,63}\Z)[A-Za-z0-9][-A-Za-z0-9]*[A-Za-z0-9]"),
    "addresses": re.compile(r"(?=.{3,24}\Z)[-\w.]+", re.ASCII),
}
_DURATION = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_LONGEST_VALUE = 80


@dataclass(frozen=True)
class Route:
    """An operation, found by method and path."""

    operation: str
    labels: Mapping[str, str]
    """The path's parameters, decoded."""
    body: type | None
    """The model of the body; None where there is none."""
    follows: bool = False
    """A GET for the next page of a list that is asked for by POST, as the SDK sends it."""


@dataclass(frozen=True)
class Call:
    """A request that the contract allows."""

    operation: str
    labels: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any]
    version: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    doom: tuple[str, str] | None = None
    """Code and message with which the operation is to fail after it was accepted."""


_COMPILED = [
    # ARM's paths are the same in upper and lower case.
    (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path), re.IGNORECASE), name, body)
    for name, method, path, body in _OPERATIONS
]


def route(method: str, target: str) -> Route | None:
    parts = urlsplit(target)
    paged = "$skiptoken" in parts.query.lower().replace("%24", "$")
    for verb, pattern, name, body in _COMPILED:
        found = pattern.fullmatch(re.sub("/{2,}", "/", parts.path).rstrip("/"))
        if found is None:
            continue
        labels = {label: unquote(value) for label, value in found.groupdict().items()}
        if verb == method:
            return Route(name, labels, body)
        if verb == "POST" and method == "GET" and paged and name.startswith("Products"):
            return Route(name, labels, None, follows=True)
    return None


def read(route: Route, incoming: Incoming) -> Call:
    """The call that was made; Refusal (400) unless the API's shapes allow it."""
    parts = urlsplit(incoming.target)
    query = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
    version = _version(route, query)
    kind = parts.path.lower()
    for resource, pattern in _NAMES.items():
        if "name" in route.labels and f"/{resource.lower()}/" in kind:
            name = route.labels["name"]
            if not pattern.fullmatch(name):
                raise Refusal(
                    "InvalidResourceName",
                    f"Resource name '{_shown(name)}' is invalid for type 'Microsoft.EdgeOrder/{resource}'.",
                )
    return Call(
        route.operation,
        route.labels,
        query,
        _read_body(route.body, incoming.body) if route.body else {},
        version,
        parts.path,
        incoming.headers,
    )


def _version(route: Route, query: Mapping[str, str]) -> str:
    version = query.get("api-version")
    if version is None:
        raise Refusal(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if route.operation.startswith("Providers_"):
        known = [REGISTRATION, "2021-04-01"]
    elif route.body is not None or route.operation.startswith("Products"):
        # The former version's bodies have another shape; only its answers are spoken here.
        known = [CURRENT]
    else:
        known = [FORMER, CURRENT]
    if version not in known:
        raise Refusal(
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '' and API version '{_shown(version)}' "
            f"for type '{route.operation.partition('_')[0]}'. The supported api-versions are "
            f"'{', '.join(known)}'.",
        )
    return version


def _read_body(model: type, raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refusal(
            "InvalidRequestContent",
            f"The request content was invalid and could not be deserialized: '{error}'.",
        ) from None
    faulty = list(violations(model, body))
    if faulty:
        details = [
            {"code": "InvalidRequestContent", "message": f"{w}: {why}", "target": w} for w, why in faulty
        ]
        said = "; ".join(f"'{where}' {why}" for where, why in faulty)
        raise Refusal(
            "InvalidRequestContent",
            f"The request content was invalid: {said}.",
            target=faulty[0][0],
            details=details,
        )
    checked: dict[str, Any] = _without_read_only(model, body)
    return checked


@dataclass(frozen=True)
class Member:
    """One member of a model, as the wire knows it."""

    hint: Any
    required: bool
    writable: bool


@cache
def members(model: type) -> Mapping[str, Member]:
    """The members of an SDK model by their name on the wire."""
    hints = typing.get_type_hints(model, localns={"_models": models})
    model()  # the SDK learns the names on the first use of a model
    fields = model._attr_to_rest_field  # type: ignore[attr-defined]  # no public way to them
    return {
        rest._rest_name: Member(
            hints[name],
            type(None) not in typing.get_args(hints[name]),
            rest._visibility is None or "create" in rest._visibility or "update" in rest._visibility,
        )
        for name, rest in fields.items()
    }


def violations(model: type, value: Any, *, answer: bool = False) -> Iterator[tuple[str, str]]:
    """Every way in which the value breaks the model: where, and what is wrong there.

    In an `answer` the read-only members count, and required ones may be missing where they are.
    """
    return _violations(model, value, "", answer)


def _violations(hint: Any, value: Any, where: str, answer: bool) -> Iterator[tuple[str, str]]:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return
    if origin in (typing.Union, types.UnionType):
        enums = [one for one in args if isinstance(one, type) and issubclass(one, Enum)]
        if enums and isinstance(value, str):
            allowed = [one.value for one in enums[0]]
            if value not in allowed:
                yield where, f"has the value '{_shown(value)}', which is not one of {', '.join(allowed)}"
            return
        yield from _violations(_plain(hint), value, where, answer)
    elif origin is typing.Literal:
        if value not in [getattr(one, "value", one) for one in args]:
            yield where, f"has the value '{_shown(value)}'"
    elif origin is list:
        if not isinstance(value, list):
            yield where, "must be an array"
            return
        for number, item in enumerate(value):
            yield from _violations(args[0], item, f"{where}[{number}]", answer)
    elif origin is dict:
        if not isinstance(value, dict):
            yield where, "must be an object"
            return
        for key, item in value.items():
            yield from _violations(args[1], item, f"{where}.{key}", answer)
    elif is_generated_model(hint):
        yield from _of_model(hint, value, where, answer)
    elif not _is_a(hint, value):
        yield where, f"must be of type {_TYPES[hint]}"


def _of_model(model: type, value: Any, where: str, answer: bool) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield where or "the body", "must be an object"
        return
    if model is models.MeterDetails:
        model = {"Pav2": models.Pav2MeterDetails, "Purchase": models.PurchaseMeterDetails}.get(
            str(value.get("billingType")), model
        )
    known = members(model)
    for name, member in known.items():
        if member.required and (member.writable or answer) and value.get(name) is None:
            yield f"{where}.{name}".lstrip("."), "is required"
    for name, item in value.items():
        place = f"{where}.{name}".lstrip(".")
        if name not in known:
            yield place, "is not a known member"
        elif item is not None and (answer or known[name].writable):
            yield from _violations(known[name].hint, item, place, answer)


def _without_read_only(hint: Any, value: Any) -> Any:
    """ARM takes read-only members, so that what was read can be sent back, and ignores them."""
    hint = _plain(hint)
    if typing.get_origin(hint) is list:
        return [_without_read_only(typing.get_args(hint)[0], one) for one in value]
    if is_generated_model(hint):
        known = members(hint)
        return {
            name: _without_read_only(known[name].hint, item)
            for name, item in value.items()
            if known[name].writable and item is not None
        }
    return value


def _plain(hint: Any) -> Any:
    """What an optional member is when it is there."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(one for one in typing.get_args(hint) if one is not type(None))
    return hint


_TYPES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    datetime: "date-time",
    timedelta: "duration",
}


def _is_a(hint: type, value: Any) -> bool:
    if hint is datetime:
        try:
            return datetime.fromisoformat(value[:26].rstrip("Z")) is not None
        except (TypeError, ValueError):
            return False
    if hint is timedelta:
        return isinstance(value, str) and _DURATION.fullmatch(value) is not None
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is hint


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = re.sub(r"[^\S ]", " ", text)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"

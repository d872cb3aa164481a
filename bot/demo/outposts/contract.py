"""Requests held against botocore's service model: its routes, and all that botocore won't check.

botocore checks types, required members and minimums before it sends; enums, patterns and maximums
only the service knows to refuse. The sentences are those that AWS services use.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from bot.demo.outposts.wire import Refusal
from bot.demo.wire import Incoming

_INT32 = 2**31
_LONGEST_VALUE = 80
_LONGEST_MESSAGE = 1000


@dataclass(frozen=True)
class Route:
    """An operation of the model, found by method and path."""

    operation: str
    labels: Mapping[str, str]
    """The path's parameters, decoded, by their name in the URI template."""


@cache
def installed() -> "Contract":
    """The contract of the installed botocore, read once: it is large and never changes."""
    return Contract()


class Contract:
    """The Outposts API as a botocore service model tells it."""

    def __init__(self) -> None:
        document = Loader().load_service_model("outposts", "service-2", "2019-12-03")
        self._service = ServiceModel(document, "outposts")
        self._routes = [
            (
                operation.http["method"],
                # A label never spans a slash: ARNs arrive with theirs encoded.
                re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.http["requestUri"])),
                name,
            )
            for name, operation in self._operations()
        ]
        self._statuses = {
            shape.name: int(shape.metadata["error"]["httpStatusCode"]) for shape in self._service.error_shapes
        }

    def _operations(self) -> Iterator[tuple[str, OperationModel]]:
        for name in self._service.operation_names:
            yield name, self._service.operation_model(name)

    @property
    def operations(self) -> frozenset[str]:
        return frozenset(self._service.operation_names)

    def status_of(self, code: str) -> int | None:
        """The HTTP status of a modelled error; None for one that the model doesn't have."""
        return self._statuses.get(code)

    def output_of(self, operation: str) -> StructureShape:
        shape = self._service.operation_model(operation).output_shape
        if not isinstance(shape, StructureShape):
            raise LookupError(f"{operation} has no output")
        return shape

    def shape(self, name: str) -> Shape:
        return self._service.shape_for(name)

    def route(self, method: str, target: str) -> Route | None:
        path = urlsplit(target).path
        for verb, pattern, name in self._routes:
            found = pattern.fullmatch(path)
            if verb == method and found is not None:
                labels = {label: unquote(value) for label, value in found.groupdict().items()}
                return Route(name, labels)
        return None

    def read(self, route: Route, incoming: Incoming) -> dict[str, Any]:
        """The operation's input by member name; Refusal (400) unless the model allows it."""
        given, faulty = self._gather(route, incoming)
        shape = self._service.operation_model(route.operation).input_shape
        if shape is not None:
            faulty += violations(shape, given)
        if faulty:
            errors = "1 validation error" if len(faulty) == 1 else f"{len(faulty)} validation errors"
            invalid(f"{errors} detected: {'; '.join(faulty)}")
        return given

    def _gather(self, route: Route, incoming: Incoming) -> tuple[dict[str, Any], list[str]]:
        shape = self._service.operation_model(route.operation).input_shape
        members: Mapping[str, Shape] = shape.members if isinstance(shape, StructureShape) else {}
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(urlsplit(incoming.target).query, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        body = _read_body(incoming.body)

        given: dict[str, Any] = {}
        faulty: list[str] = []
        for name, member in members.items():
            location = member.serialization.get("location")
            wire_name = str(member.serialization.get("name", name))
            if location == "uri":
                given[name] = route.labels[wire_name]
            elif location == "querystring":
                if wire_name in query:
                    given[name] = _from_query(member, query.pop(wire_name))
            elif body.get(wire_name) is not None:
                given[name] = body.pop(wire_name)
            else:
                body.pop(wire_name, None)
        for name in (*query, *body):
            faulty.append(
                f"Value at '{_camel(name)}' failed to satisfy constraint: "
                f"Member must be known to {route.operation}"
            )
        return given, faulty


def invalid(message: str) -> NoReturn:
    raise Refusal("ValidationException", message[:_LONGEST_MESSAGE])


def _read_body(raw: bytes) -> dict[str, Any]:
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refusal("SerializationException", "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise Refusal("SerializationException", "The body must be a JSON object.")
    return body


def _from_query(shape: Shape, values: list[str]) -> Any:
    if isinstance(shape, ListShape):
        return values
    if len(values) > 1:
        return values  # fails as a list where one value belongs
    if shape.type_name in ("integer", "long") and re.fullmatch(r"-?\d{1,18}", values[0], re.ASCII):
        return int(values[0])
    return values[0]


def violations(shape: Shape, value: Any, where: str = "") -> list[str]:
    """Every way in which the value breaks the shape, each as one sentence of AWS."""
    return list(_violations(shape, value, where))


def _violations(shape: Shape, value: Any, where: str) -> Iterator[str]:
    if not _is_type(shape.type_name, value):
        yield _sentence(value, where, f"Member must be of type {shape.type_name}")
        return
    if isinstance(shape, StructureShape):
        prefix = f"{where}." if where else ""
        for name in shape.required_members:
            if value.get(name) is None:
                yield _sentence(None, f"{prefix}{_camel(name)}", "Member must not be null")
        for name, item in value.items():
            if name not in shape.members:
                yield _sentence(item, f"{prefix}{_camel(name)}", "Member must be known to the API")
            elif item is not None:
                yield from _violations(shape.members[name], item, f"{prefix}{_camel(name)}")
    elif isinstance(shape, MapShape):
        yield from _out_of_bounds(shape, value, len(value), where, "length")
        for key, item in value.items():
            yield from _violations(shape.key, key, f"{where}.key")
            yield from _violations(shape.value, item, f"{where}.{key}.member")
    elif isinstance(shape, ListShape):
        yield from _out_of_bounds(shape, value, len(value), where, "length")
        for number, item in enumerate(value, 1):
            yield from _violations(shape.member, item, f"{where}.{number}.member")
    elif shape.type_name == "string":
        yield from _out_of_bounds(shape, value, len(value), where, "length")
        pattern = shape.metadata.get("pattern")
        # Whole strings, though some patterns lack an anchor: their length says no more fits.
        if pattern and not re.fullmatch(pattern, value):
            wanted = f"Member must satisfy regular expression pattern: {pattern}"
            yield _sentence(value, where, wanted)
        allowed = shape.metadata.get("enum")
        if allowed and value not in allowed:
            wanted = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
            yield _sentence(value, where, wanted)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _out_of_bounds(shape, value, value, where, "value")


def _out_of_bounds(shape: Shape, value: Any, size: float, where: str, of: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield _sentence(value, where, f"Member must have {of} greater than or equal to {least}")
    if most is not None and size > most:
        yield _sentence(value, where, f"Member must have {of} less than or equal to {most}")


def _is_type(name: str, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match name:
        case "structure" | "map":
            return isinstance(value, dict)
        case "list":
            return isinstance(value, list)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return number and isinstance(value, int) and -_INT32 <= value < _INT32
        case "long":
            return number and isinstance(value, int)
        case "float" | "double" | "timestamp":
            # An infinite or undefined number is JSON to Python only.
            return number and float("-inf") < value < float("inf")
        case _:
            return isinstance(value, str)


def _sentence(value: Any, where: str, wanted: str) -> str:
    shown = "null" if value is None else f"'{_shown(value)}'"
    return f"Value {shown} at '{where}' failed to satisfy constraint: {wanted}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    # Control characters have no place in an error message, whose own pattern forbids them.
    text = re.sub(r"[^\S ]", " ", text)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]

"""LocalArm: served over TLS, with tokens, faults and a record of the wire."""

import re
import shutil
import tempfile
import time
import uuid
import weakref
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bot.demo.arm.contract import Call, Route, read, route
from bot.demo.arm.estate import Request
from bot.demo.arm.identity import PATH, Identity
from bot.demo.arm.operations import Operations
from bot.demo.arm.refusal import FAILURES, Refusal
from bot.demo.arm.tls import make_authority
from bot.demo.cloud import parsed, utc_now
from bot.demo.faults import Faults
from bot.demo.wire import Answer, Hangup, Incoming, Server

TOKEN = "ManagedIdentity_GetToken"
"""What a request to the token endpoint is called."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class LocalArm(Operations):
    """Azure Resource Manager with Edge Order for one subscription, served over TLS on loopback.

    Point the real SDK to it with `environment()`; stock it with `furnish` or the `add_…` methods;
    break it with `faults`, whose operations are those of the API's specification
    (`OrderItems_Create`) and `OperationResults_Get` for the polling; play Azure with `advance`,
    `reject`, `fail` and the like, or let `run` do it. Beside what any cloud has, the fault
    `async:Code:Message` accepts what is asked for and fails it afterwards: what was to be made is
    gone then, and what was to be deleted stays.
    """

    name = "arm"
    half = b'{"properties": {"orderItemDetails": {"orderItemType": "Purch'

    def __init__(
        self,
        *,
        subscription: str = "00000000-0000-4000-8000-00000000ed6e",
        resource_group: str = "edge-hardware",
        location: str = "eastus",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(
            subscription=subscription, resource_group=resource_group, location=location, clock=clock
        )
        self.token_faults = Faults([TOKEN])
        """As `faults`, for the endpoint that hands out tokens."""
        self._identity = Identity()
        self._identity_server: Server | None = None
        self._identity_port = 0
        self._folder = Path(tempfile.mkdtemp(prefix="arm-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self.ca_file, self._tls = make_authority(self._folder)
        self._reads = self._writes = self._deletes = 12000
        self._handlers: dict[str, Callable[[Call], Answer]] = {
            "Addresses_Create": self._create_address,
            "Addresses_Delete": self._delete,
            "Addresses_Get": self._get,
            "Addresses_ListByResourceGroup": self._list,
            "Addresses_ListBySubscription": self._list,
            "Addresses_Update": self._update,
            "OperationResults_Get": self._get_result,
            "Operations_List": self._list_operations,
            "OrderItems_Cancel": self._cancel,
            "OrderItems_Create": self._create_item,
            "OrderItems_Delete": self._delete,
            "OrderItems_Get": self._get,
            "OrderItems_ListByResourceGroup": self._list,
            "OrderItems_ListBySubscription": self._list,
            "OrderItems_Return": self._return,
            "OrderItems_Update": self._update,
            "Orders_Get": self._get_order,
            "Orders_ListByResourceGroup": self._list_orders,
            "Orders_ListBySubscription": self._list_orders,
            "ProductsAndConfigurations_ListConfigurations": self._list_configurations,
            "ProductsAndConfigurations_ListProductFamilies": self._list_families,
            "ProductsAndConfigurations_ListProductFamiliesMetadata": self._list_metadata,
            "Providers_Get": self._get_provider,
            "Providers_Register": self._register,
        }

    # Serving

    def start(self, port: int = 0) -> None:
        """Serve on the port, or on a free one. What is kept survives `stop` and `start`."""
        super().start(port)
        self._identity_server = Server(
            self._identity_port,
            self._respond_with_token,
            lambda: Answer(411, b"{}"),
            name="identity",
        )
        self._identity_port = self._identity_server.server_address[1]

    def stop(self) -> None:
        """End every connection, hang and late booking; none of it outlives this call."""
        super().stop()
        if self._identity_server is not None:
            self._identity_server.close()
            self._identity_server = None

    def environment(self) -> dict[str, str]:
        """The environment variables that make the bot and azure-identity use this server."""
        if self._identity_server is None:
            raise RuntimeError("not started")
        return {
            "AZURE_SUBSCRIPTION_ID": self.subscription,
            "AZURE_RESOURCE_GROUP": self.resource_group,
            "AZURE_LOCATION": self.location,
            "AZURE_RESOURCE_MANAGER_URL": self.url,
            # DefaultAzureCredential then asks this one only, and starts no command line tools.
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "IDENTITY_ENDPOINT": f"{self._identity_server.url}{PATH}",
            "IDENTITY_HEADER": self._identity.header,
            # SSL_CERT_FILE does not work: the SDK's transport is requests.
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
        }

    def revoke_tokens(self) -> None:
        """No token handed out until now is good any more."""
        with self._changed:
            self._identity.revoke()

    def token(self, audience: str = "https://management.azure.com/", seconds: float = 3600) -> str:
        """A bearer token of any kind: for another audience, or expired where seconds are negative."""
        with self._changed:
            return self._identity.issue(audience, time.time() + seconds)

    # The record of the wire

    @property
    def requests(self) -> list[Request]:
        """Every request to ARM, in sequence, the unanswered ones included."""
        return [request for request in super().requests if request.operation != TOKEN]

    @property
    def token_requests(self) -> list[Request]:
        """Every request to the token endpoint."""
        return [request for request in super().requests if request.operation == TOKEN]

    def puts(self, name: str | None = None) -> list[Request]:
        """The PUTs of order items, answered or not: sends as the wire counts them."""
        return [
            request
            for request in self.requests
            if request.operation == "OrderItems_Create" and name in (None, request.name)
        ]

    # From request to answer

    def _serve(self, port: int) -> Server:
        lengthless = Refusal("LengthRequired", "A Content-Length header is required.", 411)
        return Server(port, self._respond, lengthless.answer, name=self.name, tls=self._tls)

    def _knows(self, operation: str) -> bool:
        return operation in self._handlers or operation == TOKEN

    def _respond(self, incoming: Incoming) -> Answer | Hangup:
        found = route(incoming.method, incoming.target)
        received = self._received(found.operation if found else "", incoming, found)
        fault = self.faults.take(received.operation, name=received.name)
        doom = None
        if fault is not None and fault.kind.startswith("async:"):
            _, code, message = fault.kind.split(":", 2)
            fault, doom = None, (code, message)
        reply = self._handle(received, incoming, fault, lambda: self._carry_out(found, incoming, doom))
        return self._labelled(reply, incoming) if isinstance(reply, Answer) else reply

    def _respond_with_token(self, incoming: Incoming) -> Answer | Hangup:
        def hand_out() -> Answer:
            with self._changed:
                return self._identity.hand_out(incoming, [self.url])

        fault = self.token_faults.take(TOKEN)
        return self._handle(self._received(TOKEN, incoming), incoming, fault, hand_out)

    def _received(self, operation: str, incoming: Incoming, found: Route | None = None) -> Request:
        target = urlsplit(incoming.target)
        return Request(
            operation=operation,
            name=found.labels.get("name", "") if found else "",
            method=incoming.method,
            path=target.path,
            query=parse_qs(target.query, keep_blank_values=True),
            body=parsed(incoming.body),
            at=self._clock(),
            headers=incoming.headers,
        )

    def _carry_out(self, found: Route | None, incoming: Incoming, doom: tuple[str, str] | None) -> Answer:
        try:
            with self._changed:
                self._identity.check(incoming.headers, [self.url])
            if found is None:
                path = urlsplit(incoming.target).path
                raise Refusal("InvalidResourceType", f"There is no {incoming.method} {path}.", 404)
            call = replace(read(found, incoming), doom=doom)
            with self._changed:
                self._settle()
                self._check_place(call)
                return self._handlers[call.operation](call)
        except Refusal as refusal:
            return refusal.answer()

    def _check_place(self, call: Call) -> None:
        subscription = call.labels.get("subscription")
        if subscription is not None and subscription.lower() != self.subscription.lower():
            if not _UUID.fullmatch(subscription):
                raise Refusal(
                    "InvalidSubscriptionId",
                    f"The provided subscription identifier '{subscription}' is malformed or invalid.",
                )
            raise Refusal("SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
        if not self.registered and not call.operation.startswith(("Providers_", "Operations_")):
            message = (
                "The subscription is not registered to use namespace 'Microsoft.EdgeOrder'. "
                "See https://aka.ms/rps-not-found for how to register subscriptions."
            )
            code = "MissingSubscriptionRegistration"
            detail = {"code": code, "target": "Microsoft.EdgeOrder", "message": message}
            raise Refusal(code, message, details=[detail])
        group = call.labels.get("group")
        if group is not None and group.lower() not in self._groups:
            raise Refusal("ResourceGroupNotFound", f"Resource group '{group}' could not be found.")

    def _failure(self, stem: str) -> Answer:
        refusal = FAILURES[stem]
        if stem == "throttle":
            refusal = replace(refusal, headers=self._patience())
        return refusal.answer()

    def _say(self, code: str, message: str, incoming: Incoming) -> Answer:  # noqa: ARG002
        return Refusal(code, message).answer()

    def _labelled(self, answer: Answer, incoming: Incoming) -> Answer:
        """With the headers that every answer of ARM has."""
        correlation = incoming.headers.get("x-ms-correlation-request-id", str(uuid.uuid4()))
        request_id = str(uuid.uuid4())
        with self._changed:
            match incoming.method:
                case "GET" | "HEAD":
                    self._reads = max(0, self._reads - 1)
                    left = ("reads", self._reads)
                case "DELETE":
                    self._deletes = max(0, self._deletes - 1)
                    left = ("deletes", self._deletes)
                case _:
                    self._writes = max(0, self._writes - 1)
                    left = ("writes", self._writes)
            moment = f"{self._clock():%Y%m%dT%H%M%SZ}"
        headers = {
            "Cache-Control": "no-cache",
            "Pragma": "no-cache",
            "Expires": "-1",
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            "X-Content-Type-Options": "nosniff",
            f"x-ms-ratelimit-remaining-subscription-{left[0]}": str(left[1]),
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": correlation,
            "x-ms-routing-request-id": f"LOCAL:{moment}:{request_id}",
        }
        if incoming.headers.get("x-ms-return-client-request-id", "").lower() == "true":
            headers["x-ms-client-request-id"] = incoming.headers.get("x-ms-client-request-id", "")
        kind = answer.content_type if answer.body else None
        return replace(answer, content_type=kind, headers={**headers, **answer.headers})

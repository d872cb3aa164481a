"""How Azure Resource Manager says no."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.demo.wire import Answer

_STATUSES = {
    "AuthenticationFailed": 401,
    "AuthorizationFailed": 403,
    "Conflict": 409,
    "ExpiredAuthenticationToken": 401,
    "GatewayTimeout": 504,
    "InternalServerError": 500,
    "InvalidAuthenticationToken": 401,
    "InvalidAuthenticationTokenAudience": 401,
    "LinkedAuthorizationFailed": 403,
    "MissingSubscriptionRegistration": 409,
    "OrderItemAlreadyExists": 409,
    "PreconditionFailed": 412,
    "RequestDisallowedByPolicy": 403,
    "ResourceGroupNotFound": 404,
    "ResourceNotFound": 404,
    "ScopeLocked": 409,
    "ServerTimeout": 503,
    "ServiceUnavailable": 503,
    "SubscriptionNotFound": 404,
    "SubscriptionRequestsThrottled": 429,
    "TooManyRequests": 429,
}


@dataclass(eq=False)
class Refusal(Exception):
    """A request that Azure turns down, as it says so on the wire."""

    code: str
    message: str
    status: int | None = None
    """By default the one that goes with the code, and 400 for a code that is not known."""
    target: str | None = None
    details: Sequence[Mapping[str, Any]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The error as it also appears within resources."""
        return {
            "code": self.code,
            "message": self.message,
            **({"target": self.target} if self.target else {}),
            **({"details": [dict(one) for one in self.details]} if self.details else {}),
        }

    def answer(self) -> Answer:
        status = self.status or _STATUSES.get(self.code, 400)
        content = json.dumps({"error": self.body()}).encode()
        return Answer(status, content, "application/json; charset=utf-8", self.headers)


FAILURES = {
    "408": Refusal("RequestTimeout", "The request timed out.", 408),
    "429": Refusal("TooManyRequests", "Too many requests.", 429),
    "500": Refusal("InternalServerError", "Encountered internal server error.", 500),
    "502": Refusal("BadGateway", "The gateway did not receive a response from the provider.", 502),
    "503": Refusal("ServiceUnavailable", "The service is temporarily unavailable.", 503),
    "504": Refusal(
        "GatewayTimeout",
        "The gateway did not receive a response from 'Microsoft.EdgeOrder' within the specified time period.",
        504,
    ),
    "throttle": Refusal(
        "SubscriptionRequestsThrottled",
        "Number of requests for subscription has exceeded the limit. Please try again after some time.",
        429,
    ),
}
"""Failures with an HTTP answer, by the stem of their kind."""


def not_found(group: str, kind: str, name: str) -> Refusal:
    return Refusal(
        "ResourceNotFound",
        f"The Resource 'Microsoft.EdgeOrder/{kind}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )

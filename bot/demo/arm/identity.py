"""Tokens: handed out as App Service hands them to a managed identity, checked as ARM checks them.

By the machine's clock and not an injected one, because the client goes by the machine's too.
"""

import hmac
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from bot.demo.arm.refusal import Refusal
from bot.demo.wire import Answer, Incoming

PATH = "/msi/token"
CLIENT_ID = "6b1f9e6e-1c5a-4e0b-9a55-3f4a3c0f5b11"

_PUBLIC = ("https://management.azure.com", "https://management.core.windows.net")
_API_VERSION = "2019-08-01"


class Identity:
    """The managed identity of the bot's machine, and the tokens that it was given."""

    def __init__(self) -> None:
        self.header = secrets.token_hex(16)
        """The secret without which the endpoint gives nothing."""
        self.lifetime = 86400.0
        """Seconds that a token is good for."""
        self._issued: dict[str, tuple[str, float]] = {}

    def hand_out(self, incoming: Incoming, audiences: Iterable[str]) -> Answer:
        """As the endpoint in IDENTITY_ENDPOINT answers."""
        target = urlsplit(incoming.target)
        query = parse_qs(target.query)
        resource = query.get("resource", [""])[0]
        if incoming.method != "GET" or target.path != PATH:
            return _no(404, "There is no such endpoint.")
        if not hmac.compare_digest(incoming.headers.get("x-identity-header", ""), self.header):
            return _no(401, "The X-IDENTITY-HEADER is missing or wrong.")
        if query.get("api-version") != [_API_VERSION]:
            return _no(400, f"The api-version must be {_API_VERSION}.")
        if resource.rstrip("/") not in {*_PUBLIC, *audiences}:
            return _no(400, f"AADSTS500011: The resource principal named {resource} was not found.")
        token = secrets.token_urlsafe(48)
        expires = time.time() + self.lifetime
        self._issued[token] = (resource, expires)
        return Answer(
            200,
            json.dumps(
                {
                    "access_token": token,
                    "client_id": CLIENT_ID,
                    "expires_on": str(int(expires)),
                    "resource": resource,
                    "token_type": "Bearer",
                }
            ).encode(),
        )

    def issue(self, audience: str, expires: float) -> str:
        """A token for whichever audience, good until this time on the machine's clock."""
        token = secrets.token_urlsafe(48)
        self._issued[token] = (audience, expires)
        return token

    def check(self, headers: Mapping[str, str], audiences: Iterable[str]) -> None:
        """Refusal (401, with the code that ARM uses) unless the bearer token is good."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if not token:
            raise _unauthorized(
                "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
            )
        if kind.lower() != "bearer":
            raise _unauthorized(
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is provided in an invalid format.",
            )
        if token not in self._issued:
            raise _unauthorized("InvalidAuthenticationToken", "The access token is invalid.")
        audience, expires = self._issued[token]
        allowed = [*_PUBLIC, *audiences]
        if audience.rstrip("/") not in allowed:
            raise _unauthorized(
                "InvalidAuthenticationTokenAudience",
                "The access token has been obtained for wrong audience or resource "
                f"'{audience}'. It should exactly match with one of the allowed audiences "
                f"'{','.join(f'{one}/' for one in allowed)}'.",
            )
        now = time.time()
        if expires <= now:
            raise _unauthorized(
                "ExpiredAuthenticationToken",
                f"The access token expiry UTC time '{_shown(expires)}' is earlier than current UTC time "
                f"'{_shown(now)}'.",
            )

    def revoke(self) -> None:
        """No token handed out until now is good any more."""
        self._issued = {token: (audience, 0.0) for token, (audience, _) in self._issued.items()}


def _no(status: int, message: str) -> Answer:
    return Answer(status, json.dumps({"statusCode": status, "message": message}).encode())


def _unauthorized(code: str, message: str) -> Refusal:
    challenge = (
        'Bearer authorization_uri="https://login.windows.net/common", '
        f'error="invalid_token", error_description="{message}"'
    )
    return Refusal(code, message, headers={"WWW-Authenticate": challenge})


def _shown(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%m/%d/%Y %I:%M:%S %p}"

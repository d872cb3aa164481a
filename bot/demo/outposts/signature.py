"""Signature Version 4, checked by signing the request again with botocore's own signer."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bot.demo.outposts.wire import Refusal
from bot.demo.wire import Incoming

_TOLERANCE = timedelta(minutes=5)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[a-z0-9-]+)"
    r"/(?P<service>[a-z0-9-]+)/aws4_request,\s*SignedHeaders=(?P<headers>[a-z0-9;-]+)"
    r",\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Claim:
    """What an Authorization header says of itself; true only once `verify` has passed it."""

    access_key: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def read_claim(headers: Mapping[str, str]) -> Claim | None:
    """The claim in the Authorization header, or None where there is none to be made out."""
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        return None
    return Claim(
        found["key"],
        found["day"],
        found["region"],
        found["service"],
        tuple(found["headers"].split(";")),
        found["signature"],
    )


def verify(incoming: Incoming, credentials: Credentials, service: str = "outposts") -> Claim:
    """The claim to call a service, proven; Refusal (403, with AWS's own code) where it can't be."""
    headers = incoming.headers
    if "authorization" not in headers:
        raise Refusal("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    claim = read_claim(headers)
    if claim is None:
        raise Refusal(
            "IncompleteSignatureException",
            "Authorization header requires existence of 'Credential', 'SignedHeaders' and "
            "'Signature' parameters.",
            403,
        )
    if claim.access_key != credentials.access_key or "x-amz-security-token" in headers:
        raise Refusal(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            403,
        )
    if claim.service != service:
        raise _invalid(f"Credential should be scoped to correct service: '{service}'.")
    for name in ("host", "x-amz-date"):
        if name not in claim.signed_headers or name not in headers:
            raise _invalid(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    _check_date(headers["x-amz-date"], claim.day)
    digest = headers.get("x-amz-content-sha256")
    if digest is not None and digest != sha256(incoming.body).hexdigest():
        raise _invalid("The value of x-amz-content-sha256 is not the digest of the body.")
    if not hmac.compare_digest(_expected(incoming, claim, credentials), claim.signature):
        raise _invalid(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service "
            "documentation for details."
        )
    return claim


def _expected(incoming: Incoming, claim: Claim, credentials: Credentials) -> str:
    signed = {name: incoming.headers.get(name, "") for name in claim.signed_headers}
    request = AWSRequest(
        method=incoming.method,
        url=f"http://{incoming.headers['host']}{incoming.target}",
        headers=signed,
        data=incoming.body,
    )
    request.context["timestamp"] = incoming.headers["x-amz-date"]
    signer = SigV4Auth(credentials, claim.service, claim.region)
    canonical = signer.canonical_request(request)
    return str(signer.signature(signer.string_to_sign(request, canonical), request))


def _check_date(stamp: str, day: str) -> None:
    # By the machine's clock and not the injected one: the client signs by the machine's too.
    now = datetime.now(UTC)
    try:
        signed = datetime.strptime(stamp, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        raise _invalid("Date must be in ISO-8601 'basic format'.") from None
    if not stamp.startswith(day):
        raise _invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 date.")
    if signed < now - _TOLERANCE:
        edge = (now - _TOLERANCE).strftime(SIGV4_TIMESTAMP)
        raise _invalid(f"Signature expired: {stamp} is now earlier than {edge}.")
    if signed > now + _TOLERANCE:
        edge = (now + _TOLERANCE).strftime(SIGV4_TIMESTAMP)
        raise _invalid(f"Signature not yet current: {stamp} is still later than {edge}.")


def _invalid(message: str) -> Refusal:
    return Refusal("InvalidSignatureException", message, 403)

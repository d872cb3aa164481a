"""As much of AWS STS as tells callers who they are: GetCallerIdentity in the query protocol."""

import uuid
from urllib.parse import parse_qs, urlsplit

from botocore.credentials import Credentials

from bot.demo.outposts.signature import verify
from bot.demo.outposts.wire import Refusal
from bot.demo.wire import Answer, Incoming

OPERATION = "GetCallerIdentity"
ARN = "arn:aws:iam::111122223333:user/quartermaster"

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
# STS has other names for what is wrong with a signature than the younger services.
_CODES = {
    "IncompleteSignatureException": "IncompleteSignature",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
}


def asks(incoming: Incoming) -> bool:
    """Whether a request is for STS: its operations are all a POST to the root."""
    if (incoming.method, urlsplit(incoming.target).path) != ("POST", "/"):
        return False
    return parse_qs(incoming.body.decode(errors="replace")).get("Action") == [OPERATION]


def answer(incoming: Incoming, credentials: Credentials) -> Answer:
    """Who is asking, if the signature is theirs."""
    try:
        verify(incoming, credentials, "sts")
    except Refusal as refusal:
        return no(_CODES.get(refusal.code, refusal.code), refusal.message)
    account = ARN.split(":")[4]
    result = f"<Arn>{ARN}</Arn><UserId>AIDALOCAL</UserId><Account>{account}</Account>"
    return _xml(200, f"{OPERATION}Response", f"<{OPERATION}Result>{result}</{OPERATION}Result>")


def no(code: str, message: str) -> Answer:
    """A refusal, as STS says it on the wire."""
    return _xml(
        403,
        "ErrorResponse",
        f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>",
    )


def _xml(status: int, name: str, inside: str) -> Answer:
    metadata = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
    body = f'<{name} xmlns="{_NAMESPACE}">{inside}{metadata}</{name}>'
    return Answer(status, body.encode(), "text/xml")

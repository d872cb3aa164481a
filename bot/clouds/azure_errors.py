"""What each failure of a request to Azure means, and what people read of it.

Only two things prove that nothing was done: no connection was made, or Azure Resource Manager (ARM) itself
said no. Error codes are ARM's own (https://aka.ms/arm-common-errors).
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.clouds.gate import Stopped
from bot.clouds.reading import Answer, a_dict, text
from bot.errors import CloudDenied, CloudDown, CloudError, CloudRefused, CloudUnknown

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

log = logging.getLogger(__name__)

NO_CREDENTIALS = "NoCredentials"
WHERE_FROM = (
    "Give the bot Azure credentials that azure-identity's DefaultAzureCredential finds: a managed or workload"
    " identity of the machine, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET."
)
NOT_REGISTERED = "MissingSubscriptionRegistration"
HOW_TO_REGISTER = (
    "The subscription is not registered for Edge Order. Somebody who owns it has to run, once:"
    " az provider register --namespace Microsoft.EdgeOrder"
)
TRY_LATER_STATUS = frozenset({408, 425, 429})
# "Try again later" in ARM's words, whatever status they come with. None of them says that nothing was done.
TRY_LATER = frozenset(
    {
        "AnotherOperationInProgress",
        "GatewayTimeout",
        "InternalServerError",
        "RequestTimeout",
        "ResourceRequestsThrottled",
        "RetryableError",
        "ServerTimeout",
        "ServiceUnavailable",
        "SubscriptionRequestsThrottled",
        "TooManyRequests",
    }
)
# A secret or an identity may have been replaced since it was read.
STALE_CREDENTIALS = frozenset(
    {
        NO_CREDENTIALS,
        "AuthenticationFailed",
        "ExpiredAuthenticationToken",
        "InvalidAuthenticationToken",
        "InvalidAuthenticationTokenAudience",
        "InvalidAuthenticationTokenTenant",
    }
)
# Said by ARM itself before Edge Order hears of a request: nothing was done, and an operator can change it.
DENIED = STALE_CREDENTIALS | {
    "AuthorizationFailed",
    "InvalidSubscriptionId",
    "LinkedAuthorizationFailed",
    "SubscriptionNotFound",
    NOT_REGISTERED,
    # This API is not there at all, which says nothing of the thing that was asked about.
    "InvalidApiVersionParameter",
    "InvalidResourceNamespace",
    "InvalidResourceType",
    "NoRegisteredProviderFound",
    "UnsupportedApiVersion",
}
ERROR_CODE = re.compile("[A-Za-z][A-Za-z0-9._]*")
UNREADABLE = "Azure's answer could not be read."
LONGEST_WHY = 500  # characters: a proxy's error page is not for reading


def cloud_error(error: Exception) -> CloudError:
    """What a failed request means. Only ARM's own 4xx is a no; asking to try later is not saying no."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

    if isinstance(error, HttpResponseError) and error.status_code == 404 and _said_no(error):
        return _refusal(error)  # often just what was to be found out
    _log(error)
    if isinstance(error, ClientAuthenticationError) and not _is_answer(error):
        return CloudDenied(NO_CREDENTIALS, f"{_first_line(error)} {WHERE_FROM}")
    if isinstance(error, HttpResponseError) and _said_no(error):
        return _refusal(error)
    return CloudDown(_why(error))


def _is_answer(error: HttpResponseError) -> bool:
    """Whether Azure Resource Manager has answered, and not whoever gives out tokens."""
    request = getattr(error.response, "request", None)
    return "/providers/microsoft.edgeorder" in text(getattr(request, "url", "")).lower()


def _refusal(error: HttpResponseError) -> CloudRefused:
    code, words, status = _code(error), _words(error), error.status_code
    if code == NOT_REGISTERED:
        return CloudDenied(code, HOW_TO_REGISTER)
    # Whatever the reason, a 403 to a question is about who asks.
    not_shown = status == 403 and _method(error) == "GET"
    if code in DENIED or status == 401 or not_shown:
        return CloudDenied(code, words)
    return CloudUnknown(code, words) if status == 404 else CloudRefused(code, words)


def _method(error: HttpResponseError) -> str:
    return text(getattr(getattr(error.response, "request", None), "method", ""))


def never_connected(error: BaseException | None) -> bool:
    """Whether a failure proves that no connection was made, so that nothing was sent.

    The SDK's own ServiceRequestError does not: it also covers a TLS connection that broke after sending.
    """
    import ssl

    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError

    proofs = (NewConnectionError, ConnectTimeoutError, ProxyError, ssl.SSLCertVerificationError)
    return any(isinstance(one, proofs) for one in _inside(error))


def _inside(error: object) -> Iterator[BaseException]:
    """A failure and those that it wraps, in the three ways in which azure-core, requests and urllib3 do."""
    seen: list[object] = []
    while isinstance(error, BaseException) and error not in seen:
        yield error
        seen.append(error)
        wrapped = (getattr(error, "inner_exception", None), getattr(error, "reason", None), *error.args[:1])
        error = next((one for one in wrapped if isinstance(one, BaseException)), None)


def _said_no(error: HttpResponseError) -> bool:
    """Whether ARM itself refused for good: a 4xx in its own name that does not say *later*."""
    status = error.status_code or 0
    return (
        400 <= status < 500
        and status not in TRY_LATER_STATUS
        and _from_arm(error)
        and bool(ERROR_CODE.fullmatch(_code(error)))
        and _code(error) not in TRY_LATER
    )


def _from_arm(error: HttpResponseError) -> bool:
    """A proxy between us and Azure may refuse too; what became of the request is then not known."""
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    return any(name in headers for name in ("x-ms-request-id", "x-ms-correlation-request-id"))


def _error_of(error: HttpResponseError) -> Answer:
    return a_dict(a_dict(json_of(error.response)).get("error"))


def _code(error: HttpResponseError) -> str:
    return text(_error_of(error).get("code"))


def _words(error: HttpResponseError) -> str:
    said = text(_error_of(error).get("message")).strip()
    return said[:LONGEST_WHY] or f"Azure gave no reason but {_code(error)}."


# What people read of failures that the SDK describes to programmers, by the name of its exception.
PLAIN = {
    "DecodeError": UNREADABLE,
    "IncompleteReadError": "The connection broke while Azure was answering.",
    "ServiceRequestTimeoutError": "Azure could not be reached in time.",
    "ServiceResponseError": "The connection broke before Azure had answered.",
    "ServiceResponseTimeoutError": "Azure did not answer in time.",
}


def _why(error: Exception) -> str:
    """A failure in words for people; the log has the rest."""
    from azure.core.exceptions import HttpResponseError

    if isinstance(error, Stopped):
        return str(error)
    if type(error).__name__ in PLAIN:
        return PLAIN[type(error).__name__]
    if type(error).__name__ == "ServiceRequestError":
        return "Azure could not be reached." if never_connected(error) else "The connection to Azure broke."
    if isinstance(error, HttpResponseError) and error.response is not None:
        return _answered(error)[:LONGEST_WHY]
    if isinstance(error, AttributeError | LookupError | TypeError | ValueError):
        return UNREADABLE  # the SDK has tripped over it
    return text(f"{type(error).__name__}: {error}")[:LONGEST_WHY]


def _answered(error: HttpResponseError) -> str:
    """An answer that settles nothing: `Azure answered 503 ServiceUnavailable: Try again.`"""
    words = text(_error_of(error).get("message")).strip()
    said = " ".join(filter(None, ["Azure answered", text(error.status_code), _code(error)]))
    return f"{said}: {words}" if words else f"{said}."


def _first_line(error: Exception) -> str:
    return text(error).strip().partition("\n")[0][:LONGEST_WHY]


def _log(error: Exception) -> None:
    """Note a failure by what Azure's support can find it with; bodies and headers may hold secrets."""
    from azure.core.exceptions import HttpResponseError

    response = getattr(error, "response", None)
    headers: Mapping[str, str] = getattr(response, "headers", {})
    request = getattr(response, "request", None)
    log.warning(
        "azure.failed",
        extra={
            "error": type(error).__name__,
            "code": _code(error) if isinstance(error, HttpResponseError) else "",
            "why": f"{response.status_code}" if response is not None else _first_line(error),
            "asked": f"{request.method} {urlsplit(request.url).path}" if request is not None else "",
            "request_id": headers.get("x-ms-request-id", ""),
            "correlation_id": headers.get("x-ms-correlation-request-id", ""),
        },
    )


def json_of(response: Any) -> object:
    """The JSON of an answer, None where there is none to be read."""
    try:
        return json.loads(response.text())
    except Exception:  # noqa: BLE001 - whatever it is, it is no JSON
        return None

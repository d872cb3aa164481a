"""How Azure is spoken to: clients, the JSON of answers, and what each failure means.

The SDK is azure-mgmt-edgeorder 3.0.0 (API 2024-02-01). Its models are passed by: they turn members of an
unexpected type into other ones silently, and a list without `value` into an empty one. What counts is the
JSON that came over the wire.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from bot.clouds import AzureAccount
from bot.clouds.gate import Gate, Stopped
from bot.clouds.reading import Answer, a_dict, text
from bot.errors import CloudDenied, CloudDown, CloudError, CloudRefused, CloudUnknown

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.identity import DefaultAzureCredential
    from azure.mgmt.edgeorder import EdgeOrderManagementClient

log = logging.getLogger(__name__)

PUBLIC = "https://management.azure.com"
# Whose authorities azure-identity knows; at any other it must not ask the public cloud about them.
KNOWN_CLOUDS = frozenset(
    {PUBLIC, "https://management.usgovcloudapi.net", "https://management.chinacloudapi.cn"}
)
CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 20.0  # seconds, of a call that only reads
RETRY_AFTER = 10.0  # seconds until the next look at an operation, where Azure does not say
LONGEST_RETRY_AFTER = 300.0

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
}
# A 404 that is not about the thing: this API is not there at all.
NO_SUCH_API = frozenset({"InvalidResourceNamespace", "InvalidResourceType", "NoRegisteredProviderFound"})
ERROR_CODE = re.compile("[A-Za-z][A-Za-z0-9._]*")
LONGEST_WHY = 500  # characters: a proxy's error page is not for reading


class Call(Protocol):
    """One call of the SDK; `options` are for its pipeline."""

    def __call__(self, client: EdgeOrderManagementClient, **options: Any) -> Any: ...


@dataclass(frozen=True)
class Reply:
    """An answer to a request for something to be done. `body` is its JSON, None where it has none."""

    status: int
    headers: Mapping[str, str]
    body: object = None

    @property
    def location(self) -> str:
        """Where Azure tells what becomes of it."""
        return text(self.headers.get("Location"))

    @property
    def retry_after(self) -> float:
        """How long Azure asks to wait before looking there, in seconds."""
        for name, unit in (("Retry-After", 1.0), ("x-ms-retry-after-ms", 0.001), ("retry-after-ms", 0.001)):
            said = text(self.headers.get(name))
            if re.fullmatch("[0-9]{1,9}", said):
                return min(int(said) * unit, LONGEST_RETRY_AFTER)
        return RETRY_AFTER


class Arm:
    """Edge Order in one subscription, as JSON.

    Clients may be shared among threads; everything is opened on first use and may be closed at any time.

    Args:
        account: The subscription and its Azure Resource Manager.
        place_timeout: How long a request for something to be done waits for its answer, in seconds.
    """

    def __init__(self, account: AzureAccount, place_timeout: float) -> None:
        self.url = (account.manager_url or PUBLIC).rstrip("/")
        self._subscription = account.subscription
        self._place_timeout = place_timeout
        self._lock = Lock()
        self._credential: DefaultAzureCredential | None = None
        self._reader: EdgeOrderManagementClient | None = None

    def one(self, call: Call) -> Answer:
        """The object that a question is answered with."""
        return next(self._objects(lambda client, **options: [call(client, **options)]))

    def all(self, call: Call) -> Iterator[Answer]:
        """Every element of every page, a request a page."""
        for page in self._objects(lambda client, **options: call(client, **options).by_page()):
            found = page.get("value")
            # Without this, half a page would read as: there are no order items.
            if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
                raise _worthless()
            yield from found

    def _objects(self, pages: Call) -> Iterator[Answer]:
        seen: list[Any] = []
        with self._translated():
            # A list is asked for by POST, which is safe to repeat here and which the SDK would not repeat.
            options = {"raw_response_hook": seen.append, "retry_on_methods": ["GET", "POST"]}
            for _ in pages(self._open_reader(), **options):
                body = _body(seen[-1].http_response)
                seen.clear()
                if not isinstance(body, Mapping):
                    raise _worthless()
                yield body

    def look(self, url: str) -> Reply:
        """What a URL of Azure's own says now, once. A 4xx is raised, as from any question."""
        from azure.core.exceptions import HttpResponseError
        from azure.core.rest import HttpRequest

        with self._translated():
            response = self._open_reader().send_request(HttpRequest("GET", url), retry_total=0)
            if response.status_code >= 300:
                raise HttpResponseError(response=response)
            return Reply(response.status_code, response.headers, _body(response))

    def ours(self, url: str) -> bool:
        """Whether a URL is on our own Azure Resource Manager: elsewhere no token may go."""
        return urlsplit(url).netloc.lower() == urlsplit(self.url).netloc.lower() and url.startswith(
            "https://"
        )

    def ask_for(self, call: Call) -> Reply:
        """Have something done that does no harm when done twice."""
        with self._translated():
            return self.send(call)

    def send(self, call: Call, gate: Gate | None = None) -> Reply:
        """Have something done: sent once at most, over a connection that nobody had used before.

        A kept connection that had died in the meantime would make an order unclear that never left. What
        fails is raised as the SDK raises it.
        """
        seen: list[Any] = []
        with self._submitter(gate) as client:
            try:
                call(client, raw_response_hook=seen.append)
            except Exception:
                # What was accepted was, even if the SDK can't make sense of the rest of the answer.
                if not seen or seen[-1].http_response.status_code >= 300:
                    raise
        response = seen[-1].http_response
        return Reply(response.status_code, response.headers, _body(response))

    @contextmanager
    def _submitter(self, gate: Gate | None) -> Iterator[EdgeOrderManagementClient]:
        from bot.clouds.azure_pipeline import GatePolicy, open_client

        with self._lock:
            credential = self._open_credential()
        client = open_client(
            credential,
            self._subscription,
            self.url,
            timeouts=(min(CONNECT_TIMEOUT, self._place_timeout), self._place_timeout),
            last=(GatePolicy(gate),) if gate else (),
        )
        try:
            yield client
        finally:
            client.close()

    def _open_reader(self) -> EdgeOrderManagementClient:
        from bot.clouds.azure_pipeline import open_client

        with self._lock:
            if self._reader is None:
                self._reader = open_client(
                    self._open_credential(),
                    self._subscription,
                    self.url,
                    timeouts=(CONNECT_TIMEOUT, READ_TIMEOUT),
                    retries=True,
                )
            return self._reader

    def _open_credential(self) -> DefaultAzureCredential:
        from azure.identity import DefaultAzureCredential

        if self._credential is None:
            # At info it logs the headers of every request.
            logging.getLogger("azure").setLevel(logging.WARNING)
            try:
                self._credential = DefaultAzureCredential(
                    disable_instance_discovery=self.url not in KNOWN_CLOUDS,
                    connection_timeout=CONNECT_TIMEOUT,
                    read_timeout=READ_TIMEOUT,
                )
            except ValueError as error:
                raise CloudDenied(NO_CREDENTIALS, f"{error} {WHERE_FROM}") from error
        return self._credential

    def forget(self) -> None:
        """Read credentials anew at the next call; calls under way keep the old ones."""
        with self._lock:
            self._credential = self._reader = None

    def close(self) -> None:
        """Close every connection; the next call opens them again."""
        with self._lock:
            for one in (self._reader, self._credential):
                if one is not None:
                    one.close()
        self.forget()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except CloudError:
            raise
        except Exception as error:
            raise self.meaning(error) from error

    def meaning(self, error: Exception) -> CloudError:
        """What a failure means; tokens that do not work are not used again."""
        told = cloud_error(error)
        if isinstance(told, CloudDenied) and told.code in STALE_CREDENTIALS:
            self.forget()
        return told


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
    if code in DENIED or status == 401 or (status == 404 and code in NO_SUCH_API):
        return CloudDenied(code, words)
    return CloudUnknown(code, words) if status == 404 else CloudRefused(code, words)


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
    return a_dict(a_dict(_body(error.response)).get("error"))


def _code(error: HttpResponseError) -> str:
    return text(_error_of(error).get("code"))


def _words(error: HttpResponseError) -> str:
    said = text(_error_of(error).get("message")).strip()
    return said[:LONGEST_WHY] or f"Azure gave no reason but {_code(error)}."


def _body(response: Any) -> object:
    """The JSON of an answer, None where there is none to be read."""
    try:
        return json.loads(response.text())
    except Exception:  # noqa: BLE001 - whatever it is, it is no JSON
        return None


def _worthless() -> CloudDown:
    return CloudDown(UNREADABLE)


UNREADABLE = "Azure's answer could not be read."
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
    response = getattr(error, "response", None)
    headers: Mapping[str, str] = getattr(response, "headers", {})
    request = getattr(response, "request", None)
    log.warning(
        "azure.failed",
        extra={
            "error": type(error).__name__,
            "why": f"{response.status_code}" if response is not None else _first_line(error),
            "asked": f"{request.method} {urlsplit(request.url).path}" if request is not None else "",
            "request_id": headers.get("x-ms-request-id", ""),
            "correlation_id": headers.get("x-ms-correlation-request-id", ""),
        },
    )

"""How Azure is spoken to: clients, and the JSON of answers.

The SDK is azure-mgmt-edgeorder 3.0.0 (API 2024-02-01). Its models are passed by: they turn members of an
unexpected type into other ones silently, and a list without `value` into an empty one. What counts is the
JSON that came over the wire.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from bot.clouds import AzureAccount
from bot.clouds.azure_errors import (
    NO_CREDENTIALS,
    STALE_CREDENTIALS,
    UNREADABLE,
    WHERE_FROM,
    cloud_error,
    json_of,
)
from bot.clouds.gate import Gate
from bot.clouds.reading import Answer, text, url_parts
from bot.errors import CloudDenied, CloudDown, CloudError

if TYPE_CHECKING:
    from azure.identity import DefaultAzureCredential
    from azure.mgmt.edgeorder import EdgeOrderManagementClient

log = logging.getLogger(__name__)

API_VERSION = "2024-02-01"
PUBLIC = "https://management.azure.com"
# Whose authorities azure-identity knows; at any other it must not ask the public cloud about them.
KNOWN_CLOUDS = frozenset(
    {PUBLIC, "https://management.usgovcloudapi.net", "https://management.chinacloudapi.cn"}
)
CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 20.0  # seconds, of a call that only reads
RETRY_AFTER = 10.0  # seconds until the next look at an operation, where Azure does not say
LONGEST_RETRY_AFTER = 300.0


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
                body = json_of(seen[-1].http_response)
                seen.clear()
                if not isinstance(body, Mapping):
                    raise _worthless()
                yield body

    def look(self, url: str) -> Reply:
        """What a URL of Azure's own says now, once. A 4xx is raised, as from any question; so is garbage."""
        from azure.core.exceptions import HttpResponseError
        from azure.core.rest import HttpRequest

        with self._translated():
            response = self._open_reader().send_request(HttpRequest("GET", url), retry_total=0)
            if response.status_code >= 300:
                raise HttpResponseError(response=response)
            body = json.loads(response.content) if response.content else None
            return Reply(response.status_code, response.headers, body)

    def authenticate(self) -> None:
        """Get a token, to know whether there is one to be had."""
        with self._translated():
            with self._lock:
                credential = self._open_credential()
            credential.get_token(f"{self.url}/.default")

    def ours(self, url: str) -> bool:
        """Whether a URL is on our own Azure Resource Manager: elsewhere no token may go."""
        parts, own = url_parts(url), url_parts(self.url)
        return (parts.scheme, parts.netloc.lower()) == ("https", own.netloc.lower())

    def ask_for(self, call: Call) -> Reply:
        """Have something done that does no harm when done twice."""
        with self._translated():
            return self.send(call)

    def send(self, call: Call, gate: Gate | None = None) -> Reply:
        """Have something done: sent once at most, over a connection that nobody had used before.

        A kept connection that had died in the meantime would make an order unclear that never left. What
        fails is raised as the SDK raises it.
        """
        with self._submitter(gate) as client, ExitStack() as stack:
            seen: list[Any] = []

            def note(answer: Any) -> None:
                stack.callback(answer.http_response.close)  # some of them the SDK does not read
                seen.append(answer.http_response)

            try:
                call(client, raw_response_hook=note)
            except Exception:
                # What was accepted was, even if the SDK can't make sense of the rest of the answer.
                if not seen or seen[-1].status_code >= 300:
                    raise
            return Reply(seen[-1].status_code, seen[-1].headers, json_of(seen[-1]))

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
            for chatty in ("azure", "msal"):  # they log the headers of every request
                logging.getLogger(chatty).setLevel(logging.WARNING)
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
        told = error if isinstance(error, CloudError) else cloud_error(error)
        if isinstance(told, CloudDenied) and told.code in STALE_CREDENTIALS:
            self.forget()
        return told


def _worthless() -> CloudDown:
    return CloudDown(UNREADABLE)

"""The pipeline through which the Azure SDK speaks. Importing this imports the SDK: only do so on first use.

Written out rather than left to the SDK, because its own repeats a PUT up to four times, follows redirects,
waits as long as a Retry-After says, logs headers, and where the subscription lacks Microsoft.EdgeOrder
registers it by itself and waits without limit (azure-core 1.41, azure-mgmt-core 1.6).
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from azure.core.credentials import TokenCredential
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    CustomHookPolicy,
    HTTPPolicy,
    RequestIdPolicy,
    RetryPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from azure.mgmt.edgeorder import EdgeOrderManagementClient

from bot.clouds.gate import Gate
from bot.clouds.reading import url_parts
from bot.errors import CloudDown

APPLICATION = "quartermaster"  # in the user agent, so that activity logs tell our calls from others
READ_RETRIES = 2
MOST_PATIENCE = 10.0  # seconds that a Retry-After may ask for; the worker comes again anyway
TOTAL_TIME = 30.0  # seconds for one question with all its retries


class Retries(RetryPolicy[HttpRequest, HttpResponse]):
    """Retries of what only reads: few, brief, and not at all where Azure asks for more patience."""

    def __init__(self) -> None:
        super().__init__(retry_total=READ_RETRIES, retry_backoff_factor=0.1, timeout=TOTAL_TIME)

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        wait = self.get_retry_after(response) or 0.0
        return wait <= MOST_PATIENCE and super().is_retry(settings, response)


class OurHostOnly(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    """Keeps the bearer token from every host but our own, wherever the link to one comes from."""

    def __init__(self, url: str) -> None:
        self._host = url_parts(url).netloc.lower()

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        if url_parts(request.http_request.url).netloc.lower() != self._host:
            raise CloudDown("Azure's answer points to a host that is not its own.")
        request.http_request.headers["x-ms-correlation-request-id"] = str(uuid4())


class GatePolicy(HTTPPolicy[HttpRequest, HttpResponse]):
    """Stands last, before the transport. The SDK sends again after a 401 alone, if with a better token."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        self._gate()
        response = self.next.send(request)
        # A proxy's 401 would prove nothing.
        if response.http_response.status_code == 401 and "x-ms-request-id" in response.http_response.headers:
            self._gate.reopen()
        return response


def open_client(
    credential: TokenCredential,
    subscription: str,
    url: str,
    *,
    timeouts: tuple[float, float],
    last: tuple[GatePolicy, ...] = (),
    retries: bool = False,
) -> EdgeOrderManagementClient:
    """A client of Edge Order (API 2024-02-01) with connections of its own.

    Args:
        credential: Where tokens come from.
        subscription: The id of the subscription, a UUID.
        url: Of Azure Resource Manager, without a slash at its end; also the audience of tokens.
        timeouts: For the connection and for each part of the answer, in seconds.
        last: What a request has to pass last.
        retries: Whether what fails is asked again; for what only reads.
    """
    scope = f"{url}/.default"
    policies: list[Any] = [
        RequestIdPolicy(),
        UserAgentPolicy(user_agent=APPLICATION, sdk_moniker="mgmt-edgeorder"),
        OurHostOnly(url),
        *([Retries()] if retries else []),
        ARMChallengeAuthenticationPolicy(credential, scope),
        CustomHookPolicy(),
        *last,
    ]
    connect, read = timeouts
    client = EdgeOrderManagementClient(
        credential,
        subscription,
        url,
        credential_scopes=[scope],
        policies=policies,
        transport=RequestsTransport(connection_timeout=connect, read_timeout=read),
    )
    # Now rather than at the first request: two threads at once would each open a session.
    return client.__enter__()

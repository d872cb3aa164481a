"""How AWS is spoken to: clients, what stops a second send, and what each failure means.

Measured against botocore 1.44.5: by itself it sends CreateOrder up to three times (five in versions
before 1.44 and in `legacy` mode), and an explicit `total_max_attempts=1` sends once in every mode,
whatever AWS_MAX_ATTEMPTS says.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from bot.clouds.gate import Stopped
from bot.clouds.reading import text
from bot.core.aws_terms import ORDER_ID
from bot.core.snapshot import Ref
from bot.errors import CloudDenied, CloudDown, CloudError, CloudRefused, CloudUnknown
from bot.ports import NotSent, Outcome, Placed, Refused, Unclear

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.config import Config
    from botocore.exceptions import ClientError
    from botocore.loaders import Loader
    from types_boto3_outposts import OutpostsClient

log = logging.getLogger(__name__)

APP_ID = "quartermaster"  # in the user agent, so that CloudTrail tells our calls from others
CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 20.0  # seconds, of a call that only reads
READ_ATTEMPTS = 3

NO_CREDENTIALS = "NoCredentials"
WHERE_FROM = (
    "Give the bot AWS credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile in"
    " AWS_PROFILE, or a role of the machine that it runs on."
)
# A profile or a role may have got new keys since these were read.
STALE_CREDENTIALS = frozenset(
    {
        NO_CREDENTIALS,
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)

# "Try again later" in AWS's many words (botocore 1.44.5, retries/standard.py). None of them says
# that nothing was done.
TRY_LATER = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
TRY_LATER_STATUS = frozenset({408, 425, 429})
ERROR_CODE = re.compile("[A-Za-z][A-Za-z0-9.]*")
LONGEST_WHY = 500  # characters: a proxy's error page is not for reading


class Clients:
    """A reading client for each Region, shared by all threads, and a fresh one for every placing.

    boto3's clients may be shared among threads, the session that makes them may not.
    """

    def __init__(self, place_timeout: float) -> None:
        self._place_timeout = place_timeout
        self._lock = Lock()
        self._session: Session | None = None
        self._readers: dict[str, OutpostsClient] = {}

    def reader(self, region: str) -> OutpostsClient:
        """The client for everything that may be asked twice."""
        with self._lock:
            if region not in self._readers:
                config = _config(READ_ATTEMPTS, CONNECT_TIMEOUT, READ_TIMEOUT)
                self._readers[region] = self._open(region, config)
            return self._readers[region]

    @contextmanager
    def submitter(self, region: str) -> Iterator[OutpostsClient]:
        """A client that sends once, over a connection that nobody had used before.

        A kept connection that had died in the meantime would make an order unclear that never left.
        """
        config = _config(1, min(CONNECT_TIMEOUT, self._place_timeout), self._place_timeout)
        with self._lock:
            client = self._open(region, config)
        try:
            yield client
        finally:
            client.close()

    def caller(self, region: str) -> Mapping[str, Any]:
        """Whom AWS takes the bot for, as STS tells everybody of themselves."""
        config = _config(1, CONNECT_TIMEOUT, CONNECT_TIMEOUT)
        with self._lock:
            self._session = self._session or _new_session()
            client: Any = self._session.client("sts", region_name=region, config=config)
        try:
            answer: Mapping[str, Any] = client.get_caller_identity()
            return answer
        finally:
            client.close()

    def forget(self) -> None:
        """Read profile and credentials anew at the next call; calls under way keep the old ones."""
        with self._lock:
            self._session = None
            self._readers = {}

    def close(self) -> None:
        """Close every connection and forget it."""
        with self._lock:
            for client in self._readers.values():
                client.close()
        self.forget()

    def _open(self, region: str, config: Config) -> OutpostsClient:
        self._session = self._session or _new_session()
        return self._session.client("outposts", region_name=region, config=config)


def _new_session() -> Session:
    """A session with credentials, profile and endpoint as boto3's documentation says."""
    import boto3.session
    import botocore.session

    core = botocore.session.get_session()
    core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
    return boto3.session.Session(botocore_session=core)


@cache
def _loader(data_path: str | None) -> Loader:
    """The service model, read from disk once: that is 80 ms of the 90 that a first client takes."""
    from botocore.loaders import create_loader

    return create_loader(data_path)


def _config(attempts: int, connect: float, read: float) -> Config:
    """Settings of a client, explicit so that no AWS_… variable or profile changes them; seconds."""
    from botocore.config import Config

    options: dict[str, Any] = {
        "retries": {"mode": "standard", "total_max_attempts": attempts},
        "connect_timeout": connect,
        "read_timeout": read,
        "user_agent_appid": APP_ID,  # botocore-stubs don't know this one yet
    }
    return Config(**options)


def booked(answer: Mapping[str, Any], region: str) -> Outcome:
    """What an answer of 200 means: nothing, unless it names an order."""
    order = answer.get("Order")
    order_id = text(order.get("OrderId")) if isinstance(order, Mapping) else ""
    if ORDER_ID.fullmatch(order_id):
        return Placed(Ref(region, order_id))
    return Unclear("AWS answered without an order id.")


def outcome_of(error: Exception, *, sent: bool) -> Outcome:
    """What a failed placing call means.

    Only two things prove that there is no order: nothing was sent, or AWS itself said no. Asking to
    try later is not saying no.
    """
    from botocore import exceptions as boto

    if isinstance(error, boto.ParamValidationError):
        return Refused("ParamValidationError", str(error))
    never_connected = (
        boto.EndpointConnectionError,
        boto.ConnectTimeoutError,
        boto.ProxyConnectionError,
    )
    if not sent or isinstance(error, never_connected):
        return NotSent(_why(error))
    if isinstance(error, boto.ClientError) and _said_no(error):
        return Refused(_code(error), _words(error))
    return Unclear(_why(error))


def cloud_error(error: Exception) -> CloudError:
    """What a failed question means."""
    from botocore import exceptions as boto

    missing = (boto.NoCredentialsError, boto.PartialCredentialsError, boto.ProfileNotFound)
    if isinstance(error, missing):
        return CloudDenied(NO_CREDENTIALS, f"{error}. {WHERE_FROM}")
    if isinstance(error, boto.ParamValidationError):
        return CloudRefused("ParamValidationError", str(error))
    if not isinstance(error, boto.ClientError) or not _said_no(error):
        why = _why(error)
        return CloudDown(UNREADABLE if isinstance(error, STUMBLES) else why)
    return _kind(_code(error))(_code(error), _words(error))


def _kind(code: str) -> type[CloudRefused]:
    if code == "NotFoundException":
        return CloudUnknown
    return CloudDenied if code in STALE_CREDENTIALS or code.startswith("AccessDenied") else CloudRefused


def _said_no(error: ClientError) -> bool:
    """Whether AWS itself refused for good: a 4xx in its own name that does not say *later*."""
    metadata: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", 0)
    # A proxy between us and AWS may refuse too; what became of the request is then not known.
    from_aws = {"x-amzn-errortype", "x-amzn-requestid"} & set(metadata.get("HTTPHeaders", {}))
    return (
        400 <= status < 500
        and status not in TRY_LATER_STATUS
        and bool(from_aws)
        and bool(ERROR_CODE.fullmatch(_code(error)))
        and _code(error) not in TRY_LATER
    )


def _code(error: ClientError) -> str:
    return text(error.response.get("Error", {}).get("Code"))


def _words(error: ClientError) -> str:
    said = text(error.response.get("Error", {}).get("Message")).strip()
    return said or f"AWS gave no reason but {_code(error)}."


# What botocore raises where an answer is not of the shape that its model says.
STUMBLES = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
UNREADABLE = "The answer of AWS could not be read"
# What people read of failures that botocore describes to programmers, by the name of its exception.
PLAIN = {
    "ConnectionClosedError": "The connection broke before AWS had answered",
    "ReadTimeoutError": "AWS did not answer in time",
    "ResponseStreamingError": "The connection broke while AWS was answering",
    "ConnectTimeoutError": "AWS could not be reached in time",
    "EndpointConnectionError": "AWS could not be reached",
    "ProxyConnectionError": "The proxy on the way to AWS could not be reached",
    "SSLError": "The secure connection to AWS failed",
}


def _why(error: Exception) -> str:
    """A failure in words for people; the log has the rest."""
    from botocore import exceptions as boto

    log.warning("aws.failed", extra={"error": type(error).__name__, "why": str(error)[:LONGEST_WHY]})
    if isinstance(error, boto.ClientError):
        return _answered(error)[:LONGEST_WHY]
    said = str(error) if isinstance(error, Stopped) else f"{type(error).__name__}: {error}"
    return PLAIN.get(type(error).__name__) or text(said)[:LONGEST_WHY]


def _answered(error: ClientError) -> str:
    """An answer that settles nothing: `AWS answered 503: Service Unavailable`."""
    status = str(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
    code = "" if _code(error) == status else _code(error)
    words = text(error.response.get("Error", {}).get("Message")).strip()
    return " ".join(filter(None, ["AWS answered", status, code])) + (f": {words}" if words else "")

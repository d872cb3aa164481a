"""What the failures of every cloud look like where the cloud is AWS."""

from bot.demo.faults import KINDS, Fault, Faults
from bot.demo.outposts.wire import Refusal

__all__ = ["FAILURES", "KINDS", "Fault", "Faults"]

# AWS marks throttling with the code of the error, at either status.
FAILURES = {
    "408": Refusal("RequestTimeoutException", "The request timed out.", 408),
    "429": Refusal("TooManyRequestsException", "Too many requests.", 429),
    "500": Refusal("InternalServerException", "An internal error has occurred.", 500),
    "502": Refusal("BadGatewayException", "The gateway got no valid answer.", 502),
    "503": Refusal("ServiceUnavailableException", "The service is unavailable.", 503),
    "504": Refusal("GatewayTimeoutException", "The gateway got no answer in time.", 504),
    "throttle": Refusal("ThrottlingException", "Rate exceeded", 400),
}
"""Failures with an HTTP answer, by the stem of their kind."""

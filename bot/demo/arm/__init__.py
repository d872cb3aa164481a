"""A local Azure Resource Manager with Edge Order: real TLS on loopback, answering the real SDK.

It answers as the recordings of the real one do where there are any, and is strict where they are
silent. `tls` makes a certificate authority, `identity` hands out and checks tokens as a managed
identity has them, `contract` holds requests against the SDK's own models, `catalog` is what can be
bought, `items` the life of what was, and `local` puts them together.

Nobody has recorded a refused creation, a PUT on a name that exists, or an item past Placed. What is
answered there is a choice, and `LocalArm` has a switch where a client might depend on it.
"""

from bot.demo.arm.local import LocalArm, Request
from bot.demo.faults import Fault, Faults

__all__ = ["Fault", "Faults", "LocalArm", "Request"]

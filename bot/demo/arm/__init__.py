"""A local Azure Resource Manager with Edge Order: real TLS on loopback, answering the real SDK.

It answers as the recordings of the real one do where there are any, and is strict where they are
silent. `tls` makes a certificate authority, `identity` hands out and checks tokens as a managed
identity has them, `contract` holds requests against the SDK's own models, `catalog` is what can be
bought, `items` the life of what was. A subscription is made of these in layers: `estate` is what it has,
`hands` are those of whoever plays Azure, `operations` are the API, and `local` serves it.

Nobody has recorded a refused creation, a PUT on a name that exists, or an item past Placed. What is
answered there is a choice, and `LocalArm` has a switch where a client might depend on it.
"""

from bot.demo.arm.estate import Request
from bot.demo.arm.local import LocalArm
from bot.demo.faults import Fault, Faults

__all__ = ["Fault", "Faults", "LocalArm", "Request"]

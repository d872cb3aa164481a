"""A local AWS Outposts API: real HTTP on loopback, answering the real boto3 client.

It is as strict as the real one is presumed to be, so that what passes here has a chance there:
`signature` verifies SigV4, `contract` holds requests against botocore's own service model, and
`faults` makes the network and the service fail in the ways that decide whether an order is placed
twice. `estate` is the hardware of an account, `orders` the life of its orders, `wire` the sockets,
and `local` puts them together.
"""

from bot.demo.outposts.faults import Fault, Faults
from bot.demo.outposts.local import LocalOutposts, Request

__all__ = ["Fault", "Faults", "LocalOutposts", "Request"]

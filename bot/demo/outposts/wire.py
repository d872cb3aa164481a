"""How the Outposts API says no on the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.demo.wire import Answer


@dataclass(eq=False)
class Refusal(Exception):
    """A request that the API turns down, as it says so on the wire."""

    code: str
    message: str
    status: int = 400
    more: Mapping[str, str] = field(default_factory=dict)
    """Further modelled members of the error, such as ResourceId."""

    def answer(self) -> Answer:
        body = {"Message": self.message, **self.more}
        return Answer(self.status, json.dumps(body).encode(), headers={"x-amzn-ErrorType": self.code})

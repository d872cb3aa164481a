"""The clouds' console: every order of the local clouds, and the levers with which to break things."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.messages.words import readable
from bot.demo.arm import LocalArm
from bot.demo.outposts import LocalOutposts
from bot.demo.world import Bot, LocalWorld

STAGE_SECONDS = 6.0
"""How long a stage takes while time runs."""
SLOW_SECONDS = 8.0

_AWS_OVER = frozenset({"COMPLETED", "FULFILLED", "CANCELLED", "ERROR"})
_AZURE_OVER = frozenset({"InUse", "Cancelled", "ReturnCompleted"})
_TAG = "quartermaster-order"

LEVERS = {
    "lose-answer": ("Lose the next answer", "takes the next order, and its answer gets lost on the way"),
    "lose-order": ("Lose the next order", "never gets the next order, and nobody says so"),
    "slow": ("Slow down", f"answers the next order only after {SLOW_SECONDS:.0f} seconds"),
}
"""What can go wrong with the next order: what the button says, and what the cloud does then."""
_KINDS = {"lose-answer": "drop_after", "lose-order": "drop_before", "slow": "slow"}
_PLACING = {"aws": "CreateOrder", "azure": "OrderItems_Create"}


ACTS = {
    "advance": "Advance",
    "ship": "Ship",
    "fail": "Fail",
    "reprice": "Reprice",
    "expire": "Expire",
    "require": "Fail a check",
}
"""What can be done with an order or a quote, and what its button says."""
_WITH_ORDERS = ("advance", "ship", "fail")
_WITH_QUOTES = ("reprice", "expire", "require")


@dataclass(frozen=True)
class Row:
    """One order, or one quote, as its cloud has it."""

    id: str
    what: str
    status: str
    ours: str = ""
    """The id of the bot's own order, where the cloud knows it."""
    over: bool = False
    """Whether nothing more will happen to it by itself."""
    failed: bool = False
    acts: Sequence[str] = _WITH_ORDERS


@dataclass(frozen=True)
class Cloud:
    """One cloud: what it has, newest first, and what is about to go wrong."""

    key: str
    name: str
    rows: Sequence[Row]
    pending: Sequence[str]
    quotes: Sequence[Row] = ()


@dataclass(frozen=True)
class State:
    """All that the console shows; two of them are equal where it shows the same."""

    clouds: Sequence[Cloud]
    running: bool
    """Whether time runs in the clouds."""
    process: int | None
    """The process id of the bot; None where there is no process to kill."""


class Console:
    """The hands that play the clouds, and the switch of the bot."""

    def __init__(self, world: LocalWorld) -> None:
        self.world = world
        self.bot: Bot | None = None
        """The process that can be killed, once there is one."""
        self._running = False
        self._hands: Mapping[tuple[str, str], Callable[[str], object]] = {
            ("aws", "advance"): world.outposts.advance,
            ("aws", "ship"): self._ship_aws,
            ("aws", "fail"): world.outposts.fail,
            ("aws", "reprice"): world.outposts.reprice,
            ("aws", "expire"): world.outposts.expire,
            ("aws", "require"): self._fail_check,
            ("azure", "advance"): world.arm.advance,
            ("azure", "ship"): lambda name: world.arm.set_stage(name, "Shipped"),
            ("azure", "fail"): self._fail_azure,
        }

    def state(self) -> State:
        """What there is now."""
        views = {"aws": ("AWS Outposts", self._aws), "azure": ("Azure Edge Order", self._azure)}
        there = [key for key in views if self._cloud(key) in self.world.clouds]
        return State(
            clouds=tuple(
                Cloud(key, views[key][0], tuple(views[key][1]()), self._pending(key), self._quotes(key))
                for key in there
            ),
            running=self._running,
            process=self.bot.pid if self.bot else None,
        )

    def act(self, cloud: str, act: str, id: str) -> None:
        """Do something of `ACTS` to one order or quote; LookupError where there is none that it is for."""
        there = (row for one in self.state().clouds if one.key == cloud for row in (*one.rows, *one.quotes))
        if not any(row.id == id and act in row.acts for row in there):
            raise LookupError(f"nothing called {id!r} to {act}")
        self._hands[cloud, act](id)

    def pull(self, cloud: str, lever: str) -> None:
        """Let something go wrong with the next order; LookupError where there is no such lever."""
        self._cloud(cloud).faults.add(_PLACING[cloud], _KINDS[lever], seconds=SLOW_SECONDS)

    def run(self, on: bool) -> None:
        """Let time run in the clouds, or stand still."""
        for cloud in self.world.clouds:
            if on:
                cloud.run(STAGE_SECONDS)
            else:
                cloud.pause()
        self._running = on

    def kill(self) -> None:
        """`kill -9` the bot, start it again, and wait until it serves.

        Raises:
            LookupError: There is no process. RuntimeError: It does not come back.
        """
        if self.bot is None:
            raise LookupError("the bot is no process of its own here")
        self.bot.restart()

    def _cloud(self, key: str) -> LocalOutposts | LocalArm:
        clouds: dict[str, LocalOutposts | LocalArm] = {"aws": self.world.outposts, "azure": self.world.arm}
        return clouds[key]

    def _pending(self, key: str) -> tuple[str, ...]:
        said = {_KINDS[lever]: words for lever, (_, words) in LEVERS.items()}
        faults = self._cloud(key).faults.pending
        return tuple(said.get(fault.kind, fault.kind) for fault in faults)

    def _aws(self) -> list[Row]:
        return [_aws_row(order) for order in reversed(self.world.outposts.orders)]

    def _quotes(self, key: str) -> tuple[Row, ...]:
        if key != "aws":
            return ()
        return tuple(_quote_row(quote) for quote in reversed(self.world.outposts.quotes))

    def _fail_check(self, quote: str) -> None:
        self.world.outposts.require(quote, "ENTERPRISE_SUPPORT_ERROR", "Enterprise Support is required.")

    def _azure(self) -> list[Row]:
        return [_azure_row(item) for item in reversed(self.world.arm.items)]

    def _ship_aws(self, id: str) -> None:
        [order] = [order for order in self.world.outposts.orders if order["OrderId"] == id]
        for line in range(len(order["LineItems"])):
            self.world.outposts.ship(id, line=line)

    def _fail_azure(self, name: str) -> None:
        self.world.arm.fail(name, "HardwareFault", "The device did not pass its last check.")


def _aws_row(order: Mapping[str, Any]) -> Row:
    lines = [f"{line['Quantity']} × {line['CatalogItemId']}" for line in order["LineItems"]]
    stages = dict.fromkeys(readable(line["Status"]) for line in order["LineItems"])
    status = readable(order["Status"])
    both = status if list(stages) == [status] else f"{status} · {', '.join(stages)}"
    return Row(
        id=order["OrderId"],
        what=", ".join(lines),
        status=both,
        over=order["Status"] in _AWS_OVER,
        failed=order["Status"] in ("ERROR", "CANCELLED"),
    )


def _quote_row(quote: Mapping[str, Any]) -> Row:
    wanted = [_wanted(one) for one in quote["RequestedCapacities"]]
    failing = [one["StatusMessage"] for one in quote["OrderingRequirements"] if one["Status"] == "FAIL"]
    prices = [one["SubscriptionPricingDetails"] for one in quote["QuoteOptions"][0]["PricingOptions"]]
    least = min(one["UpfrontPrice"] + one["MonthlyRecurringPrice"] for one in prices)
    status = readable(quote["QuoteStatus"])
    return Row(
        id=quote["QuoteId"],
        what=", ".join(wanted),
        status=" · ".join([status, f"from {least:,.2f} USD at first", *failing]),
        over=quote["QuoteStatus"] != "CREATED",
        failed=bool(failing) or quote["QuoteStatus"] == "EXPIRED",
        acts=_WITH_QUOTES,
    )


def _wanted(capacity: Mapping[str, Any]) -> str:
    kind, unit, count = capacity["QuoteCapacityType"], capacity["Unit"], f"{capacity['Quantity']:g}"
    return f"{count} × {unit}" if kind == "EC2" else f"{count} {unit} of {kind}"


def _azure_row(item: Mapping[str, Any]) -> Row:
    details = item["properties"]["orderItemDetails"]
    stage = details.get("currentStage") or {}
    name, status = str(stage.get("stageName", "")), str(stage.get("stageStatus", ""))
    failed = status == "Failed"
    return Row(
        id=item["name"],
        what=str(details["productDetails"].get("displayInfo", {}).get("configurationDisplayName", "")),
        status=readable(name) + ("" if status == "Succeeded" else f" · {readable(status)}"),
        ours=str((item.get("tags") or {}).get(_TAG, "")),
        over=failed or name in _AZURE_OVER,
        failed=failed or name == "Cancelled",
    )

"""What a cloud lets be done with an order now, by its own words on each unit.

Azure says of every unit whether it can be cancelled, returned and removed, and whether it takes a fee for
that. AWS says nothing of the kind: there it shows when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.core.events import Operation, OperationAsked
from bot.core.order import Order, State, may_follow
from bot.core.snapshot import Phase, Unit, phase

# The words of OrderItemCancellationEnum, OrderItemReturnEnum and ActionStatusEnum, Microsoft.EdgeOrder
# 2024-02-01. Others may come; what is not known to forbid is asked for.
NOT_CANCELLABLE = "NotCancellable"
RETURNABLE = frozenset({"Returnable", "ReturnableWithFee"})
DELETION_ALLOWED = "Allowed"
FOR_A_FEE = frozenset({"CancellableWithFee", "ReturnableWithFee"})


@dataclass(frozen=True)
class Allowed:
    """Something that the cloud lets be done: with so many of the units, and whether it takes a fee."""

    number: int
    of: int
    fee: bool

    @property
    def whole(self) -> bool:
        """Whether it can be done with all that was placed."""
        return self.number == self.of


def cancelling(order: Order) -> Allowed | None:
    """Whether it makes sense to ask for the order to be cancelled; the cloud may still say no."""
    words = [unit.cancellation for unit in _units(order)]
    if not any(words):
        return Allowed(len(words), len(words), fee=False)
    return _allowed([word for word in words if word not in ("", NOT_CANCELLABLE)], len(words))


def returning(order: Order) -> Allowed | None:
    """Whether the cloud would take the order back, or units of it."""
    words = [unit.returning for unit in _units(order)]
    return _allowed([word for word in words if word in RETURNABLE], len(words))


def deleting(order: Order) -> Allowed | None:
    """Whether the whole order can be removed from the cloud's list."""
    words = [unit.deletion for unit in _units(order)]
    return _allowed(words, len(words)) if set(words) == {DELETION_ALLOWED} else None


def mailing(order: Order, wanted: bool) -> Allowed | None:
    """Whether the cloud can be asked for e-mails about the order, or for none: as long as it is under way,
    and unless it does so already."""
    moves = order.snapshot is not None and phase(order.snapshot) is Phase.MOVING
    others = ["" for unit in _units(order) if unit.mail is not wanted]
    return _allowed(others, len(_units(order))) if moves else None


_CHECKS: dict[Operation, Callable[[Order], Allowed | None]] = {
    Operation.RETURN: returning,
    Operation.DELETE: deleting,
    Operation.MAIL: lambda order: mailing(order, wanted=True),
    Operation.NO_MAIL: lambda order: mailing(order, wanted=False),
}


def offered(order: Order, operation: Operation) -> Allowed | None:
    """What can be offered of an operation now: nothing while the cloud still works on another one."""
    if order.cloud != "azure" or order.operation or not may_follow(order, OperationAsked):
        return None
    return _CHECKS[operation](order)


def cancelling_offered(order: Order) -> Allowed | None:
    """The same for cancelling."""
    placed = order.state is State.PLACED and order.snapshot and not order.cancel_asked_by
    return cancelling(order) if placed else None


def _units(order: Order) -> Sequence[Unit]:
    return order.snapshot.units if order.snapshot else ()


def _allowed(words: Sequence[str], of: int) -> Allowed | None:
    return Allowed(len(words), of, any(word in FOR_A_FEE for word in words)) if words else None

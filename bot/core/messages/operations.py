"""What a cloud can be asked to do with an order that is placed: the buttons, the asking back, the answers.

A button's value is words with spaces between them: the order id, then `fee` where its reader was told that
the cloud takes one, then the id of a draft that keeps the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bot.core import allowed
from bot.core.allowed import Allowed
from bot.core.events import Operation
from bot.core.messages import words
from bot.core.messages.blocks import Block, Say, actions, button, confirmation, one_line, section, user
from bot.core.messages.words import headline
from bot.core.order import HOLDS_SCOPE, Kind, Order, State

_FEE = "fee"
FINAL = "This cannot be taken back."


class Pressed(NamedTuple):
    """What the value of such a button says."""

    order: str
    fee: bool
    draft: str


def pressed(value: str) -> Pressed:
    """A button's value, read."""
    order, *more = value.split()
    return Pressed(order, _FEE in more, next((word for word in more if word != _FEE), ""))


def _value(order: Order, can: Allowed, draft: str = "") -> str:
    return " ".join(filter(None, (order.id, _FEE if can.fee else "", draft)))


def buttons(order: Order) -> list[Block]:
    """What the card offers of it: cancelling and returning, as far as the cloud allows them."""
    cancel, back = allowed.cancelling_offered(order), allowed.offered(order, Operation.RETURN)
    return [
        *([cancel_button(order, cancel)] if cancel else []),
        *([return_button(order, back)] if back else []),
    ]


def all_buttons(order: Order) -> list[Block]:
    """What `/order status` offers: the same, and what is asked for more rarely."""
    return [*buttons(order), *_rare_buttons(order)]


def _rare_buttons(order: Order) -> Iterator[Block]:
    if allowed.offered(order, Operation.DELETE):
        yield delete_button(order)
    for operation in (Operation.MAIL, Operation.NO_MAIL):
        if allowed.offered(order, operation):
            yield mail_button(order, operation)


def cancel_button(order: Order, can: Allowed, draft: str = "") -> Block:
    """The button that asks the cloud to cancel, after asking back."""
    cloud = words.cloud_short(order.cloud)
    sure = confirmation(
        f"Cancel {order.id}?",
        f"{cloud} is asked to cancel {_share(can)}.{_fee(order, can)} {FINAL}",
        "Cancel order",
    )
    value = _value(order, can, draft)
    return button("Cancel order", "cancel", value, "danger", sure, f"Cancel order {order.id}")


def return_button(order: Order, can: Allowed, draft: str = "") -> Block:
    """The button that starts a return. What has its reason already is confirmed, and so is a fee; otherwise
    the form that asks for the reason can still be closed."""
    cloud = words.cloud_short(order.cloud)
    sure = confirmation(
        f"Return {order.id}?", f"{cloud} is asked to take back {_share(can)}.{_fee(order, can)}", "Return"
    )
    asks = sure if draft or can.fee else None
    return button("Return", "return", _value(order, can, draft), "danger", asks, f"Return {order.id}")


def delete_button(order: Order) -> Block:
    """The button that takes an order that has ended off the cloud's list."""
    cloud = words.cloud_short(order.cloud)
    explained = f"{cloud} forgets {one_line(words.cloud_id(order))}. What was written about it here stays."
    sure = confirmation(f"Remove {order.id} from {cloud}?", f"{explained} {FINAL}", "Remove")
    return button(f"Remove from {cloud}'s list", "delete", order.id, "danger", sure)


_MAIL = {
    Operation.MAIL: (
        "mail",
        "{} e-mails on",
        "{} sends an e-mail to the contact of the address when it is shipped and when it is delivered.",
        "Send them",
    ),
    Operation.NO_MAIL: ("no_mail", "{} e-mails off", "{} sends no e-mails about it any more.", "Stop them"),
}


def mail_button(order: Order, operation: Operation) -> Block:
    """The button that has the cloud send its own e-mails about an order, or stop that."""
    cloud = words.cloud_short(order.cloud)
    action, text, explained, yes = (word.format(cloud) for word in _MAIL[operation])
    return button(text, action, order.id, "", confirmation(f"{text}: {order.id}", explained, yes))


def cancel_asks_back(order: Order, draft: str) -> Say:
    """Asks before a cloud is asked to cancel; `draft` keeps the reason. See `cannot_cancel`."""
    can = allowed.cancelling(order) or Allowed(0, 0, fee=False)
    cloud = words.cloud_short(order.cloud)
    text = (
        f"Ask {cloud} to cancel *{order.id}* ({one_line(words.what(order))}, {headline(order)})? "
        f"{_only(order, can, 'be cancelled')}{FINAL}{_fee(order, can)}"
    )
    return Say(text, (section(text), actions(cancel_button(order, can, draft))))


def return_asks_back(order: Order, draft: str) -> Say:
    """Asks before a cloud is asked to take an order back; `draft` keeps the reason. See `cannot_return`."""
    can = allowed.returning(order) or Allowed(0, 0, fee=False)
    cloud = words.cloud_short(order.cloud)
    text = (
        f"Ask {cloud} to take *{order.id}* back ({one_line(words.what(order))}, {headline(order)})? "
        f"{_only(order, can, 'be returned')}{_fee(order, can)}"
    )
    return Say(text.strip(), (section(text.strip()), actions(return_button(order, can, draft))))


def _share(can: Allowed) -> str:
    return "the whole order" if can.whole else f"{can.number} of its {can.of} units"


def _only(order: Order, can: Allowed, verb: str) -> str:
    if can.whole:
        return ""
    cloud = words.cloud_short(order.cloud)
    return f"{cloud} lets only {can.number} of its {can.of} units {verb}; the others stay as they are. "


def _fee(order: Order, can: Allowed) -> str:
    if not can.fee:
        return ""
    cloud = words.cloud_short(order.cloud)
    return f" *{cloud} takes a fee for this*; how much, its API does not tell. By going on you accept it."


def cannot_cancel(order: Order) -> Say:
    """The cloud does not let anything of the order be cancelled."""
    cloud = words.cloud_short(order.cloud)
    return _say(
        f"*{order.id}* is {headline(order)}, and {cloud} does not let it be cancelled: it says "
        f"*{_words(order, 'cancellation')}*. You can ask {cloud} support, or return it once it has been "
        f"delivered: `/order return {order.id} reason`."
    )


def cannot_return(order: Order) -> Say:
    """The cloud does not take anything of the order back."""
    cloud = words.cloud_short(order.cloud)
    if order.cloud != "azure":
        return _say(f"*{order.id}* cannot be returned from here: ask {cloud} support.")
    return _say(
        f"*{order.id}* is {headline(order)}, and {cloud} does not take it back now: it says "
        f"*{_words(order, 'returning')}*. What has been delivered can be returned; "
        f"`/order status {order.id}` tells where it is."
    )


def cannot(order: Order, operation: Operation) -> Say:
    """The cloud does not let this be done now."""
    if operation is Operation.RETURN:
        return cannot_return(order)
    cloud, doing = words.cloud_short(order.cloud), words.OPERATIONS[operation].to
    return _say(f"*{order.id}* is {headline(order)}: {cloud} cannot be asked to {doing} now.")


def _words(order: Order, attribute: str) -> str:
    """What the cloud says of it, each word once."""
    units = order.snapshot.units if order.snapshot else ()
    said = dict.fromkeys(words.readable(getattr(unit, attribute)) for unit in units)
    return one_line(", ".join(filter(None, said))) or "nothing about it"


def not_placed(order: Order, verb: str = "cancel") -> Say:
    """There is nothing yet, or nothing any more, that a cloud could be asked to do."""
    if order.state in HOLDS_SCOPE:
        return _say(
            f"*{order.id}* is {headline(order)}: the cloud may or may not have it. Once that is settled, you "
            f"can {verb} it."
        )
    more = f" `/order withdraw {order.id}` takes it back." if order.state in _OPEN else ""
    return _say(f"*{order.id}* is {headline(order)}: there is nothing to {verb} in the cloud.{more}")


_OPEN = (State.CHECKING, State.WAITING, State.APPROVED)


def may_not_cancel(order: Order, verb: str = "cancel") -> Say:
    """Somebody asks who has no say in it."""
    own = f"{user(order.requester)}, approvers" if order.kind is Kind.ASKED else "approvers"
    return _say(f"Only {own} and operators can {verb} *{order.id}*.")


def cancelling(order: Order) -> Say:
    """The cloud is asked to cancel."""
    cloud = words.cloud_short(order.cloud)
    return _say(f"{cloud} is asked to cancel *{order.id}*; the thread tells what it says.")


def operating(order: Order, operation: Operation) -> Say:
    """The cloud is asked for an operation."""
    cloud, doing = words.cloud_short(order.cloud), words.OPERATIONS[operation].to
    return _say(f"*{order.id}*: {cloud} is asked to {doing}; the thread tells what it says.")


def still_operating(order: Order) -> Say:
    """The cloud has not answered what it was asked before."""
    doing = words.OPERATIONS[order.operation].to if order.operation else "do something"
    cloud = words.cloud_short(order.cloud)
    return _say(f"*{order.id}*: {cloud} was asked to {doing} and has not answered yet. Wait for that first.")


def _say(text: str) -> Say:
    return Say(text, (section(text),))

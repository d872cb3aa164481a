"""Every way in which placing can fail, once, on an order by quote: the quote tells what became of it."""

from __future__ import annotations

from pathlib import Path

from bot.core.order import Order, State
from bot.demo.outposts.faults import KINDS
from bot.demo.slack import Form, Message
from bot.demo.world import REGION, REQUESTER
from tests.faults.nursery import Nursery
from tests.faults.stage import Stage
from tests.harness import ORDERS, Here, text


def test_whatever_fails_no_quote_is_ordered_twice_and_no_order_of_one_is_missed(sqlite_url: str) -> None:
    with Here(sqlite_url) as here:
        ids = [_ask(here, kind) for kind in sorted(KINDS)]
        here.wait(lambda: all(_order(here, id).state is State.WAITING for id in ids), 30)
        for kind in sorted(KINDS):
            here.aws.faults.add("CreateOrder", kind, seconds=2.5 if "hang" in kind else 0.2)
        for id in ids:
            here.bob.command(f"/order approve {id}", ORDERS)
        here.wait(lambda: all(_settled(_order(here, id)) for id in ids), 60)

        assert here.aws.faults.pending == []
        assert len(here.aws.posts()) == len(ids)
        submitted = {one["QuoteId"]: one.get("SubmittedOrderId") for one in here.aws.quotes}
        placed = {order["QuoteIdentifier"]: order["OrderId"] for order in here.aws.accepted()}
        assert len(placed) == len(here.aws.accepted())
        for order in (_order(here, id) for id in ids):
            quote = order.asked.aws.quote
            assert (order.ref.id if order.ref else None) == submitted[quote] == placed.get(quote)
            assert order.state is (State.PLACED if order.ref else State.UNCLEAR)


def test_a_worker_that_dies_while_aws_makes_a_quote_makes_no_second_one_and_it_is_told_once(
    nursery: Nursery, sqlite_url: str, tmp_path: Path
) -> None:
    with Stage(nursery, sqlite_url, tmp_path) as stage:
        aws, alice = stage.local.outposts, stage.person(REQUESTER)

        def made() -> list[object]:
            return [one for one in aws.quotes if one.get("Description")]

        def told() -> list[Message]:
            return [one for one in stage.slack.direct(alice.id) if "AWS has quoted" in one.plain]

        def top(label: str) -> Form:
            """The form on the screen, once it asks for this."""
            form = stage.wait(lambda: (one := alice.form()) and label in one.labels() and one, label)
            assert isinstance(form, Form)
            return form

        stage.start("web")
        worker = stage.start("worker")
        stage.wait(lambda: stage.store.kept("catalogue/"), "read what can be ordered")
        aws.faults.add("CreateQuote", "hang_after", seconds=3)
        alice.command(f"/order aws outpost={aws.outposts(REGION)[0]} reason=room", ORDERS)
        top("Order by").choose("Order by", "Quote")
        top("Quote").press("Get a new quote")
        wish = top("Instance type")
        wish.choose("Instance type", wish.suggest("Instance type", "m5.24xlarge")[0])
        wish.fill("How many more", "4")
        assert wish.submit().closed
        stage.wait(made, "make the quote")
        worker.kill()
        stage.forget_leases()
        stage.start("worker")

        stage.wait(told, "tell of the quote")
        stage.wait(stage.quiet, "end")
        assert (len(made()), len(told())) == (1, 1)
        assert stage.slack.violations == []


def _ask(here: Here, kind: str) -> str:
    outpost = here.aws.add_outpost(REGION, name=kind)
    quote = here.aws.add_quote(REGION, outpost)
    terms = "payment=NO_UPFRONT term=ONE_YEAR"
    said = text(
        here.alice.command(f"/order aws outpost={outpost} quote={quote} {terms} reason=x --yes", ORDERS)
    )
    return next(word for word in said.replace("*", " ").split() if word.startswith("ORD-"))


def _order(here: Here, id: str) -> Order:
    order = here.world.store.order(id)
    assert order is not None
    return order


def _settled(order: Order) -> bool:
    return order.state is State.PLACED or (order.state is State.UNCLEAR and order.people_asked)

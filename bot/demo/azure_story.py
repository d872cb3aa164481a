"""The second chapter: two Azure Stack Edge devices, asked for in one line, installed and sent back."""

from __future__ import annotations

from functools import partial
from typing import Any

from bot.demo.story import Chapter, Promise, order_id, told
from bot.demo.world import APPROVALS, APPROVER, ORDERS, REQUESTER, LocalWorld

LINE = (
    "/order azure product=azurestackedge/azurestackedge/azurestackedgegpu configuration=edgep_high qty=2 "
    'type=Rental address=columbus-plant reason="Vision for line 4, until May" --yes'
)
# The stages of Microsoft.EdgeOrder 2024-02-01, and how the thread calls them.
LIFE = {
    "InReview": "In review",
    "Confirmed": "Confirmed",
    "ReadyToShip": "Ready to ship",
    "Shipped": "Shipped",
    "Delivered": "Delivered",
    "InUse": "In use",
}
WAY_BACK = {
    "ReturnPickedUp": "Return picked up",
    "ReturnedToMicrosoft": "Returned to Microsoft",
    "ReturnCompleted": "Return completed",
}


def play(world: LocalWorld) -> list[Promise]:
    """From `/order azure` to *returned*."""
    slack, arm = world.slack, world.arm
    alice, bob = (slack.person(id) for id in (REQUESTER, APPROVER))
    before = len(slack.messages(APPROVALS))
    alice.command(LINE, ORDERS)
    request = slack.wait(lambda: slack.messages(APPROVALS)[before:])[0]
    chapter, shown = Chapter(world, order_id(request)), request.plain
    bob.click(request, "Approve")
    bob.click(request, "Approve")
    slack.wait(lambda: len(arm.accepted()) == 2)
    slack.wait(partial(chapter.thread_names, "Placed"))
    for stage, words in LIFE.items():
        _reach(chapter, stage, words)
    slack.wait(lambda: "In use" in chapter.direct(REQUESTER) and "completed" in chapter.request.plain)
    card = chapter.card.plain
    alice.command(f"/order return {chapter.order_id} The line has moved", ORDERS)
    slack.wait(lambda: told(slack.ephemerals(REQUESTER), "take"))
    alice.click(slack.ephemerals(REQUESTER)[-1], "Return")
    slack.wait(partial(chapter.thread_names, "Return initiated"))
    for stage, words in WAY_BACK.items():
        _reach(chapter, stage, words)
    slack.wait(lambda: "returned" in chapter.card.plain.lower())
    return [*_placed_once(chapter, shown), *_everything_told(chapter, card)]


def _reach(chapter: Chapter, stage: str, words: str) -> None:
    """Let both devices reach a stage, and wait until the thread says so."""
    for item in _items(chapter):
        chapter.world.arm.set_stage(item["name"], stage)
    chapter.world.slack.wait(partial(chapter.thread_names, words))


def _items(chapter: Chapter) -> list[dict[str, Any]]:
    own = chapter.order_id.lower()
    return [item for item in chapter.world.arm.items if item["name"].startswith(own)]


def _placed_once(chapter: Chapter, shown: str) -> list[Promise]:
    """`shown` is the request as the approver read it."""
    puts, own = chapter.world.arm.puts(), chapter.order_id.lower()
    properties = [put.body["properties"] for put in puts]
    tags = [put.body.get("tags", {}).get("quartermaster-order") for put in puts]
    words = ("edgep_high", "2", "Rental", "columbus-plant")
    return [
        Promise("one approval of two units is exactly two items under one order",
                [put.name for put in puts] == [f"{own}-1", f"{own}-2"]
                and len({one["orderId"].lower() for one in properties}) == 1),
        Promise("each carries our order id as a tag", tags == [chapter.order_id] * 2),
        Promise("it is what the approver was shown", all(word in shown for word in words)),
    ]  # fmt: skip


def _everything_told(chapter: Chapter, card: str) -> list[Promise]:
    """`card` is the order card as it was when the devices were in use."""
    thread, items = chapter.thread(), _items(chapter)
    details = [item["properties"]["orderItemDetails"] for item in items]
    parcels = [one["forwardShippingDetails"]["trackingId"] for one in details]
    serials = [one["productDetails"]["parentDeviceDetails"]["serialNumber"] for one in details]
    stages = ("Placed", *LIFE.values(), "Return initiated", *WAY_BACK.values())
    everything = chapter.card.plain + card + thread + chapter.direct(REQUESTER) + chapter.request.plain
    secrets = [one["reverseShippingDetails"]["sasKeyForLabel"] for one in details]
    return [
        Promise("the thread names every stage, there and back", all(stage in thread for stage in stages)),
        Promise("the card names tracking numbers and serial numbers",
                all(word in card for word in (*parcels, *serials))),
        Promise("the tracking numbers lead to the carrier",
                all(any(number in url for url, _ in chapter.card.links) for number in parcels)),
        Promise("the requester's reason for the return is told", "The line has moved" in thread),
        Promise("street, phone, e-mail and label keys are nowhere to be read",
                not any(word in everything for word in ("Mill Street", "5550100", "@example.com", *secrets))),
    ]  # fmt: skip

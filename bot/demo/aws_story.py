"""The first chapter: racks for an AWS Outpost, asked for with a form."""

from __future__ import annotations

from functools import partial

from bot.demo.slack import Form
from bot.demo.story import Chapter, Promise, order_id, told
from bot.demo.world import APPROVALS, APPROVER, ORDERS, REQUESTER, STRANGER, LocalWorld

# What AWS goes through, as `advance` does it, and a word of it that the thread has to name.
STAGES = ("Building", "Shipped", "Delivered", "Installing", "Installed", "Completed")


def play(world: LocalWorld) -> list[Promise]:
    """From `/order aws` to *completed*."""
    slack, aws = world.slack, world.outposts
    alice, bob, mallory = (slack.person(id) for id in (REQUESTER, APPROVER, STRANGER))
    alice.command("/order aws item", ORDERS)
    slack.wait(lambda: told(slack.ephemerals(REQUESTER), "expected"))
    asked = alice.command("/order aws payment=NO_UPFRONT term=FIVE_YEARS cost_center=CC-4411", ORDERS)
    _fill_in(world, alice.wait_form())
    request = slack.wait(lambda: slack.messages(APPROVALS))[0]
    chapter = Chapter(world, order_id(request))
    alice.click(request, "Approve")
    mallory.click(request, "Approve")
    slack.wait(lambda: told(slack.ephemerals(REQUESTER), "somebody else has to decide"))
    slack.wait(lambda: told(slack.ephemerals(STRANGER), "You may not approve"))
    before, shown = len(aws.posts()), request.plain
    bob.click(request, "Approve")
    bob.click(request, "Approve")
    slack.wait(lambda: aws.accepted())
    placed = aws.accepted()[0]["OrderId"]
    slack.wait(lambda: placed in chapter.card.plain)
    for stage in STAGES:
        aws.advance(placed)
        slack.wait(partial(chapter.thread_names, stage))
    slack.wait(lambda: "Completed" in chapter.direct(REQUESTER) and "completed" in chapter.request.plain)
    return [
        Promise("the request is answered within three seconds", asked.status == 200 and asked.seconds < 3),
        Promise("nobody but an approver can approve, and nobody their own request", before == 0),
        *_placed_once(world, shown),
        *_everything_told(chapter, placed),
    ]


def _placed_once(world: LocalWorld, shown: str) -> list[Promise]:
    """`shown` is the request as the approver read it."""
    posts = [post.body for post in world.outposts.posts()]
    [post] = posts if len(posts) == 1 else [{}]
    [item] = post.get("LineItems", [{}])
    words = [post.get("OutpostIdentifier"), f"{item.get('CatalogItemId')} | {item.get('Quantity')}"]
    return [
        Promise("one approval, clicked twice, is exactly one order", len(posts) == 1),
        Promise("it is what the approver was shown, and what was asked for",
                all(f"{word}" in shown for word in words) and item.get("Quantity") == 2
                and (post.get("PaymentOption"), post.get("PaymentTerm")) == ("NO_UPFRONT", "FIVE_YEARS")),
    ]  # fmt: skip


def _everything_told(chapter: Chapter, placed: str) -> list[Promise]:
    [order] = [order for order in chapter.world.outposts.orders if order["OrderId"] == placed]
    [line] = order["LineItems"]
    assets = line["AssetInformationList"]
    names = [
        line["ShipmentInformation"]["ShipmentCarrier"],
        line["ShipmentInformation"]["ShipmentTrackingNumber"],
        *(asset["AssetId"] for asset in assets),
        *(mac for asset in assets for mac in asset["MacAddressList"]),
    ]
    card, thread, direct = chapter.card.plain, chapter.thread(), chapter.direct(REQUESTER)
    return [
        Promise("the thread names every stage", all(stage in thread for stage in ("Placed", *STAGES))),
        Promise("card and thread name carrier, tracking number, assets and MAC addresses",
                all(name in card and name in thread for name in names)),
        Promise("the requester is told directly",
                all(word in direct for word in ("Approved", "Placed", "Shipped", "Delivered", "Completed"))),
        Promise("one card, kept up to date",
                chapter.cards == 1 and "completed" in card.lower()),
    ]  # fmt: skip


def _fill_in(world: LocalWorld, form: Form) -> None:
    """Fill in what the command left out, as a person would, and send the form."""
    for label in ("Outpost", "Catalog item"):  # the bot may not have read the catalogue yet
        form.choose(label, world.slack.wait(partial(form.suggest, label))[0])
    form.fill("Quantity", "2")
    form.fill("Reason", "Inference at the depot, see <https://example.com|the plan>")
    if not form.submit().closed:  # it comes back once, to show what is risky about five years
        form.submit()

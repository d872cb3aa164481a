"""An order's way from the asking to its end, as people in Slack see it."""

from __future__ import annotations

import pytest

from bot.core.order import State
from tests.harness import APPROVALS, OPERATIONS, ORDERS, TERMS, Here, order_id, text


@pytest.mark.parametrize("engine", ["sqlite_url", "postgres_url"])
def test_one_command_and_one_click_are_one_order_with_exactly_that_body(
    engine: str, request: pytest.FixtureRequest
) -> None:
    with Here(request.getfixturevalue(engine)) as here:
        one, two = here.items[:2]
        line = f'/order aws outpost={here.outpost} item={one}:2 item={two} {TERMS} reason="New depot" --yes'
        here.alice.command(line, ORDERS)
        asked = here.wait(lambda: here.slack.messages(APPROVALS))[0]
        here.bob.click(asked, "Approve")
        here.wait(lambda: here.order(asked).state is State.PLACED)

        assert [post.body for post in here.aws.posts()] == [
            {
                "OutpostIdentifier": here.outpost,
                "LineItems": [
                    {"CatalogItemId": one, "Quantity": 2},
                    {"CatalogItemId": two, "Quantity": 1},
                ],
                "PaymentOption": "NO_UPFRONT",
                "PaymentTerm": "FIVE_YEARS",
            }
        ]


def test_the_thread_names_everything_that_happens_in_the_cloud(here: Here) -> None:
    here.place()
    aws_id = here.advance(2)
    here.wait(lambda: "Shipped" in here.thread())
    here.aws.set_line(aws_id, 0, Status="WAITING_FOR_CRANE")
    here.wait(lambda: "Waiting for crane" in here.thread())
    here.aws.set_line(aws_id, 0, Status="BUILDING")
    here.wait(lambda: "Building (was Waiting for crane)" in here.thread())
    here.aws.set_status(aws_id, "ON_HOLD_AT_CUSTOMS")
    here.wait(lambda: "On hold at customs" in here.thread())
    here.wait(lambda: "On hold at customs" in here.card().plain)
    asset = {"AssetId": "4711004711", "MacAddressList": ["02:00:00:00:00:01"]}
    here.aws.set_line(aws_id, 0, Status="INSTALLED", AssetInformationList=[asset])
    here.wait(lambda: "4711004711" in here.thread() and "02:00:00:00:00:01" in here.thread())
    here.wait(lambda: "4711004711" in here.card().plain)


def test_an_order_that_takes_a_step_back_after_its_end_goes_on(here: Here) -> None:
    asked = here.place()
    aws_id = here.advance(7)
    here.wait(lambda: here.order(asked).state is State.COMPLETED)
    here.aws.set_status(aws_id, "IN_PROGRESS")
    here.wait(lambda: here.order(asked).state is State.PLACED)
    here.wait(lambda: "In progress" in here.card().plain)


def test_the_form_files_what_the_command_would(here: Here) -> None:
    here.alice.command("/order aws payment=PARTIAL_UPFRONT", ORDERS)
    form = here.alice.wait_form()
    form.choose("Outpost", form.suggest("Outpost")[0])
    form.choose("Catalog item", form.suggest("Catalog item")[0])
    form.fill("Quantity", "3")
    form.press("Add another item")
    here.wait(lambda: form.labels().count("Catalog item") == 2)
    form.choose("Catalog item", form.suggest("Catalog item", nth=1)[1], nth=1)
    form.choose("Payment term", "1 year")
    form.fill("Reason", "Two of them")
    assert form.submit().closed
    asked = here.wait(lambda: here.slack.messages(APPROVALS))[0]
    here.bob.click(asked, "Approve")
    here.wait(lambda: here.aws.accepted())

    [post] = here.aws.posts()
    assert [item["Quantity"] for item in post.body["LineItems"]] == [3, 1]
    assert (post.body["PaymentOption"], post.body["PaymentTerm"]) == ("PARTIAL_UPFRONT", "ONE_YEAR")


def test_a_form_that_is_sent_twice_is_one_request(here: Here) -> None:
    here.alice.command(f"/order aws outpost={here.outpost} item={here.items[0]} {TERMS}", ORDERS)
    form = here.alice.wait_form()
    form.fill("Reason", "Once")
    result = form.submit()
    assert result.ack is not None
    here.slack.redeliver(result.ack)
    here.wait(lambda: here.slack.messages(APPROVALS))

    assert len(here.world.store.listing(State)) == 1


def test_a_wrong_word_is_answered_and_a_button_opens_the_form_with_the_rest(here: Here) -> None:
    said = here.alice.command(
        f"/order aws outpost={here.outpost} paiment=NO_UPFRONT reason=“Two words” --yes", ORDERS
    )
    assert "paiment" in text(said)
    assert "payment" in text(said)
    answer = here.heard(here.alice, "paiment")
    here.alice.click(answer, "Open the form")
    form = here.alice.wait_form()
    assert form.values()["Reason"] == "Two words"
    assert here.outpost in str(form.values()["Outpost"]) or form.values()["Outpost"]


def test_slack_repeating_a_command_files_it_once(here: Here) -> None:
    ack = here.alice.command(here.line(), ORDERS)
    again = here.slack.redeliver(ack)
    assert text(again) == text(ack)
    assert len(here.world.store.listing(State)) == 1


def test_a_second_click_changes_nothing_and_says_who_was_first(here: Here) -> None:
    asked = here.place()
    here.bob.click(asked, "Approve")
    here.heard(here.bob, "was approved by")
    assert len(here.aws.posts()) == 1


def test_nobody_approves_their_own_request(here: Here) -> None:
    asked = here.ask(person=here.bob)
    here.bob.click(asked, "Approve")
    here.heard(here.bob, "somebody else has to decide")
    said = here.bob.command(f"/order approve {order_id(asked)}", ORDERS)
    assert "somebody else" in text(said)
    assert here.order(asked).state is State.WAITING


def test_a_stranger_neither_approves_nor_rejects(here: Here) -> None:
    asked = here.ask()
    here.mallory.click(asked, "Approve")
    here.heard(here.mallory, "may not approve")
    here.mallory.click(asked, "Reject")
    here.heard(here.mallory, "may not reject")
    assert here.order(asked).state is State.WAITING


def test_a_member_of_an_approver_group_may_approve(here: Here) -> None:
    asked = here.ask()
    here.wait(lambda: here.world.store.groups())
    here.carol.click(asked, "Approve")
    here.wait(lambda: here.order(asked).state is State.PLACED)


def test_a_click_that_needs_a_fresh_look_at_a_group_is_kept_and_finished(here: Here) -> None:
    asked = here.ask()
    here.wait(lambda: here.world.store.groups())
    here.without_groups()
    here.carol.click(asked, "Approve")
    here.heard(here.carol, "You approved")


def test_a_group_that_cannot_be_read_lets_nobody_of_it_decide(here: Here) -> None:
    asked = here.ask()
    here.wait(lambda: here.world.store.groups())
    here.without_groups()
    here.slack.faults.add("usergroups.users.list", "error:missing_scope", times=20)
    here.carol.click(asked, "Approve")
    here.heard(here.carol, "cannot be read")
    assert here.order(asked).state is State.WAITING


def test_a_rejection_needs_a_reason_and_passes_it_on(here: Here) -> None:
    asked = here.ask()
    here.bob.click(asked, "Reject")
    form = here.bob.wait_form()
    assert not form.submit().closed
    form.fill("Reason", "Not this year, <!channel>")
    assert form.submit().closed
    here.heard(here.alice, "Not this year")
    here.wait(lambda: "Rejected" in here.slack.messages(APPROVALS)[0].plain)
    assert here.slack.messages(APPROVALS)[0].buttons == []
    assert here.aws.posts() == []


def test_reject_by_command_says_what_it_needs(here: Here) -> None:
    asked = here.ask()
    assert "reason" in text(here.bob.command(f"/order reject {order_id(asked)}", ORDERS)).lower()
    said = here.bob.command(f"/order reject {order_id(asked).lower()} too much", ORDERS)
    assert "rejected" in text(said)


def test_the_requester_takes_a_request_back_and_nobody_else_does(here: Here) -> None:
    asked = here.ask()
    assert "Only" in text(here.bob.command(f"/order withdraw {order_id(asked)}", ORDERS))
    assert "took" in text(here.alice.command(f"/order withdraw {order_id(asked)}", ORDERS))
    here.bob.click(asked, "Approve")
    here.heard(here.bob, "withdrawn")
    assert here.aws.posts() == []


def test_a_placed_order_is_cancelled_after_asking_back(here: Here) -> None:
    asked = here.place()
    said = here.alice.command(f"/order cancel {order_id(asked)} moved away", ORDERS)
    assert "cannot be taken back" in text(said)
    here.alice.click(here.heard(here.alice, "cannot be taken back"), "Cancel order")
    here.wait(lambda: here.order(asked).state is State.CANCELLED)
    here.wait(lambda: "moved away" in here.thread() and "Cancelled" in here.thread())


def test_a_cancellation_that_aws_refuses_is_told_in_its_own_words(here: Here) -> None:
    asked = here.place()
    here.advance(4)
    here.wait(lambda: "Delivered" in here.thread())
    here.alice.command(f"/order cancel {order_id(asked)}", ORDERS)
    here.alice.click(here.heard(here.alice, "cannot be taken back"), "Cancel order")
    here.heard(here.alice, "does not cancel it")
    assert here.order(asked).state is State.PLACED


def test_a_stranger_cannot_cancel(here: Here) -> None:
    asked = here.place()
    assert "Only" in text(here.mallory.command(f"/order cancel {order_id(asked)}", ORDERS))


def test_following_an_order_gives_no_right_to_cancel_it(here: Here) -> None:
    aws_id = here.aws.add_order("eu-west-1", here.outpost, [(here.items[0], 4)])
    here.mallory.command(f"/order track {aws_id}", ORDERS)
    order = here.wait(lambda: here.world.store.by_ref("aws", aws_id))
    assert "Only approvers" in text(here.mallory.command(f"/order cancel {order.id}", ORDERS))


def test_an_order_placed_elsewhere_is_followed(here: Here) -> None:
    aws_id = here.aws.add_order("eu-west-1", here.outpost, [(here.items[0], 4)])
    assert "looking for" in text(here.alice.command(f"/order track {aws_id}", ORDERS))
    here.wait(lambda: "4 ×" in here.card().plain)
    here.aws.advance(aws_id)
    here.wait(lambda: "Building" in here.thread())
    assert "followed already" in text(here.bob.command(f"/order track {aws_id}", ORDERS))


def test_an_order_followed_quietly_has_no_card_until_it_changes(here: Here) -> None:
    aws_id = here.aws.add_order("eu-west-1", here.outpost, [(here.items[0], 4)])
    here.alice.command(f"/order track {aws_id} --quiet", ORDERS)
    here.wait(lambda: here.world.store.by_ref("aws", aws_id))
    assert here.slack.messages(ORDERS) == []
    here.aws.advance(aws_id)
    here.wait(lambda: here.slack.messages(ORDERS))


def test_an_order_that_aws_does_not_know_is_said_so(here: Here) -> None:
    here.alice.command("/order track oo-00000000000000000", ORDERS)
    here.heard(here.alice, "Refused")


def test_what_aws_does_not_know_is_refused_before_anybody_is_asked(here: Here) -> None:
    unknown = "op-0123456789abcdef0"
    here.alice.command(f'/order aws outpost={unknown} item={here.items[0]} {TERMS} reason="x" --yes', ORDERS)
    refused = here.heard(here.alice, "Refused")
    assert "/order aws outpost=" in refused.plain
    assert here.slack.messages(APPROVALS) == []
    assert here.aws.posts() == []


def test_a_refusal_at_placing_quotes_aws_and_gives_the_line_to_ask_again(here: Here) -> None:
    here.aws.faults.add("CreateOrder", "error:ServiceQuotaExceededException:You have 5 orders already")
    asked = here.ask()
    here.bob.click(asked, "Approve")
    told = here.heard(here.alice, "You have 5 orders already")
    assert "/order aws outpost=" in told.plain
    assert here.order(asked).state is State.REFUSED


def test_status_tells_where_it_stands_with_its_timeline(here: Here) -> None:
    asked = here.place()
    aws_id = here.advance(2)
    here.wait(lambda: "Shipped" in here.thread())
    here.alice.command(f"/order status {aws_id}", ORDERS)
    told = here.heard(here.alice, "Timeline")
    assert order_id(asked) in told.plain
    for word in ("approved", "placed", "Shipped", here.outpost, "5 years"):
        assert word in told.plain


def test_lists_are_paged_and_each_shows_what_its_word_says(here: Here) -> None:
    for number in range(12):
        here.alice.command(here.line(reason=f"number {number}"), ORDERS)
    mine = here.alice.command("/order list mine", ORDERS)
    assert mine.body["text"] == "Orders (mine), page 1"
    first = here.heard(here.alice, "Next")
    here.alice.click(first, "Next")
    here.heard(here.alice, "Previous")
    here.bob.command("/order list", ORDERS)
    assert "ORD-" not in here.slack.ephemerals(here.bob.id)[-1].plain
    here.bob.command("/order list waiting", ORDERS)
    assert here.slack.ephemerals(here.bob.id)[-1].plain.count("ORD-") == 10


def test_whoami_tells_rights_and_why(here: Here) -> None:
    here.wait(lambda: here.world.store.groups())
    assert "APPROVERS does not name you" in text(here.alice.command("/order whoami", ORDERS))
    assert "yes, APPROVERS names you" in text(here.bob.command("/order whoami", ORDERS))


def test_a_muted_order_sends_no_more_direct_messages(here: Here) -> None:
    asked = here.place()
    here.heard(here.alice, "Placed")
    here.alice.command(f"/order mute {order_id(asked)}", ORDERS)
    here.advance(2)
    here.wait(lambda: "Shipped" in here.thread())
    assert not any("Shipped" in message.plain for message in here.slack.direct(here.alice.id))


def test_without_approvers_requests_are_refused_and_operators_are_told(sqlite_url: str) -> None:
    with Here(sqlite_url, APPROVERS="") as here:
        assert "Not filed" in text(here.alice.command(here.line(), ORDERS))
        here.wait(lambda: "APPROVERS names no approver" in here.operations())


def test_where_the_only_approver_asks_nothing_is_filed(sqlite_url: str) -> None:
    with Here(sqlite_url, APPROVERS="U0ALICE") as here:
        assert "nobody could approve" in text(here.alice.command(here.line(), ORDERS)).lower()


def test_a_card_that_cannot_be_posted_where_it_was_asked_goes_to_the_requester(here: Here) -> None:
    here.slack.add_channel("C0PRIVATE", "secret", private=True, bot_is_member=False)
    here.alice.command(here.line(), "C0PRIVATE")
    here.wait(lambda: any("Withdraw" in message.buttons for message in here.slack.direct(here.alice.id)))
    here.wait(lambda: "Is the bot in that channel?" in here.operations())


def test_an_unclear_order_is_settled_by_an_operator_and_by_nobody_else(here: Here) -> None:
    here.aws.faults.add("CreateOrder", "drop_before")
    asked = here.ask()
    here.bob.click(asked, "Approve")
    desk = here.wait(lambda: [m for m in here.slack.messages(OPERATIONS) if "was it placed?" in m.plain])[0]
    here.bob.click(desk, "It was not placed: try again")
    here.heard(here.bob, "Only operators")
    assert len(here.aws.posts()) == 1
    here.opal.click(desk, "It was not placed: try again")
    here.opal.click(desk, "It was not placed: try again")
    here.wait(lambda: here.order(asked).state is State.PLACED)
    assert len(here.aws.posts()) == 2
    here.wait(lambda: "settled" in here.operations())


def test_an_operator_names_the_order_that_was_placed(here: Here) -> None:
    here.aws.faults.add("CreateOrder", "drop_before")
    asked = here.ask()
    here.bob.click(asked, "Approve")
    desk = here.wait(lambda: [m for m in here.slack.messages(OPERATIONS) if "was it placed?" in m.plain])[0]
    placed_by_hand = here.aws.add_order("eu-west-1", here.outpost, [(here.items[0], 3)])
    here.opal.click(desk, "It was placed")
    form = here.opal.wait_form()
    [label] = form.labels()
    form.fill(label, "oo-nonsense")
    assert not form.submit().closed
    form.fill(label, placed_by_hand)
    assert form.submit().closed
    here.wait(lambda: here.order(asked).state is State.PLACED)
    assert len(here.aws.posts()) == 1


def test_an_operator_who_names_another_order_than_was_approved_is_told(here: Here) -> None:
    here.aws.faults.add("CreateOrder", "drop_before")
    asked = here.ask()
    here.bob.click(asked, "Approve")
    desk = here.wait(lambda: [m for m in here.slack.messages(OPERATIONS) if "was it placed?" in m.plain])[0]
    said = here.alice.command(f"/order cancel {order_id(asked)}", ORDERS)
    assert "may or may not have it" in text(said)
    other = here.aws.add_order("eu-west-1", here.outpost, [(here.items[0], 3)], payment_option="ALL_UPFRONT")
    here.opal.click(desk, "It was placed")
    form = here.opal.wait_form()
    form.fill(form.labels()[0], other)
    form.submit()
    here.wait(lambda: "is not what was approved" in here.operations())
    assert "All upfront" in here.operations()
    assert "3 ×" in here.operations()


def test_only_operators_are_asked_which_order_it_was(here: Here) -> None:
    here.aws.faults.add("CreateOrder", "drop_before")
    asked = here.ask()
    here.bob.click(asked, "Approve")
    desk = here.wait(lambda: [m for m in here.slack.messages(OPERATIONS) if "was it placed?" in m.plain])[0]
    here.bob.click(desk, "It was placed")
    here.heard(here.bob, "Only operators")
    assert here.bob.form() is None


def test_user_text_pings_nobody_and_links_nowhere(here: Here) -> None:
    here.place("cost_center=<!here>", reason="<!channel> <@U0BOB> <https://x|Approve>")
    here.wait(lambda: "placed" in here.card().plain.lower())
    posted = [
        *here.slack.messages(ORDERS),
        *here.slack.messages(APPROVALS),
        *here.slack.direct(here.alice.id),
    ]
    ours = {f"@{person.id}" for person in here.slack.people()} | {"!subteam^S0FINANCE", f"#{ORDERS}"}
    for message in posted:
        assert set(message.mentions) <= ours
        assert message.links == ()

"""Ordering by quote, as people in Slack see it: nobody pays another price than was approved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.catalogue import reading
from bot.core.order import Order, State
from bot.core.quote import Wish
from bot.demo.slack import Form, Message
from bot.demo.world import REGION
from bot.export import row
from bot.steps.quote import ask as ask_for
from tests.harness import APPROVALS, OPERATIONS, ORDERS, Here, submitted, text

PAID = "payment=PARTIAL_UPFRONT term=THREE_YEARS"


def quote(here: Here) -> str:
    """A quote with one option for the Outpost that the tests order for."""
    return here.aws.add_quote(REGION, here.outpost)


def ask(here: Here, quote: str) -> Message:
    """File a request by quote, and wait until approvers are asked."""
    line = f'/order aws outpost={here.outpost} quote={quote} {PAID} reason="New depot" --yes'
    before = len(here.slack.messages(APPROVALS))
    assert "is filed" in text(here.alice.command(line, ORDERS))
    return here.wait(lambda: here.slack.messages(APPROVALS)[before:])[0]


def shown(here: Here, asked: Message) -> Message:
    """The message in the approvals channel as it is now."""
    return next(one for one in here.slack.messages(APPROVALS) if one.ts == asked.ts)


def becomes(here: Here, asked: Message, state: State) -> Order:
    here.wait(lambda: here.order(asked).state is state)
    return here.order(asked)


def test_an_approver_sees_the_total_and_the_order_is_placed_by_quote(here: Here) -> None:
    quoted = quote(here)
    asked = ask(here, quoted)

    # 4 × 24 × 42.50 a month, less 20 % for three years and 5 % for half of it paid at once.
    price = "Upfront 55,814.40 USD · monthly 1,550.40 USD × 36 · total 111,628.80 USD"
    assert price in asked.plain
    assert "4 × m5.24xlarge" in asked.plain
    assert "New rack" in asked.plain
    here.bob.click(asked, "Approve")
    order = becomes(here, asked, State.PLACED)

    (post,) = here.aws.posts()
    assert post.body == {
        "OutpostIdentifier": here.outpost,
        "QuoteIdentifier": quoted,
        "QuoteOptionIdentifier": order.asked.aws.option,
        "PaymentOption": "PARTIAL_UPFRONT",
        "PaymentTerm": "THREE_YEARS",
    }
    here.wait(lambda: price in here.thread())
    assert price in here.card().plain
    told = row(order)
    assert (told["upfront"], told["monthly"], told["currency"], told["total"], told["quote"]) == (
        "55814.40",
        "1550.40",
        "USD",
        "111628.80",
        quoted,
    )


def test_a_lost_answer_is_found_again_by_the_quote_and_nothing_is_sent_twice(here: Here) -> None:
    asked = ask(here, quote(here))
    here.aws.faults.add("CreateOrder", "drop_after")
    # Somebody orders in the console meanwhile, for the same Outpost.
    here.aws.add_order(REGION, here.outpost, [(here.items[0], 1)])

    here.bob.click(asked, "Approve")
    order = becomes(here, asked, State.PLACED)

    (accepted,) = here.aws.accepted()
    assert order.ref is not None
    assert order.ref.id == accepted["OrderId"] == here.aws.quotes[-1]["SubmittedOrderId"]
    assert len(here.aws.posts()) == 1


def test_another_price_after_the_approval_is_asked_again_and_never_sent(here: Here) -> None:
    quoted = quote(here)
    asked = ask(here, quoted)
    here.aws.reprice(quoted, 1.5)

    here.bob.click(asked, "Approve")
    here.wait(lambda: here.order(asked).round == 2)

    order = here.order(asked)
    assert (order.state, order.approvals) == (State.WAITING, ())
    assert here.aws.posts() == []
    changed = "Upfront price: 55,814.40 USD → 83,721.60 USD"
    here.wait(lambda: changed in shown(here, asked).plain)
    here.wait(lambda: changed in here.thread())
    assert "83,721.60" in here.card().plain
    # The button that was there before is of another price.
    here.bob.click(asked, "Approve")
    here.heard(here.bob, "was changed after this message was posted")
    here.bob.click(shown(here, asked), "Approve")
    becomes(here, asked, State.PLACED)
    assert len(here.aws.posts()) == 1


def test_an_expired_quote_is_never_sent_and_cannot_be_approved_again(here: Here) -> None:
    quoted = quote(here)
    asked = ask(here, quoted)
    here.aws.expire(quoted)

    here.bob.click(asked, "Approve")
    here.wait(lambda: here.order(asked).round == 2)

    here.wait(lambda: f"The quote {quoted} expired on" in shown(here, asked).plain)
    here.bob.click(shown(here, asked), "Approve")
    here.heard(here.bob, "can't be approved")
    assert here.order(asked).state is State.WAITING
    assert here.aws.posts() == []


def test_a_quote_that_somebody_else_ordered_is_never_sent(here: Here) -> None:
    quoted = quote(here)
    first, second = ask(here, quoted), ask(here, quoted)
    here.bob.click(first, "Approve")
    becomes(here, first, State.PLACED)

    here.bob.click(second, "Approve")
    here.wait(lambda: here.order(second).round == 2)

    here.wait(lambda: "was ordered already" in shown(here, second).plain)
    assert len(here.aws.posts()) == 1


def test_what_aws_would_refuse_stops_before_anybody_is_asked(here: Here) -> None:
    quoted = quote(here)
    here.aws.require(quoted, "ENTERPRISE_SUPPORT_ERROR", "Enterprise Support is required.")
    line = f'/order aws outpost={here.outpost} quote={quoted} {PAID} reason="New depot" --yes'

    here.alice.command(line, ORDERS)

    here.wait(lambda: "Enterprise Support is required." in here.thread())
    assert here.slack.messages(APPROVALS) == []
    assert here.aws.posts() == []


def test_something_that_fails_after_the_approval_is_not_sent(here: Here) -> None:
    quoted = quote(here)
    asked = ask(here, quoted)
    here.aws.require(quoted, "OUTPOST_ACTIVE_CHECK_ERROR", "The Outpost is not active.")

    here.bob.click(asked, "Approve")
    here.wait(lambda: here.order(asked).round == 2)

    here.wait(lambda: "not met (The Outpost is not active.)" in shown(here, asked).plain)
    assert here.aws.posts() == []


def test_items_say_that_no_price_is_told(here: Here) -> None:
    assert "AWS tells no price for catalog items: order by quote to see one." in here.ask().plain


def by_quote(here: Here) -> Form:
    """The order form on which *Quote* was chosen, for the Outpost that the tests order for."""
    here.alice.command(f'/order aws outpost={here.outpost} reason="New depot"', ORDERS)
    form = here.alice.wait_form()
    form.choose("Order by", "Quote")
    here.wait(lambda: "Quote" in form.labels())
    return form


def choose(here: Here, form: Form, quoted: str) -> str:
    """Choose a quote, paid as `PAID` says, and wait until the form has followed; returns its text."""
    [offered] = form.suggest("Quote", f"{quoted} partial_upfront/three_years")
    form.choose("Quote", offered)
    here.wait(lambda: any(f"payment@{quoted}" in block["block_id"] for block in form.blocks))
    return offered


def read_again(here: Here) -> None:
    """Let the worker read what can be ordered, and wait for it."""
    here.world.store.enqueue(reading(here.world), here.world.now())
    before = here.world.now()
    here.wait(lambda: all(at > before for _, at in here.world.store.kept("catalogue/").values()))


def test_a_quote_is_chosen_in_the_form_with_its_price_and_placed(here: Here) -> None:
    quoted = quote(here)
    read_again(here)
    form = by_quote(here)

    offered = choose(here, form, quoted)
    assert offered == "55,814.40 upfront + 1,550.40 monthly USD · 4 × m5.24xlarge"
    assert form.values()["Payment option"] == "Partial upfront"
    assert form.values()["Payment term"] == "3 years"
    assert submitted(form).closed

    asked = here.wait(lambda: here.slack.messages(APPROVALS))[0]
    assert "total 111,628.80 USD" in asked.plain
    here.bob.click(asked, "Approve")
    becomes(here, asked, State.PLACED)
    [post] = here.aws.posts()
    assert (post.body["QuoteIdentifier"], post.body["PaymentOption"]) == (quoted, "PARTIAL_UPFRONT")


def test_a_price_that_was_shown_is_not_swapped_for_another(here: Here) -> None:
    quoted = quote(here)
    read_again(here)
    form = by_quote(here)
    choose(here, form, quoted)

    form.choose("Payment option", "All upfront")
    result = form.submit()

    assert not result.closed
    assert "for which the chosen quote tells its price" in result.errors["Payment option"]
    assert here.slack.messages(APPROVALS) == []


def test_who_will_be_asked_goes_by_the_total_of_the_quote_before_anything_is_filed(
    sqlite_url: str, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        '[[step]]\nname = "Manager"\napprovers = ["U0BOB"]\n'
        '[[step]]\nname = "Money"\nwhen = { total_usd_over = 100_000 }\napprovers = ["U0CAROL"]\n'
    )
    with Here(sqlite_url, POLICY_FILE=str(policy)) as here:
        small = here.aws.add_quote(REGION, here.outpost, (("EC2", "m5.24xlarge", 1.0),))
        large = quote(here)
        read_again(here)
        form = by_quote(here)
        choose(here, form, small)
        here.wait(lambda: "Manager" in form.plain and "Money" not in form.plain)
        choose(here, form, large)
        here.wait(lambda: "Manager" in form.plain and "Money" in form.plain)
        assert submitted(form).closed
        said = here.heard(here.alice, "is filed").plain
        assert "Money" in said


def test_an_approver_reads_where_it_goes(here: Here) -> None:
    asked = ask(here, quote(here))
    assert f"{here.outpost} (frankfurt-core · Frankfurt am Main, DE) in {REGION}" in asked.plain


def test_only_quotes_for_the_chosen_outpost_are_offered_and_one_can_be_typed(here: Here) -> None:
    elsewhere = here.aws.add_quote(REGION, here.aws.add_outpost(REGION, name="zz"))
    read_again(here)
    form = by_quote(here)
    assert form.suggest("Quote", "m5.24xlarge")
    # What is typed in full is looked up before anybody decides, so that one is offered, without a price.
    assert form.suggest("Quote", elsewhere) == [elsewhere]
    newer = quote(here)
    form.choose("Quote", newer)
    here.wait(lambda: form.values()["Quote"] == newer)
    form.choose("Payment option", "No upfront")
    form.choose("Payment term", "1 year")
    assert submitted(form).closed
    asked = here.wait(lambda: here.slack.messages(APPROVALS))[0]
    assert here.order(asked).asked.aws.price is not None


def test_a_quote_that_expired_is_edited_into_another_on_the_same_order(here: Here) -> None:
    first, second = quote(here), quote(here)
    read_again(here)
    asked = ask(here, first)
    here.aws.expire(first)
    here.bob.click(asked, "Approve")
    here.wait(lambda: here.order(asked).round == 2)

    card = here.wait(lambda: [one for one in [here.card()] if "Edit and ask again" in one.buttons])[0]
    here.alice.click(card, "Edit and ask again")
    form = here.alice.wait_form()
    assert first in str(form.value("Quote"))
    choose(here, form, second)
    assert submitted(form).closed

    here.wait(lambda: here.order(asked).round == 3 and here.order(asked).state is State.WAITING)
    assert here.order(asked).asked.aws.quote == second
    here.wait(lambda: "Approve" in shown(here, asked).buttons and second in shown(here, asked).plain)
    here.bob.click(shown(here, asked), "Approve")
    becomes(here, asked, State.PLACED)
    assert [post.body["QuoteIdentifier"] for post in here.aws.posts()] == [second]


def new_quote(here: Here, form: Form) -> Form:
    """Press *Get a new quote*, and say what is to be quoted."""
    form.press("Get a new quote")
    wish = here.wait(lambda: (top := here.alice.form()) and "Instance type" in top.labels() and top)
    assert isinstance(wish, Form)
    wish.choose("Instance type", wish.suggest("Instance type", "m5.24xlarge")[0])
    wish.fill("How many more", "4")
    return wish


def test_a_new_quote_comes_as_a_message_and_its_button_opens_the_order_form(here: Here) -> None:
    form = new_quote(here, by_quote(here))
    assert form.value("Country") == "DE"  # of the site
    form.choose("Payment option", "Partial upfront")
    form.choose("Payment term", "3 years")
    assert form.submit().closed
    here.heard(here.alice, "AWS is asked to quote 4 × m5.24xlarge")

    told = here.heard(here.alice, "AWS has quoted")
    [made] = [one for one in here.aws.quotes if one.get("Description")]
    assert "Partial upfront, 3 years: Upfront 55,814.40 USD · monthly 1,550.40 USD × 36" in told.plain
    assert "New rack" in told.plain
    assert "Changed rack" in told.plain
    assert here.slack.messages(ORDERS) == []
    here.alice.click(told, "Order option 2")
    order = here.wait(lambda: (form := here.alice.form()) and form.labels()[:1] == ["Outpost"] and form)
    assert order.value("Reason") == "New depot"
    assert (order.values()["Payment option"], order.values()["Payment term"]) == (
        "Partial upfront",
        "3 years",
    )
    assert "69,768.00 upfront" in order.values()["Quote"]
    assert submitted(order).closed

    asked = here.wait(lambda: here.slack.messages(APPROVALS))[0]
    here.bob.click(asked, "Approve")
    becomes(here, asked, State.PLACED)
    [post] = here.aws.posts()
    assert post.body["QuoteIdentifier"] == made["QuoteId"]
    assert post.body["QuoteOptionIdentifier"] == made["QuoteOptions"][1]["QuoteOptionIdentifier"]


def test_what_is_wrong_with_a_wish_is_told_under_its_field(here: Here) -> None:
    form = new_quote(here, by_quote(here))
    form.fill("How many more", "")
    form.fill("Country", "Irland")
    result = form.submit()
    assert set(result.errors) == {"How many more", "Country"}
    assert [one for one in here.aws.requests if one.operation == "CreateQuote"] == []


def test_a_quote_that_aws_refuses_is_told_and_what_was_typed_is_kept(here: Here) -> None:
    here.aws.faults.add("CreateQuote", "error:ValidationException:m5.24xlarge is not for this Outpost.")
    assert new_quote(here, by_quote(here)).submit().closed

    told = here.heard(here.alice, "AWS made no quote")
    assert "m5.24xlarge is not for this Outpost" in told.plain
    here.alice.click(told, "Open the form")
    form = here.alice.wait_form()
    assert form.value("Reason") == "New depot"


def test_where_the_bot_may_get_no_quotes_operators_read_why_and_who_asked_keeps_the_form(here: Here) -> None:
    here.aws.faults.add("CreateQuote", "error:AccessDeniedException:User: arn:aws:iam::1:role/x may not.")
    assert new_quote(here, by_quote(here)).submit().closed
    told = here.heard(here.alice, "AWS made no quote").plain
    assert "does not let the bot ask for quotes, and operators have been told" in told
    assert "arn:aws" not in told
    assert "Open the form" in told
    here.wait(lambda: "role/x may not" in "".join(m.plain for m in here.slack.messages(OPERATIONS)))


def test_a_lost_answer_to_a_wish_makes_no_second_quote(here: Here) -> None:
    here.aws.faults.add("CreateQuote", "drop_after")
    assert new_quote(here, by_quote(here)).submit().closed

    here.heard(here.alice, "AWS has quoted")
    assert len([one for one in here.aws.quotes if one.get("Description")]) == 1
    assert len([one for one in here.slack.direct(here.alice.id) if "AWS has quoted" in one.plain]) == 1


def test_who_may_not_ask_for_orders_gets_no_quote(sqlite_url: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[requesters]\nallow = ["U0CAROL"]\n[[step]]\nname = "x"\napprovers = ["U0BOB"]\n')
    with Here(sqlite_url, POLICY_FILE=str(policy)) as here:
        assert new_quote(here, by_quote(here)).submit().closed
        here.heard(here.alice, "you are not among those who may ask for orders here")
        assert [one for one in here.aws.requests if one.operation == "CreateQuote"] == []


def test_where_boto3_knows_no_quotes_the_form_does_not_ask_for_one(here: Here) -> None:
    key = f"catalogue/aws/{REGION}"
    choices = {key: said for key, said in here.offered.items() if key not in ("quote", "instance")}
    here.world.store.keep(key, {"choices": choices}, here.world.now())

    here.alice.command(f"/order aws outpost={here.outpost}", ORDERS)

    labels = here.alice.wait_form().labels()
    assert "Order by" not in labels
    assert "Catalog item" in labels


def test_choices_hide_nothing_and_one_that_aws_names_nothing_takes_no_others_with_it(here: Here) -> None:
    here.worker.stop()  # which would read the catalogue again
    types = [["", "", ""], ["m5.24xlarge", "m5.24xlarge\u202e · 96 vCPUs\u200b", "Rack\u2066"]]
    [key] = here.world.store.kept("catalogue/aws/")
    here.world.store.keep(key, {"choices": here.offered | {"instance": types}}, here.world.now())
    form = by_quote(here)
    form.press("Get a new quote")
    wish = here.wait(lambda: (top := here.alice.form()) and "Instance type" in top.labels() and top)
    assert isinstance(wish, Form)
    assert wish.suggest("Instance type") == ["m5.24xlarge · 96 vCPUs"]
    assert wish.choices("Instance type")[0]["description"]["text"] == "Rack"


@pytest.mark.parametrize("offers", [{"QuoteOptions": []}, {"QuoteOptions": [{"PricingOptions": []}]}])
def test_what_was_typed_is_kept_where_nothing_of_a_new_quote_can_be_ordered(
    here: Here, offers: dict[str, Any]
) -> None:
    here.aws.faults.add("CreateQuote", "drop_after")  # so that it is what AWS lists that is told
    form = new_quote(here, by_quote(here))
    assert form.submit().closed
    made = here.wait(lambda: [one["QuoteId"] for one in here.aws.quotes if one.get("Description")])
    here.aws.put_quote(made[0], **offers)

    told = here.heard(here.alice, "Nothing of this quote can be ordered")
    here.alice.click(told, "Open the form")
    again = here.wait(lambda: (top := here.alice.form()) and "Reason" in top.labels() and top)
    assert isinstance(again, Form)
    assert again.value("Reason") == "New depot"


def test_items_that_were_chosen_before_a_quote_that_aws_refuses_are_kept(here: Here) -> None:
    here.aws.faults.add("CreateQuote", "error:ValidationException:Not for this Outpost.")
    line = (
        f'/order aws outpost={here.outpost} item={here.items[0]}:2 item={here.items[1]}:3 reason="New depot"'
    )
    here.alice.command(line, ORDERS)
    form = here.alice.wait_form()
    form.choose("Order by", "Quote")
    here.wait(lambda: "Quote" in form.labels())
    assert new_quote(here, form).submit().closed

    here.alice.click(here.heard(here.alice, "AWS made no quote"), "Open the form")
    again = here.wait(lambda: (top := here.alice.form()) and "Reason" in top.labels() and top)
    assert isinstance(again, Form)
    assert [again.values()[label] for label in ("Quantity", "Quantity (2)")] == ["2", "3"]


def test_a_wish_that_was_changed_and_sent_again_is_quoted_too_and_the_same_one_once(here: Here) -> None:
    # As from one form: Slack had no answer to the first, and so left it open.
    for count in (4, 8, 8):
        wish = Wish(here.outpost, REGION, "DE", (("m5.24xlarge", count),))
        said = ask_for(here.world, wish, here.alice.id, "V0000001", "")
        assert f"{count} × `m5.24xlarge`" in said.text
    here.heard(here.alice, "AWS has quoted 4 × m5.24xlarge")
    here.heard(here.alice, "AWS has quoted 8 × m5.24xlarge")
    assert len([one for one in here.aws.quotes if one.get("Description")]) == 2


def test_the_country_of_another_outpost_is_not_asked_for_with_a_quote(here: Here) -> None:
    form = new_quote(here, by_quote(here))
    assert form.value("Country") == "DE"  # of the Outpost that was chosen below, which the form opens with
    form.choose("Outpost", form.suggest("Outpost", "lyon")[0])
    result = form.submit()
    assert result.errors == {
        "Country": "Expected FR, where the site of this Outpost is, or nothing, not “DE”."
    }
    form.fill("Country", "")
    assert form.submit().closed
    here.heard(here.alice, "AWS has quoted")
    assert [one["CountryCode"] for one in here.aws.quotes if one.get("Description")] == ["FR"]

"""How the placing of an Azure order is told, unit by unit, and what operators decide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.command import Ask, parse
from bot.core.messages import desk, replies, thread
from bot.core.messages.blocks import Say
from bot.core.messages.card import card
from bot.core.messages.request import outcome
from bot.core.messages.status import status
from bot.core.messages.words import advice, headline
from bot.core.order import Placement, State, Step
from bot.core.request import values_of
from bot.core.snapshot import Ref, Snapshot
from bot.demo.slack.plain import visible
from tests.core.azure import (
    NAMES,
    REF,
    REQUEST,
    SUBSCRIPTION,
    A,
    D,
    P,
    R,
    U,
    buttons,
    item,
    labels,
    order,
    placed,
    placing,
    seen,
    told,
)
from tests.core.test_messages import OPAL


@pytest.mark.parametrize(
    ("state", "steps", "words_"),
    [
        (State.APPROVED, (D, D, D), "approved, about to be placed"),
        (State.PLACING, (A, D, D), "being placed (0 of 3)"),
        (State.PLACING, (P, R, A), "being placed (1 of 3)"),
        (State.PLACED, (P, P, P), "placed"),
        (State.PLACED, (P, R, P), "placed (2 of 3)"),
        (State.UNCLEAR, (P, U, R), "unclear (1 of 3)"),
        (State.UNCLEAR, (U, U, U), "unclear"),
        (State.UNCLEAR, (U,), "unclear"),
        (State.REFUSED, (R, R, R), "refused"),
    ],
)
def test_that_only_some_units_are_placed_is_told_wherever_the_order_is_named(
    state: State, steps: tuple[Step, ...], words_: str
) -> None:
    one = order(state, placements=placing(*steps))
    assert headline(one) == words_
    assert words_ in replies.already(one).text
    assert f"is *{words_}*" in status(one, []).blocks[0]["text"]["text"]


def test_partly_placed_is_told_beside_the_cloud_s_own_word() -> None:
    one = placed(item(1, "InReview"), item(3, "Shipped"), placements=placing(P, R, P))
    assert headline(one) == "placed (2 of 3, In review)"
    assert outcome(one) == ("*Approved* by <@U0BOB> · placed (2 of 3, In review) · Azure order `ord-7f3k2m`")


def test_the_card_lists_each_unit_while_it_is_placed() -> None:
    one = order(State.PLACING, placements=placing(P, R, A))
    assert (
        "• ord-7f3k2m-1: placed\n"
        "• ord-7f3k2m-2: refused. Azure says: “It is not shipped to US.”\n"
        "• ord-7f3k2m-3: being placed\n"
    ) in seen(card(one))
    assert "ord-7f3k2m-1" not in seen(card(order(State.APPROVED, placements=placing(D, D, D))))


def test_the_card_shows_what_azure_shows_of_the_placed_units_and_still_names_the_others() -> None:
    one = placed(item(1, "InReview"), item(3, "Shipped"), placements=placing(P, R, P))
    lines = [line for line in seen(card(one)).split("\n") if line.startswith("•")]
    assert lines == [
        "• ord-7f3k2m-2: refused. Azure says: “It is not shipped to US.”",
        "• Azure Stack Edge Pro - 1 GPU (ord-7f3k2m-1): In review",
        "• Azure Stack Edge Pro - 1 GPU (ord-7f3k2m-3): Shipped",
    ]


@pytest.mark.parametrize(
    ("placements", "by", "said"),
    [
        (placing(P), "", "*Placed*: Azure order `ord-7f3k2m`."),
        (placing(P, P, P), "", "*Placed*: Azure order `ord-7f3k2m`."),
        (placing(P, P, P), OPAL, "*Placed*: Azure order `ord-7f3k2m`. <@U0OPAL> has settled it."),
        (
            placing(P, R, P),
            "",
            "*Placed*: Azure order `ord-7f3k2m`: 2 of 3 units.\n"
            "• ord-7f3k2m-2: *refused*. Azure says: “It is not shipped to US.”",
        ),
        (placing(R), "", "*Refused*. Azure says: “It is not shipped to US.”"),
        (placing(R, why=""), "", "*Refused*. Azure does not say why."),
        (
            placing(R, R, R),
            "",
            "*Refused*. Azure says: “It is not shipped to US.” None of the 3 units is placed.",
        ),
        (
            (*placing(R), Placement(NAMES[1], R, "", "No."), Placement(NAMES[2], R, "", "No.")),
            "",
            "*Refused*. None of the 3 units is placed.\n"
            "• ord-7f3k2m-1: *refused*. Azure says: “It is not shipped to US.”\n"
            "• ord-7f3k2m-2: *refused*. Azure says: “No.”\n"
            "• ord-7f3k2m-3: *refused*, for the same reason",
        ),
        (
            placing(U, why="no answer in 30 s."),
            "",
            "*Unclear*: `ord-7f3k2m-1`. Azure may or may not have it; nothing is sent again, and Azure is "
            "asked for it by name.\n"
            "• ord-7f3k2m-1: *unclear*: no answer in 30 s",
        ),
        (
            (*placing(P, R), Placement(NAMES[2], U, "", "no answer in 30 s.")),
            OPAL,
            "*Unclear*: 1 of 3 units. Azure may or may not have it; nothing is sent again, and Azure is "
            "asked for it by name. 1 is placed.\n"
            "• ord-7f3k2m-2: *refused*. Azure says: “It is not shipped to US.”\n"
            "• ord-7f3k2m-3: *unclear*: no answer in 30 s",
        ),
    ],
)
def test_how_the_placing_of_all_units_ended_in_words(
    placements: tuple[Placement, ...], by: str, said: str
) -> None:
    # The order went on meanwhile: what is told is what was so when it happened.
    later = placed(item(1, "Shipped"), placements=placing(P, P, P))
    assert thread.what_happened(later, told(placements, by)) == said


def test_each_of_twenty_units_has_its_line_with_as_much_of_azure_s_sentence_as_fits() -> None:
    many = tuple(
        Placement(f"ord-7f3k2m-{number}", R, "X", f"{number} " + "word " * 600) for number in range(1, 21)
    )
    text = seen(thread.in_thread(order(State.REFUSED), told(many)))
    lines = [line for line in text.split("\n") if line.startswith("•")]
    assert [line.partition(":")[0] for line in lines] == [f"• ord-7f3k2m-{n}" for n in range(1, 21)]
    assert all(len(line) > 200 and line.endswith("…”") for line in lines)
    shown = seen(card(order(State.REFUSED, placements=many)))
    assert all(f"• ord-7f3k2m-{number}: refused. Azure says:" in shown for number in range(1, 21))


def line_to_ask_again(said: Say) -> str:
    [line] = [block["text"]["text"] for block in said.blocks if "```" in str(block.get("text", ""))]
    return visible(line, {}).strip()


def test_when_all_is_refused_the_requester_gets_advice_and_the_line_to_ask_again() -> None:
    said = thread.directly(order(State.REFUSED), told(placing(R, R, R)))
    assert "choose another configuration or another address. To ask again, change this" in said.text
    asked = parse(line_to_ask_again(said).removeprefix("/order "))
    assert isinstance(asked, Ask)
    assert asked.values == values_of(REQUEST)


def test_when_some_are_refused_the_line_asks_for_the_rest_only() -> None:
    said = thread.directly(order(State.PLACED, ref=REF), told(placing(P, R, P)))
    assert said.text.startswith("*ORD-7F3K2M* (3 × azurestackedgegpu/edgep_high (Rental))\n*Placed*: Azure ")
    assert "To ask for the rest, change this and send it:" in said.text
    asked = parse(line_to_ask_again(said).removeprefix("/order "))
    assert isinstance(asked, Ask)
    assert asked.values == dict(values_of(REQUEST)) | {"qty": ("1",)}


def test_nobody_is_told_to_ask_again_while_something_is_unclear() -> None:
    said = thread.directly(order(State.UNCLEAR), told((*placing(R), Placement(NAMES[1], U, "", "?"))))
    assert "ask" not in said.text.replace("is asked for it by name", "")
    assert "/order" not in seen(said)


def test_whoever_is_told_that_all_is_placed_is_told_how_to_stop_these_messages() -> None:
    assert "`/order mute ORD-7F3K2M`" in str(thread.directly(order(State.PLACED), told(placing(P, P))).blocks)
    assert "mute" not in str(thread.in_thread(order(State.PLACED), told(placing(P, P))).blocks)


@pytest.mark.parametrize(
    ("code", "words_"),
    [
        ("MissingSubscriptionRegistration", "An operator has to register Microsoft.EdgeOrder"),
        ("AuthorizationFailed", "an operator has to look at the role"),
        ("RequestDisallowedByPolicy", "A policy of your Azure organisation forbids it"),
        ("AddressChanged", "Ask again: approvers then see it as it is now."),
        ("InvalidAddress", "correct it, or choose another"),
        ("CountryNotSupported", "not shipped to that country"),
        ("ResourceGroupNotFound", "Check the name of the resource group"),
        ("LocationNotAvailableForResourceType", "eastus, westeurope and southeastasia"),
        ("ConfigurationNotAvailable", "choose another configuration"),
        ("SomethingNew", "Change the request and ask again, or ask an operator."),
    ],
)
def test_each_refusal_of_azure_says_what_to_do_and_whose_turn_it_is(code: str, words_: str) -> None:
    assert words_ in advice(code)


# Unclear: what operators decide


ONE_UNCLEAR = order(
    State.UNCLEAR,
    placements=(*placing(P), Placement(NAMES[1], U, "", "no answer in 30 s."), *placing(P, P, R)[2:]),
    people_asked=True,
    why="no answer in 30 s.; the cloud's list shows no such order",
    ref=REF,
    version=7,
)


def test_operators_read_which_unit_is_unclear_and_why_and_where_to_look() -> None:
    text = seen(desk.unclear(ONE_UNCLEAR))
    for line in (
        "ORD-7F3K2M: was it placed?",
        "Azure may or may not have 1 of 3 units of this order:",
        "• ord-7f3k2m-2: unclear: no answer in 30 s",
        "Asked for: 3 × azurestackedgegpu/edgep_high (Rental) to be shipped to columbus-plant "
        "(Columbus, US).",
        "The others: 1 placed, 1 refused.",
        "Azure shows nothing of that name. Look in the Azure portal, resource group edge-rg, before you "
        "decide.",
        "A name can exist only once there, so nothing is bought twice; still, nothing more is sent until "
        "somebody says so.",
        "[It was placed] [It was not placed: try again]",
    ):
        assert line in text
    assert "ord-7f3k2m-1: " not in text


def test_operators_have_a_button_for_each_item_that_azure_shows() -> None:
    found = tuple(Ref(SUBSCRIPTION, f"edge-rg/{name}") for name in NAMES[1:])
    said = desk.unclear(replace(ONE_UNCLEAR, candidates=found))
    assert labels(said) == [
        "It was placed: ord-7f3k2m-2",
        "It was placed: ord-7f3k2m-3",
        "It was not placed: try again",
    ]
    assert [button["value"] for button in buttons(said)] == [
        "ORD-7F3K2M edge-rg/ord-7f3k2m-2",
        "ORD-7F3K2M edge-rg/ord-7f3k2m-3",
        "ORD-7F3K2M 7",
    ]
    sure = buttons(said)[-1]["confirm"]["text"]["text"]
    assert sure == (
        "1 unit will be sent again, under the same name. "
        "Only if you have made sure that Azure has no such item."
    )
    assert "What Azure shows of that name: ord-7f3k2m-2, ord-7f3k2m-3." in seen(said)


def test_an_item_that_is_not_what_was_approved_is_told_to_operators() -> None:
    one = order(State.PLACED, ref=REF)
    same = item(2, "Placed", details=(("Configuration", "EdgeP_High"), ("Order type", "Rental")))
    other = item(2, "Placed", details=(("Configuration", "edgep_base"), ("Order type", "Purchase")))
    ref = Ref(SUBSCRIPTION, "edge-rg/ord-7f3k2m-2")
    assert desk.differs(one, Snapshot(ref, "Placed", (same,))) is None
    said = desk.differs(one, Snapshot(ref, "Placed", (other,)))
    assert said is not None
    assert said.text == (
        ":warning: `ord-7f3k2m-2` was taken for ORD-7F3K2M and is not what was approved. Configuration: "
        "approved edgep_high, there edgep_base; Order type: approved Rental, there Purchase"
    )


def test_an_outage_of_azure_names_the_subscription_in_short() -> None:
    assert desk.cloud_down("azure", SUBSCRIPTION, "no answer.").text == (
        "Azure subscription 0a1b2c3d… cannot be asked: no answer. The bot keeps trying."
    )
    assert desk.cloud_back("azure", SUBSCRIPTION).text == "Azure subscription 0a1b2c3d… answers again."
    assert desk.not_followed("azure", SUBSCRIPTION, 2).text.startswith(
        "2 orders in Azure subscription 0a1b2c3d… cannot be followed"
    )

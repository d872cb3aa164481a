"""Everything that is asked of AWS besides placing, over real HTTP."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.clouds.aws import READER_ACTIONS, SUBMITTER_ACTIONS, Aws, actions
from bot.core.quote import Wish
from bot.core.request import Request
from bot.core.snapshot import Aspect, Change, Ref, changes, dump, load
from bot.demo.outposts import LocalOutposts
from bot.errors import CloudDown, CloudRefused, CloudUnknown
from bot.ports import Found, Placed
from tests.clouds.conftest import MakeAws
from tests.clouds.world import (
    ELSEWHERE,
    LATER,
    NOW,
    RACK,
    REGION,
    SERVER,
    Scripted,
    asked,
    by_quote,
    scripted,
)

NOBODY = "oo-00000000000000000"


def operations(outposts: LocalOutposts) -> list[str]:
    return [request.operation for request in outposts.requests]


# --- checking -----------------------------------------------------------------------------------


def in_the_us(request: Request) -> Request:
    """The request, as it is once it is known where its Outpost stands."""
    return replace(request, terms=replace(request.aws, country="US", place="FRA-1 · Springfield, US"))


def test_a_check_fills_in_the_region_of_the_outpost(make_aws: MakeAws, outpost: str) -> None:
    aws = make_aws(ELSEWHERE, REGION)

    assert aws.check(asked(outpost, region="")) == in_the_us(asked(outpost, region=REGION))


def test_a_check_asks_only_in_the_region_that_was_named(
    make_aws: MakeAws, outposts: LocalOutposts, outpost: str
) -> None:
    aws = make_aws(ELSEWHERE, REGION)
    items = [(SERVER, 1), (RACK, 1), (SERVER, 2)]

    assert aws.check(asked(outpost, items=items)) == in_the_us(asked(outpost, items=items))
    assert operations(outposts) == ["GetOutpost", "GetCatalogItem", "GetCatalogItem", "GetSite"]


def test_an_arn_says_its_region_itself(make_aws: MakeAws, outposts: LocalOutposts, outpost: str) -> None:
    arn = f"arn:aws:outposts:{REGION}:123456789012:outpost/{outpost}"

    assert make_aws(ELSEWHERE, REGION).check(asked(arn, region="")) == in_the_us(asked(arn, region=REGION))
    assert {request.region for request in outposts.requests} == {REGION}


def test_an_outpost_that_no_region_knows_is_unknown_in_the_words_of_aws(make_aws: MakeAws) -> None:
    missing = "op-00000000000000000"

    with pytest.raises(CloudUnknown) as refusal:
        make_aws(ELSEWHERE, REGION).check(asked(missing, region=""))

    assert refusal.value.code == "NotFoundException"
    assert refusal.value.words == (
        f"AWS does not know the Outpost {missing} in us-east-1 or eu-west-1: Outpost {missing} not found"
    )


def test_a_region_that_cannot_be_asked_might_know_the_outpost(
    make_aws: MakeAws, outposts: LocalOutposts
) -> None:
    outposts.faults.add("GetOutpost", "500_before", times=3, region=ELSEWHERE)

    with pytest.raises(CloudDown):
        make_aws(ELSEWHERE, REGION).check(asked("op-00000000000000000", region=""))


def test_a_region_that_may_not_be_asked_might_know_the_outpost(
    make_aws: MakeAws, outposts: LocalOutposts
) -> None:
    outposts.faults.add("GetOutpost", "error:AccessDeniedException:No.", region=ELSEWHERE)

    with pytest.raises(CloudRefused) as refusal:
        make_aws(ELSEWHERE, REGION).check(asked("op-00000000000000000", region=""))

    assert refusal.value.code == "AccessDeniedException"


@pytest.mark.parametrize(
    ("outpost", "region", "words"),
    [
        ("op-00000000000000000", "ap-south-1", "Orders can't go to ap-south-1, only to eu-west-1."),
        (
            "arn:aws:outposts:eu-west-1:123456789012:outpost/op-00000000000000000",
            "us-east-1",
            "is in eu-west-1, not in us-east-1.",
        ),
    ],
)
def test_a_wrong_region_is_refused_without_asking(
    outpost: str, region: str, words: str, aws: Aws, outposts: LocalOutposts
) -> None:
    with pytest.raises(CloudRefused) as refusal:
        aws.check(asked(outpost, region=region))

    assert refusal.value.words.endswith(words)
    assert outposts.requests == []


def test_an_item_that_aws_does_not_know_is_refused_in_its_words(aws: Aws, outpost: str) -> None:
    with pytest.raises(CloudUnknown) as refusal:
        aws.check(asked(outpost, items=[(RACK, 1), ("OR-ZZZZZZZ", 1)]))

    assert refusal.value.words == (
        "AWS does not know the catalog item OR-ZZZZZZZ in eu-west-1: Catalog item OR-ZZZZZZZ not found"
    )


def test_an_item_that_is_no_longer_sold_is_refused(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    outposts.add_item(REGION, RACK, status="DISCONTINUED")

    with pytest.raises(CloudRefused) as refusal:
        aws.check(asked(outpost))

    assert refusal.value.code == "DISCONTINUED"
    assert refusal.value.words == (
        f"The catalog item {RACK} can't be ordered in eu-west-1: AWS says that its status is DISCONTINUED."
    )


# --- what can be ordered --------------------------------------------------------------------------


def test_the_catalogue_offers_outposts_with_their_place_and_what_is_still_sold(
    aws: Aws, outposts: LocalOutposts
) -> None:
    site = outposts.add_site(REGION, name="Main", city="Frankfurt", country="DE", state="Hesse")
    second = outposts.add_outpost(REGION, name="FRA-2", site_id=site)
    first = outposts.add_outpost(REGION, name="FRA-1", site_id=site)
    outposts.add_outpost(ELSEWHERE, name="not here")
    outposts.add_item(REGION, RACK, capacities=[("m5", "24xlarge", "4")], power_kva=8.1)
    outposts.add_item(REGION, SERVER, status="DISCONTINUED")

    catalogue = aws.catalogue(REGION)

    assert catalogue.scope == REGION
    assert [(choice.value, choice.text, choice.detail) for choice in catalogue.choices["outpost"]] == [
        (f"{REGION}/{first}", "FRA-1 · Frankfurt, DE", first),
        (f"{REGION}/{second}", "FRA-2 · Frankfurt, DE", second),
    ]
    assert [(choice.value, choice.text) for choice in catalogue.choices["item"]] == [
        (RACK, f"{RACK} · 4 × m5.24xlarge · 8.1 kVA")
    ]


def test_without_leave_to_list_sites_outposts_are_offered_without_their_place(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    outposts.faults.add("ListSites", "error:AccessDeniedException:No.")

    (choice,) = aws.catalogue(REGION).choices["outpost"]

    assert (choice.value, choice.text) == (f"{REGION}/{outpost}", "FRA-1")


def test_the_catalogue_follows_every_page_and_fits_into_slack(aws: Aws, outposts: LocalOutposts) -> None:
    outposts.page_size = 4
    outposts.furnish([REGION])

    choices = aws.catalogue(REGION).choices

    assert len(choices["outpost"]) == 3
    assert len(choices["item"]) > 4
    for choice in (*choices["outpost"], *choices["item"]):
        assert 0 < len(choice.text) <= 75
    texts = [choice.text.casefold() for choice in choices["item"]]
    assert texts == sorted(texts)


# --- reading orders -------------------------------------------------------------------------------


def test_an_order_is_read_in_full(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    order_id = outposts.add_order(REGION, outpost, [(RACK, 2)], submitted=at)
    outposts.ship(order_id, carrier="UPS", number="1Z999AA10123456784")

    snapshot = aws.read(Ref(REGION, order_id))

    assert snapshot.ref == Ref(REGION, order_id)
    assert snapshot.status == "IN_PROGRESS"
    assert snapshot.facts == (
        ("Outpost", outpost),
        ("Region", REGION),
        ("Payment option", "No upfront"),
        ("Payment term", "3 years"),
        ("Submitted", "2026-01-02 03:04 UTC"),
    )
    (unit,) = snapshot.units
    assert (unit.name, unit.quantity, unit.status) == (RACK, 2, "SHIPPED")
    assert unit.shipment is not None
    assert unit.shipment.link == "https://www.ups.com/track?tracknum=1Z999AA10123456784"


def test_the_whole_life_of_an_order_can_be_followed(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    order_id = outposts.add_order(REGION, outpost, [(RACK, 2), (SERVER, 1)])
    seen = [aws.read(Ref(REGION, order_id))]
    while seen[-1].status != "COMPLETED":
        outposts.advance(order_id)
        seen.append(aws.read(Ref(REGION, order_id)))

    for before, after in pairwise(seen):
        assert changes(before, after)
        assert before.fingerprint != after.fingerprint
    assert "Fulfilled" in dict(seen[-1].facts)
    assert all(unit.assets and unit.assets[0].macs for unit in seen[-1].units)


def test_a_read_has_the_fingerprint_of_the_listing(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    order_ids = [
        outposts.add_order(REGION, outpost, [(RACK, 2), (SERVER, 1), (RACK, 3)]),
        outposts.add_order(REGION, outpost, [(RACK, 1)], order_type="REPLACEMENT"),
    ]
    for _ in range(7):
        outposts.advance(order_ids[0])
        listed = {summary.ref: summary.fingerprint for summary in aws.summaries(REGION, ())}
        read = {ref: aws.read(ref).fingerprint for ref in listed}

        assert read == listed
    assert {ref.id for ref in listed} == set(order_ids)


def test_a_shuffle_by_aws_is_no_change(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    order_id = outposts.add_order(REGION, outpost, [(RACK, 2), (SERVER, 1), (RACK, 1)])
    for _ in range(5):
        outposts.advance(order_id)
    before = aws.read(Ref(REGION, order_id))
    (order,) = outposts.orders
    for line in order["LineItems"]:
        line["AssetInformationList"].reverse()
        for asset in line["AssetInformationList"]:
            asset["MacAddressList"].reverse()
    outposts.put(order_id, LineItems=order["LineItems"][::-1])

    after = aws.read(Ref(REGION, order_id))

    assert after == before


def test_a_status_that_nobody_knows_is_passed_on_as_it_is(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    order_id = outposts.add_order(REGION, outpost, [(RACK, 1)])
    before = aws.read(Ref(REGION, order_id))
    outposts.set_status(order_id, "ON_THE_MOON")
    outposts.set_line(order_id, 0, Status="IN_ORBIT", ShipmentInformation={"ShipmentCarrier": "X"})

    told = changes(before, aws.read(Ref(REGION, order_id)))

    assert [(change.aspect, change.now) for change in told] == [
        (Aspect.STATUS, "ON_THE_MOON"),
        (Aspect.UNIT_STATUS, "IN_ORBIT"),
        (Aspect.SHIPMENT, "X"),
    ]


def test_an_order_that_lost_its_members_is_still_an_order(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    order_id = outposts.add_order(REGION, outpost, [(RACK, 1)])
    gone = ("LineItems", "PaymentOption", "PaymentTerm", "OutpostId", "OrderSubmissionDate")
    outposts.put(order_id, **dict.fromkeys(gone))

    snapshot = aws.read(Ref(REGION, order_id))

    assert (snapshot.status, snapshot.units) == ("PREPARING", ())
    assert snapshot.facts == (("Region", REGION),)


def test_an_unknown_order_is_unknown_where_it_was_asked_for(aws: Aws) -> None:
    with pytest.raises(CloudUnknown) as refusal:
        aws.read(Ref(REGION, NOBODY))

    assert refusal.value.words == f"Order {NOBODY} not found"


def test_an_order_is_found_in_whatever_region_it_is(
    make_aws: MakeAws, outposts: LocalOutposts, outpost: str
) -> None:
    order_id = outposts.add_order(REGION, outpost, [(RACK, 1)])

    assert make_aws(ELSEWHERE, REGION).find(order_id).ref == Ref(REGION, order_id)


def test_an_order_that_no_region_has_is_unknown(make_aws: MakeAws) -> None:
    with pytest.raises(CloudUnknown):
        make_aws(ELSEWHERE, REGION).find(NOBODY)


def test_an_order_is_not_unknown_while_a_region_is_down(make_aws: MakeAws, outposts: LocalOutposts) -> None:
    outposts.faults.add("GetOrder", "503_before", times=3, region=REGION)

    with pytest.raises(CloudDown):
        make_aws(REGION, ELSEWHERE).find(NOBODY)


def test_a_region_that_is_down_does_not_hide_an_order_elsewhere(
    make_aws: MakeAws, outposts: LocalOutposts, outpost: str
) -> None:
    order_id = outposts.add_order(REGION, outpost, [(RACK, 1)])
    outposts.faults.add("GetOrder", "503_before", times=3, region=ELSEWHERE)

    assert make_aws(ELSEWHERE, REGION).find(order_id).ref.scope == REGION


def test_two_thousand_five_hundred_orders_cost_three_calls(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    for _ in range(2500):
        outposts.add_order(REGION, outpost, [(RACK, 1)])

    assert len({summary.ref for summary in aws.summaries(REGION, ())}) == 2500
    assert operations(outposts) == ["ListOrders"] * 3
    assert [request.query["MaxResults"] for request in outposts.requests] == [["1000"]] * 3


# --- finding an order again -----------------------------------------------------------------------


def test_known_are_the_orders_of_that_outpost_alone(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    other = outposts.add_outpost(REGION, name="FRA-2")
    here = {outposts.add_order(REGION, outpost, [(RACK, 1)]) for _ in range(3)}
    outposts.add_order(REGION, other, [(RACK, 1)])

    assert aws.known(asked(outpost)) == here


def test_look_alikes_are_exactly_those_that_equal_the_request(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    other = outposts.add_outpost(REGION, name="FRA-2")
    items = [(RACK, 2), (SERVER, 1)]

    def add(where: str = outpost, what: list[tuple[str, int]] = items, minutes: int = 1, **more: str) -> str:
        at = NOW + timedelta(minutes=minutes)
        return outposts.add_order(REGION, where, what, submitted=at, **more)

    known = add()
    add(minutes=-1)
    add(other)
    add(what=[(RACK, 2)])
    add(what=[(RACK, 1), (SERVER, 2)])
    add(what=[*items, (RACK, 2)])
    add(payment_option="ALL_UPFRONT")
    add(payment_term="ONE_YEAR")
    add(order_type="REPLACEMENT")
    late, soon, shuffled = add(minutes=3), add(minutes=0), add(what=items[::-1], minutes=2)
    undated = add(minutes=-9)
    outposts.put(undated, OrderSubmissionDate=None, OrderType=None)

    found = aws.look_alikes(asked(outpost, items=items), NOW, frozenset({known}))

    assert found == (
        Found(Ref(REGION, soon), NOW),
        Found(Ref(REGION, shuffled), NOW + timedelta(minutes=2)),
        Found(Ref(REGION, late), NOW + timedelta(minutes=3)),
        Found(Ref(REGION, undated), None),
    )


def test_an_order_booked_without_an_answer_is_found_again(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    request = asked(outpost, items=[(RACK, 2), (RACK, 2), (SERVER, 1)])
    outposts.add_order(REGION, outpost, [(RACK, 2), (RACK, 2), (SERVER, 1)])
    known = aws.known(request)
    outposts.faults.add("CreateOrder", "drop_after")

    aws.place(request, LATER)

    (booked,) = outposts.accepted()
    (found,) = aws.look_alikes(request, datetime(2020, 1, 1, tzinfo=UTC), known)
    assert found.ref == Ref(REGION, booked["OrderId"])


def test_known_orders_are_not_read_again(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    known = frozenset(outposts.add_order(REGION, outpost, [(RACK, 1)]) for _ in range(5))

    assert aws.look_alikes(asked(outpost), datetime(2020, 1, 1, tzinfo=UTC), known) == ()
    assert operations(outposts) == ["ListOrders"]


def test_an_order_that_is_listed_but_not_shown_leaves_the_question_open(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    outposts.add_order(REGION, outpost, [(RACK, 1)])
    outposts.faults.add("GetOrder", "error:NotFoundException:Not yet.")

    with pytest.raises(CloudDown):
        aws.look_alikes(asked(outpost), datetime(2020, 1, 1, tzinfo=UTC), frozenset())


# --- cancelling -----------------------------------------------------------------------------------


def test_an_order_is_cancelled(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    ref = Ref(REGION, outposts.add_order(REGION, outpost, [(RACK, 1)]))

    aws.cancel(ref)

    assert aws.read(ref).status == "CANCELLED"


def test_cancelling_again_does_no_harm(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    ref = Ref(REGION, outposts.add_order(REGION, outpost, [(RACK, 1)]))
    outposts.faults.add("CancelOrder", "drop_after")

    aws.cancel(ref)
    aws.cancel(ref)

    assert aws.read(ref).status == "CANCELLED"


def test_an_order_that_is_too_far_is_not_cancelled_and_aws_says_why(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    ref = Ref(REGION, outposts.add_order(REGION, outpost, [(RACK, 1)]))
    outposts.set_status(ref.id, "DELIVERED")

    with pytest.raises(CloudRefused) as refusal:
        aws.cancel(ref)

    assert refusal.value.code == "ConflictException"
    assert "cannot be cancelled in its current state (DELIVERED)" in refusal.value.words


# --- failures -------------------------------------------------------------------------------------

QUESTIONS: dict[str, Callable[[Aws], object]] = {
    "catalogue": lambda aws: aws.catalogue(REGION),
    "check": lambda aws: aws.check(asked("op-0123456789abcdef0")),
    "known": lambda aws: aws.known(asked("op-0123456789abcdef0")),
    "look_alikes": lambda aws: aws.look_alikes(asked("op-0123456789abcdef0"), NOW, frozenset()),
    "read": lambda aws: aws.read(Ref(REGION, NOBODY)),
    "find": lambda aws: aws.find(NOBODY),
    "summaries": lambda aws: list(aws.summaries(REGION, ())),
}
WORTHLESS = {
    "nothing": Scripted(200),
    "HTML": Scripted(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}),
    "half an answer": Scripted(200, b'{"Orders": [], "Outposts": [{"Outp'),
    "a list": Scripted(200, b"[]"),
    "words for lists": Scripted(200, b'{"Orders": 1, "Outposts": 1, "Order": 1, "Outpost": 1}'),
    "lists of nothing": Scripted(200, b'{"Orders": [null], "Outposts": [null], "Order": null}'),
    "another order": Scripted(200, b'{"Order": {"OrderId": "oo-1"}, "Orders": [{"Status": "?"}]}'),
    "a proxy's refusal": Scripted(403, b"<html>Forbidden</html>"),
}


@pytest.mark.parametrize("question", sorted(QUESTIONS.keys() - {"summaries"}))
@pytest.mark.parametrize("answer", WORTHLESS)
def test_an_answer_that_says_nothing_means_that_the_cloud_is_down(
    answer: str, question: str, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted(replace(WORTHLESS[answer])) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_OUTPOSTS", server.url)

        with pytest.raises(CloudDown):
            QUESTIONS[question](aws)


@pytest.mark.parametrize("kind", ["drop_before", "503_before", "truncated_200_after"])
def test_a_cloud_that_stays_broken_is_down(
    kind: str, aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    outposts.faults.add("ListOrders", kind, times=3)

    with pytest.raises(CloudDown) as failure:
        aws.known(asked(outpost))

    assert not isinstance(failure.value, CloudRefused)


def test_a_failure_that_passes_is_not_noticed(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    outposts.faults.add("ListOrders", "drop_before")
    outposts.faults.add("ListOrders", "500_before")

    assert aws.known(asked(outpost)) == frozenset()


@pytest.mark.parametrize("question", QUESTIONS)
def test_being_denied_is_a_refusal_with_the_words_of_aws(
    question: str, aws: Aws, outposts: LocalOutposts
) -> None:
    outposts.faults.add("*", "error:AccessDeniedException:Not authorized to do that.", times=9)

    with pytest.raises(CloudRefused) as refusal:
        QUESTIONS[question](aws)

    assert refusal.value.code == "AccessDeniedException"
    assert refusal.value.words.endswith("Not authorized to do that.")


def test_credentials_that_come_later_are_noticed(
    aws: Aws, outposts: LocalOutposts, outpost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "nowhere")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(CloudRefused):
        aws.known(asked(outpost))

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", outposts.environment()["AWS_ACCESS_KEY_ID"])

    assert aws.known(asked(outpost)) == frozenset()


def test_without_credentials_it_says_what_to_do(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "nowhere")

    with pytest.raises(CloudRefused) as refusal:
        aws.find(NOBODY)

    assert refusal.value.code == "NoCredentials"
    assert "AWS_ACCESS_KEY_ID" in refusal.value.words


@pytest.mark.parametrize(
    "busy",
    [
        Scripted(425, b'{"Message": "Later."}', {"x-amzn-ErrorType": "TooEarlyException"}),
        Scripted(400, b'{"Message": "Later."}', {"x-amzn-ErrorType": "RequestTimeout"}),
    ],
)
def test_being_asked_to_try_later_means_that_the_cloud_is_down(
    busy: Scripted, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted(replace(busy)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_OUTPOSTS", server.url)

        with pytest.raises(CloudDown):
            aws.read(Ref(REGION, NOBODY))


# --- permissions ----------------------------------------------------------------------------------


def test_the_named_iam_actions_are_exactly_what_the_adapter_does(
    aws: Aws, outposts: LocalOutposts, outpost: str
) -> None:
    aws.check(by_quote(outpost, outposts.add_quote(REGION, outpost)))
    placed = aws.place(aws.check(asked(outpost)), LATER)
    submitting = {"CreateOrder"}
    assert isinstance(placed, Placed)
    aws.cancel(placed.ref)
    submitting.add("CancelOrder")
    aws.quote(Wish(outpost, ebs=11), "Quartermaster 1")
    submitting.add("CreateQuote")
    aws.catalogue(REGION)
    aws.look_alikes(asked(outpost), datetime(2020, 1, 1, tzinfo=UTC), frozenset())
    aws.find(placed.ref.id)
    list(aws.summaries(REGION, ()))

    used = set(operations(outposts))
    assert {f"outposts:{operation}" for operation in used} == set(actions())
    assert {f"outposts:{operation}" for operation in submitting} == set(SUBMITTER_ACTIONS)
    assert set(READER_ACTIONS) == set(actions()) - set(SUBMITTER_ACTIONS)
    assert outposts.unexpected == []


def test_a_read_order_survives_being_stored(aws: Aws, outposts: LocalOutposts, outpost: str) -> None:
    order_id = outposts.add_order(REGION, outpost, [(RACK, 1)])
    outposts.set_line(order_id, 0, Status="HALF \ud800 \x00 WORD")

    snapshot = aws.read(Ref(REGION, order_id))

    assert load(dump(snapshot)) == snapshot
    assert changes(snapshot, load(dump(snapshot))) == ()
    assert Change(Aspect.STATUS, "", "", "PREPARING") in changes(None, snapshot)

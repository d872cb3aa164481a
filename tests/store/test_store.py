"""What is kept, and how it changes: one at a time, whole, and only from what was read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core import events
from bot.core import order as life
from bot.core.follow import Job, Queue, Work
from bot.core.order import Kind, Order, State
from bot.core.policy import Decision
from bot.core.request import AwsTerms, LineItem, Request
from bot.core.snapshot import Ref
from bot.store import Change, Claim, Store, Verdict
from tests.store.test_engines import at_once

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LEASE = dict.fromkeys(Job, 10.0)
REQUEST = Request(
    cloud="aws",
    terms=AwsTerms(
        "op-0123456789abcdef0", "eu-west-1", (LineItem("OR-ABCDEFG", 2),), "NO_UPFRONT", "THREE_YEARS"
    ),
    reason="second rack",
)
ORDER = Order("ORD-000001", Kind.ASKED, State.WAITING, "aws", "U0ALICE", "C0EDGE", NOW, request=REQUEST)
REF = Ref("eu-west-1", "oo-0123456789abcdef0")


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store.open(database_url)
    store.migrate()
    yield store
    store.close()


def file(store: Store, number: int = 1, **changed: object) -> Order:
    order = replace(ORDER, id=f"ORD-{number:06}", filed_at=after(number), **changed)
    return store.file(order, f"trigger-{number}", (), {})


def commit(
    store: Store,
    before: Order,
    event: events.Event,
    *work: Work,
    at: datetime = NOW,
    decision: Decision | None = None,
) -> tuple[Verdict, Order]:
    order = life.advance(before, event, at)
    verb = type(event).__name__
    return store.commit(Change(before, order, "U0BOB", verb, {}, work, at, decision)), order


def decision(order: Order, person: str = "U0BOB", verb: str = "approve") -> Decision:
    return Decision(order.id, order.round, person, verb, REQUEST.digest(), person, NOW)


APPROVED = events.Approved("U0BOB", REQUEST.digest())


def contents(store: Store) -> dict[str, list[dict[str, object]]]:
    tables = ("orders", "decisions", "work", "events", "audit_head")
    return {table: store.engine.rows(f"select * from {table} order by 1, 2") for table in tables}


def keys(store: Store, queue: Queue = Queue.CHAT, now: datetime = NOW) -> list[str]:
    """What can be claimed at a moment, in the order in which it comes."""
    found: list[str] = []
    while (claim := store.claim(queue, now, LEASE)) and len(found) < 100:
        found.append(claim.work.key)
    return found


# Filing


def test_the_same_asking_twice_is_one_order(store: Store) -> None:
    first = store.file(ORDER, "trigger-1", (Work("a", Job.CARD),), {"digest": "x"})
    before = contents(store)
    again = store.file(replace(ORDER, id="ORD-000002"), "trigger-1", (Work("b", Job.CARD),), {})
    assert first == again == store.order("ORD-000001") == store.by_origin("trigger-1")
    assert contents(store) == before
    assert store.order("ORD-000002") is None


def test_a_new_order_comes_with_its_event_and_its_work(store: Store) -> None:
    store.file(ORDER, "trigger-1", (Work("a", Job.CARD, ORDER.id),), {"digest": "x"})
    (event,) = store.events(ORDER.id)
    assert (event["actor"], event["verb"], event["body"]) == ("U0ALICE", "Filed", '{"digest":"x"}')
    assert keys(store) == ["a"]


def test_an_id_that_is_taken_is_never_used_for_another_order(store: Store) -> None:
    store.file(ORDER, "trigger-1", (), {})
    before = contents(store)
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        store.file(ORDER, "trigger-2", (Work("b", Job.CARD),), {})
    assert contents(store) == before


# Committing


def test_a_change_is_written_with_its_event_its_decision_and_its_work(store: Store) -> None:
    order = file(store)
    verdict, approved = commit(
        store, order, APPROVED, Work("s", Job.SUBMIT, order.id), decision=decision(order)
    )
    assert verdict is Verdict.DONE
    assert store.order(order.id) == approved
    assert store.decisions(order.id) == [decision(order)]
    assert [event["verb"] for event in store.events(order.id)] == ["Filed", "Approved"]
    assert keys(store, Queue.CLOUD) == ["s"]


def test_what_was_decided_upon_an_older_state_leaves_no_trace(store: Store) -> None:
    order = file(store)
    commit(store, order, events.Withdrawn("U0ALICE"))
    before = contents(store)
    verdict, _ = commit(store, order, APPROVED, Work("s", Job.SUBMIT, order.id), decision=decision(order))
    assert verdict is Verdict.STALE
    assert contents(store) == before


def test_an_order_that_is_not_there_cannot_change(store: Store) -> None:
    assert commit(store, ORDER, APPROVED, decision=decision(ORDER))[0] is Verdict.STALE
    assert (list(store.all_events()), store.audit_head()) == ([], (0, ""))


def test_a_person_decides_once_in_a_round(store: Store) -> None:
    order = file(store)
    _, muted = commit(store, order, events.Muted("U0ALICE"), decision=decision(order))
    before = contents(store)
    verdict, _ = commit(store, muted, APPROVED, Work("s", Job.SUBMIT), decision=decision(order))
    assert verdict is Verdict.STALE
    assert contents(store) == before
    next_round = decision(replace(order, round=2))
    assert commit(store, muted, APPROVED, decision=next_round)[0] is Verdict.DONE


def test_of_8_clicks_at_once_one_counts(store: Store) -> None:
    order = file(store)
    barrier, verdicts = threading.Barrier(8), []

    def click(number: int) -> None:
        barrier.wait()
        person = f"U{number}"
        event = events.Approved(person, REQUEST.digest())
        verdicts.append(commit(store, order, event, decision=decision(order, person))[0])

    threads = [threading.Thread(target=click, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(verdicts) == sorted([Verdict.DONE, *[Verdict.STALE] * 7])
    assert len(store.decisions(order.id)) == 1
    assert len(store.events(order.id)) == 2


def test_while_one_placing_is_unfinished_none_begins_for_the_same_outpost(store: Store) -> None:
    first, second = file(store, 1, state=State.APPROVED), file(store, 2, state=State.APPROVED)
    elsewhere = replace(REQUEST, terms=replace(REQUEST.terms, outpost="op-00000000000000009"))
    third = file(store, 3, state=State.APPROVED, request=elsewhere)
    _, placing = commit(store, first, events.Attempted(()))
    before = contents(store)
    assert commit(store, second, events.Attempted(()), Work("x", Job.CARD))[0] is Verdict.BUSY
    assert contents(store) == before
    assert store.holder(second.scope) == placing
    assert commit(store, third, events.Attempted(()))[0] is Verdict.DONE
    _, unclear = commit(store, placing, events.WentUnclear("no answer"))
    assert commit(store, second, events.Attempted(()))[0] is Verdict.BUSY
    commit(store, unclear, events.WasPlaced(REF))
    assert store.holder(second.scope) is None
    assert commit(store, second, events.Attempted(()))[0] is Verdict.DONE


def test_who_waited_for_an_outpost_is_woken_when_it_is_free(store: Store) -> None:
    first, second = file(store, 1, state=State.APPROVED), file(store, 2, state=State.APPROVED)
    _, placing = commit(store, first, events.Attempted(()))
    store.enqueue([Work("wait", Job.SUBMIT, second.id, delay=60)], NOW)
    _, unclear = commit(store, placing, events.WentUnclear("no answer"), at=after(1))
    assert keys(store, Queue.CLOUD, after(1)) == []
    commit(store, unclear, events.WasRefused("X", "no"), at=after(2))
    assert keys(store, Queue.CLOUD, after(2)) == ["wait"]


def test_who_held_it_and_sent_nothing_keeps_its_own_pause(store: Store) -> None:
    order = file(store, 1, state=State.APPROVED)
    _, placing = commit(store, order, events.Attempted(()))
    retry = Work("retry", Job.SUBMIT, order.id, delay=5)
    commit(store, placing, events.NothingSent("no route"), retry)
    assert keys(store, Queue.CLOUD, after(4)) == []
    assert keys(store, Queue.CLOUD, after(5)) == ["retry"]


def test_two_orders_cannot_be_the_same_order_of_the_cloud(store: Store) -> None:
    first, second = (
        file(store, number, state=State.PLACING, request=replace(REQUEST, terms=terms))
        for number, terms in enumerate(
            (REQUEST.terms, replace(REQUEST.terms, outpost="op-00000000000000009")), 1
        )
    )
    _, placed = commit(store, first, events.WasPlaced(REF))
    before = contents(store)
    assert commit(store, second, events.WasPlaced(REF), Work("x", Job.CARD))[0] is Verdict.BUSY
    assert contents(store) == before
    assert store.by_ref("aws", REF.id) == placed
    assert store.by_ref("azure", REF.id) is None
    assert store.refs("aws") == {REF.id}
    assert store.followed("aws", "eu-west-1") == {REF.id: placed}
    assert store.followed("aws", "us-east-1") == {}


def test_orders_are_listed_newest_first_by_page_state_and_person(store: Store) -> None:
    for number in range(1, 6):
        file(store, number, requester="U0ALICE" if number % 2 else "U0DORA")
    ended = store.order("ORD-000005")
    assert ended
    commit(store, ended, events.Withdrawn("U0ALICE"))

    def ids(*states: State, **how: object) -> list[str]:
        return [order.id[-1] for order in store.listing(states, **how)]

    assert ids(*State) == ["5", "4", "3", "2", "1"]
    assert ids(*State, limit=2, offset=2) == ["3", "2"]
    assert ids(State.WAITING, requester="U0ALICE") == ["3", "1"]
    assert ids(State.PLACED) == []


# Work


def test_work_that_has_been_due_longest_comes_first_and_none_before_its_time(store: Store) -> None:
    store.enqueue([Work("b", Job.CHECK), Work("a", Job.CHECK), Work("later", Job.CHECK, delay=5)], NOW)
    store.enqueue([Work("older", Job.CHECK)], after(-1))
    assert keys(store, Queue.CLOUD) == ["older", "a", "b"]
    assert not store.due(Queue.CLOUD, after(4))
    assert keys(store, Queue.CLOUD, after(5)) == ["later"]


def test_each_queue_has_its_own_work(store: Store) -> None:
    store.enqueue([Work("cloud", Job.SUBMIT), Work("chat", Job.CARD)], NOW)
    assert (keys(store, Queue.CHAT), keys(store, Queue.CLOUD)) == (["chat"], ["cloud"])


def test_a_claim_carries_all_that_the_work_is(store: Store) -> None:
    work = Work("ORD-1/thread/2", Job.THREAD, "ORD-1", {"event": "Approved", "n": [1]}, lane="post/C1")
    store.enqueue([work], NOW)
    claim = claimed(store, now=after(3))
    assert (claim.work, claim.tries, claim.made_at) == (work, 1, NOW)
    assert claim.until == after(13)


def claimed(store: Store, queue: Queue = Queue.CHAT, now: datetime = NOW) -> Claim:
    claim = store.claim(queue, now, LEASE)
    assert claim is not None
    return claim


def test_leased_work_is_nobody_elses_until_its_lease_has_run_out(store: Store) -> None:
    store.enqueue([Work("a", Job.CARD)], NOW)
    first = claimed(store)
    assert store.claim(Queue.CHAT, after(10), LEASE) is None
    second = claimed(store, now=after(10.001))
    assert (second.work.key, second.tries) == ("a", 2)
    assert second.owner != first.owner


def test_a_lease_can_be_renewed_by_who_holds_it(store: Store) -> None:
    store.enqueue([Work("a", Job.CARD)], NOW)
    held = claimed(store)
    store.renew([held.owner, "somebody else"], after(30))
    assert store.claim(Queue.CHAT, after(29), LEASE) is None


def test_who_lost_the_lease_can_neither_finish_nor_give_back(store: Store) -> None:
    store.enqueue([Work("a", Job.CARD)], NOW)
    first, second = claimed(store), claimed(store, now=after(11))
    before = contents(store)
    assert not store.finish(first, after(12))
    store.again(first, after(12), 0, "late")
    store.hold_lane(first, after(12), 5, "late")
    store.every(first, after(12), 5)
    assert contents(store) == before
    assert store.finish(second, after(12))
    assert keys(store, now=after(1000)) == []


def test_work_that_is_asked_for_again_while_it_is_done_stays_due(store: Store) -> None:
    store.enqueue([Work("a", Job.CARD, body={"n": 1})], NOW)
    claim = claimed(store)
    store.enqueue([Work("a", Job.CARD, body={"n": 2}), Work("a", Job.CARD, body={"n": 3})], after(1))
    assert store.claim(Queue.CHAT, after(1), LEASE) is None
    assert store.finish(claim, after(2))
    again = claimed(store, now=after(2))
    assert again.work.body == {"n": 3}
    assert store.finish(again, after(3))
    assert keys(store, now=after(1000)) == []


def test_work_that_is_given_back_does_not_postpone_what_was_asked_for_meanwhile(store: Store) -> None:
    store.enqueue([Work("a", Job.CARD)], NOW)
    claim = claimed(store)
    store.enqueue([Work("a", Job.CARD)], after(1))
    store.again(claim, after(2), 300, "no answer")
    assert keys(store, now=after(2)) == ["a"]


def test_work_that_may_have_got_through_is_known_to_have_been_tried_also_when_it_is_asked_for_again(
    store: Store,
) -> None:
    store.enqueue([Work("a", Job.CARD)], NOW)
    store.again(claimed(store), NOW, 5, "no answer")
    store.enqueue([Work("a", Job.CARD)], after(1))
    assert claimed(store, now=after(1)).tries == 2


def test_work_that_was_done_and_is_asked_for_again_begins_anew(store: Store) -> None:
    store.enqueue([Work("a", Job.CARD)], NOW)
    store.finish(claimed(store), NOW)
    store.enqueue([Work("a", Job.CARD)], after(1))
    assert claimed(store, now=after(1)).tries == 1


def test_only_a_try_that_failed_is_counted(store: Store) -> None:
    store.enqueue([Work("a", Job.CARD)], NOW)
    store.again(claimed(store), NOW, 0, count=False)
    assert claimed(store).tries == 1
    store.enqueue([Work("b", Job.CHECK)], NOW)
    for tries in (1, 2, 3):
        claim = claimed(store, Queue.CLOUD)
        assert claim.tries == tries
        store.again(claim, NOW, 0, "no")
    store.every(claimed(store, Queue.CLOUD), NOW, 5)
    assert store.claim(Queue.CLOUD, after(4), LEASE) is None
    assert claimed(store, Queue.CLOUD, after(5)).tries == 1


def test_work_that_keeps_failing_is_shown_with_its_last_error(store: Store) -> None:
    store.enqueue([Work("a", Job.CHECK, "ORD-1"), Work("b", Job.CHECK)], NOW)
    for _ in range(5):
        store.again(claimed(store, Queue.CLOUD), NOW, 0, "x" * 600)
    assert store.stuck() == [
        {"key": "a", "job": "check", "order_id": "ORD-1", "tries": 5, "last_error": "x" * 500}
    ]


def test_work_that_is_there_already_is_left_alone(store: Store) -> None:
    store.ensure([Work("a", Job.LOOK, body={"n": 1})], NOW)
    store.ensure([Work("a", Job.LOOK, body={"n": 2}, delay=50), Work("b", Job.LOOK)], after(1))
    assert keys(store, Queue.CLOUD, after(1)) == ["a", "b"]


def test_what_is_told_once_is_told_once_also_after_it_was_done(store: Store) -> None:
    store.once(Work("a", Job.OPERATIONS, body={"n": 1}), NOW)
    store.once(Work("a", Job.OPERATIONS, body={"n": 2}), after(1))
    claim = claimed(store, now=after(1))
    assert claim.work.body == {"n": 1}
    store.finish(claim, after(1))
    store.once(Work("a", Job.OPERATIONS, body={"n": 3}), after(2))
    assert keys(store, now=after(100)) == []


def lane(*names: str) -> list[Work]:
    return [Work(name, Job.THREAD, lane=f"post/{name[0]}") for name in names]


def test_a_lane_lets_one_out_at_a_time_and_in_order(store: Store) -> None:
    store.enqueue(lane("a1"), NOW)
    store.enqueue(lane("a2", "b1"), after(0.001))
    now = after(1)
    first, other = claimed(store, now=now), claimed(store, now=now)
    assert (first.work.key, other.work.key) == ("a1", "b1")
    assert store.claim(Queue.CHAT, now, LEASE) is None
    store.finish(first, now)
    assert claimed(store, now=now).work.key == "a2"


def test_a_lane_rests_for_as_long_as_it_was_told_to_and_others_go_on(store: Store) -> None:
    store.enqueue(lane("a1", "a2", "b1"), NOW)
    store.finish(claimed(store), NOW, pause=1.0)
    assert keys(store) == ["b1"]
    assert keys(store, now=after(0.999)) == []
    assert keys(store, now=after(1)) == ["a2"]


def test_a_dead_worker_does_not_block_its_lane_for_ever(store: Store) -> None:
    store.enqueue(lane("a1", "a2"), NOW)
    claimed(store)
    assert store.claim(Queue.CHAT, after(9), LEASE) is None
    assert claimed(store, now=after(11)).work.key == "a1"


def test_a_lane_that_is_held_goes_on_later_in_the_same_order(store: Store) -> None:
    store.enqueue(lane("a1"), NOW)
    store.enqueue(lane("a2"), after(1))
    store.hold_lane(claimed(store, now=after(2)), after(2), 30, "Slack asks to wait")
    assert store.claim(Queue.CHAT, after(31), LEASE) is None
    first = claimed(store, now=after(32))
    assert (first.work.key, first.tries) == ("a1", 2)
    store.finish(first, after(32))
    assert claimed(store, now=after(32)).work.key == "a2"


def test_8_threads_claim_each_piece_of_work_once(store: Store) -> None:
    store.enqueue([Work(f"w{number}", Job.CHECK) for number in range(24)], NOW)
    barrier, found = threading.Barrier(8), []

    def take() -> None:
        barrier.wait()
        found.extend(keys(store, Queue.CLOUD))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"w{number}" for number in range(24))


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["enqueue", "claim", "finish", "again", "hold", "wait"]),
            st.sampled_from(["a1", "a2", "b1"]),
            st.sampled_from([0.0, 1.0, 11.0]),
        ),
        max_size=25,
    )
)
def test_whatever_happens_no_row_and_no_lane_is_held_twice_and_nothing_is_lost(
    store: Store, happened: list[tuple[str, str, float]]
) -> None:
    now, held, pending = NOW, [], set()
    store.engine.transact(lambda tx: (tx.run("delete from work"), tx.run("delete from lanes")))
    for verb, key, seconds in happened:
        standing = [claim for claim in held if claim.until >= now]
        match verb:
            case "enqueue":
                store.enqueue(lane(key), now)
                pending.add(key)
            case "claim":
                claim = store.claim(Queue.CHAT, now, LEASE)
                if claim:
                    assert claim.work.lane not in {other.work.lane for other in standing}
                    held.append(claim)
            case "wait":
                now += timedelta(seconds=seconds)
            case _ if held:
                claim = held.pop()
                if verb == "finish" and store.finish(claim, now, pause=seconds):
                    if store.engine.rows(
                        "select 1 from work where key = :k and done_at is not null", k=claim.work.key
                    ):
                        pending.discard(claim.work.key)
                elif verb == "again":
                    store.again(claim, now, seconds, "no")
                elif verb == "hold":
                    store.hold_lane(claim, now, seconds, "no")
    late = now + timedelta(seconds=60)
    left = set()
    while claim := store.claim(Queue.CHAT, late, LEASE):
        left.add(claim.work.key)
        store.finish(claim, late)
    assert left == pending


# What is remembered


def test_what_is_kept_is_found_by_the_beginning_of_its_key(store: Store) -> None:
    store.keep("outage/aws/eu-west-1", {"why": "no answer"}, NOW)
    store.keep("outage/aws/eu-west-1", {"why": "denied"}, after(1))
    store.keep("outagE", 1, NOW)
    store.keep("outage%", 2, NOW)
    assert store.kept("outage/") == {"outage/aws/eu-west-1": ({"why": "denied"}, after(1))}


def test_groups_are_kept_with_the_time_they_were_read(store: Store) -> None:
    store.keep("group/S0FINANCE", ["U1", "U2"], NOW)
    (members,) = store.groups().values()
    assert (members.people, members.at) == ({"U1", "U2"}, NOW)


def test_a_draft_is_shown_to_whoever_typed_it_only(store: Store) -> None:
    draft = store.save_draft("U0ALICE", {"values": {"reason": ["söcond rack"]}}, NOW)
    assert store.draft(draft, "U0ALICE") == {"values": {"reason": ["söcond rack"]}}
    assert store.draft(draft, "U0BOB") is None
    assert store.draft("none", "U0ALICE") is None


def test_a_message_is_remembered_by_order_and_kind_and_the_newest_counts(store: Store) -> None:
    assert store.post("ORD-1", Job.CARD) is None
    store.keep_post("ORD-1", Job.CARD, "C1", "1.0")
    store.keep_post("ORD-1", Job.CARD, "C1", "2.0")
    assert store.post("ORD-1", Job.CARD) == ("C1", "2.0")
    assert store.post("ORD-1", Job.REQUEST) is None


def test_tidying_forgets_what_is_done_and_nothing_else(store: Store) -> None:
    order = file(store)
    store.enqueue([Work("done", Job.CARD), Work("undone", Job.CHECK)], NOW)
    store.finish(claimed(store), NOW)
    old, new = store.save_draft("U1", {}, NOW), store.save_draft("U1", {}, after(5))
    store.tidy(after(1))
    assert (store.draft(old, "U1"), store.draft(new, "U1")) == (None, {})
    assert [row["key"] for row in store.engine.rows("select key from work")] == ["undone"]
    assert store.order(order.id) == order
    assert len(store.events(order.id)) == 1


def test_the_numbers_tell_orders_work_and_how_late_it_is(store: Store) -> None:
    assert store.counts(NOW) == {"orders": {}, "work": {}, "late": {"seconds": 0}}
    file(store, 1)
    file(store, 2, state=State.PLACED)
    store.enqueue([Work("a", Job.CARD), Work("b", Job.CHECK, delay=60)], NOW)
    assert store.counts(after(30)) == {
        "orders": {"waiting": 1, "placed": 1},
        "work": {"card": 1, "check": 1},
        "late": {"seconds": 30},
    }


# The schema


def test_migrating_twice_is_migrating_once(store: Store) -> None:
    assert store.migrate() == []


def test_of_4_processes_that_migrate_at_once_one_does_it(database_url: str) -> None:
    program = """
import sys
from bot.store import Store
# all at once
store = Store.open(sys.argv[1])
print(*store.migrate())
store.close()
"""
    said = at_once(4, program, database_url)
    assert sorted(" ".join(said).split()) == ["m001_first_schema", "m002_steps_and_delegations"]


def test_the_schema_takes_no_state_that_it_does_not_know_and_all_that_we_have(store: Store) -> None:
    for number, state in enumerate(State):
        terms = replace(REQUEST.terms, outpost=f"op-{number:017}")
        file(store, number, state=state, request=replace(REQUEST, terms=terms))
    with pytest.raises(Exception, match=r"(?i)check"):
        store.engine.transact(lambda tx: tx.run("update orders set state = 'lost'"))

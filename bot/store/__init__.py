"""All queries, written once for both engines. Nothing else in the program speaks SQL.

The heart is `commit`: the order's new state, its audit event, the decision and the work that follows go
into one transaction, and only if the order is still the version that was read. No transaction is ever
held while the network is waited for.

Times are aware UTC datetimes outside, integer milliseconds since 1970 inside.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.core import order as life
from bot.core.approval import current
from bot.core.follow import Job, Queue, Work
from bot.core.order import ENDED, HOLDS_SCOPE, Order, State
from bot.core.policy import Decision, Delegation, Members
from bot.failpoint import failpoint
from bot.store import audit
from bot.store.engine import Conflict, Engine, Row, Tx, check_steps, open_engine
from bot.store.migrations import steps

__all__ = ["Change", "Claim", "Conflict", "Store", "Verdict"]


class Verdict(StrEnum):
    """What became of a change."""

    DONE = "done"
    STALE = "somebody else was first"
    BUSY = "another order holds the scope, or the cloud's id"


@dataclass(frozen=True)
class Change:
    """A decided step in the life of an order, ready to be written."""

    before: Order
    after: Order
    actor: str
    """A Slack user id, or `bot`."""
    verb: str
    body: Mapping[str, Any]
    """What the audit log keeps of it: no secrets, people by Slack id only."""
    work: Sequence[Work]
    at: datetime
    decision: Decision | None = None


@dataclass(frozen=True)
class Claim:
    """A row of work that a worker holds until `until`; `owner` is unique to this holding."""

    work: Work
    owner: str
    until: datetime
    tries: int
    generation: int
    made_at: datetime


class _TakenBack(Exception):
    """Ends a transaction that was not meant to last."""


class Store:
    """The database. Safe to share among threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> Store:
        """Open the database at `url`.

        Raises:
            ValueError: The URL is none that we know; the text says what it should be.
        """
        return cls(open_engine(url))

    def close(self) -> None:
        self.engine.close()

    def migrate(self) -> list[str]:
        """Bring the schema up to date; any number of processes may do so at once. Returns what was new."""
        return self.engine.migrate(steps(self.engine))

    def pending(self) -> list[str]:
        """The steps that `migrate` would apply.

        Raises:
            Unusable: The database is ahead of this program.
        """
        return check_steps(steps(self.engine), self.engine.applied())

    def try_writing(self) -> None:
        """Write something and take it back.

        Raises:
            Exception: It cannot be written, in the engine's words.
        """

        def write(tx: Tx) -> None:
            tx.run("insert into kept (key, body, at) values ('examination', '', 0)")
            raise _TakenBack

        with suppress(_TakenBack):
            self.engine.transact(write)

    # Orders

    def file(self, order: Order, origin: str, work: Sequence[Work], body: Mapping[str, Any]) -> Order:
        """Write a new order with its audit event and work.

        Args:
            order: The order.
            origin: What identifies the asking (a form's id, a command's trigger): the same asking twice is
                one order.
            work: What follows.
            body: What the audit log keeps.

        Returns:
            The order as it stands: the one that is already there when this asking was seen before.
        """

        def write(tx: Tx) -> Order:
            there = tx.rows("select body from orders where origin = :origin", origin=origin)
            if there:
                return life.load(there[0]["body"])
            tx.run(
                "insert into orders (id, version, state, cloud, requester, scope, origin, filed_at, body) "
                "values (:id, :version, :state, :cloud, :requester, :scope, :origin, :filed_at, :body)",
                id=order.id,
                version=order.version,
                state=order.state.value,
                cloud=order.cloud,
                requester=order.requester,
                scope=order.scope,
                origin=origin,
                filed_at=_ms(order.filed_at),
                body=life.dump(order),
            )
            self._ask(tx, order)
            failpoint("filed")
            audit.append(tx, order.id, order.filed_at, order.requester, "Filed", body)
            self._enqueue(tx, work, order.filed_at)
            return order

        there = self.engine.transact(write)
        failpoint("filing-committed")
        return there

    def commit(self, change: Change) -> Verdict:
        """Write a change, if the order is still what it was when the change was decided."""
        try:
            verdict = self.engine.transact(lambda tx: self._commit(tx, change))
        except Conflict:
            # Which index stood in the way is told apart by asking, not by reading the engine's message.
            current = self.order(change.before.id)
            stale = current is None or current.version != change.before.version
            return Verdict.STALE if stale or change.decision else Verdict.BUSY
        failpoint("committed")
        return verdict

    def _commit(self, tx: Tx, change: Change) -> Verdict:
        before, after = change.before, change.after
        written = tx.run(
            "update orders set version = :version, state = :state, ref_scope = :ref_scope, "
            "ref_id = :ref_id, looked_at = :looked_at, body = :body where id = :id and version = :was",
            version=after.version,
            state=after.state.value,
            ref_scope=after.ref.scope if after.ref else "",
            ref_id=after.ref.id if after.ref else "",
            looked_at=_ms(after.looked_at) if after.looked_at else 0,
            body=life.dump(after),
            id=before.id,
            was=before.version,
        )
        if written != 1:
            return Verdict.STALE
        if State.WAITING in (before.state, after.state):
            self._ask(tx, after)
        failpoint("written")
        if change.decision:
            self._decide(tx, change.decision)
        if change.verb:
            audit.append(tx, after.id, change.at, change.actor, change.verb, change.body)
        self._enqueue(tx, change.work, change.at)
        if before.state in HOLDS_SCOPE and after.state not in HOLDS_SCOPE:
            self._wake_scope(tx, after, change.at)
        failpoint("committing")
        return Verdict.DONE

    def _ask(self, tx: Tx, order: Order) -> None:
        """Keep who can decide about an order that waits, and nobody about any other."""
        tx.run("delete from asked where order_id = :id", id=order.id)
        step = current(order.plan, order.approvals) if order.plan else None
        for who in step.deciders if step and order.state is State.WAITING else ():
            sql = "insert into asked (order_id, who, round) values (:id, :who, :round)"
            tx.run(sql, id=order.id, who=who, round=order.round)

    def _decide(self, tx: Tx, decision: Decision) -> None:
        tx.run(
            "insert into decisions (order_id, round, person, verb, digest, via, step, owner, at) "
            "values (:order_id, :round, :person, :verb, :digest, :via, :step, :owner, :at)",
            order_id=decision.order_id,
            round=decision.round,
            person=decision.person,
            verb=decision.verb,
            digest=decision.digest,
            via=decision.via,
            step=decision.step,
            owner=decision.owner,
            at=_ms(decision.at),
        )

    def _wake_scope(self, tx: Tx, holder: Order, at: datetime) -> None:
        """Orders that waited for the scope of `holder` are tried at once; its own next try keeps its time."""
        tx.run(
            # One that is just finding out that it has to wait is told by the generation.
            "update work set due_at = :now, generation = generation + 1 "
            "where job = 'submit' and done_at is null and order_id <> :holder "
            "and order_id in (select id from orders where scope = :scope)",
            now=_ms(at),
            holder=holder.id,
            scope=holder.scope,
        )

    def order(self, id: str) -> Order | None:
        return self._one("select body from orders where id = :id", id=id)

    def by_ref(self, cloud: str, ref_id: str) -> Order | None:
        return self._one(
            "select body from orders where cloud = :cloud and ref_id = :ref_id",
            cloud=cloud,
            ref_id=ref_id,
        )

    def by_name(self, cloud: str, name: str) -> Order | None:
        """The newest order that a cloud keeps under a name, in whichever group (`GROUP/NAME`) it is."""
        tail = f"/{name}"
        return self._one(
            "select body from orders where cloud = :cloud and ref_id <> '' and "
            "(ref_id = :name or substr(ref_id, length(ref_id) - :size + 1) = :tail) "
            "order by filed_at desc limit 1",
            cloud=cloud,
            name=name,
            size=len(tail),
            tail=tail,
        )

    def by_origin(self, origin: str) -> Order | None:
        return self._one("select body from orders where origin = :origin", origin=origin)

    def _one(self, sql: str, **params: str | int) -> Order | None:
        rows = self.engine.rows(sql, **params)
        return life.load(rows[0]["body"]) if rows else None

    def listing(
        self, states: Iterable[State], *, requester: str = "", limit: int = 10, offset: int = 0
    ) -> list[Order]:
        """Orders in any of `states`, newest first; of one requester, or of all."""
        words = ", ".join(f"'{state.value}'" for state in sorted(states))
        rows = self.engine.rows(
            f"select body from orders where state in ({words}) "
            "and (:requester = '' or requester = :requester) "
            "order by filed_at desc, id desc limit :limit offset :offset",
            requester=requester,
            limit=limit,
            offset=offset,
        )
        return [life.load(row["body"]) for row in rows]

    def refs(self, cloud: str) -> frozenset[str]:
        """The cloud ids of all orders that were asked for here, and so are no other order's.

        One that is only followed may be just the order that is looked for: nothing else tells them apart.
        """
        rows = self.engine.rows(
            "select ref_id from orders where cloud = :cloud and ref_id <> '' and scope <> ''", cloud=cloud
        )
        return frozenset(row["ref_id"] for row in rows)

    def places(self) -> list[tuple[str, str, int]]:
        """Cloud and scope of every order that is on its way, with their number."""
        rows = self.engine.rows(
            "select cloud, ref_scope, count(*) as n from orders where state = 'placed' and ref_id <> '' "
            "group by cloud, ref_scope order by cloud, ref_scope"
        )
        return [(row["cloud"], row["ref_scope"], row["n"]) for row in rows]

    def followed(self, cloud: str, scope: str) -> dict[str, Order]:
        """Every order that lives in one scope of a cloud, by its cloud id."""
        rows = self.engine.rows(
            "select ref_id, body from orders where cloud = :cloud and ref_scope = :scope and ref_id <> ''",
            cloud=cloud,
            scope=scope,
        )
        return {row["ref_id"]: life.load(row["body"]) for row in rows}

    def decisions(self, order_id: str) -> list[Decision]:
        rows = self.engine.rows("select * from decisions where order_id = :id order by at", id=order_id)
        return [
            Decision(
                row["order_id"],
                row["round"],
                row["person"],
                row["verb"],
                row["digest"],
                row["via"],
                _utc(row["at"]),
                row["step"],
                row["owner"],
            )
            for row in rows
        ]

    def waiting(self) -> Iterator[Order]:
        """Every order that waits for approval, oldest first, read a hundred at a time."""
        last = (0, "")
        sql = (
            "select body, filed_at, id from orders where state = 'waiting' "
            "and (filed_at > :at or (filed_at = :at and id > :id)) order by filed_at, id limit 100"
        )
        while rows := self.engine.rows(sql, at=last[0], id=last[1]):
            yield from (life.load(row["body"]) for row in rows)
            last = (rows[-1]["filed_at"], rows[-1]["id"])

    # What App Home shows, a page at a time

    def asked_of(
        self, person: str, ids: Sequence[str], *, limit: int, offset: int = 0, own: bool = False
    ) -> tuple[list[Order], int]:
        """What waits for one of `ids`, oldest first, and how much of it there is in all.

        Args:
            person: Slack user id of whoever wants to know; what they have decided already is left out.
            ids: Their own id, their user groups', and those of whoever they stand in for.
            limit: How many at most.
            offset: How many to pass over.
            own: Whether their own requests are among them.
        """
        names = {f"who{number}": id for number, id in enumerate(ids)}
        where = (
            "from orders o where o.state = 'waiting' and (o.requester <> :person or :own = 1) "
            "and exists (select 1 from asked a where a.order_id = o.id "
            f"and a.who in ({', '.join(f':{name}' for name in names)}) "
            "and not exists (select 1 from decisions d "
            "where d.order_id = o.id and d.round = a.round and :person in (d.person, d.owner)))"
        )
        return self._page(where, "o.filed_at, o.id", limit, offset, person=person, own=int(own), **names)

    def asked_by(self, person: str, *, limit: int, offset: int = 0) -> tuple[list[Order], int]:
        """What somebody has asked for, open ones first, newest first; and how much of it there is."""
        ended = ", ".join(f"'{state.value}'" for state in sorted(ENDED))
        order = f"case when o.state in ({ended}) then 1 else 0 end, o.filed_at desc, o.id desc"
        where = "from orders o where o.requester = :person"
        return self._page(where, order, limit, offset, person=person)

    def on_the_way(self, *, limit: int, offset: int = 0) -> tuple[list[Order], int]:
        """What clouds are delivering, newest first, and how much of it there is."""
        where = "from orders o where o.state = 'placed'"
        return self._page(where, "o.filed_at desc, o.id desc", limit, offset)

    def _page(
        self, where: str, order: str, limit: int, offset: int, **params: str | int
    ) -> tuple[list[Order], int]:
        rows = self.engine.rows(
            f"select o.body {where} order by {order} limit :limit offset :offset",
            limit=limit,
            offset=offset,
            **params,
        )
        count = self.engine.rows(f"select count(*) as n {where}", **params)[0]["n"]
        return [life.load(row["body"]) for row in rows], count

    # Delegations

    def delegate(self, delegation: Delegation, at: datetime) -> None:
        """Let somebody approve in somebody's name, instead of whoever did so far; audited."""

        def write(tx: Tx) -> None:
            tx.run(
                "insert into delegations (owner, delegate, until) values (:owner, :delegate, :until) "
                "on conflict (owner) do update set delegate = excluded.delegate, until = excluded.until",
                owner=delegation.owner,
                delegate=delegation.delegate,
                until=_ms(delegation.until),
            )
            body = {"delegate": delegation.delegate, "until": delegation.until.isoformat()}
            audit.append(tx, "", at, delegation.owner, "Delegated", body)

        self.engine.transact(write)

    def end_delegation(self, owner: str, at: datetime) -> Delegation | None:
        """End what somebody has delegated; audited. Returns what it was, None if there was nothing."""

        def write(tx: Tx) -> Delegation | None:
            rows = tx.rows("select * from delegations where owner = :owner", owner=owner)
            if not rows:
                return None
            tx.run("delete from delegations where owner = :owner", owner=owner)
            audit.append(tx, "", at, owner, "DelegationEnded", {"delegate": rows[0]["delegate"]})
            return _delegation(rows[0])

        return self.engine.transact(write)

    def delegations(self, now: datetime) -> tuple[Delegation, ...]:
        """Every delegation that holds now."""
        rows = self.engine.rows("select * from delegations where until > :now order by owner", now=_ms(now))
        return tuple(map(_delegation, rows))

    def holder(self, scope: str) -> Order | None:
        """The order whose placing for this scope is unfinished."""
        return self._one(
            "select body from orders where scope = :scope and state in ('placing', 'unclear')",
            scope=scope,
        )

    # Work

    def enqueue(self, work: Sequence[Work], at: datetime) -> None:
        """Add work that does not come from a change of an order."""
        self.engine.transact(lambda tx: self._enqueue(tx, work, at))

    def ensure(self, work: Sequence[Work], at: datetime) -> None:
        """Add work that is not there yet, and leave alone what is."""
        known = {row["key"] for row in self.engine.rows("select key from work where done_at is null")}
        missing = [one for one in work if one.key not in known]
        if missing:
            self.enqueue(missing, at)

    def once(self, work: Work, at: datetime) -> None:
        """Add work unless it was ever there, done or not: what is told once is told once."""

        def write(tx: Tx) -> None:
            if not tx.rows("select 1 as one from work where key = :key", key=work.key):
                self._enqueue(tx, [work], at)

        self.engine.transact(write)

    def _enqueue(self, tx: Tx, work: Sequence[Work], at: datetime) -> None:
        for one in work:
            tx.run(
                "insert into work (key, job, queue, order_id, lane, body, made_at, due_at) "
                "values (:key, :job, :queue, :order_id, :lane, :body, :now, :due) "
                "on conflict (key) do update set body = excluded.body, lane = excluded.lane, "
                # Tries are forgotten only with what is done: whoever comes next has to know that an
                # earlier one may have got through.
                "due_at = case when :sooner = 1 and work.done_at is null and work.owner is null "
                "and work.due_at < excluded.due_at then work.due_at else excluded.due_at end, "
                "generation = work.generation + 1, "
                "tries = case when work.done_at is null then work.tries else 0 end, done_at = null",
                key=one.key,
                job=one.job.value,
                queue=one.queue.value,
                order_id=one.order_id,
                lane=one.lane,
                body=json.dumps(dict(one.body)),
                now=_ms(at),
                due=_ms(at + timedelta(seconds=one.delay)),
                sooner=int(one.sooner),
            )

    def due(self, queue: Queue, now: datetime) -> bool:
        """Whether there is anything to claim; cheap, takes no lock."""
        return bool(self.engine.rows(f"select 1 from work w where {_CLAIMABLE} limit 1", **_at(queue, now)))

    def claim(self, queue: Queue, now: datetime, lease: Mapping[Job, float]) -> Claim | None:
        """Take the row that has been due longest, for `lease` seconds by kind; nobody else gets it then."""

        def take(tx: Tx) -> Claim | None:
            rows = tx.rows(
                f"select w.* from work w where {_CLAIMABLE} order by w.due_at, w.made_at, w.key limit 1",
                **_at(queue, now),
            )
            return self._lease(tx, rows[0], now, lease) if rows else None

        return self.engine.transact(take) if self.due(queue, now) else None

    def _lease(self, tx: Tx, row: Row, now: datetime, lease: Mapping[Job, float]) -> Claim:
        job = Job(row["job"])
        claim = Claim(
            work=Work(row["key"], job, row["order_id"], json.loads(row["body"]), lane=row["lane"]),
            owner=uuid.uuid4().hex,
            until=now + timedelta(seconds=lease[job]),
            tries=row["tries"] + 1,
            generation=row["generation"],
            made_at=_utc(row["made_at"]),
        )
        tx.run(
            "update work set owner = :owner, lease_until = :until, tries = tries + 1 where key = :key",
            owner=claim.owner,
            until=_ms(claim.until),
            key=claim.work.key,
        )
        return claim

    def finish(self, claim: Claim, now: datetime, pause: float = 0.0) -> bool:
        """Mark work done, if this holding of it still stands, and let its lane rest for `pause` seconds.

        Work that was asked for again in the meantime stays due.
        """

        def write(tx: Tx) -> bool:
            self._rest(tx, claim.work.lane, now, pause)
            return bool(
                tx.run(
                    "update work set owner = null, lease_until = null, last_error = '', done_at = "
                    "case when generation = :generation then :now else null end "
                    "where key = :key and owner = :owner",
                    generation=claim.generation,
                    now=_ms(now),
                    key=claim.work.key,
                    owner=claim.owner,
                )
            )

        return self.engine.transact(write)

    def again(
        self, claim: Claim, now: datetime, delay: float, error: str = "", *, count: bool = True
    ) -> None:
        """Give work back, due again in `delay` seconds; `count` says whether this was a try that failed."""
        tries, due = claim.tries - (not count), now + timedelta(seconds=delay)
        self.engine.transact(lambda tx: self._give_back(tx, claim, tries, error, due))

    def every(self, claim: Claim, now: datetime, delay: float) -> None:
        """This round of recurring work is done; the next one is due in `delay` seconds."""
        due = now + timedelta(seconds=delay)
        self.engine.transact(lambda tx: self._give_back(tx, claim, 0, "", due))

    def hold_lane(self, claim: Claim, now: datetime, delay: float, error: str) -> None:
        """Give work back and let nothing of its lane go out for `delay` seconds, so that order is kept."""

        def write(tx: Tx) -> None:
            self._rest(tx, claim.work.lane, now, delay)
            self._give_back(tx, claim, claim.tries, error, None)

        self.engine.transact(write)

    def _give_back(self, tx: Tx, claim: Claim, tries: int, error: str, due: datetime | None) -> None:
        """Let go of a claim; with `due`, unless the work was asked for again meanwhile and is due at once."""
        tx.run(
            "update work set owner = null, lease_until = null, last_error = :error, tries = :tries, "
            "due_at = case when :moves = 1 and generation = :generation then :due else due_at end "
            "where key = :key and owner = :owner",
            error=error[:500],
            tries=tries,
            moves=int(due is not None),
            generation=claim.generation,
            due=_ms(due) if due else 0,
            key=claim.work.key,
            owner=claim.owner,
        )

    def renew(self, owners: Iterable[str], until: datetime) -> None:
        """Hold on to work that is still being done."""

        def write(tx: Tx) -> None:
            for owner in owners:
                sql = "update work set lease_until = :until where owner = :owner"
                tx.run(sql, until=_ms(until), owner=owner)

        self.engine.transact(write)

    def _rest(self, tx: Tx, lane: str, now: datetime, pause: float) -> None:
        if lane and pause:
            tx.run(
                "insert into lanes (name, next_at) values (:name, :next) "
                "on conflict (name) do update set next_at = excluded.next_at",
                name=lane,
                next=_ms(now + timedelta(seconds=pause)),
            )

    def stuck(self, tries: int = 5) -> list[Row]:
        """Unfinished work that has failed at least `tries` times."""
        return self.engine.rows(
            "select key, job, order_id, tries, last_error from work "
            "where done_at is null and tries >= :tries order by key",
            tries=tries,
        )

    def last_error(self, prefix: str) -> str:
        """Why the newest try at unfinished work under keys that start so has failed; "" where none has."""
        rows = self.engine.rows(
            "select last_error from work where substr(key, 1, :length) = :prefix and done_at is null "
            "and last_error <> '' order by key limit 1",
            length=len(prefix),
            prefix=prefix,
        )
        return str(rows[0]["last_error"]) if rows else ""

    def tidy(self, before: datetime) -> None:
        """Delete finished work, drafts, and what was remembered and never refreshed, older than `before`."""

        def write(tx: Tx) -> None:
            tx.run("delete from work where done_at < :before", before=_ms(before))
            tx.run("delete from drafts where at < :before", before=_ms(before))
            tx.run("delete from kept where at < :before", before=_ms(before))

        self.engine.transact(write)

    # What Slack and the clouds said last, and what people began

    def post(self, order_id: str, kind: str) -> tuple[str, str] | None:
        """Channel and ts of the message of this kind (a `Job`, or `copy/PERSON`) for an order."""
        rows = self.engine.rows(
            "select channel, ts from posts where order_id = :id and job = :job",
            id=order_id,
            job=str(kind),
        )
        return (rows[0]["channel"], rows[0]["ts"]) if rows else None

    def copies(self, order_id: str) -> list[str]:
        """The people who have a copy of the request of an order in their direct messages."""
        rows = self.engine.rows(
            "select job from posts where order_id = :id and substr(job, 1, 5) = 'copy/' order by job",
            id=order_id,
        )
        return [row["job"].removeprefix("copy/") for row in rows]

    def keep_post(self, order_id: str, kind: str, channel: str, ts: str) -> None:
        self.engine.transact(
            lambda tx: tx.run(
                "insert into posts (order_id, job, channel, ts) values (:id, :job, :channel, :ts) "
                "on conflict (order_id, job) do update set channel = excluded.channel, ts = excluded.ts",
                id=order_id,
                job=str(kind),
                channel=channel,
                ts=ts,
            )
        )

    def keep(self, key: str, body: Any, at: datetime) -> None:
        """Remember something that can be asked for again: a catalogue, a group, a heartbeat."""
        self.engine.transact(
            lambda tx: tx.run(
                "insert into kept (key, body, at) values (:key, :body, :at) "
                "on conflict (key) do update set body = excluded.body, at = excluded.at",
                key=key,
                body=json.dumps(body),
                at=_ms(at),
            )
        )

    def kept(self, prefix: str) -> dict[str, tuple[Any, datetime]]:
        """Everything remembered under keys that start with `prefix`: its body, and since when."""
        rows = self.engine.rows(
            "select key, body, at from kept where substr(key, 1, :length) = :prefix",
            length=len(prefix),
            prefix=prefix,
        )
        return {row["key"]: (json.loads(row["body"]), _utc(row["at"])) for row in rows}

    def recall(self, key: str) -> Any:
        """What is remembered under exactly this key; None if nothing is."""
        rows = self.engine.rows("select body from kept where key = :key", key=key)
        return json.loads(rows[0]["body"]) if rows else None

    def groups(self) -> dict[str, Members]:
        """The user groups as last read."""
        return {
            key.removeprefix("group/"): Members(frozenset(body), at)
            for key, (body, at) in self.kept("group/").items()
        }

    def save_draft(self, person: str, body: Mapping[str, Any], at: datetime) -> str:
        """Keep what somebody typed, so that a button can open a form with it; returns its id."""
        id = uuid.uuid4().hex[:16]
        self.engine.transact(
            lambda tx: tx.run(
                "insert into drafts (id, person, body, at) values (:id, :person, :body, :at)",
                id=id,
                person=person,
                body=json.dumps(dict(body)),
                at=_ms(at),
            )
        )
        return id

    def draft(self, id: str, person: str) -> dict[str, Any] | None:
        """A draft of this very person."""
        rows = self.engine.rows(
            "select body from drafts where id = :id and person = :person", id=id, person=person
        )
        return json.loads(rows[0]["body"]) if rows else None

    def keep_draft(self, id: str, body: Mapping[str, Any]) -> None:
        """Write anew what is kept in a draft."""
        self.engine.transact(
            lambda tx: tx.run(
                "update drafts set body = :body where id = :id", id=id, body=json.dumps(dict(body))
            )
        )

    def forget_draft(self, id: str) -> None:
        """Let go of a draft; one that is gone already is gone."""
        self.engine.transact(lambda tx: tx.run("delete from drafts where id = :id", id=id))

    # Audit

    def events(self, order_id: str) -> list[Row]:
        """The audit log of one order, oldest first."""
        return self.engine.rows("select * from events where order_id = :id order by seq", id=order_id)

    def latest_events(self, order_id: str, limit: int = 5) -> list[Row]:
        """The newest events of one order, newest first."""
        return self.engine.rows(
            "select * from events where order_id = :id order by seq desc limit :limit",
            id=order_id,
            limit=limit,
        )

    def note(self, order_id: str, at: datetime, actor: str, verb: str, body: Mapping[str, Any]) -> None:
        """An audit event that changes no order: a refused click, for instance."""
        self.engine.transact(lambda tx: audit.append(tx, order_id, at, actor, verb, body))

    def all_events(self, after: int = 0) -> Iterator[Row]:
        """The audit log after the event of that number, oldest first, read a thousand at a time."""
        last = after
        while rows := self.engine.rows(
            "select * from events where seq > :last order by seq limit 1000", last=last
        ):
            yield from rows
            last = rows[-1]["seq"]

    def audit_head(self) -> tuple[int, str]:
        """Number and hash of the newest audit event; `(0, "")` before the first."""
        row = self.engine.rows("select seq, hash from audit_head")[0]
        return row["seq"], row["hash"]

    # Numbers

    def counts(self, now: datetime) -> dict[str, dict[str, int]]:
        """Orders by state, work by kind that is not done, and the age in seconds of the oldest due work."""
        orders = self.engine.rows("select state, count(*) as n from orders group by state")
        work = self.engine.rows("select job, count(*) as n from work where done_at is null group by job")
        oldest = self.engine.rows(
            "select min(due_at) as due from work where done_at is null and due_at <= :now",
            now=_ms(now),
        )[0]["due"]
        return {
            "orders": {row["state"]: row["n"] for row in orders},
            "work": {row["job"]: row["n"] for row in work},
            "late": {"seconds": max(0, _ms(now) - oldest) // 1000 if oldest else 0},
        }


# A lane lets one piece of work out at a time, and rests when it was told to. What is told of one order
# in one lane goes out in the order in which it happened, also when the first has to wait.
# Work of a kind that only a newer release knows waits for that release.
_KNOWN = ", ".join(f"'{job}'" for job in Job)
_CLAIMABLE = f"""w.job in ({_KNOWN}) and w.queue = :queue and w.done_at is null and w.due_at <= :now
    and (w.owner is null or w.lease_until < :now)
    and (w.lane = '' or (
        not exists (select 1 from lanes l where l.name = w.lane and l.next_at > :now)
        and not exists (select 1 from work o where o.lane = w.lane and o.done_at is null
            and o.owner is not null and o.lease_until >= :now)
        and not exists (select 1 from work o where o.lane = w.lane and o.done_at is null
            and o.order_id = w.order_id and o.order_id <> '' and o.made_at < w.made_at)))"""


def _delegation(row: Row) -> Delegation:
    return Delegation(row["owner"], row["delegate"], _utc(row["until"]))


def _at(queue: Queue, now: datetime) -> dict[str, Any]:
    return {"queue": queue.value, "now": _ms(now)}


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)

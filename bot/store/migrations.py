"""The schema, as numbered steps of plain SQL. A step that has landed is never edited: add another.

`{int}`, `{collate}` and `{strict}` stand for what the two engines call differently.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.store.engine import Engine

_STATES = (
    "'checking','waiting','approved','placing','unclear','placed','rejected','withdrawn','expired',"
    "'refused','cancelled','completed','returned'"
)

M001 = (
    # What is searched is a column; the order itself is the document in `body`.
    f"""create table orders (
        id text {{collate}} primary key,
        version {{int}} not null check (version > 0),
        state text {{collate}} not null check (state in ({_STATES})),
        cloud text {{collate}} not null,
        requester text {{collate}} not null,
        scope text {{collate}} not null,
        ref_scope text {{collate}} not null default '',
        ref_id text {{collate}} not null default '',
        origin text {{collate}} not null unique,
        looked_at {{int}} not null default 0,
        filed_at {{int}} not null,
        body text not null
    ){{strict}}""",
    "create index orders_by_time on orders (filed_at, id)",
    "create index orders_by_ref on orders (cloud, ref_id)",
    # The promise in the schema: while one placing is unfinished, no other may begin for the same scope,
    # and one cloud order belongs to one of ours.
    "create unique index orders_one_attempt on orders (scope) "
    "where state in ('placing', 'unclear') and scope <> ''",
    "create unique index orders_one_ref on orders (cloud, ref_id) where ref_id <> ''",
    """create table decisions (
        order_id text {collate} not null references orders (id),
        round {int} not null,
        person text {collate} not null,
        verb text {collate} not null check (verb in ('approve', 'reject')),
        digest text {collate} not null,
        via text {collate} not null,
        at {int} not null,
        primary key (order_id, round, person)
    ){strict}""",
    """create table work (
        key text {collate} primary key,
        job text {collate} not null,
        queue text {collate} not null,
        order_id text {collate} not null,
        lane text {collate} not null,
        body text not null,
        made_at {int} not null,
        due_at {int} not null,
        generation {int} not null default 1,
        owner text {collate},
        lease_until {int},
        tries {int} not null default 0,
        last_error text not null default '',
        done_at {int}
    ){strict}""",
    "create index work_due on work (queue, due_at) where done_at is null",
    "create table lanes (name text {collate} primary key, next_at {int} not null){strict}",
    """create table events (
        seq {int} primary key,
        order_id text {collate} not null,
        at text {collate} not null,
        actor text {collate} not null,
        verb text {collate} not null,
        body text not null,
        prev text {collate} not null,
        hash text {collate} not null unique
    ){strict}""",
    "create index events_by_order on events (order_id, seq)",
    """create table audit_head (
        id {int} primary key check (id = 1),
        seq {int} not null,
        hash text {collate} not null
    ){strict}""",
    "insert into audit_head (id, seq, hash) values (1, 0, '')",
    """create table posts (
        order_id text {collate} not null,
        job text {collate} not null,
        channel text {collate} not null,
        ts text {collate} not null,
        primary key (order_id, job)
    ){strict}""",
    """create table kept (
        key text {collate} primary key,
        body text not null,
        at {int} not null
    ){strict}""",
    """create table drafts (
        id text {collate} primary key,
        person text {collate} not null,
        body text not null,
        at {int} not null
    ){strict}""",
)


# A decision is made in a step, maybe in somebody else's name, and the glass may be broken. The check on
# `verb` cannot be changed in place, so the table is made anew.
M002 = (
    "alter table decisions rename to decisions_before",
    """create table decisions (
        order_id text {collate} not null references orders (id),
        round {int} not null,
        person text {collate} not null,
        verb text {collate} not null check (verb in ('approve', 'reject', 'break-glass')),
        digest text {collate} not null,
        via text {collate} not null,
        step text {collate} not null,
        owner text {collate} not null,
        at {int} not null,
        primary key (order_id, round, person)
    ){strict}""",
    "insert into decisions (order_id, round, person, verb, digest, via, step, owner, at) "
    "select order_id, round, person, verb, digest, via, '', '', at from decisions_before",
    "drop table decisions_before",
    """create table delegations (
        owner text {collate} primary key,
        delegate text {collate} not null,
        until {int} not null
    ){strict}""",
    # Who is asked about what waits now, so that nobody's list has to be found by reading all of it.
    """create table asked (
        order_id text {collate} not null references orders (id),
        who text {collate} not null,
        round {int} not null,
        primary key (who, order_id)
    ){strict}""",
    "create index asked_by_order on asked (order_id)",
    "create index orders_by_state on orders (state, filed_at, id)",
    "create index orders_by_requester on orders (requester, filed_at, id)",
)


def steps(engine: Engine) -> Sequence[tuple[str, Sequence[str]]]:
    """All steps in order, each a name and its statements, in the words of one engine."""
    return (
        ("m001_first_schema", (*M001, *engine.append_only("events"))),
        ("m002_steps_and_delegations", M002),
    )

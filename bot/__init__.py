"""Quartermaster: a Slack bot through which a company orders edge hardware, with approval.

    Slack ──► slack/listeners ──► steps ──► core (pure: decides, and says what follows)
                                    │
                                    ▼
                  store: order + audit event + work, in one transaction
                                    │
    Slack ◄── slack/chat ◄── steps ◄── worker ──► clouds ──► AWS, Azure

`core`     what may happen (`events`) and what may follow what (`order`), what has to be done then (`follow`),
           who may (`policy`), what a cloud says (`snapshot`), what was asked (`request`, `command`, `form`),
           every word (`messages`)
`steps`    a file for each step of an order's life: quote, request, approve, submit, reconcile, track, and
           operate; for those who wait, clock; for those who look, notify, show, home; for who may what,
           people and policy
`spine`    the one way in which an order changes; `outbox` posts a message once, `directory` remembers what
           Slack tells of people, `catalogue` what the clouds offer
`slack`    what reaches the bot (`listeners`), what reaches people while they look (`live`; forms that are
           open are kept up to date by `screens` and `loading`), and what goes by the outbox (`chat`)
`store`    all SQL, written once for SQLite and PostgreSQL
`clouds`   one provider each; `ports` says what steps need of one
`worker`   claims due work and runs its step; `web` answers HTTP; `compose` builds all, `__main__` starts it
`policy_file` the approval policy on disk; `policy_check` says in words what it means
`doctor`   looks at all of it and says what to mend
`demo`     a local Slack with its page, a local AWS and a local Azure, for `make demo` and for the tests
"""

"""Who may do what, and why not.

values     a policy: steps, conditions, rules, times
reading    the policy file, and what is wrong with one
lines      on which line of it something stands
conditions the words of conditions, and conditions that hold always or never
facts      what conditions see of a request
people     groups and delegations
deciding   who may approve, reject or break the glass, and when that is enough
clock      when somebody is reminded, others are asked, and a request expires
risks      what is risky about a request
"""

from __future__ import annotations

from bot.core.policy.deciding import (
    APPROVE,
    BREAK_GLASS,
    REJECT,
    Decision,
    Scene,
    deciders,
    denied,
    may_approve,
    may_break_glass,
    may_decide,
    may_reject,
    may_request,
    plan,
    satisfied,
    surely_denied,
    unconditional,
    unfillable,
)
from bot.core.policy.facts import Facts, facts, holds, may_hold, unknown
from bot.core.policy.people import FRESH, Delegation, Groups, Members, everyone, fresh, is_group, named
from bot.core.policy.values import ApprovalStep, BreakGlass, Policy, Quiet, Rule, Times, When, built_in
from bot.core.policy.verdict import Reason, Verdict

__all__ = [
    "APPROVE",
    "BREAK_GLASS",
    "FRESH",
    "REJECT",
    "ApprovalStep",
    "BreakGlass",
    "Decision",
    "Delegation",
    "Facts",
    "Groups",
    "Members",
    "Policy",
    "Quiet",
    "Reason",
    "Rule",
    "Scene",
    "Times",
    "Verdict",
    "When",
    "built_in",
    "deciders",
    "denied",
    "everyone",
    "facts",
    "fresh",
    "holds",
    "is_group",
    "may_approve",
    "may_break_glass",
    "may_decide",
    "may_hold",
    "may_reject",
    "may_request",
    "named",
    "plan",
    "satisfied",
    "surely_denied",
    "unconditional",
    "unfillable",
    "unknown",
]

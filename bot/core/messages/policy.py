"""Words about the policy: who is asked, what a policy file says, and what is wrong with one."""

from __future__ import annotations

from bot.core.approval import Needed, Plan
from bot.core.messages import words
from bot.core.messages.blocks import one_line
from bot.core.policy.people import is_group


def who_is_asked(plan: Plan, requester: str) -> tuple[str, ...]:
    """Who is asked for their yes, a line of mrkdwn for each step, in the order of the steps.

    Args:
        plan: The steps.
        requester: Slack user id of who asks; they are left out unless the policy lets them approve.
    """
    barred = "" if plan.self_approval else requester
    lines = [_asked_in(step, barred) for step in plan.steps]
    return tuple(f"then {line}" if number else line for number, line in enumerate(lines))


def _asked_in(step: Needed, barred: str) -> str:
    people = tuple(id for id in step.deciders if id != barred)
    name = f"{one_line(step.name)}: " if step.name else ""
    if not people:
        return f"{name}nobody, for nobody but the requester is named"
    alone = len(people) == step.needs == 1 and not is_group(people[0])
    return f"{name}{'' if alone else _how_many(step.needs)}{words.people(people)}"


def _how_many(needs: int) -> str:
    return "any one of " if needs == 1 else f"{needs} of "

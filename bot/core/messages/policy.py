from bot.core.approval import Plan
from bot.core.messages import words


def who_is_asked(plan: Plan, requester: str) -> tuple[str, ...]:
    return tuple(
        f"{s.name}: {words.people(tuple(i for i in s.deciders if i != requester))}" for s in plan.steps
    )

from bot.core.policy.values import Policy
from bot.core.request import Request


def banners(policy: Policy, request: Request) -> tuple[str, ...]:
    return ()

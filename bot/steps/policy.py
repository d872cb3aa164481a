"""The policy while the program runs: read again, and applied to what waits."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.core import events
from bot.core.follow import Job, Work
from bot.core.messages import desk
from bot.spine import Result, World, happen, tell_operators
from bot.store import Claim

log = logging.getLogger(__name__)


def reload(world: World) -> None:
    """Read the policy file again. A file that is wrong changes nothing, and operators read why."""
    problems = world.rules.reload()
    tell(world, problems)
    if not problems:
        log.info("policy.read", extra={"hash": world.policy.hash})
        world.store.enqueue([Work("policy", Job.POLICY), Work("groups", Job.GROUPS)], world.now())


def tell(world: World, problems: Sequence[str]) -> None:
    """Tell operators what is wrong with the policy file, once for each way in which it is."""
    if problems:
        log.error("policy.wrong", extra={"problems": list(problems)})
        key = hashlib.sha256("\n".join((world.policy.hash, *problems)).encode()).hexdigest()[:16]
        tell_operators(world, f"policy/{key}", desk.policy_wrong(problems))


def replan(world: World, _: Claim) -> Result:
    """Judge everything that waits by the policy as it is now, and let its clock be set anew."""
    for order in world.store.waiting():
        plan = world.plan(order)
        if order.plan is None or replace(order.plan, policy="") != replace(plan, policy=""):
            happen(world, order, events.Replanned(plan))
        else:
            world.store.ensure([Work(f"{order.id}/{Job.CLOCK}", Job.CLOCK, order.id)], world.now())
    return None

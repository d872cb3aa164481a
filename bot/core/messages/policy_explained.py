"""A policy in plain words, and what it makes of one order: for operators at a terminal. Plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.core.fields import Mistake
from bot.core.messages.blocks import clean
from bot.core.messages.policy_file import shown
from bot.core.messages.terms import told
from bot.core.messages.words import cloud_short
from bot.core.order_line import either
from bot.core.policy import (
    ApprovalStep,
    BreakGlass,
    Facts,
    Policy,
    Rule,
    Times,
    When,
    facts,
    holds,
    may_hold,
    unknown,
)
from bot.core.policy.risks import banners
from bot.core.policy.values import ALWAYS, EVERYBODY
from bot.core.request import Request

_ITS = {
    "cloud": "the cloud is",
    "region": "the Region is",
    "location": "the Azure location is",
    "country": "it goes to",
    "payment": "the payment option is",
    "term": "the payment term is",
    "item": "there is in it",
    "order_type": "the order type is",
    "cost_center": "the cost center is",
}
_WHY_UNKNOWN = {
    "total_usd_over": "the total, which only a quote tells",
    "country": "the country, which the cloud tells of the place when it is asked",
    "region": "the Region, which the cloud tells of the Outpost when it is asked",
    "quantity_over": "the quantity, which a quote does not tell",
    "item": "the items, which a quote does not name",
}
_INDENT = "  "


def explain(policy: Policy) -> tuple[str, ...]:
    """What a policy means, line by line."""
    return (
        f"{clean(policy.source, 200)} says (policy {policy.hash[:12]}):",
        "",
        "Who may ask",
        f"{_INDENT}{_requesters(policy.requesters)}",
        "",
        "Who has to agree, in this order; everybody counts once in an order",
        *_numbered(_step(step) for step in policy.steps),
        *_indented(_about_steps(policy)),
        "",
        "When nobody decides",
        *_indented(_times(policy.times)),
        *_part("What is warned of, beside what the bot always warns of", map(_rule, policy.warnings)),
        *_part("What is refused", map(_rule, policy.denials)),
        "",
        "In an emergency",
        f"{_INDENT}{_glass(policy.break_glass)}",
        "",
        "What is not known of an order counts as met in every condition.",
    )


def explain_order(policy: Policy, request: Request) -> tuple[str, ...]:
    """What a policy makes of an order, line by line."""
    seen = facts(request)
    taken = [step for step in policy.steps if may_hold(step.when, seen)]
    left = [step for step in policy.steps if step not in taken]
    refusals = tuple(_refusals(policy, seen))
    otherwise = "Otherwise these have to agree" if refusals else "Who has to agree"
    return (
        f"The order: {', '.join(told(request).plain)} {told(request).where_plain}".rstrip(),
        *_part("It is refused", refusals),
        *_part(f"{otherwise}, in this order", _numbered_plain(_taken(step, seen) for step in taken)),
        *_part("It is refused", () if taken else ["No step is for this order: nobody could approve it."]),
        *_part("Who is not asked", (_step(step) for step in left)),
        *_part("What is warned of", banners(policy, request)),
        *_part("Not known here, and so counted as met", _not_known(policy, seen)),
    )


def mistakes(found: Iterable[Mistake]) -> tuple[str, ...]:
    """What is wrong with the words of an order, a line each."""
    return tuple(map(_mistake, found))


NO_ORDER = "--order takes what /order takes for an order: aws or azure, and key=value after it."


def _mistake(mistake: Mistake) -> str:
    expected = clean(mistake.expected, 300)
    if not mistake.word:
        return f"{mistake.key or 'a word'} is missing: expected {expected}."
    head = f"{mistake.key}: " if mistake.key and mistake.key != mistake.word else ""
    meant = f" Did you mean {clean(mistake.nearest, 100)}?" if mistake.nearest else ""
    return f"{head}{shown(mistake.word)}: expected {expected}.{meant}"


def _part(title: str, lines: Iterable[str]) -> tuple[str, ...]:
    """A title and what stands below it; nothing where nothing does."""
    below = _indented(lines)
    return ("", title, *below) if below else ()


def _indented(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{_INDENT}{line}" for line in lines)


def _numbered_plain(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{number}. {line}" for number, line in enumerate(lines, 1))


def _numbered(lines: Iterable[str]) -> tuple[str, ...]:
    return _indented(_numbered_plain(lines))


def _requesters(people: Sequence[str]) -> str:
    return "Everybody." if EVERYBODY in people else f"{_any(people)}."


def _any(people: Sequence[str]) -> str:
    return people[0] if len(people) == 1 else f"Any of {', '.join(people)}"


def _step(step: ApprovalStep) -> str:
    when = "always" if step.when == ALWAYS else f"if {condition(step.when)}"
    return f"{_who(step)}, {when}." if step.approvers else f"{_who(step)}."


def _who(step: ApprovalStep) -> str:
    if not step.approvers:
        return f"{step.name}: nobody is named, so that every request is refused"
    return f"{step.name}: {_so_many(step.needs, step.approvers)}"


def _so_many(needs: int, people: Sequence[str]) -> str:
    if needs == 1:
        return f"any one of {', '.join(people)}"
    return f"{needs} different people of {', '.join(people)}"


def _about_steps(policy: Policy) -> Iterable[str]:
    if all(step.when != ALWAYS for step in policy.steps):
        yield "An order for which none of these holds is refused: nobody could approve it."
    if policy.self_approval:
        yield "Whoever asks may approve their own request, where a step names them."
    else:
        yield "Nobody approves their own request, whatever names them."


def _times(times: Times) -> Iterable[str]:
    if times.remind:
        yield f"After {_duration(times.remind)} in a step, those who can decide are reminded once."
    if times.escalate:
        yield f"After {_duration(times.escalate)} in a step, {_any(times.escalate_to)} may decide in it, too."
    yield (
        f"After {_duration(times.expire)} a request expires." if times.expire else "A request never expires."
    )
    if times.quiet:
        start, end = times.quiet.start, times.quiet.end
        yield f"Nobody is reminded between {start:%H:%M} and {end:%H:%M} by their own clock, but after that."


def _duration(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    units = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
    unit, size = next((unit, size) for unit, size in units if seconds % size == 0)
    count = seconds // size
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _rule(rule: Rule) -> str:
    head = "Always" if rule.when == ALWAYS else f"If {condition(rule.when)}"
    return f"{head}: {shown_whole(rule.say)}"


def shown_whole(text: str) -> str:
    return f"“{clean(text)}”"


def _glass(glass: BreakGlass | None) -> str:
    if glass is None:
        return "Nobody may do without the steps (no break_glass)."
    alone = " Alone: two would be safer." if glass.needs == 1 else ""
    return f"{_capital(_so_many(glass.needs, glass.who))} may do without the steps (break glass).{alone}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def condition(when: When) -> str:
    """A condition in words, after *if*."""
    parts = [f"{its} {either(words)}" for key, its in _ITS.items() if (words := _named(key, when))]
    if when.quantity_over is not None:
        parts.append(f"more than {when.quantity_over} are ordered")
    if when.total_usd_over is not None:
        parts.append(f"the total is over {when.total_usd_over:,f} USD")
    return ", and ".join(parts)


def _named(key: str, when: When) -> tuple[str, ...]:
    words: tuple[str, ...] = getattr(when, key)
    return tuple(map(cloud_short, words)) if key == "cloud" else words


def _refusals(policy: Policy, seen: Facts) -> Iterable[str]:
    for rule in policy.denials:
        if holds(rule.when, seen):
            yield shown_whole(rule.say)
        elif may_hold(rule.when, seen):
            yield f"{shown_whole(rule.say)} Unless it turns out not to be so: {condition(rule.when)}."


def _taken(step: ApprovalStep, seen: Facts) -> str:
    because = "" if step.when == ALWAYS else f", because {condition(step.when)}"
    doubt = " (not known)" if unknown(step.when, seen) else ""
    return f"{_who(step)}{because}{doubt}."


def _not_known(policy: Policy, seen: Facts) -> Iterable[str]:
    rules = (*policy.warnings, *policy.denials)
    conditions = (*(step.when for step in policy.steps), *(rule.when for rule in rules))
    keys = dict.fromkeys(key for when in conditions for key in unknown(when, seen))
    return [_capital(_WHY_UNKNOWN.get(key, key)) + "." for key in keys]

"""Words for somebody who is asking: what could not be understood, and how to say it.

Everything typed is cut short before it is shown: whatever arrives, an answer fits into one message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bot.core.approval import Plan
from bot.core.command import VERBS, Misread
from bot.core.messages.blocks import (
    Block,
    Say,
    actions,
    button,
    clean,
    code,
    context,
    divider,
    escape,
    one_line,
    section,
)
from bot.core.messages.policy import who_is_asked
from bot.core.messages.words import clause, cloud_short
from bot.core.request import FIELDS, Field, Mistake, Values, field_of, nearest

MOST_SHOWN = 10
CLOUD_NAMES = {"aws": "AWS Outposts", "azure": "Azure Edge hardware"}
OPEN_FORM = "open_form"

_WORD_SHOWN = 100
_KEPT_LIMIT = 2500
# So many lines, each with two words of any length, fit into a section of 3000 characters.
_LINES_IN_A_SECTION = 4


@dataclass(frozen=True)
class Topic:
    """What help says about one word: how it is used, what it does, and one line that works."""

    usage: str
    does: str
    example: str


TOPICS: dict[str, Topic] = {
    "aws": Topic(
        "/order aws [key=value …] [--yes]",
        "Opens the form for AWS Outposts, filled with what you typed. With `--yes` and nothing "
        "missing, the request is filed at once.",
        "/order aws outpost=op-0123456789abcdef0 item=OR-ABCDEFG:2 payment=NO_UPFRONT "
        'term=THREE_YEARS reason="second rack for the FRA-1 cell"',
    ),
    "azure": Topic(
        "/order azure [key=value …] [--yes]",
        "Opens the form for Azure Edge hardware, filled with what you typed. With `--yes` and "
        "nothing missing, the request is filed at once.",
        "/order azure product=azurestackedge/azurestackedge/azurestackedgegpu configuration=edgep_high "
        "type=Rental qty=2 address=fra-1 location=eastus resource_group=edge "
        'reason="line 4 moves in May"',
    ),
    "status": Topic(
        "/order status ID",
        "Shows where an order stands, with its timeline. Also takes an AWS order id (`oo-…`) and "
        "the name of an Azure item (`GROUP/NAME` if it is in another resource group).",
        "/order status ORD-7F3K2M",
    ),
    "list": Topic(
        "/order list [mine|open|waiting|all]",
        "Lists orders, newest first; yours if you name nothing.",
        "/order list waiting",
    ),
    "approve": Topic(
        "/order approve ID [note]",
        "Approves a request, by the same rules as the button.",
        "/order approve ORD-7F3K2M within the budget of Q3",
    ),
    "reject": Topic(
        "/order reject ID reason",
        "Rejects a request. The requester reads your reason.",
        "/order reject ORD-7F3K2M the old rack has room",
    ),
    "withdraw": Topic(
        "/order withdraw ID",
        "Takes back your own request, as long as it is not placed.",
        "/order withdraw ORD-7F3K2M",
    ),
    "cancel": Topic(
        "/order cancel ID [reason]",
        "Asks the cloud to cancel a placed order. You confirm it first.",
        "/order cancel ORD-7F3K2M the site closes",
    ),
    "return": Topic(
        "/order return ID reason",
        "Starts the return of Azure hardware.",
        "/order return ORD-7F3K2M the rental ends",
    ),
    "track": Topic(
        "/order track oo-…|NAME [--quiet]",
        "Follows an order that was placed elsewhere. With `--quiet` there is no card until "
        "something changes.",
        "/order track oo-0123456789abcdef0 --quiet",
    ),
    "delegate": Topic(
        "/order delegate @someone until DATE",
        "Until that day, what you may approve goes to them too. `/order delegate off` ends it.",
        "/order delegate @dana until 2027-01-15",
    ),
    "break-glass": Topic(
        "/order break-glass ID reason",
        "Lets those whom the policy names go ahead when approvers cannot be reached. Everybody "
        "concerned is told.",
        "/order break-glass ORD-7F3K2M the line stands still and nobody answers",
    ),
    "mute": Topic(
        "/order mute ID",
        "No more direct messages about this order.",
        "/order mute ORD-7F3K2M",
    ),
    "whoami": Topic(
        "/order whoami",
        "Shows what the bot knows of you: your groups, what you may request and approve, and why.",
        "/order whoami",
    ),
    "help": Topic(
        "/order help [word]",
        "Explains everything in short, or one word in full.",
        "/order help aws",
    ),
}


LOOKED_UP_LATER = "not in the catalogue yet; it is looked up"
_IN_FULL = {
    "aws": "an Outpost (`op-…`) and a catalog item (`OR-…`)",
    "azure": "a product (`FAMILY/LINE/PRODUCT`), a configuration and a saved address",
}


def loading(cloud: str) -> str:
    """What a form says while its cloud is asked for the first time what can be ordered."""
    return f":hourglass: {cloud_short(cloud)} is being asked what can be ordered…"


def not_loaded(cloud: str, why: str) -> str:
    """What a form says where that has failed, or takes too long; `why` is the cloud's own sentence."""
    name = cloud_short(cloud)
    said = clause(why) if why.strip() else f"{name} has not answered yet"
    return (
        f":warning: What can be ordered is not known: {said}. *Try again*, or type {_IN_FULL[cloud]} in "
        "full: they are looked up before anybody is asked."
    )


def nothing_offered(cloud: str) -> str:
    """What a form says where the cloud has answered, and offers nothing."""
    return (
        f":warning: {cloud_short(cloud)} answers, and offers nothing here. *Try again*, or type "
        f"{_IN_FULL[cloud]} in full."
    )


ONLY_OF = {"aws": "aws", "azure": "azure", "return": "azure"}
"""Verbs that mean nothing where a cloud is not configured."""


def misread(m: Misread, draft: str) -> Say:
    """The answer to a line that could not be understood.

    Args:
        m: What was wrong with it, and what was right.
        draft: Id of the stored draft of `m.ask`, with which the form opens.
    """
    kept = _kept(m.ask.values) if m.ask else ""
    lines = [mistake_line(mistake) for mistake in m.mistakes[:MOST_SHOWN]]
    more = len(m.mistakes) - len(lines)
    blocks = [section("*I could not read all of that.*"), *_listed(lines, more)]
    if kept:
        blocks.append(context(f"Kept: {kept}"))
    if m.ask:
        blocks.append(_open_form(m.ask.cloud, draft))
    else:
        blocks.append(context("`/order help` lists what can be said."))
    sentences = (_in_a_sentence(lines, more), kept and f"Kept: {kept}.")
    return Say(" ".join(filter(None, sentences)), tuple(blocks))


def mistake_line(mistake: Mistake) -> str:
    """One mistake in mrkdwn: the word, what was expected, and what was probably meant."""
    expected = escape(mistake.expected)
    if not mistake.word:
        return f"*{_name(mistake.key)}* is missing: expected {expected}."
    line = f"{_typed(mistake)}: expected {expected}."
    return f"{line} Did you mean {_short(_offer(mistake))}?" if mistake.nearest else line


def mistake_under_field(mistake: Mistake) -> str:
    """One mistake in plain words, for the place under the field where it was made."""
    if not mistake.word:
        return f"Expected {mistake.expected}."
    line = f"Expected {mistake.expected}, not “{_cut(mistake.word)}”."
    return f"{line} Did you mean {_cut(mistake.nearest)}?" if mistake.nearest else line


def help_text(word: str, clouds: Sequence[str]) -> Say:
    """What `/order help` says.

    Args:
        word: What to explain: a verb or a key, in lower case; "" for everything in short.
        clouds: The clouds that are configured; others are not offered.
    """
    if not word:
        return _overview(clouds)
    topic = word.removeprefix("/order").strip()
    if topic in TOPICS:
        return _about_verb(topic, clouds)
    found = next((f for cloud in clouds for f in FIELDS.get(cloud, ()) if f.key == topic), None)
    return _about_key(found) if found else _no_such_word(word, clouds)


def _overview(clouds: Sequence[str]) -> Say:
    absent = {verb for verb, cloud in ONLY_OF.items() if cloud not in clouds}
    lines = [f"`{topic.usage}`" for verb, topic in TOPICS.items() if verb not in absent]
    return Say(
        "How to use /order: type /order alone for the form, or /order help and a word for more.",
        (
            section("*Order hardware, and follow it*\n`/order` alone opens the form."),
            section("\n".join(lines)),
            context("More about one of them: `/order help status`, for instance."),
        ),
    )


def _about_verb(verb: str, clouds: Sequence[str]) -> Say:
    cloud = ONLY_OF.get(verb, "")
    if cloud and cloud not in clouds:
        line = f"{CLOUD_NAMES[cloud]} cannot be ordered here"
        return Say(f"{line}.", (section(f"{line}: it is not configured."),))
    topic = TOPICS[verb]
    blocks = [
        section(f"`{topic.usage}`\n{topic.does}"),
        context(f"For example: `{topic.example}`"),
    ]
    if verb in FIELDS:
        blocks[1:1] = [section(_key_list(verb)), divider()]
    return Say(f"{topic.usage}: {topic.does}", tuple(blocks))


def _about_key(field: Field) -> Say:
    line = f"`{field.key}=` is *{field.label}*: {escape(field.expected)}."
    return Say(line, (section(line), context(f"For example: {code(field.example)}")))


def _no_such_word(word: str, clouds: Sequence[str]) -> Say:
    meant = nearest(word, (*VERBS, *(f.key for cloud in clouds for f in FIELDS.get(cloud, ()))))
    offer = f" Did you mean `/order help {meant}`?" if meant else ""
    line = f"There is no help about {_short(word)}.{offer}"
    return Say(line, (section(line), *_overview(clouds).blocks))


def _key_list(cloud: str) -> str:
    return "\n".join(_key_line(field) for field in FIELDS[cloud] if field.offered)


def _key_line(field: Field) -> str:
    often = f", up to {field.most} times" if field.repeat else ""
    needed = " (needed)" if field.required else ""
    return f"`{field.key}=` {escape(field.expected)}{often}{needed}"


def _open_form(cloud: str, draft: str) -> Block:
    label = f"Open the {CLOUD_NAMES.get(cloud, 'order')} form with what was right"
    return actions(button("Open the form", OPEN_FORM, draft, style="primary", label=label))


def _listed(lines: Sequence[str], more: int) -> Iterable[Block]:
    shown = [f"• {line}" for line in lines] + [f"… and {more} more"] * (more > 0)
    for start in range(0, len(shown), _LINES_IN_A_SECTION):
        yield section("\n".join(shown[start : start + _LINES_IN_A_SECTION]))


def _in_a_sentence(lines: Sequence[str], more: int) -> str:
    others = len(lines) - 1 + more
    count = f" (and {others} more)" if others else ""
    return f"I could not read all of that{count}. {lines[0] if lines else ''}".strip()


def _kept(values: Values) -> str:
    pairs = [_short(f"{key}={word}") for key, words in values.items() for word in words]
    ends = accumulate(len(pair) + 2 for pair in pairs)
    shown = [pair for pair, end in zip(pairs, ends, strict=True) if end <= _KEPT_LIMIT]
    more = len(pairs) - len(shown)
    return ", ".join([*shown, f"and {more} more"] if more else shown)


def _typed(mistake: Mistake) -> str:
    pair = _is_value(mistake)
    return _short(f"{mistake.key}={mistake.word}" if pair else mistake.word)


def _offer(mistake: Mistake) -> str:
    pair = _is_value(mistake) and "=" not in mistake.nearest
    return f"{mistake.key}={mistake.nearest}" if pair else mistake.nearest


def _is_value(mistake: Mistake) -> bool:
    return any(field_of(cloud, mistake.key) for cloud in FIELDS)


def _name(key: str) -> str:
    """What people call the thing that is missing."""
    fields: Iterable[Field | None] = (field_of(cloud, key) for cloud in FIELDS)
    label = next((field.label for field in fields if field), key.capitalize())
    return "Order id" if key == "order" else one_line(label) or "A word"


def _short(words: str) -> str:
    return code(_cut(words))


def _cut(words: str) -> str:
    return clean(" ".join(words.split()), _WORD_SHOWN)


def form_notes(plan: Plan | None, requester: str, risks: Sequence[str]) -> tuple[str, ...]:
    """What a form says below its fields before anything is filed: who will be asked, and what is risky.

    Args:
        plan: Whose yes it will need; None as long as that hangs on what is not chosen yet.
        requester: Slack user id of who asks.
        risks: A sentence each, plain text.
    """
    who = "; ".join(who_is_asked(plan, requester)) if plan else WHO_LATER
    return (f"*Who will be asked:* {who}", *(f":warning: {one_line(risk, 500)}" for risk in risks if risk))


WHO_LATER = "that hangs on what is chosen; it shows here before anything is filed"

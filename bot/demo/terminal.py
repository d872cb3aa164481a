"""The local world in a terminal: say things as several people, and read what everybody reads."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import click

from bot.demo.slack import Form, Message
from bot.demo.world import APPROVALS, OPERATIONS, ORDERS, REQUESTER, Bot, LocalWorld

HELP = """\
Open {url} in a browser: Slack as several people, and the clouds' console beside it.

Here in the terminal you are {name} in #edge-orders. The bot is real; Slack, AWS, Azure are on this machine.
Stages take seconds.

  /order …               what you would type in Slack; start with  /order help  or  /order azure
  as alice|bob|carol|opal|mallory
                         become somebody: alice asks, bob and carol approve, opal operates, mallory may not
  click Approve          press a button of the newest message that has it; also  click Approve ORD-7F3K2M
  form                   what your open form shows; offers every choice
  set Label = value      fill a field of it, for instance  set Reason = New depot
  press Add another item, submit, close
  lose                   AWS, or Azure, takes the next order and its answer gets lost
  kill                   kill -9 the bot, and start it again
  help, quit
"""


class Printer:
    """Prints what is new in a conversation, each line once."""

    def __init__(self, transcript: Callable[[], str]) -> None:
        self._transcript = transcript
        self._printed = 0
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def news(self) -> None:
        """Print what was said since the last time, and stop to follow."""
        self._stop.set()
        self._thread.join()
        self._print()

    def _follow(self) -> None:
        while not self._stop.wait(0.2):
            self._print()

    def _print(self) -> None:
        with self._lock:
            lines = self._transcript().splitlines()
            for line in lines[self._printed :]:
                click.echo(line)
            self._printed = len(lines)


class Terminal:
    """Reads lines from standard input until `quit`; at its end it just goes on showing."""

    def __init__(self, world: LocalWorld, bot: Bot) -> None:
        self.world = world
        self.bot = bot
        self.person = world.slack.person(REQUESTER)
        self.commands: dict[str, Callable[[str], None]] = {
            "/order": lambda rest: self._order(rest),
            "as": self._become,
            "click": self._click,
            "form": lambda _: self._show_form(),
            "set": self._set,
            "press": lambda rest: self._with_form(lambda form: form.press(rest)),
            "submit": lambda _: self._submit(),
            "close": lambda _: self._with_form(lambda form: form.close()),
            "lose": lambda _: self._lose(),
            "kill": lambda _: self._kill(),
            "help": lambda _: click.echo(HELP.format(url=self.world.slack.url, name=self.person.name)),
        }

    def talk(self) -> None:
        """Take part until `quit` or Ctrl-C."""
        click.echo(HELP.format(url=self.world.slack.url, name=self.person.name))
        printer = Printer(self.world.slack.transcript)
        try:
            for line in sys.stdin:
                if line.strip() in ("quit", "exit"):
                    break
                self._do(line.strip())
            else:
                threading.Event().wait()
        except KeyboardInterrupt:
            pass
        printer.news()

    def _do(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if not word:
            return
        act = self.commands.get(word)
        if act is None:
            click.echo(f"“{word}” is nothing that I know; try help")
            return
        try:
            act(rest.strip())
        except (LookupError, ValueError, TimeoutError, RuntimeError) as error:
            click.echo(f"that does not work: {error}")

    def _order(self, rest: str) -> None:
        self.person.command(f"/order {rest}", ORDERS)

    def _become(self, name: str) -> None:
        people = {person.name: person for person in self.world.slack.people()}
        self.person = people[name]
        click.echo(f"You are {name}.")

    def _click(self, what: str) -> None:
        text, _, order = what.partition(" ORD-")
        for message in reversed(self._messages()):
            if text in message.buttons and (not order or f"ORD-{order}" in message.plain):
                self.person.click(message, text)
                return
        click.echo(f"no message that you see has a button “{text}”")

    def _messages(self) -> list[Message]:
        slack = self.world.slack
        seen = [message for channel in (ORDERS, APPROVALS, OPERATIONS) for message in slack.messages(channel)]
        mine = [*slack.direct(self.person.id), *slack.ephemerals(self.person.id)]
        return sorted([*seen, *mine], key=lambda message: float(message.ts))

    def _with_form(self, act: Callable[[Form], object]) -> None:
        form = self.person.form()
        if form is None:
            click.echo("you have no form open; /order aws opens one")
            return
        act(form)

    def _show_form(self) -> None:
        self._with_form(lambda form: click.echo(_drawn(form)))

    def _set(self, rest: str) -> None:
        label, _, value = (part.strip() for part in rest.partition("="))
        self._with_form(lambda form: _fill(form, label, value))

    def _submit(self) -> None:
        def act(form: Form) -> None:
            for label, error in form.submit().errors.items():
                click.echo(f"{label}: {error}")

        self._with_form(act)

    def _lose(self) -> None:
        self.world.outposts.faults.add("CreateOrder", "drop_after")
        self.world.arm.faults.add("OrderItems_Create", "drop_after")

    def _kill(self) -> None:
        self.bot.restart()
        click.echo("killed, and started again")


def _fill(form: Form, label: str, value: str) -> None:
    """Type into a field, or choose in it where it has choices: the first that contains what was said."""
    choices = _choices(form, label)
    fitting = [choice for choice in choices if value.lower() in choice.lower()]
    if fitting:
        form.choose(label, fitting[0])
    else:
        form.fill(label, value)


def _choices(form: Form, label: str) -> list[str]:
    for ask in (form.suggest, form.options):
        try:
            return ask(label)
        except (LookupError, ValueError, TypeError):
            continue
    return []


def _drawn(form: Form) -> str:
    lines = [f"── {form.title} ──"]
    for label in dict.fromkeys(form.labels()):
        value = form.values().get(label) or ""
        offered = "".join(f"\n      {choice}" for choice in _choices(form, label)[:12])
        lines.append(f"  {label}: {value}{offered}")
    return "\n".join([*lines, f"  [{'] ['.join(form.buttons)}]"])

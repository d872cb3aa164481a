"""The doctor's findings as text for people, or as JSON for machines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from urllib.parse import urlsplit

import click

from bot.core.finding import Finding, Mark
from bot.doctor import Told

COLOURS = {Mark.OK: "green", Mark.WARN: "yellow", Mark.WRONG: "red", Mark.UNTRIED: "cyan"}
NARROW = 44
"""Characters of a name beyond which it no longer moves the others' text to the right."""
SECRET = re.compile("SECRET|TOKEN|PASSWORD|KEY|HEADER", re.IGNORECASE)
SHORTEST = 6
"""Characters; a shorter value is no secret, and would be found in any word."""

Write = Callable[[str], None]


def as_text(told: Iterable[Told], write: Write) -> bool:
    """Write every part as it comes, a line a finding; whether nothing is wrong."""
    marks: list[Mark] = []
    for part, findings in told:
        write(click.style(part, bold=True))
        width = max((len(one.what) for one in findings if len(one.what) <= NARROW), default=0)
        for one in findings:
            write(_line(one, width))
            marks.append(one.mark)
    counts = ", ".join(f"{marks.count(mark)} {mark}" for mark in Mark if mark in marks)
    write(f"\n{counts}")
    return Mark.WRONG not in marks


def _line(one: Finding, width: int) -> str:
    mark = click.style(f"{one.mark:8}", fg=COLOURS[one.mark])
    said = " ".join(one.said.split())
    return f"  {mark}{one.what:<{width}}  {said}" + (f" → {one.remedy}" if one.remedy else "")


def as_json(told: Iterable[Told], write: Write) -> bool:
    """Write a JSON object a finding; whether nothing is wrong."""
    well = True
    for part, findings in told:
        for one in findings:
            write(json.dumps({"part": part, **asdict(one)}, ensure_ascii=False))
            well = well and one.mark is not Mark.WRONG
    return well


def without_secrets(write: Write, environment: Mapping[str, str]) -> Write:
    """A `write` that repeats no secret of the environment, whoever quoted it."""
    secrets = {value for name, value in environment.items() if SECRET.search(name)}
    secrets |= {urlsplit(value).password or "" for value in environment.values() if "://" in value}
    kept = sorted((one for one in secrets if len(one) >= SHORTEST), key=len, reverse=True)

    def careful(line: str) -> None:
        for secret in kept:
            line = line.replace(secret, "…")
        write(line)

    return careful

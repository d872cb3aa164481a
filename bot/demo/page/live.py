"""Telling the page that there is something new, by Server-Sent Events; what it is, it reads again."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bot.demo.page.console import Console
from bot.demo.slack import LocalSlack

_LOOK = 0.2
"""Seconds between two looks at the clouds, which wake nobody."""
_BEAT = 5.0
"""Seconds of silence after which a sign of life finds out whether anybody listens."""


def changes(slack: LocalSlack, console: Console) -> Iterator[str]:
    """An event now, and one after each change; ends when the server does."""
    seen, said = None, 0.0
    while slack.serving:
        with slack.workspace.lock:
            version = slack.workspace.version
        now = (version, console.state())
        if now != seen:
            seen, said = now, time.monotonic()
            yield f"data: {version}\n\n"
        elif time.monotonic() - said > _BEAT:
            said = time.monotonic()
            yield ": still here\n\n"
        with slack.workspace.changed:
            if slack.workspace.version == version:
                slack.workspace.changed.wait(_LOOK)

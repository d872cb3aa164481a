"""The policy file on disk: read at the start, and again when an operator has changed it."""

from __future__ import annotations

import threading
from pathlib import Path

from bot.core.policy import Policy
from bot.core.policy.reading import Problem, read
from bot.errors import Misconfigured

MOST_BYTES = 1_000_000


def load(path: str | Path) -> Policy:
    """The policy that a file says.

    Raises:
        Misconfigured: The file cannot be read, or says no policy; every problem of it is named.
    """
    name = Path(path).name
    found = read(_text(Path(path)), name)
    if isinstance(found, Policy):
        return found
    raise Misconfigured(tuple(_sentence(name, problem) for problem in found))


class Rules:
    """The policy that holds now. Any thread may read it while another reads the file again.

    Args:
        policy: What holds at first.
        path: The file that it is from; none where there is none, and nothing to be read again.
    """

    def __init__(self, policy: Policy, path: str | Path | None = None) -> None:
        self._policy = policy
        self._path = path
        self._reading = threading.Lock()

    @property
    def current(self) -> Policy:
        """The policy that holds now: to be asked for once in each decision, so that it is one policy."""
        return self._policy

    def reload(self) -> tuple[str, ...]:
        """Read the file again, all or nothing.

        Returns:
            What is wrong with it: then the policy stays the one that it was. Nothing where the new one holds.
        """
        if self._path is None:
            return ()
        with self._reading:
            try:
                self._policy = load(self._path)
            except Misconfigured as error:
                return error.problems
        return ()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except IsADirectoryError:
        raise Misconfigured((f"POLICY_FILE is wrong: {path} is a directory, not a file.",)) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise Misconfigured((f"POLICY_FILE is wrong: {path} cannot be read: {why}.",)) from None
    if len(content) > MOST_BYTES:
        raise Misconfigured((f"POLICY_FILE is wrong: {path} is larger than a megabyte.",))
    try:
        # Some editors put a mark at the beginning, which is no part of the text.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        said = f"{path.name} line {line}: this is no UTF-8: save the file as UTF-8."
        raise Misconfigured((said,)) from None


def _sentence(name: str, problem: Problem) -> str:
    return f"{name} line {problem.line}: {problem.said}"

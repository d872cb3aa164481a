"""What can go wrong, by whose fault it is and whether trying again helps.

    BotError
    ├── Misconfigured        the operator's: a setting is wrong, the start is refused
    ├── CloudError           the cloud did not do as asked
    │   ├── CloudRefused     it said no, in its own words; trying again changes nothing
    │   │   ├── CloudUnknown it does not know what we asked about
    │   │   └── CloudDenied  it does not let the bot ask: credentials or permissions, the operator's
    │   └── CloudDown        no answer, or none that means anything; try again later
    └── ChatError            Slack did not do as asked
        ├── ChatRefused      for good: the channel is gone, the bot was not invited
        └── ChatDown         for now: no answer, 5xx, or a rate limit (`retry_after`)

An answer to a person who asked for something impossible is not an error: it is a value that the
core returns.
"""

from __future__ import annotations


class BotError(Exception):
    """The root of every error that this program raises by itself."""


class Misconfigured(BotError):
    """Settings with which the bot must not start.

    Args:
        problems: One sentence for each wrong setting, naming it and saying what it should be.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CloudError(BotError):
    """A cloud did not do as asked."""


class CloudRefused(CloudError):
    """The cloud said no.

    Args:
        code: The cloud's own error code, `ValidationException` for instance.
        words: The cloud's own sentence.
    """

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words


class CloudUnknown(CloudRefused):
    """The cloud does not know the thing that was asked about."""


class CloudDenied(CloudRefused):
    """The cloud does not let the bot do this: an operator has to look at credentials or permissions."""


class CloudDown(CloudError):
    """No answer, or none that means anything: worth another try later."""


class ChatError(BotError):
    """Slack did not do as asked."""


class ChatRefused(ChatError):
    """Slack refused for good; `code` is its own word, `channel_not_found` for instance."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ChatDown(ChatError):
    """Slack did not answer, or asked to wait `retry_after` seconds."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after

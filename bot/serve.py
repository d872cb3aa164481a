"""Serving HTTP with gunicorn: threads, and as many processes as WEB_CONCURRENCY says."""

from __future__ import annotations

from typing import Any

from gunicorn.app.base import BaseApplication

from bot.policy_file import Rules
from bot.settings import Settings


class _Server(BaseApplication):
    """The policy is read before the fork: a file that is wrong when it is read again stops nobody."""

    def __init__(self, options: dict[str, Any], settings: Settings, rules: Rules) -> None:
        self.options = options
        self.settings = settings
        self.rules = rules
        self.problems: tuple[str, ...] = ()
        super().__init__()

    def reload(self) -> None:
        """SIGHUP: processes that serve are replaced by new ones, which go by the policy as it is now."""
        self.problems = self.rules.reload()
        super().reload()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Called in each serving process after the fork, so that none shares a connection."""
        from bot.compose import make_app, make_world
        from bot.steps.policy import tell
        from bot.web import Web

        world = make_world(self.settings, self.rules)
        tell(world, self.problems)
        return Web(world, make_app(world)[0])


def serve(settings: Settings, rules: Rules, threads: int, grace: float) -> None:
    """Serve on PORT until a signal comes.

    Args:
        settings: The settings.
        rules: The policy.
        threads: In each process.
        grace: Seconds that requests in hand have after SIGTERM.
    """
    _Server(
        {
            "bind": f"0.0.0.0:{settings.port}",
            "worker_class": "gthread",
            "threads": threads,
            "graceful_timeout": int(grace),
            "timeout": 30,
            "keepalive": 75,
            "loglevel": "warning",
            "proc_name": "quartermaster",
        },
        settings,
        rules,
    ).run()

"""Serving HTTP with gunicorn: threads, and as many processes as WEB_CONCURRENCY says."""

from __future__ import annotations

from typing import Any

from gunicorn.app.base import BaseApplication


class _Server(BaseApplication):
    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Called in each serving process after the fork, so that none shares a connection."""
        from bot.compose import make_app, make_world, settings_or_exit
        from bot.web import Web

        world = make_world(settings_or_exit())
        return Web(world, make_app(world)[0])


def serve(port: int, threads: int, grace: float) -> None:
    """Serve until a signal comes.

    Args:
        port: TCP port, on all addresses.
        threads: In each process.
        grace: Seconds that requests in hand have after SIGTERM.
    """
    _Server(
        {
            "bind": f"0.0.0.0:{port}",
            "worker_class": "gthread",
            "threads": threads,
            "graceful_timeout": int(grace),
            "timeout": 30,
            "keepalive": 75,
            "loglevel": "warning",
            "proc_name": "quartermaster",
        }
    ).run()

"""The local world: a Slack, an AWS, an Azure, and the bot as a process of its own between them.

The bot is started like anywhere else, by its command line and its environment; nothing in it knows that
the servers it talks to are on this machine.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Mapping
from pathlib import Path

from bot.demo.arm import LocalArm
from bot.demo.cloud import utc_now
from bot.demo.outposts import LocalOutposts
from bot.demo.slack import LocalSlack
from bot.ports import Clock

REQUESTER, APPROVER, SECOND, OPERATOR, STRANGER = "U0ALICE", "U0BOB", "U0CAROL", "U0OPAL", "U0STRANGER"
GROUP = "S0FINANCE"
ORDERS, APPROVALS, OPERATIONS = "C0EDGEORDERS", "C0APPROVALS", "C0OPERATIONS"
REGION = "eu-west-1"
EVENTS = frozenset({"app_home_opened"})
"""The events that `manifest.yaml` subscribes to: Slack sends no others."""


class LocalWorld:
    """A furnished Slack workspace, AWS account and Azure subscription on loopback.

    Args:
        clouds: Those that the bot is set up for; the others do not even start.
        regions: The AWS Regions that it orders in.
        clock: The time in the clouds.
    """

    def __init__(
        self,
        clouds: Collection[str] = ("aws", "azure"),
        regions: tuple[str, ...] = (REGION,),
        clock: Clock = utc_now,
    ) -> None:
        self.regions = regions
        self.slack = LocalSlack()
        self.outposts = LocalOutposts(clock=clock)
        self.arm = LocalArm(clock=clock)
        self.clouds = [
            cloud for name, cloud in (("aws", self.outposts), ("azure", self.arm)) if name in clouds
        ]

    def start(self, slack_port: int = 0) -> None:
        """Start the servers and let people and hardware move in."""
        self.slack.start(slack_port)
        for cloud in self.clouds:
            cloud.start()
        for id, name in (
            (REQUESTER, "alice"),
            (APPROVER, "bob"),
            (SECOND, "carol"),
            (OPERATOR, "opal"),
            (STRANGER, "mallory"),
        ):
            self.slack.add_person(id, name)
        self.slack.add_group(GROUP, "finance", [SECOND])
        for id, name in (
            (ORDERS, "edge-orders"),
            (APPROVALS, "approvals"),
            (OPERATIONS, "operations"),
        ):
            self.slack.add_channel(id, name)
        self.outposts.furnish(self.regions)
        self.arm.furnish()

    def stop(self) -> None:
        """Stop the servers."""
        self.slack.stop()
        for cloud in self.clouds:
            cloud.stop()

    def sdk_environment(self) -> dict[str, str]:
        """What the clouds' SDKs need to find these servers, and what names them to the bot."""
        found: dict[str, str] = {}
        if self.outposts in self.clouds:
            found |= self.outposts.environment() | {"AWS_REGIONS": ",".join(self.regions)}
        if self.arm in self.clouds:
            found |= self.arm.environment()
        return found

    def environment(self, database: str, port: int) -> dict[str, str]:
        """The settings with which a bot lives in this world."""
        return self.sdk_environment() | {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_API_URL": self.slack.api_url,
            "DATABASE_URL": database,
            "APPROVALS_CHANNEL": APPROVALS,
            "OPERATIONS_CHANNEL": OPERATIONS,
            "APPROVERS": f"{APPROVER},{GROUP}",
            "OPERATORS": OPERATOR,
            "PORT": str(port),
            "LOG_FORMAT": "text",
        }


class Bot:
    """One process of the bot, started from the command line.

    Args:
        command: `run`, `web` or `worker`.
        environment: Its settings; PATH and the like come from here.
        log: Where its standard error goes.
    """

    def __init__(self, command: str, environment: Mapping[str, str], log: Path) -> None:
        self.command = command
        self.environment = dict(environment)
        self.log = log
        self.port = int(environment["PORT"])
        self.process: subprocess.Popen[bytes] | None = None
        self._restarting = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def events_url(self) -> str:
        return f"{self.url}/slack/events"

    @property
    def pid(self) -> int | None:
        """The id of the process; None while there is none."""
        return self.process.pid if self.process else None

    def restart(self) -> None:
        """Kill it as a power cut would, start it again, and wait until it serves.

        Raises:
            RuntimeError: It does not come back; with its log.
        """
        with self._restarting:
            self.kill()
            self.start()
            self.wait_ready()

    def start(self, **more: str) -> None:
        """Start the process, with more settings where given. Does not wait until it serves."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", self.command],
                env=self.surroundings() | more,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def surroundings(self) -> dict[str, str]:
        """The whole environment of the process: its settings and what every process needs."""
        needed = ("PATH", "HOME", "LANG", "SYSTEMROOT", "COVERAGE_PROCESS_START")
        return {name: os.environ[name] for name in needed if name in os.environ} | self.environment

    def wait_ready(self, timeout: float = 20.0) -> None:
        """Wait until it says that it can serve.

        Raises:
            RuntimeError: It has ended, or does not answer in `timeout` seconds; with its log.
        """
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:  # noqa: S310
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        raise RuntimeError(f"the bot does not serve:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """End it and its children as a power cut would."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.wait()

    def hang_up(self) -> None:
        """SIGHUP: read the policy again."""
        if self.process:
            self.process.send_signal(signal.SIGHUP)

    def stop(self, timeout: float = 12.0) -> int:
        """Ask it to end, and return its exit code."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
        return self.wait(timeout)

    def wait(self, timeout: float = 12.0) -> int:
        """Wait for its end, and return its exit code; a signal counts negative."""
        if self.process is None:
            return 0
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise


def usable_port(wanted: int) -> int:
    """The port that is wanted, or a free one where somebody has it already."""
    with socket.socket() as probe:
        # As servers do; a port that was in use a minute ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
        return wanted


def free_port() -> int:
    """A TCP port on loopback that nobody uses now.

    Not one of those that the system gives to outgoing connections: any of them may take it the next moment.
    """
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for one run: the database and the log."""
    return tempfile.TemporaryDirectory(prefix="quartermaster-")

"""`make bench`: how fast Slack is answered, as a ratio to a bare Bolt app in the same run.

Both are served alike: gunicorn, one process, the same number of threads. Rounds alternate, so that a machine
that slows down slows both. Exits 1 where a bound does not hold.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.__main__ import SERVER_THREADS
from bot.demo.world import APPROVALS, ORDERS, REQUESTER, Bot, LocalWorld, free_port, scratch
from tests.bench.load import Times, click, command, measure

ROUNDS = 5
REQUESTS = 400
WARM_UP = 60
P50_BOUND = 1 / 3
P99_BOUND = 1.0

Body = Callable[[], bytes]


def main() -> int:
    """Measure, print a table, and return 0 if every bound holds."""
    world = LocalWorld(("aws",))
    world.start()
    try:
        with scratch() as folder, bare(world, Path(folder)) as bare_port, quartermaster(world, folder) as bot:
            value = waiting_order(world)
            kinds: dict[str, Body] = {
                "/order help": lambda: command("help"),
                "click": lambda: click(value, APPROVALS, "1.000001"),
            }
            held = [
                compare(name, body, clients, bare_port, bot.port, world.slack.signing_secret)
                for name, body in kinds.items()
                for clients in (1, 10)
            ]
            print_start(world, Path(folder))
    finally:
        world.stop()
    return 0 if all(held) else 1


def compare(name: str, body: Body, clients: int, bare_port: int, port: int, secret: str) -> bool:
    """One row: the same load on both, in turns; whether the bounds hold for one client at a time."""
    for warm in (bare_port, port):
        measure(warm, secret, body, clients=clients, requests=WARM_UP)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(measure(bare_port, secret, body, clients=clients, requests=REQUESTS))
        ours.append(measure(port, secret, body, clients=clients, requests=REQUESTS))
    p50, p99 = ratio(ours, theirs, "p50"), ratio(ours, theirs, "p99")
    failed = sum(times.failed for times in [*ours, *theirs])
    bound = clients == 1
    held = not failed and (not bound or (p50 <= P50_BOUND and p99 <= P99_BOUND))
    verdict = ("holds" if held else "DOES NOT HOLD") if bound else ("no failures" if held else "FAILURES")
    print(
        f"{name:12} c={clients:<3} "
        f"ours p50 {median(ours, 'p50'):6.2f} ms  p99 {median(ours, 'p99'):6.2f} ms   "
        f"bare p50 {median(theirs, 'p50'):6.2f} ms  p99 {median(theirs, 'p99'):6.2f} ms   "
        f"ratio p50 {p50:.2f}  p99 {p99:.2f}   {verdict}"
    )
    return held


def ratio(ours: list[Times], theirs: list[Times], what: str) -> float:
    """The median over rounds of ours by theirs, round by round."""
    return statistics.median(
        getattr(our, what) / getattr(their, what) for our, their in zip(ours, theirs, strict=True)
    )


def median(times: list[Times], what: str) -> float:
    return statistics.median(getattr(one, what) for one in times)


@contextmanager
def bare(world: LocalWorld, folder: Path) -> Iterator[int]:
    """A bare Bolt app on a port of its own."""
    port = free_port()
    gunicorn = [sys.executable, "-m", "gunicorn", "tests.bench.bare:build()", "--bind", f"127.0.0.1:{port}"]
    options = ["--worker-class", "gthread", "--threads", str(SERVER_THREADS), "--log-level", "warning"]
    environment = os.environ | {"SLACK_SIGNING_SECRET": world.slack.signing_secret}
    with (folder / "bare.log").open("wb") as log:
        process = subprocess.Popen([*gunicorn, *options], env=environment, stdout=log, stderr=log)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def quartermaster(world: LocalWorld, folder: str) -> Iterator[Bot]:
    """The bot's `web` and its `worker` on one SQLite file."""
    environment = world.environment(f"sqlite:///{folder}/bench.db", free_port())
    bots = [Bot(name, environment, Path(folder) / f"{name}.log") for name in ("web", "worker")]
    for bot in bots:
        bot.start()
    try:
        bots[0].wait_ready()
        world.slack.connect(bots[0].events_url)
        yield bots[0]
    finally:
        for bot in bots:
            bot.stop()


def waiting_order(world: LocalWorld) -> str:
    """File a request; the value of its *Approve* button. The clicks come from somebody who may not."""
    outpost = world.outposts.outposts("eu-west-1")[0]
    line = (
        f'/order aws outpost={outpost} item=OR-7QK2M5A payment=NO_UPFRONT term=ONE_YEAR reason="bench" --yes'
    )
    world.slack.person(REQUESTER).command(line, ORDERS)
    message = world.slack.wait(lambda: world.slack.messages(APPROVALS), 20)[0]
    [button] = [
        element
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "approve"
    ]
    return str(button["value"])


def print_start(world: LocalWorld, folder: Path) -> None:
    """How long `run` takes from its start to its first answer, and what it then holds in memory."""
    seconds, resident = [], 0
    for number in range(3):
        environment = world.environment(f"sqlite:///{folder}/start{number}.db", free_port())
        bot = Bot("run", environment, folder / f"start{number}.log")
        before = len(world.outposts.requests)
        begun = time.perf_counter()
        bot.start()
        wait_for(bot.port)
        seconds.append(time.perf_counter() - begun)
        bot.wait_ready()
        assert bot.process is not None
        wait_until_used(world, before)
        status = Path(f"/proc/{bot.process.pid}/status")
        if status.exists():
            lines = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
            resident = max(resident, int(lines[0].split()[1]) // 1024)
        bot.stop()
    print(f"run: start to first answer {statistics.median(seconds):.2f} s, resident {resident} MB")


def wait_until_used(world: LocalWorld, before: int) -> None:
    """Until the bot has asked AWS for its catalogue and its orders, and so holds all that it needs."""
    end = time.monotonic() + 10
    while len(world.outposts.requests) < before + 4 and time.monotonic() < end:
        time.sleep(0.02)


def wait_for(port: int) -> None:
    """Until something on the port answers HTTP, whatever it answers."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.005)
    raise TimeoutError(f"nothing answers on port {port}")


if __name__ == "__main__":
    sys.exit(main())

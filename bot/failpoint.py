"""Named points at which a crash test may kill the process; nothing happens at them otherwise.

`FAILPOINT=name:n` kills at the n-th time that point is reached, with SIGKILL, as a power cut would.
`FAILPOINT_LOG=file` writes down every point as it is reached, so that a test can list them.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from pathlib import Path

_hits: Counter[str] = Counter()
_lock = threading.Lock()


def failpoint(name: str) -> None:
    """A point where dying must do no harm."""
    armed, log = os.environ.get("FAILPOINT"), os.environ.get("FAILPOINT_LOG")
    if not armed and not log:
        return
    with _lock:
        _hits[name] += 1
        hit = f"{name}:{_hits[name]}"
        if log:
            with Path(log).open("a") as file:
                file.write(hit + "\n")
        if hit == armed:
            os.kill(os.getpid(), signal.SIGKILL)

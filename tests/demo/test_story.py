"""What README promises of the story in the terminal."""

from __future__ import annotations

import subprocess
import sys


def test_the_story_in_the_terminal_plays_to_its_end_and_keeps_its_promises() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--story"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert "All as promised" in played.stdout
    assert "BROKEN" not in played.stdout

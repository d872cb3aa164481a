"""The policy file on disk: what it says, what keeps it from being read, and reading it again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bot.core.policy import ApprovalStep
from bot.errors import Misconfigured
from bot.policy_file import MOST_BYTES, Rules, load

ONE = '[[step]]\nname = "One"\napprovers = ["U0BOSS"]\n'
TWO = ONE.replace('"One"', '"Two"')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "policy.toml"
    file.write_text(ONE)
    return file


def _problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as caught:
        load(path)
    return caught.value.problems


def test_a_file_is_read_and_called_by_its_name(path: Path) -> None:
    policy = load(path)
    assert policy.steps == (ApprovalStep("One", ("U0BOSS",)),)
    assert policy.source == "policy.toml"


def test_a_file_with_a_byte_order_mark_is_read(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + ONE.encode())
    assert load(path).hash == Rules(load(path), path).current.hash
    assert load(path).steps[0].name == "One"


def test_every_problem_is_told_with_the_file_and_the_line(path: Path) -> None:
    path.write_text(ONE.replace("U0BOSS", "@anna") + "need = 1\n")
    first, second = _problems(path)
    assert first.startswith('policy.toml line 3: approvers: "@anna" is no Slack user or user-group id')
    assert second == "policy.toml line 4: need: there is no such key in [[step]]. Did you mean needs?"


def test_what_cannot_be_read_is_told_as_a_setting_that_is_wrong(tmp_path: Path, path: Path) -> None:
    assert _problems(tmp_path) == (f"POLICY_FILE is wrong: {tmp_path} is a directory, not a file.",)
    [said] = _problems(tmp_path / "none.toml")
    assert said.endswith("none.toml cannot be read: No such file or directory.")
    [said] = _problems(Path("a\0b"))
    assert said.startswith("POLICY_FILE is wrong: ")
    path.write_bytes(b"#" * (MOST_BYTES + 1))
    [said] = _problems(path)
    assert said.endswith("policy.toml is larger than a megabyte.")
    path.write_bytes(b"# one\n# caf\xe9\n")
    assert _problems(path) == ("policy.toml line 2: this is no UTF-8: save the file as UTF-8.",)


def test_a_file_that_was_changed_holds_after_it_is_read_again(path: Path) -> None:
    rules = Rules(load(path), path)
    path.write_text(TWO)
    assert rules.current.steps[0].name == "One"
    assert rules.reload() == ()
    assert rules.current.steps[0].name == "Two"


def test_a_file_that_is_wrong_changes_nothing_and_says_why(path: Path) -> None:
    rules = Rules(load(path), path)
    before = rules.current
    path.write_text(TWO + "need = 1\n")
    assert rules.reload() == (
        "policy.toml line 4: need: there is no such key in [[step]]. Did you mean needs?",
    )
    assert rules.current is before
    path.unlink()
    [said] = rules.reload()
    assert "cannot be read" in said
    assert rules.current is before


def test_a_policy_without_a_file_stays_what_it_is(path: Path) -> None:
    policy = load(path)
    rules = Rules(policy)
    assert rules.reload() == ()
    assert rules.current is policy


def test_whoever_reads_meanwhile_sees_one_policy_or_the_other(path: Path) -> None:
    policies = {load(path)}
    rules = Rules(load(path), path)
    seen, stop = set(), threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.add(rules.current)

    thread = threading.Thread(target=look)
    thread.start()
    for text in (TWO, ONE, TWO):
        path.write_text(text)
        assert rules.reload() == ()
        policies.add(rules.current)
    stop.set()
    thread.join()
    assert seen <= policies

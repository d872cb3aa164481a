"""What README and manifest promise is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.clouds import aws, azure
from bot.core.command import VERBS
from bot.core.policy import Policy
from bot.core.policy.reading import KEYS, read
from bot.settings import VARIABLES
from bot.slack.scopes import NEEDED, OF_DOCTOR, OF_WORK, USEFUL

ROOT = Path(__file__).parent.parent
LISTENERS = ROOT / "bot" / "slack" / "listeners.py"
README = (ROOT / "README.md").read_text()
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yaml").read_text())


def test_every_setting_is_in_the_readme_and_every_one_in_the_readme_is_a_setting() -> None:
    table = README.split("## Settings")[1].split("\n## ")[0]
    first = re.findall(r"^\|([^|]+)\|", table, re.MULTILINE)
    named = {name for cell in first for name in re.findall(r"`([A-Z_]+)`", cell)}
    assert named == set(VARIABLES)


APPROVAL = README.split("## Approval")[1].split("\n## ")[0]


def test_every_policy_in_the_readme_is_one() -> None:
    files = re.findall(r"```toml\n(.*?)```", APPROVAL, re.DOTALL)
    assert len(files) == 2
    for text in files:
        assert isinstance(read(text, "README.md"), Policy), read(text, "README.md")


def test_every_key_of_the_policy_file_is_in_the_readme_and_every_one_in_the_readme_is_a_key() -> None:
    rows = re.findall(r"^\|([^|]*)\|([^|]*)\|", APPROVAL, re.MULTILINE)[2:]
    named: dict[str, set[str]] = {}
    table = ""
    for where, keys in rows:
        table = where.strip(" `[]") or table
        named.setdefault(table, set()).update(re.findall(r"`([a-z_]+)`", keys))
    top = named.pop("top") | (set(named) - {"when"})
    assert {"": top, **named} == {table: set(keys) for table, keys in KEYS.items()}


def test_every_command_in_the_readme_is_one() -> None:
    for words in set(re.findall(r"`python -m bot ([a-z ]+?)(?: --[a-z]+)?`", README)):
        command = [sys.executable, "-m", "bot", *words.split(), "--help"]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0, words


def test_every_command_of_the_program_is_in_the_readme() -> None:
    from bot.__main__ import main

    for name in main.commands:
        assert f"python -m bot {name}" in README or f"make {name}" in README, name


# What the README names and other programs read.
OTHERS = {
    "WEB_CONCURRENCY": "gunicorn",
    "AWS_ENDPOINT_URL_OUTPOSTS": "boto3",
    "AZURE_AUTHORITY_HOST": "azure-identity",
}


def test_every_variable_that_the_readme_names_is_read_by_somebody() -> None:
    named = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`", README))
    named |= set(re.findall(r"\b([A-Z][A-Z0-9_]+)=\S", README))
    assert named <= set(VARIABLES) | set(OTHERS) | {"ARGS"}


def test_every_slash_command_in_the_readme_begins_with_a_word_that_is_known() -> None:
    said = re.findall(r"^/order ([a-z-]+)|`/order (?!failed)([a-z-]+)", README, re.MULTILINE)
    words = {word for pair in said for word in pair if word}
    assert words >= {"aws", "azure", "status", "cancel", "return", "track"}
    assert words <= set(VERBS)


def test_every_picture_in_the_readme_is_one_that_make_screenshots_makes() -> None:
    named = set(re.findall(r"\]\((docs/[^)]+\.png)\)", README))
    made = "".join(path.read_text() for path in (ROOT / "tests/browser").glob("*.py"))
    assert named
    for picture in named:
        assert (ROOT / picture).stat().st_size > 10_000
        assert f'picture("{Path(picture).name}"' in made, picture


def test_every_make_target_in_the_readme_is_one() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+)", README)):
        if target not in ("an",):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize(
    ("mark", "actions"), [("reader", aws.READER_ACTIONS), ("submitter", aws.SUBMITTER_ACTIONS)]
)
def test_the_policies_in_the_readme_allow_exactly_what_the_code_does(
    mark: str, actions: tuple[str, ...]
) -> None:
    text = README.split(f"<!-- {mark} -->")[1].split("```json")[1].split("```")[0]
    [statement] = json.loads(text)["Statement"]
    assert sorted(statement["Action"]) == sorted(actions)


@pytest.mark.parametrize(
    ("mark", "actions"), [("reader", azure.READER_ACTIONS), ("submitter", azure.SUBMITTER_ACTIONS)]
)
def test_the_azure_roles_in_the_readme_allow_exactly_what_the_code_does(
    mark: str, actions: tuple[str, ...]
) -> None:
    text = README.split(f"<!-- azure-{mark} -->")[1].split("```json")[1].split("```")[0]
    assert sorted(json.loads(text)["Actions"]) == sorted(actions)


@pytest.mark.parametrize(("folder", "scopes"), [("slack", OF_WORK), ("doctor", OF_DOCTOR | OF_WORK)])
def test_the_scopes_are_listed_of_every_method_that_the_code_calls(
    folder: str, scopes: Mapping[str, frozenset[str]]
) -> None:
    code = "".join(path.read_text() for path in (ROOT / "bot" / folder).glob("*.py"))
    used = set(re.findall(r"client\.([a-z]+_[a-zA-Z_]+)[(,)]", code))
    if folder == "slack":
        assert set(scopes) <= used <= set(OF_DOCTOR | OF_WORK)
    else:
        assert set(OF_DOCTOR) <= used <= set(scopes)


def test_the_manifest_asks_for_exactly_the_scopes_that_the_code_needs() -> None:
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == NEEDED | USEFUL


def test_the_manifest_has_the_one_command_and_no_event_that_nobody_listens_to() -> None:
    [command] = MANIFEST["features"]["slash_commands"]
    assert command["command"] == "/order"
    assert command["should_escape"] is True
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert set(events) == set(re.findall(r'app\.event\("(\w+)"\)', LISTENERS.read_text()))


def test_every_url_in_the_manifest_is_the_one_path_that_is_served() -> None:
    settings = MANIFEST["settings"]["interactivity"]
    urls = {settings["request_url"], settings["message_menu_options_url"]}
    urls |= {command["url"] for command in MANIFEST["features"]["slash_commands"]}
    assert {re.sub(r"https://[^/]+", "", url) for url in urls} == {"/slack/events"}


def test_the_manifest_stays_within_slacks_limits() -> None:
    assert len(MANIFEST["display_information"]["name"]) <= 35
    assert len(MANIFEST["display_information"]["description"]) <= 140
    [command] = MANIFEST["features"]["slash_commands"]
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000


def test_every_heading_of_troubleshooting_is_what_the_bot_really_says() -> None:
    part = README.split("## Troubleshooting")[1].split("\n## ")[0]
    code = "".join(path.read_text() for path in (ROOT / "bot").rglob("*.py")).replace('"\n', "")
    code = re.sub(r'"\s*f?"', "", re.sub(r"\s+", " ", code))
    for heading in re.findall(r"^\*\*`(.+?)`\*\*", part, re.MULTILINE):
        if heading.startswith("/order failed"):
            continue  # Slack's own words
        for words in re.split(r"\s*(?:…|ORD-…|: \w+(?:Exception|Credentials))\s*", heading):
            assert words.strip(" *,") in code.replace("*", ""), words


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "manifest.yaml", "Procfile", "LICENSE"])
def test_no_place_of_any_one_machine_is_named(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "/home/" not in text
    assert "file://" not in text


def test_the_lock_names_no_host() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "--hash=sha256:" in lock

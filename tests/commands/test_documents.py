"""What the documents say of commands and settings is so."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import click
import pytest

from schedapp.cli import main
from schedapp.config import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_IN_CODE = re.compile(r"^(?:SCHED_.* |.*bin/)?sched ([a-z].*)$", re.MULTILINE)
_IN_TEXT = re.compile(r"`sched ([^`\n]+)`")


def commands_in(document: Path) -> set[str]:
    """Return what stands after `sched` in the lines of code, and between backticks."""
    text = document.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return {*_IN_TEXT.findall(text), *(each for part in blocks for each in _IN_CODE.findall(part))}


def check_exists(words: list[str]) -> None:
    command: click.Command = main
    for word in words:
        if word.startswith("-"):
            options = {name for option in command.params for name in option.opts} | {"--help"}
            assert word.partition("=")[0] in options, f"{command.name} has no {word}"
        elif isinstance(command, click.Group):
            assert word in command.commands, f"{command.name} has no {word}"
            command = command.commands[word]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_that_are_named_exist(document: Path) -> None:
    for found in commands_in(document):
        words = found.replace("[", "").replace("]", "").split("#")[0].split()
        check_exists([word for word in words if word.islower() or word.startswith("--")])


def test_every_command_is_in_the_documents() -> None:
    everything = " ".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    for name in main.commands:
        assert f"sched {name}" in everything


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_settings_that_are_named_exist(document: Path) -> None:
    known = {f"SCHED_{each.name.upper()}" for each in dataclasses.fields(Settings)}
    named = set(re.findall(r"SCHED_[A-Z_]+\b", document.read_text(encoding="utf-8")))
    assert named - known <= {"SCHED_SETTINGS"}

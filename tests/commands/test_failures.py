"""What all commands do when something is wrong: one sentence, a status, and no traceback."""

from __future__ import annotations

import errno
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.commands.conftest import environment, typed
from tests.servers import clean_environment

from schedapp.cli import main
from schedapp.config import Settings


def all_commands(
    group: click.Group = main, before: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        words = (*before, name)
        yield words
        if isinstance(command, click.Group):
            yield from all_commands(command, words)


def test_all_commands_are_there() -> None:
    assert {" ".join(words) for words in all_commands()} == {
        "run", "users", "users add", "users list", "users show", "users deactivate",
        "users activate", "users set-password", "users sign-out", "db", "db upgrade",
        "db status", "doctor", "shell", "demo",
    }  # fmt: skip


@pytest.mark.parametrize("words", [(), *all_commands()], ids=" ".join)
def test_every_command_says_what_it_does(words: tuple[str, ...]) -> None:
    result = typed(*words, "--help")

    assert result.exit_code == 0
    sentence = result.stdout.split("\n\n")[1].strip()
    assert sentence[0].isupper()
    assert sentence.endswith((".", ":"))
    assert "Show this message and exit." in result.stdout


@pytest.mark.parametrize("words", [("--jsn",), ("fly",), ("users", "fly"), ("run", "--port", "x")])
def test_what_does_not_exist_is_refused(words: tuple[str, ...]) -> None:
    result = typed(*words)

    assert result.exit_code == 2
    assert "Error: " in result.stderr


@pytest.mark.parametrize("words", [("users", "list"), ("db", "status"), ("demo",), ("run",)])
def test_a_wrong_setting_is_named(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCHED_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SCHED_COLOUR", "blue")

    result = typed(*words)
    assert (result.exit_code, result.stderr) == (1, "Error: There is no setting SCHED_COLOUR.\n")


def test_a_mistake_of_ours_is_written_down_for_its_owner_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret perhaps")

    monkeypatch.setattr("schedapp.plumbing.migrating.upgrade", broken)
    with environment(Settings(data_dir=tmp_path)):
        result = typed("db", "upgrade")

    written = tmp_path / "failures.txt"
    assert result.exit_code == 1
    assert f"The details are in {written}" in result.stderr
    assert "ZeroDivisionError: a secret perhaps" in written.read_text()
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_without_a_place_to_write_it_down_it_still_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("schedapp.plumbing.migrating.upgrade", broken)
    with environment(Settings(data_dir=tmp_path / "nowhere")):
        result = typed("db", "upgrade")

    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.stderr


def test_who_reads_us_may_stop_reading(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def closed(*_: object, **__: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("schedapp.plumbing.migrating.upgrade", closed)
    with environment(Settings(data_dir=tmp_path)):
        result = CliRunner().invoke(main, ["db", "upgrade"])

    assert result.exit_code == 1
    assert "Error" not in result.stderr


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"
    with environment(Settings(data_dir=folder)):
        for words in (("run",), ("db", "upgrade"), ("demo",)):
            result = typed(*words)
            assert result.exit_code == 1
            assert "SCHED_DATA_DIR" in result.stderr
            assert str(folder) in result.stderr


def test_help_needs_neither_settings_nor_a_database(tmp_path: Path) -> None:
    sched = Path(sys.executable).with_name("sched")
    env = clean_environment(data_dir=str(tmp_path / "data"), colour="blue")
    done = subprocess.run([sched, "users", "--help"], env=env, check=True, capture_output=True)

    assert b"set-password" in done.stdout
    assert list(tmp_path.iterdir()) == []

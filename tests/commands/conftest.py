"""Commands, typed as the administrator would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result
from flask import Flask
from tests.postgresql import Cluster

from schedapp.cli import main
from schedapp.config import Settings

Typing = Callable[..., Result]


@pytest.fixture(autouse=True)
def little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little work in this process: what is tested here is not the hash."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("schedapp.accounts.passwords._hasher", cheap)


@contextmanager
def environment(settings: Settings) -> Iterator[pytest.MonkeyPatch]:
    """Let commands find a book by their environment alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCHED_DATA_DIR", str(settings.data_dir))
        patch.setenv("SCHED_DATABASE_URL", settings.database_url)
        yield patch


def typed(*words: str, stdin: str | bytes | None = None) -> Result:
    """Run a command in this process; one that fails says so in one line, without a traceback."""
    result = CliRunner().invoke(main, words, input=stdin)
    if result.exception is not None:
        assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    if result.exit_code == 1 and result.stderr:
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1
    return result


@pytest.fixture
def sched(app: Flask, settings: Settings) -> Iterator[Typing]:
    """Type commands at the book of the test, in each kind of database."""
    with environment(settings):
        yield typed


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a database that nobody has used yet, in each kind of it."""
    if request.param == "sqlite":
        made = Settings(data_dir=tmp_path / "data")
        with environment(made):
            yield made
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    with cluster.database() as url:
        made = Settings(data_dir=tmp_path / "data", database_url=url)
        with environment(made):
            yield made

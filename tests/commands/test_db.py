"""`sched db upgrade` and `sched db status`."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.commands.conftest import environment, typed

from schedapp.config import Settings
from schedapp.plumbing.database import sqlite_path
from schedapp.plumbing.migrating import engine_of, newest_revision, steps, upgrade

FIRST = next(iter(steps()))


def run_sql(settings: Settings, *statements: str) -> None:
    engine = engine_of(settings)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def backups(settings: Settings) -> list[Path]:
    return sorted((settings.data_dir / "backups").glob("*"))


def status_of() -> dict[str, object]:
    found: dict[str, object] = json.loads(typed("db", "status", "--json").stdout)
    return found


def test_status_of_an_empty_database(empty: Settings) -> None:
    result = typed("db", "status")

    assert result.exit_code == 1
    assert "There is no book yet" in result.stdout
    assert status_of()["state"] == "empty"
    path = sqlite_path(empty.database_url)
    assert path is None or not path.exists()


def test_upgrade_makes_the_tables(empty: Settings) -> None:
    result = typed("db", "upgrade")

    assert (result.exit_code, result.stderr) == (0, "")
    assert typed("db", "status").exit_code == 0
    assert status_of() == {
        "database": "sqlite" if empty.is_sqlite else "postgresql",
        "state": "up to date",
        "revision": newest_revision(),
        "newest": newest_revision(),
        "pending": [],
    }
    again = typed("db", "upgrade")
    assert again.exit_code == 0
    assert "already" in again.stdout
    assert backups(empty) == []


def test_status_of_an_earlier_version_names_what_is_to_come(empty: Settings) -> None:
    upgrade(empty, to=FIRST)

    result = typed("db", "status")
    assert result.exit_code == 1
    assert "Run `sched db upgrade` first" in result.stdout
    assert status_of()["pending"] == list(steps())[1:]


def test_other_commands_wait_for_the_upgrade(empty: Settings) -> None:
    upgrade(empty, to=FIRST)

    result = typed("users", "list")
    assert result.exit_code == 1
    assert "Run `sched db upgrade` first" in result.stderr


def test_upgrade_makes_a_backup_first_and_says_where(empty: Settings) -> None:
    upgrade(empty, to=FIRST)

    result = typed("db", "upgrade")
    assert result.exit_code == 0
    (backup,) = backups(empty)
    assert f"Backup: {backup}" in result.stderr
    assert status_of()["state"] == "up to date"


def test_upgrade_without_backup_makes_none(empty: Settings) -> None:
    upgrade(empty, to=FIRST)

    assert typed("db", "upgrade", "--without-backup").exit_code == 0
    assert backups(empty) == []


def test_a_later_version_is_left_alone(empty: Settings) -> None:
    upgrade(empty)
    run_sql(empty, "update alembic_version set version_num = '2999_01_01_flying_cars'")

    for words in (("db", "upgrade"), ("users", "list"), ("run",)):
        result = typed(*words)
        assert result.exit_code == 1
        assert "later version" in result.stderr
    assert status_of()["state"] == "later"
    assert backups(empty) == []


def test_another_programs_database_is_left_alone(empty: Settings) -> None:
    run_sql(empty, "create table recipe (id integer)")

    result = typed("db", "upgrade")
    assert result.exit_code == 1
    assert "another program" in result.stderr
    assert "SCHED_DATABASE_URL" in result.stderr


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database at all " * 100)
    with environment(Settings(data_dir=tmp_path, database_url=f"sqlite:///{path}")):
        result = typed("db", "upgrade")

    assert result.exit_code == 1
    assert "file is not a database" in result.stderr
    assert str(path) in result.stderr


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://sched:hushhush@127.0.0.1:9/book"
    with environment(Settings(data_dir=tmp_path, database_url=url)):
        for words in (("db", "status"), ("db", "upgrade"), ("users", "list")):
            result = typed(*words)
            assert result.exit_code == 1
            assert "SCHED_DATABASE_URL is postgresql" in result.stderr
            assert "hushhush" not in result.output


def test_a_locked_database_is_said_to_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schedapp.plumbing.database.SQLITE_WAIT_SECONDS", 0)
    settings = Settings(data_dir=tmp_path)
    upgrade(settings)
    with environment(settings):
        other = sqlite3.connect(tmp_path / "sched.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        assert typed("users", "list").exit_code == 0
        result = typed("users", "add", "ana@example.org", "--password-stdin", stdin="x" * 20)
        other.close()

    assert result.exit_code == 1
    assert "database is locked" in result.stderr

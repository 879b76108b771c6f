"""The steps from an empty database to today's tables and back, with data in them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Inspector, MetaData, Table, inspect, text
from tests.conftest import NOW
from tests.postgresql import Cluster

from schedapp.accounts import models as _accounts  # noqa: F401  (autogenerate sees all tables)
from schedapp.appointments import models as _appointments  # noqa: F401
from schedapp.config import Settings
from schedapp.plumbing import migrating
from schedapp.plumbing.database import Base, Moment, microseconds_of
from schedapp.plumbing.migrating import (
    CannotMigrate,
    downgrade,
    engine_of,
    newest_revision,
    revision_of,
    steps,
    upgrade,
)

STEPS = list(steps())
FIRST = STEPS[0]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a database that nobody has used yet, in each kind of it."""
    if request.param == "sqlite":
        yield Settings(data_dir=tmp_path / "data")
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    with cluster.database() as url:
        yield Settings(data_dir=tmp_path / "data", database_url=url)


@pytest.fixture
def sqlite_only(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def postgresql_only(postgresql: Cluster, tmp_path: Path) -> Iterator[Settings]:
    with postgresql.database() as url:
        yield Settings(data_dir=tmp_path / "data", database_url=url)


def looked_at(settings: Settings, look: Callable[[Connection], Any]) -> Any:
    engine = engine_of(settings)
    try:
        with engine.begin() as connection:
            return look(connection)
    finally:
        engine.dispose()


# --- Up and down, step by step, with data --------------------------------------------------------


Rows = dict[str, list[dict[str, Any]]]


def as_kept(settings: Settings, value: object) -> object:
    return microseconds_of(NOW) if value is NOW and settings.is_sqlite else value


def users_and_sign_ins() -> Rows:
    """Rows for the tables of the first step."""
    user = {
        "public_id": "u",
        "email": "Ana@example.org",
        "email_key": "ana@example.org",
        "name": "Ana “Ä” 🎈",
        "time_zone": "Europe/Berlin",
        "locale": "de",
        "week_starts_on": 6,
        "hour_cycle": 12,
        "role": "administrator",
        "state": "active",
        "state_reason": None,
        "created_at": NOW,
        "modified_at": NOW,
    }
    sign_in = {
        "user_id": 1,
        "created_at": NOW,
        "proved_at": NOW,
        "last_seen_at": NOW,
        "idle_seconds": 7200,
        "expires_at": NOW,
        "stays": True,
        "how": "password",
        "ip_first": "::1",
        "ip_last": "::1",
        "user_agent": "Firefox",
        "label": "Firefox",
        "ended_why": None,
    }
    return {
        "throttle": [{"key": "k", "window_started_at": NOW, "count": 3, "blocked_until": None}],
        "user": [
            {"id": 1, **user},
            {"id": 2, **user, "public_id": "v", "email_key": "b", "state": "inactive"},
        ],
        "password": [{"user_id": 1, "hash": "$argon2id$", "changed_at": NOW}],
        "sign_in": [
            {"id": 1, "public_id": "s", "token_hash": b"\x00\xff", "ended_at": None, **sign_in},
            {"id": 2, "public_id": "t", "token_hash": b"\x01", "ended_at": NOW, **sign_in},
        ],
    }


def calendars_and_appointments() -> Rows:
    """Rows for the tables of the second step."""
    appointment = {
        "calendar_id": 1,
        "owner_id": 1,
        "title": "Lunch with Ben",
        "location": "Café",
        "description": "x" * 5000,
        "search_text": "lunch",
        "starts_at": NOW,
        "ends_at": NOW,
        "zone": "Europe/Berlin",
        "version": 1,
        "deleted_at": None,
        "created_at": NOW,
        "modified_at": NOW,
    }
    timed = {"all_day": False, "first_day": None, "last_day": None, "is_long": False}
    days = {"all_day": True, "first_day": NOW.date(), "last_day": NOW.date(), "is_long": True}
    calendar = {"name": "Appointments", "colour": "green", "version": 7, "created_at": NOW}
    return {
        "calendar": [
            {"id": 1, "public_id": "c", "owner_id": 1, "is_default": True, **calendar},
            {"id": 2, "public_id": "d", "owner_id": 1, "is_default": False, **calendar},
        ],
        "appointment": [
            {"id": 1, "public_id": "a", **appointment, **timed},
            {"id": 2, "public_id": "b", **appointment, **days},
        ],
    }


ROWS_OF_STEP: dict[str, Callable[[], Rows]] = {
    "2026_11_22_users": users_and_sign_ins,
    "2026_11_22_appointments": calendars_and_appointments,
}
"""What is in the tables that a step adds. A new step brings its own rows, or an empty function."""


def tables_of(connection: Connection) -> dict[str, Table]:
    """Return the tables as they are, with our own type for moments."""
    found = MetaData()
    found.reflect(connection)
    kinds = {
        (table.name, column.name): column.type
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Moment)
    }
    for table in found.tables.values():
        for column in table.columns:
            column.type = kinds.get((table.name, column.name), column.type)
    return {name: table for name, table in found.tables.items() if name != "alembic_version"}


def everything(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, with their columns' names."""
    return {
        name: sorted(
            (tuple(sorted(row._mapping.items())) for row in connection.execute(table.select())),
            key=repr,
        )
        for name, table in tables_of(connection).items()
    }


def indexes(looking: Inspector, table: str) -> list[str]:
    """Return a table's indexes with their conditions, to compare."""
    return sorted(
        f"{index['name']} {index['column_names']} {index['unique']} "
        f"{ ({key: str(value) for key, value in index.get('dialect_options', {}).items()}) }"
        for index in looking.get_indexes(table)
    )


def shape(connection: Connection) -> dict[str, Any]:
    """Return the tables' columns, keys, indexes and checks, to compare."""
    looking = inspect(connection)
    return {
        name: (
            sorted((c["name"], str(c["type"]), c["nullable"]) for c in looking.get_columns(name)),
            looking.get_pk_constraint(name),
            indexes(looking, name),
            sorted(map(repr, looking.get_foreign_keys(name))),
            sorted(map(repr, looking.get_unique_constraints(name))),
            sorted(map(repr, looking.get_check_constraints(name))),
        )
        for name in looking.get_table_names()
    }


def test_every_step_has_rows_to_be_tested_with() -> None:
    assert list(ROWS_OF_STEP) == STEPS


def test_data_survives_each_step_up_and_each_step_down(empty: Settings) -> None:
    seen: list[tuple[Any, Any]] = []
    for step in STEPS:
        upgrade(empty, to=step, back_up=False)
        if seen:
            after = looked_at(empty, everything)
            assert {name: after[name] for name in seen[-1][0]} == seen[-1][0], step

        def fill(connection: Connection, step: str = step) -> None:
            tables = tables_of(connection)
            for name, rows in ROWS_OF_STEP[step]().items():
                connection.execute(tables[name].insert(), rows)

        looked_at(empty, fill)
        seen.append((looked_at(empty, everything), looked_at(empty, shape)))
    assert all(seen[-1][0].values()), "every table has rows"

    for before, (rows, form) in zip(STEPS[-2::-1], seen[-2::-1], strict=True):
        downgrade(empty, to=before)
        assert looked_at(empty, revision_of) == before
        assert looked_at(empty, everything) == rows
        assert looked_at(empty, shape) == form
    downgrade(empty, to="base")
    assert looked_at(empty, everything) == {}

    upgrade(empty)
    assert looked_at(empty, shape) == seen[-1][1], "down and up again is the same"


def test_models_and_migrations_agree(empty: Settings) -> None:
    upgrade(empty)

    def differences(connection: Connection) -> Any:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return compare_metadata(context, Base.metadata)

    assert looked_at(empty, differences) == []


def test_constraints_and_partial_indexes_are_those_of_the_models(empty: Settings) -> None:
    """Autogenerate does not see checks and the conditions of indexes."""
    upgrade(empty)
    migrated = looked_at(empty, conditions)

    def made_from_models(connection: Connection) -> Any:
        connection.execute(text("drop table alembic_version"))
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
        return conditions(connection)

    assert migrated == looked_at(empty, made_from_models)


def conditions(connection: Connection) -> dict[str, Any]:
    looking = inspect(connection)
    return {
        name: (
            sorted((c["name"], c["sqltext"]) for c in looking.get_check_constraints(name)),
            indexes(looking, name),
            sorted(map(repr, looking.get_foreign_keys(name))),
        )
        for name in looking.get_table_names()
        if name != "alembic_version"
    }


def test_the_steps_that_we_read_are_those_that_alembic_runs() -> None:
    script = ScriptDirectory(str(migrating.FOLDER))

    found = {each.revision: each.down_revision for each in script.walk_revisions()}
    assert found == steps()
    assert script.get_current_head() == newest_revision()


def test_each_file_is_named_for_its_day_and_deed() -> None:
    for path in (migrating.FOLDER / "versions").glob("*.py"):
        day, _, deed = path.stem.partition("_")
        assert len(day.split("-")) == 3
        assert deed


# --- Backups -------------------------------------------------------------------------------------


def begun(settings: Settings) -> None:
    """Make a database that an earlier version has used."""
    upgrade(settings, to=FIRST)

    def fill(connection: Connection) -> None:
        tables = tables_of(connection)
        for name, rows in users_and_sign_ins().items():
            connection.execute(tables[name].insert(), rows)

    looked_at(settings, fill)


def upgraded(settings: Settings) -> Path:
    """Upgrade it, and return the backup that was made."""
    said: list[str] = []
    assert upgrade(settings, say=said.append)
    (backup,) = (settings.data_dir / "backups").iterdir()
    assert said == [f"Backup: {backup}"]
    assert FIRST in backup.name
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(backup.parent.stat().st_mode) == 0o700
    return backup


def test_the_backup_of_sqlite_is_a_database_like_the_one_before(
    sqlite_only: Settings, tmp_path: Path
) -> None:
    begun(sqlite_only)
    before = looked_at(sqlite_only, everything)
    # A reader keeps the newest changes in the WAL: a copy of the file alone would miss them.
    reader = sqlite3.connect(sqlite_only.data_dir / "sched.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM user").fetchone()
    backup = upgraded(sqlite_only)
    reader.close()

    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    restored = Settings(data_dir=tmp_path / "restored")
    restored.data_dir.mkdir()
    shutil.copy(backup, restored.data_dir / "sched.db")
    assert looked_at(restored, everything) == before
    assert looked_at(restored, revision_of) == FIRST
    assert upgrade(restored), "and it can be upgraded again"


def test_the_backup_of_postgresql_can_be_restored(
    postgresql_only: Settings, postgresql: Cluster
) -> None:
    begun(postgresql_only)
    before = looked_at(postgresql_only, everything)
    backup = upgraded(postgresql_only)

    with postgresql.database() as url:
        restore = ["pg_restore", "--exit-on-error", f"--dbname={url}", str(backup)]
        subprocess.run(restore, check=True)
        restored = Settings(data_dir=postgresql_only.data_dir, database_url=url)
        assert looked_at(restored, everything) == before
        assert looked_at(restored, revision_of) == FIRST
        assert upgrade(restored, back_up=False)


def test_an_empty_database_needs_no_backup(empty: Settings) -> None:
    assert upgrade(empty)
    assert not (empty.data_dir / "backups").exists()


def test_without_pg_dump_nothing_is_migrated(
    postgresql_only: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun(postgresql_only)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CannotMigrate, match="--without-backup"):
        upgrade(postgresql_only)
    assert looked_at(postgresql_only, revision_of) == FIRST
    assert list((postgresql_only.data_dir / "backups").iterdir()) == []


def test_a_pg_dump_that_fails_leaves_all_as_it_was(
    postgresql_only: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun(postgresql_only)
    program = tmp_path / "pg_dump"
    program.write_text("#!/bin/sh\necho 'no room' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])

    with pytest.raises(CannotMigrate, match="no room"):
        upgrade(postgresql_only)
    assert looked_at(postgresql_only, revision_of) == FIRST
    assert list((postgresql_only.data_dir / "backups").iterdir()) == []


def test_a_password_stays_out_of_the_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$@ / $PGPASSWORD" > {tmp_path}/said\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    url = "postgresql://sched:hush%2Fhush@127.0.0.1/book"

    migrating.back_up_before(Settings(data_dir=tmp_path, database_url=url), FIRST)
    words, _, password = (tmp_path / "said").read_text().partition(" / ")
    assert "hush" not in words
    assert "--dbname=postgresql://sched@127.0.0.1/book" in words
    assert password.strip() == "hush/hush"


def test_a_backup_that_cannot_be_written_leaves_all_as_it_was(empty: Settings) -> None:
    begun(empty)
    empty.data_dir.mkdir(exist_ok=True)
    (empty.data_dir / "backups").write_text("in the way")

    with pytest.raises(CannotMigrate, match="The backup before the migration cannot be made"):
        upgrade(empty)
    assert looked_at(empty, revision_of) == FIRST


def test_a_damaged_database_is_not_migrated(sqlite_only: Settings) -> None:
    begun(sqlite_only)
    path = sqlite_only.data_dir / "sched.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO throttle SELECT hex(randomblob(30)), 1, 1, NULL")
        pages = connection.execute("PRAGMA page_size").fetchone()[0]
        root = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_throttle_1'"
        ).fetchone()[0]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek((root - 1) * pages)
        file.write(b"\x0a" + bytes(pages - 1))

    with pytest.raises(CannotMigrate, match="damaged"):
        upgrade(sqlite_only)
    assert list((sqlite_only.data_dir / "backups").iterdir()) == []


# --- All or nothing, one at a time ---------------------------------------------------------------


@pytest.fixture
def one_more_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Add a step after the last, that does what it is told."""
    folder = tmp_path / "migrations"

    def add(*lines: str) -> None:
        shutil.copytree(migrating.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
        head = ("from alembic import op", "import sqlalchemy as sa", "revision = '2999_more'")
        before = f"down_revision = {newest_revision()!r}"
        deed = ("def upgrade():", *(f"    {line}" for line in lines), "")
        path = folder / "versions" / "2999-01-01_do_more.py"
        path.write_text("\n".join([*head, before, *deed]), encoding="utf-8")
        monkeypatch.setattr(migrating, "FOLDER", folder)

    return add


@pytest.fixture
def broken(one_more_step: Callable[..., None]) -> None:
    """One more step, that changes much and then fails."""
    one_more_step(
        "op.create_table('half', sa.Column('id', sa.Integer()))",
        "op.execute('delete from throttle')",
        "op.drop_table('password')",
        "op.execute('select no_such_column from half')",
    )


@pytest.mark.usefixtures("broken")
def test_a_step_that_fails_takes_back_all_steps(empty: Settings) -> None:
    begun(empty)
    before = looked_at(empty, everything), looked_at(empty, shape)

    with pytest.raises(CannotMigrate, match="as it was before"):
        upgrade(empty)
    assert looked_at(empty, revision_of) == FIRST
    assert (looked_at(empty, everything), looked_at(empty, shape)) == before


@pytest.mark.usefixtures("broken")
def test_a_step_that_fails_on_an_empty_database_leaves_it_empty(empty: Settings) -> None:
    with pytest.raises(CannotMigrate):
        upgrade(empty)
    assert looked_at(empty, shape) == {}


def test_a_step_that_would_lose_references_is_taken_back(
    sqlite_only: Settings, one_more_step: Callable[..., None]
) -> None:
    begun(sqlite_only)
    one_more_step("op.execute('delete from \"user\"')")

    with pytest.raises(CannotMigrate, match="would lose references"):
        upgrade(sqlite_only)
    assert looked_at(sqlite_only, revision_of) == FIRST
    assert len(looked_at(sqlite_only, everything)["user"]) == 2


def test_many_that_migrate_at_once_make_one_backup(empty: Settings) -> None:
    begun(empty)
    did: list[bool] = []
    said: list[str] = []
    failed: list[Exception] = []

    def migrate() -> None:
        try:
            did.append(upgrade(empty, say=said.append))
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert sorted(did) == [False, False, False, True]
    assert len(said) == len(list((empty.data_dir / "backups").iterdir())) == 1
    assert looked_at(empty, revision_of) == newest_revision()

"""Bringing the database to today's tables: all steps or none, after a backup, one at a time."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text

from schedapp.plumbing import clock
from schedapp.plumbing.database import engine_options, prepare, sqlite_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from schedapp.config import Settings

FOLDER = Path(__file__).parent.parent / "migrations"
_LOCK = 0x5C4ED002


class CannotMigrate(Exception):
    """The database cannot be brought to today's tables; nothing was changed. Says why."""


def engine_of(settings: Settings) -> Engine:
    """Return an engine for commands, outside any application."""
    options = engine_options(settings)
    if settings.is_sqlite:
        path = sqlite_path(settings.database_url)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(**options)
    prepare(engine)
    return engine


def newest_revision() -> str:
    """Return the name of the last step that this version knows."""
    head = _scripts().get_current_head()
    if head is None:
        raise CannotMigrate("This installation has no migrations; please install it again.")
    return head


def revision_of(connection: Connection) -> str | None:
    """Return the last step that a database has seen; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str) -> bool:
    """Say whether this version knows a step."""
    return any(script.revision == revision for script in _scripts().walk_revisions())


def upgrade(
    settings: Settings,
    *,
    to: str = "head",
    back_up: bool = True,
    say: Callable[[str], None] = lambda _line: None,
) -> bool:
    """Bring the database up to a step; return whether there was anything to do.

    Two processes that start together wait for each other. Where there is data, a backup is made
    first.

    Raises:
        CannotMigrate: if the database is of a later version, or no backup could be made.
    """
    engine = engine_of(settings)
    try:
        with engine.connect() as connection:
            before = revision_of(connection)
        if before == newest_revision() and to == "head":
            return False
        _check_is_known(before)
        if before is not None and back_up:
            say(f"Backup: {back_up_before(settings, before)}")
        _step(engine, lambda config: command.upgrade(config, to))
        return True
    finally:
        engine.dispose()


def downgrade(settings: Settings, *, to: str) -> None:
    """Take the database back to an earlier step ("base" for none)."""
    engine = engine_of(settings)
    try:
        _step(engine, lambda config: command.downgrade(config, to))
    finally:
        engine.dispose()


def _check_is_known(revision: str | None) -> None:
    if revision is not None and not is_known(revision):
        raise CannotMigrate(
            f"The database is of a later version of sched (its last step is {revision}). Please"
            " use that version, or restore a backup from before it."
        )


def _step(engine: Engine, run: Callable[[Config], Any]) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    sqlite = engine.dialect.name == "sqlite"
    with engine.execution_options(writes=True).connect() as connection:
        if sqlite:
            # Tables are rebuilt under their references; PRAGMA works outside transactions only.
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)  # noqa: S101
            raw.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                if not sqlite:
                    connection.execute(
                        text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK}
                    )
                _check_is_known(revision_of(connection))
                config.attributes["connection"] = connection
                run(config)
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise CannotMigrate("The database would lose references; nothing was changed.")
        finally:
            connection.invalidate()


def back_up_before(settings: Settings, revision: str) -> Path:
    """Copy the database as it is, and return where to.

    Raises:
        CannotMigrate: if the copy cannot be made.
    """
    folder = settings.data_dir / "backups"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stamp = clock.now().strftime("%Y-%m-%dT%H%M%S.%fZ")
    path = sqlite_path(settings.database_url)
    if path is not None:
        target = folder / f"{stamp}_before_{revision}.db"
        # With the backup API, not by copying the file: the newest changes are in the WAL.
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise CannotMigrate("The database is damaged: its copy fails the integrity check.")
        target.chmod(0o600)
        return target
    return _dump(settings, folder / f"{stamp}_before_{revision}.dump")


def _dump(settings: Settings, target: Path) -> Path:
    program = shutil.which("pg_dump")
    if program is None:
        raise CannotMigrate(
            "There is data to be migrated and no pg_dump to save it with first. Install"
            " PostgreSQL's client programs, or make a backup yourself and run"
            " `sched db upgrade --without-backup`."
        )
    url = make_url(settings.database_url).set(drivername="postgresql")
    # A command line can be read by everybody on the machine, its environment cannot.
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    address = url.set(password=None).render_as_string()
    done = subprocess.run(  # noqa: S603
        [program, "--format=custom", f"--file={target}", f"--dbname={address}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **secret},
    )
    if done.returncode != 0:
        target.unlink(missing_ok=True)
        raise CannotMigrate(f"pg_dump could not save the data: {done.stderr.strip()}")
    target.chmod(0o600)
    return target


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))

"""Bringing the database to today's tables: all steps or none, after a backup, one at a time."""

from __future__ import annotations

import ast
import errno
import logging
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, create_engine, inspect, make_url, text

from schedapp.plumbing import clock
from schedapp.plumbing.database import engine_options, prepare, sqlite_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alembic.config import Config
    from sqlalchemy import Engine

    from schedapp.config import Settings

FOLDER = Path(__file__).parent.parent / "migrations"
WAIT_SECONDS = 60
"""How long one process waits while another migrates, or a running request holds a table."""

_LOCK = 0x5C4ED002
_VERSION_TABLE = "alembic_version"
log = logging.getLogger("sched")


class CannotMigrate(Exception):
    """The database cannot be brought to today's tables; nothing was changed. Says why."""


@dataclass(frozen=True)
class Standing:
    """How a database stands to this version of sched."""

    revision: str | None
    newest: str
    pending: tuple[str, ...]

    @property
    def state(self) -> str:
        """Return one of "empty", "behind", "up to date", "later"."""
        if self.revision is None:
            return "empty"
        if self.revision == self.newest:
            return "up to date"
        return "behind" if self.pending else "later"


def engine_of(settings: Settings) -> Engine:
    """Return an engine for commands, outside any application.

    The file of a SQLite database is made where there is none, for its owner's eyes only.

    Raises:
        CannotMigrate: if the file cannot be made.
    """
    path = sqlite_path(settings.database_url)
    if path is not None and not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise CannotMigrate(
                f"The database cannot be made: {path} ({error.strerror}). SCHED_DATA_DIR, or"
                " SCHED_DATABASE_URL, should name a folder that sched can write to."
            ) from None
    engine = create_engine(**engine_options(settings))
    prepare(engine)
    return engine


def steps() -> dict[str, str | None]:
    """Return the steps that this version knows, from the first to the last, and what each follows.

    They are read, not run: a server that has nothing to migrate need not load Alembic.
    """
    follows: dict[str | None, str] = {}
    for path in (FOLDER / "versions").glob("*.py"):
        values = {
            target.id: ast.literal_eval(line.value)
            for line in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(line, ast.Assign)
            for target in line.targets
            if isinstance(target, ast.Name) and target.id in {"revision", "down_revision"}
        }
        follows[values["down_revision"]] = values["revision"]
    ordered: dict[str, str | None] = {}
    before: str | None = None
    while before in follows:
        ordered[follows[before]] = before
        before = follows[before]
    return ordered


def newest_revision() -> str:
    """Return the name of the last step that this version knows."""
    known = list(steps())
    if not known:
        raise CannotMigrate("This installation has no migrations; please install it again.")
    return known[-1]


def revision_of(connection: Connection) -> str | None:
    """Return the last step that a database has seen; None for an empty one."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found = connection.execute(text(f"select version_num from {_VERSION_TABLE}"))  # noqa: S608
    revision: str | None = found.scalar()
    return revision


def is_known(revision: str) -> bool:
    """Say whether this version knows a step."""
    return revision in steps()


def standing_of(connection: Connection) -> Standing:
    """Return how a database stands to this version."""
    known, revision = list(steps()), revision_of(connection)
    if revision is None:
        pending = known
    elif revision in known:
        pending = known[known.index(revision) + 1 :]
    else:
        pending = []
    return Standing(revision, newest_revision(), tuple(pending))


def is_up_to_date(settings: Settings) -> bool:
    """Say whether a database has seen the last step that this version knows.

    Raises:
        CannotMigrate: if it is of a later version, or another program's.
    """
    engine = engine_of(settings)
    try:
        with engine.connect() as connection:
            revision = revision_of(connection)
            _check_is_known(revision)
            return revision == newest_revision()
    finally:
        engine.dispose()


def upgrade(
    settings: Settings,
    *,
    to: str = "head",
    back_up: bool = True,
    say: Callable[[str], None] = lambda _line: None,
) -> bool:
    """Bring the database up to a step; return whether there was anything to do.

    Two processes that start together wait for each other. Where there is data, a backup is made
    first. When a step fails the database is as it was before.

    Raises:
        CannotMigrate: if the database is of a later version, or another program's; if no backup
            could be made; if a step fails.
    """
    engine = engine_of(settings)
    try:
        with engine.connect() as connection:
            before = revision_of(connection)
        if before == newest_revision() and to == "head":
            return False
        _check_is_known(before)
        return _change(engine, lambda connection: _upgrade(connection, settings, to, back_up, say))
    finally:
        engine.dispose()


def _upgrade(
    connection: Connection,
    settings: Settings,
    to: str,
    back_up: bool,  # noqa: FBT001
    say: Callable[[str], None],
) -> bool:
    before = revision_of(connection)
    _check_is_known(before)
    if before == newest_revision() and to == "head":
        return False  # another process was faster
    if before is None:
        _check_is_empty(connection)
    elif back_up:
        say(f"Backup: {back_up_before(settings, before)}")
    from alembic import command  # noqa: PLC0415  (see `steps`)

    _run_steps(connection, lambda config: command.upgrade(config, to))
    return True


def downgrade(settings: Settings, *, to: str) -> None:
    """Take the database back to an earlier step ("base" for none).

    Raises:
        CannotMigrate: if the database is of a later version; if a step fails.
    """
    from alembic import command  # noqa: PLC0415  (see `steps`)

    def back(connection: Connection) -> bool:
        _check_is_known(revision_of(connection))
        _run_steps(connection, lambda config: command.downgrade(config, to))
        return True

    engine = engine_of(settings)
    try:
        _change(engine, back)
    finally:
        engine.dispose()


def _check_is_known(revision: str | None) -> None:
    if revision is not None and not is_known(revision):
        raise CannotMigrate(
            f"The database is of a later version of sched (its last step is {revision}). Please"
            " use that version, or restore a backup from before it."
        )


def _check_is_empty(connection: Connection) -> None:
    if set(inspect(connection).get_table_names()) - {_VERSION_TABLE}:
        raise CannotMigrate(
            "The database holds tables of another program. SCHED_DATABASE_URL should be an empty"
            " database, or one of sched."
        )


def _change(engine: Engine, run: Callable[[Connection], bool]) -> bool:
    """Run something in one transaction, alone: who comes at the same time waits."""
    sqlite = engine.dialect.name == "sqlite"
    with engine.execution_options(writes=True).connect() as connection:
        if sqlite:
            # Tables are rebuilt under their references; PRAGMA works outside transactions only.
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)  # noqa: S101
            raw.execute("PRAGMA foreign_keys = OFF")
            raw.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000}")
        try:
            with connection.begin():
                if not sqlite:
                    connection.execute(text(f"set local lock_timeout = '{WAIT_SECONDS}s'"))
                    connection.execute(
                        text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK}
                    )
                return run(connection)
        finally:
            connection.invalidate()


def _run_steps(connection: Connection, run: Callable[[Config], Any]) -> None:
    from alembic.config import Config  # noqa: PLC0415  (see `steps`)

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        run(config)
    except Exception as error:
        log.debug("A step of the migration failed.", exc_info=True)
        cause = str(getattr(error, "orig", None) or error).splitlines() or [""]
        raise CannotMigrate(
            "A step of the migration failed, and the database is as it was before:"
            f" {type(error).__name__}: {cause[0]}"
        ) from error
    if connection.dialect.name == "sqlite":
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if lost:
            raise CannotMigrate("The database would lose references; nothing was changed.")


def back_up_before(settings: Settings, revision: str) -> Path:
    """Copy the database as it is, for its owner's eyes only, and return where to.

    Raises:
        CannotMigrate: if the copy cannot be made.
    """
    folder = settings.data_dir / "backups"
    stamp = clock.now().strftime("%Y-%m-%dT%H%M%S.%fZ")
    path = sqlite_path(settings.database_url)
    target = folder / f"{stamp}_before_{revision}.{'dump' if path is None else 'db'}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with _removed_on_failure(target):
            if path is None:
                _dump(settings, target)
            else:
                _copy(path, target)
            _write_through(target)
    except (OSError, sqlite3.Error) as error:
        cause = getattr(error, "strerror", None) or error
        raise CannotMigrate(
            f"The backup before the migration cannot be made: {target} ({cause})."
        ) from None
    return target


@contextmanager
def _removed_on_failure(target: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _copy(path: Path, target: Path) -> None:
    # With the backup API, not by copying the file: the newest changes are in the WAL.
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise CannotMigrate("The database is damaged: its copy fails the integrity check.")
        # One file, that may be copied like any other.
        copy.execute("PRAGMA journal_mode = DELETE")


def _dump(settings: Settings, target: Path) -> None:
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
    address = url._replace(password=None).render_as_string()
    done = subprocess.run(  # noqa: S603
        [program, "--format=custom", f"--file={target}", f"--dbname={address}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **secret},
    )
    if done.returncode != 0:
        raise CannotMigrate(f"pg_dump could not save the data: {done.stderr.strip()}")


def _write_through(target: Path) -> None:
    """Have the file and its name on the disk before anything is changed."""
    for each in (target, target.parent):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
        finally:
            os.close(handle)

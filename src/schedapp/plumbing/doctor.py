"""Whether all is well with an installation, and what to do where it is not."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from schedapp.config import Settings, WrongSetting
from schedapp.plumbing import clock
from schedapp.plumbing.database import moment_at, sqlite_path
from schedapp.plumbing.migrating import CannotMigrate, engine_of, standing_of
from schedapp.plumbing.signing import secret_keys

if TYPE_CHECKING:
    from sqlalchemy import Connection

GOOD = "good"
NOTE = "note"
WRONG = "wrong"

POSTGRESQL_LEAST = 15
KEEP_ITS_WORD = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings of PostgreSQL; with one of them off it may forget, in a crash, what was saved."""
FREE_LEAST = 100 * 1024 * 1024
CLOCKS_APART_MOST = timedelta(minutes=1)
_WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
"""No clock that is right shows an earlier time than that of these lines."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and a sentence about it; where it is wrong, what to do."""

    name: str
    level: str
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Return it for a program."""
        return asdict(self)


def examine() -> Iterator[Finding]:
    """Look at everything, one after the other; nothing is changed or made."""
    try:
        settings = Settings.read()
    except WrongSetting as wrong:
        yield Finding("settings", WRONG, str(wrong))
        return
    yield Finding("settings", GOOD, "All can be used.")
    yield _public_address(settings)
    if settings.is_https and not settings.trusted_proxies:
        yield Finding(
            "proxies",
            NOTE,
            "None is trusted: behind a proxy everybody seems to come from its address. Name it in"
            " SCHED_TRUSTED_PROXIES.",
        )
    yield _data_folder(settings)
    yield _secret_keys(settings)
    yield from _free_space(settings)
    yield _clock()
    yield from _database(settings)


def _public_address(settings: Settings) -> Finding:
    name = "public address"
    if settings.public_url is None:
        return Finding(name, GOOD, "None: sched answers on this machine alone.")
    if settings.is_https:
        return Finding(name, GOOD, f"{settings.public_url}, with secure cookies.")
    return Finding(
        name,
        NOTE,
        f"{settings.public_url} is plain HTTP: whoever can listen on the network can sign in as"
        " others. Put a proxy with HTTPS in front, and change SCHED_PUBLIC_URL.",
    )


def _data_folder(settings: Settings) -> Finding:
    name, path = "data folder", settings.data_dir
    if not path.is_dir():
        return Finding(name, WRONG, f"{path} is no folder. `sched run` makes it, where it can.")
    if not os.access(path, os.W_OK | os.X_OK):
        return Finding(name, WRONG, f"{path} can only be read. Let sched write to it.")
    return Finding(name, GOOD, f"{path} can be written to.")


def _secret_keys(settings: Settings) -> Finding:
    name, path = "secret keys", settings.data_dir / "secret_keys"
    if settings.secret_keys:
        return Finding(name, GOOD, "They come from SCHED_SECRET_KEYS.")
    if not path.exists():
        return Finding(name, WRONG, f"{path} is missing. `sched run` makes it.")
    try:
        keys = secret_keys(settings)
    except (WrongSetting, OSError) as wrong:
        return Finding(name, WRONG, f"{wrong}")
    if others := _readable_by_others(path):
        return Finding(name, WRONG, others)
    return Finding(name, GOOD, f"{path} holds {len(keys)}, for its owner's eyes only.")


def _readable_by_others(path: Path) -> str | None:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return f"Others can read {path}. Run: chmod 600 {path}"
    return None


def _free_space(settings: Settings) -> Iterator[Finding]:
    path = sqlite_path(settings.database_url)
    folders = {settings.data_dir} | ({path.parent} if path else set())
    size = path.stat().st_size if path and path.exists() else 0
    for folder in sorted(folders):
        if folder.is_dir():
            free = shutil.disk_usage(folder).free
            # A migration needs room for a backup, and for tables that are built anew.
            needed = max(FREE_LEAST, 3 * size)
            if free < needed:
                sentence = f"{_megabytes(free)} in {folder}; {_megabytes(needed)} are needed."
                yield Finding("free space", WRONG, sentence)
            else:
                yield Finding("free space", GOOD, f"{_megabytes(free)} in {folder}.")


def _megabytes(size: int) -> str:
    return f"{size // 1024**2:,} MB"


def _clock() -> Finding:
    now = clock.now()
    if now < _WRITTEN:
        return Finding("clock", WRONG, f"It shows {now:%Y-%m-%d %H:%M} UTC. Set this machine's.")
    return Finding("clock", GOOD, f"It shows {now:%Y-%m-%d %H:%M} UTC.")


def _database(settings: Settings) -> Iterator[Finding]:
    path = sqlite_path(settings.database_url)
    if path is not None and not path.exists():
        yield Finding("database", WRONG, f"{path} is missing. `sched run` makes it.")
        return
    try:
        engine = engine_of(settings)
        try:
            with engine.connect() as connection:
                if path is None:
                    yield from _of_postgresql(connection)
                else:
                    yield from _of_sqlite(connection, path)
                yield _tables(connection)
                yield _time_goes_on(connection)
        finally:
            engine.dispose()
    except (DBAPIError, CannotMigrate) as error:
        cause = (str(getattr(error, "orig", None) or error).splitlines() or [""])[0]
        yield Finding("database", WRONG, f"It cannot be used: {cause}")


def _of_sqlite(connection: Connection, path: Path) -> Iterator[Finding]:
    yield Finding("database", GOOD, f"SQLite {sqlite3.sqlite_version} answers: {path}")
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    if mode == "wal":
        yield Finding("journal", GOOD, "It is in WAL mode.")
    else:
        yield Finding(
            "journal",
            WRONG,
            f"It is in {mode} mode, so that readers and writers wait for each other. Keep the"
            " database on a local disk, and start sched.",
        )
    if others := _readable_by_others(path):
        yield Finding("file mode", WRONG, others)
    else:
        yield Finding("file mode", GOOD, "The database is for its owner's eyes only.")
    yield _writable(connection, "BEGIN IMMEDIATE")
    found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    if found == "ok":
        yield Finding("integrity", GOOD, "The file is whole.")
    else:
        yield Finding(
            "integrity", WRONG, f"The file is damaged ({found}). Go back to a backup of it."
        )
    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if lost is None:
        yield Finding("references", GOOD, "All lead to something.")
    else:
        sentence = f"Rows of {lost[0]} refer to rows of {lost[2]} that are missing. Go back to a"
        yield Finding("references", WRONG, f"{sentence} backup.")


def _of_postgresql(connection: Connection) -> Iterator[Finding]:
    version = int(connection.execute(text("show server_version_num")).scalar_one()) // 10000
    if version < POSTGRESQL_LEAST:
        sentence = f"PostgreSQL {version} is too old; {POSTGRESQL_LEAST} or later is needed."
        yield Finding("database", WRONG, sentence)
    else:
        yield Finding("database", GOOD, f"PostgreSQL {version} answers.")
    yield _pg_dump(version)
    yield _writable(connection, None)
    yield _keeps_its_word(connection)
    broken = connection.execute(
        text(
            "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid"
            " where not i.indisvalid order by 1"
        )
    ).scalars()
    names = ", ".join(broken)
    if names:
        yield Finding("integrity", WRONG, f"Indexes are not valid: {names}. Run REINDEX on them.")
    else:
        yield Finding("integrity", GOOD, "All indexes are valid.")
    unproved = connection.execute(
        text("select conname from pg_constraint where not convalidated order by 1")
    ).scalars()
    names = ", ".join(unproved)
    if names:
        sentence = f"Not proved: {names}. Run ALTER TABLE … VALIDATE CONSTRAINT."
        yield Finding("references", WRONG, sentence)
    else:
        yield Finding("references", GOOD, "All constraints hold.")
    apart = abs(connection.execute(text("select clock_timestamp()")).scalar_one() - clock.now())
    if apart > CLOCKS_APART_MOST:
        sentence = f"Its clock and ours are {apart} apart. Set both by the network (NTP)."
        yield Finding("database's clock", WRONG, sentence)
    else:
        yield Finding("database's clock", GOOD, "It agrees with ours.")


def _keeps_its_word(connection: Connection) -> Finding:
    off = [
        name
        for name in KEEP_ITS_WORD
        if connection.execute(text(f"show {name}")).scalar_one() == "off"
    ]
    if off:
        sentence = f"After a crash what was saved may be gone. Turn on: {', '.join(off)}."
        return Finding("durability", WRONG, sentence)
    return Finding("durability", GOOD, "What was saved stays saved after a crash.")


def _pg_dump(version: int) -> Finding:
    name, program = "pg_dump", shutil.which("pg_dump")
    if program is None:
        return Finding(
            name,
            WRONG,
            "It is missing, and without it no backup is made before a migration. Install"
            " PostgreSQL's client programs.",
        )
    said = subprocess.run(  # noqa: S603
        [program, "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"\d+", said)
    if found is None or int(found[0]) < version:
        sentence = f"{said.strip() or program} is older than the server. Install {version}'s."
        return Finding(name, WRONG, sentence)
    return Finding(name, GOOD, f"{said.strip()} can save the database.")


def _writable(connection: Connection, begin: str | None) -> Finding:
    name = "writing"
    try:
        if begin is None:
            if connection.execute(text("show transaction_read_only")).scalar_one() == "on":
                return Finding(
                    name,
                    WRONG,
                    "The database can only be read. SCHED_DATABASE_URL should name the primary.",
                )
        else:
            with _outside_transactions(connection) as raw:
                raw.execute(begin)
                raw.execute("UPDATE alembic_version SET version_num = version_num")
                raw.execute("ROLLBACK")
    except sqlite3.Error as error:
        return Finding(name, WRONG, f"The database cannot be written to: {error}.")
    return Finding(name, GOOD, "The database can be written to.")


@contextmanager
def _outside_transactions(connection: Connection) -> Iterator[sqlite3.Connection]:
    connection.rollback()
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101
    try:
        yield raw
    finally:
        if raw.in_transaction:
            raw.execute("ROLLBACK")


def _tables(connection: Connection) -> Finding:
    found = standing_of(connection)
    sentences = {
        "up to date": (GOOD, f"They are up to date ({found.revision})."),
        "empty": (WRONG, "There are none yet. `sched run` makes them."),
        "behind": (WRONG, "They are of an earlier version. Run `sched db upgrade`."),
        "later": (WRONG, "They are of a later version of sched. Please use that version."),
    }
    level, sentence = sentences[found.state]
    return Finding("tables", level, sentence)


def _time_goes_on(connection: Connection) -> Finding:
    """Look whether something was written later than now: then the clock has been set back."""
    name = "time"
    if standing_of(connection).state != "up to date":
        return Finding(name, NOTE, "It is looked at when the tables are up to date.")
    latest = _latest(connection)
    if latest is not None and latest > clock.now() + CLOCKS_APART_MOST:
        return Finding(
            name,
            WRONG,
            f"Something was written at {latest:%Y-%m-%d %H:%M} UTC, which is to come. Set this"
            " machine's clock.",
        )
    return Finding(name, GOOD, "Nothing was written later than now.")


def _latest(connection: Connection) -> datetime | None:
    found = connection.execute(text('select max(modified_at) from "user"')).scalar()
    if isinstance(found, int):
        return moment_at(found)
    latest: datetime | None = found
    return latest

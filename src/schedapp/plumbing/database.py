"""The database: column types, the session that reads, and the transaction that writes."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from inspect import iscoroutinefunction
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

from flask import current_app, g, has_request_context
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    SQLColumnExpression,
    event,
    make_url,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.sql.compiler import SQLCompiler

    from schedapp.config import Settings

SQLITE_WAIT_SECONDS = 10
_LOOK_AGAIN_SECONDS = 0.001
POSTGRESQL_WAIT_SECONDS = 10

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC: `timestamptz` on PostgreSQL, whole microseconds since 1970 on SQLite.

    SQLite has no type for moments; comparing and reading text costs ten times as much as numbers.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column's type in this database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn an aware moment into what the database keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment has a time zone")
        return microseconds_of(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn what the database keeps into an aware moment in UTC."""
        if value is None:
            return None
        return moment_at(value) if dialect.name == "sqlite" else moment_in_utc(value)


def microseconds_of(moment: datetime) -> int:
    """Return the whole microseconds from 1970-01-01T00:00Z to a moment."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_at(microseconds: int) -> datetime:
    """Return the moment that many microseconds after 1970-01-01T00:00Z.

    Raises:
        OverflowError: outside the years 1 to 9999.
    """
    return _EPOCH + timedelta(microseconds=microseconds)


def moment_in_utc(moment: datetime) -> datetime:
    """Return a moment as we compare and show it, in UTC."""
    return moment.astimezone(UTC)


class not_by_index(FunctionElement[Any]):  # noqa: N801  (it stands where functions stand)
    """A column that no index should be chosen for, because another condition finds fewer rows.

    SQLite knows no numbers of rows unless somebody runs ANALYZE; between two indexes with a range
    each it guesses. A plus sign before the column rules one of them out. PostgreSQL counts, and
    filters inside the other index by the column as it is.
    """

    inherit_cache = True

    def __init__(self, column: SQLColumnExpression[Any]) -> None:
        """Take the column."""
        super().__init__(column)
        self.type = next(iter(self.clauses)).type


@compiles(not_by_index)
def _as_it_is(element: not_by_index, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(next(iter(element.clauses)), **options)


@compiles(not_by_index, "sqlite")
def _with_a_plus(element: not_by_index, compiler: SQLCompiler, **options: Any) -> str:
    return "+" + _as_it_is(element, compiler, **options)


class Base(DeclarativeBase):
    """The tables of sched. Constraints have names, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: Moment(),
        int: BigInteger().with_variant(Integer, "sqlite"),
    }


class Busy(Exception):
    """The database could not take a write in time; nothing was changed."""


database = SQLAlchemy(session_options={"expire_on_commit": False})


def connect_to(app: Flask, settings: Settings) -> None:
    """Give the application its engine, as the settings say."""
    app.config["SQLALCHEMY_ENGINES"] = {"default": engine_options(settings)}
    database.init_app(app)
    # We have no asynchronous sessions; closing them all the same costs a new thread a request.
    app.teardown_appcontext_funcs = [
        each for each in app.teardown_appcontext_funcs if not iscoroutinefunction(each)
    ]
    with app.app_context():
        prepare(database.engine)
    own = Turns(sqlite_path(settings.database_url)) if settings.is_sqlite else None
    app.extensions["sched_turns"] = own


def engine_options(settings: Settings) -> dict[str, Any]:
    """Return what SQLAlchemy's `create_engine` is called with."""
    url = make_url(settings.database_url)
    # A request reads and writes in turn, never at once: one connection each is enough.
    # Values of statements are somebody's appointments: they stay out of messages and the log.
    pool = {
        "hide_parameters": True,
        "pool_size": settings.threads,
        "max_overflow": settings.threads,
        "pool_timeout": 15,
    }
    if url.get_backend_name() == "sqlite":
        return {"url": url, "connect_args": {"timeout": SQLITE_WAIT_SECONDS}, **pool}
    return {
        "url": url.set(drivername="postgresql+psycopg"),
        "connect_args": {"connect_timeout": POSTGRESQL_WAIT_SECONDS},
        "pool_pre_ping": True,
        **pool,
    }


def prepare(engine: Engine) -> None:
    """Set an engine up: on SQLite we begin our transactions ourselves, and as we need them."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_on_sqlite)


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {SQLITE_WAIT_SECONDS * 1000}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA cache_size = -8000")
    if cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()


def _begin_on_sqlite(connection: Any) -> None:
    # A transaction that begins by reading cannot always become one that writes: another may have
    # written meanwhile, and waiting would not help. One that will write says so at once.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def reading() -> Session:
    """Return the session of this request or command, for looking things up."""
    return database.session


@contextmanager
def writing() -> Iterator[Session]:
    """Open the transaction of a door: committed at the end, taken back when something is raised.

    What was read before in this request is read again inside: the session that reads is ended.

    Raises:
        RuntimeError: in a request whose form token has not been checked.
    """
    if has_request_context() and not g.get("csrf_valid", False):
        raise RuntimeError("a request may write only when its form token has been checked")
    with bookkeeping() as session:
        yield session


@contextmanager
def bookkeeping() -> Iterator[Session]:
    """Open a transaction that writes, also in a request that only reads.

    For what sched notes about the request itself (a sign-in that was seen or has run out).
    """
    database.session.close()
    engine = database.engine.execution_options(writes=True)
    turns: Turns | None = current_app.extensions["sched_turns"]
    turn = nullcontext() if turns is None else turns.taken()
    with turn, database.sessionmaker(bind=engine) as session, session.begin():
        yield session


class Turns:
    """Whose turn it is to write into a SQLite database: of one thread, of one process.

    SQLite lets one write at a time. Those who wait for it sleep and try again, longer each time,
    while whoever is busy writing wins again and again: a few processes with a few threads each
    made one write in a hundred wait for a second and longer. So we line up instead, in front of
    SQLite's own lock, which still has the last word.
    """

    def __init__(self, database: Path | None) -> None:
        """Line up for a database's file; for one without a file, in this process alone."""
        self._thread = threading.Lock()
        self._path = database and database.with_name(f"{database.name}-turn")

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for one's turn, and keep it.

        Raises:
            Busy: if it does not come in time.
        """
        if not self._thread.acquire(timeout=SQLITE_WAIT_SECONDS):
            raise Busy
        try:
            with self._file_locked():
                yield
        finally:
            self._thread.release()

    def _file_locked(self) -> AbstractContextManager[object]:
        if self._path is None or sys.platform == "win32":
            return nullcontext()
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            # What is wrong with the folder or the disk SQLite tells better.
            return nullcontext()
        # Closing unlocks; when a process is killed the kernel closes, so no turn is kept for ever.
        file = os.fdopen(handle)
        deadline = time.monotonic() + SQLITE_WAIT_SECONDS
        while not _is_locked(file):
            if time.monotonic() > deadline:
                file.close()
                raise Busy
            time.sleep(_LOOK_AGAIN_SECONDS)
        return file


def _is_locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks: SQLite alone decides then.
        return True
    return True


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite database, or None when it is another kind."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)

"""Look-ups that every request makes: compiled once, run on the driver, rows as plain tuples.

SQLAlchemy says what is asked, in which words and types; to run a statement through it costs
several times what a small database takes to answer, though. A look-up stands outside any
transaction and sees what has been committed by then.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from flask import current_app
from sqlalchemy.exc import DBAPIError, OperationalError

from schedapp.plumbing.compiled import Compiled
from schedapp.plumbing.database import database

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import CompoundSelect, Engine, PoolProxiedConnection, Select
    from sqlalchemy.engine.interfaces import DBAPIConnection

    _Select = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


class LookUp:
    """One select with named parameters, ready for each kind of database."""

    def __init__(self, statement: _Select) -> None:
        """Take a statement whose values are `bindparam`s; it is compiled when first asked."""
        self._statement = statement
        self._compiled: dict[str, Compiled] = {}

    def rows(self, *, on: LookUps | None = None, **values: Any) -> list[tuple[Any, ...]]:
        """Return all rows for these values of the parameters.

        They come from the present application's database, or `on` another's.

        Raises:
            OperationalError: if the database does not answer.
            DBAPIError: if it says no.
        """
        lines: LookUps = on or current_app.extensions["sched_look_ups"]
        compiled = self._compiled.get(lines.kind)
        if compiled is None:
            compiled = Compiled(
                self._statement, self._statement.selected_columns.values(), lines.engine.dialect
            )
            self._compiled[lines.kind] = compiled
        with lines.taken() as connection:
            return _run(compiled, connection, values)


def _run(
    compiled: Compiled, connection: DBAPIConnection, values: dict[str, Any]
) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    try:
        cursor.execute(compiled.text, compiled.bound(values))
        rows = cursor.fetchall()
    except compiled.errors as error:
        kind = OperationalError if isinstance(error, compiled.unavailable) else DBAPIError
        raise kind(compiled.text, None, error, hide_parameters=True) from error
    finally:
        cursor.close()
    return compiled.read(rows)


def look_up_for(app: Flask) -> None:
    """Let requests of an application look things up."""
    with app.app_context():
        engine = database.engine
    kept = engine.dialect.name == "sqlite"
    app.extensions["sched_look_ups"] = _KeptLines(engine) if kept else _PooledLines(engine)


class LookUps(Protocol):
    """Where look-ups get a connection from, outside any transaction."""

    engine: Engine
    kind: str

    def taken(self) -> AbstractContextManager[DBAPIConnection]:
        """Lend a connection; after an error of the driver it is not lent again."""


class _PooledLines:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.kind = engine.dialect.name

    @contextmanager
    def taken(self) -> Iterator[DBAPIConnection]:
        connection = _connected(self.engine)
        driver: Any = connection.driver_connection
        try:
            # Without this the driver sends BEGIN and ROLLBACK around the one thing that is asked.
            driver.autocommit = True
            yield connection
            driver.autocommit = False
        except DBAPIError:
            connection.invalidate()
            raise
        finally:
            connection.close()


def _connected(engine: Engine) -> PoolProxiedConnection:
    """Return a connection; where there is none, the error is the same as in a transaction."""
    dialect = engine.dialect
    try:
        return engine.raw_connection()
    except dialect.loaded_dbapi.OperationalError as error:
        raise OperationalError("connect", None, error, hide_parameters=True) from error


class _KeptLines:
    """A connection for each thread: to take one from a pool costs as much as a look-up."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.kind = engine.dialect.name
        self._own = threading.local()

    def taken(self) -> AbstractContextManager[DBAPIConnection]:
        line: _Line | None = getattr(self._own, "line", None)
        if line is None or line.is_broken:
            line = self._own.line = _Line(self.engine)
        return line


class _Line:
    def __init__(self, engine: Engine) -> None:
        self._connection: DBAPIConnection | None = None
        pooled = _connected(engine)
        self._connection = pooled.dbapi_connection
        pooled.detach()
        self.is_broken = False

    def __enter__(self) -> DBAPIConnection:
        assert self._connection is not None  # noqa: S101
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.is_broken = kind is not None

    def __del__(self) -> None:
        if self._connection is not None:
            self._connection.close()

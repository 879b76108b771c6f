"""Look-ups that every request makes: compiled once, run on the driver, rows as plain tuples.

SQLAlchemy says what is asked, in which words and types; to run a statement through it costs
several times what a small database takes to answer, though. A look-up stands outside any
transaction and sees what has been committed by then.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy.exc import DBAPIError, OperationalError

from schedapp.plumbing.compiled import Compiled
from schedapp.plumbing.database import database

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import CompoundSelect, Engine, PoolProxiedConnection, Select

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
        look_ups: LookUps = on or current_app.extensions["sched_look_ups"]
        compiled = self._compiled.get(look_ups.kind)
        if compiled is None:
            columns = self._statement.selected_columns.values()
            compiled = Compiled(self._statement, columns, look_ups.engine.dialect)
            self._compiled[look_ups.kind] = compiled
        return look_ups.rows_of(compiled, values)


def look_up_for(app: Flask) -> None:
    """Let requests of an application look things up."""
    with app.app_context():
        app.extensions["sched_look_ups"] = LookUps(database.engine)


class LookUps:
    """A connection for each thread: to take one from a pool costs as much as a look-up.

    One that was open already may have been cut off while nobody used it, as when the database was
    started anew. What only reads can be asked again, so it is, once, on a new connection.
    """

    def __init__(self, engine: Engine) -> None:
        """Look up in an engine's database."""
        self.engine = engine
        self.kind = engine.dialect.name
        self._own = threading.local()

    def rows_of(self, compiled: Compiled, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a statement, on this thread's connection."""
        line: _Line | None = getattr(self._own, "line", None)
        if line is not None:
            try:
                return line.rows_of(compiled, values)
            except DBAPIError as error:
                del self._own.line
                if not isinstance(error, OperationalError):
                    raise
        line = _Line(self.engine)
        found = line.rows_of(compiled, values)
        self._own.line = line
        return found


class _Line:
    def __init__(self, engine: Engine) -> None:
        pooled = _connected(engine)
        connection = pooled.dbapi_connection
        assert connection is not None  # noqa: S101  (it is there until the proxy is given back)
        pooled.detach()
        self._connection = connection
        # Unlike `__del__`, this holds the connection until it is closed.
        weakref.finalize(self, connection.close)
        if engine.dialect.name == "postgresql":
            # Else the driver sends BEGIN before what is asked, and holds the transaction open.
            driver: Any = self._connection
            driver.autocommit = True

    def rows_of(self, compiled: Compiled, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(compiled.text, compiled.bound(values))
            rows = cursor.fetchall()
        except compiled.errors as error:
            kind = OperationalError if isinstance(error, compiled.unavailable) else DBAPIError
            raise kind(compiled.text, None, error, hide_parameters=True) from error
        finally:
            cursor.close()
        return compiled.read(rows)


def _connected(engine: Engine) -> PoolProxiedConnection:
    """Return a connection; where there is none, the error is the same as in a transaction."""
    dialect = engine.dialect
    try:
        return engine.raw_connection()
    except dialect.loaded_dbapi.OperationalError as error:
        raise OperationalError("connect", None, error, hide_parameters=True) from error

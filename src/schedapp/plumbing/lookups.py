"""Look-ups that every request makes: compiled once, run on the driver, rows as plain tuples.

SQLAlchemy says what is asked, in which words and types; to run a statement through it costs
several times what a small database takes to answer, though. A look-up stands outside any
transaction and sees what has been committed by then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import g
from sqlalchemy.exc import OperationalError

from schedapp.plumbing.database import Moment, database, moment_at, moment_in_utc

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import CompoundSelect, Dialect, PoolProxiedConnection, Select
    from sqlalchemy.types import TypeEngine

    _Select = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]

_Change = Callable[[Any], Any]


class LookUp:
    """One select with named parameters, ready for each kind of database."""

    def __init__(self, statement: _Select) -> None:
        """Take a statement whose values are `bindparam`s; it is compiled when first asked."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Return all rows for these values of the parameters.

        Raises:
            OperationalError: if the database does not answer.
        """
        engine = database.engine
        compiled = self._compiled.get(engine.dialect.name)
        if compiled is None:
            compiled = _Compiled(self._statement, engine.dialect)
            self._compiled[engine.dialect.name] = compiled
        return compiled.run(connection_of_request(), values)


def connection_of_request() -> PoolProxiedConnection:
    """Return the connection that this request's look-ups share."""
    connection: PoolProxiedConnection | None = g.get("sched_connection")
    if connection is None:
        connection = g.sched_connection = database.engine.raw_connection()
    return connection


def give_back(_error: BaseException | None = None) -> None:
    """Give the connection back at the end of the request, or before a transaction that writes."""
    connection: PoolProxiedConnection | None = g.pop("sched_connection", None)
    if connection is not None:
        connection.close()


def look_up_for(app: Flask) -> None:
    """Let requests of an application look things up."""
    app.teardown_appcontext(give_back)


class _Compiled:
    def __init__(self, statement: _Select, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._order = compiled.positiontup
        self._binders = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in compiled.binds.items()
        }
        self._fixed = {
            name: bind.value for name, bind in compiled.binds.items() if not bind.required
        }
        changes = [
            (place, change)
            for place, column in enumerate(statement.selected_columns)
            if (change := _change_of(column.type, dialect)) is not None
        ]
        self._changes = changes
        self._errors = dialect.loaded_dbapi.OperationalError

    def run(
        self, connection: PoolProxiedConnection, values: dict[str, Any]
    ) -> list[tuple[Any, ...]]:
        values = {
            name: value if (change := self._binders[name]) is None else change(value)
            for name, value in {**self._fixed, **values}.items()
        }
        cursor = connection.cursor()
        try:
            given = values if self._order is None else tuple(values[name] for name in self._order)
            cursor.execute(self._text, given)
            rows = cursor.fetchall()
        except self._errors as error:
            connection.invalidate()
            raise OperationalError(self._text, None, error, hide_parameters=True) from error
        finally:
            cursor.close()
        if not self._changes:
            return list(rows)
        return [self._changed(row) for row in rows]

    def _changed(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for place, change in self._changes:
            if values[place] is not None:
                values[place] = change(values[place])
        return tuple(values)


def _change_of(kind: TypeEngine[Any], dialect: Dialect) -> _Change | None:
    if isinstance(kind, Moment):
        return moment_at if dialect.name == "sqlite" else moment_in_utc
    return kind.dialect_impl(dialect).result_processor(dialect, None)

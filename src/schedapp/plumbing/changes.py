"""Changes that people make all the time: compiled once, run in the transaction of their door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schedapp.plumbing.compiled import Compiled

if TYPE_CHECKING:
    from sqlalchemy import CursorResult, Delete, Insert, Update
    from sqlalchemy.orm import Session


class Change:
    """One insert, update or delete with named parameters, ready for each kind of database."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        """Take a statement whose values are `bindparam`s; it is compiled when first made."""
        self._statement = statement
        self._compiled: dict[str, Compiled] = {}

    def make(self, db: Session, **values: Any) -> None:
        """Make the change."""
        self._run(db, values)

    def made(self, db: Session, **values: Any) -> int:
        """Make a change that returns the id of one row, and return that.

        Raises:
            NoResultFound: if there was no such row.
        """
        number: int = self._run(db, values).scalar_one()
        return number

    def _run(self, db: Session, values: dict[str, Any]) -> CursorResult[Any]:
        connection = db.connection()
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = Compiled(self._statement, (), dialect)
        return connection.exec_driver_sql(compiled.text, compiled.bound(values))

"""A statement that was compiled once, for one kind of database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from schedapp.plumbing.database import Moment, moment_at, moment_in_utc

if TYPE_CHECKING:
    from sqlalchemy import ClauseElement, ColumnElement, Dialect
    from sqlalchemy.types import TypeEngine

_Change = Callable[[Any], Any]


class Compiled:
    """The text of a statement, with what its values and its rows have to go through."""

    def __init__(
        self, statement: ClauseElement, columns: Sequence[ColumnElement[Any]], dialect: Dialect
    ) -> None:
        """Compile a statement that returns rows of these columns."""
        compiled: Any = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.errors = dialect.loaded_dbapi.Error
        self.unavailable = dialect.loaded_dbapi.OperationalError
        self._order: list[str] | None = compiled.positiontup
        self._binders: dict[str, _Change | None] = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in compiled.binds.items()
        }
        self._fixed = {
            name: bind.value for name, bind in compiled.binds.items() if not bind.required
        }
        self._changes = [
            (place, change)
            for place, column in enumerate(columns)
            if (change := _change_of(column.type, dialect)) is not None
        ]
        # Reading moments and dates costs more than fetching them. The same row has the same
        # values, so what a row was turned into can be kept by the row itself.
        self._changed = lru_cache(maxsize=4096)(self._change)

    def bound(self, values: dict[str, Any]) -> Any:
        """Return the values as the driver takes them: by place, or by name."""
        values = {
            name: value if (change := self._binders[name]) is None else change(value)
            for name, value in {**self._fixed, **values}.items()
        }
        return values if self._order is None else tuple([values[name] for name in self._order])

    def read(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return rows of the driver with our types in them."""
        return [self._changed(row) for row in rows] if self._changes else list(rows)

    def _change(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for place, change in self._changes:
            if values[place] is not None:
                values[place] = change(values[place])
        return tuple(values)


def _change_of(kind: TypeEngine[Any], dialect: Dialect) -> _Change | None:
    if isinstance(kind, Moment):
        return moment_at if dialect.name == "sqlite" else moment_in_utc
    return kind.dialect_impl(dialect).result_processor(dialect, None)

"""Watching the database: what was said to it, and everything that is in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event, select

from schedapp.plumbing.database import Base, database

_WRITING = ("INSERT", "UPDATE", "DELETE", "REPLACE", "TRUNCATE", "ALTER", "CREATE", "DROP")


class Statements(list[str]):
    """What was said to the database, in order."""

    @property
    def writes(self) -> list[str]:
        return [each for each in self if each.lstrip().upper().startswith(_WRITING)]

    def to(self, table: str) -> list[str]:
        return [each for each in self if table in each]


@contextmanager
def statements(app: Flask) -> Iterator[Statements]:
    """Listen to what SQLAlchemy says to the database."""
    heard = Statements()

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        heard.append(statement)

    with app.app_context():
        engine = database.engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def whole_book(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    with app.app_context(), database.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }

"""What is said to the database while a page is made, and how the database goes about it.

Statements are written down where they reach the driver, with their parameters as parameters:
whether an index over some of the rows can be used may depend on what is a literal and what is not.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Engine, event

from schedapp.plumbing.database import Base, database

_NO_QUERY = re.compile(
    r"\s*(begin|commit|rollback|pragma|select 1$|set |show )|[\s;]*$", re.IGNORECASE
)
_NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Statement:
    """One statement with its parameters, as the driver got them."""

    sql: str
    values: Any


@dataclass
class Heard:
    """What was said until now; on SQLite also how much it had to do, in steps of its machine."""

    statements: list[Statement] = field(default_factory=list)
    hundreds_of_steps: int = 0

    def hear(self, sql: Any, values: Any) -> None:
        text = sql.decode() if isinstance(sql, bytes) else str(sql)
        if not _NO_QUERY.match(text):
            self.statements.append(Statement(text, values))

    def step(self) -> None:
        self.hundreds_of_steps += 1


@contextmanager
def heard_from(app: Flask) -> Iterator[Heard]:
    """Write down what an application says to its database, in every way it may say it."""
    heard = Heard()
    with app.app_context():
        engine = database.engine
    connect = _connect_to_sqlite if engine.dialect.name == "sqlite" else _connect_to_postgresql

    def listen(_dialect: object, _record: object, args: Any, kwargs: Any) -> Any:
        return connect(heard, args, kwargs)

    engine.dispose()
    event.listen(engine, "do_connect", listen)
    try:
        yield heard
    finally:
        event.remove(engine, "do_connect", listen)
        engine.dispose()


def _connect_to_sqlite(heard: Heard, args: Any, kwargs: Any) -> sqlite3.Connection:
    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, values: Any = (), /) -> Cursor:
            heard.hear(sql, values)
            return super().execute(sql, values)

        def executemany(self, sql: str, values: Any, /) -> Cursor:
            values = list(values)
            for each in values:
                heard.hear(sql, each)
            return super().executemany(sql, values)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

        def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
            cursor: sqlite3.Cursor = self.cursor().execute(sql, values)
            return cursor

    connection: sqlite3.Connection = sqlite3.connect(*args, **{**kwargs, "factory": Connection})
    connection.set_progress_handler(heard.step, 100)
    return connection


def _connect_to_postgresql(heard: Heard, args: Any, kwargs: Any) -> psycopg.Connection:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            heard.hear(query, params)
            return super().execute(query, params, **more)

        def executemany(self, query: Any, params_seq: Any, **more: Any) -> None:
            values = list(params_seq)
            for each in values:
                heard.hear(query, each)
            super().executemany(query, values, **more)

    connection = psycopg.connect(*args, **kwargs)
    connection.cursor_factory = Cursor
    return connection


_READ = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")


# --- How the database goes about it --------------------------------------------------------------


class Explainer:
    """Asks one database how it runs statements, and says what is wrong with that."""

    def __init__(self, app: Flask) -> None:
        with app.app_context():
            self._engine: Engine = database.engine
        self.is_sqlite = self._engine.dialect.name == "sqlite"

    def wrong_with(self, statement: Statement, *, most_rows: int) -> list[str]:
        """Return what is wrong with a statement's plan; most often nothing.

        SQLite only tells the plan. PostgreSQL carries the statement out and takes it back, and no
        part of it may go through more rows than `most_rows`.
        """
        if self.is_sqlite:
            return list(self._wrong_on_sqlite(statement))
        return list(self._wrong_on_postgresql(statement, most_rows))

    def count(self) -> None:
        """Let the database count what is in its indexes, as an administrator might."""
        connection = self._engine.raw_connection()
        connection.cursor().execute("ANALYZE")
        connection.commit()
        connection.close()

    def _wrong_on_sqlite(self, statement: Statement) -> Iterator[str]:
        for line in self._ask_sqlite(statement):
            # Going through a whole index is going through the whole table, too.
            scan = re.match(r"SCAN (\w+?)(_\d+)?( |$)", line)
            if scan and scan[1] in _grown():
                yield line
            if line.startswith("USE TEMP B-TREE") and "FROM appointment" in statement.sql:
                yield line

    def _ask_sqlite(self, statement: Statement) -> list[str]:
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.values or ())
            return [row[3] for row in cursor.fetchall()]
        finally:
            connection.close()

    def _wrong_on_postgresql(self, statement: Statement, most_rows: int) -> Iterator[str]:
        # The server keeps one plan for all values once a statement came a few times.
        for mode in ("force_custom_plan", "force_generic_plan"):
            for node in _nodes(self._ask_postgresql(statement, mode)):
                name, table = node["Node Type"], node.get("Relation Name")
                is_known = "Actual Loops" in node
                read = node.get("Actual Loops", 0) * sum(node.get(each, 0) for each in _READ)
                if name == "Seq Scan" and table in _grown() and (read > 1 or not is_known):
                    yield f"{mode}: Seq Scan on {table}"
                if read > most_rows:
                    yield f"{mode}: {name} on {table} goes through {read} rows"

    def _ask_postgresql(self, statement: Statement, mode: str) -> dict[str, Any]:
        names = list(dict.fromkeys(_NAMED.findall(statement.sql)))
        places = {name: f"${place}" for place, name in enumerate(names, 1)}
        prepared = _NAMED.sub(lambda match: places[match[1]], statement.sql).replace("%%", "%")
        values = [statement.values[name] for name in names]
        given = f"({', '.join(['%s'] * len(values))})" if values else ""
        changes_twice = statement.sql.lstrip().upper().startswith("INSERT")
        options = "FORMAT JSON" if changes_twice else "ANALYZE, TIMING OFF, FORMAT JSON"
        pooled = self._engine.raw_connection()
        try:
            raw = pooled.driver_connection
            assert raw is not None
            cursor = psycopg.ClientCursor(raw)
            cursor.execute(f"SET LOCAL plan_cache_mode = {mode}")
            cursor.execute(f"PREPARE explained AS {prepared}".replace("%", "%%"), [])
            cursor.execute(f"EXPLAIN ({options}) EXECUTE explained{given}", values)
            row = cursor.fetchone()
            assert row is not None
            plan: dict[str, Any] = (row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]
            cursor.execute("DEALLOCATE explained")
            return plan["Plan"]  # type: ignore[no-any-return]
        finally:
            pooled.rollback()
            pooled.close()


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


def _grown() -> frozenset[str]:
    """Return the tables that grow with use: all of ours."""
    return frozenset(Base.metadata.tables)

"""The appointments that every contender is filled with, and putting many rows in fast."""

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import Table, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect

PASSWORD = "a long walk by the quiet river"
ZONE = ZoneInfo("Europe/Berlin")
SHOWN = 50
APART = timedelta(hours=6)
WORDS = ("Dentist", "Rehearsal", "Lunch with Ben", "Review", "Yoga & tea", "Call", "Haircut")
PLACES = ("Long Street 12", None, "Room 4", "Café on the corner")
TEXTS = (None, "Bring the papers.", None, None, "Ask about:\n- the date\n- the price")


@dataclass(frozen=True)
class Book:
    """How many people there are, and how many appointments each of them has."""

    people: int
    own: int

    @property
    def total(self) -> int:
        """How many appointments there are in all."""
        return self.people * self.own


@dataclass(frozen=True, slots=True)
class Entry:
    """One appointment of everybody's; only its title tells whose it is."""

    position: int
    start: datetime
    end: datetime
    all_day: bool
    location: str | None
    description: str | None

    def title(self, person: int) -> str:
        """Return what it is called in one person's calendar."""
        return f"{WORDS[self.position % len(WORDS)]} {self.position} of person {person}"


def entries(book: Book, now: datetime) -> list[Entry]:
    """Return what each person's calendar holds.

    At least the first `SHOWN` lie ahead, and of what is more half lies behind; times are local,
    the zone is not said.
    """
    first = now.replace(minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(hours=2)
    behind = max(0, book.own - SHOWN) // 2
    found = []
    for position in range(1, book.own + 1):
        start = first + (position - 1 - behind) * APART
        end = start + timedelta(minutes=30 * (1 + position % 4))
        all_day = position % 10 == 0
        if all_day:
            start = start.replace(hour=0) + timedelta(days=1)
            end = start + timedelta(days=1 + position % 3)
        found.append(
            Entry(
                position,
                start,
                end,
                all_day,
                PLACES[position % len(PLACES)],
                TEXTS[position % len(TEXTS)],
            )
        )
    return found


def ahead(book: Book, now: datetime) -> list[Entry]:
    """Return what an agenda from now on shows first."""
    local = now.replace(tzinfo=None)
    coming = sorted((e for e in entries(book, now) if e.start >= local), key=lambda e: e.start)
    return coming[:SHOWN]


def email_of(person: int) -> str:
    """Return the e-mail address that a person signs in with."""
    return f"person{person}@example.org"


def put_in(address: str, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put rows into a table as fast as the database's driver can, through the columns' types.

    Every row names the same columns.
    """
    given = iter(rows)
    first = next(given, None)
    if first is None:
        return
    names = list(first)
    url = make_url(address)
    on_sqlite = url.get_backend_name() == "sqlite"
    dialect: Dialect = sqlite.dialect() if on_sqlite else postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
    written = [
        _remembering(table.c[name].type.dialect_impl(dialect).bind_processor(dialect))
        for name in names
    ]
    values = (
        [write(row[name]) for name, write in zip(names, written, strict=True)]
        for row in itertools.chain([first], given)
    )
    columns = ", ".join(f'"{table.c[name].name}"' for name in names)
    if on_sqlite:
        marks = ", ".join("?" * len(names))
        _put_in_sqlite(
            url.database or "", f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', values
        )
    else:
        _put_in_postgresql(address, f'COPY "{table.name}" ({columns}) FROM STDIN', values, table)


def _remembering(write: Any) -> Any:
    # Few moments stand in very many rows, so turning each into a number once is enough.
    if write is None:
        return lambda value: value
    known: dict[Any, Any] = {}

    def look_up(value: Any) -> Any:
        try:
            return known[value]
        except KeyError:
            if len(known) > 50_000:
                known.clear()
            known[value] = result = write(value)
            return result

    return look_up


def _put_in_sqlite(path: str, statement: str, values: Iterator[Sequence[Any]]) -> None:
    connection = sqlite3.connect(path, timeout=60)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        with connection:
            connection.executemany(statement, values)
    finally:
        connection.close()


def _put_in_postgresql(
    address: str, statement: str, values: Iterator[Sequence[Any]], table: Table
) -> None:
    with psycopg.connect(plain(address), autocommit=False) as connection:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[arg-type, unused-ignore]
            for row in values:
                copy.write_row(row)
        key = table.primary_key.columns.keys()
        if key == ["id"]:
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'),"  # type: ignore[arg-type, unused-ignore]
                f' (SELECT max(id) FROM "{table.name}"))'
            )


def analyze(address: str) -> None:
    """Let the database look at what it holds, as it does by itself after a while."""
    if address.startswith("sqlite"):
        connection = sqlite3.connect(make_url(address).database or "")
        connection.execute("ANALYZE")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    else:
        with psycopg.connect(plain(address), autocommit=True) as on_server:
            on_server.execute("VACUUM ANALYZE")
            on_server.execute("CHECKPOINT")


def ask(address: str, statement: str) -> list[tuple[Any, ...]]:
    """Ask the database itself."""
    if address.startswith("sqlite"):
        connection = sqlite3.connect(make_url(address).database or "", timeout=60)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()
    with psycopg.connect(plain(address), autocommit=True) as on_server:
        return on_server.execute(statement).fetchall()  # type: ignore[arg-type, unused-ignore]


def plain(address: str) -> str:
    """Return an address without the name of SQLAlchemy's driver in it."""
    return address.replace("postgresql+psycopg://", "postgresql://")

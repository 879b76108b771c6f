"""A book with a million appointments, made by the database itself.

Ana has ten thousand of them and Ben fifty, of the same kinds and over the same years; the rest is
other people's. Rows lie in the order in which people write them down, not sorted by owner.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, event, insert, text
from sqlalchemy.orm import Session

from schedapp.accounts import passwords
from schedapp.accounts.models import ACTIVE, MEMBER, Password, SignIn, Throttle, User
from schedapp.appointments.actions import Draft, create_appointment
from schedapp.appointments.models import Appointment, Calendar
from schedapp.config import Settings
from schedapp.plumbing import clock
from schedapp.plumbing.database import Base
from schedapp.plumbing.identifiers import new_public_id
from schedapp.plumbing.migrating import engine_of

APPOINTMENTS = 1_000_000
PEOPLE = 20_000
FIRST_ID = 1000
ANA, BEN = 1, 2
ANAS, BENS = 10_000, 50
SIGN_INS_OF_EACH = 1
ENDED_SIGN_INS = 1_000
PASSWORD = "correct horse battery staple"
ZONE = "Europe/Berlin"

_KINDS: tuple[dict[str, Any], ...] = (
    {"start": "2027-03-01T12:30", "end": "2027-03-01T13:30", "all_day": False},
    {"start": "2027-03-01T00:00", "end": "2027-03-01T00:00", "all_day": True},
    {"start": "2027-03-01T18:00", "end": "2027-03-06T10:00", "all_day": False},
)
"""What is multiplied: an hour, a day, and five days that are looked for by their end."""

# Of twenty appointments one is a whole day and one is long; over six years, three of them past.
_KIND = "case i % 20 when 7 then 2 when 13 then 3 else 1 end"
_DAYS = "(i * 7919 % 2191 - 1095)"
_OWNER = f"""case
    when i % 20000 = 50 and i < 1000000 then {BEN}
    when i % 99 = 0 and i < 990000 then {ANA}
    else 3 + i * 7907 % {PEOPLE - 2} end"""

# What is kept of pages is kept by public names: those of two books must not be the same.
_MOVED = {
    "sqlite": {
        "starts_at": f"starts_at + {_DAYS} * 86400000000",
        "ends_at": f"ends_at + {_DAYS} * 86400000000",
        "first_day": f"date(first_day, {_DAYS} || ' days')",
        "last_day": f"date(last_day, {_DAYS} || ' days')",
        "public_id": "printf('s%019d', i)",
    },
    "postgresql": {
        "starts_at": f"starts_at + {_DAYS} * interval '24 hours'",
        "ends_at": f"ends_at + {_DAYS} * interval '24 hours'",
        "first_day": f"first_day + {_DAYS}::int",
        "last_day": f"last_day + {_DAYS}::int",
        "public_id": "'p' || lpad(i::text, 19, '0')",
    },
}
_EVERYWHERE = {
    "id": f"{FIRST_ID} + i",
    "calendar_id": _OWNER,
    "owner_id": _OWNER,
    "title": "'Appointment ' || i",
    "search_text": "'appointment ' || i",
}
_SERIES = {
    "sqlite": (
        "(with recursive n(i) as (select 0 union all select i + 1 from n"  # noqa: S608
        f" where i < {APPOINTMENTS - 1}) select i from n)"
    ),
    "postgresql": f"generate_series(0::bigint, {APPOINTMENTS - 1}) as n(i)",
}
_INDEXES = {
    "sqlite": "select name, sql from sqlite_master where name like 'ix_appointment_%'",
    "postgresql": (
        "select indexname, indexdef from pg_indexes where indexname like 'ix_appointment_%%'"
    ),
}
_REFERENCES = (
    "select conname, pg_get_constraintdef(oid) from pg_constraint"
    " where conrelid = 'appointment'::regclass and contype = 'f'"
)


def fill(settings: Settings) -> None:
    """Fill an empty book, as fast as its kind of database can."""
    now = clock.now()
    engine = engine_of(settings).execution_options(writes=True)
    event.listen(engine, "connect", _do_without_care)
    with Session(engine) as db, db.begin():
        connection = db.connection()
        _write(connection, User, _people(now))
        _write(connection, Password, _passwords(now))
        _write(connection, Calendar, _calendars(now))
        _write(connection, SignIn, _sign_ins(now))
        _write(connection, Throttle, _tries(now))
        for kind in _KINDS:
            create_appointment(db, BEN, _draft(kind), now=now)
        db.flush()
        _multiply(connection)
        db.execute(delete(Appointment).where(Appointment.id < FIRST_ID))
        if engine.dialect.name == "postgresql":
            _count_on(connection)
    if engine.dialect.name == "postgresql":
        # PostgreSQL does so by itself before long; SQLite never does.
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("vacuum analyze")
    engine.dispose()


def _count_on(connection: Connection) -> None:
    """Let new rows have numbers after those that were given here."""
    for name, table in Base.metadata.tables.items():
        if "id" in table.columns:
            sequence = f"pg_get_serial_sequence('\"{name}\"', 'id')"
            connection.execute(text(f'select setval({sequence}, (select max(id) from "{name}"))'))  # noqa: S608


def _do_without_care(connection: Any, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA cache_size = -400000")


def _multiply(connection: Connection) -> None:
    kind = connection.dialect.name
    table = Base.metadata.tables["appointment"]
    columns = [column.name for column in table.columns]
    moved = {**_EVERYWHERE, **_MOVED[kind]}
    # As the migrations made them, and as they are made again.
    indexes = [tuple(row) for row in connection.exec_driver_sql(_INDEXES[kind])]
    # To look up a million references one by one takes longer than all the rest.
    references: list[tuple[str, str]] = []
    if kind == "postgresql":
        references = [tuple(row) for row in connection.exec_driver_sql(_REFERENCES)]
    for name, _ in indexes:
        connection.exec_driver_sql(f"drop index {name}")
    for name, _ in references:
        connection.exec_driver_sql(f"alter table appointment drop constraint {name}")
    connection.execute(
        text(
            f"insert into appointment ({', '.join(columns)})"  # noqa: S608
            f" select {', '.join(moved.get(name, name) for name in columns)}"
            f" from {_SERIES[kind]} join appointment on id = {_KIND}"
        )
    )
    for name, definition in references:
        connection.exec_driver_sql(f"alter table appointment add constraint {name} {definition}")
    for _, definition in indexes:
        connection.exec_driver_sql(definition)


def _write(connection: Connection, model: Any, rows: Iterator[dict[str, Any]]) -> None:
    table: Table = model.__table__
    connection.execute(insert(table), list(rows))


def _people(now: datetime) -> Iterator[dict[str, Any]]:
    for person in range(1, PEOPLE + 1):
        email = f"person{person}@example.org"
        yield {
            "id": person,
            "public_id": new_public_id(),
            "email": email,
            "email_key": email,
            "name": f"Person {person}",
            "time_zone": ZONE,
            "locale": "en_GB",
            "role": MEMBER,
            "state": ACTIVE,
            "created_at": now,
            "modified_at": now,
        }


def _passwords(now: datetime) -> Iterator[dict[str, Any]]:
    kept = passwords.hash_of(PASSWORD)
    for person in range(1, PEOPLE + 1):
        yield {"user_id": person, "hash": kept, "changed_at": now}


def _calendars(now: datetime) -> Iterator[dict[str, Any]]:
    for person in range(1, PEOPLE + 1):
        yield {
            "id": person,
            "public_id": new_public_id(),
            "owner_id": person,
            "name": "Appointments",
            "colour": "green",
            "is_default": True,
            "version": 1,
            "created_at": now,
        }


def _sign_ins(now: datetime) -> Iterator[dict[str, Any]]:
    owners = [person for person in range(3, PEOPLE + 1) for _ in range(SIGN_INS_OF_EACH)]
    owners += [ANA, BEN] * ENDED_SIGN_INS
    for number, person in enumerate(owners, 1):
        ended = person in {ANA, BEN}
        yield {
            "id": number,
            "public_id": new_public_id(),
            "user_id": person,
            "token_hash": number.to_bytes(32),
            "created_at": now,
            "proved_at": now,
            "last_seen_at": now,
            "idle_seconds": 7200,
            "expires_at": now,
            "stays": False,
            "how": "password",
            "ip_first": "127.0.0.1",
            "ip_last": "127.0.0.1",
            "user_agent": "Firefox",
            "label": "Firefox",
            "ended_at": now if ended else None,
            "ended_why": "signed out" if ended else None,
        }


def _tries(now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(PEOPLE):
        yield {"key": f"{number:064x}", "window_started_at": now, "count": 1}


def _draft(kind: dict[str, Any]) -> Draft:
    return Draft(
        title="Appointment",
        start=datetime.fromisoformat(kind["start"]),
        end=datetime.fromisoformat(kind["end"]),
        all_day=kind["all_day"],
        location="Café Nova",
        description="What there is to be said about it. " * 5,
        zone=ZONE,
    )

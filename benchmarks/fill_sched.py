"""sched as a contender: how it is filled and run. All that is known here of its tables is here."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from benchmarks import book as books
from benchmarks.book import PASSWORD, ZONE, Book, Entry, email_of
from benchmarks.contenders import Place, hasher
from benchmarks.machine import beside_python
from schedapp.accounts.models import ACTIVE, MEMBER, Password, User
from schedapp.appointments.models import Appointment, Calendar
from schedapp.appointments.rules import is_long, search_text_of
from schedapp.config import Settings
from schedapp.plumbing.identifiers import new_public_id
from schedapp.plumbing.migrating import upgrade


class Sched:
    """sched itself, with its default settings."""

    name = "sched"
    says_not_modified = True
    ready = "/login/"

    def set_up(self, place: Place) -> None:
        """Leave everything to `sched run`."""

    def fill(self, place: Place, book: Book, now: datetime) -> None:
        upgrade(Settings.read(self.environment(place)))
        people = range(1, book.people + 1)
        kept = hasher.hash(PASSWORD)
        address = place.database
        books.put_in(address, table_of(User), (user_row(person, now) for person in people))
        books.put_in(
            address,
            table_of(Password),
            ({"user_id": person, "hash": kept, "changed_at": now} for person in people),
        )
        books.put_in(address, table_of(Calendar), (calendar_row(person, now) for person in people))
        books.put_in(address, table_of(Appointment), appointment_rows(book, now))
        books.analyze(address)

    def command(self, port: int, threads: int) -> list[str]:  # noqa: ARG002
        return [str(beside_python("sched")), "run", "--host", "127.0.0.1", "--port", str(port)]

    def environment(self, place: Place) -> Mapping[str, str]:
        return {"SCHED_DATA_DIR": str(place.directory), "SCHED_DATABASE_URL": place.database}

    def one_change(self, book: Book, people: int, now: datetime) -> list[str]:
        soonest = books.ahead(book, now)[0].position
        first = (soonest - 1) * book.people
        return [
            (
                "UPDATE appointment SET title = 'Changed {round} of person ' || owner_id,"
                f" version = version + 1 WHERE id > {first} AND id <= {first + people}"
            ),
            f"UPDATE calendar SET version = version + 1 WHERE id <= {people}",
        ]

    def titles_like(self, place: Place, prefix: str) -> int:
        found = books.ask(
            place.database,
            f"SELECT count(*) FROM appointment WHERE title LIKE '{prefix}%'"
            " AND deleted_at IS NULL",
        )
        return int(found[0][0])


def threads_by_default() -> int:
    """Return how many requests `sched run` answers at once."""
    return Settings().threads


def table_of(model: Any) -> Any:
    """Return the table of a model."""
    return model.__table__


def user_row(person: int, now: datetime) -> dict[str, Any]:
    return {
        "id": person,
        "public_id": new_public_id(),
        "email": email_of(person),
        "email_key": email_of(person),
        "name": f"Person {person}",
        "time_zone": ZONE.key,
        "locale": "en_GB",
        "week_starts_on": None,
        "hour_cycle": None,
        "role": MEMBER,
        "state": ACTIVE,
        "state_reason": None,
        "created_at": now,
        "modified_at": now,
    }


def calendar_row(person: int, now: datetime) -> dict[str, Any]:
    return {
        "id": person,
        "public_id": new_public_id(),
        "owner_id": person,
        "name": "Appointments",
        "colour": "green",
        "is_default": True,
        "version": 1,
        "created_at": now,
    }


def appointment_rows(book: Book, now: datetime) -> Iterator[dict[str, Any]]:
    """Return everybody's first appointment, then everybody's second, as time brings them."""
    for number, entry in enumerate(books.entries(book, now)):
        always = what_everybody_has(entry, now)
        # The texts of a search differ by nothing but the title.
        rest = search_text_of("", entry.location or "", entry.description or "")
        for person in range(1, book.people + 1):
            title = entry.title(person)
            yield {
                **always,
                "id": number * book.people + person,
                "public_id": new_public_id(),
                "calendar_id": person,
                "owner_id": person,
                "title": title,
                "search_text": title.casefold() + rest,
            }


def what_everybody_has(entry: Entry, now: datetime) -> dict[str, Any]:
    start, end = entry.start.replace(tzinfo=ZONE), entry.end.replace(tzinfo=ZONE)
    return {
        "location": entry.location or "",
        "description": entry.description or "",
        "starts_at": start,
        "ends_at": end,
        "zone": ZONE.key,
        "all_day": entry.all_day,
        "first_day": start.date() if entry.all_day else None,
        "last_day": (end - timedelta(days=1)).date() if entry.all_day else None,
        "is_long": is_long(end - start),
        "version": 1,
        "deleted_at": None,
        "created_at": now,
        "modified_at": now,
    }

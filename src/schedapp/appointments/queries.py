"""Finding appointments, always for their owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.orm import Session

from schedapp.appointments.models import Appointment, Calendar
from schedapp.appointments.rules import LONG
from schedapp.plumbing.database import Moment, not_by_index
from schedapp.plumbing.identifiers import is_public_id
from schedapp.plumbing.lookups import LookUp, LookUps

WINDOW = 50

_ACROSS_ZONES = timedelta(hours=26)
"""How far a day in one zone may lie from the same day in another (UTC-12 to UTC+14)."""


@dataclass(frozen=True, slots=True)
class Key:
    """A place in the order of appointments: a start, and an id where several start together."""

    starts_at: datetime
    public_id: str


class Listed(NamedTuple):
    """An appointment as lists need it."""

    public_id: str
    version: int
    title: str
    location: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    all_day: bool
    first_day: date | None
    last_day: date | None

    @property
    def key(self) -> Key:
        """Where this one stands in the order."""
        return Key(self.starts_at, self.public_id)


_LISTED = (
    Appointment.public_id,
    Appointment.version,
    Appointment.title,
    Appointment.location,
    Appointment.starts_at,
    Appointment.ends_at,
    Appointment.zone,
    Appointment.all_day,
    Appointment.first_day,
    Appointment.last_day,
)


def _of(owner_id: int) -> Select[*tuple[Any, ...]]:
    return select(*_LISTED).where(
        Appointment.owner_id == owner_id, Appointment.deleted_at.is_(None)
    )


def _listed(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Listed]:
    return list(map(Listed._make, rows))


_VERSIONS = LookUp(
    select(Calendar.id, Calendar.version)
    .where(Calendar.owner_id == bindparam("owner_id"))
    .order_by(Calendar.id)
)


def book_version(owner_id: int, *, look_ups: LookUps | None = None) -> tuple[tuple[int, int], ...]:
    """Return the id and version of each of the owner's calendars: equal ones mean equal pages."""
    return tuple(_VERSIONS.rows(on=look_ups, owner_id=owner_id))


def appointment_of(
    db: Session,
    owner_id: int,
    public_id: str,
    *,
    deleted_since: datetime | None = None,
    lock: bool = False,
) -> Appointment | None:
    """Return the owner's own appointment, or None; another owner's is None too.

    A deleted one is None as well, unless it was deleted since a moment that is given.
    """
    if not is_public_id(public_id):
        return None
    is_there: ColumnElement[bool] = Appointment.deleted_at.is_(None)
    if deleted_since is not None:
        is_there = or_(is_there, Appointment.deleted_at >= deleted_since)
    wanted = select(Appointment).where(
        Appointment.public_id == public_id, Appointment.owner_id == owner_id, is_there
    )
    return db.scalar(wanted.with_for_update() if lock else wanted)


# What is 0 or 1 on SQLite is as good as False or True here, and costs nothing to read.
_AS_STORED = (type_coerce(c, Integer) if c.type.python_type is bool else c for c in _LISTED)
_OWN = select(*_AS_STORED).where(
    Appointment.owner_id == bindparam("owner_id"), Appointment.deleted_at.is_(None)
)

_WHICH_COME = (
    select(Appointment.public_id, Appointment.version)
    .where(
        Appointment.owner_id == bindparam("owner_id"),
        Appointment.deleted_at.is_(None),
        Appointment.starts_at >= bindparam("starting"),
    )
    .order_by(Appointment.starts_at, Appointment.public_id)
    .limit(bindparam("limit"))
)
_UPCOMING_NAMES = LookUp(_WHICH_COME)
_UPCOMING = LookUp(
    _OWN.where(Appointment.starts_at >= bindparam("starting"))
    .order_by(Appointment.starts_at, Appointment.public_id)
    .limit(bindparam("limit"))
)

_known: dict[tuple[str, int], Listed] = {}
_KNOWN_MOST = 20_000


def upcoming(owner_id: int, *, starting: datetime, limit: int = WINDOW + 1) -> list[Listed]:
    """Return what starts at a moment or later, in order.

    Which these are, and of which version, an index alone tells; what they hold is looked up only
    when one of them is not known in that version.
    """
    names = _UPCOMING_NAMES.rows(owner_id=owner_id, starting=starting, limit=limit)
    known = [_known.get(name) for name in names]
    if None not in known:
        return known  # type: ignore[return-value]
    rows = _UPCOMING.rows(owner_id=owner_id, starting=starting, limit=limit)
    found = list(map(Listed._make, rows))
    if len(_known) > _KNOWN_MOST:
        _known.clear()
    _known.update({each[:2]: each for each in found})
    return found


_OPEN_THEN = or_(
    and_(~Appointment.all_day, Appointment.ends_at > bindparam("at")),
    and_(Appointment.all_day, Appointment.last_day >= bindparam("today")),
)
_RUNNING = LookUp(
    _OWN.where(
        Appointment.starts_at < bindparam("at"),
        Appointment.starts_at >= bindparam("short_since"),
        ~Appointment.is_long,
        _OPEN_THEN,
    ).union_all(
        _OWN.where(
            Appointment.is_long,
            Appointment.ends_at > bindparam("long_until"),
            not_by_index(Appointment.starts_at) < bindparam("at"),
            _OPEN_THEN,
        )
    )
)


def running(owner_id: int, *, at: datetime, today: date) -> list[Listed]:
    """Return what started before a moment and is not over then, in order.

    Days count by their date, wherever they were meant.
    """
    rows = _RUNNING.rows(
        owner_id=owner_id,
        at=at,
        today=today,
        short_since=at - LONG - _ACROSS_ZONES,
        long_until=at - _ACROSS_ZONES,
    )
    found = list(map(Listed._make, rows))
    return sorted(found, key=lambda each: (each.starts_at, each.public_id))


def after(db: Session, owner_id: int, key: Key, *, limit: int = WINDOW + 1) -> list[Listed]:
    """Return what stands after a place in the order."""
    found = db.execute(
        _of(owner_id)
        .where(_place() > _place_of(key))
        .order_by(Appointment.starts_at, Appointment.public_id)
        .limit(limit)
    )
    return _listed(found.all())


def before(db: Session, owner_id: int, key: Key, *, limit: int = WINDOW + 1) -> list[Listed]:
    """Return what stands before a place in the order, the nearest ones, in order."""
    found = db.execute(
        _of(owner_id)
        .where(_place() < _place_of(key))
        .order_by(Appointment.starts_at.desc(), Appointment.public_id.desc())
        .limit(limit)
    )
    return _listed(found.all())[::-1]


def _place() -> Any:
    return tuple_(Appointment.starts_at, Appointment.public_id)


def _place_of(key: Key) -> Any:
    # In a tuple a value does not take its type from the column that it is compared with.
    return tuple_(literal(key.starts_at, Moment()), key.public_id)


def matching(
    db: Session,
    owner_id: int,
    words: Sequence[str],
    *,
    before: Key | None = None,
    limit: int = WINDOW + 1,
) -> list[Listed]:
    """Return what has all the words in title, location or description, the latest start first."""
    wanted = _of(owner_id).where(*(_has(word) for word in words))
    if before is not None:
        wanted = wanted.where(_place() < _place_of(before))
    found = db.execute(
        wanted.order_by(Appointment.starts_at.desc(), Appointment.public_id.desc()).limit(limit)
    )
    return _listed(found.all())


def _has(word: str) -> ColumnElement[bool]:
    return Appointment.search_text.contains(word, autoescape=True)


_MEETS = and_(
    Appointment.public_id != bindparam("public_id"),
    ~Appointment.all_day,
    or_(
        and_(Appointment.starts_at < bindparam("end"), Appointment.ends_at > bindparam("start")),
        Appointment.starts_at == bindparam("start"),
    ),
)
_OVERLAPPING = LookUp(
    _OWN.where(
        Appointment.starts_at >= bindparam("short_since"),
        Appointment.starts_at <= bindparam("end"),
        ~Appointment.is_long,
        _MEETS,
    )
    .limit(20)
    .subquery()
    .select()
    .union_all(
        _OWN.where(
            Appointment.is_long,
            Appointment.ends_at >= bindparam("start"),
            not_by_index(Appointment.starts_at) <= bindparam("end"),
            _MEETS,
        )
        .limit(20)
        .subquery()
        .select()
    )
)


def overlapping(appointment: Appointment) -> list[Listed]:
    """Return the owner's other appointments at the same time; whole days stand in nobody's way."""
    if appointment.all_day:
        return []
    rows = _OVERLAPPING.rows(
        owner_id=appointment.owner_id,
        public_id=appointment.public_id,
        start=appointment.starts_at,
        end=appointment.ends_at,
        short_since=appointment.starts_at - LONG,
    )
    found = list(map(Listed._make, rows))
    return sorted(found, key=lambda each: (each.starts_at, each.public_id))


def is_empty(db: Session, owner_id: int) -> bool:
    """Say whether there is nothing in the owner's book."""
    return db.execute(_of(owner_id).limit(1)).first() is None

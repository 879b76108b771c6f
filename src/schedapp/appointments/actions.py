"""What can be done with appointments. Nothing here commits: the door does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from schedapp.accounts.models import User
from schedapp.appointments import rules
from schedapp.appointments.models import Appointment, Calendar
from schedapp.core.spans import DaySpan, Notice, Span, all_day_span, moments_of_days, timed_span
from schedapp.core.zones import zone_named
from schedapp.plumbing.changes import Change
from schedapp.plumbing.identifiers import new_public_id


@dataclass(frozen=True)
class Draft:
    """An appointment as somebody wrote it down: wall-clock times, or days, in a zone.

    `start_second` and `end_second` choose the second of two equal wall-clock times. An end that
    is None is one hour, or the same day.
    """

    title: str
    start: datetime
    end: datetime | None
    all_day: bool
    location: str
    description: str
    zone: str
    start_second: bool = False
    end_second: bool = False


@dataclass(frozen=True)
class Times:
    """When a draft is, worked out; with what there is to be said about it."""

    span: Span
    days: DaySpan | None
    notices: tuple[Notice, ...]

    @property
    def starts_at(self) -> datetime:
        """The moment of the start."""
        return self.span.start

    @property
    def ends_at(self) -> datetime:
        """The moment of the end."""
        return self.span.end

    @property
    def all_day(self) -> bool:
        """Whether the days count and not the moments."""
        return self.days is not None

    @property
    def first_day(self) -> date | None:
        """The first day, where days count."""
        return self.days.first if self.days else None

    @property
    def last_day(self) -> date | None:
        """The last day, included, where days count."""
        return self.days.last if self.days else None


class Changed(Exception):
    """Somebody else changed or deleted the appointment since it was looked at."""


def times_of(draft: Draft) -> Times:
    """Work out when a draft is.

    Raises:
        Refused: if the end is before the start, or the zone or the year is out of reach.
    """
    zone = zone_named(draft.zone)
    if draft.all_day:
        days = all_day_span(draft.start.date(), draft.end.date() if draft.end else None)
        return Times(moments_of_days(days, zone), days, ())
    timed = timed_span(
        draft.start,
        draft.end,
        zone,
        start_second=draft.start_second,
        end_second=draft.end_second,
    )
    return Times(timed.span, None, timed.notices)


def create_appointment(
    db: Session, owner_id: int, draft: Draft, *, now: datetime
) -> tuple[Appointment, tuple[Notice, ...]]:
    """Write an appointment into its owner's default calendar.

    Returns it, and what the person should be told about its times.

    Raises:
        Refused: as `times_of` does, or if a text may not be so.
    """
    times = _checked(draft)
    appointment = Appointment(
        public_id=new_public_id(),
        calendar_id=_RAISE_DEFAULT.made(db, owner=owner_id),
        owner_id=owner_id,
        version=1,
        deleted_at=None,
        created_at=now,
        **_written(draft, times, now=now),
    )
    appointment.id = _INSERT.made(db, **{name: getattr(appointment, name) for name in _COLUMNS})
    return appointment, times.notices


def edit_appointment(
    db: Session, appointment: Appointment, draft: Draft, *, seen: int | None, now: datetime
) -> tuple[Notice, ...]:
    """Write an appointment anew; a deleted one is put back with that.

    `seen` is the version that the writer had in front of them. What stands there already is not
    written again, whoever wrote it.

    Raises:
        Refused: as `times_of` does, or if a text may not be so.
        Changed: if it has another version by now; nothing is written then.
    """
    times = _checked(draft)
    if appointment.deleted_at is None and _says(appointment, draft, times):
        return times.notices
    if seen is not None and seen != appointment.version:
        raise Changed
    _change(db, appointment, deleted_at=None, **_written(draft, times, now=now))
    return times.notices


def delete_appointment(db: Session, appointment: Appointment, *, now: datetime) -> None:
    """Take an appointment out of the book, unless it is out; it can be put back for a while."""
    if appointment.deleted_at is None:
        _change(db, appointment, deleted_at=now, modified_at=now)


def restore_appointment(db: Session, appointment: Appointment, *, now: datetime) -> None:
    """Put a deleted appointment back, unless it is back."""
    if appointment.deleted_at is not None:
        _change(db, appointment, deleted_at=None, modified_at=now)


def make_default_calendar(user: User, *, db: Session, now: datetime) -> None:
    """Give a new user a calendar to write in."""
    db.add(
        Calendar(
            public_id=new_public_id(),
            owner_id=user.id,
            name="Appointments",
            colour="green",
            is_default=True,
            version=1,
            created_at=now,
        )
    )


def _checked(draft: Draft) -> Times:
    rules.check_title(draft.title)
    rules.check_location(draft.location)
    rules.check_description(draft.description)
    return times_of(draft)


def _says(appointment: Appointment, draft: Draft, times: Times) -> bool:
    """Tell whether an appointment says what a draft says."""
    if appointment.all_day or times.all_day:
        is_then = (appointment.first_day, appointment.last_day) == (
            times.first_day,
            times.last_day,
        )
    else:
        is_then = (appointment.starts_at, appointment.ends_at) == (times.starts_at, times.ends_at)
    return is_then and all(
        getattr(appointment, name) == getattr(draft, name)
        for name in ("title", "location", "description", "zone", "all_day")
    )


def _written(draft: Draft, times: Times, *, now: datetime) -> dict[str, Any]:
    """Return the values of the columns that say what a draft says."""
    return {
        "title": draft.title,
        "location": draft.location,
        "description": draft.description,
        "search_text": rules.search_text_of(draft.title, draft.location, draft.description),
        "starts_at": times.starts_at,
        "ends_at": times.ends_at,
        "zone": draft.zone,
        "all_day": draft.all_day,
        "first_day": times.first_day,
        "last_day": times.last_day,
        "is_long": rules.is_long(times.span.duration),
        "modified_at": now,
    }


_COLUMNS = tuple(each.name for each in Appointment.__table__.columns if each.name != "id")
_CHANGING = tuple(
    name for name in _COLUMNS if name not in {"public_id", "owner_id", "calendar_id", "created_at"}
)
_INSERT = Change(
    insert(Appointment)
    .values({name: bindparam(name) for name in _COLUMNS})
    .returning(Appointment.id)
)
_UPDATE = Change(
    update(Appointment)
    .where(Appointment.id == bindparam("row"))
    .values({name: bindparam(name) for name in _CHANGING})
)
_RAISED = update(Calendar).values(version=Calendar.version + 1)
_RAISE = Change(_RAISED.where(Calendar.id == bindparam("calendar")))
_RAISE_DEFAULT = Change(
    _RAISED.where(Calendar.owner_id == bindparam("owner"), Calendar.is_default).returning(
        Calendar.id
    )
)


def _change(db: Session, appointment: Appointment, **values: Any) -> None:
    """Give an appointment new values and a new version, and its calendar one."""
    # What the session knows it would write itself, at several times the cost.
    db.expunge(appointment)
    for name, value in values.items():
        setattr(appointment, name, value)
    appointment.version += 1
    _UPDATE.make(
        db, row=appointment.id, **{name: getattr(appointment, name) for name in _CHANGING}
    )
    # The calendar comes after the appointment everywhere, so no two transactions can each hold
    # what the other waits for.
    _RAISE.make(db, calendar=appointment.calendar_id)


def as_draft(appointment: Appointment) -> Draft:
    """Return an appointment as somebody would have written it down, in its own zone."""
    zone = zone_named(appointment.zone)
    if appointment.all_day and appointment.first_day and appointment.last_day:
        start, end = _midnight(appointment.first_day), _midnight(appointment.last_day)
        second = (False, False)
    else:
        starts, ends = (
            moment.astimezone(zone) for moment in (appointment.starts_at, appointment.ends_at)
        )
        start, end = starts.replace(tzinfo=None, fold=0), ends.replace(tzinfo=None, fold=0)
        second = (bool(starts.fold), bool(ends.fold))
    return Draft(
        title=appointment.title,
        start=start,
        end=end,
        all_day=appointment.all_day,
        location=appointment.location,
        description=appointment.description,
        zone=appointment.zone,
        start_second=second[0],
        end_second=second[1],
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  (a wall-clock time has no zone)

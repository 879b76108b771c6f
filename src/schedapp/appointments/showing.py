"""An appointment as the pages tell it: ready values, in the reader's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import url_for
from flask_babel import gettext as _

from schedapp.appointments.actions import times_of
from schedapp.appointments.agenda import ShownMargin, shown_margin
from schedapp.core.agenda import days_of
from schedapp.core.zones import day_of, zone_named
from schedapp.plumbing.phrases import Reader, length_said, when

if TYPE_CHECKING:
    from schedapp.appointments.actions import Draft
    from schedapp.appointments.models import Appointment
    from schedapp.appointments.queries import Listed


@dataclass(frozen=True)
class Other:
    """Another appointment that the page names."""

    title: str
    url: str
    when_text: str


@dataclass(frozen=True)
class Shown:
    """An appointment as its page tells it; `duration_text` is empty where the times say it."""

    title: str
    location: str
    description: str
    day: ShownMargin
    when_text: str
    duration_text: str
    overlaps: list[Other]
    url: str
    edit_url: str
    delete_url: str


def shown(
    appointment: Appointment, reader: Reader, *, now: datetime, others: Sequence[Listed] = ()
) -> Shown:
    """Tell a reader an appointment, and which others there are at the same time."""
    zone = zone_named(reader.zone)
    today = day_of(now, zone)
    public_id = appointment.public_id
    when_text = when(appointment, reader, meant_in=appointment.zone)
    duration_text = length_said(appointment)
    is_moment = appointment.starts_at == appointment.ends_at and not appointment.all_day
    return Shown(
        title=appointment.title,
        location=appointment.location,
        description=appointment.description,
        day=shown_margin(days_of(appointment, zone).first, reader, today=today),
        when_text=when_text,
        duration_text="" if is_moment or duration_text in when_text else duration_text,
        overlaps=[
            Other(
                title=other.title,
                url=url_for("appointments.show", public_id=other.public_id),
                when_text=when(other, reader, today=today),
            )
            for other in others
        ],
        url=url_for("appointments.show", public_id=public_id),
        edit_url=url_for("appointments.edit", public_id=public_id),
        delete_url=url_for("appointments.delete", public_id=public_id),
    )


def day_of_draft(start: datetime | None, reader: Reader, *, now: datetime) -> ShownMargin:
    """Tell a reader the day that they are about to write on; today, until they name one."""
    today = day_of(now, zone_named(reader.zone))
    return shown_margin(start.date() if start else today, reader, today=today)


@dataclass(frozen=True)
class Difference:
    """One field of an appointment as it is now, and as one wrote it."""

    label: str
    theirs: str
    yours: str

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.theirs != self.yours


@dataclass(frozen=True)
class Conflict:
    """What two people wrote at the same time, side by side."""

    fields: list[Difference]
    was_deleted: bool


def conflict(theirs: Appointment, yours: Draft, reader: Reader) -> Conflict:
    """Put what is saved now beside what somebody wrote meanwhile."""
    pairs = [
        (_("Title"), theirs.title, yours.title),
        (
            _("When"),
            when(theirs, reader, meant_in=theirs.zone),
            when(times_of(yours), reader, meant_in=yours.zone),
        ),
        (_("Place"), theirs.location, yours.location),
        (_("Description"), theirs.description, yours.description),
    ]
    return Conflict([Difference(*pair) for pair in pairs], theirs.deleted_at is not None)

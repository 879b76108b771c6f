"""Stretches of time: between two moments, or over whole days; and what a form means by them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from schedapp.core.errors import Refused
from schedapp.core.zones import (
    Kind,
    WallTime,
    check_is_within_reach,
    first_moment_of,
    meaning_of,
    wall_time_of,
)

USUAL_LENGTH = timedelta(hours=1)
"""How long an appointment lasts whose end was left empty."""

Field: TypeAlias = Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time from its start up to, not including, its end.

    It may have no length: then it is the moment of its start ("call Ben, 10:00").
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError("a span is between moments, in UTC")
        if self.end < self.start:
            raise ValueError("a span does not end before it starts")

    @property
    def duration(self) -> timedelta:
        """The time that passes, whatever the clocks show meanwhile."""
        return self.end - self.start

    def contains(self, moment: datetime) -> bool:
        """Tell whether a moment lies in the span: its start does, its end does not.

        A span without length contains the one moment that it is.
        """
        return self.start <= moment < self.end or moment == self.start

    def overlaps(self, other: "Span") -> bool:
        """Tell whether two spans have a moment in common; spans that only touch have none."""
        return self.start == other.start or (self.start < other.end and other.start < self.end)


@dataclass(frozen=True, slots=True)
class DaySpan:
    """Days on a calendar, wherever it hangs; the last one is included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("days do not end before they begin")

    @property
    def number_of_days(self) -> int:
        """How many days these are; at least one."""
        return (self.last - self.first).days + 1

    def contains(self, day: date) -> bool:
        """Tell whether a day is one of these."""
        return self.first <= day <= self.last

    def overlaps(self, other: "DaySpan") -> bool:
        """Tell whether there is a day in both."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class MovedOn:
    """To be said: the clocks skip the time that was asked for, so it became a later one."""

    field: Field
    asked: datetime
    became: datetime


@dataclass(frozen=True, slots=True)
class TookFirst:
    """To be said: the clocks show the time twice, and the first was taken."""

    field: Field
    wall: datetime


Notice: TypeAlias = MovedOn | TookFirst


@dataclass(frozen=True, slots=True)
class TimedSpan:
    """A span as it was asked for in a form, and what the person should be told about it."""

    span: Span
    notices: tuple[Notice, ...]


def timed_span(
    start_wall: datetime,
    end_wall: datetime | None,
    zone: ZoneInfo,
    *,
    start_second: bool = False,
    end_second: bool = False,
) -> TimedSpan:
    """Return the span between two wall-clock times of a zone.

    An end left empty (None) is an hour after the start, by a stop-watch. An end on the start is
    allowed. What comes first is decided by moments: in autumn 02:15 may well follow 02:45. With
    `start_second` or `end_second`, that time means the second where the clocks show it twice;
    the end does so unasked if that keeps the order that was typed (the second 02:10 to 02:40).

    Raises:
        ValueError: if a wall-clock time already has a time zone.
        Refused: if the end is before the start (field "end"), or a year is out of reach.
    """
    check_is_within_reach(start_wall, field="start")
    start = meaning_of(start_wall, zone, second=start_second)
    notices = _notices("start", start_wall, start, second=start_second)
    if end_wall is None:
        end_moment = start.moment + USUAL_LENGTH
        check_is_within_reach(wall_time_of(end_moment, zone), field="end")
        return TimedSpan(Span(start.moment, end_moment), notices)

    check_is_within_reach(end_wall, field="end")
    second = end_second or _can_only_be_second(start_wall, start, end_wall, zone)
    end = meaning_of(end_wall, zone, second=second)
    if end.moment < start.moment:
        raise _refusal_of_end(start_wall, start, end_wall, end)
    return TimedSpan(
        Span(start.moment, end.moment), notices + _notices("end", end_wall, end, second=second)
    )


def all_day_span(first: date, last: date | None) -> DaySpan:
    """Return the days from the first to the last, included; None means the first only.

    Raises:
        Refused: if the last is before the first (field "end"), or a year is out of reach.
    """
    check_is_within_reach(first, field="start")
    if last is None:
        return DaySpan(first, first)
    check_is_within_reach(last, field="end")
    if last < first:
        raise Refused("The last day is before the first. Please choose a later one.", field="end")
    return DaySpan(first, last)


def moments_of_days(days: DaySpan, zone: ZoneInfo) -> Span:
    """Return the span that whole days are in a zone, up to the first moment of the day after.

    A day that the calendar of the zone skips has no length.

    Raises:
        Refused: if a year is out of reach.
    """
    check_is_within_reach(days.first)
    check_is_within_reach(days.last)
    return Span(
        first_moment_of(days.first, zone), first_moment_of(days.last + timedelta(days=1), zone)
    )


def _can_only_be_second(
    start_wall: datetime, start: WallTime, end_wall: datetime, zone: ZoneInfo
) -> bool:
    return (
        end_wall >= start_wall
        and start.kind is Kind.TWICE
        and meaning_of(end_wall, zone).moment < start.moment
    )


def _refusal_of_end(
    start_wall: datetime, start: WallTime, end_wall: datetime, end: WallTime
) -> Refused:
    if start.kind is Kind.MISSING and end_wall >= start_wall:
        return Refused(
            "The clocks skip the start that you chose: it moves on, and would be after the end. "
            "Please choose a later end.",
            field="end",
        )
    if end.moments[-1] >= start.moment:
        return Refused(
            "The end is before the start, unless you mean the second time the clocks show it.",
            field="end",
        )
    return Refused("The end is before the start. Please choose a later end.", field="end")


def _notices(
    field: Field, asked: datetime, meaning: WallTime, *, second: bool
) -> tuple[Notice, ...]:
    if meaning.kind is Kind.MISSING:
        return (MovedOn(field, asked, meaning.becomes),)
    if meaning.kind is Kind.TWICE and not second:
        return (TookFirst(field, asked),)
    return ()

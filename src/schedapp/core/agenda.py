"""Which appointments are listed under which day, in which order, and where "now" is among them."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Generic, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from schedapp.core.spans import DaySpan
from schedapp.core.zones import day_of, first_moment_of

_ONE_DAY = timedelta(days=1)
_LEAST = timedelta(microseconds=1)
_NEVER = (datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))


class Entry(Protocol):
    """What can be listed: an appointment, or a row that knows as much."""

    @property
    def starts_at(self) -> datetime:
        """When it starts, in UTC."""

    @property
    def ends_at(self) -> datetime:
        """When it ends, in UTC; all-day entries have both moments too."""

    @property
    def all_day(self) -> bool:
        """Whether it is about whole days."""

    @property
    def first_day(self) -> date | None:
        """The first of them, in every zone."""

    @property
    def last_day(self) -> date | None:
        """The last of them, included."""


EntryT = TypeVar("EntryT", bound=Entry)


class Part(Enum):
    """Which of an entry's days a line stands for."""

    WHOLE = "whole"
    FIRST = "first"
    MIDDLE = "middle"
    LAST = "last"


class Line(NamedTuple, Generic[EntryT]):
    """An entry under one of its days: the `number`th, from 1, of `number_of_days`."""

    entry: EntryT
    part: Part
    number: int
    number_of_days: int


class AgendaDay(NamedTuple, Generic[EntryT]):
    """A day on which something is listed."""

    day: date
    lines: list[Line[EntryT]]


def days_of(entry: Entry, zone: ZoneInfo) -> DaySpan:
    """Return the days that an entry touches on the calendars of a zone.

    One that ends at midnight does not touch the day after; one without length is on one day.
    """
    if entry.all_day:
        return _dates_of(entry)
    first = day_of(entry.starts_at, zone)
    if entry.ends_at == entry.starts_at:
        return DaySpan(first, first)
    return DaySpan(first, max(first, day_of(entry.ends_at - _LEAST, zone)))


def agenda(
    entries: Iterable[EntryT],
    zone: ZoneInfo,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
) -> list[AgendaDay[EntryT]]:
    """Return the days on which something is, in order, each with its lines in order.

    `first_day` and `last_day` bound the window; None leaves it open. Entries that do not touch the
    window are left out. One of many days is listed on its first day in the window, on its last if
    that is in the window, and in between on the days that something else begins or ends on: a
    journey of forty days neither fills forty days nor is forgotten on one that is shown.

    In a day, whole days and what continues from the day before come first; then what starts
    earlier, then what ends earlier, then what was given earlier.
    """
    whole = Part.WHOLE  # looked up once: an enumeration's members are slow to reach
    listed: defaultdict[date, list[_Placed[EntryT]]] = defaultdict(list)
    long: list[tuple[int, EntryT, DaySpan, date]] = []

    for order, (entry, first, last) in enumerate(_with_days(entries, zone)):
        if first_day is not None and last < first_day:
            continue
        if last_day is not None and first > last_day:
            continue
        if first == last:
            listed[first].append(_placed(order, entry, whole, 1, 1))
            continue
        shown_first = first if first_day is None else max(first, first_day)
        long.append((order, entry, DaySpan(first, last), shown_first))
        listed[shown_first] += ()
        if last_day is None or last <= last_day:
            listed[last] += ()

    dates = sorted(listed)
    for order, entry, days, shown_first in long:
        count = days.number_of_days
        parts = {1: Part.FIRST, count: Part.LAST}
        for day in dates[bisect_left(dates, shown_first) : bisect_right(dates, days.last)]:
            number = (day - days.first).days + 1
            part = parts.get(number, Part.MIDDLE)
            listed[day].append(_placed(order, entry, part, number, count))

    return [AgendaDay(day, _in_order(listed[day])) for day in dates]


def place_of_now(days: Iterable[AgendaDay[EntryT]], *, today: date, now: datetime) -> int | None:
    """Return which of today's lines "now" stands before: the first that starts after it.

    After all of them it is their number; where today is not listed, None.
    """
    for day, lines in days:
        if day == today:
            for index, line in enumerate(lines):
                if not line.entry.all_day and line.entry.starts_at > now:
                    return index
            return len(lines)
    return None


_Placed = tuple[bool, datetime, datetime, int, Line[EntryT]]


def _placed(
    order: int, entry: EntryT, part: Part, number: int, number_of_days: int
) -> _Placed[EntryT]:
    begins_by_the_clock = number == 1 and not entry.all_day
    line = Line(entry, part, number, number_of_days)
    return begins_by_the_clock, entry.starts_at, entry.ends_at, order, line


def _in_order(placed: list[_Placed[EntryT]]) -> list[Line[EntryT]]:
    placed.sort()  # `order` is different for each, so that lines are never compared
    return [each[4] for each in placed]


def _with_days(entries: Iterable[EntryT], zone: ZoneInfo) -> Iterator[tuple[EntryT, date, date]]:
    """Do what `days_of` does, for many: comparing costs less than looking at a calendar."""
    day, (since, until) = date.min, _NEVER
    for entry in entries:
        if entry.all_day:
            days = _dates_of(entry)
            yield entry, days.first, days.last
            continue
        starts_at, ends_at = entry.starts_at, entry.ends_at
        if not since <= starts_at < until:
            day = day_of(starts_at, zone)
            since, until = _moments_between_midnights(day, zone)
        if ends_at <= until or ends_at == starts_at:
            yield entry, day, day
        else:
            yield entry, day, max(day, day_of(ends_at - _LEAST, zone))


@lru_cache(maxsize=4096)
def _moments_between_midnights(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return from when and until when it is surely this day.

    Where the clocks change, the date may go back for a while (St. John's did so at 00:01).
    """
    since, until = first_moment_of(day, zone), first_moment_of(day + _ONE_DAY, zone)
    return (since, until) if until - since == _ONE_DAY else _NEVER


def _dates_of(entry: Entry) -> DaySpan:
    if entry.first_day is None or entry.last_day is None:
        raise ValueError("an all-day entry has a first and a last day")
    return DaySpan(entry.first_day, entry.last_day)

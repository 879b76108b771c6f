"""How times, days and durations are said to a reader: in their language, zone and habits.

Names and orders come from Babel's locale data, words from the catalogues in the language of the
request, which is the reader's. What must not be torn apart at the end of a line is held together
by no-break spaces. Seconds are never said.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import flask_babel
from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone_location

from schedapp.core.agenda import Entry, EntryT, Line, Part, days_of
from schedapp.core.spans import DaySpan, MovedOn, Notice
from schedapp.core.zones import wall_time_of, zone_named, zone_names

gettext: Callable[..., str] = flask_babel.gettext
ngettext: Callable[..., str] = flask_babel.ngettext

HourCycle: TypeAlias = Literal[12, 24]

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

_NBSP = "\u00a0"
_JOINER = "\u2060"  # lines may break after a dash, whatever follows it; not before this
_DASH = f"{_NBSP}–{_JOINER}{_NBSP}"
_PLAIN_ENGLISH = {"en": "en_GB"}  # English without a country: the day first, 24 hours
_FULL_DATES = {"en_GB": "EEEE d MMMM y"}  # without the comma that runs into the next one


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom something is said to: their language, zone and habits; None leaves it to the language.

    A week starts on 0, a Monday, to 6, a Sunday.
    """

    locale: str
    zone: str
    hour_cycle: HourCycle | None = None
    week_starts_on: int | None = None


class Margin(NamedTuple):
    """A day as it stands in the margin of the agenda; the year only if it is not this one."""

    numeral: str
    weekday: str
    month: str
    year: str


class Weekday(NamedTuple):
    """A day of the week: 0 is Monday; its name alone, and short."""

    number: int
    name: str
    short: str


# Times


def time_said(wall: datetime | time, reader: Reader) -> str:
    """Say a wall-clock time: "09:00", "9:00 AM"."""
    return _clock(reader.locale, reader.hour_cycle).said[wall.hour * 60 + wall.minute]


def time_of_day(moment: datetime, reader: Reader) -> str:
    """Say what the reader's clock shows at a moment."""
    return time_said(wall_time_of(moment, zone_named(reader.zone)), reader)


def times_said(start: datetime, end: datetime, reader: Reader) -> str:
    """Say a span by the reader's clock: "09:00 – 10:30", "9:00 – 10:30 AM", "22:00 – Sat 06:00".

    A span without length is one time. An end at midnight needs no weekday.
    """
    zone = zone_named(reader.zone)
    return _times(start.astimezone(zone), end.astimezone(zone), reader)


def line_said(line: Line[EntryT], reader: Reader) -> str:
    """Say what stands before a title in the agenda: "09:00 – 10:30", "until Fri 14 Mar"."""
    entry, part = line.entry, line.part
    if part is Part.WHOLE:
        return (
            gettext("all day")
            if entry.all_day
            else times_said(entry.starts_at, entry.ends_at, reader)
        )
    zone = zone_named(reader.zone)
    if part is Part.LAST:
        if entry.all_day:
            return gettext("last day")
        return _until_time(entry.ends_at.astimezone(zone), reader)
    days = days_of(entry, zone)
    last = days.last
    until = gettext(
        "until %(day)s", day=short_date(last, reader, year=last.year != days.first.year)
    )
    if entry.all_day or part is Part.MIDDLE:
        return until
    start, end = entry.starts_at.astimezone(zone), entry.ends_at.astimezone(zone)
    if line.number_of_days == 2 and end.date() == last:
        return _times(start, end, reader)
    return gettext("%(time)s, %(until)s", time=time_said(start, reader), until=until)


# Days


def margin_of(day: date, reader: Reader, *, today: date) -> Margin:
    """Say a day as it stands in the margin of the agenda."""
    weekday, month = _margin_names(reader.locale, day.weekday(), day.month)
    return Margin(str(day.day), weekday, month, "" if day.year == today.year else str(day.year))


def day_said(day: date, reader: Reader, *, today: date) -> str:
    """Say a day as one would today: "tomorrow", "Friday 14 March", "Monday 14 March 2028"."""
    distance = (day - today).days
    if distance == 0:
        return gettext("today")
    if distance == 1:
        return gettext("tomorrow")
    if distance == -1:
        return gettext("yesterday")
    return long_date(day, reader, year=day.year != today.year)


def long_date(day: date, reader: Reader, *, year: bool = True) -> str:
    """Say a date in full: "Monday 1 March 2027", without the year if that is known."""
    return _long_date(day, reader.locale, year)


def short_date(day: date, reader: Reader, *, year: bool = False) -> str:
    """Say a date where there is little room: "Fri 14 Mar", with the year if that is asked for."""
    return _short_date(day, reader.locale, year)


def days_said(days: DaySpan, reader: Reader) -> str:
    """Say whole days in full: "Monday 1 March – Thursday 4 March 2027 (4 days)"."""
    if days.first == days.last:
        return long_date(days.first, reader)
    return gettext(
        "%(days)s (%(count)s)",
        days=_DASH.join(_two_dates(days.first, days.last, reader)),
        count=_count_of_days(days.number_of_days),
    )


def first_weekday(reader: Reader) -> int:
    """Return the day that the reader's weeks start on, from 0, a Monday, to 6, a Sunday."""
    if reader.week_starts_on is not None:
        return reader.week_starts_on
    return int(_locale(reader.locale).first_week_day)


def weekdays(reader: Reader) -> tuple[Weekday, ...]:
    """Return the days of the week in the reader's order."""
    locale, first = _locale(reader.locale), first_weekday(reader)
    names = locale.days["stand-alone"]
    return tuple(
        Weekday(number, names["wide"][number], names["abbreviated"][number])
        for number in (each % 7 for each in range(first, first + 7))
    )


# Sentences


def when(
    entry: Entry, reader: Reader, *, meant_in: str | None = None, today: date | None = None
) -> str:
    """Say when an entry is: "Monday 1 March 2027, 09:00 – 10:30"; given today, "tomorrow, …".

    The duration is added where the clocks change meanwhile, and the times in the zone that it is
    `meant_in` where the clocks there show something else: "(03:00 – 04:30 in New York)".
    """
    zone = zone_named(reader.zone)
    days = days_of(entry, zone)
    if entry.all_day:
        if today is None or days.first != days.last:
            return days_said(days, reader)
        return day_said(days.first, reader, today=today)

    start, end = entry.starts_at.astimezone(zone), entry.ends_at.astimezone(zone)
    duration = entry.ends_at - entry.starts_at
    if days.first == days.last or duration < _DAY:
        day = (
            long_date(days.first, reader)
            if today is None
            else day_said(days.first, reader, today=today)
        )
        said = gettext("%(day)s, %(times)s", day=day, times=_times(start, end, reader))
    else:
        dates = _two_dates(start.date(), end.date(), reader)
        said = _DASH.join(
            gettext("%(day)s, %(times)s", day=day, times=time_said(wall, reader))
            for day, wall in zip(dates, (start, end), strict=True)
        )
    remarks = []
    if end - start != duration:  # within a zone, this is what the hands go
        remarks.append(duration_said(duration))
    if meant_in is not None and meant_in != reader.zone:
        there = zone_named(meant_in)
        start_there, end_there = start.astimezone(there), end.astimezone(there)
        if (start_there.utcoffset(), end_there.utcoffset()) != (
            start.utcoffset(),
            end.utcoffset(),
        ):
            times = _times(start_there, end_there, reader, from_date=start.date())
            remarks.append(
                gettext("%(times)s in %(place)s", times=times, place=place_said(meant_in, reader))
            )
    return f"{said} ({'; '.join(remarks)})" if remarks else said


def duration_said(duration: timedelta) -> str:
    """Say how long something lasts: "45 minutes", "1 hour 30 minutes", "3 days"."""
    days, rest = divmod(duration, _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes = rest // _MINUTE
    parts = []
    if days:
        parts.append(_count_of_days(days))
    if hours:
        parts.append(_held(ngettext("%(num)d hour", "%(num)d hours", hours)))
    if minutes or not parts:
        parts.append(_held(ngettext("%(num)d minute", "%(num)d minutes", minutes)))
    return " ".join(parts)


def length_said(entry: Entry) -> str:
    """Say how long an entry lasts; one of whole days in days, whatever the clocks do."""
    if entry.all_day:
        return _count_of_days(days_of(entry, _ANY_ZONE).number_of_days)
    return duration_said(entry.ends_at - entry.starts_at)


def notice_said(notice: Notice, reader: Reader) -> str:
    """Say what became of a time that the clocks skip, or show twice."""
    is_start = notice.field == "start"
    if isinstance(notice, MovedOn):
        asked, became = time_said(notice.asked, reader), time_said(notice.became, reader)
        if is_start:
            return gettext(
                "The clocks skip %(asked)s that day, so it starts at %(became)s.",
                asked=asked,
                became=became,
            )
        return gettext(
            "The clocks skip %(asked)s that day, so it ends at %(became)s.",
            asked=asked,
            became=became,
        )
    wall = time_said(notice.wall, reader)
    if is_start:
        return gettext(
            "The clocks show %(time)s twice that day; it starts the first time.", time=wall
        )
    return gettext("The clocks show %(time)s twice that day; it ends the first time.", time=wall)


def place_said(zone: str, reader: Reader) -> str:
    """Say where a zone is, by its city: "New York", "Vienna"."""
    return _city(zone, reader.locale)


def cities_said(locale_name: str) -> Mapping[str, str]:
    """Return how the city of each zone that people are offered is called: "Vienna", "Wien"."""
    return _cities(locale_name)


def sorting_key(text: str) -> str:
    """Return what a text is sorted by in a list for people: accents and capitals do not count."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()


# Values of fields


def datetime_field(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as a field of type datetime-local has it: "2027-03-01T09:00"."""
    wall = wall_time_of(moment, zone)
    return wall.isoformat(timespec="seconds" if wall.second else "minutes")


def date_field(day: date) -> str:
    """Return a day as a field of type date has it: "2027-03-01"."""
    return day.isoformat()


# What is worked out once per language


class _Times(dict[int, str]):
    """The minutes of a day as they are said by one kind of clock; worked out when first asked."""

    def __init__(self, pattern: str, locale: Locale) -> None:
        super().__init__()
        self.pattern = pattern
        self.locale = locale

    def __missing__(self, minute: int) -> str:
        wall = time(minute // 60, minute % 60)
        self[minute] = said = _held(format_time(wall, self.pattern, locale=self.locale))
        return said


class _Clock(NamedTuple):
    said: _Times
    without_half: _Times | None
    """The same without "AM" and "PM", where those stand at the end."""
    joiner: str


@lru_cache
def _clock(locale_name: str, hour_cycle: HourCycle | None) -> _Clock:
    locale = _locale(locale_name)
    pattern = str(locale.time_formats["short"].pattern)
    if hour_cycle is not None:
        pattern = str(locale.datetime_skeletons["hm" if hour_cycle == 12 else "Hm"].pattern)
    hours = re.sub(r"\s*[abB]+$", "", pattern)
    joiner = _DASH
    if locale.language != "en":  # whose locale data have it both ways
        start_of_span = str(locale.interval_formats["Hm"]["m"][0])
        joiner = re.sub(r"^.*\w", "", start_of_span).replace("\u2009", "\u202f") or _DASH
    return _Clock(
        _Times(pattern, locale),
        _Times(hours, locale) if hours != pattern else None,
        _held(joiner.replace(f"–{_JOINER}", "–").replace("–", f"–{_JOINER}")),
    )


@lru_cache
def _locale(name: str) -> Locale:
    return Locale.parse(_PLAIN_ENGLISH.get(name, name))


@lru_cache(maxsize=4096)
def _long_date(day: date, locale_name: str, year: bool) -> str:  # noqa: FBT001  a cache's key
    locale = _locale(locale_name)
    pattern = _FULL_DATES.get(str(locale)) or str(locale.date_formats["full"].pattern)
    if not year:
        pattern = re.sub(r"[\s,،]*('\w+'\s*)?y+年?", "", pattern)
    # A day and its month stay together, the rest may go to the next line.
    pattern = re.sub(r"(?<=d) (?=M)|(?<=d\.) (?=M)|(?<=M) (?=d)", _NBSP, pattern)
    return format_date(day, pattern, locale=locale)


@lru_cache(maxsize=4096)
def _short_date(day: date, locale_name: str, year: bool) -> str:  # noqa: FBT001  likewise
    skeleton = "yMMMEd" if year else "MMMEd"
    return _held(format_skeleton(skeleton, day, locale=_locale(locale_name)))


@lru_cache(maxsize=1024)
def _margin_names(locale_name: str, weekday: int, month: int) -> tuple[str, str]:
    locale = _locale(locale_name)
    return (
        locale.days["stand-alone"]["abbreviated"][weekday],
        locale.months["stand-alone"]["wide"][month],
    )


@lru_cache(maxsize=1024)
def _city(zone: str, locale_name: str) -> str:
    said = get_timezone_location(zone, locale=_locale(locale_name), return_city=True)
    return _held(said.rpartition("/")[2])


@lru_cache
def _cities(locale_name: str) -> dict[str, str]:
    known = _locale(locale_name).time_zones
    cities = {"UTC": "UTC"}
    for zone in zone_names():
        _, _, place = zone.replace("_", " ").partition("/")
        region, _, city = place.rpartition("/")
        if city:
            said = known.get(zone, {}).get("city") or city
            cities[zone] = said if not region or ", " in said else f"{said}, {region}"
    return cities


# Pieces


def _times(
    start: datetime, end: datetime, reader: Reader, *, from_date: date | None = None
) -> str:
    """Say two moments that are in a zone; weekdays where the date is not the one known by now."""
    clock = _clock(reader.locale, reader.hour_cycle)
    start_day, end_day = start.date(), end.date()
    first, last = (
        clock.said[start.hour * 60 + start.minute],
        clock.said[end.hour * 60 + end.minute],
    )
    if start == end and start.fold == end.fold:
        joined = first
    elif start_day == end_day:
        if clock.without_half is not None and start.hour // 12 == end.hour // 12:
            first = clock.without_half[start.hour * 60 + start.minute]
        joined = first + clock.joiner + last
    elif end_day - start_day == _DAY and end.time() == time.min:
        joined = first + clock.joiner + last
    else:
        joined = f"{first}{_DASH}{_weekday(end_day, reader)}{_NBSP}{last}"
    if from_date is None or from_date == start_day:
        return joined
    return f"{_weekday(start_day, reader)}{_NBSP}{joined}"


def _weekday(day: date, reader: Reader) -> str:
    return str(_locale(reader.locale).days["format"]["abbreviated"][day.weekday()])


def _until_time(end: datetime, reader: Reader) -> str:
    if end.time() == time.min:
        return gettext("until midnight")
    return gettext("until %(time)s", time=time_said(end, reader))


def _two_dates(first: date, last: date, reader: Reader) -> tuple[str, str]:
    """Say two dates of which one tells the year of both: the last, or the first where it leads."""
    if first.year != last.year:
        return long_date(first, reader), long_date(last, reader)
    year_leads = str(_locale(reader.locale).date_formats["full"].pattern).startswith("y")
    return (
        long_date(first, reader, year=year_leads),
        long_date(last, reader, year=not year_leads),
    )


def _count_of_days(number: int) -> str:
    return _held(ngettext("%(num)d day", "%(num)d days", number))


def _held(text: str) -> str:
    return text.replace(" ", _NBSP)


_ANY_ZONE = zone_named("UTC")  # whole days are the same everywhere

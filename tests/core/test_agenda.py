from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.times import at, change_in, instants, utc, zones

from schedapp.core.agenda import AgendaDay, Part, agenda, days_of, place_of_now
from schedapp.core.spans import DaySpan, moments_of_days
from schedapp.core.zones import moment_of, wall_time_of, zone_named

thorough = settings(deadline=None, derandomize=True, max_examples=150)

BERLIN = zone_named("Europe/Berlin")
NEW_YORK = zone_named("America/New_York")
WHOLE, FIRST, MIDDLE, LAST = Part.WHOLE, Part.FIRST, Part.MIDDLE, Part.LAST


@dataclass(frozen=True)
class Appointment:
    title: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool = False
    first_day: date | None = None
    last_day: date | None = None


def timed(title: str, start: str, end: str, zone: ZoneInfo = BERLIN) -> Appointment:
    """An appointment of March 2027: "02T22:00" is ten in the evening of the second."""
    return Appointment(
        title,
        moment_of(at(f"2027-03-{start}"), zone),
        moment_of(at(f"2027-03-{end}"), zone),
    )


def whole(title: str, first: int, last: int | None = None) -> Appointment:
    days = DaySpan(date(2027, 3, first), date(2027, 3, last or first))
    moments = moments_of_days(days, BERLIN)
    return Appointment(
        title,
        moments.start,
        moments.end,
        all_day=True,
        first_day=days.first,
        last_day=days.last,
    )


def shown(days: list[AgendaDay[Appointment]]) -> dict[int, list[str]]:
    """Days of March 2027 with the titles under them."""
    return {
        (day.day - date(2027, 2, 28)).days: [each.entry.title for each in day.lines]
        for day in days
    }


def march(day: int) -> date:
    return date(2027, 3, day)


# Days and parts


def test_appointments_are_listed_under_their_days() -> None:
    days = agenda(
        [timed("dentist", "01T09:00", "01T10:00"), timed("choir", "04T19:00", "04T21:00")], BERLIN
    )

    assert shown(days) == {1: ["dentist"], 4: ["choir"]}
    assert [line[1:] for day in days for line in day.lines] == [(WHOLE, 1, 1), (WHOLE, 1, 1)]


def test_no_appointments_are_no_days() -> None:
    assert agenda([], BERLIN) == []


def test_the_day_is_the_readers() -> None:
    supper = timed("supper", "01T23:30", "01T23:45", NEW_YORK)

    assert shown(agenda([supper], NEW_YORK)) == {1: ["supper"]}
    assert shown(agenda([supper], BERLIN)) == {2: ["supper"]}


def test_a_whole_day_is_that_date_in_every_zone() -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"):
        assert shown(agenda([whole("holiday", 1)], zone_named(zone))) == {1: ["holiday"]}


def test_an_appointment_over_midnight_is_on_both_days() -> None:
    days = agenda([timed("night shift", "01T22:00", "02T06:00")], BERLIN)

    assert shown(days) == {1: ["night shift"], 2: ["night shift"]}
    assert [line[1:] for day in days for line in day.lines] == [(FIRST, 1, 2), (LAST, 2, 2)]


def test_an_appointment_that_ends_at_midnight_does_not_touch_the_day_after() -> None:
    days = agenda([timed("concert", "01T20:00", "02T00:00")], BERLIN)

    assert shown(days) == {1: ["concert"]}
    assert days[0].lines[0].part is WHOLE


@pytest.mark.parametrize("start", ["02T00:00", "02T23:59:59.999999"])
def test_an_appointment_without_length_is_on_its_own_day(start: str) -> None:
    days = agenda([timed("call", start, start)], BERLIN)

    assert shown(days) == {2: ["call"]}
    assert days[0].lines[0].part is WHOLE


def test_a_journey_is_listed_where_it_begins_and_ends_and_on_days_that_are_listed_anyway() -> None:
    days = agenda(
        [
            whole("journey", 1, 30),
            timed("call", "05T10:00", "05T11:00"),
            timed("train", "20T22:00", "21T06:00"),
        ],
        BERLIN,
    )

    assert shown(days) == {
        1: ["journey"],
        5: ["journey", "call"],
        20: ["journey", "train"],
        21: ["journey", "train"],
        30: ["journey"],
    }
    assert [line[1:] for day in days for line in day.lines if line.entry.title == "journey"] == [
        (FIRST, 1, 30),
        (MIDDLE, 5, 30),
        (MIDDLE, 20, 30),
        (MIDDLE, 21, 30),
        (LAST, 30, 30),
    ]


def test_two_journeys_show_each_others_ends() -> None:
    days = agenda([whole("sea", 1, 10), timed("hills", "05T12:00", "15T12:00")], BERLIN)

    assert shown(days) == {1: ["sea"], 5: ["sea", "hills"], 10: ["sea", "hills"], 15: ["hills"]}


# The window


def test_what_runs_when_the_window_begins_is_listed_on_its_first_day() -> None:
    days = agenda([whole("journey", 1, 10)], BERLIN, first_day=march(4))

    assert shown(days) == {4: ["journey"], 10: ["journey"]}
    assert [line[1:] for day in days for line in day.lines] == [(MIDDLE, 4, 10), (LAST, 10, 10)]


def test_what_ends_on_the_first_day_of_the_window_is_listed_once() -> None:
    days = agenda([timed("night shift", "01T22:00", "02T06:00")], BERLIN, first_day=march(2))

    assert shown(days) == {2: ["night shift"]}
    assert days[0].lines[0][1:] == (LAST, 2, 2)


def test_what_is_over_before_the_window_is_left_out() -> None:
    over = [timed("concert", "01T20:00", "02T00:00"), whole("holiday", 1)]

    assert agenda(over, BERLIN, first_day=march(2)) == []


def test_what_goes_on_after_the_window_is_listed_inside_it() -> None:
    days = agenda(
        [whole("journey", 3, 30), timed("call", "05T10:00", "05T11:00"), whole("fair", 8, 9)],
        BERLIN,
        last_day=march(7),
    )

    assert shown(days) == {3: ["journey"], 5: ["journey", "call"]}


# Order


def test_a_day_begins_with_what_fills_it_or_continues_and_goes_on_by_the_clock() -> None:
    entries = [
        timed("late", "02T15:00", "02T16:00"),
        timed("early, longer", "02T08:00", "02T10:00"),
        timed("early", "02T08:00", "02T09:00"),
        timed("early, given later", "02T08:00", "02T09:00"),
        timed("overnight", "02T12:00", "03T12:00"),
        whole("holiday", 2),
        timed("night shift", "01T22:00", "02T06:00"),
        timed("sharp", "02T08:00", "02T08:00"),
    ]

    assert shown(agenda(entries, BERLIN))[2] == [
        "night shift",
        "holiday",
        "sharp",
        "early",
        "early, given later",
        "early, longer",
        "overnight",
        "late",
    ]


@pytest.mark.parametrize(
    ("now", "place"),
    [
        ("00:00", 1),
        ("07:59", 1),
        ("08:00", 2),
        ("08:30", 2),
        ("11:59", 2),
        ("12:00", 3),
        ("23:00", 3),
    ],
)
def test_now_stands_before_the_first_line_that_starts_after_it(now: str, place: int) -> None:
    days = agenda(
        [
            whole("holiday", 2),
            timed("early", "02T08:00", "02T09:00"),
            timed("noon", "02T12:00", "02T13:00"),
            timed("another day", "03T08:00", "03T09:00"),
        ],
        BERLIN,
    )

    moment = moment_of(at(f"2027-03-02T{now}"), BERLIN)
    assert place_of_now(days, today=march(2), now=moment) == place


def test_now_does_not_stand_before_a_whole_day_that_begins_later_elsewhere() -> None:
    westward = Appointment(
        "holiday",
        utc("2027-03-02T05:00"),
        utc("2027-03-03T05:00"),
        all_day=True,
        first_day=march(2),
        last_day=march(2),
    )
    days = agenda([westward], BERLIN)

    assert place_of_now(days, today=march(2), now=utc("2027-03-02T01:00")) == 1


def test_now_has_no_place_where_today_is_not_listed() -> None:
    days = agenda([whole("holiday", 2)], BERLIN)

    assert place_of_now(days, today=march(1), now=utc("2027-03-01T12:00")) is None
    assert place_of_now([], today=march(1), now=utc("2027-03-01T12:00")) is None


# Clock changes


@pytest.mark.parametrize(
    ("zone", "start", "end", "days"),
    [
        ("America/Santiago", "2026-09-06T04:00", "2026-09-06T05:00", ["2026-09-06"]),
        ("America/Santiago", "2026-09-06T03:59", "2026-09-06T04:00", ["2026-09-05"]),
        ("America/Santiago", "2027-04-04T03:30", "2027-04-04T04:00", ["2027-04-03"]),
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T11:00", ["2011-12-29", "2011-12-31"]),
        ("America/St_Johns", "2006-10-29T02:30:30", "2006-10-29T02:30:50", ["2006-10-29"]),
        ("America/St_Johns", "2006-10-29T02:40", "2006-10-29T03:00", ["2006-10-28"]),
        ("America/St_Johns", "2006-10-29T02:30:30", "2006-10-29T03:00", ["2006-10-29"]),
        ("America/St_Johns", "2006-10-29T02:31", "2006-10-29T02:31", ["2006-10-28"]),
    ],
)
def test_days_are_right_around_changes_at_midnight(
    zone: str, start: str, end: str, days: list[str]
) -> None:
    # Twice, so that the second is answered by what was learned from the first.
    entry = Appointment("call", utc(start), utc(end))
    other = Appointment("again", utc(start), utc(end))

    listed = agenda([entry, other], zone_named(zone))

    assert [day.day.isoformat() for day in listed] == days
    assert all([line.entry for line in day.lines] == [entry, other] for day in listed)


def test_a_date_that_comes_back_is_listed_before_the_one_that_it_follows() -> None:
    first, second = (
        Appointment("at 00:00", utc("2006-10-29T02:30:30"), utc("2006-10-29T02:30:40")),
        Appointment("at 23:10 again", utc("2006-10-29T02:40"), utc("2006-10-29T02:50")),
    )

    listed = agenda([first, second], zone_named("America/St_Johns"))

    assert [(day.day, day.lines[0].entry) for day in listed] == [
        (date(2006, 10, 28), second),
        (date(2006, 10, 29), first),
    ]


# Properties: every zone, any instants


@st.composite
def entries_near(draw: Any, zone: ZoneInfo, moment: datetime) -> list[Appointment]:
    entries = []
    for index in range(draw(st.integers(1, 8))):
        start = moment + timedelta(minutes=draw(st.integers(-4 * 24 * 60, 4 * 24 * 60)))
        end = start + timedelta(minutes=draw(st.sampled_from([0, 1, 60, 1440, 9999])))
        if draw(st.booleans()):
            entries.append(Appointment(str(index), start, end))
        else:
            first, last = wall_time_of(start, zone).date(), wall_time_of(end, zone).date()
            moments = moments_of_days(DaySpan(first, max(first, last)), zone)
            entries.append(
                Appointment(
                    str(index),
                    moments.start,
                    moments.end,
                    all_day=True,
                    first_day=first,
                    last_day=max(first, last),
                )
            )
    return entries


@thorough
@given(zone=zones, moment=instants, data=st.data())
def test_nothing_is_lost_and_no_day_is_out_of_order(
    zone: ZoneInfo, moment: datetime, data: Any
) -> None:
    moment = change_in(zone, moment) or moment
    if not 1901 <= moment.year <= 2199:
        return
    entries = data.draw(entries_near(zone, moment))
    spans = {entry.title: days_of(entry, zone) for entry in entries}

    listed = agenda(entries, zone)

    assert all(one.day < other.day for one, other in pairwise(listed))
    assert {line.entry for day in listed for line in day.lines} == set(entries)
    for day in listed:
        # Whoever touches a listed day is on it, once.
        assert sorted(line.entry.title for line in day.lines) == sorted(
            title for title, span in spans.items() if span.contains(day.day)
        )
        continuing = [line.entry.all_day or line.part in (MIDDLE, LAST) for line in day.lines]
        assert continuing == sorted(continuing, reverse=True)
        starts = [line.entry.starts_at for line in day.lines]
        for group in (starts[: sum(continuing)], starts[sum(continuing) :]):
            assert group == sorted(group)
        for line in day.lines:
            span = spans[line.entry.title]
            assert line.number_of_days == span.number_of_days
            assert span.first + timedelta(days=line.number - 1) == day.day
            assert (line.part is WHOLE) == (span.first == span.last)
            assert (line.part is FIRST) == (day.day == span.first < span.last)
            assert (line.part is LAST) == (day.day == span.last > span.first)
    # A day is there because something begins or ends on it.
    ends = {day for span in spans.values() for day in (span.first, span.last)}
    assert {day.day for day in listed} == ends


@thorough
@given(zone=zones, moment=instants, data=st.data())
def test_a_window_shows_what_the_whole_agenda_shows_of_its_days(
    zone: ZoneInfo, moment: datetime, data: Any
) -> None:
    moment = change_in(zone, moment) or moment
    if not 1901 <= moment.year <= 2199:
        return
    entries = data.draw(entries_near(zone, moment))
    first = wall_time_of(moment, zone).date()
    last = first + timedelta(days=data.draw(st.integers(0, 3)))
    running = [entry for entry in entries if days_of(entry, zone).contains(first)]

    listed = agenda(entries, zone, first_day=first, last_day=last)

    expected = [day for day in agenda(entries, zone) if first <= day.day <= last]
    if running and (not expected or expected[0].day != first):
        expected.insert(0, listed[0])
        assert listed[0].day == first
        assert {line.entry for line in listed[0].lines} == set(running)
    assert listed == expected


def test_a_long_calendar_is_listed_without_loss() -> None:
    entries = [
        Appointment(str(index), start, start + timedelta(minutes=30))
        for index in range(10_000)
        for start in [utc("2020-01-01T00:00") + timedelta(hours=7 * index)]
    ]

    listed = agenda(entries, BERLIN)

    assert [
        line.entry for day in listed for line in day.lines if line.part in (WHOLE, FIRST)
    ] == entries

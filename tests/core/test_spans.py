from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.times import at, change_in, instants, utc, zones

from schedapp.core.errors import Refused
from schedapp.core.spans import (
    DaySpan,
    MovedOn,
    Span,
    TimedSpan,
    TookFirst,
    all_day_span,
    moments_of_days,
    timed_span,
)
from schedapp.core.zones import EARLIEST, LATEST, day_of, wall_time_of, zone_named

thorough = settings(deadline=None, derandomize=True, max_examples=150)

BERLIN = zone_named("Europe/Berlin")

spans = st.builds(
    lambda start, minutes: Span(
        utc("2027-03-01T00:00") + timedelta(minutes=start),
        utc("2027-03-01T00:00") + timedelta(minutes=start + minutes),
    ),
    st.integers(0, 12),
    st.integers(0, 6),
)


def span(start: str, end: str) -> Span:
    return Span(utc(start), utc(end))


def day(text: str) -> date:
    return date.fromisoformat(text)


def answer_to(start: datetime, end: datetime, zone: ZoneInfo) -> TimedSpan | Refused:
    try:
        return timed_span(start, end, zone)
    except Refused as refusal:
        return refusal


# Spans


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        (("09:00", "10:00"), True),
        (("09:15", "09:30"), True),
        (("08:00", "11:00"), True),
        (("08:00", "09:01"), True),
        (("09:59", "11:00"), True),
        (("08:00", "09:00"), False),
        (("10:00", "11:00"), False),
        (("09:00", "09:00"), True),
        (("09:30", "09:30"), True),
        (("10:00", "10:00"), False),
        (("08:59", "08:59"), False),
    ],
)
def test_spans_overlap_when_they_share_a_moment(other: tuple[str, str], *, overlaps: bool) -> None:
    nine_to_ten = span("2027-03-01T09:00", "2027-03-01T10:00")
    other_span = span(f"2027-03-01T{other[0]}", f"2027-03-01T{other[1]}")

    assert nine_to_ten.overlaps(other_span) is overlaps
    assert other_span.overlaps(nine_to_ten) is overlaps


@pytest.mark.parametrize(
    ("moment", "contained"),
    [("08:59:59", False), ("09:00", True), ("09:59:59", True), ("10:00", False)],
)
def test_a_span_contains_its_start_and_not_its_end(moment: str, *, contained: bool) -> None:
    nine_to_ten = span("2027-03-01T09:00", "2027-03-01T10:00")

    assert nine_to_ten.contains(utc(f"2027-03-01T{moment}")) is contained


def test_a_span_may_be_one_moment() -> None:
    ten = span("2027-03-01T10:00", "2027-03-01T10:00")

    assert ten.duration == timedelta(0)
    assert ten.contains(utc("2027-03-01T10:00"))
    assert not ten.contains(utc("2027-03-01T10:01"))
    assert ten.overlaps(ten)


def test_a_span_neither_ends_before_it_starts_nor_lacks_a_zone() -> None:
    with pytest.raises(ValueError, match="does not end before"):
        span("2027-03-01T10:00", "2027-03-01T09:59")
    with pytest.raises(ValueError, match="in UTC"):
        Span(at("2027-03-01T10:00"), at("2027-03-01T11:00"))
    with pytest.raises(ValueError, match="in UTC"):
        Span(utc("2027-03-01T10:00").astimezone(BERLIN), utc("2027-03-01T11:00"))


@thorough
@given(one=spans, other=spans)
def test_spans_overlap_exactly_when_some_minute_is_in_both(one: Span, other: Span) -> None:
    minutes = [utc("2027-03-01T00:00") + timedelta(minutes=each) for each in range(20)]

    in_both = any(one.contains(each) and other.contains(each) for each in minutes)

    assert one.overlaps(other) == other.overlaps(one) == in_both


# Days


def test_days_include_the_last() -> None:
    days = DaySpan(day("2027-03-01"), day("2027-03-04"))

    assert days.number_of_days == 4
    assert days.contains(day("2027-03-01"))
    assert days.contains(day("2027-03-04"))
    assert not days.contains(day("2027-03-05"))
    assert days.overlaps(DaySpan(day("2027-03-04"), day("2027-03-09")))
    assert not days.overlaps(DaySpan(day("2027-03-05"), day("2027-03-09")))
    assert not DaySpan(day("2027-02-01"), day("2027-02-28")).overlaps(days)
    with pytest.raises(ValueError, match="do not end"):
        DaySpan(day("2027-03-02"), day("2027-03-01"))


@pytest.mark.parametrize(
    ("zone", "first", "last", "start", "end", "hours"),
    [
        ("Europe/Berlin", "2027-03-01", "2027-03-04", "02-28T23:00", "03-04T23:00", 96),
        ("Europe/Berlin", "2027-03-28", "2027-03-28", "03-27T23:00", "03-28T22:00", 23),
        ("Europe/Berlin", "2027-10-31", "2027-10-31", "10-30T22:00", "10-31T23:00", 25),
        ("Australia/Lord_Howe", "2027-04-04", "2027-04-04", "04-03T13:00", "04-04T13:30", 24.5),
        ("America/Santiago", "2027-04-03", "2027-04-03", "04-03T03:00", "04-04T04:00", 25),
    ],
)
def test_days_are_as_long_as_the_clocks_make_them(
    zone: str, first: str, last: str, start: str, end: str, hours: float
) -> None:
    moments = moments_of_days(DaySpan(day(first), day(last)), zone_named(zone))

    assert moments == span(f"2027-{start}", f"2027-{end}")
    assert moments.duration == timedelta(hours=hours)


def test_a_day_begins_after_the_gap_where_midnight_is_skipped() -> None:
    moments = moments_of_days(
        DaySpan(day("2026-09-06"), day("2026-09-06")), zone_named("America/Santiago")
    )

    assert moments == span("2026-09-06T04:00", "2026-09-07T03:00")


def test_a_day_that_a_calendar_skips_has_no_length() -> None:
    moments = moments_of_days(
        DaySpan(day("2011-12-30"), day("2011-12-30")), zone_named("Pacific/Apia")
    )

    assert moments == span("2011-12-30T10:00", "2011-12-30T10:00")


@pytest.mark.parametrize(
    ("first", "last"), [(date.min, date.max), (date(1899, 12, 31), EARLIEST), (LATEST, date.max)]
)
def test_days_out_of_reach_are_no_moments(first: date, last: date) -> None:
    with pytest.raises(Refused, match="Please choose a year"):
        moments_of_days(DaySpan(first, last), BERLIN)


# What a form means: from a time to a time


def test_two_ordinary_times_are_a_span_with_nothing_to_say() -> None:
    asked = timed_span(at("2027-03-01T09:00"), at("2027-03-01T10:30"), BERLIN)

    assert asked.span == span("2027-03-01T08:00", "2027-03-01T09:30")
    assert asked.notices == ()


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2027-03-01T09:00", "2027-03-01T09:00"),
        ("2027-03-28T01:30", "2027-03-28T01:30"),
        ("2027-12-31T23:30", "2027-12-31T23:30"),
    ],
)
def test_an_end_left_empty_is_an_hour_later(start: str, end: str) -> None:
    asked = timed_span(at(start), None, BERLIN)

    assert asked.span.duration == timedelta(hours=1)
    assert wall_time_of(asked.span.start, BERLIN) == at(end)
    assert asked.notices == ()


def test_an_hour_later_is_said_only_about_the_start() -> None:
    asked = timed_span(at("2027-10-31T01:30"), None, BERLIN)

    assert asked.span == span("2027-10-30T23:30", "2027-10-31T00:30")
    assert wall_time_of(asked.span.end, BERLIN) == at("2027-10-31T02:30")
    assert asked.notices == ()


def test_an_end_on_the_start_is_a_moment() -> None:
    asked = timed_span(at("2027-03-01T09:00"), at("2027-03-01T09:00"), BERLIN)

    assert asked.span == span("2027-03-01T08:00", "2027-03-01T08:00")


@pytest.mark.parametrize("end", ["2027-03-01T08:59", "2027-02-28T23:00", "2026-03-01T10:00"])
def test_an_end_before_the_start_is_refused(end: str) -> None:
    with pytest.raises(Refused, match=r"The end is before the start\. Please") as refusal:
        timed_span(at("2027-03-01T09:00"), at(end), BERLIN)

    assert refusal.value.field == "end"


def test_a_start_that_the_clocks_skip_moves_on_and_says_so() -> None:
    asked = timed_span(at("2027-03-28T02:30"), at("2027-03-28T04:00"), BERLIN)

    assert asked.span == span("2027-03-28T01:30", "2027-03-28T02:00")
    assert asked.notices == (MovedOn("start", at("2027-03-28T02:30"), at("2027-03-28T03:30")),)


def test_a_start_and_an_end_that_the_clocks_skip_both_move_on() -> None:
    asked = timed_span(at("2027-03-28T02:15"), at("2027-03-28T02:45"), BERLIN)

    assert asked.span == span("2027-03-28T01:15", "2027-03-28T01:45")
    assert [(notice.field, type(notice)) for notice in asked.notices] == [
        ("start", MovedOn),
        ("end", MovedOn),
    ]


def test_an_end_that_the_start_moves_beyond_is_refused_with_the_reason() -> None:
    with pytest.raises(Refused, match="The clocks skip the start") as refusal:
        timed_span(at("2027-03-28T02:30"), at("2027-03-28T03:00"), BERLIN)

    assert refusal.value.field == "end"


def test_times_shown_twice_mean_the_first_and_say_so() -> None:
    asked = timed_span(at("2027-10-31T02:15"), at("2027-10-31T02:45"), BERLIN)

    assert asked.span == span("2027-10-31T00:15", "2027-10-31T00:45")
    assert asked.notices == (
        TookFirst("start", at("2027-10-31T02:15")),
        TookFirst("end", at("2027-10-31T02:45")),
    )


@pytest.mark.parametrize(
    ("start", "end", "second", "span_is", "said"),
    [
        # the end follows a start that was said to be the second, without being asked
        ("02:15", "02:45", (True, False), ("31T01:15", "31T01:45"), []),
        ("02:15", "02:45", (True, True), ("31T01:15", "31T01:45"), []),
        ("02:15", "02:15", (True, False), ("31T01:15", "31T01:15"), []),
        ("02:15", "02:45", (False, True), ("31T00:15", "31T01:45"), ["start"]),
        # the hands stand earlier, and yet time has passed
        ("02:45", "02:15", (False, True), ("31T00:45", "31T01:15"), ["start"]),
        ("01:30", "02:30", (False, False), ("30T23:30", "31T00:30"), ["end"]),
        ("01:30", "02:30", (True, True), ("30T23:30", "31T01:30"), []),
        ("02:30", "03:30", (True, False), ("31T01:30", "31T02:30"), []),
    ],
)
def test_one_can_say_which_of_two_times_is_meant(
    start: str, end: str, second: tuple[bool, bool], span_is: tuple[str, str], said: list[str]
) -> None:
    asked = timed_span(
        at(f"2027-10-31T{start}"),
        at(f"2027-10-31T{end}"),
        BERLIN,
        start_second=second[0],
        end_second=second[1],
    )

    assert asked.span == span(f"2027-10-{span_is[0]}", f"2027-10-{span_is[1]}")
    assert [notice.field for notice in asked.notices] == said


def test_an_earlier_time_that_could_be_the_second_is_refused_with_a_hint() -> None:
    with pytest.raises(Refused, match="unless you mean the second time") as refusal:
        timed_span(at("2027-10-31T02:45"), at("2027-10-31T02:15"), BERLIN)

    assert refusal.value.field == "end"


def test_an_earlier_time_on_both_clocks_is_refused() -> None:
    with pytest.raises(Refused, match=r"The end is before the start\. Please"):
        timed_span(at("2027-10-31T02:45"), at("2027-10-31T02:15"), BERLIN, start_second=True)


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        ("0001-01-01T00:00", "2027-03-01T09:00", "start"),
        ("9999-12-31T23:59", None, "start"),
        ("2027-03-01T09:00", "9999-12-31T23:59", "end"),
        ("2027-03-01T09:00", "0001-01-01T00:00", "end"),
        ("2200-12-31T23:30", None, "end"),
    ],
)
def test_years_out_of_reach_are_refused_beside_their_field(
    start: str, end: str | None, field: str
) -> None:
    with pytest.raises(Refused, match="Please choose a year") as refusal:
        timed_span(at(start), at(end) if end else None, BERLIN)

    assert refusal.value.field == field


def test_a_time_with_a_zone_is_no_wall_clock_time() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        timed_span(utc("2027-03-01T09:00"), None, BERLIN)


# What a form means: whole days


def test_a_last_day_left_empty_is_the_first() -> None:
    assert all_day_span(day("2027-03-01"), None) == DaySpan(day("2027-03-01"), day("2027-03-01"))


def test_whole_days_run_to_the_last() -> None:
    days = all_day_span(day("2027-03-01"), day("2027-03-04"))

    assert days == DaySpan(day("2027-03-01"), day("2027-03-04"))


@pytest.mark.parametrize(
    ("first", "last", "field", "sentence"),
    [
        ("2027-03-01", "2027-02-28", "end", "The last day is before the first"),
        ("0001-01-01", None, "start", "Please choose a year"),
        ("2027-03-01", "9999-12-31", "end", "Please choose a year"),
    ],
)
def test_days_in_the_wrong_order_or_out_of_reach_are_refused(
    first: str, last: str | None, field: str, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence) as refusal:
        all_day_span(day(first), day(last) if last else None)

    assert refusal.value.field == field


# Properties: every zone, any instant


@thorough
@given(zone=zones, moment=instants, minutes=st.integers(0, 3 * 24 * 60), data=st.data())
def test_a_form_filled_in_from_a_span_gives_that_span_again(
    zone: ZoneInfo, moment: datetime, minutes: int, data: Any
) -> None:
    if data.draw(st.booleans()):
        moment = (change_in(zone, moment) or moment) - timedelta(minutes=minutes // 48)
    end = moment + timedelta(minutes=minutes)
    walls = wall_time_of(moment, zone), wall_time_of(end, zone)
    second = [
        each.astimezone(zone).fold == 1 for each in (moment, end)
    ]  # what the form would tick

    asked = timed_span(*walls, zone, start_second=second[0], end_second=second[1])

    assert asked.span == Span(moment, end)


@thorough
@given(zone=zones, moment=instants, minutes=st.integers(-300, 300))
def test_a_form_is_answered_with_a_span_or_a_refusal(
    zone: ZoneInfo, moment: datetime, minutes: int
) -> None:
    start = wall_time_of(change_in(zone, moment) or moment, zone)
    end = start + timedelta(minutes=minutes)
    asked = answer_to(start, end, zone)
    if isinstance(asked, Refused):
        assert asked.field == "end"
        assert asked.message.startswith(("The end is before", "The clocks skip"))
        return
    assert asked.span.start.tzinfo is asked.span.end.tzinfo is UTC
    for notice in asked.notices:
        if isinstance(notice, MovedOn):
            assert notice.became > notice.asked


@thorough
@given(zone=zones, moment=instants, days=st.integers(0, 40))
def test_whole_days_hold_every_moment_of_theirs(
    zone: ZoneInfo, moment: datetime, days: int
) -> None:
    first = day_of(moment, zone)
    if first.year < 1900:
        return
    span_of_days = moments_of_days(DaySpan(first, first + timedelta(days=days)), zone)

    assert span_of_days.start <= moment
    assert day_of(span_of_days.start, zone) == first
    assert day_of(span_of_days.end, zone) > first + timedelta(days=days)
    assert abs(span_of_days.duration - timedelta(days=days + 1)) <= timedelta(hours=25)

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import flask_babel
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.times import at, utc

from schedapp.core.agenda import agenda
from schedapp.core.spans import DaySpan, MovedOn, TookFirst, moments_of_days
from schedapp.core.zones import moment_of, zone_named
from schedapp.plumbing.phrases import (
    Margin,
    Reader,
    date_field,
    datetime_field,
    day_said,
    days_said,
    duration_said,
    first_weekday,
    length_said,
    line_said,
    long_date,
    margin_of,
    notice_said,
    place_said,
    short_date,
    time_of_day,
    time_said,
    times_said,
    weekdays,
    when,
)

BRITISH = Reader("en_GB", "Europe/Berlin")
AMERICAN = Reader("en_US", "Europe/Berlin")
GERMAN = Reader("de", "Europe/Berlin")
READERS = {"British": BRITISH, "American": AMERICAN, "German": GERMAN}


@dataclass(frozen=True)
class Appointment:
    starts_at: datetime
    ends_at: datetime
    all_day: bool = False
    first_day: date | None = None
    last_day: date | None = None


def timed(start: str, end: str, zone: str = "Europe/Berlin") -> Appointment:
    return Appointment(
        moment_of(at(f"2027-{start}"), zone_named(zone)),
        moment_of(at(f"2027-{end}"), zone_named(zone)),
    )


def whole(first: str, last: str) -> Appointment:
    days = DaySpan(date.fromisoformat(first), date.fromisoformat(last))
    moments = moments_of_days(days, zone_named("Europe/Berlin"))
    return Appointment(
        moments.start, moments.end, all_day=True, first_day=days.first, last_day=days.last
    )


def lines(appointment: Appointment, reader: Reader) -> list[str]:
    days = agenda([appointment], zone_named(reader.zone))
    return [read(line_said(line, reader)) for day in days for line in day.lines]


def read(text: str) -> str:
    """What an eye reads: every kind of space is a space, and what has no width is nothing."""
    return " ".join(text.replace("\u2060", "").split())


# Times


@pytest.mark.parametrize(
    ("reader", "wall", "said"),
    [
        (BRITISH, "09:00", "09:00"),
        (BRITISH, "00:05", "00:05"),
        (AMERICAN, "09:00", "9:00 AM"),
        (AMERICAN, "00:05", "12:05 AM"),
        (AMERICAN, "12:00", "12:00 PM"),
        (AMERICAN, "23:59", "11:59 PM"),
        (GERMAN, "09:00", "09:00"),
        (GERMAN, "23:59", "23:59"),
        (Reader("en", "UTC"), "21:00", "21:00"),
        (Reader("fi", "UTC"), "09:00", "9.00"),
        (Reader("en_US", "UTC", hour_cycle=24), "09:00", "09:00"),
        (Reader("en_GB", "UTC", hour_cycle=12), "21:00", "9:00 pm"),
        (Reader("de", "UTC", hour_cycle=12), "21:00", "9:00 PM"),
    ],
)
def test_a_time_is_said_by_the_readers_clock(reader: Reader, wall: str, said: str) -> None:
    assert read(time_said(time.fromisoformat(wall), reader)) == said
    assert " " not in time_said(time.fromisoformat(wall), reader)


def test_a_moment_is_said_in_the_readers_zone() -> None:
    noon = utc("2027-07-01T12:00")

    assert time_of_day(noon, BRITISH) == "14:00"
    assert time_of_day(noon, Reader("en_GB", "Asia/Kolkata")) == "17:30"


@pytest.mark.parametrize(
    ("start", "end", "british", "american", "german"),
    [
        ("03-01T09:00", "03-01T10:30", "09:00 – 10:30", "9:00 – 10:30 AM", "09:00–10:30"),
        ("03-01T11:00", "03-01T13:00", "11:00 – 13:00", "11:00 AM – 1:00 PM", "11:00–13:00"),
        ("03-01T09:00", "03-01T09:00", "09:00", "9:00 AM", "09:00"),
        ("03-01T20:00", "03-02T00:00", "20:00 – 00:00", "8:00 PM – 12:00 AM", "20:00–00:00"),
        (
            "03-05T22:00",
            "03-06T06:00",
            "22:00 – Sat 06:00",
            "10:00 PM – Sat 6:00 AM",
            "22:00 – Sa. 06:00",
        ),
    ],
)
def test_a_span_of_times_is_said_as_in_each_language(
    start: str, end: str, british: str, american: str, german: str
) -> None:
    appointment = timed(start, end)
    for reader, said in ((BRITISH, british), (AMERICAN, american), (GERMAN, german)):
        text = times_said(appointment.starts_at, appointment.ends_at, reader)

        assert read(text) == said
        assert " " not in text  # nothing that a line could break at


def test_an_hour_between_two_like_times_is_not_one_time() -> None:
    first, second = utc("2027-10-31T00:30"), utc("2027-10-31T01:30")

    assert read(times_said(first, second, GERMAN)) == "02:30–02:30"


# Lines of the agenda


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("03-01T09:00", "03-01T10:30", ["09:00 – 10:30"]),
        ("03-01T09:00", "03-01T09:00", ["09:00"]),
        ("03-05T22:00", "03-06T06:00", ["22:00 – Sat 06:00", "until 06:00"]),
        ("03-01T09:00", "03-04T10:30", ["09:00, until Thu 4 Mar", "until 10:30"]),
        ("03-01T09:00", "03-03T00:00", ["09:00, until Tue 2 Mar", "until midnight"]),
    ],
)
def test_a_line_says_when_on_that_day(start: str, end: str, said: list[str]) -> None:
    assert lines(timed(start, end), BRITISH) == said


def test_a_line_of_whole_days_says_until_when() -> None:
    assert lines(whole("2027-03-01", "2027-03-01"), BRITISH) == ["all day"]
    assert lines(whole("2027-03-01", "2027-03-14"), BRITISH) == ["until Sun 14 Mar", "last day"]
    assert lines(whole("2027-03-01", "2027-03-14"), AMERICAN) == ["until Sun, Mar 14", "last day"]


def test_a_line_says_the_year_of_an_end_in_another_one() -> None:
    assert lines(whole("2027-12-20", "2028-01-05"), GERMAN)[0] == "until Mi., 5. Jan. 2028"


def test_a_line_between_says_until_when() -> None:
    days = agenda(
        [timed("03-01T09:00", "03-05T10:00"), timed("03-03T12:00", "03-03T13:00")],
        zone_named("Europe/Berlin"),
    )

    assert [read(line_said(line, BRITISH)) for line in days[1].lines] == [
        "until Fri 5 Mar",
        "12:00 – 13:00",
    ]


# Days


def test_the_margin_says_the_year_only_if_it_is_another() -> None:
    today = date(2027, 1, 7)

    assert margin_of(date(2027, 3, 5), BRITISH, today=today) == Margin("5", "Fri", "March", "")
    assert margin_of(date(2028, 3, 5), BRITISH, today=today) == Margin("5", "Sun", "March", "2028")
    assert margin_of(date(2027, 3, 5), GERMAN, today=today) == Margin("5", "Fr", "März", "")


@pytest.mark.parametrize(
    ("day", "british", "american", "german"),
    [
        ("2027-03-01", "today", "today", "today"),
        ("2027-03-02", "tomorrow", "tomorrow", "tomorrow"),
        ("2027-02-28", "yesterday", "yesterday", "yesterday"),
        ("2027-03-03", "Wednesday 3 March", "Wednesday, March 3", "Mittwoch, 3. März"),
        (
            "2028-03-01",
            "Wednesday 1 March 2028",
            "Wednesday, March 1, 2028",
            "Mittwoch, 1. März 2028",
        ),
    ],
)
def test_a_day_is_said_as_one_would_today(
    day: str, british: str, american: str, german: str
) -> None:
    for reader, said in ((BRITISH, british), (AMERICAN, american), (GERMAN, german)):
        text = day_said(date.fromisoformat(day), reader, today=date(2027, 3, 1))

        assert read(text) == said


def test_tomorrow_may_be_in_another_year() -> None:
    assert day_said(date(2028, 1, 1), BRITISH, today=date(2027, 12, 31)) == "tomorrow"


def test_a_day_stays_with_its_month() -> None:
    assert long_date(date(2027, 3, 1), BRITISH) == "Monday 1\u00a0March 2027"
    assert long_date(date(2027, 3, 1), AMERICAN) == "Monday, March\u00a01, 2027"
    assert long_date(date(2027, 3, 1), GERMAN) == "Montag, 1.\u00a0März 2027"
    assert short_date(date(2027, 3, 1), GERMAN) == "Mo.,\u00a01.\u00a0März"
    assert read(long_date(date(2027, 3, 1), Reader("ja", "UTC"), year=False)) == "3月1日月曜日"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2027-03-01", "2027-03-01", "Monday 1 March 2027"),
        ("2027-03-01", "2027-03-04", "Monday 1 March – Thursday 4 March 2027 (4 days)"),
        ("2027-12-31", "2028-01-01", "Friday 31 December 2027 – Saturday 1 January 2028 (2 days)"),
    ],
)
def test_whole_days_are_said_with_their_number(first: str, last: str, said: str) -> None:
    days = DaySpan(date.fromisoformat(first), date.fromisoformat(last))

    assert read(days_said(days, BRITISH)) == said


def test_weeks_start_where_the_reader_wants_or_is_used_to() -> None:
    assert [day.number for day in weekdays(BRITISH)] == [0, 1, 2, 3, 4, 5, 6]
    assert [day.short for day in weekdays(AMERICAN)][:2] == ["Sun", "Mon"]
    assert weekdays(GERMAN)[0].name == "Montag"
    assert weekdays(Reader("de", "UTC", week_starts_on=6))[0].name == "Sonntag"
    assert first_weekday(AMERICAN) == 6
    assert first_weekday(Reader("en_US", "UTC", week_starts_on=0)) == 0


# Sentences


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("03-01T09:00", "03-01T10:30", "Monday 1 March 2027, 09:00 – 10:30"),
        ("03-05T22:00", "03-06T06:00", "Friday 5 March 2027, 22:00 – Sat 06:00"),
        (
            "03-01T09:00",
            "03-04T10:30",
            "Monday 1 March, 09:00 – Thursday 4 March 2027, 10:30",
        ),
        ("10-31T01:30", "10-31T03:30", "Sunday 31 October 2027, 01:30 – 03:30 (3 hours)"),
        ("03-28T01:30", "03-28T03:30", "Sunday 28 March 2027, 01:30 – 03:30 (1 hour)"),
    ],
)
def test_a_sentence_says_when(start: str, end: str, said: str) -> None:
    assert read(when(timed(start, end), BRITISH)) == said
    assert read(when(timed(start, end), BRITISH, meant_in="Europe/Berlin")) == said


def test_a_sentence_says_when_as_one_would_today() -> None:
    today = date(2027, 2, 28)

    assert read(when(timed("03-01T09:00", "03-01T10:30"), BRITISH, today=today)) == (
        "tomorrow, 09:00 – 10:30"
    )
    assert when(whole("2027-03-01", "2027-03-01"), BRITISH, today=today) == "tomorrow"
    assert read(when(whole("2027-03-01", "2027-03-02"), BRITISH, today=today)) == (
        "Monday 1 March – Tuesday 2 March 2027 (2 days)"
    )


@pytest.mark.parametrize(
    ("start", "end", "zone", "said"),
    [
        ("09:00", "10:00", "America/New_York", "15:00 – 16:00 (09:00 – 10:00 in New York)"),
        ("20:00", "21:00", "America/New_York", "02:00 – 03:00 (Mon 20:00 – 21:00 in New York)"),
        ("09:00", "10:00", "Europe/Vienna", "09:00 – 10:00"),
        ("09:00", "10:00", "UTC", "10:00 – 11:00 (09:00 – 10:00 in UTC)"),
    ],
)
def test_a_sentence_says_it_in_the_other_zone_only_if_the_clocks_differ(
    start: str, end: str, zone: str, said: str
) -> None:
    appointment = timed(f"03-01T{start}", f"03-01T{end}", zone)

    text = read(when(appointment, BRITISH, meant_in=zone))

    assert text.partition("2027, ")[2] == said


def test_whole_days_need_no_zone() -> None:
    text = when(whole("2027-03-01", "2027-03-01"), BRITISH, meant_in="America/New_York")

    assert read(text) == "Monday 1 March 2027"


def test_a_place_is_said_in_the_readers_language() -> None:
    assert place_said("Europe/Vienna", GERMAN) == "Wien"
    assert read(place_said("America/Argentina/Buenos_Aires", BRITISH)) == "Buenos Aires"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "0 minutes"),
        (1, "1 minute"),
        (45, "45 minutes"),
        (60, "1 hour"),
        (90, "1 hour 30 minutes"),
        (3 * 24 * 60, "3 days"),
        (24 * 60 + 61, "1 day 1 hour 1 minute"),
    ],
)
def test_a_duration_is_said_in_days_hours_and_minutes(minutes: int, said: str) -> None:
    assert read(duration_said(timedelta(minutes=minutes))) == said


def test_whole_days_last_days_whatever_the_clocks_do() -> None:
    assert read(length_said(whole("2027-03-28", "2027-03-28"))) == "1 day"
    assert read(length_said(whole("2027-03-01", "2027-03-04"))) == "4 days"
    assert read(length_said(timed("03-28T00:00", "03-29T00:00"))) == "23 hours"


def test_what_became_of_a_time_is_said() -> None:
    skipped, later = at("2027-03-28T02:30"), at("2027-03-28T03:30")

    assert notice_said(MovedOn("start", skipped, later), BRITISH) == (
        "The clocks skip 02:30 that day, so it starts at 03:30."
    )
    assert notice_said(MovedOn("end", skipped, later), BRITISH) == (
        "The clocks skip 02:30 that day, so it ends at 03:30."
    )
    assert notice_said(TookFirst("start", skipped), BRITISH) == (
        "The clocks show 02:30 twice that day; it starts the first time."
    )
    assert notice_said(TookFirst("end", skipped), BRITISH) == (
        "The clocks show 02:30 twice that day; it ends the first time."
    )


# Values of fields


def test_fields_get_the_values_that_browsers_want() -> None:
    zone = zone_named("Europe/Berlin")

    assert datetime_field(utc("2027-03-01T08:00"), zone) == "2027-03-01T09:00"
    assert datetime_field(utc("2027-03-01T08:00:30"), zone) == "2027-03-01T09:00:30"
    assert date_field(date(2027, 3, 1)) == "2027-03-01"


# Words


@pytest.fixture
def german_words(tmp_path: Path) -> Iterator[None]:
    """A request's words are German: a small catalogue of our own."""
    catalogue = Catalog(locale="de")
    catalogue.add("tomorrow", "morgen")
    catalogue.add("until %(day)s", "bis %(day)s")
    catalogue.add(("%(num)d day", "%(num)d days"), ("%(num)d Tag", "%(num)d Tage"))
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    app = Flask(__name__)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(tmp_path)
    flask_babel.Babel(app, locale_selector=lambda: "de")
    with app.test_request_context():
        yield


@pytest.mark.usefixtures("german_words")
def test_words_come_from_the_catalogue_of_the_request() -> None:
    days = whole("2027-03-01", "2027-03-14")

    assert read(when(days, GERMAN)) == "Montag, 1. März – Sonntag, 14. März 2027 (14 Tage)"
    assert lines(days, GERMAN)[0] == "bis So., 14. März"
    assert read(when(timed("03-01T09:00", "03-01T10:30"), GERMAN, today=date(2027, 2, 28))) == (
        "morgen, 09:00–10:30"
    )


# Properties


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    reader=st.sampled_from(sorted(READERS)),
    start=st.datetimes(at("1900-01-05"), at("2200-12-01")),
    minutes=st.integers(0, 60 * 24 * 40),
    cycle=st.sampled_from([None, 12, 24]),
)
def test_every_appointment_can_be_said(
    reader: str, start: datetime, minutes: int, cycle: int | None
) -> None:
    of = Reader(READERS[reader].locale, "America/St_Johns", cycle)  # type: ignore[arg-type]
    moment = moment_of(start, zone_named("Asia/Kathmandu"))
    appointment = Appointment(moment, moment + timedelta(minutes=minutes))

    sentence = when(appointment, of, meant_in="Asia/Kathmandu")

    assert time_of_day(moment, of).removesuffix("AM").removesuffix("PM").strip()[:4] in sentence
    assert str(moment.astimezone(zone_named(of.zone)).day) in sentence
    assert all(lines(appointment, of))


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_no_line_ends_behind_a_dash(reader: Reader) -> None:
    overnight = timed("03-05T22:00", "03-06T06:00")
    said = [
        times_said(overnight.starts_at, overnight.ends_at, reader),
        when(timed("03-01T09:00", "03-01T10:30"), reader),
        when(timed("03-01T09:00", "03-04T10:30"), reader),
        when(whole("2027-03-01", "2027-03-04"), reader),
    ]

    assert all("–" in each for each in said)
    assert all("–" not in each.replace("–\u2060", "") for each in said)

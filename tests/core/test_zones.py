from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.times import ALL_ZONES, at, change_in, instants, utc, zones

from schedapp.core.errors import Refused
from schedapp.core.zones import (
    EARLIEST,
    LATEST,
    Kind,
    day_of,
    first_moment_of,
    meaning_of,
    moment_of,
    wall_time_of,
    zone_named,
    zone_names,
)

thorough = settings(deadline=None, derandomize=True, max_examples=150)


# Names


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "UTC", "America/Argentina/Ushuaia", "Asia/Calcutta"]
)
def test_a_zone_is_found_by_its_name(name: str) -> None:
    assert zone_named(name).key == name
    assert zone_named(name) is zone_named(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Europe",
        "Europe/",
        "Europe/Atlantis",
        "europe/berlin",
        " Europe/Berlin",
        "Europe/Berlin\n",
        "Europe/Berlin\0",
        "/Europe/Berlin",
        "../zones",
        "Europe/../UTC",
        "/etc/localtime",
        "localtime",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "posixrules",
        "Factory",
        "zone.tab",
        "__init__.py",
        "+02:00",
        "CET-1CEST",
        "🕰",
        "x" * 100_000,
    ],
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="There is no time zone called") as refusal:
        zone_named(name)

    assert len(str(refusal.value)) < 120


def test_people_are_offered_places_and_utc() -> None:
    names = zone_names()

    assert list(names) == sorted(set(names))
    assert {"Europe/Berlin", "Asia/Kolkata", "America/New_York", "UTC"} <= set(names)
    assert not {"EST", "US/Eastern", "Etc/GMT+5", "Europe/Kiev", "Factory"} & set(names)
    for name in names:
        assert zone_named(name).key == name


# Tables: what the clocks show, and the moments that this is


@pytest.mark.parametrize(
    ("zone", "wall", "moment"),
    [
        ("Europe/Berlin", "2027-03-01T09:00", "2027-03-01T08:00"),
        ("Europe/Berlin", "2027-07-01T09:00", "2027-07-01T07:00"),
        ("UTC", "2027-07-01T09:00", "2027-07-01T09:00"),
        ("Asia/Kolkata", "2027-03-01T09:00", "2027-03-01T03:30"),
        ("Asia/Kathmandu", "2027-03-01T09:00", "2027-03-01T03:15"),
        ("Pacific/Kiritimati", "2027-03-01T09:00", "2027-02-28T19:00"),
        ("Pacific/Pago_Pago", "2027-03-01T13:00", "2027-03-02T00:00"),
        ("Europe/Dublin", "2027-01-15T12:00", "2027-01-15T12:00"),
        ("Europe/Dublin", "2027-07-15T12:00", "2027-07-15T11:00"),
        ("Australia/Lord_Howe", "2027-01-15T12:00", "2027-01-15T01:00"),
        ("Australia/Lord_Howe", "2027-07-15T12:00", "2027-07-15T01:30"),
        ("Africa/Monrovia", "1960-01-01T00:00", "1960-01-01T00:44:30"),
    ],
)
def test_an_ordinary_time_means_one_moment(zone: str, wall: str, moment: str) -> None:
    meaning = meaning_of(at(wall), zone_named(zone))

    assert meaning.moment == utc(moment)
    assert meaning.kind is Kind.ONCE
    assert meaning.becomes == at(wall)
    assert meaning.moments == (meaning.moment,)
    assert wall_time_of(meaning.moment, zone_named(zone)) == at(wall)


@pytest.mark.parametrize(
    ("zone", "wall", "becomes", "moment"),
    [
        ("Europe/Berlin", "2027-03-28T02:00", "2027-03-28T03:00", "2027-03-28T01:00"),
        ("Europe/Berlin", "2027-03-28T02:30", "2027-03-28T03:30", "2027-03-28T01:30"),
        ("Europe/Berlin", "2027-03-28T02:59:59", "2027-03-28T03:59:59", "2027-03-28T01:59:59"),
        ("America/New_York", "2027-03-14T02:30", "2027-03-14T03:30", "2027-03-14T07:30"),
        ("Europe/Dublin", "2027-03-28T01:30", "2027-03-28T02:30", "2027-03-28T01:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T02:45", "2026-10-03T15:45"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-31T12:00", "2011-12-30T22:00"),
        ("America/Santiago", "2026-09-06T00:30", "2026-09-06T01:30", "2026-09-06T04:30"),
        ("Asia/Beirut", "2026-03-29T00:00", "2026-03-29T01:00", "2026-03-28T22:00"),
        ("Africa/Casablanca", "2026-03-22T02:30", "2026-03-22T03:30", "2026-03-22T02:30"),
        ("Antarctica/Troll", "2026-03-29T02:30", "2026-03-29T04:30", "2026-03-29T02:30"),
        ("Asia/Kathmandu", "1986-01-01T00:05", "1986-01-01T00:20", "1985-12-31T18:35"),
    ],
)
def test_a_time_that_the_clocks_skip_moves_on_by_the_gap(
    zone: str, wall: str, becomes: str, moment: str
) -> None:
    for second in (False, True):
        meaning = meaning_of(at(wall), zone_named(zone), second=second)

        assert meaning.kind is Kind.MISSING
        assert meaning.becomes == at(becomes)
        assert meaning.moment == moment_of(at(wall), zone_named(zone)) == utc(moment)
        assert meaning.moments == (utc(moment),)


@pytest.mark.parametrize(
    ("zone", "wall", "first", "second"),
    [
        ("Europe/Berlin", "2027-10-31T02:00", "2027-10-31T00:00", "2027-10-31T01:00"),
        ("Europe/Berlin", "2027-10-31T02:59", "2027-10-31T00:59", "2027-10-31T01:59"),
        ("America/New_York", "2027-11-07T01:30", "2027-11-07T05:30", "2027-11-07T06:30"),
        ("Europe/Dublin", "2027-10-31T01:30", "2027-10-31T00:30", "2027-10-31T01:30"),
        ("Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-03T14:45", "2027-04-03T15:15"),
        ("America/Santiago", "2027-04-03T23:30", "2027-04-04T02:30", "2027-04-04T03:30"),
        ("Asia/Beirut", "2026-10-24T23:30", "2026-10-24T20:30", "2026-10-24T21:30"),
        ("America/Havana", "2024-11-03T00:00", "2024-11-03T04:00", "2024-11-03T05:00"),
        ("Africa/Casablanca", "2026-02-15T02:30", "2026-02-15T01:30", "2026-02-15T02:30"),
        ("Pacific/Kwajalein", "1969-09-30T12:00", "1969-09-30T01:00", "1969-10-01T00:00"),
        ("Europe/London", "1947-11-02T02:30", "1947-11-02T01:30", "1947-11-02T02:30"),
    ],
)
def test_a_time_that_the_clocks_show_twice_means_the_first_unless_one_says_so(
    zone: str, wall: str, first: str, second: str
) -> None:
    meaning = meaning_of(at(wall), zone_named(zone))

    assert meaning.kind is Kind.TWICE
    assert meaning.becomes == at(wall)
    assert meaning.moment == moment_of(at(wall), zone_named(zone)) == utc(first)
    assert meaning.moments == (utc(first), utc(second))
    assert meaning_of(at(wall), zone_named(zone), second=True).moment == utc(second)


@pytest.mark.parametrize(
    ("zone", "before", "wall", "after"),
    [
        ("Europe/Berlin", Kind.ONCE, "2027-03-28T01:59:59", Kind.MISSING),
        ("Europe/Berlin", Kind.MISSING, "2027-03-28T02:59:59", Kind.ONCE),
        ("Europe/Berlin", Kind.ONCE, "2027-10-31T01:59:59", Kind.TWICE),
        ("Europe/Berlin", Kind.TWICE, "2027-10-31T02:59:59", Kind.ONCE),
        ("America/Santiago", Kind.TWICE, "2027-04-03T23:59:59", Kind.ONCE),
        ("Pacific/Apia", Kind.ONCE, "2011-12-29T23:59:59", Kind.MISSING),
        ("Pacific/Apia", Kind.MISSING, "2011-12-30T23:59:59", Kind.ONCE),
    ],
)
def test_a_change_begins_and_ends_at_the_second(
    zone: str, before: Kind, wall: str, after: Kind
) -> None:
    assert meaning_of(at(wall), zone_named(zone)).kind is before
    assert meaning_of(at(wall) + timedelta(seconds=1), zone_named(zone)).kind is after


@pytest.mark.parametrize(
    ("zone", "day", "moment"),
    [
        ("Europe/Berlin", "2027-03-28", "2027-03-27T23:00"),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00"),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00"),
        ("America/Havana", "2024-11-03", "2024-11-03T04:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30"),
    ],
)
def test_a_day_begins_at_midnight_or_when_the_clocks_have_skipped_it(
    zone: str, day: str, moment: str
) -> None:
    assert first_moment_of(date.fromisoformat(day), zone_named(zone)) == utc(moment)


# What is not taken


@pytest.mark.parametrize(
    "wall", ["0001-01-01T00:00", "9999-12-31T23:59:59", "1899-12-31T23:59", "2201-01-01T00:00"]
)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago"])
def test_years_out_of_reach_are_refused(wall: str, zone: str) -> None:
    for convert in (moment_of, meaning_of):
        with pytest.raises(Refused, match="Please choose a year from 1900 to 2200"):
            convert(at(wall), zone_named(zone))


@pytest.mark.parametrize(
    ("moment", "zone"),
    [
        (datetime.min.replace(tzinfo=UTC), "America/New_York"),
        (datetime.max.replace(tzinfo=UTC), "Pacific/Kiritimati"),
    ],
)
def test_a_moment_without_a_date_somewhere_is_refused(moment: datetime, zone: str) -> None:
    with pytest.raises(Refused, match="Please choose a year"):
        wall_time_of(moment, zone_named(zone))


@pytest.mark.parametrize("day", [date.min, date.max, date(1898, 12, 31), date(2202, 1, 1)])
def test_a_day_out_of_reach_does_not_begin(day: date) -> None:
    with pytest.raises(Refused, match="Please choose a year"):
        first_moment_of(day, zone_named("Pacific/Kiritimati"))


def test_the_first_and_the_last_day_are_taken_everywhere() -> None:
    for zone in ALL_ZONES:
        for wall in (at("1900-01-01T00:00"), at("2200-12-31T23:59:59.999999")):
            meaning = meaning_of(wall, zone)
            assert wall_time_of(meaning.moment, zone) == meaning.becomes
        assert first_moment_of(LATEST + timedelta(days=1), zone) > first_moment_of(LATEST, zone)


def test_a_wall_clock_time_has_no_zone_and_a_moment_has_one() -> None:
    zone = zone_named("Europe/Berlin")

    for convert in (moment_of, meaning_of):
        with pytest.raises(ValueError, match="has no time zone"):
            convert(utc("2027-03-01T09:00"), zone)
    with pytest.raises(ValueError, match="has a time zone"):
        wall_time_of(at("2027-03-01T09:00"), zone)


# Properties: every zone, any instant


@thorough
@given(zone=zones, moment=instants)
def test_every_moment_is_found_again_from_what_the_clocks_show(
    zone: ZoneInfo, moment: datetime
) -> None:
    wall = wall_time_of(moment, zone)
    meaning = meaning_of(wall, zone)

    assert wall.tzinfo is None
    assert wall.fold == 0
    assert meaning.kind is not Kind.MISSING
    assert moment in meaning.moments
    assert meaning.moment == meaning.moments[0] == moment_of(wall, zone)
    assert day_of(moment, zone) == wall.date()


@thorough
@given(zone=zones, moment=instants, data=st.data())
def test_around_each_change_times_mean_what_they_must(
    zone: ZoneInfo, moment: datetime, data: Any
) -> None:
    change = change_in(zone, moment)
    if change is None:
        return
    before = change - timedelta(seconds=1)
    leap = change.astimezone(zone).utcoffset() - before.astimezone(zone).utcoffset()
    within = timedelta(seconds=data.draw(st.integers(0, abs(leap) // timedelta(seconds=1) - 1)))
    last_shown = wall_time_of(before, zone) + timedelta(seconds=1)

    if leap > timedelta(0):
        meaning = meaning_of(last_shown + within, zone)
        assert meaning.kind is Kind.MISSING
        assert meaning.becomes == last_shown + within + leap
        assert meaning.moment == change + within
        assert wall_time_of(meaning.moment, zone) == meaning.becomes
    else:
        wall = last_shown + leap + within
        meaning = meaning_of(wall, zone)
        assert meaning.kind is Kind.TWICE
        assert meaning.moments == (change + leap + within, change + within)
        assert [wall_time_of(each, zone) for each in meaning.moments] == [wall, wall]
        assert meaning_of(wall, zone, second=True).moment == change + within


@thorough
@given(zone=zones, moment=instants)
def test_the_first_moment_of_a_day_is_the_first(zone: ZoneInfo, moment: datetime) -> None:
    for near in (moment, change_in(zone, moment) or moment):
        day = day_of(near, zone)
        if not EARLIEST <= day <= LATEST:
            continue
        begins = first_moment_of(day, zone)

        assert day_of(begins, zone) == day
        assert day_of(begins - timedelta(microseconds=1), zone) < day
        assert begins <= near < first_moment_of(day + timedelta(days=1), zone) + timedelta(hours=2)

"""Appointments and the clocks: changes, other zones, and whole days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session
from tests.appointments.filled import AGENDA, CREATE, Read, filled, only, read, sent_back
from tests.conftest import Browsing

from schedapp.accounts.models import User
from schedapp.appointments.models import Appointment

WriteDown = Callable[..., Appointment]
BrowserOf = Callable[[User], Browsing]

SPRING = "2027-03-28"  # 2:00 becomes 3:00 in Berlin
AUTUMN = "2027-10-31"  # 3:00 becomes 2:00 in Berlin


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def saved(browser: Browsing, **fields: str | None) -> Read:
    """Write an appointment down, and return the page that comes then."""
    response = browser.submit(CREATE, filled(location="", **fields))
    assert response.status_code == 303, read(response.text).alert
    return read(browser.get(response.location).text)


def edit_page(browser: Browsing, db: Session) -> Read:
    return read(browser.get(f"/appointments/{only(db).public_id}/edit/").text)


# The clocks change


def test_a_time_that_the_clocks_skip_moves_on_and_says_so(as_ana: Browsing, db: Session) -> None:
    page = saved(as_ana, start=f"{SPRING}T02:30", end=f"{SPRING}T04:00")

    assert only(db).starts_at == utc(f"{SPRING}T01:30")
    assert only(db).ends_at == utc(f"{SPRING}T02:00")
    assert page.message("warning") == ["The clocks skip 02:30 that day, so it starts at 03:30."]
    assert "03:30 – 04:00" in page.text
    assert edit_page(as_ana, db).values["start"] == f"{SPRING}T03:30"


def test_an_end_that_the_clocks_skip_moves_on_too(as_ana: Browsing, db: Session) -> None:
    page = saved(as_ana, start=f"{SPRING}T01:30", end=f"{SPRING}T02:30")

    assert only(db).ends_at == utc(f"{SPRING}T01:30")
    assert page.message("warning") == ["The clocks skip 02:30 that day, so it ends at 03:30."]


def test_a_start_that_moves_past_the_end_is_refused(as_ana: Browsing, db: Session) -> None:
    response = as_ana.submit(CREATE, filled(start=f"{SPRING}T02:30", end=f"{SPRING}T03:15"))

    page = read(response.text)
    assert response.status_code == 422
    assert (page.error("end") or "").startswith("The clocks skip the start that you chose")
    assert page.values["start"] == f"{SPRING}T02:30"


def test_over_the_spring_change_an_hour_is_missing(as_ana: Browsing, db: Session) -> None:
    page = saved(as_ana, start="2027-03-27T22:00", end=f"{SPRING}T06:00")

    assert only(db).ends_at - only(db).starts_at == utc("2027-01-01T07:00") - utc("2027-01-01")
    assert "7 hours" in page.text
    assert page.message("warning") == []


def test_a_doubled_time_is_the_first_and_says_so(as_ana: Browsing, db: Session) -> None:
    page = saved(as_ana, start=f"{AUTUMN}T02:30", end=f"{AUTUMN}T03:30")

    assert only(db).starts_at == utc(f"{AUTUMN}T00:30")
    assert only(db).ends_at == utc(f"{AUTUMN}T02:30")
    assert page.message("warning") == [
        "The clocks show 02:30 twice that day; it starts the first time."
    ]


def test_which_of_the_two_can_be_chosen(as_ana: Browsing, db: Session) -> None:
    saved(as_ana, start=f"{AUTUMN}T02:30", end=f"{AUTUMN}T03:30")
    page = edit_page(as_ana, db)
    assert page.values["start_second"] == "0"
    assert page.choices["start_second"] == ["0", "1"]
    assert "the first, CEST (UTC+2)" in page.text
    assert "the second, CET (UTC+1)" in page.text
    assert "end_second" not in page.choices  # 3:30 comes once

    address = f"/appointments/{only(db).public_id}/edit/"
    response = as_ana.post(address, data=sent_back(page, start_second="1"))

    assert only(db).starts_at == utc(f"{AUTUMN}T01:30")
    told = read(as_ana.get(response.location).text)
    assert told.message("warning") == []
    assert edit_page(as_ana, db).values["start_second"] == "1"


@pytest.mark.parametrize(
    ("chosen", "start", "end"),
    [
        ({}, "00:15", "00:45"),
        ({"end_second": "1"}, "00:15", "01:45"),
        ({"start_second": "1"}, "01:15", "01:45"),
        ({"start_second": "1", "end_second": "1"}, "01:15", "01:45"),
    ],
)
def test_both_may_be_doubled(
    as_ana: Browsing, db: Session, chosen: dict[str, str], start: str, end: str
) -> None:
    saved(as_ana, start=f"{AUTUMN}T02:15", end=f"{AUTUMN}T02:45", **chosen)

    assert only(db).starts_at == utc(f"{AUTUMN}T{start}")
    assert only(db).ends_at == utc(f"{AUTUMN}T{end}")


def test_an_end_that_is_only_before_the_start_the_first_time_can_be_chosen(
    as_ana: Browsing, db: Session
) -> None:
    fields = filled(start=f"{AUTUMN}T02:45", end=f"{AUTUMN}T02:15")
    response = as_ana.submit(CREATE, fields)

    page = read(response.text)
    assert response.status_code == 422
    assert "unless you mean the second time" in (page.error("end") or "")
    assert page.choices["end_second"] == ["0", "1"]

    assert as_ana.post(CREATE, data=sent_back(page, end_second="1")).status_code == 303
    assert only(db).ends_at == utc(f"{AUTUMN}T01:15")


def test_an_hour_by_a_stop_watch_over_the_autumn_change(as_ana: Browsing, db: Session) -> None:
    saved(as_ana, start=f"{AUTUMN}T02:30", end="")

    assert only(db).ends_at == utc(f"{AUTUMN}T01:30")
    assert edit_page(as_ana, db).values["end_second"] == "1"


def test_a_choice_where_nothing_is_doubled_does_not_matter(as_ana: Browsing, db: Session) -> None:
    saved(as_ana, start_second="1", end_second="1")

    assert only(db).starts_at == utc("2027-03-01T11:30")


def test_half_an_hour_is_skipped_on_lord_howe(
    add_user: Callable[..., User], browser_of: BrowserOf, db: Session
) -> None:
    browser = browser_of(add_user("Ana", time_zone="Australia/Lord_Howe"))

    page = saved(browser, start="2027-10-03T02:10", end="2027-10-03T03:00")

    assert page.message("warning") == ["The clocks skip 02:10 that day, so it starts at 02:40."]
    assert only(db).starts_at == utc("2027-10-02T15:40")


def test_a_skipped_midnight(
    add_user: Callable[..., User], browser_of: BrowserOf, db: Session
) -> None:
    browser = browser_of(add_user("Ana", time_zone="Africa/Cairo"))

    saved(browser, title="Rest", start="2027-04-30", end="", allday="y")

    assert only(db).starts_at == utc("2027-04-29T22:00")
    assert only(db).ends_at == utc("2027-04-30T21:00")


# The reader is somewhere else


def move_to(browser: Browsing, zone: str) -> None:
    """Change the reader's zone, on the page for that."""
    account = read(browser.get("/account/").text)
    response = browser.post("/account/", data=sent_back(account, time_zone=zone))
    assert response.status_code == 303


def test_a_reader_who_moves_sees_right_times(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    move_to(as_ana, "America/New_York")
    as_ana.get("/account/")

    agenda = read(as_ana.get(AGENDA).text)
    assert "06:30 – 07:30" in agenda.text
    page = read(as_ana.get(f"/appointments/{lunch.public_id}/").text)
    assert "Monday 1 March 2027, 06:30 – 07:30 (12:30 – 13:30 in Berlin)" in page.text


def test_editing_shows_the_times_in_the_zone_they_were_meant_in(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    move_to(as_ana, "America/New_York")

    page = edit_page(as_ana, db)
    assert page.values["start"] == "2027-03-01T12:30"
    assert page.values["zone"] == "Europe/Berlin"
    assert page.choices["zone"] == ["Europe/Berlin", "America/New_York"]

    address = f"/appointments/{lunch.public_id}/edit/"
    as_ana.post(address, data=sent_back(page, title="Dinner"))
    assert (only(db).starts_at, only(db).zone) == (lunch.starts_at, "Europe/Berlin")

    page = edit_page(as_ana, db)
    as_ana.post(address, data=sent_back(page, zone="America/New_York"))
    assert (only(db).starts_at, only(db).zone) == (utc("2027-03-01T17:30"), "America/New_York")
    assert "zone" not in edit_page(as_ana, db).choices  # nothing is left to choose


def test_a_refused_form_keeps_the_zone_that_was_chosen(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    move_to(as_ana, "Asia/Calcutta")  # an old name, and still a zone
    fields = sent_back(edit_page(as_ana, db), zone="Asia/Calcutta", title="")

    response = as_ana.post(f"/appointments/{lunch.public_id}/edit/", data=fields)

    assert response.status_code == 422
    assert read(response.text).values["zone"] == "Asia/Calcutta"


def test_new_appointments_are_meant_where_the_reader_is(as_ana: Browsing, db: Session) -> None:
    move_to(as_ana, "Asia/Kolkata")

    saved(as_ana)

    assert (only(db).starts_at, only(db).zone) == (utc("2027-03-01T07:00"), "Asia/Kolkata")


@pytest.mark.parametrize(
    "zone", ["Pacific/Kiritimati", "Pacific/Niue", "America/New_York", "Asia/Tokyo", "UTC"]
)
def test_whole_days_stay_on_their_days(as_ana: Browsing, db: Session, zone: str) -> None:
    saved(as_ana, title="Fair", start="2027-03-05", end="2027-03-06", allday="y")
    before = (only(db).first_day, only(db).last_day)
    assert before == (date(2027, 3, 5), date(2027, 3, 6))
    move_to(as_ana, zone)
    as_ana.get("/account/")

    page = edit_page(as_ana, db)
    assert (page.values["start"], page.values["end"]) == ("2027-03-05", "2027-03-06")
    as_ana.post(
        f"/appointments/{only(db).public_id}/edit/", data=sent_back(page, title="The fair")
    )

    assert (only(db).first_day, only(db).last_day) == before
    assert only(db).zone == "Europe/Berlin"
    shown = read(as_ana.get(f"/appointments/{only(db).public_id}/").text)
    assert "Friday 5 March – Saturday 6 March 2027 (2 days)" in shown.text
    assert read(as_ana.get(AGENDA).text).days == ["2027-03-05", "2027-03-06"]


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "../etc/passwd", "", "Europe/Berlin\0", "Factory"]
)
def test_a_zone_that_is_none_is_refused(as_ana: Browsing, db: Session, zone: str) -> None:
    response = as_ana.submit(CREATE, filled(zone=zone))

    if zone == "":
        assert response.status_code == 303
        assert only(db).zone == "Europe/Berlin"
        return
    page = read(response.text)
    assert response.status_code == 422
    assert "There is no time zone called" in page.alert
    assert page.values["zone"] == "Europe/Berlin"
    assert page.values["title"] == "Lunch with Ben"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
@pytest.mark.parametrize("day", ["1900-01-01", "2200-12-31"])
def test_the_first_and_the_last_day_can_be_written_on(
    add_user: Callable[..., User], browser_of: BrowserOf, db: Session, zone: str, day: str
) -> None:
    browser = browser_of(add_user("Ana", time_zone=zone))
    saved(browser, title="Far away", start=day, end="", allday="y")
    move_to(browser, "Europe/Berlin")

    assert read(browser.get(f"/appointments/{only(db).public_id}/").text).text.count("Far away")
    assert edit_page(browser, db).values["start"] == day
    for address in (AGENDA, f"{AGENDA}?from={day}", f"{AGENDA}?q=far", f"{AGENDA}?before=1.a"):
        assert browser.get(address).status_code == 200
    assert read(browser.get(f"{AGENDA}?from={day}").text).titles == ["Far away"]

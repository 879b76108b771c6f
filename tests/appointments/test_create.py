"""Writing down a new appointment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session
from tests.appointments.filled import CREATE, all_of, filled, only, read, sent_back, versions
from tests.conftest import Browsing, Time

from schedapp.accounts.models import User
from schedapp.appointments.models import Appointment


def test_it_writes_the_appointment_down_and_shows_it(as_ana: Browsing, db: Session) -> None:
    response = as_ana.submit(CREATE, filled(description="Bring the plans.\r\n\r\n  Both."))

    appointment = only(db)
    assert response.status_code == 303
    assert response.location == f"/appointments/{appointment.public_id}/"
    assert appointment.title == "Lunch with Ben"
    assert appointment.location == "Café Nova"
    assert appointment.description == "Bring the plans.\n\n  Both."
    assert appointment.starts_at == datetime(2027, 3, 1, 11, 30, tzinfo=UTC)
    assert appointment.ends_at == datetime(2027, 3, 1, 12, 30, tzinfo=UTC)
    assert appointment.zone == "Europe/Berlin"
    page = read(as_ana.get(response.location).text)
    assert page.message("success") == ["The appointment is saved."]
    assert "Monday 1 March 2027, 12:30 – 13:30" in page.text


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2027-03-01T12:30", "2027-03-01T13:30"),
        ("2027-03-01 12:30:00", "2027-03-01 13:30:00"),
        ("2027-03-01 12:30", "2027-03-01T13:30:00"),
        ("2027-03-01T12:30:00.000", "2027-03-01T13:30"),
        (" 2027-03-01T12:30 ", "2027-03-01T13:30\n"),
    ],
)
def test_it_reads_times_with_and_without_seconds(
    as_ana: Browsing, db: Session, start: str, end: str
) -> None:
    assert as_ana.submit(CREATE, filled(start=start, end=end)).status_code == 303
    assert only(db).starts_at == datetime(2027, 3, 1, 11, 30, tzinfo=UTC)
    assert only(db).ends_at == datetime(2027, 3, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("end", ["", "  ", None])
def test_an_end_left_empty_is_an_hour_later(
    as_ana: Browsing, db: Session, end: str | None
) -> None:
    assert as_ana.submit(CREATE, filled(end=end)).status_code == 303
    assert only(db).ends_at == datetime(2027, 3, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("end", ["", None, "2027-03-05", "2027-03-05T00:00"])
@pytest.mark.parametrize("start", ["2027-03-05", "2027-03-05T15:00", "2027-03-05 15:00:00"])
def test_all_day_takes_the_days_and_forgets_the_times(
    as_ana: Browsing, db: Session, start: str, end: str | None
) -> None:
    assert as_ana.submit(CREATE, filled(start=start, end=end, allday="y")).status_code == 303

    appointment = only(db)
    assert appointment.all_day
    assert (appointment.first_day, appointment.last_day) == (date(2027, 3, 5), date(2027, 3, 5))


def test_many_days_include_the_last_one(as_ana: Browsing, db: Session) -> None:
    fields = filled(title="Fair", start="2027-03-05", end="2027-03-08", allday="y")

    response = as_ana.submit(CREATE, fields)

    assert (only(db).first_day, only(db).last_day) == (date(2027, 3, 5), date(2027, 3, 8))
    page = read(as_ana.get(response.location).text)
    assert "Friday 5 March – Monday 8 March 2027 (4 days)" in page.text
    assert page.text.count("4 days") == 1


def test_it_may_last_over_midnight(as_ana: Browsing, db: Session) -> None:
    response = as_ana.submit(CREATE, filled(start="2027-03-01T22:00", end="2027-03-02T06:00"))

    assert only(db).ends_at == datetime(2027, 3, 2, 5, tzinfo=UTC)
    text = read(as_ana.get(response.location).text).text
    assert "22:00 – Tue 06:00" in text
    assert "8 hours" in text


def test_it_may_be_one_moment(as_ana: Browsing, db: Session) -> None:
    response = as_ana.submit(CREATE, filled(end="2027-03-01T12:30"))

    assert only(db).ends_at == only(db).starts_at
    text = read(as_ana.get(response.location).text).text
    assert "Monday 1 March 2027, 12:30" in text
    assert "0 minutes" not in text


@pytest.mark.parametrize(
    ("start", "end", "allday"),
    [
        ("2027-03-01T12:30", "2027-03-01T12:29", None),
        ("2027-03-01T12:30", "2026-03-01T13:30", None),
        ("2027-03-05", "2027-03-04", "y"),
    ],
)
def test_an_end_before_the_start_is_refused(
    as_ana: Browsing, db: Session, start: str, end: str, allday: str | None
) -> None:
    response = as_ana.submit(CREATE, filled(start=start, end=end, allday=allday))

    page = read(response.text)
    assert response.status_code == 422
    assert "before the" in (page.error("end") or "")
    assert (page.values["start"], page.values["end"]) == (start, end)
    assert page.values["title"] == "Lunch with Ben"
    assert all_of(db) == []


def test_a_day_alone_needs_a_time_or_all_day(as_ana: Browsing, db: Session) -> None:
    page = read(as_ana.submit(CREATE, filled(start="2027-03-01", end="2027-03-01")).text)

    assert page.error("start") == "Please add a time, or choose “All day”."
    assert page.error("end") == "Please add a time, or choose “All day”."
    assert all_of(db) == []


def test_an_overlap_is_said_and_allowed(
    as_ana: Browsing, lunch: Appointment, write_down: Callable[..., Appointment], ana: User
) -> None:
    response = as_ana.submit(CREATE, filled(title="Dentist", start="2027-03-01T13:00"))

    page = read(as_ana.get(response.location).text)
    assert page.message("info") == ["At the same time there is “Lunch with Ben”."]
    assert page.link("Lunch with Ben") == f"/appointments/{lunch.public_id}/"


def test_many_overlaps_are_counted(
    as_ana: Browsing, write_down: Callable[..., Appointment], ana: User
) -> None:
    for title in ("Standup", "Call", "Walk"):
        write_down(ana, title)

    response = as_ana.submit(CREATE, filled(title="Dentist"))

    page = read(as_ana.get(response.location).text)
    (said,) = page.message("info")
    assert said.startswith("At the same time there are “")
    assert said.endswith("” and 2 others.")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2027-03-01T11:30", "2027-03-01T12:30"),
        ("2027-03-01T13:30", "2027-03-01T14:30"),
        ("2027-03-01T13:30", "2027-03-01T13:30"),
    ],
)
def test_what_only_touches_does_not_overlap(
    as_ana: Browsing, lunch: Appointment, start: str, end: str
) -> None:
    response = as_ana.submit(CREATE, filled(title="Dentist", start=start, end=end))

    page = read(as_ana.get(response.location).text)
    assert page.message("info") == []
    assert page.link("Lunch with Ben") is None


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2027-03-01T12:30", "2027-03-01T12:30"),
        ("2027-03-01T12:45", "2027-03-01T12:45"),
        ("2027-02-01T00:00", "2027-03-01T12:31"),
        ("2027-03-01T13:29", "2027-04-01T00:00"),
    ],
)
def test_moments_and_long_ones_overlap_too(
    as_ana: Browsing, lunch: Appointment, start: str, end: str
) -> None:
    response = as_ana.submit(CREATE, filled(title="Dentist", start=start, end=end))

    assert read(as_ana.get(response.location).text).message("info")
    # The one that was there says so as well.
    assert read(as_ana.get(f"/appointments/{lunch.public_id}/").text).link("Dentist")


def test_whole_days_overlap_nothing(as_ana: Browsing, lunch: Appointment) -> None:
    response = as_ana.submit(CREATE, filled(title="Birthday", allday="y"))

    page = read(as_ana.get(response.location).text)
    assert page.message("info") == []
    assert page.link("Lunch with Ben") is None
    assert read(as_ana.get(f"/appointments/{lunch.public_id}/").text).link("Birthday") is None


def test_nobody_elses_appointment_overlaps(as_cleo: Browsing, lunch: Appointment) -> None:
    response = as_cleo.submit(CREATE, filled(title="Dentist"))

    page = as_cleo.get(response.location).text
    assert read(page).message("info") == []
    assert "Lunch with Ben" not in page


def test_a_deleted_appointment_overlaps_nothing(as_ana: Browsing, lunch: Appointment) -> None:
    as_ana.submit(f"/appointments/{lunch.public_id}/delete/")
    as_ana.get("/appointments/")

    response = as_ana.submit(CREATE, filled(title="Dentist"))

    assert read(as_ana.get(response.location).text).message("info") == []


# The blank form


@pytest.mark.parametrize(
    ("moment", "start"),
    [
        ("2027-03-01T08:00+00:00", "2027-03-01T10:00"),
        ("2027-03-01T08:59+00:00", "2027-03-01T10:00"),
        ("2027-03-01T22:30+00:00", "2027-03-02T00:00"),
        ("2027-03-28T00:30+00:00", "2027-03-28T03:00"),  # 2:00 is skipped
    ],
)
def test_a_blank_form_proposes_the_next_full_hour(
    ana: User, browser_of: Callable[[User], Browsing], time: Time, moment: str, start: str
) -> None:
    time.moment = datetime.fromisoformat(moment)

    page = read(browser_of(ana).get(CREATE).text)

    assert page.values["start"] == start
    assert page.values["end"] == ""
    assert page.values["title"] == ""
    assert "allday" not in page.values


@pytest.mark.parametrize(
    ("day", "start"),
    [
        ("2027-05-20", "2027-05-20T09:00"),
        ("2027-03-01", "2027-03-01T10:00"),
        ("2200-12-31", "2200-12-31T09:00"),
        ("2027-02-30", "2027-03-01T10:00"),
        ("0001-01-01", "2027-03-01T10:00"),
        ("9999-12-31", "2027-03-01T10:00"),
        ("tomorrow", "2027-03-01T10:00"),
        ("\0", "2027-03-01T10:00"),
    ],
)
def test_a_blank_form_proposes_the_day_of_the_address(
    as_ana: Browsing, day: str, start: str
) -> None:
    page = as_ana.get(CREATE, query_string={"day": day})

    assert page.status_code == 200
    assert read(page.text).values["start"] == start


def test_the_form_can_be_sent_as_it_is_with_a_title(as_ana: Browsing, db: Session) -> None:
    page = read(as_ana.get(CREATE).text)

    assert as_ana.post(CREATE, data=sent_back(page, title="Call")).status_code == 303
    assert only(db).starts_at == datetime(2027, 3, 1, 9, tzinfo=UTC)


def test_times_mean_what_they_meant_when_the_form_was_opened(
    as_ana: Browsing, db: Session, ana: User
) -> None:
    page = read(as_ana.get(CREATE).text)
    db.merge(ana).time_zone = "America/New_York"
    db.commit()

    as_ana.post(CREATE, data=sent_back(page, title="Call", start="2027-03-01T15:00"))

    assert only(db).starts_at == datetime(2027, 3, 1, 14, tzinfo=UTC)
    assert only(db).zone == "Europe/Berlin"


# Two at once


def test_two_people_write_at_once_and_both_are_kept(
    ana: User, browser_of: Callable[[User], Browsing], db: Session
) -> None:
    browsers = [browser_of(ana) for _ in range(4)]
    before = versions(db)
    together = threading.Barrier(len(browsers))

    def write(number: int) -> int:
        together.wait(10)
        return browsers[number].submit(CREATE, filled(title=f"Call {number}")).status_code

    with ThreadPoolExecutor(len(browsers)) as threads:
        statuses = list(threads.map(write, range(len(browsers))))

    assert statuses == [303] * len(browsers)
    assert sorted(each.title for each in all_of(db)) == [f"Call {number}" for number in range(4)]
    assert versions(db) == [before[0] + len(browsers)]


def test_it_asks_to_sign_in_first(anonymous: Browsing, db: Session) -> None:
    for answer in (anonymous.get(CREATE), anonymous.submit(CREATE, filled())):
        assert answer.status_code == 303
        assert answer.location.startswith("/login/")
    assert all_of(db) == []

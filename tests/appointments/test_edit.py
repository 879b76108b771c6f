"""Writing an appointment anew, alone and at the same time as somebody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session
from tests.appointments.filled import all_of, filled, only, read, sent_back, versions
from tests.conftest import Browsing, Time

from schedapp.accounts.models import User
from schedapp.appointments.models import Appointment
from schedapp.plumbing.identifiers import new_public_id


def address_of(appointment: Appointment) -> str:
    return f"/appointments/{appointment.public_id}/edit/"


def test_it_shows_the_form_filled_in(as_ana: Browsing, lunch: Appointment) -> None:
    page = read(as_ana.get(address_of(lunch)).text)

    expected = filled() | {"version": "1", "zone": "Europe/Berlin"}
    assert {name: page.values[name] for name in expected} == expected
    assert "allday" not in page.values


def test_it_writes_what_was_changed(as_ana: Browsing, lunch: Appointment, db: Session) -> None:
    page = read(as_ana.get(address_of(lunch)).text)

    response = as_ana.post(
        address_of(lunch),
        data=sent_back(page, title="Dinner", start="2027-03-02T19:00", end="2027-03-02T21:00"),
    )

    assert response.status_code == 303
    assert response.location == f"/appointments/{lunch.public_id}/"
    dinner = only(db)
    assert dinner.title == "Dinner"
    assert dinner.starts_at == datetime(2027, 3, 2, 18, tzinfo=UTC)
    assert dinner.ends_at == datetime(2027, 3, 2, 20, tzinfo=UTC)
    assert dinner.version == 2
    assert read(as_ana.get(response.location).text).message("success") == [
        "The appointment is saved."
    ]


def test_it_becomes_all_day_and_timed_again(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    as_ana.submit(address_of(lunch), filled(allday="y"))
    assert (only(db).all_day, only(db).first_day) == (True, date(2027, 3, 1))
    assert "allday" in read(as_ana.get(address_of(lunch)).text).values

    as_ana.submit(address_of(lunch), filled())
    assert (only(db).all_day, only(db).first_day, only(db).last_day) == (False, None, None)


@pytest.mark.parametrize(
    "different",
    [
        {},
        {"start": "2027-03-01T09:00:30", "end": "2027-03-01T10:00:15"},
        {"description": "\nfirst line empty\n\n  and an indented one\n"},
        {"start": "2027-10-31T02:30", "end": "2027-10-31T02:30", "end_second": "1"},
        {"start": "2027-10-31T02:10", "end": "2027-10-31T02:40", "start_second": "1"},
        {"start": "2027-03-28T02:30", "end": "2027-03-28T04:00"},
        {"start": "2027-03-01", "end": "2027-03-04", "allday": "y"},
        {"start": "2027-03-01", "end": "2027-03-01", "allday": "y", "zone": "Asia/Tokyo"},
        {"zone": "America/New_York"},
        {"zone": "Asia/Calcutta"},
        {"title": "“Quotes” <b>&amp; \u05e9\u05dc\u05d5\u05dd 🦆 "},
    ],
)
def test_saving_it_unchanged_changes_nothing(
    as_ana: Browsing, db: Session, time: Time, different: dict[str, str]
) -> None:
    assert as_ana.submit("/appointments/create/", filled(**different)).status_code == 303
    before = _columns(only(db))
    time.forward(hours=1)

    page = read(as_ana.get(address_of(only(db))).text)
    response = as_ana.post(address_of(only(db)), data=sent_back(page))

    assert response.status_code == 303
    assert _columns(only(db)) == before


def _columns(appointment: Appointment) -> dict[str, object]:
    return {
        column.name: getattr(appointment, column.name) for column in Appointment.__table__.columns
    }


def test_seconds_survive_an_unrelated_edit(as_ana: Browsing, db: Session) -> None:
    as_ana.submit("/appointments/create/", filled(start="2027-03-01T09:00:30", end=""))
    page = read(as_ana.get(address_of(only(db))).text)
    assert page.values["start"] == "2027-03-01T09:00:30"
    assert 'step="1"' in page.html

    as_ana.post(address_of(only(db)), data=sent_back(page, title="Rocket"))

    assert only(db).title == "Rocket"
    assert only(db).starts_at == datetime(2027, 3, 1, 8, 0, 30, tzinfo=UTC)
    assert only(db).ends_at == datetime(2027, 3, 1, 9, 0, 30, tzinfo=UTC)


def test_an_overlap_is_said(
    as_ana: Browsing, lunch: Appointment, ana: User, write_down: Callable[..., Appointment]
) -> None:
    write_down(ana, "Dentist", start=datetime(2027, 3, 2, 9), end=None)  # noqa: DTZ001

    response = as_ana.submit(
        address_of(lunch), filled(start="2027-03-02T09:30", end="2027-03-02T10:00")
    )

    said = read(as_ana.get(response.location).text).message("info")
    assert said == ["At the same time there is “Dentist”."]


def test_a_refusal_keeps_what_was_typed(as_ana: Browsing, lunch: Appointment, db: Session) -> None:
    response = as_ana.submit(address_of(lunch), filled(title="Dinner", end="2027-03-01T10:00"))

    page = read(response.text)
    assert response.status_code == 422
    assert page.values["title"] == "Dinner"
    assert page.values["end"] == "2027-03-01T10:00"
    assert (only(db).title, only(db).version) == ("Lunch with Ben", 1)


def test_a_form_without_version_is_taken(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    as_ana.submit(address_of(lunch), filled(title="Dinner"))
    assert as_ana.submit(address_of(lunch), filled(title="Supper")).status_code == 303
    assert only(db).title == "Supper"


# Somebody else meanwhile


def test_the_second_of_two_is_told_sees_both_and_loses_nothing(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    page = read(as_ana.get(address_of(lunch)).text)
    as_ana.post(
        address_of(lunch),
        data=sent_back(page, title="Dinner", start="2027-03-01T19:00", end="2027-03-01T20:00"),
    )
    mine = sent_back(page, title="Breakfast", location="Bar Uno", description="Early\nbird")

    response = as_ana.post(address_of(lunch), data=mine)

    told = read(response.text)
    assert response.status_code == 409
    assert "Somebody else saved this appointment while you were writing." in told.text
    for both in ("Dinner", "19:00 – 20:00", "Café Nova", "12:30 – 13:30"):
        assert both in told.text
    typed = ("title", "start", "end", "location", "description")
    assert {name: told.values[name] for name in typed} == {name: mine[name] for name in typed}
    assert (only(db).title, only(db).version) == ("Dinner", 2)


def test_saving_again_overwrites_knowingly(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    page = read(as_ana.get(address_of(lunch)).text)
    as_ana.post(address_of(lunch), data=sent_back(page, title="Dinner"))
    told = read(as_ana.post(address_of(lunch), data=sent_back(page, title="Breakfast")).text)

    response = as_ana.post(address_of(lunch), data=sent_back(told))

    assert response.status_code == 303
    assert (only(db).title, only(db).version) == ("Breakfast", 3)


def test_somebody_else_saving_once_more_is_told_again(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    page = read(as_ana.get(address_of(lunch)).text)
    as_ana.post(address_of(lunch), data=sent_back(page, title="Dinner"))
    told = read(as_ana.post(address_of(lunch), data=sent_back(page, title="Breakfast")).text)
    as_ana.submit(address_of(lunch), filled(title="Supper"))

    response = as_ana.post(address_of(lunch), data=sent_back(told))

    assert response.status_code == 409
    assert "Supper" in response.text
    assert only(db).title == "Supper"


def test_both_writing_the_same_is_no_conflict(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    page = read(as_ana.get(address_of(lunch)).text)
    as_ana.post(address_of(lunch), data=sent_back(page, title="Dinner"))

    assert as_ana.post(address_of(lunch), data=sent_back(page, title="Dinner")).status_code == 303
    assert (only(db).title, only(db).version) == ("Dinner", 2)


def test_a_refusal_comes_before_the_conflict(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    page = read(as_ana.get(address_of(lunch)).text)
    as_ana.post(address_of(lunch), data=sent_back(page, title="Dinner"))

    response = as_ana.post(
        address_of(lunch), data=sent_back(page, title="Supper", end="2027-03-01T09:00")
    )

    assert response.status_code == 422
    told = read(response.text)
    assert told.values["version"] == "1"  # so the next one is told of the other
    assert as_ana.post(address_of(lunch), data=sent_back(told, end="")).status_code == 409


def test_what_was_deleted_meanwhile_is_told_and_put_back_by_saving_again(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    page = read(as_ana.get(address_of(lunch)).text)
    as_ana.submit(f"/appointments/{lunch.public_id}/delete/")
    as_ana.get("/appointments/")

    response = as_ana.post(address_of(lunch), data=sent_back(page, title="Dinner"))

    told = read(response.text)
    assert response.status_code == 409
    assert "This appointment was deleted while you were writing." in told.text
    assert told.values["title"] == "Dinner"
    assert only(db).deleted_at is not None

    again = as_ana.post(address_of(lunch), data=sent_back(told))

    assert again.status_code == 303
    assert (only(db).title, only(db).deleted_at) == ("Dinner", None)
    assert as_ana.get(again.location).status_code == 200


def test_what_was_deleted_meanwhile_is_not_said_to_be_saved_unchanged(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    page = read(as_ana.get(address_of(lunch)).text)
    as_ana.submit(f"/appointments/{lunch.public_id}/delete/")

    assert as_ana.post(address_of(lunch), data=sent_back(page)).status_code == 409
    assert only(db).deleted_at is not None


def test_a_form_without_version_does_not_find_what_is_deleted(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    as_ana.submit(f"/appointments/{lunch.public_id}/delete/")

    assert as_ana.submit(address_of(lunch), filled(title="Dinner")).status_code == 404
    assert only(db).title == "Lunch with Ben"


def test_two_at_once_and_one_is_told(
    ana: User, browser_of: Callable[[User], Browsing], lunch: Appointment, db: Session
) -> None:
    browsers = [browser_of(ana) for _ in range(4)]
    before = versions(db)
    together = threading.Barrier(len(browsers))

    def write(number: int) -> int:
        together.wait(10)
        fields = filled(title=f"Call {number}", version="1")
        return browsers[number].submit(address_of(lunch), fields).status_code

    with ThreadPoolExecutor(len(browsers)) as threads:
        statuses = list(threads.map(write, range(len(browsers))))

    assert sorted(statuses) == [303, 409, 409, 409]
    assert only(db).title == f"Call {statuses.index(303)}"
    assert only(db).version == 2
    assert versions(db) == [before[0] + 1]


# Not one's own


def test_anybody_elses_appointment_does_not_exist(
    as_cleo: Browsing, lunch: Appointment, db: Session
) -> None:
    others = as_cleo.submit(address_of(lunch), filled(title="Mine", version="1"))
    nobodys = as_cleo.submit(f"/appointments/{new_public_id()}/edit/", filled(version="1"))

    assert others.status_code == nobodys.status_code == 404
    assert others.text == nobodys.text
    assert only(db).title == "Lunch with Ben"


def test_it_asks_to_sign_in_first(anonymous: Browsing, lunch: Appointment, db: Session) -> None:
    assert anonymous.submit(address_of(lunch), filled(title="Mine")).status_code == 303
    assert only(db).title == "Lunch with Ben"


def test_it_writes_nothing_down_twice(as_ana: Browsing, lunch: Appointment, db: Session) -> None:
    as_ana.submit(address_of(lunch), filled(title="Dinner"))
    assert len(all_of(db)) == 1

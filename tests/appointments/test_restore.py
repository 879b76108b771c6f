"""Taking a deletion back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session
from tests.appointments.filled import only, read, versions
from tests.conftest import Browsing, Time

from schedapp.accounts.models import User
from schedapp.appointments.models import Appointment
from schedapp.plumbing.identifiers import new_public_id


@pytest.fixture
def deleted(as_ana: Browsing, lunch: Appointment) -> Appointment:
    as_ana.submit(f"/appointments/{lunch.public_id}/delete/")
    as_ana.get("/appointments/")
    return lunch


def address_of(appointment: Appointment) -> str:
    return f"/appointments/{appointment.public_id}/restoration/"


def test_it_is_back_as_it_was(as_ana: Browsing, deleted: Appointment, db: Session) -> None:
    response = as_ana.submit(address_of(deleted))

    assert response.status_code == 303
    assert response.location == f"/appointments/{deleted.public_id}/"
    back = only(db)
    assert back.deleted_at is None
    assert (back.title, back.starts_at) == (deleted.title, deleted.starts_at)
    page = read(as_ana.get(response.location).text)
    assert page.message("success") == ["“Lunch with Ben” is back."]
    assert read(as_ana.get("/appointments/").text).titles == ["Lunch with Ben"]


def test_undoing_twice_says_the_same_and_writes_nothing(
    as_ana: Browsing, deleted: Appointment, db: Session
) -> None:
    as_ana.submit(address_of(deleted))
    before = versions(db)

    again = as_ana.submit(address_of(deleted))

    assert (again.status_code, again.location) == (303, f"/appointments/{deleted.public_id}/")
    assert versions(db) == before


def test_it_works_for_thirty_days(
    as_ana: Browsing,
    deleted: Appointment,
    db: Session,
    time: Time,
    ana: User,
    browser_of: Callable[[User], Browsing],
) -> None:
    time.forward(days=29, hours=23)
    assert browser_of(ana).submit(address_of(deleted)).status_code == 303
    assert only(db).deleted_at is None


def test_after_thirty_days_it_is_gone(
    as_ana: Browsing,
    deleted: Appointment,
    db: Session,
    time: Time,
    ana: User,
    browser_of: Callable[[User], Browsing],
) -> None:
    time.forward(days=30, seconds=1)
    assert browser_of(ana).submit(address_of(deleted)).status_code == 404
    assert only(db).deleted_at is not None


def test_anybody_elses_appointment_does_not_exist(
    as_cleo: Browsing, deleted: Appointment, db: Session
) -> None:
    others = as_cleo.submit(address_of(deleted))
    nobodys = as_cleo.submit(f"/appointments/{new_public_id()}/restoration/")

    assert others.status_code == nobodys.status_code == 404
    assert others.text == nobodys.text
    assert only(db).deleted_at is not None


def test_it_needs_the_form_token(as_ana: Browsing, deleted: Appointment, db: Session) -> None:
    assert as_ana.post(address_of(deleted)).status_code == 400
    assert only(db).deleted_at is not None


def test_looking_at_the_address_does_nothing(
    as_ana: Browsing, deleted: Appointment, db: Session
) -> None:
    assert as_ana.get(address_of(deleted)).status_code == 405
    assert only(db).deleted_at is not None


def test_it_asks_to_sign_in_first(anonymous: Browsing, deleted: Appointment, db: Session) -> None:
    assert anonymous.submit(address_of(deleted)).status_code == 303
    assert only(db).deleted_at is not None


def test_two_at_once_put_it_back_once(
    ana: User, browser_of: Callable[[User], Browsing], deleted: Appointment, db: Session
) -> None:
    browsers = [browser_of(ana) for _ in range(4)]
    before = versions(db)
    together = threading.Barrier(len(browsers))

    def restore(browser: Browsing) -> int:
        together.wait(10)
        return browser.submit(address_of(deleted)).status_code

    with ThreadPoolExecutor(len(browsers)) as threads:
        statuses = list(threads.map(restore, browsers))

    assert set(statuses) == {303}
    assert only(db).deleted_at is None
    assert versions(db) == [before[0] + 1]

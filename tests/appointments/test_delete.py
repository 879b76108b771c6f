"""Taking an appointment out of the book."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session
from tests.appointments.filled import all_of, filled, only, read, versions
from tests.conftest import NOW, Browsing

from schedapp.accounts.models import User
from schedapp.appointments.models import Appointment
from schedapp.plumbing.identifiers import new_public_id

NOT_FOUND = {"status": "Not Found"}


def address_of(appointment: Appointment) -> str:
    return f"/appointments/{appointment.public_id}/delete/"


def by_program(browser: Browsing, path: str, token: str | None = None) -> tuple[int, object]:
    headers = {"X-CSRFToken": browser.token() if token is None else token}
    response = browser.delete(path, headers=headers)
    return response.status_code, response.json


def test_it_asks_first(as_ana: Browsing, lunch: Appointment, db: Session) -> None:
    response = as_ana.get(address_of(lunch))

    page = read(response.text)
    assert response.status_code == 200
    assert "Delete this appointment?" in page.text
    assert "Lunch with Ben" in page.text
    assert page.link("Keep it") == f"/appointments/{lunch.public_id}/"
    assert only(db).deleted_at is None


def test_it_is_gone_from_the_book_and_can_be_taken_back(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    response = as_ana.submit(address_of(lunch))

    assert response.status_code == 303
    assert response.location == "/appointments/"
    assert only(db).deleted_at == NOW
    page = read(as_ana.get("/appointments/").text)
    assert page.message("success") == ["“Lunch with Ben” is deleted."]
    assert page.titles == []
    assert f'action="/appointments/{lunch.public_id}/restoration/"' in page.html
    assert "Undo" in page.text


def test_a_program_deletes_and_is_told_in_json(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    assert by_program(as_ana, address_of(lunch)) == (200, {"status": "OK"})
    assert only(db).deleted_at == NOW
    assert by_program(as_ana, address_of(lunch)) == (404, NOT_FOUND)


def test_a_program_leaves_no_message_behind(as_ana: Browsing, lunch: Appointment) -> None:
    by_program(as_ana, address_of(lunch))

    assert read(as_ana.get("/appointments/").text).message("success") == []


def test_deleting_it_twice_in_a_page_says_the_same_and_writes_nothing(
    as_ana: Browsing, lunch: Appointment, db: Session
) -> None:
    as_ana.submit(address_of(lunch))
    as_ana.get("/appointments/")
    before = versions(db)

    again = as_ana.submit(address_of(lunch))

    assert again.status_code == 303
    assert read(as_ana.get(again.location).text).message("success") == [
        "“Lunch with Ben” is deleted."
    ]
    assert versions(db) == before
    assert only(db).version == 2


def test_of_two_programs_at_once_one_deletes(
    ana: User, browser_of: Callable[[User], Browsing], lunch: Appointment, db: Session
) -> None:
    browsers = [browser_of(ana) for _ in range(4)]
    before = versions(db)
    together = threading.Barrier(len(browsers))

    def delete(browser: Browsing) -> int:
        together.wait(10)
        return by_program(browser, address_of(lunch))[0]

    with ThreadPoolExecutor(len(browsers)) as threads:
        statuses = list(threads.map(delete, browsers))

    assert sorted(statuses) == [200, 404, 404, 404]
    assert only(db).version == 2
    assert versions(db) == [before[0] + 1]


def test_one_deletes_while_another_edits_and_nothing_is_half_done(
    ana: User, browser_of: Callable[[User], Browsing], lunch: Appointment, db: Session
) -> None:
    deleting, editing = browser_of(ana), browser_of(ana)
    together = threading.Barrier(2)

    def delete() -> int:
        together.wait(10)
        return deleting.submit(address_of(lunch)).status_code

    def edit() -> int:
        together.wait(10)
        fields = filled(title="Dinner", version="1")
        return editing.submit(f"/appointments/{lunch.public_id}/edit/", fields).status_code

    with ThreadPoolExecutor(2) as threads:
        deleted, edited = threads.submit(delete), threads.submit(edit)

    assert deleted.result() == 303
    assert edited.result() in {303, 409}
    appointment = only(db)
    assert appointment.deleted_at is not None
    assert appointment.title == ("Dinner" if edited.result() == 303 else "Lunch with Ben")


def test_anybody_elses_appointment_does_not_exist(
    as_cleo: Browsing, lunch: Appointment, db: Session
) -> None:
    random = f"/appointments/{new_public_id()}/delete/"

    assert by_program(as_cleo, address_of(lunch)) == (404, NOT_FOUND)
    assert by_program(as_cleo, random) == (404, NOT_FOUND)
    others, nobodys = as_cleo.submit(address_of(lunch)), as_cleo.submit(random)
    assert others.status_code == nobodys.status_code == 404
    assert others.text == nobodys.text
    assert only(db).deleted_at is None


@pytest.mark.parametrize("token", ["", "wrong", "0" * 2000])
def test_it_needs_the_form_token(
    as_ana: Browsing, lunch: Appointment, db: Session, token: str
) -> None:
    assert by_program(as_ana, address_of(lunch), token)[0] == 400
    assert as_ana.post(address_of(lunch), data={"csrf_token": token}).status_code == 400
    assert as_ana.post(address_of(lunch)).status_code == 400
    assert only(db).deleted_at is None


def test_a_program_that_is_not_signed_in_is_told_401(
    anonymous: Browsing, lunch: Appointment, db: Session
) -> None:
    assert by_program(anonymous, address_of(lunch)) == (401, {"status": "Unauthorized"})
    assert anonymous.submit(address_of(lunch)).status_code == 303
    assert only(db).deleted_at is None


def test_many_messages_that_nobody_reads_do_not_fill_the_cookie(
    as_ana: Browsing, ana: User, write_down: Callable[..., Appointment], db: Session
) -> None:
    for number in range(20):
        title = "".join(chr(0x4E00 + 255 * number + place) for place in range(255))
        assert as_ana.submit(address_of(write_down(ana, title))).status_code == 303

    assert all(each.deleted_at for each in all_of(db))
    cookie = as_ana.get_cookie("sched-form")
    assert cookie is not None
    assert len(cookie.value) < 3000
    page = read(as_ana.get("/appointments/").text)
    assert chr(0x4E00 + 255 * 19) in page.message("success")[-1]

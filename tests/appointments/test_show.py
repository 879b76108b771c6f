"""Looking at one appointment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.appointments.filled import read
from tests.conftest import Browsing

from schedapp.accounts.models import User
from schedapp.appointments.models import Appointment
from schedapp.plumbing.identifiers import new_public_id


def test_it_shows_what_was_written(
    as_ana: Browsing, ana: User, write_down: Callable[..., Appointment]
) -> None:
    written = write_down(ana, "Fair & <friends>", description="Bring:\n\n– plans\n– biscuits")

    response = as_ana.get(f"/appointments/{written.public_id}/")

    page = read(response.text)
    assert response.status_code == 200
    assert "Fair &amp; &lt;friends&gt;" in response.text
    assert "<friends>" not in response.text
    assert "Café Nova" in page.text
    assert "Bring:\n\n– plans\n– biscuits" in response.text
    assert page.link("Edit appointment") == f"/appointments/{written.public_id}/edit/"
    assert page.link("Delete") == f"/appointments/{written.public_id}/delete/"


def test_it_keeps_the_page_for_nobody_else(as_ana: Browsing, lunch: Appointment) -> None:
    page = as_ana.get(f"/appointments/{lunch.public_id}/")

    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("page", ["", "edit/", "delete/"])
def test_anybody_elses_appointment_does_not_exist(
    as_cleo: Browsing, lunch: Appointment, page: str
) -> None:
    others = as_cleo.get(f"/appointments/{lunch.public_id}/{page}")
    nobodys = as_cleo.get(f"/appointments/{new_public_id()}/{page}")

    assert others.status_code == nobodys.status_code == 404
    assert others.text == nobodys.text
    assert dict(others.headers) == dict(nobodys.headers)


@pytest.mark.parametrize("page", ["", "edit/", "delete/"])
@pytest.mark.parametrize(
    "wrong",
    ["%00", "0", "x" * 5000, "%E2%80%AE", "%ff%fe", "1%20OR%201=1", "..%2f..", "%F0%9F%A6%86"],
)
def test_what_cannot_be_an_id_does_not_exist(as_ana: Browsing, wrong: str, page: str) -> None:
    assert as_ana.get(f"/appointments/{wrong}/{page}").status_code == 404


@pytest.mark.parametrize("page", ["", "edit/", "delete/"])
def test_what_is_deleted_does_not_exist(as_ana: Browsing, lunch: Appointment, page: str) -> None:
    as_ana.submit(f"/appointments/{lunch.public_id}/delete/")

    assert as_ana.get(f"/appointments/{lunch.public_id}/{page}").status_code == 404


@pytest.mark.parametrize("page", ["", "edit/", "delete/"])
def test_it_asks_to_sign_in_first(anonymous: Browsing, lunch: Appointment, page: str) -> None:
    address = f"/appointments/{lunch.public_id}/{page}"

    response = anonymous.get(address)

    assert response.status_code == 303
    assert response.location == f"/login/?next={address}"
    said = read(anonymous.get(response.location).text)
    assert said.message("info") == ["Please log in to see your appointments."]


def test_a_program_is_told_401(anonymous: Browsing, lunch: Appointment) -> None:
    response = anonymous.get(
        f"/appointments/{lunch.public_id}/", headers={"Accept": "application/json"}
    )

    assert response.status_code == 401
    assert response.json == {"status": "Unauthorized"}


def test_many_pages_that_ask_to_sign_in_say_so_once(
    anonymous: Browsing, lunch: Appointment
) -> None:
    for _ in range(3):
        response = anonymous.get(f"/appointments/{lunch.public_id}/")

    said = read(anonymous.get(response.location).text)
    assert said.message("info") == ["Please log in to see your appointments."]

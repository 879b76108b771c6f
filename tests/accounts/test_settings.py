"""Changing one's own name, zone, language, week and clock."""

import re

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from tests.conftest import Browsing, Time
from tests.observing import whole_book

from schedapp.accounts.models import User
from schedapp.appointments.models import Appointment
from schedapp.plumbing.database import bookkeeping

RIGHT = {
    "name": "Ana Maria",
    "time_zone": "Asia/Kathmandu",
    "locale": "en_US",
    "week_starts_on": "6",
    "hour_cycle": "12",
}


def _chosen(page: str, field: str) -> list[str]:
    select = re.search(rf'<select[^>]*name="{field}".*?</select>', page, re.DOTALL)
    assert select is not None
    return re.findall(r'<option selected[^>]*value="([^"]*)"', select[0])


def test_the_page_shows_them_as_they_are(as_ana: Browsing) -> None:
    page = as_ana.get("/account/").text

    assert 'value="Ana"' in page
    assert _chosen(page, "time_zone") == ["Europe/Berlin"]
    assert _chosen(page, "locale") == ["en_GB"]
    assert _chosen(page, "week_starts_on") == [""]
    assert _chosen(page, "hour_cycle") == [""]


def test_they_are_kept(as_ana: Browsing, db: Session, time: Time) -> None:
    time.forward(seconds=5)

    answer = as_ana.submit("/account/", RIGHT)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/")
    user = db.query(User).one()
    assert (user.name, user.time_zone, user.locale) == ("Ana Maria", "Asia/Kathmandu", "en_US")
    assert (user.week_starts_on, user.hour_cycle) == (6, 12)
    assert (user.modified_at, user.email) == (time.moment, "ana@example.org")
    page = as_ana.get("/account/").text
    assert "Your settings are saved." in page
    assert [_chosen(page, field) for field in list(RIGHT)[1:]] == [
        [value] for value in list(RIGHT.values())[1:]
    ]


def test_everything_is_told_by_them_from_then_on(as_ana: Browsing, lunch: Appointment) -> None:
    assert "12:30" in as_ana.get("/appointments/").text

    as_ana.submit("/account/", RIGHT)

    page = as_ana.get("/appointments/").text
    assert "5:15" in page
    assert "12:30" not in page
    assert "Ana Maria" in page
    assert '<html lang="en-US"' in page


def test_back_to_the_habits_of_the_language(as_ana: Browsing, db: Session) -> None:
    as_ana.submit("/account/", RIGHT)

    as_ana.submit("/account/", RIGHT | {"week_starts_on": "", "hour_cycle": ""})

    user = db.query(User).one()
    assert (user.week_starts_on, user.hour_cycle) == (None, None)


@pytest.mark.parametrize(
    "name",
    [
        "A",
        "\N{GRINNING FACE}",
        "אנה",
        "آنا",
        "Anna \N{LATIN SMALL LETTER SHARP S}",
        "x" * 200,
        "ж" * 200,
        "<b>Ana</b>",
        "Ana \N{RIGHT-TO-LEFT OVERRIDE}anA",
    ],
    ids=ascii,
)
def test_a_name_may_be_any_that_can_be_seen(as_ana: Browsing, db: Session, name: str) -> None:
    assert as_ana.submit("/account/", RIGHT | {"name": f"  {name} "}).status_code == 303

    assert db.query(User).one().name == name
    assert "<b>" not in as_ana.get("/account/").text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": None}, "This is needed."),
        ({"name": ""}, "This is needed."),
        ({"name": " \t "}, "This is needed."),
        ({"name": "\N{ZERO WIDTH SPACE}\N{NO-BREAK SPACE}"}, "This is needed."),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"name": "x" * 1_000_000}, "at most 200 characters"),
        ({"name": "Ana\0"}, "cannot be kept"),
        ({"name": "Ana\nMaria"}, "cannot be kept"),
        ({"name": "Ana\x85Maria"}, "cannot be kept"),
        ({"name": ["Ana", "Maria"]}, "more than once"),
        ({"time_zone": "Mars/Olympus"}, "Please choose one of these."),
        ({"time_zone": ""}, "Please choose one of these."),
        ({"time_zone": "../../etc/passwd"}, "Please choose one of these."),
        ({"time_zone": "Europe/Berlin\0"}, "Please choose one of these."),
        ({"time_zone": "x" * 1_000_000}, "Please choose one of these."),
        ({"time_zone": ["Europe/Berlin", "Europe/Paris"]}, "more than once"),
        ({"locale": "tlh"}, "Please choose one of these."),
        ({"locale": "../de"}, "Please choose one of these."),
        ({"locale": ""}, "Please choose one of these."),
        ({"week_starts_on": "7"}, "Please choose one of these."),
        ({"week_starts_on": "-1"}, "Please choose one of these."),
        ({"week_starts_on": "Monday"}, "Please choose one of these."),
        ({"hour_cycle": "13"}, "Please choose one of these."),
        ({"hour_cycle": "1_2"}, "Please choose one of these."),
        ({"hour_cycle": "٢٤"}, "Please choose one of these."),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_kept(
    as_ana: Browsing, wrong: dict[str, object], says: str
) -> None:
    before = whole_book(as_ana.application)
    typed = {name: value for name, value in (RIGHT | wrong).items() if value is not None}

    answer = as_ana.submit("/account/", typed)

    assert answer.status_code == 422
    (field,) = wrong
    # Which of two is not said by a field: that stands above the form.
    beside = re.search(rf'id="{field}-error">([^<]*)<', answer.text)
    assert says in (answer.text if isinstance(wrong[field], list) else beside[1] if beside else "")
    assert whole_book(as_ana.application) == before
    # What was right stays as it was typed; a choice that is none is the one that is kept.
    if field != "name":
        assert 'value="Ana Maria"' in answer.text
        if not isinstance(wrong[field], list):
            kept = {"time_zone": "Europe/Berlin", "locale": "en_GB"}
            assert _chosen(answer.text, field) == [kept.get(field, "")]
    if field != "locale":
        assert _chosen(answer.text, "locale") == ["en_US"]


def test_what_is_not_sent_stays_as_it_was(as_ana: Browsing, db: Session) -> None:
    as_ana.submit("/account/", RIGHT)

    assert as_ana.submit("/account/", {"name": "Ana"}).status_code == 303

    user = db.query(User).one()
    assert (user.name, user.time_zone, user.locale) == ("Ana", "Asia/Kathmandu", "en_US")
    assert (user.week_starts_on, user.hour_cycle) == (6, 12)


def test_nothing_else_can_be_changed_there(as_ana: Browsing, db: Session) -> None:
    more = {"role": "administrator", "email": "x@example.org", "state": "inactive", "id": "0"}

    as_ana.submit("/account/", RIGHT | more)

    user = db.query(User).one()
    assert (user.role, user.email, user.state) == ("member", "ana@example.org", "active")


@pytest.mark.parametrize("old", ["Asia/Calcutta", "US/Pacific"])
def test_a_zone_by_its_old_name_stays_when_something_else_is_saved(
    app: Flask, as_ana: Browsing, db: Session, old: str
) -> None:
    with app.app_context(), bookkeeping() as change:
        change.execute(update(User).values(time_zone=old))

    page = as_ana.get("/account/").text
    (chosen,) = _chosen(page, "time_zone")
    as_ana.submit("/account/", RIGHT | {"time_zone": chosen})

    assert db.query(User).one().time_zone == old


def test_it_is_ones_own_alone(as_ana: Browsing, as_cleo: Browsing, db: Session) -> None:
    as_ana.submit("/account/", RIGHT)

    assert "Ana Maria" not in as_cleo.get("/account/").text
    assert {user.name for user in db.query(User)} == {"Ana Maria", "Cleo"}

"""How long a sign-in lasts (sentences 5 and 6)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from tests.accounts.steps import copy_of, is_signed_in, sign_in
from tests.conftest import Browsing, Time
from tests.observing import whole_book

from schedapp.accounts import actions
from schedapp.accounts.models import INACTIVE, User
from schedapp.plumbing import clock
from schedapp.plumbing.database import bookkeeping

SECOND = timedelta(seconds=1)
LIMITS = {
    "a member": (False, False, timedelta(hours=2), timedelta(hours=24)),
    "a member who stays": (False, True, timedelta(days=14), timedelta(days=90)),
    "an administrator": (True, False, timedelta(minutes=30), timedelta(hours=12)),
    "an administrator who wants to stay": (True, True, timedelta(minutes=30), timedelta(hours=12)),
}


@pytest.fixture(params=LIMITS.values(), ids=LIMITS)
def limits(request: pytest.FixtureRequest) -> tuple[bool, bool, timedelta, timedelta]:
    given: tuple[bool, bool, timedelta, timedelta] = request.param
    return given


@pytest.fixture
def browser(
    limits: tuple[bool, bool, timedelta, timedelta],
    add_user: Callable[..., User],
    anonymous: Browsing,
) -> Browsing:
    administrator, stays, *_ = limits
    add_user("Ana", administrator=administrator)
    assert sign_in(anonymous, **({"stay": "y"} if stays else {})).status_code == 303
    return anonymous


@pytest.fixture
def idle(limits: tuple[bool, bool, timedelta, timedelta]) -> timedelta:
    return limits[2]


@pytest.fixture
def absolute(limits: tuple[bool, bool, timedelta, timedelta]) -> timedelta:
    return limits[3]


@pytest.mark.sentence(5)
def test_unused_it_ends(browser: Browsing, idle: timedelta, time: Time) -> None:
    start = time.moment
    time.moment = start + idle - SECOND
    assert is_signed_in(browser)

    time.moment += idle - SECOND
    assert is_signed_in(browser)
    time.moment += idle
    assert not is_signed_in(browser)

    for back in (SECOND, idle, idle * 3):
        time.moment -= back
        assert not is_signed_in(browser)


@pytest.mark.sentence(5)
def test_used_all_the_time_it_ends_too(
    browser: Browsing, idle: timedelta, absolute: timedelta, time: Time
) -> None:
    start = time.moment
    while time.moment < start + absolute - SECOND:
        time.moment = min(time.moment + idle - SECOND, start + absolute - SECOND)
        assert is_signed_in(browser)

    time.moment = start + absolute
    assert not is_signed_in(browser)

    time.moment = start
    assert not is_signed_in(browser)


@pytest.mark.sentence(5)
def test_the_agenda_that_is_kept_ends_with_it(
    browser: Browsing, idle: timedelta, time: Time
) -> None:
    tag = browser.get("/appointments/").headers["ETag"]

    time.moment += idle
    for headers in ({}, {"If-None-Match": tag}):
        assert browser.get("/appointments/", headers=headers).status_code == 303

    time.moment -= idle
    for headers in ({}, {"If-None-Match": tag}):
        assert browser.get("/appointments/", headers=headers).status_code == 303


@pytest.mark.sentence(5)
def test_what_ended_by_time_is_written_down_once(as_ana: Browsing, time: Time) -> None:
    time.forward(hours=2)
    assert not is_signed_in(as_ana)
    ended = whole_book(as_ana.application)["sign_in"]
    assert "idle" in ended[0]

    time.forward(days=3)
    assert not is_signed_in(as_ana)
    assert whole_book(as_ana.application)["sign_in"] == ended


@pytest.mark.sentence(6)
def test_a_deactivated_users_very_next_request_is_refused(
    app: Flask, ana: User, as_ana: Browsing, as_cleo: Browsing
) -> None:
    other = copy_of(as_ana)
    tag = as_ana.get("/appointments/").headers["ETag"]
    with app.app_context(), bookkeeping() as db:
        actions.deactivate(db, db.get_one(User, ana.id), reason="left", now=clock.now())

    assert as_ana.get("/appointments/").status_code == 303
    assert as_ana.get("/appointments/", headers={"If-None-Match": tag}).status_code == 303
    assert not is_signed_in(other)
    assert as_ana.submit("/account/password/").headers["Location"] == "/login/"
    assert sign_in(as_ana).status_code == 422
    assert is_signed_in(as_cleo)


@pytest.mark.sentence(6)
def test_so_is_it_where_only_the_state_says_so(app: Flask, ana: User, as_ana: Browsing) -> None:
    as_ana.get("/appointments/")
    with app.app_context(), bookkeeping() as db:
        db.execute(update(User).where(User.id == ana.id).values(state=INACTIVE))

    assert as_ana.get("/appointments/").status_code == 303
    assert not is_signed_in(as_ana)


@pytest.mark.sentence(6)
def test_activated_again_one_signs_in_anew(app: Flask, ana: User, as_ana: Browsing) -> None:
    with app.app_context(), bookkeeping() as db:
        user = db.get_one(User, ana.id)
        actions.deactivate(db, user, reason=None, now=clock.now())
        actions.activate(db, user, now=clock.now())

    assert not is_signed_in(as_ana)
    assert sign_in(as_ana).status_code == 303
    assert is_signed_in(as_ana)


def test_a_book_that_cannot_be_written_can_still_be_read(
    app: Flask, as_ana: Browsing, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("update", None, Exception("disk full"))

    time.forward(minutes=5)
    monkeypatch.setattr(actions, "note_seen", full)
    monkeypatch.setattr(actions, "note_end", full)
    assert is_signed_in(as_ana)

    time.forward(hours=3)
    assert not is_signed_in(as_ana)

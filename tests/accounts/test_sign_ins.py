"""Seeing where one is signed in, and ending it (sentence 8)."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from tests.accounts.steps import is_signed_in, sign_in_ids
from tests.conftest import Browsing, Time
from tests.observing import whole_book

from schedapp.accounts import actions
from schedapp.accounts.actions import Browser
from schedapp.accounts.models import SignIn, User
from schedapp.plumbing import clock
from schedapp.plumbing.database import bookkeeping


@pytest.fixture
def at_work(as_ana: Browsing, ana: User, time: Time, app: Flask) -> Browsing:
    """Ana's other browser, which she used an hour after this one."""
    time.forward(hours=1)
    agent = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
    )
    with app.app_context(), bookkeeping() as db:
        token = actions.begin_sign_in(
            db,
            ana,
            stays=True,
            browser=Browser(ip="203.0.113.9", user_agent=agent),
            how="password",
            now=clock.now(),
        )
    browser = app.test_client()
    assert isinstance(browser, Browsing)
    browser.set_cookie("sched", token)
    return browser


def test_the_page_tells_each_with_browser_place_and_time(
    as_ana: Browsing, at_work: Browsing
) -> None:
    page = as_ana.get("/account/sign-ins/").text

    assert page.count("This browser") == 1
    assert "Firefox · Linux" in page
    assert "Chrome · Windows" in page
    assert "127.0.0.1" in page
    assert "203.0.113.9" in page
    assert "stays signed in" in page
    assert "10:00" in page
    assert len(sign_in_ids(as_ana)) == 2


def test_times_are_told_in_the_readers_own_zone_and_language(
    as_ana: Browsing, at_work: Browsing
) -> None:
    form = {"name": "Ana", "time_zone": "America/New_York", "locale": "en_US"}
    as_ana.submit("/account/", form)

    page = as_ana.get("/account/sign-ins/").text

    assert "4:00\N{NARROW NO-BREAK SPACE}AM" in page
    assert "10:00" not in page


@pytest.mark.sentence(8)
def test_one_sees_only_ones_own(as_ana: Browsing, as_cleo: Browsing) -> None:
    assert len(sign_in_ids(as_ana)) == 1
    assert len(sign_in_ids(as_cleo)) == 1
    assert sign_in_ids(as_ana) != sign_in_ids(as_cleo)


@pytest.mark.sentence(8)
def test_one_ends_only_ones_own(as_ana: Browsing, as_cleo: Browsing) -> None:
    (cleos,) = sign_in_ids(as_cleo)
    before = whole_book(as_ana.application)

    answers = [
        as_ana.submit(f"/account/sign-ins/{each}/end/")
        for each in (cleos, "0" * 20, "x", cleos.upper(), "0" * 19 + "\N{DIGIT ONE}")
    ]

    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1
    assert is_signed_in(as_cleo)
    assert whole_book(as_ana.application) == before


def test_ending_another_signs_that_browser_out(
    as_ana: Browsing, at_work: Browsing, db: Session
) -> None:
    work = db.query(SignIn).filter_by(ip_first="203.0.113.9").one()

    answer = as_ana.submit(f"/account/sign-ins/{work.public_id}/end/")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/sign-ins/")
    assert "That browser is signed out." in as_ana.get("/account/sign-ins/").text
    assert not is_signed_in(at_work)
    assert is_signed_in(as_ana)
    assert "Clear-Site-Data" not in answer.headers
    again = as_ana.submit(f"/account/sign-ins/{work.public_id}/end/")
    assert again.status_code == 404


def test_ending_this_one_signs_this_browser_out(as_ana: Browsing, at_work: Browsing) -> None:
    (this,) = set(sign_in_ids(as_ana)) - _others(as_ana)

    answer = as_ana.submit(f"/account/sign-ins/{this}/end/")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert as_ana.get_cookie("sched") is None
    assert is_signed_in(at_work)


def _others(browser: Browsing) -> set[str]:
    page = browser.get("/account/sign-ins/").text
    rest = page.partition("This browser")[2]
    assert rest
    return set(sign_in_ids(browser)) - {rest.partition("/account/sign-ins/")[2][:20]}


def test_all_others_are_ended_at_once(
    as_ana: Browsing,
    at_work: Browsing,
    as_cleo: Browsing,
    ana: User,
    browser_of: Callable[..., Browsing],
) -> None:
    more = [browser_of(ana) for _ in range(3)]

    answer = as_ana.submit("/account/sign-ins/end/")

    assert answer.status_code == 303
    page = as_ana.get("/account/sign-ins/").text
    assert "All other browsers are signed out." in page
    assert "Sign out everywhere else" not in page
    assert is_signed_in(as_ana)
    assert is_signed_in(as_cleo)
    assert not any(map(is_signed_in, [at_work, *more]))


def test_those_that_ran_out_are_not_shown(
    as_ana: Browsing, ana: User, time: Time, browser_of: Callable[..., Browsing]
) -> None:
    time.forward(hours=1, minutes=30)
    later = browser_of(ana)

    time.forward(hours=1)

    assert len(sign_in_ids(later)) == 1


@pytest.mark.parametrize("address", ["/account/sign-ins/{}/end/", "/account/sign-ins/end/"])
def test_without_the_form_token_nothing_ends(
    as_ana: Browsing, at_work: Browsing, address: str
) -> None:
    (other,) = _others(as_ana)

    assert as_ana.post(address.format(other)).status_code == 400

    assert is_signed_in(at_work)
    assert is_signed_in(as_ana)

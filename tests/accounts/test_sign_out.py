"""Signing out."""

from collections.abc import Callable

import pytest
from tests.accounts.steps import copy_of, is_signed_in, sign_in
from tests.conftest import Browsing, Time
from tests.observing import whole_book
from tests.web.doors import ACCESS, DOORS, UNSAFE, Door

from schedapp.accounts.models import User

CLOSED = [
    door
    for door in DOORS
    if door.needs_sign_in and (door.method == "GET" or door.method in UNSAFE)
]


def test_it_asks_first(as_ana: Browsing) -> None:
    page = as_ana.get("/logout/")

    assert page.status_code == 200
    assert "Sign out of this browser?" in page.text
    assert is_signed_in(as_ana)


def test_it_leads_to_the_sign_in_page_and_says_so(as_ana: Browsing) -> None:
    answer = as_ana.submit("/logout/")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/")
    assert "You are signed out." in as_ana.get("/login/").text
    assert not is_signed_in(as_ana)


def test_it_takes_the_cookies_and_the_kept_pages_away(as_ana: Browsing) -> None:
    as_ana.get("/account/")

    answer = as_ana.submit("/logout/")

    # Only the cache: "cookies" would sign out of every other program on this host as well.
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert as_ana.get_cookie("sched") is None
    with as_ana.session_transaction() as session:
        assert "csrf_token" not in session


def test_only_signing_out_clears_what_the_browser_has_kept(anonymous: Browsing, ana: User) -> None:
    for answer in (anonymous.get("/login/"), sign_in(anonymous), anonymous.get("/account/")):
        assert "Clear-Site-Data" not in answer.headers


def test_without_the_form_token_nothing_happens(as_ana: Browsing) -> None:
    assert as_ana.post("/logout/").status_code == 400

    assert is_signed_in(as_ana)


@pytest.mark.sentence(1)
@pytest.mark.parametrize("door", CLOSED, ids=str)
def test_the_cookie_from_before_leads_to_the_sign_in_page(
    as_ana: Browsing, ana: User, browser_of: Callable[..., Browsing], time: Time, door: Door
) -> None:
    address = door.rule.replace("<public_id>", "0" * 20)
    copies = [copy_of(as_ana) for _ in range(2)]
    as_ana.get("/appointments/")
    as_ana.submit("/logout/")
    before = whole_book(as_ana.application)

    for copied in copies:
        form = {"csrf_token": copied.token()}
        answer = copied.open(address, method=door.method, data=form)
        if door.method == "DELETE":
            assert answer.status_code == 401
        else:
            assert answer.status_code == 303
            assert answer.headers["Location"].startswith("/login/")
        time.forward(days=-1)

    assert whole_book(as_ana.application) == before


@pytest.mark.sentence(1)
def test_every_protected_address_was_tried() -> None:
    assert {door.rule for door in CLOSED} == {
        rule
        for rule, access in ACCESS.items()
        if "signed in" in access.value or "owns" in access.value
    } - {"/", "/login/", "/healthz", "/static/<fingerprint>/<path:name>"}


@pytest.mark.sentence(1)
def test_nor_does_a_kept_page_come_back(as_ana: Browsing) -> None:
    copied = copy_of(as_ana)
    tag = as_ana.get("/appointments/").headers["ETag"]
    as_ana.submit("/logout/")

    answer = copied.get("/appointments/", headers={"If-None-Match": tag})

    assert answer.status_code == 303


def test_other_browsers_go_on(
    as_ana: Browsing, ana: User, browser_of: Callable[..., Browsing]
) -> None:
    other = browser_of(ana)

    as_ana.submit("/logout/")

    assert is_signed_in(other)


def test_twice_does_no_harm(as_ana: Browsing) -> None:
    copied = copy_of(as_ana)
    as_ana.submit("/logout/")

    answer = copied.submit("/logout/")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/")

"""Guessing passwords (sentences 19 and 20)."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from tests.accounts.steps import is_signed_in, sign_in
from tests.conftest import SECRET_KEY, Browsing, Time
from tests.observing import whole_book
from tests.web.profiles import like

from schedapp.accounts import throttle
from schedapp.accounts.models import Throttle, User
from schedapp.accounts.throttle import ACCOUNT, ADDRESS, key_of

PAUSE = timedelta(minutes=15)
BENS_PLACE = "203.0.113.9"


def guess(browser: Browsing, times: int = 10, **where: str) -> list[int]:
    """Try wrong passwords, and return the statuses of the answers."""
    return [
        sign_in(browser, f"guess number {number} of many", **where).status_code
        for number in range(times)
    ]


@pytest.mark.sentence(19)
def test_after_ten_wrong_passwords_the_right_one_has_to_wait(
    anonymous: Browsing, ana: User, time: Time
) -> None:
    assert guess(anonymous) == [422] * 10

    answer = sign_in(anonymous)
    assert answer.status_code == 429
    assert "There were too many tries." in answer.text
    assert 'value="ana@example.org"' in answer.text

    time.forward(minutes=14, seconds=59)
    assert sign_in(anonymous).status_code == 429
    time.forward(seconds=1)
    assert sign_in(anonymous).status_code == 303


@pytest.mark.sentence(19)
def test_other_accounts_and_other_browsers_go_on(
    anonymous: Browsing, as_ana: Browsing, ana: User, ben: User
) -> None:
    guess(anonymous)

    assert is_signed_in(as_ana)
    assert sign_in(anonymous, who="ben@example.org").status_code == 303


@pytest.mark.sentence(19)
def test_from_another_address_the_account_has_to_wait_as_well(
    anonymous: Browsing, ana: User
) -> None:
    for number in range(10):
        guess(anonymous, 1, ip=f"203.0.113.{number}")

    assert sign_in(anonymous, ip="198.51.100.1").status_code == 429


@pytest.mark.sentence(19)
@pytest.mark.parametrize("spelt", ["ANA@example.org", " ana@Example.Org "])
def test_another_spelling_is_the_same_account(anonymous: Browsing, ana: User, spelt: str) -> None:
    guess(anonymous, 10, who=spelt)

    assert sign_in(anonymous).status_code == 429


@pytest.mark.sentence(19)
def test_each_pause_is_twice_as_long(anonymous: Browsing, ana: User, time: Time) -> None:
    for pause in (PAUSE, PAUSE * 2, PAUSE * 4):
        assert guess(anonymous) == [422] * 10
        time.moment += pause - timedelta(seconds=1)
        assert sign_in(anonymous).status_code == 429
        time.forward(seconds=1)

    assert sign_in(anonymous).status_code == 303


@pytest.mark.sentence(19)
def test_no_pause_is_longer_than_a_day(anonymous: Browsing, ana: User, time: Time) -> None:
    for _ in range(12):
        assert guess(anonymous) == [422] * 10
        time.forward(days=1)

    assert sign_in(anonymous).status_code == 303


def test_tries_that_are_long_ago_are_forgotten(anonymous: Browsing, ana: User, time: Time) -> None:
    for _ in range(3):
        assert guess(anonymous, 9) == [422] * 9
        time.forward(minutes=15)

    guess(anonymous)
    time.forward(days=2)
    guess(anonymous)
    time.moment += PAUSE
    assert sign_in(anonymous).status_code == 303


def test_the_right_password_makes_the_wrong_ones_forgotten(anonymous: Browsing, ana: User) -> None:
    for _ in range(4):
        assert guess(anonymous, 9) == [422] * 9
        assert sign_in(anonymous).status_code == 303
        anonymous.submit("/logout/")
        anonymous.set_cookie("sched", "")


def test_the_tenth_try_may_be_the_right_one(anonymous: Browsing, ana: User) -> None:
    guess(anonymous, 9)

    assert sign_in(anonymous).status_code == 303


def test_a_paused_account_does_not_run_on_while_it_waits(
    anonymous: Browsing, ana: User, time: Time
) -> None:
    guess(anonymous)
    assert guess(anonymous, 30) == [429] * 30

    time.moment += PAUSE
    assert sign_in(anonymous).status_code == 303


@pytest.mark.sentence(19)
def test_fifty_tries_from_one_address_pause_the_address(
    anonymous: Browsing, ana: User, ben: User
) -> None:
    for number in range(50):
        assert guess(anonymous, 1, who=f"user{number}@example.org", ip=BENS_PLACE) == [422]

    assert sign_in(anonymous, who="ben@example.org", ip=BENS_PLACE).status_code == 429
    assert sign_in(anonymous, who="ben@example.org", ip="198.51.100.1").status_code == 303


def test_whoever_signs_in_often_is_not_taken_for_a_guesser(anonymous: Browsing, ana: User) -> None:
    for _ in range(55):
        assert sign_in(anonymous).status_code == 303
        anonymous.set_cookie("sched", "")

    (address,) = whole_book(anonymous.application)["throttle"]
    assert 0 in address


def test_an_ipv6_address_counts_by_its_network() -> None:
    def key(address: str) -> str:
        return key_of(ADDRESS, address, b"secret")

    assert key("2001:db8::1") == key("2001:db8::ffff:2") != key("2001:db8:0:1::1")
    assert key("203.0.113.9") == key("::ffff:203.0.113.9") != key("203.0.113.8")
    assert key("") != key("nonsense")


def test_a_key_names_nobody(anonymous: Browsing, ana: User) -> None:
    guess(anonymous, 1)

    rows = whole_book(anonymous.application)["throttle"]

    assert len(rows) == 2
    assert "ana" not in repr(rows)
    assert "127.0" not in repr(rows)
    assert key_of(ACCOUNT, "x", b"one") != key_of(ACCOUNT, "x", b"another")
    assert key_of(ACCOUNT, "x", b"one") != key_of(ADDRESS, "x", b"one")


# --- Restarts and processes ----------------------------------------------------------------------


@pytest.mark.sentence(20)
def test_a_restart_forgets_nothing(app: Flask, ana: User) -> None:
    statuses = []
    for _ in range(10):
        with like(app) as restarted:
            statuses += guess(_browser(restarted), 1)

    assert statuses == [422] * 10
    with like(app) as restarted:
        assert sign_in(_browser(restarted)).status_code == 429


@pytest.mark.sentence(20)
def test_all_processes_count_together(app: Flask, ana: User) -> None:
    with like(app) as one, like(app) as two:
        for _ in range(5):
            assert guess(_browser(one), 1) == [422]
            assert guess(_browser(two), 1) == [422]

        for each in (one, two, app):
            assert sign_in(_browser(each)).status_code == 429


@pytest.mark.sentence(20)
def test_of_many_guesses_at_once_ten_are_looked_at(app: Flask, ana: User) -> None:
    with like(app) as one, like(app) as two:
        statuses = _all_at_once(
            *(lambda made=made: guess(_browser(made), 4) for made in (one, two, one, two, one))
        )

    assert sorted(statuses) == [422] * 10 + [429] * 10


@pytest.mark.sentence(20)
def test_many_who_sign_in_at_once_do_not_stand_in_each_others_way(
    app: Flask, ana: User, ben: User
) -> None:
    def come_and_go(who: str) -> list[int]:
        browser, statuses = _browser(app), []
        for _ in range(6):
            statuses.append(sign_in(browser, who=who).status_code)
            browser.set_cookie("sched", "")
        return statuses

    statuses = _all_at_once(
        *(lambda who=who: come_and_go(who) for who in ("ana@example.org", "ben@example.org") * 2)
    )

    # 429 says that all processors hash; nobody waits for ever, and nothing fails.
    assert set(statuses) <= {303, 429}
    assert 303 in statuses


def test_a_row_that_vanishes_meanwhile_is_made_again(app: Flask, db: Session, time: Time) -> None:
    key = key_of(ACCOUNT, "ana@example.org", SECRET_KEY.encode())
    for _ in range(3):
        assert throttle.count_try(db, ACCOUNT, key, now=time.moment)
        assert db.query(Throttle).one().count == 1
        throttle.forget(db, key)
        assert db.query(Throttle).count() == 0


def _browser(app: Flask) -> Browsing:
    browser = app.test_client()
    assert isinstance(browser, Browsing)
    return browser


def _all_at_once(*doings: Callable[[], list[int]]) -> list[int]:
    begin, results = threading.Barrier(len(doings)), list[int]()

    def do(doing: Callable[[], list[int]]) -> None:
        begin.wait()
        results.extend(doing())

    threads = [threading.Thread(target=do, args=[doing]) for doing in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results

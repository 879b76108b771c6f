"""How passwords are hashed, and that nobody learns anything from an answer (sentences 16, 17)."""

from collections.abc import Callable
from typing import Any

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from flask import Flask
from sqlalchemy.orm import Session
from tests.accounts.steps import NEW_PASSWORD, change_password, sign_in, without_tokens
from tests.conftest import CHEAP_HASH, PASSWORD, Browsing
from tests.observing import Statements, statements

from schedapp.accounts import actions, passwords
from schedapp.accounts.models import Password, User
from schedapp.plumbing import clock
from schedapp.plumbing.database import bookkeeping

REAL_HASHES = True
REAL_HASH = passwords.hash_of(PASSWORD)


class Counting:
    """The hasher, and what it has been asked to do."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self.verified: list[Parameters] = []
        self.hashed = 0

    def verify(self, kept: str, password: bytes) -> bool:
        self.verified.append(extract_parameters(kept))
        return self._hasher.verify(kept, password)

    def hash(self, password: bytes) -> str:
        self.hashed += 1
        return self._hasher.hash(password)

    def check_needs_rehash(self, kept: str) -> bool:
        return self._hasher.check_needs_rehash(kept)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counting:
    hasher = Counting(passwords._hasher)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    return hasher


def _kept(db: Session) -> str:
    db.rollback()
    return db.query(Password).one().hash


def test_it_is_argon2id_with_the_work_that_rfc_9106_recommends() -> None:
    parameters = extract_parameters(REAL_HASH)

    assert REAL_HASH.startswith("$argon2id$v=19$")
    assert (parameters.memory_cost, parameters.time_cost) == (65536, 3)
    assert (parameters.hash_len, parameters.salt_len) == (32, 16)
    assert extract_parameters(passwords.NO_HASH) == parameters
    assert not passwords.is_outdated(passwords.NO_HASH)
    assert passwords.hash_of(PASSWORD) != REAL_HASH


@pytest.mark.sentence(16)
def test_a_hash_with_old_parameters_is_replaced_at_the_next_sign_in(
    anonymous: Browsing, ana: User, db: Session
) -> None:
    assert _kept(db) == CHEAP_HASH
    changed_at = db.query(Password).one().changed_at

    assert sign_in(anonymous, "not this one at all").status_code == 422
    assert _kept(db) == CHEAP_HASH

    assert sign_in(anonymous).status_code == 303
    renewed = _kept(db)
    assert extract_parameters(renewed) == extract_parameters(REAL_HASH)
    assert db.query(Password).one().changed_at == changed_at
    anonymous.submit("/logout/")
    assert sign_in(anonymous).status_code == 303
    assert _kept(db) == renewed


@pytest.mark.sentence(16)
def test_a_new_password_has_todays_parameters(as_ana: Browsing, db: Session) -> None:
    assert change_password(as_ana).status_code == 303

    assert extract_parameters(_kept(db)) == extract_parameters(REAL_HASH)
    assert passwords.is_right(NEW_PASSWORD, _kept(db))


@pytest.mark.sentence(16)
def test_an_old_hash_does_not_come_back_over_a_new_password(
    app: Flask, ana: User, db: Session
) -> None:
    new = passwords.hash_of(NEW_PASSWORD)
    with app.app_context(), bookkeeping() as change:
        actions.keep_password(change, ana.id, new, now=clock.now())
        actions.renew_hash(change, ana.id, old=CHEAP_HASH, new=REAL_HASH)

    assert _kept(db) == new


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$AAAA$", None])
def test_what_is_no_hash_is_nobodys_password(kept: str | None) -> None:
    assert not passwords.is_right("", kept)
    assert not passwords.is_right(PASSWORD, kept)


# --- Answers that tell nothing -------------------------------------------------------------------


@pytest.fixture
def people(
    app: Flask, add_user: Callable[..., User], request: pytest.FixtureRequest
) -> dict[str, tuple[str, str]]:
    """Whom one may try to be, and with what: none of it is right."""
    kept = CHEAP_HASH if "cheap_hashes" in request.fixturenames else REAL_HASH
    add_user("Ana", password_hash=kept)
    add_user("Ida", password_hash=kept)
    add_user("Ina", password_hash=None)
    with app.app_context(), bookkeeping() as db:
        ida = db.query(User).filter_by(name="Ida").one()
        actions.deactivate(db, ida, reason="left", now=clock.now())
    return {
        "known": ("ana@example.org", "a wrong password"),
        "unknown": ("una@example.org", "a wrong password"),
        "inactive, wrong": ("ida@example.org", "a wrong password"),
        "inactive, right": ("ida@example.org", PASSWORD),
        "without a password": ("ina@example.org", "a wrong password"),
        "no address": ("not-an-address.", "a wrong password"),
        "known, too long": ("ana@example.org", "x" * 1025),
        "unknown, too long": ("una@example.org", "x" * 1025),
    }


def _try(browser: Browsing, who: str, password: str) -> tuple[Any, ...]:
    answer = sign_in(browser, password, who=who)
    text = without_tokens(answer.text).replace(who, "(who)")
    headers = sorted((name, value) for name, value in answer.headers if name != "Set-Cookie")
    headers = [pair for pair in headers if pair[0] != "Content-Length"]
    return answer.status_code, headers, text, len(answer.headers.get_all("Set-Cookie"))


def _kinds(said: Statements) -> list[str]:
    return [" ".join(each.split()[:4]) for each in said]


@pytest.mark.sentence(17)
def test_a_failed_sign_in_answers_alike_for_everybody(
    app: Flask, people: dict[str, tuple[str, str]], counted: Counting
) -> None:
    seen: dict[str, tuple[Any, ...]] = {}
    for name, (who, password) in people.items():
        browser = app.test_client()
        assert isinstance(browser, Browsing)
        counted.verified.clear()
        with statements(app) as said:
            answer = _try(browser, who, password)
        # As long as for the others: as many look-ups, and one verification of the same work.
        seen[name] = (*answer, _kinds(said), tuple(counted.verified))

    assert seen["known"][0] == 422
    assert seen["known"][-1] == (extract_parameters(REAL_HASH),)
    for name, each in seen.items():
        assert each == seen["known"], name
    assert counted.hashed == 0


@pytest.mark.sentence(17)
def test_so_does_one_that_has_to_wait(
    app: Flask, people: dict[str, tuple[str, str]], counted: Counting, cheap_hashes: None
) -> None:
    seen: dict[str, tuple[Any, ...]] = {}
    for number, (name, (who, password)) in enumerate(people.items()):
        browser = app.test_client()
        assert isinstance(browser, Browsing)
        place = f"203.0.113.{number}"
        for _ in range(10):
            sign_in(browser, "a wrong password", who=who, ip=place)
        counted.verified.clear()
        with statements(app) as said:
            answer = _try(browser, who, password)
        seen[name] = (*answer, _kinds(said), tuple(counted.verified))

    assert seen["known"][0] == 429
    assert seen["known"][-1] == ()
    for name, each in seen.items():
        assert each == seen["known"], name


@pytest.mark.sentence(17)
def test_the_page_to_change_a_password_tells_no_more(as_ana: Browsing, counted: Counting) -> None:
    assert change_password(as_ana, current="not this one").status_code == 422

    assert len(counted.verified) == 1
    assert counted.hashed == 0


def test_more_hashes_than_processors_are_not_made_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    places = [passwords._places for _ in range(passwords.PROCESSORS)]
    for place in places:
        assert place.acquire(timeout=5)
    try:
        with pytest.raises(passwords.TooManyHashes):
            passwords.hash_of(PASSWORD)
    finally:
        for place in places:
            place.release()

    assert passwords.is_right(PASSWORD, CHEAP_HASH)

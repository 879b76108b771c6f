"""Changing one's password."""

import unicodedata
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session
from tests.accounts.steps import (
    NEW_PASSWORD,
    change_password,
    cookie_of,
    copy_of,
    is_signed_in,
    sign_in,
)
from tests.conftest import PASSWORD, Browsing, Time
from tests.observing import whole_book

from schedapp.accounts import passwords
from schedapp.accounts.models import Password, SignIn, User
from schedapp.plumbing.database import bookkeeping


def test_from_then_on_the_new_one_is_right(as_ana: Browsing, anonymous: Browsing) -> None:
    answer = change_password(as_ana)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/")
    assert "Your password is changed." in as_ana.get("/account/").text
    assert sign_in(anonymous).status_code == 422
    assert sign_in(anonymous, NEW_PASSWORD).status_code == 303


@pytest.mark.sentence(2)
def test_it_gives_a_new_token_and_the_one_before_is_worthless(as_ana: Browsing) -> None:
    copied = copy_of(as_ana)

    change_password(as_ana)

    assert cookie_of(as_ana) != cookie_of(copied)
    assert is_signed_in(as_ana)
    assert not is_signed_in(copied)
    assert copied.get("/appointments/").status_code == 303


@pytest.mark.sentence(2)
def test_all_other_browsers_are_signed_out(
    as_ana: Browsing, ana: User, as_cleo: Browsing, browser_of: Callable[..., Browsing]
) -> None:
    others = [browser_of(ana), browser_of(ana, stays=True)]

    change_password(as_ana)

    assert is_signed_in(as_ana)
    assert not any(map(is_signed_in, others))
    assert is_signed_in(as_cleo)


@pytest.mark.sentence(2)
def test_a_refused_change_keeps_the_token(as_ana: Browsing) -> None:
    copied = copy_of(as_ana)

    assert change_password(as_ana, current="not this one at all").status_code == 422

    assert cookie_of(as_ana) == cookie_of(copied)
    assert is_signed_in(copied)


@pytest.mark.parametrize(("stays", "age"), [(False, None), (True, 90 * 86400)])
def test_who_stays_signed_in_stays_so(
    ana: User,
    browser_of: Callable[..., Browsing],
    stays: bool,  # noqa: FBT001
    age: int | None,
) -> None:
    browser = browser_of(ana, stays=stays)

    change_password(browser)

    cookie = browser.get_cookie("sched")
    assert cookie is not None
    assert cookie.max_age == age
    assert ("stays signed in" in browser.get("/account/sign-ins/").text) == stays


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "This is needed."),
        ({"current": PASSWORD}, "This is needed."),
        ({"password": NEW_PASSWORD}, "This is needed."),
        ({"current": "wrong", "password": NEW_PASSWORD}, "This is not your current password."),
        (
            {"current": PASSWORD, "password": "fourteen chars"},
            "Please use at least 15 characters.",
        ),
        ({"current": PASSWORD, "password": "e\u0301" * 14}, "Please use at least 15 characters."),
        ({"current": PASSWORD, "password": "x" * 1025}, "Please use at most 1024 bytes."),
        ({"current": PASSWORD, "password": "ü" * 513}, "Please use at most 1024 bytes."),
        ({"current": PASSWORD, "password": "x" * 1_000_000}, "Please use at most 1024 bytes."),
        ({"current": PASSWORD, "password": "\u0315\u0300" * 200_000}, "at most 1024 bytes."),
        ({"current": "x" * 1_000_000, "password": NEW_PASSWORD}, "This is not your current"),
        ({"current": PASSWORD, "password": [NEW_PASSWORD] * 2}, "more than once"),
        ({"current": [PASSWORD] * 2, "password": NEW_PASSWORD}, "more than once"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_bad_input_is_refused_with_a_sentence(
    as_ana: Browsing, fields: dict[str, object], says: str, db: Session
) -> None:
    before = db.query(Password.hash).all()
    db.rollback()

    answer = as_ana.submit("/account/password/", fields)

    assert answer.status_code == 422
    assert says in answer.text
    assert PASSWORD not in answer.text
    assert NEW_PASSWORD not in answer.text
    assert db.query(Password.hash).all() == before
    assert is_signed_in(as_ana)


def test_without_the_form_token_nothing_changes(as_ana: Browsing) -> None:
    before = whole_book(as_ana.application)
    form = {"current": PASSWORD, "password": NEW_PASSWORD}

    answer = as_ana.post("/account/password/", data=form)

    assert answer.status_code == 400
    assert PASSWORD not in answer.text
    assert whole_book(as_ana.application) == before


def test_who_is_signed_out_while_it_is_hashed_changes_nothing(
    as_ana: Browsing, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = db.query(Password.hash).all()
    db.rollback()
    really = passwords.hash_of

    def hash_of(password: str) -> str:
        with bookkeeping() as meanwhile:
            meanwhile.query(SignIn).one().ended_at = meanwhile.query(SignIn).one().created_at
        return really(password)

    monkeypatch.setattr(passwords, "hash_of", hash_of)

    answer = change_password(as_ana)

    assert answer.headers["Location"].startswith("/login/")
    assert db.query(Password.hash).all() == before


def test_guessing_the_current_one_is_throttled_like_signing_in(
    as_ana: Browsing, anonymous: Browsing
) -> None:
    for _ in range(10):
        assert change_password(as_ana, current="not the current one").status_code == 422

    answer = change_password(as_ana)

    assert answer.status_code == 429
    assert "too many tries" in answer.text
    assert sign_in(anonymous).status_code == 429


# --- Which passwords there can be ----------------------------------------------------------------

UNUSUAL = {
    "spaces at its ends": "  a sentence to keep  ",
    "only spaces": " " * 15,
    "capitals": "A Sentence To KEEP In Mind",
    "tabs and line ends": "\tone line\r\nand another\n",
    "NUL": "a sentence \0 to keep in mind",
    "control characters": "\x1b[31m a red sentence",
    "umlauts": "Größere Übungsbücher für Öl",
    "Cyrillic": "предложение для памяти",
    "Chinese": "一个很长的句子要记住它不要忘记了",
    "right to left": "משפט שצריך לזכור אותו",
    "emoji": "\N{GRINNING FACE}\N{ZERO WIDTH JOINER}" * 8,
    "letters that look like others": "\N{LATIN SMALL LIGATURE FI}ve wide Ｗｏｒｄｓ, ①②③, x²",
    "noncharacters": "\ufffe\uffff sentence to keep",
    "one letter": "a" * 15,
    "the longest": "x" * 1024,
    "the longest in two bytes each": "ü" * 512,
    "the longest once composed": "e\N{COMBINING ACUTE ACCENT}" * 512,
}


@pytest.mark.sentence(13)
@pytest.mark.parametrize("password", UNUSUAL.values(), ids=UNUSUAL)
def test_a_password_of_any_characters_works_in_exactly_that_form(
    as_ana: Browsing, anonymous: Browsing, password: str
) -> None:
    assert change_password(as_ana, password).status_code == 303

    others = {
        password.strip(),
        password.lower(),
        password.upper(),
        password.title(),
        password.replace("\r\n", "\n"),
        password.rstrip("\0"),
        password.partition("\0")[0],
        unicodedata.normalize("NFKC", password),
        password + " ",
        password[:-1],
    } - {password}
    same = unicodedata.normalize("NFC", password)
    wrong = sorted(each for each in others if unicodedata.normalize("NFC", each) != same)
    for each in wrong[:9]:
        assert sign_in(anonymous, each).status_code == 422, ascii(each)
    assert sign_in(anonymous, password).status_code == 303


@pytest.mark.sentence(13)
def test_however_its_letters_are_composed(as_ana: Browsing, anonymous: Browsing) -> None:
    change_password(as_ana, unicodedata.normalize("NFD", "Größere Übungsbücher für Öl"))

    for form in ("NFC", "NFD"):
        typed = unicodedata.normalize(form, "Größere Übungsbücher für Öl")
        assert sign_in(anonymous, typed).status_code == 303
        anonymous.submit("/logout/")


@pytest.mark.sentence(13)
def test_it_is_right_on_the_password_page_too(as_ana: Browsing) -> None:
    for before, after in ((PASSWORD, "  ONE of Many \t"), ("  ONE of Many \t", NEW_PASSWORD)):
        assert change_password(as_ana, after, current=before).status_code == 303


@pytest.mark.sentence(14)
def test_1024_bytes_are_accepted_and_1025_refused_before_hashing(
    as_ana: Browsing, anonymous: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    really = passwords._bytes_of
    monkeypatch.setattr(
        passwords, "_bytes_of", lambda password: hashed.append(password) or really(password)
    )

    for longest in ("x" * 1024, "ü" * 512, "é" * 511 + "ab"):
        assert change_password(as_ana, longest).status_code == 303
        for too_long in (longest + "y", longest + "ü"):
            assert change_password(as_ana, too_long, current=longest).status_code == 422
            assert change_password(as_ana, NEW_PASSWORD, current=too_long).status_code == 422
            assert sign_in(anonymous, too_long).status_code == 422
        assert longest in hashed
        assert max(len(password.encode()) for password in hashed) == 1024
        assert change_password(as_ana, PASSWORD, current=longest).status_code == 303


@pytest.mark.sentence(14)
@pytest.mark.parametrize("length", [100, 1024])
def test_passwords_that_differ_in_the_last_byte_are_different(
    as_ana: Browsing, anonymous: Browsing, length: int
) -> None:
    change_password(as_ana, "x" * (length - 1) + "1")

    assert sign_in(anonymous, "x" * (length - 1) + "2").status_code == 422
    assert sign_in(anonymous, "x" * (length - 1)).status_code == 422
    assert sign_in(anonymous, "x" * (length - 1) + "1").status_code == 303


def test_no_rule_asks_for_certain_characters_or_a_change_after_a_time(
    as_ana: Browsing, anonymous: Browsing, time: Time
) -> None:
    assert change_password(as_ana, "onlysmallletters").status_code == 303

    time.forward(days=3650)

    assert sign_in(anonymous, "onlysmallletters").status_code == 303
    assert "password" not in anonymous.get("/appointments/").text.lower()

"""Signing in."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from tests.accounts.steps import (
    NEW_PASSWORD,
    cookie_of,
    copy_of,
    is_signed_in,
    sign_in,
)
from tests.conftest import PASSWORD, Browsing, Time
from tests.observing import whole_book

from schedapp.accounts import actions, passwords, proofs, rules
from schedapp.accounts.models import SignIn, User
from schedapp.plumbing import clock
from schedapp.plumbing.database import bookkeeping


def test_it_leads_to_the_agenda(anonymous: Browsing, ana: User) -> None:
    answer = sign_in(anonymous)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/appointments/")
    assert anonymous.get("/appointments/").status_code == 200
    assert "Ana" in anonymous.get("/account/").text


@pytest.mark.parametrize(
    "typed", ["ana@example.org", "Ana@Example.ORG", " ana@example.org ", "ANA@EXAMPLE.ORG"]
)
def test_the_address_may_be_spelt_otherwise(anonymous: Browsing, ana: User, typed: str) -> None:
    assert sign_in(anonymous, who=typed).status_code == 303


def test_an_address_with_other_letters_is_found_however_it_is_composed(
    anonymous: Browsing, add_user: Callable[..., User]
) -> None:
    add_user("José", email="jose\N{COMBINING ACUTE ACCENT}@bücher.example")

    assert sign_in(anonymous, who="JOSÉ@bücher.example").status_code == 303
    assert sign_in(anonymous, who="josé@BÜCHER.example").status_code == 303


@pytest.mark.parametrize("who", ["ana@example.org", "nobody@example.org", "ana", "ana@", "@"])
def test_what_is_wrong_is_not_said_which(anonymous: Browsing, ana: User, who: str) -> None:
    answer = sign_in(anonymous, "not the right password", who=who)

    assert answer.status_code == 422
    assert "Incorrect username or password." in answer.text
    assert f'value="{who}"' in answer.text
    assert "not the right password" not in answer.text
    assert not is_signed_in(anonymous)


def test_a_user_without_a_password_does_not_sign_in_by_one(
    anonymous: Browsing, add_user: Callable[..., User]
) -> None:
    add_user("Ana", password_hash=None)

    for typed in ("", " ", "None", PASSWORD):
        assert sign_in(anonymous, typed).status_code == 422


def test_who_is_signed_in_is_led_on(as_ana: Browsing) -> None:
    before = whole_book(as_ana.application)

    for answer in (as_ana.get("/login/"), sign_in(as_ana, "anything"), sign_in(as_ana)):
        assert (answer.status_code, answer.headers["Location"]) == (303, "/appointments/")

    assert whole_book(as_ana.application) == before


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "This is needed."),
        ({"username": "ana@example.org"}, "This is needed."),
        ({"password": PASSWORD}, "This is needed."),
        ({"username": "", "password": ""}, "This is needed."),
        ({"username": ["ana@example.org", "ben@example.org"], "password": PASSWORD}, "more than"),
        ({"username": "ana@example.org", "password": [PASSWORD, PASSWORD]}, "more than"),
        ({"username": "a" * 255, "password": PASSWORD}, "too long"),
        ({"username": "a" * 1_000_000, "password": PASSWORD}, "too long"),
        ({"username": "ana@example.org\0", "password": PASSWORD}, "cannot be kept"),
        ({"username": "ana\n@example.org", "password": PASSWORD}, "cannot be kept"),
        ({"username": "\x1b[31m", "password": PASSWORD}, "cannot be kept"),
        ({"username": "\N{GRINNING FACE}", "password": PASSWORD}, "Incorrect"),
        ({"username": "\N{RIGHT-TO-LEFT OVERRIDE}gro.elpmaxe@ana", "password": "x"}, "Incorrect"),
        ({"username": "ana@example.org", "password": "x" * 1_000_000}, "Incorrect"),
        ({"username": "ana@example.org", "password": "\u0315\u0300" * 300_000}, "Incorrect"),
        ({"username": "ana@example.org", "password": "\0"}, "Incorrect"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_input_is_refused_with_a_sentence(
    anonymous: Browsing, ana: User, fields: dict[str, object], says: str
) -> None:
    answer = anonymous.submit("/login/", fields)

    assert answer.status_code == 422
    assert says in answer.text
    assert PASSWORD not in answer.text
    with anonymous.application.app_context(), bookkeeping() as db:
        assert db.scalar(select(func.count()).select_from(SignIn)) == 0


def test_more_than_four_megabytes_are_not_read(anonymous: Browsing, ana: User) -> None:
    assert sign_in(anonymous, "x" * (4 * 1024 * 1024)).status_code == 413


# --- The cookie ----------------------------------------------------------------------------------


@pytest.mark.sentence(2)
def test_each_time_there_is_a_new_token_and_the_one_before_is_worthless(
    anonymous: Browsing, ana: User
) -> None:
    tokens = []
    for _ in range(3):
        sign_in(anonymous)
        tokens.append(cookie_of(anonymous))
        before = copy_of(anonymous)
        anonymous.submit("/logout/")
        assert not is_signed_in(before)

    assert len(set(tokens)) == 3
    assert all(len(token) >= 43 for token in tokens)


@pytest.mark.sentence(3)
@pytest.mark.parametrize("chosen", ["x" * 43, "", "0", "é", "x" * 4000], ids=lambda c: c[:5])
def test_a_cookie_chosen_by_an_attacker_is_never_the_one_after(
    anonymous: Browsing, ana: User, chosen: str
) -> None:
    anonymous.set_cookie("sched", chosen)

    assert sign_in(anonymous).status_code == 303

    assert cookie_of(anonymous) != chosen
    assert is_signed_in(anonymous)
    anonymous.set_cookie("sched", chosen)
    assert not is_signed_in(anonymous)


@pytest.mark.sentence(3)
def test_nor_is_a_cookie_of_a_sign_in_that_ended(anonymous: Browsing, ana: User) -> None:
    sign_in(anonymous)
    old = cookie_of(anonymous)
    anonymous.submit("/logout/")
    anonymous.set_cookie("sched", old)

    sign_in(anonymous)

    assert cookie_of(anonymous) != old
    anonymous.set_cookie("sched", old)
    assert not is_signed_in(anonymous)


@pytest.mark.sentence(3)
def test_nor_is_the_form_token_from_before(anonymous: Browsing, ana: User) -> None:
    before = anonymous.token()
    with anonymous.session_transaction() as session:
        planted = session["csrf_token"]

    sign_in(anonymous)

    with anonymous.session_transaction() as session:
        assert session.get("csrf_token") != planted
    form = {"csrf_token": before, "name": "Mallory", "time_zone": "UTC", "locale": "de"}
    assert anonymous.post("/account/", data=form).status_code == 400


@pytest.mark.sentence(3)
def test_a_user_id_in_the_session_is_nobodys(app: Flask, ana: User) -> None:
    for key in ("_user_id", "user_id", "_id", "_fresh", "_remember"):
        browser = app.test_client()
        assert isinstance(browser, Browsing)
        with browser.session_transaction() as session:
            session[key] = "set" if key == "_remember" else str(ana.id)
            session["_user_id"] = str(ana.id)
        assert not is_signed_in(browser)
        assert browser.get_cookie("sched") is None
        assert browser.get_cookie("remember_token") is None


def test_another_programs_cookies_do_not_keep_anybody_out(as_ana: Browsing) -> None:
    as_ana.set_cookie("remember_token", "1|forged")
    as_ana.set_cookie("session", "another program's")
    with as_ana.session_transaction() as session:
        session["_user_id"] = "4711"

    assert is_signed_in(as_ana)


def test_a_session_that_somebody_else_signed_is_none(anonymous: Browsing, ana: User) -> None:
    anonymous.set_cookie("sched-form", "eyJfdXNlcl9pZCI6IjEifQ.aaaaaa.forged")

    assert not is_signed_in(anonymous)
    assert anonymous.get("/login/").status_code == 200


def test_only_who_asks_for_it_stays_signed_in(anonymous: Browsing, ana: User) -> None:
    for stay, age in (("", None), ("y", 90 * 86400)):
        sign_in(anonymous, **({"stay": stay} if stay else {}))
        cookie = anonymous.get_cookie("sched")
        assert cookie is not None
        assert cookie.max_age == age
        anonymous.submit("/logout/")


def test_an_administrator_does_not(anonymous: Browsing, add_user: Callable[..., User]) -> None:
    add_user("Ana", administrator=True)

    sign_in(anonymous, stay="y")

    cookie = anonymous.get_cookie("sched")
    assert cookie is not None
    assert cookie.max_age is None
    assert "stays signed in" not in anonymous.get("/account/sign-ins/").text


def test_of_one_users_sign_ins_the_fifty_latest_stand(
    app: Flask, ana: User, browser_of: Callable[..., Browsing], time: Time, anonymous: Browsing
) -> None:
    browsers = []
    for _ in range(rules.SIGN_INS_MOST):
        time.forward(seconds=1)
        browsers.append(browser_of(ana))
    time.forward(seconds=61)
    assert is_signed_in(browsers[0])

    sign_in(anonymous)

    assert is_signed_in(anonymous)
    assert is_signed_in(browsers[0])
    assert not is_signed_in(browsers[1])
    assert all(map(is_signed_in, browsers[2:]))


def test_what_the_browser_says_it_is_may_be_anything(anonymous: Browsing, ana: User) -> None:
    for said in ("", "x" * 5000, "<script>x()</script>", "\xff\xfe", "\N{SNOWMAN}"):
        encoded = {"HTTP_USER_AGENT": said.encode().decode("latin-1"), "REMOTE_ADDR": "1" * 99}
        token = {"csrf_token": anonymous.token()}
        form = {"username": "ana@example.org", "password": PASSWORD, **token}
        assert anonymous.post("/login/", data=form, environ_overrides=encoded).status_code == 303
        assert "<script>" not in anonymous.get("/account/sign-ins/").text
        anonymous.submit("/logout/")


# --- What happens meanwhile ----------------------------------------------------------------------


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch, app: Flask) -> Callable[..., None]:
    """Let something happen between the look at the password and what is done with it."""

    def happen(what: Callable[[Session], object]) -> None:
        really = proofs.prove

        def prove(*args: object, **kwargs: object) -> object:
            proof = really(*args, **kwargs)  # type: ignore[arg-type]
            with bookkeeping() as db:
                what(db)
            return proof

        monkeypatch.setattr("schedapp.accounts.views.prove", prove)

    return happen


def test_a_password_changed_meanwhile_counts(
    anonymous: Browsing, ana: User, meanwhile: Callable[..., None]
) -> None:
    new = passwords.hash_of(NEW_PASSWORD)
    meanwhile(lambda db: actions.keep_password(db, ana.id, new, now=clock.now()))

    assert sign_in(anonymous).status_code == 422
    assert not is_signed_in(anonymous)


def test_so_does_being_deactivated_meanwhile(
    anonymous: Browsing, ana: User, meanwhile: Callable[..., None]
) -> None:
    meanwhile(
        lambda db: actions.deactivate(db, db.get_one(User, ana.id), reason=None, now=clock.now())
    )

    assert sign_in(anonymous).status_code == 422
    assert not is_signed_in(anonymous)


def test_when_everybody_signs_in_at_once_some_are_asked_to_wait(
    anonymous: Browsing, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(*_args: object) -> bool:
        raise passwords.TooManyHashes

    monkeypatch.setattr(passwords, "is_right", too_many)
    for _ in range(12):
        answer = sign_in(anonymous)
        assert answer.status_code == 429
        assert "Many people are signing in just now" in answer.text
        assert 'value="ana@example.org"' in answer.text

    monkeypatch.undo()
    assert sign_in(anonymous).status_code == 303


def test_the_page_asked_for_in_words_of_the_browsers_language(anonymous: Browsing) -> None:
    page = anonymous.get("/login/", headers={"Accept-Language": "en-GB"})

    assert '<html lang="en-GB"' in page.text

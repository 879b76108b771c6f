"""Making the first user: at the machine itself, or with the set-up code."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from tests.accounts.steps import NEW_PASSWORD, is_signed_in, sign_in
from tests.conftest import SECRET_KEY, Browsing
from tests.observing import whole_book
from tests.web.profiles import like
from werkzeug.test import TestResponse

from schedapp.accounts.models import User
from schedapp.accounts.set_up import set_up_code

CODE = set_up_code(SECRET_KEY)
FORM = {
    "name": "Ana",
    "email": "Ana@Example.org",
    "password": NEW_PASSWORD,
    "time_zone": "Europe/Lisbon",
}
ELSEWHERE = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.9"}}


def test_an_empty_book_leads_to_it(anonymous: Browsing) -> None:
    answer = anonymous.get("/")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/setup/")
    page = anonymous.get("/setup/")
    assert page.status_code == 200
    assert 'name="code"' not in page.text


def test_it_makes_an_administrator_and_signs_in(anonymous: Browsing, db: Session) -> None:
    answer = anonymous.submit("/setup/", FORM, headers={"Accept-Language": "de"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/appointments/")
    user = db.query(User).one()
    assert (user.name, user.email, user.role) == ("Ana", "Ana@example.org", "administrator")
    assert (user.time_zone, user.locale, user.state) == ("Europe/Lisbon", "de", "active")
    assert is_signed_in(anonymous)
    assert anonymous.get("/appointments/").status_code == 200
    anonymous.submit("/logout/")
    assert sign_in(anonymous, NEW_PASSWORD).status_code == 303


def test_then_it_is_gone(anonymous: Browsing, app: Flask) -> None:
    anonymous.submit("/setup/", FORM)
    before = whole_book(app)
    other = app.test_client()
    assert isinstance(other, Browsing)

    answers = [
        other.get("/setup/"),
        other.submit("/setup/", FORM),
        other.submit("/setup/", FORM | {"code": CODE}, **ELSEWHERE),
        anonymous.get("/setup/"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert other.get("/").headers["Location"] == "/login/"
    assert anonymous.get("/").headers["Location"] == "/appointments/"
    assert whole_book(app) == before


def test_from_elsewhere_it_needs_the_code(anonymous: Browsing, db: Session) -> None:
    assert 'name="code"' in anonymous.get("/setup/", **ELSEWHERE).text

    assert anonymous.submit("/setup/", FORM, **ELSEWHERE).status_code == 422
    answer = anonymous.submit("/setup/", FORM | {"code": CODE}, **ELSEWHERE)

    assert answer.status_code == 303
    assert db.query(User).count() == 1


@pytest.mark.parametrize(
    "typed", [CODE, CODE.upper(), " ".join(CODE[i : i + 5] for i in range(0, 20, 5)), f"{CODE}\t"]
)
def test_the_code_may_be_typed_as_it_was_printed(anonymous: Browsing, typed: str) -> None:
    answer = anonymous.submit("/setup/", FORM | {"code": typed}, **ELSEWHERE)

    assert answer.status_code == 303


@pytest.mark.parametrize(
    "typed",
    ["", CODE[:-1], CODE + "0", "0" * 20, "x" * 100_000, "\N{GRINNING FACE}", "\0", "é"],
    ids=ascii,
)
def test_a_wrong_code_is_refused_before_anything_is_hashed(
    anonymous: Browsing, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("schedapp.accounts.passwords.hash_of")

    answer = anonymous.submit("/setup/", FORM | {"code": typed}, **ELSEWHERE)

    assert answer.status_code == 422
    assert "This is not the set-up code that sched printed." in answer.text
    assert 'value="Ana@Example.org"' in answer.text
    assert NEW_PASSWORD not in answer.text
    assert whole_book(anonymous.application)["user"] == []


def test_the_code_belongs_to_this_book_alone() -> None:
    assert len(CODE) == 20
    assert set_up_code(SECRET_KEY) == CODE
    assert set_up_code(SECRET_KEY + "x") != CODE
    assert SECRET_KEY not in CODE


NOT_AT_THE_MACHINE = {
    "from elsewhere": {"REMOTE_ADDR": "203.0.113.9"},
    "from the local network": {"REMOTE_ADDR": "192.168.1.5"},
    "from elsewhere, by IPv6": {"REMOTE_ADDR": "2001:db8::1"},
    "from elsewhere, in the clothes of IPv6": {"REMOTE_ADDR": "::ffff:203.0.113.9"},
    "from nowhere": {"REMOTE_ADDR": ""},
    "from a socket": {"REMOTE_ADDR": "unix:"},
    "through a proxy here: X-Forwarded-For": {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
    "through a proxy here that is lied to": {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    "through a proxy here: X-Forwarded-Proto": {"HTTP_X_FORWARDED_PROTO": "https"},
    "through a proxy here: X-Forwarded-Host": {"HTTP_X_FORWARDED_HOST": "localhost"},
    "through a proxy here: Forwarded": {"HTTP_FORWARDED": "for=203.0.113.9"},
    "through a proxy here: Via": {"HTTP_VIA": "1.1 proxy"},
    "through a proxy here: X-Real-IP": {"HTTP_X_REAL_IP": "203.0.113.9"},
    "through a proxy here that adds nothing": {"SERVER_PROTOCOL": "HTTP/1.0"},
    "through a proxy here that adds nothing, as Granian says it": {"SERVER_PROTOCOL": "HTTP/1"},
    "by way of another name": {"HTTP_REFERER": "https://sched.example.org/setup/"},
}


@pytest.mark.parametrize("environ", NOT_AT_THE_MACHINE.values(), ids=NOT_AT_THE_MACHINE)
def test_who_is_not_plainly_at_the_machine_needs_the_code(
    anonymous: Browsing, environ: dict[str, str]
) -> None:
    assert 'name="code"' in anonymous.get("/setup/", environ_overrides=environ).text

    answer = anonymous.submit("/setup/", FORM, environ_overrides=environ)

    assert answer.status_code == 422
    assert whole_book(anonymous.application)["user"] == []


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:8000"},
        {"REMOTE_ADDR": "127.0.0.9", "HTTP_HOST": "127.0.0.1"},
        {"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8000"},
        {"REMOTE_ADDR": "::ffff:127.0.0.1", "HTTP_HOST": "localhost"},
        {"HTTP_ORIGIN": "http://localhost", "HTTP_REFERER": "http://localhost/setup/"},
        {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ORIGIN": "http://localhost"},
    ],
    ids=str,
)
def test_who_is_needs_none(anonymous: Browsing, environ: dict[str, str]) -> None:
    assert 'name="code"' not in anonymous.get("/setup/", environ_overrides=environ).text


def test_a_site_that_calls_itself_by_another_name_is_not_answered(anonymous: Browsing) -> None:
    # DNS rebinding: the page of another site, whose name suddenly means this machine.
    answer = anonymous.submit("/setup/", FORM, headers={"Host": "evil.example"})

    assert answer.status_code == 400


@pytest.fixture
def behind_proxy(app: Flask) -> Iterator[Browsing]:
    with like(app, public_url="https://sched.example.org") as made:
        client = made.test_client()
        assert isinstance(client, Browsing)
        yield client


def test_with_a_public_address_everybody_needs_the_code(behind_proxy: Browsing) -> None:
    answer = behind_proxy.get("/setup/", base_url="https://sched.example.org")

    assert 'name="code"' in answer.text


def test_of_two_who_try_at_once_one_is_the_first(app: Flask, db: Session) -> None:
    begin, answers = threading.Barrier(4), list[TestResponse]()

    def try_it(number: int) -> None:
        browser = app.test_client()
        assert isinstance(browser, Browsing)
        form = FORM | {"email": f"ana{number}@example.org", "csrf_token": browser.token()}
        begin.wait()
        answers.append(browser.post("/setup/", data=form))

    threads = [threading.Thread(target=try_it, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 303
    assert set(statuses[1:]) <= {404, 422}
    assert db.query(User).count() == 1
    for answer in answers:
        if answer.status_code == 422:
            assert "The first user has been made already." in answer.text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "This is needed."),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"name": "A\0"}, "cannot be kept"),
        ({"email": ""}, "This is needed."),
        ({"email": "ana"}, "This is not an e-mail address."),
        ({"email": "ana@"}, "This is not an e-mail address."),
        ({"email": "a@b@c.example"}, "This is not an e-mail address."),
        ({"email": f"{'x' * 300}@example.org"}, "too long"),
        ({"email": "ana@example.org\x07"}, "cannot be kept"),
        ({"email": ["a@example.org", "b@example.org"]}, "more than once"),
        ({"password": ""}, "This is needed."),
        ({"password": "too short"}, "at least 15 characters"),
        ({"password": "x" * 1025}, "at most 1024 bytes"),
        ({"password": "x" * 1_000_000}, "at most 1024 bytes"),
        ({"time_zone": "Mars/Olympus"}, "Please choose one of these."),
        ({"time_zone": "\0"}, "Please choose one of these."),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_what_is_wrong_is_said_beside_the_field(
    anonymous: Browsing, wrong: dict[str, object], says: str
) -> None:
    answer = anonymous.submit("/setup/", FORM | wrong)

    assert answer.status_code == 422
    (field,) = wrong
    beside = answer.text.partition(f'id="{field}-error">')[2].partition("<")[0]
    assert says in (answer.text if isinstance(wrong[field], list) else beside)
    assert NEW_PASSWORD not in answer.text
    assert whole_book(anonymous.application)["user"] == []
    if field != "name":
        assert 'value="Ana"' in answer.text


def test_without_the_form_token_nobody_is_made(anonymous: Browsing) -> None:
    answer = anonymous.post("/setup/", data=FORM)

    assert answer.status_code == 400
    assert 'value="Ana@Example.org"' in answer.text
    assert whole_book(anonymous.application)["user"] == []

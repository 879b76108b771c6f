"""What the log tells of a failure: enough to mend it, and nothing that somebody wrote."""

import logging
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, request
from sqlalchemy import text
from tests.conftest import PASSWORD, Browsing
from tests.web.profiles import like
from tests.web.test_pages import Page

from schedapp.accounts.models import User
from schedapp.plumbing.database import bookkeeping, database, reading

WRITTEN = "Divorce lawyer, Elm Street 9"


def _refer_to_nobody() -> str:
    with bookkeeping() as db:
        db.execute(
            text("insert into password (user_id, hash, changed_at) values (:id, :hash, :at)"),
            {"id": 4711, "hash": request.form["title"], "at": None},
        )
    return ""


def _be_there_twice() -> str:
    with bookkeeping() as db:
        db.execute(text('update "user" set email_key = :key'), {"key": request.form["email"]})
    return ""


def _count(wanted: str | None = None) -> str:
    wanted = wanted or request.form["title"]
    try:
        return str(int(wanted))
    except ValueError as error:
        raise KeyError(wanted) from error


def _ask_wrongly() -> str:
    reading().execute(
        text("select nothing from nowhere where x = :x"), {"x": request.form["title"]}
    )
    return ""


@pytest.fixture
def failing(app: Flask) -> Iterator[Callable[[Callable[[], str]], Flask]]:
    """Return the application with something that goes wrong in it."""
    found = app.view_functions["appointments.create"]

    def fail(how: Callable[[], str]) -> Flask:
        app.view_functions["appointments.create"] = how
        return app

    yield fail
    app.view_functions["appointments.create"] = found


@pytest.mark.parametrize("how", [_refer_to_nobody, _be_there_twice, _count, _ask_wrongly])
def test_it_tells_where_and_what_kind_but_no_contents(
    failing: Callable[..., Flask],
    as_ana: Browsing,
    ben: User,
    how: Callable[[], str],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(how)
    cookie = as_ana.get_cookie("sched")
    assert cookie is not None

    with caplog.at_level(logging.DEBUG):
        typed = {"title": WRITTEN, "email": "ana@example.org"}
        answer = as_ana.submit("/appointments/create/?q=Zebra", typed)

    # A database that refuses may also be one that is not there just now.
    assert answer.status_code in {500, 503}
    shown = capsys.readouterr()
    logged = caplog.text + shown.out + shown.err
    for private in ("Divorce", "Elm", "Zebra", "ana@", "Ana", "127.0.0.1", cookie.value):
        assert private not in logged
        assert private not in answer.text
    assert "Traceback" not in answer.text
    if answer.status_code == 500:
        assert "POST /appointments/create/ failed" in logged
        assert how.__name__ in logged
        assert "Error" in logged


@pytest.mark.usefixtures("cheap_hashes")
def test_signing_in_right_or_wrong_leaves_no_trace_of_what_was_typed(
    anonymous: Browsing, ana: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for typed in ("a wrong password", PASSWORD):
            anonymous.submit("/login/", {"username": "ana@example.org", "password": typed})

    assert "password" not in caplog.text
    assert "ana@" not in caplog.text
    assert PASSWORD not in caplog.text


def test_values_of_statements_stay_out_of_errors(app: Flask) -> None:
    with app.app_context():
        assert database.engine.hide_parameters


def test_with_debug_the_developer_sees_it_all(app: Flask) -> None:
    with like(app, debug=True) as made:
        made.view_functions["health.health"] = lambda: _count(WRITTEN)
        answer = made.test_client().get("/healthz")

    assert answer.status_code == 500
    assert answer.mimetype == "text/plain"
    assert "ValueError" in answer.text
    assert WRITTEN in answer.text


def test_without_it_nobody_does(app: Flask) -> None:
    with like(app) as made:
        made.view_functions["health.health"] = lambda: _count(WRITTEN)
        answer = made.test_client().get("/healthz")

    assert answer.status_code == 500
    assert Page(answer.text).tags.count("h1") == 1
    assert WRITTEN not in answer.text

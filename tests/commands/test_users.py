"""`sched users list`, `show`, `deactivate`, `activate`, `set-password` and `sign-out`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from tests.commands.conftest import Typing
from tests.conftest import PASSWORD, Browsing

from schedapp.accounts.models import User

NEW = "another good long password"


def is_signed_in(browser: Browsing) -> bool:
    return browser.get("/appointments/").status_code == 200


@pytest.mark.usefixtures("ben", "ana")
def test_list_names_everybody(sched: Typing) -> None:
    lines = sched("users", "list").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["E-MAIL", "ana@example.org", "ben@example.org"]


@pytest.mark.usefixtures("ben", "ana")
def test_list_is_there_for_programs(sched: Typing) -> None:
    found = json.loads(sched("users", "list", "--json").stdout)

    assert [each["email"] for each in found] == ["ana@example.org", "ben@example.org"]
    assert found[0] == {
        "email": "ana@example.org",
        "name": "Ana",
        "role": "member",
        "state": "active",
        "state_reason": None,
        "time_zone": "Europe/Berlin",
        "locale": "en_GB",
        "created_at": "2027-03-01T08:00:00+00:00",
    }


def test_list_of_an_empty_book_is_empty(sched: Typing) -> None:
    assert json.loads(sched("users", "list", "--json").stdout) == []
    assert sched("users", "list").exit_code == 0


@pytest.mark.usefixtures("as_ana")
def test_show_tells_all_but_secrets(sched: Typing) -> None:
    result = sched("users", "show", "Ana@Example.org")

    assert result.exit_code == 0
    for words in ("ana@example.org", "Europe/Berlin", "Firefox · Linux, 127.0.0.1", "2027-03-01"):
        assert words in result.stdout
    assert "argon2" not in result.stdout


@pytest.mark.usefixtures("as_ana")
def test_show_is_there_for_programs(sched: Typing) -> None:
    found = json.loads(sched("users", "show", "ana@example.org", "--json").stdout)

    assert found["has_password"] is True
    assert [each["browser"] for each in found["sign_ins"]] == ["Firefox · Linux"]


def test_deactivate_lets_nobody_in_and_signs_out(
    sched: Typing, as_ana: Browsing, anonymous: Browsing
) -> None:
    result = sched("users", "deactivate", "ana@example.org", "--reason", "On parental leave")

    assert result.exit_code == 0
    assert not is_signed_in(as_ana)
    answer = anonymous.submit("/login/", {"username": "ana@example.org", "password": PASSWORD})
    assert answer.status_code == 422
    shown = json.loads(sched("users", "show", "ana@example.org", "--json").stdout)
    assert (shown["state"], shown["state_reason"]) == ("inactive", "On parental leave")


def test_activate_lets_in_again_but_old_sign_ins_stay_ended(
    sched: Typing, as_ana: Browsing, anonymous: Browsing
) -> None:
    sched("users", "deactivate", "ana@example.org")
    result = sched("users", "activate", "ana@example.org")

    assert result.exit_code == 0
    assert not is_signed_in(as_ana)
    answer = anonymous.submit("/login/", {"username": "ana@example.org", "password": PASSWORD})
    assert answer.status_code == 303


def test_set_password_ends_all_sign_ins(
    sched: Typing, as_ana: Browsing, as_cleo: Browsing, anonymous: Browsing
) -> None:
    result = sched("users", "set-password", "ana@example.org", "--password-stdin", stdin=NEW)

    assert result.exit_code == 0
    assert "1 browser was signed out" in result.stdout
    assert not is_signed_in(as_ana)
    assert is_signed_in(as_cleo)
    for password, status in ((PASSWORD, 422), (NEW, 303)):
        answer = anonymous.submit("/login/", {"username": "ana@example.org", "password": password})
        assert answer.status_code == status


def test_set_password_refuses_short_ones_and_then_changes_nothing(
    sched: Typing, as_ana: Browsing
) -> None:
    result = sched("users", "set-password", "ana@example.org", "--password-stdin", stdin="short")

    assert result.exit_code == 1
    assert "at least 15 characters" in result.stderr
    assert is_signed_in(as_ana)


def test_sign_out_ends_all_sign_ins_of_one_user(
    sched: Typing, ana: User, as_cleo: Browsing, browser_of: Callable[..., Browsing]
) -> None:
    browsers = [browser_of(ana), browser_of(ana)]
    result = sched("users", "sign-out", "ana@example.org")

    assert "2 browsers were signed out" in result.stdout
    assert [is_signed_in(each) for each in browsers] == [False, False]
    assert is_signed_in(as_cleo)


@pytest.mark.parametrize(
    "command", ["show", "deactivate", "activate", "set-password --password-stdin", "sign-out"]
)
def test_a_user_who_does_not_exist_is_named(sched: Typing, command: str) -> None:
    name, *options = command.split()
    result = sched("users", name, "nobody@example.org", *options, stdin=NEW)

    assert result.exit_code == 1
    assert "no user with the e-mail address nobody@example.org" in result.stderr


@pytest.mark.usefixtures("ana")
def test_a_reason_is_one_short_line(sched: Typing) -> None:
    for reason in ("x" * 201, "two\nlines"):
        result = sched("users", "deactivate", "ana@example.org", "--reason", reason)
        assert result.exit_code == 2
        assert "--reason" in result.stderr
    assert json.loads(sched("users", "list", "--json").stdout)[0]["state"] == "active"

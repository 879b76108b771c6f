"""`sched demo`."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from io import StringIO
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from tests.commands.conftest import Typing, typed
from tests.conftest import NOW, Browsing

from schedapp.accounts.models import ADMINISTRATOR, MEMBER, User
from schedapp.appointments.demo import person, year_of
from schedapp.appointments.models import Appointment
from schedapp.config import Settings
from schedapp.plumbing import commands

TODAY = date(2027, 3, 1)


def made(sched: Typing, *options: str) -> list[dict[str, Any]]:
    result = sched("demo", "--json", *options)
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_it_makes_people_who_can_sign_in_and_have_a_full_book(
    sched: Typing, db: Session, anonymous: Browsing
) -> None:
    (ana,) = made(sched, "--users", "1")

    answer = anonymous.submit(
        "/login/", {"username": ana["email"], "password": ana["password"]}, follow_redirects=True
    )
    assert answer.status_code == 200
    assert answer.text.count("/appointments/") > 20
    counted = db.scalar(select(func.count()).select_from(Appointment))
    assert counted == ana["appointments"] > 300


def test_the_first_is_an_administrator_and_the_others_are_not(sched: Typing, db: Session) -> None:
    made(sched, "--users", "2")

    roles = {user.email: user.role for user in db.scalars(select(User))}
    assert roles == {"ana@example.org": ADMINISTRATOR, "ben@example.org": MEMBER}


def test_it_tells_people_how_to_sign_in(sched: Typing) -> None:
    result = sched("demo", "--users", "1")

    assert "ana@example.org" in result.stdout
    assert "only now" in result.stdout


@pytest.mark.usefixtures("cleo")
def test_it_leaves_a_book_with_users_alone_unless_it_is_told(sched: Typing, db: Session) -> None:
    result = sched("demo", "--users", "1")
    assert result.exit_code == 1
    assert "--anyway" in result.stderr
    assert db.scalar(select(func.count()).select_from(User)) == 1

    added = made(sched, "--users", "3", "--anyway")
    assert [each["email"] for each in added] == [
        "ana@example.org",
        "ben@example.org",
        "dario@example.org",
    ]
    assert set(db.scalars(select(User.role))) == {MEMBER}


def test_passwords_differ_each_time_and_appointments_do_not(sched: Typing, db: Session) -> None:
    made(sched, "--users", "1")
    more = made(sched, "--users", "1", "--anyway")
    other = made(sched, "--users", "1", "--anyway", "--seed", "7")

    def book_of(email: str) -> list[tuple[Any, ...]]:
        found = db.execute(
            select(Appointment.title, Appointment.starts_at, Appointment.ends_at)
            .join(User, User.id == Appointment.owner_id)
            .where(User.email == email)
            .order_by(Appointment.id)
        )
        return [tuple(row) for row in found]

    assert book_of("ana@example.org") == book_of(more[0]["email"])
    assert book_of("ana@example.org") != book_of(other[0]["email"])
    assert more[0]["password"] != other[0]["password"]


def test_on_an_empty_database_it_makes_the_tables_first(empty: Settings) -> None:
    assert len(made(typed, "--users", "1")) == 1
    assert typed("doctor").exit_code in {0, 1}


def test_a_year_has_something_of_everything() -> None:
    drafts = list(year_of(Random(1), today=TODAY, zone="Europe/Berlin"))  # noqa: S311

    starts = [draft.start.date() for draft in drafts]
    assert min(starts) < TODAY - timedelta(days=80)
    assert max(starts) > TODAY + timedelta(days=265)
    assert any(draft.all_day and draft.end == draft.start for draft in drafts)
    assert any(draft.all_day and draft.end and draft.end > draft.start for draft in drafts)
    nights = [d for d in drafts if not d.all_day and d.end and d.end.date() > d.start.date()]
    assert nights
    comes_back = Counter((d.title, d.start.weekday(), d.start.time()) for d in drafts)
    assert max(comes_back.values()) > 40
    assert any(draft.location for draft in drafts)
    assert any(draft.description for draft in drafts)
    assert NOW.date() == TODAY


def test_made_up_people_all_differ() -> None:
    people = [person(number) for number in range(500)]

    assert len({each.email for each in people}) == 500
    assert all(each.email.endswith("@example.org") for each in people)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_who_waits_at_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    assert list(commands.with_progress([1, 2, 3], "Making", length=3)) == [1, 2, 3]
    assert shown.getvalue() == "", "it was quick"

    monkeypatch.setattr(commands, "SHOWN_AFTER_SECONDS", -1)
    assert list(commands.with_progress([1, 2, 3], "Making", length=3)) == [1, 2, 3]
    assert "Making" in shown.getvalue()
    assert "100%" in shown.getvalue()


def test_a_program_sees_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = StringIO()
    monkeypatch.setattr("sys.stderr", shown)
    monkeypatch.setattr(commands, "SHOWN_AFTER_SECONDS", -1)
    assert list(commands.with_progress([1, 2], "Making", length=2)) == [1, 2]

    assert shown.getvalue() == ""

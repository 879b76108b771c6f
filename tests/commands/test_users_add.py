"""`sched users add`."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select as select_from
from sqlalchemy.orm import Session
from tests.commands.conftest import Typing, typed
from tests.conftest import PASSWORD, Browsing
from tests.servers import clean_environment

from schedapp.accounts.models import ADMINISTRATOR, MEMBER, User
from schedapp.appointments.models import Calendar
from schedapp.config import Settings


def only_user(db: Session) -> User:
    return db.scalars(select_from(User)).one()


def test_it_adds_a_user_who_can_sign_in(sched: Typing, db: Session, anonymous: Browsing) -> None:
    result = sched(
        "users", "add", "ana@example.org", "--name", "Ana", "--time-zone", "Asia/Kathmandu",
        "--locale", "de", "--password-stdin", stdin=PASSWORD + "\n",
    )  # fmt: skip

    assert result.exit_code == 0
    assert "Ana <ana@example.org>" in result.stdout
    ana = only_user(db)
    assert (ana.name, ana.time_zone, ana.locale, ana.role) == (
        "Ana",
        "Asia/Kathmandu",
        "de",
        MEMBER,
    )
    assert db.scalars(select_from(Calendar)).one().owner_id == ana.id
    answer = anonymous.submit("/login/", {"username": "ana@example.org", "password": PASSWORD})
    assert answer.status_code == 303


def test_without_options_it_takes_what_is_near(
    sched: Typing, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", ":/usr/share/zoneinfo/Pacific/Auckland")
    sched("users", "add", "ana@example.org", "--password-stdin", stdin=PASSWORD)

    ana = only_user(db)
    assert (ana.name, ana.time_zone, ana.locale) == ("ana", "Pacific/Auckland", "en_GB")


def test_it_adds_an_administrator(sched: Typing, db: Session) -> None:
    sched("users", "add", "ana@example.org", "--admin", "--password-stdin", stdin=PASSWORD)

    assert only_user(db).role == ADMINISTRATOR


def test_a_password_is_taken_as_it_stands_in_its_line(
    sched: Typing, db: Session, anonymous: Browsing
) -> None:
    password = "  with spaces, Ä and \u212b at its ends  "
    sched("users", "add", "ana@example.org", "--password-stdin", stdin=f"{password}\r\nmore")

    answer = anonymous.submit("/login/", {"username": "ana@example.org", "password": password})
    assert answer.status_code == 303


@pytest.mark.parametrize("stdin", ["", "\n", "too short\n", "fourteen chars"])
def test_it_refuses_short_passwords_as_the_page_does(
    sched: Typing, db: Session, stdin: str
) -> None:
    result = sched("users", "add", "ana@example.org", "--password-stdin", stdin=stdin)

    assert result.exit_code == 1
    assert "at least 15 characters" in result.stderr
    assert db.scalars(select_from(User)).all() == []


def test_it_refuses_a_password_that_is_no_text(sched: Typing, db: Session) -> None:
    result = sched("users", "add", "ana@example.org", "--password-stdin", stdin=b"\xff" * 20)

    assert result.exit_code == 2
    assert db.scalars(select_from(User)).all() == []


@pytest.mark.usefixtures("ana")
def test_it_refuses_an_address_that_is_taken_before_it_asks_for_a_password(sched: Typing) -> None:
    result = sched("users", "add", "ANA@example.org", "--password-stdin", stdin="")

    assert result.exit_code == 1
    assert "already" in result.stderr


@pytest.mark.parametrize(
    ("options", "words", "status"),
    [
        (["ana"], "not an e-mail address", 1),
        (["ana\udcff@example.org"], "cannot be kept", 2),
        (["a" * 255 + "@example.org"], "at most 200", 2),
        (["ana@example.org", "--name", "A" * 201], "at most 200 characters", 2),
        (["ana@example.org", "--name", "A\nB"], "cannot be kept", 2),
        (["ana@example.org", "--name", "A\udcffB"], "cannot be kept", 2),
        (["ana@example.org", "--name", "  "], "--name should not be empty", 2),
        (["ana@example.org", "--time-zone", "Mars/Base"], "no time zone called “Mars/Base”", 1),
        (["ana@example.org", "--locale", "tlh"], "--locale should be one of", 2),
        ([], "Missing argument", 2),
    ],
)
def test_it_says_what_is_wrong(
    sched: Typing, db: Session, options: list[str], words: str, status: int
) -> None:
    result = sched("users", "add", *options, "--password-stdin", stdin=PASSWORD)

    assert result.exit_code == status
    assert words in result.stderr
    assert db.scalars(select_from(User)).all() == []


@pytest.mark.usefixtures("app")
def test_it_does_not_wait_where_nobody_can_answer(sched: Typing) -> None:
    result = sched("users", "add", "ana@example.org")

    assert result.exit_code == 2
    assert "--password-stdin" in result.stderr


def test_on_an_empty_database_it_makes_the_tables_first(empty: Settings) -> None:
    result = typed("users", "add", "ana@example.org", "--password-stdin", stdin=PASSWORD)

    assert result.exit_code == 0
    assert "ana@example.org" in typed("users", "list").stdout


class Terminal:
    """Somebody at a terminal, who reads and types."""

    def __init__(self, settings: Settings, *words: str) -> None:
        command = str(Path(sys.executable).with_name("sched"))
        env = clean_environment(
            data_dir=str(settings.data_dir), database_url=settings.database_url
        )
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.execve(command, [command, *words], env)  # noqa: S606
        self.seen = ""

    def waits_for(self, words: str) -> None:
        until = time.monotonic() + 30
        while words not in self.seen.rpartition("typed>")[2]:
            assert select.select([self.file], [], [], until - time.monotonic())[0], self.seen
            try:
                self.seen += os.read(self.file, 4096).decode()
            except OSError:
                raise AssertionError(self.seen) from None

    def types(self, line: str) -> None:
        self.seen += "typed>"
        os.write(self.file, line.encode() + b"\n")

    def ends(self) -> int:
        try:
            while part := os.read(self.file, 4096):
                self.seen += part.decode()
        except OSError:
            pass
        os.close(self.file)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_at_a_terminal_it_asks_twice_and_shows_nothing(
    settings: Settings, db: Session, anonymous: Browsing
) -> None:
    terminal = Terminal(settings, "users", "add", "ana@example.org")
    for once, again in ((PASSWORD, PASSWORD + "!"), (PASSWORD, PASSWORD)):
        terminal.waits_for("Password:")
        terminal.types(once)
        terminal.waits_for("Once more:")
        terminal.types(again)
    status = terminal.ends()

    assert status == 0, terminal.seen
    assert "These were not the same." in terminal.seen
    assert PASSWORD not in terminal.seen
    answer = anonymous.submit("/login/", {"username": "ana@example.org", "password": PASSWORD})
    assert answer.status_code == 303

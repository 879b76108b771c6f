"""The cast, the book and its doors. Ana hosts, Ben is her guest, Cleo has no part in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session
from tests.postgresql import Cluster
from werkzeug.test import TestResponse

from schedapp.accounts import actions as account_actions
from schedapp.accounts import passwords
from schedapp.accounts.actions import Browser, NewUser
from schedapp.accounts.models import User
from schedapp.app import create_app
from schedapp.appointments import actions as appointment_actions
from schedapp.appointments.actions import Draft
from schedapp.appointments.models import Appointment
from schedapp.config import Settings
from schedapp.plumbing import clock
from schedapp.plumbing.database import Base, bookkeeping, database
from schedapp.plumbing.migrating import upgrade

pytest_plugins = ["tests.infrastructure"]

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
"""A Monday morning, 9:00 in Berlin."""

SECRET_KEY = "a key of the tests, 0123456789-qwertzuiop"
PASSWORD = "correct horse battery staple"
# Hashed with little work: only tests of hashing should pay for a real one.
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
CHEAP_HASH = CHEAP_HASHER.hash(PASSWORD)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the numbers that tests record under this name, whether they pass or not."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == "numbers" and report.when == "call":
                    terminalreporter.write_line(f"{report.nodeid}: {value}")


@dataclass
class Time:
    """The clock of a test: it stands still until it is told to move."""

    moment: datetime = NOW

    def forward(self, **much: float) -> None:
        self.moment += timedelta(**much)


@pytest.fixture(autouse=True)
def time() -> Iterator[Time]:
    stopped = Time()
    with clock.set_to(lambda: stopped.moment):
        yield stopped


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let passwords be hashed with little work: for tests that are not about that."""
    monkeypatch.setattr(passwords, "_hasher", CHEAP_HASHER)
    monkeypatch.setattr(passwords, "NO_HASH", CHEAP_HASH)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """The settings of a book that is empty and up to date, once in each kind of database."""
    folder = tmp_path_factory.mktemp("data")
    if request.param == "sqlite":
        made = Settings(data_dir=folder, secret_keys=(SECRET_KEY,))
        upgrade(made)
        yield made
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    template = cluster.template(
        "migrated", lambda url: _fill(Settings(data_dir=folder, database_url=url))
    )
    with cluster.database(template) as url:
        yield Settings(data_dir=folder, database_url=url, secret_keys=(SECRET_KEY,))


def _fill(made: Settings) -> None:
    upgrade(made)


class Browsing(FlaskClient):
    """A browser of the tests: it sends the form token, as a form of ours would."""

    def submit(self, path: str, fields: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Post a form that was fetched before."""
        return self.post(path, data={"csrf_token": self.token(), **(fields or {})}, **more)

    def token(self) -> str:
        """Return the form token of this browser's session."""
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", "0" * 40)
        serializer = URLSafeTimedSerializer(SECRET_KEY, salt="wtf-csrf-token")
        token: str = serializer.dumps(raw)
        return token


@pytest.fixture(scope="session")
def whole_app(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings)
    made.test_client_class = Browsing
    yield made
    with made.app_context():
        database.engine.dispose()


@pytest.fixture
def app(whole_app: Flask) -> Iterator[Flask]:
    """The application, with an empty book."""
    yield whole_app
    with whole_app.app_context(), bookkeeping() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())


@pytest.fixture
def db(app: Flask) -> Iterator[Session]:
    """A session for looking at what is in the book; each look sees the newest."""
    # The context must not stay: requests inside it would share their current user.
    with app.app_context():
        session = database.sessionmaker()
    with session:
        yield session


@pytest.fixture
def add_user(app: Flask) -> Callable[..., User]:
    def add(name: str, **different: Any) -> User:
        new = NewUser(
            **{
                "email": f"{name.lower()}@example.org",
                "name": name,
                "password_hash": CHEAP_HASH,
                "time_zone": "Europe/Berlin",
                "locale": "en_GB",
                **different,
            }
        )
        with app.app_context(), bookkeeping() as session:
            return account_actions.add_user(session, new, now=clock.now())

    return add


@pytest.fixture
def ana(add_user: Callable[..., User]) -> User:
    return add_user("Ana")


@pytest.fixture
def ben(add_user: Callable[..., User]) -> User:
    return add_user("Ben")


@pytest.fixture
def cleo(add_user: Callable[..., User]) -> User:
    return add_user("Cleo")


@pytest.fixture
def browser_of(app: Flask) -> Callable[..., Browsing]:
    """Return a new browser that a user is signed in with; it did not type the password."""

    def sign_in(user: User, *, stays: bool = False) -> Browsing:
        with app.app_context(), bookkeeping() as session:
            token = account_actions.begin_sign_in(
                session,
                user,
                stays=stays,
                browser=Browser(ip="127.0.0.1", user_agent="Firefox Linux"),
                how="password",
                now=clock.now(),
            )
        client = app.test_client()
        assert isinstance(client, Browsing)
        client.set_cookie(app.config["SCHED_COOKIE"], token)
        return client

    return sign_in


@pytest.fixture
def anonymous(app: Flask) -> Browsing:
    client = app.test_client()
    assert isinstance(client, Browsing)
    return client


@pytest.fixture
def as_ana(ana: User, browser_of: Callable[..., Browsing]) -> Browsing:
    return browser_of(ana)


@pytest.fixture
def as_cleo(cleo: User, browser_of: Callable[..., Browsing]) -> Browsing:
    return browser_of(cleo)


@pytest.fixture
def write_down(app: Flask) -> Callable[..., Appointment]:
    """Write an appointment into somebody's book, past the pages."""

    def write(owner: User, title: str = "Lunch with Ben", **different: Any) -> Appointment:
        draft = Draft(
            **{
                "title": title,
                "start": datetime.fromisoformat("2027-03-01T12:30"),
                "end": datetime.fromisoformat("2027-03-01T13:30"),
                "all_day": False,
                "location": "Café Nova",
                "description": "",
                "zone": owner.time_zone,
                **different,
            }
        )
        with app.app_context(), bookkeeping() as session:
            written, _ = appointment_actions.create_appointment(
                session, owner.id, draft, now=clock.now()
            )
            return written

    return write


@pytest.fixture
def lunch(ana: User, write_down: Callable[..., Appointment]) -> Appointment:
    return write_down(ana)

"""A book with people in it, its clock set, and its pages served in this process.

What a test or a picture shows is then the same on every day of the year. Ana hosts and her book is
full, Ben has just begun, Cleo has one appointment; nobody but Ana has anything to hide.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from playwright.sync_api import BrowserContext
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from schedapp.accounts import actions as account_actions
from schedapp.accounts.actions import Browser, NewUser
from schedapp.accounts.models import User
from schedapp.app import create_app
from schedapp.appointments import actions as appointment_actions
from schedapp.appointments.actions import Draft
from schedapp.appointments.models import Appointment
from schedapp.config import Settings
from schedapp.plumbing import clock
from schedapp.plumbing.database import bookkeeping, database
from schedapp.plumbing.migrating import upgrade

NOW = datetime(2027, 3, 11, 9, 40, tzinfo=UTC)
"""A Thursday morning, 10:40 in Berlin."""

PASSWORD = "correct horse battery staple"
CHEAP_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
)


class _Quietly(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing: what goes wrong shows in the page."""


@dataclass
class Stage:
    """One book, its pages, and what is needed to fill it."""

    app: Flask
    url: str

    def add_user(self, name: str, **different: Any) -> User:
        """Add a user who signs in with PASSWORD."""
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
        with self.app.app_context(), bookkeeping() as db:
            return account_actions.add_user(db, new, now=clock.now())

    def write(
        self,
        owner: User,
        title: str,
        start: str,
        end: str | None = None,
        location: str = "",
        **different: Any,
    ) -> Appointment:
        """Write an appointment down; a start that is only a date is a whole day."""
        draft = Draft(
            **{
                "title": title,
                "start": datetime.fromisoformat(start),
                "end": datetime.fromisoformat(end) if end else None,
                "all_day": "T" not in start,
                "location": location,
                "description": "",
                "zone": owner.time_zone,
                **different,
            }
        )
        with self.app.app_context(), bookkeeping() as db:
            return appointment_actions.create_appointment(db, owner.id, draft, now=clock.now())[0]

    def sign_in(
        self, context: BrowserContext, user: User, *, user_agent: str = FIREFOX, ip: str = ""
    ) -> None:
        """Let a browser be signed in, without a password and its hashing."""
        context.add_cookies(
            [
                {
                    "name": self.app.config["SCHED_COOKIE"],
                    "value": self.token(user, user_agent=user_agent, ip=ip),
                    "url": self.url,
                }
            ]
        )

    def token(self, user: User, *, user_agent: str = FIREFOX, ip: str = "") -> str:
        """Begin a sign-in, and return what its cookie holds."""
        with self.app.app_context(), bookkeeping() as db:
            return account_actions.begin_sign_in(
                db,
                user,
                stays=False,
                browser=Browser(ip=ip or "127.0.0.1", user_agent=user_agent),
                how="password",
                now=clock.now(),
            )


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Serve an empty book that is kept in a folder."""
    settings = Settings(
        data_dir=folder, secret_keys=("a key of the stage, 0123456789-qwertzuiop",)
    )
    upgrade(settings)
    app = create_app(settings)
    server: BaseWSGIServer = make_server(
        "127.0.0.1", 0, app, threaded=True, request_handler=_Quietly
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Stage(app, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            database.engine.dispose()


@contextlib.contextmanager
def time_set_to(moment: datetime = NOW) -> Iterator[None]:
    """Let time stand still, for the server too."""
    with clock.set_to(lambda: moment):
        yield


def fill_a_week(stage: Stage, owner: User) -> dict[str, Appointment]:
    """Write what a good week looks like; the pictures show it."""
    write = stage.write
    return {
        "fair": write(owner, "Book fair", "2027-03-10", "2027-03-12", "Leipzig, hall 4"),
        "call": write(owner, "Call with the printer", "2027-03-11T09:00", "2027-03-11T09:20"),
        "talk": write(
            owner,
            "First talk with Ben",
            "2027-03-11T11:30",
            "2027-03-11T12:15",
            "Studio",
            description="Ben brings the plans.\n\nAsk him about the date in May.",
        ),
        "lunch": write(
            owner, "Lunch with Ben", "2027-03-11T12:30", "2027-03-11T13:30", "Café Nova"
        ),
        "choir": write(owner, "Choir", "2027-03-11T19:00", "2027-03-11T21:00", "St. Mary’s"),
        "dentist": write(owner, "Dentist", "2027-03-12T08:15", "2027-03-12T08:45", "Lindenweg 9"),
        "train": write(
            owner, "Night train to Vienna", "2027-03-12T21:18", "2027-03-13T07:02", "Platform 8"
        ),
        "birthday": write(owner, "Mother’s birthday", "2027-03-14"),
        "brunch": write(owner, "Brunch", "2027-03-14T10:30", "2027-03-14T13:00", "Vienna"),
        "review": write(
            owner, "Review of the spring list", "2027-03-16T09:00", "2027-03-16T10:30", "Office"
        ),
        "tea": write(owner, "Tea with Ben", "2027-03-16T16:00", "2027-03-16T17:00", "Café Nova"),
        "rent": write(owner, "Rent is due", "2027-03-31"),
        "holiday": write(owner, "Away: the sea", "2027-04-02", "2027-04-09", "Usedom"),
    }


LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def fill_with_oddities(stage: Stage, owner: User) -> dict[str, Appointment]:
    """Write what strains a page: long, right to left, emoji, at midnight, across months."""
    write = stage.write
    sentence = "A title may be long, and this one is, so that we see how a page holds it. "
    return {
        "long": write(owner, (sentence * 4)[:255], "2027-03-11T15:00", location=sentence * 2),
        "word": write(owner, LONG, "2027-03-11T17:00", location=LONG * 2, description=LONG * 3),
        "arabic": write(
            owner,
            "موعد مع طبيب الأسنان",
            "2027-03-12T10:00",
            location="شارع الحمراء ١٢",
            description="أحضر البطاقة.\nثم القهوة.",
        ),
        "hebrew": write(owner, "פגישה עם Ben (15:00)", "2027-03-12T15:00", location="Studio"),
        "emoji": write(owner, "🎂 Kuchen & ☕️ mit 👩‍👩‍👧‍👦", "2027-03-13T15:00", location="🏡"),
        "angles": write(owner, "<b>Not bold</b> & “quoted”", "2027-03-13T16:00"),
        "midnight": write(owner, "Fireworks", "2027-03-13T22:00", "2027-03-14T00:00"),
        "moment": write(owner, "The bell", "2027-03-15T12:00", "2027-03-15T12:00"),
        "elsewhere": write(
            owner,
            "Call with New York",
            "2027-03-15T09:00",
            "2027-03-15T10:00",
            zone="America/New_York",
        ),
        "spring": write(owner, "Night watch", "2027-03-28T01:30", "2027-03-28T03:30"),
    }


def fill_a_year(stage: Stage, owner: User, *, after: datetime = NOW, count: int = 60) -> None:
    """Write something every five days, each on a day of its own."""
    midnight = after.replace(hour=0, minute=0)
    for number in range(count):
        start = midnight + timedelta(days=number * 5, hours=8 + number % 9)
        stage.write(
            owner, f"Appointment {number + 1}", start.strftime("%Y-%m-%dT%H:%M"), location="Office"
        )

"""Every door of the web, as the application's own map has it; and one line about each.

A door that is new fails the tests until it has its line here.
"""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from tests.conftest import PASSWORD, SECRET_KEY

from schedapp.app import create_app
from schedapp.config import Settings

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


class For(Enum):
    """Who a door is for."""

    EVERYBODY = "everybody, also who is not signed in"
    THE_FIRST = "whoever makes the first user; gone when there is one"
    THE_SIGNED_IN = "whoever is signed in; what it shows and changes is their own"
    THE_OWNER = "whoever owns what the address names; nobody else can tell that it is there"


ACCESS = {
    "/": For.EVERYBODY,
    "/healthz": For.EVERYBODY,
    "/static/<fingerprint>/<path:name>": For.EVERYBODY,
    "/setup/": For.THE_FIRST,
    "/login/": For.EVERYBODY,
    "/logout/": For.THE_SIGNED_IN,
    "/account/": For.THE_SIGNED_IN,
    "/account/password/": For.THE_SIGNED_IN,
    "/account/sign-ins/": For.THE_SIGNED_IN,
    "/account/sign-ins/end/": For.THE_SIGNED_IN,
    "/account/sign-ins/<public_id>/end/": For.THE_OWNER,
    "/appointments/": For.THE_SIGNED_IN,
    "/appointments/create/": For.THE_SIGNED_IN,
    "/appointments/<public_id>/": For.THE_OWNER,
    "/appointments/<public_id>/edit/": For.THE_OWNER,
    "/appointments/<public_id>/delete/": For.THE_OWNER,
    "/appointments/<public_id>/restoration/": For.THE_OWNER,
}

NEW_PASSWORD = "another sentence to keep in mind"
_APPOINTMENT = {
    "title": "Supper",
    "start": "2027-03-02T19:00",
    "end": "2027-03-02T21:00",
    "location": "",
    "description": "",
}

# What each unsafe door takes: with the form token it writes, and without it must not.
FORMS: dict[tuple[str, str], dict[str, str]] = {
    ("/setup/", "POST"): {
        "name": "Ana",
        "email": "ana@example.org",
        "password": NEW_PASSWORD,
        "time_zone": "Europe/Berlin",
    },
    ("/login/", "POST"): {"username": "ana@example.org", "password": PASSWORD},
    ("/logout/", "POST"): {},
    ("/account/", "POST"): {
        "name": "Ana Maria",
        "time_zone": "Europe/Lisbon",
        "locale": "de",
        "week_starts_on": "",
        "hour_cycle": "",
    },
    ("/account/password/", "POST"): {"current": PASSWORD, "password": NEW_PASSWORD},
    ("/account/sign-ins/end/", "POST"): {},
    ("/account/sign-ins/<public_id>/end/", "POST"): {},
    ("/appointments/create/", "POST"): _APPOINTMENT,
    ("/appointments/<public_id>/edit/", "POST"): _APPOINTMENT,
    ("/appointments/<public_id>/delete/", "POST"): {},
    ("/appointments/<public_id>/delete/", "DELETE"): {},
    ("/appointments/<public_id>/restoration/", "POST"): {},
}


@dataclass(frozen=True)
class Door:
    """One address of the map, and one method that it takes."""

    rule: str
    endpoint: str
    method: str
    arguments: frozenset[str] = field(default=frozenset())

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def is_for(self) -> For:
        # A new one without a line is tried like the closest; `test_access` says that it is new.
        return ACCESS.get(self.rule, For.THE_OWNER)

    @property
    def form(self) -> dict[str, str]:
        return FORMS.get((self.rule, self.method), {})

    @property
    def needs_sign_in(self) -> bool:
        return self.is_for in {For.THE_SIGNED_IN, For.THE_OWNER}


def _all() -> list[Door]:
    settings = Settings(data_dir=Path("/nowhere"), secret_keys=(SECRET_KEY,))
    return sorted(
        (
            Door(rule.rule, rule.endpoint, method, frozenset(rule.arguments))
            for rule in create_app(settings).url_map.iter_rules()
            for method in rule.methods or ()
        ),
        key=str,
    )


DOORS = _all()
READING = [door for door in DOORS if door.method == "GET"]
WRITING = [door for door in DOORS if door.method in UNSAFE]
ADDRESSES = READING + [
    door for door in WRITING if door.rule not in {other.rule for other in READING}
]

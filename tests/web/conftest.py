"""A book with something in it, and the way to every door of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from tests.conftest import Browsing
from tests.web.doors import Door, For
from werkzeug.test import TestResponse

from schedapp.accounts.models import SignIn, User
from schedapp.appointments import actions
from schedapp.appointments.models import Appointment
from schedapp.plumbing import clock
from schedapp.plumbing.database import bookkeeping

NO_ID = "0" * 20


@dataclass
class Scene:
    """Ana's browser and the things that addresses name; before the first user, nothing of it."""

    app: Flask
    browser: Browsing
    anonymous: Browsing
    ids: dict[str, str]

    def address(self, door: Door, *, of: str | None = None) -> str:
        """Return the address of a door: of Ana's things, or of the id `of`."""
        address = door.rule
        for name in door.arguments:
            address = re.sub(rf"<(\w+:)?{name}>", of or self.ids[self._thing(door, name)], address)
        return address

    def _thing(self, door: Door, name: str) -> str:
        return f"{door.endpoint}.{name}" if f"{door.endpoint}.{name}" in self.ids else name

    def opens(self, door: Door) -> Browsing:
        """Return the browser that a door is for."""
        return self.browser if door.needs_sign_in else self.anonymous

    def knock(self, door: Door, **more: Any) -> TestResponse:
        """Ask at a door, as whom it is for."""
        return self.opens(door).open(self.address(door), method=door.method, **more)


@pytest.fixture(autouse=True)
def _cheap(cheap_hashes: None) -> None:
    """Nothing here is about hashing."""


@pytest.fixture
def scene_for(
    app: Flask,
    anonymous: Browsing,
    add_user: Callable[..., User],
    browser_of: Callable[..., Browsing],
    write_down: Callable[..., Appointment],
) -> Callable[..., Scene]:
    """Return what is there when somebody stands before a door."""

    def make(door: Door | None = None) -> Scene:
        fingerprint = {"fingerprint": "0123", "name": "favicon.svg"}
        if door is not None and door.is_for is For.THE_FIRST:
            return Scene(app, anonymous, anonymous, fingerprint)
        ana = add_user("Ana")
        browser = browser_of(ana)
        browser_of(ana)
        lunch, dinner = write_down(ana), write_down(ana, "Dinner")
        with app.app_context(), bookkeeping() as db:
            gone = db.get_one(Appointment, dinner.id)
            actions.delete_appointment(db, gone, now=clock.now())
            other = db.scalars(select(SignIn).order_by(SignIn.id.desc())).first()
            assert other is not None
            ids = {
                "public_id": lunch.public_id,
                "appointments.restore.public_id": dinner.public_id,
                "accounts.end_sign_in.public_id": other.public_id,
            }
        return Scene(app, browser, anonymous, ids | fingerprint)

    return make

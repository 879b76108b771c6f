"""What somebody learns who gets a copy of the database (sentence 4)."""

import base64
import contextlib
import hashlib
import subprocess
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import inspect, text
from tests.accounts.steps import NEW_PASSWORD, change_password, cookie_of, sign_in
from tests.conftest import PASSWORD, SECRET_KEY, Browsing

from schedapp.accounts.models import User
from schedapp.accounts.set_up import set_up_code
from schedapp.plumbing.database import database, sqlite_path

GUESSED = "a guess that was not right"


def _everything_in(app: Flask) -> Iterator[bytes]:
    """Yield all that is in the database, as bytes, whatever tables there are."""
    with app.app_context(), database.engine.connect() as connection:
        quote = connection.dialect.identifier_preparer.quote
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f"select * from {quote(table)}")):  # noqa: S608
                for value in row:
                    yield value if isinstance(value, bytes) else str(value).encode()
        file = sqlite_path(app.extensions["sched_settings"].database_url)
    if file is not None:
        for each in file.parent.glob(f"{file.name}*"):
            # Not in this process: closing the file would end the locks that SQLite has on it.
            yield subprocess.run(["cat", each], capture_output=True, check=True).stdout


def _ways_to_write(secret: str) -> set[bytes]:
    raw = secret.encode()
    ways = {raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"="), raw[:20], raw[::-1]}
    with contextlib.suppress(ValueError):
        ways.add(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4)))
    return {way for way in ways if len(way) >= 12}


@pytest.mark.sentence(4)
def test_a_dump_holds_no_secret_that_was_used(app: Flask, anonymous: Browsing, ana: User) -> None:
    secrets = {"password": PASSWORD, "new password": NEW_PASSWORD, "guess": GUESSED}
    secrets |= {"the server's key": SECRET_KEY, "set-up code": set_up_code(SECRET_KEY)}

    def remember(when: str) -> None:
        for name in ("sched", "sched-form"):
            cookie = anonymous.get_cookie(name)
            if cookie is not None:
                secrets[f"{name} {when}"] = cookie.value
        with anonymous.session_transaction() as session:
            if "csrf_token" in session:
                secrets[f"form token {when}"] = session["csrf_token"]

    anonymous.get("/login/")
    remember("before")
    sign_in(anonymous, GUESSED)
    sign_in(anonymous, PASSWORD, who=PASSWORD)
    sign_in(anonymous)
    anonymous.get("/account/")
    remember("signed in")
    assert change_password(anonymous).status_code == 303
    anonymous.get("/account/")
    remember("changed")
    anonymous.submit("/logout/")
    sign_in(anonymous, NEW_PASSWORD, stay="y")
    anonymous.get("/logout/")
    remember("again")

    assert len({value for name, value in secrets.items() if name.startswith("sched ")}) == 3
    dump = list(_everything_in(app))
    assert any(b"ana@example.org" in each for each in dump)
    for name, secret in secrets.items():
        for way in _ways_to_write(secret):
            assert not any(way in each for each in dump), name


@pytest.mark.sentence(4)
def test_what_it_holds_of_a_sign_in_is_a_hash(app: Flask, as_ana: Browsing) -> None:
    digest = hashlib.sha256(cookie_of(as_ana).encode()).digest()

    dump = list(_everything_in(app))

    assert digest in dump
    as_ana.set_cookie("sched", digest.hex())
    assert as_ana.get("/account/").status_code == 303
    as_ana.set_cookie("sched", base64.urlsafe_b64encode(digest).decode())
    assert as_ana.get("/account/").status_code == 303

"""Proving who one is by a password: two short transactions with the slow hash between them.

No transaction is open while the hash is computed, so nobody waits for the database because
somebody is signing in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

from schedapp.accounts import actions, passwords, queries, rules, throttle
from schedapp.accounts.models import ACTIVE
from schedapp.core.errors import Refused
from schedapp.plumbing.database import reading, writing
from schedapp.plumbing.signing import derived_key

if TYPE_CHECKING:
    from datetime import datetime

    from schedapp.accounts.actions import Browser
    from schedapp.accounts.models import User


class TooManyTries(Refused):
    """An account or an address has to wait before the next password is looked at."""

    def __init__(self) -> None:
        """Say so without saying whether the account exists."""
        super().__init__(
            "There were too many tries. Please wait a while before you try again; other ways to"
            " sign in and browsers that are signed in already go on working."
        )


class WrongPassword(Refused):
    """The user name or the password is not right; it is not said which."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Incorrect username or password.")


def prove(email: str, password: str, *, browser: Browser, now: datetime) -> User:
    """Return the active user whose e-mail address and password these are.

    The answer for a wrong password, an unknown address and an inactive user is the same, and
    takes as long.

    Raises:
        WrongPassword: if they are not.
        TooManyTries: if the account or the address has to wait.
        TooManyHashes: if all processors are hashing already.
    """
    account, address = _keys_of(email, browser)
    with writing() as db:
        may = throttle.count_try(db, throttle.ADDRESS, address, now=now)
        may = may and throttle.count_try(db, throttle.ACCOUNT, account, now=now)
    if not may:
        raise TooManyTries
    user, kept = queries.user_and_hash(reading(), email)
    if rules.is_too_long(password) or "\0" in email:
        password, kept = "", None
    reading().close()
    if not passwords.is_right(password, kept) or user is None or user.state != ACTIVE:
        raise WrongPassword
    renewed = passwords.hash_of(password) if kept and passwords.is_outdated(kept) else None
    with writing() as db:
        throttle.forget(db, account)
        throttle.take_back(db, throttle.ADDRESS, address, now=now)
        if kept and renewed:
            actions.renew_hash(db, user.id, old=kept, new=renewed)
    return user


def _keys_of(email: str, browser: Browser) -> tuple[str, str]:
    secret = derived_key(current_app.config["SECRET_KEY"], "throttle")
    return (
        throttle.key_of(throttle.ACCOUNT, queries.email_key(email), secret),
        throttle.key_of(throttle.ADDRESS, browser.ip, secret),
    )

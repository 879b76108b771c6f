"""Proving who one is by a password: the slow hash stands between two short transactions.

No transaction is open while the hash is computed, so nobody waits for the database because
somebody is signing in. The first transaction counts the try; the second is the door's own, and
whatever it does with the proof it does together with settling it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import current_app

from schedapp.accounts import actions, passwords, queries, rules, throttle
from schedapp.accounts.models import ACTIVE
from schedapp.core.errors import Refused
from schedapp.plumbing.database import reading, writing
from schedapp.plumbing.signing import derived_key

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

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


@dataclass(frozen=True)
class Proof:
    """That somebody knows a user's password; good for one transaction, which settles it."""

    user_id: int
    hash: str
    renewed_hash: str | None
    keys: Keys


@dataclass(frozen=True)
class Keys:
    """Under which keys the tries for an account and from an address are counted."""

    account: str
    address: str


def prove(email: str, password: str, *, browser: Browser, now: datetime) -> Proof:
    """Return the proof that these are the e-mail address and the password of an active user.

    The answer for a wrong password, an unknown address and an inactive user is the same, and
    takes as long.

    Raises:
        WrongPassword: if they are not.
        TooManyTries: if the account or the address has to wait.
        TooManyHashes: if all processors are hashing already.
    """
    keys = _keys_of(email, browser)
    with writing() as db:
        may = throttle.count_try(db, throttle.ADDRESS, keys.address, now=now)
        may = may and throttle.count_try(db, throttle.ACCOUNT, keys.account, now=now)
    if not may:
        raise TooManyTries
    user, kept = queries.user_and_hash(reading(), email)
    reading().close()
    if rules.is_too_long(password):
        password, kept = "", None
    try:
        if not passwords.is_right(password, kept):
            raise WrongPassword
        if user is None or kept is None or user.state != ACTIVE:
            raise WrongPassword
        renewed = passwords.hash_of(password) if passwords.is_outdated(kept) else None
    except passwords.TooManyHashes:
        # Nobody looked at this password, so it was not a wrong one.
        with writing() as db:
            throttle.take_back(db, throttle.ADDRESS, keys.address, now=now)
            throttle.take_back(db, throttle.ACCOUNT, keys.account, now=now)
        raise
    return Proof(user_id=user.id, hash=kept, renewed_hash=renewed, keys=keys)


def settle(db: Session, proof: Proof, *, now: datetime) -> User:
    """Return the user who was proved, and forget the tries.

    The user is locked until the transaction ends: a password that is changed and a user who is
    deactivated at this very moment come before it, and then the proof is worth nothing, or after
    it, and then they end what was begun with it.

    Raises:
        WrongPassword: if the proof is worth nothing any more.
    """
    throttle.take_back(db, throttle.ADDRESS, proof.keys.address, now=now)
    throttle.forget(db, proof.keys.account)
    user = queries.user_to_change(db, proof.user_id)
    if user is None or user.state != ACTIVE:
        raise WrongPassword
    if queries.hash_of_password(db, proof.user_id) != proof.hash:
        raise WrongPassword
    if proof.renewed_hash is not None:
        actions.renew_hash(db, user.id, old=proof.hash, new=proof.renewed_hash)
    return user


def _keys_of(email: str, browser: Browser) -> Keys:
    secret = derived_key(current_app.config["SECRET_KEY"], "throttle")
    return Keys(
        account=throttle.key_of(throttle.ACCOUNT, queries.email_key(email), secret),
        address=throttle.key_of(throttle.ADDRESS, browser.ip, secret),
    )

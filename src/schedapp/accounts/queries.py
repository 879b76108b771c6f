"""Finding users and sign-ins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from schedapp.accounts.models import ACTIVE, ADMINISTRATOR, Password, SignIn, User
from schedapp.plumbing.identifiers import is_public_id, token_hash
from schedapp.plumbing.lookups import LookUp, LookUps


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """The current user, as one look-up by the sign-in's token finds it: a value, not a row."""

    id: int
    public_id: str
    email: str
    name: str
    time_zone: str
    locale: str
    week_starts_on: int | None
    hour_cycle: int | None
    role: str
    sign_in_id: int
    sign_in_public_id: str

    @property
    def as_shown(self) -> tuple[object, ...]:
        """What pages show of a user, and decides how they say it; the same in each browser."""
        return (
            self.public_id,
            self.email,
            self.name,
            self.time_zone,
            self.locale,
            self.week_starts_on,
            self.hour_cycle,
            self.role,
        )

    # What Flask-Login asks of a user.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    @property
    def is_administrator(self) -> bool:
        """Whether this user looks after the others."""
        return self.role == ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class Standing:
    """A sign-in as it was found: whose it is, and what decides whether it still stands."""

    user: SignedInUser
    is_user_active: bool
    ended_at: datetime | None
    last_seen_at: datetime
    idle_seconds: int
    expires_at: datetime


_BY_TOKEN = LookUp(
    select(
        User.id,
        User.public_id,
        User.email,
        User.name,
        User.time_zone,
        User.locale,
        User.week_starts_on,
        User.hour_cycle,
        User.role,
        SignIn.id,
        SignIn.public_id,
        User.state,
        SignIn.ended_at,
        SignIn.last_seen_at,
        SignIn.idle_seconds,
        SignIn.expires_at,
    )
    .join_from(SignIn, User, SignIn.user_id == User.id)
    .where(SignIn.token_hash == bindparam("token_hash"))
)


def standing_of(token: str, *, look_ups: LookUps | None = None) -> Standing | None:
    """Return the sign-in that a cookie's token belongs to, with its user, in one look-up."""
    for row in _BY_TOKEN.rows(on=look_ups, token_hash=token_hash(token)):
        return Standing(SignedInUser(*row[:11]), row[11] == ACTIVE, *row[12:])
    return None


def is_empty(db: Session) -> bool:
    """Say whether there is no user yet."""
    return not db.scalar(select(exists().where(User.id.is_not(None))))


def email_key(email: str) -> str:
    """Return what two spellings of one e-mail address have in common.

    Used wherever an address is stored or looked up; what cannot be an address is its own key.
    """
    try:
        checked = validate_email(email.strip(), check_deliverability=False)
    except EmailNotValidError:
        return email.strip().casefold()[:254]
    return checked.normalized.casefold()


def user_of(db: Session, email: str) -> User | None:
    """Return the user with an e-mail address, however it is spelt."""
    return db.scalar(select(User).where(User.email_key == email_key(email)))


def user_and_hash(db: Session, email: str) -> tuple[User | None, str | None]:
    """Return the user with an e-mail address and the hash of their password."""
    row = db.execute(
        select(User, Password.hash)
        .outerjoin(Password, Password.user_id == User.id)
        .where(User.email_key == email_key(email))
    ).first()
    return (row[0], row[1]) if row else (None, None)


def user_to_change(db: Session, user_id: int) -> User | None:
    """Return a user, locked until the transaction ends; what refers to them may still be added."""
    return db.scalar(
        select(User)
        .where(User.id == user_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def users(db: Session) -> Sequence[User]:
    """Return all users, by their e-mail addresses; for the administrator's commands."""
    return db.scalars(select(User).order_by(User.email_key)).all()


def hash_of_password(db: Session, user_id: int) -> str | None:
    """Return the hash of a user's password, or None where there is no password."""
    return db.scalar(select(Password.hash).where(Password.user_id == user_id))


def open_sign_ins(db: Session, user_id: int, *, now: datetime) -> Sequence[SignIn]:
    """Return a user's sign-ins that still stand, the last seen first."""
    found = db.scalars(
        select(SignIn)
        .where(SignIn.user_id == user_id, SignIn.ended_at.is_(None), SignIn.expires_at > now)
        .order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())
    ).all()
    return [
        each for each in found if (now - each.last_seen_at).total_seconds() < each.idle_seconds
    ]


def sign_in_of(db: Session, user_id: int, public_id: str) -> SignIn | None:
    """Return a user's own sign-in that nobody has ended, or None; another user's is None too."""
    if not is_public_id(public_id):
        return None
    return db.scalar(
        select(SignIn).where(
            SignIn.public_id == public_id, SignIn.user_id == user_id, SignIn.ended_at.is_(None)
        )
    )

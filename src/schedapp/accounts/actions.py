"""What can be done with users and sign-ins. Nothing here commits: the door does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from schedapp.accounts import queries, rules
from schedapp.accounts.devices import device_of
from schedapp.accounts.models import (
    ACTIVE,
    ADMINISTRATOR,
    INACTIVE,
    MEMBER,
    Password,
    SignIn,
    User,
)
from schedapp.accounts.signals import user_added
from schedapp.core.errors import Refused
from schedapp.core.zones import zone_named
from schedapp.plumbing.identifiers import new_public_id, new_token, token_hash

_FIRST_USER_LOCK = 0x5C4ED001


@dataclass(frozen=True)
class NewUser:
    """What is needed to add a user; the password comes as its hash."""

    email: str
    name: str
    password_hash: str | None
    time_zone: str
    locale: str
    administrator: bool = False


@dataclass(frozen=True)
class Browser:
    """Where a request came from: its address, and what its browser says it is."""

    ip: str
    user_agent: str


def add_user(db: Session, new: NewUser, *, now: datetime) -> User:
    """Add a user, and tell those who keep things for users.

    Raises:
        Refused: if the address is none, or is taken; if the zone is none.
    """
    try:
        checked = validate_email(new.email.strip(), check_deliverability=False)
    except EmailNotValidError:
        raise Refused(
            "This is not an e-mail address. It should look like ana@example.org.", field="email"
        ) from None
    zone_named(new.time_zone)
    key = queries.email_key(checked.normalized)
    if db.scalar(select(User.id).where(User.email_key == key)) is not None:
        raise Refused("There is a user with this e-mail address already.", field="email")
    user = User(
        public_id=new_public_id(),
        email=checked.normalized,
        email_key=key,
        name=new.name,
        time_zone=new.time_zone,
        locale=new.locale,
        role=ADMINISTRATOR if new.administrator else MEMBER,
        state=ACTIVE,
        created_at=now,
        modified_at=now,
    )
    db.add(user)
    db.flush()
    if new.password_hash is not None:
        db.add(Password(user_id=user.id, hash=new.password_hash, changed_at=now))
    user_added.send(user, db=db, now=now)
    return user


def add_first_user(db: Session, new: NewUser, *, now: datetime) -> User:
    """Add the first user, an administrator; of two people who try at once, one.

    Raises:
        Refused: if there is a user already; as `add_user` does.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _FIRST_USER_LOCK})
    if not queries.is_empty(db):
        raise Refused("The first user has been made already. Please sign in.")
    return add_user(db, new, now=now)


def begin_sign_in(
    db: Session, user: User, *, stays: bool, browser: Browser, how: str, now: datetime
) -> str:
    """Sign a user in with one browser, and return the token for its cookie.

    Beyond fifty sign-ins of one user the one that was not seen for longest is ended.
    """
    administrator = user.role == ADMINISTRATOR
    limits = rules.limits_of(administrator=administrator, stays=stays)
    token = new_token()
    for oldest in queries.open_sign_ins(db, user.id, now=now)[rules.SIGN_INS_MOST - 1 :]:
        end_sign_in(db, oldest, why="too many", now=now)
    db.add(
        SignIn(
            public_id=new_public_id(),
            user_id=user.id,
            token_hash=token_hash(token),
            created_at=now,
            proved_at=now,
            last_seen_at=now,
            idle_seconds=int(limits.idle.total_seconds()),
            expires_at=now + limits.absolute,
            stays=stays and not administrator,
            how=how,
            ip_first=browser.ip,
            ip_last=browser.ip,
            user_agent=browser.user_agent[:300],
            label=device_of(browser.user_agent),
        )
    )
    return token


def end_sign_in(_db: Session, sign_in: SignIn, *, why: str, now: datetime) -> None:
    """End one sign-in: its cookie is worthless from now on, wherever it was copied to."""
    if sign_in.ended_at is None:
        sign_in.ended_at = now
        sign_in.ended_why = why


def end_sign_ins(
    db: Session, user_id: int, *, why: str, now: datetime, but: int | None = None
) -> int:
    """End all sign-ins of a user, except the one whose id is `but`; return how many."""
    ended = update(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None))
    if but is not None:
        ended = ended.where(SignIn.id != but)
    result = db.execute(ended.values(ended_at=now, ended_why=why).returning(SignIn.id))
    return len(result.all())


def note_end(db: Session, sign_in_id: int, *, why: str, now: datetime) -> None:
    """Write down that a sign-in ran out, so that it stays so when the clock is set back."""
    db.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None))
        .values(ended_at=now, ended_why=why)
    )


def note_seen(db: Session, sign_in_id: int, *, ip: str, now: datetime) -> None:
    """Write down that a sign-in was used; at most once a minute, whoever else notes it too."""
    db.execute(
        update(SignIn)
        .where(
            SignIn.id == sign_in_id,
            SignIn.ended_at.is_(None),
            SignIn.last_seen_at <= now - rules.SEEN_EVERY,
        )
        .values(last_seen_at=now, ip_last=ip)
    )


def keep_password(db: Session, user_id: int, password_hash: str, *, now: datetime) -> None:
    """Keep the hash of a new password; who signs in with the old one at this moment waits."""
    queries.user_to_change(db, user_id)
    kept = db.get(Password, user_id)
    if kept is None:
        db.add(Password(user_id=user_id, hash=password_hash, changed_at=now))
    else:
        kept.hash = password_hash
        kept.changed_at = now


def renew_hash(db: Session, user_id: int, *, old: str, new: str) -> None:
    """Replace a hash made with older parameters, unless the password was changed meanwhile."""
    db.execute(
        update(Password).where(Password.user_id == user_id, Password.hash == old).values(hash=new)
    )


def change_password(db: Session, sign_in: SignIn, password_hash: str, *, now: datetime) -> str:
    """Change one's own password: all other sign-ins end, this one goes on with a new token.

    Returns the token for the cookie.
    """
    keep_password(db, sign_in.user_id, password_hash, now=now)
    end_sign_ins(db, sign_in.user_id, why="password changed", now=now, but=sign_in.id)
    token = new_token()
    sign_in.token_hash = token_hash(token)
    sign_in.proved_at = now
    return token


@dataclass(frozen=True)
class Habits:
    """How somebody is called and spoken to."""

    name: str
    time_zone: str
    locale: str
    week_starts_on: int | None
    hour_cycle: int | None


def change_settings(db: Session, user_id: int, habits: Habits, *, now: datetime) -> None:
    """Change a user's name, zone, language, week and clock.

    Raises:
        Refused: if the zone is none.
    """
    zone_named(habits.time_zone)
    user = db.get_one(User, user_id)
    user.name = habits.name
    user.time_zone = habits.time_zone
    user.locale = habits.locale
    user.week_starts_on = habits.week_starts_on
    user.hour_cycle = habits.hour_cycle
    user.modified_at = now


def deactivate(db: Session, user: User, *, reason: str | None, now: datetime) -> None:
    """Let a user in no more: the state and all sign-ins at once."""
    user.state = INACTIVE
    user.state_reason = reason
    user.modified_at = now
    end_sign_ins(db, user.id, why="deactivated", now=now)


def activate(_db: Session, user: User, *, now: datetime) -> None:
    """Let a user in again; they sign in anew."""
    user.state = ACTIVE
    user.state_reason = None
    user.modified_at = now

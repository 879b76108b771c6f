"""Tables of users and their sign-ins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from schedapp.plumbing.database import Base

ADMINISTRATOR = "administrator"
MEMBER = "member"
ACTIVE = "active"
INACTIVE = "inactive"


class User(Base):
    """Somebody who can sign in."""

    __tablename__ = "user"
    __table_args__ = (
        CheckConstraint("role in ('administrator', 'member')", name="role"),
        CheckConstraint("state in ('active', 'inactive')", name="state"),
        CheckConstraint("week_starts_on between 0 and 6", name="week_starts_on"),
        CheckConstraint("hour_cycle in (12, 24)", name="hour_cycle"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    time_zone: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(16))
    week_starts_on: Mapped[int | None] = mapped_column(SmallInteger)
    hour_cycle: Mapped[int | None] = mapped_column(SmallInteger)
    role: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    state_reason: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    modified_at: Mapped[datetime]


class Password(Base):
    """What remains of a user's password: its Argon2id hash."""

    __tablename__ = "password"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    hash: Mapped[str] = mapped_column(String(255))
    changed_at: Mapped[datetime]


class SignIn(Base):
    """One browser that a user is signed in with.

    `token_hash` is the SHA-256 of the cookie's 256 random bits. A sign-in ends when it is ended,
    `idle_seconds` after it was last seen, and at `expires_at`.
    """

    __tablename__ = "sign_in"
    __table_args__ = (
        Index(
            "ix_sign_in_user_id_open",
            "user_id",
            postgresql_where=text("ended_at is null"),
            sqlite_where=text("ended_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    idle_seconds: Mapped[int]
    expires_at: Mapped[datetime]
    stays: Mapped[bool]
    how: Mapped[str] = mapped_column(String(16))
    ip_first: Mapped[str] = mapped_column(String(45))
    ip_last: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(String(300))
    label: Mapped[str] = mapped_column(String(100))
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None] = mapped_column(String(16))


class Throttle(Base):
    """How often something was tried lately; the key is an HMAC, so that it names nobody."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window_started_at: Mapped[datetime]
    count: Mapped[int]
    blocked_until: Mapped[datetime | None]

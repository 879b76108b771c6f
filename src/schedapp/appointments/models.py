"""Tables of calendars and the appointments in them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from schedapp.plumbing.database import Base

_KEPT = text("deleted_at is null")
_KEPT_LONG = text("deleted_at is null and is_long")
# SQLite recognises a partial index only by the very words that the query uses.
_KEPT_LONG_SQLITE = text("deleted_at is null and is_long = 1")


class Calendar(Base):
    """A calendar of one user; `version` rises with each change of what is in it."""

    __tablename__ = "calendar"
    __table_args__ = (
        Index(
            "uq_calendar_owner_id_default",
            "owner_id",
            unique=True,
            postgresql_where=text("is_default"),
            sqlite_where=text("is_default"),
        ),
        Index("ix_calendar_owner_id", "owner_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    colour: Mapped[str] = mapped_column(String(16))
    is_default: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[datetime]


class Appointment(Base):
    """An entry in somebody's calendar.

    `starts_at` and `ends_at` are moments; `zone` says in which wall clock they were meant. With
    `all_day` the days count, `last_day` included, and the moments are where those days begin and
    end in `zone`, for finding them. `is_long` marks what lasts longer than two days, so that what
    is still running can be found by an index. `search_text` is what a search looks in.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("ends_at >= starts_at", name="span"),
        CheckConstraint(
            "(first_day is not null and last_day is not null and last_day >= first_day) = all_day"
            " and (all_day or (first_day is null and last_day is null))",
            name="days",
        ),
        Index(
            "ix_appointment_owner_id_starts_at",
            "owner_id",
            "starts_at",
            "public_id",
            "version",
            postgresql_where=_KEPT,
            sqlite_where=_KEPT,
        ),
        Index(
            "ix_appointment_owner_id_ends_at_long",
            "owner_id",
            "ends_at",
            "starts_at",
            postgresql_where=_KEPT_LONG,
            sqlite_where=_KEPT_LONG_SQLITE,
        ),
        Index("ix_appointment_calendar_id", "calendar_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendar.id", ondelete="CASCADE"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(255))
    location: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text)
    search_text: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    zone: Mapped[str] = mapped_column(String(64))
    all_day: Mapped[bool]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    is_long: Mapped[bool]
    version: Mapped[int]
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    modified_at: Mapped[datetime]

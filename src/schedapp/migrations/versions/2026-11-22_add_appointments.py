"""Add calendars and the appointments in them."""

import sqlalchemy as sa
from alembic import op

from schedapp.plumbing.database import Moment

revision = "2026_11_22_appointments"
down_revision = "2026_11_22_users"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("id", _INT, nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("owner_id", _INT, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("colour", sa.String(length=16), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("version", _INT, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_calendar_owner_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar")),
        sa.UniqueConstraint("public_id", name=op.f("uq_calendar_public_id")),
    )
    op.create_index("ix_calendar_owner_id", "calendar", ["owner_id"], unique=False)
    op.create_index(
        "uq_calendar_owner_id_default",
        "calendar",
        ["owner_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
        sqlite_where=sa.text("is_default"),
    )
    op.create_table(
        "appointment",
        sa.Column("id", _INT, nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("calendar_id", _INT, nullable=False),
        sa.Column("owner_id", _INT, nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("location", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("is_long", sa.Boolean(), nullable=False),
        sa.Column("version", _INT, nullable=False),
        sa.Column("deleted_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("modified_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "(first_day is not null and last_day is not null and last_day >= first_day) = all_day and (all_day or (first_day is null and last_day is null))",
            name=op.f("ck_appointment_days"),
        ),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_appointment_span")),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["calendar.id"],
            name=op.f("fk_appointment_calendar_id_calendar"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["user.id"],
            name=op.f("fk_appointment_owner_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_appointment_public_id")),
    )
    op.create_index("ix_appointment_calendar_id", "appointment", ["calendar_id"], unique=False)
    op.create_index(
        "ix_appointment_owner_id_ends_at_long",
        "appointment",
        ["owner_id", "ends_at", "starts_at"],
        unique=False,
        postgresql_where=sa.text("deleted_at is null and is_long"),
        sqlite_where=sa.text("deleted_at is null and is_long = 1"),
    )
    op.create_index(
        "ix_appointment_owner_id_starts_at",
        "appointment",
        ["owner_id", "starts_at", "public_id", "version"],
        unique=False,
        postgresql_where=sa.text("deleted_at is null"),
        sqlite_where=sa.text("deleted_at is null"),
    )


def downgrade() -> None:
    op.drop_table("appointment")
    op.drop_table("calendar")

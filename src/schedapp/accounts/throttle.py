"""Counting tries, so that nobody guesses passwords by the thousand.

Counts live in the database: they survive a restart and hold for all processes. Unknown accounts
are counted like known ones, and the keys are HMACs, so that a row names nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from schedapp.accounts.models import Throttle
from schedapp.plumbing.addresses import address_in

WINDOW = timedelta(minutes=15)
FIRST_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=24)
REMEMBERED = timedelta(hours=24)


@dataclass(frozen=True)
class Limit:
    """How many tries one account, or one address, has in `WINDOW`."""

    kind: str
    most: int


ACCOUNT = Limit("account", 10)
ADDRESS = Limit("address", 50)


def key_of(limit: Limit, value: str, secret: bytes) -> str:
    """Return the row's key for an account or an address; an IPv6 address counts by its /64."""
    if limit is ADDRESS:
        value = _network_of(value)
    return hmac.new(secret, f"{limit.kind}:{value}".encode(), hashlib.sha256).hexdigest()


def count_try(db: Session, limit: Limit, key: str, *, now: datetime) -> bool:
    """Count one try before it is made, and say whether it may be made.

    Counting first means that tries made at the same time cannot slip past the limit. Every time
    the limit is reached there is a pause, twice as long as the one before.
    """
    row = _locked(db, key, now=now)
    if row.blocked_until is not None and now < row.blocked_until:
        return False
    forgotten_at = (row.blocked_until + REMEMBERED) if row.blocked_until else None
    if now >= (forgotten_at or row.window_started_at + WINDOW):
        row.window_started_at, row.count, row.blocked_until = now, 0, None
    row.count += 1
    if row.count % limit.most == 0:
        pause = FIRST_PAUSE * 2 ** min(row.count // limit.most - 1, 10)
        row.blocked_until = now + min(pause, LONGEST_PAUSE)
    return True


def forget(db: Session, key: str) -> None:
    """Forget the tries of an account: the right password was given."""
    db.execute(delete(Throttle).where(Throttle.key == key))


def take_back(db: Session, limit: Limit, key: str, *, now: datetime) -> None:
    """Take one try back that turned out to be right, and the pause if it was that one's."""
    row = _locked(db, key, now=now)
    if row.count % limit.most == 0:
        row.blocked_until = None
    row.count = max(0, row.count - 1)


def _locked(db: Session, key: str, *, now: datetime) -> Throttle:
    """Return the row of a key, made where there is none, and locked in the same statement.

    Who takes several takes the address before the account, so that no two wait for each other.
    """
    insert = _insert_of(db.get_bind().dialect.name)
    fresh = {"key": key, "window_started_at": now, "count": 0, "blocked_until": None}
    made = insert(Throttle).values(fresh)
    locked = made.on_conflict_do_update(index_elements=["key"], set_={"count": Throttle.count})
    row: Throttle = db.scalars(
        locked.returning(Throttle), execution_options={"populate_existing": True}
    ).one()
    return row


def _insert_of(kind: str) -> Any:
    # Each dialect is large; the one that is used is loaded already.
    if kind == "postgresql":
        from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]  # noqa: PLC0415
    return insert


def _network_of(address: str) -> str:
    parsed = address_in(address)
    if parsed is None:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)

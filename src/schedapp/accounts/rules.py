"""What is allowed to users and their sign-ins."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from schedapp.core.errors import Refused

PASSWORD_LEAST_CHARACTERS = 15
PASSWORD_MOST_BYTES = 1024
SIGN_INS_MOST = 50
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Limits:
    """How long a sign-in lasts without being used, and at all."""

    idle: timedelta
    absolute: timedelta


MEMBER_LIMITS = Limits(idle=timedelta(hours=2), absolute=timedelta(hours=24))
STAYING_LIMITS = Limits(idle=timedelta(days=14), absolute=timedelta(days=90))
ADMINISTRATOR_LIMITS = Limits(idle=timedelta(minutes=30), absolute=timedelta(hours=12))


def limits_of(*, administrator: bool, stays: bool) -> Limits:
    """Return how long a new sign-in lasts; administrators never stay signed in."""
    if administrator:
        return ADMINISTRATOR_LIMITS
    return STAYING_LIMITS if stays else MEMBER_LIMITS


def why_it_ended(
    *, last_seen_at: datetime, idle: timedelta, expires_at: datetime, now: datetime
) -> str | None:
    """Return why a sign-in that nobody ended has run out, or None while it stands."""
    if now >= expires_at:
        return "expired"
    if now - last_seen_at >= idle:
        return "idle"
    return None


def check_password(password: str) -> None:
    """Check that a new password is long enough and not too long (NIST SP 800-63B section 5.1.1.2).

    Raises:
        Refused: with the sentence for the field.
    """
    if is_too_long(password):
        raise Refused(
            "Please use at most %(most)d bytes.", field="password", most=PASSWORD_MOST_BYTES
        )
    if len(unicodedata.normalize("NFC", password)) < PASSWORD_LEAST_CHARACTERS:
        raise Refused(
            "Please use at least %(least)d characters. Three or four unrelated words are easy to"
            " remember and hard to guess.",
            field="password",
            least=PASSWORD_LEAST_CHARACTERS,
        )


def is_too_long(password: str) -> bool:
    """Say whether a password is longer than what we are willing to hash."""
    # NFC joins at most four characters into one. Doing it to find that out would let a stranger
    # keep us busy: the time for a row of accents grows with the square of its length.
    if len(password) > PASSWORD_MOST_BYTES * 4:
        return True
    normal = unicodedata.normalize("NFC", password)
    return len(normal.encode("utf-8", "surrogatepass")) > PASSWORD_MOST_BYTES

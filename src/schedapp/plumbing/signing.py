"""The server's own secrets: read, made when there are none, and derived for one purpose each."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING

from schedapp.config import WrongSetting, check_secret_key

if TYPE_CHECKING:
    from pathlib import Path

    from schedapp.config import Settings


def secret_keys(settings: Settings) -> tuple[str, ...]:
    """Return the keys that sign, the newest first; make the first one where there is none.

    The file is readable for its owner alone, and two processes that start together agree on it.

    Raises:
        WrongSetting: if the file holds a key that is too short or a published one.
    """
    if settings.secret_keys:
        return settings.secret_keys
    path = settings.data_dir / "secret_keys"
    if not path.exists():
        _make(path)
    keys = tuple(path.read_text(encoding="ascii", errors="replace").split())
    try:
        for key in keys:
            check_secret_key(key)
    except ValueError as wrong:
        raise WrongSetting(f"{path} should hold {wrong}.") from None
    if not keys:
        raise WrongSetting(f"{path} should hold a key; it is empty.")
    return keys


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"secret_keys.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Unlike a rename, a link fails when somebody else was first.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def derived_key(key: str, purpose: str) -> bytes:
    """Return a key of its own for one purpose, so that no two uses share one."""
    return hmac.digest(key.encode(), b"sched:" + purpose.encode(), hashlib.sha256)

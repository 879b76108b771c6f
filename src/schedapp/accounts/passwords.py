"""Passwords: how they are hashed, and by how many at once.

Argon2id with the memory of RFC 9106 section 4 (second recommended option) and one lane: a hash
uses one processor, and the threads that hash stand back behind the ones that answer pages.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from schedapp.core.errors import Refused

Answer = TypeVar("Answer")

PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
WAIT_SECONDS = 2.0

_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1, hash_len=32, salt_len=16)
NO_HASH = "$argon2id$v=19$m=65536,t=3,p=1$" + "A" * 22 + "$" + "A" * 43

_places = threading.BoundedSemaphore(PROCESSORS)
_waiting = threading.BoundedSemaphore(PROCESSORS)
_threads: ThreadPoolExecutor | None = None
_threads_lock = threading.Lock()


class TooManyHashes(Refused):
    """All processors are hashing and somebody waits already; try again in a moment."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Many people are signing in just now. Please try again in a moment.")


def hash_of(password: str) -> str:
    """Return the hash to keep.

    Raises:
        TooManyHashes: if no processor becomes free in time.
    """
    return _in_turn(lambda: _hasher.hash(_bytes_of(password)))


def is_right(password: str, kept: str | None) -> bool:
    """Say whether a password is the one that was hashed; without a hash it takes as long.

    Raises:
        TooManyHashes: if no processor becomes free in time.
    """

    def verify() -> bool:
        try:
            return _hasher.verify(kept or NO_HASH, _bytes_of(password))
        except (VerificationError, InvalidHashError):
            return False

    return _in_turn(verify) and kept is not None


def is_outdated(kept: str) -> bool:
    """Say whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _bytes_of(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _in_turn(work: Callable[[], Answer]) -> Answer:
    if not _places.acquire(blocking=False):
        if not _waiting.acquire(blocking=False):
            raise TooManyHashes
        try:
            if not _places.acquire(timeout=WAIT_SECONDS):
                raise TooManyHashes
        finally:
            _waiting.release()
    try:
        return _pool().submit(work).result()
    finally:
        _places.release()


def _pool() -> ThreadPoolExecutor:
    # Made at the first hash, not at import: threads do not survive the fork of a server.
    global _threads  # noqa: PLW0603
    with _threads_lock:
        if _threads is None:
            _threads = ThreadPoolExecutor(PROCESSORS, "hash", initializer=_stand_back)
        return _threads


def _stand_back() -> None:
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)

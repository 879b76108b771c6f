"""Keeping what was worked out, for as long as there is room; it can never be wrong.

A key holds everything that its value was made from: who it is for and the version of what is
shown. What changes has another key, so nothing kept is ever stale or another person's.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value", str, bytes)


class Keep(Generic[Key, Value]):
    """Texts by their keys; beyond `most` characters or bytes the longest unused ones go."""

    def __init__(self, most: int) -> None:
        """Make an empty one."""
        self._most = most
        self._size = 0
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """Return what is kept under a key, or None."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, unless it alone is more than there is room for."""
        if len(value) > self._most:
            return
        with self._lock:
            before = self._values.pop(key, None)
            self._size += len(value) - (len(before) if before is not None else 0)
            self._values[key] = value
            while self._size > self._most:
                _, dropped = self._values.popitem(last=False)
                self._size -= len(dropped)

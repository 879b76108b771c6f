"""What time it is: the one place that asks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _real_time() -> datetime:
    return datetime.now(UTC)


_ask: Callable[[], datetime] = _real_time


def now() -> datetime:
    """Return the present moment, in UTC."""
    return _ask()


@contextmanager
def set_to(ask: Callable[[], datetime]) -> Iterator[None]:
    """Let `ask` say what time it is, for as long as this lasts; in the whole process."""
    global _ask  # noqa: PLW0603  (the clock is the one thing that every thread shares)
    before, _ask = _ask, ask
    try:
        yield
    finally:
        _ask = before

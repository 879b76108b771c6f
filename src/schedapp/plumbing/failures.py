"""What the log is told of a failure: where it was and of what kind, and nothing somebody wrote."""

from __future__ import annotations

import traceback


def told(error: BaseException) -> str:
    """Return the traceback of an error without the errors' own messages.

    A message repeats what the failing code was given: the row that was there already, the text
    that was no number. That is somebody's e-mail address, or their appointment.
    """
    lines = []
    for each, link in reversed(_chain(error)):
        lines += [*traceback.format_tb(each.__traceback__), f"{_kind_of(each)}{link}\n"]
    return "".join(lines).rstrip()


def _chain(error: BaseException) -> list[tuple[BaseException, str]]:
    """Return an error, what led to it, and what led to that; with how they hang together."""
    found = [(error, "")]
    while True:
        latest = found[-1][0]
        if latest.__cause__ is not None:
            found.append((latest.__cause__, ", and because of it:"))
        elif latest.__context__ is not None and not latest.__suppress_context__:
            found.append((latest.__context__, ", and while that was handled:"))
        else:
            return found


def _kind_of(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    # What the two databases say about the kind, and the name of the rule that was broken.
    more = [
        getattr(error, "sqlite_errorname", None),
        getattr(error, "sqlstate", None),
        getattr(getattr(error, "diag", None), "constraint_name", None),
    ]
    known = [str(word) for word in more if word]
    return f"{kind} ({', '.join(known)})" if known else kind

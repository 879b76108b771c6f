"""What a text that somebody typed may hold."""

import unicodedata

from schedapp.core.errors import Refused

_CONTROL = {"Cc", "Cs"}
_LINE_ENDS = {"Zl", "Zp"}
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"}
_LOOKS_LIKE_NOTHING = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}  # letters without ink


def check_is_one_line(text: str, *, field: str | None = None) -> None:
    """Check that a text has no control characters, line ends included.

    Raises:
        Refused: if it has.
    """
    _check_has_none_of(_CONTROL | _LINE_ENDS, text, but="", field=field)


def check_is_plain_text(text: str, *, field: str | None = None) -> None:
    """Check that a text has no control characters but line ends and tabs.

    Raises:
        Refused: if it has.
    """
    _check_has_none_of(_CONTROL, text, but="\n\t", field=field)


def check_length(text: str, most: int, *, field: str | None = None) -> None:
    """Check that a text has at most so many characters.

    Raises:
        Refused: if it has more.
    """
    if len(text) > most:
        raise Refused(
            "Please use at most %(most)d characters; there are %(length)d.",
            field=field,
            most=most,
            length=len(text),
        )


def is_blank(text: str) -> bool:
    """Say whether there is nothing to see in a text: white space, marks of direction, fillers."""
    return all(
        unicodedata.category(character) in _UNSEEN or character in _LOOKS_LIKE_NOTHING
        for character in text
    )


def shortened(text: str, most: int) -> str:
    """Return a text, or its beginning and an ellipsis where it has more than `most` characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _check_has_none_of(categories: set[str], text: str, *, but: str, field: str | None) -> None:
    # Most texts are printable throughout, and that is quick to find out.
    if text.isprintable():
        return
    if any(unicodedata.category(each) in categories and each not in but for each in text):
        raise Refused("This holds characters that cannot be kept. Please retype it.", field=field)

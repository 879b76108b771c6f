"""What an appointment may be."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schedapp.core.errors import Refused
from schedapp.core.texts import check_is_one_line, check_is_plain_text, check_length, is_blank
from schedapp.core.zones import wall_time_of

TITLE_MOST = 255
LOCATION_MOST = 255
DESCRIPTION_MOST = 100_000
SEARCH_MOST = 200

LONG = timedelta(days=2)
"""What lasts longer is found by its end, what does not by its start."""

KEPT_WHEN_DELETED = timedelta(days=30)
"""For how long a deletion can be taken back."""

_USUAL_START = time(9)
_HOUR = timedelta(hours=1)


def check_title(title: str) -> None:
    """Check that a title is one line, and that there is something to see in it.

    Raises:
        Refused: if it is not.
    """
    if is_blank(title):
        raise Refused("Please give the appointment a title.", field="title")
    check_length(title, TITLE_MOST, field="title")
    check_is_one_line(title, field="title")


def check_location(location: str) -> None:
    """Check that a place is one line.

    Raises:
        Refused: if it is not.
    """
    check_length(location, LOCATION_MOST, field="location")
    check_is_one_line(location, field="location")


def check_description(description: str) -> None:
    """Check that a description is plain text.

    Raises:
        Refused: if it is not.
    """
    check_length(description, DESCRIPTION_MOST, field="description")
    check_is_plain_text(description, field="description")


def is_long(duration: timedelta) -> bool:
    """Say whether an appointment is one of those that are looked for by their end."""
    return duration > LONG


def proposed_start(now: datetime, zone: ZoneInfo, *, day: date | None = None) -> datetime:
    """Return the wall-clock time to propose: the next full hour; on another day than today, 9:00.

    `now` is a moment, and the next hour is one by a stop-watch: never one that the clocks skip.
    """
    soon = wall_time_of(now + _HOUR, zone).replace(minute=0, second=0, microsecond=0)
    if day is None or day == wall_time_of(now, zone).date():
        return soon
    return datetime.combine(day, _USUAL_START)


def search_text_of(title: str, location: str, description: str) -> str:
    """Return what a search looks in: the texts, with all spellings of a letter made one."""
    return "\n".join(plain(text) for text in (title, location, description))


def words_of(query: str) -> tuple[str, ...]:
    """Return the words of a search, spelt as `search_text_of` spells them; all must be found."""
    return tuple(dict.fromkeys(plain(query[:SEARCH_MOST]).split()))


# Letters that are one with another to whoever types on a foreign keyboard, and that Unicode does
# not take apart.
_ALIKE = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ŧ": "t", "æ": "ae", "œ": "oe"}
    | {"þ": "th", "’": "'", "‘": "'", "‐": "-", "‑": "-", "–": "-"}
)
_SOUND_MARKS = {"\u3099", "\u309a"}  # ga is not ka with an accent
_VARIATIONS = range(0xFE00, 0xFE10)  # red heart or black heart: a heart


def plain(text: str) -> str:
    """Return a text without capitals, accents and other variants of letters."""
    if text.isascii():
        letters = text.lower()
    else:
        folded = unicodedata.normalize("NFKD", text).casefold().translate(_ALIKE)
        letters = unicodedata.normalize("NFKD", folded)
    return "".join(letter for letter in letters if _counts(letter))


def _counts(letter: str) -> bool:
    if letter.isascii():
        return letter.isprintable() or letter.isspace()
    if unicodedata.combining(letter):
        return letter in _SOUND_MARKS
    is_invisible = unicodedata.category(letter) in {"Cc", "Cf", "Cs"}
    return not is_invisible and ord(letter) not in _VARIATIONS

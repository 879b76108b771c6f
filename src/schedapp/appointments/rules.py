"""What an appointment may be."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

TITLE_MOST = 255
LOCATION_MOST = 255
DESCRIPTION_MOST = 100_000
SEARCH_MOST = 200

LONG = timedelta(days=2)
"""What lasts longer is found by its end, what does not by its start."""


def is_long(duration: timedelta) -> bool:
    """Say whether an appointment is one of those that are looked for by their end."""
    return duration > LONG


def search_text_of(title: str, location: str, description: str) -> str:
    """Return what a search looks in: the texts, with all spellings of a letter made one."""
    return "\n".join(plain(text) for text in (title, location, description))


def words_of(query: str) -> tuple[str, ...]:
    """Return the words of a search, spelt as `search_text_of` spells them; all must be found."""
    return tuple(dict.fromkeys(plain(query[:SEARCH_MOST]).split()))[:10]


def plain(text: str) -> str:
    """Return a text without capitals, accents and other variants of letters."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))

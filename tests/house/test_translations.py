"""Each text that people see is translated: nothing missing, doubtful or left over."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from tests.house.repository import ROOT

from schedapp.plumbing.language import LOCALES

PACKAGE = ROOT / "src/schedapp"
LANGUAGES = sorted({locale.split("_")[0] for locale in LOCALES} - {"en"})
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OURS = dict.fromkeys(["_l", "lazy_gettext", "Refused"]) | {"lazy_ngettext": (1, 2)}

type_of_id = str | tuple[str, ...]


def path_of(language: str) -> Path:
    return PACKAGE / f"translations/{language}/LC_MESSAGES/messages.po"


@cache
def marked() -> dict[type_of_id, str]:
    """Return each text that is marked for translation, and where it stands first."""
    found: dict[type_of_id, str] = {}
    texts = extract_from_dir(PACKAGE, METHODS, keywords=DEFAULT_KEYWORDS | OURS)
    for name, line, text, _comments, _context in texts:
        found.setdefault(text, f"{name}:{line}")
    return found


@cache
def catalog(language: str) -> Catalog:
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def messages(language: str) -> Iterator[Message]:
    return (message for message in catalog(language) if message.id)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}", text))


def texts(message: Message) -> list[tuple[str, str]]:
    """Return pairs of an English text and its translation."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string or ""))]
    one, many = message.id
    singular, *plurals = list(message.string or ("", ""))
    return [(one, singular), *((many, plural) for plural in plurals)]


def test_texts_are_found_in_pages_and_in_code() -> None:
    places = set(marked().values())

    assert any(place.endswith(".html") or ".html:" in place for place in places)
    assert any(".py:" in place for place in places)
    assert len(places) > 100


@pytest.mark.parametrize("language", LANGUAGES)
class TestLanguage:
    @pytest.fixture(autouse=True)
    def _is_there(self, language: str, request: pytest.FixtureRequest) -> None:
        if not path_of(language).exists():
            request.applymarker(pytest.mark.xfail(reason=f"{language} has not been written yet"))

    def test_everything_is_translated(self, language: str) -> None:
        there = {message.id for message in messages(language) if all(b for _, b in texts(message))}

        assert {text: place for text, place in marked().items() if text not in there} == {}

    def test_nothing_is_left_over(self, language: str) -> None:
        assert [message.id for message in messages(language) if message.id not in marked()] == []
        assert list(catalog(language).obsolete) == []

    def test_nothing_is_doubtful(self, language: str) -> None:
        assert [message.id for message in messages(language) if message.fuzzy] == []
        assert [(message.id, errors) for message, errors in catalog(language).check()] == []

    def test_each_text_keeps_its_values(self, language: str) -> None:
        wrong = [
            (english, said)
            for message in messages(language)
            for english, said in texts(message)
            if placeholders(english) != placeholders(said)
            # A singular may say "one" instead of the number.
            and not (message.pluralizable and placeholders(said) < placeholders(english))
        ]

        assert wrong == []

    def test_each_text_begins_and_ends_alike(self, language: str) -> None:
        wrong = [
            (english, said)
            for message in messages(language)
            for english, said in texts(message)
            if english.endswith((".", "…", " ", "\n")) != said.endswith((".", "…", " ", "\n"))
            or english.startswith((" ", "\n")) != said.startswith((" ", "\n"))
        ]

        assert wrong == []

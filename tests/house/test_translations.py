"""Each text that people see is marked, and translated: nothing missing, doubtful or left over."""

import ast
import html
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from tests.house.repository import ROOT

from schedapp.plumbing.language import LOCALES

PACKAGE = ROOT / "src/schedapp"
LANGUAGES = sorted({locale.split("_")[0] for locale in LOCALES} - {"en"})

type_of_id = str | tuple[str, ...]


def path_of(language: str) -> Path:
    return PACKAGE / f"translations/{language}/LC_MESSAGES/messages.po"


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> dict[type_of_id, str]:
    """Each text that is marked for translation, and where it stands first; as bin/translate."""
    template = tmp_path_factory.mktemp("texts") / "messages.pot"
    pybabel = [sys.executable, "-m", "babel.messages.frontend", "-q"]
    extract = ["extract", "-F", "pyproject.toml", "-o", str(template), "src/schedapp"]
    subprocess.run([*pybabel, *extract], check=True, cwd=ROOT, timeout=60)
    with template.open("rb") as file:
        return {
            tuple(message.id) if message.pluralizable else str(message.id): "{}:{}".format(
                *message.locations[0]
            )
            for message in read_po(file)
            if message.id
        }


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


def test_texts_are_found_in_pages_and_in_code(marked: dict[type_of_id, str]) -> None:
    places = set(marked.values())

    assert any(".html:" in place for place in places)
    assert any(".py:" in place for place in places)
    assert len(places) > 100
    assert "Incorrect username or password." in marked  # a kind of refusal of its own
    assert ("%(num)d day", "%(num)d days") in marked


@pytest.mark.parametrize("language", LANGUAGES)
class TestLanguage:
    def test_everything_is_translated(self, language: str, marked: dict[type_of_id, str]) -> None:
        there = {message.id for message in messages(language) if all(b for _, b in texts(message))}

        assert {text: place for text, place in marked.items() if text not in there} == {}

    def test_nothing_is_left_over(self, language: str, marked: dict[type_of_id, str]) -> None:
        assert [message.id for message in messages(language) if message.id not in marked] == []
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

    def test_what_is_compiled_is_what_is_written(self, language: str) -> None:
        with path_of(language).with_suffix(".mo").open("rb") as file:
            compiled = read_mo(file)

        there = [pair for message in compiled if message.id for pair in texts(message)]
        assert sorted(there) == sorted(
            pair for message in messages(language) for pair in texts(message)
        )


class TestGerman:
    def test_it_says_du(self) -> None:
        formal = re.compile(r"\b(Ihre?[mnrs]?|Ihnen|[Bb]itte \w+en Sie|[Ss]ind Sie|haben Sie)\b")

        assert [said for _, said in german() if formal.search(said)] == []

    def test_it_is_set_as_german_is(self) -> None:
        wrong = [
            said for _, said in german() if re.search(r"[\"”'’!]|“(?=\w)|„(?!\S)| - |--", said)
        ]

        assert wrong == []


def german() -> list[tuple[str, str]]:
    return [pair for message in messages("de") for pair in texts(message)]


# What nobody marked is not found by looking at what is marked.


MARKS = {"_", "_l", "gettext", "ngettext", "lazy_gettext", "lazy_ngettext", "Refused"}
SAYING = {"flash", "tell", "ValidationError", "StopValidation"}
# These say a sentence that was marked elsewhere: where it was refused, and by WTForms.
SAID_LATER = {
    ("plumbing/language.py", "gettext"),
    ("plumbing/forms.py", "_"),
    ("plumbing/forms.py", "ngettext"),
}


@pytest.mark.parametrize(
    "name", sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))
)
def test_code_marks_whole_sentences(name: str) -> None:
    wrong = []
    for call in ast.walk(ast.parse((PACKAGE / name).read_text("utf-8"))):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        called, first = _name_of(call.func), call.args[0]
        is_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
        if (called in MARKS and not is_text and (name, called) not in SAID_LATER) or (
            called in SAYING and (is_text or isinstance(first, ast.JoinedStr))
        ):
            wrong.append(f"{name}:{call.lineno} {ast.unparse(call)}")

    assert wrong == []


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


@pytest.mark.parametrize(
    "name", sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.html"))
)
def test_pages_hold_no_words_that_are_not_marked(name: str) -> None:
    page = re.sub(r"\{#.*?#\}", "", (PACKAGE / name).read_text("utf-8"), flags=re.DOTALL)
    # What a block or a macro puts into a tag is no text: ` class="now"`, ` aria-current="page"`.
    seen = re.sub(r" [a-z-]+=\"[a-z-]+\"(?=\{% end)", "", page)
    seen = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", seen, flags=re.DOTALL)
    attributes = re.findall(r"""\b(?:aria-label|alt|placeholder|title)=["']([^"']*)""", seen)
    text = html.unescape(re.sub(r"<[^>]*>", " ", seen))

    words = {word for part in (text, *attributes) for word in re.findall(r"[^\W\d_]+", part)}

    assert words - {"sched"} == set()

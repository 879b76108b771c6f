"""Tables that pages take from the program. `python -m tests.docs.tables` writes them anew."""

import ast
import dataclasses
import re
import sys
from collections import defaultdict

from tests.docs.pages import text_of
from tests.house.repository import ROOT, names_of_files

from schedapp.config import Settings

SETTINGS = "docs/settings.md"
SENTENCES = "docs/security.md"

_BEGIN, _END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
_SENTENCE = re.compile(r"^\| (\d+) \| (.+?) \|(.*)\|$", re.MULTILINE)


def table_in(text: str) -> str:
    """Return what stands between the marks of a page."""
    return text[text.index(_BEGIN) + len(_BEGIN) : text.index(_END)]


def table_of_settings() -> str:
    """Return the table of all settings, as `Settings` declares them."""
    lines = ["| setting | should be | default | what it says |", "| --- | --- | --- | --- |"]
    for each in dataclasses.fields(Settings):
        meta = each.metadata
        cells = (f"`SCHED_{each.name.upper()}`", _should_be(meta["read"]), meta["shown"])
        lines.append(f"| {' | '.join(cells)} | {meta['sentence']} |")
    return "\n".join(lines) + "\n"


def _should_be(read) -> str:  # type: ignore[no-untyped-def]
    """Return what a setting says that it should be, by giving it what it cannot be."""
    for wrong in ("", "?"):
        try:
            read(wrong)
        except ValueError as should_be:
            return str(should_be)
    raise AssertionError("nothing is wrong for this setting")


def sentences_told() -> dict[int, str]:
    """Return the sentences that the page on security numbers."""
    return {int(number): text for number, text, _ in _SENTENCE.findall(text_of(SENTENCES))}


def table_of_sentences() -> str:
    """Return the table of the page's sentences, each with the tests that show it."""
    shown = sentences_shown()
    lines = ["| no. | sentence | shown by |", "| --- | --- | --- |"]
    for number, text in sorted(sentences_told().items()):
        places = ", ".join(f"`{name}`" for name in sorted(shown.get(number, ())))
        lines.append(f"| {number} | {text} | {places or '–'} |")
    return "\n".join(lines) + "\n"


def sentences_shown() -> dict[int, set[str]]:
    """Return the numbers that tests are marked with, and the files where these tests are."""
    shown = defaultdict(set)
    for name in names_of_files():
        if name.startswith("tests/") and name.endswith(".py"):
            for number in _marks_in((ROOT / name).read_text(encoding="utf-8")):
                shown[number].add(name)
    return dict(shown)


def _marks_in(source: str) -> set[int]:
    return {
        argument.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sentence"
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, int)
    }


def main() -> None:
    for name, table in ((SETTINGS, table_of_settings()), (SENTENCES, table_of_sentences())):
        before, _, rest = text_of(name).partition(_BEGIN)
        _, _, after = rest.partition(_END)
        (ROOT / name).write_text(before + _BEGIN + table + _END + after, encoding="utf-8")
        sys.stdout.write(f"{name} is up to date.\n")


if __name__ == "__main__":
    main()

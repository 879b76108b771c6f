"""The pages that people read in this repository."""

import re
from collections.abc import Iterator

from tests.house.repository import ROOT, names_of_files

PAGES = [name for name in names_of_files() if name.endswith(".md")]
DECISIONS = sorted(name for name in PAGES if name.startswith("docs/decisions/"))

_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def prose_of(name: str) -> str:
    """Return a page without its code and the comments that readers do not see."""
    prose = _CODE.sub("", _FENCE.sub("", text_of(name)))
    return re.sub(r"<!--.*?-->", "", prose, flags=re.DOTALL)


def code_in(name: str) -> Iterator[str]:
    """Return what a page quotes as code: each span, and each line of a block."""
    text = text_of(name)
    for block in _FENCE.findall(text):
        yield from (line.strip() for line in block.splitlines()[1:-1])
    yield from _CODE.findall(_FENCE.sub("", text))


def block_after(name: str, heading: str) -> list[str]:
    """Return the lines of the first block of code after a heading."""
    found = _FENCE.search(text_of(name), text_of(name).index(f"\n{heading}\n"))
    assert found is not None
    return found[0].splitlines()[1:-1]

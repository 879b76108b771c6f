"""What all commands share: the book they open, what they print, and how they fail."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

Thing = TypeVar("Thing")

SHOWN_AFTER_SECONDS = 2.0

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for a program to read."
)


def book(*, make: bool = False) -> AbstractContextManager[None]:
    """Open the book that the settings name; inside, `reading()` and `writing()` work.

    With `make`, an empty database gets its tables first. A book of another version is refused.
    The group of all commands brings what opens it: features do not know the application.
    """
    opener: Callable[..., AbstractContextManager[None]]
    opener = click.get_current_context().find_root().obj
    return opener(make=make)


def print_json(value: Any) -> None:
    """Print what a program reads; moments and dates as ISO 8601."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_text_of))


def _text_of(value: Any) -> str:
    return str(value.isoformat())


def print_table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print lines with columns under their headings."""
    lines = [tuple(headings), *(tuple(row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def with_progress(things: Iterable[Thing], label: str, *, length: int) -> Iterator[Thing]:
    """Return the things one by one; after two seconds a terminal shows how far it is."""
    began = time.monotonic()
    at_terminal = sys.stderr.isatty()
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=True) as bar:
        for thing in things:
            yield thing
            if bar.hidden and at_terminal and time.monotonic() - began > SHOWN_AFTER_SECONDS:
                bar.hidden = False
            bar.update(1)

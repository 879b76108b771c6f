"""A form as somebody fills it in, and a page as somebody reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedapp.appointments.models import Appointment, Calendar

CREATE = "/appointments/create/"
AGENDA = "/appointments/"


def filled(**different: Any) -> dict[str, Any]:
    """Return the fields of the form, filled in; None leaves a field out."""
    fields: dict[str, Any] = {
        "title": "Lunch with Ben",
        "start": "2027-03-01T12:30",
        "end": "2027-03-01T13:30",
        "location": "Café Nova",
        "description": "",
        **different,
    }
    return {name: value for name, value in fields.items() if value is not None}


def all_of(db: Session) -> list[Appointment]:
    """Return all appointments there are, as they are now; deleted ones too."""
    db.rollback()
    db.expire_all()
    return list(db.scalars(select(Appointment).order_by(Appointment.id)))


def only(db: Session) -> Appointment:
    """Return the one appointment that there is."""
    (appointment,) = all_of(db)
    return appointment


def versions(db: Session) -> list[int]:
    """Return what tells that something was written: the versions of all calendars."""
    db.rollback()
    return list(db.scalars(select(Calendar.version).order_by(Calendar.id)))


def number_of_appointments(db: Session) -> int:
    """Return how many there are, with those deleted."""
    db.rollback()
    return db.scalar(select(func.count()).select_from(Appointment)) or 0


_AS_SEEN = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2060": ""})
"""What holds words together at the end of a line is not seen."""


@dataclass
class Read:
    """What a person finds on a page."""

    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    text: str = ""
    html: str = ""

    def message(self, category: str) -> list[str]:
        """Return the messages of a category, as they are said above the page."""
        found = re.findall(
            rf'<div class="message {category}"[^>]*>\s*<p>(.*?)</p>', self.html, re.DOTALL
        )
        return [unescape(each) for each in found]

    def error(self, name: str) -> str | None:
        """Return what stands beside a field that has to be put right."""
        found = re.search(rf'<p class="error" id="{name}-error">(.*?)</p>', self.html, re.DOTALL)
        return unescape(found[1]) if found else None

    @property
    def alert(self) -> str:
        """What is said above the form."""
        found = re.search(r'<div class="alert"[^>]*>(.*?)</div>', self.html, re.DOTALL)
        return " ".join(unescape(re.sub("<[^>]*>", " ", found[1])).split()) if found else ""

    @property
    def titles(self) -> list[str]:
        """The appointments of the agenda, in the order in which they stand there."""
        return [
            unescape(each)
            for each in re.findall(r'<p><a href="[^"]*" dir="auto">([^<]*)<', self.html)
        ]

    @property
    def days(self) -> list[str]:
        """The days of the agenda."""
        return re.findall(r'<time class="numeral" datetime="([^"]*)"', self.html)

    def link(self, words: str) -> str | None:
        """Return where a link leads."""
        for attributes, inside in re.findall(r"<a ([^>]*)>(.*?)</a>", self.html, re.DOTALL):
            if unescape(re.sub("<[^>]*>", "", inside)).strip("↑↓ \n") == words:
                found = re.search(r'href="([^"]*)"', attributes)
                return unescape(found[1]) if found else None
        return None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.read = Read()
        self._pieces: list[str] = []
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        name = named.get("name", "")
        if tag == "input":
            self._take_input(named)
        elif tag == "textarea":
            self._area, self.read.values[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            value = named.get("value", "")
            self.read.choices.setdefault(self._select, []).append(value)
            if "selected" in named:
                self.read.values[self._select] = value

    def _take_input(self, named: dict[str, str]) -> None:
        name, value = named.get("name", ""), named.get("value", "")
        if named.get("type") in {"checkbox", "radio"}:
            self.read.choices.setdefault(name, []).append(value)
            if "checked" not in named:
                return
        if name:
            self.read.values[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            # A browser drops the first line end inside a text area.
            self.read.values[self._area] = self.read.values[self._area].removeprefix("\n")
            self._area = None
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.read.values[self._area] += data.replace("\r\n", "\n")
        self._pieces.append(data)

    def close(self) -> None:
        super().close()
        words = " ".join(self._pieces).translate(_AS_SEEN)
        self.read.text = " ".join(words.split())


def read(html: str) -> Read:
    """Read a page: its words, and its form as a browser would send it back."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.read.html = html
    return reader.read


def sent_back(page: Read, **different: Any) -> dict[str, Any]:
    """Return the fields of a page's form as a browser sends them, some of them changed."""
    own = {name: value for name, value in page.values.items() if name not in {"q", "from"}}
    return {name: value for name, value in {**own, **different}.items() if value is not None}

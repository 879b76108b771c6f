"""The agenda as a page: which window is asked for, what is in it, and how it is said.

What was worked out is kept: the page by everything that it was made from, each line by its
appointment's version and the reader's habits.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import get_template_attribute, render_template, url_for
from markupsafe import Markup

from schedapp.appointments import queries, rules
from schedapp.appointments.queries import WINDOW, Key, Listed
from schedapp.core.agenda import AgendaDay, Line, agenda, place_of_now
from schedapp.core.zones import day_of, first_moment_of
from schedapp.plumbing.database import microseconds_of, moment_at
from schedapp.plumbing.keeping import Keep
from schedapp.plumbing.phrases import (
    Reader,
    day_said,
    first_weekday,
    line_said,
    margin_of,
    time_of_day,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.datastructures import MultiDict

_KEY = re.compile(r"(-?\d{1,18})\.([0-9a-z]{1,20})", re.ASCII)

_lines: Keep[tuple[object, ...], str] = Keep(16_000_000)
_pages: Keep[tuple[object, ...], str] = Keep(16_000_000)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which window of the agenda is asked for; without anything, the one from today."""

    words: tuple[str, ...] = ()
    query: str = ""
    from_day: date | None = None
    after: Key | None = None
    before: Key | None = None

    @classmethod
    def by(cls, args: MultiDict[str, str]) -> Asked:
        """Read an address's query; what makes no sense there asks for nothing."""
        query = " ".join(args.get("q", "")[: rules.SEARCH_MOST].split())
        return cls(
            words=rules.words_of(query),
            query=query,
            from_day=_day(args.get("from")),
            after=_key(args.get("after")),
            before=_key(args.get("before")),
        )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text and len(text) == 10 else None
    except ValueError:
        return None


def _key(text: str | None) -> Key | None:
    match = _KEY.fullmatch(text or "")
    if match is None:
        return None
    try:
        return Key(moment_at(int(match[1])), match[2])
    except OverflowError:
        return None


def _text_of(key: Key) -> str:
    return f"{microseconds_of(key.starts_at)}.{key.public_id}"


@dataclass(frozen=True, slots=True)
class Window:
    """What is shown, in order, and where one can turn to."""

    listed: list[Listed]
    earlier: Key | None
    later: Key | None
    first_day: date | None = None


def window_of(db: Session, owner_id: int, asked: Asked, *, zone: ZoneInfo, today: date) -> Window:
    """Find the window that is asked for."""
    if asked.words:
        found = queries.matching(db, owner_id, asked.words, before=asked.before)
        more, found = len(found) > WINDOW, found[:WINDOW]
        return Window(found[::-1], found[-1].key if more else None, None)
    if asked.before is not None:
        found = queries.before(db, owner_id, asked.before)
        more, found = len(found) > WINDOW, found[-WINDOW:]
        last = found[-1].key if found else None
        return Window(found, found[0].key if more else None, last)
    if asked.after is not None:
        found = queries.after(db, owner_id, asked.after)
        more, found = len(found) > WINDOW, found[:WINDOW]
        return Window(
            found, found[0].key if found else asked.after, found[-1].key if more else None
        )
    day = asked.from_day or today
    start = first_moment_of(day, zone)
    found = queries.upcoming(db, owner_id, starting=start, today=day)
    more, found = len(found) > WINDOW, found[:WINDOW]
    begun = queries.running(db, owner_id, at=start, today=day)
    return Window(begun + found, Key(start, ""), found[-1].key if more else None, day)


@dataclass(frozen=True, slots=True)
class ShownMargin:
    """A day as it stands in the margin of a page."""

    numeral: str
    weekday: str
    month: str
    year: str
    iso: str
    relative: str | None
    is_today: bool


def shown_margin(day: date, reader: Reader, *, today: date) -> ShownMargin:
    """Return what the margin says of a day; "today" and its neighbours by name."""
    near = abs((day - today).days) <= 1
    return ShownMargin(
        *margin_of(day, reader, today=today),
        iso=day.isoformat(),
        relative=day_said(day, reader, today=today) if near else None,
        is_today=day == today,
    )


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A day of the agenda as the page shows it: its margin, its lines, and where now is."""

    margin: ShownMargin
    begins_week: bool
    lines: list[Markup]
    now_index: int | None
    now_text: str | None


class Page:
    """One reader's agenda at one minute: its key, its ETag, and its HTML."""

    def __init__(
        self,
        db: Session,
        owner_id: int,
        asked: Asked,
        *,
        reader: Reader,
        made_for: object,
        now: datetime,
    ) -> None:
        """Look up of which version the book is; nothing else yet.

        `made_for` is whatever else the page shows of its reader.
        """
        self._db = db
        self._owner_id = owner_id
        self._asked = asked
        self._reader = reader
        self._now = now.replace(second=0, microsecond=0)
        self.key = (made_for, queries.book_version(db, owner_id), self._now, asked)

    def etag(self, salt: str) -> str:
        """Return what names this page's content; `salt` names the program's version."""
        return hashlib.blake2b(f"{salt}{self.key!r}".encode(), digest_size=16).hexdigest()

    def html(self) -> str:
        """Return the page, as it was kept or made now."""
        kept = _pages.get(self.key)
        if kept is None:
            kept = self.render()
            _pages.put(self.key, kept)
        return kept

    def render(self) -> str:
        """Make the page; this looks up the window."""
        asked, reader = self._asked, self._reader
        zone = ZoneInfo(reader.zone)
        today = day_of(self._now, zone)
        window = window_of(self._db, self._owner_id, asked, zone=zone, today=today)
        days = agenda(window.listed, zone, first_day=window.first_day)
        now_index = place_of_now(days, today=today, now=self._now)
        shown = [self._shown(day, today, now_index, previous) for previous, day in _pairs(days)]
        return render_template(
            "appointments/agenda.html",
            days=shown[::-1] if asked.words else shown,
            today=shown_margin(today, reader, today=today),
            query=asked.query,
            from_day=(asked.from_day or today).isoformat(),
            is_new=not window.listed and queries.is_empty(self._db, self._owner_id),
            earlier_url=self._turn("before", window.earlier),
            later_url=self._turn("after", window.later),
            today_url=None if asked == Asked() else url_for("appointments.agenda"),
        )

    def _turn(self, way: str, key: Key | None) -> str | None:
        if key is None:
            return None
        query = self._asked.query if self._asked.words else None
        address: str = url_for("appointments.agenda", q=query, **{way: _text_of(key)})  # type: ignore[arg-type]
        return address

    def _shown(
        self, day: AgendaDay[Listed], today: date, now_index: int | None, previous: date | None
    ) -> ShownDay:
        reader = self._reader
        is_today = day.day == today
        return ShownDay(
            margin=shown_margin(day.day, reader, today=today),
            begins_week=previous is not None
            and _week_of(previous, reader) != _week_of(day.day, reader),
            lines=[line_html(line, day.day, reader) for line in day.lines],
            now_index=now_index if is_today else None,
            now_text=time_of_day(self._now, reader) if is_today else None,
        )


def _week_of(day: date, reader: Reader) -> int:
    return (day.toordinal() - 1 - first_weekday(reader)) // 7


def _pairs(days: list[AgendaDay[Listed]]) -> list[tuple[date | None, AgendaDay[Listed]]]:
    return list(zip([None, *(day.day for day in days)], days, strict=False))


def line_html(line: Line[Listed], day: date, reader: Reader) -> Markup:
    """Return one appointment's line on one day, as it was kept or made now."""
    entry = line.entry
    key = (entry.public_id, entry.version, day, line.part, reader)
    kept = _lines.get(key)
    if kept is None:
        iso = day.isoformat() if entry.all_day else entry.starts_at.isoformat(timespec="minutes")
        said = {
            "iso": iso,
            "time_text": line_said(line, reader),
            "title": entry.title,
            "location": entry.location,
            "url": url_for("appointments.show", public_id=entry.public_id),
        }
        kept = str(get_template_attribute("appointments/agenda_line.html", "line")(said))
        _lines.put(key, kept)
    return Markup(kept)  # noqa: S704  (Jinja has escaped it)

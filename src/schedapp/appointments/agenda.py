"""The agenda as a page: which window is asked for, what is in it, and how it is said.

What was worked out is kept: the page by everything that it was made from, each line by its
appointment's version and the reader's habits.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import get_template_attribute, render_template, url_for
from markupsafe import Markup

from schedapp.appointments import queries, rules
from schedapp.appointments.queries import WINDOW, Key, Listed
from schedapp.core.agenda import AgendaDay, Line, agenda, place_of_now
from schedapp.core.errors import Refused
from schedapp.core.zones import check_is_within_reach, day_of, first_moment_of, zone_named
from schedapp.plumbing.database import microseconds_of, moment_at, reading
from schedapp.plumbing.keeping import Keep
from schedapp.plumbing.lookups import LookUps
from schedapp.plumbing.phrases import (
    Reader,
    day_said,
    first_weekday,
    line_said,
    margin_of,
    time_of_day,
)

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

_KEY = re.compile(r"(-?\d{1,18})\.([0-9a-z]{0,20})", re.ASCII)

_lines: Keep[tuple[object, ...], str] = Keep(2_000_000)
_days: Keep[tuple[object, ...], str] = Keep(2_000_000)
_around: Keep[tuple[object, ...], str] = Keep(1_000_000)
_pages: Keep[tuple[object, ...], bytes] = Keep(4_000_000)
_etags: Keep[tuple[object, ...], str] = Keep(100_000)
_LEAST = timedelta(microseconds=1)
_PLACE = Markup("<!-- {} -->").format(secrets.token_hex(16))


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
        if not args:
            return FROM_TODAY
        query = " ".join(args.get("q", "")[: rules.SEARCH_MOST].split())
        words = rules.words_of(query)
        return cls(
            words=words,
            query=query if words else "",
            from_day=_day(args.get("from")),
            after=_key(args.get("after")),
            before=_key(args.get("before")),
        )


FROM_TODAY = Asked()

FOUND_PAGE = "sched.agenda"
"""Where a request has its page when the book was looked up before Flask was asked."""


def _day(text: str | None) -> date | None:
    if not text or len(text) != 10:
        return None
    try:
        day = date.fromisoformat(text)
        check_is_within_reach(day)
    except (ValueError, Refused):
        return None
    return day


def _key(text: str | None) -> Key | None:
    match = _KEY.fullmatch(text or "")
    if match is None:
        return None
    try:
        moment = moment_at(int(match[1]))
        check_is_within_reach(moment)
    except (OverflowError, Refused):
        return None
    return Key(moment, match[2])


def _text_of(key: Key) -> str:
    return f"{microseconds_of(key.starts_at)}.{key.public_id}"


@dataclass(frozen=True, slots=True)
class Window:
    """What is shown, in order, and where one can turn to."""

    listed: list[Listed]
    earlier: Key | None = None
    later: Key | None = None
    first_day: date | None = None
    last_day: date | None = None


def window_of(owner_id: int, asked: Asked, *, zone: ZoneInfo, today: date) -> Window:
    """Find the window that is asked for."""
    if asked.words:
        found = queries.matching(reading(), owner_id, asked.words, before=asked.before)
        more, found = len(found) > WINDOW, found[:WINDOW]
        return Window(found[::-1], earlier=found[-1].key if more else None)
    if asked.before is not None:
        found = queries.before(reading(), owner_id, asked.before)
        more, found = len(found) > WINDOW, found[-WINDOW:]
        if not found:
            return Window([], later=asked.before)
        return Window(
            found,
            earlier=found[0].key if more else None,
            later=found[-1].key,
            first_day=_first_day(found, zone),
            last_day=_last_day(found, zone),
        )
    if asked.after is not None:
        found = queries.after(reading(), owner_id, asked.after)
        more, found = len(found) > WINDOW, found[:WINDOW]
        return Window(
            found,
            earlier=found[0].key if found else Key(asked.after.starts_at + _LEAST, ""),
            later=found[-1].key if more else None,
            first_day=_first_day(found, zone) if found else None,
            last_day=_last_day(found, zone) if more else None,
        )
    day = asked.from_day or today
    start = first_moment_of(day, zone)
    found = queries.upcoming(owner_id, starting=start)
    more, found = len(found) > WINDOW, found[:WINDOW]
    begun = queries.running(owner_id, at=start, today=day)
    return Window(
        begun + found,
        earlier=Key(start, ""),
        later=found[-1].key if more else None,
        first_day=min([day, *(each.last_day for each in found if each.last_day is not None)]),
        last_day=_last_day(found, zone) if more else None,
    )


# Whole days that were meant in other zones may stand a little out of order: the first and the
# last day of a window are those of all that is in it, so that nothing falls out of it.


def _first_day(found: list[Listed], zone: ZoneInfo) -> date:
    whole_days = (entry.first_day for entry in found if entry.first_day is not None)
    return min([day_of(found[0].starts_at, zone), *whole_days])


def _last_day(found: list[Listed], zone: ZoneInfo) -> date:
    whole_days = (entry.first_day for entry in found if entry.first_day is not None)
    return max([day_of(found[-1].starts_at, zone), *whole_days])


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


class Page:
    """One reader's agenda at one minute: its key, its ETag, and its HTML."""

    def __init__(
        self,
        owner_id: int,
        asked: Asked,
        *,
        reader: Reader,
        made_for: object,
        now: datetime,
        look_ups: LookUps | None = None,
    ) -> None:
        """Look up of which version the book is; nothing else yet.

        `made_for` is whatever else the page shows of its reader; `look_ups` is for the use
        outside an application's context.
        """
        self._owner_id = owner_id
        self._asked = asked
        self._reader = reader
        self._now = now.replace(second=0, microsecond=0)
        self._zone = zone_named(reader.zone)
        self._today = day_of(self._now, self._zone)
        self.key = (made_for, queries.book_version(owner_id, look_ups=look_ups), self._now, asked)

    def etag(self, fingerprint: str) -> str:
        """Return what names this page's content; the fingerprint is the program's."""
        known = _etags.get(self.key)
        if known is None:
            content = repr((self.key, fingerprint)).encode()
            known = hashlib.blake2b(content, digest_size=16).hexdigest()
            _etags.put(self.key, known)
        return known

    def kept(self) -> bytes | None:
        """Return the page if it is kept; makes nothing."""
        return _pages.get(self.key)

    def html(self) -> bytes:
        """Return the page, as it was kept or made now."""
        kept = _pages.get(self.key)
        return self._keep(self.render()) if kept is None else kept

    def within_what_is_kept(self) -> bytes | None:
        """Return the page if what is around its days is kept; needs no request."""
        window = self._window
        around = _around.get(self._key_around(window)) if window.listed else None
        if around is None:
            return None
        return self._keep(around.replace(_PLACE, self._days_html(window)))

    def render(self, *, once: bool = False) -> str:
        """Make the page; this looks up the window.

        With `once` it also shows what is shown once, the flash messages, and is kept nowhere.
        """
        window = self._window
        days = self._days_html(window)
        if once or not days:
            return self._render_around(days, window)
        key = self._key_around(window)
        around = _around.get(key)
        if around is None:
            around = self._render_around(_PLACE, window)
            _around.put(key, around)
        return around.replace(_PLACE, days)

    @cached_property
    def _window(self) -> Window:
        return window_of(self._owner_id, self._asked, zone=self._zone, today=self._today)

    def _keep(self, html: str) -> bytes:
        page = html.encode()
        _pages.put(self.key, page)
        return page

    def _key_around(self, window: Window) -> tuple[object, ...]:
        return (self.key[0], self._asked, self._today, window.earlier, window.later)

    def _render_around(self, days: Markup, window: Window) -> str:
        """Return the page with some HTML in the place of its days."""
        asked, today = self._asked, self._today
        return render_template(
            "appointments/agenda.html",
            days=days,
            today=shown_margin(today, self._reader, today=today),
            query=asked.query,
            from_day=(asked.from_day or today).isoformat(),
            is_new=not window.listed and queries.is_empty(reading(), self._owner_id),
            earlier_url=self._turn("before", window.earlier),
            later_url=self._turn("after", window.later),
            today_url=None if asked == FROM_TODAY else url_for("appointments.agenda"),
        )

    def _days_html(self, window: Window) -> Markup:
        reader, today = self._reader, self._today
        days = agenda(
            window.listed, self._zone, first_day=window.first_day, last_day=window.last_day
        )
        now_index = place_of_now(days, today=today, now=self._now)
        now_text = time_of_day(self._now, reader)
        first_of_week = first_weekday(reader)
        habits = repr(reader)
        week, parts = None, []
        # What was found is in no continuous time: no weeks, no now.
        found = bool(self._asked.words)
        for day in days:
            new_week = (day.day.toordinal() - 1 - first_of_week) // 7
            begins_week, week = week not in {None, new_week} and not found, new_week
            now = (now_index, now_text) if day.day == today and not found else None
            parts.append(_day_html(day, reader, today, begins_week, habits, now))
        if found:
            parts.reverse()
        return Markup("".join(parts))  # noqa: S704  (each part is HTML)

    def _turn(self, way: str, key: Key | None) -> str | None:
        if key is None:
            return None
        query = self._asked.query if self._asked.words else None
        address: str = url_for("appointments.agenda", q=query, **{way: _text_of(key)})  # type: ignore[arg-type]
        return address


def _day_html(
    day: AgendaDay[Listed],
    reader: Reader,
    today: date,
    begins_week: bool,  # noqa: FBT001  (part of the key)
    habits: str,
    now: tuple[int | None, str] | None,
) -> str:
    """Return one day of the agenda with its lines, as it was kept or made now."""
    near = max(-2, min(2, (day.day - today).days))
    lines = tuple([(line[0][0], line[0][1], line[2]) for line in day.lines])
    key = (day.day, lines, habits, near, today.year, begins_week, now)
    kept = _days.get(key)
    if kept is None:
        kept = str(
            get_template_attribute("appointments/agenda_day.html", "day")(
                shown_margin(day.day, reader, today=today),
                [line_html(line, day.day, reader) for line in day.lines],
                begins_week=begins_week,
                now_index=now[0] if now else None,
                now_text=now[1] if now else None,
            )
        )
        _days.put(key, kept)
    return kept


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
            "url": f"/appointments/{entry.public_id}/",
        }
        kept = str(get_template_attribute("appointments/agenda_line.html", "line")(said))
        _lines.put(key, kept)
    return Markup(kept)  # noqa: S704  (Jinja has escaped it)

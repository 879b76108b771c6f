"""What people send us about appointments."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField
from wtforms.widgets import DateTimeLocalInput

from schedapp.appointments import rules
from schedapp.appointments.actions import Draft
from schedapp.core.errors import Refused
from schedapp.core.zones import Kind, meaning_of, zone_named
from schedapp.plumbing.forms import Form, LineField, ParagraphsField, by_rule
from schedapp.plumbing.language import locale_of_request
from schedapp.plumbing.phrases import cities_said

_WALL = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?P<time>\d{2}:\d{2})(?P<seconds>:\d{2}(?:\.0+)?)?)?",
    re.ASCII,
)
_VERSION = re.compile(r"\d{1,18}", re.ASCII)
_FIRST, _SECOND = "0", "1"


class WallTimeField(Field):
    """A wall-clock time, as `2027-03-01T09:00` or `2027-03-01 09:00:00`; or a day alone.

    `data` is None while nothing, or nothing readable, was typed; `has_time` tells whether there
    was a time.
    """

    widget = DateTimeLocalInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make the field."""
        self.typed = ""
        self.has_time = False
        super().__init__(*args, **kwargs)

    def _value(self) -> str:
        if self.raw_data:
            return self.typed
        return self.data.isoformat() if self.data else ""

    def as_input(self, *, all_day: bool) -> dict[str, str]:
        """Return the attributes of the input that shows this field, for a day or for a moment.

        What cannot be read is shown as the text it is: other inputs would drop it.
        """
        value = self._value()
        match = _WALL.fullmatch(value)
        if value and match is None:
            return {"type": "text", "value": value}
        if all_day or match is None:
            kind = "date" if all_day else "datetime-local"
            return {"type": kind, "value": match["day"] if match else ""}
        seconds = "" if (match["seconds"] or ":00").startswith(":00") else match["seconds"]
        time = f"{match['time'] or '09:00'}{seconds}"
        step = {"step": "1"} if seconds else {}
        return {"type": "datetime-local", "value": f"{match['day']}T{time}", **step}

    def process_data(self, value: Any) -> None:
        """Take the value that the form begins with."""
        self.data: datetime | None = value
        self.has_time = value is not None

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed.

        Raises:
            ValueError: with the sentence for the person.
        """
        self.data = None
        self.typed = str(valuelist[0]).strip()[:100] if valuelist else ""
        if not self.typed:
            return
        match = _WALL.fullmatch(self.typed)
        if match is None:
            raise ValueError(_("Please write a date and a time, such as 2027-03-01 09:00."))
        self.has_time = match["time"] is not None
        seconds = (match["seconds"] or ":00")[1:3]
        try:
            read = datetime.fromisoformat(f"{match['day']}T{match['time'] or '00:00'}:{seconds}")
        except ValueError:
            raise ValueError(_("There is no such date or time.")) from None
        self.data = read


class AppointmentForm(Form):
    """The fields of the old program, and what time zones and two writers need beside them."""

    title = LineField(
        _l("Title"),
        [by_rule(rules.check_title)],
        render_kw={"required": True, "maxlength": rules.TITLE_MOST},
    )
    start = WallTimeField(_l("Start"), render_kw={"required": True})
    end = WallTimeField(_l("End"))
    allday = BooleanField(_l("All day"))
    location = LineField(
        _l("Place"), [by_rule(rules.check_location)], render_kw={"maxlength": rules.LOCATION_MOST}
    )
    description = ParagraphsField(_l("Description"), [by_rule(rules.check_description)])
    start_second = RadioField(_l("Which start is meant?"), coerce=str, validate_choice=False)
    end_second = RadioField(_l("Which end is meant?"), coerce=str, validate_choice=False)
    zone = SelectField(_l("Time zone"), coerce=str, validate_choice=False)
    version = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields, and that times are there where they are needed."""
        right = super().validate(extra_validators)
        for field in (self.start, self.end):
            if field.errors or (field is self.end and not field.typed):
                continue
            if not field.typed:
                field.errors = [_("This is needed.")]
            elif not field.has_time and not self.allday.data:
                field.errors = [_("Please add a time, or choose “All day”.")]
            right = right and not field.errors
        # People cannot fill these in wrongly, only programs can.
        choices = (self.start_second.data or _FIRST, self.end_second.data or _FIRST)
        if not {_FIRST, _SECOND}.issuperset(choices) or (
            self._version_sent and not _VERSION.fullmatch(self._version_sent)
        ):
            self.form_errors.append(
                _("This form did not arrive as it was sent. Please reload it.")
            )
            right = False
        return right

    @classmethod
    def of(cls, draft: Draft, *, version: int | None = None) -> AppointmentForm:
        """Return a form that shows a draft until something is posted."""
        return cls(
            data={
                "title": draft.title,
                "start": draft.start,
                "end": draft.end,
                "allday": draft.all_day,
                "location": draft.location,
                "description": draft.description,
                "start_second": _SECOND if draft.start_second else _FIRST,
                "end_second": _SECOND if draft.end_second else _FIRST,
                "zone": draft.zone,
                "version": version or "",
            }
        )

    def prepare_to_show(self, *zones: str) -> None:
        """Offer what there is to choose: which zone, and which of two equal times.

        `zones` are the ones that the times may be meant in; the first one is it when nothing, or
        none, was chosen.
        """
        chosen = self.zone.data
        if not _is_zone(chosen):
            self.zone.data = chosen = zones[0]
        names = dict.fromkeys((*zones, chosen))
        cities = cities_said(locale_of_request())
        self.zone.choices = [(name, cities.get(name) or name) for name in names]
        for name in ("start", "end"):
            choice = self[f"{name}_second"]
            wall = None if self.allday.data else self[name].data
            offsets = _offsets_of(wall, chosen)
            if not offsets:
                delattr(self, choice.name)
                continue
            choice.choices = [
                (_FIRST, _("the first, %(offset)s", offset=offsets[0])),
                (_SECOND, _("the second, %(offset)s", offset=offsets[1])),
            ]
            if choice.data != _SECOND:
                choice.data = _FIRST

    def draft(self, zone: str) -> Draft:
        """Return what was written, in `zone` unless it names one; for a valid form."""
        start = self.start.data
        assert start is not None  # noqa: S101  (validate has seen to it)
        return Draft(
            title=self.title.data or "",
            start=start,
            end=self.end.data,
            all_day=bool(self.allday.data),
            location=self.location.data or "",
            description=self.description.data or "",
            zone=str(self.zone.data) if self.zone.data else zone,
            start_second=self.start_second.data == _SECOND,
            end_second=self.end_second.data == _SECOND,
        )

    @property
    def seen_version(self) -> int | None:
        """The version that the writer had in front of them; None where a program did not say."""
        return int(self._version_sent) if self._version_sent else None

    @property
    def _version_sent(self) -> str:
        return str(self.version.raw_data[0]) if self.version.raw_data else ""


def _is_zone(name: str | None) -> bool:
    try:
        return bool(name and zone_named(name))
    except Refused:
        return False


def _offsets_of(wall: datetime | None, zone: str) -> list[str]:
    """Return the two offsets that a wall-clock time may have in a zone, if it is shown twice."""
    if wall is None:
        return []
    try:
        meaning = meaning_of(wall, zone_named(zone))
    except Refused:
        return []
    if meaning.kind is not Kind.TWICE:
        return []
    return [_offset(moment.astimezone(zone_named(zone))) for moment in meaning.moments]


def _offset(local: datetime) -> str:
    name = local.tzname() or ""
    offset = local.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    hours, minutes = divmod(int(abs(offset).total_seconds()) // 60, 60)
    utc = f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")
    return f"{name} ({utc})" if name.isalpha() else utc

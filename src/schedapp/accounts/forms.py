"""What people send us about themselves."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, StopValidation, ValidationError

from schedapp.core.errors import Refused
from schedapp.core.zones import zone_named, zone_names
from schedapp.plumbing.forms import Form, LineField, one_line
from schedapp.plumbing.language import LOCALES, locale_of_request
from schedapp.plumbing.phrases import cities_said, sorting_key

NAME_MOST = 200
_NEEDED = _l("This is needed.")


def seen(_form: object, field: Field) -> None:
    """Validate that a text is there, and that something of it can be seen."""
    if all(unicodedata.category(character)[0] in "CZ" for character in field.data or ""):
        raise StopValidation(_NEEDED)


# What the tz database sorts its cities under; what is in none of them stands under the last.
_AREAS = {
    "Africa": _l("Africa"),
    "America": _l("America"),
    "Antarctica": _l("Antarctica"),
    "Arctic": _l("Arctic Ocean"),
    "Asia": _l("Asia"),
    "Atlantic": _l("Atlantic Ocean"),
    "Australia": _l("Australia"),
    "Europe": _l("Europe"),
    "Indian": _l("Indian Ocean"),
    "Pacific": _l("Pacific Ocean"),
    "": _l("The whole world"),
}


def _area(name: str) -> str:
    return str(_AREAS.get(name, _AREAS[""]))


class ChoiceField(SelectField):
    """One of several. What is none of them is refused, and what was kept before is shown again.

    A list shows its first line as chosen when nothing in it is, and a person who saves the form
    again would choose that without having seen it.
    """

    def __init__(self, label: Any, *, offers: dict[str, Any] | None = None, **more: Any) -> None:
        """Make the field; `offers` holds the label of each value."""
        super().__init__(label, **more)
        if offers is not None:
            self.offer(offers)

    def offer(self, labels: dict[str, Any]) -> None:
        """Offer these values."""
        self.choices = [SelectChoice(value, label) for value, label in labels.items()]
        self.offered = frozenset(labels)

    def process_data(self, value: Any) -> None:
        """Take the value that the form begins with."""
        super().process_data(value)
        self.before = self.data

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002  (WTForms gives it)
        """Check the choice.

        Raises:
            ValidationError: with the sentence for the person.
        """
        if not self.is_offered():
            self.data = self.before
            raise ValidationError(_l("Please choose one of these."))

    def is_offered(self) -> bool:
        """Say whether what was chosen is one of the choices."""
        return self.data in self.offered


class ZoneField(ChoiceField):
    """A time zone: those that are offered, the one that is kept, and any other that there is.

    They are offered by area, as their cities are called in the reader's language.
    """

    def process_data(self, value: Any) -> None:
        """Take the zone that the form begins with, and offer it too."""
        super().process_data(value)
        cities = cities_said(locale_of_request())
        # The whole world stands last, in any language.
        sorted_areas = sorted(_AREAS, key=lambda area: (not area, sorting_key(_area(area))))
        areas: dict[str, list[SelectChoice]] = {area: [] for area in sorted_areas}
        for name in {*zone_names(), self.data} - {None}:
            area = name.partition("/")[0]
            group = areas[area if area in _AREAS else ""]
            group.append(SelectChoice(name, cities.get(name) or name, optgroup=_area(area)))
        self.choices = [
            choice
            for group in areas.values()
            for choice in sorted(group, key=lambda choice: sorting_key(choice.label))
        ]

    def is_offered(self) -> bool:
        """Say whether there is such a zone."""
        try:
            zone_named(self.data or "")
        except Refused:
            return False
        return True


def _whole_number_or_none(value: str | None) -> int | None:
    return int(value) if value else None


class TokenForm(Form):
    """Only the token: for a button that does one thing."""


class SignInForm(Form):
    """The user name is the e-mail address; `stay` asks for the longer limits."""

    username = StringField(
        _l("E-mail"),
        [seen, Length(max=254, message=_l("This is too long.")), one_line],
    )
    password = PasswordField(_l("Password"), [InputRequired(_NEEDED)])
    stay = BooleanField(_l("Stay signed in on this device"))
    next = HiddenField()


class FirstUserForm(Form):
    """The first user, who is an administrator."""

    code = LineField(_l("Set-up code"))
    name = LineField(
        _l("Name"),
        [
            seen,
            Length(max=NAME_MOST, message=_l("Please use at most %(max)d characters.")),
            one_line,
        ],
    )
    email = LineField(
        _l("E-mail"),
        [seen, Length(max=254, message=_l("This is too long.")), one_line],
    )
    password = PasswordField(_l("Password"), [InputRequired(_NEEDED)])
    time_zone = ZoneField(_l("Time zone"), default="Europe/Berlin")


class PasswordForm(Form):
    """The present password and the new one."""

    current = PasswordField(_l("Current password"), [InputRequired(_NEEDED)])
    password = PasswordField(_l("New password"), [InputRequired(_NEEDED)])


class SettingsForm(Form):
    """How somebody is called and spoken to."""

    name = LineField(
        _l("Name"),
        [
            seen,
            Length(max=NAME_MOST, message=_l("Please use at most %(max)d characters.")),
            one_line,
        ],
    )
    time_zone = ZoneField(_l("Time zone"))
    locale = ChoiceField(_l("Language"), offers=LOCALES)
    week_starts_on = ChoiceField(
        _l("The week starts on"),
        offers={
            "": _l("as usual in this language"),
            "0": _l("Monday"),
            "6": _l("Sunday"),
            "5": _l("Saturday"),
        },
    )
    hour_cycle = ChoiceField(
        _l("Clock"),
        offers={
            "": _l("as usual in this language"),
            "24": _l("24 hours (18:30)"),
            "12": _l("12 hours (6:30 PM)"),
        },
    )

    @property
    def week(self) -> int | None:
        """The weekday that was chosen, Monday is 0; None for the language's habit."""
        return _whole_number_or_none(self.week_starts_on.data)

    @property
    def clock(self) -> int | None:
        """The hours of the clock that was chosen; None for the language's habit."""
        return _whole_number_or_none(self.hour_cycle.data)

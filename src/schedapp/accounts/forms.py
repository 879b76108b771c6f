"""What people send us about themselves."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from schedapp.core.zones import zone_names
from schedapp.plumbing.forms import Form, LineField, one_line
from schedapp.plumbing.language import LOCALES

NAME_MOST = 200
_NEEDED = _l("This is needed.")


def _zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in zone_names()]


def _whole_number_or_none(value: Any) -> int | None:
    return None if value in {None, "", "None"} else int(value)


class TokenForm(Form):
    """Only the token: for a button that does one thing."""


class SignInForm(Form):
    """The user name is the e-mail address; `stay` asks for the longer limits."""

    username = StringField(
        _l("E-mail"),
        [InputRequired(_NEEDED), Length(max=254, message=_l("This is too long.")), one_line],
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
            InputRequired(_NEEDED),
            Length(max=NAME_MOST, message=_l("Please use at most %(max)d characters.")),
            one_line,
        ],
    )
    email = LineField(
        _l("E-mail"),
        [InputRequired(_NEEDED), Length(max=254, message=_l("This is too long.")), one_line],
    )
    password = PasswordField(_l("Password"), [InputRequired(_NEEDED)])
    time_zone = SelectField(
        _l("Time zone"), choices=_zones, validate_choice=False, default="Europe/Berlin"
    )


class PasswordForm(Form):
    """The present password and the new one."""

    current = PasswordField(_l("Current password"), [InputRequired(_NEEDED)])
    password = PasswordField(_l("New password"), [InputRequired(_NEEDED)])


class SettingsForm(Form):
    """How somebody is called and spoken to."""

    name = LineField(
        _l("Name"),
        [
            InputRequired(_NEEDED),
            Length(max=NAME_MOST, message=_l("Please use at most %(max)d characters.")),
            one_line,
        ],
    )
    time_zone = SelectField(_l("Time zone"), choices=_zones, validate_choice=False)
    locale = SelectField(_l("Language"), choices=list(LOCALES.items()))
    week_starts_on = SelectField(
        _l("The week starts on"),
        choices=[
            ("", _l("as usual in this language")),
            ("0", _l("Monday")),
            ("6", _l("Sunday")),
            ("5", _l("Saturday")),
        ],
        coerce=str,
    )
    hour_cycle = SelectField(
        _l("Clock"),
        choices=[
            ("", _l("as usual in this language")),
            ("24", _l("24 hours (18:30)")),
            ("12", _l("12 hours (6:30 PM)")),
        ],
        coerce=str,
    )

    @property
    def week(self) -> int | None:
        """The weekday that was chosen, Monday is 0; None for the language's habit."""
        return _whole_number_or_none(self.week_starts_on.data)

    @property
    def clock(self) -> int | None:
        """The hours of the clock that was chosen; None for the language's habit."""
        return _whole_number_or_none(self.hour_cycle.data)

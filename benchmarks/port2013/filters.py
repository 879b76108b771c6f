"""How the templates say dates, times and durations."""

from datetime import datetime

from flask import Flask
from markupsafe import Markup, escape


def said_datetime(moment: datetime) -> str:
    return moment.strftime("%A, %d %B %Y at %H:%M")


def said_date(moment: datetime) -> str:
    return moment.strftime("%A, %d %B %Y")


def said_time(moment: datetime) -> str:
    return moment.strftime("%H:%M")


def said_duration(seconds: int) -> str:
    """Say a number of seconds as days, hours and minutes."""
    minutes = seconds // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = []
    for count, unit in ((days, "day"), (hours, "hour"), (minutes, "minute")):
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return ", ".join(parts) or "no time"


def with_breaks(text: str) -> Markup:
    return Markup("<br>\n").join(escape(line) for line in text.splitlines())


def init_app(app: Flask) -> None:
    """Make the filters known to the templates of the application."""
    app.template_filter("datetime")(said_datetime)
    app.template_filter("date")(said_date)
    app.template_filter("time")(said_time)
    app.template_filter("duration")(said_duration)
    app.template_filter("breaks")(with_breaks)

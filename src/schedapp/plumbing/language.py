"""Which language a request is answered in, and the words that are shared by all pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g, has_request_context, request
from flask_babel import Babel, gettext

from schedapp.core.errors import Refused

if TYPE_CHECKING:
    from flask import Flask

LOCALES = {"en_GB": "English", "en_US": "English (United States)", "de": "Deutsch"}
DEFAULT_LOCALE = "en_GB"


def speak(app: Flask) -> None:
    """Teach the application its languages."""
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT_LOCALE
    Babel(app, locale_selector=locale_of_request)


def speak_as(locale: str) -> None:
    """Answer this request in a language that is known to be the reader's."""
    g.sched_locale = locale


def locale_of_request() -> str:
    """Return the signed-in reader's language, else the best one that the browser asks for."""
    if "sched_locale" in g:
        known: str = g.sched_locale
        return known
    return locale_of_browser()


def locale_of_browser() -> str:
    """Return the best language that the browser asks for."""
    if not has_request_context():
        return DEFAULT_LOCALE
    wanted = [
        (tag.lower().replace("_", "-"), quality) for tag, quality in request.accept_languages
    ]
    for tag, quality in sorted(wanted, key=lambda pair: -pair[1]):
        language = tag.partition("-")[0]
        if quality <= 0:
            break
        if language == "de":
            return "de"
        if language == "en":
            return "en_US" if tag == "en-us" else "en_GB"
    return DEFAULT_LOCALE


def sentence_of(refusal: Refused) -> str:
    """Return a refusal's sentence in the reader's language."""
    return str(gettext(refusal.message, **refusal.values))

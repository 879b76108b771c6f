"""Settings in, application out: here everybody can see who listens to whom."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, g
from flask_wtf.csrf import generate_csrf

from schedapp.accounts import guards
from schedapp.accounts.signals import user_added
from schedapp.accounts.views import pages as accounts_pages
from schedapp.appointments.actions import make_default_calendar
from schedapp.appointments.front import QuickAgenda
from schedapp.appointments.views import pages as appointments_pages
from schedapp.config import Settings
from schedapp.plumbing import (
    assets,
    compression,
    database,
    health,
    language,
    lookups,
    security,
    web,
)

if TYPE_CHECKING:
    from schedapp.accounts.queries import SignedInUser


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application, as the settings say; without settings, those of the environment.

    Raises:
        WrongSetting: if a setting, or a secret key, cannot be used.
    """
    settings = settings or Settings.read()
    app = Flask("schedapp", static_folder=None)
    app.jinja_options["trim_blocks"] = True
    app.jinja_options["lstrip_blocks"] = True
    app.debug = settings.debug
    app.extensions["sched_settings"] = settings
    write_log()
    app.wsgi_app = QuickAgenda(app.wsgi_app, app)  # type: ignore[method-assign]
    security.protect(app, settings)
    app.wsgi_app = compression.Compressed(app.wsgi_app)  # type: ignore[method-assign]
    database.connect_to(app, settings)
    lookups.look_up_for(app)
    language.speak(app)
    guards.watch(app)
    web.show_refusals(app)
    assets.serve(app)
    app.register_blueprint(health.pages)
    app.register_blueprint(accounts_pages)
    app.register_blueprint(appointments_pages)
    app.context_processor(what_every_page_shows)
    user_added.connect(make_default_calendar)
    return app


def what_every_page_shows() -> dict[str, Any]:
    """Return what the layout needs: the reader, where there is one, the language, form tokens."""
    user: SignedInUser | None = g.get("page_user")
    return {
        "reader": user,
        "language": language.locale_of_request().replace("_", "-"),
        "csrf_token": generate_csrf,
        "insecure_transport": is_warned_of_transport(user),
    }


def is_warned_of_transport(user: SignedInUser | None) -> bool:
    """Say whether this reader should know that pages travel through a network unencrypted."""
    settings: Settings = current_app.extensions["sched_settings"]
    return settings.is_readable_on_the_way and user is not None and user.is_administrator


def write_log() -> None:
    """Write the log to standard error, where systemd and containers pick it up."""
    log = logging.getLogger("sched")
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)

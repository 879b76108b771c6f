"""Who is asking, and whether they may: the one file that knows Flask-Login.

Flask-Login's own cookies stay unused: the token of our cookie leads to a sign-in, and the sign-in
decides (see `docs/decisions/`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, cast

from flask import current_app, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import LoginManager, current_user
from sqlalchemy.exc import OperationalError

from schedapp.accounts import actions, queries, rules
from schedapp.accounts.actions import Browser
from schedapp.accounts.queries import SignedInUser, Standing
from schedapp.plumbing import clock
from schedapp.plumbing.database import Busy, bookkeeping
from schedapp.plumbing.language import speak_as
from schedapp.plumbing.lookups import LookUps
from schedapp.plumbing.phrases import HourCycle, Reader
from schedapp.plumbing.web import error_page, tell, wants_json

if TYPE_CHECKING:
    from flask import Flask, Response
    from flask.typing import ResponseReturnValue

Given = ParamSpec("Given")
View = Callable[Given, "ResponseReturnValue"]
log = logging.getLogger("sched")

FOUND_USER = "sched.user"
"""Where a request says whose it is when that has been looked up before Flask was asked."""


def watch(app: Flask) -> None:
    """Let the application know its current user."""
    # Without its context processor, which would look the user up for every page that is rendered,
    # also for those that need none.
    SignIns(app, add_context_processor=False).unauthorized_handler(ask_to_sign_in)


class SignIns(LoginManager):  # type: ignore[misc]
    """Flask-Login, with our sign-ins in the place of its session and its remember cookie."""

    def _load_user(self) -> None:
        # Flask-Login would first look for a user id in the session, which is just what a copied
        # cookie could bring back after sign-out.
        self._update_request_context_with_user(user_of_request())

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


def user_of_request() -> SignedInUser | None:
    """Return the user whose sign-in the request's cookie belongs to, while it stands."""
    found: SignedInUser | None = request.environ.get(FOUND_USER)
    if found is not None:
        speak_as(found.locale)
        return found
    token = request.cookies.get(current_app.config["SCHED_COOKIE"])
    if not token or len(token) > 100:
        return None
    standing = queries.standing_of(token)
    if standing is None or standing.ended_at is not None or not standing.is_user_active:
        return None
    if not _still_stands(standing):
        return None
    speak_as(standing.user.locale)
    return standing.user


def user_at_first_sight(token: str, *, now: datetime, look_ups: LookUps) -> SignedInUser | None:
    """Return the user of a sign-in that stands and need not be noted; None where one must look on.

    For the use outside an application's context.
    """
    standing = queries.standing_of(token, look_ups=look_ups) if len(token) <= 100 else None
    if standing is None or standing.ended_at is not None or not standing.is_user_active:
        return None
    if _why_it_ended(standing, now) or now - standing.last_seen_at >= rules.SEEN_EVERY:
        return None
    return standing.user


def _why_it_ended(standing: Standing, now: datetime) -> str | None:
    return rules.why_it_ended(
        last_seen_at=standing.last_seen_at,
        idle=timedelta(seconds=standing.idle_seconds),
        expires_at=standing.expires_at,
        now=now,
    )


def _still_stands(standing: Standing) -> bool:
    now = clock.now()
    user = standing.user
    why = _why_it_ended(standing, now)
    if why is None and now - standing.last_seen_at < rules.SEEN_EVERY:
        return True
    try:
        with bookkeeping() as db:
            if why is None:
                actions.note_seen(db, user.sign_in_id, ip=browser_of_request().ip, now=now)
            else:
                actions.note_end(db, user.sign_in_id, why=why, now=now)
    except (OperationalError, Busy):
        # A full disk or a busy book must not keep anybody from reading.
        log.warning("A sign-in could not be noted as seen or ended.")
    return why is None


def browser_of_request() -> Browser:
    """Return where this request came from."""
    return Browser(ip=(request.remote_addr or "")[:45], user_agent=request.user_agent.string)


def signed_in_user() -> SignedInUser:
    """Return the user of a view that is for signed-in users only."""
    user: SignedInUser = g.page_user
    return user


def is_signed_in() -> bool:
    """Say whether this request is a signed-in user's; looks the sign-in up."""
    return bool(current_user.is_authenticated)


def reader() -> Reader:
    """Return how this request's reader is told times: the signed-in user's habits."""
    return reader_for(signed_in_user())


def reader_for(user: SignedInUser) -> Reader:
    """Return how a user is told times."""
    return Reader(
        locale=user.locale,
        zone=user.time_zone,
        hour_cycle=cast("HourCycle | None", user.hour_cycle),
        week_starts_on=user.week_starts_on,
    )


def signed_in_only(view: View[Given]) -> View[Given]:
    """Let only signed-in users see a view; others are asked to sign in and then come back."""

    @wraps(view)
    def guarded(*args: Given.args, **kwargs: Given.kwargs) -> ResponseReturnValue:
        user = current_user._get_current_object()  # noqa: SLF001
        if not user.is_authenticated:
            return ask_to_sign_in()
        g.page_user = user
        return view(*args, **kwargs)

    return guarded


def ask_to_sign_in() -> ResponseReturnValue:
    """Lead to the sign-in page, and from there back; a program gets 401."""
    if wants_json():
        return error_page(401)
    tell(_("Please log in to see your appointments."), "info")
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.sign_in", next=wanted), code=303)


def give_cookie(response: Response, token: str, *, stays: bool) -> None:
    """Give the browser its sign-in's token, for as long as the sign-in can last."""
    longest = rules.STAYING_LIMITS.absolute if stays else None
    response.set_cookie(
        current_app.config["SCHED_COOKIE"],
        token,
        max_age=longest,
        path="/",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def take_cookie(response: Response) -> None:
    """Take the cookie away, and what the browser has kept of our pages."""
    response.delete_cookie(
        current_app.config["SCHED_COOKIE"],
        path="/",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    response.headers["Clear-Site-Data"] = '"cache"'

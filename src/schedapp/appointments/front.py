"""A quick way to the agenda: the page that is kept for its reader, without going through Flask.

Most requests for the agenda find it as it was, or but for a line. This answers those, and only
those, by the same rules as the view: the same sign-in, the same key, the same page. Whatever is
not plainly in order (a sign-in to be noted or ended, a message to be shown, an error) it leaves
to the application, with what it has found by then. It never says no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError
from werkzeug.http import parse_cookie

from schedapp.accounts.guards import FOUND_USER, reader_for, user_at_first_sight
from schedapp.appointments.agenda import FOUND_PAGE, FROM_TODAY, Page
from schedapp.plumbing import clock
from schedapp.plumbing.language import speak_as
from schedapp.plumbing.security import is_host_known
from schedapp.plumbing.sessions import RememberedSessions

if TYPE_CHECKING:
    from flask import Flask

_Application = Callable[..., Iterable[bytes]]
_Answer = tuple[str, list[tuple[str, str]], bytes]


class QuickAgenda:
    """Stands in front of an application and answers requests for an agenda that is kept."""

    def __init__(self, wsgi_app: _Application, app: Flask) -> None:
        """Stand in front of `wsgi_app`, which is `app` and what guards it."""
        self._wsgi_app = wsgi_app
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer, or pass the request on."""
        if (
            environ["PATH_INFO"] == "/appointments/"
            and environ["REQUEST_METHOD"] == "GET"
            and not environ.get("QUERY_STRING")
            and not environ.get("SCRIPT_NAME")
        ):
            answer = self._answer(environ)
            if answer is not None:
                status, headers, body = answer
                start_response(status, headers)
                return [body]
        return self._wsgi_app(environ, start_response)

    def _answer(self, environ: dict[str, Any]) -> _Answer | None:
        extensions, config = self._app.extensions, self._app.config
        cookies = parse_cookie(environ.get("HTTP_COOKIE"))
        sessions = self._app.session_interface
        token = cookies.get(config["SCHED_COOKIE"])
        if (
            not token
            or not isinstance(sessions, RememberedSessions)
            or not sessions.is_quiet(cookies.get(config["SESSION_COOKIE_NAME"]))
            or not is_host_known(environ.get("HTTP_HOST", ""), extensions["sched_settings"])
        ):
            return None
        now = clock.now()
        look_ups = extensions["sched_look_ups"]
        try:
            user = user_at_first_sight(token, now=now, look_ups=look_ups)
            if user is None:
                return None
            environ[FOUND_USER] = user
            page = environ[FOUND_PAGE] = Page(
                user.id,
                FROM_TODAY,
                reader=reader_for(user),
                made_for=user.as_shown,
                now=now,
                look_ups=look_ups,
            )
        except DBAPIError:
            return None
        headers = [
            ("ETag", f'"{page.etag(extensions["sched_assets"].fingerprint)}"'),
            ("Cache-Control", "private, no-cache"),
            ("Vary", "Cookie"),
        ]
        if environ.get("HTTP_IF_NONE_MATCH") == headers[0][1]:
            return "304 NOT MODIFIED", headers, b""
        body = page.kept() or self._made_around(page, user.locale)
        if body is None:
            return None
        headers.append(("Content-Type", "text/html; charset=utf-8"))
        headers.append(("Content-Length", str(len(body))))
        return "200 OK", headers, body

    def _made_around(self, page: Page, locale: str) -> bytes | None:
        """Return the page if only its days have to be made anew."""
        with self._app.app_context():
            speak_as(locale)
            try:
                return page.within_what_is_kept()
            except DBAPIError:
                return None

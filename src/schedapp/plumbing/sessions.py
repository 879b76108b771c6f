"""Flask's signed session, for flash messages and the form token; read once per cookie.

A cookie's signature says the same every time, so a cookie that has been verified need not be
verified again. One with flash messages is not remembered: it is about to change.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

if TYPE_CHECKING:
    from flask import Flask, Request, Response
    from flask.sessions import SessionMixin

_MOST = 5000


class RememberedSessions(SecureCookieSessionInterface):
    """The sessions of signed cookies, with what the latest cookies hold kept at hand."""

    def __init__(self) -> None:
        """Begin with nothing remembered."""
        self._known: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what a request's cookie holds; an empty session where it was not signed by us."""
        cookie = request.cookies.get(app.config["SESSION_COOKIE_NAME"])
        if not cookie:
            return SecureCookieSession()
        known = self._known.get(cookie)
        if known is not None:
            return SecureCookieSession(known)
        session = super().open_session(app, request)
        if session and "_flashes" not in session:
            with self._lock:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[cookie] = dict(session)
        return session

    def is_quiet(self, cookie: str | None) -> bool:
        """Say whether a cookie is known to be ours, and brings no message that is to be shown."""
        return not cookie or cookie in self._known

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send a session that was changed; one that was only read needs nothing but `Vary`."""
        if session.modified:
            super().save_session(app, session, response)
        elif session.accessed:
            response.headers.add("Vary", "Cookie")

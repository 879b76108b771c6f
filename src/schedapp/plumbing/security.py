"""What every request must be and every answer must carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import abort, current_app, g, request
from flask_wtf.csrf import validate_csrf
from wtforms.validators import ValidationError

from schedapp.plumbing.addresses import address_in
from schedapp.plumbing.sessions import RememberedSessions
from schedapp.plumbing.signing import secret_keys

if TYPE_CHECKING:
    from flask import Flask

    from schedapp.config import Settings

_Application = Callable[..., Iterable[bytes]]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_BYTES = 4 * 1024 * 1024

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; form-action 'self'; manifest-src 'self'; object-src 'none';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("Content-Security-Policy", _CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_HTTPS_HEADERS = (*_HEADERS, ("Strict-Transport-Security", "max-age=31536000"))


def protect(app: Flask, settings: Settings) -> None:
    """Sign, check and guard as the settings say."""
    first, *others = secret_keys(settings)
    prefix = "__Host-" if settings.is_https else ""
    app.config.update(
        SECRET_KEY=first,
        SECRET_KEY_FALLBACKS=others,
        SESSION_COOKIE_NAME=f"{prefix}sched-form",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_DOMAIN=None,
        SCHED_COOKIE=f"{prefix}sched",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_BYTES,
        MAX_FORM_PARTS=200,
    )
    app.session_interface = RememberedSessions()
    guarded = GuardedAnswers(app.wsgi_app, settings)
    app.wsgi_app = BelievedProxies(guarded, settings)  # type: ignore[method-assign]
    app.before_request(check_request)


def check_request() -> None:
    """Refuse what does not come from our own pages, before anything of it is read.

    The host must be ours. For a method that may change something: what the browser says about
    the site it comes from (Fetch Metadata, else Origin) must be ours, and then the form token is
    looked at; whether it was right is what `plumbing.database.writing` asks.
    """
    if not is_host_known(request.host, current_app.extensions["sched_settings"]):
        abort(400)
    if request.method in SAFE_METHODS:
        return
    if not is_same_origin():
        abort(403)
    token = request.form.get("csrf_token") or request.headers.get("X-CSRFToken")
    try:
        validate_csrf(token)
    except ValidationError:
        return
    g.csrf_valid = True


def require_token() -> None:
    """Refuse a request whose form token is wrong, where there is no form to show again."""
    if not g.get("csrf_valid", False):
        abort(400)


def is_host_known(host: str, settings: Settings) -> bool:
    """Say whether a request's Host is one of ours; on this machine itself any port will do.

    A request without one (HTTP/1.0), or with one that no name can be, has the host "".
    """
    if settings.public_url is not None:
        return host.lower() in settings.hosts
    name, _colon, port = host.rpartition(":")
    if not (name and port.isascii() and port.isdecimal()):
        name = host
    return name.lower() in settings.hosts


def is_same_origin() -> bool:
    """Say whether a request comes from our own pages, as far as the browser tells."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin == own_origin()
    return True


def own_origin() -> str:
    """Return the origin that our pages have: from the settings, else from the checked Host."""
    settings: Settings = current_app.extensions["sched_settings"]
    return settings.public_url or f"{request.scheme}://{request.host}"


def is_own_address(target: str) -> bool:
    """Say whether an address that came with a request leads to a page of ours.

    Only a path is taken: it begins with one slash, and holds nothing that a browser might drop or
    turn round to make another site of it.
    """
    if not target.startswith("/") or target.startswith("//"):
        return False
    if any(
        ord(character) <= 32 or ord(character) == 127 or character == "\\" for character in target
    ):
        return False
    path = target.partition("?")[0].partition("#")[0].lower()
    if "%5c" in path or "%2f%2f" in path or path.startswith(("/%2f", "/%0")):
        return False
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and parts.path.startswith("/")


class GuardedAnswers:
    """Give every answer the headers that protect it, and `no-store` unless it says otherwise."""

    def __init__(self, app: _Application, settings: Settings) -> None:
        """Stand in front of an application."""
        self.app = app
        self.headers = _HTTPS_HEADERS if settings.is_https else _HEADERS

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Pass the request on, and add to the headers that come back."""

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if not any(name.lower() == "cache-control" for name, _ in headers):
                headers = [*headers, ("Cache-Control", "no-store")]
            return start_response(status, [*headers, *self.headers], *rest)

        return self.app(environ, start)


class BelievedProxies:
    """Believe X-Forwarded-For, -Proto and -Host where they come from a proxy that we trust.

    From anybody else they are removed. Of several addresses the last that no trusted proxy has is
    the client's.
    """

    def __init__(self, app: _Application, settings: Settings) -> None:
        """Stand in front of an application."""
        self.app = app
        self.networks = settings.trusted_proxies

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Put right what the request says of itself, and pass it on."""
        named = {
            name: environ.pop(f"HTTP_X_FORWARDED_{name}", None)
            for name in ("FOR", "PROTO", "HOST", "PORT", "PREFIX")
        }
        environ["sched.was_forwarded"] = any(named.values()) or any(
            name in environ for name in ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")
        )
        if self.networks and self._is_trusted(environ.get("REMOTE_ADDR", "")):
            if named["FOR"]:
                client = self._client_of(named["FOR"])
                environ["REMOTE_ADDR"] = client or environ["REMOTE_ADDR"]
            if named["PROTO"] in {"http", "https"}:
                environ["wsgi.url_scheme"] = named["PROTO"]
            if named["HOST"]:
                environ["HTTP_HOST"] = named["HOST"]
        return self.app(environ, start_response)

    def _is_trusted(self, address: str) -> bool:
        parsed = address_in(address)
        return parsed is not None and any(parsed in network for network in self.networks)

    def _client_of(self, forwarded: str) -> str | None:
        """Return whom the proxies have passed on, or None where they say nothing that is one."""
        client = None
        for part in reversed(forwarded.split(",")):
            address = address_in(part)
            if address is None:
                break
            client = str(address)
            if not self._is_trusted(client):
                break
        return client

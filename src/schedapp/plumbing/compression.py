"""Texts travel compressed, unless somebody else could have chosen a part of them.

Who can put words into an encrypted answer and see how long it gets, guesses what else is in it,
letter by letter (BREACH, CVE-2013-3587). So what answers a form stays as it is, and so does what
answers a query, unless it has an ETag: then it holds no form token, and its length is blurred.
"""

from __future__ import annotations

import gzip
import io
import secrets
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from werkzeug.http import parse_accept_header

from schedapp.plumbing.keeping import Keep

_Application = Callable[..., Iterable[bytes]]
_Headers = list[tuple[str, str]]

LEAST_BYTES = 1400
"""What fits into one packet is not worth the work."""

BLUR_BYTES = 100
_LEVEL = 6
_TEXTS = ("text/html", "text/css", "text/javascript", "image/svg+xml", "application/json")


class Compressed:
    """Compress what an application answers; what has an ETag, once."""

    def __init__(self, app: _Application) -> None:
        """Stand in front of an application."""
        self._app = app
        self._kept: Keep[str, bytes] = Keep(4_000_000)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Pass the request on, and compress what comes back."""
        if environ["REQUEST_METHOD"] != "GET":
            return self._app(environ, start_response)
        asks = bool(environ.get("QUERY_STRING"))
        begun: list[Any] = []

        def begin(status: str, headers: _Headers, *rest: Any) -> Any:
            begun[:] = [status, headers, *rest]
            return _refuse_to_write

        body = self._app(environ, begin)
        status, headers, *rest = begun
        named = {name.lower(): value for name, value in headers}
        if _is_worthwhile(named) and not (asks and "etag" not in named):
            headers = [*headers, ("Vary", "Accept-Encoding")]
            if _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
                content = self._compressed(body, None if asks else named.get("etag"), blur=asks)
                headers = [each for each in headers if each[0].lower() != "content-length"]
                headers.append(("Content-Encoding", "gzip"))
                headers.append(("Content-Length", str(len(content))))
                body = [content]
        start_response(status, headers, *rest)
        return body

    def _compressed(self, body: Iterable[bytes], etag: str | None, *, blur: bool) -> bytes:
        try:
            kept = self._kept.get(etag) if etag else None
            if kept is None:
                kept = compressed(b"".join(body), blur=blur)
                if etag:
                    self._kept.put(etag, kept)
            return kept
        finally:
            if hasattr(body, "close"):
                body.close()


def compressed(content: bytes, *, blur: bool = False) -> bytes:
    """Compress with gzip; to `blur` the length, a name of random length goes into the head."""
    name = "." * (1 + secrets.randbelow(BLUR_BYTES)) if blur else ""
    result = io.BytesIO()
    with gzip.GzipFile(name, "wb", _LEVEL, result, mtime=0) as file:
        file.write(content)
    return result.getvalue()


@lru_cache(maxsize=64)
def _takes_gzip(accepted: str) -> bool:
    return parse_accept_header(accepted)["gzip"] > 0


def _is_worthwhile(headers: dict[str, str]) -> bool:
    return (
        "content-encoding" not in headers
        and int(headers.get("content-length", "0")) >= LEAST_BYTES
        and headers.get("content-type", "").startswith(_TEXTS)
    )


def _refuse_to_write(_: bytes) -> None:
    raise NotImplementedError("answers are returned, not written")

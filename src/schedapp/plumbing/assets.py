"""Styles, scripts and fonts, served under an address that changes when one of them does.

The templates count too: the fingerprint names what pages are made of, for their ETags.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Response, abort, request

if TYPE_CHECKING:
    from flask import Flask

FOLDER = Path(__file__).parent.parent / "static"
TEMPLATES = FOLDER.parent / "templates"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_FOR_EVER = "public, max-age=31536000, immutable"
STYLES = "css/all.css"


class Assets:
    """All static files, read once; the styles joined into one."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Read the folder."""
        self.files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in _TYPES
        }
        styles = [name for name in self.files if name.startswith("css/")]
        self.files[STYLES] = b"".join(self.files.pop(name) for name in styles)
        digest = hashlib.sha256()
        for path in sorted(TEMPLATES.rglob("*.html")):
            digest.update(path.read_bytes())
        for name, content in sorted(self.files.items()):
            digest.update(name.encode() + b"\0" + content + b"\0")
        self.fingerprint = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Return the address of a file; "css" is all styles.

        Raises:
            KeyError: if there is no such file, so that a typing mistake shows at once.
        """
        name = STYLES if name == "css" else name
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.fingerprint}/{name}"


def serve(app: Flask) -> Assets:
    """Serve the static files and let templates ask for their addresses."""
    assets = app.extensions["sched_assets"] = Assets()
    app.add_template_global(assets.address, "asset")

    @app.get("/static/<fingerprint>/<path:name>")
    def static_file(fingerprint: str, name: str) -> Response:
        content = assets.files.get(name)
        if content is None:
            abort(404)
        response = Response(content, content_type=_TYPES[Path(name).suffix])
        current = fingerprint == assets.fingerprint
        response.headers["Cache-Control"] = _FOR_EVER if current else "no-cache"
        response.set_etag(hashlib.sha256(content).hexdigest()[:24])
        response.make_conditional(request)
        return response

    return assets

"""Who may make the first user: whoever is at the machine, or knows what sched printed."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from flask import request

from schedapp.config import LOOPBACK_NAMES
from schedapp.plumbing.addresses import address_in
from schedapp.plumbing.signing import derived_key

CODE_LETTERS = 20


def set_up_code(secret_key: str) -> str:
    """Return the set-up code: the same in every process, and worthless once there is a user."""
    digits = derived_key(secret_key, "set-up code")
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[byte & 31] for byte in digits[:CODE_LETTERS])


def is_code_right(typed: str, secret_key: str) -> bool:
    """Say whether this is the set-up code, with spaces or hyphens in it or not."""
    plain = typed.replace(" ", "").replace("-", "").lower()
    return hmac.compare_digest(plain.encode(), set_up_code(secret_key).encode())


def is_at_the_machine() -> bool:
    """Say whether a request was made on the machine itself, and not passed on by a proxy.

    A proxy shows itself by what it adds; by the old HTTP/1.0, which browsers do not speak; or by
    the page's origin, which it has not changed when it changes the Host.
    """
    environ = request.environ
    if environ.get("sched.was_forwarded") or environ.get("SERVER_PROTOCOL") in _SPOKEN_BY_PROXIES:
        return False
    peer = address_in(request.remote_addr or "")
    origin = request.headers.get("Origin") or request.headers.get("Referer")
    return (
        peer is not None
        and peer.is_loopback
        and _is_loopback_name(request.host)
        and (origin is None or _is_loopback_name(urlsplit(origin).netloc))
    )


_SPOKEN_BY_PROXIES = {"HTTP/1", "HTTP/1.0"}


def _is_loopback_name(host: str) -> bool:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host) in LOOPBACK_NAMES

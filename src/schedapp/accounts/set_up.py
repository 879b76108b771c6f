"""Who may make the first user: whoever is at the machine, or knows what sched printed."""

from __future__ import annotations

import ipaddress

from flask import request

from schedapp.config import LOOPBACK_NAMES
from schedapp.plumbing.signing import derived_key

CODE_LETTERS = 20


def set_up_code(secret_key: str) -> str:
    """Return the set-up code: the same in every process, and worthless once there is a user."""
    digits = derived_key(secret_key, "set-up code")
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[byte & 31] for byte in digits[:CODE_LETTERS])


def is_at_the_machine() -> bool:
    """Say whether a request was made on the machine itself, and not passed on by a proxy."""
    if request.environ.get("sched.was_forwarded"):
        return False
    try:
        peer = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    name = request.host.rpartition(":")[0] or request.host
    return peer.is_loopback and (name in LOOPBACK_NAMES or request.host in LOOPBACK_NAMES)

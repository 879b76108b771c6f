"""Random names for things: public ids for addresses, tokens for secrets."""

import hashlib
import secrets

PUBLIC_ID_LENGTH = 20
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_ALLOWED = frozenset(_LETTERS)


def new_public_id() -> str:
    """Return a random id of 100 bits that is easy to read aloud (no i, l, o, u)."""
    number = secrets.randbits(5 * PUBLIC_ID_LENGTH)
    return "".join(_LETTERS[number >> 5 * place & 31] for place in range(PUBLIC_ID_LENGTH))


def is_public_id(text: str) -> bool:
    """Say whether a text has the form of a public id; nothing else need be looked up."""
    return len(text) == PUBLIC_ID_LENGTH and set(text) <= _ALLOWED


def new_token() -> str:
    """Return a secret of 256 random bits, to be given away once and kept only as its hash."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what the database keeps of a token; 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).digest()

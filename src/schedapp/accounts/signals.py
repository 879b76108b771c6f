"""What the accounts announce."""

from blinker import Namespace

_signals = Namespace()

user_added = _signals.signal("user-added")
"""Sent with the new `User`, and `db`, `now`: whoever keeps things for users makes a place."""

"""Commands for users."""

from __future__ import annotations

import click


@click.group()
def users() -> None:
    """Add users and look after them."""

"""The application again, on the same database and with other settings."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from tests.conftest import Browsing

from schedapp.app import create_app
from schedapp.plumbing.database import database


@contextmanager
def like(app: Flask, **different: Any) -> Iterator[Flask]:
    """Make an application with the settings of another, some of them different."""
    settings = dataclasses.replace(app.extensions["sched_settings"], **different)
    made = create_app(settings)
    made.test_client_class = Browsing
    try:
        yield made
    finally:
        with made.app_context():
            database.engine.dispose()

"""Whether the process and its database work, for whoever watches over them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import Blueprint
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from schedapp.plumbing.database import reading

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def health() -> ResponseReturnValue:
    """Answer 200 when the database answers, else 503."""
    try:
        reading().execute(text("select version_num from alembic_version"))
    except SQLAlchemyError as error:
        logging.getLogger("sched").warning("Not healthy: %s", type(error).__name__)
        return {"status": "unavailable"}, 503
    return {"status": "ok"}

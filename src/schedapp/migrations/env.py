"""Alembic asks this file how to run the steps; `plumbing.migrating` brings the connection."""

from alembic import context

from schedapp.accounts import models as _accounts  # noqa: F401
from schedapp.appointments import models as _appointments  # noqa: F401
from schedapp.plumbing.database import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    # The connection is inside one transaction of ours, for all steps together.
    transactional_ddl=True,
)
context.run_migrations()

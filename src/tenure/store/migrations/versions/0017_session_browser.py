"""A session says with what it was opened, so that its owner can tell it from others in the list of sessions."""

import sqlalchemy as sa
from alembic import op

from tenure.store.schema.columns import TEXT

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Forward only; of sessions that are open already it is not known."""
    op.add_column("sessions", sa.Column("browser", TEXT, nullable=True))

"""By which mailbox mails are counted, so that nobody's is filled through this server."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Forward only; what was put down before is not counted."""
    op.add_column("letters", sa.Column("mailbox", sa.Text(), nullable=True))
    op.create_index(op.f("ix_letters_mailbox_created"), "letters", ["mailbox", "created"])
    op.create_index(op.f("ix_letters_provider_created"), "letters", ["provider", "created"])

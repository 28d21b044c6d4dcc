"""By which mailbox mails are counted, so that nobody's is filled through this server."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Forward only; what was put down before is not counted."""
    op.add_column("emails", sa.Column("mailbox", sa.Text(), nullable=True))
    op.create_index(op.f("ix_emails_mailbox_created"), "emails", ["mailbox", "created"])
    op.create_index(op.f("ix_emails_provider_created"), "emails", ["provider", "created"])

"""Whether a mailbox was proven: by a link that went there alone; accounts that exist have not shown it yet."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only."""
    op.add_column("users", sa.Column("verified", WHOLE, nullable=True))
    op.add_column("invitations", sa.Column("mailed", sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_invitations_mailed"), "invitations", ["mailed"])
    op.add_column("memberships", sa.Column("by_mail", WHOLE, nullable=True))

"""Mails that wait to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "emails",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("due", WHOLE, nullable=True),
        sa.Column("tries", WHOLE, nullable=False),
        sa.Column("sent", WHOLE, nullable=True),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emails")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_emails_provider")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_emails_due"), "emails", ["due"])
    op.create_index(op.f("ix_emails_provider_id"), "emails", ["provider", "id"])

"""Codes that wait to be shown once, and the secret of a payment gateway that still holds for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "waiting_codes",
        sa.Column("subscription", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("last_group", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("in_mail", WHOLE, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=False),
        sa.Column("shown_at", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("subscription", name=op.f("pk_waiting_codes")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_waiting_codes_subscription")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_waiting_codes_until"), "waiting_codes", ["until"])
    op.add_column("gateways", sa.Column("old_secret", sa.LargeBinary(), nullable=True))
    op.add_column("gateways", sa.Column("old_until", WHOLE, nullable=True))

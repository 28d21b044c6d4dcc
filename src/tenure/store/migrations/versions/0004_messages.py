"""Webhooks, their deliveries, and how far the feed was read for mails."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("seq", WHOLE, nullable=False),
        sa.Column("failing_since", WHOLE, nullable=True),
        sa.Column("disabled", WHOLE, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_webhooks_provider")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_webhooks_provider_id"), "webhooks", ["provider", "id"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("seq", WHOLE, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("replay_of", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("due", WHOLE, nullable=True),
        sa.Column("tries", WHOLE, nullable=False),
        sa.Column("tried", WHOLE, nullable=True),
        sa.Column("status", WHOLE, nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_deliveries_provider")),
        sa.ForeignKeyConstraint(["webhook"], ["webhooks.id"], name=op.f("fk_deliveries_webhook")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_deliveries_created"), "deliveries", ["created"])
    op.create_index(op.f("ix_deliveries_due"), "deliveries", ["due"])
    op.create_index(op.f("ix_deliveries_webhook_id"), "deliveries", ["webhook", "id"])
    op.create_table(
        "email_cursors",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("seq", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_email_cursors")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_email_cursors_provider")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

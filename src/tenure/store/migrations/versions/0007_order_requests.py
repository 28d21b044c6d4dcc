"""Orders that customers ask their provider for."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "order_requests",
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("id", "provider", "customer", "offer")],
        sa.Column("devices", WHOLE, nullable=False),
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("note", "by_actor")],
        sa.Column("created", WHOLE, nullable=False),
        *[sa.Column(name, WHOLE, nullable=True) for name in ("ordered_at", "declined_at", "withdrawn_at")],
        sa.Column("subscription", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_requests")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_order_requests_provider")),
        sa.ForeignKeyConstraint(["customer"], ["accounts.customer"], name=op.f("fk_order_requests_customer")),
        sa.ForeignKeyConstraint(["offer"], ["offers.id"], name=op.f("fk_order_requests_offer")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_order_requests_subscription")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_order_requests_customer_id"), "order_requests", ["customer", "id"])
    op.create_index(op.f("ix_order_requests_provider_id"), "order_requests", ["provider", "id"])

"""What the board is made from, and payment requests; lists are filled in again by the sweep's next look."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS: dict[str, Any] = {"text": sa.Text(), "whole": WHOLE, "octets": sa.LargeBinary()}


def upgrade() -> None:
    """Forward only."""
    _standings()
    op.create_index("ix_customers_by_name", "customers", ["provider", sa.text("lower(name)"), "id"])
    _table(
        "payment_requests",
        "id text, provider text, customer text, subscription text?, reference text, amount whole, note text, "
        "by_actor text, created whole, expires whole, withdrawn_at whole?, booked_at whole?, booked_as text?, "
        "paid whole",
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_requests")),
        sa.UniqueConstraint("provider", "reference", name=op.f("uq_payment_requests_provider_reference")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_payment_requests_provider")),
        sa.ForeignKeyConstraint(["customer"], ["accounts.customer"], name=op.f("fk_payment_requests_customer")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_payment_requests_subscription")),
    )
    op.create_index(op.f("ix_payment_requests_customer_id"), "payment_requests", ["customer", "id"])
    op.create_index(op.f("ix_payment_requests_provider_id"), "payment_requests", ["provider", "id"])
    _table(
        "gateways",
        "provider text, instructions text, request_days whole, secret octets?, secret_since whole?, version whole",
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_gateways")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_gateways_provider")),
        keyed=True,
    )


def _standings() -> None:
    """A projection: made anew, and every subscription is looked at again."""
    op.drop_table("standings")
    _table(
        "standings",
        "subscription text, provider text, customer text, product text, plan text, kind text, devices whole, "
        "active_from whole?, paid_until whole?, ended_at whole?, paused_from whole?, paused_until whole?, "
        "canceled_at whole?, last_group text, body octets, ordered_at whole, due_at whole?, price whole, "
        "automatic whole, reserved whole, failed_at whole?",
        sa.PrimaryKeyConstraint("subscription", name=op.f("pk_standings")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_standings_subscription")),
    )
    phases = ["provider", "active_from", "ended_at", "paused_from", "paused_until", "paid_until"]
    wanting = ["provider", "automatic", "reserved", "customer", "due_at", "ended_at", "price"]
    op.create_index("ix_standings_wanting", "standings", wanting)
    op.create_index("ix_standings_due", "standings", ["provider", "due_at", "ended_at", "price"])
    op.create_index("ix_standings_phases", "standings", phases)
    for columns in (
        "customer_subscription",
        "ended_at",
        "failed_at",
        "last_group",
        "paid_until",
        "subscription",
    ):
        named = ["customer", "subscription"] if columns == "customer_subscription" else [columns]
        op.create_index(op.f(f"ix_standings_provider_{columns}"), "standings", ["provider", *named])
    op.execute("update subscriptions set next_change = 0")


def _table(name: str, columns: str, *constraints: sa.Constraint, keyed: bool = False) -> None:
    """A table whose columns are written `name kind`, `kind?` where nothing may stand."""
    pairs = (column.split() for column in columns.split(", "))
    made = [sa.Column(label, KINDS[kind.rstrip("?")], nullable=kind.endswith("?")) for label, kind in pairs]
    op.create_table(name, *made, *constraints, sqlite_strict=True, sqlite_with_rowid=not keyed)

"""Kinds of installations, and the places of standalone applications."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only."""
    op.add_column("sites", sa.Column("installation", sa.Text(), nullable=False, server_default="server"))
    op.add_column("sites", sa.Column("ephemeral", WHOLE, nullable=False, server_default="0"))
    op.create_table(
        "places",
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("site", "subscription", "provider")],
        *[sa.Column(name, WHOLE, nullable=False) for name in ("since", "signed", "until", "waits", "after")],
        sa.Column("freed", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("site", "subscription", name=op.f("pk_places")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_places_site")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_places_subscription")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_places_provider")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_places_subscription_until"), "places", ["subscription", "until"])

"""Stays of ephemeral applications; releases of places are counted by facts, which a place taken anew does not undo."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only."""
    op.execute("delete from places where freed is not null")
    op.drop_column("places", "freed")
    op.create_table(
        "stays",
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("subscription", "site")],
        sa.Column("came", WHOLE, nullable=False, autoincrement=False),
        sa.Column("provider", sa.Text(), nullable=False),
        *[sa.Column(name, WHOLE, nullable=False) for name in ("until", "counted")],
        sa.PrimaryKeyConstraint("subscription", "site", "came", name=op.f("pk_stays")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_stays_subscription")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_stays_provider")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_stays_counted_until"), "stays", ["counted", "until"])
    op.create_index(op.f("ix_sites_ephemeral_id"), "sites", ["ephemeral", "id"])

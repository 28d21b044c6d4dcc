"""A table for what portals keep for browsers. It only adds: servers of 0.2.0 that still run do not notice it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "browser_values",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("last_use", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_browser_values"),
        sqlite_strict=True,
    )
    op.create_index("ix_browser_values_kind_owner_created", "browser_values", ["kind", "owner", "created"])
    op.create_index("ix_browser_values_browser", "browser_values", ["browser"])

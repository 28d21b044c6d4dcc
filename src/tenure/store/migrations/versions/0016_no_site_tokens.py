"""Tokens that a site has used up are no longer kept: nothing ever asked for them; the present one tells a copy."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Forward only."""
    op.drop_table("site_tokens")

"""Who has had a trial of what, apart from who has the subscription now; trials so far are taken over from the facts."""

import sqlalchemy as sa
from alembic import op
from msgspec import json

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Forward only."""
    table = op.create_table(
        "trials",
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("provider", "customer", "product")],
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_trials_provider")),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_trials_customer")),
        sa.ForeignKeyConstraint(["product"], ["products.id"], name=op.f("fk_trials_product")),
        sa.PrimaryKeyConstraint("provider", "customer", "product", name=op.f("pk_trials")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    had = (
        "select s.provider, s.product, f.body from subscriptions s join facts f on f.subscription = s.id"
        " where s.trial = 1 and f.kind in ('Ordered', 'Transferred')"
    )
    known = {
        (provider, json.decode(body)["customer"], product)
        for provider, product, body in op.get_bind().execute(sa.text(had))
    }
    rows = [{"provider": provider, "customer": customer, "product": product} for provider, customer, product in known]
    if rows:
        op.bulk_insert(table, rows)

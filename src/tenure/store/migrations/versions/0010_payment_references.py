"""References of outside payments: one effect each; those of top-ups and confirmations so far are taken over."""

import sqlalchemy as sa
from alembic import op
from msgspec import json

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Forward only."""
    table = op.create_table(
        "payment_references",
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("provider", "reference", "figures")],
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_payment_references_provider")),
        sa.PrimaryKeyConstraint("provider", "reference", name=op.f("pk_payment_references")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    known: dict[tuple[str, str], str] = {}
    bind = op.get_bind()
    facts = "select provider, subscription, body from facts where kind = 'PaymentConfirmed'"
    for provider, subscription, body in bind.execute(sa.text(facts)):
        fact = json.decode(body)
        figures = f"{fact['covers']} {subscription}" if fact["covers"] != "raise" else f"raise {subscription} 0"
        known.setdefault((provider, fact["reference"]), figures)
    top_ups = "select provider, customer, body from postings where kind = 'top_up'"
    for provider, customer, body in bind.execute(sa.text(top_ups)):
        posting = json.decode(body)["posting"]
        amount = max(entry["amount"] for entry in posting["entries"])
        known.setdefault((provider, posting["reference"]), f"top_up {customer} {amount}")
    rows = [
        {"provider": provider, "reference": reference, "figures": figures}
        for (provider, reference), figures in known.items()
    ]
    if rows:
        op.bulk_insert(table, rows)

"""The first schema, and the triggers that make history append-only, spelled out: it says what was, not what is."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KINDS: dict[str, Any] = {
    "text": sa.Text(),
    "whole": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    "octets": sa.LargeBinary(),
}
APPEND_ONLY = ("facts", "postings", "entries", "chronicle")


def upgrade() -> None:
    """Forward only."""
    _table(
        "chains",
        "provider text, topic text, seq whole, hash octets",
        sa.PrimaryKeyConstraint("provider", "topic", name=op.f("pk_chains")),
        keyed=True,
    )
    _table(
        "chronicle",
        "provider text, topic text, seq whole, kind text, at whole, recorded_at whole, by_actor text, "
        "body octets, prev_hash octets, hash octets",
        sa.PrimaryKeyConstraint("provider", "topic", "seq", name=op.f("pk_chronicle")),
    )
    _table(
        "documents",
        "name text, version whole, body octets, published whole",
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_documents")),
        keyed=True,
    )
    _table(
        "idempotency",
        "scope text, key text, payload_hash octets, state text, sealed whole, answer octets?, created whole",
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created"), "idempotency", ["created"])
    _table(
        "meta",
        "key text, value text",
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
        keyed=True,
    )
    _table(
        "products",
        "id text, provider text, body octets, version whole, created whole, withdrawn whole?",
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
    )
    _table(
        "providers",
        "id text, name text, sandbox whole, currency text, clock_at whole?, clock_set whole?, "
        "clock_rate whole?, body octets, version whole, created whole, withdrawn whole?",
        sa.PrimaryKeyConstraint("id", name=op.f("pk_providers")),
        sa.UniqueConstraint("name", name=op.f("uq_providers_name")),
        sa.CheckConstraint("sandbox in (0, 1)", name=op.f("ck_providers_sandbox")),
        sa.CheckConstraint("sandbox = 1 or clock_at is null", name=op.f("ck_providers_clock")),
    )
    _table(
        "throttles",
        "key text, began whole, count whole",
        sa.PrimaryKeyConstraint("key", "began", name=op.f("pk_throttles")),
        keyed=True,
    )
    op.create_index(op.f("ix_throttles_began"), "throttles", ["began"])
    _table(
        "customers",
        "id text, provider text, name text, reference text?, body octets, version whole, created whole, "
        "withdrawn whole?",
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("provider", "reference", name=op.f("uq_customers_provider_reference")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_customers_provider")),
    )
    op.create_index(op.f("ix_customers_provider_id"), "customers", ["provider", "id"])
    _table(
        "outbox_heads",
        "provider text, seq whole",
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_outbox_heads")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_outbox_heads_provider")),
        keyed=True,
    )
    _table(
        "plans",
        "id text, provider text, product text, body octets, version whole, created whole, withdrawn whole?",
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.ForeignKeyConstraint(["product"], ["products.id"], name=op.f("fk_plans_product")),
    )
    op.create_index(op.f("ix_plans_product"), "plans", ["product"])
    _table(
        "policies",
        "provider text, version whole, body octets, published whole",
        sa.PrimaryKeyConstraint("provider", "version", name=op.f("pk_policies")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_policies_provider")),
        keyed=True,
    )
    _table(
        "accounts",
        "customer text, provider text, currency text, credit_limit whole, balance whole, reserve whole, "
        "settled_at whole, next_due whole?, version whole",
        sa.PrimaryKeyConstraint("customer", name=op.f("pk_accounts")),
        sa.CheckConstraint("credit_limit >= 0", name=op.f("ck_accounts_credit_limit")),
        sa.CheckConstraint("balance >= -credit_limit", name=op.f("ck_accounts_balance")),
        sa.CheckConstraint("reserve >= 0", name=op.f("ck_accounts_reserve")),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_accounts_customer")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_accounts_provider")),
    )
    op.create_index(op.f("ix_accounts_next_due"), "accounts", ["next_due"])
    op.create_index(op.f("ix_accounts_provider_customer"), "accounts", ["provider", "customer"])
    _table(
        "offers",
        "id text, provider text, plan text, body octets, version whole, created whole, withdrawn whole?",
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_offers_provider")),
        sa.ForeignKeyConstraint(["plan"], ["plans.id"], name=op.f("fk_offers_plan")),
    )
    op.create_index(op.f("ix_offers_plan"), "offers", ["plan"])
    op.create_index(op.f("ix_offers_provider_id"), "offers", ["provider", "id"])
    _table(
        "subscriptions",
        "id text, provider text, customer text, product text, trial whole, revision whole, "
        "head_hash octets, next_change whole?, created whole",
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_subscriptions_provider")),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_subscriptions_customer")),
        sa.ForeignKeyConstraint(["product"], ["products.id"], name=op.f("fk_subscriptions_product")),
    )
    op.create_index(op.f("ix_subscriptions_customer_product"), "subscriptions", ["customer", "product"])
    op.create_index(op.f("ix_subscriptions_next_change"), "subscriptions", ["next_change"])
    op.create_index(op.f("ix_subscriptions_provider_id"), "subscriptions", ["provider", "id"])
    _table(
        "tokens",
        "digest octets, id text, provider text?, customer text?, role text, scopes text, name text, "
        "created whole, expires whole?, last_use whole?, withdrawn whole?",
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
        sa.UniqueConstraint("id", name=op.f("uq_tokens_id")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_tokens_provider")),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_tokens_customer")),
        keyed=True,
    )
    op.create_index(op.f("ix_tokens_provider_id"), "tokens", ["provider", "id"])
    _table(
        "announcements",
        "subscription text, kind text, since whole",
        sa.PrimaryKeyConstraint("subscription", "kind", "since", name=op.f("pk_announcements")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_announcements_subscription")),
        keyed=True,
    )
    _table(
        "codes",
        "digest octets, id text, provider text, subscription text, last_group text, state text, created whole",
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_codes")),
        sa.UniqueConstraint("id", name=op.f("uq_codes_id")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_codes_subscription")),
        keyed=True,
    )
    op.create_index(op.f("ix_codes_subscription"), "codes", ["subscription"])
    _table(
        "facts",
        "subscription text, seq whole, provider text, kind text, at whole, recorded_at whole, "
        "by_actor text, body octets, prev_hash octets, hash octets",
        sa.PrimaryKeyConstraint("subscription", "seq", name=op.f("pk_facts")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_facts_subscription")),
    )
    _table(
        "outbox",
        "provider text, seq whole, kind text, subscription text?, since whole, created whole, body octets",
        sa.PrimaryKeyConstraint("provider", "seq", name=op.f("pk_outbox")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_outbox_provider")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_outbox_subscription")),
    )
    _table(
        "postings",
        "provider text, seq whole, customer text, kind text, at whole, recorded_at whole, by_actor text, "
        "subscription text?, once text?, body octets, prev_hash octets, hash octets",
        sa.PrimaryKeyConstraint("provider", "seq", name=op.f("pk_postings")),
        sa.UniqueConstraint("provider", "once", name=op.f("uq_postings_provider_once")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_postings_provider")),
        sa.ForeignKeyConstraint(["customer"], ["accounts.customer"], name=op.f("fk_postings_customer")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_postings_subscription")),
    )
    op.create_index(op.f("ix_postings_customer_seq"), "postings", ["customer", "seq"])
    _table(
        "sites",
        "id text, provider text, customer text, product text, subscription text, successor text?, "
        "thumbprint text, jwk octets, state text, created whole, name text, version text, body octets, "
        "token octets, last_request text, answer octets, serial whole, epoch whole, revision whole, "
        "acked_serial whole, lease_until whole, promised_until whole, allotment whole, devices whole, "
        "devices_digest text, last_contact whole?, next_sync whole?, forked_at whole?, token_count whole, "
        "last_path text, last_trigger text, pace octets",
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("thumbprint", "product", name=op.f("uq_sites_thumbprint_product")),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name=op.f("fk_sites_provider")),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_sites_customer")),
        sa.ForeignKeyConstraint(["product"], ["products.id"], name=op.f("fk_sites_product")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_sites_subscription")),
        sa.ForeignKeyConstraint(["successor"], ["subscriptions.id"], name=op.f("fk_sites_successor")),
    )
    op.create_index(op.f("ix_sites_provider_id"), "sites", ["provider", "id"])
    op.create_index(op.f("ix_sites_subscription"), "sites", ["subscription"])
    op.create_index(op.f("ix_sites_successor"), "sites", ["successor"])
    _table(
        "standings",
        "subscription text, provider text, customer text, product text, plan text, kind text, "
        "devices whole, active_from whole?, paid_until whole?, ended_at whole?, paused_from whole?, "
        "paused_until whole?, canceled_at whole?, last_group text, body octets",
        sa.PrimaryKeyConstraint("subscription", name=op.f("pk_standings")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_standings_subscription")),
    )
    op.create_index(
        op.f("ix_standings_provider_customer_subscription"), "standings", ["provider", "customer", "subscription"]
    )
    op.create_index(op.f("ix_standings_provider_paid_until"), "standings", ["provider", "paid_until"])
    op.create_index(op.f("ix_standings_provider_subscription"), "standings", ["provider", "subscription"])
    _table(
        "entries",
        "provider text, seq whole, account text, customer text, amount whole",
        sa.PrimaryKeyConstraint("provider", "seq", "account", name=op.f("pk_entries")),
        sa.ForeignKeyConstraint(
            ["provider", "seq"], ["postings.provider", "postings.seq"], name=op.f("fk_entries_provider")
        ),
    )
    op.create_index(op.f("ix_entries_customer_account"), "entries", ["customer", "account"])
    _table(
        "leases",
        "site text, epoch whole, serial whole, slot text, provider text, subscription text, "
        "revision whole, signed_at whole, until whole, contact_until whole, acked_at whole?, "
        "digest octets, body octets?",
        sa.PrimaryKeyConstraint("site", "epoch", "serial", "slot", name=op.f("pk_leases")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_leases_site")),
        sa.ForeignKeyConstraint(["subscription"], ["subscriptions.id"], name=op.f("fk_leases_subscription")),
    )
    op.create_index(op.f("ix_leases_subscription"), "leases", ["subscription"])
    _table(
        "site_tokens",
        "site text, digest octets, replaced whole",
        sa.PrimaryKeyConstraint("site", "digest", name=op.f("pk_site_tokens")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_site_tokens_site")),
        keyed=True,
    )
    _arm(op.get_bind().dialect.name)


def _table(name: str, columns: str, *constraints: Any, keyed: bool = False) -> None:
    """A table whose columns are written `name kind`, `kind?` where nothing may stand."""
    pairs = (column.split() for column in columns.split(", "))
    made = [sa.Column(label, KINDS[kind.rstrip("?")], nullable=kind.endswith("?")) for label, kind in pairs]
    op.create_table(name, *made, *constraints, sqlite_strict=True, sqlite_with_rowid=not keyed)


def _arm(dialect: str) -> None:
    if dialect == "sqlite":
        for table in APPEND_ONLY:
            for deed in ("update", "delete"):
                op.execute(
                    f"create trigger {table}_refuse_{deed} before {deed} on {table} "
                    f"begin select raise(abort, 'history is append-only: {deed} on {table}'); end"
                )
        return
    op.execute(
        "create or replace function tenure_refuse_change() returns trigger language plpgsql as\n"
        "$$ begin raise exception 'history is append-only: % on %', tg_op, tg_table_name; end $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_refuse_change before update or delete on {table} "
            "for each row execute function tenure_refuse_change()"
        )
        op.execute(
            f"create trigger {table}_refuse_truncate before truncate on {table} "
            "for each statement execute function tenure_refuse_change()"
        )

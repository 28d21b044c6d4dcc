"""The schema of 0.2.0, spelled out with its triggers: it says what was, not what is; later migrations add to it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KINDS: dict[str, Any] = {
    "text": sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
    "whole": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    "octets": sa.LargeBinary(),
}
TABLES = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
APPEND_ONLY = ("facts", "postings", "entries", "provider_links")
OVERDRAWN = "new.balance < -new.credit_limit"
FUNCTIONS = (
    """create or replace function tenure_refuse_change() returns trigger language plpgsql as
$$ begin raise exception 'history is append-only: % on %', tg_op, tg_table_name; end $$""",
    f"""create or replace function tenure_refuse_overdraft() returns trigger language plpgsql as
$$ begin if {OVERDRAWN} then raise exception 'the balance does not cover this' using errcode = '23514'; end if;
return new; end $$""",
)
"""On PostgreSQL; SQLite's triggers refuse by themselves."""


def upgrade() -> None:
    """Forward only."""
    TABLES.create_all(op.get_bind(), checkfirst=False)
    for statement in _sqlite_triggers() if op.get_bind().dialect.name == "sqlite" else _postgresql_triggers():
        op.get_bind().exec_driver_sql(statement)


def _sqlite_triggers() -> list[str]:
    refused = "begin select raise(abort, 'the balance does not cover this'); end"
    return [
        f"create trigger {table}_refuse_{operation} before {operation} on {table} "
        f"begin select raise(abort, 'history is append-only: {operation} on {table}'); end"
        for table in APPEND_ONLY
        for operation in ("update", "delete")
    ] + [
        "create trigger accounts_refuse_overdraft before update of balance on accounts "
        f"when new.balance < old.balance and {OVERDRAWN} {refused}",
        f"create trigger accounts_refuse_overdrawn before insert on accounts when {OVERDRAWN} {refused}",
    ]


def _postgresql_triggers() -> list[str]:
    change, overdraft = (f"execute function tenure_refuse_{name}()" for name in ("change", "overdraft"))
    return [
        *FUNCTIONS,
        *(
            f"create trigger {table}_refuse_{name} before {when} on {table} for each {each} {change}"
            for table in APPEND_ONLY
            for name, when, each in (("change", "update or delete", "row"), ("truncate", "truncate", "statement"))
        ),
        "create trigger accounts_refuse_overdraft before update of balance on accounts for each row "
        f"when (new.balance < old.balance) {overdraft}",
        f"create trigger accounts_refuse_overdrawn before insert on accounts for each row {overdraft}",
    ]


def _table(name: str, columns: str, *parts: Any, keyed: bool = False) -> None:
    """A table; `*name`: of its key; `kind?`: may be null; `kind=x`: its default; `>other.id`: refers there."""
    made = [_column(*column.split()) for column in columns.split(", ")]
    sa.Table(name, TABLES, *made, *parts, sqlite_strict=True, sqlite_with_rowid=not keyed)


def _column(label: str, about: str) -> sa.Column[Any]:
    about, _, target = about.partition(">")
    kind, _, default = about.partition("=")
    refers = [sa.ForeignKey(target)] if target else []
    key, maybe = label.startswith("*"), kind.endswith("?")
    made = KINDS[kind.rstrip("?")]
    return sa.Column(
        label.lstrip("*"), made, *refers, primary_key=key, nullable=maybe, server_default=default or None,
        autoincrement=False,
    )  # fmt: skip


_table("chains", "*provider text, *topic text, seq whole, hash octets", keyed=True)
_table(
    "provider_links",
    "*provider text, *topic text, *seq whole, kind text, at whole, recorded_at whole, by_actor text, body "
    "octets, prev_hash octets, hash octets",
)
_table("documents", "*name text, *version whole, body octets, published whole", keyed=True)
_table(
    "idempotency",
    "*scope text, *key text, payload_hash octets, state text, sealed whole, answer octets?, created whole",
    sa.Index(None, "created"),
)
_table("meta", "*key text, value text", keyed=True)
_table("products", "*id text, provider text, body octets, version whole, created whole, withdrawn whole?")
_table(
    "providers",
    "*id text, name text, sandbox whole, currency text, clock_at whole?, clock_set whole?, clock_rate "
    "whole?, body octets, version whole, created whole, withdrawn whole?",
    sa.UniqueConstraint("name"),
    sa.CheckConstraint("sandbox in (0, 1)", name="sandbox"),
    sa.CheckConstraint("sandbox = 1 or clock_at is null", name="clock"),
)
_table("throttles", "*key text, *began whole, count whole", sa.Index(None, "began"), keyed=True)
_table(
    "users",
    "*id text, email text, name text, password text, factor octets?, proposed octets?, step whole, "
    "created whole, verified whole?",
    sa.UniqueConstraint("email"),
)
_table(
    "customers",
    "*id text, provider text>providers.id, name text, reference text?, body octets, version whole, "
    "created whole, withdrawn whole?",
    sa.UniqueConstraint("provider", "reference"),
    sa.Index("ix_customers_by_name", "provider", sa.text("lower(name)"), "id"),
    sa.Index(None, "provider", "id"),
)
_table("email_cursors", "*provider text>providers.id, seq whole", keyed=True)
_table(
    "emails",
    "*id text, provider text?>providers.id, recipient text, template text, body octets, created whole, "
    "due whole?, tries whole, sent whole?, fault text, mailbox text?",
    sa.Index(None, "due"),
    sa.Index(None, "mailbox", "created"),
    sa.Index(None, "provider", "created"),
    sa.Index(None, "provider", "id"),
)
_table(
    "gateways",
    "*provider text>providers.id, instructions text, request_days whole, secret octets?, secret_since "
    "whole?, version whole, old_secret octets?, old_until whole?",
    keyed=True,
)
_table("outbox_heads", "*provider text>providers.id, seq whole", keyed=True)
_table("payment_references", "*provider text>providers.id, *reference text, figures text", keyed=True)
_table(
    "plans",
    "*id text, provider text, product text>products.id, body octets, version whole, created whole, withdrawn whole?",
    sa.Index(None, "product"),
)
_table("policies", "*provider text>providers.id, *version whole, body octets, published whole", keyed=True)
_table("recovery", "*user text>users.id, *digest octets", keyed=True)
_table(
    "webhooks",
    "*id text, provider text>providers.id, url text, events text, note text, secrets octets, seq whole, "
    "failing_since whole?, disabled whole?, reason text, version whole, created whole",
    sa.Index(None, "provider", "id"),
)
_table(
    "accounts",
    "*customer text>customers.id, provider text>providers.id, currency text, credit_limit whole, balance "
    "whole, reserve whole, settled_at whole, next_due whole?, version whole",
    sa.CheckConstraint("credit_limit >= 0", name="credit_limit"),
    sa.CheckConstraint("reserve >= 0", name="reserve"),
    sa.Index(None, "next_due"),
    sa.Index(None, "provider", "customer"),
)
_table(
    "audit",
    "*id text, seq whole, provider text?>providers.id, customer text?>customers.id, at whole, who text, "
    "name text, kind text, address text, what text, detail text",
    sa.Index(None, "at"),
    sa.Index(None, "provider", "seq"),
    sa.Index(None, "seq"),
    sa.Index(None, "who", "what"),
)
_table(
    "deliveries",
    "*id text, provider text>providers.id, webhook text>webhooks.id, seq whole?, kind text, body octets, "
    "replay_of text?, state text, created whole, due whole?, tries whole, tried whole?, status whole?, "
    "answer text, fault text",
    sa.Index(None, "created"),
    sa.Index(None, "due"),
    sa.Index(None, "webhook", "id"),
)
_table(
    "invitations",
    "*id text, digest octets, email text, name text, place text, kind text, provider text?>providers.id, "
    "customer text?>customers.id, role text, by_actor text, created whole, expires whole, mailed octets?",
    sa.UniqueConstraint("digest"),
    sa.UniqueConstraint("place", "email"),
    sa.Index(None, "expires"),
    sa.Index(None, "mailed"),
)
_table(
    "memberships",
    "*id text, user text>users.id, place text, kind text, provider text?>providers.id, customer "
    "text?>customers.id, role text, created whole, last_use whole?, by_mail whole?",
    sa.UniqueConstraint("user", "place"),
    sa.Index(None, "place", "user"),
)
_table(
    "offers",
    "*id text, provider text>providers.id, plan text>plans.id, body octets, version whole, created whole, "
    "withdrawn whole?",
    sa.Index(None, "plan"),
    sa.Index(None, "provider", "id"),
)
_table(
    "subscriptions",
    "*id text, provider text>providers.id, customer text>customers.id, product text>products.id, trial "
    "whole, revision whole, head_hash octets, next_change whole?, created whole",
    sa.Index(None, "customer", "product"),
    sa.Index(None, "next_change"),
    sa.Index(None, "provider", "id"),
)
_table(
    "tokens",
    "*digest octets, id text, provider text?>providers.id, customer text?>customers.id, role text, scopes "
    "text, name text, created whole, expires whole?, last_use whole?, withdrawn whole?",
    sa.UniqueConstraint("id"),
    sa.Index(None, "provider", "id"),
    keyed=True,
)
_table("trials", "*provider text>providers.id, *customer text>customers.id, *product text>products.id", keyed=True)
_table("announcements", "*subscription text>subscriptions.id, *kind text, *since whole", keyed=True)
_table(
    "codes",
    "*digest octets, id text, provider text, subscription text>subscriptions.id, last_group text, state "
    "text, created whole",
    sa.UniqueConstraint("id"),
    sa.Index(None, "subscription"),
    keyed=True,
)
_table(
    "facts",
    "*subscription text>subscriptions.id, *seq whole, provider text, kind text, at whole, recorded_at "
    "whole, by_actor text, body octets, prev_hash octets, hash octets",
)
_table(
    "order_requests",
    "*id text, provider text>providers.id, customer text>accounts.customer, offer text>offers.id, devices "
    "whole, note text, by_actor text, created whole, ordered_at whole?, declined_at whole?, withdrawn_at "
    "whole?, subscription text?>subscriptions.id, reason text",
    sa.Index(None, "customer", "id"),
    sa.Index(None, "provider", "id"),
)
_table(
    "outbox",
    "*provider text>providers.id, *seq whole, kind text, subscription text?>subscriptions.id, since "
    "whole, created whole, body octets",
)
_table(
    "payment_requests",
    "*id text, provider text>providers.id, customer text>accounts.customer, subscription "
    "text?>subscriptions.id, reference text, amount whole, note text, by_actor text, created whole, "
    "expires whole, withdrawn_at whole?, booked_at whole?, booked_as text?, paid whole",
    sa.UniqueConstraint("provider", "reference"),
    sa.Index(None, "customer", "id"),
    sa.Index(None, "provider", "id"),
)
_table(
    "postings",
    "*provider text>providers.id, *seq whole, customer text>accounts.customer, kind text, at whole, "
    "recorded_at whole, by_actor text, subscription text?>subscriptions.id, once text?, body octets, "
    "prev_hash octets, hash octets",
    sa.UniqueConstraint("provider", "once"),
    sa.Index(None, "customer", "seq"),
)
_table(
    "sessions",
    "*digest octets, id text, user text>users.id, membership text?>memberships.id, purpose text, created "
    "whole, expires whole, last_use whole, address text, browser text?",
    sa.UniqueConstraint("id"),
    sa.Index(None, "expires"),
    sa.Index(None, "membership"),
    sa.Index(None, "user"),
    keyed=True,
)
_table(
    "sites",
    "*id text, provider text>providers.id, customer text>customers.id, product text>products.id, "
    "subscription text>subscriptions.id, successor text?>subscriptions.id, thumbprint text, jwk octets, "
    "state text, created whole, name text, version text, body octets, token octets, last_request text, "
    "answer octets, serial whole, epoch whole, revision whole, acked_serial whole, lease_until whole, "
    "promised_until whole, allotment whole, devices whole, devices_digest text, last_contact whole?, "
    "next_sync whole?, forked_at whole?, token_count whole, last_path text, last_trigger text, pace "
    "octets, installation text=server, ephemeral whole=0",
    sa.UniqueConstraint("thumbprint", "product"),
    sa.Index(None, "ephemeral", "id"),
    sa.Index(None, "provider", "id"),
    sa.Index(None, "subscription"),
    sa.Index(None, "successor"),
)
_table(
    "standings",
    "*subscription text>subscriptions.id, provider text, customer text, product text, plan text, kind "
    "text, devices whole, active_from whole?, paid_until whole?, ended_at whole?, paused_from whole?, "
    "paused_until whole?, canceled_at whole?, last_group text, body octets, ordered_at whole, due_at "
    "whole?, price whole, automatic whole, reserved whole, failed_at whole?",
    sa.Index("ix_standings_due", "provider", "due_at", "ended_at", "price"),
    sa.Index("ix_standings_phases", "provider", "active_from", "ended_at", "paused_from", "paused_until", "paid_until"),
    sa.Index(None, "provider", "customer", "subscription"),
    sa.Index(None, "provider", "ended_at"),
    sa.Index(None, "provider", "failed_at"),
    sa.Index(None, "provider", "last_group"),
    sa.Index(None, "provider", "paid_until"),
    sa.Index(None, "provider", "subscription"),
    sa.Index("ix_standings_wanting", "provider", "automatic", "reserved", "customer", "due_at", "ended_at", "price"),
)
_table(
    "stays",
    "*subscription text>subscriptions.id, *site text, *came whole, provider text>providers.id, until "
    "whole, counted whole",
    sa.Index(None, "counted", "until"),
    keyed=True,
)
_table(
    "waiting_codes",
    "*subscription text>subscriptions.id, provider text, last_group text, sealed octets, in_mail whole, "
    "created whole, until whole, shown_at whole?",
    sa.Index(None, "until"),
    keyed=True,
)
_table(
    "entries",
    "*provider text, *seq whole, *account text, customer text, amount whole",
    sa.ForeignKeyConstraint(["provider", "seq"], ["postings.provider", "postings.seq"]),
    sa.Index(None, "customer", "account"),
)
_table(
    "leases",
    "*site text>sites.id, *epoch whole, *serial whole, *slot text, provider text, subscription "
    "text>subscriptions.id, revision whole, signed_at whole, until whole, contact_until whole, acked_at "
    "whole?, digest octets, body octets?",
    sa.Index(None, "subscription"),
)
_table(
    "places",
    "*site text>sites.id, *subscription text>subscriptions.id, provider text>providers.id, since whole, "
    "signed whole, until whole, waits whole, after whole",
    sa.Index(None, "subscription", "until"),
)

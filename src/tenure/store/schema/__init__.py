"""The tables (state of record and projections, [spec: state-of-record]), one module per subject, gathered here.

`METADATA` is what the sum of all migrations must equal; `REVISIONS` names the migrations, oldest first.
"""

from tenure.store.schema.catalog import chains, documents, offers, plans, policies, products, provider_links
from tenure.store.schema.columns import METADATA
from tenure.store.schema.messages import deliveries, email_cursors, webhooks
from tenure.store.schema.money import accounts, entries, gateways, payment_references, payment_requests, postings
from tenure.store.schema.sites import leases, places, sites, stays
from tenure.store.schema.subscriptions import (
    codes,
    facts,
    order_requests,
    standings,
    subscriptions,
    trials,
    waiting_codes,
)
from tenure.store.schema.team import audit, invitations, memberships, recovery, sessions, users
from tenure.store.schema.tenants import customers, providers, tokens
from tenure.store.schema.traffic import (
    announcements,
    browser_values,
    emails,
    idempotency,
    meta,
    outbox,
    outbox_heads,
    throttles,
)
from tenure.store.schema.triggers import APPEND_ONLY, trigger_statements

REVISIONS = ("0001", "0002")
HEAD = REVISIONS[-1]
APPLICATION = "tenure"
APPLICATION_ID = 0x54656E75
"""`Tenu`: SQLite's `application_id`, by which a file says whose it is."""

TENANT_TABLES = (
    customers,
    offers,
    policies,
    subscriptions,
    trials,
    facts,
    order_requests,
    codes,
    waiting_codes,
    standings,
    accounts,
    postings,
    entries,
    payment_requests,
    payment_references,
    gateways,
    sites,
    places,
    stays,
    leases,
    outbox,
    webhooks,
    deliveries,
    email_cursors,
)

__all__ = [
    "APPEND_ONLY",
    "APPLICATION",
    "APPLICATION_ID",
    "HEAD",
    "METADATA",
    "REVISIONS",
    "TENANT_TABLES",
    "accounts",
    "announcements",
    "audit",
    "browser_values",
    "chains",
    "codes",
    "customers",
    "deliveries",
    "documents",
    "email_cursors",
    "emails",
    "entries",
    "facts",
    "gateways",
    "idempotency",
    "invitations",
    "leases",
    "memberships",
    "meta",
    "offers",
    "order_requests",
    "outbox",
    "outbox_heads",
    "payment_references",
    "payment_requests",
    "places",
    "plans",
    "policies",
    "postings",
    "products",
    "provider_links",
    "providers",
    "recovery",
    "sessions",
    "sites",
    "standings",
    "stays",
    "subscriptions",
    "throttles",
    "tokens",
    "trials",
    "trigger_statements",
    "users",
    "waiting_codes",
    "webhooks",
]

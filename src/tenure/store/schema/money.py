"""Tables of prepaid money: an account per customer, postings and their entries.

The account is the unit of lock and of settlement [spec: settlement]. Its balance and reserve repeat what the entries
sum up to, so that guards in the database can keep both from being taken below their bounds (`triggers`: a balance may
stand below a credit limit that was lowered afterwards, but nothing more is taken from it); `audit.drift` compares.
"""

import sqlalchemy as sa

from tenure.store.schema.columns import (
    KEYED,
    METADATA,
    STRICT,
    maybe_octets,
    maybe_text,
    maybe_whole,
    octets,
    text,
    to,
    whole,
)


class AccountColumns(sa.TypedColumns):
    """Minor units; settled up to `settled_at`, again from `next_due` on (none: never); `version` counts writes."""

    customer = text(to("customers.id"), key=True)
    provider = text(to("providers.id"))
    currency = text()
    credit_limit = whole()
    balance = whole()
    reserve = whole()
    settled_at = whole()
    next_due = maybe_whole()
    version = whole()


class PostingColumns(sa.TypedColumns):
    """One booking; a link of the provider's ledger chain. `body` is the whole of it, entries included.

    `once` names what may be booked one time only: a top-up's reference, a subscription's period.
    """

    provider = text(to("providers.id"), key=True)
    seq = whole(key=True)
    customer = text(to("accounts.customer"))
    kind = text()
    at = whole()
    recorded_at = whole()
    by_actor = text()
    subscription = maybe_text(to("subscriptions.id"))
    once = maybe_text()
    body = octets()
    prev_hash = octets()
    hash = octets()


class EntryColumns(sa.TypedColumns):
    """One side of a booking: `account` is `balance`, `reserve`, `revenue` or `clearing`; they sum to zero."""

    provider = text(key=True)
    seq = whole(key=True)
    account = text(key=True)
    customer = text()
    amount = whole()


class PaymentRequestColumns(sa.TypedColumns):
    """What a customer was asked, or asks, to pay; instants, never states. `reference` is what the payer quotes."""

    id = text(key=True)
    provider = text(to("providers.id"))
    customer = text(to("accounts.customer"))
    subscription = maybe_text(to("subscriptions.id"))
    reference = text()
    amount = whole()
    note = text()
    by_actor = text()
    created = whole()
    expires = whole()
    withdrawn_at = maybe_whole()
    booked_at = maybe_whole()
    booked_as = maybe_text()
    paid = whole()


class ReferenceColumns(sa.TypedColumns):
    """For what a payment made outside was recorded; `figures` is a line for each thing it paid."""

    provider = text(to("providers.id"), key=True)
    reference = text(key=True)
    figures = text()


class GatewayColumns(sa.TypedColumns):
    """How a provider's customers pay: words for them, and the encrypted secret that payment notifications prove."""

    provider = text(to("providers.id"), key=True)
    instructions = text()
    request_days = whole()
    secret = maybe_octets()
    secret_since = maybe_whole()
    version = whole()
    old_secret = maybe_octets()
    old_until = maybe_whole()


accounts = sa.Table(
    "accounts",
    METADATA,
    AccountColumns,
    sa.CheckConstraint("credit_limit >= 0", name="credit_limit"),
    sa.CheckConstraint("reserve >= 0", name="reserve"),
    sa.Index(None, "provider", "customer"),
    sa.Index(None, "next_due"),
    **STRICT,
)
postings = sa.Table(
    "postings",
    METADATA,
    PostingColumns,
    sa.Index(None, "customer", "seq"),
    sa.UniqueConstraint("provider", "once"),
    **STRICT,
)
entries = sa.Table(
    "entries",
    METADATA,
    EntryColumns,
    sa.ForeignKeyConstraint(["provider", "seq"], ["postings.provider", "postings.seq"]),
    sa.Index(None, "customer", "account"),
    **STRICT,
)
payment_requests = sa.Table(
    "payment_requests",
    METADATA,
    PaymentRequestColumns,
    sa.UniqueConstraint("provider", "reference"),
    sa.Index(None, "provider", "id"),
    sa.Index(None, "customer", "id"),
    **STRICT,
)
payment_references = sa.Table("payment_references", METADATA, ReferenceColumns, **KEYED)
gateways = sa.Table("gateways", METADATA, GatewayColumns, **KEYED)

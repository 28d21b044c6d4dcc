"""Tables of prepaid money: an account per customer, postings and their entries.

The account is the unit of lock and of settlement [spec: settlement]. Its balance and reserve repeat what the entries
sum up to, so that guards in the database can keep both from being taken below their bounds (`triggers`: a balance may
stand below a credit limit that was lowered afterwards, but nothing more is taken from it); `audit.drifted_accounts`
compares.
"""

import sqlalchemy as sa

from tenure.store.schema.columns import (
    KEYED,
    METADATA,
    STRICT,
    bytes_column,
    foreign_key,
    integer_column,
    maybe_octets,
    maybe_text,
    maybe_whole,
    text_column,
)


class AccountColumns(sa.TypedColumns):
    """Minor units; settled up to `settled_at`, again from `next_due` on (none: never); `version` counts writes."""

    customer = text_column(foreign_key("customers.id"), key=True)
    provider = text_column(foreign_key("providers.id"))
    currency = text_column()
    credit_limit = integer_column()
    balance = integer_column()
    reserve = integer_column()
    settled_at = integer_column()
    next_due = maybe_whole()
    version = integer_column()


class PostingColumns(sa.TypedColumns):
    """One booking; a link of the provider's ledger chain. `body` is the whole of it, entries included.

    `once` names what may be booked one time only: a top-up's reference, a subscription's period.
    """

    provider = text_column(foreign_key("providers.id"), key=True)
    seq = integer_column(key=True)
    customer = text_column(foreign_key("accounts.customer"))
    kind = text_column()
    at = integer_column()
    recorded_at = integer_column()
    by_actor = text_column()
    subscription = maybe_text(foreign_key("subscriptions.id"))
    once = maybe_text()
    body = bytes_column()
    prev_hash = bytes_column()
    hash = bytes_column()


class EntryColumns(sa.TypedColumns):
    """One side of a booking: `account` is `balance`, `reserve`, `revenue` or `clearing`; they sum to zero."""

    provider = text_column(key=True)
    seq = integer_column(key=True)
    account = text_column(key=True)
    customer = text_column()
    amount = integer_column()


class PaymentRequestColumns(sa.TypedColumns):
    """What a customer was asked, or asks, to pay; instants, never states. `reference` is what the payer quotes."""

    id = text_column(key=True)
    provider = text_column(foreign_key("providers.id"))
    customer = text_column(foreign_key("accounts.customer"))
    subscription = maybe_text(foreign_key("subscriptions.id"))
    reference = text_column()
    amount = integer_column()
    note = text_column()
    by_actor = text_column()
    created = integer_column()
    expires = integer_column()
    withdrawn_at = maybe_whole()
    booked_at = maybe_whole()
    booked_as = maybe_text()
    paid = integer_column()


class ReferenceColumns(sa.TypedColumns):
    """For what a payment made outside was recorded; `figures` is a line for each thing it paid."""

    provider = text_column(foreign_key("providers.id"), key=True)
    reference = text_column(key=True)
    figures = text_column()


class GatewayColumns(sa.TypedColumns):
    """How a provider's customers pay: words for them, and the encrypted secret that payment notifications prove."""

    provider = text_column(foreign_key("providers.id"), key=True)
    instructions = text_column()
    request_days = integer_column()
    secret = maybe_octets()
    secret_since = maybe_whole()
    version = integer_column()
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

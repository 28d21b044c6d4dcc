"""Tables of subscriptions: their head, their facts, their codes, and the projection that lists are made from."""

import sqlalchemy as sa

from tenure.store.schema.columns import (
    KEYED,
    METADATA,
    STRICT,
    bytes_column,
    foreign_key,
    integer_column,
    maybe_text,
    maybe_whole,
    text_column,
)


class SubscriptionColumns(sa.TypedColumns):
    """The head of a history: `revision` facts so far, the last one's hash, and when to look again."""

    id = text_column(key=True)
    provider = text_column(foreign_key("providers.id"))
    customer = text_column(foreign_key("customers.id"))
    product = text_column(foreign_key("products.id"))
    trial = integer_column()
    revision = integer_column()
    head_hash = bytes_column()
    next_change = maybe_whole()
    created = integer_column()


class TrialColumns(sa.TypedColumns):
    """Who has had a trial of what; it stays when the subscription goes to another customer."""

    provider = text_column(foreign_key("providers.id"), key=True)
    customer = text_column(foreign_key("customers.id"), key=True)
    product = text_column(foreign_key("products.id"), key=True)


class FactColumns(sa.TypedColumns):
    """What has happened, numbered from 1; never changed, never deleted."""

    subscription = text_column(foreign_key("subscriptions.id"), key=True)
    seq = integer_column(key=True)
    provider = text_column()
    kind = text_column()
    at = integer_column()
    recorded_at = integer_column()
    by_actor = text_column()
    body = bytes_column()
    prev_hash = bytes_column()
    hash = bytes_column()


class CodeColumns(sa.TypedColumns):
    """An activation code: its keyed hash and what may be shown of it."""

    digest = bytes_column(key=True)
    id = text_column()
    provider = text_column()
    subscription = text_column(foreign_key("subscriptions.id"))
    last_group = text_column()
    state = text_column()
    created = integer_column()


class WaitingCodeColumns(sa.TypedColumns):
    """A code that its customer has not been shown, sealed until `until`; then, and once shown, `sealed` is empty.

    Instants are real time, also of sandboxes: they are about a user who reads an email.
    """

    subscription = text_column(foreign_key("subscriptions.id"), key=True)
    provider = text_column()
    last_group = text_column()
    sealed = bytes_column()
    in_mail = integer_column()
    created = integer_column()
    until = integer_column()
    shown_at = maybe_whole()


class StandingColumns(sa.TypedColumns):
    """Projection: instants, never phases; `tenure rebuild` may drop it. A missing instant means never."""

    subscription = text_column(foreign_key("subscriptions.id"), key=True)
    provider = text_column()
    customer = text_column()
    product = text_column()
    plan = text_column()
    kind = text_column()
    devices = integer_column()
    active_from = maybe_whole()
    paid_until = maybe_whole()
    ended_at = maybe_whole()
    paused_from = maybe_whole()
    paused_until = maybe_whole()
    canceled_at = maybe_whole()
    last_group = text_column()
    body = bytes_column()
    ordered_at = integer_column()
    due_at = maybe_whole()
    price = integer_column()
    automatic = integer_column()
    reserved = integer_column()
    failed_at = maybe_whole()


class OrderRequestColumns(sa.TypedColumns):
    """An order that a customer asks its provider for; instants, never states. `subscription` is what came of it."""

    id = text_column(key=True)
    provider = text_column(foreign_key("providers.id"))
    customer = text_column(foreign_key("accounts.customer"))
    offer = text_column(foreign_key("offers.id"))
    devices = integer_column()
    note = text_column()
    by_actor = text_column()
    created = integer_column()
    ordered_at = maybe_whole()
    declined_at = maybe_whole()
    withdrawn_at = maybe_whole()
    subscription = maybe_text(foreign_key("subscriptions.id"))
    reason = text_column()


subscriptions = sa.Table(
    "subscriptions",
    METADATA,
    SubscriptionColumns,
    sa.Index(None, "provider", "id"),
    sa.Index(None, "customer", "product"),
    sa.Index(None, "next_change"),
    **STRICT,
)
trials = sa.Table("trials", METADATA, TrialColumns, **KEYED)
facts = sa.Table("facts", METADATA, FactColumns, **STRICT)
codes = sa.Table("codes", METADATA, CodeColumns, sa.UniqueConstraint("id"), sa.Index(None, "subscription"), **KEYED)
waiting_codes = sa.Table("waiting_codes", METADATA, WaitingCodeColumns, sa.Index(None, "until"), **KEYED)
standings = sa.Table(
    "standings",
    METADATA,
    StandingColumns,
    sa.Index(None, "provider", "subscription"),
    sa.Index(None, "provider", "customer", "subscription"),
    sa.Index(None, "provider", "paid_until"),
    sa.Index(None, "provider", "ended_at"),
    sa.Index(None, "provider", "failed_at"),
    sa.Index(None, "provider", "last_group"),
    # Phases are counted, and what falls due is summed up, in the index alone.
    sa.Index("ix_standings_due", "provider", "due_at", "ended_at", "price"),
    sa.Index("ix_standings_wanting", "provider", "automatic", "reserved", "customer", "due_at", "ended_at", "price"),
    sa.Index("ix_standings_phases", "provider", "active_from", "ended_at", "paused_from", "paused_until", "paid_until"),
    **STRICT,
)
order_requests = sa.Table(
    "order_requests",
    METADATA,
    OrderRequestColumns,
    sa.Index(None, "provider", "id"),
    sa.Index(None, "customer", "id"),
    **STRICT,
)

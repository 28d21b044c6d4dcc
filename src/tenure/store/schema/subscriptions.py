"""Tables of subscriptions: their head, their facts, their codes, and the projection that lists are made from."""

import sqlalchemy as sa

from tenure.store.schema.columns import KEYED, METADATA, STRICT, maybe_text, maybe_whole, octets, text, to, whole


class SubscriptionColumns(sa.TypedColumns):
    """The head of a history: `revision` facts so far, the last one's hash, and when to look again."""

    id = text(key=True)
    provider = text(to("providers.id"))
    customer = text(to("customers.id"))
    product = text(to("products.id"))
    trial = whole()
    revision = whole()
    head_hash = octets()
    next_change = maybe_whole()
    created = whole()


class TrialColumns(sa.TypedColumns):
    """Who has had a trial of what; it stays when the subscription goes to another customer."""

    provider = text(to("providers.id"), key=True)
    customer = text(to("customers.id"), key=True)
    product = text(to("products.id"), key=True)


class FactColumns(sa.TypedColumns):
    """What has happened, numbered from 1; never changed, never deleted."""

    subscription = text(to("subscriptions.id"), key=True)
    seq = whole(key=True)
    provider = text()
    kind = text()
    at = whole()
    recorded_at = whole()
    by_actor = text()
    body = octets()
    prev_hash = octets()
    hash = octets()


class CodeColumns(sa.TypedColumns):
    """An activation code: its keyed hash and what may be shown of it."""

    digest = octets(key=True)
    id = text()
    provider = text()
    subscription = text(to("subscriptions.id"))
    last_group = text()
    state = text()
    created = whole()


class WaitingCodeColumns(sa.TypedColumns):
    """A code that its customer has not been shown, sealed until `until`; then, and once shown, `sealed` is empty.

    Instants are real time, also of sandboxes: they are about a person who reads a mail.
    """

    subscription = text(to("subscriptions.id"), key=True)
    provider = text()
    last_group = text()
    sealed = octets()
    in_mail = whole()
    created = whole()
    until = whole()
    shown_at = maybe_whole()


class StandingColumns(sa.TypedColumns):
    """Projection: instants, never phases; `tenure rebuild` may drop it. A missing instant means never."""

    subscription = text(to("subscriptions.id"), key=True)
    provider = text()
    customer = text()
    product = text()
    plan = text()
    kind = text()
    devices = whole()
    active_from = maybe_whole()
    paid_until = maybe_whole()
    ended_at = maybe_whole()
    paused_from = maybe_whole()
    paused_until = maybe_whole()
    cancelled_at = maybe_whole()
    last_group = text()
    body = octets()
    ordered_at = whole()
    due_at = maybe_whole()
    price = whole()
    automatic = whole()
    reserved = whole()
    failed_at = maybe_whole()


class OrderRequestColumns(sa.TypedColumns):
    """An order that a customer asks its provider for; instants, never states. `subscription` is what came of it."""

    id = text(key=True)
    provider = text(to("providers.id"))
    customer = text(to("accounts.customer"))
    offer = text(to("offers.id"))
    devices = whole()
    note = text()
    by_actor = text()
    created = whole()
    ordered_at = maybe_whole()
    declined_at = maybe_whole()
    withdrawn_at = maybe_whole()
    subscription = maybe_text(to("subscriptions.id"))
    reason = text()


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

"""Tables that carry no business: repeated requests, what is still to be told, counters that slow strangers down."""

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


class MetaColumns(sa.TypedColumns):
    """What this database is: `application` is always `tenure`."""

    key = text_column(key=True)
    value = text_column()


class IdempotencyColumns(sa.TypedColumns):
    """One request by scope (token and route) and key; `sealed` 1: the answer holds a secret and is encrypted."""

    scope = text_column(key=True)
    key = text_column(key=True)
    payload_hash = bytes_column()
    state = text_column()
    sealed = integer_column()
    answer = maybe_octets()
    created = integer_column()


class OutboxColumns(sa.TypedColumns):
    """What happened, for mail, webhooks and the pull feed: one gapless sequence per provider."""

    provider = text_column(foreign_key("providers.id"), key=True)
    seq = integer_column(key=True)
    kind = text_column()
    subscription = maybe_text(foreign_key("subscriptions.id"))
    since = integer_column()
    created = integer_column()
    body = bytes_column()


class OutboxHeadColumns(sa.TypedColumns):
    """The last number given out, so that it has no gap even where transactions fail."""

    provider = text_column(foreign_key("providers.id"), key=True)
    seq = integer_column()


class AnnouncementColumns(sa.TypedColumns):
    """What was announced: each kind once per subscription and instant at which it became true."""

    subscription = text_column(foreign_key("subscriptions.id"), key=True)
    kind = text_column(key=True)
    since = integer_column(key=True)


class EmailColumns(sa.TypedColumns):
    """A mail to be sent, of a provider or (none) the vendor; `body` is encrypted until it is sent, then empty.

    `mailbox` is the recipient as its mails are counted: lower case, without a `+tag`.
    """

    id = text_column(key=True)
    provider = maybe_text(foreign_key("providers.id"))
    recipient = text_column()
    template = text_column()
    body = bytes_column()
    created = integer_column()
    due = maybe_whole()
    tries = integer_column()
    sent = maybe_whole()
    fault = text_column()
    mailbox = maybe_text()


class BrowserValueColumns(sa.TypedColumns):
    """What a portal keeps for a browser, sealed with a secret of that browser: see `store.browser_values`."""

    digest = bytes_column(key=True)
    kind = text_column()
    owner = text_column()
    browser = bytes_column()
    sealed = bytes_column()
    size = integer_column()
    created = integer_column()
    last_use = integer_column()


class ThrottleColumns(sa.TypedColumns):
    """How often something was tried; counted since `began`."""

    key = text_column(key=True)
    began = integer_column(key=True)
    count = integer_column()


meta = sa.Table("meta", METADATA, MetaColumns, **KEYED)
idempotency = sa.Table("idempotency", METADATA, IdempotencyColumns, sa.Index(None, "created"), **STRICT)
outbox = sa.Table("outbox", METADATA, OutboxColumns, **STRICT)
outbox_heads = sa.Table("outbox_heads", METADATA, OutboxHeadColumns, **KEYED)
announcements = sa.Table("announcements", METADATA, AnnouncementColumns, **KEYED)
emails = sa.Table(
    "emails",
    METADATA,
    EmailColumns,
    sa.Index(None, "due"),
    sa.Index(None, "provider", "id"),
    sa.Index(None, "mailbox", "created"),
    sa.Index(None, "provider", "created"),
    **STRICT,
)
throttles = sa.Table("throttles", METADATA, ThrottleColumns, sa.Index(None, "began"), **KEYED)
browser_values = sa.Table(
    "browser_values",
    METADATA,
    BrowserValueColumns,
    sa.Index(None, "kind", "owner", "created"),
    sa.Index(None, "browser"),
    **STRICT,
)

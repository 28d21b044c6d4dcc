"""Tables that carry no business: repeated requests, what is still to be told, counters that slow strangers down."""

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


class MetaColumns(sa.TypedColumns):
    """What this database is: `application` is always `tenure`."""

    key = text(key=True)
    value = text()


class IdempotencyColumns(sa.TypedColumns):
    """One request by scope (token and route) and key; `sealed` 1: the answer holds a secret and is encrypted."""

    scope = text(key=True)
    key = text(key=True)
    payload_hash = octets()
    state = text()
    sealed = whole()
    answer = maybe_octets()
    created = whole()


class OutboxColumns(sa.TypedColumns):
    """What happened, for mail, webhooks and the pull feed: one gapless sequence per provider."""

    provider = text(to("providers.id"), key=True)
    seq = whole(key=True)
    kind = text()
    subscription = maybe_text(to("subscriptions.id"))
    since = whole()
    created = whole()
    body = octets()


class OutboxHeadColumns(sa.TypedColumns):
    """The last number given out, so that it has no gap even where transactions fail."""

    provider = text(to("providers.id"), key=True)
    seq = whole()


class AnnouncementColumns(sa.TypedColumns):
    """What was announced: each kind once per subscription and instant at which it became true."""

    subscription = text(to("subscriptions.id"), key=True)
    kind = text(key=True)
    since = whole(key=True)


class LetterColumns(sa.TypedColumns):
    """A mail to be sent, of a provider or (none) the vendor; `body` is encrypted until it is sent, then empty.

    `mailbox` is the recipient as its mails are counted: lower case, without a `+tag`.
    """

    id = text(key=True)
    provider = maybe_text(to("providers.id"))
    recipient = text()
    template = text()
    body = octets()
    created = whole()
    due = maybe_whole()
    tries = whole()
    sent = maybe_whole()
    fault = text()
    mailbox = maybe_text()


class ThrottleColumns(sa.TypedColumns):
    """How often something was tried; counted since `began`."""

    key = text(key=True)
    began = whole(key=True)
    count = whole()


meta = sa.Table("meta", METADATA, MetaColumns, **KEYED)
idempotency = sa.Table("idempotency", METADATA, IdempotencyColumns, sa.Index(None, "created"), **STRICT)
outbox = sa.Table("outbox", METADATA, OutboxColumns, **STRICT)
outbox_heads = sa.Table("outbox_heads", METADATA, OutboxHeadColumns, **KEYED)
announcements = sa.Table("announcements", METADATA, AnnouncementColumns, **KEYED)
letters = sa.Table(
    "letters",
    METADATA,
    LetterColumns,
    sa.Index(None, "due"),
    sa.Index(None, "provider", "id"),
    sa.Index(None, "mailbox", "created"),
    sa.Index(None, "provider", "created"),
    **STRICT,
)
throttles = sa.Table("throttles", METADATA, ThrottleColumns, sa.Index(None, "began"), **KEYED)

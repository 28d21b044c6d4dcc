"""Tables of what leaves the server by itself: webhooks with their deliveries, and how far the feed was read for mails.

All instants here are real time, also of sandboxes: no provider can move the clock of a receiver.
"""

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


class WebhookColumns(sa.TypedColumns):
    """An address that is told what happens; `seq` is the last number of the feed that became deliveries."""

    id = text_column(key=True)
    provider = text_column(foreign_key("providers.id"))
    url = text_column()
    events = text_column()
    note = text_column()
    secrets = bytes_column()
    seq = integer_column()
    failing_since = maybe_whole()
    disabled = maybe_whole()
    reason = text_column()
    version = integer_column()
    created = integer_column()


class DeliveryColumns(sa.TypedColumns):
    """One thing to tell one webhook; `due` None: not tried any more. Claimed by moving `due` on before trying."""

    id = text_column(key=True)
    provider = text_column(foreign_key("providers.id"))
    webhook = text_column(foreign_key("webhooks.id"))
    seq = maybe_whole()
    kind = text_column()
    body = bytes_column()
    replay_of = maybe_text()
    state = text_column()
    created = integer_column()
    due = maybe_whole()
    tries = integer_column()
    tried = maybe_whole()
    status = maybe_whole()
    answer = text_column()
    fault = text_column()


class EmailCursorColumns(sa.TypedColumns):
    """Up to which number of a provider's feed mails have been written."""

    provider = text_column(foreign_key("providers.id"), key=True)
    seq = integer_column()


webhooks = sa.Table("webhooks", METADATA, WebhookColumns, sa.Index(None, "provider", "id"), **STRICT)
deliveries = sa.Table(
    "deliveries",
    METADATA,
    DeliveryColumns,
    sa.Index(None, "due"),
    sa.Index(None, "webhook", "id"),
    sa.Index(None, "created"),
    **STRICT,
)
email_cursors = sa.Table("email_cursors", METADATA, EmailCursorColumns, **KEYED)

"""Tables of what leaves the server by itself: webhooks with their deliveries, and how far the feed was read for mails.

All instants here are real time, also of sandboxes: the other side's clock is nobody's to move.
"""

import sqlalchemy as sa

from tenure.store.schema.columns import (
    KEYED,
    METADATA,
    STRICT,
    maybe_text,
    maybe_whole,
    octets,
    text,
    to,
    whole,
)


class WebhookColumns(sa.TypedColumns):
    """An address that is told what happens; `seq` is the last number of the feed that became deliveries."""

    id = text(key=True)
    provider = text(to("providers.id"))
    url = text()
    events = text()
    note = text()
    secrets = octets()
    seq = whole()
    failing_since = maybe_whole()
    disabled = maybe_whole()
    reason = text()
    version = whole()
    created = whole()


class DeliveryColumns(sa.TypedColumns):
    """One thing to tell one webhook; `due` None: not tried any more. Claimed by moving `due` on before trying."""

    id = text(key=True)
    provider = text(to("providers.id"))
    webhook = text(to("webhooks.id"))
    seq = maybe_whole()
    kind = text()
    body = octets()
    replay_of = maybe_text()
    state = text()
    created = whole()
    due = maybe_whole()
    tries = whole()
    tried = maybe_whole()
    status = maybe_whole()
    answer = text()
    fault = text()


class MailedColumns(sa.TypedColumns):
    """Up to which number of a provider's feed mails have been written."""

    provider = text(to("providers.id"), key=True)
    seq = whole()


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
mailed = sa.Table("mailed", METADATA, MailedColumns, **KEYED)

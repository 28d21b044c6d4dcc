"""Tables of sites: what every synchronization reads and writes, kept small, and beside it what it seldom needs."""

import sqlalchemy as sa

from tenure.store.schema.columns import (
    KEYED,
    METADATA,
    STRICT,
    added_text,
    added_whole,
    bytes_column,
    foreign_key,
    integer_column,
    maybe_octets,
    maybe_text,
    maybe_whole,
    text_column,
)


class SiteColumns(sa.TypedColumns):
    """One key's use of one product. No column that a synchronization changes is indexed.

    `token` is the current state token, `token_count` its number; `answer` the stored answer to `last_request`.
    `promised_until` is the last instant that a lease not yet acknowledged as replaced promises. `pace` is the
    server's own: what of the newest lease says how long nothing is new.
    """

    id = text_column(key=True)
    provider = text_column(foreign_key("providers.id"))
    customer = text_column(foreign_key("customers.id"))
    product = text_column(foreign_key("products.id"))
    subscription = text_column(foreign_key("subscriptions.id"))
    successor = maybe_text(foreign_key("subscriptions.id"))
    thumbprint = text_column()
    jwk = bytes_column()
    state = text_column()
    created = integer_column()
    name = text_column()
    version = text_column()
    body = bytes_column()
    token = bytes_column()
    last_request = text_column()
    answer = bytes_column()
    serial = integer_column()
    epoch = integer_column()
    revision = integer_column()
    acked_serial = integer_column()
    lease_until = integer_column()
    promised_until = integer_column()
    allotment = integer_column()
    devices = integer_column()
    devices_digest = text_column()
    last_contact = maybe_whole()
    next_sync = maybe_whole()
    forked_at = maybe_whole()
    token_count = integer_column()
    last_path = text_column()
    last_trigger = text_column()
    pace = bytes_column()
    installation = added_text("server")
    ephemeral = added_whole(0)


class PlaceColumns(sa.TypedColumns):
    """The place that a standalone application takes of a subscription's devices, one row for each that it may go by.

    `signed` is when the last word of it was signed, `until` when that is over; `waits` whether silence is waited for
    beyond that. `after` is the serial of the newest lease when the application went to another subscription: a later
    one that it goes by replaces what this was.
    """

    site = text_column(foreign_key("sites.id"), key=True)
    subscription = text_column(foreign_key("subscriptions.id"), key=True)
    provider = text_column(foreign_key("providers.id"))
    since = integer_column()
    signed = integer_column()
    until = integer_column()
    waits = integer_column()
    after = integer_column()


class StayColumns(sa.TypedColumns):
    """Ephemeral applications in a subscription, from coming to going, kept until both are in a day's fact and a while.

    `counted`: 0 neither is, 1 the coming, 2 both. No reference to the application: it may be forgotten before.
    """

    subscription = text_column(foreign_key("subscriptions.id"), key=True)
    site = text_column(key=True)
    came = integer_column(key=True)
    provider = text_column(foreign_key("providers.id"))
    until = integer_column()
    counted = integer_column()


class LeaseColumns(sa.TypedColumns):
    """Every lease signed for a site, as the words that the rule *Giving back* asks about; the latest with its bytes.

    `slot` is `present` or `successor`; `until` the last instant it grants plan features for.
    """

    site = text_column(foreign_key("sites.id"), key=True)
    epoch = integer_column(key=True)
    serial = integer_column(key=True)
    slot = text_column(key=True)
    provider = text_column()
    subscription = text_column(foreign_key("subscriptions.id"))
    revision = integer_column()
    signed_at = integer_column()
    until = integer_column()
    contact_until = integer_column()
    acked_at = maybe_whole()
    digest = bytes_column()
    body = maybe_octets()


sites = sa.Table(
    "sites",
    METADATA,
    SiteColumns,
    sa.UniqueConstraint("thumbprint", "product"),
    sa.Index(None, "provider", "id"),
    sa.Index(None, "subscription"),
    sa.Index(None, "successor"),
    sa.Index(None, "ephemeral", "id"),
    **STRICT,
)
places = sa.Table("places", METADATA, PlaceColumns, sa.Index(None, "subscription", "until"), **STRICT)
stays = sa.Table("stays", METADATA, StayColumns, sa.Index(None, "counted", "until"), **KEYED)
leases = sa.Table("leases", METADATA, LeaseColumns, sa.Index(None, "subscription"), **STRICT)

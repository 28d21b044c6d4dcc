"""Tables of sites: what every synchronisation reads and writes, kept small, and beside it what it seldom needs."""

import sqlalchemy as sa

from tenure.store.schema.columns import (
    KEYED,
    METADATA,
    STRICT,
    added_text,
    added_whole,
    maybe_octets,
    maybe_text,
    maybe_whole,
    octets,
    text,
    to,
    whole,
)


class SiteColumns(sa.TypedColumns):
    """One key's use of one product. No column that a synchronisation changes is indexed.

    `token` is the current state token, `token_count` its number; `answer` the stored answer to `last_request`.
    `promised_until` is the last instant that a lease not yet acknowledged as replaced promises. `pace` is the
    server's own: what of the newest lease says how long nothing is new.
    """

    id = text(key=True)
    provider = text(to("providers.id"))
    customer = text(to("customers.id"))
    product = text(to("products.id"))
    subscription = text(to("subscriptions.id"))
    successor = maybe_text(to("subscriptions.id"))
    thumbprint = text()
    jwk = octets()
    state = text()
    created = whole()
    name = text()
    version = text()
    body = octets()
    token = octets()
    last_request = text()
    answer = octets()
    serial = whole()
    epoch = whole()
    revision = whole()
    acked_serial = whole()
    lease_until = whole()
    promised_until = whole()
    allotment = whole()
    devices = whole()
    devices_digest = text()
    last_contact = maybe_whole()
    next_sync = maybe_whole()
    forked_at = maybe_whole()
    token_count = whole()
    last_path = text()
    last_trigger = text()
    pace = octets()
    installation = added_text("server")
    ephemeral = added_whole(0)


class PlaceColumns(sa.TypedColumns):
    """The place that a standalone application takes of a subscription's devices, one row for each that it may go by.

    `signed` is when the last word of it was signed, `until` when that is over; `waits` whether silence is waited for
    beyond that. `after` is the serial of the newest lease when the application went to another subscription: a later
    one that it goes by replaces what this was.
    """

    site = text(to("sites.id"), key=True)
    subscription = text(to("subscriptions.id"), key=True)
    provider = text(to("providers.id"))
    since = whole()
    signed = whole()
    until = whole()
    waits = whole()
    after = whole()


class StayColumns(sa.TypedColumns):
    """Ephemeral applications in a subscription, from coming to going, kept until both are in a day's fact and a while.

    `counted`: 0 neither is, 1 the coming, 2 both. No reference to the application: it may be forgotten before.
    """

    subscription = text(to("subscriptions.id"), key=True)
    site = text(key=True)
    came = whole(key=True)
    provider = text(to("providers.id"))
    until = whole()
    counted = whole()


class LeaseColumns(sa.TypedColumns):
    """Every lease signed for a site, as the words that the rule *Giving back* asks about; the latest with its bytes.

    `slot` is `present` or `successor`; `until` the last instant it grants plan features for.
    """

    site = text(to("sites.id"), key=True)
    epoch = whole(key=True)
    serial = whole(key=True)
    slot = text(key=True)
    provider = text()
    subscription = text(to("subscriptions.id"))
    revision = whole()
    signed_at = whole()
    until = whole()
    contact_until = whole()
    acked_at = maybe_whole()
    digest = octets()
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

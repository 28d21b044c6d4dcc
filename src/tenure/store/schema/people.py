"""Tables of who there is: providers, their customers, and the tokens that programs and people sign requests with."""

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


class ProviderColumns(sa.TypedColumns):
    """`body` is the provider as the API shows it; the clock's three columns are set for a sandbox only."""

    id = text(key=True)
    name = text()
    sandbox = whole()
    currency = text()
    clock_at = maybe_whole()
    clock_set = maybe_whole()
    clock_rate = maybe_whole()
    body = octets()
    version = whole()
    created = whole()
    withdrawn = maybe_whole()


class CustomerColumns(sa.TypedColumns):
    """`reference` is the provider's own name for the customer."""

    id = text(key=True)
    provider = text(to("providers.id"))
    name = text()
    reference = maybe_text()
    body = octets()
    version = whole()
    created = whole()
    withdrawn = maybe_whole()


class TokenColumns(sa.TypedColumns):
    """Only the digest of a token is known. Without a provider it is the vendor's; `scopes` are parted by blanks."""

    digest = octets(key=True)
    id = text()
    provider = maybe_text(to("providers.id"))
    customer = maybe_text(to("customers.id"))
    role = text()
    scopes = text()
    name = text()
    created = whole()
    expires = maybe_whole()
    last_use = maybe_whole()
    withdrawn = maybe_whole()


providers = sa.Table(
    "providers",
    METADATA,
    ProviderColumns,
    sa.UniqueConstraint("name"),
    sa.CheckConstraint("sandbox in (0, 1)", name="sandbox"),
    sa.CheckConstraint("sandbox = 1 or clock_at is null", name="clock"),
    **STRICT,
)
customers = sa.Table(
    "customers",
    METADATA,
    CustomerColumns,
    sa.UniqueConstraint("provider", "reference"),
    sa.Index(None, "provider", "id"),
    sa.Index("ix_customers_by_name", "provider", sa.text("lower(name)"), "id"),
    **STRICT,
)
tokens = sa.Table(
    "tokens",
    METADATA,
    TokenColumns,
    sa.UniqueConstraint("id"),
    sa.Index(None, "provider", "id"),
    **KEYED,
)

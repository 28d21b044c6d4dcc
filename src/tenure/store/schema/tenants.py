"""Tables of who there is: providers, their customers, and the tokens that programs and people sign requests with."""

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


class ProviderColumns(sa.TypedColumns):
    """`body` is the provider as the API shows it; the clock's three columns are set for a sandbox only."""

    id = text_column(key=True)
    name = text_column()
    sandbox = integer_column()
    currency = text_column()
    clock_at = maybe_whole()
    clock_set = maybe_whole()
    clock_rate = maybe_whole()
    body = bytes_column()
    version = integer_column()
    created = integer_column()
    withdrawn = maybe_whole()


class CustomerColumns(sa.TypedColumns):
    """`reference` is the provider's own name for the customer."""

    id = text_column(key=True)
    provider = text_column(foreign_key("providers.id"))
    name = text_column()
    reference = maybe_text()
    body = bytes_column()
    version = integer_column()
    created = integer_column()
    withdrawn = maybe_whole()


class TokenColumns(sa.TypedColumns):
    """Only the digest of a token is known. Without a provider it is the vendor's; `scopes` are parted by blanks."""

    digest = bytes_column(key=True)
    id = text_column()
    provider = maybe_text(foreign_key("providers.id"))
    customer = maybe_text(foreign_key("customers.id"))
    role = text_column()
    scopes = text_column()
    name = text_column()
    created = integer_column()
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

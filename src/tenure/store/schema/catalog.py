"""Tables of what is sold and by which rules: products, plans, offers, policies, vendor-wide documents, and their log.

A row's `body` is a value of the core or the API as JSON; the columns beside it are what a query needs.
"""

import sqlalchemy as sa

from tenure.store.schema.columns import (
    KEYED,
    METADATA,
    STRICT,
    bytes_column,
    foreign_key,
    integer_column,
    maybe_whole,
    text_column,
)


class ProductColumns(sa.TypedColumns):
    """The vendor's products; `provider` is '' for what is the vendor's own."""

    id = text_column(key=True)
    provider = text_column()
    body = bytes_column()
    version = integer_column()
    created = integer_column()
    withdrawn = maybe_whole()


class PlanColumns(sa.TypedColumns):
    """The vendor's plans of a product."""

    id = text_column(key=True)
    provider = text_column()
    product = text_column(foreign_key("products.id"))
    body = bytes_column()
    version = integer_column()
    created = integer_column()
    withdrawn = maybe_whole()


class OfferColumns(sa.TypedColumns):
    """What one provider sells."""

    id = text_column(key=True)
    provider = text_column(foreign_key("providers.id"))
    plan = text_column(foreign_key("plans.id"))
    body = bytes_column()
    version = integer_column()
    created = integer_column()
    withdrawn = maybe_whole()


class PolicyColumns(sa.TypedColumns):
    """A provider's rules; every version stays, because a period keeps the rules of its start."""

    provider = text_column(foreign_key("providers.id"), key=True)
    version = integer_column(key=True)
    body = bytes_column()
    published = integer_column()


class DocumentColumns(sa.TypedColumns):
    """Vendor-wide texts by name and version: bounds of policies, root documents, notices."""

    name = text_column(key=True)
    version = integer_column(key=True)
    body = bytes_column()
    published = integer_column()


class ProviderLinkColumns(sa.TypedColumns):
    """Chained log per provider and topic (`catalog`, `policy`); the vendor's own has the provider ''."""

    provider = text_column(key=True)
    topic = text_column(key=True)
    seq = integer_column(key=True)
    kind = text_column()
    at = integer_column()
    recorded_at = integer_column()
    by_actor = text_column()
    body = bytes_column()
    prev_hash = bytes_column()
    hash = bytes_column()


class ChainColumns(sa.TypedColumns):
    """The head of each provider's chain, `ledger` included: number and hash of its last link."""

    provider = text_column(key=True)
    topic = text_column(key=True)
    seq = integer_column()
    hash = bytes_column()


products = sa.Table("products", METADATA, ProductColumns, **STRICT)
plans = sa.Table("plans", METADATA, PlanColumns, sa.Index(None, "product"), **STRICT)
offers = sa.Table("offers", METADATA, OfferColumns, sa.Index(None, "provider", "id"), sa.Index(None, "plan"), **STRICT)
policies = sa.Table("policies", METADATA, PolicyColumns, **KEYED)
documents = sa.Table("documents", METADATA, DocumentColumns, **KEYED)
provider_links = sa.Table("provider_links", METADATA, ProviderLinkColumns, **STRICT)
chains = sa.Table("chains", METADATA, ChainColumns, **KEYED)

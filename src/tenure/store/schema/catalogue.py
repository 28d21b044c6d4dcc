"""Tables of what is sold and by which rules: products, plans, offers, policies, vendor-wide documents, and their log.

A row's `body` is a value of the core or the API as JSON; the columns beside it are what a query needs.
"""

import sqlalchemy as sa

from tenure.store.schema.columns import KEYED, METADATA, STRICT, maybe_whole, octets, text, to, whole


class ProductColumns(sa.TypedColumns):
    """The vendor's products; `provider` is '' for what is the vendor's own."""

    id = text(key=True)
    provider = text()
    body = octets()
    version = whole()
    created = whole()
    withdrawn = maybe_whole()


class PlanColumns(sa.TypedColumns):
    """The vendor's plans of a product."""

    id = text(key=True)
    provider = text()
    product = text(to("products.id"))
    body = octets()
    version = whole()
    created = whole()
    withdrawn = maybe_whole()


class OfferColumns(sa.TypedColumns):
    """What one provider sells."""

    id = text(key=True)
    provider = text(to("providers.id"))
    plan = text(to("plans.id"))
    body = octets()
    version = whole()
    created = whole()
    withdrawn = maybe_whole()


class PolicyColumns(sa.TypedColumns):
    """A provider's rules; every version stays, because a period keeps the rules of its start."""

    provider = text(to("providers.id"), key=True)
    version = whole(key=True)
    body = octets()
    published = whole()


class DocumentColumns(sa.TypedColumns):
    """Vendor-wide texts by name and version: bounds of policies, root documents, notices."""

    name = text(key=True)
    version = whole(key=True)
    body = octets()
    published = whole()


class ChronicleColumns(sa.TypedColumns):
    """Chained log per provider and topic (`catalogue`, `policy`); the vendor's own has the provider ''."""

    provider = text(key=True)
    topic = text(key=True)
    seq = whole(key=True)
    kind = text()
    at = whole()
    recorded_at = whole()
    by_actor = text()
    body = octets()
    prev_hash = octets()
    hash = octets()


class ChainColumns(sa.TypedColumns):
    """The head of each provider's chain, `ledger` included: number and hash of its last link."""

    provider = text(key=True)
    topic = text(key=True)
    seq = whole()
    hash = octets()


products = sa.Table("products", METADATA, ProductColumns, **STRICT)
plans = sa.Table("plans", METADATA, PlanColumns, sa.Index(None, "product"), **STRICT)
offers = sa.Table("offers", METADATA, OfferColumns, sa.Index(None, "provider", "id"), sa.Index(None, "plan"), **STRICT)
policies = sa.Table("policies", METADATA, PolicyColumns, **KEYED)
documents = sa.Table("documents", METADATA, DocumentColumns, **KEYED)
chronicle = sa.Table("chronicle", METADATA, ChronicleColumns, **STRICT)
chains = sa.Table("chains", METADATA, ChainColumns, **KEYED)

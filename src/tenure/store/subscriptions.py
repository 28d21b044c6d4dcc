"""Subscriptions as registered: whose they are, and when to look again. Facts: `facts`; lists: `projections`."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.chain import ZERO
from tenure.store.dialects import insert_or_ignore
from tenure.store.engine import Connection
from tenure.store.schema import providers, subscriptions, trials


class SubscriptionRow(msgspec.Struct, frozen=True):
    """Whose subscription it is, how far its history goes, and when to look at it again."""

    id: str
    provider: str
    customer: str
    product: str
    trial: bool
    created: Instant
    revision: int = 0
    head_hash: bytes = ZERO
    next_change: Instant | None = None


_ROW = [subscriptions.c[name] for name in SubscriptionRow.__struct_fields__]
_MINE = subscriptions.c.provider == sa.bindparam("tenant")
_ADD = subscriptions.insert()
_GET = sa.select(*_ROW).where(subscriptions.c.id == sa.bindparam("of"), _MINE)
_HOME = sa.select(*_ROW).where(subscriptions.c.id == sa.bindparam("of"))
_OF_CUSTOMER = (
    sa.select(*_ROW).where(subscriptions.c.customer == sa.bindparam("of"), _MINE).order_by(subscriptions.c.id)
)
_LONG = sa.select(subscriptions.c.id, subscriptions.c.revision).where(
    subscriptions.c.customer == sa.bindparam("of"), _MINE, subscriptions.c.revision > sa.bindparam("facts")
)
_TRIED = sa.select(trials.c.product).where(
    trials.c.provider == sa.bindparam("tenant"),
    trials.c.customer == sa.bindparam("of"),
    trials.c.product == sa.bindparam("what"),
)
_TRY = insert_or_ignore(trials, "provider", "customer", "product")
_LOOK_AGAIN = (
    subscriptions.update()
    .where(subscriptions.c.id == sa.bindparam("of"), _MINE)
    .values(next_change=sa.bindparam("moment"))
)
_TRANSFER = (
    subscriptions.update().where(subscriptions.c.id == sa.bindparam("of"), _MINE).values(customer=sa.bindparam("payer"))
)
_DUE = (
    sa.select(subscriptions.c.provider, subscriptions.c.id)
    .where(subscriptions.c.next_change <= sa.bindparam("now"))
    .order_by(subscriptions.c.next_change, subscriptions.c.id)
    .limit(sa.bindparam("most"))
)
_SANDBOXES = sa.select(providers.c.id).where(providers.c.sandbox == 1)
_DUE_HERE = _DUE.where(subscriptions.c.provider.not_in(_SANDBOXES))
_DUE_OF = _DUE.where(_MINE)


def add_subscription(conn: Connection, new: SubscriptionRow) -> None:
    """A subscription without facts yet; `facts.append_facts` writes its first at expected number 0."""
    conn.execute(_ADD, msgspec.structs.asdict(new) | {"trial": int(new.trial)})
    if new.trial:
        _had_trial(conn, new.provider, new.customer, new.product)


def get_subscription(conn: Connection, provider: str, subscription: str) -> SubscriptionRow | None:
    """The provider's subscription of that id."""
    row = conn.execute(_GET, {"of": subscription, "tenant": provider}).one_or_none()
    return None if row is None else _read_subscription(row)


def find_subscription(conn: Connection, subscription: str) -> SubscriptionRow | None:
    """The subscription of that id, of any provider: for a site that shows a lease of this server's own."""
    row = conn.execute(_HOME, {"of": subscription}).one_or_none()
    return None if row is None else _read_subscription(row)


def of_customer(conn: Connection, provider: str, customer: str) -> list[SubscriptionRow]:
    """Every subscription of a customer, by id: what one account settles."""
    return [_read_subscription(row) for row in conn.execute(_OF_CUSTOMER, {"of": customer, "tenant": provider})]


def long_histories(conn: Connection, provider: str, customer: str, facts: int) -> dict[str, int]:
    """The customer's subscriptions of more than so many facts, and how many each has."""
    found = conn.execute(_LONG, {"of": customer, "tenant": provider, "facts": facts})
    return {name: revision for name, revision in found}  # noqa: C416 - rows, not pairs


def trial_used(conn: Connection, provider: str, customer: str, product: str) -> bool:
    """Whether the customer has tried the product, also on a subscription that another customer has now."""
    return conn.scalar(_TRIED, {"of": customer, "what": product, "tenant": provider}) is not None


def look_again(conn: Connection, provider: str, subscription: str, moment: Instant | None) -> None:
    """When the sweep has to look at it next; None: never by itself."""
    conn.execute(_LOOK_AGAIN, {"of": subscription, "tenant": provider, "moment": moment})


def move_to_customer(conn: Connection, provider: str, subscription: str, customer: str) -> None:
    """It belongs to another customer of the same provider from now on."""
    conn.execute(_TRANSFER, {"of": subscription, "tenant": provider, "payer": customer})
    moved = get_subscription(conn, provider, subscription)
    if moved is not None and moved.trial:
        _had_trial(conn, provider, customer, moved.product)


def due_subscriptions(conn: Connection, now: Instant, limit: int, provider: str | None = None) -> list[tuple[str, str]]:
    """At most `limit` pairs (provider, subscription) to look at by `now`, longest due first.

    Without `provider` over all but sandboxes, whose clocks are their own: name the sandbox and give its now.
    """
    if provider is None:
        return [(tenant, found) for tenant, found in conn.execute(_DUE_HERE, {"now": now, "most": limit})]
    rows = conn.execute(_DUE_OF, {"now": now, "most": limit, "tenant": provider})
    return [(tenant, found) for tenant, found in rows]


def _had_trial(conn: Connection, provider: str, customer: str, product: str) -> None:
    conn.execute(_TRY[conn.dialect.name], {"provider": provider, "customer": customer, "product": product})


def _read_subscription(row: Sequence[Any]) -> SubscriptionRow:
    found = SubscriptionRow(*row)
    return msgspec.structs.replace(found, trial=bool(found.trial))

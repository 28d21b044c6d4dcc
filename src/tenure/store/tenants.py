"""Who there is: providers with their sandbox clocks, and their customers. What they may do is told by `tokens`."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.store.engine import Connection, WriteConflict
from tenure.store.schema import customers, providers
from tenure.store.transaction_memo import forget_reads, read_once


class ProviderClock(msgspec.Struct, frozen=True):
    """A sandbox's time [spec: sandbox-clock]: it showed `at` when it was real time `set`, and runs `rate` times as fast
    since."""

    at: Instant
    set: Instant
    rate: int

    def now_at(self, real: Instant) -> Instant:
        """The sandbox's now at the real instant `real`."""
        return self.at + max(0, real - self.set) * self.rate


class ProviderRow(msgspec.Struct, frozen=True):
    """A service provider; `body` is the rest as JSON, `clock` is set for a sandbox only."""

    id: str
    name: str
    sandbox: bool
    currency: str
    body: bytes
    version: int
    created: Instant
    withdrawn: Instant | None = None
    clock: ProviderClock | None = None


class CustomerRow(msgspec.Struct, frozen=True):
    """A provider's customer; `reference` is the provider's own name for it."""

    id: str
    provider: str
    name: str
    reference: str | None
    body: bytes
    version: int
    created: Instant
    withdrawn: Instant | None = None


_PROVIDER = sa.select(
    providers.c.id,
    providers.c.name,
    providers.c.sandbox,
    providers.c.currency,
    providers.c.body,
    providers.c.version,
    providers.c.created,
    providers.c.withdrawn,
    providers.c.clock_at,
    providers.c.clock_set,
    providers.c.clock_rate,
)
_GET_PROVIDER = _PROVIDER.where(providers.c.id == sa.bindparam("of"))
_PROVIDERS = (
    _PROVIDER.where(providers.c.id > sa.bindparam("after")).order_by(providers.c.id).limit(sa.bindparam("most"))
)
_TAKEN = sa.select(providers.c.id).where(
    sa.or_(providers.c.id == sa.bindparam("of"), providers.c.name == sa.bindparam("called"))
)
_CHANGE_PROVIDER = (
    providers.update()
    .where(providers.c.id == sa.bindparam("of"), providers.c.version == sa.bindparam("seen"))
    .values(
        name=sa.bindparam("called"),
        body=sa.bindparam("new"),
        withdrawn=sa.bindparam("gone"),
        version=providers.c.version + 1,
    )
)
_SET_CLOCK = (
    providers.update()
    .where(
        providers.c.id == sa.bindparam("of"),
        providers.c.sandbox == 1,
        providers.c.clock_at.is_not_distinct_from(sa.bindparam("seen_at", type_=providers.c.clock_at.type)),
        providers.c.clock_set.is_not_distinct_from(sa.bindparam("seen_set", type_=providers.c.clock_set.type)),
    )
    .values(clock_at=sa.bindparam("moment"), clock_set=sa.bindparam("real"), clock_rate=sa.bindparam("speed"))
)
_CUSTOMER = sa.select(*[customers.c[name] for name in CustomerRow.__struct_fields__])
_MINE = customers.c.provider == sa.bindparam("tenant")
_GET_CUSTOMER = _CUSTOMER.where(customers.c.id == sa.bindparam("of"), _MINE)
_BY_REFERENCE = _CUSTOMER.where(customers.c.reference == sa.bindparam("of"), _MINE)
_CHANGE_CUSTOMER = (
    customers.update()
    .where(customers.c.id == sa.bindparam("of"), _MINE, customers.c.version == sa.bindparam("seen"))
    .values(
        name=sa.bindparam("called"),
        reference=sa.bindparam("known_as"),
        body=sa.bindparam("new"),
        withdrawn=sa.bindparam("gone"),
        version=customers.c.version + 1,
    )
)


_TOUCH_CUSTOMER = (
    customers.update().where(customers.c.id == sa.bindparam("of"), _MINE).values(version=customers.c.version + 1)
)


def add_provider(conn: Connection, new: ProviderRow) -> ProviderRow | Refused:
    """A new provider; refuses `already_exists` when its id or its name is taken."""
    if conn.scalar(_TAKEN.limit(1), {"of": new.id, "called": new.name}) is not None:
        return Refused(RefusalCode.ALREADY_EXISTS, "Another provider has this name.", field="name")
    row = msgspec.structs.asdict(new)
    clock = row.pop("clock")
    row |= {"sandbox": int(new.sandbox), "clock_at": None, "clock_set": None, "clock_rate": None}
    if clock is not None:
        row |= {"clock_at": clock.at, "clock_set": clock.set, "clock_rate": clock.rate}
    conn.execute(providers.insert(), row)
    forget_reads(conn)
    return new


def get_provider(conn: Connection, provider_id: str) -> ProviderRow | None:
    """The provider of that id, withdrawn or not."""

    def read() -> ProviderRow | None:
        row = conn.execute(_GET_PROVIDER, {"of": provider_id}).one_or_none()
        return None if row is None else _read_provider(row)

    return read_once(conn, ("provider", provider_id), read)


def clock_of(conn: Connection, provider_id: str) -> ProviderClock | None:
    """The sandbox's clock; None for a provider of production, and for an unknown one."""
    known = get_provider(conn, provider_id)
    return None if known is None else known.clock


def list_providers(conn: Connection, after: str = "", limit: int = 50) -> list[ProviderRow]:
    """At most `limit` providers with ids after `after`: the vendor's list, no tenant's."""
    return [_read_provider(row) for row in conn.execute(_PROVIDERS, {"after": after, "most": limit})]


def change_provider(conn: Connection, changed: ProviderRow, seen: int) -> ProviderRow | Refused:
    """Name, body and withdrawal in place of version `seen`; refuses `not_found`, `version_stale`, `already_exists`."""
    present = get_provider(conn, changed.id)
    if present is None:
        return Refused(RefusalCode.NOT_FOUND)
    if changed.name != present.name and conn.scalar(_TAKEN.limit(1), {"of": "", "called": changed.name}) is not None:
        return Refused(RefusalCode.ALREADY_EXISTS, "Another provider has this name.", field="name")
    forget_reads(conn)
    moved = {"of": changed.id, "seen": seen, "called": changed.name, "new": changed.body, "gone": changed.withdrawn}
    if conn.execute(_CHANGE_PROVIDER, moved).rowcount != 1:
        return Refused(RefusalCode.VERSION_STALE, f"The present version is {present.version}.")
    return msgspec.structs.replace(changed, version=seen + 1)


def set_clock(conn: Connection, provider_id: str, clock: ProviderClock) -> ProviderRow | Refused:
    """Move a sandbox's clock; `clock.set` is the real now. Refuses `not_found`, `sandbox_only`, `clock_backwards`.

    Raises `WriteConflict` when another transaction has moved it meanwhile: what is not back of the one may be of the
    other.
    """
    present = get_provider(conn, provider_id)
    if present is None:
        return Refused(RefusalCode.NOT_FOUND)
    if not present.sandbox:
        return Refused(RefusalCode.SANDBOX_ONLY)
    if clock.rate < 0 or (present.clock is not None and clock.at < present.clock.now_at(clock.set)):
        return Refused(RefusalCode.CLOCK_BACKWARDS, field="now")
    moved = {"of": provider_id, "moment": clock.at, "real": clock.set, "speed": clock.rate}
    seen = present.clock
    moved |= {"seen_at": None if seen is None else seen.at, "seen_set": None if seen is None else seen.set}
    forget_reads(conn)
    if conn.execute(_SET_CLOCK, moved).rowcount != 1:
        raise WriteConflict(f"the clock of {provider_id} was moved meanwhile")
    return msgspec.structs.replace(present, clock=clock)


def add_customer(conn: Connection, new: CustomerRow) -> CustomerRow | Refused:
    """A new customer; refuses `already_exists` when its id, or its reference at this provider, is taken."""
    if conn.scalar(sa.select(customers.c.id).where(customers.c.id == new.id)) is not None:
        return Refused(RefusalCode.ALREADY_EXISTS, field="id")
    if new.reference is not None and customer_by_reference(conn, new.provider, new.reference) is not None:
        return Refused(RefusalCode.ALREADY_EXISTS, "Another customer has this reference.", field="reference")
    conn.execute(customers.insert(), msgspec.structs.asdict(new))
    return new


def get_customer(conn: Connection, provider_id: str, customer_id: str) -> CustomerRow | None:
    """The provider's customer of that id."""
    row = conn.execute(_GET_CUSTOMER, {"of": customer_id, "tenant": provider_id}).one_or_none()
    return None if row is None else CustomerRow(*row)


def customer_by_reference(conn: Connection, provider_id: str, reference: str) -> CustomerRow | None:
    """The provider's customer of that reference."""
    row = conn.execute(_BY_REFERENCE, {"of": reference, "tenant": provider_id}).one_or_none()
    return None if row is None else CustomerRow(*row)


def change_customer(conn: Connection, changed: CustomerRow, seen: int) -> CustomerRow | Refused:
    """Everything but id, provider and birth in place of version `seen`.

    Refuses `not_found`, `version_stale`, `already_exists` when the reference is another customer's.
    """
    present = get_customer(conn, changed.provider, changed.id)
    if present is None:
        return Refused(RefusalCode.NOT_FOUND)
    if changed.reference is not None:
        holder = customer_by_reference(conn, changed.provider, changed.reference)
        if holder is not None and holder.id != changed.id:
            return Refused(RefusalCode.ALREADY_EXISTS, "Another customer has this reference.", field="reference")
    moved = {"of": changed.id, "tenant": changed.provider, "seen": seen, "called": changed.name}
    moved |= {"known_as": changed.reference, "new": changed.body, "gone": changed.withdrawn}
    if conn.execute(_CHANGE_CUSTOMER, moved).rowcount != 1:
        return Refused(RefusalCode.VERSION_STALE, f"The present version is {present.version}.")
    return msgspec.structs.replace(changed, version=seen + 1)


def touch_customer(conn: Connection, provider_id: str, customer_id: str) -> None:
    """A new version of the customer although nothing in its row changed: something that is shown with it did."""
    conn.execute(_TOUCH_CUSTOMER, {"of": customer_id, "tenant": provider_id})


def customer_state(row: CustomerRow) -> bytes:
    """What a customer is, for the chain: an edit of the row that no change explains is found."""
    return msgspec.json.encode(
        (row.id, row.provider, row.name, row.reference, row.withdrawn, row.body.decode(errors="backslashreplace"))
    )


def provider_state(row: ProviderRow) -> bytes:
    """What a provider is, for the chain."""
    return msgspec.json.encode(
        (row.id, row.name, row.sandbox, row.currency, row.withdrawn, row.body.decode(errors="backslashreplace"))
    )


def _read_provider(row: Sequence[Any]) -> ProviderRow:
    provider_id, name, sandbox, currency, body, version, created, withdrawn, at, was_set, rate = row
    clock = None if at is None else ProviderClock(at, was_set, rate)
    return ProviderRow(provider_id, name, bool(sandbox), currency, body, version, created, withdrawn, clock)

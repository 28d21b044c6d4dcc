"""The projection that lists are made from: instants per subscription, never phases; `tenure rebuild` may drop it."""

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant, Phase
from tenure.store.dialects import upsert
from tenure.store.engine import Connection
from tenure.store.schema import standings


class StandingRow(msgspec.Struct, frozen=True):
    """What lists show and filter by: instants, never phases; a missing one means never."""

    subscription: str
    provider: str
    customer: str
    product: str
    plan: str
    kind: str
    devices: int
    last_group: str
    active_from: Instant | None = None
    paid_until: Instant | None = None
    ended_at: Instant | None = None
    paused_from: Instant | None = None
    paused_until: Instant | None = None
    canceled_at: Instant | None = None
    body: bytes = b"{}"
    ordered_at: Instant = 0
    due_at: Instant | None = None
    """When the next period falls due; None when none does by itself or by hand."""
    price: int = 0
    """What that period costs, minor units."""
    automatic: int = 0
    """1: it is paid from the balance without anybody asking."""
    reserved: int = 0
    """1: its money is set aside already."""
    failed_at: Instant | None = None
    """When the balance was too low for a period not paid since."""


class StandingFilter(msgspec.Struct, frozen=True):
    """What a list is narrowed to; what is None does not narrow."""

    customer: str | None = None
    product: str | None = None
    phase: Phase | None = None
    ends_before: Instant | None = None
    """The paid period ends before this instant."""
    canceled: bool | None = None
    plan: str | None = None
    due_before: Instant | None = None
    """The next period falls due before this instant."""
    automatic: bool | None = None
    failed_since: Instant | None = None
    """Its renewal has failed at this instant or later, and is not paid since."""


_PUT = upsert(standings, "subscription")
_STANDING = [standings.c[name] for name in StandingRow.__struct_fields__]
_GET_STANDING = sa.select(*_STANDING).where(
    standings.c.subscription == sa.bindparam("of"), standings.c.provider == sa.bindparam("tenant")
)


def save_standing(conn: Connection, standing: StandingRow) -> None:
    """The projection of one subscription, in place of what was there."""
    conn.execute(_PUT[conn.dialect.name], msgspec.structs.asdict(standing))


def get_standing(conn: Connection, provider: str, subscription: str) -> StandingRow | None:
    """The projection of the provider's subscription."""
    row = conn.execute(_GET_STANDING, {"of": subscription, "tenant": provider}).one_or_none()
    return None if row is None else StandingRow(*row)


def filter_conditions(wanted: StandingFilter, now: Instant) -> list[sa.ColumnElement[bool]]:
    """What a row must fulfill to be in the list."""
    rules: list[sa.ColumnElement[bool]] = []
    if wanted.customer is not None:
        rules.append(standings.c.customer == wanted.customer)
    if wanted.product is not None:
        rules.append(standings.c.product == wanted.product)
    if wanted.ends_before is not None:
        rules.append(standings.c.paid_until < wanted.ends_before)
    if wanted.canceled is not None:
        is_canceled = standings.c.canceled_at.is_not(None)
        rules.append(is_canceled if wanted.canceled else ~is_canceled)
    if wanted.plan is not None:
        rules.append(standings.c.plan == wanted.plan)
    if wanted.due_before is not None:
        rules.append(standings.c.due_at < wanted.due_before)
    if wanted.automatic is not None:
        rules.append(standings.c.automatic == int(wanted.automatic))
    if wanted.failed_since is not None:
        rules.append(standings.c.failed_at >= wanted.failed_since)
    if wanted.phase is not None:
        rules.append(phase_at(now) == wanted.phase)
    return rules


def phase_at(now: Instant) -> sa.ColumnElement[str]:
    """The phase that a standing's instants imply at `now`: ended > pending > paused > grace > active
    [spec: severity]."""
    row = standings.c
    resumed = sa.and_(row.paused_until.is_not(None), row.paused_until <= now)
    return sa.case(
        (row.ended_at <= now, Phase.ENDED),
        (sa.or_(row.active_from.is_(None), row.active_from > now), Phase.PENDING),
        (sa.and_(row.paused_from <= now, ~resumed), Phase.PAUSED),
        (row.paid_until <= now, Phase.GRACE),
        else_=sa.literal(str(Phase.ACTIVE)),
    )

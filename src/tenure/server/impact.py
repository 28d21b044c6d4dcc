"""What publishing a policy would do: to whom, from when on, which way; and what holds for one subscription and why.

Figures reach a subscription with its next period, a longer grace at once if published so [spec: policy-version];
permissions and the order of payment hold at once.
"""

import hashlib
from enum import StrEnum
from typing import Any

import msgspec

from tenure.core.act import PLAN_LIFE
from tenure.core.bounds import Effective, Source
from tenure.core.contract import grace_days
from tenure.core.impact import Difference, Way, differences, together
from tenure.core.lengthening import Lengthening, next_gain
from tenure.core.policy import Role, Rules
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.instants import rfc3339
from tenure.server import books, policies
from tenure.server.context import Tenant
from tenure.server.policies import History
from tenure.server.values import Offer, PolicyBody
from tenure.server.views import shown
from tenure.store import reach
from tenure.store.catalogue import OFFERS
from tenure.store.engine import Connection
from tenure.store.lists import Listed

PlanKind = tuple[str, bool]
"""A plan, and whether it is being tried."""


class Begins(StrEnum):
    """With what the new figures begin to hold for a subscription."""

    NOW = "now"
    """The longer grace with `apply_now`; whatever else changes begins with the next period."""
    NEXT_PERIOD = "next_period"
    PERIOD_AFTER_NEXT = "period_after_next"
    """In grace: the period that is open to be bought began before."""
    ACTIVATION = "activation"


class DifferenceView(msgspec.Struct, frozen=True, kw_only=True):
    """One figure before and after, and which way that goes for the customer."""

    field: str
    before: int | str | bool | tuple[int, ...]
    after: int | str | bool | tuple[int, ...]
    way: Way


class PlanImpactView(msgspec.Struct, frozen=True, kw_only=True):
    """What changes for the subscriptions on one plan, and how many they are."""

    plan: str
    trial: bool
    subscriptions: int
    changes: tuple[DifferenceView, ...]


class AffectedView(msgspec.Struct, frozen=True, kw_only=True):
    """One subscription: what changes, when, which way."""

    subscription: str
    customer: str
    customer_name: str
    plan: str
    phase: str
    begins: Begins
    takes_effect: str | None
    """The start of the first period under the new figures, or now; absent where no date is known yet."""
    way: Way
    changes: tuple[DifferenceView, ...]


class PermissionView(msgspec.Struct, frozen=True, kw_only=True):
    """An action that a role may take from now on, or no longer."""

    role: Role
    action: str
    allowed: bool
    way: Way


class CountsView(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody, by which way it goes for them."""

    subscriptions: int
    customers: int
    better: int
    worse: int
    mixed: int
    neutral: int


class ImpactView(msgspec.Struct, frozen=True, kw_only=True):
    """The impact report; `subscriptions` names those reached first, `counts` counts all of them."""

    version: int
    """The version in force; the one published next is one more."""
    plan: str
    """Publish with it within 15 minutes: it is refused if anybody published meanwhile, or something else is sent."""
    counts: CountsView
    plans: tuple[PlanImpactView, ...]
    now: int
    """How many running subscriptions get a longer grace at once; 0 without `apply_now`."""
    permissions: tuple[PermissionView, ...]
    renewal_order: str | None
    """The new order of payment when money is short; absent when it stays."""
    subscriptions: tuple[AffectedView, ...]


class InForce(msgspec.Struct, frozen=True):
    """The figures that hold for something, each with its source; `since`: the period they are pinned to."""

    version: int
    plan: str
    since: Instant | None
    values: dict[str, Effective]


def report(conn: Connection, tenant: Tenant, history: History, body: PolicyBody, most: int) -> ImpactView:
    """What publishing `body`, already found sound, would do."""
    counted = reach.by_plan(conn, tenant.id, tenant.now)
    changes = {kind: _changes(conn, history, body, kind) for kind in counted}
    touched = {kind: found for kind, found in changes.items() if found}
    graces = {kind: _grace(conn, history, body, kind) for kind in counted} if body.apply_now else {}
    gaining = {kind: reach.shorter(conn, tenant.id, kind, days * DAY, tenant.now) for kind, days in graces.items()}
    plans = sorted({plan for plan, _ in touched} | {plan for (plan, _), count in gaining.items() if count})
    rows = reach.first(conn, tenant.id, plans, tenant.now, most) if plans else []
    gains = _gains(conn, tenant, history, body, rows) if body.apply_now else {}
    affected = (
        _affected(row, touched.get(_kind(row), ()), gains.get(row.standing.subscription), tenant.now) for row in rows
    )
    return ImpactView(
        version=history.version,
        plan=name_of(history, body, tenant.now),
        counts=_counts(touched, counted, reach.customers_of(conn, tenant.id, plans, tenant.now) if plans else 0),
        plans=tuple(
            PlanImpactView(plan=plan, trial=trial, subscriptions=counted[plan, trial], changes=_views(found))
            for (plan, trial), found in sorted(touched.items())
        ),
        now=sum(gaining.values()),
        permissions=_permissions(history.latest, body),
        renewal_order=None if body.renewal_order is history.latest.renewal_order else str(body.renewal_order),
        subscriptions=tuple(each for each in affected if each.changes),
    )


def name_of(history: History, body: PolicyBody, at: Instant) -> str:
    """The name of exactly this change to exactly the version in force, `<unix seconds>.<64 hex>`."""
    parts = (at, history.version, msgspec.to_builtins(history.bounds), msgspec.to_builtins(body, order="sorted"))
    return f"{at}.{hashlib.sha256(b'tenure-policy' + msgspec.json.encode(parts, order='sorted')).hexdigest()}"


def same(claimed: str, history: History, body: PolicyBody, now: Instant) -> bool:
    """Whether `claimed` names this change to the version in force, and is not older than 15 minutes."""
    stamp, _, _ = claimed.partition(".")
    young = stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and 0 <= now - int(stamp) <= PLAN_LIFE
    return young and name_of(history, body, int(stamp)) == claimed


def in_force(conn: Connection, tenant: Tenant, offer: str | None, subscription: str | None) -> InForce | Refused:
    """The figures of a subscription's running period, of an offer, or of no plan in particular; refuses `not_found`."""
    history = policies.history(conn, tenant.id)
    plan = ""
    if offer is not None:
        item = OFFERS.get(conn, tenant.id, offer)
        if item is None:
            return Refused(Code.NOT_FOUND, field="offer")
        plan = msgspec.json.decode(item.body, type=Offer).plan
    if subscription is not None:
        return _pinned(conn, tenant, history, subscription)
    return InForce(history.version, plan, None, _values(conn, history, history.latest, plan))


def _pinned(conn: Connection, tenant: Tenant, history: History, name: str) -> InForce | Refused:
    sub = books.subscription(conn, tenant.id, name)
    if sub is None or not tenant.owns(sub.customer):
        return Refused(Code.NOT_FOUND, field="subscription")
    begun = [period for period in sub.paid if period.since <= tenant.now]
    since = begun[-1].since if begun else sub.ordered_at
    version = sum(1 for published, _ in history.editions if published <= since)
    published = _values(conn, history, history.body_at(since), sub.terms_at(tenant.now).plan)
    pinned = msgspec.structs.asdict(sub.rules_at(tenant.now))
    # What is not as published was agreed for this subscription, such as goodwill days.
    values = {
        name: one if one.value == pinned[name] else Effective(pinned[name], Source.SUBSCRIPTION)
        for name, one in published.items()
    }
    return InForce(version, sub.terms_at(tenant.now).plan, since if begun else None, values)


def _values(conn: Connection, history: History, body: PolicyBody, plan: str) -> dict[str, Effective]:
    row = books.plan_of(conn, plan) if plan else None
    return policies.values_of(body, plan, history.bounds, row.period if row else None)


def _changes(conn: Connection, history: History, body: PolicyBody, kind: PlanKind) -> tuple[Difference, ...]:
    plan, trial = kind
    period = books.period_of(conn, plan)
    after = _rules_after(conn, history, body, plan)
    return differences(history.rules_at(_LATER, plan, period), after, trial=trial)


def _rules_after(conn: Connection, history: History, body: PolicyBody, plan: str) -> Rules:
    after = History((*history.editions, (_LATER, body)), history.bounds)
    return after.rules_at(_LATER, plan, books.period_of(conn, plan))


def _grace(conn: Connection, history: History, body: PolicyBody, kind: PlanKind) -> int:
    rules = _rules_after(conn, history, body, kind[0])
    return rules.trial_grace_days if kind[1] else rules.grace_days


def _gains(
    conn: Connection, tenant: Tenant, history: History, body: PolicyBody, rows: list[Listed]
) -> dict[str, Difference]:
    """Of these, which get a longer grace at once, each by its own running period: exactly what settling will book."""
    found = {}
    for row in rows:
        sub = books.subscription(conn, tenant.id, row.standing.subscription)
        rules = _rules_after(conn, history, body, row.standing.plan)
        gain = None if sub is None else next_gain(sub, (Lengthening(tenant.now, rules),), tenant.now)
        if sub is not None and gain is not None:
            last, had = sub.periods[-1], grace_days(sub.periods[-1])
            field = "trial_grace_days" if last.trial else "grace_days"
            found[sub.id] = Difference(field=field, before=had, after=had + gain.days, way=Way.BETTER)
    return found


_LATER = 2**62
"""After everything that was ever published."""


def _kind(row: Listed) -> PlanKind:
    return row.standing.plan, row.standing.kind == reach.TRIAL


def _affected(row: Listed, found: tuple[Difference, ...], gain: Difference | None, now: Instant) -> AffectedView:
    due = row.standing.due_at
    begins = Begins.ACTIVATION if due is None else Begins.NEXT_PERIOD
    if due is not None and due <= now:
        begins, due = Begins.PERIOD_AFTER_NEXT, None
    if gain is not None:
        begins, due = Begins.NOW, now
        found = (gain, *(each for each in found if each.field != gain.field))
    return AffectedView(
        subscription=row.standing.subscription,
        customer=row.standing.customer,
        customer_name=row.customer_name,
        plan=row.standing.plan,
        phase=row.phase,
        begins=begins,
        takes_effect=shown(due) if due is None else rfc3339(due),
        way=_way(found),
        changes=_views(found),
    )


def _way(found: tuple[Difference, ...]) -> Way:
    return together(frozenset(each.way for each in found))


def _views(found: tuple[Difference, ...]) -> tuple[DifferenceView, ...]:
    return tuple(msgspec.convert(msgspec.to_builtins(each), DifferenceView) for each in found)


def _counts(
    touched: dict[PlanKind, tuple[Difference, ...]], counted: dict[PlanKind, int], customers: int
) -> CountsView:
    by_way: dict[Any, int] = dict.fromkeys(Way, 0)
    for kind, found in touched.items():
        by_way[_way(found)] += counted[kind]
    ways = {str(name): count for name, count in by_way.items()}
    return CountsView(subscriptions=sum(ways.values()), customers=customers, **ways)


def _permissions(before: PolicyBody, after: PolicyBody) -> tuple[PermissionView, ...]:
    sides = (
        (Role.CUSTOMER, before.customer_actions, after.customer_actions),
        (Role.PROVIDER, before.provider_actions, after.provider_actions),
    )
    return tuple(
        PermissionView(role=role, action=action, allowed=action in new, way=_permitted_way(role, allowed=action in new))
        for role, old, new in sides
        for action in sorted(old ^ new)
    )


def _permitted_way(role: Role, *, allowed: bool) -> Way:
    if role is not Role.CUSTOMER:
        return Way.NEUTRAL
    return Way.BETTER if allowed else Way.WORSE

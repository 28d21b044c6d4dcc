"""What publishing a policy would do: to whom, from when on, which way; and what holds for one subscription and why.

Figures reach a subscription with its next period, a longer grace at once if published so [spec: policy-version];
permissions and the order of payment hold at once.
"""

import hashlib
from enum import StrEnum
from typing import Any

import msgspec

from tenure.core.business.execute import OUTCOME_HASH_LIFE
from tenure.core.policy.bounds import EffectiveValue, ValueSource
from tenure.core.policy.impact import FigureDifference, ImpactDirection, combine_directions, differences
from tenure.core.policy.rules import Role, Rules
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.contract import grace_days
from tenure.core.subscription.grace_extension import PolicyAppliedNow, next_gain
from tenure.core.timeline import DAY, Instant
from tenure.core.whole_numbers import read_whole_number
from tenure.http.views import copy_fields
from tenure.server import account_repository, policies
from tenure.server.context import Tenant
from tenure.server.policies import PublishedPolicies
from tenure.server.values import OfferValue, PolicyBody
from tenure.server.views import optional_rfc3339
from tenure.store import policy_impact
from tenure.store.catalog import OFFERS
from tenure.store.engine import Connection
from tenure.store.search import ListedSubscription

PlanKind = tuple[str, bool]
"""A plan, and whether it is being tried."""


class EffectStart(StrEnum):
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
    way: ImpactDirection


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
    begins: EffectStart
    takes_effect: str | None
    """The start of the first period under the new figures, or now; absent where no date is known yet."""
    way: ImpactDirection
    changes: tuple[DifferenceView, ...]


class PermissionView(msgspec.Struct, frozen=True, kw_only=True):
    """An action that a role may take from now on, or no longer."""

    role: Role
    action: str
    allowed: bool
    way: ImpactDirection


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
    outcome_hash: str
    """Publish with it within 15 minutes: it is refused if anybody published meanwhile, or something else is sent."""
    counts: CountsView
    plans: tuple[PlanImpactView, ...]
    now: int
    """How many running subscriptions get a longer grace at once; 0 without `apply_now`."""
    permissions: tuple[PermissionView, ...]
    renewal_order: str | None
    """The new order of payment when money is short; absent when it stays."""
    subscriptions: tuple[AffectedView, ...]


class FiguresInForce(msgspec.Struct, frozen=True):
    """The figures that hold for something, each with its source; `since`: the period they are pinned to."""

    version: int
    plan: str
    since: Instant | None
    values: dict[str, EffectiveValue]


def impact_report(
    conn: Connection, tenant: Tenant, history: PublishedPolicies, body: PolicyBody, most: int
) -> ImpactView:
    """What publishing `body`, already found sound, would do."""
    counted = policy_impact.by_plan(conn, tenant.id, tenant.now)
    changes = {kind: _figure_changes(conn, history, body, kind) for kind in counted}
    touched = {kind: found for kind, found in changes.items() if found}
    graces = {kind: _grace_change(conn, history, body, kind) for kind in counted} if body.apply_now else {}
    gaining = {
        kind: policy_impact.count_shorter_grace(conn, tenant.id, kind, days * DAY, tenant.now)
        for kind, days in graces.items()
    }
    plans = sorted({plan for plan, _ in touched} | {plan for (plan, _), count in gaining.items() if count})
    rows = policy_impact.first_reached(conn, tenant.id, plans, tenant.now, most) if plans else []
    gains = _grace_gains(conn, tenant, history, body, rows) if body.apply_now else {}
    affected = (
        _affected_view(row, touched.get(_row_kind(row), ()), gains.get(row.standing.subscription), tenant.now)
        for row in rows
    )
    return ImpactView(
        version=history.version,
        outcome_hash=make_change_hash(history, body, tenant.now),
        counts=_counts_view(
            touched, counted, policy_impact.customers_of(conn, tenant.id, plans, tenant.now) if plans else 0
        ),
        plans=tuple(
            PlanImpactView(plan=plan, trial=trial, subscriptions=counted[plan, trial], changes=_difference_views(found))
            for (plan, trial), found in sorted(touched.items())
        ),
        now=sum(gaining.values()),
        permissions=_permission_views(history.latest, body),
        renewal_order=None if body.renewal_order is history.latest.renewal_order else str(body.renewal_order),
        subscriptions=tuple(each for each in affected if each.changes),
    )


def make_change_hash(history: PublishedPolicies, body: PolicyBody, at: Instant) -> str:
    """The name of exactly this change to exactly the version in force, `<unix seconds>.<64 hex>`."""
    parts = (at, history.version, msgspec.to_builtins(history.bounds), msgspec.to_builtins(body, order="sorted"))
    return f"{at}.{hashlib.sha256(b'tenure-policy' + msgspec.json.encode(parts, order='sorted')).hexdigest()}"


def is_same_change(claimed: str, history: PublishedPolicies, body: PolicyBody, now: Instant) -> bool:
    """Whether `claimed` names this change to the version in force, and is not older than 15 minutes."""
    at = read_whole_number(claimed.partition(".")[0], 12)
    if at is None or not 0 <= now - at <= OUTCOME_HASH_LIFE:
        return False
    return make_change_hash(history, body, at) == claimed


def in_force(conn: Connection, tenant: Tenant, offer: str | None, subscription: str | None) -> FiguresInForce | Refused:
    """The figures of a subscription's running period, of an offer, or of no plan in particular; refuses `not_found`."""
    history = policies.load_policies(conn, tenant.id)
    plan = ""
    if offer is not None:
        item = OFFERS.get(conn, tenant.id, offer)
        if item is None:
            return Refused(RefusalCode.NOT_FOUND, field="offer")
        plan = msgspec.json.decode(item.body, type=OfferValue).plan
    if subscription is not None:
        return _pinned_rules(conn, tenant, history, subscription)
    return FiguresInForce(history.version, plan, None, _effective_values(conn, history, history.latest, plan))


def _pinned_rules(conn: Connection, tenant: Tenant, history: PublishedPolicies, name: str) -> FiguresInForce | Refused:
    sub = account_repository.load_subscription(conn, tenant.id, name)
    if sub is None or not tenant.may_see(sub.customer):
        return Refused(RefusalCode.NOT_FOUND, field="subscription")
    begun = [period for period in sub.paid_periods if period.since <= tenant.now]
    since = begun[-1].since if begun else sub.ordered_at
    version = sum(1 for published, _ in history.editions if published <= since)
    published = _effective_values(conn, history, history.body_at(since), sub.terms_at(tenant.now).plan)
    pinned = msgspec.structs.asdict(sub.rules_at(tenant.now))
    # What is not as published was agreed for this subscription, such as goodwill days.
    values = {
        name: one if one.value == pinned[name] else EffectiveValue(pinned[name], ValueSource.SUBSCRIPTION)
        for name, one in published.items()
    }
    return FiguresInForce(version, sub.terms_at(tenant.now).plan, since if begun else None, values)


def _effective_values(
    conn: Connection, history: PublishedPolicies, body: PolicyBody, plan: str
) -> dict[str, EffectiveValue]:
    row = account_repository.plan_of(conn, plan) if plan else None
    return policies.values_of(body, plan, history.bounds, row.period if row else None)


def _figure_changes(
    conn: Connection, history: PublishedPolicies, body: PolicyBody, kind: PlanKind
) -> tuple[FigureDifference, ...]:
    plan, trial = kind
    period = account_repository.period_of(conn, plan)
    after = _rules_after(conn, history, body, plan)
    return differences(history.rules_at(_LATER, plan, period), after, trial=trial)


def _rules_after(conn: Connection, history: PublishedPolicies, body: PolicyBody, plan: str) -> Rules:
    after = PublishedPolicies((*history.editions, (_LATER, body)), history.bounds)
    return after.rules_at(_LATER, plan, account_repository.period_of(conn, plan))


def _grace_change(conn: Connection, history: PublishedPolicies, body: PolicyBody, kind: PlanKind) -> int:
    rules = _rules_after(conn, history, body, kind[0])
    return rules.trial_grace_days if kind[1] else rules.grace_days


def _grace_gains(
    conn: Connection, tenant: Tenant, history: PublishedPolicies, body: PolicyBody, rows: list[ListedSubscription]
) -> dict[str, FigureDifference]:
    """Of these, which get a longer grace at once, each by its own running period: exactly what settling will book."""
    found = {}
    for row in rows:
        sub = account_repository.load_subscription(conn, tenant.id, row.standing.subscription)
        rules = _rules_after(conn, history, body, row.standing.plan)
        gain = None if sub is None else next_gain(sub, (PolicyAppliedNow(tenant.now, rules),), tenant.now)
        if sub is not None and gain is not None:
            last, had = sub.periods[-1], grace_days(sub.periods[-1])
            field = "trial_grace_days" if last.trial else "grace_days"
            found[sub.id] = FigureDifference(field=field, before=had, after=had + gain.days, way=ImpactDirection.BETTER)
    return found


_LATER = 2**62
"""After everything that was ever published."""


def _row_kind(row: ListedSubscription) -> PlanKind:
    return row.standing.plan, row.standing.kind == policy_impact.TRIAL


def _affected_view(
    row: ListedSubscription, found: tuple[FigureDifference, ...], gain: FigureDifference | None, now: Instant
) -> AffectedView:
    due = row.standing.due_at
    begins = EffectStart.ACTIVATION if due is None else EffectStart.NEXT_PERIOD
    if due is not None and due <= now:
        begins, due = EffectStart.PERIOD_AFTER_NEXT, None
    if gain is not None:
        begins, due = EffectStart.NOW, now
        found = (gain, *(each for each in found if each.field != gain.field))
    return copy_fields(
        AffectedView,
        row.standing,
        customer_name=row.customer_name,
        phase=row.phase,
        begins=begins,
        takes_effect=optional_rfc3339(due),
        way=_overall_way(found),
        changes=_difference_views(found),
    )


def _overall_way(found: tuple[FigureDifference, ...]) -> ImpactDirection:
    return combine_directions(frozenset(each.way for each in found))


def _difference_views(found: tuple[FigureDifference, ...]) -> tuple[DifferenceView, ...]:
    return tuple(copy_fields(DifferenceView, each) for each in found)


def _counts_view(
    touched: dict[PlanKind, tuple[FigureDifference, ...]], counted: dict[PlanKind, int], customers: int
) -> CountsView:
    by_way: dict[Any, int] = dict.fromkeys(ImpactDirection, 0)
    for kind, found in touched.items():
        by_way[_overall_way(found)] += counted[kind]
    ways = {str(name): count for name, count in by_way.items()}
    return CountsView(subscriptions=sum(ways.values()), customers=customers, **ways)


def _permission_views(before: PolicyBody, after: PolicyBody) -> tuple[PermissionView, ...]:
    sides = (
        (Role.CUSTOMER, before.customer_actions, after.customer_actions),
        (Role.PROVIDER, before.provider_actions, after.provider_actions),
    )
    return tuple(
        PermissionView(role=role, action=action, allowed=action in new, way=_permitted_way(role, allowed=action in new))
        for role, old, new in sides
        for action in sorted(old ^ new)
    )


def _permitted_way(role: Role, *, allowed: bool) -> ImpactDirection:
    if role is not Role.CUSTOMER:
        return ImpactDirection.NEUTRAL
    return ImpactDirection.BETTER if allowed else ImpactDirection.WORSE

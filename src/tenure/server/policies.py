"""The provider's policy as published over time, layered with the vendor's defaults and bounds into effective rules."""

from collections.abc import Callable
from functools import lru_cache

import msgspec

from tenure.core.periods import Duration
from tenure.core.policy.bounds import (
    EffectiveValue,
    PolicyBound,
    ValueSource,
    check_rules,
    effective_rules,
    rules_of,
    validate_rules,
)
from tenure.core.policy.rules import Action, Role, Rules
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.grace_extension import PolicyAppliedNow
from tenure.core.timeline import Instant
from tenure.server.values import PlanValue, PolicyBody
from tenure.store import accounts
from tenure.store.catalog import DOCUMENTS, PLANS, POLICIES, PolicyEdition, WriteStamp
from tenure.store.engine import Connection
from tenure.store.provider_chain import VENDOR

BOUNDS = "policy-bounds"
PROVIDERS_REMEMBERED = 512
"""Whose policies are kept read; one not asked for longest is read again."""


class PublishedPolicies(msgspec.Struct, frozen=True):
    """Every published version of one provider's policy, oldest first, under the vendor's bounds."""

    editions: tuple[tuple[Instant, PolicyBody], ...]
    bounds: dict[str, PolicyBound]
    """Those in force now."""
    bounded: tuple[tuple[Instant, dict[str, PolicyBound]], ...] = ()
    """Every edition of the bounds, oldest first."""

    def bounds_at(self, moment: Instant) -> dict[str, PolicyBound]:
        """The bounds in force at `moment`: a sweep that slept books by those that held then."""
        held: dict[str, PolicyBound] = {}
        for published, bounds in self.bounded:
            if published <= moment:
                held = bounds
        return held

    @property
    def version(self) -> int:
        """How often it was published; 0 while only defaults hold."""
        return len(self.editions)

    @property
    def latest(self) -> PolicyBody:
        """The version in force now; before the first, the defaults."""
        return self.editions[-1][1] if self.editions else PolicyBody()

    def body_at(self, moment: Instant) -> PolicyBody:
        """The version in force at `moment`; before the first, the defaults."""
        held = PolicyBody()
        for published, body in self.editions:
            if published <= moment:
                held = body
        return held

    def rules_at(self, moment: Instant, plan: str, period: Duration | None = None) -> Rules:
        """The effective figures for a plan at `moment`."""
        return rules_of(values_of(self.body_at(moment), plan, self.bounds_at(moment), period))

    def grace_extensions(
        self, sub: Subscription, periods: Callable[[str], Duration | None]
    ) -> tuple[PolicyAppliedNow, ...]:
        """What was published to reach running periods, with the figures for the plan that `sub` was on then."""
        return tuple(
            PolicyAppliedNow(moment, rules_of(values_of(body, plan, self.bounds_at(moment), periods(plan))))
            for moment, body in self.editions
            if body.apply_now and (plan := sub.terms_at(moment).plan)
        )

    def permitted_actions(self, role: Role) -> frozenset[Action]:
        """What the policy in force allows to a role; a site's administrator acts with the customer's (M11)."""
        if role is Role.VENDOR:
            return frozenset(Action)
        body = self.latest
        return body.provider_actions if role is Role.PROVIDER else body.customer_actions


def load_policies(conn: Connection, provider: str) -> PublishedPolicies:
    """The provider's policy with the bounds in force."""
    return _published(POLICIES.all(conn, provider), DOCUMENTS.all(conn, BOUNDS))


@lru_cache(maxsize=PROVIDERS_REMEMBERED)
def _published(policy: tuple[PolicyEdition, ...], bounds: tuple[PolicyEdition, ...]) -> PublishedPolicies:
    """What those rows say; kept by all that stands in them, so that it is never another's or an earlier one's."""
    editions = tuple((each.published, _read_body(each)) for each in policy)
    bounded = tuple((each.published, _read_bounds(each)) for each in bounds)
    return PublishedPolicies(editions, bounded[-1][1] if bounded else {}, bounded)


def load_bounds(conn: Connection) -> dict[str, PolicyBound]:
    """What the vendor allows; empty when it has said nothing."""
    last = DOCUMENTS.last(conn, BOUNDS)
    return {} if last is None else _read_bounds(last)


def _read_bounds(edition: PolicyEdition) -> dict[str, PolicyBound]:
    return msgspec.json.decode(edition.body, type=dict[str, PolicyBound])


def values_of(
    body: PolicyBody, plan: str, limits: dict[str, PolicyBound], period: Duration | None = None
) -> dict[str, EffectiveValue]:
    """Each figure as it holds for a plan (empty: for plans of which nothing special is said), with its source."""
    layers = [(ValueSource.PROVIDER, body.rules), (ValueSource.PROVIDER, body.plans.get(plan, {}))]
    return effective_rules(layers, limits, period)


def refuse_unsound(conn: Connection, body: PolicyBody, limits: dict[str, PolicyBound]) -> Refused | None:
    """None when `body` may be published; refuses `field_invalid`, `unknown_plan`, `policy_out_of_bounds`."""
    refused = validate_rules(body.rules, limits)
    if refused is not None:
        return refused
    for name, layer in body.plans.items():
        item = PLANS.get(conn, VENDOR, name)
        if item is None:
            return Refused(RefusalCode.UNKNOWN_PLAN, f"The vendor has no plan {name}.", f"plans.{name}")
        plan = msgspec.json.decode(item.body, type=PlanValue)
        refused = validate_rules(layer, limits, plan.period, f"plans.{name}")
        if refused is not None:
            return refused
    for name in ("", *body.plans):
        refused = check_rules(rules_of(values_of(body, name, limits)))
        if refused is not None:
            return refused
    return None


def publish_policy(
    conn: Connection, provider: str, body: PolicyBody, seen: int, by: str, now: Instant
) -> PolicyEdition | Refused:
    """The next version; refuses `version_stale`. With `apply_now` every account is looked at: settling lengthens."""
    edition = POLICIES.publish(conn, provider, seen, msgspec.json.encode(body), WriteStamp(by, now))
    if body.apply_now and isinstance(edition, PolicyEdition):
        accounts.mark_all_due(conn, provider, now)
    return edition


def _read_body(edition: PolicyEdition) -> PolicyBody:
    return msgspec.json.decode(edition.body, type=PolicyBody)

"""The provider's policy as published over time, layered with the vendor's defaults and bounds into effective rules."""

from collections.abc import Callable

import msgspec

from tenure.core.bounds import Bound, Effective, Source, check_rules, effective, rules_of, validate
from tenure.core.lengthening import Lengthening
from tenure.core.periods import Duration
from tenure.core.policy import Action, Role, Rules
from tenure.core.refusals import Code, Refused
from tenure.core.subscription import Subscription
from tenure.core.timeline import Instant
from tenure.server.values import Plan, PolicyBody
from tenure.store import accounts
from tenure.store.catalogue import DOCUMENTS, PLANS, POLICIES, Edition, Stamp
from tenure.store.chronicle import VENDOR
from tenure.store.engine import Connection

BOUNDS = "policy-bounds"


class History(msgspec.Struct, frozen=True):
    """Every published version of one provider's policy, oldest first, under the vendor's bounds."""

    editions: tuple[tuple[Instant, PolicyBody], ...]
    bounds: dict[str, Bound]
    """Those in force now."""
    bounded: tuple[tuple[Instant, dict[str, Bound]], ...] = ()
    """Every edition of the bounds, oldest first."""

    def bounds_at(self, moment: Instant) -> dict[str, Bound]:
        """The bounds in force at `moment`: a sweep that slept books by those that held then."""
        held: dict[str, Bound] = {}
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

    def lengthenings(self, sub: Subscription, periods: Callable[[str], Duration | None]) -> tuple[Lengthening, ...]:
        """What was published to reach running periods, with the figures for the plan that `sub` was on then."""
        return tuple(
            Lengthening(moment, rules_of(values_of(body, plan, self.bounds_at(moment), periods(plan))))
            for moment, body in self.editions
            if body.apply_now and (plan := sub.terms_at(moment).plan)
        )

    def permitted(self, role: Role) -> frozenset[Action]:
        """What the policy in force allows to a role; a site's administrator acts with the customer's (M11)."""
        if role is Role.VENDOR:
            return frozenset(Action)
        body = self.latest
        return body.provider_actions if role is Role.PROVIDER else body.customer_actions


def history(conn: Connection, provider: str) -> History:
    """The provider's policy with the bounds in force."""
    editions = tuple((each.published, _body(each)) for each in POLICIES.all(conn, provider))
    bounded = tuple((each.published, _bounds(each)) for each in DOCUMENTS.all(conn, BOUNDS))
    return History(editions, bounded[-1][1] if bounded else {}, bounded)


def bounds(conn: Connection) -> dict[str, Bound]:
    """What the vendor allows; empty when it has said nothing."""
    last = DOCUMENTS.last(conn, BOUNDS)
    return {} if last is None else _bounds(last)


def _bounds(edition: Edition) -> dict[str, Bound]:
    return msgspec.json.decode(edition.body, type=dict[str, Bound])


def values_of(
    body: PolicyBody, plan: str, limits: dict[str, Bound], period: Duration | None = None
) -> dict[str, Effective]:
    """Each figure as it holds for a plan (empty: for plans of which nothing special is said), with its source."""
    layers = [(Source.PROVIDER, body.rules), (Source.PROVIDER, body.plans.get(plan, {}))]
    return effective(layers, limits, period)


def unsound(conn: Connection, body: PolicyBody, limits: dict[str, Bound]) -> Refused | None:
    """None when `body` may be published; refuses `field_invalid`, `unknown_plan`, `policy_out_of_bounds`."""
    refused = validate(body.rules, limits)
    if refused is not None:
        return refused
    for name, layer in body.plans.items():
        item = PLANS.get(conn, VENDOR, name)
        if item is None:
            return Refused(Code.UNKNOWN_PLAN, f"The vendor has no plan {name}.", f"plans.{name}")
        plan = msgspec.json.decode(item.body, type=Plan)
        refused = validate(layer, limits, plan.period, f"plans.{name}")
        if refused is not None:
            return refused
    for name in ("", *body.plans):
        refused = check_rules(rules_of(values_of(body, name, limits)))
        if refused is not None:
            return refused
    return None


def publish(conn: Connection, provider: str, body: PolicyBody, seen: int, by: str, now: Instant) -> Edition | Refused:
    """The next version; refuses `version_stale`. With `apply_now` every account is looked at: settling lengthens."""
    edition = POLICIES.publish(conn, provider, seen, msgspec.json.encode(body), Stamp(by, now))
    if body.apply_now and isinstance(edition, Edition):
        accounts.hurry_all(conn, provider, now)
    return edition


def _body(edition: Edition) -> PolicyBody:
    return msgspec.json.decode(edition.body, type=PolicyBody)

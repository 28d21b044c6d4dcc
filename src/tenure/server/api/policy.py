"""The policy a provider sells by: what holds and why, what a change would do to whom, and publishing it
[spec: policy]."""

from typing import Annotated, Any

import msgspec

from tenure.core.policy.bounds import EffectiveValue
from tenure.core.policy.rules import Action, RenewalOrder
from tenure.core.refusals import RefusalCode, Refused
from tenure.http.auth import AccessRule
from tenure.http.body_types import RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import impact, policies
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Id, OutcomeHash, Slug
from tenure.server.api.operations import NOTHING_SEEN, ServerOperations, TenantChange, TenantPost, TenantQuery
from tenure.server.context import Tenant
from tenure.server.impact import ImpactView
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.values import PolicyBody
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace

READ = AccessRule("policy:read")
WRITE = AccessRule("policy:write", PROVIDER_STAFF)
RULING = (RefusalCode.UNKNOWN_PLAN, RefusalCode.POLICY_OUT_OF_BOUNDS)

Most = Annotated[int, msgspec.Meta(ge=1, le=200, description="How many subscriptions are named at most.")]

Figure = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z_]+$(?!\n)")]
# A text with a pattern beside a list in one union makes msgspec 0.22 free memory that is not its own.
Choice = Annotated[str, msgspec.Meta(max_length=64)]
Figures = Annotated[
    dict[Name, Figure | Choice | bool | Annotated[list[Figure], msgspec.Meta(max_length=20)]],
    msgspec.Meta(max_length=32),
]
"""Some figures of the policy by name; which there are, and within what bounds, the policy itself shows."""


class PolicyUpdate(RequestBody, frozen=True, kw_only=True):
    """A provider's policy: figures that differ from the vendor's defaults, per plan too, and permissions."""

    rules: Figures = {}  # noqa: RUF012 - msgspec copies empty containers
    plans: Annotated[dict[Slug, Figures], msgspec.Meta(max_length=256)] = {}  # noqa: RUF012
    customer_actions: Annotated[tuple[Action, ...], msgspec.Meta(max_length=32)] | None = None
    provider_actions: Annotated[tuple[Action, ...], msgspec.Meta(max_length=32)] | None = None
    renewal_order: RenewalOrder = RenewalOrder.OLDEST_DUE
    apply_now: bool = False
    """Whether a longer grace reaches running periods at once; nothing that runs is ever shortened."""
    outcome_hash: OutcomeHash = ""
    """Of an impact report, to publish only what it was about, and only if the policy has not been changed meanwhile."""


class EffectiveView(msgspec.Struct, frozen=True, kw_only=True):
    """One figure as it holds, and where it comes from."""

    field: str
    value: int | str | bool | tuple[int, ...]
    source: str
    """`vendor_default`, `plan`, `provider` or `subscription`."""


class PolicyInForce(msgspec.Struct, frozen=True, kw_only=True):
    """The figures for one offer or one subscription; `since` is the start of the period that they are pinned to."""

    version: int
    plan: str
    since: str | None
    rules: tuple[EffectiveView, ...]


class PolicyView(msgspec.Struct, frozen=True, kw_only=True):
    """The policy in force."""

    version: int
    rules: tuple[EffectiveView, ...]
    plans: dict[str, tuple[EffectiveView, ...]]
    customer_actions: tuple[Action, ...]
    provider_actions: tuple[Action, ...]
    renewal_order: RenewalOrder
    own_rules: dict[str, Any]
    """What the provider itself has said for all plans: as published, so that it can be published again."""
    own_plans: dict[str, dict[str, Any]]
    """What it has said for single plans."""


_PUBLISHING = (*RULING, RefusalCode.OUTCOME_CHANGED_MEANWHILE)


class PolicyOperations(ServerOperations):
    """The operations on the policy."""

    @operation_at("GET", "/v1/policy", READ)
    async def read_policy(self, request: TenantQuery) -> ApiResponse[PolicyView]:
        """Reads the policy in force, each figure with its source."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[PolicyView]:
            history = policies.load_policies(conn, tenant.id)
            return json_response(policy_view(history), etag=entity_tag(history.version))

        return await self._read_as(request, work)

    @operation_at("PUT", "/v1/policy", WRITE, refusals=_PUBLISHING)
    async def publish_policy(
        self, request: TenantChange, body: PolicyUpdate, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[PolicyView]:
        """Publishes a new version: permissions hold at once, figures for periods that begin from now on.

        With `apply_now` a longer grace reaches the running periods, too.
        """

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any] | Refused:
            history = policies.load_policies(conn, tenant.id)
            accept(if_match.refuse_mismatch(entity_tag(history.version)))
            policy = _policy_view(body)
            if body.outcome_hash and not impact.is_same_change(body.outcome_hash, history, policy, tenant.now):
                return Refused(RefusalCode.OUTCOME_CHANGED_MEANWHILE, field="outcome_hash")
            accept(policies.refuse_unsound(conn, policy, history.bounds))
            published = accept(policies.publish_policy(conn, tenant.id, policy, history.version, tenant.by, tenant.now))
            said = f"version {published.version}"
            record_audit(conn, TeamPlace(tenant.id), request, "policy_published", said, tenant.real)
            after = policies.load_policies(conn, tenant.id)
            return json_response(policy_view(after), etag=entity_tag(after.version))

        return await self._write_as(request, work)

    @operation_at("GET", "/v1/policy/effective", READ, refusals=[RefusalCode.NOT_FOUND])
    async def read_effective(
        self, request: TenantQuery, offer: Id | None = None, subscription: Id | None = None
    ) -> PolicyInForce:
        """What holds for a subscription's running period, for an offer, or (neither named) for everything else."""

        def work(conn: Connection, tenant: Tenant) -> PolicyInForce:
            found = accept(impact.in_force(conn, tenant, offer, subscription))
            return copy_fields(PolicyInForce, found, rules=_effective_views(found.values))

        return await self._read_as(request, work)

    @operation_at("POST", "/v1/policy/impact", READ, refusals=RULING)
    async def foresee_impact(
        self, request: TenantPost, body: PolicyUpdate, limit: Most = 100
    ) -> ApiResponse[ImpactView]:
        """Says whom a policy would affect, from when on and which way; `plan` publishes exactly that. Changes nothing.

        Those whom it reaches first are named, all are counted.
        """

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            history, policy = policies.load_policies(conn, tenant.id), _policy_view(body)
            accept(policies.refuse_unsound(conn, policy, history.bounds))
            return json_response(impact.impact_report(conn, tenant, history, policy, limit))

        return await self._write_as(request, work)


def _policy_view(body: PolicyUpdate) -> PolicyBody:
    plain = PolicyBody()
    customer = plain.customer_actions if body.customer_actions is None else frozenset(body.customer_actions)
    own = plain.provider_actions if body.provider_actions is None else frozenset(body.provider_actions)
    return copy_fields(PolicyBody, body, customer_actions=customer, provider_actions=own)


def policy_view(history: policies.PublishedPolicies) -> PolicyView:
    """The policy in force as shown."""
    body = history.latest
    return PolicyView(
        version=history.version,
        rules=_effective_views(policies.values_of(body, "", history.bounds)),
        plans={plan: _effective_views(policies.values_of(body, plan, history.bounds)) for plan in sorted(body.plans)},
        customer_actions=tuple(sorted(body.customer_actions)),
        provider_actions=tuple(sorted(body.provider_actions)),
        renewal_order=body.renewal_order,
        own_rules=dict(body.rules),
        own_plans={plan: dict(body.plans[plan]) for plan in sorted(body.plans)},
    )


def _effective_views(values: dict[str, EffectiveValue]) -> tuple[EffectiveView, ...]:
    return tuple(
        EffectiveView(field=name, value=value, source=source) for name, (value, source) in sorted(values.items())
    )

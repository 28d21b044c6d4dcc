"""The vendor's bounds on policies: publishing them, and what they do to policies that were published before
[spec: policy-bounds].

What a provider published stays published. Figures outside the bounds are cut to them, and locked ones are the vendor's,
for periods that begin from then on; periods that run keep what they began with (ADR 20).
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from tenure.core.policy.bounds import (
    Bounds,
    EffectiveValue,
    PolicyBound,
    check_rules,
    effective_rules,
    rules_of,
    validate_bounds,
)
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.server import account_repository, policies
from tenure.server.policies import BOUNDS, PublishedPolicies, values_of
from tenure.store import tenants
from tenure.store.catalog import DOCUMENTS, PolicyEdition, WriteStamp
from tenure.store.engine import Connection

PROVIDERS_AT_ONCE = 200


class CutFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a published policy that does not hold as published; `plan` is empty for all plans."""

    provider: str
    provider_name: str
    plan: str
    field: str
    published: Any
    holds: Any


def bounds_version(conn: Connection) -> int:
    """How often bounds were published."""
    last = DOCUMENTS.last(conn, BOUNDS)
    return 0 if last is None else last.version


def publish_bounds(conn: Connection, wanted: dict[str, PolicyBound], by: str, now: Instant) -> PolicyEdition | Refused:
    """The next edition of the bounds.

    Refuses `field_invalid` for bounds that are none, and `policy_out_of_bounds` when figures would no longer fit
    together, of the defaults or of a provider's policy, which the detail names.
    """
    refused = validate_bounds(wanted) or check_rules(rules_of(effective_rules((), wanted)), "bounds")
    if refused is not None:
        return refused
    for provider, history in _published_policies(conn):
        for plan in ("", *history.latest.plans):
            unfit = check_rules(
                rules_of(values_of(history.latest, plan, wanted, account_repository.period_of(conn, plan)))
            )
            if unfit is not None:
                detail = f"The policy of {provider.name} would no longer fit together: {unfit.detail}"
                return Refused(RefusalCode.POLICY_OUT_OF_BOUNDS, detail, "bounds")
    return DOCUMENTS.publish(conn, BOUNDS, bounds_version(conn), msgspec.json.encode(wanted), WriteStamp(by, now))


def figures_cut(conn: Connection, bounds: Bounds) -> list[CutFigure]:
    """Every figure that a provider has published and that does not hold under `bounds`."""
    found = []
    for provider, history in _published_policies(conn):
        body = history.latest
        for plan, layer in (("", body.rules), *sorted(body.plans.items())):
            values = values_of(body, plan, dict(bounds), account_repository.period_of(conn, plan) if plan else None)
            found += [
                CutFigure(
                    provider=provider.id,
                    provider_name=provider.name,
                    plan=plan,
                    field=field,
                    published=said,
                    holds=values[field].value,
                )
                for field, said in sorted(layer.items())
                if _plain_bounds(values[field]) != said
            ]
    return found


def _plain_bounds(held: EffectiveValue) -> Any:
    return msgspec.to_builtins(held.value)


def _published_policies(conn: Connection) -> Iterator[tuple[tenants.ProviderRow, PublishedPolicies]]:
    after = ""
    while page := tenants.list_providers(conn, after, PROVIDERS_AT_ONCE):
        for provider in page:
            history = policies.load_policies(conn, provider.id)
            if history.editions:
                yield provider, history
        after = page[-1].id

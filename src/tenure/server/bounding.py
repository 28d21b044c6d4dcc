"""The vendor's bounds on policies: publishing them, and what they do to policies that were published before
[spec: policy-bounds].

What a provider published stays published. Figures outside the bounds are cut to them, and locked ones are the vendor's,
for periods that begin from then on; periods that run keep what they began with (ADR 20).
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from tenure.core.bounds import Bound, Bounds, Effective, check_rules, effective, rules_of, validate_bounds
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.server import books, policies
from tenure.server.policies import BOUNDS, History, values_of
from tenure.store import people
from tenure.store.catalogue import DOCUMENTS, Edition, Stamp
from tenure.store.engine import Connection

PROVIDERS_AT_ONCE = 200


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a published policy that does not hold as published; `plan` is empty for all plans."""

    provider: str
    provider_name: str
    plan: str
    field: str
    published: Any
    holds: Any


def version(conn: Connection) -> int:
    """How often bounds were published."""
    last = DOCUMENTS.last(conn, BOUNDS)
    return 0 if last is None else last.version


def publish(conn: Connection, wanted: dict[str, Bound], by: str, now: Instant) -> Edition | Refused:
    """The next edition of the bounds.

    Refuses `field_invalid` for bounds that are none, and `policy_out_of_bounds` when figures would no longer fit
    together, of the defaults or of a provider's policy, which the detail names.
    """
    refused = validate_bounds(wanted) or check_rules(rules_of(effective((), wanted)), "bounds")
    if refused is not None:
        return refused
    for provider, history in _policies(conn):
        for plan in ("", *history.latest.plans):
            unfit = check_rules(rules_of(values_of(history.latest, plan, wanted, books.period_of(conn, plan))))
            if unfit is not None:
                detail = f"The policy of {provider.name} would no longer fit together: {unfit.detail}"
                return Refused(Code.POLICY_OUT_OF_BOUNDS, detail, "bounds")
    return DOCUMENTS.publish(conn, BOUNDS, version(conn), msgspec.json.encode(wanted), Stamp(by, now))


def cuts(conn: Connection, bounds: Bounds) -> list[Cut]:
    """Every figure that a provider has published and that does not hold under `bounds`."""
    found = []
    for provider, history in _policies(conn):
        body = history.latest
        for plan, layer in (("", body.rules), *sorted(body.plans.items())):
            values = values_of(body, plan, dict(bounds), books.period_of(conn, plan) if plan else None)
            found += [
                Cut(
                    provider=provider.id,
                    provider_name=provider.name,
                    plan=plan,
                    field=field,
                    published=said,
                    holds=values[field].value,
                )
                for field, said in sorted(layer.items())
                if _plain(values[field]) != said
            ]
    return found


def _plain(held: Effective) -> Any:
    return msgspec.to_builtins(held.value)


def _policies(conn: Connection) -> Iterator[tuple[people.Provider, History]]:
    after = ""
    while page := people.list_providers(conn, after, PROVIDERS_AT_ONCE):
        for provider in page:
            history = policies.history(conn, provider.id)
            if history.editions:
                yield provider, history
        after = page[-1].id

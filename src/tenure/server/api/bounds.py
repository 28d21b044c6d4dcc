"""The vendor's bounds on every policy: what they are, what they would do to published policies, publishing them."""

from typing import Annotated, Any

import msgspec

from tenure.core.policy.bounds import ABSOLUTE, FIELDS, PolicyBound
from tenure.core.policy.rules import Role, Rules
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import policies, policy_bounds
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.operations import NOTHING_SEEN, CallerChange, ServerOperations
from tenure.server.api.policy import Figure, Name
from tenure.server.policy_bounds import CutFigure
from tenure.server.roles import PROVIDER_STAFF
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace

READ = AccessRule("policy:read", PROVIDER_STAFF)
WRITE = AccessRule("providers:write", frozenset({Role.VENDOR}))


class BoundBody(RequestBody, frozen=True, kw_only=True):
    """What is allowed of one field; what is left out is bounded by the widest bounds alone."""

    minimum: Figure | None = None
    maximum: Figure | None = None
    locked: bool = False
    """Only the vendor's default holds, whatever providers publish."""


class BoundsBody(RequestBody, frozen=True, kw_only=True):
    """The bounds of every policy by field; a field that is not named is free within the widest bounds."""

    bounds: Annotated[dict[Name, BoundBody], msgspec.Meta(max_length=64)] = {}  # noqa: RUF012


class BoundView(msgspec.Struct, frozen=True, kw_only=True):
    """One field: its bounds, the widest there can be, and the vendor's default."""

    field: str
    minimum: int | None
    maximum: int | None
    locked: bool
    least: int | None
    most: int | None
    default: Any


class BoundsView(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds, and every published figure that does not hold as published because of them."""

    version: int
    bounds: tuple[BoundView, ...]
    cuts: tuple[CutFigure, ...]
    """Cut to the bounds for periods that begin from now on; periods that run keep their own figures."""


_REFUSALS = (RefusalCode.POLICY_OUT_OF_BOUNDS,)


class BoundsOperations(ServerOperations):
    """The operations on bounds."""

    @operation_at("GET", "/v1/policy-bounds", READ)
    async def read_policy_bounds(self, caller: Principal) -> ApiResponse[BoundsView]:
        """Reads the bounds of every policy; what is cut is told of the caller's own policies only."""
        return await self._read(lambda conn, now: _bounds_view(conn, caller.provider))

    @operation_at("PUT", "/v1/policy-bounds", WRITE, refusals=_REFUSALS)
    async def publish_policy_bounds(
        self, request: CallerChange, body: BoundsBody, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[BoundsView]:
        """Publishes the bounds of every policy; a dry run shows which published figures they would cut."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            accept(if_match.refuse_mismatch(entity_tag(policy_bounds.bounds_version(conn))))
            wanted = {name: msgspec.convert(msgspec.to_builtins(one), PolicyBound) for name, one in body.bounds.items()}
            published = accept(policy_bounds.publish_bounds(conn, wanted, request.caller.actor_name, real))
            record_audit(
                conn,
                TeamPlace(),
                request,
                "policy_bounds_published",
                f"version {published.version}",
                real,
            )
            return _bounds_view(conn, "")

        return await self._write(request, work)


def _bounds_view(conn: Connection, provider: str) -> ApiResponse[Any]:
    bounds = policies.load_bounds(conn)
    version = policy_bounds.bounds_version(conn)
    cuts = tuple(one for one in policy_bounds.figures_cut(conn, bounds) if provider in ("", one.provider))
    fields = tuple(_field_view(name, bounds.get(name, PolicyBound())) for name in sorted(FIELDS))
    return json_response(BoundsView(version=version, bounds=fields, cuts=cuts), etag=entity_tag(version))


def _field_view(name: str, bound: PolicyBound) -> BoundView:
    widest = ABSOLUTE.get(name, PolicyBound())
    return copy_fields(
        BoundView,
        bound,
        field=name,
        least=widest.minimum,
        most=widest.maximum,
        default=msgspec.to_builtins(getattr(Rules(), name)),
    )

"""The vendor's bounds on every policy: what they are, what they would do to published policies, publishing them."""

from typing import Annotated, Any

import msgspec

from tenure.core.bounds import ABSOLUTE, FIELDS, Bound
from tenure.core.policy import Role, Rules
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body
from tenure.http.inputs import Address
from tenure.http.operations import Operation, operation
from tenure.server import bounding, policies
from tenure.server.api.accounts.places import note
from tenure.server.api.policy import Figure, Name
from tenure.server.bounding import Cut
from tenure.server.context import Context
from tenure.server.roles import DESK
from tenure.store.engine import Connection
from tenure.store.persons import Place

READ = Rule("policy:read", DESK)
WRITE = Rule("providers:write", frozenset({Role.VENDOR}))
NOTHING_SEEN = IfMatch()


class BoundBody(Body, frozen=True, kw_only=True):
    """What is allowed of one field; what is left out is bounded by the widest bounds alone."""

    minimum: Figure | None = None
    maximum: Figure | None = None
    locked: bool = False
    """Only the vendor's default holds, whatever providers publish."""


class BoundsBody(Body, frozen=True, kw_only=True):
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
    cuts: tuple[Cut, ...]
    """Cut to the bounds for periods that begin from now on; periods that run keep their own figures."""


class PolicyBounds:
    """The operations on bounds."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def read_policy_bounds(self, caller: Principal) -> Answer[BoundsView] | Refused:
        """Reads the bounds of every policy; what is cut is told of the caller's own policies only."""
        return await self._context.read(lambda conn, now: _shown(conn, caller.provider))

    async def publish_policy_bounds(
        self,
        caller: Principal,
        body: BoundsBody,
        address: Address,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> Answer[BoundsView] | Refused:
        """Publishes the bounds of every policy; a dry run shows which published figures they would cut."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            refused = if_match.refusal(etag(bounding.version(conn)))
            if refused is not None:
                return refused
            wanted = {name: msgspec.convert(msgspec.to_builtins(one), Bound) for name, one in body.bounds.items()}
            published = bounding.publish(conn, wanted, caller.by, real)
            if isinstance(published, Refused):
                return published
            note(conn, Place(), caller, address, "policy_bounds_published", f"version {published.version}", real)
            return _shown(conn, "")

        answer: Answer[BoundsView] | Refused = await self._context.write(dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        refusals = (Code.POLICY_OUT_OF_BOUNDS,)
        return (
            operation("GET", "/v1/policy-bounds", READ, self.read_policy_bounds),
            operation("PUT", "/v1/policy-bounds", WRITE, self.publish_policy_bounds, refusals=refusals),
        )


def _shown(conn: Connection, provider: str) -> Answer[Any]:
    bounds = policies.bounds(conn)
    version = bounding.version(conn)
    cuts = tuple(one for one in bounding.cuts(conn, bounds) if provider in ("", one.provider))
    fields = tuple(_field(name, bounds.get(name, Bound())) for name in sorted(FIELDS))
    return made(BoundsView(version=version, bounds=fields, cuts=cuts), etag=etag(version))


def _field(name: str, bound: Bound) -> BoundView:
    widest = ABSOLUTE.get(name, Bound())
    return BoundView(
        field=name,
        minimum=bound.minimum,
        maximum=bound.maximum,
        locked=bound.locked,
        least=widest.minimum,
        most=widest.maximum,
        default=msgspec.to_builtins(getattr(Rules(), name)),
    )

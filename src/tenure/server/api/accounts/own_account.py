"""Who am I, for whom do I act, and what does that permit; and going on in another of one's own teams."""

import msgspec

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.flows import not_signed_in
from tenure.http.auth import Principal
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.problems import RefusedError, accept, require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import policies
from tenure.server.api.accounts.sign_in import OWN
from tenure.server.api.fields import Id
from tenure.server.api.operations import CallerPost, ServerOperations
from tenure.server.api.providers import ProviderView, provider_view
from tenure.server.roles import scopes_of
from tenure.server.views import optional_rfc3339
from tenure.store import audit_log, ending_rows, sessions, tenants, tokens, users
from tenure.store.audit_log import AuditEvent
from tenure.store.engine import Connection
from tenure.store.sessions import SignedIn


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """A user with an account."""

    id: str
    name: str
    email: str


class CustomerName(msgspec.Struct, frozen=True, kw_only=True):
    """A customer, as its users know it."""

    id: str
    name: str


class MembershipView(msgspec.Struct, frozen=True, kw_only=True):
    """A team that the user is in; `name` is the provider's or the customer's, empty for the vendor's own."""

    id: str
    kind: str
    role: str
    name: str


class CallerView(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, for whom, and what that permits; a program has no user, no role and no memberships."""

    user: UserView | None
    kind: str
    role: str
    scopes: tuple[str, ...]
    actions: tuple[str, ...]
    """What the provider's policy allows to this kind of caller; without a provider nothing."""
    provider: ProviderView | None
    customer: CustomerName | None
    second_factor: bool
    expires: str | None
    membership: str
    """The one that the session works in."""
    memberships: tuple[MembershipView, ...]


class ChosenMembership(RequestBody, frozen=True, kw_only=True):
    """The membership to work in."""

    id: Id


class OwnAccountOperations(ServerOperations):
    """The operations on one's own account."""

    @operation_at("GET", "/v1/me", OWN)
    async def read_me(self, caller: Principal) -> CallerView:
        """Who asks, for whom, and what that permits; for users and for programs."""
        return await self._read(lambda conn, now: _caller_view(conn, caller, now))

    @operation_at("POST", "/v1/me/membership", OWN, refusals=[RefusalCode.ACTION_NOT_PERMITTED, RefusalCode.NOT_FOUND])
    async def choose_membership(self, request: CallerPost, body: ChosenMembership) -> ApiResponse[CallerView]:
        """Goes on in another of one's own teams, in the same session."""
        caller = request.caller
        if not caller.user:
            raise RefusedError(not_signed_in())

        def work(conn: Connection, now: Instant) -> ApiResponse[CallerView]:
            mine = {each.id: each for each in users.memberships_of(conn, caller.user)}
            chosen = require_found(mine.get(body.id), "id")
            sessions.move_session(conn, caller.token_id, caller.user, chosen.id)
            users.membership_used(conn, chosen.id, now)
            state = ending_rows.recorded_state(conn, ending_rows.SESSION, caller.token_id)
            event = AuditEvent(
                audit_log.SIGNED_IN, caller.user, caller.name, chosen.kind, request.address, "from another team",
                caller.token_id,
                state,
            )  # fmt: skip
            audit_log.record_event(conn, chosen.team_place, event, now)
            return json_response(accept(_caller_view(conn, caller, now)))

        return await self._write(request, work)


def _caller_view(conn: Connection, caller: Principal, now: Instant) -> CallerView | Refused:
    if caller.user:
        session = sessions.by_id(conn, caller.token_id, now)
        return Refused(RefusalCode.NOT_AUTHENTICATED) if session is None else _of_session(conn, session, now)
    provider, customer = _team_name(conn, caller.provider, caller.customer, now)
    return CallerView(
        user=None,
        kind=str(caller.kind),
        role="",
        scopes=tuple(sorted(caller.scopes)),
        actions=_permitted_actions(conn, caller.provider, str(caller.kind)),
        provider=provider,
        customer=customer,
        second_factor=False,
        expires=optional_rfc3339(tokens.token_expiry(conn, caller.token_id)),
        membership="",
        memberships=(),
    )


def _of_session(conn: Connection, found: SignedIn, now: Instant) -> CallerView | Refused:
    session, user = found.session, users.get_user(conn, found.session.user)
    if user is None:
        return Refused(RefusalCode.NOT_AUTHENTICATED)
    provider, customer = _team_name(conn, found.provider or "", found.customer or "", now)
    mine = users.named_memberships(conn, user.id)
    return CallerView(
        user=copy_fields(UserView, user),
        kind=found.kind,
        role=found.role,
        scopes=tuple(sorted(scopes_of(Role(found.kind), found.role))),
        actions=_permitted_actions(conn, found.provider or "", found.kind),
        provider=provider,
        customer=customer,
        second_factor=user.factor is not None,
        expires=optional_rfc3339(session.expires),
        membership=session.membership or "",
        memberships=tuple(MembershipView(id=i, kind=kind, role=role, name=name) for i, kind, role, name in mine),
    )


def _permitted_actions(conn: Connection, provider: str, kind: str) -> tuple[str, ...]:
    return tuple(sorted(policies.load_policies(conn, provider).permitted_actions(Role(kind)))) if provider else ()


def _team_name(
    conn: Connection, provider: str, customer: str, now: Instant
) -> tuple[ProviderView | None, CustomerName | None]:
    selling = tenants.get_provider(conn, provider) if provider else None
    buying = tenants.get_customer(conn, provider, customer) if customer else None
    return (
        None if selling is None else provider_view(selling, now),
        None if buying is None else copy_fields(CustomerName, buying),
    )

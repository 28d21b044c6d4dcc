"""The tokens that programs sign requests with."""

import base64
from typing import Annotated, Any

import msgspec

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import Line, RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import RefusedError, accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Id
from tenure.server.api.operations import ServerOperations, TenantChange, TenantPost, TenantQuery
from tenure.server.context import ServerContext
from tenure.server.roles import PROVIDER_STAFF, SCOPES, usual_scopes
from tenure.store import ids, invitations, tenants, tokens
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace

EVERYTHING = "*"
"""In place of scopes: must be asked for by name, so that a token whose scopes were left out cannot do everything."""
TOKENS = AccessRule("tokens:write", PROVIDER_STAFF)


class NewToken(RequestBody, frozen=True, kw_only=True):
    """A token for a program; it can do what its scopes say, for so many days."""

    name: Line
    role: Role = Role.PROVIDER
    customer: Id | None = None
    """For role `customer`: whose."""
    scopes: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            min_length=1,
            max_length=32,
            description="What the program needs; `*` alone: all that its role may carry but what is about accounts.",
        ),
    ]
    days: Annotated[int, msgspec.Meta(ge=1, le=3_650)] = 365


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token; the secret is shown once, in the answer that made it."""

    id: str
    name: str
    role: str
    customer: str | None
    scopes: tuple[str, ...]
    created: str
    expires: str | None
    last_use: str | None
    token: str = ""


class TokenOperations(ServerOperations):
    """The operations on tokens."""

    @operation_at("POST", "/v1/tokens", TOKENS, status=201)
    async def create_token(self, request: TenantPost, body: NewToken) -> ApiResponse[TokenView]:
        """Makes a token; its secret is in this answer only."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any]:
            owner = _owner_of(request)
            accept(_unsound_token(conn, request.caller, body, owner))
            secret, row = new_token(self._context, body, owner, real)
            tokens.add_token(conn, row)
            _record_audit(conn, request, "token_made", row, real)
            # A dry run must not show anything that looks like a token that works.
            return json_response(msgspec.structs.replace(token_view(row), token="" if request.dry_run else secret), 201)

        return await self._write(request, work, secret=True)

    @operation_at("GET", "/v1/tokens", TOKENS)
    async def list_tokens(self, request: TenantQuery, paging: PageRequest) -> ResultPage[TokenView]:
        """Lists the tokens that are not withdrawn, without their secrets; the audit log tells of the others."""

        def rows(conn: Connection, now: Instant, after: str, most: int) -> list[TokenView]:
            return [token_view(each) for each in tokens.list_tokens(conn, _owner_of(request), after, most)]

        return await self._list(paging, rows)

    @operation_at("DELETE", "/v1/tokens/{token}", TOKENS)
    async def withdraw_token(self, request: TenantChange, token: Id) -> None:
        """Withdraws a token: it is good for nothing from now on, nor are invitations made with it (by its name)."""

        def work(conn: Connection, now: Instant) -> None:
            gone = accept(tokens.withdraw_token(conn, _owner_of(request), token, now))
            invitations.withdraw_all_by(conn, TeamPlace(gone.provider, gone.customer), gone.name)
            _record_audit(conn, request, "token_withdrawn", gone, now)

        await self._write(request, work)


def _owner_of(request: TenantQuery) -> str | None:
    """The provider whose tokens are meant, None for the vendor's own; raises `not_found` for a foreign one."""
    own, named = request.caller.provider, request.provider
    if own and named and named != own:
        raise RefusedError(Refused(RefusalCode.NOT_FOUND, field="provider"))
    return own or named


def _record_audit(conn: Connection, request: TenantChange, what: str, row: tokens.ApiToken, now: Instant) -> None:
    place, said, state = TeamPlace(row.provider, row.customer), f"{row.id}: {row.name}", tokens.recorded_state(row)
    record_audit(conn, place, request, what, said, now, about=row.id, state=state)


def _unsound_token(conn: Connection, caller: Principal, body: NewToken, owner: str | None) -> Refused | None:
    if body.role not in SCOPES or (body.role is Role.VENDOR) != (owner is None):
        return Refused(RefusalCode.FIELD_INVALID, "A provider's tokens are for `provider` or `customer`.", "role")
    if (body.role is Role.CUSTOMER) != (body.customer is not None):
        return Refused(
            RefusalCode.FIELD_INVALID, "Name the customer for role `customer`, and for no other.", "customer"
        )
    if owner is not None and tenants.get_provider(conn, owner) is None:
        return Refused(RefusalCode.NOT_FOUND, field="provider")
    if body.customer is not None and tenants.get_customer(conn, owner or "", body.customer) is None:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    if EVERYTHING in body.scopes and len(body.scopes) > 1:
        return Refused(RefusalCode.FIELD_INVALID, "`*` stands alone: it is everything already.", "scopes")
    allowed = {*SCOPES[body.role], EVERYTHING}
    unknown = [scope for scope in body.scopes if scope not in allowed]
    if unknown:
        return Refused(RefusalCode.FIELD_INVALID, f"This role cannot carry the scope {unknown[0][:64]!a}.", "scopes")
    beyond = [scope for scope in token_scopes(body) if scope not in caller.scopes]
    if beyond:
        return Refused(RefusalCode.ACTION_NOT_PERMITTED, f"Your own token does not carry {beyond[0]}.", "scopes")
    return None


def token_scopes(body: NewToken) -> tuple[str, ...]:
    """The scopes that the token gets: those named, or all but those about accounts where everything was asked for."""
    return usual_scopes(body.role) if body.scopes == (EVERYTHING,) else body.scopes


def new_token(
    context: ServerContext, body: NewToken, provider: str | None, now: Instant
) -> tuple[str, tokens.ApiToken]:
    """A fresh secret `tnr_…` of 256 random bits, and the row that knows only its digest."""
    secret = "tnr_" + base64.b32encode(context.draw(32)).decode().rstrip("=").lower()
    row = tokens.ApiToken(
        digest=context.keys.token_digest(secret),
        id=ids.new_id("tok", now),
        provider=provider,
        customer=body.customer,
        role=body.role,
        scopes=token_scopes(body),
        name=body.name,
        created=now,
        expires=now + body.days * DAY,
    )
    return secret, row


def token_view(row: tokens.ApiToken) -> TokenView:
    """A token as shown: never its secret."""
    return copy_fields(TokenView, row)

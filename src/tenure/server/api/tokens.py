"""The tokens that programs sign requests with."""

import base64
from typing import Annotated, Any

import msgspec

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import Line, RequestBody
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Id
from tenure.server.context import ServerContext, ServerOperations
from tenure.server.roles import PROVIDER_STAFF, SCOPES, usual_scopes
from tenure.server.views import optional_rfc3339
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
    async def create_token(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        body: NewToken,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[TokenView] | Refused:
        """Makes a token; its secret is in this answer only."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            refused = _unsound_token(conn, caller, body, provider)
            if refused is not None:
                return refused
            secret, row = new_token(self._context, body, caller.provider or provider, real)
            tokens.add_token(conn, row)
            place, detail = TeamPlace(row.provider, row.customer), f"{row.id}: {row.name}"
            record_audit(
                conn, place, caller, address, "token_made", detail, real, about=row.id, state=tokens.recorded_state(row)
            )
            # A dry run must not show anything that looks like a token that works.
            return json_response(msgspec.structs.replace(token_view(row), token="" if dry_run else secret), 201)

        return await self._context.run_once(ticket, dry_run, work, secret=True)

    @operation_at("GET", "/v1/tokens", TOKENS)
    async def list_tokens(
        self, caller: Principal, paging: PageRequest, provider: Id | None = None
    ) -> ResultPage[TokenView] | Refused:
        """Lists the tokens that are not withdrawn, without their secrets; the audit log tells of the others."""
        after = paging.after_key(str)
        if isinstance(after, Refused):
            return after
        if caller.provider and provider and provider != caller.provider:
            return Refused(RefusalCode.NOT_FOUND, field="provider")
        owner = caller.provider or provider
        found = await self._context.read_tx(
            lambda conn, now: tokens.list_tokens(conn, owner, after or "", paging.limit + 1)
        )
        return cut_page(map(token_view, found), paging.limit, lambda each: each.id)

    @operation_at("DELETE", "/v1/tokens/{token}", TOKENS)
    async def withdraw_token(
        self, caller: Principal, token: Id, address: Address, provider: Id | None = None, dry_run: bool = False
    ) -> Refused | None:
        """Withdraws a token: it is good for nothing from now on, nor are invitations made with it (by its name)."""
        if caller.provider and provider and provider != caller.provider:
            return Refused(RefusalCode.NOT_FOUND, field="provider")
        owner = caller.provider or provider

        def work(conn: Connection, now: Instant) -> ApiResponse[Any] | Refused:
            gone = tokens.withdraw_token(conn, owner, token, now)
            if isinstance(gone, Refused):
                return gone
            invitations.withdraw_all_by(conn, TeamPlace(gone.provider, gone.customer), gone.name)
            record_audit(
                conn,
                TeamPlace(gone.provider, gone.customer),
                caller,
                address,
                "token_withdrawn",
                f"{gone.id}: {gone.name}",
                now,
                about=gone.id,
                state=tokens.recorded_state(gone),
            )
            return json_response(None)

        done = await self._context.write_tx(dry_run, work)
        return done if isinstance(done, Refused) else None


def _unsound_token(conn: Connection, caller: Principal, body: NewToken, provider: str | None) -> Refused | None:
    owner = caller.provider or provider
    if caller.provider and provider and provider != caller.provider:
        return Refused(RefusalCode.NOT_FOUND, field="provider")
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
    return TokenView(
        id=row.id,
        name=row.name,
        role=row.role,
        customer=row.customer,
        scopes=row.scopes,
        created=format_rfc3339(row.created),
        expires=optional_rfc3339(row.expires),
        last_use=optional_rfc3339(row.last_use),
    )

"""The tokens that programs sign requests with."""

import base64
from typing import Annotated, Any

import msgspec

from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.fields import Body, Line
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server.api.accounts.places import note
from tenure.server.api.fields import Id
from tenure.server.context import Context
from tenure.server.roles import DESK, SCOPES, usual
from tenure.server.views import shown
from tenure.store import ids, invitations, people, tokens
from tenure.store.engine import Connection
from tenure.store.persons import Place

EVERYTHING = "*"
"""Said in place of scopes: whoever wants it says so, for a token that was made in a hurry must not open everything."""
TOKENS = Rule("tokens:write", DESK)


class NewToken(Body, frozen=True, kw_only=True):
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


class Tokens:
    """The operations on tokens."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create_token(
        self,
        caller: Principal,
        ticket: Ticket,
        body: NewToken,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[TokenView] | Refused:
        """Makes a token; its secret is in this answer only."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            refused = _unsound_token(conn, caller, body, provider)
            if refused is not None:
                return refused
            secret, row = new_token(self._context, body, caller.provider or provider, real)
            tokens.add_token(conn, row)
            place, detail = Place(row.provider, row.customer), f"{row.id}: {row.name}"
            note(conn, place, caller, address, "token_made", detail, real, about=row.id, state=tokens.state(row))
            # What a rehearsal shows must not look like something that works.
            return made(msgspec.structs.replace(token_view(row), token="" if dry_run else secret), 201)

        answer: Answer[TokenView] | Refused = await self._context.once(ticket, dry_run, work, secret=True)
        return answer

    async def list_tokens(
        self, caller: Principal, paging: Paging, provider: Id | None = None
    ) -> Page[TokenView] | Refused:
        """Lists tokens, without their secrets."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after
        if caller.provider and provider and provider != caller.provider:
            return Refused(Code.NOT_FOUND, field="provider")
        owner = caller.provider or provider
        found = await self._context.read(
            lambda conn, now: tokens.list_tokens(conn, owner, after or "", paging.limit + 1)
        )
        return cut_page(map(token_view, found), paging.limit, lambda each: each.id)

    async def withdraw_token(
        self, caller: Principal, token: Id, address: Address, provider: Id | None = None, dry_run: bool = False
    ) -> Refused | None:
        """Withdraws a token: it is good for nothing from now on, nor are invitations made with it (by its name)."""
        if caller.provider and provider and provider != caller.provider:
            return Refused(Code.NOT_FOUND, field="provider")
        owner = caller.provider or provider

        def work(conn: Connection, now: Instant) -> Answer[Any] | Refused:
            gone = tokens.withdraw_token(conn, owner, token, now)
            if isinstance(gone, Refused):
                return gone
            invitations.withdraw_all_by(conn, Place(gone.provider, gone.customer), gone.name)
            note(
                conn,
                Place(gone.provider, gone.customer),
                caller,
                address,
                "token_withdrawn",
                f"{gone.id}: {gone.name}",
                now,
                about=gone.id,
                state=tokens.state(gone),
            )
            return made(None)

        done = await self._context.write(dry_run, work)
        return done if isinstance(done, Refused) else None

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/tokens", TOKENS, self.list_tokens),
            operation("POST", "/v1/tokens", TOKENS, self.create_token, status=201),
            operation("DELETE", "/v1/tokens/{token}", TOKENS, self.withdraw_token),
        )


def _unsound_token(conn: Connection, caller: Principal, body: NewToken, provider: str | None) -> Refused | None:
    owner = caller.provider or provider
    if caller.provider and provider and provider != caller.provider:
        return Refused(Code.NOT_FOUND, field="provider")
    if body.role not in SCOPES or (body.role is Role.VENDOR) != (owner is None):
        return Refused(Code.FIELD_INVALID, "A provider's tokens are for `provider` or `customer`.", "role")
    if (body.role is Role.CUSTOMER) != (body.customer is not None):
        return Refused(Code.FIELD_INVALID, "Name the customer for role `customer`, and for no other.", "customer")
    if owner is not None and people.provider(conn, owner) is None:
        return Refused(Code.NOT_FOUND, field="provider")
    if body.customer is not None and people.customer(conn, owner or "", body.customer) is None:
        return Refused(Code.NOT_FOUND, field="customer")
    if EVERYTHING in body.scopes and len(body.scopes) > 1:
        return Refused(Code.FIELD_INVALID, "`*` stands alone: it is everything already.", "scopes")
    allowed = {*SCOPES[body.role], EVERYTHING}
    unknown = [scope for scope in body.scopes if scope not in allowed]
    if unknown:
        return Refused(Code.FIELD_INVALID, f"This role cannot carry the scope {unknown[0][:64]!a}.", "scopes")
    beyond = [scope for scope in carried(body) if scope not in caller.scopes]
    if beyond:
        return Refused(Code.ACTION_NOT_PERMITTED, f"Your own token does not carry {beyond[0]}.", "scopes")
    return None


def carried(body: NewToken) -> tuple[str, ...]:
    """The scopes that the token gets: those named, or all but those about accounts where everything was asked for."""
    return usual(body.role) if body.scopes == (EVERYTHING,) else body.scopes


def new_token(context: Context, body: NewToken, provider: str | None, now: Instant) -> tuple[str, tokens.Token]:
    """A fresh secret `tnr_…` of 256 random bits, and the row that knows only its digest."""
    secret = "tnr_" + base64.b32encode(context.draw(32)).decode().rstrip("=").lower()
    row = tokens.Token(
        digest=context.keys.token_digest(secret),
        id=ids.new("tok", now),
        provider=provider,
        customer=body.customer,
        role=body.role,
        scopes=carried(body),
        name=body.name,
        created=now,
        expires=now + body.days * DAY,
    )
    return secret, row


def token_view(row: tokens.Token) -> TokenView:
    """A token as shown: never its secret."""
    return TokenView(
        id=row.id,
        name=row.name,
        role=row.role,
        customer=row.customer,
        scopes=row.scopes,
        created=rfc3339(row.created),
        expires=shown(row.expires),
        last_use=shown(row.last_use),
    )

"""Who shows this secret: a program with a token, or a user with a session; by keyed digest, on the real clock."""

from collections.abc import Awaitable, Callable

from tenure.core.policy.rules import Role
from tenure.core.timeline import Instant
from tenure.http.auth import Principal
from tenure.server.api.accounts.places import SecretPrefix
from tenure.server.context import ServerContext
from tenure.server.roles import scopes_of
from tenure.store import sessions, tokens

TOKEN_USE_NOTED_EVERY = 3_600


def make_authenticator(context: ServerContext) -> Callable[[str], Awaitable[Principal | None]]:
    """Secret to principal; a time of use is noted once in a while, since that is a write."""

    async def authenticate(secret: str) -> Principal | None:
        digest, now = context.keys.token_digest(secret), context.clock()
        if secret.startswith(SecretPrefix.SESSION):
            return await _user_principal(context, digest, now)
        return await _program_principal(context, digest, now)

    return authenticate


async def _program_principal(context: ServerContext, digest: bytes, now: Instant) -> Principal | None:
    found = await context.db.read(tokens.get_token, digest, now)
    if found is None:
        return None
    if found.last_use is None or now - found.last_use >= TOKEN_USE_NOTED_EVERY:
        await context.db.write(tokens.token_used, digest, now)
    return Principal(
        kind=Role(found.role),
        provider=found.provider or "",
        customer=found.customer or "",
        scopes=frozenset(found.scopes),
        token_id=found.id,
        name=found.name,
    )


async def _user_principal(context: ServerContext, digest: bytes, now: Instant) -> Principal | None:
    found = await context.db.read(sessions.signed_in, digest, now)
    if found is None:
        return None
    if now - found.session.last_use >= sessions.NOTED_EVERY:
        await context.db.write(sessions.note_use, digest, now)
    return Principal(
        kind=Role(found.kind),
        provider=found.provider or "",
        customer=found.customer or "",
        role=found.role,
        scopes=scopes_of(Role(found.kind), found.role),
        token_id=found.session.id,
        user=found.session.user,
        name=found.email,
    )

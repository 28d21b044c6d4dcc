"""Tokens that requests are signed in with, known by their digest alone: scoped, expiring, withdrawn at once."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.store.engine import Connection
from tenure.store.schema import tokens


class ApiToken(msgspec.Struct, frozen=True):
    """What a token is good for; None as provider means the vendor. The token itself is never stored."""

    digest: bytes
    id: str
    provider: str | None
    customer: str | None
    role: str
    scopes: tuple[str, ...]
    name: str
    created: Instant
    expires: Instant | None = None
    last_use: Instant | None = None
    withdrawn: Instant | None = None


_TOKEN = sa.select(*[tokens.c[name] for name in ApiToken.__struct_fields__])
_BY_DIGEST = _TOKEN.where(tokens.c.digest == sa.bindparam("of"), tokens.c.withdrawn.is_(None))
_OWNED = tokens.c.provider.is_not_distinct_from(sa.bindparam("tenant", type_=tokens.c.provider.type))
_BY_ID = _TOKEN.where(tokens.c.id == sa.bindparam("of"), _OWNED)
_TOKENS = (
    _TOKEN.where(_OWNED, tokens.c.withdrawn.is_(None), tokens.c.id > sa.bindparam("after"))
    .order_by(tokens.c.id)
    .limit(sa.bindparam("most"))
)
_USED = tokens.update().where(tokens.c.digest == sa.bindparam("of")).values(last_use=sa.bindparam("now"))
_WITHDRAW = (
    tokens.update()
    .where(tokens.c.id == sa.bindparam("of"), _OWNED, tokens.c.withdrawn.is_(None))
    .values(withdrawn=sa.bindparam("now"))
)


def add_token(conn: Connection, new: ApiToken) -> None:
    """A new token, known by its digest."""
    conn.execute(tokens.insert(), msgspec.structs.asdict(new) | {"scopes": " ".join(new.scopes)})


def get_token(conn: Connection, digest: bytes, now: Instant) -> ApiToken | None:
    """The token of that digest, if it is neither withdrawn nor expired at `now` (real time)."""
    row = conn.execute(_BY_DIGEST, {"of": digest}).one_or_none()
    found = None if row is None else _read_token(row)
    return None if found is None or (found.expires is not None and found.expires <= now) else found


def token_expiry(conn: Connection, token_id: str) -> Instant | None:
    """When the token of that id expires; None: never."""
    return conn.scalar(sa.select(tokens.c.expires).where(tokens.c.id == token_id))


def list_tokens(conn: Connection, provider_id: str | None, after: str = "", limit: int = 50) -> list[ApiToken]:
    """At most `limit` tokens of the provider (None: the vendor's own) with ids after `after`.

    Expired ones are among them, with the instant at which they ended; withdrawn ones stand in the audit log alone.
    """
    asked = {"tenant": provider_id, "after": after, "most": limit}
    return [_read_token(row) for row in conn.execute(_TOKENS, asked)]


def token_used(conn: Connection, digest: bytes, now: Instant) -> None:
    """Note the use; callers do so once in a while, since it is a write."""
    conn.execute(_USED, {"of": digest, "now": now})


def by_id(conn: Connection, provider: str | None, token_id: str) -> ApiToken | None:
    """The token of that id, withdrawn or not; None as provider means the vendor's."""
    row = conn.execute(_BY_ID, {"of": token_id, "tenant": provider}).one_or_none()
    return None if row is None else _read_token(row)


def recorded_state(row: ApiToken) -> bytes:
    """What a token may do, for the chain: of the secret its digest alone."""
    parts = (row.id, row.provider, row.customer, row.role, row.scopes, row.expires, row.withdrawn, row.digest)
    return msgspec.json.encode(parts)


def withdraw_token(conn: Connection, provider_id: str | None, token_id: str, now: Instant) -> ApiToken | Refused:
    """Good for nothing from now on; refuses `not_found`."""
    row = conn.execute(_BY_ID, {"of": token_id, "tenant": provider_id}).one_or_none()
    withdrawn = conn.execute(_WITHDRAW, {"of": token_id, "tenant": provider_id, "now": now})
    if row is None or withdrawn.rowcount != 1:
        return Refused(RefusalCode.NOT_FOUND)
    return msgspec.structs.replace(_read_token(row), withdrawn=now)


def _read_token(row: Sequence[Any]) -> ApiToken:
    digest, token_id, owner, customer_id, role, scopes, *rest = row
    return ApiToken(digest, token_id, owner, customer_id, role, tuple(scopes.split()), *rest)

"""Activation codes as the server knows them: a keyed hash and the last group; what a code may do is the core's."""

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store.engine import Connection
from tenure.store.schema import codes


class StoredCode(msgspec.Struct, frozen=True):
    """An activation code as the server knows it: a keyed hash and its last group."""

    digest: bytes
    id: str
    provider: str
    subscription: str
    last_group: str
    state: str
    created: Instant


_CODE = [codes.c[name] for name in StoredCode.__struct_fields__]
_ADD_CODE = codes.insert()
_BY_DIGEST = sa.select(*_CODE).where(codes.c.digest == sa.bindparam("of"))


def add(conn: Connection, code: StoredCode) -> None:
    """A code that may be applied from now on."""
    conn.execute(_ADD_CODE, msgspec.structs.asdict(code))


def by_digest(conn: Connection, digest: bytes) -> StoredCode | None:
    """The code of that keyed hash, of any provider: the provider follows from the code [spec: activation-codes]."""
    row = conn.execute(_BY_DIGEST, {"of": digest}).one_or_none()
    return None if row is None else StoredCode(*row)

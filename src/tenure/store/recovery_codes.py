"""Recovery codes by their digests: what was used is gone."""

from collections.abc import Iterable

import sqlalchemy as sa

from tenure.store.engine import Connection
from tenure.store.schema import recovery

_MINE = recovery.c.user == sa.bindparam("of")
_FORGET = recovery.delete().where(_MINE)
_USE = recovery.delete().where(_MINE, recovery.c.digest == sa.bindparam("code"))


def replace_codes(conn: Connection, user: str, digests: Iterable[bytes]) -> None:
    """These are the user's codes from now on, and no others."""
    conn.execute(_FORGET, {"of": user})
    for digest in digests:
        conn.execute(recovery.insert(), {"user": user, "digest": digest})


def use_code(conn: Connection, user: str, digest: bytes) -> bool:
    """Use a code up; False when it is none of the user's, or was used."""
    return conn.execute(_USE, {"of": user, "code": digest}).rowcount == 1

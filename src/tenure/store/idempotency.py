"""One effect per Idempotency-Key [spec: idempotency, sealed-responses]: what was answered before is answered again, for
24 hours.

Begin and finish inside the transaction of the effect: then effect and answer are kept together or not at all. An open
entry is only ever seen where an operation spans several transactions; it is given up after `OPEN_FOR`.
"""

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY, Instant
from tenure.store.either import unless_there
from tenure.store.engine import Conflict, Connection
from tenure.store.schema import idempotency
from tenure.store.sealed import Safe

KEEP = DAY
"""Seconds for which an answer is repeated; it is deleted afterwards, because it may hold a secret."""
OPEN_FOR = 60

_OPEN, _DONE = "open", "done"


class Replay(msgspec.Struct, frozen=True):
    """It was done: this was the answer."""

    answer: bytes


_PLACE = (idempotency.c.scope == sa.bindparam("of"), idempotency.c.key == sa.bindparam("under"))
_GET = (
    sa.select(
        idempotency.c.payload_hash,
        idempotency.c.state,
        idempotency.c.sealed,
        idempotency.c.answer,
        idempotency.c.created,
    )
    .where(*_PLACE)
    .with_for_update()
)
# Inserted first and looked at afterwards: on PostgreSQL the second of two equal requests waits here for the first.
_OPEN_NEW = unless_there(idempotency, "scope", "key")
_OPEN_AGAIN = (
    idempotency.update()
    .where(*_PLACE)
    .values(payload_hash=sa.bindparam("payload"), state=_OPEN, sealed=0, answer=None, created=sa.bindparam("now"))
)
_FINISH = (
    idempotency.update().where(*_PLACE).values(state=_DONE, sealed=sa.bindparam("closed"), answer=sa.bindparam("said"))
)
_COLLECT = idempotency.delete().where(idempotency.c.created < sa.bindparam("before"))


def begin(
    conn: Connection, safe: Safe, scope: str, key: str, payload_hash: bytes, now: Instant
) -> Replay | Refused | None:
    """None: go on, and `finish` in the same transaction. `Replay`: it was done before.

    Refuses `idempotency_key_reused` when the key belongs to another payload, `request_in_flight` while the first is
    still being worked on.
    """
    place = {"scope": scope, "key": key, "payload_hash": payload_hash}
    opened = place | {"state": _OPEN, "sealed": 0, "answer": None, "created": now}
    if conn.execute(_OPEN_NEW[conn.dialect.name], opened).rowcount == 1:
        return None
    row = conn.execute(_GET, {"of": scope, "under": key}).one_or_none()
    if row is None:
        raise Conflict(f"{key} was deleted meanwhile")
    known, state, sealed, answer, created = row
    if now - created < KEEP:
        if known != payload_hash:
            return Refused(Code.IDEMPOTENCY_KEY_REUSED)
        if state == _DONE:
            return _replay(safe, scope, key, answer or b"", sealed=bool(sealed))
        if now - created < OPEN_FOR:
            return Refused(Code.REQUEST_IN_FLIGHT, when=created + OPEN_FOR)
    conn.execute(_OPEN_AGAIN, {"of": scope, "under": key, "payload": payload_hash, "now": now})
    return None


def finish(conn: Connection, safe: Safe, scope: str, key: str, answer: bytes, *, secret: bool = False) -> None:
    """Keep the answer beside its effect; one that holds a secret is sealed."""
    kept = safe.close(answer, _purpose(scope, key)) if secret else answer
    conn.execute(_FINISH, {"of": scope, "under": key, "closed": int(secret), "said": kept})


def collect(conn: Connection, now: Instant) -> int:
    """Delete what is older than 24 hours; how many."""
    return conn.execute(_COLLECT, {"before": now - KEEP}).rowcount


def _replay(safe: Safe, scope: str, key: str, answer: bytes, *, sealed: bool) -> Replay | Refused:
    opened = safe.open(answer, _purpose(scope, key)) if sealed else answer
    if opened is None:
        return Refused(Code.INTERNAL, "The stored answer cannot be opened: the server's secret file is another.")
    return Replay(opened)


def _purpose(scope: str, key: str) -> str:
    return f"idempotency {len(scope)} {scope} {key}"

"""One effect per Idempotency-Key [spec: idempotency, sealed-responses]: what was answered before is answered again, for
24 hours.

Begin and finish inside the transaction of the effect: then effect and answer are kept together or not at all. An open
entry is only ever seen where an operation spans several transactions; it is given up after `OPEN_FOR`.
"""

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.store.dialects import insert_or_ignore
from tenure.store.engine import Connection, WriteConflict
from tenure.store.schema import idempotency
from tenure.store.sealed import AnswerCipher

KEEP = DAY
"""Seconds for which an answer is repeated; it is deleted afterwards, because it may hold a secret."""
OPEN_FOR = 60

_OPEN, _DONE = "open", "done"


class StoredAnswer(msgspec.Struct, frozen=True):
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
_OPEN_NEW = insert_or_ignore(idempotency, "scope", "key")
_OPEN_AGAIN = (
    idempotency.update()
    .where(*_PLACE)
    .values(payload_hash=sa.bindparam("payload"), state=_OPEN, sealed=0, answer=None, created=sa.bindparam("now"))
)
_FINISH = (
    idempotency.update().where(*_PLACE).values(state=_DONE, sealed=sa.bindparam("closed"), answer=sa.bindparam("said"))
)
_COLLECT = idempotency.delete().where(idempotency.c.created < sa.bindparam("before"))


def begin_request(
    conn: Connection, safe: AnswerCipher, scope: str, key: str, payload_hash: bytes, now: Instant
) -> StoredAnswer | Refused | None:
    """None: go on, and `finish_request` in the same transaction. `StoredAnswer`: it was done before.

    Refuses `idempotency_key_reused` when the key belongs to another payload, `request_in_flight` while the first is
    still being worked on.
    """
    place = {"scope": scope, "key": key, "payload_hash": payload_hash}
    opened = place | {"state": _OPEN, "sealed": 0, "answer": None, "created": now}
    if conn.execute(_OPEN_NEW[conn.dialect.name], opened).rowcount == 1:
        return None
    row = conn.execute(_GET, {"of": scope, "under": key}).one_or_none()
    if row is None:
        raise WriteConflict(f"{key} was deleted meanwhile")
    known, state, sealed, answer, created = row
    if now - created < KEEP:
        if known != payload_hash:
            return Refused(RefusalCode.IDEMPOTENCY_KEY_REUSED)
        if state == _DONE:
            return _open_answer(safe, scope, key, answer or b"", sealed=bool(sealed))
        if now - created < OPEN_FOR:
            return Refused(RefusalCode.REQUEST_IN_FLIGHT, when=created + OPEN_FOR)
    conn.execute(_OPEN_AGAIN, {"of": scope, "under": key, "payload": payload_hash, "now": now})
    return None


def finish_request(
    conn: Connection, safe: AnswerCipher, scope: str, key: str, answer: bytes, *, secret: bool = False
) -> None:
    """Keep the answer beside its effect; one that holds a secret is sealed."""
    kept = safe.encrypt(answer, _seal_purpose(scope, key)) if secret else answer
    conn.execute(_FINISH, {"of": scope, "under": key, "closed": int(secret), "said": kept})


def collect_old(conn: Connection, now: Instant) -> int:
    """Delete what is older than 24 hours; how many."""
    return conn.execute(_COLLECT, {"before": now - KEEP}).rowcount


def _open_answer(safe: AnswerCipher, scope: str, key: str, answer: bytes, *, sealed: bool) -> StoredAnswer | Refused:
    opened = safe.decrypt(answer, _seal_purpose(scope, key)) if sealed else answer
    if opened is None:
        return Refused(RefusalCode.INTERNAL, "The stored answer cannot be opened: the server's secret file is another.")
    return StoredAnswer(opened)


def _seal_purpose(scope: str, key: str) -> str:
    return f"idempotency {len(scope)} {scope} {key}"

"""Enrollment tokens: for one device, or for a group by count and end; only the hash of their secret is kept."""

import hashlib

import msgspec

from tenure.core.timeline import Instant
from tenure.site.store.set_memo import change_row, forget_all, read_once
from tenure.site.store.sql import join_sql, question_marks
from tenure.site.store.writer import Connection


class EnrollmentRow(msgspec.Struct, frozen=True):
    """One token."""

    id: str
    digest: bytes
    product: str
    group: str
    uses: int
    """Devices that may enroll with it."""
    used: int
    until: Instant | None
    """The first instant at which it is no longer taken; None: no end of its own."""
    created: Instant
    withdrawn: int


_COLUMNS = "id, digest, product, grp, uses, used, until, created, withdrawn"


def digest_of(secret: str) -> bytes:
    """Under which a secret is kept; it has 128 bits or more, so that a plain hash tells nothing."""
    return hashlib.sha256(b"tenure enrollment\0" + secret.encode("ascii")).digest()


def add(conn: Connection, enrollment: EnrollmentRow) -> None:
    """A new token."""
    forget_all(conn)
    values = msgspec.structs.astuple(enrollment)
    conn.execute(join_sql("insert into enrollments (", _COLUMNS, ") values", question_marks(values)), values)


def usable_token(conn: Connection, secret: str, product: str, now: Instant) -> EnrollmentRow | None:
    """The token behind `secret`, of which nothing is spent by that; None when it is unknown, spent or over."""
    token = _find_token(conn, digest_of(secret))
    if token is None or token.product != product or token.withdrawn or token.used >= token.uses:
        return None
    return token if token.until is None or token.until > now else None


def _find_token(conn: Connection, digest: bytes) -> EnrollmentRow | None:
    """The token kept under `digest`, read once for all devices of a set that show it."""

    def read() -> EnrollmentRow | None:
        row = conn.execute(join_sql("select", _COLUMNS, "from enrollments where digest = ?"), (digest,)).fetchone()
        return None if row is None else EnrollmentRow(*row)

    return read_once(conn, ("enrollment", digest), read)


def use_token(conn: Connection, secret: str, product: str, now: Instant) -> EnrollmentRow | None:
    """The token behind `secret`, one use of it spent; None when it is unknown, spent or over."""
    token = usable_token(conn, secret, product, now)
    if token is None:
        return None
    conn.execute("update enrollments set used = used + 1 where id = ?", (token.id,))
    change_row(conn, ("enrollment", token.digest), _with_use)
    return _with_use(token)


def _with_use(token: EnrollmentRow) -> EnrollmentRow:
    return msgspec.structs.replace(token, used=token.used + 1)


def withdraw(conn: Connection, name: str) -> bool:
    """Withdraw a token, so that no device enrolls with it any more; False when there is none of that name."""
    forget_all(conn)
    return conn.execute("update enrollments set withdrawn = 1 where id = ?", (name,)).rowcount == 1


def page(conn: Connection, after: str, limit: int) -> list[EnrollmentRow]:
    """Up to `limit` tokens whose ids come after `after`, oldest first."""
    rows = conn.execute(
        join_sql("select", _COLUMNS, "from enrollments where id > ? order by id limit ?+0"), (after, limit)
    )
    return [EnrollmentRow(*row) for row in rows]

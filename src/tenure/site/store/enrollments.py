"""Enrollment tokens: for one device, or for a group by count and end; only the hash of their secret is kept."""

import hashlib

import msgspec

from tenure.core.timeline import Instant
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

_USABLE = "digest = ? and product = ? and used < uses and withdrawn = 0 and (until is null or until > ?)"


def digest_of(secret: str) -> bytes:
    """Under which a secret is kept; it has 128 bits or more, so that a plain hash tells nothing."""
    return hashlib.sha256(b"tenure enrollment\0" + secret.encode("ascii")).digest()


def add(conn: Connection, enrollment: EnrollmentRow) -> None:
    """A new token."""
    values = msgspec.structs.astuple(enrollment)
    conn.execute(join_sql("insert into enrollments (", _COLUMNS, ") values", question_marks(values)), values)


def usable_token(conn: Connection, secret: str, product: str, now: Instant) -> EnrollmentRow | None:
    """The token behind `secret`, of which nothing is spent by that; None when it is unknown, spent or over."""
    row = conn.execute(
        join_sql("select", _COLUMNS, "from enrollments where", _USABLE), (digest_of(secret), product, now)
    ).fetchone()
    return None if row is None else EnrollmentRow(*row)


def use_token(conn: Connection, secret: str, product: str, now: Instant) -> EnrollmentRow | None:
    """The token behind `secret`, one use of it spent, in one statement; None when it is unknown, spent or over."""
    row = conn.execute(
        join_sql("update enrollments set used = used + 1 where", _USABLE, "returning", _COLUMNS),
        (digest_of(secret), product, now),
    ).fetchone()
    return None if row is None else EnrollmentRow(*row)


def withdraw(conn: Connection, name: str) -> bool:
    """Withdraw a token, so that no device enrolls with it any more; False when there is none of that name."""
    return conn.execute("update enrollments set withdrawn = 1 where id = ?", (name,)).rowcount == 1


def page(conn: Connection, after: str, limit: int) -> list[EnrollmentRow]:
    """Up to `limit` tokens whose ids come after `after`, oldest first."""
    rows = conn.execute(
        join_sql("select", _COLUMNS, "from enrollments where id > ? order by id limit ?+0"), (after, limit)
    )
    return [EnrollmentRow(*row) for row in rows]

"""Forwardings of events: how each is set up, how far it has come, and what came of its latest tries.

Instants here are real time, whatever a sandbox's clock says; the forwarding worker decides when to try.
"""

import msgspec

from tenure.core.timeline import Instant
from tenure.site.store.sql import join_sql, question_marks
from tenure.site.store.writer import Connection

LOGGED = 100
"""Tries of one forwarding that are remembered."""
EXCERPT = 500
"""Characters of a fault or an answer that are kept."""

TOLD_FAILING, TOLD_PARTLY = 1, 2
"""What an event has said of a forwarding that does not work as it should; 0: nothing."""


class ForwardingRow(msgspec.Struct, frozen=True):
    """One forwarding."""

    id: str
    body: bytes
    """How it is set up, as JSON (`forwarding.config`)."""
    sealed: bytes
    """Its secrets, sealed."""
    created: Instant
    cursor: int
    """Number of the last event that is dealt with."""
    upto: int = 0
    """Number of the last event of the mail that is on its way; 0: none is."""
    pending: bytes = b"[]"
    """Who is still to get that mail, as JSON."""
    tries: int = 0
    """How often what is next was tried in vain."""
    next: Instant = 0
    """When it is tried again; 0: at once."""
    failing_since: Instant = 0
    """0: it works, or nothing was tried yet."""
    told: int = 0
    stopped: Instant = 0
    """When it was given up; 0: it was not."""
    cause: str = ""
    fault: str = ""
    """What was wrong at the last try."""
    well: Instant = 0
    """When something was taken last; 0: never."""


class ForwardingDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One try."""

    number: int = 0
    at: Instant
    message: str
    """Id under which the receiver knows it again."""
    first: int
    """Number of the first event in it; 0: a test."""
    last: int
    count: int
    taken: int
    status: int = 0
    """Of HTTP; 0: there was none."""
    cause: str = ""
    fault: str = ""
    answer: str = ""


_NAMES = tuple(field.name for field in msgspec.structs.fields(ForwardingRow))
_SELECT = join_sql("select", ", ".join(_NAMES), "from forwardings")
_INSERT = join_sql("insert into forwardings (", ", ".join(_NAMES), ") values", question_marks(_NAMES))
_UPDATE = join_sql("update forwardings set", ", ".join(f"{name} = ?" for name in _NAMES[1:]), "where id = ?")
_LOG = "at, message, first, last, count, taken, status, cause, fault, answer"
_ADD_LOG = join_sql("insert into deliveries (forwarding,", _LOG, ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
_READ_LOG = join_sql("select number,", _LOG, "from deliveries where forwarding = ? and (? = 0 or number < ?)")


def add(conn: Connection, row: ForwardingRow) -> None:
    """A new one."""
    conn.execute(_INSERT, msgspec.structs.astuple(row))


def save(conn: Connection, row: ForwardingRow) -> ForwardingRow:
    """Everything of one that is there already."""
    conn.execute(_UPDATE, (*msgspec.structs.astuple(row)[1:], row.id))
    return row


def find(conn: Connection, name: str) -> ForwardingRow | None:
    """The one with this id."""
    row = conn.execute(join_sql(_SELECT, "where id = ?"), (name,)).fetchone()
    return None if row is None else ForwardingRow(*row)


def all_forwardings(conn: Connection) -> list[ForwardingRow]:
    """All of them, oldest first; there are few."""
    return [ForwardingRow(*row) for row in conn.execute(join_sql(_SELECT, "order by id"))]


def remove(conn: Connection, name: str) -> bool:
    """Whether there was one; its log goes with it, and events about it lead nowhere any more."""
    conn.execute("update events set forwarding = '' where forwarding = ?", (name,))
    return conn.execute("delete from forwardings where id = ?", (name,)).rowcount == 1


def log_attempt(conn: Connection, name: str, one: ForwardingDelivery) -> None:
    """Remember a try, and forget the oldest."""
    kept = msgspec.structs.replace(one, fault=one.fault[:EXCERPT], answer=one.answer[:EXCERPT])
    done = conn.execute(_ADD_LOG, (name, *msgspec.structs.astuple(kept)[1:]))
    conn.execute(
        "delete from deliveries where forwarding = ? and number <= (select number from deliveries"
        " where forwarding = ? and number <= ? order by number desc limit 1 offset ?)",
        (name, name, done.lastrowid, LOGGED),
    )


def logged_attempts(conn: Connection, name: str, before: int, limit: int) -> list[ForwardingDelivery]:
    """Up to `limit` tries before number `before` (0: the latest), latest first."""
    rows = conn.execute(join_sql(_READ_LOG, "order by number desc limit ?+0"), (name, before, before, limit))
    names = ("number", *_LOG.split(", "))
    return [ForwardingDelivery(**dict(zip(names, row, strict=True))) for row in rows]

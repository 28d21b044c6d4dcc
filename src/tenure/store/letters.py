"""Mails that wait to be sent: put down in the transaction of their cause, sealed, for they may carry a link's secret.

Which template says what, and how a mail travels, is left to the server's messages.
"""

from collections.abc import Mapping

import msgspec
import sqlalchemy as sa

from tenure.core.timeline import Instant
from tenure.store import ids
from tenure.store.engine import Connection
from tenure.store.schema import letters
from tenure.store.sealed import Safe

PURPOSE = "letter"


class Letter(msgspec.Struct, frozen=True):
    """A mail as it stands; `due` None: it is not tried any more (sent, or given up with `fault`)."""

    id: str
    provider: str | None
    recipient: str
    template: str
    body: bytes
    created: Instant
    due: Instant | None
    tries: int
    sent: Instant | None
    fault: str

    def values(self, safe: Safe) -> dict[str, str] | None:
        """What the template is filled with; None when the body cannot be opened or was wiped."""
        opened = safe.open(self.body, PURPOSE) if self.body else None
        return None if opened is None else msgspec.json.decode(opened, type=dict[str, str])


_LETTER = sa.select(*[letters.c[name] for name in Letter.__struct_fields__])
_DUE = _LETTER.where(letters.c.due <= sa.bindparam("now")).order_by(letters.c.due).limit(sa.bindparam("most"))
_PAGE = (
    _LETTER.where(
        letters.c.provider.is_not_distinct_from(sa.bindparam("tenant", type_=letters.c.provider.type)),
        letters.c.id > sa.bindparam("after"),
    )
    .order_by(letters.c.id)
    .limit(sa.bindparam("most"))
)
_MARK = (
    letters.update()
    .where(letters.c.id == sa.bindparam("of"))
    .values(
        body=sa.bindparam("new_body"),
        due=sa.bindparam("new_due"),
        tries=letters.c.tries + 1,
        sent=sa.bindparam("new_sent"),
        fault=sa.bindparam("new_fault"),
    )
)
_COLLECT = letters.delete().where(letters.c.due.is_(None), letters.c.created < sa.bindparam("before"))


def put(
    conn: Connection,
    safe: Safe,
    provider: str | None,
    recipient: str,
    template: str,
    values: Mapping[str, str],
    now: Instant,
) -> Letter:
    """A mail to `recipient`, due at once (`now` in real time); None as provider means the vendor."""
    body = safe.close(msgspec.json.encode(dict(values)), PURPOSE)
    letter = Letter(ids.new("let", now), provider, recipient, template, body, now, now, 0, None, "")
    conn.execute(letters.insert(), msgspec.structs.asdict(letter))
    return letter


def due(conn: Connection, now: Instant, limit: int = 50) -> list[Letter]:
    """At most `limit` mails to be tried now, longest due first."""
    return [Letter(*row) for row in conn.execute(_DUE, {"now": now, "most": limit})]


def page(conn: Connection, provider: str | None, after: str = "", limit: int = 50) -> list[Letter]:
    """At most `limit` mails of the provider (None: the vendor's own) with ids after `after`."""
    return [Letter(*row) for row in conn.execute(_PAGE, {"tenant": provider, "after": after, "most": limit})]


def sent(conn: Connection, letter: Letter, now: Instant) -> None:
    """It is out; what it said is forgotten."""
    _mark(conn, letter, b"", None, now, "")


def failed(conn: Connection, letter: Letter, fault: str, again: Instant | None) -> None:
    """It did not go out because of `fault`; tried again at `again`, given up and wiped when None."""
    _mark(conn, letter, b"" if again is None else letter.body, again, None, fault)


def collect(conn: Connection, before: Instant) -> int:
    """Forget mails put down before that instant that are sent or given up; how many."""
    return conn.execute(_COLLECT, {"before": before}).rowcount


def _mark(conn: Connection, letter: Letter, body: bytes, due: Instant | None, sent: Instant | None, fault: str) -> None:
    marks = {"of": letter.id, "new_body": body, "new_due": due, "new_sent": sent, "new_fault": fault}
    conn.execute(_MARK, marks)

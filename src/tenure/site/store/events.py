"""What happened at this site, for its administrator: told once, kept by severity, acknowledged by users
[spec: events]."""

from typing import Literal

import msgspec

from tenure.core.timeline import DAY, HOUR, Instant
from tenure.site.store.sql import all_conditions, join_sql, question_marks
from tenure.site.store.writer import Connection

Severity = Literal["info", "warning", "critical"]

KEPT_DAYS: dict[Severity, int] = {"info": 30, "warning": 90, "critical": 180}


class EventRow(msgspec.Struct, frozen=True):
    """One thing that happened, at the instant at which it became true."""

    number: int
    at: Instant
    severity: Severity
    kind: str
    product: str
    device: str
    text: str
    acknowledged: int
    forwarding: str = ""
    """The forwarding that it is about; this one never forwards it."""
    times: int = 1
    """How often it happened within an hour of `at` (see `add_once_an_hour`)."""


class EventPlace(msgspec.Struct, frozen=True):
    """Where an event stands in the list that is ordered by when things became true."""

    at: Instant
    number: int


_COLUMNS = "number, at, severity, kind, product, device, text, acknowledged, forwarding, times"


def add(
    conn: Connection,
    at: Instant,
    severity: Severity,
    kind: str,
    text: str,
    *,
    product: str = "",
    device: str = "",
    forwarding: str = "",
) -> None:
    """Note what happened."""
    conn.execute(
        "insert into events (at, severity, kind, product, device, text, acknowledged, forwarding)"
        " values (?, ?, ?, ?, ?, ?, 0, ?)",
        (at, severity, kind, product, device, text, forwarding),
    )


def add_once_an_hour(
    conn: Connection, at: Instant, severity: Severity, kind: str, text: str, *, product: str = "", device: str = ""
) -> None:
    """Note what a device or a stranger brought about and can bring about again: one event an hour, with a count.

    A device's are alike by kind, whatever name it gives itself; a stranger's by what is said of them.
    """
    alike = "kind = ? and device = ? and at > ?" + ("" if device else " and text = ?")
    values = (kind, device, at - HOUR) if device else (kind, device, at - HOUR, text)
    row = conn.execute(
        join_sql("select number from events where", alike, "order by number desc limit 1"), values
    ).fetchone()
    if row is None:
        add(conn, at, severity, kind, text, product=product, device=device)
    else:
        conn.execute("update events set times = times + 1 where number = ?", row)


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are asked for, by a reader that goes through them in order."""

    severities: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    """None named: all."""
    not_about: str = ""
    """A forwarding."""


def events_after(conn: Connection, wanted: EventFilter, after: int, upto: int, most: int) -> list[EventRow]:
    """Up to `most` events after number `after`, oldest first; `upto` 0: to the latest."""
    where, values = _number_range(wanted, after, upto)
    statement = join_sql("select", _COLUMNS, "from events", where, "order by number limit ?+0")
    return [EventRow(*row) for row in conn.execute(statement, (*values, most))]


def count_following(conn: Connection, wanted: EventFilter, after: int, most: int) -> int:
    """How many there are after number `after`; counted to `most`."""
    where, values = _number_range(wanted, after, 0)
    statement = join_sql("select count(*) from (select 1 from events", where, "limit ?+0)")
    (count,) = conn.execute(statement, (*values, most)).fetchone()
    return int(count)


def latest_number(conn: Connection) -> int:
    """The highest number given out so far, also where that event is forgotten already."""
    row = conn.execute("select seq from sqlite_sequence where name = 'events'").fetchone()
    return 0 if row is None else int(row[0])


def _number_range(wanted: EventFilter, after: int, upto: int) -> tuple[str, list[object]]:
    where = ["number > ?", join_sql("severity in", question_marks(wanted.severities))]
    values: list[object] = [after, *wanted.severities]
    if wanted.kinds:
        where.append(join_sql("kind in", question_marks(wanted.kinds)))
        values += wanted.kinds
    if wanted.not_about:
        where.append("forwarding <> ?")
        values.append(wanted.not_about)
    if upto:
        where.append("number <= ?")
        values.append(upto)
    return all_conditions(where), values


def page(
    conn: Connection,
    severity: str,
    before: EventPlace | None,
    limit: int,
    *,
    product: str = "",
    kind: str = "",
    new: bool = False,
) -> list[EventRow]:
    """Up to `limit` events that come before `before` (None: the latest), latest first; `new`: not acknowledged yet.

    The order is that of the instants at which they became true: what was noticed late stands where it belongs.
    """
    where: list[str] = ["acknowledged = 0"] if new else []
    values: list[object] = []
    for column, value in (("severity", severity), ("product", product), ("kind", kind)):
        if value:
            where.append(f"{column} = ?")
            values.append(value)
    if before is not None:
        where.append("(at, number) < (?, ?)")
        values += [before.at, before.number]
    statement = join_sql(
        "select", _COLUMNS, "from events", all_conditions(where), "order by at desc, number desc limit ?+0"
    )
    rows = conn.execute(statement, (*values, limit))
    return [EventRow(*row) for row in rows]


def acknowledge(conn: Connection, number: int) -> bool:
    """Whether there was such an event; a user has seen it."""
    return conn.execute("update events set acknowledged = 1 where number = ?", (number,)).rowcount == 1


def acknowledge_all(conn: Connection, up_to: int, severity: str) -> int:
    """How many events up to that number, of one severity or of all, a user has seen with this."""
    return conn.execute(
        "update events set acknowledged = 1 where acknowledged = 0 and number <= ? and (? = '' or severity = ?)",
        (up_to, severity, severity),
    ).rowcount  # fmt: skip


def prune(conn: Connection, now: Instant) -> None:
    """Forget what is older than its severity is kept for."""
    for severity, days in KEPT_DAYS.items():
        conn.execute("delete from events where severity = ? and at < ?", (severity, now - days * DAY))

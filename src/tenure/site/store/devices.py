"""Devices as the site knows them: who they are, which seat they hold, whether they count, and until when.

When a device may have a seat is decided in `site.device_reply`; here it is only written and found.
"""

import hashlib
from collections import Counter
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from tenure.core.subscription import device_usage
from tenure.core.timeline import Instant
from tenure.site.store import pools
from tenure.site.store.sql import all_conditions, join_sql, question_marks
from tenure.site.store.writer import Connection
from tenure.wire.b64 import encode_text

Row = tuple[Any, ...]
ALIKE = 2
"""Parts of the hardware that have to agree before two devices look like one [spec: hardware-match]."""
COMPARED_MOST = 100
"""Devices with one and the same part that are held against a new one: a fleet of clones costs no more than that."""


class DeviceDecision(StrEnum):
    """What the site has decided about a device."""

    WAITING = "waiting"
    """It wants a seat and has none: the limit is reached, or no new seat is signed for the moment."""
    PROTECTED = "protected"
    IDLE = "idle"
    """Released for its silence: it counts to its seat's end at most; at its next contact it claims a seat again."""
    DISPLACED = "displaced"
    """The subscription that rules now allows fewer devices: it counts, and keeps its seat, until that ends."""
    WITHDRAWN = "withdrawn"
    """The administrator took its seat back; it counts until its receipt or its seat's end."""
    REMOVED = "removed"
    """As withdrawn, and no longer shown once it does not count; kept for a while, so that it can be told."""
    RELEASED = "released"
    """It gave its seat up by a signed receipt."""


class DeviceRow(msgspec.Struct, frozen=True):
    """One row."""

    number: int
    id: str
    product: str
    thumbprint: str
    name: str
    group: str
    """Empty: unassigned."""
    version: str
    hardware: bytes
    """Salted digests by part, as JSON."""
    created: Instant
    last_seen: Instant
    count: int
    """Number of the state token that is current."""
    last_request: str
    seat: str
    """Id of the seat signed last."""
    seat_sha256: str
    seat_until: Instant
    lease_iat: Instant
    """When the lease was signed that the seat stands on: it decides which amnesties move the seat's end."""
    state: str
    counted: int
    counts_until: Instant
    pinned: int
    twin: str
    """Id of a device with the same hardware that was there before, until it is known what became of it."""
    note: str
    """Why it has no seat, as a refusal's code."""
    assigned: int = 0
    """The administrator gave it a seat by hand, whatever its group distributes by itself."""
    ephemeral: int = 0
    """It was enrolled as one that does not last."""

    def as_counted(self, moved: int) -> device_usage.CountedDevice:
        """As counting sees it, its seat's end moved by `moved` seconds of amnesty."""
        return device_usage.CountedDevice(
            id=self.id,
            last_seen=self.last_seen,
            seat_until=self.seat_until + moved if self.seat else 0,
            pinned=bool(self.pinned),
            removed=self.state
            in (DeviceDecision.WITHDRAWN, DeviceDecision.REMOVED, DeviceDecision.IDLE, DeviceDecision.DISPLACED),
            erased=self.state == DeviceDecision.RELEASED,
            ephemeral=bool(self.ephemeral),
        )


_COLUMNS = (
    "number, id, product, thumbprint, name, grp, version, hardware, created, last_seen, count, last_request, seat,"
    " seat_sha256, seat_until, lease_iat, state, counted, counts_until, pinned, twin, note, assigned, ephemeral"
)
_SELECT = join_sql("select", _COLUMNS, "from devices")
_BY_KEY = join_sql(_SELECT, "where product = ? and thumbprint = ?")
_BY_ID = join_sql(_SELECT, "where id = ?")


def by_key(conn: Connection, product: str, thumbprint: str) -> DeviceRow | None:
    """The device with this key."""
    return _found_in(conn.execute(_BY_KEY, (product, thumbprint)).fetchone())


def by_id(conn: Connection, device: str) -> DeviceRow | None:
    """The device of this id."""
    return _found_in(conn.execute(_BY_ID, (device,)).fetchone())


def _found_in(row: Row | None) -> DeviceRow | None:
    return None if row is None else DeviceRow(*row)


def save_device(conn: Connection, device: DeviceRow, row: DeviceRow | None = None) -> DeviceRow:
    """Write the row, a new one where `number` is 0; the device with its number.

    With `row`, the device as its row stands, only what differs is written, which spares the indexes of the rest.
    """
    values = msgspec.structs.astuple(device)
    if device.number:
        conn.execute(*(_all_values(values) if row is None else _update_statement(values, msgspec.structs.astuple(row))))
        return device
    cursor = conn.execute(_INSERT, values[1:])
    number = cursor.lastrowid or 0
    digests = set(msgspec.json.decode(device.hardware, type=dict[str, str]).values())
    conn.executemany(
        "insert into hardware values (?, ?, ?)", [(device.product, digest, number) for digest in sorted(digests)]
    )
    return msgspec.structs.replace(device, number=number)


SHOWN = "not (state = 'removed' and counted = 0)"
_NAMES = _COLUMNS.split(", ")[1:]
_UPDATE = join_sql("update devices set", ", ".join(f"{name} = ?" for name in _NAMES), "where number = ?")

_INSERT = join_sql("insert into devices (", ", ".join(_NAMES), ") values", question_marks(_NAMES))


def _all_values(values: Row) -> tuple[str, Row]:
    return _UPDATE, (*values[1:], values[0])


def _update_statement(values: Row, before: Row) -> tuple[str, Row]:
    """The statement that makes a row `before` into `values`; they differ."""
    changed = tuple([at for at, new in enumerate(values) if new != before[at]])
    return _update_of(changed), (*[values[at] for at in changed], values[0])


@lru_cache(maxsize=256)
def _update_of(changed: tuple[int, ...]) -> str:
    """The statement that writes these columns of a row."""
    names = ", ".join(f"{_NAMES[at - 1]} = ?" for at in changed)
    return join_sql("update devices set", names, "where number = ?")


def delete_device(conn: Connection, device: DeviceRow) -> None:
    """Forget the device, and count it no longer."""
    if device.counted:
        pools.free_place(conn, device.product)
    conn.execute("delete from devices where number = ?", (device.number,))


def stop_counting(conn: Connection, device: DeviceRow, state: DeviceDecision) -> DeviceRow:
    """The device in `state`, which does not count any more."""
    if device.counted:
        pools.free_place(conn, device.product)
    return save_device(conn, msgspec.structs.replace(device, state=state, counted=0))


def due_devices(conn: Connection, product: str, now: Instant, most: int = 500) -> list[DeviceRow]:
    """Counted devices whose time may be over at `now`, found by an index."""
    rows = conn.execute(
        join_sql(_SELECT, "where product = ? and counted = 1 and counts_until <= ? order by counts_until limit ?+0"),
        (product, now, most),
    )
    return [DeviceRow(*row) for row in rows]


def displace_devices(conn: Connection, product: str, most: int) -> int:
    """Sets those aside that count beyond `most`, the longest silent first and pinned ones last; how many."""
    rows = "select number from devices where product = ? and counted = 1 and state not in ('withdrawn', 'removed')"
    staying = conn.execute(join_sql("select count(*) from (", rows, ")"), (product,)).fetchone()[0]
    return conn.execute(
        join_sql(
            "update devices set state = 'displaced', note = 'device_limit_reached', counts_until = seat_until",
            "where number in (", rows, "order by pinned, state = 'idle' desc, last_seen, id limit ?+0)",
        ),
        (product, max(0, staying - most)),
    ).rowcount  # fmt: skip


def count_displaced(conn: Connection, product: str) -> int:
    """How many that count are set aside."""
    where = "where state = 'displaced' and product = ? and counted = 1"
    found: int = conn.execute(join_sql("select count(*) from devices", where), (product,)).fetchone()[0]
    return found


def twin_of(conn: Connection, device: DeviceRow) -> DeviceRow | None:
    """The device seen last among those that share enough of the hardware of `device`."""
    digests = sorted(set(msgspec.json.decode(device.hardware, type=dict[str, str]).values()))
    if len(digests) < ALIKE:
        return None
    if not conn.execute(_any_shared(len(digests)), (device.product, device.number, *digests)).fetchone()[0]:
        return None
    shared = Counter(number for part in digests for number in _with_part(conn, device, part))
    alike = [number for number, parts in shared.items() if parts >= ALIKE]
    if not alike:
        return None
    statement = join_sql(_SELECT, "where number in", question_marks(alike), "order by last_seen desc limit 1")
    return _found_in(conn.execute(statement, tuple(alike)).fetchone())


@lru_cache(maxsize=16)
def _any_shared(parts: int) -> str:
    """Whether any of so many digests is another device's: a look at the index for each, without the table that `in`
    makes of them at each execution."""
    one = "exists (select 1 from hardware where product = ?1 and device <> ?2 and digest = ?{})"
    return join_sql("select", " or ".join(one.format(at) for at in range(3, parts + 3)))


def _with_part(conn: Connection, device: DeviceRow, part: str) -> list[int]:
    """The devices that came last among those with one part of hardware in common with `device`."""
    rows = conn.execute(
        "select device from hardware where product = ? and digest = ? and device <> ? order by device desc limit ?+0",
        (device.product, part, device.number, COMPARED_MOST),
    )
    return [number for (number,) in rows]


def count_waiting(conn: Connection, product: str) -> int:
    """How many devices wait for a seat."""
    (count,) = conn.execute(
        "select count(*) from devices where product = ? and state = 'waiting'", (product,)
    ).fetchone()
    return int(count)


def device_digest(conn: Connection, product: str) -> str:
    """SHA-256 (base64url) over the sorted keys of the devices that count; empty when none does."""
    rows = conn.execute(
        "select thumbprint from devices where product = ? and counted = 1 order by thumbprint", (product,)
    )
    seen, made = False, hashlib.sha256()
    for (thumbprint,) in rows:
        seen = True
        made.update(thumbprint.encode("ascii") + b"\n")
    return encode_text(made.digest()) if seen else ""


class DeviceFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which devices are asked for; empty fields ask for all."""

    product: str = ""
    state: str = ""
    group: str | None = None
    text: str = ""
    """Part of the name, or the beginning of the id."""
    note: str = ""
    """Why it has no seat."""
    counted: bool | None = None
    silent_since: Instant | None = None
    """Last seen before that instant."""
    alike: bool = False
    """Those for which it is open what became of another on the same hardware."""


def device_page(conn: Connection, wanted: DeviceFilter, after: int, limit: int) -> list[DeviceRow]:
    """Up to `limit` devices beyond row `after`, in the order in which they came."""
    where: list[str] = ["number > ?", SHOWN]
    values: list[object] = [after]
    for column, value in (("product", wanted.product), ("state", wanted.state)):
        if value:
            where.append(f"{column} = ?")
            values.append(value)
    for condition, given in (
        ("grp = ?", wanted.group),
        ("note = ?", wanted.note or None),
        ("counted = ?", wanted.counted),
        ("last_seen < ?", wanted.silent_since),
        ("twin <> ''", wanted.alike or None),
    ):
        if given is not None:
            where.append(condition)
            values += [given] if "?" in condition else []
    if wanted.text:
        where.append("(instr(lower(name), lower(?)) > 0 or substr(id, 1, ?) = lower(?))")
        values += [wanted.text, len(wanted.text), wanted.text]
    rows = conn.execute(join_sql(_SELECT, all_conditions(where), "order by number limit ?+0"), (*values, limit))
    return [DeviceRow(*row) for row in rows]


def most_idle(conn: Connection, product: str, limit: int, before: Instant | None = None) -> list[DeviceRow]:
    """Counted devices that may be released, the longest silent first; with `before` those last seen before it only."""
    rows = conn.execute(
        join_sql(
            _SELECT,
            "where product = ? and counted = 1 and pinned = 0 and last_seen < ?"
            " and state not in ('withdrawn', 'removed', 'idle', 'displaced') order by last_seen, id limit ?+0",
        ),
        (product, 2**62 if before is None else before, limit),
    )
    return [DeviceRow(*row) for row in rows]


def tally_devices(conn: Connection, column: str, product: str) -> dict[str, int]:
    """How many devices of a product (empty: of all) there are by state, group or reason."""
    shown = {"state": "state", "group": "grp", "note": "note"}[column]
    where = [SHOWN, "product = ?"] if product else [SHOWN]
    values = (product,) if product else ()
    return dict(
        conn.execute(join_sql("select", shown, ", count(*) from devices", all_conditions(where), "group by 1"), values)
    )


def forget_ephemeral(conn: Connection, before: Instant, most: int = 500) -> None:
    """Forget at most so many ephemeral devices that do not count and were last seen before an instant."""
    conn.execute(
        "delete from devices where number in"
        " (select number from devices where ephemeral = 1 and counted = 0 and last_seen < ? limit ?+0)",
        (before, most),
    )


def forget_removed(conn: Connection, before: Instant) -> None:
    """Forget removed devices that no longer count and were last seen before an instant."""
    conn.execute("delete from devices where state = 'removed' and counted = 0 and last_seen < ?", (before,))

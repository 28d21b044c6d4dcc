"""Devices as the site knows them: who they are, which seat they hold, whether they count, and until when.

When a device may have a seat is decided in `site.contact`; here it is only written and found.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec

from tenure.core import usage
from tenure.core.timeline import Instant
from tenure.site.store import pools
from tenure.site.store.sql import every, marks, sql
from tenure.site.store.writer import Connection
from tenure.wire.b64 import encode_text

Row = tuple[Any, ...]
ALIKE = 2
"""Parts of the hardware that have to agree before two devices look like one [spec: hardware-match]."""
LOOKED_AT = 100
"""Devices with one and the same part that are held against a new one: a fleet of clones costs no more than that."""


class State(StrEnum):
    """What the site has decided about a device."""

    WAITING = "waiting"
    """It wants a seat and has none: the limit is reached, or no new seat is signed for the moment."""
    PROTECTED = "protected"
    IDLE = "idle"
    """Released for its silence: it counts to its seat's end at most; at its next contact it claims a seat anew."""
    DISPLACED = "displaced"
    """The subscription that rules now allows fewer devices: it counts, and keeps its seat, until that ends."""
    WITHDRAWN = "withdrawn"
    """The administrator took its seat back; it counts until its receipt or its seat's end."""
    REMOVED = "removed"
    """As withdrawn, and no longer shown once it does not count; kept for a while, so that it can be told."""
    RELEASED = "released"
    """It gave its seat up by a signed receipt."""


class Device(msgspec.Struct, frozen=True):
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

    def counting(self, moved: int) -> usage.Device:
        """As counting sees it, its seat's end moved by `moved` seconds of amnesty."""
        return usage.Device(
            id=self.id,
            last_seen=self.last_seen,
            seat_until=self.seat_until + moved if self.seat else 0,
            pinned=bool(self.pinned),
            removed=self.state in (State.WITHDRAWN, State.REMOVED, State.IDLE, State.DISPLACED),
            erased=self.state == State.RELEASED,
            ephemeral=bool(self.ephemeral),
        )


_COLUMNS = (
    "number, id, product, thumbprint, name, grp, version, hardware, created, last_seen, count, last_request, seat,"
    " seat_sha256, seat_until, lease_iat, state, counted, counts_until, pinned, twin, note, assigned, ephemeral"
)
_SELECT = sql("select", _COLUMNS, "from devices")


def by_key(conn: Connection, product: str, thumbprint: str) -> Device | None:
    """The device with this key."""
    return _one(conn, "where product = ? and thumbprint = ?", (product, thumbprint))


def by_id(conn: Connection, device: str) -> Device | None:
    """The device of this id."""
    return _one(conn, "where id = ?", (device,))


def _one(conn: Connection, where: str, values: tuple[object, ...]) -> Device | None:
    row = conn.execute(sql(_SELECT, where), values).fetchone()
    return None if row is None else Device(*row)


def save(conn: Connection, device: Device, row: Device | None = None) -> Device:
    """Write the row, a new one where `number` is 0; the device with its number.

    With `row`, the device as its row stands, only what differs is written, which spares the indexes of the rest.
    """
    values = msgspec.structs.astuple(device)
    if device.number:
        conn.execute(*(_whole(values) if row is None else _difference(values, msgspec.structs.astuple(row))))
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
_UPDATE = sql("update devices set", ", ".join(f"{name} = ?" for name in _NAMES), "where number = ?")

_INSERT = sql("insert into devices (", ", ".join(_NAMES), ") values", marks(_NAMES))


def _whole(values: Row) -> tuple[str, Row]:
    return _UPDATE, (*values[1:], values[0])


def _difference(values: Row, before: Row) -> tuple[str, Row]:
    """The statement that makes a row `before` into `values`; they differ."""
    changed = [
        (f"{name} = ?", new) for name, new, old in zip(_NAMES, values[1:], before[1:], strict=True) if new != old
    ]
    statement = sql("update devices set", ", ".join(name for name, _ in changed), "where number = ?")
    return statement, (*(new for _, new in changed), values[0])


def delete(conn: Connection, device: Device) -> None:
    """Forget the device, and count it no longer."""
    if device.counted:
        pools.free(conn, device.product)
    conn.execute("delete from devices where number = ?", (device.number,))


def uncounted(conn: Connection, device: Device, state: State) -> Device:
    """The device in `state`, which does not count any more."""
    if device.counted:
        pools.free(conn, device.product)
    return save(conn, msgspec.structs.replace(device, state=state, counted=0))


def due(conn: Connection, product: str, now: Instant, most: int = 500) -> list[Device]:
    """Counted devices whose time may be over at `now`, found by an index."""
    rows = conn.execute(
        sql(_SELECT, "where product = ? and counted = 1 and counts_until <= ? order by counts_until limit ?"),
        (product, now, most),
    )
    return [Device(*row) for row in rows]


def displace(conn: Connection, product: str, most: int) -> int:
    """Sets those aside that count beyond `most`, the longest silent first and pinned ones last; how many."""
    rows = "select number from devices where product = ? and counted = 1 and state not in ('withdrawn', 'removed')"
    staying = conn.execute(sql("select count(*) from (", rows, ")"), (product,)).fetchone()[0]
    return conn.execute(
        sql(
            "update devices set state = 'displaced', note = 'device_limit_reached', counts_until = seat_until",
            "where number in (", rows, "order by pinned, state = 'idle' desc, last_seen, id limit ?)",
        ),
        (product, max(0, staying - most)),
    ).rowcount  # fmt: skip


def displaced(conn: Connection, product: str) -> int:
    """How many that count are set aside."""
    where = "where state = 'displaced' and product = ? and counted = 1"
    found: int = conn.execute(sql("select count(*) from devices", where), (product,)).fetchone()[0]
    return found


def twin_of(conn: Connection, device: Device) -> Device | None:
    """The device seen last among those that share enough of the hardware of `device`."""
    digests = sorted(set(msgspec.json.decode(device.hardware, type=dict[str, str]).values()))
    if len(digests) < ALIKE:
        return None
    if (
        conn.execute(sql(_SHARED, marks(digests), "limit 1"), (device.product, device.number, *digests)).fetchone()
        is None
    ):
        return None
    shared = Counter(number for part in digests for number in _with_part(conn, device, part))
    alike = [number for number, parts in shared.items() if parts >= ALIKE]
    if not alike:
        return None
    return _one(conn, sql("where number in", marks(alike), "order by last_seen desc limit 1"), tuple(alike))


_SHARED = "select 1 from hardware where product = ? and device <> ? and digest in"


def _with_part(conn: Connection, device: Device, part: str) -> list[int]:
    """The devices that came last among those with one part of hardware in common with `device`."""
    rows = conn.execute(
        "select device from hardware where product = ? and digest = ? and device <> ? order by device desc limit ?",
        (device.product, part, device.number, LOOKED_AT),
    )
    return [number for (number,) in rows]


def waiting(conn: Connection, product: str) -> int:
    """How many devices wait for a seat."""
    (count,) = conn.execute(
        "select count(*) from devices where product = ? and state = 'waiting'", (product,)
    ).fetchone()
    return int(count)


def digest(conn: Connection, product: str) -> str:
    """SHA-256 (base64url) over the sorted keys of the devices that count; empty when none does."""
    rows = conn.execute(
        "select thumbprint from devices where product = ? and counted = 1 order by thumbprint", (product,)
    )
    seen, made = False, hashlib.sha256()
    for (thumbprint,) in rows:
        seen = True
        made.update(thumbprint.encode("ascii") + b"\n")
    return encode_text(made.digest()) if seen else ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
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


def page(conn: Connection, wanted: Wanted, after: int, limit: int) -> list[Device]:
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
    rows = conn.execute(sql(_SELECT, every(where), "order by number limit ?"), (*values, limit))
    return [Device(*row) for row in rows]


def most_idle(conn: Connection, product: str, limit: int, before: Instant | None = None) -> list[Device]:
    """Counted devices that may be released, the longest silent first; with `before` those last seen before it only."""
    rows = conn.execute(
        sql(
            _SELECT,
            "where product = ? and counted = 1 and pinned = 0 and last_seen < ?"
            " and state not in ('withdrawn', 'removed', 'idle', 'displaced') order by last_seen, id limit ?",
        ),
        (product, 2**62 if before is None else before, limit),
    )
    return [Device(*row) for row in rows]


def tally(conn: Connection, column: str, product: str) -> dict[str, int]:
    """How many devices of a product (empty: of all) there are by state, group or reason."""
    shown = {"state": "state", "group": "grp", "note": "note"}[column]
    where = [SHOWN, "product = ?"] if product else [SHOWN]
    values = (product,) if product else ()
    return dict(conn.execute(sql("select", shown, ", count(*) from devices", every(where), "group by 1"), values))


def forget_ephemeral(conn: Connection, before: Instant, most: int = 500) -> None:
    """Forget at most so many ephemeral devices that do not count and were last seen before an instant."""
    conn.execute(
        "delete from devices where number in"
        " (select number from devices where ephemeral = 1 and counted = 0 and last_seen < ? limit ?)",
        (before, most),
    )


def forget_removed(conn: Connection, before: Instant) -> None:
    """Forget removed devices that no longer count and were last seen before an instant."""
    conn.execute("delete from devices where state = 'removed' and counted = 0 and last_seen < ?", (before,))


def counts(conn: Connection, products: Iterable[str]) -> dict[str, int]:
    """How many devices count, by product."""
    return {product: pools.pool(conn, product).counted for product in products}

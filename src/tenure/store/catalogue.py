"""What is sold and by which rules: products, plans, offers, policies and vendor-wide documents, each change logged.

A row's `body` is a value of others as JSON. Every write also goes, whole, into the chain of its owner (`chronicle`).
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.store import chronicle
from tenure.store.chain import Fault, Finding, StoredFact
from tenure.store.chronicle import VENDOR
from tenure.store.engine import Connection
from tenure.store.schema import chronicle as log
from tenure.store.schema import documents, offers, plans, policies, products


class Stamp(msgspec.Struct, frozen=True):
    """Who writes, and when."""

    by: str
    now: Instant


class Item(msgspec.Struct, frozen=True):
    """A product, plan or offer; `of` is the plan's product or the offer's plan, `provider` '' for the vendor."""

    id: str
    provider: str
    of: str
    body: bytes
    version: int
    created: Instant
    withdrawn: Instant | None = None


class Edition(msgspec.Struct, frozen=True):
    """One published version of a policy (`name` is the provider) or of a vendor-wide document."""

    name: str
    version: int
    body: bytes
    published: Instant


class Logged(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the chain keeps of a write: which row, and all that may change of it."""

    table: str
    id: str
    version: int
    body: bytes
    withdrawn: Instant | None = None


class Shelf:
    """Items of one kind: `PRODUCTS`, `PLANS` and `OFFERS` below. Every query names the owner."""

    def __init__(self, table: sa.Table[Any], of: str = "") -> None:
        self._table, self._of, self._name = table, of, str(table.name)
        kept = (table.c.body, table.c.version, table.c.created, table.c.withdrawn)
        row = sa.select(table.c.id, table.c.provider, table.c[of] if of else sa.literal(""), *kept)
        mine = table.c.provider == sa.bindparam("tenant")
        self._taken = sa.select(table.c.id).where(table.c.id == sa.bindparam("item"))
        self._get = row.where(table.c.id == sa.bindparam("item"), mine)
        self._page = (
            row.where(mine, table.c.id > sa.bindparam("after")).order_by(table.c.id).limit(sa.bindparam("most"))
        )
        self._page_on_sale = self._page.where(table.c.withdrawn.is_(None))
        self._change = (
            table.update()
            .where(table.c.id == sa.bindparam("item"), mine, table.c.version == sa.bindparam("seen"))
            .values(body=sa.bindparam("new"), withdrawn=sa.bindparam("gone"), version=table.c.version + 1)
        )

    def add(self, conn: Connection, item: Item, stamp: Stamp) -> Item | Refused:
        """A new item; refuses `already_exists` when its id is taken."""
        if conn.scalar(self._taken, {"item": item.id}) is not None:
            return Refused(Code.ALREADY_EXISTS, field="id")
        row = msgspec.structs.asdict(item)
        of = row.pop("of")
        conn.execute(self._table.insert(), row | ({self._of: of} if self._of else {}))
        self._log(conn, "added", item, stamp)
        return item

    def get(self, conn: Connection, provider: str, item_id: str) -> Item | None:
        """The owner's item of that id, withdrawn or not."""
        row = conn.execute(self._get, {"tenant": provider, "item": item_id}).one_or_none()
        return None if row is None else Item(*row)

    def page(
        self, conn: Connection, provider: str, after: str = "", limit: int = 50, *, withdrawn: bool = True
    ) -> list[Item]:
        """At most `limit` items of the owner with ids after `after`; those withdrawn only if wanted."""
        asked = {"tenant": provider, "after": after, "most": limit}
        return [Item(*row) for row in conn.execute(self._page if withdrawn else self._page_on_sale, asked)]

    def change(
        self, conn: Connection, provider: str, item_id: str, seen: int, body: bytes, stamp: Stamp
    ) -> Item | Refused:
        """Another body in place of version `seen`; refuses `not_found`, `version_stale`."""
        item = self.get(conn, provider, item_id)
        if item is None:
            return Refused(Code.NOT_FOUND)
        return self._write(conn, "changed", msgspec.structs.replace(item, body=body), seen, stamp)

    def withdraw(self, conn: Connection, provider: str, item_id: str, seen: int, stamp: Stamp) -> Item | Refused:
        """Sold no more; who has it keeps it. Refuses `not_found`, `version_stale`."""
        item = self.get(conn, provider, item_id)
        if item is None:
            return Refused(Code.NOT_FOUND)
        return self._write(conn, "withdrawn", msgspec.structs.replace(item, withdrawn=stamp.now), seen, stamp)

    def _write(self, conn: Connection, deed: str, item: Item, seen: int, stamp: Stamp) -> Item | Refused:
        moved = {"tenant": item.provider, "item": item.id, "seen": seen, "new": item.body, "gone": item.withdrawn}
        if conn.execute(self._change, moved).rowcount != 1:
            return Refused(Code.VERSION_STALE, f"The present version is {item.version}.")
        written = msgspec.structs.replace(item, version=seen + 1)
        self._log(conn, deed, written, stamp)
        return written

    def _log(self, conn: Connection, deed: str, item: Item, stamp: Stamp) -> None:
        logged = Logged(self._name, item.id, item.version, item.body, item.withdrawn)
        _record(conn, item.provider, chronicle.CATALOGUE, deed, logged, stamp)


PRODUCTS = Shelf(products)
PLANS = Shelf(plans, "product")
OFFERS = Shelf(offers, "plan")


class Series:
    """Published versions that all stay: `POLICIES` by provider, `DOCUMENTS` of the vendor by name."""

    def __init__(self, table: sa.Table[Any], key: sa.Column[str]) -> None:
        self._table, self._key, self._name = table, key.name, str(table.name)
        row = sa.select(key, table.c.version, table.c.body, table.c.published).where(key == sa.bindparam("of"))
        self._all = row.order_by(table.c.version)
        self._last = row.order_by(table.c.version.desc()).limit(1)
        self._one = row.where(table.c.version == sa.bindparam("version"))

    def publish(self, conn: Connection, name: str, seen: int, body: bytes, stamp: Stamp) -> Edition | Refused:
        """Version `seen` + 1 (the first is 1); refuses `version_stale` when `seen` is not the last."""
        last = self.last(conn, name)
        present = 0 if last is None else last.version
        if present != seen:
            return Refused(Code.VERSION_STALE, f"The present version is {present}.")
        edition = Edition(name, seen + 1, body, stamp.now)
        row = {self._key: name, "version": edition.version, "body": body, "published": stamp.now}
        conn.execute(self._table.insert(), row)
        mine = self._table is policies
        owner, topic = (name, chronicle.POLICY) if mine else (VENDOR, chronicle.CATALOGUE)
        logged = Logged(self._name, name, edition.version, body)
        _record(conn, owner, topic, "published", logged, stamp)
        return edition

    def last(self, conn: Connection, name: str) -> Edition | None:
        """The version in force."""
        row = conn.execute(self._last, {"of": name}).one_or_none()
        return None if row is None else Edition(*row)

    def version(self, conn: Connection, name: str, version: int) -> Edition | None:
        """That version."""
        row = conn.execute(self._one, {"of": name, "version": version}).one_or_none()
        return None if row is None else Edition(*row)

    def all(self, conn: Connection, name: str) -> list[Edition]:
        """Every version, oldest first."""
        return [Edition(*row) for row in conn.execute(self._all, {"of": name})]


POLICIES = Series(policies, policies.c.provider)
DOCUMENTS = Series(documents, documents.c.name)


def verify_rows(conn: Connection) -> Iterator[Finding]:
    """Every row that is not what its chain says was written last; the chains are `chronicle.verify_all`'s."""
    written = dict(_last_written(conn))
    for key, row in _present(conn):
        if written.pop(key, None) != row:
            yield Finding(f"{key[0]}/{key[1]}", key[2], Fault.DIFFERS, "the row is not what was logged")
    for table, name, number in written:
        yield Finding(f"{table}/{name}", number, Fault.MISSING, "the row is gone")


_Key = tuple[str, str, int]
"""Table, id, and for series the version (0 for items, which have one row)."""


def _last_written(conn: Connection) -> Iterator[tuple[_Key, Logged]]:
    bodies = sa.select(log.c.body).order_by(log.c.provider, log.c.topic, log.c.seq)
    for body in conn.scalars(bodies.execution_options(yield_per=1000)):
        try:
            logged = msgspec.json.decode(body, type=Logged)
        except msgspec.MsgspecError:
            continue  # altered: its chain tells, and the row will miss it
        series = logged.table in {policies.name, documents.name}
        yield (logged.table, logged.id, logged.version if series else 0), logged


def _present(conn: Connection) -> Iterator[tuple[_Key, Logged]]:
    items: tuple[sa.Table[Any], ...] = (products, plans, offers)
    series: tuple[tuple[sa.Table[Any], sa.Column[str]], ...] = (
        (policies, policies.c.provider),
        (documents, documents.c.name),
    )
    for table in items:
        kept = sa.select(table.c.id, table.c.version, table.c.body, table.c.withdrawn)
        for name, version, body, withdrawn in conn.execute(kept):
            yield (str(table.name), name, 0), Logged(str(table.name), name, version, body, withdrawn)
    for table, key in series:
        for name, version, body in conn.execute(sa.select(key, table.c.version, table.c.body)):
            yield (str(table.name), name, version), Logged(str(table.name), name, version, body)


def _record(conn: Connection, owner: str, topic: str, deed: str, logged: Logged, stamp: Stamp) -> None:
    fact = StoredFact(f"{logged.table}.{deed}", stamp.now, stamp.now, stamp.by, msgspec.json.encode(logged))
    chronicle.record(conn, owner, topic, fact)

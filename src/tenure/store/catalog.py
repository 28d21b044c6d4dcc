"""What is sold and by which rules: products, plans, offers, policies and vendor-wide documents, each change logged.

A row's `body` is a value of others as JSON. Every write also goes, whole, into its owner's chain (`provider_links`).
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.store import provider_chain
from tenure.store.chain import ChainFault, ChainFinding, StoredFact
from tenure.store.engine import Connection
from tenure.store.meta import tell_processes
from tenure.store.provider_chain import VENDOR
from tenure.store.schema import documents, offers, plans, policies, products
from tenure.store.schema import provider_links as log
from tenure.store.transaction_memo import forget_reads, read_once


class WriteStamp(msgspec.Struct, frozen=True):
    """Who writes, and when."""

    by: str
    now: Instant


class CatalogItem(msgspec.Struct, frozen=True):
    """A product, plan or offer; `of` is the plan's product or the offer's plan, `provider` '' for the vendor."""

    id: str
    provider: str
    of: str
    body: bytes
    version: int
    created: Instant
    withdrawn: Instant | None = None


class PolicyEdition(msgspec.Struct, frozen=True):
    """One published version of a policy (`name` is the provider) or of a vendor-wide document."""

    name: str
    version: int
    body: bytes
    published: Instant


class ItemState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the chain keeps of a write: which row, and all that may change of it."""

    table: str
    id: str
    version: int
    body: bytes
    withdrawn: Instant | None = None


class ItemStore:
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

    def add(self, conn: Connection, item: CatalogItem, stamp: WriteStamp) -> CatalogItem | Refused:
        """A new item; refuses `already_exists` when its id is taken."""
        if conn.scalar(self._taken, {"item": item.id}) is not None:
            return Refused(RefusalCode.ALREADY_EXISTS, field="id")
        row = msgspec.structs.asdict(item)
        of = row.pop("of")
        conn.execute(self._table.insert(), row | ({self._of: of} if self._of else {}))
        self._log_item(conn, "added", item, stamp)
        return item

    def get(self, conn: Connection, provider: str, item_id: str) -> CatalogItem | None:
        """The owner's item of that id, withdrawn or not."""

        def read() -> CatalogItem | None:
            row = conn.execute(self._get, {"tenant": provider, "item": item_id}).one_or_none()
            return None if row is None else CatalogItem(*row)

        return read_once(conn, (self._name, provider, item_id), read)

    def page(
        self, conn: Connection, provider: str, after: str = "", limit: int = 50, *, withdrawn: bool = True
    ) -> list[CatalogItem]:
        """At most `limit` items of the owner with ids after `after`; those withdrawn only if wanted."""
        asked = {"tenant": provider, "after": after, "most": limit}
        return [CatalogItem(*row) for row in conn.execute(self._page if withdrawn else self._page_on_sale, asked)]

    def change(
        self, conn: Connection, provider: str, item_id: str, seen: int, body: bytes, stamp: WriteStamp
    ) -> CatalogItem | Refused:
        """Another body in place of version `seen`; refuses `not_found`, `version_stale`."""
        item = self.get(conn, provider, item_id)
        if item is None:
            return Refused(RefusalCode.NOT_FOUND)
        return self._write_item(conn, "changed", msgspec.structs.replace(item, body=body), seen, stamp)

    def withdraw(
        self, conn: Connection, provider: str, item_id: str, seen: int, stamp: WriteStamp
    ) -> CatalogItem | Refused:
        """Sold no more; who has it keeps it. Refuses `not_found`, `version_stale`."""
        item = self.get(conn, provider, item_id)
        if item is None:
            return Refused(RefusalCode.NOT_FOUND)
        return self._write_item(conn, "withdrawn", msgspec.structs.replace(item, withdrawn=stamp.now), seen, stamp)

    def _write_item(
        self, conn: Connection, action: str, item: CatalogItem, seen: int, stamp: WriteStamp
    ) -> CatalogItem | Refused:
        moved = {"tenant": item.provider, "item": item.id, "seen": seen, "new": item.body, "gone": item.withdrawn}
        if conn.execute(self._change, moved).rowcount != 1:
            return Refused(RefusalCode.VERSION_STALE, f"The present version is {item.version}.")
        written = msgspec.structs.replace(item, version=seen + 1)
        self._log_item(conn, action, written, stamp)
        return written

    def _log_item(self, conn: Connection, action: str, item: CatalogItem, stamp: WriteStamp) -> None:
        logged = ItemState(self._name, item.id, item.version, item.body, item.withdrawn)
        _record_write(conn, item.provider, provider_chain.CATALOG, action, logged, stamp)


PRODUCTS = ItemStore(products)
PLANS = ItemStore(plans, "product")
OFFERS = ItemStore(offers, "plan")


class VersionStore:
    """Published versions that all stay: `POLICIES` by provider, `DOCUMENTS` of the vendor by name."""

    def __init__(self, table: sa.Table[Any], key: sa.Column[str]) -> None:
        self._table, self._key, self._name = table, key.name, str(table.name)
        row = sa.select(key, table.c.version, table.c.body, table.c.published).where(key == sa.bindparam("of"))
        self._all = row.order_by(table.c.version)
        self._last = row.order_by(table.c.version.desc()).limit(1)
        self._one = row.where(table.c.version == sa.bindparam("version"))

    def publish(
        self, conn: Connection, name: str, seen: int, body: bytes, stamp: WriteStamp
    ) -> PolicyEdition | Refused:
        """Version `seen` + 1 (the first is 1); refuses `version_stale` when `seen` is not the last."""
        last = self.last(conn, name)
        present = 0 if last is None else last.version
        if present != seen:
            return Refused(RefusalCode.VERSION_STALE, f"The present version is {present}.")
        edition = PolicyEdition(name, seen + 1, body, stamp.now)
        row = {self._key: name, "version": edition.version, "body": body, "published": stamp.now}
        conn.execute(self._table.insert(), row)
        mine = self._table is policies
        owner, topic = (name, provider_chain.POLICY) if mine else (VENDOR, provider_chain.CATALOG)
        logged = ItemState(self._name, name, edition.version, body)
        _record_write(conn, owner, topic, "published", logged, stamp)
        if not mine:
            tell_processes(conn)
        return edition

    def last(self, conn: Connection, name: str) -> PolicyEdition | None:
        """The version in force."""
        row = conn.execute(self._last, {"of": name}).one_or_none()
        return None if row is None else PolicyEdition(*row)

    def version(self, conn: Connection, name: str, version: int) -> PolicyEdition | None:
        """That version."""
        row = conn.execute(self._one, {"of": name, "version": version}).one_or_none()
        return None if row is None else PolicyEdition(*row)

    def all(self, conn: Connection, name: str) -> tuple[PolicyEdition, ...]:
        """Every version, oldest first."""

        def read() -> tuple[PolicyEdition, ...]:
            return tuple(PolicyEdition(*row) for row in conn.execute(self._all, {"of": name}))

        return read_once(conn, (self._name, name), read)


POLICIES = VersionStore(policies, policies.c.provider)
DOCUMENTS = VersionStore(documents, documents.c.name)


def verify_rows(conn: Connection) -> Iterator[ChainFinding]:
    """Every row that is not what its chain says was written last; the chains are `provider_chain.verify_all`'s."""
    written = dict(_last_written(conn))
    for key, row in _by_id(conn):
        if written.pop(key, None) != row:
            yield ChainFinding(f"{key[0]}/{key[1]}", key[2], ChainFault.DIFFERS, "the row is not what was logged")
    for table, name, number in written:
        yield ChainFinding(f"{table}/{name}", number, ChainFault.MISSING, "the row is gone")


_Key = tuple[str, str, int]
"""Table, id, and for series the version (0 for items, which have one row)."""


def _last_written(conn: Connection) -> Iterator[tuple[_Key, ItemState]]:
    bodies = sa.select(log.c.body).order_by(log.c.provider, log.c.topic, log.c.seq)
    for body in conn.scalars(bodies.execution_options(yield_per=1000)):
        try:
            logged = msgspec.json.decode(body, type=ItemState)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue  # altered: its chain tells, and the row will miss it
        series = logged.table in {policies.name, documents.name}
        yield (logged.table, logged.id, logged.version if series else 0), logged


def _by_id(conn: Connection) -> Iterator[tuple[_Key, ItemState]]:
    items: tuple[sa.Table[Any], ...] = (products, plans, offers)
    series: tuple[tuple[sa.Table[Any], sa.Column[str]], ...] = (
        (policies, policies.c.provider),
        (documents, documents.c.name),
    )
    for table in items:
        kept = sa.select(table.c.id, table.c.version, table.c.body, table.c.withdrawn)
        for name, version, body, withdrawn in conn.execute(kept):
            yield (str(table.name), name, 0), ItemState(str(table.name), name, version, body, withdrawn)
    for table, key in series:
        for name, version, body in conn.execute(sa.select(key, table.c.version, table.c.body)):
            yield (str(table.name), name, version), ItemState(str(table.name), name, version, body)


def _record_write(conn: Connection, owner: str, topic: str, action: str, logged: ItemState, stamp: WriteStamp) -> None:
    forget_reads(conn)
    fact = StoredFact(f"{logged.table}.{action}", stamp.now, stamp.now, stamp.by, msgspec.json.encode(logged))
    provider_chain.append_record(conn, owner, topic, fact)

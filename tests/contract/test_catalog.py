"""The catalog: versions, pages, and a log from which every state of every row can be read."""

import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.store import integrity, provider_chain
from tenure.store.catalog import (
    DOCUMENTS,
    OFFERS,
    PLANS,
    POLICIES,
    PRODUCTS,
    CatalogItem,
    ItemState,
    PolicyEdition,
    WriteStamp,
)
from tenure.store.engine import Database
from tenure.store.provider_chain import VENDOR
from tests.contract.seed import NOW, STAMP, must, two_providers


@pytest.fixture
async def stocked(db: Database) -> Database:
    must(await db.write(two_providers))
    return db


def code_of(outcome: object) -> RefusalCode | None:
    return outcome.code if isinstance(outcome, Refused) else None


async def test_an_item_is_changed_by_who_saw_its_last_version(stocked: Database) -> None:
    later = WriteStamp("paul", NOW + 5)
    changed = await stocked.write(OFFERS.change, "prv_a", "off_a", 1, b"dearer", later)
    assert changed == CatalogItem("off_a", "prv_a", "pln", b"dearer", 2, NOW)
    assert code_of(await stocked.write(OFFERS.change, "prv_a", "off_a", 1, b"x", later)) is RefusalCode.VERSION_STALE
    gone = await stocked.write(OFFERS.withdraw, "prv_a", "off_a", 2, later)
    assert gone == CatalogItem("off_a", "prv_a", "pln", b"dearer", 3, NOW, NOW + 5)
    assert await stocked.read(OFFERS.get, "prv_a", "off_a") == gone
    assert code_of(await stocked.write(OFFERS.add, CatalogItem("off_a", "prv_a", "pln", b"", 1, NOW), STAMP))
    assert code_of(await stocked.write(OFFERS.withdraw, "prv_a", "off_none", 1, later)) is RefusalCode.NOT_FOUND
    assert await stocked.read(OFFERS.page, "prv_a", withdrawn=False) == []
    assert await stocked.read(OFFERS.page, "prv_a") == [gone]


async def test_the_log_tells_every_version(stocked: Database) -> None:
    must(await stocked.write(OFFERS.change, "prv_a", "off_a", 1, b"dearer", WriteStamp("paul", NOW + 5)))
    must(await stocked.write(OFFERS.withdraw, "prv_a", "off_a", 2, WriteStamp("eva", NOW + 6)))
    links = await stocked.read(provider_chain.links_after, "prv_a", provider_chain.CATALOG)
    told = [
        (link.seq, link.fact.kind, link.fact.by, msgspec.json.decode(link.fact.body, type=ItemState)) for link in links
    ]
    assert told == [
        (1, "offers.added", "tester", ItemState("offers", "off_a", 1, b"a")),
        (2, "offers.changed", "paul", ItemState("offers", "off_a", 2, b"dearer")),
        (3, "offers.withdrawn", "eva", ItemState("offers", "off_a", 3, b"dearer", NOW + 6)),
    ]
    assert await stocked.read(lambda conn: list(integrity.verify_chains(conn))) == []


async def test_items_come_in_pages(stocked: Database) -> None:
    for n in range(5):
        must(await stocked.write(PLANS.add, CatalogItem(f"pln{n}", VENDOR, "prd", b"", 1, NOW), STAMP))
    first = await stocked.read(PLANS.page, VENDOR, "", 4)
    rest = await stocked.read(PLANS.page, VENDOR, first[-1].id, 4)
    assert [item.id for item in first + rest] == ["pln", "pln0", "pln1", "pln2", "pln3", "pln4"]
    product = await stocked.read(PRODUCTS.get, VENDOR, "prd")
    assert product is not None
    assert (product.of, first[0].of) == ("", "prd")


async def test_every_version_of_a_policy_stays(stocked: Database) -> None:
    second = await stocked.write(POLICIES.publish, "prv_a", 1, b"stricter", WriteStamp("paul", NOW + 5))
    assert second == PolicyEdition("prv_a", 2, b"stricter", NOW + 5)
    assert code_of(await stocked.write(POLICIES.publish, "prv_a", 1, b"x", STAMP)) is RefusalCode.VERSION_STALE
    first = PolicyEdition("prv_a", 1, b"a", NOW)
    assert await stocked.read(POLICIES.all, "prv_a") == (first, second)
    assert await stocked.read(POLICIES.last, "prv_a") == second
    assert await stocked.read(POLICIES.version, "prv_a", 1) == first
    assert await stocked.read(POLICIES.version, "prv_a", 3) is None
    assert await stocked.read(POLICIES.last, "prv_none") is None


async def test_documents_are_the_vendors(stocked: Database) -> None:
    must(await stocked.write(DOCUMENTS.publish, "bounds", 0, b"{}", STAMP))
    assert await stocked.read(DOCUMENTS.last, "bounds") == PolicyEdition("bounds", 1, b"{}", NOW)
    links = await stocked.read(provider_chain.links_after, VENDOR, provider_chain.CATALOG, 2)
    assert [link.fact.kind for link in links] == ["documents.published"]
    assert await stocked.read(lambda conn: list(integrity.verify_chains(conn))) == []

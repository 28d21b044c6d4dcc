"""The catalogue: versions, pages, and a log from which every state of every row can be read."""

import msgspec
import pytest

from tenure.core.refusals import Code, Refused
from tenure.store import audit, chronicle
from tenure.store.catalogue import DOCUMENTS, OFFERS, PLANS, POLICIES, PRODUCTS, Edition, Item, Logged, Stamp
from tenure.store.chronicle import VENDOR
from tenure.store.engine import Database
from tests.contract.seed import NOW, STAMP, must, two_providers


@pytest.fixture
async def stocked(db: Database) -> Database:
    must(await db.write(two_providers))
    return db


def code_of(outcome: object) -> Code | None:
    return outcome.code if isinstance(outcome, Refused) else None


async def test_an_item_is_changed_by_who_saw_its_last_version(stocked: Database) -> None:
    later = Stamp("paul", NOW + 5)
    changed = await stocked.write(OFFERS.change, "prv_a", "off_a", 1, b"dearer", later)
    assert changed == Item("off_a", "prv_a", "pln", b"dearer", 2, NOW)
    assert code_of(await stocked.write(OFFERS.change, "prv_a", "off_a", 1, b"x", later)) is Code.VERSION_STALE
    gone = await stocked.write(OFFERS.withdraw, "prv_a", "off_a", 2, later)
    assert gone == Item("off_a", "prv_a", "pln", b"dearer", 3, NOW, NOW + 5)
    assert await stocked.read(OFFERS.get, "prv_a", "off_a") == gone
    assert code_of(await stocked.write(OFFERS.add, Item("off_a", "prv_a", "pln", b"", 1, NOW), STAMP))
    assert code_of(await stocked.write(OFFERS.withdraw, "prv_a", "off_none", 1, later)) is Code.NOT_FOUND
    assert await stocked.read(OFFERS.page, "prv_a", withdrawn=False) == []
    assert await stocked.read(OFFERS.page, "prv_a") == [gone]


async def test_the_log_tells_every_version(stocked: Database) -> None:
    must(await stocked.write(OFFERS.change, "prv_a", "off_a", 1, b"dearer", Stamp("paul", NOW + 5)))
    must(await stocked.write(OFFERS.withdraw, "prv_a", "off_a", 2, Stamp("eva", NOW + 6)))
    links = await stocked.read(chronicle.history, "prv_a", chronicle.CATALOGUE)
    told = [
        (link.seq, link.fact.kind, link.fact.by, msgspec.json.decode(link.fact.body, type=Logged)) for link in links
    ]
    assert told == [
        (1, "offers.added", "tester", Logged("offers", "off_a", 1, b"a")),
        (2, "offers.changed", "paul", Logged("offers", "off_a", 2, b"dearer")),
        (3, "offers.withdrawn", "eva", Logged("offers", "off_a", 3, b"dearer", NOW + 6)),
    ]
    assert await stocked.read(lambda conn: list(audit.verify_chains(conn))) == []


async def test_items_come_in_pages(stocked: Database) -> None:
    for n in range(5):
        must(await stocked.write(PLANS.add, Item(f"pln{n}", VENDOR, "prd", b"", 1, NOW), STAMP))
    first = await stocked.read(PLANS.page, VENDOR, "", 4)
    rest = await stocked.read(PLANS.page, VENDOR, first[-1].id, 4)
    assert [item.id for item in first + rest] == ["pln", "pln0", "pln1", "pln2", "pln3", "pln4"]
    product = await stocked.read(PRODUCTS.get, VENDOR, "prd")
    assert product is not None
    assert (product.of, first[0].of) == ("", "prd")


async def test_every_version_of_a_policy_stays(stocked: Database) -> None:
    second = await stocked.write(POLICIES.publish, "prv_a", 1, b"stricter", Stamp("paul", NOW + 5))
    assert second == Edition("prv_a", 2, b"stricter", NOW + 5)
    assert code_of(await stocked.write(POLICIES.publish, "prv_a", 1, b"x", STAMP)) is Code.VERSION_STALE
    first = Edition("prv_a", 1, b"a", NOW)
    assert await stocked.read(POLICIES.all, "prv_a") == [first, second]
    assert await stocked.read(POLICIES.last, "prv_a") == second
    assert await stocked.read(POLICIES.version, "prv_a", 1) == first
    assert await stocked.read(POLICIES.version, "prv_a", 3) is None
    assert await stocked.read(POLICIES.last, "prv_none") is None


async def test_documents_are_the_vendors(stocked: Database) -> None:
    must(await stocked.write(DOCUMENTS.publish, "bounds", 0, b"{}", STAMP))
    assert await stocked.read(DOCUMENTS.last, "bounds") == Edition("bounds", 1, b"{}", NOW)
    links = await stocked.read(chronicle.history, VENDOR, chronicle.CATALOGUE, 2)
    assert [link.fact.kind for link in links] == ["documents.published"]
    assert await stocked.read(lambda conn: list(audit.verify_chains(conn))) == []

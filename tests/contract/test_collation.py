"""A PostgreSQL database made for a language: ids are found and pages turned as on SQLite, byte by byte.

In English `~` comes before every letter and `a` before `B`, so that a range of ids that ends in `~` holds nothing.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tenure.core.refusals import RefusalCode, Refused
from tenure.store import accounts, search, tenants
from tenure.store.engine import Connection, Database
from tenure.store.postgres import open_postgres
from tenure.store.projections import StandingFilter
from tenure.store.schema import METADATA
from tenure.store.schema.columns import COLLATION
from tests.contract.databases import (
    Opener,
    PostgresSchema,
    SharedSchema,
    fresh_schema,
    run_sql,
    sorted_by_language,
    target_of,
)
from tests.contract.seed import NOW, must, two_providers
from tests.contract.test_webhooks import (
    test_a_delivery_is_tried_by_one_at_a_time_until_it_is_out as test_a_delivery_is_found_in_its_log,
)
from tests.contract.test_webhooks import (
    test_the_log_is_read_newest_first_and_goes_with_its_webhook as test_the_log_is_read_newest_first,
)

__all__ = ["test_a_delivery_is_found_in_its_log", "test_the_log_is_read_newest_first"]

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def english(postgres_url: str) -> Iterator[str]:
    with sorted_by_language(postgres_url) as url:
        if url is None:
            pytest.skip("neither ICU, nor the locale en_US.utf8, nor localedef is on this machine")
        yield url


@pytest.fixture(scope="module")
def english_schema(english: str) -> SharedSchema:
    return SharedSchema(english)


@pytest.fixture
async def opener(english_schema: SharedSchema) -> Opener:
    return await english_schema.emptied()


@pytest.fixture
async def stocked(db: Database) -> Database:
    await db.write(two_providers)
    return db


@pytest.fixture
async def fresh(english: str) -> AsyncIterator[PostgresSchema]:
    async with fresh_schema(english) as schema:
        yield schema


async def test_the_database_of_these_tests_sorts_by_language(english: str) -> None:
    """The control: without it nothing below would show anything."""
    engine = create_async_engine(sa.make_url(english).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as connection:
        assert await connection.scalar(sa.text("select 'a' < 'B' and 'sub_a' > 'sub_~'"))
    await engine.dispose()


async def test_every_text_column_is_compared_byte_by_byte(stocked: Database) -> None:
    asked = sa.text(
        "select table_name || '.' || column_name, collation_name from information_schema.columns"
        " where table_schema = current_schema() and data_type = 'text'"
    )
    found = dict(await stocked.read(lambda conn: conn.execute(asked).all()))
    declared = {str(c) for table in METADATA.tables.values() for c in table.c if isinstance(c.type, sa.Text)}
    assert found == dict.fromkeys(declared, COLLATION)


@pytest.mark.parametrize("words", ["sub_a", "SUB_A", "sub_"])
async def test_a_subscription_is_found_by_the_beginning_of_its_id(stocked: Database, words: str) -> None:
    found = await stocked.read(
        search.page, "prv_a", StandingFilter(), words, NOW, search.SubscriptionOrder.ID, None, 10
    )
    assert [each.standing.subscription for each in found] == ["sub_a"]


async def test_pages_by_name_hold_every_customer_once(stocked: Database) -> None:
    """Capitals that only a language lowers are on no two pages and on one of them."""
    names = ["Öl", "öl", "Zoo", "Über", "über", "abc", "ABC", "a b", "É", "é", "_x"]
    await stocked.write(_customers_named, names)
    told: list[str] = []
    place = None
    while page := await stocked.read(search.customers_page, "prv_a", "", search.CustomerOrder.NAME, place, 2):
        told += [each.name for each in page]
        place = search.customer_place(page[-1], search.CustomerOrder.NAME)
    assert sorted(name for name in told if name in names) == sorted(names)


def _customers_named(conn: Connection, names: list[str]) -> None:
    for number, name in enumerate(names):
        customer = f"cus_n{number}"
        must(tenants.add_customer(conn, tenants.CustomerRow(customer, "prv_a", name, f"ref {number}", b"{}", 1, NOW)))
        accounts.open_account(conn, "prv_a", customer, "EUR", NOW)


async def test_a_database_sorted_by_language_is_refused_with_its_remedy(fresh: PostgresSchema) -> None:
    await (await fresh.open()).close()
    await run_sql(fresh.url, f'alter table {fresh.schema}.customers alter column id type text collate "default"')
    refused = await open_postgres(target_of(fresh.url, fresh.schema))
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.DATABASE_UNUSABLE
    assert "column id of table customers" in refused.detail
    remedy = refused.detail.partition("runs: ")[2].partition(";")[0]
    await run_sql(fresh.url, f"set search_path = {fresh.schema}", remedy)
    await (await fresh.open()).close()

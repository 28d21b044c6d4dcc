"""Providers with their clocks, customers, tokens: unique where they must be, changed by who saw the last version."""

import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.store import tenants, tokens
from tenure.store.engine import Database
from tenure.store.tenants import CustomerRow, ProviderClock, ProviderRow
from tenure.store.tokens import ApiToken
from tests.contract.seed import NOW, must, provide, sell


@pytest.fixture
async def stocked(db: Database) -> Database:
    await db.write(sell)
    await db.write(provide, "a")
    await db.write(provide, "s", sandbox=True)
    return db


def code_of(outcome: object) -> RefusalCode | None:
    return outcome.code if isinstance(outcome, Refused) else None


async def test_a_providers_name_is_its_own(stocked: Database) -> None:
    new = ProviderRow("prv_new", "a", False, "EUR", b"", 1, NOW)
    assert code_of(await stocked.write(tenants.add_provider, new)) is RefusalCode.ALREADY_EXISTS
    must(await stocked.write(tenants.add_provider, msgspec.structs.replace(new, name="new")))
    renamed = msgspec.structs.replace(new, name="s")
    assert code_of(await stocked.write(tenants.change_provider, renamed, 1)) is RefusalCode.ALREADY_EXISTS
    assert [each.name for each in await stocked.read(tenants.list_providers)] == ["a", "new", "s"]
    assert [each.name for each in await stocked.read(tenants.list_providers, "prv_a", 1)] == ["new"]


async def test_only_who_saw_the_last_version_changes_it(stocked: Database) -> None:
    known = await stocked.read(tenants.get_provider, "prv_a")
    assert known is not None
    changed = msgspec.structs.replace(known, name="Anna", body=b"{}")
    second = await stocked.write(tenants.change_provider, changed, 1)
    assert second == msgspec.structs.replace(changed, version=2)
    assert code_of(await stocked.write(tenants.change_provider, changed, 1)) is RefusalCode.VERSION_STALE
    assert await stocked.read(tenants.get_provider, "prv_a") == second
    lost = msgspec.structs.replace(known, id="prv_none")
    assert code_of(await stocked.write(tenants.change_provider, lost, 1)) is RefusalCode.NOT_FOUND


async def test_a_sandbox_clock_moves_forwards_only(stocked: Database) -> None:
    """It shows NOW at the real NOW and runs as fast: one minute later it shows one minute more."""
    later = ProviderClock(NOW + 1_000, NOW + 60, 3)
    moved = await stocked.write(tenants.set_clock, "prv_s", later)
    assert isinstance(moved, ProviderRow)
    found = await stocked.read(tenants.get_provider, "prv_s")
    assert found == moved
    assert later.now_at(NOW + 60) == NOW + 1_000
    assert later.now_at(NOW + 70) == NOW + 1_030
    assert later.now_at(NOW) == NOW + 1_000, "real time that went back moves nothing back"
    back = ProviderClock(NOW + 1_029, NOW + 70, 1)
    assert code_of(await stocked.write(tenants.set_clock, "prv_s", back)) is RefusalCode.CLOCK_BACKWARDS
    assert code_of(await stocked.write(tenants.set_clock, "prv_s", ProviderClock(NOW + 9_999, NOW + 70, -1)))
    must(await stocked.write(tenants.set_clock, "prv_s", ProviderClock(NOW + 1_030, NOW + 70, 0)))
    assert code_of(await stocked.write(tenants.set_clock, "prv_a", later)) is RefusalCode.SANDBOX_ONLY
    assert code_of(await stocked.write(tenants.set_clock, "prv_none", later)) is RefusalCode.NOT_FOUND


async def test_a_customers_reference_is_its_own_at_its_provider(stocked: Database) -> None:
    new = CustomerRow("cus_new", "prv_a", "New", "ref", b"", 1, NOW)
    assert code_of(await stocked.write(tenants.add_customer, new)) is RefusalCode.ALREADY_EXISTS
    must(await stocked.write(tenants.add_customer, msgspec.structs.replace(new, reference=None)))
    nameless = msgspec.structs.replace(new, id="cus_nil", reference=None)
    must(await stocked.write(tenants.add_customer, nameless))
    assert code_of(await stocked.write(tenants.add_customer, nameless)) is RefusalCode.ALREADY_EXISTS
    taken = msgspec.structs.replace(nameless, reference="ref")
    assert code_of(await stocked.write(tenants.change_customer, taken, 1)) is RefusalCode.ALREADY_EXISTS
    own = msgspec.structs.replace(nameless, reference="mine", name="Nil")
    must(await stocked.write(tenants.change_customer, own, 1))
    must(await stocked.write(tenants.change_customer, msgspec.structs.replace(own, withdrawn=NOW), 2))
    assert code_of(await stocked.write(tenants.change_customer, own, 2)) is RefusalCode.VERSION_STALE
    found = await stocked.read(tenants.customer_by_reference, "prv_a", "mine")
    assert found == msgspec.structs.replace(own, withdrawn=NOW, version=3)


async def test_a_token_is_good_until_it_expires_or_is_withdrawn(stocked: Database) -> None:
    vendors = ApiToken(b"v", "tok_v", None, None, "vendor", ("keys", "catalog"), "ops", NOW, NOW + 10)
    await stocked.write(tokens.add_token, vendors)
    assert await stocked.read(tokens.get_token, b"v", NOW + 9) == vendors
    assert await stocked.read(tokens.get_token, b"v", NOW + 10) is None, "an end is the first instant without"
    await stocked.write(tokens.token_used, b"v", NOW + 5)
    used = await stocked.read(tokens.get_token, b"v", NOW)
    assert used == msgspec.structs.replace(vendors, last_use=NOW + 5)
    assert await stocked.read(tokens.list_tokens, None) == [used]
    assert [each.id for each in await stocked.read(tokens.list_tokens, "prv_a")] == ["tok_a"]
    assert code_of(await stocked.write(tokens.withdraw_token, "prv_a", "tok_v", NOW)) is RefusalCode.NOT_FOUND
    must(await stocked.write(tokens.withdraw_token, None, "tok_v", NOW))
    assert await stocked.read(tokens.get_token, b"v", NOW) is None
    assert code_of(await stocked.write(tokens.withdraw_token, None, "tok_v", NOW)) is RefusalCode.NOT_FOUND
    assert await stocked.read(tokens.list_tokens, None) == [], "a withdrawn token stands in no list"
    kept = await stocked.read(tokens.by_id, None, "tok_v")
    assert kept == msgspec.structs.replace(used, withdrawn=NOW), "its name is still known to histories and chains"

"""Money: booked once, never below the bound, cached figures equal to their entries, whoever races whom."""

import pytest
import sqlalchemy as sa

from tenure.core.business import ledger as money
from tenure.core.business.ledger import Balances, LedgerAccount, Posting
from tenure.core.refusals import RefusalCode, Refused
from tenure.store import accounts, integrity, ledger, tenants
from tenure.store.engine import Connection, Database, WriteConflict
from tenure.store.schema import entries
from tests.contract.seed import NOW, must, two_providers

A = ("prv_a", "cus_a")


@pytest.fixture
async def stocked(db: Database) -> Database:
    """Customers a and b have 10,000 each."""
    must(await db.write(two_providers))
    return db


def charge(amount: int, period: int | None = None, note: str = "") -> Posting:
    return money.charge(amount, at=NOW, recorded_at=NOW, subscription="sub_a", period=period, note=note)


async def post(db: Database, *postings: Posting, who: tuple[str, str] = A) -> ledger.PostingResult | Refused:
    return await db.write(ledger.book_postings, *who, "ana", postings)


async def balances(db: Database) -> Balances:
    found = await db.read(accounts.get_account, *A)
    assert found is not None
    return Balances(found.balance, found.reserve)


def code_of(outcome: object) -> RefusalCode | None:
    return outcome.code if isinstance(outcome, Refused) else None


def entry_totals(conn: Connection, provider: str) -> dict[str, int]:
    """What all entries of the provider sum up to, by account."""
    total = sa.cast(sa.func.sum(entries.c.amount), sa.BigInteger)
    found = sa.select(entries.c.account, total).where(entries.c.provider == provider).group_by(entries.c.account)
    return {row[0]: row[1] for row in conn.execute(found)}


async def test_money_moves_and_the_account_follows(stocked: Database) -> None:
    reserve = money.reserve(4_000, at=NOW, recorded_at=NOW, subscription="sub_a", period=NOW)
    booked = await post(stocked, charge(1_000), reserve)
    assert isinstance(booked, ledger.PostingResult)
    assert (booked.account.balance, booked.account.reserve, booked.account.available) == (5_000, 4_000, 5_000)
    assert await balances(stocked) == Balances(5_000, 4_000)
    capture = money.capture(4_000, at=NOW, recorded_at=NOW, subscription="sub_a", period=NOW)
    must(await post(stocked, capture))
    assert await balances(stocked) == Balances(5_000, 0)
    assert await stocked.read(entry_totals, "prv_a") == {
        LedgerAccount.CLEARING: -10_000,
        LedgerAccount.BALANCE: 5_000,
        LedgerAccount.RESERVE: 0,
        LedgerAccount.REVENUE: 5_000,
    }
    assert await stocked.read(integrity.drifted_accounts) == []


async def test_a_statement_can_be_read_in_pages(stocked: Database) -> None:
    for n in range(5):
        must(await post(stocked, charge(100 + n)))
    first = await stocked.read(ledger.statement_lines, *A, 0, 4)
    rest = await stocked.read(ledger.statement_lines, *A, first[-1].seq, 4)
    assert [line.posting.moved_on(LedgerAccount.BALANCE) for line in first + rest] == [
        10_000,
        -100,
        -101,
        -102,
        -103,
        -104,
    ]
    assert [line.by for line in first] == ["tester", "ana", "ana", "ana"]
    opening = await stocked.read(ledger.balances_at, *A, first[-1].seq)
    assert opening == Balances(10_000 - 303)
    lines = money.statement_lines([line.posting for line in rest], opening)
    assert lines[-1].balance == (await balances(stocked)).balance


async def test_nothing_goes_below_the_credit_limit(stocked: Database) -> None:
    assert code_of(await post(stocked, charge(10_001))) is RefusalCode.INSUFFICIENT_BALANCE
    assert code_of(await post(stocked, charge(9_000), charge(1_001))) is RefusalCode.INSUFFICIENT_BALANCE
    assert await balances(stocked) == Balances(10_000), "all or none"
    await stocked.write(accounts.set_credit_limit, *A, 500)
    must(await post(stocked, charge(10_500)))
    assert code_of(await post(stocked, charge(1))) is RefusalCode.INSUFFICIENT_BALANCE
    must(await post(stocked, money.refund(100, at=NOW, recorded_at=NOW, subscription="sub_a")))
    assert await balances(stocked) == Balances(-400), "money that comes in is always taken"


async def test_a_limit_lowered_below_what_is_used_takes_nothing_back_and_stops_charges(stocked: Database) -> None:
    await stocked.write(accounts.set_credit_limit, *A, 500)
    must(await post(stocked, charge(10_500)))
    await stocked.write(accounts.set_credit_limit, *A, 100)
    assert await balances(stocked) == Balances(-500)
    assert code_of(await post(stocked, charge(1))) is RefusalCode.INSUFFICIENT_BALANCE
    must(await post(stocked, money.refund(100, at=NOW, recorded_at=NOW, subscription="sub_a")))
    assert await balances(stocked) == Balances(-400)
    with pytest.raises(sa.exc.IntegrityError, match="does not cover"):
        await stocked.write(_run, sa.text("update accounts set balance = balance - 1 where customer = 'cus_a'"))


async def test_the_database_itself_guards_the_bounds(stocked: Database) -> None:
    for column in ("balance", "reserve", "credit_limit"):
        statement = sa.text(f"update accounts set {column} = -1 where customer = 'cus_a'")  # noqa: S608 - our own
        with pytest.raises(sa.exc.IntegrityError):
            await stocked.write(_run, statement)


def _run(conn: Connection, statement: sa.TextClause) -> None:
    conn.execute(statement)


async def test_more_than_is_reserved_cannot_be_captured(stocked: Database) -> None:
    must(await post(stocked, money.reserve(100, at=NOW, recorded_at=NOW, subscription="sub_a")))
    with pytest.raises(ValueError, match="reserved"):
        await post(stocked, money.capture(101, at=NOW, recorded_at=NOW, subscription="sub_a"))
    assert await balances(stocked) == Balances(9_900, 100)


async def test_a_reference_is_booked_once(stocked: Database) -> None:
    top_up = money.top_up(500, at=NOW, recorded_at=NOW, reference="R1")
    first, again = await post(stocked, top_up), await post(stocked, top_up)
    assert isinstance(first, ledger.PostingResult)
    assert isinstance(again, ledger.PostingResult)
    assert (first.new, again.new) == ((top_up,), ())
    assert again.account == first.account
    assert (
        code_of(await post(stocked, money.top_up(501, at=NOW, recorded_at=NOW, reference="R1")))
        is RefusalCode.DUPLICATE_REFERENCE
    )
    must(await stocked.write(tenants.add_customer, tenants.CustomerRow("cus_a2", "prv_a", "a2", None, b"", 1, NOW)))
    await stocked.write(accounts.open_account, "prv_a", "cus_a2", "EUR", NOW)
    another = await post(stocked, top_up, who=("prv_a", "cus_a2"))
    assert code_of(another) is RefusalCode.DUPLICATE_REFERENCE, "the provider's reference is unique over its customers"
    other_provider = await post(stocked, top_up, who=("prv_b", "cus_b"))
    assert isinstance(other_provider, ledger.PostingResult)
    assert await balances(stocked) == Balances(10_500)


async def test_a_period_is_paid_once_whether_charged_or_captured(stocked: Database) -> None:
    must(
        await post(
            stocked, charge(100, NOW), money.reserve(100, at=NOW, recorded_at=NOW, subscription="sub_a", period=NOW)
        )
    )
    again = await post(stocked, charge(100, NOW))
    assert isinstance(again, ledger.PostingResult)
    assert again.new == ()
    assert code_of(await post(stocked, charge(101, NOW))) is RefusalCode.DUPLICATE_REFERENCE
    captured = money.capture(100, at=NOW, recorded_at=NOW, subscription="sub_a", period=NOW)
    assert code_of(await post(stocked, captured)) is RefusalCode.DUPLICATE_REFERENCE
    must(await post(stocked, charge(100, NOW + 1), charge(5, note="raise"), charge(5, note="raise")))
    assert await balances(stocked) == Balances(10_000 - 100 - 100 - 100 - 10, 100)


async def test_what_was_reserved_and_given_back_can_be_reserved_again(stocked: Database) -> None:
    reserve = money.reserve(100, at=NOW, recorded_at=NOW, subscription="sub_a", period=NOW)
    release = money.release(100, at=NOW, recorded_at=NOW, subscription="sub_a", period=NOW)
    must(await post(stocked, reserve, release, reserve))
    assert await balances(stocked) == Balances(9_900, 100)


async def test_a_customer_without_account_is_not_found(stocked: Database) -> None:
    assert code_of(await post(stocked, charge(1), who=("prv_a", "cus_none"))) is RefusalCode.NOT_FOUND


async def test_what_is_seen_stale_is_a_conflict(stocked: Database) -> None:
    """A guard for programs that read the account before their transaction; `lock` makes it impossible within one."""
    stale = await stocked.read(accounts.get_account, *A)
    assert stale is not None
    must(await post(stocked, charge(1)))

    def move(conn: Connection) -> None:
        ledger._update_account(conn, stale, Balances(0))

    with pytest.raises(WriteConflict):
        await stocked.write(move)


async def test_drift_is_found(stocked: Database) -> None:
    assert await stocked.read(integrity.drifted_accounts) == []

    def edited(conn: Connection, column: str) -> list[integrity.AccountDrift]:
        conn.execute(sa.text(f"update accounts set {column} = {column} + 7 where customer = 'cus_a'"))  # noqa: S608
        return integrity.drifted_accounts(conn)

    found = await stocked.dry_run(edited, "balance")
    assert found == [integrity.AccountDrift("prv_a", "cus_a", Balances(10_007), Balances(10_000))]
    found = await stocked.dry_run(edited, "reserve")
    assert found == [integrity.AccountDrift("prv_a", "cus_a", Balances(10_000, 7), Balances(10_000, 0))]


async def test_accounts_are_due_when_they_say_so(stocked: Database) -> None:
    assert await stocked.read(accounts.due_accounts, NOW + 10**6, 10) == []
    await stocked.write(accounts.mark_settled, *A, NOW, NOW + 20)
    await stocked.write(accounts.mark_settled, "prv_b", "cus_b", NOW, NOW + 10)
    assert await stocked.read(accounts.due_accounts, NOW + 9, 10) == []
    assert await stocked.read(accounts.due_accounts, NOW + 20, 10) == [("prv_b", "cus_b"), A]
    assert await stocked.read(accounts.due_accounts, NOW + 20, 1) == [("prv_b", "cus_b")], "longest due first"
    await stocked.write(accounts.mark_due, *A, NOW + 5)
    await stocked.write(accounts.mark_due, *A, NOW + 50)
    found = await stocked.read(accounts.get_account, *A)
    assert found is not None
    assert (found.settled_at, found.next_due) == (NOW, NOW + 5), "hurrying never puts off"

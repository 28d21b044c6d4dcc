"""A customer's prepaid account: top-ups, statement, runway ([spec: statement], B14)."""

from typing import Any

import msgspec

from tenure.core.business import ledger as core
from tenure.core.business.ledger import Balances
from tenure.core.business.runway import runway
from tenure.core.policy.rules import Action
from tenure.core.pricing import format_money
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.auth import AccessRule
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.operations import CSV
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import account_repository, payment_requests, policies, settlement
from tenure.server.account_repository import AccountBooks
from tenure.server.api.csv_exports import csv_file, in_slices
from tenure.server.api.fields import Amount, Id, Reference
from tenure.server.api.operations import ServerOperations, TenantPost, TenantQuery
from tenure.server.context import DUE, Tenant
from tenure.server.payment_requests import PaidResult
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.views import PostingView, optional_rfc3339, posting_view
from tenure.store import ledger
from tenure.store.engine import Connection

READ = AccessRule("money:read")
WRITE = AccessRule("money:write", PROVIDER_STAFF)
HORIZON = 400 * DAY


class TopUp(RequestBody, frozen=True, kw_only=True):
    """Money that came in; `reference` is the provider's own and books it once."""

    amount: Amount
    reference: Reference
    note: OptionalLine = ""


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's money, minor units; `available` is what can be spent."""

    customer: str
    currency: str
    balance: int
    reserve: int
    credit_limit: int
    available: int
    next_due: str | None


class ToppedUp(msgspec.Struct, frozen=True, kw_only=True):
    """What a top-up did: the account, and everything it paid for at once."""

    account: AccountView
    postings: tuple[PostingView, ...]
    facts: tuple[str, ...]


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the statement with both accounts after it."""

    seq: int
    by: str
    plan_name: str
    """Of the subscription that it concerns; empty for other movements, and where that has another owner now."""
    posting: PostingView
    balance: int
    reserve: int


class DuePeriodView(msgspec.Struct, frozen=True, kw_only=True):
    """One period that falls due by itself; `price` in minor units."""

    subscription: str
    plan: str
    plan_name: str
    due: str
    price: int


class ResumableView(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription whose automatic payment has stopped: what renewing it costs, and what of that is missing."""

    subscription: str
    plan: str
    plan_name: str
    price: int
    missing: int


class RunwayView(msgspec.Struct, frozen=True, kw_only=True):
    """Until when the balance covers what falls due (null: as far as is looked, 400 days), and what will go unpaid."""

    until: str | None
    """In the past where something that fell due is not paid yet."""
    missing: int
    unpaid: tuple[DuePeriodView, ...]
    next: DuePeriodView | None
    """What falls due next by itself; null: nothing does."""
    stopped: tuple[ResumableView, ...]


_BOOKING = (RefusalCode.DUPLICATE_REFERENCE, RefusalCode.LEDGER_DRIFT)


class MoneyOperations(ServerOperations):
    """The operations on accounts."""

    @operation_at("GET", "/v1/customers/{customer}/account", READ)
    async def read_account(self, request: TenantQuery, customer: Id) -> AccountView:
        """Reads a customer's account, with everything booked that was due."""
        return account_view(await self._load_books(request, customer))

    @operation_at("POST", "/v1/customers/{customer}/top-ups", WRITE, status=201, refusals=_BOOKING)
    async def top_up(self, request: TenantPost, customer: Id, body: TopUp) -> ApiResponse[ToppedUp]:
        """Books money that came in, and pays at once what it can."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any] | Refused:
            self._refuse_stopped_money()
            if Action.TOP_UP not in policies.load_policies(conn, tenant.id).permitted_actions(tenant.role):
                return Refused(RefusalCode.ACTION_NOT_PERMITTED, "The policy does not allow top-ups to you.")
            paid = accept(payment_requests.top_up(conn, tenant, customer, body.amount, body.reference, body.note))
            return json_response(topped_up(paid), 201)

        return await self._write_as(request, work)

    @operation_at("GET", "/v1/customers/{customer}/statement", READ)
    async def read_statement(self, request: TenantQuery, customer: Id, paging: PageRequest) -> ResultPage[LineView]:
        """Lists every movement of a customer's money with the running balance."""
        begin = accept(paging.after_key(int)) or 0
        loaded = await self._load_books(request, customer)

        def work(conn: Connection, tenant: Tenant) -> list[LineView]:
            lines = ledger.statement_lines(conn, tenant.id, customer, begin, paging.limit + 1)
            start = ledger.balances_at(conn, tenant.id, customer, begin)
            return _line_views(lines, start, _plan_names(conn, loaded, tenant.now))

        found = await self._read_as(request, work)
        return cut_page(found, paging.limit, lambda each: each.seq)

    @operation_at("GET", "/v1/customers/{customer}/statement.csv", READ, media_type=CSV)
    async def export_statement(self, request: TenantQuery, customer: Id) -> ApiResponse[str]:
        """The statement whole, as CSV: at most 100,000 movements, minor units, formulas made harmless."""
        loaded = await self._load_books(request, customer)

        currency, start = loaded.row.currency, Balances()

        async def part(after: int | None, most: int) -> list[LineView]:
            nonlocal start

            def work(conn: Connection, tenant: Tenant) -> list[LineView]:
                return _line_views(ledger.statement_lines(conn, tenant.id, customer, after or 0, most), start, {})

            found = await self._read_as(request, work)
            if found:
                start = Balances(balance=found[-1].balance, reserve=found[-1].reserve)
            return found

        text = await in_slices(part, lambda line: line.seq, lambda line: _statement_row(line, currency))
        return csv_file(STATEMENT, text, "statement")

    @operation_at("GET", "/v1/customers/{customer}/runway", READ)
    async def read_runway(self, request: TenantQuery, customer: Id) -> RunwayView:
        """Until when the balance reaches, what will be missing then, and what will go unpaid."""
        loaded = await self._load_books(request, customer)
        now = loaded.now
        ahead = runway(loaded.account, loaded.items, now, now + HORIZON)
        names = await self._read(lambda conn, _: _plan_names(conn, loaded, now))

        def due(name: str, at: Instant, price: int) -> DuePeriodView:
            plan, called = names[name]
            return DuePeriodView(
                subscription=name, plan=plan, plan_name=called, due=optional_rfc3339(at) or "", price=price
            )

        return RunwayView(
            until=optional_rfc3339(ahead.until),
            missing=ahead.missing,
            unpaid=tuple(due(*each) for each in ahead.unpaid),
            next=due(*ahead.first) if ahead.first else None,
            stopped=tuple(
                ResumableView(
                    subscription=name, plan=names[name][0], plan_name=names[name][1], price=price, missing=missing
                )
                for name, price, missing in ahead.stopped
            ),
        )

    async def _load_books(self, request: TenantQuery, customer: str) -> AccountBooks:
        """The books, settled: by reading alone when nothing is due, else by writing what is."""

        def work(conn: Connection, tenant: Tenant, writing: bool) -> Any:
            if not tenant.may_see(customer):
                return Refused(RefusalCode.NOT_FOUND, field="customer")
            books = account_repository.load_books(conn, tenant.id, customer, tenant.time, lock=writing)
            loaded = require_found(books, "customer")
            if not writing and account_repository.is_due(loaded):
                return DUE
            return settlement.settle_books(conn, loaded)

        books: AccountBooks = await self._read_settled(request, work)
        return books


def topped_up(paid: PaidResult) -> ToppedUp:
    """What a payment did as shown."""
    return ToppedUp(
        account=account_view(paid.account), postings=tuple(map(posting_view, paid.postings)), facts=paid.facts
    )


def account_view(loaded: AccountBooks) -> AccountView:
    """An account as shown."""
    row, due = loaded.row, optional_rfc3339(loaded.row.next_due)
    return copy_fields(AccountView, loaded.account, customer=row.customer, currency=row.currency, next_due=due)


STATEMENT = (
    "no", "kind", "at", "recorded_at", "amount", "balance", "reserve", "currency", "reference", "subscription",
    "period", "note", "by", "amount_major", "balance_major", "reserve_major",
)  # fmt: skip
"""Columns of the export: amounts in minor units, and at the end as people write them (`-120.00`)."""


def _statement_row(line: LineView, currency: str) -> tuple[str, ...]:
    one = line.posting
    amounts = (one.amount, line.balance, line.reserve)
    figures, major = map(str, amounts), (format_money(each, currency).partition(" ")[0] for each in amounts)
    words = (one.reference, one.subscription, one.period or "", one.note, line.by)
    return (str(line.seq), one.kind, one.at, one.recorded_at, *figures, currency, *words, *major)


def _plan_names(conn: Connection, loaded: AccountBooks, now: Instant) -> dict[str, tuple[str, str]]:
    """Of each subscription of the account the plan's id and name."""
    plans = {item.sub.id: item.sub.terms_at(now).plan for item in loaded.items}
    names = account_repository.plan_names(conn, plans.values())
    return {name: (plan, names[plan]) for name, plan in plans.items()}


def _line_views(stored: list[ledger.LedgerLine], start: Balances, plans: dict[str, tuple[str, str]]) -> list[LineView]:
    lines = core.statement_lines((line.posting for line in stored), start)
    return [
        LineView(
            seq=row.seq,
            by=row.by,
            plan_name=plans.get(row.posting.subscription, ("", ""))[1],
            posting=posting_view(row.posting),
            balance=line.balance,
            reserve=line.reserve,
        )
        for row, line in zip(stored, lines, strict=True)
    ]

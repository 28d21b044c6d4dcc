"""A customer's prepaid account: top-ups, statement, runway ([spec: statement], B14)."""

from typing import Any

import msgspec

from tenure.core import ledger as core
from tenure.core.ledger import Balances
from tenure.core.policy import Action
from tenure.core.pricing import format_money
from tenure.core.refusals import Code, Refused
from tenure.core.runway import runway
from tenure.core.timeline import DAY, Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.fields import Body, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.operations import CSV, Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server import books, paying, policies, settling
from tenure.server.api.fields import Amount, Id, Reference
from tenure.server.api.lists import SLICE, csv_file, in_slices
from tenure.server.books import Books
from tenure.server.context import DUE, Context, Tenant, tenant_of
from tenure.server.paying import Paid
from tenure.server.roles import DESK
from tenure.server.views import PostingView, posting_view, shown
from tenure.store import ledger
from tenure.store.engine import Connection

READ = Rule("money:read")
WRITE = Rule("money:write", DESK)
HORIZON = 400 * DAY


class TopUp(Body, frozen=True, kw_only=True):
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


class DueView(msgspec.Struct, frozen=True, kw_only=True):
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
    unpaid: tuple[DueView, ...]
    next: DueView | None
    """What falls due next by itself; null: nothing does."""
    stopped: tuple[ResumableView, ...]


class Money:
    """The operations on accounts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def read_account(self, caller: Principal, customer: Id, provider: Id | None = None) -> AccountView | Refused:
        """Reads a customer's account, with everything booked that was due."""
        loaded = await self._loaded(caller, customer, provider)
        return loaded if isinstance(loaded, Refused) else account_view(loaded)

    async def top_up(
        self,
        caller: Principal,
        customer: Id,
        ticket: Ticket,
        body: TopUp,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[ToppedUp] | Refused:
        """Books money that came in, and pays at once what it can."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            if self._context.stopped_money:
                return Refused(Code.LEDGER_DRIFT)
            if Action.TOP_UP not in policies.history(conn, tenant.id).permitted(tenant.role):
                return Refused(Code.ACTION_NOT_PERMITTED, "The policy does not allow top-ups to you.")
            paid = paying.top_up(conn, tenant, customer, body.amount, body.reference, body.note)
            return paid if isinstance(paid, Refused) else made(topped_up(paid), 201)

        answer: Answer[ToppedUp] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    async def read_statement(
        self, caller: Principal, customer: Id, paging: Paging, provider: Id | None = None
    ) -> Page[LineView] | Refused:
        """Lists every movement of a customer's money with the running balance."""
        after = paging.after(int)
        loaded = await self._loaded(caller, customer, provider)
        for each in (after, loaded):
            if isinstance(each, Refused):
                return each

        def work(conn: Connection, real: Instant) -> list[LineView] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            begin = after if isinstance(after, int) else 0
            lines = ledger.statement(conn, tenant.id, customer, begin, paging.limit + 1)
            start = ledger.balances_at(conn, tenant.id, customer, begin)
            return _lines(lines, start, _plans(conn, loaded, tenant.now) if isinstance(loaded, Books) else {})

        found = await self._context.read(work)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.seq)

    async def export_statement(
        self, caller: Principal, customer: Id, provider: Id | None = None
    ) -> Answer[str] | Refused:
        """The statement whole, as CSV: at most 100,000 movements, minor units, formulas made harmless."""
        loaded = await self._loaded(caller, customer, provider)
        if isinstance(loaded, Refused):
            return loaded

        currency, start = loaded.row.currency, Balances()

        async def part(after: int | None) -> list[LineView] | Refused:
            nonlocal start

            def work(conn: Connection, tenant: Tenant) -> list[LineView]:
                return _lines(ledger.statement(conn, tenant.id, customer, after or 0, SLICE), start, {})

            found = await self._context.read_as(caller, provider, work)
            if not isinstance(found, Refused) and found:
                start = Balances(balance=found[-1].balance, reserve=found[-1].reserve)
            return found

        text = await in_slices(part, lambda line: line.seq, lambda line: _row(line, currency))
        return text if isinstance(text, Refused) else csv_file(STATEMENT, text, "statement")

    async def read_runway(self, caller: Principal, customer: Id, provider: Id | None = None) -> RunwayView | Refused:
        """Until when the balance reaches, what will be missing then, and what will go unpaid."""
        loaded = await self._loaded(caller, customer, provider)
        if isinstance(loaded, Refused):
            return loaded
        now = loaded.now
        ahead = runway(loaded.account, loaded.items, now, now + HORIZON)
        names = await self._context.read(lambda conn, _: _plans(conn, loaded, now))

        def due(name: str, at: Instant, price: int) -> DueView:
            plan, called = names[name]
            return DueView(subscription=name, plan=plan, plan_name=called, due=shown(at) or "", price=price)

        return RunwayView(
            until=shown(ahead.until),
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

    async def _loaded(self, caller: Principal, customer: str, provider: str | None) -> Books | Refused:
        """The books, settled: by reading alone when nothing is due, else by writing what is."""

        def work(conn: Connection, real: Instant, writing: bool) -> Any:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            loaded = books.load(conn, tenant.id, customer, tenant.time, lock=writing) if tenant.owns(customer) else None
            if loaded is None:
                return Refused(Code.NOT_FOUND, field="customer")
            if not writing and books.is_due(loaded):
                return DUE
            return settling.settled(conn, loaded)

        found: Books | Refused = await self._context.settled(work)
        return found

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/customers/{customer}/account", READ, self.read_account),
            operation(
                "POST", "/v1/customers/{customer}/top-ups", WRITE, self.top_up, status=201,
                refusals=[Code.DUPLICATE_REFERENCE, Code.LEDGER_DRIFT],
            ),
            operation("GET", "/v1/customers/{customer}/statement", READ, self.read_statement),
            operation(
                "GET", "/v1/customers/{customer}/statement.csv", READ, self.export_statement, media_type=CSV,
            ),
            operation("GET", "/v1/customers/{customer}/runway", READ, self.read_runway),
        )  # fmt: skip


def topped_up(paid: Paid) -> ToppedUp:
    """What a payment did as shown."""
    return ToppedUp(
        account=account_view(paid.account), postings=tuple(map(posting_view, paid.postings)), facts=paid.facts
    )


def account_view(loaded: Books) -> AccountView:
    """An account as shown."""
    account = loaded.account
    return AccountView(
        customer=loaded.row.customer,
        currency=loaded.row.currency,
        balance=account.balance,
        reserve=account.reserve,
        credit_limit=account.credit_limit,
        available=account.available,
        next_due=shown(loaded.row.next_due),
    )


STATEMENT = (
    "no", "kind", "at", "recorded_at", "amount", "balance", "reserve", "currency", "reference", "subscription",
    "period", "note", "by", "amount_major", "balance_major", "reserve_major",
)  # fmt: skip
"""Columns of the export: amounts in minor units, and at the end as people write them (`-120.00`)."""


def _row(line: LineView, currency: str) -> tuple[str, ...]:
    one = line.posting
    amounts = (one.amount, line.balance, line.reserve)
    figures, major = map(str, amounts), (format_money(each, currency).partition(" ")[0] for each in amounts)
    words = (one.reference, one.subscription, one.period or "", one.note, line.by)
    return (str(line.seq), one.kind, one.at, one.recorded_at, *figures, currency, *words, *major)


def _plans(conn: Connection, loaded: Books, now: Instant) -> dict[str, tuple[str, str]]:
    """Of each subscription of the account the plan's id and name."""
    plans = {item.sub.id: item.sub.terms_at(now).plan for item in loaded.items}
    names = books.plan_names(conn, plans.values())
    return {name: (plan, names[plan]) for name, plan in plans.items()}


def _lines(stored: list[ledger.Line], start: Balances, plans: dict[str, tuple[str, str]]) -> list[LineView]:
    lines = core.statement((line.posting for line in stored), start)
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

"""A customer's prepaid account: top-ups, statement, runway (spec 2.5, B14)."""

from typing import Any

import msgspec

from tenure.core import ledger as core
from tenure.core.act import credit
from tenure.core.ledger import Balances
from tenure.core.policy import Action, Role
from tenure.core.refusals import Code, Refused
from tenure.core.settle import runway
from tenure.core.timeline import DAY, Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.fields import Body, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server import books, policies
from tenure.server.api.fields import Amount, Id, Reference
from tenure.server.books import Books
from tenure.server.context import DUE, Context, Tenant, tenant_of
from tenure.server.views import PostingView, posting_view, shown
from tenure.store import ledger
from tenure.store.engine import Connection

READ = Rule("money:read")
WRITE = Rule("money:write", frozenset({Role.VENDOR, Role.PROVIDER}))
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
    posting: PostingView
    balance: int
    reserve: int


class UnpaidView(msgspec.Struct, frozen=True, kw_only=True):
    """One due date that the balance will not cover."""

    subscription: str
    due: str
    price: int


class RunwayView(msgspec.Struct, frozen=True, kw_only=True):
    """Until when the balance covers what falls due (absent: as far as is looked, 400 days), and what will go unpaid."""

    until: str | None
    missing: int
    unpaid: tuple[UnpaidView, ...]


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
            return _top_up(conn, tenant, customer, body)

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
            return _lines(lines, start)

        found = await self._context.read(work)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.seq)

    async def read_runway(self, caller: Principal, customer: Id, provider: Id | None = None) -> RunwayView | Refused:
        """Until when the balance reaches, what will be missing then, and what will go unpaid."""
        loaded = await self._loaded(caller, customer, provider)
        if isinstance(loaded, Refused):
            return loaded
        now = loaded.account.settled_at
        ahead = runway(loaded.account, loaded.items, now, now + HORIZON)
        unpaid = tuple(
            UnpaidView(subscription=name, due=shown(due) or "", price=price) for name, due, price in ahead.unpaid
        )
        return RunwayView(until=shown(ahead.until), missing=ahead.missing, unpaid=unpaid)

    async def _loaded(self, caller: Principal, customer: str, provider: str | None) -> Books | Refused:
        """The books, settled: by reading alone when nothing is due, else by writing what is."""

        def work(conn: Connection, real: Instant, writing: bool) -> Any:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            loaded = books.load(conn, tenant.id, customer, lock=writing) if tenant.owns(customer) else None
            if loaded is None:
                return Refused(Code.NOT_FOUND, field="customer")
            if not writing and books.is_due(loaded, tenant.now):
                return DUE
            return books.settled(conn, loaded, tenant.now)

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
            operation("GET", "/v1/customers/{customer}/runway", READ, self.read_runway),
        )  # fmt: skip


def _top_up(conn: Connection, tenant: Tenant, customer: str, body: TopUp) -> Answer[Any] | Refused:
    loaded = books.load(conn, tenant.id, customer)
    if loaded is None:
        return Refused(Code.NOT_FOUND, field="customer")
    posting = core.top_up(body.amount, at=tenant.now, recorded_at=tenant.now, reference=body.reference, note=body.note)
    booked = ledger.post(conn, tenant.id, customer, tenant.by, [posting])
    if isinstance(booked, Refused):
        return booked
    if not booked.new:  # booked before under this reference with the same figures: nothing happens again
        again = ToppedUp(account=account_view(loaded), postings=(), facts=())
        return made(again, 201)
    before, after = credit(loaded.account, loaded.items, posting, tenant.now)
    books.keep(conn, loaded, before, tenant.now, "settlement")
    books.keep(conn, loaded, after, tenant.now, "settlement")
    settled = books.load(conn, tenant.id, customer)
    facts = tuple(type(fact).__name__ for _, fact in after.facts)
    view = ToppedUp(
        account=account_view(settled or loaded),
        postings=tuple(map(posting_view, (posting, *after.postings))),
        facts=facts,
    )
    return made(view, 201)


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


def _lines(stored: list[ledger.Line], start: Balances) -> list[LineView]:
    lines = core.statement((line.posting for line in stored), start)
    return [
        LineView(seq=row.seq, by=row.by, posting=posting_view(row.posting), balance=line.balance, reserve=line.reserve)
        for row, line in zip(stored, lines, strict=True)
    ]

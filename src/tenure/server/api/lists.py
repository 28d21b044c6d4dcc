"""Subscriptions and customers as lists: filtered, searched, sorted, paged, and as CSV for spreadsheets
[spec: portal]."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from tenure.core.business.ledger import csv_row
from tenure.core.pricing import format_money
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Phase
from tenure.http.auth import AccessRule, Principal
from tenure.http.operation_groups import operation_at
from tenure.http.operations import CSV
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.responses import ApiResponse
from tenure.http.timestamps import Moment, format_rfc3339, instant_of
from tenure.server import account_repository
from tenure.server.api.fields import Id, Slug, Words
from tenure.server.context import ServerOperations, Tenant
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.values import CustomerValue
from tenure.server.views import optional_rfc3339
from tenure.store import search, tenants
from tenure.store.engine import Connection
from tenure.store.projections import StandingFilter
from tenure.store.search import CustomerOrder, ListedCustomer, ListedSubscription, ListPosition, SubscriptionOrder

READ = AccessRule("subscriptions:read")
READ_CUSTOMERS = AccessRule("customers:read", PROVIDER_STAFF)
T = TypeVar("T")
K = TypeVar("K")
ROWS_MOST = 100_000
"""Rows of one export; a longer one is refused, so that no user takes a part for the whole."""
PRICES = ("price",)
AMOUNTS = ("balance", "reserve", "credit_limit", "available")
"""Amounts in minor units, which an export also has as people write them, at its end."""
SLICE = 200
"""Rows that are read and written at a time: some milliseconds of the loop."""


class ListedSubscriptionView(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription in a list, as it stands now; `price` is what the next period costs, minor units."""

    id: str
    customer: str
    customer_name: str
    product: str
    plan: str
    kind: str
    devices: int
    phase: str
    ordered_at: str
    paid_until: str | None
    due_at: str | None
    """When the next period falls due; absent where none does."""
    price: int
    auto: bool
    reserved: bool
    failed_at: str | None
    """When the balance was too low for a period that is not paid since."""
    ends_at: str | None
    canceled_at: str | None
    code_last_group: str
    plan_name: str
    """The plan as the vendor calls it."""


class ListedCustomerView(msgspec.Struct, frozen=True, kw_only=True):
    """A customer in a list; money in minor units of `currency`."""

    id: str
    name: str
    reference: str
    email: str
    created: str
    currency: str
    balance: int
    reserve: int
    credit_limit: int
    available: int
    subscriptions: int


class ListOperations(ServerOperations):
    """The operations that list."""

    @operation_at("GET", "/v1/subscriptions", READ)
    async def list_subscriptions(
        self,
        caller: Principal,
        paging: PageRequest,
        provider: Id | None = None,
        customer: Id | None = None,
        product: Slug | None = None,
        plan: Slug | None = None,
        phase: Phase | None = None,
        q: Words | None = None,
        due_before: Moment | None = None,
        auto: bool | None = None,
        failed_since: Moment | None = None,
        sort: SubscriptionOrder = SubscriptionOrder.ID,
        counted: bool = False,
    ) -> ResultPage[ListedSubscriptionView] | Refused:
        """Lists subscriptions, narrowed by customer, product, plan, phase, words, due date, automatic payment, failure.

        With `counted` the answer says how many there are in all (`total`); 10,001 means more than 10,000.
        """
        after = _position_after(paging, sort)
        if isinstance(after, Refused):
            return after
        wanted = _filter_of(customer, product, plan, phase, due_before, auto, failed_since)
        found = await self._subscription_page(caller, provider, wanted, q, sort, after, paging.limit + 1)
        if isinstance(found, Refused):
            return found
        total: int | msgspec.UnsetType | Refused = msgspec.UNSET
        if counted:
            total = await self._count_subscriptions(caller, provider, wanted, q)
        if isinstance(total, Refused):
            return total
        page = cut_page(found, paging.limit, lambda each: search.place_of(each, sort), total)
        names = await self._plan_names(page.items)
        return ResultPage(tuple(listed_view(each, names) for each in page.items), page.next, page.total)

    @operation_at("GET", "/v1/subscriptions.csv", READ, media_type=CSV)
    async def export_subscriptions(
        self,
        caller: Principal,
        provider: Id | None = None,
        customer: Id | None = None,
        product: Slug | None = None,
        plan: Slug | None = None,
        phase: Phase | None = None,
        q: Words | None = None,
        due_before: Moment | None = None,
        auto: bool | None = None,
        failed_since: Moment | None = None,
        sort: SubscriptionOrder = SubscriptionOrder.ID,
    ) -> ApiResponse[str] | Refused:
        """The same list whole, as CSV: at most 100,000 rows, no formulas; `…_major` as people write money."""
        wanted = _filter_of(customer, product, plan, phase, due_before, auto, failed_since)

        names: dict[str, str] = {}
        currency = await self._currency(caller, provider)
        if isinstance(currency, Refused):
            return currency

        async def part(after: ListPosition | None) -> list[ListedSubscription] | Refused:
            rows = await self._subscription_page(caller, provider, wanted, q, sort, after, SLICE)
            names.update({} if isinstance(rows, Refused) else await self._plan_names(rows))
            return rows

        def row(each: ListedSubscription) -> list[str]:
            view = listed_view(each, names)
            return [*csv_cells(view), currency, *_major(view, PRICES, currency)]

        text = await in_slices(part, lambda each: search.place_of(each, sort), row)
        columns = (*ListedSubscriptionView.__struct_fields__, "currency", *(f"{each}_major" for each in PRICES))
        return text if isinstance(text, Refused) else csv_file(columns, text, "subscriptions")

    async def _currency(self, caller: Principal, provider: str | None) -> str | Refused:
        def work(conn: Connection, tenant: Tenant) -> str | Refused:
            row = tenants.get_provider(conn, tenant.id)
            return Refused(RefusalCode.NOT_FOUND, field="provider") if row is None else row.currency

        return await self._context.read_as(caller, provider, work)

    async def _plan_names(self, found: Iterable[ListedSubscription]) -> dict[str, str]:
        plans = {each.standing.plan for each in found}
        return await self._context.read_tx(lambda conn, _: account_repository.plan_names(conn, plans))

    async def _subscription_page(
        self,
        caller: Principal,
        provider: str | None,
        wanted: StandingFilter,
        words: str | None,
        sort: SubscriptionOrder,
        after: ListPosition | None,
        limit: int,
    ) -> list[ListedSubscription] | Refused:
        def work(conn: Connection, tenant: Tenant) -> list[ListedSubscription] | Refused:
            whose = tenant.narrow_to(wanted.customer)
            if isinstance(whose, Refused):
                return whose
            mine = msgspec.structs.replace(wanted, customer=whose)
            return search.page(conn, tenant.id, mine, words or "", tenant.now, sort, after, limit)

        return await self._context.read_as(caller, provider, work)

    async def _count_subscriptions(
        self, caller: Principal, provider: str | None, wanted: StandingFilter, words: str | None
    ) -> int | Refused:
        def work(conn: Connection, tenant: Tenant) -> int | Refused:
            whose = tenant.narrow_to(wanted.customer)
            if isinstance(whose, Refused):
                return whose
            mine = msgspec.structs.replace(wanted, customer=whose)
            return search.count(conn, tenant.id, mine, words or "", tenant.now)

        return await self._context.read_as(caller, provider, work)

    @operation_at("GET", "/v1/customers", READ_CUSTOMERS)
    async def list_customers(
        self,
        caller: Principal,
        paging: PageRequest,
        provider: Id | None = None,
        q: Words | None = None,
        sort: CustomerOrder = CustomerOrder.ID,
        counted: bool = False,
    ) -> ResultPage[ListedCustomerView] | Refused:
        """Lists customers with their balances; `q` is part of a name, a reference or an address.

        With `counted` the answer says how many there are in all (`total`); 10,001 means more than 10,000.
        """
        after = _position_after(paging, sort)
        if isinstance(after, Refused):
            return after
        found = await self._customer_page(caller, provider, q, sort, after, paging.limit + 1)
        if isinstance(found, Refused):
            return found
        total: int | msgspec.UnsetType | Refused = msgspec.UNSET
        if counted:
            total = await self._context.read_as(
                caller, provider, lambda conn, tenant: search.count_customers(conn, tenant.id, q or "")
            )
        if isinstance(total, Refused):
            return total
        page = cut_page(found, paging.limit, lambda each: search.customer_place(each, sort), total)
        return ResultPage(tuple(map(listed_customer_view, page.items)), page.next, page.total)

    @operation_at("GET", "/v1/customers.csv", READ_CUSTOMERS, media_type=CSV)
    async def export_customers(
        self,
        caller: Principal,
        provider: Id | None = None,
        q: Words | None = None,
        sort: CustomerOrder = CustomerOrder.ID,
    ) -> ApiResponse[str] | Refused:
        """The same list whole, as CSV: at most 100,000 rows, no formulas; `…_major` as people write money."""

        async def part(after: ListPosition | None) -> list[ListedCustomer] | Refused:
            return await self._customer_page(caller, provider, q, sort, after, SLICE)

        def row(each: ListedCustomer) -> list[str]:
            view = listed_customer_view(each)
            return [*csv_cells(view), *_major(view, AMOUNTS, view.currency)]

        text = await in_slices(part, lambda each: search.customer_place(each, sort), row)
        columns = (*ListedCustomerView.__struct_fields__, *(f"{each}_major" for each in AMOUNTS))
        return text if isinstance(text, Refused) else csv_file(columns, text, "customers")

    async def _customer_page(
        self,
        caller: Principal,
        provider: str | None,
        words: str | None,
        sort: CustomerOrder,
        after: ListPosition | None,
        limit: int,
    ) -> list[ListedCustomer] | Refused:
        def work(conn: Connection, tenant: Tenant) -> list[ListedCustomer] | Refused:
            return search.customers_page(conn, tenant.id, words or "", sort, after, limit)

        return await self._context.read_as(caller, provider, work)


async def in_slices(
    part: Callable[[K | None], Awaitable[list[T] | Refused]],
    place_of: Callable[[T], K],
    row: Callable[[T], Sequence[str]],
) -> list[bytes] | Refused:
    """The rows of an export as lines of CSV, read `SLICE` at a time, so that others are answered in between.

    `part` reads what stands behind a place; `place_of` says where a row stands. What changes meanwhile may be seen or
    not, but no row twice. Refuses `field_invalid` beyond `ROWS_MOST`, and what `part` refuses.
    """
    loop, written, count, after = asyncio.get_running_loop(), list[bytes](), 0, None
    while True:
        begun = loop.time()
        rows = await part(after)
        if isinstance(rows, Refused):
            return rows
        written.append("".join(csv_row(row(each)) for each in rows).encode())
        count += len(rows)
        if count > ROWS_MOST:
            return Refused(RefusalCode.FIELD_INVALID, f"More than {ROWS_MOST} rows: narrow what is asked for.", "q")
        if len(rows) < SLICE:
            return written
        after = place_of(rows[-1])
        # As long for others as for this: an export may take its time.
        await asyncio.sleep(loop.time() - begun)


def _position_after(paging: PageRequest, sort: SubscriptionOrder | CustomerOrder) -> ListPosition | Refused | None:
    after = paging.after_key(ListPosition)
    if isinstance(after, ListPosition) and not after.fits_order(sort):
        return Refused(RefusalCode.FIELD_INVALID, "This cursor is of a list sorted otherwise.", "cursor")
    return after


def _filter_of(
    customer: str | None,
    product: str | None,
    plan: str | None,
    phase: Phase | None,
    due_before: Moment | None,
    auto: bool | None,
    failed_since: Moment | None,
) -> StandingFilter:
    due = None if due_before is None else instant_of(due_before)
    failed = None if failed_since is None else instant_of(failed_since)
    return StandingFilter(
        customer=customer, product=product, plan=plan, phase=phase, due_before=due, automatic=auto, failed_since=failed
    )


def listed_view(one: ListedSubscription, names: Mapping[str, str]) -> ListedSubscriptionView:
    """A subscription as listed; `names`: of plans by their ids."""
    row = one.standing
    return ListedSubscriptionView(
        id=row.subscription,
        customer=row.customer,
        customer_name=one.customer_name,
        product=row.product,
        plan=row.plan,
        kind=row.kind,
        devices=row.devices,
        phase=one.phase,
        ordered_at=format_rfc3339(row.ordered_at),
        paid_until=optional_rfc3339(row.paid_until),
        due_at=None if one.phase == Phase.ENDED else optional_rfc3339(row.due_at),
        price=row.price,
        auto=bool(row.automatic),
        reserved=bool(row.reserved),
        failed_at=optional_rfc3339(row.failed_at),
        ends_at=optional_rfc3339(row.ended_at),
        canceled_at=optional_rfc3339(row.canceled_at),
        code_last_group=row.last_group,
        plan_name=names.get(row.plan, row.plan),
    )


def listed_customer_view(row: ListedCustomer) -> ListedCustomerView:
    """A customer as listed."""
    return ListedCustomerView(
        id=row.id,
        name=row.name,
        reference=row.reference,
        email=msgspec.json.decode(row.body, type=CustomerValue).email,
        created=format_rfc3339(row.created),
        currency=row.currency,
        balance=row.balance,
        reserve=row.reserve,
        credit_limit=row.credit_limit,
        available=row.balance + row.credit_limit,
        subscriptions=row.subscriptions,
    )


def csv_cells(view: msgspec.Struct) -> list[str]:
    """The fields of a struct as cells: what is missing is empty, truth is `yes` or `no`."""
    return [_csv_cell(getattr(view, each)) for each in view.__struct_fields__]


def _major(view: msgspec.Struct, names: Iterable[str], currency: str) -> list[str]:
    """Amounts of a struct as people write them, `-120.00`, without the currency, which has a column of its own."""
    return [format_money(getattr(view, each), currency).partition(" ")[0] for each in names]


def csv_file(names: Sequence[str], written: list[bytes], name: str) -> ApiResponse[str]:
    """A file of that name to be saved, below a line of names.

    It begins with a mark by which spreadsheets know it to be UTF-8.
    """
    saved = ("Content-Disposition", f'attachment; filename="{name}.csv"')
    body = b"".join([("\ufeff" + csv_row(names)).encode(), *written])
    return ApiResponse(body=body, media_type=f"{CSV}; charset=utf-8", headers=(saved,))


def _csv_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)

"""Subscriptions and customers as lists: filtered, searched, sorted, paged, and as CSV for spreadsheets
[spec: portal]."""

from collections.abc import Iterable, Mapping

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Phase
from tenure.http.auth import AccessRule
from tenure.http.operation_groups import operation_at
from tenure.http.operations import CSV
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.problems import RefusedError, accept
from tenure.http.responses import ApiResponse
from tenure.http.timestamps import Moment, instant_of
from tenure.http.views import copy_fields
from tenure.server import account_repository
from tenure.server.api.csv_exports import csv_cells, csv_file, in_slices, major_amounts
from tenure.server.api.fields import Id, Slug, Words
from tenure.server.api.operations import ServerOperations, TenantQuery
from tenure.server.context import Tenant
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.values import CustomerValue
from tenure.server.views import optional_rfc3339
from tenure.store import search
from tenure.store.engine import Connection
from tenure.store.projections import StandingFilter
from tenure.store.search import CustomerOrder, ListedCustomer, ListedSubscription, ListPosition, SubscriptionOrder

READ = AccessRule("subscriptions:read")
READ_CUSTOMERS = AccessRule("customers:read", PROVIDER_STAFF)
PRICES = ("price",)
AMOUNTS = ("balance", "reserve", "credit_limit", "available")
"""Amounts in minor units, which an export also has as people write them, at its end."""


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


class SubscriptionQuery(TenantQuery, frozen=True, kw_only=True):
    """Which subscriptions are listed, and in which order."""

    customer: Id | None = None
    product: Slug | None = None
    plan: Slug | None = None
    phase: Phase | None = None
    q: Words | None = None
    due_before: Moment | None = None
    auto: bool | None = None
    failed_since: Moment | None = None
    sort: SubscriptionOrder = SubscriptionOrder.ID

    def filter_for(self, tenant: Tenant) -> StandingFilter:
        """What of it the store looks for; raises RefusedError with `not_found` for a foreign customer."""
        return StandingFilter(
            customer=accept(tenant.narrow_to(self.customer)),
            product=self.product,
            plan=self.plan,
            phase=self.phase,
            due_before=None if self.due_before is None else instant_of(self.due_before),
            automatic=self.auto,
            failed_since=None if self.failed_since is None else instant_of(self.failed_since),
        )


class CustomerQuery(TenantQuery, frozen=True, kw_only=True):
    """Which customers are listed, and in which order."""

    q: Words | None = None
    sort: CustomerOrder = CustomerOrder.ID


class ListOperations(ServerOperations):
    """The operations that list."""

    @operation_at("GET", "/v1/subscriptions", READ)
    async def list_subscriptions(
        self, request: SubscriptionQuery, paging: PageRequest, counted: bool = False
    ) -> ResultPage[ListedSubscriptionView]:
        """Lists subscriptions, narrowed by customer, product, plan, phase, words, due date, automatic payment, failure.

        With `counted` the answer says how many there are in all (`total`); 10,001 means more than 10,000.
        """
        found = await self._subscription_page(request, _position_after(paging, request.sort), paging.limit + 1)

        def count(conn: Connection, tenant: Tenant) -> int:
            return search.count(conn, tenant.id, request.filter_for(tenant), request.q or "", tenant.now)

        total = await self._read_as(request, count) if counted else msgspec.UNSET
        page = cut_page(found, paging.limit, lambda each: search.place_of(each, request.sort), total)
        names = await self._plan_names(page.items)
        return ResultPage(tuple(listed_view(each, names) for each in page.items), page.next, page.total)

    @operation_at("GET", "/v1/subscriptions.csv", READ, media_type=CSV)
    async def export_subscriptions(self, request: SubscriptionQuery) -> ApiResponse[str]:
        """The same list whole, as CSV: at most 100,000 rows, no formulas; `…_major` as people write money."""
        names: dict[str, str] = {}
        currency = await self._read_as(request, lambda conn, tenant: tenant.provider.currency)

        async def part(after: ListPosition | None, most: int) -> list[ListedSubscription]:
            rows = await self._subscription_page(request, after, most)
            names.update(await self._plan_names(rows))
            return rows

        def row(each: ListedSubscription) -> list[str]:
            view = listed_view(each, names)
            return [*csv_cells(view), currency, *major_amounts(view, PRICES, currency)]

        text = await in_slices(part, lambda each: search.place_of(each, request.sort), row)
        columns = (*ListedSubscriptionView.__struct_fields__, "currency", *(f"{each}_major" for each in PRICES))
        return csv_file(columns, text, "subscriptions")

    async def _plan_names(self, found: Iterable[ListedSubscription]) -> dict[str, str]:
        plans = {each.standing.plan for each in found}
        return await self._read(lambda conn, _: account_repository.plan_names(conn, plans))

    async def _subscription_page(
        self, request: SubscriptionQuery, after: ListPosition | None, most: int
    ) -> list[ListedSubscription]:
        def work(conn: Connection, tenant: Tenant) -> list[ListedSubscription]:
            mine, words = request.filter_for(tenant), request.q or ""
            return search.page(conn, tenant.id, mine, words, tenant.now, request.sort, after, most)

        return await self._read_as(request, work)

    @operation_at("GET", "/v1/customers", READ_CUSTOMERS)
    async def list_customers(
        self, request: CustomerQuery, paging: PageRequest, counted: bool = False
    ) -> ResultPage[ListedCustomerView]:
        """Lists customers with their balances; `q` is part of a name, a reference or an address.

        With `counted` the answer says how many there are in all (`total`); 10,001 means more than 10,000.
        """
        found = await self._customer_page(request, _position_after(paging, request.sort), paging.limit + 1)

        def count(conn: Connection, tenant: Tenant) -> int:
            return search.count_customers(conn, tenant.id, request.q or "")

        total = await self._read_as(request, count) if counted else msgspec.UNSET
        page = cut_page(found, paging.limit, lambda each: search.customer_place(each, request.sort), total)
        return ResultPage(tuple(map(listed_customer_view, page.items)), page.next, page.total)

    @operation_at("GET", "/v1/customers.csv", READ_CUSTOMERS, media_type=CSV)
    async def export_customers(self, request: CustomerQuery) -> ApiResponse[str]:
        """The same list whole, as CSV: at most 100,000 rows, no formulas; `…_major` as people write money."""

        async def part(after: ListPosition | None, most: int) -> list[ListedCustomer]:
            return await self._customer_page(request, after, most)

        def row(each: ListedCustomer) -> list[str]:
            view = listed_customer_view(each)
            return [*csv_cells(view), *major_amounts(view, AMOUNTS, view.currency)]

        text = await in_slices(part, lambda each: search.customer_place(each, request.sort), row)
        columns = (*ListedCustomerView.__struct_fields__, *(f"{each}_major" for each in AMOUNTS))
        return csv_file(columns, text, "customers")

    async def _customer_page(
        self, request: CustomerQuery, after: ListPosition | None, most: int
    ) -> list[ListedCustomer]:
        def work(conn: Connection, tenant: Tenant) -> list[ListedCustomer]:
            return search.customers_page(conn, tenant.id, request.q or "", request.sort, after, most)

        return await self._read_as(request, work)


def _position_after(paging: PageRequest, sort: SubscriptionOrder | CustomerOrder) -> ListPosition | None:
    after = accept(paging.after_key(ListPosition))
    if after is not None and not after.fits_order(sort):
        said = "This cursor is of a list sorted otherwise."
        raise RefusedError(Refused(RefusalCode.FIELD_INVALID, said, "cursor"))
    return after


def listed_view(one: ListedSubscription, names: Mapping[str, str]) -> ListedSubscriptionView:
    """A subscription as listed; `names`: of plans by their ids."""
    row = one.standing
    return copy_fields(
        ListedSubscriptionView,
        row,
        id=row.subscription,
        customer_name=one.customer_name,
        phase=one.phase,
        due_at=None if one.phase == Phase.ENDED else optional_rfc3339(row.due_at),
        auto=bool(row.automatic),
        reserved=bool(row.reserved),
        ends_at=optional_rfc3339(row.ended_at),
        code_last_group=row.last_group,
        plan_name=names.get(row.plan, row.plan),
    )


def listed_customer_view(row: ListedCustomer) -> ListedCustomerView:
    """A customer as listed."""
    return copy_fields(
        ListedCustomerView,
        row,
        email=msgspec.json.decode(row.body, type=CustomerValue).email,
        available=row.balance + row.credit_limit,
    )

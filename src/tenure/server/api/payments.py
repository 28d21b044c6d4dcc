"""Payment requests and their booking by the provider [spec: external-payments]; what its gateway reports is
`notifications`'."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from tenure.core.policy.rules import Action
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.server import payment_requests, policies
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Amount, Id, Reference
from tenure.server.api.money import ToppedUp, topped_up
from tenure.server.context import ServerOperations, Tenant, tenant_of
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.views import optional_rfc3339
from tenure.store import ending_rows, payment_references, payments
from tenure.store.engine import Connection
from tenure.store.payments import PaymentGateway, PaymentRequest
from tenure.store.users import TeamPlace

READ = AccessRule("money:read")
WRITE = AccessRule("payments:write")
BOOK = AccessRule("money:write", PROVIDER_STAFF)

State = Literal["asked", "booked", "withdrawn", "expired"]


class NewPaymentRequest(RequestBody, frozen=True, kw_only=True):
    """What is to be paid: an amount, or what the next period of a subscription lacks."""

    amount: Amount | None = None
    subscription: Id | None = None
    note: OptionalLine = ""


class BookingBody(RequestBody, frozen=True, kw_only=True):
    """The payment came, under the provider's own reference; `amount` is what came if that is not what was asked."""

    reference: Reference
    amount: Amount | None = None


class SandboxPayment(RequestBody, frozen=True, kw_only=True):
    """Which request is paid with play money."""

    payment_request: Id


class PaymentRequestView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment request; amounts in minor units."""

    id: str
    customer: str
    customer_name: str
    subscription: str | None
    reference: str
    """What the payer quotes."""
    amount: int
    currency: str
    note: str
    state: State
    created: str
    expires: str
    booked_at: str | None
    booked_as: str | None
    paid: int
    instructions: str


class BookedView(msgspec.Struct, frozen=True, kw_only=True):
    """A request after its booking, and what the money did."""

    payment_request: PaymentRequestView
    outcome: ToppedUp


Found = Callable[[Connection, Tenant, PaymentRequest], Any]


_CLOSED = (RefusalCode.PAYMENT_REQUEST_CLOSED,)
_MOVING = (*_CLOSED, RefusalCode.DUPLICATE_REFERENCE, RefusalCode.LEDGER_DRIFT)


class PaymentOperations(ServerOperations):
    """The operations on payments."""

    @operation_at(
        "POST", "/v1/customers/{customer}/payment-requests", WRITE, status=201, refusals=[RefusalCode.NOTHING_TO_CHANGE]
    )
    async def request_payment(
        self,
        caller: Principal,
        customer: Id,
        ticket: IdempotentRequest,
        body: NewPaymentRequest,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[PaymentRequestView] | Refused:
        """Asks for a payment: its answer says what to pay, where to, and what to quote."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = _refuse_unpermitted(conn, caller, provider, real, Action.REQUEST_PAYMENT)
            if isinstance(tenant, Refused):
                return tenant
            asked = payment_requests.request_payment(
                conn, self._context, tenant, customer, body.amount, body.subscription, body.note, real
            )
            if isinstance(asked, Refused):
                return asked
            record_audit(
                conn, TeamPlace(tenant.id, customer), caller, address, "payment_requested", asked.id, real,
                about=asked.id,
                state=ending_rows.recorded_state(conn, ending_rows.PAYMENT_REQUEST, asked.id),
            )  # fmt: skip
            return json_response(_request_view(conn, tenant, asked), 201)

        return await self._context.run_once(ticket, dry_run, work)

    @operation_at("GET", "/v1/payment-requests", READ, refusals=[RefusalCode.NOT_FOUND])
    async def list_payment_requests(
        self,
        caller: Principal,
        paging: PageRequest,
        provider: Id | None = None,
        customer: Id | None = None,
        state: State | None = None,
    ) -> ResultPage[PaymentRequestView] | Refused:
        """Lists payment requests, narrowed to a customer or a state."""
        after = paging.after_key(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, tenant: Tenant) -> list[PaymentRequestView] | Refused:
            whose = tenant.narrow_to(customer)
            if isinstance(whose, Refused):
                return whose
            found = payments.page(conn, tenant.id, whose, state, tenant.now, after or "", paging.limit + 1)
            gateway = payments.get_gateway(conn, tenant.id)
            return [request_view(each, tenant, gateway) for each in found]

        found = await self._context.read_as(caller, provider, work)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.id)

    @operation_at("GET", "/v1/payment-requests/{payment_request}", READ)
    async def read_payment_request(
        self, caller: Principal, payment_request: Id, provider: Id | None = None
    ) -> PaymentRequestView | Refused:
        """Reads a payment request."""

        def work(conn: Connection, tenant: Tenant) -> PaymentRequestView | Refused:
            found: PaymentRequestView | Refused = _find_request(conn, tenant, payment_request, _request_view)
            return found

        return await self._context.read_as(caller, provider, work)

    @operation_at("POST", "/v1/payment-requests/{payment_request}/book", BOOK, refusals=_MOVING)
    async def book_payment(
        self,
        caller: Principal,
        payment_request: Id,
        ticket: IdempotentRequest,
        body: BookingBody,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[BookedView] | Refused:
        """Books the payment of a request, once by its reference, and pays at once what it can."""

        def book(conn: Connection, tenant: Tenant, request: PaymentRequest) -> ApiResponse[Any] | Refused:
            again = request.booked_as == payment_references.normalize_reference(body.reference)
            if not again and (request.booked_at is not None or request.withdrawn_at is not None):
                return Refused(RefusalCode.PAYMENT_REQUEST_CLOSED, field="payment_request")
            return _book_payment(conn, tenant, request, body.amount or request.amount, body.reference)

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = _refuse_unpermitted(conn, caller, provider, real, Action.TOP_UP)
            if isinstance(tenant, Refused):
                return tenant
            stopped = Refused(RefusalCode.LEDGER_DRIFT) if self._context.stopped_money else None
            return stopped or _find_request(conn, tenant, payment_request, book)

        return await self._context.run_once(ticket, dry_run, work)

    @operation_at("POST", "/v1/payment-requests/{payment_request}/withdraw", WRITE, refusals=_CLOSED)
    async def withdraw_payment_request(
        self,
        caller: Principal,
        payment_request: Id,
        ticket: IdempotentRequest,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[PaymentRequestView] | Refused:
        """Withdraws a payment request that is not paid."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            def withdraw(conn: Connection, tenant: Tenant, request: PaymentRequest) -> ApiResponse[Any] | Refused:
                if request.current_state(tenant.now) not in {"asked", "expired"}:
                    return Refused(RefusalCode.PAYMENT_REQUEST_CLOSED, field="payment_request")
                place = TeamPlace(tenant.id, request.customer)
                record_audit(conn, place, caller, address, "payment_request_withdrawn", request.id, real)
                return json_response(
                    _request_view(conn, tenant, payment_requests.withdraw_request(conn, tenant, request))
                )

            tenant = _refuse_unpermitted(conn, caller, provider, real, Action.REQUEST_PAYMENT)
            return tenant if isinstance(tenant, Refused) else _find_request(conn, tenant, payment_request, withdraw)

        return await self._context.run_once(ticket, dry_run, work)

    @operation_at(
        "POST", "/v1/sandbox/pay", WRITE, refusals=[*_MOVING, RefusalCode.SANDBOX_ONLY, RefusalCode.NOT_FOUND]
    )
    async def pay_in_sandbox(
        self,
        caller: Principal,
        ticket: IdempotentRequest,
        body: SandboxPayment,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[BookedView] | Refused:
        """Pays a request with a sandbox's play money."""

        def pay(conn: Connection, tenant: Tenant, request: PaymentRequest) -> ApiResponse[Any] | Refused:
            if request.withdrawn_at is not None:
                return Refused(RefusalCode.PAYMENT_REQUEST_CLOSED, field="payment_request")
            return _book_payment(conn, tenant, request, request.amount, f"sandbox {request.reference}")

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = _refuse_unpermitted(conn, caller, provider, real, Action.REQUEST_PAYMENT)
            if isinstance(tenant, Refused):
                return tenant
            if not tenant.provider.sandbox:
                return Refused(RefusalCode.SANDBOX_ONLY)
            stopped = Refused(RefusalCode.LEDGER_DRIFT) if self._context.stopped_money else None
            return stopped or _find_request(conn, tenant, body.payment_request, pay)

        return await self._context.run_once(ticket, dry_run, work)


def _refuse_unpermitted(
    conn: Connection, caller: Principal, provider: str | None, real: Instant, action: Action
) -> Tenant | Refused:
    tenant = tenant_of(conn, caller, provider, real)
    if isinstance(tenant, Refused) or action in policies.load_policies(conn, tenant.id).permitted_actions(tenant.role):
        return tenant
    return Refused(RefusalCode.ACTION_NOT_PERMITTED, f"The policy does not allow {action} to you.")


def _find_request(conn: Connection, tenant: Tenant, name: str, then: Found) -> Any:
    request = payments.get(conn, tenant.id, name)
    if request is None or not tenant.may_see(request.customer):
        return Refused(RefusalCode.NOT_FOUND, field="payment_request")
    return then(conn, tenant, payment_requests.lock_request(conn, request) if then is not _request_view else request)


def _book_payment(
    conn: Connection, tenant: Tenant, request: PaymentRequest, amount: int, reference: str
) -> ApiResponse[Any] | Refused:
    done = payment_requests.book_payment(conn, tenant, request, amount, reference)
    if isinstance(done, Refused):
        return done
    after, paid = done
    return json_response(BookedView(payment_request=_request_view(conn, tenant, after), outcome=topped_up(paid)))


def _request_view(conn: Connection, tenant: Tenant, request: PaymentRequest) -> PaymentRequestView:
    return request_view(request, tenant, payments.get_gateway(conn, tenant.id))


def request_view(request: PaymentRequest, tenant: Tenant, gateway: PaymentGateway) -> PaymentRequestView:
    """A payment request as shown."""
    state: Any = request.current_state(tenant.now)
    return PaymentRequestView(
        id=request.id,
        customer=request.customer,
        customer_name=request.customer_name,
        subscription=request.subscription,
        reference=request.reference,
        amount=request.amount,
        currency=tenant.provider.currency,
        note=request.note,
        state=state,
        created=format_rfc3339(request.created),
        expires=format_rfc3339(request.expires),
        booked_at=optional_rfc3339(request.booked_at),
        booked_as=request.booked_as,
        paid=request.paid,
        instructions=gateway.instructions,
    )

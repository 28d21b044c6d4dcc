"""Payment requests and their booking by the provider [spec: external-payments]; what its gateway reports is
`notifications`'."""

from typing import Any, Literal

import msgspec

from tenure.core.policy.rules import Action
from tenure.core.refusals import RefusalCode, Refused
from tenure.http.auth import AccessRule
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.problems import RefusedError, accept, require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import payment_requests, policies
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Amount, Id, Reference
from tenure.server.api.money import ToppedUp, topped_up
from tenure.server.api.operations import ServerOperations, TenantPost, TenantQuery
from tenure.server.context import Tenant
from tenure.server.roles import PROVIDER_STAFF
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


_CLOSED = (RefusalCode.PAYMENT_REQUEST_CLOSED,)
_ASKING = (RefusalCode.NOTHING_TO_CHANGE,)
_MOVING = (*_CLOSED, RefusalCode.DUPLICATE_REFERENCE, RefusalCode.LEDGER_DRIFT)
_PLAYING = (*_MOVING, RefusalCode.SANDBOX_ONLY, RefusalCode.NOT_FOUND)


class PaymentOperations(ServerOperations):
    """The operations on payments."""

    @operation_at("POST", "/v1/customers/{customer}/payment-requests", WRITE, status=201, refusals=_ASKING)
    async def request_payment(
        self, request: TenantPost, customer: Id, body: NewPaymentRequest
    ) -> ApiResponse[PaymentRequestView]:
        """Asks for a payment: its answer says what to pay, where to, and what to quote."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            _require_permission(conn, tenant, Action.REQUEST_PAYMENT)
            wished = (customer, body.amount, body.subscription, body.note)
            asked = accept(payment_requests.request_payment(conn, self._context, tenant, *wished, tenant.real))
            place = TeamPlace(tenant.id, customer)
            state = ending_rows.recorded_state(conn, ending_rows.PAYMENT_REQUEST, asked.id)
            record_audit(conn, place, request, "payment_requested", asked.id, tenant.real, about=asked.id, state=state)
            return json_response(_request_view(conn, tenant, asked), 201)

        return await self._write_as(request, work)

    @operation_at("GET", "/v1/payment-requests", READ, refusals=[RefusalCode.NOT_FOUND])
    async def list_payment_requests(
        self, request: TenantQuery, paging: PageRequest, customer: Id | None = None, state: State | None = None
    ) -> ResultPage[PaymentRequestView]:
        """Lists payment requests, narrowed to a customer or a state."""

        def rows(conn: Connection, tenant: Tenant, after: str, most: int) -> list[PaymentRequestView]:
            found = payments.page(conn, tenant.id, accept(tenant.narrow_to(customer)), state, tenant.now, after, most)
            gateway = payments.get_gateway(conn, tenant.id)
            return [request_view(each, tenant, gateway) for each in found]

        return await self._list_as(request, paging, rows)

    @operation_at("GET", "/v1/payment-requests/{payment_request}", READ)
    async def read_payment_request(self, request: TenantQuery, payment_request: Id) -> PaymentRequestView:
        """Reads a payment request."""
        return await self._read_as(
            request, lambda conn, tenant: _request_view(conn, tenant, _find_request(conn, tenant, payment_request))
        )

    @operation_at("POST", "/v1/payment-requests/{payment_request}/book", BOOK, refusals=_MOVING)
    async def book_payment(
        self, request: TenantPost, payment_request: Id, body: BookingBody
    ) -> ApiResponse[BookedView]:
        """Books the payment of a request, once by its reference, and pays at once what it can."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any] | Refused:
            _require_permission(conn, tenant, Action.TOP_UP)
            self._refuse_stopped_money()
            asked = _lock_request(conn, tenant, payment_request)
            again = asked.booked_as == payment_references.normalize_reference(body.reference)
            if not again and (asked.booked_at is not None or asked.withdrawn_at is not None):
                return Refused(RefusalCode.PAYMENT_REQUEST_CLOSED, field="payment_request")
            return _book_payment(conn, tenant, asked, body.amount or asked.amount, body.reference)

        return await self._write_as(request, work)

    @operation_at("POST", "/v1/payment-requests/{payment_request}/withdraw", WRITE, refusals=_CLOSED)
    async def withdraw_payment_request(
        self, request: TenantPost, payment_request: Id
    ) -> ApiResponse[PaymentRequestView]:
        """Withdraws a payment request that is not paid."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any] | Refused:
            _require_permission(conn, tenant, Action.REQUEST_PAYMENT)
            asked = _lock_request(conn, tenant, payment_request)
            if asked.current_state(tenant.now) not in {"asked", "expired"}:
                return Refused(RefusalCode.PAYMENT_REQUEST_CLOSED, field="payment_request")
            place = TeamPlace(tenant.id, asked.customer)
            record_audit(conn, place, request, "payment_request_withdrawn", asked.id, tenant.real)
            return json_response(_request_view(conn, tenant, payment_requests.withdraw_request(conn, tenant, asked)))

        return await self._write_as(request, work)

    @operation_at("POST", "/v1/sandbox/pay", WRITE, refusals=_PLAYING)
    async def pay_in_sandbox(self, request: TenantPost, body: SandboxPayment) -> ApiResponse[BookedView]:
        """Pays a request with a sandbox's play money."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any] | Refused:
            _require_permission(conn, tenant, Action.REQUEST_PAYMENT)
            if not tenant.provider.sandbox:
                return Refused(RefusalCode.SANDBOX_ONLY)
            self._refuse_stopped_money()
            asked = _lock_request(conn, tenant, body.payment_request)
            if asked.withdrawn_at is not None:
                return Refused(RefusalCode.PAYMENT_REQUEST_CLOSED, field="payment_request")
            return _book_payment(conn, tenant, asked, asked.amount, f"sandbox {asked.reference}")

        return await self._write_as(request, work)


def _require_permission(conn: Connection, tenant: Tenant, action: Action) -> None:
    if action not in policies.load_policies(conn, tenant.id).permitted_actions(tenant.role):
        raise RefusedError(Refused(RefusalCode.ACTION_NOT_PERMITTED, f"The policy does not allow {action} to you."))


def _find_request(conn: Connection, tenant: Tenant, name: str) -> PaymentRequest:
    found = payments.get(conn, tenant.id, name)
    return require_found(found if found is not None and tenant.may_see(found.customer) else None, "payment_request")


def _lock_request(conn: Connection, tenant: Tenant, name: str) -> PaymentRequest:
    return payment_requests.lock_request(conn, _find_request(conn, tenant, name))


def _book_payment(
    conn: Connection, tenant: Tenant, request: PaymentRequest, amount: int, reference: str
) -> ApiResponse[Any]:
    after, paid = accept(payment_requests.book_payment(conn, tenant, request, amount, reference))
    return json_response(BookedView(payment_request=_request_view(conn, tenant, after), outcome=topped_up(paid)))


def _request_view(conn: Connection, tenant: Tenant, request: PaymentRequest) -> PaymentRequestView:
    return request_view(request, tenant, payments.get_gateway(conn, tenant.id))


def request_view(request: PaymentRequest, tenant: Tenant, gateway: PaymentGateway) -> PaymentRequestView:
    """A payment request as shown."""
    return copy_fields(
        PaymentRequestView,
        request,
        currency=tenant.provider.currency,
        state=request.current_state(tenant.now),
        instructions=gateway.instructions,
    )

"""Payment requests and their booking by the provider [spec: external-payments]; what its gateway reports is
`notifications`'."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from tenure.core.policy import Action
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.fields import Body, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server import paying, policies
from tenure.server.api.accounts.places import note
from tenure.server.api.fields import Amount, Id, Reference
from tenure.server.api.money import ToppedUp, topped_up
from tenure.server.context import Context, Tenant, tenant_of
from tenure.server.roles import DESK
from tenure.server.views import shown
from tenure.store import passing, payments, references
from tenure.store.engine import Connection
from tenure.store.payments import Gateway, PaymentRequest
from tenure.store.persons import Place

READ = Rule("money:read")
WRITE = Rule("payments:write")
BOOK = Rule("money:write", DESK)

State = Literal["asked", "booked", "withdrawn", "expired"]


class NewPaymentRequest(Body, frozen=True, kw_only=True):
    """What is to be paid: an amount, or what the next period of a subscription lacks."""

    amount: Amount | None = None
    subscription: Id | None = None
    note: OptionalLine = ""


class BookingBody(Body, frozen=True, kw_only=True):
    """The payment came, under the provider's own reference; `amount` is what came if that is not what was asked."""

    reference: Reference
    amount: Amount | None = None


class SandboxPayment(Body, frozen=True, kw_only=True):
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


class Payments:
    """The operations on payments."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def request_payment(
        self,
        caller: Principal,
        customer: Id,
        ticket: Ticket,
        body: NewPaymentRequest,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[PaymentRequestView] | Refused:
        """Asks for a payment: its answer says what to pay, where to, and what to quote."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = _may(conn, caller, provider, real, Action.REQUEST_PAYMENT)
            if isinstance(tenant, Refused):
                return tenant
            asked = paying.ask(conn, self._context, tenant, customer, body.amount, body.subscription, body.note, real)
            if isinstance(asked, Refused):
                return asked
            note(
                conn, Place(tenant.id, customer), caller, address, "payment_requested", asked.id, real, about=asked.id,
                state=passing.state(conn, passing.PAYMENT_REQUEST, asked.id),
            )  # fmt: skip
            return made(_view(conn, tenant, asked), 201)

        answer: Answer[PaymentRequestView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    async def list_payment_requests(
        self,
        caller: Principal,
        paging: Paging,
        provider: Id | None = None,
        customer: Id | None = None,
        state: State | None = None,
    ) -> Page[PaymentRequestView] | Refused:
        """Lists payment requests, narrowed to a customer or a state."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, tenant: Tenant) -> list[PaymentRequestView] | Refused:
            whose = tenant.whose(customer)
            if isinstance(whose, Refused):
                return whose
            found = payments.page(conn, tenant.id, whose, state, tenant.now, after or "", paging.limit + 1)
            gateway = payments.gateway(conn, tenant.id)
            return [request_view(each, tenant, gateway) for each in found]

        found = await self._context.read_as(caller, provider, work)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.id)

    async def read_payment_request(
        self, caller: Principal, payment_request: Id, provider: Id | None = None
    ) -> PaymentRequestView | Refused:
        """Reads a payment request."""

        def work(conn: Connection, tenant: Tenant) -> PaymentRequestView | Refused:
            found: PaymentRequestView | Refused = _found(conn, tenant, payment_request, _view)
            return found

        return await self._context.read_as(caller, provider, work)

    async def book_payment(
        self,
        caller: Principal,
        payment_request: Id,
        ticket: Ticket,
        body: BookingBody,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[BookedView] | Refused:
        """Books the payment of a request, once by its reference, and pays at once what it can."""

        def book(conn: Connection, tenant: Tenant, request: PaymentRequest) -> Answer[Any] | Refused:
            again = request.booked_as == references.spelled(body.reference)
            if not again and (request.booked_at is not None or request.withdrawn_at is not None):
                return Refused(Code.PAYMENT_REQUEST_CLOSED, field="payment_request")
            return _booked(conn, tenant, request, body.amount or request.amount, body.reference)

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = _may(conn, caller, provider, real, Action.TOP_UP)
            if isinstance(tenant, Refused):
                return tenant
            stopped = Refused(Code.LEDGER_DRIFT) if self._context.stopped_money else None
            return stopped or _found(conn, tenant, payment_request, book)

        answer: Answer[BookedView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    async def withdraw_payment_request(
        self,
        caller: Principal,
        payment_request: Id,
        ticket: Ticket,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[PaymentRequestView] | Refused:
        """Withdraws a payment request that nobody has paid."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            def withdraw(conn: Connection, tenant: Tenant, request: PaymentRequest) -> Answer[Any] | Refused:
                if request.state(tenant.now) not in {"asked", "expired"}:
                    return Refused(Code.PAYMENT_REQUEST_CLOSED, field="payment_request")
                place = Place(tenant.id, request.customer)
                note(conn, place, caller, address, "payment_request_withdrawn", request.id, real)
                return made(_view(conn, tenant, paying.withdraw(conn, tenant, request)))

            tenant = _may(conn, caller, provider, real, Action.REQUEST_PAYMENT)
            return tenant if isinstance(tenant, Refused) else _found(conn, tenant, payment_request, withdraw)

        answer: Answer[PaymentRequestView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    async def pay_in_sandbox(
        self,
        caller: Principal,
        ticket: Ticket,
        body: SandboxPayment,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[BookedView] | Refused:
        """Pays a request with a sandbox's play money."""

        def pay(conn: Connection, tenant: Tenant, request: PaymentRequest) -> Answer[Any] | Refused:
            if request.withdrawn_at is not None:
                return Refused(Code.PAYMENT_REQUEST_CLOSED, field="payment_request")
            return _booked(conn, tenant, request, request.amount, f"sandbox {request.reference}")

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = _may(conn, caller, provider, real, Action.REQUEST_PAYMENT)
            if isinstance(tenant, Refused):
                return tenant
            if not tenant.provider.sandbox:
                return Refused(Code.SANDBOX_ONLY)
            stopped = Refused(Code.LEDGER_DRIFT) if self._context.stopped_money else None
            return stopped or _found(conn, tenant, body.payment_request, pay)

        answer: Answer[BookedView] | Refused = await self._context.once(ticket, dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        one = "/v1/payment-requests/{payment_request}"
        closed = (Code.PAYMENT_REQUEST_CLOSED,)
        moving = (*closed, Code.DUPLICATE_REFERENCE, Code.LEDGER_DRIFT)
        return (
            operation(
                "POST", "/v1/customers/{customer}/payment-requests", WRITE, self.request_payment, status=201,
                refusals=[Code.NOTHING_TO_CHANGE],
            ),
            operation("GET", "/v1/payment-requests", READ, self.list_payment_requests, refusals=[Code.NOT_FOUND]),
            operation("GET", one, READ, self.read_payment_request),
            operation("POST", f"{one}/book", BOOK, self.book_payment, refusals=moving),
            operation("POST", f"{one}/withdraw", WRITE, self.withdraw_payment_request, refusals=closed),
            operation(
                "POST", "/v1/sandbox/pay", WRITE, self.pay_in_sandbox,
                refusals=[*moving, Code.SANDBOX_ONLY, Code.NOT_FOUND],
            ),
        )  # fmt: skip


def _may(conn: Connection, caller: Principal, provider: str | None, real: Instant, action: Action) -> Tenant | Refused:
    tenant = tenant_of(conn, caller, provider, real)
    if isinstance(tenant, Refused) or action in policies.history(conn, tenant.id).permitted(tenant.role):
        return tenant
    return Refused(Code.ACTION_NOT_PERMITTED, f"The policy does not allow {action} to you.")


def _found(conn: Connection, tenant: Tenant, name: str, then: Found) -> Any:
    request = payments.get(conn, tenant.id, name)
    if request is None or not tenant.owns(request.customer):
        return Refused(Code.NOT_FOUND, field="payment_request")
    return then(conn, tenant, paying.locked(conn, request) if then is not _view else request)


def _booked(
    conn: Connection, tenant: Tenant, request: PaymentRequest, amount: int, reference: str
) -> Answer[Any] | Refused:
    done = paying.book(conn, tenant, request, amount, reference)
    if isinstance(done, Refused):
        return done
    after, paid = done
    return made(BookedView(payment_request=_view(conn, tenant, after), outcome=topped_up(paid)))


def _view(conn: Connection, tenant: Tenant, request: PaymentRequest) -> PaymentRequestView:
    return request_view(request, tenant, payments.gateway(conn, tenant.id))


def request_view(request: PaymentRequest, tenant: Tenant, gateway: Gateway) -> PaymentRequestView:
    """A payment request as shown."""
    state: Any = request.state(tenant.now)
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
        created=rfc3339(request.created),
        expires=rfc3339(request.expires),
        booked_at=shown(request.booked_at),
        booked_as=request.booked_as,
        paid=request.paid,
        instructions=gateway.instructions,
    )

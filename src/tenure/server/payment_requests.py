"""Paying: a request with a reference, the provider's booking or its gateway's signed word, and the money that follows.

Everything runs inside one transaction of the caller. What money then pays for is decided by `settlement.credit_books`.
"""

import hashlib
import hmac

import msgspec

from tenure.core.activation_codes import ALPHABET
from tenure.core.business import ledger as core
from tenure.core.business.runway import lacking_money
from tenure.core.pricing import EXPONENTS
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.terms import Settlement
from tenure.core.timeline import DAY, Instant
from tenure.http.views import copy_fields
from tenure.server import account_repository, settlement
from tenure.server.account_repository import AccountBooks
from tenure.server.context import ServerContext, Tenant
from tenure.server.values import CustomerValue
from tenure.store import accounts, emails, ids, ledger, outbox, payment_references, payments, tenants
from tenure.store.engine import Connection
from tenure.store.payments import PaymentGateway, PaymentRequest

LATENESS = 5 * 60
"""Seconds by which a notification's time may differ from the server's."""
QUOTED = 8
"""Symbols of a reference that a payer types."""


class PaidResult(msgspec.Struct, frozen=True):
    """Money that came in: the account afterwards, what was moved and what happened because of it."""

    account: AccountBooks
    postings: tuple[core.Posting, ...] = ()
    facts: tuple[str, ...] = ()


class GatewayNotification(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway says: so much was paid under its `reference` for the request that the payer quoted."""

    provider: str
    request: str
    amount: int
    currency: str
    reference: str
    sent_at: Instant

    def signed_bytes(self) -> bytes:
        """What the signature is over: a line each, so that nothing can pass for something else."""
        parts = (self.provider, self.request, str(self.amount), self.currency, self.reference, str(self.sent_at))
        return "\n".join(("tenure-payment-1", *parts)).encode()


def top_up(
    conn: Connection, tenant: Tenant, customer: str, amount: int, reference: str, note: str = ""
) -> PaidResult | Refused:
    """Book money that came in, once by its reference, and pay at once what it can.

    Refuses `not_found`, `duplicate_reference` when the reference was booked with other figures.
    """
    loaded = account_repository.load_books(conn, tenant.id, customer, tenant.time)
    if loaded is None:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    name = payment_references.normalize_reference(reference)
    if isinstance(name, Refused):
        return name
    claimed = payment_references.claim_reference(conn, tenant.id, name, payment_references.of_top_up(customer, amount))
    if isinstance(claimed, Refused):
        return claimed
    posting = core.top_up(amount, at=tenant.now, recorded_at=tenant.now, reference=name, note=note)
    booked = ledger.book_postings(conn, tenant.id, customer, tenant.by, [posting])
    if isinstance(booked, Refused):
        return booked
    if not booked.new:  # booked before under this reference with the same figures: nothing happens again
        return PaidResult(loaded)
    after = settlement.credit_books(conn, loaded, posting)
    facts = tuple(type(fact).__name__ for _, fact in after.facts)
    return PaidResult(
        account_repository.load_books(conn, tenant.id, customer, tenant.time) or loaded,
        (posting, *after.postings),
        facts,
    )


def request_payment(
    conn: Connection,
    context: ServerContext,
    tenant: Tenant,
    customer: str,
    amount: int | None,
    subscription: str | None,
    note: str,
    real: Instant,
) -> PaymentRequest | Refused:
    """A new request; without `amount` it is what the subscription's next period lacks.

    Refuses `not_found`, `field_invalid` when neither is named, `nothing_to_change` when nothing is lacking.
    """
    row = tenants.get_customer(conn, tenant.id, customer) if tenant.may_see(customer) else None
    loaded = None if row is None else account_repository.load_books(conn, tenant.id, customer, tenant.time)
    if row is None or loaded is None:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    wanted = _wanted_amount(loaded, amount, subscription, tenant.now)
    if isinstance(wanted, Refused):
        return wanted
    gateway, known = payments.get_gateway(conn, tenant.id), msgspec.json.decode(row.body, type=CustomerValue)
    when = emails.possible_from(conn, tenant.id, known.email, "payment_requested", real) if known.email else real
    if when > real:
        return Refused(RefusalCode.TOO_MANY_REQUESTS, "Too many mails went to this customer, or out today.", when=when)
    request = PaymentRequest(
        id=ids.new_id("pay", real),
        provider=tenant.id,
        customer=customer,
        subscription=subscription,
        reference="P-" + "".join(ALPHABET[byte & 31] for byte in context.draw(QUOTED)),
        amount=wanted,
        note=note,
        by_actor=tenant.by,
        created=tenant.now,
        expires=tenant.now + gateway.request_days * DAY,
        customer_name=known.name,
    )
    payments.save(conn, request)
    _add_to_feed(conn, tenant, request, "payment.requested")
    _write_to(conn, context, tenant, known, request, gateway, real)
    return request


def book_payment(
    conn: Connection, tenant: Tenant, request: PaymentRequest, amount: int, reference: str
) -> tuple[PaymentRequest, PaidResult] | Refused:
    """The payment came: credit it, and close the request unless another payment has closed it before."""
    paid = top_up(conn, tenant, request.customer, amount, reference, f"payment request {request.reference}")
    if isinstance(paid, Refused):
        return paid
    if request.booked_at is not None:
        return request, paid
    if not paid.postings:
        return Refused(RefusalCode.DUPLICATE_REFERENCE, "This reference was booked for something else.", "reference")
    after = msgspec.structs.replace(request, booked_at=tenant.now, booked_as=paid.postings[0].reference, paid=amount)
    payments.save(conn, after)
    _add_to_feed(conn, tenant, after, "payment.booked")
    return after, paid


def lock_request(conn: Connection, request: PaymentRequest) -> PaymentRequest:
    """Lock the request and read it: the lock of its account keeps other transactions from changing it."""
    accounts.lock_account(conn, request.provider, request.customer)
    return payments.get(conn, request.provider, request.id) or request


def withdraw_request(conn: Connection, tenant: Tenant, request: PaymentRequest) -> PaymentRequest:
    """Withdraw the request: the customer need not pay it any more."""
    after = msgspec.structs.replace(request, withdrawn_at=tenant.now)
    payments.save(conn, after)
    _add_to_feed(conn, tenant, after, "payment.withdrawn")
    return after


def refuse_unproven(
    context: ServerContext, gateway: PaymentGateway, told: GatewayNotification, signature: str, real: Instant
) -> bool:
    """Whether the provider's gateway said this, and said it now; the same work whether there is a secret or not."""
    opened = [context.safe.decrypt(each, secret_purpose(gateway.provider)) for each in gateway.valid_secrets(real)]
    known = [each for each in opened if each is not None]
    # Always two comparisons: how long it takes does not tell how many secrets there are.
    tried = [_verify_signature(key, told, signature) for key in (*known, *(b"none",) * (2 - len(known)))]
    return any(tried[: len(known)]) and abs(real - told.sent_at) <= LATENESS


def _verify_signature(key: bytes, told: GatewayNotification, signature: str) -> bool:
    expected = hmac.new(key, told.signed_bytes(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


def secret_purpose(provider: str) -> str:
    """For what a gateway's secret is sealed: it opens for no other provider."""
    return f"payment gateway of {provider}"


def _wanted_amount(loaded: AccountBooks, amount: int | None, subscription: str | None, now: Instant) -> int | Refused:
    if subscription is None:
        return amount or Refused(
            RefusalCode.FIELD_INVALID, "Name an amount, or the subscription that is to be paid.", "amount"
        )
    item = loaded.find_item(subscription)
    if item is None:
        return Refused(RefusalCode.NOT_FOUND, field="subscription")
    if item.sub.changes[0].terms.settlement is Settlement.EXTERNAL:
        return Refused(
            RefusalCode.FIELD_INVALID, "This subscription is paid outside the prepaid balance.", "subscription"
        )
    if amount is not None:
        return amount
    missing = lacking_money(loaded.account, loaded.items, subscription, now)
    return (
        missing
        if missing > 0
        else Refused(RefusalCode.NOTHING_TO_CHANGE, "The balance covers the next period already.")
    )


class PaymentRequestEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What the feed says of a payment request."""

    payment_request: str
    customer: str
    reference: str
    amount: int
    paid: int


def _add_to_feed(conn: Connection, tenant: Tenant, request: PaymentRequest, kind: str) -> None:
    told = copy_fields(PaymentRequestEvent, request, payment_request=request.id)
    outbox.add_note(conn, tenant.id, kind, request.subscription, tenant.now, tenant.now, msgspec.json.encode(told))


def _write_to(
    conn: Connection,
    context: ServerContext,
    tenant: Tenant,
    customer: CustomerValue,
    request: PaymentRequest,
    gateway: PaymentGateway,
    real: Instant,
) -> None:
    if not customer.email:
        return
    values = {
        "customer": customer.name,
        "amount": format_amount(request.amount, tenant.provider.currency),
        "reference": request.reference,
        "instructions": gateway.instructions,
        "note": request.note,
    }
    emails.add_email(conn, context.safe, tenant.id, customer.email, "payment_requested", values, real)


def format_amount(amount: int, currency: str) -> str:
    """Minor units as people write them: `1234.50 EUR`."""
    digits = EXPONENTS.get(currency, 0)
    if not digits:
        return f"{amount} {currency}"
    return f"{amount // 10**digits}.{amount % 10**digits:0{digits}} {currency}"

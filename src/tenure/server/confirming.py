"""Payments made outside the ledger: one reference, one effect, on one subscription or on several at once
[spec: external-payments].

Everything runs inside one transaction of the caller: all lines take effect, or none.
"""

from collections.abc import Callable, Sequence

import msgspec

from tenure.core.business.commands import ConfirmPayment
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.fold import Subscription
from tenure.server import account_repository, subscription_service
from tenure.server.context import Tenant
from tenure.server.subscription_service import WriteRequest
from tenure.server.subscription_views import OutcomeView, subscription_view
from tenure.server.views import timeline_view
from tenure.store import payment_references
from tenure.store.engine import Connection


class PaidLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment covers on one subscription; `devices` only when it covers a raise."""

    subscription: str
    covers: str
    """`order`, `renewal` or `raise`."""
    devices: int = 0
    outcome_hash: str = ""
    """Hash of a previewed plan (B4)."""
    check: Callable[[Subscription], Refused | None] = lambda _: None


def confirm_payment(
    conn: Connection, tenant: Tenant, reference: str, lines: Sequence[PaidLine], why: str
) -> tuple[OutcomeView, ...] | Refused:
    """What the payment did, line by line; the same reference with the same lines again changes nothing.

    Refuses `duplicate_reference` when the reference stands for anything else, and whatever a line is refused for.
    """
    if tenant.role is Role.CUSTOMER:
        return Refused(RefusalCode.ACTION_NOT_PERMITTED, "Only the provider can do this.")
    refused, name = _lock_accounts(conn, tenant, lines), payment_references.normalize_reference(reference)
    if refused is not None:
        return refused
    if isinstance(name, Refused):
        return name
    figures = "\n".join(sorted(payment_references.of_line(one.subscription, one.covers, one.devices) for one in lines))
    new = payment_references.claim_reference(conn, tenant.id, name, figures)
    if isinstance(new, Refused):
        return new
    views = []
    for number, line in enumerate(lines):
        done = _confirm_line(conn, tenant, name, line, why) if new else _as_it_is(conn, tenant, line)
        if isinstance(done, Refused):
            return done if len(lines) == 1 else _at_line(done, number)
        views.append(done)
    return tuple(views)


def _lock_accounts(conn: Connection, tenant: Tenant, lines: Sequence[PaidLine]) -> Refused | None:
    """Every account concerned is locked, always in the same order, so that two payments never wait for each other."""
    owners = {}
    for number, line in enumerate(lines):
        owner = account_repository.customer_of(conn, tenant.id, line.subscription)
        if owner is None or not tenant.may_see(owner):
            missing = Refused(RefusalCode.NOT_FOUND, field="subscription")
            return missing if len(lines) == 1 else _at_line(missing, number)
        owners[line.subscription] = owner
    for customer in sorted(set(owners.values())):
        account_repository.load_books(conn, tenant.id, customer, tenant.time)
    return None


def _confirm_line(conn: Connection, tenant: Tenant, reference: str, line: PaidLine, why: str) -> OutcomeView | Refused:
    opened = subscription_service.current_subscription(conn, tenant, line.subscription)
    if isinstance(opened, Refused):
        return opened
    command = ConfirmPayment(
        by=tenant.by, role=tenant.role, why=why, reference=reference, covers=line.covers, devices=line.devices
    )
    done = subscription_service.run_command(
        conn, tenant, opened, WriteRequest(command=command, outcome_hash=line.outcome_hash, check=line.check)
    )
    return done if isinstance(done, Refused) else done.view


def _as_it_is(conn: Connection, tenant: Tenant, line: PaidLine) -> OutcomeView | Refused:
    """What stands there: nothing happens twice."""
    opened = subscription_service.current_subscription(conn, tenant, line.subscription)
    if isinstance(opened, Refused):
        return opened
    sub = opened.item.sub
    ahead = subscription_service.ahead_of(opened.books, sub.id)
    return OutcomeView(
        subscription=subscription_view(sub, tenant.now, ahead, account_repository.names_of(conn, sub, tenant.customer)),
        facts=(),
        postings=(),
        timeline=timeline_view(ahead.timeline, sub.paid_until if ahead.renewals else None),
        affected_leases=0,
        outcome_hash="",
        activation_code="",
    )


def _at_line(refused: Refused, number: int) -> Refused:
    field = f"lines.{number}.{refused.field}" if refused.field else f"lines.{number}"
    return msgspec.structs.replace(refused, field=field)

"""The activation server's API put together from its parts; `main` hands it clock, keys and state."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from tenure import __version__
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode
from tenure.http.api import ApiParts, BuiltApi
from tenure.http.auth import AccessRule, Principal
from tenure.http.certificates import ServedCertificate
from tenure.http.front import FrontPage, front_page
from tenure.http.group_metrics import MetricsGroup
from tenure.http.health import health_operations
from tenure.http.hot_operations import RawOperation
from tenure.http.limits import MemoryCounters, RateThrottle
from tenure.http.metrics import HttpMetrics, metrics_operation, watch_certificate
from tenure.http.middleware import MiddlewareParts, log_requests
from tenure.http.openapi import ApiDescription
from tenure.http.operation_groups import OperationGroup
from tenure.http.operations import Operation
from tenure.http.pacing import CallerPacing, PrepareRequest
from tenure.server import self_check as self_checks
from tenure.server.activation import ActivationService
from tenure.server.api.accounts.account_security import AccountSecurityOperations
from tenure.server.api.accounts.audit import AuditOperations
from tenure.server.api.accounts.invitations import InvitationOperations
from tenure.server.api.accounts.own_account import OwnAccountOperations
from tenure.server.api.accounts.password_resets import PasswordResetOperations
from tenure.server.api.accounts.sign_in import SignInOperations
from tenure.server.api.accounts.team import TeamOperations
from tenure.server.api.batch import BatchOperation
from tenure.server.api.board import BoardOperations
from tenure.server.api.bounds import BoundsOperations
from tenure.server.api.brands import BrandOperations
from tenure.server.api.catalog import CatalogOperations
from tenure.server.api.codes import CodeOperations
from tenure.server.api.confirming import ConfirmationOperations
from tenure.server.api.credit import CreditOperations
from tenure.server.api.customers import CustomerOperations
from tenure.server.api.deliveries import DeliveryOperations
from tenure.server.api.emails import EmailOperations
from tenure.server.api.gateways import GatewayOperations
from tenure.server.api.keys import KeyOperations
from tenure.server.api.lists import ListOperations
from tenure.server.api.money import MoneyOperations
from tenure.server.api.notices import NoticeOperations
from tenure.server.api.notifications import NotificationOperations
from tenure.server.api.observed import ObservationOperations
from tenure.server.api.offers import OfferOperations
from tenure.server.api.offline import OfflineExchange
from tenure.server.api.order_requests import OrderRequestOperations
from tenure.server.api.payments import PaymentOperations
from tenure.server.api.policy import PolicyOperations
from tenure.server.api.portal_values import PortalValueOperations
from tenure.server.api.providers import ProviderOperations
from tenure.server.api.seat_conflicts import SeatConflictOperations
from tenure.server.api.subscriptions import SubscriptionOperations
from tenure.server.api.tokens import TokenOperations
from tenure.server.api.trust import RootOperations
from tenure.server.api.webhooks import WebhookOperations
from tenure.server.authenticating import make_authenticator
from tenure.server.context import ServerContext
from tenure.server.folding import unfold_histories
from tenure.server.messages.workers import OutgoingMessages, show_queues
from tenure.server.self_check import SelfCheck
from tenure.server.shared_state import SharedCounters, SharedStateWatch
from tenure.server.sweep import BackgroundSweep
from tenure.server.sync import SyncService
from tenure.store import meta
from tenure.store.engine import Connection

METRICS = AccessRule("metrics:read", frozenset({Role.VENDOR}))
UNPROVEN = (
    RefusalCode.MESSAGE_MALFORMED, RefusalCode.MESSAGE_TOO_LARGE, RefusalCode.TYPE_UNEXPECTED,
    RefusalCode.EXTENSION_UNKNOWN, RefusalCode.KEY_UNKNOWN,
    RefusalCode.SIGNATURE_INVALID, RefusalCode.NO_SIGNING_KEY,
)  # fmt: skip
"""What a signed message is refused with before anything in it is believed: unsigned, so inconclusive to a client."""

_requests = logging.getLogger("tenure.server.requests")


def build_app(
    context: ServerContext,
    ticks: Callable[[], float],
    *,
    sweeping: bool = True,
    certificate: ServedCertificate | None = None,
    self_check: SelfCheck | None = None,
    group: MetricsGroup | None = None,
) -> BuiltApi:
    """The application; `ticks` is a monotonic counter in seconds. Without `sweeping` nothing runs in the background.

    `certificate`: what the server shows, for its metrics alone. `self_check` runs in the background too. `group`: the
    processes behind the same port, whose metrics are told together.
    """
    registry = CollectorRegistry()
    if certificate is not None:
        watch_certificate(certificate, registry)
    metrics = HttpMetrics(registry)
    drift = Gauge("tenure_ledger_drift", "Accounts whose balance differs from their postings.", registry=registry)
    drift.set_function(lambda: len(context.stopped_money))
    show_queues(context, registry)
    if self_check is not None:
        self_check.register_gauges(registry)
    shared = SharedCounters(ticks) if context.db.is_shared else None
    written = None if group is None else group.write_samples(registry)
    throttle = RateThrottle(shared or MemoryCounters(), ticks, context.clock)
    pacing = CallerPacing(throttle, _prepare_histories(context))
    activations, synchronization = ActivationService(context, throttle), SyncService(context, throttle)
    api = BuiltApi(
        ApiParts(
            about=ApiDescription(title="Tenure activation server", version=__version__),
            operations=(
                *_tenants_operations(context, pacing),
                *map(_naming_a_tenant, OfflineExchange(context, synchronization, activations).operations()),
                *RootOperations(context).operations(),
                *KeyOperations(context).operations(),
                *NoticeOperations(context).operations(),
                *PortalValueOperations(context).operations(),
                *health_operations({"store": _store_works(context)}),
                metrics_operation(registry, METRICS, generate_latest if group is None else group.render_metrics),
            ),
            raw=(
                RawOperation(
                    path="/v1/activate",
                    work=activations.activate,
                    name="activate",
                    summary="A site applies an activation code: a signed request, a signed answer.",
                    refusals=(*UNPROVEN, RefusalCode.CODE_MALFORMED, RefusalCode.LEDGER_DRIFT),
                ),
                RawOperation(
                    path="/v1/activation-preview",
                    work=activations.preview_code,
                    name="preview_code",
                    summary="A site asks what a code would start: signed as an activation is, and nothing begins.",
                    refusals=(*UNPROVEN, RefusalCode.CODE_MALFORMED, RefusalCode.LEDGER_DRIFT),
                ),
                RawOperation(
                    path="/v1/sync",
                    work=synchronization.synchronize,
                    begin=synchronization.begin_synchronizing,
                    name="synchronize",
                    summary="A site synchronizes: a signed request, a signed answer.",
                    refusals=UNPROVEN,
                ),
            ),
            pages=(front_page(_front_page(context)),),
            authenticate=make_authenticator(context),
            pacing=pacing,
            middleware=MiddlewareParts(
                clock=context.clock,
                ticks=ticks,
                observers=(metrics, log_requests(_requests, quiet=("/v1/sync", "/livez", "/readyz"))),
            ),
            lifespan=(_background_tasks(context, self_check, shared, written),) if sweeping else (),
        )
    )
    metrics.watch_in_flight(lambda: api.in_flight)
    return api


def _front_page(context: ServerContext) -> FrontPage:
    return FrontPage(
        name="Tenure activation server",
        version=__version__,
        about="It gives out and renews licenses. Applications and administration servers talk to it; there is nothing "
        "to click here.",
        portal=context.portal_url,
    )


BUSINESS: tuple[Callable[[ServerContext], OperationGroup], ...] = (
    CatalogOperations, ProviderOperations, CustomerOperations, CreditOperations, TokenOperations, OfferOperations,
    PolicyOperations, BoundsOperations, ListOperations, BoardOperations, SubscriptionOperations,
    SeatConflictOperations, OrderRequestOperations, ConfirmationOperations, CodeOperations, MoneyOperations,
    PaymentOperations, NotificationOperations, GatewayOperations, BrandOperations, ObservationOperations,
    WebhookOperations, DeliveryOperations, EmailOperations,
)  # fmt: skip
ACCESS: tuple[Callable[[ServerContext], OperationGroup], ...] = (
    SignInOperations,
    OwnAccountOperations,
    AccountSecurityOperations,
    TeamOperations,
    InvitationOperations,
    PasswordResetOperations,
    AuditOperations,
)


def _tenants_operations(context: ServerContext, pacing: CallerPacing) -> Iterator[Operation]:
    business = [_naming_a_tenant(one) for group in BUSINESS for one in group(context).operations()]
    yield from business
    # A batch holds operations of the business; passwords and sessions have no place in one.
    yield from BatchOperation(tuple(business), context.clock, pacing).operations()
    yield from (_naming_a_tenant(one) for group in ACCESS for one in group(context).operations())


def _naming_a_tenant(one: Operation) -> Operation:
    """Who may name a provider may name one that does not exist; the documentation says so."""
    if all(query.name != "provider" for query in one.query_inputs):
        return one
    return msgspec.structs.replace(one, refusals=(*one.refusals, RefusalCode.NOT_FOUND))


def _prepare_histories(context: ServerContext) -> PrepareRequest:
    async def prepare(caller: Principal, named: Mapping[str, Any]) -> None:
        provider = caller.provider or str(named.get("provider") or "")
        about, customer = str(named.get("subscription") or ""), caller.customer or str(named.get("customer") or "")
        if provider and (about or customer):
            await unfold_histories(context.db, provider, about, customer)

    return prepare


def _store_works(context: ServerContext) -> Callable[[], Any]:
    async def check() -> bool:
        def one(conn: Connection) -> bool:
            return conn.exec_driver_sql("select 1").scalar() == 1

        return await context.db.read(one)

    return check


def _claims_check(context: ServerContext) -> Callable[[], Awaitable[bool]]:
    """Whether this process is the one that verifies the histories now."""

    async def claim() -> bool:
        if not context.db.is_shared:
            return True
        try:
            turn = await context.db.write(meta.claim_turn, "self check", context.clock(), self_checks.EVERY // 2)
        except Exception:  # the database may be away: the next turn finds out
            return False
        return turn is True

    return claim


@asynccontextmanager
async def _background_tasks(
    context: ServerContext,
    self_check: SelfCheck | None,
    shared: SharedCounters | None,
    written: Coroutine[Any, Any, None] | None,
) -> AsyncIterator[None]:
    checks = () if self_check is None else (self_check.run(_claims_check(context)),)
    watched = None if shared is None else SharedStateWatch(context, shared)
    watch = () if watched is None else (watched.run(), watched.exchange_rushes())
    samples = () if written is None else (written,)
    works = (BackgroundSweep(context).run(), OutgoingMessages(context).run(), *checks, *watch, *samples)
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await context.db.close()

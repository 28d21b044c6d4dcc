"""The activation server's API put together from its parts; `main` hands it clock, keys and state."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import msgspec
from prometheus_client import CollectorRegistry, Gauge

from tenure import __version__
from tenure.core.policy import Role
from tenure.core.refusals import Code
from tenure.http.api import Api, Parts
from tenure.http.auth import Rule
from tenure.http.certificates import ServedCertificate
from tenure.http.edge import Border, log_requests
from tenure.http.front import Front, front_page
from tenure.http.health import health_operations
from tenure.http.limits import MemoryCounters, Throttle
from tenure.http.metrics import HttpMetrics, metrics_operation, watch_certificate
from tenure.http.openapi import About
from tenure.http.operations import Operation
from tenure.http.pacing import Pacing
from tenure.http.raw import RawOperation
from tenure.server.activation import Activations
from tenure.server.api.accounts.auditing import Auditing
from tenure.server.api.accounts.inviting import Inviting
from tenure.server.api.accounts.own import Own
from tenure.server.api.accounts.resets import Resets
from tenure.server.api.accounts.securing import Securing
from tenure.server.api.accounts.sessions import Sessions
from tenure.server.api.accounts.signing import Signing
from tenure.server.api.accounts.team import Team
from tenure.server.api.batch import Batch
from tenure.server.api.board import Board
from tenure.server.api.bounds import PolicyBounds
from tenure.server.api.brands import Brands
from tenure.server.api.catalogue import Catalogue
from tenure.server.api.codes import Codes
from tenure.server.api.confirming import Confirming
from tenure.server.api.credit import Credits
from tenure.server.api.customers import Customers
from tenure.server.api.deliveries import Deliveries
from tenure.server.api.gateways import Gateways
from tenure.server.api.keys import Keys
from tenure.server.api.letters import Letters
from tenure.server.api.lists import Lists
from tenure.server.api.money import Money
from tenure.server.api.notices import Notices
from tenure.server.api.notifications import Notifications
from tenure.server.api.observed import Observed
from tenure.server.api.offers import Offers
from tenure.server.api.offline import Offline
from tenure.server.api.order_requests import OrderRequests
from tenure.server.api.payments import Payments
from tenure.server.api.policy import Policies
from tenure.server.api.providers import Providers
from tenure.server.api.seat_conflicts import SeatConflicts
from tenure.server.api.subscriptions import Subscriptions
from tenure.server.api.tokens import Tokens
from tenure.server.api.trust import Trust
from tenure.server.api.webhooks import Webhooks
from tenure.server.authenticating import authenticator
from tenure.server.context import Context
from tenure.server.messages.running import Outgoing, show_queues
from tenure.server.self_check import SelfCheck
from tenure.server.sweep import Sweep
from tenure.server.sync import Synchronisation
from tenure.store.engine import Connection

METRICS = Rule("metrics:read", frozenset({Role.VENDOR}))
UNPROVEN = (
    Code.MESSAGE_MALFORMED, Code.MESSAGE_TOO_LARGE, Code.TYPE_UNEXPECTED, Code.EXTENSION_UNKNOWN, Code.KEY_UNKNOWN,
    Code.SIGNATURE_INVALID, Code.NO_SIGNING_KEY,
)  # fmt: skip
"""What a signed message is refused with before anything in it is believed: unsigned, so inconclusive to a client."""

_requests = logging.getLogger("tenure.server.requests")


def build(
    context: Context,
    ticks: Callable[[], float],
    *,
    sweeping: bool = True,
    certificate: ServedCertificate | None = None,
    self_check: SelfCheck | None = None,
) -> Api:
    """The application; `ticks` is a monotonic counter in seconds. Without `sweeping` nothing runs in the background.

    `certificate`: what the server shows, for its metrics alone. `self_check` runs in the background too.
    """
    registry = CollectorRegistry()
    if certificate is not None:
        watch_certificate(certificate, registry)
    metrics = HttpMetrics(registry)
    drift = Gauge("tenure_ledger_drift", "Accounts whose balance differs from their postings.", registry=registry)
    drift.set_function(lambda: len(context.stopped_money))
    show_queues(context, registry)
    if self_check is not None:
        self_check.show(registry)
    throttle = Throttle(MemoryCounters(), ticks, context.clock)
    pacing = Pacing(throttle)
    activations, synchronisation = Activations(context, throttle), Synchronisation(context, throttle)
    api = Api(
        Parts(
            about=About(title="Tenure activation server", version=__version__),
            operations=(
                *_tenants_operations(context, pacing),
                *map(_naming_a_tenant, Offline(context, synchronisation, activations).operations()),
                *Trust(context).operations(),
                *Keys(context).operations(),
                *Notices(context).operations(),
                *health_operations({"store": _store_works(context)}),
                metrics_operation(registry, METRICS),
            ),
            raw=(
                RawOperation(
                    path="/v1/activate",
                    work=activations.activate,
                    name="activate",
                    summary="A site applies an activation code: a signed request, a signed answer.",
                    refusals=(*UNPROVEN, Code.CODE_MALFORMED, Code.LEDGER_DRIFT),
                ),
                RawOperation(
                    path="/v1/look",
                    work=activations.look,
                    name="look",
                    summary="A site asks what a code would start: signed as an activation is, and nothing begins.",
                    refusals=(*UNPROVEN, Code.CODE_MALFORMED, Code.LEDGER_DRIFT),
                ),
                RawOperation(
                    path="/v1/sync",
                    work=synchronisation.synchronise,
                    name="synchronise",
                    summary="A site synchronises: a signed request, a signed answer.",
                    refusals=UNPROVEN,
                ),
            ),
            pages=(front_page(_front(context)),),
            authenticate=authenticator(context),
            pacing=pacing,
            border=Border(
                clock=context.clock,
                ticks=ticks,
                observers=(metrics, log_requests(_requests, quiet=("/v1/sync", "/livez", "/readyz"))),
            ),
            lifespan=(_sweeping(context, self_check),) if sweeping else (),
        )
    )
    metrics.watch_in_flight(lambda: api.in_flight)
    return api


def _front(context: Context) -> Front:
    return Front(
        name="Tenure activation server",
        version=__version__,
        about="It gives out and renews licenses. Applications and administration servers talk to it; there is nothing "
        "to click here.",
        portal=context.portal_url,
    )


class Group(Protocol):
    """Operations about one subject."""

    def operations(self) -> tuple[Operation, ...]:
        """All of them."""
        ...


BUSINESS: tuple[Callable[[Context], Group], ...] = (
    Catalogue, Providers, Customers, Credits, Tokens, Offers, Policies, PolicyBounds, Lists, Board, Subscriptions,
    SeatConflicts, OrderRequests, Confirming, Codes, Money, Payments, Notifications, Gateways, Brands, Observed,
    Webhooks, Deliveries, Letters,
)  # fmt: skip
ACCESS: tuple[Callable[[Context], Group], ...] = (Signing, Own, Securing, Sessions, Team, Inviting, Resets, Auditing)


def _tenants_operations(context: Context, pacing: Pacing) -> Iterator[Operation]:
    business = [_naming_a_tenant(one) for group in BUSINESS for one in group(context).operations()]
    yield from business
    # Several at once is for what is sold: passwords and sessions are nobody's batch.
    yield from Batch(tuple(business), context.clock, pacing).operations()
    yield from (_naming_a_tenant(one) for group in ACCESS for one in group(context).operations())


def _naming_a_tenant(one: Operation) -> Operation:
    """Who may name a provider may name one that does not exist; the documentation says so."""
    if all(query.name != "provider" for query in one.queries):
        return one
    return msgspec.structs.replace(one, refusals=(*one.refusals, Code.NOT_FOUND))


def _store_works(context: Context) -> Callable[[], Any]:
    async def check() -> bool:
        def one(conn: Connection) -> bool:
            return conn.exec_driver_sql("select 1").scalar() == 1

        return await context.db.read(one)

    return check


@asynccontextmanager
async def _sweeping(context: Context, self_check: SelfCheck | None) -> AsyncIterator[None]:
    checks = () if self_check is None else (self_check.run(),)
    tasks = [asyncio.create_task(work) for work in (Sweep(context).run(), Outgoing(context).run(), *checks)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await context.db.close()

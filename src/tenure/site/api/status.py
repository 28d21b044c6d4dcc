"""The site at a glance, and its events."""

from typing import Annotated, Literal

import msgspec

from tenure import __version__
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage
from tenure.http.responses import ApiResponse, empty_response, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.site.api.event_views import SiteEventView, event_view
from tenure.site.api.local import LOOKS, WORKS, LocalChange, LocalOperations
from tenure.site.api.views import optional_rfc3339
from tenure.site.license import ProductLicense
from tenure.site.store import devices, events, pools
from tenure.site.store.writer import Connection

Severity = Literal["info", "warning", "critical"]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class ProductStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One product in a line."""

    product: str
    phase: str
    cause: str
    message: str
    until: str | None
    """The next instant at which anything changes without any action or contact."""
    paid_until: str | None
    contact_until: str | None
    """How long it goes on without any further contact."""
    in_use: int
    waiting: int
    allotment: int
    device_limit: int
    next_contact: str | None


class SiteStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The site."""

    name: str
    version: str
    server: str
    sandbox: bool
    key: str
    """Id of the site's own key."""
    device_host: str
    device_port: int
    root_version: int
    root_fingerprint: str
    now: str
    clock_plausible: bool
    products: tuple[ProductStatus, ...]


class SeenUpTo(RequestBody, frozen=True, kw_only=True):
    """Which events a user has seen."""

    number: Number
    severity: Severity | None = None
    """Of this severity only."""


class Acknowledged(msgspec.Struct, frozen=True):
    """How many were new."""

    acknowledged: int


class StatusOperations(LocalOperations):
    """The operations."""

    @operation_at("GET", "/v1/status", LOOKS)
    async def read_status(self) -> SiteStatus:
        """Reads how the site is, product by product."""
        site = self._local.site
        now = next(iter(site.licenses.values())).keeper.holder.now()
        root = next(iter(site.licenses.values())).keeper.holder.root
        products = await self._local.read_tx(
            lambda conn: tuple(_product_view(conn, license_) for license_ in site.licenses.values())
        )
        return SiteStatus(
            name=site.name,
            version=__version__,
            server=site.settings.server,
            sandbox=site.settings.sandbox,
            key=site.secrets.site_signer.key_id,
            device_host=site.device_host,
            device_port=self._local.device_port(),
            root_version=root.version,
            root_fingerprint=root.fingerprint(),
            now=format_rfc3339(now.instant),
            clock_plausible=now.estimate.is_plausible,
            products=products,
        )

    @operation_at("GET", "/v1/events", LOOKS)
    async def list_events(
        self,
        paging: PageRequest,
        severity: Severity | None = None,
        product: str = "",
        kind: str = "",
        new: bool = False,
    ) -> ResultPage[SiteEventView] | Refused:
        """Lists what happened, latest first; `new` asks for events that no user has acknowledged yet.

        Kept for 30 days (info), 90 (warning) and 180 (critical).
        """
        return await self._local.read_page(
            paging,
            events.EventPlace,
            lambda conn, before, most: events.page(
                conn, severity or "", before, most, product=product, kind=kind, new=new
            ),
            lambda event: events.EventPlace(event.at, event.number),
            event_view,
        )

    @operation_at("PUT", "/v1/events/{event}/acknowledgment", WORKS, status=204)
    async def acknowledge_event(self, request: LocalChange, event: Number) -> ApiResponse[None]:
        """Marks an event as seen."""

        def work(conn: Connection, _: Instant) -> ApiResponse[None] | Refused:
            return (
                empty_response() if events.acknowledge(conn, event) else Refused(RefusalCode.NOT_FOUND, field="event")
            )

        return await self._write(request, work)

    @operation_at("PUT", "/v1/events-acknowledgment", WORKS)
    async def acknowledge_events(self, request: LocalChange, body: SeenUpTo) -> ApiResponse[Acknowledged]:
        """Marks every event up to a number as seen."""

        def work(conn: Connection, _: Instant) -> ApiResponse[Acknowledged]:
            return json_response(Acknowledged(events.acknowledge_all(conn, body.number, body.severity or "")))

        return await self._write(request, work)


def _product_view(conn: Connection, license_: ProductLicense) -> ProductStatus:
    standing, lease = license_.keeper.holder.standing(), license_.take_snapshot().lease_terms
    return copy_fields(
        ProductStatus,
        standing,
        product=license_.product,
        phase=standing.phase.value,
        cause=standing.cause.value,
        in_use=pools.get_pool(conn, license_.product).counted,
        waiting=devices.count_waiting(conn, license_.product),
        device_limit=0 if lease is None else lease.limit,
        next_contact=optional_rfc3339(license_.keeper.next_contact_at()),
    )

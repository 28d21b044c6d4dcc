"""Sites as they report, the feed of what happened, and the sandbox clock."""

from typing import Annotated, Any

import msgspec

from tenure.core.business.decide.places import twin_of
from tenure.core.lease.standing import OutageAmnesty
from tenure.core.periods import parse_instant
from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.occupied_place import OccupiedPlace
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.server import account_repository, allotments, forks
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Id
from tenure.server.api.operations import ServerOperations, TenantChange, TenantQuery
from tenure.server.context import Tenant
from tenure.server.notices import current_outages
from tenure.server.places import is_alone
from tenure.server.roles import PROVIDER_STAFF
from tenure.server.views import optional_rfc3339
from tenure.store import outbox, places, sites, subscriptions, tenants
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow
from tenure.store.tenants import ProviderClock
from tenure.store.users import TeamPlace

READ_SITES = AccessRule("sites:read")
READ_EVENTS = AccessRule("events:read", PROVIDER_STAFF)
CLOCK = AccessRule("sandbox:write", PROVIDER_STAFF)
EventNumber = Annotated[int, msgspec.Meta(ge=0, le=2**53, description="Only events with a greater number.")]
YEARS = 100 * 366 * 86_400


class CopyView(msgspec.Struct, frozen=True, kw_only=True):
    """One of the copies of a site: `current` shows the state token given last, a `copy` one that was replaced."""

    which: str
    at: str | None
    serial: int
    epoch: int
    version: str
    devices: int
    path: str
    clock: str | None
    """Its own clock, where it is known."""
    running_seconds: int


class ForkView(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence of both sides, until a user says what the copies are (B9)."""

    found: str
    copies: tuple[CopyView, ...]


class PartView(msgspec.Struct, frozen=True, kw_only=True):
    """What a site takes out of its subscription's pool."""

    held: int
    """Devices it may be going by, as far as is known; 0 once they were given to others."""
    promised_until: str | None
    """When its leases and its devices' seats end at the latest, whether it is heard of or not."""
    silent: bool
    """Whether all that is over and it is waited for still: that can be ended (`free-allotment`)."""
    free_at: str | None
    """When what it holds goes to the others if it stays silent; null once it has."""
    unheard: bool
    """Whether it has yet to come since the server was put back from a backup: it may hold more than is known."""


class ReportedSite(msgspec.Struct, frozen=True, kw_only=True):
    """An installation as it last reported."""

    id: str
    name: str
    installation: str
    """`server`: an administration server; `standalone`: an application on its own, which is one device."""
    ephemeral: bool
    """Whether it has short leases, as a container has, and is collected after the last one."""
    in_use: bool
    """False once it left or was made to leave; what it holds counts until `part.promised_until`."""
    twin: str | None
    """Another installation of the subscription on hardware that matches; told where one subscription is asked for."""
    customer: str
    product: str
    subscription: str
    successor: str | None
    version: str
    serial: int
    epoch: int
    allotment: int
    part: PartView
    devices: int
    last_contact: str | None
    next_contact_by: str | None
    last_trigger: str
    last_path: str
    forked: bool
    fork: ForkView | None


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened; `seq` is gapless per provider, but for a restore."""

    seq: int
    kind: str
    subscription: str | None
    since: str
    created: str
    data: msgspec.Raw


class EventPage(ResultPage[EventView], frozen=True):
    """One page of events; `after` is the number to go on from, now or later, also on the last page."""

    after: int = 0


NEVER_GIVEN = (
    "No event has this number: it is of another server, or of a database that was replaced without `tenure restore`."
    " Begin with after=0; what was told before keeps its number and its webhook-id."
)


class ClockBody(RequestBody, frozen=True, kw_only=True):
    """Where the sandbox's clock shall stand, and how fast it runs: 0 frozen, 1 real, n times as fast."""

    now: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    rate: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's clock."""

    now: str
    rate: int
    sandbox: bool


class ObservationOperations(ServerOperations):
    """The operations on what is reported."""

    @operation_at("GET", "/v1/sites", READ_SITES)
    async def list_sites(
        self, request: TenantQuery, paging: PageRequest, subscription: Id | None = None
    ) -> ResultPage[ReportedSite]:
        """Lists sites as they last reported."""

        def rows(conn: Connection, tenant: Tenant, after: str, most: int) -> list[ReportedSite]:
            found = _visible_sites(conn, tenant, subscription, after, most)
            return self._site_views(conn, tenant, found, twins=subscription is not None)

        return await self._list_as(request, paging, rows)

    @operation_at("GET", "/v1/sites/{site}", READ_SITES)
    async def read_site(self, request: TenantQuery, site: Id) -> ReportedSite:
        """Reads a site as it last reported."""

        def work(conn: Connection, tenant: Tenant) -> ReportedSite | Refused:
            found = sites.of_tenant(conn, tenant.id, site)
            if found is None or not tenant.may_see(found.customer):
                return Refused(RefusalCode.NOT_FOUND, field="site")
            return self._site_views(conn, tenant, [found], twins=True)[0]

        return await self._read_as(request, work)

    def _site_views(self, conn: Connection, tenant: Tenant, found: list[SiteRow], *, twins: bool) -> list[ReportedSite]:
        """The installations as shown; `twins` are looked for in the history of the first one's subscription."""
        held = places.of_sites(conn, [each.id for each in found])
        known = {(each.site, each.subscription): each for each in held}
        sub = account_repository.load_subscription(conn, tenant.id, found[0].subscription) if twins and found else None
        floor, published = self._context.epoch_floor, current_outages(conn)
        return [
            msgspec.structs.replace(
                site_view(each, known.get((each.id, each.subscription)), published, tenant.now, floor),
                twin=None if sub is None else twin_of(sub, each.id),
            )
            for each in found
        ]

    @operation_at("GET", "/v1/events", READ_EVENTS)
    async def list_events(
        self, request: TenantQuery, paging: PageRequest, after: EventNumber | None = None
    ) -> EventPage:
        """What happened, in a gapless sequence per provider; keep the page's `after` and go on from there.

        Only a restore of the server leaves a gap: numbers that were given once are never given again.
        """
        cursor = accept(paging.after_key(int))
        # The link to the next page keeps `after`: the cursor is further on.
        begin = cursor or after or 0

        def work(conn: Connection, tenant: Tenant) -> list[EventView] | Refused:
            if begin > outbox.last_number(conn, tenant.id):
                return Refused(RefusalCode.FIELD_INVALID, NEVER_GIVEN, "after" if cursor is None else "cursor")
            return [event_view(note) for note in outbox.notes_after(conn, tenant.id, begin, paging.limit + 1)]

        found = await self._read_as(request, work)
        page = cut_page(found, paging.limit, lambda each: each.seq)
        return EventPage(page.items, page.next, after=page.items[-1].seq if page.items else begin)

    @operation_at("GET", "/v1/sandbox/clock", CLOCK)
    async def read_clock(self, request: TenantQuery) -> ClockView:
        """Reads the provider's clock; a sandbox has its own (B5)."""
        return await self._read_as(request, lambda conn, tenant: clock_view(tenant.provider, tenant.real))

    @operation_at("PUT", "/v1/sandbox/clock", CLOCK, refusals=[RefusalCode.SANDBOX_ONLY, RefusalCode.CLOCK_BACKWARDS])
    async def set_clock(self, request: TenantChange, body: ClockBody) -> ApiResponse[ClockView]:
        """Moves a sandbox's clock, forwards only."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any] | Refused:
            if tenant.provider.clock is None:
                return Refused(RefusalCode.SANDBOX_ONLY)
            moment = accept(tenant.now if body.now is None else parse_instant(body.now, "now"))
            if moment > tenant.real + YEARS:
                return Refused(RefusalCode.FIELD_INVALID, "A sandbox's clock stays within a hundred years.", "now")
            rate = tenant.provider.clock.rate if body.rate is None else body.rate
            moved = accept(tenants.set_clock(conn, tenant.id, ProviderClock(moment, tenant.real, rate)))
            place, detail = TeamPlace(tenant.id), f"to {format_rfc3339(moment)}, {format_count(rate, 'time')} as fast"
            record_audit(conn, place, request, "sandbox_clock_set", detail, tenant.real, about=tenant.id)
            return json_response(clock_view(moved, tenant.real))

        return await self._write_as(request, work)


def _visible_sites(conn: Connection, tenant: Tenant, subscription: str | None, after: str, most: int) -> list[SiteRow]:
    """The sites that the caller may see: a customer's are found by its subscriptions, so that no page has holes."""
    if not tenant.customer:
        return sites.page(conn, tenant.id, subscription, after, most)
    owned = [each.id for each in subscriptions.of_customer(conn, tenant.id, tenant.customer)]
    wanted = [name for name in owned if subscription in {None, name}]
    found = {site.id: site for name in wanted for site in sites.page(conn, tenant.id, name, after, most)}
    return sorted((site for site in found.values() if tenant.may_see(site.customer)), key=lambda site: site.id)[:most]


def site_view(
    site: SiteRow,
    place: OccupiedPlace | None,
    published: tuple[OutageAmnesty, ...],
    now: Instant,
    restored: Instant,
) -> ReportedSite:
    """An installation as shown; `place`: an application's in its subscription; `published`: amnesties; `restored`: when
    the server was last put back from a backup, or 0."""
    if is_alone(site):
        part, devices = _place_view(site, place, published, now, restored), int(site.state != allotments.LEFT)
    else:
        part, devices = _part_view(site, published, now, restored), site.devices
    return copy_fields(
        ReportedSite,
        site,
        ephemeral=bool(site.ephemeral),
        in_use=site.state != allotments.LEFT,
        twin=None,
        part=part,
        devices=devices,
        next_contact_by=optional_rfc3339(site.next_sync),
        forked=site.forked_at is not None,
        fork=_fork_view(site),
    )


def _place_view(
    site: SiteRow,
    place: OccupiedPlace | None,
    published: tuple[OutageAmnesty, ...],
    now: Instant,
    restored: Instant,
) -> PartView:
    """An application's place: one device, as long as its word runs or its silence is waited for."""
    until = 0 if place is None else place.runs_until(published)
    waited = bool(until and place is not None and place.waits)
    return PartView(
        held=int(now < until or waited),
        promised_until=optional_rfc3339(until or None),
        silent=bool(waited and until <= now),
        free_at=optional_rfc3339(until) if until and not waited else None,
        unheard=allotments.is_unheard(site, restored),
    )


def _part_view(site: SiteRow, published: tuple[OutageAmnesty, ...], now: Instant, restored: Instant) -> PartView:
    share = allotments.pools_of(site).part_of(site.subscription).prolonged(published)
    held, unheard = share.counted_at(now), allotments.is_unheard(site, restored)
    return PartView(
        held=held,
        promised_until=optional_rfc3339(share.promised_until or None),
        silent=bool(0 < share.promised_until <= now and not share.agreed and (held or unheard)),
        free_at=optional_rfc3339(share.freed_at) if held else None,
        unheard=unheard,
    )


def _fork_view(site: SiteRow) -> ForkView | None:
    found = forks.fork_shown(site, None, 0)
    if found is None:
        return None
    return ForkView(
        found=format_rfc3339(found.found),
        copies=tuple(
            copy_fields(
                CopyView,
                each,
                at=optional_rfc3339(each.at or None),
                clock=optional_rfc3339(each.wall or None),
                running_seconds=each.uptime,
            )
            for each in found.copies
        ),
    )


def event_view(note: outbox.OutboxNote) -> EventView:
    """A note as shown."""
    return copy_fields(EventView, note, data=msgspec.Raw(note.body))


def clock_view(provider: tenants.ProviderRow, real: Instant) -> ClockView:
    """A clock as shown."""
    clock = provider.clock
    now = clock.now_at(real) if clock else real
    return ClockView(now=format_rfc3339(now), rate=clock.rate if clock else 1, sandbox=provider.sandbox)

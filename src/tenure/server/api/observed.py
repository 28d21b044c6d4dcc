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
from tenure.http.auth import AccessRule, Principal
from tenure.http.body_types import RequestBody
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.server import account_repository, allotments, forks
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Id
from tenure.server.context import ServerOperations, Tenant, tenant_of
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
        self, caller: Principal, paging: PageRequest, provider: Id | None = None, subscription: Id | None = None
    ) -> ResultPage[ReportedSite] | Refused:
        """Lists sites as they last reported."""
        after = paging.after_key(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, real: Instant) -> list[ReportedSite] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            found = _visible_sites(conn, tenant, subscription, after or "", paging.limit + 1)
            return self._site_views(conn, tenant, found, twins=subscription is not None)

        found = await self._context.read_tx(work)
        if isinstance(found, Refused):
            return found
        return cut_page(found, paging.limit, lambda each: each.id)

    @operation_at("GET", "/v1/sites/{site}", READ_SITES)
    async def read_site(self, caller: Principal, site: Id, provider: Id | None = None) -> ReportedSite | Refused:
        """Reads a site as it last reported."""

        def work(conn: Connection, real: Instant) -> ReportedSite | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            found = sites.of_tenant(conn, tenant.id, site)
            if found is None or not tenant.may_see(found.customer):
                return Refused(RefusalCode.NOT_FOUND, field="site")
            return self._site_views(conn, tenant, [found], twins=True)[0]

        return await self._context.read_tx(work)

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
        self, caller: Principal, paging: PageRequest, provider: Id | None = None, after: EventNumber | None = None
    ) -> EventPage | Refused:
        """What happened, in a gapless sequence per provider; keep the page's `after` and go on from there.

        Only a restore of the server leaves a gap: numbers that were given once are never given again.
        """
        cursor = paging.after_key(int)
        if isinstance(cursor, Refused):
            return cursor
        # The link to the next page keeps `after`: the cursor is further on.
        begin = cursor or after or 0

        def work(conn: Connection, tenant: Tenant) -> list[EventView] | Refused:
            if begin > outbox.last_number(conn, tenant.id):
                return Refused(RefusalCode.FIELD_INVALID, NEVER_GIVEN, "after" if cursor is None else "cursor")
            return [event_view(note) for note in outbox.notes_after(conn, tenant.id, begin, paging.limit + 1)]

        found = await self._context.read_as(caller, provider, work)
        if isinstance(found, Refused):
            return found
        page = cut_page(found, paging.limit, lambda each: each.seq)
        return EventPage(page.items, page.next, after=page.items[-1].seq if page.items else begin)

    @operation_at("GET", "/v1/sandbox/clock", CLOCK)
    async def read_clock(self, caller: Principal, provider: Id | None = None) -> ClockView | Refused:
        """Reads the provider's clock; a sandbox has its own (B5)."""

        def work(conn: Connection, real: Instant) -> ClockView | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            return tenant if isinstance(tenant, Refused) else clock_view(tenant.provider, real)

        return await self._context.read_tx(work)

    @operation_at("PUT", "/v1/sandbox/clock", CLOCK, refusals=[RefusalCode.SANDBOX_ONLY, RefusalCode.CLOCK_BACKWARDS])
    async def set_clock(
        self,
        caller: Principal,
        body: ClockBody,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[ClockView] | Refused:
        """Moves a sandbox's clock, forwards only."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            if tenant.provider.clock is None:
                return Refused(RefusalCode.SANDBOX_ONLY)
            moment = tenant.now if body.now is None else parse_instant(body.now, "now")
            if isinstance(moment, Refused):
                return moment
            if moment > real + YEARS:
                return Refused(RefusalCode.FIELD_INVALID, "A sandbox's clock stays within a hundred years.", "now")
            rate = tenant.provider.clock.rate if body.rate is None else body.rate
            moved = tenants.set_clock(conn, tenant.id, ProviderClock(moment, real, rate))
            if isinstance(moved, Refused):
                return moved
            detail = f"to {format_rfc3339(moment)}, {format_count(rate, 'time')} as fast"
            record_audit(
                conn, TeamPlace(tenant.id), caller, address, "sandbox_clock_set", detail, real, about=tenant.id
            )
            return json_response(clock_view(moved, real))

        return await self._context.write_tx(dry_run, work)


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
    alone = is_alone(site)
    return ReportedSite(
        id=site.id,
        name=site.name,
        installation=site.installation,
        ephemeral=bool(site.ephemeral),
        in_use=site.state != allotments.LEFT,
        twin=None,
        customer=site.customer,
        product=site.product,
        subscription=site.subscription,
        successor=site.successor,
        version=site.version,
        serial=site.serial,
        epoch=site.epoch,
        allotment=site.allotment,
        part=_place_view(site, place, published, now, restored)
        if alone
        else _part_view(site, published, now, restored),
        devices=int(site.state != allotments.LEFT) if alone else site.devices,
        last_contact=optional_rfc3339(site.last_contact),
        next_contact_by=optional_rfc3339(site.next_sync),
        last_trigger=site.last_trigger,
        last_path=site.last_path,
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
            CopyView(
                which=each.which,
                at=optional_rfc3339(each.at or None),
                serial=each.serial,
                epoch=each.epoch,
                version=each.version,
                devices=each.devices,
                path=each.path,
                clock=optional_rfc3339(each.wall or None),
                running_seconds=each.uptime,
            )
            for each in found.copies
        ),
    )


def event_view(note: outbox.OutboxNote) -> EventView:
    """A note as shown."""
    return EventView(
        seq=note.seq,
        kind=note.kind,
        subscription=note.subscription,
        since=format_rfc3339(note.since),
        created=format_rfc3339(note.created),
        data=msgspec.Raw(note.body),
    )


def clock_view(provider: tenants.ProviderRow, real: Instant) -> ClockView:
    """A clock as shown."""
    clock = provider.clock
    now = clock.now_at(real) if clock else real
    return ClockView(now=format_rfc3339(now), rate=clock.rate if clock else 1, sandbox=provider.sandbox)

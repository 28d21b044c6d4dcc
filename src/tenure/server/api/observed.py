"""Sites as they report, the feed of what happened, and the sandbox clock."""

from typing import Annotated, Any

import msgspec

from tenure.core.decide.places import twin_of
from tenure.core.periods import parse_instant
from tenure.core.plurals import format_count
from tenure.core.refusals import Code, Refused
from tenure.core.standing import Amnesty, moved_by
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.fields import Body
from tenure.http.inputs import Address
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server import books, forks, shares
from tenure.server.api.accounts.places import note
from tenure.server.api.fields import Id
from tenure.server.context import Context, Tenant, tenant_of
from tenure.server.notices import outages
from tenure.server.places import is_alone
from tenure.server.roles import DESK
from tenure.server.views import shown
from tenure.store import outbox, people, places, sites, subscriptions
from tenure.store.engine import Connection
from tenure.store.people import SandboxClock
from tenure.store.persons import Place
from tenure.store.sites import Site

READ_SITES = Rule("sites:read")
READ_EVENTS = Rule("events:read", DESK)
CLOCK = Rule("sandbox:write", DESK)
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
    """The evidence of both sides, while nobody has said what the copies are (B9)."""

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


class EventPage(Page[EventView], frozen=True):
    """One page of events; `after` is the number to go on from, now or later, also on the last page."""

    after: int = 0


NEVER_GIVEN = (
    "No event has this number: it is of another server, or of a database that was replaced without `tenure restore`."
    " Begin with after=0; what was told before keeps its number and its webhook-id."
)


class ClockBody(Body, frozen=True, kw_only=True):
    """Where the sandbox's clock shall stand, and how fast it runs: 0 frozen, 1 real, n times as fast."""

    now: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    rate: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's clock."""

    now: str
    rate: int
    sandbox: bool


class Observed:
    """The operations on what is reported."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list_sites(
        self, caller: Principal, paging: Paging, provider: Id | None = None, subscription: Id | None = None
    ) -> Page[ReportedSite] | Refused:
        """Lists sites as they last reported."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after

        def work(conn: Connection, real: Instant) -> list[ReportedSite] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            found = _visible(conn, tenant, subscription, after or "", paging.limit + 1)
            return self._shown(conn, tenant, found, twins=subscription is not None)

        found = await self._context.read(work)
        if isinstance(found, Refused):
            return found
        return cut_page(found, paging.limit, lambda each: each.id)

    async def read_site(self, caller: Principal, site: Id, provider: Id | None = None) -> ReportedSite | Refused:
        """Reads a site as it last reported."""

        def work(conn: Connection, real: Instant) -> ReportedSite | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            found = sites.of_tenant(conn, tenant.id, site)
            if found is None or not tenant.owns(found.customer):
                return Refused(Code.NOT_FOUND, field="site")
            return self._shown(conn, tenant, [found], twins=True)[0]

        return await self._context.read(work)

    def _shown(self, conn: Connection, tenant: Tenant, found: list[Site], *, twins: bool) -> list[ReportedSite]:
        """The installations as shown; `twins` are looked for in the history of the first one's subscription."""
        held = places.of_sites(conn, [each.id for each in found])
        known = {(each.site, each.subscription): each for each in held}
        sub = books.subscription(conn, tenant.id, found[0].subscription) if twins and found else None
        floor, published = self._context.epoch_floor, outages(conn)
        return [
            msgspec.structs.replace(
                site_view(each, known.get((each.id, each.subscription)), published, tenant.now, floor),
                twin=None if sub is None else twin_of(sub, each.id),
            )
            for each in found
        ]

    async def list_events(
        self, caller: Principal, paging: Paging, provider: Id | None = None, after: EventNumber | None = None
    ) -> EventPage | Refused:
        """What happened, in a gapless sequence per provider; keep the page's `after` and go on from there.

        Only a restore of the server leaves a gap: numbers that were given once are never given again.
        """
        cursor = paging.after(int)
        if isinstance(cursor, Refused):
            return cursor
        # The link to the next page keeps `after`: the cursor is further on.
        begin = cursor or after or 0

        def work(conn: Connection, tenant: Tenant) -> list[EventView] | Refused:
            if begin > outbox.last(conn, tenant.id):
                return Refused(Code.FIELD_INVALID, NEVER_GIVEN, "after" if cursor is None else "cursor")
            return [event_view(note) for note in outbox.page(conn, tenant.id, begin, paging.limit + 1)]

        found = await self._context.read_as(caller, provider, work)
        if isinstance(found, Refused):
            return found
        page = cut_page(found, paging.limit, lambda each: each.seq)
        return EventPage(page.items, page.next, after=page.items[-1].seq if page.items else begin)

    async def read_clock(self, caller: Principal, provider: Id | None = None) -> ClockView | Refused:
        """Reads the provider's clock; a sandbox has its own (B5)."""

        def work(conn: Connection, real: Instant) -> ClockView | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            return tenant if isinstance(tenant, Refused) else clock_view(tenant.provider, real)

        return await self._context.read(work)

    async def set_clock(
        self,
        caller: Principal,
        body: ClockBody,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[ClockView] | Refused:
        """Moves a sandbox's clock, forwards only."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            if tenant.provider.clock is None:
                return Refused(Code.SANDBOX_ONLY)
            moment = tenant.now if body.now is None else parse_instant(body.now, "now")
            if isinstance(moment, Refused):
                return moment
            if moment > real + YEARS:
                return Refused(Code.FIELD_INVALID, "A sandbox's clock stays within a hundred years.", "now")
            rate = tenant.provider.clock.rate if body.rate is None else body.rate
            moved = people.set_clock(conn, tenant.id, SandboxClock(moment, real, rate))
            if isinstance(moved, Refused):
                return moved
            detail = f"to {rfc3339(moment)}, {format_count(rate, 'time')} as fast"
            note(conn, Place(tenant.id), caller, address, "sandbox_clock_set", detail, real, about=tenant.id)
            return made(clock_view(moved, real))

        answer: Answer[ClockView] | Refused = await self._context.write(dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/sites", READ_SITES, self.list_sites),
            operation("GET", "/v1/sites/{site}", READ_SITES, self.read_site),
            operation("GET", "/v1/events", READ_EVENTS, self.list_events),
            operation("GET", "/v1/sandbox/clock", CLOCK, self.read_clock),
            operation(
                "PUT", "/v1/sandbox/clock", CLOCK, self.set_clock, refusals=[Code.SANDBOX_ONLY, Code.CLOCK_BACKWARDS]
            ),
        )


def _visible(conn: Connection, tenant: Tenant, subscription: str | None, after: str, most: int) -> list[Site]:
    """The sites that the caller may see: a customer's are found by its subscriptions, so that no page has holes."""
    if not tenant.customer:
        return sites.page(conn, tenant.id, subscription, after, most)
    owned = [each.id for each in subscriptions.of_customer(conn, tenant.id, tenant.customer)]
    wanted = [name for name in owned if subscription in {None, name}]
    found = {site.id: site for name in wanted for site in sites.page(conn, tenant.id, name, after, most)}
    return sorted((site for site in found.values() if tenant.owns(site.customer)), key=lambda site: site.id)[:most]


def site_view(
    site: Site, place: places.Place | None, published: tuple[Amnesty, ...], now: Instant, restored: Instant
) -> ReportedSite:
    """An installation as shown; `place`: an application's in its subscription; `published`: amnesties; `restored`: when
    the server was last put back from a backup, or 0."""
    alone = is_alone(site)
    return ReportedSite(
        id=site.id,
        name=site.name,
        installation=site.installation,
        ephemeral=bool(site.ephemeral),
        in_use=site.state != shares.LEFT,
        twin=None,
        customer=site.customer,
        product=site.product,
        subscription=site.subscription,
        successor=site.successor,
        version=site.version,
        serial=site.serial,
        epoch=site.epoch,
        allotment=site.allotment,
        part=_place(site, place, published, now, restored) if alone else _part(site, published, now, restored),
        devices=int(site.state != shares.LEFT) if alone else site.devices,
        last_contact=shown(site.last_contact),
        next_contact_by=shown(site.next_sync),
        last_trigger=site.last_trigger,
        last_path=site.last_path,
        forked=site.forked_at is not None,
        fork=_fork(site),
    )


def _place(
    site: Site, place: places.Place | None, published: tuple[Amnesty, ...], now: Instant, restored: Instant
) -> PartView:
    """An application's place: one device, as long as its word runs or its silence is waited for."""
    until = 0 if place is None else place.until + moved_by(place.signed, published)
    waited = bool(until and place is not None and place.waits)
    return PartView(
        held=int(now < until or waited),
        promised_until=shown(until or None),
        silent=bool(waited and until <= now),
        free_at=shown(until) if until and not waited else None,
        unheard=shares.unheard(site, restored),
    )


def _part(site: Site, published: tuple[Amnesty, ...], now: Instant, restored: Instant) -> PartView:
    share = shares.prolonged_part(site, site.subscription, published)
    held, unheard = share.counted(now), shares.unheard(site, restored)
    return PartView(
        held=held,
        promised_until=shown(share.promised_until or None),
        silent=bool(0 < share.promised_until <= now and not share.agreed and (held or unheard)),
        free_at=shown(share.freed_at) if held else None,
        unheard=unheard,
    )


def _fork(site: Site) -> ForkView | None:
    found = forks.shown(site, None, 0)
    if found is None:
        return None
    return ForkView(
        found=rfc3339(found.found),
        copies=tuple(
            CopyView(
                which=each.which,
                at=shown(each.at or None),
                serial=each.serial,
                epoch=each.epoch,
                version=each.version,
                devices=each.devices,
                path=each.path,
                clock=shown(each.wall or None),
                running_seconds=each.uptime,
            )
            for each in found.copies
        ),
    )


def event_view(note: outbox.Note) -> EventView:
    """A note as shown."""
    return EventView(
        seq=note.seq,
        kind=note.kind,
        subscription=note.subscription,
        since=rfc3339(note.since),
        created=rfc3339(note.created),
        data=msgspec.Raw(note.body),
    )


def clock_view(provider: people.Provider, real: Instant) -> ClockView:
    """A clock as shown."""
    clock = provider.clock
    now = clock.read(real) if clock else real
    return ClockView(now=rfc3339(now), rate=clock.rate if clock else 1, sandbox=provider.sandbox)

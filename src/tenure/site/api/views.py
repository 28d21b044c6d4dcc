"""What the local API shows: values with instants in RFC 3339, made from what the site knows; nothing is decided."""

import msgspec

from tenure.core.explain import Remedy
from tenure.core.lease.claims import Lease
from tenure.core.refusals import Refused
from tenure.core.renewal_outlook import carried_on, outlook_sentence
from tenure.core.subscription.device_usage import device_ceiling
from tenure.core.timeline import Instant, Phase, Span, Timeline, cut_at, starting_at
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.sdk.client_state import ClientState
from tenure.sdk.presentation import LicenseStanding, refusal_words
from tenure.site.license import LicenseSnapshot, ProductLicense
from tenure.site.seats import allowed_devices, no_new_seat
from tenure.site.store import devices, pools
from tenure.site.store.writer import Connection
from tenure.wire.messages import AdministratorMessage, SiteCopy


def optional_rfc3339(instant: Instant | None) -> str | None:
    """RFC 3339, or None."""
    return None if instant is None else format_rfc3339(instant)


class SiteSpanView(msgspec.Struct, frozen=True):
    """One stretch of the timeline."""

    since: str
    until: str | None
    phase: str
    cause: str
    features: tuple[str, ...]
    limit: int
    note: str
    expected: bool = False
    """Not paid yet: it comes so because the subscription renews itself and its money is there."""


class SuccessorView(msgspec.Struct, frozen=True):
    """A subscription that waits to follow."""

    begins: str
    plan: str
    plan_name: str
    code_last_group: str
    timeline: tuple[SiteSpanView, ...]


class RefusalReason(msgspec.Struct, frozen=True):
    """Why something is withheld or wrong."""

    code: str
    text: str


class SiteCopyView(msgspec.Struct, frozen=True, kw_only=True):
    """One of the copies of this site, as the activation server has seen it; `current` is the one it goes by."""

    which: str
    at: str | None
    serial: int
    version: str
    devices: int
    path: str
    clock: str | None
    running_seconds: int


class SiteForkView(msgspec.Struct, frozen=True, kw_only=True):
    """Two copies use this site's identity (B9)."""

    found: str | None
    you_are_the_copy: bool
    """This one's state was overtaken by the other's: it protects no new device until it is settled."""
    separated: bool
    """It was decided that this is a second site: `tenure site reset`, then the activation code."""
    restores_left: int
    """How often `restored` may still be said here; after that it takes the provider."""
    copies: tuple[SiteCopyView, ...]


class LicenseView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the Licenses folder, with everything that its page shows."""

    product: str
    phase: str
    cause: str
    message: str
    remedies: tuple[Remedy, ...]
    since: str | None
    until: str | None
    kind: str
    plan: str
    plan_name: str
    provider: str
    renew_url: str
    code_last_group: str
    subscription: str
    paid_until: str | None
    grace_until: str | None
    contact_until: str | None
    features: tuple[str, ...]
    device_limit: int
    ceiling: int
    """The limit with the tolerance that the provider grants: what all servers of the subscription share."""
    allotment: int
    """What this server may protect of it."""
    in_use: int
    waiting: int
    displaced: int
    """Devices that count beyond what the subscription that rules now allows: they keep their seats until those end."""
    free: int
    new_seats: RefusalReason | None
    """Why no new device is protected for the moment, apart from the limit; None when devices may be."""
    min_version: str
    last_answered: str | None
    next_contact: str | None
    pending: bool
    """Whether an activation waits for its answer."""
    refusal: RefusalReason | None
    warnings: tuple[RefusalReason, ...]
    forked: bool
    fork: SiteForkView | None
    path: str
    messages: tuple[AdministratorMessage, ...]
    successor: SuccessorView | None
    renewal: str
    """What is known of the next renewal, for people; empty where nothing renews itself."""
    timeline: tuple[SiteSpanView, ...]
    as_of: str


def license_view(conn: Connection, license_: ProductLicense, look: LicenseSnapshot) -> LicenseView:
    """Everything about one product's license."""
    standing = license_.keeper.holder.standing()
    lease, kept = look.lease_terms, look.kept
    pool, waiting = pools.get_pool(conn, license_.product), devices.count_waiting(conn, license_.product)
    most = 0 if lease is None else allowed_devices(lease)
    barred = None if lease is None else no_new_seat(look, pool)
    return copy_fields(
        LicenseView,
        standing,
        product=license_.product,
        phase=standing.phase.value,
        cause=standing.cause.value,
        kind="" if lease is None else lease.kind,
        code_last_group="" if lease is None else lease.code_last_group,
        subscription="" if lease is None else lease.subscription,
        grace_until=optional_rfc3339(None if lease is None else _grace_until(_draw_spans(lease, look.now), look.now)),
        device_limit=0 if lease is None else lease.limit,
        ceiling=0 if lease is None else device_ceiling(lease.limit, lease.figures.tolerance_percent),
        allotment=most,
        in_use=pool.counted,
        waiting=waiting,
        displaced=devices.count_displaced(conn, license_.product),
        free=max(0, most - pool.counted),
        new_seats=refusal_reason(barred),
        last_answered=optional_rfc3339(kept.contact or None),
        next_contact=optional_rfc3339(license_.keeper.next_contact_at()),
        pending=kept.activation is not None,
        refusal=refusal_reason(standing.refusal),
        warnings=tuple(RefusalReason(each.code.value, refusal_words(each)) for each in standing.warnings),
        forked=kept.forked,
        fork=_fork_view(kept),
        path=f"{kept.path.kind} {kept.path.resolver}".strip(),
        messages=kept.messages,
        successor=_successor_view(license_, standing),
        renewal=_renewal_view(lease, look.now),
        timeline=() if lease is None else expected_spans(lease, look.now),
        as_of=format_rfc3339(look.now),
    )


def _fork_view(kept: ClientState) -> SiteForkView | None:
    fork = kept.fork
    if fork is None and not kept.forked:
        return None
    return SiteForkView(
        found=None if fork is None else format_rfc3339(fork.found),
        you_are_the_copy=kept.forked,
        separated=kept.separated,
        restores_left=0 if fork is None else fork.restores_left,
        copies=() if fork is None else tuple(map(_copy_view, fork.copies)),
    )


def _copy_view(copy: SiteCopy) -> SiteCopyView:
    seen, clock = optional_rfc3339(copy.at or None), optional_rfc3339(copy.wall or None)
    return copy_fields(SiteCopyView, copy, at=seen, clock=clock, running_seconds=copy.uptime)


def _grace_until(timeline: Timeline, now: Instant) -> Instant | None:
    """The end of the first grace that runs or follows."""
    ends = (span.until for span in timeline if span.phase is Phase.GRACE and (span.until is None or now < span.until))
    return next(ends, None)


def _successor_view(license_: ProductLicense, standing: LicenseStanding) -> SuccessorView | None:
    staged = license_.keeper.holder.proven_holdings.successor
    if staged is None or standing.successor_from is None:
        return None
    lease = staged.lease
    return SuccessorView(
        format_rfc3339(lease.nbf), lease.plan, lease.plan_called, lease.code_last_group, span_views(lease.spans)
    )


def _draw_spans(lease: Lease, now: Instant) -> Timeline:
    return carried_on(lease.spans, lease.outlook_at(now), lease.prepaid_until)


def _renewal_view(lease: Lease | None, now: Instant) -> str:
    outlook = None if lease is None else lease.outlook_at(now)
    return "" if outlook is None else outlook_sentence(outlook, now)


def expected_spans(lease: Lease, now: Instant) -> tuple[SiteSpanView, ...]:
    """The contract's course with the renewals that are expected; silence is not in it."""
    drawn = _draw_spans(lease, now)
    return span_views(drawn) if drawn == lease.spans else expected_after(lease.prepaid_until, drawn)


def expected_after(paid: Instant | None, drawn: Timeline) -> tuple[SiteSpanView, ...]:
    """A timeline for people that is paid up to `paid`: what is in service after that is expected."""
    if paid is None:
        return span_views(drawn)
    pieces = (*cut_at(drawn, paid), *starting_at(drawn, paid))
    return tuple(
        msgspec.structs.replace(_span_view(each), expected=each.since >= paid and each.phase is Phase.ACTIVE)
        for each in pieces
    )


def span_views(timeline: Timeline) -> tuple[SiteSpanView, ...]:
    """A timeline for people."""
    return tuple(_span_view(each) for each in timeline)


def _span_view(span: Span) -> SiteSpanView:
    return copy_fields(SiteSpanView, span, phase=span.phase.value, cause=span.why.value)


def refusal_reason(refused: Refused | None) -> RefusalReason | None:
    """A refusal as something to show beside what works."""
    return None if refused is None else RefusalReason(refused.code.value, refusal_words(refused))

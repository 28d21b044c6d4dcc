"""What the server says to a site: the lease that follows from a subscription, pure and not yet signed [spec: lease]."""

import msgspec

from tenure.core.lease.claims import Brand, ComingLimit, Confirmation, Lease, SiteFigures, contact_interval
from tenure.core.renewal_outlook import RenewalOutlook
from tenure.core.subscription.contract import SERVING, timeline
from tenure.core.subscription.facts import SuccessorStarted
from tenure.core.subscription.fold import SiteState, Subscription, evolve
from tenure.core.subscription.renewal import PROMISE_DAYS, due_at, first_period
from tenure.core.subscription.terms import Period
from tenure.core.timeline import DAY, HOUR, Instant, Phase, Timeline, span_at, spans_since

SKEW = 300
"""Seconds by which `iat` may lie in the past, because JWT libraries refuse one that lies ahead [spec: issue-skew]."""
FORK_DAYS = 7
"""A forked site's lease reaches at most so far [spec: fork-rule]."""
SUCCESSOR_DAYS = 30
WARNED_DAYS = 14


class LeaseHolderClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The site as the lease names it."""

    id: str
    jwk: dict[str, str]
    epoch: int
    serial: int
    """The serial of the lease to be signed."""
    prev: str = ""
    device_port: str = ""
    coming: ComingLimit | None = None
    installation: str = "server"
    ephemeral: bool = False
    plan_name: str = ""
    """The vendor's name of the subscription's plan."""
    outlook: RenewalOutlook | None = None
    """What is known of the next renewal; for people, and nothing is promised by it."""


class LeaseIssuer(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks, and for which provider."""

    name: str
    provider: str
    brand: Brand = Brand()
    dns: str = "auto"
    sandbox: bool = False


def lease_for(
    sub: Subscription,
    site: SiteState,
    holder: LeaseHolderClaims,
    issuer: LeaseIssuer,
    now: Instant,
    *,
    forked: bool = False,
    carried: bool = False,
) -> Lease:
    """The lease of a site that uses `sub`: the present truth, good until `contact_until` without further contact.

    `carried`: brought by hand to a site without a network, so that it lives longer [spec: offline-exchange].
    """
    spans = spans_since(timeline(sub, site), now)
    running = spans[0]
    iat = max(running.since, now - SKEW)
    until = _contact_until(sub, iat, now, _lease_life(sub, holder, now, carried=carried), forked=forked)
    terms, figures = sub.terms_at(now), _site_figures(sub, issuer, now)
    period = _period_at(sub, now)
    return Lease(
        iss=issuer.name,
        sub=holder.id,
        aud=sub.product,
        jti=f"{holder.id}.{holder.epoch}.{holder.serial}",
        iat=iat,
        nbf=iat,
        exp=_features_end(spans, until),
        cnf=Confirmation(jwk=holder.jwk),
        serial=holder.serial,
        epoch=holder.epoch,
        prev=holder.prev,
        subscription=sub.id,
        revision=sub.revision,
        product=sub.product,
        plan=terms.plan,
        kind="trial" if period is not None and period.trial else sub.kind.value,
        spans=spans,
        contact_until=until,
        refresh_after=now + contact_interval(until - iat, sub.rules_at(now).sync_interval),
        features=running.features,
        base_features=terms.base_features,
        allotment=site.allotment,
        limit=terms.devices,
        min_version=_floor_at(sub, site, now),
        device_port=holder.device_port,
        figures=_without_warning(figures, until - iat) if carried else figures,
        provider=issuer.provider,
        brand=issuer.brand,
        code_last_group=_last_group(sub, site),
        prepaid_until=sub.paid_until,
        sandbox=issuer.sandbox,
        coming=holder.coming,
        installation=holder.installation,
        ephemeral=holder.ephemeral,
        outlook=holder.outlook,
        plan_name=holder.plan_name,
    )


def successor_lease(
    sub: Subscription, site: SiteState, holder: LeaseHolderClaims, issuer: LeaseIssuer, *, begins: Instant, now: Instant
) -> Lease:
    """The lease that lets a site switch at `begins` without a server: good from then on, at most 30 days
    [spec: successor].

    `begins` is at or after `now`.
    """
    terms = sub.terms_at(begins)
    running = span_at(timeline(sub, site), begins)
    until = begins + min(SUCCESSOR_DAYS, sub.rules_at(begins).lease_days) * DAY
    begun, own = sub, site
    if running.phase is Phase.PENDING:  # its term begins with the takeover, also where no server books that
        first = first_period(sub, begins, sub.rules_at(begins), site.floor)
        started = SuccessorStarted(at=begins, recorded_at=begins, by="successor", site=site.id, period=first)
        begun = evolve(sub, started)
        own = begun.find_site(site.id) or site
        running = span_at(timeline(begun, own), begins)
    spans = spans_since(timeline(begun, own), begins)
    return Lease(
        iss=issuer.name,
        sub=holder.id,
        aud=sub.product,
        jti=f"{holder.id}.{holder.epoch}.{holder.serial}s",
        iat=now,
        nbf=begins,
        exp=_features_end(spans, until),
        cnf=Confirmation(jwk=holder.jwk),
        serial=holder.serial,
        epoch=holder.epoch,
        prev=holder.prev,
        subscription=sub.id,
        revision=sub.revision,
        product=sub.product,
        plan=terms.plan,
        kind="trial" if sub.trial else sub.kind.value,
        spans=spans,
        contact_until=until,
        refresh_after=begins,
        features=running.features,
        base_features=terms.base_features,
        allotment=site.allotment,
        limit=terms.devices,
        min_version=site.floor,
        device_port=holder.device_port,
        figures=_site_figures(sub, issuer, begins),
        provider=issuer.provider,
        brand=issuer.brand,
        code_last_group=_last_group(sub, site),
        role="successor",
        prepaid_until=begun.paid_until,
        sandbox=issuer.sandbox,
        installation=holder.installation,
        plan_name=holder.plan_name,
    )


def slimmer_leases(lease: Lease) -> tuple[Lease, ...]:
    """The same word in ever fewer bytes, for one that exceeds a lease's cap: what people read goes, never a right."""
    silent = msgspec.structs.replace(lease, spans=tuple(msgspec.structs.replace(each, note="") for each in lease.spans))
    brand = msgspec.structs.replace(lease.brand, logo="", support="")
    plain = msgspec.structs.replace(silent, brand=brand)
    return silent, plain, msgspec.structs.replace(plain, brand=Brand(name=lease.provider))


def grants_until(lease: Lease) -> Instant:
    """The last instant for which `lease` promises plan features: what *Giving back* waits for [spec: giving-back]."""
    serving = [span for span in lease.spans if span.phase in SERVING]
    if not serving:
        return lease.iat
    end = serving[-1].until
    return lease.contact_until if end is None else min(end, lease.contact_until)


def renewal_due(
    lease: Lease, sub: Subscription, site: SiteState, now: Instant, *, outlook: RenewalOutlook | None = None
) -> bool:
    """Whether a new lease is to be signed: anything changed, time alone changed what it says (terms and figures agreed
    for a date), the next renewal is seen otherwise, or a quarter of its life has passed [spec: new-lease]."""
    if _outlook_claim(lease.outlook) != _outlook_claim(outlook):
        return True
    changed = (lease.subscription, lease.revision, lease.allotment) != (sub.id, sub.revision, site.allotment)
    return (
        changed
        or lasting_claims(lease) != to_say(sub, site, now)
        or now >= lease.iat + (lease.contact_until - lease.iat) // 4
    )


def _outlook_claim(outlook: RenewalOutlook | None) -> RenewalOutlook | None:
    """What of an outlook is worth a lease: how far was looked is none of it."""
    lasting = outlook is not None and outlook.lasts
    return msgspec.structs.replace(outlook, covered_until=None) if outlook is not None and lasting else outlook


def lasting_claims(lease: Lease) -> tuple[object, ...]:
    """What of a lease time alone can change, but for its spans."""
    figures = lease.figures
    return lease.plan, lease.limit, lease.base_features, lease.min_version, *(getattr(figures, each) for each in _RULED)


def to_say(sub: Subscription, site: SiteState, now: Instant) -> tuple[object, ...]:
    """The same as it is to be said at `now`; it stays so until `sub.next_turn(now)`."""
    terms, rules = sub.terms_at(now), sub.rules_at(now)
    floor = _floor_at(sub, site, now)
    return terms.plan, terms.devices, terms.base_features, floor, *(getattr(rules, each) for each in _RULED)


def _floor_at(sub: Subscription, site: SiteState, now: Instant) -> str:
    period = _period_at(sub, now)
    return site.floor if period is None else period.min_version


def _period_at(sub: Subscription, now: Instant) -> Period | None:
    clock = sub.contract_clock(now)
    return next((each for each in reversed(sub.paid_periods) if each.since <= clock), None)


def _without_warning(figures: SiteFigures, life: int) -> SiteFigures:
    """Nobody expects a site without a network to synchronize: it is warned 14 days before its lease's end."""
    return msgspec.structs.replace(figures, warn_after=max(figures.warn_after, life - WARNED_DAYS * DAY))


def _lease_life(sub: Subscription, holder: LeaseHolderClaims, now: Instant, *, carried: bool) -> int:
    """Seconds that a lease lives at most, by the rules of the period that runs."""
    rules = sub.rules_at(now)
    if holder.ephemeral:
        return rules.ephemeral_hours * HOUR
    return (rules.air_gap_lease_days if carried else rules.lease_days) * DAY


def _contact_until(sub: Subscription, iat: Instant, now: Instant, life: int, *, forked: bool) -> Instant:
    until = iat + life
    if sub.reserved is not None:
        # Canceling must be able to give the reserve back, so no word reaches far into a period not yet begun.
        until = min(until, due_at(sub) + PROMISE_DAYS * DAY)
    if forked:
        until = min(until, now + FORK_DAYS * DAY)
    return max(until, now + 1)


def _features_end(spans: Timeline, contact_until: Instant) -> Instant:
    """The `exp` of plain readers: when something granted is first taken away, at most `contact_until`."""
    granted = set(spans[0].features)
    for span in spans[1:]:
        if not granted <= set(span.features):
            return min(span.since, contact_until)
    return contact_until


_RULED = (
    "tolerance_percent", "idle_release_days", "seat_conflict_days", "reminders", "sync_interval",
    "after_end_sync_days", "reinstate_days",
)  # fmt: skip
"""Figures of a lease that are the running period's rules."""


def _site_figures(sub: Subscription, issuer: LeaseIssuer, now: Instant) -> SiteFigures:
    rules = sub.rules_at(now)
    return SiteFigures(dns=issuer.dns, **{each: getattr(rules, each) for each in _RULED})


def _last_group(sub: Subscription, site: SiteState) -> str:
    code = sub.find_code(site.code)
    return code.last_group if code else ""

"""What the server says to a site: the lease that follows from a subscription, not yet signed [spec: lease].

Three figures bound how far a lease reaches [spec: contact-until, fork-rule, successor]: its life is the policy's, a
reserve is promised for at most `PROMISE_DAYS` beyond its due instant, a clone's lease lives for `FORK_DAYS`, and a
successor's for `SUCCESSOR_DAYS` from the takeover. When a lease is replaced is `unchanged`'s.

An example. A subscription by the month, paid until 1 February, leases of 30 days. A lease signed on 10 January at 0:00
is dated back by 5 minutes, so `contact_until` is 8 February, 23:55.
- For a site without a network, whose leases live for 90 days, it is 9 April, 23:55.
- For a clone of the site it is 17 January, 0:00.
- Once February is reserved, a lease of 25 January reaches to 8 February, 0:00, whichever life it has: 7 days beyond.
"""

from collections.abc import Iterator

import msgspec

from tenure.core.business.outstanding_leases import SUCCESSOR_DAYS
from tenure.core.lease.claims import (
    ISSUE_SKEW,
    Brand,
    ComingLimit,
    Confirmation,
    Lease,
    SiteFigures,
    contact_interval,
)
from tenure.core.renewal_outlook import RenewalOutlook
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.facts import SuccessorStarted
from tenure.core.subscription.fold import SiteState, Subscription, evolve
from tenure.core.subscription.renewal import PROMISE_DAYS, due_at, first_period
from tenure.core.subscription.terms import Period
from tenure.core.timeline import DAY, HOUR, SERVING, Instant, Phase, Timeline, span_at, spans_since

FORK_DAYS = 7
"""A forked site's lease reaches at most so far [spec: fork-rule]."""
WARNED_DAYS = 14
"""So long before its lease's end a site without a network is warned."""


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


class _LeaseTerm(msgspec.Struct, frozen=True, kw_only=True):
    """When a lease is signed, from when and until when it holds, and at which instant its terms are read."""

    iat: Instant
    nbf: Instant
    until: Instant
    read_at: Instant


def lease_for(
    sub: Subscription,
    site: SiteState,
    holder: LeaseHolderClaims,
    issuer: LeaseIssuer,
    now: Instant,
    *,
    forked: bool = False,
    carried: bool = False,
    drawn: Timeline | None = None,
) -> Lease:
    """The lease of a site that uses `sub`: the present truth, good until `contact_until` without further contact.

    `carried`: brought by hand to a site without a network, so that it lives longer [spec: offline-exchange]. `drawn`:
    `timeline(sub, site)`, where the caller has that.
    """
    spans = spans_since(timeline(sub, site) if drawn is None else drawn, now)
    iat = max(spans[0].since, now - ISSUE_SKEW)
    until = _contact_until(sub, iat, now, _lease_life(sub, holder, now, carried=carried), forked=forked)
    term = _LeaseTerm(iat=iat, nbf=iat, until=until, read_at=now)
    lease, period = _make_lease(sub, site, holder, issuer, term, spans), _period_at(sub, now)
    return msgspec.structs.replace(
        lease,
        kind="trial" if period is not None and period.trial else sub.kind.value,
        refresh_after=now + contact_interval(until - iat, sub.rules_at(now).sync_interval),
        min_version=_minimum_version(sub, site, now),
        figures=_without_warning(lease.figures, until - iat) if carried else lease.figures,
        prepaid_until=sub.paid_until,
        coming=holder.coming,
        ephemeral=holder.ephemeral,
        outlook=holder.outlook,
    )


def successor_lease(
    sub: Subscription, site: SiteState, holder: LeaseHolderClaims, issuer: LeaseIssuer, *, begins: Instant, now: Instant
) -> Lease:
    """The lease that lets a site switch at `begins` without a server: good from then on, at most 30 days
    [spec: successor].

    `begins` is at or after `now`.
    """
    begun, own = sub, site
    if span_at(timeline(sub, site), begins).phase is Phase.PENDING:
        # Its term begins with the takeover, also where no server books that.
        first = first_period(sub, begins, sub.rules_at(begins), site.floor)
        started = SuccessorStarted(at=begins, recorded_at=begins, by="successor", site=site.id, period=first)
        begun = evolve(sub, started)
        own = begun.find_site(site.id) or site
    until = begins + min(SUCCESSOR_DAYS, sub.rules_at(begins).lease_days) * DAY
    term = _LeaseTerm(iat=now, nbf=begins, until=until, read_at=begins)
    lease = _make_lease(sub, site, holder, issuer, term, spans_since(timeline(begun, own), begins))
    return msgspec.structs.replace(
        lease,
        jti=f"{lease.jti}s",
        kind="trial" if sub.trial else sub.kind.value,
        min_version=site.floor,
        role="successor",
        prepaid_until=begun.paid_until,
    )


def _make_lease(
    sub: Subscription,
    site: SiteState,
    holder: LeaseHolderClaims,
    issuer: LeaseIssuer,
    term: _LeaseTerm,
    spans: Timeline,
) -> Lease:
    """What every lease says: who speaks to whom, about which subscription, and what `spans` grant."""
    terms = sub.terms_at(term.read_at)
    return Lease(
        iss=issuer.name,
        sub=holder.id,
        aud=sub.product,
        jti=f"{holder.id}.{holder.epoch}.{holder.serial}",
        iat=term.iat,
        nbf=term.nbf,
        exp=_features_end(spans, term.until),
        cnf=Confirmation(jwk=holder.jwk),
        serial=holder.serial,
        epoch=holder.epoch,
        prev=holder.prev,
        subscription=sub.id,
        revision=sub.revision,
        product=sub.product,
        plan=terms.plan,
        kind=sub.kind.value,
        spans=spans,
        contact_until=term.until,
        refresh_after=term.nbf,
        features=spans[0].features,
        base_features=terms.base_features,
        allotment=site.allotment,
        limit=terms.devices,
        device_port=holder.device_port,
        figures=_site_figures(sub, issuer, term.read_at),
        provider=issuer.provider,
        brand=issuer.brand,
        code_last_group=_last_group(sub, site),
        sandbox=issuer.sandbox,
        installation=holder.installation,
        plan_name=holder.plan_name,
    )


def shorter_leases(lease: Lease) -> Iterator[Lease]:
    """The same lease in ever fewer bytes, for one that exceeds a lease's cap: what people read goes, never a right."""
    silent = msgspec.structs.replace(lease, spans=tuple(msgspec.structs.replace(each, note="") for each in lease.spans))
    yield silent
    plain = msgspec.structs.replace(silent, brand=msgspec.structs.replace(lease.brand, logo="", support=""))
    yield plain
    yield msgspec.structs.replace(plain, brand=Brand(name=lease.provider))


def grants_until(lease: Lease) -> Instant:
    """The last instant for which `lease` promises plan features: what *Giving back* waits for [spec: giving-back]."""
    serving = [span for span in lease.spans if span.phase in SERVING]
    if not serving:
        return lease.iat
    end = serving[-1].until
    return lease.contact_until if end is None else min(end, lease.contact_until)


def claims_of_time(lease: Lease) -> tuple[object, ...]:
    """What of a lease time alone can change, without its spans."""
    figures = lease.figures
    return lease.plan, lease.limit, lease.base_features, lease.min_version, *(getattr(figures, each) for each in _RULED)


def claims_at(sub: Subscription, site: SiteState, now: Instant) -> tuple[object, ...]:
    """The same as a lease is to say it at `now`; it stays so until `sub.next_turn(now)`."""
    terms, rules = sub.terms_at(now), sub.rules_at(now)
    least = _minimum_version(sub, site, now)
    return terms.plan, terms.devices, terms.base_features, least, *(getattr(rules, each) for each in _RULED)


def _minimum_version(sub: Subscription, site: SiteState, now: Instant) -> str:
    period = _period_at(sub, now)
    return site.floor if period is None else period.min_version


def _period_at(sub: Subscription, now: Instant) -> Period | None:
    clock = sub.contract_clock(now)
    return next((each for each in reversed(sub.paid_periods) if each.since <= clock), None)


def _without_warning(figures: SiteFigures, life: int) -> SiteFigures:
    """A site without a network is not expected to synchronize: it is warned `WARNED_DAYS` before its lease's end."""
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
        # Canceling must be able to give the reserve back, so no lease reaches far into a period not yet begun.
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

"""Places of installations: who gets one, who takes his old self's, who gives it back [spec: places, leaving].

How many places are taken is counted by the caller, in one transaction with the decision; `sites` decides the rest of an
activation.
"""

from tenure.core.business.commands import (
    Activate,
    DecisionContext,
    LeaveSite,
    OccupiedPlaces,
    ReleaseSite,
    StageSuccessor,
)
from tenure.core.business.decide.decision import Accepted, fact_header
from tenure.core.business.outstanding_leases import promised_until
from tenure.core.installation import MATCHING_PARTS, Installation, installation_mismatch
from tenure.core.plurals import format_count
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.allotment import Pool
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.timeline import DAY, Instant


def other_kind(site: SiteState | None, command: Activate | StageSuccessor) -> Refused | None:
    """`installation_mismatch` when the key was activated as another kind before: what it is was said then."""
    return None if site is None else installation_mismatch(command.installation, site.installation)


def no_place(
    sub: Subscription, command: Activate | StageSuccessor, seen: DecisionContext, now: Instant
) -> Refused | None:
    """None when there is a place for the installation, else `site_limit` or `device_limit_reached`.

    An administration server needs one of the plan's sites; one that keeps the subscription ready will hold it, so it
    counts already, and one that was made to leave counts until it has [spec: leaving]: an outage declared since lets it
    go on for longer than was foreseen then, and is in what the caller has seen of its part. A standalone application is
    one device: `command.allotment` says whether the pool has one for it.
    """
    if command.installation is Installation.STANDALONE:
        return None if command.allotment or _is_replacement(command) else limit_reached(seen)
    most = sub.terms_at(now).max_sites
    others = [site for site in sub.sites if site.key != command.key and _is_site(site)]
    others = [site for site in others if site.counts_as_site(now) or _still_leaves(site, seen, now)]
    return (
        Refused(RefusalCode.SITE_LIMIT, f"{format_count(most, 'site holds', 'sites hold')} it already.")
        if len(others) >= most
        else None
    )


def _still_leaves(site: SiteState, seen: DecisionContext, now: Instant) -> bool:
    """Whether it was made to leave, has not acknowledged that, and may still go by its last word."""
    if site.leaving_until is None or site.left_at is not None or site.lost:
        return False
    return any(part.site == site.id and now < part.promised_until for part in seen.parts)


def limit_reached(seen: DecisionContext) -> Refused:
    """`device_limit_reached` by what the caller has seen; see `full_pool`."""
    return full_pool(seen.taken)


def occupied_places(pool: Pool, now: Instant) -> OccupiedPlaces:
    """What takes the places of a subscription."""
    return OccupiedPlaces(
        allowed=pool.ceiling,
        alone=pool.alone,
        servers=pool.counted_at(now) - pool.alone,
        spare=sum(share.unused_seats for share in pool.sites if share.takes_part(now)),
    )


def full_pool(taken: OccupiedPlaces) -> Refused:
    """`device_limit_reached` for an application on its own: what takes the places. What helps is the refusal's remedy,
    in words for its reader (`core.audience`).

    With ten devices ordered, ten percent tolerated, and eleven applications: "All 11 places are taken: 11 by
    applications on their own, 0 by administration servers for their devices."
    """
    full = "The only place is taken" if taken.allowed == 1 else f"All {format_count(taken.allowed, 'place')} are taken"
    parts = f"{taken.alone} by applications on their own, {taken.servers} by administration servers for their devices"
    spare = f" Administration servers hold {taken.spare} that are not in use: they come back when those synchronize."
    return Refused(
        RefusalCode.DEVICE_LIMIT_REACHED,
        f"{full}: {parts}.{spare if taken.spare else ''}",
        "devices",
    )


def old_selves(sub: Subscription, command: Activate, now: Instant) -> tuple[SiteState, ...]:
    """The standalone applications whose place a new installation on the same hardware may take, newest first.

    Those whose hardware matches in two parts, under another key. None at all when on this hardware a place was taken
    that way within a lease's length, by whichever of them: otherwise every second one of many that are cloned with one
    hardware would put the one before it out, whose lease runs on. Nor when a copy of one of them was said to be an
    installation of its own within that time: then the same hardware does not mean that it was installed again.
    """
    if command.installation is not Installation.STANDALONE or command.ephemeral:
        return ()
    since = now - sub.rules_at(now).lease_days * DAY
    alike = [site for site in reversed(sub.sites) if _is_alike(site, command)]
    if any((site.replaced_at or 0) > since or (site.separated_at or 0) > since for site in alike):
        return ()
    return tuple(site for site in alike if site.is_active)


def _is_alike(site: SiteState, command: Activate) -> bool:
    alone = site.installation is Installation.STANDALONE and site.key != command.key
    return alone and len(set(site.hardware) & set(command.hardware)) >= MATCHING_PARTS


def twin_of(sub: Subscription, name: str) -> str | None:
    """Another installation in use under another key whose hardware matches that of `name`: likely the same computer."""
    own = sub.find_site(name)
    for site in () if own is None else sub.sites:
        other = own is not None and site.is_active and site.key != own.key
        if other and own is not None and len(set(site.hardware) & set(own.hardware)) >= MATCHING_PARTS:
            return site.id
    return None


def replaced_site(sub: Subscription, command: Activate, seen: DecisionContext, now: Instant) -> tuple[f.Fact, ...]:
    """SiteReplaced, when the installation takes its old self's place; the old lease runs on as declared excess."""
    old = sub.find_site(command.replaces) if command.replaces else None
    if old is None:
        return ()
    words = [word for word in seen.words if word.site == old.id]
    until = promised_until(words, now)
    return (f.SiteReplaced(**fact_header(command, now), site=old.id, replacement=command.site, excess_until=until),)


def leave_site(sub: Subscription, command: LeaveSite, now: Instant) -> Accepted | Refused:
    """SiteLeft, or SuccessorDropped where the subscription only waited; its place is free by *Giving back*.

    Refuses `site_unknown` for one that holds nothing.
    """
    site = sub.find_site(command.site)
    if site is None or site.left_at is not None or site.lost:
        return Refused(RefusalCode.SITE_UNKNOWN, field="site")
    kind = f.SuccessorDropped if site.is_staged else f.SiteLeft
    return Accepted(facts=(kind(**fact_header(command, now), site=command.site),))


def release_site(sub: Subscription, command: ReleaseSite, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    """SiteReleaseOrdered: it counts for every limit until it acknowledges, or its leases and seats are over.

    The key stays bound to the subscription while that is in force (M10); only the provider lifts that, which the fact
    says. A subscription that only waits there is dropped. Said again with the same figures it is `nothing_to_change`.
    Refuses `site_unknown`, `action_not_permitted` for a customer who would lift the binding, `nothing_to_change`.
    """
    site = sub.find_site(command.site)
    if site is None or site.lost:
        return Refused(RefusalCode.SITE_UNKNOWN, field="site")
    if command.another_code and command.role not in {Role.PROVIDER, Role.VENDOR}:
        return Refused(
            RefusalCode.ACTION_NOT_PERMITTED, "Only the provider can let it take another code.", "another_code"
        )
    if site.is_staged:
        return Accepted(facts=(f.SuccessorDropped(**fact_header(command, now), site=command.site),))
    lifts = command.another_code and not site.another_code
    if not site.is_active and not lifts:
        return Refused(RefusalCode.NOTHING_TO_CHANGE, "It gives its place up already.", "site")
    words = [word for word in seen.words if word.site == site.id]
    parts = [part.promised_until for part in seen.parts if part.site == site.id]
    until = site.leaving_until or max(promised_until(words, now), *parts, now)
    fact = f.SiteReleaseOrdered(
        **fact_header(command, now), site=site.id, until=until, another_code=command.another_code or site.another_code
    )
    return Accepted(facts=(fact,))


def _is_replacement(command: Activate | StageSuccessor) -> bool:
    return isinstance(command, Activate) and bool(command.replaces)


def _is_site(site: SiteState) -> bool:
    return site.installation is Installation.SERVER

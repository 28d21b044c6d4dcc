"""What facts on codes and sites mean for a subscription; never refuses."""

import msgspec

from tenure.core.policy.bounds import ABSOLUTE
from tenure.core.subscription import facts as f
from tenure.core.subscription.evolve_periods import begin_term
from tenure.core.subscription.state import CodeState, SiteState, Subscription
from tenure.core.timeline import DAY, Instant

Codes = f.CodeReissued | f.CodeBlocked | f.CodeUnblocked


def evolve_codes(sub: Subscription, fact: Codes) -> Subscription:
    """`sub` after a code was replaced, blocked or freed."""
    match fact:
        case f.CodeReissued():
            old = tuple(msgspec.structs.replace(code, withdrawn=True) for code in sub.codes)
            new = CodeState(id=fact.code.id, last_group=fact.code.last_group)
            return msgspec.structs.replace(sub, codes=(*old, new))
        case f.CodeBlocked():
            return _change_code(sub, fact.code, fact.at, fact.ends)
        case f.CodeUnblocked():
            return _change_code(sub, fact.code, None, None)


def _change_code(sub: Subscription, code_id: str, at: Instant | None, ends: Instant | None) -> Subscription:
    codes = tuple(
        msgspec.structs.replace(code, blocked_at=at, block_ends=ends) if code.id == code_id else code
        for code in sub.codes
    )
    return msgspec.structs.replace(sub, codes=codes)


Sites = (
    f.SiteActivated | f.SiteReplaced | f.SiteReleaseOrdered | f.SiteLeft | f.SuccessorStaged | f.SuccessorDropped
    | f.SuccessorStarted | f.SiteDeclaredLost | f.AllotmentSet | f.AllotmentFreed | f.ForkFound | f.ForkResolved
    | f.SeatConflictListed
)  # fmt: skip


def evolve_sites(sub: Subscription, fact: Sites) -> Subscription:
    """`sub` after something happened to one of its sites."""
    match fact:
        case f.SiteActivated():
            return _join_site(sub, fact, "")
        case f.SiteReplaced():
            return _change_site(sub, fact.site, lost=True, allotment=0, replacement=fact.replacement)
        case f.SiteReleaseOrdered():
            return _change_site(sub, fact.site, leaving_until=fact.until, another_code=fact.another_code, allotment=0)
        case f.SuccessorStaged():
            return _join_site(sub, fact, fact.present)
        case f.SuccessorStarted():
            started = sub if fact.period is None else begin_term(sub, fact.period)
            return _change_site(started, fact.site, present="", since=fact.at)
        case f.SiteLeft():
            return _change_site(_free_allotment(sub, fact), fact.site, left_at=fact.at, allotment=0)
        case f.SuccessorDropped():
            return _change_site(sub, fact.site, left_at=fact.at, allotment=0)
        case f.SiteDeclaredLost():
            recipient = sub.find_site(fact.recipient)
            lost = _change_site(sub, fact.site, lost=True, allotment=0)
            return (
                lost
                if recipient is None
                else _change_site(lost, recipient.id, allotment=recipient.allotment + fact.allotment)
            )
        case f.AllotmentSet():
            return _change_site(sub, fact.site, allotment=fact.allotment)
        case f.AllotmentFreed():
            return _change_site(sub, fact.site, allotment=0)
        case f.ForkFound():
            return _change_site(sub, fact.site, forked_at=fact.at, evidence=fact.evidence)
        case f.ForkResolved():
            return _resolve_fork(sub, fact)
        case f.SeatConflictListed():
            return _set_dates(sub, fact)


def _set_dates(sub: Subscription, fact: f.SeatConflictListed) -> Subscription:
    """Struck out they go on the day, taken back they stay, and where a person said so that is remembered."""
    out, back = frozenset(fact.out), frozenset(fact.back)

    def said(site: SiteState) -> SiteState:
        if site.id in back:
            return msgspec.structs.replace(site, place_until=None, stays=fact.edited)
        if site.id in out:
            return msgspec.structs.replace(site, place_until=fact.effective, stays=False)
        return site

    # In one pass: the list of a large order holds a thousand names.
    return msgspec.structs.replace(sub, sites=tuple(map(said, sub.sites)))


def _free_allotment(sub: Subscription, fact: f.SiteLeft) -> Subscription:
    """Releases are counted within one lease's length, so what is older than the longest that there is may go."""
    if not fact.freed:
        return sub
    longest = (ABSOLUTE["lease_days"].maximum or 0) * DAY
    recent = tuple(each for each in sub.places_freed if each > fact.at - longest)
    return msgspec.structs.replace(sub, places_freed=(*recent, fact.at))


def _resolve_fork(sub: Subscription, fact: f.ForkResolved) -> Subscription:
    site = sub.find_site(fact.site)
    counts = site is not None and fact.own and fact.resolution == "restored"
    restores = () if site is None else (*site.restores, fact.at) if counts else site.restores
    separated = fact.at if fact.resolution == "second_site" else None if site is None else site.separated_at
    return _change_site(sub, fact.site, forked_at=None, evidence="", restores=restores, separated_at=separated)


def _join_site(sub: Subscription, fact: f.SiteActivated | f.SuccessorStaged, present: str) -> Subscription:
    before = sub.find_site(fact.site)
    # What was declared about an application's previous installation holds for the new one, too.
    old = next((each for each in sub.sites if each.replacement == fact.site), None)
    site = SiteState(
        id=fact.site,
        key=fact.key,
        code=fact.code,
        name=fact.name,
        version=fact.version,
        since=fact.at,
        floor=fact.floor if isinstance(fact, f.SiteActivated) else "",
        allotment=fact.allotment,
        hardware=fact.hardware,
        present=present,
        restores=() if before is None else before.restores,
        separated_at=None if before is None else before.separated_at,
        installation=fact.installation,
        replaced_at=None if old is None else fact.at,
        place_until=None if old is None else old.place_until,
        stays=False if old is None else old.stays,
    )
    others = tuple(known for known in sub.sites if known.id != site.id)
    return msgspec.structs.replace(sub, sites=(*others, site))


def _change_site(sub: Subscription, site_id: str, **values: object) -> Subscription:
    sites = tuple(msgspec.structs.replace(site, **values) if site.id == site_id else site for site in sub.sites)
    return msgspec.structs.replace(sub, sites=sites)

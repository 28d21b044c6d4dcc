"""How facts on codes and installations change a subscription; which fact does what is said by its kind."""

import msgspec

from tenure.core.policy.bounds import ABSOLUTE
from tenure.core.subscription.state import CodeState, SiteState, Subscription
from tenure.core.subscription.terms import CodeRef
from tenure.core.timeline import DAY, Instant


def replace_codes(sub: Subscription, code: CodeRef) -> Subscription:
    """A new code; earlier ones activate nothing any more."""
    old = tuple(msgspec.structs.replace(each, withdrawn=True) for each in sub.codes)
    return msgspec.structs.replace(sub, codes=(*old, CodeState(id=code.id, last_group=code.last_group)))


def change_code(sub: Subscription, code_id: str, **values: object) -> Subscription:
    """One of its codes with other values."""
    codes = tuple(msgspec.structs.replace(code, **values) if code.id == code_id else code for code in sub.codes)
    return msgspec.structs.replace(sub, codes=codes)


def list_conflict(
    sub: Subscription, effective: Instant, out: tuple[str, ...], back: tuple[str, ...], *, edited: bool
) -> Subscription:
    """Struck out they go on the day, taken back they stay, and where a person said so that is remembered."""
    going, staying = frozenset(out), frozenset(back)

    def said(site: SiteState) -> SiteState:
        if site.id in staying:
            return msgspec.structs.replace(site, place_until=None, stays=edited)
        if site.id in going:
            return msgspec.structs.replace(site, place_until=effective, stays=False)
        return site

    # In one pass: the list of a large order holds a thousand names.
    return msgspec.structs.replace(sub, sites=tuple(map(said, sub.sites)))


def count_freed(sub: Subscription, moment: Instant) -> Subscription:
    """Releases are counted within one lease's length, so what is older than the longest that there is may go."""
    longest = (ABSOLUTE["lease_days"].maximum or 0) * DAY
    recent = tuple(each for each in sub.places_freed if each > moment - longest)
    return msgspec.structs.replace(sub, places_freed=(*recent, moment))


def resolve_fork(sub: Subscription, site_id: str, moment: Instant, resolution: str, *, own: bool) -> Subscription:
    """The copies are what was said they are; `own` counts what the customer's side said."""
    site = sub.find_site(site_id)
    counts = site is not None and own and resolution == "restored"
    restores = () if site is None else (*site.restores, moment) if counts else site.restores
    separated = moment if resolution == "second_site" else None if site is None else site.separated_at
    return change_site(sub, site_id, forked_at=None, evidence="", restores=restores, separated_at=separated)


def join_site(sub: Subscription, site: SiteState) -> Subscription:
    """With `site`, which keeps what was known of it and what was declared about the installation that it replaces."""
    before = sub.find_site(site.id)
    old = next((each for each in sub.sites if each.replacement == site.id), None)
    joined = msgspec.structs.replace(
        site,
        restores=() if before is None else before.restores,
        separated_at=None if before is None else before.separated_at,
        replaced_at=None if old is None else site.since,
        place_until=None if old is None else old.place_until,
        stays=False if old is None else old.stays,
    )
    others = tuple(known for known in sub.sites if known.id != site.id)
    return msgspec.structs.replace(sub, sites=(*others, joined))


def change_site(sub: Subscription, site_id: str, **values: object) -> Subscription:
    """One of its installations with other values."""
    sites = tuple(msgspec.structs.replace(site, **values) if site.id == site_id else site for site in sub.sites)
    return msgspec.structs.replace(sub, sites=sites)

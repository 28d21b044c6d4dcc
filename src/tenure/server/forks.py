"""Two copies of one site: what was seen of each, what somebody has said they are, and what follows ([spec: fork-rule],
B9).

Both hold the key, so that a copy is known by the state token it shows: one that was replaced. What is true of the
subscription is decided in `core.decide.sites`; here is what a site's row keeps of it.
"""

from typing import Literal

import msgspec

from tenure.core.business.decide.installations import restores_left
from tenure.core.lease.claims import Lease
from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.timeline import DAY, Instant
from tenure.server.site_record import CopySighting, read_record, with_beside
from tenure.store.sites import SiteRow
from tenure.wire.messages import ActivateRequest, ForkEvidence, SiteCopy, SyncRequest

COPIES = 8
"""Copies told apart; of more the oldest is forgotten."""
SETTLED = 32
"""Tokens of copies that were told what they are."""

Resolution = Literal["second_site", "retired"]
_TOLD = {"second_site": RefusalCode.COPY_SEPARATED, "retired": RefusalCode.COPY_RETIRED}


def told_to_copy(site: SiteRow, token: str) -> Refused | None:
    """What a copy that shows `token` was told to be: `copy_separated`, `copy_retired`; None for one not spoken of."""
    resolution = dict(read_record(site).settled).get(token)
    return None if resolution is None else Refused(_TOLD[resolution])


def refuse_replaced(site: SiteRow, token: str) -> Refused | None:
    """Why the copy that shows `token` is not taken for the site any more, even with a code: it was told to go, and the
    other one has been heard since (ADR 15). `copy_separated`, `copy_retired`; None otherwise."""
    heard = (site.last_contact or 0) > read_record(site).settled_at
    return told_to_copy(site, token) if heard else None


def forget_told(site: SiteRow, token: str) -> SiteRow:
    """The site with nothing left of what the copy that shows `token` was told: its fork is to be settled anew."""
    body = read_record(site)
    left = tuple(each for each in body.settled if each[0] != token)
    return with_beside(site, msgspec.structs.replace(body, settled=left))


def is_newest(site: SiteRow, message: ActivateRequest | SyncRequest) -> bool:
    """Whether what asks is the site as it was last answered, and no copy from before [spec: fork-rule].

    It shows the newest state token, or names the request whose answer has not reached it yet: nobody else knows that.
    """
    return not site.token or message.token == site.token.decode() or site.last_request in message.pending


def make_sighting(message: SyncRequest, now: Instant) -> CopySighting:
    """A copy as its synchronization shows it."""
    return CopySighting(
        token=message.token,
        at=now,
        serial=message.serial,
        epoch=message.epoch,
        version=message.version,
        devices=message.use.total,
        wall=message.wall,
        uptime=message.uptime,
        path=message.path.kind,
        trigger=message.trigger,
    )


def sighting_at_code(message: ActivateRequest, lease: Lease | None, now: Instant) -> CopySighting:
    """A copy as it shows itself when a code is typed; `lease`: the one that it holds."""
    return CopySighting(
        token=message.token,
        at=now,
        serial=0 if lease is None else lease.serial,
        epoch=0 if lease is None else lease.epoch,
        version=message.version,
        wall=message.wall,
        uptime=message.uptime,
        trigger="code",
    )


def after_sighting(site: SiteRow, seen: CopySighting) -> SiteRow:
    """The site after a copy showed itself; the newest of each counts."""
    body = read_record(site)
    others = tuple(each for each in body.copies if each.token != seen.token)
    return with_beside(site, msgspec.structs.replace(body, copies=(*others, seen)[-COPIES:]))


def fork_evidence(site: SiteRow, seen: CopySighting) -> str:
    """What is written down of the two for good."""
    asked = ", typing a code" if seen.trigger == "code" else f", {format_count(seen.devices, 'device')}"
    return (
        f"the copy: serial {seen.serial}, token {seen.token[:20] or 'none'}, version {seen.version}{asked},"
        f" running for {seen.uptime} s; the site as last heard: serial {site.serial},"
        f" version {site.version}, {format_count(site.devices, 'device')}, at {site.last_contact or 0}"
    )


def after_resolution(site: SiteRow, fact: f.ForkResolved, now: Instant) -> SiteRow:
    """The site after somebody said what the copies are.

    Restored: whichever copy comes next is the site, in a new epoch that tells the other one apart. Otherwise the copies
    seen are told what they are, and the site goes on undisturbed.
    """
    body = read_record(site)
    if fact.resolution == "restored":
        counted = (*body.restores, now) if site.ephemeral else ()
        body = msgspec.structs.replace(body, restores=counted, restored_at=now)
        opened = msgspec.structs.replace(site, forked_at=None, epoch=max(site.epoch + 1, now), token=b"")
        return with_beside(opened, msgspec.structs.replace(body, copies=()))
    marked = tuple((each.token, fact.resolution) for each in body.copies)
    known = tuple(each for each in body.settled if each[0] not in dict(marked))
    after = msgspec.structs.replace(body, copies=(), settled=(*known, *marked)[-SETTLED:], settled_at=now)
    return with_beside(msgspec.structs.replace(site, forked_at=None), after)


def has_outlived(site: SiteRow, sub: Subscription, now: Instant) -> bool:
    """Whether the copy that was said to be gone, for this one was *restored* in its place, has been heard since, while
    a lease from before that may run: what it protects goes on beside this one (ADR 28)."""
    rules = sub.rules_at(now)
    longest = max(rules.lease_days, rules.air_gap_lease_days) * DAY
    return site.forked_at is not None and now < read_record(site).restored_at + longest


def fork_shown(site: SiteRow, state: SiteState | None, now: Instant) -> ForkEvidence | None:
    """The evidence of both sides, while a fork is open."""
    if site.forked_at is None:
        return None
    present = SiteCopy(
        which="current",
        at=site.last_contact or 0,
        serial=site.serial,
        epoch=site.epoch,
        version=site.version,
        devices=site.devices,
        path=site.last_path,  # type: ignore[arg-type]  # as the site's own request named it
    )
    copies = tuple(_copy_view(each) for each in reversed(read_record(site).copies))
    left = 0 if state is None else restores_left(state, now)
    return ForkEvidence(found=site.forked_at, copies=(present, *copies), restores_left=left)


def _copy_view(seen: CopySighting) -> SiteCopy:
    return SiteCopy(
        which="copy",
        at=seen.at,
        serial=seen.serial,
        epoch=seen.epoch,
        version=seen.version,
        devices=seen.devices,
        path=seen.path,  # type: ignore[arg-type]  # as the copy's own request named it
        wall=seen.wall,
        uptime=seen.uptime,
    )

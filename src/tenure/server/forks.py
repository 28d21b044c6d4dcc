"""Copies of one site, as its row keeps them and as messages show them [spec: fork-rule].

Who is the site, what a copy is told, and what a resolution does is decided in `core.answering.forks`.
"""

import msgspec

from tenure.core.answering import forks as rules
from tenure.core.answering.forks import CopySighting, LastContact
from tenure.core.business.decide.installations import restores_left
from tenure.core.lease.claims import Lease
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import SiteState
from tenure.core.timeline import Instant
from tenure.http.views import copy_fields
from tenure.server.site_record import read_record, with_extra
from tenure.store.sites import SiteRow
from tenure.wire.messages import ActivateRequest, ForkEvidence, SiteCopy, SyncRequest


def last_contact(site: SiteRow) -> LastContact:
    """The site as its row says that it was last answered."""
    return copy_fields(LastContact, site, at=site.last_contact)


def is_newest(site: SiteRow, message: ActivateRequest | SyncRequest) -> bool:
    """Whether the site itself asks, and no copy from before."""
    return rules.is_newest(message.token, site.token.decode(), site.last_request, message.pending)


def make_sighting(message: SyncRequest, now: Instant) -> CopySighting:
    """A copy as its synchronization shows it."""
    return copy_fields(CopySighting, message, at=now, devices=message.use.total, path=message.path.kind)


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


def after_resolution(site: SiteRow, fact: f.ForkResolved, now: Instant) -> SiteRow:
    """The site after it was said what the copies are; of a restored one no token is the newest any more."""
    body = rules.with_resolution(read_record(site), fact.resolution, now, ephemeral=bool(site.ephemeral))
    after = with_extra(msgspec.structs.replace(site, forked_at=None), body)
    if fact.resolution != "restored":
        return after
    return msgspec.structs.replace(after, epoch=rules.epoch_restored(site.epoch, now), token=b"")


def fork_shown(site: SiteRow, state: SiteState | None, now: Instant) -> ForkEvidence | None:
    """The evidence of both sides, while a fork is open."""
    if site.forked_at is None:
        return None
    # Paths are what the requests themselves named.
    present = copy_fields(SiteCopy, site, which="current", at=site.last_contact or 0, path=site.last_path)
    copies = tuple(copy_fields(SiteCopy, each, which="copy") for each in reversed(read_record(site).copies))
    left = 0 if state is None else restores_left(state, now)
    return ForkEvidence(found=site.forked_at, copies=(present, *copies), restores_left=left)

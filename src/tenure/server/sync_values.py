"""What a synchronization is decided on and what comes of it: values, read and stored by `sync_contact` and
`site_contact`."""

from typing import Literal

import msgspec

from tenure.core.answering.unchanged import SiteKnowledge, SiteReport
from tenure.core.refusals import Refused
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.timeline import Instant
from tenure.server.context import ServerContext
from tenure.server.real_time import RealTime
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.messages import SiteChange, SyncRequest

SyncResult = Literal["lease", "unchanged", "send_lease", "refused", "released"]


class SyncContact(msgspec.Struct, frozen=True, kw_only=True):
    """One request of one site, and with what it is answered, inside the caller's transaction."""

    context: ServerContext
    conn: Connection
    asked: ProvenRequest[SyncRequest]
    time: RealTime
    now: Instant
    """That of the site's provider, as it follows from `time`."""
    sandbox: bool
    carried: bool = False
    """Brought by hand [spec: offline-exchange]."""

    @property
    def message(self) -> SyncRequest:
        """What the site says."""
        return self.asked.message


class PresentSite(msgspec.Struct, frozen=True):
    """A site that uses a subscription: its row, the subscription with everything booked, and its own state there."""

    site: SiteRow
    sub: Subscription
    state: SiteState


class SiteReply(msgspec.Struct, frozen=True, kw_only=True):
    """What a site is answered, and its row as it is then; state token and signature are still to come."""

    result: SyncResult
    site: SiteRow
    state: SiteState | None = None
    """Of the site in its subscription, as far as that was looked at: it says how often a fork may be resolved."""
    refused: Refused | None = None
    lease: bytes = b""
    successor: bytes = b""
    turn: tuple[Instant, Instant] | None = None
    """From when and until when the next contact is expected."""
    changes: tuple[SiteChange, ...] = ()
    free_from: Instant | None = None
    forked: bool = False
    """A copy asks, and the fork is open."""
    to_copy: bool = False
    """It goes to a copy: state token and stored answer stay those of the other one."""
    withheld: bool = False
    """The site gets no more devices because others may hold more than a restored server knows."""
    tells_to_leave: bool = False
    """The site that shows the state token of this answer has heard that it gives its place up."""


def report_of(message: SyncRequest) -> SiteReport:
    """The request as far as it can be news."""
    return SiteReport(
        token=message.token,
        epoch=message.epoch,
        serial=message.serial,
        subscription=message.subscription,
        version=message.version,
        devices=message.use.total,
        digest=message.use.digest,
        wanted=message.wanted,
        wishes=bool(message.lease or message.resolve or message.drop_successor or message.erased),
    )


def site_knowledge(site: SiteRow, sub: Subscription, revision: int) -> SiteKnowledge:
    """The site once its subscription is loaded and settled, so that nothing is due; `revision`: as `revision_told`."""
    return SiteKnowledge(
        token=site.token,
        epoch=site.epoch,
        serial=site.serial,
        acked_serial=site.acked_serial,
        revision=revision,
        subscription=site.subscription,
        successor=site.successor,
        forked_at=site.forked_at,
        allotment=site.allotment,
        devices=site.devices,
        devices_digest=site.devices_digest,
        version=site.version,
        present_revision=sub.revision,
        next_due=None,
    )

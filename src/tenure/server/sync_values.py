"""What a synchronization and a site's row say, as the values that `core.answering.unchanged` decides on."""

from tenure.core.answering.unchanged import SiteKnowledge, SiteReport
from tenure.core.subscription.fold import Subscription
from tenure.store.sites import SiteRow
from tenure.wire.messages import SyncRequest


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

"""When a site is told `unchanged`, and when a new lease is signed: the one definition [spec: synchronization,
new-lease].

Two places ask. Most synchronizations are answered from the site's row alone: its `revision` and the instant
`renew_at` were written there when its newest lease was signed, or last found to say everything. All others load the
subscription and compute the two again, by `revision_told` and `renewal_at`, and then ask the same functions. So a row
may ask for a closer look that finds nothing, but it never hides news: a random walk over a server holds that.

Only the pool of devices is shared out again by a full answer alone: margin that another site needs is called back by
setting this site's `revision` to 0, and what no site needs may stay as it is.

An example. A lease of 30 days, signed on day 0 of a month that ends on day 20, says everything until day 7.5, a quarter
of its life. Signed on day 15 it does so until day 20, when its span ends; if the plan changes on day 18, until day 18.
"""

import msgspec

from tenure.core.answering.lease_issue import claims_at, claims_of_time
from tenure.core.lease.claims import Lease
from tenure.core.renewal_outlook import RenewalOutlook
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.timeline import Instant


class SiteReport(msgspec.Struct, frozen=True, gc=False):
    """What a site says when it synchronizes, as far as that can be news."""

    token: str
    epoch: int
    serial: int
    """(epoch, serial) of the lease that it goes by."""
    subscription: str
    version: str
    devices: int
    digest: str
    """Of the list of devices in use."""
    wanted: int
    """Devices that it wants an allotment for."""
    wishes: bool
    """It asks for more than an answer: a fork resolved, a successor dropped, a lease learned, its place given back."""


class SiteKnowledge(msgspec.Struct, frozen=True, gc=False):
    """What the server knows of the site, as far as that tells whether anything is new."""

    token: bytes
    """The current state token."""
    epoch: int
    serial: int
    """(epoch, serial) of the newest lease."""
    acked_serial: int
    """Serial of the newest lease that the site has shown to hold."""
    revision: int
    """The subscription's revision that the newest lease says in full; 0: the site has to be looked at."""
    subscription: str
    successor: str | None
    forked_at: Instant | None
    allotment: int
    devices: int
    devices_digest: str
    version: str
    present_revision: int
    """The subscription's revision now."""
    next_due: Instant | None
    """When the account that pays has to be settled next."""


class ServerMoment(msgspec.Struct, frozen=True, gc=False):
    """When a site asks, and what holds for its newest lease then."""

    now: Instant
    renew_at: Instant
    """From then on a new lease is due although nothing else has changed (`renewal_at`)."""
    epoch_floor: int
    """The epoch that a restore of the server opened last, or 0: older leases are signed again."""
    is_trusted: bool = True
    """Whether the key that signed the newest lease is in the root document in force."""


def is_unchanged(
    known: SiteKnowledge, report: SiteReport, moment: ServerMoment, *, gives_nothing_back: bool = False
) -> bool:
    """Whether neither side has anything to tell the other, so that nothing has to be looked up or booked.

    That the site holds its newest lease is news the first time, because money and devices may go back with it (rule
    *Giving back*); not where it `gives_nothing_back`.
    """
    return (
        is_lease_current(known, report, moment)
        and report.token == known.token.decode()
        and (gives_nothing_back or known.acked_serial == known.serial)
        and known.forked_at is None
        and (known.next_due is None or moment.now < known.next_due)
        and (report.devices, report.digest) == (known.devices, known.devices_digest)
        and report.wanted <= known.allotment
        and report.version == known.version
        and report.subscription == known.subscription
        and not report.wishes
    )


def is_lease_current(known: SiteKnowledge, report: SiteReport, moment: ServerMoment) -> bool:
    """Whether the site goes by its newest lease and that one says everything; otherwise a new one is signed.

    A lease from before a restore of the server is of an epoch that the restore has closed. A successor that waits is
    signed again with every present lease, so its site always gets one.
    """
    return (
        (report.epoch, report.serial) == (known.epoch, known.serial)
        and known.epoch >= moment.epoch_floor
        and known.revision == known.present_revision
        and known.successor is None
        and moment.now < moment.renew_at
        and moment.is_trusted
    )


def renewal_at(lease: Lease, turns: Instant | None = None) -> Instant:
    """The first instant at which time alone asks for a new lease: a quarter of its life has passed, its running span
    has ended, or what it says beside its spans has changed (`turns`, the subscription's `next_turn`)."""
    edges = [each for each in (lease.spans[0].until, turns) if each is not None]
    return min(quarter_of_life(lease), *edges) if edges else quarter_of_life(lease)


def quarter_of_life(lease: Lease) -> Instant:
    """When a quarter of the lease's life has passed [spec: new-lease]."""
    return lease.iat + (lease.contact_until - lease.iat) // 4


def revision_told(
    lease: Lease, sub: Subscription, site: SiteState, now: Instant, *, outlook: RenewalOutlook | None = None
) -> int:
    """The subscription's revision, if `lease` says all of it as it is to be said at `now`; else 0.

    What can differ: the subscription, its revision, the site's allotment, terms and figures agreed for a date, and how
    the next renewal is expected. How long the lease says it without a look is `renewal_at`'s.
    """
    said = (lease.subscription, lease.revision, lease.allotment) == (sub.id, sub.revision, site.allotment)
    same = _outlook_said(lease.outlook) == _outlook_said(outlook)
    return sub.revision if said and same and claims_of_time(lease) == claims_at(sub, site, now) else 0


def _outlook_said(outlook: RenewalOutlook | None) -> RenewalOutlook | None:
    """What of an outlook is worth a lease: how far was looked is none of it."""
    lasting = outlook is not None and outlook.lasts
    return msgspec.structs.replace(outlook, covered_until=None) if outlook is not None and lasting else outlook
